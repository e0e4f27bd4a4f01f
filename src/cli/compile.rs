//! `gitfabric compile`: the YANG of each device as files.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::source::Source;
use crate::names::DeviceName;
use crate::yang::json;

/// Compile the intent and write DEVICE.json (RFC 7951) for each device.
///
/// The files are what the agent sends, whole; secrets are left out and named. They load
/// into any YANG tool, such as yanglint.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The folder to write to; it is made if it is absent
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only these devices
    #[arg(long = "device", value_name = "DEVICE")]
    devices: Vec<DeviceName>,
}

/// Runs `gitfabric compile`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let build = args.source.build_without_errors()?;
    if let Some(unknown) = args.devices.iter().find(|name| !build.devices.contains_key(*name)) {
        anyhow::bail!("the intent has no device {unknown}");
    }
    std::fs::create_dir_all(&args.out).with_context(|| format!("cannot make {}", args.out.display()))?;
    for (name, device) in &build.devices {
        if !args.devices.is_empty() && !args.devices.contains(name) {
            continue;
        }
        let written = json::write(&device.schema, &device.tree, &json::no_secrets);
        let mut text = serde_json::to_string_pretty(&written.json)?;
        text.push('\n');
        let file = args.out.join(format!("{name}.json"));
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        writeln!(
            out,
            "{}  {} leaves  {}",
            file.display(),
            device.tree.len(),
            &device.hash[..12.min(device.hash.len())]
        )?;
        for (path, secret) in &written.withheld {
            writeln!(out, "  left out: {path} (secret:{secret})")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
