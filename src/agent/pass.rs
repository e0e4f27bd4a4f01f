//! One pass: which devices need something, what, and what became of it.
//!
//! A pass takes no input but the commit that counts: it finds out by itself what is due, so
//! a restart, a push, a timer and a device that came back all take this path. Elsewhere:
//! which commit counts (`head`), reading devices (`read`), one device's Set (`rollout`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;

use super::config::Mode;
use super::read::{Found, Read};
use super::target::Target;
use super::{Agent, Asked};
use crate::intent::model::{DeviceState, DriftPolicy};
use crate::intent::topology::Topology;
use crate::names::{DeviceName, PassNumber};
use crate::plan::{DevicePlan, operations_of, waves};
use crate::record::{DeviceEntry, DeviceEvent, EventKind, Held, Stance, Standing};
use crate::rollout::{self, Context, Job, Journal, Outcome, Partner};

/// What is to be written of a device at the end of a pass.
#[derive(Debug)]
struct Verdict {
    standing: Standing,
    reason: Option<String>,
    event: Option<EventKind>,
    changes: usize,
}

impl Verdict {
    fn new(standing: Standing, reason: impl Into<Option<String>>, event: EventKind) -> Self {
        Self { standing, reason: reason.into(), event: Some(event), changes: 0 }
    }

    /// A standing that the intent itself says, which is no event.
    fn quiet(standing: Standing, reason: &str) -> Self {
        Self { standing, reason: Some(reason.to_owned()), event: None, changes: 0 }
    }
}

/// Which devices a pass has to look at.
#[derive(Debug, Default)]
struct Due {
    /// They hold an older commit whose tree for them is the same: only the SHA is written.
    advance: Vec<DeviceName>,
    /// They have to be read, and perhaps set.
    read: BTreeSet<DeviceName>,
    /// They are not to be touched, and why.
    rest: BTreeMap<DeviceName, Verdict>,
    /// The record knows them and the intent does not.
    gone: Vec<DeviceName>,
}

impl Agent {
    /// Brings what is due to the commit that counts. Gives the pass's number, or none if
    /// nothing was to be done.
    pub(super) async fn pass(&mut self, why: &str, asked: Asked) -> anyhow::Result<Option<PassNumber>> {
        let Some(target) = self.target.clone() else { return Ok(None) };
        let entries = self.entries(&target).await?;
        let due = due(&target, &entries, asked, self.observed_already(&target));
        let partners = partners_of(&target, &due.read);
        let found = self.reader().read(&target.fabric, &target.devices, &due.read, &partners).await?;
        if is_old_news(&due, &found, &entries, &target) {
            return Ok(None);
        }
        let pass = self.begin(&target, why).await?;
        let journal =
            Journal::new(Arc::clone(&self.store), target.name().clone(), target.commit.clone(), pass);
        let span = tracing::info_span!("pass", number = pass.get(), commit = target.commit.short());
        tracing::info!(parent: &span, why, devices = due.read.len(), unchanged = due.advance.len(), "pass begins");

        let mut verdicts = due.rest;
        let advance = due.advance.clone();
        let gone = due.gone.clone();
        journal
            .with(move |store, journal| {
                let now = Timestamp::now();
                gone.iter().try_for_each(|device| store.forget(&journal.fabric, device))?;
                store.advance(&journal.fabric, &advance, &journal.commit, pass, now)
            })
            .await?;
        for device in &due.advance {
            let verdict =
                Verdict { event: Some(EventKind::Unchanged), ..Verdict::quiet(Standing::Current, "") };
            verdicts.insert(device.clone(), Verdict { reason: None, ..verdict });
        }
        let done = self.work(&target, &journal, &due.read, &entries, found, asked).await?;
        verdicts.extend(done);
        self.finish(&target, &journal, verdicts).await?;
        Ok(Some(pass))
    }

    /// Plans every device that was read, sends what may be sent, and says how each stands.
    async fn work(
        &mut self,
        target: &Arc<Target>,
        journal: &Journal,
        due: &BTreeSet<DeviceName>,
        entries: &BTreeMap<DeviceName, DeviceEntry>,
        mut found: BTreeMap<DeviceName, Found>,
        asked: Asked,
    ) -> anyhow::Result<BTreeMap<DeviceName, Verdict>> {
        let context = Context {
            journal: journal.clone(),
            key: self.key.clone(),
            secrets: Arc::clone(&self.secrets),
            stop: self.stop.clone(),
        };
        let mut verdicts = BTreeMap::new();
        let mut jobs = BTreeMap::new();
        let mut ill: BTreeMap<DeviceName, String> = diverged(entries, target, asked);
        let held = ill.keys().next().cloned();
        for (name, device) in &found {
            if let Found::Unreachable(why) = device {
                ill.insert(name.clone(), format!("is not reachable: {why}"));
            }
        }
        for name in due {
            let Some(device) = found.remove(name) else { continue };
            let read = match device {
                Found::Unreachable(why) => {
                    verdicts.insert(
                        name.clone(),
                        Verdict::new(Standing::Unreachable, why, EventKind::Unreachable),
                    );
                    continue;
                }
                Found::Answers => continue,
                Found::Read(read) => *read,
            };
            let settled = entries.get(name).is_some_and(|entry| {
                entry.tree_hash.as_deref() == Some(&*target.devices[name].hash) && !entry.in_flight
            });
            let plan = context.with_prints(|prints| read.plan(prints));
            for misfit in &read.reading.misfits {
                tracing::warn!(device = %name, %misfit, "the device and its schema disagree");
            }
            if plan.is_empty() {
                self.found_equal(target, journal, name, &read, settled, &context).await?;
                verdicts.insert(
                    name.clone(),
                    Verdict { reason: None, ..Verdict::new(Standing::Current, None, EventKind::Unchanged) },
                );
                continue;
            }
            let leaves = describe(&plan);
            if settled && target.fabric.design.drift != DriftPolicy::Correct && !asked.by_person {
                let reason = format!("changed behind our back: {leaves}");
                verdicts.insert(name.clone(), Verdict::new(Standing::Drifted, reason, EventKind::Drifted));
                continue;
            }
            if self.config.mode == Mode::Observe {
                let reason = format!("the agent only observes: {leaves} not sent");
                let verdict = Verdict::new(Standing::Behind, reason, EventKind::Observed);
                verdicts.insert(name.clone(), Verdict { changes: plan.changes.len(), ..verdict });
                continue;
            }
            if let Some(culprit) = &held {
                let reason =
                    format!("held since {culprit} diverged; the next commit or `gitfabric apply` goes on");
                verdicts.insert(name.clone(), Verdict::new(Standing::Waiting, reason, EventKind::Waiting));
                continue;
            }
            match self.job(read, plan).await {
                Ok(job) => {
                    jobs.insert(name.clone(), job);
                }
                Err(reason) => {
                    verdicts.insert(name.clone(), Verdict::new(Standing::Behind, reason, EventKind::Waiting));
                }
            }
        }
        self.observed = Some(target.commit.clone());
        let changes: BTreeMap<DeviceName, usize> =
            jobs.iter().map(|(name, job)| (name.clone(), job.plan.changes.len())).collect();
        for (name, outcome) in self.roll_out(target, jobs, &ill, &context).await? {
            let changes = changes.get(&name).copied().unwrap_or(0);
            verdicts.insert(name, Verdict { changes, ..verdict_of(outcome) });
        }
        Ok(verdicts)
    }

    /// A device that may be sent its plan, or why not.
    async fn job(&self, read: Read, plan: DevicePlan) -> Result<Job, String> {
        let secrets = |name: &crate::names::SecretName| (self.secrets)(name);
        let operations = operations_of(&plan, &read.build.schema, &read.rules(), &secrets)
            .map_err(|missing| missing.to_string())?;
        read.session.identify().await?;
        Ok(Job {
            device: read.device,
            session: read.session,
            plan,
            operations,
            desired: Arc::clone(&read.build.tree),
            tree_hash: read.build.hash.clone(),
            recorded: read.recorded,
            bootstrap: Arc::clone(&read.build.bootstrap),
            protected: read.build.protected.clone(),
        })
    }

    async fn roll_out(
        &self,
        target: &Arc<Target>,
        jobs: BTreeMap<DeviceName, Job>,
        ill: &BTreeMap<DeviceName, String>,
        context: &Context,
    ) -> anyhow::Result<BTreeMap<DeviceName, Outcome>> {
        if jobs.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (waves, partners) = {
            let topology = Topology::new(&target.fabric);
            let changed: BTreeSet<DeviceName> = jobs.keys().cloned().collect();
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
        let others = group.into_iter().filter(|other| *other != name && is_in_service(target, other));
        others
            .map(|other| Ok(Partner { device: self.device(target, other)?, ill: ill.get(other).cloned() }))
            .collect()
    }

    /// A device that needs nothing: if that was not on record, now it is.
    async fn found_equal(
        &self,
        target: &Target,
        journal: &Journal,
        name: &DeviceName,
        read: &Read,
        settled: bool,
        context: &Context,
    ) -> anyhow::Result<()> {
        if settled {
            return Ok(());
        }
        let recorded =
            context.recorded_after(&read.build.tree, read.recorded.created.clone(), &read.reading.tree);
        let (hash, schema) = (target.devices[name].hash.clone(), Arc::clone(&read.build.schema));
        let device = name.clone();
        journal
            .with(move |store, journal| {
                let event = DeviceEvent {
                    pass: journal.pass,
                    device,
                    commit: journal.commit.clone(),
                    kind: EventKind::Unchanged,
                    changes: 0,
                    detail: Some("found equal".to_owned()),
                    at: Timestamp::now(),
                };
                let held = Held {
                    commit: &journal.commit,
                    tree_hash: &hash,
                    recorded: &recorded,
                    schema: &schema,
                    by_set: false,
                };
                store.hold(&journal.fabric, &held, &event)
            })
            .await?;
        Ok(())
    }

    async fn begin(&self, target: &Target, why: &str) -> anyhow::Result<PassNumber> {
        let (fabric, commit, why) = (target.name().clone(), target.commit.clone(), why.to_owned());
        self.with_store(move |store| store.begin_pass(&fabric, &commit, &why, Timestamp::now())).await
    }

    async fn entries(&self, target: &Target) -> anyhow::Result<BTreeMap<DeviceName, DeviceEntry>> {
        let fabric = target.name().clone();
        let entries = self.with_store(move |store| store.devices(&fabric)).await?;
        Ok(entries.into_iter().map(|entry| (entry.device.clone(), entry)).collect())
    }

    /// Writes how every device stands, what was done, and the end of the pass.
    async fn finish(
        &self,
        target: &Target,
        journal: &Journal,
        verdicts: BTreeMap<DeviceName, Verdict>,
    ) -> anyhow::Result<()> {
        for (device, verdict) in &verdicts {
            let reason = verdict.reason.as_deref().unwrap_or_default();
            match verdict.standing {
                Standing::Current => tracing::debug!(%device, "current"),
                Standing::Diverged => tracing::error!(%device, reason, "diverged"),
                standing => tracing::warn!(%device, reason, "{}", standing.as_str()),
            }
        }
        let total = target.devices.len();
        let summary = journal
            .with(move |store, journal| {
                let now = Timestamp::now();
                for (device, verdict) in &verdicts {
                    let stance = Stance {
                        standing: verdict.standing,
                        reason: verdict.reason.as_deref(),
                        target: &journal.commit,
                        pass: journal.pass,
                        now,
                    };
                    store.stand(&journal.fabric, device, &stance)?;
                    // `hold` has written the event of a device that was set
                    let Some(kind) = verdict.event.filter(|kind| *kind != EventKind::Applied) else {
                        continue;
                    };
                    let event = DeviceEvent {
                        pass: journal.pass,
                        device: device.clone(),
                        commit: journal.commit.clone(),
                        kind,
                        changes: verdict.changes as u64,
                        detail: verdict.reason.clone(),
                        at: now,
                    };
                    store.add_event(&journal.fabric, &event)?;
                }
                let devices = store.devices(&journal.fabric)?;
                let summary = summary(&devices, total);
                store.end_pass(&journal.fabric, journal.pass, &summary, now)?;
                Ok(summary)
            })
            .await
            .context("the pass's outcome cannot be recorded")?;
        tracing::info!(pass = journal.pass.get(), "{summary}");
        Ok(())
    }
}

/// Whether a device is one that a pass may write to.
fn is_in_service(target: &Target, name: &DeviceName) -> bool {
    target
        .fabric
        .devices
        .get(name)
        .is_some_and(|device| matches!(*device.state, DeviceState::Active | DeviceState::Drained))
}

fn due(
    target: &Target,
    entries: &BTreeMap<DeviceName, DeviceEntry>,
    asked: Asked,
    observed_already: bool,
) -> Due {
    let mut due = Due {
        gone: entries.keys().filter(|name| !target.devices.contains_key(*name)).cloned().collect(),
        ..Due::default()
    };
    for (name, device) in &target.fabric.devices {
        let quiet = match *device.state {
            DeviceState::Active | DeviceState::Drained => None,
            DeviceState::Staged => Some((Standing::Staged, "its state is staged: compiled, not sent")),
            DeviceState::Paused => Some((Standing::Paused, "its state is paused: left as it is")),
            DeviceState::Released => Some((Standing::Released, "its state is released: never written again")),
        };
        let entry = entries.get(name);
        if let Some((standing, reason)) = quiet {
            due.rest.insert(name.clone(), Verdict::quiet(standing, reason));
            continue;
        }
        let Some(build) = target.devices.get(name) else { continue };
        let holds =
            entry.is_some_and(|entry| entry.tree_hash.as_deref() == Some(&*build.hash) && !entry.in_flight);
        let diverged = entry.is_some_and(|entry| {
            entry.standing == Standing::Diverged && entry.target.as_ref() == Some(&target.commit)
        });
        if asked.read_back || (!holds && !diverged && !observed_already) || (diverged && asked.by_person) {
            due.read.insert(name.clone());
        } else if holds && entry.is_some_and(|entry| entry.commit.as_ref() != Some(&target.commit)) {
            due.advance.push(name.clone());
        }
    }
    due
}

/// The redundancy partners of devices: whether they are healthy has to be known.
fn partners_of(target: &Target, devices: &BTreeSet<DeviceName>) -> BTreeSet<DeviceName> {
    let topology = Topology::new(&target.fabric);
    let group = |name| topology.redundancy_group(name).into_iter().cloned();
    devices
        .iter()
        .flat_map(group)
        .filter(|name| !devices.contains(name) && is_in_service(target, name))
        .collect()
}

/// Whether a pass would write nothing that is not on record: the same devices are out of
/// reach, or wait, for the same commit.
fn is_old_news(
    due: &Due,
    found: &BTreeMap<DeviceName, Found>,
    entries: &BTreeMap<DeviceName, DeviceEntry>,
    target: &Target,
) -> bool {
    let same = |name: &DeviceName, standing: Standing| {
        entries
            .get(name)
            .is_some_and(|entry| entry.standing == standing && entry.target.as_ref() == Some(&target.commit))
    };
    let unreachable = |name: &DeviceName| matches!(found.get(name), Some(Found::Unreachable(_)) | None);
    let topology = Topology::new(&target.fabric);
    due.advance.is_empty()
        && due.gone.is_empty()
        && due.rest.iter().all(|(name, verdict)| same(name, verdict.standing))
        && due.read.iter().all(|name| {
            let partner_away = || {
                topology
                    .redundancy_group(name)
                    .into_iter()
                    .any(|other| other != name && unreachable(other) && is_in_service(target, other))
            };
            (unreachable(name) && same(name, Standing::Unreachable))
                || (same(name, Standing::Waiting) && partner_away())
        })
}

/// The devices that diverged at this commit, which hold the rest of it; none if a person
/// says to go on.
fn diverged(
    entries: &BTreeMap<DeviceName, DeviceEntry>,
    target: &Target,
    asked: Asked,
) -> BTreeMap<DeviceName, String> {
    if asked.by_person {
        return BTreeMap::new();
    }
    entries
        .values()
        .filter(|entry| entry.standing == Standing::Diverged && entry.target.as_ref() == Some(&target.commit))
        .map(|entry| (entry.device.clone(), "diverged".to_owned()))
        .collect()
}

fn verdict_of(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Applied => Verdict::new(Standing::Current, None, EventKind::Applied),
        Outcome::Unreachable(why) => Verdict::new(Standing::Unreachable, why, EventKind::Unreachable),
        Outcome::Refused(why) => Verdict::new(Standing::Diverged, why, EventKind::Refused),
        Outcome::Unequal(why) => Verdict::new(Standing::Diverged, why, EventKind::Unequal),
        Outcome::Waiting(why) => Verdict::new(Standing::Waiting, why, EventKind::Waiting),
        Outcome::Stopped => Verdict::new(
            Standing::Behind,
            "the agent was stopped before its turn".to_owned(),
            EventKind::Waiting,
        ),
    }
}

fn describe(plan: &DevicePlan) -> String {
    let counts = plan.counts();
    format!("+{} ~{} -{} leaves", counts.added, counts.modified, counts.deleted)
}

fn summary(devices: &[DeviceEntry], total: usize) -> String {
    let current = devices.iter().filter(|device| device.standing == Standing::Current).count();
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    for device in devices.iter().filter(|device| device.standing != Standing::Current) {
        *others.entry(device.standing.as_str()).or_default() += 1;
    }
    let others: String = others.iter().map(|(standing, count)| format!(", {count} {standing}")).collect();
    format!("{current} of {total} devices current{others}")
}
