//! A tree against its schema.
//!
//! Here: [`validate`] and what it finds. `instance`: the nodes of a tree. `rules`: one node
//! and its children. `reference`: leafrefs. Elsewhere: one value against its type
//! (`schema::canonical`): the values of a tree are canonical by construction. `when` and
//! `must` are not evaluated, so a mandatory leaf is asked for only where its parent holds
//! something: a container that holds nothing may be one that its `when` rules out.

mod instance;
mod reference;
mod rules;

#[cfg(test)]
mod tests;

use super::path::Path;
use super::schema::Schema;
use super::tree::Tree;
use crate::diagnostic::{Finding, Place};

/// Something in a tree that its schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The node it is about.
    pub path: Path,
    /// Where in the intent that node, or the first leaf below or beside it, comes from.
    pub origin: Option<Place>,
    /// Which rule.
    pub kind: FaultKind,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

/// The rules that a schema sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// The schema has no such node.
    Unknown,
    /// A value where none can be, or of another kind than the node takes.
    WrongKind,
    /// A list entry without one of its keys.
    KeyMissing,
    /// A `config` leaf that is not what its entry's key says.
    KeyMismatch,
    /// A mandatory leaf or choice is not there.
    Mandatory,
    /// Nodes of two cases of one choice.
    TwoCases,
    /// Too few or too many entries or values.
    Count,
    /// Two entries share values that must be unique, or a leaf-list holds a value twice.
    NotUnique,
    /// A reference to what is not there.
    Dangling,
    /// The platform reports the leaf and does not let it be written, or lacks it.
    ReadOnly,
}

impl FaultKind {
    /// The finding's code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "yang-no-such-node",
            Self::WrongKind => "yang-wrong-kind",
            Self::KeyMissing => "yang-key-missing",
            Self::KeyMismatch => "yang-key-mismatch",
            Self::Mandatory => "yang-mandatory",
            Self::TwoCases => "yang-two-cases",
            Self::Count => "yang-count",
            Self::NotUnique => "yang-not-unique",
            Self::Dangling => "yang-dangling-reference",
            Self::ReadOnly => "yang-read-only",
        }
    }
}

/// The finding that shows a fault to a person, at its origin.
pub fn into_finding(fault: &Fault) -> Finding {
    let message = format!("{}: {}", fault.path, fault.message);
    let code = fault.kind.code();
    let finding = match &fault.origin {
        Some(place) => Finding::error(code, place, message),
        None => Finding::error_nowhere(code, message),
    };
    match &fault.hint {
        Some(hint) => finding.hint(hint.clone()),
        None => finding,
    }
}

/// Everything in a tree that its schema does not allow, in the order of paths. Linear in the
/// size of the tree.
pub fn validate(schema: &Schema, tree: &Tree) -> Vec<Fault> {
    let (instances, unknown) = instance::Instances::of(schema, tree);
    let mut faults = Vec::new();
    rules::unknown(schema, &unknown, &mut faults);
    rules::check(schema, &instances, &mut faults);
    reference::check(schema, tree, &instances, &mut faults);
    faults.sort_by(|a, b| {
        a.path.cmp(&b.path).then(a.kind.cmp(&b.kind)).then_with(|| a.message.cmp(&b.message))
    });
    faults
}
