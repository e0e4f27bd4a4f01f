//! Promises 1 and 2: the head of the branch decides, and a revert restores. Promise 12: what
//! that costs.

use gitfabric::compile::Engine;
use gitfabric::git::repository::Repository;
use gitfabric::git::snapshot::Snapshot;
use gitfabric::record::Standing;

use crate::intent::Intent;
use crate::lab::{Lab, Settings, fabric_name};
use crate::running::{Running, soon};

/// Promise 1: each device gets what the head says, and none gets a Set that it does not need.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_reaches_the_devices_that_it_concerns_and_no_other() {
    let lab = Lab::with(Intent::pair(), Settings { poll: "1h", ..Settings::default() });
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:1");
    lab.assert_true(&lab.head(), &["leaf1", "leaf2", "spine1"]);

    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    assert_eq!(lab.sets(), "leaf1:2 leaf2:2 spine1:1");
    lab.assert_true(&renamed, &["leaf1", "leaf2", "spine1"]);
    agent.end().await;
}

/// Promise 1: of commits that are pushed while a pass is under way only the last is sent.
#[tokio::test(flavor = "multi_thread")]
async fn of_quick_pushes_the_last_one_decides() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;

    let gate = lab.device("leaf1").hold_sets();
    lab.commit("Under way", |files| files.rename_vlan("first"));
    soon("the first Set", lab.device("leaf1").wait_for_sets(2)).await;
    let overtaken = lab.commit("Overtaken", |files| files.rename_vlan("second"));
    let last = lab.commit("The last", |files| files.rename_vlan("third"));
    gate.open();
    agent.settled(&last).await;
    lab.assert_true(&last, &["leaf1", "leaf2", "spine1"]);
    assert_eq!(lab.sets(), "leaf1:3 leaf2:3 spine1:1");
    let events = lab.store().events(&fabric_name(), None, 100).unwrap();
    assert!(events.iter().all(|event| event.commit != overtaken), "{events:#?}");
    agent.end().await;
}

/// Promise 1: a start, a push and a device that comes back all lead to the same: the head.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_wakes_the_agent_the_devices_get_the_head() {
    let lab = Lab::with(Intent::pair(), Settings { poll: "1h", ..Settings::default() });
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    agent.end().await;

    lab.commit("While no agent ran", |files| files.set_spine_raw("one"));
    let head = lab.commit("And once more", |files| files.set_spine_raw("two"));
    let mut agent = Running::start(&lab);
    agent.settled(&head).await;
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:2", "a start");

    lab.device("spine1").down();
    lab.commit("While it is away", |files| files.set_spine_raw("three"));
    agent.stands("spine1", Standing::Unreachable).await;
    let head = lab.commit("Still away", |files| files.set_spine_raw("four"));
    agent
        .until("the head is seen", |report| {
            report.fabric.as_ref().is_some_and(|fabric| fabric.good.as_ref() == Some(&head))
        })
        .await;
    lab.device("spine1").up().unwrap();
    agent.settled(&head).await;
    lab.assert_true(&head, &["spine1"]);
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:3", "a device that came back");
    agent.end().await;
}

/// Promise 2: the owned tree of the record, and all that the device holds, are after a
/// revert what they were before the commit, byte for byte.
#[tokio::test(flavor = "multi_thread")]
async fn a_revert_restores_every_device_byte_for_byte() {
    let lab = Lab::new(Intent::border());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let (owned, held) = (lab.owned(), lab.trees());
    assert_eq!(owned.len(), 3);

    let changed = lab.commit("Much at once", |files| {
        files.rename_vlan("web");
        files.write("vlans/60.yaml", "name: db\nvni: 110060\nat: [leaf7-8]\n");
        files.write(
            "vlans/61.yaml",
            "name: app\nvrf: gold\ngateway: 10.61.0.1/24\nat: { leaf7: 10.61.0.2/24, leaf8: 10.61.0.3/24 }\n",
        );
        files.replace("pairs/leaf7-8.yaml", "lag: 1, vlans: [78]", "lag: 1, vlans: [40, 60]");
        files.remove("vlans/900.yaml");
        files.replace("vrfs/gold.yaml", "peers:", "# peers:");
        files.replace("vrfs/gold.yaml", "  border:", "#  border:");
        files.set_spine_raw("authorised only");
    });
    agent.settled(&changed).await;
    lab.assert_true(&changed, &["leaf7", "leaf8", "spine1"]);
    for (name, before) in &owned {
        assert_ne!(&lab.owned()[name], before, "{name}");
    }

    let reverted = lab.revert();
    agent.settled(&reverted).await;
    lab.assert_true(&reverted, &["leaf7", "leaf8", "spine1"]);
    assert_eq!(lab.owned(), owned);
    assert_eq!(lab.trees(), held);
    agent.end().await;
}

/// Promise 2, for what a fabric out of NetBox has: gateways of both families without own
/// addresses, leaked route targets, ranges of ports and an end of a link that are shut, a
/// device that is drained.
#[tokio::test(flavor = "multi_thread")]
async fn what_netbox_says_of_a_fabric_is_applied_and_reverted() {
    let lab = Lab::new(Intent::border());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let owned = lab.owned();

    let changed = lab.commit("A tenant of both families\n\nGitfabric-Allow: guarded", |files| {
        files.write(
            "vlans/61.yaml",
            "name: app\nvrf: gold\nvni: 110061\nmtu: 9164\ntenant: gold-corp\nrt: \"65000:110061\"\n\
             gateway: [10.61.0.1/24, \"2001:db8:61::1/64\"]\nat: [role:leaf]\n",
        );
        files.write(
            "vrfs/blue.yaml",
            "id: 2\nvni: 100002\nat: [leaf7-8]\n\
             rt: { import: \"65000:100002\", export: [\"65000:100002\", \"65000:100099\"] }\n",
        );
        files.write("pairs/leaf7-8.yaml", "asn: 65004\nvtep: 10.0.255.14\ndomain: rack-4\npeer-link: [Ethernet9, Ethernet10]\nports:\n  Ethernet2-8: { enabled: false }\n");
        files.replace("devices/spine1.yaml", "role: spine", "role: spine\nports: { Ethernet8: { enabled: false } }");
    });
    agent.settled(&changed).await;
    lab.assert_true(&changed, &["leaf7", "leaf8", "spine1"]);

    let drained = lab.commit("leaf8 leaves", |files| {
        files.replace("devices/leaf8.yaml", "role:", "state: drained\nrole:");
    });
    agent.settled(&drained).await;
    lab.assert_true(&drained, &["leaf7", "leaf8", "spine1"]);

    let back = lab.commit("As it was\n\nGitfabric-Allow: guarded", |files| *files = Intent::border());
    agent.settled(&back).await;
    assert_eq!(lab.owned(), owned);
    // not byte for byte: a port that was shut says now that it is enabled, as it was by default
    lab.assert_true(&back, &["leaf7", "leaf8", "spine1"]);
    agent.end().await;
}

/// Promise 12: one VLAN's name compiles, reads and sets its devices, of ten.
#[tokio::test(flavor = "multi_thread")]
async fn the_cost_of_a_commit_is_the_devices_that_it_concerns() {
    // Gets of passes are counted, so nothing else may look
    let config = "mode: apply\ndrift: { watch: false }";
    let lab = Lab::with(Intent::example(), Settings { config, poll: "1h", ..Settings::default() });
    let first = lab.head();
    let mut agent = Running::start(&lab);
    agent.settled(&first).await;
    let before = lab.gets();

    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    let concerned = ["leaf1", "leaf2", "leaf5", "leaf6"];
    for (name, count) in lab.gets() {
        assert_eq!(count > before[&name], concerned.contains(&name.as_str()), "Gets of {name}");
        let sets = lab.device(name.as_str()).sets_received();
        assert_eq!(sets, 1 + usize::from(concerned.contains(&name.as_str())), "Sets of {name}");
    }
    agent.end().await;

    let repository = Repository::open(&lab.repository()).unwrap();
    let snapshot = Snapshot::of_commit(&repository, &first, None).unwrap();
    let mut engine = Engine::new();
    assert_eq!(engine.build(&snapshot).compiled, 10);
    assert_eq!(engine.build(&snapshot.advance(&repository, &renamed).unwrap()).compiled, 4);
}

/// Promise 12: what is read back and found as it was leaves no row behind for each device.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_back_that_finds_nothing_is_no_history() {
    let lab = Lab::with(Intent::pair(), Settings { poll: "1h", ..Settings::default() });
    lab.printed(&["apply"]);
    let events = lab.store().events(&fabric_name(), None, 100).unwrap();
    assert_eq!(events.len(), 3);
    lab.printed(&["apply"]);
    assert_eq!(lab.store().events(&fabric_name(), None, 100).unwrap(), events);
}
