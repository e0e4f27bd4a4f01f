//! Redundancy at risk: while a change is made (both members of a pair, all spines in service, a
//! device whose partner does not carry its part), and after it (a group of which nobody carries
//! traffic any more, or one alone).
//!
//! Elsewhere: the waves that keep partners apart (`plan::waves`).

use std::collections::{BTreeMap, BTreeSet};

use super::report::Risk;
use super::stands::Stands;
use crate::intent::Topology;
use crate::intent::model::DeviceState;
use crate::names::{DeviceName, PairName};
use crate::platform::effects::Effect;
use crate::yang::natural::natural;

/// The risks of a change, by the gravest effect on each device that changes. Hitless
/// changes risk nothing.
pub(super) fn risks(
    worst: &BTreeMap<&DeviceName, Effect>,
    topology: &Topology<'_>,
    stands: Option<&Stands>,
) -> Vec<Risk> {
    let grave: BTreeMap<&DeviceName, Effect> = worst
        .iter()
        .filter(|(_, effect)| **effect > Effect::Hitless)
        .map(|(name, effect)| (*name, *effect))
        .collect();
    let left = left(&grave, topology);
    let dark: BTreeSet<&DeviceName> = left.iter().flat_map(Risk::dark).collect();
    // of those that carry nothing afterwards it is no comfort that they change one after the other
    let grave: BTreeMap<_, _> = grave.into_iter().filter(|(name, _)| !dark.contains(*name)).collect();
    let meanwhile =
        [pairs(&grave, topology), spines(&grave, topology, stands), alone(&grave, topology, stands)];
    let meanwhile: Vec<Risk> = meanwhile.into_iter().flatten().collect();
    left.into_iter().chain(meanwhile).collect()
}

/// What is left of the groups out of which this change takes a member: pairs, and the devices
/// above one.
fn left(grave: &BTreeMap<&DeviceName, Effect>, topology: &Topology<'_>) -> Vec<Risk> {
    let fabric = topology.fabric();
    let out = |name: &&DeviceName| {
        let state = fabric.devices.get(*name).map(|device| *device.state);
        matches!(state, Some(DeviceState::Drained | DeviceState::Staged))
    };
    let groups = fabric.devices.keys().flat_map(|device| {
        let pair = topology.redundancy_group(device).into_iter().collect();
        [pair, above(device, topology)]
    });
    let groups: BTreeSet<BTreeSet<&DeviceName>> = groups.filter(|group| group.len() > 1).collect();
    let mut risks = Vec::new();
    for group in groups {
        let (gone, carrying): (Vec<_>, Vec<_>) = group.into_iter().partition(out);
        if !gone.iter().any(|name| grave.contains_key(*name)) {
            continue;
        }
        let mut gone: Vec<DeviceName> = gone.into_iter().cloned().collect();
        gone.sort_by(|a, b| natural(a.as_str(), b.as_str()));
        match carrying[..] {
            [] => risks.push(Risk::Dark { devices: gone }),
            [device] => risks.push(Risk::Single { device: device.clone(), gone }),
            _ => {}
        }
    }
    risks.sort_by_key(|risk| matches!(risk, Risk::Single { .. }));
    risks
}

/// The devices that a device is linked up to.
fn above<'a>(device: &DeviceName, topology: &Topology<'a>) -> BTreeSet<&'a DeviceName> {
    topology.links(device).iter().filter(|link| link.up).map(|link| link.remote).collect()
}

/// Pairs of which both members lose something, those with the same effect together.
fn pairs(grave: &BTreeMap<&DeviceName, Effect>, topology: &Topology<'_>) -> Vec<Risk> {
    let mut found: BTreeMap<Effect, Vec<PairName>> = BTreeMap::new();
    for pair in topology.fabric().pairs.keys() {
        let members = topology.members(pair).iter().filter(|member| topology.is_kept(member));
        let effects: Vec<Effect> = members.filter_map(|member| grave.get(member).copied()).collect();
        if let [one, other, ..] = effects[..] {
            found.entry(one.min(other)).or_default().push(pair.clone());
        }
    }
    let risk = |(effect, mut pairs): (Effect, Vec<PairName>)| {
        pairs.sort_by(|a, b| natural(a.as_str(), b.as_str()));
        Risk::Pairs { pairs, effect }
    };
    found.into_iter().rev().map(risk).collect()
}

/// The devices above some device, where all of them that are in service lose something: one
/// that is away carries nothing, so that the last one counts as all. A pod has spines of its
/// own, and so has each tier.
fn spines(
    grave: &BTreeMap<&DeviceName, Effect>,
    topology: &Topology<'_>,
    stands: Option<&Stands>,
) -> Vec<Risk> {
    let above = topology.fabric().devices.keys().map(|device| above(device, topology));
    let redundant = above.filter(|above| above.len() > 1);
    let mut found: BTreeMap<Vec<DeviceName>, Effect> = BTreeMap::new();
    for above in redundant.collect::<BTreeSet<_>>() {
        // one that this very change drains was in service
        let carries =
            |name: &&DeviceName| grave.contains_key(*name) || away(name, topology, stands).is_none();
        let carrying: Vec<_> = above.into_iter().filter(carries).collect();
        let effects: Option<Vec<Effect>> = carrying.iter().map(|name| grave.get(name).copied()).collect();
        if let Some(effect) = effects.and_then(|effects| effects.into_iter().max()) {
            let mut devices: Vec<DeviceName> = carrying.into_iter().cloned().collect();
            devices.sort_by(|a, b| natural(a.as_str(), b.as_str()));
            found.insert(devices, effect);
        }
    }
    found.into_iter().map(|(devices, effect)| Risk::Spines { devices, effect }).collect()
}

/// Why a device does not carry its part, by the intent or by how it stands; none if it does.
fn away(device: &DeviceName, topology: &Topology<'_>, stands: Option<&Stands>) -> Option<String> {
    let state = topology.fabric().devices.get(device).map(|device| *device.state);
    let by_intent = match state {
        Some(DeviceState::Drained) => Some("drained"),
        Some(DeviceState::Paused) => Some("paused"),
        Some(DeviceState::Staged) => Some("staged"),
        _ => None,
    };
    let stand = stands.and_then(|stands| stands.devices.get(device)).map(|stand| stand.standing.as_str());
    let away = stand.filter(|standing| matches!(*standing, "unreachable" | "diverged"));
    by_intent.or(away).map(str::to_owned)
}

/// Devices whose partner does not carry its part, by the intent or by how it stands.
fn alone(
    grave: &BTreeMap<&DeviceName, Effect>,
    topology: &Topology<'_>,
    stands: Option<&Stands>,
) -> Vec<Risk> {
    let mut risks = Vec::new();
    for (device, effect) in grave {
        for partner in topology.redundancy_group(device).into_iter().filter(|partner| partner != device) {
            if let Some(why) = away(partner, topology, stands) {
                let (device, partner) = ((*device).clone(), partner.clone());
                risks.push(Risk::Alone { device, partner, why, effect: *effect });
            }
        }
    }
    risks
}
