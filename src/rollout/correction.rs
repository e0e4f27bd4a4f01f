//! The end of a Set that only put something back, on a device that holds the commit.
//!
//! Commit and tree of the record stay whatever becomes of it, and no other device waits: it is
//! not the commit that is in doubt. Elsewhere: sending it (`apply`), whether to (`agent`).

use std::sync::Arc;

use jiff::Timestamp;

use super::apply::{Context, Job, Outcome, PuttingBack};
use super::device::Reading;
use super::journal::{Journal, JournalError};
use crate::gnmi::Error;
use crate::names::DeviceName;
use crate::phrase;
use crate::plan::{InFlight, Recorded};
use crate::record::{Corrected, DeviceEvent, EventKind, News, NewsKind, NewsLeaf};
use crate::yang::Path;

/// What was put back read back so.
pub(super) async fn corrected(
    job: &Job,
    putting: &PuttingBack,
    context: &Context,
    recorded: Recorded,
) -> Result<Outcome, JournalError> {
    let (device, schema) = (job.name().clone(), Arc::clone(&job.device.schema));
    let (left, leaves) = (putting.left.clone(), putting.leaves.clone());
    let paths: Vec<Path> = job.plan.changes.iter().map(|change| change.path.clone()).collect();
    context
        .journal
        .with(move |store, journal| {
            let now = Timestamp::now();
            let by_hand = !leaves.is_empty();
            let event = DeviceEvent {
                pass: journal.pass,
                device: device.clone(),
                commit: journal.commit.clone(),
                kind: if by_hand { EventKind::Corrected } else { EventKind::Applied },
                changes: paths.len() as u64,
                detail: by_hand.then(|| detail(&leaves, left.as_deref())).or_else(|| left.clone()),
                at: now,
            };
            let news = by_hand.then(|| news(journal, &device, leaves, left.clone(), now));
            let left = left.as_deref();
            let corrected =
                Corrected { recorded: &recorded, schema: &schema, paths: &paths, left, news: news.as_ref() };
            store.corrected(&journal.fabric, &corrected, &event)
        })
        .await?;
    tracing::info!(device = %job.name(), leaves = job.plan.changes.len(), "put back");
    Ok(Outcome::Corrected(putting.left.clone()))
}

/// What was put back, and what was not, in a line of the history.
fn detail(leaves: &[NewsLeaf], left: Option<&str>) -> String {
    let put_back = phrase::first_of(leaves.iter().map(|leaf| &leaf.path), 1);
    let left = left.map_or_else(String::new, |left| format!("; {left}"));
    format!("{put_back}{left}")
}

fn news(
    journal: &Journal,
    device: &DeviceName,
    leaves: Vec<NewsLeaf>,
    left: Option<String>,
    now: Timestamp,
) -> News {
    let count = match leaves.len() {
        1 => "1 leaf".to_owned(),
        count => format!("{count} leaves"),
    };
    News {
        kind: NewsKind::DriftCorrected,
        device: Some(device.clone()),
        commit: Some(journal.commit.clone()),
        at: now,
        summary: format!("{count} changed by hand on {device} put back"),
        detail: left,
        leaves,
        unlisted: 0,
    }
}

/// The Set did not reach the device, or the device said no: it is as it was.
pub(super) async fn refused(job: &Job, context: &Context, error: &Error) -> Result<Outcome, JournalError> {
    let why = error.to_string();
    let said_no = error.kind.says_no();
    let device = job.name().clone();
    context
        .journal
        .with(move |store, journal| {
            if !said_no {
                store.uncount_correction(&journal.fabric, &device, journal.pass)?;
            }
            store.end_set(&journal.fabric, &device)
        })
        .await?;
    tracing::warn!(device = %job.name(), %error, "nothing was put back");
    Ok(if said_no { Outcome::NotCorrected(why) } else { Outcome::Unreachable(why) })
}

/// The device took the Set and holds something else: perhaps somebody changed it again at once.
pub(super) async fn unequal(
    job: &Job,
    context: &Context,
    flight: &InFlight,
    reading: &Reading,
    what: String,
) -> Result<Outcome, JournalError> {
    let mut recorded = job.recorded.clone();
    recorded.resolve(flight, &reading.tree);
    let (device, schema) = (job.name().clone(), Arc::clone(&job.device.schema));
    context
        .journal
        .with(move |store, journal| store.own_still(&journal.fabric, &device, &recorded, &schema))
        .await?;
    tracing::warn!(device = %job.name(), %what, "was not put back");
    Ok(Outcome::NotCorrected(what))
}
