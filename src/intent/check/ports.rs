//! Host ports: one use a port, one home a setting, VLANs that are there.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use crate::diagnostic::{Finding, Findings, Place};
use crate::intent::model::{Device, Pair, Port, PortMode, Vlan};
use crate::names::{DeviceName, InterfaceName, VlanId};

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    let mut reported = Reported::default();
    for device in cx.kept() {
        let pair = cx.topology.pair_of(&device.name);
        uses(cx, device, pair, &mut reported, out);
        of_links(cx, device, pair, &mut reported, out);
        if let Some(pair) = pair {
            of_member(cx, device, pair, &mut reported, out);
        }
        lags(cx, device, pair, &mut reported, out);
    }
    for owner in owners(cx) {
        for (name, port) in owner.ports.iter().filter(|(name, _)| !owner.elsewhere(cx, name)) {
            settings(cx, &owner, name, port, &mut reported, out);
            vlans_at(cx, &owner, port, &mut reported, out);
        }
    }
}

/// Who says a port, and the devices that have it.
struct Owner<'a> {
    what: String,
    /// The name for `at`.
    name: &'a str,
    ports: &'a BTreeMap<InterfaceName, Port>,
    /// Of a member, its pair's ports, of which it may say little.
    shared: &'a BTreeMap<InterfaceName, Port>,
    /// The device, if it is one.
    device: Option<&'a Device>,
    devices: Vec<&'a DeviceName>,
}

impl Owner<'_> {
    /// Whether the port is the pair's or the end of a link, of which a device says little.
    fn elsewhere(&self, cx: &Context<'_>, name: &InterfaceName) -> bool {
        let link = self.device.is_some_and(|device| link_of(cx, device, name).is_some());
        link || self.shared.contains_key(name)
    }
}

fn owners<'a>(cx: &Context<'a>) -> Vec<Owner<'a>> {
    static NONE: BTreeMap<InterfaceName, Port> = BTreeMap::new();
    let pairs = cx.fabric.pairs.values().map(|pair| Owner {
        what: format!("pair {}", pair.name),
        name: pair.name.as_str(),
        ports: &pair.ports,
        shared: &NONE,
        device: None,
        // of three members it is not known which two are meant
        devices: Some(cx.topology.members(&pair.name)).filter(|two| two.len() <= 2).unwrap_or(&[]).to_vec(),
    });
    let devices = cx.kept().map(|device| Owner {
        what: format!("device {}", device.name),
        name: device.name.as_str(),
        ports: &device.ports,
        shared: cx.topology.pair_of(&device.name).map_or(&NONE, |pair| &pair.ports),
        device: Some(device),
        devices: vec![&device.name],
    });
    pairs.chain(devices).collect()
}

/// Faults that were said: a pair's port is met on both members, a range's on each port.
#[derive(Default)]
struct Reported(BTreeSet<(&'static str, Place, Option<Place>)>);

impl Reported {
    /// Whether this fault is new.
    fn first(&mut self, code: &'static str, place: &Place, other: Option<&Place>) -> bool {
        self.0.insert((code, place.clone(), other.cloned()))
    }
}

/// Each port of a device has one use: uplink, far end of an uplink, peer link or host port.
fn uses(cx: &Context<'_>, device: &Device, pair: Option<&Pair>, reported: &mut Reported, out: &mut Findings) {
    let mut seen: BTreeMap<&InterfaceName, (&str, &Place)> = BTreeMap::new();
    let up = device.uplinks.iter().map(|(port, uplink)| (port, "an uplink", &uplink.place));
    // two links to one port are reported at the links
    let links = cx.topology.links(&device.name).iter();
    let down = links.filter(|link| !link.up).map(|link| (link.port, "a link from below", link.to_place));
    let peer = pair.into_iter().flat_map(|pair| &pair.peer_link);
    let peer = peer.map(|port| (&port.value, "the peer link", &port.place));
    let shared = pair.into_iter().flat_map(|pair| &pair.ports);
    let shared = shared.map(|(port, said)| (port, "a host port", &said.place));
    // what a device says about its pair's port is `of_member`'s, and about a link `of_links`'
    let own_alone = |port: &InterfaceName| {
        let in_pair =
            pair.is_some_and(|pair| pair.ports.contains_key(port) || peer_link(pair, port).is_some());
        !in_pair && link_of(cx, device, port).is_none()
    };
    let own = device.ports.iter().filter(|(port, _)| own_alone(port));
    let own = own.map(|(port, said)| (port, "a host port", &said.place));
    for (port, usage, place) in up.chain(down).chain(peer).chain(shared).chain(own) {
        let Some((first_use, first)) = seen.get(port) else {
            seen.insert(port, (usage, place));
            continue;
        };
        let both_down = usage == "a link from below" && *first_use == usage;
        if both_down || !reported.first("port-used-twice", place, None) {
            continue;
        }
        let message = format!("device {}: {port} is {first_use} already, and {usage} here", device.name);
        let finding = Finding::error("port-used-twice", place, message);
        out.push(finding.related(first, format!("{first_use} here")).hint("take one of the two away"));
    }
}

/// The link that a port of a device is an end of: where the lower device's file says it.
fn link_of<'a>(cx: &Context<'a>, device: &'a Device, port: &InterfaceName) -> Option<&'a Place> {
    let up = device.uplinks.get(port).map(|uplink| &uplink.place);
    let below = || cx.topology.links(&device.name).iter().find(|link| link.port == port);
    up.or_else(|| below().map(|link| link.to_place))
}

/// Where the pair's file names a port of its peer link.
fn peer_link<'a>(pair: &'a Pair, port: &InterfaceName) -> Option<&'a Place> {
    pair.peer_link.iter().find(|link| link.value == *port).map(|link| &link.place)
}

/// Where a port says more than its description and whether it is enabled.
fn more_than_enabled(port: &Port) -> impl Iterator<Item = (&'static str, &Place)> {
    let own = &port.own;
    let keys = [
        ("to", port.to.as_ref().map(|value| &value.place)),
        ("profile", port.profile.as_ref().map(|value| &value.place)),
        ("lag", port.lag.as_ref().map(|value| &value.place)),
        ("vlans", port.vlans.first().map(|value| &value.place)),
        ("native", port.native.as_ref().map(|value| &value.place)),
        ("mode", own.mode.as_ref().map(|value| &value.place)),
        ("lacp", own.lacp.as_ref().map(|value| &value.place)),
        ("fallback", own.fallback.as_ref().map(|value| &value.place)),
        ("fallback-timeout", own.fallback_timeout.as_ref().map(|value| &value.place)),
        ("mtu", own.mtu.as_ref().map(|value| &value.place)),
    ];
    keys.into_iter().filter_map(|(key, place)| Some((key, place?)))
}

/// A device says of its end of a link the description and whether it is enabled; what the
/// link is stands at its lower device. Of a port of the peer link it says nothing: a pair
/// whose peer link is half shut is no pair.
fn of_links(
    cx: &Context<'_>,
    device: &Device,
    pair: Option<&Pair>,
    reported: &mut Reported,
    out: &mut Findings,
) {
    for (name, port) in &device.ports {
        if let Some(link) = link_of(cx, device, name) {
            for (key, place) in more_than_enabled(port) {
                if !reported.first("port-of-link", place, None) {
                    continue;
                }
                let message =
                    format!("device {}: {name} is the end of a link and has no `{key}`", device.name);
                let finding = Finding::error("port-of-link", place, message)
                    .label("of a link's end only `description` and `enabled` can be said here")
                    .related(link, "the link");
                out.push(finding.hint("remove it here, or the link there"));
            }
        } else if let Some(place) = pair.and_then(|pair| peer_link(pair, name))
            && reported.first("port-of-peer-link", &port.place, None)
        {
            let message = format!("device {}: {name} is the pair's peer link", device.name);
            let finding =
                Finding::error("port-of-peer-link", &port.place, message).related(place, "said here");
            out.push(match &port.enabled {
                Some(enabled) if !enabled.value => finding.label("its peer link cannot be shut").hint(
                    "to take a member out of service write `state: drained`; a range is written around the port",
                ),
                _ => finding.hint("remove it here: the compiler configures the peer link"),
            });
        }
    }
}

/// A member says of a pair's port its description and whether it is enabled, no more
/// (rule 2): what hosts see must not differ between the members.
fn of_member(cx: &Context<'_>, device: &Device, pair: &Pair, reported: &mut Reported, out: &mut Findings) {
    for (name, port) in &device.ports {
        let Some(shared) = pair.ports.get(name) else {
            if link_of(cx, device, name).is_none() && peer_link(pair, name).is_none() {
                orphan(device, pair, (name, port), reported, out);
            }
            continue;
        };
        for (key, place) in more_than_enabled(port) {
            if !reported.first("port-of-pair", place, None) {
                continue;
            }
            let message = format!("device {}: `{key}` of {name} belongs to pair {}", device.name, pair.name);
            let finding = Finding::error("port-of-pair", place, message)
                .label("a member may say `description` and `enabled` only")
                .related(&shared.place, "the pair's port");
            out.push(finding.hint(format!("say it in {}, for both members", pair.place.file)));
        }
    }
}

/// A port with a host on one member alone. One that is only named, described or shut has no
/// host that could be cut off.
fn orphan(
    device: &Device,
    pair: &Pair,
    (name, port): (&InterfaceName, &Port),
    reported: &mut Reported,
    out: &mut Findings,
) {
    if more_than_enabled(port).next().is_none() {
        return;
    }
    if reported.first("port-orphan", &port.place, None) {
        let message = format!("device {}: {name} is on one member of pair {} only", device.name, pair.name);
        let finding = Finding::warning("port-orphan", &port.place, message);
        out.push(
            finding
                .label("its host is cut off when this device is")
                .hint(format!("say it in {} if the host is connected to both", pair.place.file)),
        );
    }
}

/// Port-Channel numbers: not the peer link's, and one LAG says one thing.
fn lags(cx: &Context<'_>, device: &Device, pair: Option<&Pair>, reported: &mut Reported, out: &mut Findings) {
    let peer_link = cx.fabric.design.mlag.as_ref().map(|mlag| &mlag.port_channel);
    let mut seen: BTreeMap<u16, (bool, &Port)> = BTreeMap::new();
    let shared = pair.into_iter().flat_map(|pair| &pair.ports).map(|(name, port)| (true, name, port));
    let own = device.ports.iter().map(|(name, port)| (false, name, port));
    for (of_pair, name, port) in shared.chain(own) {
        let Some(lag) = &port.lag else { continue };
        if let Some(peer_link) = peer_link.filter(|peer_link| pair.is_some() && peer_link.value == lag.value)
            && reported.first("lag-reserved", &lag.place, None)
        {
            let message = format!("{name}: Port-Channel{} is the peer link's", lag.value);
            let finding = Finding::error("lag-reserved", &lag.place, message);
            out.push(finding.related(&peer_link.place, "reserved here").hint("take another number"));
        }
        let Some((first_of_pair, first)) = seen.get(&lag.value) else {
            seen.insert(lag.value, (of_pair, port));
            continue;
        };
        let Some(first_lag) = first.lag.as_ref().filter(|first| first.place != lag.place) else { continue };
        if *first_of_pair != of_pair {
            if reported.first("lag-twice", &lag.place, None) {
                let message = format!(
                    "device {}: Port-Channel{} of {name} is the pair's already",
                    device.name, lag.value
                );
                let finding =
                    Finding::error("lag-twice", &lag.place, message).related(&first_lag.place, "the pair's");
                out.push(finding.hint("take another number"));
            }
        } else if !same_lag(first, port) && reported.first("lag-differs", &lag.place, None) {
            let message = format!("{name}: the ports of Port-Channel{} differ", lag.value);
            let finding = Finding::error("lag-differs", &lag.place, message)
                .related(&first_lag.place, "its first port");
            out.push(finding.hint(
                "ports of one LAG have one profile, mode, MTU and list of VLANs; write them as a range",
            ));
        }
    }
}

fn same_lag(a: &Port, b: &Port) -> bool {
    let own = |port: &Port| {
        let own = &port.own;
        let lacp = (own.mode.clone(), own.lacp.clone(), own.fallback.clone());
        let vlans: BTreeSet<VlanId> = port.vlans.iter().map(|vlan| vlan.value).collect();
        (
            lacp,
            own.fallback_timeout.clone(),
            own.mtu.clone(),
            port.profile.clone(),
            vlans,
            port.native.clone(),
        )
    };
    own(a) == own(b)
}

/// Mode and VLANs of a port fit together.
fn settings(
    cx: &Context<'_>,
    owner: &Owner<'_>,
    name: &InterfaceName,
    port: &Port,
    reported: &mut Reported,
    out: &mut Findings,
) {
    let what = format!("{} {name}", owner.what);
    let mut fault = |code, place: &Place, message: String, hint: &str| {
        if reported.first(code, place, None) {
            out.push(Finding::error(code, place, format!("{what}: {message}")).hint(hint));
        }
    };
    let mut seen = BTreeSet::new();
    if let Some(again) = port.vlans.iter().find(|vlan| !seen.insert(vlan.value)) {
        fault(
            "port-vlan-twice",
            &again.place,
            format!("VLAN {} is listed twice", again.value),
            "remove one of the two",
        );
    }
    let profile = port.profile.as_ref().map(|profile| cx.fabric.design.profiles.get(&profile.value));
    // an unknown profile is reported where it is named, a broken one where it stands
    if matches!(profile, Some(None)) || (profile.is_some() && !cx.sound("profiles")) {
        return;
    }
    let mode = port.own.mode.as_ref().or_else(|| profile.flatten().and_then(|profile| profile.mode.as_ref()));
    let first = port.vlans.first();
    match (mode.map(|mode| mode.value), first, &port.native) {
        (None, Some(vlan), _) | (None, None, Some(vlan)) => {
            let hint = "add `mode: trunk` or `mode: access`, or a profile that says it";
            fault("port-no-mode", &vlan.place, "it has VLANs and no mode".to_owned(), hint);
        }
        (Some(PortMode::Access), _, Some(native)) => {
            let hint = "the untagged VLAN of an access port is its one VLAN: `vlans: [ID]`";
            fault("port-access", &native.place, "an access port has no `native`".to_owned(), hint);
        }
        (Some(PortMode::Access), _, None) => {
            if let Some(second) = port.vlans.get(1) {
                let hint = "leave one, or use `mode: trunk`";
                fault("port-access", &second.place, "an access port has one VLAN".to_owned(), hint);
            }
        }
        (Some(PortMode::Trunk), None, _) if reported.first("port-trunk-all", &port.place, None) => {
            let message = format!("{what}: a trunk without `vlans` carries every VLAN of the device");
            let hint = "list its VLANs, or write `enabled: false` if it is to carry none";
            out.push(Finding::warning("port-trunk-all", &port.place, message).hint(hint));
        }
        _ => {}
    }
}

/// A VLAN of a port has to be `at` its devices.
fn vlans_at(cx: &Context<'_>, owner: &Owner<'_>, port: &Port, reported: &mut Reported, out: &mut Findings) {
    for wanted in port.vlans.iter().chain(&port.native) {
        let Some(vlan) = cx.fabric.vlans.get(&wanted.value) else { continue };
        let without = |name: &&&DeviceName| cx.topology.is_kept(name) && !cx.topology.carries(name, vlan.id);
        let missing: Vec<&str> = owner.devices.iter().filter(without).map(|name| name.as_str()).collect();
        let whole = missing.len() == owner.devices.len();
        // a VLAN at one member is reported at the VLAN, unless that is meant
        if missing.is_empty() || (!whole && !vlan.single) || !cx.settled(&vlan.at) {
            continue;
        }
        // said once for all ports of a file that want the same VLAN
        let file = Place::start_of(port.place.file.clone());
        if !reported.first("port-vlan-not-at", &vlan.place, Some(&file)) {
            continue;
        }
        let absent = if whole { owner.name.to_owned() } else { missing.join(" and ") };
        let message = format!("{}: VLAN {} is not at {absent}", owner.what, vlan.id);
        let finding = Finding::error("port-vlan-not-at", &wanted.place, message);
        let finding = match vlan.at.first() {
            Some(first) => finding.related(&first.selector.place, "where it is"),
            None => finding.related(&vlan.place, "it is nowhere"),
        };
        out.push(finding.hint(edit(vlan, &absent, &missing)));
    }
}

/// The edit that puts the VLAN there.
fn edit(vlan: &Vlan, absent: &str, missing: &[&str]) -> String {
    let file = &vlan.place.file;
    if vlan.at.iter().any(|placement| !placement.addresses.is_empty()) {
        let lines = missing.iter().map(|name| format!("`{name}: ADDRESS`")).collect::<Vec<_>>();
        return format!("add {} to `at` in {file}", lines.join(" and "));
    }
    format!("add {absent} to `at` in {file}")
}
