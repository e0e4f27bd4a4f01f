//! Routed ports and loopbacks.
//!
//! Here also: [`open`], with which every feature starts an interface, and its address.
//! Elsewhere: host ports and LAGs (`ports`, `port_channel`), SVIs (`svi`), Vxlan1 (`vxlan`).

use std::net::Ipv4Addr;

use super::Slice;
use super::defaults::{ROUTER_ID_DESCRIPTION, VTEP_DESCRIPTION};
use crate::diagnostic::Place;
use crate::platform::arista_eos::interfaces::{ROUTER_ID_LOOPBACK, VTEP_LOOPBACK, type_of};
use crate::yang::write::{Cursor, Writer};

/// | EOS | path |
/// |---|---|
/// | `interface Ethernet1` / `no switchport` | `subinterfaces/subinterface[0]/ipv4/config/enabled` |
/// | `ip address` | `subinterfaces/subinterface[0]/ipv4/addresses/address` |
/// | `mtu` of a routed port, which is the IP MTU | `subinterfaces/subinterface[0]/ipv4/config/mtu` |
/// | `description` | `config/description` |
/// | `no shutdown` | `config/enabled` |
///
/// Links stay up on a drained device, unless the device's own `ports` shut them. `interface/config/mtu` is left alone on routed ports
/// (EOS: it is the L2 MTU).
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>) {
    for end in &slice.links {
        let link = &end.link;
        let up = end.enabled.map_or((true, link.place), |enabled| (enabled.value, &enabled.place));
        let port = open_if(w, link.port.as_str(), up, link.place);
        match end.description {
            Some(own) => port.leaf("config/description", &own.value, &own.place),
            None => port.leaf("config/description", link.remote, link.to_place),
        }
        let ipv4 = routed(&port, link.address.addr(), link.address.prefix_len(), link.address_place);
        if let Some(mtu) = slice.underlay.mtu {
            ipv4.leaf("config/mtu", mtu.value, &mtu.place);
        }
    }
    let id = slice.loopback;
    let loopback = open(w, ROUTER_ID_LOOPBACK, &id.place);
    if !slice.spine {
        loopback.leaf("config/description", ROUTER_ID_DESCRIPTION, &id.place);
    }
    routed(&loopback, id.value, 32, &id.place);
    if let Some(vtep) = slice.vtep {
        let loopback = open(w, VTEP_LOOPBACK, &vtep.place);
        loopback.leaf("config/description", VTEP_DESCRIPTION, &vtep.place);
        routed(&loopback, vtep.value, 32, &vtep.place);
    }
}

/// An interface that is up, with its type, which is mandatory.
pub(super) fn open<'w, 's>(w: &'w Writer<'s>, name: &str, place: &Place) -> Cursor<'w, 's> {
    open_if(w, name, (true, place), place)
}

/// An interface that is up or not, as somebody says.
pub(super) fn open_if<'w, 's>(
    w: &'w Writer<'s>,
    name: &str,
    (enabled, because): (bool, &Place),
    place: &Place,
) -> Cursor<'w, 's> {
    let interface = w.entry("/interfaces/interface", [name], place);
    if let Some(kind) = type_of(name) {
        interface.leaf("config/type", kind, place);
    }
    interface.leaf("config/enabled", enabled, because);
    interface
}

/// Makes subinterface 0 of an interface routed, with one IPv4 address; gives its `ipv4`.
pub(super) fn routed<'w, 's>(
    interface: &Cursor<'w, 's>,
    address: Ipv4Addr,
    length: u8,
    place: &Place,
) -> Cursor<'w, 's> {
    let ipv4 = interface.entry("subinterfaces/subinterface", [0], place).at("ipv4", place);
    ipv4.leaf("config/enabled", true, place);
    ipv4.entry("addresses/address", [address], place).leaf("config/prefix-length", length, place);
    ipv4
}
