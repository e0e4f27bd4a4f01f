//! A snapshot: every file of the intent with its bytes, at one commit or of one folder.
//!
//! Here: [`Snapshot`], reading it from a commit, and moving it on to the next commit, which
//! reads only what changed (promise 12). Paths count from the fabric's folder, so that a
//! commit and a plain folder with the same files give equal snapshots. Elsewhere: plain
//! folders (`folder`), what the files mean (`intent`).
//!
//! Names that begin with a dot are left out, files and folders alike. What cannot be read
//! as a file is left out and listed in [`Snapshot::skipped`].

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};
use gix::objs::tree::{EntryKind, EntryMode};

use super::error::GitError;
use super::repository::{Repository, object_id};
use super::trees::{Budget, ENTRY_LIMIT, Walk};
use crate::names::{CommitId, NameError, RepoPath};

/// A file larger than this is not read. In bytes: hand-written YAML of a whole fabric in one
/// file stays below it.
pub const FILE_LIMIT: u64 = 4 << 20;
/// More files than this are no intent: 20,000 devices with 5 files each.
pub const COUNT_LIMIT: usize = 100_000;
/// All files together, in bytes: what a small machine can hold while it compiles.
pub const TOTAL_LIMIT: u64 = 256 << 20;

/// The Git id of a file's bytes (SHA-1 of a blob object): equal ids, equal bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId([u8; 20]);

impl BlobId {
    /// The id that Git would give to these bytes.
    pub fn of(bytes: &[u8]) -> gix::Result<Self> {
        gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes).map(Self::from)
    }
}

impl From<ObjectId> for BlobId {
    fn from(id: ObjectId) -> Self {
        let mut bytes = [0; 20];
        bytes.iter_mut().zip(id.as_bytes()).for_each(|(to, from)| *to = *from);
        Self(bytes)
    }
}

impl From<BlobId> for ObjectId {
    fn from(id: BlobId) -> Self {
        Self::from(id.0)
    }
}

impl FromStr for BlobId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let digits = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let id = Some(text).filter(|text| digits(text)).and_then(|text| ObjectId::from_str(text).ok());
        let expected = "40 hexadecimal digits in lower case";
        id.map(Self::from).ok_or_else(|| NameError { kind: "blob id", given: text.to_owned(), expected })
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A file of a snapshot. Cloning shares the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The id of the bytes.
    pub blob: BlobId,
    /// The bytes, as they stand in Git.
    pub bytes: Arc<[u8]>,
}

/// Why something that has a name is not among the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// A symbolic link; they are never followed.
    Symlink,
    /// Another repository inside this one.
    Submodule,
    /// A name that is not UTF-8.
    BadName,
    /// Not YAML, and larger than [`FILE_LIMIT`].
    Large,
    /// A device, socket or pipe of a plain folder.
    NotAFile,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Symlink => "symbolic links are not followed",
            Self::Submodule => "submodules are not read",
            Self::BadName => "its name is not UTF-8",
            Self::Large => "it is larger than 4 MiB and not YAML",
            Self::NotAFile => "it is not a regular file",
        })
    }
}

/// The files of the intent. Equal when the files are, wherever they came from.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(super) commit: Option<CommitId>,
    base: Option<RepoPath>,
    pub(super) tree: Option<ObjectId>,
    pub(super) origin: String,
    pub(super) files: BTreeMap<RepoPath, File>,
    pub(super) skipped: BTreeMap<String, Skipped>,
    pub(super) total: u64,
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl Snapshot {
    /// All files of a commit below a folder, or all if no folder is named.
    ///
    /// A folder that the commit does not have is [`GitError::PathMissing`], never an empty
    /// snapshot. YAML above [`FILE_LIMIT`], and more than [`COUNT_LIMIT`] or
    /// [`TOTAL_LIMIT`], are errors.
    pub fn of_commit(
        repository: &Repository,
        commit: &CommitId,
        base: Option<&RepoPath>,
    ) -> Result<Self, GitError> {
        let gix = repository.gix();
        let mut snapshot = Self::empty(origin(repository, commit));
        snapshot.commit = Some(commit.clone());
        snapshot.base = base.cloned();
        let tree = folder_of(repository, &gix, commit, base)?;
        snapshot.tree = Some(tree.id);
        let mut budget = Budget::new(&snapshot.origin);
        snapshot.take_folder(repository, &tree, "".into(), 0, &mut budget)?;
        Ok(snapshot)
    }

    /// The snapshot of another commit, which may be older: what is equal is shared, and only
    /// blobs that differ are read.
    pub fn advance(&self, repository: &Repository, commit: &CommitId) -> Result<Self, GitError> {
        let gix = repository.gix();
        let new = folder_of(repository, &gix, commit, self.base.as_ref())?.id;
        let mut next = self.moved(repository, &gix, new, origin(repository, commit))?;
        next.commit = Some(commit.clone());
        Ok(next)
    }

    /// The snapshot of another tree, of no commit yet.
    pub(super) fn moved(
        &self,
        repository: &Repository,
        gix: &gix::Repository,
        tree: ObjectId,
        origin: String,
    ) -> Result<Self, GitError> {
        let old = self.tree.filter(|old| gix.has_object(old));
        let mut next = match old {
            Some(_) => Self { origin, ..self.clone() },
            // a merge's tree is in no repository
            None => Self { base: self.base.clone(), ..Self::empty(origin) },
        };
        (next.commit, next.tree) = (None, Some(tree));
        let budget = Budget::new(&next.origin);
        let changes = Walk { repository, gix, budget }.differing(old, Some(tree))?;
        for change in &changes {
            next.forget(change.path.as_ref());
        }
        for change in changes {
            if let Some((mode, id)) = change.new {
                next.take(repository, gix, change.path.as_ref(), mode, id)?;
            }
        }
        // what is skipped adds up over many steps, each of them within bounds
        if next.skipped.len() > ENTRY_LIMIT {
            let (what, limit) = ("names that are not read", ENTRY_LIMIT as u64);
            return Err(GitError::TooMuch { origin: next.origin, what, limit });
        }
        Ok(next)
    }

    /// The commit; none of a plain folder.
    pub fn commit(&self) -> Option<&CommitId> {
        self.commit.as_ref()
    }

    /// The folder inside the repository from which the paths count; none for its root.
    pub fn base(&self) -> Option<&RepoPath> {
        self.base.as_ref()
    }

    /// A file by its path.
    pub fn get(&self, path: &RepoPath) -> Option<&File> {
        self.files.get(path)
    }

    /// All files, by path.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&RepoPath, &File)> {
        self.files.iter()
    }

    /// A file's text, for drawing findings; bytes that are not UTF-8 are replaced.
    pub fn text(&self, path: &RepoPath) -> Option<Arc<str>> {
        self.files.get(path).map(|file| Arc::from(String::from_utf8_lossy(&file.bytes)))
    }

    /// How many files it holds.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether it holds no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What has a name and was not read, and why.
    pub fn skipped(&self) -> impl ExactSizeIterator<Item = (&str, Skipped)> {
        self.skipped.iter().map(|(path, why)| (path.as_str(), *why))
    }

    /// The paths whose bytes differ from another snapshot's, those that only one has included.
    pub fn differences(&self, other: &Self) -> Vec<RepoPath> {
        let blob_in = |snapshot: &Self, path: &RepoPath| snapshot.files.get(path).map(|file| file.blob);
        let changed = self.files.keys().filter(|path| blob_in(self, path) != blob_in(other, path));
        let gone = other.files.keys().filter(|path| !self.files.contains_key(*path));
        let mut paths: Vec<RepoPath> = changed.chain(gone).cloned().collect();
        paths.sort();
        paths
    }

    /// No file at all: what stands in a repository before its first commit, or in a folder
    /// that is not there yet.
    pub fn nothing(base: Option<&RepoPath>) -> Self {
        Self { base: base.cloned(), ..Self::empty("nothing".to_owned()) }
    }

    /// One file that stands in no repository, for findings to be drawn with.
    pub fn of_file(path: &RepoPath, bytes: &[u8]) -> Result<Self, GitError> {
        let blob = BlobId::of(bytes).map_err(|error| GitError::local(path.as_str(), "hash it", &error))?;
        let mut snapshot = Self::nothing(None);
        snapshot.insert(path.clone(), File { blob, bytes: bytes.into() })?;
        Ok(snapshot)
    }

    pub(super) fn empty(origin: String) -> Self {
        Self {
            commit: None,
            base: None,
            tree: None,
            origin,
            files: BTreeMap::new(),
            skipped: BTreeMap::new(),
            total: 0,
        }
    }

    /// Adds a file, unless that makes it too much.
    pub(super) fn insert(&mut self, path: RepoPath, file: File) -> Result<(), GitError> {
        self.total = self.total.saturating_add(file.bytes.len() as u64);
        self.files.insert(path, file);
        let too_much = |what, limit| GitError::TooMuch { origin: self.origin.clone(), what, limit };
        if self.files.len() > COUNT_LIMIT {
            return Err(too_much("files", COUNT_LIMIT as u64));
        }
        if self.total > TOTAL_LIMIT {
            return Err(too_much("bytes", TOTAL_LIMIT));
        }
        Ok(())
    }

    /// Whether a file of this size is read; if not, it is listed, or an error if it is YAML.
    pub(super) fn admits(&mut self, path: &RepoPath, size: u64) -> Result<bool, GitError> {
        if size <= FILE_LIMIT {
            return Ok(true);
        }
        if is_yaml(path.as_str()) {
            let (origin, file) = (self.origin.clone(), path.clone());
            return Err(GitError::FileTooLarge { origin, file, size, limit: FILE_LIMIT });
        }
        self.skipped.insert(path.to_string(), Skipped::Large);
        Ok(false)
    }

    /// Takes in what a folder holds that stands `depth` folders deep, with its name in front
    /// of each path.
    fn take_folder(
        &mut self,
        repository: &Repository,
        folder: &gix::Tree<'_>,
        prefix: &BStr,
        depth: usize,
        budget: &mut Budget,
    ) -> Result<(), GitError> {
        budget.descend(depth)?;
        for entry in folder.iter() {
            let entry = entry.map_err(|error| self.failed(repository, &error))?;
            budget.meet(prefix.len() + entry.filename().len())?;
            if entry.filename().starts_with(b".") {
                continue;
            }
            let path = [prefix.as_bytes(), entry.filename().as_bytes()].concat();
            if entry.mode().is_tree() {
                let inner = folder.repo.find_tree(entry.object_id());
                let inner = inner.map_err(|error| self.failed(repository, &error))?;
                let prefix = [&path[..], b"/"].concat();
                self.take_folder(repository, &inner, prefix.as_bstr(), depth + 1, budget)?;
            } else {
                self.take(repository, folder.repo, path.as_bstr(), entry.mode(), entry.object_id())?;
            }
        }
        Ok(())
    }

    /// Takes one entry of a tree in.
    fn take(
        &mut self,
        repository: &Repository,
        gix: &gix::Repository,
        path: &BStr,
        mode: EntryMode,
        id: ObjectId,
    ) -> Result<(), GitError> {
        if is_hidden(path) {
            return Ok(());
        }
        let why = match mode.kind() {
            EntryKind::Tree => return Ok(()),
            EntryKind::Blob | EntryKind::BlobExecutable => None,
            EntryKind::Link => Some(Skipped::Symlink),
            EntryKind::Commit => Some(Skipped::Submodule),
        };
        let named = path.to_str().ok().and_then(|text| text.parse::<RepoPath>().ok());
        let (path, why) = match (named, why) {
            (Some(path), None) => (path, None),
            (Some(path), Some(why)) => (path, Some(why)),
            (None, why) => {
                self.skipped.insert(path.to_string(), why.unwrap_or(Skipped::BadName));
                return Ok(());
            }
        };
        if let Some(why) = why {
            self.skipped.insert(path.to_string(), why);
            return Ok(());
        }
        let size = gix.find_header(id).map_err(|error| self.failed(repository, &error))?.size();
        if self.admits(&path, size)? {
            let blob = gix.find_blob(id).map_err(|error| self.failed(repository, &error))?.detach().data;
            self.insert(path, File { blob: id.into(), bytes: Arc::from(blob) })?;
        }
        Ok(())
    }

    /// Takes one entry of the old tree out.
    fn forget(&mut self, path: &BStr) {
        let path = path.to_string();
        self.skipped.remove(&path);
        if let Some(file) = self.files.remove(path.as_str()) {
            self.total = self.total.saturating_sub(file.bytes.len() as u64);
        }
    }

    fn failed(&self, repository: &Repository, error: &gix::Error) -> GitError {
        GitError::local(repository.name(), format!("read the files of {}", self.origin), error)
    }
}

/// Whether any part of the path begins with a dot.
fn is_hidden(path: &BStr) -> bool {
    path.split_str("/").any(|part| part.starts_with(b"."))
}

/// Whether the name is that of a YAML file.
pub(super) fn is_yaml(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    matches!(extension, Some("yaml" | "yml"))
}

fn origin(repository: &Repository, commit: &CommitId) -> String {
    format!("commit {} of {}", commit.short(), repository.name())
}

/// The tree of a folder in a commit.
pub(super) fn folder_of<'gix>(
    repository: &Repository,
    gix: &'gix gix::Repository,
    commit: &CommitId,
    base: Option<&RepoPath>,
) -> Result<gix::Tree<'gix>, GitError> {
    let failed = |error: gix::Error| {
        GitError::local(repository.name(), format!("read the files of commit {}", commit.short()), &error)
    };
    let root = gix.find_commit(object_id(commit)).and_then(|commit| commit.tree()).map_err(failed)?;
    let id = folder_in(repository, &root, commit, base)?;
    gix.find_tree(id).map_err(failed)
}

/// The id of a folder in the root tree of a commit, or of what a merge with it gives.
pub(super) fn folder_in(
    repository: &Repository,
    root: &gix::Tree<'_>,
    at: &CommitId,
    base: Option<&RepoPath>,
) -> Result<ObjectId, GitError> {
    let Some(path) = base else { return Ok(root.id) };
    let entry = root.lookup_entry(path.as_str().split('/')).map_err(|error| {
        GitError::local(repository.name(), format!("read the files of commit {}", at.short()), &error)
    })?;
    let folder = entry.filter(|entry| entry.mode().is_tree()).map(|entry| entry.object_id());
    folder.ok_or_else(|| GitError::PathMissing {
        repository: repository.name().to_owned(),
        path: path.clone(),
        at: at.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::TestRepo;

    fn paths(snapshot: &Snapshot) -> Vec<&str> {
        snapshot.iter().map(|(path, _)| path.as_str()).collect()
    }

    fn path(text: &str) -> RepoPath {
        text.parse().unwrap()
    }

    fn repository(repo: &TestRepo) -> Repository {
        Repository::discover(repo.path()).unwrap()
    }

    #[test]
    fn a_commit_and_a_folder_with_the_same_files_are_equal() {
        let repo = TestRepo::new();
        repo.write("fabric.yaml", "a: 1\n").write("devices/leaf1.yaml", "x\r\n").write("README.md", "é");
        repo.write(".github/workflows/ci.yaml", "hidden")
            .write("devices/.swp", "hidden")
            .write("vlans/.gitkeep", "");
        let commit = repo.commit("one");
        let snapshot = Snapshot::of_commit(&repository(&repo), &commit, None).unwrap();
        assert_eq!(paths(&snapshot), ["README.md", "devices/leaf1.yaml", "fabric.yaml"]);
        let file = snapshot.get(&path("fabric.yaml")).unwrap();
        assert_eq!(&*file.bytes, b"a: 1\n");
        assert_eq!(file.blob.to_string(), repo.git(&["rev-parse", "HEAD:fabric.yaml"]));
        assert_eq!(&*snapshot.text(&path("README.md")).unwrap(), "é");

        let folder = Snapshot::of_folder(repo.path()).unwrap();
        assert_eq!(folder, snapshot);
        assert_eq!(folder.commit(), None);
    }

    #[test]
    fn paths_count_from_the_fabrics_folder_and_its_absence_is_an_error() {
        let repo = TestRepo::new();
        repo.write("sites/a/fabric.yaml", "a").write("sites/b/fabric.yaml", "b").write("notes", "n");
        let commit = repo.commit("one");
        let of = |base: &str| Snapshot::of_commit(&repository(&repo), &commit, Some(&path(base)));
        assert_eq!(paths(&of("sites/b").unwrap()), ["fabric.yaml"]);
        for absent in ["sites/c", "site", "notes", "sites/a/fabric.yaml"] {
            assert!(matches!(of(absent), Err(GitError::PathMissing { .. })), "{absent}");
        }
    }

    #[test]
    fn moving_on_equals_reading_anew_and_shares_what_did_not_change() {
        let repo = TestRepo::new();
        let mut commits = Vec::new();
        repo.write("f/a.yaml", "1").write("f/b.yaml", "1").write("f/d/c.yaml", "1").write("other", "1");
        commits.push(repo.commit("first"));
        repo.write("f/a.yaml", "2").write("f/n/m.yaml", "1");
        commits.push(repo.commit("a change and a new file"));
        repo.git(&["mv", "f/d/c.yaml", "f/d/moved.yaml"]);
        commits.push(repo.commit("a rename"));
        repo.write("other", "2");
        commits.push(repo.commit("outside of the fabric"));
        std::fs::remove_file(repo.path().join("f/b.yaml")).unwrap();
        repo.write("f/b.yaml/deep/x.yaml", "1");
        commits.push(repo.commit("a file becomes a folder"));
        std::fs::remove_dir_all(repo.path().join("f/b.yaml")).unwrap();
        std::os::unix::fs::symlink("a.yaml", repo.path().join("f/b.yaml")).unwrap();
        commits.push(repo.commit("a folder becomes a link"));
        std::fs::remove_file(repo.path().join("f/b.yaml")).unwrap();
        repo.write("f/b.yaml", "1");
        commits.push(repo.commit("the link becomes a file"));

        let repository = repository(&repo);
        let read = |commit| Snapshot::of_commit(&repository, commit, Some(&path("f"))).unwrap();
        for from in &commits {
            for to in &commits {
                let (old, anew) = (read(from), read(to));
                let moved = old.advance(&repository, to).unwrap();
                assert_eq!(moved, anew, "{from} to {to}");
                assert_eq!(moved.skipped, anew.skipped, "{from} to {to}");
                assert_eq!(moved.total, anew.total, "{from} to {to}");
                let changed = old.differences(&moved);
                for (path, file) in moved.iter().filter(|(path, _)| !changed.contains(path)) {
                    assert!(Arc::ptr_eq(&file.bytes, &old.get(path).unwrap().bytes), "{path}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_file_is_listed_and_not_followed() {
        use std::os::unix::ffi::OsStrExt;
        let repo = TestRepo::new();
        repo.write("a.yaml", "1").write("big.png", &"x".repeat(5 << 20));
        std::os::unix::fs::symlink("/etc/hostname", repo.path().join("link.yaml")).unwrap();
        let name = std::ffi::OsStr::from_bytes(b"\xff.yaml");
        std::fs::write(repo.path().join(name), "x").unwrap();
        let commit = repo.commit("one");
        let seen = |snapshot: &Snapshot| -> Vec<(String, Skipped)> {
            snapshot.skipped().map(|(path, why)| (path.to_owned(), why)).collect()
        };
        let expected = [
            ("big.png".to_owned(), Skipped::Large),
            ("link.yaml".to_owned(), Skipped::Symlink),
            ("\u{fffd}.yaml".to_owned(), Skipped::BadName),
        ];
        let of_commit = Snapshot::of_commit(&repository(&repo), &commit, None).unwrap();
        let of_folder = Snapshot::of_folder(repo.path()).unwrap();
        assert_eq!(seen(&of_commit), expected);
        assert_eq!(seen(&of_folder), expected);
        assert_eq!(of_commit, of_folder);
        assert_eq!(paths(&of_commit), ["a.yaml"]);
    }

    #[test]
    fn a_huge_yaml_file_is_an_error_that_names_it() {
        let repo = TestRepo::new();
        repo.write("vlans/1.yaml", &"#".repeat((4 << 20) + 1));
        let commit = repo.commit("one");
        let expected = "`vlans/1.yaml` has 4194305 bytes; a file of the intent may have 4194304";
        let error = Snapshot::of_commit(&repository(&repo), &commit, None).unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
        let error = Snapshot::of_folder(repo.path()).unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
    }

    #[test]
    fn trees_that_hold_each_other_many_times_over_end() {
        let repo = TestRepo::new();
        repo.write("x", "1").commit("one");
        let blob = repo.git(&["rev-parse", "HEAD:x"]);
        let thousand = |kind: &str, id: &str, dot: &str| {
            let line = |number| format!("{kind} {id}\t{dot}{number:03}\n");
            repo.git_with_input(&["mktree"], &(0..1000).map(line).collect::<String>()).trim().to_owned()
        };
        let files = thousand("100644 blob", &blob, ".");
        let bomb = (0..4).fold(files, |tree, _| thousand("040000 tree", &tree, ""));
        let commit = repo.git(&["commit-tree", "-m", "bomb", &bomb]).trim().parse().unwrap();
        let repository = repository(&repo);
        let error = Snapshot::of_commit(&repository, &commit, None).unwrap_err().to_string();
        assert!(error.ends_with("more than 400000 files and folders"), "{error}");
        let brakes = crate::git::brakes::judge(&repository, None, &commit, None).unwrap();
        assert_eq!(brakes.frozen, [], "the snapshot's error is the one to tell");
    }

    #[test]
    fn more_than_any_intent_is_an_error() {
        let mut snapshot = Snapshot::empty("here".to_owned());
        let file = File { blob: BlobId::of(b"").unwrap(), bytes: Arc::from(vec![0; 64]) };
        for number in 0..COUNT_LIMIT {
            snapshot.insert(path(&format!("{number}.yaml")), file.clone()).unwrap();
        }
        let error = snapshot.insert(path("one-more.yaml"), file).unwrap_err();
        assert_eq!(error.to_string(), "here: more than 100000 files");
    }
}
