//! Leaves to a strict RFC 7951 document.

use serde_json::{Map, Value as Json};

use super::{Secrets, Written};
use crate::yang::natural::natural_path;
use crate::yang::path::{Elem, Path};
use crate::yang::schema::{Kind, NodeId, Schema};
use crate::yang::tree::{Leaf, Tree};
use crate::yang::value::{Form, Value};

/// Writes a whole tree as one object. Entries of a list stand in the order of the tree; of a
/// list whose order is the user's in natural order of its keys, as a tree knows no other.
pub fn write(schema: &Schema, tree: &Tree, secrets: Secrets<'_>) -> Written {
    let leaves: Vec<_> = tree.iter().collect();
    let mut writer = Writer { schema, secrets, withheld: Vec::new() };
    let json = Json::Object(writer.members(&leaves, 0, None, true));
    Written { json, withheld: writer.withheld }
}

/// Writes the value of one node: an object for a container or list entry (with its keys), an
/// array for a list or leaf-list, a bare value for a leaf. The members of the outermost
/// object carry their module, as those of any document do (RFC 7951 section 4). None if the
/// tree holds nothing there, or nothing but secrets that are withheld at a leaf.
pub fn write_below(schema: &Schema, tree: &Tree, at: &Path, secrets: Secrets<'_>) -> Option<Written> {
    let Some(last) = at.last() else { return Some(write(schema, tree, secrets)) };
    let node = schema.find(at)?;
    let mut writer = Writer { schema, secrets, withheld: Vec::new() };
    let depth = at.elems().len();
    let json = match &schema.node(node).kind {
        Kind::List { .. } if last.keys().is_empty() => {
            let leaves: Vec<_> = tree.below_list(at).collect();
            (!leaves.is_empty()).then(|| writer.entries(&leaves, depth - 1, node, true))
        }
        Kind::Leaf { .. } | Kind::LeafList { .. } => tree.get(at).and_then(|leaf| writer.value(at, leaf)),
        Kind::Container { .. } | Kind::List { .. } => {
            let leaves: Vec<_> = tree.below(at).collect();
            (!leaves.is_empty()).then(|| Json::Object(writer.object(&leaves, depth - 1, last, node, true)))
        }
    };
    json.map(|json| Written { json, withheld: writer.withheld })
}

/// Leaves in the order of their paths, all below one node.
type Leaves<'l, 't> = &'l [(&'t Path, &'t Leaf)];

struct Writer<'s> {
    schema: &'s Schema,
    secrets: Secrets<'s>,
    withheld: Vec<(Path, crate::names::SecretName)>,
}

impl Writer<'_> {
    /// The members below a node whose path has `depth` steps. With `outermost` they carry
    /// their module whatever the parent's is.
    fn members(
        &mut self,
        leaves: Leaves<'_, '_>,
        depth: usize,
        parent: Option<NodeId>,
        outermost: bool,
    ) -> Map<String, Json> {
        let mut members = Map::new();
        // what has no step here is the node itself: a presence container, a bare entry
        let below = leaves.partition_point(|(path, _)| path.elems().len() <= depth);
        for group in leaves[below..].chunk_by(|(a, _), (b, _)| name_at(a, depth) == name_at(b, depth)) {
            let Some((elem, node)) = group.first().and_then(|(path, _)| {
                let elem = path.elems().get(depth)?;
                Some((elem, self.schema.child(parent, elem.name())?))
            }) else {
                continue;
            };
            let value = match &self.schema.node(node).kind {
                Kind::List { .. } => Some(self.entries(group, depth, node, false)),
                Kind::Container { .. } => Some(Json::Object(self.object(group, depth, elem, node, false))),
                Kind::Leaf { .. } | Kind::LeafList { .. } => {
                    group.first().and_then(|(path, leaf)| self.value(path, leaf))
                }
            };
            if let Some(value) = value {
                members.insert(self.member_name(node, outermost), value);
            }
        }
        members
    }

    /// A list as a whole; `depth` is the index of its step.
    fn entries(&mut self, leaves: Leaves<'_, '_>, depth: usize, list: NodeId, outermost: bool) -> Json {
        let mut groups: Vec<_> =
            leaves.chunk_by(|(a, _), (b, _)| a.elems().get(depth) == b.elems().get(depth)).collect();
        if let Kind::List { ordered_by_user: true, .. } = self.schema.node(list).kind {
            groups.sort_by(|a, b| natural_path(&a[0].0.prefix(depth + 1), &b[0].0.prefix(depth + 1)));
        }
        let entry = |group: Leaves<'_, '_>| {
            let elem = group.first()?.0.elems().get(depth)?;
            Some(Json::Object(self.object(group, depth, elem, list, outermost)))
        };
        Json::Array(groups.into_iter().filter_map(entry).collect())
    }

    /// A container or an entry; `depth` is the index of its step `elem`.
    fn object(
        &mut self,
        leaves: Leaves<'_, '_>,
        depth: usize,
        elem: &Elem,
        node: NodeId,
        outermost: bool,
    ) -> Map<String, Json> {
        let mut members = self.members(leaves, depth + 1, Some(node), outermost);
        if let Kind::List { keys, .. } = &self.schema.node(node).kind {
            for (id, (name, ty)) in keys.iter().zip(self.schema.keys(node)) {
                let text = elem.key(&name).unwrap_or_default();
                let scalar = self.schema.scalar_from_text(ty, text);
                let json = scalar.map_or_else(|_| Json::from(text), |scalar| Schema::scalar_to_json(&scalar));
                members.insert(self.member_name(*id, outermost), json);
            }
        }
        members
    }

    fn value(&mut self, path: &Path, leaf: &Leaf) -> Option<Json> {
        match &leaf.value {
            Value::Scalar(scalar) => Some(Schema::scalar_to_json(scalar)),
            Value::LeafList(scalars) => {
                Some(Json::Array(scalars.iter().map(Schema::scalar_to_json).collect()))
            }
            Value::Presence => Some(Json::Object(Map::new())),
            Value::Secret(name) => {
                let text = (self.secrets)(name);
                if text.is_none() {
                    self.withheld.push((path.clone(), name.clone()));
                }
                text.map(|text| self.secret_value(leaf.node, text))
            }
        }
    }

    /// A secret in the form of its leaf's type; as it is if the type refuses it, since no
    /// message may say why.
    fn secret_value(&self, node: NodeId, text: String) -> Json {
        match &self.schema.node(node).kind {
            Kind::Leaf { ty, .. } => match self.schema.scalar_from_text(*ty, &text) {
                Ok(scalar) if scalar.form() != Form::Text => Schema::scalar_to_json(&scalar),
                _ => Json::from(text),
            },
            _ => Json::from(text),
        }
    }

    /// A node's member name: with its module where that is not the parent's.
    fn member_name(&self, id: NodeId, outermost: bool) -> String {
        let node = self.schema.node(id);
        let above = node.parent.map(|parent| self.schema.node(parent).module);
        if outermost || above != Some(node.module) {
            format!("{}:{}", self.schema.module(node.module).name, node.name)
        } else {
            node.name.to_string()
        }
    }
}

fn name_at(path: &Path, depth: usize) -> Option<&str> {
    path.elems().get(depth).map(Elem::name)
}
