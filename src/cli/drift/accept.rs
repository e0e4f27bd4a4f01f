//! `gitfabric drift accept`: the intent made to ask for what a device holds.
//!
//! Here: the command's way from the device to a branch, and what it prints. Elsewhere: finding
//! the edit, committing it (`accept`).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path as Folder;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::Serialize;

use crate::accept::proposal::{Accepted, Asked, Base, Proposed, propose};
use crate::accept::{Beside, Drift, Found, Homeless, Wanted, search, wanted};
use crate::agent::config::Config;
use crate::agent::live::{self, Looked, Seen};
use crate::agent::{access, secrets::Secrets};
use crate::cli::agent_file::AgentFile;
use crate::cli::output::{print_error, print_json};
use crate::cli::source::{print_held, refuse_errors};
use crate::cli::wait;
use crate::compile::{Build, Engine};
use crate::git::aside::person;
use crate::git::difference::unified;
use crate::git::write::Author;
use crate::names::{CommitId, DeviceName, RepoPath};
use crate::plan::render::{self, plural, printable, value};
use crate::plan::step::Step;
use crate::plan::{DevicePlan, Plan, Revision, plan_of_builds};
use crate::record::Store;
use crate::yang::schema::PathFault;
use crate::yang::{Path, Schema, Value};

/// How long the forge may keep a person waiting.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// Make the intent ask for what a device holds.
///
/// Reads the device now, finds the line of the intent that asks for something else, and commits
/// the edit to a branch of its own; with a forge in the agent's configuration a pull request is
/// opened. What no key of the intent says becomes a raw fragment. Each edit is compiled first:
/// it counts only if the device is then asked for just what it holds. Nothing is sent to a
/// device, and the branch that the agent follows is not touched.
///
/// Where the same line decides more than was named, that is told, and --everywhere says that it
/// is meant.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Args {
    /// The device
    device: DeviceName,
    /// What is to be accepted, as `gitfabric drift` shows it: a leaf, or all that differs below
    /// an entry or a container
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "PATH")]
    paths: Vec<Path>,
    /// Accept all that differs and may be accepted
    #[arg(long)]
    all: bool,
    /// Also where the same lines decide other leaves, or other devices
    #[arg(long)]
    everywhere: bool,
    /// The branch of the commit [default: drift/DEVICE-, with a few digits of the edit]
    #[arg(long)]
    branch: Option<String>,
    /// What the commit says [default: what is accepted]
    #[arg(long, short = 'm')]
    message: Option<String>,
    /// Who accepts it [default: as Git knows you]
    #[arg(long, value_name = "NAME <ADDRESS>")]
    author: Option<String>,
    /// Show the edit and what it leads to, and commit nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    agent: AgentFile,
    /// Print JSON for machines (format 1)
    #[arg(long)]
    json: bool,
}

/// Runs `gitfabric drift accept`.
pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Arc::new(args.agent.read()?);
    // who it is by is asked before anybody is called
    let author = if args.dry_run { None } else { Some(args.author()?) };
    let secrets = Secrets::of_system(config.secrets.directory.clone());
    let base = Base::fetch(access::remote(&config, &secrets)?, &config.mirror())?;
    let folder = config.repository.path.as_deref().map(str::parse).transpose().context("repository.path")?;
    let snapshot = base.snapshot(folder.as_ref())?;
    let mut engine = Engine::new();
    let head = engine.build(&snapshot);
    refuse_errors(&head.findings, &snapshot)?;
    let (looked, drift) = args.read(&config, &head)?;
    let seen = looked.devices.get(&args.device).and_then(|seen| seen.as_ref().ok());
    let seen = seen.with_context(|| format!("{} was not read", args.device))?;
    let wanted = args.wanted(seen, &drift)?;
    let found = match search(&mut engine, &snapshot, &head, &args.device, &wanted)? {
        Ok(found) => found,
        Err(homeless) => bail!("{}", without_home(&args.device, &homeless)),
    };
    let after = Outcome::of(args, &looked, seen, &head, &base, &found)?;
    if found.edits.is_empty() {
        return args.print_already(&base, &after, &wanted, out);
    }
    if !args.json {
        write!(out, "{}", unified(&found.changes, true))?;
        write!(out, "{}", after.text)?;
    }
    let beside = listed(&found.beside);
    if !found.beside.is_empty() && !args.everywhere {
        bail!(
            "the same lines decide more than what is to be accepted:\n{beside}if that is meant everywhere, say \
             --everywhere; else change the intent by hand"
        );
    }
    let leaves = args.accepted(&config, &head, &wanted)?;
    let proposed = match author {
        None => None,
        Some(author) => {
            let asked = Asked {
                device: &args.device,
                leaves: &leaves,
                author: &author,
                branch: args.branch.as_deref(),
                message: args.message.as_deref(),
            };
            let forge = config.forge.as_ref();
            let forge =
                forge.map(|settings| access::forge(&config, settings, &secrets, PATIENCE)).transpose()?;
            Some(propose(&base, forge.as_ref(), &asked, &found)?)
        }
    };
    if args.json {
        print_json(out, &json(args, &found, &after, &leaves, proposed.as_ref()))?;
    } else if let Some(proposed) = &proposed {
        write!(out, "\n{}", told(proposed, &base))?;
    } else {
        writeln!(out, "\nNothing was committed: this is a dry run.")?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn author(&self) -> anyhow::Result<Author> {
        let when = Timestamp::now();
        if let Some(text) = &self.author {
            let Some((name, email)) = text.strip_suffix('>').and_then(|text| text.split_once('<')) else {
                bail!("--author: `{text}` is not of the form `NAME <ADDRESS>`")
            };
            return Ok(Author { name: name.trim().to_owned(), email: email.trim().to_owned(), when });
        }
        match person(Folder::new("."))? {
            Some((name, email)) => Ok(Author { name, email, when }),
            None => bail!(
                "Git does not know who you are: set `git config --global user.name` and `user.email`, or say --author \
                 \"NAME <ADDRESS>\""
            ),
        }
    }

    /// Reads the device, and finds what differs there from the record.
    fn read(&self, config: &Arc<Config>, head: &Build) -> anyhow::Result<(Looked, DevicePlan)> {
        let device = &self.device;
        if !head.devices.contains_key(device) {
            bail!("the intent has no device {device}");
        }
        let only = BTreeSet::from([device.clone()]);
        let (looked, passed_over) = wait(live::look(Arc::clone(config), head, &only))?;
        if let Some(why) = passed_over.get(device) {
            bail!("{device} is not read: {why}");
        }
        match looked.devices.get(device) {
            Some(Ok(seen)) if seen.recorded.tree.is_empty() => {
                bail!(
                    "nothing was put on {device} yet, so nothing of it has drifted; `gitfabric plan --live` shows it"
                )
            }
            Some(Ok(seen)) => {
                let drift = looked.drift(seen);
                Ok((looked, drift))
            }
            Some(Err(why)) => bail!("{device} cannot be read: {why}"),
            None => bail!("{device} was not read"),
        }
    }

    /// What is to be accepted; an error names all that may not be.
    fn wanted(&self, seen: &Seen, plan: &DevicePlan) -> anyhow::Result<Wanted> {
        let drift =
            Drift { plan, actual: &seen.actual, unknown: &seen.unknown, protected: &seen.build.protected };
        let (wanted, refused) = wanted(&drift, &self.located(&seen.build.schema)?, self.all);
        let device = &self.device;
        let shown: Vec<_> = refused.iter().map(|refusal| printable_lines(&refusal.to_string())).collect();
        let shown = shown.join("\n  ");
        if !refused.is_empty() && (!self.all || wanted.is_empty()) {
            bail!("nothing of {device} is accepted:\n  {shown}");
        }
        if !refused.is_empty() {
            print_error(&format!("left as it is:\n  {shown}\n"));
        }
        Ok(wanted)
    }

    /// The paths in the spelling of trees: people leave out the module of an identity. What the
    /// schema lacks stays as it was typed.
    fn located(&self, schema: &Schema) -> anyhow::Result<Vec<Path>> {
        let located = self.paths.iter().map(|path| match schema.locate(path) {
            Ok(located) => Ok(located.path),
            Err(fault @ PathFault::Key { .. }) => {
                let hint = fault.hint().map_or_else(String::new, |hint| format!("; {hint}"));
                bail!("{fault}{hint}")
            }
            Err(_) => Ok(path.clone()),
        });
        located.collect()
    }

    /// What is accepted, in words, with since when it is on record.
    fn accepted(&self, config: &Config, head: &Build, wanted: &Wanted) -> anyhow::Result<Vec<Accepted>> {
        let fabric = head.fabric.as_ref().context("the intent has no fabric.yaml")?;
        let store = Store::open_to_read(&config.record())?;
        let known: BTreeMap<String, Timestamp> = store
            .drift_of(&fabric.design.name.value, &self.device)?
            .into_iter()
            .map(|(leaf, since)| (leaf.path, since))
            .collect();
        // a foreign entry is on record as a whole
        let since = |path: &Path| {
            let mut above = (1..=path.elems().len()).rev().map(|count| path.prefix(count).to_string());
            above.find_map(|path| known.get(&path)).copied()
        };
        let tree = head.devices.get(&self.device).map(|build| &build.tree);
        let accepted = wanted.iter().map(|(path, live)| Accepted {
            path: path.clone(),
            recorded: tree.and_then(|tree| tree.get(path)).map(|leaf| leaf.value.clone()),
            live: live.as_ref().map(|leaf| leaf.value.clone()),
            since: since(path),
        });
        Ok(accepted.collect())
    }

    fn print_already(
        &self,
        base: &Base,
        after: &Outcome,
        wanted: &Wanted,
        out: &mut dyn Write,
    ) -> anyhow::Result<ExitCode> {
        let (url, branch) = base.shown();
        if self.json {
            let paths = wanted.keys().map(ToString::to_string).collect();
            let already = AlreadyJson {
                format: 1,
                device: &self.device,
                outcome: "already",
                paths,
                plan_empty: after.is_empty,
            };
            print_json(out, &already)?;
        } else {
            writeln!(
                out,
                "`{branch}` of {url} asks for this already, at {}: the difference ends with the next pass.",
                base.commit().short()
            )?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What the edit leads to.
struct Outcome {
    /// Whether the device needs nothing then.
    is_empty: bool,
    text: String,
}

impl Outcome {
    fn of(
        args: &Args,
        looked: &Looked,
        seen: &Seen,
        head: &Build,
        base: &Base,
        found: &Found,
    ) -> anyhow::Result<Self> {
        let after = &found.build;
        let (Some(before), Some(fabric)) = (&head.fabric, &after.fabric) else {
            bail!("the intent has no fabric.yaml")
        };
        let build = after.devices.get(&args.device).with_context(|| format!("{} is gone", args.device))?;
        let own = looked.plan(seen, build);
        let is_empty = own.is_empty();
        let mut text = if is_empty {
            format!("\nMerged, {} needs nothing.\n", args.device)
        } else {
            let topology = crate::intent::Topology::new(fabric);
            let devices = BTreeMap::from([(args.device.clone(), own)]);
            let revisions = (None, Revision::Folder);
            let plan =
                Plan::new(fabric.design.name.value.clone(), revisions, devices, BTreeMap::new(), &topology);
            format!("\nMerged, {} still needs:\n{}", args.device, drawn(&plan))
        };
        let revisions = (Some(Revision::Commit(base.commit().clone())), Revision::Folder);
        let mut plan = plan_of_builds(&head.devices, fabric, &after.devices, revisions);
        let step = Step::between(before, fabric, &plan);
        let others: Vec<DeviceName> =
            plan.changed().map(|(name, _)| name.clone()).filter(|name| *name != args.device).collect();
        if !others.is_empty() {
            plan.narrow(&others);
            text.push_str(&format!(
                "\nIt would change {}:\n{}",
                plural(others.len(), "other device"),
                drawn(&plan)
            ));
        }
        for file in found.exported() {
            text.push_str(&format!(
                "\n{file} is written by the export from NetBox: make the change there too, or the next export \
                 proposes to take it back.\n"
            ));
        }
        if !args.json {
            print_held(&step, &found.snapshot);
        }
        Ok(Self { is_empty, text })
    }
}

fn drawn(plan: &Plan) -> String {
    let text = render::text(plan, render::Style { colour: true, foreign: false });
    // its first line names what the plan is of, which was said
    let lines =
        text.lines().skip(1).map(|line| if line.is_empty() { String::new() } else { format!("  {line}") });
    lines.skip_while(String::is_empty).map(|line| line + "\n").collect()
}

/// Findings of a search, as an error.
fn without_home(device: &DeviceName, homeless: &[Homeless]) -> String {
    let mut text = format!("no edit of the intent asks {device} for what it holds:\n");
    for leaf in homeless {
        let place = leaf.place.as_ref().map_or_else(String::new, |place| format!(", which {place} decides"));
        text.push_str(&format!("  {}{place}\n", printable(&leaf.path)));
        if let Some(because) = &leaf.because {
            text.push_str(&format!("    {}\n", printable(because)));
        }
    }
    text.push_str("change the intent by hand, or put it right on the device");
    text
}

/// Leaves that an error lists.
const LISTED: usize = 30;

fn listed(beside: &[Beside]) -> String {
    let shown = |value_: &Option<Value>| value_.as_ref().map_or_else(|| "(nothing)".to_owned(), value);
    let line = |beside: &Beside| {
        let by_hand = if beside.by_hand { " (by hand)" } else { "" };
        let (from, to) = (shown(&beside.from), shown(&beside.to));
        format!("  {}: {}: {from} -> {to}{by_hand}\n", beside.device, printable(&beside.path))
    };
    let mut text: String = beside.iter().take(LISTED).map(line).collect();
    if beside.len() > LISTED {
        text.push_str(&format!("  and {} more\n", beside.len() - LISTED));
    }
    text
}

fn told(proposed: &Proposed, base: &Base) -> String {
    let (branch, commit) = (&proposed.branch, proposed.commit.short());
    match &proposed.pull_request {
        Some((url, done)) => format!("Branch {branch} at {commit}; pull request {done}: {url}\n"),
        None if proposed.was_there => format!("Branch {branch} at {commit} was there already: merge it.\n"),
        None => format!("Branch {branch} at {commit} pushed to {}: merge it.\n", base.shown().0),
    }
}

/// The lines of an error, each without what could steer a terminal.
fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(&line.to_owned())).collect::<Vec<_>>().join("\n")
}

#[derive(Serialize)]
struct AlreadyJson<'a> {
    format: u32,
    device: &'a DeviceName,
    outcome: &'static str,
    paths: Vec<String>,
    plan_empty: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    format: u32,
    device: &'a DeviceName,
    outcome: &'static str,
    accepted: Vec<AcceptedJson>,
    beside: Vec<BesideJson<'a>>,
    /// Files among the edits that an export writes too.
    exported: Vec<&'a RepoPath>,
    diff: String,
    plan_empty: bool,
    branch: Option<&'a str>,
    commit: Option<&'a CommitId>,
    pull_request: Option<PullRequestJson<'a>>,
}

#[derive(Serialize)]
struct AcceptedJson {
    path: String,
    recorded: Option<String>,
    live: Option<String>,
    since: Option<String>,
    place: Option<String>,
}

#[derive(Serialize)]
struct BesideJson<'a> {
    device: &'a DeviceName,
    path: String,
    from: Option<String>,
    to: Option<String>,
    by_hand: bool,
}

#[derive(Serialize)]
struct PullRequestJson<'a> {
    url: &'a str,
    done: &'a str,
}

fn json<'a>(
    args: &'a Args,
    found: &'a Found,
    after: &Outcome,
    leaves: &'a [Accepted],
    proposed: Option<&'a Proposed>,
) -> Json<'a> {
    let place = |path: &Path| {
        let home = found.homes.iter().find(|home| home.path == *path)?;
        home.place.as_ref().map(ToString::to_string)
    };
    let accepted = leaves.iter().map(|leaf| AcceptedJson {
        path: leaf.path.to_string(),
        recorded: leaf.recorded.as_ref().map(ToString::to_string),
        live: leaf.live.as_ref().map(ToString::to_string),
        since: leaf.since.map(|since| since.to_string()),
        place: place(&leaf.path),
    });
    let beside = found.beside.iter().map(|beside| BesideJson {
        device: &beside.device,
        path: beside.path.to_string(),
        from: beside.from.as_ref().map(ToString::to_string),
        to: beside.to.as_ref().map(ToString::to_string),
        by_hand: beside.by_hand,
    });
    let pull_request = proposed.and_then(|proposed| proposed.pull_request.as_ref());
    Json {
        format: 1,
        device: &args.device,
        outcome: if proposed.is_some() { "proposed" } else { "shown" },
        accepted: accepted.collect(),
        beside: beside.collect(),
        exported: found.exported(),
        diff: unified(&found.changes, false),
        plan_empty: after.is_empty,
        branch: proposed.map(|proposed| proposed.branch.as_str()),
        commit: proposed.map(|proposed| &proposed.commit),
        pull_request: pull_request.map(|(url, done)| PullRequestJson { url, done }),
    }
}
