//! What each receiver is sent, as it stands on the wire, and that it fits.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::alerts::event::What;
use crate::record::{NewsKind, NewsLeaf};

const KINDS: [Kind; 5] = [Kind::Slack, Kind::Discord, Kind::Teams, Kind::Alertmanager, Kind::Webhook];

/// Drift of so many leaves, with a value that would like to be heard.
pub(in crate::alerts) fn drift(count: usize) -> Event {
    let leaf = |index: usize| NewsLeaf {
        path: format!("/vlans/vlan[vlan-id={}]/config/name", 40 + index),
        kind: if index == 1 { "secret" } else { "owned" }.to_owned(),
        recorded: Some("web_1".to_owned()),
        live: Some("<!channel> `rm`".to_owned()),
        origin: (index == 0).then(|| "vlans/40.yaml:1".to_owned()),
    };
    Event {
        id: "dc1-7-1795230764000".to_owned(),
        fabric: "dc1".parse().unwrap(),
        what: What::News(NewsKind::DriftFound),
        device: Some("leaf1".parse().unwrap()),
        commit: Some("6e0d52c1".repeat(5).parse().unwrap()),
        at: "2026-11-21T03:12:44Z".parse().unwrap(),
        found_at: None,
        summary: format!("leaf1: {count} leaves are not what commit 6e0d52c says"),
        detail: Some("the device says: admin, by CLI, at 03:12:43Z".to_owned()),
        leaves: (0..count).map(leaf).collect(),
        unlisted: 0,
        merged: 1,
    }
}

fn frozen() -> Event {
    let what = What::News(NewsKind::AgentFrozen);
    let summary = "dc1: the folder fabrics/dc1 is gone".to_owned();
    Event { what, device: None, summary, detail: None, leaves: Vec::new(), ..drift(0) }
}

#[test]
fn each_receiver_gets_what_it_takes() {
    for kind in KINDS {
        insta::assert_json_snapshot!(format!("drift-{kind}"), render(kind, &drift(2), None).body);
        insta::assert_json_snapshot!(format!("frozen-{kind}"), render(kind, &frozen(), None).body);
    }
}

#[test]
fn a_template_takes_the_place_of_our_words_alone() {
    let template: Template = "*{device}*: {live} for {recorded}".parse().unwrap();
    for (kind, pointer, expected) in [
        (Kind::Slack, "/blocks/1/text/text", "*leaf1*: &lt;!channel&gt; 'rm' for web_1"),
        (Kind::Discord, "/embeds/0/description", r"*leaf1*: \<!channel\> \`rm\` for web\_1"),
        (Kind::Teams, "/attachments/0/content/body/1/text", r"*leaf1*: &lt;!channel&gt; \`rm\` for web\_1"),
        (Kind::Alertmanager, "/0/annotations/description", "*leaf1*: <!channel> `rm` for web_1"),
        (Kind::Webhook, "/text", "*leaf1*: <!channel> `rm` for web_1"),
    ] {
        let body = render(kind, &drift(1), Some(&template)).body;
        assert_eq!(body.pointer(pointer).and_then(Value::as_str), Some(expected), "{kind}");
    }
}

#[test]
fn an_alertmanager_is_told_what_is_wrong_and_what_ended() {
    let now: Timestamp = "2026-11-21T04:00:00Z".parse().unwrap();
    let put_back = Event { what: What::PutBack, ..drift(1) };
    let elsewhere = Event { device: Some("leaf2".parse().unwrap()), ..put_back.clone() };
    let body = alertmanager::alerts(&[drift(1), frozen()], [&put_back, &elsewhere], None, now);
    let told: Vec<String> = body
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| {
            let label = |name: &str| alert["labels"][name].as_str().unwrap_or("-");
            let ends = alert["endsAt"].as_str().unwrap();
            format!(
                "{} {} {} {ends}",
                label("alertname"),
                label("device"),
                alert["startsAt"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "GitfabricDrift leaf1 2026-11-21T03:12:44Z 2026-11-21T04:04:00Z",
            "GitfabricFrozen - 2026-11-21T03:12:44Z 2026-11-21T04:04:00Z",
            "GitfabricCorrectionGivenUp leaf1 2026-11-21T03:12:43Z 2026-11-21T03:12:44Z",
            "GitfabricDrift leaf2 2026-11-21T03:12:43Z 2026-11-21T03:12:44Z",
            "GitfabricCorrectionGivenUp leaf2 2026-11-21T03:12:43Z 2026-11-21T03:12:44Z",
        ],
        "what is wrong again is not said to have ended"
    );
    assert!(!alertmanager::is_state(&put_back) && alertmanager::is_state(&frozen()));
}

proptest! {
    #[test]
    fn a_message_fits_whatever_devices_and_people_say(
        text in "\\PC{0,3000}|[<&>*_`]{0,3000}", count in 0..1_000_usize, kind in 0..NewsKind::ALL.len()
    ) {
        let mut event = drift(count);
        event.what = What::News(NewsKind::ALL[kind]);
        event.summary.clone_from(&text);
        event.detail = Some(text.clone());
        for leaf in &mut event.leaves {
            leaf.live = Some(text.clone());
        }
        let length = |value: &Value, pointer: &str| {
            value.pointer(pointer).and_then(Value::as_str).map_or(0, |text| text.chars().count())
        };
        let slack = render(Kind::Slack, &event, None).body;
        prop_assert!(length(&slack, "/blocks/0/text/text") <= 150);
        prop_assert!((1..=3_000).contains(&length(&slack, "/blocks/1/text/text")));
        prop_assert!(!slack.to_string().contains("<!"));
        let discord = render(Kind::Discord, &event, None).body;
        prop_assert!(length(&discord, "/embeds/0/description") <= 4_096);
        let teams = render(Kind::Teams, &event, None).body;
        prop_assert!(teams.to_string().len() <= 28_000);
    }
}
