//! Answers across objects: who is connected to whom, who carries what.
//!
//! Here: [`Topology`], an index over a [`Fabric`], built once in one walk. It answers for
//! a fabric that has faults too, as the rules across files ask it. Elsewhere: those rules
//! (`check`), what a device's compilation makes of the answers (`compile`), the order in
//! which devices change (`rollout`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use serde::Serialize;

use super::model::services::Services;
use super::model::{DeviceState, Fabric, Pair, Peer, Placement, Platform, Selector, Vlan, Vrf};
use crate::diagnostic::{Place, Spanned};
use crate::names::{Asn, DeviceName, InterfaceName, PairName, RoleName, VlanId, VrfName};

#[cfg(test)]
mod tests;

/// One end of a routed link as its device sees it. Serialises without places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link<'a> {
    /// This end's port.
    pub port: &'a InterfaceName,
    /// This end's address with the link's length.
    pub address: Ipv4Net,
    /// Whether this end is the lower one, whose file says the link.
    pub up: bool,
    /// The device at the other end.
    pub remote: &'a DeviceName,
    /// Its port.
    pub remote_port: &'a InterfaceName,
    /// Its address.
    pub remote_address: Ipv4Addr,
    /// Its AS; none when neither device, pair nor role says one.
    pub remote_asn: Option<Asn>,
    /// Its Loopback0, the other end of the EVPN session.
    pub remote_loopback: Ipv4Addr,
    /// What it is doing; never released, since a released device's links are gone.
    pub remote_state: DeviceState,
    /// The key of the uplink in the lower device's file, which both ends come from.
    #[serde(skip)]
    pub place: &'a Place,
    /// `to:` in the lower device's file.
    #[serde(skip)]
    pub to_place: &'a Place,
    /// `address:` in the lower device's file, which both ends' addresses come from.
    #[serde(skip)]
    pub address_place: &'a Place,
}

/// The other end of a pair's MLAG, derived from this member's own addresses: it stays the
/// same when the other member's file is gone (rule 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MlagPeer<'a> {
    /// The other member; none for a lone survivor, also while the other is released.
    pub device: Option<&'a DeviceName>,
    /// Its address on the MLAG SVI: the other end of this member's /31.
    pub peer_address: Ipv4Addr,
    /// Its address on the iBGP SVI.
    pub ibgp_address: Option<Ipv4Addr>,
    /// Its management address, the heartbeat's target.
    pub management: Option<Ipv4Addr>,
}

/// A VLAN on one device.
#[derive(Clone, Debug, Serialize)]
pub struct VlanAt<'a> {
    /// The VLAN.
    pub vlan: &'a Vlan,
    /// The device's own addresses in it; none with a gateway is `ip address virtual`.
    pub addresses: Vec<&'a Spanned<IpNet>>,
    /// The line of `at` that put it there.
    #[serde(skip)]
    pub place: &'a Place,
}

/// An external peer on one device.
#[derive(Clone, Debug, Serialize)]
pub struct PeerAt<'a> {
    /// Its key under `peers`.
    pub name: &'a str,
    /// The peer.
    pub peer: &'a Peer,
    /// The VLAN whose subnet holds its address here.
    pub vlan: VlanId,
}

/// The index. Cheap to ask; building it is linear in the fabric.
#[derive(Debug)]
pub struct Topology<'a> {
    fabric: &'a Fabric,
    links: BTreeMap<&'a DeviceName, Vec<Link<'a>>>,
    members: BTreeMap<&'a str, Vec<&'a DeviceName>>,
    by_role: BTreeMap<&'a RoleName, Vec<&'a DeviceName>>,
    by_tag: BTreeMap<&'a str, Vec<&'a DeviceName>>,
    vlans: BTreeMap<&'a DeviceName, Vec<VlanAt<'a>>>,
    vrfs: BTreeMap<&'a DeviceName, BTreeMap<&'a VrfName, &'a Vrf>>,
    tiers: BTreeMap<&'a RoleName, u8>,
}

impl<'a> Topology<'a> {
    /// Indexes the fabric.
    pub fn new(fabric: &'a Fabric) -> Self {
        let mut topology = Self {
            fabric,
            links: BTreeMap::new(),
            members: BTreeMap::new(),
            by_role: BTreeMap::new(),
            by_tag: BTreeMap::new(),
            vlans: BTreeMap::new(),
            vrfs: BTreeMap::new(),
            tiers: BTreeMap::new(),
        };
        topology.index_devices();
        topology.index_links();
        topology.index_services();
        topology.tiers = tiers(fabric);
        topology
    }

    /// The fabric that is indexed.
    pub fn fabric(&self) -> &'a Fabric {
        self.fabric
    }

    /// The routed links of a device, ordered by its ports; for a spine they are derived from
    /// the uplinks that point to it. Links to a released device are gone, as its neighbours'
    /// ends are to be removed; those to a staged, drained or paused one stay.
    pub fn links(&self, device: &DeviceName) -> &[Link<'a>] {
        self.links.get(device).map_or(&[], Vec::as_slice)
    }

    /// The other end of the device's MLAG; none where the device has no `mlag`.
    pub fn mlag_peer(&self, device: &DeviceName) -> Option<MlagPeer<'a>> {
        let this = self.fabric.devices.get(device)?;
        let mlag = this.mlag.as_ref()?;
        let other = self.redundancy_group(device).into_iter().find(|name| *name != &this.name);
        let other = other.and_then(|name| self.fabric.devices.get(name));
        Some(MlagPeer {
            device: other.map(|other| &other.name),
            peer_address: other_end(mlag.peer.value)?,
            ibgp_address: mlag.ibgp.as_ref().and_then(|ibgp| other_end(ibgp.value)),
            management: other.map(|other| other.management.addr()),
        })
    }

    /// The device's AS: its own, else its pair's, else its role's.
    pub fn asn_of(&self, device: &DeviceName) -> Option<&'a Spanned<Asn>> {
        let this = self.fabric.devices.get(device)?;
        let pair = || self.pair_of(device).and_then(|pair| pair.asn.as_ref());
        let role = || self.fabric.design.roles.get(&this.role.value).and_then(|role| role.asn.as_ref());
        this.asn.as_ref().or_else(pair).or_else(role)
    }

    /// The device's VTEP: its pair's, else its own.
    pub fn vtep_of(&self, device: &DeviceName) -> Option<&'a Spanned<Ipv4Addr>> {
        let own = || self.fabric.devices.get(device).and_then(|device| device.vtep.as_ref());
        self.pair_of(device).and_then(|pair| pair.vtep.as_ref()).or_else(own)
    }

    /// The servers that the device uses: its own, else its role's, else the fabric's, field
    /// by field.
    pub fn services_of(&self, device: &DeviceName) -> Services {
        let of_fabric = &self.fabric.design.services;
        let Some(this) = self.fabric.devices.get(device) else { return of_fabric.clone() };
        let role = self.fabric.design.roles.get(&this.role.value).map(|role| &role.services);
        role.map_or_else(|| this.services.clone(), |role| this.services.or(role)).or(of_fabric)
    }

    /// The network OS of the device: its own, else the fabric's.
    pub fn platform_of(&self, device: &DeviceName) -> &'a Platform {
        let own = self.fabric.devices.get(device).and_then(|device| device.platform.as_ref());
        own.unwrap_or(&self.fabric.design.platform)
    }

    /// The device's pair, when it names one that exists.
    pub fn pair_of(&self, device: &DeviceName) -> Option<&'a Pair> {
        let pair = self.fabric.devices.get(device)?.pair.as_ref()?;
        self.fabric.pairs.get(&pair.value)
    }

    /// Every device that names the pair, released ones too, in the order of their names.
    pub fn members(&self, pair: &PairName) -> &[&'a DeviceName] {
        self.members.get(pair.as_str()).map_or(&[], Vec::as_slice)
    }

    /// The devices of which one at a time may change: the pair's members that are not
    /// released, or the device alone.
    pub fn redundancy_group(&self, device: &DeviceName) -> Vec<&'a DeviceName> {
        let Some(this) = self.fabric.devices.get(device) else { return Vec::new() };
        let members = this.pair.as_ref().map_or(&[][..], |pair| self.members(&pair.value));
        let mut group: Vec<_> = members.iter().copied().filter(|name| self.is_kept(name)).collect();
        if !group.contains(&&this.name) {
            group.push(&this.name);
        }
        group
    }

    /// The VLANs of a device in the order of their ids.
    pub fn vlans_at(&self, device: &DeviceName) -> &[VlanAt<'a>] {
        self.vlans.get(device).map_or(&[], Vec::as_slice)
    }

    /// Whether the VLAN is at the device.
    pub fn carries(&self, device: &DeviceName, vlan: VlanId) -> bool {
        self.vlans_at(device).binary_search_by_key(&vlan, |at| at.vlan.id).is_ok()
    }

    /// Whether the device's configuration counts: a released one is never written again.
    pub fn is_kept(&self, device: &DeviceName) -> bool {
        let state = self.fabric.devices.get(device).map(|device| device.state.value);
        state.is_some_and(|state| state != DeviceState::Released)
    }

    /// The VRFs of a device: those of its VLANs, and those whose `at` names it.
    pub fn vrfs_at(&self, device: &DeviceName) -> impl Iterator<Item = &'a Vrf> + '_ {
        self.vrfs.get(device).into_iter().flat_map(|vrfs| vrfs.values().copied())
    }

    /// The VRF's external peers on this device: it has a subnet of the VRF that holds the
    /// peer's address.
    pub fn peers_at(&self, device: &DeviceName, vrf: &VrfName) -> Vec<PeerAt<'a>> {
        let Some(vrf) = self.fabric.vrfs.get(vrf) else { return Vec::new() };
        let reach = |peer: &Peer| {
            let routed = |at: &&VlanAt<'_>| at.vlan.vrf.as_ref().is_some_and(|of| of.value == vrf.name);
            self.vlans_at(device).iter().filter(routed).find(|at| holds(at, peer.address.value))
        };
        let at = |(name, peer)| Some(PeerAt { name, peer, vlan: reach(peer)?.vlan.id });
        vrf.peers.iter().map(|(name, peer)| (name.as_str(), peer)).filter_map(at).collect()
    }

    /// How far above the hosts the device's role stands: 0 for roles that no uplink points
    /// to (leafs), 1 for those above them (spines), and so on.
    pub fn tier(&self, device: &DeviceName) -> u8 {
        let role = self.fabric.devices.get(device).map(|device| &device.role.value);
        role.and_then(|role| self.tiers.get(role)).copied().unwrap_or(0)
    }

    /// Whether the device carries traffic between others and has no hosts.
    pub fn is_spine(&self, device: &DeviceName) -> bool {
        self.tier(device) > 0
    }

    /// The devices that a selector means, in the order of their names; empty when nothing
    /// fits. Released devices are not among them.
    pub fn select(&self, selector: &Selector) -> Vec<&'a DeviceName> {
        let found: &[&'a DeviceName] = match selector {
            Selector::Name(name) => match self.fabric.devices.get_key_value(name.as_str()) {
                Some((device, _)) => return if self.is_kept(device) { vec![device] } else { Vec::new() },
                None => self.members.get(name.as_str()).map_or(&[], Vec::as_slice),
            },
            Selector::Role(role) => self.by_role.get(role).map_or(&[], Vec::as_slice),
            Selector::Tag(tag) => self.by_tag.get(tag.as_str()).map_or(&[], Vec::as_slice),
        };
        found.iter().copied().filter(|name| self.is_kept(name)).collect()
    }

    /// The devices of all placements of one object.
    pub fn select_all(&self, at: &[Placement]) -> BTreeSet<&'a DeviceName> {
        at.iter().flat_map(|placement| self.select(&placement.selector.value)).collect()
    }

    fn index_devices(&mut self) {
        for (name, device) in &self.fabric.devices {
            if let Some(pair) = &device.pair {
                self.members.entry(pair.value.as_str()).or_default().push(name);
            }
            self.by_role.entry(&device.role.value).or_default().push(name);
            for tag in device.tags.iter().map(|tag| tag.as_str()).collect::<BTreeSet<_>>() {
                self.by_tag.entry(tag).or_default().push(name);
            }
        }
    }

    fn index_links(&mut self) {
        for lower in self.fabric.devices.values() {
            for (port, uplink) in &lower.uplinks {
                let Some(upper) = self.fabric.devices.get(&uplink.to.value) else { continue };
                let Some(far) = other_end(uplink.address.value) else { continue };
                let Ok(far_net) = Ipv4Net::new(far, uplink.address.prefix_len()) else { continue };
                let (near_port, far_port) = (port, &uplink.to_port.value);
                let end = |from: (&'a InterfaceName, Ipv4Net), to: (&'a InterfaceName, Ipv4Addr), up| {
                    let remote = if up { upper } else { lower };
                    Link {
                        port: from.0,
                        address: from.1,
                        up,
                        remote: &remote.name,
                        remote_port: to.0,
                        remote_address: to.1,
                        remote_asn: self.asn_of(&remote.name).map(|asn| asn.value),
                        remote_loopback: remote.loopback.value,
                        remote_state: remote.state.value,
                        place: &uplink.place,
                        to_place: &uplink.to.place,
                        address_place: &uplink.address.place,
                    }
                };
                let ends = [
                    (&lower.name, end((near_port, uplink.address.value), (far_port, far), true)),
                    (&upper.name, end((far_port, far_net), (near_port, uplink.address.addr()), false)),
                ];
                for (device, link) in ends {
                    if link.remote_state != DeviceState::Released {
                        self.links.entry(device).or_default().push(link);
                    }
                }
            }
        }
        for links in self.links.values_mut() {
            links.sort_by(|a, b| natural(a.port.as_str()).cmp(&natural(b.port.as_str())));
        }
    }

    fn index_services(&mut self) {
        for vlan in self.fabric.vlans.values() {
            let mut places: BTreeMap<&'a DeviceName, VlanAt<'a>> = BTreeMap::new();
            for placement in &vlan.at {
                for device in self.select(&placement.selector.value) {
                    let fresh = || VlanAt { vlan, addresses: Vec::new(), place: &placement.selector.place };
                    let at = places.entry(device).or_insert_with(fresh);
                    at.addresses.extend(&placement.addresses);
                }
            }
            let vrf = vlan.vrf.as_ref().and_then(|vrf| self.fabric.vrfs.get(&vrf.value));
            for (device, at) in places {
                self.vlans.entry(device).or_default().push(at);
                if let Some(vrf) = vrf {
                    self.vrfs.entry(device).or_default().insert(&vrf.name, vrf);
                }
            }
        }
        for vrf in self.fabric.vrfs.values() {
            for device in self.select_all(&vrf.at) {
                self.vrfs.entry(device).or_default().insert(&vrf.name, vrf);
            }
        }
    }
}

/// The other address of a point-to-point subnet: of a /31 (RFC 3021) its other one, of a
/// /30 its other host; none for any other length and for a /30's network and broadcast.
pub fn other_end(address: Ipv4Net) -> Option<Ipv4Addr> {
    let bits = address.addr().to_bits();
    match (address.prefix_len(), bits & 3) {
        (31, _) => Some(Ipv4Addr::from_bits(bits ^ 1)),
        (30, 1 | 2) => Some(Ipv4Addr::from_bits(bits ^ 3)),
        _ => None,
    }
}

/// Whether the address lies in a subnet that the device has in this VLAN.
fn holds(at: &VlanAt<'_>, address: IpAddr) -> bool {
    let own = at.addresses.iter().map(|own| own.value);
    own.chain(at.vlan.gateway.iter().map(|gateway| gateway.value)).any(|net| net.contains(&address))
}

/// The tier of each role: one more than the highest role whose uplinks point to it. Roles
/// that point to each other in a circle (an error that `check` reports) stop at the number
/// of roles.
fn tiers(fabric: &Fabric) -> BTreeMap<&RoleName, u8> {
    let mut above: BTreeSet<(&RoleName, &RoleName)> = BTreeSet::new();
    for lower in fabric.devices.values() {
        for uplink in lower.uplinks.values() {
            if let Some(upper) = fabric.devices.get(&uplink.to.value) {
                above.insert((&lower.role.value, &upper.role.value));
            }
        }
    }
    let mut tiers: BTreeMap<&RoleName, u8> = BTreeMap::new();
    let spine = fabric.design.roles.keys().filter(|role| role.as_str() == "spine");
    // a spine stays a spine while its last leaf is gone
    tiers.extend(spine.map(|role| (role, 1)));
    for _ in 0..fabric.design.roles.len().min(8) {
        for (lower, upper) in &above {
            let needed = tiers.get(lower).copied().unwrap_or(0).saturating_add(1);
            let tier = tiers.entry(upper).or_insert(0);
            if lower != upper && *tier < needed {
                *tier = needed;
            }
        }
    }
    tiers
}

/// The order in which people count ports: `Ethernet2` before `Ethernet10`.
fn natural(port: &str) -> (&str, Vec<u32>) {
    let digits = port.find(|c: char| c.is_ascii_digit()).unwrap_or(port.len());
    let (kind, numbers) = port.split_at(digits);
    (kind, numbers.split(['/', '.']).map(|number| number.parse().unwrap_or(u32::MAX)).collect())
}
