//! VLANs.
//!
//! Elsewhere: their interfaces (`interfaces`), spanning tree on them (`system`).

use super::command::Block;
use super::node::Node;

const ORDER: &[&str] = &["name", "state", "trunk group"];

/// | EOS | path, under `/network-instances/network-instance[default]/vlans/vlan` |
/// |---|---|
/// | `vlan N`, `name` | `config/name` |
/// | `state suspend` | `config/status` |
/// | `trunk group` | `config/trunk-groups` |
pub(super) fn write<'t>(root: Node<'_, 't>, out: &mut Block<'t>) {
    let instances = root.entries("network-instances/network-instance");
    for instance in instances.filter(|instance| instance.key("name") == "default") {
        for vlan in instance.node.entries("vlans/vlan") {
            let mode = out.mode("vlan", vlan.key("vlan-id"), ORDER);
            mode.implies(vlan.repeats());
            let status = vlan.leaf("config/status");
            mode.implies(status.filter(|said| said.is("ACTIVE")));
            let block = &mut mode.inside;
            block.set_leaf("name", vlan.leaf("config/name"));
            if let Some(suspended) = status.filter(|said| said.is("SUSPENDED")) {
                block.set("state", "suspend", [suspended]);
            }
            if let Some(groups) = vlan.leaf("config/trunk-groups") {
                groups.values().for_each(|group| block.each("trunk group", group, [groups]));
            }
        }
    }
}
