//! Network instances: the default one, and each VRF with its interfaces.
//!
//! Elsewhere: BGP inside a VRF (`bgp::vrf`), its SVIs (`svi`), its VNI (`vxlan`). The
//! management VRF is bootstrap's.

use std::collections::BTreeSet;

use super::Slice;
use super::mlag::vrf_ibgp;
use super::scheme::{Routes, Service, Words};
use super::slice::VrfHere;
use crate::diagnostic::{Findings, Place};
use crate::platform::arista_eos::interfaces::svi;
use crate::yang::write::{Cursor, Writer};

/// | EOS | path, under `/network-instances/network-instance` |
/// |---|---|
/// | `vrf instance` | `config/type` |
/// | `ip routing`, `ip routing vrf` | `config/ipv4-routing-enabled` |
/// | `ipv6 unicast-routing`, `… vrf` | `config/ipv6-routing-enabled` |
/// | `vrf V` under an interface | `interfaces/interface/config/interface` |
/// | `rd` under `router bgp` / `vrf` | `config/route-distinguisher` |
///
/// A device that routes IPv6 in any VRF does so in the default one too, as Arista's notes on
/// IPv6 in the overlay ask.
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>, findings: &mut Findings) {
    let default = instance(w, "default", "DEFAULT_INSTANCE", slice.place);
    default.leaf("config/ipv4-routing-enabled", true, slice.place);
    if let Some(vlan) = slice.vlans.iter().find(|vlan| vlan.families().contains(&Family::V6)) {
        default.leaf("config/ipv6-routing-enabled", true, vlan.place);
    }
    for vrf in &slice.vrfs {
        let instance = instance(w, vrf.name.as_str(), "L3VRF", vrf.place);
        for family in families(slice, vrf) {
            instance.leaf(&format!("config/{}-routing-enabled", family.lower()), true, vrf.place);
        }
        for vlan in slice.routed_vlans(vrf.name) {
            member(&instance, &svi(vlan.id), vlan.vrf.map_or(vlan.place, |name| &name.place));
        }
        for link in vrf_ibgp(slice).iter().filter(|link| link.vrf.name == vrf.name) {
            member(&instance, &svi(link.vlan), link.place);
        }
        if let Some(Routes { rd, .. }) = routes(slice, vrf, findings) {
            instance.leaf("config/route-distinguisher", rd.0, rd.1);
        }
    }
}

fn instance<'w, 's>(w: &'w Writer<'s>, name: &str, kind: &str, place: &Place) -> Cursor<'w, 's> {
    let instance = w.entry("/network-instances/network-instance", [name], place);
    instance.leaf("config/type", format!("openconfig-network-instance-types:{kind}"), place);
    instance
}

fn member(instance: &Cursor<'_, '_>, interface: &str, place: &Place) {
    let entry = instance.entry("interfaces/interface", [interface], place);
    entry.leaf("config/interface", interface, place);
}

/// The routes of a VRF that is stretched by its VNI; none for a local one.
pub(super) fn routes<'a>(
    slice: &Slice<'a>,
    vrf: &VrfHere<'a>,
    findings: &mut Findings,
) -> Option<Routes<'a>> {
    let (vni, overlay) = (vrf.vni?, slice.overlay?);
    let service = Service {
        name: format!("VRF {}", vrf.name),
        place: vrf.place,
        rd: vrf.rd,
        rt: vrf.rt,
        scheme: overlay.vrf,
        words: Words { vni: Some(vni.value), id: vrf.id.map(|id| id.value), ..Words::of(slice) },
    };
    service.routes(slice, findings)
}

/// An address family of unicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    /// Of an address.
    pub(super) fn of(address: std::net::IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// `ipv4`, `ipv6`: as containers and leaves spell it.
    pub(super) fn lower(self) -> &'static str {
        match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
        }
    }

    /// The identity of its tables.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::V4 => "openconfig-types:IPV4",
            Self::V6 => "openconfig-types:IPV6",
        }
    }

    /// The identity of its AFI-SAFI in BGP.
    pub(super) fn afi_safi(self) -> &'static str {
        match self {
            Self::V4 => "openconfig-bgp-types:IPV4_UNICAST",
            Self::V6 => "openconfig-bgp-types:IPV6_UNICAST",
        }
    }
}

/// The families that a VRF has here: of its addresses, gateways and peers; IPv4 where it
/// has none of them, as a VRF that routes nothing would be no use.
pub(super) fn families(slice: &Slice<'_>, vrf: &VrfHere<'_>) -> BTreeSet<Family> {
    let mut families: BTreeSet<Family> =
        vrf.peers.iter().map(|at| Family::of(at.peer.address.value)).collect();
    for vlan in slice.routed_vlans(vrf.name) {
        families.extend(vlan.families());
    }
    if families.is_empty() || vrf_ibgp(slice).iter().any(|link| link.vrf.name == vrf.name) {
        families.insert(Family::V4);
    }
    families
}
