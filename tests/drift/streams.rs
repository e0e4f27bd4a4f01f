//! Streams that are not what the specification has in mind: refused, without an end of the first
//! state, too large, too fast, out of time. None of it hides drift, and none of it is drift.

use std::time::{Duration, Instant};

use gitfabric::drift::{Looked, Settings};
use gitfabric::gnmi::Deadlines;
use gitfabric::record::{DriftKind, NewsKind, WatchState};
use gitfabric::simulator::{OnChange, Packing, Timestamps};
use serde_json::{Value as Json, json};
use tonic::Code;

use crate::intent::Intent;
use crate::running::until;
use crate::watching::{Watching, eager, paths};
use crate::world::{
    DESCRIPTION, FOREIGN, OTHER, VLAN_NAME, Ways, agent, by_hand, differs, held, is_watched, lab, lab_of,
    news, on, rows, told_by_now,
};

/// The end of the first state never comes: the device is looked at from time to time instead, and
/// is asked again whether it can.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_never_syncs_is_given_up_for_looks_from_time_to_time() {
    let lab = lab_of(Intent::pair(), "{ default: alert }", "", |device| device.personality.syncs = false);
    let settings = Settings { read_back: Duration::from_millis(300), ..eager() };
    // for a busy machine long enough to say the rest
    let deadlines = Deadlines { sync: Duration::from_secs(2), ..Deadlines::default() };
    let mut watching = Watching::start(&lab, settings, deadlines);
    let (state, why) = watching.state().await;
    assert_eq!(state, WatchState::Polling);
    assert!(why.contains("not all data was sent in 2s"), "{why}");
    let first = watching.verdict().await;
    assert_eq!((first.looked.clone(), paths(&first)), (Looked::All, vec![]));

    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    let found = watching.until(|verdict| !verdict.found.is_empty()).await;
    assert_eq!(paths(&found), [DESCRIPTION]);
    // it is asked again meanwhile, in vain: nothing is said of it
    for _ in 0..10 {
        assert_eq!(paths(&watching.verdict().await), [DESCRIPTION]);
    }
}

/// A device that cannot tell of changes, in the words of this or that vendor.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_cannot_tell_of_changes_is_looked_at() {
    let ways: [(Code, Ways); 2] = [
        (Code::Unimplemented, |device| device.personality.on_change = OnChange::Nowhere(Code::Unimplemented)),
        (Code::InvalidArgument, |device| {
            device.personality.on_change = OnChange::Nowhere(Code::InvalidArgument);
        }),
    ];
    for (code, ways) in ways {
        let lab = lab_of(Intent::pair(), "{ default: alert }", "drift: { poll: 200ms }", ways);
        let agent = agent(&lab).await;
        let why = is_watched(&lab, "leaf1", WatchState::Polling).await;
        assert!(why.contains("ON_CHANGE is not supported"), "{why}");
        by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
        differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;
        by_hand(&lab, &[(DESCRIPTION, json!("spine1"))]);
        differs(&lab, &[]).await;
        assert_eq!(told_by_now(&lab).await, [DESCRIPTION], "{code:?}");
        agent.end().await;
    }
}

/// A device that cannot tell of some subtrees tells of the others at once, and those are looked
/// at from time to time.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_cannot_tell_of_is_looked_at_and_the_rest_is_told_at_once() {
    let lab = lab_of(Intent::pair(), "{ default: alert }", "drift: { poll: 3s }", |device| {
        let vlans = "/network-instances/network-instance/vlans".parse().unwrap();
        device.personality.on_change = OnChange::NotAt(Code::InvalidArgument, vec![vlans]);
    });
    let agent = agent(&lab).await;
    let gap = is_watched(&lab, "leaf1", WatchState::Watching).await;
    assert!(gap.contains("it does not tell of changes of /network-instances/"), "{gap}");
    by_hand(&lab, &[(VLAN_NAME, json!("oops"))]);
    differs(&lab, &[(VLAN_NAME, DriftKind::Owned)]).await;
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    differs(&lab, &[(VLAN_NAME, DriftKind::Owned), (DESCRIPTION, DriftKind::Owned)]).await;
    agent.end().await;
}

/// All of the first state, and after each change all of it again, in one message of some
/// megabytes: what is equal in it costs nothing, and what is not is found.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_megabytes_in_one_message_is_heard_and_only_what_differs_is_looked_at() {
    let lab = lab_of(Intent::pair(), "{ default: alert }", "", |device| {
        device.personality.packing = Packing::Table;
    });
    // each leaf has the name in its path: beyond the 4 MiB of gRPC's default
    let name = "a-long-name-".repeat(160);
    let prefix = |index: u32| {
        let address = std::net::Ipv4Addr::from((10 << 24) + index);
        let keys = json!({"ip-prefix": format!("{address}/32"), "masklength-range": "exact"});
        let mut entry = keys.clone();
        entry["config"] = keys;
        entry
    };
    let prefixes: Vec<Json> = (0..600).map(prefix).collect();
    let set =
        json!({"name": name, "config": {"name": name, "mode": "IPV4"}, "prefixes": {"prefix": prefixes}});
    by_hand(&lab, &[(&format!("/routing-policy/defined-sets/prefix-sets/prefix-set[name={name}]"), set)]);
    let agent = agent(&lab).await;
    assert_eq!(is_watched(&lab, "leaf1", WatchState::Watching).await, "");
    assert_eq!(told_by_now(&lab).await, Vec::<String>::new());

    let gets = lab.device("leaf1").gets_received();
    for name in ["a", "b"] {
        by_hand(&lab, &[(FOREIGN, json!(name))]);
    }
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;
    // each table that was on its way by then may say it once more
    for get in lab.device("leaf1").gets().split_off(gets) {
        let places: Vec<String> = get.paths.iter().map(ToString::to_string).collect();
        assert_eq!(places, ["/interfaces/interface[name=Ethernet11]/config"]);
    }
    agent.end().await;
}

/// 10,000 commits one after the other, told one by one or, to a client that is slow, counted:
/// one look, and it sees what is there in the end.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_changes_in_a_burst_are_one_look_at_the_end() {
    let ways: [(&str, Ways); 2] = [
        ("each is told", |_| {}),
        ("the device counts them", |device| device.personality.waiting_changes = 8),
    ];
    for (case, ways) in ways {
        let lab = lab_of(Intent::pair(), "{ default: alert }", "", ways);
        let settings = Settings { quiet: Duration::from_secs(2), burst: Duration::from_hours(1), ..eager() };
        let mut watching = Watching::start(&lab, settings, Deadlines::default());
        assert_eq!(watching.state().await.0, WatchState::Watching);
        assert_eq!(watching.verdict().await.looked, Looked::All);
        by_hand(&lab, &[(FOREIGN, json!("not ours"))]);
        let (ours, gets) = (held(&lab, "leaf1", OTHER).unwrap(), lab.device("leaf1").gets_received());
        let began = Instant::now();
        for round in 0..3_333 {
            let text = json!(format!("round {round}"));
            for path in [DESCRIPTION, OTHER, FOREIGN] {
                by_hand(&lab, &[(path, text.clone())]);
            }
        }
        by_hand(&lab, &[(OTHER, json!(ours))]);
        // on a machine that does something else meanwhile, the device may seem to be quiet
        let (mut found, mut looks) = (watching.verdict().await, 1);
        while paths(&found) != [DESCRIPTION] || found.found[0].live.as_deref() != Some("round 3332") {
            (found, looks) = (watching.verdict().await, looks + 1);
        }
        let most = 1 + usize::try_from(began.elapsed().as_secs() / 2).unwrap();
        assert!(looks <= most, "{case}: {looks} looks, of {most} at most");
        assert_eq!(lab.device("leaf1").gets_received(), gets + looks, "{case}");
        assert!(matches!(&found.looked, Looked::Below(places) if places.len() <= 2), "{case}: {found:?}");
    }
}

/// 10,000 entries that somebody adds where everything should be ours, in as many messages: more
/// than is kept of suspects, so that it is one look at the whole, and one thing to tell; and so
/// is their end.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_suspects_are_one_look_at_the_whole_and_one_piece_of_news() {
    let lab = lab_of(Intent::pair(), "{ default: alert }", "drift: { quiet: 1s }", |device| {
        device.personality.packing = Packing::Leaf;
    });
    let agent = agent(&lab).await;
    assert_eq!(told_by_now(&lab).await, Vec::<String>::new());
    let gets = lab.device("leaf1").gets_received();
    let before = news(&lab, NewsKind::DriftFound).len();
    let prefixes: Vec<String> =
        (0..2_000).map(|index: u32| format!("{}/32", std::net::Ipv4Addr::from((10 << 24) + index))).collect();
    let routes: Vec<Json> = prefixes
        .iter()
        .map(|prefix| {
            let hop = json!({"index": "1", "config": {"index": "1", "next-hop": "192.0.2.1"}});
            json!({"prefix": prefix, "config": {"prefix": prefix}, "next-hops": {"next-hop": [hop]}})
        })
        .collect();
    let protocol = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:STATIC][name=STATIC]";
    let routes = json!({"identifier": "openconfig-policy-types:STATIC", "name": "STATIC",
        "config": {"identifier": "openconfig-policy-types:STATIC", "name": "STATIC"},
        "static-routes": {"static": routes}});
    let began = Instant::now();
    by_hand(&lab, &[(protocol, routes)]);
    let seen = || (rows(&lab, "leaf1").len() >= 2_000).then_some(());
    until("all of them", seen, || rows(&lab, "leaf1").len().to_string()).await;
    assert!(rows(&lab, "leaf1").iter().all(|row| row.kind == DriftKind::Strict));
    assert_eq!(news(&lab, NewsKind::DriftFound).len(), before + 1);
    // one that lacks a subtree is then asked for each alone
    let (wholes, parts): (Vec<_>, Vec<_>) =
        lab.device("leaf1").gets().split_off(gets).into_iter().partition(|get| get.paths.len() > 1);
    assert!(
        parts.iter().all(|get| get.paths[0].elems().len() == 1),
        "no entry is looked at alone: {parts:?}"
    );
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!((1..=seconds + 1).contains(&wholes.len()), "{} looks in {seconds} s", wholes.len());

    let gone: Vec<String> =
        prefixes.iter().map(|prefix| format!("{protocol}/static-routes/static[prefix={prefix}]")).collect();
    on(&lab, "leaf1", &gone.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let gone = || rows(&lab, "leaf1").is_empty().then_some(());
    until("none of them", gone, || rows(&lab, "leaf1").len().to_string()).await;
    let gone = news(&lab, NewsKind::DriftGone);
    let leaves: usize = gone.iter().map(|news| news.leaves.len() + news.unlisted).sum();
    assert_eq!(leaves, 2_000 + 1, "and the sentinel");
    agent.end().await;
}

/// The device's clock is set forward and back while things change: all of it is found, nothing
/// else is, and the device's time is told only while it can be right.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_hides_nothing_and_its_nonsense_is_not_told() {
    const YEAR: i64 = 365 * 86_400;
    let lab = lab("{ default: alert }", "");
    let agent = agent(&lab).await;
    assert_eq!(told_by_now(&lab).await, Vec::<String>::new());
    let mut told_before = news(&lab, NewsKind::DriftFound).len();
    let began = jiff::Timestamp::now();
    for (case, shift, is_told) in [
        ("it is right", 0, true),
        ("a year ahead", YEAR, false),
        ("a year behind", -2 * YEAR, false),
        ("before 1970", -60 * YEAR, false),
        ("right again", 61 * YEAR, true),
    ] {
        // with the right time, and nobody's business: its time is not that of what follows
        by_hand(&lab, &[(FOREIGN, json!(case))]);
        lab.device("leaf1").shift_clock(shift);
        by_hand(&lab, &[(DESCRIPTION, json!(case))]);
        differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;
        by_hand(&lab, &[(DESCRIPTION, json!("spine1"))]);
        differs(&lab, &[]).await;
        let found = news(&lab, NewsKind::DriftFound);
        assert_eq!(found.len(), told_before + 1, "{case}");
        told_before = found.len();
        let last = found.last().unwrap();
        let detail = last.detail.as_deref().unwrap_or_default();
        assert_eq!(detail.contains("by the device's clock"), is_told, "{case}: {detail}");
        assert!((began..=jiff::Timestamp::now()).contains(&last.at), "{case}: {last:?}");
    }
    assert!(told_by_now(&lab).await.iter().all(|path| path == DESCRIPTION));
    agent.end().await;
}

/// A device whose messages have no time, or seconds instead of nanoseconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_times_is_watched_like_any_other() {
    let ways: [(&str, Ways); 2] = [
        ("none", |device| device.personality.timestamps = Timestamps::None),
        ("seconds", |device| device.personality.timestamps = Timestamps::Seconds),
    ];
    for (case, ways) in ways {
        let lab = lab_of(Intent::pair(), "{ default: alert }", "", ways);
        let agent = agent(&lab).await;
        by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
        differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;
        assert_eq!(news(&lab, NewsKind::DriftFound)[0].detail, None, "{case}");
        agent.end().await;
    }
}
