//! Following one stream: what is told becomes suspects, suspects become looks, looks become
//! verdicts.
//!
//! While a look waits for its answer the stream is heard on, so that a device in a burst is
//! never kept waiting. Elsewhere: each of these parts; connecting (`watcher`).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::filter::{Filter, Hint};
use super::kept::Kept;
use super::look::{Look, Seen};
use super::standard::{Holding, Standard};
use super::suspects::{Burst, Suspects};
use super::told::{Looked, Said};
use super::unexplained::Unexplained;
use super::watcher::{End, Run};
use crate::gnmi::{Error, ErrorKind, Event, Subscription};
use crate::plan::Rules;
use crate::rollout::Session;
use crate::yang::Path;
use jiff::Timestamp;

/// How many events are taken before anything else has its turn again.
const AT_ONCE: usize = 64;

/// What the device said when is believed if it is this near to our own clock.
const NEAR: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

type Looking = Pin<Box<dyn Future<Output = Result<Seen, Error>> + Send>>;

/// One stream, followed.
pub(super) struct Following<'r> {
    run: &'r mut Run,
    session: Session,
    changed: Option<Path>,
    suspects: Suspects,
    unexplained: Unexplained,
    /// What was told while a pass had the device in hand.
    kept: Kept,
    /// What the device says of what is suspected.
    said: Said,
    /// When it told its count of changes.
    counted: Option<Timestamp>,
    looking: Option<Looking>,
    /// Whether that look is at the whole.
    wide: bool,
    /// When the whole is looked at, whatever is told.
    read_back: Instant,
}

impl<'r> Following<'r> {
    pub(super) fn new(run: &'r mut Run, session: Session, changed: Option<Path>) -> Self {
        let read_back = Instant::now() + run.next_whole();
        Self {
            run,
            session,
            changed,
            suspects: Suspects::default(),
            unexplained: Unexplained::default(),
            kept: Kept::default(),
            said: Said::default(),
            counted: None,
            looking: None,
            wide: false,
            read_back,
        }
    }

    /// Follows until the stream ends, and says why.
    pub(super) async fn follow(mut self, mut stream: Subscription, changed: Option<String>) -> End {
        let now = Instant::now();
        if let Some(value) = changed {
            self.unexplained.told(&value, &self.run.watcher.settings, now);
        }
        // what happened while nobody listened
        self.suspects.everything(now);
        let sleep = tokio::time::sleep_until(now.into());
        tokio::pin!(sleep);
        loop {
            let due = self.next_due().map(Into::into);
            if let Some(due) = due.filter(|due| sleep.deadline() != *due) {
                sleep.as_mut().reset(due);
            }
            tokio::select! {
                event = stream.next() => {
                    if let Err(end) = self.hear_all(event, &mut stream) {
                        return end;
                    }
                }
                changed = self.run.watcher.standard.changed() => {
                    if changed.is_err() {
                        // nobody holds it against anything any more
                        std::future::pending::<()>().await;
                    }
                    self.renew(Instant::now());
                }
                seen = until_seen(&mut self.looking) => {
                    self.looking = None;
                    if let Some(error) = self.take(seen).await {
                        return End::Failed(error);
                    }
                }
                () = &mut sleep, if due.is_some() => self.wake(Instant::now()),
            }
        }
    }

    /// When something is to be done that nothing tells of; none if something else goes on first: the
    /// end of the look, or of the pass.
    fn next_due(&self) -> Option<Instant> {
        let settings = &self.run.watcher.settings;
        if self.looking.is_some() || self.run.held.holding().is_none() {
            return None;
        }
        let due = [self.suspects.due(settings), self.unexplained.due(settings)];
        Some(due.into_iter().flatten().fold(self.read_back, Instant::min))
    }

    /// Takes an event and those that came with it: what they have in common is done once.
    fn hear_all(
        &mut self,
        first: Option<Result<Event, Error>>,
        stream: &mut Subscription,
    ) -> Result<(), End> {
        let now = Instant::now();
        let first = first.ok_or(End::Ended)?;
        self.hear(first.map_err(End::Failed)?, stream.told_at(), now);
        for _ in 1..AT_ONCE {
            let Some(event) = stream.at_hand() else { break };
            self.hear(event.map_err(End::Failed)?, stream.told_at(), now);
        }
        Ok(())
    }

    fn hear(&mut self, event: Event, told_at: Option<i64>, now: Instant) {
        let settings = &self.run.watcher.settings;
        if let (Event::Update(path, value), Some(changed)) = (&event, &self.changed)
            && path == changed
        {
            self.unexplained.told(&value.to_string(), settings, now);
            self.counted = told_at.and_then(plausible);
            if matches!(self.run.held, Standard::Busy) {
                self.unexplained.explain(now);
            }
            return;
        }
        match &self.run.held {
            Standard::Unknown => {}
            Standard::Busy => {
                if !self.kept.keep(event, told_at) {
                    self.suspects.everything(now);
                }
            }
            Standard::Holds(_) => self.filter(&event, told_at, now),
        }
    }

    fn filter(&mut self, event: &Event, told_at: Option<i64>, now: Instant) {
        let run = &*self.run;
        let Standard::Holds(holding) = &run.held else { return };
        let (device, settings) = (&run.watcher.device, &run.watcher.settings);
        let filter = Filter {
            schema: &device.schema,
            profile: device.profile,
            holding,
            reported: &run.reported,
            salts: &run.salts,
        };
        let (suspects, mut suspicious) = (&mut self.suspects, false);
        let mut tell = |path: &Path, hint: Hint| suspicious |= suspects.hear(path, hint, settings, now);
        match event {
            Event::Update(path, value) => filter.update(path, value, &mut tell),
            Event::Delete(path) => filter.delete(path, &mut tell),
            Event::Committed { server, confirm } => {
                if suspects.committed() {
                    self.said.commit = server.clone().or_else(|| confirm.clone());
                }
            }
            Event::Synced => {}
        }
        if suspicious {
            self.said.at = told_at.and_then(plausible).or(self.said.at);
            self.unexplained.explain(now);
        }
    }

    /// These places are to be looked at.
    fn suspect(&mut self, looked: &Looked, now: Instant) {
        match looked {
            Looked::All => self.suspects.everything(now),
            Looked::Below(places) => places.iter().for_each(|place| {
                self.suspects.hear(place, Hint::Differs, &self.run.watcher.settings, now);
            }),
        }
    }

    /// The agent holds the device against something else from now on.
    fn renew(&mut self, now: Instant) {
        let before =
            std::mem::replace(&mut self.run.held, self.run.watcher.standard.borrow_and_update().clone());
        match (&before, &self.run.held) {
            (_, Standard::Unknown) => {
                self.suspects = Suspects::default();
                self.kept = Kept::default();
            }
            (_, Standard::Busy) => {}
            (Standard::Unknown, Standard::Holds(_)) => self.suspects.everything(now),
            (_, Standard::Holds(_)) => {
                // dropped by the record, perhaps: the pass that began then may have seen nothing
                for (looked, written) in std::mem::take(&mut self.run.unwritten) {
                    if !written.load(Ordering::Acquire) {
                        self.suspect(&looked, now);
                    }
                }
                for (event, told_at) in std::mem::take(&mut self.kept).events() {
                    self.filter(&event, told_at, now);
                }
                if matches!(before, Standard::Busy) {
                    // the change that is still to be told was ours
                    self.unexplained.explain(now);
                }
            }
        }
    }

    /// It is time for what is due.
    fn wake(&mut self, now: Instant) {
        let settings = &self.run.watcher.settings;
        let Standard::Holds(holding) = &self.run.held else { return };
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if self.suspects.is_empty() {
            // what was said before was of something that is as it should be again
            self.said = Said::default();
        }
        let unexplained = is_due(self.unexplained.due(settings));
        if unexplained {
            self.said.at = self.said.at.or(self.counted);
        }
        if self.read_back <= now || unexplained {
            self.suspects.everything(now);
        }
        if !is_due(self.suspects.due(settings)) {
            return;
        }
        let device = &self.run.watcher.device;
        let rules = Rules::of(device.profile, &holding.protected);
        let Some(burst) = self.suspects.take(&device.schema, &rules, settings) else { return };
        let against = Arc::clone(holding);
        self.look(burst, against, now);
    }

    fn look(&mut self, burst: Burst, against: Arc<Holding>, now: Instant) {
        if burst.looked == Looked::All {
            self.unexplained.look(now);
            self.read_back = now + self.run.next_whole();
        }
        let look = Look {
            device: self.run.watcher.device.clone(),
            session: self.session.clone(),
            against,
            burst,
            said: std::mem::take(&mut self.said),
            limits: Arc::clone(&self.run.watcher.limits),
        };
        self.wide = look.burst.looked == Looked::All;
        self.looking = Some(Box::pin(look.run()));
    }

    /// A look has ended. Gives the error, if it ends the connection.
    async fn take(&mut self, seen: Result<Seen, Error>) -> Option<Error> {
        match seen {
            Ok(Seen { verdict, resalted }) if self.run.held.is(&verdict.against) => {
                self.run.salts.looked(&verdict.looked, resalted);
                self.run.say_verdict(verdict).await;
                None
            }
            // a pass began meanwhile: it is looked at again when that is over
            Ok(Seen { verdict, .. }) => {
                self.said = verdict.said;
                self.suspect(&verdict.looked, Instant::now());
                None
            }
            // it answers to no such question: to the usual one it does
            Err(Error { kind: ErrorKind::Refused { .. }, .. }) if !self.wide => {
                self.suspects.everything(Instant::now());
                None
            }
            Err(error) => Some(error),
        }
    }
}

/// Waits for the end of a look; for ever if there is none.
async fn until_seen(looking: &mut Option<Looking>) -> Result<Seen, Error> {
    match looking {
        Some(look) => look.await,
        None => std::future::pending().await,
    }
}

/// The device's time of a change, in nanoseconds since 1970, if it is near to our own.
fn plausible(nanoseconds: i64) -> Option<Timestamp> {
    let told = Timestamp::from_nanosecond(i128::from(nanoseconds)).ok()?;
    (Timestamp::now().duration_since(told).abs() <= NEAR).then_some(told)
}
