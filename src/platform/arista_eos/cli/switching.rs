//! Switching on ports and LAGs, LAGs themselves, spanning tree on interfaces.
//!
//! Elsewhere: spanning tree as a whole (`system`), MLAG's domain (`mlag`).

use super::command::Block;
use super::interfaces::{About, Interfaces};
use super::node::{Node, Said};

/// | EOS | path, under `/interfaces/interface` |
/// |---|---|
/// | `channel-group N mode M` | `ethernet/config/aggregate-id`; the mode is the LAG's |
/// | `switchport …` | `ethernet/switched-vlan`, `aggregation/switched-vlan` |
/// | `mlag N` | `aggregation/config/mlag` |
/// | `port-channel lacp fallback …` | `aggregation/config/fallback`, `fallback-timeout` |
/// | `spanning-tree …` | `/stp/interfaces/interface` |
///
/// Gives what the interface implies without a line of its own.
pub(super) fn write<'t>(
    all: &Interfaces<'_, 't>,
    about: &About<'_, 't>,
    out: &mut Block<'t>,
) -> Vec<Said<'t>> {
    let mut implied = Vec::new();
    implied.extend(about.lacp.and_then(|lacp| lacp.leaf("config/lacp-mode")));
    if let Some(stp) = about.stp {
        spanning_tree(stp.node.at("config"), out);
    }
    let Some(own) = about.own else { return implied };
    if let Some(lag) = own.leaf("ethernet/config/aggregate-id") {
        channel_group(all, lag, out);
    }
    for switched in ["ethernet/switched-vlan/config", "aggregation/switched-vlan/config"] {
        switchport(own.node.at(switched), out);
    }
    let aggregation = own.node.at("aggregation/config");
    // the members' commands say the type of the LAG
    implied.extend(aggregation.leaf("lag-type"));
    out.set_leaf("mlag", aggregation.leaf("mlag"));
    out.set_leaf("port-channel min-links", aggregation.leaf("min-links"));
    out.set_leaf("port-channel lacp fallback", aggregation.leaf("fallback"));
    out.set_leaf("port-channel lacp fallback timeout", aggregation.leaf("fallback-timeout"));
    implied
}

/// `channel-group 1 mode active`: the number is the member's word, the mode the LAG's.
fn channel_group<'t>(all: &Interfaces<'_, 't>, lag: Said<'t>, out: &mut Block<'t>) {
    let name = lag.text();
    let Some(number) = name.strip_prefix("Port-Channel") else { return };
    let about = all.get(&*name).copied().unwrap_or_default();
    let kind = about.own.and_then(|own| own.leaf("aggregation/config/lag-type"));
    let activity = about.lacp.and_then(|lacp| lacp.leaf("config/lacp-mode"));
    let mode = if kind.is_some_and(|kind| kind.is("STATIC")) {
        "on"
    } else if activity.is_some_and(|activity| activity.is("PASSIVE")) {
        "passive"
    } else {
        "active"
    };
    let text = format!("channel-group {number} mode {mode}");
    let leaves = [Some(lag), kind, activity];
    out.say(("channel-group", ""), &text, "no channel-group", leaves.into_iter().flatten());
    let interval = about.lacp.and_then(|lacp| lacp.leaf("config/interval"));
    if let Some(interval) = interval.filter(|said| said.is("FAST")) {
        out.say(("lacp timer", ""), "lacp timer fast", "no lacp timer", [interval]);
    }
}

fn switchport<'t>(config: Node<'_, 't>, out: &mut Block<'t>) {
    if let Some(mode) = config.leaf("interface-mode") {
        out.set("switchport mode", &mode.text().to_ascii_lowercase().replace('_', "-"), [mode]);
    }
    out.set_leaf("switchport access vlan", config.leaf("access-vlan"));
    out.set_leaf("switchport trunk native vlan", config.leaf("native-vlan"));
    if let Some(vlans) = config.leaf("trunk-vlans") {
        out.set("switchport trunk allowed vlan", &ranges(vlans), [vlans]);
    }
    if let Some(groups) = config.leaf("trunk-groups") {
        for group in groups.values() {
            out.each("switchport trunk group", group, [groups]);
        }
    }
}

/// VLANs as EOS writes them: `10-12,20`. Entries may be ranges already: `30..32`.
pub(super) fn ranges(vlans: Said<'_>) -> String {
    let mut texts = Vec::new();
    let mut spans: Vec<(u16, u16)> = Vec::new();
    for value in vlans.values() {
        let (first, last) = value.split_once("..").unwrap_or((value, value));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) => spans.push((first, last)),
            _ => texts.push(value.to_owned()),
        }
    }
    spans.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::new();
    for (first, last) in spans {
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    let spans = joined.into_iter().map(|(first, last)| match last {
        last if last == first => first.to_string(),
        last => format!("{first}-{last}"),
    });
    spans.chain(texts).collect::<Vec<_>>().join(",")
}

fn spanning_tree<'t>(config: Node<'_, 't>, out: &mut Block<'t>) {
    let kind = config.leaf("link-type").and_then(|said| match &*said.text() {
        "P2P" => Some((said, "point-to-point")),
        "SHARED" => Some((said, "shared")),
        _ => None,
    });
    if let Some((said, kind)) = kind {
        out.set("spanning-tree link-type", kind, [said]);
    }
    let edge = config.leaf("edge-port").and_then(|said| match &*said.text() {
        "openconfig-spanning-tree-types:EDGE_ENABLE" => Some((said, "edge")),
        "openconfig-spanning-tree-types:EDGE_AUTO" => Some((said, "auto")),
        _ => None,
    });
    if let Some((said, edge)) = edge {
        out.set("spanning-tree portfast", edge, [said]);
    }
    let guard = config.leaf("bpdu-guard");
    if let Some(guard) = guard.filter(|said| said.is("true") || said.is("false")) {
        let word = if guard.is("true") { "enable" } else { "disable" };
        out.set("spanning-tree bpduguard", word, [guard]);
    }
}
