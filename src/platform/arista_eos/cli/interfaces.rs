//! Interfaces: the mode, what every kind has, and which of the tree's subtrees speak of it.
//!
//! Elsewhere: switching and LAGs (`switching`), addresses (`addresses`), Vxlan1 (`vxlan`).

use std::collections::BTreeMap;

use super::area::Wanted;
use super::command::{Block, printable};
use super::node::{Entry, Node, Said};
use super::{addresses, switching, vxlan};
use crate::platform::arista_eos::interfaces::type_of;

/// The commands of an interface in EOS's order.
const ORDER: &[&str] = &[
    "description",
    "shutdown",
    "mtu",
    "l2 mtu",
    "no switchport",
    "switchport access vlan",
    "switchport trunk native vlan",
    "switchport trunk allowed vlan",
    "switchport mode",
    "switchport trunk group",
    "channel-group",
    "lacp timer",
    "vrf",
    "ip address",
    "ip address secondary",
    "ip address virtual",
    "ip address virtual secondary",
    "ipv6 enable",
    "ipv6 address",
    "ip virtual-router address",
    "ipv6 virtual-router address",
    "port-channel min-links",
    "port-channel lacp fallback",
    "port-channel lacp fallback timeout",
    "mlag",
    "spanning-tree portfast",
    "spanning-tree bpduguard",
    "spanning-tree link-type",
    "vxlan source-interface",
    "vxlan virtual-router encapsulation mac-address",
    "vxlan udp-port",
    "vxlan vlan",
    "vxlan vrf",
    "vxlan flood vtep",
    "vxlan learn-restrict",
];

/// The kinds of interface in EOS's order.
const KINDS: &[&str] = &["Port-Channel", "Ethernet", "Loopback", "Management", "Vlan", "Vxlan"];

/// All that a tree says of one interface.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About<'a, 't> {
    /// `/interfaces/interface`.
    pub(super) own: Option<Entry<'a, 't>>,
    /// `/lacp/interfaces/interface`, of a LAG.
    pub(super) lacp: Option<Entry<'a, 't>>,
    /// `/stp/interfaces/interface`.
    pub(super) stp: Option<Entry<'a, 't>>,
    /// `/arista/varp/config/varp-intf-config`.
    pub(super) varp: Option<Entry<'a, 't>>,
    /// The VRF that it is in, and its entry there.
    pub(super) vrf: Option<(&'t str, Entry<'a, 't>)>,
}

/// All interfaces, by name.
pub(super) type Interfaces<'a, 't> = BTreeMap<&'t str, About<'a, 't>>;

/// | EOS | path, under `/interfaces/interface` |
/// |---|---|
/// | `interface X` | `config/name`, `config/type` |
/// | `description` | `config/description` |
/// | `shutdown` | `config/enabled` |
/// | `l2 mtu` | `config/mtu` |
/// | `vrf V` | `/network-instances/network-instance/interfaces/interface` |
pub(super) fn write<'t>(root: Node<'_, 't>, wanted: &Wanted<'_>, out: &mut Block<'t>) {
    if !wanted.has_interfaces() {
        return;
    }
    let all = collect(root);
    for (name, about) in all.iter().filter(|(name, _)| wanted.has_interface(name)) {
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '/' | '.'));
        let kind_rank = KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len());
        // a digit before the name sorts the kinds
        let slot = format!("{kind_rank} {name}");
        let header = format!("interface {name}");
        let mode = out.mode_as(("interface", &slot), &header, ORDER);
        if matches!(kind, "Ethernet" | "Management") {
            // what is there as hardware cannot be taken away
            mode.undo = printable(format!("default {header}"));
        }
        mode.implies(implied(name, about));
        let block = &mut mode.inside;
        common(about, block);
        let mut rest = addresses::write(about, block);
        rest.extend(switching::write(&all, about, block));
        if let Some(own) = about.own {
            vxlan::write(own, block);
        }
        mode.implies(rest);
    }
}

fn collect<'a, 't>(root: Node<'a, 't>) -> Interfaces<'a, 't> {
    let mut all: Interfaces<'a, 't> = BTreeMap::new();
    for own in root.entries("interfaces/interface") {
        all.entry(own.key("name")).or_default().own = Some(own);
    }
    for lacp in root.entries("lacp/interfaces/interface") {
        all.entry(lacp.key("name")).or_default().lacp = Some(lacp);
    }
    for stp in root.entries("stp/interfaces/interface") {
        all.entry(stp.key("name")).or_default().stp = Some(stp);
    }
    for varp in root.entries("arista/varp/config/varp-intf-config") {
        all.entry(varp.key("intf-id")).or_default().varp = Some(varp);
    }
    for instance in root.entries("network-instances/network-instance") {
        for member in instance.node.entries("interfaces/interface") {
            let about = all.entry(member.key("id")).or_default();
            // in two VRFs is in none that could be said: the second is left over
            about.vrf = about.vrf.or(Some((instance.key("name"), member)));
        }
    }
    all
}

/// What the line that opens the mode says, or what EOS has without being told.
fn implied<'t>(name: &str, about: &About<'_, 't>) -> Vec<Said<'t>> {
    let entries = [about.own, about.lacp, about.stp, about.varp];
    let mut implied: Vec<Said<'t>> = entries.into_iter().flatten().flat_map(Entry::repeats).collect();
    if let Some(own) = about.own {
        let is = |path: &str, text: Option<&str>| {
            own.leaf(path).filter(|said| text.is_some_and(|text| said.is(text)))
        };
        implied.extend(is("config/type", type_of(name)));
        implied.extend(is("config/enabled", Some("true")));
        implied.extend(is("routed-vlan/config/vlan", name.strip_prefix("Vlan")));
    }
    if let Some(("default", member)) = about.vrf {
        implied.extend(member.repeats().chain(member.leaf("config/interface").filter(|said| said.is(name))));
    }
    implied
}

fn common<'t>(about: &About<'_, 't>, out: &mut Block<'t>) {
    if let Some((vrf, member)) = about.vrf.filter(|(vrf, _)| *vrf != "default") {
        let interface = member.leaf("config/interface").filter(|said| said.is(member.key("id")));
        out.set("vrf", vrf, interface.into_iter().chain(member.repeats()));
    }
    let Some(own) = about.own else { return };
    out.set_leaf("description", own.leaf("config/description"));
    if let Some(enabled) = own.leaf("config/enabled").filter(|said| said.is("false")) {
        out.say(("shutdown", ""), "shutdown", "no shutdown", [enabled]);
    }
    out.set_leaf("l2 mtu", own.leaf("config/mtu"));
}
