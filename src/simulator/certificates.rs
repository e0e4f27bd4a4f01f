//! The certificates of simulated devices: one authority, and one certificate each.
//!
//! Here: [`Authority`], [`Identity`]. Made anew at each start and held in memory.
//! Elsewhere: the sockets that use them (`server`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};

/// A certificate authority of its own, trusted by nobody who was not given its certificate.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    /// Shows no key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// What a server shows to prove who it is. The key is not in `Debug`.
#[derive(Clone)]
pub struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// Why a certificate was not made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the certificate of {name}")]
pub struct CertificateError {
    name: String,
    #[source]
    cause: rcgen::Error,
}

impl Authority {
    /// Makes a new authority.
    pub fn new() -> Result<Self, CertificateError> {
        let name = "gitfabric simulator CA";
        let make = || {
            let mut params = CertificateParams::new(Vec::new())?;
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
            params.distinguished_name.push(DnType::CommonName, name);
            CertifiedIssuer::self_signed(params, KeyPair::generate()?)
        };
        let issuer = make().map_err(|cause| CertificateError { name: name.to_owned(), cause })?;
        Ok(Self { issuer })
    }

    /// The authority's certificate, as PEM: what a client has to trust.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a device, good for its name, `localhost` and both loopback addresses.
    pub fn issue(&self, name: &str) -> Result<Identity, CertificateError> {
        let make = || {
            let mut params = CertificateParams::new(vec![name.to_owned(), "localhost".to_owned()])?;
            for address in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
                params.subject_alt_names.push(SanType::IpAddress(address));
            }
            params.distinguished_name.push(DnType::CommonName, name);
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            params.use_authority_key_identifier_extension = true;
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &self.issuer)?;
            Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
        };
        make().map_err(|cause| CertificateError { name: name.to_owned(), cause })
    }
}
