//! A part of a device's view as one JSON value, with EOS's member names.
//!
//! Here: [`Writer`], [`leaf_json`]. First-level names have their module, deeper names
//! only where it is another than their parent's (hazard H21): RFC 7951 for a value taken as
//! a document of its own; or as the personality has it. Elsewhere: what is in a view (`view`).

use serde_json::{Map, Value as Json};

use super::paths::twin;
use super::personality::MemberNames;
use super::view::{Parts, Shown, View};
use crate::yang::{NodeId, Path, Schema};

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// RFC 7951: 64-bit numbers are strings.
    JsonIetf,
    /// The same with numbers as numbers.
    Json,
}

/// The value of one leaf.
pub(super) fn leaf_json(shown: &Shown, encoding: Encoding) -> Json {
    let number = |json: &Json| match json.as_str() {
        Some(text) => text
            .parse::<i64>()
            .map(Json::from)
            .or_else(|_| text.parse::<u64>().map(Json::from))
            .unwrap_or_else(|_| json.clone()),
        None => json.clone(),
    };
    match (&shown.json, encoding) {
        (Json::Array(items), Encoding::Json) if shown.wide => items.iter().map(number).collect(),
        (json, Encoding::Json) if shown.wide => number(json),
        (json, _) => json.clone(),
    }
}

/// Where in the schema a member stands, as far as the schema knows.
struct Place<'s> {
    node: Option<NodeId>,
    known: bool,
    module: Option<&'s str>,
}

/// How values are written for one request.
pub(super) struct Writer<'s> {
    pub(super) schema: &'s Schema,
    pub(super) encoding: Encoding,
    pub(super) names: MemberNames,
}

impl<'s> Writer<'s> {
    /// The value at a path: a leaf's value, or an object with what stands below; `steps_up`
    /// wraps it in the members of so many steps. None if there is nothing.
    pub(super) fn json_at(
        &self,
        view: &'s View,
        at: &'s Path,
        wanted: Parts,
        steps_up: usize,
    ) -> Option<Json> {
        let shown: Vec<_> = view.below(at).filter(|(_, shown)| shown.parts.meets(wanted)).collect();
        let (first, leaf) = shown.first()?;
        if *first == at && shown.len() == 1 && steps_up == 0 {
            return Some(leaf_json(leaf, self.encoding));
        }
        let depth = at.elems().len().saturating_sub(steps_up);
        let mut place = Place { node: None, known: true, module: None };
        for elem in at.elems().iter().take(depth) {
            place = self.child(&place, elem.name());
        }
        Some(Json::Object(self.object(&shown, depth, &place, None)))
    }

    /// The leaves `shown`, all of which have the same first `depth` steps, as an object.
    fn object(
        &self,
        shown: &[(&'s Path, &Shown)],
        depth: usize,
        place: &Place<'s>,
        module_above: Option<&str>,
    ) -> Map<String, Json> {
        let mut object = Map::new();
        let mut rest = shown;
        while let Some((path, leaf)) = rest.first() {
            // a presence container itself: its members follow, if it has any
            let Some(elem) = path.elems().get(depth) else {
                rest = &rest[1..];
                continue;
            };
            let same = rest.iter().take_while(|(path, _)| path.elems().get(depth) == Some(elem)).count();
            let (group, behind) = rest.split_at(same);
            rest = behind;
            let child = self.child(place, elem.name());
            let member = self.member(elem.name(), child.module, module_above);
            if elem.keys().is_empty() && group.len() == 1 && path.elems().len() == depth + 1 {
                object.insert(member, leaf_json(leaf, self.encoding));
                continue;
            }
            let below = Json::Object(self.object(group, depth + 1, &child, child.module));
            if elem.keys().is_empty() {
                object.insert(member, below);
            } else if let Json::Array(entries) =
                object.entry(member).or_insert_with(|| Json::Array(Vec::new()))
            {
                entries.push(below);
            }
        }
        object
    }

    fn child(&self, place: &Place<'s>, name: &'s str) -> Place<'s> {
        let node = place.known.then(|| twin(self.schema, place.node, name)).flatten();
        let module = match (node, name.split_once(':')) {
            (Some(node), _) => Some(&*self.schema.module(self.schema.node(node).module).name),
            (None, Some((module, _))) => Some(module),
            // what the schema lacks is taken to be its parent's
            (None, None) => place.module,
        };
        Place { node, known: node.is_some(), module }
    }

    fn member(&self, name: &str, module: Option<&str>, above: Option<&str>) -> String {
        let local = name.split_once(':').map_or(name, |(_, local)| local);
        match (self.names, module) {
            (MemberNames::Rfc7951, Some(module)) if Some(module) != above => format!("{module}:{local}"),
            (MemberNames::Prefixed, Some(module)) => format!("{module}:{local}"),
            _ => local.to_owned(),
        }
    }
}
