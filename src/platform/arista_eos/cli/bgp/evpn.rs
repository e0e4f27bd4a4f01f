//! EVPN instances: the MAC-VRF of each stretched VLAN.
//!
//! Elsewhere: IP-VRFs (`vrf`).

use crate::platform::arista_eos::cli::command::Block;
use crate::platform::arista_eos::cli::node::{Entry, Node, Said};

const ORDER: &[&str] =
    &["rd", "route-target both", "route-target import", "route-target export", "redistribute", "vlan"];

/// | EOS, under `router bgp N` | path, under `/arista/eos/evpn/evpn-instances/evpn-instance` |
/// |---|---|
/// | `vlan N`, `vlan-aware-bundle B` | `config/instance-type`, `vlans/vlan` |
/// | `rd` | `config/route-distinguisher` |
/// | `route-target both`, `import`, `export` | `route-target/config/import`, `export` |
/// | `redistribute learned` | `config/redistribute` |
pub(super) fn write<'t>(root: Node<'_, 't>, out: &mut Block<'t>) {
    for instance in root.entries("arista/eos/evpn/evpn-instances/evpn-instance") {
        let name = instance.key("name");
        let kind = instance.leaf("config/instance-type");
        let vlans: Vec<Entry<'_, 't>> = instance.node.entries("vlans/vlan").collect();
        let bound = |only: &[Entry<'_, '_>]| matches!(only, [vlan] if vlan.key("vlan-id") == name);
        let mode = if kind.is_some_and(|kind| kind.is("VLAN")) && bound(&vlans) {
            out.mode("vlan", name, ORDER)
        } else if kind.is_some_and(|kind| kind.is("VLAN_AWARE_BUNDLE")) {
            out.mode("vlan-aware-bundle", name, ORDER)
        } else {
            continue;
        };
        mode.implies(kind).implies(instance.repeats());
        if kind.is_some_and(|kind| kind.is("VLAN")) {
            mode.implies(vlans.iter().flat_map(|vlan| vlan.repeats()));
        } else {
            for vlan in &vlans {
                mode.inside.each("vlan", vlan.key("vlan-id"), vlan.repeats());
            }
        }
        mode.inside.set_leaf("rd", instance.leaf("config/route-distinguisher"));
        let targets = instance.node.at("route-target/config");
        route_targets(targets.leaf("import"), targets.leaf("export"), &mut mode.inside);
        if let Some(sources) = instance.leaf("config/redistribute") {
            for source in sources.values() {
                mode.inside.each("redistribute", &source.to_ascii_lowercase().replace('_', "-"), [sources]);
            }
        }
    }
}

/// A target that is both taken and given is one command.
fn route_targets<'t>(import: Option<Said<'t>>, export: Option<Said<'t>>, out: &mut Block<'t>) {
    let has =
        |side: Option<Said<'t>>, target: &str| side.is_some_and(|side| side.values().any(|it| it == target));
    for target in import.iter().flat_map(|side| side.values()) {
        if has(export, target) {
            out.each("route-target both", target, import.into_iter().chain(export));
        } else {
            out.each("route-target import", target, import);
        }
    }
    for target in export.iter().flat_map(|side| side.values()).filter(|target| !has(import, target)) {
        out.each("route-target export", target, export);
    }
}
