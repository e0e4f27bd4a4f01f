//! Which list entries are taken away as wholes, and which leaves must stay behind.
//!
//! A whole entry goes only if we made it, the intent asks for nothing in it, and nothing
//! foreign is inside. Where the entry stays, the leaves that it cannot be without stay too:
//! the copies of its keys, and what is mandatory.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::is_default;
use super::device::{Change, Inputs};
use super::entries;
use crate::yang::schema::{Access, Kind};
use crate::yang::{Leaf, Path, Schema, Value};

/// What `decide` found.
pub(super) struct Removal {
    /// The entries to take away, none inside another.
    pub(super) entries: BTreeSet<Path>,
    /// The leaves that were to go and must stay.
    pub(super) kept: BTreeSet<Path>,
    /// The entries that lose leaves and stay, with the reason.
    pub(super) stays: BTreeMap<Path, Stays>,
}

/// Why a list entry stays although nothing of ours is left in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stays {
    /// It was there before we wrote to it.
    NotMadeByUs,
    /// It holds leaves that are not ours.
    HoldsForeign {
        /// The first of them.
        first: Path,
        /// How many.
        count: usize,
    },
}

/// Decides for every leaf that is to go whether its entry goes with it.
pub(super) fn decide(inputs: &Inputs<'_>, doomed: &BTreeMap<Path, Change>) -> Removal {
    let mut removal = Removal { entries: BTreeSet::new(), kept: BTreeSet::new(), stays: BTreeMap::new() };
    for entry in &inputs.recorded.created {
        // sorted: an entry stands before the entries inside it
        let covered = entries::entries_on(entry).any(|above| removal.entries.contains(&above));
        if !covered && inputs.actual.contains_below(entry) && goes(inputs, doomed, entry) {
            removal.entries.insert(entry.clone());
        }
    }
    for path in doomed.keys() {
        if entries::entries_on(path).any(|entry| removal.entries.contains(&entry)) {
            continue;
        }
        if must_stay(inputs, doomed, path) {
            removal.kept.insert(path.clone());
        }
        if let Some(entry) = entries::entries_on(path).last()
            && let Some(because) = why_it_stays(inputs, doomed, &entry)
        {
            removal.stays.insert(entry, because);
        }
    }
    removal
}

/// Whether a leaf is no reason to keep an entry: a default that the device spells out, the
/// copy of a key, or a leaf that nobody can write.
pub(crate) fn is_incidental(schema: &Schema, path: &Path, leaf: &Leaf) -> bool {
    let read_only = matches!(schema.node(leaf.node).access, Access::ReadOnly | Access::Unsupported);
    read_only || is_key_copy(path, leaf) || is_default(schema, leaf)
}

/// Whether `/…/list[key=V]/config/key` holds V: OpenConfig writes each key twice.
fn is_key_copy(path: &Path, leaf: &Leaf) -> bool {
    let [.., entry, container, last] = path.elems() else { return false };
    let Value::Scalar(scalar) = &leaf.value else { return false };
    let copies = container.keys().is_empty() && matches!(container.name(), "config" | "state");
    copies && entry.key(last.name()).is_some_and(|key| same_key(key, scalar.as_str()))
}

/// Keys that are identities may stand without their module in a path.
fn same_key(key: &str, value: &str) -> bool {
    key == value || value.split_once(':').is_some_and(|(_, name)| name == key)
}

fn goes(inputs: &Inputs<'_>, doomed: &BTreeMap<Path, Change>, entry: &Path) -> bool {
    !inputs.desired.contains_below(entry) && foreign_below(inputs, doomed, entry).next().is_none()
}

/// What an entry holds that is neither ours nor incidental.
fn foreign_below<'a>(
    inputs: &'a Inputs<'_>,
    doomed: &'a BTreeMap<Path, Change>,
    entry: &'a Path,
) -> impl Iterator<Item = &'a Path> {
    let stays = move |path: &Path, leaf: &Leaf| {
        let owned = doomed.contains_key(path) || inputs.desired.get(path).is_some();
        let protected = inputs.rules.why_protected(path, &leaf.value).is_some();
        !owned && (protected || !is_incidental(inputs.schema, path, leaf))
    };
    let leaves = inputs.actual.below(entry).filter(move |(path, leaf)| stays(path, leaf));
    leaves.map(|(path, _)| path).chain(inputs.unknown_below(entry))
}

/// Whether a leaf cannot go alone: its entry stays, and needs it. A presence container
/// stays with whatever is inside that is not ours, as deleting it deletes that too.
fn must_stay(inputs: &Inputs<'_>, doomed: &BTreeMap<Path, Change>, path: &Path) -> bool {
    let Some(leaf) = inputs.actual.get(path) else { return false };
    match &inputs.schema.node(leaf.node).kind {
        Kind::Container { .. } => !goes(inputs, doomed, path),
        Kind::Leaf { mandatory: true, .. } => true,
        _ => is_key_copy(path, leaf),
    }
}

/// The reason to tell why an entry stays of which nothing is asked for; none if something is.
fn why_it_stays(inputs: &Inputs<'_>, doomed: &BTreeMap<Path, Change>, entry: &Path) -> Option<Stays> {
    if inputs.desired.contains_below(entry) {
        return None;
    }
    let mut foreign = foreign_below(inputs, doomed, entry);
    match foreign.next() {
        Some(first) => Some(Stays::HoldsForeign { first: first.clone(), count: foreign.count() + 1 }),
        None => Some(Stays::NotMadeByUs),
    }
}
