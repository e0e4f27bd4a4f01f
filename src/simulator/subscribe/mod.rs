//! Subscribe: the data at some paths, now and as it changes (gNMI specification §3.5).
//!
//! Here: [`serve`] for one call: ONCE, POLL, and STREAM on change (a mode left to the target
//! is taken as that), with a heartbeat, or sampled. `messages`: what is said. Elsewhere: what
//! there is to see (`view`), what of it changed (`change`), the call's transport (`service`).

mod messages;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_stream::{Stream, StreamExt as _};
use tonic::Status;

use self::messages::{Gone, Teller, Wanted};
use super::change::Change;
use super::device::Device;
use super::get::{check_implemented, echo, encoding};
use super::paths::{overlap, resolve};
use super::personality::OnChange;
use crate::gnmi::proto::gnmi_ext::{Extension, config_subscription, extension};
use crate::gnmi::proto::subscribe_request::Request as Asked;
use crate::gnmi::proto::subscription_list::Mode;
use crate::gnmi::proto::{self, SubscribeRequest, SubscribeResponse, SubscriptionList, SubscriptionMode};
use crate::yang::Path;

/// What stands for "as fast as you can" (§3.5.1.5.2, a `sample_interval` of zero).
const FASTEST: Duration = Duration::from_secs(1);

/// What a call sends.
pub(super) type Answers = mpsc::Sender<Result<SubscribeResponse, Status>>;

/// What a call receives.
trait Requests: Stream<Item = Result<SubscribeRequest, Status>> + Unpin {}

impl<T: Stream<Item = Result<SubscribeRequest, Status>> + Unpin> Requests for T {}

/// Serves one call until it ends. The error that ends it goes to the client.
pub(super) async fn serve(
    device: Arc<Device>,
    mut requests: impl Stream<Item = Result<SubscribeRequest, Status>> + Unpin,
    answers: Answers,
) {
    let first = match requests.next().await {
        Some(Ok(SubscribeRequest { request: Some(Asked::Subscribe(list)), extension })) => {
            Ok((list, extension))
        }
        Some(Ok(_)) => Err(Status::invalid_argument("the first message must be a subscription")),
        Some(Err(_)) | None => return,
    };
    let call = first
        .and_then(|(list, extension)| Call::new(Arc::clone(&device), &list, &extension, answers.clone()));
    let call = match call {
        Ok(call) => call,
        Err(status) => return drop(answers.send(Err(status)).await),
    };
    let _open = Open::new(device);
    // an error means that the client is gone: nobody to tell
    let _ = match call.mode {
        Mode::Once => call.once().await,
        Mode::Poll => call.poll(requests).await,
        Mode::Stream => call.stream(requests).await,
    };
}

/// A subscription that is counted for as long as it is open.
struct Open(Arc<Device>);

impl Open {
    fn new(device: Arc<Device>) -> Self {
        device.subscriptions.send_modify(|open| *open += 1);
        Self(device)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.subscriptions.send_modify(|open| *open = open.saturating_sub(1));
    }
}

/// One call, after its first message.
struct Call {
    mode: Mode,
    updates_only: bool,
    teller: Teller,
}

impl Call {
    fn new(
        device: Arc<Device>,
        list: &SubscriptionList,
        extensions: &[Extension],
        answers: Answers,
    ) -> Result<Self, Status> {
        let mode = Mode::try_from(list.mode).map_err(|_| Status::invalid_argument("no such mode"))?;
        let encoding = encoding(list.encoding)?;
        if list.subscription.is_empty() {
            return Err(Status::invalid_argument("no subscription in the list"));
        }
        let mut wanted = Vec::new();
        let snapshot = device.snapshot();
        for subscription in &list.subscription {
            let root = proto::Path::default();
            let path = subscription.path.as_ref().unwrap_or(&root);
            let target = resolve(device.schema(), list.prefix.as_ref(), path)?;
            check_implemented(&device, &snapshot, &target)?;
            let (changes, every) = if mode == Mode::Stream { rhythm(subscription)? } else { (false, None) };
            if changes {
                check_on_change(&device.config.personality.on_change, &target.path)?;
            }
            wanted.push(Wanted { target, changes, every });
        }
        let prefix = echo(list.prefix.as_ref());
        let commits =
            device.config.personality.config_subscriptions && extensions.iter().any(asks_for_commits);
        let teller = Teller { device, answers, encoding, wanted, prefix, commits };
        Ok(Self { mode, updates_only: list.updates_only, teller })
    }

    async fn once(&self) -> Result<(), Gone> {
        self.teller.everything().await?;
        self.teller.sync().await
    }

    async fn poll(&self, mut requests: impl Requests) -> Result<(), Gone> {
        while let Some(Ok(request)) = requests.next().await {
            if !matches!(request.request, Some(Asked::Poll(_))) {
                return self.second_subscription().await;
            }
            self.teller.everything().await?;
            self.teller.sync().await?;
        }
        Ok(())
    }

    async fn stream(&self, mut requests: impl Requests) -> Result<(), Gone> {
        let (first, mut changes) = self.teller.device.follow();
        if !self.updates_only {
            self.teller.state(&first, |_| true).await?;
        }
        self.teller.sync().await?;
        if self.teller.device.config.personality.replays_last && !self.updates_only {
            self.teller.last_again(&first).await?;
        }
        drop(first);
        let mut clock = Clock::start(&self.teller.wanted);
        let mut open = true;
        loop {
            tokio::select! {
                change = changes.recv() => match change {
                    Some(change) => self.changed(change, &mut changes).await?,
                    // the device starts anew
                    None => return Ok(()),
                },
                () = clock.strikes() => {
                    let due = clock.due(&self.teller.wanted);
                    let snapshot = self.teller.device.snapshot();
                    self.teller.state(&snapshot, |index| due.contains(&index)).await?;
                }
                request = requests.next(), if open => match request {
                    Some(Ok(_)) => return self.second_subscription().await,
                    None if self.teller.device.config.personality.survives_half_close => open = false,
                    None | Some(Err(_)) => return Ok(()),
                },
                () = self.teller.answers.closed() => return Err(Gone),
            }
        }
    }

    /// Tells a change; or, if too many wait behind it, all of them as one.
    async fn changed(
        &self,
        change: Arc<Change>,
        waiting: &mut mpsc::UnboundedReceiver<Arc<Change>>,
    ) -> Result<(), Gone> {
        if waiting.len() <= self.teller.device.config.personality.waiting_changes {
            return self.teller.change(&change).await;
        }
        let mut merged = Change::clone(&change);
        while let Ok(later) = waiting.try_recv() {
            merged.add(&later);
        }
        self.teller.change(&merged).await
    }

    async fn second_subscription(&self) -> Result<(), Gone> {
        let status = Status::invalid_argument("a second subscription on one call");
        self.teller.answers.send(Err(status)).await.map_err(|_| Gone)
    }
}

/// When which path of a subscription is told again without a change.
struct Clock(Vec<Option<Instant>>);

impl Clock {
    fn start(wanted: &[Wanted]) -> Self {
        let now = Instant::now();
        Self(wanted.iter().map(|wanted| wanted.every.map(|every| now + every)).collect())
    }

    /// Waits for the next time; for ever if there is none.
    async fn strikes(&self) {
        match self.0.iter().flatten().min() {
            Some(next) => sleep_until(*next).await,
            None => std::future::pending().await,
        }
    }

    /// The paths whose time has come, each of which gets its next one.
    fn due(&mut self, wanted: &[Wanted]) -> Vec<usize> {
        let now = Instant::now();
        let mut due = Vec::new();
        for (index, (next, wanted)) in self.0.iter_mut().zip(wanted).enumerate() {
            if next.is_some_and(|next| next <= now) {
                *next = wanted.every.map(|every| now + every);
                due.push(index);
            }
        }
        due
    }
}

/// Whether changes are told, and after how long everything is told again.
fn rhythm(subscription: &proto::Subscription) -> Result<(bool, Option<Duration>), Status> {
    let interval = |nanoseconds: u64| (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds));
    let heartbeat = interval(subscription.heartbeat_interval);
    match SubscriptionMode::try_from(subscription.mode) {
        Ok(SubscriptionMode::OnChange) => Ok((true, heartbeat)),
        Ok(SubscriptionMode::TargetDefined) if subscription.sample_interval == 0 => Ok((true, heartbeat)),
        Ok(SubscriptionMode::TargetDefined) => {
            Err(Status::invalid_argument("TARGET_DEFINED takes no sample_interval"))
        }
        Ok(SubscriptionMode::Sample) => {
            Ok((false, Some(interval(subscription.sample_interval).unwrap_or(FASTEST))))
        }
        Err(_) => Err(Status::invalid_argument("no such subscription mode")),
    }
}

fn check_on_change(on_change: &OnChange, path: &Path) -> Result<(), Status> {
    match on_change {
        OnChange::Everywhere => Ok(()),
        OnChange::Nowhere(code) => Err(Status::new(*code, "ON_CHANGE is not supported")),
        OnChange::NotAt(code, without) => match without.iter().find(|without| overlap(without, path)) {
            Some(at) => Err(Status::new(*code, format!("ON_CHANGE is not supported at {at}"))),
            None => Ok(()),
        },
    }
}

fn asks_for_commits(extension: &Extension) -> bool {
    match &extension.ext {
        Some(extension::Ext::ConfigSubscription(asked)) => {
            matches!(asked.action, Some(config_subscription::Action::Start(_)))
        }
        _ => false,
    }
}
