//! Git: the head of the branch, the files of a commit, and why they may not be used.
//!
//! Blocking throughout: async callers use `spawn_blocking`. gix does the work; no file of
//! the intent is ever checked out, and no configuration of the user or the system is read.
//!
//! - [`remote`]: where the repository is, and how to be let in
//! - [`mirror`]: a bare copy with full history, and its fetch
//! - [`repository`]: any repository on this machine; from a revision to a commit
//! - [`history`]: ancestry, log, changed paths; [`message`]: subject, trailers, reverts
//! - [`blame`]: which commit brought a line
//! - [`merge`]: what a branch would hold after a pull request; [`pulls`]: the heads of these
//! - [`difference`]: files before and after, as a diff
//! - [`versions`]: the contents that a file had, and who brought them
//! - [`brakes`]: the heads that must not be followed without a person's word (promise 6)
//! - [`snapshot`]: path → bytes of a commit, [`folder`]: the same of a plain folder
//! - [`watch`]: wakes on a push to a local repository; [`poll`]: when to look at the others
//! - [`mod@write`]: commits without a worktree; [`draft`]: a commit before its branch moves
//! - [`aside`]: a repository of one's own that reads another's objects
//! - [`push`]: a commit to another repository, by the `git` program
//! - [`error`]: what can go wrong, each with its hint
//!
//! Elsewhere: what the files mean (`intent`), deletions above the limits (`plan`), signed
//! commits and pull requests.

pub mod aside;
pub mod blame;
mod bounded;
pub mod brakes;
pub mod difference;
pub mod draft;
pub mod error;
pub mod folder;
pub mod history;
pub mod merge;
pub mod message;
mod meter;
pub mod mirror;
pub mod poll;
mod program;
pub mod pulls;
pub mod push;
pub mod remote;
pub mod repository;
pub mod snapshot;
mod trees;
pub mod versions;
pub mod watch;
pub mod write;

#[cfg(test)]
mod fixture;

pub use brakes::{Brakes, Frozen};
pub use difference::FileChange;
pub use draft::Draft;
pub use error::GitError;
pub use merge::Merge;
pub use message::{Allowance, Allowances};
pub use mirror::{Head, Mirror, Move};
pub use pulls::{PullRef, Pulls};
pub use push::{Lease, Way};
pub use remote::{Credential, Remote, Ssh, TokenSource};
pub use repository::Repository;
pub use snapshot::{BlobId, File, Snapshot};
