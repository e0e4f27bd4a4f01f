//! Writing to the record from async code: each write on a blocking thread, on disk when
//! the call returns.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::names::{CommitId, DeviceName, FabricName, PassNumber};
use crate::plan::Recorded;
use crate::record::{DeviceEvent, EventKind, Held, RecordError, Store};
use crate::yang::Schema;

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

    /// Writes down that a device holds the pass's commit: it was read and is equal.
    pub async fn hold(&self, holding: Holding) -> Result<(), JournalError> {
        self.with(move |store, journal| {
            let event = DeviceEvent {
                pass: journal.pass,
                device: holding.device,
                commit: journal.commit.clone(),
                kind: if holding.by_set { EventKind::Applied } else { EventKind::Unchanged },
                changes: holding.changes,
                detail: holding.detail,
                at: Timestamp::now(),
            };
            let held = Held {
                commit: &journal.commit,
                tree_hash: &holding.tree_hash,
                recorded: &holding.recorded,
                schema: &holding.schema,
                by_set: holding.by_set,
            };
            store.hold(&journal.fabric, &held, &event)
        })
        .await
    }
}

/// What a device was found to hold.
#[derive(Debug)]
pub struct Holding {
    /// The device.
    pub device: DeviceName,
    /// The hash of the tree that it should hold, and does.
    pub tree_hash: String,
    /// What is ours of it from now on.
    pub recorded: Recorded,
    /// The schema that reads it.
    pub schema: Arc<Schema>,
    /// Whether our Set made it so; else it was equal before anything was sent.
    pub by_set: bool,
    /// How many leaves the Set changed.
    pub changes: u64,
    /// A word for the history.
    pub detail: Option<String>,
}
