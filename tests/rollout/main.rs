//! Rollout against simulated devices over TLS sockets: what a pass does once devices were
//! read, and what it leaves on device and record when something goes wrong.
//!
//! Here: one Set per device, lost answers, refusals, partners, secrets. `lab`: the whole
//! example repository. `world`: devices, a record, passes. Elsewhere: deciding what a pass
//! is about (`agent`), plans as tables (`src/plan`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod lab;
mod world;

use std::collections::BTreeMap;

use gitfabric::names::DeviceName;
use gitfabric::plan::{DevicePlan, Recorded};
use gitfabric::record::{self, Hold, NewsLeaf, Standing};
use gitfabric::rollout::{Outcome, Partner, PuttingBack, run};
use gitfabric::secret::SecretText;
use gitfabric::simulator::{DeviceConfig, SetFault, SetOutcome};
use gitfabric::yang::Path;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use world::{Want, World, commit, fabric, schema, tree, vlans};

fn why(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Unreachable(why)
        | Outcome::Lost(why)
        | Outcome::Refused(why)
        | Outcome::Unequal(why)
        | Outcome::NotCorrected(why)
        | Outcome::Held(why)
        | Outcome::Waiting(why) => why,
        Outcome::Applied | Outcome::Corrected(_) | Outcome::Stopped => "",
    }
}

#[tokio::test]
async fn a_commit_reaches_each_device_in_one_set_and_the_record_agrees() {
    let mut world = World::new(&["leaf1", "leaf2"]);
    let desired = tree(&vlans(&[(40, "web"), (50, "db")]));
    let outcomes = world.pass("leaf1 | leaf2", &desired).await;
    for name in ["leaf1", "leaf2"] {
        assert_eq!(outcomes[name], Outcome::Applied, "{name}");
        assert_eq!(world.handle(name).sets_received(), 1, "{name}");
        assert_eq!(world.recorded(name).tree, desired, "{name}");
        assert_eq!(world.in_flight(name), None, "{name}");
        assert!(world.handle(name).annotation().is_some(), "the commit stands on {name} too");
    }
    assert!(world.pass("leaf1 | leaf2", &desired).await.is_empty(), "no Set without a change");
}

#[tokio::test]
async fn a_revert_restores_the_tree_and_leaves_foreign_configuration_alone() {
    let mut world = World::new(&["leaf1"]);
    let (before, after) = (tree(&vlans(&[(40, "web")])), tree(&vlans(&[(40, "www"), (50, "db")])));
    world.pass("leaf1", &before).await;
    let foreign: Path = "/system/config/login-banner".parse().unwrap();
    world.handle("leaf1").edit(&[], &[(foreign.clone(), json!("keep out"))]).unwrap();
    let held = world.handle("leaf1").config();
    world.pass("leaf1", &after).await;
    assert_eq!(world.vlan("leaf1", 50).as_deref(), Some("db"));
    world.pass("leaf1", &before).await;
    assert_eq!(world.handle("leaf1").config(), held);
    assert_eq!(world.recorded("leaf1").tree, before);
    assert!(held.get(&foreign).is_some());
}

#[tokio::test]
async fn what_the_schema_lacks_keeps_the_entry_that_holds_it() {
    let entry = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]";
    let colour: Path = format!("{entry}/config/colour").parse().unwrap();
    let mut device = DeviceConfig::new("leaf1".parse().unwrap(), schema(), tree(&vlans(&[(40, "theirs")])));
    device.foreign = vec![(colour, json!("blue"))];
    let mut world = World::with([device]);
    world.pass("leaf1", &tree(&vlans(&[(40, "web")]))).await;
    assert_eq!(world.vlan("leaf1", 40).as_deref(), Some("web"));
    // even if the entry were ours
    let ours = entry.parse().unwrap();
    let mut recorded = world.recorded("leaf1");
    recorded.created.insert(ours);
    let leaf1 = "leaf1".parse().unwrap();
    world.store.lock().unwrap().own(&fabric(), &leaf1, &recorded, &schema()).unwrap();
    assert_eq!(world.pass("leaf1", &tree(&vlans(&[]))).await["leaf1"], Outcome::Applied);
    assert_eq!(world.vlan("leaf1", 40), None, "our leaf is gone");
    let deleted = &world.handle("leaf1").sets()[1].operations;
    assert!(deleted.iter().all(|(_, path)| path.to_string() != entry), "{deleted:?}");
}

#[tokio::test]
async fn an_answer_lost_on_the_wire_is_settled_by_reading() {
    for (case, fault, sets) in [
        ("the Set was applied: it is not sent again", SetFault::LoseAnswer, 1),
        ("the Set was not applied: it is sent once more", SetFault::LoseRequest, 2),
    ] {
        let mut world = World::new(&["leaf1"]);
        world.handle("leaf1").next_set(fault);
        let desired = tree(&vlans(&[(40, "web")]));
        assert_eq!(world.pass("leaf1", &desired).await["leaf1"], Outcome::Applied, "{case}");
        assert_eq!(world.handle("leaf1").sets_received(), sets, "{case}");
        assert_eq!(world.recorded("leaf1").tree, desired, "{case}");
    }
}

#[tokio::test]
async fn a_set_that_is_lost_twice_is_not_sent_a_third_time() {
    let mut world = World::new(&["leaf1"]);
    world.handle("leaf1").next_set(SetFault::LoseRequest);
    world.handle("leaf1").next_set(SetFault::LoseRequest);
    let outcome = world.pass("leaf1", &tree(&vlans(&[(40, "web")]))).await.remove("leaf1").unwrap();
    assert!(why(&outcome).starts_with("it did not answer the Set and does not hold"), "{outcome:?}");
    assert_eq!(world.handle("leaf1").sets_received(), 2);
    assert_eq!(world.recorded("leaf1"), Recorded::default());
}

/// A person holds the device while it is not known whether it has the Set: it has not, and is not
/// sent it a second time. A correction that was never made does not count.
#[tokio::test]
async fn a_set_that_is_lost_is_not_sent_again_to_a_device_that_is_held_by_then() {
    for corrects in [false, true] {
        let mut world = World::new(&["leaf1"]);
        let desired = tree(&vlans(&[(40, "web")]));
        let context = world.context();
        let mut job = world.job("leaf1", &Want::from(&desired), &context).await.unwrap();
        if corrects {
            let leaves = vec![NewsLeaf {
                path: "/vlans".to_owned(),
                kind: "owned".to_owned(),
                recorded: None,
                live: None,
                origin: None,
            }];
            job.putting_back = Some(PuttingBack { whole: job.plan.clone(), left: None, leaves });
        }
        world.handle("leaf1").next_set(SetFault::LoseRequest);
        let gate = world.handle("leaf1").hold_sets();
        let leaf1: DeviceName = "leaf1".parse().unwrap();
        let (waves, jobs) = (vec![vec![leaf1.clone()]], BTreeMap::from([(leaf1.clone(), job)]));
        let rollout = tokio::spawn(async move { run(&waves, jobs, &BTreeMap::new(), &context).await });
        world.handle("leaf1").wait_for_sets(1).await;
        let now = Timestamp::now();
        let hold = Hold {
            device: leaf1.clone(),
            path: Path::root(),
            until: now + SignedDuration::from_hours(1),
            reason: "a broken optic".to_owned(),
            by: "ann".to_owned(),
            since: now,
        };
        world.store.lock().unwrap().set_hold(&fabric(), &hold).unwrap();
        gate.open();

        let outcomes = rollout.await.unwrap().unwrap();
        let Outcome::Held(why) = &outcomes[&leaf1] else { panic!("{corrects}: {outcomes:?}") };
        assert!(why.contains("a broken optic"), "{why}");
        assert_eq!(world.handle("leaf1").sets_received(), 1, "corrects: {corrects}");
        assert_eq!(world.in_flight("leaf1"), None, "corrects: {corrects}");
        let count = world.store.lock().unwrap().corrections(&fabric(), &leaf1, Timestamp::now()).unwrap();
        assert_eq!(count, 0, "corrects: {corrects}");
    }
}

#[tokio::test]
async fn what_is_about_to_be_sent_is_on_record_before_it_is_sent() {
    let mut world = World::new(&["leaf1"]);
    let desired = tree(&vlans(&[(40, "web")]));
    let context = world.context();
    let job = world.job("leaf1", &Want::from(&desired), &context).await.unwrap();
    let digest = job.operations.digest();
    let gate = world.handle("leaf1").hold_sets();
    let waves = vec![vec!["leaf1".parse().unwrap()]];
    let jobs = BTreeMap::from([("leaf1".parse().unwrap(), job)]);
    let rollout = tokio::spawn(async move { run(&waves, jobs, &BTreeMap::new(), &context).await });
    world.handle("leaf1").wait_for_sets(1).await;
    assert_eq!(world.in_flight("leaf1").unwrap().set, digest);

    gate.open();
    assert_eq!(rollout.await.unwrap().unwrap().values().next(), Some(&Outcome::Applied));
    assert_eq!(world.in_flight("leaf1"), None);
}

#[tokio::test]
async fn a_set_whose_outcome_was_never_recorded_leaves_nothing_foreign_behind() {
    for (case, applied) in [("it came through", true), ("it did not", false)] {
        let mut world = World::new(&["leaf1"]);
        let desired = tree(&vlans(&[(40, "web")]));
        let context = world.context();
        let job = world.job("leaf1", &Want::from(&desired), &context).await.unwrap();
        let set = job.plan.in_flight(job.operations.digest());
        let flight = record::InFlight {
            pass: context.journal.pass,
            commit: commit(),
            tree_hash: "00".to_owned(),
            set,
        };
        let now = jiff::Timestamp::UNIX_EPOCH;
        let leaf1 = "leaf1".parse().unwrap();
        world
            .store
            .lock()
            .unwrap()
            .begin_set(&fabric(), &leaf1, (&flight, &DevicePlan::default()), &schema(), now)
            .unwrap();
        if applied {
            let updates: Vec<_> = job
                .operations
                .updates
                .iter()
                .map(|write| (write.path.clone(), write.value.expose().clone()))
                .collect();
            world.handle("leaf1").edit(&[], &updates).unwrap();
        }
        // the agent died here; the next commit asks for nothing
        world.pass("leaf1", &tree(&vlans(&[]))).await;
        assert_eq!(world.vlan("leaf1", 40), None, "{case}");
        let entry =
            "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]".parse().unwrap();
        assert!(!world.handle("leaf1").config().contains_below(&entry), "{case}");
    }
}

#[tokio::test]
async fn a_no_that_may_be_a_yes_is_settled_by_reading() {
    let (code, message) = (tonic::Code::Internal, "commit failed".to_owned());
    for (case, fault, outcome, name) in [
        ("it was applied", SetFault::Belie { code, message: message.clone() }, "", Some("web")),
        ("it was not", SetFault::Refuse { code, message }, "commit failed", None),
    ] {
        let mut world = World::new(&["leaf1"]);
        world.handle("leaf1").next_set(fault);
        let outcomes = world.pass("leaf1", &tree(&vlans(&[(40, "web")]))).await;
        assert!(why(&outcomes["leaf1"]).contains(outcome), "{case}: {:?}", outcomes["leaf1"]);
        assert_eq!(matches!(outcomes["leaf1"], Outcome::Applied), name.is_some(), "{case}");
        assert_eq!(matches!(outcomes["leaf1"], Outcome::Refused(_)), name.is_none(), "{case}");
        assert_eq!(world.vlan("leaf1", 40).as_deref(), name, "{case}");
        assert_eq!(world.handle("leaf1").sets_received(), 1, "{case}: a no is not asked twice");
        assert_eq!(world.in_flight("leaf1"), None, "{case}");
    }
}

#[tokio::test]
async fn a_refusal_holds_the_partner_and_the_waves_that_have_not_begun() {
    let mut world = World::new(&["leaf1", "leaf2", "leaf3", "spine1"]);
    let fault = SetFault::Refuse { code: tonic::Code::InvalidArgument, message: "no such thing".to_owned() };
    world.handle("leaf1").next_set(fault);
    let desired = tree(&vlans(&[(40, "web")]));
    let outcomes = world.pass("leaf1 leaf3 | leaf2 | spine1", &desired).await;
    assert!(matches!(&outcomes["leaf1"], Outcome::Refused(why) if why.contains("no such thing")));
    assert_eq!(outcomes["leaf3"], Outcome::Applied, "its wave had begun");
    for name in ["leaf2", "spine1"] {
        assert!(why(&outcomes[name]).contains("leaf1"), "{name}: {:?}", outcomes[name]);
        assert_eq!(world.handle(name).sets_received(), 0, "{name}");
    }
    assert_eq!(world.in_flight("leaf1"), None, "a refused Set is no open question");
    assert_eq!(world.standing("leaf1"), Standing::Diverged, "on record before the pass ends");
    assert_eq!(world.recorded("leaf1"), Recorded::default());
    // the next commit leaves it
    let outcomes = world.pass("leaf1 leaf3 | leaf2 | spine1", &desired).await;
    assert!(outcomes.values().all(|outcome| *outcome == Outcome::Applied), "{outcomes:?}");
}

#[tokio::test]
async fn a_device_that_does_not_hold_what_it_took_has_diverged() {
    let mut world = World::new(&["leaf1", "leaf2"]);
    let name = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
    world.handle("leaf1").next_set(SetFault::NotTaken(Some(name.parse().unwrap())));
    let outcomes = world.pass("leaf1 | leaf2", &tree(&vlans(&[(40, "web"), (50, "db")]))).await;
    assert!(matches!(&outcomes["leaf1"], Outcome::Unequal(why) if why.contains(name)), "{outcomes:?}");
    assert!(matches!(outcomes["leaf2"], Outcome::Waiting(_)));
    assert_eq!(world.standing("leaf1"), Standing::Diverged, "on record before the pass ends");
    assert_eq!(world.in_flight("leaf1"), None);
    // what it did take is ours: the next commit takes it away
    world.pass("leaf1", &tree(&vlans(&[]))).await;
    assert_eq!(world.vlan("leaf1", 50), None);
}

#[tokio::test]
async fn a_member_waits_while_its_partner_is_down_and_both_catch_up() {
    let mut world = World::new(&["leaf1", "leaf2", "leaf3"]);
    world.handle("leaf2").down();
    let desired = tree(&vlans(&[(40, "web")]));
    let outcomes = world.pass("leaf1 leaf3 | leaf2", &desired).await;
    assert_eq!(outcomes["leaf3"], Outcome::Applied, "one bad device does not hold the rest");
    assert!(why(&outcomes["leaf1"]).contains("partner leaf2 is not reachable"), "{outcomes:?}");
    assert_eq!(world.handle("leaf1").sets_received(), 0);
    world.handle("leaf2").up().unwrap();
    let outcomes = world.pass("leaf1 leaf3 | leaf2", &desired).await;
    assert_eq!(outcomes.len(), 2, "leaf3 needs nothing");
    assert!(outcomes.values().all(|outcome| *outcome == Outcome::Applied), "{outcomes:?}");
}

#[tokio::test]
async fn a_partner_that_goes_down_after_it_was_read_is_noticed() {
    let mut world = World::new(&["leaf1", "leaf2"]);
    let context = world.context();
    let job = world.job("leaf1", &Want::from(&tree(&vlans(&[(40, "web")]))), &context).await.unwrap();
    let partner = Partner { device: world.device("leaf2"), ill: None };
    world.handle("leaf2").down();
    let leaf1: DeviceName = "leaf1".parse().unwrap();
    let waves = [vec![leaf1.clone()]];
    let partners = BTreeMap::from([(leaf1.clone(), vec![partner])]);
    let outcomes = run(&waves, BTreeMap::from([(leaf1.clone(), job)]), &partners, &context).await.unwrap();
    assert!(matches!(outcomes[&leaf1], Outcome::Waiting(_)), "{outcomes:?}");
    assert_eq!(world.handle("leaf1").sets_received(), 0);
}

#[tokio::test]
async fn a_set_after_which_a_device_is_gone_reaches_no_further_wave() {
    let mut world = World::new(&["leaf1", "leaf3", "spine1"]);
    let desired = tree(&vlans(&[(40, "web")]));
    let context = world.context();
    let (mut jobs, mut waves) = (BTreeMap::new(), Vec::new());
    for name in ["leaf1", "leaf3", "spine1"] {
        let job = world.job(name, &Want::from(&desired), &context).await.unwrap();
        let name: DeviceName = name.parse().unwrap();
        jobs.insert(name.clone(), job);
        waves.push(vec![name]);
    }
    let gate = world.handle("leaf1").hold_sets();
    let rollout = tokio::spawn(async move { run(&waves, jobs, &BTreeMap::new(), &context).await });
    world.handle("leaf1").wait_for_sets(1).await;
    world.handle("leaf1").down();
    drop(gate);
    // the agent would call it again for a minute; it is asked to end
    world.stop.cancel();
    let outcomes = rollout.await.unwrap().unwrap();
    assert!(matches!(outcomes["leaf1"], Outcome::Lost(_)), "{outcomes:?}");
    for name in ["leaf3", "spine1"] {
        assert!(why(&outcomes[name]).contains("leaf1 was sent a Set"), "{name}: {:?}", outcomes[name]);
        assert_eq!(world.handle(name).sets_received(), 0, "{name}");
    }
}

#[tokio::test]
async fn a_device_that_changes_while_it_waits_for_its_wave_is_planned_anew() {
    let mut world = World::new(&["leaf1", "leaf3"]);
    let vlan = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=50]";
    let theirs: Path = format!("{vlan}/config/status").parse().unwrap();
    world.pass("leaf3", &tree(&vlans(&[(50, "db")]))).await;
    let desired = tree(&vlans(&[(40, "web")]));
    let context = world.context();
    let (mut jobs, mut waves) = (BTreeMap::new(), Vec::new());
    for name in ["leaf1", "leaf3"] {
        let job = world.job(name, &Want::from(&desired), &context).await.unwrap();
        jobs.insert(name.parse().unwrap(), job);
        waves.push(vec![name.parse().unwrap()]);
    }
    assert!(jobs["leaf3"].plan.removed.contains(&vlan.parse().unwrap()));
    let gate = world.handle("leaf1").hold_sets();
    let rollout = tokio::spawn(async move { run(&waves, jobs, &BTreeMap::new(), &context).await });
    world.handle("leaf1").wait_for_sets(1).await;
    world.handle("leaf3").edit(&[], &[(theirs.clone(), json!("SUSPENDED"))]).unwrap();
    gate.open();
    let outcomes = rollout.await.unwrap().unwrap();
    assert!(why(&outcomes["leaf3"]).contains("planned anew"), "{outcomes:?}");
    world.pass("leaf3", &desired).await;
    assert_eq!(world.vlan("leaf3", 40).as_deref(), Some("web"));
    assert!(world.handle("leaf3").config().get(&theirs).is_some(), "what is foreign survives");
}

#[tokio::test]
async fn an_entry_of_ours_that_somebody_took_away_is_theirs_once_they_make_it_anew() {
    let mut world = World::new(&["leaf1"]);
    let entry: Path =
        "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]".parse().unwrap();
    world.pass("leaf1", &tree(&vlans(&[(40, "web"), (50, "db")]))).await;
    assert!(world.recorded("leaf1").created.contains(&entry));
    world.handle("leaf1").edit(std::slice::from_ref(&entry), &[]).unwrap();
    world.pass("leaf1", &tree(&vlans(&[(50, "data")]))).await;
    let id: Path = format!("{entry}/config/vlan-id").parse().unwrap();
    world.handle("leaf1").edit(&[], &[(id.clone(), json!(40))]).unwrap();
    world.pass("leaf1", &tree(&vlans(&[(50, "store")]))).await;
    assert!(world.handle("leaf1").config().get(&id).is_some(), "it is foreign now");
}

#[tokio::test]
async fn nothing_is_begun_once_the_agent_was_asked_to_end() {
    let mut world = World::new(&["leaf1"]);
    world.stop.cancel();
    let outcomes = world.pass("leaf1", &tree(&vlans(&[(40, "web")]))).await;
    assert_eq!(outcomes["leaf1"], Outcome::Stopped);
    assert_eq!(world.handle("leaf1").sets_received(), 0);
}

#[tokio::test]
async fn a_device_that_dies_in_the_middle_of_a_set_is_settled_when_it_is_back() {
    let mut world = World::new(&["leaf1"]);
    let desired = tree(&vlans(&[(40, "web")]));
    let context = world.context();
    let job = world.job("leaf1", &Want::from(&desired), &context).await.unwrap();
    let gate = world.handle("leaf1").hold_sets();
    let waves = vec![vec!["leaf1".parse().unwrap()]];
    let jobs = BTreeMap::from([("leaf1".parse().unwrap(), job)]);
    let rollout = tokio::spawn(async move { run(&waves, jobs, &BTreeMap::new(), &context).await });
    world.handle("leaf1").wait_for_sets(1).await;
    world.handle("leaf1").down();
    drop(gate);
    // the agent would call it again for a minute; it is asked to end
    world.stop.cancel();
    let outcomes = rollout.await.unwrap().unwrap();
    assert!(matches!(outcomes.values().next(), Some(Outcome::Lost(_))), "{outcomes:?}");
    assert!(world.in_flight("leaf1").is_some(), "what was sent stays an open question");

    world.handle("leaf1").up().unwrap();
    world.stop = CancellationToken::new();
    let outcomes = world.pass("leaf1", &desired).await;
    assert!(outcomes.values().all(|outcome| *outcome == Outcome::Applied), "{outcomes:?}");
    assert_eq!(world.vlan("leaf1", 40).as_deref(), Some("web"));
}

#[tokio::test]
async fn a_secret_that_is_read_back_hashed_is_no_drift_until_it_changes() {
    let mut world = World::new(&["leaf1"]);
    let neighbor = json!({"neighbor-address": "10.0.0.1", "config": {
        "neighbor-address": "10.0.0.1", "peer-as": 65001, "auth-password": "secret:fw"}});
    let bgp = json!({"global": {"config": {"as": 65000}}, "neighbors": {"neighbor": [neighbor]}});
    let protocol = json!({"identifier": "BGP", "name": "BGP", "bgp": bgp,
        "config": {"identifier": "openconfig-policy-types:BGP", "name": "BGP"}});
    let desired = tree(&json!({"openconfig-network-instance:network-instances": {"network-instance": [
        {"name": "default", "config": {"name": "default"}, "protocols": {"protocol": [protocol]}}
    ]}}));
    for (case, value, sets) in [
        ("sent", "hunter1", 1),
        ("as it was", "hunter1", 1),
        ("changed", "hunter2", 2),
        ("again", "hunter2", 2),
    ] {
        world.secrets.insert("fw".parse().unwrap(), SecretText::new(value));
        let outcomes = world.pass("leaf1", &desired).await;
        assert!(outcomes.values().all(|outcome| *outcome == Outcome::Applied), "{case}: {outcomes:?}");
        assert_eq!(world.handle("leaf1").sets_received(), sets, "{case}");
    }
}

#[tokio::test]
async fn sets_to_one_device_never_overlap_and_each_changes_something() {
    let mut world = World::new(&["leaf1"]);
    for names in [[(40, "a")], [(40, "b")], [(41, "c")]] {
        world.pass("leaf1", &tree(&vlans(&names))).await;
    }
    let handle = world.handle("leaf1");
    assert_eq!(handle.most_sets_at_once(), 1);
    assert!(handle.sets().iter().all(|set| set.outcome == SetOutcome::Applied { changed: true }));
}
