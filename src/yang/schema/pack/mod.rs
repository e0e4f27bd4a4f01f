//! The text that a schema is stored as: a pack, embedded in the binary.
//!
//! One line a fact, so that a review sees a changed leaf as a changed line:
//!
//! ```text
//! gitfabric-pack 1
//! platform arista-eos
//! version 4.35.0F
//! module openconfig-interfaces 2024-12-05
//! identity iana-if-type:ethernetCsmacd ietf-interfaces:interface-type
//! type ip union(ipv4(`…`),ipv6(`…`))
//! nodes
//! openconfig-interfaces:interfaces container
//!   interface list key=name
//!     config container
//!       mtu leaf uint16(64..9214) default=1500
//!     name leaf leafref(../config/name,string)
//! ```
//!
//! - Two spaces stand for each step down. A name has its module where that is another than
//!   the parent's.
//! - Types stand where they are used; a long one that is used twice gets a line `type`, is
//!   named after the leaf that uses it first and is then `@name`.
//! - Behind a node: `access=rw|ro|no|unlisted` (left out: `rw` for leaves, `unlisted` for
//!   the others), `case=choice/case` (`choice!/case` of a mandatory choice), `mandatory`,
//!   `default=`, `presence`, `user-ordered`, `min=`, `max=`, `unique=a/b,c`.
//! - Words with other characters than identifiers have stand in backticks, or in `"…"`
//!   with `\` escapes.
//!
//! Here: the format, [`PackError`]. `write` and `read`: the two ways. `notation`: types.
//! `text`: words and quotes. Elsewhere: making a schema of `.yang` files (`resolve`).

mod notation;
mod read;
mod text;
mod write;

#[cfg(test)]
mod tests;

pub use read::read;
pub use write::write;

use super::Access;

/// The first line. The number grows when a reader of the old form would misread the new.
const MAGIC: &str = "gitfabric-pack 1";

/// The words for what the vendor says of writing.
const ACCESS: [(Access, &str); 4] = [
    (Access::ReadWrite, "rw"),
    (Access::ReadOnly, "ro"),
    (Access::Unsupported, "no"),
    (Access::Unlisted, "unlisted"),
];

/// Why a text is not a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pack, line {line}: {what}")]
pub struct PackError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}
