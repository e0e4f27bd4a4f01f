//! Each feature: an edit of the lab, and the leaves that it changes on one device. The
//! snapshots beside this file are the tables.

use std::fmt::Write as _;

use super::fixture::{bootstrapped, changes, compiled, edited};
use crate::intent::fixture::{RECORDED, Repo};

/// What it shows, the device, the edits.
type Case<'a> = (&'a str, &'a str, &'a [&'a str]);

/// Each case with its edits and the leaves that they change; findings where there are some.
fn table(cases: &[Case<'_>]) -> String {
    table_on(&[], cases)
}

/// The same on the lab with these edits.
fn table_on(base: &[&str], cases: &[Case<'_>]) -> String {
    let mut text = String::new();
    for (case, device, edits) in cases {
        let before = compiled(&edited(base), device);
        let after = compiled(&edited(&[base, edits].concat()), device);
        writeln!(text, "{device}: {case}").unwrap();
        for edit in *edits {
            writeln!(text, "    {edit}").unwrap();
        }
        for line in changes(&before.tree, &after.tree) {
            writeln!(text, "{line}").unwrap();
        }
        for finding in &after.findings {
            let place = finding.place.as_ref().map_or_else(String::new, ToString::to_string);
            writeln!(text, "! {place} {}: {}", finding.code, finding.message).unwrap();
            for (place, note) in &finding.related {
                writeln!(text, "!   {place} {note}").unwrap();
            }
        }
        text.push('\n');
    }
    text
}

#[test]
fn routed_links_and_loopbacks() {
    let seen = table(&[
        (
            "a loopback is router id and network too",
            "leaf1",
            &["devices/leaf1.yaml: 10.0.250.11 => 10.0.250.21"],
        ),
        (
            "the other end of its EVPN session follows",
            "spine1",
            &["devices/leaf1.yaml: 10.0.250.11 => 10.0.250.21"],
        ),
        (
            "the mtu of links is the IP MTU, on the iBGP SVI too",
            "leaf1",
            &["fabric.yaml: mtu: 9214 => mtu: 9000"],
        ),
        (
            "an uplink makes both ends: the lower",
            "leaf1",
            &["devices/leaf1.yaml: 10.0.1.1/31 => 10.0.9.1/31"],
        ),
        (
            "an uplink makes both ends: the upper",
            "spine1",
            &["devices/leaf1.yaml: 10.0.1.1/31 => 10.0.9.1/31"],
        ),
        (
            "an end of a link may be shut and described: its own uplink",
            "leaf1",
            &[
                "devices/leaf1.yaml += ports: { Ethernet11: { enabled: false }, Ethernet12: { description: to the lab } }",
            ],
        ),
        (
            "an end of a link may be shut and described: the upper",
            "spine1",
            &["devices/spine1.yaml += ports: { Ethernet8: { description: was leaf8, enabled: false } }"],
        ),
        (
            "the other end stays as it is",
            "leaf8",
            &["devices/spine1.yaml += ports: { Ethernet8: { description: was leaf8, enabled: false } }"],
        ),
        (
            "where the link is gone the port stays shut",
            "spine1",
            &[
                "devices/spine1.yaml += ports: { Ethernet8: { enabled: false } }",
                "devices/leaf8.yaml += state: released",
            ],
        ),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn host_ports() {
    let seen = table(&[
        (
            "a member may name and shut a pair's port",
            "leaf1",
            &["devices/leaf1.yaml += ports: { Ethernet1: { description: old rack, enabled: false } }"],
        ),
        (
            "a port without a LAG switches itself",
            "leaf1",
            &["devices/leaf1.yaml += ports: { Ethernet3: { to: printer, mode: access, vlans: [40] } }"],
        ),
        (
            "a trunk with an untagged VLAN",
            "leaf1",
            &[
                "devices/leaf1.yaml += ports: { Ethernet3: { to: phone, mode: trunk, vlans: [40], native: 40 } }",
            ],
        ),
        (
            "a port that is only named",
            "leaf1",
            &["devices/leaf1.yaml += ports: { Ethernet3: { description: spare, enabled: false } }"],
        ),
        (
            "a range of ports is shut",
            "leaf1",
            &["devices/leaf1.yaml += ports: { Ethernet3-4: { enabled: false } }"],
        ),
        (
            "ports that nobody names cannot be shut",
            "spine1",
            &["fabric.yaml: unused-ports: leave => unused-ports: shut"],
        ),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn lags() {
    const PROFILE: &str = "lacp: active, fallback: individual, fallback-timeout: 5";
    let seen = table(&[
        (
            "LACP may be passive, fallback static",
            "leaf1",
            &[&format!("fabric.yaml: {PROFILE} => lacp: passive, fallback: static")],
        ),
        ("a LAG without LACP", "leaf1", &[&format!("fabric.yaml: {PROFILE} => lacp: static")]),
        (
            "the mtu of a port is the LAG's",
            "leaf1",
            &[&format!("fabric.yaml: {PROFILE} => {PROFILE}, mtu: 9000")],
        ),
        (
            "a second port joins",
            "leaf1",
            &["pairs/leaf1-2.yaml +=   Ethernet2: { to: host1, profile: server, lag: 1, vlans: [40] }"],
        ),
        (
            "a second port with other VLANs does not",
            "leaf1",
            &["pairs/leaf1-2.yaml +=   Ethernet2: { to: host1, profile: server, lag: 1, vlans: [41] }"],
        ),
        (
            "a LAG of one device is no MLAG",
            "leaf1",
            &[
                "devices/leaf1.yaml += ports: { Ethernet3: { to: nas, profile: server, lag: 3, vlans: [40] } }",
            ],
        ),
        ("the peer link's number is taken", "leaf1", &["pairs/leaf1-2.yaml: lag: 1 => lag: 999"]),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn vlans_and_gateways() {
    let seen = table(&[
        ("a VLAN is renamed", "leaf1", &["vlans/40.yaml: test-l2-vxlan => prod"]),
        (
            "a gateway beside own addresses is VARP",
            "leaf3",
            &["vlans/34.yaml: 10.34.34.1/24 => 10.34.34.254/24"],
        ),
        (
            "gateways without an own address are virtual addresses",
            "leaf3",
            &[
                "vlans/41.yaml = name: web\\nvrf: gold\\ngateway: [10.41.0.1/24, 10.41.1.1/24]\\nat: [leaf3-4]",
            ],
        ),
        (
            "IPv6 beside IPv4",
            "leaf3",
            &[
                "vlans/34.yaml: 10.34.34.1/24 => [10.34.34.1/24, \"2001:db8:34::1/64\"]",
                "vlans/34.yaml: leaf3: 10.34.34.2/24 => leaf3: [10.34.34.2/24, \"2001:db8:34::2/64\"]",
            ],
        ),
        (
            "IPv6 without an own address is virtual beside a link-local one",
            "leaf3",
            &["vlans/34.yaml: 10.34.34.1/24 => [10.34.34.1/24, \"2001:db8:34::1/64\"]"],
        ),
        (
            "both families without own addresses, as an anycast gateway of the whole fabric has them",
            "leaf1",
            &[
                "vlans/41.yaml = name: web\\nvrf: gold\\nvni: 110041\\nmtu: 9164\\ngateway: [10.41.0.1/24, \"2001:db8:41::1/64\"]\\nat: [role:leaf]",
            ],
        ),
        (
            "IPv6 alone, in the default VRF",
            "leaf3",
            &["vlans/41.yaml = name: web\\nmtu: 1500\\ngateway: \"2001:db8:41::1/64\"\\nat: [leaf3-4]"],
        ),
        (
            "a link-local gateway connects nothing",
            "leaf3",
            &["vlans/34.yaml: 10.34.34.1/24 => [10.34.34.1/24, \"fe80::1/64\"]"],
        ),
        ("the IP MTU of a VLAN's interface", "leaf3", &["vlans/34.yaml += mtu: 9164"]),
        (
            "a second own address is secondary",
            "leaf3",
            &["vlans/34.yaml: leaf3: 10.34.34.2/24 => leaf3: [10.34.34.2/24, 10.34.35.2/24]"],
        ),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn mlag_and_vxlan() {
    let seen = table(&[
        (
            "no dual-primary detection",
            "leaf1",
            &["fabric.yaml:   dual-primary: { delay: 10, action: errdisable, heartbeat-vrf: mgmt } => "],
        ),
        ("a lone survivor keeps its MLAG; the heartbeat has no target", "leaf7", &["- devices/leaf8.yaml"]),
        ("so it does while the other is released", "leaf7", &["devices/leaf8.yaml += state: released"]),
        ("without a domain it is the pair's name", "leaf1", &["fabric.yaml:   domain: leafs => "]),
        ("a pair may have a domain of its own", "leaf1", &["pairs/leaf1-2.yaml += domain: rack-1"]),
        (
            "a peer link of two ports",
            "leaf1",
            &["pairs/leaf1-2.yaml: peer-link: Ethernet10 => peer-link: [Ethernet9, Ethernet10]"],
        ),
        ("a VLAN without a VNI is local", "leaf1", &["vlans/40.yaml: vni: 110040 => "]),
        ("a VNI needs a tunnel end", "leaf1", &["pairs/leaf1-2.yaml: vtep: 10.0.255.11 => "]),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn evpn_and_vrfs() {
    let seen = table(&[
        ("the scheme of distinguishers", "leaf1", &["fabric.yaml: {asn}:{vni} => {router-id}:{vlan}"]),
        (
            "own routes replace the scheme",
            "leaf1",
            &["vlans/40.yaml += rd: \"65000:40\"\\nrt: { import: [\"1:1\"], export: [\"1:1\", \"2:2\"] }"],
        ),
        ("one target is imported and exported", "leaf1", &["vlans/40.yaml += rt: \"65000:110040\""]),
        (
            "a VRF imports what another one leaks",
            "leaf7",
            &[
                "vrfs/gold.yaml += rt: { import: [\"65000:100001\", \"65000:100099\"], export: \"65000:100001\" }",
            ],
        ),
        (
            "and that one exports it beside its own",
            "leaf7",
            &[
                "vrfs/blue.yaml = id: 2\\nvni: 100002\\nrt: { import: \"65000:100002\", export: [\"65000:100002\", \"65000:100099\"] }\\nat: [leaf7-8]",
            ],
        ),
        (
            "a VRF with both families",
            "leaf7",
            &[
                "vlans/900.yaml: leaf7: 10.90.90.2/29 => leaf7: [10.90.90.2/29, \"2001:db8:90::2/64\"]",
                "vrfs/gold.yaml: peers: => peers:\\n  six: { address: \"2001:db8:90::1\", asn: 64998 }",
            ],
        ),
        ("a VRF's own targets", "leaf7", &["vrfs/gold.yaml += rt: { import: [\"1:1\"], export: [\"2:2\"] }"]),
        (
            "static routes are redistributed too",
            "leaf7",
            &["vrfs/gold.yaml: [connected] => [connected, static]"],
        ),
        (
            "a peer with everything",
            "leaf7",
            &[
                "vrfs/gold.yaml: asn: 64999 => asn: 64998, description: firewall, maximum-routes: 500, bfd: true, password: secret:bgp/fw",
            ],
        ),
        (
            "the members of a pair meet inside the VRF",
            "leaf7",
            &["fabric.yaml: vrf-ibgp: none => vrf-ibgp: { vlans: 3001-3099 }"],
        ),
        (
            "a VRF beyond the range does not",
            "leaf7",
            &[
                "fabric.yaml: vrf-ibgp: none => vrf-ibgp: { vlans: 3001-3099 }",
                "vrfs/gold.yaml: id: 1  => id: 100  ",
            ],
        ),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn bgp_and_static_routes() {
    let seen = table(&[
        ("spines of different AS are named one by one", "leaf1", &["devices/spine2.yaml += asn: 65009"]),
        (
            "more routes than the limit end the session",
            "spine1",
            &["fabric.yaml: over: warn => over: teardown"],
        ),
        (
            "a route by the fabric is sent, the one by management is not",
            "spine1",
            &["fabric.yaml: static-routes: => static-routes:\\n  - { prefix: 192.0.2.0/24, via: 10.0.1.1 }"],
        ),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn what_a_role_says_goes_before_the_fabric() {
    const ROLES: &str = "fabric.yaml: spine: { asn: 65000 } => spine: { asn: 65000, underlay: { maximum-paths: 64, maximum-routes: 500 }, overlay: { maximum-routes: 0, multihop: 5 } }";
    let seen = table(&[
        ("the role's devices", "spine1", &[ROLES]),
        ("the others keep the fabric's", "leaf1", &[ROLES]),
        (
            "BFD on links and between loopbacks, from below",
            "leaf1",
            &[
                "fabric.yaml: mtu: 9214 => mtu: 9214\n  bfd: true",
                "fabric.yaml: multihop: 3 => multihop: 3\n  bfd: true",
            ],
        ),
        (
            "BFD from above, which has no group",
            "spine1",
            &["fabric.yaml: mtu: 9214 => mtu: 9214\n  bfd: true"],
        ),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn servers() {
    const FABRIC: &str = "fabric.yaml += services:\n  dns: { domain: fabric.example, servers: [10.0.0.53] }\n  ntp: { vrf: MGMT, servers: [10.0.0.123, 10.0.0.124] }\n  syslog: { level: informational, servers: [{ address: 10.0.0.51, port: 514 }] }";
    const MGMT: &str = "fabric.yaml: vrf: default => vrf: MGMT";
    let seen = table(&[
        ("of the fabric, in the VRF that bootstrap makes", "leaf1", &[MGMT, FABRIC]),
        (
            "the device before the role before the fabric, lists as wholes",
            "leaf1",
            &[
                MGMT,
                FABRIC,
                "fabric.yaml: leaf: {} => leaf: { services: { dns: { vrf: MGMT }, ntp: { servers: [10.0.0.125] } } }",
                "devices/leaf1.yaml += services: { dns: { servers: [192.0.2.53] }, syslog: { servers: [] } }",
            ],
        ),
        ("a VRF that nobody makes", "leaf1", &[FABRIC]),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn policies() {
    const LINKS: &str = "fabric.yaml: mtu: 9214 => mtu: 9214\n  out: PL-LOOPBACKS";
    const EVPN: &str = "fabric.yaml: multihop: 3 => multihop: 3\n  out: RM-EVPN-OUT";
    const EVERYTHING: [&str; 3] = [
        "policies/RM.yaml = rules:\n  10: { action: permit, match: { prefix-list: PL-LOOPBACKS, community-list: CL-LOOPBACKS }, set: { next-hop: 10.90.90.2, community: [\"65000:100\", no-export], med: 10, local-preference: 200, as-path-prepend: { asn: 65001, times: 2 } }, continue: 20 }\n  20: { action: permit, match: { family: ipv4 }, set: { community-add: \"65000:1\" } }\n  30: { action: permit, match: { family: ipv6 } }\n  40: { action: deny }",
        "vrfs/gold.yaml: asn: 64999 => asn: 64999, in: RM, out: PL-MIXED",
        "prefix-lists/PL-MIXED.yaml = rules: { 10: { action: permit, prefix: 10.1.0.0/16 }, 20: { action: deny, prefix: 10.0.0.0/8, ge: 9 }, 30: { action: deny, prefix: 0.0.0.0/0 }, 40: { action: permit, prefix: 0.0.0.0/0, le: 32 } }",
    ];
    let mut unused = compiled(&edited(&RECORDED), "leaf7").tree;
    assert_eq!(changes(&compiled(&Repo::example(), "leaf7").tree, &unused), Vec::<String>::new());
    unused = compiled(&edited(&[&RECORDED[..], &EVERYTHING].concat()), "leaf1").tree;
    assert_eq!(changes(&compiled(&Repo::example(), "leaf1").tree, &unused), Vec::<String>::new());
    let seen = table_on(
        &RECORDED,
        &[
            ("a prefix list on the links, from below", "leaf1", &[LINKS]),
            ("and from above, where there is no group", "spine1", &[LINKS]),
            ("on EVPN sessions; the match of AS paths has no path", "leaf1", &[EVPN]),
            (
                "on a border leaf: every match and action, and a list that permits and denies",
                "leaf7",
                &EVERYTHING,
            ),
            (
                "communities that are told have to be sent",
                "leaf7",
                &[
                    "vrfs/gold.yaml: asn: 64999 => asn: 64999, out: RM-CONN-2-BGP",
                    "fabric.yaml: multihop: 3 => multihop: 3\n  out: RM-CONN-2-BGP",
                ],
            ),
            (
                "what a VRF takes over",
                "leaf7",
                &["vrfs/gold.yaml: [connected] => [{ connected: RM-CONN-2-BGP }]"],
            ),
            ("a role's own", "spine1", &["fabric.yaml: spine: { => spine: { underlay: { in: PL-DEFAULT }, "]),
        ],
    );
    insta::assert_snapshot!(seen);
    let both = edited(&[&RECORDED[..], &[LINKS, EVPN]].concat());
    insta::assert_snapshot!("policies-bootstrap", bootstrapped(&both, "leaf1"));
}

#[test]
fn raw_fragments() {
    let seen = table(&[
        (
            "what the model lacks is merged",
            "leaf1",
            &[
                "raw/ntp.json = { \"at\": [\"leaf1\"], \"config\": { \"openconfig-system:system\": { \"ntp\": { \"servers\": { \"server\": [ { \"address\": \"192.0.2.1\", \"config\": { \"address\": \"192.0.2.1\", \"iburst\": true } } ] } } } } }",
            ],
        ),
        (
            "what the model has is not to be contradicted",
            "leaf1",
            &[
                "raw/name.json = { \"at\": [\"role:leaf\"],\\n  \"config\": { \"openconfig-system:system\": { \"config\": {\\n    \"hostname\": \"other\" } } } }",
            ],
        ),
        (
            "what carries the agent is refused",
            "leaf1",
            &[
                "raw/m.json = { \"at\": [\"leaf1\"], \"config\": { \"openconfig-interfaces:interfaces\": { \"interface\": [\\n    { \"name\": \"Management0\", \"config\": { \"name\": \"Management0\", \"type\": \"iana-if-type:ethernetCsmacd\",\\n      \"enabled\": false } } ] } } }",
            ],
        ),
        (
            "what is not read back is not sent",
            "leaf1",
            &[
                "raw/sflow.json = { \"at\": [\"leaf1\"], \"config\": { \"openconfig-sampling:sampling\": {\\n  \"openconfig-sampling-sflow:sflow\": { \"config\": { \"enabled\": true } } } } }",
            ],
        ),
        (
            "what EOS lacks is said",
            "leaf1",
            &[
                "raw/x.json = { \"at\": [\"leaf1\"], \"config\": { \"openconfig-system:system\": {\\n  \"config\": { \"hostnam\": \"x\" } } } }",
            ],
        ),
    ]);
    insta::assert_snapshot!(seen);
}

#[test]
fn states() {
    let seen = table(&[
        ("a staged device compiles like an active one", "leaf1", &["devices/leaf1.yaml += state: staged"]),
        ("a paused device compiles like an active one", "leaf1", &["devices/leaf1.yaml += state: paused"]),
        (
            "a drained device shuts host ports and neighbours, its links stay up",
            "leaf7",
            &["devices/leaf7.yaml += state: drained"],
        ),
        (
            "a drained device's neighbours stay as they are",
            "spine1",
            &["devices/leaf7.yaml += state: drained"],
        ),
        (
            "a released device's neighbours lose their ends",
            "spine1",
            &["devices/leaf7.yaml += state: released"],
        ),
    ]);
    insta::assert_snapshot!(seen);
    let released = compiled(&edited(&["devices/leaf7.yaml += state: released"]), "leaf7");
    assert!(released.tree.is_empty() && released.findings.is_empty());
}
