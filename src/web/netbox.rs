//! `POST /hooks/netbox`: the receiver of NetBox's webhooks, and of whoever else signs.
//!
//! Here: [`NetboxHook`]. The bytes are checked in this order: signature, JSON, age, seen
//! before; what fails one check is not looked at further. Elsewhere: sizes and slow clients
//! (`server`), the export that is woken (`export`).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::Instant;

use super::counts::Counts;
use super::debounce::Debounce;
use super::replay::Seen;
use super::signature::HookSecret;
use super::wake::{self, NobodyWaits, Wake, Waker, Wakeups};

/// Where it is served.
const PATH: &str = "/hooks/netbox";
/// What NetBox signs in.
const SIGNATURE: &str = "x-hook-signature";

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How old a delivery may be when it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// By its `timestamp`, which NetBox takes when the change was made and not when it
    /// sends: a worker that lags behind needs room. Default 5 minutes.
    pub oldest: Duration,
    /// How far NetBox's clock may be ahead of ours. Default 1 minute.
    pub ahead: Duration,
}

impl Default for Window {
    fn default() -> Self {
        Self { oldest: Duration::from_mins(5), ahead: Duration::from_mins(1) }
    }
}

/// The receiver. Clones are the same receiver.
#[derive(Clone)]
pub struct NetboxHook(Arc<Receiver>);

struct Receiver {
    secret: HookSecret,
    window: Window,
    clock: Clock,
    seen: Mutex<Seen>,
    waker: Waker,
    /// How many deliveries did not wake so far, by the reason.
    idle: Counts,
}

impl fmt::Debug for NetboxHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetboxHook").field("window", &self.0.window).finish_non_exhaustive()
    }
}

/// What is answered to a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// It woke.
    Woke(Wake),
    /// It was here before: nothing to do, and no fault of the sender's.
    SeenBefore,
    /// Whether the signature is absent or wrong is not told: whoever cannot sign learns nothing.
    NotSigned,
    /// Signed, but no JSON object.
    NotJson,
    /// Signed, but it does not say when.
    Timeless,
    /// From too long ago.
    Old(SignedDuration),
    /// From what is the future here.
    Early(SignedDuration),
    /// The export has ended.
    NobodyWaits,
}

impl NetboxHook {
    /// A receiver, and the end that it wakes.
    pub fn new(secret: HookSecret, window: Window, debounce: Debounce) -> (Self, Wakeups) {
        Self::with_clock(secret, window, debounce, Arc::new(Timestamp::now))
    }

    /// The same, by a clock that is not the system's.
    pub fn with_clock(
        secret: HookSecret,
        window: Window,
        debounce: Debounce,
        clock: Clock,
    ) -> (Self, Wakeups) {
        let (waker, wakeups) = wake::channel(debounce);
        // as long as a time stamp lets a delivery in: one from the future for longer
        let seen = Mutex::new(Seen::new(window.oldest.saturating_add(window.ahead)));
        let idle = Counts::default();
        (Self(Arc::new(Receiver { secret, window, clock, seen, waker, idle })), wakeups)
    }

    /// Its part of the server.
    pub fn routes(&self) -> Router {
        let receiver = Arc::clone(&self.0);
        let receive = async move |headers: HeaderMap, body: Result<Bytes, BytesRejection>| match body {
            Ok(body) => {
                let verdict = receiver.receive(&headers, &body);
                receiver.log(&verdict);
                verdict.into_response()
            }
            // too large (413), or the client broke off and hears no answer
            Err(rejection) => {
                let answer = (rejection.status(), "the body cannot be taken\n");
                let is_large = answer.0 == StatusCode::PAYLOAD_TOO_LARGE;
                receiver.warn(if is_large { "too large" } else { "broken off" }, answer.1);
                answer.into_response()
            }
        };
        Router::new().route(PATH, post(receive))
    }
}

impl Receiver {
    fn receive(&self, headers: &HeaderMap, body: &[u8]) -> Verdict {
        let mut signatures = headers.get_all(SIGNATURE).iter();
        let signed = match (signatures.next(), signatures.next()) {
            (Some(signature), None) => self.secret.signed(body, signature.as_bytes()),
            _ => false,
        };
        if !signed {
            return Verdict::NotSigned;
        }
        let Ok(body_json @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
            return Verdict::NotJson;
        };
        let time = body_json.get("timestamp").and_then(Value::as_str);
        let Some(time) = time.and_then(|time| time.parse::<Timestamp>().ok()) else {
            return Verdict::Timeless;
        };
        let age = (self.clock)().duration_since(time);
        if age > signed_duration(self.window.oldest) {
            return Verdict::Old(age);
        }
        if -age > signed_duration(self.window.ahead) {
            return Verdict::Early(-age);
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.first_time(body, Instant::now()) {
            return Verdict::SeenBefore;
        }
        drop(seen);
        let wake = Wake::of(&body_json);
        match self.waker.wake(wake.clone()) {
            Ok(()) => Verdict::Woke(wake),
            Err(NobodyWaits) => Verdict::NobodyWaits,
        }
    }

    fn log(&self, verdict: &Verdict) {
        match verdict {
            Verdict::Woke(wake) => tracing::info!("NetBox tells: {wake}"),
            Verdict::SeenBefore => {
                if let Some(count) = self.idle.one_more(verdict.reason()) {
                    tracing::info!("{PATH}: a delivery came again ({count} so far)");
                }
            }
            refused => {
                let (_, why) = refused.answer();
                self.warn(refused.reason(), &why);
            }
        }
    }

    fn warn(&self, reason: &'static str, why: &str) {
        if let Some(count) = self.idle.one_more(reason) {
            tracing::warn!("{PATH}: refused, {reason} ({count} of these so far): {}", why.trim_end());
        }
    }
}

/// Longer than can be counted is as good as the longest that can.
pub(super) fn signed_duration(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

impl Verdict {
    /// What it is counted under in the log.
    fn reason(&self) -> &'static str {
        match self {
            Self::Woke(_) => "taken",
            Self::SeenBefore => "seen before",
            Self::NotSigned => "bad signature",
            Self::NotJson => "no JSON",
            Self::Timeless => "no time",
            Self::Old(_) => "too old",
            Self::Early(_) => "from the future",
            Self::NobodyWaits => "nobody waits",
        }
    }

    /// The answer, which NetBox shows in the failed job.
    fn answer(&self) -> (StatusCode, String) {
        let (status, text) = match self {
            Self::Woke(_) => (StatusCode::OK, "taken".to_owned()),
            Self::SeenBefore => (StatusCode::OK, "seen already".to_owned()),
            Self::NotSigned => (
                StatusCode::UNAUTHORIZED,
                "the signature is absent or does not fit: is the secret the same on both sides?".to_owned(),
            ),
            Self::NotJson => (StatusCode::BAD_REQUEST, "the body is no JSON object".to_owned()),
            Self::Timeless => (
                StatusCode::BAD_REQUEST,
                "the body has no \"timestamp\" that can be read: leave the webhook's body template empty"
                    .to_owned(),
            ),
            Self::Old(age) => (
                StatusCode::FORBIDDEN,
                format!(
                    "the delivery is {} s old: do the clocks agree, does NetBox's worker keep up?",
                    age.as_secs()
                ),
            ),
            Self::Early(ahead) => (
                StatusCode::FORBIDDEN,
                format!("the delivery comes {} s from the future: do the clocks agree?", ahead.as_secs()),
            ),
            Self::NobodyWaits => (StatusCode::SERVICE_UNAVAILABLE, "the export has ended".to_owned()),
        };
        (status, text + "\n")
    }

    fn into_response(self) -> Response {
        let answer = self.answer();
        match self {
            // RFC 9110 section 15.5.2: a 401 says what would let the request in
            Self::NotSigned => ([(header::WWW_AUTHENTICATE, "X-Hook-Signature")], answer).into_response(),
            _ => answer.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::secret::SecretText;
    use crate::web::tests::sign;

    const NOW: &str = "2026-11-20T21:30:00Z";

    fn receiver() -> (Arc<Receiver>, Wakeups) {
        let secret = HookSecret::new(&SecretText::new("test-secret")).unwrap();
        let now: Timestamp = NOW.parse().unwrap();
        let clock: Clock = Arc::new(move || now);
        let (hook, wakeups) = NetboxHook::with_clock(secret, Window::default(), Debounce::default(), clock);
        (hook.0, wakeups)
    }

    fn signed(body: &[u8]) -> HeaderMap {
        let signature = HeaderValue::from_str(&sign("test-secret", body)).unwrap();
        [(SIGNATURE.parse().unwrap(), signature)].into_iter().collect()
    }

    #[test]
    fn a_signed_delivery_counts_if_it_is_json_and_of_now() {
        let at = |time: &str| format!(r#"{{"event":"updated","timestamp":"{time}"}}"#);
        for (case, body, expected) in [
            ("of now, as NetBox writes it", at("2026-11-20T21:30:00.000001+00:00"), "200 taken"),
            ("as Python writes it", at("2026-11-20 21:29:00.5+00:00"), "200 taken"),
            ("in another zone", at("2026-11-20T23:29:00+02:00"), "200 taken"),
            ("five minutes old", at("2026-11-20T21:25:00Z"), "200 taken"),
            ("older", at("2026-11-20T21:24:59Z"), "403 the delivery is 301 s old"),
            ("of last century", at("1926-11-20T21:24:59Z"), "403 the delivery is"),
            ("a minute ahead", at("2026-11-20T21:31:00Z"), "200 taken"),
            ("further ahead", at("2026-11-20T21:31:01Z"), "403 the delivery comes 61 s from the future"),
            ("at the end of time", at("9999-12-30T00:00:00Z"), "403 the delivery comes"),
            ("no time at all", at("yesterday"), "400 the body has no \"timestamp\""),
            ("time without zone", at("2026-11-20T21:30:00"), "400 the body has no \"timestamp\""),
            ("no timestamp", "{}".to_owned(), "400 the body has no \"timestamp\""),
            ("a list", format!("[{}]", at(NOW)), "400 the body is no JSON object"),
            ("no JSON", "event=updated".to_owned(), "400 the body is no JSON object"),
            ("nothing", String::new(), "400 the body is no JSON object"),
            ("too deep", "[".repeat(100_000), "400 the body is no JSON object"),
        ] {
            let (receiver, _wakeups) = receiver();
            let verdict = receiver.receive(&signed(body.as_bytes()), body.as_bytes());
            let (status, text) = verdict.answer();
            let said = format!("{} {text}", status.as_u16());
            assert!(said.starts_with(expected), "{case}: {said}");
        }
    }

    #[test]
    fn absent_and_wrong_signatures_get_the_same_answer_before_anything_is_parsed() {
        let body = format!(r#"{{"event":"updated","timestamp":"{NOW}"}}"#);
        let (receiver, _wakeups) = receiver();
        let good = signed(body.as_bytes());
        let mut twice = good.clone();
        twice.append(SIGNATURE, good[SIGNATURE].clone());
        let mut not_text = HeaderMap::new();
        not_text.insert(SIGNATURE, HeaderValue::from_bytes(&[0xff; 128]).unwrap());
        for (case, headers, body) in [
            ("absent", &HeaderMap::new(), &*body),
            ("of other bytes", &signed(b"{}"), &*body),
            ("twice", &twice, &*body),
            ("not text", &not_text, &*body),
            ("of other bytes, which are no JSON", &good, "{"),
        ] {
            assert_eq!(receiver.receive(headers, body.as_bytes()), Verdict::NotSigned, "{case}");
        }
        assert!(matches!(receiver.receive(&good, body.as_bytes()), Verdict::Woke(_)), "it can be signed");
    }

    #[test]
    fn a_delivery_that_comes_again_is_no_new_wake_up() {
        let body = format!(r#"{{"event":"updated","timestamp":"{NOW}"}}"#);
        let (receiver, wakeups) = receiver();
        let headers = signed(body.as_bytes());
        assert!(matches!(receiver.receive(&headers, body.as_bytes()), Verdict::Woke(_)));
        assert_eq!(receiver.receive(&headers, body.as_bytes()), Verdict::SeenBefore);
        drop(wakeups);
        let other = format!(r#"{{"event":"created","timestamp":"{NOW}"}}"#);
        assert_eq!(receiver.receive(&signed(other.as_bytes()), other.as_bytes()), Verdict::NobodyWaits);
    }

    #[test]
    fn refusals_are_logged_by_reason_and_ever_more_rarely() {
        let (receiver, _wakeups) = receiver();
        let logged =
            |reason, times| (0..times).filter_map(|_| receiver.idle.one_more(reason)).collect::<Vec<_>>();
        assert_eq!(logged(Verdict::NotSigned.reason(), 1000).len(), 10);
        let old = Verdict::Old(SignedDuration::from_secs(400));
        assert_eq!(logged(old.reason(), 5), [1, 2, 4], "a flood of one reason hides no other");
        assert_eq!(logged(Verdict::NotSigned.reason(), 24), [1024]);
    }

    proptest! {
        #[test]
        fn no_signed_body_is_a_panic(body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..400).boxed(),
            ("[^\"\\\\]{0,40}", "[^\"\\\\]{0,200}")
                .prop_map(|(time, user)| format!(r#"{{"timestamp":"{time}","username":"{user}"}}"#).into_bytes())
                .boxed(),
            "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](Z|[+-][0-2][0-9]:[0-9]{2})"
                .prop_map(|time| format!(r#"{{"timestamp":"{time}"}}"#).into_bytes())
                .boxed(),
        ]) {
            let (receiver, _wakeups) = receiver();
            let verdict = receiver.receive(&signed(&body), &body);
            prop_assert_ne!(&verdict, &Verdict::NotSigned);
            receiver.log(&verdict);
            let _ = verdict.into_response();
        }

        #[test]
        fn no_unsigned_request_gets_in(
            signature in proptest::collection::vec(any::<u8>(), 0..140),
            body in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let (receiver, _wakeups) = receiver();
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&signature) {
                headers.insert(SIGNATURE, value);
            }
            prop_assert_eq!(receiver.receive(&headers, &body), Verdict::NotSigned);
        }
    }
}
