//! Subscribe: the data at some paths, now and as it changes (gNMI specification §3.5).
//!
//! Here: [`serve`] for one call: ONCE, POLL, and STREAM on change (a mode left to the target
//! is taken as that). Sampling is refused as an invalid argument; heartbeats are not sent.
//! Each leaf is one update. Each change is one notification: what is gone, and what is new.
//! Elsewhere: what there is to see (`view`), the call's transport (`service`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt as _};
use tonic::Status;

use super::device::{Device, Snapshot};
use super::get::{check_implemented, echo, encoding, typed};
use super::paths::{Resolved, reach, resolve, to_wire};
use super::render::{Encoding, leaf_json};
use crate::gnmi::proto::subscribe_request::Request as Asked;
use crate::gnmi::proto::subscribe_response::Response as Answer;
use crate::gnmi::proto::subscription_list::Mode;
use crate::gnmi::proto::{
    self, Notification, SubscribeRequest, SubscribeResponse, SubscriptionList, SubscriptionMode, Update,
};
use crate::yang::Path;

/// How many leaves of an initial state go into one message.
const LEAVES_A_MESSAGE: usize = 64;

/// The client went away: nobody is left to be told anything.
struct Gone;

/// What a call sends.
pub(super) type Answers = mpsc::Sender<Result<SubscribeResponse, Status>>;

/// Serves one call until it ends. The error that ends it goes to the client.
pub(super) async fn serve(
    device: Arc<Device>,
    mut requests: impl Stream<Item = Result<SubscribeRequest, Status>> + Unpin,
    answers: Answers,
) {
    let first = match requests.next().await {
        Some(Ok(SubscribeRequest { request: Some(Asked::Subscribe(list)), .. })) => Ok(list),
        Some(Ok(_)) => Err(Status::invalid_argument("the first message must be a subscription")),
        Some(Err(_)) | None => return,
    };
    let call = match first.and_then(|list| Call::new(device, &list, answers.clone())) {
        Ok(call) => call,
        Err(status) => return drop(answers.send(Err(status)).await),
    };
    // an error means that the client is gone: nobody to tell
    let _ = match call.mode {
        Mode::Once => call.once().await,
        Mode::Poll => call.poll(requests).await,
        Mode::Stream => call.stream(requests).await,
    };
}

/// The leaves that a subscription is about, with their values.
type Leaves = BTreeMap<Path, Json>;

/// One call, after its first message.
struct Call {
    device: Arc<Device>,
    answers: Answers,
    mode: Mode,
    encoding: Encoding,
    updates_only: bool,
    targets: Vec<Resolved>,
    prefix: Option<proto::Path>,
}

impl Call {
    fn new(device: Arc<Device>, list: &SubscriptionList, answers: Answers) -> Result<Self, Status> {
        let mode = Mode::try_from(list.mode).map_err(|_| Status::invalid_argument("no such mode"))?;
        let encoding = encoding(list.encoding)?;
        if list.subscription.is_empty() {
            return Err(Status::invalid_argument("no subscription in the list"));
        }
        let mut targets = Vec::new();
        let snapshot = device.snapshot();
        for subscription in &list.subscription {
            if mode == Mode::Stream {
                check_mode(subscription)?;
            }
            let root = proto::Path::default();
            let path = subscription.path.as_ref().unwrap_or(&root);
            let target = resolve(device.schema(), list.prefix.as_ref(), path)?;
            check_implemented(&device, snapshot.view(&device.config), &target)?;
            targets.push(target);
        }
        let prefix = echo(list.prefix.as_ref());
        let updates_only = list.updates_only;
        Ok(Self { device, answers, mode, encoding, updates_only, targets, prefix })
    }

    async fn once(&self) -> Result<(), Gone> {
        self.everything().await?;
        self.sync().await
    }

    async fn poll(
        &self,
        mut requests: impl Stream<Item = Result<SubscribeRequest, Status>> + Unpin,
    ) -> Result<(), Gone> {
        while let Some(Ok(request)) = requests.next().await {
            if !matches!(request.request, Some(Asked::Poll(_))) {
                return self.second_subscription().await;
            }
            self.everything().await?;
            self.sync().await?;
        }
        Ok(())
    }

    async fn stream(
        &self,
        mut requests: impl Stream<Item = Result<SubscribeRequest, Status>> + Unpin,
    ) -> Result<(), Gone> {
        let mut snapshots = self.device.watch();
        let first = Arc::clone(&snapshots.borrow_and_update());
        let mut known = self.leaves(&first);
        if !self.updates_only {
            self.send_leaves(&known, first.changed_at).await?;
        }
        self.sync().await?;
        let mut open = true;
        loop {
            tokio::select! {
                changed = snapshots.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let snapshot = Arc::clone(&snapshots.borrow_and_update());
                    known = self.send_change(known, &snapshot).await?;
                }
                request = requests.next(), if open => match request {
                    Some(Ok(_)) => return self.second_subscription().await,
                    None if self.device.config.personality.survives_half_close => open = false,
                    None | Some(Err(_)) => return Ok(()),
                },
                () = self.answers.closed() => return Err(Gone),
            }
        }
    }

    /// The leaves of a snapshot that the subscription is about.
    fn leaves(&self, snapshot: &Snapshot) -> Leaves {
        let keys = self.device.config.personality.streams_key_leaves;
        let view = snapshot.view(&self.device.config);
        let everything = Path::root();
        view.below(&everything)
            .filter(|(_, shown)| keys || !shown.key)
            .filter(|(path, _)| self.reach(path).is_some())
            .map(|(path, shown)| (path.clone(), leaf_json(shown, self.encoding)))
            .collect()
    }

    /// At which step of a path the subscription begins to be about it.
    fn reach(&self, path: &Path) -> Option<usize> {
        self.targets.iter().filter_map(|target| reach(&target.path, path)).min()
    }

    async fn everything(&self) -> Result<(), Gone> {
        let snapshot = self.device.snapshot();
        self.send_leaves(&self.leaves(&snapshot), snapshot.changed_at).await
    }

    async fn send_leaves(&self, leaves: &Leaves, timestamp: i64) -> Result<(), Gone> {
        let updates: Vec<Update> = leaves.iter().map(|(path, json)| self.update(path, json)).collect();
        for some in updates.chunks(LEAVES_A_MESSAGE) {
            self.notify(timestamp, Vec::new(), some.to_vec()).await?;
        }
        Ok(())
    }

    /// Sends what is gone and what is new; gives back what is known now.
    async fn send_change(&self, known: Leaves, snapshot: &Snapshot) -> Result<Leaves, Gone> {
        let now = self.leaves(snapshot);
        let mut gone: BTreeSet<Path> = BTreeSet::new();
        for path in known.keys().filter(|path| !now.contains_key(*path)) {
            gone.insert(self.branch(path, snapshot));
        }
        let delete: Vec<proto::Path> = gone.iter().map(|path| self.wire(path)).collect();
        let changed = now.iter().filter(|(path, json)| known.get(*path) != Some(json));
        let update: Vec<Update> = changed.map(|(path, json)| self.update(path, json)).collect();
        if !delete.is_empty() || !update.is_empty() {
            self.notify(snapshot.changed_at, delete, update).await?;
        }
        Ok(now)
    }

    /// The highest node at or above a leaf that is gone with it, and within the subscription.
    fn branch(&self, gone: &Path, snapshot: &Snapshot) -> Path {
        let view = snapshot.view(&self.device.config);
        let from = self.reach(gone).unwrap_or_default().max(1);
        if !self.device.config.personality.branch_deletes {
            return gone.clone();
        }
        (from..gone.elems().len())
            .map(|steps| gone.prefix(steps))
            .find(|above| !view.contains_below(above))
            .unwrap_or_else(|| gone.clone())
    }

    fn update(&self, path: &Path, json: &Json) -> Update {
        Update { path: Some(self.wire(path)), val: Some(typed(json, self.encoding)), ..Update::default() }
    }

    fn wire(&self, path: &Path) -> proto::Path {
        let origin = self.targets.first().map_or("", |target| &target.origin);
        to_wire(self.device.schema(), path, origin)
    }

    async fn notify(
        &self,
        timestamp: i64,
        delete: Vec<proto::Path>,
        update: Vec<Update>,
    ) -> Result<(), Gone> {
        let prefix = self.prefix.clone();
        let notification = Notification { timestamp, prefix, update, delete, ..Notification::default() };
        self.send(Answer::Update(notification)).await
    }

    async fn sync(&self) -> Result<(), Gone> {
        if self.device.config.personality.syncs {
            self.send(Answer::SyncResponse(true)).await
        } else {
            Ok(())
        }
    }

    async fn second_subscription(&self) -> Result<(), Gone> {
        let status = Status::invalid_argument("a second subscription on one call");
        self.answers.send(Err(status)).await.map_err(|_| Gone)
    }

    async fn send(&self, answer: Answer) -> Result<(), Gone> {
        let response = SubscribeResponse { response: Some(answer), ..SubscribeResponse::default() };
        self.answers.send(Ok(response)).await.map_err(|_| Gone)
    }
}

fn check_mode(subscription: &proto::Subscription) -> Result<(), Status> {
    match SubscriptionMode::try_from(subscription.mode) {
        Ok(SubscriptionMode::OnChange) => Ok(()),
        Ok(SubscriptionMode::TargetDefined) if subscription.sample_interval == 0 => Ok(()),
        Ok(SubscriptionMode::TargetDefined) => {
            Err(Status::invalid_argument("TARGET_DEFINED takes no sample_interval"))
        }
        Ok(SubscriptionMode::Sample) => Err(Status::invalid_argument("SAMPLE is not simulated")),
        Err(_) => Err(Status::invalid_argument("no such subscription mode")),
    }
}
