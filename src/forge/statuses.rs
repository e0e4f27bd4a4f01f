//! Statuses of a commit: the word of a machine beside it, which may hold back a merge.
//!
//! Elsewhere: what each API says (`github::reviewing` and its like).

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
        let _ = commit;
        todo!("statuses")
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
        let _ = (commit, pull, status);
        todo!("set_status")
    }
}
