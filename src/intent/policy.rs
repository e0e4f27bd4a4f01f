//! `policies/NAME.yaml`: rules that take, change or deny routes; and `in`, `out` of
//! sessions, which name them.
//!
//! Elsewhere: the lists that rules match with (`lists`), whether a platform can say what a
//! rule says (`check::policies`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::decode::Fields;
use super::lists::community;
use super::model::policy::{
    Action, Community, Family, Filters, Match, NextHop, Policy, Prepend, Rule, Set, SetCommunities, SetHow,
};
use super::scalar::{Read, between, choice, id, ip, name, scalar, shortened, text, wrong_hint};
use super::yaml::{Node, Value};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::names::PolicyName;

/// Reads the file of the policy `policy`.
pub(crate) fn policy(policy: PolicyName, place: Place, node: &Node, out: &mut Findings) -> Option<Policy> {
    let mut fields = Fields::open(node, format!("policy {policy}"), out)?;
    // for people: EOS has no place for it
    fields.optional("description", out, text);
    let rules = numbered(&mut fields, out, |_, fields, place, out| rule(fields, place, out));
    fields.close(out);
    let policy = Policy { name: policy, place, rules };
    targets(&policy, out);
    Some(policy)
}

/// `in` and `out`.
pub(crate) fn filters(fields: &mut Fields<'_>, out: &mut Findings) -> Filters {
    Filters { inbound: fields.optional("in", out, name), outbound: fields.optional("out", out, name) }
}

/// `permit` or `deny`.
pub(crate) fn action(node: &Node) -> Read<Action> {
    choice([("permit", Action::Permit), ("deny", Action::Deny)])(node)
}

/// `rules: { 10: {…}, 20: {…} }`.
pub(crate) fn numbered<T>(
    fields: &mut Fields<'_>,
    out: &mut Findings,
    read: impl Fn(u16, &mut Fields<'_>, &Place, &mut Findings) -> Option<T>,
) -> BTreeMap<u16, T> {
    let mut rules = BTreeMap::new();
    if fields.node("rules").is_none() {
        fields.missing("rules", out);
    }
    for (key, node) in fields.named("rules", out) {
        let number =
            key.value.parse::<u16>().ok().filter(|number| *number > 0 && number.to_string() == key.value);
        let Some(number) = number else {
            let given = shortened(&key.value);
            let message = format!("{}: `rules`: `{given}` is not the number of a rule", fields.what());
            let finding = Finding::error("value-number", &key.place, message);
            out.push(finding.hint("number rules from 1 to 65535, as in 10, 20, 30"));
            continue;
        };
        let what = format!("{} rule {number}", fields.what());
        let Some(mut fields) = Fields::open(node, what, out) else { continue };
        let rule = read(number, &mut fields, &key.place, out);
        fields.close(out);
        rules.extend(rule.map(|rule| (number, rule)));
    }
    rules
}

fn rule(fields: &mut Fields<'_>, place: &Place, out: &mut Findings) -> Option<Rule> {
    let action = fields.required("action", out, action);
    let matches = fields.section("match", out).map_or_else(Match::default, |fields| matches(fields, out));
    let set = fields.section("set", out).map_or_else(Set::default, |fields| set(fields, out));
    let next = fields.optional("continue", out, between(1..=u16::MAX));
    let action = action?;
    if let (Action::Deny, Some(next)) = (action.value, &next) {
        let message = format!("{}: a rule that denies ends there", fields.what());
        let finding = Finding::error("policy-continue", &next.place, message);
        out.push(finding.related(&action.place, "denied here").hint("remove `continue`"));
    }
    Some(Rule { place: place.clone(), action, matches, set, next })
}

fn matches(mut fields: Fields<'_>, out: &mut Findings) -> Match {
    let families = [("ipv4", Family::Ipv4), ("ipv6", Family::Ipv6), ("evpn", Family::Evpn)];
    let matches = Match {
        prefix_list: fields.optional("prefix-list", out, one_list),
        community_list: fields.optional("community-list", out, one_list),
        as_path_list: fields.optional("as-path-list", out, one_list),
        family: fields.optional("family", out, choice(families)),
    };
    fields.close(out);
    matches
}

/// The name of a list; EOS asks one of a kind in one rule.
fn one_list(node: &Node) -> Read<PolicyName> {
    match &node.value {
        Value::List(items) => match items.as_slice() {
            [one] => name(one),
            _ => wrong_hint(
                "policy-lists",
                node,
                "one list of a kind is asked in one rule",
                "write a rule for each list, or one list that holds what all of them hold",
            ),
        },
        _ => name(node),
    }
}

fn set(mut fields: Fields<'_>, out: &mut Findings) -> Set {
    let set = Set {
        next_hop: fields.optional("next-hop", out, next_hop),
        communities: communities(&mut fields, out),
        med: fields.optional("med", out, between(0..=u32::MAX)),
        local_preference: fields.optional("local-preference", out, between(0..=u32::MAX)),
        prepend: prepend(&mut fields, out),
    };
    fields.close(out);
    set
}

fn next_hop(node: &Node) -> Read<NextHop> {
    match scalar(node)?.text.as_str() {
        "unchanged" => Ok(NextHop::Unchanged),
        "self" => Ok(NextHop::Own),
        given if given.parse::<IpAddr>().is_ok() || given.contains('/') => ip(node).map(NextHop::Address),
        given => {
            let message = format!("`{}` is no next hop", shortened(given));
            wrong_hint("value-choice", node, message, "write `unchanged`, `self` or an address")
        }
    }
}

/// One of the three keys: EOS does one thing with communities in one rule.
fn communities(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Spanned<SetCommunities>> {
    let keys = [
        ("community", SetHow::Replace),
        ("community-add", SetHow::Add),
        ("community-remove", SetHow::Remove),
    ];
    let mut said: Option<Spanned<SetCommunities>> = None;
    for (key, how) in keys {
        let Some((place, _)) = fields.entry(key) else { continue };
        let communities: Vec<Spanned<Community>> = fields.one_or_list(key, out, community);
        if let Some(first) = &said {
            let message =
                format!("{}: one thing is done with communities in one rule", fields.named_key(key));
            let finding = Finding::error("policy-communities", place, message);
            out.push(
                finding.related(&first.place, "done here").hint("write a rule for each, with `continue`"),
            );
        } else {
            said = Some(Spanned::new(SetCommunities { how, communities }, place.clone()));
        }
    }
    said
}

/// `as-path-prepend: ASN`, or `{ asn, times }`.
fn prepend(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Prepend> {
    const KEY: &str = "as-path-prepend";
    if !matches!(fields.node(KEY)?.value, Value::Map(_)) {
        return fields.optional(KEY, out, id).map(|asn| Prepend { asn, times: None });
    }
    let mut section = fields.section(KEY, out)?;
    let asn = section.required("asn", out, id);
    let times = section.optional("times", out, between(1..=u8::MAX));
    section.close(out);
    Some(Prepend { asn: asn?, times })
}

/// A rule goes on with a later one that is there.
fn targets(policy: &Policy, out: &mut Findings) {
    for (number, rule) in &policy.rules {
        let Some(next) = &rule.next else { continue };
        if next.value <= *number || !policy.rules.contains_key(&next.value) {
            let message =
                format!("policy {} rule {number}: there is no later rule {}", policy.name, next.value);
            let finding = Finding::error("policy-continue", &next.place, message);
            let later = policy.rules.range(number.saturating_add(1)..).next();
            out.push(match later {
                Some((later, _)) if *later > *number => finding.hint(format!("the next one is {later}")),
                _ => finding.hint("this is the last rule: remove `continue`"),
            });
        }
    }
}
