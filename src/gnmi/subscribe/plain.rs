//! The usual message, read in one go: some leaves, each with a path and JSON.
//!
//! It is what nearly all messages of a stream are. The generated messages have each name, key
//! and value as a text of its own, which is then copied into ours: three times the work for each
//! of a hundred thousand updates. Whatever is not plain is left to them (`subscribe`), and with it
//! every error; so nothing is decided here. Field numbers: `proto/gnmi.proto`.

use std::collections::VecDeque;
use std::str::from_utf8;
use std::sync::Arc;

use prost::encoding::decode_varint;
use serde_json::Value;

use super::super::path::{ORIGIN, Texts};
use super::Event;
use crate::yang::{Elem, Path};

/// The value of a field: of protobuf's wire types those two that a plain message has.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

use Field::{Bytes, Number};

/// Adds what a plain message tells to `events`, and gives its timestamp. None, with nothing added,
/// if it is another.
pub(super) fn read(message: &[u8], texts: &mut Texts, events: &mut VecDeque<Event>) -> Option<i64> {
    let before = events.len();
    let timestamp = response(message, texts, events);
    if timestamp.is_none() {
        events.truncate(before);
    }
    timestamp
}

fn response(mut message: &[u8], texts: &mut Texts, events: &mut VecDeque<Event>) -> Option<i64> {
    let (1, Bytes(update)) = field(&mut message)? else { return None };
    if message.is_empty() { notification(update, texts, events) } else { None }
}

fn notification(mut bytes: &[u8], texts: &mut Texts, events: &mut VecDeque<Event>) -> Option<i64> {
    let (mut timestamp, mut prefix, mut updates) = (0, Vec::new(), 0);
    while !bytes.is_empty() {
        match field(&mut bytes)? {
            (1, Number(number)) => timestamp = number.cast_signed(),
            // a prefix is of all updates: of those before it too
            (2, Bytes(part)) if updates == 0 && prefix.is_empty() => steps(part, texts, &mut prefix)?,
            (4, Bytes(one)) => {
                updates += 1;
                events.push_back(update(one, &prefix, texts)?);
            }
            _ => return None,
        }
    }
    Some(timestamp)
}

fn update(mut bytes: &[u8], prefix: &[Elem], texts: &mut Texts) -> Option<Event> {
    let (1, Bytes(path)) = field(&mut bytes)? else { return None };
    let (3, Bytes(value)) = field(&mut bytes)? else { return None };
    if !bytes.is_empty() {
        return None;
    }
    let mut joined = Vec::with_capacity(prefix.len() + EXPECTED);
    joined.extend_from_slice(prefix);
    steps(path, texts, &mut joined)?;
    Some(Event::Update(Path::from(joined), json(value)?))
}

/// So many steps have room without another allocation.
const EXPECTED: usize = 6;

fn steps(mut bytes: &[u8], texts: &mut Texts, joined: &mut Vec<Elem>) -> Option<()> {
    while !bytes.is_empty() {
        match field(&mut bytes)? {
            (2, Bytes(origin)) if origin.is_empty() || origin == ORIGIN.as_bytes() => {}
            (3, Bytes(elem)) => joined.push(step(elem, texts)?),
            // the target is no part of a path, but it is text
            (4, Bytes(target)) => drop(from_utf8(target).ok()?),
            _ => return None,
        }
    }
    Some(())
}

fn step(mut bytes: &[u8], texts: &mut Texts) -> Option<Elem> {
    let (1, Bytes(name)) = field(&mut bytes)? else { return None };
    let name = text(name, texts)?;
    let mut keys = Vec::new();
    while !bytes.is_empty() {
        let (2, Bytes(mut entry)) = field(&mut bytes)? else { return None };
        let (1, Bytes(key)) = field(&mut entry)? else { return None };
        let (2, Bytes(value)) = field(&mut entry)? else { return None };
        let key = text(key, texts)?;
        if !entry.is_empty() || keys.iter().any(|(there, _)| *there == key) {
            return None;
        }
        keys.push((key, text(value, texts)?));
    }
    Some(Elem::entry(name, keys))
}

fn text(bytes: &[u8], texts: &mut Texts) -> Option<Arc<str>> {
    let text = from_utf8(bytes).ok()?;
    (!text.is_empty()).then(|| texts.text(text))
}

/// JSON, and no other encoding.
fn json(mut bytes: &[u8]) -> Option<Value> {
    let (10 | 11, Bytes(text)) = field(&mut bytes)? else { return None };
    if bytes.is_empty() { serde_json::from_slice(text).ok() } else { None }
}

/// The next field with its number. The bytes go on behind it.
fn field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let key = decode_varint(bytes).ok()?;
    let field = match key & 7 {
        0 => Number(decode_varint(bytes).ok()?),
        2 => {
            let length = usize::try_from(decode_varint(bytes).ok()?).ok()?;
            let (field, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            Bytes(field)
        }
        _ => return None,
    };
    Some((key >> 3, field))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;

    use super::super::super::proto::subscribe_response::Response;
    use super::super::super::proto::typed_value::Value as Member;
    use super::super::super::proto::{self, Notification, PathElem, SubscribeResponse, TypedValue};
    use super::super::super::{path, value};
    use super::*;

    /// What the generated messages make of the same bytes.
    fn slowly(message: &[u8]) -> Option<(i64, Vec<Event>)> {
        let response = SubscribeResponse::decode(message).ok()?;
        let Some(Response::Update(notification)) = response.response else { return None };
        let events = notification.update.iter().map(|update| {
            let path = path::from_wire(notification.prefix.as_ref(), update.path.as_ref()).ok()?;
            Some(Event::Update(path, value::from_wire(update).ok()?))
        });
        Some((notification.timestamp, events.collect::<Option<_>>()?))
    }

    fn quickly(message: &[u8]) -> Option<(i64, Vec<Event>)> {
        let mut events = VecDeque::from([Event::Synced]);
        let timestamp = read(message, &mut Texts::default(), &mut events);
        assert_eq!(events.pop_front(), Some(Event::Synced), "what was there stays");
        assert!(timestamp.is_some() || events.is_empty(), "{events:?}");
        timestamp.map(|timestamp| (timestamp, events.into()))
    }

    fn wire_path() -> impl Strategy<Value = proto::Path> {
        let keys = prop::collection::btree_map("[a-z]{0,3}", any::<String>(), 0..3);
        let elem = ("[a-z:]{0,12}", keys).prop_map(|(name, key)| PathElem { name, key });
        let origin = prop::sample::select(vec!["", "openconfig", "openconfig", "cli"]);
        (prop::collection::vec(elem, 0..5), origin, "[a-z]{0,3}").prop_map(|(elem, origin, target)| {
            proto::Path { elem, origin: origin.to_owned(), target, ..proto::Path::default() }
        })
    }

    fn member() -> impl Strategy<Value = Member> {
        prop_oneof![
            6 => prop::sample::select(vec!["1", "\"a\"", "{\"a\":[1]}", "nonsense"])
                .prop_map(|text| Member::JsonIetfVal(text.into())),
            1 => Just(Member::JsonVal(b"true".to_vec())),
            1 => any::<String>().prop_map(Member::StringVal),
            1 => any::<u64>().prop_map(Member::UintVal),
        ]
    }

    fn response() -> impl Strategy<Value = SubscribeResponse> {
        let update = (prop::option::weighted(0.9, wire_path()), prop::option::weighted(0.9, member()));
        let update = update.prop_map(|(path, value)| proto::Update {
            path,
            val: Some(TypedValue { value }),
            ..proto::Update::default()
        });
        let updates = prop::collection::vec(update, 0..4);
        let delete = prop::collection::vec(wire_path(), 0..2);
        (any::<i64>(), prop::option::of(wire_path()), updates, delete, prop::bool::weighted(0.1)).prop_map(
            |(timestamp, prefix, update, delete, atomic)| SubscribeResponse {
                response: Some(Response::Update(Notification { timestamp, prefix, update, delete, atomic })),
                ..SubscribeResponse::default()
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_read_quickly_is_what_is_read_slowly(
            message in response(),
            change in prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
        ) {
            let mut bytes = message.encode_to_vec();
            if let (Some((at, byte)), false) = (change, bytes.is_empty()) {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(quickly) = quickly(&bytes) {
                prop_assert_eq!(Some(quickly), slowly(&bytes));
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = quickly(&bytes);
        }
    }

    #[test]
    fn a_plain_message_is_one_and_no_other() {
        let json = |text: &str| Some(Member::JsonIetfVal(text.into()));
        let told = |path: &str, value: Option<Member>| proto::Update {
            path: Some(path::to_wire(&path.parse().unwrap())),
            val: Some(TypedValue { value }),
            ..proto::Update::default()
        };
        let leaf = || told("/interfaces/interface[name=Ethernet1]/config/mtu", json("1500"));
        let of = |update| Notification { timestamp: 5, update, ..Notification::default() };
        for (case, notification, expected) in [
            ("a leaf", of(vec![leaf()]), Some(1)),
            ("two", of(vec![leaf(), told("/a", json("{}"))]), Some(2)),
            ("behind a prefix", Notification { prefix: leaf().path, ..of(vec![leaf()]) }, Some(1)),
            ("no leaf", of(vec![]), Some(0)),
            (
                "a delete",
                Notification { delete: leaf().path.into_iter().collect(), ..of(vec![leaf()]) },
                None,
            ),
            ("an atomic one", Notification { atomic: true, ..of(vec![leaf()]) }, None),
            ("no JSON", of(vec![leaf(), told("/a", json("{"))]), None),
            ("a scalar", of(vec![leaf(), told("/a", Some(Member::BoolVal(true)))]), None),
            ("no value", of(vec![leaf(), told("/a", None)]), None),
        ] {
            let message = SubscribeResponse {
                response: Some(Response::Update(notification)),
                ..SubscribeResponse::default()
            }
            .encode_to_vec();
            let read = quickly(&message);
            assert_eq!(read.as_ref().map(|(_, events)| events.len()), expected, "{case}");
            if read.is_some() {
                assert_eq!(read, slowly(&message), "{case}");
            }
        }
    }
}
