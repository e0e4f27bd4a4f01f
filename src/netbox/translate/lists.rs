//! `prefix-lists/`, `community-lists/` and `as-path-lists/` of netbox-bgp.
//!
//! Here: the lists, and which of several objects of one name is meant: the plugin wants names
//! to be unique only together with their descriptions. Elsewhere: the policies that match with
//! them (`policy`).

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::Draft;
use super::scope::Scope;
use super::value::shown;
use crate::names::PolicyName;
use crate::netbox::inventory::{Object, Table};
use crate::netbox::objection::{About, Objection, Objections};
use crate::netbox::objects::bgp::{
    AsPathList, AsPathRule, Community, CommunityList, CommunityRule, PrefixRule,
};
use crate::netbox::wire::{Id, Ref};
use crate::netbox::yaml::{Map, Node};

/// The name that files and devices have for a policy or list; none if they take none such.
pub(super) fn name(text: &str) -> Option<String> {
    let text = text.trim();
    text.parse::<PolicyName>().is_ok().then(|| text.to_owned())
}

/// An object that has a file, and whether a session of the fabric uses it.
pub(super) struct Chosen<'i, T> {
    pub(super) name: String,
    pub(super) object: &'i T,
    pub(super) used: bool,
}

/// Which objects have a file: of one name at most one. What nobody uses stops nothing.
pub(super) fn choose<'i, T: Object>(
    scope: &Scope<'_>,
    table: &'i Table<T>,
    name_of: fn(&T) -> &str,
    used: &BTreeSet<Id>,
    out: &mut Objections,
) -> Vec<Chosen<'i, T>> {
    let mut by_name: BTreeMap<&str, Vec<&'i T>> = BTreeMap::new();
    for object in table.values() {
        by_name.entry(name_of(object).trim()).or_default().push(object);
    }
    let mut chosen = Vec::new();
    for (text, objects) in by_name {
        let is_used = |object: &&'i T| used.contains(&object.id());
        let of_use: Vec<&'i T> = objects.iter().copied().filter(is_used).collect();
        let about = |object: &T| scope.about::<T>(object.id(), text);
        let object: &'i T = match (of_use.as_slice(), objects.as_slice()) {
            ([one], _) | ([], [one]) => one,
            ([_, second, ..], _) => {
                let message = "sessions of the fabric use two of this name, and a device has one";
                let objection = Objection::error("policy-twice", message).about(about(second)).field("name");
                out.push(objection.hint("give one of them another name"));
                continue;
            }
            ([], [first, ..]) => {
                let message = format!("{} have this name, and nobody uses one: left out", objects.len());
                out.push(Objection::note("policy-twice", message).about(about(first)).field("name"));
                continue;
            }
            ([], []) => continue,
        };
        let used = !of_use.is_empty();
        if let Some(name) = name(text) {
            chosen.push(Chosen { name, object, used });
            continue;
        }
        let expected = "letters, digits, `-`, `_` and `.`, at most 63, and no word that EOS keeps for itself";
        let fault = unsayable(used, format!("`{}` cannot be its name on a device", shown(&text.into())));
        out.push(fault.about(about(object)).field("name").expected(expected));
    }
    chosen
}

/// Something that no file can say: an error where a session uses it, else a note.
pub(super) fn unsayable(used: bool, message: impl Into<String>) -> Objection {
    let message = message.into();
    if used {
        Objection::error("policy-unsayable", message)
    } else {
        Objection::note("policy-unsayable", format!("{message}; nobody uses it: left out"))
    }
}

/// Which lists the used policies match with.
#[derive(Debug, Default)]
pub(super) struct UsedLists {
    pub(super) prefix: BTreeSet<Id>,
    pub(super) community: BTreeSet<Id>,
    pub(super) as_path: BTreeSet<Id>,
}

/// The lists that have a file, by their ids.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) prefix: BTreeMap<Id, String>,
    pub(super) community: BTreeMap<Id, String>,
    pub(super) as_path: BTreeMap<Id, String>,
}

/// Writes the files.
pub(super) fn write(scope: &Scope<'_>, used: &UsedLists, draft: &mut Draft) -> Lists {
    let inventory = scope.inventory;
    let out = &mut draft.objections;
    let mut lists = Lists::default();

    let rules = grouped(&inventory.prefix_rules, |rule| rule.prefix_list, |rule| rule.index);
    for list in choose(scope, &inventory.prefix_lists, |list| &list.name, &used.prefix, out) {
        let mut map = described(&list.object.description);
        map.set("family", Node::text(if list.object.family == "ipv6" { "ipv6" } else { "ipv4" }));
        let read = |rule: &&PrefixRule| prefix_rule(scope, rule);
        let about =
            |rule: &PrefixRule| scope.about::<PrefixRule>(rule.id, &format!("{} {}", list.name, rule.index));
        let rules = rules.get(&list.object.id).map_or(&[][..], Vec::as_slice);
        if let Some(rules) = numbered(rules, |rule| rule.index, read, about, list.used, out) {
            map.set("rules", rules);
            draft.files.insert(format!("prefix-lists/{}.yaml", list.name), map);
            lists.prefix.insert(list.object.id, list.name);
        }
    }

    let rules = grouped(&inventory.community_rules, |rule| rule.community_list, |rule| rule.id);
    for list in
        choose(scope, &inventory.community_lists, |list: &CommunityList| &list.name, &used.community, out)
    {
        let about = |rule: &CommunityRule| scope.about::<CommunityRule>(rule.id, &list.name);
        let mut read: Vec<Node> = Vec::new();
        let mut whole = true;
        for rule in rules.get(&list.object.id).into_iter().flatten() {
            match community_rule(scope, rule) {
                Ok(map) if read.contains(&map) => {}
                Ok(map) => read.push(map),
                Err(message) => {
                    whole = false;
                    out.push(unsayable(list.used, message).about(about(rule)));
                }
            }
        }
        if whole {
            let mut map = described(&list.object.description);
            map.set("rules", Node::list(read));
            draft.files.insert(format!("community-lists/{}.yaml", list.name), map);
            lists.community.insert(list.object.id, list.name);
        }
    }

    let rules = grouped(&inventory.as_path_rules, |rule| rule.aspath_list, |rule| rule.index);
    for list in choose(scope, &inventory.as_path_lists, |list: &AsPathList| &list.name, &used.as_path, out) {
        let about =
            |rule: &AsPathRule| scope.about::<AsPathRule>(rule.id, &format!("{} {}", list.name, rule.index));
        let rules = rules.get(&list.object.id).map_or(&[][..], Vec::as_slice);
        let read = |rule: &&AsPathRule| as_path_rule(rule);
        if let Some(rules) = numbered(rules, |rule| rule.index, read, about, list.used, out) {
            let mut map = described(&list.object.description);
            map.set("rules", rules);
            draft.files.insert(format!("as-path-lists/{}.yaml", list.name), map);
            lists.as_path.insert(list.object.id, list.name);
        }
    }
    lists
}

/// The rules of each parent, in their order.
pub(super) fn grouped<'i, T, K: Ord>(
    table: &'i Table<T>,
    parent: impl Fn(&T) -> Option<Ref>,
    order: impl Fn(&T) -> K,
) -> BTreeMap<Id, Vec<&'i T>> {
    let mut grouped: BTreeMap<Id, Vec<&'i T>> = BTreeMap::new();
    for rule in table.values() {
        if let Some(parent) = parent(rule) {
            grouped.entry(parent.0).or_default().push(rule);
        }
    }
    for rules in grouped.values_mut() {
        rules.sort_by_key(|rule| order(rule));
    }
    grouped
}

/// A map that starts with the description, if there is one.
pub(super) fn described(description: &str) -> Map {
    let words: Vec<&str> = description.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|c| !c.is_control()).take(240).collect();
    let mut map = Map::new();
    map.set_some("description", (!line.is_empty()).then(|| Node::text(line)));
    map
}

/// `rules` by their numbers; none if one of them cannot be said, which is told.
pub(super) fn numbered<T>(
    rules: &[&T],
    number: impl Fn(&T) -> u32,
    read: impl Fn(&&T) -> Result<Map, String>,
    about: impl Fn(&T) -> About,
    used: bool,
    out: &mut Objections,
) -> Option<Map> {
    let mut map = Map::new();
    let mut whole = true;
    for rule in rules {
        let number = number(rule);
        let key = number.to_string();
        let fault = match read(rule) {
            _ if !(1..=65535).contains(&number) => format!("{number} is no number of a rule: 1 to 65535"),
            _ if map.get(&key).is_some() => format!("another rule has the number {number} too"),
            Ok(rule) => {
                map.set(key, rule);
                continue;
            }
            Err(fault) => fault,
        };
        whole = false;
        out.push(unsayable(used, fault).about(about(rule)));
    }
    whole.then_some(map)
}

/// `action`, the first key of a rule.
pub(super) fn action(action: &str) -> Result<Map, String> {
    match action {
        "permit" | "deny" => Ok(Map(vec![("action".to_owned(), Node::text(action))])),
        other => Err(format!("`{}` is neither permit nor deny", shown(&other.into()))),
    }
}

fn prefix_rule(scope: &Scope<'_>, rule: &PrefixRule) -> Result<Map, String> {
    let mut map = action(&rule.action.0)?;
    let object = rule.prefix.and_then(|prefix| scope.inventory.prefixes.get(&prefix.0));
    let text = object.map(|prefix| prefix.prefix.as_str()).or(rule.prefix_custom.as_deref());
    let text = text.map(str::trim).filter(|text| !text.is_empty()).ok_or("it has no prefix")?;
    let net: IpNet = text.parse().map_err(|_| format!("`{}` is no prefix", shown(&text.into())))?;
    if net != net.trunc() {
        return Err(format!("{net} has bits beyond its length; write {}", net.trunc()));
    }
    let (least, most) = (net.prefix_len(), net.max_prefix_len());
    let shortest = rule.ge.unwrap_or(least);
    let longest = rule.le.unwrap_or(most);
    if !(least..=most).contains(&shortest) || !(shortest..=most).contains(&longest) {
        return Err(format!(
            "the lengths of {net} go from {least} to {most}, and it asks for {shortest} to {longest}"
        ));
    }
    map.set("prefix", Node::text(net));
    map.set_some("ge", rule.ge.map(Node::number));
    map.set_some("le", rule.le.map(Node::number));
    Ok(map)
}

fn community_rule(scope: &Scope<'_>, rule: &CommunityRule) -> Result<Node, String> {
    let mut map = action(&rule.action.0)?;
    let object: Option<&Community> = rule.community.and_then(|of| scope.inventory.communities.get(&of.0));
    let text = object.map(|community| community.value.as_str()).or(rule.community_custom.as_deref());
    map.set("community", community(text.ok_or("it has no community")?)?);
    Ok(map.into())
}

/// A community as the intent takes it: two numbers of 16 bits, or a well-known name.
pub(super) fn community(text: &str) -> Result<Node, String> {
    const KNOWN: [&str; 5] =
        ["no-export", "no-advertise", "no-export-subconfed", "local-as", "graceful-shutdown"];
    let text = text.trim();
    let half = |text: &str| text.parse::<u16>().is_ok_and(|number| number.to_string() == text);
    if text.split_once(':').is_some_and(|(first, second)| half(first) && half(second)) {
        return Ok(Node::quoted(text));
    }
    let word = text.to_ascii_lowercase().replace('_', "-");
    match KNOWN.iter().find(|known| **known == word) {
        Some(known) => Ok(Node::text(known)),
        None => Err(format!("`{}` is no community of two numbers up to 65535", shown(&text.into()))),
    }
}

fn as_path_rule(rule: &AsPathRule) -> Result<Map, String> {
    let mut map = action(&rule.action.0)?;
    let pattern = rule.pattern.trim();
    let fits = |c: char| c.is_ascii_digit() || "^$_.*+?|()[]-, ".contains(c);
    if pattern.is_empty() || !pattern.chars().all(fits) {
        return Err(format!("`{}` is no pattern of AS paths that EOS reads", shown(&pattern.into())));
    }
    map.set("pattern", Node::quoted(pattern));
    Ok(map)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::netbox::translate::small::{Small, files, objections};

    fn prefix_list(small: &mut Small, rules: &[serde_json::Value]) {
        small.put(
            "plugins/bgp/prefix-list",
            6,
            json!({ "name": "PL", "family": "ipv4", "description": "two\nlines" }),
        );
        small.put("ipam/prefixes", 1, json!({ "prefix": "10.0.250.0/24" }));
        for rule in rules {
            let mut rule = rule.clone();
            rule["prefix_list"] = json!(6);
            small.add("plugins/bgp/prefix-list-rule", rule);
        }
    }

    #[test]
    fn lists_are_said_rule_by_rule() {
        files(&[
            (
                "prefixes of NetBox and others, in the order of their numbers",
                |small| {
                    prefix_list(
                        small,
                        &[
                            json!({ "index": 20, "action": "deny", "prefix_custom": "0.0.0.0/0" }),
                            json!({ "index": 10, "action": "permit", "prefix": 1, "ge": 25, "le": 32 }),
                        ],
                    );
                },
                "prefix-lists/PL.yaml",
                &[
                    "+ description: two lines",
                    "+ family: ipv4",
                    "+ rules:",
                    "+   10: { action: permit, prefix: 10.0.250.0/24, ge: 25, le: 32 }",
                    "+   20: { action: deny, prefix: 0.0.0.0/0 }",
                ],
            ),
            (
                "communities, one of them twice",
                |small| {
                    small.put("plugins/bgp/community-list", 7, json!({ "name": "CL" }));
                    small.put("plugins/bgp/community", 1, json!({ "value": "65000:100" }));
                    for rule in [
                        json!({ "action": "permit", "community": 1 }),
                        json!({ "action": "permit", "community_custom": "no-export" }),
                        json!({ "action": "permit", "community": 1 }),
                    ] {
                        let mut rule = rule;
                        rule["community_list"] = json!(7);
                        small.add("plugins/bgp/community-list-rule", rule);
                    }
                },
                "community-lists/CL.yaml",
                &[
                    "+ rules: [{ action: permit, community: \"65000:100\" }, { action: permit, community: no-export }]",
                ],
            ),
            (
                "patterns",
                |small| {
                    small.put("plugins/bgp/aspath-list", 8, json!({ "name": "AP" }));
                    let rule =
                        json!({ "aspath_list": 8, "index": 10, "action": "permit", "pattern": "^650[0-9]_" });
                    small.put("plugins/bgp/aspath-list-rule", 1, rule);
                },
                "as-path-lists/AP.yaml",
                &["+ rules:", "+   10: { action: permit, pattern: \"^650[0-9]_\" }"],
            ),
        ]);
    }

    #[test]
    fn a_list_with_a_rule_that_does_not_fit_has_no_file() {
        objections(&[
            (
                "no prefix",
                |small| prefix_list(small, &[json!({ "index": 10, "action": "permit" })]),
                &["note[policy-unsayable]: rule PL 10: it has no prefix; nobody uses it: left out"],
            ),
            (
                "bits beyond the length",
                |small| {
                    prefix_list(
                        small,
                        &[json!({ "index": 10, "action": "permit", "prefix_custom": "10.0.0.1/8" })],
                    );
                },
                &[
                    "note[policy-unsayable]: rule PL 10: 10.0.0.1/8 has bits beyond its length; write 10.0.0.0/8",
                ],
            ),
            (
                "lengths the wrong way round",
                |small| {
                    let rule = json!({ "index": 10, "action": "permit", "prefix": 1, "ge": 30, "le": 26 });
                    prefix_list(small, &[rule]);
                },
                &["note[policy-unsayable]: rule PL 10: the lengths of 10.0.250.0/24 go from 24 to 32"],
            ),
            (
                "a number twice, and one that is none",
                |small| {
                    let rule = |index: u32| json!({ "index": index, "action": "permit", "prefix": 1 });
                    prefix_list(small, &[rule(10), rule(10), rule(70000)]);
                },
                &[
                    "note[policy-unsayable]: rule PL 10: another rule has the number 10 too",
                    "note[policy-unsayable]: rule PL 70000: 70000 is no number of a rule",
                ],
            ),
            (
                "a large community",
                |small| {
                    small.put("plugins/bgp/community-list", 7, json!({ "name": "CL" }));
                    let rule =
                        json!({ "community_list": 7, "action": "permit", "community_custom": "1:2:3" });
                    small.put("plugins/bgp/community-list-rule", 1, rule);
                },
                &["note[policy-unsayable]: rule CL: `1:2:3` is no community"],
            ),
        ]);
    }
}
