//! A watcher for every device in service, and what becomes of what they tell.
//!
//! Here: [`Watches`], the loop's side. `renew` (which devices are watched, and what they are held
//! against), `policy` (what a commit's new policy makes of what differs already), `writer` (what watchers tell, into the record), `words` (what people are told).
//! Nothing here waits for Git or for a pass: drift is written down and told while the loop is
//! busy, and the loop is woken to put it back. Elsewhere: watching (`drift`), what a pass does with
//! devices that are to be corrected (`pass`).

mod policy;
mod renew;
pub(super) mod words;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::alerts::Bell;
use super::config::{Config, Mode};
use super::target::Target;
use super::{Agent, StoreHandle};
use crate::drift::{Holding, Settings, Standard, Told};
use crate::names::DeviceName;
use crate::record::Store;

/// How many devices are looked at as wholes at the same time: each is some megabytes while it
/// is read.
const AT_ONCE: usize = 8;

/// After how long what could not be put back, or written down, is tried again: whoever else is at work
/// on the device, or on the record, may be done by then.
const AGAIN: Duration = Duration::from_secs(5);

/// How long what moves is gathered before it is told: each time all devices are read.
const GATHERS: Duration = Duration::from_millis(100);

/// How much watchers may tell before they wait for the record.
const UNWRITTEN: usize = 1024;

/// The loop's side of the watchers. Where nothing is watched it does nothing.
#[derive(Clone, Default)]
pub(super) struct Watches {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// None where nothing is watched.
    at_work: Mutex<Option<AtWork>>,
    /// Each watched device.
    devices: Mutex<BTreeMap<DeviceName, Watched>>,
    /// The commit that counts, as the loop said last.
    target: Mutex<Option<Arc<Target>>>,
    /// The devices that policy says to put back, until a pass asks.
    to_correct: Mutex<BTreeSet<DeviceName>>,
    /// Rung when there is one more of them.
    drifted: Notify,
    /// Rung when the record says something else than before.
    moved: Notify,
}

/// What watchers are made with.
struct AtWork {
    settings: Arc<Settings>,
    limits: Arc<Semaphore>,
    told: mpsc::Sender<Told>,
    writer: JoinHandle<()>,
}

/// A watched device.
struct Watched {
    /// What the watcher was made for: another address or schema is another watcher.
    made_for: renew::MadeFor,
    /// What its standard was made of.
    basis: Option<renew::Basis>,
    /// The policy that what differs on it was judged by.
    policy: Option<policy::Policy>,
    standard: watch::Sender<Standard>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Watches {
    /// Starts the writer, if the configuration says that devices are watched. `wake` is rung when
    /// a device is back that the record has as lost or behind.
    pub(super) fn start(config: &Config, store: StoreHandle, wake: Arc<Notify>, bell: Bell) -> Self {
        let watches = Self::default();
        if !config.drift.watch {
            return watches;
        }
        let settings = Settings {
            quiet: config.drift.quiet,
            poll: config.drift.poll,
            read_back: config.full_read_back,
            ..Settings::default()
        };
        let (told, hears) = mpsc::channel(UNWRITTEN);
        let writer = writer::Writer {
            shared: Arc::clone(&watches.shared),
            store,
            wake,
            bell,
            corrects: config.mode == Mode::Apply,
        };
        *watches.shared.at_work() = Some(AtWork {
            settings: Arc::new(settings),
            limits: Arc::new(Semaphore::new(AT_ONCE)),
            told,
            writer: tokio::spawn(writer.run(hears)),
        });
        watches
    }

    /// Whether devices are watched at all.
    pub(super) fn is_at_work(&self) -> bool {
        self.shared.at_work().is_some()
    }

    /// Ends every watcher, and waits until what they told is written.
    pub(super) async fn finish(&self) {
        let devices = std::mem::take(&mut *self.shared.devices());
        for watched in devices.values() {
            watched.stop.cancel();
        }
        for watched in devices.into_values() {
            // one that panicked has said so already
            let _ = watched.task.await;
        }
        let at_work = self.shared.at_work().take();
        if let Some(AtWork { told, writer, .. }) = at_work {
            drop(told);
            let _ = writer.await;
        }
    }

    /// A pass has these devices in hand: what they tell is judged when it is over.
    pub(super) fn busy<'a>(&self, names: impl IntoIterator<Item = &'a DeviceName>) {
        let mut devices = self.shared.devices();
        for name in names {
            if let Some(watched) = devices.get_mut(name) {
                watched.basis = None;
                watched.standard.send_replace(Standard::Busy);
            }
        }
    }

    /// The devices that policy says to put back, for the pass that begins now.
    pub(super) fn to_correct(&self) -> BTreeSet<DeviceName> {
        std::mem::take(&mut *self.shared.to_correct())
    }

    /// Something could not be put back on a device: it is tried again in a while. Each try
    /// counts, so that there is an end to it.
    pub(super) fn try_again(&self, device: DeviceName) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            shared.put_back([device]);
        });
    }

    /// Waits until there is something to put back.
    pub(super) async fn drifted(&self) {
        self.shared.drifted.notified().await;
    }

    /// Waits until the record says something else than before, and a moment more: a commit that
    /// moves many devices is told once. Whoever stops waiting has to look at the record.
    pub(super) async fn moved(&self) {
        self.shared.moved.notified().await;
        tokio::time::sleep(GATHERS).await;
    }
}

impl Agent {
    /// Forgets how devices were watched: that was the word of an agent that runs no more.
    pub(super) async fn forget_watches(&self) {
        if let Err(error) = self.with_store(Store::forget_watches).await {
            tracing::warn!("how devices were watched before is still on record: {error:#}");
        }
    }
}

impl Shared {
    fn at_work(&self) -> MutexGuard<'_, Option<AtWork>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn devices(&self) -> MutexGuard<'_, BTreeMap<DeviceName, Watched>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn target(&self) -> MutexGuard<'_, Option<Arc<Target>>> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn to_correct(&self) -> MutexGuard<'_, BTreeSet<DeviceName>> {
        self.to_correct.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the loop, so that a pass puts something back on these devices.
    fn put_back(&self, devices: impl IntoIterator<Item = DeviceName>) {
        self.to_correct().extend(devices);
        self.drifted.notify_one();
    }

    /// Whether a device is still held against this.
    fn counts(&self, device: &DeviceName, against: &Arc<Holding>) -> bool {
        self.devices().get(device).is_some_and(|watched| watched.standard.borrow().is(against))
    }
}
