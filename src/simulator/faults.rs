//! What can go wrong between an agent and a device, made to go wrong on purpose.
//!
//! Here: [`SetFault`] (what happens to a Set), [`Gate`] (Sets wait until a test opens it),
//! and [`SetRecord`] (what was received). Nothing here sleeps. Elsewhere: unreachable
//! devices (`handle`), what a Set does when nothing goes wrong (`set`).

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use tonic::{Code, Status};

use crate::gnmi::path::from_wire;
use crate::gnmi::proto::GetRequest;
use crate::yang::Path;

/// What happens to one Set. Faults wait in a queue; each Set takes the first.
#[derive(Clone, Debug)]
pub enum SetFault {
    /// The device refuses it with this status, and stays as it is.
    Refuse {
        /// The status code of the answer.
        code: Code,
        /// The text of the answer.
        message: String,
    },
    /// The device takes the change, and answers with this status all the same: what broke
    /// broke behind it.
    Belie {
        /// The status code of the answer.
        code: Code,
        /// The text of the answer.
        message: String,
    },
    /// The device takes the change; then every connection to it is cut before the answer.
    LoseAnswer,
    /// The device takes the change, and its answer never comes: the connection stays open.
    /// Whoever waits for it may be killed meanwhile.
    NoAnswer,
    /// Every connection is cut before the device has seen the request.
    LoseRequest,
    /// The device takes the change except for the leaves at or below this path, and says
    /// nothing of it; with none, the first leaf that the Set changes.
    NotTaken(Option<Path>),
}

/// How a Set ended, as the device saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOutcome {
    /// The request was lost before the device saw it.
    Lost,
    /// Applied; the flag says whether anything of the configuration changed by it.
    Applied {
        /// Whether the configuration is another than before.
        changed: bool,
    },
    /// Refused with this status.
    Refused(Code),
}

/// One Set that a device received.
#[derive(Clone, Debug)]
pub struct SetRecord {
    /// The paths as they came, in the order of processing: deletes, replaces, updates.
    pub operations: Vec<(SetOperation, Path)>,
    /// How it ended.
    pub outcome: SetOutcome,
    /// When it arrived. Comparable between devices, so that a test can tell whether two
    /// were changed at the same time.
    pub began: Instant,
    /// When its outcome was certain, before the answer was sent.
    pub ended: Instant,
}

/// An operation of a Set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetOperation {
    /// Takes away.
    Delete,
    /// Puts in the place of what is there.
    Replace,
    /// Merges into what is there.
    Update,
}

/// Holds every Set that arrives, before it is applied, until it is opened or dropped.
#[derive(Debug)]
#[must_use = "a gate opens when it is dropped"]
pub struct Gate {
    faults: Arc<Faults>,
}

impl Gate {
    /// Lets the waiting Sets go on, and those to come.
    pub fn open(self) {}
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.faults.closed.send_modify(|gates| *gates = gates.saturating_sub(1));
    }
}

/// The faults that wait for a device's Sets, and what its Sets were.
#[derive(Debug)]
pub(super) struct Faults {
    queue: Mutex<VecDeque<SetFault>>,
    /// Paths of which a Get says that nothing is there.
    overlooked: Mutex<BTreeSet<Path>>,
    /// How many gates are closed.
    closed: watch::Sender<usize>,
    log: watch::Sender<SetLog>,
}

/// The Sets of a device.
#[derive(Clone, Debug, Default)]
pub(super) struct SetLog {
    /// How many have arrived.
    pub(super) received: usize,
    /// How many are being worked on.
    pub(super) in_flight: usize,
    /// The most that were ever worked on at the same time.
    pub(super) most_in_flight: usize,
    /// Those that ended, in the order in which they did.
    pub(super) records: Vec<SetRecord>,
}

impl Faults {
    pub(super) fn new() -> Self {
        Self {
            queue: Mutex::default(),
            overlooked: Mutex::default(),
            closed: watch::Sender::new(0),
            log: watch::Sender::new(SetLog::default()),
        }
    }

    pub(super) fn push(&self, fault: SetFault) {
        self.queue().push_back(fault);
    }

    pub(super) fn clear(&self) {
        self.queue().clear();
        self.overlooked().clear();
    }

    pub(super) fn overlook(&self, path: Path) {
        self.overlooked().insert(path);
    }

    /// Refuses a Get that asks for what is overlooked.
    pub(super) fn check_get(&self, request: &GetRequest) -> Result<(), Status> {
        let overlooked = self.overlooked();
        let paths =
            request.path.iter().filter_map(|path| from_wire(request.prefix.as_ref(), Some(path)).ok());
        match paths.into_iter().find(|path| overlooked.contains(path)) {
            Some(path) => Err(Status::not_found(format!("path {path} not found"))),
            None => Ok(()),
        }
    }

    pub(super) fn close(self: &Arc<Self>) -> Gate {
        self.closed.send_modify(|gates| *gates += 1);
        Gate { faults: Arc::clone(self) }
    }

    /// Counts a Set that arrived, waits until no gate is closed, and tells what shall go wrong.
    pub(super) async fn arrive(self: &Arc<Self>) -> (InFlight, Option<SetFault>) {
        let began = Instant::now();
        self.log.send_modify(|log| {
            log.received += 1;
            log.in_flight += 1;
            log.most_in_flight = log.most_in_flight.max(log.in_flight);
        });
        let in_flight = InFlight { faults: Arc::clone(self), began };
        // the sender is ours, so this can only end by the gates being open
        let _ = self.closed.subscribe().wait_for(|gates| *gates == 0).await;
        (in_flight, self.queue().pop_front())
    }

    pub(super) fn log(&self) -> watch::Receiver<SetLog> {
        self.log.subscribe()
    }

    fn overlooked(&self) -> MutexGuard<'_, BTreeSet<Path>> {
        self.overlooked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<SetFault>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A Set being worked on; counted until it is dropped, also when its client goes away.
#[derive(Debug)]
pub(super) struct InFlight {
    faults: Arc<Faults>,
    began: Instant,
}

impl InFlight {
    pub(super) fn record(&self, operations: Vec<(SetOperation, Path)>, outcome: SetOutcome) {
        let record = SetRecord { operations, outcome, began: self.began, ended: Instant::now() };
        self.faults.log.send_modify(|log| log.records.push(record));
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.faults.log.send_modify(|log| log.in_flight -= 1);
    }
}
