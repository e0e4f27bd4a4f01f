//! `policies/` of netbox-bgp, with the lists that they match with.
//!
//! Everything that can be said is exported, used or not: what nobody uses is compiled nowhere.
//! What cannot be said is an error where a session of the fabric uses it, else a note, and it
//! has no file. Elsewhere: the lists (`lists`), who uses what (`sessions`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

use super::Draft;
use super::lists::{self, Lists, UsedLists, action, choose, community, described, grouped, numbered};
use super::scope::Scope;
use super::sessions;
use super::value::{list, number, shown, text};
use crate::netbox::objection::Objection;
use crate::netbox::objects::bgp::{Community, PolicyRule};
use crate::netbox::wire::{Id, Ref};
use crate::netbox::yaml::{Map, Node};

pub(super) use super::lists::name;

/// Writes the files.
pub(super) fn write(scope: &Scope<'_>, draft: &mut Draft) {
    let used = sessions::used(scope);
    let rules = grouped(&scope.inventory.policy_rules, |rule| rule.routing_policy, |rule| rule.index);
    let lists = lists::write(scope, &used_lists(&used, &rules), draft);
    let out = &mut draft.objections;
    let mut inline = BTreeMap::new();
    for policy in choose(scope, &scope.inventory.policies, |policy| &policy.name, &used.policies, out) {
        let about = |rule: &PolicyRule| {
            scope.about::<PolicyRule>(rule.id, &format!("{} {}", policy.name, rule.index))
        };
        let of = rules.get(&policy.object.id).map_or(&[][..], Vec::as_slice);
        let mut made = BTreeMap::new();
        let read = |of: &&PolicyRule| rule(scope, of, &lists);
        let Some(rules) = numbered(of, |rule| rule.index, read, about, policy.used, out) else { continue };
        for communities in of.iter().map(|rule| &rule.match_community).filter(|them| !them.is_empty()) {
            made.extend(inline_list(scope, communities).ok());
        }
        inline.extend(made);
        let mut map = described(&policy.object.description);
        map.set("rules", rules);
        draft.files.insert(format!("policies/{}.yaml", policy.name), map);
    }
    for (name, map) in inline {
        let path = format!("community-lists/{name}.yaml");
        if draft.files.get(&path).is_some_and(|present| *present != map) {
            let message =
                format!("a community list is called {name}, as rules need it for their communities");
            out.push(Objection::error("policy-twice", message).hint("give the community list another name"));
        }
        draft.files.insert(path, map);
    }
    namesakes(scope, &used, draft);
}

/// `in` and `out` take a policy or a prefix list: one name cannot be both.
fn namesakes(scope: &Scope<'_>, used: &sessions::Used, draft: &mut Draft) {
    for id in &used.prefix_lists {
        let Some(list) = scope.inventory.prefix_lists.get(id) else { continue };
        if draft.files.contains_key(&format!("policies/{}.yaml", list.name.trim())) {
            let message = "a routing policy has this name too, and a session names this list";
            let about = scope.about::<crate::netbox::objects::bgp::PrefixList>(list.id, &list.name);
            let objection = Objection::error("policy-twice", message).about(about).field("name");
            draft.objections.push(objection.hint("give one of them another name"));
        }
    }
}

/// The lists that used policies match with, and those that sessions name themselves.
fn used_lists(used: &sessions::Used, rules: &BTreeMap<Id, Vec<&PolicyRule>>) -> UsedLists {
    let ids = |refs: &[Ref]| refs.iter().map(|of| of.0).collect::<Vec<_>>();
    let mut lists = UsedLists { prefix: used.prefix_lists.clone(), ..UsedLists::default() };
    for rule in used.policies.iter().filter_map(|policy| rules.get(policy)).flatten() {
        lists.prefix.extend(ids(&rule.match_ip_address));
        lists.prefix.extend(ids(&rule.match_ipv6_address));
        lists.community.extend(ids(&rule.match_community_list));
        lists.as_path.extend(ids(&rule.match_aspath_list));
    }
    lists
}

fn rule(scope: &Scope<'_>, rule: &PolicyRule, lists: &Lists) -> Result<Map, String> {
    let mut map = action(&rule.action.0)?;
    let mut matches = Map::new();
    let prefix: Vec<Ref> = rule.match_ip_address.iter().chain(&rule.match_ipv6_address).copied().collect();
    matches.set_some("prefix-list", one(&prefix, &lists.prefix, "prefix list")?.map(Node::text));
    let mut communities = one(&rule.match_community_list, &lists.community, "community list")?;
    if !rule.match_community.is_empty() {
        let (name, _) = inline_list(scope, &rule.match_community)?;
        if communities.replace(name).is_some() {
            return Err("it matches communities and a community list: put all into one list".to_owned());
        }
    }
    matches.set_some("community-list", communities.map(Node::text));
    matches.set_some(
        "as-path-list",
        one(&rule.match_aspath_list, &lists.as_path, "AS path list")?.map(Node::text),
    );
    matches.set_some("family", family(&rule.match_custom)?.map(Node::text));
    map.set_filled("match", matches);
    map.set_filled("set", set(&rule.set_actions)?);
    map.set_some("continue", rule.continue_entry.map(Node::number));
    Ok(map)
}

/// The one list of a kind.
fn one(refs: &[Ref], names: &BTreeMap<Id, String>, kind: &str) -> Result<Option<String>, String> {
    match refs {
        [] => Ok(None),
        [list] => match names.get(&list.0) {
            Some(name) => Ok(Some(name.clone())),
            None => Err(format!("the {kind} that it matches with has no file")),
        },
        more => Err(format!(
            "it matches with {} {kind}s, and a rule has one: make one list of them, or a rule for each",
            more.len()
        )),
    }
}

/// The list that stands for communities which a rule names itself.
fn inline_list(scope: &Scope<'_>, communities: &[Ref]) -> Result<(String, Map), String> {
    let of = |of: &Ref| -> Option<&Community> { scope.inventory.communities.get(&of.0) };
    let values: BTreeSet<&str> =
        communities.iter().filter_map(of).map(|community| community.value.trim()).collect();
    if values.len() != communities.len() {
        return Err("a community that it matches is not there".to_owned());
    }
    let words: Vec<String> = values.iter().map(|value| value.replace(':', "-")).collect();
    let name = name(&format!("COMMUNITY-{}", words.join("-")))
        .ok_or("it matches too many communities: put them into a list")?;
    let mut rules = Vec::new();
    for value in values {
        let mut rule = action("permit")?;
        rule.set("community", community(value)?);
        rules.push(rule.into());
    }
    Ok((name, Map(vec![("rules".to_owned(), Node::list(rules))])))
}

/// The entries of free JSON, with their keys in one spelling.
fn entries<'v>(value: &'v Value, field: &str) -> Result<Vec<(String, &'v Value)>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Object(map) => {
            let spelt = |key: &str| key.trim().to_ascii_lowercase().replace(['_', ' '], "-");
            Ok(map
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (spelt(key), value))
                .collect())
        }
        other => Err(format!("{field} is `{}`, and a map of keys is understood", shown(other))),
    }
}

fn no_value(key: &str, value: &Value, expected: &str) -> String {
    format!("`{}` is no value for {key}: {expected} is understood", shown(value))
}

/// `match_custom`: the family of the routes.
fn family(value: &Value) -> Result<Option<&'static str>, String> {
    let mut family = None;
    for (key, value) in entries(value, "match_custom")? {
        if !matches!(key.as_str(), "family" | "address-family" | "afi-safi" | "route-type") {
            return Err(format!("match_custom has `{key}`; only `family` (ipv4, ipv6, evpn) is understood"));
        }
        let word = text(value).unwrap_or_default().to_ascii_lowercase().replace(['_', ' '], "-");
        let read = match word.as_str() {
            "evpn" | "l2vpn-evpn" => "evpn",
            "ipv4" | "ipv4-unicast" => "ipv4",
            "ipv6" | "ipv6-unicast" => "ipv6",
            _ => return Err(no_value(&key, value, "ipv4, ipv6 or evpn")),
        };
        if family.replace(read).is_some_and(|other| other != read) {
            return Err("match_custom names two families".to_owned());
        }
    }
    Ok(family)
}

/// `set_actions`.
fn set(value: &Value) -> Result<Map, String> {
    const KEYS: &str =
        "next-hop, community, community-add, community-remove, med, local-preference and as-path-prepend";
    let mut map = Map::new();
    for (key, value) in entries(value, "set_actions")? {
        let number = |key: &str| {
            let number = number(value).and_then(|number| u32::try_from(number).ok());
            number.map(Node::number).ok_or_else(|| no_value(key, value, "a number"))
        };
        let (key, node) = match key.as_str() {
            "next-hop" | "nexthop" | "ip-next-hop" => ("next-hop", next_hop(value)?),
            "med" | "metric" => ("med", number("med")?),
            "local-preference" | "local-pref" | "localpref" => {
                ("local-preference", number("local-preference")?)
            }
            "as-path-prepend" | "prepend" => ("as-path-prepend", prepend(value)?),
            "community" | "communities" => communities(value, "community")?,
            "community-add" | "community-additive" | "add-community" => communities(value, "community-add")?,
            "community-remove" | "community-delete" | "delete-community" => {
                communities(value, "community-remove")?
            }
            other => return Err(format!("set_actions has `{other}`; {KEYS} are understood")),
        };
        if map.get(key).is_some() {
            return Err(format!("set_actions says {key} twice, in two spellings"));
        }
        map.set(key, node);
    }
    if map.0.iter().filter(|(key, _)| key.starts_with("community")).count() > 1 {
        return Err("set_actions does two things with communities: make two rules of it".to_owned());
    }
    map.arrange(&["next-hop", "community", "community-add", "community-remove", "med", "local-preference"]);
    Ok(map)
}

fn next_hop(value: &Value) -> Result<Node, String> {
    let word = text(value).unwrap_or_default();
    if matches!(word.as_str(), "unchanged" | "self") || word.parse::<IpAddr>().is_ok() {
        return Ok(Node::text(word));
    }
    Err(no_value("next-hop", value, "unchanged, self or an address"))
}

/// A text with communities or a list of them; `additive` among them adds.
fn communities(value: &Value, key: &'static str) -> Result<(&'static str, Node), String> {
    let texts = list(value, text).ok_or_else(|| no_value(key, value, "a list of communities"))?;
    let words = texts.iter().flat_map(|text| text.split([' ', ','])).filter(|word| !word.is_empty());
    let (mut key, mut read) = (key, Vec::new());
    for word in words {
        if word == "additive" && key == "community" {
            key = "community-add";
        } else {
            read.push(community(word)?);
        }
    }
    if read.is_empty() {
        return Err(no_value(key, value, "a list of communities"));
    }
    Ok((key, Node::list(read)))
}

/// An AS, `"65001 65001"`, `{ asn, times }`: one AS, once or several times.
fn prepend(value: &Value) -> Result<Node, String> {
    let refuse =
        || no_value("as-path-prepend", value, "one AS, as 65001, or `{\"asn\": 65001, \"times\": 2}`");
    let (asn, times) = if let Value::Object(map) = value {
        let asn = map.get("asn").or_else(|| map.get("as")).and_then(number).ok_or_else(refuse)?;
        let times = match map.get("times").or_else(|| map.get("count")) {
            Some(times) => number(times).ok_or_else(refuse)?,
            None => 1,
        };
        (asn, times)
    } else {
        let texts = list(value, text).ok_or_else(refuse)?;
        let words: Vec<&str> =
            texts.iter().flat_map(|text| text.split([' ', ','])).filter(|word| !word.is_empty()).collect();
        let first =
            words.first().filter(|first| words.iter().all(|word| word == *first)).ok_or_else(refuse)?;
        (first.parse().map_err(|_| refuse())?, u64::try_from(words.len()).unwrap_or(u64::MAX))
    };
    let fits = (1..=u64::from(u32::MAX)).contains(&asn) && (1..=255).contains(&times);
    if !fits {
        return Err(refuse());
    }
    let mut map = Map(vec![("asn".to_owned(), Node::number(asn))]);
    map.set_some("times", (times > 1).then(|| Node::number(times)));
    Ok(map.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::netbox::translate::small::{Small, files, objections};

    /// A policy `RM` of one rule.
    fn policy(small: &mut Small, mut rule: Value) {
        small.put("plugins/bgp/routing-policy", 5, json!({ "name": "RM" }));
        rule["routing_policy"] = json!(5);
        rule["index"] = json!(10);
        rule["action"] = json!("permit");
        small.put("plugins/bgp/routing-policy-rule", 50, rule);
    }

    /// The same, used by the underlay.
    fn used(small: &mut Small, rule: Value) {
        policy(small, rule);
        small.group(1).export_policies = [Ref(5)].into_iter().collect();
    }

    #[test]
    fn rules_are_said_in_the_words_of_the_intent() {
        const PATH: &str = "policies/RM.yaml";
        files(&[
            (
                "a bare rule",
                |small| policy(small, json!({})),
                PATH,
                &["+ rules:", "+   10: { action: permit }"],
            ),
            (
                "everything that can be set, in other spellings",
                |small| {
                    let set = json!({
                        "as_path_prepend": "65001 65001", "metric": "10", "local pref": 200,
                        "Next-Hop": "self", "community": "65000:1 no_export additive",
                    });
                    policy(small, json!({ "set_actions": set, "continue_entry": 20 }));
                },
                PATH,
                &[
                    "+ rules:",
                    "+   10:",
                    "+     action: permit",
                    "+     set:",
                    "+       next-hop: self",
                    "+       community-add: [\"65000:1\", no-export]",
                    "+       med: 10",
                    "+       local-preference: 200",
                    "+       as-path-prepend: { asn: 65001, times: 2 }",
                    "+     continue: 20",
                ],
            ),
            (
                "lists and family",
                |small| {
                    small.put("plugins/bgp/prefix-list", 6, json!({ "name": "PL", "family": "ipv6" }));
                    let custom = json!({ "route-type": "evpn" });
                    policy(small, json!({ "match_ipv6_address": [6], "match_custom": custom }));
                },
                PATH,
                &[
                    "+ rules:",
                    "+   10:",
                    "+     action: permit",
                    "+     match: { prefix-list: PL, family: evpn }",
                ],
            ),
            (
                "communities without a list get one",
                |small| {
                    small.put("plugins/bgp/community", 1, json!({ "value": "65000:666" }));
                    policy(small, json!({ "match_community": [1] }));
                },
                "community-lists/COMMUNITY-65000-666.yaml",
                &["+ rules: [{ action: permit, community: \"65000:666\" }]"],
            ),
        ]);
    }

    #[test]
    fn what_cannot_be_said_is_an_error_only_where_it_is_used() {
        objections(&[
            (
                "an unknown key, unused",
                |small| policy(small, json!({ "set_actions": { "weight": 5 } })),
                &["note[policy-unsayable]: rule RM 10: set_actions has `weight`; next-hop"],
            ),
            (
                "an unknown key, used",
                |small| used(small, json!({ "set_actions": { "weight": 5 } })),
                &["error[policy-unsayable]: rule RM 10: set_actions has `weight`; next-hop"],
            ),
            (
                "an unknown match",
                |small| used(small, json!({ "match_custom": { "tag": 5 } })),
                &["error[policy-unsayable]: rule RM 10: match_custom has `tag`; only `family`"],
            ),
            (
                "free JSON that is no map",
                |small| used(small, json!({ "match_custom": [1] })),
                &["error[policy-unsayable]: rule RM 10: match_custom is `[1]`"],
            ),
            (
                "a value that does not fit",
                |small| used(small, json!({ "set_actions": { "med": -1 } })),
                &["error[policy-unsayable]: rule RM 10: `-1` is no value for med: a number is understood"],
            ),
            (
                "two lists of a kind",
                |small| {
                    for id in [6, 7] {
                        let list = json!({ "name": format!("PL{id}"), "family": "ipv4" });
                        small.put("plugins/bgp/prefix-list", id, list);
                    }
                    used(small, json!({ "match_ip_address": [6, 7] }));
                },
                &["error[policy-unsayable]: rule RM 10: it matches with 2 prefix lists, and a rule has one"],
            ),
            (
                "a list that is not there",
                |small| used(small, json!({ "match_aspath_list": [77] })),
                &["error[policy-unsayable]: rule RM 10: the AS path list that it matches with has no file"],
            ),
            (
                "two policies of one name, none used",
                |small| {
                    policy(small, json!({}));
                    small.put("plugins/bgp/routing-policy", 9, json!({ "name": "RM", "description": "old" }));
                },
                &["note[policy-twice]: routing policy RM: 2 have this name, and nobody uses one: left out"],
            ),
            (
                "two policies of one name, one used",
                |small| {
                    used(small, json!({}));
                    small.put("plugins/bgp/routing-policy", 9, json!({ "name": "RM", "description": "old" }));
                },
                &[],
            ),
            (
                "a policy and a prefix list of one name",
                |small| {
                    policy(small, json!({}));
                    small.put("plugins/bgp/prefix-list", 6, json!({ "name": "RM", "family": "ipv4" }));
                    small.group(1).prefix_list_out = Some(Ref(6));
                },
                &["error[policy-twice]: prefix list RM: a routing policy has this name too"],
            ),
            (
                "a name that no device takes",
                |small| {
                    small.put("plugins/bgp/routing-policy", 5, json!({ "name": "to the spine" }));
                },
                &["note[policy-unsayable]: routing policy to the spine: `to the spine` cannot be its name"],
            ),
        ]);
    }
}
