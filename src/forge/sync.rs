//! One comment of ours on a pull request: found again, edited in place, never a second one.
//!
//! Elsewhere: the single calls (`comments`), what it says (`review`).

use super::comments::Comment;
use super::{Forge, ForgeError};

/// The comment after it was brought up to date, and what that took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// The comment as it stands.
    pub comment: Comment,
    /// What was done.
    pub did: Did,
    /// How many others of ours were deleted, which two agents at once had made.
    pub removed: usize,
}

/// What bringing a comment up to date took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It is new.
    Created,
    /// It was there and says something else now.
    Edited,
    /// It said the same already; nothing was written.
    Unchanged,
}

impl Forge {
    /// Brings our one comment with this marker up to date. Ours are those by us that begin with
    /// the marker, a line such as `<!-- gitfabric:plan FABRIC -->`, with which `body` has to
    /// begin. `known` is the id that it had the last time, where that is recorded: some forges
    /// show a new comment in their lists a little later.
    ///
    /// A comment that a person deleted is made again, once a call. Of several, which two agents
    /// at once had made, the oldest stays.
    pub fn sync_comment(
        &self,
        number: u64,
        marker: &str,
        body: &str,
        known: Option<u64>,
    ) -> Result<Synced, ForgeError> {
        let _ = (number, marker, body, known);
        todo!("sync_comment")
    }
}
