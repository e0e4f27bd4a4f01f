//! The operations of one gNMI Set, ready to be sent.
//!
//! Here: [`Operations`] and the values in it, which may hold secrets in clear and therefore
//! show themselves only with the secrets' names. Elsewhere: making them of a plan (`set`),
//! putting them on the wire (`gnmi`).

use std::fmt;

use serde_json::Value as Json;

use crate::yang::Path;

/// One transaction (gNMI specification section 3.4): the device takes every delete, then
/// every replace, then every update, each list in its order, or nothing at all.
#[derive(Clone, Debug, Default)]
pub struct Operations {
    /// Leaves and whole list entries to take away.
    pub deletes: Vec<Path>,
    /// Leaf-lists and lists ordered by the user, as wholes.
    pub replaces: Vec<Write>,
    /// Leaves, and new list entries as wholes.
    pub updates: Vec<Write>,
}

/// A value and where it goes.
#[derive(Clone, Debug)]
pub struct Write {
    /// A leaf, a leaf-list, a list entry, a list or a container.
    pub path: Path,
    /// Its value in RFC 7951 JSON.
    pub value: Payload,
}

/// A JSON value that may hold secrets in clear: [`Debug`](fmt::Debug) shows `secret:NAME` instead.
#[derive(Clone)]
pub struct Payload {
    json: Json,
    shown: Option<Json>,
}

impl Operations {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many operations; the device's answer has one result for each.
    pub fn len(&self) -> usize {
        self.deletes.len() + self.replaces.len() + self.updates.len()
    }

    /// A SHA-256 over all operations in order, secrets by name, as 64 hexadecimal digits. It
    /// names this Set in the record.
    pub fn digest(&self) -> String {
        let mut text = String::new();
        let mut line = |operation: &str, path: &Path, value: &str| {
            // a JSON string holds no bare line break, a path none at all: lines cannot be forged
            text.push_str(&format!("{operation} {path} {value}\n"));
        };
        for path in &self.deletes {
            line("delete", path, "");
        }
        for (operation, writes) in [("replace", &self.replaces), ("update", &self.updates)] {
            for write in writes {
                line(operation, &write.path, &write.value.shown().to_string());
            }
        }
        super::secret::hex(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref())
    }
}

impl Payload {
    /// A value without secrets.
    pub fn plain(json: Json) -> Self {
        Self { json, shown: None }
    }

    /// A value with secrets in clear, and the same value with their names instead.
    pub fn with_secrets(json: Json, shown: Json) -> Self {
        Self { json, shown: Some(shown) }
    }

    /// The value to send, secrets in clear. For the wire alone.
    pub fn expose(&self) -> &Json {
        &self.json
    }

    /// The value to show, with `secret:NAME` where a secret stands.
    pub fn shown(&self) -> &Json {
        self.shown.as_ref().unwrap_or(&self.json)
    }

    /// Whether a secret is inside.
    pub fn is_secret(&self) -> bool {
        self.shown.is_some()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.shown(), f)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operations(clear: &str) -> Operations {
        let value = Payload::with_secrets(json!(clear), json!("secret:bgp/fw"));
        let path = "/a/b[k=1]/config/password".parse().unwrap();
        Operations { updates: vec![Write { path, value }], ..Operations::default() }
    }

    #[test]
    fn a_secret_is_neither_shown_nor_part_of_the_digest() {
        let shown = format!("{:?}", operations("hunter2"));
        assert!(!shown.contains("hunter2") && shown.contains("secret:bgp/fw"), "{shown}");
        assert_eq!(operations("hunter2").digest(), operations("other").digest());
    }

    #[test]
    fn the_digest_tells_operations_apart() {
        let path: Path = "/a/b".parse().unwrap();
        let write = Write { path: path.clone(), value: Payload::plain(json!(1)) };
        let update = Operations { updates: vec![write.clone()], ..Operations::default() };
        let replace = Operations { replaces: vec![write], ..Operations::default() };
        let delete = Operations { deletes: vec![path], ..Operations::default() };
        let digests = [&update, &replace, &delete, &Operations::default()].map(Operations::digest);
        for (index, digest) in digests.iter().enumerate() {
            assert_eq!(digest.len(), 64);
            assert!(!digests[..index].contains(digest));
        }
    }
}
