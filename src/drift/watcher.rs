//! One device, watched for as long as it is in service: connecting, again and again.
//!
//! A device that tells of changes is followed (`follow`); one that cannot is looked at from time
//! to time; one that does not answer is called again, later after each failure. Elsewhere: which
//! devices (`agent::watches`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::follow::Following;
use super::guard::caught;
use super::look::{Look, everything};
use super::open::{Offer, Opened};
use super::reported::Reported;
use super::salts::Salts;
use super::settings::Settings;
use super::standard::Standard;
use super::told::{Looked, Said, Told, Verdict, What};
use crate::git::poll;
use crate::gnmi::{Error, ErrorKind};
use crate::record::WatchState;
use crate::rollout::{Device, NotIdentified, Session};
use crate::yang::Path;

/// How far an interval may be off, so that a thousand devices are not looked at together.
const JITTER: f64 = 0.2;

/// A connection that lived so long is no failure: the next one is tried at once.
const STEADY: Duration = Duration::from_mins(1);

/// The longest between two pings, whatever a device says of them.
const LEAST_PINGS: Duration = Duration::from_hours(1);

/// So many verdicts may wait for the record before the whole is looked at instead.
const UNWRITTEN: usize = 16;

/// One device, watched for as long as it is in service.
#[derive(Debug)]
pub struct Watcher {
    /// The device.
    pub device: Device,
    /// How patient it is.
    pub settings: Arc<Settings>,
    /// What the device is held against.
    pub standard: watch::Receiver<Standard>,
    /// Who is told.
    pub told: mpsc::Sender<Told>,
    /// So many devices are looked at as wholes at the same time.
    pub limits: Arc<Semaphore>,
}

/// A watcher at work: what it knows from one connection to the next.
pub(super) struct Run {
    pub(super) watcher: Watcher,
    /// What the device is held against now.
    pub(super) held: Standard,
    /// What was told to differ.
    pub(super) reported: Reported,
    /// Secrets that show another text at each look.
    pub(super) salts: Salts,
    /// What was told and may have been dropped, as a pass began between telling and writing.
    pub(super) unwritten: Vec<(Looked, Arc<AtomicBool>)>,
    offer: Offer,
    said: Option<(WatchState, Option<String>)>,
    /// When a device that cannot tell of changes is asked again whether it can.
    ask_again: Option<Instant>,
    /// Why it cannot.
    cannot: Option<String>,
}

/// Why a connection is over.
pub(super) enum End {
    /// It failed, or the device will not have us.
    Failed(Error),
    /// The device ended the stream, as before a restart.
    Ended,
    /// It was looked at, and is to be looked at again in a while.
    Looked,
    /// Another device answers at its address, in words.
    Another(String),
    /// We failed ourselves, in words.
    Panicked(String),
}

impl Watcher {
    /// Watches until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let mut run = Run {
            watcher: self,
            held: Standard::Unknown,
            reported: Reported::default(),
            salts: Salts::default(),
            unwritten: Vec::new(),
            offer: Offer::default(),
            said: None,
            ask_again: None,
            cannot: None,
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = run.supervise() => {}
        }
    }
}

impl Run {
    async fn supervise(&mut self) {
        let mut failures = 0_u32;
        loop {
            let began = Instant::now();
            let end = caught(Box::pin(self.connection())).await.unwrap_or_else(End::Panicked);
            let settings = Arc::clone(&self.watcher.settings);
            let pause = match &end {
                End::Looked => {
                    failures = 0;
                    poll::interval(settings.poll, JITTER, poll::random())
                }
                // repeated tries may lock the user
                End::Failed(error) if waits_for_a_person(&error.kind) => {
                    poll::interval(settings.poll, JITTER, poll::random())
                }
                End::Another(_) => poll::interval(settings.poll, JITTER, poll::random()),
                End::Failed(_) | End::Ended | End::Panicked(_) => {
                    if let End::Failed(error) = &end {
                        self.ping_less(&error.kind);
                    }
                    failures = if began.elapsed() >= STEADY { 0 } else { failures.saturating_add(1) };
                    let doubled = failures.saturating_sub(1);
                    poll::backoff(settings.retry, settings.away, doubled, JITTER, poll::random())
                }
            };
            match end {
                End::Looked => {}
                End::Failed(error) => self.say(WatchState::Away, Some(why(&error))).await,
                End::Ended => {
                    self.say(WatchState::Away, Some("it ended the subscription".to_owned())).await;
                }
                End::Another(why) => self.say(WatchState::Away, Some(why)).await,
                End::Panicked(words) => self.recover(&words).await,
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// We failed on something that this device says: it is told, and all that is known of the
    /// device is found out anew.
    async fn recover(&mut self, words: &str) {
        let device = self.watcher.device.name();
        tracing::error!(%device, "watching it failed, and is tried again: {words}");
        self.reported = Reported::default();
        self.salts = Salts::default();
        self.offer = Offer::default();
        let why = format!("watching it failed, which is a fault of ours, and is tried again: {words}");
        self.say(WatchState::Away, Some(why)).await;
    }

    /// A device that ends connections for our pings is pinged half as often from now on.
    fn ping_less(&mut self, kind: &ErrorKind) {
        if kind.is_too_many_pings() {
            let mut target = (*self.watcher.device.target).clone();
            target.deadlines.ping = target.deadlines.ping.saturating_mul(2).min(LEAST_PINGS);
            self.watcher.device.target = Arc::new(target);
        }
    }

    /// One connection, from its beginning to its end.
    async fn connection(&mut self) -> End {
        // what is done once on a connection takes no memory while it is followed
        let session = match Box::pin(self.watcher.device.connect()).await {
            Ok(session) => session,
            Err(error) => return End::Failed(error),
        };
        match Box::pin(session.identify()).await {
            Ok(()) => {}
            Err(NotIdentified::Unanswered(error)) => return End::Failed(error),
            Err(another) => return End::Another(another.to_string()),
        }
        if self.ask_again.is_some_and(|at| Instant::now() < at) {
            return Box::pin(self.look_once(session)).await;
        }
        let changed = self.watcher.device.profile.changed_path();
        match Box::pin(self.open(&session, changed.as_ref())).await {
            Ok(opened) => {
                self.ask_again = None;
                self.say(WatchState::Watching, self.offer.gaps()).await;
                self.held = self.watcher.standard.borrow_and_update().clone();
                Following::new(self, session, changed).follow(opened.stream, opened.changed).await
            }
            Err(error) => match error.kind {
                // it cannot, it may not tell us, or it opens a stream and then says nothing
                ErrorKind::Refused { .. }
                | ErrorKind::Protocol { .. }
                | ErrorKind::PermissionDenied { .. } => {
                    self.ask_again = Some(Instant::now() + self.watcher.settings.read_back);
                    self.cannot = Some(why(&error));
                    Box::pin(self.look_once(session)).await
                }
                _ => End::Failed(error),
            },
        }
    }

    /// Opens the stream. The paths are let go with it: they are 50 KB for each device.
    async fn open(&mut self, session: &Session, changed: Option<&Path>) -> Result<Opened, Error> {
        let mut paths = self.watcher.device.profile.watch_paths();
        paths.extend(changed.cloned());
        self.offer.open(session.client(), &paths, changed).await
    }

    /// One look at the whole of a device that cannot tell of changes.
    async fn look_once(&mut self, session: Session) -> End {
        // one that was away is back once it was looked at: it may take a connection and no more
        if !matches!(self.said, Some((WatchState::Away, _))) {
            self.say(WatchState::Polling, self.cannot.clone()).await;
        }
        self.held = self.watcher.standard.borrow_and_update().clone();
        if self.held.holding().is_none() {
            // a pass has it in hand, or nothing is on record: it is looked at as soon as that is over
            let standard = &mut self.watcher.standard;
            let held = standard.wait_for(|standard| standard.holding().is_some());
            let held = tokio::time::timeout(self.watcher.settings.poll, held).await;
            match held.map(|held| held.map(|held| held.clone())) {
                Ok(Ok(held)) => self.held = held,
                Ok(Err(_)) => return std::future::pending().await,
                Err(_) => return self.ask_after(&session).await,
            }
        }
        let Some(against) = self.held.holding().cloned() else { return End::Looked };
        let look = Look {
            device: self.watcher.device.clone(),
            session,
            against,
            burst: everything(),
            said: Said::default(),
            limits: Arc::clone(&self.watcher.limits),
        };
        match look.run().await {
            Ok(seen) => {
                self.say(WatchState::Polling, self.cannot.clone()).await;
                if self.watcher.standard.borrow().is(&seen.verdict.against) {
                    self.salts.looked(&seen.verdict.looked, seen.resalted);
                    self.say_verdict(seen.verdict).await;
                }
                End::Looked
            }
            Err(error) => End::Failed(error),
        }
    }

    /// Whether a device still answers that is held against nothing: there is nothing else to see.
    async fn ask_after(&mut self, session: &Session) -> End {
        match Box::pin(session.identify()).await {
            Ok(()) => {
                self.say(WatchState::Polling, self.cannot.clone()).await;
                End::Looked
            }
            Err(NotIdentified::Unanswered(error)) => End::Failed(error),
            Err(another) => End::Another(another.to_string()),
        }
    }

    /// How long until the whole is looked at again, whatever is told.
    pub(super) fn next_whole(&self) -> Duration {
        let settings = &self.watcher.settings;
        let every = if self.offer.gaps().is_some() { settings.poll } else { settings.read_back };
        poll::interval(every, JITTER, poll::random())
    }

    pub(super) async fn say_verdict(&mut self, verdict: Verdict) {
        self.reported.update(&verdict.looked, &verdict.found);
        self.unwritten.retain(|(_, written)| !written.load(Ordering::Acquire));
        if self.unwritten.len() == UNWRITTEN {
            self.unwritten = vec![(Looked::All, Arc::default())];
        }
        self.unwritten.push((verdict.looked.clone(), Arc::clone(&verdict.written)));
        self.tell(What::Verdict(verdict)).await;
    }

    async fn say(&mut self, state: WatchState, detail: Option<String>) {
        let said = Some((state, detail));
        if self.said != said {
            self.said.clone_from(&said);
            if let Some((state, detail)) = said {
                self.tell(What::State(state, detail)).await;
            }
        }
    }

    async fn tell(&self, what: What) {
        let told = Told { device: self.watcher.device.name().clone(), what };
        // nobody listens any more: the agent ends
        let _ = self.watcher.told.send(told).await;
    }
}

fn waits_for_a_person(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Tls { .. }
            | ErrorKind::Unauthenticated { .. }
            | ErrorKind::PermissionDenied { .. }
            | ErrorKind::Settings { .. }
    )
}

/// The device's name stands beside it already.
fn why(error: &Error) -> String {
    let what = match &error.kind {
        ErrorKind::Unreachable { what } => what.clone(),
        kind => kind.to_string(),
    };
    let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
    format!("{what} ({}){hint}", error.address)
}
