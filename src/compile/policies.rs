//! Routing policies and the lists that they match with.
//!
//! Elsewhere: where they are applied (`bgp`), what no path carries (`bootstrap`: a match of
//! AS paths), whether a rule can be said at all (`intent::check::policies`).

use super::Slice;
use super::slice::{Applied, Rules};
use crate::diagnostic::Place;
use crate::intent::model::policy::{
    Action, Community, Family, NextHop, Policy, PrefixList, PrefixRule, Rule, Set, SetHow,
};
use crate::yang::write::{Cursor, Writer};

/// | EOS | path, under `/routing-policy` |
/// |---|---|
/// | `ip prefix-list` | `defined-sets/prefix-sets/prefix-set/prefixes/prefix`, by prefix and lengths |
/// | `ip community-list` | `defined-sets/bgp-defined-sets/community-sets/community-set` |
/// | `ip as-path access-list` | `defined-sets/bgp-defined-sets/as-path-sets/as-path-set` |
/// | `route-map M permit N` | `policy-definitions/policy-definition/statements/statement`, named by the number |
///
/// Sets of EOS hold what is permitted, without order. A prefix list that a session names
/// becomes a policy of its own name, with a statement for each run of rules of one action.
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>) {
    let policies = &slice.policies;
    for Applied { family, rules } in policies.applied.values() {
        match rules {
            Rules::Policy(policy) => definition(w, policy, *family),
            Rules::PrefixList(list) => standing_for(w, list),
        }
    }
    for list in policies.prefix_lists.values() {
        prefix_set(w, list.name.as_str(), list, list.rules.values());
    }
    let sets = w.at("/routing-policy/defined-sets/bgp-defined-sets", slice.place);
    for list in policies.community_lists.values() {
        let entry = sets.entry("community-sets/community-set", [&list.name], &list.place);
        entry.leaf("config/match-set-options", "ANY", &list.place);
        let members = list.rules.iter().map(|rule| member(&rule.community.value));
        entry.leaf_list("config/community-member", members, &list.place);
    }
    for list in policies.as_path_lists.values() {
        let entry = sets.entry("as-path-sets/as-path-set", [&list.name], &list.place);
        let members = list.rules.values().map(|rule| &rule.pattern.value);
        entry.leaf_list("config/as-path-set-member", members, &list.place);
    }
}

fn prefix_set<'r>(
    w: &Writer<'_>,
    name: &str,
    list: &PrefixList,
    rules: impl Iterator<Item = &'r PrefixRule>,
) {
    let entry = w.entry("/routing-policy/defined-sets/prefix-sets/prefix-set", [name], &list.place);
    entry.leaf("config/mode", if list.family == Family::Ipv6 { "IPV6" } else { "IPV4" }, &list.place);
    for rule in rules {
        let lengths =
            rule.lengths().map_or_else(|| "exact".to_owned(), |(least, most)| format!("{least}..{most}"));
        entry.entry("prefixes/prefix", [rule.prefix.value.to_string(), lengths], &rule.place);
    }
}

/// The policy that a prefix list stands for.
fn standing_for(w: &Writer<'_>, list: &PrefixList) {
    let definition = open(w, list.name.as_str(), &list.place);
    let rules: Vec<(&u16, &PrefixRule)> = list.rules.iter().collect();
    let runs: Vec<_> = rules.chunk_by(|(_, a), (_, b)| a.action == b.action).collect();
    for run in &runs {
        let Some((number, first)) = run.first() else { continue };
        // a colon is in no file's name
        let name = if runs.len() == 1 { list.name.to_string() } else { format!("{}:{number}", list.name) };
        prefix_set(w, &name, list, run.iter().map(|(_, rule)| *rule));
        let statement = definition.entry("statements/statement", [number], &first.place);
        match_prefixes(&statement, &name, &first.place);
        result(&statement, first.action.value, false, &first.action.place);
    }
}

fn open<'w, 's>(w: &'w Writer<'s>, name: &str, place: &Place) -> Cursor<'w, 's> {
    w.entry("/routing-policy/policy-definitions/policy-definition", [name], place)
}

/// A policy for routes of one family: rules for another are left out, and rules for this
/// one need not ask, as EOS cannot.
fn definition(w: &Writer<'_>, policy: &Policy, family: Family) {
    let definition = open(w, policy.name.as_str(), &policy.place);
    for (number, rule) in &policy.rules {
        if rule.matches.family.as_ref().is_some_and(|wanted| wanted.value != family) {
            continue;
        }
        let statement = definition.entry("statements/statement", [number], &rule.place);
        conditions(&statement, rule);
        actions(&statement, &rule.set);
        result(&statement, rule.action.value, rule.next.is_some(), &rule.action.place);
    }
}

/// | EOS | path, under `statement/conditions` |
/// |---|---|
/// | `match ip address prefix-list` | `match-prefix-set/config/prefix-set` |
/// | `match community` | `bgp-conditions/match-community-set/config/community-set` |
fn conditions(statement: &Cursor<'_, '_>, rule: &Rule) {
    if let Some(list) = &rule.matches.prefix_list {
        match_prefixes(statement, list.as_str(), &list.place);
    }
    if let Some(list) = &rule.matches.community_list {
        let at = statement.at("conditions/bgp-conditions/match-community-set/config", &list.place);
        at.leaf("community-set", &list.value, &list.place);
        at.leaf("match-set-options", "ANY", &list.place);
    }
}

fn match_prefixes(statement: &Cursor<'_, '_>, set: &str, place: &Place) {
    let at = statement.at("conditions/match-prefix-set/config", place);
    at.leaf("prefix-set", set, place);
    at.leaf("match-set-options", "ANY", place);
}

/// | EOS | path, under `statement/actions/bgp-actions` |
/// |---|---|
/// | `set ip next-hop` | `config/set-next-hop`; `unchanged` is the session's (`bgp::overlay`) |
/// | `set community` | `set-community/config/…`, `set-community/inline/config/arista-communities` |
/// | `set metric`, `set local-preference` | `config/set-med`, `config/set-local-pref` |
/// | `set as-path prepend` | `set-as-path-prepend/config/asn`, `repeat-n` |
fn actions(statement: &Cursor<'_, '_>, set: &Set) {
    let leaf = |path: &str, value: &dyn std::fmt::Display, place: &Place| {
        statement.leaf(&format!("actions/bgp-actions/{path}"), value, place);
    };
    if let Some((next_hop, NextHop::Address(address))) = set.next_hop.as_ref().map(|hop| (hop, hop.value)) {
        leaf("config/set-next-hop", &address, &next_hop.place);
    }
    if let Some(said) = &set.communities {
        let place = &said.place;
        let how = match said.value.how {
            SetHow::Replace => "REPLACE",
            SetHow::Add => "ADD",
            SetHow::Remove => "REMOVE",
        };
        leaf("set-community/config/method", &"INLINE", place);
        leaf("set-community/config/options", &how, place);
        let members = said.value.communities.iter().map(|community| member(&community.value));
        let path = "actions/bgp-actions/set-community/inline/config/arista-communities";
        statement.leaf_list(path, members, place);
    }
    if let Some(med) = &set.med {
        leaf("config/set-med", &med.value, &med.place);
    }
    if let Some(preference) = &set.local_preference {
        leaf("config/set-local-pref", &preference.value, &preference.place);
    }
    if let Some(prepend) = &set.prepend {
        leaf("set-as-path-prepend/config/asn", &prepend.asn.value, &prepend.asn.place);
        if let Some(times) = &prepend.times {
            leaf("set-as-path-prepend/config/repeat-n", &times.value, &times.place);
        }
    }
}

/// `permit`, `deny`, or `permit` with `continue`.
fn result(statement: &Cursor<'_, '_>, action: Action, goes_on: bool, place: &Place) {
    let result = match (action, goes_on) {
        (Action::Permit, true) => "NEXT_STATEMENT",
        (Action::Permit, false) => "ACCEPT_ROUTE",
        (Action::Deny, _) => "REJECT_ROUTE",
    };
    statement.leaf("actions/config/policy-result", result, place);
}

/// A community as OpenConfig spells it.
fn member(community: &Community) -> String {
    match community {
        Community::Pair(first, second) => format!("{first}:{second}"),
        Community::NoExport => "openconfig-bgp-types:NO_EXPORT".to_owned(),
        Community::NoAdvertise => "openconfig-bgp-types:NO_ADVERTISE".to_owned(),
        Community::NoExportSubconfed => "openconfig-bgp-types:NO_EXPORT_SUBCONFED".to_owned(),
        Community::GracefulShutdown => "openconfig-bgp-types:GRACEFUL_SHUTDOWN".to_owned(),
    }
}
