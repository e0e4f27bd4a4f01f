//! One pass: look at what is due, send what may be sent, write down how each device stands.
//!
//! A pass takes no input but the commit that counts: it finds out by itself what is due, so
//! a restart, a push, a timer and a device that came back all take this path. Elsewhere:
//! which commit counts (`head`), what is due (`due`), reading devices (`read`), what becomes
//! of one that was read (`assess`), its Set (`rollout`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;

use super::assess::Next;
use super::due::{Due, Situation};
use super::read::Found;
use super::secrets::remembering;
use super::target::Target;
use super::verdict::Verdict;
use super::{Agent, Asked};
use crate::intent::Topology;
use crate::names::{DeviceName, PassNumber};
use crate::plan::waves;
use crate::record::{DeviceEntry, DeviceEvent, EventKind, Settled, Stance, Standing, Store};
use crate::rollout::{self, Context, Job, Journal, Outcome, Partner};

type Verdicts = BTreeMap<DeviceName, Verdict>;

/// What is to become of the devices that were called.
#[derive(Default)]
struct Sorted {
    verdicts: Verdicts,
    jobs: BTreeMap<DeviceName, Job>,
    /// Why devices are known not to be healthy.
    ill: BTreeMap<DeviceName, String>,
    /// Why nothing of the commit is sent, if so.
    culprit: Option<String>,
}

/// What came of the devices that were looked at.
struct Done {
    verdicts: Verdicts,
    /// Whether a Set was sent to any of them.
    sent: bool,
}

impl Agent {
    /// Brings what is due to the commit that counts. Gives the pass's number, or none if
    /// nothing was to be done.
    pub(super) async fn pass(&mut self, why: &str, asked: Asked) -> anyhow::Result<Option<PassNumber>> {
        let Some(target) = self.target.clone() else { return Ok(None) };
        let entries = self.entries(&target).await?;
        let observed = self.observed_already(&target);
        let orders = self.orders(&target, &asked).await?;
        let mut asked = asked;
        asked.suspects.extend(orders.ended.iter().cloned());
        let situation =
            Situation { target: &target, entries: &entries, asked: &asked, orders: &orders, observed };
        let due = situation.due();
        let partners = situation.partners(&due.read);
        self.watches.busy(due.in_hand());
        let found = self.reader().read(&target.fabric, &target.devices, &due.read, &partners).await?;
        if situation.is_old_news(&due, &found) {
            self.seen(target.name(), &orders).await?;
            return Ok(None);
        }
        let journal = self.begin(&situation, why).await?;
        tracing::info!(
            pass = journal.pass.get(),
            commit = journal.commit.short(),
            why,
            devices = due.read.len(),
            unchanged = due.advance.len(),
            "pass begins"
        );
        let mut verdicts: Verdicts = due
            .rest
            .iter()
            .map(|(name, (standing, why))| (name.clone(), Verdict::at_rest(*standing, why)))
            .collect();
        advance(&journal, &due).await?;
        let done = self.work(&situation, &journal, found).await?;
        verdicts.extend(done.verdicts);
        self.seen(target.name(), &orders).await?;
        if !situation.asked.alone {
            self.observed = Some(target.commit.clone());
        }
        if !done.sent
            && situation.knew(&due, &verdicts)
            && journal.with(|store, journal| store.drop_pass(&journal.fabric, journal.pass)).await?
        {
            return Ok(None);
        }
        finish(&journal, verdicts, target.devices.len()).await?;
        Ok(Some(journal.pass))
    }

    /// Plans every device that was read, sends what may be sent, and says how each stands.
    async fn work(
        &self,
        situation: &Situation<'_>,
        journal: &Journal,
        found: BTreeMap<DeviceName, Found>,
    ) -> anyhow::Result<Done> {
        let context = Context {
            journal: journal.clone(),
            key: self.key.clone(),
            secrets: remembering(Arc::clone(&self.secrets)),
            stop: self.stop.clone(),
            progress: self.progress.clone(),
        };
        let sorted = self.sort(situation, found, &context).await?;
        self.carry_out(situation, sorted, &context).await
    }

    /// What is to become of every device that was called.
    async fn sort(
        &self,
        situation: &Situation<'_>,
        found: BTreeMap<DeviceName, Found>,
        context: &Context,
    ) -> anyhow::Result<Sorted> {
        let diverged = situation.diverged();
        let lost = || {
            situation.lost(&found).map(|name| format!("{name} was sent a Set and has not been reached again"))
        };
        let mut sorted = Sorted {
            ill: diverged.iter().map(|name| (name.clone(), "diverged".to_owned())).collect(),
            culprit: diverged.first().map(|name| format!("{name} diverged")).or_else(lost),
            ..Sorted::default()
        };
        for (name, found) in found {
            match found {
                Found::Answers => {}
                // out of reach it is no less diverged, and holds the rest as before
                Found::Unreachable(_) if diverged.contains(&name) => {}
                Found::Unreachable(why) => {
                    sorted.ill.insert(name.clone(), "is not reachable".to_owned());
                    // of a partner that is not due itself, only its health was asked
                    if !situation.holds(&name) || situation.asked.read_back {
                        let verdict =
                            Verdict::not_current(Standing::Unreachable, EventKind::Unreachable, why);
                        sorted.verdicts.insert(name, verdict);
                    }
                }
                Found::Read(read) => match self.assess(situation, &name, *read, context).await? {
                    Next::Verdict(verdict) if verdict.standing == Standing::Current => {
                        sorted.verdicts.insert(name, verdict);
                    }
                    // reading it again is neither the next commit nor a person's word
                    _ if diverged.contains(&name) => {}
                    Next::Verdict(verdict) => {
                        sorted.verdicts.insert(name, verdict);
                    }
                    Next::Send(job) => {
                        sorted.jobs.insert(name, *job);
                    }
                },
            }
        }
        Ok(sorted)
    }

    /// Sends what may be sent, and says what became of it.
    async fn carry_out(
        &self,
        situation: &Situation<'_>,
        sorted: Sorted,
        context: &Context,
    ) -> anyhow::Result<Done> {
        let Sorted { mut verdicts, jobs, ill, culprit } = sorted;
        // of how many changes, and whether on a device that holds the commit
        let plan = |(name, job): (&DeviceName, &Job)| {
            let settled = job.putting_back.is_some() || situation.holds(name);
            (name.clone(), (job.plan.changes.len(), settled))
        };
        let planned: BTreeMap<DeviceName, (usize, bool)> = jobs.iter().map(plan).collect();
        let (jobs, mut outcomes) = match culprit {
            Some(culprit) => held_up(jobs, &culprit),
            None => (jobs, BTreeMap::new()),
        };
        outcomes.extend(self.roll_out(situation.target, jobs, &ill, context).await?);
        let unsent = |it: &Outcome| matches!(it, Outcome::Waiting(_) | Outcome::Held(_) | Outcome::Stopped);
        let sent = outcomes.values().any(|outcome| !unsent(outcome));
        for (name, outcome) in outcomes {
            let (changes, settled) = planned.get(&name).copied().unwrap_or_default();
            if matches!(outcome, Outcome::NotCorrected(_)) {
                self.watches.try_again(name.clone());
            }
            verdicts.insert(name, Verdict::of(outcome, changes, settled));
        }
        Ok(Done { verdicts, sent })
    }

    async fn roll_out(
        &self,
        target: &Target,
        jobs: BTreeMap<DeviceName, Job>,
        ill: &BTreeMap<DeviceName, String>,
        context: &Context,
    ) -> anyhow::Result<BTreeMap<DeviceName, Outcome>> {
        let changed: BTreeSet<DeviceName> = jobs.keys().cloned().collect();
        let (waves, partners) = {
            let topology = Topology::new(&target.fabric);
            let mut partners = BTreeMap::new();
            for name in &changed {
                partners.insert(name.clone(), self.partners(target, &topology, name, ill)?);
            }
            (waves(&changed, &topology, &target.fabric.design.limits), partners)
        };
        Ok(rollout::run(&waves, jobs, &partners, context).await?)
    }

    fn partners(
        &self,
        target: &Target,
        topology: &Topology<'_>,
        name: &DeviceName,
        ill: &BTreeMap<DeviceName, String>,
    ) -> anyhow::Result<Vec<Partner>> {
        let group = topology.redundancy_group(name);
        let others = group.into_iter().filter(|other| *other != name && target.in_service(other));
        others
            .map(|other| Ok(Partner { device: self.device(target, other)?, ill: ill.get(other).cloned() }))
            .collect()
    }

    async fn entries(&self, target: &Target) -> anyhow::Result<BTreeMap<DeviceName, DeviceEntry>> {
        let fabric = target.name().clone();
        let entries = self.with_store(move |store| store.devices(&fabric)).await?;
        Ok(entries.into_iter().map(|entry| (entry.device.clone(), entry)).collect())
    }

    async fn begin(&self, situation: &Situation<'_>, why: &str) -> anyhow::Result<Journal> {
        let (target, why) = (situation.target, why.to_owned());
        let (fabric, commit) = (target.name().clone(), target.commit.clone());
        let unknown = target.devices.keys().filter(|name| !situation.entries.contains_key(*name));
        let unknown: Vec<DeviceName> = unknown.cloned().collect();
        let begin =
            move |store: &mut Store| store.begin_pass(&fabric, &commit, &why, &unknown, Timestamp::now());
        let pass = self.with_store(begin).await?;
        Ok(Journal::new(Arc::clone(&self.store), target.name().clone(), target.commit.clone(), pass))
    }
}

/// Nothing of the commit is sent while a device is diverged at it, or a Set may have cut one off.
/// What only puts something back, on a device that holds the commit, is sent all the same: gives
/// that, and the others.
fn held_up(
    jobs: BTreeMap<DeviceName, Job>,
    culprit: &str,
) -> (BTreeMap<DeviceName, Job>, BTreeMap<DeviceName, Outcome>) {
    let why = format!("held since {culprit}; the next commit goes on, or `gitfabric apply`");
    let (corrections, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        jobs.into_iter().partition(|(_, job)| job.putting_back.is_some());
    (corrections, others.into_keys().map(|name| (name, Outcome::Waiting(why.clone()))).collect())
}

/// Writes the SHA of devices that the commit does not concern, and forgets those that left.
pub(super) async fn advance(journal: &Journal, due: &Due) -> anyhow::Result<()> {
    let (gone, equal) = (due.gone.clone(), due.advance.clone());
    journal
        .with(move |store, journal| {
            let now = Timestamp::now();
            gone.iter().try_for_each(|device| store.forget(&journal.fabric, device, &journal.commit, now))?;
            store.advance(&journal.fabric, &equal, &journal.commit, journal.pass, now)
        })
        .await?;
    Ok(())
}

/// Writes how every device stands, what was done, and the end of the pass.
async fn finish(journal: &Journal, verdicts: Verdicts, total: usize) -> anyhow::Result<()> {
    for (device, verdict) in &verdicts {
        let reason = verdict.reason.as_deref().unwrap_or_default();
        match verdict.standing {
            Standing::Current => tracing::debug!(%device, "current"),
            Standing::Diverged => tracing::error!(%device, reason, "diverged"),
            standing => tracing::warn!(%device, reason, "{}", standing.as_str()),
        }
    }
    let summary = journal
        .with(move |store, journal| {
            let now = Timestamp::now();
            let settled: Vec<Settled<'_>> =
                verdicts.iter().map(|(device, verdict)| settled(journal, device, verdict, now)).collect();
            store.settle(&journal.fabric, &settled)?;
            let summary = summary(&store.devices(&journal.fabric)?, total);
            store.end_pass(&journal.fabric, journal.pass, &summary, now)?;
            Ok(summary)
        })
        .await
        .context("the pass's outcome cannot be recorded")?;
    tracing::info!(pass = journal.pass.get(), "{summary}");
    Ok(())
}

fn settled<'a>(
    journal: &'a Journal,
    device: &DeviceName,
    verdict: &'a Verdict,
    now: Timestamp,
) -> Settled<'a> {
    let stance = Stance {
        standing: verdict.standing,
        reason: verdict.reason.as_deref(),
        target: &journal.commit,
        pass: journal.pass,
        now,
    };
    // what was applied is on record since it was read back
    let kind = verdict.event.filter(|kind| *kind != EventKind::Applied);
    let event = kind.map(|kind| DeviceEvent {
        pass: journal.pass,
        device: device.clone(),
        commit: journal.commit.clone(),
        kind,
        changes: verdict.changes as u64,
        detail: verdict.reason.clone(),
        at: now,
    });
    Settled { device: device.clone(), stance, event }
}

fn summary(devices: &[DeviceEntry], total: usize) -> String {
    let current = devices.iter().filter(|device| device.standing == Standing::Current).count();
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    for device in devices.iter().filter(|device| device.standing != Standing::Current) {
        *others.entry(device.standing.as_str()).or_default() += 1;
    }
    let mut summary = format!("{current} of {total} devices current");
    for (standing, count) in others {
        summary.push_str(&format!(", {count} {standing}"));
    }
    summary
}
