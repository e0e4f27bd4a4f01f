//! BGP, in the order in which it builds up: the process and the routed links (`underlay`),
//! EVPN between loopbacks (`overlay`), VRFs (`vrf`).
//!
//! Here: what the three share. Peer groups live in the default instance alone and serve
//! every VRF (EOS). Elsewhere: EVPN instances (`compile::evpn`), policies (`compile::policies`), `maximum-paths … ecmp` and
//! `no bgp default ipv4-unicast`, which no path carries (`compile::bootstrap`).

mod overlay;
mod underlay;
mod vrf;

use std::fmt::Display;

use super::Slice;
use super::defaults::BGP;
use super::slice::Filters;
use crate::diagnostic::{Place, Spanned};
use crate::intent::model::MaximumRoutes;
use crate::yang::write::{Cursor, Writer};

/// The identity of the protocol.
const BGP_IDENTITY: &str = "openconfig-policy-types:BGP";
const IPV4_UNICAST: &str = "openconfig-bgp-types:IPV4_UNICAST";
const L2VPN_EVPN: &str = "openconfig-bgp-types:L2VPN_EVPN";

/// Writes all of it. A device without an AS has no BGP; `intent::check` says so.
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>) {
    let Some(asn) = slice.asn else { return };
    let bgp = process(w, "default", &asn.place);
    underlay::write(slice, &bgp, asn);
    overlay::write(slice, &bgp);
    vrf::write(slice, w, asn);
}

/// The BGP process of an instance, at its `bgp`.
fn process<'w, 's>(w: &'w Writer<'s>, instance: &str, place: &Place) -> Cursor<'w, 's> {
    let instance = w.entry("/network-instances/network-instance", [instance], place);
    let protocol = instance.entry("protocols/protocol", [BGP_IDENTITY, BGP], place);
    protocol.leaf("config/enabled", true, place);
    protocol.at("bgp", place)
}

/// `address-family …` / `neighbor X activate`, or `no … activate`, at a group or neighbour;
/// at `global`, the address family itself.
fn activate(at: &Cursor<'_, '_>, afi_safi: &str, enabled: bool, place: &Place) {
    at.entry("afi-safis/afi-safi", [afi_safi], place).leaf("config/enabled", enabled, place);
}

/// A peer group.
fn group<'w, 's>(bgp: &Cursor<'w, 's>, name: &str, place: &Place) -> Cursor<'w, 's> {
    bgp.entry("peer-groups/peer-group", [name], place)
}

/// A neighbour; on a drained device it is there and shut down, so that its routes are
/// withdrawn and the link stays up.
fn neighbor<'w, 's>(
    slice: &Slice<'_>,
    bgp: &Cursor<'w, 's>,
    address: impl Display,
    place: &Place,
) -> Cursor<'w, 's> {
    let neighbor = bgp.entry("neighbors/neighbor", [&address], place);
    // EOS's key is no reference to this leaf, so the entry does not write it
    neighbor.leaf("config/neighbor-address", &address, place);
    let place = if slice.is_drained() { &slice.state.place } else { place };
    neighbor.leaf("config/enabled", !slice.is_drained(), place);
    neighbor
}

/// `maximum-routes N [warning-only]` of a group or neighbour.
fn prefix_limit(at: &Cursor<'_, '_>, limit: Option<&MaximumRoutes>) {
    if let Some(MaximumRoutes { limit, warn_only }) = limit {
        at.leaf("prefix-limit/config/max-prefixes", limit.value, &limit.place);
        // nothing is over no limit
        if limit.value > 0 {
            at.leaf("prefix-limit/config/prevent-teardown", *warn_only, &limit.place);
        }
    }
}

/// `route-map … in`, `out` of a group or neighbour, and `send-community` where a route map
/// has something to send.
fn apply(slice: &Slice<'_>, at: &Cursor<'_, '_>, filters: Filters<'_>) {
    if let Some(place) = sets_communities(slice, filters) {
        at.leaf_list("config/send-community-type", ["STANDARD"], place);
    }
    filter(at, filters);
}

/// `route-map … in`, `out` of a group or neighbour.
fn filter(at: &Cursor<'_, '_>, filters: Filters<'_>) {
    for (leaf, name) in [("import-policy", filters.inbound), ("export-policy", filters.outbound)] {
        if let Some(name) = name {
            at.leaf_list(&format!("apply-policy/config/{leaf}"), [&name.value], &name.place);
        }
    }
}

/// Where the outbound policy sets communities: the session has to send them, which EOS does
/// not do by itself.
fn sets_communities<'s>(slice: &'s Slice<'_>, filters: Filters<'_>) -> Option<&'s Place> {
    let policy = slice.policies.policy(&filters.outbound?.value)?;
    policy.rules.values().find_map(|rule| rule.set.communities.as_ref()).map(|said| &said.place)
}

/// `bfd` of a group or neighbour.
fn bfd(at: &Cursor<'_, '_>, enabled: Option<&Spanned<bool>>) {
    if let Some(enabled) = enabled {
        at.leaf("enable-bfd/config/enabled", enabled.value, &enabled.place);
    }
}
