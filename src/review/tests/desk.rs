//! Pull requests on the example, in memory.

use jiff::Timestamp;

use crate::compile::{Build, Engine};
use crate::git::Snapshot;
use crate::git::message::Message;
use crate::intent::fixture::Repo;
use crate::names::CommitId;
use crate::review::{Merged, Moved, Question, Review, Side, Stands, Subject, review};

/// A pull request: files before and after.
pub(super) struct Desk {
    before: (Snapshot, Build),
    after: (Snapshot, Build),
    pub(super) stands: Option<Stands>,
    pub(super) questions: Vec<Question>,
    pub(super) moved: Option<Moved>,
    pub(super) message: &'static str,
    pub(super) link: Option<String>,
}

pub(super) fn commit(digit: char) -> CommitId {
    String::from_iter([digit; 40]).parse().unwrap()
}

impl Desk {
    /// Edits of the example, as `Repo::apply` has them.
    pub(super) fn new(edits: &[&str]) -> Self {
        Self::between(&[], edits)
    }

    /// Edits of the example that make the base, and edits of that.
    pub(super) fn between(base: &[&str], edits: &[&str]) -> Self {
        let mut before = Repo::example();
        before.apply(base);
        let mut after = before.clone();
        after.apply(edits);
        Self::of(&before, &after)
    }

    pub(super) fn of(before: &Repo, after: &Repo) -> Self {
        let mut engine = Engine::new();
        let mut build = |repo: &Repo| {
            let folder = tempfile::tempdir().unwrap();
            repo.write_to(folder.path());
            let snapshot = Snapshot::of_folder(folder.path()).unwrap();
            let build = engine.build(&snapshot);
            (snapshot, build)
        };
        Self {
            before: build(before),
            after: build(after),
            stands: None,
            questions: Vec::new(),
            moved: None,
            message: "",
            link: Some("https://plans.example/plans/1".to_owned()),
        }
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        let (snapshot, build) = &self.after;
        self.subject_of(Merged::Clean { build, snapshot })
    }

    pub(super) fn subject_of<'a>(&'a self, merged: Merged<'a>) -> Subject<'a> {
        let (snapshot, build) = &self.before;
        Subject {
            fabric: "evpn-lab".parse().unwrap(),
            base: Side { commit: commit('a'), build, snapshot },
            good: None,
            head: commit('b'),
            allowances: Message::parse(self.message).allowances(),
            merged,
            stands: self.stands.as_ref(),
            questions: &self.questions,
            now: Timestamp::UNIX_EPOCH,
            moved: self.moved.clone(),
            link: self.link.clone(),
        }
    }

    pub(super) fn review(&self) -> Review {
        review(&self.subject())
    }
}
