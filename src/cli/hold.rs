//! `gitfabric hold`: leave a device, or a path of it, alone for a while.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::Serialize;

use super::agent_file::AgentFile;
use super::output::print_json;
use super::status::left;
use super::table::Table;
use crate::agent::holding::{self, Wanted};
use crate::names::FabricName;
use crate::record::{Hold, Store};

/// Leave a device, or a path of it, alone for a while: for an incident.
///
/// Nothing is sent to a held device. What differs at or below a held path is not put back, and a
/// commit that touches it waits on that device; others go on. Drift is seen and listed all the
/// same. A hold ends by itself, or with --lift; the agent, which may be running, follows at once
/// or with its next turn.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The device
    #[arg(required_unless_present = "list")]
    device: Option<String>,
    /// What of it, such as '/interfaces/interface[name=Ethernet1]'. Default: all of it
    path: Option<String>,
    /// How long: 30m, 4h, 2d; at most 7 days
    #[arg(long = "for", value_name = "LENGTH", required_unless_present_any = ["list", "lift"])]
    length: Option<String>,
    /// Why, for those who find it held
    #[arg(long, required_unless_present_any = ["list", "lift"])]
    reason: Option<String>,
    /// End the hold now
    #[arg(long, conflicts_with_all = ["length", "reason", "list"])]
    lift: bool,
    /// List what is held
    #[arg(long, conflicts_with_all = ["device", "length", "reason"])]
    list: bool,
    #[command(flatten)]
    agent: AgentFile,
    /// Print JSON for machines (format 1)
    #[arg(long)]
    json: bool,
}

/// Runs `gitfabric hold`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let record = args.agent.read()?.record();
    let none = "no agent has worked from this state folder yet: start `gitfabric run`";
    // a record that is not there is not made here
    let store = Store::open_to_read(&record).context(none)?;
    let fabric =
        store.fabrics()?.into_iter().max_by_key(|fabric| fabric.good.is_some()).context(none)?.fabric;
    let now = Timestamp::now();
    let Some(device) = args.device.as_deref() else { return list(args, &store, &fabric, now, out) };
    drop(store);
    let mut store = Store::open(&record)
        .context("the record cannot be written: a hold is asked for as the agent's own user, or root")?;
    let by = user();
    let wanted = Wanted { device, path: args.path.as_deref(), by: &by, now };
    if args.lift {
        let (device, path) = holding::lift(&mut store, &fabric, &wanted)?;
        return match args.json {
            true => {
                print_json(out, &Json { format: 1, fabric: &fabric, holds: Vec::new(), set_in_flight: None })
            }
            false if path.is_root() => Ok(writeln!(out, "{device} is held no more.")?),
            false => Ok(writeln!(out, "{path} of {device} is held no more.")?),
        }
        .map(|()| ExitCode::SUCCESS);
    }
    let (Some(length), Some(reason)) = (&args.length, &args.reason) else {
        bail!("--for and --reason are needed");
    };
    let hold = holding::hold(&mut store, &fabric, &wanted, length, reason)?;
    // asked after it was placed: no Set is begun from then on
    let in_flight = store.device(&fabric, &hold.device)?.is_some_and(|entry| entry.in_flight);
    if args.json {
        let set_in_flight = Some(in_flight);
        print_json(out, &Json { format: 1, fabric: &fabric, holds: vec![json(&hold)], set_in_flight })?;
    } else {
        let until = hold.until.strftime("%Y-%m-%d %H:%M:%SZ");
        let device = &hold.device;
        if hold.is_whole() {
            writeln!(out, "{device} is held until {until}: nothing is sent to it.")?;
        } else {
            writeln!(
                out,
                "{} of {device} is held until {until}: nothing is put back there, and a commit that touches it waits.",
                hold.path
            )?;
            if !holding::holds_anything(&store, &fabric, &hold)? {
                writeln!(out, "Nothing that was sent to {device} stands there now.")?;
            }
        }
        if in_flight {
            writeln!(
                out,
                "A Set was begun before that, and its outcome is not known yet: {device} may have it, or get it still."
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(
    args: &Args,
    store: &Store,
    fabric: &FabricName,
    now: Timestamp,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let holds = store.holds(fabric, now)?;
    if args.json {
        let holds = holds.iter().map(json).collect();
        print_json(out, &Json { format: 1, fabric, holds, set_in_flight: None })?;
    } else if holds.iter().next().is_none() {
        writeln!(out, "Nothing is held.")?;
    } else {
        write!(out, "{}", table(holds.iter(), now))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A line a hold.
pub(super) fn table<'a>(holds: impl Iterator<Item = &'a Hold>, now: Timestamp) -> Table {
    let mut table = Table::with_heading(&["held", "path", "ends in", "by", "reason"]);
    for hold in holds {
        table.row([
            hold.device.as_str().into(),
            if hold.is_whole() { "all of it".into() } else { hold.path.to_string().into() },
            left(now, hold.until).into(),
            hold.by.clone().into(),
            hold.reason.clone().into(),
        ]);
    }
    table
}

/// Who asks, by the name that they logged in with.
fn user() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "somebody".to_owned())
}

#[derive(Serialize)]
struct Json<'a> {
    format: u32,
    fabric: &'a FabricName,
    holds: Vec<HoldJson<'a>>,
    /// Of a hold that was just placed: whether a Set to the device was begun before it and has no
    /// outcome on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    set_in_flight: Option<bool>,
}

/// A hold for machines.
#[derive(Serialize)]
pub(super) struct HoldJson<'a> {
    device: &'a str,
    /// None: all of it.
    path: Option<String>,
    since: String,
    until: String,
    by: &'a str,
    reason: &'a str,
}

pub(super) fn json(hold: &Hold) -> HoldJson<'_> {
    HoldJson {
        device: hold.device.as_str(),
        path: (!hold.is_whole()).then(|| hold.path.to_string()),
        since: hold.since.to_string(),
        until: hold.until.to_string(),
        by: &hold.by,
        reason: &hold.reason,
    }
}
