//! `gitfabric plan`: what would change, between commits or on the devices.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;

use super::agent_file::AgentFile;
use super::source::{Place, print_held, refuse_errors};
use super::wait;
use crate::agent::live;
use crate::compile::{Build, Engine};
use crate::git::Snapshot;
use crate::names::DeviceName;
use crate::plan::step::Step;
use crate::plan::{Plan, Revision, commands, plan_of_builds, render};

/// Show what would change on every device: between two states of the intent, or live.
///
/// Like `git diff`: without revisions, from HEAD to the files as they are; with one, from it
/// to the files; with two, from the one to the other. No device is asked: the plan is
/// commit against commit, and the same on a laptop, in a CI job and in the agent. With
/// --live, what the devices hold now is compared instead; that needs the agent's
/// configuration, for their addresses and for what is on record as ours. With --view eos it
/// shows EOS commands in place of YANG leaves, each with the line of the intent that it
/// comes from.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// The revision to plan from (with --live: to plan to)
    from: Option<String>,
    /// The revision to plan to, instead of the files as they are
    #[arg(conflicts_with = "live")]
    to: Option<String>,
    /// The folder of the intent
    #[arg(long, short = 'C', default_value = ".", value_name = "PATH")]
    repository: PathBuf,
    /// Compare with what the devices hold now
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    agent: AgentFile,
    /// Only these devices
    #[arg(long = "device", value_name = "DEVICE")]
    devices: Vec<DeviceName>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// What to print of a device's changes
    #[arg(long, value_enum, default_value_t = View::Leaves)]
    view: View,
    /// Print JSON for machines: --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// List every leaf that is on a device and not ours (with --live)
    #[arg(long)]
    foreign: bool,
    /// Exit with 2 if there are changes, 0 if not, 1 on errors
    #[arg(long)]
    detailed_exitcode: bool,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For a pull request
    Markdown,
    /// For machines (format 1)
    Json,
}

/// What is printed of a device's changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum View {
    /// The YANG leaves, which are what is sent
    Leaves,
    /// The EOS commands that an engineer would type for the same, in an order that works. A
    /// view, never sent; a leaf that has no command is a comment with its path
    Eos,
}

/// A state of the intent, built.
struct State {
    revision: Revision,
    build: Build,
    snapshot: Snapshot,
}

/// Runs `gitfabric plan`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut engine = Engine::new();
    if args.view == View::Eos && (args.json || args.format == Format::Json) {
        anyhow::bail!("JSON holds the leaves: --view eos goes with --format text or markdown");
    }
    let (mut plan, builds) = if args.live {
        let to = args.state(&mut engine, args.from.as_deref())?;
        let only: BTreeSet<DeviceName> = args.devices.iter().cloned().collect();
        let config = Arc::new(args.agent.read()?);
        (wait(live::plan(config, &to.build, to.revision, &only))?, to.build.devices)
    } else {
        let from = args.state(&mut engine, Some(args.from.as_deref().unwrap_or("HEAD")))?;
        let to = args.state(&mut engine, args.to.as_deref())?;
        let Some(fabric) = &to.build.fabric else { anyhow::bail!("the intent has no fabric.yaml") };
        let revisions = (Some(from.revision), to.revision);
        let plan = plan_of_builds(&from.build.devices, fabric, &to.build.devices, revisions);
        if let Some(before) = &from.build.fabric {
            print_held(&Step::between(before, fabric, &plan), &to.snapshot);
        }
        (plan, to.build.devices)
    };
    args.narrow(&mut plan)?;
    let style = render::Style { colour: true, foreign: args.foreign };
    let drawn = match (if args.json { Format::Json } else { args.format }, args.view) {
        (Format::Text, View::Leaves) => render::text(&plan, style),
        (Format::Text, View::Eos) => render::text_commands(&plan, &commands(&plan, &builds), style),
        (Format::Markdown, View::Leaves) => render::markdown(&plan),
        (Format::Markdown, View::Eos) => render::markdown_commands(&plan, &commands(&plan, &builds)),
        (Format::Json, _) => render::json(&plan).trim_end().to_owned() + "\n",
    };
    write!(out, "{drawn}")?;
    Ok(if args.detailed_exitcode && !plan.is_empty() { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

impl Args {
    fn state(&self, engine: &mut Engine, revision: Option<&str>) -> anyhow::Result<State> {
        let (revision, snapshot) = match revision {
            None => (Revision::Folder, Snapshot::of_folder(&self.repository)?),
            Some(revision) => {
                let (commit, snapshot) = Place::of(&self.repository)?.snapshot(revision)?;
                (Revision::Commit(commit), snapshot)
            }
        };
        let build = engine.build(&snapshot);
        refuse_errors(&build.findings, &snapshot)?;
        Ok(State { revision, build, snapshot })
    }

    /// Leaves the devices that were asked for.
    fn narrow(&self, plan: &mut Plan) -> anyhow::Result<()> {
        let known =
            |name: &DeviceName| plan.devices.contains_key(name) || plan.passed_over.contains_key(name);
        if let Some(unknown) = self.devices.iter().find(|name| !known(name)) {
            anyhow::bail!("the intent has no device {unknown}");
        }
        if !self.devices.is_empty() {
            plan.narrow(&self.devices);
        }
        Ok(())
    }
}
