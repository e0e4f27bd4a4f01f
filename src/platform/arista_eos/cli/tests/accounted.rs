//! No leaf is dropped: each stands behind a line, and few behind comments.

use std::collections::BTreeSet;

use super::fixture::{pool, trees};
use crate::platform::arista_eos::cli::CLI;
use crate::yang::{Path, Tree};

/// The comments of a tree's view; panics if a leaf is behind no line.
fn comments(tree: &Tree) -> Vec<String> {
    let lines = CLI.config(tree);
    let told: BTreeSet<&Path> = lines.iter().flat_map(|line| &line.leaves).copied().collect();
    let silent: Vec<&Path> = tree.iter().map(|(path, _)| path).filter(|path| !told.contains(path)).collect();
    assert_eq!(silent, Vec::<&Path>::new());
    assert!(told.iter().all(|path| tree.get(path).is_some()));
    lines.into_iter().map(|line| line.text).filter(|text| text.starts_with("! ")).collect()
}

#[test]
fn the_example_and_the_recorded_netbox_are_commands_to_the_last_leaf() {
    for (folder, devices) in [
        ("example-repo", 10),
        ("tests/netbox/golden/state-1", 10),
        ("tests/netbox/golden/state-2", 10),
        ("tests/netbox/golden/state-3", 9),
    ] {
        let trees = trees(folder);
        assert_eq!(trees.len(), devices, "{folder}");
        for (device, tree) in &trees {
            assert_eq!(comments(tree), Vec::<String>::new(), "{folder}: {device}");
        }
    }
}

#[test]
fn all_that_the_compiler_makes_of_the_model_is_commands() {
    for tree in pool() {
        assert_eq!(comments(tree), Vec::<String>::new());
    }
}

#[test]
fn every_command_has_an_origin_and_every_separator_has_none() {
    for line in pool().iter().flat_map(|tree| CLI.config(tree)) {
        assert_eq!(line.origin.is_some(), line.text != "!", "{line:?}");
        assert_eq!(line.leaves.is_empty(), line.text == "!", "{line:?}");
    }
}
