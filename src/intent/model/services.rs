//! `services`: the name, time and log servers that devices use.
//!
//! Here: the types, and which of two says wins. Elsewhere: reading them
//! (`intent::services`), what becomes of them (`compile::services`). VLANs and VRFs, which
//! are services too, are not meant.

use std::net::IpAddr;

use serde::Serialize;

use crate::diagnostic::Spanned;
use crate::names::VrfName;

/// `services`, said by the fabric, a role or a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Services {
    /// `dns`.
    pub dns: Dns,
    /// `ntp`.
    pub ntp: Ntp,
    /// `syslog`.
    pub syslog: Syslog,
}

/// `dns: { domain, servers, vrf }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dns {
    /// The domain of the device's own name.
    pub domain: Option<Spanned<String>>,
    /// Name servers, at most three; said and empty is none.
    pub servers: Option<Vec<Spanned<IpAddr>>>,
    /// The VRF in which they are reached; the default one where none is said.
    pub vrf: Option<Spanned<VrfName>>,
}

/// `ntp: { servers, vrf }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ntp {
    /// Time servers: addresses or names.
    pub servers: Option<Vec<Spanned<String>>>,
    /// The VRF in which they are reached.
    pub vrf: Option<Spanned<VrfName>>,
}

/// `syslog: { level, servers, vrf }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Syslog {
    /// The least severe of the messages that are sent; the device's own choice where none
    /// is said.
    pub level: Option<Spanned<Severity>>,
    /// Where they are sent.
    pub servers: Option<Vec<LogServer>>,
    /// The VRF in which the servers are reached.
    pub vrf: Option<Spanned<VrfName>>,
}

/// `{ address, port }`, or the address alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogServer {
    /// An address or a name.
    pub address: Spanned<String>,
    /// The UDP port; 514 by default.
    pub port: Option<Spanned<u16>>,
}

/// How severe a message is (RFC 5424, section 6.2.1), from the most to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The system is unusable.
    Emergency,
    /// Something must be done at once.
    Alert,
    /// Critical conditions.
    Critical,
    /// Errors.
    Error,
    /// Warnings.
    Warning,
    /// Normal, and worth to be known.
    Notice,
    /// For information.
    Informational,
    /// For debugging.
    Debug,
}

impl Services {
    /// What this says, and where it says nothing what the farther one says. A list is taken
    /// or left as a whole.
    #[must_use]
    pub fn or(&self, farther: &Self) -> Self {
        macro_rules! nearer {
            ($section:ident . $field:ident) => {
                self.$section.$field.as_ref().or(farther.$section.$field.as_ref()).cloned()
            };
        }
        Self {
            dns: Dns { domain: nearer!(dns.domain), servers: nearer!(dns.servers), vrf: nearer!(dns.vrf) },
            ntp: Ntp { servers: nearer!(ntp.servers), vrf: nearer!(ntp.vrf) },
            syslog: Syslog {
                level: nearer!(syslog.level),
                servers: nearer!(syslog.servers),
                vrf: nearer!(syslog.vrf),
            },
        }
    }

    /// The VRFs that it names, each with the key that does.
    pub fn vrfs(&self) -> impl Iterator<Item = (&'static str, &Spanned<VrfName>)> {
        let named = [("dns", &self.dns.vrf), ("ntp", &self.ntp.vrf), ("syslog", &self.syslog.vrf)];
        named.into_iter().filter_map(|(key, vrf)| Some((key, vrf.as_ref()?)))
    }
}
