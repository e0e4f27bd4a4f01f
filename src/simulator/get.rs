//! Get: what is at some paths now (gNMI specification §3.3).
//!
//! Here: [`run`]. One notification for each path that was asked for; a list without keys
//! and a wildcard give one update for each match (hazard H22), or as the personality has it.
//! Elsewhere: what there is to see (`view`), how it is written (`render`).

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tonic::Status;

use super::device::{Device, Snapshot};
use super::paths::{Resolved, Standing, reach, resolve, to_wire};
use super::personality::GetPaths;
use super::render::{Encoding, Writer};
use super::view::{Parts, View};
use crate::gnmi::proto::get_request::DataType;
use crate::gnmi::proto::typed_value::Value as Member;
use crate::gnmi::proto::{self, GetRequest, GetResponse, Notification, TypedValue, Update};
use crate::yang::Path;
use crate::yang::schema::{Access, Kind};

/// Answers a request from one snapshot.
pub(super) fn run(device: &Device, request: &GetRequest) -> Result<GetResponse, Status> {
    let encoding = encoding(request.encoding)?;
    let wanted = wanted(request.r#type)?;
    let snapshot = device.snapshot();
    let root = [proto::Path::default()];
    let paths = if request.path.is_empty() { &root[..] } else { &request.path };
    let mut notification = Vec::new();
    for path in paths {
        let target = resolve(device.schema(), request.prefix.as_ref(), path)?;
        let update = updates(device, &snapshot, &target, wanted, encoding)?;
        let prefix = echo(request.prefix.as_ref());
        let one = Notification { timestamp: snapshot.changed_at, prefix, update, ..Notification::default() };
        match device.config.personality.get_paths {
            GetPaths::InPrefix => notification.extend(in_prefixes(one)),
            _ => notification.push(one),
        }
    }
    Ok(GetResponse { notification, ..GetResponse::default() })
}

/// Each update in a notification of its own, with all but the last step of its path in the
/// prefix.
fn in_prefixes(notification: Notification) -> Vec<Notification> {
    let Notification { timestamp, prefix, update, .. } = notification;
    let target = prefix.map(|prefix| prefix.target).unwrap_or_default();
    let split = update.into_iter().map(|update| {
        let mut above = update.path.unwrap_or_default();
        let elem = above.elem.pop().into_iter().collect();
        above.target.clone_from(&target);
        let path = Some(proto::Path { elem, ..proto::Path::default() });
        let update = Update { path, val: update.val, ..Update::default() };
        Notification { timestamp, prefix: Some(above), update: vec![update], ..Notification::default() }
    });
    split.collect()
}

/// The prefix of an answer: the target, if the client named one (§2.2.2.1). Paths in
/// answers are whole.
pub(super) fn echo(prefix: Option<&proto::Path>) -> Option<proto::Path> {
    let target = prefix.map(|prefix| prefix.target.clone()).filter(|target| !target.is_empty())?;
    Some(proto::Path { target, ..proto::Path::default() })
}

/// The encodings that the device announces; ASCII is for origin cli.
pub(super) fn encoding(number: i32) -> Result<Encoding, Status> {
    match proto::Encoding::try_from(number) {
        Ok(proto::Encoding::Json) => Ok(Encoding::Json),
        Ok(proto::Encoding::JsonIetf) => Ok(Encoding::JsonIetf),
        Ok(proto::Encoding::Ascii) => {
            Err(Status::invalid_argument("encoding ASCII is for origin cli, which is not simulated"))
        }
        Ok(other) => Err(Status::unimplemented(format!("unsupported encoding: {}", other.as_str_name()))),
        Err(_) => Err(Status::invalid_argument(format!("no encoding has the number {number}"))),
    }
}

/// A JSON value in the member of its encoding.
pub(super) fn typed(json: &Json, encoding: Encoding) -> TypedValue {
    let text = json.to_string().into_bytes();
    let value = match encoding {
        Encoding::JsonIetf => Member::JsonIetfVal(text),
        Encoding::Json => Member::JsonVal(text),
    };
    TypedValue { value: Some(value) }
}

/// Refuses what the device knows nothing of.
pub(super) fn check_implemented(
    device: &Device,
    snapshot: &Snapshot,
    target: &Resolved,
) -> Result<(), Status> {
    let unimplemented = || Err(Status::unimplemented(format!("path {} is not implemented", target.path)));
    match target.standing {
        Standing::Config(Some(node)) => {
            let node = device.schema().node(node);
            let leaf = matches!(node.kind, Kind::Leaf { .. } | Kind::LeafList { .. });
            if leaf && node.access == Access::Unsupported { unimplemented() } else { Ok(()) }
        }
        Standing::Config(None) | Standing::Wildcard | Standing::State => Ok(()),
        Standing::Unknown => {
            let view = View::of(&device.config, snapshot, [target], device.reading());
            let reported = view.leaves().any(|(path, _)| reach(&target.path, path).is_some());
            if reported { Ok(()) } else { unimplemented() }
        }
    }
}

fn wanted(number: i32) -> Result<Parts, Status> {
    let none = Parts::default();
    match DataType::try_from(number) {
        Ok(DataType::All) => Ok(Parts { config: true, state: true, ..none }),
        Ok(DataType::Config) => Ok(Parts { config: true, ..none }),
        Ok(DataType::State) => Ok(Parts { state: true, ..none }),
        Ok(DataType::Operational) => Ok(Parts { operational: true, ..none }),
        Err(_) => Err(Status::invalid_argument(format!("no data type has the number {number}"))),
    }
}

fn updates(
    device: &Device,
    snapshot: &Snapshot,
    target: &Resolved,
    wanted: Parts,
    encoding: Encoding,
) -> Result<Vec<Update>, Status> {
    check_implemented(device, snapshot, target)?;
    let personality = &device.config.personality;
    let view = View::of(&device.config, snapshot, [target], device.reading());
    let leaves = personality.get_paths == GetPaths::Leaves;
    let mut places: BTreeSet<Path> = BTreeSet::new();
    for (path, shown) in view.leaves() {
        if shown.parts.meets(wanted)
            && let Some(steps) = reach(&target.path, path)
        {
            places.insert(if leaves { path.clone() } else { path.prefix(steps) });
        }
    }
    let writer = Writer { schema: device.schema(), encoding, names: personality.member_names };
    let steps_up = usize::from(personality.get_paths == GetPaths::Shorter);
    let mut updates = Vec::new();
    for place in places {
        let Some(mut json) = writer.json_at(&view, &place, wanted, steps_up) else { continue };
        if place.is_root() && wanted.config {
            annotate(&mut json, snapshot);
        }
        let told = place.prefix(place.elems().len().saturating_sub(steps_up));
        let path = to_wire(device.schema(), &told, &target.origin);
        updates.push(Update { path: Some(path), val: Some(typed(&json, encoding)), ..Update::default() });
    }
    if updates.is_empty() {
        return Err(Status::not_found(format!("path {} not found", target.path)));
    }
    Ok(updates)
}

/// Shows the annotation where openconfig-metadata puts it: in `@` of the root.
fn annotate(root: &mut Json, snapshot: &Snapshot) {
    if let (Some(text), Json::Object(members)) = (&snapshot.annotation, root) {
        members.insert("@".to_owned(), json!({"openconfig-metadata:protobuf-metadata": text}));
    }
}
