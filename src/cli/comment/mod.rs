//! `gitfabric comment`: the review of a pull request as a CI step, without access to devices.
//!
//! Here: the arguments, and the order of things. `ci` (which pull request the job is about),
//! `stands` (how devices stand, from the agent). Elsewhere: the review itself, by the same desk
//! as the agent's (`agent::reviews::desk`), what it says (`review`).

mod ci;
mod stands;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;

use self::ci::{Job, Runner};
use super::log;
use super::source::Place;
use crate::agent::config::{Log, LogFormat};
use crate::agent::reviews::desk::{self, Case, Desk, Last, Reviewed};
use crate::export::secret_in;
use crate::forge::{self, Credential, Forge, ForgeError, Kind, Problem, PullSummary, Synced};
use crate::git::Snapshot;
use crate::names::{CommitId, FabricName, RepoPath};
use crate::review::{Budget, Marker, Review, Stands, State};
use crate::secret::SecretText;

/// Show what a pull request would do to the network: one comment, one commit status.
///
/// A step of a CI job. It plans the merge of the pull request's head into its branch, from the
/// clone that the job has, commit against commit; no device is asked, and nothing of the pull
/// request is executed. In GitHub Actions, Gitea and Forgejo Actions and GitLab CI it finds out
/// by itself which pull request the job is about. The comment is found again and edited in
/// place. The clone needs its history: `fetch-depth: 0` (actions/checkout), `GIT_DEPTH: 0`
/// (GitLab).
///
/// The token is taken from --token-file or the variable `FORGE_TOKEN`, and in a job from
/// `GITHUB_TOKEN`, `GITEA_TOKEN`, `FORGEJO_TOKEN` or `GITLAB_TOKEN`. Exit code 1 if the intent
/// has errors, cannot be merged, is too large, or is held until a person allows it: the check is
/// red when the commit status is.
///
/// Examples:
///
///   gitfabric comment
///
///   gitfabric comment --stands https://gitfabric.example.net/v1/stands.json --page plan.html
///
///   gitfabric comment --base origin/main --head HEAD --dry-run
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the examples are shell commands, as the terminal shows them"
)]
pub struct Args {
    /// The folder of the intent, in a clone
    #[arg(long, short = 'C', default_value = ".", value_name = "PATH")]
    repository: PathBuf,
    /// The commit to merge into [default: the target branch as the clone has it]
    #[arg(long, value_name = "REVISION")]
    base: Option<String>,
    /// The pull request's head [default: what the job says, else HEAD]
    #[arg(long, value_name = "REVISION")]
    head: Option<String>,
    /// The pull request's number
    #[arg(long, value_name = "NUMBER")]
    pull_request: Option<u64>,
    /// What the forge is: github, gitlab, gitea, forgejo
    #[arg(long, value_name = "KIND")]
    forge: Option<Kind>,
    /// The address of the repository on the forge
    #[arg(long, value_name = "URL")]
    forge_repository: Option<String>,
    /// The address of the forge's API, where it is not at its usual place
    #[arg(long, value_name = "URL")]
    forge_url: Option<String>,
    /// A file with the forge's token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The authority that signed the certificates of forge and agent (PEM)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Where the agent tells how the devices stand: then drift and pending commits are shown
    #[arg(long, value_name = "URL")]
    stands: Option<String>,
    /// A file with the token for --stands; else `GITFABRIC_STANDS_TOKEN` is used
    #[arg(long, value_name = "FILE", requires = "stands")]
    stands_token_file: Option<PathBuf>,
    /// Write the whole plan as a page, for an artifact of the job
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Where the whole plan will be found [default: the job's page]
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// Print the comment, and write nothing to the forge
    #[arg(long)]
    dry_run: bool,
    /// Print the review as JSON for machines (format 1)
    #[arg(long, conflicts_with = "dry_run")]
    json: bool,
}

/// The largest summary of a job: GitHub takes 1 MiB ("Adding a job summary").
const SUMMARY: Budget = Budget { limit: 1_000_000, measure: str::len };

/// Runs `gitfabric comment`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    // what a forge makes us wait for is told as it happens
    log::start(&Log { format: LogFormat::Human, filter: Some("warn".to_owned()) })?;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let job = Job::of(&variable, &|file| std::fs::read_to_string(file).ok());
    let step = Step { args, job };
    step.run(out)
}

/// The step at work.
struct Step<'a> {
    args: &'a Args,
    job: Job,
}

impl Step<'_> {
    fn run(&self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let place = Place::of(&self.args.repository)?;
        let (base, head) = (self.base(&place)?, self.head(&place)?);
        has_an_intent(&place, [&base, &head])?;
        let target = self.target()?;
        let stands = self.stands();
        let mut desk = Desk::new(place.base.clone());
        let now = Timestamp::now();
        let mut case = Case {
            repository: &place.repository,
            base: &base,
            good: stands.as_ref().and_then(|stands| stands.good.as_ref()),
            head: &head,
            stands: stands.as_ref(),
            questions: &[],
            replies: &[],
            too_large: None,
            last: None,
            now,
        };
        let mut reviewed = desk.review(&case)?;
        let told = target.as_ref().map(|target| target.last(&reviewed.review.fabric));
        // what cannot be read now is told by what is written later
        let last = told.and_then(Result::ok).flatten();
        // asked once: the same list is no news the second time
        let is_there = last.is_some();
        if last.is_some() {
            case.last = last.as_ref();
            reviewed = desk.review(&case)?;
        }
        reviewed.review.link = self.args.link.clone().or_else(|| self.job.link.clone());
        self.keep(&reviewed.review)?;
        self.annotate(&reviewed.review, out)?;
        let status = desk::context("plan", place.base.as_ref(), &reviewed.review.fabric);
        match target {
            None => {
                let budget = self.kind().map_or(SUMMARY, desk::budget);
                self.print(&reviewed.review, &reviewed.review.comment(&budget), out)?;
            }
            Some(target) => match target.tell(&reviewed, is_there, &status, self.job.runner) {
                Ok(told) => self.print(&reviewed.review, &told, out)?,
                Err(error) if self.job.from_fork && is_read_only(&error) => {
                    super::output::print_error(&format!("warning: {READ_ONLY}\n"));
                    self.print(&reviewed.review, &format!("{}\n", reviewed.review.status_line()), out)?;
                }
                Err(error) => return Err(error.into()),
            },
        }
        Ok(match reviewed.review.state() {
            State::Failure => ExitCode::FAILURE,
            State::Success => ExitCode::SUCCESS,
        })
    }
}

/// Ends before anything is written where neither side has an intent: a review of nothing would be
/// a comment of its own, under no fabric's name.
fn has_an_intent(place: &Place, sides: [&CommitId; 2]) -> anyhow::Result<()> {
    let holds = |folder: Option<&RepoPath>| {
        sides.iter().any(|commit| {
            let snapshot = Snapshot::of_commit(&place.repository, commit, folder);
            snapshot.is_ok_and(|snapshot| snapshot.iter().any(|(path, _)| path.as_str() == "fabric.yaml"))
        })
    };
    if holds(place.base.as_ref()) {
        return Ok(());
    }
    let folder = place.base.as_ref().map_or("", RepoPath::as_str);
    let above = folder.match_indices('/').map(|(at, _)| &folder[..at]).rev();
    let above = above.filter_map(|folder| folder.parse::<RepoPath>().ok()).map(Some).chain([None]);
    let found = above.filter(|_| !folder.is_empty()).find(|folder| holds(folder.as_ref()));
    let hint = found.map_or_else(
        || "-C names the folder of the intent".to_owned(),
        |folder| {
            let at = folder
                .map_or_else(|| "at the top of the repository".to_owned(), |folder| format!("in `{folder}`"));
            format!("there is one {at}: say so with -C, or run it there")
        },
    );
    bail!("neither the base nor the head has a fabric.yaml in this folder; {hint}")
}

/// Said where a job may not write because the pull request comes out of a fork.
const READ_ONLY: &str = "this job's token may only read, as forges give it to pull requests out of forks: no comment and \
    no status is written; the plan stands in the job's summary and output (an agent with `forge` in its \
    configuration comments on forks, too)";

impl Step<'_> {
    /// The commit that is merged into: the target branch as the clone has it, which may be newer
    /// than the job.
    fn base(&self, place: &Place) -> anyhow::Result<CommitId> {
        let repository = &place.repository;
        if let Some(revision) = &self.args.base {
            return repository.resolve(revision).with_context(|| format!("--base {revision}"));
        }
        let of_clone = self.job.target.as_ref().and_then(|branch| {
            let names = [format!("refs/remotes/origin/{branch}"), format!("refs/heads/{branch}")];
            names.iter().find_map(|name| repository.resolve(name).ok())
        });
        // what a clone calls the branch of its origin that pull requests usually go to
        let usual =
            || repository.resolve("refs/remotes/origin/HEAD").ok().filter(|_| self.job.number.is_none());
        match of_clone.or_else(|| self.job.base.clone()).or_else(usual) {
            Some(commit) => here(place, commit, "the target branch"),
            None => bail!(
                "--base is missing: the commit or branch that the pull request is merged into, such as origin/main"
            ),
        }
    }

    fn head(&self, place: &Place) -> anyhow::Result<CommitId> {
        match (&self.args.head, &self.job.head) {
            (Some(revision), _) => {
                place.repository.resolve(revision).with_context(|| format!("--head {revision}"))
            }
            (None, Some(commit)) => here(place, commit.clone(), "the pull request's head"),
            (None, None) => Ok(place.repository.resolve("HEAD")?),
        }
    }

    fn kind(&self) -> Option<Kind> {
        let of_url = || Kind::of_remote(self.args.forge_repository.as_deref()?);
        self.args.forge.or(self.job.kind).or_else(of_url)
    }

    /// Where it is told; none for a dry run.
    fn target(&self) -> anyhow::Result<Option<Target>> {
        if self.args.dry_run {
            return Ok(None);
        }
        let Some(kind) = self.kind() else {
            bail!(
                "what the forge is, is not known here: say --forge github, gitlab, gitea or forgejo (or --dry-run)"
            )
        };
        let Some(number) = self.args.pull_request.or(self.job.number) else {
            bail!("this job is about no pull request: run it for pull requests, or say --pull-request NUMBER")
        };
        let Some(url) = self.args.forge_repository.as_ref().or(self.job.repository.as_ref()) else {
            bail!("--forge-repository is missing, such as https://github.com/acme/net")
        };
        let Some(token) = self.token()? else {
            bail!(
                "there is no token for {kind}: set one of {}, or name a file with --token-file (or say --dry-run)",
                self.job.token_variables().join(", ")
            )
        };
        let forge = Forge::new(&forge::Config {
            api: self.args.forge_url.clone().or_else(|| self.job.api.clone()),
            credential: Credential::Token(token),
            ca: self.args.ca.clone(),
            ..forge::Config::new(kind, forge::Repository::of_remote(url)?)
        })?;
        Ok(Some(Target { forge, number }))
    }

    fn token(&self) -> anyhow::Result<Option<SecretText>> {
        if let Some(file) = &self.args.token_file {
            return secret_in(file).map(Some);
        }
        Ok(self.job.token_variables().iter().find_map(|variable| in_variable(variable)))
    }

    /// How the devices stand. A plan without it is better than none.
    fn stands(&self) -> Option<Stands> {
        let url = self.args.stands.as_ref()?;
        let token = match &self.args.stands_token_file {
            Some(file) => secret_in(file).map(Some),
            None => Ok(in_variable("GITFABRIC_STANDS_TOKEN")),
        };
        let stands = token.and_then(|token| stands::fetch(url, token.as_ref(), self.args.ca.as_deref()));
        stands.inspect_err(|error| tracing::warn!("planned without how the devices stand: {error:#}")).ok()
    }

    /// Keeps the whole plan where the job wants it.
    fn keep(&self, review: &Review) -> anyhow::Result<()> {
        if let Some(file) = &self.args.page {
            std::fs::write(file, review.page())
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        let Some(file) = &self.job.summary else { return Ok(()) };
        let whole = review.markdown();
        let whole = if whole.len() > SUMMARY.limit { review.comment(&SUMMARY) } else { whole };
        let mut summary = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .with_context(|| format!("cannot write the job's summary, {file}"))?;
        Ok(summary.write_all(whole.as_bytes())?)
    }

    /// Findings on their lines, as GitHub Actions reads them from a job's output.
    fn annotate(&self, review: &Review, out: &mut dyn Write) -> anyhow::Result<()> {
        if self.job.runner != Runner::GitHub || self.args.json {
            return Ok(());
        }
        for finding in desk::annotations(review) {
            writeln!(out, "{}", workflow_command(&finding))?;
        }
        Ok(())
    }

    fn print(&self, review: &Review, text: &str, out: &mut dyn Write) -> anyhow::Result<()> {
        if self.args.json {
            writeln!(out, "{}", review.json().trim_end())?;
        } else {
            write!(out, "{text}")?;
        }
        Ok(())
    }
}

/// A pull request, and the way to it.
struct Target {
    forge: Forge,
    number: u64,
}

impl Target {
    /// What our comment says that was told last.
    fn last(&self, fabric: &FabricName) -> Result<Option<Last>, ForgeError> {
        let comments = self.forge.comments(self.number)?.new().unwrap_or_default();
        let me = self.forge.whoami()?;
        let ours = comments.iter().filter(|comment| comment.author.is(&me));
        let mut markers = ours.filter_map(|comment| Marker::parse(&comment.body));
        Ok(markers.find(|marker| marker.fabric == *fabric).map(|marker| Last::from(&marker)))
    }

    /// Brings comment, status and lines up to date; gives a line for the job's output.
    /// `is_there`: whether a comment of ours is.
    fn tell(
        &self,
        reviewed: &Reviewed,
        is_there: bool,
        context: &str,
        runner: Runner,
    ) -> Result<String, ForgeError> {
        let (forge, review) = (&self.forge, &reviewed.review);
        let pull = forge.pull(self.number)?;
        let marker = Marker::first_line(&review.fabric);
        if reviewed.is_silent(is_there) {
            forge.set_status(&review.head, Some(self.number), &desk::untouched(review, context))?;
            return Ok(format!("no file of {} is changed: nothing is said\n", review.fabric));
        }
        let synced =
            forge.sync_comment(self.number, &marker, &review.comment(&desk::budget(forge.kind())), None);
        // the check stands beside the pull request even where nobody may comment
        let url = synced.as_ref().ok().map(|synced| synced.comment.url.clone());
        let link = review.link.clone().or(url).filter(|link| !link.is_empty());
        let set = forge.set_status(&review.head, Some(self.number), &desk::status(review, context, link));
        let synced: Synced = synced?;
        set?;
        // in GitHub Actions they stand in the job's output
        if runner != Runner::GitHub {
            self.annotate(&pull, context, review)?;
        }
        Ok(format!("{}\n{}\n", review.status_line(), synced.comment.url))
    }

    fn annotate(&self, pull: &PullSummary, context: &str, review: &Review) -> Result<(), ForgeError> {
        match self.forge.annotate(pull, context, &desk::annotations(review)) {
            Err(error) if !error.is_transient() => {
                tracing::warn!("findings do not stand on their lines: {error}");
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }
}

/// A secret in a variable; an empty one is none.
fn in_variable(name: &str) -> Option<SecretText> {
    let value = std::env::var(name).ok()?;
    Some(SecretText::new(value.trim())).filter(|secret| !secret.expose().is_empty())
}

/// Whether a token may not write, or not see what it should write to.
fn is_read_only(error: &ForgeError) -> bool {
    matches!(
        error.problem(),
        Some(Problem::Forbidden { .. } | Problem::Unauthorized { .. } | Problem::NotFound { .. })
    )
}

/// A commit that the clone must have.
fn here(place: &Place, commit: CommitId, what: &str) -> anyhow::Result<CommitId> {
    if place.repository.holds(&commit) {
        return Ok(commit);
    }
    bail!(
        "{what}, {}, is not in this clone: fetch all of it, `fetch-depth: 0` (actions/checkout) or `GIT_DEPTH: 0` \
         (GitLab)",
        commit.short()
    )
}

/// `::error file=…,line=…,title=…::…` (GitHub Actions, "Workflow commands").
fn workflow_command(finding: &forge::Annotation) -> String {
    let word = match finding.severity {
        forge::Severity::Error => "error",
        forge::Severity::Warning => "warning",
        forge::Severity::Notice => "notice",
    };
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let (file, title) = (property(&finding.path), property(&finding.title));
    format!("::{word} file={file},line={},title={title}::{}", finding.line, data(&finding.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_finding_cannot_become_a_command_of_the_job() {
        let finding = forge::Annotation {
            path: "vlans/4,0:x.yaml".to_owned(),
            line: 3,
            end_line: 3,
            severity: forge::Severity::Error,
            title: "bad::error".to_owned(),
            message: "100 %\n::set-output name=x::y".to_owned(),
        };
        assert_eq!(
            workflow_command(&finding),
            "::error file=vlans/4%2C0%3Ax.yaml,line=3,title=bad%3A%3Aerror::100 %25%0A::set-output name=x::y"
        );
    }
}
