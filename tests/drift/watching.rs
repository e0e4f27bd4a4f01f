//! A watcher alone: of leaf1 of a lab, held against the record, with settings and deadlines of
//! the test's own, and every single thing that it says.

use std::sync::Arc;
use std::time::Duration;

use gitfabric::drift::{Holding, Settings, Standard, Told, Verdict, Watcher, What};
use gitfabric::gnmi::{Credentials, Deadlines, Target, Tls, Transport, Trust, install_crypto};
use gitfabric::record::{Store, WatchState};
use gitfabric::rollout::Device;
use gitfabric::secret::SecretText;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::lab::{Lab, fabric_name};
use crate::running::soon;

/// A watcher at work. Ends when it is dropped.
pub(crate) struct Watching {
    hears: mpsc::Receiver<Told>,
    standard: watch::Sender<Standard>,
    against: Arc<Holding>,
    _stop: DropGuard,
}

impl Watching {
    /// Brings the lab's devices to the head, and watches leaf1.
    pub(crate) fn start(lab: &Lab, settings: Settings, deadlines: Deadlines) -> Self {
        install_crypto();
        lab.printed(&["apply"]);
        let against = Arc::new(holding(lab));
        let (standard, receiver) = watch::channel(Standard::Holds(Arc::clone(&against)));
        let (told, hears) = mpsc::channel(1024);
        let watcher = Watcher {
            device: device(lab, deadlines),
            settings: Arc::new(settings),
            standard: receiver,
            told,
            limits: Arc::new(Semaphore::new(1)),
        };
        let stop = CancellationToken::new();
        tokio::spawn(watcher.run(stop.clone()));
        Self { hears, standard, against, _stop: stop.drop_guard() }
    }

    /// The next thing that it says.
    pub(crate) async fn hear(&mut self) -> What {
        soon("something is said", self.hears.recv()).await.unwrap().what
    }

    /// The next thing that it says, which is how the watching goes.
    pub(crate) async fn state(&mut self) -> (WatchState, String) {
        match self.hear().await {
            What::State(state, detail) => (state, detail.unwrap_or_default()),
            What::Verdict(verdict) => panic!("a verdict: {verdict:#?}"),
        }
    }

    /// The next thing that it says, which is what it found.
    pub(crate) async fn verdict(&mut self) -> Verdict {
        match self.hear().await {
            What::Verdict(verdict) => verdict,
            What::State(state, detail) => panic!("{state:?}: {detail:?}"),
        }
    }

    /// The first verdict that is so.
    pub(crate) async fn until(&mut self, is_so: impl Fn(&Verdict) -> bool) -> Verdict {
        loop {
            let verdict = self.verdict().await;
            if is_so(&verdict) {
                return verdict;
            }
        }
    }

    /// A pass has the device in hand from now on.
    pub(crate) fn busy(&self) {
        self.standard.send_replace(Standard::Busy);
    }

    /// The pass is over; the record says the same as before.
    pub(crate) fn over(&self) {
        self.standard.send_replace(Standard::Holds(Arc::clone(&self.against)));
    }
}

/// The paths that a verdict is about.
pub(crate) fn paths(verdict: &Verdict) -> Vec<String> {
    verdict.found.iter().map(|found| found.path.to_string()).collect()
}

/// What the record says of leaf1.
fn holding(lab: &Lab) -> Holding {
    let build = &lab.build(&lab.head()).devices["leaf1"];
    let leaf1 = "leaf1".parse().unwrap();
    let mut store = Store::open(&lab.config().record()).unwrap();
    let recorded = store.recorded(&fabric_name(), &leaf1, &build.schema).unwrap();
    let key = store.fingerprint_key().unwrap();
    let (bootstrap, protected) = (Arc::clone(&build.bootstrap), build.protected.clone());
    Holding::new(&build.schema, Arc::new(recorded.tree), recorded.secrets, bootstrap, protected, key)
}

fn device(lab: &Lab, deadlines: Deadlines) -> Device {
    let build = &lab.build(&lab.head()).devices["leaf1"];
    let authority = std::fs::read(lab.path("ca.pem")).unwrap();
    let tls = Tls { trust: Trust::Authority(authority.into()), server_name: None, identity: None };
    let target = Target {
        device: "leaf1".parse().unwrap(),
        host: "127.0.0.1".to_owned(),
        port: lab.device("leaf1").address().port(),
        transport: Transport::Tls(tls),
        credentials: Some(Credentials { username: "admin".to_owned(), password: SecretText::new("admin") }),
        deadlines,
    };
    Device { target: Arc::new(target), profile: build.profile, schema: Arc::clone(&build.schema) }
}

/// A watcher that looks at once and asks a device that cannot tell every 100 ms.
pub(crate) fn eager() -> Settings {
    let poll = Duration::from_millis(100);
    Settings { poll, retry: Duration::from_millis(50), ..Settings::default() }
}
