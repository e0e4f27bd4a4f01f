//! One export: read NetBox, say it as files, and commit them, or nothing at all.
//!
//! The order is the safety: NetBox is read whole and counted, then said, then held against
//! the repository and its history, then the result is loaded and compiled as the agent would;
//! only then does a branch move, and only from where it was read. Elsewhere: again and again
//! (`watch`), as a pull request (`proposal`).

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;

use super::assemble::{Assembled, Folder, Origin, assemble, previous};
use super::message::{self, Asked};
use super::place::{Advanced, Place, Target};
use super::proposal::{self, Proposals};
use super::report::{Outcome, Report};
use crate::compile::Engine;
use crate::diagnostic::Findings;
use crate::git::write::Author;
use crate::git::{BlobId, Draft, GitError, Snapshot};
use crate::intent::check_succession;
use crate::intent::manifest::{self, MAPPING_FILE, Source};
use crate::names::{CommitId, RepoPath};
use crate::netbox::{self, Client, ENDPOINTS, Mapping, Progress, Reading, Status, Wanted};

/// How often a branch that somebody else moves is read again.
const ROUNDS: usize = 3;
/// How many entries of the change log are looked at for the commit's message.
const ENTRIES: usize = 500;

/// What to export, and where to.
#[derive(Clone, Debug)]
pub struct Job {
    /// The repository and its branch.
    pub target: Target,
    /// The folder of the intent inside the repository; none is its top.
    pub path: Option<RepoPath>,
    /// A mapping file outside the repository; without it `netbox.yaml` of the intent.
    pub mapping: Option<PathBuf>,
    /// Who commits, and is the author where NetBox's user is not known: name and address.
    pub committer: (String, String),
    /// Whether, and where, pull requests are opened.
    pub proposals: Proposals,
    /// Whether NetBox's word counts against that of people who changed exported files.
    pub overwrite_edits: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// Where the last reading is kept between runs.
    pub cache: Option<PathBuf>,
    /// After how long everything is read again, whatever the change log says.
    pub whole_every: Duration,
}

/// Exports again and again; keeps what it read, so that the next time is cheaper.
pub struct Exporter {
    client: Client,
    job: Job,
    reading: Option<Reading>,
    engine: Engine,
    /// When nothing was left to do.
    settled: Option<Moment>,
}

/// What an export comes out of: as long as it is the same, the export is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Moment {
    /// The branch's commit.
    base: Option<CommitId>,
    /// NetBox's newest change.
    change: u64,
    /// When NetBox was read whole: scripts write past its change log.
    read_whole: SystemTime,
    /// The mapping file, if it stands outside the repository.
    mapping: Option<BlobId>,
}

impl Exporter {
    /// Nothing is asked yet.
    pub fn new(client: Client, job: Job) -> Self {
        Self { client, job, reading: None, engine: Engine::new(), settled: None }
    }

    /// Exports once. An error or a refusal has moved nothing.
    pub fn export(&mut self, progress: &(dyn Fn(Progress) + Sync)) -> anyhow::Result<Report> {
        let (started, asked_before) = (Instant::now(), self.client.requests());
        let mut round = 1;
        let mut report = loop {
            let place = self.job.target.open()?;
            match self.attempt(&place, progress) {
                Err(error) if round < ROUNDS && is_outrun(&error) => round += 1,
                result => break result?,
            }
        };
        report.requests = self.client.requests() - asked_before;
        report.took = started.elapsed();
        Ok(report)
    }

    fn attempt(&mut self, place: &Place, progress: &(dyn Fn(Progress) + Sync)) -> anyhow::Result<Report> {
        let mut report = Report::empty();
        let root = place.files(self.job.path.as_ref())?;
        let Some((mapping, source)) = self.mapping(&root, &mut report)? else { return Ok(report) };
        let folders = mapping
            .folders()
            .map(|name| Folder::read(place, self.job.path.as_ref(), name))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let reading = self.read(&folders, progress)?;
        report.notes.clone_from(&reading.notes);
        report.notes.extend(forgotten(&root, &folders, self.client.url()));
        let outside = source.iter().next().filter(|_| self.job.mapping.is_some());
        let moment = Moment {
            base: place.base().cloned(),
            change: reading.change(),
            read_whole: reading.read_whole,
            mapping: outside.map(|(_, file)| file.blob),
        };
        if self.settled.as_ref() == Some(&moment) {
            report.outcome = Outcome::Unchanged;
            return Ok(report);
        }
        let said = netbox::translate::translate(
            &reading.inventory,
            &mapping,
            &previous(&folders)?,
            self.client.url(),
        );
        let origin = origin(&self.client, &reading);
        let mut assembled = assemble(&folders, &said, &origin)?;
        let refused = said.has_errors();
        report.words = assembled.changes.iter().flat_map(message::words).collect();
        report.changes.clone_from(&assembled.changes);
        report.contested = std::mem::take(&mut assembled.contested);
        (report.objections, report.kept) = (said.objections, said.kept);
        if !said.findings.is_empty() {
            report.findings.push((said.findings, source));
        }
        if refused || !self.stands(&folders, &assembled, &mut report)? {
            return Ok(report);
        }
        report.outcome = self.bring(place, &mapping, &folders, &reading, &assembled, &report)?;
        if report.outcome == Outcome::Unchanged {
            self.settled = Some(moment);
        }
        Ok(report)
    }

    /// The mapping and the files it stands among, or nothing with its findings in the report.
    fn mapping(&self, root: &Snapshot, report: &mut Report) -> anyhow::Result<Option<(Mapping, Snapshot)>> {
        let name: RepoPath = MAPPING_FILE.parse()?;
        let (bytes, source) = match &self.job.mapping {
            Some(file) => {
                let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
                let shown = file.file_name().unwrap_or_default().to_string_lossy().parse().unwrap_or(name);
                let snapshot = Snapshot::of_file(&shown, &bytes)?;
                (Some((shown, bytes)), snapshot)
            }
            None => (root.get(&name).map(|file| (name, file.bytes.to_vec())), root.clone()),
        };
        let Some((path, bytes)) = bytes else { return Ok(Some((Mapping::default(), source))) };
        let (mapping, findings) = Mapping::parse(&path, &bytes);
        if !findings.is_empty() {
            report.findings.push((findings, source.clone()));
        }
        Ok(mapping.map(|mapping| (mapping, source)))
    }

    /// What NetBox says now: only what changed, where the last reading allows it.
    fn read(&mut self, folders: &[Folder], progress: &(dyn Fn(Progress) + Sync)) -> anyhow::Result<Reading> {
        // whoever takes the manifest away says that fewer objects, or no plugin, are meant
        let mut standing = folders.iter().filter(|folder| folder.has_manifest());
        let last: Vec<Status> = standing
            .clone()
            .filter_map(|folder| Some(status(&folder.last.as_ref()?.manifest.source)))
            .collect();
        let manifest = standing.find_map(|folder| Some(&folder.last.as_ref()?.manifest));
        let here = manifest.filter(|manifest| manifest.source.netbox == self.client.url());
        let wanted = Wanted { last: &last, whole_every: self.job.whole_every, progress };
        let mut notes = Vec::new();
        if self.reading.is_none()
            && let Some(cache) = &self.job.cache
        {
            let (kept, note) = netbox::load(cache, self.client.url());
            self.reading = kept;
            notes.extend(note);
        }
        // a copy is refreshed: after a failure the next try begins with what was known before it
        let mut reading = match self.reading.clone() {
            Some(reading) => netbox::refresh(&self.client, reading, &wanted)?,
            None => netbox::read(&self.client, &wanted)?,
        };
        if let Some(manifest) = here {
            if let Some(read) = manifest.changelog.filter(|read| *read > reading.change()) {
                anyhow::bail!(
                    "NetBox's change log ends at {}, and the last export read up to {read}: was NetBox set back to an \
                     older state? If that is meant, remove {} and export again",
                    reading.change(),
                    manifest::FILE
                );
            }
            let before = manifest.objects.iter().map(|(list, count)| (list.clone(), size(*count))).collect();
            netbox::hidden(&self.client, &reading, &before, manifest.changelog.unwrap_or_default())?;
        }
        if let Some(cache) = self.job.cache.as_ref().filter(|_| !self.job.dry_run)
            && let Err(error) = netbox::save(cache, self.client.url(), &reading)
        {
            notes.push(format!(
                "{}: cannot be written ({error}); the next run reads everything",
                cache.display()
            ));
        }
        self.reading = Some(reading.clone());
        reading.notes.extend(notes);
        Ok(reading)
    }

    /// Loads and compiles the result as the agent will, and checks what may follow on what.
    /// Nothing is written for it.
    fn stands(
        &mut self,
        folders: &[Folder],
        assembled: &Assembled,
        report: &mut Report,
    ) -> anyhow::Result<bool> {
        let mut stands = true;
        if assembled.edits.is_empty() {
            return Ok(stands);
        }
        for folder in folders {
            let before = self.engine.build(&folder.head);
            let snapshot = folder.head.with(&assembled.edits)?;
            let build = self.engine.build(&snapshot);
            let mut findings = build.findings;
            if let (Some(before), Some(after)) = (&before.fabric, &build.fabric) {
                findings.append(check_succession(before, after));
            }
            findings.sort();
            stands &= !findings.has_errors();
            if !Findings::is_empty(&findings) {
                report.findings.push((findings, snapshot));
            }
        }
        Ok(stands)
    }

    /// Writes the commit and moves a branch: the intent's, or that of a pull request.
    fn bring(
        &self,
        place: &Place,
        mapping: &Mapping,
        folders: &[Folder],
        reading: &Reading,
        assembled: &Assembled,
        report: &Report,
    ) -> anyhow::Result<Outcome> {
        let Some(manifest) = assembled.manifest else { return Ok(Outcome::Unchanged) };
        let against_people = !report.contested.is_empty() && !self.job.overwrite_edits;
        let forge = match &self.job.proposals {
            _ if self.job.dry_run => return Ok(Outcome::Shown),
            Proposals::Always(forge) => Some(forge),
            Proposals::AgainstPeople(forge) if against_people && place.way().is_some() => Some(forge),
            Proposals::AgainstPeople(_) | Proposals::Never if against_people => {
                return Ok(Outcome::Contested);
            }
            _ => None,
        };
        let asked = asked(&self.client, folders, reading, assembled)?;
        let (name, email) = self.job.committer.clone();
        let committer = Author { name, email, when: jiff::Timestamp::now() };
        let author = author(&asked, mapping)
            .map_or_else(|| committer.clone(), |(name, email)| Author { name, email, when: committer.when });
        let from = message::Origin { url: self.client.url(), version: &reading.status.version, manifest };
        let text = message::message(&assembled.changes, &asked, &from);
        let draft = Draft {
            parent: place.base(),
            files: &assembled.edits,
            message: &text,
            author: &author,
            committer: &committer,
        };
        let Some(commit) = place.repository().draft(&draft)? else { return Ok(Outcome::Unchanged) };
        if let Some(forge) = forge {
            return proposal::propose(place, forge, folders, &commit, assembled, report);
        }
        let Advanced { pushed, stayed } = place.advance(&commit)?;
        Ok(Outcome::Committed { commit, pushed, stayed })
    }
}

/// The plugin's name, as NetBox and the manifest have it.
const PLUGIN: &str = "netbox_bgp";

/// What an export read, as its manifest says it.
fn status(source: &Source) -> Status {
    Status { version: source.version.clone(), bgp: source.plugins.get(PLUGIN).cloned() }
}

fn is_outrun(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(GitError::Outrun { .. } | GitError::NotAFastForward { .. }))
}

fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn origin(client: &Client, reading: &Reading) -> Origin {
    let plugins = reading.status.bgp.iter().map(|version| (PLUGIN.to_owned(), version.clone())).collect();
    let (netbox, version) = (client.url().to_owned(), reading.status.version.clone());
    Origin {
        source: Source { netbox, plugins, version },
        changelog: Some(reading.change()),
        objects: reading.counts().into_iter().map(|(list, count)| (list, count as u64)).collect(),
    }
}

/// Notes on folders that this NetBox was exported into and that the mapping does not name any
/// more: their files stay, as nobody said that the fabric is gone.
fn forgotten(root: &Snapshot, folders: &[Folder], url: &str) -> Vec<String> {
    let is_forgotten = |path: &RepoPath, bytes: &[u8]| {
        let folder = path.as_str().strip_suffix(manifest::FILE)?;
        let folder = folder.strip_suffix('/').or_else(|| Some("").filter(|_| folder.is_empty()))?;
        let placed = manifest::parse(path, bytes).0?;
        let is_named = folders.iter().any(|known| known.name == folder);
        (placed.manifest.source.netbox == url && !is_named).then(|| {
            format!(
                "{path} is of an export into a folder that {MAPPING_FILE} does not name any more: the files there \
                 stay as they are; remove them if the fabric is gone"
            )
        })
    };
    root.iter().filter_map(|(path, file)| is_forgotten(path, &file.bytes)).collect()
}

/// Who asked for the changes, if there are any and an export came before.
fn asked(
    client: &Client,
    folders: &[Folder],
    reading: &Reading,
    assembled: &Assembled,
) -> anyhow::Result<Asked> {
    let last = folders.iter().filter_map(|folder| {
        let manifest = &folder.last.as_ref()?.manifest;
        manifest.changelog.filter(|_| manifest.source.netbox == client.url())
    });
    let mut asked = Asked::default();
    let Some(after) = last.min().filter(|after| *after < reading.change() && !assembled.changes.is_empty())
    else {
        return Ok(asked);
    };
    let log = netbox::changes_since(client, after, ENTRIES)?;
    let ours = |object_type: &str| ENDPOINTS.iter().any(|list| list.object_type == object_type);
    let is_asked = |change: &&netbox::Change| ours(&change.changed_object_type) && !change.is_written_back();
    for change in log.changes.iter().filter(is_asked) {
        asked.users.insert(change.user_name.clone());
        if !change.message.is_empty() && !asked.messages.contains(&change.message) {
            asked.messages.push(change.message.clone());
        }
    }
    asked.users.remove("");
    asked.cut = log.cut;
    asked.entries = Some((after, reading.change()));
    Ok(asked)
}

/// Name and address of the one who asked, if it was one and the address is known.
fn author(asked: &Asked, mapping: &Mapping) -> Option<(String, String)> {
    let mut users = asked.users.iter().filter(|_| !asked.cut);
    let (Some(user), None) = (users.next(), users.next()) else { return None };
    let (name, email) = match mapping.author(user) {
        Some(known) => {
            let (name, email) = known.split_once('<')?;
            (name.trim().to_owned(), email.trim_end().trim_end_matches('>').to_owned())
        }
        None if user.contains('@') => (user.clone(), user.clone()),
        None => return None,
    };
    let fits =
        |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_control() || matches!(c, '<' | '>'));
    (fits(&name) && fits(&email)).then_some((name, email))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_author_is_the_one_user_whose_address_is_known() {
        let asked = |users: &[&str]| Asked {
            users: users.iter().map(ToString::to_string).collect::<BTreeSet<_>>(),
            ..Asked::default()
        };
        let both = |name: &str, email: &str| Some((name.to_owned(), email.to_owned()));
        for (case, users, expected) in [
            ("an address as user name", &["ada@example.net"][..], both("ada@example.net", "ada@example.net")),
            ("a name alone", &["ada"], None),
            ("two users", &["ada@example.net", "bo@example.net"], None),
            ("nobody", &[], None),
            ("a forged line", &["a@b\nx <c@d>"], None),
        ] {
            assert_eq!(author(&asked(users), &Mapping::default()), expected, "{case}");
        }
    }
}
