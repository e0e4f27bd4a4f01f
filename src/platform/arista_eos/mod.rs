//! Arista EOS: its profile, its schema, the spelling of its interfaces, its commands, the
//! paths that are never sent.
//!
//! Facts are from Arista's YANG and path report for the version named, and from
//! `openmgmt`; no device was asked. Elsewhere: what a feature emits (`compile`).

pub mod cli;
pub mod effects;
pub mod interfaces;
pub mod pack;
pub mod protected;
#[cfg(test)]
mod samples;

use super::profile::Profile;
use super::quirks::Quirks;

/// Its name in `platform.os`.
pub const OS: &str = "arista-eos";

/// EOS 4.35.0F.
pub const PROFILE_4_35_0F: Profile = Profile {
    os: OS,
    version: "4.35.0F",
    read: &[
        "/interfaces",
        "/network-instances",
        "/lacp",
        "/lldp",
        "/stp",
        "/routing-policy",
        "/bfd",
        "/acl",
        "/system",
        "/arista",
    ],
    watch: WATCH,
    // since EOS 4.29.1
    changed: Some("/system/state/last-configuration-timestamp"),
    strict: &[
        "/network-instances/network-instance/protocols/protocol/bgp/neighbors/neighbor",
        "/network-instances/network-instance/protocols/protocol/static-routes/static",
        "/interfaces/interface/arista-vxlan/vlan-to-vnis/vlan-to-vni",
        "/system/aaa/authentication/users/user",
    ],
    quirks: Quirks {
        // `type` is mandatory in the schema; an interface without it is refused (H24)
        carried: &[("/interfaces/interface", &["config/name", "config/type"])],
        // a port leaves one LAG and joins another in the update that makes the LAGs
        together: &[(
            "/interfaces",
            &["/interfaces/interface/aggregation", "/interfaces/interface/ethernet/config/aggregate-id"],
        )],
        // what is referred to comes before what refers to it: policies before neighbours,
        // a VRF before its members, membership before the address that it would wipe
        order: &[
            "/system",
            "/routing-policy",
            "/network-instances/network-instance/config",
            "/network-instances/network-instance/vlans",
            "/network-instances/network-instance/interfaces",
            // servers are reached in a VRF
            "/system/dns",
            "/system/ntp",
            "/system/logging",
            "/interfaces",
            "/lacp",
            "/stp",
            "/arista",
            "/network-instances/network-instance/tables",
            "/network-instances/network-instance/protocols/protocol/config",
            "/network-instances/network-instance/protocols/protocol/bgp/global",
            "/network-instances/network-instance/protocols/protocol/bgp/peer-groups",
            "/network-instances/network-instance/protocols/protocol/bgp/neighbors",
            "/network-instances/network-instance/protocols/protocol/static-routes",
            "/network-instances/network-instance/table-connections",
        ],
    },
    cli: cli::CLI,
    effects: effects::EFFECTS,
    schema: pack::eos_4_35_0f,
};

/// What is watched: the containers that hold what the model makes and what bootstrap prints, and
/// subtrees that are configuration all through. `state` containers, of which there are as many,
/// and their counters do not come with it.
const WATCH: &[&str] = &[
    "/interfaces/interface[name=*]/config",
    "/interfaces/interface[name=*]/aggregation/config",
    "/interfaces/interface[name=*]/aggregation/switched-vlan/config",
    "/interfaces/interface[name=*]/ethernet/config",
    "/interfaces/interface[name=*]/ethernet/switched-vlan/config",
    "/interfaces/interface[name=*]/subinterfaces/subinterface[index=*]/config",
    "/interfaces/interface[name=*]/subinterfaces/subinterface[index=*]/ipv4/config",
    "/interfaces/interface[name=*]/subinterfaces/subinterface[index=*]/ipv4/addresses/address[ip=*]/config",
    "/interfaces/interface[name=*]/subinterfaces/subinterface[index=*]/ipv6/config",
    "/interfaces/interface[name=*]/subinterfaces/subinterface[index=*]/ipv6/addresses/address[ip=*]/config",
    "/interfaces/interface[name=*]/routed-vlan/config",
    "/interfaces/interface[name=*]/routed-vlan/ipv4/config",
    "/interfaces/interface[name=*]/routed-vlan/ipv4/addresses/address[ip=*]/config",
    "/interfaces/interface[name=*]/routed-vlan/ipv6/config",
    "/interfaces/interface[name=*]/routed-vlan/ipv6/addresses/address[ip=*]/config",
    "/interfaces/interface[name=*]/arista-varp",
    "/interfaces/interface[name=*]/arista-vxlan/config",
    "/interfaces/interface[name=*]/arista-vxlan/vlan-to-vnis",
    "/interfaces/interface[name=*]/arista-vxlan/vrf-to-vnis",
    "/network-instances/network-instance[name=*]/config",
    "/network-instances/network-instance[name=*]/interfaces/interface[id=*]/config",
    "/network-instances/network-instance[name=*]/vlans/vlan[vlan-id=*]/config",
    "/network-instances/network-instance[name=*]/tables/table[protocol=*][address-family=*]/config",
    "/network-instances/network-instance[name=*]/table-connections/table-connection[src-protocol=*][dst-protocol=*][address-family=*]/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/static-routes/static[prefix=*]/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/static-routes/static[prefix=*]/next-hops/next-hop[index=*]/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/static-routes/static[prefix=*]/next-hops/next-hop[index=*]/interface-ref/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/global/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/global/afi-safis/afi-safi[afi-safi-name=*]/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/global/default-route-distance/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/global/evpn",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/global/logging-options/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/global/networks",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/global/use-multiple-paths/ebgp/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/peer-groups/peer-group[peer-group-name=*]/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/peer-groups/peer-group[peer-group-name=*]/afi-safis/afi-safi[afi-safi-name=*]/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/peer-groups/peer-group[peer-group-name=*]/apply-policy/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/peer-groups/peer-group[peer-group-name=*]/ebgp-multihop/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/peer-groups/peer-group[peer-group-name=*]/enable-bfd/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/peer-groups/peer-group[peer-group-name=*]/prefix-limit/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/peer-groups/peer-group[peer-group-name=*]/transport/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/neighbors/neighbor[neighbor-address=*]/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/neighbors/neighbor[neighbor-address=*]/afi-safis/afi-safi[afi-safi-name=*]/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/neighbors/neighbor[neighbor-address=*]/apply-policy/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/neighbors/neighbor[neighbor-address=*]/enable-bfd/config",
    "/network-instances/network-instance[name=*]/protocols/protocol[identifier=*][name=*]/bgp/neighbors/neighbor[neighbor-address=*]/transport/config",
    "/lacp/interfaces/interface[name=*]/config",
    "/lldp/config",
    "/stp/global/config",
    "/stp/interfaces/interface[name=*]/config",
    "/routing-policy",
    "/arista/eos/evpn",
    "/arista/eos/mlag/config",
    "/arista/varp",
    "/system/config",
    "/system/aaa/authentication/users/user[username=*]/config",
    "/system/dns",
    "/system/grpc-servers/grpc-server[name=*]/config",
    "/system/logging/remote-servers",
    "/system/ntp/servers/server[address=*]/config",
];
