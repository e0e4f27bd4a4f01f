//! One POST, and what came of it. Blocking.
//!
//! An address is a secret: Slack's, Discord's and Teams' are all that is needed to write there.
//! So no error names it, and what an answer repeats of it is taken out. Redirects are not
//! followed: a message goes where the configuration says. Elsewhere: when it is tried again
//! (`pace`).

use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;

use super::kind::Kind;
use super::render::text;
use super::signature;
use crate::secret::SecretText;

/// When a receiver is given up for this time.
const DEADLINE: Duration = Duration::from_secs(10);
/// What is read of an answer: enough to see why it refuses.
const ANSWER: u64 = 4 << 10;
/// What is shown of it.
const SHOWN: usize = 200;

/// What came of a POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Taken(u16),
    /// It may take it later: it is busy, in trouble or away.
    Later {
        /// Why; no address in it.
        why: String,
        /// How long it wants to be left alone, if it says so.
        after: Option<Duration>,
    },
    /// It will not take it, however often it is asked.
    Refused(String),
}

/// What is sent to whom.
#[derive(Debug)]
pub struct Post<'a> {
    /// What takes it.
    pub kind: Kind,
    /// Where.
    pub url: &'a SecretText,
    /// What the body is signed with, if it is.
    pub sign: Option<&'a SecretText>,
    /// The body.
    pub body: &'a serde_json::Value,
    /// Headers beside the usual ones.
    pub headers: &'a [(&'static str, String)],
    /// The time that is signed.
    pub now: jiff::Timestamp,
}

/// A connection pool to one receiver.
#[derive(Debug)]
pub struct Sender {
    client: Client,
}

impl Sender {
    /// Reads the certificate authority, if there is one beside the system's. The error is for
    /// people.
    pub fn new(ca: Option<&Path>) -> Result<Self, String> {
        // reqwest is built without a provider of its own; one that is installed already stays
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("gitfabric/", env!("CARGO_PKG_VERSION")))
            .timeout(DEADLINE)
            .redirect(Policy::none());
        if let Some(file) = ca {
            let failed = |why: String| format!("the authority {}: {why}", file.display());
            let pem = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
            let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| failed(chain(&error)))?;
            if found.is_empty() {
                return Err(failed("it holds no certificate in PEM form".to_owned()));
            }
            for certificate in found {
                builder = builder.add_root_certificate(certificate);
            }
        }
        Ok(Self { client: builder.build().map_err(|error| chain(&error))? })
    }

    /// Sends once.
    pub fn post(&self, post: &Post<'_>) -> Outcome {
        let url = match address(post.kind, post.url) {
            Ok(url) => url,
            // somebody may mend the secret
            Err(why) => return Outcome::Later { why, after: None },
        };
        let body = post.body.to_string().into_bytes();
        let mut request = self.client.post(url).header(CONTENT_TYPE, "application/json");
        for (name, value) in post.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                request = request.header(*name, value);
            }
        }
        if let Some(secret) = post.sign {
            let signed = signature::sign(secret, post.now.as_second(), &body);
            request = request.header(HeaderName::from_static(signature::HEADER), signed);
        }
        match request.body(body).send() {
            Ok(response) => judge(response, post),
            Err(error) => Outcome::Later { why: hide(&chain(&error.without_url()), post), after: None },
        }
    }
}

/// Where a receiver of this kind is called.
fn address(kind: Kind, text: &SecretText) -> Result<Url, String> {
    let url = Url::parse(text.expose().trim());
    let mut url = url
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
        .ok_or("the secret that `url` names is no address that begins with https:// or http://")?;
    if kind == Kind::Alertmanager
        && !url.path().ends_with("/api/v2/alerts")
        && let Ok(mut path) = url.path_segments_mut()
    {
        path.pop_if_empty().extend(["api", "v2", "alerts"]);
    }
    Ok(url)
}

fn judge(response: Response, post: &Post<'_>) -> Outcome {
    let status = response.status().as_u16();
    if response.status().is_success() {
        return Outcome::Taken(status);
    }
    let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = asked.and_then(|value| retry_after(value.trim(), SystemTime::now()));
    let mut said = Vec::new();
    // an answer that breaks off has said enough
    let _ = response.take(ANSWER).read_to_end(&mut said);
    let said = hide(&String::from_utf8_lossy(&said), post);
    let why = match said.as_str() {
        "" => format!("it answers {status}"),
        said => format!("it answers {status}: {said}"),
    };
    match status {
        408 | 425 | 429 | 500.. => Outcome::Later { why, after },
        300..400 => Outcome::Refused(format!("{why}; redirects are not followed: give the address itself")),
        _ => Outcome::Refused(why),
    }
}

/// RFC 9110 section 10.2.3: seconds or a date; Discord sends fractions of seconds too.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    Some(Duration::from_secs(u64::try_from(date.as_second()).ok()?.saturating_sub(now)))
}

/// A text from outside on one line, without the address and the key, should it repeat them.
fn hide(text: &str, post: &Post<'_>) -> String {
    let mut line = text::line(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let address = post.url.expose().trim();
    let mut secrets = vec![address.to_owned()];
    if let Ok(url) = Url::parse(address) {
        secrets.push(url.to_string());
        secrets.extend(url.password().map(str::to_owned));
        secrets.push(url.path().to_owned());
        secrets.extend(url.query().map(str::to_owned));
        secrets.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
    }
    secrets.extend(post.sign.map(|sign| sign.expose().to_owned()));
    // short ones are words; a key is not
    secrets.retain(|secret| secret.len() >= 8);
    secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in &secrets {
        line = line.replace(secret.as_str(), "(secret)");
    }
    text::cut(&line, SHOWN)
}

/// An error with its causes: reqwest's own text says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post<'a>(url: &'a SecretText, sign: Option<&'a SecretText>, body: &'a serde_json::Value) -> Post<'a> {
        let now = jiff::Timestamp::UNIX_EPOCH;
        Post { kind: Kind::Webhook, url, sign, body, headers: &[], now }
    }

    #[test]
    fn an_address_is_what_the_secret_says_and_of_an_alertmanager_its_api() {
        for (kind, text, expected) in [
            (
                Kind::Slack,
                "https://hooks.example.net/services/T/B/x\n",
                "https://hooks.example.net/services/T/B/x",
            ),
            (Kind::Alertmanager, "http://127.0.0.1:9093", "http://127.0.0.1:9093/api/v2/alerts"),
            (Kind::Alertmanager, "http://h/am/", "http://h/am/api/v2/alerts"),
            (Kind::Alertmanager, "http://h/am/api/v2/alerts", "http://h/am/api/v2/alerts"),
            (Kind::Slack, "hooks.example.net", ""),
            (Kind::Slack, "file:///etc/passwd", ""),
        ] {
            let found = address(kind, &SecretText::new(text));
            assert_eq!(found.as_ref().map_or("", Url::as_str), expected, "{text}");
            assert!(found.is_ok() || !found.unwrap_err().contains(text), "{text}");
        }
    }

    #[test]
    fn what_an_answer_repeats_of_the_address_is_not_shown() {
        let (url, sign) = (
            SecretText::new("https://u:hunter2hunter2@h/services/T0/secret-part?key=verysecret"),
            SecretText::new("signing-key"),
        );
        let body = serde_json::json!({});
        let post = post(&url, Some(&sign), &body);
        let said = "no /services/T0/secret-part here,\nhunter2hunter2 key=verysecret signing-key secret-part";
        let shown = hide(said, &post);
        assert_eq!(shown, "no (secret) here, (secret) (secret) (secret) (secret)");
        assert!(!format!("{post:?}").contains("hunter2"), "{post:?}");
    }

    #[test]
    fn how_long_to_wait_is_read_in_each_of_its_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (value, expected) in [
            ("7", Some(7_000)),
            ("0.65", Some(650)),
            ("Tue, 14 Nov 2023 22:13:30 GMT", Some(10_000)),
            ("Tue, 14 Nov 2000 22:13:30 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("1e300", None),
        ] {
            assert_eq!(retry_after(value, now), expected.map(Duration::from_millis), "{value}");
        }
    }
}
