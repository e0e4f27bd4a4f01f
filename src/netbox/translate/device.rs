//! `devices/NAME.yaml`: who a device is, with its addresses and its links upwards.
//!
//! Here too: devices that stand in the repository and are gone from NetBox. Elsewhere: links
//! (`links`), ports (`ports`), what a pair shares (`pair`).

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::IpNet;

use super::Draft;
use super::layers::Layers;
use super::links::Links;
use super::mlag::Mlag;
use super::pair::AsNumbers;
use super::ports::Ports;
use super::previous::{get, text};
use super::scope::{Member, Scope, slug_of};
use crate::intent::model::DeviceState;
use crate::names::RepoPath;
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::objects::{Address, Interface};
use crate::netbox::yaml::{Map, Node};

/// What the files of devices are made of.
pub(super) struct Found<'f, 'i> {
    pub(super) links: &'f Links<'i>,
    pub(super) mlag: &'f Mlag,
    pub(super) ports: &'f Ports,
    pub(super) asns: &'f AsNumbers,
    pub(super) layers: &'f Layers,
    /// The platform that `fabric.yaml` names.
    pub(super) platform: Option<(String, String)>,
}

/// Writes the file of each device.
pub(super) fn write(scope: &Scope<'_>, found: &Found<'_, '_>, draft: &mut Draft) {
    for member in &scope.devices {
        let file = device(scope, member, found, &mut draft.objections);
        draft.files.insert(format!("devices/{}.yaml", member.name), file);
    }
    gone(scope, &mut draft.objections);
}

fn device(scope: &Scope<'_>, member: &Member<'_>, found: &Found<'_, '_>, out: &mut Objections) -> Map {
    let mut file = Map::new();
    file.set("role", Node::text(&member.role));
    file.set_some("pair", member.pair.as_ref().map(|(pair, _)| Node::text(pair)));
    file.set_some("state", word(member.state).map(Node::text));
    let own = platform(scope, member).filter(|own| found.platform.as_ref() != Some(own));
    file.set_some("platform", own.map(|own| platform_map(&own)));
    file.set_some("asn", found.asns.own(member).map(|asn| Node::number(asn.get())));
    let site = slug_of(&scope.inventory.sites, member.device.site, |site| &site.slug);
    file.set_some("site", site.map(Node::text));
    let tenant = slug_of(&scope.inventory.tenants, member.device.tenant, |tenant| &tenant.slug);
    file.set_some("tenant", tenant.map(Node::text));
    file.set_some("management", management(scope, member, out).map(Node::text));
    file.set_some("loopback", loopback(scope, member, out).map(Node::text));
    if member.pair.is_none() {
        file.set_some("vtep", vtep(scope, member, out).map(Node::text));
    }
    file.set_filled("mlag", mlag(member, found.mlag));
    file.set_filled("uplinks", uplinks(scope, member, found.links));
    if let Some(ports) = found.ports.devices.get(&member.id) {
        file.set_filled("ports", ports.clone());
    }
    if let Some(own) = found.layers.devices.get(&member.id) {
        file.merge(own.clone());
    }
    let slugs = member.device.tags.iter().filter_map(|tag| Some(&scope.inventory.tags.get(&tag.0)?.slug));
    let tags: BTreeSet<&String> = slugs.collect();
    if !tags.is_empty() {
        file.set("tags", Node::list(tags.into_iter().map(Node::text)));
    }
    file
}

/// The word of a state; none for active, which is the default.
fn word(state: DeviceState) -> Option<&'static str> {
    match state {
        DeviceState::Active => None,
        DeviceState::Staged => Some("staged"),
        DeviceState::Drained => Some("drained"),
        DeviceState::Paused => Some("paused"),
        DeviceState::Released => Some("released"),
    }
}

/// The network OS and its version.
pub(super) fn platform(scope: &Scope<'_>, member: &Member<'_>) -> Option<(String, String)> {
    let slug = slug_of(&scope.inventory.platforms, member.device.platform, |platform| &platform.slug)?;
    scope.mapping.platforms.get(slug).cloned()
}

/// `{ os, version }`.
pub(super) fn platform_map((os, version): &(String, String)) -> Map {
    let mut map = Map::new();
    map.set("os", Node::text(os));
    map.set("version", Node::text(version));
    map
}

/// The interface that carries the primary address, and the address.
pub(super) fn management_interface<'i>(
    scope: &Scope<'i>,
    member: &Member<'i>,
) -> Option<(Option<&'i Interface>, &'i Address)> {
    if let Some(primary) =
        member.device.primary_ip4.and_then(|address| scope.inventory.addresses.get(&address.0))
    {
        let interface = primary.assigned_object_id.and_then(|id| scope.inventory.interfaces.get(&id));
        return Some((interface, primary));
    }
    let mut interfaces = scope.interfaces(member.id).iter().copied().filter(|interface| interface.mgmt_only);
    let first = |interface: &'i Interface| {
        let assigned = scope.addresses(interface.id).iter().find(|assigned| assigned.net.addr().is_ipv4())?;
        Some((Some(interface), assigned.address))
    };
    interfaces.find_map(first)
}

fn management(scope: &Scope<'_>, member: &Member<'_>, out: &mut Objections) -> Option<String> {
    let address = management_interface(scope, member).map(|(_, address)| &address.address);
    let net = address.and_then(|address| address.parse::<IpNet>().ok()).filter(|net| net.addr().is_ipv4());
    if net.is_none() {
        let objection = Objection::error("device-management", "it has no management address".to_owned());
        let objection = objection.about(scope.about_device(member.device)).field("primary_ip4");
        out.push(objection.expected("a primary IPv4 address, with the length of its subnet"));
    }
    net.map(|net| net.to_string())
}

/// Addresses of loopbacks: host routes of IPv4, with the interface.
fn loopbacks<'s>(
    scope: &'s Scope<'_>,
    member: &Member<'_>,
) -> impl Iterator<Item = (&'s Interface, Ipv4Addr, &'s str)> {
    let loopbacks = scope
        .interfaces(member.id)
        .iter()
        .filter(|interface| interface.name.starts_with("Loopback") && interface.vrf.is_none());
    loopbacks.flat_map(|interface| {
        scope.addresses(interface.id).iter().filter_map(|assigned| match assigned.net {
            IpNet::V4(net) if net.prefix_len() == 32 => {
                Some((*interface, net.addr(), assigned.address.role.0.as_str()))
            }
            _ => None,
        })
    })
}

/// The router id: the address with the role loopback, else the one of Loopback0.
fn loopback(scope: &Scope<'_>, member: &Member<'_>, out: &mut Objections) -> Option<Ipv4Addr> {
    let marked: BTreeSet<Ipv4Addr> = loopbacks(scope, member)
        .filter(|(.., role)| *role == "loopback")
        .map(|(_, address, _)| address)
        .collect();
    let first = || -> BTreeSet<Ipv4Addr> {
        let own = |(interface, address, role): (&Interface, Ipv4Addr, &str)| {
            (interface.name == "Loopback0" && role != "anycast").then_some(address)
        };
        loopbacks(scope, member).filter_map(own).collect()
    };
    let found = if marked.is_empty() { first() } else { marked };
    one(
        scope,
        member,
        &found,
        "device-loopback",
        "the router id: one /32 with the role loopback, or one on Loopback0",
        true,
        out,
    )
}

/// The VTEP: the loopback below the VXLAN interface, or the loopback's address with the role
/// anycast.
pub(super) fn vtep(scope: &Scope<'_>, member: &Member<'_>, out: &mut Objections) -> Option<Ipv4Addr> {
    let parents: BTreeSet<_> = scope
        .interfaces(member.id)
        .iter()
        .filter(|interface| interface.name.starts_with("Vxlan"))
        .filter_map(|interface| interface.parent)
        .map(|parent| parent.0)
        .collect();
    let below: BTreeSet<Ipv4Addr> = loopbacks(scope, member)
        .filter(|(interface, ..)| parents.contains(&interface.id))
        .map(|(_, address, _)| address)
        .collect();
    let anycast = || {
        loopbacks(scope, member)
            .filter(|(.., role)| *role == "anycast")
            .map(|(_, address, _)| address)
            .collect()
    };
    let found = if below.is_empty() { anycast() } else { below };
    one(
        scope,
        member,
        &found,
        "device-vtep",
        "the VTEP: one /32 on the loopback below the VXLAN interface, or with the role anycast",
        false,
        out,
    )
}

/// The one address of a set.
fn one(
    scope: &Scope<'_>,
    member: &Member<'_>,
    found: &BTreeSet<Ipv4Addr>,
    code: &'static str,
    expected: &str,
    needed: bool,
    out: &mut Objections,
) -> Option<Ipv4Addr> {
    let mut addresses = found.iter();
    match (addresses.next(), addresses.next()) {
        (Some(address), None) => return Some(*address),
        (None, _) if !needed => return None,
        _ => {}
    }
    let list = found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let message = if list.is_empty() {
        "it has no such address".to_owned()
    } else {
        format!("it has several such addresses: {list}")
    };
    out.push(Objection::error(code, message).about(scope.about_device(member.device)).expected(expected));
    None
}

fn mlag(member: &Member<'_>, mlag: &Mlag) -> Map {
    let mut map = Map::new();
    if let Some(found) = mlag.members.get(&member.id) {
        map.set_some("peer", found.peer.map(|(_, address)| Node::text(address)));
        map.set_some("ibgp", found.ibgp.map(|(_, address, _)| Node::text(address)));
    }
    map
}

fn uplinks(scope: &Scope<'_>, member: &Member<'_>, links: &Links<'_>) -> Map {
    let mut map = Map::new();
    for link in links.all.iter().filter(|link| link.lower.device == member.id) {
        let Some(upper) = scope.device(link.upper.device) else { continue };
        let mut uplink = Map::new();
        uplink.set("to", Node::text(format!("{} {}", upper.name, link.upper.name)));
        uplink.set("address", Node::text(link.lower.address));
        map.set(link.lower.name.as_str(), uplink);
    }
    map
}

/// A device leaves in steps: one that vanished from NetBox without having been `released` is
/// an error, as its neighbours would lose their links to it while it still forwards.
fn gone(scope: &Scope<'_>, out: &mut Objections) {
    for name in scope.previous.names("devices") {
        let known = scope.devices.iter().any(|member| member.name.as_str() == name);
        let path = format!("devices/{name}.yaml");
        let of_people = scope.previous.is_of_people(&path);
        let file = scope.previous.file(&path);
        let state = file.as_ref().and_then(|file| get(file, "state")).and_then(text).unwrap_or("active");
        if known || of_people || state == "released" || path.parse::<RepoPath>().is_err() {
            continue;
        }
        let in_netbox = scope.inventory.devices.values().find(|device| device.name.as_deref() == Some(name));
        let objection = match in_netbox {
            None => Objection::error(
                "device-gone",
                format!("{name} is gone from NetBox, and {path} is not `released`"),
            ),
            Some(device) => {
                let message = format!("{name} is not exported any more, and {path} is not `released`");
                Objection::error("device-gone", message).about(scope.about_device(device))
            }
        };
        out.push(objection.field("state").expected("state: released").hint(format!(
            "a device leaves in steps: drain it, then write `state: released` into {path} and commit; the next export removes the file"
        )));
    }
}
