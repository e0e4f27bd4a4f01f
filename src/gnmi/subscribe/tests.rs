//! What a client makes of the messages of a subscription.

use std::time::Duration;

use serde_json::json;

use super::super::error::ErrorKind;
use super::super::loopback::{Device, Guard};
use super::super::path;
use super::*;

fn path(text: &str) -> Path {
    text.parse().unwrap()
}

fn told(response: Response) -> proto::SubscribeResponse {
    proto::SubscribeResponse { response: Some(response), ..proto::SubscribeResponse::default() }
}

fn synced() -> proto::SubscribeResponse {
    told(Response::SyncResponse(true))
}

fn notification(prefix: &str, atomic: bool, deletes: &[&str], updates: &[&str]) -> proto::SubscribeResponse {
    let own = |text: &&str| proto::Path { origin: String::new(), ..path::to_wire(&path(text)) };
    let one = proto::TypedValue { value: Some(proto::typed_value::Value::UintVal(1)) };
    let update =
        |text| proto::Update { path: Some(own(text)), val: Some(one.clone()), ..proto::Update::default() };
    told(Response::Update(proto::Notification {
        prefix: Some(path::to_wire(&path(prefix))),
        atomic,
        delete: deletes.iter().map(own).collect(),
        update: updates.iter().map(update).collect(),
        ..proto::Notification::default()
    }))
}

fn update(text: &str) -> Event {
    Event::Update(path(text), json!(1))
}

async fn open(device: &Device, mode: SubscribeMode) -> Subscription {
    let client = Client::connect(&device.target()).await.unwrap();
    client.subscribe(&[path("/a")], mode).await.unwrap()
}

#[tokio::test]
async fn changes_are_told_in_order_for_as_long_as_both_sides_live() {
    let mut device = Device::start(&Guard::default());
    let mut subscription = open(&device, SubscribeMode::OnChange).await;
    for (case, message, expected) in [
        ("initial", notification("/a", false, &[], &["/b", "/c"]), vec![update("/a/b"), update("/a/c")]),
        ("sync", synced(), vec![Event::Synced]),
        ("a change", notification("/", false, &[], &["/a/b"]), vec![update("/a/b")]),
        (
            "a delete comes first",
            notification("/a", false, &["/b", "/l[k=*]"], &["/b"]),
            vec![Event::Delete(path("/a/b")), Event::Delete(path("/a/l[k=*]")), update("/a/b")],
        ),
        (
            "an atomic one is all that is left",
            notification("/a/l[k=1]", true, &[], &["/x"]),
            vec![Event::Delete(path("/a/l[k=1]")), update("/a/l[k=1]/x")],
        ),
    ] {
        device.tell.send(message).await.unwrap();
        for event in expected {
            assert_eq!(subscription.next().await.unwrap().unwrap(), event, "{case}");
        }
    }
    device.vanish();
    let error = subscription.next().await.unwrap().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn everything_once_ends_with_the_sync() {
    let device = Device::start(&Guard::default());
    let mut subscription = open(&device, SubscribeMode::Once).await;
    for message in [notification("/a", false, &[], &["/b"]), synced()] {
        device.tell.send(message).await.unwrap();
    }
    assert_eq!(subscription.next().await, Some(Ok(update("/a/b"))));
    assert_eq!(subscription.next().await, Some(Ok(Event::Synced)));
    assert_eq!(subscription.next().await, None);
}

#[tokio::test]
async fn nothing_stays_of_a_table_that_came_in_one_message() {
    let device = Device::start(&Guard::default());
    let mut subscription = open(&device, SubscribeMode::OnChange).await;
    let table: Vec<String> = (0..20_000).map(|index| format!("/l[k={index}]/v")).collect();
    let table: Vec<&str> = table.iter().map(String::as_str).collect();
    device.tell.send(notification("/a", false, &[], &table)).await.unwrap();
    device.tell.send(synced()).await.unwrap();
    for path in table {
        assert_eq!(subscription.next().await, Some(Ok(update(&format!("/a{path}")))));
    }
    assert_eq!(subscription.next().await, Some(Ok(Event::Synced)));
    assert_eq!(subscription.messages.kept(), 0);
    assert!(subscription.waiting.capacity() <= KEPT_EVENTS, "{}", subscription.waiting.capacity());
}

#[tokio::test]
async fn a_second_sync_is_no_news_and_the_end_after_a_sync_is_no_error() {
    let mut device = Device::start(&Guard::default());
    let mut subscription = open(&device, SubscribeMode::OnChange).await;
    for message in [synced(), synced(), notification("/a", false, &[], &["/b"])] {
        device.tell.send(message).await.unwrap();
    }
    assert_eq!(subscription.next().await, Some(Ok(Event::Synced)));
    assert_eq!(subscription.next().await, Some(Ok(update("/a/b"))));
    device.hang_up();
    assert_eq!(subscription.next().await, None);
}

#[tokio::test]
async fn a_subscription_that_does_not_sync_is_an_error() {
    let mut device = Device::start(&Guard::default());
    let mut subscription = open(&device, SubscribeMode::OnChange).await;
    device.hang_up();
    let ended = subscription.next().await.unwrap().unwrap_err().to_string();
    assert!(ended.contains("cannot be used: it ended before all data was sent"), "{ended}");

    let device = Device::start(&Guard::default());
    let mut target = device.target();
    target.deadlines.sync = Duration::from_millis(500);
    let client = Client::connect(&target).await.unwrap();
    let mut subscription = client.subscribe(&[path("/a")], SubscribeMode::OnChange).await.unwrap();
    let late = subscription.next().await.unwrap().unwrap_err().to_string();
    assert!(late.contains("cannot be used: not all data was sent in 500ms"), "{late}");
}
