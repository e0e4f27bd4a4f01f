//! What watchers tell, into the record: at once, whatever the loop is doing.
//!
//! A verdict that is held against what counts no more is dropped: a pass has the device in hand,
//! or has just left it, and its watcher looks again. What the record cannot take for now, as where
//! its disk is full, is not forgotten. Elsewhere: words (`words`), bringing them to people (`alerts`),
//! correcting (`pass`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::super::alerts::Bell;
use super::super::drifted::Judge;
use super::words::{About, news, origins, rows};
use super::{AGAIN, Shared, StoreHandle};
use crate::compile::DriftRules;
use crate::drift::{Looked, Told, Verdict, What, caught};
use crate::names::{DeviceName, FabricName};
use crate::record::{DriftKind, DriftNews, DriftedLeaf, RecordError, Standing, Store, WatchState};
use crate::yang::Path;

/// How devices are watched of which the record does not say so yet: it could not be written.
type Left = BTreeMap<DeviceName, (WatchState, Option<String>)>;

/// Writes down what watchers tell.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) store: StoreHandle,
    /// Rung when a device is back that the record has as lost or behind.
    pub(super) wake: Arc<Notify>,
    /// Rung when there is something to tell people.
    pub(super) bell: Bell,
    /// Whether anything may be put back.
    pub(super) corrects: bool,
}

/// What came of writing down a verdict.
#[derive(Debug, Default)]
struct Written {
    /// Whether the record says something else than before.
    news: bool,
    /// Whether there is something to put back that was not there before.
    to_correct: bool,
}

impl Writer {
    /// Writes until nobody tells any more.
    pub(super) async fn run(self, mut hears: mpsc::Receiver<Told>) {
        let mut left = Left::new();
        let mut again = Instant::now();
        loop {
            tokio::select! {
                told = hears.recv() => match told {
                    Some(Told { device, what }) => self.write(device, what, &mut left).await,
                    None => return,
                },
                () = tokio::time::sleep_until(again), if !left.is_empty() => {
                    again = Instant::now() + AGAIN;
                    for (device, (state, detail)) in std::mem::take(&mut left) {
                        if self.shared.devices().contains_key(&device) {
                            self.write(device, What::State(state, detail), &mut left).await;
                        }
                    }
                }
            }
        }
    }

    /// Writes down one thing. If that cannot be done the next may be, and this one later: its
    /// watcher believes that it was told, and says it no more.
    async fn write(&self, device: DeviceName, what: What, left: &mut Left) {
        let state = match &what {
            What::State(state, detail) => Some((*state, detail.clone())),
            What::Verdict(_) => None,
        };
        let written = async {
            match what {
                What::State(state, detail) => self.state(&device, state, detail).await,
                What::Verdict(verdict) => self.verdict(&device, verdict).await,
            }
        };
        let done = caught(written).await.unwrap_or_else(|panic| Err(anyhow::anyhow!(panic)));
        if state.is_some() {
            left.remove(&device);
        }
        let Err(error) = done else { return };
        tracing::error!(%device, "what was seen of it is not on record yet: {error:#}");
        match state {
            Some(state) => drop(left.insert(device, state)),
            None => self.look_again(device),
        }
    }

    /// Has a device looked at once more, in a while: held against its standard anew, its watcher
    /// looks again at whatever is not on record.
    fn look_again(&self, device: DeviceName) {
        let (shared, wake) = (Arc::clone(&self.shared), Arc::clone(&self.wake));
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            if let Some(watched) = shared.devices().get_mut(&device) {
                watched.basis = None;
            }
            wake.notify_one();
        });
    }

    async fn state(
        &self,
        device: &DeviceName,
        state: WatchState,
        detail: Option<String>,
    ) -> anyhow::Result<()> {
        let Some(target) = self.shared.target().clone() else { return Ok(()) };
        match (state, &detail) {
            (WatchState::Watching, None) => tracing::debug!(%device, "watching"),
            (state, detail) => {
                let detail = detail.as_deref().unwrap_or_default();
                tracing::info!(%device, detail, "{}", state.as_str());
            }
        }
        let (fabric, name) = (target.name().clone(), device.clone());
        let entry = self
            .store
            .with(move |store| {
                store.set_watch(&fabric, &name, state, detail.as_deref(), Timestamp::now())?;
                store.device(&fabric, &name)
            })
            .await?;
        let again = [Standing::Unreachable, Standing::Waiting, Standing::Behind];
        if state != WatchState::Away && entry.is_some_and(|entry| again.contains(&entry.standing)) {
            self.wake.notify_one();
        }
        self.shared.moved.notify_one();
        Ok(())
    }

    async fn verdict(&self, device: &DeviceName, verdict: Verdict) -> anyhow::Result<()> {
        let (shared, name, corrects) = (Arc::clone(&self.shared), device.clone(), self.corrects);
        let (began, on_record) = (verdict.began, Arc::clone(&verdict.written));
        let written = self
            .store
            .with(move |store| {
                // asked under the record's lock: a pass that began since writes after us, and a
                // commit that counts since is judged by after us
                if !shared.counts(&name, &verdict.against) {
                    return Ok(Written::default());
                }
                let Some(target) = shared.target().clone() else { return Ok(Written::default()) };
                let about = About {
                    device: &name,
                    commit: &target.commit,
                    rules: &DriftRules::of(&target.fabric, &name),
                    desired: &verdict.against.tree,
                    said: &verdict.said,
                    now: Timestamp::now(),
                };
                let written = write(store, target.name(), &about, &verdict, corrects)?;
                on_record.store(true, Ordering::Release);
                Ok(written)
            })
            .await?;
        if written.news {
            tracing::info!(%device, after = ?began.elapsed(), "what differs on it is another");
            self.shared.moved.notify_one();
            self.bell.ring();
        }
        if written.to_correct {
            self.shared.put_back([device.clone()]);
        }
        Ok(())
    }
}

fn write(
    store: &mut Store,
    fabric: &FabricName,
    about: &About<'_>,
    verdict: &Verdict,
    corrects: bool,
) -> Result<Written, RecordError> {
    let places = match &verdict.looked {
        Looked::All => None,
        Looked::Below(places) => Some(places.as_slice()),
    };
    let mut told = false;
    let tell = |changed: &DriftNews| {
        let news = news(about, changed, &origins(&verdict.found));
        told = !news.is_empty();
        news
    };
    let changed = store.set_drift(fabric, about.device, places, &rows(&verdict.found), about.now, tell)?;
    let known: Vec<DriftedLeaf> =
        store.drift_of(fabric, about.device)?.into_iter().map(|(leaf, _)| leaf).collect();
    let found = verdict.found.iter().map(|found| (found.kind, &found.path));
    let correctable = stand(store, fabric, about, &known, found, corrects)?;
    // what is known already was dealt with, unless the whole was looked at: then once more
    let again = !changed.found.is_empty() || verdict.looked == Looked::All;
    Ok(Written { news: told || !changed.is_empty(), to_correct: correctable && again })
}

/// Writes how a device stands, by all that differs on it. Says whether any of `found` is put back.
pub(super) fn stand<'p>(
    store: &mut Store,
    fabric: &FabricName,
    about: &About<'_>,
    known: &[DriftedLeaf],
    mut found: impl Iterator<Item = (DriftKind, &'p Path)>,
    corrects: bool,
) -> Result<bool, RecordError> {
    let given_up = store.given_up(fabric)?.remove(about.device);
    let judge = Judge {
        device: about.device,
        rules: about.rules,
        holds: &store.holds(fabric, about.now)?,
        given_up: given_up.as_ref().map(|given_up| &*given_up.reason),
        observes: !corrects,
    };
    store.set_drifted(fabric, about.device, judge.reason(known).as_deref(), about.now)?;
    Ok(found.any(|(kind, path)| judge.puts_back(kind, path)))
}
