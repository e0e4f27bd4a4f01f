//! Rules of ports: what a port may be, who may say what of it, and its VLANs.

use super::table;

#[test]
fn ranges_of_ports_and_ends_of_links() {
    table(&[
        (
            "a port alone and in a range",
            &[
                "devices/leaf3.yaml += ports: { Ethernet2-8: { enabled: false }, Ethernet5: { description: x } }",
            ],
            "devices/leaf3.yaml:9:43 port-twice",
        ),
        (
            "a range that runs backwards",
            &["devices/leaf3.yaml += ports: { Ethernet8-2: { enabled: false } }"],
            "devices/leaf3.yaml:9:10 port-range",
        ),
        (
            "a range of too many ports",
            &["devices/leaf3.yaml += ports: { Ethernet2-999999: { enabled: false } }"],
            "devices/leaf3.yaml:9:10 port-range",
        ),
        (
            "ports that are shut are no orphans",
            &["devices/leaf3.yaml += ports: { Ethernet2-8: { enabled: false } }"],
            "",
        ),
        (
            "ends of links are shut and described",
            &[
                "devices/leaf3.yaml += ports: { Ethernet11: { description: x }, Ethernet12: { enabled: false } }",
                "devices/spine1.yaml += ports: { Ethernet3: { enabled: false }, Ethernet20-30: { enabled: false } }",
            ],
            "",
        ),
        (
            "an end of a link is no host port",
            &[
                "devices/leaf3.yaml += ports: { Ethernet11: { enabled: false, profile: server, vlans: [34] } }",
            ],
            "devices/leaf3.yaml:9:49 port-of-link, devices/leaf3.yaml:9:65 port-of-link",
        ),
        (
            "a peer link is not shut",
            &["devices/leaf3.yaml += ports: { Ethernet2-10: { enabled: false } }"],
            "devices/leaf3.yaml:9:10 port-of-peer-link",
        ),
    ]);
}

#[test]
fn ports_and_their_vlans() {
    table(&[
        (
            "an MTU of a VLAN that is not routed",
            &["vlans/40.yaml += mtu: 9000"],
            "vlans/40.yaml:5:6 vlan-mtu-unrouted (warning)",
        ),
        (
            "a port in two ranges",
            &["pairs/leaf3-4.yaml +=   Ethernet2-4: { enabled: false }\\n  Ethernet4-5: { enabled: false }"],
            "pairs/leaf3-4.yaml:7:3 port-twice",
        ),
        (
            "a host port on an uplink",
            &["pairs/leaf3-4.yaml: Ethernet1: => Ethernet11:"],
            "pairs/leaf3-4.yaml:5:3 port-used-twice",
        ),
        (
            "a range over uplinks and peer link is one fault",
            &["pairs/leaf3-4.yaml +=   Ethernet2-12: { enabled: false }"],
            "pairs/leaf3-4.yaml:6:3 port-used-twice",
        ),
        (
            "a peer link on an uplink",
            &["pairs/leaf3-4.yaml: peer-link: Ethernet10 => peer-link: Ethernet11"],
            "pairs/leaf3-4.yaml:3:12 port-used-twice",
        ),
        (
            "a host port on a spine's link",
            &["devices/spine1.yaml += ports: { Ethernet3: { to: host } }"],
            "devices/spine1.yaml:5:27 port-of-link",
        ),
        (
            "a member's description",
            &["devices/leaf3.yaml += ports: { Ethernet1: { description: x, enabled: false } }"],
            "",
        ),
        (
            "a member's VLANs and LAG",
            &["devices/leaf3.yaml += ports: { Ethernet1: { lag: 2, vlans: [34] } }"],
            "devices/leaf3.yaml:9:28 port-of-pair, devices/leaf3.yaml:9:39 port-of-pair",
        ),
        (
            "an orphan port",
            &["devices/leaf3.yaml += ports: { Ethernet2: { to: x, profile: server, vlans: [34] } }"],
            "devices/leaf3.yaml:9:10 port-orphan (warning)",
        ),
        (
            "a port's VLAN is elsewhere",
            &["pairs/leaf3-4.yaml: vlans: [34] => vlans: [34, 40]"],
            "pairs/leaf3-4.yaml:5:64 port-vlan-not-at",
        ),
        (
            "a native VLAN is elsewhere",
            &["pairs/leaf3-4.yaml: vlans: [34] => vlans: [34], native: 40"],
            "pairs/leaf3-4.yaml:5:73 port-vlan-not-at",
        ),
        (
            "a VLAN moves away from two ports: one fault",
            &[
                "vlans/40.yaml: leaf1-2, => ",
                "pairs/leaf1-2.yaml +=   Ethernet2: { to: x, profile: server, vlans: [40] }",
            ],
            "pairs/leaf1-2.yaml:6:60 port-vlan-not-at",
        ),
        (
            "a VLAN twice",
            &["pairs/leaf3-4.yaml: vlans: [34] => vlans: [34, 34]"],
            "pairs/leaf3-4.yaml:5:64 port-vlan-twice",
        ),
        ("no mode", &["pairs/leaf3-4.yaml: profile: server,  => "], "pairs/leaf3-4.yaml:5:43 port-no-mode"),
        (
            "an access port with two VLANs",
            &[
                "pairs/leaf3-4.yaml: profile: server => mode: access",
                "pairs/leaf3-4.yaml: [34] => [34, 41]",
                "vlans/41.yaml = name: b\nat: [leaf3-4]",
            ],
            "pairs/leaf3-4.yaml:5:61 port-access",
        ),
    ]);
}

#[test]
fn port_channels_and_names_of_ports() {
    table(&[
        (
            "the peer link's number",
            &["pairs/leaf3-4.yaml: lag: 1 => lag: 999"],
            "pairs/leaf3-4.yaml:5:49 lag-reserved",
        ),
        (
            "a LAG of two ports",
            &["pairs/leaf3-4.yaml +=   Ethernet2: { to: host2, profile: server, lag: 1, vlans: [34] }"],
            "",
        ),
        (
            "a LAG of two unequal ports",
            &["pairs/leaf3-4.yaml +=   Ethernet2: { to: host2, profile: server, lag: 1 }"],
            "pairs/leaf3-4.yaml:6:3 port-trunk-all (warning), pairs/leaf3-4.yaml:6:49 lag-differs",
        ),
        (
            "a LAG of device and pair",
            &["devices/leaf3.yaml += ports: { Ethernet2: { to: x, lag: 1 } }"],
            "devices/leaf3.yaml:9:10 port-orphan (warning), devices/leaf3.yaml:9:35 lag-twice",
        ),
        (
            "management",
            &["devices/leaf3.yaml += ports: { Management0: { description: x } }"],
            "devices/leaf3.yaml:9:10 port-management",
        ),
        (
            "a port in lower case",
            &["pairs/leaf3-4.yaml: Ethernet1: => ethernet1:"],
            "pairs/leaf3-4.yaml:5:3 port-name",
        ),
    ]);
}
