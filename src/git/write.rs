//! Commits without a worktree: for the demo's repository and for exporters.
//!
//! Here: [`init`] and [`commit_files`]. The branch moves atomically and only from where it
//! was read, so nothing of anybody else is lost. Elsewhere: commits in two steps (`draft`),
//! pushing (`push`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;

use super::error::{Cause, GitError};
use super::repository::{commit_id, object_id, options};
use crate::names::{CommitId, RepoPath};

/// What to write: the new bytes of each file, or nothing to delete it.
pub type Edits = BTreeMap<RepoPath, Option<Vec<u8>>>;

/// Who commits, and when.
#[derive(Clone, Debug)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The time that the commit carries.
    pub when: jiff::Timestamp,
}

impl Author {
    /// The time as a signature holds it.
    pub(super) fn time(&self) -> String {
        format!("{} +0000", self.when.as_second())
    }

    /// As gix writes it into a commit, with [`Self::time`].
    pub(super) fn signature<'a>(&'a self, time: &'a str) -> gix::actor::SignatureRef<'a> {
        gix::actor::SignatureRef {
            name: self.name.as_bytes().as_bstr(),
            email: self.email.as_bytes().as_bstr(),
            time,
        }
    }
}

/// Makes an empty bare repository whose `HEAD` names the branch. The folder must be empty or
/// absent.
pub fn init(folder: &Path, branch: &str) -> Result<(), GitError> {
    let io = |cause| GitError::Folder { path: folder.to_owned(), cause };
    std::fs::create_dir_all(folder).map_err(io)?;
    let (kind, plain) = (gix::create::Kind::Bare, gix::create::Options::default());
    let name = reference(branch)?;
    let made = gix::create::into(folder, kind, plain).map_err(|error| failed(folder, "create it", &error))?;
    std::fs::write(made.as_ref().join("HEAD"), format!("ref: {name}\n")).map_err(io)
}

/// Makes a bare repository with a first commit.
pub fn init_with(
    folder: &Path,
    branch: &str,
    files: &Edits,
    message: &str,
    author: &Author,
) -> Result<CommitId, GitError> {
    init(folder, branch)?;
    let first = commit_files(folder, branch, files, message, author, None)?;
    first.ok_or_else(|| GitError::Local {
        repository: folder.display().to_string(),
        doing: "make the first commit".to_owned(),
        cause: Cause::new("no files were given"),
    })
}

/// Commits edits on top of a branch; the first commit of an absent branch has no parent.
/// Gives nothing, and commits nothing, when the files are so already.
///
/// With `expected` the branch must be at that commit, else it is
/// [`GitError::NotAFastForward`]. A branch that is checked out, in the repository's own
/// worktree or a linked one, is refused: its files would fall behind, and the next commit made
/// there would undo this one.
pub fn commit_files(
    folder: &Path,
    branch: &str,
    files: &Edits,
    message: &str,
    author: &Author,
    expected: Option<&CommitId>,
) -> Result<Option<CommitId>, GitError> {
    let name = reference(branch)?;
    let gix = gix::ThreadSafeRepository::open_opts(folder, options(Vec::new()))
        .map_err(|error| failed(folder, "open it", &error))?
        .to_thread_local();
    let there = checked_out_at(&gix, &name).map_err(|error| failed(folder, "list its worktrees", &error))?;
    if let Some(there) = there {
        let (repository, branch) = (there.display().to_string(), branch.to_owned());
        return Err(GitError::CheckedOut { repository, branch });
    }
    let parent = tip(&gix, &name).map_err(|error| failed(folder, "read its branch", &error))?;
    let moved = |found: Option<gix::ObjectId>| GitError::NotAFastForward {
        repository: folder.display().to_string(),
        branch: branch.to_owned(),
        expected: expected.cloned().or_else(|| parent.map(commit_id)),
        found: found.map(commit_id),
    };
    if expected.is_some_and(|expected| parent != Some(object_id(expected))) {
        return Err(moved(parent));
    }
    let tree = edited(&gix, parent, files).map_err(|error| failed(folder, "write the files", &error))?;
    let Some(tree) = tree else { return Ok(None) };
    match commit(&gix, &name, tree, parent, message, author) {
        Ok(id) => Ok(Some(commit_id(id))),
        Err(error) => match tip(&gix, &name) {
            Ok(now) if now != parent => Err(moved(now)),
            _ => Err(failed(folder, "write the commit", &error)),
        },
    }
}

/// The tree after the edits; none when it is the parent's.
pub(super) fn edited(
    gix: &gix::Repository,
    parent: Option<gix::ObjectId>,
    files: &Edits,
) -> gix::Result<Option<gix::ObjectId>> {
    let old = match parent {
        Some(parent) => gix.find_commit(parent)?.tree()?,
        None => gix.empty_tree(),
    };
    let mut editor = old.edit()?;
    for (path, bytes) in files {
        match bytes {
            Some(bytes) => editor.upsert(path.as_str(), EntryKind::Blob, gix.write_blob(bytes)?)?,
            None => editor.remove(path.as_str())?,
        };
    }
    let new = editor.write()?.detach();
    Ok((new != old.id).then_some(new))
}

fn commit(
    gix: &gix::Repository,
    name: &str,
    tree: gix::ObjectId,
    parent: Option<gix::ObjectId>,
    message: &str,
    author: &Author,
) -> gix::Result<gix::ObjectId> {
    let time = author.time();
    let signature = author.signature(&time);
    Ok(gix.commit_as(signature, signature, name, message, tree, parent)?.detach())
}

pub(super) fn tip(gix: &gix::Repository, name: &str) -> gix::Result<Option<gix::ObjectId>> {
    let Some(mut reference) = gix.try_find_reference(name)? else { return Ok(None) };
    Ok(Some(reference.peel_to_id()?.detach()))
}

/// The worktree in which a branch is checked out: the repository's own, or a linked one.
pub(super) fn checked_out_at(gix: &gix::Repository, name: &str) -> gix::Result<Option<PathBuf>> {
    for repository in gix.worktrees_including_main()? {
        let repository = repository?;
        if let Some(folder) = repository.workdir()
            && repository.head_name()?.is_some_and(|head| head.as_bstr() == name)
        {
            return Ok(Some(folder.to_owned()));
        }
    }
    Ok(None)
}

pub(super) fn reference(branch: &str) -> Result<String, GitError> {
    let name = format!("refs/heads/{branch}");
    match gix::validate::reference::name(name.as_str().into()) {
        Ok(_) => Ok(name),
        Err(_) => Err(GitError::BadRemote {
            given: branch.to_owned(),
            reason: "it is not the name of a branch".to_owned(),
        }),
    }
}

fn failed(folder: &Path, doing: &str, error: &gix::Error) -> GitError {
    GitError::local(&folder.display().to_string(), doing, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::TestRepo;

    fn author() -> Author {
        let when = jiff::Timestamp::from_second(1_700_000_000).unwrap();
        Author { name: "Bo".into(), email: "bo@example.net".into(), when }
    }

    fn edits(files: &[(&str, Option<&str>)]) -> Edits {
        files
            .iter()
            .map(|(path, text)| (path.parse().unwrap(), text.map(|text| text.as_bytes().to_vec())))
            .collect()
    }

    #[test]
    fn git_reads_what_was_committed() {
        let bare = TestRepo::empty_folder();
        let first = edits(&[("a.yaml", Some("1")), ("d/b.yaml", Some("2"))]);
        let one = init_with(bare.path(), "main", &first, "one", &author()).unwrap();
        let second = edits(&[("a.yaml", None), ("d/c.yaml", Some("3"))]);
        let commit = |edits: &Edits, parent| {
            commit_files(bare.path(), "main", edits, "two\n\nwhy\n", &author(), parent)
        };
        let two = commit(&second, Some(&one)).unwrap().unwrap();
        assert_eq!(bare.head(), two);
        assert_eq!(bare.git(&["ls-tree", "-r", "--name-only", "HEAD"]), "d/b.yaml\nd/c.yaml");
        assert_eq!(
            bare.git(&["log", "--format=%an %ae %at %s"]),
            "Bo bo@example.net 1700000000 two\nBo bo@example.net 1700000000 one"
        );
        assert_eq!(bare.git(&["fsck", "--strict"]), "");
        assert_eq!(commit(&second, None).unwrap(), None, "nothing changed");
    }

    #[test]
    fn a_branch_that_moved_is_not_overwritten() {
        let bare = TestRepo::empty_folder();
        let first = edits(&[("a.yaml", Some("1"))]);
        let one = init_with(bare.path(), "main", &first, "one", &author()).unwrap();
        let commit = |text: &str, parent: &CommitId| {
            commit_files(bare.path(), "main", &edits(&[("a.yaml", Some(text))]), "x", &author(), Some(parent))
        };
        let two = commit("2", &one).unwrap().unwrap();
        let error = commit("3", &one).unwrap_err();
        let expected =
            format!("branch `main` is at {}, not at {}; nothing was committed", two.short(), one.short());
        assert!(error.to_string().ends_with(&expected), "{error}");
        assert_eq!(bare.head(), two);
    }

    #[test]
    fn a_branch_that_somebody_works_on_is_left_alone() {
        let repo = TestRepo::new();
        let head = repo.write("a.yaml", "1").commit("one");
        let edits = edits(&[("a.yaml", Some("2"))]);
        let error = commit_files(repo.path(), "main", &edits, "x", &author(), None).unwrap_err();
        assert!(matches!(error, GitError::CheckedOut { .. }), "{error}");
        assert_eq!(repo.head(), head);
        let linked = repo.path().join("linked");
        repo.git(&["worktree", "add", "-q", "-b", "site", linked.to_str().unwrap()]);
        let error = commit_files(repo.path(), "site", &edits, "x", &author(), None).unwrap_err();
        assert!(error.to_string().starts_with(linked.to_str().unwrap()), "{error}");
        let other = commit_files(repo.path(), "export", &edits, "x", &author(), None).unwrap().unwrap();
        assert_eq!(repo.git(&["rev-parse", "export"]), other.as_str());
    }

    #[test]
    fn a_name_that_git_cannot_hold_is_an_error() {
        let bare = TestRepo::empty_folder();
        assert!(matches!(init(bare.path(), "a..b"), Err(GitError::BadRemote { .. })));
        init(bare.path(), "main").unwrap();
        let author = Author { name: "a\nb <x>".into(), ..author() };
        let error = commit_files(bare.path(), "main", &edits(&[("a", Some("1"))]), "x", &author, None);
        assert!(error.is_err(), "{error:?}");
        assert!(init(bare.path(), "main").is_err(), "a folder that is not empty");
    }
}
