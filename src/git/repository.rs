//! A repository on this machine, read only: the agent's mirror, or the one a command was
//! started in.
//!
//! Here: opening, and from what people write (`HEAD~1`, a branch, seven digits) to a
//! commit. Elsewhere: what stands in commits (`history`, `snapshot`), fetching (`mirror`).

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;

use super::error::{Cause, GitError};
use crate::names::CommitId;

/// A repository, bare or not. Cheap to clone, and shared between threads.
#[derive(Clone, Debug)]
pub struct Repository {
    inner: gix::ThreadSafeRepository,
    shown: String,
}

impl Repository {
    /// The repository that a folder belongs to, as `git` itself would find it.
    pub fn discover(folder: &Path) -> Result<Self, GitError> {
        let both = gix::sec::trust::Mapping { full: options(Vec::new()), reduced: options(Vec::new()) };
        let found = gix::ThreadSafeRepository::discover_opts(
            folder,
            gix::discover::upwards::Options::default(),
            both,
        );
        Self::opened(folder, found)
    }

    /// The repository in exactly this folder, bare or with a `.git` inside.
    pub fn open(folder: &Path) -> Result<Self, GitError> {
        Self::opened(folder, gix::ThreadSafeRepository::open_opts(folder, options(Vec::new())))
    }

    fn opened(folder: &Path, found: gix::Result<gix::ThreadSafeRepository>) -> Result<Self, GitError> {
        let inner = found.map_err(|error| GitError::RepositoryMissing {
            url: folder.display().to_string(),
            cause: Some(Cause::of(&error)),
        })?;
        let shown = inner.work_dir().unwrap_or(inner.git_dir()).display().to_string();
        Ok(Self { inner, shown })
    }

    /// The folder with the files, or that of a bare repository: as messages name it.
    pub fn name(&self) -> &str {
        &self.shown
    }

    /// The folder with the files; none if the repository is bare.
    pub fn worktree(&self) -> Option<PathBuf> {
        self.inner.work_dir().map(Path::to_owned)
    }

    /// The folder that holds branches and objects, shared by all worktrees.
    pub fn common_dir(&self) -> PathBuf {
        self.gix().common_dir().to_owned()
    }

    /// A handle for this thread.
    pub(super) fn gix(&self) -> gix::Repository {
        self.inner.to_thread_local()
    }

    /// The commit that a revision names: `HEAD`, a branch, a tag, a (short) id, `HEAD~1`.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, GitError> {
        let gix = self.gix();
        let commit = gix
            .rev_parse_single(revision)
            .and_then(|id| id.object()?.peel_to_kind(gix::object::Kind::Commit))
            .map_err(|error| GitError::UnknownRevision {
                repository: self.shown.clone(),
                revision: revision.to_owned(),
                cause: Cause::of(&error),
            })?;
        Ok(commit_id(commit.id))
    }

    /// The branch that is checked out (or that `HEAD` of a bare repository names), without
    /// `refs/heads/`; none if `HEAD` is detached.
    pub fn head_branch(&self) -> Option<String> {
        let head = self.gix().head_name().ok()??;
        Some(head.shorten().to_str_lossy().into_owned())
    }

    /// Whether the commit is here. After a force push and a new clone an old one may not be.
    pub fn holds(&self, commit: &CommitId) -> bool {
        self.gix().find_commit(object_id(commit)).is_ok()
    }
}

/// How every repository is opened: nothing of the user's or the system's configuration,
/// nothing of the environment.
pub(super) fn options(overrides: Vec<gix::bstr::BString>) -> gix::open::Options {
    gix::open::Options::isolated().config_overrides(overrides)
}

/// gix's id as ours.
pub(super) fn commit_id(id: gix::ObjectId) -> CommitId {
    id.to_string()
        .parse()
        .unwrap_or_else(|_| unreachable!("the only hash built in is SHA-1: 40 lower-case digits"))
}

/// Our id as gix's.
pub(super) fn object_id(id: &CommitId) -> gix::ObjectId {
    gix::ObjectId::from_hex(id.as_str().as_bytes())
        .unwrap_or_else(|_| unreachable!("a CommitId holds 40 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::TestRepo;

    #[test]
    fn what_people_write_is_resolved_as_git_does() {
        let repo = TestRepo::new();
        repo.write("a.yaml", "1").commit("one");
        repo.write("a.yaml", "2").commit("two");
        repo.git(&["tag", "-a", "-m", "release", "v1"]);
        let repository = Repository::discover(repo.path()).unwrap();
        let short = repo.git(&["rev-parse", "--short", "HEAD"]);
        for revision in ["HEAD", "main", "HEAD~1", "v1", "v1~1", "main^", "refs/heads/main", &short] {
            let expected = repo.git(&["rev-parse", &format!("{revision}^{{commit}}")]);
            assert_eq!(repository.resolve(revision).unwrap().as_str(), expected, "{revision}");
        }
        assert_eq!(repository.head_branch().as_deref(), Some("main"));
    }

    #[test]
    fn what_names_no_commit_is_an_error_that_says_so() {
        let repo = TestRepo::new();
        repo.write("a.yaml", "1").commit("one");
        let repository = Repository::discover(repo.path()).unwrap();
        for revision in [
            "nope",
            "",
            "HEAD~7",
            "HEAD..main",
            "-x",
            "@{u}",
            ":a.yaml",
            "^",
            "HEAD^{tree}",
            "\u{0}",
            "~",
            "HEAD@{99}",
        ] {
            let error = repository.resolve(revision).unwrap_err();
            assert!(error.to_string().ends_with("names no commit"), "{revision}: {error}");
        }
    }

    #[test]
    fn a_repository_is_found_from_a_folder_inside_it_and_when_bare() {
        let repo = TestRepo::new();
        repo.write("sites/a/fabric.yaml", "x").commit("one");
        let inside = Repository::discover(&repo.path().join("sites/a")).unwrap();
        assert_eq!(inside.worktree().unwrap().canonicalize().unwrap(), repo.path().canonicalize().unwrap());
        let bare = repo.bare_clone();
        assert_eq!(Repository::open(bare.path()).unwrap().worktree(), None);
        let nowhere = tempfile::tempdir().unwrap();
        let error = Repository::open(nowhere.path()).unwrap_err();
        assert!(matches!(error, GitError::RepositoryMissing { .. }), "{error}");
    }
}
