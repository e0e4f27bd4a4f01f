//! The defaults that a device reports although nobody set them (hazard H14).
//!
//! Here: [`missing`]. `when` is not evaluated, as nowhere in this project: a device that is
//! asked for all of them reports more than a real one. Elsewhere: which defaults are shown
//! (`personality`), how (`view`).

use std::collections::BTreeSet;

use super::paths::step_name;
use crate::yang::schema::{Access, Kind};
use crate::yang::{Elem, NodeId, Path, Schema, Tree, Value};

/// The defaults at or below a place that the tree lacks: in every list entry that is there,
/// and in every tree that is not empty, down to the next list.
pub(super) fn missing(schema: &Schema, tree: &Tree, at: &Path) -> Vec<(Path, NodeId, Value)> {
    let mut tops: BTreeSet<Path> = BTreeSet::new();
    for (path, _) in tree.below(at) {
        tops.insert(path.prefix(1));
        tops.extend(path.entries());
    }
    let mut found = Vec::new();
    for top in &tops {
        if let Some(node) = schema.find(top) {
            descend(schema, tree, node, &mut top.clone(), &mut found);
        }
    }
    found.retain(|(path, ..)| path.starts_with(at));
    found
}

fn descend(
    schema: &Schema,
    tree: &Tree,
    node: NodeId,
    path: &mut Path,
    found: &mut Vec<(Path, NodeId, Value)>,
) {
    for &child in schema.children(Some(node)) {
        let below = schema.node(child);
        if !below.case.is_empty() || below.access == Access::Unsupported {
            continue;
        }
        path.push(Elem::new(step_name(schema, child)));
        match &below.kind {
            Kind::Leaf { ty, default: Some(default), .. } if tree.get(path).is_none() => {
                if let Ok(scalar) = schema.scalar_from_text(*ty, default) {
                    found.push((path.clone(), child, Value::Scalar(scalar)));
                }
            }
            Kind::Container { presence: false } => descend(schema, tree, child, path, found),
            _ => {}
        }
        path.pop();
    }
}
