//! The agent: one loop that makes the network what the head of the branch says.
//!
//! `config` (its file), `secrets` (their values), `inventory` (where devices are), `access` (how
//! repository and forge are reached), `target`
//! (the commit that counts, compiled), `head` (whether a new head may count), `read` (what
//! devices hold), `live` (a plan against them), `due`, `drifted`, `orders`, `holding`,
//! `pass`, `assess`, `verdict` (one run and what came of it), `run` (the loop: polls, wakes, retries, clean end),
//! `back` (what NetBox is told of it), `alerts` (what people are told), `stands` (how devices stand, for reviews), `reviews`
//! (pull requests), `watches` (what happens on devices between passes), `served` (what goes out and comes in over HTTP).
//! Elsewhere: each stage of a pass in its own module; commands for people (`cli`).

pub mod access;
mod alerts;
mod assess;
mod back;
pub mod config;
mod drifted;
mod due;
pub mod head;
pub mod holding;
pub mod inventory;
pub mod live;
mod orders;
mod pass;
mod read;
pub mod reviews;
pub mod run;
pub mod secrets;
mod served;
pub mod stands;
pub mod target;
mod verdict;
mod watches;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use self::alerts::Alerts;
use self::back::Back;
use self::config::Config;
use self::inventory::Inventory;
use self::secrets::Secrets;
use self::target::Target;
use self::watches::Watches;
use crate::compile::Engine;
use crate::git::{Mirror, Snapshot};
use crate::gnmi;
use crate::names::{CommitId, DeviceName, FabricName, RepoPath};
use crate::plan::FingerprintKey;
use crate::record::{Lock, RecordError, Store};
use crate::rollout::{Device, Progress, SecretLookup};

/// What a pass is asked to look at, beyond what it finds due by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Read every device back, also those that hold the commit.
    pub read_back: bool,
    /// A person asks: a device that diverged at this commit is tried again.
    pub by_person: bool,
    /// Devices that were seen to differ and may be put back, whatever the record says of them.
    pub suspects: BTreeSet<DeviceName>,
    /// Look at those devices and at no other: what else is due may be out of reach, and is waited
    /// for in the next turn.
    pub alone: bool,
}

/// Everything a pass stands on.
pub struct Agent {
    config: Arc<Config>,
    mirror: Mirror,
    path: Option<RepoPath>,
    store: Arc<Mutex<Store>>,
    /// The record for those who only read, and long: they keep nobody from writing.
    reading: StoreHandle,
    inventory: Inventory,
    secrets: SecretLookup,
    /// Values of the configuration's secrets.
    secret_values: Arc<Secrets>,
    key: FingerprintKey,
    engine: Engine,
    snapshot: Option<Snapshot>,
    /// The last good commit.
    target: Option<Arc<Target>>,
    /// The fabric and its last good commit by the record, until that commit is the target.
    recorded: Option<(FabricName, CommitId)>,
    /// The head that was judged last.
    judged: Option<CommitId>,
    /// The commit whose plans an observing agent has made.
    observed: Option<CommitId>,
    /// Tells NetBox, if that is switched on.
    back: Option<Back>,
    /// Tells people.
    alerts: Alerts,
    /// Tells which wave is under way.
    progress: Progress,
    /// What happens on devices between passes.
    watches: Watches,
    stop: CancellationToken,
    _lock: Lock,
}

/// The record, for tasks that outlive a borrow of the agent.
#[derive(Clone)]
struct StoreHandle(Arc<Mutex<Store>>);

impl StoreHandle {
    /// Runs one read or write on a blocking thread.
    async fn with<T, F>(&self, work: F) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store) -> Result<T, RecordError> + Send + 'static,
    {
        let store = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut store.lock().unwrap_or_else(PoisonError::into_inner))
        });
        Ok(done.await??)
    }
}

impl Agent {
    /// Takes the state folder's lock, opens mirror and record, reads certificates and the
    /// devices' password. Nothing is fetched and no device is called yet.
    pub fn new(config: Arc<Config>, stop: CancellationToken) -> anyhow::Result<Self> {
        gnmi::install_crypto();
        let lock = Lock::take(&config.state)?;
        let mut store = Store::open(&config.record())?;
        let key = store.fingerprint_key()?;
        let reading = StoreHandle(Arc::new(Mutex::new(Store::open_to_read(&config.record())?)));
        let secrets = Arc::new(Secrets::of_system(config.secrets.directory.clone()));
        let path =
            config.repository.path.as_deref().map(str::parse).transpose().context("repository.path")?;
        let inventory = Inventory::new(Arc::clone(&config), secrets.get(&config.devices.password)?)?;
        let remote = access::remote(&config, &secrets)?;
        let mirror = Mirror::open(&config.mirror(), remote)?;
        let back =
            config.netbox.clone().map(|netbox| Back::start(netbox, Arc::clone(&secrets), mirror.clone()));
        let back = back.transpose().context("no thread for NetBox can be started")?;
        Ok(Self {
            config,
            mirror,
            path,
            store: Arc::new(Mutex::new(store)),
            reading,
            inventory,
            secret_values: Arc::clone(&secrets),
            secrets: Arc::new(move |name| {
                let found = secrets.get(name).map_err(anyhow::Error::from);
                found.inspect_err(|error| tracing::warn!("{error:#}")).ok()
            }),
            key,
            engine: Engine::new(),
            snapshot: None,
            target: None,
            recorded: None,
            judged: None,
            observed: None,
            back,
            alerts: Alerts::default(),
            progress: Progress::default(),
            watches: Watches::default(),
            stop,
            _lock: lock,
        })
    }

    fn reader(&self) -> read::Reader<'_> {
        read::Reader { inventory: &self.inventory, store: self.store_handle(), settles: true }
    }

    fn store_handle(&self) -> StoreHandle {
        StoreHandle(Arc::clone(&self.store))
    }

    async fn with_store<T, F>(&self, work: F) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store) -> Result<T, RecordError> + Send + 'static,
    {
        self.store_handle().with(work).await
    }

    /// A device of the intent as something that can be called.
    fn device(&self, target: &Target, name: &DeviceName) -> anyhow::Result<Device> {
        let device =
            target.fabric.devices.get(name).with_context(|| format!("{name} is not in the intent"))?;
        let build = target.devices.get(name).with_context(|| format!("{name} was not compiled"))?;
        let port = target.fabric.design.management.gnmi_port;
        self.inventory.device(device, port, build)
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.config.state.clone()
    }

    /// An observing agent plans each commit once, not at every poll.
    fn observed_already(&self, target: &Target) -> bool {
        self.config.mode == config::Mode::Observe && self.observed.as_ref() == Some(&target.commit)
    }
}
