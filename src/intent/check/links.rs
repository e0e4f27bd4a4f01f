//! Uplinks: the other end exists and stands above, and no port carries two links.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, also};
use crate::diagnostic::{Finding, Findings, Place};
use crate::intent::layout::Kind;
use crate::intent::model::{Device, DeviceState, Uplink};
use crate::names::{InterfaceName, RoleName};
use crate::nearest::{not_renumbered, suggest};

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    unknown(cx, out);
    upward(cx, out);
    far_ports(cx, out);
}

fn uplinks<'a>(cx: &Context<'a>) -> impl Iterator<Item = (&'a Device, &'a InterfaceName, &'a Uplink)> {
    cx.kept().flat_map(|device| device.uplinks.iter().map(move |(port, uplink)| (device, port, uplink)))
}

fn unknown(cx: &Context<'_>, out: &mut Findings) {
    let mut missing: BTreeMap<&str, Vec<(&Place, String)>> = BTreeMap::new();
    for (device, port, uplink) in uplinks(cx) {
        let to = &uplink.to;
        if !cx.fabric.devices.contains_key(&to.value) && !cx.broken.has(Kind::Device, to.as_str()) {
            missing
                .entry(to.as_str())
                .or_default()
                .push((&to.place, format!("device {} {port}", device.name)));
        }
    }
    for (name, uses) in missing {
        let Some(((place, what), others)) = uses.split_first() else { continue };
        let finding =
            Finding::error("uplink-unknown-device", place, format!("{what}: there is no device `{name}`"));
        let finding = also(
            finding.label(format!("there is no devices/{name}.yaml")),
            others.iter().map(|(place, _)| *place),
            "named here too",
        );
        // a link goes up, so who has uplinks itself is not suggested first
        let above = cx.fabric.devices.values().filter(|device| device.uplinks.is_empty());
        out.push(match suggest(name, not_renumbered(name, above.map(|device| device.name.as_str()))) {
            Some(hint) => finding.hint(hint),
            None => finding,
        });
    }
}

/// The other end has a role above this one's: another role, whose devices have no uplinks
/// to this one.
fn upward(cx: &Context<'_>, out: &mut Findings) {
    let mut first: BTreeMap<(&RoleName, &RoleName), (&Device, &Place)> = BTreeMap::new();
    let mut circles: BTreeSet<&RoleName> = BTreeSet::new();
    for (device, port, uplink) in uplinks(cx) {
        let Some(upper) = cx.fabric.devices.get(&uplink.to.value) else { continue };
        let (low, high) = (&device.role.value, &upper.role.value);
        if low == high {
            let message = format!("device {} {port}: {} has the role {low} too", device.name, upper.name);
            let finding = Finding::error("uplink-not-up", &uplink.to.place, message);
            out.push(finding.hint("an uplink leads to a role above; a pair's own link is its `peer-link`"));
            continue;
        }
        if let Some((other, place)) = first.get(&(high, low))
            && circles.insert(high)
        {
            let message = format!("device {} {port}: role {high} is not above role {low}", device.name);
            let finding = Finding::error("uplink-not-up", &uplink.to.place, message);
            out.push(
                finding
                    .related(place, format!("{} says the opposite", other.name))
                    .hint("write a link at its lower device alone"),
            );
        }
        first.entry((low, high)).or_insert((device, &uplink.to.place));
    }
}

/// Two uplinks to one port of the upper device.
fn far_ports(cx: &Context<'_>, out: &mut Findings) {
    let mut seen: BTreeMap<_, (&Device, &InterfaceName, &Uplink)> = BTreeMap::new();
    for (device, port, uplink) in uplinks(cx) {
        let upper = cx.fabric.devices.get(&uplink.to.value);
        if upper.is_none_or(|upper| upper.state.value == DeviceState::Released) {
            continue;
        }
        let key = (&uplink.to.value, &uplink.to_port.value);
        let Some((other, other_port, first)) = seen.get(&key) else {
            seen.insert(key, (device, port, uplink));
            continue;
        };
        let message = format!(
            "device {} {port}: {} {} is connected to {} {other_port} already",
            device.name, key.0, key.1, other.name
        );
        let finding = Finding::error("port-used-twice", &uplink.to_port.place, message);
        out.push(finding.label("again here").related(&first.to_port.place, "first connected here"));
    }
}
