//! The schema tree while it is being made: all nodes, choices and state data included.
//!
//! Here: [`Draft`], [`DraftNode`] and walking them. A deviated node is marked and stays,
//! so that whatever still points at it can be resolved. Elsewhere: making the nodes
//! (`expand`), changing them (`augment`, `deviate`), leaving out state data (`finish`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::library::{At, Library, ModuleIndex, split_prefix};

/// A node's index in its [`Draft`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DraftId(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DraftKind {
    Container,
    List,
    Leaf,
    LeafList,
    Choice,
    Case,
    /// anydata and anyxml.
    Any,
    /// rpc, action, notification, input, output: there because augments name them.
    Operation,
}

impl DraftKind {
    /// What a keyword makes; none for a statement that is no schema node.
    pub(super) fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "container" => Self::Container,
            "list" => Self::List,
            "leaf" => Self::Leaf,
            "leaf-list" => Self::LeafList,
            "choice" => Self::Choice,
            "case" => Self::Case,
            "anydata" | "anyxml" => Self::Any,
            "rpc" | "action" | "notification" | "input" | "output" => Self::Operation,
            _ => return None,
        })
    }

    /// Whether it is invisible in data paths.
    pub(super) fn is_choice_or_case(self) -> bool {
        matches!(self, Self::Choice | Self::Case)
    }

    /// Whether nodes can stand below it.
    pub(super) fn is_inner(self) -> bool {
        !matches!(self, Self::Leaf | Self::LeafList | Self::Any)
    }
}

/// A schema node: the properties its statement, refinements and deviations give it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a YANG statement of its own")]
pub(super) struct DraftNode {
    pub(super) name: Arc<str>,
    /// The module whose namespace it is in.
    pub(super) module: ModuleIndex,
    pub(super) parent: Option<DraftId>,
    pub(super) children: Vec<DraftId>,
    pub(super) kind: DraftKind,
    /// Its statement, for places.
    pub(super) at: At,
    /// Whether a deviation says that the device lacks it.
    pub(super) removed: bool,
    pub(super) config: Option<bool>,
    pub(super) mandatory: bool,
    pub(super) presence: bool,
    pub(super) ordered_by_user: bool,
    /// Its `type` statement.
    pub(super) ty: Option<At>,
    /// Its `default` statements.
    pub(super) defaults: Vec<At>,
    /// Its `key` statement.
    pub(super) key: Option<At>,
    /// Its `unique` statements.
    pub(super) unique: Vec<At>,
    pub(super) min: u32,
    pub(super) max: Option<u32>,
}

/// All schema nodes of the implemented modules.
#[derive(Default)]
pub(super) struct Draft {
    nodes: Vec<DraftNode>,
    top: Vec<DraftId>,
    /// The nodes at the top by module and name.
    top_index: BTreeMap<(ModuleIndex, Arc<str>), DraftId>,
}

impl Draft {
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, id: DraftId) -> &DraftNode {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn node_mut(&mut self, id: DraftId) -> &mut DraftNode {
        &mut self.nodes[id.0 as usize]
    }

    /// The children of a node, or the nodes at the top.
    pub(super) fn children(&self, parent: Option<DraftId>) -> &[DraftId] {
        parent.map_or(&self.top, |id| &self.node(id).children)
    }

    pub(super) fn add(&mut self, node: DraftNode) -> DraftId {
        let id = DraftId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        if let Some(parent) = node.parent {
            self.node_mut(parent).children.push(id);
        } else {
            self.top.push(id);
            self.top_index.entry((node.module, Arc::clone(&node.name))).or_insert(id);
        }
        self.nodes.push(node);
        id
    }

    /// The child that a schema path (of augment, deviation, refine) names.
    pub(super) fn schema_child(
        &self,
        parent: Option<DraftId>,
        module: ModuleIndex,
        name: &str,
    ) -> Option<DraftId> {
        if parent.is_none() {
            return self.top_index.get(&(module, Arc::from(name))).copied();
        }
        self.children(parent).iter().copied().find(|id| {
            let node = self.node(*id);
            node.module == module && *node.name == *name
        })
    }

    /// The child that a data path (of leafref, key) names: choices and cases are looked
    /// through. If none is in the module, one of that name alone is taken: vendors' paths
    /// in groupings carry the prefix of the grouping's module.
    pub(super) fn data_child(
        &self,
        parent: Option<DraftId>,
        module: ModuleIndex,
        name: &str,
    ) -> Option<DraftId> {
        if parent.is_none() {
            return self.schema_child(None, module, name);
        }
        let mut fallback = None;
        let mut several = false;
        let mut queue: Vec<DraftId> = self.children(parent).to_vec();
        while let Some(id) = queue.pop() {
            let node = self.node(id);
            if node.kind.is_choice_or_case() {
                queue.extend(&node.children);
            } else if *node.name == *name {
                if node.module == module {
                    return Some(id);
                }
                several |= fallback.replace(id).is_some();
            }
        }
        fallback.filter(|_| !several)
    }

    /// The nearest node above that is no choice or case.
    pub(super) fn data_parent(&self, id: DraftId) -> Option<DraftId> {
        let mut parent = self.node(id).parent?;
        while self.node(parent).kind.is_choice_or_case() {
            parent = self.node(parent).parent?;
        }
        Some(parent)
    }

    /// Whether the device has it as configuration: neither it nor a node above it is
    /// `config false`, part of an operation, or deviated away.
    pub(super) fn is_config(&self, id: DraftId) -> bool {
        let mut next = Some(id);
        while let Some(id) = next {
            let node = self.node(id);
            if node.config == Some(false) || node.removed || node.kind == DraftKind::Operation {
                return false;
            }
            next = node.parent;
        }
        true
    }

    /// The node that an absolute schema node identifier names, or the step that leads
    /// nowhere. A step that leads nowhere without a prefix is also looked for in the module
    /// of the step before it: vendors leave prefixes out.
    pub(super) fn find(&self, library: &Library, at: At, path: &str) -> Result<DraftId, String> {
        self.find_exactly(library, at, path).or_else(|_| self.follow(library, at, path, true))
    }

    /// The same with every prefix meaning what the RFC says.
    pub(super) fn find_exactly(&self, library: &Library, at: At, path: &str) -> Result<DraftId, String> {
        self.follow(library, at, path, false)
    }

    fn follow(&self, library: &Library, at: At, path: &str, lenient: bool) -> Result<DraftId, String> {
        let mut found: Option<DraftId> = None;
        let mut module = library.module_at(at);
        for step in path.trim().trim_start_matches('/').split('/') {
            let (prefix, name) = split_prefix(step.trim());
            let refused = || step.trim().to_owned();
            let of_step = library.prefixed(at, prefix).ok_or_else(refused)?;
            let mut child = self.schema_child(found, of_step, name);
            if child.is_none() && prefix.is_none() && lenient {
                child = self.schema_child(found, module, name);
            }
            let child = child.ok_or_else(refused)?;
            module = self.node(child).module;
            found = Some(child);
        }
        found.ok_or_else(|| path.to_owned())
    }
}
