//! `raw/NAME.json`: YANG data for what the model lacks, `{ "at": [...], "config": {...} }`.
//!
//! Here: JSON (RFC 7951) with the place of each value, by the positioned parser, as JSON is
//! YAML. Elsewhere: whether the schema knows it (`compile`).

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::at::placements;
use super::decode::Fields;
use super::model::RawFragment;
use super::scalar::shortened;
use super::yaml::{Node, Scalar, Value};
use crate::diagnostic::{Finding, Findings, Place};
use crate::names::RepoPath;

/// Reads a raw file.
pub(crate) fn raw(file: RepoPath, node: &Node, out: &mut Findings) -> Option<RawFragment> {
    let mut fields = Fields::open(node, file.to_string(), out)?;
    let at = placements(&mut fields, out);
    if at.is_none() {
        fields.missing("at", out);
    }
    let config = fields.node("config");
    match config {
        None => fields.missing("config", out),
        Some(node) if !matches!(node.value, Value::Map(_)) => {
            let message = format!("{file}: `config`: an object is expected, not {}", node.kind());
            out.push(Finding::error("value-type", &node.place, message));
        }
        Some(_) => {}
    }
    fields.close(out);
    let mut json = ToJson { file: &file, places: BTreeMap::new(), full: false, out };
    let value = json.value(config?, String::new());
    let places = json.places;
    Some(RawFragment { at: at?, config: value, places, file })
}

/// How the names of leaves end that hold a secret, in the models that EOS takes.
const SECRET_LEAVES: [&str; 6] =
    ["password", "password-hashed", "secret", "secret-key", "passphrase", "pre-shared-key"];

/// Whether a leaf of this name holds a secret, which no file may.
pub(crate) fn holds_secret(leaf: &str) -> bool {
    SECRET_LEAVES.iter().any(|ending| leaf.ends_with(ending))
}

/// Values of one fragment. Each is looked for among the others, on each device that has it.
const MOST_VALUES: usize = 10_000;
/// Bytes of a JSON pointer, which every value has one of.
const LONGEST_POINTER: usize = 2000;

struct ToJson<'a> {
    file: &'a RepoPath,
    places: BTreeMap<String, Place>,
    /// Whether it was said that there is too much.
    full: bool,
    out: &'a mut Findings,
}

impl ToJson<'_> {
    /// The value at a JSON pointer. The recursion is as deep as the tree, which the parser
    /// limits.
    fn value(&mut self, node: &Node, pointer: String) -> Json {
        if self.places.len() >= MOST_VALUES || pointer.len() > LONGEST_POINTER {
            self.too_large(&node.place);
            return Json::Null;
        }
        let json = match &node.value {
            Value::Scalar(scalar) => self.scalar(scalar, &node.place),
            Value::List(items) => {
                let each = items.iter().enumerate();
                Json::Array(
                    each.map(|(index, item)| self.value(item, format!("{pointer}/{index}"))).collect(),
                )
            }
            Value::Map(entries) => {
                let mut map = Map::new();
                for (key, node) in entries {
                    let escaped = key.value.replace('~', "~0").replace('/', "~1");
                    let value = self.value(node, format!("{pointer}/{escaped}"));
                    map.insert(key.value.clone(), self.without_secret(&key.value, value, &node.place));
                }
                Json::Object(map)
            }
        };
        self.places.insert(pointer, node.place.clone());
        json
    }

    fn too_large(&mut self, place: &Place) {
        if !std::mem::replace(&mut self.full, true) {
            let message = format!(
                "{}: more than {MOST_VALUES} values, or keys of more than {LONGEST_POINTER} letters together",
                self.file
            );
            let finding = Finding::error("raw-size", place, message);
            self.out.push(finding.hint("write several files, or what the model has a key for"));
        }
    }

    /// A secret that stands here in plain text is refused, and goes no further: the commit
    /// will not count, and no other finding can repeat it.
    fn without_secret(&mut self, key: &str, value: Json, place: &Place) -> Json {
        let leaf = key.rsplit(':').next().unwrap_or(key);
        let is_secret = holds_secret(leaf);
        match &value {
            Json::String(text) if is_secret && !text.starts_with("secret:") => {
                let message = format!("{}: `{leaf}` holds a secret in plain text", self.file);
                let hint =
                    "write \"secret:NAME\"; its value comes from a file, the environment or a credential";
                self.out.push(Finding::error("secret-plain", place, message).hint(hint));
                Json::String("secret:withheld".to_owned())
            }
            _ => value,
        }
    }

    /// A JSON literal; a bare word, which YAML takes and JSON does not, is refused.
    fn scalar(&mut self, scalar: &Scalar, place: &Place) -> Json {
        if !scalar.plain {
            return Json::String(scalar.text.clone());
        }
        let literal = serde_json::from_str::<Json>(&scalar.text);
        if let Ok(literal @ (Json::Null | Json::Bool(_) | Json::Number(_))) = literal {
            return literal;
        }
        let message = format!("{}: `{}` is not a JSON value", self.file, shortened(&scalar.text));
        self.out.push(Finding::error("raw-json", place, message).hint("put it in double quotes"));
        Json::Null
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_secret_in_plain_text_is_refused_and_never_repeated() {
        use crate::intent::fixture::Repo;
        for (value, refused) in [("hunter2", true), ("secret:bgp/fw", false)] {
            let mut repo = Repo::example();
            let text = format!(r#"{{"at": ["leaf7"], "config": {{"x:a": {{"auth-password": "{value}"}}}}}}"#);
            repo.write("raw/x.json", &text);
            let loaded = repo.load();
            let found = loaded.findings.iter().any(|finding| finding.code == "secret-plain");
            assert_eq!(found, refused, "{value}");
            let shown = format!("{:?} {:?}", loaded.findings, loaded.fabric.map(|fabric| fabric.raw));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
