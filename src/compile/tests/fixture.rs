//! Devices of the example repository, compiled after edits.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compile::cache::Compiler;
use crate::compile::{Compiled, Slice, bootstrap, compile};
use crate::intent::fixture::Repo;
use crate::intent::{Fabric, Topology};
use crate::names::DeviceName;
use crate::platform::arista_eos::pack::eos_4_35_0f;
use crate::yang::diff::diff;
use crate::yang::{Path, Schema, Tree};

/// The schema of the example's devices.
pub(super) fn schema() -> Arc<Schema> {
    eos_4_35_0f()
}

/// The example with edits; see [`Repo::apply`] for their form.
pub(super) fn edited(edits: &[&str]) -> Repo {
    let mut repo = Repo::example();
    repo.apply(edits);
    repo
}

/// One device, compiled, whatever else loading found.
pub(super) fn compiled(repo: &Repo, device: &str) -> Compiled {
    with_slice(&loaded(repo), device, |slice| compile(slice, &schema()))
}

/// What bootstrap prints for one device.
pub(super) fn bootstrapped(repo: &Repo, device: &str) -> String {
    with_slice(&loaded(repo), device, bootstrap::text)
}

/// Every device, by a compiler that may remember earlier ones.
pub(super) fn all(repo: &Repo, compiler: &mut Compiler<String>) -> BTreeMap<DeviceName, Arc<Compiled>> {
    let fabric = loaded(repo);
    compiler.compile(&fabric, &Topology::new(&fabric), &|_| Some(schema()), &|path| repo.text(path).cloned())
}

/// Runs a closure on a device's slice.
pub(super) fn with_slice<T>(fabric: &Fabric, device: &str, run: impl FnOnce(&Slice<'_>) -> T) -> T {
    let topology = Topology::new(fabric);
    let slice = Slice::of(fabric, &topology, &device.parse().unwrap());
    run(&slice.unwrap_or_else(|| panic!("no device {device}")))
}

fn loaded(repo: &Repo) -> Fabric {
    let loaded = repo.load();
    loaded.fabric.unwrap_or_else(|| panic!("no fabric: {}", repo.report(&loaded.findings)))
}

/// What changes between two trees, a line a leaf: `+ PATH VALUE`, `- PATH VALUE`. Leaves
/// that only repeat a key of their entry are left out; an entry of such leaves alone is one
/// line without a value.
pub(super) fn changes(from: &Tree, to: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    for difference in diff(from, to) {
        let path = difference.path();
        let sides = [('-', from, difference.from()), ('+', to, difference.to())];
        for (sign, tree, leaf) in sides.into_iter().filter_map(|(sign, tree, leaf)| Some((sign, tree, leaf?)))
        {
            match entry_of_key(path) {
                None => lines.push(format!("{sign} {} {}", shorten(path), leaf.value)),
                Some(entry) if tree.below(&entry).all(|(path, _)| entry_of_key(path).is_some()) => {
                    lines.push(format!("{sign} {}", shorten(&entry)));
                }
                Some(_) => {}
            }
        }
    }
    lines.dedup();
    lines
}

/// The entry of which a path is a repeated key: `LIST[KEY=…]/config/KEY`.
fn entry_of_key(path: &Path) -> Option<Path> {
    let [.., entry, config, leaf] = path.elems() else { return None };
    let repeats = config.name() == "config" && entry.key(leaf.name()).is_some();
    repeats.then(|| path.prefix(path.elems().len() - 2))
}

/// The long beginnings that every reader of these tests knows.
fn shorten(path: &Path) -> String {
    path.to_string()
        .replace("/network-instances/network-instance[name=", "/ni[")
        .replace("/interfaces/interface[name=", "/if[")
        .replace("/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp", "/bgp")
        .replace("openconfig-policy-types:", "")
        .replace("openconfig-bgp-types:", "")
        .replace("openconfig-types:", "")
}
