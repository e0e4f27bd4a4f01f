//! Tests of the simulator as a whole: rules of a Set and of a Get as tables, and the wire.
//!
//! Here: what they share. `rules`, `ways`, `reading` and `subscribing` call a device without a socket, `wire`
//! over TLS, with the project's own client. Elsewhere: an independent client, in
//! `.ci/interop`.

mod hazards;
mod reading;
mod rules;
mod subscribing;
mod trouble;
mod ways;
mod wire;

use std::sync::{Arc, LazyLock};

use serde_json::Value as Json;

use super::device::{Clock, Device, DeviceConfig};
use super::personality::Personality;
use crate::gnmi::proto::typed_value::Value as Member;
use crate::gnmi::proto::{self, SetRequest, TypedValue, Update};
use crate::yang::{Path, Schema, testing};

static SAMPLE: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(testing::sample().clone()));

/// A device of the sample schema.
fn config(personality: Personality, leaves: &[(&str, &str)]) -> DeviceConfig {
    let name = "leaf1".parse().unwrap();
    let bootstrap = testing::tree(&SAMPLE, leaves);
    DeviceConfig {
        personality,
        clock: Clock::Counting,
        ..DeviceConfig::new(name, Arc::clone(&SAMPLE), bootstrap)
    }
}

fn path(text: &str) -> Path {
    text.parse().unwrap()
}

/// A path as a client writes it: without origin.
fn wire(text: &str) -> proto::Path {
    let elem = path(text)
        .elems()
        .iter()
        .map(|elem| proto::PathElem {
            name: elem.name().to_owned(),
            key: elem.keys().iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        })
        .collect();
    proto::Path { elem, ..proto::Path::default() }
}

/// A request written as lines: `delete PATH`, `replace PATH JSON`, `update PATH JSON`.
fn request(lines: &str) -> SetRequest {
    let mut request = SetRequest::default();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.splitn(3, ' ');
        let (verb, at) = (words.next().unwrap(), wire(words.next().unwrap()));
        let val = words.next().map(|json| TypedValue { value: Some(Member::JsonIetfVal(json.into())) });
        let update = Update { path: Some(at.clone()), val, ..Update::default() };
        match verb {
            "delete" => request.delete.push(at),
            "replace" => request.replace.push(update),
            "update" => request.update.push(update),
            "union" => request.union_replace.push(update),
            other => panic!("no such operation: {other}"),
        }
    }
    request
}

/// The configuration as lines, `PATH VALUE`.
fn lines(device: &Device) -> Vec<String> {
    device.snapshot().config.iter().map(|(path, leaf)| format!("{path} {}", leaf.value)).collect()
}

/// The JSON of an update.
fn json_of(update: &Update) -> Json {
    match update.val.as_ref().unwrap().value.as_ref().unwrap() {
        Member::JsonIetfVal(text) | Member::JsonVal(text) => serde_json::from_slice(text).unwrap(),
        other => panic!("not JSON: {other:?}"),
    }
}
