//! `gitfabric status`: a line a device, also while the agent runs and after it has stopped.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use jiff::{SpanRound, Timestamp, Unit};
use serde::Serialize;

use super::agent_file::AgentFile;
use super::alerts::MessageJson;
use super::hold::HoldJson;
use super::output::print_json;
use super::table::{Cell, Table};
use crate::agent::run::Report;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::record::{
    DeliveryEntry, DeviceEntry, FabricEntry, GivenUp, Holds, Standing, Store, Verdict, WatchEntry, WatchState,
};

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
        if Shown::read(&store, Timestamp::now())? != shown {
            writeln!(out)?;
            shown = print(args, &store, out)?;
        }
    }
}

/// How often `--watch` looks: a person does not read faster.
const WATCH_PERIOD: std::time::Duration = std::time::Duration::from_millis(500);

/// What is on record of one fabric.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    fabric: FabricEntry,
    devices: Vec<DeviceEntry>,
    between: Between,
}

/// What happens on the devices between passes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Between {
    /// How many leaves differ on each device.
    drift: BTreeMap<DeviceName, usize>,
    given_up: BTreeMap<DeviceName, GivenUp>,
    watches: BTreeMap<DeviceName, WatchEntry>,
    holds: Holds,
}

/// All that is shown.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    fabrics: Vec<Seen>,
    /// What nobody could be told.
    given_up: Vec<DeliveryEntry>,
}

impl Shown {
    fn read(store: &Store, now: Timestamp) -> anyhow::Result<Self> {
        Ok(Self { fabrics: read(store, now)?, given_up: super::alerts::given_up(store)? })
    }
}

fn read(store: &Store, now: Timestamp) -> anyhow::Result<Vec<Seen>> {
    let mut seen = Vec::new();
    for fabric in store.fabrics()? {
        let name = &fabric.fabric;
        let devices = store.devices(name)?;
        let drift = store.drift(name)?.into_iter().map(|(device, leaves)| (device, leaves.len())).collect();
        let between = Between {
            drift,
            given_up: store.given_up(name)?,
            watches: store.watches(name)?,
            holds: store.holds(name, now)?,
        };
        seen.push(Seen { fabric, devices, between });
    }
    Ok(seen)
}

fn print(args: &Args, store: &Store, out: &mut dyn Write) -> anyhow::Result<Shown> {
    let now = Timestamp::now();
    let shown = Shown::read(store, now)?;
    let Shown { fabrics, given_up } = &shown;
    if args.json {
        let fabrics = fabrics.iter().map(fabric_json).collect();
        let dead_letters = given_up.iter().map(super::alerts::message_json).collect();
        print_json(out, &Json { format: 1, fabrics, dead_letters })?;
    } else {
        for Seen { fabric, devices, between } in fabrics {
            write!(out, "{}", text(fabric, devices, between, now))?;
        }
        write!(out, "{}", super::alerts::dead_letters(given_up))?;
        if fabrics.is_empty() {
            writeln!(out, "The agent has not read a commit yet.")?;
        }
    }
    Ok(shown)
}

/// Prints what an agent saw at the end of a pass.
pub(super) fn print_report(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    match &report.fabric {
        Some(fabric) => {
            write!(out, "{}", text(fabric, &report.devices, &Between::default(), Timestamp::now()))?;
        }
        None => writeln!(out, "No commit has been read.")?,
    }
    Ok(())
}

fn text(fabric: &FabricEntry, devices: &[DeviceEntry], between: &Between, now: Timestamp) -> String {
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
    // columns that say nothing of any device are left out
    let (drifts, watched) = (!between.drift.is_empty(), !between.watches.is_empty());
    let mut heading = vec!["device", "commit", "state", "since"];
    heading.extend(drifts.then_some("drift"));
    heading.extend(watched.then_some("watch"));
    heading.push("why");
    let mut table = Table::with_heading(&heading);
    for device in devices {
        let mut row: Vec<Cell> = vec![
            device.device.as_str().into(),
            device.commit.as_ref().map_or("-", CommitId::short).into(),
            Cell::styled(device.standing.as_str(), style(device.standing)),
            ago(now, device.since).into(),
        ];
        if drifts {
            row.push(between.drift.get(&device.device).map_or(String::new(), |count| leaves(*count)).into());
        }
        if watched {
            let watch = between.watches.get(&device.device);
            row.push(watch.map_or("-", |watch| watch.state.as_str()).into());
        }
        row.push(between.why(device).into());
        table.row(row);
    }
    text.push_str(&table.to_string());
    if between.holds.iter().next().is_some() {
        text.push_str(&format!("\n{}", super::hold::table(between.holds.iter(), now)));
    }
    text
}

fn leaves(count: usize) -> String {
    if count == 1 { "1 leaf".to_owned() } else { format!("{count} leaves") }
}

impl Between {
    /// Why a device is not as it should be, or is not watched as it should be.
    fn why(&self, device: &DeviceEntry) -> String {
        let watch = self.watches.get(&device.device).filter(|watch| watch.state != WatchState::Watching);
        let watch = watch.and_then(|watch| watch.detail.clone());
        // how long a hold lasts stands below
        let mut parts: Vec<String> = device.reason.clone().into_iter().collect();
        parts.extend(watch.filter(|detail| !parts.contains(detail)));
        parts.join("; ")
    }
}

fn style(standing: Standing) -> Style {
    match standing {
        Standing::Current => AnsiColor::Green.on_default(),
        Standing::Behind | Standing::Waiting | Standing::Unreachable => AnsiColor::Yellow.on_default(),
        Standing::Diverged | Standing::Drifted => AnsiColor::Red.on_default(),
        Standing::Held => AnsiColor::Cyan.on_default(),
        Standing::Staged | Standing::Paused | Standing::Released => Style::new().dimmed(),
    }
}

/// How long ago, in one unit: `42s ago`.
pub(super) fn ago(now: Timestamp, then: Timestamp) -> String {
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

/// How long until then, in one or two units: `3h 20m`.
pub(super) fn left(now: Timestamp, until: Timestamp) -> String {
    let seconds = until.duration_since(now).as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

#[derive(Serialize)]
struct Json<'a> {
    format: u32,
    fabrics: Vec<FabricJson<'a>>,
    /// What nobody could be told.
    dead_letters: Vec<MessageJson<'a>>,
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
    /// How many leaves, or entries, differ.
    drift: usize,
    /// Nothing is put back any more; none if it is.
    given_up: Option<GivenUpJson<'a>>,
    /// How it is watched; none if it is not.
    watch: Option<WatchJson<'a>>,
    holds: Vec<HoldJson<'a>>,
}

#[derive(Serialize)]
struct GivenUpJson<'a> {
    since: String,
    commit: &'a CommitId,
    why: &'a str,
}

#[derive(Serialize)]
struct WatchJson<'a> {
    state: WatchState,
    since: String,
    detail: Option<&'a str>,
}

fn fabric_json(seen: &Seen) -> FabricJson<'_> {
    let Seen { fabric, devices, between } = seen;
    let device = |device| device_json(device, between);
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

fn device_json<'a>(device: &'a DeviceEntry, between: &'a Between) -> DeviceJson<'a> {
    let given_up =
        |it: &'a GivenUp| GivenUpJson { since: it.at.to_string(), commit: &it.commit, why: &it.reason };
    let watch = |it: &'a WatchEntry| WatchJson {
        state: it.state,
        since: it.since.to_string(),
        detail: it.detail.as_deref(),
    };
    DeviceJson {
        device: &device.device,
        commit: device.commit.as_ref(),
        state: device.standing,
        since: device.since.to_string(),
        why: device.reason.as_deref(),
        tree: device.tree_hash.as_deref(),
        applied_by_pass: device.applied_by.map(crate::names::PassNumber::get),
        set_in_flight: device.in_flight,
        drift: between.drift.get(&device.device).copied().unwrap_or_default(),
        given_up: between.given_up.get(&device.device).map(given_up),
        watch: between.watches.get(&device.device).map(watch),
        holds: between.holds.of(&device.device).map(super::hold::json).collect(),
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

    #[test]
    fn what_is_left_of_a_hold_is_told_in_few_units() {
        let now = Timestamp::UNIX_EPOCH;
        for (seconds, expected) in
            [(-5, "0s"), (59, "59s"), (120, "2m"), (12_000, "3h 20m"), (14_400, "4h 0m"), (180_000, "2d 2h")]
        {
            assert_eq!(left(now, Timestamp::from_second(seconds).unwrap()), expected);
        }
    }
}
