//! A JSON value to leaves, foreign values and faults.
//!
//! Recursion follows the schema, not the document: what the schema lacks is not entered.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{JsonFault, Read};
use crate::yang::path::{Elem, Path};
use crate::yang::schema::{Kind, NodeId, PathFault, Schema, TypeError, TypeId};
use crate::yang::tree::Leaf;
use crate::yang::value::{Scalar, Value};

/// Reads the value of the node at `base`: the root, a container, a list entry (keys may be
/// left out of the value, and must agree if they are in it), a whole list (array), a leaf.
/// `base` may be spelled as a device spells it.
pub fn read(schema: &Schema, base: &Path, json: &Json) -> Read {
    let mut reader = Reader { schema, read: Read::default() };
    match schema.locate(base) {
        Ok(at) => match at.node {
            None => reader.object(None, &at.path, json, &[]),
            Some(node) => reader.node(node, &at.path, json),
        },
        Err(PathFault::NoSuchNode(_)) => reader.foreign(base.clone(), json),
        Err(fault) => {
            let hint = fault.hint();
            reader.fault(base, fault.to_string(), hint);
        }
    }
    reader.read
}

struct Reader<'s> {
    schema: &'s Schema,
    read: Read,
}

impl Reader<'_> {
    fn node(&mut self, id: NodeId, path: &Path, json: &Json) {
        match &self.schema.node(id).kind {
            Kind::Container { presence } => {
                if *presence && json.is_object() {
                    self.leaf(path, id, Value::Presence);
                }
                self.object(Some(id), path, json, &[]);
            }
            Kind::List { .. } if path.last().is_some_and(|elem| elem.keys().is_empty()) => {
                self.list(id, path, json);
            }
            Kind::List { .. } => self.entry_at(id, path, json),
            Kind::Leaf { ty, .. } => match self.schema.scalar_from_json(*ty, json) {
                Ok(scalar) => self.leaf(path, id, Value::Scalar(scalar)),
                Err(error) => self.unfit(path, error),
            },
            Kind::LeafList { ty, ordered_by_user, .. } => {
                self.leaf_list(id, *ty, *ordered_by_user, path, json);
            }
        }
    }

    /// The members of a container or an entry, but for an entry's keys.
    fn object(&mut self, parent: Option<NodeId>, path: &Path, json: &Json, keys: &[NodeId]) {
        let Json::Object(members) = json else {
            return self.fault(path, format!("{} is not an object", shape(json)), None);
        };
        for (name, value) in members {
            // `@name` is metadata of the member `name` (RFC 7952)
            if name.starts_with('@') {
                continue;
            }
            match self.schema.child_leniently(parent, name) {
                None => self.foreign(path.join(Elem::new(name.as_str())), value),
                Some(child) if keys.contains(&child) => {}
                Some(child) => self.node(child, &path.join(Elem::new(self.schema.elem_name(child))), value),
            }
        }
    }

    /// A list as a whole: an array of entries. Some servers send a single entry bare.
    fn list(&mut self, list: NodeId, path: &Path, json: &Json) {
        let mut seen = BTreeSet::new();
        match json {
            Json::Array(items) => {
                for item in items {
                    self.item(list, path, item, &mut seen);
                }
            }
            Json::Object(_) => self.item(list, path, json, &mut seen),
            _ => self.fault(path, format!("{} is not an array of entries", shape(json)), None),
        }
    }

    fn item(&mut self, list: NodeId, path: &Path, json: &Json, seen: &mut BTreeSet<Elem>) {
        let Json::Object(members) = json else {
            return self.fault(path, format!("{} is not an entry: an entry is an object", shape(json)), None);
        };
        let mut keys = Vec::new();
        for (id, (name, ty)) in self.key_ids(list).into_iter().zip(self.schema.keys(list)) {
            match self.key_member(list, id, ty, members) {
                Some(Ok(scalar)) => keys.push(scalar),
                Some(Err(error)) => return self.fault(path, format!("key `{name}`: {error}"), error.hint),
                None => {
                    let hint = format!("every entry needs its member `{name}`");
                    return self.fault(path, format!("an entry lacks its key `{name}`"), Some(hint));
                }
            }
        }
        let elem = self.schema.entry_elem(list, &keys);
        let Some(mut entry) = path.parent() else { return };
        entry.push(elem.clone());
        if !seen.insert(elem) {
            return self.fault(&entry, "the entry stands twice".to_owned(), None);
        }
        self.entry(list, &entry, json);
    }

    /// An entry whose keys are known by its path.
    fn entry_at(&mut self, list: NodeId, path: &Path, json: &Json) {
        // a list path may be answered with an array that holds the entry
        let json = match json {
            Json::Array(items) if items.len() == 1 => &items[0],
            json => json,
        };
        if let Json::Object(members) = json {
            for (id, (name, ty)) in self.key_ids(list).into_iter().zip(self.schema.keys(list)) {
                let given = path.last().and_then(|elem| elem.key(&name)).unwrap_or("").to_owned();
                match self.key_member(list, id, ty, members) {
                    None => {}
                    Some(Ok(scalar)) if scalar.as_str() == given => {}
                    Some(Ok(scalar)) => {
                        return self.fault(
                            path,
                            format!("key `{name}` is {scalar} in the value, {given} in the path"),
                            None,
                        );
                    }
                    Some(Err(error)) => {
                        return self.fault(path, format!("key `{name}`: {error}"), error.hint);
                    }
                }
            }
        }
        self.entry(list, path, json);
    }

    fn entry(&mut self, list: NodeId, path: &Path, json: &Json) {
        if json.is_object() && self.schema.is_bare(list) {
            self.leaf(path, list, Value::Presence);
        }
        let keys = self.key_ids(list);
        self.object(Some(list), path, json, &keys);
    }

    fn key_ids(&self, list: NodeId) -> Vec<NodeId> {
        match &self.schema.node(list).kind {
            Kind::List { keys, .. } => keys.clone(),
            _ => Vec::new(),
        }
    }

    fn key_member(
        &self,
        list: NodeId,
        key: NodeId,
        ty: TypeId,
        members: &Map<String, Json>,
    ) -> Option<Result<Scalar, TypeError>> {
        let own = members.iter().find(|(name, _)| self.schema.child_leniently(Some(list), name) == Some(key));
        own.map(|(_, json)| self.schema.scalar_from_json(ty, json))
    }

    fn leaf_list(&mut self, id: NodeId, ty: TypeId, ordered_by_user: bool, path: &Path, json: &Json) {
        let Json::Array(items) = json else {
            return self.fault(path, format!("{} is not an array of values", shape(json)), None);
        };
        let mut scalars = Vec::with_capacity(items.len());
        for item in items {
            match self.schema.scalar_from_json(ty, item) {
                Ok(scalar) => scalars.push(scalar),
                Err(error) => return self.unfit(path, error),
            }
        }
        // an empty leaf-list is one that is not there (RFC 7950 section 7.7)
        if !scalars.is_empty() {
            self.leaf(path, id, if ordered_by_user { Value::LeafList(scalars) } else { Value::set(scalars) });
        }
    }

    fn leaf(&mut self, path: &Path, node: NodeId, value: Value) {
        if let Some(before) = self.read.tree.insert(path.clone(), Leaf { node, value, origin: None })
            && self.read.tree.get(path) != Some(&before)
        {
            // `a:x` beside `x` in one object
            self.fault(path, "stands twice, with two values".to_owned(), None);
        }
    }

    fn foreign(&mut self, path: Path, json: &Json) {
        self.read.foreign.push((path, json.clone()));
    }

    fn fault(&mut self, path: &Path, message: String, hint: Option<String>) {
        self.read.faults.push(JsonFault { path: path.clone(), message, hint, expected: None });
    }

    fn unfit(&mut self, path: &Path, error: TypeError) {
        let (message, expected) = (error.to_string(), Some(error.expected));
        self.read.faults.push(JsonFault { path: path.clone(), message, hint: error.hint, expected });
    }
}

/// What a value is, for messages; never the value, which may be long.
fn shape(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
