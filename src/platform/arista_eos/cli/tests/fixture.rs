//! Trees for these tests: the example's, the recorded NetBox's, the example with edits, and
//! random mixtures of them all.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path as File;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::compile::{Engine, Slice, compile};
use crate::git::Snapshot;
use crate::intent::Topology;
use crate::intent::fixture::{RECORDED, Repo};
use crate::platform::arista_eos::pack::eos_4_35_0f;
use crate::platform::cli::{CliLine, INDENT};
use crate::yang::{Leaf, Path, Tree};

/// The trees of the ten devices of a folder of the project.
pub(super) fn trees(folder: &str) -> BTreeMap<String, Tree> {
    let folder = File::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let build = Engine::new().build(&Snapshot::of_folder(&folder).unwrap());
    assert!(!build.findings.has_errors(), "{:#?}", build.findings);
    build.devices.into_iter().map(|(name, device)| (name.to_string(), Tree::clone(&device.tree))).collect()
}

/// The example's devices after edits; see [`Repo::apply`] for their form.
pub(super) fn edited(edits: &[&str]) -> BTreeMap<String, Tree> {
    let mut repo = Repo::example();
    repo.apply(edits);
    let fabric = repo.fabric();
    let topology = Topology::new(&fabric);
    let tree = |device| compile(&Slice::of(&fabric, &topology, device).unwrap(), &eos_4_35_0f()).tree;
    fabric.devices.keys().map(|device| (device.to_string(), Tree::clone(&tree(device)))).collect()
}

/// What the lab itself lacks, as edits of the example.
pub(super) const GROWN: [&str; 11] = [
    "fabric.yaml: vrf: default => vrf: MGMT",
    "fabric.yaml: mtu: 9214 => mtu: 9214\\n  bfd: true\\n  out: PL-LOOPBACKS",
    "fabric.yaml: multihop: 3 => multihop: 3\\n  maximum-routes: 0\\n  out: RM-EVPN-OUT",
    "fabric.yaml += services:\\n  dns: { domain: fabric.example, servers: [10.0.0.53], vrf: MGMT }\\n  ntp: { servers: [10.0.0.123], vrf: MGMT }\\n  syslog: { level: notice, servers: [10.0.0.51], vrf: MGMT }",
    "vrfs/gold.yaml: [connected] => [{ connected: RM-CONN-2-BGP }, static]",
    "vrfs/gold.yaml: asn: 64999 => asn: 64999, bfd: true, password: secret:border, in: RM, out: PL-DEFAULT",
    "policies/RM.yaml = rules:\\n  10: { action: permit, match: { prefix-list: PL-LOOPBACKS, community-list: CL-LOOPBACKS }, set: { next-hop: 10.90.90.2, community: [\"65000:100\", no-export], med: 10, local-preference: 200, as-path-prepend: { asn: 65001, times: 2 } }, continue: 20 }\\n  20: { action: permit, set: { community-add: \"65000:1\" } }\\n  40: { action: deny }",
    "vlans/41.yaml = name: web\\nvrf: gold\\nvni: 110041\\nmtu: 9164\\ngateway: [10.41.0.1/24, 10.42.0.1/24, \"2001:db8:41::1/64\"]\\nat: [role:leaf]",
    "vlans/42.yaml = name: own\\ngateway: \"2001:db8:42::1/64\"\\nat: { leaf1: \"2001:db8:42::2/64\", leaf2: \"2001:db8:42::3/64\" }",
    "vrfs/gold.yaml += rt: { import: [\"65000:100001\", \"65000:100099\"], export: \"65000:100001\" }",
    "devices/leaf5.yaml += state: drained",
];

/// All that the compiler can make, in short: four devices' trees in four states.
static POOL: LazyLock<Vec<Tree>> = LazyLock::new(|| {
    let grown = edited(&[&RECORDED[..], &GROWN].concat());
    let all = ["example-repo", "tests/netbox/golden/state-1", "tests/netbox/golden/state-2"];
    let all: Vec<BTreeMap<String, Tree>> = all.into_iter().map(trees).chain([grown]).collect();
    let some = ["leaf1", "leaf5", "leaf7", "spine1"];
    all.iter().flat_map(|trees| some.iter().filter_map(|name| trees.get(*name).cloned())).collect()
});

/// Every tree of the pool.
pub(super) fn pool() -> &'static [Tree] {
    &POOL
}

/// One random edit of a tree.
#[derive(Clone, Debug)]
enum Edit {
    /// Takes away what is at or below a stretch of some leaf's path.
    Cut { leaf: Index, depth: Index },
    /// Gives a leaf the value that the same node has elsewhere.
    Set { leaf: Index, other: Index },
    /// Takes over what another tree has at or below a stretch of some leaf's path.
    Graft { tree: Index, leaf: Index, depth: Index },
}

fn edits() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    prop_oneof![
        (index(), index()).prop_map(|(leaf, depth)| Edit::Cut { leaf, depth }),
        (index(), index()).prop_map(|(leaf, other)| Edit::Set { leaf, other }),
        (index(), index(), index()).prop_map(|(tree, leaf, depth)| Edit::Graft { tree, leaf, depth }),
    ]
}

/// Two trees; a test that fails shows what they say itself.
pub(super) struct Pair {
    pub(super) before: Tree,
    pub(super) after: Tree,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {} leaves", self.before.len(), self.after.len())
    }
}

/// Two trees that have much in common: one of the pool, and it again after edits; or edits
/// of two.
pub(super) fn pairs() -> impl Strategy<Value = Pair> {
    let edits = || prop::collection::vec(edits(), 0..6);
    (any::<Index>(), any::<Option<Index>>(), edits(), edits()).prop_map(|(one, other, before, after)| {
        let first = one.get(pool()).clone();
        let second = other.map_or_else(|| first.clone(), |other| other.get(pool()).clone());
        Pair { before: apply(first, &before), after: apply(second, &after) }
    })
}

fn apply(mut tree: Tree, edits: &[Edit]) -> Tree {
    for edit in edits {
        let paths: Vec<Path> = tree.iter().map(|(path, _)| path.clone()).collect();
        match edit {
            _ if paths.is_empty() => {}
            Edit::Cut { leaf, depth } => {
                tree.remove_below(&stretch(leaf.get(&paths), *depth));
            }
            Edit::Set { leaf, other } => {
                let path = leaf.get(&paths);
                let values = values_of(path);
                if !values.is_empty() {
                    tree.insert(path.clone(), other.get(values).clone());
                }
            }
            Edit::Graft { tree: from, leaf, depth } => {
                let from = from.get(pool());
                let paths: Vec<Path> = from.iter().map(|(path, _)| path.clone()).collect();
                let at = stretch(leaf.get(&paths), *depth);
                tree.extend(from.below(&at).map(|(path, leaf)| (path.clone(), leaf.clone())));
            }
        }
    }
    tree
}

fn stretch(path: &Path, depth: Index) -> Path {
    let least = 3.min(path.elems().len());
    path.prefix(least + depth.index(path.elems().len() + 1 - least))
}

/// The values that each node has anywhere in the pool.
static VALUES: LazyLock<BTreeMap<String, Vec<Leaf>>> = LazyLock::new(|| {
    let mut values: BTreeMap<String, Vec<Leaf>> = BTreeMap::new();
    for (path, leaf) in pool().iter().flat_map(Tree::iter) {
        let known = values.entry(names(path)).or_default();
        if known.iter().all(|other| other.value != leaf.value) {
            known.push(leaf.clone());
        }
    }
    values
});

fn names(path: &Path) -> String {
    path.elems().iter().map(crate::yang::Elem::name).collect::<Vec<_>>().join("/")
}

/// The values that a node may have. Leaves that repeat a key keep theirs.
fn values_of(path: &Path) -> &'static [Leaf] {
    let leaf = path.last().map_or("", crate::yang::Elem::name);
    let repeats = path.elems().iter().any(|elem| elem.key(leaf).is_some());
    VALUES.get(&names(path)).filter(|_| !repeats).map(Vec::as_slice).unwrap_or_default()
}

/// Lines of a change as people see them, without origins.
pub(super) fn drawn(lines: &[CliLine]) -> String {
    let line = |line: &CliLine| {
        let indent = line.depth * INDENT;
        format!("{} {:indent$}{}\n", line.sign.as_char(), "", line.text)
    };
    lines.iter().map(line).collect()
}
