//! Which devices a pass has to look at, and whether there is anything to look at.
//!
//! Pure: from the commit that counts and the record to names. Elsewhere: looking
//! (`read`), acting (`pass`).

use std::collections::{BTreeMap, BTreeSet};

use super::Asked;
use super::read::Found;
use super::target::Target;
use super::verdict::Verdict;
use crate::intent::Topology;
use crate::intent::model::DeviceState;
use crate::names::DeviceName;
use crate::record::{DeviceEntry, Standing};

/// What a pass knows before it looks at a device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    /// The commit that counts.
    pub(super) target: &'a Target,
    /// What is on record.
    pub(super) entries: &'a BTreeMap<DeviceName, DeviceEntry>,
    /// What the pass was asked for.
    pub(super) asked: Asked,
    /// Whether an observing agent has planned this commit already.
    pub(super) observed: bool,
}

/// Which devices a pass has to look at.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// They hold a commit whose tree for them is this one's: only the SHA is written.
    pub(super) advance: Vec<DeviceName>,
    /// They have to be read, and perhaps set.
    pub(super) read: BTreeSet<DeviceName>,
    /// The intent itself says that they are not to be touched.
    pub(super) rest: BTreeMap<DeviceName, (Standing, &'static str)>,
    /// The record knows them and the intent does not.
    pub(super) gone: Vec<DeviceName>,
}

impl Situation<'_> {
    /// Sorts the devices.
    pub(super) fn due(&self) -> Due {
        let known = &self.target.fabric.devices;
        let gone = self.entries.keys().filter(|name| !known.contains_key(*name)).cloned().collect();
        let mut due = Due { gone, ..Due::default() };
        for (name, device) in known {
            if let Some(rest) = at_rest(*device.state) {
                due.rest.insert(name.clone(), rest);
            } else if self.has_to_be_read(name) {
                due.read.insert(name.clone());
            } else if self.holds_an_equal_commit(name) {
                due.advance.push(name.clone());
            }
        }
        due
    }

    /// Whether the record says that a device holds what this commit asks of it.
    pub(super) fn holds(&self, name: &DeviceName) -> bool {
        let (Some(entry), Some(build)) = (self.entries.get(name), self.target.devices.get(name)) else {
            return false;
        };
        entry.tree_hash.as_deref() == Some(&*build.hash) && !entry.in_flight
    }

    /// The devices that diverged at this commit, which hold the rest of it; none if a person
    /// says to go on.
    pub(super) fn diverged(&self) -> BTreeSet<DeviceName> {
        let names = self.entries.keys().filter(|name| self.stands(name, Standing::Diverged));
        if self.asked.by_person { BTreeSet::new() } else { names.cloned().collect() }
    }

    /// The redundancy partners of devices: whether they are healthy has to be known.
    pub(super) fn partners(&self, devices: &BTreeSet<DeviceName>) -> BTreeSet<DeviceName> {
        let topology = Topology::new(&self.target.fabric);
        let group = |name| topology.redundancy_group(name).into_iter().cloned();
        let partners = devices.iter().flat_map(group);
        partners.filter(|name| !devices.contains(name) && self.target.in_service(name)).collect()
    }

    /// Whether a pass would write nothing that is not on record: the same devices are out of
    /// reach, or wait for one that is or that diverged, at the same commit.
    pub(super) fn is_old_news(&self, due: &Due, found: &BTreeMap<DeviceName, Found>) -> bool {
        let away = |name: &DeviceName| matches!(found.get(name), Some(Found::Unreachable(_)) | None);
        let topology = Topology::new(&self.target.fabric);
        let partner_away = |name: &DeviceName| {
            let group = topology.redundancy_group(name);
            group.into_iter().any(|other| other != name && away(other) && self.target.in_service(other))
        };
        let held = !self.diverged().is_empty();
        let same = |name: &DeviceName| {
            (away(name) && self.stands(name, Standing::Unreachable))
                || (self.stands(name, Standing::Waiting) && (held || partner_away(name)))
        };
        due.advance.is_empty()
            && due.gone.is_empty()
            && due.rest.iter().all(|(name, (standing, _))| self.stands(name, *standing))
            && due.read.iter().all(same)
    }

    /// Whether a pass that sent nothing found only what is on record: then it is none.
    pub(super) fn knew(&self, due: &Due, verdicts: &BTreeMap<DeviceName, Verdict>) -> bool {
        let asked = self.asked.read_back || self.asked.by_person;
        let same = |(name, verdict): (&DeviceName, &Verdict)| {
            let reason = self.entries.get(name).map(|entry| &entry.reason);
            self.stands(name, verdict.standing) && reason == Some(&verdict.reason)
        };
        !asked && due.advance.is_empty() && due.gone.is_empty() && verdicts.iter().all(same)
    }

    fn has_to_be_read(&self, name: &DeviceName) -> bool {
        if self.stands(name, Standing::Diverged) {
            return self.asked.by_person || self.asked.read_back;
        }
        self.asked.read_back || self.is_in_doubt(name) || (!self.holds(name) && !self.observed)
    }

    /// Whether the hash on record is no proof that the device holds it still: it was not
    /// looked at, or it was found changed.
    fn is_in_doubt(&self, name: &DeviceName) -> bool {
        match self.entries.get(name).map(|entry| entry.standing) {
            Some(Standing::Unreachable | Standing::Staged | Standing::Paused | Standing::Released) => true,
            // told once for each commit; the slow read-back looks again
            Some(Standing::Drifted) => !self.stands(name, Standing::Drifted),
            _ => false,
        }
    }

    /// Whether it holds a commit before this one that asks the same of it.
    pub(super) fn holds_an_equal_commit(&self, name: &DeviceName) -> bool {
        let other = |entry: &DeviceEntry| entry.commit.as_ref() != Some(&self.target.commit);
        self.holds(name) && self.entries.get(name).is_some_and(other)
    }

    /// Whether the record has a device standing so towards this very commit.
    fn stands(&self, name: &DeviceName, standing: Standing) -> bool {
        let entry = self.entries.get(name);
        entry.is_some_and(|entry| {
            entry.standing == standing && entry.target.as_ref() == Some(&self.target.commit)
        })
    }
}

/// How a device stands that its own file takes out of service.
fn at_rest(state: DeviceState) -> Option<(Standing, &'static str)> {
    match state {
        DeviceState::Active | DeviceState::Drained => None,
        DeviceState::Staged => Some((Standing::Staged, "its state is staged: compiled, not sent")),
        DeviceState::Paused => Some((Standing::Paused, "its state is paused: left as it is")),
        DeviceState::Released => Some((Standing::Released, "its state is released: never written again")),
    }
}
