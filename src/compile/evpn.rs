//! EVPN instances: the MAC-VRF of each stretched VLAN (route type 2 and 3).
//!
//! Elsewhere: IP-VRFs (`vrf`, `bgp::vrf`), the sessions that carry the routes
//! (`bgp::overlay`). OpenConfig's own EVPN container is not supported by EOS.

use super::Slice;
use super::scheme::{Service, Words};
use super::slice::VlanHere;
use crate::diagnostic::{Findings, Place};
use crate::yang::write::{Cursor, Writer};

/// | EOS, under `router bgp` | path, under `/arista/eos/evpn/evpn-instances/evpn-instance` |
/// |---|---|
/// | `vlan N` | the entry, named by the VLAN's number; `vlans/vlan` |
/// | `rd` | `config/route-distinguisher` |
/// | `route-target both` | `route-target/config/import`, `export` |
/// | `redistribute learned` | `config/redistribute` |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>, findings: &mut Findings) {
    let Some(overlay) = slice.overlay else { return };
    for vlan in &slice.vlans {
        let Some(vni) = vlan.vni else { continue };
        let service = Service {
            name: format!("VLAN {}", vlan.id),
            place: vlan.place,
            rd: vlan.rd,
            rt: vlan.rt,
            scheme: overlay.vlan,
            words: Words { vni: Some(vni.value), vlan: Some(vlan.id), ..Words::of(slice) },
        };
        let Some(routes) = service.routes(slice, findings) else { continue };
        let instance = instance(w, vlan, &vni.place);
        instance.leaf("config/route-distinguisher", &routes.rd.0, routes.rd.1);
        targets(&instance, "route-target/config/import", &routes.import);
        targets(&instance, "route-target/config/export", &routes.export);
    }
}

fn instance<'w, 's>(w: &'w Writer<'s>, vlan: &VlanHere<'_>, place: &Place) -> Cursor<'w, 's> {
    let instance = w.entry("/arista/eos/evpn/evpn-instances/evpn-instance", [vlan.id], place);
    instance.leaf("config/instance-type", "VLAN", place);
    instance.leaf_list("config/redistribute", ["LEARNED"], place);
    instance.entry("vlans/vlan", [vlan.id], place);
    instance
}

/// Route targets as one leaf-list; its origin is the first of them.
pub(super) fn targets(at: &Cursor<'_, '_>, path: &str, targets: &[(String, &Place)]) {
    if let Some((_, place)) = targets.first() {
        at.leaf_list(path, targets.iter().map(|(text, _)| text), place);
    }
}
