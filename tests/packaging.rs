//! The examples of `packaging/` and its how-to use flags that exist.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Every file that shows `gitfabric export`, below `packaging/`.
const EXAMPLES: [&str; 7] = [
    "gitfabric-export.service",
    "gitfabric-export-watch.conf",
    "kubernetes/export-cronjob.yaml",
    "kubernetes/export-watch.yaml",
    "ci/github-export.yaml",
    "ci/gitlab-export.yaml",
    "netbox/README.md",
];

/// Flags of other programs that the same files show.
const OF_OTHERS: [&str; 2] = ["--now", "--from-file"];

/// The `--flag`s in a text, without their values.
fn flags(text: &str) -> BTreeSet<String> {
    text.split(|c: char| c.is_whitespace() || "`,:;=[]()<>".contains(c))
        .filter(|word| word.starts_with("--") && !word.starts_with("---") && word.len() > 2)
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_flag_of_the_examples_exists() {
    let help = Command::new(env!("CARGO_BIN_EXE_gitfabric")).args(["export", "--help"]).output().unwrap();
    assert!(help.status.success(), "{}", String::from_utf8_lossy(&help.stderr));
    let known = flags(&String::from_utf8(help.stdout).unwrap());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    let mut unknown = BTreeMap::new();
    for example in EXAMPLES {
        let shown = flags(&std::fs::read_to_string(folder.join(example)).unwrap());
        assert!(shown.contains("--netbox"), "{example} shows no export");
        let strange: Vec<_> =
            shown.into_iter().filter(|flag| !known.contains(flag) && !OF_OTHERS.contains(&&**flag)).collect();
        if !strange.is_empty() {
            unknown.insert(example, strange);
        }
    }
    assert!(unknown.is_empty(), "flags that `gitfabric export` does not have: {unknown:#?}");
}
