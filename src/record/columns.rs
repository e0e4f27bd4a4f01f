//! Trees in columns: RFC 7951 text beside what JSON cannot say (origins, secrets' names).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::flight::InFlight;
use super::store::{RecordError, parsed};
use crate::diagnostic::Place;
use crate::names::SecretName;
use crate::plan::{Recorded, SecretMark};
use crate::yang::{Leaf, Path, Schema, Tree, Value, json};

/// The columns of a recorded device.
pub(super) struct Columns {
    pub(super) tree: String,
    pub(super) origins: String,
    pub(super) secrets: String,
    pub(super) created: String,
}

/// File, line, column, length.
type Origin = (String, u32, u32, u32);

#[derive(Serialize, Deserialize)]
struct Secret {
    name: String,
    sent: Option<String>,
    read_back: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Flight {
    pass: u64,
    commit: String,
    tree_hash: String,
    set: String,
    writes: serde_json::Value,
    secrets: BTreeMap<String, String>,
    created: BTreeSet<String>,
    /// A Set that an older gitfabric began says nothing of it.
    #[serde(default)]
    deletes: BTreeSet<String>,
}

impl Columns {
    pub(super) fn encode(recorded: &Recorded, schema: &Schema) -> Self {
        let mut origins: BTreeMap<String, Origin> = BTreeMap::new();
        let mut secrets: BTreeMap<String, Secret> = BTreeMap::new();
        for (path, leaf) in recorded.tree.iter() {
            if let Some(at) = &leaf.origin {
                origins.insert(path.to_string(), (at.file.to_string(), at.line, at.column, at.length));
            }
            if let Value::Secret(name) = &leaf.value {
                let mark = recorded.secrets.get(path);
                let secret = Secret {
                    name: name.to_string(),
                    sent: mark.map(|mark| mark.sent.to_string()),
                    read_back: mark.and_then(|mark| mark.read_back).map(|print| print.to_string()),
                };
                secrets.insert(path.to_string(), secret);
            }
        }
        Self {
            tree: json::write(schema, &recorded.tree, &json::no_secrets).json.to_string(),
            origins: text(&origins),
            secrets: text(&secrets),
            created: text(&paths(&recorded.created)),
        }
    }

    pub(super) fn decode(&self, device: &str, schema: &Schema) -> Result<Recorded, RecordError> {
        let document = read_json("tree", device, &self.tree)?;
        let mut tree = json::read(schema, &Path::root(), &document).tree;
        let origins: BTreeMap<String, Origin> = read_json("origins", device, &self.origins)?;
        let secrets: BTreeMap<String, Secret> = read_json("secrets", device, &self.secrets)?;
        for (path, secret) in &secrets {
            let path: Path = parsed("secrets", device, path)?;
            insert_secret(&mut tree, schema, &path, parsed("secrets", device, &secret.name)?);
        }
        let marks = marks(device, &secrets)?;
        let mut placed = Tree::new();
        for (path, mut leaf) in tree {
            if let Some((file, line, column, length)) = origins.get(&path.to_string()) {
                let file = parsed("origins", device, file)?;
                leaf.origin = Some(Place { file, line: *line, column: *column, length: *length });
            }
            placed.insert(path, leaf);
        }
        let created = read_paths("created", device, &read_json("created", device, &self.created)?)?;
        Ok(Recorded { tree: placed, created, secrets: marks })
    }
}

/// What the column of secrets alone says of each.
pub(super) fn decode_marks(device: &str, secrets: &str) -> Result<BTreeMap<Path, SecretMark>, RecordError> {
    marks(device, &read_json("secrets", device, secrets)?)
}

fn marks(
    device: &str,
    secrets: &BTreeMap<String, Secret>,
) -> Result<BTreeMap<Path, SecretMark>, RecordError> {
    let mut marks = BTreeMap::new();
    for (path, secret) in secrets {
        let Some(sent) = &secret.sent else { continue };
        let read_back =
            secret.read_back.as_deref().map(|text| parsed("secrets", device, text)).transpose()?;
        let mark = SecretMark { sent: parsed("secrets", device, sent)?, read_back };
        marks.insert(parsed("secrets", device, path)?, mark);
    }
    Ok(marks)
}

pub(super) fn encode_flight(flight: &InFlight, schema: &Schema) -> String {
    let secret = |(path, leaf): (&Path, &Leaf)| match &leaf.value {
        Value::Secret(name) => Some((path.to_string(), name.to_string())),
        _ => None,
    };
    text(&Flight {
        pass: flight.pass.get(),
        commit: flight.commit.to_string(),
        tree_hash: flight.tree_hash.clone(),
        set: flight.set.set.clone(),
        writes: json::write(schema, &flight.set.writes, &json::no_secrets).json,
        secrets: flight.set.writes.iter().filter_map(secret).collect(),
        created: paths(&flight.set.created),
        deletes: paths(&flight.set.deletes),
    })
}

pub(super) fn decode_flight(device: &str, text: &str, schema: &Schema) -> Result<InFlight, RecordError> {
    let flight: Flight = read_json("flight", device, text)?;
    let mut writes = json::read(schema, &Path::root(), &flight.writes).tree;
    for (path, name) in &flight.secrets {
        insert_secret(&mut writes, schema, &parsed("flight", device, path)?, parsed("flight", device, name)?);
    }
    Ok(InFlight {
        pass: parsed("flight", device, &flight.pass.to_string())?,
        commit: parsed("flight", device, &flight.commit)?,
        tree_hash: flight.tree_hash,
        set: crate::plan::InFlight {
            set: flight.set,
            writes,
            created: read_paths("flight", device, &flight.created)?,
            deletes: read_paths("flight", device, &flight.deletes)?,
        },
    })
}

/// A leaf that this schema lacks is left out, as `json::read` leaves out the others.
fn insert_secret(tree: &mut Tree, schema: &Schema, path: &Path, name: SecretName) {
    if let Some(node) = schema.find(path) {
        tree.insert(path.clone(), Leaf { node, value: Value::Secret(name), origin: None });
    }
}

fn paths(paths: &BTreeSet<Path>) -> BTreeSet<String> {
    paths.iter().map(ToString::to_string).collect()
}

fn read_paths(
    column: &'static str,
    device: &str,
    texts: &BTreeSet<String>,
) -> Result<BTreeSet<Path>, RecordError> {
    texts.iter().map(|text| parsed(column, device, text)).collect()
}

/// Maps with text keys and plain values: always JSON.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn read_json<T: serde::de::DeserializeOwned>(
    column: &'static str,
    device: &str,
    text: &str,
) -> Result<T, RecordError> {
    serde_json::from_str(text).map_err(|error| RecordError::Damaged {
        column,
        row: device.to_owned(),
        what: error.to_string(),
    })
}
