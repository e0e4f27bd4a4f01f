//! A commit in two steps: its objects first, then the branch that names it.
//!
//! What stands between the steps can be pushed, or thrown away: until the branch moves
//! nobody sees it, and a crash leaves objects that Git's housekeeping takes. Elsewhere:
//! commits in one step (`write`), the way to other repositories (`push`).

use gix::refs::transaction::PreviousValue;

use super::error::{Cause, GitError};
use super::program::Program;
use super::repository::{Repository, commit_id, object_id};
use super::snapshot::{BlobId, File, Snapshot};
use super::write::{Author, Edits, checked_out_at, edited, reference, tip};
use crate::names::CommitId;

/// A commit that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// What it stands on; none for the first of a branch.
    pub parent: Option<&'a CommitId>,
    /// The files that it changes.
    pub files: &'a Edits,
    /// Its message.
    pub message: &'a str,
    /// Who asked for it.
    pub author: &'a Author,
    /// Who writes it down.
    pub committer: &'a Author,
}

impl Repository {
    /// Writes the objects of a commit. Gives nothing when the files are so already.
    pub fn draft(&self, draft: &Draft<'_>) -> Result<Option<CommitId>, GitError> {
        let doing = || "write a commit".to_owned();
        self.in_gix(doing, |gix| {
            let parent = draft.parent.map(object_id);
            let Some(tree) = edited(gix, parent, draft.files)? else { return Ok(None) };
            let (written, made) = (draft.author.time(), draft.committer.time());
            let (author, committer) = (draft.author.signature(&written), draft.committer.signature(&made));
            let commit = gix.new_commit_as(committer, author, draft.message, tree, parent)?;
            Ok(Some(commit_id(commit.id)))
        })
    }

    /// The commit of a branch; none if there is no such branch.
    pub fn branch(&self, branch: &str) -> Result<Option<CommitId>, GitError> {
        let name = reference(branch)?;
        let doing = || format!("read branch {branch}");
        Ok(self.in_gix(doing, |gix| tip(gix, &name))?.map(commit_id))
    }

    /// Moves a branch to a commit that stands on `from`, if it still is at `from`; none makes
    /// it. Where the branch is checked out here its files follow, and a local change that is in
    /// the way stops it all; one that is checked out in another worktree is refused, as Git
    /// itself does.
    pub fn move_branch(&self, branch: &str, from: Option<&CommitId>, to: &CommitId) -> Result<(), GitError> {
        let name = reference(branch)?;
        let found = self.branch(branch)?;
        let moved = |found: Option<CommitId>| GitError::NotAFastForward {
            repository: self.name().to_owned(),
            branch: branch.to_owned(),
            expected: from.cloned(),
            found,
        };
        if found.as_ref() != from {
            return Err(moved(found));
        }
        if let Some(worktree) = self.worktree()
            && self.head_branch().as_deref() == Some(branch)
        {
            return Program::of_the_user(&worktree).follow(branch, to);
        }
        let doing = || "list its worktrees".to_owned();
        if let Some(there) = self.in_gix(doing, |gix| checked_out_at(gix, &name))? {
            let (repository, branch) = (there.display().to_string(), branch.to_owned());
            return Err(GitError::CheckedOut { repository, branch });
        }
        let constraint = match from {
            Some(from) => PreviousValue::MustExistAndMatch(gix::refs::Target::Object(object_id(from))),
            None => PreviousValue::MustNotExist,
        };
        let set = self
            .named()
            .and_then(|gix| gix.reference(name, object_id(to), constraint, "gitfabric export").map(drop));
        set.map_err(|error| match self.branch(branch) {
            Ok(now) if now.as_ref() != from => moved(now),
            _ => GitError::Local {
                repository: self.name().to_owned(),
                doing: format!("move branch {branch}"),
                cause: Cause::of(&error),
            },
        })
    }
}

impl Snapshot {
    /// The files as a draft would leave them; paths of the edits count from the root of the
    /// repository. Nothing is written.
    pub fn with(&self, edits: &Edits) -> Result<Self, GitError> {
        let mut next = self.clone();
        (next.commit, next.tree) = (None, None);
        for (path, bytes) in edits {
            let inner = match self.base() {
                None => Some(path.clone()),
                Some(base) => path
                    .as_str()
                    .strip_prefix(base.as_str())
                    .and_then(|rest| rest.strip_prefix('/')?.parse().ok()),
            };
            let Some(inner) = inner else { continue };
            if let Some(old) = next.files.remove(&inner) {
                next.total = next.total.saturating_sub(old.bytes.len() as u64);
            }
            if let Some(bytes) = bytes {
                let blob = BlobId::of(bytes)
                    .map_err(|error| GitError::local(&next.origin, format!("hash {path}"), &error))?;
                next.insert(inner, File { blob, bytes: bytes.as_slice().into() })?;
            }
        }
        Ok(next)
    }
}

impl Repository {
    /// A handle that signs what it writes into a reflog, which a clone keeps: the user's own
    /// configuration, and with it the user's name, is not read.
    fn named(&self) -> gix::Result<gix::Repository> {
        use gix::config::tree::gitoxide::Committer;
        let mut gix = self.gix();
        let mut config = gix.config_snapshot_mut();
        config.set_value(&Committer::NAME_FALLBACK, "gitfabric export")?;
        config.set_value(&Committer::EMAIL_FALLBACK, "gitfabric@localhost")?;
        config.commit()?;
        Ok(gix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::TestRepo;

    fn person(name: &str, seconds: i64) -> Author {
        let email = format!("{}@example.net", name.to_lowercase());
        Author { name: name.into(), email, when: jiff::Timestamp::from_second(seconds).unwrap() }
    }

    #[test]
    fn what_a_draft_would_leave_is_what_its_commit_holds() {
        let repo = TestRepo::new();
        let base = repo.write("a/one", "1").write("a/two", "2").write("b/three", "3").commit("one");
        let repository = Repository::open(repo.path()).unwrap();
        let edit = |path: &str, text: Option<&str>| {
            (path.parse().unwrap(), text.map(|text| text.as_bytes().to_vec()))
        };
        let files = Edits::from([
            edit("a/one", Some("new")),
            edit("a/two", None),
            edit("ab", Some("x")),
            edit("b/y", Some("y")),
        ]);
        let author = person("Ada", 1_700_000_000);
        let (author, committer) = (&author, &author);
        let draft = Draft { parent: Some(&base), files: &files, message: "x\n", author, committer };
        let made = repository.draft(&draft).unwrap().unwrap();
        for folder in [None, Some("a".parse().unwrap()), Some("b".parse().unwrap())] {
            let of = |commit| Snapshot::of_commit(&repository, commit, folder.as_ref()).unwrap();
            let (before, after) = (of(&base), of(&made));
            let drafted = before.with(&files).unwrap();
            assert_eq!((&drafted, drafted.total), (&after, after.total), "{folder:?}");
            assert_eq!(drafted.base(), folder.as_ref());
        }
    }

    fn draft(repo: &TestRepo, parent: &CommitId, text: &str) -> CommitId {
        let files = Edits::from([("a.yaml".parse().unwrap(), Some(text.as_bytes().to_vec()))]);
        let (author, committer) = (person("Ada", 1_700_000_000), person("Export", 1_700_000_100));
        let draft = Draft {
            parent: Some(parent),
            files: &files,
            message: "x\n",
            author: &author,
            committer: &committer,
        };
        Repository::open(repo.path()).unwrap().draft(&draft).unwrap().unwrap()
    }

    #[test]
    fn a_draft_is_seen_by_nobody_until_its_branch_moves() {
        let repo = TestRepo::new();
        let base = repo.write("a.yaml", "1").commit("one");
        let other = repo.bare_clone();
        let made = draft(&other, &base, "2");
        assert_eq!(other.head(), base);
        let repository = Repository::open(other.path()).unwrap();
        repository.move_branch("main", Some(&base), &made).unwrap();
        assert_eq!(other.git(&["log", "-1", "--format=%an %at %cn %ct"]), "Ada 1700000000 Export 1700000100");
        assert_eq!(other.git(&["fsck", "--strict"]), "");
        let error = repository.move_branch("main", Some(&base), &made).unwrap_err();
        assert!(matches!(error, GitError::NotAFastForward { .. }), "{error}");
        repository.move_branch("new", None, &made).unwrap();
        assert_eq!(repository.branch("new").unwrap(), Some(made));
        assert_eq!(repository.branch("absent").unwrap(), None);
    }

    #[test]
    fn the_files_of_a_checked_out_branch_follow_it() {
        let repo = TestRepo::new();
        let base = repo.write("a.yaml", "1").write("mine", "1").commit("one");
        let made = draft(&repo, &base, "2");
        repo.write("mine", "not committed");
        Repository::open(repo.path()).unwrap().move_branch("main", Some(&base), &made).unwrap();
        assert_eq!(repo.head(), made);
        assert_eq!(std::fs::read_to_string(repo.path().join("a.yaml")).unwrap(), "2");
        assert_eq!(repo.git(&["status", "--porcelain"]), " M mine", "what a person was at stays");
    }

    #[test]
    fn a_branch_of_a_clone_that_is_not_checked_out_moves_alone_and_its_reflog_says_who_did_it() {
        let repo = TestRepo::new();
        let base = repo.write("a.yaml", "1").commit("one");
        let made = draft(&repo, &base, "2");
        let repository = Repository::open(repo.path()).unwrap();
        repository.move_branch("site/a", None, &base).unwrap();
        repository.move_branch("site/a", Some(&base), &made).unwrap();
        assert_eq!((repo.head(), repo.git(&["status", "--porcelain"])), (base, String::new()));
        let log = repo.git(&["reflog", "show", "--format=%H %gn %gs", "site/a", "--max-count=1"]);
        assert_eq!(log, format!("{made} gitfabric export gitfabric export"));
    }

    #[test]
    fn a_branch_that_somebody_works_on_in_another_worktree_is_refused() {
        let repo = TestRepo::new();
        let first = repo.write("a.yaml", "1").commit("one");
        let made = draft(&repo, &first, "2");
        let bare = repo.bare_clone();
        repo.git(&["push", "-q", "origin", &format!("{made}:refs/heads/made")]);
        let root = tempfile::tempdir().unwrap();
        let linked = |of: &TestRepo, name: &str| {
            let folder = root.path().join(name);
            of.git(&["worktree", "add", "-q", "-b", name, folder.to_str().unwrap(), first.as_str()]);
            folder
        };
        let (of_clone, of_bare) = (linked(&repo, "site"), linked(&bare, "lab"));
        for (case, opened, branch, there) in [
            ("a linked one, from the main one", repo.path(), "site", &of_clone),
            ("the main one, from a linked one", &of_clone, "main", &repo.path().to_owned()),
            ("that of a bare repository", bare.path(), "lab", &of_bare),
        ] {
            let error =
                Repository::open(opened).unwrap().move_branch(branch, Some(&first), &made).unwrap_err();
            let GitError::CheckedOut { repository, .. } = &error else { panic!("{case}: {error}") };
            let same = std::path::Path::new(repository).canonicalize().unwrap();
            assert_eq!(same, there.canonicalize().unwrap(), "{case}");
        }
        assert_eq!(repo.git(&["rev-parse", "site", "main"]), format!("{first}\n{first}"));
        // its own files follow; one whose folder is gone is refused until `git worktree prune`
        let repository = Repository::open(&of_clone).unwrap();
        repository.move_branch("site", Some(&first), &made).unwrap();
        assert_eq!(std::fs::read_to_string(of_clone.join("a.yaml")).unwrap(), "2");
        std::fs::remove_dir_all(&of_bare).unwrap();
        let moved = Repository::open(bare.path()).unwrap().move_branch("lab", Some(&first), &made);
        assert!(matches!(moved, Err(GitError::CheckedOut { .. })), "{moved:?}");
    }

    #[test]
    fn a_local_change_that_is_in_the_way_stops_it_all() {
        let repo = TestRepo::new();
        let base = repo.write("a.yaml", "1").commit("one");
        let made = draft(&repo, &base, "2");
        repo.write("a.yaml", "mine");
        let error =
            Repository::open(repo.path()).unwrap().move_branch("main", Some(&base), &made).unwrap_err();
        assert!(matches!(error, GitError::InTheWay { .. }), "{error}");
        assert_eq!(repo.head(), base);
        assert_eq!(std::fs::read_to_string(repo.path().join("a.yaml")).unwrap(), "mine");
    }
}
