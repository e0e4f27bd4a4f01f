//! Speaks gNMI with devices: the one place where configuration leaves and enters.
//!
//! `target` (whom to call), `connect` and `tls` (a connection), `client` (Capabilities, Get, Set),
//! `set` and `annotation` (what one Set does and leaves behind), `subscribe` (changes),
//! `error`, `classify`, `farewell` and `words` (what went wrong, and what may mend it). `proto` is the generated
//! code; `path` and `value` stand between it and our own types. Elsewhere: what is sent
//! (`plan`), when (`rollout`), devices that answer (`simulator`).

mod annotation;
mod capabilities;
mod classify;
mod client;
mod connect;
mod error;
mod farewell;
pub(crate) mod path;
pub(crate) mod proto;
mod set;
mod subscribe;
mod target;
mod tls;
pub(crate) mod value;
mod words;

#[cfg(test)]
pub(crate) mod loopback;

pub use annotation::Annotation;
pub use capabilities::{Capabilities, Encoding, Model};
pub use client::{Answer, Client, DataType};
pub use connect::install_crypto;
pub use error::{Action, Error, ErrorKind, Refusal};
pub use path::covers;
pub use set::{SetOperations, SetOutcome};
pub use subscribe::{Event, Subscribable, Subscribe, SubscribeMode, Subscription};
pub use target::{Credentials, Deadlines, EOS_PORT, Identity, Target, Tls, Transport, Trust};
