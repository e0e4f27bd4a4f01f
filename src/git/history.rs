//! The history of a repository: who changed what, when, and whether one commit descends
//! from another.
//!
//! Here: [`Commit`] and the questions that a [`Repository`] answers about commits.
//! Elsewhere: the text of a message (`message`), the bytes of files (`snapshot`).

use gix::bstr::{BStr, ByteSlice};

use super::error::GitError;
use super::message::Message;
use super::repository::{Repository, commit_id, object_id};
use crate::names::{CommitId, RepoPath};

/// A commit as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// Its parents; the first is the branch that it was made on, more make it a merge.
    pub parents: Vec<CommitId>,
    /// Who wrote it.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When it was written, by the author's clock. Shown only: nothing is ordered by it.
    pub written: jiff::Timestamp,
    /// What its message says.
    pub message: Message,
}

/// What a commit did to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// The file is new.
    Added,
    /// Its bytes or its mode are others.
    Modified,
    /// The file is gone.
    Deleted,
}

/// A file that differs between two commits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The file, from the root of the repository. Bytes that are not UTF-8 are replaced.
    pub path: RepoPath,
    /// What happened to it.
    pub kind: ChangeKind,
}

impl Repository {
    /// A commit by its id.
    pub fn commit(&self, id: &CommitId) -> Result<Commit, GitError> {
        self.in_gix(
            || format!("read commit {}", id.short()),
            |gix| {
                let commit = gix.find_commit(object_id(id))?;
                let author = commit.author()?;
                let seconds = author.time().map_or(0, |time| time.seconds);
                Ok(Commit {
                    id: id.clone(),
                    parents: commit.parent_ids().map(|id| commit_id(id.detach())).collect(),
                    author: printable(author.name),
                    email: printable(author.email),
                    written: jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH),
                    message: Message::parse(&commit.message_raw()?.to_str_lossy()),
                })
            },
        )
    }

    /// Whether `old` is `new` or one of its ancestors. An `old` that is not here is an error.
    pub fn is_ancestor(&self, old: &CommitId, new: &CommitId) -> Result<bool, GitError> {
        if old == new {
            return Ok(true);
        }
        let doing = || format!("compare the history of {} and {}", old.short(), new.short());
        self.in_gix(doing, |gix| {
            let old = gix.find_commit(object_id(old))?.id;
            let bases = gix.merge_bases_many(old, &[object_id(new)])?;
            Ok(bases.iter().any(|base| base.detach() == old))
        })
    }

    /// The commits after `from` up to `to`, newest first, along first parents: one entry a
    /// merge. At most `limit`; without `from`, from the very first.
    pub fn log(&self, from: Option<&CommitId>, to: &CommitId, limit: usize) -> Result<Vec<Commit>, GitError> {
        let mut chain: Vec<Commit> = Vec::new();
        let mut next = Some(to.clone());
        while let Some(id) = next.take().filter(|id| Some(id) != from && chain.len() < limit) {
            let commit = self.commit(&id)?;
            next = commit.parents.first().cloned();
            chain.push(commit);
        }
        // `from` may lie on a merged branch: then the chain passed it by, and what it holds
        // already is a tail of the chain
        if let (Some(from), Some(last)) = (from, chain.last())
            && last.parents.first() != Some(from)
        {
            let (mut low, mut high) = (0, chain.len());
            while low < high {
                let middle = low.midpoint(high);
                if self.is_ancestor(&chain[middle].id, from)? { high = middle } else { low = middle + 1 }
            }
            chain.truncate(low);
        }
        Ok(chain)
    }

    /// The files that differ between two commits, by path; without `from`, all of `to`.
    pub fn changes(&self, from: Option<&CommitId>, to: &CommitId) -> Result<Vec<Change>, GitError> {
        self.in_gix(
            || format!("list the changes of {}", to.short()),
            |gix| {
                let old = from.map(|id| gix.find_commit(object_id(id))?.tree()).transpose()?;
                let new = gix.find_commit(object_id(to))?.tree()?;
                let options = gix::diff::Options::default();
                let mut changes: Vec<Change> = gix
                    .diff_tree_to_tree(old.as_ref(), Some(&new), Some(options))?
                    .iter()
                    .filter(|change| !change.entry_mode().is_tree())
                    .filter_map(change)
                    .collect();
                changes.sort();
                Ok(changes)
            },
        )
    }

    /// The files that a commit changed against its first parent.
    pub fn changes_of(&self, commit: &Commit) -> Result<Vec<Change>, GitError> {
        self.changes(commit.parents.first(), &commit.id)
    }

    /// Runs a question in gix and tells what was asked when it fails.
    pub(super) fn in_gix<T>(
        &self,
        doing: impl FnOnce() -> String,
        ask: impl FnOnce(&gix::Repository) -> gix::Result<T>,
    ) -> Result<T, GitError> {
        ask(&self.gix()).map_err(|error| GitError::local(self.name(), doing(), &error))
    }
}

fn change(change: &gix::object::tree::diff::ChangeDetached) -> Option<Change> {
    use gix::object::tree::diff::ChangeDetached as Diff;
    let kind = match change {
        Diff::Addition { .. } => ChangeKind::Added,
        Diff::Deletion { .. } => ChangeKind::Deleted,
        Diff::Modification { .. } | Diff::Rewrite { .. } => ChangeKind::Modified,
    };
    let path = change.location().to_str_lossy().parse().ok()?;
    Some(Change { path, kind })
}

fn printable(text: &BStr) -> String {
    text.to_str_lossy().chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::TestRepo;

    fn subjects(commits: &[Commit]) -> Vec<&str> {
        commits.iter().map(|commit| commit.message.subject.as_str()).collect()
    }

    /// `main`: one, two, merge, four; `side` (merged): a, b.
    fn forked() -> TestRepo {
        let repo = TestRepo::new();
        repo.write("x", "1").commit("one");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.write("a", "1").commit("a");
        repo.write("a", "2").commit("b");
        repo.git(&["checkout", "-q", "main"]);
        repo.write("x", "2").commit("two");
        repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
        repo.write("x", "4").commit("four");
        repo
    }

    #[test]
    fn ancestry_and_log_agree_with_git() {
        let repo = forked();
        let repository = Repository::discover(repo.path()).unwrap();
        let resolve = |revision: &str| repository.resolve(revision).unwrap();
        let head = resolve("main");
        for (from, expected) in [
            ("main", vec![]),
            ("main~1", vec!["four"]),
            ("main~3", vec!["four", "merge", "two"]),
            ("side", vec!["four", "merge", "two"]),
            ("side~1", vec!["four", "merge", "two"]),
        ] {
            let log = repository.log(Some(&resolve(from)), &head, 100).unwrap();
            assert_eq!(subjects(&log), expected, "{from}");
            let git = repo.git(&["log", "--first-parent", "--format=%s", &format!("{from}..main")]);
            assert_eq!(expected.join("\n"), git, "{from}");
            assert!(repository.is_ancestor(&resolve(from), &head).unwrap(), "{from}");
        }
        assert!(!repository.is_ancestor(&head, &resolve("side")).unwrap());
        assert_eq!(subjects(&repository.log(None, &head, 2).unwrap()), ["four", "merge"]);
        assert_eq!(repository.log(None, &head, 100).unwrap().len(), 4);
    }

    #[test]
    fn a_commit_is_told_with_author_date_and_changed_files() {
        let repo = TestRepo::new();
        repo.write("a.yaml", "1").write("d/b.yaml", "1").write("d/e/c.yaml", "1").commit("one");
        std::fs::remove_file(repo.path().join("a.yaml")).unwrap();
        repo.write("d/b.yaml", "2").write("d/n.yaml", "1");
        let id = repo.commit("two\n\nwhy\n\nReviewed-by: B\n");
        let repository = Repository::discover(repo.path()).unwrap();
        let commit = repository.commit(&id).unwrap();
        assert_eq!((commit.author.as_str(), commit.email.as_str()), ("Ada", "ada@example.net"));
        assert_eq!(commit.written.to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(commit.message.trailers.len(), 1);
        let changes = repository.changes_of(&commit).unwrap();
        let changes: Vec<_> = changes.iter().map(|change| (change.path.as_str(), change.kind)).collect();
        assert_eq!(
            changes,
            [
                ("a.yaml", ChangeKind::Deleted),
                ("d/b.yaml", ChangeKind::Modified),
                ("d/n.yaml", ChangeKind::Added)
            ]
        );
        let first = repository.commit(&commit.parents[0]).unwrap();
        assert_eq!(repository.changes_of(&first).unwrap().len(), 3);
    }

    #[test]
    fn a_commit_that_is_not_here_is_an_error() {
        let repo = forked();
        let repository = Repository::discover(repo.path()).unwrap();
        let absent: CommitId = "1".repeat(40).parse().unwrap();
        assert!(!repository.holds(&absent));
        assert!(repository.is_ancestor(&absent, &repo.head()).is_err());
        let error = repository.commit(&absent).unwrap_err().to_string();
        assert!(error.ends_with("cannot read commit 1111111"), "{error}");
    }
}
