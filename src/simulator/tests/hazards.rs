//! The ways of streams and reads that must not be taken for drift (hazards H9, H13 to H16,
//! H19 to H22, H28), without a socket.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::super::device::{Device, DeviceConfig};
use super::super::get;
use super::super::personality::{Defaults, GetPaths, MemberNames, Packing, Personality, Timestamps};
use super::super::set::run;
use super::subscribing::{CONFIG, Call, STATE, list};
use super::{json_of, path, request, wire};
use crate::gnmi::path::from_wire;
use crate::gnmi::proto::get_request::DataType;
use crate::gnmi::proto::subscribe_request::Request as Asked;
use crate::gnmi::proto::subscribe_response::Response as Answer;
use crate::gnmi::proto::{Encoding, GetRequest, Notification};
use crate::platform::Profile;
use crate::yang::Tree;

const E1: &str = "/interfaces/interface[name=Ethernet1]";

/// A call that is past its first state.
async fn following(personality: Personality) -> Call {
    let mut call = Call::start(personality);
    call.ask(Asked::Subscribe(list())).await;
    while call.next().await != "sync" {}
    call
}

async fn notification(call: &mut Call) -> Notification {
    let answer = tokio::time::timeout(Duration::from_secs(90), call.answers.recv()).await.unwrap();
    match answer.unwrap().unwrap().response {
        Some(Answer::Update(notification)) => notification,
        other => panic!("no notification: {other:?}"),
    }
}

#[tokio::test]
async fn a_state_and_a_change_come_in_as_many_messages_as_the_device_likes() {
    let (mtu, kind) = STATE.split_once(' ').unwrap();
    let all = format!("description=\"new\" mtu=1500 {kind}");
    for (packing, first, then) in [
        (Packing::Some, vec![STATE], vec!["description=\"new\" mtu=1500"]),
        (Packing::Leaf, vec![mtu, kind], vec!["description=\"new\"", "mtu=1500"]),
        (Packing::Table, vec![STATE], vec![all.as_str()]),
    ] {
        let mut call = Call::start(Personality { packing, ..Personality::plain() });
        call.ask(Asked::Subscribe(list())).await;
        assert_eq!(call.several(first.len()).await, first, "{packing:?}");
        assert_eq!(call.next().await, "sync", "{packing:?}");
        call.set(&format!("update {CONFIG}/mtu 1500\nupdate {CONFIG}/description \"new\""));
        assert_eq!(call.several(then.len()).await, then, "{packing:?}");
        assert_eq!(call.next().await, "silence", "{packing:?}");
    }
}

#[tokio::test]
async fn the_last_of_a_state_may_be_told_again() {
    let mut call = Call::start(Personality { replays_last: true, ..Personality::plain() });
    call.ask(Asked::Subscribe(list())).await;
    let (_, kind) = STATE.split_once(' ').unwrap();
    assert_eq!(call.several(4).await, [STATE, "sync", kind, "silence"]);
}

#[tokio::test]
async fn an_atomic_container_is_told_as_all_that_is_left_in_it() {
    let atomic = vec![path("/interfaces/interface/config")];
    let mut call = following(Personality { atomic, ..Personality::plain() }).await;
    call.set(&format!("delete {CONFIG}/mtu"));
    let told = notification(&mut call).await;
    assert!(told.atomic && told.delete.is_empty());
    assert_eq!(from_wire(told.prefix.as_ref(), None).unwrap(), path(CONFIG));
    let left = from_wire(told.prefix.as_ref(), told.update[0].path.as_ref()).unwrap();
    assert_eq!((told.update.len(), left), (1, path(&format!("{CONFIG}/type"))));
}

#[tokio::test]
async fn times_are_what_the_device_makes_of_them() {
    for (timestamps, expected) in
        [(Timestamps::Nanoseconds, 19), (Timestamps::Seconds, 10), (Timestamps::None, 1)]
    {
        let mut call = following(Personality { timestamps, ..Personality::plain() }).await;
        call.set(&format!("update {CONFIG}/mtu 1500"));
        assert_eq!(notification(&mut call).await.timestamp.to_string().len(), expected, "{timestamps:?}");
    }
    let mut call = following(Personality::plain()).await;
    let mut last = 0;
    for (mtu, shift, back) in [(1500, 0, false), (1501, -3600, true), (1502, 7200, false)] {
        call.device.shift_clock(shift * 1_000_000_000);
        call.set(&format!("update {CONFIG}/mtu {mtu}"));
        let now = notification(&mut call).await.timestamp;
        assert_eq!(now < last, back, "shifted by {shift} s");
        last = now;
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_tells_everything_again() {
    let mut call = Call::start(Personality::plain());
    let mut beating = list();
    beating.subscription[0].heartbeat_interval = 5_000_000_000;
    call.ask(Asked::Subscribe(beating)).await;
    assert_eq!(call.several(3).await, [STATE, "sync", "silence"]);
    assert_eq!(notification(&mut call).await.update.len(), 2);
    assert_eq!(notification(&mut call).await.update.len(), 2);
}

#[tokio::test]
async fn ten_thousand_changes_are_each_told_or_counted_where_a_client_is_slow() {
    for (waiting_changes, messages) in [(16_384, 10_000), (8, 1)] {
        let mut call = following(Personality { waiting_changes, ..Personality::plain() }).await;
        for mtu in 0..10_000 {
            call.set(&format!("update {CONFIG}/mtu {}", 1500 + mtu % 7000));
        }
        let (mut told, mut changes) = (0, 0);
        while changes < 10_000 {
            let update = notification(&mut call).await.update.remove(0);
            told += 1;
            changes += 1 + update.duplicates;
            if changes == 10_000 {
                assert_eq!(json_of(&update), json!(4499));
            }
        }
        assert_eq!((told, changes), (messages, 10_000));
    }
}

/// A device of the whole EOS schema, with one change made to it.
fn eos(personality: Personality, set: &str) -> Device {
    let schema = (Profile::find("arista-eos", "4.35.0F").unwrap().schema)();
    let config = DeviceConfig::new("leaf1".parse().unwrap(), Arc::clone(&schema), Tree::new());
    let device = Device::new(DeviceConfig { personality, ..config });
    run(&device, &request(set), None).unwrap();
    device
}

/// What a Get of configuration answers: paths and values.
fn read(device: &Device, at: &str) -> Vec<(String, Json)> {
    let request = GetRequest {
        path: vec![wire(at)],
        r#type: DataType::Config.into(),
        encoding: Encoding::JsonIetf.into(),
        ..GetRequest::default()
    };
    let answer = get::run(device, &request).unwrap();
    let updates = answer.notification.iter().flat_map(|notification| {
        notification.update.iter().map(|update| {
            let at = from_wire(notification.prefix.as_ref(), update.path.as_ref()).unwrap();
            (at.to_string(), json_of(update))
        })
    });
    updates.collect()
}

#[test]
fn an_answer_may_be_shorter_or_longer_than_its_question() {
    let config = format!("{E1}/config");
    let whole = json!({"openconfig-interfaces:description": "x", "openconfig-interfaces:name": "Ethernet1",
        "openconfig-interfaces:type": "iana-if-type:ethernetCsmacd"});
    let wrapped = json!({"openconfig-interfaces:config":
        {"description": "x", "name": "Ethernet1", "type": "iana-if-type:ethernetCsmacd"}});
    for (get_paths, expected) in [
        (GetPaths::AsAsked, vec![(config.clone(), whole.clone())]),
        (GetPaths::InPrefix, vec![(config.clone(), whole)]),
        (GetPaths::Shorter, vec![(E1.to_owned(), wrapped)]),
        (
            GetPaths::Leaves,
            vec![
                (format!("{config}/description"), json!("x")),
                (format!("{config}/name"), json!("Ethernet1")),
                (format!("{config}/type"), json!("iana-if-type:ethernetCsmacd")),
            ],
        ),
    ] {
        let device = eos(
            Personality { get_paths, ..Personality::eos() },
            &format!("update {config}/description \"x\""),
        );
        assert_eq!(read(&device, &config), expected, "{get_paths:?}");
    }
}

#[test]
fn members_say_their_module_where_the_device_likes() {
    for (member_names, expected) in [
        (MemberNames::Rfc7951, json!({"openconfig-interfaces:config": {"description": "x"}})),
        (
            MemberNames::Prefixed,
            json!({"openconfig-interfaces:config": {"openconfig-interfaces:description": "x"}}),
        ),
        (MemberNames::Bare, json!({"config": {"description": "x"}})),
    ] {
        let ways = Personality { member_names, get_paths: GetPaths::Shorter, ..Personality::eos() };
        let device = eos(ways, &format!("update {E1}/config/description \"x\""));
        let mut seen = read(&device, &format!("{E1}/config")).remove(0).1;
        let config = seen.as_object_mut().unwrap().values_mut().next().unwrap().as_object_mut().unwrap();
        config.retain(|name, _| name.ends_with("description"));
        assert_eq!(seen, expected, "{member_names:?}");
    }
}

#[test]
fn defaults_are_reported_as_set_never_or_all() {
    let enabled = format!("{E1}/config/enabled");
    for (defaults, set, unset) in
        [(Defaults::AsSet, true, false), (Defaults::Omitted, false, false), (Defaults::All, true, true)]
    {
        let shows = |text: &str| {
            let device = eos(Personality { defaults, ..Personality::eos() }, text);
            let config = read(&device, &format!("{E1}/config")).remove(0).1;
            config.get("openconfig-interfaces:enabled") == Some(&json!(true))
        };
        assert_eq!(shows(&format!("update {enabled} true")), set, "{defaults:?}, set");
        assert_eq!(shows(&format!("update {E1}/config/description \"x\"")), unset, "{defaults:?}, not set");
    }
}

#[test]
fn values_may_be_spelled_oddly() {
    let server = "/system/dns/servers/server[address=2001:db8::1]";
    let set = format!("update {server} {}", json!({"config": {"address": "2001:db8::1"}}));
    for (odd_spelling, expected) in
        [(false, "2001:db8::1"), (true, "2001:0DB8:0000:0000:0000:0000:0000:0001")]
    {
        let device = eos(Personality { odd_spelling, ..Personality::eos() }, &set);
        assert_eq!(read(&device, &format!("{server}/config/address"))[0].1, json!(expected));
    }
}

#[test]
fn hashes_change_at_each_reading_or_once() {
    let user = "/system/aaa/authentication/users/user[username=ann]";
    let set = format!(
        "update {user} {}",
        json!({"username": "ann", "config": {"username": "ann", "role": "network-admin", "password": "secret"}})
    );
    let at = format!("{user}/config/password");
    for resalts in [false, true] {
        let device = eos(Personality { resalts, ..Personality::eos() }, &set);
        assert_eq!(read(&device, &at) == read(&device, &at), !resalts);
    }
    let device = eos(Personality::eos(), &set);
    let (before, generation) = (read(&device, &at), device.snapshot().generation);
    device.rehash();
    let after = read(&device, &at);
    assert_ne!(before, after);
    assert_eq!(after, read(&device, &at));
    assert_eq!(device.snapshot().generation, generation + 1);
}
