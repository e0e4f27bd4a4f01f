//! Which of a stream's events could be drift: one look into the record each, no copy of the
//! device.
//!
//! Here: [`Filter`], which says of every event what it means for the leaves of ours that it is
//! about. It may suspect too much, which costs a look, and never too little. Pure. Elsewhere:
//! what becomes of suspects (`suspects`), the wire (`gnmi`).

use serde_json::Value as Json;

use super::reported::Reported;
use super::salts::Salts;
use super::standard::Holding;
use crate::gnmi::covers;
use crate::plan::{Rules, is_default, is_incidental};
use crate::platform::Profile;
use crate::yang::schema::{Kind, NodeId};
use crate::yang::{Elem, Leaf, Path, Schema, Value, json};

/// What an event means for one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// It holds what it should.
    Same,
    /// It is gone. An update in the same breath may bring it back.
    Gone,
    /// It holds something else, or is not ours where everything should be.
    Differs,
}

/// What events are held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter<'a> {
    pub(super) schema: &'a Schema,
    pub(super) profile: &'static Profile,
    pub(super) holding: &'a Holding,
    /// What is known to differ: whatever is told of it is worth a look.
    pub(super) reported: &'a Reported,
    /// Secrets that show another text at each look: nothing can be learnt of them.
    pub(super) salts: &'a Salts,
}

impl Filter<'_> {
    /// A path has this value now.
    pub(super) fn update(&self, path: &Path, json: &Json, tell: &mut dyn FnMut(&Path, Hint)) {
        // the common case first: a leaf of ours, spelled as we spell it
        if let Some(leaf) = self.holding.tree.get(path)
            && let Some(same) = self.same_scalar(path, leaf, json)
        {
            return self.leaf_hint(path, same, tell);
        }
        let Some(at) = self.node(path) else { return self.unknown(path, tell) };
        let is_leaf = matches!(self.schema.node(at).kind, Kind::Leaf { .. } | Kind::LeafList { .. });
        if is_leaf && !self.holding.knows(at) && !self.is_strict(path) {
            return;
        }
        let Ok(located) = self.schema.locate(path) else { return self.unknown(path, tell) };
        let read = json::read(self.schema, &located.path, json);
        if is_leaf && read.tree.is_empty() && read.faults.is_empty() {
            // an empty leaf-list is one that is not there
            return self.gone(&located.path, tell);
        }
        for (path, leaf) in read.tree.iter() {
            self.leaf(path, leaf, tell);
        }
        for (path, _) in &read.foreign {
            self.unknown(path, tell);
        }
        for fault in &read.faults {
            self.gone(&fault.path, tell);
        }
    }

    /// A path is gone, with all below it. It may hold wildcards.
    pub(super) fn delete(&self, path: &Path, tell: &mut dyn FnMut(&Path, Hint)) {
        if is_exact(path)
            && let Ok(located) = self.schema.locate(path)
        {
            let is_list = located.node.is_some_and(|node| self.is_list(node, &located.path));
            if !is_list {
                return self.gone(&located.path, tell);
            }
        } else if is_exact(path) && self.node(path).is_none() {
            return self.unknown(path, tell);
        }
        let pattern: Path = path.elems().iter().map(bare).collect();
        if self.gone_by(&pattern, tell) == 0 {
            // keys may be spelled otherwise than ours: every entry could be meant
            let keyless: Path = pattern.elems().iter().map(|elem| Elem::new(elem.shared_name())).collect();
            self.gone_by(&keyless, tell);
        }
    }

    /// Whether a scalar is what should be there; none if that takes a closer look.
    fn same_scalar(&self, path: &Path, leaf: &Leaf, json: &Json) -> Option<bool> {
        match (&leaf.value, json) {
            (Value::Scalar(scalar), Json::String(text)) if *scalar.as_str() == **text => Some(true),
            (Value::Scalar(scalar), Json::Bool(flag)) => {
                Some(scalar.as_str() == if *flag { "true" } else { "false" })
            }
            (Value::Scalar(scalar), Json::String(_) | Json::Number(_)) => {
                let Kind::Leaf { ty, .. } = &self.schema.node(leaf.node).kind else { return None };
                Some(self.schema.scalar_from_json(*ty, json).is_ok_and(|told| told == *scalar))
            }
            (Value::Secret(_), Json::String(text)) => Some(self.same_secret(path, text)),
            _ => None,
        }
    }

    fn same_secret(&self, path: &Path, shown: &str) -> bool {
        if self.salts.holds(path) {
            return true;
        }
        // without a mark nobody can say what it was
        let Some(mark) = self.holding.secrets.get(path) else { return true };
        mark.read_back == Some(self.holding.key.fingerprint(shown))
    }

    fn leaf(&self, path: &Path, told: &Leaf, tell: &mut dyn FnMut(&Path, Hint)) {
        let same = if let Some(ours) = self.holding.tree.get(path) {
            match (&ours.value, &told.value) {
                (Value::Secret(_), Value::Scalar(shown)) => self.same_secret(path, shown.as_str()),
                (ours, told) => ours == told,
            }
        } else if let Some(expected) = self.holding.bootstrap.get(path) {
            matches!(expected.value, Value::Secret(_)) || expected.value == told.value
        } else {
            !self.is_strict(path) || is_incidental(self.schema, path, told) || self.is_key_of_ours(path)
        };
        self.leaf_hint(path, same, tell);
    }

    fn leaf_hint(&self, path: &Path, same: bool, tell: &mut dyn FnMut(&Path, Hint)) {
        let hint = if same && !self.reported.touches(path) { Hint::Same } else { Hint::Differs };
        tell(path, hint);
    }

    /// A node that the schema lacks: state, or configuration that we know nothing of.
    fn unknown(&self, path: &Path, tell: &mut dyn FnMut(&Path, Hint)) {
        let is_state = path.elems().iter().any(|elem| matches!(local(elem.name()), "state" | "counters"));
        if is_state {
            return;
        }
        let path: Path = path.elems().iter().map(bare).collect();
        if self.is_strict(&path) || self.reported.touches(&path) {
            tell(&path, Hint::Differs);
        }
    }

    /// All of ours below a path is gone, and of what is not ours what was reported.
    fn gone(&self, path: &Path, tell: &mut dyn FnMut(&Path, Hint)) {
        for (leaf, value) in self.holding.tree.below(path).chain(self.holding.bootstrap.below(path)) {
            self.gone_leaf(leaf, value, tell);
        }
        for known in self.reported.below(path) {
            tell(known, Hint::Differs);
        }
        if self.reported.touches(path) {
            tell(path, Hint::Differs);
        }
    }

    /// The same of a path with wildcards; says how many were meant.
    fn gone_by(&self, pattern: &Path, tell: &mut dyn FnMut(&Path, Hint)) -> usize {
        let mut count = 0;
        for (leaf, value) in self.holding.tree.iter().chain(self.holding.bootstrap.iter()) {
            if covers(pattern, leaf) {
                count += 1;
                self.gone_leaf(leaf, value, tell);
            }
        }
        for known in self.reported.iter().filter(|known| covers(pattern, known)) {
            count += 1;
            tell(known, Hint::Differs);
        }
        count
    }

    fn gone_leaf(&self, path: &Path, leaf: &Leaf, tell: &mut dyn FnMut(&Path, Hint)) {
        // a device that does not spell a default out holds it all the same
        let same = is_default(self.schema, leaf) && !self.reported.touches(path);
        tell(path, if same { Hint::Same } else { Hint::Gone });
    }

    /// The schema's node of a path as a device spells it, without making a path of ours.
    fn node(&self, path: &Path) -> Option<NodeId> {
        let mut at = None;
        for elem in path.elems() {
            at = Some(self.schema.child_leniently(at, elem.name())?);
        }
        at
    }

    fn is_list(&self, node: NodeId, path: &Path) -> bool {
        let whole = path.last().is_some_and(|elem| elem.keys().is_empty());
        whole && matches!(self.schema.node(node).kind, Kind::List { .. })
    }

    /// Whether a path is the key of an entry of ours, beside its `config`: devices that tell all
    /// again tell it too.
    fn is_key_of_ours(&self, path: &Path) -> bool {
        let (Some(leaf), Some(entry)) = (path.last(), path.parent()) else { return false };
        let is_key = entry.last().is_some_and(|elem| elem.key(leaf.name()).is_some());
        is_key && self.holding.tree.contains_below(&entry)
    }

    fn is_strict(&self, path: &Path) -> bool {
        let rules = Rules::of(self.profile, &self.holding.protected);
        let is_bare = path.elems().iter().all(|elem| !elem.name().contains(':'));
        if is_bare {
            rules.is_strict(path)
        } else {
            rules.is_strict(&path.elems().iter().map(bare).collect())
        }
    }
}

/// Whether a path holds no wildcard.
fn is_exact(path: &Path) -> bool {
    path.elems().iter().all(|elem| {
        !matches!(elem.name(), "*" | "...") && elem.keys().iter().all(|(_, value)| &**value != "*")
    })
}

/// A step without the name of its module.
fn bare(elem: &Elem) -> Elem {
    let keys = elem.keys().iter().map(|(key, value)| (local(key).to_owned(), value.to_string()));
    Elem::entry(local(elem.name()), keys)
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests;
