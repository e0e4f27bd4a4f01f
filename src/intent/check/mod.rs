//! Rules across files: what each file could not know alone.
//!
//! Here: what is not to be relied on ([`Broken`]) and the walk through all rules.
//! `references` (names that other files give), `pairs`, `links`, `ports`, `addresses`,
//! `services` (VLANs and VRFs), `servers` (of names, time and logs), `routes` (schemes,
//! peers), `policies`, `design`, `drift`; `succession` compares with the commit before. Elsewhere: what one file must say (`decode` and the kinds).
//!
//! One cause gives one finding: rules stay silent about what a broken file might have said,
//! and a name that many lines give is reported once, with the other lines beside it.

mod addresses;
mod design;
mod drift;
mod links;
mod pairs;
mod policies;
mod ports;
mod references;
mod routes;
mod servers;
mod services;
mod succession;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::layout::Kind;
use super::model::{Device, DeviceState, Fabric, Placement, Vlan};
use super::topology::Topology;
use crate::diagnostic::{Finding, Findings, Place};
use crate::stop::{GaveUp, Stop, unless};

pub use succession::{check_succession, deleted_devices};

/// What could not be read, so that nobody is told that it does not exist.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broken {
    objects: BTreeMap<Kind, BTreeSet<String>>,
    /// Sections of `fabric.yaml`.
    pub(crate) sections: BTreeSet<&'static str>,
}

impl Broken {
    /// Notes an object by the name that other files give it.
    pub(crate) fn add(&mut self, kind: Kind, name: String) {
        self.objects.entry(kind).or_default().insert(name);
    }

    /// Whether the object exists and could not be read.
    fn has(&self, kind: Kind, name: &str) -> bool {
        self.objects.get(&kind).is_some_and(|names| names.contains(name))
    }

    /// Whether any object of the kind could not be read.
    fn any(&self, kind: Kind) -> bool {
        self.objects.contains_key(&kind)
    }
}

/// What every rule looks at.
struct Context<'a> {
    fabric: &'a Fabric,
    topology: &'a Topology<'a>,
    broken: &'a Broken,
}

impl<'a> Context<'a> {
    /// The devices whose configuration counts: a released one is never written again.
    fn kept(&self) -> impl Iterator<Item = &'a Device> + use<'a> {
        self.fabric.devices.values().filter(|device| device.state.value != DeviceState::Released)
    }

    /// Whether every line of an `at` selects something; otherwise the object's places are
    /// not known, and that is said where the line stands.
    fn settled(&self, at: &[Placement]) -> bool {
        at.iter().all(|placement| !self.topology.select(&placement.selector.value).is_empty())
    }

    /// Whether it is known which device has which subnet of which VRF.
    fn routed_settled(&self) -> bool {
        let unread = [Kind::Device, Kind::Vlan, Kind::Vrf].iter().any(|kind| self.broken.any(*kind));
        let known =
            |vlan: &Vlan| vlan.vrf.as_ref().is_none_or(|vrf| self.fabric.vrfs.contains_key(&vrf.value));
        !unread && self.fabric.vlans.values().all(|vlan| known(vlan) && self.settled(&vlan.at))
    }

    /// Whether a section of `fabric.yaml` could be read.
    fn sound(&self, section: &str) -> bool {
        !self.broken.sections.contains(section)
    }
}

/// Applies every rule to the fabric.
pub(crate) fn check(fabric: &Fabric, broken: &Broken, stop: Stop<'_>) -> Result<Findings, GaveUp> {
    let topology = Topology::new(fabric);
    let context = Context { fabric, topology: &topology, broken };
    let mut out = Findings::new();
    for rules in [
        references::check,
        pairs::check,
        links::check,
        ports::check,
        addresses::check,
        services::check,
        servers::check,
        routes::check,
        policies::check,
        design::check,
        drift::check,
    ] {
        unless(stop)?;
        rules(&context, &mut out);
    }
    Ok(out)
}

/// How many further places a finding shows.
const SHOWN: usize = 3;

/// Adds the places of the same fault, some of them, and says how many more there are.
fn also<'p>(mut finding: Finding, places: impl IntoIterator<Item = &'p Place>, note: &str) -> Finding {
    let places: Vec<&Place> = places.into_iter().collect();
    for (index, place) in places.iter().take(SHOWN).enumerate() {
        let rest = places.len().saturating_sub(SHOWN);
        let last = index + 1 == SHOWN && rest > 0;
        finding = finding
            .related(place, if last { format!("{note}, and at {rest} more") } else { note.to_owned() });
    }
    finding
}
