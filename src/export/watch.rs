//! Exporting again and again: by the change log, and at once when a webhook wakes.
//!
//! A failure is told and tried again with a growing pause; nothing ends the loop but the
//! signal to stop. An export that is reading then is left behind, one that is moving a branch
//! is waited for. Elsewhere: one export (`once`), where it cannot be cut (`gate`), webhooks
//! (`web`).

use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::once::Exporter;
use super::report::Report;
use crate::git::poll;
use crate::web::Wakeups;

/// The longest pause after failures.
const LONGEST: Duration = Duration::from_mins(10);

/// Exports until `stop`. `told` hears how each ended; `wakeups` are webhooks, if any come. The
/// only error is a panic. A thread of the runtime may still be reading NetBox afterwards: shut it
/// down without waiting.
pub async fn watch(
    mut exporter: Exporter,
    every: Duration,
    mut wakeups: Option<Wakeups>,
    stop: CancellationToken,
    mut told: impl FnMut(&anyhow::Result<Report>),
) -> anyhow::Result<()> {
    let mut failures = 0;
    let gate = exporter.gate();
    loop {
        // reqwest and gix block: never on a thread of the server
        let mut once = tokio::task::spawn_blocking(move || {
            let result = exporter.export(&|_| {});
            (exporter, result)
        });
        let ended = tokio::select! {
            ended = &mut once => ended,
            () = stop.cancelled() => {
                let gate = gate.clone();
                let has_passed = tokio::task::spawn_blocking(move || gate.close()).await?;
                if !has_passed {
                    return Ok(());
                }
                once.await
            }
        };
        let (back, result) = ended.context("the export ended without a word (a panic)")?;
        exporter = back;
        failures = if result.is_ok() { 0 } else { failures + 1 };
        told(&result);
        if stop.is_cancelled() {
            return Ok(());
        }
        let pause = poll::backoff(every, LONGEST.max(every), failures, 0.1, poll::random());
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
            burst = next(&mut wakeups) => tracing::info!("woken by {burst}"),
        }
    }
}

/// The next burst of webhooks; never, where none can come.
async fn next(wakeups: &mut Option<Wakeups>) -> crate::web::Burst {
    if let Some(open) = wakeups
        && let Some(burst) = open.next().await
    {
        return burst;
    }
    *wakeups = None;
    std::future::pending().await
}
