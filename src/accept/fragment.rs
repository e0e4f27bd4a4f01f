//! `raw/accepted-DEVICE.json`: what a device holds and no key of the intent says.
//!
//! Here: the fragment's text, new, or what stands there with more in it. Elsewhere: what a
//! fragment may say (`intent::raw`, `compile::raw`).

use serde_json::{Map, Value as Json, json};

use super::candidates::Candidate;
use crate::compile::DeviceBuild;
use crate::git::Snapshot;
use crate::intent::edit::{Document, New, Step};
use crate::names::{DeviceName, RepoPath};
use crate::yang::Tree;
use crate::yang::json::{no_secrets, write};

/// The fragment with these leaves in it; none where the file that stands there is another thing.
pub(super) fn fragment(
    snapshot: &Snapshot,
    build: &DeviceBuild,
    device: &DeviceName,
    leaves: &Tree,
) -> Option<Candidate> {
    let file: RepoPath = format!("raw/accepted-{device}.json").parse().ok()?;
    let written = write(&build.schema, leaves, &no_secrets);
    let text = match snapshot.get(&file) {
        None => {
            let whole = json!({ "at": [device.as_str()], "config": written.json });
            serde_json::to_string_pretty(&whole).ok()? + "\n"
        }
        Some(standing) => {
            let document = Document::read(&file, &standing.bytes)?;
            let mut merging = Merging { file: &file, document };
            merging.value(&mut vec![Step::Key("config".to_owned())], &written.json)?;
            merging.document.text().to_owned()
        }
    };
    Some(Candidate { file, text: Some(text) })
}

/// A fragment into which more is put, a value at a time.
struct Merging<'f> {
    file: &'f RepoPath,
    document: Document,
}

impl Merging<'_> {
    fn take(&mut self, text: &str) -> Option<()> {
        self.document = Document::read(self.file, text.as_bytes())?;
        Some(())
    }

    /// Puts a value where one stands already. As deep as the schema is.
    fn value(&mut self, way: &mut Vec<Step>, json: &Json) -> Option<()> {
        match json {
            Json::Object(members) => members.iter().try_for_each(|(name, json)| self.member(way, name, json)),
            Json::Array(items) => items.iter().try_for_each(|item| self.item(way, item)),
            scalar => {
                let text = self.document.replaced(way, &new(scalar))?;
                self.take(&text)
            }
        }
    }

    fn member(&mut self, way: &mut Vec<Step>, name: &str, json: &Json) -> Option<()> {
        let keys = self.document.keys(way)?;
        let standing = keys.into_iter().find(|key| local(key) == local(name)).map(ToOwned::to_owned);
        let Some(standing) = standing else {
            let text = self.document.set(way, name, &new(json))?;
            return self.take(&text);
        };
        way.push(Step::Key(standing));
        let done = self.value(way, json);
        way.pop();
        done
    }

    /// An entry of a list is the one that has the same keys, which are its only bare members.
    fn item(&mut self, way: &mut Vec<Step>, json: &Json) -> Option<()> {
        for index in 0..self.document.items(way)? {
            way.push(Step::Item(index));
            let same = match json {
                Json::Object(members) => self.has_keys_of(way, members),
                scalar => self.document.scalar(way).is_some_and(|(text, _)| text == plain(scalar)),
            };
            let done = same.then(|| self.value(way, json));
            way.pop();
            if let Some(done) = done {
                return done;
            }
        }
        let text = self.document.pushed(way, &new(json))?;
        self.take(&text)
    }

    fn has_keys_of(&self, way: &[Step], members: &Map<String, Json>) -> bool {
        let Some(standing) = self.document.keys(way) else { return false };
        let says = |name: &str, json: &Json| {
            let key = standing.iter().find(|key| local(key) == local(name))?;
            let (text, _) = self.document.scalar(&[way, &[Step::Key((*key).to_owned())]].concat())?;
            Some(local(text) == local(&plain(json)))
        };
        let mut keys = members.iter().filter(|(_, json)| !json.is_object() && !json.is_array());
        keys.all(|(name, json)| says(name, json).unwrap_or(false))
    }
}

fn new(json: &Json) -> New {
    match json {
        Json::String(text) => New::Text(text.clone()),
        Json::Array(items) => New::List(items.iter().map(new).collect()),
        Json::Object(members) => {
            New::Map(members.iter().map(|(name, json)| (name.clone(), new(json))).collect())
        }
        bare => New::Bare(bare.to_string()),
    }
}

fn plain(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), ToOwned::to_owned)
}

/// A name without the module before it; an address keeps its colons.
fn local(name: &str) -> &str {
    match name.split_once(':') {
        Some((module, rest)) if module.contains('-') && !rest.contains(':') => rest,
        _ => name,
    }
}
