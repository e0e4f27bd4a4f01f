//! Changes that are never made without a person's word: they cut every session, tunnel or
//! pair at once, or what they take away does not come back as it was.
//!
//! Here: [`guarded`], from two fabrics to findings. Elsewhere: holding them (`agent`),
//! naming them (`review`), the trailer that lets them through (`git`).

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::git::Allowance;
use crate::intent::Fabric;
use crate::intent::model::{Device, DeviceState, RouteScheme};
use crate::intent::topology::{Topology, VlanAt};
use crate::names::{DeviceName, InterfaceName, PairName, VlanId};
use crate::phrase;
use crate::yang::natural::natural;

/// How many devices a finding names before it counts the rest.
const NAMED: usize = 6;

/// The guarded changes from one fabric to the next, each as an error with its place in the
/// next one's files, if it has one there. A change that one line makes on many devices is
/// one finding. Devices that were not written yet (`staged`, new ones) and those that are
/// let go of are left aside.
///
/// Codes: `guarded-asn`, `guarded-router-id`, `guarded-vtep`, `guarded-mlag-domain`,
/// `guarded-peer-link`, `guarded-fabric-mtu`, `guarded-breakout`, `guarded-rd-scheme`,
/// `guarded-vrf-deleted`, `guarded-gateway-kind`.
pub fn guarded(before: &Fabric, after: &Fabric) -> Findings {
    let sides = Sides { before: Topology::new(before), after: Topology::new(after) };
    let mut found = Found::default();
    for device in sides.written() {
        sides.device(device, &mut found);
        sides.gateways(device, &mut found);
    }
    sides.schemes(&mut found);
    sides.vrfs(&mut found);
    found.into_findings()
}

/// What is found, by what one line of the intent says of how many devices.
#[derive(Default)]
struct Found(BTreeMap<(&'static str, Option<Place>, String), BTreeSet<DeviceName>>);

impl Found {
    fn push(&mut self, code: &'static str, place: Option<&Place>, what: String, device: Option<&DeviceName>) {
        self.0.entry((code, place.cloned(), what)).or_default().extend(device.cloned());
    }

    /// A value of a device that is another than before. One that was not there before is
    /// new, and guards nothing.
    fn changed<T: PartialEq + std::fmt::Display>(
        &mut self,
        (code, what): (&'static str, &str),
        (from, to): (Option<&Spanned<T>>, Option<&Spanned<T>>),
        device: &Device,
    ) {
        let Some(from) = from else { return };
        if to.is_some_and(|to| to.value == from.value) {
            return;
        }
        let becomes = to.map_or_else(|| "goes".to_owned(), |to| format!("becomes {}", to.value));
        let place = to.map_or(&device.place, |to| &to.place);
        self.push(code, Some(place), format!("{what} {} {becomes}", from.value), Some(&device.name));
    }

    fn into_findings(self) -> Findings {
        let finding = |((code, place, what), devices): ((&'static str, Option<Place>, String), _)| {
            let message = match names(&devices) {
                names if names.is_empty() => what,
                names => format!("{what} on {names}"),
            };
            let finding = match place {
                Some(place) => Finding::error(code, &place, message),
                None => Finding::error_nowhere(code, message),
            };
            finding.hint(Allowance::Guarded.hint())
        };
        let mut findings: Findings = self.0.into_iter().map(finding).collect();
        findings.sort();
        findings
    }
}

fn names(devices: &BTreeSet<DeviceName>) -> String {
    let mut names: Vec<&str> = devices.iter().map(DeviceName::as_str).collect();
    names.sort_by(|a, b| natural(a, b));
    phrase::first_of(names, NAMED)
}

struct Sides<'a> {
    before: Topology<'a>,
    after: Topology<'a>,
}

impl<'a> Sides<'a> {
    /// The devices that may hold a configuration of ours and go on holding one.
    fn written(&self) -> Vec<&'a Device> {
        let was_written = |device: &&Device| {
            let before = self.before.fabric().devices.get(&device.name).map(|device| *device.state);
            before.is_some_and(|state| !matches!(state, DeviceState::Staged | DeviceState::Released))
        };
        let devices = self.after.fabric().devices.values().filter(was_written);
        devices.filter(|device| *device.state != DeviceState::Released).collect()
    }

    fn device(&self, device: &'a Device, found: &mut Found) {
        let name = &device.name;
        let Some(old) = self.before.fabric().devices.get(name) else { return };
        let (before, after) = (&self.before, &self.after);
        found.changed(("guarded-asn", "AS"), (before.asn_of(name), after.asn_of(name)), device);
        let loopbacks = (Some(&old.loopback), Some(&device.loopback));
        found.changed(("guarded-router-id", "router id"), loopbacks, device);
        found.changed(("guarded-vtep", "VTEP address"), (before.vtep_of(name), after.vtep_of(name)), device);
        let (was, is) = (mlag(before, old), mlag(after, device));
        if let Some(was) = &was {
            let is_domain = is.as_ref().map(|is| &is.domain);
            found.changed(("guarded-mlag-domain", "MLAG domain"), (Some(&was.domain), is_domain), device);
        }
        if let (Some(was), Some(is)) = (&was, &is) {
            if let (Some(was), Some(is)) = (&was.peer, &is.peer) {
                found.changed(("guarded-mlag-domain", "MLAG peer"), (Some(was), Some(is)), device);
            }
            found.changed(("guarded-peer-link", "peer link"), (Some(&was.link), Some(&is.link)), device);
            let vlans = (Some(&was.vlan), Some(&is.vlan));
            found.changed(("guarded-peer-link", "VLAN of the peer link"), vlans, device);
        }
        found.mtu(underlay_mtu(before, old), underlay_mtu(after, device), device);
        for (cage, lanes) in cages(before, old) {
            let now = cages(after, device).remove(&cage);
            if now.as_ref().is_some_and(|now| is_broken_out(now) != is_broken_out(&lanes)) {
                let to = if is_broken_out(&lanes) { "one port" } else { "several ports" };
                let what = format!("breakout: {cage} becomes {to}");
                found.push("guarded-breakout", Some(&device.place), what, Some(name));
            }
        }
    }

    /// VLANs whose gateway is of another kind than before, in either family: each decides
    /// for itself between own addresses and none.
    fn gateways(&self, device: &Device, found: &mut Found) {
        let old = self.before.vlans_at(&device.name).iter();
        let before: BTreeMap<VlanId, &VlanAt<'_>> = old.map(|at| (at.vlan.id, at)).collect();
        for at in self.after.vlans_at(&device.name) {
            let Some(old) = before.get(&at.vlan.id) else { continue };
            for (is_v4, family) in [(true, ""), (false, " for IPv6")] {
                let (Some(was), Some(is)) = (kind(old, is_v4), kind(at, is_v4)) else { continue };
                if was != is {
                    let place = gateways(at, is_v4).next().map_or(at.place, |gateway| &gateway.place);
                    let what = format!("VLAN {}: {was} becomes {is}{family}", at.vlan.id);
                    found.push("guarded-gateway-kind", Some(place), what, Some(&device.name));
                }
            }
        }
    }

    fn schemes(&self, found: &mut Found) {
        let (before, after) = (&self.before.fabric().design, &self.after.fabric().design);
        let (Some(was), Some(is)) = (&before.overlay, &after.overlay) else { return };
        let pairs = [("VLANs", &was.vlan, &is.vlan), ("VRFs", &was.vrf, &is.vrf)];
        for (of, was, is) in pairs {
            let rd = |scheme: &'a Option<RouteScheme>| scheme.as_ref().map(|scheme| &scheme.rd);
            let (Some(was), is) = (rd(was), rd(is)) else { continue };
            if is.is_none_or(|is| is.value != was.value) {
                let place = is.map_or(&after.place, |is| &is.place);
                let to = is.map_or("goes".to_owned(), |is| format!("becomes {:?}", is.value));
                let what = format!("RD scheme of {of}: {:?} {to}", was.value);
                found.push("guarded-rd-scheme", Some(place), what, None);
            }
        }
    }

    /// VRFs that were on some device and are on none any more. A device that is not written
    /// yet carries nothing.
    fn vrfs(&self, found: &mut Found) {
        let carried = |topology: &Topology<'a>| -> BTreeMap<&'a str, BTreeSet<DeviceName>> {
            let mut carried: BTreeMap<&str, BTreeSet<DeviceName>> = BTreeMap::new();
            let devices = topology.fabric().devices.values();
            for device in devices.filter(|device| *device.state != DeviceState::Staged) {
                for vrf in topology.vrfs_at(&device.name) {
                    carried.entry(vrf.name.as_str()).or_default().insert(device.name.clone());
                }
            }
            carried
        };
        let after = carried(&self.after);
        for (vrf, devices) in carried(&self.before) {
            if !after.contains_key(vrf) {
                let place = self.after.fabric().vrfs.get(vrf).map(|vrf| &vrf.place);
                for device in &devices {
                    found.push("guarded-vrf-deleted", place, format!("VRF {vrf} is deleted"), Some(device));
                }
            }
        }
    }
}

impl Found {
    /// The IP MTU of routed links; where none is said the device has its own default.
    fn mtu(&mut self, from: Option<&Spanned<u16>>, to: Option<&Spanned<u16>>, device: &Device) {
        let value = |mtu: Option<&Spanned<u16>>| mtu.map(|mtu| mtu.value);
        if value(from) == value(to) || device.uplinks.is_empty() && from.is_none() {
            return;
        }
        let shown = |mtu: Option<&Spanned<u16>>| {
            mtu.map_or_else(|| "the device's default".to_owned(), |mtu| mtu.value.to_string())
        };
        let place = to.map_or(&device.place, |to| &to.place);
        let what = format!("MTU of the fabric: {} becomes {}", shown(from), shown(to));
        self.push("guarded-fabric-mtu", Some(place), what, Some(&device.name));
    }
}

/// What a member of a pair has of MLAG.
struct Mlag {
    domain: Spanned<String>,
    /// None where the other member's file is gone: that is no other partner.
    peer: Option<Spanned<DeviceName>>,
    link: Spanned<String>,
    vlan: Spanned<VlanId>,
}

/// None of a device that is in no pair.
fn mlag(topology: &Topology<'_>, device: &Device) -> Option<Mlag> {
    let design = topology.fabric().design.mlag.as_ref()?;
    let pair = topology.pair_of(&device.name)?;
    device.mlag.as_ref()?;
    let own_name = || Spanned::new(PairName::to_string(&pair.name), pair.place.clone());
    let ports: Vec<&str> = pair.peer_link.iter().map(|port| port.value.as_str()).collect();
    let place = pair.peer_link.first().map_or(&pair.place, |port| &port.place);
    let peer = topology.members(&pair.name).iter().find(|name| ***name != device.name);
    let joins = device.pair.as_ref().map_or(&pair.place, |of| &of.place);
    Some(Mlag {
        peer: peer.map(|peer| Spanned::new((*peer).clone(), joins.clone())),
        vlan: design.peer_vlan.clone(),
        domain: pair.domain.clone().or_else(|| design.domain.clone()).unwrap_or_else(own_name),
        link: Spanned::new(
            format!("Port-Channel{} of {}", design.port_channel.value, ports.join(" and ")),
            place.clone(),
        ),
    })
}

/// What a role says goes before what the fabric says, as compiling has it.
fn underlay_mtu<'a>(topology: &Topology<'a>, device: &Device) -> Option<&'a Spanned<u16>> {
    let design = &topology.fabric().design;
    let role = design.roles.get(&device.role.value).and_then(|role| role.underlay.mtu.as_ref());
    role.or(design.underlay.mtu.as_ref())
}

fn gateways<'a>(at: &VlanAt<'a>, is_v4: bool) -> impl Iterator<Item = &'a Spanned<IpNet>> {
    at.vlan.gateway.iter().filter(move |gateway| gateway.value.addr().is_ipv4() == is_v4)
}

/// The kind of a VLAN's gateway of one family on one device; none where it has no address
/// there.
fn kind(at: &VlanAt<'_>, is_v4: bool) -> Option<&'static str> {
    let own = at.addresses.iter().any(|own| own.value.addr().is_ipv4() == is_v4);
    match (gateways(at, is_v4).next().is_none(), !own) {
        (true, true) => None,
        (true, false) => Some("own addresses alone"),
        (false, true) => Some("an anycast gateway (`ip address virtual`)"),
        (false, false) => Some("own addresses with a virtual router (VARP)"),
    }
}

/// The lanes in use of each front-panel port: `Ethernet5/1` is lane 1 of Ethernet5. The
/// intent has no word for breakout; it names the ports that a device has.
fn cages(topology: &Topology<'_>, device: &Device) -> BTreeMap<String, BTreeSet<String>> {
    let of_pair = topology.pair_of(&device.name);
    let of_pair = of_pair.into_iter().flat_map(|pair| {
        pair.ports.keys().chain(pair.peer_link.iter().map(|port| &port.value)).collect::<Vec<_>>()
    });
    let links = topology.links(&device.name).iter().map(|link| link.port);
    let ports = device.ports.keys().chain(of_pair).chain(links);
    let mut cages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for port in ports {
        let (cage, lane) = lane(port);
        cages.entry(cage.to_owned()).or_default().insert(lane.to_owned());
    }
    cages
}

/// The first lane alone is the whole port, any other one is breakout.
fn is_broken_out(lanes: &BTreeSet<String>) -> bool {
    lanes.iter().any(|lane| lane != "1")
}

/// `Ethernet5/2` is lane 2 of Ethernet5, `Ethernet3/5/2` lane 2 of Ethernet3/5; a port
/// without a lane is its own first.
fn lane(port: &InterfaceName) -> (&str, &str) {
    port.as_str().rsplit_once('/').unwrap_or((port.as_str(), "1"))
}

#[cfg(test)]
mod tests;
