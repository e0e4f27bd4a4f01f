//! The EOS view of a tree: running-config as an engineer would type it.
//!
//! It is the inverse of `compile`, one file a feature there as here: `interfaces` with
//! `switching`, `addresses` and `vxlan`, `vlans`, `vrfs`, `policies`, `mlag`, `system`,
//! `static_routes`, `bgp` with its neighbours, VRFs and EVPN instances. `node` reads a tree
//! by name; `command` is the form of lines, modes and settings; `changes` is the way from
//! one configuration to another.
//!
//! A feature takes the leaves that it knows. What none took stands at the end as comments
//! with path and value, so that nothing of a tree is dropped in silence. Which leaf carries
//! which command is Arista's YANG read against EOS's manual; no device was asked. Elsewhere:
//! what has no leaf at all (`compile::bootstrap`).

mod addresses;
mod area;
mod bgp;
mod changes;
mod command;
mod interfaces;
mod mlag;
mod node;
mod policies;
mod static_routes;
mod switching;
mod system;
#[cfg(test)]
mod tests;
mod vlans;
mod vrfs;
mod vxlan;

use std::collections::HashSet;

use area::{Area, Wanted};
use command::Block;
use node::{Node, Said};

use crate::platform::cli::{Cli, CliLine, Line};
use crate::yang::{Path, Tree};

/// How EOS shows a tree.
pub const CLI: Cli = Cli { extension: "cfg", config, changes };

/// The sections in the order of EOS's running-config; an empty text begins a paragraph.
const SECTIONS: &[&str] = &[
    "lldp run",
    "lldp management-address",
    "",
    "logging trap",
    "logging host",
    "",
    "hostname",
    "ip name-server",
    "dns domain",
    "",
    "ntp server",
    "",
    "spanning-tree mode",
    "no spanning-tree vlan-id",
    "spanning-tree mst",
    "",
    "vlan",
    "vrf instance",
    "interface",
    "ip routing",
    "ip routing vrf",
    "ipv6 unicast-routing",
    "ipv6 unicast-routing vrf",
    "",
    "ip as-path access-list",
    "",
    "ip community-list",
    "",
    "ip prefix-list",
    "",
    "ipv6 prefix-list",
    "",
    "mlag configuration",
    "",
    "ip route",
    "",
    "ipv6 route",
    "",
    "route-map",
    "router bgp",
    "",
    COMMENTS,
];

/// The words of the slots of comments.
const COMMENTS: &str = "!";

fn config(tree: &Tree) -> Vec<Line<'_>> {
    let leaves = node::leaves(tree);
    let mut lines = Vec::new();
    build(&leaves, &Wanted::all()).print(0, &mut lines);
    lines
}

fn changes(before: &Tree, after: &Tree) -> Vec<CliLine> {
    changes::between(before, after)
}

/// Everything that the wanted areas of a tree say.
fn build<'t>(leaves: &[Said<'t>], wanted: &Wanted<'_>) -> Block<'t> {
    let root = Node::root(leaves);
    let mut out = Block::new(SECTIONS);
    if wanted.has(Area::System) {
        system::write(root, &mut out);
    }
    if wanted.has(Area::Vlans) {
        vlans::write(root, &mut out);
    }
    if wanted.has(Area::Vrfs) {
        vrfs::write(root, &mut out);
    }
    interfaces::write(root, wanted, &mut out);
    if wanted.has(Area::Policies) {
        policies::write(root, &mut out);
    }
    if wanted.has(Area::Mlag) {
        mlag::write(root, &mut out);
    }
    if wanted.has(Area::Routing) {
        static_routes::write(root, &mut out);
        bgp::write(root, &mut out);
    }
    comments(leaves, wanted, &mut out);
    out
}

/// What no feature took.
fn comments<'t>(leaves: &[Said<'t>], wanted: &Wanted<'_>, out: &mut Block<'t>) {
    let mut taken = Vec::with_capacity(leaves.len());
    out.every_leaf(&mut taken);
    let taken: HashSet<*const Path> = taken.iter().map(|said| std::ptr::from_ref(said.path)).collect();
    for said in leaves.iter().filter(|said| !taken.contains(&std::ptr::from_ref(said.path))) {
        if wanted.covers(said.path) {
            let path = said.path.to_string();
            let text = format!("! {path} = {}", shown(*said));
            out.say((COMMENTS, &path), &text, &text, [*said]);
        }
    }
}

/// A value in a comment.
fn shown(said: Said<'_>) -> String {
    match &said.leaf.value {
        crate::yang::Value::Secret(name) => format!("<secret:{name}>"),
        value => value.to_string(),
    }
}
