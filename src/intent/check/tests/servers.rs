//! Servers in VRFs, and what a role may say.

use super::table;

#[test]
fn the_vrf_of_a_server_is_on_the_device() {
    table(&[
        (
            "the management's",
            &[
                "fabric.yaml: vrf: default => vrf: mgmt",
                "fabric.yaml += services: { ntp: { servers: [10.0.0.1], vrf: mgmt } }",
            ],
            "",
        ),
        (
            "the device's own",
            &["fabric.yaml += services: { ntp: { servers: [10.0.0.1], vrf: default } }"],
            "",
        ),
        (
            "one that is not there",
            &["fabric.yaml += services: { ntp: { servers: [10.0.0.1], vrf: mgmt } }"],
            "fabric.yaml:48:46 services-unknown-vrf",
        ),
        (
            "one that only some have",
            &["fabric.yaml += services: { ntp: { servers: [10.0.0.1], vrf: gold } }"],
            "fabric.yaml:48:46 services-vrf-elsewhere",
        ),
        (
            "one that the device has",
            &["devices/leaf7.yaml += services: { ntp: { servers: [10.0.0.1], vrf: gold } }"],
            "",
        ),
        (
            "one that could not be read",
            &[
                "vrfs/gold.yaml += x: y",
                "devices/leaf7.yaml += services: { ntp: { servers: [10.0.0.1], vrf: gold } }",
            ],
            "vrfs/gold.yaml:7:1 key-unknown",
        ),
        (
            "the role's goes before the fabric's",
            &[
                "fabric.yaml += services: { ntp: { servers: [10.0.0.1], vrf: gone } }",
                "fabric.yaml: leaf: {} => leaf: { services: { ntp: { vrf: default } } }",
                "fabric.yaml: spine: { => spine: { services: { ntp: { vrf: default } }, ",
            ],
            "",
        ),
    ]);
}

#[test]
fn what_a_role_says_of_the_overlay() {
    const NO_MAC: &str = "fabric.yaml:   gateway-mac: \"c001.cafe.babe\" => ";
    table(&[
        (
            "the gateways' MAC",
            &[NO_MAC, "fabric.yaml: leaf: {} => leaf: { overlay: { gateway-mac: c001.cafe.babe } }"],
            "",
        ),
        (
            "a MAC where no gateway is",
            &[NO_MAC, "fabric.yaml: spine: { => spine: { overlay: { gateway-mac: c001.cafe.babe }, "],
            "vlans/34.yaml:4:10 gateway-no-mac",
        ),
    ]);
}
