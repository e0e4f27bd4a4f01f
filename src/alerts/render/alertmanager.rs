//! Prometheus' Alertmanager, API version 2: what is wrong now, and what is not any more.
//!
//! It is told states: everything that is wrong is said again and again, and an alert that is
//! not said again ends by itself; what ended is said once. Equal labels are the same alert, so
//! nothing that changes stands in a label.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::text::Style;
use super::words;
use crate::alerts::event::{Event, What};
use crate::alerts::template::Template;
use crate::record::NewsKind;

/// How often what is wrong is said again. Its documentation asks clients for 30 s to 3 minutes.
pub const AGAIN: Duration = Duration::from_mins(1);

/// How long an alert lives that is not said again: three of these may get lost.
const LIVES: Duration = Duration::from_mins(4);

/// The characters of an annotation.
const TEXT: usize = 2_000;

/// The list of alerts for what is wrong now, and for what these events say has ended. Empty if
/// they say nothing that concerns it.
pub fn alerts<'e>(
    firing: &[Event],
    ended: impl IntoIterator<Item = &'e Event>,
    template: Option<&Template>,
    now: Timestamp,
) -> Value {
    let until = now.checked_add(LIVES).unwrap_or(now);
    let mut alerts: Vec<Value> =
        firing.iter().filter_map(|event| alert(name(event.what)?, event, template, until)).collect();
    for event in ended {
        for name in ended_by(event.what) {
            let is_firing = |labels: &Value| alerts.iter().any(|alert| alert["labels"] == *labels);
            let Some(alert) = alert(name, event, template, event.at.min(now)) else { continue };
            if !is_firing(&alert["labels"]) {
                alerts.push(alert);
            }
        }
    }
    Value::Array(alerts)
}

/// One event alone: a test.
pub(super) fn single(event: &Event, template: Option<&Template>) -> Value {
    let until = event.at.checked_add(Duration::from_mins(1)).unwrap_or(event.at);
    Value::Array(name(event.what).and_then(|name| alert(name, event, template, until)).into_iter().collect())
}

/// The name of the alert that an event is; none for what is no trouble.
fn name(what: What) -> Option<&'static str> {
    match what {
        What::News(NewsKind::DriftFound) => Some("GitfabricDrift"),
        What::News(NewsKind::CorrectionGivenUp) => Some("GitfabricCorrectionGivenUp"),
        What::News(NewsKind::DeviceLost) => Some("GitfabricDeviceLost"),
        What::News(NewsKind::CommitRefused) => Some("GitfabricCommitRefused"),
        What::News(NewsKind::AgentFrozen) => Some("GitfabricFrozen"),
        What::Test => Some("GitfabricTest"),
        What::News(_) | What::PutBack => None,
    }
}

/// The names of the alerts that an event ends.
fn ended_by(what: What) -> &'static [&'static str] {
    match what {
        What::News(NewsKind::DriftCorrected | NewsKind::DriftAccepted | NewsKind::DriftGone)
        | What::PutBack => &["GitfabricDrift", "GitfabricCorrectionGivenUp"],
        What::News(NewsKind::DeviceBack) => &["GitfabricDeviceLost"],
        What::News(NewsKind::CommitApplied | NewsKind::HeadGood) => {
            &["GitfabricCommitRefused", "GitfabricFrozen"]
        }
        // a head is one of them at a time
        What::News(NewsKind::CommitRefused) => &["GitfabricFrozen"],
        What::News(NewsKind::AgentFrozen) => &["GitfabricCommitRefused"],
        What::News(_) | What::Test => &[],
    }
}

fn alert(name: &str, event: &Event, template: Option<&Template>, until: Timestamp) -> Option<Value> {
    let severity = match name {
        "GitfabricTest" => "none",
        "GitfabricCorrectionGivenUp" | "GitfabricFrozen" => "critical",
        _ => "warning",
    };
    let mut labels = Map::new();
    labels.insert("alertname".to_owned(), json!(name));
    labels.insert("fabric".to_owned(), json!(event.fabric));
    if let Some(device) = &event.device {
        labels.insert("device".to_owned(), json!(device));
    }
    labels.insert("severity".to_owned(), json!(severity));
    let mut annotations = Map::new();
    annotations.insert("summary".to_owned(), json!(event.summary));
    annotations.insert("description".to_owned(), json!(words(event, template, Style::Plain, TEXT)));
    if let Some(commit) = &event.commit {
        annotations.insert("commit".to_owned(), json!(commit));
    }
    if let Some(leaf) = event.leaves.first() {
        annotations.insert("path".to_owned(), json!(leaf.path));
    }
    // an alert that ends has begun before
    let starts = event.at.min(until.checked_sub(Duration::from_secs(1)).ok()?);
    Some(json!({
        "startsAt": starts.to_string(),
        "endsAt": until.to_string(),
        "labels": labels,
        "annotations": annotations,
    }))
}
