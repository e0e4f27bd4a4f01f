//! Any program: JSON whose `device`, `path`, `current_value` and `timestamp` are what flows
//! made for the fabric-orchestrator read, with everything that we know beside them.
//!
//! The four are always there, as text. Of the others what there is not is left out and never null:
//! programs that hand a body on drop nulls, and then the signature is of something else. Format 1:
//! fields may come, none goes or changes its meaning. Elsewhere: the signature (`alerts::signature`),
//! how to check it (`packaging/alerts/README.md`).

use serde::Serialize;

use super::text::Style;
use super::{Rendered, words};
use crate::alerts::event::Event;
use crate::alerts::template::Template;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::record::NewsLeaf;

/// The characters of `text`.
const TEXT: usize = 8_000;

/// The header that says what happened, and the one that names the event.
const KIND: &str = "x-gitfabric-event";
const ID: &str = "x-gitfabric-delivery";

#[derive(Serialize)]
struct Body<'a> {
    device: &'a str,
    path: &'a str,
    current_value: &'a str,
    timestamp: String,
    format: u32,
    id: &'a str,
    kind: &'static str,
    fabric: &'a FabricName,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a CommitId>,
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    found_at: Option<String>,
    merged: usize,
    count: usize,
    leaves: &'a [NewsLeaf],
}

/// What the device holds by then.
fn now<'a>(event: &Event, leaf: &'a NewsLeaf) -> Option<&'a str> {
    if event.what.is_over() { leaf.recorded.as_deref() } else { leaf.live.as_deref() }
}

pub(super) fn message(event: &Event, template: Option<&Template>) -> Rendered {
    let first = event.leaves.first();
    let body = Body {
        device: event.device.as_ref().map_or("", DeviceName::as_str),
        path: first.map_or("", |leaf| leaf.path.as_str()),
        current_value: first.and_then(|leaf| now(event, leaf)).unwrap_or_default(),
        timestamp: event.at.to_string(),
        format: 1,
        id: &event.id,
        kind: event.what.as_str(),
        fabric: &event.fabric,
        commit: event.commit.as_ref(),
        summary: &event.summary,
        detail: event.detail.as_deref(),
        text: words(event, template, Style::Plain, TEXT),
        found_at: event.found_at.map(|at| at.to_string()),
        merged: event.merged,
        count: event.count(),
        leaves: &event.leaves,
    };
    let headers = vec![(KIND, event.what.as_str().to_owned()), (ID, event.id.clone())];
    // texts, numbers and lists of them are always JSON
    Rendered { body: serde_json::to_value(&body).unwrap_or_default(), headers }
}
