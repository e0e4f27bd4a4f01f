//! RFC 7951 both ways: a JSON document to a tree, and a tree to a document.
//!
//! Reading is lenient where servers differ (names with and without their module at every
//! level, numbers as text); writing is strict. Here: what goes in and out. `read`, `write`:
//! the two ways. Elsewhere: single values (`schema::canonical`), the wire (`gnmi`).

mod read;
mod write;

#[cfg(test)]
mod tests;

use serde_json::Value as Json;

pub use read::read;
pub use write::{write, write_below};

use super::path::Path;
use super::tree::Tree;
use crate::names::SecretName;

/// What a JSON value held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Every leaf that the schema knows and whose value fits.
    pub tree: Tree,
    /// What the schema lacks, each at its path: not a fault, the device has more than we know.
    pub foreign: Vec<(Path, Json)>,
    /// What the schema knows and the value contradicts.
    pub faults: Vec<JsonFault>,
}

/// A value that is not what the schema says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct JsonFault {
    /// The node.
    pub path: Path,
    /// What is wrong with it.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// What its type takes, if the message shows a value that is not of it.
    expected: Option<String>,
}

impl JsonFault {
    /// The fault without the value: what a device reports may be a secret.
    pub fn without_value(&self) -> String {
        match &self.expected {
            Some(expected) => format!("{}: what it holds is not {expected}", self.path),
            None => self.to_string(),
        }
    }
}

/// Gives the value of a secret to who may have it; none withholds it.
pub type Secrets<'a> = &'a dyn Fn(&SecretName) -> Option<String>;

/// Withholds every secret: for whatever people or logs may see.
pub fn no_secrets(_: &SecretName) -> Option<String> {
    None
}

/// A document, and the secret leaves that it leaves out. It has secrets in it if the caller
/// gave them, so it has no `Debug`.
#[derive(Clone, PartialEq)]
pub struct Written {
    /// The document.
    pub json: Json,
    /// The leaves that were left out because their secret was withheld.
    pub withheld: Vec<(Path, SecretName)>,
}
