//! Writing to the record from async code: each write on a blocking thread, on disk when
//! the call returns.

use std::sync::{Arc, Mutex, PoisonError};

use crate::names::{CommitId, FabricName, PassNumber};
use crate::record::{RecordError, Store};

/// The record as one pass sees it.
#[derive(Clone, Debug)]
pub struct Journal {
    store: Arc<Mutex<Store>>,
    /// The fabric.
    pub fabric: FabricName,
    /// The commit that devices should come to.
    pub commit: CommitId,
    /// The pass.
    pub pass: PassNumber,
}

/// Why the journal could not be written: then nothing more is sent.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The record says no.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The writing thread ended before its time.
    #[error("writing to the record was cut off")]
    CutOff,
}

impl Journal {
    /// Binds a record to a pass.
    pub fn new(store: Arc<Mutex<Store>>, fabric: FabricName, commit: CommitId, pass: PassNumber) -> Self {
        Self { store, fabric, commit, pass }
    }

    /// Runs one write or read on a blocking thread.
    pub async fn with<T, F>(&self, work: F) -> Result<T, JournalError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store, &Self) -> Result<T, RecordError> + Send + 'static,
    {
        let journal = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            // A thread that panicked in a write left a rolled-back transaction, not a
            // half-written one: SQLite keeps the store whole.
            let mut store = journal.store.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut store, &journal)
        });
        Ok(done.await.map_err(|_| JournalError::CutOff)??)
    }
}
