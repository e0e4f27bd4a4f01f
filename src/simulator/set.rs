//! Set: one request, one transaction (gNMI specification §3.4).
//!
//! Here: [`run`] from the message to the answer, faults included. All deletes, then all
//! replaces, then all updates, each in the order given; the first that is refused leaves
//! everything as it was. Extensions are passed over, as by a server that does not know
//! them: a confirmed commit is permanent (hazard H1). Elsewhere: one operation (`edit`),
//! what may go wrong on purpose (`faults`).

use serde_json::Value as Json;
use tonic::{Code, Status};

use super::device::{Contents, Device, DeviceConfig, Snapshot};
use super::edit::{Candidate, Refusal};
use super::eos;
use super::faults::SetOperation;
use super::paths::{Resolved, Standing, resolve};
use crate::gnmi::proto::typed_value::Value as Member;
use crate::gnmi::proto::update_result::Operation as WireOperation;
use crate::gnmi::proto::{self, SetRequest, SetResponse, UpdateResult};
use crate::gnmi::{path as wire_path, value as wire_value};
use crate::yang::schema::{Access, Kind, Type};
use crate::yang::{Leaf, Path, Tree, Value, json as rfc7951};

/// One operation, understood.
pub(super) struct Operation {
    pub(super) kind: SetOperation,
    pub(super) target: Resolved,
    /// None for a delete.
    pub(super) value: Option<Json>,
}

/// The paths of a request in the order of processing, as far as they are paths.
pub(super) fn paths(request: &SetRequest) -> Vec<(SetOperation, Path)> {
    wire_operations(request)
        .map(|(kind, path, _)| {
            let path = wire_path::from_wire(request.prefix.as_ref(), path);
            (kind, path.unwrap_or_default())
        })
        .collect()
}

/// Applies a request and makes its answer; says whether the configuration is another.
/// `not_taken` are leaves that the device silently leaves as they are.
pub(super) fn run(
    device: &Device,
    request: &SetRequest,
    not_taken: Option<&NotTaken>,
) -> Result<(SetResponse, bool), Status> {
    if !request.union_replace.is_empty() {
        let others = request.delete.len() + request.replace.len() + request.update.len();
        return Err(match others {
            0 => Status::unimplemented("union_replace needs `operation set namespace`, which is off"),
            _ => Status::invalid_argument("union_replace must not be mixed with other operations"),
        });
    }
    let operations = understand(device, request)?;
    let (snapshot, changed) = apply(device, &operations, not_taken)?;
    let mut response = Vec::new();
    if device.config.personality.answers_each_operation {
        for (kind, path, _) in wire_operations(request) {
            let op = match kind {
                SetOperation::Delete => WireOperation::Delete,
                SetOperation::Replace => WireOperation::Replace,
                SetOperation::Update => WireOperation::Update,
            };
            response.push(UpdateResult { path: path.cloned(), op: op.into(), ..UpdateResult::default() });
        }
    }
    let prefix = request.prefix.clone();
    let answer = SetResponse { prefix, response, timestamp: snapshot.changed_at, ..SetResponse::default() };
    Ok((answer, changed))
}

/// Applies operations in one transaction.
pub(super) fn apply(
    device: &Device,
    operations: &[Operation],
    not_taken: Option<&NotTaken>,
) -> Result<(std::sync::Arc<Snapshot>, bool), Refusal> {
    if not_taken.is_none()
        && let Some(done) = device.overwrite(|before| plain(&device.config, before, operations))
    {
        return Ok(done);
    }
    let edit = |before: &Snapshot| {
        let mut candidate = Candidate::new(&device.config, before);
        for Operation { kind, target, value } in operations {
            match (kind, value) {
                (SetOperation::Delete, _) | (_, None) => candidate.delete(target)?,
                (SetOperation::Replace, Some(value)) => candidate.replace(target, value)?,
                (SetOperation::Update, Some(value)) => candidate.update(target, value)?,
            }
        }
        let mut contents = candidate.finish();
        if let Some(not_taken) = not_taken {
            not_taken.undo(&before.config, &mut contents);
        }
        Ok(contents)
    };
    device.transact(edit, |faults| Refusal::new(Code::InvalidArgument, faults.join("; ")))
}

/// The leaves that operations write, if they do no more than give others values to leaves
/// that are there and that nothing else follows: no key, no reference, nothing that EOS
/// answers with a change of its own. Ten thousand of them in a row cost no more than they.
fn plain(device: &DeviceConfig, before: &Snapshot, operations: &[Operation]) -> Option<Vec<(Path, Leaf)>> {
    if device.personality.lag_needs_members {
        return None;
    }
    let schema = &device.schema;
    let mut leaves = Vec::with_capacity(operations.len());
    for Operation { kind, target, value } in operations {
        let (SetOperation::Update, Standing::Config(Some(node)), Some(value)) =
            (kind, target.standing, value)
        else {
            return None;
        };
        let path = &target.path;
        let name = path.last()?.name();
        let scalar = matches!(before.config.get(path)?.value, Value::Scalar(_));
        let key = path.elems().iter().any(|elem| elem.key(name).is_some());
        let Kind::Leaf { ty, .. } = schema.node(node).kind else { return None };
        let lonely = matches!(
            schema.type_of(ty),
            Type::Integer { .. } | Type::Text { .. } | Type::Boolean | Type::Enumeration(_)
        );
        let writable = matches!(schema.node(node).access, Access::ReadWrite | Access::Unlisted);
        if !scalar || key || !lonely || !writable || value.is_null() {
            return None;
        }
        let read = rfc7951::read(schema, path, value);
        let (true, [(at, leaf)]) = (read.faults.is_empty(), &read.tree.into_iter().collect::<Vec<_>>()[..])
        else {
            return None;
        };
        let value = eos::hashed(device, at, leaf.value.clone());
        leaves.push((at.clone(), Leaf { node: leaf.node, value, origin: None }));
    }
    (!leaves.is_empty()).then_some(leaves)
}

/// The operations of a request with what they carry, deletes first, updates last.
fn wire_operations(
    request: &SetRequest,
) -> impl Iterator<Item = (SetOperation, Option<&proto::Path>, Option<&proto::Update>)> {
    let deletes = request.delete.iter().map(|path| (SetOperation::Delete, Some(path), None));
    let replaces =
        request.replace.iter().map(|update| (SetOperation::Replace, update.path.as_ref(), Some(update)));
    let updates =
        request.update.iter().map(|update| (SetOperation::Update, update.path.as_ref(), Some(update)));
    deletes.chain(replaces).chain(updates)
}

fn understand(device: &Device, request: &SetRequest) -> Result<Vec<Operation>, Status> {
    let root = proto::Path::default();
    wire_operations(request)
        .map(|(kind, path, update)| {
            let target = resolve(device.schema(), request.prefix.as_ref(), path.unwrap_or(&root))?;
            let value = update.map(|update| value_of(update, &target.path)).transpose()?;
            Ok(Operation { kind, target, value })
        })
        .collect()
}

fn value_of(update: &proto::Update, path: &Path) -> Result<Json, Status> {
    if let Some(Member::AsciiVal(_)) = update.val.as_ref().and_then(|val| val.value.as_ref()) {
        return Err(Status::invalid_argument(format!("{path}: ascii_val is for origin cli")));
    }
    wire_value::from_wire(update)
        .map_err(|error| Status::invalid_argument(format!("failed to parse the value of {path}: {error}")))
}

/// The fault [`super::faults::SetFault::NotTaken`]: leaves that stay as they are.
#[derive(Clone, Debug)]
pub(super) struct NotTaken(pub(super) Option<Path>);

impl NotTaken {
    /// Puts the leaves back that should not have changed.
    fn undo(&self, before: &Tree, contents: &mut Contents) {
        let changed: Vec<Path> = crate::yang::diff::diff(before, &contents.config)
            .iter()
            .map(|difference| difference.path().clone())
            .collect();
        let undone: Vec<Path> = match &self.0 {
            Some(at) => changed.into_iter().filter(|path| path.starts_with(at)).collect(),
            None => changed.into_iter().take(1).collect(),
        };
        let config = std::sync::Arc::make_mut(&mut contents.config);
        for path in undone {
            match before.get(&path) {
                Some(leaf) => config.insert(path, leaf.clone()),
                None => config.remove(&path),
            };
        }
    }
}
