//! BGP in VRFs: route distinguisher and targets, neighbours, redistribution.
//!
//! Elsewhere: the VRF itself (`vrfs`).

use std::collections::{BTreeMap, BTreeSet};

use super::{ORDER, bgp_of, families, family, global, process};
use crate::platform::arista_eos::cli::command::{Block, Command};
use crate::platform::arista_eos::cli::node::{Entry, Said, identity};

/// | EOS, under `router bgp N` / `vrf V` | path, under the VRF's instance |
/// |---|---|
/// | `rd` | `config/route-distinguisher` |
/// | `route-target import evpn`, `export` | `…/bgp/global/evpn/import-target`, `export-target` |
pub(super) fn write<'t>(instance: Entry<'_, 't>, asn: Said<'t>, out: &mut Block<'t>) {
    let rd = instance.leaf("config/route-distinguisher");
    let protocol = bgp_of(instance);
    if rd.is_none() && protocol.is_none() {
        return;
    }
    let mode = out.mode("vrf", instance.key("name"), ORDER);
    mode.implies(instance.repeats());
    mode.inside.set_leaf("rd", rd);
    if let Some(protocol) = protocol {
        let bgp = protocol.node.at("bgp");
        // EOS has one AS for all; another number is left over
        let same = bgp.leaf("global/config/as").filter(|own| own.leaf.value == asn.leaf.value);
        mode.implies(process(protocol)).implies(same);
        global(bgp.at("global"), &mut mode.inside);
        for (words, leaf) in [
            ("route-target import evpn", "global/evpn/import-target"),
            ("route-target export evpn", "global/evpn/export-target"),
        ] {
            if let Some(targets) = bgp.leaf(leaf) {
                targets.values().for_each(|target| mode.inside.each(words, target, [targets]));
            }
        }
        families(bgp, mode);
    }
    redistribution(instance, mode);
}

/// What one source is taken over with: by family, the policy.
type Taken<'a, 't> = BTreeMap<&'static str, (Option<Said<'t>>, Entry<'a, 't>)>;

/// `redistribute S [route-map M]`: once for all families that the instance has, or inside
/// each if they differ.
///
/// | EOS | path, under the instance |
/// |---|---|
/// | `redistribute S` | `table-connections/table-connection`, `tables/table`, `protocols/protocol` |
/// | `route-map M` | `table-connection/config/import-policy` |
pub(super) fn redistribution<'t>(instance: Entry<'_, 't>, mode: &mut Command<'t>) {
    let tables: Vec<Entry<'_, 't>> = instance.node.entries("tables/table").collect();
    let own = tables.iter().filter(|table| identity(table.key("protocol")) == "BGP");
    mode.implies(own.flat_map(|table| table.repeats()));
    let mut sources: BTreeMap<&str, Taken<'_, 't>> = BTreeMap::new();
    for connection in instance.node.entries("table-connections/table-connection") {
        let policy = connection.leaf("config/import-policy");
        let single = policy.is_none_or(|policy| policy.values().count() == 1);
        let of = match identity(connection.key("address-family")) {
            "IPV4" => "ipv4",
            "IPV6" => "ipv6",
            _ => continue,
        };
        if identity(connection.key("dst-protocol")) == "BGP" && single {
            sources.entry(connection.key("src-protocol")).or_default().insert(of, (policy, connection));
        }
    }
    let active = active(instance);
    for (source, taken) in sources {
        let Some(word) = source_word(source) else { continue };
        let mut rest: Vec<Said<'t>> = Vec::new();
        for table in tables.iter().filter(|table| table.key("protocol") == source) {
            rest.extend(table.repeats());
        }
        for protocol in instance.node.entries("protocols/protocol") {
            if protocol.key("identifier") == source {
                rest.extend(process(protocol));
            }
        }
        let line = |block: &mut Block<'t>, (policy, connection): (Option<Said<'t>>, Entry<'_, 't>)| {
            let by = policy.map_or_else(String::new, |policy| format!(" route-map {}", policy.text()));
            let text = format!("redistribute {word}{by}");
            let leaves = policy.into_iter().chain(connection.repeats()).chain(rest.iter().copied());
            block.say(("redistribute", word), &text, &format!("no redistribute {word}"), leaves);
        };
        let policies: BTreeSet<Option<String>> =
            taken.values().map(|(policy, _)| policy.map(|said| said.text().into_owned())).collect();
        if policies.len() == 1 && active.iter().all(|family| taken.contains_key(family)) {
            for (_, told) in taken {
                line(&mut mode.inside, told);
            }
        } else {
            for (of, told) in taken {
                line(&mut family(&mut mode.inside, of).inside, told);
            }
        }
    }
}

/// The unicast families that are on in an instance's BGP.
fn active(instance: Entry<'_, '_>) -> BTreeSet<&'static str> {
    let Some(protocol) = bgp_of(instance) else { return BTreeSet::new() };
    let on = protocol.node.entries("bgp/global/afi-safis/afi-safi");
    on.filter_map(super::family_name).filter(|family| *family != "evpn").collect()
}

fn source_word(source: &str) -> Option<&'static str> {
    Some(match identity(source) {
        "DIRECTLY_CONNECTED" => "connected",
        "STATIC" => "static",
        "OSPF" => "ospf",
        "ISIS" => "isis",
        _ => return None,
    })
}
