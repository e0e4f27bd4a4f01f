//! Routed links between two exported devices, from cables and the addresses of both ends.
//!
//! Here: which end is the lower one, whose file says the link. Elsewhere: the files
//! (`device`), links between the members of a pair (`mlag`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use super::scope::{Member, Scope};
use crate::intent::topology::other_end;
use crate::names::InterfaceName;
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::objects::Interface;
use crate::netbox::wire::Id;

/// One end of a link.
#[derive(Clone, Debug)]
pub(crate) struct End<'i> {
    /// The device's id.
    pub(crate) device: Id,
    /// The port.
    pub(crate) port: &'i Interface,
    /// Its name.
    pub(crate) name: InterfaceName,
    /// Its address.
    pub(crate) address: Ipv4Net,
}

/// A link: the lower end says it.
#[derive(Clone, Debug)]
pub(crate) struct Link<'i> {
    /// The lower end.
    pub(crate) lower: End<'i>,
    /// The upper end.
    pub(crate) upper: End<'i>,
}

/// All links.
#[derive(Debug, Default)]
pub(crate) struct Links<'i> {
    /// In natural order of the lower end.
    pub(crate) all: Vec<Link<'i>>,
    /// The far end's device and port of each interface that is an end.
    pub(crate) ends: BTreeMap<Id, (Id, &'i Interface)>,
}

/// Finds the links. What makes a cable a link is an address on one of its ends; where a cable
/// does not lead from port to port (a patch panel stands between), two ports whose addresses are
/// the ends of one subnet are linked.
pub(super) fn find<'i>(scope: &Scope<'i>, out: &mut Objections) -> Links<'i> {
    let mut links = Links::default();
    let by_address = by_address(scope);
    for member in &scope.devices {
        for port in scope.interfaces(member.id).iter().copied().filter(|port| is_routable(port)) {
            let cabled = scope.far(port.id);
            let Some(far) = cabled.or_else(|| by_addresses(scope, port, &by_address)) else { continue };
            if !is_routable(far) {
                continue;
            }
            let Some(other) = scope.owner(far).filter(|other| other.id != member.id) else { continue };
            let routed = |port: &Interface| {
                scope.addresses(port.id).iter().any(|address| address.net.addr().is_ipv4())
            };
            if !routed(port) && !routed(far) {
                continue;
            }
            match order(scope, member, other) {
                Some(true) => {
                    links.ends.insert(port.id, (other.id, far));
                    links.ends.insert(far.id, (member.id, port));
                    let ends = (end(scope, member, port, out), end(scope, other, far, out));
                    if let (Some(lower), Some(upper)) = ends {
                        if cabled.is_none() {
                            out.push(uncabled(scope, &lower, &upper));
                        }
                        agree(scope, &lower, &upper, out);
                        links.all.push(Link { lower, upper });
                    }
                }
                Some(false) => {}
                None => undecided(scope, (member, port), (other, far), out),
            }
        }
    }
    links
}

/// A port that can be an end of a link of the underlay.
fn is_routable(port: &Interface) -> bool {
    let logical = matches!(port.r#type.0.as_str(), "virtual" | "lag" | "bridge");
    !logical && !port.mgmt_only && port.lag.is_none() && port.vrf.is_none()
}

/// The ports that have each address; addresses that several have are nobody's.
fn by_address<'i>(scope: &Scope<'i>) -> BTreeMap<Ipv4Addr, Option<&'i Interface>> {
    let mut found: BTreeMap<Ipv4Addr, Option<&Interface>> = BTreeMap::new();
    let ports = scope.devices.iter().flat_map(|member| scope.interfaces(member.id)).copied();
    for port in ports.filter(|port| is_routable(port)) {
        for assigned in scope.addresses(port.id) {
            if let IpNet::V4(net) = assigned.net {
                found.entry(net.addr()).and_modify(|twice| *twice = None).or_insert(Some(port));
            }
        }
    }
    found
}

/// The port whose address is the other end of this port's, neither having a cable to a port.
fn by_addresses<'i>(
    scope: &Scope<'i>,
    port: &Interface,
    ports: &BTreeMap<Ipv4Addr, Option<&'i Interface>>,
) -> Option<&'i Interface> {
    let mut ends = scope.addresses(port.id).iter().filter_map(|assigned| match assigned.net {
        IpNet::V4(net) => other_end(net),
        IpNet::V6(_) => None,
    });
    ends.find_map(|end| *ports.get(&end)?).filter(|far| scope.far(far.id).is_none())
}

fn uncabled(scope: &Scope<'_>, lower: &End<'_>, upper: &End<'_>) -> Objection {
    let far = scope.about_interface(upper.port).name;
    let message = format!("no cable leads from it to {far}: taken as a link by its addresses");
    Objection::note("link-cable", message).about(scope.about_interface(lower.port))
}

/// Whether the first is the lower one; none if the tiers do not tell.
fn order(scope: &Scope<'_>, one: &Member<'_>, other: &Member<'_>) -> Option<bool> {
    let tier = |member: &Member<'_>| {
        scope.mapping.tiers.iter().position(|roles| roles.iter().any(|role| role == member.role.as_str()))
    };
    match (tier(one)?, tier(other)?) {
        (a, b) if a == b => None,
        (a, b) => Some(a > b),
    }
}

/// A link between roles of which neither is above the other; said once.
fn undecided(
    scope: &Scope<'_>,
    one: (&Member<'_>, &Interface),
    other: (&Member<'_>, &Interface),
    out: &mut Objections,
) {
    if one.0.name >= other.0.name {
        return;
    }
    let message = format!(
        "it is linked to {} {}, and neither of the roles {} and {} is above the other",
        other.0.name, other.1.name, one.0.role, other.0.role
    );
    let objection = Objection::error("link-tiers", message).about(scope.about_interface(one.1));
    out.push(
        objection.hint("name the roles from the top to the bottom in netbox.yaml: `tiers: [spine, leaf]`"),
    );
}

/// One end with its one IPv4 address.
fn end<'i>(
    scope: &Scope<'i>,
    member: &Member<'i>,
    port: &'i Interface,
    out: &mut Objections,
) -> Option<End<'i>> {
    let addresses: BTreeSet<Ipv4Net> = scope
        .addresses(port.id)
        .iter()
        .filter_map(|assigned| match assigned.net {
            IpNet::V4(net) => Some(net),
            IpNet::V6(_) => None,
        })
        .collect();
    let object = |code, message: String| Objection::error(code, message).about(scope.about_interface(port));
    let name = port.name.parse::<InterfaceName>();
    let mut addresses = addresses.into_iter();
    match (addresses.next(), addresses.next(), name) {
        (Some(address), None, Ok(name)) => Some(End { device: member.id, port, name, address }),
        (_, _, Err(error)) => {
            out.push(
                object("port-name", format!("`{}` is no name of a port", port.name))
                    .field("name")
                    .expected(error.expected),
            );
            None
        }
        (None, ..) => {
            let message = "it is an end of a link and has no IPv4 address".to_owned();
            out.push(object("link-address", message).expected("one address on a /31"));
            None
        }
        (Some(_), Some(_), _) => {
            let message = "it is an end of a link and has several IPv4 addresses".to_owned();
            out.push(object("link-address", message).expected("one address on a /31"));
            None
        }
    }
}

/// The addresses are the two ends of one subnet.
fn agree(scope: &Scope<'_>, lower: &End<'_>, upper: &End<'_>, out: &mut Objections) {
    let same_length = lower.address.prefix_len() == upper.address.prefix_len();
    if other_end(lower.address) != Some(upper.address.addr()) || !same_length {
        let message = format!(
            "{} and {} on {} are not the two ends of one link",
            lower.address,
            upper.address,
            scope.about_interface(upper.port).name
        );
        let objection = Objection::error("link-address", message).about(scope.about_interface(lower.port));
        out.push(objection.expected("the two addresses of one /31 (or /30)"));
    }
}
