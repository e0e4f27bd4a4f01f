//! What can go wrong between us and a device, in words that help to mend it.
//!
//! Here: [`Error`], the kinds that callers treat apart, and the texts. Elsewhere: how a
//! kind is found in what rustls, tonic or the device said (`classify`).

use std::fmt;

use crate::names::DeviceName;

/// A call to a device that failed. Its text names device, address, call and cause, and
/// says what may mend it; it never holds a password or a secret of a Set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The device that was called.
    pub device: DeviceName,
    /// Where, as `host:port`.
    pub address: String,
    /// What was asked of it.
    pub action: Action,
    /// What went wrong.
    pub kind: ErrorKind,
    /// What may mend it.
    pub hint: Option<String>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A device without a name of its own is called by its address.
        let port = self.address.strip_prefix(self.device.as_str());
        if !port.is_some_and(|port| port.starts_with(':')) {
            write!(f, "{} at ", self.device)?;
        }
        write!(f, "{}, {}: {}", self.address, self.action, self.kind)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

impl std::error::Error for Error {}

/// What gRPC servers write beside `ENHANCE_YOUR_CALM`.
pub(super) const TOO_MANY_PINGS: &str = "too_many_pings";

/// What was asked of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A connection, before any call.
    Connect,
    /// The first call on a connection, which also proves that it works.
    Capabilities,
    /// A read.
    Get,
    /// A change.
    Set,
    /// A subscription.
    Subscribe,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Capabilities => "Capabilities",
            Self::Get => "Get",
            Self::Set => "Set",
            Self::Subscribe => "Subscribe",
        })
    }
}

/// What went wrong. Each kind asks for another reaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// No connection, or it broke while we read. Nothing was changed. Try again later.
    #[error("not reachable: {what}")]
    Unreachable {
        /// The deepest cause.
        what: String,
    },
    /// The two sides do not trust or understand each other. Wait for a person.
    #[error("TLS failed: {what}")]
    Tls {
        /// The deepest cause.
        what: String,
    },
    /// The device does not know us. Wait for a person: repeated tries may lock the user.
    #[error("user or password not accepted: {message}")]
    Unauthenticated {
        /// The device's words.
        message: String,
    },
    /// The device knows us, and we may not. Wait for a person.
    #[error("not permitted: {message}")]
    PermissionDenied {
        /// The device's words.
        message: String,
    },
    /// The device said no. By the specification it is as it was before; whether that can be
    /// believed of a Set is the question of [`ErrorKind::leaves_doubt`]. Another commit, or a
    /// person, must change what is asked.
    #[error("refused, {code}: {message}")]
    Refused {
        /// Its reason.
        code: Refusal,
        /// Its words.
        message: String,
    },
    /// A Set went out and no answer came. Read the device before anything else.
    #[error("no answer, and so it is not known whether it was applied: {what}")]
    OutcomeUnknown {
        /// Why no answer came.
        what: String,
    },
    /// An answer came that gNMI does not allow, or that is too large.
    #[error("an answer that cannot be used: {what}")]
    Protocol {
        /// What is wrong with it.
        what: String,
    },
    /// The target's settings cannot be used. Nothing was sent.
    #[error("the settings cannot be used: {what}")]
    Settings {
        /// Which, and why.
        what: String,
    },
}

impl ErrorKind {
    /// Whether the device turned down what was asked, for what it is or for who asks: the same
    /// again would be turned down again.
    pub fn says_no(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::PermissionDenied { .. })
    }

    /// Whether the device does not do what was asked, now or later: the path, the mode of a
    /// subscription, the encoding. Devices without changes on a subscription, or without them
    /// for some path, differ in the code (gNMI specification §3.5.1.3 names none).
    pub fn is_unsupported(&self) -> bool {
        matches!(
            self,
            Self::Refused { code: Refusal::InvalidArgument | Refusal::Unimplemented | Refusal::NotFound, .. }
        )
    }

    /// Whether the device ended the connection because of our HTTP/2 pings (`GOAWAY` with
    /// `ENHANCE_YOUR_CALM`). The next connection must ping less often, or it ends the same way.
    /// Not known of connections without TLS.
    pub fn is_too_many_pings(&self) -> bool {
        match self {
            Self::Unreachable { what } | Self::OutcomeUnknown { what } => what.ends_with(TOO_MANY_PINGS),
            _ => false,
        }
    }

    /// Whether a Set that ended so may have been applied all the same, wholly or in part:
    /// no answer came, or one that says that something broke on the way and not that the
    /// request was turned down. Only reading the device tells.
    pub fn leaves_doubt(&self) -> bool {
        match self {
            Self::OutcomeUnknown { .. } | Self::Protocol { .. } => true,
            Self::Refused { code, .. } => {
                matches!(code, Refusal::Aborted | Refusal::Internal | Refusal::Other(_))
            }
            Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::Unauthenticated { .. }
            | Self::PermissionDenied { .. }
            | Self::Settings { .. } => false,
        }
    }
}

/// Why a device said no (gNMI specification §3.4.7; codes of gRPC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A path or value does not fit the schema.
    InvalidArgument,
    /// A path that the schema does not have, or, on EOS, a Set that failed to apply.
    NotFound,
    /// Not in the state for it, such as a commit that waits for its confirmation.
    FailedPrecondition,
    /// The transaction failed.
    Aborted,
    /// An encoding, path or call that the device does not have.
    Unimplemented,
    /// A message too large, or too many streams.
    ResourceExhausted,
    /// It failed inside the device.
    Internal,
    /// Any other code of gRPC, as its number.
    Other(i32),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(number) => write!(f, "code {number}"),
            named => fmt::Debug::fmt(named, f),
        }
    }
}
