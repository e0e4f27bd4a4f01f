//! Promise 7: what we do not own we neither remove nor change.

use gitfabric::gnmi::{SetOperations, install_crypto};
use gitfabric::yang::Path;
use serde_json::{Value, json};

use crate::intent::Intent;
use crate::killed::client;
use crate::lab::Lab;
use crate::running::Running;

const UNUSED_PORT: &str = "/interfaces/interface[name=Ethernet9]/config/description";
const PEER: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=192.0.2.7]";
const BANNER: &str = "/system/config/motd-banner";
/// Inside an entry that is ours.
const IN_OURS: &str = "/interfaces/interface[name=Ethernet11]/hold-time/config/up";

/// What somebody else puts on leaf1 by gNMI.
fn others() -> Vec<(Path, Value)> {
    let peer = json!({"neighbor-address": "192.0.2.7", "config": {"neighbor-address": "192.0.2.7", "peer-as": 64700}});
    let updates =
        [(UNUSED_PORT, json!("do not touch")), (PEER, peer), (BANNER, json!("hello")), (IN_OURS, json!(300))];
    updates.into_iter().map(|(path, json)| (path.parse().unwrap(), json)).collect()
}

/// Leaves that another client set survive commits and reverts, untouched.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_client_configured_survives_commits_and_reverts() {
    install_crypto();
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let owned = lab.owned();
    let foreign = SetOperations { updates: others(), ..SetOperations::default() };
    client(&lab, "leaf1").await.set(&foreign).await.unwrap();
    let held = lab.trees();

    let changed = lab.commit("Around it", |files| {
        files.rename_vlan("web");
        files.replace("fabric.yaml", "multihop: 3", "multihop: 4");
        files.replace(
            "pairs/leaf1-2.yaml",
            "Ethernet1: { to: host1, profile: server, lag: 1, vlans: [40] }",
            "Ethernet2: { to: host1, profile: server, lag: 2, vlans: [40] }",
        );
        files.write("vlans/60.yaml", "name: db\nvni: 110060\nat: [leaf1-2]\n");
    });
    agent.settled(&changed).await;
    for path in [UNUSED_PORT, BANNER, IN_OURS, &format!("{PEER}/config/peer-as")] {
        let path: Path = path.parse().unwrap();
        assert!(held["leaf1"].get(&path).is_some(), "{path}");
        assert_eq!(lab.device("leaf1").config().get(&path), held["leaf1"].get(&path), "{path}");
    }
    agent.settled(&lab.revert()).await;
    assert_eq!(lab.trees(), held);
    assert_eq!(lab.owned(), owned);
    agent.end().await;
}

/// The live plan counts foreign leaves, lists them on request, and always names those in
/// strict containers; it deletes none.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_client_configured_is_listed_by_the_live_plan() {
    install_crypto();
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let foreign = SetOperations { updates: others(), ..SetOperations::default() };
    client(&lab, "leaf1").await.set(&foreign).await.unwrap();

    let live = ["plan", "--live", "HEAD", "-C", "intent.git"];
    let short = lab.printed(&live);
    assert!(short.contains("192.0.2.7"), "a BGP neighbour is always told: {short}");
    assert!(!short.contains(UNUSED_PORT), "{short}");
    let long = lab.printed(&[&live[..], &["--foreign"]].concat());
    for path in [UNUSED_PORT, BANNER, IN_OURS] {
        assert!(long.contains(path), "{path}: {long}");
    }
    assert!(!long.contains("do not touch"), "a foreign value may be a secret: {long}");
    let plan: Value = serde_json::from_str(&lab.printed(&[&live[..], &["--json"]].concat())).unwrap();
    assert_eq!(plan["summary"]["changed"], 0, "{plan:#}");
    agent.end().await;
}

/// The live plan shows what a pass would send, and to a paused device none would.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_device_is_not_planned_live() {
    let lab = Lab::new(Intent::pair());
    lab.printed(&["apply"]);
    lab.commit("Leave the spine alone", |files| {
        files.replace("devices/spine1.yaml", "role: spine", "role: spine\nstate: paused");
        files.set_spine_raw("not yet");
    });
    let live = lab.printed(&["plan", "--live", "HEAD", "-C", "intent.git", "--json"]);
    let plan: Value = serde_json::from_str(&live).unwrap();
    assert_eq!(plan["summary"]["changed"], 0, "{plan:#}");
    assert!(live.contains("its state is paused"), "{live}");
}
