//! Whether a change of one device can be taken back without loss: it is planned, applied to
//! a tree, taken back by a second plan, and what is left is compared with what was.
//!
//! Here: [`round_trip`]. Elsewhere: applying to devices (`rollout`), reverting a commit
//! (`git`), what holds a revert (`step`).

use super::between::plan_of_recorded;
use super::compare::is_default;
use super::device::{Counts, DevicePlan};
use super::recorded::Recorded;
use crate::compile::DeviceBuild;
use crate::yang::diff::{Difference, diff};
use crate::yang::{Path, Value};

/// What became of a device's tree after a change and its revert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundTrip {
    /// What the revert changes.
    pub counts: Counts,
    /// The leaves that are not as they were: gone, other, or there in addition.
    pub lost: Vec<Path>,
    /// The leaves that are there in addition and only say the default: the device does
    /// what it did.
    pub at_default: Vec<Path>,
    /// The secrets that the revert writes again, from where secrets are then.
    pub secrets: Vec<Path>,
}

/// Plans from one build to another (`there`), applies it to what the first one says, and
/// plans and applies the way back.
pub fn round_trip(before: &DeviceBuild, there: &DevicePlan, after: &DeviceBuild) -> RoundTrip {
    let held = Recorded::holding(&before.tree);
    let created = there.created_after(&held.created);
    let applied = there.applied(&held.tree);
    // what is recorded is what was asked for; what is left besides is no longer ours
    let recorded = Recorded { tree: (*after.tree).clone(), created, ..Recorded::default() };
    let back = plan_of_recorded(&recorded, &applied, before);
    let restored = back.applied(&applied);
    let mut trip = RoundTrip { counts: back.counts(), ..RoundTrip::default() };
    for difference in diff(&before.tree, &restored) {
        match difference {
            Difference::Added { path, to } if is_default(&before.schema, to) => {
                trip.at_default.push(path.clone());
            }
            difference => trip.lost.push(difference.path().clone()),
        }
    }
    let is_secret =
        |path: &&Path| before.tree.get(path).is_some_and(|leaf| matches!(leaf.value, Value::Secret(_)));
    trip.secrets = back.changes.iter().map(|change| &change.path).filter(is_secret).cloned().collect();
    trip
}
