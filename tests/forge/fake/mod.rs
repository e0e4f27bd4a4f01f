//! A forge for tests: one repository, `acme/net`, behind the API of each kind, on a real socket.
//! It keeps what it is told, refuses what the forge refuses, and can be made to fail.
//!
//! ```text
//! let fake = FakeForge::start(Kind::GitHub);         // in clear, as on loopback a token may go
//! let fake = FakeForge::start_tls(Kind::GitLab);     // fake.server.authority: its CA as PEM
//! fake.remote()                                      // http://127.0.0.1:PORT/acme/net.git
//! TOKEN, BOT                                         // the token that it takes, and whose it is
//! Pem::Pkcs1.text(), APP_ID                          // its GitHub App's key, installed there
//!
//! let number = fake.add(Entry { head: "vlan".into(), sha, ..Entry::default() });
//! fake.push(number, &sha);                           // the head moves
//! fake.merge(number, &sha); fake.close(number);      // merged as this commit; closed
//! fake.change(number, |entry| entry.diff = diff);    // lines that comments may stand on
//! fake.person("eve", Role::Read);                    // "ada" may write, "mallory" may read
//! let id = fake.says(number, "ada", "/gitfabric plan");
//! fake.rewords(id, "…"); fake.deletes(id);           // a person edits, deletes a comment
//!
//! fake.comments(number); fake.statuses(&sha); fake.status(&sha, "gitfabric/plan");
//! fake.lines(number); fake.runs(&sha); fake.reviews(number);
//! fake.asked(); fake.requests(); fake.calls();       // since the last time
//!
//! fake.next(Answer::json(502, …)); fake.next(None);  // the next request, whatever it is
//! fake.on(On::next("POST", "/comments"), Deed::Lose);        // done, and the answer is lost
//! fake.on(On::next("PATCH", "/comments"), Deed::Answer(…));  // an edit conflict, a limit …
//! fake.on(On::next("POST", "/notes"), Deed::Before(Box::new(|world| { world.say(1, BOT, "…"); })));
//! fake.world(|world| world.ahead = 3600);            // its clock; `etags`, `page_limit`
//! ```
//!
//! Its clock ticks once for each change, so that equal stories are equal. A Gitea has no `ETag`s,
//! a GitLab moves `updated_at` for a comment at most once a minute, as the real ones.
//!
//! The crate's own tests use it, and tests in `tests/` by `#[path]`. Here: [`FakeForge`].
//! Elsewhere: the socket (`server`), what it holds (`world`), tricks, pages and `ETag`s
//! (`answering`), pull requests (`shapes`), the rest of each API (`github`, `gitlab`, `gitea`),
//! GitHub Apps (`app`).

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part of the fake")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot go on panics")]

mod answering;
mod app;
mod gitea;
mod github;
mod gitlab;
mod server;
mod shapes;
mod world;

use std::sync::{Arc, Mutex, MutexGuard};

use gitfabric::forge::{Kind, State};
use serde_json::Value;

pub(crate) use self::answering::{Deed, On};
pub(crate) use self::app::{APP_ID, APP_USER, Pem};
pub(crate) use self::server::{Answer, Request, Server};
pub(crate) use self::world::{BOT, CheckRun, Entry, OnLine, Review, Role, Said, Stand, World};

/// The token that the forge takes.
pub(crate) const TOKEN: &str = "hunter2-token";

/// What was asked, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    /// All requests.
    pub(crate) all: usize,
    /// Those that read something without saying what they have of it already.
    pub(crate) unconditional: usize,
    /// Those that wrote.
    pub(crate) writes: usize,
}

/// A forge with the repository `acme/net`.
pub(crate) struct FakeForge {
    pub(crate) kind: Kind,
    pub(crate) server: Server,
    world: Arc<Mutex<World>>,
}

impl FakeForge {
    /// In clear, as on a loopback a token may go.
    pub(crate) fn start(kind: Kind) -> Self {
        Self::with(kind, false)
    }

    /// Over TLS, with a certificate of its own authority.
    pub(crate) fn start_tls(kind: Kind) -> Self {
        Self::with(kind, true)
    }

    fn with(kind: Kind, tls: bool) -> Self {
        let world = Arc::new(Mutex::new(World::new(kind)));
        let shared = Arc::clone(&world);
        let server = Server::start(tls, move |request| shared.lock().unwrap().answer(&request));
        Self { kind, server, world }
    }

    /// The repository's remote.
    pub(crate) fn remote(&self) -> String {
        format!("{}/acme/net.git", self.server.url())
    }

    /// Looks at all there is, or changes it.
    pub(crate) fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.lock())
    }

    // ---- what people do ----

    /// Puts a pull request there and gives its number.
    pub(crate) fn add(&self, entry: Entry) -> u64 {
        self.lock().add(entry)
    }

    /// A person closes, merges or edits one.
    pub(crate) fn change(&self, number: u64, change: impl FnOnce(&mut Entry)) {
        self.lock().change(number, change);
    }

    /// The head moves to this commit.
    pub(crate) fn push(&self, number: u64, sha: &str) {
        self.change(number, |entry| sha.clone_into(&mut entry.sha));
    }

    /// It is merged as this commit.
    pub(crate) fn merge(&self, number: u64, sha: &str) {
        self.change(number, |entry| {
            entry.state = State::Merged;
            entry.merged = Some(sha.to_owned());
        });
    }

    /// It is closed without merging.
    pub(crate) fn close(&self, number: u64) {
        self.change(number, |entry| entry.state = State::Closed);
    }

    /// Somebody joins, or gets another role.
    pub(crate) fn person(&self, name: &str, role: Role) {
        let mut world = self.lock();
        match world.people.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = role,
            None => world.people.push((name.to_owned(), role)),
        }
    }

    /// Somebody comments; gives the comment's id.
    pub(crate) fn says(&self, number: u64, author: &str, body: &str) -> u64 {
        self.lock().say(number, author, body)
    }

    /// Somebody edits a comment.
    pub(crate) fn rewords(&self, id: u64, body: &str) {
        assert!(self.lock().reword(id, body), "there is no comment {id}");
    }

    /// Somebody deletes a comment.
    pub(crate) fn deletes(&self, id: u64) {
        assert!(self.lock().unsay(id), "there is no comment {id}");
    }

    // ---- what goes wrong ----

    /// Gives this answer to the next request that has none yet; none breaks the connection.
    pub(crate) fn next(&self, answer: impl Into<Option<Answer>>) {
        self.lock().next.push_back(answer.into());
    }

    /// Does this to such a request, once.
    pub(crate) fn on(&self, on: On, deed: Deed) {
        self.lock().tricks.push(answering::Trick { on, deed });
    }

    /// Lets a rival open this one just before the next request to create one arrives.
    pub(crate) fn rival(&self, entry: Entry) {
        let part = if self.kind == Kind::GitLab { "/merge_requests" } else { "/pulls" };
        let rival = |world: &mut World| {
            world.add(entry);
        };
        self.on(On::next("POST", part), Deed::Before(Box::new(rival)));
    }

    /// Gives shorter pages than are asked for.
    pub(crate) fn limit_pages(&self, length: usize) {
        self.lock().page_limit = Some(length);
    }

    // ---- what there is ----

    /// All pull requests.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// A pull request as the API shows it.
    pub(crate) fn shown(&self, entry: &Entry) -> Value {
        shapes::show(&self.lock(), entry)
    }

    /// What was said on a pull request, oldest first.
    pub(crate) fn comments(&self, number: u64) -> Vec<Said> {
        self.lock().said.iter().filter(|said| said.pull == number).cloned().collect()
    }

    /// All statuses that a commit was given, oldest first.
    pub(crate) fn statuses(&self, sha: &str) -> Vec<Stand> {
        self.lock().stands.iter().filter(|stand| stand.sha == sha).cloned().collect()
    }

    /// The newest status of a context.
    pub(crate) fn status(&self, sha: &str, context: &str) -> Option<Stand> {
        self.statuses(sha).into_iter().rfind(|stand| stand.context == context)
    }

    /// The comments on lines of a pull request.
    pub(crate) fn lines(&self, number: u64) -> Vec<OnLine> {
        self.lock().on_lines.iter().filter(|line| line.pull == number).cloned().collect()
    }

    /// The reviews of a pull request, on Gitea.
    pub(crate) fn reviews(&self, number: u64) -> Vec<Review> {
        self.lock().reviews.iter().filter(|review| review.pull == number).cloned().collect()
    }

    /// The check runs of a commit, oldest first.
    pub(crate) fn runs(&self, sha: &str) -> Vec<CheckRun> {
        self.lock().runs.iter().filter(|run| run.sha == sha).cloned().collect()
    }

    // ---- what was asked ----

    /// What was asked since the last time, as `METHOD last/segments`: below pull requests, or
    /// else below the repository.
    pub(crate) fn asked(&self) -> Vec<String> {
        let pulls = shapes::path(self.kind);
        let repository = pulls.get(..pulls.len() - 1).unwrap_or_default();
        let short = |request: &Request| {
            let path = request.path();
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let below = path.strip_prefix(&*pulls).or_else(|| path.strip_prefix(repository));
            format!("{} {}", request.method, below.unwrap_or(&path).join("/"))
        };
        self.requests().iter().map(|request| short(request).trim_end().to_owned()).collect()
    }

    /// What was asked since the last time.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.lock().log)
    }

    /// What was asked since the last time, in numbers.
    pub(crate) fn calls(&self) -> Calls {
        let requests = self.requests();
        let is_bare =
            |request: &&Request| request.method == "GET" && request.header("if-none-match").is_empty();
        Calls {
            all: requests.len(),
            unconditional: requests.iter().filter(is_bare).count(),
            writes: requests.iter().filter(|request| request.method != "GET").count(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}
