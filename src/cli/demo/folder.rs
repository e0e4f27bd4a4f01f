//! The demo's folder: what lies where, and whether it may be used.
//!
//! Here: [`Folder`]. A folder without the demo's mark is never touched; one with it is made
//! anew, unless another demo works there. Elsewhere: what is put into it (`lab`).

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::record::{Lock, LockError};

/// The file that says whose folder it is.
const MARK: &str = ".gitfabric-demo";
const MARK_TEXT: &str = "Made by `gitfabric demo`, which empties this folder whenever it starts here.\n";

/// The demo's folder, empty at first. No other demo works in it while this lives.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: Lock,
}

impl Folder {
    /// Takes a folder, or `gitfabric-demo` among the temporary files, and empties it.
    pub(super) fn take(wanted: Option<&Path>) -> anyhow::Result<Self> {
        let path = wanted.map_or_else(|| std::env::temp_dir().join("gitfabric-demo"), Path::to_owned);
        let doing = || format!("cannot use {} for the demo", path.display());
        refuse_strange(&path).with_context(doing)?;
        let lock = match Lock::take(&path) {
            Err(error @ LockError::Held { .. }) => {
                let hint = "a demo runs there: end it with Ctrl-C, or choose another folder with --dir";
                return Err(anyhow::Error::new(error).context(hint));
            }
            other => other?,
        };
        make_private(&path).with_context(doing)?;
        fs::write(path.join(MARK), MARK_TEXT).with_context(doing)?;
        empty(&path).with_context(doing)?;
        let path = path.canonicalize().with_context(doing)?;
        Ok(Self { path, _lock: lock })
    }

    /// The bare repository, to which is pushed.
    pub(super) fn repository(&self) -> PathBuf {
        self.path.join("intent.git")
    }

    /// The clone in which people edit.
    pub(super) fn worktree(&self) -> PathBuf {
        self.path.join("intent")
    }

    /// The agent's configuration.
    pub(super) fn configuration(&self) -> PathBuf {
        self.path.join("agent.yaml")
    }

    /// The agent's log.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("agent.log")
    }

    /// The certificate authority of the devices.
    pub(super) fn authority(&self) -> PathBuf {
        self.path.join("ca.pem")
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a secret where the agent looks for it, for this user only.
    pub(super) fn write_secret(&self, name: &str, value: &str) -> anyhow::Result<()> {
        let file = self.path.join("secrets").join(name);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
            make_private(folder)?;
        }
        make_private(&self.path.join("secrets"))?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&file)?.write_all(value.as_bytes())?;
        Ok(())
    }
}

/// A folder that holds something and is not a demo's may be somebody's work.
fn refuse_strange(path: &Path) -> anyhow::Result<()> {
    let mut entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if entries.next().is_some() && !path.join(MARK).is_file() {
        bail!("it is not a demo's folder and holds something; choose another with --dir");
    }
    Ok(())
}

/// Only this user may enter. Fails for a folder that belongs to somebody else, who could
/// otherwise change under our hands what the agent reads.
fn make_private(path: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(path, mode).context("it belongs to somebody else; choose another with --dir")?;
    }
    Ok(())
}

/// Removes what an earlier demo left, except for its mark and our lock.
fn empty(path: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == MARK || entry.file_name() == "lock" {
            continue;
        }
        let path = entry.path();
        let removed =
            if entry.file_type()?.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_demos_folder_is_made_anew_and_only_when_no_demo_works_there() {
        let base = tempfile::tempdir().unwrap();
        let wanted = base.path().join("a/demo");
        let first = Folder::take(Some(&wanted)).unwrap();
        first.write_secret("demo/password", "x").unwrap();
        fs::write(first.log(), "old").unwrap();
        let error = format!("{:#}", Folder::take(Some(&wanted)).unwrap_err());
        assert!(error.contains("--dir") && error.contains("process"), "{error}");
        assert_eq!(fs::read_to_string(first.log()).unwrap(), "old");
        drop(first);
        let second = Folder::take(Some(&wanted)).unwrap();
        assert_eq!(names(second.path()), [MARK, "lock"]);
    }

    #[test]
    fn a_folder_with_somebodys_work_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("thesis.tex"), "x").unwrap();
        let error = format!("{:#}", Folder::take(Some(base.path())).unwrap_err());
        assert!(error.contains("not a demo's folder"), "{error}");
        assert_eq!(names(base.path()), ["thesis.tex"]);
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_for_this_user_only() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().unwrap();
        let folder = Folder::take(Some(base.path())).unwrap();
        folder.write_secret("demo/password", "x").unwrap();
        for (path, expected) in [("", 0o700), ("secrets", 0o700), ("secrets/demo/password", 0o600)] {
            let mode = fs::metadata(folder.path().join(path)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, expected, "{path}");
        }
    }
}
