//! The recorded NetBox as files, held against golden repositories in `tests/netbox/golden`.
//!
//! `GITFABRIC_GOLDEN=write cargo test golden` writes them anew; the diff is what is reviewed.

mod edits;
mod recorded;

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::netbox::objection::Weight;

const NETBOX: &str = "https://netbox.example";

fn golden(state: u8) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/netbox/golden/state-{state}"))
}

/// Translates a recorded state upon what stands there already.
fn translated(inventory: &Inventory, previous: &Previous) -> Translation {
    translate(inventory, &Mapping::default(), previous, NETBOX)
}

fn shown(translation: &Translation) -> String {
    let lines: Vec<String> = translation.objections.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// A repository that holds a translation.
fn standing(files: &BTreeMap<RepoPath, String>) -> Previous {
    let bytes = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    Previous::new(bytes, BTreeSet::new())
}

/// Compares with the golden repository, or writes it.
fn compare(state: u8, files: &BTreeMap<RepoPath, String>) {
    let folder = golden(state);
    if std::env::var_os("GITFABRIC_GOLDEN").is_some() {
        let _ = fs::remove_dir_all(&folder);
        for (path, text) in files {
            let file = folder.join(path.as_str());
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }
    let mut stands = BTreeMap::new();
    for entry in crate::git::Snapshot::of_folder(&folder).unwrap().iter() {
        stands.insert(entry.0.clone(), String::from_utf8(entry.1.bytes.to_vec()).unwrap());
    }
    for (path, text) in files {
        assert_eq!(stands.get(path), Some(text), "{path} of state {state}");
    }
    assert_eq!(stands.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>(), "files of state {state}");
}

/// The files of a state upon what stands, without an error.
fn files(state: u8, previous: &Previous) -> Option<BTreeMap<RepoPath, String>> {
    let translation = translated(&recorded::state(state)?, previous);
    assert!(!translation.has_errors(), "{}", shown(&translation));
    Some(translation.files)
}

/// What differs between two repositories: `- PATH`, `+ PATH`, or a changed file's lines.
fn diff(before: &BTreeMap<RepoPath, String>, after: &BTreeMap<RepoPath, String>) -> String {
    let mut out = String::new();
    let paths: BTreeSet<&RepoPath> = before.keys().chain(after.keys()).collect();
    for path in paths {
        match (before.get(path), after.get(path)) {
            (Some(_), None) => out += &format!("- {path}\n"),
            (None, Some(_)) => out += &format!("+ {path}\n"),
            (Some(a), Some(b)) if a != b => {
                out += &format!("~ {path}\n");
                for (from, to, sign) in [(a, b, "-"), (b, a, "+")] {
                    let known: Vec<&str> = to.lines().collect();
                    for line in from.lines().filter(|line| !known.contains(line)) {
                        out += &format!("    {sign} {line}\n");
                    }
                }
            }
            _ => {}
        }
    }
    out
}

/// The golden repository loads, compiles and validates on every device.
fn compiles(state: u8, devices: usize) {
    let snapshot = crate::git::Snapshot::of_folder(&golden(state)).unwrap();
    let build = crate::compile::Engine::new().build(&snapshot);
    let findings: Vec<String> = build
        .findings
        .iter()
        .filter(|finding| finding.severity == crate::diagnostic::Severity::Error)
        .map(|finding| format!("{:?} {}: {}", finding.place, finding.code, finding.message))
        .collect();
    assert!(findings.is_empty(), "state {state}: {findings:#?}");
    assert_eq!(build.devices.len(), devices, "state {state}");
    assert!(build.devices.values().all(|device| !device.tree.is_empty()), "state {state}");
}

#[test]
fn golden_state_1_is_what_the_recorded_netbox_says() {
    let Some(files) = files(1, &Previous::default()) else { return };
    compare(1, &files);
    compiles(1, 10);
}

#[test]
fn what_the_intent_has_no_place_for_is_noted_and_nothing_else_is() {
    let Some(inventory) = recorded::state(1) else { return };
    insta::assert_snapshot!(shown(&translated(&inventory, &Previous::default())));
}

#[test]
fn golden_state_2_differs_by_what_was_changed_alone() {
    let Some(before) = files(1, &Previous::default()) else { return };
    let Some(after) = files(2, &standing(&before)) else { return };
    insta::assert_snapshot!(diff(&before, &after));
    compare(2, &after);
    compiles(2, 10);
}

#[test]
fn golden_state_3_asks_for_released_first_and_the_survivor_keeps_its_pair() {
    let Some(before) = files(1, &Previous::default()) else { return };
    let Some(mut before) = files(2, &standing(&before)) else { return };
    let Some(inventory) = recorded::state(3) else { return };
    let refused = translated(&inventory, &standing(&before));
    let errors: Vec<&Objection> =
        refused.objections.iter().filter(|one| one.weight == Weight::Error).collect();
    assert_eq!(errors.len(), 1, "{}", shown(&refused));
    insta::assert_snapshot!(errors[0].to_string());

    let leaf8: RepoPath = "devices/leaf8.yaml".parse().unwrap();
    let text = before.get_mut(&leaf8).unwrap();
    *text = text.replace("state: drained", "state: released");
    let Some(after) = files(3, &standing(&before)) else { return };
    insta::assert_snapshot!("golden_state_3_after_released", diff(&before, &after));
    compare(3, &after);
    compiles(3, 9);
}

#[test]
fn nothing_changed_gives_the_same_bytes() {
    for state in [1, 2] {
        let Some(first) = files(state, &Previous::default()) else { return };
        assert_eq!(files(state, &standing(&first)).unwrap(), first, "state {state}");
    }
}

#[test]
fn the_order_of_answers_and_ids_do_not_show() {
    let Some(inventory) = recorded::state(1) else { return };
    let expected = translated(&inventory, &Previous::default());
    for mask in [0x000f_ffff, 0x0000_00ff, 0x0000_0155, 0x0000_02aa, 0x0000_0013] {
        let turned = recorded::state_with(1, &|id| (id ^ mask) + (1 << 21)).unwrap();
        let translation = translated(&turned, &Previous::default());
        assert_eq!(translation.files, expected.files, "{mask:x}");
        assert_eq!(translation.objections.iter().count(), expected.objections.iter().count(), "{mask:x}");
    }
}
