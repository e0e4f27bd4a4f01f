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
    mode: SubscribeMode,
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
            mode,
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
            Some(Response::Error(error)) => return Err(self.protocol(&error.message)),
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

    /// How long it lives.
    pub fn mode(&self) -> SubscribeMode {
        self.mode
    }
}
