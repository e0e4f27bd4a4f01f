//! Peer groups and neighbours, in the default instance and in VRFs.
//!
//! Elsewhere: the address families as a whole (`super`).

use super::{family, family_name};
use crate::platform::arista_eos::cli::command::{Block, Command};
use crate::platform::arista_eos::cli::node::{Entry, Node, Said, identity};

/// What follows `neighbor X`, in EOS's order.
const ORDER: &[&str] = &[
    "peer group",
    "remote-as",
    "next-hop-self",
    "next-hop-unchanged",
    "update-source",
    "bfd",
    "description",
    "ebgp-multihop",
    "allowas-in",
    "route-reflector-client",
    "timers",
    "shutdown",
    "route-map in",
    "route-map out",
    "password",
    "send-community",
    "maximum-routes",
];

/// `neighbor G peer group`, and what the group says of its members.
pub(super) fn group<'t>(entry: Entry<'_, 't>, out: &mut Block<'t>) {
    let name = entry.key("peer-group-name");
    let undo = format!("no neighbor {name} peer group");
    let lines = out.group(("peer group", name), (format!("neighbor {name} "), undo.clone()), ORDER);
    lines.inside.say(("peer group", ""), "peer group", &undo, entry.repeats());
    common(entry.node, &mut lines.inside, name);
    activate(entry, name, out);
}

/// A neighbour with its own leaves; those of its group stand at the group.
pub(super) fn neighbor<'t>(entry: Entry<'_, 't>, out: &mut Block<'t>) {
    let name = entry.key("neighbor-address");
    let texts = (format!("neighbor {name} "), format!("no neighbor {name}"));
    let lines: &mut Command<'t> = out.group(("neighbor", name), texts, ORDER);
    lines.implies(entry.repeats());
    lines.inside.set_leaf("peer group", entry.leaf("config/peer-group"));
    let enabled = entry.leaf("config/enabled");
    lines.implies(enabled.filter(|said| said.is("true")));
    if let Some(enabled) = enabled.filter(|said| said.is("false")) {
        let undo = format!("no neighbor {name} shutdown");
        lines.inside.say(("shutdown", ""), "shutdown", &undo, [enabled]);
    }
    common(entry.node, &mut lines.inside, name);
    activate(entry, name, out);
}

/// | EOS, after `neighbor X` | path, under the group or neighbour |
/// |---|---|
/// | `remote-as`, `description`, `password` | `config/peer-as`, `description`, `auth-password` |
/// | `next-hop-self`, `next-hop-unchanged` | `config/…` |
/// | `update-source` | `transport/config/local-address` |
/// | `ebgp-multihop` | `ebgp-multihop/config/multihop-ttl` |
/// | `send-community` | `config/send-community-type` |
/// | `maximum-routes N [warning-only]` | `prefix-limit/config/max-prefixes`, `prevent-teardown` |
/// | `route-map M in`, `out` | `apply-policy/config/import-policy`, `export-policy` |
/// | `bfd`, `timers`, `allowas-in`, `route-reflector-client` | `enable-bfd`, `timers`, `as-path-options`, `route-reflector` |
fn common<'t>(at: Node<'_, 't>, out: &mut Block<'t>, name: &str) {
    out.set_leaf("remote-as", at.leaf("config/peer-as"));
    out.set_leaf("description", at.leaf("config/description"));
    out.set_leaf("password", at.leaf("config/auth-password"));
    out.flag("next-hop-self", at.leaf("config/next-hop-self"));
    out.flag("next-hop-unchanged", at.leaf("config/next-hop-unchanged"));
    let source = at.leaf("transport/config/local-address");
    // an address as a source has no command of EOS
    let is_interface = |said: &Said<'t>| said.text().starts_with(|c: char| c.is_ascii_uppercase());
    out.set_leaf("update-source", source.filter(is_interface));
    out.set_leaf("ebgp-multihop", at.leaf("ebgp-multihop/config/multihop-ttl"));
    out.set_leaf("allowas-in", at.leaf("as-path-options/config/allow-own-as"));
    out.flag("route-reflector-client", at.leaf("route-reflector/config/route-reflector-client"));
    out.flag("bfd", at.leaf("enable-bfd/config/enabled"));
    if let Some(sent) = at.leaf("config/send-community-type") {
        out.set("send-community", &sent_communities(sent), [sent]);
    }
    maximum_routes(at.at("prefix-limit/config"), out);
    timers(at.at("timers/config"), out);
    for (leaf, way) in [("import-policy", "in"), ("export-policy", "out")] {
        let policy = at.at("apply-policy/config").leaf(leaf);
        // EOS applies one
        if let Some(policy) = policy.filter(|said| said.values().count() == 1) {
            let text = format!("route-map {} {way}", policy.text());
            let undo = format!("no neighbor {name} route-map {way}");
            out.say((&format!("route-map {way}"), ""), &text, &undo, [policy]);
        }
    }
}

/// `[EXTENDED, STANDARD]` as `standard extended`.
fn sent_communities(sent: Said<'_>) -> String {
    let has = |wanted: &str| sent.values().any(|value| identity(value) == wanted || value == "BOTH");
    let known = [("STANDARD", "standard"), ("EXTENDED", "extended")];
    let mut words: Vec<String> =
        known.iter().filter(|(value, _)| has(value)).map(|(_, word)| (*word).to_owned()).collect();
    let others = sent.values().filter(|value| !matches!(identity(value), "STANDARD" | "EXTENDED" | "BOTH"));
    words.extend(others.map(|value| identity(value).to_ascii_lowercase()));
    words.join(" ")
}

fn maximum_routes<'t>(limit: Node<'_, 't>, out: &mut Block<'t>) {
    let Some(most) = limit.leaf("max-prefixes") else { return };
    let warn = limit.leaf("prevent-teardown");
    let only = if warn.is_some_and(|warn| warn.is("true")) { " warning-only" } else { "" };
    let leaves = [most].into_iter().chain(warn);
    out.set("maximum-routes", &format!("{}{only}", most.text()), leaves);
}

fn timers<'t>(config: Node<'_, 't>, out: &mut Block<'t>) {
    if let (Some(alive), Some(hold)) = (config.leaf("keepalive-interval"), config.leaf("hold-time")) {
        out.set("timers", &format!("{} {}", alive.text(), hold.text()), [alive, hold]);
    }
}

/// `neighbor X activate` in each of its address families.
fn activate<'t>(entry: Entry<'_, 't>, name: &str, out: &mut Block<'t>) {
    for on in entry.node.entries("afi-safis/afi-safi") {
        let (Some(of), Some(enabled)) = (family_name(on), on.leaf("config/enabled")) else { continue };
        let text = format!("neighbor {name} activate");
        let (text, undo) = if enabled.is("true") {
            (text.clone(), format!("no {text}"))
        } else {
            (format!("no {text}"), format!("default {text}"))
        };
        let leaves = [enabled].into_iter().chain(on.repeats());
        family(out, of).inside.say(("neighbor", name), &text, &undo, leaves);
    }
}
