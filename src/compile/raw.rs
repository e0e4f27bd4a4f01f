//! Raw fragments: YANG data that the model has no words for, merged behind everything else.
//!
//! Here: what of a fragment is refused, and where in its file each node was written.
//! Elsewhere: reading `raw/` (`intent`), what contradicts the model or the schema
//! (`yang::write`).

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Slice;
use super::slice::RawHere;
use crate::diagnostic::{Finding, Findings, Place};
use crate::intent::model::Platform;
use crate::platform::Profile;
use crate::yang::write::Writer;
use crate::yang::{Elem, Path, Schema, json};

/// A fragment of which any part is protected (promise 13), or would not be read back, is
/// left out whole.
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>, schema: &Schema, findings: &mut Findings) {
    for raw in &slice.raw {
        let finder = Finder::new(raw);
        let place_of = |path: &Path| finder.place(path);
        let refused = refused(slice, raw, &finder, schema);
        if refused.is_empty() {
            w.fragment(&Path::root(), raw.config, &place_of);
        }
        findings.extend(refused);
    }
}

fn refused(slice: &Slice<'_>, raw: &RawHere<'_>, finder: &Finder<'_, '_>, schema: &Schema) -> Vec<Finding> {
    let protected = slice.protected();
    let read = json::read(schema, &Path::root(), raw.config);
    let known =
        read.tree.iter().filter_map(|(path, leaf)| Some((path, protected.why_leaf(path, &leaf.value)?)));
    let foreign = read.foreign.iter().filter_map(|(path, _)| Some((path, protected.why(path)?)));
    let finding = |(path, what): (&Path, &str)| {
        let message = format!("{path} is never sent: it is part of {what}");
        Finding::error("raw-protected", &finder.place(path), message)
            .on(slice.device)
            .hint("`gitfabric bootstrap` prints how a device is reached; change it there, by hand")
    };
    let mut refused: Vec<Finding> = known.chain(foreign).map(finding).collect();
    let Platform { os, version } = slice.platform;
    if let Some(profile) = Profile::find(&os.value, &version.value) {
        let unread = read.tree.iter().filter(|(path, _)| !profile.reads(path));
        refused.extend(unread.map(|(path, _)| {
            let message = format!("{path} is not read back from {} {}", os.value, version.value);
            Finding::error("raw-not-read-back", &finder.place(path), message)
                .on(slice.device)
                .hint(format!("what is read back: {}", profile.read.join(", ")))
        }));
    }
    refused
}

/// Finds places in the fragment's file. It remembers the members of each object by their local
/// names: every leaf is looked for, on every device.
struct Finder<'r, 'j> {
    raw: &'r RawHere<'j>,
    members: RefCell<BTreeMap<*const Map, Members<'j>>>,
}

/// JSON members by local name, each with its full name.
type Members<'j> = BTreeMap<&'j str, (&'j str, &'j Json)>;
type Map = serde_json::Map<String, Json>;

impl<'r, 'j> Finder<'r, 'j> {
    fn new(raw: &'r RawHere<'j>) -> Self {
        Self { raw, members: RefCell::default() }
    }

    /// Where the nearest written node at or above a path stands.
    fn place(&self, path: &Path) -> Place {
        let mut pointer = String::new();
        let mut best = self.raw.places.get("");
        let mut json = Some(self.raw.config);
        for elem in path.elems() {
            let Some(found) = json.and_then(|json| self.step(json, elem, &mut pointer)) else { break };
            best = self.raw.places.get(&pointer).or(best);
            json = Some(found);
        }
        best.cloned().unwrap_or_else(|| Place::start_of(self.raw.file.clone()))
    }

    /// One step of a YANG path through RFC 7951 JSON; extends the JSON pointer (RFC 6901).
    fn step(&self, json: &'j Json, elem: &Elem, pointer: &mut String) -> Option<&'j Json> {
        let (member, value) = self.member(json.as_object()?, local(elem.name()))?;
        pointer.push('/');
        pointer.push_str(&member.replace('~', "~0").replace('/', "~1"));
        if elem.keys().is_empty() {
            return Some(value);
        }
        let holds = |entry: &Json, key: &str, wanted: &str| {
            let found = entry.as_object()?.iter().find(|(member, _)| local(member) == key)?.1;
            let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            // the path is canonical, so an identity has its prefix even where the file has none
            Some(text == wanted || local(wanted) == text)
        };
        let is_entry =
            |entry: &&Json| elem.keys().iter().all(|(key, value)| holds(entry, key, value).unwrap_or(false));
        let (index, entry) = value.as_array()?.iter().enumerate().find(|(_, entry)| is_entry(entry))?;
        pointer.push('/');
        pointer.push_str(&index.to_string());
        Some(entry)
    }

    fn member(&self, object: &'j Map, wanted: &str) -> Option<(&'j str, &'j Json)> {
        let mut known = self.members.borrow_mut();
        let members = known.entry(std::ptr::from_ref(object)).or_insert_with(|| {
            // of two that are called alike the first counts
            object.iter().rev().map(|(member, value)| (local(member), (member.as_str(), value))).collect()
        });
        members.get(wanted).copied()
    }
}

/// A name without the module that may stand before it.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::names::RepoPath;

    #[test]
    fn a_node_is_found_in_its_file_or_else_what_holds_it() {
        let file = "raw/ntp.json".parse().unwrap();
        let config = json!({ "oc:list": [{ "name": "a", "id": 1 }, { "name": "b/c", "id": 2, "config": { "x": 1 } }] });
        let lines = ["", "/oc:list", "/oc:list/0", "/oc:list/1", "/oc:list/1/config/x"];
        let places: BTreeMap<String, Place> = lines
            .iter()
            .zip(1..)
            .map(|(pointer, line)| {
                ((*pointer).to_owned(), Place { line, ..Place::start_of(RepoPath::clone(&file)) })
            })
            .collect();
        let raw = RawHere { file: &file, config: &config, places: &places };
        for (path, line) in [
            ("/list[id=1][name=a]/config/x", 3),
            ("/list[id=2][name=b/c]/config/x", 5),
            ("/list[id=2][name=b/c]/config/y", 4),
            ("/list[id=3][name=d]", 1),
            ("/other", 1),
        ] {
            assert_eq!(Finder::new(&raw).place(&path.parse().unwrap()).line, line, "{path}");
        }
    }
}
