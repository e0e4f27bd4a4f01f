//! Routing policies and the lists that they match with.
//!
//! Elsewhere: where they are applied (`bgp`).

use super::command::{Block, Command};
use super::node::{Entry, Node, Said, identity};

/// The commands of a route map in EOS's order.
const STATEMENT: &[&str] = &[
    "description",
    "match ip address prefix-list",
    "match ipv6 address prefix-list",
    "match community",
    "match as-path",
    "continue",
    "set metric",
    "set local-preference",
    "set community",
    "set as-path prepend",
    "set ip next-hop",
    "set ipv6 next-hop",
];
const LIST: &[&str] = &["permit"];

/// | EOS | path, under `/routing-policy` |
/// |---|---|
/// | `ip prefix-list L permit P [ge A] [le B]` | `defined-sets/prefix-sets/prefix-set` |
/// | `ip community-list L permit C` | `defined-sets/bgp-defined-sets/community-sets/community-set` |
/// | `ip as-path access-list L permit R any` | `defined-sets/bgp-defined-sets/as-path-sets/as-path-set` |
/// | `route-map M permit N` | `policy-definitions/policy-definition/statements/statement` |
///
/// Lists stand without sequence numbers, as YANG has none.
pub(super) fn write<'t>(root: Node<'_, 't>, out: &mut Block<'t>) {
    let policy = root.at("routing-policy");
    let sets = policy.at("defined-sets");
    for set in sets.entries("prefix-sets/prefix-set") {
        prefix_list(set, out);
    }
    for set in sets.entries("bgp-defined-sets/community-sets/community-set") {
        let name = set.key("community-set-name");
        let list = list(out, "ip community-list", name);
        list.implies(set.repeats());
        list.implies(set.leaf("config/match-set-options").filter(|said| said.is("ANY")));
        if let Some(members) = set.leaf("config/community-member") {
            members.values().for_each(|member| list.inside.each("permit", &community(member), [members]));
        }
    }
    for set in sets.entries("bgp-defined-sets/as-path-sets/as-path-set") {
        let list = list(out, "ip as-path access-list", set.key("as-path-set-name"));
        list.implies(set.repeats());
        if let Some(members) = set.leaf("config/as-path-set-member") {
            members
                .values()
                .for_each(|member| list.inside.each("permit", &format!("{member} any"), [members]));
        }
    }
    for definition in policy.entries("policy-definitions/policy-definition") {
        for statement in definition.node.entries("statements/statement") {
            route_map(sets, definition, statement, out);
        }
    }
}

/// The lines of a list, which go as one with `no ip prefix-list L`.
fn list<'b, 't>(out: &'b mut Block<'t>, words: &str, name: &str) -> &'b mut Command<'t> {
    let head = format!("{words} {name}");
    out.group((words, name), (format!("{head} "), format!("no {head}")), LIST)
}

fn prefix_list<'t>(set: Entry<'_, 't>, out: &mut Block<'t>) {
    let mode = set.leaf("config/mode");
    let words = prefix_list_words(mode);
    let list = list(out, words, set.key("name"));
    list.implies(set.repeats()).implies(mode.filter(|said| said.is("IPV4") || said.is("IPV6")));
    for prefix in set.node.entries("prefixes/prefix") {
        let ip_prefix = prefix.key("ip-prefix");
        if let Some(lengths) = lengths(ip_prefix, prefix.key("masklength-range")) {
            list.inside.each("permit", &format!("{ip_prefix}{lengths}"), prefix.repeats());
        }
    }
}

fn prefix_list_words(mode: Option<Said<'_>>) -> &'static str {
    if mode.is_some_and(|mode| mode.is("IPV6")) { "ipv6 prefix-list" } else { "ip prefix-list" }
}

/// `24..32` of a /24 as ` le 32`; none if it is not such a range.
fn lengths(prefix: &str, range: &str) -> Option<String> {
    if range == "exact" {
        return Some(String::new());
    }
    let (_, own) = prefix.rsplit_once('/')?;
    let (least, most) = range.split_once("..")?;
    let whole = if prefix.contains(':') { "128" } else { "32" };
    Some(match (least, most) {
        (least, most) if least == most => format!(" eq {least}"),
        (least, most) if least == own => format!(" le {most}"),
        (least, most) if most == whole => format!(" ge {least}"),
        (least, most) => format!(" ge {least} le {most}"),
    })
}

/// A community as EOS spells it.
fn community(member: &str) -> String {
    match identity_of_community(member) {
        "NO_EXPORT" => "no-export".to_owned(),
        "NO_ADVERTISE" => "no-advertise".to_owned(),
        "NO_EXPORT_SUBCONFED" => "local-as".to_owned(),
        "GRACEFUL_SHUTDOWN" => "GSHUT".to_owned(),
        _ => member.to_owned(),
    }
}

/// `65000:100` is no identity, though it has a colon.
fn identity_of_community(member: &str) -> &str {
    if member.starts_with("openconfig-bgp-types:") { identity(member) } else { "" }
}

fn route_map<'t>(sets: Node<'_, 't>, policy: Entry<'_, 't>, statement: Entry<'_, 't>, out: &mut Block<'t>) {
    let (name, number) = (policy.key("name"), statement.key("name"));
    let result = statement.leaf("actions/config/policy-result");
    let action = match result.map(Said::text).as_deref() {
        Some("ACCEPT_ROUTE" | "NEXT_STATEMENT") => "permit",
        Some("REJECT_ROUTE") => "deny",
        _ => return,
    };
    // a number is the sequence number itself; another name needs the words for names
    if number.parse::<u16>().is_err() {
        return;
    }
    let slot = format!("{name} {number}");
    let mode = out.mode_as(("route-map", &slot), &format!("route-map {name} {action} {number}"), STATEMENT);
    mode.implies(result).implies(statement.repeats()).implies(policy.repeats());
    let block = &mut mode.inside;
    if let Some(goes_on) = result.filter(|said| said.is("NEXT_STATEMENT")) {
        block.say(("continue", ""), "continue", "no continue", [goes_on]);
    }
    conditions(sets, statement.node.at("conditions"), block);
    actions(statement.node.at("actions/bgp-actions"), block);
}

fn conditions<'t>(sets: Node<'_, 't>, conditions: Node<'_, 't>, out: &mut Block<'t>) {
    let any = |config: Node<'_, 't>| config.leaf("match-set-options").filter(|said| said.is("ANY"));
    let prefixes = conditions.at("match-prefix-set/config");
    if let Some(set) = prefixes.leaf("prefix-set") {
        let mut lists = sets.entries("prefix-sets/prefix-set");
        let mode = lists.find(|list| set.is(list.key("name"))).and_then(|list| list.leaf("config/mode"));
        let family = if mode.is_some_and(|mode| mode.is("IPV6")) { "ipv6" } else { "ip" };
        let words = format!("match {family} address prefix-list");
        out.set(&words, &set.text(), [set].into_iter().chain(any(prefixes)));
    }
    let communities = conditions.at("bgp-conditions/match-community-set/config");
    if let Some(set) = communities.leaf("community-set") {
        out.set("match community", &set.text(), [set].into_iter().chain(any(communities)));
    }
    let paths = conditions.at("bgp-conditions/match-as-path-set/config");
    if let Some(set) = paths.leaf("as-path-set") {
        out.set("match as-path", &set.text(), [set].into_iter().chain(any(paths)));
    }
}

fn actions<'t>(actions: Node<'_, 't>, out: &mut Block<'t>) {
    if let Some(hop) = actions.leaf("config/set-next-hop") {
        let words = if hop.text().contains(':') { "set ipv6 next-hop" } else { "set ip next-hop" };
        out.set(words, &hop.text(), [hop]);
    }
    out.set_leaf("set metric", actions.leaf("config/set-med"));
    out.set_leaf("set local-preference", actions.leaf("config/set-local-pref"));
    communities(actions.at("set-community"), out);
    let prepend = actions.at("set-as-path-prepend/config");
    if let Some(asn) = prepend.leaf("asn") {
        let times = prepend.leaf("repeat-n");
        let repeat = times.map_or_else(String::new, |times| format!(" repeat {}", times.text()));
        let leaves = [asn].into_iter().chain(times);
        out.set("set as-path prepend", &format!("{}{repeat}", asn.text()), leaves);
    }
}

fn communities<'t>(set: Node<'_, 't>, out: &mut Block<'t>) {
    let (method, how) = (set.leaf("config/method"), set.leaf("config/options"));
    let Some(members) = set.leaf("inline/config/arista-communities") else { return };
    if method.is_some_and(|method| !method.is("INLINE")) {
        return;
    }
    let how_word = match how.map(Said::text).as_deref() {
        None | Some("REPLACE") => "",
        Some("ADD") => " additive",
        Some("REMOVE") => " delete",
        Some(_) => return,
    };
    let members_text = members.values().map(community).collect::<Vec<_>>().join(" ");
    let leaves = [members].into_iter().chain(method).chain(how);
    out.set("set community", &format!("{members_text}{how_word}"), leaves);
}
