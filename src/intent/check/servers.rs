//! The VRFs in which a device reaches its name, time and log servers: it has to have them.
//!
//! Elsewhere: the servers themselves (`intent::services`).

use std::collections::BTreeMap;

use super::Context;
use crate::diagnostic::{Finding, Findings, Place};
use crate::intent::layout::Kind;
use crate::names::{DeviceName, VrfName};
use crate::nearest::nearest;
use crate::phrase;

/// Each line that names a VRF which some devices lack: section, VRF, those devices.
type Lacking<'a> = BTreeMap<Place, (&'static str, VrfName, Vec<&'a DeviceName>)>;

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    if !cx.sound("services") || !cx.sound("roles") || !cx.sound("management") {
        return;
    }
    let management = &cx.fabric.design.management.vrf;
    let mut lacking = Lacking::new();
    for device in cx.kept() {
        for (section, vrf) in cx.topology.services_of(&device.name).vrfs() {
            let name = vrf.as_str();
            let own = || cx.topology.vrfs_at(&device.name).any(|own| own.name == vrf.value);
            if name != "default" && name != management.as_str() && !own() {
                let entry = || (section, vrf.value.clone(), Vec::new());
                lacking.entry(vrf.place.clone()).or_insert_with(entry).2.push(&device.name);
            }
        }
    }
    for (place, (section, vrf, devices)) in &lacking {
        let finding = if cx.fabric.vrfs.contains_key(vrf) {
            // a VLAN that could not be read might bring it
            if !cx.routed_settled() {
                continue;
            }
            elsewhere(section, vrf, place, devices)
        } else if cx.broken.has(Kind::Vrf, vrf.as_str()) {
            continue;
        } else {
            unknown(cx, section, vrf, place)
        };
        out.push(finding.related(&management.place, "management is in this VRF"));
    }
}

fn unknown(cx: &Context<'_>, section: &str, vrf: &VrfName, place: &Place) -> Finding {
    let message = format!("`services.{section}.vrf`: there is no VRF `{vrf}`");
    let management = cx.fabric.design.management.vrf.as_str();
    let known = cx.fabric.vrfs.keys().map(VrfName::as_str).chain([management, "default"]);
    let finding = Finding::error("services-unknown-vrf", place, message);
    finding.hint(match nearest(vrf.as_str(), known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write `{management}`, or create vrfs/{vrf}.yaml"),
    })
}

fn elsewhere(section: &str, vrf: &VrfName, place: &Place, devices: &[&DeviceName]) -> Finding {
    let some = phrase::first_of(devices, 3);
    let message = format!("`services.{section}.vrf`: VRF {vrf} is not on {some}");
    Finding::error("services-vrf-elsewhere", place, message)
        .hint("name a VRF that all of them have, or say it in the roles or devices that have this one")
}
