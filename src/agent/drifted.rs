//! How a device stands that holds its commit and on which something differs: of passes and of
//! watchers the same, so that none overwrites what the other said.
//!
//! Pure. Elsewhere: what differs (`drift`), what of a plan goes together (`plan::correction`).

use crate::compile::DriftRules;
use crate::intent::DriftPolicy;
use crate::names::DeviceName;
use crate::record::{DriftKind, DriftedLeaf, Hold, Holds};
use crate::yang::Path;

/// What counts for a device besides what differs on it.
pub(super) struct Judge<'a> {
    pub(super) device: &'a DeviceName,
    /// What becomes of each leaf.
    pub(super) rules: &'a DriftRules,
    /// What people asked not to be touched.
    pub(super) holds: &'a Holds,
    /// Why nothing is put back on it any more, if so.
    pub(super) given_up: Option<&'a str>,
    /// Whether the agent only observes.
    pub(super) observes: bool,
}

impl Judge<'_> {
    /// Whether a pass would put this back.
    pub(super) fn puts_back(&self, kind: DriftKind, path: &Path) -> bool {
        self.may_be_put_back(kind, path) && self.given_up.is_none() && !self.observes
    }

    /// Why the device stands as drifted, by all that differs on it; none if nothing of it is ours,
    /// or policy only lists it: then it is current.
    pub(super) fn reason(&self, rows: &[DriftedLeaf]) -> Option<String> {
        let ours: Vec<(&DriftedLeaf, Option<Path>)> = rows
            .iter()
            .map(|row| (row, row.path.parse().ok()))
            .filter(|(row, path)| self.counts(row, path.as_ref()))
            .collect();
        if ours.is_empty() {
            return None;
        }
        let missing = ours.iter().filter(|(row, _)| row.live.is_none()).count();
        let mut reason = format!("changed behind our back: {}", counted(ours.len() - missing, missing));
        let known = || ours.iter().filter_map(|(row, path)| Some((row.kind, path.as_ref()?)));
        let stopped = known().any(|(kind, path)| self.may_be_put_back(kind, path));
        let observes = self.observes.then_some("the agent only observes");
        let mut notes: Vec<String> =
            self.given_up.or(observes).filter(|_| stopped).map(str::to_owned).into_iter().collect();
        notes.extend(known().filter_map(|(_, path)| self.holds.covering(self.device, path)).map(Hold::words));
        notes.dedup();
        for note in notes {
            reason = format!("{reason}; {note}");
        }
        Some(reason)
    }

    fn counts(&self, row: &DriftedLeaf, path: Option<&Path>) -> bool {
        let ours = matches!(row.kind, DriftKind::Owned | DriftKind::Secret);
        ours && path.is_none_or(|path| self.rules.policy(path) != DriftPolicy::Observe)
    }

    /// Whether it would be put back if nothing stopped that but a person's hold.
    fn may_be_put_back(&self, kind: DriftKind, path: &Path) -> bool {
        kind == DriftKind::Owned
            && self.rules.policy(path) == DriftPolicy::Correct
            && self.holds.covering(self.device, path).is_none()
    }
}

/// `1 leaf is changed, 2 are missing`.
fn counted(others: usize, missing: usize) -> String {
    let leaves =
        |count: usize| if count == 1 { "1 leaf is".to_owned() } else { format!("{count} leaves are") };
    match (others, missing) {
        (others, 0) => format!("{} changed", leaves(others)),
        (0, missing) => format!("{} missing", leaves(missing)),
        (others, 1) => format!("{} changed, 1 is missing", leaves(others)),
        (others, missing) => format!("{} changed, {missing} are missing", leaves(others)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::compile::Engine;
    use crate::intent::fixture::{Repo, drift_edit};
    use crate::record::Store;

    const MTU: &str = "/interfaces/interface[name=Ethernet1]/config/mtu";
    const TEXT: &str = "/interfaces/interface[name=Ethernet1]/config/description";
    const SEEN: &str = "/interfaces/interface[name=Ethernet1]/config/enabled";

    /// Puts back but for one path, which is only listed, and one, which is told.
    fn rules() -> DriftRules {
        let policies = " { default: correct, paths: [\
            { path: /interfaces/interface/config/enabled, policy: observe }, \
            { path: /interfaces/interface/config/mtu, policy: alert }] }";
        let mut repo = Repo::example();
        repo.apply(&[&drift_edit(policies)]);
        let build = Engine::new().build(&repo.snapshot());
        DriftRules::of(build.fabric.as_ref().unwrap(), &"leaf1".parse().unwrap())
    }

    #[test]
    fn passes_and_watchers_say_the_same_of_what_differs() {
        let (rules, device) = (rules(), "leaf1".parse().unwrap());
        let row = |path: &str, kind, live: Option<&str>| DriftedLeaf {
            path: path.to_owned(),
            kind,
            recorded: Some("1".to_owned()),
            live: live.map(str::to_owned),
        };
        let owned = |path: &str| row(path, DriftKind::Owned, Some("2"));
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let fabric = "dc1".parse().unwrap();
        let hold = Hold {
            device: "leaf1".parse().unwrap(),
            path: TEXT.parse().unwrap(),
            until: Timestamp::from_second(100).unwrap(),
            reason: "an optic".to_owned(),
            by: "ann".to_owned(),
            since: Timestamp::UNIX_EPOCH,
        };
        store.set_hold(&fabric, &hold).unwrap();
        let standing = store.holds(&fabric, Timestamp::UNIX_EPOCH).unwrap();
        let nothing = Holds::default();
        let modified = "changed behind our back: 1 leaf is changed";
        let words = format!("{modified}; {}", hold.words());
        let (gone, given_up) =
            ("changed behind our back: 1 leaf is missing", format!("{modified}; given up"));
        let observed = format!("{modified}; the agent only observes");
        for (case, row, holds, up, observes, reason, puts_back) in [
            ("put back", owned(TEXT), &nothing, None, false, Some(modified), true),
            ("gone", row(TEXT, DriftKind::Owned, None), &nothing, None, false, Some(gone), true),
            ("told", owned(MTU), &nothing, None, false, Some(modified), false),
            ("listed", owned(SEEN), &nothing, None, false, None, false),
            ("a secret", row(TEXT, DriftKind::Secret, None), &nothing, None, false, Some(gone), false),
            ("not ours", row(TEXT, DriftKind::Strict, Some("2")), &nothing, None, false, None, false),
            ("held", owned(TEXT), &standing, None, false, Some(&*words), false),
            ("another is held", owned(MTU), &standing, None, false, Some(modified), false),
            ("given up", owned(TEXT), &nothing, Some("given up"), false, Some(&*given_up), false),
            (
                "told, where it is given up",
                owned(MTU),
                &nothing,
                Some("given up"),
                false,
                Some(modified),
                false,
            ),
            ("seen by an observer", owned(TEXT), &nothing, None, true, Some(&*observed), false),
        ] {
            let judge = Judge { device: &device, rules: &rules, holds, given_up: up, observes };
            assert_eq!(judge.reason(std::slice::from_ref(&row)).as_deref(), reason, "{case}");
            assert_eq!(judge.puts_back(row.kind, &row.path.parse().unwrap()), puts_back, "{case}");
        }
    }
}
