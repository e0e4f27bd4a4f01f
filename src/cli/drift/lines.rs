//! The line of the intent that asked for a leaf, and the commit and author of that line.
//!
//! Of the commit that the device holds: its files are compiled, as each leaf of a tree knows the
//! place that asked for it. Elsewhere: which commit brought a line (`git::blame`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::agent::config::Config;
use crate::compile::{Build, Engine};
use crate::diagnostic::Place;
use crate::git::history::Commit;
use crate::git::{Repository, Snapshot};
use crate::names::{CommitId, DeviceName, RepoPath};
use crate::record::{DriftKind, DriftedLeaf};
use crate::yang::Path;

/// A line that asks for something.
pub(super) struct Asked {
    /// Where it stands, in the files of the commit that the device holds.
    pub(super) place: Place,
    /// Of which commit these files are.
    of: CommitId,
    /// The commit that brought the line, where that could be found in time.
    pub(super) commit: Option<Commit>,
}

impl Asked {
    /// A line that is named as `file:line`, in the files of a commit.
    pub(super) fn named(origin: &str, of: &CommitId) -> Option<Self> {
        let (file, line) = origin.rsplit_once(':')?;
        let place = Place { line: line.parse().ok()?, ..Place::start_of(file.parse().ok()?) };
        Some(Self { place, of: of.clone(), commit: None })
    }
}

/// How long all histories together may be looked through: people wait for the list.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the agent's mirror.
pub(super) struct Lines {
    repository: Option<Repository>,
    folder: Option<RepoPath>,
    engine: Engine,
    builds: BTreeMap<CommitId, Option<Build>>,
    until: Instant,
}

impl Lines {
    /// Opens the mirror; without one there are no lines.
    pub(super) fn open(config: &Config) -> anyhow::Result<Self> {
        let folder =
            config.repository.path.as_deref().map(str::parse).transpose().context("repository.path")?;
        let repository = Repository::open(&config.mirror()).ok();
        let until = Instant::now() + PATIENCE;
        Ok(Self { repository, folder, engine: Engine::new(), builds: BTreeMap::new(), until })
    }

    /// What a commit asks of every device; none if it is not here.
    pub(super) fn build(&mut self, commit: &CommitId) -> Option<&Build> {
        if !self.builds.contains_key(commit) {
            let repository = self.repository.as_ref()?;
            let snapshot = Snapshot::of_commit(repository, commit, self.folder.as_ref()).ok();
            let build = snapshot.map(|snapshot| self.engine.build(&snapshot));
            self.builds.insert(commit.clone(), build);
        }
        self.builds.get(commit)?.as_ref()
    }

    /// The line that asked a device for a leaf, in the commit that it holds.
    pub(super) fn of(&mut self, device: &DeviceName, leaf: &DriftedLeaf, commit: &CommitId) -> Option<Asked> {
        let path: Path = leaf.path.parse().ok()?;
        let build = self.build(commit)?;
        let build = build.devices.get(device)?;
        let tree = if leaf.kind == DriftKind::Protected { &build.bootstrap } else { &build.tree };
        let place = tree.get(&path)?.origin.clone()?;
        Some(Asked { place, of: commit.clone(), commit: None })
    }

    /// Finds the commits of lines: a look through the history for each file.
    pub(super) fn add_commits<'a>(&self, lines: impl Iterator<Item = &'a mut Asked>) {
        let Some(repository) = &self.repository else { return };
        let mut files: BTreeMap<(CommitId, RepoPath), Vec<&mut Asked>> = BTreeMap::new();
        for asked in lines {
            files.entry((asked.of.clone(), asked.place.file.clone())).or_default().push(asked);
        }
        for ((commit, file), mut lines) in files {
            let path = self.folder.as_ref().map(|folder| format!("{folder}/{file}").parse());
            let path = path.and_then(Result::ok).unwrap_or(file);
            let wanted: BTreeSet<u32> = lines.iter().map(|asked| asked.place.line).collect();
            let left = self.until.saturating_duration_since(Instant::now());
            // a history that cannot be read leaves the lines without their commits
            let found = repository.blame(&commit, &path, &wanted, left).unwrap_or_default();
            for asked in &mut lines {
                let id = found.get(&asked.place.line);
                asked.commit = id.and_then(|id| repository.commit(id).ok());
            }
        }
    }
}
