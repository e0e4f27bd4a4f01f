//! A plan against what devices hold now. Reads and writes nothing down, so it may run
//! beside an agent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use anyhow::Context as _;

use super::StoreHandle;
use super::config::Config;
use super::due::at_rest;
use super::inventory::Inventory;
use super::read::{Found, Reader};
use super::secrets::Secrets;
use crate::compile::Build;
use crate::gnmi;
use crate::intent::topology::Topology;
use crate::names::{DeviceName, SecretName};
use crate::plan::{Plan, Prints, Revision};
use crate::record::Store;

/// Reads the devices (all, or those of `only`) and plans them towards a build.
pub async fn plan(
    config: Arc<Config>,
    build: &Build,
    to: Revision,
    only: &BTreeSet<DeviceName>,
) -> anyhow::Result<Plan> {
    gnmi::install_crypto();
    let fabric = build.fabric.as_ref().context("the intent has no fabric.yaml")?;
    let mut store = Store::open_to_read(&config.record())
        .context("no agent has worked from this state folder yet, so nothing is known of what is ours")?;
    let key = store.fingerprint_key()?;
    let secrets = Secrets::of_system(config.secrets.directory.clone());
    let inventory = Inventory::new(Arc::clone(&config), secrets.get(&config.devices.password)?)?;
    let store = StoreHandle(Arc::new(Mutex::new(store)));
    let reader = Reader { inventory: &inventory, store, settles: false };
    let (mut devices, mut passed_over) = (BTreeMap::new(), BTreeMap::new());
    let mut wanted = BTreeSet::new();
    for name in build.devices.keys().filter(|name| only.is_empty() || only.contains(*name)) {
        match fabric.devices.get(name).and_then(|device| at_rest(*device.state)) {
            Some((_, why)) => drop(passed_over.insert(name.clone(), why.to_owned())),
            None => drop(wanted.insert(name.clone())),
        }
    }
    let found = reader.read(fabric, &build.devices, &wanted, &BTreeSet::new()).await?;

    let secret = |name: &SecretName| secrets.get(name).ok().map(|text| key.fingerprint(text.expose()));
    let shown = |text: &str| Some(key.fingerprint(text));
    let prints = Prints { secret: &secret, shown: &shown };
    for (name, found) in found {
        match found {
            Found::Read(read) => {
                devices.insert(name, read.plan(prints));
            }
            Found::Unreachable(why) => {
                passed_over.insert(name, why);
            }
            Found::Answers => {}
        }
    }
    let topology = Topology::new(fabric);
    Ok(Plan::new(fabric.design.name.value.clone(), (None, to), devices, passed_over, &topology))
}
