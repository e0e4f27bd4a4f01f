//! Promise 6: missing input is an error, and never a delete.

use gitfabric::names::CommitId;
use gitfabric::record::Verdict;

use crate::intent::Intent;
use crate::lab::{Lab, Settings};
use crate::running::Running;

/// Waits for the freeze, and asserts that it is said and that nothing was sent.
async fn assert_frozen(agent: &mut Running, lab: &Lab, head: &CommitId, said: &str) {
    let before = (lab.sets(), lab.trees());
    let report = agent.judged(head, Verdict::Frozen).await;
    let fabric = report.fabric.unwrap();
    let reason = fabric.reason.unwrap();
    assert!(reason.contains(said), "{reason}");
    assert_ne!(fabric.good.as_ref(), Some(head));
    let findings = fabric.findings.unwrap();
    assert!(findings.contains("Gitfabric-Allow: "), "no way out is told: {findings}");
    let shown = lab.printed(&["status"]);
    assert!(shown.contains("is frozen") && shown.contains(said), "{shown}");
    assert_eq!((lab.sets(), lab.trees()), before);
}

/// A commit without any file.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_intent_freezes_the_agent() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let empty = lab.commit("Oops", Intent::clear);
    assert_frozen(&mut agent, &lab, &empty, "holds no YAML file").await;
    agent.settled(&lab.revert()).await;
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:1");
    agent.end().await;
}

/// The folder that the configuration names is not in the head.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_vanished_freezes_the_agent() {
    let lab =
        Lab::with(Intent::pair().moved("", "dc1/"), Settings { path: Some("dc1"), ..Settings::default() });
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let vanished = lab.commit("Renamed the folder", |files| {
        *files = files.moved("dc1/", "dc2/");
    });
    assert_frozen(&mut agent, &lab, &vanished, "the fabric's folder `dc1` is not in commit").await;
    agent.end().await;
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:1");
}

/// A branch that was reset, and a trailer that lets one such head through, and only one.
/// An agent that was restarted meanwhile remembers.
#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_history_freezes_the_agent_until_a_trailer_allows_it_once() {
    let lab = Lab::new(Intent::pair());
    let first = lab.head();
    let mut agent = Running::start(&lab);
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    lab.reset(&first);
    assert_frozen(&mut agent, &lab, &first, "the history was rewritten").await;
    agent.end().await;

    let mut agent = Running::start(&lab);
    let more = lab.commit("Go on from there", |files| files.set_spine_raw("x"));
    assert_frozen(&mut agent, &lab, &more, "the history was rewritten").await;
    let trailer = "We mean it\n\nGitfabric-Allow: rewritten-history\n";
    let allowed = lab.commit(trailer, |files| files.set_spine_raw("y"));
    agent.settled(&allowed).await;
    lab.assert_true(&allowed, &["leaf1", "leaf2", "spine1"]);

    lab.reset(&renamed);
    assert_frozen(&mut agent, &lab, &renamed, "the history was rewritten").await;
    agent.end().await;
}

/// A state folder that lost its mirror and kept its record still knows the last good commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_history_is_noticed_with_a_new_mirror_too() {
    let lab = Lab::new(Intent::pair());
    let first = lab.head();
    let mut agent = Running::start(&lab);
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    agent.end().await;
    std::fs::remove_dir_all(lab.config().mirror()).unwrap();
    lab.reset(&first);
    let mut agent = Running::start(&lab);
    assert_frozen(&mut agent, &lab, &first, "the history was rewritten").await;
    agent.end().await;
}

/// Deletions above the limits, of leaves and of devices; the trailer allows them once.
#[tokio::test(flavor = "multi_thread")]
async fn deletions_above_the_limits_freeze_the_agent_until_a_trailer_allows_them_once() {
    let mut intent = Intent::pair();
    intent.replace("fabric.yaml", "leaves-deleted: 200", "leaves-deleted: 3");
    let lab = Lab::new(intent);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let without_vlan = |files: &mut Intent| {
        files.remove("vlans/40.yaml");
        files.replace("pairs/leaf1-2.yaml", ", vlans: [40]", "");
    };
    let less = lab.commit("A partial export", without_vlan);
    assert_frozen(&mut agent, &lab, &less, "leaves are deleted, limit 3").await;
    let trailer = "VLAN 40 is gone for good\n\nGitfabric-Allow: deletions\n";
    let allowed = lab.commit(trailer, |files| files.set_spine_raw("x"));
    agent.settled(&allowed).await;
    lab.assert_true(&allowed, &["leaf1", "leaf2", "spine1"]);

    let more = lab.commit("More goes", |files| {
        files.write("pairs/leaf1-2.yaml", "asn: 65001\nvtep: 10.0.255.11\npeer-link: Ethernet10\n");
    });
    assert_frozen(&mut agent, &lab, &more, "leaves are deleted, limit 3").await;
    agent.end().await;
}

/// An export of which a file is missing is refused whole; one that a person edited counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_an_export_is_refused_and_an_edited_one_is_not() {
    let mut intent = Intent::pair();
    intent.export();
    let lab = Lab::new(intent);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let part = lab.commit("A partial export", |files| {
        files.replace("pairs/leaf1-2.yaml", ", vlans: [40]", "");
        files.remove("vlans/40.yaml");
    });
    let report = agent.judged(&part, Verdict::Refused).await;
    let findings = report.fabric.unwrap().findings.unwrap();
    assert!(findings.contains("vlans/40.yaml is missing: the last export wrote it"), "{findings}");
    assert!(lab.printed(&["status"]).contains("is refused"));
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:1");

    lab.revert();
    let edited = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&edited).await;
    lab.assert_true(&edited, &["leaf1", "leaf2", "spine1"]);
    assert_eq!(lab.sets(), "leaf1:2 leaf2:2 spine1:1");
    agent.end().await;
}

/// A device's file that is gone is no order to forget the device.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_left_the_intent_freezes_the_agent_until_a_trailer_allows_it() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let gone = lab.commit("A partial export", |files| {
        for path in ["devices/leaf1.yaml", "devices/leaf2.yaml", "pairs/leaf1-2.yaml", "vlans/40.yaml"] {
            files.remove(path);
        }
    });
    assert_frozen(&mut agent, &lab, &gone, "leaf1").await;
    assert_eq!(lab.entry("leaf1").standing, gitfabric::record::Standing::Current);

    let trailer = "The leafs are sold\n\nGitfabric-Allow: deletions\n";
    let allowed = lab.commit(trailer, |files| files.set_spine_raw("x"));
    let report = agent.settled(&allowed).await;
    assert_eq!(report.devices.len(), 1, "{:?}", report.devices);
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:2", "what left the intent gets no Set");
    agent.end().await;
}

/// A guarded change waits for a person's word, and so does the commit that takes it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_guarded_change_freezes_the_agent_until_a_trailer_allows_it_once() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let smaller = lab.commit("A smaller MTU", |files| files.replace("fabric.yaml", "mtu: 9214", "mtu: 9000"));
    assert_frozen(&mut agent, &lab, &smaller, "MTU of the fabric: 9214 becomes 9000").await;
    let meant = lab.commit("It is meant\n\nGitfabric-Allow: guarded\n", |files| files.rename_vlan("web"));
    agent.settled(&meant).await;
    let other = lab.commit("Nothing guarded", |files| files.rename_vlan("db"));
    agent.settled(&other).await;
    let back = lab.commit("Back", |files| files.replace("fabric.yaml", "mtu: 9000", "mtu: 9214"));
    assert_frozen(&mut agent, &lab, &back, "MTU of the fabric: 9000 becomes 9214").await;
    agent.end().await;
}
