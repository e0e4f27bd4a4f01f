//! `gitfabric compile`: the YANG of each device as files, or as the commands of its OS.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;

use super::source::Source;
use crate::compile::DeviceBuild;
use crate::names::DeviceName;
use crate::platform::cli;
use crate::yang::json;

/// Compile the intent and write DEVICE.json (RFC 7951) for each device.
///
/// The files are what the agent sends, whole; secrets are left out and named. They load
/// into any YANG tool, such as yanglint.
///
/// With --format eos it writes DEVICE.cfg: the same tree as EOS commands, as an engineer
/// would type them. That is a view to read and to compare with a running configuration,
/// and is never sent. A leaf that has no command stands at the end as a comment, a secret
/// by its name. What a device has from `gitfabric bootstrap` is not in it.
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
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

/// What is written of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// What is sent: RFC 7951
    Json,
    /// The same as EOS commands, for people
    Eos,
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
        let (text, extension, withheld) = match args.format {
            Format::Json => {
                let written = json::write(&device.schema, &device.tree, &json::no_secrets);
                (serde_json::to_string_pretty(&written.json)? + "\n", "json", written.withheld)
            }
            Format::Eos => (commands(name, device), device.profile.cli.extension, Vec::new()),
        };
        let file = args.out.join(format!("{name}.{extension}"));
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        writeln!(
            out,
            "{}  {} leaves  {}",
            file.display(),
            device.tree.len(),
            &device.hash[..12.min(device.hash.len())]
        )?;
        for (path, secret) in &withheld {
            writeln!(out, "  left out: {path} (secret:{secret})")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A device's tree as commands, with what it is above them.
fn commands(name: &DeviceName, device: &DeviceBuild) -> String {
    let profile = device.profile;
    let lines = cli::text(&profile.cli.config(&device.tree));
    format!(
        "! {name}, {} {}: what gitfabric would set, as commands. A view, never sent.\n!\n{lines}!\nend\n",
        profile.os, profile.version
    )
}
