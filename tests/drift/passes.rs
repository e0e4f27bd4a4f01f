//! Watching beside passes: what the agent sends is no drift, what somebody does meanwhile is
//! judged when the pass is over, and putting back ends.

use std::sync::Arc;

use gitfabric::gnmi::Deadlines;
use gitfabric::record::{DriftKind, EventKind, NewsKind, Standing};
use gitfabric::simulator::{Packing, SetFault};
use serde_json::json;

use crate::intent::Intent;
use crate::lab::{Lab, fabric_name};
use crate::running::{Process, Running, soon, until};
use crate::watching::{Watching, eager, paths};
use crate::world::{
    DESCRIPTION, OTHER, VLAN_NAME, agent, by_hand, differs, held, in_order, lab, lab_of, news, on, rows,
    told, told_by_now,
};

/// A leaf of ours on the spine.
const SPINE: &str = "/interfaces/interface[name=Ethernet1]/config/description";

/// Commits, reverts and corrections, each told leaf by leaf by the device: none of what was sent
/// is ever taken for somebody else's doing.
#[tokio::test(flavor = "multi_thread")]
async fn own_sets_are_never_drift() {
    let lab = lab_of(Intent::pair(), "{ default: alert }", "", |device| {
        device.personality.packing = Packing::Leaf;
    });
    let mut agent = agent(&lab).await;
    for name in ["web", "db", "web"] {
        let head = lab.commit(name, |files| {
            files.rename_vlan(name);
            files.write(&format!("vlans/6{}.yaml", name.len()), "name: x\nvni: 110060\nat: [leaf1-2]\n");
        });
        agent.settled(&head).await;
        let head = lab.revert();
        agent.settled(&head).await;
    }
    assert_eq!(told_by_now(&lab).await, Vec::<String>::new());
    assert_eq!(told(&lab, NewsKind::DriftGone), [OTHER]);
    in_order(&lab).await;
    agent.end().await;
}

/// A device that is done with a commit while its pass still works on another: what somebody
/// changes on it then is told when the pass is over, and what the pass sent is not.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_during_a_pass_is_judged_after_it() {
    let lab = lab("{ default: alert }", "");
    let mut agent = agent(&lab).await;
    let gate = lab.device("leaf2").hold_sets();
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    soon("the second Set", lab.device("leaf2").wait_for_sets(2)).await;
    let done = || (lab.entry("leaf1").commit.as_ref() == Some(&renamed)).then_some(());
    until("leaf1 is done", done, || format!("{:?}", lab.entry("leaf1"))).await;
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    assert_eq!(rows(&lab, "leaf1"), []);
    gate.open();
    differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;
    agent.stands("leaf1", Standing::Drifted).await;
    assert_eq!(told_by_now(&lab).await, [DESCRIPTION]);
    assert_eq!(held(&lab, "leaf1", VLAN_NAME).as_deref(), Some("web"));
    agent.end().await;
}

/// What somebody changes on a device while a commit takes it out of service is nobody's to tell: no
/// one looks at it any more, so that it would be told as drift for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_a_commit_takes_out_of_service_is_judged_no_more() {
    let lab = lab("{ default: alert }", "");
    let mut agent = agent(&lab).await;
    let gate = lab.device("leaf2").hold_sets();
    lab.commit("Pause leaf1, rename VLAN 40", |files| {
        files.replace("devices/leaf1.yaml", "role: leaf", "role: leaf\nstate: paused");
        files.rename_vlan("web");
    });
    soon("the second Set", lab.device("leaf2").wait_for_sets(2)).await;
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    // what is seen on another device after that shows that there was time to see it here
    on(&lab, "spine1", &[], &[(SPINE, json!("by hand"))]);
    let seen = || (!rows(&lab, "spine1").is_empty()).then_some(());
    until("the spine has drifted", seen, || format!("{:#?}", lab.entry("spine1"))).await;
    gate.open();
    agent.stands("leaf1", Standing::Paused).await;
    agent.end().await;
    assert_eq!(rows(&lab, "leaf1"), []);
    assert_eq!(told(&lab, NewsKind::DriftFound), [SPINE]);
}

/// The same of a watcher alone: nothing is said while a pass has the device in hand, whatever is
/// told and however much; afterwards all of it is judged.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_pass_has_the_device_nothing_is_judged_and_nothing_is_forgotten() {
    for (case, changes) in [("a few", 3), ("more than is kept", 2_000)] {
        let lab = lab("{ default: alert }", "");
        let mut watching = Watching::start(&lab, eager(), Deadlines::default());
        watching.state().await;
        assert_eq!(watching.verdict().await.found, []);
        let gets = lab.device("leaf1").gets_received();
        watching.busy();
        for number in 0..changes {
            by_hand(&lab, &[(DESCRIPTION, json!(format!("by hand {number}")))]);
        }
        assert_eq!(lab.device("leaf1").gets_received(), gets, "{case}");
        watching.over();
        // the last events may be heard behind it
        let last = format!("by hand {}", changes - 1);
        let found = watching
            .until(|verdict| verdict.found.iter().any(|found| found.live.as_deref() == Some(&*last)))
            .await;
        assert_eq!(paths(&found), [DESCRIPTION], "{case}");
    }
}

/// Two that each put back what the other did: the agent stops at the limit, says so once, and
/// leaves it, also when the other goes on.
#[tokio::test(flavor = "multi_thread")]
async fn two_controllers_do_not_fight_for_ever() {
    let lab = Arc::new(lab("{ default: correct, corrections-per-hour: 2 }", ""));
    let mut agent = agent(&lab).await;
    by_hand(&lab, &[(DESCRIPTION, json!("theirs"))]);
    let other = tokio::spawn({
        let lab = Arc::clone(&lab);
        async move {
            for sets in 2.. {
                lab.device("leaf1").wait_for_ended_sets(sets).await;
                by_hand(&lab, &[(DESCRIPTION, json!("theirs"))]);
            }
        }
    });
    let given_up = || news(&lab, NewsKind::CorrectionGivenUp).pop();
    let why = until("it is given up", given_up, || format!("{:#?}", rows(&lab, "leaf1"))).await;
    assert!(why.detail.as_deref().unwrap().contains("put back 2 times within an hour"), "{why:?}");
    agent.stands("leaf1", Standing::Drifted).await;
    for text in ["theirs, again", "theirs, once more"] {
        by_hand(&lab, &[(DESCRIPTION, json!(text))]);
        let seen = || rows(&lab, "leaf1").iter().any(|row| row.live.as_deref() == Some(text)).then_some(());
        until(text, seen, || format!("{:#?}", rows(&lab, "leaf1"))).await;
    }
    let turns = agent.until("a report", |_| true).await.turns;
    agent.until("more turns", |report| report.turns >= turns + 3).await;
    assert_eq!(lab.device("leaf1").sets_received(), 1 + 2);
    assert_eq!(news(&lab, NewsKind::CorrectionGivenUp).len(), 1);
    // one that the other undid before it was read back was none
    assert!(news(&lab, NewsKind::DriftCorrected).len() <= 2);
    other.abort();
    agent.end().await;
}

/// The agent is killed in the middle of a correction: before the device carries it out, and after
/// it did. The next one brings the device to the record, counts one correction, and tells it.
#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_correction_it_is_put_back_and_counted_once() {
    for carried_out in [false, true] {
        let lab = lab("{ default: correct }", "");
        let running = agent(&lab).await;
        let (owned, trees) = (lab.owned(), lab.trees());
        running.end().await;

        let process = Process::start(&lab);
        soon("leaf1 is watched", lab.device("leaf1").wait_for_subscriptions(1)).await;
        let gate = (!carried_out).then(|| lab.device("leaf1").hold_sets());
        lab.device("leaf1").next_set(SetFault::NoAnswer);
        by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
        soon("the Set", lab.device("leaf1").wait_for_sets(2)).await;
        if carried_out {
            soon("its end", lab.device("leaf1").wait_for_ended_sets(2)).await;
        }
        process.kill();
        assert!(lab.entry("leaf1").in_flight, "carried out: {carried_out}");
        lab.device("leaf1").cut_connections();
        lab.device("leaf1").clear_faults();
        drop(gate);

        let mut running = agent(&lab).await;
        running.settled(&lab.head()).await;
        assert_eq!(lab.trees(), trees, "carried out: {carried_out}");
        assert_eq!(lab.owned(), owned, "carried out: {carried_out}");
        let sent = lab.device("leaf1").sets_received() - 1;
        assert_eq!(corrections(&lab) as usize, sent, "each Set counts once");
        assert!(sent == 1 || !carried_out, "what was carried out is not sent again");
        assert_eq!(told_by_now(&lab).await, [DESCRIPTION], "carried out: {carried_out}");
        running.end().await;
        let leaf1 = "leaf1".parse().unwrap();
        let events = lab.store().events(&fabric_name(), Some(&leaf1), 100).unwrap();
        let corrected = events.iter().filter(|event| event.kind == EventKind::Corrected).count();
        assert!(corrected <= 1, "carried out: {carried_out}: {events:#?}");
    }
}

/// How often something was put back on leaf1 in the last hour.
fn corrections(lab: &Lab) -> u32 {
    let leaf1 = "leaf1".parse().unwrap();
    lab.store().corrections(&fabric_name(), &leaf1, jiff::Timestamp::now()).unwrap()
}

/// What was changed while no agent ran is found by the next one, and told once.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_while_no_agent_ran_is_found_by_the_next() {
    let lab = lab("{ default: alert }", "");
    agent(&lab).await.end().await;
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    for _ in 0..2 {
        let running = Running::start(&lab);
        differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;
        assert_eq!(told_by_now(&lab).await, [DESCRIPTION]);
        running.end().await;
    }
}
