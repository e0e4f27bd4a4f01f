//! The plan of a whole fabric: every device's changes, their waves, and the brake.
//!
//! Here: [`Plan`], made once and complete. Elsewhere: one device (`device`), wording
//! (`render`), what the head commit allows (`git`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::device::{Action, Counts, DevicePlan};

use super::secret::hex;
use super::waves::{Wave, waves};
use crate::diagnostic::Finding;
use crate::git::Allowance;
use crate::intent::model::Limits;
use crate::intent::topology::Topology;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::yang::Value;
use crate::yang::natural::natural;

/// What every device of a fabric needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The fabric.
    pub fabric: FabricName,
    /// What the devices are taken to hold: a commit, or none if they were read.
    pub from: Option<Revision>,
    /// What they should hold.
    pub to: Revision,
    /// Each device that was planned, with or without changes.
    pub devices: BTreeMap<DeviceName, DevicePlan>,
    /// Each device that was not, and why: not reachable, staged, paused.
    pub passed_over: BTreeMap<DeviceName, String>,
    /// The order in which the devices with changes are written.
    pub waves: Vec<Wave>,
    /// SHA-256, 64 hexadecimal digits, over all of the above: equal plans and only they have
    /// equal seals. Whoever applies a printed plan compares it.
    pub seal: String,
}

/// A state of the intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// A commit.
    Commit(CommitId),
    /// The files of a folder as they are, committed or not.
    Folder,
}

impl Plan {
    /// Binds the plans of all devices into one.
    pub fn new(
        fabric: FabricName,
        (from, to): (Option<Revision>, Revision),
        devices: BTreeMap<DeviceName, DevicePlan>,
        passed_over: BTreeMap<DeviceName, String>,
        topology: &Topology<'_>,
    ) -> Self {
        let changed: BTreeSet<DeviceName> = changed(&devices).map(|(name, _)| name.clone()).collect();
        let waves = waves(&changed, topology, &topology.fabric().design.limits);
        Self { fabric, from, to, devices, passed_over, waves, seal: String::new() }.sealed()
    }

    pub(super) fn sealed(mut self) -> Self {
        self.seal = self.make_seal();
        self
    }

    /// Leaves only these devices, with a seal of its own.
    pub fn narrow(&mut self, only: &[DeviceName]) {
        self.devices.retain(|name, _| only.contains(name));
        self.passed_over.retain(|name, _| only.contains(name));
        for wave in &mut self.waves {
            wave.retain(|name| only.contains(name));
        }
        self.waves.retain(|wave| !wave.is_empty());
        self.seal = self.make_seal();
    }

    /// Whether no device changes.
    pub fn is_empty(&self) -> bool {
        self.changed().next().is_none()
    }

    /// The devices that change.
    pub fn changed(&self) -> impl Iterator<Item = (&DeviceName, &DevicePlan)> {
        changed(&self.devices)
    }

    /// How many leaves change on all devices together.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.devices.values().for_each(|device| counts += device.counts());
        counts
    }

    /// The brake on deletions (promise 6): none while they are within the limits.
    /// `devices_gone` are those that the intent had and has no more.
    pub fn brake(&self, limits: &Limits, devices_gone: &BTreeSet<DeviceName>) -> Option<Finding> {
        let mut above = Vec::new();
        let deleted = self.counts().deleted;
        if deleted > limits.leaves_deleted as usize {
            above.push(format!("{deleted} leaves are deleted, limit {}", limits.leaves_deleted));
        }
        if devices_gone.len() > limits.devices_deleted as usize {
            let names: Vec<&str> = devices_gone.iter().map(DeviceName::as_str).collect();
            above.push(format!(
                "devices leave the intent ({}), limit {}",
                names.join(", "),
                limits.devices_deleted
            ));
        }
        let message = format!("deletions above the limits of fabric.yaml: {}", above.join("; "));
        let finding = Finding::error_nowhere("deletions-above-limit", message);
        (!above.is_empty()).then(|| finding.hint(Allowance::Deletions.hint()))
    }

    /// The devices in the order in which people count them.
    pub(super) fn in_natural_order(&self) -> Vec<(&DeviceName, &DevicePlan)> {
        let mut devices: Vec<_> = self.devices.iter().collect();
        devices.sort_by(|(a, _), (b, _)| natural(a.as_str(), b.as_str()));
        devices
    }

    fn make_seal(&self) -> String {
        let mut text = String::new();
        let revision = |revision: &Revision| match revision {
            Revision::Commit(commit) => commit.to_string(),
            Revision::Folder => "folder".to_owned(),
        };
        let from = self.from.as_ref().map_or_else(|| "devices".to_owned(), revision);
        line(&mut text, &["gitfabric plan 1", self.fabric.as_str(), &from, &revision(&self.to)]);
        for (name, device) in &self.devices {
            line(&mut text, &["device", name.as_str()]);
            seal_device(&mut text, device);
        }
        for name in self.passed_over.keys() {
            line(&mut text, &["passed over", name.as_str()]);
        }
        for wave in &self.waves {
            line(&mut text, &["wave"]);
            for name in wave {
                line(&mut text, &["in", name.as_str()]);
            }
        }
        hex(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref())
    }
}

/// Everything of a device's plan that decides what is sent.
fn seal_device(text: &mut String, device: &DevicePlan) {
    // `Debug` of a value quotes each of its texts, and a secret shows its name alone
    let value = |value: &Value| format!("{value:?}");
    for change in &device.changes {
        let path = change.path.to_string();
        match &change.action {
            Action::Add { to } => line(text, &["add", &path, &value(&to.value)]),
            Action::Modify { from, to } => line(text, &["modify", &path, &value(from), &value(&to.value)]),
            Action::Delete { from } => line(text, &["delete", &path, &value(from)]),
        }
    }
    for (word, entries) in [("create", &device.created), ("remove", &device.removed)] {
        for entry in entries {
            line(text, &[word, &entry.to_string()]);
        }
    }
    for (list, content) in &device.ordered {
        line(text, &["order", &list.to_string()]);
        for (path, leaf) in content.iter() {
            line(text, &["holds", &path.to_string(), &value(&leaf.value)]);
        }
    }
}

/// Writes a line of which no part can be taken for another: each has its length before it.
fn line(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(&part.len().to_string());
        text.push(':');
        text.push_str(part);
        text.push(' ');
    }
    text.push('\n');
}

fn changed(devices: &BTreeMap<DeviceName, DevicePlan>) -> impl Iterator<Item = (&DeviceName, &DevicePlan)> {
    devices.iter().filter(|(_, device)| !device.is_empty())
}

impl fmt::Display for Revision {
    /// A commit by its first seven digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(commit) => f.pad(commit.short()),
            Self::Folder => f.pad("the folder"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture;

    #[test]
    fn only_equal_plans_have_equal_seals() {
        let plan = fixture::fabric_plan();
        assert_eq!(plan.seal, fixture::fabric_plan().seal);
        let another_commit = Plan { to: Revision::Folder, ..fixture::fabric_plan() };
        let another_order = Plan { waves: Vec::new(), ..fixture::fabric_plan() };
        let mut another_change = fixture::fabric_plan();
        another_change.devices.values_mut().for_each(|device| device.changes.truncate(1));
        for (case, other) in
            [("commit", another_commit), ("order", another_order), ("change", another_change)]
        {
            assert_ne!(plan.seal, other.sealed().seal, "another {case}");
        }
    }

    #[test]
    fn deletions_above_the_limits_are_an_error_that_says_the_way_out() {
        let plan = fixture::fabric_plan();
        let gone = BTreeSet::from(["leaf9".parse().unwrap()]);
        let limits =
            |devices_deleted, leaves_deleted| Limits { devices_deleted, leaves_deleted, ..Limits::default() };
        for (case, limits, gone, expected) in [
            ("within", limits(0, 200), BTreeSet::new(), None),
            ("exactly at the limit", limits(1, 4), gone.clone(), None),
            ("too many leaves", limits(0, 3), BTreeSet::new(), Some("4 leaves are deleted, limit 3")),
            ("a device too many", limits(0, 200), gone, Some("devices leave the intent (leaf9), limit 0")),
        ] {
            let finding = plan.brake(&limits, &gone);
            let message = finding.as_ref().map(|finding| finding.message.as_str());
            assert_eq!(message.is_some(), expected.is_some(), "{case}");
            if let (Some(message), Some(expected)) = (message, expected) {
                assert!(message.ends_with(expected), "{case}: {message}");
                assert!(finding.unwrap().hint.unwrap().contains("deletions"), "{case}");
            }
        }
    }
}
