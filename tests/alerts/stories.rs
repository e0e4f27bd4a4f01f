//! Somebody changes a device by hand, and what people and programs hear of it until it is over.

use gitfabric::record::Verdict;
use serde_json::Value;

use crate::intent::Intent;
use crate::world::{Receiver, agent, by_hand, held, lab_of, lab_of_with, lab_with};

const DESCRIPTION: &str = "/interfaces/interface[name=Ethernet11]/config/description";
const NAME: &str = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
const PASSWORD: &str = "/network-instances/network-instance[name=gold]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.90.90.1]/config/auth-password";

fn is(kind: &str) -> impl Fn(&Value) -> bool {
    move |body| body["kind"] == kind
}

/// That a body has at its top what flows made for the fabric-orchestrator read.
#[track_caller]
fn assert_top(body: &Value, device: &str, path: &str, value: &str) {
    assert_eq!((&body["device"], &body["path"]), (&device.into(), &path.into()), "{body:#}");
    assert_eq!(body["current_value"], value, "{body:#}");
    assert!(body["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{body:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_hand_is_told_with_its_line_and_so_is_its_end() {
    let webhook = Receiver::start(false);
    let lab = lab_with(&webhook, "");
    let agent = agent(&lab).await;
    let before = held(&lab, "leaf1", NAME);
    by_hand(&lab, "leaf1", NAME, "oops");
    let found = webhook.until("drift", is("drift-found")).await;
    assert_top(&found, "leaf1", NAME, "oops");
    let leaf = &found["leaves"][0];
    assert_eq!((&leaf["recorded"], &leaf["kind"]), (&before.as_str().into(), &"owned".into()), "{found:#}");
    assert!(leaf["origin"].as_str().unwrap().starts_with("vlans/40.yaml:"), "{found:#}");
    assert_eq!(found["commit"], lab.head().as_str());

    by_hand(&lab, "leaf1", NAME, &before);
    let gone = webhook.until("its end", is("drift-gone")).await;
    assert_eq!((&gone["device"], &gone["path"]), (&"leaf1".into(), &NAME.into()), "{gone:#}");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_that_a_commit_overwrites_is_told_as_over() {
    let webhook = Receiver::start(false);
    let lab = lab_with(&webhook, "");
    let mut agent = agent(&lab).await;
    let before = held(&lab, "leaf1", NAME);
    by_hand(&lab, "leaf1", NAME, "oops");
    webhook.until("drift", is("drift-found")).await;
    let next = lab.commit("Multihop", |files| files.replace("fabric.yaml", "multihop: 3", "multihop: 4"));
    agent.settled(&next).await;
    let over = webhook.until("it is over", is("drift-corrected")).await;
    assert_top(&over, "leaf1", NAME, &before);
    assert_eq!(over["leaves"][0]["live"], "oops", "{over:#}");
    let summary = over["summary"].as_str().unwrap();
    assert!(summary.contains(&format!("commit {} overwrote", next.short())), "{summary}");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_back_is_told_and_what_comes_again_is_given_up() {
    let webhook = Receiver::start(false);
    let mut intent = Intent::pair();
    let policy = "drift: { default: alert, corrections-per-hour: 1, \
        paths: [{ path: /interfaces/interface/config/description, policy: correct }] }";
    intent.replace("fabric.yaml", "drift: { default: alert }", policy);
    let lab = lab_of_with(intent, &webhook, "");
    let agent = agent(&lab).await;
    let before = held(&lab, "leaf1", DESCRIPTION);
    by_hand(&lab, "leaf1", DESCRIPTION, "mine");
    let back = webhook.until("put back", is("drift-corrected")).await;
    assert_top(&back, "leaf1", DESCRIPTION, &before);
    assert_eq!(back["leaves"][0]["live"], "mine", "{back:#}");
    assert_eq!(held(&lab, "leaf1", DESCRIPTION), before);

    by_hand(&lab, "leaf1", DESCRIPTION, "mine");
    let given_up = webhook.until("given up", is("correction-given-up")).await;
    assert_top(&given_up, "leaf1", DESCRIPTION, "mine");
    assert!(given_up["detail"].as_str().unwrap().contains("given up"), "{given_up:#}");
    agent.end().await;
    assert_eq!(held(&lab, "leaf1", DESCRIPTION), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_agent_is_told_and_that_it_follows_again() {
    let webhook = Receiver::start(false);
    let lab = lab_with(&webhook, "");
    let mut agent = agent(&lab).await;
    let empty = lab.commit("All gone", Intent::clear);
    agent.judged(&empty, Verdict::Frozen).await;
    let frozen = webhook.until("frozen", is("agent-frozen")).await;
    assert_eq!((&frozen["commit"], &frozen["device"]), (&empty.as_str().into(), &"".into()), "{frozen:#}");
    let back = lab.revert();
    agent.settled(&back).await;
    let good = webhook.until("good again", is("head-good")).await;
    assert_eq!(good["commit"], back.as_str(), "{good:#}");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_that_the_intent_asks_for_now_is_told_as_accepted() {
    let webhook = Receiver::start(false);
    let lab = lab_with(&webhook, "");
    let mut agent = agent(&lab).await;
    by_hand(&lab, "leaf1", NAME, "ventas");
    webhook.until("drift", is("drift-found")).await;
    let accepted = lab.commit("Rename VLAN 40", |files| files.rename_vlan("ventas"));
    agent.settled(&accepted).await;
    let told = webhook.until("accepted", is("drift-accepted")).await;
    assert_top(&told, "leaf1", NAME, "ventas");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_changed_is_told_to_nobody() {
    let (sent, changed) = ("Quagga-7731-Zebra", "Oryx-4402-Impala");
    let kinds = ["slack", "discord", "teams", "alertmanager", "webhook"];
    let receivers = kinds.map(|kind| (kind, Receiver::start(false)));
    let lines = kinds.map(|kind| format!("    - {{ name: {kind}, kind: {kind}, url: secret:{kind} }}"));
    let mut intent = Intent::border();
    intent.replace("vrfs/gold.yaml", "asn: 64999", "asn: 64999, password: secret:bgp/border");
    let lab = lab_of(intent, &format!("  receivers:\n{}", lines.join("\n")));
    lab.set_secret("bgp/border", sent);
    for (kind, receiver) in &receivers {
        lab.set_secret(kind, &receiver.url());
    }
    let agent = agent(&lab).await;
    let shown_before = held(&lab, "leaf7", PASSWORD);
    by_hand(&lab, "leaf7", PASSWORD, changed);
    let shown = held(&lab, "leaf7", PASSWORD);
    for (kind, receiver) in &receivers {
        receiver.until(kind, |body| body.to_string().contains("auth-password")).await;
    }
    agent.end().await;
    for (kind, receiver) in &receivers {
        for request in receiver.told() {
            let body = String::from_utf8(request.body).unwrap();
            for secret in [sent, changed, &shown, &shown_before] {
                assert!(!body.contains(secret), "{kind}: {body}");
            }
        }
    }
}
