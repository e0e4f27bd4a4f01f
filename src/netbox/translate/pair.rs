//! `pairs/NAME.yaml`: what both members of an MLAG pair share.
//!
//! Elsewhere: what makes them a pair (`mlag`), the ports that they share (`ports`).

use std::collections::{BTreeMap, BTreeSet};

use super::Draft;
use super::device::vtep;
use super::mlag::Mlag;
use super::ports::Ports;
use super::previous::{get, text};
use super::scope::{Member, Scope};
use crate::intent::yaml::{Node as Read, Value};
use crate::names::{Asn, PairName, RoleName};
use crate::netbox::objection::Objection;
use crate::netbox::yaml::{Map, Node};

/// The AS of each pair and role that has one: a device in it says none.
#[derive(Debug, Default)]
pub(crate) struct AsNumbers {
    pairs: BTreeMap<PairName, Node>,
    roles: BTreeMap<RoleName, Asn>,
}

impl AsNumbers {
    /// A pair's AS is that of its members, a role's that of its devices without a pair, where
    /// all of them agree, and what people wrote where `fabric.yaml` is theirs.
    pub(super) fn of(scope: &Scope<'_>, draft: &mut Draft) -> Self {
        let mut pairs = BTreeMap::new();
        for (pair, members) in scope.pairs() {
            let said: Vec<_> = members
                .iter()
                .map(|member| (*member, member.asn.map(|asn| Node::number(asn.get()))))
                .collect();
            pairs.extend(agreed(scope, pair, "asn", &said, draft).map(|asn| (pair.clone(), asn)));
        }
        let mut said: BTreeMap<&RoleName, BTreeSet<Option<Asn>>> = BTreeMap::new();
        for member in scope.devices.iter().filter(|member| member.pair.is_none()) {
            said.entry(&member.role).or_default().insert(member.asn);
        }
        let one =
            |(role, asns): (&RoleName, BTreeSet<Option<Asn>>)| match asns.into_iter().collect::<Vec<_>>()[..]
            {
                [Some(asn)] => Some((role.clone(), asn)),
                _ => None,
            };
        let roles = match scope.of_people("fabric.yaml") {
            Some(file) => scope.devices.iter().filter_map(|member| written(&file, &member.role)).collect(),
            None => said.into_iter().filter_map(one).collect(),
        };
        Self { pairs, roles }
    }

    /// The AS of a role.
    pub(super) fn role(&self, role: &RoleName) -> Option<Asn> {
        self.roles.get(role).copied()
    }

    /// The AS that a device's own file has to say: that of a pair is the pair's alone.
    pub(super) fn own(&self, member: &Member<'_>) -> Option<Asn> {
        member.asn.filter(|asn| member.pair.is_none() && self.role(&member.role) != Some(*asn))
    }
}

/// The AS of a role as `fabric.yaml` has it.
fn written(file: &Read, role: &RoleName) -> Option<(RoleName, Asn)> {
    let asn = get(get(get(file, "roles")?, role.as_str())?, "asn").and_then(text)?;
    Some((role.clone(), asn.parse().ok()?))
}

/// Writes the file of each pair.
pub(super) fn write(scope: &Scope<'_>, mlag: &Mlag, ports: &Ports, asns: &AsNumbers, draft: &mut Draft) {
    for (name, members) in scope.pairs() {
        let mut file = Map::new();
        let domain = members.iter().filter_map(|member| member.pair.as_ref()).map(|(_, text)| text.as_str());
        file.set_some("domain", domain.min().filter(|text| *text != name.as_str()).map(Node::text));
        file.set_some("asn", asns.pairs.get(name).cloned());
        let vteps: Vec<_> = members
            .iter()
            .map(|member| (*member, vtep(scope, member, &mut draft.objections).map(Node::text)))
            .collect();
        file.set_some("vtep", agreed(scope, name, "vtep", &vteps, draft));
        let links: Vec<_> = members
            .iter()
            .map(|member| {
                let ports = mlag.members.get(&member.id).map_or(&[][..], |mlag| &mlag.peer_link);
                (
                    *member,
                    match ports {
                        [] => None,
                        [one] => Some(Node::text(one)),
                        several => Some(Node::list(several.iter().map(Node::text))),
                    },
                )
            })
            .collect();
        let peer_link = agreed(scope, name, "peer-link", &links, draft);
        if peer_link.is_none()
            && let Some(first) = members.first()
        {
            let objection = Objection::error("pair-peer-link", format!("the pair {name} has no peer link"));
            let objection = objection.about(scope.about_device(first.device));
            draft
                .objections
                .push(objection.expected("a LAG between the members, by its cables or marked mlag-peer"));
        }
        file.set_some("peer-link", peer_link);
        if let Some(ports) = ports.pairs.get(name) {
            file.set_filled("ports", ports.clone());
        }
        draft.files.insert(format!("pairs/{name}.yaml"), file);
    }
}

/// What both members say. Where they differ, or say nothing any more, what stands in the
/// repository stays.
fn agreed(
    scope: &Scope<'_>,
    pair: &PairName,
    key: &str,
    said: &[(&Member<'_>, Option<Node>)],
    draft: &mut Draft,
) -> Option<Node> {
    let (_, first) = said.first()?;
    let same = said.iter().all(|(_, node)| node == first);
    if same && first.is_some() {
        return first.clone();
    }
    let before = scope.previous.file(&format!("pairs/{pair}.yaml"));
    let before = before.as_ref().and_then(|file| get(file, key)).filter(|node| match &node.value {
        Value::Scalar(_) => text(node).is_some_and(|text| !text.is_empty()),
        _ => true,
    });
    if same && before.is_none() {
        return None;
    }
    let shown = |(member, node): &(&Member<'_>, Option<Node>)| {
        format!("{} {}", member.name, node.as_ref().map_or_else(|| "none".to_owned(), Node::line))
    };
    let list = said.iter().map(shown).collect::<Vec<_>>().join(", ");
    let message = format!("{key} of the pair {pair} is not one: {list}");
    let about = said.last().map(|(member, _)| scope.about_device(member.device));
    let object = |objection: Objection| match about {
        Some(about) => objection.about(about),
        None => objection,
    };
    let kept = before.map(Node::from_read);
    draft.objections.push(match &kept {
        Some(kept) => object(Objection::warning("pair-members-differ", message))
            .hint(format!("{} stays until both members say the same", kept.line())),
        None => object(Objection::error("pair-members-differ", message)).expected("the same on both members"),
    });
    kept
}
