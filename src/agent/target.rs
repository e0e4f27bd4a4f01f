//! What a commit asks of every device: the compiled commit that counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::due::at_rest;
use crate::compile::{Build, DeviceBuild};
use crate::intent::Fabric;
use crate::intent::model::DeviceState;
use crate::intent::topology::Topology;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::plan::{DevicePlan, Inputs, Plan, Prints, Recorded, Revision, Rules, device_plan};

/// A commit without errors, compiled for every device.
#[derive(Clone, Debug)]
pub struct Target {
    /// The commit.
    pub commit: CommitId,
    /// Its intent.
    pub fabric: Arc<Fabric>,
    /// What each device should hold.
    pub devices: BTreeMap<DeviceName, Arc<DeviceBuild>>,
}

impl Target {
    /// Binds a build without errors to its commit; none if the build has no fabric.
    pub fn new(commit: CommitId, build: &Build) -> Option<Self> {
        let fabric = Arc::clone(build.fabric.as_ref()?);
        Some(Self { commit, fabric, devices: build.devices.clone() })
    }

    /// The fabric's name.
    pub fn name(&self) -> &FabricName {
        &self.fabric.design.name
    }

    /// Whether a device is one that a pass may write to.
    pub fn in_service(&self, name: &DeviceName) -> bool {
        let device = self.fabric.devices.get(name);
        device.is_some_and(|device| matches!(*device.state, DeviceState::Active | DeviceState::Drained))
    }

    /// The plan from another commit's devices to these, no device asked: what the limits on
    /// deletions are held against.
    pub fn plan_from(&self, before: &Target) -> Plan {
        let revisions =
            (Some(Revision::Commit(before.commit.clone())), Revision::Commit(self.commit.clone()));
        plan_of_builds(&before.devices, &self.fabric, &self.devices, revisions)
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
        if let Some((_, why)) = fabric.devices.get(name).and_then(|device| at_rest(*device.state)) {
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
    let inputs = Inputs {
        schema: &after.schema,
        rules: &Rules::of(after.profile, &after.protected),
        desired: &after.tree,
        actual: &recorded.tree,
        unknown: &BTreeSet::new(),
        recorded: &recorded,
        bootstrap: &crate::yang::Tree::new(),
        prints: Prints::none(),
    };
    device_plan(&inputs).0
}
