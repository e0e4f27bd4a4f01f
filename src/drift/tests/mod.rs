//! A watcher and a simulated device, on a TLS socket between them.
//!
//! Here: [`World`], which keeps what the watcher tells as the record would. `hazards`: the ways
//! of devices that must not be taken for drift. `trouble`: devices that go away, lie, or are
//! others. `properties`: any stream of events, without a socket. `said`: what comes with a verdict,
//! and what becomes of it. Elsewhere: which paths are watched (`compile::tests::watched`), the agent
//! around it (`tests/drift`).

mod hazards;
mod properties;
mod said;
mod trouble;

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{Holding, Settings, Standard, Told, Verdict, Watcher, What};
use crate::gnmi::{Credentials, Deadlines, Target, Tls, Transport, Trust, install_crypto};
use crate::plan::FingerprintKey;
use crate::platform::Profile;
use crate::platform::arista_eos::protected::Protected;
use crate::record::WatchState;
use crate::rollout::Device;
use crate::secret::SecretText;
use crate::simulator::{DeviceConfig, Handle, Personality, SimulatedFabric};
use crate::yang::{Path, Schema, Tree, testing};

const MTU: &str = "/interfaces/interface[name=Ethernet1]/config/mtu";
const ENABLED: &str = "/interfaces/interface[name=Ethernet1]/config/enabled";
const DESCRIPTION: &str = "/interfaces/interface[name=Ethernet1]/config/description";
const FOREIGN: &str = "/interfaces/interface[name=Ethernet9]/config/description";
const VLAN: &str = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
const SERVER: &str = "/system/dns/servers/server[address=2001:db8::1]/config/address";
const PEERS: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/peer-groups/peer-group[peer-group-name=EVPN]/config";

/// What is ours: a value and a default, an address, a list of values without an order.
const OURS: [(&str, &str); 12] = [
    ("/interfaces/interface[name=Ethernet1]/config/name", "Ethernet1"),
    ("/interfaces/interface[name=Ethernet1]/config/type", "iana-if-type:ethernetCsmacd"),
    (DESCRIPTION, "to spine1"),
    (ENABLED, "true"),
    (MTU, "1500"),
    ("/network-instances/network-instance[name=default]/config/name", "default"),
    ("/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/vlan-id", "40"),
    (VLAN, "web"),
    (SERVER, "2001:db8::1"),
    ("/system/config/login-banner", "ours"),
    (
        "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/peer-groups/peer-group[peer-group-name=EVPN]/config/peer-group-name",
        "EVPN",
    ),
    (
        "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/peer-groups/peer-group[peer-group-name=EVPN]/config/send-community-type",
        "EXTENDED STANDARD",
    ),
];

/// A step of a test that takes longer has failed, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| (profile().schema)());

fn profile() -> &'static Profile {
    Profile::find("arista-eos", "4.35.0F").unwrap()
}

fn path(text: &str) -> Path {
    text.parse().unwrap()
}

fn ours() -> Tree {
    testing::tree(&SCHEMA, &OURS)
}

/// Impatient, but for what nothing is told of: that is looked for when a test says so.
fn settings() -> Settings {
    Settings {
        retry: Duration::from_millis(20),
        away: Duration::from_millis(100),
        poll: Duration::from_millis(200),
        ..Settings::default()
    }
}

/// A device and its watcher.
struct World {
    fabric: SimulatedFabric,
    /// What the watcher is told to hold the device against.
    standard: watch::Sender<Standard>,
    told: mpsc::Receiver<Told>,
    /// What differs, as the record would have it: `PATH should be THIS, is THAT`.
    rows: BTreeMap<Path, String>,
    /// How the watching went, newest last.
    states: Vec<(WatchState, String)>,
    /// How many verdicts were told.
    verdicts: usize,
    /// How often the watcher had its turn.
    turns: Arc<AtomicUsize>,
    stop: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    /// A device that holds what is ours, and more. Nothing was judged yet.
    fn start(personality: Personality) -> Self {
        Self::with(personality, settings(), |_| {}, |_| {})
    }

    fn with(
        personality: Personality,
        settings: Settings,
        device: impl FnOnce(&mut DeviceConfig),
        target: impl FnOnce(&mut Target),
    ) -> Self {
        install_crypto();
        let mut holds = ours();
        holds.extend(testing::tree(
            &SCHEMA,
            &[("/system/config/hostname", "leaf1"), (FOREIGN, "somebody's own")],
        ));
        let mut config = DeviceConfig::new("leaf1".parse().unwrap(), Arc::clone(&SCHEMA), holds);
        config.personality = personality;
        device(&mut config);
        let fabric = SimulatedFabric::start([config]).unwrap();
        let mut called = reach(&fabric);
        target(&mut called);
        let (standard, receiver) = watch::channel(held(ours()));
        let (tells, told) = mpsc::channel(64);
        let watcher = Watcher {
            device: Device { target: Arc::new(called), profile: profile(), schema: Arc::clone(&SCHEMA) },
            settings: Arc::new(settings),
            standard: receiver,
            told: tells,
            limits: Arc::new(Semaphore::new(1)),
        };
        let stop = CancellationToken::new();
        let turns = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&turns);
        let mut watching = Box::pin(watcher.run(stop.clone()));
        tokio::spawn(poll_fn(move |context| {
            counted.fetch_add(1, Ordering::Relaxed);
            watching.as_mut().poll(context)
        }));
        let (rows, states) = (BTreeMap::new(), Vec::new());
        Self { fabric, standard, told, rows, states, verdicts: 0, turns, stop }
    }

    fn device(&self) -> &Handle {
        self.fabric.device("leaf1").unwrap()
    }

    /// Somebody changes the device.
    fn by_hand(&self, deletes: &[&str], updates: &[(&str, Json)]) {
        let deletes: Vec<Path> = deletes.iter().map(|text| path(text)).collect();
        let updates: Vec<(Path, Json)> =
            updates.iter().map(|(text, value)| (path(text), value.clone())).collect();
        self.device().edit(&deletes, &updates).unwrap();
    }

    /// Hears the next that is told, and keeps it as the record would.
    async fn hear(&mut self) {
        let told = tokio::time::timeout(PATIENCE, self.told.recv()).await;
        match told.unwrap_or_else(|_| panic!("nothing more is told: {:?}", self.rows)).unwrap().what {
            What::State(state, detail) => self.states.push((state, detail.unwrap_or_default())),
            What::Verdict(verdict) => self.take(&verdict),
        }
    }

    fn take(&mut self, verdict: &Verdict) {
        self.verdicts += 1;
        verdict.written.store(true, Ordering::Release);
        self.rows.retain(|path, _| !verdict.looked.covers(path));
        for found in &verdict.found {
            let (should, is) = (found.recorded.as_deref(), found.live.as_deref());
            let row = format!(
                "{} should be {}, is {}",
                found.kind.as_str(),
                should.unwrap_or("nothing"),
                is.unwrap_or("gone")
            );
            self.rows.insert(found.path.clone(), row);
        }
    }

    /// Hears until this alone differs, `PATH: what of it`. Whatever else was told meanwhile was
    /// told wrongly: it was seen in the tests' first steps that nothing differs.
    async fn differs(&mut self, case: &str, expected: &[(&str, &str)]) {
        let expected: BTreeMap<Path, String> =
            expected.iter().map(|(text, what)| (path(text), (*what).to_owned())).collect();
        loop {
            let verdicts = self.verdicts;
            self.hear().await;
            if self.verdicts == verdicts {
                continue;
            }
            for (path, row) in &self.rows {
                let is_known = expected.contains_key(path);
                assert!(is_known, "{case}: {path} {row}, which is not so");
            }
            if self.rows == expected {
                return;
            }
        }
    }

    /// Hears the first look at the whole, which finds nothing.
    async fn settled(&mut self, case: &str) {
        while self.verdicts == 0 {
            self.hear().await;
        }
        assert_eq!(self.rows, BTreeMap::new(), "{case}");
    }

    /// Hears until the watching goes so; says why.
    async fn state(&mut self, wanted: WatchState) -> String {
        loop {
            let heard = self.states.len();
            self.hear().await;
            if let Some((state, why)) = self.states.get(heard)
                && *state == wanted
            {
                return why.clone();
            }
        }
    }
}

/// What a device is held against that should hold this.
fn held(tree: Tree) -> Standard {
    let holding = Holding::new(
        &SCHEMA,
        Arc::new(tree),
        BTreeMap::new(),
        Arc::new(testing::tree(&SCHEMA, &[("/system/config/hostname", "leaf1")])),
        Protected::new("Management0", "default", "172.16.0.25/24".parse().unwrap()),
        FingerprintKey::new(&[1; 32]),
    );
    Standard::Holds(Arc::new(holding))
}

fn reach(fabric: &SimulatedFabric) -> Target {
    let device = fabric.device("leaf1").unwrap();
    Target {
        device: device.name().clone(),
        host: device.address().ip().to_string(),
        port: device.address().port(),
        transport: Transport::Tls(Tls {
            trust: Trust::Authority(fabric.authority_pem().into_bytes().into()),
            server_name: Some("leaf1".to_owned()),
            identity: None,
        }),
        credentials: Some(Credentials { username: "admin".to_owned(), password: SecretText::new("admin") }),
        deadlines: Deadlines::default(),
    }
}
