//! What each device wants, folded to the level where it is said once: fabric, role, device.
//!
//! Whoever finds settings in NetBox says them for each device as keys of `fabric.yaml`
//! ([`Wishes`]); here they become the fewest lines. Elsewhere: finding them (`services`,
//! `sessions`, `design`), writing them (`fabric`, `device`).

use std::collections::BTreeMap;

use super::scope::Scope;
use crate::names::RoleName;
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::wire::Id;
use crate::netbox::yaml::{Map, Node};

/// What each device wants, by its id: `{ underlay: {...}, overlay: {...}, services: {...} }`.
pub(crate) type Wishes = BTreeMap<Id, Map>;

/// The levels.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// Keys of `fabric.yaml`.
    pub(crate) fabric: Map,
    /// Keys of `roles.NAME` in `fabric.yaml`.
    pub(crate) roles: BTreeMap<RoleName, Map>,
    /// Keys of `devices/NAME.yaml`.
    pub(crate) devices: BTreeMap<Id, Map>,
}

/// A key below keys: `["underlay", "bfd"]`.
type Path = Vec<String>;

/// Folds field by field. A value that most devices of a role have is the role's, one that all
/// roles have the fabric's. A device that differs says it itself where a device file can
/// (`services`); elsewhere it is an error, as no file could say what NetBox says.
pub(crate) fn fold(scope: &Scope<'_>, wishes: &Wishes, out: &mut Objections) -> Layers {
    let mut fields: BTreeMap<Path, BTreeMap<Id, &Node>> = BTreeMap::new();
    for (device, map) in wishes {
        leaves(map, &mut Vec::new(), &mut |path, node| {
            fields.entry(path.clone()).or_default().insert(*device, node);
        });
    }
    let mut layers = Layers::default();
    for (path, values) in &fields {
        let mut roles: BTreeMap<&RoleName, Vec<Id>> = BTreeMap::new();
        for member in &scope.devices {
            roles.entry(&member.role).or_default().push(member.id);
        }
        let common: BTreeMap<&RoleName, Option<&Node>> = roles
            .iter()
            .map(|(role, devices)| {
                let voters = devices.iter().filter(|id| votes(wishes.get(id), path));
                let said: Vec<&Node> = voters.clone().filter_map(|id| values.get(id).copied()).collect();
                let silent = voters.count() - said.len();
                // of as many, a device file says a service itself; a session's setting is missing
                let is_rare = if is_service(path) { said.len() <= silent } else { said.len() < silent };
                (*role, most(said.into_iter()).filter(|_| !is_rare))
            })
            .collect();
        let mut distinct: Vec<_> = common.values().collect();
        distinct.dedup();
        let all = if let [Some(node)] = distinct.as_slice() { Some(*node) } else { None };
        if let Some(node) = all {
            put(&mut layers.fabric, path, node);
        } else {
            for (role, node) in &common {
                if let Some(node) = node {
                    put(layers.roles.entry((*role).clone()).or_default(), path, node);
                }
            }
        }
        for member in &scope.devices {
            let of_role = common.get(&member.role).copied().flatten();
            let own = values.get(&member.id).copied();
            if own == of_role {
                continue;
            }
            let Some(own) = own else {
                if !votes(wishes.get(&member.id), path) {
                    continue;
                }
                let message = format!(
                    "NetBox says no {} for it, as it does for other devices of its role",
                    path.join(".")
                );
                out.push(
                    Objection::warning("role-differs", message).about(scope.about_device(member.device)),
                );
                continue;
            };
            if is_service(path) {
                put(layers.devices.entry(member.id).or_default(), path, own);
            } else {
                let message =
                    format!("its {} is not that of most devices of the role {}", path.join("."), member.role);
                let objection =
                    Objection::error("role-differs", message).about(scope.about_device(member.device));
                out.push(objection.hint("make the devices of a role agree in NetBox, or give the device another role in netbox.yaml"));
            }
        }
    }
    layers
}

/// Every value that is no map, with its path.
fn leaves<'m>(map: &'m Map, path: &mut Path, found: &mut impl FnMut(&Path, &'m Node)) {
    for (key, node) in &map.0 {
        path.push(key.clone());
        match node {
            Node::Map(map) => leaves(map, path, found),
            node => found(path, node),
        }
        path.pop();
    }
}

/// Whether a device that says nothing at a path says that it wants nothing there. Of services
/// it does; of sessions only if it has any: one that is not wired yet has no opinion.
fn votes(wishes: Option<&Map>, path: &Path) -> bool {
    let Some(first) = path.first() else { return false };
    is_service(path) || wishes.is_some_and(|wishes| wishes.get(first).is_some())
}

fn is_service(path: &Path) -> bool {
    path.first().is_some_and(|first| first == "services")
}

/// The value that most have; of equally many the smallest.
pub(super) fn most<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut count: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *count.entry(value).or_default() += 1;
    }
    count.into_iter().max_by(|(a, m), (b, n)| m.cmp(n).then(b.cmp(a))).map(|(value, _)| value)
}

/// Sets a value at a path.
fn put(map: &mut Map, path: &[String], node: &Node) {
    if let [key, rest @ ..] = path {
        if rest.is_empty() {
            map.set(key.clone(), node.clone());
            return;
        }
        let mut inner = Map::new();
        put(&mut inner, rest, node);
        map.merge(Map(vec![(key.clone(), inner.into())]));
    }
}
