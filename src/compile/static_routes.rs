//! Static routes: those of the default VRF that leave by the fabric, and those that connect
//! the IPv6 subnets of gateways without an own address beside them.
//!
//! Elsewhere: those that leave by the management network (`bootstrap`, promise 13), why such
//! subnets need a route (`svi`).

use std::net::IpAddr;

use ipnet::IpNet;

use super::Slice;
use super::slice::VlanHere;
use super::svi::subnets_by_route;
use crate::diagnostic::{Place, Spanned};
use crate::intent::model::StaticRoute;
use crate::platform::arista_eos::interfaces::svi;
use crate::yang::write::{Cursor, Writer};

/// | EOS | path, under `protocols/protocol[STATIC]` of the instance |
/// |---|---|
/// | `ip route P A` | `static-routes/static/next-hops/next-hop/config/next-hop` |
/// | `ipv6 route vrf V P VlanN` | `static-routes/static/next-hops/next-hop/interface-ref/config/interface` |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>) {
    let protected = slice.protected();
    for route in slice.static_routes.iter().filter(|route| !protected.leaves_by_management(route.via.value)) {
        let instance = w.entry("/network-instances/network-instance", ["default"], &route.prefix.place);
        write_route(&instance, route);
    }
    for vlan in &slice.vlans {
        for gateway in subnets_by_route(vlan) {
            connect(w, vlan, gateway);
        }
    }
}

/// The route of a gateway's subnet to the VLAN's interface, by whose name the next hop is
/// indexed: which index EOS itself gives to an interface is not known.
fn connect(w: &Writer<'_>, vlan: &VlanHere<'_>, gateway: &Spanned<IpNet>) {
    let place = &gateway.place;
    let vrf = vlan.vrf.map_or("default", |vrf| vrf.as_str());
    let entry =
        static_route(&w.entry("/network-instances/network-instance", [vrf], place), gateway.value, place);
    let interface = svi(vlan.id);
    let hop = entry.entry("next-hops/next-hop", [&interface], place);
    hop.leaf("interface-ref/config/interface", &interface, place);
}

/// One route of an instance.
pub(super) fn write_route(instance: &Cursor<'_, '_>, route: &StaticRoute) {
    let entry = static_route(instance, route.prefix.value, &route.prefix.place);
    let hop = entry.entry("next-hops/next-hop", [index(route.via.value)], &route.via.place);
    hop.leaf("config/next-hop", route.via.value, &route.via.place);
}

/// The entry of a destination.
fn static_route<'w, 's>(instance: &Cursor<'w, 's>, prefix: IpNet, place: &Place) -> Cursor<'w, 's> {
    let protocol = instance.entry("protocols/protocol", ["openconfig-policy-types:STATIC", "STATIC"], place);
    protocol.leaf("config/enabled", true, place);
    protocol.entry("static-routes/static", [prefix.trunc()], place)
}

/// The index that EOS itself gives a next hop, so that a read-back finds the same entry.
fn index(next_hop: IpAddr) -> String {
    format!("AUTO_0_{}", next_hop.to_string().replace(['.', ':'], "-"))
}
