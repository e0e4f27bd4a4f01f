//! `fabric.yaml`: the design, from what holds for all devices and what the mapping says.
//!
//! Elsewhere: folding what devices say (`layers`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Draft;
use super::device::{management_interface, platform, platform_map};
use super::layers::{Layers, most};
use super::mlag::{Mlag, source};
use super::pair::AsNumbers;
use super::previous::{get, text};
use super::scope::{Scope, slug_of};
use super::value;
use crate::names::FabricName;
use crate::netbox::mapping::{DESIGN_KEYS, Field};
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::yaml::{Map, Node};
use crate::yang::natural::natural;

/// Of `underlay`, in order.
const UNDERLAY: [&str; 7] = ["mtu", "bfd", "distance", "maximum-paths", "maximum-routes", "in", "out"];
/// Of `overlay`, in order.
const OVERLAY: [&str; 9] =
    ["multihop", "bfd", "gateway-mac", "learn", "maximum-routes", "in", "out", "vlan", "vrf"];
/// Of a role, in order.
const ROLE: [&str; 4] = ["asn", "underlay", "overlay", "services"];

/// The platform that most devices have, or that people wrote.
pub(super) fn common_platform(scope: &Scope<'_>) -> Option<(String, String)> {
    if let Some(file) = scope.of_people("fabric.yaml") {
        let platform = get(&file, "platform")?;
        return Some((text(get(platform, "os")?)?.to_owned(), text(get(platform, "version")?)?.to_owned()));
    }
    most(scope.devices.iter().filter_map(|member| platform(scope, member)))
}

/// Writes the file.
pub(super) fn write(scope: &Scope<'_>, layers: &Layers, mlag: &Mlag, asns: &AsNumbers, draft: &mut Draft) {
    if scope.devices.is_empty() {
        let hint = "name the platforms, sites, roles or tags of the fabric's devices in netbox.yaml";
        draft.objections.push(Objection::error("no-devices", "no device of NetBox is exported").hint(hint));
        return;
    }
    let out = &mut draft.objections;
    let mut file = Map::new();
    file.set("version", Node::number(1_u8));
    file.set_some("name", name(scope, out).map(Node::text));
    file.set_some("platform", common_platform(scope).map(|platform| platform_map(&platform)));
    file.set("management", management(scope));
    file.set("roles", roles(scope, layers, asns));
    file.merge(layers.fabric.clone());
    overlay(scope, &mut file, out);
    file.set_filled("mlag", mlag_design(scope, mlag, out));
    file.merge(scope.fabric.design.clone());
    arrange(&mut file);
    draft.files.insert("fabric.yaml".to_owned(), file);
}

/// The name that the devices have, else the site's.
fn name(scope: &Scope<'_>, out: &mut Objections) -> Option<String> {
    if scope.fabric.design.get("name").is_some() {
        return None;
    }
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for member in &scope.devices {
        let subject = scope.device_subject(member.device);
        let name = |value: &Value| value::text(value).filter(|text| text.parse::<FabricName>().is_ok());
        let name = scope.read(Field::FabricName, &subject, "letters, digits, `-`, `_` and `.`", name, out);
        let site =
            || slug_of(&scope.inventory.sites, member.device.site, |site| &site.slug).map(str::to_owned);
        names.extend(name.or_else(site).map(|name| (name, member.name.as_str())));
    }
    if names.len() > 1 {
        let list =
            names.iter().map(|(name, device)| format!("{name} ({device})")).collect::<Vec<_>>().join(", ");
        let objection =
            Objection::error("fabric-name", format!("the devices are of several fabrics: {list}"));
        out.push(objection.field(source(scope, Field::FabricName)).hint(
            "take one by `devices:` in netbox.yaml, give each a folder by `fabrics:`, or name it there: `fabric: { name: NAME }`",
        ));
    }
    names.into_keys().next()
}

/// Management interface, VRF and gNMI port, as most devices have them.
fn management(scope: &Scope<'_>) -> Map {
    let found: Vec<_> =
        scope.devices.iter().filter_map(|member| management_interface(scope, member)).collect();
    let interface = most(found.iter().filter_map(|(interface, _)| Some(interface.as_ref()?.name.clone())));
    let vrf =
        most(found.iter().filter_map(|(_, address)| Some(&scope.inventory.vrfs.get(&address.vrf?.0)?.name)));
    let mut map = Map::new();
    map.set("interface", Node::text(interface.unwrap_or_else(|| "Management0".to_owned())));
    map.set_some("vrf", vrf.map(Node::text));
    let port = most(scope.inventory.services.values().filter_map(|service| {
        let of_device = service.parent_object_type.as_deref().is_none_or(|kind| kind == "dcim.device");
        let parent =
            service.device.map(|device| device.0).or(service.parent_object_id.filter(|_| of_device))?;
        let port = || service.port_mappings.first()?.rsplit('/').next()?.parse().ok();
        let named = service.name.eq_ignore_ascii_case("gnmi") && scope.device(parent).is_some();
        service.ports.first().copied().or_else(port).filter(|_| named)
    }));
    if let Some(port) = port {
        map.set("gnmi", Map(vec![("port".to_owned(), Node::number(port))]));
    }
    map
}

/// The roles that devices have, from the top to the bottom.
fn roles(scope: &Scope<'_>, layers: &Layers, asns: &AsNumbers) -> Map {
    let tier = |role: &str| {
        let tiers = &scope.mapping.tiers;
        tiers.iter().position(|roles| roles.iter().any(|known| known == role)).unwrap_or(tiers.len())
    };
    let mut names: Vec<_> =
        scope.devices.iter().map(|member| &member.role).collect::<BTreeSet<_>>().into_iter().collect();
    names.sort_by(|a, b| {
        tier(a.as_str()).cmp(&tier(b.as_str())).then_with(|| natural(a.as_str(), b.as_str()))
    });
    let mut roles = Map::new();
    for name in names {
        let mut role = Map::new();
        role.set_some("asn", asns.role(name).map(|asn| Node::number(asn.get())));
        if let Some(own) = layers.roles.get(name) {
            role.merge(own.clone());
        }
        roles.set(name.as_str(), role);
    }
    roles
}

/// The gateway MAC, and schemes of route distinguishers that differ on every device.
fn overlay(scope: &Scope<'_>, file: &mut Map, out: &mut Objections) {
    let has_vteps = scope.devices.iter().any(|member| {
        scope.interfaces(member.id).iter().any(|interface| interface.name.starts_with("Vxlan"))
    });
    if !has_vteps && file.get("overlay").is_none() {
        return;
    }
    let mut macs: BTreeMap<String, &str> = BTreeMap::new();
    for member in &scope.devices {
        let subject = scope.device_subject(member.device);
        let mac = scope.read(Field::GatewayMac, &subject, "a MAC address, as 00:1c:73:00:00:99", mac, out);
        macs.extend(mac.map(|mac| (mac, member.name.as_str())));
    }
    if macs.len() > 1 {
        let list =
            macs.iter().map(|(mac, device)| format!("{mac} ({device})")).collect::<Vec<_>>().join(", ");
        let objection =
            Objection::error("gateway-mac", format!("a fabric has one gateway MAC, and devices say {list}"));
        out.push(objection.field(source(scope, Field::GatewayMac)));
    }
    let mut overlay = Map::new();
    overlay.set_some("gateway-mac", macs.into_keys().next().map(Node::quoted));
    let scheme = |rd: &str, rt: &str| {
        Map(vec![("rd".to_owned(), Node::quoted(rd)), ("rt".to_owned(), Node::quoted(rt))])
    };
    overlay.set("vlan", scheme("{router-id}:{vlan}", "{vlan}:{vni}"));
    overlay.set("vrf", scheme("{router-id}:{id}", "{id}:{vni}"));
    let mut all = Map::new();
    all.set("overlay", overlay);
    all.merge(std::mem::take(file));
    *file = all;
}

/// A MAC address in lower case with colons.
fn mac(value: &Value) -> Option<String> {
    let text = value::text(value)?;
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '.' | '-')).collect();
    let fits = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let lower = digits.to_ascii_lowercase();
    let parts: Vec<&str> = (0..6).filter_map(|at| lower.get(2 * at..2 * at + 2)).collect();
    fits.then(|| parts.join(":"))
}

/// What all pairs have in common; they have to.
fn mlag_design(scope: &Scope<'_>, mlag: &Mlag, out: &mut Objections) -> Map {
    let mut map = Map::new();
    let mut only = |what: &str, field: &str, values: BTreeSet<u16>| {
        if values.len() > 1 {
            let list = values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let message = format!("the pairs have several {what}: {list}");
            out.push(
                Objection::error("mlag-design", message)
                    .field(field)
                    .expected("one for all pairs of a fabric"),
            );
        }
        values.into_iter().next()
    };
    let members = || mlag.members.values();
    let port_channel = only(
        "Port-Channels of peer links",
        "name",
        members().filter_map(|member| member.port_channel).collect(),
    );
    let peer =
        only("MLAG VLANs", "name", members().filter_map(|member| Some(member.peer?.0.get())).collect());
    let ibgp =
        only("VLANs of iBGP", "name", members().filter_map(|member| Some(member.ibgp?.0.get())).collect());
    if mlag.members.is_empty() {
        return map;
    }
    let before = |keys: &[&str]| {
        let file = scope.previous.file("fabric.yaml")?;
        let node = keys.iter().try_fold(&file, |node, key| get(node, key))?;
        text(node)?.parse::<u16>().ok()
    };
    let mut vlans = Map::new();
    vlans.set_some("peer", peer.map(Node::number));
    vlans.set_some("ibgp", ibgp.map(Node::number));
    // a lone survivor without cables keeps the number that stands
    let port_channel = port_channel.or_else(|| before(&["mlag", "port-channel"]));
    map.set_some("port-channel", port_channel.map(Node::number));
    map.set_filled("vlans", vlans);
    map
}

/// The file's keys in their order.
fn arrange(file: &mut Map) {
    file.arrange(&DESIGN_KEYS);
    for (key, node) in &mut file.0 {
        let Node::Map(map) = node else { continue };
        match key.as_str() {
            "underlay" => map.arrange(&UNDERLAY),
            "overlay" => map.arrange(&OVERLAY),
            "roles" => {
                for (_, role) in &mut map.0 {
                    let Node::Map(role) = role else { continue };
                    role.arrange(&ROLE);
                    for (key, node) in &mut role.0 {
                        if let (Node::Map(map), true) = (node, key == "underlay" || key == "overlay") {
                            map.arrange(if key == "underlay" { &UNDERLAY } else { &OVERLAY });
                        }
                    }
                }
            }
            _ => {}
        }
    }
}
