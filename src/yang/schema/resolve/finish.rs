//! The draft to a [`Schema`]: configuration only, choices flattened, nodes sorted.
//!
//! Here: [`finish`]. Elsewhere: the schema's form (`schema`), types (`typing`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::types::Type;
use super::super::{Access, Case, Identity, Kind, Module, ModuleId, Node, NodeId, Schema};
use super::defaults;
use super::draft::{Draft, DraftId, DraftKind, DraftNode};
use super::identities::Identities;
use super::library::{At, Library, ModuleIndex, split_prefix};
use super::typing::Typing;
use crate::diagnostic::{Finding, Findings};

/// How deep nodes may stand in each other; the expansion's limit is reached before it.
const MAX_DEPTH: usize = 500;

/// A node that becomes part of the schema, with the choices it stands in.
type Kept = (DraftId, Vec<Case>);

struct Finisher<'a> {
    library: &'a Library,
    draft: &'a Draft,
    typing: Typing<'a>,
    nodes: Vec<Node>,
    /// The module of each node, until [`ModuleId`]s exist.
    homes: Vec<ModuleIndex>,
    /// The `default` statements, until types and identities have their numbers.
    defaults: Vec<(NodeId, At)>,
}

/// Makes the schema of all nodes that are configuration. Beside it: the modules that its
/// leafrefs lead into and that gave no nodes.
pub(super) fn finish(
    library: &Library,
    draft: &Draft,
    identities: &Identities,
    findings: &mut Findings,
) -> (Schema, BTreeSet<ModuleIndex>) {
    let typing = Typing::new(library, draft, identities, findings);
    let mut finisher =
        Finisher { library, draft, typing, nodes: Vec::new(), homes: Vec::new(), defaults: Vec::new() };
    let mut schema = Schema { top: finisher.nodes_below(None, None, 0), ..Schema::default() };
    let Finisher { typing, nodes, homes, defaults, .. } = finisher;
    let wanted = typing.wanted;
    (schema.nodes, schema.types) = (nodes, typing.types);
    let kept = reachable_identities(&mut schema, identities);
    number_modules(&mut schema, library, &homes, &kept);
    defaults::set(&mut schema, library, identities, &defaults, findings);
    (schema, wanted)
}

impl Finisher<'_> {
    /// The schema nodes of what stands below a node of the draft, sorted.
    fn nodes_below(&mut self, draft: Option<DraftId>, parent: Option<NodeId>, depth: usize) -> Vec<NodeId> {
        let mut kept = Vec::new();
        if depth < MAX_DEPTH {
            self.collect(draft, &[], depth, &mut kept);
        }
        let key = |id: DraftId| {
            let node = self.draft.node(id);
            (Arc::clone(&node.name), Arc::clone(&self.library.module(node.module).name))
        };
        kept.sort_by_cached_key(|(id, _)| key(*id));
        let mut unique: Vec<Kept> = Vec::new();
        for (id, case) in kept {
            match unique.last() {
                Some((before, _)) if key(*before) == key(id) => self.report_twice(id, *before),
                _ => unique.push((id, case)),
            }
        }
        unique.into_iter().filter_map(|(id, case)| self.node(id, parent, case, depth)).collect()
    }

    /// Configuration nodes below `draft`, choices and cases looked through.
    fn collect(&mut self, draft: Option<DraftId>, case: &[Case], depth: usize, kept: &mut Vec<Kept>) {
        for id in self.draft.children(draft) {
            let node = self.draft.node(*id);
            if node.removed || node.config == Some(false) {
                continue;
            }
            match node.kind {
                DraftKind::Any => {
                    let message = format!("`{}` holds any data, which cannot be described", node.name);
                    self.warn("yang-any-data", node.at, message);
                }
                DraftKind::Choice if depth + case.len() < MAX_DEPTH => {
                    for case_id in &node.children {
                        let of_case = self.draft.node(*case_id);
                        if of_case.removed || of_case.config == Some(false) {
                            continue;
                        }
                        let mut case = case.to_vec();
                        case.push(Case {
                            choice: Arc::clone(&node.name),
                            case: Arc::clone(&of_case.name),
                            mandatory: node.mandatory,
                        });
                        self.collect(Some(*case_id), &case, depth, kept);
                    }
                }
                DraftKind::Operation | DraftKind::Choice | DraftKind::Case => {}
                _ => kept.push((*id, case.to_vec())),
            }
        }
    }

    /// One node and all below it; none if it cannot be part of a schema.
    fn node(&mut self, id: DraftId, parent: Option<NodeId>, case: Vec<Case>, depth: usize) -> Option<NodeId> {
        let (library, draft) = (self.library, self.draft);
        let node = draft.node(id);
        if node.kind == DraftKind::List && !self.has_keys(id, node) {
            return None;
        }
        let (kind, defaults) = match node.kind {
            DraftKind::List => (list(library, node), Vec::new()),
            DraftKind::Leaf => self.leaf(id, node)?,
            DraftKind::LeafList => self.leaf_list(id, node)?,
            _ => (Kind::Container { presence: node.presence }, Vec::new()),
        };
        let own = NodeId(u32::try_from(self.nodes.len()).ok()?);
        self.defaults.extend(defaults.into_iter().map(|at| (own, at)));
        self.homes.push(node.module);
        self.nodes.push(Node {
            name: Arc::clone(&node.name),
            module: ModuleId(0),
            parent,
            kind,
            case,
            access: Access::Unlisted,
            children: Vec::new(),
        });
        let children = self.nodes_below(Some(id), Some(own), depth + 1);
        let found_keys = self.keys(node, &children);
        let wanted_keys = node.key.map_or(0, |at| words(library.argument(at)).len());
        let made = &mut self.nodes[own.0 as usize];
        made.children = children;
        if let Kind::List { keys, .. } = &mut made.kind {
            // a key leaf that could not be made itself, such as one without a type
            if found_keys.len() < wanted_keys {
                self.take_back(own);
                return None;
            }
            *keys = found_keys;
        }
        Some(own)
    }

    /// Forgets a node and all that was made after it, which is all below it.
    fn take_back(&mut self, first: NodeId) {
        self.nodes.truncate(first.0 as usize);
        self.homes.truncate(first.0 as usize);
        self.defaults.retain(|(node, _)| node.0 < first.0);
    }

    /// Whether entries of a list can be named: it has keys, and each is a leaf that is there.
    fn has_keys(&mut self, id: DraftId, list: &DraftNode) -> bool {
        let names = list.key.map(|at| words(self.library.argument(at))).unwrap_or_default();
        let (place, name) = (list.key.unwrap_or(list.at), &list.name);
        if names.is_empty() {
            self.warn("yang-no-key", place, format!("list `{name}` has no key; it is left out"));
        }
        let draft = self.draft;
        let missing = names.iter().find(|key| {
            let found = draft.data_child(Some(id), list.module, split_prefix(key).1);
            let is_key = |id| draft.node(id).kind == DraftKind::Leaf && draft.is_config(id);
            !found.is_some_and(is_key)
        });
        if let Some(key) = missing {
            let message = format!("list `{name}` has no key leaf `{key}`; it is left out");
            self.warn("yang-no-key", place, message);
        }
        !names.is_empty() && missing.is_none()
    }

    /// The key leaves of a list among its children, in the schema's order.
    fn keys(&self, list: &DraftNode, children: &[NodeId]) -> Vec<NodeId> {
        let Some(at) = list.key else { return Vec::new() };
        let keys = words(self.library.argument(at));
        let named = |key: &str| {
            let mut leaves = children.iter().copied().filter(|id| {
                let node = &self.nodes[id.0 as usize];
                *node.name == *key && matches!(node.kind, Kind::Leaf { .. })
            });
            let first = leaves.next()?;
            let of_list = |id: &NodeId| self.homes[id.0 as usize] == list.module;
            Some(if of_list(&first) { first } else { leaves.find(of_list).unwrap_or(first) })
        };
        keys.iter().filter_map(|key| named(split_prefix(key).1)).collect()
    }

    /// A leaf's kind and its `default` statement: its own, or that of its type.
    fn leaf(&mut self, id: DraftId, node: &DraftNode) -> Option<(Kind, Vec<At>)> {
        let ty = self.type_of(node)?;
        let typed = self.typing.resolve(ty, id);
        // a mandatory leaf has no use for the default of its type
        let of_type = typed.default.filter(|_| !node.mandatory);
        let default = node.defaults.first().copied().or(of_type);
        let ty = self.typing.intern(typed.ty);
        let kind = Kind::Leaf { ty, default: None, mandatory: node.mandatory };
        Some((kind, default.into_iter().collect()))
    }

    fn leaf_list(&mut self, id: DraftId, node: &DraftNode) -> Option<(Kind, Vec<At>)> {
        let ty = self.type_of(node)?;
        let typed = self.typing.resolve(ty, id);
        let mut defaults = node.defaults.clone();
        if defaults.is_empty() && node.min == 0 {
            defaults.extend(typed.default);
        }
        let ty = self.typing.intern(typed.ty);
        let (ordered_by_user, entries) = (node.ordered_by_user, (node.min, node.max));
        Some((Kind::LeafList { ty, ordered_by_user, entries, defaults: Vec::new() }, defaults))
    }

    fn type_of(&mut self, node: &DraftNode) -> Option<At> {
        if node.ty.is_none() {
            self.warn("yang-bad-type", node.at, format!("`{}` has no type; it is left out", node.name));
        }
        node.ty
    }

    fn report_twice(&mut self, id: DraftId, first: DraftId) {
        let (node, first) = (self.draft.node(id), self.draft.node(first));
        let message = format!("`{}` is defined twice in one place", node.name);
        let finding = Finding::warning("yang-defined-twice", &self.library.place(node.at), message);
        self.typing.findings.push(finding.related(&self.library.place(first.at), "this one is used"));
    }

    fn warn(&mut self, code: &'static str, at: At, message: String) {
        self.typing.findings.push(Finding::warning(code, &self.library.place(at), message));
    }
}

/// A list's kind, its keys still missing.
fn list(library: &Library, node: &DraftNode) -> Kind {
    Kind::List {
        keys: Vec::new(),
        ordered_by_user: node.ordered_by_user,
        entries: (node.min, node.max),
        unique: node.unique.iter().map(|at| words(library.argument(*at))).collect(),
    }
}

fn words(text: &str) -> Vec<Arc<str>> {
    text.split_whitespace().map(Arc::from).collect()
}

/// Keeps the identities that some type can hold or names, and what those derive from;
/// numbers them anew and says which they are.
fn reachable_identities(schema: &mut Schema, identities: &Identities) -> Vec<u32> {
    let mut named = BTreeSet::new();
    for ty in &schema.types {
        if let Type::Identity { bases } = ty {
            named.extend(bases.iter().copied());
        }
    }
    let all = 0..u32::try_from(identities.all.len()).unwrap_or(u32::MAX);
    let mut kept: BTreeSet<u32> =
        all.filter(|id| named.iter().any(|base| identities.is_or_derives(*id, *base))).collect();
    let mut queue: Vec<u32> = kept.iter().copied().collect();
    while let Some(id) = queue.pop() {
        let bases = identities.all.get(id as usize).into_iter().flat_map(|identity| &identity.bases);
        queue.extend(bases.filter(|base| kept.insert(**base)));
    }
    let renumbered: BTreeMap<u32, u32> = kept.iter().copied().zip(0..).collect();
    let renumber = |ids: &[u32]| ids.iter().filter_map(|id| renumbered.get(id).copied()).collect();
    for ty in &mut schema.types {
        if let Type::Identity { bases } = ty {
            *bases = renumber(bases);
        }
    }
    for id in &kept {
        if let Some(identity) = identities.all.get(*id as usize) {
            let (name, bases) = (Arc::clone(&identity.name), renumber(&identity.bases));
            schema.identities.push(Identity { module: ModuleId(0), name, bases });
        }
    }
    kept.iter().filter_map(|id| identities.all.get(*id as usize)).map(|one| one.module.0).collect()
}

/// Lists the modules that nodes and identities come from, and numbers them by name.
/// `homes` and `identity_homes` are the modules of the nodes and of the identities.
fn number_modules(schema: &mut Schema, library: &Library, homes: &[ModuleIndex], identity_homes: &[u32]) {
    let identity_homes = identity_homes.iter().copied().map(ModuleIndex);
    let used: BTreeMap<Arc<str>, ModuleIndex> = homes
        .iter()
        .copied()
        .chain(identity_homes.clone())
        .map(|index| (Arc::clone(&library.module(index).name), index))
        .collect();
    let ids: BTreeMap<ModuleIndex, ModuleId> = used.values().copied().zip((0..).map(ModuleId)).collect();
    schema.modules = used
        .into_iter()
        .map(|(name, index)| Module { name, revision: Arc::clone(&library.module(index).revision) })
        .collect();
    for (node, home) in schema.nodes.iter_mut().zip(homes) {
        node.module = ids[home];
    }
    for (identity, home) in schema.identities.iter_mut().zip(identity_homes) {
        identity.module = ids[&home];
    }
    let index = schema.identities.iter().zip(0..).map(|(identity, id)| {
        let module = Arc::clone(&schema.modules[identity.module.0 as usize].name);
        ((module, Arc::clone(&identity.name)), id)
    });
    schema.identity_index = index.collect();
}
