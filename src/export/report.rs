//! What one export came to.
//!
//! Elsewhere: doing it (`once`), showing it (`cli`).

use std::collections::BTreeSet;
use std::time::Duration;

use super::edits::Edit;
use crate::diagnostic::Findings;
use crate::git::{FileChange, Snapshot};
use crate::names::{CommitId, RepoPath};
use crate::netbox::Objections;

/// What one export came to, and what it saw on the way.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// The files that change, manifests left out.
    pub changes: Vec<FileChange>,
    /// The same in words.
    pub words: Vec<String>,
    /// What NetBox says that does not fit.
    pub objections: Objections,
    /// Exported files that people changed since, and that NetBox says otherwise.
    pub contested: Vec<Contested>,
    /// Files that NetBox says too and that stay as people wrote them.
    pub kept: BTreeSet<RepoPath>,
    /// What a person should know: rights that are too wide, lists that were left out.
    pub notes: Vec<String>,
    /// What the intent's own rules say of the result, a fabric each.
    pub findings: Vec<(Findings, Snapshot)>,
    /// The page of a pull request that an earlier export opened and this one withdrew: nothing
    /// is left to propose.
    pub withdrawn: Option<String>,
    /// Requests that NetBox answered.
    pub requests: usize,
    /// From the beginning to the end.
    pub took: Duration,
}

/// How an export ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The branch says already what NetBox says.
    Unchanged,
    /// It was a dry run: nothing was written.
    Shown,
    /// NetBox, the mapping or the result has errors: nothing was committed.
    Refused,
    /// People changed exported files, and no pull request can be opened: nothing was
    /// committed.
    Contested,
    /// The branch was moved.
    Committed {
        /// The commit.
        commit: CommitId,
        /// Whether the other side has it.
        pushed: bool,
        /// Why the clone's own files did not follow, if they did not.
        stayed: Option<String>,
    },
    /// A pull request says it.
    Proposed {
        /// The commit at the head of its branch.
        commit: CommitId,
        /// Its page.
        url: String,
        /// What was done: "opened", "renewed", "unchanged".
        done: &'static str,
    },
    /// A person closed a pull request with just this content; it is not opened again.
    Declined {
        /// Its page.
        url: String,
    },
}

/// An exported file that a person changed, against what NetBox says now.
#[derive(Clone, Debug)]
pub struct Contested {
    /// From what stands there to what NetBox says; its path is from the root of the repository.
    pub change: FileChange,
    /// Who changed it last, as "Ada in 1a2b3c4 (subject)".
    pub by: String,
}

impl Contested {
    pub(super) fn new(edit: &Edit, change: FileChange) -> Self {
        let by = edit.by.as_ref().map_or_else(
            || "somebody".to_owned(),
            |commit| format!("{} in {} ({})", commit.author, commit.id.short(), commit.message.subject),
        );
        Self { change, by }
    }
}

impl Report {
    /// As long as nothing is known: a refusal.
    pub(super) fn empty() -> Self {
        Self {
            outcome: Outcome::Refused,
            changes: Vec::new(),
            words: Vec::new(),
            objections: Objections::default(),
            contested: Vec::new(),
            kept: BTreeSet::new(),
            notes: Vec::new(),
            findings: Vec::new(),
            withdrawn: None,
            requests: 0,
            took: Duration::ZERO,
        }
    }

    /// Whether the branch or a pull request says now what NetBox says (or said already).
    pub fn is_done(&self) -> bool {
        !matches!(self.outcome, Outcome::Refused | Outcome::Contested)
    }
}
