//! One agent at a time per state folder: a lock that the system drops with the process.
//!
//! Whoever only asks ([`Lock::is_taken`]) shares the lock for a moment, which a taker tells from another
//! agent: it waits that moment out.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a lock that others only ask about is tried again, and after how long. Asking takes
/// microseconds; somebody who was stopped in the middle of it is not waited for for ever.
const TRIES: u32 = 1_000;
const BETWEEN_TRIES: Duration = Duration::from_millis(1);

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
        match lock(&file, || std::thread::sleep(BETWEEN_TRIES)) {
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

    /// Whether somebody works from a state folder now. Neither makes the folder nor keeps anybody
    /// from taking its lock.
    pub fn is_taken(folder: &Path) -> std::io::Result<bool> {
        let file = match File::open(folder.join("lock")) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            // shared until the file is closed
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Takes the lock for oneself, unless another has it so.
fn lock(file: &File, mut wait: impl FnMut()) -> Result<(), TryLockError> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {}
            done => return done,
        }
        // if it can be shared there are only some who ask
        file.try_lock_shared()?;
        file.unlock().map_err(TryLockError::Error)?;
        wait();
    }
    Err(TryLockError::WouldBlock)
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
    fn who_asks_learns_whether_it_is_taken_and_is_in_nobodys_way() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("state");
        assert!(!Lock::is_taken(&folder).unwrap());
        assert!(!folder.exists(), "asking makes nothing");
        let first = Lock::take(&folder).unwrap();
        assert!(Lock::is_taken(&folder).unwrap() && Lock::is_taken(&folder).unwrap());
        drop(first);
        assert!(!Lock::is_taken(&folder).unwrap());

        let mut asking = Some(File::open(folder.join("lock")).unwrap());
        asking.as_ref().unwrap().try_lock_shared().unwrap();
        assert!(!Lock::is_taken(&folder).unwrap(), "many may ask at once");
        let taker = File::open(folder.join("lock")).unwrap();
        let mut waited = 0;
        lock(&taker, || (asking, waited) = (None, waited + 1)).unwrap();
        assert_eq!(waited, 1, "one who asks is waited for");
        assert!(Lock::is_taken(&folder).unwrap());
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
