//! `gitfabric demo --tour`: the story by itself, and whether it came true.
//!
//! Here: [`Tour`], its ways of waiting and of looking at the devices. Elsewhere: the five
//! steps (`steps`), the lab in which they happen (`lab`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::lab::Lab;
use super::seen;
use super::story::Story;
use crate::agent::run::Report;
use crate::intent::topology::Topology;
use crate::names::{CommitId, DeviceName};
use crate::record::Store;
use crate::simulator::{Handle, SetRecord};
use crate::yang::Tree;

/// When something that has not come true counts as not coming: many times what an
/// unoptimised build needs on a busy machine, and still less than a person's patience.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a person waits without asking what is going on.
const SILENCE: Duration = Duration::from_secs(1);

/// A tour under way.
pub(super) struct Tour<'a, 'out> {
    pub(super) lab: &'a Lab,
    pub(super) story: &'a mut Story<'out>,
}

/// The devices at one moment; by default before everything.
#[derive(Default)]
pub(super) struct Moment {
    sets: BTreeMap<DeviceName, usize>,
    configs: BTreeMap<DeviceName, Tree>,
}

/// The Sets of some time, by device; devices without any are left out.
pub(super) type Sets = BTreeMap<DeviceName, Vec<SetRecord>>;

/// Each device's owned tree on record, as RFC 7951 text, and the commit that it holds.
pub(super) type Record = BTreeMap<DeviceName, (String, Option<CommitId>)>;

impl Tour<'_, '_> {
    /// Waits until a report says so, and tells how long that took; or what was seen.
    pub(super) async fn until(
        &mut self,
        expected: &str,
        is_so: impl Fn(&Report) -> bool,
    ) -> anyhow::Result<Report> {
        let began = Instant::now();
        let late = tokio::time::sleep(PATIENCE);
        tokio::pin!(late);
        let mut reports = self.lab.reports.clone();
        let mut ended = false;
        loop {
            let report = reports.borrow_and_update().clone();
            if is_so(&report) {
                let took = began.elapsed().as_secs_f32();
                self.story.check(&format!("{expected} ({took:.1} s)"), true, String::new)?;
                return Ok(report);
            }
            if ended || late.is_elapsed() {
                let why = if ended { "the agent has ended; " } else { "" };
                self.story.check(expected, false, || format!("{why}{}", seen::text(&report)))?;
            }
            tokio::select! {
                changed = reports.changed() => ended = changed.is_err(),
                () = &mut late => {}
                () = tokio::time::sleep(SILENCE) => self.story.waiting(&seen::text(&report))?,
            }
        }
    }

    /// Waits until every device is current at a commit.
    pub(super) async fn until_all_at(&mut self, commit: &CommitId) -> anyhow::Result<()> {
        let all = self.lab.fabric.devices.len();
        let expected = format!("{all} of {all} devices current at {}", commit.short());
        let is_so = |report: &Report| report.devices.len() == all && seen::count_at(report, commit) == all;
        self.until(&expected, is_so).await?;
        Ok(())
    }

    /// The devices now.
    pub(super) fn now(&self) -> Moment {
        let devices = || self.lab.devices.devices();
        Moment {
            sets: devices().map(|device| (device.name().clone(), device.sets_received())).collect(),
            configs: devices().map(|device| (device.name().clone(), device.config())).collect(),
        }
    }

    /// The Sets since a moment. None may be under way: ask when a report has told of all.
    pub(super) fn sets_since(&self, then: &Moment) -> Sets {
        let since = |device: &Handle| {
            let before = then.sets.get(device.name()).copied().unwrap_or(0);
            device.sets().into_iter().skip(before).collect::<Vec<_>>()
        };
        let sets = self.lab.devices.devices().map(|device| (device.name().clone(), since(device)));
        sets.filter(|(_, sets)| !sets.is_empty()).collect()
    }

    /// The devices whose own configuration is another than it was.
    pub(super) fn changed_since(&self, then: &Moment) -> Vec<String> {
        let is_other = |device: &&Handle| then.configs.get(device.name()) != Some(&device.config());
        self.lab.devices.devices().filter(is_other).map(|device| device.name().to_string()).collect()
    }

    /// Checks that exactly these devices got a Set, one each, and never both members of a
    /// pair at once.
    pub(super) fn check_sets(&mut self, expected: &str, sets: &Sets, devices: &[&str]) -> anyhow::Result<()> {
        let counts: Vec<(&str, usize)> =
            sets.iter().map(|(name, sets)| (name.as_str(), sets.len())).collect();
        let wanted: Vec<(&str, usize)> = devices.iter().map(|name| (*name, 1)).collect();
        let both = self.both_at_once(sets);
        let is_so = counts == wanted && both.is_none();
        self.story.check(expected, is_so, || match both {
            Some((one, other)) => format!("{one} and {other} were changed at the same time"),
            None => format!("Sets: {counts:?}"),
        })
    }

    /// Two members of a redundancy group whose Sets overlap in time.
    fn both_at_once(&self, sets: &Sets) -> Option<(DeviceName, DeviceName)> {
        let topology = Topology::new(&self.lab.fabric);
        for (name, ours) in sets {
            for other in topology.redundancy_group(name).into_iter().filter(|other| *other > name) {
                let theirs = sets.get(other).into_iter().flatten();
                let overlap = |a: &SetRecord, b: &SetRecord| a.began <= b.ended && b.began <= a.ended;
                if theirs.into_iter().any(|b| ours.iter().any(|a| overlap(a, b))) {
                    return Some((name.clone(), other.clone()));
                }
            }
        }
        None
    }

    /// What is on record now.
    pub(super) fn record(&self) -> anyhow::Result<Record> {
        let store = Store::open_to_read(&self.lab.record)?;
        let fabric = &self.lab.fabric.design.name;
        let mut found = BTreeMap::new();
        for entry in store.devices(fabric)? {
            let tree = store.owned_tree(fabric, &entry.device)?;
            let tree = tree.with_context(|| format!("no tree of {} is on record", entry.device))?;
            found.insert(entry.device, (tree, entry.commit));
        }
        Ok(found)
    }

    /// A device by its name in the example.
    pub(super) fn device(&self, name: &str) -> anyhow::Result<&Handle> {
        self.lab.devices.device(name).with_context(|| format!("there is no device {name}"))
    }
}
