//! Static routes.
//!
//! Elsewhere: taking them into BGP (`bgp::redistribute`).

use super::command::Block;
use super::node::{Entry, Node, Said, identity};
use super::system::of_vrf;

/// | EOS | path, under `protocols/protocol[STATIC]` of the instance |
/// |---|---|
/// | `ip route [vrf V] P A` | `static-routes/static/next-hops/next-hop/config/next-hop` |
/// | `ip route [vrf V] P I` | `…/next-hop/interface-ref/config/interface` |
///
/// One prefix may have several next hops, each a command of its own.
pub(super) fn write<'t>(root: Node<'_, 't>, out: &mut Block<'t>) {
    for instance in root.entries("network-instances/network-instance") {
        for protocol in instance.node.entries("protocols/protocol") {
            if identity(protocol.key("identifier")) != "STATIC" {
                continue;
            }
            let enabled = protocol.leaf("config/enabled").filter(|said| said.is("true"));
            let process: Vec<Said<'t>> =
                protocol.repeats().chain(enabled).chain(instance.repeats()).collect();
            for route in protocol.node.entries("static-routes/static") {
                for hop in route.node.entries("next-hops/next-hop") {
                    next_hop(instance.key("name"), route, hop, &process, out);
                }
            }
        }
    }
}

fn next_hop<'t>(
    vrf: &str,
    route: Entry<'_, 't>,
    hop: Entry<'_, 't>,
    process: &[Said<'t>],
    out: &mut Block<'t>,
) {
    let address = hop.leaf("config/next-hop");
    let interface = hop.leaf("interface-ref/config/interface");
    let to: Vec<String> = [interface, address]
        .into_iter()
        .flatten()
        .map(|said| match identity(&said.text()) {
            "DROP" => "Null0".to_owned(),
            _ => said.text().into_owned(),
        })
        .collect();
    if to.is_empty() {
        return;
    }
    let prefix = route.key("prefix");
    let family = if prefix.contains(':') { "ipv6 route" } else { "ip route" };
    let name = format!("{}{prefix} {}", of_vrf(Some(vrf)), to.join(" "));
    let own = address.into_iter().chain(interface).chain(hop.repeats()).chain(route.repeats());
    out.each(family, &name, own.chain(process.iter().copied()));
}
