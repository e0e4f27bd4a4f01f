//! Addresses: none is given twice within a VRF, and no two VLANs have the same subnet.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Context;
use crate::diagnostic::{Finding, Findings, Place};
use crate::intent::model::{Device, Vlan};
use crate::intent::topology::other_end;
use crate::names::VlanId;

/// The device's own VRF.
const DEFAULT: &str = "default";

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    let mut taken = Taken { seen: BTreeMap::new(), out };
    for device in cx.kept() {
        of_device(cx, device, &mut taken);
    }
    for device in cx.kept() {
        lone_ends(cx, device, &mut taken);
    }
    for pair in cx.fabric.pairs.values() {
        if let Some(vtep) = &pair.vtep {
            taken.add(DEFAULT, vtep.value.into(), &vtep.place, &format!("VTEP of pair {}", pair.name));
        }
    }
    for vlan in cx.fabric.vlans.values() {
        of_vlan(vlan, &mut taken);
    }
    subnets(cx, out);
}

/// Who has which address.
struct Taken<'a, 'o> {
    seen: BTreeMap<(&'a str, IpAddr), (&'a Place, String)>,
    out: &'o mut Findings,
}

impl<'a> Taken<'a, '_> {
    /// Takes an address for its owner; false when another has it. An address that stands at
    /// one place is one fault, however many owners it makes.
    fn add(&mut self, vrf: &'a str, address: IpAddr, place: &'a Place, owner: &str) -> bool {
        let Some((first, first_owner)) = self.seen.get(&(vrf, address)) else {
            self.seen.insert((vrf, address), (place, owner.to_owned()));
            return true;
        };
        let within = if vrf == DEFAULT { String::new() } else { format!(" in VRF {vrf}") };
        let message = format!("{owner}: {address}{within} is the {first_owner} already");
        let finding = Finding::error("address-twice", place, message);
        self.out.push(finding.related(first, "first given here").hint("take another address"));
        false
    }
}

fn of_device<'a>(cx: &Context<'a>, device: &'a Device, taken: &mut Taken<'a, '_>) {
    let name = &device.name;
    let vrf = cx.fabric.design.management.vrf.as_str();
    let management = &device.management;
    taken.add(vrf, management.addr().into(), &management.place, &format!("management address of {name}"));
    taken.add(DEFAULT, device.loopback.value.into(), &device.loopback.place, &format!("loopback of {name}"));
    if let Some(vtep) = device.vtep.as_ref().filter(|_| device.pair.is_none()) {
        taken.add(DEFAULT, vtep.value.into(), &vtep.place, &format!("VTEP of {name}"));
    }
    for (port, uplink) in &device.uplinks {
        let (address, place) = (uplink.address.value, &uplink.address.place);
        if taken.add(DEFAULT, address.addr().into(), place, &format!("address of {name} {port}"))
            && let Some(far) = other_end(address)
        {
            let owner = format!(
                "address of {} {}, the other end of {name} {port}",
                uplink.to.value, uplink.to_port.value
            );
            taken.add(DEFAULT, far.into(), place, &owner);
        }
    }
    if let Some(mlag) = &device.mlag {
        for (key, address) in [("peer", Some(&mlag.peer)), ("iBGP", mlag.ibgp.as_ref())] {
            let Some(address) = address else { continue };
            taken.add(
                DEFAULT,
                address.addr().into(),
                &address.place,
                &format!("MLAG {key} address of {name}"),
            );
        }
    }
}

/// The other end of a lone survivor's MLAG, which it still speaks to. When another device
/// has it as its own MLAG address the two are members that do not find each other, which is
/// reported at the pair.
fn lone_ends<'a>(cx: &Context<'a>, device: &'a Device, taken: &mut Taken<'a, '_>) {
    let alone = cx.topology.mlag_peer(&device.name).is_some_and(|peer| peer.device.is_none());
    let Some(mlag) = device.mlag.as_ref().filter(|_| alone) else { return };
    for address in std::iter::once(&mlag.peer).chain(&mlag.ibgp) {
        let Some(far) = other_end(address.value) else { continue };
        let owner = taken.seen.get(&(DEFAULT, far.into())).map(|(_, owner)| owner.as_str());
        if owner.is_none_or(|owner| !owner.starts_with("MLAG")) {
            let owner = format!("other end of the MLAG address of {}", device.name);
            taken.add(DEFAULT, far.into(), &address.place, &owner);
        }
    }
}

fn of_vlan<'a>(vlan: &'a Vlan, taken: &mut Taken<'a, '_>) {
    let vrf = vlan.vrf.as_ref().map_or(DEFAULT, |vrf| vrf.as_str());
    for gateway in vlan.gateway.iter().filter(|gateway| is_of_vrf(gateway.addr())) {
        taken.add(vrf, gateway.addr(), &gateway.place, &format!("gateway of VLAN {}", vlan.id));
    }
    for placement in &vlan.at {
        for address in placement.addresses.iter().filter(|address| is_of_vrf(address.addr())) {
            taken.add(
                vrf,
                address.addr(),
                &address.place,
                &format!("address of a place of VLAN {}", vlan.id),
            );
        }
    }
}

/// Whether an address means one place in its VRF; a link-local one means one on each link.
fn is_of_vrf(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_link_local(),
        IpAddr::V6(address) => !address.is_unicast_link_local(),
    }
}

/// Two VLANs of one VRF with overlapping subnets: the fabric could not tell where to send.
fn subnets(cx: &Context<'_>, out: &mut Findings) {
    let mut subnets: Vec<(&str, IpNet, VlanId, &Place)> = Vec::new();
    for vlan in cx.fabric.vlans.values() {
        let vrf = vlan.vrf.as_ref().map_or(DEFAULT, |vrf| vrf.as_str());
        let own = vlan.at.iter().flat_map(|placement| &placement.addresses);
        for address in vlan.gateway.iter().chain(own).filter(|address| is_of_vrf(address.addr())) {
            subnets.push((vrf, address.trunc(), vlan.id, &address.place));
        }
    }
    // sorted, a subnet that holds others comes directly before them
    subnets.sort_by_key(|(vrf, net, vlan, _)| (*vrf, *net, *vlan));
    subnets.dedup_by_key(|(vrf, net, vlan, _)| (*vrf, *net, *vlan));
    let mut wide: Option<(&str, IpNet, VlanId, &Place)> = None;
    for (vrf, net, vlan, place) in subnets {
        let inside = wide.filter(|(other_vrf, other, ..)| *other_vrf == vrf && other.contains(&net));
        let Some((_, other, other_vlan, other_place)) = inside else {
            wide = Some((vrf, net, vlan, place));
            continue;
        };
        if other_vlan == vlan {
            continue;
        }
        let message = format!("VLAN {vlan}: its subnet {net} overlaps {other} of VLAN {other_vlan}");
        let finding = Finding::error("subnet-overlap", place, message);
        out.push(
            finding.related(other_place, "the other subnet").hint("give each VLAN of a VRF its own subnet"),
        );
    }
}
