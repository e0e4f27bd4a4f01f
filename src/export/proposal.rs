//! An export as a pull request: opened, renewed in place, and left alone once declined.
//!
//! Here: the branch, the text, and when not to ask again. Elsewhere: the forges' APIs
//! (`forge`), what is in the commit (`assemble`).

use anyhow::{Context as _, bail};

use super::assemble::Assembled;
use super::edits::TRAILER;
use super::place::Place;
use super::report::{Outcome, Report};
use crate::forge::{Config, Done, Forge, Kind, New, Repository, State};
use crate::git::difference::unified;
use crate::git::{FileChange, Lease};
use crate::names::CommitId;
use crate::netbox::Weight;

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
    /// The API's address; by default that of the host.
    pub api: Option<String>,
    /// The token.
    pub token: Option<crate::secret::SecretText>,
    /// An authority of one's own, as PEM.
    pub ca: Option<std::path::PathBuf>,
    /// The branch that is proposed; by default `netbox-export`.
    pub branch: Option<String>,
}

impl Target {
    fn forge(&self, url: &str) -> anyhow::Result<Forge> {
        let Some(kind) = self.kind.or_else(|| Kind::of_remote(url)) else {
            bail!("{url} does not tell which forge it is; say --forge github, gitlab or gitea")
        };
        let repository = Repository::of_remote(url)?;
        let config = Config {
            api: self.api.clone(),
            token: self.token.clone(),
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
    commit: &CommitId,
    assembled: &Assembled,
    report: &Report,
) -> anyhow::Result<Outcome> {
    let (Some(way), Some(url)) = (place.way(), place.url()) else {
        bail!("{} has no other side for a pull request; say --push, or give a URL", place.shown())
    };
    let forge = target.forge(url)?;
    let branch = target.branch.as_deref().unwrap_or("netbox-export");
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
    let head = renew_branch(place, branch, commit, way).context("cannot bring the export to its branch")?;
    let title = place.repository().commit(&head)?.message.subject;
    let body = body(report, &digest);
    let outcome = match found.filter(|found| found.state == State::Open) {
        Some(open) => forge.renew(&open, &title, &body)?,
        None => {
            let (head, base) = (branch.to_owned(), place.branch().to_owned());
            forge.open(&New { head, base, title, body, draft: false })?
        }
    };
    let done = match outcome.done {
        Done::Opened => "opened",
        Done::Renewed => "renewed",
        Done::Unchanged => "unchanged",
    };
    Ok(Outcome::Proposed { commit: head, url: outcome.pull_request.url, done })
}

/// The commit at the head of the branch: the one that is there if it has the same files on
/// the same base, so that reviewers are not disturbed.
fn renew_branch(
    place: &Place,
    branch: &str,
    commit: &CommitId,
    way: crate::git::Way<'_>,
) -> anyhow::Result<CommitId> {
    let repository = place.repository();
    let there = repository.fetch_branch(way, branch)?;
    if let Some(there) = &there {
        let standing = repository.commit(there)?;
        if standing.parents.first() == place.base() && repository.changes(Some(there), commit)?.is_empty() {
            return Ok(there.clone());
        }
        let is_ours = standing.message.trailers.iter().any(|trailer| trailer.key == TRAILER);
        let is_merged = match place.base() {
            Some(base) => repository.is_ancestor(there, base)?,
            None => false,
        };
        if !is_ours && !is_merged {
            bail!(
                "branch `{branch}` holds a commit that is no export ({} by {}: {}); merge it, or delete the branch",
                standing.id.short(),
                standing.author,
                standing.message.subject
            );
        }
    }
    repository.push(way, commit, branch, Lease::Exactly(there.as_ref()))?;
    Ok(commit.clone())
}

/// The description, in Markdown.
fn body(report: &Report, digest: &str) -> String {
    let mut text = "What NetBox says now, against this branch.\n\n".to_owned();
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
            text.push_str(&format!("\n`{}` by {}\n\n", contested.path, escaped(&contested.by)));
            let change = FileChange { path: contested.path.clone(), ..contested.change.clone() };
            text.push_str(&fenced(&unified(&[change], false)));
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
    text.push_str(&format!("\n{digest}\n"));
    text
}

/// A block of code that its content cannot end.
fn fenced(content: &str) -> String {
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{}\n{fence}\n", content.trim_end())
}

/// Text of others inside Markdown: nothing of it is markup, a mention or a link.
fn escaped(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~' => {
                clean.push('\\');
                clean.push(c);
            }
            // a word joiner: no forge takes what follows for a person's name
            '@' => clean.push_str("@\u{2060}"),
            _ => clean.push(c),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_no_markup_and_calls_nobody() {
        assert_eq!(escaped("vlan 9 *web* @ada [x](y)"), "vlan 9 \\*web\\* @\u{2060}ada \\[x\\](y)");
        assert_eq!(fenced("+a\n"), "```diff\n+a\n```\n");
        assert_eq!(fenced("+````\n"), "`````diff\n+````\n`````\n");
    }
}
