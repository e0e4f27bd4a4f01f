//! What a delivery becomes: a wake-up, told to whoever waits for it.
//!
//! Here: [`Wake`] (for the log), [`Wakeups`] (the waiting end). Elsewhere: who may wake
//! (`netbox`, `forge`), when a burst is over (`debounce`).

use std::fmt;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::debounce::Debounce;
use crate::phrase;

/// How many wake-ups may wait. More would tell nothing: whoever is woken by one looks at
/// everything.
const WAITING: usize = 1024;
/// How much of a word of a delivery is kept.
const LONGEST_WORD: usize = 80;

/// What a delivery says of itself, for the log and nothing else: without control
/// characters, and short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// `created`, `updated`, `deleted`, a job's event, or what a person's poke calls itself.
    pub event: Option<String>,
    /// Such as `dcim.device`.
    pub object_type: Option<String>,
    /// What one request to NetBox did has one such id.
    pub request_id: Option<String>,
    /// The user of NetBox.
    pub user: Option<String>,
}

impl Wake {
    /// Takes what is there. `request` is there since NetBox 4.6; `username` and `request_id`
    /// are no more in 4.7; a change by a script has neither.
    pub(super) fn of(body: &Value) -> Self {
        let request = body.get("request");
        let inner = |key| request.and_then(|request| word(request.get(key)));
        Self {
            event: word(body.get("event")),
            object_type: word(body.get("object_type")),
            request_id: word(body.get("request_id")).or_else(|| inner("id")),
            user: word(body.get("username")).or_else(|| inner("user")),
        }
    }
}

impl fmt::Display for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = self.object_type.as_deref().unwrap_or("something");
        write!(f, "{object} {}", self.event.as_deref().unwrap_or("changed"))?;
        if let Some(user) = &self.user {
            write!(f, " by {user}")?;
        }
        if let Some(request) = &self.request_id {
            write!(f, " (request {request})")?;
        }
        Ok(())
    }
}

impl Wake {
    /// The same of a forge's delivery: its kind and number (`pull_request 7`), what became of
    /// it, by whom. `body` is nothing where it was too large to be read for a line of a log.
    pub(super) fn of_forge(event: &str, delivery: Option<&str>, body: &Value) -> Self {
        let text = |text: &str| word(Some(&Value::from(text)));
        let kinds = ["pull_request", "merge_request", "issue", "object_attributes"];
        let number = kinds.iter().find_map(|kind| {
            let object = body.get(kind)?;
            object.get("number").or_else(|| object.get("iid"))?.as_u64()
        });
        let kind = text(event).unwrap_or_default();
        let inner = |object: &str, key: &str| word(body.get(object).and_then(|object| object.get(key)));
        let user = inner("sender", "login").or_else(|| inner("user", "username"));
        Self {
            event: word(body.get("action")).or_else(|| inner("object_attributes", "action")),
            object_type: Some(number.map_or(kind.clone(), |number| format!("{kind} {number}"))),
            request_id: delivery.and_then(text),
            user: user.or_else(|| word(body.get("user_username"))),
        }
    }
}

/// A text of the body, fit for a line of a log.
fn word(value: Option<&Value>) -> Option<String> {
    let plain = |c: &char| c.is_alphanumeric() || c.is_ascii_graphic() || *c == ' ';
    let word: String = value?.as_str()?.chars().filter(plain).take(LONGEST_WORD).collect();
    (!word.is_empty()).then_some(word)
}

/// Deliveries that came so close together that they are one reason to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// The first of them.
    pub first: Wake,
    /// How many came.
    pub count: usize,
}

impl fmt::Display for Burst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&phrase::and_more(&self.first.to_string(), self.count.saturating_sub(1)))
    }
}

/// The end that wakes.
#[derive(Clone, Debug)]
pub(super) struct Waker(mpsc::Sender<(Instant, Wake)>);

/// Nobody waits any more.
#[derive(Debug)]
pub(super) struct NobodyWaits;

impl Waker {
    /// Never blocks: if very many wait already, one more would tell nothing new.
    pub(super) fn wake(&self, wake: Wake) -> Result<(), NobodyWaits> {
        match self.0.try_send((Instant::now(), wake)) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(NobodyWaits),
        }
    }
}

/// The end that waits.
#[derive(Debug)]
pub struct Wakeups {
    arriving: mpsc::Receiver<(Instant, Wake)>,
    debounce: Debounce,
    burst: Option<Burst>,
}

pub(super) fn channel(debounce: Debounce) -> (Waker, Wakeups) {
    let (sender, arriving) = mpsc::channel(WAITING);
    (Waker(sender), Wakeups { arriving, debounce, burst: None })
}

impl Wakeups {
    /// Waits for the next burst, to its end; `None` once nobody can wake any more.
    ///
    /// May be dropped at any moment, in a `select!` for example: what came until then is
    /// part of the burst that the next call gives.
    pub async fn next(&mut self) -> Option<Burst> {
        loop {
            // whoever was busy finds all that came meanwhile as one burst
            while let Ok((at, wake)) = self.arriving.try_recv() {
                self.note(at, wake);
            }
            let due = self.debounce.due();
            let over = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = over => return self.take(),
                arrived = self.arriving.recv() => match arrived {
                    Some((at, wake)) => self.note(at, wake),
                    None => return self.take(),
                },
            }
        }
    }

    fn note(&mut self, at: Instant, wake: Wake) {
        self.debounce.note(at);
        self.burst.get_or_insert(Burst { first: wake, count: 0 }).count += 1;
    }

    fn take(&mut self) -> Option<Burst> {
        self.debounce.clear();
        self.burst.take()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn wake(event: &str) -> Wake {
        Wake { event: Some(event.to_owned()), ..Wake::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_deletion_of_a_device_wakes_once() {
        let (waker, mut wakeups) = channel(Debounce::default());
        let sending = tokio::spawn(async move {
            for delivery in 0..23 {
                waker.wake(wake(&format!("deleted{delivery}"))).unwrap();
                tokio::time::advance(Duration::from_millis(150)).await;
            }
            waker
        });
        let burst = wakeups.next().await.unwrap();
        assert_eq!(burst, Burst { first: wake("deleted0"), count: 23 });
        drop(sending.await.unwrap());
        assert_eq!(wakeups.next().await, None, "nothing is left, and nobody can wake");
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_while_nobody_listened_is_one_burst_at_once() {
        let (waker, mut wakeups) = channel(Debounce::default());
        for _ in 0..WAITING + 5 {
            waker.wake(wake("updated")).unwrap();
        }
        tokio::time::advance(Duration::from_mins(2)).await;
        let before = Instant::now();
        assert_eq!(wakeups.next().await.map(|burst| burst.count), Some(WAITING));
        assert_eq!(Instant::now(), before, "the quiet time is long over");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_given_up_loses_nothing() {
        let (waker, mut wakeups) = channel(Debounce::default());
        waker.wake(wake("created")).unwrap();
        let given_up = tokio::time::timeout(Duration::from_secs(1), wakeups.next()).await;
        assert!(given_up.is_err());
        waker.wake(wake("updated")).unwrap();
        assert_eq!(wakeups.next().await, Some(Burst { first: wake("created"), count: 2 }));
        drop(wakeups);
        assert!(waker.wake(wake("updated")).is_err(), "nobody waits");
    }

    #[test]
    fn a_delivery_says_what_its_version_of_netbox_says() {
        let long = "x".repeat(LONGEST_WORD + 1);
        for (case, body, expected) in [
            (
                "4.6",
                json!({"event": "deleted", "object_type": "dcim.device", "username": "ada", "request_id": "r1",
                    "request": {"id": "r1", "user": "ada"}}),
                "dcim.device deleted by ada (request r1)",
            ),
            (
                "4.7 has only the request",
                json!({"event": "created", "object_type": "ipam.vlan", "request": {"id": "r2", "user": "bo"}}),
                "ipam.vlan created by bo (request r2)",
            ),
            (
                "a change by a script has no request",
                json!({"event": "updated", "request": null}),
                "something updated",
            ),
            (
                "other types than expected",
                json!({"event": 3, "username": ["x"], "request": "x"}),
                "something changed",
            ),
            (
                "lines, escapes and marks that turn the text round",
                json!({"event": "up\r\n\u{1b}[31m\u{202e}\u{2028}dated", "username": "\n"}),
                "something up[31mdated",
            ),
            ("long", json!({"event": long}), &format!("something {}", &long[1..])),
            ("no object at all", json!([1]), "something changed"),
        ] {
            assert_eq!(Wake::of(&body).to_string(), expected, "{case}");
        }
    }

    #[test]
    fn a_burst_counts_the_others() {
        let first = wake("created");
        for (count, expected) in [(1, "something created"), (23, "something created and 22 more")] {
            assert_eq!(Burst { first: first.clone(), count }.to_string(), expected);
        }
    }
}
