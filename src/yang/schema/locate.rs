//! From names and paths to schema nodes, and back.
//!
//! Here: `Schema::elem_name`, [`Schema::descend`], [`Schema::locate`], [`Schema::locate_pattern`]. Elsewhere: one step
//! by name (`Schema::child`), what stands there (`yang::tree`).

use std::sync::Arc;

use super::{Kind, NodeId, Schema, Type, TypeError, TypeId};
use crate::nearest::nearest;
use crate::yang::path::{Elem, Path};
use crate::yang::value::Scalar;

/// A schema path that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the schema of {platform} has no {path}")]
pub struct NoSuchNode {
    /// Platform and version.
    pub platform: String,
    /// The path up to the first name that is unknown, without keys.
    pub path: String,
    /// How to mend it: "did you mean `mtu`?".
    pub hint: Option<String>,
}

/// Why a path does not name a node or an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// The schema has no such node.
    #[error(transparent)]
    NoSuchNode(#[from] NoSuchNode),
    /// A list entry with keys missing, with keys that the list lacks, or keys on what is no list.
    #[error("{at} needs the keys {expected}")]
    Keys {
        /// The path up to the entry.
        at: Path,
        /// The list's keys: "identifier, name", or "(none)".
        expected: String,
    },
    /// A key that is not of its type.
    #[error("key `{key}` of {at}: {cause}")]
    Key {
        /// The path up to the entry.
        at: Path,
        /// The key's name.
        key: String,
        /// Why.
        cause: TypeError,
    },
}

impl PathFault {
    /// How to mend it, if a slip of the hand is likely.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoSuchNode(fault) => fault.hint.clone(),
            Self::Keys { .. } => None,
            Self::Key { cause, .. } => cause.hint.clone(),
        }
    }
}

/// A path in the spelling of trees, and its node: none for the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Local names where they are unambiguous, canonical keys.
    pub path: Path,
    /// The node.
    pub node: Option<NodeId>,
}

impl Schema {
    /// A node's name in a path: its local name, or `module:name` beside a sibling that has
    /// the same.
    pub fn elem_name(&self, id: NodeId) -> Arc<str> {
        let node = self.node(id);
        match self.child(node.parent, &node.name) {
            Some(_) => Arc::clone(&node.name),
            None => Arc::from(format!("{}:{}", self.module(node.module).name, node.name)),
        }
    }

    /// The nodes that a relative schema path steps over, such as `config/mtu`. A leading `/`
    /// is allowed. Keys cannot be named.
    pub fn descend(&self, from: Option<NodeId>, path: &str) -> Result<Vec<NodeId>, NoSuchNode> {
        let mut at = from;
        let mut steps = Vec::with_capacity(4);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let id = self.child_or_fault(at, name)?;
            steps.push(id);
            at = Some(id);
        }
        Ok(steps)
    }

    fn child_or_fault(&self, parent: Option<NodeId>, name: &str) -> Result<NodeId, NoSuchNode> {
        self.child(parent, name).ok_or_else(|| {
            let above = parent.map_or_else(String::new, |id| self.path_of(id));
            let names: Vec<Arc<str>> = self.children(parent).iter().map(|id| self.elem_name(*id)).collect();
            let near = nearest(name, names.iter().map(|name| &**name));
            NoSuchNode {
                platform: format!("{} {}", self.platform, self.version),
                path: format!("{above}/{name}"),
                hint: near.map(|near| format!("did you mean `{near}`?")),
            }
        })
    }

    /// The child of a JSON member or of a device's path: prefixed or bare, and where a bare
    /// name is ambiguous, the one in the parent's module.
    pub fn child_leniently(&self, parent: Option<NodeId>, name: &str) -> Option<NodeId> {
        self.child(parent, name).or_else(|| {
            let module = self.module(self.node(parent?).module);
            self.child(parent, &format!("{}:{name}", module.name))
        })
    }

    /// A path as a device or a person spells it, in the spelling of trees. The last step may
    /// be a list as a whole.
    pub fn locate(&self, path: &Path) -> Result<Located, PathFault> {
        let mut located = Located { path: Path::root(), node: None };
        let last = path.elems().len().saturating_sub(1);
        for (index, elem) in path.elems().iter().enumerate() {
            let id = match self.child_leniently(located.node, elem.name()) {
                Some(id) => id,
                None => self.child_or_fault(located.node, elem.name())?,
            };
            let is_list = matches!(self.node(id).kind, Kind::List { .. });
            let elem = if elem.keys().is_empty() && (!is_list || index == last) {
                Elem::new(self.elem_name(id))
            } else {
                let given = |key: &str| elem.key(key);
                self.entry(id, &given, elem.keys().len(), &located.path, elem)?
            };
            located.path.push(elem);
            located.node = Some(id);
        }
        Ok(located)
    }

    /// A path of which any list may be named without keys, or with some of them, in the
    /// spelling of trees: for rules that mean all entries.
    pub fn locate_pattern(&self, path: &Path) -> Result<Path, PathFault> {
        let (mut located, mut node) = (Path::root(), None);
        for elem in path.elems() {
            let id = match self.child_leniently(node, elem.name()) {
                Some(id) => id,
                None => self.child_or_fault(node, elem.name())?,
            };
            let (known, mut keys) = (self.keys(id), Vec::new());
            let at = || located.join(elem.clone());
            for (key, text) in elem.keys() {
                let Some((name, ty)) = known.iter().find(|(name, _)| name == key) else {
                    let names = self.key_names(id);
                    let expected = if names.is_empty() { "(none)".to_owned() } else { names.join(", ") };
                    return Err(PathFault::Keys { at: at(), expected });
                };
                let scalar = self.scalar_from_text(*ty, text);
                let scalar =
                    scalar.map_err(|cause| PathFault::Key { at: at(), key: key.to_string(), cause })?;
                keys.push((Arc::clone(name), scalar.shared()));
            }
            located.push(Elem::entry(self.elem_name(id), keys));
            node = Some(id);
        }
        Ok(located)
    }

    fn entry<'a>(
        &self,
        list: NodeId,
        given: &dyn Fn(&str) -> Option<&'a str>,
        count: usize,
        above: &Path,
        shown: &Elem,
    ) -> Result<Elem, PathFault> {
        let names = self.key_names(list);
        let at = || above.join(shown.clone());
        let faulty = || PathFault::Keys {
            at: at(),
            expected: if names.is_empty() { "(none)".to_owned() } else { names.join(", ") },
        };
        if names.is_empty() || names.len() != count {
            return Err(faulty());
        }
        let mut keys = Vec::with_capacity(names.len());
        for (name, ty) in self.keys(list) {
            let text = given(&name).ok_or_else(faulty)?;
            let scalar = self.scalar_from_text(ty, text);
            let scalar = scalar.map_err(|cause| PathFault::Key { at: at(), key: name.to_string(), cause })?;
            keys.push((name, scalar.shared()));
        }
        Ok(Elem::entry(self.elem_name(list), keys))
    }

    /// The keys of a list in the schema's order, with their types; empty for anything else.
    pub fn keys(&self, list: NodeId) -> Vec<(Arc<str>, TypeId)> {
        let Kind::List { keys, .. } = &self.node(list).kind else { return Vec::new() };
        let key = |id: &NodeId| match &self.node(*id).kind {
            Kind::Leaf { ty, .. } => Some((Arc::clone(&self.node(*id).name), *ty)),
            _ => None,
        };
        keys.iter().filter_map(key).collect()
    }

    /// For each key of a list the leaf that it refers to (`../config/name`), as the nodes
    /// from the entry down; none for a key that stands by itself.
    pub fn key_mirrors(&self, list: NodeId) -> Vec<Option<Vec<NodeId>>> {
        let mirror = |(_, ty): (Arc<str>, TypeId)| {
            let Type::Leafref { path, .. } = self.type_of(ty) else { return None };
            let path =
                path.strip_prefix("../").filter(|path| !path.starts_with("..") && !path.contains('['))?;
            let steps = self.descend(Some(list), path).ok()?;
            matches!(self.node(*steps.last()?).kind, Kind::Leaf { .. }).then_some(steps)
        };
        self.keys(list).into_iter().map(mirror).collect()
    }

    /// Whether an entry of a list can hold nothing but its keys. Such an entry is itself a
    /// leaf of a tree ([`Value::Presence`](crate::yang::Value::Presence)): nothing below it
    /// could show that it is there.
    pub fn is_bare(&self, list: NodeId) -> bool {
        let node = self.node(list);
        matches!(&node.kind, Kind::List { keys, .. } if keys.len() == node.children.len())
    }

    /// The step into a list entry. One canonical value for each key, in the schema's order.
    pub(crate) fn entry_elem(&self, list: NodeId, keys: &[Scalar]) -> Elem {
        let names = self.keys(list).into_iter().map(|(name, _)| name);
        Elem::entry(self.elem_name(list), names.zip(keys.iter().map(Scalar::shared)))
    }
}

#[cfg(test)]
mod tests {
    use crate::yang::testing::sample;

    #[test]
    fn a_path_is_respelled_as_trees_spell_it() {
        let schema = sample();
        for (given, expected) in [
            ("/", Ok("/")),
            (
                "/openconfig-interfaces:interfaces/interface[name=Ethernet1/1]",
                Ok("/interfaces/interface[name=Ethernet1/1]"),
            ),
            ("/interfaces/interface", Ok("/interfaces/interface")),
            (
                "/network-instances/network-instance[name=a]/protocols/protocol[identifier=BGP][name=x]/bgp",
                Ok(
                    "/network-instances/network-instance[name=a]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=x]/bgp",
                ),
            ),
            ("/odds/example-odds:same", Ok("/odds/example-odds:same")),
            ("/odds/same", Ok("/odds/example-odds:same")),
            ("/odds/openconfig-types:same", Ok("/odds/openconfig-types:same")),
            ("/odds/pair[a=x][b=007]", Ok("/odds/pair[a=x][b=7]")),
            ("/odds/pair[a=x]", Err("/odds/pair[a=x] needs the keys a, b")),
            ("/odds/pair[a=x][c=1]", Err("/odds/pair[a=x][c=1] needs the keys a, b")),
            ("/odds/pair/value", Err("/odds/pair needs the keys a, b")),
            ("/odds/text[a=x]", Err("/odds/text[a=x] needs the keys (none)")),
            (
                "/odds/pair[a=x][b=300]",
                Err("key `b` of /odds/pair[a=x][b=300]: \"300\" is not a number from 0 to 255"),
            ),
            ("/odds/txt", Err("the schema of sample 1 has no /odds/txt")),
        ] {
            let located = schema.locate(&given.parse().unwrap());
            let seen = located.map(|located| located.path.to_string()).map_err(|fault| fault.to_string());
            assert_eq!(seen, expected.map(str::to_owned).map_err(str::to_owned), "{given}");
        }
    }

    #[test]
    fn a_pattern_may_leave_keys_out() {
        let schema = sample();
        for (given, expected) in [
            ("/interfaces/interface/config/mtu", Ok("/interfaces/interface/config/mtu")),
            ("/interfaces/interface[name=e1]/config", Ok("/interfaces/interface[name=e1]/config")),
            (
                "/network-instances/network-instance/protocols/protocol[identifier=BGP]",
                Ok(
                    "/network-instances/network-instance/protocols/protocol[identifier=openconfig-policy-types:BGP]",
                ),
            ),
            ("/odds/pair[b=007]", Ok("/odds/pair[b=7]")),
            ("/odds/pair[c=1]", Err("/odds/pair[c=1] needs the keys a, b")),
            ("/odds/text[a=x]", Err("/odds/text[a=x] needs the keys (none)")),
            ("/odds/txt", Err("the schema of sample 1 has no /odds/txt")),
        ] {
            let located = schema.locate_pattern(&given.parse().unwrap());
            let seen = located.map(|path| path.to_string()).map_err(|fault| fault.to_string());
            assert_eq!(seen, expected.map(str::to_owned).map_err(str::to_owned), "{given}");
        }
    }

    #[test]
    fn a_misspelt_name_has_a_suggestion() {
        let schema = sample();
        let fault = schema.descend(None, "/interfaces/interface/config/mtuu").unwrap_err();
        assert_eq!(fault.hint.as_deref(), Some("did you mean `mtu`?"));
        assert_eq!(fault.path, "/interfaces/interface/config/mtuu");
    }
}
