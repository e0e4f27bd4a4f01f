//! Names that one file gives and another has to define: roles, pairs, VRFs, VLANs, profiles
//! and the selectors of `at`. And names that two objects share.

use std::collections::BTreeMap;

use super::{Context, also};
use crate::diagnostic::{Finding, Findings, Place};
use crate::intent::layout::Kind;
use crate::intent::model::{Placement, Port, Selector};
use crate::names::{DeviceName, PairName, RoleName, VrfName};
use crate::nearest::{nearest, not_renumbered, suggest};

/// Each unknown name once, with every line that gives it.
pub(super) type Unknown<'a> = BTreeMap<(&'static str, &'a str), Vec<(&'a Place, String)>>;

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    roles_and_pairs(cx, out);
    vrfs(cx, out);
    ports(cx, out);
    places(cx, out);
    names(cx, out);
}

/// One finding a name.
pub(super) fn report(
    unknown: Unknown<'_>,
    code: &'static str,
    hint: impl Fn(&str) -> Option<String>,
    defined: impl Fn(&str) -> String,
    out: &mut Findings,
) {
    for ((kind, name), uses) in unknown {
        let Some(((place, what), others)) = uses.split_first() else { continue };
        let message = format!("{what}: there is no {kind} `{name}`");
        let finding = Finding::error(code, place, message).label(defined(name));
        let finding = also(finding, others.iter().map(|(place, _)| *place), "named here too");
        out.push(match hint(name) {
            Some(hint) => finding.hint(hint),
            None => finding,
        });
    }
}

fn roles_and_pairs(cx: &Context<'_>, out: &mut Findings) {
    let (mut roles, mut pairs) = (Unknown::new(), Unknown::new());
    for device in cx.fabric.devices.values() {
        let what = || format!("device {}", device.name);
        let role = &device.role;
        if cx.sound("roles") && !cx.fabric.design.roles.contains_key(&role.value) {
            roles.entry(("role", role.as_str())).or_default().push((&role.place, what()));
        }
        if let Some(pair) = &device.pair
            && !cx.fabric.pairs.contains_key(&pair.value)
            && !cx.broken.has(Kind::Pair, pair.as_str())
        {
            pairs.entry(("pair", pair.as_str())).or_default().push((&pair.place, what()));
        }
    }
    let known = || cx.fabric.design.roles.keys().map(RoleName::as_str);
    report(
        roles,
        "device-unknown-role",
        |name| suggest(name, known()),
        |_| "not under `roles` of fabric.yaml".into(),
        out,
    );
    let known = || cx.fabric.pairs.keys().map(PairName::as_str);
    let hint = |name: &str| {
        let create = || format!("create pairs/{name}.yaml, or name a pair that there is");
        Some(
            nearest(name, not_renumbered(name, known()))
                .map_or_else(create, |near| format!("did you mean `{near}`?")),
        )
    };
    report(pairs, "device-unknown-pair", hint, |name| format!("there is no pairs/{name}.yaml"), out);
}

fn vrfs(cx: &Context<'_>, out: &mut Findings) {
    let mut unknown = Unknown::new();
    for vlan in cx.fabric.vlans.values() {
        if let Some(vrf) = &vlan.vrf
            && !cx.fabric.vrfs.contains_key(&vrf.value)
            && !cx.broken.has(Kind::Vrf, vrf.as_str())
        {
            unknown.entry(("VRF", vrf.as_str())).or_default().push((&vrf.place, format!("VLAN {}", vlan.id)));
        }
    }
    let known = || cx.fabric.vrfs.keys().map(VrfName::as_str);
    let hint = |name: &str| {
        if name == "default" {
            return Some("remove the line: without `vrf` a VLAN is in the device's own VRF".to_owned());
        }
        let create = || format!("create vrfs/{name}.yaml");
        Some(
            nearest(name, not_renumbered(name, known()))
                .map_or_else(create, |near| format!("did you mean `{near}`?")),
        )
    };
    report(unknown, "vlan-unknown-vrf", hint, |name| format!("there is no vrfs/{name}.yaml"), out);
}

fn ports(cx: &Context<'_>, out: &mut Findings) {
    let of_pairs = cx.fabric.pairs.values().flat_map(|pair| {
        let what = format!("pair {}", pair.name);
        pair.ports.iter().map(move |(name, port)| (format!("{what} {name}"), port))
    });
    let of_devices = cx.fabric.devices.values().flat_map(|device| {
        let what = format!("device {}", device.name);
        device.ports.iter().map(move |(name, port)| (format!("{what} {name}"), port))
    });
    let ports: Vec<(String, &Port)> = of_pairs.chain(of_devices).collect();
    let vlan_texts: BTreeMap<_, String> = ports
        .iter()
        .flat_map(|(_, port)| port.vlans.iter().chain(&port.native))
        .map(|v| (v.value, v.to_string()))
        .collect();
    let (mut profiles, mut vlans) = (Unknown::new(), Unknown::new());
    for (what, port) in &ports {
        if let Some(profile) = &port.profile
            && cx.sound("profiles")
            && !cx.fabric.design.profiles.contains_key(&profile.value)
        {
            push(&mut profiles, "profile", profile.as_str(), &profile.place, what);
        }
        for vlan in port.vlans.iter().chain(&port.native) {
            let Some(text) = vlan_texts.get(&vlan.value) else { continue };
            if !cx.fabric.vlans.contains_key(&vlan.value) && !cx.broken.has(Kind::Vlan, text) {
                push(&mut vlans, "VLAN", text, &vlan.place, what);
            }
        }
    }
    let known = || cx.fabric.design.profiles.keys().map(String::as_str);
    let defined = |_: &str| "not under `profiles` of fabric.yaml".to_owned();
    report(profiles, "port-unknown-profile", |name| suggest(name, known()), defined, out);
    let hint = |name: &str| Some(format!("create vlans/{name}.yaml, or take the VLAN out of the port"));
    report(vlans, "port-unknown-vlan", hint, |name| format!("there is no vlans/{name}.yaml"), out);
}

/// Notes a use; the ports of one range share a place and count once.
fn push<'a>(unknown: &mut Unknown<'a>, kind: &'static str, name: &'a str, place: &'a Place, what: &str) {
    let uses = unknown.entry((kind, name)).or_default();
    if uses.iter().all(|(known, _)| *known != place) {
        uses.push((place, what.to_owned()));
    }
}

/// Selectors that select nothing.
fn places(cx: &Context<'_>, out: &mut Findings) {
    let vlans = cx.fabric.vlans.values().map(|vlan| (format!("VLAN {}", vlan.id), &vlan.at));
    let vrfs = cx.fabric.vrfs.values().map(|vrf| (format!("VRF {}", vrf.name), &vrf.at));
    let raw = cx.fabric.raw.iter().map(|raw| (raw.file.to_string(), &raw.at));
    let mut unknown = Unknown::new();
    for (what, at) in vlans.chain(vrfs).chain(raw) {
        for placement in at {
            if let Some((kind, name)) = selects_nothing(cx, placement) {
                unknown.entry((kind, name)).or_default().push((&placement.selector.place, what.clone()));
            }
        }
    }
    for ((kind, name), uses) in unknown {
        let Some(((place, what), others)) = uses.split_first() else { continue };
        let message = format!("{what}: `at` selects nothing: there is no {kind} `{name}`");
        let finding = Finding::error("at-selects-nothing", place, message);
        let finding = also(finding, others.iter().map(|(place, _)| *place), "named here too");
        let known: Vec<&str> = match kind {
            "device or pair" => {
                let devices = cx.fabric.devices.keys().map(DeviceName::as_str);
                devices.chain(cx.fabric.pairs.keys().map(PairName::as_str)).collect()
            }
            "device of the role" => cx.fabric.devices.values().map(|device| device.role.as_str()).collect(),
            _ => cx
                .fabric
                .devices
                .values()
                .flat_map(|device| device.tags.iter().map(|tag| tag.as_str()))
                .collect(),
        };
        out.push(match nearest(name, not_renumbered(name, known)) {
            Some(near) => finding.hint(format!("did you mean `{near}`?")),
            None => finding.hint("take it out of `at`, or add the device"),
        });
    }
}

/// What a selector that nothing fits is looking for. A device that could not be read might
/// have the role or the tag; a released one still counts, as its lines go with its file.
fn selects_nothing<'a>(cx: &Context<'_>, placement: &'a Placement) -> Option<(&'static str, &'a str)> {
    let mut devices = cx.fabric.devices.values();
    let unread = cx.broken.any(Kind::Device);
    match &placement.selector.value {
        Selector::Name(name) => {
            let name = name.as_str();
            // a pair that devices name and that has no file is reported at the devices
            let has_members = || !cx.topology.select(&placement.selector.value).is_empty();
            let known =
                cx.fabric.devices.contains_key(name) || cx.fabric.pairs.contains_key(name) || has_members();
            let broken = cx.broken.has(Kind::Device, name) || cx.broken.has(Kind::Pair, name);
            // a pair without members is reported at the pair
            (!known && !broken).then_some(("device or pair", name))
        }
        Selector::Role(role) => {
            let found = devices.any(|device| device.role.value == *role);
            (!found && !unread).then_some(("device of the role", role.as_str()))
        }
        Selector::Tag(tag) => {
            let found = devices.any(|device| device.tags.iter().any(|own| own.value == *tag));
            (!found && !unread).then_some(("device with the tag", tag.as_str()))
        }
    }
}

/// Two objects of one name: a device and a pair, or two that differ in letters' case only,
/// which some file systems and most people take for one.
fn names(cx: &Context<'_>, out: &mut Findings) {
    let devices = cx.fabric.devices.values().map(|device| ("device", device.name.as_str(), &device.place));
    let pairs = cx.fabric.pairs.values().map(|pair| ("pair", pair.name.as_str(), &pair.place));
    let vrfs = cx.fabric.vrfs.values().map(|vrf| ("VRF", vrf.name.as_str(), &vrf.place));
    // devices and pairs share one space of names, as `at` names both
    for objects in [devices.chain(pairs).collect::<Vec<_>>(), vrfs.collect()] {
        let mut seen: BTreeMap<String, (&str, &str, &Place)> = BTreeMap::new();
        for (kind, name, place) in objects {
            let Some((first_kind, first, first_place)) =
                seen.insert(name.to_lowercase(), (kind, name, place))
            else {
                continue;
            };
            let message = format!("{kind} {name}: {first_kind} `{first}` has this name already");
            let finding =
                Finding::error("name-twice", place, message).related(first_place, "first used here");
            out.push(finding.hint(format!("rename {}", place.file)));
        }
    }
}
