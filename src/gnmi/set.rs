//! One change of a device as one transaction (gNMI specification §3.4).
//!
//! Here: [`SetOperations`], [`SetOutcome`], and the request made of the one and the other
//! made of the answer. Elsewhere: which operations a change needs (`plan`), sending them
//! (`client`).

use std::fmt;

use serde_json::Value;

use crate::plan::{Operations, Payload};
use crate::secret::SecretText;
use crate::yang::Path;

use super::annotation::Annotation;
use super::capabilities::Encoding;
use super::{path, proto, value};

/// What one Set does. The device carries out every delete, then every replace, then every
/// update, each in the order given, or nothing at all (§3.4.3).
#[derive(Clone, Default)]
pub struct SetOperations {
    /// What goes, with all below it. What is not there is passed over.
    pub deletes: Vec<Path>,
    /// What becomes exactly this value.
    pub replaces: Vec<(Path, Value)>,
    /// What is merged into what is there.
    pub updates: Vec<(Path, Value)>,
    /// The mark that the Set leaves; for devices that keep one.
    pub annotation: Option<Annotation>,
    /// The secrets among the values. Should the device repeat one in an error, the error
    /// will not.
    pub secrets: Vec<SecretText>,
}

impl fmt::Debug for SetOperations {
    /// Paths without values: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths =
            |writes: &[(Path, Value)]| writes.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        f.debug_struct("SetOperations")
            .field("deletes", &self.deletes)
            .field("replaces", &paths(&self.replaces))
            .field("updates", &paths(&self.updates))
            .field("annotation", &self.annotation)
            .finish_non_exhaustive()
    }
}

impl SetOperations {
    /// The operations of a plan, and which of their texts are secrets.
    pub fn from_plan(operations: &Operations, annotation: Option<Annotation>) -> Self {
        let mut secrets = Vec::new();
        let mut writes = |writes: &[crate::plan::Write]| -> Vec<(Path, Value)> {
            writes
                .iter()
                .map(|write| {
                    collect_secrets(&write.value, &mut secrets);
                    (write.path.clone(), write.value.expose().clone())
                })
                .collect()
        };
        let (replaces, updates) = (writes(&operations.replaces), writes(&operations.updates));
        Self { deletes: operations.deletes.clone(), replaces, updates, annotation, secrets }
    }

    /// How many operations the device will see, the annotation included.
    pub(super) fn count(&self) -> usize {
        self.deletes.len() + self.replaces.len() + self.updates.len() + usize::from(self.annotation.is_some())
    }

    pub(super) fn to_wire(&self, encoding: Encoding) -> proto::SetRequest {
        let write = |(path, json): &(Path, Value)| proto::Update {
            path: Some(path::to_wire(path)),
            val: Some(value::to_wire(json, encoding)),
            ..proto::Update::default()
        };
        // First, at the root, and without origin: it belongs to no schema.
        let annotation = self.annotation.iter().map(|annotation| proto::Update {
            path: Some(proto::Path::default()),
            val: Some(value::to_wire(&annotation.to_root(), encoding)),
            ..proto::Update::default()
        });
        proto::SetRequest {
            delete: self.deletes.iter().map(path::to_wire).collect(),
            replace: self.replaces.iter().map(write).collect(),
            update: annotation.chain(self.updates.iter().map(write)).collect(),
            ..proto::SetRequest::default()
        }
    }
}

/// The texts that a payload sends and does not show.
fn collect_secrets(payload: &Payload, secrets: &mut Vec<SecretText>) {
    if !payload.is_secret() {
        return;
    }
    let mut pairs = vec![(payload.expose(), Some(payload.shown()))];
    while let Some((sent, shown)) = pairs.pop() {
        match sent {
            Value::String(text) if shown != Some(sent) => secrets.push(SecretText::new(text)),
            Value::Array(items) => pairs.extend(
                items.iter().enumerate().map(|(index, item)| (item, shown.and_then(|it| it.get(index)))),
            ),
            Value::Object(members) => {
                pairs.extend(members.iter().map(|(name, it)| (it, shown.and_then(|shown| shown.get(name)))));
            }
            _ => {}
        }
    }
}

/// What a device said of a Set that it carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetOutcome {
    /// The device's time of the transaction, in nanoseconds since 1970 by the text (§3.4.2);
    /// some devices send seconds, or 0. For people only.
    pub timestamp: i64,
    /// It gave fewer results than there were operations. Then it may not have understood
    /// all of them: only reading it back tells.
    pub results_missing: bool,
}

impl SetOutcome {
    pub(super) fn from_wire(response: &proto::SetResponse, operations: usize) -> Self {
        Self { timestamp: response.timestamp, results_missing: response.response.len() < operations }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::names::PassNumber;
    use crate::plan::Write;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    fn operations() -> SetOperations {
        SetOperations {
            deletes: vec![path("/a")],
            replaces: vec![(path("/b"), json!([1]))],
            updates: vec![(path("/c"), json!("hunter2"))],
            annotation: Some(Annotation {
                fabric: "dc1".parse().unwrap(),
                commit: "a".repeat(40).parse().unwrap(),
                tree: "00".to_owned(),
                pass: PassNumber::try_from(1).unwrap(),
            }),
            secrets: vec![],
        }
    }

    #[test]
    fn the_annotation_goes_first_at_the_root_and_without_origin() {
        let request = operations().to_wire(Encoding::JsonIetf);
        assert_eq!(request.update.len(), 2);
        assert_eq!(request.update[0].path, Some(proto::Path::default()));
        let json = value::from_wire(&request.update[0]).unwrap();
        assert_eq!(Annotation::from_root(&json), operations().annotation);
        assert_eq!(request.update[1].path, Some(path::to_wire(&path("/c"))));
        assert_eq!((request.delete.len(), request.replace.len()), (1, 1));
    }

    #[test]
    fn fewer_results_than_operations_are_noticed() {
        let results = |count| proto::SetResponse {
            response: vec![proto::UpdateResult::default(); count],
            ..proto::SetResponse::default()
        };
        let count = operations().count();
        for (case, given, missing) in [("all", 4, false), ("one short", 3, true), ("none", 0, true)] {
            assert_eq!(SetOutcome::from_wire(&results(given), count).results_missing, missing, "{case}");
        }
        assert!(!SetOutcome::from_wire(&results(0), 0).results_missing, "an empty Set");
    }

    #[test]
    fn values_do_not_show() {
        let shown = format!("{:?}", operations());
        assert!(shown.contains("/c") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn the_secrets_of_a_plan_are_known_as_such() {
        let sent = json!({"name": "x", "auth": [{"password": "hunter2"}]});
        let shown = json!({"name": "x", "auth": [{"password": "secret:bgp"}]});
        let plan = Operations {
            updates: vec![
                Write { path: path("/a"), value: Payload::with_secrets(sent.clone(), shown) },
                Write { path: path("/b"), value: Payload::plain(json!("plain")) },
            ],
            ..Operations::default()
        };
        let operations = SetOperations::from_plan(&plan, None);
        assert_eq!(operations.updates[0].1, sent);
        assert_eq!(operations.secrets.iter().map(SecretText::expose).collect::<Vec<_>>(), ["hunter2"]);
    }
}
