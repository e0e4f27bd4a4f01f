//! `POST /hooks/forge`: the receiver of a forge's webhooks.
//!
//! Here: [`ForgeHook`]. A delivery is checked in this order: signature, age where that is
//! signed, form, event, JSON, seen before; what fails one check is not looked at further.
//! Nothing that stands in it is believed: it is a reason to look at the forge. Elsewhere: who
//! signed (`signing`), slow clients (`server`), who is woken (`agent`).

mod signing;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use ring::digest::{self, SHA256};
use serde_json::Value;
use tokio::time::Instant;
use tokio_stream::StreamExt as _;

use self::signing::Secret;
pub use self::signing::Signing;
use super::counts::Counts;
use super::debounce::Debounce;
use super::netbox::{Clock, Window, signed_duration};
use super::replay::Seen;
use super::signature::WeakSecret;
use super::wake::{self, NobodyWaits, Wake, Waker, Wakeups};
use crate::secret::SecretText;

/// Where it is served.
const PATH: &str = "/hooks/forge";
/// What GitHub sends at most, in bytes; it does not deliver more. It passes by and is not held.
const LARGEST: usize = 25 << 20;
/// What is held of a body and read for a line of the log, in bytes.
const HELD: usize = 1 << 20;
/// How long a body is remembered: only GitLab signs a time.
const REMEMBERED: Duration = Duration::from_mins(10);

/// The receiver. Clones are the same receiver.
#[derive(Clone)]
pub struct ForgeHook(Arc<Receiver>);

struct Receiver {
    signing: Signing,
    secret: Secret,
    clock: Clock,
    seen: Mutex<Seen>,
    waker: Waker,
    counts: Counts,
}

impl fmt::Debug for ForgeHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForgeHook").field("signing", &self.0.signing).finish_non_exhaustive()
    }
}

/// What is answered to a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Woke(Wake),
    Pong,
    Ignored(String),
    SeenBefore,
    /// Whether the signature is absent or wrong is not told: whoever cannot sign learns nothing.
    NotSigned,
    TooLarge,
    BrokenOff,
    Old(i64),
    Form,
    Eventless,
    NotJson,
    NobodyWaits,
}

impl ForgeHook {
    /// A receiver, and the end that it wakes. A burst is short here: a push is a delivery or
    /// two, and people wait; [`ForgeHook::debounce`] fits.
    pub fn new(
        signing: Signing,
        secret: &SecretText,
        debounce: Debounce,
    ) -> Result<(Self, Wakeups), WeakSecret> {
        Self::with_clock(signing, secret, debounce, Arc::new(Timestamp::now))
    }

    /// The same, by a clock that is not the system's.
    pub fn with_clock(
        signing: Signing,
        secret: &SecretText,
        debounce: Debounce,
        clock: Clock,
    ) -> Result<(Self, Wakeups), WeakSecret> {
        let secret = Secret::new(signing, secret)?;
        let (waker, wakeups) = wake::channel(debounce);
        let (seen, counts) = (Mutex::new(Seen::new(REMEMBERED)), Counts::default());
        Ok((Self(Arc::new(Receiver { signing, secret, clock, seen, waker, counts })), wakeups))
    }

    /// Acts 200 ms after the last delivery, and two seconds after the first at the latest.
    pub fn debounce() -> Debounce {
        Debounce::new(Duration::from_millis(200), Duration::from_secs(2))
    }

    /// Its part of the server. Bodies of up to 25 MiB pass by, whatever the server's own limit.
    pub fn routes(&self) -> Router {
        let receiver = Arc::clone(&self.0);
        let receive = async move |headers: HeaderMap, body: Body| {
            let verdict = receiver.receive(&headers, body).await;
            receiver.log(&verdict);
            verdict.into_response(receiver.signing)
        };
        Router::new().route(PATH, post(receive))
    }
}

/// A body that passed by.
struct Passed {
    print: digest::Digest,
    /// The body; none if it was too large to be held.
    held: Option<Vec<u8>>,
}

impl Receiver {
    async fn receive(&self, headers: &HeaderMap, body: Body) -> Verdict {
        let mut checking = self.secret.check(headers);
        let passed = pass(body, |part| {
            if let Some(checking) = &mut checking {
                checking.take(part);
            }
        });
        let passed = match passed.await {
            Ok(passed) => passed,
            Err(verdict) => return verdict,
        };
        let Some(age) = checking.and_then(|checking| checking.finish((self.clock)())) else {
            return Verdict::NotSigned;
        };
        let window = Window::default();
        let oldest = signed_duration(window.oldest);
        // GitLab signs the time at which it sends
        if age > oldest || -age > oldest {
            return Verdict::Old(age.as_secs());
        }
        self.judge(headers, &passed)
    }

    /// What a signed delivery does.
    fn judge(&self, headers: &HeaderMap, passed: &Passed) -> Verdict {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if text("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return Verdict::Form;
        }
        let (event, delivery): (&[&str], &[&str]) = match self.signing {
            Signing::GitHub => (&["x-github-event"], &["x-github-delivery"]),
            Signing::Gitea => (
                &["x-forgejo-event", "x-gitea-event", "x-github-event"],
                &["x-forgejo-delivery", "x-gitea-delivery", "x-github-delivery"],
            ),
            Signing::GitLab => (&["x-gitlab-event"], &["x-gitlab-event-uuid"]),
        };
        let first = |names: &[&str]| names.iter().find_map(|name| text(name));
        let Some(event) = first(event) else { return Verdict::Eventless };
        if event == "ping" {
            return Verdict::Pong;
        }
        let body = match &passed.held {
            None => Value::Null,
            Some(held) => match serde_json::from_slice(held) {
                Ok(body @ Value::Object(_)) => body,
                _ => return Verdict::NotJson,
            },
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.first_time_of(&passed.print, Instant::now()) {
            return Verdict::SeenBefore;
        }
        drop(seen);
        let wake = Wake::of_forge(event, first(delivery), &body);
        if !is_news(event) {
            return Verdict::Ignored(wake.to_string());
        }
        match self.waker.wake(wake.clone()) {
            Ok(()) => Verdict::Woke(wake),
            Err(NobodyWaits) => Verdict::NobodyWaits,
        }
    }

    fn log(&self, verdict: &Verdict) {
        let (_, why) = verdict.answer(self.signing);
        let why = why.trim_end();
        match verdict {
            Verdict::Woke(wake) => tracing::info!("the forge tells: {wake}"),
            Verdict::Pong | Verdict::Ignored(_) => tracing::debug!("{PATH}: {why}"),
            idle => {
                let reason = idle.reason();
                let Some(count) = self.counts.one_more(reason) else { return };
                if *idle == Verdict::SeenBefore {
                    tracing::info!("{PATH}: a delivery came again ({count} so far)");
                } else {
                    tracing::warn!("{PATH}: refused, {reason} ({count} of these so far): {why}");
                }
            }
        }
    }
}

/// Reads a body to its end, and holds it if it is small.
async fn pass(body: Body, mut take: impl FnMut(&[u8])) -> Result<Passed, Verdict> {
    let mut print = digest::Context::new(&SHA256);
    let (mut held, mut length) = (Some(Vec::new()), 0);
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let Ok(part) = part else { return Err(Verdict::BrokenOff) };
        length += part.len();
        if length > LARGEST {
            return Err(Verdict::TooLarge);
        }
        take(&part);
        print.update(&part);
        held = held.filter(|_| length <= HELD);
        if let Some(held) = &mut held {
            held.extend_from_slice(&part);
        }
    }
    Ok(Passed { print: print.finish(), held })
}

/// Whether an event may change what is to be looked at: a push, a pull request, a comment.
/// GitHub, Gitea and Forgejo write `pull_request_review_comment`, GitLab `Merge Request Hook`.
fn is_news(event: &str) -> bool {
    let event = event.to_ascii_lowercase().replace(' ', "_");
    let news = ["push", "pull_request", "merge_request", "issue_comment", "note", "system_hook"];
    news.iter().any(|kind| event.starts_with(kind)) || event == "confidential_note_hook"
}

impl Verdict {
    /// What it is counted under in the log.
    fn reason(&self) -> &'static str {
        match self {
            Self::Woke(_) | Self::Pong | Self::Ignored(_) => "taken",
            Self::SeenBefore => "seen before",
            Self::NotSigned => "bad signature",
            Self::TooLarge => "too large",
            Self::BrokenOff => "broken off",
            Self::Old(_) => "not of now",
            Self::Form => "a form",
            Self::Eventless => "no event",
            Self::NotJson => "no JSON",
            Self::NobodyWaits => "nobody waits",
        }
    }

    /// The answer, which the forge shows beside the delivery.
    fn answer(&self, signing: Signing) -> (StatusCode, String) {
        let (status, text) = match self {
            Self::Woke(_) => (StatusCode::OK, "taken".to_owned()),
            Self::Pong => (StatusCode::OK, "pong".to_owned()),
            Self::Ignored(what) => (StatusCode::OK, format!("nothing to look at: {what}")),
            Self::SeenBefore => (StatusCode::OK, "seen already".to_owned()),
            Self::NotSigned => (
                StatusCode::UNAUTHORIZED,
                "the signature is absent or does not fit: is the secret the same on both sides?".to_owned(),
            ),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, format!("more than {LARGEST} bytes")),
            Self::BrokenOff => (StatusCode::BAD_REQUEST, "the body broke off".to_owned()),
            Self::Old(age) => {
                (StatusCode::FORBIDDEN, format!("the delivery is {age} s old: do the clocks agree?"))
            }
            Self::Form => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "a form is not read: choose the content type application/json in the webhook".to_owned(),
            ),
            Self::Eventless => {
                (StatusCode::BAD_REQUEST, format!("no event is named: is this a webhook of {signing:?}?"))
            }
            Self::NotJson => (StatusCode::BAD_REQUEST, "the body is no JSON object".to_owned()),
            Self::NobodyWaits => (StatusCode::SERVICE_UNAVAILABLE, "the agent has ended".to_owned()),
        };
        (status, text + "\n")
    }

    fn into_response(self, signing: Signing) -> Response {
        let answer = self.answer(signing);
        // RFC 9110 section 15.5.2: a 401 says what would let the request in
        let scheme = match signing {
            Signing::GitHub => "X-Hub-Signature-256",
            Signing::Gitea => "X-Gitea-Signature",
            Signing::GitLab => "X-Gitlab-Token",
        };
        match self {
            Self::NotSigned => ([(header::WWW_AUTHENTICATE, scheme)], answer).into_response(),
            _ => answer.into_response(),
        }
    }
}
