//! What a client meets on a connection that goes wrong, and how it can tell (hazards H10 and
//! H11, half-open connections, reboots): over TLS, with the project's own client.

use std::time::Duration;

use serde_json::json;
use tonic::Code;

use super::super::personality::{OnChange, Personality};
use super::path;
use super::wire::{DESCRIPTION, MTU, connect, fabric, next, read, target, update};
use crate::gnmi::{Client, ErrorKind, Event, Subscribe, SubscribeMode};

#[tokio::test]
async fn a_server_that_wants_fewer_pings_is_told_from_one_that_goes_away() {
    let fabric = fabric(Personality::eos());
    let device = fabric.device("leaf1").unwrap();
    let mut hasty = target(&fabric, "admin");
    hasty.deadlines.ping = Duration::from_millis(200);
    for strict in [true, false] {
        device.ping_strictly(strict.then_some(Duration::from_hours(1)));
        let client = Client::connect(&hasty).await.unwrap();
        let mut events = client.subscribe(&[path(MTU)], SubscribeMode::OnChange).await.unwrap();
        assert_eq!(next(&mut events).await, "synced");
        if !strict {
            device.down();
        }
        let error = events.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind.is_too_many_pings(), strict, "{error}");
        assert!(matches!(error.kind, ErrorKind::Unreachable { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_half_open_connection_is_found_by_its_pings_and_goes_on_if_it_thaws_before() {
    let fabric = fabric(Personality::eos());
    let device = fabric.device("leaf1").unwrap();
    let client = connect(&fabric).await;
    let mut events = client.subscribe(&[path(DESCRIPTION)], SubscribeMode::OnChange).await.unwrap();
    assert_eq!(next(&mut events).await, format!("{DESCRIPTION} \"old\""));
    assert_eq!(next(&mut events).await, "synced");
    device.freeze();
    device.edit(&[], &[(path(DESCRIPTION), json!("while frozen"))]).unwrap();
    let silence = tokio::time::timeout(Duration::from_millis(200), events.next()).await;
    assert!(silence.is_err(), "nothing is told: {silence:?}");
    let mut impatient = target(&fabric, "admin");
    impatient.deadlines.connect = Duration::from_millis(200);
    Client::connect(&impatient).await.unwrap_err();
    device.thaw();
    assert_eq!(next(&mut events).await, format!("{DESCRIPTION} \"while frozen\""));
}

#[tokio::test]
async fn a_reboot_comes_back_with_what_was_saved_and_ends_every_subscription() {
    let fabric = fabric(Personality::eos());
    let device = fabric.device("leaf1").unwrap();
    let client = connect(&fabric).await;
    client.set(&update(DESCRIPTION, json!("saved"))).await.unwrap();
    device.save();
    client.set(&update(DESCRIPTION, json!("not saved"))).await.unwrap();
    let mut events = client.subscribe(&[path(MTU)], SubscribeMode::OnChange).await.unwrap();
    assert_eq!(next(&mut events).await, "synced");
    device.wait_for_subscriptions(1).await;
    device.reboot();
    assert!(!matches!(events.next().await, Some(Ok(_))), "the subscription ends");
    device.wait_for_subscriptions(0).await;
    assert_eq!(read(&connect(&fabric).await, DESCRIPTION).await, Some(json!("saved")));
}

#[tokio::test]
async fn a_refusal_of_the_request_is_told_from_other_errors_and_by_path() {
    for (code, without) in
        [(Code::InvalidArgument, MTU), (Code::Unimplemented, "/interfaces/interface/config/mtu")]
    {
        let on_change = OnChange::NotAt(code, vec![path(without)]);
        let fabric = fabric(Personality { on_change, ..Personality::eos() });
        let client = connect(&fabric).await;
        let both = [path(DESCRIPTION), path(MTU)];
        let mut whole = client.subscribe(&both, SubscribeMode::OnChange).await.unwrap();
        let error = whole.next().await.unwrap().unwrap_err();
        assert!(error.kind.is_unsupported(), "{error}");
        let found = client.subscribable(&both, SubscribeMode::OnChange).await.unwrap();
        assert_eq!(found.taken, [path(DESCRIPTION)]);
        assert_eq!(found.refused.len(), 1);
        assert_eq!(found.refused[0].0, path(MTU));
        let sampled = SubscribeMode::Sample(Duration::from_millis(20));
        let mut seen = client.subscribe(&both, sampled).await.unwrap();
        let old = format!("{DESCRIPTION} \"old\"");
        for expected in [&old, "synced", &old, &old] {
            assert_eq!(next(&mut seen).await, expected);
        }
    }
}

#[tokio::test]
async fn where_commits_are_known_only_configuration_is_told_and_each_end() {
    let fabric = fabric(Personality { config_subscriptions: true, ..Personality::eos() });
    let device = fabric.device("leaf1").unwrap();
    let client = connect(&fabric).await;
    let how = Subscribe { commits: true, ..Subscribe::new(SubscribeMode::OnChange) };
    let entry = path("/interfaces/interface[name=Ethernet1]");
    let mut events = client.subscribe(&[entry], how).await.unwrap();
    while events.next().await.unwrap().unwrap() != Event::Synced {}
    device.edit(&[], &[(path(DESCRIPTION), json!("new"))]).unwrap();
    assert_eq!(events.next().await.unwrap().unwrap(), Event::Update(path(DESCRIPTION), json!("new")));
    assert!(events.told_at().is_some());
    let expected = Event::Committed { server: Some("1".to_owned()), confirm: None };
    assert_eq!(events.next().await.unwrap().unwrap(), expected);
    assert_eq!(events.told_at(), None);
}
