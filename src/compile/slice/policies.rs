//! The policies that a device uses, with the lists that they match with.
//!
//! Here: [`Policies`] and cutting them out, so that an edit of a policy concerns the devices
//! that use it. Elsewhere: writing them (`compile::policies`), where they are applied
//! (`compile::bgp`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Filters, Slice};
use crate::intent::Fabric;
use crate::intent::model::policy::{AsPathList, CommunityList, Family, Policy, PrefixList};
use crate::names::{PolicyName, RepoPath};

/// What a device has of policies and lists: of those that nothing of it uses, nothing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Policies<'a> {
    /// What its sessions and redistributions name.
    pub applied: BTreeMap<&'a PolicyName, Applied<'a>>,
    /// The prefix lists that rules of these name.
    pub prefix_lists: BTreeMap<&'a PolicyName, &'a PrefixList>,
    /// The community lists.
    pub community_lists: BTreeMap<&'a PolicyName, &'a CommunityList>,
    /// The AS path lists.
    pub as_path_lists: BTreeMap<&'a PolicyName, &'a AsPathList>,
}

/// What `in`, `out` and `redistribute` name.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Applied<'a> {
    /// The family of the routes that pass it. A policy that asks for a family is used for
    /// one alone (`intent::check`).
    pub family: Family,
    /// Its rules.
    pub rules: Rules<'a>,
}

/// A policy, or a prefix list that stands for one.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum Rules<'a> {
    /// `policies/NAME.yaml`.
    Policy(&'a Policy),
    /// `prefix-lists/NAME.yaml`.
    PrefixList(&'a PrefixList),
}

impl<'a> Policies<'a> {
    /// Those of a slice whose other parts are there. Names without an object are left out;
    /// `intent::check` reports them.
    pub(super) fn of(fabric: &'a Fabric, slice: &Slice<'a>) -> Self {
        let mut policies = Self::default();
        for (name, family) in uses(slice) {
            let policy = fabric.policies.get(name).map(Rules::Policy);
            let list = || fabric.prefix_lists.get(name).map(Rules::PrefixList);
            if let Some(rules) = policy.or_else(list) {
                policies.applied.entry(name).or_insert(Applied { family, rules });
            }
        }
        let applied: Vec<&Policy> = policies.policies().collect();
        for rule in applied.into_iter().flat_map(|policy| policy.rules.values()) {
            let found = rule.matches.prefix_list.as_ref();
            let found = found.and_then(|name| fabric.prefix_lists.get_key_value(&name.value));
            policies.prefix_lists.extend(found);
            let found = rule.matches.community_list.as_ref();
            let found = found.and_then(|name| fabric.community_lists.get_key_value(&name.value));
            policies.community_lists.extend(found);
            let found = rule.matches.as_path_list.as_ref();
            let found = found.and_then(|name| fabric.as_path_lists.get_key_value(&name.value));
            policies.as_path_lists.extend(found);
        }
        policies
    }

    /// The policies applied, those that prefix lists stand for left aside.
    pub fn policies(&self) -> impl Iterator<Item = &'a Policy> {
        self.applied.values().filter_map(|applied| match applied.rules {
            Rules::Policy(policy) => Some(policy),
            Rules::PrefixList(_) => None,
        })
    }

    /// A policy applied, by its name.
    pub fn policy(&self, name: &PolicyName) -> Option<&'a Policy> {
        self.policies().find(|policy| policy.name == *name)
    }

    /// The files that all of it was read from.
    pub(super) fn files(&self) -> BTreeSet<&'a RepoPath> {
        let applied = self.applied.values().map(|applied| match applied.rules {
            Rules::Policy(policy) => &policy.place,
            Rules::PrefixList(list) => &list.place,
        });
        let prefixes = self.prefix_lists.values().map(|list| &list.place);
        let communities = self.community_lists.values().map(|list| &list.place);
        let paths = self.as_path_lists.values().map(|list| &list.place);
        applied.chain(prefixes).chain(communities).chain(paths).map(|place| &place.file).collect()
    }
}

/// The names that the device's sessions and redistributions give, with the family of the
/// routes concerned.
fn uses<'a>(slice: &Slice<'a>) -> Vec<(&'a PolicyName, Family)> {
    let mut uses = Vec::new();
    let mut both = |filters: Filters<'a>, family| {
        let names = [filters.inbound, filters.outbound].into_iter().flatten();
        uses.extend(names.map(|name| (&name.value, family)));
    };
    if !slice.links.is_empty() {
        both(slice.underlay.filters, Family::Ipv4);
        if let Some(overlay) = slice.overlay {
            both(overlay.filters, Family::Evpn);
        }
    }
    for at in slice.vrfs.iter().flat_map(|vrf| &vrf.peers) {
        both(Filters::of(&at.peer.filters), Family::of(at.peer.address.value));
    }
    for source in slice.vrfs.iter().flat_map(|vrf| vrf.redistribute) {
        uses.extend(source.policy.as_ref().map(|name| (&name.value, Family::Ipv4)));
    }
    uses
}
