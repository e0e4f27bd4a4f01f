//! Static routes of the default VRF that leave by the fabric.
//!
//! Elsewhere: those that leave by the management network (`bootstrap`, promise 13).

use std::net::IpAddr;

use super::Slice;
use crate::diagnostic::Place;
use crate::intent::model::StaticRoute;
use crate::yang::write::{Cursor, Writer};

/// | EOS | path, under `protocols/protocol[STATIC]` of the default instance |
/// |---|---|
/// | `ip route P A` | `static-routes/static/next-hops/next-hop/config/next-hop` |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>) {
    let protected = slice.protected();
    for route in slice.static_routes.iter().filter(|route| !protected.leaves_by_management(route.via.value)) {
        let instance = w.entry("/network-instances/network-instance", ["default"], &route.prefix.place);
        write_route(&instance, route);
    }
}

/// One route of an instance.
pub(super) fn write_route(instance: &Cursor<'_, '_>, route: &StaticRoute) {
    let place: &Place = &route.prefix.place;
    let protocol = instance.entry("protocols/protocol", ["openconfig-policy-types:STATIC", "STATIC"], place);
    protocol.leaf("config/enabled", true, place);
    let entry = protocol.entry("static-routes/static", [route.prefix.value.trunc()], place);
    let hop = entry.entry("next-hops/next-hop", [index(route.via.value)], &route.via.place);
    hop.leaf("config/next-hop", route.via.value, &route.via.place);
}

/// The index that EOS itself gives a next hop, so that a read-back finds the same entry.
fn index(next_hop: IpAddr) -> String {
    format!("AUTO_0_{}", next_hop.to_string().replace(['.', ':'], "-"))
}
