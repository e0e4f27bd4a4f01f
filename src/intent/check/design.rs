//! `fabric.yaml` against itself and what the fabric has.

use std::collections::BTreeMap;

use super::Context;
use crate::diagnostic::{Finding, Findings, Place};
use crate::intent::layout::Kind;
use crate::names::VlanId;

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    heartbeat(cx, out);
    vlan_ranges(cx, out);
    static_routes(cx, out);
    roles(cx, out);
}

/// What a role says of the overlay stands beside what the fabric says of it.
fn roles(cx: &Context<'_>, out: &mut Findings) {
    if cx.fabric.design.overlay.is_some() || !cx.sound("overlay") {
        return;
    }
    for (name, role) in &cx.fabric.design.roles {
        let Some(overlay) = &role.overlay else { continue };
        let message = format!("role {name}: `overlay`: the fabric has none");
        let finding = Finding::error("role-no-overlay", &overlay.place, message);
        out.push(finding.hint("add `overlay:` to fabric.yaml, with what holds for every role"));
    }
}

/// The MLAG heartbeat names a VRF that a device has: an intent's one or the management's.
fn heartbeat(cx: &Context<'_>, out: &mut Findings) {
    let dual_primary = cx.fabric.design.mlag.as_ref().and_then(|mlag| mlag.dual_primary.as_ref());
    let Some(vrf) = dual_primary.and_then(|dual| dual.heartbeat_vrf.as_ref()) else { return };
    let management = &cx.fabric.design.management.vrf;
    let known =
        vrf.value == management.value || vrf.value == "default" || cx.fabric.vrfs.contains_key(vrf.as_str());
    if known || cx.broken.has(Kind::Vrf, vrf.as_str()) || !cx.sound("management") {
        return;
    }
    let message = format!("`mlag.dual-primary.heartbeat-vrf`: no device has a VRF `{}`", vrf.value);
    let finding = Finding::warning("heartbeat-vrf-unknown", &vrf.place, message)
        .label("without its VRF the heartbeat does not leave the device")
        .related(&management.place, "management is in this VRF");
    out.push(finding.hint(format!("write `heartbeat-vrf: {}`", management.value)));
}

/// The VLANs that the fabric takes for itself do not meet.
fn vlan_ranges(cx: &Context<'_>, out: &mut Findings) {
    let design = &cx.fabric.design;
    let mut taken: Vec<(VlanId, VlanId, &Place, &str)> = Vec::new();
    if let Some(mlag) = &design.mlag {
        taken.push((mlag.peer_vlan.value, mlag.peer_vlan.value, &mlag.peer_vlan.place, "`mlag.vlans.peer`"));
        let ibgp = mlag.ibgp_vlan.as_ref();
        taken.extend(ibgp.map(|ibgp| (ibgp.value, ibgp.value, &ibgp.place, "`mlag.vlans.ibgp`")));
        let range = mlag.vrf_ibgp.as_ref();
        taken
            .extend(range.map(|range| (range.value.0, range.value.1, &range.place, "`mlag.vrf-ibgp.vlans`")));
    }
    let internal = design.vlan_internal.as_ref();
    taken.extend(internal.map(|range| (range.value.0, range.value.1, &range.place, "`vlan-internal`")));
    for (index, (first, last, place, what)) in taken.iter().enumerate() {
        let meets = taken.iter().take(index).find(|(low, high, ..)| first <= high && low <= last);
        if let Some((.., other, other_what)) = meets {
            let message = format!("fabric.yaml: {what} and {other_what} have VLANs in common");
            out.push(Finding::error("vlan-reserved", place, message).related(other, "the other one"));
        }
    }
}

fn static_routes(cx: &Context<'_>, out: &mut Findings) {
    let mut seen = BTreeMap::new();
    for route in &cx.fabric.design.static_routes {
        let key = (route.prefix.value, route.via.value);
        if let Some(first) = seen.insert(key, &route.prefix.place) {
            let message = format!("fabric.yaml: the static route {} via {} stands there twice", key.0, key.1);
            let finding = Finding::error("static-route-twice", &route.prefix.place, message);
            out.push(finding.related(first, "first given here").hint("remove one of the two"));
        }
    }
}
