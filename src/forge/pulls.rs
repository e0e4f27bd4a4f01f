//! Open pull requests as a reviewer sees them: which there are onto a branch, and one whole.
//!
//! Here: [`PullSummary`], [`News`] and the calls of [`Forge`] that read pull requests. Elsewhere:
//! opening and renewing our own (`forge`), what each API says (`github::reviewing` and its like),
//! how a list that has not changed costs next to nothing (`http::cache`).

use super::people::User;
use super::{Forge, ForgeError, State};
use crate::names::CommitId;

/// What a call that is made again and again brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News<T> {
    /// It is as it was when this [`Forge`] was asked the last time.
    Same,
    /// It is new, or this is the first time.
    New(T),
}

impl<T> News<T> {
    /// What is new, if anything is.
    #[expect(clippy::new_ret_no_self, reason = "the variant's name; this makes no news")]
    pub fn new(self) -> Option<T> {
        match self {
            Self::Same => None,
            Self::New(value) => Some(value),
        }
    }
}

/// A pull request as a reviewer needs it; a merge request on GitLab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullSummary {
    /// Its number in the repository; on GitLab the `iid`.
    pub number: u64,
    /// Its page, for people.
    pub url: String,
    /// Its title, without the words by which some forges mark a draft.
    pub title: String,
    /// Whether it is marked as not ready.
    pub draft: bool,
    /// Whether it can still be merged.
    pub state: State,
    /// Who opened it.
    pub author: User,
    /// The newest commit of its head.
    pub head: CommitId,
    /// The branch of its head, in the repository that it is in.
    pub head_branch: String,
    /// Whether the head is in another repository, or that one is gone.
    pub from_fork: bool,
    /// The branch that it is merged into.
    pub base: String,
    /// When it was changed last, in the forge's words. It moves with a push to the head, an edit
    /// of its title or base, and a new comment; equal texts mean that nothing of this happened.
    pub updated_at: String,
    /// The commit by which it came into the base, once it is merged: the merge, the squashed
    /// commit, or the newest of those that were put on top. None while it is open.
    pub merged_commit: Option<CommitId>,
}

impl Forge {
    /// The open pull requests onto a base, those changed last first; at most
    /// [`MOST_PAGES`](super::MOST_PAGES) pages of them. Conditional: [`News::Same`] costs one call
    /// a page and counts against no limit on GitHub.
    pub fn pulls(&self, base: &str) -> Result<News<Vec<PullSummary>>, ForgeError> {
        let listed = self.reviewing.pulls(&self.http, base)?;
        Ok(self.http.news(listed))
    }

    /// One pull request, in any state. Remembered, and asked again conditionally.
    pub fn pull(&self, number: u64) -> Result<PullSummary, ForgeError> {
        self.reviewing.pull(&self.http, number)
    }

    /// Forgets what lists said, so that the next call of each brings it as new: for a caller that
    /// could not make use of what it was told.
    pub fn forget(&self) {
        self.http.forget();
    }
}
