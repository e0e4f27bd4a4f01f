//! MLAG: the domain, its peer, dual-primary detection.
//!
//! Elsewhere: LAGs that are one of both members (`switching`).

use super::command::Block;
use super::node::{Node, Said};

const ORDER: &[&str] = &[
    "domain-id",
    "heartbeat-interval",
    "local-interface",
    "peer-address",
    "peer-address heartbeat",
    "peer-link",
    "dual-primary detection delay",
    "shutdown",
];

/// | EOS, under `mlag configuration` | path, under `/arista/eos/mlag/config` |
/// |---|---|
/// | `domain-id`, `local-interface`, `peer-address`, `peer-link` | `domain-id`, `local-intf`, `peer-address`, `peer-link-intf` |
/// | `peer-address heartbeat A vrf V` | `heartbeat-peer-address` |
/// | `dual-primary detection delay N action errdisable all-interfaces` | `dual-primary-detection-delay`, `dual-primary-action` |
/// | `shutdown` | `enabled` |
pub(super) fn write<'t>(root: Node<'_, 't>, out: &mut Block<'t>) {
    let config = root.at("arista/eos/mlag/config");
    if config.is_empty() {
        return;
    }
    let mode = out.mode("mlag configuration", "", ORDER);
    let enabled = config.leaf("enabled");
    mode.implies(enabled.filter(|said| said.is("true")));
    let block = &mut mode.inside;
    if let Some(enabled) = enabled.filter(|said| said.is("false")) {
        block.say(("shutdown", ""), "shutdown", "no shutdown", [enabled]);
    }
    for (words, leaf) in [
        ("domain-id", "domain-id"),
        ("heartbeat-interval", "heartbeat-interval"),
        ("local-interface", "local-intf"),
        ("peer-address", "peer-address"),
        ("peer-link", "peer-link-intf"),
    ] {
        block.set_leaf(words, config.leaf(leaf));
    }
    let heartbeat = config.at("heartbeat-peer-address");
    if let Some(address) = heartbeat.leaf("address") {
        let vrf = heartbeat.leaf("vrf");
        let of_vrf = vrf.map_or_else(String::new, |vrf| format!(" vrf {}", vrf.text()));
        let leaves = [address].into_iter().chain(vrf);
        block.set("peer-address heartbeat", &format!("{}{of_vrf}", address.text()), leaves);
    }
    dual_primary(config, block);
}

fn dual_primary<'t>(config: Node<'_, 't>, out: &mut Block<'t>) {
    let Some(delay) = config.leaf("dual-primary-detection-delay") else { return };
    // a decimal in YANG, whole seconds on the command line
    let text = delay.text();
    let seconds = text.strip_suffix(".0").unwrap_or(&text);
    let action = config.leaf("dual-primary-action");
    let errdisable = action.filter(|said| said.is("errdisable-all-interfaces"));
    let word = if errdisable.is_some() { " action errdisable all-interfaces" } else { "" };
    let said = errdisable.or(action.filter(|said| said.is("none")));
    let leaves: Vec<Said<'t>> = [delay].into_iter().chain(said).collect();
    out.set("dual-primary detection delay", &format!("{seconds}{word}"), leaves);
}
