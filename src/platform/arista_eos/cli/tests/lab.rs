//! The example's devices against the lab that they describe: its own startup
//! configurations, line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::fixture::trees;
use crate::compile::{Slice, bootstrap};
use crate::intent::Topology;
use crate::intent::fixture::Repo;
use crate::platform::arista_eos::cli::CLI;
use crate::platform::cli::text;

/// Lines with the modes around them; without comments, and each name of one thing spelled
/// one way: `vlan` is the older word for `vlan-id`, and a port is up without being told.
fn lines(text: &str) -> BTreeSet<String> {
    let (mut open, mut lines): (Vec<&str>, _) = (Vec::new(), BTreeSet::new());
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('!')) {
        let depth = (line.len() - line.trim_start().len()) / 3;
        open.truncate(depth);
        open.push(line.trim());
        lines.insert(open.join(" / ").replace("no spanning-tree vlan ", "no spanning-tree vlan-id "));
    }
    lines.retain(|line| !line.ends_with("no shutdown") && line != "end");
    lines
}

/// Needs the lab's ten `.cfg` files in `../shared/reference/lab` or in the folder that
/// `GITFABRIC_LAB_CONFIGS` names; without them it says so and passes.
#[test]
fn the_view_and_bootstrap_together_are_the_labs_own_configurations() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/lab");
    let folder = std::env::var_os("GITFABRIC_LAB_CONFIGS").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: there is no {}", folder.display());
        return;
    }
    let fabric = Repo::example().fabric();
    let topology = Topology::new(&fabric);
    let (mut compared, mut missing, mut extra) = (0, BTreeMap::new(), BTreeMap::new());
    for (name, tree) in &trees("example-repo") {
        let slice = Slice::of(&fabric, &topology, &name.parse().unwrap()).unwrap();
        let ours = lines(&(text(&CLI.config(tree)) + &bootstrap::text(&slice)));
        let theirs = lines(&fs::read_to_string(folder.join(format!("{name}.cfg"))).unwrap());
        compared += theirs.len();
        let count = |counts: &mut BTreeMap<String, usize>, line: &str| {
            *counts.entry(line.split(" / ").map(generic).collect::<Vec<_>>().join(" / ")).or_default() += 1;
        };
        theirs.difference(&ours).for_each(|line| count(&mut missing, line));
        ours.difference(&theirs).for_each(|line| count(&mut extra, line));
    }
    println!("{compared} lines compared");
    // the lab's user and password: users are never sent
    assert_eq!(Vec::from_iter(&missing), [(&"username".to_owned(), &10)]);
    let expected = [
        // bootstrap's own: TLS, the agent's port, Sets that last
        ("management api gnmi / operation set persistence", 10),
        ("management api gnmi / transport grpc default / port 6030", 10),
        ("management api gnmi / transport grpc default / ssl profile gitfabric", 10),
        ("management security", 10),
        ("management security / ssl profile gitfabric", 10),
        ("management security / ssl profile gitfabric / certificate gitfabric.crt key gitfabric.key", 10),
        // said by a leaf, and what `no bgp default ipv4-unicast` says for all
        ("router bgp / address-family ipv4 / no neighbor evpn activate", 10),
        // `ecmp` has no path: bootstrap says the line again with it
        ("router bgp / maximum-paths 4", 10),
    ];
    let extra: Vec<(&str, usize)> = extra.iter().map(|(line, count)| (line.as_str(), *count)).collect();
    assert_eq!(extra, expected);
}

/// A line without what is each device's own.
fn generic(word: &str) -> &str {
    ["router bgp", "username"].into_iter().find(|known| word.starts_with(known)).unwrap_or(word)
}
