//! What a report of the agent says, in words.
//!
//! Here: questions to a [`Report`] and its text for people. Elsewhere: `gitfabric status`,
//! which reads the record (`cli::status`).

use crate::agent::run::Report;
use crate::names::CommitId;
use crate::record::{DeviceEntry, Standing, Verdict};

/// A device's entry.
pub(super) fn device<'a>(report: &'a Report, name: &str) -> Option<&'a DeviceEntry> {
    report.devices.iter().find(|entry| entry.device.as_str() == name)
}

/// Whether a device stands so.
pub(super) fn stands(report: &Report, name: &str, standing: Standing) -> bool {
    device(report, name).is_some_and(|entry| entry.standing == standing)
}

/// Whether a device is current at a commit.
pub(super) fn is_at(report: &Report, name: &str, commit: &CommitId) -> bool {
    device(report, name)
        .is_some_and(|entry| entry.standing == Standing::Current && entry.commit.as_ref() == Some(commit))
}

/// How many devices are current at a commit.
pub(super) fn count_at(report: &Report, commit: &CommitId) -> usize {
    report.devices.iter().filter(|entry| is_at(report, entry.device.as_str(), commit)).count()
}

/// Whether a commit is the head, and what was said of it.
pub(super) fn head_is(report: &Report, commit: &CommitId, verdict: Verdict) -> bool {
    report
        .fabric
        .as_ref()
        .is_some_and(|fabric| fabric.head.as_ref() == Some(commit) && fabric.verdict == verdict)
}

/// Why a device is not current, in a few words: without how to mend it.
pub(super) fn reason(entry: &DeviceEntry) -> String {
    let reason = entry.reason.as_deref().unwrap_or("no reason given");
    reason.split("; ").next().unwrap_or_default().to_owned()
}

/// The whole report: how many devices are current, then a line for each that is not, and
/// what is wrong with the head.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    match &report.fabric {
        None => text.push_str("no commit was read yet"),
        Some(fabric) => {
            let good = fabric.good.as_ref().map_or("no good commit yet", CommitId::short);
            let current = report.devices.iter().filter(|entry| entry.standing == Standing::Current).count();
            let behind = |entry: &&DeviceEntry| entry.commit != fabric.good;
            let older = report.devices.iter().filter(behind).count();
            text.push_str(&format!("{good}: {current} of {} devices current", report.devices.len()));
            if current == report.devices.len() && older > 0 {
                text.push_str(&format!(", {older} at an older commit"));
            }
        }
    }
    for entry in report.devices.iter().filter(|entry| entry.standing != Standing::Current) {
        text.push_str(&format!("\n  {} {}: {}", entry.device, entry.standing.as_str(), reason(entry)));
    }
    if let Some(fabric) = report.fabric.as_ref().filter(|fabric| fabric.verdict != Verdict::Good) {
        let head = fabric.head.as_ref().map_or("the head", CommitId::short);
        let reason = fabric.reason.as_deref().unwrap_or("see the findings");
        text.push_str(&format!("\n{head} is {}: {reason}", fabric.verdict.as_str()));
        if let Some(findings) = &fabric.findings {
            text.push_str(&format!("\n{findings}"));
        }
    }
    if let Some(trouble) = &report.trouble {
        text.push_str(&format!("\nthe last turn failed: {trouble}"));
    }
    text
}
