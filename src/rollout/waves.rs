//! Many devices: wave after wave, each device only while its partners are healthy.
//!
//! Here: executing waves. Elsewhere: who stands in which wave (`plan`), one device
//! (`apply`).

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::apply::{Context, Job, Outcome, apply};
use super::device::Device;
use super::journal::JournalError;
use super::progress::Stage;
use crate::gnmi::ErrorKind;
use crate::names::DeviceName;

/// A device that must be healthy while its partner changes.
#[derive(Clone, Debug)]
pub struct Partner {
    /// How to reach it.
    pub device: Device,
    /// Why it is already known not to be healthy: diverged, or not reachable in this pass.
    pub ill: Option<String>,
}

/// Applies the jobs, wave by wave. `waves` names devices without a job too; they are passed
/// over. A device whose partner is not healthy waits; after a refusal, an unequal read-back
/// or a Set after which a device is gone, the waves that have not begun wait (promise 8).
pub async fn run(
    waves: &[Vec<DeviceName>],
    mut jobs: BTreeMap<DeviceName, Job>,
    partners: &BTreeMap<DeviceName, Vec<Partner>>,
    context: &Context,
) -> Result<BTreeMap<DeviceName, Outcome>, JournalError> {
    let mut outcomes: BTreeMap<DeviceName, Outcome> = BTreeMap::new();
    let has_jobs = |wave: &&Vec<DeviceName>| wave.iter().any(|device| jobs.contains_key(device));
    let (of, devices) = (waves.iter().filter(has_jobs).count(), jobs.len());
    let mut number = 0;
    for wave in waves {
        if wave.iter().any(|device| jobs.contains_key(device)) {
            number += 1;
            let commit = context.journal.commit.clone();
            context.progress.tell(Some(Stage { commit, wave: number, waves: of, devices }));
        }
        let held = outcomes
            .iter()
            .find_map(|(device, outcome)| Some(format!("{device} {}", why_it_holds(outcome)?)));
        // Sets were sent since it was planned: it may have been changed meanwhile
        let waited = !outcomes.is_empty();
        let mut running = JoinSet::new();
        for device in wave {
            let Some(job) = jobs.remove(device) else { continue };
            // what only puts something back carries nothing of what is in doubt
            if let Some(culprit) = held.as_ref().filter(|_| job.putting_back.is_none()) {
                let why = format!("held since {culprit} in a wave before");
                outcomes.insert(device.clone(), Outcome::Waiting(why));
                continue;
            }
            let partners = partners.get(device).cloned().unwrap_or_default();
            if let Some(why) = partners.iter().find_map(|partner| known_ill(partner, &outcomes)) {
                outcomes.insert(device.clone(), Outcome::Waiting(why));
                continue;
            }
            let context = context.clone();
            running.spawn(async move {
                let device = job.device.name().clone();
                (device, apply_beside(job, &partners, waited, &context).await)
            });
        }
        // a fault of the journal ends the rollout, but never a Set that is under way beside it
        let mut fault = None;
        while let Some(done) = running.join_next().await {
            match done {
                Ok((device, Ok(outcome))) => drop(outcomes.insert(device, outcome)),
                Ok((_, Err(error))) => fault = Some(error),
                Err(_) => fault = Some(JournalError::CutOff),
            }
        }
        if let Some(fault) = fault {
            context.progress.tell(None);
            return Err(fault);
        }
    }
    context.progress.tell(None);
    Ok(outcomes)
}

/// Why a partner is known not to be healthy, by this pass.
fn known_ill(partner: &Partner, outcomes: &BTreeMap<DeviceName, Outcome>) -> Option<String> {
    let name = partner.device.name();
    let ill = match outcomes.get(name) {
        None
        | Some(Outcome::Applied | Outcome::Corrected(_) | Outcome::NotCorrected(_) | Outcome::Held(_)) => {
            partner.ill.clone()?
        }
        Some(Outcome::Unreachable(why) | Outcome::Lost(why)) => format!("is not reachable: {why}"),
        Some(Outcome::Refused(_) | Outcome::Unequal(_)) => "diverged".to_owned(),
        Some(Outcome::Waiting(why)) => format!("waits: {why}"),
        Some(Outcome::Stopped) => "was not changed".to_owned(),
    };
    Some(format!("its partner {name} {ill}"))
}

/// Applies one job if each partner answers now: what was true when the pass began may not
/// be true any more.
async fn apply_beside(
    mut job: Job,
    partners: &[Partner],
    waited: bool,
    context: &Context,
) -> Result<Outcome, JournalError> {
    for partner in partners {
        if let Err(error) = partner.device.connect().await {
            let what = match &error.kind {
                ErrorKind::Unreachable { what } => what.clone(),
                kind => kind.to_string(),
            };
            let why = format!("its partner {} is not reachable: {what}", partner.device.name());
            return Ok(Outcome::Waiting(why));
        }
    }
    if waited
        && !context.stop.is_cancelled()
        && let Err(outcome) = job.renew(context).await
    {
        return Ok(outcome);
    }
    apply(&job, context).await
}

/// Why the waves after a device's wait, if they do: a Set that cut one device off would cut
/// off the next.
fn why_it_holds(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Refused(_) | Outcome::Unequal(_) => Some("diverged"),
        Outcome::Lost(_) => Some("was sent a Set and could not be reached again"),
        Outcome::Applied
        | Outcome::Corrected(_)
        | Outcome::NotCorrected(_)
        | Outcome::Held(_)
        | Outcome::Unreachable(_)
        | Outcome::Waiting(_)
        | Outcome::Stopped => None,
    }
}
