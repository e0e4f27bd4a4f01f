//! What makes two devices an MLAG pair: peer link, its Port-Channel, the two SVIs.
//!
//! Elsewhere: the pair's file (`pair`), the pair's host ports (`ports`).

use std::collections::{BTreeMap, BTreeSet};

use ipnet::{IpNet, Ipv4Net};

use super::previous::{get, text};
use super::scope::{Member, Scope};
use crate::intent::topology::other_end;
use crate::names::{InterfaceName, VlanId};
use crate::netbox::mapping::Field;
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::objects::{Device, Interface};
use crate::netbox::wire::Id;

/// One member's MLAG.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemberMlag {
    /// The ports of the peer link.
    pub(crate) peer_link: Vec<InterfaceName>,
    /// The Port-Channel that they are in.
    pub(crate) port_channel: Option<u16>,
    /// The SVI of the MLAG: its VLAN and address.
    pub(crate) peer: Option<(VlanId, Ipv4Net)>,
    /// The SVI of the iBGP session: its VLAN, address and the interface's id.
    pub(crate) ibgp: Option<(VlanId, Ipv4Net, Id)>,
}

/// Every member's MLAG.
#[derive(Debug, Default)]
pub(crate) struct Mlag {
    /// By the device's id; members of pairs only.
    pub(crate) members: BTreeMap<Id, MemberMlag>,
    /// Interfaces of peer links: Port-Channels and their ports.
    pub(crate) peer_links: BTreeSet<Id>,
}

impl Mlag {
    /// The VLANs of MLAG and iBGP SVIs: they are said in `fabric.yaml`.
    pub(crate) fn vlans(&self) -> BTreeSet<VlanId> {
        let both = |member: &MemberMlag| [member.peer.map(|svi| svi.0), member.ibgp.map(|svi| svi.0)];
        self.members.values().flat_map(both).flatten().collect()
    }
}

/// Finds it for every device that names a pair.
pub(super) fn find(scope: &Scope<'_>, out: &mut Objections) -> Mlag {
    let mut mlag = Mlag::default();
    for members in scope.pairs().values() {
        for member in members {
            let others: BTreeSet<Id> =
                members.iter().map(|other| other.id).filter(|id| *id != member.id).collect();
            let mut found = MemberMlag::default();
            peer_link(scope, member, &others, &mut found, &mut mlag.peer_links, out);
            svis(scope, member, &others, &mut found, out);
            mlag.members.insert(member.id, found);
            check_peer(scope, member, members, out);
        }
    }
    mlag
}

/// The LAG that is marked as peer link, or whose cables go to the other member.
fn peer_link(
    scope: &Scope<'_>,
    member: &Member<'_>,
    others: &BTreeSet<Id>,
    found: &mut MemberMlag,
    peer_links: &mut BTreeSet<Id>,
    out: &mut Objections,
) {
    for lag in scope.interfaces(member.id) {
        let ports = scope.lag_members(lag.id);
        if ports.is_empty() {
            continue;
        }
        let to_other = |port: &&Interface| {
            scope.far(port.id).and_then(|far| far.device).is_some_and(|device| others.contains(&device.0))
        };
        let marked = scope.kind(lag, out) == "mlag-peer"
            || ports.iter().any(|port| scope.kind(port, out) == "mlag-peer");
        if !marked && !ports.iter().any(to_other) {
            continue;
        }
        peer_links.insert(lag.id);
        peer_links.extend(ports.iter().map(|port| port.id));
        found.port_channel = port_channel(lag);
        found.peer_link.extend(ports.iter().filter_map(|port| port.name.parse().ok()));
        if found.port_channel.is_none() {
            let objection = Objection::error("lag-name", format!("`{}` is no name of a LAG", lag.name));
            out.push(
                objection
                    .about(scope.about_interface(lag))
                    .field("name")
                    .expected("Port-Channel and a number, as Port-Channel999"),
            );
        }
    }
}

/// `Port-Channel999` as its number.
pub(super) fn port_channel(lag: &Interface) -> Option<u16> {
    lag.name.strip_prefix("Port-Channel")?.parse().ok().filter(|number| (1..=2000).contains(number))
}

/// A VLAN interface's number.
pub(super) fn svi(interface: &Interface) -> Option<VlanId> {
    interface.name.strip_prefix("Vlan")?.parse().ok()
}

/// An SVI between the members.
struct Svi {
    vlan: VlanId,
    address: Ipv4Net,
    interface: Id,
    ibgp: Option<bool>,
}

/// The two SVIs: iBGP is the one with a session on its address, or marked `underlay`; MLAG's
/// is marked `mlag-peer`. What nothing marks is what the repository says it is, or what the
/// other one is not.
fn svis(
    scope: &Scope<'_>,
    member: &Member<'_>,
    others: &BTreeSet<Id>,
    found: &mut MemberMlag,
    out: &mut Objections,
) {
    let mut candidates = Vec::new();
    for interface in scope.interfaces(member.id) {
        let Some(vlan) = svi(interface).filter(|_| interface.vrf.is_none()) else { continue };
        let nets = scope.addresses(interface.id).iter();
        let links = nets.filter_map(|assigned| match assigned.net {
            IpNet::V4(net) if other_end(net).is_some() => Some((net, assigned.address.id)),
            _ => None,
        });
        for (address, id) in links {
            let known = stands(scope, member, address);
            let kind = scope.kind(interface, out);
            let marked = match kind.as_str() {
                "mlag-peer" => Some(false),
                "underlay" => Some(true),
                _ => None,
            };
            let session = has_ibgp(scope, member, id).then_some(true);
            let ibgp = session.or(marked).or(known);
            if ibgp.is_some() || others.iter().any(|other| has_address(scope, *other, other_end(address))) {
                candidates.push(Svi { vlan, address, interface: interface.id, ibgp });
            }
        }
    }
    let unknown = candidates.iter().filter(|svi| svi.ibgp.is_none()).count();
    let ibgp_known = candidates.iter().any(|svi| svi.ibgp == Some(true));
    let peer_known = candidates.iter().any(|svi| svi.ibgp == Some(false));
    for svi in &mut candidates {
        if svi.ibgp.is_none() && unknown == 1 && !(ibgp_known && peer_known) {
            svi.ibgp = Some(peer_known);
        }
    }
    for svi in candidates {
        let twice = match svi.ibgp {
            Some(true) => found.ibgp.replace((svi.vlan, svi.address, svi.interface)).is_some(),
            Some(false) => found.peer.replace((svi.vlan, svi.address)).is_some(),
            None => true,
        };
        if twice {
            let message = format!(
                "it cannot be told which VLAN is the MLAG's and which the iBGP session's: Vlan{} too",
                svi.vlan
            );
            let objection = Objection::error("mlag-svis", message).about(scope.about_device(member.device));
            out.push(
                objection.expected("one SVI with an iBGP session on its address, and one without").hint(
                    format!(
                        "set {} of the two SVIs to mlag-peer and underlay",
                        source(scope, Field::InterfaceKind)
                    ),
                ),
            );
        }
    }
    if found.peer.is_none() {
        let message = "it is a member of a pair, and no SVI of it has the MLAG's address".to_owned();
        let objection = Objection::error("mlag-svis", message).about(scope.about_device(member.device));
        out.push(
            objection
                .expected("an SVI without a VRF whose address and the other member's are the ends of a /31"),
        );
    }
}

/// Where a field is looked for, in words.
pub(super) fn source(scope: &Scope<'_>, field: Field) -> String {
    let sources = scope.mapping.fields.get(&field).into_iter().flatten().map(ToString::to_string);
    let list = sources.collect::<Vec<_>>().join(" or ");
    if list.is_empty() { field.name().to_owned() } else { list }
}

/// Whether the repository has the address as this device's iBGP address (true) or MLAG
/// address (false).
fn stands(scope: &Scope<'_>, member: &Member<'_>, address: Ipv4Net) -> Option<bool> {
    let file = scope.previous.file(&format!("devices/{}.yaml", member.name))?;
    let says = |key: &str| {
        get(get(&file, "mlag")?, key).and_then(text).and_then(|text| text.parse::<Ipv4Net>().ok())
    };
    match address {
        address if says("ibgp") == Some(address) => Some(true),
        address if says("peer") == Some(address) => Some(false),
        _ => None,
    }
}

/// Whether a session within one AS uses the address.
fn has_ibgp(scope: &Scope<'_>, member: &Member<'_>, address: Id) -> bool {
    scope.inventory.sessions.values().any(|session| {
        let of = |reference: Option<crate::netbox::wire::Ref>| reference.map(|reference| reference.0);
        of(session.device) == Some(member.id)
            && of(session.local_address) == Some(address)
            && session.local_as.is_some()
            && session.local_as == session.remote_as
    })
}

fn has_address(scope: &Scope<'_>, device: Id, address: Option<std::net::Ipv4Addr>) -> bool {
    let Some(address) = address else { return false };
    let on = |interface: &&Interface| {
        scope.addresses(interface.id).iter().any(|assigned| assigned.net.addr() == address)
    };
    scope.interfaces(device).iter().any(on)
}

/// The custom field that names the other member says the same as the pair.
fn check_peer(scope: &Scope<'_>, member: &Member<'_>, members: &[&Member<'_>], out: &mut Objections) {
    let subject = scope.device_subject(member.device);
    let peer = scope.read(Field::DevicePeer, &subject, "a device", super::value::reference, out);
    let others: Vec<&Member<'_>> = members.iter().copied().filter(|other| other.id != member.id).collect();
    let field = source(scope, Field::DevicePeer);
    match (peer, others.as_slice()) {
        (Some(peer), [other]) if other.id == peer => {}
        (None, [other]) => {
            let message = format!("it names no MLAG peer, and {} is in its pair", other.name);
            out.push(
                Objection::warning("mlag-peer", message)
                    .about(scope.about_device(member.device))
                    .field(field),
            );
        }
        (Some(peer), _) => {
            let name = scope
                .inventory
                .devices
                .get(&peer)
                .and_then(|peer: &Device| peer.name.clone())
                .unwrap_or_default();
            let pair = member.pair.as_ref().map_or("", |(_, text)| text);
            let message = format!("its MLAG peer {name} is not in its pair {pair}");
            let objection =
                Objection::error("mlag-peer", message).about(scope.about_device(member.device)).field(field);
            out.push(objection.hint(format!("give both the same {}", source(scope, Field::DevicePair))));
        }
        // a lone survivor keeps its pair; a third member is said below
        (None, _) => {}
    }
    if let [_, _, third, ..] = members
        && third.id == member.id
    {
        let names = members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("its pair has {} members: {names}", members.len());
        let objection = Objection::error("pair-members", message).about(scope.about_device(member.device));
        out.push(objection.field(source(scope, Field::DevicePair)).expected("two members"));
    }
}
