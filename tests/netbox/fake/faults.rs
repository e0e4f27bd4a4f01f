//! What goes wrong on purpose: on which requests, and how.
//!
//! `On` picks requests by path and occurrence, `Fault` says what happens to them. Several
//! faults on one request happen in the order in which they were set. Elsewhere: how the whole
//! NetBox differs (`manners`), content that changes (`content`, `edits`).

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::content::Netbox;
use super::http::{Answer, Request};

/// Which requests.
#[derive(Clone, Debug)]
pub(crate) struct On {
    /// Below `/api/`, without slashes at the ends; a last `*` stands for any rest.
    path: String,
    method: Option<String>,
    /// A part of the query as sent.
    query: Option<String>,
    skip: usize,
    times: usize,
}

impl On {
    /// Every request of a path: `dcim/devices`, `plugins/bgp/*`, `*`.
    pub(crate) fn every(path: &str) -> Self {
        Self { path: path.to_owned(), method: None, query: None, skip: 0, times: usize::MAX }
    }

    /// The first request of a path.
    pub(crate) fn first(path: &str) -> Self {
        Self::nth(path, 1)
    }

    /// The request number `n` of a path, from 1, counted from now.
    pub(crate) fn nth(path: &str, n: usize) -> Self {
        Self { skip: n - 1, times: 1, ..Self::every(path) }
    }

    /// At most so many requests.
    pub(crate) fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// Only those whose query holds this text.
    pub(crate) fn query(self, part: &str) -> Self {
        Self { query: Some(part.to_owned()), ..self }
    }

    /// Only those of a method.
    pub(crate) fn method(self, method: &str) -> Self {
        Self { method: Some(method.to_owned()), ..self }
    }

    fn is(&self, request: &Request) -> bool {
        let endpoint = request.endpoint();
        let path = match self.path.strip_suffix('*') {
            Some(start) => endpoint.starts_with(start),
            None => endpoint == self.path,
        };
        path && self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.query.as_ref().is_none_or(|part| request.query.contains(part.as_str()))
    }

    /// Whether this request is one of them; counts it if so.
    fn takes(&mut self, request: &Request) -> bool {
        if !self.is(request) || self.times == 0 {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.times -= 1;
        true
    }
}

/// Why a 403, in the words of NetBox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    NoCredentials,
    InvalidV1,
    InvalidV2,
    Expired,
    Disabled,
    Unparsable,
    SourceAddress,
    Permission,
}

impl Denied {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::NoCredentials,
        Self::InvalidV1,
        Self::InvalidV2,
        Self::Expired,
        Self::Disabled,
        Self::Unparsable,
        Self::SourceAddress,
        Self::Permission,
    ];

    /// The `detail` of the body.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::NoCredentials => "Authentication credentials were not provided.",
            Self::InvalidV1 => "Invalid v1 token",
            Self::InvalidV2 => "Invalid v2 token",
            Self::Expired => "Token expired",
            Self::Disabled => "Token disabled",
            Self::Unparsable => {
                "Invalid authorization header: Could not parse key from v2 token. Did you mean to use \
                 'Token' instead of 'Bearer'?"
            }
            Self::SourceAddress => "Source IP 192.0.2.7 is not permitted to authenticate using this token.",
            Self::Permission => "You do not have permission to perform this action.",
        }
    }
}

type Rewrite = dyn Fn(&mut Value) + Send + Sync;
type Edit = dyn Fn(&mut Netbox) + Send + Sync;

/// What happens to a request.
#[derive(Clone)]
pub(crate) enum Fault {
    /// 403 with one of NetBox's texts.
    Denied(Denied),
    /// This status with a page of HTML: 404 is a missing endpoint or plugin, 500 Django, 502
    /// and 503 the proxy in front of it, 200 a log-in page.
    Html(u16),
    /// This status with this JSON.
    Json(u16, Value),
    /// 429 of a proxy, with this `Retry-After`.
    TooMany(Option<&'static str>),
    /// 503 of a proxy, with this `Retry-After`.
    Unavailable(&'static str),
    /// 302 to this address.
    Redirect(String),
    /// The connection ends without a byte of an answer.
    NoAnswer,
    /// The connection ends in the middle of the body.
    Cut,
    /// Half of the body comes, and then nothing until the fake ends.
    Stall,
    /// Nothing comes until the gate is opened; then the right answer.
    Held(Gate),
    /// The right head, and half of a body that says it is whole.
    NotJson,
    /// The right answer, changed.
    Rewrite(Arc<Rewrite>),
    /// Somebody edits NetBox just before this request is answered.
    Before(Arc<Edit>),
}

impl Fault {
    /// The right answer, changed by this.
    pub(crate) fn rewrite(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Rewrite(Arc::new(change))
    }

    /// Somebody edits NetBox just before: rows shift between pages, the change log moves.
    pub(crate) fn before(edit: impl Fn(&mut Netbox) + Send + Sync + 'static) -> Self {
        Self::Before(Arc::new(edit))
    }

    /// 409: the object cannot be deleted or changed.
    pub(crate) fn conflict() -> Self {
        let text =
            "Unable to delete object. 2 dependent objects were found: leaf1-spine1 (7), leaf1-spine2 (8)";
        Self::Json(409, json!({"detail": text}))
    }

    /// 404 as for an object that is not there.
    pub(crate) fn not_found() -> Self {
        Self::Json(404, json!({"detail": "Not found."}))
    }

    /// The last row is missing, `count` still counts it, and there is no next page.
    pub(crate) fn short_page() -> Self {
        Self::rewrite(|body| {
            if let Some(rows) = body["results"].as_array_mut() {
                rows.pop();
            }
        })
    }

    /// The list ends here: `next` is null although there is more.
    pub(crate) fn no_next() -> Self {
        Self::rewrite(|body| body["next"] = Value::Null)
    }

    /// `count` is this.
    pub(crate) fn count(count: u64) -> Self {
        Self::rewrite(move |body| body["count"] = json!(count))
    }

    /// The first row stands here twice.
    pub(crate) fn twice() -> Self {
        Self::rewrite(|body| {
            if let Some(rows) = body["results"].as_array_mut()
                && let Some(first) = rows.first().cloned()
            {
                rows.push(first);
            }
        })
    }

    /// The next page begins one row too early (by offset or by cursor): one id comes twice.
    pub(crate) fn overlap() -> Self {
        Self::rewrite(|body| {
            let next = body["next"].as_str().unwrap_or_default().to_owned();
            for name in ["offset=", "start="] {
                let Some((before, after)) = next.split_once(name) else { continue };
                let (number, rest) = after.split_once('&').map_or((after, None), |(n, rest)| (n, Some(rest)));
                let number = number.parse::<u64>().unwrap_or(1).saturating_sub(1);
                let rest = rest.map_or(String::new(), |rest| format!("&{rest}"));
                body["next"] = json!(format!("{before}{name}{number}{rest}"));
            }
        })
    }

    /// `next` leads to this same page again, for ever.
    pub(crate) fn loops() -> Self {
        Self::rewrite(|body| {
            let next = body["next"].as_str().unwrap_or_default().to_owned();
            let (base, query) = next.split_once('?').unwrap_or((&next, ""));
            let same: Vec<&str> = query
                .split('&')
                .filter(|pair| !pair.starts_with("offset=") && !pair.starts_with("start="))
                .collect();
            body["next"] = json!(format!("{base}?{}", same.join("&")));
        })
    }

    /// `next` names another scheme and host, as behind a proxy that is not told its name.
    pub(crate) fn next_at(base: &str) -> Self {
        let base = base.to_owned();
        Self::rewrite(move |body| {
            let next = body["next"].as_str().unwrap_or_default().to_owned();
            if let Some((_, path)) = next.split_once("/api/") {
                body["next"] = json!(format!("{base}/api/{path}"));
            }
        })
    }

    /// Objects of which this holds are not shown and not counted, as by a constraint of the
    /// token's permissions. Holds for whole lists: ask for pages that fit.
    pub(crate) fn hidden(is_hidden: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        Self::rewrite(move |body| {
            let Some(rows) = body["results"].as_array_mut() else { return };
            let before = rows.len();
            rows.retain(|row| !is_hidden(row));
            let gone = (before - rows.len()) as u64;
            if let Some(count) = body["count"].as_u64() {
                body["count"] = json!(count.saturating_sub(gone));
            }
        })
    }

    /// The answer in place of the right one, if this fault has one.
    pub(super) fn instead(&self) -> Option<Answer> {
        Some(match self {
            Self::Denied(why) => Answer::json(403, &json!({"detail": why.detail()})),
            Self::Html(status) => Answer::html(*status),
            Self::Json(status, body) => Answer::json(*status, body),
            Self::TooMany(after) => {
                let answer = Answer::html(429);
                after.map_or(answer.clone(), |after| answer.with("Retry-After", after))
            }
            Self::Unavailable(after) => Answer::html(503).with("Retry-After", after),
            Self::Redirect(to) => Answer::html(302).with("Location", to),
            _ => return None,
        })
    }
}

/// Holds requests back until a test lets them go.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<Held>, Condvar)>);

#[derive(Default)]
struct Held {
    open: bool,
    waiting: usize,
}

impl Gate {
    /// A closed gate.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Lets all go that stand here, and all to come.
    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().open = true;
        self.0.1.notify_all();
    }

    /// Returns when so many requests stand here at once.
    ///
    /// # Panics
    /// If they do not come within a minute and a half.
    pub(crate) fn wait_for(&self, requests: usize) {
        let held = self.0.0.lock().unwrap();
        let wait = Duration::from_secs(90);
        let (_held, timeout) =
            self.0.1.wait_timeout_while(held, wait, |held| held.waiting < requests).unwrap();
        assert!(!timeout.timed_out(), "{requests} requests did not come to the gate");
    }

    pub(super) fn pass(&self) {
        let mut held = self.0.0.lock().unwrap();
        held.waiting += 1;
        self.0.1.notify_all();
        let mut held = self.0.1.wait_while(held, |held| !held.open).unwrap();
        held.waiting -= 1;
    }
}

/// The faults that are set.
#[derive(Default)]
pub(super) struct Faults {
    set: Vec<(On, Fault)>,
    gates: Vec<Gate>,
}

impl Faults {
    pub(super) fn add(&mut self, on: On, fault: Fault) {
        if let Fault::Held(gate) = &fault {
            self.gates.push(gate.clone());
        }
        self.set.push((on, fault));
    }

    pub(super) fn clear(&mut self) {
        self.set.clear();
    }

    /// What happens to this request.
    pub(super) fn of(&mut self, request: &Request) -> Vec<Fault> {
        let hit = self.set.iter_mut().filter_map(|(on, fault)| on.takes(request).then(|| fault.clone()));
        hit.collect()
    }

    /// Nothing waits any longer: the fake ends.
    pub(super) fn open_gates(&self) {
        self.gates.iter().for_each(Gate::open);
    }
}
