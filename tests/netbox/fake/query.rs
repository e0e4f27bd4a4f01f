//! Query strings, and the pages of a list: ordering, paging by offset and by cursor, and
//! the projections (`fields`, `omit`, `brief`, `exclude`).
//!
//! Elsewhere: which objects a filter lets through (`filters`).

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value, json};

use super::manners::{Manners, Version};

/// A query string, decoded, in the order sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(pub(crate) Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// The last value of a parameter, as Django takes it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.get(name).and_then(|value| value.parse().ok())
    }

    /// The query with parameters set or taken out, written as NetBox writes `next`.
    fn with(&self, set: &[(&str, Option<u64>)]) -> String {
        let kept = self.0.iter().filter(|(key, _)| set.iter().all(|(name, _)| name != key)).cloned();
        let new = set.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_string())));
        let mut pairs: Vec<(String, String)> = kept.chain(new).collect();
        pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
        let pairs: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// One page of a list.
pub(super) struct Page {
    /// Null in cursor mode.
    pub(super) count: Value,
    /// The queries of the neighbours, with their question marks.
    pub(super) next: Option<String>,
    pub(super) previous: Option<String>,
    pub(super) results: Vec<Value>,
}

/// Orders, cuts and projects what the filters let through. `uncounted` is how many more
/// objects a count speaks of (the part of the change log that was not recorded).
/// An error is the body of a 400.
pub(super) fn page(
    endpoint: &str,
    mut objects: Vec<&Value>,
    uncounted: usize,
    query: &Query,
    manners: &Manners,
) -> Result<Page, Value> {
    let limit = match query.number("limit") {
        Some(0) => manners.page_cap,
        Some(limit) => limit.min(manners.page_cap),
        None => manners.page_default.min(manners.page_cap),
    };
    let cursor = query.number("start").filter(|_| manners.version >= Version::V4_6);
    order(endpoint, &mut objects, query, manners);
    if let Some(start) = cursor {
        for with in ["offset", "ordering"] {
            if query.get(with).is_some() {
                return Err(json!([format!("'start' and '{with}' are mutually exclusive.")]));
            }
        }
        objects.sort_by_key(|object| id(object));
        let mut page: Vec<&Value> = objects.into_iter().filter(|object| id(object) >= start as u64).collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let last = page.last().map_or(0, |object| id(object));
        let next = more.then(|| query.with(&[("limit", Some(limit as u64)), ("start", Some(last + 1))]));
        shuffle_objects(endpoint, &mut page, manners);
        let results = page.into_iter().map(|object| project(object, endpoint, query, manners)).collect();
        return Ok(Page { count: Value::Null, next, previous: None, results });
    }
    let count = objects.len() + uncounted;
    let offset = query.number("offset").unwrap_or(0);
    let link = |offset: usize| {
        query.with(&[("limit", Some(limit as u64)), ("offset", (offset > 0).then_some(offset as u64))])
    };
    Ok(Page {
        count: json!(count),
        next: (offset + limit < count).then(|| link(offset + limit)),
        previous: (offset > 0).then(|| link(offset.saturating_sub(limit))),
        results: objects
            .into_iter()
            .skip(offset)
            .take(limit)
            .map(|object| project(object, endpoint, query, manners))
            .collect(),
    })
}

/// An object's id.
pub(super) fn id(object: &Value) -> u64 {
    object["id"].as_u64().unwrap_or(0)
}

/// The change log is newest first; everything else comes in its model's own order.
fn order(endpoint: &str, objects: &mut Vec<&Value>, query: &Query, manners: &Manners) {
    let log = endpoint == "core/object-changes";
    if log {
        objects.sort_by_key(|object| std::cmp::Reverse(id(object)));
    }
    shuffle_objects(endpoint, objects, manners);
    if manners.shuffle.is_some() && !log {
        return;
    }
    let orderings: Vec<&str> = query.all("ordering").flat_map(|names| names.split(',')).collect();
    for name in orderings.into_iter().rev() {
        let (name, down) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        let key = |object: &Value| match &object[name] {
            Value::Number(number) => (number.as_u64().unwrap_or(0), String::new()),
            Value::String(text) => (0, text.clone()),
            _ => (0, String::new()),
        };
        objects.sort_by_cached_key(|object| key(object));
        if down {
            objects.reverse();
        }
    }
}

fn shuffle_objects(endpoint: &str, objects: &mut [&Value], manners: &Manners) {
    if let Some(seed) = manners.shuffle.filter(|_| endpoint != "core/object-changes") {
        objects.sort_by_cached_key(|object| (hash(seed, id(object)), id(object)));
    }
}

fn hash(seed: u64, id: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, id).hash(&mut hasher);
    hasher.finish()
}

/// What of an object travels.
pub(super) fn project(object: &Value, endpoint: &str, query: &Query, manners: &Manners) -> Value {
    let object = manners.version.as_it_was(endpoint, object);
    let object = manners.shuffle.map_or_else(|| object.clone(), |seed| shuffle_nested(&object, seed));
    let Value::Object(mut map) = object else { return object };
    let names = |name: &str| -> BTreeSet<String> {
        query.all(name).flat_map(|names| names.split(',')).map(str::to_owned).collect()
    };
    let fields = names("fields");
    if manners.ignores_fields {
        return Value::Object(map);
    }
    if !fields.is_empty() {
        map.retain(|name, _| fields.contains(name));
    } else if query.get("brief").is_some_and(|brief| brief == "true") {
        map.retain(|name, _| BRIEF.contains(&name.as_str()));
    }
    if manners.version >= Version::V4_5 {
        let omit = names("omit");
        map.retain(|name, _| !omit.contains(name));
    }
    if manners.version < Version::V4_7 && query.get("exclude") == Some("config_context") {
        map.remove("config_context");
    }
    Value::Object(map)
}

/// The fields of most models' brief form.
const BRIEF: [&str; 14] = [
    "id",
    "url",
    "display",
    "name",
    "slug",
    "description",
    "vid",
    "asn",
    "address",
    "prefix",
    "family",
    "label",
    "identifier",
    "rd",
];

/// Lists of objects inside an object come in no promised order either.
fn shuffle_nested(value: &Value, seed: u64) -> Value {
    match value {
        Value::Object(map) => {
            let map: Map<String, Value> =
                map.iter().map(|(name, value)| (name.clone(), shuffle_nested(value, seed))).collect();
            Value::Object(map)
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| shuffle_nested(item, seed)).collect();
            if items.iter().all(|item| item["id"].is_u64()) {
                items.sort_by_key(|item| hash(seed, id(item)));
            }
            Value::Array(items)
        }
        other => other.clone(),
    }
}
