//! `vlans/ID.yaml`: a VLAN; its number is the file's name.

use super::at::placements;
use super::decode::Fields;
use super::model::Vlan;
use super::route::{route_id, route_targets};
use super::scalar::{between, id, ip_net, name, switch, text};
use super::yaml::Node;
use crate::diagnostic::{Findings, Place};
use crate::names::VlanId;

/// Reads the file of the VLAN `vlan`.
pub(crate) fn vlan(vlan: VlanId, place: Place, node: &Node, out: &mut Findings) -> Option<Vlan> {
    let mut fields = Fields::open(node, format!("VLAN {vlan}"), out)?;
    let name_of = fields.required("name", out, vlan_name);
    let vrf = fields.optional("vrf", out, name);
    let vni = fields.optional("vni", out, id);
    let mtu = fields.optional("mtu", out, between(68..=9214));
    let tenant = fields.optional("tenant", out, text);
    let gateway = fields.one_or_list("gateway", out, ip_net);
    let rd = fields.optional("rd", out, route_id);
    let rt = route_targets(&mut fields, out);
    let at = placements(&mut fields, out);
    if at.is_none() {
        fields.missing("at", out);
    }
    let single = fields.optional("single", out, switch).is_some_and(|single| single.value);
    fields.close(out);
    Some(Vlan { id: vlan, place, name: name_of?, vrf, vni, mtu, tenant, gateway, rd, rt, at: at?, single })
}

/// A VLAN's name as EOS keeps it: one word of at most 32 characters.
fn vlan_name(node: &Node) -> super::scalar::Read<String> {
    let given = text(node)?;
    if given.chars().any(char::is_whitespace) || given.chars().count() > 32 {
        let message = format!("`{}` is not a VLAN's name", super::scalar::shortened(&given));
        return super::scalar::wrong_hint("value-text", node, message, "one word of at most 32 characters");
    }
    Ok(given)
}
