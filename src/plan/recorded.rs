//! What is known of a device from the last time it was written.
//!
//! Here: [`Recorded`], and [`InFlight`], which saves it from a lost answer. Elsewhere:
//! keeping both on disk (`record`).

use std::collections::{BTreeMap, BTreeSet};

use super::entries::entries_on;
use super::secret::Fingerprint;
use crate::yang::{Leaf, Path, Tree, Value};

/// What we put on a device, as it was last read back and agreed. The default is a device
/// that was never written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Every owned leaf; secrets by name.
    pub tree: Tree,
    /// The list entries that were not there before we made them: only these may be taken
    /// away as wholes.
    pub created: BTreeSet<Path>,
    /// What is known of each secret leaf.
    pub secrets: BTreeMap<Path, SecretMark>,
}

/// One secret leaf: what was sent, and what the device shows since. Devices hash, salt or
/// hide secrets, so the two are never compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretMark {
    /// Of the secret as it was sent.
    pub sent: Fingerprint,
    /// Of what the device reported at that leaf afterwards; none if it reports nothing.
    pub read_back: Option<Fingerprint>,
}

/// A Set that may or may not have reached a device. Written before it is sent, taken away
/// when its outcome is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InFlight {
    /// The digest of the operations, 64 hexadecimal digits.
    pub set: String,
    /// Every leaf that the Set writes; secrets by name.
    pub writes: Tree,
    /// The list entries that it makes.
    pub created: BTreeSet<Path>,
    /// Every leaf that the Set takes away.
    pub deletes: BTreeSet<Path>,
}

impl Recorded {
    /// A device that holds exactly this, all of it made by us: a commit taken for a device.
    pub fn holding(tree: &Tree) -> Self {
        let created = tree.iter().flat_map(|(path, _)| entries_on(path)).collect();
        Self { tree: tree.clone(), created, secrets: BTreeMap::new() }
    }

    /// What may be believed after a Set whose outcome was not recorded: what it would have
    /// written and what is on the device is ours, what it would have taken away and is not there is
    /// ours no more. Whether the values are right the next plan
    /// finds out by comparing; here only ownership is at stake, so that nothing of ours is
    /// ever taken for foreign. Secrets it wrote are sent again.
    pub fn resolve(&mut self, in_flight: &InFlight, actual: &Tree) {
        for (path, leaf) in in_flight.writes.iter() {
            let Some(found) = actual.get(path) else { continue };
            if matches!(leaf.value, Value::Secret(_)) {
                self.secrets.remove(path);
                self.tree.insert(path.clone(), leaf.clone());
            } else if found.value == leaf.value {
                self.tree.insert(path.clone(), leaf.clone());
            }
        }
        for path in in_flight.deletes.iter().filter(|path| actual.get(path).is_none()) {
            self.forget(path);
        }
        let made = in_flight.created.iter().filter(|entry| actual.contains_below(entry));
        self.created.extend(made.cloned());
    }

    /// The same of a Set that the device surely took, and after which it holds something else:
    /// whatever now stands at the leaves of ours is the device's answer, and nobody's change.
    pub fn take_as_read(&mut self, in_flight: &InFlight, actual: &Tree) {
        self.resolve(in_flight, actual);
        let written = in_flight.writes.iter().map(|(path, _)| path);
        for path in written.chain(&in_flight.deletes) {
            // a secret may be there and not be shown
            let Some(ours) = self.tree.get(path).filter(|leaf| !matches!(leaf.value, Value::Secret(_)))
            else {
                continue;
            };
            match actual.get(path) {
                Some(found) => {
                    let read = Leaf { value: found.value.clone(), ..ours.clone() };
                    self.tree.insert(path.clone(), read);
                }
                None => self.forget(path),
            }
        }
    }

    fn forget(&mut self, path: &Path) {
        self.tree.remove(path);
        self.secrets.remove(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yang::schema::NodeId;
    use crate::yang::{Form, Scalar};

    fn tree(leaves: &[(&str, &str)]) -> Tree {
        let leaf = |text: &str| Leaf {
            node: NodeId(0),
            value: Value::Scalar(Scalar::new(text, Form::Text)),
            origin: None,
        };
        leaves.iter().map(|(path, value)| (path.parse().unwrap(), leaf(value))).collect()
    }

    #[test]
    fn a_set_whose_answer_was_lost_leaves_nothing_foreign_behind() {
        let entry: Path = "/l[k=1]".parse().unwrap();
        let in_flight = InFlight {
            set: String::new(),
            writes: tree(&[("/l[k=1]/a", "new"), ("/b", "new")]),
            created: BTreeSet::from([entry.clone()]),
            deletes: BTreeSet::from(["/d".parse().unwrap()]),
        };
        let applied = tree(&[("/l[k=1]/a", "new"), ("/b", "new"), ("/c", "foreign")]);
        let untouched = tree(&[("/b", "old"), ("/c", "foreign"), ("/d", "old")]);
        for (case, actual, owned, created) in [
            ("applied", applied, tree(&[("/l[k=1]/a", "new"), ("/b", "new")]), BTreeSet::from([entry])),
            ("not applied", untouched, tree(&[("/b", "old"), ("/d", "old")]), BTreeSet::new()),
        ] {
            let before = tree(&[("/b", "old"), ("/d", "old")]);
            let mut recorded = Recorded { tree: before, ..Recorded::default() };
            recorded.resolve(&in_flight, &actual);
            assert_eq!(recorded.tree, owned, "{case}");
            assert_eq!(recorded.created, created, "{case}");
        }
    }

    #[test]
    fn what_a_device_made_of_a_set_is_nobodys_change() {
        let path = |text: &str| text.parse::<Path>().unwrap();
        let in_flight = InFlight {
            writes: tree(&[("/a", "new"), ("/b", "new"), ("/c", "new"), ("/foreign", "new")]),
            deletes: BTreeSet::from([path("/d"), path("/e")]),
            ..InFlight::default()
        };
        let before =
            [("/a", "old"), ("/b", "old"), ("/c", "old"), ("/d", "old"), ("/e", "old"), ("/f", "old")];
        let mut recorded = Recorded { tree: tree(&before), ..Recorded::default() };
        let actual =
            tree(&[("/a", "new"), ("/b", "NEW"), ("/e", "another"), ("/f", "by hand"), ("/foreign", "x")]);
        recorded.take_as_read(&in_flight, &actual);
        let expected = tree(&[("/a", "new"), ("/b", "NEW"), ("/e", "another"), ("/f", "old")]);
        assert_eq!(recorded.tree, expected, "what the Set did not touch stays as it was");
    }
}
