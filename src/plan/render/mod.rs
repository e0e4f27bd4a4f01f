//! A plan in words: for terminals, for pull requests, for machines.
//!
//! `text`, `markdown`, `json`; here: what they share. Equal plans give equal bytes, on a
//! laptop, in a CI job and in the agent. Nothing that a device or a repository says can
//! steer a terminal or leave its code block. Elsewhere: findings (`diagnostic`), what
//! became of a plan (`cli`).

mod json;
mod markdown;
mod text;

use std::collections::BTreeSet;

pub use json::json;
pub use markdown::{markdown, markdown_commands};
pub use text::{Style, text, text_commands};

use super::device::{Action, Change, Counts, DevicePlan, Note};
use super::fabric::Plan;
use super::removal::Stays;
use crate::phrase;
use crate::platform::cli::{CliLine, INDENT, Sign};
use crate::yang::{Path, Scalar, Value};

/// The sign of a change: `+`, `~` or `-`.
fn sign(change: &Change) -> char {
    match change.action {
        Action::Add { .. } => '+',
        Action::Modify { .. } => '~',
        Action::Delete { .. } => '-',
    }
}

/// What a change does to its leaf's value.
fn values(change: &Change) -> String {
    match &change.action {
        Action::Add { to } => value(&to.value),
        Action::Modify { from: Value::Secret(from), to } if to.value == Value::Secret(from.clone()) => {
            format!("secret:{from} (changed)")
        }
        Action::Modify { from, to } => format!("{} -> {}", value(from), value(&to.value)),
        Action::Delete { from } => value(from),
    }
}

/// A value as people read it; texts that could be misread are quoted.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Scalar(scalar) => quoted(scalar),
        Value::LeafList(scalars) => {
            format!("[{}]", scalars.iter().map(quoted).collect::<Vec<_>>().join(", "))
        }
        Value::Secret(name) => format!("secret:{name}"),
        Value::Presence => "present".to_owned(),
    }
}

fn quoted(scalar: &Scalar) -> String {
    let text = scalar.as_str();
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | ',' | '[' | ']');
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("{text:?}") }
}

/// A path, or words from outside, with whatever is not printable escaped.
pub(crate) fn printable(text: &impl ToString) -> String {
    let plain = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    let text = text.to_string();
    if text.chars().all(plain) {
        return text;
    }
    let show = |c: char| if plain(c) { c.to_string() } else { c.escape_debug().to_string() };
    text.chars().map(show).collect()
}

/// Where the intent says so; for a delete, where it last said otherwise.
fn origin(change: &Change) -> Option<String> {
    let was = if matches!(change.action, Action::Delete { .. }) { "was " } else { "" };
    change.origin.as_ref().map(|origin| format!("{was}{origin}"))
}

/// A command, as deep as it stands.
fn command(line: &CliLine) -> String {
    format!("{:indent$}{}", "", printable(&line.text), indent = line.depth * INDENT)
}

/// Where the intent asks for a command; for one that takes away, where it last said otherwise.
fn origin_of_command(line: &CliLine) -> Option<String> {
    let was = if line.sign == Sign::Remove { "was " } else { "" };
    line.origin.as_ref().filter(|_| line.sign != Sign::Context).map(|origin| format!("{was}{origin}"))
}

/// The leaves of a device that somebody changed on it.
fn drifted(device: &DevicePlan) -> BTreeSet<&Path> {
    device.changes.iter().filter(|change| change.drift).map(|change| &change.path).collect()
}

/// A note as a sentence.
fn note(note: &Note) -> String {
    match note {
        Note::Protected { path, expected, present } => {
            let holds = if *present { "another value" } else { "nothing" };
            format!(
                "{} holds {holds}, bootstrap prints {}: never sent, set it by hand",
                printable(path),
                value(expected)
            )
        }
        Note::Strict { path } => format!("{} is not in the intent: left alone", printable(path)),
        Note::Stays { entry, because: Stays::NotMadeByUs } => {
            format!("{} stays: it was there before gitfabric wrote to it", printable(entry))
        }
        Note::Stays { entry, because: Stays::HoldsForeign { first, count } } => {
            let foreign = phrase::and_more(&printable(first), count.saturating_sub(1));
            format!("{} stays: it holds {foreign}, not ours", printable(entry))
        }
    }
}

/// `+3 ~1 -0`.
fn short_counts(counts: Counts) -> String {
    format!("+{} ~{} -{}", counts.added, counts.modified, counts.deleted)
}

/// The plan in a sentence.
fn summary(plan: &Plan) -> String {
    let devices = plan.devices.len();
    let passed_over = match plan.passed_over.len() {
        0 => String::new(),
        count => format!("; {} not planned", plural(count, "device")),
    };
    if plan.is_empty() {
        return format!("No changes: {} as the intent says{passed_over}.", plural(devices, "device"));
    }
    let Counts { added, modified, deleted } = plan.counts();
    format!(
        "Plan: {added} to add, {modified} to change, {deleted} to delete on {} of {}, in {}{passed_over}.",
        plan.changed().count(),
        plural(devices, "device"),
        plural(plan.waves.len(), "wave"),
    )
}

pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// From what to what.
fn revisions(plan: &Plan) -> String {
    match &plan.from {
        Some(from) => format!("{from} to {}", plan.to),
        None => format!("devices to {}", plan.to),
    }
}

#[cfg(test)]
mod tests;
