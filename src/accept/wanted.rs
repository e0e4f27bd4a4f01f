//! What of a device's drift is to be accepted: the leaves that a person named, and what each
//! holds now.
//!
//! Elsewhere: what has drifted (`plan`), the edit that says it (`search`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::intent::raw::holds_secret;
use crate::plan::{Action, DevicePlan, Note};
use crate::platform::arista_eos::protected::Protected;
use crate::yang::{Leaf, Path, Tree, Value};

/// One device's drift, as it was read just now.
#[derive(Clone, Copy, Debug)]
pub struct Drift<'a> {
    /// What would put the record's state back.
    pub plan: &'a DevicePlan,
    /// What the device holds.
    pub actual: &'a Tree,
    /// What it holds at nodes that the schema lacks.
    pub unknown: &'a BTreeSet<Path>,
    /// What must never be sent to it.
    pub protected: &'a Protected,
}

/// The leaves that are to be asked for as the device has them; none for one that it lacks.
pub type Wanted = BTreeMap<Path, Option<Leaf>>;

/// Why something that was named is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing at or below it has drifted.
    NotDrifted {
        /// As it was named.
        path: Path,
        /// What has drifted on this device.
        drifted: Vec<Path>,
    },
    /// Its value is a secret.
    Secret(Path),
    /// It is never sent, and so never asked for.
    Protected {
        /// The leaf.
        path: Path,
        /// What it is part of.
        what: &'static str,
    },
    /// The schema lacks it: nothing can ask for it.
    Unknown(Path),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDrifted { path, drifted } if drifted.is_empty() => {
                write!(f, "{path} has not drifted, and nothing else on the device has")
            }
            Self::NotDrifted { path, drifted } => {
                write!(f, "{path} has not drifted; what has:")?;
                for path in drifted.iter().take(LISTED) {
                    write!(f, "\n    {path}")?;
                }
                match drifted.len().saturating_sub(LISTED) {
                    0 => Ok(()),
                    more => write!(f, "\n    and {more} more"),
                }
            }
            Self::Secret(path) => write!(
                f,
                "{path} is a secret: the intent holds its name alone. If the device's is the right one, give that value \
                 to the agent under the secret's name; else put it right on the device"
            ),
            Self::Protected { path, what } => write!(
                f,
                "{path} is part of {what}, which is never sent and so never asked for. Put it right on the device (see \
                 `gitfabric bootstrap`), or say `policy: observe` for this path under `drift.paths` of fabric.yaml"
            ),
            Self::Unknown(path) => write!(
                f,
                "{path} is not in the schema that this gitfabric has, so nothing can ask for it. Take it off the device, or \
                 say `policy: observe` for the entry that it is in, under `drift.paths` of fabric.yaml"
            ),
        }
    }
}

/// Paths that an error lists.
const LISTED: usize = 8;

/// The leaves that were named (a leaf, an entry or a container each), or all that may be
/// accepted; and what of them may not. With `all` the latter only says what is left.
pub fn wanted(drift: &Drift<'_>, paths: &[Path], all: bool) -> (Wanted, Vec<Refusal>) {
    let everything = [Path::root()];
    let named = if all { &everything[..] } else { paths };
    let (mut wanted, mut refused) = (Wanted::new(), Vec::new());
    for path in named {
        let before = (wanted.len(), refused.len());
        of_path(drift, path, &mut wanted, &mut refused);
        let known = wanted.keys().any(|known| known.starts_with(path) || path.starts_with(known));
        if before == (wanted.len(), refused.len()) && !known {
            refused.push(Refusal::NotDrifted { path: path.clone(), drifted: drifted(drift) });
        }
    }
    (wanted, refused)
}

fn of_path(drift: &Drift<'_>, path: &Path, wanted: &mut Wanted, refused: &mut Vec<Refusal>) {
    for change in drift.plan.changes.iter().filter(|change| change.drift && change.path.starts_with(path)) {
        let values = match &change.action {
            Action::Add { to } => [Some(&to.value), None],
            Action::Modify { from, to } => [Some(from), Some(&to.value)],
            Action::Delete { from } => [Some(from), None],
        };
        if values.iter().flatten().any(|value| matches!(value, Value::Secret(_))) {
            refused.push(Refusal::Secret(change.path.clone()));
        } else {
            wanted.insert(change.path.clone(), drift.actual.get(&change.path).cloned());
        }
    }
    for note in &drift.plan.notes {
        match note {
            Note::Protected { path: leaf, .. } if leaf.starts_with(path) => {
                let what = drift.protected.why(leaf).unwrap_or("how the device is reached");
                refused.push(Refusal::Protected { path: leaf.clone(), what });
            }
            Note::Strict { path: object } if object.starts_with(path) => {
                foreign(drift, object, wanted, refused);
            }
            Note::Strict { path: object } if path.starts_with(object) => {
                foreign(drift, path, wanted, refused);
            }
            _ => {}
        }
    }
}

/// An object that is not ours, or a leaf of it, with all that stands below it.
fn foreign(drift: &Drift<'_>, object: &Path, wanted: &mut Wanted, refused: &mut Vec<Refusal>) {
    if let Some(what) = drift.protected.why(object) {
        refused.push(Refusal::Protected { path: object.clone(), what });
        return;
    }
    for path in drift.unknown.iter().filter(|path| path.starts_with(object)) {
        refused.push(Refusal::Unknown(path.clone()));
    }
    for (path, leaf) in drift.actual.below(object) {
        if let Some(what) = drift.protected.why_leaf(path, &leaf.value) {
            refused.push(Refusal::Protected { path: path.clone(), what });
        } else if path.last().is_some_and(|last| holds_secret(last.name())) {
            refused.push(Refusal::Secret(path.clone()));
        } else {
            wanted.insert(path.clone(), Some(leaf.clone()));
        }
    }
}

/// What may be named.
fn drifted(drift: &Drift<'_>) -> Vec<Path> {
    let changes = drift.plan.changes.iter().filter(|change| change.drift).map(|change| &change.path);
    let notes = drift.plan.notes.iter().filter_map(|note| match note {
        Note::Strict { path } | Note::Protected { path, .. } => Some(path),
        Note::Stays { .. } => None,
    });
    changes.chain(notes).cloned().collect()
}
