//! A running device: its port, and the switches that a test or a demo turns.
//!
//! Here: [`SimulatedDevice::start`], [`Handle`]. A device serves TLS on TCP, and any other
//! byte stream that is handed to it. Elsewhere: the RPCs (`service`), several devices
//! (`fabric`), faults of single Sets (`faults`).

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, io};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use super::certificates::Identity;
use super::connection::{ByteStream, Connection, Port};
use super::counters::GetRecord;
use super::device::{Device, DeviceConfig};
use super::edit::Refusal;
use super::faults::{Faults, Gate, SetFault, SetLog, SetOperation, SetRecord};
use super::paths::resolve;
use super::pings::Watched;
use super::service::Service;
use super::set::{self, Operation};
use crate::gnmi::path as wire_path;
use crate::gnmi::proto::g_nmi_server::GNmiServer;
use crate::names::DeviceName;
use crate::yang::{Path, Tree};

/// Why a device did not start, or did not come back.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or may not be used.
    #[error("device {device} cannot listen on {address}")]
    Port {
        /// The device.
        device: DeviceName,
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The certificate or key is unusable.
    #[error("device {device} cannot use its certificate")]
    Tls {
        /// The device.
        device: DeviceName,
        /// What is wrong with it.
        #[source]
        cause: rustls::Error,
    },
}

/// A device before it runs.
#[derive(Debug)]
pub struct SimulatedDevice;

impl SimulatedDevice {
    /// Starts a device on an address, with port 0 on any free port. With no identity it
    /// serves plaintext. Must be called within a tokio runtime.
    pub fn start(
        config: DeviceConfig,
        address: SocketAddr,
        identity: Option<&Identity>,
    ) -> Result<Handle, StartError> {
        let name = config.name.clone();
        let unusable = |cause| StartError::Port { device: name.clone(), address, cause };
        let port = Port::reserve(address).map_err(unusable)?;
        let largest_message = config.personality.largest_message;
        let service = Service {
            device: Arc::new(Device::new(config)),
            faults: Arc::new(Faults::new()),
            scissors: Arc::default(),
            ice: Arc::default(),
            pings: Arc::default(),
            gets: Arc::default(),
            taken: Arc::default(),
        };
        let tls = identity.map(tls).transpose();
        let tls = tls.map_err(|cause| StartError::Tls { device: name.clone(), cause })?;
        let rpcs = GNmiServer::new(service.clone())
            .max_decoding_message_size(largest_message)
            .max_encoding_message_size(usize::MAX);
        let (connections, incoming) = mpsc::channel::<io::Result<Watched>>(16);
        let incoming = ReceiverStream::new(incoming);
        let server = tokio::spawn(async move {
            // ends with the last sender; a broken connection is that connection's matter
            let _ = Server::builder().add_service(rpcs).serve_with_incoming(incoming).await;
        });
        let door = Door { service, tls, connections };
        let handle = Handle { door, port, listening: Mutex::new(None), server };
        handle.up().map_err(|cause| StartError::Port { device: name, address, cause })?;
        Ok(handle)
    }
}

/// A running device. Ends when it is dropped.
pub struct Handle {
    door: Door,
    port: Port,
    /// None while the device is down.
    listening: Mutex<Option<Listening>>,
    server: JoinHandle<()>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("name", self.name())
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.down();
        self.server.abort();
    }
}

impl Handle {
    /// The device's name.
    pub fn name(&self) -> &DeviceName {
        &self.door.service.device.config.name
    }

    /// Where it listens, also while it is down.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Serves one more connection over any byte stream, in the way of the TCP ones.
    pub async fn serve(&self, stream: impl ByteStream) {
        let connection = self.door.service.connection(stream);
        self.door.clone().open(connection).await;
    }

    /// Makes the device unreachable: nobody listens, and every open connection is cut.
    pub fn down(&self) {
        drop(lock(&self.listening).take());
        // whoever was let in until then has the scissors at it
        self.door.service.scissors.cut();
    }

    /// Makes the device reachable again, on the same port.
    pub fn up(&self) -> io::Result<()> {
        let mut listening = lock(&self.listening);
        if listening.is_none() {
            *listening = Some(Listening::start(self.port.listen()?, self.door.clone()));
        }
        Ok(())
    }

    /// Whether the device can be reached.
    pub fn is_up(&self) -> bool {
        lock(&self.listening).is_some()
    }

    /// Cuts every open connection; new ones are taken.
    pub fn cut_connections(&self) {
        self.door.service.scissors.cut();
    }

    /// Leaves every connection open and half dead: nothing is read or written any more, no
    /// ping is answered, and whoever connects meanwhile waits as well.
    pub fn freeze(&self) {
        self.door.service.ice.freeze();
    }

    /// Goes on where [`Handle::freeze`] stopped.
    pub fn thaw(&self) {
        self.door.service.ice.thaw();
    }

    /// From now on, ends each connection whose HTTP/2 pings come sooner after one another than
    /// this, with `GOAWAY`, `ENHANCE_YOUR_CALM` and `too_many_pings` (hazard H10); with none,
    /// takes all of them, as at the start.
    pub fn ping_strictly(&self, least: impl Into<Option<Duration>>) {
        self.door.service.pings.set(least.into());
    }

    /// Makes the running configuration the one that a reboot comes back with
    /// (`copy running-config startup-config`).
    pub fn save(&self) {
        self.door.service.device.save();
    }

    /// Cuts every connection and starts anew: with what was saved last, or with the
    /// configuration of the first start if nobody ever did (hazard H3). For a device that is
    /// away for a while, call [`Handle::down`] before and [`Handle::up`] behind it.
    pub fn reboot(&self) {
        self.door.service.scissors.cut();
        self.door.service.device.reboot();
        // whoever came back in between met the old configuration
        self.door.service.scissors.cut();
    }

    /// Gives every hash of a secret another salt, once, as some devices do when they save:
    /// a change of the configuration that changes nothing (hazard H13).
    pub fn rehash(&self) {
        self.door.service.device.rehash();
    }

    /// Sets the device's clock forward, or back, by so many seconds, from the next change on
    /// (hazard H20).
    pub fn shift_clock(&self, seconds: i64) {
        self.door.service.device.shift_clock(seconds.saturating_mul(1_000_000_000));
    }

    /// Lets the next Set that has no fault yet go wrong.
    pub fn next_set(&self, fault: SetFault) {
        self.door.service.faults.push(fault);
    }

    /// Says from now on, to each Get that names this very path, that nothing is there, until
    /// [`Handle::clear_faults`]. What is above it shows it all the same.
    pub fn overlook(&self, path: Path) {
        self.door.service.faults.overlook(path);
    }

    /// Takes back the faults that no Set has met, and what is overlooked.
    pub fn clear_faults(&self) {
        self.door.service.faults.clear();
    }

    /// Holds every Set, before it is applied, until the gate is opened.
    pub fn hold_sets(&self) -> Gate {
        self.door.service.faults.close()
    }

    /// How many Sets have arrived, those included that wait or were refused.
    pub fn sets_received(&self) -> usize {
        self.log().received
    }

    /// How many Gets have arrived.
    pub fn gets_received(&self) -> usize {
        self.door.service.gets.log().borrow().received
    }

    /// The Gets that have arrived, the last 1,024 of them, in their order.
    pub fn gets(&self) -> Vec<GetRecord> {
        self.door.service.gets.log().borrow().last.iter().cloned().collect()
    }

    /// Waits until so many Gets have arrived.
    pub async fn wait_for_gets(&self, count: usize) {
        // cannot fail: the sender is in `self`
        let _ = self.door.service.gets.log().wait_for(|log| log.received >= count).await;
    }

    /// How many subscriptions are open: taken and not ended by either side.
    pub fn subscriptions_open(&self) -> usize {
        *self.door.service.device.subscriptions.borrow()
    }

    /// Waits until so many subscriptions are open, neither more nor less.
    pub async fn wait_for_subscriptions(&self, count: usize) {
        // cannot fail: the sender is in `self`
        let _ = self.door.service.device.subscriptions.subscribe().wait_for(|open| *open == count).await;
    }

    /// How many connections have been taken on its port.
    pub fn connections_received(&self) -> usize {
        self.door.service.taken.load(Ordering::Relaxed)
    }

    /// The most Sets that were ever worked on at the same time.
    pub fn most_sets_at_once(&self) -> usize {
        self.log().most_in_flight
    }

    /// The Sets that ended, in that order.
    pub fn sets(&self) -> Vec<SetRecord> {
        self.log().records
    }

    /// Waits until so many Sets have arrived.
    pub async fn wait_for_sets(&self, count: usize) {
        let mut log = self.door.service.faults.log();
        // cannot fail: the sender is in `self`
        let _ = log.wait_for(|log| log.received >= count).await;
    }

    /// Waits until so many Sets have ended, each applied, refused or lost.
    pub async fn wait_for_ended_sets(&self, count: usize) {
        let mut log = self.door.service.faults.log();
        // cannot fail: the sender is in `self`
        let _ = log.wait_for(|log| log.records.len() >= count).await;
    }

    /// The running configuration.
    pub fn config(&self) -> Tree {
        Tree::clone(&self.door.service.device.snapshot().config)
    }

    /// How often the configuration has changed since the start.
    pub fn generation(&self) -> u64 {
        self.door.service.device.snapshot().generation
    }

    /// The metadata annotation at the root, in base64.
    pub fn annotation(&self) -> Option<String> {
        self.door.service.device.snapshot().annotation.clone()
    }

    /// Changes the configuration as a person at the console does: past the login, the faults
    /// and the counters, under the same rules. Paths may hold wildcards in `deletes`.
    pub fn edit(&self, deletes: &[Path], updates: &[(Path, Json)]) -> Result<(), Refusal> {
        let device = &self.door.service.device;
        let operation = |kind, path: &Path, value| {
            let target = resolve(device.schema(), None, &wire_path::to_wire(path))
                .map_err(|status| Refusal::new(status.code(), status.message()))?;
            Ok(Operation { kind, target, value })
        };
        let deletes = deletes.iter().map(|path| operation(SetOperation::Delete, path, None));
        let updates =
            updates.iter().map(|(path, json)| operation(SetOperation::Update, path, Some(json.clone())));
        let operations = deletes.chain(updates).collect::<Result<Vec<_>, Refusal>>()?;
        set::apply(device, &operations, None).map(drop)
    }

    fn log(&self) -> SetLog {
        self.door.service.faults.log().borrow().clone()
    }
}

/// Takes connections until it is dropped, and from that moment on none: a task that is told to end
/// does so a while later, so its socket is taken from it.
struct Listening {
    socket: Arc<Mutex<Option<TcpListener>>>,
    task: JoinHandle<()>,
}

impl Listening {
    fn start(socket: TcpListener, door: Door) -> Self {
        let socket = Arc::new(Mutex::new(Some(socket)));
        let listens = Arc::clone(&socket);
        let task = tokio::spawn(async move {
            while let Some(connection) = poll_fn(|context| next(&listens, &door.service, context)).await {
                // a client that is slow with its handshake is not to hold up the next one
                tokio::spawn(door.clone().open(connection));
            }
        });
        Self { socket, task }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(lock(&self.socket).take());
        self.task.abort();
    }
}

/// The next connection, within reach of the scissors before the socket can be closed.
fn next(
    socket: &Mutex<Option<TcpListener>>,
    service: &Service,
    context: &mut Context<'_>,
) -> Poll<Option<Connection>> {
    let socket = lock(socket);
    let Some(listener) = socket.as_ref() else { return Poll::Ready(None) };
    let Ok((stream, _)) = ready!(listener.poll_accept(context)) else { return Poll::Ready(None) };
    // a small answer must not wait for a bigger packet; a failure only makes it slower
    let _ = stream.set_nodelay(true);
    service.taken.fetch_add(1, Ordering::Relaxed);
    Poll::Ready(Some(service.connection(stream)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The way from bytes to the server.
#[derive(Clone)]
struct Door {
    service: Service,
    /// None for a device that speaks plaintext.
    tls: Option<TlsAcceptor>,
    connections: mpsc::Sender<io::Result<Watched>>,
}

impl Door {
    /// Hands a connection to the server, once it has shown who it is. A client that breaks off
    /// is nobody's loss, and the server ends only with the device.
    async fn open(self, connection: Connection) {
        let pings = Arc::clone(&self.service.pings);
        let watched = match &self.tls {
            None => Watched::new(connection, pings),
            Some(tls) => match tls.accept(connection).await {
                Ok(stream) => Watched::new(stream, pings),
                Err(_) => return,
            },
        };
        let _ = self.connections.send(Ok(watched)).await;
    }
}

fn tls(identity: &Identity) -> Result<TlsAcceptor, rustls::Error> {
    let unusable = |_| rustls::Error::General("the PEM of its certificate or key is damaged".to_owned());
    let certificates = CertificateDer::pem_slice_iter(identity.certificate.as_bytes());
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(unusable)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(unusable)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
