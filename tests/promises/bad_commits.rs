//! Promise 5: a bad commit touches nothing.

use gitfabric::record::Verdict;

use crate::intent::Intent;
use crate::lab::Lab;
use crate::running::Running;

/// An error in one device's file stops the commit for every device, the message names
/// file, line and column, and the next good commit supersedes.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_one_file_stops_the_commit_for_every_device() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let held = lab.trees();

    for (case, place, edit) in [
        ("an unknown key", "devices/leaf1.yaml:6:1", unknown_key as fn(&mut Intent)),
        ("an address twice", "devices/leaf2.yaml:4:11", same_loopback),
        ("no YAML", "vlans/40.yaml:", no_yaml),
    ] {
        let last_good = lab.head();
        let bad = lab.commit(case, |files| {
            files.rename_vlan("web");
            edit(files);
        });
        let report = agent.judged(&bad, Verdict::Refused).await;
        let fabric = report.fabric.unwrap();
        assert_eq!(fabric.good.as_ref(), Some(&last_good), "{case}");
        let findings = fabric.findings.unwrap();
        assert!(findings.contains(place), "{case}: {findings}");
        let shown = lab.printed(&["status"]);
        assert!(shown.contains("is refused") && shown.contains(place), "{case}: {shown}");
        let again = lab.revert();
        agent.settled(&again).await;
    }
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:1");
    assert_eq!(lab.trees(), held);

    let good = lab.commit("A good one", |files| files.rename_vlan("good"));
    agent.settled(&good).await;
    lab.assert_true(&good, &["leaf1", "leaf2", "spine1"]);
    assert_eq!(lab.sets(), "leaf1:2 leaf2:2 spine1:1");
    agent.end().await;
}

/// A bad first commit: there is no last good one, and nothing is sent either. After a
/// restart the head is judged again, and the same is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_head_is_refused_again_after_a_restart() {
    let lab = Lab::new(Intent::pair());
    let bad = lab.commit("Bad from the start", unknown_key);
    for turn in ["first", "second"] {
        let mut agent = Running::start(&lab);
        let report = agent.judged(&bad, Verdict::Refused).await;
        assert!(report.fabric.unwrap().findings.unwrap().contains("devices/leaf1.yaml:6:1"), "{turn}");
        agent.end().await;
    }
    assert_eq!(lab.sets(), "");
    let mut agent = Running::start(&lab);
    agent.settled(&lab.revert()).await;
    agent.end().await;
}

fn unknown_key(files: &mut Intent) {
    files.replace("devices/leaf1.yaml", "loopback:", "lopback:");
}

fn same_loopback(files: &mut Intent) {
    files.replace("devices/leaf2.yaml", "10.0.250.12", "10.0.250.11");
}

fn no_yaml(files: &mut Intent) {
    files.write("vlans/40.yaml", "name: [\n");
}
