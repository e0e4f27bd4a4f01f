//! What a branch would hold after a pull request's head was merged into it.
//!
//! Here: [`Merge`], computed in memory by gix as `git merge` would: no object is written, no
//! attribute, driver or filter of the repository is heeded, and whatever a stranger sends, a
//! merge ends (`bounded`). A conflict is told and nothing is made of it. A file that is new in a
//! folder which the other side moved as a whole is one, as by git's default
//! (`merge.directoryRenames`); that a folder moved because most of its files did is not guessed,
//! and the new file stays. Elsewhere: the refs of pull requests (`pulls`), files of a commit
//! (`snapshot`), walks through trees (`trees`).

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::diff::Rewrites;
use gix::diff::tree_with_rewrites::Change;
use gix::merge::plumbing::{self, tree::Conflict, tree::Resolution, tree::TreatAsUnresolved};

use super::bounded::Bounded;
use super::error::GitError;
use super::repository::{Repository, object_id};
use super::snapshot::{FILE_LIMIT, Snapshot, folder_in};
use super::trees::{Budget, Differing, Walk};
use crate::names::{CommitId, RepoPath};

/// Histories that cross each other more often than this are no pull request: each crossing
/// is a merge of its own, made to find out what both sides started from.
const BASES_LIMIT: usize = 8;

/// Bytes that are compared to find renamed files by what stands in them: each file that is
/// gone with each that is new. Above it only files that were not edited count as renamed.
/// 512 MiB take some five seconds.
const RENAME_LIMIT: u64 = 512 << 20;

/// What came of merging a head into a base.
#[derive(Clone, Debug, PartialEq)]
pub enum Merge {
    /// The files of the merge result. It is no commit: [`Snapshot::commit`] is none.
    Clean(Snapshot),
    /// The paths that both sides changed in ways that only a person can join, from the root
    /// of the repository, sorted. Bytes that are not UTF-8 are replaced.
    Conflict(Vec<String>),
    /// The head is in the base already: merging it changes nothing.
    Nothing,
}

impl Repository {
    /// The files below a folder after `head` was merged into `base`, as `git merge` would.
    ///
    /// Histories that have nothing in common are [`GitError::Unrelated`], or
    /// [`GitError::Shallow`] if they are not here; what is too large to be looked at is
    /// [`GitError::TooMuch`] or [`GitError::FileTooLarge`].
    pub fn merge(
        &self,
        base: &CommitId,
        head: &CommitId,
        path: Option<&RepoPath>,
    ) -> Result<Merge, GitError> {
        Snapshot::of_commit(self, base, path)?.merge(self, head)
    }
}

impl Snapshot {
    /// The files after `head` was merged into this snapshot's commit: see
    /// [`Repository::merge`]. What is equal is shared, and only blobs that differ are read. A
    /// snapshot of no commit merges nothing.
    pub fn merge(&self, repository: &Repository, head: &CommitId) -> Result<Merge, GitError> {
        let Some(base) = self.commit() else { return Ok(Merge::Nothing) };
        let merging = Merging::new(repository, base, head)?;
        let (ours, theirs) = (object_id(base), object_id(head));
        let bases = merging.bases(ours, theirs)?;
        if bases.contains(&theirs) {
            return Ok(Merge::Nothing);
        }
        let merged = if bases.contains(&ours) {
            Ok(merging.tree_of(theirs)?)
        } else {
            let ancestor = merging.ancestor(bases)?;
            merging.trees(ancestor, merging.tree_of(ours)?, merging.tree_of(theirs)?)?
        };
        match merged {
            Err(conflicts) => Ok(Merge::Conflict(conflicts)),
            Ok(tree) => {
                let root = merging.gix.find_tree(tree).map_err(|error| merging.failed(&error))?;
                let tree = folder_in(repository, &root, head, self.base())?;
                Ok(Merge::Clean(self.moved(repository, &merging.gix, tree, merging.origin)?))
            }
        }
    }
}

/// One merge under way.
struct Merging<'m> {
    repository: &'m Repository,
    /// What it writes stays in memory.
    gix: gix::Repository,
    origin: String,
}

impl<'m> Merging<'m> {
    fn new(repository: &'m Repository, base: &CommitId, head: &CommitId) -> Result<Self, GitError> {
        let origin = format!("{} merged into {} of {}", head.short(), base.short(), repository.name());
        let mut gix = repository.gix().with_object_memory();
        gix.object_cache_size(16 << 20);
        // a larger file is not compared line by line: no intent has one
        let set = |gix: &mut gix::Repository| -> gix::Result<()> {
            let mut config = gix.config_snapshot_mut();
            config.set_raw_value("core.bigFileThreshold", FILE_LIMIT.to_string().as_str())?;
            config.commit()?;
            Ok(())
        };
        set(&mut gix).map_err(|error| GitError::local(repository.name(), "set up a merge", &error))?;
        Ok(Self { repository, gix, origin })
    }

    fn failed(&self, error: &gix::Error) -> GitError {
        GitError::local(self.repository.name(), format!("compute {}", self.origin), error)
    }

    /// The commits that both sides started from; none of them is an ancestor of another.
    fn bases(&self, ours: ObjectId, theirs: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        let bases = self.gix.find_commit(theirs).and_then(|_| self.gix.merge_bases_many(ours, &[theirs]));
        let bases: Vec<_> =
            bases.map_err(|error| self.failed(&error))?.into_iter().map(gix::Id::detach).collect();
        match bases.len() {
            0 if self.gix.is_shallow().unwrap_or_default() => {
                Err(GitError::Shallow { repository: self.repository.name().to_owned() })
            }
            0 => Err(GitError::Unrelated { merge: self.origin.clone() }),
            1..=BASES_LIMIT => Ok(bases),
            _ => Err(self.too_much("commits that both sides started from", BASES_LIMIT as u64)),
        }
    }

    fn too_much(&self, what: &'static str, limit: u64) -> GitError {
        GitError::TooMuch { origin: self.origin.clone(), what, limit }
    }

    fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, GitError> {
        let tree = self.gix.find_commit(commit).and_then(|commit| commit.tree_id());
        tree.map(gix::Id::detach).map_err(|error| self.failed(&error))
    }

    /// The tree that both sides started from: of several commits, what merging them gives.
    fn ancestor(&self, mut bases: Vec<ObjectId>) -> Result<ObjectId, GitError> {
        let Some(first) = bases.pop() else {
            return Err(GitError::Unrelated { merge: self.origin.clone() });
        };
        let Some(second) = bases.pop() else { return self.tree_of(first) };
        let objects = Bounded::new(&self.gix);
        let merged = self.tools().and_then(|(mut diffs, mut blobs)| {
            let mut graph = self.gix.revision_graph(None);
            plumbing::commit::virtual_merge_base(
                first,
                second,
                bases,
                &mut graph,
                &mut diffs,
                &mut blobs,
                &objects,
                &mut |id| id.to_string(),
                options(Some(0.5)),
            )
        });
        match merged {
            Ok(merged) => Ok(merged.tree_id),
            Err(error) => Err(self.ended(&objects, &error)),
        }
    }

    /// The merged tree, or the paths that are in conflict.
    fn trees(
        &self,
        ancestor: ObjectId,
        ours: ObjectId,
        theirs: ObjectId,
    ) -> Result<Result<ObjectId, Vec<String>>, GitError> {
        // what neither side may exceed is known before gix walks both to their ends
        let (our_changes, their_changes) =
            (self.differing(ancestor, ours)?, self.differing(ancestor, theirs)?);
        let similar = self.renames_are_cheap(&their_changes)? && self.renames_are_cheap(&our_changes)?;
        let objects = Bounded::new(&self.gix);
        let merged = self.tools().and_then(|(mut diffs, mut blobs)| {
            let mut merged = plumbing::tree(
                &ancestor,
                &ours,
                &theirs,
                plumbing::blob::builtin_driver::text::Labels::default(),
                &objects,
                |bytes| gix::objs::Write::write_buf(&objects, gix::objs::Kind::Blob, bytes),
                &mut gix::diff::tree::State::default(),
                &mut diffs,
                &mut blobs,
                options(similar.then_some(0.5)),
            )?;
            let mut conflicts = conflicts(&merged.conflicts);
            // gix takes a file for a folder's place if one of the two was renamed to there
            conflicts.extend(in_each_others_place(&our_changes, &their_changes));
            if !conflicts.is_empty() {
                let lossy = |path: BString| path.to_str_lossy().into_owned();
                return Ok(Err(conflicts.into_iter().map(lossy).collect()));
            }
            merged.tree.write(|tree| gix::objs::Write::write(&objects, tree)).map(Ok)
        });
        merged.map_err(|error| self.ended(&objects, &error))
    }

    fn differing(&self, old: ObjectId, new: ObjectId) -> Result<Vec<Differing>, GitError> {
        let budget = Budget::new(&self.origin);
        Walk { repository: self.repository, gix: &self.gix, budget }.differing(Some(old), Some(new))
    }

    /// Whether each file that is gone may be compared with each that is new.
    fn renames_are_cheap(&self, changes: &[Differing]) -> Result<bool, GitError> {
        let blobs = |of: fn(&Differing) -> (Option<super::trees::Entry>, Option<super::trees::Entry>)| {
            changes.iter().filter_map(move |change| match of(change) {
                (Some((mode, id)), None) if mode.is_blob() => Some(id),
                _ => None,
            })
        };
        let gone: BTreeSet<ObjectId> = blobs(|change| (change.old, change.new)).collect();
        let fresh: BTreeSet<ObjectId> = blobs(|change| (change.new, change.old)).collect();
        let total = |ids: &BTreeSet<ObjectId>, others: &BTreeSet<ObjectId>| {
            ids.difference(others).try_fold((0_u64, 0_u64), |(count, bytes), id| -> gix::Result<_> {
                let size = self.gix.find_header(*id)?.size().min(FILE_LIMIT);
                Ok((count + 1, bytes.saturating_add(size)))
            })
        };
        let totals = || -> gix::Result<_> { Ok((total(&gone, &fresh)?, total(&fresh, &gone)?)) };
        let ((gone, gone_bytes), (fresh, fresh_bytes)) = totals().map_err(|error| self.failed(&error))?;
        let cost = gone.saturating_mul(fresh_bytes).saturating_add(fresh.saturating_mul(gone_bytes));
        Ok(cost <= RENAME_LIMIT)
    }

    /// What gix compares and merges blobs with. Its own ways of making them read attributes
    /// from whatever is checked out or at HEAD: then the same merge would differ from clone
    /// to clone.
    fn tools(&self) -> gix::Result<(gix::diff::blob::Platform, plumbing::blob::Platform)> {
        let gix = &self.gix;
        let nothing = gix::index::State::new(gix.object_hash());
        let attributes = || {
            let source = gix::worktree::stack::state::attributes::Source::IdMapping;
            gix.attributes_only(&nothing, source).map(gix::AttributeStack::detach)
        };
        let mode = gix::diff::blob::pipeline::Mode::ToGit;
        let diffs = gix::diff::resource_cache(
            gix,
            mode,
            attributes()?,
            gix::diff::blob::pipeline::WorktreeRoots::default(),
        )?;
        let pipeline = plumbing::blob::Pipeline::new(
            plumbing::blob::pipeline::WorktreeRoots::default(),
            gix::filter::plumbing::Pipeline::new(
                gix::command::Context::default(),
                gix.object_hash(),
                gix::filter::plumbing::pipeline::Options::default(),
            ),
            plumbing::blob::pipeline::Options { large_file_threshold_bytes: FILE_LIMIT },
        );
        let blobs = plumbing::blob::Platform::new(
            pipeline,
            plumbing::blob::pipeline::Mode::ToGit,
            attributes()?,
            Vec::new(),
            plumbing::blob::platform::Options::default(),
        );
        Ok((diffs, blobs))
    }

    /// The error of a merge: that it was too much, if it was ended for that.
    fn ended(&self, objects: &Bounded<'_>, error: &gix::Error) -> GitError {
        match objects.exceeded() {
            Some((what, limit)) => self.too_much(what, limit),
            None => self.failed(error),
        }
    }
}

/// As `git merge` has them, but for the number of files that renames are looked for among.
fn options(similarity: Option<f32>) -> plumbing::tree::Options {
    plumbing::tree::Options {
        rewrites: Some(Rewrites { percentage: similarity, limit: 0, ..Rewrites::default() }),
        ..plumbing::tree::Options::default()
    }
}

/// The paths of what only a person can join.
fn conflicts(all: &[Conflict]) -> BTreeSet<BString> {
    let unresolved = all.iter().filter(|conflict| conflict.is_unresolved(TreatAsUnresolved::git()));
    let sides = unresolved.flat_map(|conflict| [&conflict.ours, &conflict.theirs]);
    let astray = all.iter().filter_map(gone_along);
    sides.chain(astray).map(|change| BString::from(change.location())).collect()
}

/// The new file that the merge put elsewhere, as the other side moved the folder that it is in.
fn gone_along(conflict: &Conflict) -> Option<&Change> {
    let moved = matches!(conflict.resolution, Ok(Resolution::SourceLocationAffectedByRename { .. }));
    let (_, change) = conflict.changes_in_resolution();
    let is_new = matches!(change, Change::Addition { .. } | Change::Rewrite { .. });
    (moved && is_new).then_some(change)
}

/// The files that are new on one side where the other has a folder with new files, and these.
fn in_each_others_place(ours: &[Differing], theirs: &[Differing]) -> BTreeSet<BString> {
    let fresh = |changes: &[Differing]| -> BTreeSet<BString> {
        let fresh = changes.iter().filter(|change| change.old.is_none() && change.new.is_some());
        fresh.map(|change| change.path.clone()).collect()
    };
    let (ours, theirs) = (fresh(ours), fresh(theirs));
    let mut found = BTreeSet::new();
    for (files, below) in [(&ours, &theirs), (&theirs, &ours)] {
        for path in below {
            let folders = path.find_iter("/").map(|end| BString::from(&path[..end]));
            for folder in folders.filter(|folder| files.contains(folder)) {
                found.extend([folder, path.clone()]);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
