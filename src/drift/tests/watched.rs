//! What is watched is there, and is all that the model makes.

use std::collections::BTreeSet;
use std::path::Path as Folder;

use crate::compile::Engine;
use crate::git::Snapshot;
use crate::gnmi::covers;
use crate::platform::profile::PROFILES;
use crate::yang::schema::Kind;

/// What is ours and not watched, by schema path, and why. The slow look at the whole finds it.
const UNWATCHED: [(&str, &str); 0] = [];

#[test]
fn each_watched_path_is_configuration_that_the_schema_has() {
    for profile in PROFILES {
        let schema = (profile.schema)();
        for watched in profile.watch_paths() {
            let mut at = None;
            for elem in watched.elems() {
                let child = schema.child(at, elem.name());
                let node = child.unwrap_or_else(|| panic!("{watched}: no {}", elem.name()));
                let keys: Vec<&str> = elem.keys().iter().map(|(key, _)| &**key).collect();
                let mut expected = schema.key_names(node);
                expected.sort_unstable();
                assert_eq!(keys, expected, "{watched} at {}", elem.name());
                assert_ne!(elem.name(), "state", "{watched}");
                at = child;
            }
            let kind = &schema.node(at.unwrap()).kind;
            assert!(matches!(kind, Kind::Container { .. } | Kind::List { .. }), "{watched} is one leaf");
        }
    }
}

#[test]
fn nothing_is_watched_twice() {
    for profile in PROFILES {
        let watched = profile.watch_paths();
        for (index, above) in watched.iter().enumerate() {
            for (other, below) in watched.iter().enumerate() {
                assert!(index == other || !covers(above, below), "{above} holds {below}");
            }
        }
    }
}

#[test]
fn every_leaf_that_the_example_makes_is_watched_or_said_not_to_be() {
    let folder = Folder::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
    let build = Engine::new().build(&Snapshot::of_folder(&folder).unwrap());
    let mut missed = BTreeSet::new();
    let mut seen = 0;
    for device in build.devices.values() {
        let watched = device.profile.watch_paths();
        for (path, leaf) in device.tree.iter().chain(device.bootstrap.iter()) {
            seen += 1;
            if !watched.iter().any(|watched| covers(watched, path)) {
                missed.insert(device.schema.path_of(leaf.node));
            }
        }
    }
    assert!(seen > 1000, "the example has {seen} leaves");
    let said: BTreeSet<String> = UNWATCHED.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(missed, said);
}
