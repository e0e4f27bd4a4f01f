//! From a request to its answer: tricks first, then who asks, then the API of the kind; pages,
//! `ETag`s and 304 are the same for all.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitfabric::forge::Kind;
use serde_json::{Value, json};

use super::server::{Answer, Request};
use super::world::World;
use super::{TOKEN, app, gitea, github, gitlab};

/// Which requests a trick is played on.
#[derive(Clone, Debug)]
pub(crate) struct On {
    method: String,
    part: String,
    /// How many such requests pass before it.
    skip: usize,
}

impl On {
    /// The next request of this method whose path holds these words: `On::next("POST", "/comments")`.
    pub(crate) fn next(method: &str, part: &str) -> Self {
        Self { method: method.to_owned(), part: part.to_owned(), skip: 0 }
    }

    /// The one after so many others.
    pub(crate) fn after(self, skip: usize) -> Self {
        Self { skip, ..self }
    }
}

/// What happens to a request, once.
pub(crate) enum Deed {
    /// It gets this answer, and nothing is done.
    Answer(Answer),
    /// It is carried out, and the connection breaks before the answer.
    Lose,
    /// The connection breaks, and nothing is done.
    Break,
    /// The world changes just before it is looked at: a rival was quicker.
    Before(Box<dyn FnOnce(&mut World) + Send>),
}

pub(super) struct Trick {
    pub(super) on: On,
    pub(super) deed: Deed,
}

impl World {
    pub(super) fn answer(&mut self, request: &Request) -> Option<Answer> {
        self.log.push(request.clone());
        if let Some(answer) = self.next.pop_front() {
            return answer;
        }
        let mut is_lost = false;
        while let Some(deed) = self.deed(request) {
            match deed {
                Deed::Answer(answer) => return Some(answer),
                Deed::Break => return None,
                Deed::Lose => is_lost = true,
                Deed::Before(change) => change(self),
            }
        }
        let answer = self.carry_out(request);
        written_down(self.kind, request, &answer);
        (!is_lost).then_some(answer)
    }

    /// The next deed for a request; one that waits for a later one counts it.
    fn deed(&mut self, request: &Request) -> Option<Deed> {
        let fits = |on: &On| request.method == on.method && request.target.contains(&on.part);
        let place = self.tricks.iter().position(|trick| fits(&trick.on))?;
        if self.tricks[place].on.skip > 0 {
            self.tricks[place].on.skip -= 1;
            return None;
        }
        Some(self.tricks.remove(place).deed)
    }

    fn carry_out(&mut self, request: &Request) -> Answer {
        let path = request.path();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if let Some(answer) = app::answer(self, request, &path) {
            return answer;
        }
        if !self.lets_in(request) {
            return said(401, "Bad credentials");
        }
        let answer = match (self.kind, path.as_slice()) {
            (Kind::GitHub, ["api", "v3", rest @ ..]) => github::answer(self, request, rest),
            (Kind::GitHub, ["api", "graphql"]) => github::viewer(self, request),
            (Kind::GitLab, ["api", "v4", rest @ ..]) => gitlab::answer(self, request, rest),
            (Kind::Gitea, ["api", "v1", rest @ ..]) => gitea::answer(self, request, rest),
            _ => said(404, "Not Found"),
        };
        self.conditional(request, answer)
    }

    /// Whether the request carries a token as the forge wants it.
    fn lets_in(&self, request: &Request) -> bool {
        let is = |header: &str, before: &str| {
            let given = request.header(header);
            given.strip_prefix(before).is_some_and(|token| {
                token == TOKEN || self.installation_tokens.iter().any(|valid| valid == token)
            })
        };
        match self.kind {
            Kind::GitHub => is("authorization", "Bearer "),
            Kind::GitLab => is("private-token", ""),
            Kind::Gitea => is("authorization", "token "),
        }
    }

    /// An answer with its `ETag`, or 304 if the client has it already. As on the real ones, the
    /// links of a 304 are gone with its body.
    fn conditional(&self, request: &Request, answer: Answer) -> Answer {
        if !self.etags || request.method != "GET" || answer.status != 200 {
            return answer;
        }
        let digest = ring::digest::digest(&ring::digest::SHA256, &answer.body);
        let etag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(digest));
        if request.header("if-none-match") == etag {
            return Answer::of(304, "", "").with("ETag", &etag);
        }
        answer.with("ETag", &etag)
    }

    /// One page of a list, with links to the next one that name a host which is not ours.
    pub(super) fn paged(&self, request: &Request, listed: &[Value]) -> Answer {
        let name = if self.kind == Kind::Gitea { "limit" } else { "per_page" };
        let most = if self.kind == Kind::Gitea { 50 } else { 100 };
        let length = request.parameter(name).parse().unwrap_or(30).min(most);
        let length = length.min(self.page_limit.unwrap_or(usize::MAX));
        let page = request.parameter("page").parse().unwrap_or(1).max(1);
        let shown: Vec<&Value> = listed.iter().skip((page - 1) * length).take(length).collect();
        let answer = Answer::json(200, &json!(shown));
        if listed.len() <= page * length {
            return answer;
        }
        let (_, query) = request.target.split_once('?').unwrap_or_default();
        let others: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("page=")).collect();
        let next = format!("http://inside.forge.test/list?{}&page={}", others.join("&"), page + 1);
        answer.with("Link", &format!("<{next}>; rel=\"next\", <{next}>; rel=\"last\""))
    }
}

/// Adds what was asked and answered to the file that `FORGE_LOG` names, for `.ci/forge`.
fn written_down(kind: Kind, request: &Request, answer: &Answer) {
    let Some(path) = std::env::var_os("FORGE_LOG") else { return };
    let body = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let line = json!({
        "kind": kind.name(), "method": request.method, "target": request.target, "asked": request.json(),
        "status": answer.status, "answered": body(&answer.body),
    });
    let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// An answer of words.
pub(super) fn said(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}

/// A text of a body.
pub(super) fn text(body: &Value, key: &str) -> String {
    body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A number of a body or a path; 0 is none.
pub(super) fn number(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}

/// The files of a diff: path, and their part of it from the first `@@` on.
pub(super) fn files(diff: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in diff.lines() {
        if let Some(names) = line.strip_prefix("diff --git a/") {
            let path = names.split_once(" b/").map_or(names, |(_, new)| new);
            files.push((path.to_owned(), String::new()));
            continue;
        }
        let Some((_, patch)) = files.last_mut() else { continue };
        if line.starts_with("@@") || !patch.is_empty() {
            patch.push_str(line);
            patch.push('\n');
        }
    }
    files
}

/// Whether a line of a file, counted in the new one, is in a diff.
pub(super) fn has_line(diff: &str, path: &str, wanted: u64) -> bool {
    let all = files(diff);
    let Some((_, hunks)) = all.iter().find(|(file, _)| file == path) else { return false };
    let mut at = 0;
    hunks.lines().any(|line| {
        if let Some(hunk) = line.strip_prefix("@@ ") {
            let new = hunk.split('+').nth(1).unwrap_or_default();
            at = number(new.split([',', ' ']).next().unwrap_or_default());
            return false;
        }
        let is_there = !line.starts_with(['-', '\\']);
        at += u64::from(is_there);
        is_there && at == wanted + 1
    })
}
