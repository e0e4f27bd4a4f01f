//! `prefix-lists/`, `community-lists/`, `as-path-lists/`: what policies match with.
//!
//! Elsewhere: the policies (`policy`), whether a platform can say what a list says
//! (`check::policies`).

use std::collections::BTreeMap;

use super::decode::Fields;
use super::model::policy::{
    Action, AsPathList, AsPathRule, Community, CommunityList, CommunityRule, Family, PrefixList, PrefixRule,
};
use super::policy::{action, numbered};
use super::scalar::{Read, between, choice, prefix, scalar, shortened, text, wrong_hint};
use super::yaml::Node;
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::names::PolicyName;

/// Reads the file of the prefix list `list`.
pub(crate) fn prefix_list(
    list: PolicyName,
    place: Place,
    node: &Node,
    out: &mut Findings,
) -> Option<PrefixList> {
    let mut fields = Fields::open(node, format!("prefix list {list}"), out)?;
    fields.optional("description", out, text);
    let said = fields.optional("family", out, choice([("ipv4", Family::Ipv4), ("ipv6", Family::Ipv6)]));
    let rules = numbered(&mut fields, out, |_, fields, place, out| prefix_rule(fields, place, out));
    fields.close(out);
    let first = rules.values().next().map(|rule: &PrefixRule| Family::of(rule.prefix.value.addr()));
    let family = said.as_ref().map(|family| family.value).or(first).unwrap_or(Family::Ipv4);
    let mut seen = BTreeMap::new();
    for (number, rule) in &rules {
        if Family::of(rule.prefix.value.addr()) != family {
            let message =
                format!("prefix list {list} rule {number}: {} is of the other family", rule.prefix.value);
            let finding = Finding::error("prefix-list-family", &rule.prefix.place, message);
            out.push(finding.hint("a list holds IPv4 or IPv6: write two lists"));
        }
        let first: &Place = seen.entry((rule.prefix.value, rule.lengths())).or_insert(&rule.place);
        if first != &rule.place {
            let message =
                format!("prefix list {list} rule {number}: a rule before it holds the same prefixes");
            let finding = Finding::error("prefix-list-twice", &rule.place, message);
            out.push(finding.related(first, "held here").hint("remove one of the two"));
        }
    }
    Some(PrefixList { name: list, place, family, rules })
}

fn prefix_rule(fields: &mut Fields<'_>, place: &Place, out: &mut Findings) -> Option<PrefixRule> {
    let action = fields.required("action", out, action);
    let prefix = fields.required("prefix", out, prefix);
    let most = prefix.as_ref().map_or(128, |prefix| prefix.value.max_prefix_len());
    let least = prefix.as_ref().map_or(0, |prefix| prefix.value.prefix_len());
    let ge = fields.optional("ge", out, between(least..=most));
    let shortest = ge.as_ref().map_or(least, |ge| ge.value);
    let le = fields.optional("le", out, between(shortest..=most));
    Some(PrefixRule { place: place.clone(), action: action?, prefix: prefix?, ge, le })
}

/// Reads the file of the community list `list`.
pub(crate) fn community_list(
    list: PolicyName,
    place: Place,
    node: &Node,
    out: &mut Findings,
) -> Option<CommunityList> {
    let mut fields = Fields::open(node, format!("community list {list}"), out)?;
    fields.optional("description", out, text);
    if fields.node("rules").is_none() {
        fields.missing("rules", out);
    }
    let what = format!("{} rule", fields.what());
    let nodes = fields.list("rules", out, |node| Ok(node.clone()));
    fields.close(out);
    let mut rules: Vec<CommunityRule> = Vec::new();
    let mut seen: BTreeMap<Community, Place> = BTreeMap::new();
    for node in &nodes {
        let Some(mut fields) = Fields::open(node, what.as_str(), out) else { continue };
        let action = fields.optional("action", out, action);
        let community = fields.required("community", out, community);
        fields.close(out);
        let Some(community) = community else { continue };
        let first = seen.entry(community.value.clone()).or_insert_with(|| community.place.clone());
        if *first != community.place {
            let message = format!("community list {list}: a community stands there twice");
            let finding = Finding::error("community-list-twice", &community.place, message);
            out.push(finding.related(first, "first here").hint("remove one of the two"));
        }
        let action = action.unwrap_or_else(|| Spanned::new(Action::Permit, community.place.clone()));
        rules.push(CommunityRule { action, community });
    }
    Some(CommunityList { name: list, place, rules })
}

/// Reads the file of the AS path list `list`.
pub(crate) fn as_path_list(
    list: PolicyName,
    place: Place,
    node: &Node,
    out: &mut Findings,
) -> Option<AsPathList> {
    let mut fields = Fields::open(node, format!("AS path list {list}"), out)?;
    fields.optional("description", out, text);
    let rules = numbered(&mut fields, out, |_, fields, _, out| {
        let action = fields.required("action", out, action);
        let pattern = fields.required("pattern", out, pattern);
        Some(AsPathRule { action: action?, pattern: pattern? })
    });
    fields.close(out);
    Some(AsPathList { name: list, place, rules })
}

/// A regular expression over AS paths: one word of digits and the signs that EOS reads.
fn pattern(node: &Node) -> Read<String> {
    let given = text(node)?;
    if given.chars().all(|c| c.is_ascii_digit() || "^$_.*+?|()[]-, ".contains(c)) {
        return Ok(given);
    }
    let message = format!("`{}` is no pattern of AS paths", shortened(&given));
    wrong_hint("value-text", node, message, "digits and the signs ^ $ _ . * + ? | ( ) [ ] -, as in ^65001_")
}

/// `65000:100`, or the name of a well-known community.
pub(crate) fn community(node: &Node) -> Read<Community> {
    let given = scalar(node)?.text.as_str();
    let half = |text: &str| text.parse::<u16>().ok().filter(|number| number.to_string() == text);
    match given {
        "no-export" => return Ok(Community::NoExport),
        "no-advertise" => return Ok(Community::NoAdvertise),
        "no-export-subconfed" | "local-as" => return Ok(Community::NoExportSubconfed),
        "graceful-shutdown" => return Ok(Community::GracefulShutdown),
        _ => {}
    }
    if let Some((first, second)) = given.split_once(':')
        && let (Some(first), Some(second)) = (half(first), half(second))
    {
        return Ok(Community::Pair(first, second));
    }
    let message = format!("`{}` is not a community", shortened(given));
    let hint = "write \"65000:100\" in quotes, both numbers up to 65535, or `no-export`, `no-advertise`, `no-export-subconfed`, `graceful-shutdown`";
    wrong_hint("value-community", node, message, hint)
}
