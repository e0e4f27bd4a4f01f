//! Pull requests onto the agent's branch: reviewed, and told what became of them.
//!
//! A task of its own beside the loop: no pass ever waits for a forge, and a forge that is slow,
//! away or refuses is a line in the log. One look at a time, one review at a time, with a
//! compile engine of its own; all of it blocking, on a thread for that.
//!
//! `watcher` (one look: which pull requests are open, what is asked) → `commands` (what people
//! ask for) → `pull` (one of them: is it due, what is written) → `desk` (the review itself; the
//! CI step uses it too). `applied` (what became of commits of the branch), `outcome` and `story`
//! (in which words). Elsewhere: what a review says (`review`), the forge (`forge`), pages and
//! webhooks (`web`).

mod applied;
mod commands;
pub mod desk;
mod holds;
mod outcome;
mod pull;
mod story;
mod watcher;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::watcher::{Look, Parts, Watcher, explained, rest};
use super::Agent;
use super::run::Report;
use crate::git::poll;
use crate::record::Store;
use crate::rollout::Progress;
use crate::web::Pages;

/// How far an interval may be off.
const JITTER: f64 = 0.1;
/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(10);
/// How long the agent waits at its end for a look that is under way.
const SHORT: Duration = Duration::from_secs(3);

/// The task, from the agent's side.
#[derive(Debug)]
pub(super) struct Reviews {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Reviews {
    /// Gives a look that is under way a short time.
    pub(super) async fn finish(self) {
        self.stop.cancel();
        if tokio::time::timeout(SHORT, self.task).await.is_err() {
            tracing::warn!("a look at pull requests was not finished; the next agent takes it up");
        }
    }
}

impl Agent {
    /// Starts reviewing, if a forge is configured. `wake` is the forge's own word that something
    /// happened.
    pub(super) fn start_reviews(
        &mut self,
        reports: watch::Receiver<Report>,
        wake: Arc<Notify>,
        pages: Option<Pages>,
    ) -> Option<Reviews> {
        let settings = self.config.forge.clone()?;
        let store = Store::open(&self.config.record());
        let store =
            store.inspect_err(|error| tracing::error!("no pull request is reviewed: {error}")).ok()?;
        let (progress, stages) = Progress::new();
        self.progress = progress;
        let stop = self.stop.child_token();
        let poll = settings.poll;
        let watcher = Watcher::new(Parts {
            config: Arc::clone(&self.config),
            settings,
            path: self.path.clone(),
            secrets: Arc::clone(&self.secret_values),
            mirror: self.mirror.clone(),
            store,
            stages: stages.clone(),
            stop: stop.clone(),
            pages,
        });
        let task = tokio::spawn(follow(watcher, Waits { reports, stages, wake, stop: stop.clone() }, poll));
        Some(Reviews { task, stop })
    }
}

/// What the task waits for, beside the time.
struct Waits {
    reports: watch::Receiver<Report>,
    stages: watch::Receiver<Option<crate::rollout::Stage>>,
    wake: Arc<Notify>,
    stop: CancellationToken,
}

impl Waits {
    /// What comes first; none at the end.
    async fn next(&mut self, due: Instant, failing: bool, until: Instant) -> Option<Look> {
        // while the forge fails, what moves here does not ask it more often
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            () = async { tokio::time::sleep_until(until).await; self.wake.notified().await } => Some(Look::Woken),
            () = tokio::time::sleep_until(due) => Some(Look::Poll),
            Ok(()) = self.reports.changed(), if !failing => Some(Look::Record),
            Ok(()) = self.stages.changed(), if !failing => Some(Look::Record),
            else => None,
        }
    }
}

async fn follow(mut watcher: Watcher, mut waits: Waits, poll: Duration) {
    let (mut failures, mut said): (u32, Option<String>) = (0, None);
    let mut due = Instant::now();
    // until then the forge wants to be left alone, whoever wakes
    let mut until = due;
    // before the first turn nothing is known of the branch
    let _ = waits.reports.changed().await;
    while let Some(look) = waits.next(due, failures > 0, until).await {
        let looked = tokio::task::spawn_blocking(move || {
            let outcome = watcher.look(look);
            (watcher, outcome)
        });
        let Ok((back, outcome)) = looked.await else {
            tracing::error!("reviews of pull requests end: a review broke off (this is a bug)");
            return;
        };
        watcher = back;
        failures = if outcome.is_ok() { 0 } else { failures.saturating_add(1) };
        let now = Instant::now();
        match &outcome {
            Ok(()) if look >= Look::Poll => due = now + poll::interval(poll, JITTER, poll::random()),
            Ok(()) => {}
            Err(error) => {
                let pause = poll::backoff(PAUSE.min(poll), LONGEST, failures - 1, JITTER, poll::random());
                due = now + pause.max(rest(error).unwrap_or_default().min(Duration::from_hours(1)));
                until = rest(error).map_or(now, |_| due);
            }
        }
        tell(outcome.err().as_ref(), &mut said);
    }
}

/// Logs a failure once, until it is another one or over.
fn tell(error: Option<&anyhow::Error>, said: &mut Option<String>) {
    let text = error.map(explained);
    if text == *said {
        return;
    }
    if let Some(text) = &text {
        tracing::warn!("pull requests are not reviewed now, and later again: {text}");
    } else {
        tracing::info!("pull requests are reviewed again");
    }
    *said = text;
}
