//! `vlans/ID.yaml`: its places are the union of the SVIs and ports that carry it.
//!
//! Here: which VLANs are the fabric's, and their files. Elsewhere: their SVIs (`svi`), the
//! VLANs of ports (`ports`), VNIs (`vni`), places as lines of `at` (`places`), the VLANs that a pair has
//! for itself, which are of `fabric.yaml` (`fabric`).

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::Draft;
use super::places::{self, Places};
use super::scope::{Scope, slug_of};
use super::svi::{self, Routed, Svis};
use super::vni::{Vnis, route_targets};
use crate::names::VlanId;
use crate::netbox::objection::{About, Objection, Objections};
use crate::netbox::objects::{L2vpn, Vlan};
use crate::netbox::wire::Id;
use crate::netbox::yaml::{Map, Node};

/// The VLANs of the fabric as they are written.
pub(crate) type Vlans<'i> = BTreeMap<VlanId, Settled<'i>>;

/// One VLAN.
#[derive(Debug)]
pub(crate) struct Settled<'i> {
    /// The object.
    pub(crate) vlan: &'i Vlan,
    /// Its interfaces.
    pub(crate) routed: Routed<'i>,
    /// The devices that have it.
    pub(crate) devices: BTreeSet<Id>,
}

impl Settled<'_> {
    /// Whether a device has a subnet here that holds the address.
    pub(crate) fn reaches(&self, device: Id, address: std::net::IpAddr) -> bool {
        let own = self.routed.own.get(&device).into_iter().flatten();
        self.devices.contains(&device)
            && self.routed.gateway.iter().chain(own).any(|net| net.contains(&address))
    }
}

/// Writes the files and says what they hold. `carried` are the VLANs of each device's ports,
/// `reserved` those that pairs have for themselves.
pub(super) fn write<'i>(
    scope: &Scope<'i>,
    carried: &BTreeMap<Id, BTreeSet<VlanId>>,
    reserved: &BTreeSet<VlanId>,
    draft: &mut Draft,
) -> Vlans<'i> {
    let vnis = Vnis::of(scope);
    let mut vlans = Vlans::new();
    let svis = Svis::of(scope);
    // SVIs of these have a VLAN, or it was told why not
    let mut told = reserved.clone();
    for (id, vlan) in chosen(scope, reserved, &svis, &mut told, &mut draft.objections) {
        let out = &mut draft.objections;
        let routed = svi::read(scope, &svis, (id, vlan), out);
        let ports = carried.iter().filter(|(_, vlans)| vlans.contains(&id)).map(|(device, _)| *device);
        let devices: BTreeSet<Id> = ports.chain(routed.devices.iter().copied()).collect();
        svi::compare(scope, id, &routed, &devices, out);
        if !status(scope, vlan, !devices.is_empty(), out) {
            continue;
        }
        let settled = Settled { vlan, routed, devices };
        draft.files.insert(format!("vlans/{id}.yaml"), file(scope, id, &settled, &vnis, out));
        vlans.insert(id, settled);
    }
    svi::strays(scope, &svis, &vlans, &told, &mut draft.objections);
    vlans
}

/// The file of a VLAN.
fn file(scope: &Scope<'_>, id: VlanId, settled: &Settled<'_>, vnis: &Vnis<'_>, out: &mut Objections) -> Map {
    let Settled { vlan, routed, devices } = settled;
    let about = about(scope, vlan);
    let mut map = Map::new();
    map.set("name", Node::text(name(id, vlan, &about, out)));
    let vrf = routed.vrf.and_then(|vrf| super::vrf::name(scope, vrf));
    map.set_some("vrf", vrf.map(Node::text));
    let (vni, l2vpn) = vnis.of_vlan(scope, vlan, &about, out);
    map.set_some("vni", vni.map(|vni| Node::number(vni.get())));
    map.set_some("gateway", addresses(&routed.gateway));
    if let (Some(_), Some(l2vpn)) = (vni, l2vpn) {
        let about = scope.about::<L2vpn>(l2vpn.id, &l2vpn.name);
        map.set_some("rt", route_targets(scope, &l2vpn.import_targets, &l2vpn.export_targets, &about, out));
    }
    map.set_some("mtu", routed.mtu.map(Node::number));
    let tenant = slug_of(&scope.inventory.tenants, vlan.tenant, |tenant| &tenant.slug);
    map.set_some("tenant", tenant.map(Node::text));
    let apart = routed.own.keys().copied().collect();
    let places = places::fold(scope, devices, &apart);
    map.set("at", at(&places, &routed.own));
    if places.single {
        map.set("single", Node::switch(true));
    }
    map
}

/// The list form, or with own addresses the map form.
fn at(places: &Places, own: &BTreeMap<Id, Vec<IpNet>>) -> Node {
    if own.is_empty() {
        return Node::list(places.lines.iter().map(|(name, _)| Node::text(name)));
    }
    let mut map = Map::new();
    for (name, devices) in &places.lines {
        let nets = devices.first().and_then(|device| own.get(device)).and_then(|nets| addresses(nets));
        map.set(name.as_str(), nets.unwrap_or_else(|| Node::list([])));
    }
    map.into()
}

/// One address, or a list of them.
fn addresses(nets: &[IpNet]) -> Option<Node> {
    match nets {
        [] => None,
        [one] => Some(Node::text(one)),
        more => Some(Node::list(more.iter().map(Node::text))),
    }
}

/// The VLANs of the fabric by their number: those that its devices use, and those that belong
/// to its sites. Two that are both used with one number are an error; of two of which the
/// fabric uses one or none the unused ones are not meant.
fn chosen<'i>(
    scope: &Scope<'i>,
    reserved: &BTreeSet<VlanId>,
    svis: &Svis<'_, '_>,
    told: &mut BTreeSet<VlanId>,
    out: &mut Objections,
) -> BTreeMap<VlanId, &'i Vlan> {
    let (ours, theirs) = used(scope);
    let sites: BTreeSet<Id> = scope.devices.iter().filter_map(|member| Some(member.device.site?.0)).collect();
    let mut of_number: BTreeMap<VlanId, Vec<&'i Vlan>> = BTreeMap::new();
    for vlan in scope.inventory.vlans.values() {
        let id = VlanId::try_from(u64::from(vlan.vid)).ok().filter(|id| !reserved.contains(id));
        let local = site_of(scope, vlan).is_some_and(|site| sites.contains(&site));
        // one that other devices of the site name at a port is ours too where an SVI here has it
        let is_ours = |id: &VlanId| local && (!theirs.contains(&vlan.id) || svis.any(*id));
        if let Some(id) = id.filter(|id| ours.contains(&vlan.id) || is_ours(id)) {
            of_number.entry(id).or_default().push(vlan);
        }
    }
    let mut chosen = BTreeMap::new();
    for (id, mut vlans) in of_number {
        // a port names the object, an SVI only the number: among several, ports tell which is meant
        let named: Vec<_> = vlans.iter().copied().filter(|vlan| ours.contains(&vlan.id)).collect();
        if vlans.len() > 1 && named.len() == 1 {
            vlans = named;
        }
        vlans.sort_by_key(|vlan| (group(scope, vlan), &vlan.name, vlan.id));
        match vlans.as_slice() {
            [vlan] => drop(chosen.insert(id, *vlan)),
            [vlan, others @ ..] => {
                let wanted = svis.any(id) || vlans.iter().any(|vlan| ours.contains(&vlan.id));
                told.insert(id);
                out.push(twice(scope, id, vlan, others, wanted));
            }
            [] => {}
        }
    }
    chosen
}

fn twice(scope: &Scope<'_>, id: VlanId, vlan: &Vlan, others: &[&Vlan], wanted: bool) -> Objection {
    let others: Vec<String> =
        others.iter().map(|other| format!("{} of {}", other.name, group(scope, other))).collect();
    let message =
        format!("{} of {} has the number {id} too as {}", vlan.name, group(scope, vlan), others.join(", "));
    let objection = if wanted {
        Objection::error("vlan-twice", message)
    } else {
        Objection::note("vlan-twice", format!("{message}: none of them is used, and none is exported"))
    };
    let hint = "in one fabric a number is one VLAN: give one of them another number, or another site";
    objection.about(about(scope, vlan)).field("vid").hint(hint)
}

/// The VLANs that ports of the fabric's devices name, and those that ports of other devices of
/// the same roles name: these are another fabric's.
fn used(scope: &Scope<'_>) -> (BTreeSet<Id>, BTreeSet<Id>) {
    let roles: BTreeSet<Option<Id>> =
        scope.devices.iter().map(|member| member.device.role.map(|role| role.0)).collect();
    let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
    for interface in scope.inventory.interfaces.values() {
        let Some(device) = interface.device.map(|device| device.0) else { continue };
        let vlans = interface.untagged_vlan.iter().chain(&interface.tagged_vlans).map(|vlan| vlan.0);
        if scope.device(device).is_some() {
            ours.extend(vlans);
        } else if scope
            .inventory
            .devices
            .get(&device)
            .is_some_and(|device| roles.contains(&device.role.map(|role| role.0)))
        {
            theirs.extend(vlans);
        }
    }
    (ours, theirs)
}

/// The site that a VLAN belongs to, by its group or by itself.
fn site_of(scope: &Scope<'_>, vlan: &Vlan) -> Option<Id> {
    match vlan.group {
        Some(group) => {
            let group = scope.inventory.vlan_groups.get(&group.0)?;
            group.scope_id.filter(|_| group.scope_type.as_deref() == Some("dcim.site"))
        }
        None => vlan.site.map(|site| site.0),
    }
}

/// What a VLAN's number is unique in, for messages and order.
fn group<'i>(scope: &Scope<'i>, vlan: &'i Vlan) -> &'i str {
    let group = slug_of(&scope.inventory.vlan_groups, vlan.group, |group| &group.slug);
    group.or_else(|| slug_of(&scope.inventory.sites, vlan.site, |site| &site.slug)).unwrap_or("no group")
}

/// The VLAN with its page.
pub(super) fn about(scope: &Scope<'_>, vlan: &Vlan) -> About {
    scope.about::<Vlan>(vlan.id, &format!("{} ({})", vlan.vid, vlan.name))
}

/// Whether it is exported, by its status; an odd one is told.
fn status(scope: &Scope<'_>, vlan: &Vlan, in_use: bool, out: &mut Objections) -> bool {
    let odd =
        |message: &str| Objection::note("vlan-status", message).about(about(scope, vlan)).field("status");
    match (vlan.status.0.as_str(), in_use) {
        ("deprecated", false) => {
            out.push(odd("it is deprecated and nobody uses it: left out"));
            return false;
        }
        ("deprecated", true) => out.push(odd("it is deprecated, and ports or interfaces use it")),
        ("reserved", true) => out.push(odd("it is reserved, and ports or interfaces use it")),
        _ => {}
    }
    true
}

/// The name as a device takes it: one word of at most 32 characters.
fn name(id: VlanId, vlan: &Vlan, about: &About, out: &mut Objections) -> String {
    let words: Vec<&str> = vlan.name.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let one: String = words.join("-").chars().take(32).collect();
    let one = if one.trim_matches('-').is_empty() { format!("VLAN{:04}", id.get()) } else { one };
    if one != vlan.name {
        let message = format!("devices take one word of at most 32 characters: it is called {one} there");
        out.push(Objection::note("vlan-name", message).about(about.clone()).field("name"));
    }
    one
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::netbox::translate::small::{Small, files, objections};
    use crate::netbox::wire::Ref;

    fn lone_port(small: &mut Small, vlan: Id) {
        small.interface(
            "leaf1",
            "Ethernet5",
            &json!({ "type": "25gbase-x-sfp28", "mode": "access", "untagged_vlan": vlan }),
        );
    }

    /// A VLAN with the number of `web`, in another group of the site.
    fn namesake(small: &mut Small) -> Id {
        small.put(
            "ipam/vlan-groups",
            2,
            json!({ "slug": "office", "scope_type": "dcim.site", "scope_id": 1 }),
        );
        small.put("ipam/vlans", 134, json!({ "vid": 34, "name": "desks", "group": 2, "status": "active" }))
    }

    #[test]
    fn a_vlan_is_where_its_ports_and_interfaces_are() {
        files(&[
            (
                "in use nowhere; a port that takes all VLANs carries none of its own",
                |small| {
                    small.vlan(77, "unused");
                },
                "vlans/77.yaml",
                &["+ name: unused", "+ at: []"],
            ),
            (
                "at one member alone",
                |small| {
                    small.vlan(50, "lone");
                    lone_port(small, 50);
                },
                "vlans/50.yaml",
                &["+ name: lone", "+ at: [leaf1]", "+ single: true"],
            ),
            (
                "the other member is gone",
                |small| {
                    small.inventory.devices.remove(&3);
                },
                "vlans/34.yaml",
                &[],
            ),
            (
                "own addresses",
                |small| {
                    small.address("leaf1 Vlan34", "10.34.34.2/24", "");
                    small.address("leaf2 Vlan34", "10.34.34.3/24", "");
                },
                "vlans/34.yaml",
                &["- at: [p1]", "+ at: { leaf1: 10.34.34.2/24, leaf2: 10.34.34.3/24 }"],
            ),
            (
                "of a group without a site, and used",
                |small| {
                    small.put("ipam/vlans", 60, json!({ "vid": 60, "name": "shared", "status": "active" }));
                    lone_port(small, 60);
                },
                "vlans/60.yaml",
                &["+ name: shared", "+ at: [leaf1]", "+ single: true"],
            ),
            (
                "of another site",
                |small| {
                    small.put("ipam/vlans", 61, json!({ "vid": 61, "name": "other", "site": 7 }));
                },
                "vlans/61.yaml",
                &[],
            ),
            (
                "used by a leaf that is of no fabric here",
                |small| {
                    small.vlan(62, "theirs");
                    let leaf =
                        json!({ "name": "other", "role": 2, "platform": 7, "site": 1, "status": "active" });
                    small.put("dcim/devices", 9, leaf);
                    small.interface("other", "Ethernet1", &json!({ "mode": "tagged", "tagged_vlans": [62] }));
                },
                "vlans/62.yaml",
                &[],
            ),
            (
                "deprecated and unused",
                |small| small.vlan(77, "unused").status.0 = "deprecated".to_owned(),
                "vlans/77.yaml",
                &[],
            ),
        ]);
    }

    #[test]
    fn a_vlan_says_what_its_objects_say() {
        files(&[
            (
                "a second gateway of the other family",
                |small| {
                    small.address("leaf1 Vlan34", "2001:db8::1/64", "anycast");
                    small.address("leaf2 Vlan34", "2001:db8::1/64", "anycast");
                },
                "vlans/34.yaml",
                &["- gateway: 10.34.34.1/24", "+ gateway: [10.34.34.1/24, \"2001:db8::1/64\"]"],
            ),
            (
                "the gateway of a first-hop group",
                |small| {
                    small.put("ipam/fhrp-groups", 1, json!({ "protocol": "other", "group_id": 34 }));
                    for on in ["leaf1 Vlan34", "leaf2 Vlan34"] {
                        small.unaddress(on);
                        let interface = small.on(on).id;
                        let kind = "dcim.interface";
                        small.add(
                            "ipam/fhrp-group-assignments",
                            json!({ "group": 1, "interface_type": kind, "interface_id": interface }),
                        );
                    }
                    let vip = json!({ "address": "10.34.34.1/24", "vrf": 1, "role": "vip", "assigned_object_type": "ipam.fhrpgroup", "assigned_object_id": 1 });
                    small.add("ipam/ip-addresses", vip);
                },
                "vlans/34.yaml",
                &[],
            ),
            (
                "a VNI by the custom field alone has no route target",
                |small| {
                    small.inventory.l2vpn_terminations.clear();
                    let vlan = small.inventory.vlans.get_mut(&34).unwrap();
                    vlan.custom_fields.insert("vni".to_owned(), json!(110_034));
                },
                "vlans/34.yaml",
                &["- rt: \"65000:110034\""],
            ),
            (
                "its VNI is not there yet",
                |small| small.inventory.l2vpns.values_mut().for_each(|l2vpn| l2vpn.identifier = None),
                "vlans/34.yaml",
                &["- rt: \"65000:110034\"", "- vni: 110034"],
            ),
            (
                "its VNI is on its way out",
                |small| {
                    let status = |l2vpn: &mut L2vpn| l2vpn.status.0 = "decommissioning".to_owned();
                    small.inventory.l2vpns.values_mut().for_each(status);
                },
                "vlans/34.yaml",
                &["- rt: \"65000:110034\"", "- vni: 110034"],
            ),
            (
                "leaked route targets, sorted",
                |small| {
                    let mut of = small.inventory.l2vpns.values_mut();
                    let web = of.find(|l2vpn| l2vpn.identifier == Some(110_034)).unwrap();
                    web.export_targets = [Ref(99), Ref(34)].into_iter().collect();
                },
                "vlans/34.yaml",
                &[
                    "- rt: \"65000:110034\"",
                    "+ rt: { import: [\"65000:110034\"], export: [\"65000:110034\", \"65000:99\"] }",
                ],
            ),
            (
                "a tenant",
                |small| small.vlan(40, "storage").tenant = Some(Ref(1)),
                "vlans/40.yaml",
                &["+ tenant: gold-corp"],
            ),
            (
                "a name that no device takes",
                |small| {
                    small.vlan(40, "the storage network of the first floor");
                },
                "vlans/40.yaml",
                &["- name: storage", "+ name: the-storage-network-of-the-first"],
            ),
            (
                "an unused VLAN of the same number is not meant",
                |small| {
                    namesake(small);
                },
                "vlans/34.yaml",
                &[],
            ),
        ]);
    }

    #[test]
    fn sources_that_disagree_are_told_with_both() {
        objections(&[
            (
                "two VNIs",
                |small| {
                    let vlan = small.inventory.vlans.get_mut(&34).unwrap();
                    vlan.custom_fields.insert("vni".to_owned(), json!(5));
                },
                &["error[vlan-vni]: VLAN 34 (web): its own VNI is 5, and its L2VPN vni-110034 has 110034"],
            ),
            (
                "two L2VPNs",
                |small| {
                    small.l2vpn(34, 110_035);
                },
                &["error[vlan-vni]: VLAN 34 (web): the L2VPNs vni-110034 and vni-110035 both end at it"],
            ),
            (
                "a VNI out of range",
                |small| {
                    small.inventory.l2vpns.values_mut().for_each(|l2vpn| l2vpn.identifier = Some(1 << 24));
                },
                &["error[l2vpn-identifier]: L2VPN vni-110034: 16777216 is no VNI", "error[l2vpn-identifier]"],
            ),
            (
                "two VLANs of one number, both used",
                |small| {
                    let desks = namesake(small);
                    lone_port(small, desks);
                },
                &["error[vlan-twice]: VLAN 34 (web): web of fabric has the number 34 too as desks of office"],
            ),
            (
                "two VLANs of one number, none used",
                |small| {
                    namesake(small);
                    small.vlan(77, "a");
                    small.put("ipam/vlans", 177, json!({ "vid": 77, "name": "b", "group": 2 }));
                },
                &["note[vlan-twice]: VLAN 77 (a): a of fabric has the number 77 too as b of office"],
            ),
            (
                "a deprecated one that is used",
                |small| small.vlan(40, "storage").status.0 = "deprecated".to_owned(),
                &["note[vlan-status]: VLAN 40 (storage): it is deprecated, and ports or interfaces use it"],
            ),
            (
                "references that lead nowhere",
                |small| {
                    small.inventory.l2vpns.clear();
                    small.inventory.route_targets.clear();
                    small.inventory.tenants.clear();
                    small.inventory.vlan_groups.clear();
                },
                &[],
            ),
        ]);
    }
}
