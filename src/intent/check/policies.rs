//! Policies: the names that sessions and rules give, and whether what is used can be sent.
//!
//! A file may say what EOS's YANG cannot, as NetBox holds many policies and few are used:
//! what cannot be sent is an error where something uses it. Elsewhere: one file alone
//! (`intent::policy`, `intent::lists`), how it is sent (`compile::policies`).

use std::collections::{BTreeMap, BTreeSet};

use super::references::{Unknown, report};
use super::{Context, also};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::intent::layout::Kind;
use crate::intent::model::policy::{Action, Family, Filters, NextHop, Policy, PrefixList, Rule};
use crate::names::PolicyName;
use crate::nearest::{nearest, not_renumbered};

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    lists_named(cx, out);
    let uses = uses(cx);
    named(cx, &uses, out);
    let mut by_name: BTreeMap<&PolicyName, Vec<&Use<'_>>> = BTreeMap::new();
    for of in &uses {
        by_name.entry(&of.name.value).or_default().push(of);
    }
    let mut lists = Lists::default();
    for (name, uses) in by_name {
        match (cx.fabric.policies.get(name), cx.fabric.prefix_lists.get(name)) {
            (Some(policy), Some(list)) => ambiguous(policy, list, &uses, out),
            (Some(policy), None) => Said { policy, uses: &uses }.check(&mut lists, out),
            (None, Some(list)) => standing_for(list, &uses, out),
            (None, None) => {}
        }
    }
    lists.check(cx, out);
}

/// One line that names a policy or prefix list.
struct Use<'a> {
    name: &'a Spanned<PolicyName>,
    /// Who names it, and with which key.
    what: String,
    /// The family of the session's routes; none for a redistribution.
    family: Option<Family>,
    outbound: bool,
}

fn uses<'a>(cx: &Context<'a>) -> Vec<Use<'a>> {
    let design = &cx.fabric.design;
    let mut uses = Vec::new();
    let mut both = |what: &str, filters: &'a Filters, family| {
        for (key, name) in filters.said() {
            let what = format!("{what}{key}`");
            uses.push(Use { name, what, family: Some(family), outbound: key == "out" });
        }
    };
    both("fabric.yaml: `underlay.", &design.underlay.filters, Family::Ipv4);
    if let Some(overlay) = &design.overlay {
        both("fabric.yaml: `overlay.", &overlay.filters, Family::Evpn);
    }
    for (role, settings) in &design.roles {
        both(&format!("role {role}: `underlay."), &settings.underlay.filters, Family::Ipv4);
        if let Some(overlay) = &settings.overlay {
            both(&format!("role {role}: `overlay."), &overlay.value.filters, Family::Evpn);
        }
    }
    for vrf in cx.fabric.vrfs.values() {
        for (peer, said) in &vrf.peers {
            both(&format!("VRF {} peer {peer}: `", vrf.name), &said.filters, Family::of(said.address.value));
        }
    }
    for vrf in cx.fabric.vrfs.values() {
        for name in vrf.redistribute.iter().filter_map(|source| source.policy.as_ref()) {
            let what = format!("VRF {}: `redistribute`", vrf.name);
            uses.push(Use { name, what, family: None, outbound: false });
        }
    }
    uses
}

/// What sessions name is a policy or a prefix list.
fn named(cx: &Context<'_>, uses: &[Use<'_>], out: &mut Findings) {
    let mut unknown = Unknown::new();
    for Use { name, what, .. } in uses {
        let there = cx.fabric.policies.contains_key(&name.value)
            || cx.fabric.prefix_lists.contains_key(&name.value)
            || cx.broken.has(Kind::Policy, name.as_str())
            || cx.broken.has(Kind::PrefixList, name.as_str());
        if !there {
            let key = ("policy or prefix list", name.as_str());
            unknown.entry(key).or_default().push((&name.place, what.clone()));
        }
    }
    let known = || cx.fabric.policies.keys().chain(cx.fabric.prefix_lists.keys()).map(PolicyName::as_str);
    let defined = |name: &str| format!("there is no policies/{name}.yaml, nor prefix-lists/{name}.yaml");
    report(unknown, "policy-unknown", |name| Some(hint("policies", name, known())), defined, out);
}

/// What a rule names of one kind of lists.
type Named = fn(&Rule) -> Option<&Spanned<PolicyName>>;

/// What rules name is a list.
fn lists_named(cx: &Context<'_>, out: &mut Findings) {
    let fabric = cx.fabric;
    let prefixes = || fabric.prefix_lists.keys().map(PolicyName::as_str);
    let communities = || fabric.community_lists.keys().map(PolicyName::as_str);
    let paths = || fabric.as_path_lists.keys().map(PolicyName::as_str);
    let of_kinds: [(_, _, _, Vec<&str>, Named); 3] = [
        (Kind::PrefixList, "prefix list", "prefix-lists", prefixes().collect(), |rule| {
            rule.matches.prefix_list.as_ref()
        }),
        (Kind::CommunityList, "community list", "community-lists", communities().collect(), |rule| {
            rule.matches.community_list.as_ref()
        }),
        (Kind::AsPathList, "AS path list", "as-path-lists", paths().collect(), |rule| {
            rule.matches.as_path_list.as_ref()
        }),
    ];
    for (kind, words, folder, known, named) in of_kinds {
        let mut unknown = Unknown::new();
        for policy in fabric.policies.values() {
            for (number, rule) in &policy.rules {
                let Some(name) = named(rule) else { continue };
                if !known.contains(&name.as_str()) && !cx.broken.has(kind, name.as_str()) {
                    let what = format!("policy {} rule {number}", policy.name);
                    unknown.entry((words, name.as_str())).or_default().push((&name.place, what));
                }
            }
        }
        let defined = |name: &str| format!("there is no {folder}/{name}.yaml");
        report(
            unknown,
            "policy-unknown-list",
            |name| Some(hint(folder, name, known.iter().copied())),
            defined,
            out,
        );
    }
}

fn hint<'c>(folder: &str, name: &str, known: impl Iterator<Item = &'c str>) -> String {
    let near = nearest(name, not_renumbered(name, known));
    near.map_or_else(
        || format!("create {folder}/{name}.yaml, or name one that there is"),
        |near| format!("did you mean `{near}`?"),
    )
}

fn ambiguous(policy: &Policy, list: &PrefixList, uses: &[&Use<'_>], out: &mut Findings) {
    for of in uses {
        let message = format!("{}: `{}` is a policy and a prefix list", of.what, policy.name);
        let finding = Finding::error("policy-ambiguous", &of.name.place, message);
        let finding = finding.related(&policy.place, "the policy").related(&list.place, "the prefix list");
        out.push(finding.hint("rename one of the two files"));
    }
}

/// A prefix list that a session names.
fn standing_for(list: &PrefixList, uses: &[&Use<'_>], out: &mut Findings) {
    for of in uses {
        let place = &of.name.place;
        if of.family == Some(Family::Evpn) {
            let message = format!("{}: a prefix list denies every EVPN route that is no prefix", of.what);
            let finding = Finding::error("prefix-list-overlay", place, message);
            out.push(finding.hint("name a policy, whose rules say what becomes of the other routes"));
        } else if of.family.is_some_and(|family| family != list.family) {
            let message = format!("{}: prefix list {} is of the other family", of.what, list.name);
            let finding = Finding::error("prefix-list-family", place, message);
            out.push(finding.related(&list.place, "the list").hint("name a list of the session's family"));
        } else if list.rules.is_empty() {
            let message = format!("{}: prefix list {} has no rules", of.what, list.name);
            let finding = Finding::error("policy-empty", place, message).related(&list.place, "the list");
            out.push(finding.hint("give it rules; `{ action: deny, prefix: 0.0.0.0/0, le: 32 }` denies all"));
        }
    }
}

/// A policy with the lines that use it.
struct Said<'a, 'u> {
    policy: &'a Policy,
    uses: &'u [&'u Use<'a>],
}

impl<'a> Said<'a, '_> {
    fn check(&self, lists: &mut Lists<'a>, out: &mut Findings) {
        let policy = self.policy;
        if policy.rules.is_empty() {
            let message = format!("policy {}: it has no rules and is used", policy.name);
            let finding = self.used(Finding::error("policy-empty", &policy.place, message));
            out.push(finding.hint("give it rules; `10: { action: deny }` denies all"));
        }
        self.families(out);
        for (number, rule) in &policy.rules {
            let what = format!("policy {} rule {number}", policy.name);
            self.goes_on(*number, rule, &what, out);
            self.next_hop(rule, &what, out);
            self.as_paths(rule, &what, out);
            lists.note(rule);
        }
    }

    fn used(&self, finding: Finding) -> Finding {
        also(finding, self.uses.iter().map(|of| &of.name.place), "used here")
    }

    /// EOS cannot ask for a route's family, and a session has one: rules for it need not
    /// ask, and rules for another are left out. So such a policy is for sessions of one.
    fn families(&self, out: &mut Findings) {
        let asks = self.policy.rules.values().find_map(|rule| rule.matches.family.as_ref());
        let families: BTreeSet<_> = self.uses.iter().map(|of| of.family).collect();
        let Some(asks) = asks.filter(|_| families.len() > 1 || families.contains(&None)) else { return };
        let message = format!(
            "policy {}: it asks for a family, and is used for routes of several families",
            self.policy.name
        );
        let finding = Finding::error("policy-families", &asks.place, message);
        out.push(self.used(finding).hint("write a policy for each family, and use each where it belongs"));
    }

    /// Whether the rule is left out for the sessions that use the policy.
    fn left_out(&self, rule: &Rule) -> bool {
        let wanted = rule.matches.family.as_ref().map(|family| family.value);
        wanted.is_some() && self.uses.first().is_some_and(|of| of.family != wanted)
    }

    /// EOS goes on with the next rule, and with no other.
    fn goes_on(&self, number: u16, rule: &Rule, what: &str, out: &mut Findings) {
        let Some(next) = &rule.next else { return };
        let between = number.saturating_add(1)..next.value.max(number.saturating_add(1));
        let skipped = self.policy.rules.range(between).find(|(_, rule)| !self.left_out(rule));
        if let Some((skipped, _)) = skipped {
            let message = format!("{what}: no YANG path of EOS leads past rule {skipped} to {}", next.value);
            let finding = Finding::error("policy-continue", &next.place, message);
            out.push(finding.hint(format!("write `continue: {skipped}`, or move the rules between")));
        }
    }

    fn next_hop(&self, rule: &Rule, what: &str, out: &mut Findings) {
        let Some(next_hop) = &rule.set.next_hop else { return };
        let overlay = self.uses.iter().all(|of| of.family == Some(Family::Evpn) && of.outbound);
        let (message, hint) = match next_hop.value {
            NextHop::Own => (
                "no YANG path of EOS sets the next hop to the device itself",
                "remove it: over eBGP the next hop is the device anyway",
            ),
            NextHop::Unchanged if !overlay => (
                "only EVPN sessions keep next hops, and only in what they tell",
                "use the policy as `overlay.out` alone, or write an address",
            ),
            NextHop::Unchanged | NextHop::Address(_) => return,
        };
        let finding = Finding::error("policy-next-hop", &next_hop.place, format!("{what}: {message}"));
        out.push(self.used(finding).hint(hint));
    }

    /// No path asks for an AS path. Where the rule changes nothing by itself, matching more
    /// does no harm, and bootstrap prints the line; elsewhere it would let through what the
    /// file keeps back.
    fn as_paths(&self, rule: &Rule, what: &str, out: &mut Findings) {
        let Some(list) = &rule.matches.as_path_list else { return };
        if self.left_out(rule) {
            return;
        }
        let set = &rule.set;
        let sets = set.communities.is_some()
            || set.med.is_some()
            || set.local_preference.is_some()
            || set.prepend.is_some()
            || matches!(set.next_hop.as_ref().map(|hop| hop.value), Some(NextHop::Address(_)));
        if rule.next.is_some() && !sets {
            let message = format!("{what}: no YANG path of EOS matches AS paths");
            let finding = Finding::warning("as-path-by-bootstrap", &list.place, message);
            let label = "the rule changes nothing of a route, so it is sent without";
            out.push(finding.label(label).hint("bootstrap prints the line for whoever wants it there"));
            return;
        }
        let message =
            format!("{what}: no YANG path of EOS matches AS paths, and the rule decides without it");
        let finding = Finding::error("policy-as-path", &list.place, message);
        out.push(self.used(finding).hint("say it by prefixes or communities"));
    }
}

/// The lists that rules of used policies name, each with the first place that does.
#[derive(Default)]
struct Lists<'a> {
    prefixes: BTreeMap<&'a PolicyName, &'a Place>,
    communities: BTreeMap<&'a PolicyName, &'a Place>,
    paths: BTreeMap<&'a PolicyName, &'a Place>,
}

impl<'a> Lists<'a> {
    fn note(&mut self, rule: &'a Rule) {
        let matches = &rule.matches;
        for (named, seen) in [
            (&matches.prefix_list, &mut self.prefixes),
            (&matches.community_list, &mut self.communities),
            (&matches.as_path_list, &mut self.paths),
        ] {
            if let Some(name) = named {
                seen.entry(&name.value).or_insert(&name.place);
            }
        }
    }

    /// EOS's sets hold what fits; they have no rule that denies, and one at least.
    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let fabric = cx.fabric;
        for (name, place) in &self.prefixes {
            let Some(list) = fabric.prefix_lists.get(*name) else { continue };
            let actions = list.rules.values().map(|rule| &rule.action);
            fits(&format!("prefix list {name}"), actions, &list.place, place, out);
        }
        for (name, place) in &self.communities {
            let Some(list) = fabric.community_lists.get(*name) else { continue };
            let actions = list.rules.iter().map(|rule| &rule.action);
            fits(&format!("community list {name}"), actions, &list.place, place, out);
        }
        for (name, place) in &self.paths {
            let Some(list) = fabric.as_path_lists.get(*name) else { continue };
            let actions = list.rules.values().map(|rule| &rule.action);
            fits(&format!("AS path list {name}"), actions, &list.place, place, out);
        }
    }
}

fn fits<'a>(
    what: &str,
    actions: impl Iterator<Item = &'a Spanned<Action>>,
    list: &Place,
    matched: &Place,
    out: &mut Findings,
) {
    let (mut rules, mut denied) = (0, None);
    for action in actions {
        rules += 1;
        denied = denied.or((action.value == Action::Deny).then_some(&action.place));
    }
    if let Some(denied) = denied {
        let message = format!("{what}: a list that a policy matches with has no rule that denies, on EOS");
        let finding = Finding::error("list-denies", denied, message).related(matched, "matched here");
        out.push(finding.hint("write a rule of the policy that denies, before the one that permits"));
    } else if rules == 0 {
        let finding = Finding::error("policy-empty", list, format!("{what}: it has no rules and is used"));
        out.push(finding.related(matched, "matched here").hint("give it rules, or match without it"));
    }
}
