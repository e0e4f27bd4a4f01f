//! VRFs and routing in them.
//!
//! Elsewhere: which interface is in which (`interfaces`), BGP in them (`bgp`).

use super::command::Block;
use super::node::{Node, Said};

const ORDER: &[&str] = &["description"];

/// | EOS | path, under `/network-instances/network-instance` |
/// |---|---|
/// | `vrf instance V` | `config/type` |
/// | `ip routing`, `ip routing vrf V` | `config/ipv4-routing-enabled` |
/// | `ipv6 unicast-routing`, `… vrf V` | `config/ipv6-routing-enabled` |
pub(super) fn write<'t>(root: Node<'_, 't>, out: &mut Block<'t>) {
    for instance in root.entries("network-instances/network-instance") {
        let (name, config) = (instance.key("name"), instance.node.at("config"));
        let own = |kind: &str| config.leaf("type").filter(|said| super::node::identity(&said.text()) == kind);
        let families = [
            ("ip routing", config.leaf("ipv4-routing-enabled")),
            ("ipv6 unicast-routing", config.leaf("ipv6-routing-enabled")),
        ];
        if name == "default" {
            let mut implied: Vec<Said<'t>> = instance.repeats().chain(own("DEFAULT_INSTANCE")).collect();
            for (words, leaf) in families {
                routing((words, ""), leaf, &mut implied, out);
            }
            continue;
        }
        if let Some(kind) = own("L3VRF") {
            let mode = out.mode("vrf instance", name, ORDER);
            mode.implies([kind]).implies(instance.repeats());
            mode.inside.set_leaf("description", config.leaf("description"));
        }
        for (words, leaf) in families {
            routing((words, name), leaf, &mut Vec::new(), out);
        }
    }
}

/// The first line of the default instance carries what the instance itself implies.
fn routing<'t>(
    (words, vrf): (&str, &str),
    leaf: Option<Said<'t>>,
    implied: &mut Vec<Said<'t>>,
    out: &mut Block<'t>,
) {
    let Some(said) = leaf.filter(|said| said.is("true") || said.is("false")) else { return };
    let (slot, text) = if vrf.is_empty() {
        (words.to_owned(), words.to_owned())
    } else {
        (format!("{words} vrf"), format!("{words} vrf {vrf}"))
    };
    let no = format!("no {text}");
    let leaves = [said].into_iter().chain(std::mem::take(implied));
    if said.is("true") {
        out.say((&slot, vrf), &text, &no, leaves);
    } else {
        out.say((&slot, vrf), &no, &format!("default {text}"), leaves);
    }
}
