//! The revert proof: the change and its revert are planned and applied to trees, and what
//! is left is compared with what was.
//!
//! Elsewhere: one device (`plan::revert`), what holds a commit (`plan::step`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::group::Touched;
use super::report::{Lost, Overwritten, RevertProof, Review};
use crate::compile::Build;
use crate::git::Allowances;
use crate::intent::Fabric;
use crate::names::DeviceName;
use crate::plan::fabric::Revision;
use crate::plan::plan_of_builds;
use crate::plan::revert::{RoundTrip, round_trip};
use crate::plan::step::Step;

const CHANGED: &str = "would be otherwise after the revert";
const LEAVES: &str = "the device goes out of service with the revert, and keeps what it holds";
const DRIFT: &str = "somebody set it on the device; the intent does not know the value";

/// Proves for every device that changes what a revert brings back.
pub(super) fn proof(touched: &[Touched<'_>], drift: &[Overwritten]) -> RevertProof {
    let mut proof = RevertProof { computed: true, devices: touched.len(), ..RevertProof::default() };
    let mut lost: BTreeMap<&'static str, Lost> = BTreeMap::new();
    let mut note = |why: &'static str, device: &DeviceName, path: String| {
        let entry =
            lost.entry(why).or_insert_with(|| Lost { why, devices: Vec::new(), paths: Vec::new(), count: 0 });
        entry.count += 1;
        if entry.devices.last() != Some(device) {
            entry.devices.push(device.clone());
        }
        if entry.paths.len() < Review::LOST && !entry.paths.contains(&path) {
            entry.paths.push(path);
        }
    };
    for (device, trip) in touched.iter().zip(trips(touched)) {
        let Some(trip) = trip else {
            device.plan.changes.iter().for_each(|change| note(LEAVES, device.name, change.path.to_string()));
            continue;
        };
        trip.lost.iter().for_each(|path| note(CHANGED, device.name, path.to_string()));
        proof.at_default += trip.at_default.len();
        proof.secrets += trip.secrets.len();
    }
    for over in drift {
        note(DRIFT, &over.device, over.drifted.path.clone());
    }
    proof.lost = lost.into_values().collect();
    proof
}

/// What would hold the revert itself, or refuse it.
pub(super) fn holds(before: &Build, fabric: &Arc<Fabric>, after: &Build, proof: &mut RevertProof) {
    let Some(old) = before.fabric.as_ref() else {
        proof.held.push("there was no intent before".to_owned());
        return;
    };
    if before.findings.has_errors() {
        proof.held.push("the commit before does not compile".to_owned());
    }
    let back = plan_of_builds(&after.devices, old, &before.devices, (None, Revision::Folder));
    let step = Step::between(fabric, old, &back);
    proof.held.extend(step.errors.iter().map(|finding| finding.message.clone()));
    proof.held.extend(step.held(&Allowances::default()).iter().map(|finding| finding.message.clone()));
    proof.needs = step.needs().into_iter().map(|allowance| allowance.as_str().to_owned()).collect();
}

/// Each device's round trip; none for one that the base does not have. On as many threads as
/// the machine has processors: devices know nothing of each other.
fn trips(touched: &[Touched<'_>]) -> Vec<Option<RoundTrip>> {
    let one =
        |device: &Touched<'_>| device.before.map(|before| round_trip(before, device.plan, device.after));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if touched.len() < 8 || threads == 1 {
        return touched.iter().map(one).collect();
    }
    let share = touched.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let shares: Vec<_> = touched
            .chunks(share)
            .map(|devices| scope.spawn(move || devices.iter().map(one).collect::<Vec<_>>()))
            .collect();
        // a share whose thread could not end is made again here, where a panic is seen
        let joined = shares.into_iter().zip(touched.chunks(share));
        joined
            .flat_map(|(share, devices)| share.join().unwrap_or_else(|_| devices.iter().map(one).collect()))
            .collect()
    })
}
