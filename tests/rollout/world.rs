//! A small world: simulated devices, a record, and passes that bring one to the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use gitfabric::gnmi::{Credentials, Deadlines, Target, Tls, Transport, Trust};
use gitfabric::names::{CommitId, DeviceName, FabricName, PassNumber, SecretName};
use gitfabric::plan::{FingerprintKey, InFlight, Inputs, Recorded, Rules, device_plan, operations_of};
use gitfabric::platform::Profile;
use gitfabric::platform::arista_eos::protected::Protected;
use gitfabric::record::{Standing, Store};
use gitfabric::rollout::{Context, Device, Job, Journal, Outcome, Partner, Progress, Session, run};
use gitfabric::secret::SecretText;
use gitfabric::simulator::{DeviceConfig, Handle, SimulatedFabric};
use gitfabric::yang::{Path, Schema, Tree, Value, json};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

/// Devices, a record, and the passes that bring one to the other.
pub(crate) struct World {
    pub(crate) fabric: SimulatedFabric,
    pub(crate) store: Arc<Mutex<Store>>,
    /// Holds the record's file.
    _folder: tempfile::TempDir,
    pub(crate) secrets: BTreeMap<SecretName, SecretText>,
    pub(crate) stop: CancellationToken,
    passes: u64,
}

/// What a pass made of each device.
pub(crate) type Outcomes = BTreeMap<String, Outcome>;

pub(crate) fn profile() -> &'static Profile {
    Profile::find("arista-eos", "4.35.0F").unwrap()
}

pub(crate) fn schema() -> Arc<Schema> {
    (profile().schema)()
}

/// A tree from RFC 7951 JSON; a text that begins with `secret:` is a secret's reference.
pub(crate) fn tree(document: &Json) -> Tree {
    let read = json::read(&schema(), &Path::root(), document);
    assert!(read.faults.is_empty() && read.foreign.is_empty(), "{read:?}");
    let refer = |value: Value| match &value {
        Value::Scalar(scalar) => match scalar.as_str().strip_prefix("secret:") {
            Some(name) => Value::Secret(name.parse().unwrap()),
            None => value,
        },
        _ => value,
    };
    read.tree
        .into_iter()
        .map(|(path, mut leaf)| {
            leaf.value = refer(leaf.value);
            (path, leaf)
        })
        .collect()
}

/// VLANs of the default network instance, each with its name.
pub(crate) fn vlans(names: &[(u16, &str)]) -> Json {
    let vlan = |(id, name): &(u16, &str)| json!({"vlan-id": id, "config": {"vlan-id": id, "name": name}});
    let vlans: Vec<Json> = names.iter().map(vlan).collect();
    json!({"openconfig-network-instance:network-instances": {"network-instance": [
        {"name": "default", "config": {"name": "default"}, "vlans": {"vlan": vlans}}
    ]}})
}

/// What a device should hold, and what comes with it.
#[derive(Clone, Debug)]
pub(crate) struct Want {
    pub(crate) tree: Tree,
    pub(crate) protected: Protected,
    pub(crate) bootstrap: Tree,
}

impl From<&Tree> for Want {
    fn from(tree: &Tree) -> Self {
        let protected = Protected::new("Management0", "MGMT", "172.16.0.1/24".parse().unwrap());
        Self { tree: tree.clone(), protected, bootstrap: Tree::new() }
    }
}

impl World {
    /// Devices that hold nothing but what EOS has by itself.
    pub(crate) fn new(devices: &[&str]) -> Self {
        Self::with(devices.iter().map(|name| DeviceConfig::new(name.parse().unwrap(), schema(), Tree::new())))
    }

    /// Devices that start as they are told.
    pub(crate) fn with(devices: impl IntoIterator<Item = DeviceConfig>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            fabric: SimulatedFabric::start(devices).unwrap(),
            store: Arc::new(Mutex::new(Store::open(&folder.path().join("record.sqlite")).unwrap())),
            _folder: folder,
            secrets: BTreeMap::new(),
            stop: CancellationToken::new(),
            passes: 0,
        }
    }

    pub(crate) fn handle(&self, name: &str) -> &Handle {
        self.fabric.device(name).unwrap()
    }

    pub(crate) fn device(&self, name: &str) -> Device {
        let trust = Trust::Authority(self.fabric.authority_pem().into_bytes().into());
        let password = SecretText::new("admin");
        let target = Target {
            device: name.parse().unwrap(),
            host: "127.0.0.1".to_owned(),
            port: self.handle(name).address().port(),
            transport: Transport::Tls(Tls { trust, server_name: Some(name.to_owned()), identity: None }),
            credentials: Some(Credentials { username: "admin".to_owned(), password }),
            deadlines: Deadlines::default(),
        };
        Device { target: Arc::new(target), profile: profile(), schema: schema() }
    }

    pub(crate) fn context(&mut self) -> Context {
        self.passes += 1;
        let pass = PassNumber::try_from(self.passes).unwrap();
        let secrets = self.secrets.clone();
        Context {
            journal: Journal::new(Arc::clone(&self.store), fabric(), commit(), pass),
            key: FingerprintKey::new(&[7; 32]),
            secrets: Arc::new(move |name| secrets.get(name).cloned()),
            stop: self.stop.clone(),
            progress: Progress::default(),
        }
    }

    pub(crate) fn recorded(&self, name: &str) -> Recorded {
        self.store.lock().unwrap().recorded(&fabric(), &name.parse().unwrap(), &schema()).unwrap()
    }

    pub(crate) fn standing(&self, name: &str) -> Standing {
        let store = self.store.lock().unwrap();
        store.device(&fabric(), &name.parse().unwrap()).unwrap().unwrap().standing
    }

    pub(crate) fn in_flight(&self, name: &str) -> Option<InFlight> {
        let store = self.store.lock().unwrap();
        store.in_flight(&fabric(), &name.parse().unwrap(), &schema()).unwrap().map(|flight| flight.set)
    }

    /// Reads a device and plans it, as a pass does; none if it cannot be reached.
    pub(crate) async fn job(&self, name: &str, want: &Want, context: &Context) -> Option<Job> {
        let device = self.device(name);
        let session: Session = device.connect().await.ok()?;
        session.identify().await.unwrap();
        let reading = session.read().await.unwrap();
        assert!(reading.misfits.is_empty(), "{name}: {:?}", reading.misfits);
        let mut recorded = self.recorded(name);
        if let Some(flight) = self.in_flight(name) {
            recorded.resolve(&flight, &reading.tree);
        }
        let (schema, rules) = (schema(), Rules::of(profile(), &want.protected));
        let (plan, findings) = context.with_prints(|prints| {
            device_plan(&Inputs {
                schema: &schema,
                rules: &rules,
                desired: &want.tree,
                actual: &reading.tree,
                unknown: &reading.unknown,
                recorded: &recorded,
                bootstrap: &want.bootstrap,
                prints,
            })
        });
        assert!(findings.is_empty(), "{name}: {findings:?}");
        Some(Job {
            device,
            session,
            operations: operations_of(&plan, &schema, &rules, &*context.secrets).unwrap(),
            plan,
            desired: Arc::new(want.tree.clone()),
            tree_hash: want.tree.digest().to_string(),
            recorded,
            bootstrap: Arc::new(want.bootstrap.clone()),
            protected: want.protected.clone(),
            resalted: std::collections::BTreeSet::new(),
            putting_back: None,
        })
    }

    /// One pass that brings every device of the waves, `leaf1 leaf3 | leaf2`, to the same
    /// tree.
    pub(crate) async fn pass(&mut self, waves: &str, desired: &Tree) -> Outcomes {
        let names = |wave: &str| wave.split_whitespace().map(|name| name.parse().unwrap()).collect();
        let waves: Vec<Vec<DeviceName>> = waves.split('|').map(names).collect();
        let wants = waves.iter().flatten().map(|name| (name.clone(), Want::from(desired))).collect();
        self.pass_to(&waves, &wants).await
    }

    /// One pass that brings every device to what is wanted of it. Leaf 1 and 2, 3 and 4 and
    /// so on are partners. Devices that need no Set get none, and no outcome.
    pub(crate) async fn pass_to(
        &mut self,
        waves: &[Vec<DeviceName>],
        wants: &BTreeMap<DeviceName, Want>,
    ) -> Outcomes {
        let context = self.context();
        let (mut jobs, mut unreachable) = (BTreeMap::new(), BTreeSet::new());
        for (name, want) in wants {
            match self.job(name.as_str(), want, &context).await {
                Some(job) if job.operations.is_empty() => {}
                Some(job) => drop(jobs.insert(name.clone(), job)),
                None => drop(unreachable.insert(name.clone())),
            }
        }
        let partner = |name: &DeviceName| {
            let number: u32 = name.as_str().strip_prefix("leaf")?.parse().ok()?;
            let other = format!("leaf{}", if number % 2 == 1 { number + 1 } else { number - 1 });
            self.fabric.device(&other)?;
            let ill = unreachable.contains(other.as_str()).then(|| "is not reachable".to_owned());
            Some((name.clone(), vec![Partner { device: self.device(&other), ill }]))
        };
        let partners = jobs.keys().filter_map(partner).collect();
        let outcomes = run(waves, jobs, &partners, &context).await.unwrap();
        outcomes.into_iter().map(|(name, outcome)| (name.to_string(), outcome)).collect()
    }

    /// The name of a VLAN as the device has it.
    pub(crate) fn vlan(&self, device: &str, id: u16) -> Option<String> {
        let path =
            format!("/network-instances/network-instance[name=default]/vlans/vlan[vlan-id={id}]/config/name");
        self.handle(device).config().get(&path.parse().unwrap()).map(|leaf| leaf.value.to_string())
    }
}

pub(crate) fn fabric() -> FabricName {
    "lab".parse().unwrap()
}

pub(crate) fn commit() -> CommitId {
    "a".repeat(40).parse().unwrap()
}
