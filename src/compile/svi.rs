//! Routed interfaces of VLANs: own addresses and anycast gateways.
//!
//! Elsewhere: their VRF (`vrf`), the VLANs (`vlans`), IPv6 gateways without an own address
//! (no path on EOS 4.35.0F: `bootstrap`).

use std::net::IpAddr;

use ipnet::IpNet;

use super::Slice;
use super::defaults::{MLAG_IBGP_SVI_DESCRIPTION, MLAG_PEER_SVI_DESCRIPTION};
use super::interfaces::open;
use super::mlag::vrf_ibgp;
use super::slice::{Mlag, VlanHere};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::names::VlanId;
use crate::platform::arista_eos::interfaces::svi;
use crate::yang::write::{Cursor, Writer};

/// | EOS | path |
/// |---|---|
/// | `interface VlanN` | `routed-vlan/config/vlan` |
/// | `ip address` | `routed-vlan/ipv4/addresses/address`, IPv6 likewise |
/// | `ip virtual-router address` | `/arista/varp/config/varp-intf-config/virtual-ip-addr` |
/// | `ip address virtual` | `arista-varp/virtual-address`, further ones `secondary-virtual-addresses` |
/// | `mtu` | `routed-vlan/ipv4/config/mtu` |
///
/// A gateway is `ip virtual-router address` where the device has an own address of that
/// family in the VLAN, else `ip address virtual`.
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>, findings: &mut Findings) {
    for vlan in slice.vlans.iter().filter(|vlan| vlan.is_routed()) {
        tenant(slice, w, vlan, findings);
    }
    if let Some(mlag) = &slice.mlag {
        pair(slice, w, mlag);
    }
}

/// The SVIs of the pair itself: MLAG, iBGP, and iBGP in VRFs.
fn pair(slice: &Slice<'_>, w: &Writer<'_>, mlag: &Mlag<'_>) {
    let peer = interface(w, mlag.peer_vlan.value, &mlag.peer_vlan.place);
    peer.leaf("config/description", MLAG_PEER_SVI_DESCRIPTION, &mlag.peer_vlan.place);
    address(&peer, IpNet::V4(mlag.address.value), &mlag.address.place);
    let Some(own) = mlag.ibgp_address else { return };
    let vlans = mlag.ibgp_vlan.map(|vlan| (vlan.value, &vlan.place));
    let in_vrfs = vrf_ibgp(slice).into_iter().map(|link| (link.vlan, link.place));
    for (vlan, place) in vlans.into_iter().chain(in_vrfs) {
        let ibgp = interface(w, vlan, place);
        ibgp.leaf("config/description", MLAG_IBGP_SVI_DESCRIPTION, place);
        address(&ibgp, IpNet::V4(own.value), &own.place);
        if let Some(mtu) = slice.underlay.mtu {
            ibgp.leaf("routed-vlan/ipv4/config/mtu", mtu.value, &mtu.place);
        }
    }
}

fn tenant(slice: &Slice<'_>, w: &Writer<'_>, vlan: &VlanHere<'_>, findings: &mut Findings) {
    let place = vlan.addresses.first().copied().or(vlan.gateway.first()).map_or(vlan.at, |net| &net.place);
    let svi = interface(w, vlan.id, place);
    let mut secondary = false;
    for own in &vlan.addresses {
        let entry = address(&svi, own.value, &own.place);
        if own.value.addr().is_ipv4() {
            // EOS has one primary address an interface; the first of the list is it
            if secondary {
                entry.leaf("config/addr-type", "SECONDARY", &own.place);
            }
            secondary = true;
        }
    }
    let mut virtuals = 0;
    for gateway in vlan.gateway {
        let same_family =
            |own: &&Spanned<IpNet>| own.value.addr().is_ipv4() == gateway.value.addr().is_ipv4();
        match (vlan.addresses.iter().any(same_family), gateway.value.addr()) {
            (true, gateway_address) => virtual_router(w, vlan.id, gateway_address, &gateway.place),
            (false, IpAddr::V4(_)) => {
                address_virtual(&svi, virtuals, gateway);
                virtuals += 1;
            }
            (false, IpAddr::V6(address)) => findings.push(
                Finding::warning(
                    "ipv6-gateway-by-bootstrap",
                    &gateway.place,
                    format!(
                        "VLAN {}: no YANG path sets {address} as an IPv6 gateway without an own address",
                        vlan.id
                    ),
                )
                .on(slice.device)
                .hint("bootstrap prints the line; or give each place its own IPv6 address under `at`"),
            ),
        }
    }
}

/// An SVI that is up.
fn interface<'w, 's>(w: &'w Writer<'s>, vlan: VlanId, place: &Place) -> Cursor<'w, 's> {
    let interface = open(w, &svi(vlan), place);
    interface.leaf("routed-vlan/config/vlan", vlan, place);
    interface
}

/// An own address; gives its entry.
fn address<'w, 's>(svi: &Cursor<'w, 's>, net: IpNet, place: &Place) -> Cursor<'w, 's> {
    let family = if net.addr().is_ipv4() { "ipv4" } else { "ipv6" };
    let ip = svi.at(&format!("routed-vlan/{family}"), place);
    ip.leaf("config/enabled", true, place);
    let entry = ip.entry("addresses/address", [net.addr()], place);
    entry.leaf("config/prefix-length", net.prefix_len(), place);
    entry
}

/// `ip virtual-router address`. EOS keys IPv4 by prefix: a host's, as the command takes an
/// address without length (the form that a device reports is unverified).
fn virtual_router(w: &Writer<'_>, vlan: VlanId, gateway: IpAddr, place: &Place) {
    let varp = w.entry("/arista/varp/config/varp-intf-config", [svi(vlan)], place);
    match gateway {
        IpAddr::V4(address) => {
            let entry = varp.entry("virtual-ip-addr", [format!("{address}/32")], place);
            entry.leaf("virtual-ip-addr-value", true, place);
        }
        IpAddr::V6(address) => {
            let entry = varp.entry("virtual-ip6-addr", [address], place);
            entry.leaf("virtual-ip6-addr-value", true, place);
        }
    }
}

/// `ip address virtual`, and ` secondary` from the second on.
fn address_virtual(svi: &Cursor<'_, '_>, before: usize, gateway: &Spanned<IpNet>) {
    let place = &gateway.place;
    svi.leaf("routed-vlan/ipv4/config/enabled", true, place);
    let varp = svi.at("arista-varp", place);
    let (ip, length) = (gateway.value.addr(), gateway.value.prefix_len());
    if before == 0 {
        varp.leaf("virtual-address/config/ip", ip, place);
        varp.leaf("virtual-address/config/prefix-length", length, place);
    } else {
        let entry = varp.entry("secondary-virtual-addresses/address", [ip], place);
        entry.leaf("config/prefix-length", length, place);
    }
}
