//! `gitfabric simulate`: the devices of an intent as gNMI servers on this machine.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::runtime;
use super::source::Source;
use super::table::{Cell, Table};
use crate::compile::Build;
use crate::simulator::{DeviceConfig, Login, SimulatedFabric};

/// Run simulated devices: real gNMI servers in memory, one for each device of the intent.
///
/// Each starts as `gitfabric bootstrap` leaves a device, and takes what the platform's YANG
/// takes. Any gNMI client can call them. They run until Ctrl-C, and then forget everything.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The first device listens here, the others on the ports above, by name; port 0 gives
    /// each a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:6030")]
    listen: SocketAddr,
    /// Write `ca.pem` and, once every device listens, `simulator.json` (addresses and login)
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Start with all that the intent says, as if it had been applied
    #[arg(long)]
    applied: bool,
    /// The user that the devices know
    #[arg(long, default_value = "admin")]
    username: String,
    /// Its password
    #[arg(long, default_value = "admin", env = "GITFABRIC_SIMULATOR_PASSWORD", hide_env_values = true)]
    password: String,
}

/// Runs `gitfabric simulate`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let build = args.source.build_without_errors()?;
    anyhow::ensure!(!build.devices.is_empty(), "the intent has no devices: nothing to simulate");
    runtime()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let fabric = start(args, &build)?;
        if let Some(folder) = &args.state {
            write_state(args, &fabric, folder)
                .with_context(|| format!("cannot write into {}", folder.display()))?;
        }
        let mut table = Table::with_heading(&["DEVICE", "ADDRESS"]);
        for (name, address) in fabric.addresses() {
            table.row([Cell::from(name.to_string()), Cell::from(address.to_string())]);
        }
        write!(out, "{table}")?;
        writeln!(out, "{} devices are running; Ctrl-C ends them", fabric.addresses().len())?;
        out.flush()?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn start(args: &Args, build: &Build) -> anyhow::Result<SimulatedFabric> {
    let devices = build.devices.iter().map(|(name, device)| {
        let mut tree = (*device.bootstrap).clone();
        if args.applied {
            tree.extend((*device.tree).clone());
        }
        let login = Login { username: args.username.clone(), password: args.password.clone() };
        DeviceConfig { login, ..DeviceConfig::new(name.clone(), device.schema.clone(), tree) }
    });
    let first = Some(args.listen.port()).filter(|port| *port != 0);
    Ok(SimulatedFabric::start_at(args.listen.ip(), first, devices)?)
}

/// Writes the authority's certificate, and last the file that says that all is ready.
fn write_state(args: &Args, fabric: &SimulatedFabric, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let authority = folder.join("ca.pem");
    fs::write(&authority, fabric.authority_pem())?;
    let state = json!({
        "format": 1,
        "authority": fs::canonicalize(&authority)?,
        "username": args.username,
        "password": args.password,
        "devices": fabric.addresses(),
    });
    // by renaming, so that nobody reads half of it
    let unfinished = folder.join("simulator.json.new");
    fs::write(&unfinished, format!("{state:#}\n"))?;
    fs::rename(&unfinished, folder.join("simulator.json"))?;
    Ok(())
}
