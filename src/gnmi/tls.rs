//! TLS with a device.
//!
//! Here: [`Connector`], which tonic is given in place of its own: with that one every connection
//! has a configuration of rustls to itself, with trust anchors, ciphers and a store of sessions,
//! some 40 KB for each of 1,000 devices. Ours is shared by all who ask the same of a
//! certificate. Elsewhere: HTTP/2 on top (`connect`), why it did not come about (`classify`).

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use ring::digest;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring as provider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::codegen::{Service, StdError, http::Uri};

use super::classify;
use super::error::Error;
use super::farewell::{Farewell, Listening};
use super::target::{Identity, Target, Tls, Trust};

/// HTTP/2 (RFC 9113 section 3.2); gRPC knows nothing else.
const ALPN: &[u8] = b"h2";

/// Connects by TCP and then by TLS, as often as it is called.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    tls: TlsConnector,
    name: ServerName<'static>,
    /// For the handshake; TCP has its own.
    deadline: Duration,
    farewell: Farewell,
}

impl Connector {
    /// Over `tcp`, as the target wants it. Its end is told by `farewell`.
    pub(super) fn new(
        target: &Target,
        tls: &Tls,
        tcp: HttpConnector,
        farewell: Farewell,
    ) -> Result<Self, Error> {
        let name = tls.server_name.as_ref().unwrap_or(&target.host);
        let name = ServerName::try_from(name.as_str())
            .map_err(|_| classify::settings(target, format!("TLS: {name:?} is no name of a server")))?;
        let tls = TlsConnector::from(shared(target, tls)?);
        let deadline = target.deadlines.connect;
        Ok(Self { tcp, tls, name: name.to_owned(), deadline, farewell })
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Listening<TlsStream<TcpStream>>>;
    type Error = StdError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, StdError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StdError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (tcp, tls, name) = (self.tcp.call(uri), self.tls.clone(), self.name.clone());
        let (deadline, farewell) = (self.deadline, self.farewell.clone());
        Box::pin(async move {
            let stream = tcp.await?.into_inner();
            let stream = tokio::time::timeout(deadline, tls.connect(name, stream))
                .await
                .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "TLS handshake timed out"))??;
            if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
                return Err("HTTP/2 was not negotiated".into());
            }
            Ok(TokioIo::new(farewell.listen(stream)))
        })
    }
}

/// The configurations that connections use now, each by what it was made of.
static SHARED: Mutex<Vec<([u8; 32], Weak<ClientConfig>)>> = Mutex::new(Vec::new());

/// The configuration for what a target asks, made if no connection uses an equal one.
fn shared(target: &Target, tls: &Tls) -> Result<Arc<ClientConfig>, Error> {
    let mark = mark(tls);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    // an authority or a client certificate that was renewed is another, and the old one goes
    shared.retain(|(_, config)| config.strong_count() > 0);
    let there = shared.iter().find(|(there, _)| *there == mark);
    if let Some(config) = there.and_then(|(_, config)| config.upgrade()) {
        return Ok(config);
    }
    let config = Arc::new(make(target, tls)?);
    shared.push((mark, Arc::downgrade(&config)));
    Ok(config)
}

/// The SHA-256 of all that a configuration is made of.
fn mark(tls: &Tls) -> [u8; 32] {
    let authority = match &tls.trust {
        Trust::Authority(pem) => Some(&**pem),
        Trust::Anything => None,
    };
    let identity = tls.identity.as_ref();
    let mut context = digest::Context::new(&digest::SHA256);
    for part in
        [authority, identity.map(|identity| &*identity.certificate), identity.map(|identity| &*identity.key)]
    {
        // lengths keep neighbours apart, and an empty part from one that is not there
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        context.update(&length.to_be_bytes());
        context.update(part.unwrap_or_default());
    }
    let mut mark = [0; 32];
    mark.copy_from_slice(context.finish().as_ref());
    mark
}

fn make(target: &Target, tls: &Tls) -> Result<ClientConfig, Error> {
    let unusable = |error: rustls::Error| classify::settings(target, format!("TLS: {error}"));
    let builder = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = match &tls.trust {
        Trust::Authority(pem) => builder.with_root_certificates(authorities(target, pem)?),
        Trust::Anything => {
            let verifier = Arc::new(AnyCertificate(provider::default_provider()));
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
    };
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (certificates, key) = own(target, identity)?;
            builder.with_client_auth_cert(certificates, key).map_err(unusable)?
        }
    };
    config.alpn_protocols.push(ALPN.to_vec());
    // A device is called seldom, and its certificate is looked at each time; what a session
    // kept for the next call would cost memory for each device.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// rustls passes over what is no certificate, and would then trust nobody.
fn authorities(target: &Target, pem: &[u8]) -> Result<RootCertStore, Error> {
    let unusable =
        |fault: &str| classify::settings(target, format!("the file of the certificate authority: {fault}"));
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| unusable("its PEM is damaged"))?;
    if certificates.is_empty() {
        return Err(unusable("there is no certificate in it"));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    Ok(roots)
}

/// The key's content must not come into the error, so only its kind of fault is named.
fn own(
    target: &Target,
    identity: &Identity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&identity.certificate).collect();
    let certificates = certificates.ok().filter(|certificates| !certificates.is_empty());
    let certificates = certificates
        .ok_or_else(|| classify::settings(target, "the client certificate is no PEM certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key)
        .map_err(|_| classify::settings(target, "the client key is no PEM private key without passphrase"))?;
    Ok((certificates, key))
}

/// Takes any certificate, but still asks the device to prove that it has its key.
#[derive(Debug)]
struct AnyCertificate(CryptoProvider);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
