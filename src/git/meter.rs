//! What a fetch from strangers may bring.
//!
//! Here: [`Meter`], which gix tells of its progress and which ends the fetch when that is too
//! much. Elsewhere: the fetch (`pulls`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use gix::progress::{Count, Id, MessageLevel, NestedProgress, Progress, Step, StepShared, UNKNOWN, Unit};

/// What one fetch may bring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// Bytes of its pack, as they travel.
    pub(super) bytes: u64,
    /// Objects in the pack. Each costs some 100 bytes of memory, however small it is.
    pub(super) objects: u64,
    /// Bytes of one object, unpacked.
    pub(super) object: u64,
}

/// What pull requests hold is text.
pub(super) const OF_STRANGERS: Most = Most { bytes: 64 << 20, objects: 500_000, object: 64 << 20 };

/// Counts bytes and objects. Its parts are one meter.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    shared: Arc<Shared>,
    id: Id,
}

#[derive(Debug)]
struct Shared {
    bytes: AtomicU64,
    objects: AtomicU64,
    most: Most,
    /// Ends the fetch.
    stop: Arc<AtomicBool>,
}

impl Meter {
    /// A meter that sets `stop` when it is too much.
    pub(super) fn new(most: Most, stop: Arc<AtomicBool>) -> Self {
        let shared = Shared { bytes: AtomicU64::new(0), objects: AtomicU64::new(0), most, stop };
        Self { shared: Arc::new(shared), id: UNKNOWN }
    }

    /// What was too much, if anything: in words, and how much of it may be.
    pub(super) fn exceeded(&self) -> Option<(&'static str, u64)> {
        let Most { bytes, objects, .. } = self.shared.most;
        if self.shared.bytes.load(Ordering::Relaxed) > bytes {
            return Some(("bytes to be fetched", bytes));
        }
        (self.shared.objects.load(Ordering::Relaxed) > objects).then_some(("objects to be fetched", objects))
    }

    fn check(&self) {
        if self.exceeded().is_some() {
            self.shared.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Count for Meter {
    fn set(&self, _step: Step) {}

    fn step(&self) -> Step {
        0
    }

    fn inc_by(&self, step: Step) {
        if self.id == *b"BWRB" {
            // gix's name for the bytes of a pack that were read
            self.shared.bytes.fetch_add(step as u64, Ordering::Relaxed);
            self.check();
        }
    }

    fn counter(&self) -> StepShared {
        StepShared::default()
    }
}

impl Progress for Meter {
    /// Every part of indexing says how many objects there are before it begins.
    fn init(&mut self, max: Option<Step>, _unit: Option<Unit>) {
        self.shared.objects.fetch_max(max.unwrap_or_default() as u64, Ordering::Relaxed);
        self.check();
    }

    fn set_name(&mut self, _name: String) {}

    fn name(&self) -> Option<String> {
        None
    }

    fn id(&self) -> Id {
        self.id
    }

    fn message(&self, _level: MessageLevel, _message: String) {}
}

impl NestedProgress for Meter {
    type SubProgress = Self;

    fn add_child(&mut self, _name: impl Into<String>) -> Self {
        self.clone()
    }

    fn add_child_with_id(&mut self, _name: impl Into<String>, id: Id) -> Self {
        Self { id, ..self.clone() }
    }
}
