//! All that a review depends on.
//!
//! Elsewhere: where each part comes from (`git::merge`, `compile`, the agent's endpoint).

use jiff::Timestamp;

use super::stands::Stands;
use crate::compile::Build;
use crate::git::{Allowances, Snapshot};
use crate::names::{CommitId, DeviceName, FabricName};

/// All that a review depends on.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The fabric.
    pub fabric: FabricName,
    /// The head of the target branch.
    pub base: Side<'a>,
    /// The last commit of the target branch without errors, where its head has some: the
    /// plan is from this one. None if the base itself is good.
    pub good: Option<Side<'a>>,
    /// The pull request's head.
    pub head: CommitId,
    /// What the head's message allows (`Gitfabric-Allow`).
    pub allowances: Allowances,
    /// What is planned.
    pub merged: Merged<'a>,
    /// How the devices stand, if the agent or its endpoint said so.
    pub stands: Option<&'a Stands>,
    /// What people asked in comments, oldest first; answered in the comment.
    pub questions: &'a [Question],
    /// The present.
    pub now: Timestamp,
    /// What moved since the comment was written last; none for a first one.
    pub moved: Option<Moved>,
    /// Where the whole plan is; none if it is nowhere.
    pub link: Option<String>,
}

/// One commit, read and built.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// The commit.
    pub commit: CommitId,
    /// What it asks of every device.
    pub build: &'a Build,
    /// Its files.
    pub snapshot: &'a Snapshot,
}

/// What is planned: the merge of head into base, made in memory.
#[derive(Clone, Debug)]
pub enum Merged<'a> {
    /// There is one.
    Clean {
        /// What it asks of every device; with its findings.
        build: &'a Build,
        /// Its files.
        snapshot: &'a Snapshot,
    },
    /// Git cannot merge these files.
    Conflict {
        /// Their paths in the repository.
        files: Vec<String>,
    },
    /// It is beyond the limits on size or time.
    TooLarge {
        /// Which limit, in words.
        why: String,
    },
}

/// What somebody asked with `/gitfabric explain LEAF`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The leaf, as it was written.
    pub leaf: String,
    /// Who asked; the forge's name of the account.
    pub asked_by: String,
}

/// What moved since the comment was written last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// The base, if it was another.
    pub base_from: Option<CommitId>,
    /// The head, if it was another.
    pub head_from: Option<CommitId>,
    /// The devices that stand otherwise, in paths that the plan touches.
    pub devices: Vec<DeviceName>,
}
