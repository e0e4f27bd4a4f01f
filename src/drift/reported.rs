//! What a watcher has told to differ, so that its end is noticed.

use std::collections::BTreeSet;

use super::told::{Found, Looked};
use crate::yang::Path;

/// More is not kept: then everything that is told is worth a look.
const MOST: usize = 1024;

/// What is known to differ on one device.
#[derive(Debug, Default)]
pub(super) struct Reported {
    paths: BTreeSet<Path>,
    /// There is more than is kept.
    more: bool,
}

impl Reported {
    /// Takes over what a look found.
    pub(super) fn update(&mut self, looked: &Looked, found: &[Found]) {
        match looked {
            Looked::All => *self = Self::default(),
            Looked::Below(_) => self.paths.retain(|path| !looked.covers(path)),
        }
        for Found { path, .. } in found {
            if self.paths.len() == MOST {
                self.more = true;
                return;
            }
            self.paths.insert(path.clone());
        }
    }

    /// Whether what is told of a path may be about something that is known to differ: the path,
    /// or what it is in.
    pub(super) fn touches(&self, path: &Path) -> bool {
        if self.more || self.paths.is_empty() {
            return self.more;
        }
        (0..=path.elems().len()).any(|steps| self.paths.contains(&path.prefix(steps)))
    }

    /// What is known to differ at a path or below it.
    pub(super) fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Path> {
        self.paths.range(path..).take_while(move |known| known.starts_with(path))
    }

    /// All that is known to differ.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::DriftKind;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    fn found(text: &str) -> Found {
        Found { path: path(text), kind: DriftKind::Owned, recorded: None, live: None, origin: None }
    }

    #[test]
    fn a_look_replaces_what_is_known_where_it_looked() {
        let mut reported = Reported::default();
        for (case, looked, finds, expected) in [
            ("two places", Looked::All, vec!["/a/b", "/c[k=1]"], vec!["/a/b", "/c[k=1]"]),
            ("elsewhere", Looked::Below(vec![path("/a")]), vec![], vec!["/c[k=1]"]),
            ("one more", Looked::Below(vec![path("/d")]), vec!["/d/e"], vec!["/c[k=1]", "/d/e"]),
            ("the whole", Looked::All, vec![], vec![]),
        ] {
            reported.update(&looked, &finds.into_iter().map(found).collect::<Vec<_>>());
            assert_eq!(reported.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{case}");
        }
    }

    #[test]
    fn what_is_in_a_known_place_touches_it() {
        let mut reported = Reported::default();
        reported.update(&Looked::All, &[found("/a/b[k=1]")]);
        for (told, expected) in
            [("/a/b[k=1]/c", true), ("/a/b[k=1]", true), ("/a/b[k=2]", false), ("/a", false)]
        {
            assert_eq!(reported.touches(&path(told)), expected, "{told}");
        }
        assert_eq!(reported.below(&path("/a")).count(), 1);
    }

    #[test]
    fn more_than_is_kept_makes_everything_worth_a_look() {
        let mut reported = Reported::default();
        let many: Vec<Found> = (0..=MOST).map(|index| found(&format!("/a{index}"))).collect();
        reported.update(&Looked::All, &many);
        assert!(reported.touches(&path("/z")));
        assert_eq!(reported.iter().count(), MOST);
    }
}
