//! The process in the default instance, and sessions on the routed links.
//!
//! Elsewhere: EVPN sessions (`overlay`).

use ipnet::Ipv4Net;

use super::{IPV4_UNICAST, L2VPN_EVPN, activate, apply, bfd, group, neighbor, prefix_limit};
use crate::compile::Slice;
use crate::compile::defaults::{GROUP_IBGP, GROUP_UNDERLAY};
use crate::compile::slice::LinkEnd;
use crate::diagnostic::Spanned;
use crate::names::Asn;
use crate::yang::write::Cursor;

/// | EOS, under `router bgp N` | path, under `bgp` |
/// |---|---|
/// | the number itself | `global/config/as` |
/// | `router-id` | `global/config/router-id` |
/// | `distance bgp` | `global/default-route-distance/config/…` |
/// | `maximum-paths` | `global/use-multiple-paths/ebgp/config/maximum-paths` |
/// | `bgp log-neighbor-changes` | `global/logging-options/config/log-neighbor-state-changes` |
/// | `network` | `global/networks/network` |
/// | `neighbor G peer group` | `peer-groups/peer-group` |
/// | `neighbor G remote-as`, `next-hop-self` | `peer-groups/peer-group/config/…` |
/// | `neighbor A peer group G` | `neighbors/neighbor/config/peer-group` |
/// | `neighbor A remote-as` | `neighbors/neighbor/config/peer-as` |
/// | `neighbor X route-map … in`, `out` | `…/apply-policy/config/import-policy`, `export-policy` |
/// | `neighbor X bfd` | `…/enable-bfd/config/enabled` |
/// | `neighbor X activate` | `…/afi-safis/afi-safi/config/enabled` |
pub(super) fn write(slice: &Slice<'_>, bgp: &Cursor<'_, '_>, asn: &Spanned<Asn>) {
    global(slice, &bgp.at("global", &asn.place), asn);
    upward(slice, bgp);
    downward(slice, bgp);
    pair(slice, bgp, asn);
}

fn global(slice: &Slice<'_>, global: &Cursor<'_, '_>, asn: &Spanned<Asn>) {
    let underlay = slice.underlay;
    global.leaf("config/as", asn.value, &asn.place);
    global.leaf("config/router-id", slice.loopback.value, &slice.loopback.place);
    global.leaf("logging-options/config/log-neighbor-state-changes", true, &asn.place);
    if let Some(Spanned { value: [external, internal, local], place }) = underlay.distance {
        let distance = global.at("default-route-distance/config", place);
        distance.leaf("external-route-distance", external, place);
        distance.leaf("internal-route-distance", internal, place);
        distance.leaf("local-route-distance", local, place);
    }
    if let Some(paths) = underlay.maximum_paths {
        global.leaf("use-multiple-paths/ebgp/config/maximum-paths", paths.value, &paths.place);
    }
    activate(global, IPV4_UNICAST, true, &asn.place);
    if slice.overlay.is_some() {
        activate(global, L2VPN_EVPN, true, &asn.place);
    }
    for own in [Some(slice.loopback), slice.vtep].into_iter().flatten() {
        global.entry("networks/network", [Ipv4Net::from(own.value)], &own.place);
    }
}

/// Sessions to the devices above: one group, as they share an AS in most designs; where
/// they do not, each neighbour says its own.
fn upward(slice: &Slice<'_>, bgp: &Cursor<'_, '_>) {
    let ups: Vec<&LinkEnd<'_>> = slice.links.iter().filter(|end| end.link.up).collect();
    let Some(first) = ups.first() else { return };
    let underlay = group(bgp, GROUP_UNDERLAY, first.link.place);
    let shared = first.asn.filter(|asn| ups.iter().all(|end| end.asn == Some(asn)));
    if let Some(asn) = shared {
        underlay.leaf("config/peer-as", asn.value, &asn.place);
    }
    prefix_limit(&underlay, slice.underlay.maximum_routes);
    bfd(&underlay, slice.underlay.bfd);
    apply(slice, &underlay, slice.underlay.filters);
    activate(&underlay, IPV4_UNICAST, true, first.link.place);
    for end in ups {
        let peer = neighbor(slice, bgp, end.link.remote_address, end.link.address_place);
        peer.leaf("config/peer-group", GROUP_UNDERLAY, end.link.place);
        if let (None, Some(asn)) = (shared, end.asn) {
            peer.leaf("config/peer-as", asn.value, &asn.place);
        }
    }
}

/// Sessions to the devices below, each with its own AS: no group, and as in the lab no
/// limit on routes unless the role itself says one.
fn downward(slice: &Slice<'_>, bgp: &Cursor<'_, '_>) {
    for end in slice.links.iter().filter(|end| !end.link.up) {
        let peer = neighbor(slice, bgp, end.link.remote_address, end.link.address_place);
        if let Some(asn) = end.asn {
            peer.leaf("config/peer-as", asn.value, &asn.place);
        }
        prefix_limit(&peer, slice.underlay.maximum_routes_below);
        bfd(&peer, slice.underlay.bfd);
        apply(slice, &peer, slice.underlay.filters);
        activate(&peer, IPV4_UNICAST, true, end.link.place);
    }
}

/// The session between the members of a pair, which carries a member whose uplinks fail.
fn pair(slice: &Slice<'_>, bgp: &Cursor<'_, '_>, asn: &Spanned<Asn>) {
    let Some(mlag) = &slice.mlag else { return };
    let (Some(own), Some(other)) = (mlag.ibgp_address, mlag.ibgp_peer) else { return };
    let ibgp = group(bgp, GROUP_IBGP, &own.place);
    ibgp.leaf("config/peer-as", asn.value, &asn.place);
    ibgp.leaf("config/next-hop-self", true, &own.place);
    prefix_limit(&ibgp, slice.underlay.maximum_routes);
    activate(&ibgp, IPV4_UNICAST, true, &own.place);
    let peer = neighbor(slice, bgp, other, &own.place);
    peer.leaf("config/peer-group", GROUP_IBGP, &own.place);
}
