//! An inventory of NetBox, said as intent files: pure, the same bytes for the same objects.
//!
//! A fabric's way: `scope` finds its devices and who is whose; then one file a kind writes
//! files: `device`, `pair` (with `ports`), `vlan`, `vrf`, `policy`, and `fabric` at the end,
//! which takes what `services` and `sessions` found to hold for many devices (`layers`).
//! Elsewhere: how this NetBox says things (`mapping`), bytes (`yaml`), commits (`export`).

mod design;
mod device;
mod fabric;
mod layers;
mod links;
mod lists;
mod mlag;
mod pair;
mod peers;
mod places;
mod policy;
mod ports;
mod previous;
mod scope;
mod services;
mod sessions;
mod skipped;
#[cfg(test)]
mod small;
mod svi;
#[cfg(test)]
mod tests;
mod value;
mod vlan;
mod vni;
mod vrf;

use std::collections::{BTreeMap, BTreeSet};

use super::inventory::Inventory;
use super::mapping::Mapping;
use super::objection::{Objection, Objections};
use super::wire::Id;
use super::yaml::Map;
use crate::diagnostic::Findings;
use crate::names::RepoPath;
pub use previous::Previous;
use scope::Scope;

/// What NetBox says, as files.
#[derive(Clone, Debug, Default)]
pub struct Translation {
    /// Every file that NetBox says, by its path in the repository; those that people wrote
    /// are not among them.
    pub files: BTreeMap<RepoPath, String>,
    /// Files that NetBox says too and that stay as people wrote them.
    pub kept: BTreeSet<RepoPath>,
    /// What is wrong in NetBox; with an error among them nothing must be committed.
    pub objections: Objections,
    /// What is wrong with `netbox.yaml`; the same holds.
    pub findings: Findings,
}

impl Translation {
    /// Whether the export fails.
    pub fn has_errors(&self) -> bool {
        self.objections.has_errors() || self.findings.has_errors()
    }
}

/// The files of one fabric while they are written; paths count from its folder.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// By path.
    pub(crate) files: BTreeMap<String, Map>,
    /// What is wrong.
    pub(crate) objections: Objections,
}

/// Says an inventory as files. `previous` is what stands in the repository, `base_url` the
/// address of NetBox for links in objections (`https://netbox.example`).
pub fn translate(
    inventory: &Inventory,
    mapping: &Mapping,
    previous: &Previous,
    base_url: &str,
) -> Translation {
    let mut all = Translation { findings: mapping.check(inventory), ..Translation::default() };
    let mut fabric_of: BTreeMap<Id, &str> = BTreeMap::new();
    for (folder, fabric) in &mapping.fabrics {
        let mut draft = Draft::default();
        let previous = previous.below(folder);
        let scope = Scope::new(inventory, mapping, fabric, &previous, base_url, &mut draft.objections);
        for member in &scope.devices {
            if let Some(other) = fabric_of.insert(member.id, folder) {
                let message = format!("it is of two fabrics: {other} and {folder}");
                let objection =
                    Objection::error("device-twice", message).about(scope.about_device(member.device));
                draft
                    .objections
                    .push(objection.hint("make `devices` of the fabrics in netbox.yaml distinct"));
            }
        }
        write(&scope, &mut draft);
        for (path, file) in draft.files {
            let full = if folder.is_empty() { path.clone() } else { format!("{folder}/{path}") };
            let Ok(full) = full.parse::<RepoPath>() else { continue };
            if previous.is_of_people(&path) {
                all.kept.insert(full);
            } else {
                all.files.insert(full, file.to_yaml());
            }
        }
        all.objections.extend(draft.objections);
    }
    all.objections.sort();
    all
}

/// Every kind of file.
fn write(scope: &Scope<'_>, draft: &mut Draft) {
    let links = links::find(scope, &mut draft.objections);
    let mlag = mlag::find(scope, &mut draft.objections);
    let ports = ports::settle(scope, &links, &mlag, &mut draft.objections);
    let vlans = vlan::write(scope, &ports.carried, &mlag.vlans(), draft);
    vrf::write(scope, &vlans, draft);
    policy::write(scope, draft);
    let mut wishes = design::wishes(scope, &links, &mlag, &mut draft.objections);
    for found in [services::wishes(scope, draft), sessions::wishes(scope, draft)] {
        for (device, map) in found {
            wishes.entry(device).or_default().merge(map);
        }
    }
    let layers = layers::fold(scope, &wishes, &mut draft.objections);
    let asns = pair::AsNumbers::of(scope, draft);
    pair::write(scope, &mlag, &ports, &asns, draft);
    let platform = fabric::common_platform(scope);
    let found =
        device::Found { links: &links, mlag: &mlag, ports: &ports, asns: &asns, layers: &layers, platform };
    device::write(scope, &found, draft);
    fabric::write(scope, &layers, &mlag, &asns, draft);
    skipped::note(scope, &mut draft.objections);
}
