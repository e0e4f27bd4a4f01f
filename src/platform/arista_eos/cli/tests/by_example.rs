//! Whole configurations and changes as snapshots, as people see them.

use insta::assert_snapshot;

use super::fixture::{GROWN, drawn, edited, trees};
use crate::intent::fixture::RECORDED;
use crate::platform::arista_eos::cli::CLI;
use crate::platform::cli::text;

#[test]
fn a_leaf_a_border_leaf_and_a_spine_are_these_commands() {
    let trees = trees("example-repo");
    for device in ["leaf1", "leaf7", "spine1"] {
        assert_snapshot!(device, text(&CLI.config(&trees[device])));
    }
}

#[test]
fn what_the_lab_lacks_is_these_commands() {
    let grown = edited(&[&RECORDED[..], &GROWN].concat());
    assert_snapshot!("grown-leaf7", text(&CLI.config(&grown["leaf7"])));
}

#[test]
fn edits_of_the_intent_are_these_commands() {
    let before = trees("example-repo");
    let mut seen = String::new();
    for (case, device, edits) in [
        (
            "a VLAN with a VNI comes, on the port too",
            "leaf1",
            &[
                "vlans/41.yaml = name: web\\nvni: 110041\\nat: [role:leaf]",
                "pairs/leaf1-2.yaml: vlans: [40] => vlans: [40, 41]",
            ][..],
        ),
        (
            "a VLAN goes, from its port too",
            "leaf1",
            &[
                "- vlans/40.yaml",
                "- vlans/34.yaml",
                "pairs/leaf1-2.yaml: vlans: [40] => vlans: []",
                "pairs/leaf5-6.yaml: vlans: [40] => vlans: []",
                "pairs/leaf3-4.yaml: vlans: [34] => vlans: []",
            ],
        ),
        (
            "a VRF goes, and its VLANs move to the default one",
            "leaf7",
            &[
                "- vrfs/gold.yaml",
                "vlans/78.yaml: vrf: gold\n => ",
                "vlans/34.yaml: vrf: gold\n => ",
                "vlans/900.yaml: vrf: gold\n => ",
            ],
        ),
        (
            "a policy on the links",
            "leaf1",
            &[RECORDED[0], "fabric.yaml: mtu: 9214 => mtu: 9214\\n  out: PL-LOOPBACKS"],
        ),
        ("a device is drained", "leaf3", &["devices/leaf3.yaml += state: drained"]),
        ("another AS", "spine1", &["fabric.yaml: asn: 65000 => asn: 65100"]),
        ("another limit", "leaf1", &["fabric.yaml: limit: 12000 => limit: 13000"]),
        (
            "another kind of gateway",
            "leaf7",
            &["vlans/78.yaml: at: { leaf7: 10.78.78.2/24, leaf8: 10.78.78.3/24 } => at: [leaf7-8]"],
        ),
    ] {
        let after = edited(edits);
        seen += &format!("{device}: {case}\n{}\n", drawn(&CLI.changes(&before[device], &after[device])));
    }
    assert_snapshot!("changes", seen);
}
