//! What becomes of drift that stands when a commit says otherwise of it. Nothing on the device
//! changes then: nobody would look before the next look at the whole, an hour later.

use gitfabric::record::{DriftKind, NewsKind, Standing};
use serde_json::json;

use crate::lab::{Lab, fabric_name};
use crate::running::until;
use crate::world::{DESCRIPTION, agent, by_hand, differs, held, in_order, lab, told, told_by_now};

/// Commits another policy.
fn policy(lab: &Lab, before: &str, after: &str) {
    let say = |policy: &str| format!("drift: {{ default: {policy} }}");
    lab.commit(after, |files| files.replace("fabric.yaml", &say(before), &say(after)));
}

/// Waits until all news of a kind were about these leaves of leaf1.
async fn is_told(lab: &Lab, kind: NewsKind, expected: &[&str]) {
    let seen = || (told(lab, kind) == expected).then_some(());
    until(&format!("{} of {expected:?}", kind.as_str()), seen, || format!("{:?}", told(lab, kind))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_policy_is_followed_for_what_differs_already() {
    let lab = lab("{ default: observe }", "");
    let mut agent = agent(&lab).await;
    assert_eq!(told_by_now(&lab).await, Vec::<String>::new());
    let ours = held(&lab, "leaf1", DESCRIPTION);
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;
    let fires = || !lab.store().firing(&fabric_name()).unwrap().is_empty();
    assert_eq!((told(&lab, NewsKind::DriftFound), fires()), (vec![], false), "it is only listed");

    policy(&lab, "observe", "alert");
    is_told(&lab, NewsKind::DriftFound, &[DESCRIPTION]).await;
    agent.stands("leaf1", Standing::Drifted).await;
    assert!(fires());

    policy(&lab, "alert", "observe");
    is_told(&lab, NewsKind::DriftGone, &[DESCRIPTION]).await;
    agent.stands("leaf1", Standing::Current).await;
    assert!(!fires());
    differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;

    policy(&lab, "observe", "correct");
    let is_back = || (held(&lab, "leaf1", DESCRIPTION) == ours).then_some(());
    until("it is put back", is_back, || format!("{:?}", held(&lab, "leaf1", DESCRIPTION))).await;
    in_order(&lab).await;
    is_told(&lab, NewsKind::DriftFound, &[DESCRIPTION, DESCRIPTION]).await;
    agent.end().await;
    assert_eq!(told(&lab, NewsKind::DriftGone), [DESCRIPTION], "its end is told once");
}

/// What was told is told as over whatever policy says by then.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_right_while_policy_changes_is_told_as_over_once() {
    let lab = lab("{ default: alert }", "");
    let agent = agent(&lab).await;
    let ours = held(&lab, "leaf1", DESCRIPTION);
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    is_told(&lab, NewsKind::DriftFound, &[DESCRIPTION]).await;
    policy(&lab, "alert", "observe");
    by_hand(&lab, &[(DESCRIPTION, json!(ours))]);
    is_told(&lab, NewsKind::DriftGone, &[DESCRIPTION]).await;
    differs(&lab, &[]).await;
    agent.end().await;
    assert_eq!(told(&lab, NewsKind::DriftGone), [DESCRIPTION]);
}
