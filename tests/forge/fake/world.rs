//! What the fake forge holds: pull requests, what was said on them, statuses, check runs, people.
//!
//! Here: the types, and the changes that people and requests make alike. Elsewhere: which request
//! does what (`github`, `gitlab`, `gitea`), answers and tricks (`answering`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::OnceLock;
use std::time::Duration;

use gitfabric::forge::{Kind, State};

use super::answering::Trick;
use super::server::{Answer, Request};

/// The user whose token the forge takes.
pub(crate) const BOT: &str = "gitfabric-bot";
/// Seconds within which GitLab does not move `updated_at` for another comment.
const THROTTLE: u64 = 60;

/// A pull request of the fake forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) head: String,
    pub(crate) base: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) state: State,
    pub(crate) draft: bool,
    pub(crate) sha: String,
    /// Whether the head is a branch of that name in somebody's fork.
    pub(crate) of_fork: bool,
    /// Who opened it.
    pub(crate) author: String,
    /// The commit by which it was merged.
    pub(crate) merged: Option<String>,
    /// What it changes, as `git diff` says it: the lines that comments may stand on.
    pub(crate) diff: String,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            number: 0,
            head: "netbox-export".to_owned(),
            base: "main".to_owned(),
            title: "Export".to_owned(),
            body: "One VLAN".to_owned(),
            state: State::Open,
            draft: false,
            sha: "a".repeat(40),
            of_fork: false,
            author: "ada".to_owned(),
            merged: None,
            diff: String::new(),
        }
    }
}

/// A comment on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    /// Ticks of the fake's clock.
    pub(crate) created: u64,
    pub(crate) edited: u64,
    /// Whether the forge itself wrote it, as GitLab does of each push.
    pub(crate) system: bool,
}

/// A comment on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnLine {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) path: String,
    pub(crate) line: u64,
    pub(crate) start: Option<u64>,
    /// The head that it was written on.
    pub(crate) commit: String,
    /// The review that it is part of, on Gitea.
    pub(crate) review: u64,
}

/// A review on Gitea, as far as it is more than its comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) commit: String,
}

/// A status that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) sha: String,
    pub(crate) context: String,
    /// In the forge's words.
    pub(crate) state: String,
    pub(crate) description: String,
    pub(crate) link: String,
    /// The ref that it was set for, on GitLab.
    pub(crate) of_ref: String,
}

/// A check run on GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckRun {
    pub(crate) id: u64,
    pub(crate) sha: String,
    pub(crate) name: String,
    pub(crate) external_id: String,
    pub(crate) conclusion: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    /// As they were sent.
    pub(crate) annotations: Vec<serde_json::Value>,
}

/// What somebody may do in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Nothing,
    Read,
    Write,
    Admin,
}

/// All that the forge holds, and how it behaves.
pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) entries: Vec<Entry>,
    pub(crate) said: Vec<Said>,
    pub(crate) on_lines: Vec<OnLine>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) stands: Vec<Stand>,
    pub(crate) runs: Vec<CheckRun>,
    /// Everybody by name, in the order of their ids.
    pub(crate) people: Vec<(String, Role)>,
    /// Whether answers have an `ETag` and 304 is given: never so on a Gitea.
    pub(crate) etags: bool,
    /// How far the forge's clock is ahead of ours, in seconds.
    pub(crate) ahead: i64,
    /// Tokens of installations that are valid.
    pub(crate) installation_tokens: Vec<String>,
    pub(crate) page_limit: Option<usize>,
    pub(super) log: Vec<Request>,
    /// Given before anything else, one a request; none breaks the connection.
    pub(super) next: VecDeque<Option<Answer>>,
    pub(super) tricks: Vec<Trick>,
    /// When each pull request was changed last.
    touched: BTreeMap<u64, u64>,
    tick: u64,
    ids: u64,
}

impl World {
    pub(super) fn new(kind: Kind) -> Self {
        let people = [(BOT, Role::Write), ("ada", Role::Write), ("mallory", Role::Read)];
        Self {
            kind,
            entries: Vec::new(),
            said: Vec::new(),
            on_lines: Vec::new(),
            reviews: Vec::new(),
            stands: Vec::new(),
            runs: Vec::new(),
            people: people.map(|(name, role)| (name.to_owned(), role)).to_vec(),
            etags: kind != Kind::Gitea,
            ahead: 0,
            installation_tokens: Vec::new(),
            page_limit: None,
            log: Vec::new(),
            next: VecDeque::new(),
            tricks: Vec::new(),
            touched: BTreeMap::new(),
            tick: 0,
            ids: 100,
        }
    }

    /// Puts a pull request there and gives its number.
    pub(crate) fn add(&mut self, mut entry: Entry) -> u64 {
        entry.number = self.entries.len() as u64 + 1;
        let number = entry.number;
        self.entries.push(entry);
        self.touch(number);
        number
    }

    pub(crate) fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.number == number)
    }

    /// Changes one, which moves its `updated_at`.
    pub(crate) fn change(&mut self, number: u64, change: impl FnOnce(&mut Entry)) {
        change(self.entries.iter_mut().find(|entry| entry.number == number).unwrap());
        self.touch(number);
    }

    /// Somebody comments.
    pub(crate) fn say(&mut self, pull: u64, author: &str, body: &str) -> u64 {
        let (id, created) = (self.id(), self.tick());
        let (author, body) = (author.to_owned(), body.to_owned());
        self.said.push(Said { id, pull, author, body, created, edited: created, system: false });
        self.touch_for_comment(pull);
        id
    }

    /// A comment gets another body; false if there is none.
    pub(crate) fn reword(&mut self, id: u64, body: &str) -> bool {
        let tick = self.tick();
        let Some(said) = self.said.iter_mut().find(|said| said.id == id) else { return false };
        body.clone_into(&mut said.body);
        said.edited = tick;
        let pull = said.pull;
        self.touch_for_comment(pull);
        true
    }

    /// A comment goes; false if there was none.
    pub(crate) fn unsay(&mut self, id: u64) -> bool {
        let before = self.said.len();
        self.said.retain(|said| said.id != id);
        self.said.len() != before
    }

    /// Somebody's id; 0 for nobody.
    pub(crate) fn id_of(&self, name: &str) -> u64 {
        let place = self.people.iter().position(|(known, _)| known == name);
        place.map_or(0, |place| place as u64 + 1)
    }

    pub(crate) fn role(&self, name: &str) -> Role {
        self.people.iter().find(|(known, _)| known == name).map_or(Role::Nothing, |(_, role)| *role)
    }

    /// When a pull request was changed last, as the forge writes it.
    pub(crate) fn updated_at(&self, number: u64) -> String {
        time(self.touched.get(&number).copied().unwrap_or_default())
    }

    /// A number that nothing else has.
    pub(crate) fn id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    fn tick(&mut self) -> u64 {
        self.tick += 1;
        self.tick
    }

    pub(super) fn touch(&mut self, number: u64) {
        let tick = self.tick();
        self.touched.insert(number, tick);
    }

    fn touch_for_comment(&mut self, number: u64) {
        let last = self.touched.get(&number).copied().unwrap_or_default();
        if self.kind != Kind::GitLab || self.tick > last + THROTTLE {
            self.touch(number);
        }
    }
}

/// A tick of the fake's clock as a time: seconds since this process first asked, so that what
/// counts from a comment's time has not ended long ago.
pub(crate) fn time(tick: u64) -> String {
    static START: OnceLock<jiff::Timestamp> = OnceLock::new();
    let start = START.get_or_init(jiff::Timestamp::now);
    let time = *start + Duration::from_secs(tick);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
