//! What a device holds that is not ours.
//!
//! Foreign leaves are counted and never touched. Inside strict containers they are always
//! reported, and so is what differs from the bootstrap configuration. Elsewhere: leaving
//! entries alone that hold foreign leaves (`removal`).

use std::collections::BTreeSet;

use super::compare::is_default;
use super::device::{Inputs, Note};
use super::removal::is_incidental;
use crate::yang::natural::natural_path;
use crate::yang::{Path, Value};

/// The leaves that are neither desired nor recorded nor bootstrap's, and the nodes that the
/// schema lacks, in natural order. Leaves that say only what holds anyway are left out.
pub(super) fn leaves(inputs: &Inputs<'_>) -> Vec<Path> {
    let known = |path: &Path| {
        inputs.desired.get(path).is_some()
            || inputs.recorded.tree.get(path).is_some()
            || inputs.bootstrap.get(path).is_some()
    };
    let mut foreign: Vec<Path> = inputs
        .actual
        .iter()
        .filter(|(path, leaf)| !known(path) && !is_incidental(inputs.schema, path, leaf))
        .map(|(path, _)| path)
        .chain(inputs.unknown)
        .cloned()
        .collect();
    foreign.sort_by(natural_path);
    foreign
}

/// A note for each foreign object in a strict container; for an object that is ours, one
/// for each foreign leaf of it.
pub(super) fn in_strict_containers(inputs: &Inputs<'_>, foreign: &[Path]) -> Vec<Note> {
    let mut seen = BTreeSet::new();
    let mut notes = Vec::new();
    for leaf in foreign {
        let Some(object) = inputs.rules.strict_entry(leaf) else { continue };
        let ours = inputs.desired.contains_below(&object) || inputs.bootstrap.contains_below(&object);
        let path = if ours { leaf.clone() } else { object };
        if seen.insert(path.clone()) {
            notes.push(Note::Strict { path });
        }
    }
    notes
}

/// A note for each leaf of the bootstrap configuration that the device does not hold. A
/// secret can be compared only by its being there.
pub(super) fn protected_differences(inputs: &Inputs<'_>) -> Vec<Note> {
    let differs = |path: &Path, expected: &Value| match (expected, inputs.actual.get(path)) {
        (_, None) => true,
        (Value::Secret(_), Some(_)) => false,
        (expected, Some(actual)) => actual.value != *expected,
    };
    let bootstrap = inputs.bootstrap.iter();
    bootstrap
        .filter(|(path, leaf)| differs(path, &leaf.value))
        .filter(|(path, leaf)| inputs.actual.get(path).is_some() || !is_default(inputs.schema, leaf))
        .map(|(path, leaf)| Note::Protected {
            path: path.clone(),
            expected: leaf.value.clone(),
            present: inputs.actual.get(path).is_some(),
        })
        .collect()
}
