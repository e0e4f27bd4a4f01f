//! Route distinguishers, route targets and external peers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Context, also};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::intent::model::{Redistribute, RouteScheme, RouteTargets, Vrf};
use crate::intent::route::is_route_id;
use crate::names::{DeviceName, PairName};

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    let services = services(cx);
    if cx.sound("overlay") {
        schemes(cx, &services, out);
    }
    same_on_pair(cx, &services, out);
    for vrf in cx.fabric.vrfs.values() {
        peers(cx, vrf, out);
        border(cx, vrf, out);
        tells_all(vrf, out);
    }
}

/// What has a VNI, and so a route distinguisher and targets.
struct Service<'a> {
    what: String,
    /// The section of the scheme under `overlay`.
    section: &'static str,
    vni: &'a Place,
    rd: Option<&'a Spanned<String>>,
    rt: Option<&'a RouteTargets>,
    scheme: Option<&'a RouteScheme>,
    /// The words of the scheme that do not differ between devices; none is not given.
    words: Vec<(&'static str, Option<String>)>,
    /// The device with the greatest AS number, whose route ids are the longest.
    widest: Option<&'a DeviceName>,
    /// A device whose partner has the service too.
    paired: Option<&'a DeviceName>,
}

/// Devices from the greatest AS number down.
fn ranked<'a>(cx: &Context<'a>) -> Vec<&'a DeviceName> {
    let mut devices: Vec<_> = cx.kept().map(|device| &device.name).collect();
    devices.sort_by_key(|name| std::cmp::Reverse(cx.topology.asn_of(name).map(|asn| asn.value)));
    devices
}

fn services<'a>(cx: &Context<'a>) -> Vec<Service<'a>> {
    let overlay = cx.fabric.design.overlay.as_ref();
    let ranked = ranked(cx);
    let partnered = |device: &&DeviceName| cx.topology.redundancy_group(device).len() > 1;
    let paired: Vec<_> = cx.kept().map(|device| &device.name).filter(partnered).collect();
    let find = |at: &dyn Fn(&DeviceName) -> bool| {
        let widest = ranked.iter().copied().find(|device| at(device));
        (widest, paired.iter().copied().find(|device| at(device)))
    };
    let vlans = cx.fabric.vlans.values().filter_map(|vlan| {
        let vni = vlan.vni.as_ref()?;
        let (widest, paired) = find(&|device| cx.topology.carries(device, vlan.id));
        Some(Service {
            what: format!("VLAN {}", vlan.id),
            section: "vlan",
            vni: &vni.place,
            rd: vlan.rd.as_ref(),
            rt: vlan.rt.as_ref(),
            scheme: overlay.and_then(|overlay| overlay.vlan.as_ref()),
            words: vec![("vni", Some(vni.to_string())), ("vlan", Some(vlan.id.to_string()))],
            widest,
            paired,
        })
    });
    let vrfs = cx.fabric.vrfs.values().filter_map(|vrf| {
        let vni = vrf.vni.as_ref()?;
        let (widest, paired) = find(&|device| cx.topology.vrfs_at(device).any(|at| at.name == vrf.name));
        Some(Service {
            what: format!("VRF {}", vrf.name),
            section: "vrf",
            vni: &vni.place,
            rd: vrf.rd.as_ref(),
            rt: vrf.rt.as_ref(),
            scheme: overlay.and_then(|overlay| overlay.vrf.as_ref()),
            words: vec![("vni", Some(vni.to_string())), ("id", vrf.id.as_ref().map(|id| id.to_string()))],
            widest,
            paired,
        })
    });
    vlans.chain(vrfs).collect()
}

/// Each service has a scheme or its own values, and the scheme's make sense everywhere. A
/// scheme that fits no service is one fault.
fn schemes(cx: &Context<'_>, services: &[Service<'_>], out: &mut Findings) {
    let mut lacking: BTreeMap<&str, Vec<&Service<'_>>> = BTreeMap::new();
    let mut wide: BTreeMap<&Place, Vec<(&Service<'_>, String)>> = BTreeMap::new();
    for service in services.iter().filter(|service| service.rd.is_none() || service.rt.is_none()) {
        let Some(scheme) = service.scheme else {
            lacking.entry(service.section).or_default().push(service);
            continue;
        };
        let texts = [("rd", &scheme.rd, service.rd.is_none()), ("rt", &scheme.rt, service.rt.is_none())];
        for (key, text, _) in texts.into_iter().filter(|(.., used)| *used) {
            let said = |word: &str| text.contains(&format!("{{{word}}}"));
            if let Some((word, _)) = service.words.iter().find(|(word, value)| value.is_none() && said(word))
            {
                let message = format!("{}: `{word}` is missing, which its {key} is made of", service.what);
                let finding = Finding::error("service-no-id", service.vni, message);
                out.push(finding.related(&text.place, "the scheme").hint(format!("add `{word}: NUMBER`")));
                break;
            }
            let filled = service.widest.and_then(|device| Some((device, fill(cx, service, text, device)?)));
            if let Some((device, filled)) = filled.filter(|(_, filled)| !is_route_id(filled)) {
                let message = format!("{}: its {key} on {device} would be {filled}", service.what);
                wide.entry(&text.place).or_default().push((service, message));
                break;
            }
        }
    }
    for (section, services) in lacking {
        let Some((first, others)) = services.split_first() else { continue };
        let message = format!(
            "{} has a VNI, and fabric.yaml has no `overlay.{section}` scheme for its RD and RT",
            first.what
        );
        let finding = Finding::error("service-no-scheme", first.vni, message);
        let finding = also(finding, others.iter().map(|service| service.vni), "this too");
        out.push(finding.hint(format!("add `{section}: {{ rd, rt }}` to `overlay`, or `rd` and `rt` here")));
    }
    for (place, faults) in wide {
        let Some(((_, message), others)) = faults.split_first() else { continue };
        let message = format!("{message}, which does not fit in six bytes");
        let finding = Finding::error("service-route-id", place, message);
        let finding = also(finding, others.iter().map(|(service, _)| service.vni), "nor with this VNI");
        out.push(finding.hint("after an address or an AS number above 65535, the number is at most 65535"));
    }
}

/// The scheme for one device; none when the device is in no AS, which is reported there.
fn fill(cx: &Context<'_>, service: &Service<'_>, text: &str, device: &DeviceName) -> Option<String> {
    let mut filled = text.to_owned();
    for (word, value) in &service.words {
        filled = filled.replace(&format!("{{{word}}}"), value.as_deref().unwrap_or_default());
    }
    let asn = cx.topology.asn_of(device)?.to_string();
    let router_id = cx.fabric.devices.get(device)?.loopback.to_string();
    Some(filled.replace("{asn}", &asn).replace("{router-id}", &router_id))
}

/// A route distinguisher that is equal on both members of a pair makes their routes one at
/// the spine, which then keeps one of the two. Said once for each scheme.
fn same_on_pair(cx: &Context<'_>, services: &[Service<'_>], out: &mut Findings) {
    let mut said = BTreeSet::new();
    for service in services.iter().filter(|service| service.rd.is_none()) {
        let Some(rd) = service.scheme.map(|scheme| &scheme.rd) else { continue };
        let pair = service.paired.and_then(|device| cx.topology.pair_of(device));
        let Some(pair) = pair.filter(|_| !rd.contains("{router-id}")) else { continue };
        if said.insert(&rd.place) {
            let message = format!(
                "`overlay.{}.rd` is equal on both members of a pair, as for {} on {}: a spine keeps one of two equal routes",
                service.section, service.what, pair.name
            );
            let better = if service.section == "vlan" { "{router-id}:{vlan}" } else { "{router-id}:{id}" };
            let hint = format!("\"{better}\" differs; changing it withdraws and announces every route again");
            out.push(Finding::warning("rd-equal-on-pair", &rd.place, message).hint(hint));
        }
    }
}

/// A peer has to be in a subnet of its VRF somewhere, and its address is not one of ours.
fn peers(cx: &Context<'_>, vrf: &Vrf, out: &mut Findings) {
    let settled = cx.routed_settled();
    let reached: BTreeSet<&str> = cx
        .fabric
        .devices
        .keys()
        .flat_map(|device| cx.topology.peers_at(device, &vrf.name))
        .map(|at| at.name)
        .collect();
    let mut seen: BTreeMap<IpAddr, (&str, &Place)> = BTreeMap::new();
    for (name, peer) in &vrf.peers {
        let address = &peer.address;
        if let Some((first, place)) = seen.insert(address.value, (name, &address.place)) {
            let message = format!(
                "VRF {} peer {name}: peer {first} has the address {} already",
                vrf.name, address.value
            );
            let finding = Finding::error("peer-twice", &address.place, message);
            out.push(finding.related(place, "first given here").hint("remove one of the two"));
        }
        if let Some((owner, place)) = own_address(cx, vrf, address.value) {
            let message = format!("VRF {} peer {name}: {} is {owner}", vrf.name, address.value);
            let finding = Finding::error("peer-is-own", &address.place, message).related(place, "given here");
            out.push(finding.hint("write the neighbour's address"));
        } else if settled && !reached.contains(name.as_str()) {
            let message = format!(
                "VRF {} peer {name}: no device has a subnet of the VRF that holds {}",
                vrf.name, address.value
            );
            let finding = Finding::error("peer-nowhere", &address.place, message);
            out.push(finding.hint("a peer is configured where a VLAN of the VRF has its subnet: add the VLAN, or mend the address"));
        }
    }
}

fn own_address<'a>(cx: &Context<'a>, vrf: &Vrf, address: IpAddr) -> Option<(String, &'a Place)> {
    let of_vrf =
        cx.fabric.vlans.values().filter(|vlan| vlan.vrf.as_ref().is_some_and(|of| of.value == vrf.name));
    of_vrf
        .flat_map(|vlan| {
            let own = vlan.at.iter().flat_map(|placement| &placement.addresses);
            vlan.gateway
                .iter()
                .chain(own)
                .map(move |address| (format!("an address of VLAN {}", vlan.id), address))
        })
        .find(|(_, own)| own.addr() == address)
        .map(|(what, own)| (what, &own.place))
}

/// Both members of a pair share a VTEP: when one loses its session, half of the traffic
/// still lands on it, and there is no way to the other within the VRF.
fn border(cx: &Context<'_>, vrf: &Vrf, out: &mut Findings) {
    let linked = cx.fabric.design.mlag.as_ref().is_some_and(|mlag| mlag.vrf_ibgp.is_some());
    if linked || !cx.sound("mlag") {
        return;
    }
    let mut said: BTreeSet<&PairName> = BTreeSet::new();
    for device in cx.fabric.devices.keys() {
        let Some(peer) = cx.topology.peers_at(device, &vrf.name).into_iter().next() else { continue };
        let Some(pair) = cx.topology.pair_of(device) else { continue };
        if cx.topology.redundancy_group(device).len() > 1 && said.insert(&pair.name) {
            let message = format!(
                "VRF {}: pair {} has external peers and no iBGP between its members in this VRF",
                vrf.name, pair.name
            );
            let finding = Finding::warning("border-no-ibgp", &peer.peer.place, message);
            let label = "when one member loses this session, half of the traffic is dropped on it";
            out.push(
                finding
                    .label(label)
                    .hint("`mlag: { vrf-ibgp: { vlans: 3001-3099 } }` in fabric.yaml gives each VRF a link"),
            );
        }
    }
}

/// Connected subnets go to external peers as they are, where no policy stands between.
fn tells_all(vrf: &Vrf, out: &mut Findings) {
    let connected = vrf.redistribute.iter().find(|what| what.source.value == Redistribute::Connected);
    let connected = connected.filter(|connected| connected.policy.is_none());
    let open = vrf.peers.iter().find(|(_, peer)| peer.filters.outbound.is_none());
    if let (Some(connected), Some((name, peer))) = (connected, open) {
        let message = format!("VRF {}: every connected subnet is told to its external peers", vrf.name);
        let finding = Finding::warning("redistribute-to-peer", &connected.source.place, message);
        out.push(
            finding
                .related(&peer.place, format!("peer {name} has no outbound policy"))
                .hint("give the peer `out: POLICY`, or filter at the neighbour"),
        );
    }
}
