//! Whether an export's result stands: loaded and compiled as the agent will, and allowed to follow
//! on what is there.
//!
//! A fault in a line that `fabric:` of `netbox.yaml` says is shown there, and not in the
//! `fabric.yaml` that the export would write. Elsewhere: the rules (`intent`), what compiles
//! (`compile`), what is committed (`once`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::assemble::Folder;
use super::place::Place;
use super::report::Report;
use crate::compile::Engine;
use crate::diagnostic::{Finding, Findings, Place as Spot, Severity};
use crate::git::Snapshot;
use crate::git::write::Edits;
use crate::intent::yaml::{self, Node, Value};
use crate::intent::{Fabric, check_succession};
use crate::names::RepoPath;

/// Keeps what it compiled, a fabric each, so that the next time only what changed is compiled.
#[derive(Debug, Default)]
pub(super) struct Judge {
    engines: BTreeMap<String, Engine>,
}

/// What is judged.
pub(super) struct Judged<'a> {
    /// Where the folders are.
    pub(super) place: &'a Place,
    /// As they stand.
    pub(super) folders: &'a [Folder],
    /// What is to be written.
    pub(super) edits: &'a Edits,
    /// The files that the mapping is among.
    pub(super) mapping: &'a Snapshot,
}

impl Judge {
    /// Whether all fabrics stand; what is wrong goes into the report. Nothing is written for it.
    pub(super) fn stands(&mut self, judged: &Judged<'_>, report: &mut Report) -> anyhow::Result<bool> {
        let mut stands = true;
        if judged.edits.is_empty() {
            return Ok(stands);
        }
        for folder in judged.folders {
            let engine = self.engines.entry(folder.name.clone()).or_default();
            let (before, mut findings) = before(engine, judged.place, folder, report)?;
            let snapshot = folder.head.with(judged.edits)?;
            let build = engine.build(&snapshot);
            findings.append(build.findings);
            if let (Some(before), Some(after)) = (&before, &build.fabric) {
                findings.append(check_succession(before, after));
            }
            findings.sort();
            stands &= !findings.has_errors();
            let (in_mapping, elsewhere) = apart(&findings, &snapshot, &folder.name, judged.mapping);
            for (findings, source) in [(in_mapping, judged.mapping), (elsewhere, &snapshot)] {
                if !Findings::is_empty(&findings) {
                    report.findings.push((findings, source.clone()));
                }
            }
        }
        Ok(stands)
    }
}

/// The fabric that the result follows on: what stands there, or what was exported last where that
/// has errors. Where neither can be read nothing is known of devices that would go, which is an
/// error.
fn before(
    engine: &mut Engine,
    place: &Place,
    folder: &Folder,
    report: &mut Report,
) -> anyhow::Result<(Option<Arc<Fabric>>, Findings)> {
    let has_design = |snapshot: &Snapshot| snapshot.iter().any(|(path, _)| path.as_str() == DESIGN);
    let standing = engine.load(&folder.head);
    let first = broken(&standing.findings);
    if first.is_none() || !has_design(&folder.head) && folder.last.is_none() {
        return Ok((standing.fabric.map(Arc::new), Findings::new()));
    }
    let why = first.map(shown).unwrap_or_default();
    if let Some(last) = &folder.last {
        let exported = Snapshot::of_commit(place.repository(), &last.commit, folder.base.as_ref())?;
        let loaded = engine.load(&exported);
        if broken(&loaded.findings).is_none() {
            report.notes.push(format!(
                "what stands in the branch has errors ({why}); what may follow was judged by the last export, {}",
                last.commit.short()
            ));
            return Ok((loaded.fabric.map(Arc::new), Findings::new()));
        }
    }
    let message =
        format!("what stands in the branch cannot be read, so nobody knows what may follow on it: {why}");
    let finding = Finding::error_nowhere("standing-unreadable", message);
    let findings = Findings::from_iter([finding.hint("mend it by a commit, and export again")]);
    Ok((None, findings))
}

/// The first error for which an object may not have been read. That exported files were taken away
/// is none: the manifest says so, and all else is there.
fn broken(findings: &Findings) -> Option<&Finding> {
    let is_broken =
        |finding: &&Finding| finding.severity == Severity::Error && !finding.code.starts_with("export-");
    findings.iter().find(is_broken)
}

fn shown(finding: &Finding) -> String {
    let place = finding.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    format!("{place}{}", finding.message)
}

/// The design's file, of which `fabric:` of the mapping lays down parts.
const DESIGN: &str = "fabric.yaml";

/// Findings in lines that the mapping says, with their place there, and all others.
fn apart(findings: &Findings, snapshot: &Snapshot, folder: &str, mapping: &Snapshot) -> (Findings, Findings) {
    let (mut there, mut elsewhere) = (Findings::new(), Findings::new());
    let mut trees = None;
    for mut finding in findings.iter().cloned() {
        let spot = finding.place.as_ref().filter(|place| place.file.as_str() == DESIGN);
        let said = spot.and_then(|spot| {
            let (written, parts) = trees.get_or_insert_with(|| (tree(snapshot), parts(mapping, folder)));
            let path = path_at(written.as_ref()?, spot)?;
            parts.iter().find_map(|part| place_of(part, &path))
        });
        match said {
            Some(place) => {
                if let Some(rest) = finding.message.strip_prefix("fabric.yaml: ") {
                    finding.message = format!("{}: in `fabric`: {rest}", place.file);
                }
                finding.place = Some(place);
                there.push(finding);
            }
            None => elsewhere.push(finding),
        }
    }
    (there, elsewhere)
}

fn tree(snapshot: &Snapshot) -> Option<Node> {
    let path: RepoPath = DESIGN.parse().ok()?;
    yaml::parse(&path, &snapshot.get(&path)?.bytes).0
}

/// The `fabric:` parts of a mapping that hold for a folder, the one that counts first.
fn parts(mapping: &Snapshot, folder: &str) -> Vec<Node> {
    let is_mapping = |path: &&RepoPath| path.as_str() == crate::intent::manifest::MAPPING_FILE;
    let named = mapping.iter().find(|(path, _)| is_mapping(path));
    // a mapping from outside the repository stands alone, under its own name
    let file = named.or_else(|| mapping.iter().next().filter(|_| mapping.len() == 1));
    let Some(root) = file.and_then(|(path, file)| yaml::parse(path, &file.bytes).0) else {
        return Vec::new();
    };
    let of_folder = child(&root, "fabrics").and_then(|fabrics| match &fabrics.value {
        Value::Map(entries) => entries.iter().find(|(name, _)| name.value.trim_end_matches('/') == folder),
        _ => None,
    });
    let own = of_folder.and_then(|(_, node)| child(node, "fabric"));
    own.into_iter().chain(child(&root, "fabric")).cloned().collect()
}

fn child<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(name, _)| name.value == key).map(|(_, node)| node),
        _ => None,
    }
}

/// A step of the way to a value: a key, or a position in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    At(usize),
}

/// The way to what stands at a place: the key or value that begins there.
fn path_at(node: &Node, spot: &Spot) -> Option<Vec<Step>> {
    let is_at = |place: &Spot| (place.line, place.column) == (spot.line, spot.column);
    let further = |step: Step, node: &Node| {
        let mut path = path_at(node, spot)?;
        path.insert(0, step);
        Some(path)
    };
    let inside = match &node.value {
        Value::Map(entries) => entries.iter().find_map(|(key, value)| {
            let step = Step::Key(key.value.clone());
            if is_at(&key.place) { Some(vec![step]) } else { further(step, value) }
        }),
        Value::List(items) => {
            items.iter().enumerate().find_map(|(index, item)| further(Step::At(index), item))
        }
        Value::Scalar(_) => None,
    };
    inside.or_else(|| is_at(&node.place).then(Vec::new))
}

/// Where that way leads in the mapping, if all of it is there.
fn place_of(part: &Node, path: &[Step]) -> Option<Spot> {
    let mut node = part;
    let mut place = None;
    for step in path {
        (node, place) = match (step, &node.value) {
            (Step::Key(key), Value::Map(entries)) => {
                let (key, node) = entries.iter().find(|(name, _)| name.value == *key)?;
                (node, Some(&key.place))
            }
            (Step::At(index), Value::List(items)) => {
                let item = items.get(*index)?;
                (item, Some(&item.place))
            }
            _ => return None,
        };
    }
    match &node.value {
        Value::Scalar(_) => Some(node.place.clone()),
        _ => place.cloned(),
    }
}
