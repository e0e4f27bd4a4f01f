//! A watcher for every device in service, and what becomes of what they tell.
//!
//! Here: [`Watches`], the loop's side. Elsewhere: watching (`drift`), what a pass does with
//! devices that are to be corrected (`pass`).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::names::DeviceName;

/// The loop's side of the watchers.
#[derive(Clone, Debug, Default)]
pub(super) struct Watches {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The devices that policy says to put back, until a pass asks.
    to_correct: Mutex<BTreeSet<DeviceName>>,
    /// Rung when there is one more of them.
    wake: Notify,
}

impl Watches {
    /// A pass has these devices in hand: what they tell is judged when it is over.
    pub(super) fn busy(&self, _names: &BTreeSet<DeviceName>) {}

    /// The devices that policy says to put back, for the pass that begins now.
    pub(super) fn to_correct(&self) -> BTreeSet<DeviceName> {
        std::mem::take(&mut *self.shared.to_correct.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until there is something to put back.
    pub(super) async fn drifted(&self) {
        self.shared.wake.notified().await;
    }
}
