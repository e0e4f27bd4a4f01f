//! What every simulated device holds and tells: a leaf of the example, and foreign leaves
//! until the first sync has 176 KB of JSON leaves.
//!
//! Elsewhere: who tells it (`server`), who listens (`watchers`).

use std::path::Path as File;
use std::sync::Arc;

use gitfabric::compile::{DeviceBuild, Engine};
use gitfabric::git::Snapshot;
use gitfabric::yang::{Elem, Path, json};
use prost::Message as _;
use serde_json::{Value as Json, json};

use crate::proto::subscribe_response::Response;
use crate::proto::typed_value::Value as Member;
use crate::proto::{self, Notification, SubscribeResponse, TypedValue, Update};

/// How much the first sync is, as messages.
const FIRST_SYNC: usize = 176_000;
/// How many leaves a message of the first sync has.
const LEAVES_A_MESSAGE: usize = 64;

/// The owned leaf that somebody changes by hand.
pub(crate) fn changed() -> Path {
    "/interfaces/interface[name=Ethernet1]/config/description".parse().expect("a path")
}

/// The example's first leaf, compiled: what each device is recorded to hold.
pub(crate) fn recorded() -> Arc<DeviceBuild> {
    let folder = File::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
    let snapshot = Snapshot::of_folder(&folder).expect("the example");
    let build = Engine::new().build(&snapshot);
    let leaf = build.devices.iter().find(|(name, _)| name.as_str().starts_with("leaf"));
    Arc::clone(leaf.expect("the example has leafs").1)
}

/// Every owned leaf with its value, as devices tell them.
pub(crate) fn owned(device: &DeviceBuild) -> Vec<(Path, Json)> {
    let value = |path: &Path| json::write_below(&device.schema, &device.tree, path, &json::no_secrets);
    let leaves = device.tree.iter().filter_map(|(path, _)| Some((path.clone(), value(path)?.json)));
    leaves.collect()
}

/// A leaf that nobody asked for: a counter of an interface.
pub(crate) fn foreign(number: usize) -> (Path, Json) {
    const COUNTERS: [&str; 4] = ["in-octets", "in-pkts", "out-octets", "out-pkts"];
    let (port, counter) = (number / COUNTERS.len() + 1, COUNTERS[number % COUNTERS.len()]);
    let path = format!("/interfaces/interface[name=Ethernet{port}/1]/state/counters/{counter}");
    (path.parse().expect("a path"), json!((number * 1_000_003).to_string()))
}

/// The first sync, without its end: owned leaves, then foreign ones up to its size.
pub(crate) fn first_sync(device: &DeviceBuild) -> Vec<SubscribeResponse> {
    let mut leaves = owned(device);
    let size = |leaves: &[(Path, Json)]| told(0, leaves).encoded_len();
    let mut have = size(&leaves);
    for number in 0.. {
        let leaf = [foreign(number)];
        have += size(&leaf);
        if have > FIRST_SYNC {
            break;
        }
        leaves.extend(leaf);
    }
    leaves.chunks(LEAVES_A_MESSAGE).map(|some| told(0, some)).collect()
}

/// One message with some leaves, and when they changed.
pub(crate) fn told(timestamp: i64, leaves: &[(Path, Json)]) -> SubscribeResponse {
    let update = leaves.iter().map(|(path, json)| update(path, json)).collect();
    let notification = Notification { timestamp, update, ..Notification::default() };
    SubscribeResponse { response: Some(Response::Update(notification)), ..SubscribeResponse::default() }
}

/// A path and its value as messages.
pub(crate) fn update(path: &Path, json: &Json) -> Update {
    let elem = path.elems().iter().map(|elem| proto::PathElem {
        name: elem.name().to_owned(),
        key: elem.keys().iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
    });
    let path = proto::Path { elem: elem.collect(), ..proto::Path::default() };
    let val = TypedValue { value: Some(Member::JsonIetfVal(json.to_string().into_bytes())) };
    Update { path: Some(path), val: Some(val), ..Update::default() }
}

/// A path of a message.
pub(crate) fn path(wire: &proto::Path) -> Path {
    wire.elem
        .iter()
        .map(|elem| Elem::entry(elem.name.as_str(), elem.key.iter().map(|(k, v)| (k.as_str(), v.as_str()))))
        .collect()
}
