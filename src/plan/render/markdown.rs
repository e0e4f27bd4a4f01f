//! A plan for a comment on a pull request: a summary, and each device folded.
//!
//! Elsewhere: how long a forge lets a comment be (`forge`).

use super::{
    command, drifted, note, origin, origin_of_command, printable, revisions, short_counts, sign, summary,
    values,
};
use crate::names::DeviceName;
use crate::plan::commands::Commands;
use crate::plan::device::DevicePlan;
use crate::plan::fabric::Plan;
use crate::platform::cli::CliLine;

/// Draws the plan in GitHub's Markdown, which GitLab and Gitea read too.
pub fn markdown(plan: &Plan) -> String {
    draw(plan, &|_, device| changes(device))
}

/// Draws the plan with the commands of each device in place of its leaves.
pub fn markdown_commands(plan: &Plan, commands: &Commands) -> String {
    draw(plan, &|name, device| {
        let lines = commands.get(name).map(Vec::as_slice).unwrap_or_default();
        command_lines(lines, device)
    })
}

/// The plan around what changes on a device, which a closure says in lines.
fn draw(plan: &Plan, lines_of: &dyn Fn(&DeviceName, &DevicePlan) -> Vec<String>) -> String {
    let mut out =
        format!("### Plan for fabric `{}`, {}\n\n{}\n", plan.fabric, revisions(plan), summary(plan));
    for (name, device) in plan.in_natural_order() {
        if device.is_empty() && device.notes.is_empty() {
            continue;
        }
        let counts = short_counts(device.counts());
        out.push_str(&format!("\n<details><summary><b>{name}</b> {counts}</summary>\n\n"));
        let mut lines = lines_of(name, device);
        lines.extend(device.notes.iter().map(|it| format!("# note: {}", note(it))));
        out.push_str(&fenced(&lines));
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

/// The leaves of one device. The sign stands first, so that the block is coloured.
fn changes(device: &DevicePlan) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &device.changes {
        let text = format!("{} {}", printable(&change.path), values(change));
        lines.push(annotated(sign(change), &text, change.drift, origin(change)));
    }
    lines.extend(device.removed.iter().map(|entry| format!("- {} (the whole entry)", printable(entry))));
    lines
}

fn command_lines(lines: &[CliLine], device: &DevicePlan) -> Vec<String> {
    let drifted = drifted(device);
    let line = |line: &CliLine| {
        let drift = line.leaves.iter().any(|path| drifted.contains(path));
        annotated(line.sign.as_char(), &command(line), drift, origin_of_command(line))
    };
    lines.iter().map(line).collect()
}

/// `!` is what a block of `diff` has for a change.
fn annotated(sign: char, text: &str, drift: bool, origin: Option<String>) -> String {
    let sign = if sign == '~' { '!' } else { sign };
    let drift = if drift { "  (drift)" } else { "" };
    let origin = origin.map(|origin| format!("  # {origin}")).unwrap_or_default();
    format!("{sign} {text}{drift}{origin}")
}

/// A code block whose fence is longer than any row of backticks inside it.
fn fenced(lines: &[String]) -> String {
    let text = lines.join("\n");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{text}\n{fence}\n")
}
