//! `gitfabric demo --tour`: the story by itself, and whether it came true.
//!
//! Here: [`Tour`], its ways of waiting and of looking at the devices. Elsewhere: the
//! steps (`steps`, `by_hand`), the lab in which they happen (`lab`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::lab::Lab;
use super::seen;
use super::sets::Moment;
use super::story::Story;
use crate::agent::run::Report;
use crate::intent::topology::Topology;
use crate::names::{CommitId, DeviceName};
use crate::record::Store;
use crate::simulator::Handle;

/// When something that has not come true counts as not coming: many times what an
/// unoptimised build needs on a busy machine, and still less than a person's patience.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// How long a person waits without asking what is going on.
const SILENCE: Duration = Duration::from_secs(1);

/// A tour under way.
pub(super) struct Tour<'a, 'out> {
    pub(super) lab: &'a Lab,
    pub(super) story: &'a mut Story<'out>,
}

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
        Moment::now(&self.lab.devices)
    }

    /// Checks that since a moment exactly these devices got a Set, one each, and never both
    /// members of a pair at once.
    pub(super) fn check_sets(
        &mut self,
        expected: &str,
        then: &Moment,
        devices: &[&str],
    ) -> anyhow::Result<()> {
        let sets = then.sets(&self.lab.devices);
        let topology = Topology::new(&self.lab.fabric);
        let both = sets.at_once(|name| topology.redundancy_group(name));
        let is_so = both.is_none() && sets.are_one_each_of(devices);
        self.story.check(expected, is_so, || match both {
            Some((one, other)) => format!("{one} and {other} were changed at the same time"),
            None => sets.text(),
        })
    }

    /// Checks that since a moment the configuration changed on these devices only, as they
    /// themselves hold it.
    pub(super) fn check_changed(
        &mut self,
        expected: &str,
        then: &Moment,
        devices: &[&str],
    ) -> anyhow::Result<()> {
        let changed = then.changed(&self.lab.devices);
        self.story.check(expected, changed == devices, || format!("changed: {}", changed.join(", ")))
    }

    /// What is on record now.
    pub(super) fn record(&self) -> anyhow::Result<Record> {
        let store = Store::open_to_read(&self.lab.config.record())?;
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
