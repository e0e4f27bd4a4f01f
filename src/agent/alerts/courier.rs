//! One receiver's thread: takes its news from the record and brings them, in order, until they
//! are taken or given up. What the record says survives us, so that nothing is forgotten; what
//! was taken and not written down yet is brought again, as it was, with the same id.
//!
//! Elsewhere: which messages (`alerts::merge`), which is next (`letters`), the pauses
//! (`alerts::pace`), the POST (`alerts::send`).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::letters::{self, Letter};
use super::{Bell, LOOK, Roles, report, survived};
use crate::agent::config::{AlertDevices, Receiver};
use crate::agent::secrets::Secrets;
use crate::alerts::{
    Event, Item, Kind, Next, Outcome, Post, Rendered, Sender, alertmanager, fold, messages, next, pace,
    render,
};
use crate::git::poll;
use crate::names::{DeviceName, RoleName};
use crate::record::{News, Queued, RecordError, Rest, Store};

/// A receiver that fails so often one after the other is in trouble itself, and left alone.
const IN_TROUBLE: u32 = 2;

/// Brings news to one receiver.
pub(super) struct Courier {
    receiver: Receiver,
    secrets: Arc<Secrets>,
    store: Store,
    bell: Bell,
    roles: Roles,
    sender: Option<Sender>,
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
        Self { receiver, secrets, store, bell, roles, sender: None, again, failure: None }
    }

    /// Works until the agent ends.
    pub(super) fn run(mut self) {
        let mut heard = 0;
        loop {
            let is_last = self.bell.is_closed();
            let pause = survived(|| self.work()).unwrap_or_else(|why| {
                self.log(Some(why));
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

    /// Puts what is news now on the receiver's list.
    fn queue(&mut self, roles: &BTreeMap<DeviceName, RoleName>) -> Result<(), RecordError> {
        let receiver = &self.receiver;
        let wants = |news: &News| match receiver.kind {
            // what ends an alert is not asked for by name
            Kind::Alertmanager => is_about(receiver, roles, news),
            _ => wants(receiver, roles, news),
        };
        self.store.queue_news(&receiver.name, &wants)
    }

    fn tell_events(&mut self, roles: &BTreeMap<DeviceName, RoleName>) -> Result<Duration, RecordError> {
        self.queue(roles)?;
        if let Some(left) = left(self.store.rest(&self.receiver.name)?.until, Timestamp::now()) {
            return Ok(left);
        }
        let mut letters = self.letters()?;
        loop {
            if self.bell.is_over() {
                return Ok(Duration::ZERO);
            }
            let at = match letters::next(&letters, Timestamp::now()) {
                letters::Next::Bring(at) => at,
                letters::Next::Wait(left) => return Ok(left),
                letters::Next::Nothing => return Ok(LOOK),
            };
            let mut letter = letters.remove(at);
            if self.bring(&mut letter)? {
                continue;
            }
            letters.insert(at, letter);
            if let Some(left) = left(self.store.rest(&self.receiver.name)?.until, Timestamp::now()) {
                return Ok(left);
            }
        }
    }

    /// What waits: what was tried as it was, the rest as few messages as may be.
    fn letters(&mut self) -> Result<Vec<Letter>, RecordError> {
        let name = self.receiver.name.clone();
        let queued = self.store.fresh(&name)?;
        let times: BTreeMap<i64, Timestamp> =
            queued.iter().map(|queued| (queued.id, queued.news.at)).collect();
        let items = queued.into_iter().map(|it| Item { id: it.id, fabric: it.fabric, news: it.news });
        let mut fresh = messages(items);
        if self.receiver.kind.is_for_people() {
            fresh = fold(fresh);
        }
        let (now, is_last) = (Timestamp::now(), self.bell.is_closed());
        let mut letters = Vec::new();
        for tried in self.store.tried(&name)? {
            match serde_json::from_str(&tried.event) {
                Ok(event) => letters.push(Letter {
                    ids: tried.ids,
                    event,
                    is_written: true,
                    attempts: tried.attempts,
                    not_before: tried.next_at.filter(|at| left(Some(*at), now).is_some()),
                }),
                // another gitfabric wrote it
                Err(error) => {
                    let why = format!("what is on record of it cannot be read: {error}");
                    self.store.undeliverable(&name, &tried.ids, &why)?;
                }
            }
        }
        for message in fresh {
            let first = message.ids.iter().filter_map(|id| times.get(id)).min();
            let not_before = first.filter(|_| !is_last).and_then(|first| quiet_until(*first, now));
            let (ids, event) = (message.ids, message.event);
            letters.push(Letter { ids, event, is_written: false, attempts: 0, not_before });
        }
        letters.sort_by_key(|letter| letter.ids.last().copied());
        Ok(letters)
    }

    /// Brings one message. Says whether that is settled: it was taken, or is given up.
    fn bring(&mut self, letter: &mut Letter) -> Result<bool, RecordError> {
        let name = self.receiver.name.clone();
        if !letter.is_written {
            // texts, numbers and lists of them are always JSON
            let event = serde_json::to_string(&letter.event).unwrap_or_default();
            self.store.begin_message(&name, &letter.ids, &event)?;
            letter.is_written = true;
        }
        let rendered = render(self.receiver.kind, &letter.event, self.receiver.template.as_ref());
        let outcome = self.post(&rendered);
        let is_aside = letter.attempts >= pace::ASIDE;
        letter.attempts = letter.attempts.saturating_add(1);
        let rest = self.store.rest(&name)?;
        let (why, after) = match outcome {
            Outcome::Taken(status) => {
                tracing::debug!(receiver = name, event = letter.event.id, status, "told");
                self.log(None);
                self.store.delivered(&name, &letter.ids)?;
                if rest != Rest::default() {
                    self.store.set_rest(&name, Rest::default())?;
                }
                return Ok(true);
            }
            Outcome::Refused(why) => {
                self.give_up(&letter.event, &letter.ids, &why)?;
                return Ok(true);
            }
            Outcome::Later { why, after } => (why, after),
        };
        self.log(Some(why.clone()));
        let now = Timestamp::now();
        self.store.set_rest(&name, rest_after(rest, is_aside, after, now, poll::random()))?;
        match next(letter.attempts, letter.event.at, now, after, poll::random()) {
            Next::At(at) => {
                letter.not_before = Some(at);
                self.store.postponed(&name, &letter.ids, &why, at)?;
                Ok(false)
            }
            Next::Never => {
                self.give_up(&letter.event, &letter.ids, &why)?;
                Ok(true)
            }
        }
    }

    /// Tells an Alertmanager everything that is wrong now, each minute whatever becomes of it, and
    /// what ended, at once.
    fn tell_states(&mut self, roles: &BTreeMap<DeviceName, RoleName>) -> Result<Duration, RecordError> {
        self.queue(roles)?;
        if self.bell.is_over() {
            return Ok(Duration::ZERO);
        }
        let name = self.receiver.name.clone();
        let now = Timestamp::now();
        if let Some(left) = left(self.store.rest(&name)?.until, now) {
            return Ok(left);
        }
        let queued = self.store.queued(&name)?;
        if self.again.is_none_or(|at| Instant::now() < at) {
            let is_last = self.bell.is_closed();
            let quiet = |at| if is_last { None } else { quiet_until(at, now) };
            let times = queued.iter().map(|it| it.next_at.or_else(|| quiet(it.news.at)));
            match times.map(|at| left(at, now).unwrap_or_default()).min() {
                Some(Duration::ZERO) => {}
                Some(left) => return Ok(left),
                None => return Ok(LOOK),
            }
        }
        let firing = self.firing(roles)?;
        let ended: Vec<Event> =
            queued.iter().map(|it| Event::of(it.id, it.fabric.clone(), it.news.clone())).collect();
        let body = alertmanager::alerts(&firing, &ended, self.receiver.template.as_ref(), now);
        let is_empty = body.as_array().is_none_or(Vec::is_empty);
        let outcome =
            if is_empty { Outcome::Taken(200) } else { self.post(&Rendered { body, headers: Vec::new() }) };
        let is_done = firing.is_empty() && matches!(outcome, Outcome::Taken(_));
        self.again = if is_done { None } else { Instant::now().checked_add(alertmanager::AGAIN) };
        self.settle_states(&queued, outcome)?;
        Ok(LOOK)
    }

    /// Writes down what came of telling states, of the news that were told with them.
    fn settle_states(&mut self, queued: &[Queued], outcome: Outcome) -> Result<(), RecordError> {
        let name = self.receiver.name.clone();
        let ids: Vec<i64> = queued.iter().map(|queued| queued.id).collect();
        let (why, after) = match outcome {
            Outcome::Taken(_) => {
                self.log(None);
                return self.store.delivered(&name, &ids);
            }
            Outcome::Refused(why) => {
                if queued.is_empty() {
                    self.log(Some(why.clone()));
                }
                return queued.iter().try_for_each(|it| {
                    let event = Event::of(it.id, it.fabric.clone(), it.news.clone());
                    self.give_up(&event, &[it.id], &why)
                });
            }
            Outcome::Later { why, after } => (why, after),
        };
        self.log(Some(why.clone()));
        let now = Timestamp::now();
        if after.is_some()
            && let Next::At(at) = next(1, now, now, after, poll::random())
        {
            self.store.set_rest(&name, Rest { failures: 1, until: Some(at) })?;
        }
        for it in queued {
            match next(it.attempts.saturating_add(1), it.news.at, now, after, poll::random()) {
                Next::At(at) => self.store.postponed(&name, &[it.id], &why, at)?,
                Next::Never => {
                    let event = Event::of(it.id, it.fabric.clone(), it.news.clone());
                    self.give_up(&event, &[it.id], &why)?;
                }
            }
        }
        Ok(())
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

    fn give_up(&mut self, event: &Event, ids: &[i64], why: &str) -> Result<(), RecordError> {
        let (receiver, event) = (&self.receiver.name, event.what.title());
        tracing::error!(receiver, event, "not told, and given up: {why}; see `gitfabric alerts`");
        self.store.undeliverable(&self.receiver.name, ids, why)
    }

    fn log(&mut self, failure: Option<String>) {
        let what = format!("the receiver {} of alerts cannot be told", self.receiver.name);
        report(&mut self.failure, failure, &what);
    }
}

/// How a receiver does that did not take a message. One that was set aside says nothing of it:
/// perhaps that alone is not taken, and it is tried for a day. Whoever asks for patience gets it.
fn rest_after(rest: Rest, is_aside: bool, asked: Option<Duration>, now: Timestamp, random: u64) -> Rest {
    if is_aside && asked.is_none() {
        return rest;
    }
    let failures = rest.failures.saturating_add(u32::from(!is_aside));
    let tries = if is_aside { 0 } else { failures.saturating_sub(1) };
    let until = match next(tries, now, now, asked, random) {
        Next::At(at) if asked.is_some() || failures >= IN_TROUBLE => Some(at),
        Next::At(_) | Next::Never => None,
    };
    Rest { failures, until }
}

/// How long it is until then, if it is not over. What is farther than anybody is ever put off was
/// written before the clock was set back.
fn left(until: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    let left = until?.duration_since(now);
    let is_so = left.is_positive() && left.unsigned_abs() <= pace::FARTHEST;
    is_so.then(|| left.unsigned_abs())
}

/// Until when is waited for more of what began at `at`; one from the future was written before the
/// clock was set back, and waits for nothing.
fn quiet_until(at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    if at > now { None } else { at.checked_add(pace::QUIET).ok() }
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
    fn a_receiver_that_fails_is_left_alone_and_one_message_that_it_never_takes_is_no_failure() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let rest = |failures, until: Option<u64>| Rest {
            failures,
            until: until.map(|seconds| now + Duration::from_secs(seconds)),
        };
        let patience = Some(Duration::from_mins(1));
        for (case, before, is_aside, asked, expected) in [
            ("a first failure", rest(0, None), false, None, rest(1, None)),
            ("another", rest(1, None), false, None, rest(2, Some(1))),
            ("and one more", rest(2, Some(0)), false, None, rest(3, Some(2))),
            ("it asks for patience", rest(0, None), false, patience, rest(1, Some(60))),
            ("what was set aside", rest(0, None), true, None, rest(0, None)),
            ("what was set aside, of one in trouble", rest(3, Some(0)), true, None, rest(3, Some(0))),
            ("patience for what was set aside", rest(0, None), true, patience, rest(0, Some(60))),
        ] {
            let mut after = rest_after(before, is_aside, asked, now, u64::MAX / 2);
            // a fifth more or less
            after.until = after.until.and_then(|at| at.round(jiff::Unit::Second).ok());
            assert_eq!(after, expected, "{case}");
        }
    }

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
