//! A small gNMI device behind a real socket, for the tests of the client.
//!
//! Here: [`Device`], which misbehaves on demand: the first step of a path says how (see
//! [`Service`]); and certificates made on the spot. Elsewhere: devices with a data tree
//! and a schema (`simulator`), which stand further down the flow.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use super::proto::g_nmi_server::{GNmi, GNmiServer};
use super::proto::subscribe_response::Response as Told;
use super::target::{Credentials, Deadlines, Identity, Target, Tls, Transport, Trust};
use super::{proto, value};
use crate::secret::SecretText;

/// The password that the device accepts, and that must never be seen in an error.
pub(crate) const PASSWORD: &str = "hunter2";

/// An authority, and what it signs.
pub(crate) struct Authority {
    pub(crate) pem: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem().into_bytes();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn sign(&self, names: &[&str]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let names = names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate: certificate.pem().into_bytes().into(),
            key: key.serialize_pem().into_bytes().into(),
        }
    }
}

/// How a device protects its port.
#[derive(Default)]
pub(crate) struct Guard {
    pub(crate) identity: Option<Identity>,
    /// Clients must show a certificate of this authority.
    pub(crate) clients: Option<Vec<u8>>,
}

/// A running device. Its connections end with it.
pub(crate) struct Device {
    pub(crate) address: SocketAddr,
    /// One message for each Set that arrived.
    pub(crate) sets: mpsc::Receiver<proto::SetRequest>,
    /// What its subscriptions tell, each to the first that is open.
    pub(crate) tell: mpsc::Sender<proto::SubscribeResponse>,
    runtime: Option<Runtime>,
}

impl Device {
    /// Starts it on a free port. It has a runtime of its own, so that it can vanish at once.
    pub(crate) fn start(guard: &Guard) -> Self {
        super::install_crypto();
        let (seen, sets) = mpsc::channel(8);
        let (tell, told) = mpsc::channel(8);
        let service = Service { seen, told: Mutex::new(Some(told)), root: Mutex::default() };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = Server::builder();
        if let Some(identity) = &guard.identity {
            let identity = tonic::transport::Identity::from_pem(&identity.certificate, &identity.key);
            let mut tls = ServerTlsConfig::new().identity(identity);
            if let Some(authority) = &guard.clients {
                tls = tls.client_ca_root(Certificate::from_pem(authority));
            }
            server = server.tls_config(tls).unwrap();
        }
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let incoming = TcpIncoming::from(listener);
            server.add_service(GNmiServer::new(service)).serve_with_incoming(incoming).await
        });
        Self { address, sets, tell, runtime: Some(runtime) }
    }

    /// How to call it without TLS.
    pub(crate) fn target(&self) -> Target {
        target(self.address)
    }

    /// Ends its subscriptions as a device does that wants no more of them.
    pub(crate) fn hang_up(&mut self) {
        self.tell = mpsc::channel(1).0;
    }

    /// Breaks every connection and closes the port.
    pub(crate) fn vanish(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.vanish();
    }
}

/// A target without TLS, with the right password and short deadlines.
pub(crate) fn target(address: SocketAddr) -> Target {
    Target {
        device: "leaf1".parse().unwrap(),
        host: address.ip().to_string(),
        port: address.port(),
        transport: Transport::Plaintext,
        credentials: Some(Credentials { username: "admin".to_owned(), password: SecretText::new(PASSWORD) }),
        deadlines: Deadlines::default(),
    }
}

/// TLS that trusts an authority.
pub(crate) fn trusting(authority: &Authority) -> Tls {
    Tls { trust: Trust::Authority(authority.pem.clone().into()), server_name: None, identity: None }
}

/// The first step of a path decides: `absent` is `NOT_FOUND`, `forbidden` is
/// `PERMISSION_DENIED`, `large` is a value of 5 MiB, `foreign` is of another origin,
/// `broken` is no JSON; in a Set `refused` is `INVALID_ARGUMENT` with the value repeated,
/// `silent` gives no results, `unavailable` fails so, `never` gives no answer. Anything
/// else succeeds. The root holds what a Set last wrote there.
struct Service {
    seen: mpsc::Sender<proto::SetRequest>,
    told: Mutex<Option<mpsc::Receiver<proto::SubscribeResponse>>>,
    root: Mutex<Option<Value>>,
}

fn authenticate<T>(request: &Request<T>) -> Result<(), Status> {
    let given = |name| request.metadata().get(name).and_then(|value| value.to_str().ok());
    match (given("username"), given("password")) {
        (Some("admin"), Some(PASSWORD)) => Ok(()),
        (user, password) => {
            Err(Status::unauthenticated(format!("{user:?} with {password:?}: authentication failed")))
        }
    }
}

/// The first step of a path; empty at the root.
fn first_step(path: Option<&proto::Path>) -> &str {
    path.and_then(|path| path.elem.first()).map_or("", |elem| &elem.name)
}

impl Service {
    /// One notification: the path split in prefix and rest, as devices may.
    fn read(&self, path: &proto::Path) -> Result<proto::Notification, Status> {
        let (mut prefix, mut rest) = (path.clone(), path.clone());
        rest.origin.clear();
        rest.elem = prefix.elem.split_off(1.min(prefix.elem.len()));
        let text = match first_step(Some(path)) {
            "absent" => return Err(Status::not_found("no data")),
            "forbidden" => return Err(Status::permission_denied("OpenConfig.Get is not authorized")),
            "foreign" => {
                prefix.origin = "eos_native".to_owned();
                "1".to_owned()
            }
            "large" => format!("\"{}\"", "x".repeat(5 << 20)),
            "broken" => "{".to_owned(),
            "" => self.root.lock().unwrap().clone().unwrap_or_default().to_string(),
            _ => "{\"a\":1}".to_owned(),
        };
        let val = proto::typed_value::Value::JsonIetfVal(text.into_bytes());
        Ok(proto::Notification {
            prefix: Some(prefix),
            update: vec![proto::Update {
                path: Some(rest),
                val: Some(proto::TypedValue { value: Some(val) }),
                ..proto::Update::default()
            }],
            ..proto::Notification::default()
        })
    }
}

#[tonic::async_trait]
impl GNmi for Service {
    async fn capabilities(
        &self,
        request: Request<proto::CapabilityRequest>,
    ) -> Result<Response<proto::CapabilityResponse>, Status> {
        authenticate(&request)?;
        Ok(Response::new(proto::CapabilityResponse {
            supported_encodings: vec![proto::Encoding::JsonIetf.into()],
            g_nmi_version: "0.7.0".to_owned(),
            ..proto::CapabilityResponse::default()
        }))
    }

    async fn get(&self, request: Request<proto::GetRequest>) -> Result<Response<proto::GetResponse>, Status> {
        authenticate(&request)?;
        let paths = request.into_inner().path;
        let notification = paths.iter().map(|path| self.read(path)).collect::<Result<_, _>>()?;
        Ok(Response::new(proto::GetResponse { notification, ..proto::GetResponse::default() }))
    }

    async fn set(&self, request: Request<proto::SetRequest>) -> Result<Response<proto::SetResponse>, Status> {
        authenticate(&request)?;
        let request = request.into_inner();
        let _ = self.seen.send(request.clone()).await;
        let mut response = Vec::new();
        for update in request.replace.iter().chain(&request.update) {
            let json =
                value::from_wire(update).map_err(|error| Status::invalid_argument(error.to_string()))?;
            match first_step(update.path.as_ref()) {
                "refused" => return Err(Status::invalid_argument(format!("bad value {json}\nin line 1"))),
                "unavailable" => return Err(Status::unavailable("going down")),
                "never" => std::future::pending().await,
                "silent" => return Ok(Response::new(proto::SetResponse::default())),
                "" => *self.root.lock().unwrap() = Some(json),
                _ => {}
            }
            response.push(proto::UpdateResult::default());
        }
        response.extend(request.delete.iter().map(|_| proto::UpdateResult::default()));
        Ok(Response::new(proto::SetResponse { response, timestamp: 7, ..proto::SetResponse::default() }))
    }

    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<proto::SubscribeResponse, Status>> + Send>>;

    /// Tells what the test says, for as long as the client keeps its side open. A list of
    /// mode ONCE ends with the first sync.
    async fn subscribe(
        &self,
        request: Request<Streaming<proto::SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        authenticate(&request)?;
        let mut requests = request.into_inner();
        let first = requests.next().await.ok_or_else(|| Status::invalid_argument("no list"))??;
        let Some(proto::subscribe_request::Request::Subscribe(list)) = first.request else {
            return Err(Status::invalid_argument("no list"));
        };
        let once = list.mode() == proto::subscription_list::Mode::Once;
        let mut told = self.told.lock().unwrap().take().unwrap();
        let (answers, stream) = mpsc::channel(8);
        tokio::spawn(async move {
            loop {
                let answer = tokio::select! {
                    biased;
                    None = requests.next() => return,
                    answer = told.recv() => answer,
                };
                let Some(answer) = answer else { return };
                let synced = matches!(answer.response, Some(Told::SyncResponse(_)));
                if answers.send(Ok(answer)).await.is_err() || (once && synced) {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}
