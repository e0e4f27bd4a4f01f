//! Which devices are watched, and what each is held against: renewed after every turn of the
//! loop.
//!
//! A device whose record and build are the same as before costs a comparison. Trees are those of
//! the build where the record has the same hash: a thousand devices hold one copy. Elsewhere: what
//! comes of it (`writer`), what becomes of drift (`policy`).

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::super::Agent;
use super::super::target::Target;
use super::Watched;
use crate::compile::DeviceBuild;
use crate::drift::{Holding, Standard, Watcher};
use crate::names::{DeviceName, FabricName, PassNumber};
use crate::plan::FingerprintKey;
use crate::record::{DeviceEntry, RecordError, Store};
use crate::rollout::Device;
use crate::secret::SecretText;
use crate::yang::{Schema, Tree};

/// What a watcher was made for.
#[derive(PartialEq)]
pub(super) struct MadeFor {
    address: String,
    username: String,
    password: SecretText,
    schema: Pointer<Schema>,
}

/// What a standard was made of: of the same it would be the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Basis {
    tree_hash: Option<String>,
    applied_by: Option<PassNumber>,
    in_flight: bool,
    tree: Pointer<Tree>,
    bootstrap: Pointer<Tree>,
}

/// One shared value, told apart by where it is.
#[derive(Clone, Debug)]
struct Pointer<T>(Arc<T>);

impl<T> PartialEq for Pointer<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Basis {
    fn of(entry: &DeviceEntry, build: &DeviceBuild) -> Self {
        Self {
            tree_hash: entry.tree_hash.clone(),
            applied_by: entry.applied_by,
            in_flight: entry.in_flight,
            tree: Pointer(Arc::clone(&build.tree)),
            bootstrap: Pointer(Arc::clone(&build.bootstrap)),
        }
    }
}

impl Agent {
    /// Watches the devices in service and no others, each held against what the record says of
    /// it now. What goes wrong here is found by the slow read-back at the latest.
    pub(in super::super) async fn renew_watches(&mut self) {
        if self.watches.shared.at_work().is_none() {
            return;
        }
        let Some(target) = self.target.clone() else { return };
        self.renew_password();
        *self.watches.shared.target() = Some(Arc::clone(&target));
        if let Err(error) = self.follow_target(&target).await {
            tracing::warn!("devices are watched as before: {error:#}");
        }
    }

    async fn follow_target(&mut self, target: &Arc<Target>) -> anyhow::Result<()> {
        let fabric = target.name().clone();
        let entries = self.with_store(move |store| store.devices(&fabric)).await?;
        let entries: BTreeMap<DeviceName, DeviceEntry> =
            entries.into_iter().map(|entry| (entry.device.clone(), entry)).collect();
        let gone = self.watch_those_in_service(target)?;
        let due = self.due_for_a_standard(target, &entries);
        let (fabric, key) = (target.name().clone(), self.key.clone());
        let standards = self
            .with_store(move |store| {
                gone.iter().try_for_each(|device| store.forget_watch(&fabric, device))?;
                due.into_iter()
                    .map(|(name, basis, build)| {
                        let standard = standard(store, &fabric, &name, &basis, &build, &key)?;
                        Ok((name, basis, standard))
                    })
                    .collect::<Result<Vec<_>, RecordError>>()
            })
            .await?;
        for (name, basis, standard) in standards {
            if let Some(watched) = self.watches.shared.devices().get_mut(&name) {
                watched.basis = Some(basis);
                watched.standard.send_replace(standard);
            }
        }
        self.follow_policy(target).await
    }

    /// Starts and ends watchers; gives the devices that are watched no more.
    fn watch_those_in_service(&self, target: &Target) -> anyhow::Result<Vec<DeviceName>> {
        let mut wanted = BTreeMap::new();
        for name in target.devices.keys().filter(|name| target.in_service(name)) {
            wanted.insert(name.clone(), self.device(target, name)?);
        }
        let at_work = self.watches.shared.at_work();
        let Some(at_work) = at_work.as_ref() else { return Ok(Vec::new()) };
        let mut devices = self.watches.shared.devices();
        let mut gone = Vec::new();
        devices.retain(|name, watched| {
            let stays = wanted.get(name).is_some_and(|device| MadeFor::of(device) == watched.made_for);
            if !stays {
                watched.stop.cancel();
                gone.push(name.clone());
            }
            stays
        });
        gone.retain(|name| !wanted.contains_key(name));
        for (name, device) in wanted {
            devices.entry(name).or_insert_with(|| {
                let made_for = MadeFor::of(&device);
                let (standard, receiver) = watch::channel(Standard::Unknown);
                let watcher = Watcher {
                    device,
                    settings: Arc::clone(&at_work.settings),
                    standard: receiver,
                    told: at_work.told.clone(),
                    limits: Arc::clone(&at_work.limits),
                };
                let stop = self.stop.child_token();
                let task = tokio::spawn(watcher.run(stop.clone()));
                Watched { made_for, basis: None, policy: None, standard, stop, task }
            });
        }
        Ok(gone)
    }

    /// The watched devices whose record or build is another than their standard was made of.
    fn due_for_a_standard(
        &self,
        target: &Target,
        entries: &BTreeMap<DeviceName, DeviceEntry>,
    ) -> Vec<(DeviceName, Basis, Arc<DeviceBuild>)> {
        let devices = self.watches.shared.devices();
        let due = devices.iter().filter_map(|(name, watched)| {
            let (entry, build) = (entries.get(name)?, target.devices.get(name)?);
            let basis = Basis::of(entry, build);
            let is_new = watched.basis.as_ref() != Some(&basis);
            is_new.then(|| (name.clone(), basis, Arc::clone(build)))
        });
        due.collect()
    }

    /// Reads the devices' password anew: whoever changed it needs not restart the agent.
    fn renew_password(&mut self) {
        match self.secret_values.get(&self.config.devices.password) {
            Ok(password) => self.inventory.renew_password(password),
            Err(error) => tracing::warn!("the devices' password stays as it was: {error:#}"),
        }
    }
}

impl MadeFor {
    fn of(device: &Device) -> Self {
        let credentials = device.target.credentials.as_ref();
        Self {
            address: device.target.address(),
            username: credentials.map_or_else(String::new, |it| it.username.clone()),
            password: credentials.map_or_else(|| SecretText::new(""), |it| it.password.clone()),
            schema: Pointer(Arc::clone(&device.schema)),
        }
    }
}

/// What a device is held against by the record.
fn standard(
    store: &Store,
    fabric: &FabricName,
    device: &DeviceName,
    basis: &Basis,
    build: &DeviceBuild,
    key: &FingerprintKey,
) -> Result<Standard, RecordError> {
    // a Set whose outcome is not known: only a pass can say what is ours now
    if basis.in_flight {
        return Ok(Standard::Unknown);
    }
    let (tree, secrets) = if basis.tree_hash.as_deref() == Some(&*build.hash) {
        (Arc::clone(&build.tree), store.secret_marks(fabric, device)?)
    } else {
        let recorded = store.recorded(fabric, device, &build.schema)?;
        if recorded.tree.is_empty() {
            return Ok(Standard::Unknown);
        }
        (Arc::new(recorded.tree), recorded.secrets)
    };
    let holding = Holding::new(
        &build.schema,
        tree,
        secrets,
        Arc::clone(&build.bootstrap),
        build.protected.clone(),
        key.clone(),
    );
    Ok(Standard::Holds(Arc::new(holding)))
}
