//! EVPN sessions between the loopbacks of devices that are linked.
//!
//! Elsewhere: the sessions on the links themselves (`underlay`).

use std::collections::BTreeSet;

use super::{
    IPV4_UNICAST, L2VPN_EVPN, activate, bfd, filter, group, neighbor, prefix_limit, sets_communities,
};
use crate::compile::Slice;
use crate::compile::defaults::GROUP_EVPN;
use crate::compile::slice::{LinkEnd, Overlay};
use crate::diagnostic::Place;
use crate::intent::model::policy::NextHop;
use crate::platform::arista_eos::interfaces::ROUTER_ID_LOOPBACK;
use crate::yang::write::Cursor;

/// | EOS, under `router bgp N` | path, under `bgp/peer-groups/peer-group[evpn]` |
/// |---|---|
/// | `neighbor evpn update-source` | `transport/config/local-address` |
/// | `neighbor evpn ebgp-multihop` | `ebgp-multihop/config/multihop-ttl` |
/// | `neighbor evpn send-community extended` | `config/send-community-type` |
/// | `neighbor evpn next-hop-unchanged` (spines, and `set` of a policy) | `config/next-hop-unchanged` |
/// | `neighbor evpn maximum-routes` | `prefix-limit/config/…` |
/// | `neighbor evpn route-map … in`, `out` | `apply-policy/config/import-policy`, `export-policy` |
/// | `neighbor evpn bfd` | `enable-bfd/config/enabled` |
/// | `address-family evpn` / `neighbor evpn activate` | `afi-safis/afi-safi/config/enabled` |
///
/// EOS activates IPv4 on every neighbour unless `no bgp default ipv4-unicast` is set, which
/// no path carries: the group says `false` itself.
pub(super) fn write(slice: &Slice<'_>, bgp: &Cursor<'_, '_>) {
    let Some(overlay) = slice.overlay else { return };
    let mut seen = BTreeSet::new();
    let sessions: Vec<&LinkEnd<'_>> = slice.links.iter().filter(|end| seen.insert(end.link.remote)).collect();
    let Some(first) = sessions.first() else { return };
    let place = overlay_place(overlay, first.link.place);
    let evpn = group(bgp, GROUP_EVPN, place);
    // spines share an AS and leafs do not: whoever has only devices above names it once
    let shared = first.asn.filter(|asn| sessions.iter().all(|end| end.link.up && end.asn == Some(asn)));
    if let Some(asn) = shared {
        evpn.leaf("config/peer-as", asn.value, &asn.place);
    }
    if let Some(said) = keeps_next_hop(slice, overlay) {
        evpn.leaf("config/next-hop-unchanged", true, said);
    } else if slice.spine {
        evpn.leaf("config/next-hop-unchanged", true, place);
    }
    let standard = sets_communities(slice, overlay.filters);
    let sent = ["EXTENDED"].into_iter().chain(standard.map(|_| "STANDARD"));
    evpn.leaf_list("config/send-community-type", sent, standard.unwrap_or(place));
    evpn.leaf("transport/config/local-address", ROUTER_ID_LOOPBACK, place);
    if let Some(ttl) = overlay.multihop {
        evpn.leaf("ebgp-multihop/config/multihop-ttl", ttl.value, &ttl.place);
    }
    prefix_limit(&evpn, overlay.maximum_routes);
    bfd(&evpn, overlay.bfd);
    filter(&evpn, overlay.filters);
    activate(&evpn, IPV4_UNICAST, false, place);
    activate(&evpn, L2VPN_EVPN, true, place);
    for end in sessions {
        let peer = neighbor(slice, bgp, end.loopback.value, &end.loopback.place);
        peer.leaf("config/peer-group", GROUP_EVPN, end.link.place);
        if let (None, Some(asn)) = (shared, end.asn) {
            peer.leaf("config/peer-as", asn.value, &asn.place);
        }
    }
}

/// Where the outbound policy keeps next hops. EOS has no path for this in a policy, and one
/// on the session; routes of the device's own have its VTEP as next hop either way.
fn keeps_next_hop<'s>(slice: &'s Slice<'_>, overlay: Overlay<'_>) -> Option<&'s Place> {
    let policy = slice.policies.policy(&overlay.filters.outbound?.value)?;
    let set = policy.rules.values().filter_map(|rule| rule.set.next_hop.as_ref());
    set.filter(|next_hop| next_hop.value == NextHop::Unchanged).map(|next_hop| &next_hop.place).next()
}

/// Where the intent asks for an overlay: its first line that has a place.
fn overlay_place<'s>(overlay: Overlay<'s>, link: &'s Place) -> &'s Place {
    let multihop = overlay.multihop.map(|ttl| &ttl.place);
    multihop.or(overlay.vlan.map(|scheme| &scheme.rd.place)).unwrap_or(link)
}
