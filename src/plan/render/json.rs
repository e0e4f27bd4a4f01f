//! A plan for machines: `format: 1`.
//!
//! The format only ever grows; a field that changes its meaning makes a new number.

use serde::Serialize;
use serde_json::Value as Json;

use super::note;
use crate::diagnostic::Place;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::plan::device::{Action, Change, DevicePlan, Note};
use crate::plan::fabric::{Plan, Revision};
use crate::yang::{Schema, Value};

/// The plan as one JSON document, indented, with a line break at its end.
pub fn json(plan: &Plan) -> String {
    let document = Document {
        format: 1,
        fabric: &plan.fabric,
        from: plan.from.as_ref().and_then(commit),
        to: commit(&plan.to),
        seal: &plan.seal,
        summary: summary(plan),
        waves: &plan.waves,
        devices: plan.devices.iter().map(|(name, plan)| (name, device(plan))).collect(),
        passed_over: &plan.passed_over,
    };
    // no map in it has a key that is not text: serialising does not fail
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    format: u8,
    fabric: &'a FabricName,
    /// None: the devices were read.
    from: Option<&'a CommitId>,
    /// None: a folder, committed or not.
    to: Option<&'a CommitId>,
    seal: &'a str,
    summary: Summary,
    waves: &'a [Vec<DeviceName>],
    devices: std::collections::BTreeMap<&'a DeviceName, Device<'a>>,
    passed_over: &'a std::collections::BTreeMap<DeviceName, String>,
}

#[derive(Serialize)]
struct Summary {
    devices: usize,
    changed: usize,
    added: usize,
    modified: usize,
    deleted: usize,
}

#[derive(Serialize)]
struct Device<'a> {
    changes: Vec<Line<'a>>,
    created: Vec<String>,
    removed: Vec<String>,
    notes: Vec<Noted>,
    foreign: Vec<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    action: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Json>,
    drift: bool,
    origin: Option<&'a Place>,
}

#[derive(Serialize)]
struct Noted {
    kind: &'static str,
    path: String,
    text: String,
}

fn commit(revision: &Revision) -> Option<&CommitId> {
    match revision {
        Revision::Commit(commit) => Some(commit),
        Revision::Folder => None,
    }
}

fn summary(plan: &Plan) -> Summary {
    let counts = plan.counts();
    Summary {
        devices: plan.devices.len(),
        changed: plan.changed().count(),
        added: counts.added,
        modified: counts.modified,
        deleted: counts.deleted,
    }
}

fn device(plan: &DevicePlan) -> Device<'_> {
    Device {
        changes: plan.changes.iter().map(line).collect(),
        created: plan.created.iter().map(ToString::to_string).collect(),
        removed: plan.removed.iter().map(ToString::to_string).collect(),
        notes: plan.notes.iter().map(noted).collect(),
        foreign: plan.foreign.iter().map(ToString::to_string).collect(),
    }
}

fn line(change: &Change) -> Line<'_> {
    let (action, from, to) = match &change.action {
        Action::Add { to } => ("add", None, Some(&to.value)),
        Action::Modify { from, to } => ("modify", Some(from), Some(&to.value)),
        Action::Delete { from } => ("delete", Some(from), None),
    };
    Line {
        action,
        path: change.path.to_string(),
        from: from.map(value),
        to: to.map(value),
        drift: change.drift,
        origin: change.origin.as_ref(),
    }
}

fn noted(it: &Note) -> Noted {
    let (kind, path) = match it {
        Note::Protected { path, .. } => ("protected", path),
        Note::Strict { path } => ("strict", path),
        Note::Stays { entry, .. } => ("stays", entry),
    };
    Noted { kind, path: path.to_string(), text: note(it) }
}

/// A value as RFC 7951 writes it; a secret as `secret:NAME`, a presence container as true.
fn value(value: &Value) -> Json {
    match value {
        Value::Scalar(scalar) => Schema::scalar_to_json(scalar),
        Value::LeafList(scalars) => scalars.iter().map(Schema::scalar_to_json).collect(),
        Value::Secret(name) => Json::String(format!("secret:{name}")),
        Value::Presence => Json::Bool(true),
    }
}
