//! Vxlan1: the tunnel's source, and which VLAN and VRF has which VNI.
//!
//! Elsewhere: the routes of those services (`evpn`, `bgp::vrf`), Loopback1 (`interfaces`).

use super::Slice;
use super::defaults::VXLAN_UDP_PORT;
use super::interfaces::open;
use crate::diagnostic::{Finding, Findings};
use crate::platform::arista_eos::interfaces::{VTEP_LOOPBACK, VXLAN};
use crate::yang::write::Writer;

/// | EOS | path, under `interface[Vxlan1]/arista-vxlan` |
/// |---|---|
/// | `vxlan source-interface` | `config/src-ip-intf` |
/// | `vxlan udp-port` | `config/udp-port` |
/// | `vxlan learn-restrict any` | `config/mac-learn-mode` |
/// | `vxlan vlan N vni M` | `vlan-to-vnis/vlan-to-vni/config/vni` |
/// | `vxlan vrf V vni M` | `vrf-to-vnis/vrf-to-vni/config/vni` |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>, findings: &mut Findings) {
    let (Some(overlay), Some(vtep)) = (slice.overlay, slice.vtep) else {
        return without_vtep(slice, findings);
    };
    let vxlan = open(w, VXLAN, &vtep.place).at("arista-vxlan", &vtep.place);
    vxlan.leaf("config/src-ip-intf", VTEP_LOOPBACK, &vtep.place);
    vxlan.leaf("config/udp-port", VXLAN_UDP_PORT, &vtep.place);
    if let Some(any) = overlay.learn_any.filter(|any| any.value) {
        vxlan.leaf("config/mac-learn-mode", "LEARN_FROM_ANY", &any.place);
    }
    for (vlan, vni) in slice.vlans.iter().filter_map(|vlan| Some((vlan.id, vlan.vni?))) {
        let entry = vxlan.entry("vlan-to-vnis/vlan-to-vni", [vlan], &vni.place);
        entry.leaf("config/vni", vni.value, &vni.place);
    }
    for (vrf, vni) in slice.vrfs.iter().filter_map(|vrf| Some((vrf.name, vrf.vni?))) {
        let entry = vxlan.entry("vrf-to-vnis/vrf-to-vni", [vrf], &vni.place);
        entry.leaf("config/vni", vni.value, &vni.place);
    }
}

/// A VNI needs a VXLAN tunnel end on each device it lives on.
fn without_vtep(slice: &Slice<'_>, findings: &mut Findings) {
    let missing =
        if slice.overlay.is_none() { "the fabric has no `overlay`" } else { "the device has no `vtep`" };
    let vlans = slice.vlans.iter().filter_map(|vlan| Some((format!("VLAN {}", vlan.id), vlan.vni?)));
    let vrfs = slice.vrfs.iter().filter_map(|vrf| Some((format!("VRF {}", vrf.name), vrf.vni?)));
    for (service, vni) in vlans.chain(vrfs) {
        let message = format!("{service} has a VNI and lives on {}, but {missing}", slice.device);
        let finding = Finding::error("vni-without-vtep", &vni.place, message);
        findings.push(finding.related(slice.place, "this device").on(slice.device));
    }
}
