//! Servers that devices use, and what a role says of underlay and overlay.

use super::table;

#[test]
fn services() {
    table(&[
        (
            "everything",
            &[
                "fabric.yaml += services:\\n  dns: { domain: fabric.example, servers: [10.0.0.53], vrf: default }\\n  ntp: { servers: [10.0.0.123, ntp.fabric.example] }\\n  syslog: { level: informational, servers: [{ address: 10.0.0.51, port: 5140 }, \"2001:db8::51\"] }",
                "fabric.yaml: leaf: {} => leaf: { services: { ntp: { servers: [10.0.0.124] } } }",
                "devices/leaf3.yaml += services: { dns: { servers: [] } }",
            ],
            "",
        ),
        (
            "a server twice",
            &["fabric.yaml += services: { ntp: { servers: [10.0.0.123, 10.0.0.123] } }"],
            "fabric.yaml:48:42 services-twice: fabric.yaml: `services.ntp.servers`: 10.0.0.123 is named twice (remove one of the two)",
        ),
        (
            "a log server twice, by two ports",
            &[
                "fabric.yaml += services: { syslog: { servers: [10.0.0.51, { address: 10.0.0.51, port: 515 }] } }",
            ],
            "fabric.yaml:48:55 services-twice: fabric.yaml: `services.syslog.servers`: 10.0.0.51 is named twice (remove one of the two)",
        ),
        (
            "a name server by its name",
            &["fabric.yaml += services: { dns: { servers: [dns.fabric.example] } }"],
            "fabric.yaml:48:30 value-address: fabric.yaml: `services.dns.servers`: `dns.fabric.example` is not an IP address",
        ),
        (
            "more name servers than EOS takes",
            &["fabric.yaml += services: { dns: { servers: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4] } }"],
            "fabric.yaml:48:60 services-count: fabric.yaml: `services.dns.servers`: EOS has at most 3 name servers (take one out of the list)",
        ),
        (
            "an address with a length",
            &["devices/leaf3.yaml += services: { ntp: { servers: [10.0.0.123/24] } }"],
            "devices/leaf3.yaml:9:30 value-address: device leaf3: `services.ntp.servers`: `10.0.0.123/24` has a length, and none is expected (write 10.0.0.123)",
        ),
        (
            "a name that is none",
            &["fabric.yaml += services: { ntp: { servers: [ntp_1] } }"],
            "fabric.yaml:48:30 value-text: fabric.yaml: `services.ntp.servers`: `ntp_1` is not a name of DNS (letters, digits, `-` and dots, as in ntp.example.net)",
        ),
        (
            "a level of EOS's command line",
            &["fabric.yaml: leaf: {} => leaf: { services: { syslog: { level: errors } } }"],
            "fabric.yaml:13:40 value-choice: role leaf: `services.syslog.level`: `errors` is not one of `emergency`, `alert`, `critical`, `error`, `warning`, `notice`, `informational`, `debug` (did you mean `error`?)",
        ),
        (
            "a key misspelt",
            &["fabric.yaml += services: { dns: { server: 10.0.0.53 } }"],
            "fabric.yaml:48:20 key-unknown: fabric.yaml: there is no key `services.dns.server` (did you mean `servers`?)",
        ),
    ]);
}

#[test]
fn underlay_and_overlay_of_fabric_and_role() {
    table(&[
        (
            "everything",
            &[
                "fabric.yaml:   spine: { asn: 65000 } =>   spine:\\n    asn: 65000\\n    underlay: { mtu: 9000, distance: [20, 200, 200], maximum-paths: 64, maximum-routes: 0, bfd: true }\\n    overlay: { multihop: 5, gateway-mac: c001.cafe.0001, learn: flood-list, maximum-routes: { limit: 5, over: warn }, bfd: false }",
                "fabric.yaml: maximum-paths: { paths: 4, ecmp: 64 } => maximum-paths: 4\\n  bfd: true",
            ],
            "",
        ),
        (
            "paths as a word",
            &["fabric.yaml: maximum-paths: { paths: 4, ecmp: 64 } => maximum-paths: many"],
            "fabric.yaml:18:18 value-number: fabric.yaml: `underlay.maximum-paths`: `many` is not a whole number (write it in decimal digits)",
        ),
        (
            "a scheme of a role",
            &[
                "fabric.yaml: leaf: {} => leaf: { overlay: { vlan: { rd: \"{asn}:{vni}\", rt: \"{asn}:{vni}\" } } }",
            ],
            "fabric.yaml:13:22 role-scheme: role leaf: `overlay.vlan` is the fabric's alone (write it in `overlay` of fabric.yaml)",
        ),
    ]);
}
