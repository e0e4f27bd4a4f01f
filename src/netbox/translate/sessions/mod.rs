//! BGP sessions of netbox-bgp: each end as its device has it, and what it is for.
//!
//! What a session is for follows from its addresses: links, loopbacks, the two interfaces of a
//! pair, or a neighbour outside; never from the name of its peer group. Sessions of the fabric
//! itself are not intent, as they follow from the links: here they are checked (`checks`), and
//! what they say of all devices of a role becomes `underlay` and `overlay` (`settings`).
//! Elsewhere: sessions with neighbours outside (`peers`).

mod checks;
pub(super) mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::Draft;
use super::layers::Wishes;
use super::scope::{Member, Scope};
use crate::intent::model::DeviceState;
use crate::names::Asn;
use crate::netbox::objection::{About, Objection, Objections};
use crate::netbox::objects::bgp::Session;
use crate::netbox::objects::{Address, Interface};
use crate::netbox::wire::{Id, Ref};

/// What each device wants, once the sessions between devices of the fabric are checked.
pub(super) fn wishes(scope: &Scope<'_>, draft: &mut Draft) -> Wishes {
    let (ends, objections) = read(scope);
    draft.objections.extend(objections);
    checks::check(scope, &ends, &mut draft.objections);
    settings::wishes(scope, &ends, &mut draft.objections)
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// Over a link between two devices.
    Underlay,
    /// Between the loopbacks of two devices.
    Overlay,
    /// Between the members of a pair.
    Ibgp,
    /// Between two devices of the fabric in some way that the design does not have.
    Inner,
    /// With a neighbour outside.
    External,
}

impl Purpose {
    /// The section of `fabric.yaml` that says what all such sessions have.
    pub(super) fn section(self) -> Option<&'static str> {
        match self {
            Self::Underlay => Some("underlay"),
            Self::Overlay => Some("overlay"),
            Self::Ibgp | Self::Inner | Self::External => None,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Underlay => "underlay",
            Self::Overlay => "EVPN",
            Self::Ibgp => "iBGP",
            Self::Inner => "inner",
            Self::External => "external",
        }
    }
}

/// One end of a session, as one device has it.
#[derive(Debug)]
pub(super) struct End<'s, 'i> {
    /// The object.
    pub(super) session: &'i Session,
    /// Whose it is.
    pub(super) member: &'s Member<'i>,
    /// Its address.
    pub(super) local: IpNet,
    /// Its VRF; none is the device's own.
    pub(super) vrf: Option<Id>,
    /// The other end's address.
    pub(super) remote: IpAddr,
    /// The other end's device, if it is of the fabric.
    pub(super) peer: Option<&'s Member<'i>>,
    /// What it is for.
    pub(super) purpose: Purpose,
}

impl End<'_, '_> {
    /// The session with its page.
    pub(super) fn about(&self, scope: &Scope<'_>) -> About {
        about(scope, self.session)
    }

    /// Whether it is meant to run: by its status, of which nothing follows while one of its
    /// devices is out of service.
    pub(super) fn is_up(&self) -> bool {
        let out_of_service = |member: &Member<'_>| member.state != DeviceState::Active;
        !matches!(self.session.status.0.as_str(), "planned" | "offline" | "failed")
            || out_of_service(self.member)
            || self.peer.is_some_and(out_of_service)
    }
}

/// A session with its page.
fn about(scope: &Scope<'_>, session: &Session) -> About {
    let device = session.device.and_then(|device| scope.device(device.0));
    let device = device.map_or(String::new(), |member| format!("{} ", member.name));
    scope.about::<Session>(session.id, format!("{device}{}", session.name).trim())
}

/// The number of an AS.
pub(super) fn asn(scope: &Scope<'_>, asn: Option<Ref>) -> Option<Asn> {
    let number = scope.inventory.asns.get(&asn?.0)?.asn;
    Asn::try_from(u64::from(number)).ok()
}

/// The ends of all sessions of the fabric's devices, by device and name, and what is wrong
/// with those that have no ends.
pub(super) fn read<'s, 'i>(scope: &'s Scope<'i>) -> (Vec<End<'s, 'i>>, Vec<Objection>) {
    let owners = Owners::of(scope);
    let (mut ends, mut objections) = (Vec::new(), Vec::new());
    for session in scope.inventory.sessions.values() {
        let Some(member) = session.device.and_then(|device| scope.device(device.0)) else { continue };
        match end(scope, &owners, session, member) {
            Ok(end) => ends.push(end),
            Err(objection) => objections.push(objection.about(about(scope, session))),
        }
    }
    let place = |end: &End<'_, '_>| scope.devices.iter().position(|member| member.id == end.member.id);
    let places: BTreeMap<Id, Option<usize>> = ends.iter().map(|end| (end.member.id, place(end))).collect();
    ends.sort_by_key(|end| (places.get(&end.member.id), &end.session.name, end.session.id));
    (ends, objections)
}

/// The interfaces of the fabric's devices by their addresses, those that several devices share
/// left out.
struct Owners(BTreeMap<(Option<Id>, IpAddr), Id>);

impl Owners {
    fn of(scope: &Scope<'_>) -> Self {
        let mut owners = BTreeMap::new();
        let interfaces = scope.devices.iter().flat_map(|member| scope.interfaces(member.id));
        for interface in interfaces {
            for assigned in scope.addresses(interface.id).iter().filter(|of| of.address.role != "anycast") {
                let vrf = assigned.address.vrf.or(interface.vrf).map(|vrf| vrf.0);
                owners.insert((vrf, assigned.net.addr()), interface.id);
            }
        }
        Self(owners)
    }

    /// The interface that an address is on: the one that it is assigned to, else one of the
    /// fabric that has an equal address.
    fn interface<'i>(&self, scope: &Scope<'i>, address: &Address, net: IpNet) -> Option<&'i Interface> {
        let assigned = match address.assigned_object_type.as_deref() {
            Some("dcim.interface") => address.assigned_object_id,
            _ => None,
        };
        let equal = || self.0.get(&(address.vrf.map(|vrf| vrf.0), net.addr())).copied();
        scope.inventory.interfaces.get(&assigned.or_else(equal)?)
    }
}

fn end<'s, 'i>(
    scope: &'s Scope<'i>,
    owners: &Owners,
    session: &'i Session,
    member: &'s Member<'i>,
) -> Result<End<'s, 'i>, Box<Objection>> {
    let read = |reference: Option<Ref>,
                field: &'static str|
     -> Result<(&'i Address, IpNet), Box<Objection>> {
        let address = reference.and_then(|address| scope.inventory.addresses.get(&address.0));
        let missing = || {
            let message = "it has no such address: left out, as the intent has no dynamic neighbours";
            Box::new(Objection::warning("session-address", message).field(field))
        };
        let address = address.ok_or_else(missing)?;
        let net =
            address.address.parse::<IpNet>().or_else(|_| address.address.parse::<IpAddr>().map(IpNet::from));
        let wrong = |_| {
            Box::new(
                Objection::error("session-address", format!("`{}` is no address", address.address))
                    .field(field),
            )
        };
        Ok((address, net.map_err(wrong)?))
    };
    let (local_address, local) = read(session.local_address, "local_address")?;
    let (remote_address, remote) = read(session.remote_address, "remote_address")?;
    let interface = owners
        .interface(scope, local_address, local)
        .filter(|interface| interface.device.map(|device| device.0) == Some(member.id));
    let Some(interface) = interface else {
        let message = format!("its local address {} is on no interface of {}", local.addr(), member.name);
        return Err(Box::new(Objection::error("session-address", message).field("local_address")));
    };
    let far = owners.interface(scope, remote_address, remote);
    let peer = far.and_then(|far| scope.owner(far)).filter(|peer| peer.id != member.id);
    let vrf = local_address.vrf.or(interface.vrf).map(|vrf| vrf.0);
    let purpose = match (peer, far) {
        (Some(peer), Some(far)) => {
            let same_pair = member.pair.is_some()
                && member.pair.as_ref().map(|(pair, _)| pair) == peer.pair.as_ref().map(|(pair, _)| pair);
            purpose(interface, far, local.trunc().contains(&remote.addr()), same_pair, vrf)
        }
        _ => Purpose::External,
    };
    Ok(End { session, member, local, vrf, remote: remote.addr(), peer, purpose })
}

/// What a session between two interfaces of the fabric is for.
fn purpose(near: &Interface, far: &Interface, connected: bool, same_pair: bool, vrf: Option<Id>) -> Purpose {
    let is = |kind: &str| {
        [near, far].iter().all(|interface| {
            interface.name.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
        })
    };
    match () {
        () if vrf.is_some() => Purpose::Inner,
        () if is("loopback") => Purpose::Overlay,
        () if connected && is("vlan") && same_pair => Purpose::Ibgp,
        () if connected && !is("vlan") => Purpose::Underlay,
        () => Purpose::Inner,
    }
}

/// The policies and prefix lists that the sessions of the fabric's devices use.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// `plugins/bgp/routing-policy`.
    pub(super) policies: BTreeSet<Id>,
    /// `plugins/bgp/prefix-list`.
    pub(super) prefix_lists: BTreeSet<Id>,
}

/// What the sessions of the fabric's devices use, themselves or by their peer groups.
pub(super) fn used(scope: &Scope<'_>) -> Used {
    let mut used = Used::default();
    let mut add = |policies: [&[Ref]; 2], lists: [Option<Ref>; 2]| {
        used.policies.extend(policies.into_iter().flatten().map(|policy| policy.0));
        used.prefix_lists.extend(lists.into_iter().flatten().map(|list| list.0));
    };
    for session in scope.inventory.sessions.values() {
        if session.device.and_then(|device| scope.device(device.0)).is_none() {
            continue;
        }
        add(
            [&session.import_policies, &session.export_policies],
            [session.prefix_list_in, session.prefix_list_out],
        );
        if let Some(group) = session.peer_group.and_then(|group| scope.inventory.peer_groups.get(&group.0)) {
            add(
                [&group.import_policies, &group.export_policies],
                [group.prefix_list_in, group.prefix_list_out],
            );
        }
    }
    used
}

/// Says that a session is not as the devices are.
fn objects(out: &mut Objections, scope: &Scope<'_>, end: &End<'_, '_>, objection: Objection) {
    out.push(objection.about(end.about(scope)));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::netbox::translate::small::{files, objections};
    use crate::netbox::wire::Ref;

    #[test]
    fn peer_groups_are_told_apart_by_what_their_sessions_do() {
        files(&[
            (
                "names do not matter",
                |small| {
                    small.group(1).name = "EVPN".to_owned();
                    small.group(2).name = "UNDERLAY".to_owned();
                },
                "fabric.yaml",
                &[],
            ),
            (
                "limits and policies of the underlay's group",
                |small| {
                    small.put("plugins/bgp/prefix-list", 6, json!({ "name": "PL", "family": "ipv4" }));
                    small.group(1).extra_attributes = json!({ "bfd": false, "maximum_routes": 12000 });
                    small.group(1).prefix_list_out = Some(Ref(6));
                },
                "fabric.yaml",
                &[
                    "- underlay: { mtu: 9214, bfd: true }",
                    "+ underlay: { mtu: 9214, bfd: false, maximum-routes: 12000, out: PL }",
                ],
            ),
            (
                "a limit that all sessions of a role have is the role's",
                |small| {
                    let evpn = small.inventory.sessions.values_mut();
                    let of_spine = |one: &&mut super::Session| {
                        one.device == Some(Ref(1)) && one.peer_group == Some(Ref(2))
                    };
                    evpn.filter(of_spine).for_each(|one| one.max_prefixes = Some(20000));
                },
                "fabric.yaml",
                &[
                    "-   spine: { asn: 65000 }",
                    "+   spine:",
                    "+     asn: 65000",
                    "+     overlay: { maximum-routes: 20000 }",
                ],
            ),
        ]);
    }

    #[test]
    fn sessions_that_are_not_as_the_fabric_is_are_told() {
        objections(&[
            (
                "another AS",
                |small| small.session_of(2, Some(1)).remote_as = Some(Ref(64999)),
                &[
                    "error[session-as]: BGP session leaf1 leaf1-spine1: it says AS 64999 for spine1, which is in AS 65000",
                ],
            ),
            (
                "one end alone",
                |small| {
                    let id = small.session_of(2, Some(2)).id;
                    small.inventory.sessions.remove(&id);
                },
                &[
                    "warning[session-one-sided]: BGP session spine1 spine1-leaf1: leaf1 has no EVPN session back",
                ],
            ),
            (
                "neither end",
                |small| {
                    let of_leaf1 = |name: &str| ["leaf1-spine1", "spine1-leaf1"].contains(&name);
                    small
                        .inventory
                        .sessions
                        .retain(|_, one| one.peer_group != Some(Ref(1)) || !of_leaf1(&one.name));
                },
                &[
                    "warning[role-differs]: device leaf1: NetBox says no underlay.bfd for it",
                    "warning[session-missing]: device spine1: it is linked to leaf1 and has no underlay session",
                ],
            ),
            ("no session at all", |small| small.inventory.sessions.clear(), &[]),
            (
                "offline",
                |small| small.session_of(2, Some(1)).status.0 = "offline".to_owned(),
                &["warning[session-status]: BGP session leaf1 leaf1-spine1: it is offline"],
            ),
            (
                "offline on a device that is on its way out",
                |small| {
                    small.inventory.devices.get_mut(&2).unwrap().status.0 = "decommissioning".to_owned();
                    small.inventory.sessions.values_mut().filter(|one| one.device == Some(Ref(2))).for_each(
                        |one| {
                            one.status.0 = "offline".to_owned();
                        },
                    );
                },
                &[],
            ),
            (
                "a local address of another device",
                |small| {
                    let other = small.session_of(3, Some(1)).local_address;
                    small.session_of(2, Some(1)).local_address = other;
                },
                &[
                    "error[session-address]: BGP session leaf1 leaf1-spine1: its local address 10.0.1.7",
                    "warning[session-one-sided]: BGP session spine1 spine1-leaf1",
                    "warning[role-differs]: device leaf1: NetBox says no underlay.bfd for it",
                ],
            ),
            (
                "a neighbour outside in no VRF",
                |small| {
                    small.outside("leaf1 Ethernet11", "isp", "10.9.9.9/31");
                },
                &[
                    "warning[peer-no-vrf]: BGP session leaf1 isp: its neighbour is outside of the fabric and in no VRF",
                ],
            ),
        ]);
    }
}
