//! What devices hold now: a plan against them, and what differs from the record. Reads and
//! writes nothing down, so it may run beside an agent. Also: whom to call for a person who asks a
//! device by its name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use anyhow::Context as _;

use super::StoreHandle;
use super::config::Config;
use super::due::at_rest;
use super::inventory::Inventory;
use super::read::{Found, Read, Reader};
use super::secrets::Secrets;
use crate::compile::{Build, DeviceBuild};
use crate::drift::differences;
use crate::git::{Repository, Snapshot};
use crate::gnmi::{self, Target};
use crate::intent::topology::Topology;
use crate::intent::{Cache, Fabric};
use crate::names::{DeviceName, SecretName};
use crate::plan::{DevicePlan, FingerprintKey, Inputs, Plan, Prints, Recorded, Revision, Rules, device_plan};
use crate::record::{DriftedLeaf, Store};
use crate::yang::{Path, Tree};

/// Reads the devices (all, or those of `only`) and plans them towards a build.
pub async fn plan(
    config: Arc<Config>,
    build: &Build,
    to: Revision,
    only: &BTreeSet<DeviceName>,
) -> anyhow::Result<Plan> {
    let fabric = build.fabric.as_ref().context("the intent has no fabric.yaml")?;
    let (looked, mut passed_over) = look(config, build, only).await?;
    let mut devices = BTreeMap::new();
    for (name, found) in &looked.devices {
        match found {
            Ok(seen) => drop(devices.insert(name.clone(), looked.plan(seen, &seen.build))),
            Err(why) => drop(passed_over.insert(name.clone(), why.clone())),
        }
    }
    let topology = Topology::new(fabric);
    Ok(Plan::new(fabric.design.name.value.clone(), (None, to), devices, passed_over, &topology))
}

/// Devices as they are now.
pub struct Looked {
    /// Each that was called; or why it could not be read.
    pub devices: BTreeMap<DeviceName, Result<Seen, String>>,
    key: FingerprintKey,
    secrets: Secrets,
}

/// One device as it is now, beside what is on record of it.
pub struct Seen {
    /// What it holds.
    pub actual: Tree,
    /// What it holds at nodes that the schema lacks.
    pub unknown: BTreeSet<Path>,
    /// What it held when it was last written.
    pub recorded: Recorded,
    /// What the intent asks of it.
    pub build: Arc<DeviceBuild>,
    /// Secrets that it shows otherwise at each look.
    pub resalted: BTreeSet<Path>,
}

impl Looked {
    /// What a device needs to come to a build of it.
    pub fn plan(&self, seen: &Seen, build: &DeviceBuild) -> DevicePlan {
        self.towards(seen, build, &build.tree)
    }

    /// What differs from the record: what would put it back.
    pub fn drift(&self, seen: &Seen) -> DevicePlan {
        self.towards(seen, &seen.build, &seen.recorded.tree)
    }

    /// The same as the record has it: values masked.
    pub fn leaves(&self, seen: &Seen) -> Vec<DriftedLeaf> {
        let found = differences(&self.drift(seen), &seen.recorded);
        let leaf = |found: crate::drift::Found| DriftedLeaf {
            path: found.path.to_string(),
            kind: found.kind,
            recorded: found.recorded,
            live: found.live,
        };
        found.into_iter().map(leaf).collect()
    }

    fn towards(&self, seen: &Seen, build: &DeviceBuild, desired: &Tree) -> DevicePlan {
        let secret =
            |name: &SecretName| self.secrets.get(name).ok().map(|text| self.key.fingerprint(text.expose()));
        let shown = |text: &str| Some(self.key.fingerprint(text));
        let inputs = Inputs {
            schema: &build.schema,
            rules: &Rules::of(build.profile, &build.protected),
            desired,
            actual: &seen.actual,
            unknown: &seen.unknown,
            recorded: &seen.recorded,
            bootstrap: &build.bootstrap,
            prints: Prints { secret: &secret, shown: &shown },
        };
        // Its findings name leaves that must never be sent; the compilation refused those.
        let mut plan = device_plan(&inputs).0;
        plan.leave(&seen.resalted);
        plan
    }
}

/// Reads the devices (all, or those of `only`); gives also those that are not called, and why.
pub async fn look(
    config: Arc<Config>,
    build: &Build,
    only: &BTreeSet<DeviceName>,
) -> anyhow::Result<(Looked, BTreeMap<DeviceName, String>)> {
    gnmi::install_crypto();
    let fabric: &Fabric = build.fabric.as_ref().context("the intent has no fabric.yaml")?;
    let mut store = Store::open_to_read(&config.record())
        .context("no agent has worked from this state folder yet, so nothing is known of what is ours")?;
    let key = store.fingerprint_key()?;
    let secrets = Secrets::of_system(config.secrets.directory.clone());
    let inventory = Inventory::new(Arc::clone(&config), secrets.get(&config.devices.password)?)?;
    let store = StoreHandle(Arc::new(Mutex::new(store)));
    let reader = Reader { inventory: &inventory, store, settles: false };
    let (mut wanted, mut passed_over) = (BTreeSet::new(), BTreeMap::new());
    for name in build.devices.keys().filter(|name| only.is_empty() || only.contains(*name)) {
        match fabric.devices.get(name).and_then(|device| at_rest(*device.state)) {
            Some((_, why)) => drop(passed_over.insert(name.clone(), why.to_owned())),
            None => drop(wanted.insert(name.clone())),
        }
    }
    let found = reader.read(fabric, &build.devices, &wanted, &BTreeSet::new()).await?;
    let mut devices = BTreeMap::new();
    for (name, found) in found {
        match found {
            Found::Read(mut read) => {
                read.look_at_secrets(&key).await;
                let Read { reading, recorded, build, resalted, .. } = *read;
                let (actual, unknown) = (reading.tree, reading.unknown);
                devices.insert(name, Ok(Seen { actual, unknown, recorded, build, resalted }));
            }
            Found::Unreachable(why) => drop(devices.insert(name, Err(why))),
            Found::Answers => {}
        }
    }
    Ok((Looked { devices, key, secrets }, passed_over))
}

/// Where and as whom the agent calls a device of the last good commit. Calls nobody.
pub fn target(config: Arc<Config>, device: &DeviceName) -> anyhow::Result<Target> {
    let fabric = intended(&config)?;
    let intended =
        fabric.devices.get(device).with_context(|| format!("the intent has no device {device}"))?;
    let password = Secrets::of_system(config.secrets.directory.clone()).get(&config.devices.password)?;
    Inventory::new(config, password)?.target(intended, fabric.design.management.gnmi_port)
}

/// The intent of the last good commit, as it is in the agent's mirror.
pub fn intended(config: &Config) -> anyhow::Result<Fabric> {
    let store = Store::open_to_read(&config.record())
        .context("no agent has worked from this state folder yet: start `gitfabric run`")?;
    let good = store.fabrics()?.into_iter().find_map(|fabric| fabric.good);
    let good = good.context("no commit was good yet, so no device is known")?;
    let folder = config.repository.path.as_deref().map(str::parse).transpose().context("repository.path")?;
    let snapshot = Snapshot::of_commit(&Repository::open(&config.mirror())?, &good, folder.as_ref())?;
    Cache::default().load(&snapshot).fabric.context("the intent has no fabric.yaml")
}
