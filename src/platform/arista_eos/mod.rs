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
