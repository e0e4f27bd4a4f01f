//! `vrfs/NAME.yaml`, with the external sessions of each VRF.
//!
//! A VRF is exported if the fabric's devices use it: by an interface, or because it says that
//! it lives there. NetBox's `rd` is one for the whole network, and is never written: on every
//! leaf it would make the type-5 routes of two pairs one route at the spine. Elsewhere: the
//! sessions (`peers`), VNIs and route targets (`vni`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Draft;
use super::peers::{self, Peers};
use super::places;
use super::scope::{Scope, slug_of};
use super::value::Subject;
use super::value::{list, number, reference, text};
use super::vlan::Vlans;
use super::vni::{is_vxlan, route_targets, vni};
use crate::names::{Vni, VrfName};
use crate::netbox::mapping::Field;
use crate::netbox::objection::{About, Objection, Objections};
use crate::netbox::objects::{L2vpn, Vrf};
use crate::netbox::wire::Id;
use crate::netbox::yaml::{Map, Node};

/// Writes the files.
pub(super) fn write(scope: &Scope<'_>, vlans: &Vlans<'_>, draft: &mut Draft) {
    let out = &mut draft.objections;
    let use_of = Use::of(scope);
    let peers = peers::read(scope, vlans, out);
    let mut names: BTreeMap<VrfName, &Vrf> = BTreeMap::new();
    let mut ids: BTreeMap<u32, &Vrf> = BTreeMap::new();
    for vrf in scope.inventory.vrfs.values() {
        if use_of.management.contains(&vrf.id) {
            in_management(scope, vrf, vlans, out);
            continue;
        }
        let deployed = deployed(scope, vrf, out);
        if deployed.is_empty() && !use_of.interfaces.contains(&vrf.id) {
            unused(scope, vrf, out);
            continue;
        }
        let Some(name) = own_name(scope, vrf, out) else { continue };
        if let Some(first) = names.insert(name.clone(), vrf) {
            let message = format!("VRF {} (rd {}) is called {name} on devices too", first.name, rd(first));
            let objection = Objection::error("vrf-twice", message).about(about(scope, vrf)).field("name");
            out.push(objection.hint("rename one of the two: the fabric's devices use both"));
            continue;
        }
        let map = file(scope, vrf, &deployed, vlans, &peers, &mut ids, out);
        draft.files.insert(format!("vrfs/{name}.yaml"), map);
    }
}

fn file<'i>(
    scope: &Scope<'i>,
    vrf: &'i Vrf,
    deployed: &BTreeSet<Id>,
    vlans: &Vlans<'_>,
    peers: &Peers,
    ids: &mut BTreeMap<u32, &'i Vrf>,
    out: &mut Objections,
) -> Map {
    let about = about(scope, vrf);
    let vni = l3_vni(scope, vrf, &about, out);
    let mut map = Map::new();
    let id = id(scope, vrf, vni, &about, out);
    if let Some(first) = id.and_then(|id| ids.insert(id, vrf)) {
        let message =
            format!("VRF {} has the same number, of which route distinguishers are made", first.name);
        let objection = Objection::error("vrf-id", message).about(about.clone());
        out.push(objection.hint("give one of them another number in the custom field vrf_id"));
    }
    map.set_some("id", id.map(Node::number));
    map.set_some("vni", vni.map(|vni| Node::number(vni.get())));
    let targets = route_targets(scope, &vrf.import_targets, &vrf.export_targets, &about, out);
    map.set_some("rt", targets.filter(|_| vni.is_some()));
    map.set("redistribute", redistribute(scope, vrf, &about, out));
    let tenant = slug_of(&scope.inventory.tenants, vrf.tenant, |tenant| &tenant.slug);
    map.set_some("tenant", tenant.map(Node::text));
    map.set_filled("peers", peers.of(vrf.id));
    map.set_some("at", further(scope, vrf, deployed, vlans));
    map
}

/// The VRF with its page.
fn about(scope: &Scope<'_>, vrf: &Vrf) -> About {
    scope.about::<Vrf>(vrf.id, &vrf.name)
}

fn rd(vrf: &Vrf) -> &str {
    vrf.rd.as_deref().unwrap_or("none")
}

/// The name that files and devices have for a VRF.
pub(super) fn name(scope: &Scope<'_>, vrf: Id) -> Option<VrfName> {
    clean(&scope.inventory.vrfs.get(&vrf)?.name)
}

/// A text as a VRF's name: what no name can have becomes `-`.
fn clean(text: &str) -> Option<VrfName> {
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let cleaned: String = text.trim().chars().map(fits).take(63).collect();
    cleaned.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).trim_end_matches('-').parse().ok()
}

/// [`name`], with what there is to say of it.
fn own_name(scope: &Scope<'_>, vrf: &Vrf, out: &mut Objections) -> Option<VrfName> {
    let name = clean(&vrf.name).filter(|name| name.as_str() != "default");
    match &name {
        Some(name) if name.as_str() == vrf.name => {}
        Some(name) => {
            let message =
                format!("devices take letters, digits, `-`, `_` and `.`: it is called {name} there");
            out.push(Objection::note("vrf-name", message).about(about(scope, vrf)).field("name"));
        }
        None => {
            let message = format!("`{}` cannot be the name of a VRF on a device", vrf.name);
            let objection = Objection::error("vrf-name", message).about(about(scope, vrf)).field("name");
            out.push(objection.hint("leave out the VRF at interfaces that are in the device's own"));
        }
    }
    name
}

/// The VRFs of the interfaces of the fabric's devices.
#[derive(Debug, Default)]
struct Use {
    /// Of interfaces for management alone: part of bootstrap, and no file.
    management: BTreeSet<Id>,
    /// Of all others.
    interfaces: BTreeSet<Id>,
}

impl Use {
    fn of(scope: &Scope<'_>) -> Self {
        let mut found = Self::default();
        let interfaces = scope.devices.iter().flat_map(|member| scope.interfaces(member.id));
        for interface in interfaces {
            let addresses = scope.addresses(interface.id).iter().chain(scope.virtual_addresses(interface.id));
            let vrfs = interface.vrf.into_iter().chain(addresses.filter_map(|of| of.address.vrf));
            let vrfs = vrfs.map(|vrf| vrf.0);
            if interface.mgmt_only { found.management.extend(vrfs) } else { found.interfaces.extend(vrfs) }
        }
        found
    }
}

/// A VLAN in the VRF of the management interfaces cannot be said: that VRF is bootstrap's.
fn in_management(scope: &Scope<'_>, vrf: &Vrf, vlans: &Vlans<'_>, out: &mut Objections) {
    for (id, _) in vlans.iter().filter(|(_, vlan)| vlan.routed.vrf == Some(vrf.id)) {
        let message = format!("VLAN {id} is in it, and so are interfaces for management alone");
        let objection = Objection::error("vrf-management", message).about(about(scope, vrf));
        out.push(objection.hint("the VRF of management is no intent: give the VLAN a VRF of its own"));
    }
}

/// Whom the fabric does not use is another's; one that has a VNI may be about to be used.
fn unused(scope: &Scope<'_>, vrf: &Vrf, out: &mut Objections) {
    let subject = Subject::new(about(scope, vrf), &vrf.custom_fields);
    let mut silent = Objections::default();
    if scope.read(Field::VrfVni, &subject, "", number, &mut silent).is_some() {
        let message = "it has a VNI, and no device of the fabric uses it: left out";
        let objection = Objection::note("vrf-unused", message).about(subject.about);
        out.push(objection.hint("put an interface into it, or name the devices where it lives"));
    }
}

/// The devices where the VRF says that it lives.
fn deployed(scope: &Scope<'_>, vrf: &Vrf, out: &mut Objections) -> BTreeSet<Id> {
    let subject = Subject::new(about(scope, vrf), &vrf.custom_fields);
    let devices = |value: &Value| list(value, reference);
    let devices = scope.read(Field::VrfAt, &subject, "a list of devices", devices, out);
    devices.into_iter().flatten().filter(|device| scope.device(*device).is_some()).collect()
}

/// The places that have none of its VLANs, in which it lives anyway.
fn further(scope: &Scope<'_>, vrf: &Vrf, deployed: &BTreeSet<Id>, vlans: &Vlans<'_>) -> Option<Node> {
    let with_vlan: BTreeSet<Id> = vlans
        .values()
        .filter(|vlan| vlan.routed.vrf == Some(vrf.id))
        .flat_map(|vlan| vlan.devices.iter().copied())
        .collect();
    let bare: BTreeSet<Id> = deployed.difference(&with_vlan).copied().collect();
    let places = places::fold(scope, &bare, &BTreeSet::new());
    let lines = places.lines.iter().map(|(name, _)| Node::text(name));
    (!places.lines.is_empty()).then(|| Node::list(lines))
}

/// What the schemes of route distinguishers call `{id}`: its own number, else the VLAN that
/// stands for its VNI, else its VNI where that is small enough.
fn id(scope: &Scope<'_>, vrf: &Vrf, vni: Option<Vni>, about: &About, out: &mut Objections) -> Option<u32> {
    let subject = Subject::new(about.clone(), &vrf.custom_fields);
    let parse = |value: &Value| u32::try_from(number(value)?).ok().filter(|id| (1..=65535).contains(id));
    let own = scope.read(Field::VrfId, &subject, "a number from 1 to 65535", parse, out);
    let by_vlan = || scope.read(Field::VrfVlan, &subject, "a VLAN from 1 to 4094", parse, out);
    let found = own.or_else(by_vlan).or_else(|| Some(vni?.get()).filter(|vni| *vni <= 65535));
    if found.is_none() && vni.is_some() {
        let message = "it has no number that its route distinguisher could be made of";
        let objection =
            Objection::error("vrf-id", message).about(about.clone()).field("custom_fields.vrf_id");
        out.push(
            objection
                .expected("a number from 1 to 65535, unique in the fabric")
                .hint("add the custom field vrf_id to VRFs, or name another field for vrf.id in netbox.yaml"),
        );
    }
    found
}

/// The L3 VNI: a custom field, or by convention an EVPN service of the VRF's name that ends at
/// no VLAN.
fn l3_vni(scope: &Scope<'_>, vrf: &Vrf, about: &About, out: &mut Objections) -> Option<Vni> {
    let subject = Subject::new(about.clone(), &vrf.custom_fields);
    let parse = |value: &Value| Vni::try_from(number(value)?).ok();
    let field = scope.read(Field::VrfVni, &subject, "a VNI from 1 to 16777215", parse, out);
    let ends = |l2vpn: &L2vpn| {
        let mut terminations = scope.inventory.l2vpn_terminations.values();
        terminations.any(|termination| termination.l2vpn.map(|of| of.0) == Some(l2vpn.id))
    };
    let mut named = scope.inventory.l2vpns.values().filter(|l2vpn| {
        l2vpn.name == vrf.name && l2vpn.r#type == "vxlan-evpn" && is_vxlan(l2vpn) && !ends(l2vpn)
    });
    let l2vpn = named.next().and_then(|l2vpn| Some((l2vpn, vni(scope, l2vpn, l2vpn.identifier?, out)?)));
    if let (Some(field), Some((l2vpn, named))) = (field, l2vpn)
        && field != named
    {
        let message = format!("its own VNI is {field}, and the L2VPN {} of its name has {named}", l2vpn.name);
        let objection = Objection::error("vrf-vni", message).about(about.clone()).field("custom_fields");
        out.push(objection.hint("make both say the same, or remove one of them"));
    }
    field.or(l2vpn.map(|(_, vni)| vni))
}

/// What its BGP takes over: connected subnets, unless the mapping names a field that says it.
fn redistribute(scope: &Scope<'_>, vrf: &Vrf, about: &About, out: &mut Objections) -> Node {
    let subject = Subject::new(about.clone(), &vrf.custom_fields);
    let word = |value: &Value| text(value).filter(|word| matches!(word.as_str(), "connected" | "static"));
    let words = |value: &Value| Some(list(value, word)?.into_iter().collect::<BTreeSet<_>>());
    let said = scope.read(Field::VrfRedistribute, &subject, "connected, static or both", words, out);
    let said = said.unwrap_or_else(|| BTreeSet::from(["connected".to_owned()]));
    Node::list(said.iter().map(Node::text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::netbox::translate::small::{Small, files, objections};
    use crate::netbox::wire::Ref;

    fn fields(small: &mut Small, fields: &Value) {
        let fields = fields.as_object().unwrap().clone();
        small.gold().custom_fields = fields.into_iter().collect();
    }

    #[test]
    fn the_route_distinguisher_of_netbox_is_never_written() {
        let mut small = Small::new();
        assert_eq!(small.gold().rd.as_deref(), Some("65000:100001"));
        let expected = "id: 1\nvni: 100001\nrt: \"65000:100001\"\nredistribute: [connected]\n";
        assert_eq!(small.translated().files.get("vrfs/gold.yaml").map(String::as_str), Some(expected));
    }

    #[test]
    fn a_vrf_says_what_its_objects_say() {
        files(&[
            (
                "its number by the VLAN of its VNI",
                |small| fields(small, &json!({ "l3vni": 100_001, "l3vni_vlan": 3001 })),
                "vrfs/gold.yaml",
                &["- id: 1", "+ id: 3001"],
            ),
            (
                "its number by a small VNI",
                |small| fields(small, &json!({ "l3vni": 5001 })),
                "vrfs/gold.yaml",
                &["- id: 1", "- vni: 100001", "+ id: 5001", "+ vni: 5001"],
            ),
            (
                "its VNI by an EVPN service of its name",
                |small| {
                    fields(small, &json!({ "vrf_id": 1 }));
                    let l2vpn = json!({ "name": "gold", "identifier": 100_001, "type": "vxlan-evpn" });
                    small.add("vpn/l2vpns", l2vpn);
                },
                "vrfs/gold.yaml",
                &[],
            ),
            (
                "without a VNI it is local",
                |small| fields(small, &json!({ "vrf_id": 1 })),
                "vrfs/gold.yaml",
                &["- rt: \"65000:100001\"", "- vni: 100001"],
            ),
            (
                "leaked route targets",
                |small| small.gold().import_targets = [Ref(99), Ref(1)].into_iter().collect(),
                "vrfs/gold.yaml",
                &[
                    "- rt: \"65000:100001\"",
                    "+ rt: { import: [\"65000:100001\", \"65000:99\"], export: [\"65000:100001\"] }",
                ],
            ),
            (
                "a tenant",
                |small| small.gold().tenant = Some(Ref(1)),
                "vrfs/gold.yaml",
                &["+ tenant: gold-corp"],
            ),
            (
                "places that have a VLAN of it are not said, others are",
                |small| {
                    fields(small, &json!({ "l3vni": 100_001, "vrf_id": 1, "deployed_on": [1, 2, 3, 77] }));
                },
                "vrfs/gold.yaml",
                &["+ at: [spine1]"],
            ),
            ("of management", |_| {}, "vrfs/MGMT.yaml", &[]),
            (
                "unused",
                |small| {
                    small.put("ipam/vrfs", 7, json!({ "name": "wan" }));
                },
                "vrfs/wan.yaml",
                &[],
            ),
            (
                "a name that no device takes",
                |small| small.gold().name = "Gold Corp (1)".to_owned(),
                "vrfs/Gold-Corp--1.yaml",
                &["+ id: 1", "+ vni: 100001", "+ rt: \"65000:100001\"", "+ redistribute: [connected]"],
            ),
        ]);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        objections(&[
            (
                "no number",
                |small| fields(small, &json!({ "l3vni": 100_001 })),
                &["error[vrf-id]: VRF gold: it has no number that its route distinguisher could be made of"],
            ),
            (
                "a number twice",
                |small| {
                    let fields = json!({ "l3vni": 7, "vrf_id": 1, "deployed_on": [2, 3] });
                    small.put("ipam/vrfs", 3, json!({ "name": "blue", "custom_fields": fields }));
                },
                &["error[vrf-id]: VRF blue: VRF gold has the same number"],
            ),
            (
                "a name twice",
                |small| {
                    let fields = json!({ "vrf_id": 3, "deployed_on": [2, 3] });
                    small.put("ipam/vrfs", 3, json!({ "name": "gold", "custom_fields": fields }));
                },
                &["error[vrf-twice]: VRF gold: VRF gold (rd 65000:100001) is called gold on devices too"],
            ),
            (
                "two VNIs",
                |small| {
                    let l2vpn = json!({ "name": "gold", "identifier": 7, "type": "vxlan-evpn" });
                    small.add("vpn/l2vpns", l2vpn);
                },
                &["error[vrf-vni]: VRF gold: its own VNI is 100001, and the L2VPN gold of its name has 7"],
            ),
            (
                "a route target that does not fit in six bytes",
                |small| {
                    small.put("ipam/route-targets", 1, json!({ "name": "4200000000:100001" }));
                },
                &["error[route-target]: VRF gold: `4200000000:100001`", "error[route-target]: VRF gold"],
            ),
            (
                "unused with a VNI",
                |small| {
                    small.put("ipam/vrfs", 7, json!({ "name": "soon", "custom_fields": { "l3vni": 7 } }));
                },
                &["note[vrf-unused]: VRF soon: it has a VNI, and no device of the fabric uses it"],
            ),
            (
                "a VLAN in the VRF of management",
                |small| {
                    for on in ["leaf1 Vlan34", "leaf2 Vlan34"] {
                        small.unaddress(on);
                        small.on(on).vrf = Some(Ref(2));
                        small.address(on, "10.34.34.1/24", "anycast");
                    }
                },
                &["error[vrf-management]: VRF MGMT: VLAN 34 is in it", "note[vrf-unused]: VRF gold"],
            ),
        ]);
    }
}
