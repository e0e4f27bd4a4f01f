//! A device's data as it changes (gNMI specification §3.5).
//!
//! Here: [`Subscription`], opened by [`Client::subscribe`], and its [`Event`]s. `options`:
//! how it is asked for. `probe`: which paths a device lets be subscribed. `messages` and `plain`:
//! how what is told is read off the connection. Elsewhere: what a change means and when to
//! subscribe again (`drift`).

mod messages;
mod options;
mod plain;
mod probe;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use hyper::body::Bytes;
use prost::Message as _;
use serde_json::Value;
use tokio::time::Instant;

use crate::yang::Path;

use super::client::Client;
use super::error::{Action, Error};
use super::path::{Texts, WirePathError};
use super::proto::gnmi_ext::{Extension, config_subscription, extension};
use super::proto::subscribe_response::Response;
use super::words::safe;
use super::{classify, proto};
use messages::{Fault, Messages};

pub use options::{Subscribe, SubscribeMode};
pub use probe::Subscribable;

/// 2000-01-01T00:00:00Z in nanoseconds since 1970. An earlier time is none: the member was
/// not filled, holds seconds, or the device's clock was never set (hazard H20).
const EARLIEST: i64 = 946_684_800_000_000_000;

/// How many events of one message stay allocated for the next. A device may send its whole
/// table in one message (hazard H9), and it shall not be paid for ever after.
const KEPT_EVENTS: usize = 4;

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
    /// All changes of one commit have been told; those of another may have been told between
    /// them. Only where [`Subscribe::commits`] was asked for and is known.
    Committed {
        /// The device's name of the commit, if it gives one.
        server: Option<String>,
        /// The client's name of the commit, if it was a confirmed one.
        confirm: Option<String>,
    },
}

/// An open subscription. Ends when it is dropped.
#[derive(Debug)]
pub struct Subscription {
    client: Client,
    messages: Messages,
    /// What the last message said and was not given yet.
    waiting: VecDeque<Event>,
    texts: Texts,
    told_at: Option<i64>,
    /// When everything must have been told; none once it has.
    sync_until: Option<Instant>,
}

impl Client {
    /// Opens a subscription to all that is at or below some paths.
    ///
    /// A device that cannot do what is asked says so here or at the first
    /// [`Subscription::next`]: see `ErrorKind::is_unsupported`.
    pub async fn subscribe(&self, paths: &[Path], how: impl Into<Subscribe>) -> Result<Subscription, Error> {
        let sync_until = Instant::now() + self.target.deadlines.sync;
        let request = self.request(how.into().request(paths, self.encoding));
        let call = messages::open(self.channel.clone(), request);
        // Some devices send no header before the first data: so it counts for the same deadline.
        let messages = self.call(Action::Subscribe, self.target.deadlines.sync, call, &[]).await?;
        Ok(Subscription {
            client: self.clone(),
            messages,
            waiting: VecDeque::new(),
            texts: Texts::default(),
            told_at: None,
            sync_until: Some(sync_until),
        })
    }
}

impl Subscription {
    /// The next event, or none when the device has ended the subscription: rightly after
    /// [`Event::Synced`] in mode `Once`, else because it restarts or wants no more. An error
    /// ends it too. A call that is dropped while it waits loses no event.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.at_hand() {
                return Some(event);
            }
            match self.receive().await {
                Ok(Some(message)) => {
                    if let Err(error) = self.take(&message) {
                        return Some(Err(error));
                    }
                }
                Ok(None) if self.sync_until.is_none() => return None,
                Ok(None) => return Some(Err(self.protocol("it ended before all data was sent"))),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The next event, if it came together with the last one: none says nothing of those to come.
    pub fn at_hand(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(Ok(event));
            }
            if self.waiting.capacity() > KEPT_EVENTS {
                self.waiting = VecDeque::new();
            }
            let taken = match self.messages.at_hand() {
                Ok(None) => return None,
                Ok(Some(message)) => self.take(&message),
                Err(fault) => Err(self.broken(&fault)),
            };
            if let Err(error) = taken {
                return Some(Err(error));
            }
        }
    }

    /// When the device says that what the last event told came to be, in nanoseconds since
    /// 1970. None for events of a message without data, and where the device gives no time that
    /// can be one. It is the time of the change or of the message, as the device likes: times
    /// of two paths must not be put in order by it.
    pub fn told_at(&self) -> Option<i64> {
        self.told_at
    }

    async fn receive(&mut self) -> Result<Option<Bytes>, Error> {
        let message = self.messages.next();
        let message = if let Some(until) = self.sync_until {
            let Ok(message) = tokio::time::timeout_at(until, message).await else {
                let waited = self.client.target.deadlines.sync;
                return Err(self.protocol(&format!("not all data was sent in {waited:?}")));
            };
            message
        } else {
            message.await
        };
        message.map_err(|fault| self.broken(&fault))
    }

    fn broken(&self, fault: &Fault) -> Error {
        match fault {
            Fault::Status(status) => self.client.failed(Action::Subscribe, status, &[]),
            Fault::Broken(what) => self.protocol(what),
        }
    }

    fn take(&mut self, message: &[u8]) -> Result<(), Error> {
        if let Some(timestamp) = plain::read(message, &mut self.texts, &mut self.waiting) {
            self.told_at = plausible(timestamp);
            return Ok(());
        }
        self.told_at = None;
        let response = proto::SubscribeResponse::decode(message)
            .map_err(|error| self.protocol(&format!("a message that cannot be read: {error}")))?;
        match response.response {
            Some(Response::Update(notification)) => self.take_notification(notification)?,
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
        self.waiting.extend(response.extension.into_iter().filter_map(committed));
        Ok(())
    }

    /// Deletes stand before updates (§2.1); an atomic notification is all that is left below
    /// its prefix (§2.1.1).
    fn take_notification(&mut self, notification: proto::Notification) -> Result<(), Error> {
        self.told_at = plausible(notification.timestamp);
        let prefix = notification.prefix.as_ref();
        let whole = notification.atomic.then_some(None);
        for path in whole.into_iter().chain(notification.delete.iter().map(Some)) {
            match self.texts.path(prefix, path) {
                Ok(path) => self.waiting.push_back(Event::Delete(path)),
                Err(WirePathError::ForeignOrigin(_)) => {}
                Err(error) => return Err(self.protocol(&error.to_string())),
            }
        }
        // One after the other is let go, so that a large message is not held twice.
        for update in notification.update {
            if let Some(answer) = self.client.answer(Action::Subscribe, &mut self.texts, prefix, &update)? {
                self.waiting.push_back(Event::Update(answer.path, answer.json));
            }
        }
        Ok(())
    }

    fn protocol(&self, what: &str) -> Error {
        classify::protocol(&self.client.target, Action::Subscribe, what)
    }
}

/// A time that can be one.
fn plausible(timestamp: i64) -> Option<i64> {
    (timestamp >= EARLIEST).then_some(timestamp)
}

/// The end of a commit, if an extension says it.
fn committed(extension: Extension) -> Option<Event> {
    let Some(extension::Ext::ConfigSubscription(said)) = extension.ext else { return None };
    let Some(config_subscription::Action::SyncDone(done)) = said.action else { return None };
    let given = |name: String| Some(name).filter(|name| !name.is_empty());
    Some(Event::Committed { server: given(done.server_commit_id), confirm: given(done.commit_confirm_id) })
}
