//! One simulated device: what it is, what it holds, and how that changes.
//!
//! Here: [`DeviceConfig`] (how a device starts), [`Snapshot`] (all that it holds at one
//! moment), [`Device`] (one snapshot after the other, each made by one transaction).
//! Elsewhere: the changes themselves (`edit`, `set`), what of it is shown (`view`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value as Json;
use tokio::sync::watch;

use super::eos;
use super::personality::Personality;
use super::view::View;
use crate::names::DeviceName;
use crate::yang::validate::{FaultKind, validate};
use crate::yang::{Path, Schema, Tree};

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
    /// The configuration it starts with.
    pub bootstrap: Tree,
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
    pub fn new(name: DeviceName, schema: Arc<Schema>, bootstrap: Tree) -> Self {
        let software_version = schema.version.to_string();
        let chassis = Chassis { part_no: "cEOSLab".to_owned(), serial_no: format!("SIM-{name}") };
        Self {
            name,
            schema,
            bootstrap,
            foreign: Vec::new(),
            software_version,
            chassis,
            personality: Personality::default(),
            login: Login::default(),
            clock: Clock::default(),
        }
    }
}

/// All that a device holds at one moment. Never changes: a transaction makes the next.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// Grows by one with each change.
    pub(super) generation: u64,
    pub(super) config: Tree,
    /// Nodes that the schema lacks.
    pub(super) foreign: BTreeMap<Path, Json>,
    /// The value of `openconfig-metadata:protobuf-metadata` at the root.
    pub(super) annotation: Option<String>,
    /// When the configuration last changed, in nanoseconds since 1970.
    pub(super) changed_at: i64,
    /// When the device started.
    pub(super) booted_at: i64,
    /// What is wrong with the configuration and was so from the start: no reason to refuse a Set.
    faults: BTreeSet<(Path, FaultKind)>,
    view: OnceLock<View>,
}

impl Snapshot {
    /// What a client can see of it, made when it is first asked for.
    pub(super) fn view(&self, device: &DeviceConfig) -> &View {
        self.view.get_or_init(|| View::of(device, self))
    }
}

/// What a transaction makes of a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    pub(super) config: Tree,
    pub(super) foreign: BTreeMap<Path, Json>,
    pub(super) annotation: Option<String>,
}

/// One device: its settings, and its present snapshot.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) config: DeviceConfig,
    snapshots: watch::Sender<Arc<Snapshot>>,
    transaction: Mutex<()>,
}

impl Device {
    pub(super) fn new(config: DeviceConfig) -> Self {
        let mut contents = Contents {
            config: config.bootstrap.clone(),
            foreign: config.foreign.iter().cloned().collect(),
            annotation: None,
        };
        eos::at_start(&config, &mut contents.config);
        let booted_at = now(config.clock, 0);
        let faults = faults(&config.schema, &contents.config);
        let first = snapshot(0, contents, booted_at, booted_at, faults);
        Self { config, snapshots: watch::Sender::new(Arc::new(first)), transaction: Mutex::new(()) }
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.config.schema
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// The snapshots as they come, the present one first.
    pub(super) fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        let mut receiver = self.snapshots.subscribe();
        receiver.mark_changed();
        receiver
    }

    /// Makes the next snapshot, all of it or nothing: an error leaves the present one.
    /// Whatever `edit` leaves unchanged makes no new snapshot. Gives back the snapshot that
    /// holds now, and whether it is another.
    pub(super) fn transact<E>(
        &self,
        edit: impl FnOnce(&Snapshot) -> Result<Contents, E>,
        refuse: impl FnOnce(Vec<String>) -> E,
    ) -> Result<(Arc<Snapshot>, bool), E> {
        let _one_at_a_time = self.transaction.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        let contents = edit(&before)?;
        let same = contents.config == before.config
            && contents.foreign == before.foreign
            && contents.annotation == before.annotation;
        if same {
            return Ok((before, false));
        }
        let mut known = before.faults.clone();
        if contents.config != before.config {
            let found = validate(&self.config.schema, &contents.config);
            let new: Vec<String> = found
                .iter()
                .filter(|fault| !before.faults.contains(&(fault.path.clone(), fault.kind)))
                .map(|fault| format!("{}: {}", fault.path, fault.message))
                .collect();
            if !new.is_empty() {
                return Err(refuse(new));
            }
            known = found.into_iter().map(|fault| (fault.path, fault.kind)).collect();
        }
        let at = now(self.config.clock, before.changed_at);
        let after = Arc::new(snapshot(before.generation + 1, contents, at, before.booted_at, known));
        self.snapshots.send_replace(Arc::clone(&after));
        Ok((after, true))
    }

    /// Starts anew with the configuration of the first start: what nobody saved is gone.
    pub(super) fn reboot(&self) {
        let _one_at_a_time = self.transaction.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        let fresh = Device::new(self.config.clone()).snapshot();
        let contents = Contents {
            config: fresh.config.clone(),
            foreign: fresh.foreign.clone(),
            annotation: fresh.annotation.clone(),
        };
        let at = now(self.config.clock, before.changed_at);
        let after = snapshot(before.generation + 1, contents, at, at, fresh.faults.clone());
        self.snapshots.send_replace(Arc::new(after));
    }
}

fn faults(schema: &Schema, config: &Tree) -> BTreeSet<(Path, FaultKind)> {
    validate(schema, config).into_iter().map(|fault| (fault.path, fault.kind)).collect()
}

fn snapshot(
    generation: u64,
    contents: Contents,
    changed_at: i64,
    booted_at: i64,
    faults: BTreeSet<(Path, FaultKind)>,
) -> Snapshot {
    let Contents { config, foreign, annotation } = contents;
    let view = OnceLock::new();
    Snapshot { generation, config, foreign, annotation, changed_at, booted_at, faults, view }
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
