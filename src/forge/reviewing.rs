//! What the forges differ in where pull requests are reviewed.
//!
//! Here: the seam, [`Reviewing`]. Elsewhere: one implementation a forge, each naming the pages of
//! its API (`github::reviewing`, `gitlab::reviewing`, `gitea::reviewing`); what all of them have in
//! common (`pulls`, `comments`, `sync`, `statuses`, `people`, `annotate`).

use super::annotate::{Annotated, Work};
use super::comments::Comment;
use super::error::ForgeError;
use super::http::{Http, Listed};
use super::people::User;
use super::pulls::PullSummary;
use super::statuses::Status;
use crate::names::CommitId;

/// Pages of a list that is read for its own sake, such as the comments on one pull request.
pub(super) const LONGEST_LIST: usize = 30;

/// The calls of a review, each made once.
pub(super) trait Reviewing: Sync {
    /// The open pull requests onto a base, those that changed last first.
    fn pulls(&self, http: &Http, base: &str) -> Result<Listed<PullSummary>, ForgeError>;
    /// One of them, in any state.
    fn pull(&self, http: &Http, number: u64) -> Result<PullSummary, ForgeError>;
    /// What people and machines said on it as a whole, oldest first.
    fn comments(&self, http: &Http, number: u64) -> Result<Listed<Comment>, ForgeError>;
    /// Says something; the body is within the limit.
    fn comment(&self, http: &Http, number: u64, body: &str) -> Result<Comment, ForgeError>;
    /// Says something else; the body is within the limit.
    fn edit_comment(&self, http: &Http, number: u64, id: u64, body: &str) -> Result<Comment, ForgeError>;
    /// Takes it back.
    fn delete_comment(&self, http: &Http, number: u64, id: u64) -> Result<(), ForgeError>;
    /// Whether somebody may push.
    fn may_write(&self, http: &Http, user: &User) -> Result<bool, ForgeError>;
    /// Who we are.
    fn whoami(&self, http: &Http) -> Result<User, ForgeError>;
    /// The newest status of each context.
    fn statuses(&self, http: &Http, commit: &CommitId) -> Result<Vec<Status>, ForgeError>;
    /// Sets a status; its description is within the limit.
    fn set_status(
        &self,
        http: &Http,
        commit: &CommitId,
        pull: Option<u64>,
        status: &Status,
    ) -> Result<(), ForgeError>;
    /// Brings what stands on lines up to date.
    fn annotate(&self, http: &Http, work: &Work<'_>) -> Result<Annotated, ForgeError>;
}
