//! VLANs and VRFs: numbers that are given once, places that fit, addresses that agree.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::{Context, also};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::intent::model::{Placement, Selector, Vlan};
use crate::names::{DeviceName, VlanId, Vni};

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    numbers(cx, out);
    let couples = couples(cx);
    for vlan in cx.fabric.vlans.values() {
        reserved(cx, vlan, out);
        one_member(cx, vlan, &couples, out);
        subnets(vlan, out);
        owners(cx, vlan, out);
        unaddressed(cx, vlan, out);
        mtu(vlan, out);
    }
    unused_vrfs(cx, out);
    gateway_mac(cx, out);
    vteps(cx, out);
}

/// VNIs are given once in the fabric, over VLANs and VRFs; ids once over VRFs.
fn numbers(cx: &Context<'_>, out: &mut Findings) {
    let mut vnis: BTreeMap<Vni, (String, &Place)> = BTreeMap::new();
    let of_vlans =
        cx.fabric.vlans.values().filter_map(|vlan| Some((format!("VLAN {}", vlan.id), vlan.vni.as_ref()?)));
    let of_vrfs =
        cx.fabric.vrfs.values().filter_map(|vrf| Some((format!("VRF {}", vrf.name), vrf.vni.as_ref()?)));
    for (what, vni) in of_vlans.chain(of_vrfs) {
        if let Some((first, place)) = vnis.get(&vni.value) {
            let finding = Finding::error(
                "vni-twice",
                &vni.place,
                format!("{what}: VNI {} is {first}'s already", vni.value),
            );
            out.push(finding.related(place, "first given here").hint("take another VNI"));
        } else {
            vnis.insert(vni.value, (what, &vni.place));
        }
    }
    let mut ids = BTreeMap::new();
    for vrf in cx.fabric.vrfs.values() {
        let Some(id) = &vrf.id else { continue };
        if let Some((first, place)) = ids.insert(id.value, (&vrf.name, &id.place)) {
            let message = format!("VRF {}: id {} is VRF {first}'s already", vrf.name, id.value);
            let finding = Finding::error("vrf-id-twice", &id.place, message);
            out.push(finding.related(place, "first given here").hint("take another id"));
        }
    }
}

/// VLANs that the fabric or the device takes for itself.
fn reserved(cx: &Context<'_>, vlan: &Vlan, out: &mut Findings) {
    let design = &cx.fabric.design;
    let mut taken: Vec<(VlanId, VlanId, &Place, &str)> = Vec::new();
    if let Some(mlag) = &design.mlag {
        let peer = &mlag.peer_vlan;
        taken.push((peer.value, peer.value, &peer.place, "the MLAG peer VLAN"));
        taken.extend(
            mlag.ibgp_vlan.as_ref().map(|ibgp| (ibgp.value, ibgp.value, &ibgp.place, "the iBGP VLAN")),
        );
        let range = mlag.vrf_ibgp.as_ref();
        taken.extend(range.map(|range| (range.value.0, range.value.1, &range.place, "for iBGP within VRFs")));
    }
    let internal = design.vlan_internal.as_ref();
    taken.extend(
        internal.map(|range| (range.value.0, range.value.1, &range.place, "for routed ports of the device")),
    );
    for (first, last, place, what) in taken {
        if (first..=last).contains(&vlan.id) {
            let message = format!("VLAN {} is {what}", vlan.id);
            let finding = Finding::error("vlan-reserved", &vlan.place, message);
            out.push(
                finding
                    .related(place, "reserved here")
                    .hint("take another number, or change the reservation"),
            );
        }
    }
}

/// A VLAN on one member of a pair needs `single: true`: hosts behind the pair would lose it
/// with that member.
fn one_member(cx: &Context<'_>, vlan: &Vlan, couples: &[(&DeviceName, &DeviceName)], out: &mut Findings) {
    if vlan.single || !cx.settled(&vlan.at) {
        return;
    }
    let there = |device: &DeviceName| cx.topology.carries(device, vlan.id);
    for (first, second) in couples {
        let (device, absent) = match (there(first), there(second)) {
            (true, false) => (first, second),
            (false, true) => (second, first),
            _ => continue,
        };
        let Some(placement) = placement_of(cx, vlan, device) else { continue };
        let pair = cx.topology.pair_of(device).map_or("", |pair| pair.name.as_str());
        let message = format!(
            "VLAN {}: it is at {device} and not at {absent}, the other member of pair {pair}",
            vlan.id
        );
        let finding = Finding::error("at-one-member", &placement.selector.place, message);
        out.push(if placement.addresses.is_empty() {
            finding.hint(format!("write {pair} instead, or add `single: true`"))
        } else {
            finding.hint(format!("add `{absent}: ADDRESS` to `at`, or add `single: true`"))
        });
    }
}

/// Both members of each pair that has two which count. Of three it is not known which two
/// are meant.
fn couples<'a>(cx: &Context<'a>) -> Vec<(&'a DeviceName, &'a DeviceName)> {
    let members = cx.fabric.pairs.keys().map(|pair| cx.topology.members(pair));
    members
        .filter_map(|members| {
            let mut kept = members.iter().copied().filter(|member| cx.topology.is_kept(member));
            match (kept.next(), kept.next(), kept.next()) {
                (Some(first), Some(second), None) => Some((first, second)),
                _ => None,
            }
        })
        .collect()
}

fn placement_of<'v>(cx: &Context<'_>, vlan: &'v Vlan, device: &DeviceName) -> Option<&'v Placement> {
    vlan.at.iter().find(|placement| cx.topology.select(&placement.selector.value).contains(&device))
}

/// Own addresses are in the gateway's subnet, with its length; without a gateway, in the
/// first one's.
fn subnets(vlan: &Vlan, out: &mut Findings) {
    let own: Vec<&Spanned<IpNet>> = vlan.at.iter().flat_map(|placement| &placement.addresses).collect();
    for address in &own {
        let family = |other: &&Spanned<IpNet>| other.addr().is_ipv4() == address.addr().is_ipv4();
        let gateways: Vec<_> = vlan.gateway.iter().filter(family).collect();
        let (nets, what) = if gateways.is_empty() {
            (own.iter().copied().filter(family).take(1).collect(), "the first address")
        } else {
            (gateways, "the gateway")
        };
        if nets.iter().any(|net| net.trunc() == address.trunc()) {
            continue;
        }
        let Some(net) = nets.first() else { continue };
        let message = if net.contains(&address.addr()) {
            format!("VLAN {}: {} and {what} {} have different lengths", vlan.id, address.value, net.value)
        } else {
            format!("VLAN {}: {} is not in the subnet of {what} {}", vlan.id, address.value, net.value)
        };
        let finding = Finding::error("at-subnet", &address.place, message).related(&net.place, what);
        out.push(finding.hint(format!("write an address of {}", net.trunc())));
    }
}

/// An own address belongs to one device.
fn owners(cx: &Context<'_>, vlan: &Vlan, out: &mut Findings) {
    for placement in vlan.at.iter().filter(|placement| !placement.addresses.is_empty()) {
        let selector = &placement.selector;
        let device =
            matches!(&selector.value, Selector::Name(name) if !cx.fabric.pairs.contains_key(name.as_str()));
        if device {
            continue;
        }
        let message =
            format!("VLAN {}: an own address needs one device, and `at` selects several here", vlan.id);
        let names: Vec<&str> = cx.topology.select(&selector.value).iter().map(|name| name.as_str()).collect();
        let finding = Finding::error("at-address-of-many", &selector.place, message);
        out.push(finding.hint(format!("write a line for each of {}", names.join(", "))));
    }
}

/// A VLAN of a VRF without any address somewhere is routed nowhere there.
fn unaddressed(cx: &Context<'_>, vlan: &Vlan, out: &mut Findings) {
    let Some(vrf) = vlan.vrf.as_ref().filter(|_| vlan.gateway.is_empty()) else { return };
    let bare = vlan
        .at
        .iter()
        .filter(|at| at.addresses.is_empty() && !cx.topology.select(&at.selector.value).is_empty());
    let places: Vec<&Place> = bare.map(|placement| &placement.selector.place).collect();
    let Some((first, others)) = places.split_first() else { return };
    let message = format!("VLAN {} is in VRF {} and has no address here", vlan.id, vrf.value);
    let finding = Finding::warning("vlan-no-address", first, message);
    let finding = also(finding, others.iter().copied(), "nor here");
    out.push(finding.hint("add `gateway: ADDRESS/LENGTH`, an own address, or remove `vrf`"));
}

/// An MTU is that of routed interfaces, and IPv6 has a least one (RFC 8200, section 5).
fn mtu(vlan: &Vlan, out: &mut Findings) {
    let Some(mtu) = &vlan.mtu else { return };
    let own = vlan.at.iter().flat_map(|placement| &placement.addresses);
    let addresses: Vec<&Spanned<IpNet>> = vlan.gateway.iter().chain(own).collect();
    if addresses.is_empty() {
        let message = format!("VLAN {}: `mtu` has no effect: the VLAN is routed nowhere", vlan.id);
        let finding = Finding::warning("vlan-mtu-unrouted", &mtu.place, message);
        out.push(finding.hint("it is the IP MTU of the VLAN's interface; a port's own is `mtu` of the port"));
    } else if let Some(v6) = addresses.iter().find(|net| net.addr().is_ipv6() && mtu.value < 1280) {
        let message = format!("VLAN {}: IPv6 needs an MTU of at least 1280", vlan.id);
        let finding = Finding::error("vlan-mtu-ipv6", &mtu.place, message);
        out.push(finding.related(&v6.place, "IPv6 here").hint("write 1280 or more"));
    }
}

/// A VRF that lives nowhere.
fn unused_vrfs(cx: &Context<'_>, out: &mut Findings) {
    if !cx.routed_settled() {
        return;
    }
    let used: BTreeSet<_> = cx
        .fabric
        .devices
        .keys()
        .flat_map(|device| cx.topology.vrfs_at(device))
        .map(|vrf| &vrf.name)
        .collect();
    for vrf in cx.fabric.vrfs.values().filter(|vrf| !used.contains(&vrf.name)) {
        // `at` that selects nothing is reported there
        if vrf.at.is_empty() {
            let message = format!("VRF {} is on no device: no VLAN that is anywhere names it", vrf.name);
            let finding = Finding::warning("vrf-nowhere", &vrf.place, message);
            out.push(finding.hint(format!("write `vrf: {}` in a VLAN, or `at: [DEVICE]` here", vrf.name)));
        }
    }
}

/// Anycast gateways need the virtual MAC, of the fabric or of the device's role.
fn gateway_mac(cx: &Context<'_>, out: &mut Findings) {
    let design = &cx.fabric.design;
    if !cx.sound("overlay") || !cx.sound("roles") {
        return;
    }
    if design.overlay.as_ref().is_some_and(|overlay| overlay.gateway_mac.is_some()) {
        return;
    }
    let of_role = |device: &DeviceName| {
        let role = cx.fabric.devices.get(device).and_then(|device| design.roles.get(&device.role.value));
        role.and_then(|role| role.overlay.as_ref()).is_some_and(|overlay| overlay.value.gateway_mac.is_some())
    };
    let lacking = |vlan: &&Vlan| {
        let places = cx.topology.select_all(&vlan.at);
        places.is_empty() || !places.into_iter().all(of_role)
    };
    let gateways: Vec<&Place> = cx
        .fabric
        .vlans
        .values()
        .filter(lacking)
        .filter_map(|vlan| Some(&vlan.gateway.first()?.place))
        .collect();
    let Some((first, others)) = gateways.split_first() else { return };
    let finding =
        Finding::error("gateway-no-mac", first, "a gateway needs `overlay.gateway-mac` in fabric.yaml");
    let finding = also(finding, others.iter().copied(), "here too");
    out.push(
        finding.hint("add `gateway-mac: \"00:1c:73:00:00:01\"` to `overlay`, the same MAC on every device"),
    );
}

/// What is stretched needs a VTEP. Said once for each pair or device.
fn vteps(cx: &Context<'_>, out: &mut Findings) {
    let mut said: BTreeSet<&Place> = BTreeSet::new();
    for device in cx.kept() {
        let pair = cx.topology.pair_of(&device.name);
        // the pair that could not be read, or that is missing, would have said it
        let pair_missing = pair.is_none() && (device.pair.is_some() || device.mlag.is_some());
        if pair_missing || cx.topology.vtep_of(&device.name).is_some() || device.vtep.is_some() {
            continue;
        }
        let vlans = cx.topology.vlans_at(&device.name).iter();
        let stretched =
            vlans.filter_map(|at| Some((format!("VLAN {}", at.vlan.id), &at.vlan.vni.as_ref()?.place)));
        let vrfs = cx.topology.vrfs_at(&device.name);
        let vrfs = vrfs.filter_map(|vrf| Some((format!("VRF {}", vrf.name), &vrf.vni.as_ref()?.place)));
        let Some((what, place)) = stretched.chain(vrfs).next() else { continue };
        let home = pair.map_or(&device.place, |pair| &pair.place);
        if said.insert(home) {
            let message = format!("device {} has no VTEP, and {what} needs one", device.name);
            let finding =
                Finding::error("vtep-missing", home, message).related(place, "stretched by this VNI");
            out.push(finding.hint(format!("add `vtep: ADDRESS` to {}", home.file)));
        }
    }
}
