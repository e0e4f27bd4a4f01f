//! All simulated devices on one port: a lean gNMI server with prepared answers.
//!
//! A client is the device whose name it gives as user. Subscribe tells the first sync and then
//! what is ordered; Get shows what is recorded, with the leaf that was last changed; Set is how
//! the measuring process orders ([`Order`]). Elsewhere: what devices hold (`load`). The
//! simulator of the crate could do it too, at a cost that would be seen in the waiting times.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;

use gitfabric::compile::DeviceBuild;
use gitfabric::yang::{Path, Tree, json};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::{Stream, StreamExt as _};
use tonic::metadata::MetadataMap;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use crate::load;
use crate::process::Peer;
use crate::proto::g_nmi_server::{GNmi, GNmiServer};
use crate::proto::subscribe_response::Response as Answer;
use crate::proto::typed_value::Value as Member;
use crate::proto::{
    CapabilityRequest, CapabilityResponse, Encoding, GetRequest, GetResponse, ModelData, Notification,
    SetRequest, SetResponse, SubscribeRequest, SubscribeResponse,
};

/// Serves until standard input ends; says the port on standard output.
pub(crate) fn run() {
    let peer = Peer::of_this_process();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.spawn(async move {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        println!("{}", incoming.local_addr().expect("an address").port());
        let identity = Identity::from_pem(&peer.certificate, &peer.key);
        let tls = ServerTlsConfig::new().identity(identity);
        let mut server = Server::builder().tls_config(tls).expect("the certificate");
        let devices = GNmiServer::new(Devices::new()).max_encoding_message_size(usize::MAX);
        server.add_service(devices).serve_with_incoming(incoming.with_nodelay(Some(true))).await
    });
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// What a device shall tell on its subscription, and how often.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) device: String,
    pub(crate) what: What,
    pub(crate) times: usize,
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    /// Owned leaves with the values that they had.
    Equal,
    /// Leaves that nobody asked for.
    Foreign,
    /// An owned leaf with a value that nobody asked for, another each time.
    Changed,
}

type Messages = Box<dyn Iterator<Item = SubscribeResponse> + Send>;

struct Devices {
    recorded: Arc<DeviceBuild>,
    /// What each has: what is recorded, and what `bootstrap` gave it.
    has: Tree,
    first_sync: Arc<Vec<SubscribeResponse>>,
    equal: Arc<Vec<SubscribeResponse>>,
    foreign: Arc<Vec<SubscribeResponse>>,
    /// Open subscriptions.
    listening: Mutex<BTreeMap<String, UnboundedSender<Messages>>>,
    /// What the changed leaf has become.
    changed: Mutex<BTreeMap<String, String>>,
    /// Answers of unchanged devices, by path.
    shown: Mutex<BTreeMap<Path, Option<Json>>>,
}

impl Devices {
    fn new() -> Self {
        let recorded = load::recorded();
        let mut first_sync = load::first_sync(&recorded);
        let synced = Answer::SyncResponse(true);
        first_sync.push(SubscribeResponse { response: Some(synced), ..SubscribeResponse::default() });
        let alone = |leaves: Vec<(Path, Json)>| {
            Arc::new(leaves.into_iter().map(|leaf| load::told(1, &[leaf])).collect::<Vec<_>>())
        };
        let mut has = (*recorded.tree).clone();
        has.extend((*recorded.bootstrap).clone());
        Self {
            has,
            equal: alone(load::owned(&recorded)),
            foreign: alone((0..400).map(load::foreign).collect()),
            first_sync: Arc::new(first_sync),
            recorded,
            listening: Mutex::default(),
            changed: Mutex::default(),
            shown: Mutex::default(),
        }
    }

    /// Starts what was ordered; false if nobody listens to that device.
    fn take(&self, order: &Order) -> bool {
        let Order { device, what, times } = order.clone();
        let messages: Messages = match what {
            What::Equal => again(&self.equal, times),
            What::Foreign => again(&self.foreign, times),
            What::Changed => {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                let value = format!("by hand at {}", now.as_nanos());
                locked(&self.changed).insert(device.clone(), value.clone());
                let leaf = (load::changed(), json!(value));
                let timestamp = i64::try_from(now.as_nanos()).unwrap_or_default();
                Box::new(std::iter::once(load::told(timestamp, &[leaf])))
            }
        };
        locked(&self.listening).get(&device).is_some_and(|listener| listener.send(messages).is_ok())
    }

    /// What a device has at a path.
    fn show(&self, device: &str, path: &Path) -> Option<Json> {
        let build = &self.recorded;
        let changed = load::changed();
        let value = locked(&self.changed).get(device).cloned().filter(|_| changed.starts_with(path));
        let below = |tree: &Tree| {
            json::write_below(&build.schema, tree, path, &json::no_secrets).map(|written| written.json)
        };
        let Some(value) = value else {
            return locked(&self.shown).entry(path.clone()).or_insert_with(|| below(&self.has)).clone();
        };
        let mut tree = Tree::new();
        for (path, leaf) in self.has.below(path) {
            tree.insert(path.clone(), leaf.clone());
        }
        tree.extend(json::read(&build.schema, &changed, &json!(value)).tree);
        below(&tree)
    }
}

fn again(messages: &Arc<Vec<SubscribeResponse>>, times: usize) -> Messages {
    let messages = Arc::clone(messages);
    Box::new((0..times).map(move |turn| messages[turn % messages.len()].clone()))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn device(metadata: &MetadataMap) -> String {
    metadata.get("username").and_then(|name| name.to_str().ok()).unwrap_or_default().to_owned()
}

/// A subscription: what is being told, and what has been ordered.
struct Telling {
    now: Messages,
    orders: UnboundedReceiver<Messages>,
    /// Held, as the end of the request side would end the call.
    _requests: Streaming<SubscribeRequest>,
}

impl Stream for Telling {
    type Item = Result<SubscribeResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(message) = self.now.next() {
                return Poll::Ready(Some(Ok(message)));
            }
            match self.orders.poll_recv(context) {
                Poll::Ready(Some(order)) => self.now = order,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

#[tonic::async_trait]
impl GNmi for Devices {
    async fn capabilities(
        &self,
        _: Request<CapabilityRequest>,
    ) -> Result<Response<CapabilityResponse>, Status> {
        // about as many as EOS says
        let supported_models = (0..200).map(|number| ModelData {
            name: format!("openconfig-module-of-some-length-{number}"),
            organization: "OpenConfig working group".to_owned(),
            version: "2026-01-01".to_owned(),
        });
        Ok(Response::new(CapabilityResponse {
            supported_models: supported_models.collect(),
            supported_encodings: vec![Encoding::JsonIetf.into()],
            ..CapabilityResponse::default()
        }))
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let device = device(request.metadata());
        let request = request.into_inner();
        let mut notification = Vec::new();
        for path in &request.path {
            let path: Path = load::path(path);
            let update = self.show(&device, &path).map(|json| load::update(&path, &json));
            let update = update.into_iter().collect();
            notification.push(Notification { timestamp: 1, update, ..Notification::default() });
        }
        Ok(Response::new(GetResponse { notification, ..GetResponse::default() }))
    }

    async fn set(&self, request: Request<SetRequest>) -> Result<Response<SetResponse>, Status> {
        let update = request.into_inner().update.pop();
        let Some(Member::JsonIetfVal(text)) = update.and_then(|update| update.val?.value) else {
            return Err(Status::invalid_argument("no order"));
        };
        let order: Order =
            serde_json::from_slice(&text).map_err(|error| Status::invalid_argument(error.to_string()))?;
        if self.take(&order) {
            Ok(Response::new(SetResponse::default()))
        } else {
            Err(Status::not_found("nobody listens to that device"))
        }
    }

    type SubscribeStream = Telling;

    async fn subscribe(
        &self,
        request: Request<Streaming<SubscribeRequest>>,
    ) -> Result<Response<Telling>, Status> {
        let device = device(request.metadata());
        let mut requests = request.into_inner();
        if !matches!(requests.next().await, Some(Ok(_))) {
            return Err(Status::invalid_argument("no subscription"));
        }
        let (sender, orders) = unbounded_channel();
        // for whoever watches next it is as recorded
        locked(&self.changed).remove(&device);
        locked(&self.listening).insert(device, sender);
        let now = again(&self.first_sync, self.first_sync.len());
        Ok(Response::new(Telling { now, orders, _requests: requests }))
    }
}
