//! What a commit's new policy makes of what differs already. Nothing on the device has changed,
//! so no watcher looks: rows of the record are judged anew.
//!
//! Here: which devices another policy counts for now, and judging their rows. What was only listed
//! is told, what is told no more has its end told, and what is to be put back is. A device that is
//! watched anew is not judged here: the first look at the whole does it. Elsewhere: the rules
//! (`compile::drift`), the words (`words`), what a look found (`writer`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::Agent;
use super::super::config::Mode;
use super::super::target::Target;
use super::words::{About, news};
use super::writer::stand;
use crate::compile::{DeviceBuild, DriftRules};
use crate::drift::Said;
use crate::names::{CommitId, DeviceName};
use crate::record::{DriftedLeaf, RecordError, Store};
use crate::yang::Path;

/// The policy of one device.
pub(super) struct Policy {
    /// The commit that says so.
    commit: CommitId,
    rules: DriftRules,
}

/// A device that another policy counts for.
struct Due {
    device: DeviceName,
    rules: DriftRules,
    build: Arc<DeviceBuild>,
}

impl Agent {
    /// Judges anew what differs on the devices for which the policy is another than before. No
    /// pass is under way: the loop does both.
    pub(super) async fn follow_policy(&self, target: &Arc<Target>) -> anyhow::Result<()> {
        let due = self.other_policies(target);
        if due.is_empty() {
            return Ok(());
        }
        let (counts, corrects) = (Arc::clone(target), self.config.mode == Mode::Apply);
        let (policies, to_correct) = self
            .with_store(move |store| {
                let mut to_correct = BTreeSet::new();
                for due in &due {
                    if judge(store, &counts, due, corrects)? {
                        to_correct.insert(due.device.clone());
                    }
                }
                Ok((due, to_correct))
            })
            .await?;
        for Due { device, rules, .. } in policies {
            if let Some(watched) = self.watches.shared.devices().get_mut(&device) {
                watched.policy = Some(Policy { commit: target.commit.clone(), rules });
            }
        }
        if !to_correct.is_empty() {
            self.watches.shared.put_back(to_correct);
        }
        Ok(())
    }

    /// The watched devices whose policy is another than the one that they were judged by.
    fn other_policies(&self, target: &Target) -> Vec<Due> {
        let mut due = Vec::new();
        for (device, watched) in self.watches.shared.devices().iter_mut() {
            let before = watched.policy.as_ref();
            if before.is_some_and(|policy| policy.commit == target.commit) {
                continue;
            }
            let rules = DriftRules::of(&target.fabric, device);
            match target.devices.get(device) {
                Some(build) if before.is_some_and(|policy| policy.rules != rules) => {
                    due.push(Due { device: device.clone(), rules, build: Arc::clone(build) });
                }
                _ => watched.policy = Some(Policy { commit: target.commit.clone(), rules }),
            }
        }
        due
    }
}

/// Judges what is on record of a device. Says whether something of it is to be put back.
fn judge(store: &mut Store, target: &Target, due: &Due, corrects: bool) -> Result<bool, RecordError> {
    let (fabric, device) = (target.name(), &due.device);
    let known: Vec<DriftedLeaf> = store.drift_of(fabric, device)?.into_iter().map(|(leaf, _)| leaf).collect();
    let paths: Vec<_> =
        known.iter().filter_map(|leaf| Some((leaf.kind, leaf.path.parse::<Path>().ok()?))).collect();
    let origin = |path: &Path| Some((path.to_string(), due.build.tree.get(path)?.origin.clone()?));
    let origins: BTreeMap<_, _> = paths.iter().filter_map(|(_, path)| origin(path)).collect();
    let about = About {
        device,
        commit: &target.commit,
        rules: &due.rules,
        desired: &due.build.tree,
        said: &Said::default(),
        now: Timestamp::now(),
    };
    let tell = |stays: &_| news(&about, stays, &origins);
    store.set_drift(fabric, device, None, &known, about.now, tell)?;
    stand(store, fabric, &about, &known, paths.iter().map(|(kind, path)| (*kind, path)), corrects)
}
