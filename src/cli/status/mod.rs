//! `gitfabric status`: a line a device, also while the agent runs and after it has stopped.
//!
//! Here: what is read and its table; `json` says the same to machines.

mod json;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use jiff::{SpanRound, Timestamp, Unit};

use super::agent_file::AgentFile;
use super::output::print_json;
use super::table::{Cell, Table};
use crate::agent::config::Config;
use crate::agent::run::Report;
use crate::names::{CommitId, DeviceName};
use crate::record::{
    DeliveryEntry, DeviceEntry, FabricEntry, GivenUp, Holds, Lock, PassEntry, Standing, Store, Verdict,
    WatchEntry, WatchState,
};

/// A line a device: the commit it holds, its state, since when, and why not the newest.
///
/// Reads the agent's record; the agent may run or not, which is said. A device that a commit does
/// not concern is shown at that commit too: its configuration is what that commit says.
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
    let mut shown = print(args, &config, &store, out)?;
    if !args.watch {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        out.flush()?;
        std::thread::sleep(WATCH_PERIOD);
        if Shown::read(&config, &store, Timestamp::now())? != shown {
            writeln!(out)?;
            shown = print(args, &config, &store, out)?;
        }
    }
}

/// How often `--watch` looks: a person does not read faster.
const WATCH_PERIOD: std::time::Duration = std::time::Duration::from_millis(500);

/// What is on record of one fabric.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    fabric: FabricEntry,
    /// The newest pass.
    pass: Option<PassEntry>,
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
    /// Whether an agent works from the state folder; none if that cannot be known.
    is_running: Option<bool>,
    fabrics: Vec<Seen>,
    /// What nobody could be told.
    given_up: Vec<DeliveryEntry>,
}

impl Shown {
    fn read(config: &Config, store: &Store, now: Timestamp) -> anyhow::Result<Self> {
        let is_running = Lock::is_taken(&config.state).ok();
        Ok(Self { is_running, fabrics: read(store, now)?, given_up: super::alerts::given_up(store)? })
    }
}

fn read(store: &Store, now: Timestamp) -> anyhow::Result<Vec<Seen>> {
    let mut seen = Vec::new();
    for fabric in store.fabrics()? {
        let name = &fabric.fabric;
        let pass = store.passes(name, 1)?.pop();
        let devices = store.devices(name)?;
        let drift = store.drift(name)?.into_iter().map(|(device, leaves)| (device, leaves.len())).collect();
        let between = Between {
            drift,
            given_up: store.given_up(name)?,
            watches: store.watches(name)?,
            holds: store.holds(name, now)?,
        };
        seen.push(Seen { fabric, pass, devices, between });
    }
    Ok(seen)
}

fn print(args: &Args, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<Shown> {
    let now = Timestamp::now();
    let shown = Shown::read(config, store, now)?;
    if args.json {
        print_json(out, &json::of(&shown))?;
        return Ok(shown);
    }
    let Shown { is_running, fabrics, given_up } = &shown;
    let is_gone = *is_running == Some(false);
    if is_gone {
        let yellow = AnsiColor::Yellow.on_default();
        writeln!(out, "{yellow}no agent runs on this state folder{yellow:#}: this is what the last one saw")?;
    }
    for seen in fabrics {
        write!(out, "{}", text(seen, is_gone, now))?;
    }
    write!(out, "{}", super::alerts::dead_letters(given_up))?;
    if fabrics.is_empty() {
        writeln!(out, "The agent has not read a commit yet.")?;
    }
    Ok(shown)
}

/// Prints what an agent saw at the end of a pass.
pub(super) fn print_report(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(fabric) = report.fabric.clone() else { return Ok(writeln!(out, "No commit has been read.")?) };
    let seen = Seen { fabric, pass: None, devices: report.devices.clone(), between: Between::default() };
    Ok(write!(out, "{}", text(&seen, false, Timestamp::now()))?)
}

/// `is_gone`: nobody watches, or passes, now.
fn text(seen: &Seen, is_gone: bool, now: Timestamp) -> String {
    let Seen { fabric, devices, between, .. } = seen;
    let mut text = String::new();
    let bold = Style::new().bold();
    let at = fabric.good.as_ref().map_or("no commit yet", CommitId::short);
    text.push_str(&format!("{bold}{}{bold:#} at {at}: {}\n", fabric.fabric, seen.how_far(now)));
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
            let state = watch.map_or("-", |watch| watch.state.as_str());
            let is_past = is_gone && watch.is_some();
            row.push(if is_past { format!("was {state}") } else { state.to_owned() }.into());
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

impl Seen {
    /// How many devices are current. Until its pass has looked at all of them, nothing is said of a
    /// commit but how many hold it already.
    fn how_far(&self, now: Timestamp) -> String {
        let Self { fabric, pass, devices, .. } = self;
        let good = fabric.good.as_ref();
        let is_current =
            |device: &&DeviceEntry| device.standing == Standing::Current && device.commit.as_ref() == good;
        let (current, all) = (devices.iter().filter(is_current).count(), devices.len());
        let pass = pass.as_ref().filter(|pass| Some(&pass.commit) == good);
        let is_over = pass.is_some_and(|pass| pass.finished_at.is_some());
        if is_over || devices.iter().all(|device| device.target.as_ref() == good) {
            return format!("{current} of {all} devices current");
        }
        let pass = pass.map_or_else(
            || "its pass has not begun".to_owned(),
            |pass| format!("its pass began {} and has not ended", ago(now, pass.started_at)),
        );
        format!("{current} of {all} devices hold it yet; {pass}")
    }
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

    #[test]
    fn a_commit_counts_who_holds_it_until_its_pass_is_over() {
        let now = Timestamp::from_second(100).unwrap();
        let commit = |digit: char| -> CommitId { digit.to_string().repeat(40).parse().unwrap() };
        let device = |name: &str, at: char| DeviceEntry {
            device: name.parse().unwrap(),
            commit: Some(commit(at)),
            tree_hash: None,
            engine: None,
            pack: None,
            applied_by: None,
            standing: Standing::Current,
            reason: None,
            target: Some(commit(at)),
            pass: "1".parse().unwrap(),
            since: now,
            in_flight: false,
            puts_back: false,
        };
        let pass = |at: char, finished: bool| PassEntry {
            pass: "2".parse().unwrap(),
            commit: commit(at),
            why: "the head moved".to_owned(),
            started_at: Timestamp::from_second(97).unwrap(),
            finished_at: finished.then_some(now),
            summary: None,
        };
        for (case, first, pass, expected) in [
            ("just pushed", 'a', Some(pass('a', true)), "0 of 2 devices hold it yet; its pass has not begun"),
            ("the first of all", 'a', None, "0 of 2 devices hold it yet; its pass has not begun"),
            (
                "one has it",
                'b',
                Some(pass('b', false)),
                "1 of 2 devices hold it yet; its pass began 3s ago and has not ended",
            ),
            ("one was away", 'b', Some(pass('b', true)), "1 of 2 devices current"),
        ] {
            let fabric = FabricEntry {
                fabric: "dc1".parse().unwrap(),
                good: Some(commit('b')),
                head: None,
                verdict: Verdict::Good,
                reason: None,
                findings: None,
                seen_at: now,
            };
            let devices = vec![device("leaf1", first), device("leaf2", 'a')];
            let seen = Seen { fabric, pass, devices, between: Between::default() };
            assert_eq!(seen.how_far(now), expected, "{case}");
        }
    }
}
