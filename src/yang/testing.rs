//! A small schema for tests: interfaces, VLANs, BGP-like neighbours, and one of each thing
//! that YANG can say.
//!
//! Here: [`sample`] and its pack, [`tree`] for trees in one line. Elsewhere: the real schemas
//! (`platform`).

use std::sync::LazyLock;

use proptest::prelude::*;

use super::path::{Elem, Path};
use super::schema::{Kind, Schema, pack};
use super::tree::{Leaf, Tree};
use super::value::Value;

/// The sample as a pack, written as `pack::write` writes it.
pub(crate) const SAMPLE: &str = include_str!("testing.pack");

/// The sample schema.
pub(crate) fn sample() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| pack::read(SAMPLE).expect("the sample is a pack"));
    &SCHEMA
}

/// A tree of leaves given as path and text; `a b c` for a leaf-list, anything for presence.
pub(crate) fn tree(schema: &Schema, leaves: &[(&str, &str)]) -> Tree {
    leaves.iter().map(|(path, text)| leaf(schema, path, text)).collect()
}

/// Any tree of the sample: some of these leaves, with some text in the free ones.
pub(crate) fn trees() -> impl Strategy<Value = Tree> {
    let fixed = [
        ("/interfaces/interface[name=e1]/config/enabled", "false"),
        ("/interfaces/interface[name=e1]/config/mtu", "1500"),
        ("/interfaces/interface[name=e1]/ethernet/config/port-speed", "18446744073709551615"),
        ("/interfaces/interface[name=e2/1]/config/type", "ethernetCsmacd"),
        ("/interfaces/interface[name=e2/1]/subinterfaces/subinterface[index=7]/config/index", "7"),
        ("/odds/bare[k=x]", ""),
        ("/odds/bits", "read execute"),
        ("/odds/decimal", "-0.5"),
        ("/odds/empty", ""),
        ("/odds/example-odds:same", "a"),
        ("/odds/many", "1 20 300"),
        ("/odds/openconfig-types:same", "b"),
        ("/odds/ordered", "b a c"),
        ("/odds/pair[a=\\]][b=1]/value", "x"),
        ("/odds/pair[a=\\]][b=2]/value", "x"),
        ("/odds/present", ""),
        ("/odds/present/inside", "x"),
        ("/odds/union", "auto"),
    ];
    let chosen = prop::sample::subsequence(fixed.to_vec(), 0..=fixed.len());
    let free = prop::collection::btree_map("[ -~é]{0,4}", ".{0,6}", 0..4);
    (chosen, free).prop_map(|(chosen, free)| {
        let schema = sample();
        let mut tree = tree(schema, &chosen);
        for (name, text) in free {
            let elems = ["interfaces", "interface", "config", "description"].map(|elem| match elem {
                "interface" => Elem::entry("interface", [("name", name.as_str())]),
                elem => Elem::new(elem),
            });
            let path: Path = elems.into_iter().collect();
            let (_, leaf) = leaf(schema, &path.to_string(), &text);
            tree.insert(path, leaf);
        }
        if tree.contains_below(&"/odds/present".parse().unwrap()) {
            tree.extend([leaf(schema, "/odds/present", "")]);
        }
        tree
    })
}

/// A tree as text: `path = value @line`, without the line where there is no origin.
pub(crate) fn lines(tree: &Tree) -> Vec<String> {
    let line = |(path, leaf): (&Path, &Leaf)| match &leaf.origin {
        Some(place) => format!("{path} = {} @{}", leaf.value, place.line),
        None => format!("{path} = {}", leaf.value),
    };
    tree.iter().map(line).collect()
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
