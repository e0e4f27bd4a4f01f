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

/// One row of what is taken over: the policy before it, and its entry.
type Told<'a, 't> = (Option<Said<'t>>, Entry<'a, 't>);

/// `redistribute S [route-map M]`: once for all families that the instance has, or inside
/// each if they differ.
///
/// | EOS | path, under the instance |
/// |---|---|
/// | `redistribute S` | `table-connections/table-connection`, `tables/table`, `protocols/protocol` |
/// | `route-map M` | `table-connection/config/import-policy` |
pub(super) fn redistribution<'t>(instance: Entry<'_, 't>, mode: &mut Command<'t>) {
    mode.implies(tables(instance, |protocol| identity(protocol) == "BGP"));
    let active = active(instance);
    for (source, told) in sources(instance) {
        let Some(word) = source_word(source) else { continue };
        let rest = support(instance, source);
        let policies: BTreeSet<_> =
            told.values().map(|(policy, _)| policy.map(|said| &said.leaf.value)).collect();
        let alike = policies.len() == 1 && active.iter().all(|family| told.contains_key(family));
        for (of, told) in told {
            let block = if alike { &mut mode.inside } else { &mut family(&mut mode.inside, of).inside };
            redistribute(block, word, told, &rest);
        }
    }
}

fn redistribute<'t>(out: &mut Block<'t>, source: &str, (policy, row): Told<'_, 't>, rest: &[Said<'t>]) {
    let by = policy.map_or_else(String::new, |policy| format!(" route-map {}", policy.text()));
    let words = format!("redistribute {source}");
    let leaves = policy.into_iter().chain(row.repeats()).chain(rest.iter().copied());
    out.say(("redistribute", source), &format!("{words}{by}"), &format!("no {words}"), leaves);
}

/// What BGP takes over, by source and family. Several policies for one have no command.
fn sources<'a, 't>(instance: Entry<'a, 't>) -> BTreeMap<&'t str, BTreeMap<&'static str, Told<'a, 't>>> {
    let mut sources: BTreeMap<&str, BTreeMap<_, _>> = BTreeMap::new();
    for row in instance.node.entries("table-connections/table-connection") {
        let policy = row.leaf("config/import-policy");
        let family = match identity(row.key("address-family")) {
            "IPV4" => "ipv4",
            "IPV6" => "ipv6",
            _ => continue,
        };
        let single = policy.is_none_or(|policy| policy.values().count() == 1);
        if identity(row.key("dst-protocol")) == "BGP" && single {
            sources.entry(row.key("src-protocol")).or_default().insert(family, (policy, row));
        }
    }
    sources
}

/// What YANG needs beside a row: the source's tables, and the source itself.
fn support<'t>(instance: Entry<'_, 't>, source: &str) -> Vec<Said<'t>> {
    let protocols = instance.node.entries("protocols/protocol");
    let own = protocols.filter(|protocol| protocol.key("identifier") == source);
    own.flat_map(process).chain(tables(instance, |protocol| protocol == source)).collect()
}

/// The entries of the tables of some protocols.
fn tables<'t>(instance: Entry<'_, 't>, of: impl Fn(&str) -> bool) -> Vec<Said<'t>> {
    let tables = instance.node.entries("tables/table").filter(|table| of(table.key("protocol")));
    tables.flat_map(Entry::repeats).collect()
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
