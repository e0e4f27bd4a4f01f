//! What a review says, before it is put in words.
//!
//! Elsewhere: how it is found out (`judge`, `group`, `risk`, `proof`), how it is drawn
//! (`comment`, `page`, `json`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::stands::{Drifted, Guarantee};
use super::subject::Moved;
use crate::diagnostic::{Place, Severity};
use crate::names::{CommitId, DeviceName, FabricName, PairName};
use crate::platform::effects::Effect;

/// What a review says. Every text of the repository and of devices in it is as it was
/// written: what draws it escapes. Secrets are in it by name alone.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Review {
    /// The fabric.
    pub fabric: FabricName,
    /// The base that was merged into.
    pub base: CommitId,
    /// The commit that was planned from, where the base itself has errors.
    pub planned_from: Option<CommitId>,
    /// Whether what it is planned from has errors itself: the plan may not be all.
    pub base_has_errors: bool,
    /// The pull request's head.
    pub head: CommitId,
    /// The version of gitfabric that made it.
    pub engine: String,
    /// When it was made.
    #[serde(skip)]
    pub now: Timestamp,
    /// What moved since the comment was written last.
    #[serde(skip)]
    pub moved: Option<Moved>,
    /// Where the whole plan is.
    #[serde(skip)]
    pub link: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// How many leaves and devices change.
    pub summary: Summary,
    /// What is wrong: errors first, then warnings that the base does not have, then those
    /// that it has; at most [`Review::FINDINGS`].
    pub findings: Vec<ReviewFinding>,
    /// How many errors and warnings there are, also those left out.
    pub found: (usize, usize),
    /// How many of the warnings the base has too.
    pub known_warnings: usize,
    /// What holds it, or would without the head's trailers: guarded changes and deletions.
    pub guarded: Vec<ReviewFinding>,
    /// The words of `Gitfabric-Allow` that it needs, and whether the head's message has them.
    pub needs: BTreeMap<String, bool>,
    /// Devices with the same change, the gravest first.
    pub groups: Vec<Group>,
    /// Redundancy at risk.
    pub risks: Vec<Risk>,
    /// What is left as it is.
    pub untouched: Untouched,
    /// Devices that the intent takes out of service, and why each is passed over.
    pub passed_over: BTreeMap<DeviceName, String>,
    /// Devices that enter service: what they need is known when they are read.
    pub entering: Vec<DeviceName>,
    /// Devices that leave the intent; they keep what they hold.
    pub leaving: Vec<DeviceName>,
    /// What a person has to type: bootstrap, never sent.
    pub by_hand: Vec<ByHand>,
    /// The order in which devices are written.
    pub waves: Vec<Vec<DeviceName>>,
    /// Whether it is known how the devices stand.
    pub stands_known: bool,
    /// Drift that the change would overwrite.
    pub drift: Vec<Overwritten>,
    /// Commits that the devices do not hold yet and that would come along.
    pub pending: Vec<Pending>,
    /// Whether it can be taken back.
    pub revert: RevertProof,
    /// What becomes of the devices if the commit turns out to be bad.
    pub guarantees: BTreeMap<Guarantee, Vec<DeviceName>>,
    /// Answers to questions, oldest first.
    pub answers: Vec<Answer>,
    /// The fabric for a picture.
    #[serde(skip)]
    pub picture: Vec<Pictured>,
    /// 64 hexadecimal digits: equal reviews and only they have equal seals; times and links
    /// are left out.
    #[serde(skip)]
    pub seal: String,
}

/// What is to be said of a pull request in a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Verdict {
    /// It compiles and changes devices.
    Changes,
    /// It compiles and changes no device.
    NoChanges,
    /// It compiles, and the agent would not follow it without a person's word.
    Held {
        /// The words for `Gitfabric-Allow` that are missing.
        allow: Vec<String>,
    },
    /// It does not compile, or may not follow the base.
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

/// How much changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// Devices of the intent.
    pub devices: usize,
    /// Those that change.
    pub changed: usize,
    /// Leaves added, on all of them.
    pub added: usize,
    /// Leaves that get another value.
    pub modified: usize,
    /// Leaves that go.
    pub deleted: usize,
    /// The gravest effect; none if nothing changes.
    pub effect: Option<Effect>,
}

/// One finding, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
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
    /// Whether the base does not have it.
    pub fresh: bool,
    /// The file by its path in the repository (the fabric's folder included), and the line.
    pub at: Option<(String, u32)>,
    /// As compilers draw it: excerpt and hint included, without colour.
    pub drawn: String,
}

/// Devices with the same change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Group {
    /// They, in natural order. The first one's values are shown.
    pub devices: Vec<DeviceName>,
    /// Whether each has its own addresses, AS or names where the first one has its own.
    pub own_values: bool,
    /// Leaves added, changed and deleted on each of them.
    pub counts: (usize, usize, usize),
    /// The gravest effect.
    pub effect: Effect,
    /// Each effect with its reasons and how many leaves have it, the gravest first.
    pub effects: Vec<Cause>,
    /// The leaves; at most so many as [`Review::LEAVES`] allows.
    pub leaves: Vec<LeafLine>,
    /// How many leaves are left out.
    pub leaves_left_out: usize,
    /// The same as an engineer would type it.
    pub commands: Vec<Command>,
    /// How many commands are left out.
    pub commands_left_out: usize,
}

/// Why a change has an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cause {
    /// The effect.
    pub effect: Effect,
    /// Why.
    pub reason: &'static str,
    /// How many leaves of the group have it.
    pub leaves: usize,
    /// One of them, by its path.
    pub example: String,
}

/// A line of the intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Origin {
    /// Where, with the path in the fabric's folder.
    pub place: Place,
    /// The line's text, trimmed, secrets concealed.
    pub text: String,
    /// Whether it is a line of the base, which is gone or says otherwise now.
    pub was: bool,
}

/// One leaf that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LeafLine {
    /// `+`, `~` or `-`.
    pub sign: char,
    /// Its path.
    pub path: String,
    /// What it holds, as people read it.
    pub before: Option<String>,
    /// What it will hold.
    pub after: Option<String>,
    /// Where the intent says so.
    pub origin: Option<Origin>,
    /// What that does.
    pub effect: Effect,
    /// Why.
    pub reason: &'static str,
}

/// One line that an engineer would type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Command {
    /// `+`, `~`, `-`, or a space for what only leads there.
    pub sign: char,
    /// How deep it stands.
    pub depth: usize,
    /// The line.
    pub text: String,
    /// The leaves behind it.
    pub leaves: Vec<String>,
    /// Where the intent says so.
    pub origin: Option<Origin>,
}

/// Redundancy that is at risk, while the change is made or after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Risk {
    /// None of a group carries traffic after the change: a pair, or all that is above a device.
    Dark {
        /// The group.
        devices: Vec<DeviceName>,
    },
    /// One of a group carries all of it after the change.
    Single {
        /// The one.
        device: DeviceName,
        /// The others, which are drained or staged.
        gone: Vec<DeviceName>,
    },
    /// Both members of pairs are touched by more than hitless changes.
    Pairs {
        /// The pairs.
        pairs: Vec<PairName>,
        /// The gravest effect.
        effect: Effect,
    },
    /// All spines are.
    Spines {
        /// They.
        devices: Vec<DeviceName>,
        /// The gravest effect.
        effect: Effect,
    },
    /// A device is touched while its partner does not carry its part.
    Alone {
        /// The device.
        device: DeviceName,
        /// Its partner.
        partner: DeviceName,
        /// How the partner stands: drained, paused, unreachable …
        why: String,
        /// The gravest effect on the device.
        effect: Effect,
    },
}

impl Risk {
    /// The devices that carry nothing after the change, where nobody carries their part.
    pub(super) fn dark(&self) -> &[DeviceName] {
        match self {
            Self::Dark { devices } => devices,
            _ => &[],
        }
    }
}

/// What is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Untouched {
    /// Devices.
    pub devices: Vec<DeviceName>,
    /// Parts of the configuration that no device changes in.
    pub areas: Vec<&'static str>,
}

/// What a person has to type on devices: it is never sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ByHand {
    /// The devices.
    pub devices: Vec<DeviceName>,
    /// Lines of `gitfabric bootstrap` that come (`+`) and go (`-`).
    pub lines: Vec<(char, String)>,
}

/// Drift that the change would overwrite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Overwritten {
    /// The device.
    pub device: DeviceName,
    /// What it holds there.
    pub drifted: Drifted,
    /// What the change writes; none if it deletes.
    pub after: Option<String>,
}

/// Devices that do not hold the base yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pending {
    /// The commit that they hold; none if none of ours.
    pub holds: Option<CommitId>,
    /// How they stand.
    pub standing: String,
    /// They.
    pub devices: Vec<DeviceName>,
}

/// Whether the change can be taken back: planned, applied to trees, taken back and compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RevertProof {
    /// Whether it was computed.
    pub computed: bool,
    /// On how many devices.
    pub devices: usize,
    /// Leaves that would not come back, by why.
    pub lost: Vec<Lost>,
    /// Leaves that stay on devices and only say the default.
    pub at_default: usize,
    /// Secrets that are written again, as they stand in the store then.
    pub secrets: usize,
    /// What would hold the revert, or refuse it: the reasons.
    pub held: Vec<String>,
    /// The words of `Gitfabric-Allow` that the revert needs.
    pub needs: Vec<String>,
}

/// Leaves that a revert would not bring back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lost {
    /// Why.
    pub why: &'static str,
    /// On which devices.
    pub devices: Vec<DeviceName>,
    /// Their paths; at most [`Review::LOST`].
    pub paths: Vec<String>,
    /// How many there are.
    pub count: usize,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Answer {
    /// The leaf, as it was written.
    pub leaf: String,
    /// Who asked.
    pub asked_by: String,
    /// The answer, in Markdown.
    pub text: String,
}

/// A device in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictured {
    /// Its name.
    pub device: DeviceName,
    /// How far above the hosts it stands.
    pub tier: u8,
    /// Its pair.
    pub pair: Option<PairName>,
    /// The devices above that it is linked to.
    pub above: Vec<DeviceName>,
    /// What happens to it; none if nothing does.
    pub effect: Option<Effect>,
    /// Whether it is passed over.
    pub at_rest: bool,
}

/// The commit status that a review asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may be merged.
    Success,
    /// It may not, or would be held.
    Failure,
}

impl Review {
    /// How many findings a review keeps.
    pub const FINDINGS: usize = 200;
    /// How many leaves, and how many commands, it keeps over all groups.
    pub const LEAVES: usize = 40_000;
    /// How many paths it keeps of leaves that cannot come back, for each reason.
    pub const LOST: usize = 50;

    /// The state of the commit status.
    pub fn state(&self) -> State {
        match self.verdict {
            Verdict::Changes | Verdict::NoChanges => State::Success,
            _ => State::Failure,
        }
    }

    /// Whether it can be reverted without loss, as computed.
    pub fn reverts(&self) -> bool {
        self.revert.computed && self.revert.lost.is_empty()
    }
}
