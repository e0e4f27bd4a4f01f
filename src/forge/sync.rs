//! One comment of ours on a pull request: found again, edited in place, never a second one.
//!
//! A comment is made by a call that must not be made twice. So where an answer is lost, it is
//! looked for before it is made again; and after it was made, it is looked whether another agent
//! did the same at the same time: then the oldest stays, and both of them delete the others.
//!
//! Elsewhere: the single calls (`comments`), what it says (`review`).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::comments::{Comment, Edited};
use super::people::User;
use super::statuses::Status;
use super::text::{bounded_body, same};
use super::{Forge, ForgeError};
use crate::names::CommitId;

/// How often it is looked again where somebody else was at work, or an answer was lost.
const TRIES: u32 = 4;
/// What is remembered of pull requests and commits; forgetting costs a call.
const MOST: usize = 4_000;

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
        let me = self.whoami()?;
        let body = bounded_body(body, self.kind);
        let known = self.written.comment(number, marker).or(known);
        let ours = |all: Vec<Comment>| -> Vec<Comment> {
            let is_ours = |comment: &Comment| comment.author.is(&me) && begins_with(&comment.body, marker);
            let mut ours: Vec<Comment> = all.into_iter().filter(is_ours).collect();
            ours.sort_by_key(|comment| comment.id);
            ours
        };
        let mut tries = 1;
        loop {
            let there = ours(self.reviewing.comments(&self.http, number)?.items);
            let outcome = match there.split_first() {
                Some((first, later)) => self.renew_comment(number, first, later, &body),
                None => self.remake_comment(number, known, &body),
            };
            match outcome {
                Ok(Some(synced)) => {
                    self.written.keep_comment(number, marker, synced.comment.id);
                    if synced.did != Did::Created {
                        return Ok(synced);
                    }
                    // two at once: neither saw the other's when it looked
                    let there = ours(self.reviewing.comments(&self.http, number)?.items);
                    let Some((first, later)) = there.split_first().filter(|(_, later)| !later.is_empty())
                    else {
                        return Ok(synced);
                    };
                    let joined = self.renew_comment(number, first, later, &body)?;
                    if let Some(joined) = joined {
                        self.written.keep_comment(number, marker, joined.comment.id);
                        return Ok(joined);
                    }
                }
                Ok(None) => {}
                Err(error) if tries < TRIES && (error.may_be_done() || error.says_it_moved()) => {
                    tracing::warn!(number, %error, "nobody knows whether the comment is there; it is looked for");
                }
                Err(error) => return Err(error),
            }
            if tries >= TRIES {
                return Err(self.http.contested(number));
            }
            tries += 1;
        }
    }

    /// Gives the first of ours this body, and takes the others away. None if it is gone by now.
    fn renew_comment(
        &self,
        number: u64,
        first: &Comment,
        later: &[Comment],
        body: &str,
    ) -> Result<Option<Synced>, ForgeError> {
        let synced = if same(&first.body, body) {
            Synced { comment: first.clone(), did: Did::Unchanged, removed: later.len() }
        } else {
            match self.edit_comment(number, first.id, body)? {
                Edited::Gone => return Ok(None),
                Edited::Done(comment) => Synced { comment, did: Did::Edited, removed: later.len() },
            }
        };
        for comment in later {
            self.delete_comment(number, comment.id)?;
        }
        Ok(Some(synced))
    }

    /// Edits the comment that the lists do not show yet, or makes it again if it is gone.
    fn remake_comment(
        &self,
        number: u64,
        known: Option<u64>,
        body: &str,
    ) -> Result<Option<Synced>, ForgeError> {
        if let Some(id) = known
            && let Edited::Done(comment) = self.edit_comment(number, id, body)?
        {
            return Ok(Some(Synced { comment, did: Did::Edited, removed: 0 }));
        }
        let comment = self.reviewing.comment(&self.http, number, body)?;
        Ok(Some(Synced { comment, did: Did::Created, removed: 0 }))
    }
}

/// Whether a comment begins with a marker; some forges change the ends of lines.
fn begins_with(body: &str, marker: &str) -> bool {
    body.trim_start().lines().next().is_some_and(|line| line.trim_end() == marker.trim_end())
}

/// What a [`Forge`] wrote lately, and as whom.
#[derive(Default)]
pub(super) struct Written {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    me: Option<User>,
    comments: BTreeMap<(u64, String), u64>,
    statuses: BTreeMap<(CommitId, String), Status>,
}

impl Written {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who we are, asked once.
    pub(super) fn me(&self, ask: impl FnOnce() -> Result<User, ForgeError>) -> Result<User, ForgeError> {
        if let Some(me) = &self.inside().me {
            return Ok(me.clone());
        }
        let me = ask()?;
        self.inside().me = Some(me.clone());
        Ok(me)
    }

    fn comment(&self, number: u64, marker: &str) -> Option<u64> {
        self.inside().comments.get(&(number, marker.to_owned())).copied()
    }

    fn keep_comment(&self, number: u64, marker: &str, id: u64) {
        let mut inside = self.inside();
        if inside.comments.len() >= MOST {
            inside.comments.clear();
        }
        inside.comments.insert((number, marker.to_owned()), id);
    }

    /// Whether this very status was set last.
    pub(super) fn is_set(&self, commit: &CommitId, status: &Status) -> bool {
        let inside = self.inside();
        inside.statuses.get(&(commit.clone(), status.context.clone())) == Some(status)
    }

    pub(super) fn set(&self, commit: &CommitId, status: Status) {
        let mut inside = self.inside();
        if inside.statuses.len() >= MOST {
            inside.statuses.clear();
        }
        inside.statuses.insert((commit.clone(), status.context.clone()), status);
    }
}
