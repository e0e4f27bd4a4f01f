//! `netbox.yaml`: how this NetBox says what the intent wants to know. All of it is optional.
//!
//! Here: what a mapping says, and what holds without one. Elsewhere: the fields of the intent
//! that a custom field or a config context may fill (`fields`), reading the file (`read`), whether
//! NetBox has what it names (`check`).

mod check;
mod fields;
mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

pub(crate) use fields::{Field, Source};

use super::yaml::Map;
use crate::diagnostic::{Place, Spanned};
use crate::intent::model::DeviceState;
use crate::names::RoleName;

/// The mapping file, in the root of the repository.
pub(crate) const FILE: &str = "netbox.yaml";

/// The keys of `fabric.yaml` in their order; `fabric` may lay each over what NetBox says.
pub(crate) const DESIGN_KEYS: [&str; 15] = [
    "version",
    "name",
    "platform",
    "management",
    "services",
    "roles",
    "underlay",
    "overlay",
    "mlag",
    "static-routes",
    "profiles",
    "unused-ports",
    "vlan-internal",
    "limits",
    "drift",
];

/// What `netbox.yaml` says; [`Mapping::default`] is what holds without the file.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// `fabrics`: one fabric a folder; without it one fabric in the root (the empty path).
    pub(crate) fabrics: BTreeMap<String, FabricMapping>,
    /// `fields`: where each field of the intent is looked for, in order.
    pub(crate) fields: BTreeMap<Field, Vec<Source>>,
    /// `platforms`: slug to network OS and version.
    pub(crate) platforms: BTreeMap<String, (String, String)>,
    /// `roles`: slug to role; a slug that is not here is the role itself.
    pub(crate) roles: BTreeMap<String, RoleName>,
    /// `tiers`: roles from the top to the bottom; a link's lower device says it.
    pub(crate) tiers: Vec<Vec<String>>,
    /// `states`: status to state; a status that is not here is not exported.
    pub(crate) states: BTreeMap<String, DeviceState>,
    /// `lacp`: what a LAG speaks, which NetBox cannot say.
    pub(crate) lacp: String,
    /// `authors`: NetBox user to the name and address of a commit's author.
    pub(crate) authors: BTreeMap<String, String>,
    /// Where the file names a source.
    places: Vec<(Field, Source, Place)>,
    /// What the file names of NetBox.
    named: Vec<Named>,
}

/// A slug that the file names.
#[derive(Clone, Debug)]
struct Named {
    /// `site`, `role`, `tag` or `platform`.
    kind: &'static str,
    slug: String,
    place: Place,
}

impl Named {
    fn new(kind: &'static str, slug: &Spanned<String>) -> Self {
        Self { kind, slug: slug.value.clone(), place: slug.place.clone() }
    }
}

/// What is said of one fabric.
#[derive(Clone, Debug, Default)]
pub(crate) struct FabricMapping {
    /// `devices`: which devices are of it.
    pub(crate) devices: DeviceFilter,
    /// `fabric`: keys of `fabric.yaml`, laid over what NetBox says.
    pub(crate) design: Map,
}

/// Which devices are exported; a set that is empty asks for nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeviceFilter {
    /// Slugs of sites.
    pub(crate) sites: BTreeSet<String>,
    /// Slugs of roles.
    pub(crate) roles: BTreeSet<String>,
    /// Slugs of tags, of which one is enough.
    pub(crate) tags: BTreeSet<String>,
    /// Statuses.
    pub(crate) statuses: BTreeSet<String>,
    /// What the name has to match as a whole.
    pub(crate) name: Option<Regex>,
    /// Names that are left out: a whole match too.
    pub(crate) exclude: Option<Regex>,
}

impl Default for Mapping {
    fn default() -> Self {
        let eos = || ("arista-eos".to_owned(), "4.35.0F".to_owned());
        let tier = |roles: &[&str]| roles.iter().map(|role| (*role).to_owned()).collect();
        let state = |status: &str, state| (status.to_owned(), state);
        Self {
            fabrics: BTreeMap::from([(String::new(), FabricMapping::default())]),
            fields: Field::defaults(),
            platforms: ["eos", "arista-eos", "arista_eos"]
                .into_iter()
                .map(|slug| (slug.to_owned(), eos()))
                .collect(),
            roles: BTreeMap::new(),
            tiers: vec![tier(&["super-spine"]), tier(&["spine"]), tier(&["leaf", "border", "border-leaf"])],
            states: BTreeMap::from([
                state("active", DeviceState::Active),
                state("planned", DeviceState::Staged),
                state("staged", DeviceState::Staged),
                state("offline", DeviceState::Paused),
                state("failed", DeviceState::Paused),
                state("decommissioning", DeviceState::Drained),
            ]),
            lacp: "active".to_owned(),
            authors: BTreeMap::new(),
            places: Vec::new(),
            named: Vec::new(),
        }
    }
}

impl Mapping {
    /// `Name <address>` of a NetBox user, where the mapping knows it.
    pub fn author(&self, user: &str) -> Option<&str> {
        self.authors.get(user).map(String::as_str)
    }
}
