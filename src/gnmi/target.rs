//! What must be known of a device before it can be called.
//!
//! Here: [`Target`] and its parts, as settings without any I/O. Elsewhere: the settings
//! as files (`agent::config`), the connection made from them (`connect`).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::names::DeviceName;
use crate::secret::SecretText;

/// The port that EOS listens on unless told otherwise. IANA's is 9339.
pub const EOS_PORT: u16 = 6030;

/// A device, how to reach it, and who we are to it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The device; named in every error.
    pub device: DeviceName,
    /// A name or an IP address; an IPv6 address without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub transport: Transport,
    /// User and password, sent with every call (gNMI authentication §2).
    pub credentials: Option<Credentials>,
    /// When to give up.
    pub deadlines: Deadlines,
}

impl Target {
    /// `host:port`, with brackets around an IPv6 address.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// How the connection is protected. There is no default: plaintext is somebody's word.
#[derive(Clone, Debug)]
pub enum Transport {
    /// TLS 1.2 or later (gNMI specification §3.1).
    Tls(Tls),
    /// Nothing: whoever listens reads the password. For labs.
    Plaintext,
}

/// Both sides of a TLS connection.
#[derive(Clone, Debug)]
pub struct Tls {
    /// What is asked of the device's certificate.
    pub trust: Trust,
    /// The name that the device's certificate must carry, if it is not the host.
    pub server_name: Option<String>,
    /// Our own certificate, for devices that ask for one.
    pub identity: Option<Identity>,
}

/// What is asked of the device's certificate.
#[derive(Clone)]
pub enum Trust {
    /// It must be signed by one of these authorities (PEM) and carry the name.
    Authority(Arc<[u8]>),
    /// Nothing: whoever answers gets the password. For labs.
    Anything,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority(_) => "Authority(..)",
            Self::Anything => "Anything",
        })
    }
}

/// A certificate with its private key, both PEM. The key does not show.
#[derive(Clone)]
pub struct Identity {
    /// The certificate, and behind it those between it and the authority.
    pub certificate: Arc<[u8]>,
    /// The private key.
    pub key: Arc<[u8]>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// Who calls.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user on the device.
    pub username: String,
    /// Its password; does not show.
    pub password: SecretText,
}

/// When to give up, and how often to show that we are still there.
#[derive(Clone, Debug)]
pub struct Deadlines {
    /// TCP and TLS, each.
    pub connect: Duration,
    /// A Capabilities or a Get.
    pub get: Duration,
    /// A Set. Beyond it the outcome is unknown.
    pub set: Duration,
    /// From the opening of a subscription to its `sync_response`; some devices never send it.
    pub sync: Duration,
    /// Between HTTP/2 pings on a connection with an open subscription.
    pub ping: Duration,
}

impl Default for Deadlines {
    /// - connect 5 s: a device in the same network answers in milliseconds.
    /// - get 60 s: a whole configuration, while the device has other work.
    /// - set 10 min: what featureprofiles gNMI-1.7 grants a large Set.
    /// - sync 2 min: a whole tree, leaf by leaf.
    /// - ping 5.5 min: gRPC servers end the connection of a client that pings more often
    ///   than every 5 minutes, unless told otherwise. TCP's own probes, which they do not
    ///   see, go out every minute and keep firewalls awake.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            get: Duration::from_mins(1),
            set: Duration::from_mins(10),
            sync: Duration::from_mins(2),
            ping: Duration::from_secs(330),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_shows_neither_password_nor_keys() {
        let target = Target {
            device: "leaf1".parse().unwrap(),
            host: "2001:db8::1".to_owned(),
            port: EOS_PORT,
            transport: Transport::Tls(Tls {
                trust: Trust::Authority(b"hunter2"[..].into()),
                server_name: None,
                identity: Some(Identity { certificate: b"hunter2"[..].into(), key: b"hunter2"[..].into() }),
            }),
            credentials: Some(Credentials {
                username: "admin".to_owned(),
                password: SecretText::new("hunter2"),
            }),
            deadlines: Deadlines::default(),
        };
        let shown = format!("{target:?}");
        assert!(shown.contains("admin") && !shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains("104"), "no bytes of a key either: {shown}");
        assert_eq!(target.address(), "[2001:db8::1]:6030");
    }
}
