//! A person asks to leave a device, or a path of it, alone: nothing is sent there, others go
//! on, and it ends by itself.

use gitfabric::agent::run::Report;
use gitfabric::record::{NewsKind, Standing};
use serde_json::{Value as Json, json};

use crate::corrections::{LOOKING, by_hand, held, news, with_policy};
use crate::intent::Intent;
use crate::lab::{Lab, Settings, fabric_name};
use crate::running::{Running, soon};

const ETHERNET11: &str = "/interfaces/interface[name=Ethernet11]";
const HELD: &str = "/interfaces/interface[name=Ethernet11]/config/description";
const OTHER: &str = "/interfaces/interface[name=Loopback0]/config/description";

fn hold(lab: &Lab, place: &[&str], length: &str) -> String {
    let what = ["--for", length, "--reason", "a broken optic"];
    lab.printed(&[&["hold"], place, &what].concat())
}

/// A held device gets nothing, while the others get the commit; lifted, it follows.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_device_gets_nothing_and_the_others_go_on() {
    let lab = Lab::with(with_policy(Intent::pair(), "{ default: correct }"), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let said = hold(&lab, &["leaf1"], "1h");
    assert!(said.contains("nothing is sent to it"), "{said}");
    by_hand(&lab, "leaf1", &[(HELD, json!("by hand"))]);
    let why = agent.stands_for("leaf1", Standing::Drifted, "held until").await;
    assert!(why.contains("a broken optic"), "{why}");

    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    let why = agent.stands("leaf1", Standing::Held).await;
    assert!(why.contains("a broken optic"), "{why}");
    agent
        .until("leaf2 has the commit", |report| {
            let at =
                |name: &str| report.devices.iter().find(|device| device.device.as_str() == name).unwrap();
            at("leaf2").standing == Standing::Current && at("leaf2").commit.as_ref() == Some(&renamed)
        })
        .await;
    assert_eq!(lab.sets(), "leaf1:1 leaf2:2 spine1:1");
    let shown = lab.printed(&["status"]);
    assert!(shown.contains("all of it") && shown.contains("59m"), "{shown}");
    let status: Json = serde_json::from_str(&lab.printed(&["status", "--json"])).unwrap();
    let leaf1 = &status["fabrics"][0]["devices"][0];
    assert_eq!((&leaf1["state"], &leaf1["holds"][0]["reason"]), (&json!("held"), &json!("a broken optic")));

    lab.printed(&["hold", "leaf1", "--lift"]);
    agent.settled(&renamed).await;
    assert_eq!(lab.printed(&["hold", "--list"]), "Nothing is held.\n");
    agent.end().await;
}

/// Whoever holds a device to which a Set is under way is told so: that one is not held back.
#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_device_is_told_of_a_set_that_is_in_flight() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let in_flight = "A Set was begun before that";
    let said = hold(&lab, &["leaf2", ETHERNET11], "1h");
    assert!(!said.contains(in_flight), "{said}");
    let gate = lab.device("leaf1").hold_sets();
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    soon("the Set", lab.device("leaf1").wait_for_sets(2)).await;
    let said = hold(&lab, &["leaf1"], "1h");
    assert!(said.contains(in_flight), "{said}");
    let said: Json = serde_json::from_str(&hold(&lab, &["leaf1", "--json"], "2h")).unwrap();
    assert_eq!(said["set_in_flight"], json!(true), "{said:#}");
    gate.open();
    agent.settled(&renamed).await;
    agent.end().await;
}

/// How long something is held that is to end within a test: the next if what happens meanwhile took
/// a busy machine longer. And a name for a VLAN, each time another.
const LENGTHS: [(&str, &str); 3] = [("6s", "web"), ("20s", "db"), ("60s", "app")];

/// A hold ends by itself, and the agent goes on at that moment: nothing else wakes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ends_by_itself() {
    let settings = Settings { poll: "10m", ..Settings::default() };
    let lab = Lab::with(Intent::pair(), settings);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let mut seen = false;
    for (length, name) in LENGTHS {
        hold(&lab, &["leaf1"], length);
        let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan(name));
        let report = agent
            .until("it is held, or was until before the commit was seen", |report| {
                let leaf1 = report.devices.iter().find(|device| device.device.as_str() == "leaf1").unwrap();
                leaf1.standing == Standing::Held || leaf1.commit.as_ref() == Some(&renamed)
            })
            .await;
        agent.settled(&renamed).await;
        seen = report.devices.iter().any(|device| device.standing == Standing::Held);
        if seen {
            break;
        }
    }
    assert!(seen, "it was never seen to be held");
    agent.end().await;
}

/// What is held is not put back, what is not is; and when the hold ends it is, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_path_is_not_put_back_until_the_hold_ends() {
    let lab = Lab::with(with_policy(Intent::pair(), "{ default: correct }"), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let (ours, other) = (held(&lab, "leaf1", HELD), held(&lab, "leaf1", OTHER));
    hold(&lab, &["leaf1", ETHERNET11], "1h");
    by_hand(&lab, "leaf1", &[(HELD, json!("by hand")), (OTHER, json!("by hand"))]);
    soon("the correction", lab.device("leaf1").wait_for_ended_sets(2)).await;
    agent.stands_for("leaf1", Standing::Drifted, "a broken optic").await;
    assert_eq!(held(&lab, "leaf1", HELD), "by hand");
    assert_eq!(held(&lab, "leaf1", OTHER), other);
    lab.printed(&["hold", "leaf1", ETHERNET11, "--lift"]);
    agent.settled(&lab.head()).await;
    assert_eq!(held(&lab, "leaf1", HELD), ours);
    agent.end().await;
}

/// What was changed while it was held is put back when the hold ends: nothing else wakes the
/// agent, which polls Git in ten minutes.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_was_held_back_is_made_when_the_hold_ends() {
    let settings = Settings { poll: "10m", ..Settings::default() };
    let lab = Lab::with(with_policy(Intent::pair(), "{ default: correct }"), settings);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let ours = held(&lab, "leaf1", HELD);
    let is_held = |report: &Report| {
        let why = report.devices.iter().find_map(|device| device.reason.as_ref());
        why.is_some_and(|why| why.contains("a broken optic"))
    };
    let mut seen = false;
    for (length, _) in LENGTHS {
        let sets = lab.device("leaf1").sets_received();
        hold(&lab, &["leaf1", ETHERNET11], length);
        by_hand(&lab, "leaf1", &[(HELD, json!("by hand"))]);
        let report = agent
            .until("it is seen and held back, or was held until before it was seen", |report| {
                is_held(report) || lab.device("leaf1").sets_received() > sets
            })
            .await;
        let stands = held(&lab, "leaf1", HELD);
        let holds = lab.store().holds(&fabric_name(), jiff::Timestamp::now()).unwrap();
        seen = is_held(&report) && holds.iter().next().is_some();
        assert!(!seen || stands == "by hand", "{stands}");
        soon("the correction", lab.device("leaf1").wait_for_ended_sets(sets + 1)).await;
        agent.settled(&lab.head()).await;
        assert_eq!(held(&lab, "leaf1", HELD), ours);
        if seen {
            break;
        }
    }
    assert!(seen, "it was never seen to be held back");
    agent.end().await;
}

/// What was given up stays given up when a hold is placed, and when one ends that has nothing to do
/// with it; it goes on when a hold of it ends.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_goes_on_when_a_hold_of_it_ends() {
    let policy = "{ default: correct, corrections-per-hour: 1 }";
    let lab = Lab::with(with_policy(Intent::pair(), policy), Settings::default());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let ours = held(&lab, "leaf1", HELD);
    by_hand(&lab, "leaf1", &[(HELD, json!("by hand"))]);
    soon("the correction", lab.device("leaf1").wait_for_ended_sets(2)).await;
    let corrected = || !news(&lab, NewsKind::DriftCorrected).is_empty();
    agent.until("it is on record", |_| corrected()).await;
    by_hand(&lab, "leaf1", &[(HELD, json!("by hand"))]);
    agent.stands_for("leaf1", Standing::Drifted, "given up").await;
    let given_up = || !lab.store().given_up(&fabric_name()).unwrap().is_empty();
    let another = "/interfaces/interface[name=Loopback0]";
    for (place, what) in [(another, "another"), (ETHERNET11, "it")] {
        hold(&lab, &["leaf1", place], "1h");
        assert!(given_up(), "{what} is held");
    }
    lab.printed(&["hold", "leaf1", another, "--lift"]);
    assert!(given_up(), "the other is held no more");
    let turns = agent.until("a report", |_| true).await.turns;
    agent.until("more turns", |report| report.turns >= turns + 3).await;
    assert_eq!(lab.device("leaf1").sets_received(), 2);

    hold(&lab, &["leaf1", ETHERNET11], "1s");
    soon("it is put back", lab.device("leaf1").wait_for_ended_sets(3)).await;
    agent.settled(&lab.head()).await;
    assert_eq!(held(&lab, "leaf1", HELD), ours);
    agent.end().await;
}

/// A commit that touches what is held waits on that device, and one that does not goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_touches_a_held_path_waits_there() {
    let lab = Lab::with(Intent::pair(), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    hold(&lab, &["leaf1", "/network-instances/network-instance[name=default]/vlans"], "1h");
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    let why = agent.stands("leaf1", Standing::Held).await;
    assert!(
        why.starts_with("what it lacks touches /network-instances/") && why.contains("a broken optic"),
        "{why}"
    );
    assert_eq!(lab.device("leaf1").sets_received(), 1);
    lab.printed(&["hold", "leaf1", "/network-instances/network-instance[name=default]/vlans", "--lift"]);
    agent.settled(&renamed).await;

    hold(&lab, &["leaf1", ETHERNET11], "1h");
    let again = lab.commit("Rename it again", |files| files.rename_vlan("db"));
    agent.settled(&again).await;
    agent.end().await;
}

/// What cannot be held is refused with what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_says_what_it_needs() {
    let lab = Lab::new(Intent::pair());
    lab.printed(&["apply"]);
    for (arguments, expected) in [
        (&["hold", "leaf1", "--reason", "x"][..], "--for"),
        (&["hold", "leaf1", "--for", "4h"], "--reason"),
        (&["hold", "leaf1", "--for", "8d", "--reason", "x"], "7 days at most"),
        (&["hold", "laef1", "--for", "4h", "--reason", "x"], "did you mean `leaf1`?"),
        (&["hold", "leaf1", "/interfaces/interface", "--for", "4h", "--reason", "x"], "name one entry"),
        (&["hold", "leaf1", "--lift"], "leaf1 is not held"),
    ] {
        let output = lab.gitfabric(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && errors.contains(expected), "{arguments:?}: {errors}");
    }
}
