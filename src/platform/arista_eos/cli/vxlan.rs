//! Vxlan1: the tunnel's source, and which VLAN and VRF has which VNI.
//!
//! Elsewhere: the routes of those services (`bgp`).

use super::command::Block;
use super::node::Entry;

/// | EOS | path, under `interface[Vxlan1]/arista-vxlan` |
/// |---|---|
/// | `vxlan source-interface` | `config/src-ip-intf` |
/// | `vxlan udp-port` | `config/udp-port` |
/// | `vxlan learn-restrict any` | `config/mac-learn-mode` |
/// | `vxlan virtual-router encapsulation mac-address mlag-system-id` | `config/mlag-shared-router-mac-config` |
/// | `vxlan vlan N vni M`, `vxlan vrf V vni M` | `vlan-to-vnis/vlan-to-vni`, `vrf-to-vnis/vrf-to-vni` |
/// | `vxlan flood vtep A` | `flood-vteps/flood-vtep` |
pub(super) fn write<'t>(own: Entry<'_, 't>, out: &mut Block<'t>) {
    let vxlan = own.node.at("arista-vxlan");
    let config = vxlan.at("config");
    out.set_leaf("vxlan source-interface", config.leaf("src-ip-intf"));
    out.set_leaf("vxlan udp-port", config.leaf("udp-port"));
    let learn = config.leaf("mac-learn-mode");
    if let Some(any) = learn.filter(|said| said.is("LEARN_FROM_ANY")) {
        out.set("vxlan learn-restrict", "any", [any]);
    }
    let shared = config.leaf("mlag-shared-router-mac-config");
    if let Some(auto) = shared.filter(|said| said.is("AUTO_GENERATED")) {
        out.set("vxlan virtual-router encapsulation mac-address", "mlag-system-id", [auto]);
    }
    for (list, words, key) in
        [("vlan-to-vnis/vlan-to-vni", "vxlan vlan", "vlan"), ("vrf-to-vnis/vrf-to-vni", "vxlan vrf", "vrf")]
    {
        for entry in vxlan.entries(list) {
            let Some(vni) = entry.leaf("config/vni") else { continue };
            let (of, leaves) = (entry.key(key), [vni].into_iter().chain(entry.repeats()));
            let text = format!("{words} {of} vni {}", vni.text());
            out.say((words, of), &text, &format!("no {words} {of} vni"), leaves);
        }
    }
    for entry in vxlan.entries("flood-vteps/flood-vtep") {
        let address = entry.key("vtep-ip");
        out.each("vxlan flood vtep", address, entry.repeats());
    }
}
