//! Opening the database, and the tables in it.
//!
//! Write-ahead logging lets `status` read while the agent writes; `synchronous=FULL` makes
//! a written row survive a power cut, which "written before the Set" needs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use crate::plan::FingerprintKey;

/// How long a writer waits for another before it gives up: a reader never blocks one, so
/// only a person's own SQLite tool can hold it.
const BUSY: Duration = Duration::from_secs(10);

/// The tables, one step a version. A step is never edited once it was released.
const STEPS: [&str; 4] = [
    include_str!("tables.sql"),
    include_str!("reviews.sql"),
    include_str!("watching.sql"),
    include_str!("telling.sql"),
];

/// The database.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
}

/// Why the record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// There is no database yet.
    #[error("there is no record at {file}", file = file.display())]
    Missing {
        /// Where it was looked for.
        file: PathBuf,
    },
    /// A newer gitfabric wrote it.
    #[error("the record {file} has format {found}, and this gitfabric knows {known}: use a newer gitfabric",
        file = file.display())]
    Newer {
        /// The database.
        file: PathBuf,
        /// Its format.
        found: usize,
        /// The newest that is known here.
        known: usize,
    },
    /// SQLite says no.
    #[error("the record cannot be read or written")]
    Database(#[from] rusqlite::Error),
    /// The system gives no random bytes for the key of fingerprints.
    #[error("the system gives no random bytes")]
    Random,
    /// A row holds what no gitfabric writes.
    #[error("the record's {column} of {row} is damaged: {what}")]
    Damaged {
        /// Which column.
        column: &'static str,
        /// Which row.
        row: String,
        /// What is wrong.
        what: String,
    },
}

impl Store {
    /// Opens for writing; creates the file and brings its tables up to date.
    pub fn open(file: &Path) -> Result<Self, RecordError> {
        let mut connection = Connection::open(file)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let found = version(&connection)?;
        if found > STEPS.len() {
            return Err(RecordError::Newer { file: file.to_owned(), found, known: STEPS.len() });
        }
        let step = connection.transaction()?;
        for (index, tables) in STEPS.iter().enumerate().skip(found) {
            step.execute_batch(tables)?;
            step.pragma_update(None, "user_version", index + 1)?;
        }
        step.commit()?;
        // whoever reads first and writes then would else be refused, without waiting, where another
        // has written in between: couriers and other processes do
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        Ok(Self { connection })
    }

    /// Opens for reading what an agent wrote or is writing.
    pub fn open_to_read(file: &Path) -> Result<Self, RecordError> {
        if !file.exists() {
            return Err(RecordError::Missing { file: file.to_owned() });
        }
        // Not SQLITE_OPEN_READ_ONLY: a reader of a WAL database whose agent was killed has
        // to be able to recover it. Nothing is written through this connection.
        let connection = Connection::open_with_flags(
            file,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .or_else(|_| {
            Connection::open_with_flags(
                file,
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )
        })?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "query_only", true)?;
        let found = version(&connection)?;
        if found > STEPS.len() {
            return Err(RecordError::Newer { file: file.to_owned(), found, known: STEPS.len() });
        }
        if found == 0 {
            return Err(RecordError::Missing { file: file.to_owned() });
        }
        Ok(Self { connection })
    }
}

impl Store {
    /// The key of secrets' fingerprints: made with the record, kept in it, of no use elsewhere.
    pub fn fingerprint_key(&mut self) -> Result<FingerprintKey, RecordError> {
        let found: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT value FROM setting WHERE name = 'fingerprint-key'", [], |row| row.get(0))
            .optional()?;
        if let Some(bytes) = found {
            return Ok(FingerprintKey::new(&bytes));
        }
        let mut bytes = [0_u8; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| RecordError::Random)?;
        self.connection
            .execute("INSERT INTO setting (name, value) VALUES ('fingerprint-key', ?1)", [&bytes[..]])?;
        Ok(FingerprintKey::new(&bytes))
    }
}

fn version(connection: &Connection) -> Result<usize, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Reads a text column by its value's own parser.
pub(super) fn parsed<T>(column: &'static str, row: &str, text: &str) -> Result<T, RecordError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| RecordError::Damaged {
        column,
        row: row.to_owned(),
        what: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_newer_gitfabric_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("record.sqlite");
        Store::open(&file).unwrap().connection.pragma_update(None, "user_version", 99).unwrap();
        let before = std::fs::read(&file).unwrap();
        assert!(matches!(Store::open(&file), Err(RecordError::Newer { found: 99, .. })));
        assert!(matches!(Store::open_to_read(&file), Err(RecordError::Newer { found: 99, .. })));
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }

    #[test]
    fn a_missing_record_is_named_and_not_made_by_reading() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("record.sqlite");
        assert!(matches!(Store::open_to_read(&file), Err(RecordError::Missing { .. })));
        assert!(!file.exists());
    }
}
