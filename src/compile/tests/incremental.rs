//! What is compiled again after an edit, and that the result is a full compilation's.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::fixture::{all, with_slice};
use crate::compile::Compiled;
use crate::compile::cache::Compiler;
use crate::intent::fixture::{RECORDED, Repo};
use crate::names::DeviceName;

/// Everything that a user could see of a compilation, origins too.
fn seen(compiled: &BTreeMap<DeviceName, Arc<Compiled>>) -> Vec<String> {
    let mut lines = Vec::new();
    for (device, compiled) in compiled {
        let leaf = |(path, leaf): (&_, &crate::yang::Leaf)| {
            format!("{device} {path} {} {:?}", leaf.value, leaf.origin)
        };
        lines.extend(compiled.tree.iter().map(leaf));
        lines.extend(compiled.findings.iter().map(|finding| format!("{device} {finding:?}")));
    }
    lines
}

/// The example with the policies of a recorded NetBox, of which a peer uses one.
fn used() -> Repo {
    let mut repo = Repo::example();
    repo.apply(&RECORDED);
    repo.apply(&["vrfs/gold.yaml: asn: 64999 => asn: 64999, out: RM-CONN-2-BGP"]);
    repo
}

#[test]
fn an_edit_compiles_the_devices_that_it_concerns() {
    for (case, path, from, to, devices) in [
        ("nothing changes", "fabric.yaml", "evpn-lab", "evpn-lab", 0),
        ("a VLAN's name concerns where it lives", "vlans/40.yaml", "name: test", "name: prod", 4),
        (
            "a device's uplink concerns both spines",
            "devices/leaf1.yaml",
            "role: leaf",
            "# moved\nrole: leaf",
            4,
        ),
        ("a spine's loopback concerns the leafs", "devices/spine1.yaml", "10.0.250.1", "10.0.250.9", 9),
        ("a policy concerns who uses it", "policies/RM-CONN-2-BGP.yaml", "deny", "permit", 2),
        ("a list concerns who matches with it", "prefix-lists/PL-LOOPBACKS.yaml", "le: 32", "le: 31", 2),
        (
            "a policy that nobody uses concerns nobody",
            "policies/RM-EVPN-OUT.yaml",
            "continue: 20",
            "continue: 20 ",
            0,
        ),
        (
            "a server of one device concerns it",
            "devices/leaf2.yaml",
            "role: leaf",
            "role: leaf\nservices: { ntp: { servers: [10.0.0.1] } }",
            4,
        ),
        ("the design concerns everybody", "fabric.yaml", "mtu: 9214", "mtu: 9000", 10),
    ] {
        let mut repo = used();
        let mut compiler = Compiler::default();
        all(&repo, &mut compiler);
        assert_eq!(compiler.compiled(), 10);
        repo.edit(path, from, to);
        let incremental = all(&repo, &mut compiler);
        assert_eq!(compiler.compiled(), devices, "{case}");
        assert_eq!(seen(&incremental), seen(&all(&repo, &mut Compiler::default())), "{case}");
    }
}

#[test]
fn a_slice_is_named_by_what_it_says_and_not_by_where() {
    fn hash(repo: &Repo) -> String {
        let mut hash = String::new();
        with_slice(&repo.fabric(), "leaf1", |slice| hash = slice.hash());
        hash
    }
    let mut repo = Repo::example();
    let before = hash(&repo);
    repo.edit("vlans/40.yaml", "name:", "# a line above\nname:");
    assert_eq!(hash(&repo), before);
    repo.edit("fabric.yaml", "devices-deleted: 0", "devices-deleted: 3");
    assert_eq!(hash(&repo), before, "the brakes are not the device's");
    repo.edit("vlans/40.yaml", "110040", "110041");
    assert_ne!(hash(&repo), before);
}

/// An edit that a person might make; the number picks one of its variants.
fn edit(repo: &mut Repo, kind: u8, pick: u8) {
    let leaf = format!("devices/leaf{}.yaml", pick % 8 + 1);
    let number = u16::from(pick) + 1000;
    let (path, start, line) = match kind % 12 {
        0 => (leaf, "#", "# a comment".to_owned()),
        1 => ("vlans/40.yaml".to_owned(), "name:", format!("name: name-{pick}")),
        2 => ("vlans/78.yaml".to_owned(), "name:", format!("# moved\nname: name-{pick}")),
        3 => ("vrfs/gold.yaml".to_owned(), "vni:", format!("vni: {}", 100_000 + u32::from(pick))),
        4 => {
            let state = ["active", "drained", "staged", "released", "paused"][usize::from(pick) % 5];
            (leaf, "state:", format!("state: {state}"))
        }
        5 => {
            repo.write(
                &format!("vlans/{number}.yaml"),
                &format!("name: v\nvni: {number}\nat: [leaf1-2, leaf5-6]\n"),
            );
            return;
        }
        6 => {
            let rule = format!("    {}: {{ action: permit }}", 10 + u16::from(pick));
            ("policies/RM-CONN-2-BGP.yaml".to_owned(), "  20:", rule.replacen("    ", "  ", 1))
        }
        7 => {
            let rule = format!("  20: {{ action: permit, prefix: 10.{pick}.0.0/16 }}");
            ("prefix-lists/PL-LOOPBACKS.yaml".to_owned(), "  20:", rule)
        }
        8 => {
            let name = ["RM-CONN-2-BGP", "PL-LOOPBACKS", "PL-DEFAULT", "gone"][usize::from(pick) % 4];
            ("vrfs/gold.yaml".to_owned(), "redistribute:", format!("redistribute: [{{ connected: {name} }}]"))
        }
        9 => (leaf, "services:", format!("services: {{ dns: {{ servers: [10.0.0.{pick}] }} }}")),
        10 => ("fabric.yaml".to_owned(), "name:", format!("name: lab-{pick}")),
        _ => ("devices/spine2.yaml".to_owned(), "loopback:", format!("loopback: 10.0.250.{}", pick % 9 + 2)),
    };
    let text = repo.text(&path.parse().unwrap()).unwrap();
    match text.lines().find(|line| line.starts_with(start)).map(str::to_owned) {
        Some(old) => repo.edit(&path, &old, &line),
        None => repo.append(&path, &format!("{line}\n")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn incremental_equals_full_whatever_is_edited(edits in prop::collection::vec((any::<u8>(), any::<u8>()), 1..8)) {
        let mut repo = used();
        let mut compiler = Compiler::default();
        for (kind, pick) in edits {
            edit(&mut repo, kind, pick);
            let incremental = all(&repo, &mut compiler);
            let full = all(&repo, &mut Compiler::default());
            prop_assert_eq!(seen(&incremental), seen(&full));
        }
    }
}
