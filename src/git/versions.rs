//! The contents that a file had: which commit brought each.
//!
//! Here: walking back through the whole history, merged branches included, newest first.
//! Elsewhere: what one commit changed, and the log along first parents (`history`).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::ControlFlow;

use super::error::GitError;
use super::repository::{Repository, commit_id, object_id};
use super::snapshot::BlobId;
use crate::names::{CommitId, RepoPath};

/// A commit in which a file is other than in every parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The commit.
    pub commit: CommitId,
    /// Which of the paths that were asked for, by its index.
    pub path: usize,
    /// The content that it brought; none where it took the file away.
    pub blob: Option<BlobId>,
}

impl Repository {
    /// Visits the versions of files, from `tip` back, until the visitor breaks. Children come
    /// before their parents.
    pub fn versions<B>(
        &self,
        paths: &[RepoPath],
        tip: &CommitId,
        mut visit: impl FnMut(Version) -> Result<ControlFlow<B>, GitError>,
    ) -> Result<Option<B>, GitError> {
        let doing = || format!("walk the history of {}", tip.short());
        let failed = |error: &gix::Error| GitError::local(self.name(), doing(), error);
        let gix = self.gix();
        let order = gix::revision::walk::Sorting::ByCommitTime(
            gix::traverse::commit::simple::CommitTimeOrder::NewestFirst,
        );
        let walk = gix.rev_walk([object_id(tip)]).sorting(order).all().map_err(|error| failed(&error))?;
        let mut known: HashMap<gix::ObjectId, Vec<Option<BlobId>>> = HashMap::new();
        for step in walk {
            let step = step.map_err(|error| failed(&error))?;
            let own = match known.remove(&step.id) {
                Some(blobs) => blobs,
                None => blobs_at(&gix, step.id, paths).map_err(|error| failed(&error))?,
            };
            let mut parents = Vec::new();
            for parent in step.parent_ids() {
                let id = parent.detach();
                let blobs = match known.entry(id) {
                    Entry::Occupied(blobs) => blobs.into_mut(),
                    Entry::Vacant(empty) => {
                        empty.insert(blobs_at(&gix, id, paths).map_err(|error| failed(&error))?)
                    }
                };
                parents.push(blobs.clone());
            }
            for (path, blob) in own.into_iter().enumerate() {
                let is_new = if parents.is_empty() {
                    blob.is_some()
                } else {
                    parents.iter().all(|blobs| blobs.get(path).copied().flatten() != blob)
                };
                if is_new
                    && let ControlFlow::Break(found) =
                        visit(Version { commit: commit_id(step.id), path, blob })?
                {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// The bytes of a file's content.
    pub fn blob(&self, id: BlobId) -> Result<Vec<u8>, GitError> {
        self.in_gix(
            || format!("read the file with the id {id}"),
            |gix| Ok(gix.find_blob(gix::ObjectId::from(id))?.take_data()),
        )
    }
}

fn blobs_at(
    gix: &gix::Repository,
    commit: gix::ObjectId,
    paths: &[RepoPath],
) -> gix::Result<Vec<Option<BlobId>>> {
    let tree = gix.find_commit(commit)?.tree()?;
    paths
        .iter()
        .map(|path| {
            let entry = tree.lookup_entry_by_path(path.as_str())?;
            Ok(entry.filter(|entry| entry.mode().is_blob()).map(|entry| BlobId::from(entry.object_id())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::TestRepo;

    #[test]
    fn each_content_of_a_file_is_told_with_the_commit_that_brought_it() {
        let repo = TestRepo::new();
        let one = repo.write("a", "1").write("b", "1").commit("one");
        repo.write("b", "2").commit("something else");
        repo.git(&["checkout", "-q", "-b", "side"]);
        let two = repo.write("a", "2").commit("two, on a side branch");
        repo.git(&["checkout", "-q", "main"]);
        repo.write("b", "3").commit("meanwhile");
        repo.git(&["merge", "-q", "--no-ff", "--no-edit", "side"]);
        std::fs::remove_file(repo.path().join("a")).unwrap();
        let gone = repo.commit("away with it");
        let repository = Repository::open(repo.path()).unwrap();
        let mut seen = Vec::new();
        let paths = ["a".parse().unwrap()];
        let done: Option<()> = repository
            .versions(&paths, &repo.head(), |version| {
                let text = version.blob.map(|blob| repository.blob(blob).unwrap());
                seen.push((version.commit, text.map(|bytes| String::from_utf8(bytes).unwrap())));
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        assert_eq!(done, None);
        let expected = [(gone, None), (two, Some("2".to_owned())), (one, Some("1".to_owned()))];
        assert_eq!(seen, expected);
    }
}
