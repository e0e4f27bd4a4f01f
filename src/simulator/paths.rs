//! The paths that clients send, in the terms of a device's schema.
//!
//! Here: [`resolve`] (names, keys, origin, wildcards, the `state` twin of `config`),
//! [`reach`] (wildcards against a path), [`overlap`], [`to_wire`]. Elsewhere: paths themselves
//! (`yang::path`), what is done at them (`set`, `get`, `subscribe`).

use std::sync::Arc;

use tonic::Status;

use crate::gnmi::proto;
use crate::yang::schema::{Kind, Type, TypeId};
use crate::yang::{Elem, NodeId, Path, Schema};

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A configuration node, or the root.
    Config(Option<NodeId>),
    /// Something at or below a `state` container whose `config` twin the schema has.
    State,
    /// A name is a wildcard: it may be anything.
    Wildcard,
    /// The schema has no such node. A device may report it all the same.
    Unknown,
}

/// A path with canonical names and keys. `*` as a name, `...`, and keys that are `*` or
/// left out stay what they are.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) path: Path,
    pub(super) standing: Standing,
    /// The origin as the client gave it, to be echoed.
    pub(super) origin: String,
}

impl Resolved {
    /// The configuration node at exactly one place: no wildcard, and no list but the last
    /// without its keys.
    pub(super) fn exact(&self, schema: &Schema) -> Result<Option<NodeId>, String> {
        let Standing::Config(node) = self.standing else {
            return Err(format!("{} is not one configuration node", self.path));
        };
        let last = self.path.elems().len();
        for (index, elem) in self.path.elems().iter().enumerate() {
            let at = schema.find(&self.path.prefix(index + 1));
            let wanted = at.map_or(0, |id| schema.key_names(id).len());
            let whole_list = index + 1 == last && elem.keys().is_empty();
            if elem.keys().iter().any(|(_, value)| &**value == "*") {
                return Err(format!("{} has a wildcard", self.path));
            }
            if elem.keys().len() != wanted && !whole_list {
                return Err(format!("{} lacks keys of list {}", self.path, elem.name()));
            }
        }
        Ok(node)
    }
}

/// Joins a path to its prefix and finds it in the schema.
pub(super) fn resolve(
    schema: &Schema,
    prefix: Option<&proto::Path>,
    path: &proto::Path,
) -> Result<Resolved, Status> {
    let origin = origin(prefix, path)?;
    if !path.target.is_empty() {
        return Err(Status::invalid_argument("a target may only stand in the prefix"));
    }
    let mut walk = Walk { schema, path: Path::root(), standing: Standing::Config(None) };
    for part in prefix.into_iter().chain([path]) {
        #[expect(deprecated, reason = "its use is refused")]
        if part.elem.is_empty() && !part.element.is_empty() {
            return Err(Status::invalid_argument(
                "the field `element` of a path is not supported: use `elem`",
            ));
        }
        for elem in &part.elem {
            walk.step(elem)?;
        }
    }
    Ok(Resolved { path: walk.path, standing: walk.standing, origin })
}

/// The origin of a path and its prefix; an error if it is not one that we serve.
fn origin(prefix: Option<&proto::Path>, path: &proto::Path) -> Result<String, Status> {
    let prefix = prefix.map_or("", |prefix| prefix.origin.as_str());
    let origin = match (prefix, path.origin.as_str()) {
        (origin, "") | ("", origin) => origin,
        (first, second) if first == second => first,
        (first, second) => {
            return Err(Status::invalid_argument(format!("two origins for one path: {first} and {second}")));
        }
    };
    match origin {
        "" | "openconfig" => Ok(origin.to_owned()),
        "cli" => Err(Status::unimplemented("origin cli is not simulated")),
        "eos_native" => Err(Status::invalid_argument("failed to access node: provider eos-native is off")),
        other => Err(Status::invalid_argument(format!("unsupported origin: {other}"))),
    }
}

/// One step after the other down the schema.
struct Walk<'s> {
    schema: &'s Schema,
    path: Path,
    standing: Standing,
}

impl Walk<'_> {
    fn step(&mut self, elem: &proto::PathElem) -> Result<(), Status> {
        let name = elem.name.as_str();
        if name.is_empty() {
            return Err(Status::invalid_argument(format!("a step without a name behind {}", self.path)));
        }
        self.standing = match self.standing {
            _ if name == "*" || name == "..." => Standing::Wildcard,
            Standing::Config(parent) => match self.schema.child(parent, name) {
                Some(node) => return self.known(node, elem),
                None if is_state(name) && self.schema.child(parent, "config").is_some() => Standing::State,
                None => Standing::Unknown,
            },
            beyond => beyond,
        };
        let bare = match self.standing {
            Standing::State => name.rsplit(':').next().unwrap_or(name),
            _ => name,
        };
        self.path.push(Elem::entry(bare, elem.key.iter().map(|(key, value)| (key.as_str(), value.as_str()))));
        Ok(())
    }

    /// A step onto a node of the schema: its keys become canonical.
    fn known(&mut self, id: NodeId, elem: &proto::PathElem) -> Result<(), Status> {
        let schema = self.schema;
        let mut keys: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        for (key, value) in &elem.key {
            let bare = key.rsplit(':').next().unwrap_or(key);
            let Some(ty) = key_type(schema, id, bare) else {
                let at = schema.path_of(id);
                return Err(Status::invalid_argument(format!("{at} has no key {key}")));
            };
            let canonical = match value.as_str() {
                "*" => Arc::from("*"),
                text => schema
                    .scalar_from_text(ty, text)
                    .map_err(|error| {
                        let at = schema.path_of(id);
                        Status::invalid_argument(format!("failed to parse key {key} of {at}: {error}"))
                    })?
                    .shared(),
            };
            keys.push((Arc::from(bare), canonical));
        }
        self.path.push(Elem::entry(step_name(schema, id), keys));
        self.standing = Standing::Config(Some(id));
        Ok(())
    }
}

fn is_state(name: &str) -> bool {
    name == "state" || name.ends_with(":state")
}

/// The name that a step onto this node has: its local name, or `module:name` where a
/// sibling of another module has the same.
pub(super) fn step_name(schema: &Schema, id: NodeId) -> String {
    let node = schema.node(id);
    if schema.child(node.parent, &node.name).is_some() {
        node.name.to_string()
    } else {
        format!("{}:{}", schema.module(node.module).name, node.name)
    }
}

/// The type of a list's key.
pub(super) fn key_type(schema: &Schema, list: NodeId, key: &str) -> Option<TypeId> {
    let Kind::List { keys, .. } = &schema.node(list).kind else { return None };
    let id = keys.iter().find(|id| &*schema.node(**id).name == key)?;
    match schema.node(*id).kind {
        Kind::Leaf { ty, .. } => Some(ty),
        _ => None,
    }
}

/// How many steps of `path` it takes until `pattern` covers it; none if it never does.
/// `*` is any one step, `...` any number, a key that is left out or `*` any value.
pub(super) fn reach(pattern: &Path, path: &Path) -> Option<usize> {
    let steps = pattern.elems();
    // live[i]: the first i steps of the pattern have been met
    let mut live = vec![false; steps.len() + 1];
    live[0] = true;
    pass_over(steps, &mut live);
    for (taken, elem) in path.elems().iter().enumerate() {
        if live[steps.len()] {
            return Some(taken);
        }
        let mut next = vec![false; steps.len() + 1];
        for (at, step) in steps.iter().enumerate().filter(|(at, _)| live[*at]) {
            if step.name() == "..." {
                next[at] = true;
            } else if covers(step, elem) {
                next[at + 1] = true;
            }
        }
        live = next;
        pass_over(steps, &mut live);
    }
    live[steps.len()].then_some(path.elems().len())
}

/// `...` is also no step at all.
fn pass_over(steps: &[Elem], live: &mut [bool]) {
    for (at, step) in steps.iter().enumerate() {
        if live[at] && step.name() == "..." {
            live[at + 1] = true;
        }
    }
}

fn covers(step: &Elem, elem: &Elem) -> bool {
    (step.name() == "*" || step.name() == elem.name())
        && step.keys().iter().all(|(key, value)| &**value == "*" || elem.key(key) == Some(value))
}

/// Whether there may be a node that both paths cover: one stands at, above or below the
/// other. A key that is left out is any.
pub(super) fn overlap(one: &Path, other: &Path) -> bool {
    one.elems().iter().zip(other.elems()).all(|(a, b)| {
        let any = |elem: &Elem| elem.name() == "*" || elem.name() == "...";
        let same = any(a) || any(b) || a.name() == b.name();
        let differ = |(key, value): &(Arc<str>, Arc<str>)| {
            b.key(key).is_some_and(|other| &**value != "*" && other != "*" && &**value != other)
        };
        same && !a.keys().iter().any(differ)
    })
}

/// Whether a path is free of wildcards, but for keys that are left out.
pub(super) fn is_literal(path: &Path) -> bool {
    path.elems().iter().all(|elem| {
        elem.name() != "*" && elem.name() != "..." && elem.keys().iter().all(|(_, value)| &**value != "*")
    })
}

/// A path as EOS writes it: identities in keys without their module.
pub(super) fn to_wire(schema: &Schema, path: &Path, origin: &str) -> proto::Path {
    let mut parent = None;
    let mut known = true;
    let mut elem = Vec::with_capacity(path.elems().len());
    for step in path.elems() {
        let node = known.then(|| twin(schema, parent, step.name())).flatten();
        known = node.is_some();
        parent = node;
        let key = step.keys().iter().map(|(key, value)| {
            let identity =
                node.and_then(|list| key_type(schema, list, key)).is_some_and(|ty| is_identity(schema, ty));
            let text = if identity { value.rsplit(':').next().unwrap_or(value) } else { value };
            (key.to_string(), text.to_owned())
        });
        let key = key.collect();
        elem.push(proto::PathElem { name: step.name().to_owned(), key });
    }
    proto::Path { origin: origin.to_owned(), elem, ..proto::Path::default() }
}

/// The child of that name; for `state` the container `config` that it mirrors.
pub(super) fn twin(schema: &Schema, parent: Option<NodeId>, name: &str) -> Option<NodeId> {
    let name = if name == "state" { "config" } else { name };
    schema.child(parent, name)
}

/// Whether values of a type are identities, behind leafrefs too.
fn is_identity(schema: &Schema, mut ty: TypeId) -> bool {
    // leafrefs to leafrefs are few; a bound keeps a broken pack from looping
    for _ in 0..16 {
        match schema.type_of(ty) {
            Type::Identity { .. } => return true,
            Type::Leafref { target, .. } => ty = *target,
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_reaches_what_it_covers_and_says_at_which_step() {
        for (pattern, path, expected) in [
            ("/", "/a/b", Some(0)),
            ("/a", "/a/b", Some(1)),
            ("/a/b", "/a", None),
            ("/a/l", "/a/l[k=1]/c", Some(2)),
            ("/a/l[k=*]", "/a/l[k=1]/c", Some(2)),
            ("/a/l[k=2]", "/a/l[k=1]/c", None),
            ("/a/l[k=1]", "/a/l[j=2][k=1]/c", Some(2)),
            ("/*/l", "/a/l[k=1]", Some(2)),
            ("/*", "/a/b/c", Some(1)),
            ("/.../c", "/a/l[k=1]/c", Some(3)),
            ("/.../a", "/a/l/c", Some(1)),
            ("/.../x", "/a/l/c", None),
            ("/a/.../c/d", "/a/c/c/d", Some(4)),
            ("/a/...", "/a/c", Some(1)),
        ] {
            let (pattern, path) = (pattern.parse().unwrap(), path.parse().unwrap());
            assert_eq!(reach(&pattern, &path), expected, "{pattern} on {path}");
        }
    }
}
