//! Where a command takes the intent from: a folder as it is, or a commit of a repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use super::output::print_error;
use crate::compile::{Build, Engine};
use crate::diagnostic::{Finding, Findings, Severity, draw};
use crate::git::{Allowances, Repository, Snapshot};
use crate::names::{CommitId, RepoPath};
use crate::plan::step::Step;

/// The intent that a command is about.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Source {
    /// The folder of the intent
    #[arg(default_value = ".", value_name = "PATH")]
    path: PathBuf,
    /// Take it from this commit, branch or tag instead of the files as they are
    #[arg(long, value_name = "REVISION")]
    commit: Option<String>,
}

impl Source {
    /// Reads the files.
    pub(super) fn snapshot(&self) -> anyhow::Result<Snapshot> {
        match &self.commit {
            None => Snapshot::of_folder(&self.path)
                .with_context(|| format!("cannot read the intent in {}", self.path.display())),
            Some(revision) => Place::of(&self.path)?.snapshot(revision).map(|(_, snapshot)| snapshot),
        }
    }

    /// Reads and builds, and prints errors to standard error if there are any.
    pub(super) fn build_without_errors(&self) -> anyhow::Result<Build> {
        let snapshot = self.snapshot()?;
        let build = Engine::new().build(&snapshot);
        refuse_errors(&build.findings, &snapshot)?;
        Ok(build)
    }
}

impl Source {
    /// What the intent is a step from: the first parent of the commit that was named, or HEAD
    /// for the files as they are. None where there is no such thing.
    pub(super) fn before(&self) -> Option<Snapshot> {
        let revision = self.commit.as_ref().map_or("HEAD".to_owned(), |commit| format!("{commit}^"));
        Place::of(&self.path).ok()?.snapshot(&revision).ok().map(|(_, snapshot)| snapshot)
    }
}

/// What the agent would freeze at for want of a trailer: no faults, hence warnings.
pub(super) fn as_warnings(held: &Findings) -> Findings {
    held.iter().map(|finding| Finding { severity: Severity::Warning, ..finding.clone() }).collect()
}

/// Says on standard error what the agent would freeze at for want of a trailer.
pub(super) fn print_held(step: &Step, snapshot: &Snapshot) {
    let held = as_warnings(&step.held(&Allowances::default()));
    if !held.is_empty() {
        print_error(&drawn(&held, snapshot, true));
    }
}

/// A folder inside a repository.
pub(super) struct Place {
    pub(super) repository: Repository,
    pub(super) base: Option<RepoPath>,
}

impl Place {
    /// The repository that a folder is in, and where in it.
    pub(super) fn of(folder: &Path) -> anyhow::Result<Self> {
        let repository = Repository::discover(folder)
            .with_context(|| format!("{} is not in a Git repository", folder.display()))?;
        let base = repository.worktree().and_then(|top| {
            let (top, folder) = (top.canonicalize().ok()?, folder.canonicalize().ok()?);
            folder.strip_prefix(top).ok()?.to_str()?.parse().ok()
        });
        Ok(Self { repository, base })
    }

    /// The files of a revision below this folder.
    pub(super) fn snapshot(&self, revision: &str) -> anyhow::Result<(CommitId, Snapshot)> {
        let commit = self.repository.resolve(revision)?;
        let snapshot = Snapshot::of_commit(&self.repository, &commit, self.base.as_ref())?;
        Ok((commit, snapshot))
    }
}

/// Draws findings, one after the other with a blank line between.
pub(super) fn drawn(findings: &Findings, snapshot: &Snapshot, colour: bool) -> String {
    let source = |path: &RepoPath| -> Option<Arc<str>> { snapshot.text(path) };
    findings.iter().map(|finding| draw(finding, &source, colour) + "\n\n").collect()
}

/// Ends a command whose intent has errors; warnings are for `check` to show.
pub(super) fn refuse_errors(findings: &Findings, snapshot: &Snapshot) -> anyhow::Result<()> {
    if !findings.has_errors() {
        return Ok(());
    }
    print_error(&drawn(findings, snapshot, true));
    anyhow::bail!("{}; `gitfabric check` shows them all", counted(findings))
}

/// "2 errors, 1 warning".
pub(super) fn counted(findings: &Findings) -> String {
    let (errors, warnings) = findings.count();
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("{}, {}", plural(errors, "error"), plural(warnings, "warning"))
}
