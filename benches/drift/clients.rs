//! One client of one device, of each kind.
//!
//! Each says once that it is in step with the device, and stays. The bare and the naive one are
//! what a first draft with tonic's generated client would be; all devices of a process share one
//! TLS configuration, which costs a device least. Elsewhere: how many, and what is measured
//! (`watchers`).

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use gitfabric::compile::DeviceBuild;
use gitfabric::drift::{Holding, Looked, Settings, Standard, Told, Watcher, What};
use gitfabric::gnmi::{self, Credentials, Deadlines, SubscribeMode, Target, Tls, Transport, Trust};
use gitfabric::plan::FingerprintKey;
use gitfabric::rollout::Device;
use gitfabric::secret::SecretText;
use serde_json::Value as Json;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedSender};
use tokio::sync::{Semaphore, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Streaming};

use crate::process::{Kind, Peer};
use crate::proto::g_nmi_client::GNmiClient;
use crate::proto::subscribe_request::Request as Asked;
use crate::proto::subscribe_response::Response;
use crate::proto::typed_value::Value as Member;
use crate::proto::{self, SubscribeRequest, SubscribeResponse, SubscriptionList};

/// What all clients of a process share.
pub(crate) struct World {
    pub(crate) peer: Peer,
    pub(crate) recorded: Arc<DeviceBuild>,
    pub(crate) endpoint: Endpoint,
    pub(crate) said: UnboundedSender<Said>,
    pub(crate) heard: Arc<AtomicUsize>,
    settings: Arc<Settings>,
    standard: watch::Sender<Standard>,
    limits: Arc<Semaphore>,
    told: Sender<Told>,
}

/// What a client lets the measurement know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The first sync is over, and whatever follows it.
    InStep,
    /// What was changed by hand was heard, or found to be drift by who judges.
    Seen(Instant),
}

impl World {
    /// What watchers tell goes to `told`: as in the agent, one hears all.
    pub(crate) fn new(
        peer: Peer,
        recorded: Arc<DeviceBuild>,
        said: UnboundedSender<Said>,
        told: Sender<Told>,
    ) -> Self {
        gnmi::install_crypto();
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&peer.certificate));
        let endpoint = Endpoint::from_shared(format!("https://127.0.0.1:{}", peer.port))
            .and_then(|endpoint| endpoint.tls_config(tls))
            .expect("an address");
        let holding = Holding::new(
            &recorded.schema,
            Arc::clone(&recorded.tree),
            BTreeMap::new(),
            Arc::clone(&recorded.bootstrap),
            recorded.protected.clone(),
            FingerprintKey::new(&[7; 32]),
        );
        Self {
            peer,
            recorded,
            endpoint,
            said,
            heard: Arc::default(),
            settings: Arc::default(),
            standard: watch::Sender::new(Standard::Holds(Arc::new(holding))),
            limits: Arc::new(Semaphore::new(8)),
            told,
        }
    }

    /// Watches one device for as long as the process lives.
    pub(crate) async fn watch(self: Arc<Self>, kind: Kind, device: String) {
        match kind {
            Kind::Bare => self.bare(&device).await,
            Kind::Naive => self.naive(&device).await,
            Kind::Connection => self.connection(&device).await,
            Kind::Watcher => self.watcher(&device).await,
        }
    }

    fn say(&self, said: Said) {
        // fails when the measurement is over
        let _ = self.said.send(said);
    }

    /// tonic's client with its own settings, and an open subscription.
    async fn subscribed(
        &self,
        device: &str,
    ) -> (Streaming<SubscribeResponse>, mpsc::Sender<SubscribeRequest>) {
        let mut client = self.client().await;
        let (requests, receiver) = mpsc::channel(1);
        let list = SubscriptionList {
            subscription: vec![proto::Subscription::default()],
            ..SubscriptionList::default()
        };
        let asked = Some(Asked::Subscribe(list));
        let request = SubscribeRequest { request: asked, ..SubscribeRequest::default() };
        requests.try_send(request).expect("room for one");
        let mut request = Request::new(ReceiverStream::new(receiver));
        request.metadata_mut().insert("username", device.parse().expect("plain text"));
        (client.subscribe(request).await.expect("a subscription").into_inner(), requests)
    }

    /// tonic's client with its own settings.
    pub(crate) async fn client(&self) -> GNmiClient<Channel> {
        let channel = self.endpoint.connect().await.expect("a connection");
        GNmiClient::new(channel).max_decoding_message_size(64 << 20)
    }

    async fn bare(&self, device: &str) {
        let (mut stream, _requests) = self.subscribed(device).await;
        while let Some(message) = stream.message().await.expect("a message") {
            match message.response {
                Some(Response::Update(_)) => self.heard_one(),
                _ => self.say(Said::InStep),
            }
        }
    }

    /// Lets the measurement wait for one message, or for many without a wake for each.
    fn heard_one(&self) {
        let before = self.heard.fetch_sub(1, Ordering::Relaxed);
        if before == 1 {
            self.say(Said::Seen(Instant::now()));
        }
    }

    async fn naive(&self, device: &str) {
        let (mut stream, _requests) = self.subscribed(device).await;
        let mut known: BTreeMap<String, Json> = BTreeMap::new();
        while let Some(message) = stream.message().await.expect("a message") {
            let Some(Response::Update(notification)) = message.response else {
                self.say(Said::InStep);
                continue;
            };
            for update in notification.update {
                let Some(Member::JsonIetfVal(json)) = update.val.and_then(|val| val.value) else { continue };
                let path = update.path.map(|path| text(&path)).unwrap_or_default();
                known.insert(path, serde_json::from_slice(&json).expect("JSON"));
            }
            self.heard_one();
        }
    }

    /// How to reach a device with our client.
    pub(crate) fn target(&self, device: &str) -> Target {
        Target {
            device: device.parse().expect("a name"),
            host: "127.0.0.1".to_owned(),
            port: self.peer.port,
            transport: Transport::Tls(Tls {
                trust: Trust::Authority(self.peer.certificate.clone().into_bytes().into()),
                server_name: None,
                identity: None,
            }),
            credentials: Some(Credentials { username: device.to_owned(), password: SecretText::new("none") }),
            deadlines: Deadlines::default(),
        }
    }

    async fn connection(&self, device: &str) {
        let client = gnmi::Client::connect(&self.target(device)).await.expect("a connection");
        let paths = self.recorded.profile.read_paths();
        let mut stream = client.subscribe(&paths, SubscribeMode::OnChange).await.expect("a subscription");
        while let Some(event) = stream.next().await {
            match event.expect("an event") {
                gnmi::Event::Synced => self.say(Said::InStep),
                _ => self.heard_one(),
            }
        }
        pending::<()>().await;
    }

    async fn watcher(&self, device: &str) {
        let build = &self.recorded;
        let device = Device {
            target: Arc::new(self.target(device)),
            profile: build.profile,
            schema: Arc::clone(&build.schema),
        };
        let watcher = Watcher {
            device,
            settings: Arc::clone(&self.settings),
            standard: self.standard.subscribe(),
            told: self.told.clone(),
            limits: Arc::clone(&self.limits),
        };
        watcher.run(CancellationToken::new()).await;
    }

    /// Hears what watchers tell.
    pub(crate) async fn hear(self: Arc<Self>, mut hears: Receiver<Told>) {
        while let Some(told) = hears.recv().await {
            match told.what {
                What::Verdict(verdict) if verdict.looked == Looked::All => {
                    assert!(verdict.found.is_empty(), "it has what is recorded: {:?}", verdict.found);
                    self.say(Said::InStep);
                }
                What::Verdict(verdict) if !verdict.found.is_empty() => {
                    self.say(Said::Seen(Instant::now()));
                }
                What::Verdict(_) | What::State(..) => {}
            }
        }
    }
}

/// A path as a naive client would write it.
fn text(path: &proto::Path) -> String {
    let mut text = String::new();
    for elem in &path.elem {
        text = text + "/" + &elem.name;
        for (key, value) in &elem.key {
            text = text + "[" + key + "=" + value + "]";
        }
    }
    text
}
