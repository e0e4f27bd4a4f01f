//! The snapshot of a plain folder, as `gitfabric check` reads it before anything is
//! committed.
//!
//! Elsewhere: what a snapshot is, and its limits (`snapshot`). Untracked files count too:
//! what is checked is what would be committed.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::error::{Cause, GitError};
use super::snapshot::{BlobId, FILE_LIMIT, File, Skipped, Snapshot};
use super::trees::DEPTH_LIMIT;
use crate::names::RepoPath;

impl Snapshot {
    /// All files below a folder, with the ids that Git would give them.
    ///
    /// Symbolic links are not followed, whatever they point at; names with a leading dot are
    /// left out. The limits are those of [`Snapshot::of_commit`].
    pub fn of_folder(folder: &Path) -> Result<Self, GitError> {
        let mut snapshot = Self::empty(folder.display().to_string());
        read_folder(&mut snapshot, folder, "", 0)?;
        Ok(snapshot)
    }
}

fn read_folder(snapshot: &mut Snapshot, folder: &Path, prefix: &str, depth: usize) -> Result<(), GitError> {
    let failed = |path: &Path, cause| GitError::Folder { path: path.to_owned(), cause };
    if depth > DEPTH_LIMIT {
        return Err(GitError::TooMuch {
            origin: folder.display().to_string(),
            what: "folders inside each other",
            limit: DEPTH_LIMIT as u64,
        });
    }
    for entry in fs::read_dir(folder).map_err(|cause| failed(folder, cause))? {
        let entry = entry.map_err(|cause| failed(folder, cause))?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let shown = format!("{prefix}{}", name.to_string_lossy());
        let kind = entry.file_type().map_err(|cause| failed(&entry.path(), cause))?;
        if kind.is_dir() {
            read_folder(snapshot, &entry.path(), &format!("{shown}/"), depth + 1)?;
            continue;
        }
        let path = name.to_str().and_then(|_| shown.parse::<RepoPath>().ok());
        match path {
            _ if kind.is_symlink() => skip(snapshot, shown, Skipped::Symlink),
            _ if !kind.is_file() => skip(snapshot, shown, Skipped::NotAFile),
            None => skip(snapshot, shown, Skipped::BadName),
            Some(path) => read_file(snapshot, &entry.path(), path)?,
        }
    }
    Ok(())
}

fn skip(snapshot: &mut Snapshot, path: String, why: Skipped) {
    snapshot.skipped.insert(path, why);
}

fn read_file(snapshot: &mut Snapshot, file: &Path, path: RepoPath) -> Result<(), GitError> {
    let failed = |cause| GitError::Folder { path: file.to_owned(), cause };
    let opened = fs::File::open(file).map_err(failed)?;
    let size = opened.metadata().map_err(failed)?.len();
    if !snapshot.admits(&path, size)? {
        return Ok(());
    }
    let mut bytes = Vec::new();
    opened.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    // it may have grown since its size was asked
    if !snapshot.admits(&path, bytes.len() as u64)? {
        return Ok(());
    }
    let blob = BlobId::of(&bytes).map_err(|error| failed(std::io::Error::other(Cause::of(&error))))?;
    snapshot.insert(path, File { blob, bytes: Arc::from(bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = Snapshot::of_folder(&folder.path().join("nope")).unwrap_err();
        assert!(error.to_string().ends_with("/nope"), "{error}");
    }

    #[test]
    fn a_link_to_a_folder_and_a_socket_are_listed_and_not_read() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        let snapshot = Snapshot::of_folder(folder.path()).unwrap();
        let seen: Vec<_> = snapshot.skipped().collect();
        assert_eq!(seen, [("loop", Skipped::Symlink), ("socket", Skipped::NotAFile)]);
        assert!(snapshot.is_empty());
    }

    #[test]
    fn folders_inside_folders_have_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("d/".repeat(DEPTH_LIMIT + 1))).unwrap();
        let error = Snapshot::of_folder(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("more than 64 folders inside each other"), "{error}");
    }
}
