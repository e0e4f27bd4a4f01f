//! One agent at a time per state folder: a lock that the system drops with the process.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Held as long as this process may write to devices from this state folder.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another gitfabric ({holder}) works from {folder}", folder = folder.display())]
    Held {
        /// The state folder.
        folder: PathBuf,
        /// The process, as it named itself.
        holder: String,
    },
    /// The file cannot be used.
    #[error("cannot lock {folder}", folder = folder.display())]
    Io {
        /// The state folder.
        folder: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
}

impl Lock {
    /// Takes the lock of a state folder (which it creates), or says who has it.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let failed = |cause| LockError::Io { folder: folder.to_owned(), cause };
        // for its user alone: the key of the secrets' fingerprints is kept here
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let path = folder.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.is_empty() { "process unknown".to_owned() } else { holder };
                return Err(LockError::Held { folder: folder.to_owned(), holder });
            }
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        write!(file, "process {}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_taker_learns_who_was_first_and_gets_it_once_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let error = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        Lock::take(folder.path()).unwrap();
    }

    #[test]
    fn a_state_folder_is_made_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("state");
        let _lock = Lock::take(&folder).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
