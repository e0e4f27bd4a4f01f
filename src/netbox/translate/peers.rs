//! `peers` of a VRF: sessions with neighbours outside of the fabric.
//!
//! The intent says a peer once, and it is on every device with a subnet that holds its
//! address; NetBox has one session a device. Sessions to one address fold to one peer when
//! they agree, and an address that some device would get without having a session is an error.
//! Elsewhere: sessions between devices of the fabric (`sessions`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::scope::Scope;
use super::sessions::settings::{self, Settings};
use super::sessions::{self, End, Purpose};
use super::vlan::Vlans;
use crate::names::{Asn, RoleName};
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::wire::Id;
use crate::netbox::yaml::{Map, Node};

/// The peers of all VRFs.
#[derive(Debug, Default)]
pub(super) struct Peers(BTreeMap<Id, Map>);

impl Peers {
    /// `peers` of one VRF.
    pub(super) fn of(&self, vrf: Id) -> Map {
        self.0.get(&vrf).cloned().unwrap_or_default()
    }
}

/// What one session says of its neighbour.
struct Said<'e, 's, 'i> {
    end: &'e End<'s, 'i>,
    asn: Option<Asn>,
    settings: Settings,
    description: Option<String>,
}

/// Reads the external sessions of all devices. What is wrong with a session as such is told by
/// `sessions`.
pub(super) fn read(scope: &Scope<'_>, vlans: &Vlans<'_>, out: &mut Objections) -> Peers {
    let (ends, _) = sessions::read(scope);
    let mut neighbours: BTreeMap<(Id, IpAddr), Vec<Said<'_, '_, '_>>> = BTreeMap::new();
    for end in ends.iter().filter(|end| end.purpose == Purpose::External) {
        let Some(vrf) = end.vrf else {
            let message = "its neighbour is outside of the fabric and in no VRF: left out, as the intent has peers in VRFs only";
            out.push(Objection::warning("peer-no-vrf", message).about(end.about(scope)));
            continue;
        };
        let mut settings = settings::read(scope, end, out);
        let own = Some(end.session.description.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let description = settings.description.take().or(own);
        let asn = sessions::asn(scope, end.session.remote_as);
        neighbours.entry((vrf, end.remote)).or_default().push(Said { end, asn, settings, description });
    }
    let mut peers: BTreeMap<Id, Vec<(String, IpAddr, Map)>> = BTreeMap::new();
    for ((vrf, address), said) in &neighbours {
        if let Some((name, map)) = peer(scope, *vrf, *address, said, vlans, out) {
            peers.entry(*vrf).or_default().push((name, *address, map));
        }
    }
    Peers(peers.into_iter().map(|(vrf, peers)| (vrf, named(peers))).collect())
}

/// One neighbour, if any of its sessions is meant to run.
fn peer(
    scope: &Scope<'_>,
    vrf: Id,
    address: IpAddr,
    said: &[Said<'_, '_, '_>],
    vlans: &Vlans<'_>,
    out: &mut Objections,
) -> Option<(String, Map)> {
    let runs = said.iter().any(|one| one.end.is_up());
    for one in said.iter().filter(|one| !one.end.is_up()) {
        let status = &one.end.session.status.0;
        let message = if runs {
            format!("it is {status}, and other devices have the neighbour: the intent makes it run")
        } else {
            format!("it is {status}: left out until it is active")
        };
        out.push(Objection::warning("session-status", message).about(one.end.about(scope)).field("status"));
    }
    let first = said.first().filter(|_| runs)?;
    let Some(asn) = first.asn else {
        let objection = Objection::error("peer-as", "it has no remote AS").about(first.end.about(scope));
        out.push(objection.field("remote_as").expected("the AS of the neighbour"));
        return None;
    };
    agree(scope, first, said, out);
    reach(scope, vrf, address, said, vlans, out);
    let mut map = Map::new();
    map.set("address", Node::text(address));
    map.set("asn", Node::number(asn.get()));
    let same = said.iter().all(|one| one.description == first.description);
    map.set_some("description", first.description.as_deref().filter(|_| same).and_then(line).map(Node::text));
    for (key, node) in first.settings.keys() {
        map.set(key, node);
    }
    map.arrange(&["address", "asn", "description", "in", "out", "maximum-routes", "bfd"]);
    let secret = first.settings.secret.as_ref();
    map.set_some("password", secret.map(|name| Node::text(format!("secret:{name}"))));
    Some((name_of(said, address), map))
}

/// One line of at most 240 characters, as a description is.
fn line(text: &str) -> Option<String> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    Some(words.join(" ").chars().take(240).collect::<String>()).filter(|line| !line.is_empty())
}

/// All sessions to a neighbour say the same of it.
fn agree(scope: &Scope<'_>, first: &Said<'_, '_, '_>, said: &[Said<'_, '_, '_>], out: &mut Objections) {
    for other in said.iter().skip(1) {
        let differs = [
            ("its AS", other.asn != first.asn),
            ("its policies, limits or secret", other.settings != first.settings),
        ];
        for (what, _) in differs.into_iter().filter(|(_, differs)| *differs) {
            let message = format!(
                "{what} differs from what session {} of {} says: a peer is the same on every device",
                first.end.session.name, first.end.member.name
            );
            out.push(Objection::error("peer-differs", message).about(other.end.about(scope)));
        }
    }
}

/// The devices with a subnet that holds the address are those with a session.
fn reach(
    scope: &Scope<'_>,
    vrf: Id,
    address: IpAddr,
    said: &[Said<'_, '_, '_>],
    vlans: &Vlans<'_>,
    out: &mut Objections,
) {
    let having: BTreeSet<Id> = said.iter().map(|one| one.end.member.id).collect();
    let of_vrf: Vec<_> = vlans.values().filter(|vlan| vlan.routed.vrf == Some(vrf)).collect();
    let reaches = |device: Id| of_vrf.iter().any(|vlan| vlan.reaches(device, address));
    for one in said.iter().filter(|one| !reaches(one.end.member.id)) {
        let message = format!(
            "no VLAN of {} has a subnet that holds {address}: the intent has peers on VLANs only",
            one.end.member.name
        );
        out.push(
            Objection::error("peer-subnet", message).about(one.end.about(scope)).field("remote_address"),
        );
    }
    for member in &scope.devices {
        if !having.contains(&member.id) && reaches(member.id) {
            let Some(first) = said.first() else { continue };
            let message = format!(
                "{} has a subnet with {address} and no session with it: the intent would make one",
                member.name
            );
            let objection = Objection::error("peer-everywhere", message).about(first.end.about(scope));
            out.push(objection.hint(format!("add the session of {} in NetBox", member.name)));
        }
    }
}

/// What the sessions are called without the names of their devices.
fn name_of(said: &[Said<'_, '_, '_>], address: IpAddr) -> String {
    let names: BTreeSet<String> = said
        .iter()
        .filter_map(|one| clean(&without(&one.end.session.name, one.end.member.name.as_str())))
        .collect();
    names.into_iter().next().unwrap_or_else(|| format!("as-{}", address.to_string().replace([':', '.'], "-")))
}

/// A name without a device's, where that stands as a word of its own.
fn without(name: &str, device: &str) -> String {
    let (lower, device) = (name.to_ascii_lowercase(), device.to_ascii_lowercase());
    let of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    for (at, _) in lower.match_indices(&device) {
        let (before, after) = (&name[..at], &name[at + device.len()..]);
        if !of_word(before.chars().next_back()) && !of_word(after.chars().next()) {
            return format!("{before} {after}");
        }
    }
    name.to_owned()
}

/// A text as a key: words with `-` between.
fn clean(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let words: Vec<&str> = text.split(|c: char| !fits(c)).filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(63).collect();
    name.parse::<RoleName>().is_ok().then_some(name)
}

/// The peers by name; of one name with several addresses each has its own behind it.
fn named(peers: Vec<(String, IpAddr, Map)>) -> Map {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (name, ..) in &peers {
        *count.entry(name.clone()).or_default() += 1;
    }
    let mut by_name: BTreeMap<String, Map> = BTreeMap::new();
    for (name, address, map) in peers {
        let alone = count.get(&name).is_some_and(|count| *count == 1);
        let suffix = || address.to_string().replace([':', '.'], "-");
        let name = if alone { name } else { format!("{name}-{}", suffix()) };
        by_name.insert(name, map);
    }
    Map(by_name.into_iter().map(|(name, map)| (name, map.into())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::netbox::translate::small::{Small, files, objections};
    use crate::netbox::wire::Ref;

    /// A border VLAN with an address for each leaf.
    fn border(small: &mut Small) {
        small.vlan(900, "border");
        for (leaf, host) in [("leaf1", 2), ("leaf2", 3)] {
            small.interface(leaf, "Vlan900", &json!({ "vrf": 1 }));
            let on = format!("{leaf} Vlan900");
            small.address(&on, &format!("10.90.90.{host}/29"), "");
            small.address(&on, &format!("2001:db8:90::{host}/64"), "");
        }
    }

    /// A firewall behind it, with a session of each leaf.
    fn firewall(small: &mut Small) {
        border(small);
        small.outside("leaf1 Vlan900", "leaf1 <-> fw", "10.90.90.1/29");
        small.outside("leaf2 Vlan900", "leaf2 <-> fw", "10.90.90.1/29");
    }

    #[test]
    fn sessions_of_both_members_are_one_peer() {
        files(&[
            (
                "two sessions",
                firewall,
                "vrfs/gold.yaml",
                &["+ peers:", "+   fw: { address: 10.90.90.1, asn: 64999 }"],
            ),
            (
                "all that a session says",
                |small| {
                    firewall(small);
                    small.put("plugins/bgp/routing-policy", 5, json!({ "name": "RM-FW-OUT" }));
                    small.put("plugins/bgp/prefix-list", 6, json!({ "name": "PL-FW-IN", "family": "ipv4" }));
                    for session in small.inventory.sessions.values_mut().filter(|one| one.name.contains("fw"))
                    {
                        session.description = " to the\nfirewall ".to_owned();
                        session.export_policies = [Ref(5)].into_iter().collect();
                        session.prefix_list_in = Some(Ref(6));
                        session.max_prefixes = Some(500);
                        session.extra_attributes = json!({ "secret": "secret:bgp/fw" });
                    }
                },
                "vrfs/gold.yaml",
                &[
                    "+ peers:",
                    "+   fw:",
                    "+     address: 10.90.90.1",
                    "+     asn: 64999",
                    "+     description: to the firewall",
                    "+     in: PL-FW-IN",
                    "+     out: RM-FW-OUT",
                    "+     maximum-routes: 500",
                    "+     password: \"secret:bgp/fw\"",
                ],
            ),
            (
                "one name for two addresses",
                |small| {
                    firewall(small);
                    small.outside("leaf1 Vlan900", "leaf1-fw", "2001:db8:90::1/64");
                    small.outside("leaf2 Vlan900", "leaf2-fw", "2001:db8:90::1/64");
                },
                "vrfs/gold.yaml",
                &[
                    "+ peers:",
                    "+   fw-10-90-90-1: { address: 10.90.90.1, asn: 64999 }",
                    "+   fw-2001-db8-90--1: { address: \"2001:db8:90::1\", asn: 64999 }",
                ],
            ),
            (
                "not yet",
                |small| {
                    firewall(small);
                    small.inventory.sessions.values_mut().for_each(|one| one.status.0 = "planned".to_owned());
                },
                "vrfs/gold.yaml",
                &[],
            ),
        ]);
    }

    #[test]
    fn what_a_peer_cannot_be_is_told() {
        objections(&[
            (
                "on one member alone",
                |small| {
                    border(small);
                    small.outside("leaf1 Vlan900", "fw", "10.90.90.1/29");
                },
                &["error[peer-everywhere]: BGP session leaf1 fw: leaf2 has a subnet with 10.90.90.1"],
            ),
            (
                "two AS numbers",
                |small| {
                    firewall(small);
                    small.outside("leaf2 Vlan900", "again", "10.90.90.1/29").remote_as = Some(Ref(65000));
                },
                &[
                    "error[peer-differs]: BGP session leaf2 again: its AS differs from what session leaf1 <-> fw",
                ],
            ),
            (
                "two limits",
                |small| {
                    border(small);
                    small.outside("leaf1 Vlan900", "fw", "10.90.90.1/29");
                    small.outside("leaf2 Vlan900", "fw", "10.90.90.1/29").max_prefixes = Some(5);
                },
                &["error[peer-differs]: BGP session leaf2 fw: its policies, limits or secret differs"],
            ),
            (
                "not connected",
                |small| {
                    border(small);
                    small.outside("leaf1 Vlan900", "far", "10.1.1.1/32");
                },
                &[
                    "error[peer-subnet]: BGP session leaf1 far: no VLAN of leaf1 has a subnet that holds 10.1.1.1",
                ],
            ),
            (
                "in no VRF",
                |small| {
                    small.outside("leaf1 Ethernet11", "isp", "10.0.1.4/31").remote_address.replace(Ref(0));
                },
                &["warning[session-address]: BGP session leaf1 isp"],
            ),
            (
                "without an AS",
                |small| {
                    firewall(small);
                    small.inventory.asns.remove(&64999);
                },
                &["error[peer-as]: BGP session leaf1 leaf1 <-> fw: it has no remote AS"],
            ),
        ]);
    }

    #[test]
    fn a_session_is_called_without_its_device() {
        for (case, name, device, expected) in [
            ("before", "leaf1-fw", "leaf1", Some("fw")),
            ("behind", "fw at Leaf1", "leaf1", Some("fw-at")),
            ("within a longer name", "leaf11-fw", "leaf1", Some("leaf11-fw")),
            ("alone", "leaf1", "leaf1", None),
            ("letters of others", "leaf1 ⇄ fw", "leaf1", Some("fw")),
        ] {
            assert_eq!(clean(&without(name, device)).as_deref(), expected, "{case}");
        }
    }
}
