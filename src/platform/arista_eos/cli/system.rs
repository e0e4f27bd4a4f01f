//! The device as a whole: its name, the servers that it uses, LLDP, spanning tree.
//!
//! Elsewhere: spanning tree on interfaces (`switching`).

use super::command::Block;
use super::node::{Entry, Node, Said, identity};

/// | EOS | path |
/// |---|---|
/// | `hostname` | `/system/config/hostname` |
/// | `dns domain` | `/system/config/domain-name` |
/// | `ip name-server [vrf V] A` | `/system/dns/servers/server`, `dns/config/network-instance` |
/// | `ntp server [vrf V] A` | `/system/ntp/servers/server` |
/// | `logging [vrf V] host A [P]` | `/system/logging/remote-servers/remote-server` |
/// | `logging trap L` | `…/remote-server/selectors/selector`, the same of each |
/// | `lldp …` | `/lldp/config` |
/// | `spanning-tree mode`, `no spanning-tree vlan-id`, `spanning-tree mst` | `/stp/global/config`, `/stp/mstp` |
pub(super) fn write<'t>(root: Node<'_, 't>, out: &mut Block<'t>) {
    let system = root.at("system");
    out.set_leaf("hostname", system.leaf("config/hostname"));
    out.set_leaf("dns domain", system.leaf("config/domain-name"));
    name_servers(system.at("dns"), out);
    for server in system.entries("ntp/servers/server") {
        time_server(server, out);
    }
    log_servers(system.at("logging"), out);
    lldp(root.at("lldp/config"), out);
    spanning_tree(root.at("stp"), out);
}

/// The words that put a command into a VRF; none for the default one.
pub(super) fn of_vrf(vrf: Option<&str>) -> String {
    vrf.filter(|vrf| *vrf != "default").map_or_else(String::new, |vrf| format!("vrf {vrf} "))
}

fn name_servers<'t>(dns: Node<'_, 't>, out: &mut Block<'t>) {
    let vrf = dns.leaf("config/network-instance");
    let of_vrf = of_vrf(vrf.map(Said::text).as_deref());
    for server in dns.entries("servers/server") {
        let port = server.leaf("config/port").filter(|said| said.is("53"));
        let address = format!("{of_vrf}{}", server.key("address"));
        out.each("ip name-server", &address, server.repeats().chain(vrf).chain(port));
    }
}

fn time_server<'t>(server: Entry<'_, 't>, out: &mut Block<'t>) {
    let config = server.node.at("config");
    let vrf = config.leaf("network-instance");
    let mut text = format!("{}{}", of_vrf(vrf.map(Said::text).as_deref()), server.key("address"));
    let mut leaves: Vec<Said<'t>> = server.repeats().chain(vrf).collect();
    for (leaf, words) in [("prefer", " prefer"), ("iburst", " iburst")] {
        let Some(said) = config.leaf(leaf) else { continue };
        if said.is("true") {
            text.push_str(words);
        }
        leaves.push(said);
    }
    if let Some(version) = config.leaf("version") {
        text.push_str(&format!(" version {}", version.text()));
        leaves.push(version);
    }
    out.each("ntp server", &text, leaves);
}

fn log_servers<'t>(logging: Node<'_, 't>, out: &mut Block<'t>) {
    let mut selected: Vec<Entry<'_, 't>> = Vec::new();
    for server in logging.entries("remote-servers/remote-server") {
        let config = server.node.at("config");
        let (vrf, port) = (config.leaf("network-instance"), config.leaf("remote-port"));
        let mut host = format!("host {}", server.key("host"));
        if let Some(port) = port {
            host.push_str(&format!(" {}", port.text()));
        }
        let text = format!("logging {}{host}", of_vrf(vrf.map(Said::text).as_deref()));
        let leaves = server.repeats().chain(vrf).chain(port);
        out.say(("logging host", &text), &text, &format!("no {text}"), leaves);
        selected.extend(server.node.entries("selectors/selector"));
    }
    // EOS has one level for all servers; where they differ, none can be said
    let Some(first) = selected.first() else { return };
    let level = first.key("severity");
    let alike =
        |entry: &Entry<'_, '_>| entry.key("severity") == level && identity(entry.key("facility")) == "ALL";
    if let Some(word) = severity(level).filter(|_| selected.iter().all(alike)) {
        let leaves: Vec<Said<'t>> = selected.iter().flat_map(|entry| entry.repeats()).collect();
        out.set("logging trap", word, leaves);
    }
}

/// As EOS spells a level of OpenConfig.
fn severity(level: &str) -> Option<&'static str> {
    Some(match level {
        "EMERGENCY" => "emergencies",
        "ALERT" => "alerts",
        "CRITICAL" => "critical",
        "ERROR" => "errors",
        "WARNING" => "warnings",
        "NOTICE" => "notifications",
        "INFORMATIONAL" => "informational",
        "DEBUG" => "debugging",
        _ => return None,
    })
}

fn lldp<'t>(config: Node<'_, 't>, out: &mut Block<'t>) {
    out.flag("lldp run", config.leaf("enabled"));
    out.set_leaf("lldp management-address", config.leaf("management-address/interface"));
}

fn spanning_tree<'t>(stp: Node<'_, 't>, out: &mut Block<'t>) {
    let global = stp.at("global/config");
    if let Some(mode) = global.leaf("enabled-protocol").filter(|said| said.values().count() == 1) {
        let text = mode.text();
        let word = match identity(&text) {
            "MSTP" => Some("mstp"),
            "RSTP" => Some("rstp"),
            "RAPID_PVST" => Some("rapid-pvst"),
            _ => None,
        };
        if let Some(word) = word {
            out.set("spanning-tree mode", word, [mode]);
        }
    }
    // a line each, as typing one leaves the others as they are
    if let Some(quiet) = global.leaf("disabled-vlan") {
        for vlan in quiet.values() {
            let vlan = vlan.replace("..", "-");
            let text = format!("spanning-tree vlan-id {vlan}");
            out.say(("no spanning-tree vlan-id", &vlan), &format!("no {text}"), &text, [quiet]);
        }
    }
    for instance in stp.entries("mstp/mst-instances/mst-instance") {
        let Some(priority) = instance.leaf("config/bridge-priority") else { continue };
        let words = format!("spanning-tree mst {}", instance.key("mst-id"));
        let text = format!("{words} priority {}", priority.text());
        let leaves = [priority].into_iter().chain(instance.repeats());
        out.say(
            ("spanning-tree mst", instance.key("mst-id")),
            &text,
            &format!("no {words} priority"),
            leaves,
        );
    }
}
