//! Guarded changes by the edits that make them.

use super::*;
use crate::intent::fixture::Repo;

#[test]
fn each_guarded_change_is_found_with_its_place_and_nothing_else_is() {
    for (case, edits, expected) in [
        ("nothing", &[][..], &[][..]),
        ("a VLAN's name", &["vlans/40.yaml: test-l2-vxlan => web"], &[]),
        (
            "the AS of a pair",
            &["pairs/leaf1-2.yaml: 65001 => 65011"],
            &["guarded-asn pairs/leaf1-2.yaml:2:6 AS 65001 becomes 65011 on leaf1, leaf2"],
        ),
        (
            "the AS of a role",
            &["fabric.yaml: asn: 65000 => asn: 64900"],
            &["guarded-asn fabric.yaml:12:17 AS 65000 becomes 64900 on spine1, spine2"],
        ),
        (
            "a router id",
            &["devices/leaf1.yaml: 10.0.250.11 => 10.0.250.99"],
            &["guarded-router-id devices/leaf1.yaml:6:11 router id 10.0.250.11 becomes 10.0.250.99 on leaf1"],
        ),
        (
            "a VTEP",
            &["pairs/leaf1-2.yaml: 10.0.255.11 => 10.0.255.99"],
            &[
                "guarded-vtep pairs/leaf1-2.yaml:3:7 VTEP address 10.0.255.11 becomes 10.0.255.99 on leaf1, leaf2",
            ],
        ),
        (
            "the domain of all pairs",
            &["fabric.yaml: domain: leafs => domain: all"],
            &[
                "guarded-mlag-domain fabric.yaml:29:11 MLAG domain leafs becomes all on leaf1, leaf2, leaf3, leaf4, leaf5, leaf6 and 2 more",
            ],
        ),
        (
            "a peer link",
            &["pairs/leaf1-2.yaml: peer-link: Ethernet10 => peer-link: [Ethernet10, Ethernet9]"],
            &[
                "guarded-peer-link pairs/leaf1-2.yaml:4:13 peer link Port-Channel999 of Ethernet10 becomes Port-Channel999 of Ethernet10 and Ethernet9 on leaf1, leaf2",
            ],
        ),
        (
            "the MTU of the fabric",
            &["fabric.yaml: mtu: 9214 => mtu: 9000"],
            &[
                "guarded-fabric-mtu fabric.yaml:16:8 MTU of the fabric: 9214 becomes 9000 on leaf1, leaf2, leaf3, leaf4, leaf5, leaf6 and 4 more",
            ],
        ),
    ] {
        assert_eq!(shown(edits), expected, "{case}");
    }
}

#[test]
fn so_are_those_of_ports_schemes_vrfs_and_gateways() {
    for (case, edits, expected) in [
        (
            "a port that is broken out",
            &[
                "devices/leaf1.yaml: Ethernet12: => Ethernet11/2:",
                "devices/leaf1.yaml: Ethernet11: => Ethernet11/1:",
            ][..],
            &["guarded-breakout devices/leaf1.yaml:1:1 breakout: Ethernet11 becomes several ports on leaf1"]
                [..],
        ),
        (
            "the second lane of a port that was whole",
            &["devices/leaf1.yaml: Ethernet11: => Ethernet11/2:"],
            &["guarded-breakout devices/leaf1.yaml:1:1 breakout: Ethernet11 becomes several ports on leaf1"],
        ),
        (
            "the VLAN of the peer links",
            &["fabric.yaml: peer: 4090 => peer: 4089"],
            &[
                "guarded-peer-link fabric.yaml:31:18 VLAN of the peer link 4090 becomes 4089 on leaf1, leaf2, leaf3, leaf4, leaf5, leaf6 and 2 more",
            ],
        ),
        (
            "a scheme",
            &["fabric.yaml: rd: \"{asn}:{vni}\" => rd: \"{router-id}:{vlan}\""],
            &[
                "guarded-rd-scheme fabric.yaml:25:15 RD scheme of VLANs: \"{asn}:{vni}\" becomes \"{router-id}:{vlan}\"",
            ],
        ),
        (
            "a VRF that goes",
            &["- vrfs/gold.yaml", "- vlans/34.yaml", "- vlans/78.yaml", "- vlans/900.yaml"],
            &["guarded-vrf-deleted - VRF gold is deleted on leaf3, leaf4, leaf7, leaf8"],
        ),
        ("a VRF that leaves one device", &["vlans/34.yaml: leaf3: 10.34.34.2/24,  => "], &[]),
        (
            "a gateway of another kind",
            &["vlans/34.yaml: at: { leaf3: 10.34.34.2/24, leaf4: 10.34.34.3/24 } => at: [leaf3-4]"],
            &[
                "guarded-gateway-kind vlans/34.yaml:4:10 VLAN 34: own addresses with a virtual router (VARP) becomes an anycast gateway (`ip address virtual`) on leaf3, leaf4",
            ],
        ),
        ("a gateway for a VLAN without one", &["vlans/40.yaml += vrf: gold\\ngateway: 10.40.40.1/24"], &[]),
        ("a device that was not written yet", &["devices/leaf8.yaml += state: released"], &[]),
    ] {
        assert_eq!(shown(edits), expected, "{case}");
    }
}

/// What is found after edits of the example, each with its code and place.
fn shown(edits: &[&str]) -> Vec<String> {
    let before = Repo::example();
    let mut after = before.clone();
    after.apply(edits);
    let found = guarded(&before.load().fabric.unwrap(), &after.load().fabric.unwrap());
    assert!(found.iter().all(|it| it.hint.as_ref().unwrap().ends_with("`Gitfabric-Allow: guarded`")));
    let place = |finding: &Finding| finding.place.as_ref().map_or("-".to_owned(), ToString::to_string);
    found.iter().map(|it| format!("{} {} {}", it.code, place(it), it.message)).collect()
}

#[test]
fn what_another_part_of_the_fabric_has_does_not_hide_a_guarded_change() {
    for (case, base, edits, expected) in [
        (
            "own IPv6 addresses, while IPv4 is as it was",
            &["vlans/34.yaml: gateway: 10.34.34.1/24 => gateway: [10.34.34.1/24, \"2001:db8:34::1/64\"]"][..],
            &["vlans/34.yaml: leaf3: 10.34.34.2/24 => leaf3: [10.34.34.2/24, \"2001:db8:34::2/64\"]"][..],
            "guarded-gateway-kind VLAN 34: an anycast gateway (`ip address virtual`) becomes own addresses with a virtual router (VARP) for IPv6 on leaf3",
        ),
        (
            "a VRF that only devices keep which were never written",
            &["devices/leaf7.yaml += state: staged", "devices/leaf8.yaml += state: staged"],
            &["- vlans/34.yaml"],
            "guarded-vrf-deleted VRF gold is deleted on leaf3, leaf4",
        ),
        (
            "another partner in a domain that all pairs share",
            &[],
            &["devices/leaf8.yaml: leaf7-8 => leaf5-6", "devices/leaf6.yaml: leaf5-6 => leaf7-8"],
            "guarded-mlag-domain MLAG peer leaf8 becomes leaf6 on leaf7",
        ),
    ] {
        let mut before = Repo::example();
        before.apply(base);
        let mut after = before.clone();
        after.apply(edits);
        let found = guarded(&before.load().fabric.unwrap(), &after.load().fabric.unwrap());
        let shown: Vec<String> = found.iter().map(|it| format!("{} {}", it.code, it.message)).collect();
        assert!(shown.iter().any(|shown| shown == expected), "{case}: {shown:#?}");
    }
}

#[test]
fn a_staged_device_may_change_in_every_way() {
    let mut before = Repo::example();
    before.apply(&["devices/leaf1.yaml += state: staged"]);
    let mut after = before.clone();
    after.apply(&["devices/leaf1.yaml: 10.0.250.11 => 10.0.250.99"]);
    assert!(guarded(&before.fabric(), &after.load().fabric.unwrap()).is_empty());
}
