//! The recorded NetBox as files, held against golden repositories in `tests/netbox/golden`.
//!
//! `GITFABRIC_GOLDEN=write cargo test golden` writes them anew; the diff is what is reviewed.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

const NETBOX: &str = "https://netbox.example";

fn golden(state: u8) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/netbox/golden/state-{state}"))
}

/// Translates a recorded state upon what stands there already.
fn translated(inventory: &Inventory, previous: &Previous) -> Translation {
    translate(inventory, &Mapping::default(), previous, NETBOX)
}

fn shown(translation: &Translation) -> String {
    translation.objections.iter().map(|objection| format!("{objection}\n")).collect()
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

#[test]
fn golden_state_1_is_what_the_recorded_netbox_says() {
    let Some(inventory) = recorded::state(1) else { return };
    let translation = translated(&inventory, &Previous::default());
    assert!(!translation.objections.has_errors(), "{}", shown(&translation));
    compare(1, &translation.files);
    println!("{}", shown(&translation));
}
