//! One receiver's thread: takes its news from the record and brings them, in order, until they
//! are taken or given up. What the record says survives us, so that nothing is forgotten; what
//! was taken and not written down yet is brought again, with the same id.
//!
//! Elsewhere: which messages (`alerts::merge`), the pauses (`alerts::pace`), the POST
//! (`alerts::send`).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Bell, LOOK, Roles, report};
use crate::agent::config::{AlertDevices, Receiver};
use crate::agent::secrets::Secrets;
use crate::alerts::{
    Event, Item, Kind, Message, Next, Outcome, Post, Rendered, Sender, alertmanager, messages, next, pace,
    render,
};
use crate::git::poll;
use crate::names::{DeviceName, RoleName};
use crate::record::{News, Queued, RecordError, Store};

/// Brings news to one receiver.
pub(super) struct Courier {
    receiver: Receiver,
    secrets: Arc<Secrets>,
    store: Store,
    bell: Bell,
    roles: Roles,
    sender: Option<Sender>,
    /// When each of those that wait was first seen to wait.
    seen: BTreeMap<i64, Instant>,
    /// When what is wrong is said again, if it takes states.
    again: Option<Instant>,
    /// The failure that was logged last.
    failure: Option<String>,
}

impl Courier {
    pub(super) fn new(
        receiver: Receiver,
        secrets: Arc<Secrets>,
        store: Store,
        bell: Bell,
        roles: Roles,
    ) -> Self {
        // an Alertmanager may have forgotten by now what we said before we were started anew
        let again = (receiver.kind == Kind::Alertmanager).then(Instant::now);
        let seen = BTreeMap::new();
        Self { receiver, secrets, store, bell, roles, sender: None, seen, again, failure: None }
    }

    /// Works until the agent ends.
    pub(super) fn run(mut self) {
        let mut heard = 0;
        loop {
            let is_last = self.bell.is_closed();
            let pause = self.work().unwrap_or_else(|error| {
                self.log(Some(format!("the record: {error}")));
                LOOK
            });
            if is_last {
                return;
            }
            self.bell.wait(&mut heard, pause.min(LOOK));
        }
    }

    /// Brings what may be brought now. Gives how long there is nothing to do.
    fn work(&mut self) -> Result<Duration, RecordError> {
        let Some(roles) = self.known_roles() else { return Ok(LOOK) };
        if self.receiver.kind == Kind::Alertmanager {
            self.tell_states(&roles)
        } else {
            self.tell_events(&roles)
        }
    }

    /// The roles of devices, as far as they are asked for; none if they are not known yet.
    fn known_roles(&self) -> Option<BTreeMap<DeviceName, RoleName>> {
        if !self.receiver.asks_for_roles() {
            return Some(BTreeMap::new());
        }
        self.roles.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What waits now, news of a moment ago included.
    fn queued(&mut self, roles: &BTreeMap<DeviceName, RoleName>) -> Result<Vec<Queued>, RecordError> {
        let receiver = &self.receiver;
        let wants = |news: &News| match receiver.kind {
            // what ends an alert is not asked for by name
            Kind::Alertmanager => is_about(receiver, roles, news),
            _ => wants(receiver, roles, news),
        };
        self.store.queue_news(&receiver.name, &wants)?;
        let queued = self.store.queued(&receiver.name)?;
        let now = Instant::now();
        let before = std::mem::take(&mut self.seen);
        let first = |queued: &Queued| (queued.id, before.get(&queued.id).copied().unwrap_or(now));
        self.seen = queued.iter().map(first).collect();
        Ok(queued)
    }

    fn tell_events(&mut self, roles: &BTreeMap<DeviceName, RoleName>) -> Result<Duration, RecordError> {
        loop {
            let queued = self.queued(roles)?;
            if self.bell.is_over() {
                return Ok(Duration::ZERO);
            }
            if let Some(pause) = put_off(&queued, Timestamp::now()) {
                return Ok(pause);
            }
            let items =
                queued.iter().map(|it| Item { id: it.id, fabric: it.fabric.clone(), news: it.news.clone() });
            let Some(message) = messages(items).into_iter().next() else { return Ok(LOOK) };
            if let Some(pause) = self.quiet(&message.ids) {
                return Ok(pause);
            }
            let rendered = render(self.receiver.kind, &message.event, self.receiver.template.as_ref());
            let outcome = self.post(&rendered);
            self.settle(&message, &queued, outcome)?;
        }
    }

    /// How long is still waited for more, if it is.
    fn quiet(&self, ids: &[i64]) -> Option<Duration> {
        let first = ids.iter().filter_map(|id| self.seen.get(id)).min()?;
        let left = pace::QUIET.saturating_sub(first.elapsed());
        (!left.is_zero() && !self.bell.is_closed()).then_some(left)
    }

    /// Tells an Alertmanager everything that is wrong now, and what ended.
    fn tell_states(&mut self, roles: &BTreeMap<DeviceName, RoleName>) -> Result<Duration, RecordError> {
        let queued = self.queued(roles)?;
        if self.bell.is_over() {
            return Ok(Duration::ZERO);
        }
        let now = Timestamp::now();
        if let Some(pause) = put_off(&queued, now) {
            return Ok(pause);
        }
        let ids: Vec<i64> = queued.iter().map(|queued| queued.id).collect();
        let is_due = self.again.is_some_and(|at| Instant::now() >= at);
        if !is_due {
            if ids.is_empty() {
                return Ok(LOOK);
            }
            if let Some(pause) = self.quiet(&ids) {
                return Ok(pause);
            }
        }
        let firing = self.firing(roles)?;
        let events: Vec<Event> =
            queued.iter().map(|it| Event::of(it.id, it.fabric.clone(), it.news.clone())).collect();
        let body = alertmanager::alerts(&firing, &events, self.receiver.template.as_ref(), now);
        let is_empty = body.as_array().is_none_or(Vec::is_empty);
        let outcome =
            if is_empty { Outcome::Taken(200) } else { self.post(&Rendered { body, headers: Vec::new() }) };
        let again = (!firing.is_empty() || outcome != Outcome::Taken(200)).then_some(alertmanager::AGAIN);
        self.again = again.and_then(|pause| Instant::now().checked_add(pause));
        match (events.into_iter().next_back(), &outcome) {
            (Some(event), _) => self.settle(&Message { ids, event }, &queued, outcome)?,
            (None, Outcome::Taken(_)) => self.log(None),
            (None, Outcome::Later { why, .. } | Outcome::Refused(why)) => self.log(Some(why.clone())),
        }
        Ok(LOOK)
    }

    /// What is wrong now, of what this receiver wants.
    fn firing(&self, roles: &BTreeMap<DeviceName, RoleName>) -> Result<Vec<Event>, RecordError> {
        let mut firing = Vec::new();
        for entry in self.store.fabrics()? {
            let news = self.store.firing(&entry.fabric)?;
            let wanted = news.into_iter().filter(|news| wants(&self.receiver, roles, news));
            firing.extend(wanted.map(|news| Event::of(0, entry.fabric.clone(), news)));
        }
        Ok(firing)
    }

    fn post(&mut self, rendered: &Rendered) -> Outcome {
        let secret = |name| self.secrets.get(name).map_err(|error| format!("{error:#}"));
        let given = secret(&self.receiver.url)
            .and_then(|url| Ok((url, self.receiver.sign.as_ref().map(secret).transpose()?)))
            .and_then(|given| match self.sender.take() {
                Some(sender) => Ok((given, sender)),
                None => Sender::new(self.receiver.ca.as_deref()).map(|sender| (given, sender)),
            });
        let ((url, sign), sender) = match given {
            Ok(given) => given,
            // somebody may mend it
            Err(why) => return Outcome::Later { why, after: None },
        };
        let outcome = sender.post(&Post {
            kind: self.receiver.kind,
            url: &url,
            sign: sign.as_ref(),
            body: &rendered.body,
            headers: &rendered.headers,
            now: Timestamp::now(),
        });
        if matches!(outcome, Outcome::Taken(_)) {
            // after a failure the authority is read anew: somebody may have mended it
            self.sender = Some(sender);
        }
        outcome
    }

    /// Writes down what came of a message.
    fn settle(&mut self, message: &Message, queued: &[Queued], outcome: Outcome) -> Result<(), RecordError> {
        let (name, now) = (self.receiver.name.clone(), Timestamp::now());
        let of_it = queued.iter().filter(|queued| message.ids.contains(&queued.id));
        let tries = of_it.map(|queued| queued.attempts).max().unwrap_or_default().saturating_add(1);
        match outcome {
            Outcome::Taken(status) => {
                tracing::debug!(receiver = name, event = message.event.id, status, "told");
                self.log(None);
                self.store.delivered(&name, &message.ids)
            }
            Outcome::Later { why, after } => {
                self.log(Some(why.clone()));
                match next(tries, message.event.at, now, after, poll::random()) {
                    Next::At(at) => self.store.postponed(&name, &message.ids, &why, at),
                    Next::Never => self.give_up(message, &why),
                }
            }
            Outcome::Refused(why) => self.give_up(message, &why),
        }
    }

    fn give_up(&mut self, message: &Message, why: &str) -> Result<(), RecordError> {
        let (receiver, event) = (&self.receiver.name, message.event.what.title());
        tracing::error!(receiver, event, "not told, and given up: {why}; see `gitfabric alerts`");
        self.store.undeliverable(&self.receiver.name, &message.ids, why)
    }

    fn log(&mut self, failure: Option<String>) {
        let what = format!("the receiver {} of alerts cannot be told", self.receiver.name);
        report(&mut self.failure, failure, &what);
    }
}

/// How long those that wait are put off, if they are. The order is kept: behind one that is put
/// off the others wait too.
fn put_off(queued: &[Queued], now: Timestamp) -> Option<Duration> {
    let until = queued.iter().filter_map(|queued| queued.next_at).max()?;
    let left = until.duration_since(now);
    left.is_positive().then(|| left.unsigned_abs())
}

/// Whether a receiver wants to be told this.
fn wants(receiver: &Receiver, roles: &BTreeMap<DeviceName, RoleName>, news: &News) -> bool {
    let is_wanted = receiver.events.is_empty() || receiver.events.contains(&news.kind);
    is_wanted && is_about(receiver, roles, news)
}

/// Whether it is about a device that a receiver is told of, or about none.
fn is_about(receiver: &Receiver, roles: &BTreeMap<DeviceName, RoleName>, news: &News) -> bool {
    let Some(device) = &news.device else { return true };
    let is_it = |devices: &AlertDevices| match devices {
        AlertDevices::Named(name) => name == device,
        AlertDevices::Role(role) => roles.get(device) == Some(role),
    };
    receiver.devices.is_empty() || receiver.devices.iter().any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::NewsKind;

    #[test]
    fn a_receiver_is_told_what_it_asked_for() {
        let receiver = |text: &str| -> Receiver {
            serde_saphyr::from_str(&format!("{{ name: noc, kind: slack, url: secret:a, {text} }}")).unwrap()
        };
        let roles = BTreeMap::from([("leaf1", "leaf"), ("spine1", "spine")].map(|(device, role)| {
            (device.parse::<DeviceName>().unwrap(), role.parse::<RoleName>().unwrap())
        }));
        let news = |kind, device: &str| News {
            kind,
            device: (!device.is_empty()).then(|| device.parse().unwrap()),
            commit: None,
            at: Timestamp::UNIX_EPOCH,
            summary: String::new(),
            detail: None,
            leaves: Vec::new(),
            unlisted: 0,
        };
        for (asked, kind, device, expected) in [
            ("", NewsKind::DriftFound, "leaf1", true),
            ("events: [device-lost]", NewsKind::DriftFound, "leaf1", false),
            ("events: [device-lost]", NewsKind::DeviceLost, "leaf1", true),
            ("devices: [leaf1]", NewsKind::DeviceLost, "leaf1", true),
            ("devices: [leaf1]", NewsKind::DeviceLost, "spine1", false),
            ("devices: ['role:spine', leaf1]", NewsKind::DeviceLost, "spine1", true),
            ("devices: ['role:spine']", NewsKind::DeviceLost, "leaf1", false),
            ("devices: ['role:spine']", NewsKind::DeviceLost, "unknown", false),
            ("devices: [leaf1]", NewsKind::CommitApplied, "", true),
        ] {
            assert_eq!(wants(&receiver(asked), &roles, &news(kind, device)), expected, "{asked} {device}");
        }
    }
}
