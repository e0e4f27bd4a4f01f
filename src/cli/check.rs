//! `gitfabric check`: every finding with its place.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::output::print_json;
use super::source::{Source, as_warnings, counted, drawn};
use crate::compile::{Build, Engine};
use crate::diagnostic::{Finding, Findings};
use crate::plan::guarded::guarded;

/// Parse, check, compile and validate the intent; show every finding with file, line, column.
///
/// Needs no device and no agent: it is what a pull request's CI job runs. Exit code 1 if
/// there are errors; warnings alone pass. Changes since HEAD (with --commit: since its
/// parent) at which the agent freezes are shown as warnings.
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
    /// What needs a trailer of the commit.
    held: Vec<&'a Finding>,
}

/// Runs `gitfabric check`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let snapshot = args.source.snapshot()?;
    let mut engine = Engine::new();
    let build = engine.build(&snapshot);
    let held = held(args, &build, &mut engine);
    let (errors, warnings) = build.findings.count();
    if args.json {
        let findings = build.findings.iter().collect();
        let held = held.iter().collect();
        print_json(out, &Json { format: 1, errors, warnings, findings, held })?;
    } else {
        write!(out, "{}", drawn(&build.findings, &snapshot, true))?;
        write!(out, "{}", drawn(&held, &snapshot, true))?;
        writeln!(out, "{} devices: {}", build.devices.len(), counted(&build.findings))?;
    }
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The guarded changes since HEAD, or since the parent of the commit that was named.
fn held(args: &Args, build: &Build, engine: &mut Engine) -> Findings {
    let before = args.source.before().and_then(|before| engine.load(&before).fabric);
    let (Some(before), Some(after)) = (before, &build.fabric) else { return Findings::new() };
    as_warnings(&guarded(&before, after))
}
