//! Connections that break, hang or flap, and devices that come back with something else: what
//! happened meanwhile is found by the look at the whole after each connect.

use gitfabric::record::{DriftKind, NewsKind, WatchState};
use serde_json::json;

use crate::lab::fabric_name;
use crate::running::{soon, until};
use crate::world::{
    DESCRIPTION, FOREIGN, VLAN_NAME, agent, by_hand, differs, held, in_order, is_watched, lab, news, rows,
    told, told_by_now,
};

/// The other end is gone without a word, and the connection stays open: found out by pings. What
/// is changed in that time is found once the device answers again, and is told once.
#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_connection_is_noticed_and_what_was_changed_meanwhile_is_found() {
    let lab = lab("{ default: alert }", "drift: { ping: 500ms }");
    let agent = agent(&lab).await;
    assert_eq!(told_by_now(&lab).await, Vec::<String>::new());
    lab.device("leaf1").freeze();
    by_hand(&lab, &[(DESCRIPTION, json!("by hand")), (FOREIGN, json!("not ours"))]);
    let why = is_watched(&lab, "leaf1", WatchState::Away).await;
    assert!(!why.is_empty());
    assert_eq!(rows(&lab, "leaf1"), [], "nobody could see it");

    lab.device("leaf1").thaw();
    is_watched(&lab, "leaf1", WatchState::Watching).await;
    let found = differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;
    assert_eq!((found[0].recorded.as_deref(), found[0].live.as_deref()), (Some("spine1"), Some("by hand")));
    assert_eq!(told_by_now(&lab).await, [DESCRIPTION]);
    agent.end().await;
}

/// A device that was never saved restarts with the configuration of its first start: all that was
/// ever sent to it is gone, and is told leaf by leaf; of the agent's own way in nothing is.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_comes_back_empty_lacks_all_of_ours_and_is_told_once() {
    let lab = lab("{ default: alert }", "");
    let agent = agent(&lab).await;
    reboot(&lab).await;
    let missing = || lab.missing(&lab.head(), "leaf1");
    let seen = || (rows(&lab, "leaf1").len() >= missing().len()).then(|| rows(&lab, "leaf1"));
    let found = until("it is empty", seen, || format!("{:#?}", rows(&lab, "leaf1"))).await;
    let paths: Vec<&str> = found.iter().map(|row| row.path.as_str()).collect();
    assert!(missing().len() > 100);
    for path in missing() {
        assert!(paths.contains(&path.as_str()), "{path}");
    }
    assert!(found.iter().all(|row| row.kind == DriftKind::Owned), "{found:#?}");
    assert_eq!(news(&lab, NewsKind::DriftFound).len(), 1);
    assert_eq!(told(&lab, NewsKind::DriftFound).len(), found.len());
    agent.end().await;
}

/// The last commit was never saved on the device, which restarts with the one before. Policy
/// puts it back, once, and it is a correction.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_comes_back_with_its_old_startup_configuration_is_put_back_by_policy() {
    let lab = lab("{ default: correct }", "");
    let mut agent = agent(&lab).await;
    let old = held(&lab, "leaf1", VLAN_NAME).unwrap();
    lab.device("leaf1").save();
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    let held_before = lab.trees();

    reboot(&lab).await;
    soon("the correction", lab.device("leaf1").wait_for_ended_sets(3)).await;
    let seen = || (!news(&lab, NewsKind::DriftCorrected).is_empty()).then_some(());
    until("it is told", seen, || format!("{:#?}", rows(&lab, "leaf1"))).await;
    agent.settled(&renamed).await;
    assert_eq!(lab.trees(), held_before);
    let corrected = news(&lab, NewsKind::DriftCorrected);
    assert_eq!(corrected.len(), 1, "{corrected:#?}");
    let leaf = &corrected[0].leaves[0];
    assert_eq!((corrected[0].leaves.len(), leaf.path.as_str()), (1, VLAN_NAME));
    assert_eq!((leaf.recorded.as_deref(), leaf.live.as_deref()), (Some("web"), Some(&*old)));
    assert_eq!(leaf.origin.as_deref(), Some("vlans/40.yaml:2"));
    assert_eq!(told(&lab, NewsKind::DriftFound), [VLAN_NAME]);
    in_order(&lab).await;
    agent.end().await;
}

/// The same of a device that lost everything: all of it comes back, and nothing else changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_comes_back_empty_is_filled_again_by_policy() {
    let lab = lab("{ default: correct }", "");
    let mut agent = agent(&lab).await;
    let (held_before, owned) = (lab.trees(), lab.owned());
    reboot(&lab).await;
    soon("the correction", lab.device("leaf1").wait_for_ended_sets(2)).await;
    let seen = || (!news(&lab, NewsKind::DriftCorrected).is_empty()).then_some(());
    until("it is told", seen, || format!("{:#?}", rows(&lab, "leaf1"))).await;
    agent.settled(&lab.head()).await;
    assert_eq!(lab.trees(), held_before);
    assert_eq!(lab.owned(), owned);
    assert_eq!(lab.sets(), "leaf1:2 leaf2:1 spine1:1");
    let count = lab.store().corrections(&fabric_name(), &"leaf1".parse().unwrap(), jiff::Timestamp::now());
    assert_eq!(count.unwrap(), 1);
    in_order(&lab).await;
    agent.end().await;
}

/// leaf1 is away for a while, and comes back with what it starts with.
async fn reboot(lab: &crate::lab::Lab) {
    lab.device("leaf1").down();
    is_watched(lab, "leaf1", WatchState::Away).await;
    lab.device("leaf1").reboot();
    lab.device("leaf1").up().unwrap();
}
