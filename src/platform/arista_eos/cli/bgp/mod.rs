//! BGP: the process, and what stands in it by instance.
//!
//! Here: the process itself and its address families. Elsewhere: `neighbors` (peer groups
//! and neighbours), `vrf` (VRFs, redistribution), `evpn` (the instances of VLANs).

mod evpn;
mod neighbors;
mod vrf;

use super::command::{Block, Command};
use super::node::{Entry, Node, Said, identity};

/// The commands of a process, of a VRF in it, and of its address families, in EOS's order.
const ORDER: &[&str] = &[
    "rd",
    "route-target import evpn",
    "route-target export evpn",
    "router-id",
    "distance bgp",
    "maximum-paths",
    "bgp log-neighbor-changes",
    "bgp listen range",
    "peer group",
    "neighbor",
    "network",
    "redistribute",
    "vlan",
    "vlan-aware-bundle",
    "address-family evpn",
    "address-family ipv4",
    "address-family ipv6",
    "vrf",
];

/// The process, by the AS of the default instance; without one there is none to type.
pub(super) fn write<'t>(root: Node<'_, 't>, out: &mut Block<'t>) {
    let instances: Vec<Entry<'_, 't>> = root.entries("network-instances/network-instance").collect();
    let default = instances.iter().find(|instance| instance.key("name") == "default");
    let Some((protocol, asn)) = default.and_then(|default| {
        let protocol = bgp_of(*default)?;
        Some((protocol, protocol.leaf("bgp/global/config/as")?))
    }) else {
        return;
    };
    let header = format!("router bgp {}", asn.text());
    let mode = out.mode_as(("router bgp", ""), &header, ORDER);
    mode.implies([asn]).implies(process(protocol));
    let bgp = protocol.node.at("bgp");
    global(bgp.at("global"), &mut mode.inside);
    for group in bgp.entries("peer-groups/peer-group") {
        neighbors::group(group, &mut mode.inside);
    }
    families(bgp, mode);
    if let Some(default) = default {
        vrf::redistribution(*default, mode);
    }
    evpn::write(root, &mut mode.inside);
    for instance in instances.iter().filter(|instance| instance.key("name") != "default") {
        vrf::write(*instance, asn, &mut mode.inside);
    }
}

/// The BGP protocol of an instance.
fn bgp_of<'a, 't>(instance: Entry<'a, 't>) -> Option<Entry<'a, 't>> {
    let mut protocols = instance.node.entries("protocols/protocol");
    protocols.find(|protocol| identity(protocol.key("identifier")) == "BGP" && protocol.key("name") == "BGP")
}

/// What the line of the process implies of its protocol.
fn process<'t>(protocol: Entry<'_, 't>) -> Vec<Said<'t>> {
    let enabled = protocol.leaf("config/enabled").filter(|said| said.is("true"));
    protocol.repeats().chain(enabled).collect()
}

/// | EOS | path, under `bgp/global` |
/// |---|---|
/// | `router-id` | `config/router-id` |
/// | `distance bgp E I L` | `default-route-distance/config/…` |
/// | `maximum-paths` | `use-multiple-paths/ebgp/config/maximum-paths` |
/// | `bgp log-neighbor-changes` | `logging-options/config/log-neighbor-state-changes` |
/// | `bgp listen range P peer-group G` | `dynamic-neighbor-prefixes/dynamic-neighbor-prefix` |
fn global<'t>(global: Node<'_, 't>, out: &mut Block<'t>) {
    out.set_leaf("router-id", global.leaf("config/router-id"));
    let distance = global.at("default-route-distance/config");
    let own = ["external-route-distance", "internal-route-distance", "local-route-distance"];
    let own: Vec<Said<'t>> = own.into_iter().map_while(|leaf| distance.leaf(leaf)).collect();
    // EOS takes one, or all three
    if own.len() == 1 || own.len() == 3 {
        let texts: Vec<_> = own.iter().map(|said| said.text()).collect();
        out.set("distance bgp", &texts.join(" "), own);
    }
    out.set_leaf("maximum-paths", global.leaf("use-multiple-paths/ebgp/config/maximum-paths"));
    out.flag("bgp log-neighbor-changes", global.leaf("logging-options/config/log-neighbor-state-changes"));
    for range in global.entries("dynamic-neighbor-prefixes/dynamic-neighbor-prefix") {
        let Some(group) = range.leaf("config/peer-group") else { continue };
        let filter = range.leaf("config/peer-filter");
        let by = filter.map_or_else(String::new, |filter| format!(" peer-filter {}", filter.text()));
        let prefix = range.key("prefix");
        let text = format!("bgp listen range {prefix} peer-group {}{by}", group.text());
        let leaves = [group].into_iter().chain(filter).chain(range.repeats());
        let undo = format!("no bgp listen range {prefix}");
        out.say(("bgp listen range", prefix), &text, &undo, leaves);
    }
}

/// Neighbours, the address families with what is active and what is told in them.
///
/// | EOS, under `address-family F` | path, under `bgp` |
/// |---|---|
/// | the family itself | `global/afi-safis/afi-safi` |
/// | `neighbor X activate` | `neighbors/neighbor/afi-safis/afi-safi`, of groups likewise |
/// | `network P` | `global/networks/network` |
fn families<'t>(bgp: Node<'_, 't>, mode: &mut Command<'t>) {
    for neighbor in bgp.entries("neighbors/neighbor") {
        neighbors::neighbor(neighbor, &mut mode.inside);
    }
    for network in bgp.entries("global/networks/network") {
        let prefix = network.key("network");
        let family = family(&mut mode.inside, if prefix.contains(':') { "ipv6" } else { "ipv4" });
        family.inside.each("network", prefix, network.repeats());
    }
    for on in bgp.entries("global/afi-safis/afi-safi") {
        let Some(name) = family_name(on) else { continue };
        let enabled = on.leaf("config/enabled").filter(|said| said.is("true"));
        let leaves: Vec<Said<'t>> = on.repeats().chain(enabled).collect();
        let family = family(&mut mode.inside, name);
        family.implies(leaves.iter().copied());
        if family.is_silent() {
            mode.implies(leaves);
        }
    }
}

/// The mode of an address family. EOS prints none in which nothing stands.
fn family<'b, 't>(out: &'b mut Block<'t>, name: &str) -> &'b mut Command<'t> {
    let header = format!("address-family {name}");
    let mode = out.mode_as((&header, ""), &header, ORDER);
    mode.only_filled = true;
    mode
}

/// As EOS spells the family of an entry of `afi-safis`.
fn family_name(entry: Entry<'_, '_>) -> Option<&'static str> {
    Some(match identity(entry.key("afi-safi-name")) {
        "IPV4_UNICAST" => "ipv4",
        "IPV6_UNICAST" => "ipv6",
        "L2VPN_EVPN" => "evpn",
        _ => return None,
    })
}
