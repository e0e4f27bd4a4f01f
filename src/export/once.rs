//! One export: read NetBox, say it as files, and commit them, or nothing at all.
//!
//! The order is the safety: NetBox is read whole and counted, then said, then held against
//! the repository and its history, then the result is loaded and compiled as the agent would;
//! only then does a branch move, and only from where it was read. Elsewhere: who asked for it
//! (`asked`), whether the result stands (`judge`), again and again (`watch`), as a pull request
//! (`proposal`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;

use super::asked::{asked, author};
use super::assemble::{Assembled, Folder, Origin, assemble, previous};
use super::gate::Gate;
use super::judge::{Judge, Judged};
use super::message;
use super::place::{Advanced, Place, Target};
use super::proposal::{self, Proposals};
use super::report::{Outcome, Report};
use super::token::Token;
use crate::git::write::Author;
use crate::git::{BlobId, Draft, GitError, Snapshot};
use crate::intent::manifest::{self, MAPPING_FILE, Source};
use crate::names::{CommitId, RepoPath};
use crate::netbox::{self, Client, Mapping, Progress, Reading, Status, Wanted};

/// How often a branch that somebody else moves is read again.
const ROUNDS: usize = 3;

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
    token: Option<Token>,
    job: Job,
    reading: Option<Arc<Reading>>,
    standing: Option<Standing>,
    judge: Judge,
    gate: Gate,
    /// When nothing was left to do.
    settled: Option<Moment>,
}

/// The branch as it was read last; as long as it does not move, nor the folders in the mapping, its
/// history is not looked through again.
struct Standing {
    base: Option<CommitId>,
    root: Arc<Snapshot>,
    folders: Arc<Vec<Folder>>,
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
        Self {
            client,
            token: None,
            job,
            reading: None,
            standing: None,
            judge: Judge::default(),
            gate: Gate::default(),
            settled: None,
        }
    }

    /// With a token that is read again at each export.
    #[must_use]
    pub fn with_token(self, token: Token) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Where a signal to stop waits for this export.
    pub(super) fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// Exports once. An error or a refusal has moved nothing.
    pub fn export(&mut self, progress: &(dyn Fn(Progress) + Sync)) -> anyhow::Result<Report> {
        let (started, asked_before) = (Instant::now(), self.client.requests());
        self.gate.begin();
        if let Some(token) = &self.token {
            self.client.set_token(&token.read()?)?;
        }
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
        let known = self.standing.as_ref().filter(|known| known.base.as_ref() == place.base());
        let root = match known {
            Some(known) => Arc::clone(&known.root),
            None => Arc::new(place.files(self.job.path.as_ref())?),
        };
        let Some((mapping, source)) = self.mapping(place, &root, &mut report)? else { return Ok(report) };
        let folders = self.folders(place, &root, &mapping)?;
        let (reading, notes) = self.read(&folders, progress)?;
        report.notes.extend(reading.notes.iter().cloned());
        report.notes.extend(notes);
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
        report.words.clone_from(&assembled.words);
        report.changes.clone_from(&assembled.changes);
        report.contested = std::mem::take(&mut assembled.contested);
        (report.objections, report.kept) = (said.objections, said.kept);
        if !said.findings.is_empty() {
            report.findings.push((said.findings, source.clone()));
        }
        let judged = Judged { place, folders: &folders, edits: &assembled.edits, mapping: &source };
        if refused || !self.judge.stands(&judged, &mut report)? {
            return Ok(report);
        }
        report.outcome = self.bring(place, &mapping, &folders, &reading, &assembled, &report)?;
        let is_clean = self.withdraw(place, &folders, &mut report);
        if report.outcome == Outcome::Unchanged && is_clean {
            self.settled = Some(moment);
        }
        Ok(report)
    }

    /// The fabrics' folders with what the history tells of them.
    fn folders(
        &mut self,
        place: &Place,
        root: &Arc<Snapshot>,
        mapping: &Mapping,
    ) -> anyhow::Result<Arc<Vec<Folder>>> {
        let is_same = |known: &&Standing| {
            known.base.as_ref() == place.base()
                && known.folders.iter().map(|folder| folder.name.as_str()).eq(mapping.folders())
        };
        if let Some(known) = self.standing.as_ref().filter(is_same) {
            return Ok(Arc::clone(&known.folders));
        }
        let folders = mapping
            .folders()
            .map(|name| Folder::read(place, self.job.path.as_ref(), name))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let folders = Arc::new(folders);
        let (root, base) = (Arc::clone(root), place.base().cloned());
        self.standing = Some(Standing { base, root, folders: Arc::clone(&folders) });
        Ok(folders)
    }

    /// Withdraws what an earlier export proposed and the branch now holds. Whether nothing is left
    /// to do for that: a forge that cannot be reached is asked again.
    fn withdraw(&self, place: &Place, folders: &[Folder], report: &mut Report) -> bool {
        let forge = match (&self.job.proposals, &report.outcome) {
            _ if self.job.dry_run => return true,
            (
                Proposals::Always(forge) | Proposals::AgainstPeople(forge),
                Outcome::Unchanged | Outcome::Committed { .. },
            ) => forge,
            _ => return true,
        };
        let done = self.gate.pass(|| proposal::withdraw(place, forge, folders, self.client.url()));
        match done {
            Ok(Some(stale)) if stale.stays.is_none() => report.withdrawn = Some(stale.url),
            Ok(Some(stale)) => report.notes.push(format!(
                "the pull request {} has nothing left to propose and stays open: {}",
                stale.url,
                stale.stays.unwrap_or_default()
            )),
            Ok(None) => {}
            Err(error) => {
                report.notes.push(format!(
                    "whether a pull request of an earlier export is open is not known: {error:#}"
                ));
                return false;
            }
        }
        true
    }

    /// The mapping and the files it stands among, or nothing with its findings in the report.
    fn mapping(
        &self,
        place: &Place,
        root: &Snapshot,
        report: &mut Report,
    ) -> anyhow::Result<Option<(Mapping, Snapshot)>> {
        let name: RepoPath = MAPPING_FILE.parse()?;
        if self.job.mapping.is_none() {
            report.notes.extend(place.uncommitted(self.job.path.as_ref(), &name, root));
        }
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
    fn read(
        &mut self,
        folders: &[Folder],
        progress: &(dyn Fn(Progress) + Sync),
    ) -> anyhow::Result<(Arc<Reading>, Vec<String>)> {
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
            self.reading = kept.map(Arc::new);
            notes.extend(note);
        }
        // a copy is refreshed: after a failure the next try begins with what was known before it
        let reading = Arc::new(match &self.reading {
            Some(reading) => netbox::refresh(&self.client, Reading::clone(reading), &wanted)?,
            None => netbox::read(&self.client, &wanted)?,
        });
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
        self.reading = Some(Arc::clone(&reading));
        Ok((reading, notes))
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
        if assembled.manifests.is_empty() {
            return Ok(Outcome::Unchanged);
        }
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
        let from = message::Origin {
            url: self.client.url(),
            version: &reading.status.version,
            manifests: &assembled.manifests,
        };
        let text = message::message(&assembled.changes, &assembled.words, &asked, &from);
        let draft = Draft {
            parent: place.base(),
            files: &assembled.edits,
            message: &text,
            author: &author,
            committer: &committer,
        };
        let Some(commit) = place.repository().draft(&draft)? else { return Ok(Outcome::Unchanged) };
        if let Some(forge) = forge {
            return self.gate.pass(|| proposal::propose(place, forge, folders, &commit, assembled, report));
        }
        let Advanced { pushed, stayed } = self.gate.pass(|| place.advance(&commit))?;
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
