//! A device's data as it changes (gNMI specification §3.5).
//!
//! Here: [`Subscription`], opened by [`Client::subscribe`], and its [`Event`]s. Elsewhere:
//! what a change means and when to subscribe again (`agent`).

use std::collections::VecDeque;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::yang::Path;

use super::client::Client;
use super::error::{Action, Error};
use super::path::WirePathError;
use super::proto::subscribe_response::Response;
use super::proto::subscription_list::Mode;
use super::words::safe;
use super::{classify, path, proto};

/// How long a subscription lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribeMode {
    /// Everything once, then it ends. For trees too large for a Get.
    Once,
    /// Everything once, then each change.
    OnChange,
}

/// What a device tells on a subscription.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A path has this value now. It may be the one it had.
    Update(Path, Value),
    /// A path is gone, with all below it. It may hold wildcards: see `path::covers`. Also
    /// told before updates that are the whole state below a path.
    Delete(Path),
    /// All that was there at the start has been told. What was known before from an earlier
    /// subscription and was not told again is gone.
    Synced,
}

/// An open subscription. Ends when it is dropped.
#[derive(Debug)]
pub struct Subscription {
    client: Client,
    stream: Streaming<proto::SubscribeResponse>,
    /// Never used again, and kept: many devices end a subscription whose request side ends.
    _requests: mpsc::Sender<proto::SubscribeRequest>,
    waiting: VecDeque<Event>,
    /// When everything must have been told; none once it has.
    sync_until: Option<Instant>,
}

impl Client {
    /// Opens a subscription to all that is at or below some paths.
    pub async fn subscribe(&self, paths: &[Path], mode: SubscribeMode) -> Result<Subscription, Error> {
        let sync_until = Instant::now() + self.target.deadlines.sync;
        let (requests, receiver) = mpsc::channel(1);
        // The channel is empty and has room for this one.
        let _ = requests.try_send(request(self, paths, mode));
        let mut rpc = self.rpc.clone();
        let call = rpc.subscribe(self.request(ReceiverStream::new(receiver)));
        // Some devices send no header before the first data: so it counts for the same deadline.
        let stream = self.call(Action::Subscribe, self.target.deadlines.sync, call, &[]).await?;
        Ok(Subscription {
            client: self.clone(),
            stream,
            _requests: requests,
            waiting: VecDeque::new(),
            sync_until: Some(sync_until),
        })
    }
}

fn request(client: &Client, paths: &[Path], mode: SubscribeMode) -> proto::SubscribeRequest {
    let subscription = paths.iter().map(|path| proto::Subscription {
        path: Some(path::to_wire(path)),
        // In every mode: the default would leave the choice to the device.
        mode: proto::SubscriptionMode::OnChange.into(),
        ..proto::Subscription::default()
    });
    let list = proto::SubscriptionList {
        subscription: subscription.collect(),
        mode: match mode {
            SubscribeMode::Once => Mode::Once,
            SubscribeMode::OnChange => Mode::Stream,
        }
        .into(),
        encoding: client.encoding.to_wire().into(),
        ..proto::SubscriptionList::default()
    };
    proto::SubscribeRequest {
        request: Some(proto::subscribe_request::Request::Subscribe(list)),
        ..proto::SubscribeRequest::default()
    }
}

impl Subscription {
    /// The next event, or none when the device has ended the subscription: rightly after
    /// [`Event::Synced`] in mode `Once`, else because it restarts or wants no more. An error
    /// ends it too. A call that is dropped while it waits loses no event.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(Ok(event));
            }
            match self.receive().await {
                Ok(Some(response)) => {
                    if let Err(error) = self.take(response) {
                        return Some(Err(error));
                    }
                }
                Ok(None) if self.sync_until.is_none() => return None,
                Ok(None) => return Some(Err(self.protocol("it ended before all data was sent"))),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    async fn receive(&mut self) -> Result<Option<proto::SubscribeResponse>, Error> {
        let message = self.stream.message();
        let message = if let Some(until) = self.sync_until {
            let Ok(message) = tokio::time::timeout_at(until, message).await else {
                let waited = self.client.target.deadlines.sync;
                return Err(self.protocol(&format!("not all data was sent in {waited:?}")));
            };
            message
        } else {
            message.await
        };
        message.map_err(|status| classify::answered(&self.client.target, Action::Subscribe, &status, &[]))
    }

    fn take(&mut self, response: proto::SubscribeResponse) -> Result<(), Error> {
        match response.response {
            Some(Response::Update(notification)) => self.take_notification(&notification)?,
            // Only the first is news.
            Some(Response::SyncResponse(_)) if self.sync_until.take().is_some() => {
                self.waiting.push_back(Event::Synced);
            }
            #[expect(deprecated, reason = "old devices still send it")]
            Some(Response::Error(error)) => {
                let password = self.client.target.credentials.iter().map(|login| &login.password);
                return Err(self.protocol(&safe(&error.message, password)));
            }
            // A repeated sync; an extension alone; a member of a later version.
            Some(Response::SyncResponse(_)) | None => {}
        }
        Ok(())
    }

    /// Deletes stand before updates (§2.1); an atomic notification is all that is left below
    /// its prefix (§2.1.1).
    fn take_notification(&mut self, notification: &proto::Notification) -> Result<(), Error> {
        let prefix = notification.prefix.as_ref();
        let whole = notification.atomic.then_some(None);
        for path in whole.into_iter().chain(notification.delete.iter().map(Some)) {
            match path::from_wire(prefix, path) {
                Ok(path) => self.waiting.push_back(Event::Delete(path)),
                Err(WirePathError::ForeignOrigin(_)) => {}
                Err(error) => return Err(self.protocol(&error.to_string())),
            }
        }
        for update in &notification.update {
            if let Some(answer) = self.client.answer(Action::Subscribe, prefix, update)? {
                self.waiting.push_back(Event::Update(answer.path, answer.json));
            }
        }
        Ok(())
    }

    fn protocol(&self, what: &str) -> Error {
        classify::protocol(&self.client.target, Action::Subscribe, what)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::error::ErrorKind;
    use super::super::loopback::{Device, Guard};
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

    fn notification(
        prefix: &str,
        atomic: bool,
        deletes: &[&str],
        updates: &[&str],
    ) -> proto::SubscribeResponse {
        let own = |text: &&str| proto::Path { origin: String::new(), ..path::to_wire(&path(text)) };
        let one = proto::TypedValue { value: Some(proto::typed_value::Value::UintVal(1)) };
        let update = |text| proto::Update {
            path: Some(own(text)),
            val: Some(one.clone()),
            ..proto::Update::default()
        };
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
}
