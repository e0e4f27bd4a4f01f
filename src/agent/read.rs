//! Reading many devices at once, each beside what is on record of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::StoreHandle;
use super::inventory::Inventory;
use crate::compile::DeviceBuild;
use crate::drift::{resalted, shown_otherwise};
use crate::gnmi::ErrorKind;
use crate::intent::Fabric;
use crate::names::{DeviceName, FabricName};
use crate::plan::{DevicePlan, FingerprintKey, Inputs, Prints, Recorded, Rules, device_plan};
use crate::record::Store;
use crate::rollout::{Device, NotIdentified, Reading, Session};
use crate::yang::Path;

/// How many devices are read at the same time: enough to hide their latency, few enough
/// not to look like a scan.
const AT_ONCE: usize = 32;

/// What came of calling a device.
#[derive(Debug)]
pub(super) enum Found {
    /// It could not be reached, or did not take us; why.
    Unreachable(String),
    /// It answers; more was not asked.
    Answers,
    /// It was read.
    Read(Box<Read>),
}

/// A device that was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) device: Device,
    pub(super) session: Session,
    pub(super) reading: Reading,
    pub(super) recorded: Recorded,
    pub(super) build: Arc<DeviceBuild>,
    /// The hash of the tree that stands on it all the same, if a Set was cut off that only put
    /// something back.
    pub(super) resumed: Option<String>,
    /// Secrets that it shows otherwise at each look, of which nothing can be learnt (hazard H13).
    pub(super) resalted: BTreeSet<Path>,
}

impl Read {
    /// The rules for this device's plan.
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules::of(self.device.profile, &self.build.protected)
    }

    /// What the device needs.
    pub(super) fn plan(&self, prints: Prints<'_>) -> DevicePlan {
        let inputs = Inputs {
            schema: &self.build.schema,
            rules: &self.rules(),
            desired: &self.build.tree,
            actual: &self.reading.tree,
            unknown: &self.reading.unknown,
            recorded: &self.recorded,
            bootstrap: &self.build.bootstrap,
            prints,
        };
        // Its findings name leaves that must never be sent; the compilation refused those.
        let mut plan = device_plan(&inputs).0;
        plan.leave(&self.resalted);
        plan
    }

    /// Looks once more at the secrets that differ, if there are any.
    pub(super) async fn look_at_secrets(&mut self, key: &FingerprintKey) {
        let shown = shown_otherwise(&self.recorded.secrets, &self.reading.tree, key);
        match resalted(&self.session, &shown, key).await {
            Ok(resalted) => self.resalted = resalted,
            Err(error) => {
                tracing::warn!(device = %self.device.name(), %error, "its secrets were read once only");
            }
        }
    }
}

/// Where devices and what is on record of them are read.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) store: StoreHandle,
    /// Whether this is for a pass: a Set whose outcome was not recorded is settled on record too,
    /// and the pass itself asks which device answers before it makes anything of what was read.
    /// Otherwise the Set is settled for this reading only, and each device is asked here.
    pub(super) settles: bool,
}

impl Reader<'_> {
    /// Calls the devices of `read` and `probe`, reads those of `read`, and takes what is on
    /// record of them. A Set whose outcome was not recorded is settled by what was read, of the
    /// device that it was sent to and no other.
    pub(super) async fn read(
        &self,
        fabric: &Fabric,
        builds: &BTreeMap<DeviceName, Arc<DeviceBuild>>,
        read: &BTreeSet<DeviceName>,
        probe: &BTreeSet<DeviceName>,
    ) -> anyhow::Result<BTreeMap<DeviceName, Found>> {
        let in_flight = self.in_flight(&fabric.design.name.value).await?;
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let mut running = JoinSet::new();
        for name in read.union(probe) {
            let (Some(build), Some(intended)) = (builds.get(name), fabric.devices.get(name)) else {
                continue;
            };
            let device = self.inventory.device(intended, fabric.design.management.gnmi_port, build)?;
            let build = read.contains(name).then(|| Arc::clone(build));
            let identify = !self.settles || in_flight.contains(name);
            let (permits, store, settles) = (Arc::clone(&permits), self.store.clone(), self.settles);
            let fabric = fabric.design.name.value.clone();
            running.spawn(async move {
                let _permit = permits.acquire().await;
                let name = device.name().clone();
                let found = match call(device, build, identify).await {
                    Found::Read(read) => {
                        let settled = store.with(move |store| settle(store, &fabric, *read, settles)).await?;
                        Found::Read(Box::new(settled))
                    }
                    other => other,
                };
                anyhow::Ok((name, found))
            });
        }
        let mut found = BTreeMap::new();
        while let Some(done) = running.join_next().await {
            let (name, device) = done??;
            found.insert(name, device);
        }
        Ok(found)
    }

    /// The devices that were sent a Set of which no outcome is on record.
    async fn in_flight(&self, fabric: &FabricName) -> anyhow::Result<BTreeSet<DeviceName>> {
        let fabric = fabric.clone();
        let entries = self.store.with(move |store| store.devices(&fabric)).await?;
        Ok(entries.into_iter().filter(|entry| entry.in_flight).map(|entry| entry.device).collect())
    }
}

/// `identify`: another device at the address counts as none.
async fn call(device: Device, build: Option<Arc<DeviceBuild>>, identify: bool) -> Found {
    let session = match device.connect().await {
        Ok(session) => session,
        Err(error) => return Found::Unreachable(why(&error)),
    };
    let Some(build) = build else { return Found::Answers };
    if identify {
        match session.identify().await {
            Ok(()) => {}
            Err(NotIdentified::Unanswered(error)) => return Found::Unreachable(why(&error)),
            Err(another) => return Found::Unreachable(another.to_string()),
        }
    }
    match session.read().await {
        Ok(reading) => Found::Read(Box::new(Read {
            device,
            session,
            reading,
            recorded: Recorded::default(),
            build,
            resumed: None,
            resalted: BTreeSet::new(),
        })),
        Err(error) => Found::Unreachable(why(&error)),
    }
}

/// The device's name stands beside it already, and so does that it is not reachable.
fn why(error: &crate::gnmi::Error) -> String {
    let what = match &error.kind {
        ErrorKind::Unreachable { what } => what.clone(),
        kind => kind.to_string(),
    };
    let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
    format!("{what} ({}){hint}", error.address)
}

fn settle(
    store: &mut Store,
    fabric: &FabricName,
    mut read: Read,
    settles: bool,
) -> Result<Read, crate::record::RecordError> {
    let (name, schema) = (read.device.name(), &read.build.schema);
    read.recorded = store.recorded(fabric, name, schema)?;
    if let Some(flight) = store.in_flight(fabric, name, schema)? {
        tracing::warn!(device = %name, pass = flight.pass.get(), "a Set was sent and its outcome not recorded; the device was read");
        read.recorded.resolve(&flight.set, &read.reading.tree);
        let stands = store.device(fabric, name)?.and_then(|entry| entry.tree_hash);
        read.resumed = stands.filter(|hash| *hash == flight.tree_hash);
        match (settles, &read.resumed) {
            (true, None) => store.own(fabric, name, &read.recorded, schema)?,
            (true, Some(_)) => store.own_still(fabric, name, &read.recorded, schema)?,
            (false, _) => {}
        }
    }
    Ok(read)
}
