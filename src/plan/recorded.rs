//! What is known of a device from the last time it was written.
//!
//! Here: [`Recorded`], and [`InFlight`], which saves it from a lost answer. Elsewhere:
//! keeping both on disk (`record`).

use std::collections::{BTreeMap, BTreeSet};

use super::entries::entries_on;
use super::secret::Fingerprint;
use crate::yang::{Path, Tree, Value};

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
}

impl Recorded {
    /// A device that holds exactly this, all of it made by us: a commit taken for a device.
    pub fn holding(tree: &Tree) -> Self {
        let created = tree.iter().flat_map(|(path, _)| entries_on(path)).collect();
        Self { tree: tree.clone(), created, secrets: BTreeMap::new() }
    }

    /// What may be believed after a Set whose outcome was not recorded: what it would have
    /// written and what is on the device is ours. Whether the values are right the next plan
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
        let made = in_flight.created.iter().filter(|entry| actual.contains_below(entry));
        self.created.extend(made.cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yang::schema::NodeId;
    use crate::yang::{Form, Leaf, Scalar};

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
        };
        let applied = tree(&[("/l[k=1]/a", "new"), ("/b", "new"), ("/c", "foreign")]);
        let untouched = tree(&[("/b", "old"), ("/c", "foreign")]);
        for (case, actual, owned, created) in [
            ("applied", applied, tree(&[("/l[k=1]/a", "new"), ("/b", "new")]), BTreeSet::from([entry])),
            ("not applied", untouched, tree(&[("/b", "old")]), BTreeSet::new()),
        ] {
            let mut recorded = Recorded { tree: tree(&[("/b", "old")]), ..Recorded::default() };
            recorded.resolve(&in_flight, &actual);
            assert_eq!(recorded.tree, owned, "{case}");
            assert_eq!(recorded.created, created, "{case}");
        }
    }
}
