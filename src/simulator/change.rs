//! What a change is to those who subscribed.
//!
//! Here: [`Change`] (the leaves that are seen otherwise than before, found at a cost of what
//! changed and not of what there is), [`Followers`] (who hears of it). Elsewhere: what a
//! device shows (`view`), the messages made of it (`subscribe`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::device::{Device, Snapshot};
use super::view::{Shown, View, changed_at, scope_of_leaf};
use crate::yang::diff::{Difference, diff};
use crate::yang::{Path, Tree};

/// A leaf that changed.
#[derive(Clone, Debug)]
pub(super) struct ChangedLeaf {
    /// What is seen of it now, or was last.
    pub(super) shown: Shown,
    pub(super) gone: bool,
    /// How many changes this stands for.
    pub(super) times: u32,
}

/// One change, or several in a row that became one.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    /// The snapshot after it.
    pub(super) generation: u64,
    /// When it was, by the device's clock.
    pub(super) at: i64,
    pub(super) leaves: BTreeMap<Path, ChangedLeaf>,
}

/// What was seen before a change, where it will be.
pub(super) struct Before {
    scopes: BTreeSet<Path>,
    reading: u64,
    seen: BTreeMap<Path, Shown>,
}

impl Change {
    /// What is seen otherwise between two snapshots.
    pub(super) fn between(device: &Device, before: &Snapshot, after: &Snapshot) -> Self {
        let mut scopes = BTreeSet::new();
        for difference in diff(&before.config, &after.config) {
            let path = difference.path();
            let appeared_in = match difference {
                Difference::Added { .. } => Some(&before.config),
                Difference::Removed { .. } => Some(&after.config),
                Difference::Changed { .. } => None,
            };
            let entry = appeared_in.and_then(|tree| outermost_missing(tree, path));
            scopes.insert(entry.unwrap_or_else(|| scope_of_leaf(device.schema(), path)));
        }
        let foreign = before.foreign.keys().chain(after.foreign.keys());
        scopes.extend(foreign.filter(|path| before.foreign.get(*path) != after.foreign.get(*path)).cloned());
        Before::new(device, before, scopes).end(device, after)
    }

    /// Notes what is seen where some leaves will be written that are there already.
    pub(super) fn begin(device: &Device, before: &Snapshot, leaves: &[Path]) -> Before {
        Before::new(device, before, leaves.iter().map(|leaf| scope_of_leaf(device.schema(), leaf)).collect())
    }

    /// Takes over a later change.
    pub(super) fn add(&mut self, later: &Self) {
        self.generation = later.generation;
        self.at = later.at;
        for (path, leaf) in &later.leaves {
            let times = self.leaves.get(path).map_or(0, |earlier| earlier.times);
            let leaf = ChangedLeaf { times: times.saturating_add(leaf.times), ..leaf.clone() };
            self.leaves.insert(path.clone(), leaf);
        }
    }
}

/// The outermost list entry on the way to a path of which a tree has nothing.
fn outermost_missing(tree: &Tree, path: &Path) -> Option<Path> {
    path.entries().find(|entry| !tree.contains_below(entry))
}

impl Before {
    fn new(device: &Device, snapshot: &Snapshot, scopes: BTreeSet<Path>) -> Self {
        let reading = device.reading();
        let seen = seen(device, snapshot, &scopes, reading);
        Self { scopes, reading, seen }
    }

    /// The change, now that it is done.
    pub(super) fn end(mut self, device: &Device, after: &Snapshot) -> Change {
        let mut leaves = BTreeMap::new();
        for (path, shown) in seen(device, after, &self.scopes, self.reading) {
            if self.seen.remove(&path).as_ref() != Some(&shown) {
                leaves.insert(path, ChangedLeaf { shown, gone: false, times: 1 });
            }
        }
        let gone = self.seen.into_iter();
        let gone = gone.map(|(path, shown)| (path, ChangedLeaf { shown, gone: true, times: 1 }));
        leaves.extend(gone);
        let time = changed_at(&device.config, after);
        leaves.extend(time.map(|(path, shown)| (path, ChangedLeaf { shown, gone: false, times: 1 })));
        Change { generation: after.generation, at: after.changed_at, leaves }
    }
}

/// What is seen at or below some places. The key leaves above them are left out: they are
/// known, or stand in a place of their own.
fn seen(
    device: &Device,
    snapshot: &Snapshot,
    scopes: &BTreeSet<Path>,
    reading: u64,
) -> BTreeMap<Path, Shown> {
    let mut leaves = View::within(&device.config, snapshot, scopes.iter().cloned(), reading).into_leaves();
    leaves.retain(|path, _| scopes.iter().any(|scope| path.starts_with(scope)));
    leaves
}

/// Who hears of each change.
#[derive(Debug, Default)]
pub(super) struct Followers(Vec<mpsc::UnboundedSender<Arc<Change>>>);

impl Followers {
    pub(super) fn add(&mut self) -> mpsc::UnboundedReceiver<Arc<Change>> {
        self.0.retain(|follower| !follower.is_closed());
        let (follower, changes) = mpsc::unbounded_channel();
        self.0.push(follower);
        changes
    }

    pub(super) fn any(&self) -> bool {
        self.0.iter().any(|follower| !follower.is_closed())
    }

    pub(super) fn tell(&mut self, change: Change) {
        let change = Arc::new(change);
        self.0.retain(|follower| follower.send(Arc::clone(&change)).is_ok());
    }
}
