//! The way to a forge: one place for tokens, authorities, retries, redirects and limits.
//!
//! Here: [`Http`], which makes a [`Call`] and gives its JSON. The token goes to the API's own
//! scheme, host and port and nowhere else. Elsewhere: how long to wait between tries (`retry`),
//! what an answer means (`judge`), going through pages (`pages`), what is known already (`cache`),
//! whose word a call is (`auth`), which calls there are (`github`, `gitlab`, `gitea`).

mod auth;
mod cache;
mod judge;
mod pages;
mod retry;

#[cfg(test)]
mod tests;

use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::blocking::{Client, Response};
use reqwest::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, IF_NONE_MATCH, LOCATION,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Method, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::auth::Auth;
use self::cache::Cache;
pub(super) use self::cache::Listed;
use super::Config;
use super::error::{Cause, ForgeError, Problem};
use super::kind::Kind;
use crate::phrase::on_one_line;

/// A forge that does not take a connection within this time is not there.
const CONNECT: Duration = Duration::from_secs(10);
/// Creating a pull request may take a busy forge seconds, as it compares the branches.
const ANSWER: Duration = Duration::from_mins(1);
/// A page of 20 descriptions of 1 MiB, escaped, fits.
const LARGEST: u64 = 32 << 20;
/// A repository that was renamed twice needs two.
const REDIRECTS: u32 = 3;

/// Time, as the retries see it: tests wait by writing down.
pub(super) struct Clock {
    pub(super) now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    pub(super) sleep: Box<dyn Fn(Duration) + Send + Sync>,
}

impl Clock {
    /// The clock on the wall.
    pub(super) fn system() -> Self {
        Self { now: Box::new(SystemTime::now), sleep: Box::new(std::thread::sleep) }
    }

    /// A clock that stands at `now`, and waits as `sleep` does.
    #[cfg(test)]
    pub(super) fn standing(now: SystemTime, sleep: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self { now: Box::new(move || now), sleep: Box::new(sleep) }
    }
}

/// One request, in the words of an error and in those of the API.
#[derive(Clone)]
pub(super) struct Call {
    doing: String,
    method: Method,
    url: Url,
    body: Option<Vec<u8>>,
    /// Whether making it twice does no more than making it once.
    repeatable: bool,
    /// What we have of it already.
    if_none_match: Option<HeaderValue>,
    /// Whether a GitHub App makes it in its own name, not in that of its installation.
    by_app: bool,
}

impl Call {
    /// Says of a POST that it may be made again when nobody knows whether the first arrived:
    /// because the forge refuses a second one of its kind.
    #[must_use]
    pub(super) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Says of a change that it adds to what is there, so that it must not be made again when
    /// nobody knows whether the first arrived.
    #[must_use]
    pub(super) fn once(mut self) -> Self {
        self.repeatable = false;
        self
    }

    /// Makes it in the name of a GitHub App.
    #[must_use]
    fn by_app(mut self) -> Self {
        self.by_app = true;
        self
    }
}

/// A successful answer, read to its end.
struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
    /// 304: it is what we have.
    is_same: bool,
}

/// A connection pool to one API, for one repository.
pub(super) struct Http {
    client: Client,
    api: Url,
    kind: Kind,
    repository: String,
    auth: Auth,
    headers: HeaderMap,
    patience: Duration,
    clock: Clock,
    cache: Cache,
    /// Writes go one after another (GitHub REST API, "Best practices": avoid concurrent requests).
    writing: Mutex<()>,
}

impl Http {
    /// Checks address and token, and reads the authorities.
    pub(super) fn new(config: &Config, clock: Clock) -> Result<Self, ForgeError> {
        let (api, repository) = config.repository.locate(config.kind, config.api.as_deref())?;
        let auth = Auth::new(config, &api)?;
        let client = client(config, &api)?;
        let (kind, patience, headers) = (config.kind, config.patience, fixed_headers(config.kind));
        let (cache, writing) = (Cache::default(), Mutex::default());
        Ok(Self { client, api, kind, repository, auth, headers, patience, clock, cache, writing })
    }

    /// The API's address.
    pub(super) fn api(&self) -> &str {
        self.api.as_str()
    }

    /// The repository's path, as the API names it.
    pub(super) fn repository(&self) -> &str {
        &self.repository
    }

    /// Reads something. Each segment of the path is escaped as one, `/` included.
    pub(super) fn get(&self, doing: String, path: &[&str], query: &[(&str, &str)]) -> Call {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Self::call(doing, Method::GET, url, None, true)
    }

    /// Makes something new.
    pub(super) fn post(&self, doing: String, path: &[&str], body: &impl Serialize) -> Call {
        Self::call(doing, Method::POST, self.url(path), Some(json(body)), false)
    }

    /// Changes something into what the body says, by PATCH or PUT.
    pub(super) fn change(&self, doing: String, method: Method, path: &[&str], body: &impl Serialize) -> Call {
        Self::call(doing, method, self.url(path), Some(json(body)), true)
    }

    /// Takes something away.
    pub(super) fn delete(&self, doing: String, path: &[&str]) -> Call {
        Self::call(doing, Method::DELETE, self.url(path), None, true)
    }

    /// A query to GitHub's GraphQL, which is beside the API's version.
    pub(super) fn graphql(&self, doing: String, query: &str) -> Call {
        let mut url = self.api.clone();
        let is_below = url.path().trim_end_matches('/').ends_with("/v3");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            if is_below {
                segments.pop();
            }
            segments.push("graphql");
        }
        Self::call(doing, Method::POST, url, Some(json(&serde_json::json!({ "query": query }))), true)
    }

    fn call(doing: String, method: Method, url: Url, body: Option<Vec<u8>>, repeatable: bool) -> Call {
        Call { doing, method, url, body, repeatable, if_none_match: None, by_app: false }
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.api.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Whether the token is that of a GitHub App's installation.
    pub(super) fn is_app(&self) -> bool {
        self.auth.is_app()
    }

    /// Waits a second between writes of which there are many (GitHub REST API, "Best practices":
    /// pause between mutative requests).
    pub(super) fn breathe(&self) {
        if self.kind == Kind::GitHub {
            (self.clock.sleep)(Duration::from_secs(1));
        }
    }

    /// Lets every list be news again.
    pub(super) fn forget(&self) {
        self.cache.forget();
    }

    /// Makes a call whose answer says nothing.
    pub(super) fn done(&self, call: &Call) -> Result<(), ForgeError> {
        self.send(call).map(drop)
    }

    /// Makes a call, and gives its answer as text.
    pub(super) fn text(&self, call: &Call) -> Result<String, ForgeError> {
        self.send(call).map(|answer| String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// Makes a call, and reads its answer as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ForgeError> {
        let answer = self.send(call)?;
        self.read(call, &answer)
    }

    fn read<T: DeserializeOwned>(&self, call: &Call, answer: &Answer) -> Result<T, ForgeError> {
        serde_json::from_slice(&answer.body).map_err(|error| {
            let content_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let problem = Problem::Unreadable {
                content_type: self.clean(content_type.unwrap_or("without a content type")),
                reason: self.clean(&error.to_string()),
                start: self.clean(&judge::start(&answer.body)),
            };
            self.failed(call, problem)
        })
    }

    /// A comment that others changed each time that we looked.
    pub(super) fn contested(&self, number: u64) -> ForgeError {
        let said = "others edit or delete the comment at the same time".to_owned();
        let doing = format!("bring the comment on {number} up to date");
        self.failed(&self.get(doing, &[], &[]), Problem::Refused { status: 409, said })
    }

    /// An answer that lacks what the API promises.
    pub(super) fn lacks(&self, call: &Call, reason: &str) -> ForgeError {
        let (content_type, reason) = ("JSON".to_owned(), reason.to_owned());
        self.failed(call, Problem::Unreadable { content_type, reason, start: String::new() })
    }

    /// Makes a call, again and again while that is worth it and there is patience for it.
    fn send(&self, call: &Call) -> Result<Answer, ForgeError> {
        let is_write = call.method != Method::GET && !call.by_app;
        let mut word = self.authorization(call)?;
        let _alone = is_write.then(|| self.writing.lock().unwrap_or_else(PoisonError::into_inner));
        let (mut waited, mut tries, mut is_renewed) = (Duration::ZERO, 1, false);
        loop {
            let failure = match self.once(call, word.as_ref(), tries) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if !is_renewed && self.is_worn_out(call, &failure) {
                (word, is_renewed) = (self.authorization(call)?, true);
                continue;
            }
            match failure.again {
                Some(pause) if tries < retry::TRIES && waited.saturating_add(pause) <= self.patience => {
                    let (api, problem) = (self.api.as_str(), &failure.problem);
                    tracing::warn!(api, seconds = pause.as_secs(), %problem, "the forge is asked again");
                    (self.clock.sleep)(pause);
                    waited += pause;
                    tries += 1;
                }
                _ => return Err(self.failed(call, failure.problem)),
            }
        }
    }

    /// Makes a call once, and follows redirects within the API's own host.
    fn once(&self, call: &Call, word: Option<&HeaderValue>, tries: u32) -> Result<Answer, retry::Failure> {
        let mut url = call.url.clone();
        for _ in 0..=REDIRECTS {
            let response =
                self.exchange(call, word, &url).map_err(|error| self.of_network(call, &error, tries))?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
                return self.judge(call, response, tries);
            }
            url = self.redirected(call, &url, &response)?;
        }
        let to = self.clean(&super::repository::without_user(url.as_str()));
        Err(retry::Failure::last(Problem::Redirected { status: 302, to }))
    }

    fn exchange(&self, call: &Call, word: Option<&HeaderValue>, url: &Url) -> reqwest::Result<Response> {
        let mut request = self.client.request(call.method.clone(), url.clone()).headers(self.headers.clone());
        if let Some(word) = word {
            request = request.header(self.kind.token_header().0, word.clone());
        }
        if let Some(known) = &call.if_none_match {
            request = request.header(IF_NONE_MATCH, known.clone());
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        request.send()
    }

    /// Where a redirect leads, if we may go there. GitHub answers 301 to a GET and 307 to a
    /// write when a repository was renamed (REST API, "Best practices": redirects). A write that
    /// would become a GET, as browsers do after 301 to 303, is not followed.
    fn redirected(&self, call: &Call, from: &Url, response: &Response) -> Result<Url, retry::Failure> {
        let status = response.status().as_u16();
        let named = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let to = named.and_then(|to| from.join(to).ok());
        let stays = to.as_ref().is_some_and(|to| to.origin() == self.api.origin());
        let keeps_method = call.method == Method::GET || matches!(status, 307 | 308);
        match to {
            Some(to) if stays && keeps_method => Ok(to),
            _ => {
                let to = super::repository::without_user(named.unwrap_or("nowhere"));
                Err(retry::Failure::last(Problem::Redirected { status, to: self.clean(&to) }))
            }
        }
    }

    /// Reads an answer to its end, and gives it if it is a success.
    fn judge(&self, call: &Call, response: Response, tries: u32) -> Result<Answer, retry::Failure> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let too_large = || retry::Failure::last(Problem::TooLarge { limit: LARGEST });
        let announced =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > LARGEST) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        let read = response.take(LARGEST + 1).read_to_end(&mut body);
        if let Err(error) = read {
            return Err(self.of_break(call, &error, tries));
        }
        if body.len() as u64 > LARGEST {
            return Err(too_large());
        }
        let is_same = status == 304 && call.if_none_match.is_some();
        if (200..300).contains(&status) || is_same {
            return Ok(Answer { headers, body, is_same });
        }
        let said = self.clean(&judge::said(&body));
        let pause = retry::pause(self.kind, status, &headers, &said, tries, (self.clock.now)());
        let problem = judge::problem(status, said, self.auth.is_somebody(), tries, pause);
        let again = pause.and_then(|pause| pause.worth_it(call.repeatable));
        let date = headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(retry::date);
        Err(retry::Failure { problem, again, date })
    }

    fn of_network(&self, call: &Call, error: &reqwest::Error, tries: u32) -> retry::Failure {
        let cause = Cause::new(self.clean(&Cause::of(error).to_string()));
        // rustls has no type of its own in reqwest's chain of errors
        if cause.contains("invalid peer certificate") || cause.contains("InvalidCertificate") {
            return retry::Failure::last(Problem::UntrustedCertificate { cause });
        }
        // what could not connect was not sent, so that it may always be tried again
        let again = (call.repeatable || error.is_connect()).then(|| retry::back_off(tries));
        retry::Failure { problem: Problem::Unreachable { tries, cause }, again, date: None }
    }

    fn of_break(&self, call: &Call, error: &std::io::Error, tries: u32) -> retry::Failure {
        let cause = Cause::new(self.clean(&Cause::of(error).to_string()));
        let again = call.repeatable.then(|| retry::back_off(tries));
        retry::Failure { problem: Problem::Unreachable { tries, cause }, again, date: None }
    }

    fn failed(&self, call: &Call, problem: Problem) -> ForgeError {
        ForgeError::Call {
            doing: call.doing.clone(),
            repository: self.repository.clone(),
            api: self.api.to_string(),
            kind: self.kind,
            problem: Box::new(problem),
        }
    }

    /// A text from outside that may be shown: without the token, should someone repeat it.
    fn clean(&self, text: &str) -> String {
        self.auth.hide(on_one_line(text))
    }
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default() // texts, numbers and flags cannot fail
}

fn fixed_headers(kind: Kind) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if kind == Kind::GitHub {
        // GitHub REST API, "API versions" and "Media types"
        headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
        headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
    }
    headers
}

/// Whether an address is on this machine: nobody else can read what is sent there.
fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

fn client(config: &Config, api: &Url) -> Result<Client, ForgeError> {
    // reqwest is built without a provider of its own; one that is installed already stays
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("gitfabric/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .redirect(Policy::none()); // we follow them ourselves, within the API's host
    if is_loopback(api) {
        builder = builder.no_proxy();
    }
    for certificate in authorities(config, api)? {
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| ForgeError::Client { api: api.to_string(), cause: Cause::of(&error) })
}

fn authorities(config: &Config, api: &Url) -> Result<Vec<Certificate>, ForgeError> {
    let Some(path) = &config.ca else { return Ok(Vec::new()) };
    let failed = |cause| ForgeError::Authority { path: path.clone(), api: api.to_string(), cause };
    let pem = std::fs::read(path).map_err(|error| failed(Cause::of(&error)))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| failed(Cause::of(&error)))?;
    if found.is_empty() {
        return Err(failed(Cause::new("it holds no certificate in PEM form")));
    }
    Ok(found)
}
