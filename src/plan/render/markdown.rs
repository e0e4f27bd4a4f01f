//! A plan for a comment on a pull request: a summary, and each device folded.
//!
//! Elsewhere: how long a forge lets a comment be (`forge`).

use super::{note, origin, printable, revisions, short_counts, sign, summary, values};
use crate::plan::device::DevicePlan;
use crate::plan::fabric::Plan;

/// Draws the plan in GitHub's Markdown, which GitLab and Gitea read too.
pub fn markdown(plan: &Plan) -> String {
    let mut out =
        format!("### Plan for fabric `{}`, {}\n\n{}\n", plan.fabric, revisions(plan), summary(plan));
    for (name, device) in plan.in_natural_order() {
        if device.is_empty() && device.notes.is_empty() {
            continue;
        }
        let counts = short_counts(device.counts());
        out.push_str(&format!("\n<details><summary><b>{name}</b> {counts}</summary>\n\n"));
        out.push_str(&fenced(&device_lines(device)));
        out.push_str("\n</details>\n");
    }
    if !plan.passed_over.is_empty() {
        let lines: Vec<String> =
            plan.passed_over.iter().map(|(name, why)| format!("{name}: {}", printable(why))).collect();
        out.push_str(&format!("\nNot planned:\n\n{}", fenced(&lines)));
    }
    if !plan.waves.is_empty() {
        let wave = |wave: &Vec<crate::names::DeviceName>| {
            wave.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        let waves: Vec<String> = plan.waves.iter().map(wave).collect();
        out.push_str(&format!("\nWaves: {}.\n", waves.join("; then ")));
    }
    out
}

/// The lines of one device. The sign stands first, so that the block is coloured; `!` is
/// what a block of `diff` has for a change.
fn device_lines(device: &DevicePlan) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &device.changes {
        let sign = match sign(change) {
            '~' => '!',
            sign => sign,
        };
        let drift = if change.drift { "  (drift)" } else { "" };
        let origin = origin(change).map(|origin| format!("  # {origin}")).unwrap_or_default();
        lines.push(format!("{sign} {} {}{drift}{origin}", printable(&change.path), values(change)));
    }
    let removed = device.removed.iter().map(|entry| format!("- {} (the whole entry)", printable(entry)));
    lines.extend(removed);
    lines.extend(device.notes.iter().map(|it| format!("# note: {}", note(it))));
    lines
}

/// A code block whose fence is longer than any row of backticks inside it.
fn fenced(lines: &[String]) -> String {
    let text = lines.join("\n");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{text}\n{fence}\n")
}
