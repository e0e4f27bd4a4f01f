//! The server over real sockets, and over pipes where time has to stand still.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use proptest::prelude::*;
use ring::hmac;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, duplex};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::server::Visit;
use super::*;
use crate::secret::SecretText;

/// The time at which the recorded deliveries arrive here.
const NOW: &str = "2026-11-20T21:24:00Z";

/// What NetBox writes into `X-Hook-Signature`.
pub(super) fn sign(secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes()), body);
    tag.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn hook() -> (NetboxHook, Wakeups) {
    let secret = HookSecret::new(&SecretText::new("test-secret")).unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    let debounce = Debounce::new(Duration::from_millis(20), Duration::from_secs(5));
    NetboxHook::with_clock(secret, Window::default(), debounce, Arc::new(move || now))
}

/// A server on loopback with a receiver.
pub(super) struct Lab {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    wakeups: Wakeups,
}

impl Lab {
    async fn start(limits: Limits, tls: Option<Tls>, more: Router) -> Self {
        let server = Server::listen((Ipv4Addr::LOCALHOST, 0).into(), tls, limits).await.unwrap();
        let (address, stop) = (server.address(), CancellationToken::new());
        let (hook, wakeups) = hook();
        let serving = tokio::spawn(server.serve(routes([hook.routes(), more]), stop.clone()));
        Self { address, stop, serving, wakeups }
    }

    /// The same with a part beside it.
    pub(super) async fn with(more: Router) -> Self {
        Self::start(Limits::default(), None, more).await
    }

    async fn plain() -> Self {
        Self::start(Limits::default(), None, Router::new()).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a connection of their own and reads to its end.
    pub(super) async fn ask(&self, request: &[u8]) -> String {
        ask(self.connect().await, request).await
    }
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    read(stream).await
}

/// Everything up to the end; a connection that is reset has ended too.
async fn read(mut stream: impl AsyncRead + Unpin) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// `200 body`, or `(cut)` if no answer came.
pub(super) fn brief(answer: &str) -> String {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return "(cut)".to_owned() };
    let status = head.split(' ').nth(1).unwrap_or_default();
    format!("{status} {}", body.trim_end())
}

fn delivery(body: &str, signature: Option<&str>) -> Vec<u8> {
    let signature = signature.map(|signature| format!("X-Hook-Signature: {signature}\r\n"));
    let length = body.len();
    format!(
        "POST /hooks/netbox HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{}\r\n{body}",
        signature.unwrap_or_default()
    )
    .into_bytes()
}

fn body(event: &str) -> String {
    format!(r#"{{"event":"{event}","timestamp":"{NOW}","object_type":"dcim.device","username":"ada"}}"#)
}

#[tokio::test]
async fn every_request_gets_the_answer_of_its_kind() {
    let lab = Lab::plain().await;
    let good = body("updated");
    let signature = sign("test-secret", good.as_bytes());
    for (case, request, expected) in [
        ("alive", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "200 alive"),
        ("elsewhere", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "404 nothing is served here"),
        ("get", b"GET /hooks/netbox HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "405 not with this method"),
        ("a wrong signature", delivery(&good, Some(&"0".repeat(128))), "401 the signature is absent or does"),
        ("no signature", delivery(&good, None), "401 the signature is absent or does"),
        ("no JSON", delivery("{", Some(&sign("test-secret", b"{"))), "400 the body is no JSON object"),
        ("signed", delivery(&good, Some(&signature)), "200 taken"),
        ("again", delivery(&good, Some(&signature)), "200 seen already"),
        ("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), "400"),
    ] {
        let said = brief(&lab.ask(&request).await);
        assert!(said.starts_with(expected), "{case}: {said}");
    }
    let wrong_method = lab.ask(b"PUT /hooks/netbox HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(wrong_method.to_ascii_lowercase().contains("allow: post"), "{wrong_method}");
}

#[tokio::test]
async fn deliveries_wake_once_together() {
    let mut lab = Lab::plain().await;
    for number in 0..5 {
        let body = body(&format!("deleted{number}"));
        let said = lab.ask(&delivery(&body, Some(&sign("test-secret", body.as_bytes())))).await;
        assert_eq!(brief(&said), "200 taken");
    }
    let burst = lab.wakeups.next().await.unwrap();
    assert_eq!(burst.first.to_string(), "dcim.device deleted0 by ada");
    // on a busy machine the quiet time may pass between two of them
    let mut count = burst.count;
    while count < 5 {
        count += lab.wakeups.next().await.unwrap().count;
    }
    assert_eq!(count, 5);
}

#[tokio::test]
async fn recorded_deliveries_of_a_real_netbox_wake() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/netbox/4.6.8");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: no ../shared/netbox with recorded deliveries");
        return;
    };
    let mut lab = Lab::plain().await;
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_string_lossy().starts_with("webhook-"));
    files.sort();
    assert_eq!(files.len(), 6, "the recording is whole");
    for file in &files {
        let recorded: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(recorded["secret"], "test-secret");
        let mut request = String::from("POST /hooks/netbox HTTP/1.1\r\n");
        for header in recorded["headers"].as_array().unwrap() {
            let (name, value) = (header[0].as_str().unwrap(), header[1].as_str().unwrap());
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("\r\n{}", recorded["body"].as_str().unwrap()));
        assert_eq!(brief(&lab.ask(request.as_bytes()).await), "200 taken", "{}", file.display());
    }
    let first = lab.wakeups.next().await.unwrap().first;
    assert_eq!(
        first.to_string(),
        "ipam.vlan created by admin (request cb6a6518-a48e-4b9b-a5bb-6bab8b858f71)"
    );
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let lab = Lab::start(Limits { body: 1000, ..Limits::default() }, None, Router::new()).await;
    let full = format!("{:1000}", body("x"));
    let chunked = "POST /hooks/netbox HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n";
    let many = "GET /healthz HTTP/1.1\r\n".to_owned() + &"A: b\r\n".repeat(65) + "\r\n";
    let long = format!("GET /healthz HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(17 << 10));
    for (case, request, expected) in [
        ("a body at the limit", delivery(&full, Some(&sign("test-secret", full.as_bytes()))), "200 taken"),
        ("a body over it", delivery(&format!("{full} "), None), "413 the body cannot be taken"),
        ("without a length", [chunked.as_bytes(), &[b' '; 1001]].concat(), "413 the body cannot be taken"),
        ("many headers", many.into_bytes(), "431"),
        ("a long header", long.into_bytes(), "431"),
    ] {
        let said = brief(&lab.ask(&request).await);
        assert!(said.starts_with(expected), "{case}: {said}");
    }
}

#[tokio::test]
async fn https_is_served_with_a_certificate_and_plain_http_is_not() {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = Tls::from_pem(own.cert.pem().as_bytes(), own.signing_key.serialize_pem().as_bytes()).unwrap();
    let lab = Lab::start(Limits::default(), Some(tls), Router::new()).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(own.cert.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, lab.connect().await).await.unwrap();
    assert_eq!(brief(&ask(stream, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await), "200 alive");

    let plain = lab.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(!plain.contains("alive"), "{plain:?}");
}

#[tokio::test]
async fn a_client_that_holds_its_place_does_not_keep_the_next_one_out_for_long() {
    let limits = Limits { connections: 1, deadline: Duration::from_millis(500), ..Limits::default() };
    let lab = Lab::start(limits, None, Router::new()).await;
    // the only place is taken by a client that never comes to the end of its request
    let mut slow = lab.connect().await;
    slow.write_all(b"POST /hooks/netbox HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{").await.unwrap();
    assert_eq!(brief(&lab.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await), "200 alive");
    assert_eq!(read(slow).await, "", "it was cut off without an answer");
}

#[tokio::test]
async fn a_client_that_hangs_up_in_the_middle_does_no_harm() {
    let lab = Lab::plain().await;
    let body = body("updated");
    let request = delivery(&body, Some(&sign("test-secret", body.as_bytes())));
    for sent in [0, 1, 40, request.len() - 1] {
        let mut stream = lab.connect().await;
        stream.write_all(&request[..sent]).await.unwrap();
        stream.shutdown().await.unwrap();
        let said = brief(&read(stream).await);
        assert!(!said.starts_with("200"), "{sent} bytes: {said}");
    }
    assert_eq!(brief(&lab.ask(&request).await), "200 taken");
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_server_ends() {
    let (enter, entered) = oneshot::channel();
    let (let_go, gate) = oneshot::channel::<()>();
    let doors = Arc::new(std::sync::Mutex::new(Some((enter, gate))));
    let slow = Router::new().route(
        "/slow",
        get(async move || {
            let (enter, gate) = doors.lock().unwrap().take().unwrap(); // asked once
            enter.send(()).unwrap();
            gate.await.unwrap();
            "done"
        }),
    );
    let lab = Lab::start(Limits::default(), None, slow).await;
    let mut asking = lab.connect().await;
    asking.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    entered.await.unwrap();
    lab.stop.cancel();
    let_go.send(()).unwrap();
    assert_eq!(brief(&read(asking).await), "200 done");
    lab.serving.await.unwrap();
    assert!(TcpStream::connect(lab.address).await.is_err(), "nobody listens any more");
}

/// A connection over a pipe; the task ends with it.
fn visit(limits: Limits) -> (tokio::io::DuplexStream, JoinHandle<()>) {
    let (client, server) = duplex(64 << 10);
    let (hook, _) = hook();
    let visit = Visit { routes: routes([hook.routes()]), limits, stop: CancellationToken::new() };
    (client, tokio::spawn(async move { visit.whole(server, None).await }))
}

#[tokio::test(start_paused = true)]
async fn slow_clients_are_cut_off_at_their_deadlines() {
    let limits = Limits::default();
    let head = "POST /hooks/netbox HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n";
    for (case, sent, expected) in [
        ("says nothing", "", limits.head_deadline),
        ("stops within the headers", &head[..20], limits.head_deadline),
        ("stops before the body", head, limits.deadline),
        ("stops within the body", &format!("{head}{{"), limits.deadline),
    ] {
        let start = Instant::now();
        let (mut client, connection) = visit(limits);
        client.write_all(sent.as_bytes()).await.unwrap();
        connection.await.unwrap();
        // timers have a granularity of one millisecond
        let beyond = start.elapsed().checked_sub(expected);
        assert!(beyond.is_some_and(|beyond| beyond <= Duration::from_millis(2)), "{case}: {beyond:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_trickles_gains_no_time() {
    let (mut client, connection) = visit(Limits::default());
    let start = Instant::now();
    client.write_all(b"POST /hooks/netbox HTTP/1.1\r\nContent-Length: 100\r\n\r\n").await.unwrap();
    let trickle = async {
        while client.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::join!(trickle, async { connection.await.unwrap() });
    assert!(start.elapsed() <= Duration::from_secs(32), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_answer_is_cut_off() {
    let (client, server) = duplex(16);
    let visit = Visit { routes: routes([]), limits: Limits::default(), stop: CancellationToken::new() };
    let (mut reading, mut writing) = tokio::io::split(client);
    let connection = tokio::spawn(async move { visit.whole(server, None).await });
    writing.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    connection.await.unwrap();
    let mut rest = Vec::new();
    reading.read_to_end(&mut rest).await.unwrap();
    assert!(rest.len() <= 16, "no more than the pipe held");
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_does_not_hold_up_the_end() {
    let (_client, server) = duplex(1024);
    let stop = CancellationToken::new();
    let visit = Visit { routes: routes([]), limits: Limits::default(), stop: stop.clone() };
    let connection = tokio::spawn(async move { visit.whole(server, None).await });
    tokio::task::yield_now().await;
    let start = Instant::now();
    stop.cancel();
    connection.await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_are_a_panic(bytes in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        "(GET|POST|X) (/|/hooks/netbox|/healthz|\\*|//)[^\r\n]{0,10} HTTP/1.[01]\r\n([A-Za-z-]{1,12}: ?[^\r\n]{0,40}\r\n){0,5}(Content-Length: [0-9]{1,3}\r\n|Transfer-Encoding: chunked\r\n)?\r\n(.|\n){0,60}"
            .prop_map(String::into_bytes),
    ]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (mut client, connection) = visit(Limits::default());
            client.write_all(&bytes).await.unwrap();
            client.shutdown().await.unwrap();
            let said = read(client).await;
            assert!(said.is_empty() || said.starts_with("HTTP/1."), "{said}");
            // a panic would come out here
            connection.await.unwrap();
        });
    }
}
