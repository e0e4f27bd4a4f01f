//! Telling people: never needed, never waited for, and never forgotten.
//!
//! After each turn of the loop `notice` writes what became news into the record; a thread
//! notices in between which devices are lost and back. For each receiver a thread of its own
//! with its own connection to the record (`courier`) takes what it wants from there and brings
//! it, rung by a `bell` or by itself every second. A receiver that is slow, away or refuses is a
//! row in the record and a line in the log. Elsewhere: drift as news (`watches`, `pass`), the
//! words (`alerts`), the rows (`record`).

mod bell;
mod courier;
mod letters;
mod notice;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub(super) use self::bell::Bell;
use self::courier::Courier;
use self::notice::Losing;
use super::Agent;
use super::config::Receiver;
use crate::drift::caught_at_once;
use crate::intent::Fabric;
use crate::names::{DeviceName, FabricName, RoleName};
use crate::record::{RecordError, Store};

/// How long the agent waits at its end for what is not told yet.
const SHORT: Duration = Duration::from_secs(3);
/// How often old news are removed.
const PRUNE: Duration = Duration::from_hours(1);
/// How often it is looked which devices are lost or back.
const LOOK: Duration = Duration::from_secs(1);

/// The role of each device, once a commit was read.
type Roles = Arc<RwLock<Option<BTreeMap<DeviceName, RoleName>>>>;

/// The agent's side of it.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    bell: Bell,
    roles: Roles,
    threads: Vec<JoinHandle<()>>,
    pruned: Option<Instant>,
    /// When this run began.
    began: Option<Timestamp>,
}

impl Alerts {
    /// Who writes news rings it, so that they are told without delay.
    pub(super) fn bell(&self) -> Bell {
        self.bell.clone()
    }
}

impl Drop for Alerts {
    fn drop(&mut self) {
        self.bell.close(Duration::ZERO);
    }
}

impl Agent {
    /// Starts telling those that the configuration names. What cannot be started is told in the
    /// log: the network follows Git all the same.
    pub(super) async fn start_alerts(&mut self) {
        self.alerts.began = Some(Timestamp::now());
        let receivers = self.config.alerts.clone().map_or_else(Vec::new, |alerts| alerts.receivers);
        let names: Vec<String> = receivers.iter().map(|receiver| receiver.name.clone()).collect();
        let started = self.with_store(move |store| {
            store.keep_receivers(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
            notice::begin(store, Timestamp::now())
        });
        let started = started.await.and_then(|()| self.start_threads(receivers));
        if let Err(error) = started {
            tracing::error!("nobody is told what happens: {error:#}");
        }
    }

    /// Says in the log which receivers are for devices or roles that the intent lacks: nobody
    /// would miss what they are not told.
    pub(super) fn warn_of_receivers(&self, fabric: &Fabric) {
        for receiver in self.config.alerts.iter().flat_map(|alerts| &alerts.receivers) {
            for unknown in receiver.unknown(fabric) {
                tracing::warn!(receiver = receiver.name, "alerts.receivers: devices: {unknown}");
            }
        }
    }

    fn start_threads(&mut self, receivers: Vec<Receiver>) -> anyhow::Result<()> {
        if receivers.is_empty() {
            return Ok(());
        }
        let (config, bell) = (Arc::clone(&self.config), self.alerts.bell());
        let start =
            |name: String, work: Box<dyn FnOnce() + Send>| std::thread::Builder::new().name(name).spawn(work);
        let store = Store::open(&config.record())?;
        let watch = Box::new({
            let (losing, bell) = (self.losing(), bell.clone());
            move || watch_devices(losing, store, &bell)
        });
        self.alerts.threads.push(start("alerts".to_owned(), watch)?);
        for receiver in receivers {
            let name = format!("alerts-{}", receiver.name);
            let store = Store::open(&config.record())?;
            let secrets = Arc::clone(&self.secret_values);
            let courier =
                Courier::new(receiver, secrets, store, bell.clone(), Arc::clone(&self.alerts.roles));
            self.alerts.threads.push(start(name, Box::new(move || courier.run()))?);
        }
        Ok(())
    }

    fn losing(&self) -> Losing {
        Losing {
            after: self.config.alerts.as_ref().map_or(notice::LOST_AFTER, |alerts| alerts.lost_after),
            began: self.alerts.began.unwrap_or(Timestamp::MIN),
            is_watched: self.watches.is_at_work(),
        }
    }

    /// Makes news of what the turn brought.
    pub(super) async fn tell_people(&mut self) {
        let now = Timestamp::now();
        let target = self.target.clone();
        let subject = target.as_ref().and_then(|target| self.subject_of(&target.commit));
        if let Some(target) = &target {
            let devices = target.fabric.devices.iter();
            let roles = devices.map(|(name, device)| (name.clone(), device.role.value.clone())).collect();
            *self.alerts.roles.write().unwrap_or_else(PoisonError::into_inner) = Some(roles);
        }
        let losing = self.losing();
        let prunes = self.alerts.pruned.is_none_or(|at| at.elapsed() >= PRUNE);
        let told = self.with_store(move |store| {
            if prunes {
                store.prune_news(now)?;
            }
            if let Some(target) = &target {
                let asked = target.devices.iter().filter(|(name, _)| target.in_service(name));
                let in_service = asked.map(|(name, build)| (name, &*build.hash)).collect();
                notice::applied(store, target.name(), (&target.commit, subject), &in_service, now)?;
            }
            for fabric in store.fabrics()? {
                notice::head(store, &fabric, now)?;
                notice::devices(store, &fabric.fabric, now, losing)?;
            }
            Ok(())
        });
        match told.await {
            Ok(()) if prunes => self.alerts.pruned = Some(Instant::now()),
            Ok(()) => {}
            Err(error) => tracing::warn!("what happened is no news yet, and later again: {error:#}"),
        }
        self.alerts.bell.ring();
    }

    /// `subject, by author` of a commit, as far as the mirror has it.
    fn subject_of(&self, commit: &crate::names::CommitId) -> Option<String> {
        let commit = self.mirror.repository().ok()?.commit(commit).ok()?;
        Some(format!("{}, by {}", commit.message.subject, commit.author))
    }

    /// Gives what is not told yet a short time.
    pub(super) async fn finish_alerts(&mut self) {
        self.alerts.bell.close(SHORT);
        let threads = std::mem::take(&mut self.alerts.threads);
        let ended = tokio::task::spawn_blocking(move || {
            let until = Instant::now() + SHORT;
            while Instant::now() < until && threads.iter().any(|thread| !thread.is_finished()) {
                std::thread::sleep(Duration::from_millis(5));
            }
            threads.iter().all(JoinHandle::is_finished)
        });
        if !ended.await.unwrap_or(true) {
            tracing::warn!("not everybody was told everything; the next agent goes on with it");
        }
    }
}

/// Notices which devices are lost and back while the loop waits or is in a pass.
fn watch_devices(losing: Losing, mut store: Store, bell: &Bell) {
    let (mut heard, mut failure) = (0, None);
    while !bell.is_closed() {
        let noticed = survived(|| notice_devices(&mut store, losing));
        if matches!(noticed, Ok(true)) {
            bell.ring();
        }
        report(&mut failure, noticed.err(), "which devices answer is not told");
        bell.wait(&mut heard, LOOK);
    }
}

fn notice_devices(store: &mut Store, losing: Losing) -> Result<bool, RecordError> {
    let mut is_news = false;
    let fabrics: Vec<FabricName> = store.fabrics()?.into_iter().map(|entry| entry.fabric).collect();
    for fabric in fabrics {
        is_news |= notice::devices(store, &fabric, Timestamp::now(), losing)?;
    }
    Ok(is_news)
}

/// What one step of a thread came to, or in words why to nothing. A panic is not the end of its
/// thread: what waits for one that is silently dead would be kept for ever, and told to nobody.
fn survived<T>(step: impl FnOnce() -> Result<T, RecordError>) -> Result<T, String> {
    let done = caught_at_once(step).map_err(|panic| format!("a fault of ours: {panic}"))?;
    done.map_err(|error| format!("the record: {error}"))
}

/// Logs a failure once, until it is another one or over.
fn report(said: &mut Option<String>, failure: Option<String>, what: &str) {
    if *said == failure {
        return;
    }
    if let Some(why) = &failure {
        tracing::warn!("{what}, and later again: {why}");
    } else {
        tracing::info!("over: {what}");
    }
    *said = failure;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_panics_is_words_and_the_next_one_is_taken() {
        let mut steps = 0;
        let mut step = |panics: bool| {
            survived(|| {
                steps += 1;
                assert!(!panics, "no luck");
                Ok(steps)
            })
        };
        assert_eq!([true, false].map(&mut step), [Err("a fault of ours: no luck".to_owned()), Ok(2)]);
    }
}
