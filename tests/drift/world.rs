//! Labs whose devices are watched, changes behind the agent's back, and what is then on record.

use gitfabric::names::DeviceName;
use gitfabric::record::{DriftKind, DriftedLeaf, News, NewsKind, Standing, WatchState};
use gitfabric::simulator::DeviceConfig;
use gitfabric::yang::{Path, Value};
use serde_json::{Value as Json, json};

use crate::intent::Intent;
use crate::lab::{Lab, Settings, fabric_name};
use crate::running::{Running, until};

/// Leaves of ours on leaf1.
pub(crate) const DESCRIPTION: &str = "/interfaces/interface[name=Ethernet11]/config/description";
pub(crate) const OTHER: &str = "/interfaces/interface[name=Ethernet10]/config/description";
pub(crate) const ENABLED: &str = "/interfaces/interface[name=Ethernet11]/config/enabled";
pub(crate) const VLAN_NAME: &str =
    "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
/// A leaf of nobody's in a container that is watched.
pub(crate) const FOREIGN: &str = "/interfaces/interface[name=Ethernet9]/config/description";

/// What makes a device differ from the usual one.
pub(crate) type Ways = fn(&mut DeviceConfig);

/// A pair and a spine whose drift is dealt with by this policy, and an agent with these further
/// lines of configuration.
pub(crate) fn lab(policy: &str, config: &str) -> Lab {
    lab_of(Intent::pair(), policy, config, |_| {})
}

/// The same of an intent, with devices that have other ways.
pub(crate) fn lab_of(mut intent: Intent, policy: &str, config: &str, device: Ways) -> Lab {
    intent.replace("fabric.yaml", "drift: { default: alert }", &format!("drift: {policy}"));
    let config = format!("mode: apply\n{config}\n").leak();
    Lab::with(intent, Settings { config, device, ..Settings::default() })
}

/// The agent at work, every device at the head and watched.
pub(crate) async fn agent(lab: &Lab) -> Running {
    let mut agent = Running::start(lab);
    agent.settled(&lab.head()).await;
    for device in lab.trees().keys() {
        until(
            &format!("{device} is watched"),
            || lab.store().watches(&fabric_name()).unwrap().contains_key(device).then_some(()),
            || "it is not".to_owned(),
        )
        .await;
    }
    agent
}

/// Changes leaves of leaf1 behind the agent's back.
pub(crate) fn by_hand(lab: &Lab, leaves: &[(&str, Json)]) {
    on(lab, "leaf1", &[], leaves);
}

/// Takes away and changes leaves of a device behind the agent's back, in one transaction.
pub(crate) fn on(lab: &Lab, device: &str, gone: &[&str], leaves: &[(&str, Json)]) {
    let gone: Vec<Path> = gone.iter().map(|path| path.parse().unwrap()).collect();
    let updates: Vec<(Path, Json)> =
        leaves.iter().map(|(path, value)| (path.parse().unwrap(), value.clone())).collect();
    lab.device(device).edit(&gone, &updates).unwrap();
}

/// What a device holds at a leaf; none if nothing.
pub(crate) fn held(lab: &Lab, device: &str, path: &str) -> Option<String> {
    match lab.device(device).config().get(&path.parse().unwrap()).map(|leaf| leaf.value.clone()) {
        Some(Value::Scalar(text)) => Some(text.as_str().to_owned()),
        Some(other) => panic!("{path}: {other:?}"),
        None => None,
    }
}

/// What is on record as differing on a device, by path.
pub(crate) fn rows(lab: &Lab, device: &str) -> Vec<DriftedLeaf> {
    let device: DeviceName = device.parse().unwrap();
    lab.store().drift_of(&fabric_name(), &device).unwrap().into_iter().map(|(leaf, _)| leaf).collect()
}

/// Waits until just these leaves of leaf1 are on record as differing.
pub(crate) async fn differs(lab: &Lab, expected: &[(&str, DriftKind)]) -> Vec<DriftedLeaf> {
    let mut expected: Vec<_> = expected.iter().map(|(path, kind)| ((*path).to_owned(), *kind)).collect();
    expected.sort();
    let seen = || {
        let rows = rows(lab, "leaf1");
        let mut found: Vec<_> = rows.iter().map(|row| (row.path.clone(), row.kind)).collect();
        found.sort();
        (found == expected).then_some(rows)
    };
    until(&format!("{expected:?} differs"), seen, || format!("{:#?}", rows(lab, "leaf1"))).await
}

/// Waits until a device is watched so; gives what is said of it beside.
pub(crate) async fn is_watched(lab: &Lab, device: &str, state: WatchState) -> String {
    let watch = || lab.store().watches(&fabric_name()).unwrap().remove(device);
    let seen = || watch().filter(|watch| watch.state == state).map(|watch| watch.detail.unwrap_or_default());
    until(&format!("{device} is {}", state.as_str()), seen, || format!("{:?}", watch())).await
}

/// All news of a kind so far, as they were written down: before anybody is told.
pub(crate) fn news(lab: &Lab, kind: NewsKind) -> Vec<News> {
    let record = rusqlite::Connection::open(lab.config().record()).unwrap();
    let mut query = record.prepare("SELECT body FROM news ORDER BY id").unwrap();
    let bodies = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let news = bodies.map(|body| serde_json::from_str::<News>(&body.unwrap()).unwrap());
    news.filter(|news| news.kind == kind).collect()
}

/// The leaves that all news of a kind were about so far.
pub(crate) fn told(lab: &Lab, kind: NewsKind) -> Vec<String> {
    news(lab, kind).into_iter().flat_map(|news| news.leaves).map(|leaf| leaf.path).collect()
}

/// Changes a leaf of ours on leaf1 and puts it back, each of which must be seen: by then
/// whatever happened before was judged. Gives all that was ever told as drift besides, on any
/// device.
pub(crate) async fn told_by_now(lab: &Lab) -> Vec<String> {
    let ours = held(lab, "leaf1", OTHER).unwrap();
    by_hand(lab, &[(OTHER, json!("a sentinel"))]);
    let is_there = || rows(lab, "leaf1").iter().any(|row| row.path == OTHER).then_some(());
    until("the sentinel is seen", is_there, || format!("{:#?}", rows(lab, "leaf1"))).await;
    by_hand(lab, &[(OTHER, json!(ours))]);
    let is_gone = || rows(lab, "leaf1").iter().all(|row| row.path != OTHER).then_some(());
    until("it is put back", is_gone, || format!("{:#?}", rows(lab, "leaf1"))).await;
    told(lab, NewsKind::DriftFound).into_iter().filter(|path| path != OTHER).collect()
}

/// A user comes and goes on leaf1, and both is seen: by then the first look is over. Where all
/// that is ours is put back nothing else can be tried.
pub(crate) async fn is_awake(lab: &Lab) {
    let user = "/system/aaa/authentication/users/user[username=mallory]";
    by_hand(
        lab,
        &[(user, json!({"username": "mallory", "config": {"username": "mallory", "role": "network-admin"}}))],
    );
    differs(lab, &[(user, DriftKind::Strict)]).await;
    on(lab, "leaf1", &[user], &[]);
    differs(lab, &[]).await;
}

/// Waits until nothing differs on any device, and each stands so.
pub(crate) async fn in_order(lab: &Lab) {
    for device in lab.trees().keys() {
        let entry = || lab.entry(device.as_str());
        let is_so = || rows(lab, device.as_str()).is_empty() && entry().standing == Standing::Current;
        let explain = || format!("{:?}, {:#?}", entry().reason, rows(lab, device.as_str()));
        until(&format!("{device} is in order"), || is_so().then_some(()), explain).await;
    }
}
