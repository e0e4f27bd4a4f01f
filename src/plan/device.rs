//! The changes of one device: desired × actual × recorded, leaf by leaf.
//!
//! Here: [`device_plan`] and what comes out. A leaf is owned if the intent asks for it or
//! the record holds it; all else is foreign and never changed. Elsewhere: which list
//! entries go as wholes (`removal`), what is not ours (`foreign`), the operations of the
//! Set (`set`), wording (`render`).

use std::collections::{BTreeMap, BTreeSet};

use super::compare::{is_default, shown_value, wanted};
use super::recorded::{InFlight, Recorded};
use super::removal::{self, Stays};
use super::rules::Rules;
use super::secret::Fingerprint;
use super::{entries, foreign};
use crate::diagnostic::{Finding, Findings, Place};
use crate::names::SecretName;
use crate::yang::natural::natural_path;
use crate::yang::{Leaf, Path, Schema, Tree, Value};

/// All that one device's plan depends on.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// What the device's platform allows; every tree here was made with it.
    pub schema: &'a Schema,
    /// What the platform, and the agent's way to the device, ask of a plan.
    pub rules: &'a Rules<'a>,
    /// What the intent asks for.
    pub desired: &'a Tree,
    /// What the device holds now.
    pub actual: &'a Tree,
    /// What it holds besides, at nodes that the schema lacks: foreign.
    pub unknown: &'a BTreeSet<Path>,
    /// What it held when it was last written.
    pub recorded: &'a Recorded,
    /// What `bootstrap` prints for it: compared, never sent.
    pub bootstrap: &'a Tree,
    /// Fingerprints of secrets.
    pub prints: Prints<'a>,
}

/// Fingerprints, from where the key and the secrets are. Where they are not (a laptop, a CI
/// job) each gives none, and a secret that is on the device is taken for unchanged.
#[derive(Clone, Copy)]
pub struct Prints<'a> {
    /// Of a secret as it would be sent.
    pub secret: &'a dyn Fn(&SecretName) -> Option<Fingerprint>,
    /// Of a text that a device shows in a secret's place.
    pub shown: &'a dyn Fn(&str) -> Option<Fingerprint>,
}

impl Inputs<'_> {
    /// Whether the device has something at this path or below it.
    pub(super) fn is_there(&self, path: &Path) -> bool {
        self.actual.contains_below(path) || self.unknown_below(path).next().is_some()
    }

    /// The nodes below this path that the schema lacks.
    pub(super) fn unknown_below<'p>(&'p self, path: &'p Path) -> impl Iterator<Item = &'p Path> {
        self.unknown.range(path..).take_while(move |unknown| unknown.starts_with(path))
    }
}

impl Prints<'static> {
    /// Neither key nor secrets.
    pub fn none() -> Self {
        Self { secret: &|_| None, shown: &|_| None }
    }
}

/// What one device needs, completely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DevicePlan {
    /// The leaves that change, in natural order of their paths (`Ethernet2` before
    /// `Ethernet10`).
    pub changes: Vec<Change>,
    /// The list entries that come into being with them.
    pub created: BTreeSet<Path>,
    /// The list entries that are taken away as wholes, with all their leaves.
    pub removed: BTreeSet<Path>,
    /// The lists ordered by the user that change, with all that they will hold, foreign
    /// entries too: such a list is only ever written as a whole.
    pub ordered: BTreeMap<Path, Tree>,
    /// What a person should know and no change says.
    pub notes: Vec<Note>,
    /// The leaves that the device holds and we do not own, without their values, which may
    /// be secrets. Defaults and read-only leaves are left out.
    pub foreign: Vec<Path>,
}

/// One leaf that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The leaf.
    pub path: Path,
    /// What happens to it.
    pub action: Action,
    /// Whether somebody changed it on the device since it was last read back.
    pub drift: bool,
    /// Where the intent says so; for a delete, where it last said otherwise.
    pub origin: Option<Place>,
}

/// What happens to a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is not there and will be.
    Add {
        /// The leaf to write.
        to: Leaf,
    },
    /// It holds something else.
    Modify {
        /// What the device holds; a secret's name where it holds a secret.
        from: Value,
        /// The leaf to write.
        to: Leaf,
    },
    /// It was ours and is asked for no more.
    Delete {
        /// What the device holds; a secret's name where it holds a secret.
        from: Value,
    },
}

/// What a person should know and no change says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// A leaf that only `bootstrap` may set differs from what it prints.
    Protected {
        /// The leaf.
        path: Path,
        /// What bootstrap prints.
        expected: Value,
        /// Whether the device has something else there, rather than nothing.
        present: bool,
    },
    /// Inside a strict container: an object, or a leaf of one of our objects, is not ours.
    Strict {
        /// The list entry, or the leaf.
        path: Path,
    },
    /// A list entry loses leaves of ours and stays.
    Stays {
        /// The entry.
        entry: Path,
        /// Why.
        because: Stays,
    },
}

/// How many leaves are added, modified and deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Added.
    pub added: usize,
    /// Modified.
    pub modified: usize,
    /// Deleted.
    pub deleted: usize,
}

/// Compares what one device should have with what it has and what was last put there.
///
/// The findings name desired leaves that are protected: nothing may be sent while there
/// are any.
pub fn device_plan(inputs: &Inputs<'_>) -> (DevicePlan, Findings) {
    let mut findings = Findings::new();
    let mut changes = Vec::new();
    for (path, leaf) in inputs.desired.iter() {
        match inputs.rules.why_protected(path, &leaf.value) {
            Some(why) => findings.push(protected_finding(path, leaf, why)),
            None => changes.extend(wanted(inputs, path, leaf)),
        }
    }
    let doomed = doomed(inputs);
    let removal = removal::decide(inputs, &doomed);
    changes.extend(doomed.into_iter().filter_map(|(path, change)| {
        let goes = !removal.kept.contains(&path);
        goes.then_some(change)
    }));
    let created = created(inputs, &changes);
    let ordered = ordered_lists(inputs, &changes);
    changes.sort_by(|a, b| natural_path(&a.path, &b.path));

    let mut notes: Vec<Note> = foreign::protected_differences(inputs);
    notes.extend(removal.stays.into_iter().map(|(entry, because)| Note::Stays { entry, because }));
    let foreign = foreign::leaves(inputs);
    notes.extend(foreign::in_strict_containers(inputs, &foreign));
    (DevicePlan { changes, created, removed: removal.entries, ordered, notes, foreign }, findings)
}

impl DevicePlan {
    /// Whether the device already holds what it should.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.removed.is_empty()
    }

    /// Leaves out what somebody changed at these leaves.
    pub fn leave(&mut self, paths: &BTreeSet<Path>) {
        if paths.is_empty() {
            return;
        }
        let Self { changes, ordered, .. } = self;
        changes.retain(|change| !(change.drift && paths.contains(&change.path)));
        ordered.retain(|list, _| changes.iter().any(|change| entries::is_in_list(&change.path, list)));
    }

    /// Whether every change only sets back what somebody changed on the device.
    pub fn is_drift_alone(&self) -> bool {
        !self.is_empty() && self.changes.iter().all(|change| change.drift)
    }

    /// How many leaves change, and how.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in &self.changes {
            match change.action {
                Action::Add { .. } => counts.added += 1,
                Action::Modify { .. } => counts.modified += 1,
                Action::Delete { .. } => counts.deleted += 1,
            }
        }
        counts
    }

    /// The leaves that the Set writes.
    pub fn writes(&self) -> Tree {
        let write = |change: &Change| match &change.action {
            Action::Add { to } | Action::Modify { to, .. } => Some((change.path.clone(), to.clone())),
            Action::Delete { .. } => None,
        };
        self.changes.iter().filter_map(write).collect()
    }

    /// What a device that holds this tree holds after the plan, leaf by leaf.
    pub fn applied(&self, actual: &Tree) -> Tree {
        let mut after = actual.clone();
        for change in &self.changes {
            after.remove(&change.path);
        }
        for entry in &self.removed {
            after.remove_below(entry);
        }
        after.extend(self.writes());
        after
    }

    /// What has to be on record before the Set of this digest is sent.
    pub fn in_flight(&self, set: String) -> InFlight {
        let deletes = self.changes.iter().filter(|change| matches!(change.action, Action::Delete { .. }));
        let deletes = deletes.map(|change| change.path.clone()).collect();
        InFlight { set, writes: self.writes(), created: self.created.clone(), deletes }
    }

    /// The entries that are ours to take away once this plan has been applied.
    pub fn created_after(&self, before: &BTreeSet<Path>) -> BTreeSet<Path> {
        let gone = |entry: &Path| entries::entries_on(entry).any(|above| self.removed.contains(&above));
        before.iter().filter(|entry| !gone(entry)).chain(&self.created).cloned().collect()
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.modified += other.modified;
        self.deleted += other.deleted;
    }
}

/// The leaves that were ours, are asked for no more, and are on the device.
fn doomed(inputs: &Inputs<'_>) -> BTreeMap<Path, Change> {
    let mut doomed = BTreeMap::new();
    for (path, recorded) in inputs.recorded.tree.iter() {
        let Some(actual) = inputs.actual.get(path) else { continue };
        let wanted = inputs.desired.get(path).is_some();
        let protected = inputs.rules.why_protected(path, &recorded.value).is_some();
        if wanted || protected || is_default(inputs.schema, actual) {
            continue;
        }
        let secret = matches!(recorded.value, Value::Secret(_));
        let change = Change {
            path: path.clone(),
            action: Action::Delete { from: shown_value(inputs, path).unwrap_or(recorded.value.clone()) },
            drift: !secret && actual.value != recorded.value,
            origin: recorded.origin.clone(),
        };
        doomed.insert(path.clone(), change);
    }
    doomed
}

/// The list entries on the way to the added leaves that hold nothing yet.
fn created(inputs: &Inputs<'_>, changes: &[Change]) -> BTreeSet<Path> {
    let mut created = BTreeSet::new();
    for change in changes.iter().filter(|change| matches!(change.action, Action::Add { .. })) {
        for entry in entries::entries_on(&change.path).filter(|entry| !inputs.is_there(entry)) {
            created.insert(entry);
        }
    }
    created
}

/// The lists ordered by the user in which something changes, as they will be. A list in
/// which something is foreign is not among them: replacing it as a whole would take away
/// what our schema lacks and move what is not ours, so its entries are written one by one.
fn ordered_lists(inputs: &Inputs<'_>, changes: &[Change]) -> BTreeMap<Path, Tree> {
    let mut lists = BTreeMap::new();
    for change in changes {
        let Some(list) = entries::ordered_list(inputs.schema, &change.path) else { continue };
        if lists.contains_key(&list) {
            continue;
        }
        let inside = |tree: &Tree| -> Vec<(Path, Leaf)> {
            let parent = list.parent().unwrap_or_default();
            let inside = tree.below(&parent).filter(|(path, _)| entries::is_in_list(path, &list));
            inside.map(|(path, leaf)| (path.clone(), leaf.clone())).collect()
        };
        let ours =
            |path: &Path| inputs.desired.get(path).is_some() || inputs.recorded.tree.get(path).is_some();
        let mut content: Tree = inside(inputs.actual).into_iter().collect();
        let unknown = inputs.unknown.iter().any(|path| entries::is_in_list(path, &list));
        if unknown || content.iter().any(|(path, _)| !ours(path)) {
            continue;
        }
        // a default that is asked for no more is no change, and would keep its entry
        let left =
            |path: &Path, leaf: &Leaf| inputs.desired.get(path).is_none() && is_default(inputs.schema, leaf);
        let left: Vec<Path> =
            content.iter().filter(|(path, leaf)| left(path, leaf)).map(|(path, _)| path.clone()).collect();
        for path in &left {
            content.remove(path);
        }
        content.extend(inside(inputs.desired));
        lists.insert(list, content);
    }
    for (list, content) in &mut lists {
        let gone = changes.iter().filter(|change| matches!(change.action, Action::Delete { .. }));
        gone.filter(|change| entries::is_in_list(&change.path, list)).for_each(|change| {
            content.remove(&change.path);
        });
    }
    // a list that loses its last entry is deleted entry by entry
    lists.retain(|_, content: &mut Tree| !content.is_empty());
    lists
}

fn protected_finding(path: &Path, leaf: &Leaf, why: &str) -> Finding {
    let message = format!("{path} is never sent, lest the agent cut its own branch: {why}");
    let finding = match &leaf.origin {
        Some(place) => Finding::error("protected-path", place, message),
        None => Finding::error_nowhere("protected-path", message),
    };
    finding.hint("set it by hand, as `gitfabric bootstrap` prints it, and take it out of the intent")
}

#[cfg(test)]
mod tests;
