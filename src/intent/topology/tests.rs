//! The answers, asked of the example repository and of edits to it.

use super::*;
use crate::intent::fixture::Repo;

fn name(text: &str) -> DeviceName {
    text.parse().unwrap()
}

fn fabric(edits: &[&str]) -> Fabric {
    let mut repo = Repo::example();
    repo.apply(edits);
    repo.fabric()
}

fn names<'a>(devices: impl IntoIterator<Item = &'a DeviceName>) -> String {
    devices.into_iter().map(DeviceName::as_str).collect::<Vec<_>>().join(" ")
}

/// Edits that take leaf8 out of the example.
const WITHOUT_LEAF8: [&str; 3] = [
    "- devices/leaf8.yaml",
    "vlans/78.yaml: , leaf8: 10.78.78.3/24 => ",
    "vlans/900.yaml: , leaf8: 10.90.90.3/29 => ",
];

#[test]
fn both_ends_of_a_link_come_from_the_lower_device() {
    let fabric = fabric(&[]);
    let topology = Topology::new(&fabric);
    let show = |device: &str| {
        let end = |link: &Link<'_>| {
            let asn = link.remote_asn.map_or(0, Asn::get);
            format!(
                "{} {} {} {} {} {asn} {} {}",
                link.port,
                link.address,
                link.remote,
                link.remote_port,
                link.remote_address,
                link.remote_loopback,
                link.up
            )
        };
        topology.links(&name(device)).iter().map(end).collect::<Vec<_>>()
    };
    assert_eq!(
        show("leaf3"),
        [
            "Ethernet11 10.0.1.5/31 spine1 Ethernet3 10.0.1.4 65000 10.0.250.1 true",
            "Ethernet12 10.0.2.5/31 spine2 Ethernet3 10.0.2.4 65000 10.0.250.2 true",
        ]
    );
    let spine = show("spine2");
    assert_eq!(spine.len(), 8);
    assert_eq!(spine[2], "Ethernet3 10.0.2.4/31 leaf3 Ethernet12 10.0.2.5 65002 10.0.250.13 false");
    let place = topology.links(&name("spine2"))[2].place.to_string();
    assert_eq!(place, "devices/leaf3.yaml:8:3", "the spine's side comes from the leaf's file");
}

#[test]
fn ports_are_ordered_as_people_count() {
    let fabric = fabric(&["devices/leaf8.yaml: spine1 Ethernet8 => spine1 Ethernet10"]);
    let topology = Topology::new(&fabric);
    let ports: Vec<&str> = topology.links(&name("spine1")).iter().map(|link| link.port.as_str()).collect();
    assert_eq!(ports[6..], ["Ethernet7", "Ethernet10"]);
}

#[test]
fn a_lone_survivor_keeps_its_peers_addresses() {
    for (case, edits, other) in [
        ("both are there", &[][..], "leaf8 172.16.0.32"),
        ("the other is drained", &["devices/leaf8.yaml += state: drained"], "leaf8 172.16.0.32"),
        ("the other is released", &["devices/leaf8.yaml += state: released"], "none"),
        ("the other's file is gone", &WITHOUT_LEAF8, "none"),
    ] {
        let fabric = fabric(edits);
        let topology = Topology::new(&fabric);
        let peer = topology.mlag_peer(&name("leaf7")).unwrap();
        assert_eq!(peer.peer_address.to_string(), "10.0.199.249", "{case}");
        assert_eq!(peer.ibgp_address.unwrap().to_string(), "10.0.3.7", "{case}");
        let seen = peer.device.zip(peer.management);
        assert_eq!(
            seen.map_or("none".to_owned(), |(name, address)| format!("{name} {address}")),
            other,
            "{case}"
        );
        assert_eq!(topology.vtep_of(&name("leaf7")).unwrap().to_string(), "10.0.255.14", "{case}");
    }
}

#[test]
fn links_to_a_released_device_are_gone_and_to_others_stay() {
    for (state, expected) in [("staged", 8), ("drained", 8), ("paused", 8), ("released", 7)] {
        let fabric = fabric(&[&format!("devices/leaf8.yaml += state: {state}")]);
        assert_eq!(Topology::new(&fabric).links(&name("spine1")).len(), expected, "{state}");
    }
}

#[test]
fn services_live_where_their_selectors_say() {
    let fabric = fabric(&[
        "vlans/41.yaml = name: all\\nat: [role:leaf]",
        "vlans/42.yaml = name: tagged\\nat: [tag:lab]",
        "devices/leaf1.yaml += tags: [lab]",
        "devices/leaf2.yaml += tags: [lab]",
    ]);
    let topology = Topology::new(&fabric);
    for (device, vlans, vrfs, peers) in [
        ("leaf1", "40 41 42", "", 0),
        ("leaf3", "34 41", "gold", 0),
        ("leaf7", "41 78 900", "gold", 1),
        ("spine1", "", "", 0),
    ] {
        let device = name(device);
        let ids: Vec<String> = topology.vlans_at(&device).iter().map(|at| at.vlan.id.to_string()).collect();
        assert_eq!(ids.join(" "), vlans, "{device}");
        let of: Vec<&str> = topology.vrfs_at(&device).map(|vrf| vrf.name.as_str()).collect();
        assert_eq!(of.join(" "), vrfs, "{device}");
        assert_eq!(topology.peers_at(&device, &"gold".parse().unwrap()).len(), peers, "{device}");
    }
    let at = &topology.vlans_at(&name("leaf8"))[1];
    assert_eq!(
        (at.addresses[0].to_string(), at.place.to_string()),
        ("10.78.78.3/24".into(), "vlans/78.yaml:4:29".into())
    );
    assert!(topology.carries(&name("leaf8"), at.vlan.id) && !topology.carries(&name("leaf1"), at.vlan.id));
}

#[test]
fn roles_stand_above_each_other_by_their_uplinks() {
    let fabric = fabric(&[
        "fabric.yaml: leaf: {} => leaf: {}\\n  super: { asn: 64900 }",
        "devices/top.yaml = role: super\\nmanagement: 172.16.0.99/24\\nloopback: 10.0.250.99",
        "devices/spine1.yaml += uplinks: { Ethernet30: { to: top Ethernet1, address: 10.9.0.1/31 } }",
    ]);
    let topology = Topology::new(&fabric);
    let tiers = ["leaf1", "spine1", "spine2", "top"].map(|device| topology.tier(&name(device)));
    assert_eq!(tiers, [0, 1, 1, 2]);
    assert_eq!(names(topology.redundancy_group(&name("leaf8"))), "leaf7 leaf8");
    assert_eq!(names(topology.redundancy_group(&name("spine1"))), "spine1");
    assert_eq!(topology.asn_of(&name("leaf8")).unwrap().value.get(), 65004);
    assert_eq!(topology.asn_of(&name("top")).unwrap().value.get(), 64900);
}

#[test]
fn a_spine_without_leafs_is_a_spine() {
    let fabric =
        fabric(&["devices/spine3.yaml = role: spine\\nmanagement: 172.16.0.3/24\\nloopback: 10.0.250.3"]);
    assert!(Topology::new(&fabric).is_spine(&name("spine3")));
}

#[test]
fn the_other_end_of_a_link_is_known_for_two_lengths() {
    for (address, expected) in [
        ("10.0.0.4/31", Some("10.0.0.5")),
        ("10.0.0.5/31", Some("10.0.0.4")),
        ("10.0.0.5/30", Some("10.0.0.6")),
        ("10.0.0.6/30", Some("10.0.0.5")),
        ("10.0.0.4/30", None),
        ("10.0.0.7/30", None),
        ("10.0.0.5/24", None),
        ("255.255.255.255/31", Some("255.255.255.254")),
    ] {
        let far = other_end(address.parse().unwrap()).map(|far| far.to_string());
        assert_eq!(far.as_deref(), expected, "{address}");
    }
}
