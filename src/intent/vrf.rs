//! `vrfs/NAME.yaml`: a VRF and its external peers.

use std::collections::BTreeMap;

use super::at::placements;
use super::decode::Fields;
use super::model::{Peer, Redistribute, Vrf};
use super::route::{maximum_routes, route_id, route_targets, secret};
use super::scalar::{between, choice, id, ip, shortened, switch, text};
use super::yaml::Node;
use crate::diagnostic::{Findings, Place};
use crate::names::VrfName;

/// Reads the file of the VRF `vrf`.
pub(crate) fn vrf(vrf: VrfName, place: Place, node: &Node, out: &mut Findings) -> Option<Vrf> {
    let mut fields = Fields::open(node, format!("VRF {vrf}"), out)?;
    let routes = choice([("connected", Redistribute::Connected), ("static", Redistribute::Static)]);
    let vrf = Vrf {
        name: vrf,
        place,
        tenant: fields.optional("tenant", out, text),
        id: fields.optional("id", out, between(1..=u32::MAX)),
        vni: fields.optional("vni", out, id),
        rd: fields.optional("rd", out, route_id),
        rt: route_targets(&mut fields, out),
        redistribute: fields.list("redistribute", out, routes),
        peers: peers(&mut fields, out),
        at: placements(&mut fields, out).unwrap_or_default(),
    };
    fields.close(out);
    Some(vrf)
}

fn peers(fields: &mut Fields<'_>, out: &mut Findings) -> BTreeMap<String, Peer> {
    let mut peers = BTreeMap::new();
    for (key, node) in fields.named("peers", out) {
        let what = format!("{} peer {}", fields.what(), shortened(&key.value));
        let Some(mut fields) = Fields::open(node, what, out) else { continue };
        let address = fields.required("address", out, ip);
        let asn = fields.required("asn", out, id);
        let description = fields.optional("description", out, text);
        let maximum_routes = maximum_routes(&mut fields, out);
        let bfd = fields.optional("bfd", out, switch);
        let password = secret(&mut fields, "password", out);
        let hint = "remove it; a route map of the device's own stays as it is";
        fields.not_yet("in", hint, out);
        fields.not_yet("out", hint, out);
        fields.close(out);
        if let (Some(address), Some(asn)) = (address, asn) {
            let place = key.place.clone();
            peers.insert(
                key.value.clone(),
                Peer { place, address, asn, description, maximum_routes, bfd, password },
            );
        }
    }
    peers
}
