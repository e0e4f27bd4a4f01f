//! All ten devices of the example repository.

use std::collections::BTreeSet;

use super::fixture::{all, bootstrapped, compiled, edited, schema, with_slice};
use crate::compile::bootstrap;
use crate::compile::cache::Compiler;
use crate::intent::fixture::{RECORDED, Repo};
use crate::platform::arista_eos::PROFILE_4_35_0F;
use crate::yang::json::{no_secrets, write};
use crate::yang::schema::Access;

/// What the lab itself lacks: both families without own addresses, leaks, an MTU, policies, BFD,
/// servers in the management VRF.
pub(super) const GROWN: [&str; 9] = [
    "fabric.yaml: vrf: default => vrf: MGMT",
    "fabric.yaml: mtu: 9214 => mtu: 9214\n  bfd: true\n  out: PL-LOOPBACKS",
    "fabric.yaml: multihop: 3 => multihop: 3\n  maximum-routes: 0\n  out: RM-EVPN-OUT",
    "fabric.yaml += services:\n  dns: { domain: fabric.example, servers: [10.0.0.53], vrf: MGMT }\n  ntp: { servers: [10.0.0.123], vrf: MGMT }\n  syslog: { level: notice, servers: [10.0.0.51], vrf: MGMT }",
    "vrfs/gold.yaml: [connected] => [{ connected: RM-CONN-2-BGP }]",
    "vrfs/gold.yaml: asn: 64999 => asn: 64999, bfd: true, in: RM-CONN-2-BGP, out: PL-DEFAULT",
    "vlans/41.yaml = name: web\\nvrf: gold\\nvni: 110041\\nmtu: 9164\\ngateway: [10.41.0.1/24, \"2001:db8:41::1/64\"]\\nat: [role:leaf]",
    "vlans/42.yaml = name: own\\ngateway: \"2001:db8:42::1/64\"\\nat: { leaf1: \"2001:db8:42::2/64\", leaf2: \"2001:db8:42::3/64\" }",
    "vrfs/gold.yaml += rt: { import: [\"65000:100001\", \"65000:100099\"], export: \"65000:100001\" }",
];

#[test]
fn every_device_of_the_example_compiles_without_a_finding() {
    let devices = all(&Repo::example(), &mut Compiler::default());
    assert_eq!(devices.len(), 10);
    for (device, compiled) in &devices {
        assert!(compiled.findings.is_empty(), "{device}: {:#?}", compiled.findings);
        assert!(!compiled.tree.is_empty(), "{device}");
    }
}

#[test]
fn the_documents_of_a_leaf_a_border_leaf_and_a_spine_are_these() {
    let repo = Repo::example();
    for device in ["leaf1", "leaf7", "spine1"] {
        let written = write(&schema(), &compiled(&repo, device).tree, &no_secrets);
        assert_eq!(written.withheld, []);
        insta::assert_snapshot!(device, serde_json::to_string_pretty(&written.json).unwrap());
    }
}

#[test]
fn every_leaf_has_an_origin_in_a_file_that_its_slice_draws_on() {
    let fabric = Repo::example().fabric();
    for device in fabric.devices.keys() {
        with_slice(&fabric, device.as_str(), |slice| {
            for (path, leaf) in crate::compile::compile(slice, &schema()).tree.iter() {
                let origin = leaf.origin.as_ref().unwrap_or_else(|| panic!("{device}: {path} has no origin"));
                assert!(slice.files.contains(&origin.file), "{device}: {path} comes from {origin}");
            }
        });
    }
}

#[test]
fn leaves_are_such_as_eos_lets_be_written_none_is_protected_and_all_are_read_back() {
    let grown = edited(&[&RECORDED[..], &GROWN].concat());
    for (device, compiled) in all(&grown, &mut Compiler::default()) {
        for (path, leaf) in compiled.tree.iter() {
            assert_eq!(schema().node(leaf.node).access, Access::ReadWrite, "{device}: {path}");
            assert_eq!(compiled.protected.why_leaf(path, &leaf.value), None, "{device}: {path}");
            assert!(PROFILE_4_35_0F.reads(path), "{device}: {path} is not read back");
        }
    }
}

#[test]
fn bootstrap_prints_what_the_lab_has_and_no_path_carries() {
    let repo = Repo::example();
    insta::assert_snapshot!("bootstrap-leaf7", bootstrapped(&repo, "leaf7"));
    insta::assert_snapshot!("bootstrap-spine1", bootstrapped(&repo, "spine1"));
}

#[test]
fn what_bootstrap_configures_is_valid_and_carries_what_is_protected() {
    let fabric = Repo::example().fabric();
    for device in fabric.devices.keys() {
        with_slice(&fabric, device.as_str(), |slice| {
            let (tree, findings) = bootstrap::tree(slice, &schema());
            assert!(findings.is_empty(), "{findings:#?}");
            assert_eq!(crate::yang::validate::validate(&schema(), &tree), []);
            let protected = slice.protected();
            let open: BTreeSet<String> = tree
                .iter()
                .filter(|(path, leaf)| protected.why_leaf(path, &leaf.value).is_none())
                .map(|(path, _)| path.to_string())
                .collect();
            insta::allow_duplicates! { insta::assert_snapshot!("bootstrap-open", Vec::from_iter(open).join("\n")) };
        });
    }
}
