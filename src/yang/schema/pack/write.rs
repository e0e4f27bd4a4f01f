//! A schema to the text of a pack.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use super::super::{Access, Kind, Node, NodeId, Schema, Type, TypeId};
use super::notation::put_type;
use super::text::put_word;
use super::{ACCESS, MAGIC};

/// A type whose notation is longer than this gets a name when it is used again.
const LONG: usize = 60;

/// Writes a schema as a pack, the same text every time. Types that no node uses are left
/// out.
pub fn write(schema: &Schema) -> String {
    let types = Types::collect(schema);
    let mut out = format!("{MAGIC}\nplatform ");
    put_word(&mut out, &schema.platform);
    out.push_str("\nversion ");
    put_word(&mut out, &schema.version);
    out.push('\n');
    for module in &schema.modules {
        out.push_str("module ");
        put_word(&mut out, &module.name);
        if !module.revision.is_empty() {
            out.push(' ');
            put_word(&mut out, &module.revision);
        }
        out.push('\n');
    }
    for identity in &schema.identities {
        let _ = write!(out, "identity {}:{}", schema.module(identity.module).name, identity.name);
        for base in identity.bases.iter().filter_map(|base| schema.identity_name(*base)) {
            let _ = write!(out, " {base}");
        }
        out.push('\n');
    }
    types.put_table(&mut out, schema);
    out.push_str("nodes\n");
    for (id, depth) in walk(schema) {
        put_node(&mut out, schema, &types, id, depth);
    }
    out
}

/// Every node with its depth, each parent before its children.
fn walk(schema: &Schema) -> Vec<(NodeId, usize)> {
    let mut todo: Vec<(NodeId, usize)> = schema.top.iter().rev().map(|id| (*id, 0)).collect();
    let mut order = Vec::with_capacity(schema.nodes.len());
    while let Some((id, depth)) = todo.pop() {
        order.push((id, depth));
        todo.extend(schema.node(id).children.iter().rev().map(|child| (*child, depth + 1)));
    }
    order
}

fn put_node(out: &mut String, schema: &Schema, types: &Types, id: NodeId, depth: usize) {
    let node = schema.node(id);
    let above = node.parent.map(|parent| schema.node(parent).module);
    out.extend(std::iter::repeat_n("  ", depth));
    if above != Some(node.module) {
        out.extend([&*schema.module(node.module).name, ":"]);
    }
    out.push_str(&node.name);
    match &node.kind {
        Kind::Container { presence } => {
            out.push_str(" container");
            out.push_str(if *presence { " presence" } else { "" });
        }
        Kind::List { ordered_by_user, entries, unique, .. } => {
            let _ = write!(out, " list key={}", schema.key_names(id).join(","));
            put_bounds(out, *ordered_by_user, *entries);
            for leaves in unique {
                let _ = write!(out, " unique={}", leaves.join(","));
            }
        }
        Kind::Leaf { ty, default, mandatory } => {
            out.push_str(" leaf ");
            types.put(out, schema, *ty);
            if let Some(default) = default {
                put_default(out, default);
            }
            out.push_str(if *mandatory { " mandatory" } else { "" });
        }
        Kind::LeafList { ty, ordered_by_user, entries, defaults } => {
            out.push_str(" leaf-list ");
            types.put(out, schema, *ty);
            put_bounds(out, *ordered_by_user, *entries);
            for default in defaults {
                put_default(out, default);
            }
        }
    }
    put_case_and_access(out, node);
    out.push('\n');
}

fn put_case_and_access(out: &mut String, node: &Node) {
    for (index, case) in node.case.iter().enumerate() {
        let mark = if case.mandatory { "!" } else { "" };
        let before = if index == 0 { " case=" } else { "," };
        let _ = write!(out, "{before}{}{mark}/{}", case.choice, case.case);
    }
    if node.access != usual_access(&node.kind) {
        let word = ACCESS.iter().find(|(access, _)| *access == node.access);
        let _ = write!(out, " access={}", word.map_or("unlisted", |(_, word)| word));
    }
}

/// The access that is not written down.
pub(super) fn usual_access(kind: &Kind) -> Access {
    match kind {
        Kind::Leaf { .. } | Kind::LeafList { .. } => Access::ReadWrite,
        Kind::Container { .. } | Kind::List { .. } => Access::Unlisted,
    }
}

fn put_bounds(out: &mut String, ordered_by_user: bool, (min, max): (u32, Option<u32>)) {
    out.push_str(if ordered_by_user { " user-ordered" } else { "" });
    if min > 0 {
        let _ = write!(out, " min={min}");
    }
    if let Some(max) = max {
        let _ = write!(out, " max={max}");
    }
}

fn put_default(out: &mut String, default: &str) {
    out.push_str(" default=");
    put_word(out, default);
}

/// How each type is written: in full, or by the name it got.
struct Types {
    /// The full notation, by type. Equal types have equal notations.
    full: BTreeMap<TypeId, Rc<str>>,
    /// Notation to name, for those that have one.
    names: BTreeMap<Rc<str>, String>,
    /// The named types, members before the types that hold them.
    table: Vec<TypeId>,
}

/// What is learnt about one notation on the way.
struct Use {
    ty: TypeId,
    leaf: NodeId,
    count: usize,
}

impl Types {
    fn collect(schema: &Schema) -> Self {
        let mut types = Self { full: BTreeMap::new(), names: BTreeMap::new(), table: Vec::new() };
        let mut uses: BTreeMap<Rc<str>, Use> = BTreeMap::new();
        let mut order: Vec<Rc<str>> = Vec::new();
        for (id, _) in walk(schema) {
            if let Kind::Leaf { ty, .. } | Kind::LeafList { ty, .. } = &schema.node(id).kind {
                types.count(schema, *ty, id, &mut uses, &mut order);
            }
        }
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        for text in order {
            let Some(found) = uses.get(&text).filter(|found| found.count > 1 && text.len() > LONG) else {
                continue;
            };
            let leaf = &*schema.node(found.leaf).name;
            let number = named.entry(leaf).and_modify(|number| *number += 1).or_insert(1);
            let name = if *number == 1 { leaf.to_owned() } else { format!("{leaf}.{number}") };
            types.names.insert(text, name);
            types.table.push(found.ty);
        }
        types
    }

    /// Counts a use. Members count once for each type that holds them, not for each use of
    /// that type. Members come first in `order`.
    fn count(
        &mut self,
        schema: &Schema,
        ty: TypeId,
        leaf: NodeId,
        uses: &mut BTreeMap<Rc<str>, Use>,
        order: &mut Vec<Rc<str>>,
    ) {
        let text = self.notation(schema, ty);
        if let Some(known) = uses.get_mut(&text) {
            known.count += 1;
            return;
        }
        uses.insert(Rc::clone(&text), Use { ty, leaf, count: 1 });
        match schema.type_of(ty) {
            Type::Leafref { target, .. } => self.count(schema, *target, leaf, uses, order),
            Type::Union(members) => {
                for member in members {
                    self.count(schema, *member, leaf, uses, order);
                }
            }
            _ => {}
        }
        order.push(text);
    }

    fn notation(&mut self, schema: &Schema, ty: TypeId) -> Rc<str> {
        if let Some(text) = self.full.get(&ty) {
            return Rc::clone(text);
        }
        let mut out = String::new();
        put_type(&mut out, schema, schema.type_of(ty), &mut |out, member| {
            out.push_str(&self.notation(schema, member));
        });
        let text: Rc<str> = Rc::from(out);
        self.full.insert(ty, Rc::clone(&text));
        text
    }

    fn put_table(&self, out: &mut String, schema: &Schema) {
        for ty in &self.table {
            if let Some(name) = self.name(*ty) {
                let _ = write!(out, "type {name} ");
                self.put_in_full(out, schema, *ty);
                out.push('\n');
            }
        }
    }

    fn put(&self, out: &mut String, schema: &Schema, ty: TypeId) {
        match self.name(ty) {
            Some(name) => out.extend(["@", name]),
            None => self.put_in_full(out, schema, ty),
        }
    }

    fn put_in_full(&self, out: &mut String, schema: &Schema, ty: TypeId) {
        put_type(out, schema, schema.type_of(ty), &mut |out, member| self.put(out, schema, member));
    }

    fn name(&self, ty: TypeId) -> Option<&str> {
        self.full.get(&ty).and_then(|text| self.names.get(text)).map(String::as_str)
    }
}
