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
        devices: Vec::new(),
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
}

/// A body as a program writes it anew that has parsed it: Kestra drops nulls, Python sorts keys.
fn rebuilt(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let there = fields.iter().filter(|(_, value)| !value.is_null());
            let mut fields: Vec<(&String, &Value)> = there.collect();
            fields.sort_unstable_by_key(|(name, _)| name.chars().collect::<Vec<_>>());
            let texts = fields.into_iter().map(|(name, value)| format!("\"{name}\":{}", rebuilt(value)));
            format!("{{{}}}", texts.collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(rebuilt).collect::<Vec<_>>().join(",")),
        Value::String(text) => {
            let escaped = text.chars().map(|c| match c {
                '"' => "\\\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                '\n' => "\\n".to_owned(),
                '\r' => "\\r".to_owned(),
                '\t' => "\\t".to_owned(),
                '\u{8}' => "\\b".to_owned(),
                '\u{c}' => "\\f".to_owned(),
                c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
                c => c.to_string(),
            });
            format!("\"{}\"", escaped.collect::<String>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[test]
fn whoever_has_parsed_a_body_can_rebuild_it_and_check_its_signature() {
    let secret = crate::secret::SecretText::new("test-secret");
    let kinds = NewsKind::ALL.into_iter().map(What::News).chain([What::PutBack, What::Test]);
    for what in kinds {
        let mut full = Event { what, found_at: Some(Timestamp::UNIX_EPOCH), ..drift(2) };
        full.summary = "\"quoted\", \\ ü € 😀 \u{7f} \u{1} \u{8} \u{c}\r\n\t<>&/".to_owned();
        let mut bare = Event { what, device: None, commit: None, detail: None, ..drift(1) };
        for leaf in &mut bare.leaves {
            (leaf.recorded, leaf.live, leaf.origin) = (None, None, None);
        }
        let none = Event { leaves: Vec::new(), ..bare.clone() };
        for event in [full, bare, none] {
            let sent = render(Kind::Webhook, &event, None).body.to_string();
            let parsed: Value = serde_json::from_str(&sent).unwrap();
            let again = rebuilt(&parsed);
            assert_eq!(again, sent, "{what:?}");
            let signed = |body: &str| crate::alerts::signature::sign(&secret, 1_700_000_000, body.as_bytes());
            assert_eq!(signed(&again), signed(&sent), "{what:?}");
            for field in ["device", "path", "current_value", "timestamp"] {
                assert!(parsed[field].is_string(), "{what:?}: {field}");
            }
        }
    }
}

proptest! {
    #[test]
    fn a_message_fits_whatever_devices_and_people_say(
        text in "\\PC{0,3000}|[<&>*_`]{0,3000}|(<\\n){0,1500}|\\n{0,3000}", count in 0..1_000_usize, kind in 0..NewsKind::ALL.len()
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
