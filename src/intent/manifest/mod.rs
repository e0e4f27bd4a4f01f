//! `netbox-export.json`: what the last export wrote, so that a part of it is never taken
//! for the whole.
//!
//! Here: [`Manifest`], its one form as JSON, and [`check`], which holds it against the files
//! that stand beside it. An intent without a manifest was written by people and is not
//! held against anything. Elsewhere: who makes it (`export`), other rules across files
//! (`check`), limits on deletions (`git::brakes`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::decode::Fields;
use super::scalar::{Read, scalar, shortened, text, whole, wrong_hint};
use super::yaml::{self, Node, Value};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::git::snapshot::{BlobId, Snapshot};
use crate::names::RepoPath;

#[cfg(test)]
mod tests;

/// The manifest's name, at the root of the intent.
pub const FILE: &str = "netbox-export.json";

/// The name of the export's mapping file, at the root of the intent; it is the exporter's.
pub const MAPPING_FILE: &str = "netbox.yaml";

/// The form that this version reads and writes.
const VERSION: u64 = 1;

/// What one export wrote and what it read for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Whom it read.
    pub source: Source,
    /// The newest entry of NetBox's change log when everything had been read; none where
    /// the token may not see the change log.
    pub changelog: Option<u64>,
    /// How many objects were read, by endpoint: `dcim/devices`.
    pub objects: BTreeMap<String, u64>,
    /// Every file that the export wrote, with the Git id of the bytes that it wrote.
    pub files: BTreeMap<RepoPath, BlobId>,
}

/// The NetBox of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its address, without any credentials.
    pub netbox: String,
    /// Its plugins that were read, with their versions.
    pub plugins: BTreeMap<String, String>,
    /// Its version.
    pub version: String,
}

/// The keys of the file, in the order in which they are written: by name, as in every map
/// below them, so that a difference of two manifests is the difference of two exports.
#[derive(Serialize)]
struct Written<'m> {
    changelog: Option<u64>,
    counts: BTreeMap<&'m str, u64>,
    files: BTreeMap<&'m str, String>,
    objects: &'m BTreeMap<String, u64>,
    source: &'m Source,
    version: u64,
}

impl Manifest {
    /// How many of the files are in each folder. Files at the root are in none.
    pub fn counts(&self) -> BTreeMap<&str, u64> {
        let mut counts = BTreeMap::new();
        for (folder, _) in self.files.keys().filter_map(|path| path.as_str().split_once('/')) {
            *counts.entry(folder).or_default() += 1;
        }
        counts
    }

    /// The file: JSON with sorted keys, one value a line. Equal manifests, equal bytes.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "every key is text, which JSON takes, and writing into memory does not fail"
    )]
    pub fn to_json(&self) -> String {
        let written = Written {
            changelog: self.changelog,
            counts: self.counts(),
            files: self.files.iter().map(|(path, blob)| (path.as_str(), blob.to_string())).collect(),
            objects: &self.objects,
            source: &self.source,
            version: VERSION,
        };
        let mut json = serde_json::to_string_pretty(&written).expect("a manifest serialises");
        json.push('\n');
        json
    }
}

/// A manifest as its file says it: with the places, and with what the file counts.
#[derive(Clone, Debug)]
pub struct Placed {
    /// What it says.
    pub manifest: Manifest,
    counts: BTreeMap<String, Spanned<u64>>,
    places: BTreeMap<RepoPath, Place>,
    start: Place,
}

/// Reads the file. Keys that are not known are left alone, as a later version may write
/// more; a later `version` is refused. With errors among the findings there is no manifest.
pub fn parse(path: &RepoPath, bytes: &[u8]) -> (Option<Placed>, Findings) {
    let (node, mut out) = yaml::parse(path, bytes);
    let start = Place::start_of(path.clone());
    let placed = node.and_then(|node| placed(&node, start, &mut out));
    (placed.filter(|_| !out.has_errors()), out)
}

fn placed(node: &Node, start: Place, out: &mut Findings) -> Option<Placed> {
    let mut fields = Fields::open(node, FILE, out)?;
    let version = fields.required("version", out, whole)?;
    if version.value != VERSION {
        let message = format!(
            "{FILE} is of version {}, and this gitfabric ({}) reads version {VERSION}",
            version.value,
            env!("CARGO_PKG_VERSION")
        );
        let finding = Finding::error("export-version", &version.place, message);
        out.push(finding.hint("update gitfabric here, or run the export with the gitfabric of this place"));
        return None;
    }
    let source = source(&mut fields, out);
    let changelog = match fields.node("changelog") {
        Some(node) if node.is_null() => None,
        _ => fields.optional("changelog", out, whole).map(|id| id.value),
    };
    let counts = numbers(&mut fields, "counts", out);
    let objects = numbers(&mut fields, "objects", out).into_iter();
    let objects = objects.map(|(endpoint, count)| (endpoint, count.value)).collect();
    if fields.node("files").is_none() {
        fields.missing("files", out);
    }
    let (mut files, mut places) = (BTreeMap::new(), BTreeMap::new());
    for (key, node) in fields.named("files", out) {
        match (file(key), blob(node)) {
            (Ok(path), Ok(blob)) => {
                files.insert(path.clone(), blob);
                places.insert(path, key.place.clone());
            }
            (path, blob) => out.extend(path.err().into_iter().chain(blob.err()).map(|finding| *finding)),
        }
    }
    let manifest = Manifest { source: source?, changelog, objects, files };
    Some(Placed { manifest, counts, places, start })
}

fn source(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Source> {
    let Some(mut section) = fields.section("source", out) else {
        if fields.node("source").is_none() {
            fields.missing("source", out);
        }
        return None;
    };
    let netbox = section.required("netbox", out, text);
    let version = section.required("version", out, text);
    let plugins = section.named("plugins", out).iter();
    let plugins = plugins.filter_map(|(name, node)| Some((name.value.clone(), text(node).ok()?))).collect();
    Some(Source { netbox: netbox?.value, version: version?.value, plugins })
}

/// A map of counts; left out is empty.
fn numbers(fields: &mut Fields<'_>, key: &'static str, out: &mut Findings) -> BTreeMap<String, Spanned<u64>> {
    let mut numbers = BTreeMap::new();
    for (name, node) in fields.named(key, out) {
        match whole(node) {
            Ok(count) => {
                numbers.insert(name.value.clone(), Spanned::new(count, name.place.clone()));
            }
            Err(mut finding) => {
                let name = shortened(&name.value);
                finding.message = format!("{FILE}: `{key}`: {name}: {}", finding.message);
                out.push(*finding);
            }
        }
    }
    numbers
}

fn file(key: &Spanned<String>) -> Read<RepoPath> {
    key.value.parse().map_err(|_| {
        let message = format!("{FILE}: `{}` is not a path of the intent", shortened(&key.value));
        Box::new(Finding::error("export-path", &key.place, message).hint(AGAIN))
    })
}

fn blob(node: &Node) -> Read<BlobId> {
    let given = scalar(node)?.text.as_str();
    let Ok(blob) = given.parse() else {
        let message = format!("{FILE}: `{}` is not the id of a file's bytes", shortened(given));
        return wrong_hint("export-blob", node, message, AGAIN);
    };
    Ok(blob)
}

/// How a manifest that is wrong is mended.
const AGAIN: &str = "only `gitfabric export` writes this file: restore it from Git, or run the export again";

/// How many missing files are named one by one; of more the rest is counted.
const NAMED: usize = 20;

/// Holds the files of an intent against the manifest among them.
///
/// A listed file that is missing is an error: half an export must not look like a deletion
/// (promise 6). So are counts that do not fit the list, as after a merge by hand. A file
/// whose bytes are others is a warning: a person edited it, which is allowed. Files that
/// are not listed are people's own.
pub fn check(placed: &Placed, snapshot: &Snapshot) -> Findings {
    let mut out = Findings::new();
    counts(placed, &mut out);
    missing(placed, snapshot, &mut out);
    edited(placed, snapshot, &mut out);
    out
}

fn counts(placed: &Placed, out: &mut Findings) {
    let listed = placed.manifest.counts();
    let folders = placed.counts.keys().map(String::as_str).chain(listed.keys().copied());
    for folder in folders.collect::<BTreeSet<_>>() {
        let counted = placed.counts.get(folder);
        let (count, list) =
            (counted.map_or(0, |count| count.value), listed.get(folder).copied().unwrap_or(0));
        if count == list {
            continue;
        }
        let place = counted.map_or(&placed.start, |count| &count.place);
        let message = format!("{FILE} counts {count} files in {}/ and lists {list}", shortened(folder));
        out.push(Finding::error("export-counts", place, message).hint(AGAIN));
    }
}

fn missing(placed: &Placed, snapshot: &Snapshot, out: &mut Findings) {
    let gone = placed.places.iter().filter(|(path, _)| snapshot.get(path).is_none());
    let gone: Vec<(&RepoPath, &Place)> = gone.collect();
    for (path, place) in gone.iter().take(NAMED) {
        let message = format!("{path} is missing: the last export wrote it");
        let finding = Finding::error("export-file-missing", place, message);
        out.push(finding.label("listed here").hint(
            "restore it, revert the commit that took it away, or run `gitfabric export` again: it removes what NetBox no longer has",
        ));
    }
    if let Some((_, place)) = gone.get(NAMED) {
        let message = format!("{} more files of the last export are missing", gone.len() - NAMED);
        out.push(Finding::error("export-file-missing", place, message).label("and those that follow"));
    }
}

/// Whether a device's file lets go of it: the step that an export asks for, and no word
/// against NetBox.
pub(crate) fn says_released(path: &RepoPath, file: &[u8]) -> bool {
    let Some(Value::Map(entries)) = yaml::parse(path, file).0.map(|node| node.value) else {
        return false;
    };
    path.as_str().starts_with("devices/")
        && entries.iter().any(|(key, node)| {
            key.value == "state" && matches!(&node.value, Value::Scalar(scalar) if scalar.text == "released")
        })
}

fn edited(placed: &Placed, snapshot: &Snapshot, out: &mut Findings) {
    for (path, blob) in &placed.manifest.files {
        let edited = snapshot.get(path).filter(|file| file.blob != *blob);
        if edited.is_none_or(|file| says_released(path, &file.bytes)) {
            continue;
        }
        let message = format!("{path} was edited by a person after the export wrote it");
        let finding = Finding::warning("export-file-edited", &Place::start_of(path.clone()), message);
        out.push(finding.hint(
            "the next export proposes its own form as a pull request; to keep the edit, make it in NetBox too",
        ));
    }
}
