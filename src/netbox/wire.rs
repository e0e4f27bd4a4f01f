//! Small shapes that NetBox's answers are made of, read tolerantly.
//!
//! Choices are `{"value", "label"}` or plain strings, references are nested objects or bare
//! ids, what is not set is null, empty or absent: all of it becomes one form here (NetBox 4.2
//! to 4.7 differ in it). Elsewhere: the objects (`inventory`).

use std::collections::BTreeMap;
use std::fmt;

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
                        Name::Wanted => id = Some(map.next_value::<Id>()?),
                        Name::Other => {
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

/// The one key that is looked for, told from all others without copying them.
enum Name {
    Wanted,
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
                Ok(if key == "id" || key == "value" { Name::Wanted } else { Name::Other })
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
                        Name::Wanted => chosen = Some(map.next_value::<Choice>()?),
                        Name::Other => {
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

/// `custom_fields` of an object, as it came; the mapping types what it needs.
pub type CustomFields = BTreeMap<String, Value>;

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
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
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
        for json in [json!(7), json!({"url": "x", "id": 7, "name": "leaf1"})] {
            assert_eq!(serde_json::from_value::<Ref>(json).unwrap(), Ref(7));
        }
        assert!(serde_json::from_value::<Ref>(json!({"name": "leaf1"})).is_err());
        assert!(serde_json::from_value::<Choice>(json!(["active"])).is_err());
    }
}
