//! The server's certificate and key.
//!
//! Here: [`Tls`], from PEM to what a connection is greeted with. Elsewhere: the connections
//! (`server`), reading the files (`cli`).

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// A certificate with its key, ready to be served. Shows nothing of them.
#[derive(Clone)]
pub struct Tls(pub(super) TlsAcceptor);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Why a certificate and its key cannot be served. Never quotes the key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate's file holds none.
    #[error("there is no certificate in it; a PEM file with the server's certificate first is expected")]
    NoCertificate,
    /// A certificate in the file cannot be read.
    #[error("certificate {number} of the file is damaged PEM")]
    DamagedCertificate {
        /// Counted from 1.
        number: usize,
    },
    /// The key's file holds none.
    #[error("there is no private key in it; a PEM file with a key without passphrase is expected")]
    NoKey,
    /// The two do not go together, or are of a kind that is not served.
    #[error("the certificate and the key cannot be served together")]
    Unusable(#[source] rustls::Error),
}

impl Tls {
    /// From a chain of certificates, the server's own first, and its private key: PEM both.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(certificates)
            .enumerate()
            .map(|(index, found)| found.map_err(|_| TlsError::DamagedCertificate { number: index + 1 }))
            .collect::<Result<Vec<_>, _>>()?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(TlsError::Unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_served_is_named_and_the_key_is_not_quoted() {
        let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
        let damaged = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        let second_damaged = format!("{certificate}{damaged}");
        let other_key = other.signing_key.serialize_pem();
        for (case, certificate, key, expected) in [
            ("no certificate", "", &*key, "there is no certificate in it"),
            ("a key for a certificate", &*key, &*key, "there is no certificate in it"),
            ("damaged", &*second_damaged, &*key, "certificate 2 of the file"),
            ("no key", &*certificate, "hunter2", "there is no private key in it"),
            ("a key of another", &*certificate, &*other_key, "cannot be served together"),
        ] {
            let said = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(expected) && !said.contains("hunter2"), "{case}: {said}");
        }
        let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        assert_eq!(format!("{tls:?}"), "Tls { .. }");
    }
}
