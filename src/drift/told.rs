//! What a watcher says: how it goes, and what it saw.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use jiff::Timestamp;

use super::standard::Holding;
use crate::diagnostic::Place;
use crate::names::DeviceName;
use crate::record::{DriftKind, WatchState};
use crate::yang::Path;

/// Something that a watcher says of its device.
#[derive(Clone, Debug)]
pub struct Told {
    /// The device.
    pub device: DeviceName,
    /// What.
    pub what: What,
}

/// What a watcher says.
#[derive(Clone, Debug)]
pub enum What {
    /// How the watching goes from now on, and for people: what is not watched, or why the
    /// device is away. Told when it changes.
    State(WatchState, Option<String>),
    /// What a look found, also if that is nothing.
    Verdict(Verdict),
}

/// What one look found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What was held against what was read. If it is not what counts any more, neither does
    /// the verdict.
    pub against: Arc<Holding>,
    /// Where was looked: what is known to differ elsewhere stays.
    pub looked: Looked,
    /// All that differs there, by path.
    pub found: Vec<Found>,
    /// What the device says of the change.
    pub said: Said,
    /// When the first event of the burst was heard; for a look that no event asked for, when
    /// it began.
    pub began: Instant,
    /// Set once it is on record: where one was dropped is looked again.
    pub written: Arc<AtomicBool>,
}

/// What a device says of a change, besides the change: nothing where a look was not asked for by
/// an event. Who made it is in no gNMI message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// When it was, if that can be.
    pub at: Option<Timestamp>,
    /// The device's name of the commit, where it tells of commits.
    pub commit: Option<String>,
}

/// Where a look looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// At the whole configuration.
    All,
    /// At and below these paths.
    Below(Vec<Path>),
}

/// One leaf, or one list entry, that is not as it should be. Values are masked: a secret is
/// its name, and what a device shows in its place is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path.
    pub path: Path,
    /// What kind of difference.
    pub kind: DriftKind,
    /// What should be there; none if nothing.
    pub recorded: Option<String>,
    /// What is there; none if nothing.
    pub live: Option<String>,
    /// The place in the intent that asked for it.
    pub origin: Option<Place>,
}

impl Looked {
    /// Whether a path was looked at.
    pub fn covers(&self, path: &Path) -> bool {
        match self {
            Self::All => true,
            Self::Below(places) => places.iter().any(|place| path.starts_with(place)),
        }
    }
}
