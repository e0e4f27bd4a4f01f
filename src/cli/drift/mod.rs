//! `gitfabric drift`: what differs on devices now, and who asked for it otherwise.
//!
//! Here: the arguments, and the list's way. `lines`: the line that asked for a leaf, its commit
//! and author; `show`: text and JSON; `accept`: the intent made to ask for what stands there.
//! Elsewhere: finding drift (`drift`, `agent::live`), what is on record of it (`record`).

mod accept;
mod lines;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use jiff::Timestamp;

use self::lines::{Asked, Lines};
use super::agent_file::AgentFile;
use super::wait;
use crate::agent::config::Config;
use crate::agent::live;
use crate::names::{DeviceName, FabricName};
use crate::record::{DriftedLeaf, News, NewsLeaf, Store, WatchEntry};

/// What devices hold that the intent does not ask for: what, since when, and which line, commit
/// and author asked for something else.
///
/// From the agent's record; no device is called. With --live the devices are read now. `drift
/// accept` makes the intent ask for what a device holds.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only these devices
    devices: Vec<DeviceName>,
    #[command(flatten)]
    agent: AgentFile,
    /// Read the devices now
    #[arg(long)]
    live: bool,
    /// Print JSON for machines (format 1)
    #[arg(long)]
    json: bool,
    /// Exit with 2 if something differs, 0 if not, 1 on errors
    #[arg(long)]
    detailed_exitcode: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Accept(accept::Args),
}

/// One thing that differs on a device.
struct Row {
    leaf: DriftedLeaf,
    /// When it was first seen; none if that is not on record.
    since: Option<Timestamp>,
    /// The line that asked for something else.
    asked: Option<Asked>,
}

/// All that is listed.
struct Listed {
    fabric: FabricName,
    devices: BTreeMap<DeviceName, Vec<Row>>,
    /// How devices are watched; of a live list none.
    watches: BTreeMap<DeviceName, WatchEntry>,
    /// The last pass: its number and its end, or else its beginning.
    pass: Option<(u64, Timestamp)>,
    /// Devices that were not read, and why.
    not_read: BTreeMap<DeviceName, String>,
    /// Whether a device that was called is among them.
    failed: bool,
    live: bool,
}

/// Runs `gitfabric drift`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if let Some(Command::Accept(accepting)) = &args.command {
        args.refuse_before("accept")?;
        return accept::run(accepting, out);
    }
    let config = Arc::new(args.agent.read()?);
    let listed = args.list(&config)?;
    if args.json {
        show::json(&listed, out)?;
    } else {
        show::text(&listed, Timestamp::now(), out)?;
    }
    let differs = listed.devices.values().any(|rows| !rows.is_empty());
    Ok(match () {
        () if args.detailed_exitcode && differs => ExitCode::from(2),
        // nothing is known of a device that was to be read
        () if listed.failed => ExitCode::FAILURE,
        () => ExitCode::SUCCESS,
    })
}

/// The leaves of a piece of news, each as the list shows it.
pub(super) fn told(config: &Config, news: &News) -> anyhow::Result<String> {
    let row = |leaf: &NewsLeaf| Row {
        leaf: DriftedLeaf {
            path: leaf.path.clone(),
            kind: leaf.kind.parse().unwrap_or_default(),
            recorded: leaf.recorded.clone(),
            live: leaf.live.clone(),
        },
        since: None,
        asked: leaf
            .origin
            .as_ref()
            .zip(news.commit.as_ref())
            .and_then(|(origin, commit)| Asked::named(origin, commit)),
    };
    let mut rows: Vec<Row> = news.leaves.iter().map(row).collect();
    Lines::open(config)?.add_commits(rows.iter_mut().filter_map(|row| row.asked.as_mut()));
    let now = Timestamp::now();
    Ok(rows.iter().map(|row| show::of_row(row, now)).collect())
}

impl Args {
    /// What is said of the list says nothing of a subcommand; `--config` alone is of both.
    fn refuse_before(&self, subcommand: &str) -> anyhow::Result<()> {
        let flags =
            [("--live", self.live), ("--json", self.json), ("--detailed-exitcode", self.detailed_exitcode)];
        if let Some((flag, _)) = flags.iter().find(|(_, is_given)| *is_given) {
            bail!(
                "{flag} before `{subcommand}` is about the list: what `{subcommand}` takes stands behind it"
            );
        }
        Ok(())
    }

    fn list(&self, config: &Arc<Config>) -> anyhow::Result<Listed> {
        let store = Store::open_to_read(&config.record())
            .context("no agent has worked from this state folder yet: start `gitfabric run`")?;
        // the one whose commit counts, should the record know an older name of it
        let fabric = store.fabrics()?.into_iter().max_by_key(|entry| entry.good.is_some());
        let fabric = fabric.context("the agent has not read a commit yet")?;
        let name = fabric.fabric;
        let entries = store.devices(&name)?;
        let is_known = |device: &DeviceName| entries.iter().any(|entry| entry.device == *device);
        if let Some(unknown) = self.devices.iter().find(|device| !is_known(device)) {
            bail!("the record knows no device {unknown} in fabric {name}");
        }
        let is_asked = |device: &DeviceName| self.devices.is_empty() || self.devices.contains(device);
        let mut lines = Lines::open(config)?;
        let recorded = store.drift(&name)?;
        let (found, not_read, failed) = if self.live {
            let good =
                fabric.good.context("no commit was good yet, so nothing is known of what should be there")?;
            let build =
                lines.build(&good).context("the agent's mirror does not hold the last good commit")?;
            let only: BTreeSet<DeviceName> = self.devices.iter().cloned().collect();
            let (looked, mut not_read) = wait(live::look(Arc::clone(config), build, &only))?;
            let failed = looked.devices.values().any(Result::is_err);
            let mut found = BTreeMap::new();
            for (device, seen) in &looked.devices {
                match seen {
                    Ok(seen) => drop(found.insert(device.clone(), looked.leaves(seen))),
                    Err(why) => drop(not_read.insert(device.clone(), why.clone())),
                }
            }
            (found, not_read, failed)
        } else {
            let leaf =
                |rows: &Vec<(DriftedLeaf, Timestamp)>| rows.iter().map(|(leaf, _)| leaf.clone()).collect();
            (
                recorded.iter().map(|(device, rows)| (device.clone(), leaf(rows))).collect(),
                BTreeMap::new(),
                false,
            )
        };
        let mut devices = BTreeMap::new();
        for (device, leaves) in found.into_iter().filter(|(device, _)| is_asked(device)) {
            let commit =
                entries.iter().find(|entry| entry.device == device).and_then(|entry| entry.commit.clone());
            let since = |leaf: &DriftedLeaf| {
                let rows = recorded.get(&device)?;
                rows.iter().find(|(known, _)| known.path == leaf.path).map(|(_, since)| *since)
            };
            let rows = leaves.into_iter().map(|leaf| {
                let asked = commit.as_ref().and_then(|commit| lines.of(&device, &leaf, commit));
                Row { since: since(&leaf), asked, leaf }
            });
            let mut rows: Vec<Row> = rows.collect();
            rows.sort_by(|a, b| crate::yang::natural::natural(&a.leaf.path, &b.leaf.path));
            devices.insert(device, rows);
        }
        let rows = devices.values_mut().flatten();
        lines.add_commits(rows.filter_map(|row| row.asked.as_mut()));
        let mut watches = store.watches(&name)?;
        watches.retain(|device, _| is_asked(device) && !self.live);
        let pass = store.passes(&name, 1)?.into_iter().next();
        let pass = pass.map(|pass| (pass.pass.get(), pass.finished_at.unwrap_or(pass.started_at)));
        Ok(Listed { fabric: name, devices, watches, pass, not_read, failed, live: self.live })
    }
}
