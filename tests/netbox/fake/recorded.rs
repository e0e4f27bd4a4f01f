//! The answers of a real NetBox 4.6.8 with netbox-bgp, in three states (`../shared/netbox`).
//!
//! What was recorded is served byte for byte; the lists recorded whole are the content for
//! all other queries. Elsewhere: an invented NetBox (`synthetic`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::content::Netbox;
use super::http::{Answer, Request};
use super::models::MODELS;
use super::query::id;

/// The folder of the recording, if it is there.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/netbox/4.6.8");
    folder.join("state-1/manifest.json").is_file().then_some(folder)
}

/// One recorded answer, as the manifest lists it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// The kind of token, in the README's words.
    pub(crate) auth: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// What was sent with a POST.
    pub(crate) sent: Value,
    /// The file of the answer's body.
    pub(crate) file: PathBuf,
}

/// The recorded answers of one state.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// By method, path, query and kind of token; those of equal key differ in what was sent.
    answers: BTreeMap<[String; 4], Vec<Entry>>,
}

impl State {
    /// Reads the manifest of state 1, 2 or 3. Answers that do not depend on the content
    /// (`authentication-check`, errors) were recorded in state 1 only, and stand in all.
    pub(super) fn read(folder: &Path, state: usize) -> Self {
        let mut answers: BTreeMap<[String; 4], Vec<Entry>> = BTreeMap::new();
        for entry in entries(folder, state) {
            answers.entry(key(&entry)).or_default().push(entry);
        }
        for entry in entries(folder, 1).into_iter().filter(|entry| state > 1 && is_timeless(entry)) {
            let known = answers.entry(key(&entry)).or_default();
            if known.iter().all(|known| known.sent != entry.sent) {
                known.push(entry);
            }
        }
        Self { answers }
    }

    /// The recorded answer to exactly this request.
    pub(super) fn answer(&self, request: &Request) -> Option<Answer> {
        let auth = request.auth.name();
        let key = [&request.method, &request.path, &request.query, auth].map(str::to_owned);
        let sent = request.json();
        let entry = self.answers.get(&key)?.iter().find(|entry| entry.sent == sent)?;
        let body = fs::read(&entry.file).unwrap();
        Some(Answer { status: entry.status, headers: entry.headers.clone(), body: body.into() })
    }
}

fn key(entry: &Entry) -> [String; 4] {
    [&entry.method, &entry.path, &entry.query, &entry.auth].map(Clone::clone)
}

/// Whether an answer of state 1 also holds later.
fn is_timeless(entry: &Entry) -> bool {
    let path = entry.path.trim_start_matches("/api/");
    entry.status >= 400
        || ["", "plugins/", "plugins/bgp/", "plugins/installed-plugins/", "authentication-check/"]
            .contains(&path)
}

/// All answers of a state, in the manifest's order. Left out is the one that the recorder got
/// by following a redirect.
pub(crate) fn entries(folder: &Path, state: usize) -> Vec<Entry> {
    let folder = folder.join(format!("state-{state}"));
    let manifest = fs::read(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let text = |answer: &Value, name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let answers = manifest["answers"].as_array().unwrap().iter();
    answers
        .map(|answer| {
            let headers = answer["headers"].as_object().unwrap().iter();
            let sent = answer["body_file"].as_str().map_or_else(
                || answer["body"].clone(),
                |file| json!({"query": fs::read_to_string(folder.join(file)).unwrap()}),
            );
            Entry {
                method: text(answer, "method"),
                path: text(answer, "path"),
                query: text(answer, "query"),
                auth: text(answer, "auth"),
                status: u16::try_from(answer["status"].as_u64().unwrap()).unwrap(),
                headers: headers
                    .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                    .collect(),
                sent,
                file: folder.join(text(answer, "file")),
            }
        })
        .filter(|entry| entry.path.ends_with('/'))
        .collect()
}

/// The content of a state: its whole lists, and the change log as far as it was recorded.
pub(super) fn content(folder: &Path, state: usize) -> Netbox {
    let mut netbox = Netbox::new(MODELS.iter().map(|(endpoint, _)| *endpoint));
    let list = |entry: &Entry| -> Vec<Value> {
        let body: Value = serde_json::from_slice(&fs::read(&entry.file).unwrap()).unwrap();
        body["results"].as_array().cloned().unwrap_or_default()
    };
    let whole =
        |entry: &&Entry| entry.query == "limit=1000" && entry.auth == "exporter" && entry.status == 200;
    for entry in entries(folder, state).iter().filter(whole) {
        let endpoint = entry.path.trim_start_matches("/api/").trim_end_matches('/');
        netbox.declare(endpoint);
        for object in list(entry) {
            netbox.restore(endpoint, object);
        }
    }
    let mut log = BTreeMap::new();
    for state in 1..=state {
        let changes = entries(folder, state);
        let changes = changes.iter().filter(|entry| entry.path == "/api/core/object-changes/");
        log.extend(changes.flat_map(list).map(|entry| (id(&entry), entry)));
    }
    let mut log: Vec<Value> = log.into_values().collect();
    for entry in &mut log {
        let model = entry["changed_object_type"].as_str().unwrap_or_default();
        let endpoint = MODELS.iter().find(|(_, label)| *label == model);
        let changed = entry["changed_object_id"].as_u64().unwrap_or(0);
        if endpoint.is_some_and(|(endpoint, _)| netbox.get(endpoint, changed).is_null()) {
            entry["changed_object"] = Value::Null;
        }
    }
    let unseen = log.first().map_or(0, |first| usize::try_from(id(first)).unwrap() - 1);
    netbox.restore_log(log, unseen);
    netbox.quiet = false;
    netbox
}
