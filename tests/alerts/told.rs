//! What happens is told: to each kind of receiver, in order, a burst as one.

use gitfabric::record::{NewsKind, Standing, Verdict};
use ring::hmac;

use crate::world::{KEY, Receiver, SIGN, agent, is_applied, lab, lab_with, tell};

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_told_over_tls_what_it_takes() {
    let kinds = ["slack", "discord", "teams", "alertmanager", "webhook"];
    let receivers = kinds.map(|kind| (kind, Receiver::start(true)));
    let of = |(kind, _): &(&str, Receiver)| {
        format!("    - {{ name: {kind}, kind: {kind}, url: secret:{kind}, ca: {kind}.pem }}")
    };
    let lines: Vec<String> = receivers.iter().map(of).collect();
    let lab = lab(&format!("  receivers:\n{}", lines.join("\n")));
    for (kind, receiver) in &receivers {
        lab.set_secret(kind, &receiver.url());
        std::fs::write(lab.path(&format!("{kind}.pem")), receiver.authority()).unwrap();
    }
    let mut agent = agent(&lab).await;
    let broken =
        lab.commit("Broken", |files| files.write("vlans/40.yaml", "name: x\nvni: seven\nat: [leaf1-2]\n"));
    agent.judged(&broken, Verdict::Refused).await;
    for ((kind, receiver), (pointer, expected)) in receivers.iter().zip([
        ("/blocks/0/text/text", "Commit refused (evpn-lab)"),
        ("/embeds/0/title", "Commit refused (evpn-lab)"),
        ("/attachments/0/content/body/0/text", "Commit refused (evpn-lab)"),
        ("/0/labels/alertname", "GitfabricCommitRefused"),
        ("/kind", "commit-refused"),
    ]) {
        let is_so = |body: &serde_json::Value| {
            body.pointer(pointer)
                .and_then(|value| value.as_str())
                .is_some_and(|text| text.ends_with(expected))
        };
        receiver.until(kind, is_so).await;
        let told = receiver.told();
        assert!(told.iter().all(|request| request.method == "POST"), "{kind}");
        assert!(told.iter().all(|request| request.header("content-type") == "application/json"), "{kind}");
        assert!(told.iter().all(|request| request.target.contains(KEY)), "{kind}");
    }
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_signed_and_has_what_flows_read_at_its_top() {
    let webhook = Receiver::start(false);
    let lab = lab_with(&webhook, "");
    let agent = agent(&lab).await;
    tell(&lab, NewsKind::DriftFound, "leaf1", &["/vlans/vlan[vlan-id=40]/config/name", "/a/b"]);
    let request =
        webhook.until_request("drift is told", |request| request.json()["kind"] == "drift-found").await;
    let body = request.json();
    for (field, expected) in [
        ("device", "leaf1"),
        ("path", "/vlans/vlan[vlan-id=40]/config/name"),
        ("current_value", "oops"),
        ("fabric", "evpn-lab"),
    ] {
        assert_eq!(body[field], expected, "{field}");
    }
    assert!(body["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!((&body["format"], body["leaves"].as_array().unwrap().len()), (&1.into(), 2));
    assert_eq!(request.header("x-gitfabric-event"), "drift-found");
    assert_eq!(request.header("x-gitfabric-delivery"), body["id"].as_str().unwrap());

    let signature = request.header("x-gitfabric-signature").to_owned();
    let (time, tag) = signature.strip_prefix("t=").and_then(|it| it.split_once(",v1=")).unwrap();
    let age = jiff::Timestamp::now().as_second() - time.parse::<i64>().unwrap();
    assert!((0..300).contains(&age), "{age}");
    let signed = [time.as_bytes(), b".", &request.body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SIGN.as_bytes());
    let expected = hmac::sign(&key, &signed);
    let expected: Vec<_> = expected.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tag, expected.concat());
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_one_message_and_what_was_put_back_at_once_is_told_as_that() {
    let webhook = Receiver::start(false);
    let lab = lab_with(&webhook, "");
    let agent = agent(&lab).await;
    webhook.until("the commit", |body| is_applied(body, &lab.head())).await;
    // the receiver is told nothing while it is asked for patience: all of this waits
    webhook.then(crate::server::Answer::of(503, "text/plain", "later").with("Retry-After", "3"));
    tell(&lab, NewsKind::DeviceLost, "spine1", &[]);
    tell(&lab, NewsKind::DriftFound, "leaf1", &["/a"]);
    tell(&lab, NewsKind::DriftFound, "leaf1", &["/a", "/b"]);
    tell(&lab, NewsKind::DriftFound, "leaf2", &["/c"]);
    tell(&lab, NewsKind::DriftCorrected, "leaf1", &["/a", "/b"]);
    let back = webhook.until("put back", |body| body["kind"] == "drift-corrected").await;
    assert_eq!(
        (&back["merged"], &back["count"], &back["current_value"]),
        (&3.into(), &2.into(), &"web".into())
    );
    assert!(back["found_at"].is_string(), "{back}");
    let kinds = webhook.kinds();
    assert_eq!(kinds.last().unwrap(), "drift-corrected", "the order is kept");
    let of_leaf1 = |body: &serde_json::Value| body["device"] == "leaf1";
    assert_eq!(webhook.told().iter().filter(|request| of_leaf1(&request.json())).count(), 1);
    assert_eq!(kinds.iter().filter(|kind| *kind == "drift-found").count(), 1, "that of leaf2: {kinds:?}");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_and_devices_are_told_on_change_and_not_again_after_a_restart() {
    let webhook = Receiver::start(false);
    let lab = lab_with(&webhook, "  lost-after: 100ms\n");
    let mut running = agent(&lab).await;
    let first = lab.head();
    webhook.until("the first commit", |body| is_applied(body, &first)).await;
    lab.device("leaf1").down();
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("ventas"));
    running.stands("leaf1", Standing::Unreachable).await;
    webhook.until("it is lost", |body| body["kind"] == "device-lost" && body["device"] == "leaf1").await;
    running.end().await;

    let mut running = crate::running::Running::start(&lab);
    running.stands("leaf1", Standing::Unreachable).await;
    running.until("some turns", |report| report.turns >= 3).await;
    lab.device("leaf1").up().unwrap();
    running.settled(&renamed).await;
    webhook.until("it is back", |body| body["kind"] == "device-back" && body["device"] == "leaf1").await;
    webhook.until("the commit", |body| is_applied(body, &renamed)).await;
    running.end().await;

    let running = agent(&lab).await;
    running.end().await;
    let mut kinds = webhook.kinds();
    assert_eq!(kinds[..2], ["commit-applied", "device-lost"]);
    kinds[2..].sort();
    assert_eq!(kinds[2..], ["commit-applied", "device-back"]);
}
