//! HTTP to a NetBox: one pool of connections, a token, and answers that are whole or errors.
//!
//! Blocking: call it from a thread that runs no async code. No proxy of the environment is
//! used, no redirect leaves the configured address, and the token is sent to nobody else.
//! Elsewhere: address, token and authorities (`config`), what is asked for (`read`, `changes`),
//! what is written (`back`), what can go wrong (`error`).

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use super::address::{Address, cut, shown};
use super::answer::Body;
use super::config::{Config, Sleep, authorities, authorization};
use super::error::{Cause, NetBoxError};
use crate::git::poll;
use crate::secret::SecretText;

/// More than any page: 1,000 devices with large config contexts have a tenth of it.
const LARGEST: u64 = 64 << 20;
/// How often a request is sent before its failure counts.
const TRIES: u32 = 5;
/// The longest rest that a server may ask for.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// Redirects that are followed: one for a moved path, one more for its slash.
const REDIRECTS: u32 = 2;

/// A NetBox that can be asked.
pub struct Client {
    http: reqwest::blocking::Client,
    address: Address,
    token: SecretText,
    authorization: HeaderValue,
    timeout: Duration,
    parallel: usize,
    sleep: Sleep,
    requests: AtomicUsize,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Client {
    /// Checks address, token and authority; asks nothing yet.
    pub fn new(config: &Config) -> Result<Self, NetBoxError> {
        let address = Address::of(&config.url)?;
        if address.is_clear_text() && !config.clear_text {
            return Err(NetBoxError::ClearText { url: address.web().to_owned() });
        }
        // reqwest is built without a provider of its own; one that is installed already stays
        let _ = rustls::crypto::ring::default_provider().install_default();
        let parallel = config.parallel.clamp(1, 16);
        let mut builder = reqwest::blocking::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(config.timeout)
            .pool_max_idle_per_host(parallel)
            .user_agent(concat!("gitfabric/", env!("CARGO_PKG_VERSION")));
        for certificate in authorities(config.ca.as_ref())? {
            builder = builder.add_root_certificate(certificate);
        }
        let http = builder.build().map_err(|error| NetBoxError::Unusable {
            what: "the TLS of this machine".to_owned(),
            reason: Cause::of(&error).to_string(),
        })?;
        Ok(Self {
            http,
            address,
            authorization: authorization(&config.token)?,
            token: config.token.clone(),
            timeout: config.timeout,
            parallel,
            sleep: Arc::clone(&config.sleep),
            requests: AtomicUsize::new(0),
        })
    }

    /// Another token from now on: it may be rotated under an export that goes on for months.
    pub fn set_token(&mut self, token: &SecretText) -> Result<(), NetBoxError> {
        self.authorization = authorization(token)?;
        self.token = token.clone();
        Ok(())
    }

    /// Where its web page stands, with a slash at the end; never holds a credential.
    pub fn url(&self) -> &str {
        self.address.web()
    }

    /// How many requests were sent so far, repeated ones included.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// How many requests may be under way at a time.
    pub(super) fn parallel(&self) -> usize {
        self.parallel
    }

    /// The address of a list, as errors show it.
    pub(super) fn shown(&self, path: &str, query: &str) -> String {
        shown(&self.address.at(path, query))
    }

    /// Asks for `path` below `/api/`, such as `dcim/devices`, with a query in wire form.
    pub(super) fn get(&self, path: &str, query: &str) -> Result<Body, NetBoxError> {
        self.fetch(self.address.at(path, query))
    }

    /// Asks for the next page of a list, if it is said to be in this NetBox.
    pub(super) fn follow(&self, from: &Body, next: &str) -> Result<Body, NetBoxError> {
        self.fetch(self.next(from, next)?)
    }

    /// The address of the next page, checked. NetBox makes it from what it takes to be its own
    /// address; a wrong one is an error and not mended, so that nobody is asked who was not
    /// configured.
    pub(super) fn next(&self, from: &Body, next: &str) -> Result<Url, NetBoxError> {
        match Url::parse(next) {
            Ok(url) if self.address.holds(&url) => Ok(url),
            _ => Err(NetBoxError::NextElsewhere { url: from.url.clone(), next: self.heard(next) }),
        }
    }

    pub(super) fn fetch(&self, url: Url) -> Result<Body, NetBoxError> {
        let mut url = url;
        for _ in 0..=REDIRECTS {
            let request = Request { method: Method::GET, url: &url, body: None, once: false };
            match self.send(&request)? {
                Answer::Body(body) => return Ok(body),
                Answer::Moved(to) => url = to,
            }
        }
        Err(NetBoxError::Redirected { url: shown(&url), to: "itself".to_owned() })
    }

    /// Writes to `path` below `/api/`: sets fields of an object to values. Doing it twice is
    /// doing it once, so it is tried again like a question.
    pub(super) fn patch(&self, path: &str, body: &Value) -> Result<Body, NetBoxError> {
        self.write(Method::PATCH, path, body, false)
    }

    /// Writes to `path` below `/api/`: makes a new object. It is sent again only where the
    /// try before certainly made none; else the error is [`NetBoxError::Doubtful`].
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Body, NetBoxError> {
        self.write(Method::POST, path, body, true)
    }

    fn write(&self, method: Method, path: &str, body: &Value, once: bool) -> Result<Body, NetBoxError> {
        let url = self.address.at(path, "");
        match self.send(&Request { method, url: &url, body: Some(body.to_string()), once })? {
            Answer::Body(body) => Ok(body),
            // followed, a POST would turn into a GET
            Answer::Moved(to) => Err(NetBoxError::Redirected { url: shown(&url), to: shown(&to) }),
        }
    }

    /// Sends a request until it is answered, a bounded number of times.
    fn send(&self, request: &Request<'_>) -> Result<Answer, NetBoxError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (failure, wait) = match self.try_once(request) {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(error)) if request.once && error.leaves_open() => {
                    return Err(NetBoxError::Doubtful { url: shown(request.url), cause: Box::new(error) });
                }
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Unclear(error, _)) if request.once => {
                    return Err(NetBoxError::Doubtful { url: shown(request.url), cause: Box::new(error) });
                }
                Err(Failure::Unclear(error, wait) | Failure::Passing(error, wait)) => (error, wait),
            };
            if tries == TRIES || wait.is_some_and(|wait| wait > LONGEST_REST) {
                return Err(match failure {
                    NetBoxError::Busy { url, status, .. } => {
                        let wait = wait.filter(|wait| *wait > LONGEST_REST);
                        NetBoxError::Busy { url, status, tries, wait }
                    }
                    other => other,
                });
            }
            tracing::debug!(%failure, tries, "NetBox is asked again");
            let chance = u32::try_from(poll::random() >> 32).unwrap_or_default();
            (self.sleep)(wait.unwrap_or_default().max(rest(tries, chance)));
        }
    }

    fn try_once(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let url = request.url;
        let mut building = self
            .http
            .request(request.method.clone(), url.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json");
        if let Some(body) = &request.body {
            building = building.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let response = building.send().map_err(|error| self.lost(url, &error))?;
        let status = response.status();
        if status.is_redirection() {
            return self.moved(url, &response).map(Answer::Moved).map_err(Failure::Final);
        }
        let wait = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()).and_then(seconds);
        let html = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/html"));
        let mut bytes = Vec::new();
        if let Err(error) = response.take(LARGEST + 1).read_to_end(&mut bytes) {
            return Err(self.broken(url, &error));
        }
        if bytes.len() as u64 > LARGEST {
            return Err(Failure::Final(NetBoxError::TooLarge { url: shown(url), limit: LARGEST }));
        }
        let body = Body { url: shown(url), bytes, html };
        match status {
            StatusCode::OK => Ok(Answer::Body(body)),
            StatusCode::CREATED if request.once => Ok(Answer::Body(body)),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => {
                let busy = NetBoxError::Busy { url: body.url, status: status.as_u16(), tries: 1, wait: None };
                // a proxy that lost its server does not know what that server did
                let unclear = status == StatusCode::BAD_GATEWAY;
                Err(if unclear { Failure::Unclear(busy, wait) } else { Failure::Passing(busy, wait) })
            }
            _ => Err(Failure::Final(self.refusal(status, body))),
        }
    }

    /// What an answer other than 200 means.
    fn refusal(&self, status: StatusCode, body: Body) -> NetBoxError {
        let said = self.heard(&body.said());
        let Body { url, html, .. } = body;
        match status {
            // DRF answers 401 where an authentication class of a plugin or proxy names a scheme
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => NetBoxError::Refused { url, said },
            StatusCode::NOT_FOUND => {
                let plugin = url.contains("/api/plugins/");
                NetBoxError::Missing { url, html, plugin }
            }
            StatusCode::GATEWAY_TIMEOUT => NetBoxError::TimedOut { url, after: self.timeout },
            _ => NetBoxError::Status { url, status: status.as_u16(), said },
        }
    }

    /// Where a redirect leads, if it stays in this NetBox.
    fn moved(&self, url: &Url, response: &reqwest::blocking::Response) -> Result<Url, NetBoxError> {
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
        match url.join(to) {
            Ok(joined) if !to.is_empty() && self.address.holds(&joined) => Ok(joined),
            Ok(joined) if !to.is_empty() => {
                Err(NetBoxError::Redirected { url: shown(url), to: self.heard(&shown(&joined)) })
            }
            _ => Err(NetBoxError::Redirected { url: shown(url), to: format!("`{}`", self.heard(to)) }),
        }
    }

    /// What the other side said, as it may be shown: some servers repeat what they were sent.
    fn heard(&self, text: &str) -> String {
        cut(&text.replace(self.token.expose().trim(), "(token)"))
    }

    /// A request that was not answered.
    fn lost(&self, url: &Url, error: &reqwest::Error) -> Failure {
        let url = shown(url);
        if error.is_timeout() {
            return Failure::Final(NetBoxError::TimedOut { url, after: self.timeout });
        }
        let cause = Cause::of(error);
        match of_tls(error) {
            Some(rustls::Error::InvalidCertificate(_)) => {
                Failure::Final(NetBoxError::UntrustedCertificate { url, cause })
            }
            Some(_) => Failure::Final(NetBoxError::Unreachable { url, cause }),
            None if error.is_connect() => Failure::Passing(NetBoxError::Unreachable { url, cause }, None),
            None => Failure::Unclear(NetBoxError::Unreachable { url, cause }, None),
        }
    }

    /// An answer that broke off.
    fn broken(&self, url: &Url, error: &std::io::Error) -> Failure {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
        let url = shown(url);
        if error.kind() == std::io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout) {
            return Failure::Final(NetBoxError::TimedOut { url, after: self.timeout });
        }
        let what = format!("it broke off ({})", Cause::of(error));
        Failure::Unclear(NetBoxError::Garbled { url, what }, None)
    }
}

/// What is sent.
struct Request<'a> {
    method: Method,
    url: &'a Url,
    /// JSON.
    body: Option<String>,
    /// Whether it must not be carried out twice.
    once: bool,
}

/// What came of one request.
enum Answer {
    Body(Body),
    Moved(Url),
}

enum Failure {
    /// Asking again would give the same.
    Final(NetBoxError),
    /// Asking again may help, not before the time that the server named. Nothing was done.
    Passing(NetBoxError, Option<Duration>),
    /// The same, but nobody knows whether what was asked was done.
    Unclear(NetBoxError, Option<Duration>),
}

/// What TLS says against the other side, if it was that: no later try is answered otherwise.
fn of_tls<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    // an error of I/O hides the one that it wraps from the chain of sources
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error
        .downcast_ref::<rustls::Error>()
        .or_else(|| of_tls(wrapped?))
        .or_else(|| error.source().and_then(of_tls))
}

/// `Retry-After` in seconds; the form with a date is rare, and our own rest serves for it.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

/// How long to wait after so many tries: half a second, doubled each time, a third of it up
/// to chance, so that several requests do not come back at the same moment.
fn rest(tries: u32, random: u32) -> Duration {
    let longest = Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
    longest.mul_f64(1.0 - f64::from(random) / f64::from(u32::MAX) / 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_double_and_differ() {
        for (tries, random, expected) in
            [(1, 0, 500), (1, u32::MAX, 333), (2, 0, 1000), (4, 0, 4000), (4, u32::MAX, 2666)]
        {
            assert_eq!(rest(tries, random).as_millis(), expected, "{tries}, {random}");
        }
        for (header, expected) in [("7", Some(7)), (" 0 ", Some(0)), ("soon", None), ("-1", None)] {
            assert_eq!(seconds(header), expected.map(Duration::from_secs), "{header}");
        }
    }

    #[test]
    fn a_token_goes_to_another_machine_in_clear_text_only_where_that_is_wanted() {
        let mut config = Config::new("http://netbox.example", SecretText::new("hunter2"));
        let error = Client::new(&config).unwrap_err();
        assert_eq!(error.to_string(), "no token is sent to http://netbox.example/: http is not encrypted");
        config.clear_text = true;
        assert_eq!(Client::new(&config).unwrap().url(), "http://netbox.example/");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn an_authority_that_cannot_be_used_is_told_why() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "").unwrap();
        for (file, expected) in
            [(empty, "no certificate in PEM form"), (folder.path().join("none.pem"), "No such file")]
        {
            let config =
                Config { ca: Some(file), ..Config::new("https://netbox.example", SecretText::new("x")) };
            let error = Client::new(&config).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
