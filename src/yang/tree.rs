//! The YANG data of one device: leaves by path, each with its value and its origin.
//!
//! Here: [`Tree`], [`Leaf`]. A list entry exists if something below it does; its key
//! leaves are not leaves of the tree, they are in the path. Elsewhere: making a tree from
//! the intent (`write`) or from JSON (`json`), comparing two (`diff`).

use std::collections::BTreeMap;

use super::path::{Elem, Path};
use super::schema::NodeId;
use super::value::Value;
use crate::diagnostic::Place;

/// A leaf or leaf-list (or presence container) with its value.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The schema node, which knows the type. Valid only beside the schema that made it.
    pub node: NodeId,
    /// The value in canonical form.
    pub value: Value,
    /// Where in the intent it comes from; none for what a device reported.
    pub origin: Option<Place>,
}

/// Equality looks at node and value: where a value was written does not make it another.
impl PartialEq for Leaf {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node && self.value == other.value
    }
}

impl Eq for Leaf {}

/// The data of one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    leaves: BTreeMap<Path, Leaf>,
}

impl Tree {
    /// A tree without any leaf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a leaf, and gives back what was there.
    pub fn insert(&mut self, path: Path, leaf: Leaf) -> Option<Leaf> {
        self.leaves.insert(path, leaf)
    }

    /// The leaf at exactly this path.
    pub fn get(&self, path: &Path) -> Option<&Leaf> {
        self.leaves.get(path)
    }

    /// Takes one leaf away.
    pub fn remove(&mut self, path: &Path) -> Option<Leaf> {
        self.leaves.remove(path)
    }

    /// All leaves in the order of their paths.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Path, &Leaf)> + ExactSizeIterator {
        self.leaves.iter()
    }

    /// The leaf at this path and every leaf below it, in order.
    pub fn below<'a>(&'a self, ancestor: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Leaf)> {
        self.leaves.range(ancestor..).take_while(move |(path, _)| path.starts_with(ancestor))
    }

    /// Every leaf in the entries of a list, in order. The path ends in the list without keys.
    pub fn below_list<'a>(&'a self, list: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Leaf)> {
        let depth = list.elems().len();
        let name = list.last().map(Elem::name);
        let above = list.elems().split_last().map_or(&[][..], |(_, above)| above);
        self.leaves.range(list..).take_while(move |(path, _)| {
            let step = path.elems().get(depth.saturating_sub(1)).map(Elem::name);
            step == name && path.elems().starts_with(above)
        })
    }

    /// Whether anything stands at this path or below it.
    pub fn contains_below(&self, ancestor: &Path) -> bool {
        self.below(ancestor).next().is_some()
    }

    /// Takes away the leaf at this path and all below it; says how many.
    pub fn remove_below(&mut self, ancestor: &Path) -> usize {
        let doomed: Vec<Path> = self.below(ancestor).map(|(path, _)| path.clone()).collect();
        for path in &doomed {
            self.leaves.remove(path);
        }
        doomed.len()
    }

    /// How many leaves.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }
}

impl FromIterator<(Path, Leaf)> for Tree {
    fn from_iter<I: IntoIterator<Item = (Path, Leaf)>>(leaves: I) -> Self {
        Self { leaves: leaves.into_iter().collect() }
    }
}

impl Extend<(Path, Leaf)> for Tree {
    fn extend<I: IntoIterator<Item = (Path, Leaf)>>(&mut self, leaves: I) {
        self.leaves.extend(leaves);
    }
}

impl IntoIterator for Tree {
    type Item = (Path, Leaf);
    type IntoIter = std::collections::btree_map::IntoIter<Path, Leaf>;

    fn into_iter(self) -> Self::IntoIter {
        self.leaves.into_iter()
    }
}
