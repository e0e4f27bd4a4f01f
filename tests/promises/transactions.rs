//! Promise 3: one device, one transaction, and "done" only after reading back. Promise 9:
//! nothing is guessed.

use gitfabric::record::{NewsKind, Standing};
use gitfabric::simulator::{SetFault, SetOutcome};

use crate::corrections::{by_hand, news};
use crate::intent::Intent;
use crate::lab::{Lab, Settings, fabric_name};
use crate::running::{Running, soon};

const VLAN_NAME: &str =
    "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";

/// Promise 3: a commit with many changes is one Set for each device, the next one another.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_reaches_each_device_in_one_set() {
    let lab = Lab::new(Intent::border());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let many = lab.commit("Many things at once", |files| {
        files.rename_vlan("web");
        files.replace("vlans/78.yaml", "10.78.78.1/24", "10.78.78.9/24");
        files.replace("fabric.yaml", "multihop: 3", "multihop: 4");
        files.remove("vlans/900.yaml");
        files.replace("vrfs/gold.yaml", "peers:", "# peers:");
        files.replace("vrfs/gold.yaml", "  border:", "#  border:");
    });
    agent.settled(&many).await;
    lab.assert_true(&many, &["leaf7", "leaf8", "spine1"]);
    assert_eq!(lab.sets(), "leaf7:2 leaf8:2 spine1:2");
    for name in ["leaf7", "leaf8", "spine1"] {
        let device = lab.device(name);
        assert_eq!(device.most_sets_at_once(), 1, "{name}");
        let applied = SetOutcome::Applied { changed: true };
        assert!(device.sets().iter().all(|set| set.outcome == applied), "{name}");
    }
    agent.end().await;
}

/// Promise 3: as long as the Set has no outcome the record does not say that the device
/// holds the commit, and says that a Set is in flight. The read-back comes by a connection
/// of its own, as the one that carried the Set may outlive the way to the device.
#[tokio::test(flavor = "multi_thread")]
async fn the_record_says_done_only_after_the_device_was_read_back() {
    // Gets and connections of passes are counted, so nothing else may look
    let config = "mode: apply\ndrift: { watch: false }";
    let lab = Lab::with(Intent::pair(), Settings { config, ..Settings::default() });
    let first = lab.head();
    let mut agent = Running::start(&lab);
    agent.settled(&first).await;

    let spine = lab.device("spine1");
    let gate = spine.hold_sets();
    let changed = lab.commit("A banner", |files| files.set_spine_raw("authorised only"));
    soon("the Set", spine.wait_for_sets(2)).await;
    let entry = lab.entry("spine1");
    assert_eq!((entry.commit.as_ref(), entry.in_flight), (Some(&first), true));
    let (gets, connections) = (spine.gets_received(), spine.connections_received());
    gate.open();
    agent.settled(&changed).await;
    assert!(spine.gets_received() > gets, "it was not read back");
    assert_eq!(spine.connections_received(), connections + 1);
    agent.end().await;
}

/// Promise 3: a device that answers OK and did not take a leaf is not current.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_was_answered_and_not_taken_is_found_by_reading_back() {
    let lab = Lab::new(Intent::pair());
    let first = lab.head();
    let mut agent = Running::start(&lab);
    agent.settled(&first).await;

    lab.device("leaf1").next_set(SetFault::NotTaken(Some(VLAN_NAME.parse().unwrap())));
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    let reason = agent.stands("leaf1", Standing::Diverged).await;
    assert!(reason.contains(VLAN_NAME), "{reason}");
    let entry = lab.entry("leaf1");
    assert_eq!((entry.commit.as_ref(), entry.in_flight), (Some(&first), false));
    assert_eq!(lab.missing(&renamed, "leaf1"), [VLAN_NAME]);
    agent.end().await;
}

/// What a device made of a Set of ours is no drift, neither the leaf that it did not take nor those
/// that it gave up; what a person changes on it meanwhile is.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_ours_that_went_wrong_is_not_somebody_elses_change() {
    const UPLINK: &str =
        "/interfaces/interface[name=Ethernet11]/subinterfaces/subinterface[index=0]/ipv4/addresses";
    const DESCRIPTION: &str = "/interfaces/interface[name=Loopback0]/config/description";
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let old: gitfabric::yang::Path = format!("{UPLINK}/address[ip=10.0.1.1]").parse().unwrap();
    assert!(lab.device("leaf1").config().contains_below(&old));

    lab.device("leaf1").next_set(SetFault::NotTaken(Some(VLAN_NAME.parse().unwrap())));
    lab.commit("Another name and another address", |files| {
        files.rename_vlan("web");
        files.replace("devices/leaf1.yaml", "10.0.1.1/31", "10.0.1.101/31");
    });
    agent.stands("leaf1", Standing::Diverged).await;
    assert!(!lab.device("leaf1").config().contains_below(&old), "the Set takes something away");
    by_hand(&lab, "leaf1", &[(DESCRIPTION, serde_json::json!("by hand"))]);
    let known = || lab.store().drift(&fabric_name()).unwrap().remove("leaf1").unwrap_or_default();
    agent.until("what a person changed", |_| !known().is_empty()).await;
    let paths: Vec<String> = known().into_iter().map(|(leaf, _)| leaf.path).collect();
    assert_eq!(paths, [DESCRIPTION]);
    let told = news(&lab, NewsKind::DriftFound);
    let told: Vec<&str> = told.iter().flat_map(|news| &news.leaves).map(|leaf| &*leaf.path).collect();
    assert_eq!(told, [DESCRIPTION]);
    agent.end().await;
}

/// Promises 4 and 9: whether a Set whose answer was lost came through is read from the
/// device; it is sent again only if it did not.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_settled_by_reading_the_device() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    for (case, fault, name, sets) in
        [("it came through", SetFault::LoseAnswer, "web", 2), ("it did not", SetFault::LoseRequest, "www", 4)]
    {
        lab.device("leaf1").next_set(fault);
        let commit = lab.commit(case, |files| files.rename_vlan(name));
        agent.settled(&commit).await;
        assert_eq!(lab.device("leaf1").sets_received(), sets, "{case}");
        lab.assert_true(&commit, &["leaf1", "leaf2", "spine1"]);
    }
    agent.end().await;
}

/// Promise 9: what a device reports and our schema lacks is foreign, and no fault.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_the_schema_lacks_are_no_fault() {
    let settings = Settings {
        device: |device| {
            let path = "/system/config/newer-than-we-know".parse().unwrap();
            device.foreign.push((path, serde_json::json!("7")));
        },
        ..Settings::default()
    };
    let lab = Lab::with(Intent::pair(), settings);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    lab.assert_true(&lab.head(), &["leaf1", "leaf2", "spine1"]);
    agent.end().await;
}
