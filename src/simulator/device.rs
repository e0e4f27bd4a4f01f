//! One simulated device: what it is, what it holds, and how that changes.
//!
//! Here: [`DeviceConfig`] (how a device starts), [`Snapshot`] (all that it holds at one
//! moment), [`Device`] (one snapshot after the other, each made by one transaction).
//! Elsewhere: the changes themselves (`edit`, `set`), what of it is shown (`view`), what
//! subscribers hear of them (`change`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value as Json;
use tokio::sync::{mpsc, watch};

use super::change::{Change, Followers};
use super::eos;
use super::personality::Personality;
use crate::names::DeviceName;
use crate::yang::validate::{FaultKind, validate};
use crate::yang::{Form, Leaf, Path, Scalar, Schema, Tree, Value};

/// What a device is made of, as its inventory reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chassis {
    /// The model, `/components/component[name=Chassis]/state/part-no`.
    pub part_no: String,
    /// The serial number.
    pub serial_no: String,
}

/// Where a device's time comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The time of day.
    #[default]
    System,
    /// Starts at 2026-01-01T00:00:00Z and moves on by one second with each change: two runs
    /// are alike.
    Counting,
}

/// The user that a device knows. The password is not in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub username: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Default for Login {
    /// `admin` and `admin`, as in a containerlab.
    fn default() -> Self {
        Self { username: "admin".to_owned(), password: "admin".to_owned() }
    }
}

/// How a device starts.
#[derive(Clone, Debug)]
pub struct DeviceConfig {
    /// Its name; also in its certificate.
    pub name: DeviceName,
    /// What its YANG allows.
    pub schema: Arc<Schema>,
    /// The configuration it starts with. Devices may share one, and do for as long as they
    /// have nothing to add to it.
    pub bootstrap: Arc<Tree>,
    /// Nodes that it reports and the schema lacks, each at its path.
    pub foreign: Vec<(Path, Json)>,
    /// The software it says it runs, such as `4.35.0F`.
    pub software_version: String,
    /// What it is made of.
    pub chassis: Chassis,
    /// Its ways.
    pub personality: Personality,
    /// Who may call it.
    pub login: Login,
    /// Where its time comes from.
    pub clock: Clock,
}

impl DeviceConfig {
    /// A device with the version of its schema and the defaults of everything else.
    pub fn new(name: DeviceName, schema: Arc<Schema>, bootstrap: impl Into<Arc<Tree>>) -> Self {
        let software_version = schema.version.to_string();
        let chassis = Chassis { part_no: "cEOSLab".to_owned(), serial_no: format!("SIM-{name}") };
        Self {
            name,
            schema,
            bootstrap: bootstrap.into(),
            foreign: Vec::new(),
            software_version,
            chassis,
            personality: Personality::default(),
            login: Login::default(),
            clock: Clock::default(),
        }
    }
}

/// All that a device holds at one moment.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// Grows by one with each change.
    pub(super) generation: u64,
    pub(super) config: Arc<Tree>,
    /// Nodes that the schema lacks.
    pub(super) foreign: Arc<BTreeMap<Path, Json>>,
    /// The value of `openconfig-metadata:protobuf-metadata` at the root.
    pub(super) annotation: Option<String>,
    /// When the configuration last changed, in nanoseconds since 1970.
    pub(super) changed_at: i64,
    /// When the device started.
    pub(super) booted_at: i64,
    /// What is wrong with the configuration and was so from the start: no reason to refuse a Set.
    faults: Arc<BTreeSet<(Path, FaultKind)>>,
}

/// What a transaction makes of a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    pub(super) config: Arc<Tree>,
    pub(super) foreign: Arc<BTreeMap<Path, Json>>,
    pub(super) annotation: Option<String>,
}

/// What a device holds now, who follows it, and what it would start with.
#[derive(Debug)]
struct Current {
    snapshot: Arc<Snapshot>,
    /// The saved configuration; none if nobody ever saved it.
    startup: Option<Contents>,
    followers: Followers,
    /// The clock at the last change, without what it was set forward or back by.
    last: i64,
    /// By how many nanoseconds the clock was set forward.
    shift: i64,
}

/// One device: its settings, and its present snapshot.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) config: DeviceConfig,
    current: Mutex<Current>,
    /// How many subscriptions are open.
    pub(super) subscriptions: watch::Sender<usize>,
    readings: AtomicU64,
}

impl Device {
    pub(super) fn new(config: DeviceConfig) -> Self {
        let (contents, faults) = at_first_start(&config);
        let booted_at = now(config.clock, 0);
        let snapshot = Arc::new(snapshot(0, contents, booted_at, booted_at, faults));
        let current =
            Current { snapshot, startup: None, followers: Followers::default(), last: booted_at, shift: 0 };
        Self {
            config,
            current: Mutex::new(current),
            subscriptions: watch::Sender::new(0),
            readings: AtomicU64::new(0),
        }
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.config.schema
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current().snapshot)
    }

    /// The present snapshot, and every change that comes after it.
    pub(super) fn follow(&self) -> (Arc<Snapshot>, mpsc::UnboundedReceiver<Arc<Change>>) {
        let mut current = self.current();
        (Arc::clone(&current.snapshot), current.followers.add())
    }

    /// Another number for each reading.
    pub(super) fn reading(&self) -> u64 {
        self.readings.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes the next snapshot, all of it or nothing: an error leaves the present one.
    /// Whatever `edit` leaves unchanged makes no new snapshot. Gives back the snapshot that
    /// holds now, and whether it is another.
    pub(super) fn transact<E>(
        &self,
        edit: impl FnOnce(&Snapshot) -> Result<Contents, E>,
        refuse: impl FnOnce(Vec<String>) -> E,
    ) -> Result<(Arc<Snapshot>, bool), E> {
        let mut current = self.current();
        let before = Arc::clone(&current.snapshot);
        let contents = edit(&before)?;
        let same_config = contents.config == before.config;
        if same_config && contents.foreign == before.foreign && contents.annotation == before.annotation {
            return Ok((before, false));
        }
        let mut known = Arc::clone(&before.faults);
        if !same_config {
            let found = validate(&self.config.schema, &contents.config);
            let new: Vec<String> = found
                .iter()
                .filter(|fault| !before.faults.contains(&(fault.path.clone(), fault.kind)))
                .map(|fault| format!("{}: {}", fault.path, fault.message))
                .collect();
            if !new.is_empty() {
                return Err(refuse(new));
            }
            known = Arc::new(found.into_iter().map(|fault| (fault.path, fault.kind)).collect());
        }
        let at = current.tick(self.config.clock);
        let after = Arc::new(snapshot(before.generation + 1, contents, at, before.booted_at, known));
        current.snapshot = Arc::clone(&after);
        if current.followers.any() {
            current.followers.tell(Change::between(self, &before, &after));
        }
        Ok((after, true))
    }

    /// Writes leaves in place, at a cost that the rest of the tree has no part in. `find` may
    /// only name leaves that are there and whose values nothing else depends on; with none,
    /// nothing is done.
    pub(super) fn overwrite(
        &self,
        find: impl FnOnce(&Snapshot) -> Option<Vec<(Path, Leaf)>>,
    ) -> Option<(Arc<Snapshot>, bool)> {
        let mut current = self.current();
        let leaves = find(&current.snapshot)?;
        if leaves.iter().all(|(path, leaf)| current.snapshot.config.get(path) == Some(leaf)) {
            return Some((Arc::clone(&current.snapshot), false));
        }
        let paths: Vec<Path> = leaves.iter().map(|(path, _)| path.clone()).collect();
        let seen = current.followers.any().then(|| Change::begin(self, &current.snapshot, &paths));
        let at = current.tick(self.config.clock);
        let snapshot = Arc::make_mut(&mut current.snapshot);
        snapshot.generation += 1;
        snapshot.changed_at = at;
        Arc::make_mut(&mut snapshot.config).extend(leaves);
        let after = Arc::clone(&current.snapshot);
        if let Some(seen) = seen {
            current.followers.tell(seen.end(self, &after));
        }
        Some((after, true))
    }

    /// Makes the running configuration the one to start with.
    pub(super) fn save(&self) {
        let mut current = self.current();
        let running = Contents {
            config: Arc::clone(&current.snapshot.config),
            foreign: Arc::clone(&current.snapshot.foreign),
            annotation: current.snapshot.annotation.clone(),
        };
        current.startup = Some(running);
    }

    /// Starts anew with what was saved last, or with the configuration of the first start.
    pub(super) fn reboot(&self) {
        let mut current = self.current();
        let before = Arc::clone(&current.snapshot);
        let (contents, faults) = match current.startup.clone() {
            Some(saved) => {
                let faults = faults(&self.config.schema, &saved.config);
                (saved, faults)
            }
            None => at_first_start(&self.config),
        };
        let at = current.tick(self.config.clock);
        let after = Arc::new(snapshot(before.generation + 1, contents, at, at, faults));
        current.snapshot = Arc::clone(&after);
        // Whoever was connected hears nothing of it: a device that restarts says no farewell.
        current.followers = Followers::default();
    }

    /// Gives every hash another salt, once: a change of the configuration.
    pub(super) fn rehash(&self) {
        let edit = |before: &Snapshot| {
            let mut config = Tree::clone(&before.config);
            for (path, leaf) in before.config.iter().filter(|(path, _)| eos::is_secret(&self.config, path)) {
                let text = eos::resalted(&self.config, path, &leaf.value, before.generation);
                let value = Value::Scalar(Scalar::new(text, Form::Text));
                config.insert(path.clone(), Leaf { value, ..leaf.clone() });
            }
            let (foreign, annotation) = (Arc::clone(&before.foreign), before.annotation.clone());
            Ok::<_, Vec<String>>(Contents { config: Arc::new(config), foreign, annotation })
        };
        // a hash is as valid as the one before it
        let _ = self.transact(edit, |faults| faults);
    }

    /// Sets the clock forward, or back, for all changes to come.
    pub(super) fn shift_clock(&self, nanoseconds: i64) {
        let mut current = self.current();
        current.shift = current.shift.saturating_add(nanoseconds);
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    /// The time of a change, as the device's clock shows it.
    fn tick(&mut self, clock: Clock) -> i64 {
        self.last = now(clock, self.last);
        self.last.saturating_add(self.shift)
    }
}

fn at_first_start(config: &DeviceConfig) -> (Contents, Arc<BTreeSet<(Path, FaultKind)>>) {
    let mut tree = Arc::clone(&config.bootstrap);
    eos::at_start(config, &mut tree);
    let faults = faults(&config.schema, &tree);
    let foreign = Arc::new(config.foreign.iter().cloned().collect());
    (Contents { config: tree, foreign, annotation: None }, faults)
}

fn faults(schema: &Schema, config: &Tree) -> Arc<BTreeSet<(Path, FaultKind)>> {
    Arc::new(validate(schema, config).into_iter().map(|fault| (fault.path, fault.kind)).collect())
}

fn snapshot(
    generation: u64,
    contents: Contents,
    changed_at: i64,
    booted_at: i64,
    faults: Arc<BTreeSet<(Path, FaultKind)>>,
) -> Snapshot {
    let Contents { config, foreign, annotation } = contents;
    Snapshot { generation, config, foreign, annotation, changed_at, booted_at, faults }
}

/// A time in nanoseconds since 1970, later than `last`.
fn now(clock: Clock, last: i64) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    const START_OF_2026: i64 = 1_767_225_600 * SECOND;
    match clock {
        Clock::Counting => last.saturating_add(SECOND).max(START_OF_2026),
        Clock::System => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_nanos()).unwrap_or(i64::MAX).max(last.saturating_add(1))
        }
    }
}
