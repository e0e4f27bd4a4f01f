//! How a device stands at the end of a pass, in the terms of the record.

use crate::plan::DevicePlan;
use crate::record::{EventKind, Hold, Standing};
use crate::rollout::Outcome;

/// What is to be written of a device at the end of a pass.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    /// How it stands.
    pub(super) standing: Standing,
    /// Why, if it is not current.
    pub(super) reason: Option<String>,
    /// What the pass did to it; none if the intent itself says how it stands.
    pub(super) event: Option<EventKind>,
    /// How many leaves were to change.
    pub(super) changes: usize,
}

impl Verdict {
    /// It holds the commit, and did before.
    pub(super) fn current() -> Self {
        Self { standing: Standing::Current, reason: None, event: Some(EventKind::Unchanged), changes: 0 }
    }

    /// It does not hold the commit, and why.
    pub(super) fn not_current(standing: Standing, event: EventKind, reason: String) -> Self {
        Self { standing, reason: Some(reason), event: Some(event), changes: 0 }
    }

    /// A standing that the intent itself says.
    pub(super) fn at_rest(standing: Standing, reason: &str) -> Self {
        Self { standing, reason: Some(reason.to_owned()), event: None, changes: 0 }
    }

    /// It holds the commit and something else at so many owned leaves, which is left so.
    pub(super) fn drifted(reason: String, leaves: usize) -> Self {
        Self { changes: leaves, ..Self::not_current(Standing::Drifted, EventKind::Drifted, reason) }
    }

    /// It has a plan, and a person asked not to carry it out yet.
    pub(super) fn held(hold: &Hold) -> Self {
        Self::not_current(Standing::Held, EventKind::Waiting, held_words(hold))
    }

    /// It has a plan, and the agent may not send it.
    pub(super) fn observed(plan: &DevicePlan) -> Self {
        let reason = format!("the agent only observes: {} not sent", leaves(plan));
        let verdict = Self::not_current(Standing::Behind, EventKind::Observed, reason);
        Self { changes: plan.changes.len(), ..verdict }
    }

    /// What became of a plan of so many changes. `settled`: the device held the commit before,
    /// and something was to be put back.
    pub(super) fn of(outcome: Outcome, changes: usize, settled: bool) -> Self {
        let (standing, event, reason) = match outcome {
            // what was put back is on record since it was read back
            Outcome::Corrected(left) => {
                let standing = if left.is_some() { Standing::Drifted } else { Standing::Current };
                return Self { standing, reason: left, event: None, changes };
            }
            Outcome::NotCorrected(why) => {
                let why = format!("changed behind our back, and could not be put back: {why}");
                (Standing::Drifted, EventKind::Unequal, Some(why))
            }
            Outcome::Held(why) if settled => {
                (Standing::Drifted, EventKind::Drifted, Some(format!("changed behind our back; {why}")))
            }
            Outcome::Held(why) => (Standing::Held, EventKind::Waiting, Some(why)),
            Outcome::Applied => (Standing::Current, EventKind::Applied, None),
            Outcome::Unreachable(why) | Outcome::Lost(why) => {
                (Standing::Unreachable, EventKind::Unreachable, Some(why))
            }
            Outcome::Refused(why) => (Standing::Diverged, EventKind::Refused, Some(why)),
            Outcome::Unequal(why) => (Standing::Diverged, EventKind::Unequal, Some(why)),
            Outcome::Waiting(why) => (Standing::Waiting, EventKind::Waiting, Some(why)),
            Outcome::Stopped => {
                let why = "the agent was stopped before its turn".to_owned();
                (Standing::Behind, EventKind::Waiting, Some(why))
            }
        };
        Self { standing, reason, event: Some(event), changes }
    }
}

/// Why a commit waits for a hold: of a whole device the hold's own words.
pub(super) fn held_words(hold: &Hold) -> String {
    if hold.is_whole() {
        return hold.words();
    }
    format!("what it lacks touches {}, {}", hold.path, hold.words())
}

/// `+3 ~1 -0 leaves`.
fn leaves(plan: &DevicePlan) -> String {
    let counts = plan.counts();
    format!("+{} ~{} -{} leaves", counts.added, counts.modified, counts.deleted)
}
