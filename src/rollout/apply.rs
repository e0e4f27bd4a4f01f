//! One device, from its plan to a record that is true.
//!
//! The order is the point: the journal says what is about to be sent, the Set is sent, the
//! device is read back on a new connection, and only then the record says that it holds
//! the commit (promises 3 and 4). An answer lost on the way is settled by reading
//! (promise 9).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::correction;
use super::device::{Device, Reading, Session};
use super::journal::{Holding, Journal, JournalError};
use super::progress::Progress;
use crate::gnmi::{Annotation, Error, ErrorKind};
use crate::names::{DeviceName, SecretName};
use crate::phrase;
use crate::plan::{
    DevicePlan, FingerprintKey, InFlight, Inputs, Operations, Prints, Recorded, Rules, SecretMark,
    device_plan,
};
use crate::platform::arista_eos::protected::Protected;
use crate::record::{self, DeviceEvent, EventKind, NewsLeaf, Settled, Stance, Standing};
use crate::secret::SecretText;
use crate::yang::{Path, Tree, Value};

/// How often a device that took a Set and gave no answer is called again, and how long
/// after the last try. Together about a minute: the length of a supervisor switch-over.
const SETTLE: [Duration; 6] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
    Duration::from_secs(16),
    Duration::from_secs(32),
];

/// What one device is to become. Made by the pass that read it; complete.
#[derive(Debug)]
pub struct Job {
    /// The device.
    pub device: Device,
    /// The connection on which it was read.
    pub session: Session,
    /// What changes.
    pub plan: DevicePlan,
    /// The Set.
    pub operations: Operations,
    /// What it should hold.
    pub desired: Arc<Tree>,
    /// The hash of that.
    pub tree_hash: String,
    /// What was on record before.
    pub recorded: Recorded,
    /// What bootstrap prints for it.
    pub bootstrap: Arc<Tree>,
    /// The agent's own way to it, which is never changed.
    pub protected: Protected,
    /// Secrets that it shows otherwise at each look: of them alone nothing is sent.
    pub resalted: BTreeSet<Path>,
    /// What a job has besides that only puts back, on a device that holds the commit.
    pub putting_back: Option<PuttingBack>,
}

/// What is left aside while a part of a device's drift is put back.
#[derive(Debug)]
pub struct PuttingBack {
    /// All that differs, of which the job's plan is a part.
    pub whole: DevicePlan,
    /// Why the device is not as it should be afterwards; none if nothing is left aside.
    pub left: Option<String>,
    /// The leaves that are put back, for people; none if what is sent is our own doing.
    pub leaves: Vec<NewsLeaf>,
}

/// Values of secrets, by name.
pub type SecretLookup = Arc<dyn Fn(&SecretName) -> Option<SecretText> + Send + Sync>;

/// What all jobs of a pass share.
#[derive(Clone)]
pub struct Context {
    /// The record.
    pub journal: Journal,
    /// The key of fingerprints.
    pub key: FingerprintKey,
    /// Values of secrets.
    pub secrets: SecretLookup,
    /// Asks for a clean end: no Set is begun after it, one under way is finished.
    pub stop: CancellationToken,
    /// Who is told which wave is under way.
    pub progress: Progress,
}

/// What became of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It read back equal. The next commit leaves it.
    Applied,
    /// What was to be put back read back equal; why it is not as it should be all the same, if
    /// something was left aside.
    Corrected(Option<String>),
    /// What was to be put back was refused, or did not read back equal. It holds the commit as
    /// before, and nobody waits for it.
    NotCorrected(String),
    /// Nothing was sent: a person asked for that since the pass began. The hold's end leaves it.
    Held(String),
    /// It could not be reached, and nothing of the commit was sent. It is tried again.
    Unreachable(String),
    /// It was sent a Set, and whether that was applied is not known yet: perhaps it cut the
    /// device off. It is tried again, and what has not begun waits for it.
    Lost(String),
    /// It said no, and is as it was. The next commit leaves it, or a person's word.
    Refused(String),
    /// It took the Set and does not hold what was sent. The next commit leaves it, or a
    /// person's word.
    Unequal(String),
    /// Nothing was sent, because of another device. That device's recovery leaves it.
    Waiting(String),
    /// Nothing was sent, because the agent was asked to end.
    Stopped,
}

impl Context {
    /// Fingerprints by this pass's key and secrets.
    pub fn with_prints<T>(&self, work: impl FnOnce(Prints<'_>) -> T) -> T {
        let secret = |name: &SecretName| (self.secrets)(name).map(|text| self.key.fingerprint(text.expose()));
        let shown = |text: &str| Some(self.key.fingerprint(text));
        work(Prints { secret: &secret, shown: &shown })
    }

    /// What the record says of a device that holds `desired` and shows `actual`. An entry
    /// that we made and that is gone is not ours any more: whoever makes it anew owns it.
    pub fn recorded_after(&self, desired: &Tree, created: BTreeSet<Path>, actual: &Tree) -> Recorded {
        let mut secrets = BTreeMap::new();
        for (path, leaf) in desired.iter() {
            let Value::Secret(name) = &leaf.value else { continue };
            let Some(text) = (self.secrets)(name) else { continue };
            let read_back = match actual.get(path).map(|leaf| &leaf.value) {
                Some(Value::Scalar(shown)) => Some(self.key.fingerprint(shown.as_str())),
                _ => None,
            };
            let sent = self.key.fingerprint(text.expose());
            secrets.insert(path.clone(), SecretMark { sent, read_back });
        }
        let there = |entry: &Path| actual.contains_below(entry) || desired.contains_below(entry);
        let created = created.into_iter().filter(there).collect();
        Recorded { tree: desired.clone(), created, secrets }
    }
}

impl Job {
    pub(super) fn name(&self) -> &DeviceName {
        self.device.name()
    }

    /// Looks at the device again, on the connection that will carry the Set: what was read
    /// when the pass began may be long ago. Gives what becomes of it if it is not as it was.
    pub(super) async fn renew(&mut self, context: &Context) -> Result<(), Outcome> {
        let unreachable = |error: Error| Outcome::Unreachable(error.to_string());
        let session = self.device.connect().await.map_err(unreachable)?;
        session.identify().await.map_err(|why| Outcome::Waiting(why.to_string()))?;
        let reading = session.read().await.map_err(unreachable)?;
        let now = self.plan_against(&reading, &self.recorded, context);
        let sends = |plan: &DevicePlan| {
            (plan.changes.clone(), plan.created.clone(), plan.removed.clone(), plan.ordered.clone())
        };
        if sends(&now) != sends(self.whole()) {
            return Err(Outcome::Waiting("it changed after it was planned, and is planned anew".to_owned()));
        }
        self.session = session;
        Ok(())
    }

    fn plan_against(&self, reading: &Reading, recorded: &Recorded, context: &Context) -> DevicePlan {
        context.with_prints(|prints| {
            let inputs = Inputs {
                schema: &self.device.schema,
                rules: &Rules::of(self.device.profile, &self.protected),
                desired: &self.desired,
                actual: &reading.tree,
                unknown: &reading.unknown,
                recorded,
                bootstrap: &self.bootstrap,
                prints,
            };
            let mut plan = device_plan(&inputs).0;
            plan.leave(&self.resalted);
            plan
        })
    }

    /// All that differs.
    fn whole(&self) -> &DevicePlan {
        self.putting_back.as_ref().map_or(&self.plan, |putting| &putting.whole)
    }

    /// What the record will say once the device holds `desired`. Of a device that is put back
    /// in part the tree stays, and so does what is known of secrets that were not sent: one
    /// that shows another text is not taken for right.
    fn recorded_after(&self, actual: &Tree, context: &Context) -> Recorded {
        let created = self.plan.created_after(&self.recorded.created);
        let mut after = context.recorded_after(&self.desired, created, actual);
        if self.putting_back.is_some() {
            let sent = |path: &Path| self.plan.changes.iter().any(|change| change.path == *path);
            after.secrets.retain(|path, _| sent(path));
            for (path, mark) in &self.recorded.secrets {
                after.secrets.entry(path.clone()).or_insert(*mark);
            }
            after.tree = self.recorded.tree.clone();
        }
        after
    }

    /// What still differs, given that the Set was applied: every leaf that was ours before
    /// and every leaf that should be there is compared.
    fn remaining(&self, reading: &Reading, after: &Recorded, context: &Context) -> DevicePlan {
        let mut ours = after.clone();
        ours.created.extend(self.recorded.created.iter().cloned());
        for (path, leaf) in self.recorded.tree.iter() {
            if ours.tree.get(path).is_none() {
                ours.tree.insert(path.clone(), leaf.clone());
            }
        }
        let mut remaining = self.plan_against(reading, &ours, context);
        if self.putting_back.is_some() {
            // what was left aside is no fault of this Set
            let sent: BTreeSet<&Path> = self.plan.changes.iter().map(|change| &change.path).collect();
            remaining.changes.retain(|change| sent.contains(&change.path));
            remaining.removed.retain(|entry| self.plan.removed.contains(entry));
        }
        remaining
    }
}

/// Brings one device to what its job says, and writes down what became of it.
pub(super) async fn apply(job: &Job, context: &Context) -> Result<Outcome, JournalError> {
    if context.stop.is_cancelled() {
        return Ok(Outcome::Stopped);
    }
    let flight = job.plan.in_flight(job.operations.digest());
    if let Some(held) = begin(job, context, flight.clone()).await? {
        return Ok(Outcome::Held(held));
    }
    let mut again = true;
    loop {
        tracing::info!(device = %job.name(), operations = job.operations.len(), "sending the Set");
        let mut doubt = None;
        match job.session.set(&job.operations, annotation(job, context)).await {
            Ok(()) => {}
            Err(error) if error.kind.leaves_doubt() => {
                tracing::warn!(device = %job.name(), %error, "the Set's outcome is not known; reading the device");
                doubt = Some(error);
            }
            Err(error) => return refuse(job, context, &error).await,
        }
        let reading = match read_back(job, context).await {
            Ok(reading) => reading,
            // The flight stays on record: the next pass that reaches the device settles it.
            Err(error) => {
                let why = format!("a Set was sent, and the device cannot be read back: {error}");
                return Ok(lost(job, why));
            }
        };
        let after = job.recorded_after(&reading.tree, context);
        let remaining = job.remaining(&reading, &after, context);
        if remaining.is_empty() {
            return hold(job, context, after).await;
        }
        let untouched = job.plan_against(&reading, &job.recorded, context).changes == job.whole().changes;
        match &doubt {
            // it said no, and meant it
            Some(error) if untouched && matches!(error.kind, ErrorKind::Refused { .. }) => {
                return refuse(job, context, error).await;
            }
            Some(_) if untouched && context.stop.is_cancelled() => {
                return Ok(lost(job, "a Set was sent without an answer, and is not applied".to_owned()));
            }
            Some(_) if untouched && again => {
                again = false;
                // the device may have been away for a minute, in which a person may have held it
                if let Some(held) = begin(job, context, flight.clone()).await? {
                    withdraw(job, context).await?;
                    return Ok(Outcome::Held(held));
                }
                continue;
            }
            _ => {}
        }
        let what = format!("{} does not hold {}", taken(doubt.as_ref()), first_paths(&remaining));
        return diverge(job, context, &flight, &reading, what).await;
    }
}

/// A device whose Set is in doubt holds up the commit, unless that Set only put something back.
fn lost(job: &Job, why: String) -> Outcome {
    if job.putting_back.is_some() { Outcome::Unreachable(why) } else { Outcome::Lost(why) }
}

/// How much of a Set arrived on a device that is neither as it was nor as it should be.
fn taken(doubt: Option<&Error>) -> &'static str {
    match doubt.map(|error| &error.kind) {
        None => "it took the Set and",
        Some(ErrorKind::Refused { .. }) => "it refused the Set, took a part of it and",
        Some(_) => "it did not answer the Set and",
    }
}

fn annotation(job: &Job, context: &Context) -> Annotation {
    Annotation {
        fabric: context.journal.fabric.clone(),
        commit: context.journal.commit.clone(),
        tree: job.tree_hash.clone(),
        pass: context.journal.pass,
    }
}

/// Reads on a new connection: the one that carried the Set may not show that the change cut
/// off management.
async fn read_back(job: &Job, context: &Context) -> Result<Reading, Error> {
    let mut last = match connect_and_read(&job.device).await {
        Ok(reading) => return Ok(reading),
        Err(error) => error,
    };
    for pause in SETTLE {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // the flight is on record: whoever comes next settles it
            () = context.stop.cancelled() => return Err(last),
        }
        match connect_and_read(&job.device).await {
            Ok(reading) => return Ok(reading),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn connect_and_read(device: &Device) -> Result<Reading, Error> {
    device.connect().await?.read().await
}

/// Writes down what is about to be sent; or gives the hold that keeps it from being sent, which
/// a person may have asked for since the pass began. Of the same Set in the same pass it counts
/// once.
async fn begin(job: &Job, context: &Context, set: InFlight) -> Result<Option<String>, JournalError> {
    let (device, tree_hash, schema) =
        (job.name().clone(), job.tree_hash.clone(), Arc::clone(&job.device.schema));
    let plan = job.plan.clone();
    let counts = job.putting_back.as_ref().is_some_and(|putting| !putting.leaves.is_empty());
    context
        .journal
        .with(move |store, journal| {
            let now = Timestamp::now();
            let flight =
                record::InFlight { pass: journal.pass, commit: journal.commit.clone(), tree_hash, set };
            let begun = (&flight, &plan);
            let hold = if counts {
                store.begin_correction(&journal.fabric, &device, begun, &schema, now)?
            } else {
                store.begin_set(&journal.fabric, &device, begun, &schema, now)?
            };
            Ok(hold.map(|hold| hold.words()))
        })
        .await
}

/// Ends a Set that did not reach the device and is not sent again: it does not count either.
async fn withdraw(job: &Job, context: &Context) -> Result<(), JournalError> {
    let device = job.name().clone();
    context
        .journal
        .with(move |store, journal| {
            store.uncount_correction(&journal.fabric, &device, journal.pass)?;
            store.end_set(&journal.fabric, &device)
        })
        .await
}

async fn hold(job: &Job, context: &Context, recorded: Recorded) -> Result<Outcome, JournalError> {
    if let Some(putting) = &job.putting_back {
        return correction::corrected(job, putting, context, recorded).await;
    }
    let holding = Holding {
        device: job.name().clone(),
        tree_hash: job.tree_hash.clone(),
        recorded,
        schema: Arc::clone(&job.device.schema),
        by_set: true,
        changes: job.plan.changes.len() as u64,
        detail: None,
    };
    context.journal.hold(holding).await?;
    tracing::info!(device = %job.name(), commit = context.journal.commit.short(), "read back equal");
    Ok(Outcome::Applied)
}

/// The Set did not reach the device, or the device said no: it is as it was.
async fn refuse(job: &Job, context: &Context, error: &Error) -> Result<Outcome, JournalError> {
    if job.putting_back.is_some() {
        return correction::refused(job, context, error).await;
    }
    let why = error.to_string();
    let said_no = error.kind.says_no();
    if said_no {
        stand_diverged(job, context, EventKind::Refused, &why).await?;
    }
    let device = job.name().clone();
    context.journal.with(move |store, journal| store.end_set(&journal.fabric, &device)).await?;
    tracing::warn!(device = %job.name(), %error, "nothing was applied");
    Ok(if said_no { Outcome::Refused(why) } else { Outcome::Unreachable(why) })
}

/// The device took the Set and holds something else: what of it is ours goes on record, so
/// that the next commit can take it away.
async fn diverge(
    job: &Job,
    context: &Context,
    flight: &InFlight,
    reading: &Reading,
    what: String,
) -> Result<Outcome, JournalError> {
    if job.putting_back.is_some() {
        return correction::unequal(job, context, flight, reading, what).await;
    }
    stand_diverged(job, context, EventKind::Unequal, &what).await?;
    let mut recorded = job.recorded.clone();
    recorded.take_as_read(flight, &reading.tree);
    let (device, schema) = (job.name().clone(), Arc::clone(&job.device.schema));
    context
        .journal
        .with(move |store, journal| store.own(&journal.fabric, &device, &recorded, &schema))
        .await?;
    tracing::error!(device = %job.name(), %what, "diverged");
    Ok(Outcome::Unequal(what))
}

/// Writes down that a device diverged before the Set's end is written: an agent that is
/// killed before the end of its pass must not send the same again.
async fn stand_diverged(
    job: &Job,
    context: &Context,
    kind: EventKind,
    why: &str,
) -> Result<(), JournalError> {
    let (device, why, changes) = (job.name().clone(), why.to_owned(), job.plan.changes.len() as u64);
    context
        .journal
        .with(move |store, journal| {
            let (now, commit) = (Timestamp::now(), &journal.commit);
            let stance = Stance {
                standing: Standing::Diverged,
                reason: Some(&why),
                target: commit,
                pass: journal.pass,
                now,
            };
            let event = DeviceEvent {
                pass: journal.pass,
                device: device.clone(),
                commit: commit.clone(),
                kind,
                changes,
                detail: Some(why.clone()),
                at: now,
            };
            store.settle(&journal.fabric, &[Settled { device, stance, event: Some(event) }])
        })
        .await
}

/// The first paths of a plan, and how many more there are.
fn first_paths(plan: &DevicePlan) -> String {
    phrase::first_of(plan.changes.iter().map(|change| &change.path), 3)
}
