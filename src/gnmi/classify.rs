//! From what rustls, tonic or the device said to the kind of an error and a hint.
//!
//! Here: [`connecting`] for a connection that did not come about, [`answered`] for a call
//! that failed, [`late`] for one that did not end. Elsewhere: the kinds (`error`).

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError};
use tonic::{Code, Status};

use crate::secret::SecretText;

use super::client::MAX_MESSAGE;
use super::error::{Action, Error, ErrorKind, Refusal, TOO_MANY_PINGS};
use super::target::{Target, Transport};
use super::words::safe;

const NOTHING_LISTENS: &str = "nothing listens there: check the port (EOS: 6030), and on EOS \
     `management api gnmi`, `transport grpc`, and its `vrf` if management has one";
const NO_WAY: &str = "check the address, that the device is up, and that no access list (on EOS also the \
     control-plane ACL) drops the port";
const NO_NAME: &str = "the name is not known here: check its spelling, or use the IP address";
const WANTS_TLS: &str = "the device may expect TLS: give the authority that signed its certificate \
     in place of plaintext";
const NO_TLS: &str = "the device does not speak TLS on this port: check the port, and on EOS that \
     `transport grpc` names an `ssl profile`";
const WANTS_CERTIFICATE: &str = "the device may ask for a client certificate: give one with its key, \
     signed by an authority that the device's SSL profile trusts";
const NO_GNMI: &str = "something else than gNMI listens there: check the port (EOS: 6030)";
const WRONG_PASSWORD: &str = "check user and password, and that the user exists on the device or its \
     AAA server";
const NOT_AUTHORISED: &str = "the user's role must allow it: on EOS with `authorization requests` the AAA \
     server decides on OpenConfig.Get and OpenConfig.Set";
const TOO_LARGE: &str = "a message is larger than its receiver allows";
const NOT_READABLE: &str = "the device lacks the path, the encoding or this type of Get: some devices \
     know only the type `all`";
const NOT_WRITABLE: &str = "the device lacks the path or does not let it be set";
const PINGS: &str = "the device wants fewer HTTP/2 pings: raise the ping interval";

/// What stands at the end of a chain of causes, and what is known on the way there.
struct Cause {
    deepest: String,
    io: Option<io::ErrorKind>,
    tls: Option<rustls::Error>,
    /// The connection did not come about: nothing was sent on it.
    connecting: bool,
    resolving: bool,
}

impl Cause {
    fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut cause =
            Self { deepest: String::new(), io: None, tls: None, connecting: false, resolving: false };
        let mut next = Some(error);
        while let Some(error) = next {
            cause.deepest = error.to_string();
            cause.resolving |= cause.deepest.starts_with("dns error");
            cause.connecting |= error.is::<tonic::ConnectError>();
            if let Some(error) = error.downcast_ref::<io::Error>() {
                cause.io = Some(error.kind());
                // The source of an io::Error is that of what it holds, which is so left out.
                let held = error.get_ref().and_then(|held| held.downcast_ref::<rustls::Error>());
                cause.tls = cause.tls.or(held.cloned());
            } else if let Some(error) = error.downcast_ref::<rustls::Error>() {
                cause.tls = Some(error.clone());
            }
            next = error.source();
        }
        cause
    }
}

/// Why no connection came about.
pub(super) fn connecting(target: &Target, error: &(dyn StdError + 'static)) -> Error {
    let cause = Cause::of(error);
    let what = cause.deepest.clone();
    let (kind, hint) = match (&cause.tls, cause.io) {
        (Some(tls), _) => return tls_failed(target, Action::Connect, tls),
        _ if cause.resolving => (ErrorKind::Unreachable { what }, Some(NO_NAME)),
        (None, Some(io::ErrorKind::ConnectionRefused)) => {
            (ErrorKind::Unreachable { what }, Some(NOTHING_LISTENS))
        }
        (None, Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset))
            if matches!(target.transport, Transport::Tls(_)) =>
        {
            (ErrorKind::Tls { what: format!("the device ended the handshake: {what}") }, Some(NO_TLS))
        }
        (None, Some(_)) => (ErrorKind::Unreachable { what }, Some(NO_WAY)),
        (None, None) => (ErrorKind::Tls { what }, Some(NO_GNMI)),
    };
    failed(target, Action::Connect, kind, hint)
}

/// Why a call failed. `secrets` are those that its request held.
pub(super) fn answered(target: &Target, action: Action, status: &Status, secrets: &[SecretText]) -> Error {
    if let Some(source) = status.source() {
        return broken(target, action, source);
    }
    let message = safe(status.message(), clear(target, secrets));
    if made_here(status) {
        let kind = lost(action, message, |what| ErrorKind::Protocol { what });
        let hint = status.message().starts_with("grpc-status").then_some(NO_GNMI);
        return failed(target, action, kind, hint);
    }
    let too_large = message.contains("too large") || message.contains("larger than max");
    let (kind, hint) = match status.code() {
        Code::Unauthenticated => (ErrorKind::Unauthenticated { message }, Some(WRONG_PASSWORD)),
        Code::PermissionDenied => (ErrorKind::PermissionDenied { message }, Some(NOT_AUTHORISED)),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => {
            (lost(action, message, |what| ErrorKind::Unreachable { what }), None)
        }
        code => {
            let hint = match (code, action) {
                _ if too_large => Some(TOO_LARGE),
                (Code::Unimplemented, Action::Get) => Some(NOT_READABLE),
                (Code::Unimplemented, Action::Set) => Some(NOT_WRITABLE),
                _ => None,
            };
            (ErrorKind::Refused { code: refusal(code), message }, hint)
        }
    };
    failed(target, action, kind, hint)
}

/// The same error on a connection that the device ended with a word about our pings.
pub(super) fn asked_for_calm(mut error: Error) -> Error {
    if let ErrorKind::Unreachable { what } | ErrorKind::OutcomeUnknown { what } = &mut error.kind {
        *what = format!("the device ended the connection: {TOO_MANY_PINGS}");
        error.hint = Some(PINGS.to_owned());
    }
    error
}

/// Why a call was given up.
pub(super) fn late(target: &Target, action: Action, deadline: std::time::Duration) -> Error {
    let what = format!("no answer in {deadline:?}");
    let kind = lost(action, what, |what| ErrorKind::Unreachable { what });
    failed(target, action, kind, (action == Action::Connect).then_some(NO_WAY))
}

/// An answer that gNMI does not allow.
pub(super) fn protocol(target: &Target, action: Action, what: impl Into<String>) -> Error {
    failed(target, action, ErrorKind::Protocol { what: what.into() }, None)
}

/// Settings that cannot be used.
pub(super) fn settings(target: &Target, what: impl Into<String>) -> Error {
    failed(target, Action::Connect, ErrorKind::Settings { what: what.into() }, None)
}

/// A connection that broke under a call, or could not be made again for it.
fn broken(target: &Target, action: Action, source: &(dyn StdError + 'static)) -> Error {
    let cause = Cause::of(source);
    if cause.connecting {
        return Error { action, ..connecting(target, source) };
    }
    // An alert proves that it was TLS; it is often lost behind the end of the connection.
    // For a Set there is no such proof that it was not carried out.
    if let (Some(tls), true) = (&cause.tls, action != Action::Set) {
        return tls_failed(target, action, tls);
    }
    let hint = match &target.transport {
        _ if action != Action::Capabilities => None,
        Transport::Plaintext => Some(WANTS_TLS),
        Transport::Tls(_) => Some(WANTS_CERTIFICATE),
    };
    // The end of a connection may carry words of the device.
    let what = safe(&cause.deepest, clear(target, &[]));
    failed(target, action, lost(action, what, |what| ErrorKind::Unreachable { what }), hint)
}

fn tls_failed(target: &Target, action: Action, error: &rustls::Error) -> Error {
    let hint = match error {
        rustls::Error::InvalidCertificate(error) => certificate_hint(target, error),
        rustls::Error::InvalidMessage(_) => NO_TLS.to_owned(),
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::HandshakeFailure,
        ) => WANTS_CERTIFICATE.to_owned(),
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the device has no TLS version or cipher in common with us (TLS 1.2 at least)".to_owned()
        }
        _ => return failed(target, action, ErrorKind::Tls { what: error.to_string() }, None),
    };
    let kind = ErrorKind::Tls { what: error.to_string() };
    Error { hint: Some(hint), ..failed(target, action, kind, None) }
}

fn certificate_hint(target: &Target, error: &CertificateError) -> String {
    match error {
        // A bad signature is an authority that was made anew under its old name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the device's certificate is signed by another authority than \
             the one given: give the authority of this device, or install a certificate of yours on it"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let name = match &target.transport {
                Transport::Tls(tls) => tls.server_name.as_ref().unwrap_or(&target.host),
                Transport::Plaintext => &target.host,
            };
            format!(
                "{name:?} must stand among the certificate's subject alternative names (the common name \
                 is not looked at): set the server name to one that does, or issue it anew"
            )
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "check the clocks of both sides, or renew the device's certificate".to_owned()
        }
        // What webpki says of a certificate that is its own authority.
        CertificateError::Other(_) => {
            "a self-signed certificate cannot be verified: sign it with an authority".to_owned()
        }
        _ => "install another certificate on the device".to_owned(),
    }
}

/// The kind for a call whose answer is missing: for a Set that it may have been applied.
fn lost(action: Action, what: String, otherwise: impl FnOnce(String) -> ErrorKind) -> ErrorKind {
    if action == Action::Set { ErrorKind::OutcomeUnknown { what } } else { otherwise(what) }
}

/// Whether tonic made up this status because the answer was no answer. It carries no
/// source then, and only its text tells it from one of the device.
fn made_here(status: &Status) -> bool {
    let text = status.message();
    [
        "Missing response message",
        "failed to decode Protobuf message",
        "Unexpected EOF decoding",
        "protocol error: received message",
        "grpc-status header missing",
    ]
    .iter()
    .any(|start| text.starts_with(start))
        // The device's own limit would be another one, and the message a refusal.
        || text.contains("decoded message length") && text.contains(&format!("limit is: {MAX_MESSAGE} bytes"))
}

fn refusal(code: Code) -> Refusal {
    match code {
        Code::InvalidArgument => Refusal::InvalidArgument,
        Code::NotFound => Refusal::NotFound,
        Code::FailedPrecondition => Refusal::FailedPrecondition,
        Code::Aborted => Refusal::Aborted,
        Code::Unimplemented => Refusal::Unimplemented,
        Code::ResourceExhausted => Refusal::ResourceExhausted,
        Code::Internal => Refusal::Internal,
        other => Refusal::Other(other.into()),
    }
}

/// What must not be repeated: the secrets of a request, and the password beside it.
fn clear<'a>(target: &'a Target, secrets: &'a [SecretText]) -> impl Iterator<Item = &'a SecretText> {
    secrets.iter().chain(target.credentials.as_ref().map(|credentials| &credentials.password))
}

fn failed(target: &Target, action: Action, kind: ErrorKind, hint: Option<&str>) -> Error {
    Error {
        device: target.device.clone(),
        address: target.address(),
        action,
        kind,
        hint: hint.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::client::{Client, DataType};
    use super::super::loopback::{self, Authority, Device, Guard, PASSWORD, trusting};
    use super::super::set::SetOperations;
    use super::super::target::{Credentials, Tls, Trust};
    use super::*;

    /// Fails as expected, says where, and does not say the password.
    fn assert_error(case: &str, error: &Error, target: &Target, expected: &[&str]) {
        let text = error.to_string();
        assert!(text.starts_with(&format!("leaf1 at {}, ", target.address())), "{case}: {text}");
        for part in expected {
            assert!(text.contains(part), "{case}: {part:?} is not in: {text}");
        }
        assert!(!text.contains(PASSWORD) && !format!("{error:?}").contains(PASSWORD), "{case}: {text}");
    }

    #[tokio::test]
    async fn a_connection_that_fails_says_what_to_mend() {
        let (own, other) = (Authority::new("own"), Authority::new("other"));
        let device = Device::start(&Guard { identity: Some(own.sign(&["127.0.0.1"])), clients: None });
        let choosy = Device::start(&Guard {
            identity: Some(own.sign(&["127.0.0.1"])),
            clients: Some(own.pem.clone()),
        });
        let plain = Device::start(&Guard::default());
        // nobody listens at it, and nobody else can get it
        let reserved = tokio::net::TcpSocket::new_v4().unwrap();
        reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let closed = reserved.local_addr().unwrap();
        let tls = |device: &Device, tls: Tls| Target { transport: Transport::Tls(tls), ..device.target() };
        let named = |name: &str| Tls { server_name: Some(name.to_owned()), ..trusting(&own) };
        let with = |identity| Tls { identity: Some(identity), ..trusting(&own) };
        let noise = Trust::Authority(b"hunter2 is no certificate"[..].into());
        let login = |password: &str| Target {
            credentials: Some(Credentials {
                username: "admin".to_owned(),
                password: SecretText::new(password),
            }),
            ..tls(&device, trusting(&own))
        };
        for (case, target, expected) in [
            (
                "unknown authority",
                tls(&device, trusting(&other)),
                &["connect: TLS failed", "UnknownIssuer", "signed by another authority"][..],
            ),
            (
                "an authority made anew",
                tls(&device, trusting(&Authority::new("own"))),
                &["connect: TLS failed", "signed by another authority"],
            ),
            (
                "wrong name",
                tls(&device, named("leaf2.example")),
                &["connect: TLS failed", "leaf2.example", "subject alternative names"],
            ),
            ("plaintext to TLS", device.target(), &["Capabilities: ", "may expect TLS"]),
            ("TLS to plaintext", tls(&plain, trusting(&own)), &["connect: TLS failed", "ssl profile"]),
            (
                "closed port",
                loopback::target(closed),
                &["connect: not reachable: Connection refused", "management api gnmi"],
            ),
            (
                "wrong password",
                login("wrong-hunter2"),
                &["Capabilities: user or password not accepted", "\"admin\""],
            ),
            (
                "no client certificate",
                tls(&choosy, trusting(&own)),
                &["Capabilities: ", "client certificate"],
            ),
            (
                "a client certificate of another authority",
                tls(&choosy, with(other.sign(&["agent"]))),
                &["Capabilities: ", "an authority that the device's SSL profile trusts"],
            ),
            (
                "no authority in the file",
                tls(&device, Tls { trust: noise, ..trusting(&own) }),
                &["connect: the settings cannot be used", "there is no certificate in it"],
            ),
            ("a password that cannot be sent", login("hunter2\n"), &["the password is not plain ASCII"]),
        ] {
            let error = Client::connect(&target).await.expect_err(case);
            assert_error(case, &error, &target, expected);
        }
    }

    #[tokio::test]
    async fn a_connection_is_made_on_each_kind_of_trust() {
        let (own, other) = (Authority::new("own"), Authority::new("other"));
        let device = Device::start(&Guard {
            identity: Some(own.sign(&["leaf1.example"])),
            clients: Some(other.pem.clone()),
        });
        let named = Some("leaf1.example".to_owned());
        let identity = Some(other.sign(&["agent"]));
        for (case, tls) in [
            ("authority", Tls { server_name: named, identity: identity.clone(), ..trusting(&own) }),
            ("anything", Tls { trust: Trust::Anything, server_name: None, identity }),
        ] {
            let target = Target { transport: Transport::Tls(tls), ..device.target() };
            let client = Client::connect(&target).await.expect(case);
            assert_eq!(client.capabilities().await.unwrap().version, "0.7.0", "{case}");
        }
        let plain = Device::start(&Guard::default());
        Client::connect(&plain.target()).await.expect("plaintext");
    }

    #[tokio::test]
    async fn a_port_that_accepts_and_says_nothing_is_given_up() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut target = loopback::target(silent.local_addr().unwrap());
        target.transport = Transport::Tls(trusting(&Authority::new("own")));
        target.deadlines.connect = Duration::from_millis(50);
        let error = Client::connect(&target).await.unwrap_err();
        assert_error("silent", &error, &target, &["connect: ", "check"]);
    }

    #[tokio::test]
    async fn a_call_that_fails_is_of_the_kind_that_its_caller_needs() {
        let device = Device::start(&Guard::default());
        let target = device.target();
        let client = Client::connect(&target).await.unwrap();
        let set = async |path: &str| {
            let secret = "bgp\"secret";
            let operations = SetOperations {
                updates: vec![(path.parse().unwrap(), json!({ "a": secret }))],
                secrets: vec![SecretText::new(secret)],
                ..SetOperations::default()
            };
            client.set(&operations).await.unwrap_err()
        };

        let refused = set("/refused").await;
        let expected = "bad value {\"a\":\"(secret)\"} in line 1".to_owned();
        assert_eq!(refused.kind, ErrorKind::Refused { code: Refusal::InvalidArgument, message: expected });
        assert_error("refused", &refused, &target, &["Set: refused, InvalidArgument: bad value"]);

        let unknown = set("/unavailable").await;
        assert_eq!(unknown.kind, ErrorKind::OutcomeUnknown { what: "going down".to_owned() });
        assert_error("unknown", &unknown, &target, &["not known whether it was applied"]);

        for (case, path, expected) in [
            ("forbidden", "/forbidden", "Get: not permitted: OpenConfig.Get is not authorized"),
            (
                "broken",
                "/broken/x",
                "Get: an answer that cannot be used: /broken/x: a value that is not JSON",
            ),
        ] {
            let error = client.get(&[path.parse().unwrap()], DataType::All).await.unwrap_err();
            assert_error(case, &error, &target, &[expected]);
        }
    }

    #[test]
    fn a_status_is_of_the_kind_that_its_call_makes_it() {
        let target = loopback::target("127.0.0.1:1".parse().unwrap());
        let refused = |code| ErrorKind::Refused { code, message: "x".to_owned() };
        let unknown = |what: &str| ErrorKind::OutcomeUnknown { what: what.to_owned() };
        let protocol = |what: &str| ErrorKind::Protocol { what: what.to_owned() };
        let x = || "x".to_owned();
        let html = "grpc-status header missing, mapped from HTTP status code 404";
        let huge =
            "Error, decoded message length too large: found 67108865 bytes, the limit is: 67108864 bytes";
        for (action, code, message, expected) in [
            (Action::Set, Code::NotFound, "x", refused(Refusal::NotFound)),
            (Action::Set, Code::Aborted, "x", refused(Refusal::Aborted)),
            (Action::Set, Code::Internal, "x", refused(Refusal::Internal)),
            (Action::Set, Code::DataLoss, "x", refused(Refusal::Other(15))),
            (Action::Set, Code::PermissionDenied, "x", ErrorKind::PermissionDenied { message: x() }),
            (Action::Set, Code::Unauthenticated, "x", ErrorKind::Unauthenticated { message: x() }),
            (Action::Set, Code::DeadlineExceeded, "x", unknown("x")),
            (Action::Set, Code::Cancelled, "x", unknown("x")),
            (Action::Set, Code::Internal, "Missing response message.", unknown("Missing response message.")),
            (Action::Set, Code::OutOfRange, huge, unknown(huge)),
            (Action::Get, Code::OutOfRange, huge, protocol(huge)),
            (Action::Get, Code::Unavailable, "x", ErrorKind::Unreachable { what: x() }),
            (Action::Capabilities, Code::Unimplemented, html, protocol(html)),
        ] {
            let error = answered(&target, action, &Status::new(code, message), &[]);
            assert_eq!(error.kind, expected, "{action} {code:?}");
        }
    }

    #[tokio::test]
    async fn a_message_larger_than_the_device_allows_is_refused() {
        let device = Device::start(&Guard::default());
        let client = Client::connect(&device.target()).await.unwrap();
        let large = ("/a".parse().unwrap(), json!("x".repeat(5 << 20)));
        let operations = SetOperations { updates: vec![large], ..SetOperations::default() };
        let error = client.set(&operations).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Refused { .. }), "{error}");
        assert_error("large", &error, &device.target(), &["limit", TOO_LARGE]);
    }

    #[tokio::test]
    async fn a_set_without_answer_may_have_been_applied() {
        let mut device = Device::start(&Guard::default());
        let mut target = device.target();
        let operations = SetOperations {
            updates: vec![("/never".parse().unwrap(), json!(1))],
            ..SetOperations::default()
        };
        target.deadlines.set = Duration::ZERO;
        let client = Client::connect(&target).await.unwrap();
        let error = client.set(&operations).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::OutcomeUnknown { .. }), "late: {error}");

        let client = Client::connect(&device.target()).await.unwrap();
        let set = async { client.set(&operations).await.unwrap_err() };
        let cut = async {
            device.sets.recv().await;
            device.vanish();
        };
        let (error, ()) = tokio::join!(set, cut);
        assert!(matches!(error.kind, ErrorKind::OutcomeUnknown { .. }), "cut: {error}");

        // the first may still go out on the old connection, before its end is noticed here;
        // that is in doubt, as above
        let mut error = client.set(&operations).await.unwrap_err();
        if matches!(error.kind, ErrorKind::OutcomeUnknown { .. }) {
            error = client.set(&operations).await.unwrap_err();
        }
        assert!(matches!(error.kind, ErrorKind::Unreachable { .. }), "was never sent: {error}");
        assert_error("closed", &error, &target, &["Set: not reachable: Connection refused"]);
    }
}
