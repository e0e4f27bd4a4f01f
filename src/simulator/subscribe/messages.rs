//! What a subscription says: states, changes, syncs, the ends of commits.
//!
//! Here: [`Teller`]. Each leaf is one update. Elsewhere: when something is said (`subscribe`),
//! how values are written (`render`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use super::super::change::Change;
use super::super::device::{Device, Snapshot};
use super::super::get::typed;
use super::super::paths::{Resolved, reach, to_wire};
use super::super::personality::{Packing, Timestamps};
use super::super::render::{Encoding, leaf_json};
use super::super::view::{Shown, View, anything_below};
use super::Answers;
use crate::gnmi::proto::gnmi_ext::{
    ConfigSubscription, ConfigSubscriptionSyncDone, Extension, config_subscription, extension,
};
use crate::gnmi::proto::subscribe_response::Response as Answer;
use crate::gnmi::proto::{self, Notification, SubscribeResponse, Update};
use crate::yang::Path;

/// How many leaves of a state go into one message.
const LEAVES_A_MESSAGE: usize = 64;

/// The client went away: nobody is left to be told anything.
pub(super) struct Gone;

/// One path of a subscription.
pub(super) struct Wanted {
    pub(super) target: Resolved,
    /// Whether each change is told.
    pub(super) changes: bool,
    /// After how long everything is told again.
    pub(super) every: Option<Duration>,
}

/// Says what one call is about.
pub(super) struct Teller {
    pub(super) device: Arc<Device>,
    pub(super) answers: Answers,
    pub(super) encoding: Encoding,
    pub(super) wanted: Vec<Wanted>,
    pub(super) prefix: Option<proto::Path>,
    /// Whether nothing but configuration is told, and the end of each commit.
    pub(super) commits: bool,
}

/// Leaves with what is said of each.
type Leaves = BTreeMap<Path, Update>;

impl Teller {
    /// All that there is now.
    pub(super) async fn everything(&self) -> Result<(), Gone> {
        let snapshot = self.device.snapshot();
        self.state(&snapshot, |_| true).await
    }

    /// All that a snapshot has of some of the paths, by their place in the list.
    pub(super) async fn state(&self, snapshot: &Snapshot, of: impl Fn(usize) -> bool) -> Result<(), Gone> {
        let leaves = self.leaves(snapshot, of);
        let (single, atomic) = self.apart(leaves);
        let at_once = match self.packing() {
            Packing::Some => LEAVES_A_MESSAGE,
            Packing::Leaf => 1,
            Packing::Table => usize::MAX,
        };
        let mut updates = single.into_values();
        loop {
            let some: Vec<Update> = updates.by_ref().take(at_once).collect();
            if some.is_empty() {
                break;
            }
            self.notify(snapshot.changed_at, Vec::new(), some).await?;
        }
        for (container, leaves) in atomic {
            self.atomic(snapshot.changed_at, &container, leaves).await?;
        }
        Ok(())
    }

    /// The last leaf of a state once more.
    pub(super) async fn last_again(&self, snapshot: &Snapshot) -> Result<(), Gone> {
        match self.leaves(snapshot, |_| true).pop_last() {
            Some((_, update)) => self.notify(snapshot.changed_at, Vec::new(), vec![update]).await,
            None => Ok(()),
        }
    }

    /// What is gone and what is new.
    pub(super) async fn change(&self, change: &Change) -> Result<(), Gone> {
        let snapshot = self.device.snapshot();
        let (mut delete, mut update) = (BTreeSet::new(), Vec::new());
        let mut atomic = BTreeSet::new();
        for (path, leaf) in &change.leaves {
            if !self.tells(&leaf.shown) || self.reach(path).is_none() {
                continue;
            }
            if let Some(container) = self.atomic_above(path) {
                atomic.insert(container);
            } else if leaf.gone {
                delete.insert(self.branch(path, &snapshot));
            } else {
                let duplicates = leaf.times.saturating_sub(1);
                update.push(Update { duplicates, ..self.update(path, &leaf.shown) });
            }
        }
        if !delete.is_empty() || !update.is_empty() {
            let delete = delete.iter().map(|path| self.wire(path)).collect();
            self.pack(change.at, &snapshot, delete, update).await?;
        }
        for container in atomic {
            let scope = [container.clone()];
            let view = View::within(&self.device.config, &snapshot, scope, self.device.reading());
            let shown = view.below(&container).filter(|(path, shown)| self.is_about(path, shown));
            let leaves: Leaves =
                shown.map(|(path, shown)| (path.clone(), self.update(path, shown))).collect();
            if leaves.is_empty() {
                self.notify(change.at, vec![self.wire(&container)], Vec::new()).await?;
            } else {
                self.atomic(change.at, &container, leaves).await?;
            }
        }
        if self.commits { self.committed(change.generation).await } else { Ok(()) }
    }

    /// Says that everything has been told, once.
    pub(super) async fn sync(&self) -> Result<(), Gone> {
        if self.device.config.personality.syncs {
            self.send(Some(Answer::SyncResponse(true)), None).await
        } else {
            Ok(())
        }
    }

    async fn committed(&self, generation: u64) -> Result<(), Gone> {
        let done = ConfigSubscriptionSyncDone {
            commit_confirm_id: String::new(),
            server_commit_id: generation.to_string(),
            done: true,
        };
        let action = Some(config_subscription::Action::SyncDone(done));
        let ext = Some(extension::Ext::ConfigSubscription(ConfigSubscription { action }));
        self.send(None, Some(Extension { ext })).await
    }

    /// A change in as many messages as the device's ways make of it.
    async fn pack(
        &self,
        at: i64,
        snapshot: &Snapshot,
        delete: Vec<proto::Path>,
        update: Vec<Update>,
    ) -> Result<(), Gone> {
        match self.packing() {
            Packing::Some => self.notify(at, delete, update).await,
            Packing::Leaf => {
                for path in delete {
                    self.notify(at, vec![path], Vec::new()).await?;
                }
                for update in update {
                    self.notify(at, Vec::new(), vec![update]).await?;
                }
                Ok(())
            }
            Packing::Table => {
                let table = self.leaves(snapshot, |_| true);
                self.notify(at, delete, table.into_values().collect()).await
            }
        }
    }

    fn leaves(&self, snapshot: &Snapshot, of: impl Fn(usize) -> bool) -> Leaves {
        let wanted = self.wanted.iter().enumerate().filter(|(index, _)| of(*index));
        let targets: Vec<&Resolved> = wanted.map(|(_, wanted)| &wanted.target).collect();
        let view = View::of(&self.device.config, snapshot, targets.iter().copied(), self.device.reading());
        view.leaves()
            .filter(|(_, shown)| self.tells(shown))
            .filter(|(path, _)| targets.iter().any(|target| reach(&target.path, path).is_some()))
            .map(|(path, shown)| (path.clone(), self.update(path, shown)))
            .collect()
    }

    /// Whether leaves of this kind are told.
    fn tells(&self, shown: &Shown) -> bool {
        let keys = self.device.config.personality.streams_key_leaves;
        if self.commits { shown.parts.config && !shown.key } else { keys || !shown.key }
    }

    fn is_about(&self, path: &Path, shown: &Shown) -> bool {
        self.tells(shown) && self.reach(path).is_some()
    }

    /// At which step of a path the subscription begins to be about its changes.
    fn reach(&self, path: &Path) -> Option<usize> {
        let told = self.wanted.iter().filter(|wanted| wanted.changes);
        told.filter_map(|wanted| reach(&wanted.target.path, path)).min()
    }

    /// The highest node at or above a leaf that is gone with it, and within the subscription.
    fn branch(&self, gone: &Path, snapshot: &Snapshot) -> Path {
        let from = self.reach(gone).unwrap_or_default().max(1);
        if !self.device.config.personality.branch_deletes {
            return gone.clone();
        }
        let above = (from..gone.elems().len()).rev().map(|steps| gone.prefix(steps));
        let empty = above.take_while(|above| !anything_below(&self.device.config, snapshot, above));
        empty.last().unwrap_or_else(|| gone.clone())
    }

    /// The container above a leaf that is told as a whole.
    fn atomic_above(&self, path: &Path) -> Option<Path> {
        let atomic = &self.device.config.personality.atomic;
        let steps = atomic.iter().filter_map(|pattern| reach(pattern, path)).min()?;
        (steps < path.elems().len()).then(|| path.prefix(steps))
    }

    /// Leaves that are told as they are, and those that are told with their container.
    fn apart(&self, leaves: Leaves) -> (Leaves, BTreeMap<Path, Leaves>) {
        let (mut single, mut atomic) = (Leaves::new(), BTreeMap::<Path, Leaves>::new());
        for (path, update) in leaves {
            match self.atomic_above(&path) {
                Some(container) => drop(atomic.entry(container).or_default().insert(path, update)),
                None => drop(single.insert(path, update)),
            }
        }
        (single, atomic)
    }

    fn update(&self, path: &Path, shown: &Shown) -> Update {
        let json: Json = leaf_json(shown, self.encoding);
        Update { path: Some(self.wire(path)), val: Some(typed(&json, self.encoding)), ..Update::default() }
    }

    fn wire(&self, path: &Path) -> proto::Path {
        let origin = self.wanted.first().map_or("", |wanted| &wanted.target.origin);
        to_wire(self.device.schema(), path, origin)
    }

    fn packing(&self) -> Packing {
        self.device.config.personality.packing
    }

    /// All that is left in a container: its path is the prefix.
    async fn atomic(&self, at: i64, container: &Path, leaves: Leaves) -> Result<(), Gone> {
        let mut prefix = self.wire(container);
        let steps = prefix.elem.len();
        prefix.target = self.prefix.as_ref().map(|prefix| prefix.target.clone()).unwrap_or_default();
        let update = leaves.into_values().map(|mut update| {
            if let Some(path) = &mut update.path {
                path.elem.drain(..steps.min(path.elem.len()));
                path.origin.clear();
            }
            update
        });
        let update = update.collect();
        let timestamp = self.timestamp(at);
        let notification =
            Notification { timestamp, prefix: Some(prefix), update, atomic: true, ..Notification::default() };
        self.send(Some(Answer::Update(notification)), None).await
    }

    async fn notify(&self, at: i64, delete: Vec<proto::Path>, update: Vec<Update>) -> Result<(), Gone> {
        let (timestamp, prefix) = (self.timestamp(at), self.prefix.clone());
        let notification = Notification { timestamp, prefix, update, delete, ..Notification::default() };
        self.send(Some(Answer::Update(notification)), None).await
    }

    fn timestamp(&self, at: i64) -> i64 {
        match self.device.config.personality.timestamps {
            Timestamps::Nanoseconds => at,
            Timestamps::Seconds => at / 1_000_000_000,
            Timestamps::None => 0,
        }
    }

    async fn send(&self, response: Option<Answer>, extension: Option<Extension>) -> Result<(), Gone> {
        let response = SubscribeResponse { response, extension: extension.into_iter().collect() };
        self.answers.send(Ok(response)).await.map_err(|_| Gone)
    }
}
