//! Whole configurations and changes as snapshots, as people see them.

use insta::assert_snapshot;

use super::fixture::{GROWN, drawn, edited, trees};
use crate::intent::fixture::RECORDED;
use crate::platform::arista_eos::cli::CLI;
use crate::platform::cli::text;
use crate::yang::{Form, Leaf, NodeId, Path, Scalar, Tree, Value};

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

#[test]
fn a_leaf_tells_its_commands_with_the_modes_around_them() {
    let tree = &trees("example-repo")["leaf7"];
    for (leaf, expected) in [
        ("/system/config/hostname", "hostname leaf7"),
        ("/interfaces/interface[name=Vlan78]/config/type", "interface Vlan78"),
        (
            "/lacp/interfaces/interface[name=Port-Channel999]/config/lacp-mode",
            "interface Port-Channel999; interface Ethernet10 / channel-group 999 mode active",
        ),
        (
            "/network-instances/network-instance[name=gold]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.90.90.1]/afi-safis/afi-safi[afi-safi-name=openconfig-bgp-types:IPV4_UNICAST]/config/enabled",
            "router bgp 65004 / vrf gold / address-family ipv4 / neighbor 10.90.90.1 activate",
        ),
        ("/system/config/domain-name", ""),
    ] {
        let commands = CLI.commands_of(tree, &leaf.parse().unwrap());
        let seen: Vec<String> = commands.iter().map(|words| words.join(" / ")).collect();
        assert_eq!(seen.join("; "), expected, "{leaf}");
    }
}

#[test]
fn a_secret_is_shown_by_its_name_and_what_no_line_could_hold_is_escaped() {
    let path = |text: &str| -> Path { text.parse().unwrap() };
    let bgp = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp";
    let leaf = |value| Leaf { node: NodeId(0), value, origin: None };
    let text_of = |text: &str| leaf(Value::Scalar(Scalar::new(text, Form::Text)));
    let secret = || leaf(Value::Secret("border".parse().unwrap()));
    let tree: Tree = [
        (path(&format!("{bgp}/global/config/as")), text_of("65001")),
        (
            path(&format!("{bgp}/neighbors/neighbor[neighbor-address=10.0.0.1]/config/auth-password")),
            secret(),
        ),
        (path("/interfaces/interface[name=Ethernet1]/config/description"), text_of("two\nlines")),
        (path("/system/aaa/server-groups/server-group[name=x]/config/key"), secret()),
        (path("/system/config/login-banner"), text_of("a\nb")),
    ]
    .into_iter()
    .collect();
    assert_eq!(
        text(&CLI.config(&tree)),
        "interface Ethernet1\n   description two\\nlines\n!\nrouter bgp 65001\n   neighbor 10.0.0.1 password <secret:border>\n!\n! /system/aaa/server-groups/server-group[name=x]/config/key = <secret:border>\n! /system/config/login-banner = a\\nb\n"
    );
}
