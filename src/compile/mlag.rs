//! MLAG: the domain, its peer, dual-primary detection.
//!
//! Here also: which VLAN joins the members of a pair inside each VRF. Elsewhere: the peer
//! link (`port_channel`), the VLANs (`vlans`) and their interfaces (`svi`).

use super::Slice;
use super::slice::VrfHere;
use crate::diagnostic::{Finding, Findings, Place};
use crate::names::VlanId;
use crate::platform::arista_eos::interfaces::{port_channel, svi};
use crate::yang::write::Writer;

/// | EOS | path, under `/arista/eos/mlag/config` |
/// |---|---|
/// | `domain-id` | `domain-id` |
/// | `local-interface` | `local-intf` |
/// | `peer-address` | `peer-address` |
/// | `peer-link` | `peer-link-intf` |
/// | `peer-address heartbeat A vrf V` | `heartbeat-peer-address` |
/// | `dual-primary detection delay N action errdisable all-interfaces` | `dual-primary-detection-delay`, `dual-primary-action` |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>, findings: &mut Findings) {
    let Some(mlag) = &slice.mlag else { return };
    vrfs_without_vlan(slice, findings);
    let config = w.at("/arista/eos/mlag/config", &mlag.domain.place);
    config.leaf("enabled", true, &mlag.domain.place);
    config.leaf("domain-id", mlag.domain.value, &mlag.domain.place);
    config.leaf("local-intf", svi(mlag.peer_vlan.value), &mlag.peer_vlan.place);
    config.leaf("peer-address", mlag.peer_address, &mlag.address.place);
    config.leaf("peer-link-intf", port_channel(mlag.port_channel.value), &mlag.port_channel.place);
    let Some(detection) = mlag.dual_primary else { return };
    config.leaf("dual-primary-detection-delay", detection.delay.value, &detection.delay.place);
    let action = if detection.errdisable.value { "errdisable-all-interfaces" } else { "none" };
    config.leaf("dual-primary-action", action, &detection.errdisable.place);
    // without the other member's file its management address is not known
    if let Some(heartbeat) = mlag.heartbeat {
        config.leaf("heartbeat-peer-address/address", heartbeat.value.addr(), &heartbeat.place);
        if let Some(vrf) = &detection.heartbeat_vrf {
            config.leaf("heartbeat-peer-address/vrf", &vrf.value, &vrf.place);
        }
    }
}

/// The link between the members of a pair inside one VRF.
pub(super) struct VrfLink<'s, 'a> {
    /// The VRF.
    pub(super) vrf: &'s VrfHere<'a>,
    /// Its VLAN.
    pub(super) vlan: VlanId,
    /// What asks for it: `vrf-ibgp`.
    pub(super) place: &'a Place,
}

/// The links of `vrf-ibgp`: VRF `id` N takes the Nth VLAN of the range, so that the number
/// hangs on the VRF's own id and on no order. The addresses are those of the iBGP SVI
/// again, as every VRF is a space of its own. A VRF that the range has no VLAN for is left
/// out; [`write()`] says so.
pub(super) fn vrf_ibgp<'s, 'a>(slice: &'s Slice<'a>) -> Vec<VrfLink<'s, 'a>> {
    let Some(mlag) = &slice.mlag else { return Vec::new() };
    let Some(range) = mlag.vrf_ibgp.filter(|_| mlag.ibgp_address.is_some()) else { return Vec::new() };
    let link = |vrf| Some(VrfLink { vrf, vlan: nth(range.value, vrf)?, place: &range.place });
    slice.vrfs.iter().filter_map(link).collect()
}

fn nth((first, last): (VlanId, VlanId), vrf: &VrfHere<'_>) -> Option<VlanId> {
    let number = u64::from(first.get()) + u64::from(vrf.id?.value.checked_sub(1)?);
    VlanId::try_from(number).ok().filter(|vlan| *vlan <= last)
}

fn vrfs_without_vlan(slice: &Slice<'_>, findings: &mut Findings) {
    let Some(range) = slice.mlag.as_ref().and_then(|mlag| mlag.vrf_ibgp) else { return };
    let (first, last) = range.value;
    for vrf in slice.vrfs.iter().filter(|vrf| nth(range.value, vrf).is_none()) {
        let count = u32::from(last.get().saturating_sub(first.get())) + 1;
        let place = vrf.id.map_or(vrf.place, |id| &id.place);
        let message = format!("VRF {}: `vrf-ibgp` has no VLAN for it", vrf.name);
        let finding = Finding::error("vrf-ibgp-no-vlan", place, message).related(&range.place, "its VLANs");
        let hint = format!("give the VRF an `id` from 1 to {count}, or widen the range {first}-{last}");
        findings.push(finding.hint(hint).on(slice.device));
    }
}
