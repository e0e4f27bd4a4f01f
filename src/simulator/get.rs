//! Get: what is at some paths now (gNMI specification §3.3).
//!
//! Here: [`run`]. One notification for each path that was asked for; a list without keys
//! and a wildcard give one update for each match (hazard H22). Elsewhere: what there is to
//! see (`view`), how it is written (`render`).

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tonic::Status;

use super::device::{Device, Snapshot};
use super::paths::{Resolved, Standing, reach, resolve, to_wire};
use super::render::{Encoding, json_at};
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
    let notification = paths.iter().map(|path| {
        let target = resolve(device.schema(), request.prefix.as_ref(), path)?;
        let update = updates(device, &snapshot, &target, wanted, encoding)?;
        let prefix = echo(request.prefix.as_ref());
        Ok(Notification { timestamp: snapshot.changed_at, prefix, update, ..Notification::default() })
    });
    Ok(GetResponse { notification: notification.collect::<Result<_, Status>>()?, ..GetResponse::default() })
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
pub(super) fn check_implemented(device: &Device, view: &View, target: &Resolved) -> Result<(), Status> {
    let unimplemented = || Err(Status::unimplemented(format!("path {} is not implemented", target.path)));
    match target.standing {
        Standing::Config(Some(node)) => {
            let node = device.schema().node(node);
            let leaf = matches!(node.kind, Kind::Leaf { .. } | Kind::LeafList { .. });
            if leaf && node.access == Access::Unsupported { unimplemented() } else { Ok(()) }
        }
        Standing::Config(None) | Standing::Wildcard | Standing::State => Ok(()),
        Standing::Unknown => {
            let reported = view.below(&Path::root()).any(|(path, _)| reach(&target.path, path).is_some());
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
    let view = snapshot.view(&device.config);
    check_implemented(device, view, target)?;
    let mut places: BTreeSet<Path> = BTreeSet::new();
    for (path, shown) in view.below(&Path::root()) {
        if shown.parts.meets(wanted)
            && let Some(steps) = reach(&target.path, path)
        {
            places.insert(path.prefix(steps));
        }
    }
    let mut updates = Vec::new();
    for place in places {
        let Some(mut json) = json_at(device.schema(), view, &place, wanted, encoding) else { continue };
        if place.is_root() && wanted.config {
            annotate(&mut json, snapshot);
        }
        let path = to_wire(device.schema(), &place, &target.origin);
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
