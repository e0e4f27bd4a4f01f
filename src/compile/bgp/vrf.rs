//! BGP in VRFs: EVPN route targets, external peers, redistribution.
//!
//! Elsewhere: the VRF itself and its route distinguisher (`compile::vrf`).

use super::{activate, apply, bfd, neighbor, prefix_limit, process};
use crate::compile::Slice;
use crate::compile::defaults::GROUP_IBGP;
use crate::compile::evpn::targets;
use crate::compile::mlag::vrf_ibgp;
use crate::compile::slice::{Filters, VrfHere};
use crate::compile::svi::subnets_by_route;
use crate::compile::vrf::{Family, families, routes};
use crate::diagnostic::{Findings, Spanned};
use crate::intent::model::{Peer, Redistribute, Redistribution};
use crate::names::Asn;
use crate::yang::write::{Cursor, Writer};

const BGP_TABLE: &str = super::BGP_IDENTITY;

/// | EOS, under `router bgp N` / `vrf V` | path, under the VRF's instance |
/// |---|---|
/// | `vrf V` | `protocols/protocol[BGP]`, which has to repeat the AS |
/// | `route-target import evpn` | `…/bgp/global/evpn/import-target`, `export-target` |
/// | `neighbor A remote-as` | `…/bgp/neighbors/neighbor/config/peer-as` |
/// | `neighbor A route-map … in`, `out` | `…/bgp/neighbors/neighbor/apply-policy/config/…` |
/// | `neighbor A bfd` | `…/bgp/neighbors/neighbor/enable-bfd/config/enabled` |
/// | `address-family ipv4` / `neighbor A activate` | `…/afi-safis/afi-safi/config/enabled` |
/// | `redistribute connected` | `table-connections/table-connection`, a policy in its `import-policy`; it needs `tables` of both protocols and `protocols/protocol` of the source |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>, asn: &Spanned<Asn>) {
    let links = vrf_ibgp(slice);
    for vrf in &slice.vrfs {
        let link = links.iter().find(|link| link.vrf.name == vrf.name);
        if vrf.vni.is_none() && vrf.peers.is_empty() && vrf.redistribute.is_empty() && link.is_none() {
            continue;
        }
        let bgp = process(w, vrf.name.as_str(), vrf.place);
        let global = bgp.at("global", vrf.place);
        global.leaf("config/as", asn.value, &asn.place);
        for family in families(slice, vrf) {
            activate(&global, family.afi_safi(), true, vrf.place);
        }
        // the VRF's instance has reported what its routes lack
        if let Some(routes) = routes(slice, vrf, &mut Findings::new()) {
            targets(&global, "evpn/import-target", &routes.import);
            targets(&global, "evpn/export-target", &routes.export);
        }
        for at in &vrf.peers {
            external(slice, &bgp, at.peer);
        }
        if let Some((link, other)) = link.zip(slice.mlag.as_ref().and_then(|mlag| mlag.ibgp_peer)) {
            let peer = neighbor(slice, &bgp, other, link.place);
            peer.leaf("config/peer-group", GROUP_IBGP, link.place);
            activate(&peer, Family::V4.afi_safi(), true, link.place);
        }
        redistribution(slice, w, vrf);
    }
}

fn external(slice: &Slice<'_>, bgp: &Cursor<'_, '_>, peer: &Peer) {
    let neighbor = neighbor(slice, bgp, peer.address.value, &peer.address.place);
    neighbor.leaf("config/peer-as", peer.asn.value, &peer.asn.place);
    if let Some(description) = &peer.description {
        neighbor.leaf("config/description", &description.value, &description.place);
    }
    if let Some(password) = &peer.password {
        neighbor.secret("config/auth-password", &password.value, &password.place);
    }
    prefix_limit(&neighbor, peer.maximum_routes.as_ref());
    bfd(&neighbor, peer.bfd.as_ref());
    apply(slice, &neighbor, Filters::of(&peer.filters));
    activate(&neighbor, Family::of(peer.address.value).afi_safi(), true, &peer.address.place);
}

/// `redistribute connected`, `redistribute static`, for each family that the VRF has.
fn redistribution(slice: &Slice<'_>, w: &Writer<'_>, vrf: &VrfHere<'_>) {
    for source in vrf.redistribute {
        let place = &source.source.place;
        let instance = w.entry("/network-instances/network-instance", [vrf.name], place);
        let (identity, name) = match source.source.value {
            Redistribute::Connected => ("openconfig-policy-types:DIRECTLY_CONNECTED", "DIRECTLY_CONNECTED"),
            Redistribute::Static => ("openconfig-policy-types:STATIC", "STATIC"),
        };
        instance.entry("protocols/protocol", [identity, name], place);
        for family in families(slice, vrf) {
            redistribute(&instance, identity, family, source);
        }
        if source.source.value == Redistribute::Connected {
            connected_by_route(slice, vrf, &instance, source);
        }
    }
}

/// `redistribute static` of IPv6, where a static route is what connects a subnet
/// (`compile::svi`): who asks for connected subnets means these too.
fn connected_by_route(
    slice: &Slice<'_>,
    vrf: &VrfHere<'_>,
    instance: &Cursor<'_, '_>,
    connected: &Redistribution,
) {
    let said = vrf.redistribute.iter().any(|source| source.source.value == Redistribute::Static);
    let by_route = slice.routed_vlans(vrf.name).any(|vlan| subnets_by_route(vlan).next().is_some());
    if by_route && !said {
        redistribute(instance, "openconfig-policy-types:STATIC", Family::V6, connected);
    }
}

/// One row of the table, with the policy that the intent puts before it.
fn redistribute(instance: &Cursor<'_, '_>, source: &str, family: Family, said: &Redistribution) {
    let place = &said.source.place;
    for protocol in [BGP_TABLE, source] {
        instance.entry("tables/table", [protocol, family.table()], place);
    }
    let keys = [source, BGP_TABLE, family.table()];
    let connection = instance.entry("table-connections/table-connection", keys, place);
    if let Some(policy) = &said.policy {
        connection.leaf_list("config/import-policy", [&policy.value], &policy.place);
    }
}
