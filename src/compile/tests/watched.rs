//! What can be told of every leaf that the compiler makes: each is below a watched path.

use std::collections::BTreeSet;
use std::path::Path as File;

use super::fixture::{all, edited, schema, with_slice};
use super::lab::GROWN;
use crate::compile::cache::Compiler;
use crate::compile::{Engine, bootstrap};
use crate::git::Snapshot;
use crate::gnmi::covers;
use crate::intent::fixture::RECORDED;
use crate::platform::arista_eos::PROFILE_4_35_0F;
use crate::yang::schema::Kind;
use crate::yang::{Path, Schema, Tree};

/// Leaves that no watched path covers, each with the reason. A change of one is found by the time
/// of the device's last change, and by the next look at the whole.
const UNWATCHED: &[(&str, &str)] = &[];

fn schema_path(schema: &Schema, path: &Path) -> String {
    schema.find(path).map_or_else(|| path.to_string(), |node| schema.path_of(node))
}

#[test]
fn what_is_watched_is_in_the_schema_and_read_back() {
    for watched in PROFILE_4_35_0F.watch_paths() {
        assert!(schema().find(&watched).is_some(), "{watched}");
        assert!(PROFILE_4_35_0F.reads(&watched), "{watched} is not read back");
        assert!(schema().locate(&watched).is_ok() || watched.to_string().contains('*'), "{watched}");
    }
}

#[test]
fn what_is_watched_is_a_container_or_all_entries_of_a_list_and_nothing_twice() {
    let (schema, watched) = (schema(), PROFILE_4_35_0F.watch_paths());
    for path in &watched {
        let mut at = None;
        for elem in path.elems() {
            at = schema.child(at, elem.name());
            let keys: Vec<&str> = elem.keys().iter().map(|(key, _)| &**key).collect();
            let mut expected = at.map(|node| schema.key_names(node)).unwrap_or_default();
            expected.sort_unstable();
            if keys.is_empty() {
                // a list as a whole is all of its entries
                expected.clear();
            }
            assert_eq!(keys, expected, "{path} at {}", elem.name());
            assert_ne!(elem.name(), "state", "{path}");
        }
        let kind = at.map(|node| schema.node(node).kind.clone());
        assert!(matches!(kind, Some(Kind::Container { .. } | Kind::List { .. })), "{path} is one leaf");
        let holds = |above: &&Path| *above != path && covers(above, path);
        assert_eq!(watched.iter().find(holds), None, "{path} is watched twice");
    }
}

#[test]
fn every_leaf_that_is_ours_or_bootstraps_is_watched() {
    let watched = PROFILE_4_35_0F.watch_paths();
    let mut unwatched: BTreeSet<String> = BTreeSet::new();
    let mut look = |tree: &Tree| {
        for (path, _) in tree.iter().filter(|(path, _)| !watched.iter().any(|watched| covers(watched, path)))
        {
            unwatched.insert(schema_path(&schema(), path));
        }
    };
    for folder in ["example-repo", "tests/netbox/golden/state-1", "tests/netbox/golden/state-2"] {
        let folder = File::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let build = Engine::new().build(&Snapshot::of_folder(&folder).unwrap());
        for device in build.devices.values() {
            look(&device.tree);
            look(&device.bootstrap);
        }
    }
    let grown = edited(&[&RECORDED[..], &GROWN].concat());
    for (device, compiled) in all(&grown, &mut Compiler::default()) {
        look(&compiled.tree);
        with_slice(&grown.fabric(), device.as_str(), |slice| look(&bootstrap::tree(slice, &schema()).0));
    }
    let known: BTreeSet<String> = UNWATCHED.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(unwatched, known, "what the list says and what is so");
}
