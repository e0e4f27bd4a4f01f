//! `gitfabric bootstrap`: what a device needs before the agent can reach it.

use std::io::Write;
use std::process::ExitCode;

use crate::compile::Engine;
use crate::names::DeviceName;

use super::source::Source;

/// Print the configuration that DEVICE needs before the agent can reach it.
///
/// EOS commands, ready to paste or to be served by ZTP: management, gNMI, the user, and what
/// has no YANG path. The agent never sends any of it. No secret is printed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The device
    device: DeviceName,
    #[command(flatten)]
    source: Source,
}

/// Runs `gitfabric bootstrap`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let build = args.source.build_without_errors()?;
    let Some(text) = Engine::bootstrap(&build, &args.device) else {
        let known: Vec<&str> = build.devices.keys().map(DeviceName::as_str).collect();
        anyhow::bail!("the intent has no device {}; it has {}", args.device, known.join(", "));
    };
    write!(out, "{text}")?;
    Ok(ExitCode::SUCCESS)
}
