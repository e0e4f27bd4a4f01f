//! What a commit asks of every device: the compiled commit that counts.
//!
//! Elsewhere: the plan between two of them (`plan::between`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compile::{Build, DeviceBuild};
use crate::intent::Fabric;
use crate::intent::model::DeviceState;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::plan::{Plan, Revision, plan_of_builds};

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
