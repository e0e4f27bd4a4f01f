//! Every rule, as edits to the example repository and what is found then.

mod drift;
mod policies;
mod servers;

use std::collections::BTreeSet;

use crate::diagnostic::Severity;
use crate::intent::fixture::Repo;

mod ports;

/// What the example says by itself.
const LAB: [&str; 4] =
    ["rd-equal-on-pair", "heartbeat-vrf-unknown", "redistribute-to-peer", "border-no-ibgp"];

/// `file:line:column code` of each finding, the lab's own warnings aside.
fn found(edits: &[&str]) -> String {
    let mut repo = Repo::example();
    repo.apply(edits);
    let loaded = repo.load();
    let lines = loaded.findings.iter().filter(|finding| !LAB.contains(&finding.code)).map(|finding| {
        let mark = if finding.severity == Severity::Warning { " (warning)" } else { "" };
        let place = finding.place.as_ref().map_or("nowhere".to_owned(), ToString::to_string);
        format!("{place} {}{mark}", finding.code)
    });
    lines.collect::<Vec<_>>().join(", ")
}

fn table(cases: &[(&str, &[&str], &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(case, edits, expected)| (case, found(edits), expected))
        .filter(|(_, found, expected)| found != *expected)
        .map(|(case, found, expected)| format!("{case}\n  found    {found}\n  expected {expected}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_example_has_no_error_and_the_warnings_of_the_lab() {
    let repo = Repo::example();
    let loaded = repo.load();
    assert!(!loaded.findings.has_errors());
    assert_eq!(loaded.findings.iter().map(|finding| finding.code).collect::<BTreeSet<_>>(), LAB.into());
    insta::assert_snapshot!(repo.report(&loaded.findings));
}

#[test]
fn three_faults_are_drawn_in_one_report() {
    let mut repo = Repo::example();
    repo.apply(&[
        "vlans/34.yaml: vrf: gold => vrf: golf",
        "vlans/5000.yaml = name: too-large\\nat: [leaf1-2]",
        "vlans/040.yaml = name: test-l2-vxlan\\nvni: 110040\\nat: [leaf1-2]",
    ]);
    let mut findings = repo.load().findings;
    findings = findings.iter().filter(|finding| !LAB.contains(&finding.code)).cloned().collect();
    insta::assert_snapshot!(repo.report(&findings));
}

#[test]
fn names_that_other_files_define() {
    table(&[
        (
            "an unknown VRF, and nothing that follows from it",
            &["vlans/900.yaml: vrf: gold => vrf: golf"],
            "vlans/900.yaml:3:6 vlan-unknown-vrf",
        ),
        (
            "an unknown VRF on three VLANs is one fault",
            &["- vrfs/gold.yaml"],
            "vlans/34.yaml:3:6 vlan-unknown-vrf",
        ),
        (
            "an unknown role",
            &["devices/leaf3.yaml: role: leaf => role: laef"],
            "devices/leaf3.yaml:1:7 device-unknown-role",
        ),
        (
            "an unknown pair",
            &["devices/leaf3.yaml: leaf3-4 => leaf3-5"],
            "devices/leaf3.yaml:2:7 device-unknown-pair",
        ),
        ("a pair's file is gone", &["- pairs/leaf3-4.yaml"], "devices/leaf3.yaml:2:7 device-unknown-pair"),
        (
            "an unknown profile",
            &["pairs/leaf3-4.yaml: profile: server => profile: sever"],
            "pairs/leaf3-4.yaml:5:36 port-unknown-profile",
        ),
        (
            "the profiles are gone: one fault for all ports",
            &["fabric.yaml: server: => servers:"],
            "pairs/leaf1-2.yaml:6:36 port-unknown-profile",
        ),
        (
            "an unknown VLAN on a port",
            &["pairs/leaf3-4.yaml: vlans: [34] => vlans: [34, 35]"],
            "pairs/leaf3-4.yaml:5:64 port-unknown-vlan",
        ),
        (
            "a selector that nothing has",
            &["vlans/40.yaml: leaf5-6] => leaf5-7]"],
            "vlans/40.yaml:4:15 at-selects-nothing",
        ),
        (
            "a role that no device has",
            &["vlans/40.yaml: leaf5-6] => role:border]"],
            "vlans/40.yaml:4:15 at-selects-nothing",
        ),
        (
            "a tag that no device has",
            &["vlans/40.yaml: leaf5-6] => tag:x]"],
            "vlans/40.yaml:4:15 at-selects-nothing",
        ),
        ("an empty `at` is a VLAN that is nowhere", &["vlans/41.yaml = name: later\\nat: []"], ""),
        (
            "a pair of a device's name",
            &["pairs/leaf1.yaml = asn: 65009"],
            "pairs/leaf1.yaml:1:1 name-twice, pairs/leaf1.yaml:1:1 pair-empty (warning)",
        ),
        (
            "two devices that differ in letters' case",
            &[
                "devices/Leaf3.yaml = role: leaf\\nasn: 65010\\nmanagement: 172.16.0.99/24\\nloopback: 10.0.250.99",
            ],
            "devices/leaf3.yaml:1:1 name-twice",
        ),
    ]);
}

#[test]
fn a_broken_file_is_not_a_missing_one() {
    table(&[
        (
            "a VLAN that a port uses",
            &["vlans/40.yaml: vni: 110040 => vni: many"],
            "vlans/40.yaml:3:6 value-number",
        ),
        ("a VRF that VLANs use", &["vrfs/gold.yaml: id: 1 => id: x"], "vrfs/gold.yaml:2:5 value-number"),
        (
            "a pair that devices and a VLAN name",
            &["pairs/leaf1-2.yaml: asn: 65001 => asn: x"],
            "pairs/leaf1-2.yaml:2:6 value-number",
        ),
        (
            "a spine that leafs name",
            &["devices/spine1.yaml: loopback: 10 => loopback: x"],
            "devices/spine1.yaml:4:11 value-address",
        ),
        (
            "a member of a pair",
            &["devices/leaf8.yaml: loopback: 10 => loopback: x"],
            "devices/leaf8.yaml:4:11 value-address",
        ),
        (
            "a section that others use",
            &["fabric.yaml: mode: trunk => mode: trnk"],
            "fabric.yaml:39:19 value-choice",
        ),
        ("a misspelt section", &["fabric.yaml: profiles: => profile:"], "fabric.yaml:38:1 key-unknown"),
        (
            "a VLAN's file with the wrong extension",
            &["- vlans/40.yaml", "vlans/40.yml = name: x"],
            "vlans/40.yml:1:1 file-extension",
        ),
        (
            "a VLAN's file with leading zeros",
            &["- vlans/40.yaml", "vlans/040.yaml = name: x"],
            "vlans/040.yaml:1:1 vlan-id",
        ),
        (
            "a device's file in a folder",
            &["- devices/spine1.yaml", "devices/dc1/spine1.yaml = x: y"],
            "devices/dc1/spine1.yaml:1:1 file-folder",
        ),
    ]);
}

#[test]
fn pairs_and_their_members() {
    table(&[
        ("a lone survivor", &["- devices/leaf4.yaml", "vlans/34.yaml: , leaf4: 10.34.34.3/24 =>  "], ""),
        (
            "a pair without members",
            &["pairs/leaf9-10.yaml = asn: 65009"],
            "pairs/leaf9-10.yaml:1:1 pair-empty (warning)",
        ),
        (
            "a third member",
            &["devices/leaf5.yaml: pair: leaf5-6 => pair: leaf3-4"],
            "devices/leaf5.yaml:2:7 pair-members",
        ),
        (
            "addresses of two links",
            &["devices/leaf4.yaml: peer: 10.0.199.253/31 => peer: 10.0.199.201/31"],
            "devices/leaf4.yaml:5:15 mlag-ends",
        ),
        (
            "two lengths",
            &["devices/leaf4.yaml: peer: 10.0.199.253/31 => peer: 10.0.199.253/30"],
            "devices/leaf4.yaml:5:15 mlag-ends",
        ),
        ("no MLAG addresses", &["devices/leaf4.yaml: mlag: => #"], "devices/leaf4.yaml:2:7 mlag-missing"),
        (
            "no iBGP address",
            &["devices/leaf4.yaml: , ibgp: 10.0.3.3/31 => "],
            "devices/leaf4.yaml:5:15 mlag-ibgp",
        ),
        (
            "MLAG addresses without a pair",
            &["devices/leaf4.yaml: pair: leaf3-4 => asn: 65002", "vlans/34.yaml += single: true"],
            "devices/leaf4.yaml:5:15 mlag-without-pair",
        ),
        (
            "a VTEP of its own",
            &["devices/leaf4.yaml += vtep: 10.0.255.99"],
            "devices/leaf4.yaml:9:7 vtep-of-member",
        ),
        (
            "no peer link",
            &["pairs/leaf3-4.yaml: peer-link: => #"],
            "pairs/leaf3-4.yaml:1:1 pair-no-peer-link",
        ),
        ("an AS that differs", &["devices/leaf4.yaml += asn: 65009"], "devices/leaf4.yaml:9:6 pair-asn"),
        (
            "no AS",
            &["pairs/leaf3-4.yaml: asn: => #"],
            "devices/leaf3.yaml:1:1 device-no-asn, devices/leaf4.yaml:1:1 device-no-asn",
        ),
        ("no VTEP", &["pairs/leaf1-2.yaml: vtep: => #"], "pairs/leaf1-2.yaml:1:1 vtep-missing"),
        (
            "two roles",
            &[
                "fabric.yaml: leaf: {} => leaf: {}\\n  border: {}",
                "devices/leaf4.yaml: role: leaf => role: border",
            ],
            "devices/leaf4.yaml:1:7 pair-roles",
        ),
    ]);
}

#[test]
fn trunks() {
    table(&[(
        "a trunk without VLANs, which carries all",
        &["pairs/leaf1-2.yaml: vlans: [40] => description: x"],
        "pairs/leaf1-2.yaml:6:3 port-trunk-all (warning)",
    )]);
}

#[test]
fn links_and_addresses() {
    table(&[
        (
            "an unknown device",
            &["devices/leaf3.yaml: to: spine1 => to: spin1"],
            "devices/leaf3.yaml:7:21 uplink-unknown-device",
        ),
        (
            "a spine's file is gone: one fault for eight leafs",
            &["- devices/spine1.yaml"],
            "devices/leaf1.yaml:9:21 uplink-unknown-device",
        ),
        (
            "one port of a spine twice",
            &["devices/leaf3.yaml: spine1 Ethernet3 => spine1 Ethernet4"],
            "devices/leaf4.yaml:7:21 port-used-twice",
        ),
        (
            "an uplink to a leaf",
            &["devices/leaf3.yaml: spine1 Ethernet3 => leaf1 Ethernet3"],
            "devices/leaf3.yaml:7:21 uplink-not-up",
        ),
        (
            "an uplink from a spine to a leaf",
            &[
                "devices/spine2.yaml += uplinks: { Ethernet40: { to: leaf1 Ethernet40, address: 10.9.9.1/31 } }",
            ],
            "devices/spine2.yaml:4:30 uplink-not-up",
        ),
        ("a link with one address twice", &["devices/leaf3.yaml: 10.0.1.5/31 => 10.0.1.4/31"], ""),
        (
            "an address of another link",
            &["devices/leaf3.yaml: 10.0.1.5/31 => 10.0.1.3/31"],
            "devices/leaf3.yaml:7:48 address-twice",
        ),
        (
            "the far end of another link",
            &["devices/leaf3.yaml: 10.0.1.5/31 => 10.0.1.2/31"],
            "devices/leaf3.yaml:7:48 address-twice",
        ),
        (
            "a loopback twice",
            &["devices/leaf3.yaml: 10.0.250.13 => 10.0.250.12"],
            "devices/leaf3.yaml:4:11 address-twice",
        ),
        (
            "a management address twice",
            &["devices/leaf3.yaml: 172.16.0.27/24 => 172.16.0.28/24"],
            "devices/leaf4.yaml:3:13 address-twice",
        ),
        (
            "a VTEP that is a loopback",
            &["pairs/leaf3-4.yaml: 10.0.255.12 => 10.0.250.11"],
            "pairs/leaf3-4.yaml:2:7 address-twice",
        ),
        (
            "an MLAG address twice",
            &["devices/leaf4.yaml: 10.0.199.253/31 => 10.0.199.252/31"],
            "devices/leaf4.yaml:5:15 address-twice",
        ),
        (
            "a place's address twice",
            &["vlans/34.yaml: leaf4: 10.34.34.3 => leaf4: 10.34.34.2"],
            "vlans/34.yaml:5:36 address-twice",
        ),
        (
            "a gateway as a place's address",
            &["vlans/34.yaml: leaf4: 10.34.34.3 => leaf4: 10.34.34.1"],
            "vlans/34.yaml:5:36 address-twice",
        ),
        (
            "a subnet within another",
            &["vlans/78.yaml: 10.78.78.1/24 => 10.34.34.129/25", "vlans/78.yaml: at: => at: [leaf7-8] #"],
            "vlans/78.yaml:3:10 subnet-overlap",
        ),
        (
            "the survivor's other end",
            &[
                "- devices/leaf4.yaml",
                "vlans/34.yaml: , leaf4: 10.34.34.3/24 =>  ",
                "devices/spine1.yaml: 10.0.250.1 => 10.0.199.253",
            ],
            "devices/leaf3.yaml:5:15 address-twice",
        ),
        (
            "no length",
            &["devices/leaf3.yaml: 172.16.0.27/24 => 172.16.0.27"],
            "devices/leaf3.yaml:3:13 value-address",
        ),
        (
            "a length too much",
            &["devices/leaf3.yaml: 10.0.250.13 => 10.0.250.13/32"],
            "devices/leaf3.yaml:4:11 value-address",
        ),
        (
            "a link of 256 addresses",
            &["devices/leaf3.yaml: 10.0.1.5/31 => 10.0.1.5/24"],
            "devices/leaf3.yaml:7:48 value-address",
        ),
    ]);
}

#[test]
fn vlans_and_vrfs() {
    table(&[
        ("a VNI twice", &["vlans/41.yaml = name: b\\nvni: 110040\\nat: []"], "vlans/41.yaml:2:6 vni-twice"),
        (
            "a VLAN with the VNI of a VRF",
            &["vlans/40.yaml: 110040 => 100001"],
            "vrfs/gold.yaml:3:6 vni-twice",
        ),
        (
            "a VRF id twice",
            &["vrfs/red.yaml = id: 1\\nvni: 100002\\nat: [leaf1-2]"],
            "vrfs/red.yaml:1:5 vrf-id-twice",
        ),
        ("the MLAG peer VLAN", &["vlans/4090.yaml = name: x\\nat: []"], "vlans/4090.yaml:1:1 vlan-reserved"),
        (
            "a VLAN of the device's own range",
            &["fabric.yaml += vlan-internal: 1006-1199", "vlans/1100.yaml = name: x\\nat: []"],
            "vlans/1100.yaml:1:1 vlan-reserved",
        ),
        ("ranges that meet", &["fabric.yaml += vlan-internal: 4000-4094"], "fabric.yaml:48:16 vlan-reserved"),
        ("one member of a pair", &["vlans/40.yaml: leaf5-6 => leaf5"], "vlans/40.yaml:4:15 at-one-member"),
        (
            "one member of a pair, meant",
            &["vlans/40.yaml: leaf5-6 => leaf5", "vlans/40.yaml += single: true"],
            "pairs/leaf5-6.yaml:5:60 port-vlan-not-at",
        ),
        (
            "an address outside of the gateway's subnet",
            &["vlans/34.yaml: leaf4: 10.34.34.3 => leaf4: 10.34.35.3"],
            "vlans/34.yaml:5:36 at-subnet",
        ),
        (
            "another length than the gateway's",
            &["vlans/34.yaml: leaf4: 10.34.34.3/24 => leaf4: 10.34.34.3/25"],
            "vlans/34.yaml:5:36 at-subnet",
        ),
        (
            "border addresses of two lengths",
            &["vlans/900.yaml: 10.90.90.3/29 => 10.90.90.3/28"],
            "vlans/900.yaml:4:36 at-subnet",
        ),
        (
            "an address for a pair",
            &["vlans/34.yaml: at: => at: { leaf3-4: 10.34.34.2/24 } #"],
            "vlans/34.yaml:5:7 at-address-of-many",
        ),
        ("a gateway without own addresses", &["vlans/34.yaml: at: => at: [leaf3-4] #"], ""),
        (
            "a VRF and no address",
            &["vlans/40.yaml += vrf: gold"],
            "vlans/40.yaml:4:6 vlan-no-address (warning)",
        ),
        ("a VRF that is nowhere", &["vrfs/red.yaml = id: 2"], "vrfs/red.yaml:1:1 vrf-nowhere (warning)"),
        ("a VRF with a place", &["vrfs/red.yaml = id: 2\\nat: [leaf1-2]"], ""),
        ("a gateway and no MAC", &["fabric.yaml: gateway-mac: => #"], "vlans/34.yaml:4:10 gateway-no-mac"),
        ("no scheme", &["fabric.yaml: vlan: { rd => # {"], "vlans/40.yaml:3:6 service-no-scheme"),
        (
            "a scheme with an unknown word",
            &["fabric.yaml: {asn}:{vni} => {as}:{vni}"],
            "fabric.yaml:25:15 value-scheme",
        ),
        ("a scheme that needs an id", &["vrfs/gold.yaml: id: 1 => #"], "vrfs/gold.yaml:3:6 service-no-id"),
        (
            "a scheme that overflows",
            &["fabric.yaml: {asn}:{vni} => {router-id}:{vni}"],
            "fabric.yaml:25:15 service-route-id",
        ),
        ("a scheme that differs on both members", &["fabric.yaml: {asn}:{vni} => {router-id}:{vlan}"], ""),
        (
            "a peer in no subnet",
            &["vrfs/gold.yaml: 10.90.90.1 => 10.99.90.1"],
            "vrfs/gold.yaml:6:22 peer-nowhere",
        ),
        (
            "a peer that is ourselves",
            &["vrfs/gold.yaml: 10.90.90.1 => 10.90.90.2"],
            "vrfs/gold.yaml:6:22 peer-is-own",
        ),
        (
            "a peer twice",
            &["vrfs/gold.yaml +=   other: { address: 10.90.90.1, asn: 64998 }"],
            "vrfs/gold.yaml:7:21 peer-twice",
        ),
        (
            "two static routes alike",
            &[
                "fabric.yaml: static-routes: => static-routes:\\n  - { prefix: 100.64.0.0/10, via: 172.16.0.254 }",
            ],
            "fabric.yaml:37:15 static-route-twice",
        ),
    ]);
}
