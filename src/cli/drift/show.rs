//! The list of what differs: for people, by device, and for machines.

use std::collections::BTreeMap;
use std::io::Write;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use serde::Serialize;

use super::{Listed, Row};
use crate::cli::output::print_json;
use crate::cli::status::ago;
use crate::names::{CommitId, DeviceName, FabricName, RepoPath};
use crate::plan::render::{plural, printable};
use crate::record::{DriftKind, WatchEntry, WatchState};

/// Prints it for people.
pub(super) fn text(listed: &Listed, now: Timestamp, out: &mut dyn Write) -> anyhow::Result<()> {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let mut text = String::new();
    let mut count = (0, 0);
    for (device, rows) in listed.devices.iter().filter(|(_, rows)| !rows.is_empty()) {
        count = (count.0 + 1, count.1 + rows.len());
        text.push_str(&format!("{bold}{device}{bold:#}  {}\n", plural(rows.len(), "difference")));
        for row in rows {
            text.push_str(&of_row(row, now));
        }
        text.push('\n');
    }
    let (devices, leaves) = count;
    if leaves > 0 {
        text.push_str(&format!(
            "{} on {}. `gitfabric drift accept DEVICE PATH` makes the intent ask for what is there.\n",
            plural(leaves, "difference"),
            plural(devices, "device")
        ));
    } else if listed.live && listed.devices.is_empty() {
        text.push_str("No device was read.\n");
    } else if listed.live {
        text.push_str("Nothing differs: every device that was read holds what was put there.\n");
    } else {
        text.push_str("Nothing is on record that differs from what was put there.\n");
    }
    for (device, why) in &listed.not_read {
        text.push_str(&format!("{device} was not read: {}\n", printable(why)));
    }
    text.push_str(&format!("{dim}{}{dim:#}\n", known(listed, now)));
    out.write_all(text.as_bytes())?;
    Ok(())
}

/// One thing that differs, in some lines.
pub(super) fn of_row(row: &Row, now: Timestamp) -> String {
    let (red, green, dim) =
        (AnsiColor::Red.on_default(), AnsiColor::Green.on_default(), Style::new().dimmed());
    let leaf = &row.leaf;
    let kind = match leaf.kind {
        DriftKind::Owned => "",
        DriftKind::Secret => "  (a secret: never put back by itself)",
        DriftKind::Strict => "  (not ours: never taken away)",
        DriftKind::Protected => "  (never sent: put it right by hand)",
    };
    let mut text = format!("  {}{dim}{kind}{dim:#}\n", printable(&leaf.path));
    let recorded = leaf.recorded.as_deref().unwrap_or("(nothing)");
    let live = leaf.live.as_deref().unwrap_or("(nothing)");
    text.push_str(&format!("    {red}- {}{red:#}\n", printable(&recorded.to_owned())));
    text.push_str(&format!("    {green}+ {}{green:#}\n", printable(&live.to_owned())));
    let mut parts: Vec<String> =
        row.since.iter().map(|since| format!("since {}", ago(now, *since))).collect();
    if let Some(asked) = &row.asked {
        parts.push(format!("asked by {}:{}", asked.place.file, asked.place.line));
        if let Some(commit) = &asked.commit {
            parts.push(format!("{} {:?}", commit.id.short(), commit.message.subject));
            parts.push(format!("{}, {}", printable(&commit.author), ago(now, commit.written)));
        }
    }
    if !parts.is_empty() {
        text.push_str(&format!("    {dim}{}{dim:#}\n", parts.join(" · ")));
    }
    text
}

/// How fresh that is.
fn known(listed: &Listed, now: Timestamp) -> String {
    if listed.live {
        return "The devices were read just now.".to_owned();
    }
    let pass = listed.pass.map(|(pass, at)| format!("Pass {pass} ended {}", ago(now, at)));
    let pass = pass.unwrap_or_else(|| "No pass has run yet".to_owned());
    let count = |state| listed.watches.values().filter(|watch| watch.state == state).count();
    let states = [
        (WatchState::Watching, "watched"),
        (WatchState::Polling, "looked at from time to time"),
        (WatchState::Away, "away"),
    ];
    let states = states.iter().filter(|(state, _)| count(*state) > 0);
    let mut states: Vec<String> = states.map(|(state, word)| format!("{} {word}", count(*state))).collect();
    if states.is_empty() {
        states.push("no device is watched".to_owned());
    }
    let away =
        listed.watches.iter().filter(|(_, watch)| watch.state == WatchState::Away).map(|(device, watch)| {
            let why = watch.detail.as_ref().map_or_else(String::new, |why| format!(": {}", printable(why)));
            format!("\n{device} is away since {}{why}", ago(now, watch.since))
        });
    format!("{pass}; {}.{}", states.join(", "), away.collect::<String>())
}

#[derive(Serialize)]
struct Json<'a> {
    format: u32,
    fabric: &'a FabricName,
    live: bool,
    drift: Vec<RowJson<'a>>,
    watches: BTreeMap<&'a DeviceName, WatchJson<'a>>,
    not_read: &'a BTreeMap<DeviceName, String>,
    pass: Option<PassJson>,
}

#[derive(Serialize)]
struct PassJson {
    pass: u64,
    at: String,
}

#[derive(Serialize)]
struct WatchJson<'a> {
    state: WatchState,
    detail: Option<&'a str>,
    since: String,
}

#[derive(Serialize)]
struct RowJson<'a> {
    device: &'a DeviceName,
    path: &'a str,
    kind: DriftKind,
    recorded: Option<&'a str>,
    live: Option<&'a str>,
    since: Option<String>,
    asked: Option<AskedJson<'a>>,
}

#[derive(Serialize)]
struct AskedJson<'a> {
    file: &'a RepoPath,
    line: u32,
    column: u32,
    commit: Option<&'a CommitId>,
    subject: Option<&'a str>,
    author: Option<&'a str>,
    email: Option<&'a str>,
    written: Option<String>,
}

/// Prints it for machines.
pub(super) fn json(listed: &Listed, out: &mut dyn Write) -> anyhow::Result<()> {
    let rows = listed.devices.iter().flat_map(|(device, rows)| rows.iter().map(move |row| (device, row)));
    let json = Json {
        format: 1,
        fabric: &listed.fabric,
        live: listed.live,
        drift: rows.map(|(device, row)| row_json(device, row)).collect(),
        watches: listed.watches.iter().map(|(device, watch)| (device, watch_json(watch))).collect(),
        not_read: &listed.not_read,
        pass: listed.pass.map(|(pass, at)| PassJson { pass, at: at.to_string() }),
    };
    print_json(out, &json)
}

fn watch_json(watch: &WatchEntry) -> WatchJson<'_> {
    WatchJson { state: watch.state, detail: watch.detail.as_deref(), since: watch.since.to_string() }
}

fn row_json<'a>(device: &'a DeviceName, row: &'a Row) -> RowJson<'a> {
    let leaf = &row.leaf;
    let asked = row.asked.as_ref().map(|asked| {
        let commit = asked.commit.as_ref();
        AskedJson {
            file: &asked.place.file,
            line: asked.place.line,
            column: asked.place.column,
            commit: commit.map(|commit| &commit.id),
            subject: commit.map(|commit| commit.message.subject.as_str()),
            author: commit.map(|commit| commit.author.as_str()),
            email: commit.map(|commit| commit.email.as_str()),
            written: commit.map(|commit| commit.written.to_string()),
        }
    });
    RowJson {
        device,
        path: &leaf.path,
        kind: leaf.kind,
        recorded: leaf.recorded.as_deref(),
        live: leaf.live.as_deref(),
        since: row.since.map(|since| since.to_string()),
        asked,
    }
}
