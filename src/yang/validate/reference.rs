//! Leafrefs: what a leaf refers to must be there (RFC 7950 section 9.9).
//!
//! Each reference is compiled once, and the leaves that it may refer to are indexed once, so
//! that the whole costs as much as the tree is long.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::instance::{Index, Instance, Instances};
use super::{Fault, FaultKind};
use crate::nearest::nearest;
use crate::yang::path::{Elem, Path};
use crate::yang::schema::{Kind, NodeId, Schema, Type, TypeId};
use crate::yang::tree::Tree;
use crate::yang::value::{Scalar, Value};

/// How deep unions may hold each other.
const DEPTH: u8 = 16;

/// For how many faults a near value is looked for: each costs a walk over all values.
const HINTS: usize = 20;

/// Faults for references to what is not there.
pub(super) fn check(schema: &Schema, tree: &Tree, instances: &Instances<'_>, faults: &mut Vec<Fault>) {
    let mut checker =
        Checker { schema, tree, instances, by_node: None, references: BTreeMap::new(), found: Vec::new() };
    for (at, instance) in instances.iter() {
        let Some(leaf) = instance.node else { continue };
        let site = Site { leaf, at, depth: instance.depth() };
        match (&schema.node(leaf).kind, instance.leaf.map(|leaf| &leaf.value)) {
            (Kind::Leaf { ty, .. }, Some(Value::Scalar(scalar))) => checker.value(site, *ty, scalar.as_str()),
            (Kind::LeafList { ty, .. }, Some(Value::LeafList(scalars))) => {
                for scalar in scalars {
                    checker.value(site, *ty, scalar.as_str());
                }
            }
            (Kind::List { keys, .. }, _) => checker.keys(site, instance, keys),
            _ => {}
        }
    }
    faults.append(&mut checker.found);
}

/// The leaf that refers.
#[derive(Clone, Copy)]
struct Site {
    leaf: NodeId,
    /// Its instance; of a key, the entry.
    at: Index,
    /// How many steps lead to it; to a key one more than to its entry.
    depth: usize,
}

/// A leafref of one schema leaf, ready to be followed.
struct Reference {
    /// How many steps up from the leaf its path begins; none if at the root.
    ups: Option<usize>,
    target: NodeId,
    /// Keys that entries on the way must have: the step behind the beginning (from 1), the
    /// key, and where the wanted value stands, from the leaf.
    wanted: Vec<(usize, Arc<str>, Relative)>,
    /// The leaves referred to, by the key that a reference forms; made when first asked.
    index: Option<HashSet<Key>>,
}

/// `../../name`: how many steps up, then down by these names.
struct Relative {
    ups: usize,
    names: Vec<String>,
}

/// Where a reference begins, the wanted keys, and the value.
type Key = (Path, Vec<Arc<str>>, Arc<str>);

struct Checker<'a, 't> {
    schema: &'a Schema,
    tree: &'t Tree,
    instances: &'a Instances<'t>,
    /// The instances of each schema node.
    by_node: Option<HashMap<NodeId, Vec<Index>>>,
    /// By the leaf that refers and its type, or the member of its union that is a leafref.
    references: BTreeMap<(NodeId, TypeId), Option<Reference>>,
    found: Vec<Fault>,
}

impl<'t> Checker<'_, 't> {
    /// Keys that refer to something else than the leaf that repeats them.
    fn keys(&mut self, entry: Site, instance: &Instance<'t>, keys: &[NodeId]) {
        let mirrors = self.schema.key_mirrors(entry.leaf);
        for (key, mirror) in keys.iter().zip(mirrors) {
            let node = self.schema.node(*key);
            if let (None, Kind::Leaf { ty, .. }) = (mirror, &node.kind)
                && let Some(value) = instance.elem().and_then(|elem| elem.key(&node.name))
            {
                self.value(Site { leaf: *key, at: entry.at, depth: entry.depth + 1 }, *ty, value);
            }
        }
    }

    fn value(&mut self, site: Site, ty: TypeId, value: &str) {
        let Some((target, ty)) = self.dangling(site, ty, value, DEPTH) else { return };
        let instance = self.instances.get(site.at);
        let hint = if self.found.len() < HINTS { self.nearest(site, ty, value) } else { None };
        let mut path = instance.path();
        if site.depth > instance.depth() {
            path.push(Elem::new(self.schema.elem_name(site.leaf)));
        }
        self.found.push(Fault {
            path,
            origin: instance.origin.cloned(),
            kind: FaultKind::Dangling,
            message: format!("refers to {value}, and no {} is {value}", self.schema.path_of(target)),
            hint,
        });
    }

    /// The leaf that should have the value and the leafref that says so; none if it has, or
    /// if a member of a union takes the value without.
    fn dangling(&mut self, site: Site, ty: TypeId, value: &str, levels: u8) -> Option<(NodeId, TypeId)> {
        let levels = levels.checked_sub(1)?;
        match self.schema.type_of(ty) {
            Type::Leafref { require_instance: true, .. } => {
                let schema = self.schema;
                let compiled = || compile(schema, site.leaf, ty);
                let target = self.references.entry((site.leaf, ty)).or_insert_with(compiled).as_ref()?.target;
                (!self.exists(site, ty, value)).then_some((target, ty))
            }
            Type::Union(members) => {
                let mut first = None;
                for member in members {
                    if self.schema.scalar_from_text(*member, value).is_ok() {
                        let missing = self.dangling(site, *member, value, levels)?;
                        first.get_or_insert(missing);
                    }
                }
                first
            }
            _ => None,
        }
    }

    fn exists(&mut self, site: Site, ty: TypeId, value: &str) -> bool {
        let Some(key) = self.key(site, ty, value) else { return false };
        self.make_index(site.leaf, ty);
        let reference = self.references.get(&(site.leaf, ty)).and_then(Option::as_ref);
        reference.and_then(|reference| reference.index.as_ref()).is_some_and(|index| index.contains(&key))
    }

    /// What the index must hold for this value.
    fn key(&self, site: Site, ty: TypeId, value: &str) -> Option<Key> {
        let reference = self.references.get(&(site.leaf, ty))?.as_ref()?;
        let path = self.instances.get(site.at).path();
        let begin = match reference.ups {
            Some(ups) => path.prefix(site.depth.checked_sub(ups)?),
            None => Path::root(),
        };
        let wanted = reference.wanted.iter().map(|(_, _, relative)| self.follow(&path, site.depth, relative));
        Some((begin, wanted.collect::<Option<_>>()?, Arc::from(value)))
    }

    /// The value of a leaf beside the one that refers: of the tree, or a key.
    fn follow(&self, path: &Path, depth: usize, relative: &Relative) -> Option<Arc<str>> {
        let mut at = path.prefix(depth.checked_sub(relative.ups)?);
        let (last, names) = relative.names.split_last()?;
        for name in names {
            at.push(Elem::new(name.as_str()));
        }
        if let Some(key) = at.last().and_then(|elem| elem.key(last)) {
            return Some(Arc::from(key));
        }
        match &self.tree.get(&at.join(Elem::new(last.as_str())))?.value {
            Value::Scalar(scalar) => Some(scalar.shared()),
            _ => None,
        }
    }

    fn make_index(&mut self, leaf: NodeId, ty: TypeId) {
        let (schema, instances) = (self.schema, self.instances);
        let by_node = self.by_node.get_or_insert_with(|| by_node(instances));
        let Some(Some(reference)) = self.references.get_mut(&(leaf, ty)) else { return };
        if reference.index.is_some() {
            return;
        }
        let depth = std::iter::successors(Some(leaf), |id| schema.node(*id).parent).count();
        let begin = reference.ups.map_or(0, |ups| depth.saturating_sub(ups));
        // the value of a key stands in the step of its entry
        let list = schema.node(reference.target).parent.filter(|parent| {
            matches!(&schema.node(*parent).kind, Kind::List { keys, .. } if keys.contains(&reference.target))
        });
        let key_name = list.map(|_| &*schema.node(reference.target).name);
        let mut index = HashSet::new();
        for at in by_node.get(&list.unwrap_or(reference.target)).into_iter().flatten() {
            let instance = instances.get(*at);
            let keys = reference.wanted.iter().map(|(step, key, _)| {
                instance.step(begin + step).and_then(|elem| elem.key(key)).map(Arc::from)
            });
            let Some(keys) = keys.collect::<Option<Vec<Arc<str>>>>() else { continue };
            let begin = instance.path().prefix(begin);
            index.extend(
                values(instance, key_name).into_iter().map(|value| (begin.clone(), keys.clone(), value)),
            );
        }
        reference.index = Some(index);
    }

    /// A value that is there and is spelt nearly so.
    fn nearest(&self, site: Site, ty: TypeId, value: &str) -> Option<String> {
        let (begin, wanted, _) = self.key(site, ty, value)?;
        let index = self.references.get(&(site.leaf, ty))?.as_ref()?.index.as_ref()?;
        let there = index.iter().filter(|key| key.0 == begin && key.1 == wanted).map(|key| &*key.2);
        let there: BTreeSet<&str> = there.collect();
        nearest(value, there).map(|near| format!("did you mean `{near}`?"))
    }
}

/// The instances of each schema node.
fn by_node(instances: &Instances<'_>) -> HashMap<NodeId, Vec<Index>> {
    let mut by_node: HashMap<NodeId, Vec<Index>> = HashMap::new();
    for (at, instance) in instances.iter() {
        if let Some(node) = instance.node {
            by_node.entry(node).or_default().push(at);
        }
    }
    by_node
}

/// What a leaf or leaf-list holds; of an entry, the value of a key.
fn values(instance: &Instance<'_>, key: Option<&str>) -> Vec<Arc<str>> {
    if let Some(key) = key {
        return instance.elem().and_then(|elem| elem.key(key)).map(Arc::from).into_iter().collect();
    }
    match instance.leaf.map(|leaf| &leaf.value) {
        Some(Value::Scalar(scalar)) => vec![scalar.shared()],
        Some(Value::LeafList(scalars)) => scalars.iter().map(Scalar::shared).collect(),
        _ => Vec::new(),
    }
}

/// Resolves a leafref's path from the leaf that has it. None if it leads nowhere; whoever
/// made the pack was told.
fn compile(schema: &Schema, node: NodeId, ty: TypeId) -> Option<Reference> {
    let Type::Leafref { path, .. } = schema.type_of(ty) else { return None };
    let (ups, steps) = if let Some(rest) = path.strip_prefix('/') {
        (None, split(rest))
    } else {
        let mut steps = split(path);
        let ups = steps.iter().take_while(|step| **step == "..").count();
        (Some(ups), steps.split_off(ups))
    };
    let mut at = match ups {
        None => None,
        Some(ups) => (0..ups).try_fold(Some(node), |at, _| at.map(|id| schema.node(id).parent))?,
    };
    let mut wanted = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let mut parts = step.split('[');
        at = Some(schema.child_leniently(at, parts.next()?.trim())?);
        for predicate in parts {
            let (key, from) = predicate.trim_end().strip_suffix(']')?.split_once('=')?;
            wanted.push((index + 1, Arc::from(local(key)), relative(from)?));
        }
    }
    Some(Reference { ups, target: at?, wanted, index: None })
}

/// `current()/../a/b`.
fn relative(text: &str) -> Option<Relative> {
    let steps = split(text.trim().strip_prefix("current()")?.trim_start().strip_prefix('/')?);
    let ups = steps.iter().take_while(|step| **step == "..").count();
    Some(Relative { ups, names: steps[ups..].iter().map(|step| local(step).to_owned()).collect() })
}

/// The steps of a path; a `/` in a predicate parts none.
fn split(path: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let steps = path.split(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '/' && depth == 0
    });
    steps.map(str::trim).collect()
}

fn local(name: &str) -> &str {
    let name = name.trim();
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
