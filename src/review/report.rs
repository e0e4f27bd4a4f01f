//! What a review says, before it is put in words.
//!
//! Elsewhere: how it is found out (`judge`), how it is drawn (`comment`, `page`, `json`).

use jiff::Timestamp;

use super::subject::{Merged, Subject};
use crate::diagnostic::Severity;
use crate::names::{CommitId, DeviceName, FabricName};

/// What a review says.
#[derive(Clone, Debug)]
pub struct Review {
    /// The fabric.
    pub fabric: FabricName,
    /// The base that was planned from.
    pub base: CommitId,
    /// The pull request's head.
    pub head: CommitId,
    /// The version of gitfabric that made it.
    pub engine: String,
    /// When it was made.
    pub now: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// What is wrong, sorted; bounded in number.
    pub findings: Vec<ReviewFinding>,
    /// Answers to questions.
    pub answers: Vec<Answer>,
    /// 64 hexadecimal digits: equal reviews and only they have equal seals, times and links
    /// left out.
    pub seal: String,
    /// Where the whole plan is.
    pub link: Option<String>,
}

/// What is to be said of a pull request in a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It compiles and changes devices.
    Changes,
    /// It compiles and changes no device.
    NoChanges,
    /// It compiles, and the agent would not follow it without a person's word: the trailers
    /// that it needs.
    Held {
        /// The words for `Gitfabric-Allow`.
        allow: Vec<String>,
    },
    /// It does not compile.
    Errors {
        /// How many errors.
        count: usize,
    },
    /// Git cannot merge it.
    Conflict {
        /// The files, by their paths in the repository.
        files: Vec<String>,
    },
    /// It is beyond the limits on size or time.
    TooLarge {
        /// Which.
        why: String,
    },
}

/// One finding, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewFinding {
    /// How much it weighs.
    pub severity: Severity,
    /// Its short stable name.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// The device whose compilation found it.
    pub device: Option<DeviceName>,
    /// The file by its path in the repository (the fabric's folder included), and the line.
    pub at: Option<(String, u32)>,
    /// As compilers draw it: excerpt and hint included, without colour.
    pub drawn: String,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The leaf, as it was written.
    pub leaf: String,
    /// Who asked.
    pub asked_by: String,
    /// The answer, in Markdown.
    pub text: String,
}

/// The commit status that a review asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may be merged.
    Success,
    /// It may not, or would be held.
    Failure,
}

/// How long a comment may be, as the forge counts.
#[derive(Clone, Copy)]
pub struct Budget {
    /// The limit.
    pub limit: usize,
    /// The length of a text.
    pub measure: fn(&str) -> usize,
}

impl Review {
    /// The comment in Markdown, never beyond the budget: detail is left out until it fits.
    pub fn comment(&self, budget: &Budget) -> String {
        let _ = budget;
        self.markdown()
    }

    /// All of it in Markdown, of any length.
    pub fn markdown(&self) -> String {
        String::new()
    }

    /// All of it as one page of HTML, without scripts.
    pub fn page(&self) -> String {
        String::new()
    }

    /// All of it for machines: format 1.
    pub fn json(&self) -> String {
        String::new()
    }

    /// A line of at most 140 characters for a commit status.
    pub fn status_line(&self) -> String {
        String::new()
    }

    /// The state of the commit status.
    pub fn state(&self) -> State {
        match self.verdict {
            Verdict::Changes | Verdict::NoChanges => State::Success,
            _ => State::Failure,
        }
    }
}

pub(super) fn sketch(subject: &Subject<'_>) -> Review {
    let verdict = match &subject.merged {
        Merged::Clean { .. } => Verdict::NoChanges,
        Merged::Conflict { files } => Verdict::Conflict { files: files.clone() },
        Merged::TooLarge { why } => Verdict::TooLarge { why: why.clone() },
    };
    Review {
        fabric: subject.fabric.clone(),
        base: subject.base.commit.clone(),
        head: subject.head.clone(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        now: subject.now,
        verdict,
        findings: Vec::new(),
        answers: Vec::new(),
        seal: String::new(),
        link: subject.link.clone(),
    }
}
