//! The loop: look at the branch, pass, wait for whatever comes first.
//!
//! Polls, pushes to a local repository, webhooks of a forge, timers and devices that may be back only wake;
//! none carries data (promise 1). Elsewhere: what a pass does (`pass`).

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::served::Served;
use super::watches::Watches;
use super::{Agent, Asked, StoreHandle};
use crate::git::{poll, watch::Watch};
use crate::record::{DeviceEntry, FabricEntry, Standing, Store};

/// How soon a device that is out of reach is tried again at first; doubles up to the poll
/// interval. A second: a supervisor's agent restarts in seconds.
const RETRY: Duration = Duration::from_secs(1);

/// How far an interval may be off, so that many agents do not poll at once.
const JITTER: f64 = 0.1;

/// What the agent last saw and wrote; `None` fields before the first commit was read.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The fabric's row of the record.
    pub fabric: Option<FabricEntry>,
    /// The devices' rows.
    pub devices: Vec<DeviceEntry>,
    /// How many turns of the loop have ended.
    pub turns: u64,
    /// Whether another turn is under way, of which the rows have some things and lack others.
    pub under_way: bool,
    /// Why the last turn could not be finished, if it could not.
    pub trouble: Option<String>,
}

impl Agent {
    /// Runs until `stop` is cancelled. A Set that is under way is finished and recorded
    /// first, and NetBox has a short time to be told of it. `reports` always holds the newest report.
    pub async fn run(mut self, reports: watch::Sender<Report>) -> anyhow::Result<()> {
        let (wake, forge_woke) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut served = self.serve(vec![Arc::clone(&wake), Arc::clone(&forge_woke)]).await;
        let reviews = self.start_reviews(reports.subscribe(), forge_woke, served.pages.clone());
        self.forget_watches().await;
        let bell = self.alerts.bell();
        self.watches = Watches::start(&self.config, self.store_handle(), Arc::clone(&wake), bell);
        self.start_alerts().await;
        let ended = self.follow(&reports, &wake, &mut served).await;
        self.watches.finish().await;
        self.finish_telling().await;
        self.finish_alerts().await;
        if let Some(reviews) = reviews {
            reviews.finish().await;
        }
        ended
    }

    async fn follow(
        &mut self,
        reports: &watch::Sender<Report>,
        wake: &Arc<Notify>,
        served: &mut Served,
    ) -> anyhow::Result<()> {
        let _watch = self.watch(wake);
        self.resume().await?;
        self.renew_watches().await;
        let mut read_back_at = Instant::now() + self.config.full_read_back;
        let (mut failures, mut retries) = (0_u32, 0_u32);
        // when the branch is looked at, however often something is put back meanwhile
        let mut look_at = Instant::now();
        let (mut asked, mut looks) = (Asked::default(), true);
        loop {
            let wanted = std::mem::take(&mut asked);
            let (store, watches) = (self.reading.clone(), self.watches.clone());
            let turn = Box::pin(self.turn(wanted.clone(), looks));
            let turn = publishing_meanwhile(turn, &store, &watches, reports, served).await;
            self.renew_watches().await;
            // a record that cannot be read now is a trouble of this turn, like any other
            let waiting = self.report(reports, turn.as_ref().err()).await.unwrap_or_else(|error| {
                tracing::error!("{error:#}");
                true
            });
            let report = reports.borrow().clone();
            self.tell_netbox(&report).await;
            self.tell_people().await;
            served.publish_stands(&self.reading).await;
            if let Err(error) = &turn {
                tracing::error!("{error:#}");
                asked = wanted;
            }
            failures = if turn.is_err() { failures.saturating_add(1) } else { 0 };
            // devices that have to be tried again were, unless the turn was for others alone
            retries = if waiting { retries.saturating_add(u32::from(looks)) } else { 0 };
            if self.stop.is_cancelled() {
                return Ok(());
            }
            let next = Instant::now() + self.pause(failures, waiting.then_some(retries));
            look_at = if looks { next } else { look_at.min(next) };
            // a pass that fails forgets no hold that has ended
            let least = if turn.is_err() { self.pause(failures, None) } else { Duration::ZERO };
            let mut next = self.or_hold_ends(look_at, least).await;
            loop {
                looks = true;
                tokio::select! {
                    () = self.stop.cancelled() => return Ok(()),
                    () = wake.notified() => {}
                    () = self.watches.drifted() => {
                        asked.suspects.extend(self.watches.to_correct());
                        looks = false;
                    }
                    () = self.watches.moved() => {
                        self.report_between(reports, served).await;
                        // it may be a change that is held: it is put back when that ends
                        next = self.or_hold_ends(look_at, least).await;
                        continue;
                    }
                    () = tokio::time::sleep_until(next) => {}
                    () = tokio::time::sleep_until(read_back_at) => {
                        asked.read_back = true;
                        read_back_at = Instant::now() + self.config.full_read_back;
                    }
                }
                break;
            }
        }
    }

    /// One turn from here: what `gitfabric apply` does. A person asks for it, so devices
    /// that diverged are tried again.
    pub async fn once(&mut self) -> anyhow::Result<Report> {
        self.forget_watches().await;
        self.start_alerts().await;
        self.resume().await?;
        self.turn(Asked { by_person: true, read_back: true, ..Asked::default() }, true).await?;
        let (sender, receiver) = watch::channel(Report::default());
        self.report(&sender, None).await?;
        let report = receiver.borrow().clone();
        self.tell_netbox(&report).await;
        self.tell_people().await;
        self.finish_telling().await;
        self.finish_alerts().await;
        Ok(report)
    }

    /// Looks at the branch and passes. A branch that cannot be fetched does not keep the
    /// devices that are behind from catching up. Drift is put back to the last good commit: a turn
    /// for that alone does not look, since it waits for no fetch, and for no device that is away.
    async fn turn(&mut self, asked: Asked, looks: bool) -> anyhow::Result<()> {
        if !looks {
            let alone = !asked.read_back && !asked.by_person;
            let asked = Asked { alone, ..asked };
            return self.pass("devices were changed behind our back", asked).await.map(|_| ());
        }
        let looked = self.look().await;
        let why = match (&looked, &asked) {
            (Ok(true), _) => "the head moved",
            (_, Asked { by_person: true, .. }) => "a person asked",
            (_, Asked { read_back: true, .. }) => "the slow read-back of everything is due",
            _ => "a device is behind",
        };
        self.pass(why, asked).await?;
        looked.map(|_| ())
    }

    /// Publishes what is on record. Says whether a device has to be tried again soon.
    async fn report(
        &self,
        reports: &watch::Sender<Report>,
        trouble: Option<&anyhow::Error>,
    ) -> anyhow::Result<bool> {
        let (fabric, devices) = on_record(&self.reading).await?;
        let again = [Standing::Unreachable, Standing::Waiting, Standing::Behind];
        let observes = self.config.mode == super::config::Mode::Observe;
        let waiting = !observes && devices.iter().any(|device| again.contains(&device.standing));
        reports.send_modify(|report| {
            let turns = report.turns + 1;
            let trouble = trouble.map(|error| format!("{error:#}"));
            *report = Report { fabric, devices, turns, under_way: false, trouble };
        });
        Ok(waiting)
    }

    /// Publishes what watchers wrote down since the last turn.
    async fn report_between(&mut self, reports: &watch::Sender<Report>, served: &mut Served) {
        publish(&self.reading, false, reports, served).await;
        let report = reports.borrow().clone();
        self.tell_netbox(&report).await;
    }

    /// The time of the next turn: this one, or the end of a hold before it. For those that have
    /// ended already it waits so long, at least.
    async fn or_hold_ends(&self, at: Instant, least: Duration) -> Instant {
        let end = self.hold_ends_in(least).await;
        end.map_or(at, |end| at.min(Instant::now() + end))
    }

    /// How long to wait for the next turn if nothing wakes the agent.
    fn pause(&self, failures: u32, retries: Option<u32>) -> Duration {
        let (poll, random) = (self.config.repository.poll, poll::random());
        let retry = retries
            .map(|retries| poll::backoff(RETRY.min(poll), poll, retries.saturating_sub(1), JITTER, random));
        let next = match failures {
            0 => poll::interval(poll, JITTER, random),
            failures => poll::backoff(poll, poll * 10, failures - 1, JITTER, random),
        };
        retry.map_or(next, |retry| retry.min(next))
    }

    /// A local repository tells of pushes by itself; without the watch the poll finds them.
    fn watch(&self, wake: &Arc<Notify>) -> Option<Watch> {
        let folder = self.mirror.remote().local_path()?;
        let wake = Arc::clone(wake);
        match Watch::start(&folder, move || wake.notify_one()) {
            Ok(watch) => Some(watch),
            Err(error) => {
                tracing::warn!(%error, "pushes are found by polling only");
                None
            }
        }
    }
}

/// Ends a turn. It may wait for devices for minutes: what watchers write down meanwhile is
/// published at once.
async fn publishing_meanwhile<T>(
    turn: impl Future<Output = T>,
    store: &StoreHandle,
    watches: &Watches,
    reports: &watch::Sender<Report>,
    served: &mut Served,
) -> T {
    let mut turn = pin!(turn);
    loop {
        tokio::select! {
            done = &mut turn => return done,
            () = watches.moved() => publish(store, true, reports, served).await,
        }
    }
}

/// Publishes how the devices stand by the record.
async fn publish(store: &StoreHandle, under_way: bool, reports: &watch::Sender<Report>, served: &mut Served) {
    match on_record(store).await {
        Ok((fabric, devices)) => reports.send_modify(|report| {
            (report.fabric, report.devices, report.under_way) = (fabric, devices, under_way);
        }),
        Err(error) => tracing::error!("{error:#}"),
    }
    served.publish_stands(store).await;
}

async fn on_record(store: &StoreHandle) -> anyhow::Result<(Option<FabricEntry>, Vec<DeviceEntry>)> {
    let read = |store: &mut Store| {
        // The record of one agent has one fabric, and before its first good commit
        // perhaps a nameless one.
        let fabric = store.fabrics()?.into_iter().max_by_key(|fabric| fabric.good.is_some());
        let devices = fabric.as_ref().map_or(Ok(Vec::new()), |fabric| store.devices(&fabric.fabric))?;
        Ok((fabric, devices))
    };
    store.with(read).await
}
