//! Which devices may change at the same time.
//!
//! One member of a redundancy group at a time, the second directly after the first; leafs
//! before spines, so that a bad commit shows where it harms least; spines singly. Pure.
//! Elsewhere: executing waves, and holding them (`rollout`).

use std::collections::{BTreeMap, BTreeSet};

use crate::intent::model::Limits;
use crate::intent::topology::Topology;
use crate::names::DeviceName;
use crate::yang::natural::natural;

/// Devices that may change at the same time, in natural order of their names.
pub type Wave = Vec<DeviceName>;

/// Puts every changed device into exactly one wave. Devices that do not change are in none.
pub fn waves(changed: &BTreeSet<DeviceName>, topology: &Topology<'_>, limits: &Limits) -> Vec<Wave> {
    let mut tiers: BTreeMap<u8, BTreeSet<Vec<DeviceName>>> = BTreeMap::new();
    for device in changed {
        let members = topology.redundancy_group(device);
        let mut group: Vec<DeviceName> =
            members.into_iter().filter(|member| changed.contains(*member)).cloned().collect();
        if !group.contains(device) {
            group.push(device.clone());
        }
        group.sort_by(|a, b| natural(a.as_str(), b.as_str()));
        tiers.entry(topology.tier(device)).or_default().insert(group);
    }
    let at_once = |tier: u8| if tier == 0 { limits.pairs_at_once } else { limits.spines_at_once };
    tiers.into_iter().flat_map(|(tier, groups)| schedule(groups, at_once(tier))).collect()
}

/// Takes so many groups at once: first one member of each, then the next member of each.
fn schedule(groups: BTreeSet<Vec<DeviceName>>, at_once: u32) -> Vec<Wave> {
    let mut groups: Vec<Vec<DeviceName>> = groups.into_iter().collect();
    let name = |group: &Vec<DeviceName>| group.first().map(ToString::to_string).unwrap_or_default();
    groups.sort_by(|a, b| natural(&name(a), &name(b)));
    let mut waves = Vec::new();
    for together in groups.chunks(usize::try_from(at_once).unwrap_or(usize::MAX).max(1)) {
        let rounds = together.iter().map(Vec::len).max().unwrap_or(0);
        for round in 0..rounds {
            waves.push(together.iter().filter_map(|group| group.get(round)).cloned().collect());
        }
    }
    waves
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn groups(text: &str) -> BTreeSet<Vec<DeviceName>> {
        let group = |text: &str| text.split('+').map(|name| name.parse().unwrap()).collect();
        text.split_whitespace().map(group).collect()
    }

    fn shown(waves: &[Wave]) -> String {
        let wave = |wave: &Wave| wave.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        waves.iter().map(wave).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn one_member_at_a_time_and_the_second_directly_after_the_first() {
        for (case, devices, at_once, expected) in [
            ("nothing changes", "", 2, ""),
            ("one pair", "leaf1+leaf2", 2, "leaf1 | leaf2"),
            ("two pairs side by side", "leaf1+leaf2 leaf3+leaf4", 2, "leaf1 leaf3 | leaf2 leaf4"),
            (
                "more pairs than may change at once",
                "leaf1+leaf2 leaf9+leaf10 leaf3+leaf4",
                2,
                "leaf1 leaf3 | leaf2 leaf4 | leaf9 | leaf10",
            ),
            ("a pair of which one member changes", "leaf2 leaf3+leaf4", 2, "leaf2 leaf3 | leaf4"),
            ("spines singly", "spine1 spine2", 1, "spine1 | spine2"),
            ("a limit of none is a limit of one", "spine1 spine2", 0, "spine1 | spine2"),
        ] {
            assert_eq!(shown(&schedule(groups(devices), at_once)), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn every_device_changes_once_and_never_beside_its_partner(
            sizes in prop::collection::vec(1..3_usize, 0..12), at_once in 0..5_u32,
        ) {
            let group = |(number, size): (usize, &usize)| -> Vec<DeviceName> {
                (0..*size).map(|member| format!("leaf{number}-{member}").parse().unwrap()).collect()
            };
            let groups: BTreeSet<Vec<DeviceName>> = sizes.iter().enumerate().map(group).collect();
            let waves = schedule(groups.clone(), at_once);
            let mut seen: Vec<&DeviceName> = waves.iter().flatten().collect();
            seen.sort();
            let mut all: Vec<&DeviceName> = groups.iter().flatten().collect();
            all.sort();
            prop_assert_eq!(seen, all);
            for group in &groups {
                let at: Vec<usize> = group
                    .iter()
                    .map(|member| waves.iter().position(|wave| wave.contains(member)).unwrap())
                    .collect();
                prop_assert!(at.windows(2).all(|pair| pair[1] == pair[0] + 1), "{:?} {:?}", group, at);
            }
            let limit = usize::try_from(at_once).unwrap().max(1);
            prop_assert!(waves.iter().all(|wave| !wave.is_empty() && wave.len() <= limit));
        }
    }
}
