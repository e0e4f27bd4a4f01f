//! What a device is held against. Trees are shared: a watcher has no copy of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::{FingerprintKey, SecretMark};
use crate::platform::arista_eos::protected::Protected;
use crate::yang::{Path, Tree};

/// What a watcher holds its device against, as the agent says from time to time.
#[derive(Clone, Debug, Default)]
pub enum Standard {
    /// Nothing is on record. The stream stays open; nothing is judged.
    #[default]
    Unknown,
    /// A pass has the device in hand: what is told is kept, and judged when the pass is over.
    Busy,
    /// The record says this.
    Holds(Arc<Holding>),
}

/// What the record says of a device, and what else it takes to judge it.
#[derive(Debug)]
pub struct Holding {
    /// What is ours and should stand there.
    pub tree: Arc<Tree>,
    /// What the device showed in the place of each secret, when it was last written.
    pub secrets: BTreeMap<Path, SecretMark>,
    /// What `bootstrap` prints for it: compared, never put back.
    pub bootstrap: Arc<Tree>,
    /// The agent's own way to it.
    pub protected: Protected,
    /// The key of fingerprints.
    pub key: FingerprintKey,
}

impl Standard {
    /// What the device is held against now; none while nothing may be judged.
    pub fn holding(&self) -> Option<&Arc<Holding>> {
        match self {
            Self::Holds(holding) => Some(holding),
            Self::Unknown | Self::Busy => None,
        }
    }

    /// Whether a verdict of this holding still counts.
    pub fn is(&self, holding: &Arc<Holding>) -> bool {
        self.holding().is_some_and(|now| Arc::ptr_eq(now, holding))
    }
}
