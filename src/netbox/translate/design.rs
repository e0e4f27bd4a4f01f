//! What each device wants of `underlay` by itself: MTU of its links, BGP's distance and paths.
//!
//! Elsewhere: what its sessions say (`sessions`), folding (`layers`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::layers::Wishes;
use super::links::Links;
use super::mlag::Mlag;
use super::scope::Scope;
use super::value;
use crate::netbox::mapping::Field;
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::objects::Interface;
use crate::netbox::wire::Id;
use crate::netbox::yaml::{Map, Node};

/// What each device wants.
pub(super) fn wishes(scope: &Scope<'_>, links: &Links<'_>, mlag: &Mlag, out: &mut Objections) -> Wishes {
    let mut wishes = Wishes::new();
    let mtus = mtus(scope, links, mlag, out);
    for member in &scope.devices {
        let subject = scope.device_subject(member.device);
        let mut underlay = Map::new();
        underlay.set_some("mtu", mtus.get(&member.id).map(|mtu| Node::number(*mtu)));
        let distance = scope.read(
            Field::Distance,
            &subject,
            "three numbers from 1 to 255: external, internal, local",
            distance,
            out,
        );
        underlay.set_some("distance", distance.map(|all| Node::list(all.into_iter().map(Node::number))));
        let paths = |value: &Value| value::number(value).filter(|paths| (1..=128).contains(paths));
        let paths = scope.read(Field::MaximumPaths, &subject, "a number from 1 to 128", paths, out);
        underlay.set_some("maximum-paths", paths.map(Node::number));
        let mut map = Map::new();
        map.set_filled("underlay", underlay);
        wishes.insert(member.id, map);
    }
    wishes
}

fn distance(value: &Value) -> Option<Vec<u64>> {
    let all = value::list(value, value::number)?;
    (all.len() == 3 && all.iter().all(|one| (1..=255).contains(one))).then_some(all)
}

/// The MTU of each device's routed links and of its iBGP SVI, which is one.
fn mtus(scope: &Scope<'_>, links: &Links<'_>, mlag: &Mlag, out: &mut Objections) -> BTreeMap<Id, u64> {
    let ends = links
        .all
        .iter()
        .flat_map(|link| [(link.lower.device, link.lower.port), (link.upper.device, link.upper.port)]);
    let svis = mlag.members.iter().filter_map(|(device, member)| Some((*device, member.ibgp?.2)));
    let svis = svis.filter_map(|(device, id)| Some((device, scope.inventory.interfaces.get(&id)?)));
    let mut first: BTreeMap<Id, (u64, &Interface)> = BTreeMap::new();
    for (device, interface) in ends.chain(svis) {
        let Some(mtu) = interface.mtu.map(u64::from) else { continue };
        let (known, other) = *first.entry(device).or_insert((mtu, interface));
        if known != mtu {
            let message =
                format!("its MTU {mtu} is not that of {}, {known}", scope.about_interface(other).name);
            let objection =
                Objection::error("link-mtu", message).about(scope.about_interface(interface)).field("mtu");
            out.push(objection.expected("one MTU on all routed links and the iBGP SVI of a device"));
        } else if !(68..=9214).contains(&mtu) {
            let objection = Objection::error("link-mtu", format!("{mtu} is no IP MTU"))
                .about(scope.about_interface(interface));
            out.push(objection.field("mtu").expected("68 to 9214"));
        }
    }
    first.into_iter().map(|(device, (mtu, _))| (device, mtu)).collect()
}
