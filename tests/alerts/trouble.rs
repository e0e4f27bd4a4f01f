//! Receivers in trouble: nothing waits for them, nothing is forgotten, nothing is told of them.

use gitfabric::record::NewsKind;
use tokio::net::TcpSocket;

use crate::running::{Process, Running, soon, until};
use crate::server::Answer;
use crate::world::{KEY, Receiver, SIGN, agent, is_applied, lab, lab_with, tell};

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_in_trouble_is_tried_again_in_order_and_no_pass_waits_for_it() {
    let webhook = Receiver::start(false);
    webhook.then(Answer::of(503, "text/plain", "busy"));
    webhook.then(Answer::of(429, "text/plain", "slowly").with("Retry-After", "1"));
    let lab = lab_with(&webhook, "");
    let mut agent = agent(&lab).await;
    let first = lab.head();
    // of several commits that wait the newest is told, so each is waited for
    webhook.until("a first try", |body| is_applied(body, &first)).await;
    let next = lab.commit("Rename VLAN 40", |files| files.rename_vlan("ventas"));
    agent.settled(&next).await;
    webhook.until("the next commit", |body| is_applied(body, &next)).await;
    tell(&lab, NewsKind::DeviceLost, "leaf2", &[]);
    webhook.until("the last of it", |body| body["kind"] == "device-lost").await;
    let told: Vec<(String, String)> = webhook
        .told()
        .iter()
        .map(|request| {
            let body = request.json();
            (body["id"].as_str().unwrap().to_owned(), body["commit"].as_str().unwrap_or("-").to_owned())
        })
        .collect();
    let ids: Vec<&str> = told.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((ids[1], ids[2]), (ids[0], ids[0]), "tried again, it is the same event: {told:?}");
    let commits: Vec<&str> = told.iter().map(|(_, commit)| commit.as_str()).collect();
    let (first, next) = (first.as_str(), next.as_str());
    assert_eq!(commits, [first, first, first, next, next], "{told:?}");
    assert_eq!(webhook.kinds().last().unwrap(), "device-lost", "the order is kept");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_outlives_a_kill_and_has_the_same_id_after_it() {
    let webhook = Receiver::start(false);
    webhook.always(503, "busy");
    let lab = lab_with(&webhook, "");
    let process = Process::start(&lab);
    let first = webhook.until("a first try", |body| is_applied(body, &lab.head())).await;
    process.kill();
    webhook.catch_up();
    webhook.always(200, "ok");
    let before = webhook.told().len();
    let agent = agent(&lab).await;
    let told = until("it is told", || webhook.told().get(before).cloned(), String::new).await;
    assert_eq!(told.json()["id"], first["id"], "the other side knows that it heard it");
    let nothing_waits = || lab.store().deliveries().unwrap().is_empty().then_some(());
    until("nothing waits", nothing_waits, String::new).await;
    agent.end().await;
    assert_eq!(webhook.told().len(), before + 1, "it is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_dead_letter_that_people_see_and_may_send_again() {
    let (webhook, other) = (Receiver::start(false), Receiver::start(false));
    webhook.always(404, &format!("no such hook /services/{KEY}, {SIGN}"));
    let both = "{ name: flows, kind: webhook, url: secret:flows, sign: secret:sign }, \
        { name: noc, kind: slack, url: secret:noc }";
    let lab = lab(&format!("  receivers: [{both}]\n"));
    lab.set_secret("flows", &webhook.url());
    lab.set_secret("noc", &other.url());
    let process = Process::start(&lab);
    process.logs("given up").await;
    other.until("others are told", |body| body["blocks"].is_array()).await;
    let status = lab.printed(&["status"]);
    assert!(status.contains("1 alert was given up, the last for flows: it answers 404"), "{status}");
    let listed = lab.printed(&["alerts"]);
    for expected in ["flows", "webhook", "commit-applied", "given up", "404"] {
        assert!(listed.contains(expected), "{expected}: {listed}");
    }
    let json: serde_json::Value = serde_json::from_str(&lab.printed(&["alerts", "--json"])).unwrap();
    assert_eq!(json["receivers"][0]["given_up"], 1);
    let json: serde_json::Value = serde_json::from_str(&lab.printed(&["status", "--json"])).unwrap();
    let letter = &json["dead_letters"][0];
    assert_eq!(
        (&letter["receiver"], &letter["event"]),
        (&"flows".into(), &"commit-applied".into()),
        "{json:#}"
    );

    webhook.always(200, "ok");
    let before = webhook.told().len();
    assert_eq!(before, 1, "a refusal is not asked again");
    lab.printed(&["alerts", "retry", "flows"]);
    until("it is sent again", || webhook.told().get(before).cloned(), String::new).await;
    until(
        "no dead letter is left",
        || lab.store().deliveries().unwrap().is_empty().then_some(()),
        String::new,
    )
    .await;
    process.terminate();
    let (_, log) = soon("its end", process.ended()).await;
    for shown in [&status, &listed, &json.to_string(), &log] {
        assert!(!shown.contains(KEY) && !shown.contains(SIGN), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_listens_at_or_that_moved_is_told_without_its_key() {
    let moved = Receiver::start(false);
    moved.always(302, "");
    // nobody listens at it, and nobody else can get it
    let gone = TcpSocket::new_v4().unwrap();
    gone.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let both =
        "{ name: moved, kind: slack, url: secret:moved }, { name: gone, kind: slack, url: secret:gone }";
    let lab = lab(&format!("  receivers: [{both}]\n"));
    lab.set_secret("moved", &moved.url());
    lab.set_secret("gone", &format!("http://{}/services/{KEY}", gone.local_addr().unwrap()));
    let agent = agent(&lab).await;
    let letters = || {
        let found = lab.store().deliveries().unwrap();
        (found.len() == 2 && found.iter().all(|entry| entry.error.is_some())).then_some(found)
    };
    let found = until("both failed", letters, String::new).await;
    assert!(!found[0].is_dead && found[1].is_dead, "{found:?}");
    assert!(found[1].error.as_deref().unwrap().contains("redirects are not followed"), "{found:?}");
    assert!(!format!("{found:?}").contains(KEY), "{found:?}");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_added_later_gets_nothing_of_the_past() {
    let (early, late) = (Receiver::start(false), Receiver::start(false));
    let lab = lab_with(&early, "");
    lab.set_secret("late", &late.url());
    let running = agent(&lab).await;
    early.until("the commit", |body| is_applied(body, &lab.head())).await;
    running.end().await;
    let file = lab.path("agent.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let more = text.replace("receivers: [", "receivers: [{ name: late, kind: webhook, url: secret:late }, ");
    std::fs::write(&file, more).unwrap();
    let mut running = Running::start(&lab);
    let next = lab.commit("Rename VLAN 40", |files| files.rename_vlan("ventas"));
    running.settled(&next).await;
    late.until("the next commit", |body| is_applied(body, &next)).await;
    assert_eq!(late.told().len(), 1);
    running.end().await;
}
