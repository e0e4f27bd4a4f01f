//! What YANG modules allow, resolved: one arena of nodes, types and identities.
//!
//! Here: [`Schema`] and its parts, and finding a node. `types`, `pattern`: what a leaf may
//! hold. `canonical`: values against types. `locate`: paths to nodes. `pack`: the text a
//! schema is stored as. `make` with `parse`, `resolve`, `access`: `.yang` files and a
//! vendor's path report to a schema (for makers of packs). Elsewhere: whole trees against a
//! schema (`yang::validate`).

pub mod access;
pub mod canonical;
pub mod locate;
pub mod make;
pub mod pack;
mod parse;
pub mod pattern;
pub mod resolve;
pub mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::path::Path;
pub use canonical::TypeError;
pub use locate::{Located, NoSuchNode, PathFault};
pub use pattern::{Pattern, PatternError};
pub use types::{TextSyntax, Type, TypeId};

/// A node's index in [`Schema::nodes`]. Valid beside its own schema only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A module's index in [`Schema::modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u16);

/// A YANG module that contributes nodes or identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name, the prefix in RFC 7951.
    pub name: Arc<str>,
    /// Its newest revision date; empty if it has none.
    pub revision: Arc<str>,
}

/// An identity and what it derives from, directly (RFC 7950 section 7.18).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The module that defines it.
    pub module: ModuleId,
    /// Its name.
    pub name: Arc<str>,
    /// Its direct bases, as indexes into [`Schema::identities`].
    pub bases: Vec<u32>,
}

/// What the vendor says of writing a node (Arista: the column ACCESS of `pathreport.csv`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// May be written.
    ReadWrite,
    /// Is reported and may not be written, although the schema says `config true`.
    ReadOnly,
    /// The platform lacks it.
    Unsupported,
    /// The vendor's list does not name it.
    Unlisted,
}

/// The kind of a data node. Choices and cases are not data nodes: see [`Node::case`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A container; with `presence` its being there is data.
    Container {
        /// Whether it has a presence statement.
        presence: bool,
    },
    /// A keyed list. (Lists without keys exist only in state data.)
    List {
        /// The key leaves, in the schema's order.
        keys: Vec<NodeId>,
        /// Whether the order of entries is the user's.
        ordered_by_user: bool,
        /// Bounds on the number of entries.
        entries: (u32, Option<u32>),
        /// Each: leaves (as descendant paths from the entry) whose values together are unique.
        unique: Vec<Vec<Arc<str>>>,
    },
    /// A leaf.
    Leaf {
        /// Its type.
        ty: TypeId,
        /// Its default in canonical form (its own, or its type's).
        default: Option<Arc<str>>,
        /// Whether it must be there when its nearest ancestor that exists is.
        mandatory: bool,
    },
    /// A leaf-list.
    LeafList {
        /// The type of each value.
        ty: TypeId,
        /// Whether the order of values is the user's.
        ordered_by_user: bool,
        /// Bounds on the number of values.
        entries: (u32, Option<u32>),
        /// Its defaults in canonical form.
        defaults: Vec<Arc<str>>,
    },
}

/// A place in a choice: which choice of the parent, and which case of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Case {
    /// The choice's name.
    pub choice: Arc<str>,
    /// The case's name.
    pub case: Arc<str>,
    /// Whether one case of the choice must be there.
    pub mandatory: bool,
}

/// A data node that is configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its local name.
    pub name: Arc<str>,
    /// The module whose namespace it is in.
    pub module: ModuleId,
    /// Its parent; none for a node at the top.
    pub parent: Option<NodeId>,
    /// What it is.
    pub kind: Kind,
    /// The choices it stands in, outermost first.
    pub case: Vec<Case>,
    /// Whether the platform lets it be written. Meaningful for leaves and leaf-lists.
    pub access: Access,
    /// Its children, sorted by name then module.
    pub children: Vec<NodeId>,
}

/// All that a platform's YANG allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The network OS, such as `arista-eos`.
    pub platform: Arc<str>,
    /// Its version, such as `4.35.0F`.
    pub version: Arc<str>,
    /// The modules, sorted by name.
    pub modules: Vec<Module>,
    /// The identities, sorted by module and name.
    pub identities: Vec<Identity>,
    /// The types; nodes of equal type share one.
    pub types: Vec<Type>,
    /// The nodes, each behind its parent.
    pub nodes: Vec<Node>,
    /// The nodes at the top, sorted by name then module.
    pub top: Vec<NodeId>,
    /// Identity by (module name, name), made with the schema.
    pub identity_index: BTreeMap<(Arc<str>, Arc<str>), u32>,
}

impl Schema {
    /// The node of an id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The type of an id.
    pub fn type_of(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// The module of an id.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// The children of a node, or the nodes at the top.
    pub fn children(&self, parent: Option<NodeId>) -> &[NodeId] {
        parent.map_or(&self.top, |id| &self.node(id).children)
    }

    /// The child called `name` or `module:name`. A bare name that two modules share finds
    /// none: it must be qualified.
    pub fn child(&self, parent: Option<NodeId>, name: &str) -> Option<NodeId> {
        let (module, local) = match name.split_once(':') {
            Some((module, local)) => (Some(module), local),
            None => (None, name),
        };
        let children = self.children(parent);
        let first = children.partition_point(|id| &*self.node(*id).name < local);
        let mut same = children[first..].iter().take_while(|id| &*self.node(**id).name == local);
        match module {
            Some(module) => same.find(|id| &*self.module(self.node(**id).module).name == module).copied(),
            None => same.next().filter(|_| same.next().is_none()).copied(),
        }
    }

    /// The node that a path names; keys are not looked at.
    pub fn find(&self, path: &Path) -> Option<NodeId> {
        path.elems().iter().try_fold(None, |parent, elem| self.child(parent, elem.name()).map(Some)).flatten()
    }

    /// The names of a list's keys in the schema's order; empty for anything else.
    pub fn key_names(&self, id: NodeId) -> Vec<&str> {
        match &self.node(id).kind {
            Kind::List { keys, .. } => keys.iter().map(|key| &*self.node(*key).name).collect(),
            _ => Vec::new(),
        }
    }

    /// The path of a node without keys, for messages: `/interfaces/interface/config/mtu`.
    pub fn path_of(&self, id: NodeId) -> String {
        let node = self.node(id);
        let above = node.parent.map_or_else(String::new, |parent| self.path_of(parent));
        format!("{above}/{}", node.name)
    }
}
