//! Watches every device in one way, and measures this process while it does.
//!
//! Here: the course of a measurement, and its figures as lines on standard output. Elsewhere:
//! the clients (`clients`), what a process says of itself (`process`), the table of it all
//! (`table`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, channel, unbounded_channel};
use tonic::transport::Channel;

use crate::clients::{Said, World};
use crate::load;
use crate::process::{Kind, Peer, resident, setting, worked};
use crate::proto::g_nmi_client::GNmiClient;
use crate::proto::typed_value::Value as Member;
use crate::proto::{SetRequest, TypedValue, Update};
use crate::server::{Order, What};

/// How many connections are made at a time.
const AT_A_TIME: usize = 32;
/// How long no device at all may come into step, and how long a change may go unseen.
const PATIENCE: Duration = Duration::from_secs(30);
/// What floods are of.
const FLOODS: [(&str, What); 2] = [("equal", What::Equal), ("foreign", What::Foreign)];
/// How often each flood is measured. The least counts: whatever else goes on only adds to it.
const ROUNDS: usize = 3;
/// The first devices: each tells one flood, and nothing is known to differ of it before.
const FLOODED: usize = FLOODS.len() * ROUNDS;
/// How long everything must have been still before memory is read.
const STILL: Duration = Duration::from_secs(2);
/// Between two changes by hand.
const BETWEEN: Duration = Duration::from_millis(50);
/// How much watchers may tell before they wait, as in the agent.
const UNHEARD: usize = 1024;
/// What the counter of messages holds while nobody waits for one.
const NOBODY: usize = usize::MAX / 2;

/// How much is measured.
struct Scale {
    devices: usize,
    changes: usize,
    updates: usize,
    idle: Duration,
}

impl Scale {
    /// The numbers that are not told follow from how many devices there are.
    fn of(devices: usize) -> Self {
        let small = devices < 100;
        Self {
            devices,
            changes: setting("GITFABRIC_BENCH_CHANGES").unwrap_or(if small { 40 } else { 400 }),
            updates: setting("GITFABRIC_BENCH_UPDATES").unwrap_or(if small { 10_000 } else { 100_000 }),
            idle: Duration::from_secs(if small { 1 } else { 10 }),
        }
    }
}

/// Measures, and prints a line for each figure.
pub(crate) fn run(kind: Kind) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
    let (said, hears) = unbounded_channel();
    let (told, watchers) = channel(UNHEARD);
    let world = Arc::new(World::new(Peer::of_this_process(), load::recorded(), said, told));
    runtime.spawn(Arc::clone(&world).hear(watchers));
    world.heard.store(NOBODY, Ordering::Relaxed);
    let scale = Scale::of(world.peer.devices);
    runtime.block_on(Measurement { kind, world, hears, scale }.run());
    // at once: clients would say that their connections break
    std::process::exit(0);
}

struct Measurement {
    kind: Kind,
    world: Arc<World>,
    hears: UnboundedReceiver<Said>,
    scale: Scale,
}

impl Measurement {
    async fn run(mut self) {
        let mut console = self.world.client().await;
        // what the first ones cost is the process's own: code paths, arenas, the schema
        self.start(0..FLOODED).await;
        tokio::time::sleep(STILL).await;
        let before = resident();
        let began = Instant::now();
        self.start(FLOODED..FLOODED + self.scale.devices).await;
        figure("connect_ms", began.elapsed().as_millis());
        tokio::time::sleep(STILL).await;
        figure("memory", resident().saturating_sub(before) / self.scale.devices);
        let before = worked();
        tokio::time::sleep(self.scale.idle).await;
        figure(
            "idle_us_a_second",
            worked().saturating_sub(before).as_micros() / u128::from(self.scale.idle.as_secs()),
        );
        self.changes(&mut console).await;
        for (at, (name, what)) in FLOODS.into_iter().enumerate() {
            let mut cost = Duration::MAX;
            for device in at * ROUNDS..(at + 1) * ROUNDS {
                cost = cost.min(self.flood(&mut console, device, what).await);
            }
            figure(&format!("ns_an_update_{name}"), cost.as_nanos() / self.scale.updates as u128);
        }
    }

    /// Starts some, and waits until all are in step.
    async fn start(&mut self, devices: std::ops::Range<usize>) {
        let (mut waiting, mut next) = (0, devices.start);
        while next < devices.end || waiting > 0 {
            while next < devices.end && waiting < AT_A_TIME {
                tokio::spawn(Arc::clone(&self.world).watch(self.kind, name(next)));
                (next, waiting) = (next + 1, waiting + 1);
            }
            match tokio::time::timeout(PATIENCE, self.hears.recv()).await {
                Ok(Some(Said::InStep)) => waiting -= 1,
                Ok(_) => {}
                Err(late) => panic!("{waiting} devices are not in step: {late}"),
            }
        }
    }

    /// Changes one device after the other by hand, and takes the time until it is seen.
    async fn changes(&mut self, console: &mut GNmiClient<Channel>) {
        let mut waits = Vec::new();
        for change in 0..self.scale.changes {
            tokio::time::sleep(BETWEEN).await;
            self.world.heard.store(1, Ordering::Relaxed);
            let began = Instant::now();
            // 7 has no divisor with the number of devices in common, so that all have their turn
            let device = FLOODED + change * 7 % self.scale.devices;
            order(console, device, What::Changed, 1).await;
            waits.push(self.seen().await - began);
        }
        waits.sort();
        let at = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_micros();
        figure("p50_us", at(50));
        figure("p99_us", at(99));
    }

    /// What this process works while one device tells many updates, one a message, as fast as
    /// it can. Who judges is asked for one change behind them, as it says nothing of others.
    async fn flood(&mut self, console: &mut GNmiClient<Channel>, device: usize, what: What) -> Duration {
        let judges = self.kind == Kind::Watcher;
        self.world.heard.store(self.scale.updates, Ordering::Relaxed);
        let before = worked();
        order(console, device, what, self.scale.updates).await;
        if judges {
            order(console, device, What::Changed, 1).await;
        }
        self.seen().await;
        worked().saturating_sub(before)
    }

    async fn seen(&mut self) -> Instant {
        loop {
            let said = tokio::time::timeout(PATIENCE, self.hears.recv()).await;
            if let Said::Seen(when) = said.expect("it is seen in time").expect("clients live") {
                self.world.heard.store(NOBODY, Ordering::Relaxed);
                return when;
            }
        }
    }
}

fn name(number: usize) -> String {
    format!("device{number}")
}

/// One figure, for the table.
fn figure(name: &str, value: impl std::fmt::Display) {
    println!("{name} {value}");
}

/// Has the server tell something on a device's subscription.
async fn order(console: &mut GNmiClient<Channel>, device: usize, what: What, times: usize) {
    let order = Order { device: name(device), what, times };
    let text = serde_json::to_vec(&order).expect("JSON");
    let val = Some(TypedValue { value: Some(Member::JsonIetfVal(text)) });
    let update = vec![Update { val, ..Update::default() }];
    console.set(SetRequest { update, ..SetRequest::default() }).await.expect("the order is taken");
}
