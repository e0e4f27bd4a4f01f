//! Secrets of which a device shows another text at each look: nothing can be learnt of what its
//! stream tells of them (hazard H13).
//!
//! Each look says it anew of where it looked: who sets a password twice in a moment, between the two
//! halves of a look, would else put it to sleep for as long as the agent runs. Pure. Elsewhere:
//! telling them (`look`), passing over them (`filter`).

use std::collections::BTreeSet;

use super::told::Looked;
use crate::yang::Path;

/// The secrets that show another text at each look.
#[derive(Clone, Debug, Default)]
pub(super) struct Salts(BTreeSet<Path>);

impl Salts {
    /// A look has found these where it looked, and no others.
    pub(super) fn looked(&mut self, at: &Looked, found: BTreeSet<Path>) {
        self.0.retain(|path| !at.covers(path));
        self.0.extend(found);
    }

    /// Whether nothing can be learnt of this one.
    pub(super) fn holds(&self, path: &Path) -> bool {
        self.0.contains(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_one_text_again_is_heard_again() {
        let (a, b): (Path, Path) = ("/a/secret".parse().unwrap(), "/b/secret".parse().unwrap());
        let below = |text: &str| Looked::Below(vec![text.parse().unwrap()]);
        let mut salts = Salts::default();
        for (case, at, found, asleep) in [
            ("both", Looked::All, vec![&a, &b], [true, true]),
            ("one shows what it showed", below("/a"), vec![], [false, true]),
            ("a look elsewhere", below("/c"), vec![], [false, true]),
            ("the same again", below("/b"), vec![&b], [false, true]),
            ("none of the whole", Looked::All, vec![], [false, false]),
        ] {
            salts.looked(&at, found.into_iter().cloned().collect());
            assert_eq!([salts.holds(&a), salts.holds(&b)], asleep, "{case}");
        }
    }
}
