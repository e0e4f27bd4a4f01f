//! Promise 4: `kill -9` at any moment leaves a record that is true after the next pass.

use gitfabric::gnmi::{Client, Credentials, Deadlines, Target, Tls, Transport, Trust, install_crypto};
use gitfabric::record::Standing;
use gitfabric::secret::SecretText;
use gitfabric::simulator::SetFault;
use serde_json::json;

use crate::corrections::by_hand;
use crate::intent::Intent;
use crate::lab::{Lab, fabric_name};
use crate::running::{Process, Running, soon};

/// The agent dies while a Set waits at the device: it may still be carried out, or not.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_set_is_in_flight_the_record_is_true_after_the_next_pass() {
    for culprit in ["leaf1", "leaf2", "spine1"] {
        let lab = Lab::new(Intent::pair());
        let gate = lab.device(culprit).hold_sets();
        let process = Process::start(&lab);
        soon("the Set", lab.device(culprit).wait_for_sets(1)).await;
        process.kill();
        assert!(lab.entry(culprit).in_flight, "{culprit}");
        gate.open();

        let mut agent = Running::start(&lab);
        agent.settled(&lab.head()).await;
        lab.assert_true(&lab.head(), &["leaf1", "leaf2", "spine1"]);
        agent.end().await;
    }
}

/// The agent dies after the device took the Set and before that was written down. Nothing
/// is sent again, and what was put on the device is ours: the next commits change it and
/// take it away.
#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_outcome_was_recorded_what_was_applied_is_ours() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let (owned, held) = (lab.owned(), lab.trees());
    agent.end().await;

    lab.device("leaf1").next_set(SetFault::NoAnswer);
    let added = lab.commit("Add VLAN 60", |files| {
        files.write("vlans/60.yaml", "name: db\nvni: 110060\nat: [leaf1-2]\n");
    });
    let process = Process::start(&lab);
    soon("the Set", lab.device("leaf1").wait_for_ended_sets(2)).await;
    process.kill();
    let entry = lab.entry("leaf1");
    assert!(entry.in_flight && entry.commit.as_ref() != Some(&added), "{entry:?}");

    let mut agent = Running::start(&lab);
    agent.settled(&added).await;
    lab.assert_true(&added, &["leaf1", "leaf2", "spine1"]);
    assert_eq!(lab.sets(), "leaf1:2 leaf2:2 spine1:1", "a Set that came through is not sent again");
    agent.settled(&lab.revert()).await;
    assert_eq!(lab.owned(), owned);
    assert_eq!(lab.trees(), held, "nothing of it was taken for foreign");
    agent.end().await;
}

/// The agent dies in the middle of a Set, and another device answers at the address when it is back:
/// what that holds says nothing of the Set, neither to the agent nor to a person who asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_in_flight_is_not_settled_by_another_device_at_the_address() {
    const HOSTNAME: &str = "/system/config/hostname";
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    agent.end().await;

    lab.device("leaf1").next_set(SetFault::NoAnswer);
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    let process = Process::start(&lab);
    soon("the Set", lab.device("leaf1").wait_for_ended_sets(2)).await;
    process.kill();
    by_hand(&lab, "leaf1", &[(HOSTNAME, json!("leaf9"))]);
    let another = r#"answers as "leaf9", and the intent means leaf1"#;
    let live = lab.gitfabric(&["drift", "--live"]);
    let live = String::from_utf8_lossy(&live.stdout).into_owned();
    assert!(live.contains("leaf1 was not read") && live.contains("leaf9"), "{live}");

    let mut agent = Running::start(&lab);
    agent.stands_for("leaf1", Standing::Unreachable, another).await;
    assert!(lab.entry("leaf1").in_flight, "its outcome is not known");
    by_hand(&lab, "leaf1", &[(HOSTNAME, json!("leaf1"))]);
    agent.settled(&renamed).await;
    lab.assert_true(&renamed, &["leaf1", "leaf2", "spine1"]);
    assert_eq!(lab.device("leaf1").sets_received(), 2, "a Set that came through is not sent again");
    agent.end().await;
}

/// The agent dies after the commit was read and before the device's turn.
#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_set_was_sent_it_is_sent_after_the_restart() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    agent.end().await;

    let gate = lab.device("leaf1").hold_sets();
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    let process = Process::start(&lab);
    soon("the first Set", lab.device("leaf1").wait_for_sets(2)).await;
    process.kill();
    assert_eq!(lab.device("leaf2").sets_received(), 1, "its turn had not come");
    assert!(!lab.entry("leaf2").in_flight);
    gate.open();

    let mut agent = Running::start(&lab);
    agent.settled(&renamed).await;
    lab.assert_true(&renamed, &["leaf1", "leaf2", "spine1"]);
    assert_eq!(lab.device("leaf2").sets_received(), 2);
    agent.end().await;
}

/// The agent dies, and while it is dead the branch moves on: the device goes from whatever
/// the Set left behind to the new head.
#[tokio::test(flavor = "multi_thread")]
async fn killed_and_overtaken_by_another_commit_nothing_of_the_lost_one_stays() {
    for applied in [true, false] {
        let lab = Lab::new(Intent::pair());
        let mut agent = Running::start(&lab);
        agent.settled(&lab.head()).await;
        let (owned, held) = (lab.owned(), lab.trees());
        agent.end().await;

        let gate = (!applied).then(|| lab.device("leaf1").hold_sets());
        lab.device("leaf1").next_set(SetFault::NoAnswer);
        lab.commit("Add VLAN 60", |files| {
            files.write("vlans/60.yaml", "name: db\nvni: 110060\nat: [leaf1-2]\n");
        });
        let process = Process::start(&lab);
        soon("the Set", lab.device("leaf1").wait_for_sets(2)).await;
        if applied {
            soon("its end", lab.device("leaf1").wait_for_ended_sets(2)).await;
        }
        process.kill();
        let last = lab.revert();
        lab.device("leaf1").cut_connections();
        lab.device("leaf1").clear_faults();
        drop(gate);

        let mut agent = Running::start(&lab);
        agent.settled(&last).await;
        lab.assert_true(&last, &["leaf1", "leaf2", "spine1"]);
        assert_eq!(lab.owned(), owned, "applied: {applied}");
        assert_eq!(lab.trees(), held, "applied: {applied}");
        agent.end().await;
    }
}

/// The agent dies again and again, at each step of a pass in turn, and is started again with
/// the branch moved on.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_of_a_pass_the_record_is_true_after_the_next_one() {
    let lab = Lab::new(Intent::pair());
    let steps = ["the head moved", "pass begins", "sending the Set", "read back equal", "devices current"];
    for step in steps {
        lab.commit(step, |files| files.rename_vlan(&step.replace(' ', "-")));
        let process = Process::start(&lab);
        process.logs(step).await;
        process.kill();
    }
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    lab.assert_true(&lab.head(), &["leaf1", "leaf2", "spine1"]);
    let (first, held) = (lab.commit("Once more", |files| files.rename_vlan("x")), lab.trees());
    agent.settled(&first).await;
    agent.settled(&lab.revert()).await;
    assert_eq!(lab.trees(), held);
    agent.end().await;
}

/// Each Set leaves its commit, and the hash of the device's tree, on the device itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_device_itself_tells_which_commit_it_holds() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    agent.end().await;
    install_crypto();
    for name in ["leaf1", "leaf2"] {
        let mark = client(&lab, name).await.read_annotation().await.unwrap().unwrap();
        let build = &lab.build(&renamed).devices[name];
        assert_eq!((mark.fabric, mark.commit, &mark.tree), (fabric_name(), renamed.clone(), &build.hash));
        assert_eq!(Some(mark.pass), lab.entry(name).applied_by, "{name}");
    }
}

/// Another gNMI client than the agent.
pub(crate) async fn client(lab: &Lab, name: &str) -> Client {
    let authority = std::fs::read(lab.path("ca.pem")).unwrap();
    let tls = Tls { trust: Trust::Authority(authority.into()), server_name: None, identity: None };
    let password = SecretText::new("admin");
    let target = Target {
        device: name.parse().unwrap(),
        host: "127.0.0.1".to_owned(),
        port: lab.device(name).address().port(),
        transport: Transport::Tls(tls),
        credentials: Some(Credentials { username: "admin".to_owned(), password }),
        deadlines: Deadlines::default(),
    };
    Client::connect(&target).await.unwrap()
}
