//! `vrfs/NAME.yaml`: a VRF and its external peers.

use std::collections::BTreeMap;

use super::at::placements;
use super::decode::Fields;
use super::model::{Peer, Redistribute, Redistribution, Vrf};
use super::policy::filters;
use super::route::{maximum_routes, route_id, route_targets, secret};
use super::scalar::{between, choice, id, ip, name, shortened, switch, text, wrong_hint};
use super::yaml::{Node, Scalar, Value};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::names::VrfName;

/// Reads the file of the VRF `vrf`.
pub(crate) fn vrf(vrf: VrfName, place: Place, node: &Node, out: &mut Findings) -> Option<Vrf> {
    let mut fields = Fields::open(node, format!("VRF {vrf}"), out)?;
    let vrf = Vrf {
        name: vrf,
        place,
        tenant: fields.optional("tenant", out, text),
        id: fields.optional("id", out, between(1..=u32::MAX)),
        vni: fields.optional("vni", out, id),
        rd: fields.optional("rd", out, route_id),
        rt: route_targets(&mut fields, out),
        redistribute: redistribute(&mut fields, out),
        peers: peers(&mut fields, out),
        at: placements(&mut fields, out).unwrap_or_default(),
    };
    fields.close(out);
    Some(vrf)
}

/// `[connected, { static: POLICY }]`.
fn redistribute(fields: &mut Fields<'_>, out: &mut Findings) -> Vec<Redistribution> {
    let sources = choice([("connected", Redistribute::Connected), ("static", Redistribute::Static)]);
    let read = |node: &Node| {
        let Value::Map(entries) = &node.value else {
            let source = Spanned::new(sources(node)?, node.place.clone());
            return Ok(Redistribution { source, policy: None });
        };
        let [(key, policy)] = entries.as_slice() else {
            let hint = "write each on a line of its own, as in `- connected: POLICY`";
            return wrong_hint("value-type", node, "one source is expected", hint);
        };
        let of_key = Scalar { text: key.value.clone(), plain: true };
        let of_key = Node { value: Value::Scalar(of_key), place: key.place.clone() };
        let source = Spanned::new(sources(&of_key)?, key.place.clone());
        let policy = Spanned::new(name(policy)?, policy.place.clone());
        Ok(Redistribution { source, policy: Some(policy) })
    };
    let said = fields.list("redistribute", out, read);
    for (index, again) in said.iter().enumerate() {
        let same = |first: &&Spanned<Redistribution>| first.source == again.source;
        if let Some(first) = said.iter().take(index).find(same) {
            let message = format!("{}: one source is named twice", fields.named_key("redistribute"));
            let finding = Finding::error("redistribute-twice", &again.source.place, message);
            out.push(finding.related(&first.source.place, "first named here").hint("remove one of the two"));
        }
    }
    said.into_iter().map(|said| said.value).collect()
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
        let filters = filters(&mut fields, out);
        fields.close(out);
        if let (Some(address), Some(asn)) = (address, asn) {
            let place = key.place.clone();
            peers.insert(
                key.value.clone(),
                Peer { place, address, asn, description, maximum_routes, bfd, filters, password },
            );
        }
    }
    peers
}
