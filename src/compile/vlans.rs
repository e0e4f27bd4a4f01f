//! VLANs of the device, and spanning tree on those that must not have it.
//!
//! Elsewhere: their interfaces (`svi`), their VNIs (`vxlan`), who may carry them (`ports`).

use super::Slice;
use super::defaults::{MLAG_IBGP_VLAN_NAME, MLAG_PEER_VLAN_NAME, MLAG_TRUNK_GROUP};
use super::mlag::vrf_ibgp;
use crate::diagnostic::Place;
use crate::names::VlanId;
use crate::yang::write::{Cursor, Writer};

/// | EOS | path |
/// |---|---|
/// | `vlan N` / `name` | `vlans/vlan/config/name` of the default instance |
/// | `trunk group` | `vlans/vlan/config/trunk-groups` |
/// | `no spanning-tree vlan N` | `/stp/global/config/disabled-vlan` |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>) {
    for vlan in &slice.vlans {
        entry(w, vlan.id, &vlan.name.value, &vlan.name.place);
    }
    let Some(mlag) = &slice.mlag else { return };
    let mut quiet = Vec::new();
    let mut pair_vlan = |id: VlanId, name: &str, place: &Place| {
        entry(w, id, name, place).leaf_list("config/trunk-groups", [MLAG_TRUNK_GROUP], place);
        quiet.push(id);
    };
    pair_vlan(mlag.peer_vlan.value, MLAG_PEER_VLAN_NAME, &mlag.peer_vlan.place);
    if let Some(vlan) = mlag.ibgp_vlan {
        pair_vlan(vlan.value, MLAG_IBGP_VLAN_NAME, &vlan.place);
    }
    for link in vrf_ibgp(slice) {
        pair_vlan(link.vlan, &format!("{MLAG_IBGP_VLAN_NAME}-{}", link.vrf.name), link.place);
    }
    w.leaf_list("/stp/global/config/disabled-vlan", quiet, &mlag.peer_vlan.place);
}

fn entry<'w, 's>(w: &'w Writer<'s>, id: VlanId, name: &str, place: &Place) -> Cursor<'w, 's> {
    let instance = w.entry("/network-instances/network-instance", ["default"], place);
    let vlan = instance.entry("vlans/vlan", [id], place);
    vlan.leaf("config/name", name, place);
    vlan.leaf("config/status", "ACTIVE", place);
    vlan
}
