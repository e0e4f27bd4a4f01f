//! Routed interfaces of VLANs: own addresses and anycast gateways.
//!
//! Here also: [`subnets_by_route`], the IPv6 subnets that need a static route to be connected.
//! Elsewhere: their VRF (`vrf`), the VLANs (`vlans`).

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
/// family in the VLAN, else `ip address virtual`. Each family of each device decides for
/// itself: the gateway's address and MAC are the same both ways.
///
/// EOS 4.35.0F has no path for `ipv6 address virtual`. An IPv6 gateway is `ipv6
/// virtual-router address` always; without an own address beside it stands `ipv6 enable`,
/// whose link-local address is all that neighbour discovery needs (Arista's own generator
/// AVD emits the two together). A virtual-router address has no length, so it connects no
/// subnet: the static route of [`subnets_by_route`] does. None of this was tried on a
/// device.
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
    mtu(&svi, vlan);
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
            (false, IpAddr::V6(_)) => {
                svi.leaf("routed-vlan/ipv6/config/enabled", true, &gateway.place);
                virtual_router(w, vlan.id, gateway.value.addr(), &gateway.place);
            }
        }
    }
    for subnet in subnets_by_route(vlan) {
        let message = format!(
            "VLAN {}: {} is set with link-local addresses beside it: EOS has no YANG path for `ipv6 address virtual`",
            vlan.id, subnet.value
        );
        let finding = Finding::warning("ipv6-gateway-link-local", &subnet.place, message).on(slice.device);
        findings.push(
            finding
                .label("router advertisements carry no prefix of this subnet")
                .hint("hosts that learn their prefix need an own IPv6 address of each device under `at`"),
        );
    }
}

/// `mtu` of the SVI: one command on EOS, one leaf for each family in YANG.
fn mtu(svi: &Cursor<'_, '_>, vlan: &VlanHere<'_>) {
    let Some(mtu) = vlan.mtu else { return };
    for family in vlan.families() {
        svi.leaf(&format!("routed-vlan/{}/config/mtu", family.lower()), mtu.value, &mtu.place);
    }
}

/// The IPv6 subnets of a VLAN in which the device has a gateway and no own address: no
/// address connects them, so that a static route to the SVI has to.
pub(super) fn subnets_by_route<'a>(vlan: &VlanHere<'a>) -> impl Iterator<Item = &'a Spanned<IpNet>> {
    let own = vlan.addresses.iter().any(|own| own.value.addr().is_ipv6());
    let alone = move |gateway: &&Spanned<IpNet>| match gateway.value.addr() {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => !own && !address.is_unicast_link_local(),
    };
    vlan.gateway.iter().filter(alone)
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
