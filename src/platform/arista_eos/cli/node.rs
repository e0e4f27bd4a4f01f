//! Reading a tree by name: the leaves below a node, its entries, one leaf.
//!
//! A node is a stretch of the tree's sorted leaves, so that going down costs a search and
//! copies nothing. Elsewhere: what is said with them (`command`).

use std::borrow::Cow;

use crate::diagnostic::Place;
use crate::yang::{Elem, Leaf, Path, Tree, Value};

/// One leaf of the tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'t> {
    pub(super) path: &'t Path,
    pub(super) leaf: &'t Leaf,
}

impl<'t> Said<'t> {
    /// The value as EOS is told it; a secret by its name. An identity keeps its module.
    pub(super) fn text(self) -> Cow<'t, str> {
        match &self.leaf.value {
            Value::Scalar(scalar) => Cow::Borrowed(scalar.as_str()),
            Value::LeafList(_) => Cow::Owned(self.values().collect::<Vec<_>>().join(" ")),
            Value::Secret(name) => Cow::Owned(format!("<secret:{name}>")),
            Value::Presence => Cow::Borrowed(""),
        }
    }

    /// The values of a leaf-list; of a leaf its one.
    pub(super) fn values(self) -> impl Iterator<Item = &'t str> {
        let (one, many) = match &self.leaf.value {
            Value::Scalar(scalar) => (Some(scalar.as_str()), &[][..]),
            Value::LeafList(scalars) => (None, scalars.as_slice()),
            Value::Secret(_) | Value::Presence => (None, &[][..]),
        };
        one.into_iter().chain(many.iter().map(crate::yang::Scalar::as_str))
    }

    /// Whether it holds exactly this text.
    pub(super) fn is(self, text: &str) -> bool {
        matches!(&self.leaf.value, Value::Scalar(scalar) if scalar.as_str() == text)
    }

    /// Where the intent asks for it.
    pub(super) fn origin(self) -> Option<&'t Place> {
        self.leaf.origin.as_ref()
    }
}

/// An identity without the name of its module.
pub(super) fn identity(text: &str) -> &str {
    text.rsplit_once(':').map_or(text, |(_, name)| name)
}

/// All leaves of a tree, in order.
pub(super) fn leaves(tree: &Tree) -> Vec<Said<'_>> {
    tree.iter().map(|(path, leaf)| Said { path, leaf }).collect()
}

/// A node: the leaves at it and below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a, 't> {
    leaves: &'a [Said<'t>],
    depth: usize,
}

impl<'a, 't> Node<'a, 't> {
    /// The root of sorted leaves.
    pub(super) fn root(leaves: &'a [Said<'t>]) -> Self {
        Self { leaves, depth: 0 }
    }

    /// A node below, by names without keys: `config/mtu`. It may have no leaves.
    pub(super) fn at(self, path: &str) -> Self {
        path.split('/').fold(self, |node, name| {
            let step = |said: &Said<'t>| said.path.elems().get(node.depth).map(Elem::name);
            let start = node.leaves.partition_point(|said| step(said) < Some(name));
            let rest = node.leaves.get(start..).unwrap_or_default();
            let end = rest.partition_point(|said| step(said) == Some(name));
            Self { leaves: rest.get(..end).unwrap_or_default(), depth: node.depth + 1 }
        })
    }

    /// The leaf at a path below.
    pub(super) fn leaf(self, path: &str) -> Option<Said<'t>> {
        let node = self.at(path);
        let keyed = |said: &Said<'t>| said.path.last().is_some_and(|elem| !elem.keys().is_empty());
        node.leaves.first().copied().filter(|said| said.path.elems().len() == node.depth && !keyed(said))
    }

    /// The entries of a list below, each with its keys, as the tree has them in order.
    pub(super) fn entries(self, list: &str) -> impl Iterator<Item = Entry<'a, 't>> {
        let node = self.at(list);
        let elem = move |said: &Said<'t>| said.path.elems().get(node.depth - 1);
        let chunks = node.leaves.chunk_by(move |a, b| elem(a) == elem(b));
        chunks.filter_map(move |chunk| {
            let elem = chunk.first().and_then(elem).filter(|elem| !elem.keys().is_empty())?;
            Some(Entry { elem, node: Self { leaves: chunk, depth: node.depth } })
        })
    }

    /// Whether there is no leaf.
    pub(super) fn is_empty(self) -> bool {
        self.leaves.is_empty()
    }
}

/// An entry of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a, 't> {
    elem: &'t Elem,
    pub(super) node: Node<'a, 't>,
}

impl<'t> Entry<'_, 't> {
    /// The value of a key; empty if the list has no such key.
    pub(super) fn key(self, name: &str) -> &'t str {
        self.elem.key(name).unwrap_or_default()
    }

    /// The leaves that only repeat a key of the entry, in it or in its `config`.
    pub(super) fn repeats(self) -> impl Iterator<Item = Said<'t>> {
        let keys = self.elem.keys().iter();
        keys.flat_map(move |(key, _)| [self.node.leaf(key), self.node.at("config").leaf(key)]).flatten()
    }

    /// A leaf of the entry.
    pub(super) fn leaf(self, path: &str) -> Option<Said<'t>> {
        self.node.leaf(path)
    }
}
