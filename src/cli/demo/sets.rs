//! The Sets that devices received since a moment, and whether a pair was changed at once.
//!
//! Elsewhere: the devices' own account of their Sets (`simulator`).

use std::collections::BTreeMap;

use crate::names::DeviceName;
use crate::simulator::{Handle, SetRecord, SimulatedFabric};
use crate::yang::Tree;

/// The devices at one moment; by default before everything.
#[derive(Default)]
pub(super) struct Moment {
    received: BTreeMap<DeviceName, usize>,
    configs: BTreeMap<DeviceName, Tree>,
}

/// The Sets since a moment; devices without any are left out.
pub(super) struct Sets {
    received: BTreeMap<DeviceName, usize>,
    ended: BTreeMap<DeviceName, Vec<SetRecord>>,
}

impl Moment {
    /// Now.
    pub(super) fn now(devices: &SimulatedFabric) -> Self {
        let devices = || devices.devices();
        Self {
            received: devices().map(|device| (device.name().clone(), device.sets_received())).collect(),
            configs: devices().map(|device| (device.name().clone(), device.config())).collect(),
        }
    }

    /// The Sets since then.
    pub(super) fn sets(&self, devices: &SimulatedFabric) -> Sets {
        let before = |name: &DeviceName| self.received.get(name).copied().unwrap_or(0);
        let received = devices
            .sets_received()
            .into_iter()
            .map(|(name, count)| (name.clone(), count.saturating_sub(before(&name))))
            .filter(|(_, count)| *count > 0)
            .collect();
        let ended = |device: &Handle| device.sets().into_iter().skip(before(device.name())).collect();
        let ended = devices.devices().map(|device| (device.name().clone(), ended(device))).collect();
        Sets { received, ended }
    }

    /// The devices whose own configuration is another than it was then.
    pub(super) fn changed(&self, devices: &SimulatedFabric) -> Vec<String> {
        let is_other = |device: &&Handle| self.configs.get(device.name()) != Some(&device.config());
        devices.devices().filter(is_other).map(|device| device.name().to_string()).collect()
    }
}

impl Sets {
    /// Whether these devices received one each, and no other device any.
    pub(super) fn are_one_each_of(&self, devices: &[&str]) -> bool {
        self.received.len() == devices.len()
            && devices.iter().all(|name| self.received.get(*name) == Some(&1))
    }

    /// Whether one device received so many, and no other device any.
    pub(super) fn are_of_one(&self, device: &str, count: usize) -> bool {
        self.received.len() == 1 && self.received.get(device) == Some(&count)
    }

    /// Two devices of one redundancy group whose Sets overlapped in time.
    pub(super) fn at_once<'a>(
        &self,
        group: impl Fn(&DeviceName) -> Vec<&'a DeviceName>,
    ) -> Option<(&DeviceName, &DeviceName)> {
        let overlap = |a: &SetRecord, b: &SetRecord| a.began <= b.ended && b.began <= a.ended;
        let same_time = |ours: &[SetRecord], theirs: &[SetRecord]| {
            ours.iter().any(|a| theirs.iter().any(|b| overlap(a, b)))
        };
        self.ended.iter().find_map(|(name, ours)| {
            let others = group(name).into_iter().filter(|other| *other != name);
            let mut theirs = others.filter_map(|other| self.ended.get_key_value(other));
            theirs.find(|(_, theirs)| same_time(ours, theirs)).map(|(other, _)| (name, other))
        })
    }

    /// How many each device received, in words.
    pub(super) fn text(&self) -> String {
        if self.received.is_empty() {
            return "no Sets".to_owned();
        }
        let counts: Vec<String> =
            self.received.iter().map(|(name, count)| format!("{count} to {name}")).collect();
        format!("Sets: {}", counts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::simulator::SetOutcome;

    /// Sets as `leaf7 0-2, leaf8 3-5`: when each began and ended.
    fn sets(text: &str) -> Sets {
        let start = Instant::now();
        let mut sets = Sets { received: BTreeMap::new(), ended: BTreeMap::new() };
        for set in text.split(", ").filter(|set| !set.is_empty()) {
            let (device, times) = set.split_once(' ').unwrap();
            let (began, ended) = times.split_once('-').unwrap();
            let at = |time: &str| start + Duration::from_secs(time.parse().unwrap());
            let record = SetRecord {
                operations: Vec::new(),
                outcome: SetOutcome::Applied { changed: true },
                began: at(began),
                ended: at(ended),
            };
            let device: DeviceName = device.parse().unwrap();
            *sets.received.entry(device.clone()).or_default() += 1;
            sets.ended.entry(device).or_default().push(record);
        }
        sets
    }

    #[test]
    fn sets_of_one_pair_that_overlap_are_found() {
        let pair: [DeviceName; 2] = ["leaf7", "leaf8"].map(|name| name.parse().unwrap());
        for (case, text, expected) in [
            ("none at all", "", None),
            ("one after the other", "leaf7 0-2, leaf8 3-5", None),
            ("the other order", "leaf7 3-5, leaf8 0-2", None),
            ("overlapping", "leaf7 0-3, leaf8 2-5", Some("leaf7 leaf8")),
            ("one inside the other", "leaf7 0-9, leaf8 2-3", Some("leaf7 leaf8")),
            ("the second of two", "leaf7 0-1, leaf7 4-6, leaf8 5-9", Some("leaf7 leaf8")),
            ("a device of another pair", "leaf1 0-9, leaf7 2-3", None),
        ] {
            let sets = sets(text);
            let group = |name: &DeviceName| {
                if pair.contains(name) { pair.iter().collect() } else { Vec::new() }
            };
            let seen = sets.at_once(group).map(|(one, other)| format!("{one} {other}"));
            assert_eq!(seen.as_deref(), expected, "{case}");
        }
    }

    #[test]
    fn one_each_means_no_more_and_nobody_else() {
        for (text, expected) in [
            ("leaf7 0-2, leaf8 3-5", true),
            ("leaf7 0-2", false),
            ("leaf7 0-2, leaf8 3-5, leaf8 6-7", false),
            ("leaf1 0-1, leaf7 0-2, leaf8 3-5", false),
            ("", false),
        ] {
            assert_eq!(sets(text).are_one_each_of(&["leaf7", "leaf8"]), expected, "{text}");
        }
        assert!(sets("").are_one_each_of(&[]));
        assert!(sets("leaf8 3-5, leaf8 6-7").are_of_one("leaf8", 2));
        assert!(!sets("leaf7 0-2, leaf8 3-5, leaf8 6-7").are_of_one("leaf8", 2), "leaf7 too");
    }
}
