//! The mark that a Set leaves on the device: which commit it brought.
//!
//! Here: [`Annotation`] and its form inside a configuration, the metadata annotation
//! `protobuf-metadata` (RFC 7952) of the YANG module `openconfig-metadata`. Elsewhere:
//! the record, which is what counts (`record`); the mark only confirms it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use prost::Message as _;
use serde::Serialize;
use serde_json::{Value, json};

use crate::names::{CommitId, FabricName, PassNumber};

/// Tells our marks from those of other programs.
const TYPE_URL: &str = "gitfabric.dev/Applied";
/// The annotation's member inside `@`, the member for annotations of the root.
const MEMBER: &str = "openconfig-metadata:protobuf-metadata";

/// What was applied to a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Annotation {
    /// The fabric that the device belongs to.
    pub fabric: FabricName,
    /// The commit that was applied.
    pub commit: CommitId,
    /// The hash of the device's tree at that commit, hexadecimal.
    pub tree: String,
    /// The pass that applied it.
    pub pass: PassNumber,
}

impl Annotation {
    /// The object to be merged into the root: `{"@": {MEMBER: base64 of an Any}}`. It goes
    /// into the Set that it speaks of, and so takes effect with it or not at all.
    pub(super) fn to_root(&self) -> Value {
        let payload =
            json!({"fabric": self.fabric, "commit": self.commit, "tree": self.tree, "pass": self.pass});
        let any = prost_types::Any { type_url: TYPE_URL.to_owned(), value: payload.to_string().into_bytes() };
        json!({"@": {MEMBER: BASE64.encode(any.encode_to_vec())}})
    }

    /// Our mark in a configuration's root object; none if there is no mark, or one of
    /// another program.
    pub(super) fn from_root(root: &Value) -> Option<Self> {
        let annotations = root.get("@")?;
        let text = annotations.get(MEMBER).or_else(|| annotations.get("protobuf-metadata"))?.as_str()?;
        let any = prost_types::Any::decode(BASE64.decode(text).ok()?.as_slice()).ok()?;
        if any.type_url != TYPE_URL {
            return None;
        }
        let payload: Value = serde_json::from_slice(&any.value).ok()?;
        let text = |name: &str| payload.get(name)?.as_str();
        Some(Self {
            fabric: text("fabric")?.parse().ok()?,
            commit: text("commit")?.parse().ok()?,
            tree: text("tree")?.to_owned(),
            pass: PassNumber::try_from(payload.get("pass")?.as_u64()?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn annotation() -> Annotation {
        Annotation {
            fabric: "dc1".parse().unwrap(),
            commit: "3f2c9e1".repeat(6)[..40].parse().unwrap(),
            tree: "ab".repeat(32),
            pass: PassNumber::try_from(7).unwrap(),
        }
    }

    fn root(text: impl AsRef<[u8]>) -> Value {
        json!({"@": {MEMBER: BASE64.encode(text)}})
    }

    fn packed(type_url: &str, payload: &str) -> Vec<u8> {
        let value = payload.as_bytes().to_vec();
        prost_types::Any { type_url: type_url.to_owned(), value }.encode_to_vec()
    }

    #[test]
    fn a_mark_is_read_back_from_beside_the_configuration() {
        let mut seen = annotation().to_root();
        seen["openconfig-system:system"] = json!({"config": {"hostname": "leaf1"}});
        assert_eq!(Annotation::from_root(&seen), Some(annotation()));
    }

    #[test]
    fn what_is_not_our_mark_is_none() {
        for (case, seen) in [
            ("no object", json!(null)),
            ("no mark", json!({"openconfig-system:system": {}})),
            ("another annotation", json!({"@": {"ietf-origin:origin": "x"}})),
            ("no base64", json!({"@": {MEMBER: "***"}})),
            ("no Any", root("\u{7f}")),
            ("another program's", root(packed("example.com", "{}"))),
            ("ours, but broken", root(packed(TYPE_URL, "{"))),
            ("ours, but empty", root(packed(TYPE_URL, "{}"))),
            (
                "ours, but no commit",
                root(packed(TYPE_URL, r#"{"fabric":"a","commit":"1","tree":"","pass":1}"#)),
            ),
        ] {
            assert_eq!(Annotation::from_root(&seen), None, "{case}");
        }
    }

    proptest! {
        #[test]
        fn no_mark_panics(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Annotation::from_root(&root(bytes));
        }
    }
}
