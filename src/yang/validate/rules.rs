//! What the schema asks of one node and its children.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::instance::{Index, Instance, Instances, ROOT, Unknown};
use super::{Fault, FaultKind};
use crate::nearest::nearest;
use crate::yang::path::{Elem, Path};
use crate::yang::schema::{Access, Case, Kind, NodeId, Schema};
use crate::yang::value::{Scalar, Value};

/// Faults for what the schema lacks.
pub(super) fn unknown(schema: &Schema, unknown: &[Unknown<'_>], faults: &mut Vec<Fault>) {
    for branch in unknown {
        let Some(elem) = branch.path.last() else { continue };
        let names: Vec<Arc<str>> =
            schema.children(branch.parent).iter().map(|id| schema.elem_name(*id)).collect();
        let near = nearest(elem.name(), names.iter().map(|name| &**name));
        faults.push(Fault {
            path: branch.path.clone(),
            origin: branch.leaf.origin.clone(),
            kind: FaultKind::Unknown,
            message: format!("{} {} has no such node", schema.platform, schema.version),
            hint: near.map(|near| format!("did you mean `{near}`?")),
        });
    }
}

/// Faults of every node by itself, and of its children among each other.
pub(super) fn check(schema: &Schema, instances: &Instances<'_>, faults: &mut Vec<Fault>) {
    let mut rules = Rules { schema, instances, mirrors: BTreeMap::new(), faults };
    for (at, instance) in instances.iter() {
        let Some(node) = instance.node else { continue };
        match &schema.node(node).kind {
            Kind::Leaf { .. } | Kind::LeafList { .. } => rules.leaf(instance, node),
            Kind::Container { .. } => {
                rules.presence(instance, node);
                rules.children(at, node);
            }
            Kind::List { .. } => {
                rules.presence(instance, node);
                if rules.entry(at, node) {
                    rules.children(at, node);
                }
            }
        }
    }
    rules.lists(ROOT);
}

/// For each key of a list the nodes that lead to the leaf that repeats it.
type Mirrors = Vec<(Arc<str>, Option<Vec<NodeId>>)>;

struct Rules<'a, 't> {
    schema: &'a Schema,
    instances: &'a Instances<'t>,
    mirrors: BTreeMap<NodeId, Mirrors>,
    faults: &'a mut Vec<Fault>,
}

impl Rules<'_, '_> {
    fn fault(&mut self, instance: &Instance<'_>, kind: FaultKind, message: String) {
        self.fault_at(instance.path(), instance, kind, message, None);
    }

    fn fault_at(
        &mut self,
        path: Path,
        instance: &Instance<'_>,
        kind: FaultKind,
        message: String,
        hint: Option<String>,
    ) {
        self.faults.push(Fault { path, origin: instance.origin.cloned(), kind, message, hint });
    }

    fn leaf(&mut self, instance: &Instance<'_>, id: NodeId) {
        let node = self.schema.node(id);
        let Some(leaf) = instance.leaf else {
            return self.fault(
                instance,
                FaultKind::WrongKind,
                "is a leaf: nothing can stand below it".to_owned(),
            );
        };
        if instance.elem().is_some_and(|elem| !elem.keys().is_empty()) {
            return self.fault(instance, FaultKind::WrongKind, "is not a list: it has no keys".to_owned());
        }
        match (&leaf.value, &node.kind) {
            (Value::Scalar(_) | Value::Secret(_), Kind::Leaf { .. }) => {}
            (Value::LeafList(values), Kind::LeafList { entries, .. }) => {
                self.bounds(instance.path(), instance, values.len(), *entries, "values");
                self.repeated(instance, values);
            }
            _ => self.fault(instance, FaultKind::WrongKind, format!("cannot hold {}", kind_of(&leaf.value))),
        }
        if self.is_mirror(instance, id) {
            return;
        }
        let (platform, version) = (&self.schema.platform, &self.schema.version);
        let message = match node.access {
            Access::ReadWrite | Access::Unlisted => return,
            Access::ReadOnly => format!("{platform} {version} reports this and does not let it be written"),
            Access::Unsupported => format!("{platform} {version} does not support this"),
        };
        let hint = "so says the vendor's list of supported paths; set it by another path, or leave it out";
        self.fault_at(instance.path(), instance, FaultKind::ReadOnly, message, Some(hint.to_owned()));
    }

    fn repeated(&mut self, instance: &Instance<'_>, values: &[Scalar]) {
        let mut seen = BTreeSet::new();
        if let Some(twice) = values.iter().find(|value| !seen.insert(*value)) {
            self.fault(instance, FaultKind::NotUnique, format!("holds {twice} twice"));
        }
    }

    /// What the tree may say at a container or an entry itself.
    fn presence(&mut self, instance: &Instance<'_>, id: NodeId) {
        let takes = match &self.schema.node(id).kind {
            Kind::Container { presence } => *presence,
            _ => self.schema.is_bare(id),
        };
        match instance.leaf.map(|leaf| &leaf.value) {
            None => {}
            Some(Value::Presence) if takes => {}
            Some(value) => {
                self.fault(instance, FaultKind::WrongKind, format!("cannot hold {}", kind_of(value)));
            }
        }
    }

    /// Whether an entry's keys are what the list asks for; and its `config` leaves the same.
    fn entry(&mut self, at: Index, list: NodeId) -> bool {
        let instance = self.instances.get(at);
        let schema = self.schema;
        let mirrors = self.mirrors.entry(list).or_insert_with(|| {
            schema.keys(list).into_iter().map(|(name, _)| name).zip(schema.key_mirrors(list)).collect()
        });
        let Some(elem) = instance.elem() else { return false };
        let complete =
            mirrors.len() == elem.keys().len() && mirrors.iter().all(|(key, _)| elem.key(key).is_some());
        if !complete {
            let names: Vec<&str> = mirrors.iter().map(|(name, _)| &**name).collect();
            let message = format!("an entry needs the keys {}", names.join(", "));
            self.fault(instance, FaultKind::KeyMissing, message);
            return false;
        }
        let mut wrong = Vec::new();
        for (name, steps) in mirrors.iter() {
            let mirror = steps.as_deref().and_then(|steps| self.instances.descend(at, steps));
            if let (Some(mirror), Some(key)) = (mirror, elem.key(name))
                && let Some(Value::Scalar(scalar)) = mirror.leaf.map(|leaf| &leaf.value)
                && scalar.as_str() != key
            {
                wrong.push((mirror, format!("is {scalar}, and the entry's key `{name}` is {key}")));
            }
        }
        for (mirror, message) in wrong {
            self.fault(mirror, FaultKind::KeyMismatch, message);
        }
        true
    }

    /// Whether a leaf repeats a key of the entry it stands in.
    fn is_mirror(&self, instance: &Instance<'_>, id: NodeId) -> bool {
        let mut at = instance.parent;
        while at != ROOT {
            let above = self.instances.get(at);
            let Some(node) = above.node else { return false };
            if let Kind::List { .. } = self.schema.node(node).kind {
                let mirrors = self.mirrors.get(&node);
                return mirrors.is_some_and(|mirrors| {
                    mirrors
                        .iter()
                        .any(|(_, steps)| steps.as_ref().and_then(|steps| steps.last()) == Some(&id))
                });
            }
            at = above.parent;
        }
        false
    }

    /// What must be below a container or an entry that is there.
    fn children(&mut self, at: Index, id: NodeId) {
        let instance = self.instances.get(at);
        let present: BTreeSet<NodeId> =
            instance.children.iter().filter_map(|child| self.instances.get(*child).node).collect();
        let active = self.choices(at, id, &present);
        let keys = match &self.schema.node(id).kind {
            Kind::List { keys, .. } => keys.as_slice(),
            _ => &[],
        };
        for child in self.schema.children(Some(id)) {
            let node = self.schema.node(*child);
            if present.contains(child)
                || keys.contains(child)
                || !node.case.iter().all(|case| active.contains(case))
            {
                continue;
            }
            let path = || instance.path().join(Elem::new(self.schema.elem_name(*child)));
            match &node.kind {
                Kind::Leaf { mandatory: true, .. } => {
                    let message = "is mandatory and is not there".to_owned();
                    self.fault_at(path(), instance, FaultKind::Mandatory, message, None);
                }
                Kind::List { entries, .. } => self.bounds(path(), instance, 0, *entries, "entries"),
                Kind::LeafList { entries, .. } => self.bounds(path(), instance, 0, *entries, "values"),
                _ => {}
            }
        }
        self.lists(at);
    }

    /// Checks the choices of a node, and says which cases are in use.
    fn choices(&mut self, at: Index, id: NodeId, present: &BTreeSet<NodeId>) -> BTreeSet<Case> {
        let instance = self.instances.get(at);
        let mut active: BTreeSet<Case> = BTreeSet::new();
        // the cases that lead to a choice, and the choice; its case in use
        let mut used: BTreeMap<(Vec<Case>, Arc<str>), Arc<str>> = BTreeMap::new();
        for child in present {
            for (depth, case) in self.schema.node(*child).case.iter().enumerate() {
                let choice = (self.schema.node(*child).case[..depth].to_vec(), Arc::clone(&case.choice));
                let first = used.entry(choice).or_insert_with(|| Arc::clone(&case.case));
                if *first != case.case {
                    let message = format!(
                        "holds nodes of `{first}` and of `{}`, which exclude each other (choice `{}`)",
                        case.case, case.choice
                    );
                    self.fault(instance, FaultKind::TwoCases, message);
                    break;
                }
                active.insert(case.clone());
            }
        }
        let mut missing: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
        for child in self.schema.children(Some(id)) {
            let cases = &self.schema.node(*child).case;
            for (depth, case) in cases.iter().enumerate() {
                let reached = cases[..depth].iter().all(|outer| active.contains(outer));
                if case.mandatory
                    && reached
                    && !used.contains_key(&(cases[..depth].to_vec(), Arc::clone(&case.choice)))
                {
                    missing.entry(Arc::clone(&case.choice)).or_default().insert(Arc::clone(&case.case));
                }
            }
        }
        for (choice, cases) in missing {
            let cases: Vec<String> = cases.iter().map(|case| format!("`{case}`")).collect();
            let message = format!("needs one of {} (choice `{choice}`)", cases.join(", "));
            self.fault(instance, FaultKind::Mandatory, message);
        }
        active
    }

    /// The lists below a node, each as a whole.
    fn lists(&mut self, at: Index) {
        let children = &self.instances.get(at).children;
        for group in children.chunk_by(|a, b| self.instances.get(*a).node == self.instances.get(*b).node) {
            let (Some(first), Some(id)) =
                (group.first(), group.first().and_then(|at| self.instances.get(*at).node))
            else {
                continue;
            };
            if let Kind::List { entries, unique, .. } = &self.schema.node(id).kind {
                let mut path = self.instances.get(at).path();
                path.push(Elem::new(self.schema.elem_name(id)));
                self.bounds(path, self.instances.get(*first), group.len(), *entries, "entries");
                for leaves in unique {
                    self.unique(id, group, leaves);
                }
            }
        }
    }

    /// No two entries may share the values of all these leaves (RFC 7950 section 7.8.3). An
    /// entry that lacks one of them, and its default, does not count.
    fn unique(&mut self, list: NodeId, entries: &[Index], leaves: &[Arc<str>]) {
        let paths: Option<Vec<Vec<NodeId>>> =
            leaves.iter().map(|leaf| self.schema.descend(Some(list), leaf).ok()).collect();
        let Some(paths) = paths else { return };
        let mut seen: BTreeMap<Vec<Arc<str>>, Index> = BTreeMap::new();
        for entry in entries {
            let values: Option<Vec<Arc<str>>> =
                paths.iter().map(|steps| self.value_or_default(*entry, steps)).collect();
            let Some(values) = values else { continue };
            let shown = values.join(", ");
            if let Some(first) = seen.insert(values, *entry) {
                let first = self.instances.get(first).path();
                let message = format!("{} {shown} must be unique, and {first} has it too", leaves.join(", "));
                self.fault(self.instances.get(*entry), FaultKind::NotUnique, message);
            }
        }
    }

    fn value_or_default(&self, entry: Index, steps: &[NodeId]) -> Option<Arc<str>> {
        match self.instances.descend(entry, steps).and_then(|instance| instance.leaf) {
            Some(leaf) => match &leaf.value {
                Value::Scalar(scalar) => Some(scalar.shared()),
                _ => None,
            },
            None => match &self.schema.node(*steps.last()?).kind {
                Kind::Leaf { default, .. } => default.clone(),
                _ => None,
            },
        }
    }

    fn bounds(
        &mut self,
        path: Path,
        instance: &Instance<'_>,
        count: usize,
        (min, max): (u32, Option<u32>),
        what: &str,
    ) {
        let message = if count < min as usize {
            format!("needs at least {min} {what}, and has {count}")
        } else if let Some(max) = max.filter(|max| count > *max as usize) {
            format!("takes at most {max} {what}, and has {count}")
        } else {
            return;
        };
        self.fault_at(path, instance, FaultKind::Count, message, None);
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Scalar(_) => "a single value",
        Value::LeafList(_) => "a list of values",
        Value::Secret(_) => "a secret",
        Value::Presence => "a mark of presence",
    }
}
