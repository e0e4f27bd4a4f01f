//! The plan from what one commit says to what another does, no device asked.
//!
//! Here: [`plan_of_builds`], the same on a laptop, in a CI job, in a review and in the agent
//! (promise 11). Elsewhere: plans from what devices hold (`agent`), one device (`device`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::device::{DevicePlan, Inputs, Prints, device_plan};
use super::fabric::{Plan, Revision};
use super::recorded::Recorded;
use super::rules::Rules;
use crate::compile::DeviceBuild;
use crate::intent::Fabric;
use crate::intent::model::DeviceState;
use crate::intent::topology::Topology;
use crate::names::DeviceName;
use crate::yang::Tree;

/// Why the intent itself says that a device is not to be touched; none if it is in service.
pub fn at_rest(state: DeviceState) -> Option<&'static str> {
    match state {
        DeviceState::Staged => Some("its state is staged: compiled, not sent"),
        DeviceState::Paused => Some("its state is paused: left as it is"),
        DeviceState::Released => Some("its state is released: never written again"),
        DeviceState::Active | DeviceState::Drained => None,
    }
}

/// The plan from what one build says to what another does. Devices that are equal in both
/// cost a comparison of two hashes; those that the intent takes out of service are passed
/// over, as the agent passes them over.
pub fn plan_of_builds(
    before: &BTreeMap<DeviceName, Arc<DeviceBuild>>,
    fabric: &Fabric,
    after: &BTreeMap<DeviceName, Arc<DeviceBuild>>,
    revisions: (Option<Revision>, Revision),
) -> Plan {
    let (mut devices, mut passed_over) = (BTreeMap::new(), BTreeMap::new());
    for (name, build) in after {
        if let Some(why) = fabric.devices.get(name).and_then(|device| at_rest(*device.state)) {
            passed_over.insert(name.clone(), why.to_owned());
            continue;
        }
        let old = before.get(name).map(Arc::as_ref);
        let equal = old.is_some_and(|old| old.hash == build.hash);
        let plan = if equal { DevicePlan::default() } else { plan_of_device(old, build) };
        devices.insert(name.clone(), plan);
    }
    let topology = Topology::new(fabric);
    Plan::new(fabric.design.name.value.clone(), revisions, devices, passed_over, &topology)
}

/// A device's plan as if it held exactly what another build of it says.
fn plan_of_device(before: Option<&DeviceBuild>, after: &DeviceBuild) -> DevicePlan {
    let recorded = before.map_or_else(Recorded::default, |before| Recorded::holding(&before.tree));
    plan_of_recorded(&recorded, &recorded.tree, after)
}

/// A device's plan as if it held this tree, with what is on record of it.
pub(super) fn plan_of_recorded(recorded: &Recorded, actual: &Tree, after: &DeviceBuild) -> DevicePlan {
    let inputs = Inputs {
        schema: &after.schema,
        rules: &Rules::of(after.profile, &after.protected),
        desired: &after.tree,
        actual,
        unknown: &BTreeSet::new(),
        recorded,
        bootstrap: &Tree::new(),
        prints: Prints::none(),
    };
    device_plan(&inputs).0
}
