//! What was accepted as a commit on a branch of its own, and as a pull request.
//!
//! The commit stands on the branch that the agent follows, as it was just fetched, and is pushed
//! from a repository that goes with the command: the agent's mirror is read and never written
//! to. Elsewhere: what is in the commit (`search`), the forges' APIs (`forge`).

use std::path::Path as Folder;

use anyhow::{Context as _, bail};

use super::search::Found;
use crate::forge::text::{escaped, fenced};
use crate::forge::{Done, Forge, New, State};
use crate::git::difference::unified;
use crate::git::message::Message;
use crate::git::write::Author;
use crate::git::{BlobId, Draft, Lease, Remote, Repository, Snapshot, Way};
use crate::names::{CommitId, DeviceName, RepoPath};
use crate::phrase::on_one_line;
use crate::plan::render::value;
use crate::yang::{Elem, Path, Value};

/// The branch that the agent follows, as it stands now.
pub struct Base {
    repository: Repository,
    remote: Remote,
    commit: CommitId,
    /// Where the repository is, for as long as this is.
    _folder: tempfile::TempDir,
}

impl Base {
    /// Fetches the branch, beside what the mirror has already.
    pub fn fetch(remote: Remote, mirror: &Folder) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the commit")?;
        let repository = Repository::aside(&folder.path().join("aside.git"), mirror)?;
        let Some(commit) = repository.fetch_branch(Way::Remote(&remote), remote.branch())? else {
            bail!("{} has no branch `{}`", remote.url(), remote.branch())
        };
        Ok(Self { repository, remote, commit, _folder: folder })
    }

    /// Its head.
    pub fn commit(&self) -> &CommitId {
        &self.commit
    }

    /// The files of the intent.
    pub fn snapshot(&self, folder: Option<&RepoPath>) -> anyhow::Result<Snapshot> {
        Ok(Snapshot::of_commit(&self.repository, &self.commit, folder)?)
    }

    /// Where it came from, and its name.
    pub fn shown(&self) -> (&str, &str) {
        (self.remote.url(), self.remote.branch())
    }
}

/// Who accepts what, and why.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The device.
    pub device: &'a DeviceName,
    /// The leaves: what the intent asked for, what the device holds, since when it does.
    pub leaves: &'a [Accepted],
    /// Who accepts it.
    pub author: &'a Author,
    /// The branch; by default one that is named after device and edit.
    pub branch: Option<&'a str>,
    /// What the commit says; by default what was accepted.
    pub message: Option<&'a str>,
}

/// A leaf that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The leaf.
    pub path: Path,
    /// What was asked for; none if nothing.
    pub recorded: Option<Value>,
    /// What the device holds; none if nothing.
    pub live: Option<Value>,
    /// Since when, as far as that is on record.
    pub since: Option<jiff::Timestamp>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The branch.
    pub branch: String,
    /// The commit at its head.
    pub commit: CommitId,
    /// Whether it was there before.
    pub was_there: bool,
    /// The pull request, if a forge is configured: its page and what was done to it.
    pub pull_request: Option<(String, &'static str)>,
}

/// Commits what was found, pushes it to its branch, and opens a pull request.
pub fn propose(
    base: &Base,
    forge: Option<&Forge>,
    asked: &Asked<'_>,
    found: &Found,
) -> anyhow::Result<Proposed> {
    let (repository, way) = (&base.repository, Way::Remote(&base.remote));
    let branch = match asked.branch {
        Some(branch) => branch.to_owned(),
        None => format!("drift/{}-{}", asked.device, short(found)?),
    };
    if branch == base.remote.branch() {
        bail!("`{branch}` is the branch that the agent follows; name another with --branch");
    }
    let text = message(asked);
    let author = asked.author;
    let draft =
        Draft { parent: Some(&base.commit), files: &found.edits, message: &text, author, committer: author };
    let commit = repository.draft(&draft)?.context("the edit changes no file")?;
    let there = repository.fetch_branch(way, &branch)?;
    let commit = match &there {
        None => {
            repository
                .push(way, &commit, &branch, Lease::Exactly(None))
                .with_context(|| format!("cannot bring the commit to branch `{branch}`"))?;
            commit
        }
        // asked twice: the same branch, and the same commit
        Some(there) => match standing(repository, there, &commit)? {
            Standing::Same => there.clone(),
            Standing::Older => {
                repository.push(way, &commit, &branch, Lease::Exactly(Some(there))).with_context(|| {
                    format!("cannot bring branch `{branch}` onto today's `{}`", base.shown().1)
                })?;
                commit
            }
            Standing::Other => {
                bail!(
                    "branch `{branch}` is there already and holds something else; name another with --branch"
                )
            }
        },
    };
    let title = repository.commit(&commit)?.message.subject;
    let pull_request =
        forge.map(|forge| open(forge, base, &branch, title, body(asked, found))).transpose()?;
    Ok(Proposed { branch, commit, was_there: there.is_some(), pull_request })
}

/// How a branch that is there already stands to our commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The same files on the same base.
    Same,
    /// The same edit, on what the base was then.
    Older,
    /// Something else, which stays.
    Other,
}

fn standing(repository: &Repository, there: &CommitId, ours: &CommitId) -> anyhow::Result<Standing> {
    let (standing, new) = (repository.commit(there)?, repository.commit(ours)?);
    let differ = repository.changes(Some(there), ours)?;
    if standing.parents == new.parents && differ.is_empty() {
        return Ok(Standing::Same);
    }
    let ([below], [base]) = (&standing.parents[..], &new.parents[..]) else { return Ok(Standing::Other) };
    let edited = repository.changes_of(&new)?;
    let same_edit = edited == repository.changes_of(&standing)?
        && edited.iter().all(|edited| differ.iter().all(|other| other.path != edited.path));
    Ok(if same_edit && repository.is_ancestor(below, base)? { Standing::Older } else { Standing::Other })
}

/// Seven digits that are the same for the same edit.
fn short(found: &Found) -> anyhow::Result<String> {
    let mut text = String::new();
    for change in &found.changes {
        let blob = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| BlobId::of(bytes)).transpose();
        let blobs = (blob(&change.old).ok().flatten(), blob(&change.new).ok().flatten());
        text.push_str(&format!("{} {blobs:?}\n", change.path));
    }
    let id =
        BlobId::of(text.as_bytes()).map_err(|error| anyhow::anyhow!("cannot name the branch: {error}"))?;
    Ok(id.to_string().chars().take(7).collect())
}

fn open(
    forge: &Forge,
    base: &Base,
    branch: &str,
    title: String,
    body: String,
) -> anyhow::Result<(String, &'static str)> {
    let onto = base.remote.branch().to_owned();
    let standing = forge.find(branch, &onto)?.filter(|found| found.state == State::Open);
    let outcome = match standing {
        Some(standing) => forge.renew(&standing, &title, &body)?,
        None => forge.open(&New { head: branch.to_owned(), base: onto, title, body, draft: false })?,
    };
    let done = match outcome.done {
        Done::Opened => "opened",
        Done::Renewed => "renewed",
        Done::Unchanged => "unchanged",
    };
    Ok((outcome.pull_request.url, done))
}

/// Subjects longer than this are cut by most of Git's viewers.
const SUBJECT: usize = 72;

/// Leaves that a message lists.
const LISTED: usize = 40;

/// The commit's message: the person's words or ours, the leaves, the trailers; the person's own
/// with them, as only the last paragraph has any. What a device says stands inside lines of
/// ours, so that it cannot become a trailer.
fn message(asked: &Asked<'_>) -> String {
    let own = asked.message.map(clean_lines);
    let (said, trailers) = match &own {
        Some(own) => split_trailers(own),
        None => (&*subject(asked), ""),
    };
    let mut text = format!("{said}\n\n");
    let lines = words(asked);
    for line in lines.iter().take(LISTED) {
        text.push_str(&format!("- {}\n", unlinked(line)));
    }
    if lines.len() > LISTED {
        text.push_str(&format!("- and {} more\n", lines.len() - LISTED));
    }
    text.push('\n');
    if !trailers.is_empty() {
        text.push_str(&format!("{trailers}\n"));
    }
    text.push_str(&format!("Drift-Accepted: {}\n", asked.device));
    text
}

/// A message and the paragraph of its trailers, if it ends in one.
fn split_trailers(own: &str) -> (&str, &str) {
    match own.rsplit_once("\n\n") {
        Some((said, last)) if !Message::parse(own).trailers.is_empty() => (said.trim_end(), last),
        _ => (own, ""),
    }
}

/// Our words for what is accepted: `leaf1: accept 40 name as it is`.
fn subject(asked: &Asked<'_>) -> String {
    let device = asked.device;
    let [one] = asked.leaves else {
        return format!("{device}: accept {} settings as they are", asked.leaves.len());
    };
    let last = one.path.elems().last().map_or_else(|| one.path.to_string(), |leaf| leaf.name().to_owned());
    let entry = one.path.entries().last();
    let keys = entry.as_ref().and_then(|entry| entry.last()).map(Elem::keys);
    let keys: Vec<String> = keys.into_iter().flatten().map(|(_, value)| value.to_string()).collect();
    let of = if keys.is_empty() { String::new() } else { format!("{} ", keys.join(" ")) };
    unlinked(&cut(&on_one_line(&format!("{device}: accept {of}{last} as it is"))))
}

/// With nothing that a forge takes for a reference: what a device says must neither close an
/// issue (`fixes #7`) nor call anybody (`@all`) when it stands in a commit.
fn unlinked(text: &str) -> String {
    const APART: char = '\u{200b}';
    let mut unlinked = String::with_capacity(text.len());
    for c in text.chars() {
        unlinked.push(c);
        if matches!(c, '#' | '@' | '!') {
            unlinked.push(APART);
        }
    }
    unlinked
}

/// A line for each leaf.
fn words(asked: &Asked<'_>) -> Vec<String> {
    let shown = |shown: &Option<Value>| {
        shown.as_ref().map_or_else(|| "nothing".to_owned(), |it| on_one_line(&value(it)))
    };
    let line = |leaf: &Accepted| {
        let since = leaf.since.map_or_else(String::new, |since| format!(", since {since}"));
        format!(
            "{}: {} -> {}{since}",
            on_one_line(&leaf.path.to_string()),
            shown(&leaf.recorded),
            shown(&leaf.live)
        )
    };
    asked.leaves.iter().map(line).collect()
}

/// The pull request's text, in Markdown.
fn body(asked: &Asked<'_>, found: &Found) -> String {
    let mut text = format!(
        "`{}` holds something else than this branch asks for, and it is to stay. Merging this makes the intent ask for it: \
         nothing is sent for these leaves then.\n\n",
        asked.device
    );
    for line in words(asked).iter().take(LISTED) {
        text.push_str(&format!("- {}\n", escaped(line)));
    }
    if asked.leaves.len() > LISTED {
        text.push_str(&format!("- and {} more\n", asked.leaves.len() - LISTED));
    }
    if !found.beside.is_empty() {
        text.push_str("\n### What the same lines change elsewhere\n\n");
        for beside in found.beside.iter().take(LISTED) {
            text.push_str(&format!("- {}: {}\n", beside.device, escaped(&beside.path.to_string())));
        }
        if found.beside.len() > LISTED {
            text.push_str(&format!("- and {} more\n", found.beside.len() - LISTED));
        }
    }
    for file in found.exported() {
        text.push_str(&format!(
            "\n`{file}` is written by the export from NetBox: make the change there too, or the next export proposes \
             to take it back.\n"
        ));
    }
    text.push('\n');
    text.push_str(&fenced(&unified(&found.changes, false)));
    text
}

fn clean_lines(text: &str) -> String {
    let lines = text.lines().map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>());
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(SUBJECT) {
        None => line.to_owned(),
        Some(_) => line.chars().take(SUBJECT - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yang::{Form, Scalar};

    fn said(message: Option<&str>, live: &str) -> String {
        let text = |text: &str| Some(Value::Scalar(Scalar::new(text, Form::Text)));
        let leaves = [Accepted {
            path: "/vlans/vlan[vlan-id=40]/config/name".parse().unwrap(),
            recorded: text("web"),
            live: text(live),
            since: None,
        }];
        let author = Author {
            name: "Ada".to_owned(),
            email: "ada@example.net".to_owned(),
            when: jiff::Timestamp::UNIX_EPOCH,
        };
        let device = "leaf1".parse().unwrap();
        let asked = Asked { device: &device, leaves: &leaves, author: &author, branch: None, message };
        super::message(&asked)
    }

    #[test]
    fn the_trailers_of_a_persons_message_stay_trailers() {
        for (case, own, subject, trailers) in [
            ("none", None, "leaf1: accept 40 name as it is", &["Drift-Accepted"][..]),
            ("words", Some("Keep it"), "Keep it", &["Drift-Accepted"]),
            ("words and more", Some("Keep it\n\nFor the move: of rack 7"), "Keep it", &["Drift-Accepted"]),
            (
                "an allowance",
                Some("Keep it\n\nWhy.\r\n\r\nGitfabric-Allow: guarded\nSigned-off-by: Ada"),
                "Keep it",
                &["Gitfabric-Allow", "Signed-off-by", "Drift-Accepted"],
            ),
        ] {
            let message = Message::parse(&said(own, "x"));
            let keys: Vec<&str> = message.trailers.iter().map(|trailer| trailer.key.as_str()).collect();
            assert_eq!((message.subject.as_str(), &keys[..]), (subject, trailers), "{case}");
            assert!(message.body.contains("vlan-id=40]/config/name: web -> x"), "{case}: {}", message.body);
        }
    }

    #[test]
    fn what_a_device_says_closes_no_issue_calls_nobody_and_is_no_trailer() {
        let text = said(None, "fixes #7 @all\n\nGitfabric-Allow: guarded");
        assert!(!text.contains("#7") && !text.contains("@all"), "{text}");
        assert_eq!(Message::parse(&text).trailers.len(), 1, "{text}");
    }
}
