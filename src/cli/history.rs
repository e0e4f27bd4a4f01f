//! `gitfabric history`: passes, and what they did to devices.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;

use super::agent_file::AgentFile;
use super::output::print_json;
use super::table::Table;
use crate::names::{CommitId, DeviceName, FabricName, PassNumber};
use crate::record::{DeviceEvent, EventKind, PassEntry, Store};

/// What the agent did, newest first: passes, or with DEVICE what each pass did to it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show this device alone
    device: Option<DeviceName>,
    #[command(flatten)]
    agent: AgentFile,
    /// Show at most this many
    #[arg(long, short = 'n', default_value_t = 20)]
    limit: u32,
    /// Print JSON for machines (format 1)
    #[arg(long)]
    json: bool,
}

/// Runs `gitfabric history`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = args.agent.read()?;
    let store = Store::open_to_read(&config.record())
        .context("no agent has worked from this state folder yet: start `gitfabric run`")?;
    for fabric in store.fabrics()? {
        let fabric = fabric.fabric;
        let passes = store.passes(&fabric, args.limit)?;
        let events = store.events(&fabric, args.device.as_ref(), args.limit.saturating_mul(64))?;
        if let Some(device) = &args.device
            && events.is_empty()
            && store.device(&fabric, device)?.is_none()
        {
            anyhow::bail!("the record knows no device {device} in fabric {fabric}");
        }
        if args.json {
            print_json(out, &json(&fabric, &passes, &events, args.device.is_none()))?;
        } else if args.device.is_some() {
            write!(out, "{}", device_table(&events, args.limit as usize))?;
        } else {
            write!(out, "{}", pass_table(&passes, &events))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn local(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn device_table(events: &[DeviceEvent], limit: usize) -> String {
    let mut table = Table::with_heading(&["pass", "when", "commit", "what", "leaves", "detail"]);
    for event in events.iter().take(limit) {
        table.row([
            event.pass.to_string().into(),
            local(event.at).into(),
            event.commit.short().into(),
            event.kind.as_str().into(),
            event.changes.to_string().into(),
            event.detail.clone().unwrap_or_default().into(),
        ]);
    }
    table.to_string()
}

/// Whether the device was sent something, and took it.
fn is_set(kind: EventKind) -> bool {
    matches!(kind, EventKind::Applied | EventKind::Corrected)
}

fn pass_table(passes: &[PassEntry], events: &[DeviceEvent]) -> String {
    let mut table = Table::with_heading(&["pass", "when", "commit", "why", "outcome"]);
    for pass in passes {
        let applied: Vec<&str> = events
            .iter()
            .filter(|event| event.pass == pass.pass && is_set(event.kind))
            .map(|event| event.device.as_str())
            .collect();
        let summary = pass.summary.clone().unwrap_or_else(|| "under way, or cut off".to_owned());
        let sets = if applied.is_empty() { String::new() } else { format!(" (Set: {})", applied.join(", ")) };
        table.row([
            pass.pass.to_string().into(),
            local(pass.started_at).into(),
            pass.commit.short().into(),
            pass.why.clone().into(),
            format!("{summary}{sets}").into(),
        ]);
    }
    table.to_string()
}

#[derive(Serialize)]
struct Json<'a> {
    format: u32,
    fabric: &'a FabricName,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    passes: Vec<PassJson<'a>>,
    events: Vec<EventJson<'a>>,
}

#[derive(Serialize)]
struct PassJson<'a> {
    pass: PassNumber,
    commit: &'a CommitId,
    why: &'a str,
    started_at: String,
    finished_at: Option<String>,
    summary: Option<&'a str>,
}

#[derive(Serialize)]
struct EventJson<'a> {
    pass: PassNumber,
    device: &'a DeviceName,
    commit: &'a CommitId,
    what: EventKind,
    leaves: u64,
    detail: Option<&'a str>,
    at: String,
}

fn json<'a>(
    fabric: &'a FabricName,
    passes: &'a [PassEntry],
    events: &'a [DeviceEvent],
    with_passes: bool,
) -> Json<'a> {
    let pass = |pass: &'a PassEntry| PassJson {
        pass: pass.pass,
        commit: &pass.commit,
        why: &pass.why,
        started_at: pass.started_at.to_string(),
        finished_at: pass.finished_at.map(|time| time.to_string()),
        summary: pass.summary.as_deref(),
    };
    let event = |event: &'a DeviceEvent| EventJson {
        pass: event.pass,
        device: &event.device,
        commit: &event.commit,
        what: event.kind,
        leaves: event.changes,
        detail: event.detail.as_deref(),
        at: event.at.to_string(),
    };
    Json {
        format: 1,
        fabric,
        passes: if with_passes { passes.iter().map(pass).collect() } else { Vec::new() },
        events: events.iter().map(event).collect(),
    }
}
