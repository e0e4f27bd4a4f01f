//! Addresses of an interface: routed ports and loopbacks, SVIs, anycast gateways.
//!
//! Elsewhere: the interface itself (`interfaces`).

use super::command::Block;
use super::interfaces::About;
use super::node::{Entry, Node, Said};

/// | EOS | path, under `/interfaces/interface` |
/// |---|---|
/// | `no switchport` | `subinterfaces/subinterface[0]/ipv4/config/enabled` |
/// | `mtu` | `…/ipv4/config/mtu`, and IPv6's if it is the same |
/// | `ip address A [secondary]`, `ipv6 address A` | `…/ipv4/addresses/address`, IPv6 likewise |
/// | `ipv6 enable` | `…/ipv6/config/enabled` without an address |
/// | `ip address virtual A [secondary]` | `arista-varp/virtual-address`, `secondary-virtual-addresses` |
/// | `ip virtual-router address A` | `/arista/varp/config/varp-intf-config` |
///
/// Gives what the interface implies without a line of its own.
pub(super) fn write<'t>(about: &About<'_, 't>, out: &mut Block<'t>) -> Vec<Said<'t>> {
    if let Some(varp) = about.varp {
        virtual_router(varp, out);
    }
    let mut implied = Vec::new();
    let Some(own) = about.own else { return implied };
    for subinterface in own.node.entries("subinterfaces/subinterface") {
        if subinterface.key("index") == "0" {
            implied.extend(subinterface.repeats());
            let enabled = families(subinterface.node, out);
            if matches!(own.key("name").get(..4), Some("Ethe" | "Port")) && !enabled.is_empty() {
                out.say(("no switchport", ""), "no switchport", "switchport", enabled);
            } else {
                implied.extend(enabled);
            }
        }
    }
    implied.extend(families(own.node.at("routed-vlan"), out));
    virtual_addresses(own.node.at("arista-varp"), out);
    implied
}

/// Both families of a routed interface. Gives the leaves that say that a family is on.
fn families<'t>(routed: Node<'_, 't>, out: &mut Block<'t>) -> Vec<Said<'t>> {
    let (v4, v6) = (routed.at("ipv4"), routed.at("ipv6"));
    let mtus = [v4, v6].map(|family| family.leaf("config/mtu"));
    if let Some(mtu) = mtus[0].or(mtus[1]) {
        // one command for both: another value for the second is left over
        let same = mtus.into_iter().flatten().filter(|other| other.leaf.value == mtu.leaf.value);
        out.set("mtu", &mtu.text(), same);
    }
    let [on_v4, on_v6] = [v4, v6].map(|family| family.leaf("config/enabled").filter(|said| said.is("true")));
    let mut primary = true;
    for entry in v4.entries("addresses/address") {
        ipv4(entry, &mut primary, out);
    }
    let mut enabled: Vec<Said<'t>> = on_v4.into_iter().collect();
    if v6.at("addresses").is_empty() {
        if let Some(on) = on_v6 {
            out.say(("ipv6 enable", ""), "ipv6 enable", "no ipv6 enable", [on]);
        }
    } else {
        enabled.extend(on_v6);
    }
    for entry in v6.entries("addresses/address") {
        if let Some(length) = entry.leaf("config/prefix-length") {
            let address = format!("{}/{}", entry.key("ip"), length.text());
            out.each("ipv6 address", &address, [length].into_iter().chain(entry.repeats()));
        }
    }
    enabled
}

/// EOS has one primary address an interface; a second one that is not said to be secondary
/// is left over.
fn ipv4<'t>(entry: Entry<'_, 't>, primary: &mut bool, out: &mut Block<'t>) {
    let Some(length) = entry.leaf("config/prefix-length") else { return };
    let address = format!("{}/{}", entry.key("ip"), length.text());
    let kind = entry.leaf("config/addr-type");
    let leaves = [length].into_iter().chain(entry.repeats()).chain(kind);
    if kind.is_some_and(|kind| kind.is("SECONDARY")) {
        let text = format!("ip address {address} secondary");
        out.say(("ip address secondary", &address), &text, &format!("no {text}"), leaves);
    } else if std::mem::take(primary) {
        // `no ip address` alone would take the others too
        let text = format!("ip address {address}");
        out.say(("ip address", ""), &text, &format!("no {text}"), leaves);
    }
}

fn virtual_addresses<'t>(varp: Node<'_, 't>, out: &mut Block<'t>) {
    let first = varp.at("virtual-address/config");
    if let (Some(ip), Some(length)) = (first.leaf("ip"), first.leaf("prefix-length")) {
        let text = format!("ip address virtual {}/{}", ip.text(), length.text());
        out.say(("ip address virtual", ""), &text, &format!("no {text}"), [ip, length]);
    }
    for entry in varp.entries("secondary-virtual-addresses/address") {
        let Some(length) = entry.leaf("config/prefix-length") else { continue };
        let address = format!("{}/{}", entry.key("ip"), length.text());
        let text = format!("ip address virtual {address} secondary");
        let leaves = [length].into_iter().chain(entry.repeats());
        out.say(("ip address virtual secondary", &address), &text, &format!("no {text}"), leaves);
    }
}

/// The command takes an address without length; a host's prefix stands for it.
fn virtual_router<'t>(varp: Entry<'_, 't>, out: &mut Block<'t>) {
    let on = |said: &Said<'t>| said.is("true");
    for entry in varp.node.entries("virtual-ip-addr") {
        let key = entry.key("virtual-ip-addr-key");
        let address = key.strip_suffix("/32").unwrap_or(key);
        if let Some(value) = entry.leaf("virtual-ip-addr-value").filter(on) {
            out.each("ip virtual-router address", address, [value].into_iter().chain(entry.repeats()));
        }
    }
    for entry in varp.node.entries("virtual-ip6-addr") {
        if let Some(value) = entry.leaf("virtual-ip6-addr-value").filter(on) {
            let leaves = [value].into_iter().chain(entry.repeats());
            out.each("ipv6 virtual-router address", entry.key("virtual-ip6-addr-key"), leaves);
        }
    }
}
