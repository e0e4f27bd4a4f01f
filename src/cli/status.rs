//! `gitfabric status`: a line a device, also while the agent runs and after it has stopped.

use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use jiff::{SpanRound, Timestamp, Unit};
use serde::Serialize;

use super::agent_file::AgentFile;
use super::output::print_json;
use super::table::{Cell, Table};
use crate::agent::run::Report;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::record::{DeviceEntry, FabricEntry, Standing, Store, Verdict};

/// A line a device: the commit it holds, its state, since when, and why not the newest.
///
/// Reads the agent's record; the agent may run or not. A device that a commit does not
/// concern is shown at that commit too: its configuration is what that commit says.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    agent: AgentFile,
    /// Print JSON for machines (format 1)
    #[arg(long)]
    json: bool,
    /// Print again whenever something changed, until Ctrl-C
    #[arg(long, conflicts_with = "json")]
    watch: bool,
}

/// Runs `gitfabric status`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = args.agent.read()?;
    let store = Store::open_to_read(&config.record())
        .context("no agent has worked from this state folder yet: start `gitfabric run`")?;
    let mut shown = print(args, &store, out)?;
    if !args.watch {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        out.flush()?;
        std::thread::sleep(WATCH_PERIOD);
        if read(&store)? != shown {
            writeln!(out)?;
            shown = print(args, &store, out)?;
        }
    }
}

/// How often `--watch` looks: a person does not read faster.
const WATCH_PERIOD: std::time::Duration = std::time::Duration::from_millis(500);

type Seen = Vec<(FabricEntry, Vec<DeviceEntry>)>;

fn read(store: &Store) -> anyhow::Result<Seen> {
    let mut seen = Vec::new();
    for fabric in store.fabrics()? {
        let devices = store.devices(&fabric.fabric)?;
        seen.push((fabric, devices));
    }
    Ok(seen)
}

fn print(args: &Args, store: &Store, out: &mut dyn Write) -> anyhow::Result<Seen> {
    let seen = read(store)?;
    if args.json {
        print_json(
            out,
            &Json {
                format: 1,
                fabrics: seen.iter().map(|(fabric, devices)| fabric_json(fabric, devices)).collect(),
            },
        )?;
    } else {
        for (fabric, devices) in &seen {
            write!(out, "{}", text(fabric, devices, Timestamp::now()))?;
        }
        if seen.is_empty() {
            writeln!(out, "The agent has not read a commit yet.")?;
        }
    }
    Ok(seen)
}

/// Prints what an agent saw at the end of a pass.
pub(super) fn print_report(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    match &report.fabric {
        Some(fabric) => write!(out, "{}", text(fabric, &report.devices, Timestamp::now()))?,
        None => writeln!(out, "No commit has been read.")?,
    }
    Ok(())
}

fn text(fabric: &FabricEntry, devices: &[DeviceEntry], now: Timestamp) -> String {
    let mut text = String::new();
    let bold = Style::new().bold();
    let current = devices
        .iter()
        .filter(|device| device.standing == Standing::Current && device.commit == fabric.good)
        .count();
    let at = fabric.good.as_ref().map_or("no commit yet", CommitId::short);
    text.push_str(&format!(
        "{bold}{}{bold:#} at {at}: {current} of {} devices current\n",
        fabric.fabric,
        devices.len()
    ));
    if fabric.verdict != Verdict::Good {
        let head = fabric.head.as_ref().map_or("the head", CommitId::short);
        let red = AnsiColor::Red.on_default();
        let reason = fabric.reason.as_deref().unwrap_or("see the findings");
        text.push_str(&format!("{red}{head} is {}{red:#}: {reason}\n", fabric.verdict.as_str()));
        if let Some(findings) = &fabric.findings {
            text.push_str(findings);
            text.push('\n');
        }
    }
    let mut table = Table::with_heading(&["device", "commit", "state", "since", "why"]);
    for device in devices {
        table.row([
            device.device.as_str().into(),
            device.commit.as_ref().map_or("-", CommitId::short).into(),
            Cell::styled(device.standing.as_str(), style(device.standing)),
            ago(now, device.since).into(),
            device.reason.clone().unwrap_or_default().into(),
        ]);
    }
    text.push_str(&table.to_string());
    text
}

fn style(standing: Standing) -> Style {
    match standing {
        Standing::Current => AnsiColor::Green.on_default(),
        Standing::Behind | Standing::Waiting | Standing::Unreachable => AnsiColor::Yellow.on_default(),
        Standing::Diverged | Standing::Drifted => AnsiColor::Red.on_default(),
        Standing::Staged | Standing::Paused | Standing::Released => Style::new().dimmed(),
    }
}

/// How long ago, in one unit: `42s ago`.
fn ago(now: Timestamp, then: Timestamp) -> String {
    // a clock may have been set back
    let span = now.max(then) - then;
    let seconds = span.get_seconds();
    let unit = match seconds {
        ..120 => Unit::Second,
        120..7_200 => Unit::Minute,
        7_200..172_800 => Unit::Hour,
        _ => return then.strftime("%Y-%m-%d").to_string(),
    };
    let rounded = span.round(SpanRound::new().largest(unit).smallest(unit)).unwrap_or(span);
    format!("{rounded:#} ago")
}

#[derive(Serialize)]
struct Json<'a> {
    format: u32,
    fabrics: Vec<FabricJson<'a>>,
}

#[derive(Serialize)]
struct FabricJson<'a> {
    fabric: &'a FabricName,
    commit: Option<&'a CommitId>,
    head: Option<&'a CommitId>,
    verdict: Verdict,
    reason: Option<&'a str>,
    findings: Option<&'a str>,
    devices: Vec<DeviceJson<'a>>,
}

#[derive(Serialize)]
struct DeviceJson<'a> {
    device: &'a DeviceName,
    commit: Option<&'a CommitId>,
    state: Standing,
    since: String,
    why: Option<&'a str>,
    tree: Option<&'a str>,
    applied_by_pass: Option<u64>,
    set_in_flight: bool,
}

fn fabric_json<'a>(fabric: &'a FabricEntry, devices: &'a [DeviceEntry]) -> FabricJson<'a> {
    let device = |device: &'a DeviceEntry| DeviceJson {
        device: &device.device,
        commit: device.commit.as_ref(),
        state: device.standing,
        since: device.since.to_string(),
        why: device.reason.as_deref(),
        tree: device.tree_hash.as_deref(),
        applied_by_pass: device.applied_by.map(crate::names::PassNumber::get),
        set_in_flight: device.in_flight,
    };
    FabricJson {
        fabric: &fabric.fabric,
        commit: fabric.good.as_ref(),
        head: fabric.head.as_ref(),
        verdict: fabric.verdict,
        reason: fabric.reason.as_deref(),
        findings: fabric.findings.as_deref(),
        devices: devices.iter().map(device).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_one_unit() {
        let then = Timestamp::UNIX_EPOCH;
        for (seconds, expected) in
            [(0, "0s ago"), (119, "119s ago"), (180, "3m ago"), (7_200, "2h ago"), (200_000, "1970-01-01")]
        {
            let now = Timestamp::from_second(seconds).unwrap();
            assert_eq!(ago(now, then), expected);
        }
        assert_eq!(ago(then, Timestamp::from_second(9).unwrap()), "0s ago", "a clock that went back");
    }
}
