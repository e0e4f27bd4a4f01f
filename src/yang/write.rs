//! How `compile` makes a tree: cursors that name nodes by schema path, and findings for
//! whatever the schema refuses.
//!
//! Here: [`Writer`], [`Cursor`]. Elsewhere: what is written (`compile`), checks of the whole
//! (`validate`).

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt::Display;

use serde_json::Value as Json;

use super::json;
use super::path::{Elem, Path};
use super::schema::{Kind, NodeId, Schema};
use super::tree::{Leaf, Tree};
use super::value::{Scalar, Value};
use crate::diagnostic::{Finding, Findings, Place};
use crate::names::SecretName;

/// A path that the schema lacks.
const NO_SUCH_NODE: &str = "yang-no-such-node";
/// A value that is not of its type, or a node used as what it is not.
const BAD_VALUE: &str = "yang-bad-value";
/// One leaf with two values.
const CONFLICT: &str = "yang-conflict";

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

/// A node to write below. Cheap: a path and a schema node. The cursor of a node that the
/// schema lacks takes everything and writes nothing, so that one mistake is one finding.
#[derive(Clone)]
pub struct Cursor<'w, 's> {
    writer: &'w Writer<'s>,
    path: Path,
    stand: Stand,
}

#[derive(Clone, Copy)]
enum Stand {
    /// On a node, or the root.
    On(Option<NodeId>),
    /// Nowhere: the finding is made.
    Nowhere,
}

impl<'s> Writer<'s> {
    /// An empty tree of a schema.
    pub fn new(schema: &'s Schema) -> Self {
        Self { schema, written: RefCell::default() }
    }

    /// A cursor at the root.
    pub fn root(&self) -> Cursor<'_, 's> {
        Cursor { writer: self, path: Path::root(), stand: Stand::On(None) }
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
        let read = json::read(self.schema, base, json);
        for fault in read.faults {
            self.find(BAD_VALUE, &place_of(&fault.path), fault.to_string(), fault.hint);
        }
        for (path, _) in read.foreign {
            let hint = self.schema.locate(&path).err().and_then(|fault| fault.hint());
            let message =
                format!("the schema of {} {} has no {path}", self.schema.platform, self.schema.version);
            self.find(NO_SUCH_NODE, &place_of(&path), message, hint);
        }
        for (path, leaf) in read.tree {
            let place = place_of(&path);
            self.put(path, leaf.node, leaf.value, &place);
        }
    }

    /// The tree and all findings, in the order in which they were met.
    pub fn finish(self) -> (Tree, Findings) {
        let written = self.written.into_inner();
        (written.tree, written.findings)
    }

    fn find(&self, code: &'static str, place: &Place, message: String, hint: Option<String>) {
        let finding = Finding::error(code, place, message);
        let finding = if let Some(hint) = hint { finding.hint(hint) } else { finding };
        self.written.borrow_mut().findings.push(finding);
    }

    fn put(&self, path: Path, node: NodeId, value: Value, place: &Place) {
        let written = &mut *self.written.borrow_mut();
        match written.tree.get(&path) {
            Some(there) if there.value == value => {}
            Some(there) => {
                let message = format!("{path} is set to {value}, and to {} elsewhere", there.value);
                let finding = Finding::error(CONFLICT, place, message);
                written.findings.push(match &there.origin {
                    Some(first) => finding.related(first, format!("set to {} here", there.value)),
                    None => finding,
                });
            }
            None => {
                written.tree.insert(path, Leaf { node, value, origin: Some(place.clone()) });
            }
        }
    }
}

impl<'w, 's> Cursor<'w, 's> {
    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A cursor at a container below. Nothing is written.
    #[must_use]
    pub fn at(&self, path: &str, place: &Place) -> Cursor<'w, 's> {
        let Some((path, node)) = self.step(path, place) else { return self.nowhere() };
        if let Kind::Container { .. } = self.kind(node) {
            return Cursor { writer: self.writer, path, stand: Stand::On(Some(node)) };
        }
        self.misuse(&path, node, "a container", place);
        self.nowhere()
    }

    /// An entry of a list below, by the keys in the schema's order; the leaves that its
    /// keys refer to (`config/name`) are written with it.
    #[expect(clippy::return_self_not_must_use, reason = "an entry may be written for its keys alone")]
    pub fn entry<K: Display>(
        &self,
        path: &str,
        keys: impl IntoIterator<Item = K>,
        place: &Place,
    ) -> Cursor<'w, 's> {
        let Some((list_path, list)) = self.step(path, place) else { return self.nowhere() };
        let types = self.writer.schema.keys(list);
        if types.is_empty() {
            self.misuse(&list_path, list, "a list", place);
            return self.nowhere();
        }
        let keys: Vec<String> = keys.into_iter().map(|key| key.to_string()).collect();
        if keys.len() != types.len() {
            let names: Vec<&str> = types.iter().map(|(name, _)| &**name).collect();
            let message = format!(
                "{list_path} has {} ({}), given were {}",
                count(names.len()),
                names.join(", "),
                keys.len()
            );
            self.writer.find(BAD_VALUE, place, message, None);
            return self.nowhere();
        }
        let mut scalars = Vec::with_capacity(keys.len());
        for ((name, ty), text) in types.iter().zip(&keys) {
            match self.writer.schema.scalar_from_text(*ty, text) {
                Ok(scalar) => scalars.push(scalar),
                Err(error) => {
                    let message = format!("key `{name}` of {list_path}: {error}");
                    self.writer.find(BAD_VALUE, place, message, error.hint);
                }
            }
        }
        if scalars.len() < types.len() {
            return self.nowhere();
        }
        let mut path = list_path;
        path.pop();
        path.push(self.writer.schema.entry_elem(list, &scalars));
        let entry = Cursor { writer: self.writer, path, stand: Stand::On(Some(list)) };
        entry.write_keys(list, &scalars, place);
        entry
    }

    /// A presence container below, which is then there.
    #[expect(clippy::return_self_not_must_use, reason = "it may be written for its presence alone")]
    pub fn presence(&self, path: &str, place: &Place) -> Cursor<'w, 's> {
        let Some((path, node)) = self.step(path, place) else { return self.nowhere() };
        if !matches!(self.kind(node), Kind::Container { presence: true }) {
            self.misuse(&path, node, "a presence container", place);
            return self.nowhere();
        }
        self.writer.put(path.clone(), node, Value::Presence, place);
        Cursor { writer: self.writer, path, stand: Stand::On(Some(node)) }
    }

    /// Writes one leaf below. The text that the value displays must be of the leaf's type.
    pub fn leaf(&self, path: &str, value: impl Display, place: &Place) {
        let Some((path, node)) = self.step(path, place) else { return };
        let Kind::Leaf { ty, .. } = self.kind(node) else {
            return self.misuse(&path, node, "a leaf", place);
        };
        match self.writer.schema.scalar_from_text(*ty, &value.to_string()) {
            Ok(scalar) => self.writer.put(path, node, Value::Scalar(scalar), place),
            Err(error) => self.writer.find(BAD_VALUE, place, format!("{path}: {error}"), error.hint),
        }
    }

    /// Writes a leaf-list below, all of it. Order and repetition do not matter, unless the
    /// schema says that the order is the user's.
    pub fn leaf_list<V: Display>(&self, path: &str, values: impl IntoIterator<Item = V>, place: &Place) {
        let Some((path, node)) = self.step(path, place) else { return };
        let Kind::LeafList { ty, ordered_by_user, .. } = self.kind(node) else {
            return self.misuse(&path, node, "a leaf-list", place);
        };
        let mut scalars = Vec::new();
        for value in values {
            match self.writer.schema.scalar_from_text(*ty, &value.to_string()) {
                Ok(scalar) => scalars.push(scalar),
                Err(error) => {
                    return self.writer.find(BAD_VALUE, place, format!("{path}: {error}"), error.hint);
                }
            }
        }
        if !scalars.is_empty() {
            let value = if *ordered_by_user { Value::LeafList(scalars) } else { Value::set(scalars) };
            self.writer.put(path, node, value, place);
        }
    }

    /// Writes a leaf below whose value is a secret.
    pub fn secret(&self, path: &str, name: &SecretName, place: &Place) {
        let Some((path, node)) = self.step(path, place) else { return };
        match self.kind(node) {
            Kind::Leaf { .. } => self.writer.put(path, node, Value::Secret(name.clone()), place),
            _ => self.misuse(&path, node, "a leaf", place),
        }
    }

    fn kind(&self, node: NodeId) -> &'s Kind {
        &self.writer.schema.node(node).kind
    }

    fn nowhere(&self) -> Cursor<'w, 's> {
        Cursor { writer: self.writer, path: self.path.clone(), stand: Stand::Nowhere }
    }

    /// The node that a schema path leads to from here; lists on the way need `entry`. None
    /// if there is none and a finding says so.
    fn step(&self, relative: &str, place: &Place) -> Option<(Path, NodeId)> {
        let Stand::On(from) = self.stand else { return None };
        let schema = self.writer.schema;
        let steps = match schema.descend(from, relative) {
            Ok(steps) => steps,
            Err(fault) => {
                self.writer.find(NO_SUCH_NODE, place, fault.to_string(), fault.hint);
                return None;
            }
        };
        let (node, above) = steps.split_last()?;
        let mut path = self.path.clone();
        for id in above {
            path.push(Elem::new(schema.elem_name(*id)));
            if let Kind::List { .. } = self.kind(*id) {
                self.misuse(&path, *id, "a container", place);
                return None;
            }
        }
        path.push(Elem::new(schema.elem_name(*node)));
        Some((path, *node))
    }

    /// Writes what makes an entry be there: the leaves that its keys refer to; or itself, if
    /// it can hold nothing but its keys.
    fn write_keys(&self, list: NodeId, keys: &[Scalar], place: &Place) {
        let schema = self.writer.schema;
        for (steps, key) in schema.key_mirrors(list).into_iter().zip(keys) {
            let Some((node, above)) = steps.as_deref().and_then(<[NodeId]>::split_last) else { continue };
            let mut path = self.path.clone();
            above.iter().chain([node]).for_each(|id| path.push(Elem::new(schema.elem_name(*id))));
            self.writer.put(path, *node, Value::Scalar(key.clone()), place);
        }
        if schema.is_bare(list) {
            self.writer.put(self.path.clone(), list, Value::Presence, place);
        }
    }

    fn misuse(&self, path: &Path, node: NodeId, wanted: &str, place: &Place) {
        let is = match self.kind(node) {
            Kind::Container { presence: true } => "a presence container",
            Kind::Container { presence: false } => "a container",
            Kind::List { .. } => "a list",
            Kind::Leaf { .. } => "a leaf",
            Kind::LeafList { .. } => "a leaf-list",
        };
        self.writer.find(BAD_VALUE, place, format!("{path} is {is}, and was written to as {wanted}"), None);
    }
}

fn count(keys: usize) -> String {
    if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") }
}
