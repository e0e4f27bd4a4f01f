//! What comes and goes: a device, a connection, a leaf. People are told of what lasts, once, and
//! of its end, once.

use std::time::{Duration, Instant};

use gitfabric::drift::{Looked, Settings};
use gitfabric::gnmi::Deadlines;
use gitfabric::record::{NewsKind, WatchState};
use serde_json::json;

use crate::lab::Lab;
use crate::receiver::{Receiver, is_applied};
use crate::running::soon;
use crate::watching::{Watching, eager};
use crate::world::{DESCRIPTION, agent, held, in_order, is_watched, lab, news, told_by_now};

/// A device that is away long enough is told as lost, once, however often its port opens and
/// closes, and as back, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_flaps_is_lost_once_and_back_once() {
    let webhook = Receiver::start(false);
    let receiver = "{ name: flows, kind: webhook, url: secret:flows, sign: secret:sign }";
    let lab = lab("{ default: alert }", &format!("alerts:\n  lost-after: 6s\n  receivers: [{receiver}]"));
    lab.set_secret("flows", &webhook.url());
    lab.set_secret("sign", "sign-with-this");
    let agent = agent(&lab).await;
    webhook.until("the commit", |body| is_applied(body, &lab.head())).await;
    // away for a moment, of which a second is patience of ours: nobody is told
    lab.device("leaf1").cut_connections();
    is_watched(&lab, "leaf1", WatchState::Away).await;
    is_watched(&lab, "leaf1", WatchState::Watching).await;

    lab.device("leaf1").down();
    flap(&lab).await;
    webhook.until("it is lost", |body| body["kind"] == "device-lost").await;
    flap(&lab).await;
    lab.device("leaf1").up().unwrap();
    webhook.until("it is back", |body| body["kind"] == "device-back").await;
    is_watched(&lab, "leaf1", WatchState::Watching).await;
    assert_eq!(told_by_now(&lab).await, Vec::<String>::new());
    webhook.until("the sentinel is gone", |body| body["kind"] == "drift-gone").await;
    let kinds = webhook.kinds();
    assert_eq!(kinds[..3], ["commit-applied", "device-lost", "device-back"], "{kinds:?}");
    assert!(kinds[3..].iter().all(|kind| kind.starts_with("drift-")), "{kinds:?}");
    agent.end().await;
}

/// leaf1 listens for a moment, again and again: not long enough for anybody.
async fn flap(lab: &Lab) {
    for _ in 0..5 {
        lab.device("leaf1").up().unwrap();
        tokio::task::yield_now().await;
        lab.device("leaf1").down();
    }
}

/// Each connection is cut as soon as it is open: the next try comes later each time, and each
/// time the whole is looked at, since nobody knows what was missed.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_again_and_again_is_tried_more_and_more_rarely() {
    let lab = lab("{ default: alert }", "");
    let settings = Settings { retry: Duration::from_millis(100), ..eager() };
    let mut watching = Watching::start(&lab, settings, Deadlines::default());
    assert_eq!(watching.state().await.0, WatchState::Watching);
    assert_eq!(watching.verdict().await.looked, Looked::All);
    let mut pauses = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        lab.device("leaf1").cut_connections();
        assert_eq!(watching.state().await.0, WatchState::Away);
        assert_eq!(watching.state().await.0, WatchState::Watching);
        pauses.push(began.elapsed());
        let verdict = watching.verdict().await;
        assert_eq!((verdict.looked, verdict.found), (Looked::All, vec![]));
    }
    // 100 ms doubled four times, a fifth less at most
    assert!(pauses[4] >= Duration::from_millis(1_280), "{pauses:?}");
    soon("one subscription", lab.device("leaf1").wait_for_subscriptions(1)).await;
}

/// A leaf that changes and changes back all the time: at most one look and one piece of news a
/// second, for each that it differs one that it does not, and nothing in the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_that_flaps_is_not_told_each_time() {
    let lab = lab("{ default: alert }", "drift: { quiet: 500ms }");
    let agent = agent(&lab).await;
    assert_eq!(told_by_now(&lab).await, Vec::<String>::new());
    let ours = held(&lab, "leaf1", DESCRIPTION).unwrap();
    let (gets, before) = (lab.device("leaf1").gets_received(), news(&lab, NewsKind::DriftFound).len());
    let began = Instant::now();
    for _ in 0..500 {
        for text in ["flapping", ours.as_str()] {
            lab.device("leaf1").edit(&[], &[(DESCRIPTION.parse().unwrap(), json!(text))]).unwrap();
        }
    }
    told_by_now(&lab).await;
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    let found = news(&lab, NewsKind::DriftFound).len() - before;
    assert!(found <= seconds + 2, "{found} in {seconds} s");
    assert_eq!(news(&lab, NewsKind::DriftGone).len() - before, found);
    // those of the sentinel are two more
    assert!(lab.device("leaf1").gets_received() - gets <= seconds + 4, "in {seconds} s");
    in_order(&lab).await;
    agent.end().await;
}
