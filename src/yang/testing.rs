//! A small schema for tests: interfaces, VLANs, BGP-like neighbours, and one of each thing
//! that YANG can say.
//!
//! Here: [`sample`] and its pack, [`tree`] for trees in one line. Elsewhere: the real schemas
//! (`platform`).

use super::path::Path;
use super::schema::{Kind, Schema, pack};
use super::tree::{Leaf, Tree};
use super::value::Value;

/// The sample as a pack, written as `pack::write` writes it.
pub(crate) const SAMPLE: &str = include_str!("testing.pack");

/// The sample schema.
pub(crate) fn sample() -> Schema {
    pack::read(SAMPLE).expect("the sample is a pack")
}

/// A tree of leaves given as path and text; `a b c` for a leaf-list, anything for presence.
pub(crate) fn tree(schema: &Schema, leaves: &[(&str, &str)]) -> Tree {
    leaves.iter().map(|(path, text)| leaf(schema, path, text)).collect()
}

fn leaf(schema: &Schema, path: &str, text: &str) -> (Path, Leaf) {
    let parsed: Path = path.parse().unwrap();
    let node = schema.find(&parsed).unwrap_or_else(|| panic!("the sample lacks {path}"));
    let value = match &schema.node(node).kind {
        Kind::Leaf { ty, .. } => Value::Scalar(schema.scalar_from_text(*ty, text).unwrap()),
        Kind::LeafList { ty, .. } => {
            Value::LeafList(text.split(' ').map(|text| schema.scalar_from_text(*ty, text).unwrap()).collect())
        }
        _ => Value::Presence,
    };
    (parsed, Leaf { node, value, origin: None })
}
