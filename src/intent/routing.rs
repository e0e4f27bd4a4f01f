//! `underlay` and `overlay`, of the fabric and, field by field over it, of a role.
//!
//! Elsewhere: schemes of route distinguishers and limits of routes (`route`), the rest of
//! `fabric.yaml` (`design`), merging (`compile::slice`).

use super::decode::Fields;
use super::model::{Overlay, Underlay};
use super::policy::filters;
use super::route::{mac, maximum_routes, scheme};
use super::scalar::{Read, between, choice, switch, wrong_hint};
use super::yaml::{Node, Value};
use crate::diagnostic::{Findings, Spanned};

/// Reads `underlay`; left out is nothing said.
pub(crate) fn underlay(fields: &mut Fields<'_>, out: &mut Findings) -> Underlay {
    let Some(mut section) = fields.section("underlay", out) else { return Underlay::default() };
    let mtu = section.optional("mtu", out, between(68..=9214));
    let distance = section.optional("distance", out, distance);
    let (maximum_paths, ecmp) = maximum_paths(&mut section, out);
    let maximum_routes = maximum_routes(&mut section, out);
    let bfd = section.optional("bfd", out, switch);
    let filters = filters(&mut section, out);
    section.close(out);
    Underlay { mtu, distance, maximum_paths, ecmp, maximum_routes, bfd, filters }
}

/// `maximum-paths: 4`, or `{ paths, ecmp }`.
fn maximum_paths(
    fields: &mut Fields<'_>,
    out: &mut Findings,
) -> (Option<Spanned<u32>>, Option<Spanned<u32>>) {
    const KEY: &str = "maximum-paths";
    if fields.node(KEY).is_some_and(|node| !matches!(node.value, Value::Map(_))) {
        return (fields.optional(KEY, out, between(1..=128)), None);
    }
    let Some(mut section) = fields.section(KEY, out) else { return (None, None) };
    let paths = section.required("paths", out, between(1..=128));
    let ecmp = section.optional("ecmp", out, between(1..=128));
    section.close(out);
    (paths, ecmp)
}

/// `[external, internal, local]`.
fn distance(node: &Node) -> Read<[u8; 3]> {
    match &node.value {
        Value::List(items) if items.len() == 3 => {
            let mut distance = [0; 3];
            for (slot, item) in distance.iter_mut().zip(items) {
                *slot = between(1..=u8::MAX)(item)?;
            }
            Ok(distance)
        }
        _ => wrong_hint(
            "value-type",
            node,
            "three distances are expected",
            "write external, internal and local, as in [20, 200, 200]",
        ),
    }
}

/// Reads the `overlay` of the fabric.
pub(crate) fn overlay(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Overlay> {
    let mut section = fields.section("overlay", out)?;
    let mut overlay = shared(&mut section, out);
    overlay.vlan = scheme(&mut section, "vlan", &["asn", "vni", "vlan", "router-id"], out);
    overlay.vrf = scheme(&mut section, "vrf", &["asn", "vni", "id", "router-id"], out);
    section.close(out);
    Some(overlay)
}

/// Reads the `overlay` of a role: without schemes, as both ends of a tunnel need the same.
pub(crate) fn role_overlay(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Spanned<Overlay>> {
    let place = fields.entry("overlay")?.0.clone();
    let mut section = fields.section("overlay", out)?;
    let overlay = shared(&mut section, out);
    for key in ["vlan", "vrf"] {
        section.refuse(
            key,
            "role-scheme",
            "is the fabric's alone",
            "write it in `overlay` of fabric.yaml",
            out,
        );
    }
    section.close(out);
    Some(Spanned::new(overlay, place))
}

fn shared(section: &mut Fields<'_>, out: &mut Findings) -> Overlay {
    Overlay {
        multihop: section.optional("multihop", out, between(1..=u8::MAX)),
        gateway_mac: section.optional("gateway-mac", out, mac),
        learn_any: section.optional("learn", out, choice([("any", true), ("flood-list", false)])),
        maximum_routes: maximum_routes(section, out),
        bfd: section.optional("bfd", out, switch),
        filters: filters(section, out),
        vlan: None,
        vrf: None,
    }
}
