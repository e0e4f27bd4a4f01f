//! Statuses of a commit: the word of a machine beside it, which may hold back a merge.
//!
//! Elsewhere: what each API says (`github::reviewing` and its like).

use super::text::bounded_line;
use super::{Forge, ForgeError};
use crate::names::CommitId;

/// What a status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusState {
    /// It is being worked on.
    Pending,
    /// It is as it should be.
    Success,
    /// It is not.
    Failure,
    /// Nobody could tell.
    Error,
}

/// A status of a commit. A later one of the same context takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whose word it is: `gitfabric/plan`.
    pub context: String,
    /// What it says.
    pub state: StatusState,
    /// One line; cut to the forge's limit.
    pub description: String,
    /// Where to read more.
    pub link: Option<String>,
}

impl Forge {
    /// The newest status of each context of a commit. Remembered, and asked again conditionally.
    pub fn statuses(&self, commit: &CommitId) -> Result<Vec<Status>, ForgeError> {
        self.reviewing.statuses(&self.http, commit)
    }

    /// Sets a status of a commit, unless it is what this [`Forge`] set last.
    ///
    /// `pull` is the pull request whose head the commit is: GitLab knows a fork's commit by that
    /// alone. None for a commit on a branch of the repository.
    pub fn set_status(
        &self,
        commit: &CommitId,
        pull: Option<u64>,
        status: &Status,
    ) -> Result<(), ForgeError> {
        let description = bounded_line(&status.description, self.kind.status_limit());
        let status = Status { description, ..status.clone() };
        if self.written.is_set(commit, &status) {
            return Ok(());
        }
        self.reviewing.set_status(&self.http, commit, pull, &status)?;
        self.written.set(commit, status);
        Ok(())
    }
}

/// The first status of each context, of a list that begins with the newest.
pub(super) fn newest(all: Vec<Status>) -> Vec<Status> {
    let mut newest: Vec<Status> = Vec::new();
    for status in all {
        if newest.iter().all(|known| known.context != status.context) {
            newest.push(status);
        }
    }
    newest
}
