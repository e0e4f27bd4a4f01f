//! An export as a pull request: opened, renewed in place, withdrawn when nothing is left to
//! propose, and left alone once declined.
//!
//! Here: the branch, the text, and when not to ask again. Elsewhere: the forges' APIs
//! (`forge`), what is in the commit (`assemble`).

use anyhow::{Context as _, bail};

use super::assemble::{Assembled, Folder};
use super::edits::{edits, last_export, named};
use super::message::URL;
use super::place::Place;
use super::report::{Outcome, Report};
use super::token::Token;
use crate::forge::text::{escaped, fenced};
use crate::forge::{Config, Done, Forge, Kind, New, Repository, State};
use crate::git::difference::unified;
use crate::git::history::Change;
use crate::git::{Lease, Snapshot, Way};
use crate::intent::manifest;
use crate::names::CommitId;
use crate::netbox::Weight;

/// Commits of a pull request's branch that are looked at.
const OWN: usize = 200;

/// Whether exports become pull requests.
#[derive(Clone, Debug)]
pub enum Proposals {
    /// No forge is configured.
    Never,
    /// Only those that speak against what people wrote.
    AgainstPeople(Box<Target>),
    /// All of them.
    Always(Box<Target>),
}

/// The forge, where the repository's URL does not tell it.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// What the forge is; by default what the host tells.
    pub kind: Option<Kind>,
    /// The repository's address on the forge; by default that of the Git remote.
    pub repository: Option<String>,
    /// The API's address; by default that of the host.
    pub api: Option<String>,
    /// The token, read anew each time.
    pub token: Option<Token>,
    /// An authority of one's own, as PEM.
    pub ca: Option<std::path::PathBuf>,
    /// The branch that is proposed; by default `netbox-export`.
    pub branch: Option<String>,
}

impl Target {
    fn branch(&self) -> &str {
        self.branch.as_deref().unwrap_or("netbox-export")
    }

    fn forge(&self, remote: &str) -> anyhow::Result<Forge> {
        let url = self.repository.as_deref().unwrap_or(remote);
        let Some(kind) = self.kind.or_else(|| Kind::of_remote(url)) else {
            bail!("{url} does not tell which forge it is; say --forge github, gitlab or gitea")
        };
        let repository = Repository::of_remote(url)?;
        let config = Config {
            api: self.api.clone(),
            credential: self.token.as_ref().map(Token::read).transpose()?.into(),
            ca: self.ca.clone(),
            ..Config::new(kind, repository)
        };
        Ok(Forge::new(&config)?)
    }
}

/// Brings a commit to the branch of the pull request, and the request up to date.
pub(super) fn propose(
    place: &Place,
    target: &Target,
    folders: &[Folder],
    commit: &CommitId,
    assembled: &Assembled,
    report: &Report,
) -> anyhow::Result<Outcome> {
    let (Some(way), Some(url)) = (place.way(), place.url()) else {
        bail!("{} has no other side for a pull request; say --push, or give a URL", place.shown())
    };
    let forge = target.forge(url)?;
    let branch = target.branch();
    let digest = format!(
        "<!-- gitfabric-export: {} -->",
        assembled.digest.map(|id| id.to_string()).unwrap_or_default()
    );
    let found = forge.find(branch, place.branch())?;
    if let Some(closed) = found.as_ref().filter(|found| found.state == State::Closed)
        && closed.body.contains(&digest)
    {
        return Ok(Outcome::Declined { url: closed.url.clone() });
    }
    let head =
        renew_branch(place, folders, branch, commit, way).context("cannot bring the export to its branch")?;
    let title = place.repository().commit(&head)?.message.subject;
    let body = body(report, &digest);
    let outcome = if let Some(open) = found.filter(|found| found.state == State::Open) {
        forge.renew(&open, &title, &body)?
    } else {
        let (head, base) = (branch.to_owned(), place.branch().to_owned());
        forge.open(&New { head, base, title, body, draft: false })?
    };
    let done = match outcome.done {
        Done::Opened => "opened",
        Done::Renewed => "renewed",
        Done::Unchanged => "unchanged",
    };
    Ok(Outcome::Proposed { commit: head, url: outcome.pull_request.url, done })
}

/// What became of a pull request that has nothing left to propose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stale {
    /// Its page.
    pub(super) url: String,
    /// Why it is still open, if it is: people work on it.
    pub(super) stays: Option<String>,
}

/// Withdraws the open pull request of an earlier export, once the base says what NetBox says: merged
/// later, it would put an old state back. Its text says why, and with the branch that it came from
/// the forge closes it.
pub(super) fn withdraw(
    place: &Place,
    target: &Target,
    folders: &[Folder],
    netbox: &str,
) -> anyhow::Result<Option<Stale>> {
    let (Some(way), Some(url)) = (place.way(), place.url()) else { return Ok(None) };
    let (repository, branch) = (place.repository(), target.branch());
    if branch == place.branch() {
        return Ok(None);
    }
    let Some(there) = repository.fetch_branch(way, branch)? else { return Ok(None) };
    if !is_of(place, folders, &there, netbox)? {
        return Ok(None);
    }
    let forge = target.forge(url)?;
    let found = forge.find(branch, place.branch())?;
    let Some(open) = found.filter(|found| found.state == State::Open) else { return Ok(None) };
    let mut stale = Stale { url: open.url.clone(), stays: None };
    if let Err(error) = refuse_work_of_people(place, folders, branch, &there) {
        stale.stays = Some(format!("{error:#}"));
        return Ok(Some(stale));
    }
    // the digest goes with the old text: what nobody declined may be asked again
    let body = format!(
        "Withdrawn: there is nothing left to propose. `{}` says what NetBox says by now, and `{branch}` was taken away.",
        place.branch()
    );
    forge.renew(&open, &open.title, &body)?;
    repository
        .push_removal(way, branch, &there)
        .with_context(|| format!("cannot take branch `{branch}` away"))?;
    Ok(Some(stale))
}

/// Whether the branch holds an export of this NetBox into these folders: others may share the
/// repository.
fn is_of(place: &Place, folders: &[Folder], there: &CommitId, netbox: &str) -> anyhow::Result<bool> {
    let repository = place.repository();
    let is_below = |change: &Change| {
        folders.iter().any(|folder| match &folder.base {
            None => true,
            Some(base) => {
                let rest = change.path.as_str().strip_prefix(base.as_str());
                rest.is_some_and(|rest| rest.starts_with('/'))
            }
        })
    };
    for commit in repository.log(place.base(), there, OWN)? {
        let is_ours = named(&commit.message).next().is_some()
            && commit.message.trailers.iter().any(|trailer| trailer.key == URL && trailer.value == netbox);
        if is_ours && repository.changes_of(&commit)?.iter().any(is_below) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The commit at the head of the branch: the one that is there if it has the same files on
/// the same base, so that reviewers are not disturbed.
fn renew_branch(
    place: &Place,
    folders: &[Folder],
    branch: &str,
    commit: &CommitId,
    way: Way<'_>,
) -> anyhow::Result<CommitId> {
    let repository = place.repository();
    let there = repository.fetch_branch(way, branch)?;
    if let Some(there) = &there {
        let standing = repository.commit(there)?;
        // NetBox's change log always moves on, and a manifest with it: that alone is no news
        let is_manifest = |change: &Change| change.path.as_str().ends_with(manifest::FILE);
        if standing.parents.first() == place.base()
            && repository.changes(Some(there), commit)?.iter().all(is_manifest)
        {
            return Ok(there.clone());
        }
        refuse_work_of_people(place, folders, branch, there)?;
    }
    repository.push(way, commit, branch, Lease::Exactly(there.as_ref()))?;
    Ok(commit.clone())
}

/// The branch is ours to overwrite as long as it holds nothing but exports, and merges that
/// brought it up to date.
fn refuse_work_of_people(
    place: &Place,
    folders: &[Folder],
    branch: &str,
    there: &CommitId,
) -> anyhow::Result<()> {
    let repository = place.repository();
    let own = repository.log(place.base(), there, OWN)?;
    for commit in &own {
        let is_ours = named(&commit.message).next().is_some();
        if !is_ours && commit.parents.len() < 2 {
            bail!(
                "branch `{branch}` holds a commit that is no export ({} by {}: {}); merge it, or delete the branch",
                commit.id.short(),
                commit.author,
                commit.message.subject
            );
        }
    }
    // an export that was amended still says that it is one
    for folder in folders.iter().filter(|_| !own.is_empty()) {
        let base = folder.base.as_ref();
        let Some(last) = last_export(repository, there, base)? else { continue };
        let edits = edits(repository, &Snapshot::of_commit(repository, there, base)?, there, &last)?;
        if let Some(edit) = edits.first().filter(|_| own.iter().any(|commit| commit.id == last.commit)) {
            bail!(
                "branch `{branch}` holds an export whose {} was changed; merge it, or delete the branch",
                edit.path
            );
        }
    }
    Ok(())
}

/// The description, in Markdown.
fn body(report: &Report, digest: &str) -> String {
    // first of all: what a forge cuts from a long text is its end
    let mut text = format!("{digest}\n\nWhat NetBox says now, against this branch.\n\n");
    for word in report.words.iter().take(100) {
        text.push_str(&format!("- {}\n", escaped(word)));
    }
    if report.words.len() > 100 {
        text.push_str(&format!("- and {} more\n", report.words.len() - 100));
    }
    if !report.contested.is_empty() {
        text.push_str(
            "\n### Changed by people since the last export\n\nMerging puts NetBox's word in the place of theirs. \
             To keep theirs, change NetBox and close this.\n",
        );
        for contested in &report.contested {
            text.push_str(&format!("\n`{}` by {}\n\n", contested.change.path, escaped(&contested.by)));
            text.push_str(&fenced(&unified(std::slice::from_ref(&contested.change), false)));
        }
    }
    let heard: Vec<String> = report
        .objections
        .iter()
        .filter(|objection| objection.weight != Weight::Note)
        .map(ToString::to_string)
        .collect();
    if !heard.is_empty() {
        text.push_str("\n### What does not fit in NetBox\n\n");
        text.push_str(&fenced(&heard.join("\n")));
    }
    text
}

#[cfg(test)]
mod tests;
