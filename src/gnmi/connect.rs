//! From a [`Target`] to a connection: TCP, TLS, HTTP/2.
//!
//! Here: [`install_crypto`] and [`open`]. Elsewhere: the calls on the connection
//! (`client`), why one did not come about (`classify`).

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use super::classify;
use super::error::{Action, Error};
use super::target::{Identity, Target, Tls, Transport, Trust};

/// Who we are in a device's log.
const USER_AGENT: &str = concat!("gitfabric/", env!("CARGO_PKG_VERSION"));
/// TCP's own probes: they keep a firewall's state alive and are not seen by gRPC.
const TCP_PROBE: Duration = Duration::from_mins(1);
/// How long a ping may stay unanswered before the connection counts as dead.
const PING_ANSWER: Duration = Duration::from_secs(20);

/// Makes `ring` the process's cryptography. May be called any number of times; the first
/// provider that a process installs stays.
pub fn install_crypto() {
    let _ = ring::default_provider().install_default();
}

/// Opens the connection. That a device answers on it is only seen at the first call.
pub(super) async fn open(target: &Target) -> Result<Channel, Error> {
    install_crypto();
    let endpoint = endpoint(target)?;
    // The endpoint's own limits cover TCP and TLS; this one covers looking up the name too.
    let deadline = target.deadlines.connect.saturating_mul(2);
    match tokio::time::timeout(deadline, endpoint.connect()).await {
        Ok(Ok(channel)) => Ok(channel),
        Ok(Err(error)) => Err(classify::connecting(target, &error)),
        Err(_) => Err(classify::late(target, Action::Connect, deadline)),
    }
}

fn endpoint(target: &Target) -> Result<Endpoint, Error> {
    let scheme = match target.transport {
        Transport::Tls(_) => "https",
        Transport::Plaintext => "http",
    };
    let bad_address = |_| classify::settings(target, format!("{:?} is no address", target.address()));
    let endpoint = Endpoint::from_shared(format!("{scheme}://{}", target.address()))
        .and_then(|endpoint| endpoint.user_agent(USER_AGENT))
        .map_err(bad_address)?
        .connect_timeout(target.deadlines.connect)
        .tcp_keepalive(Some(TCP_PROBE))
        .http2_keep_alive_interval(target.deadlines.ping)
        .keep_alive_timeout(PING_ANSWER);
    match &target.transport {
        Transport::Plaintext => Ok(endpoint),
        Transport::Tls(tls) => secured(target, endpoint, tls),
    }
}

fn secured(target: &Target, endpoint: Endpoint, tls: &Tls) -> Result<Endpoint, Error> {
    let name = tls.server_name.as_ref().unwrap_or(&target.host);
    let mut config = ClientTlsConfig::new().domain_name(name).timeout(target.deadlines.connect);
    if let Some(identity) = &tls.identity {
        check_identity(target, identity)?;
        config = config.identity(tonic::transport::Identity::from_pem(&identity.certificate, &identity.key));
    }
    let unusable =
        |error: tonic::transport::Error| classify::settings(target, format!("TLS: {}", deepest(&error)));
    match &tls.trust {
        Trust::Authority(pem) => {
            check_authority(target, pem)?;
            endpoint.tls_config(config.ca_certificate(Certificate::from_pem(pem))).map_err(unusable)
        }
        Trust::Anything => {
            let verifier = Arc::new(AnyCertificate(ring::default_provider()));
            endpoint.tls_config_with_verifier(config, verifier).map_err(unusable)
        }
    }
}

/// rustls passes over what is no certificate, and would then trust nobody.
fn check_authority(target: &Target, pem: &[u8]) -> Result<(), Error> {
    let mut certificates = CertificateDer::pem_slice_iter(pem);
    let fault = match certificates.next() {
        None => "there is no certificate in it",
        Some(Err(_)) => "its PEM is damaged",
        Some(Ok(_)) => return Ok(()),
    };
    Err(classify::settings(target, format!("the file of the certificate authority: {fault}")))
}

/// The key's content must not come into the error, so only its kind of fault is named.
fn check_identity(target: &Target, identity: &Identity) -> Result<(), Error> {
    let fault = if CertificateDer::from_pem_slice(&identity.certificate).is_err() {
        "the client certificate is no PEM certificate"
    } else if PrivateKeyDer::from_pem_slice(&identity.key).is_err() {
        "the client key is no PEM private key without passphrase"
    } else {
        return Ok(());
    };
    Err(classify::settings(target, fault))
}

fn deepest(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), deepest)
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
