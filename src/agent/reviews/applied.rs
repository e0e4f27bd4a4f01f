//! What became of commits of the branch: the status `gitfabric/apply`, and a comment that
//! closes the story of a merged pull request.
//!
//! Here: telling both, once each. Elsewhere: what they say (`outcome`, `story`).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;

use super::desk::context;
use super::outcome::{Known, Outcome};
use super::pull::is_of_all;
use super::story::{self, Story};
use super::watcher::Watcher;
use crate::forge::{Forge, ForgeError, Status, StatusState};
use crate::git::Repository;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::record::{DONE, DeviceEntry, FabricEntry, ReviewEntry};
use crate::rollout::Stage;

/// How much of the history is looked through for what a commit did.
const PASSES: u32 = 200;
const EVENTS: u32 = 5_000;

/// How everything stands, read at one moment.
struct Standing {
    fabric: FabricEntry,
    devices: Vec<DeviceEntry>,
    merged: Vec<ReviewEntry>,
    pending: Vec<CommitId>,
    stage: Option<Stage>,
    /// The commit of the pass that is under way.
    passing: Option<CommitId>,
    repository: Repository,
    known: RefCell<BTreeMap<(CommitId, CommitId), bool>>,
}

impl Watcher {
    /// Tells how far the head of the branch has come, what was merged, and what was under way
    /// when it was told last.
    pub(super) fn tell_applied(&mut self, forge: &Forge) -> anyhow::Result<()> {
        let Some(standing) = self.standing()? else { return Ok(()) };
        let head = standing.fabric.head.iter().cloned();
        let merged = standing.merged.iter().filter_map(|row| row.merged.clone());
        let commits: BTreeSet<CommitId> =
            head.chain(merged).chain(standing.pending.iter().cloned()).collect();
        let mut outcomes = BTreeMap::new();
        for commit in commits {
            if self.stop.is_cancelled() {
                return Ok(());
            }
            let Some(outcome) = standing.outcome(&commit) else { continue };
            self.tell_status(forge, &standing.fabric.fabric, &commit, &outcome)?;
            outcomes.insert(commit, outcome);
        }
        for row in &standing.merged {
            let Some((commit, outcome)) =
                row.merged.as_ref().and_then(|commit| outcomes.get_key_value(commit))
            else {
                continue;
            };
            if outcome.state == StatusState::Pending {
                continue;
            }
            match self.close(forge, &standing, row, commit, outcome) {
                Ok(()) => drop(self.logged.remove(&row.number)),
                Err(error) => match error.downcast_ref::<ForgeError>() {
                    // deleted, or locked: nobody is told, and no other story waits for it
                    Some(refused) if !is_of_all(refused) => self.log(row.number, &error),
                    _ => return Err(error),
                },
            }
        }
        Ok(())
    }

    fn standing(&self) -> anyhow::Result<Option<Standing>> {
        let repository = self.mirror.repository()?;
        let stage = self.stages.borrow().clone();
        let store = &self.store;
        let Some(fabric) = store.fabrics()?.into_iter().max_by_key(|fabric| fabric.good.is_some()) else {
            return Ok(None);
        };
        let mut merged = store.reviews(&fabric.fabric)?;
        merged.retain(|row| row.merged.is_some());
        let pending = store.told_pending(&fabric.fabric)?;
        let devices = store.devices(&fabric.fabric)?;
        let newest = store.passes(&fabric.fabric, 1)?.pop();
        let passing = newest.filter(|pass| pass.finished_at.is_none()).map(|pass| pass.commit);
        let known = RefCell::default();
        Ok(Some(Standing { fabric, devices, merged, pending, stage, passing, repository, known }))
    }

    /// Sets the status of a commit, unless the forge was told so.
    fn tell_status(
        &mut self,
        forge: &Forge,
        fabric: &FabricName,
        commit: &CommitId,
        outcome: &Outcome,
    ) -> anyhow::Result<()> {
        let told = self.store.told(fabric, commit)?;
        let is_told = |(state, words): &(String, String)| state == outcome.word() && *words == outcome.words;
        if told.as_ref().is_some_and(is_told) {
            return Ok(());
        }
        let status = Status {
            context: context("apply", self.path.as_ref(), fabric),
            state: outcome.state,
            description: outcome.words.clone(),
            link: None,
        };
        match forge.set_status(commit, None, &status) {
            // a commit that the forge does not have, or not any more, is told nothing
            Err(error) if !is_of_all(&error) => {
                tracing::warn!(
                    commit = commit.short(),
                    "the status of a commit is not told: {}",
                    super::watcher::explained(&error.into())
                );
            }
            other => other?,
        }
        self.store.set_told(fabric, commit, (outcome.word(), &outcome.words))?;
        Ok(())
    }

    /// Closes the story of a merged pull request with a comment, or renews it.
    fn close(
        &mut self,
        forge: &Forge,
        standing: &Standing,
        row: &ReviewEntry,
        commit: &CommitId,
        outcome: &Outcome,
    ) -> anyhow::Result<()> {
        let fabric = &standing.fabric.fabric;
        let devices: BTreeMap<DeviceName, serde_json::Value> =
            serde_json::from_str(&row.devices).context("the record of a review is damaged")?;
        let story = self.story(standing, &devices, commit, outcome)?;
        let body = story.comment();
        let is_over = outcome.state == StatusState::Success;
        let mut row = row.clone();
        if row.told.as_deref() != Some(&*body) {
            let marker = story::marker(fabric);
            let url = forge.pull(row.number)?.url;
            let body = story.with_history(&url, &self.config.repository.branch);
            let synced = forge.sync_comment(row.number, &marker, &body, row.closing)?;
            row.closing = Some(synced.comment.id);
        }
        row.told = Some(if is_over { DONE.to_owned() } else { body });
        self.store.set_review(fabric, &row)?;
        Ok(())
    }

    /// What a commit did to the devices that a pull request was about.
    fn story(
        &self,
        standing: &Standing,
        devices: &BTreeMap<DeviceName, serde_json::Value>,
        commit: &CommitId,
        outcome: &Outcome,
    ) -> anyhow::Result<Story> {
        let fabric = &standing.fabric.fabric;
        let passes = self.store.passes(fabric, PASSES)?;
        let events = self.store.events(fabric, None, EVENTS)?;
        let begun = passes
            .iter()
            .filter(|pass| standing.contains(commit, &pass.commit))
            .map(|pass| pass.started_at)
            .min();
        let is_of_it = |device: &DeviceName, at: &CommitId| {
            (devices.is_empty() || devices.contains_key(device)) && standing.contains(commit, at)
        };
        let events = events.into_iter().filter(|event| is_of_it(&event.device, &event.commit)).collect();
        Ok(Story::new(fabric.clone(), commit.clone(), outcome.clone(), begun, events))
    }
}

impl Standing {
    fn outcome(&self, commit: &CommitId) -> Option<Outcome> {
        let contains = |old: &CommitId, new: &CommitId| self.contains(old, new);
        let known = Known {
            fabric: &self.fabric,
            devices: &self.devices,
            stage: self.stage.as_ref(),
            passing: self.passing.as_ref(),
            contains: &contains,
        };
        known.outcome(commit)
    }

    /// Whether a commit is another, or came after it. What is not here is unrelated.
    fn contains(&self, old: &CommitId, new: &CommitId) -> bool {
        if old == new {
            return true;
        }
        let pair = (old.clone(), new.clone());
        if let Some(known) = self.known.borrow().get(&pair) {
            return *known;
        }
        let is_here = self.repository.holds(old) && self.repository.holds(new);
        let contains = is_here && self.repository.is_ancestor(old, new).unwrap_or(false);
        self.known.borrow_mut().insert(pair, contains);
        contains
    }
}
