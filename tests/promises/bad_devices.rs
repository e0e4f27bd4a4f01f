//! Promise 8: one bad device does not hold the rest.

use gitfabric::agent::run::Report;
use gitfabric::record::{Standing, WatchState};
use gitfabric::simulator::{OnChange, SetFault};
use serde_json::json;
use tonic::Code;

use crate::corrections::by_hand;
use crate::intent::Intent;
use crate::lab::{Lab, Settings, fabric_name};
use crate::running::{Running, reason_of, soon};

/// Two pairs and a spine, all at the first commit.
async fn two_pairs(settings: Settings) -> (Lab, Running) {
    let lab = Lab::with(Intent::of(&["spine1", "leaf1", "leaf2", "leaf5", "leaf6"]), settings);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    (lab, agent)
}

fn refusal() -> SetFault {
    SetFault::Refuse { code: Code::InvalidArgument, message: "no such thing here".to_owned() }
}

/// A device that cannot be reached is passed over: its partner waits, all others go on, and
/// when it is back both come to the head by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_device_holds_its_partner_alone_and_catches_up() {
    let (lab, mut agent) = two_pairs(Settings::default()).await;
    lab.device("leaf1").down();
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.stands("leaf1", Standing::Unreachable).await;
    let reason = agent.stands("leaf2", Standing::Waiting).await;
    assert!(reason.contains("its partner leaf1 is not reachable"), "{reason}");
    lab.assert_true(&renamed, &["leaf5", "leaf6", "spine1"]);
    assert_eq!(lab.device("leaf2").sets_received(), 1);
    lab.device("leaf1").up().unwrap();
    agent.settled(&renamed).await;
    lab.assert_true(&renamed, &["leaf1", "leaf2", "leaf5", "leaf6", "spine1"]);
    agent.end().await;
}

/// A device that refuses its Set has diverged: its partner and the waves that have not begun
/// hold, also over a restart, until the next commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_set_holds_partner_and_later_waves_until_the_next_commit() {
    let (lab, mut agent) = two_pairs(Settings { poll: "200ms", ..Settings::default() }).await;
    lab.device("leaf1").next_set(refusal());
    let everywhere = lab.commit("EVPN sessions over more hops", |files| {
        files.replace("fabric.yaml", "multihop: 3", "multihop: 4");
    });
    let reason = agent.stands("leaf1", Standing::Diverged).await;
    assert!(reason.contains("no such thing here"), "{reason}");
    let report = agent
        .until("the pass ends", |report| {
            report.devices.iter().all(|device| device.target.as_ref() == Some(&everywhere))
        })
        .await;
    for name in ["leaf2", "leaf6", "spine1"] {
        assert!(reason_of(&report, name).contains("leaf1"), "{name}: {report:#?}");
        assert_eq!(lab.device(name).sets_received(), 1, "{name}");
    }
    lab.assert_true(&everywhere, &["leaf5"]);

    let passes = lab.store().passes(&fabric_name(), 100).unwrap().len();
    agent.until("some polls", |later| later.turns >= report.turns + 5).await;
    agent.end().await;
    let mut agent = Running::start(&lab);
    agent.until("some polls", |report| report.turns >= 3).await;
    assert_eq!(lab.sets(), "leaf1:2 leaf2:1 leaf5:2 leaf6:1 spine1:1");
    let now = lab.store().passes(&fabric_name(), 100).unwrap().len();
    assert!(now <= passes + 1, "waiting is no pass: {now} and {passes} before");

    let next = lab.commit("Go on", |files| files.rename_vlan("web"));
    agent.settled(&next).await;
    lab.assert_true(&next, &["leaf1", "leaf2", "leaf5", "leaf6", "spine1"]);
    agent.end().await;
}

/// Reading everything back neither ends a divergence nor sends what it holds up.
#[tokio::test(flavor = "multi_thread")]
async fn a_divergence_outlives_the_slow_read_back() {
    // its Gets are counted, so no watcher may look
    let config = "mode: apply\nfull-read-back: 300ms\ndrift: { watch: false }";
    let settings = Settings { config, ..Settings::default() };
    let lab = Lab::with(Intent::pair(), settings);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    lab.device("leaf1").next_set(refusal());
    lab.commit("EVPN sessions over more hops", |files| {
        files.replace("fabric.yaml", "multihop: 3", "multihop: 4");
    });
    agent.stands("leaf1", Standing::Diverged).await;
    let gets = lab.device("leaf1").gets_received();
    soon("some read-backs", lab.device("leaf1").wait_for_gets(gets + 10)).await;
    let turns = agent.until("a report", |_| true).await.turns;
    let report = agent.until("they are over", |report| report.turns > turns).await;
    assert_eq!(lab.entry("leaf1").standing, Standing::Diverged);
    assert!(reason_of(&report, "leaf1").contains("no such thing here"), "{report:#?}");
    assert!(reason_of(&report, "leaf2").contains("leaf1"), "{report:#?}");
    assert_eq!(lab.sets(), "leaf1:2 leaf2:1 spine1:1");
    let next = lab.commit("Go on", |files| files.rename_vlan("web"));
    agent.settled(&next).await;
    agent.end().await;
}

/// A device that took its Set and does not hold it holds the rest too, until a person says
/// to go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_tries_a_diverged_device_again() {
    let (lab, mut agent) = two_pairs(Settings::default()).await;
    lab.device("leaf1").next_set(SetFault::NotTaken(None));
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.stands("leaf1", Standing::Diverged).await;
    let reason = agent.stands("leaf2", Standing::Waiting).await;
    assert!(reason.contains("leaf1"), "{reason}");
    agent.end().await;
    let shown = lab.printed(&["apply"]);
    assert!(shown.contains("5 of 5 devices current"), "{shown}");
    lab.assert_true(&renamed, &["leaf1", "leaf2", "leaf5", "leaf6", "spine1"]);
}

/// A refused pass of `gitfabric apply` is an error, with the reason.
#[tokio::test(flavor = "multi_thread")]
async fn apply_fails_unless_every_device_is_at_the_commit() {
    let lab = Lab::new(Intent::pair());
    lab.device("leaf1").next_set(refusal());
    let output = lab.gitfabric(&["apply"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("diverged") && shown.contains("no such thing here"), "{shown}");
    lab.printed(&["apply"]);
    lab.assert_true(&lab.head(), &["leaf1", "leaf2", "spine1"]);
}

/// A device that is another than the intent means gets nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_runs_another_version_gets_no_set() {
    let settings = Settings {
        device: |device| {
            if device.name.as_str() == "leaf1" {
                "4.20.1F".clone_into(&mut device.software_version);
            }
        },
        ..Settings::default()
    };
    let lab = Lab::with(Intent::pair(), settings);
    let mut agent = Running::start(&lab);
    let reason = agent.stands("leaf1", Standing::Behind).await;
    assert!(reason.contains("4.20.1F") && reason.contains("nothing was sent"), "{reason}");
    lab.assert_true(&lab.head(), &["spine1"]);
    assert_eq!(lab.device("leaf1").sets_received(), 0);
    agent.end().await;
}

/// A device that was away when everything was read back, and needs nothing, is current as
/// soon as it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_away_at_a_read_back_is_read_when_it_is_back() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    agent.end().await;
    lab.device("spine1").down();
    assert_eq!(lab.gitfabric(&["apply"]).status.code(), Some(1), "it reads everything back");
    assert_eq!(lab.entry("spine1").standing, Standing::Unreachable);
    lab.device("spine1").up().unwrap();
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:1");
    agent.end().await;
}

/// Drift is told and left alone by default; a commit that does not concern the device does
/// not hide it, and one that does takes it away.
#[tokio::test(flavor = "multi_thread")]
async fn drift_is_told_until_it_is_mended() {
    let settings = Settings { config: "mode: apply\nfull-read-back: 1s", ..Settings::default() };
    let lab = Lab::with(Intent::pair(), settings);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let name = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
    lab.device("leaf1").edit(&[], &[(name.parse().unwrap(), json!("by-hand"))]).unwrap();
    let reason = agent.stands("leaf1", Standing::Drifted).await;
    assert!(reason.contains("behind our back"), "{reason}");
    agent.end().await;

    let unrelated = lab.commit("A banner", |files| files.set_spine_raw("x"));
    let mut agent = Running::start(&lab);
    let report = agent
        .until("the spine is set", |report| {
            report.devices.iter().any(|device| {
                device.device.as_str() == "spine1" && device.commit.as_ref() == Some(&unrelated)
            })
        })
        .await;
    let drifted = report.devices.iter().find(|device| device.device.as_str() == "leaf1").unwrap();
    assert_eq!(drifted.standing, Standing::Drifted);
    assert_eq!(lab.device("leaf1").sets_received(), 1, "an alert is no correction");
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    lab.assert_true(&renamed, &["leaf1", "leaf2", "spine1"]);
    agent.end().await;
}

/// While a pass waits for a device, what is seen on others is published at once, as of the middle of
/// a turn.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_seen_on_a_device_while_a_pass_waits_for_another_is_published_at_once() {
    let lab = Lab::with(Intent::pair(), Settings { poll: "1h", ..Settings::default() });
    let mut agent = Running::start(&lab);
    let turns = agent.settled(&lab.head()).await.turns;
    let gate = lab.device("leaf2").hold_sets();
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    soon("the second Set", lab.device("leaf2").wait_for_sets(2)).await;
    let description = "/interfaces/interface[name=Ethernet1]/config/description";
    by_hand(&lab, "spine1", &[(description, json!("by hand"))]);
    let drifted = |report: &Report| {
        report
            .devices
            .iter()
            .any(|device| device.device.as_str() == "spine1" && device.standing == Standing::Drifted)
    };
    let report = agent.meanwhile("the spine has drifted", drifted).await;
    assert_eq!((report.turns, &report.trouble), (turns, &None), "the turn is not over");
    gate.open();
    let report = agent.until("the pass is over", |report| report.turns > turns).await;
    assert!(drifted(&report), "{report:#?}");
    lab.assert_true(&renamed, &["leaf1", "leaf2"]);
    agent.end().await;
}

/// A device that cannot tell of changes and was away for a moment is polled as before.
#[tokio::test(flavor = "multi_thread")]
async fn a_polled_device_that_was_away_is_polled_again() {
    let settings = Settings {
        config: "mode: apply\ndrift: { poll: 1s }",
        device: |device| device.personality.on_change = OnChange::Nowhere(Code::Unimplemented),
        ..Settings::default()
    };
    let lab = Lab::with(Intent::pair(), settings);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let leaf1: gitfabric::names::DeviceName = "leaf1".parse().unwrap();
    let state = || lab.store().watches(&fabric_name()).unwrap().get(&leaf1).map(|watch| watch.state);
    for (case, expected) in
        [("at first", WatchState::Polling), ("down", WatchState::Away), ("up", WatchState::Polling)]
    {
        match case {
            "down" => lab.device("leaf1").down(),
            "up" => lab.device("leaf1").up().unwrap(),
            _ => {}
        }
        agent.until(case, |_| state() == Some(expected)).await;
    }
    agent.end().await;
}
