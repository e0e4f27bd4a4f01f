//! `gitfabric check`: every finding with its place.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::output::print_json;
use super::source::{Source, counted, drawn};
use crate::compile::Engine;
use crate::diagnostic::Finding;

/// Parse, check, compile and validate the intent; show every finding with file, line, column.
///
/// Needs no device and no agent: it is what a pull request's CI job runs. Exit code 1 if
/// there are errors; warnings alone pass.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Print JSON for machines (format 1)
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    format: u32,
    errors: usize,
    warnings: usize,
    findings: Vec<&'a Finding>,
}

/// Runs `gitfabric check`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let snapshot = args.source.snapshot()?;
    let build = Engine::new().build(&snapshot);
    let (errors, warnings) = build.findings.count();
    if args.json {
        let findings = build.findings.iter().collect();
        print_json(out, &Json { format: 1, errors, warnings, findings })?;
    } else {
        write!(out, "{}", drawn(&build.findings, &snapshot, true))?;
        writeln!(out, "{} devices: {}", build.devices.len(), counted(&build.findings))?;
    }
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
