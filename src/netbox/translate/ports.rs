//! Host ports: those of a pair, the same on both members, and those of a device alone.
//!
//! Here: what each member says (`port`), and what of it is the pair's. Elsewhere: the files
//! that they stand in (`pair`, `device`), links (`links`), the VLANs themselves (`vlan`).

mod port;

use std::collections::{BTreeMap, BTreeSet};

use port::HostPort;

use super::links::Links;
use super::mlag::Mlag;
use super::previous::{get, text};
use super::scope::{Member, Scope};
use crate::intent::port::range;
use crate::intent::yaml::Value;
use crate::names::{InterfaceName, PairName, VlanId};
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::wire::Id;
use crate::netbox::yaml::{Map, Node};
use crate::yang::natural::natural;

/// What was found of all ports.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    /// `ports` of each pair.
    pub(crate) pairs: BTreeMap<PairName, Map>,
    /// `ports` of each device's own file.
    pub(crate) devices: BTreeMap<Id, Map>,
    /// The VLANs that the ports of each device carry, as the files say it: a pair whose members
    /// differ counts as it was agreed last.
    pub(crate) carried: BTreeMap<Id, BTreeSet<VlanId>>,
}

/// A port's entries before they are written: by name, in natural order of the names.
type Entries = BTreeMap<InterfaceName, Map>;

/// Reads the ports of every device.
pub(super) fn settle(scope: &Scope<'_>, links: &Links<'_>, mlag: &Mlag, out: &mut Objections) -> Ports {
    let mut ports = Ports::default();
    let mut own: BTreeMap<Id, Entries> = BTreeMap::new();
    for (pair, members) in scope.pairs() {
        let mut shared = Entries::new();
        let said: Vec<_> =
            members.iter().map(|member| port::collect(scope, member, links, mlag, out)).collect();
        let names: BTreeSet<&InterfaceName> = said.iter().flat_map(BTreeMap::keys).collect();
        let idle = HostPort::default();
        for name in names {
            let each: Vec<(&Member<'_>, &HostPort)> = members
                .iter()
                .copied()
                .zip(said.iter().map(|ports| ports.get(name).unwrap_or(&idle)))
                .collect();
            let settled = agree(scope, pair, name, &each, out);
            shared.extend(settled.shared.map(|map| (name.clone(), map)));
            for (device, map) in settled.own {
                own.entry(device).or_default().insert(name.clone(), map);
            }
            for (device, vlans) in settled.carried {
                ports.carried.entry(device).or_default().extend(vlans);
            }
        }
        ports.pairs.insert(pair.clone(), fold(shared));
    }
    for member in scope.devices.iter().filter(|member| member.pair.is_none()) {
        for (name, port) in port::collect(scope, member, links, mlag, out) {
            ports.carried.entry(member.id).or_default().extend(port.vlans());
            own.entry(member.id).or_default().extend(port.said().map(|map| (name, map)));
        }
    }
    // the end of a link is the device's alone, also a member's
    for member in &scope.devices {
        for (name, map) in port::ends(scope, member, links, out) {
            own.entry(member.id).or_default().insert(name, map);
        }
    }
    ports.devices = own.into_iter().map(|(device, entries)| (device, fold(entries))).collect();
    ports
}

/// What becomes of one port of a pair.
#[derive(Default)]
struct Settled {
    /// The pair's entry.
    shared: Option<Map>,
    /// What members say of it themselves.
    own: Vec<(Id, Map)>,
    /// The VLANs at each member.
    carried: Vec<(Id, BTreeSet<VlanId>)>,
}

/// What members agree on is the pair's; whether it is enabled, and its description, may
/// differ. While somebody edits one member after the other, the entry that was agreed last
/// stays. A port without a LAG may have a host on one member alone.
fn agree(
    scope: &Scope<'_>,
    pair: &PairName,
    name: &InterfaceName,
    each: &[(&Member<'_>, &HostPort)],
    out: &mut Objections,
) -> Settled {
    let Some((_, first)) = each.first() else { return Settled::default() };
    if each.iter().all(|(_, port)| port.shared == first.shared) {
        return together(each, first);
    }
    let carried =
        |vlans: &BTreeSet<VlanId>| each.iter().map(|(member, _)| (member.id, vlans.clone())).collect();
    let others = each.iter().map(|(member, port)| {
        format!("{}: {}", member.name, port.said().map_or("nothing".into(), |map| Node::from(map).line()))
    });
    let message =
        format!("{name} differs between the members of {pair}: {}", others.collect::<Vec<_>>().join("; "));
    let about = each.iter().find_map(|(_, port)| port.about.clone());
    let object = |objection: Objection| match &about {
        Some(about) => objection.about(about.clone()),
        None => objection,
    };
    if let Some((entry, vlans)) = previous(scope, pair, name) {
        let objection = object(Objection::warning("port-members-differ", message));
        out.push(objection.hint("the entry that was agreed last stays until both members say the same"));
        return Settled { shared: Some(entry), own: Vec::new(), carried: carried(&vlans) };
    }
    let of_both = each.iter().any(|(_, port)| port.shared.mlag)
        || each.iter().all(|(_, port)| port.shared.lag.is_some());
    if of_both {
        let objection = object(Objection::error("port-members-differ", message));
        out.push(objection.expected("the same LAG, mode, VLANs and MTU on both members of an MLAG pair"));
        return Settled::default();
    }
    Settled {
        shared: None,
        own: each.iter().filter_map(|(member, port)| Some((member.id, port.said()?))).collect(),
        carried: each.iter().map(|(member, port)| (member.id, port.vlans())).collect(),
    }
}

/// A port that is the same on all members but for what may differ.
fn together(each: &[(&Member<'_>, &HostPort)], first: &HostPort) -> Settled {
    let enabled = each.iter().all(|(_, port)| port.enabled == first.enabled).then_some(first.enabled);
    let description = each.iter().all(|(_, port)| port.description == first.description);
    let common = HostPort {
        enabled: enabled.unwrap_or(true),
        description: first.description.clone().filter(|_| description),
        ..first.clone()
    };
    let rest = |port: &HostPort| {
        HostPort {
            enabled: port.enabled || enabled.is_some(),
            description: port.description.clone().filter(|_| !description),
            ..HostPort::default()
        }
        .said()
    };
    Settled {
        shared: common.said(),
        own: each.iter().filter_map(|(member, port)| Some((member.id, rest(port)?))).collect(),
        carried: each.iter().map(|(member, port)| (member.id, port.vlans())).collect(),
    }
}

/// The entry of a pair's port as it stands in the repository, if it is in use there, and the
/// VLANs in it.
fn previous(scope: &Scope<'_>, pair: &PairName, port: &InterfaceName) -> Option<(Map, BTreeSet<VlanId>)> {
    let file = scope.previous.file(&format!("pairs/{pair}.yaml"))?;
    let Value::Map(entries) = &get(&file, "ports")?.value else { return None };
    let (_, entry) =
        entries.iter().find(|(key, _)| range(&key.value).is_ok_and(|names| names.contains(port)))?;
    let used = ["to", "profile", "lag", "mode", "vlans"].iter().any(|key| get(entry, key).is_some());
    let vlans = get(entry, "vlans").into_iter().flat_map(|node| match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    });
    let vlans = vlans.chain(get(entry, "native")).filter_map(|node| text(node)?.parse().ok()).collect();
    match Node::from_read(entry) {
        Node::Map(map) if used => Some((map, vlans)),
        _ => None,
    }
}

/// Ports that stand as one line: the first, the number of the last, their entry.
struct Run {
    first: InterfaceName,
    last: u32,
    entry: Map,
}

/// Neighbouring ports that are shut, or in one LAG, as a range: `Ethernet2-8`.
fn fold(entries: Entries) -> Map {
    let mut sorted: Vec<(InterfaceName, Map)> = entries.into_iter().collect();
    sorted.sort_by(|(a, _), (b, _)| natural(a.as_str(), b.as_str()));
    let mut runs: Vec<Run> = Vec::new();
    for (name, entry) in sorted {
        let (stem, number) = split(name.as_str());
        let alike = entry.get("lag").is_some() || entry.0.iter().all(|(key, _)| key == "enabled");
        let before = runs.last_mut().filter(|run| {
            let follows = split(run.first.as_str()).0 == stem && run.last.checked_add(1) == Some(number);
            alike && follows && run.entry == entry
        });
        match before {
            Some(run) => run.last = number,
            None => runs.push(Run { last: number, first: name, entry }),
        }
    }
    let line = |run: Run| {
        let alone = split(run.first.as_str()).1 == run.last;
        let key = if alone { run.first.to_string() } else { format!("{}-{}", run.first, run.last) };
        (key, Node::from(run.entry))
    };
    Map(runs.into_iter().map(line).collect())
}

/// A port's name as what stands before its last number, and that number.
fn split(name: &str) -> (&str, u32) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem, name.get(stem.len()..).and_then(|number| number.parse().ok()).unwrap_or(0))
}
