//! Redundancy at risk while a change is made: both members of a pair, all spines, a device
//! whose partner does not carry its part.
//!
//! Elsewhere: the waves that keep partners apart (`plan::waves`).

use std::collections::BTreeMap;

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
    let mut risks: Vec<Risk> = pairs(&grave, topology);
    risks.extend(spines(&grave, topology));
    risks.extend(alone(&grave, topology, stands));
    risks
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

/// All spines that are in service.
fn spines(grave: &BTreeMap<&DeviceName, Effect>, topology: &Topology<'_>) -> Option<Risk> {
    let in_service = |name: &&DeviceName| {
        let state = topology.fabric().devices.get(*name).map(|device| *device.state);
        state == Some(DeviceState::Active)
    };
    let spines = topology.fabric().devices.keys().filter(|name| topology.is_spine(name)).filter(in_service);
    let mut devices: Vec<DeviceName> = spines.cloned().collect();
    let effects: Option<Vec<Effect>> = devices.iter().map(|name| grave.get(name).copied()).collect();
    let effect = effects?.into_iter().max()?;
    devices.sort_by(|a, b| natural(a.as_str(), b.as_str()));
    (devices.len() > 1).then_some(Risk::Spines { devices, effect })
}

/// Devices whose partner does not carry its part, by the intent or by how it stands.
fn alone(
    grave: &BTreeMap<&DeviceName, Effect>,
    topology: &Topology<'_>,
    stands: Option<&Stands>,
) -> Vec<Risk> {
    let why = |partner: &DeviceName| {
        let state = topology.fabric().devices.get(partner).map(|device| *device.state);
        let by_intent = match state {
            Some(DeviceState::Drained) => Some("drained"),
            Some(DeviceState::Paused) => Some("paused"),
            Some(DeviceState::Staged) => Some("staged"),
            _ => None,
        };
        let stand =
            stands.and_then(|stands| stands.devices.get(partner)).map(|stand| stand.standing.as_str());
        let away = stand.filter(|standing| matches!(*standing, "unreachable" | "diverged"));
        by_intent.or(away).map(str::to_owned)
    };
    let mut risks = Vec::new();
    for (device, effect) in grave {
        for partner in topology.redundancy_group(device).into_iter().filter(|partner| partner != device) {
            if let Some(why) = why(partner) {
                let (device, partner) = ((*device).clone(), partner.clone());
                risks.push(Risk::Alone { device, partner, why, effect: *effect });
            }
        }
    }
    risks
}
