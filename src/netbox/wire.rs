//! Small shapes that NetBox's answers are made of, read tolerantly.
//!
//! Choices are `{"value", "label"}` or plain strings, references are nested objects or bare
//! ids, what is not set is null, empty or absent: all of it becomes one form here (NetBox 4.2
//! to 4.7 differ in it). Elsewhere: the objects (`inventory`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// NetBox's primary key. Volatile: it never reaches Git.
pub type Id = u64;

/// A reference to another object: its id. The name beside it is looked up in that object's
/// own list, so that a rename needs no second reading of what refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Ref(pub Id);

impl<'de> Deserialize<'de> for Ref {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsRef;
        impl<'de> Visitor<'de> for AsRef {
            type Value = Ref;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with an `id`, or an id")
            }
            fn visit_u64<E: de::Error>(self, id: u64) -> Result<Ref, E> {
                Ok(Ref(id))
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Ref, M::Error> {
                let mut id = None;
                while let Some(key) = map.next_key::<Name>()? {
                    match key {
                        Name::Id => id = Some(map.next_value::<Id>()?),
                        Name::Value | Name::Other => {
                            map.next_value::<de::IgnoredAny>()?;
                        }
                    }
                }
                id.map(Ref).ok_or_else(|| de::Error::missing_field("id"))
            }
        }
        deserializer.deserialize_any(AsRef)
    }
}

/// References to several objects: a set, since NetBox gives them in an order of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Refs(Vec<Ref>);

impl Refs {
    /// Keeps those of which this holds.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Ref) -> bool) {
        self.0.retain(keep);
    }
}

impl Deref for Refs {
    type Target = [Ref];
    fn deref(&self) -> &[Ref] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a Refs {
    type Item = &'a Ref;
    type IntoIter = std::slice::Iter<'a, Ref>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl FromIterator<Ref> for Refs {
    fn from_iter<I: IntoIterator<Item = Ref>>(refs: I) -> Self {
        Self(BTreeSet::from_iter(refs).into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Refs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Ref>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The keys that are looked for, told from all others without copying them.
enum Name {
    Id,
    Value,
    Other,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsName;
        impl Visitor<'_> for AsName {
            type Value = Name;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }
            fn visit_str<E>(self, key: &str) -> Result<Name, E> {
                Ok(match key {
                    "id" => Name::Id,
                    "value" => Name::Value,
                    _ => Name::Other,
                })
            }
        }
        deserializer.deserialize_identifier(AsName)
    }
}

/// A choice's value: `active`, `tagged-all`, `vxlan-evpn`; empty if none is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Choice(pub String);

impl Choice {
    /// Whether nothing was chosen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq<str> for Choice {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Choice {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsChoice;
        impl<'de> Visitor<'de> for AsChoice {
            type Value = Choice;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a choice, as text or as an object with a `value`")
            }
            fn visit_unit<E>(self) -> Result<Choice, E> {
                Ok(Choice::default())
            }
            fn visit_str<E>(self, value: &str) -> Result<Choice, E> {
                Ok(Choice(value.to_owned()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Choice, E> {
                Ok(Choice(value.to_string()))
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Choice, M::Error> {
                let mut chosen = None;
                while let Some(key) = map.next_key::<Name>()? {
                    match key {
                        Name::Value => chosen = Some(map.next_value::<Choice>()?),
                        Name::Id | Name::Other => {
                            map.next_value::<de::IgnoredAny>()?;
                        }
                    }
                }
                chosen.ok_or_else(|| de::Error::missing_field("value"))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Choice, A::Error> {
                Err(de::Error::custom("a list where one choice is expected"))
            }
        }
        deserializer.deserialize_any(AsChoice)
    }
}

/// `custom_fields` of an object, in one form for all versions of NetBox; the mapping types
/// what it needs.
///
/// - What is not set is not there: NetBox lists every field that is defined for the kind.
/// - A nested object is `{"id": 2, "list": "ipam/asns"}` (several are sorted by id): what it is called now stands in that
///   list, and a rename is no change of what refers to it.
/// - A choice is its value (NetBox 4.7 has `{"value", "label"}`).
/// - All else stays as it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct CustomFields(BTreeMap<String, Value>);

impl Deref for CustomFields {
    type Target = BTreeMap<String, Value>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for CustomFields {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl FromIterator<(String, Value)> for CustomFields {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        let set = |(name, value): (String, Value)| (!value.is_null()).then(|| (name, settled(value)));
        Self(fields.into_iter().filter_map(set).collect())
    }
}

impl<'de> Deserialize<'de> for CustomFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<String, Value>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// One form for nested objects and choices, also those in a list.
fn settled(value: Value) -> Value {
    match value {
        Value::Array(values) => {
            let mut values: Vec<Value> = values.into_iter().map(settled).collect();
            // nested objects are a set; what a person listed keeps its order
            let id = |value: &Value| value.get("list").and(value.get("id")).and_then(Value::as_u64);
            if values.iter().all(|value| id(value).is_some()) {
                values.sort_by_key(id);
            }
            Value::Array(values)
        }
        Value::Object(mut object) => {
            let list = object.get("url").and_then(Value::as_str).and_then(list_of);
            match (object.get("id").and_then(Value::as_u64), list) {
                (Some(id), Some(list)) => serde_json::json!({ "id": id, "list": list }),
                _ if object.len() == 2 && object.contains_key("label") => {
                    object.remove("value").unwrap_or(Value::Object(object))
                }
                _ => Value::Object(object),
            }
        }
        value => value,
    }
}

/// The list that an object's address points into: `ipam/asns` of `…/api/ipam/asns/2/`.
fn list_of(url: &str) -> Option<&str> {
    let (list, id) = url.split_once("/api/")?.1.trim_end_matches('/').rsplit_once('/')?;
    id.parse::<Id>().ok()?;
    Some(match list {
        // netbox-bgp shows the longer of a list's two names
        "plugins/bgp/bgpsession" => "plugins/bgp/session",
        "plugins/bgp/bgppeergroup" => "plugins/bgp/peer-group",
        list => list,
    })
}

/// Reads null as the type's default: NetBox has nulls where other versions have empty texts,
/// or nothing at all.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn choices_and_references_are_read_in_every_form_that_netbox_has() {
        for (json, expected) in [
            (json!("active"), "active"),
            (json!({"value": "active", "label": "Active"}), "active"),
            (json!({"value": 4, "label": "IPv4"}), "4"),
            (json!(null), ""),
            (json!(""), ""),
        ] {
            assert_eq!(serde_json::from_value::<Choice>(json).unwrap(), Choice(expected.to_owned()));
        }
        for json in
            [json!(7), json!({"url": "x", "id": 7, "name": "leaf1"}), json!({"id": 7, "value": "65000:100"})]
        {
            assert_eq!(serde_json::from_value::<Ref>(json).unwrap(), Ref(7));
        }
        assert!(serde_json::from_value::<Ref>(json!({"name": "leaf1"})).is_err());
        assert!(serde_json::from_value::<Choice>(json!(["active"])).is_err());
    }
    #[test]
    fn custom_fields_have_one_form_in_every_version() {
        let asn = json!({"id": 2, "url": "http://netbox.example/api/ipam/asns/2/", "display": "AS65001", "asn": 65001});
        let session = json!({"id": 7, "url": "/netbox/api/plugins/bgp/bgpsession/7/", "name": "a"});
        for (case, given, expected) in [
            ("not set", json!({"x": null}), json!({})),
            ("plain", json!({"x": true, "y": 7, "z": "a"}), json!({"x": true, "y": 7, "z": "a"})),
            ("an object", json!({"x": asn}), json!({"x": {"id": 2, "list": "ipam/asns"}})),
            ("objects", json!({"x": [session]}), json!({"x": [{"id": 7, "list": "plugins/bgp/session"}]})),
            (
                "objects in any order",
                json!({"x": [{"id": 9, "url": "/api/ipam/asns/9/"}, {"id": 2, "url": "/api/ipam/asns/2/"}]}),
                json!({"x": [{"id": 2, "list": "ipam/asns"}, {"id": 9, "list": "ipam/asns"}]}),
            ),
            ("a list", json!({"x": [9, 2]}), json!({"x": [9, 2]})),
            ("select, 4.7", json!({"x": {"value": "a", "label": "A"}}), json!({"x": "a"})),
            ("multiselect, 4.7", json!({"x": [{"value": "a", "label": "A"}]}), json!({"x": ["a"]})),
            ("json", json!({"x": {"id": 2, "a": [1]}}), json!({"x": {"id": 2, "a": [1]}})),
        ] {
            let fields: CustomFields = serde_json::from_value(given).unwrap();
            let once = serde_json::to_value(&fields).unwrap();
            assert_eq!(once, expected, "{case}");
            assert_eq!(
                serde_json::from_value::<CustomFields>(once).unwrap(),
                fields,
                "{case}, from the cache"
            );
        }
    }
}
