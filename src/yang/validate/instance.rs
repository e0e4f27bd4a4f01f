//! The nodes of a tree: containers, entries and leaves, each below its parent.
//!
//! Here: [`Instances`], made in one walk over the leaves, whose paths are sorted. Elsewhere:
//! what is asked of them (`rules`, `reference`).

use crate::diagnostic::Place;
use crate::yang::path::{Elem, Path};
use crate::yang::schema::{NodeId, Schema};
use crate::yang::tree::{Leaf, Tree};

/// An index into [`Instances`].
pub(super) type Index = usize;

/// The root's index.
pub(super) const ROOT: Index = 0;

/// One node that a tree holds.
pub(super) struct Instance<'t> {
    /// Its schema node; none at the root.
    pub(super) node: Option<NodeId>,
    pub(super) parent: Index,
    pub(super) children: Vec<Index>,
    /// The path of the first leaf at or below it, and how many steps of it lead here.
    first: &'t Path,
    depth: usize,
    /// What the tree holds at exactly this path.
    pub(super) leaf: Option<&'t Leaf>,
    /// The origin of the first leaf at or below it that has one.
    pub(super) origin: Option<&'t Place>,
}

impl<'t> Instance<'t> {
    pub(super) fn path(&self) -> Path {
        self.first.prefix(self.depth)
    }

    /// The last step: none at the root.
    pub(super) fn elem(&self) -> Option<&'t Elem> {
        self.depth.checked_sub(1).and_then(|last| self.first.elems().get(last))
    }

    /// The step of an ancestor, by its depth (from 1).
    pub(super) fn step(&self, depth: usize) -> Option<&'t Elem> {
        if depth > self.depth {
            return None;
        }
        depth.checked_sub(1).and_then(|index| self.first.elems().get(index))
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }
}

/// All nodes of a tree, each behind its parent.
pub(super) struct Instances<'t> {
    all: Vec<Instance<'t>>,
}

/// A path in a tree that its schema lacks: the steps up to the first unknown one.
pub(super) struct Unknown<'t> {
    pub(super) path: Path,
    pub(super) parent: Option<NodeId>,
    pub(super) leaf: &'t Leaf,
}

impl<'t> Instances<'t> {
    /// The nodes that the schema knows, and the first unknown node of each unknown branch.
    pub(super) fn of(schema: &Schema, tree: &'t Tree) -> (Self, Vec<Unknown<'t>>) {
        static EMPTY: std::sync::LazyLock<Path> = std::sync::LazyLock::new(Path::root);
        let root = Instance {
            node: None,
            parent: ROOT,
            children: Vec::new(),
            first: &EMPTY,
            depth: 0,
            leaf: None,
            origin: None,
        };
        let mut all = vec![root];
        let mut unknown: Vec<Unknown<'t>> = Vec::new();
        let mut above: Vec<Index> = vec![ROOT];
        for (path, leaf) in tree.iter() {
            let same = above
                .iter()
                .skip(1)
                .zip(path.elems())
                .take_while(|(at, elem)| all[**at].elem() == Some(*elem));
            let same = same.count();
            above.truncate(same + 1);
            for depth in same..path.elems().len() {
                let parent = above[depth];
                let Some(node) = schema.child(all[parent].node, path.elems()[depth].name()) else {
                    let branch = path.prefix(depth + 1);
                    if unknown.last().is_none_or(|last| last.path != branch) {
                        unknown.push(Unknown { path: branch, parent: all[parent].node, leaf });
                    }
                    break;
                };
                let at = all.len();
                all.push(Instance {
                    node: Some(node),
                    parent,
                    children: Vec::new(),
                    first: path,
                    depth: depth + 1,
                    leaf: None,
                    origin: None,
                });
                all[parent].children.push(at);
                above.push(at);
            }
            if above.len() == path.elems().len() + 1 && above.len() > 1 {
                all[above[above.len() - 1]].leaf = Some(leaf);
            }
            if let Some(place) = &leaf.origin {
                for at in &above {
                    all[*at].origin.get_or_insert(place);
                }
            }
        }
        (Self { all }, unknown)
    }

    pub(super) fn get(&self, at: Index) -> &Instance<'t> {
        &self.all[at]
    }

    /// All but the root, each behind its parent.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Index, &Instance<'t>)> {
        self.all.iter().enumerate().skip(1)
    }

    /// The child that is an instance of a schema node; for a list, the first entry.
    pub(super) fn child(&self, at: Index, node: NodeId) -> Option<Index> {
        self.get(at).children.iter().copied().find(|child| self.get(*child).node == Some(node))
    }

    /// The node that schema nodes lead to from an instance.
    pub(super) fn descend(&self, at: Index, steps: &[NodeId]) -> Option<&Instance<'t>> {
        let at = steps.iter().try_fold(at, |at, node| self.child(at, *node))?;
        Some(self.get(at))
    }
}
