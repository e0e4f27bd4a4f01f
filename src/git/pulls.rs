//! The heads of open pull requests, beside the mirror.
//!
//! Here: [`PullRef`], [`Pulls`], and the fetch. What strangers send goes to a repository of its
//! own inside the mirror, which reads the mirror's objects and which the mirror does not read:
//! it may be thrown away, and is when it has grown large. Elsewhere: which pull requests are
//! open (`forge`), what merging one gives (`merge`), what a fetch may bring (`meter`).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gix::bstr::ByteSlice;
use gix::remote::ref_map;

use super::error::GitError;
use super::meter::{Meter, Most, OF_STRANGERS};
use super::mirror::Mirror;
use super::repository::{Repository, commit_id};
use crate::names::CommitId;

/// Where the heads are kept.
const PREFIX: &str = "refs/gitfabric/pulls/";

/// Bytes of packs from which the repository is made anew: closed pull requests leave theirs.
const GROWN: u64 = 1 << 30;
/// As many packs make every look-up slow.
const PACKS: usize = 256;

/// Where the head of a pull request stands in its repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PullRef {
    /// The number of the pull request.
    pub number: u64,
    /// The full name of the ref on the other side, such as `refs/pull/7/head`.
    pub reference: String,
}

impl PullRef {
    /// As GitHub, Gitea and Forgejo keep it.
    pub fn pull(number: u64) -> Self {
        Self { number, reference: format!("refs/pull/{number}/head") }
    }

    /// As GitLab keeps it.
    pub fn merge_request(number: u64) -> Self {
        Self { number, reference: format!("refs/merge-requests/{number}/head") }
    }

    fn spec(&self) -> String {
        format!("+{}:{PREFIX}{}", self.reference, self.number)
    }
}

/// The heads of pull requests after a fetch.
#[derive(Debug, Default)]
pub struct Pulls {
    /// The commit of each that is here now, by number.
    pub heads: BTreeMap<u64, CommitId>,
    /// Those that the other side has no ref for.
    pub missing: Vec<u64>,
    /// Those whose head could not be fetched while the others could: too large, for the most
    /// part ([`GitError::is_too_large`]). What is too large is not fetched again until it moves.
    pub refused: BTreeMap<u64, GitError>,
}

/// Heads that were too much, by number, with what was too much.
pub(super) type Refused = Arc<Mutex<TooMuch>>;

type TooMuch = BTreeMap<u64, (gix::ObjectId, &'static str, u64)>;

impl Mirror {
    /// Brings the heads of these pull requests here, and lets go of all others. What is here
    /// already costs one look at the other side's refs.
    ///
    /// One fetch may bring 64 MiB and 500,000 objects of at most 64 MiB each; pull requests
    /// that have more are [refused](Pulls::refused) one by one. Ends by the deadline, as
    /// [`Mirror::fetch`] does, and does not keep that one waiting.
    pub fn fetch_pulls(&self, open: &[PullRef], deadline: Duration) -> Result<Pulls, GitError> {
        self.fetch_pulls_within(OF_STRANGERS, open, deadline)
    }

    fn fetch_pulls_within(
        &self,
        most: Most,
        open: &[PullRef],
        deadline: Duration,
    ) -> Result<Pulls, GitError> {
        let (open, start) = (open.to_vec(), Instant::now());
        self.apart(&self.pulls_busy, deadline, move |mirror, stop| {
            Fetching { mirror, stop, most, start, deadline, outcome: Pulls::default() }.fetch(&open)
        })
    }

    /// The copy together with the heads of pull requests: all that
    /// [`repository`](Mirror::repository) reads, and they. Ask again after each fetch.
    pub fn pulls(&self) -> Result<Repository, GitError> {
        self.prepare_pulls()?;
        Repository::open(&self.pulls_folder())
    }

    fn pulls_folder(&self) -> PathBuf {
        self.folder().join("pulls.git")
    }

    /// Makes the repository if it is absent or was made by half.
    fn prepare_pulls(&self) -> Result<(), GitError> {
        let folder = self.pulls_folder();
        let alternates = folder.join("objects/info/alternates");
        if alternates.exists() {
            return Ok(());
        }
        let io = |cause| GitError::Folder { path: folder.clone(), cause };
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(io)?;
        }
        self.create_bare(&folder)?;
        fs::create_dir_all(folder.join("objects/info")).map_err(io)?;
        fs::write(alternates, "../../objects\n").map_err(io)
    }

    /// Throws the repository away when it holds too much of what nobody asks for any more.
    fn shrink_pulls(&self) -> Result<(), GitError> {
        let folder = self.pulls_folder();
        let packs = fs::read_dir(folder.join("objects/pack")).into_iter().flatten().flatten();
        let sizes: Vec<u64> = packs.filter_map(|file| Some(file.metadata().ok()?.len())).collect();
        if sizes.iter().sum::<u64>() > GROWN || sizes.len() > 2 * PACKS {
            fs::remove_dir_all(&folder).map_err(|cause| GitError::Folder { path: folder, cause })?;
        }
        self.prepare_pulls()
    }
}

/// One fetch of pull requests under way.
struct Fetching<'m> {
    mirror: &'m Mirror,
    stop: &'m Arc<AtomicBool>,
    most: Most,
    start: Instant,
    deadline: Duration,
    outcome: Pulls,
}

impl Fetching<'_> {
    fn fetch(mut self, open: &[PullRef]) -> Result<Pulls, GitError> {
        self.mirror.shrink_pulls()?;
        let open: BTreeMap<u64, &PullRef> = open.iter().map(|pull| (pull.number, pull)).collect();
        self.let_go(|number| open.contains_key(&number))?;
        if open.is_empty() {
            return Ok(self.outcome);
        }
        let there = self.list(&open)?;
        self.outcome.missing = open.keys().filter(|number| !there.contains_key(number)).copied().collect();
        let gone = self.outcome.missing.clone();
        self.let_go(|number| !gone.contains(&number))?;
        self.know_again(&there);
        let here = self.heads()?;
        let wanted: Vec<&PullRef> = there
            .iter()
            .filter(|(number, id)| here.get(number) != Some(id) && !self.outcome.refused.contains_key(number))
            .filter_map(|(number, _)| open.get(number).copied())
            .collect();
        self.bring(&wanted, &there)?;
        self.settle()
    }

    /// Fetches all at once; if that fails, each on its own, so that one does not keep the
    /// others out.
    fn bring(&mut self, wanted: &[&PullRef], there: &BTreeMap<u64, gix::ObjectId>) -> Result<(), GitError> {
        if wanted.is_empty() || (wanted.len() > 1 && self.receive(wanted).is_ok()) {
            return Ok(());
        }
        for pull in wanted {
            let Err(error) = self.receive(&[pull]) else { continue };
            if let GitError::TooMuch { what, limit, .. } = &error
                && let Some(id) = there.get(&pull.number)
            {
                self.refused().insert(pull.number, (*id, what, *limit));
            } else if !matches!(error, GitError::Fetch { .. }) {
                return Err(error); // the other side is away: that is no pull request's fault
            }
            self.outcome.refused.insert(pull.number, error);
        }
        Ok(())
    }

    fn refused(&self) -> MutexGuard<'_, TooMuch> {
        self.mirror.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses what was too much before and has not moved since.
    fn know_again(&mut self, there: &BTreeMap<u64, gix::ObjectId>) {
        let known = {
            let mut known = self.refused();
            known.retain(|number, (id, ..)| there.get(number) == Some(id));
            known.clone()
        };
        for (number, (_, what, limit)) in known {
            self.outcome.refused.insert(number, self.too_much(number, what, limit));
        }
    }

    fn too_much(&self, number: u64, what: &'static str, limit: u64) -> GitError {
        let origin = format!("pull request {number} of {}", self.mirror.remote().url());
        GitError::TooMuch { origin, what, limit }
    }

    fn gix(&self) -> Result<gix::Repository, GitError> {
        let limit = format!("gitoxide.objects.allocLimit={}", self.most.object);
        self.mirror.gix_in(&self.mirror.pulls_folder(), vec![limit.into()])
    }

    /// The time that is left; an error if none is.
    fn left(&self) -> Result<Duration, GitError> {
        let left = self.deadline.checked_sub(self.start.elapsed()).filter(|left| !left.is_zero());
        left.ok_or_else(|| {
            let (url, branch) = (self.mirror.remote().url().to_owned(), "pull requests".to_owned());
            GitError::Deadline { url, branch, after: self.deadline }
        })
    }

    /// What the other side has of these.
    fn list(&self, open: &BTreeMap<u64, &PullRef>) -> Result<BTreeMap<u64, gix::ObjectId>, GitError> {
        let gix = self.gix()?;
        let specs: Vec<String> = open.values().map(|pull| pull.spec()).collect();
        let (map, _) = self.mirror.connect(&gix, &specs, self.left()?, |connection| {
            connection.ref_map(gix::progress::Discard, ref_map::Options::default())
        })?;
        let ids = map.mappings.iter().filter_map(|mapping| {
            let number = number_of(mapping.local.as_ref()?.as_bstr())?;
            Some((number, mapping.remote.peeled_id().or_else(|| mapping.remote.as_id())?.to_owned()))
        });
        Ok(ids.collect())
    }

    fn receive(&self, wanted: &[&PullRef]) -> Result<(), GitError> {
        let gix = self.gix()?;
        let specs: Vec<String> = wanted.iter().map(|pull| pull.spec()).collect();
        let fetch = self.mirror.connect(&gix, &specs, self.left()?, |connection| {
            connection.prepare_fetch(gix::progress::Discard, ref_map::Options::default())
        })?;
        if fetch.ref_map().is_missing_required_mapping() {
            return Ok(()); // closed since they were listed
        }
        let meter = Meter::new(self.most, Arc::clone(self.stop));
        let received = fetch.receive(meter.clone(), self.stop);
        let Err(error) = received else { return Ok(()) };
        let number = wanted.first().map_or(0, |pull| pull.number);
        Err(match meter.exceeded() {
            Some((what, limit)) => {
                // the others are fetched if time is left; if none is, nobody starts anything
                self.stop.store(false, Ordering::Relaxed);
                self.too_much(number, what, limit)
            }
            None if error.is_resource_exhausted() => {
                self.too_much(number, "bytes in one object", self.most.object)
            }
            None => self.mirror.of_fetch(&error),
        })
    }

    /// Deletes the refs of those that are not to be kept.
    fn let_go(&self, keep: impl Fn(u64) -> bool) -> Result<(), GitError> {
        let gix = self.gix()?;
        for (number, _) in self.heads()?.into_iter().filter(|(number, _)| !keep(*number)) {
            let reference = gix.find_reference(format!("{PREFIX}{number}").as_str());
            let deleted = reference.and_then(|reference| reference.delete());
            deleted.map_err(|error| self.mirror.failed("let go of a pull request", &error))?;
        }
        Ok(())
    }

    /// What is here.
    fn heads(&self) -> Result<BTreeMap<u64, gix::ObjectId>, GitError> {
        let gix = self.gix()?;
        let read = || -> gix::Result<_> {
            let mut heads = BTreeMap::new();
            for reference in gix.references()?.prefixed(PREFIX)? {
                let reference = reference?;
                if let (Some(number), Some(id)) = (number_of(reference.name().as_bstr()), reference.try_id())
                {
                    heads.insert(number, id.detach());
                }
            }
            Ok(heads)
        };
        read().map_err(|error| self.mirror.failed("list its pull requests", &error))
    }

    /// The heads that are here, as commits.
    fn settle(mut self) -> Result<Pulls, GitError> {
        let gix = self.gix()?;
        for (number, id) in self.heads()? {
            if self.outcome.refused.contains_key(&number) {
                continue; // what is here of it is not what it is now
            }
            match gix.find_object(id).and_then(|object| object.peel_to_kind(gix::object::Kind::Commit)) {
                Ok(commit) => drop(self.outcome.heads.insert(number, commit_id(commit.id))),
                Err(error) => {
                    let error = self.mirror.failed("read a pull request", &error);
                    self.outcome.refused.insert(number, error);
                }
            }
        }
        Ok(self.outcome)
    }
}

fn number_of(reference: &gix::bstr::BStr) -> Option<u64> {
    reference.to_str().ok()?.strip_prefix(PREFIX)?.parse().ok()
}

#[cfg(test)]
mod tests;
