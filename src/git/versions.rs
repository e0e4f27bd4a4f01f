//! The contents that a file had: which commit brought each.
//!
//! Here: walking back through the whole history, merged branches included, children before
//! their parents whatever the clocks said that made them.
//! Elsewhere: what one commit changed, and the log along first parents (`history`).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::ControlFlow;

use gix::traverse::commit::topo;

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
    /// Visits the versions of files, from `tip` back, until the visitor breaks. All children come
    /// before their parents; where neither descends from the other, the newer commit is first.
    ///
    /// [`GitError::Shallow`] for a clone that was made without its history: what a commit brought
    /// cannot be told without its parents.
    pub fn versions<B>(
        &self,
        paths: &[RepoPath],
        tip: &CommitId,
        mut visit: impl FnMut(Version) -> Result<ControlFlow<B>, GitError>,
    ) -> Result<Option<B>, GitError> {
        let doing = || format!("walk the history of {}", tip.short());
        let failed = |error: &gix::Error| GitError::local(self.name(), doing(), error);
        let gix = self.gix();
        if gix.is_shallow().map_err(|error| failed(&error))? {
            return Err(GitError::Shallow { repository: self.name().to_owned() });
        }
        let none: Option<[gix::ObjectId; 0]> = None;
        let walk = topo::Builder::from_iters(&gix.objects, [object_id(tip)], none)
            .sorting(topo::Sorting::DateOrder)
            .build()
            .map_err(|error| failed(&error))?;
        let mut known: HashMap<gix::ObjectId, Vec<Option<BlobId>>> = HashMap::new();
        for step in walk {
            let step = step.map_err(|error| failed(&error))?;
            let own = match known.remove(&step.id) {
                Some(blobs) => blobs,
                None => blobs_at(&gix, step.id, paths).map_err(|error| failed(&error))?,
            };
            let mut parents = Vec::new();
            for id in step.parent_ids {
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

    #[test]
    fn a_clock_that_went_wrong_does_not_put_a_parent_before_its_child() {
        let repo = TestRepo::new();
        let dated = |parent: Option<&str>, text: &str, seconds: u64| {
            repo.write("a", text);
            repo.git(&["add", "-A"]);
            let tree = repo.git(&["write-tree"]);
            let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
            let who = format!("Ada <a@example.net> {seconds} +0000");
            let commit = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\n{text}\n");
            repo.git_with_input(&["hash-object", "-t", "commit", "-w", "--stdin"], &commit)
        };
        let one = dated(None, "1", 100);
        let late = dated(Some(&one), "2", 9_000);
        // made after it, by a machine whose clock is behind
        let early = dated(Some(&late), "3", 50);
        let other = dated(Some(&late), "4", 200);
        let tree = repo.git(&["write-tree"]);
        let tip = repo.git(&["commit-tree", &tree, "-p", &other, "-p", &early, "-m", "merge"]);
        let repository = Repository::open(repo.path()).unwrap();
        let mut seen = Vec::new();
        repository
            .versions(&["a".parse().unwrap()], &tip.parse().unwrap(), |version| {
                seen.push(version.commit.to_string());
                Ok(ControlFlow::<()>::Continue(()))
            })
            .unwrap();
        assert_eq!(seen, [other, early, late, one]);
    }

    #[test]
    fn half_a_history_is_refused() {
        let repo = TestRepo::new();
        repo.write("a", "1").commit("one");
        repo.write("a", "2").commit("two");
        let root = tempfile::tempdir().unwrap();
        let shallow = root.path().join("shallow");
        let url = format!("file://{}", repo.url());
        repo.git(&["clone", "-q", "--depth", "1", &url, shallow.to_str().unwrap()]);
        let repository = Repository::open(&shallow).unwrap();
        let walk = || {
            repository
                .versions(&["a".parse().unwrap()], &repo.head(), |_| Ok(ControlFlow::<()>::Continue(())))
        };
        let error = walk().unwrap_err();
        assert!(matches!(error, GitError::Shallow { .. }), "{error}");
        assert!(error.hint().unwrap().contains("fetch-depth: 0"));
        repo.git(&["-C", shallow.to_str().unwrap(), "fetch", "-q", "--unshallow"]);
        walk().unwrap();
    }
}
