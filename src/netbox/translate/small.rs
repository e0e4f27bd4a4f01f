//! A small fabric in NetBox, for tests: two leafs of a pair below a spine, with a tenant VRF
//! `gold`, VLAN 34 routed in it and VLAN 40 without a gateway, everything as it should be.
//!
//! A test edits it, translates it and looks at files and objections.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Previous, Translation, translate};
use crate::netbox::inventory::Inventory;
use crate::netbox::mapping::Mapping;
use crate::netbox::objects::bgp::{PeerGroup, Session};
use crate::netbox::objects::{Interface, Vlan, Vrf};
use crate::netbox::wire::{Id, Ref};

/// The fabric, to be edited.
pub(super) struct Small {
    pub(super) inventory: Inventory,
    next: Id,
}

/// The id that a reference in JSON has.
fn reference(id: Id) -> Value {
    json!({ "id": id })
}

impl Small {
    /// The fabric without a fault.
    pub(super) fn new() -> Self {
        let mut small = Self { inventory: Inventory::default(), next: 1000 };
        small.basics();
        small.device(1, "spine1", 1, 1, &json!({ "bgp_asn": 65000 }));
        for (id, name) in [(2, "leaf1"), (3, "leaf2")] {
            small.device(
                id,
                name,
                2,
                id,
                &json!({ "bgp_asn": 65001, "mlag_domain_id": "p1", "mlag_peer": 5 - id }),
            );
            small.leaf(id, name);
        }
        small.cable("leaf1 Ethernet9", "leaf2 Ethernet9");
        small.session("leaf1 Vlan4091", "leaf2 Vlan4091", 65001, 65001, None);
        small
    }

    fn basics(&mut self) {
        self.put("dcim/sites", 1, json!({ "name": "DC1", "slug": "dc1" }));
        self.put("dcim/device-roles", 1, json!({ "slug": "spine" }));
        self.put("dcim/device-roles", 2, json!({ "slug": "leaf" }));
        self.put("dcim/platforms", 1, json!({ "slug": "eos" }));
        self.put("tenancy/tenants", 1, json!({ "name": "Gold Corp", "slug": "gold-corp" }));
        for asn in [65000, 65001, 64999] {
            self.put("ipam/asns", asn, json!({ "asn": asn }));
        }
        for (id, target) in
            [(1, "65000:100001"), (34, "65000:110034"), (40, "65000:110040"), (99, "65000:99")]
        {
            self.put("ipam/route-targets", id, json!({ "name": target }));
        }
        let fields = json!({ "l3vni": 100_001, "vrf_id": 1 });
        let targets = json!([reference(1)]);
        let gold = json!({ "name": "gold", "rd": "65000:100001", "import_targets": targets, "export_targets": targets, "custom_fields": fields });
        self.put("ipam/vrfs", 1, gold);
        self.put("ipam/vrfs", 2, json!({ "name": "MGMT" }));
        self.put(
            "ipam/vlan-groups",
            1,
            json!({ "slug": "fabric", "scope_type": "dcim.site", "scope_id": 1 }),
        );
        for (vid, name) in [(34, "web"), (40, "storage")] {
            self.vlan(vid, name);
            self.l2vpn(vid, 110_000 + vid);
        }
        self.put(
            "plugins/bgp/peer-group",
            1,
            json!({ "name": "LINKS", "extra_attributes": { "bfd": true } }),
        );
        let evpn =
            json!({ "ebgp_multihop": 3, "update_source": "Loopback0", "address_families": ["l2vpn-evpn"] });
        self.put("plugins/bgp/peer-group", 2, json!({ "name": "LOOPBACKS", "extra_attributes": evpn }));
    }

    fn device(&mut self, id: Id, name: &str, role: Id, host: Id, fields: &Value) {
        let context = json!({
            "anycast_gateway_mac": "00:1c:73:00:dc:01",
            "ntp": { "servers": ["10.0.0.123"], "vrf": "MGMT" },
        });
        let device = json!({
            "name": name, "role": reference(role), "platform": reference(1), "site": reference(1),
            "status": "active", "custom_fields": fields, "config_context": context,
        });
        self.put("dcim/devices", id, device);
        let management = self.interface(name, "Management0", &json!({ "mgmt_only": true, "vrf": 2 }));
        let primary = self.address_on(management, &format!("172.16.0.{host}/24"), "", Some(2));
        self.inventory.devices.get_mut(&id).unwrap().primary_ip4 = Some(Ref(primary));
        let loopback = self.interface(name, "Loopback0", &json!({}));
        self.address_on(loopback, &format!("10.0.250.{host}/32"), "loopback", None);
    }

    fn leaf(&mut self, id: Id, name: &str) {
        let of_pair = |net: &str| format!("{net}.{}/31", id - 2);
        let vtep = self.interface(name, "Loopback1", &json!({}));
        self.address_on(vtep, "10.0.255.1/32", "anycast", None);
        let peer =
            json!({ "type": "lag", "mode": "tagged-all", "custom_fields": { "link_kind": "mlag-peer" } });
        let peer = self.interface(name, "Port-Channel999", &peer);
        self.interface(name, "Ethernet9", &json!({ "lag": peer }));
        let host = json!({
            "type": "lag", "mode": "tagged", "untagged_vlan": 40, "tagged_vlans": [34], "custom_fields": { "mlag_id": 1 },
        });
        let host = self.interface(name, "Port-Channel1", &host);
        self.interface(name, "Ethernet1", &json!({ "lag": host }));
        let svi = self.interface(name, "Vlan4090", &json!({ "custom_fields": { "link_kind": "mlag-peer" } }));
        self.address_on(svi, &of_pair("10.0.199"), "", None);
        let svi = self.interface(name, "Vlan4091", &json!({ "mtu": 9214 }));
        self.address_on(svi, &of_pair("10.0.3"), "", None);
        let gateway = self.interface(name, "Vlan34", &json!({ "vrf": 1, "mtu": 9164 }));
        self.address_on(gateway, "10.34.34.1/24", "anycast", Some(1));
        let near = self.interface(name, "Ethernet11", &json!({ "mtu": 9214 }));
        let far = self.interface("spine1", &format!("Ethernet{id}"), &json!({ "mtu": 9214 }));
        self.address_on(near, &format!("10.0.1.{}/31", 2 * id + 1), "", None);
        self.address_on(far, &format!("10.0.1.{}/31", 2 * id), "", None);
        let spine = format!("spine1 Ethernet{id}");
        self.cable(&format!("{name} Ethernet11"), &spine);
        self.session(&format!("{name} Ethernet11"), &spine, 65001, 65000, Some(1));
        self.session(&format!("{name} Loopback0"), "spine1 Loopback0", 65001, 65000, Some(2));
    }

    /// Puts an object, read as the answer of a NetBox is.
    pub(super) fn put(&mut self, path: &str, id: Id, mut object: Value) -> Id {
        object["id"] = json!(id);
        self.inventory.put(path, &object.to_string()).unwrap().unwrap()
    }

    /// Puts an object that has no number of its own.
    pub(super) fn add(&mut self, path: &str, object: Value) -> Id {
        self.next += 1;
        self.put(path, self.next, object)
    }

    /// A VLAN of the fabric's group, whose id is its number.
    pub(super) fn vlan(&mut self, vid: u64, name: &str) -> &mut Vlan {
        let vlan = json!({ "vid": vid, "name": name, "group": reference(1), "status": "active" });
        self.put("ipam/vlans", vid, vlan);
        self.inventory.vlans.get_mut(&vid).unwrap()
    }

    /// An L2VPN that ends at a VLAN, with the route target of the VLAN's number.
    pub(super) fn l2vpn(&mut self, vlan: Id, vni: u64) -> Id {
        let targets = json!([reference(vlan)]);
        let id = self.add(
            "vpn/l2vpns",
            json!({ "name": format!("vni-{vni}"), "identifier": vni, "type": "vxlan-evpn", "status": "active", "import_targets": targets, "export_targets": targets }),
        );
        let end = json!({ "l2vpn": reference(id), "assigned_object_type": "ipam.vlan", "assigned_object_id": vlan });
        self.add("vpn/l2vpn-terminations", end);
        id
    }

    /// An interface of a device.
    pub(super) fn interface(&mut self, device: &str, name: &str, more: &Value) -> Id {
        let device =
            self.inventory.devices.values().find(|of| of.name.as_deref() == Some(device)).unwrap().id;
        let kind = if name.starts_with("Ethernet") { "25gbase-x-sfp28" } else { "virtual" };
        let mut object = json!({ "device": reference(device), "name": name, "type": kind, "enabled": true });
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.add("dcim/interfaces", object)
    }

    /// An address on an interface.
    pub(super) fn address_on(&mut self, interface: Id, net: &str, role: &str, vrf: Option<Id>) -> Id {
        let address = json!({
            "address": net, "role": role, "vrf": vrf, "status": "active",
            "assigned_object_type": "dcim.interface", "assigned_object_id": interface,
        });
        self.add("ipam/ip-addresses", address)
    }

    /// An address on `DEVICE INTERFACE`, in the interface's VRF.
    pub(super) fn address(&mut self, on: &str, net: &str, role: &str) -> Id {
        let (id, vrf) = (self.id_of(on), self.on(on).vrf.map(|vrf| vrf.0));
        self.address_on(id, net, role, vrf)
    }

    /// Takes all addresses off `DEVICE INTERFACE`.
    pub(super) fn unaddress(&mut self, on: &str) {
        let id = self.id_of(on);
        self.inventory.addresses.retain(|_, address| address.assigned_object_id != Some(id));
    }

    fn id_of(&mut self, on: &str) -> Id {
        self.on(on).id
    }

    /// `DEVICE INTERFACE`.
    pub(super) fn on(&mut self, on: &str) -> &mut Interface {
        let (device, name) = on.split_once(' ').unwrap();
        let devices = &self.inventory.devices;
        let device = devices.values().find(|of| of.name.as_deref() == Some(device)).unwrap().id;
        let is = |of: &&mut Interface| of.device == Some(Ref(device)) && of.name == name;
        self.inventory.interfaces.values_mut().find(is).unwrap_or_else(|| panic!("no {on}"))
    }

    fn first_address(&mut self, on: &str) -> Id {
        let id = self.id_of(on);
        let mut of = self.inventory.addresses.values();
        of.find(|address| address.assigned_object_id == Some(id)).unwrap().id
    }

    /// The VRF `gold`.
    pub(super) fn gold(&mut self) -> &mut Vrf {
        self.inventory.vrfs.get_mut(&1).unwrap()
    }

    /// The peer group of the underlay (1) or overlay (2).
    pub(super) fn group(&mut self, id: Id) -> &mut PeerGroup {
        self.inventory.peer_groups.get_mut(&id).unwrap()
    }

    fn cable(&mut self, a: &str, b: &str) {
        let mut end = |on: &str| json!([{ "object_type": "dcim.interface", "object_id": self.id_of(on) }]);
        let cable = json!({ "status": "connected", "a_terminations": end(a), "b_terminations": end(b) });
        self.add("dcim/cables", cable);
    }

    /// Both ends of a session between the first addresses of two interfaces.
    fn session(&mut self, a: &str, b: &str, asn_a: u64, asn_b: u64, group: Option<Id>) {
        let ((of_a, first), (of_b, second)) =
            ((self.first_address(a), device(a)), (self.first_address(b), device(b)));
        let ends = [(of_a, first, of_b, second, asn_a, asn_b), (of_b, second, of_a, first, asn_b, asn_a)];
        for (local, device, remote, far, local_as, remote_as) in ends {
            self.end(device, &format!("{device}-{far}"), (local, local_as), (remote, remote_as), group);
        }
    }

    fn end(
        &mut self,
        device: &str,
        name: &str,
        local: (Id, u64),
        remote: (Id, u64),
        group: Option<Id>,
    ) -> Id {
        let device =
            self.inventory.devices.values().find(|of| of.name.as_deref() == Some(device)).unwrap().id;
        let session = json!({
            "name": name, "device": reference(device), "status": "active",
            "local_address": local.0, "local_as": local.1, "remote_address": remote.0, "remote_as": remote.1,
            "peer_group": group,
        });
        self.add("plugins/bgp/session", session)
    }

    /// A session of AS 64999 outside with the first address of an interface.
    pub(super) fn outside(&mut self, on: &str, name: &str, remote: &str) -> &mut Session {
        let (local, vrf) = (self.first_address(on), self.on(on).vrf.map(|vrf| vrf.0));
        let known =
            self.inventory.addresses.values().find(|address| address.address == remote).map(|of| of.id);
        let remote = known.unwrap_or_else(|| {
            self.add("ipam/ip-addresses", json!({ "address": remote, "vrf": vrf, "status": "active" }))
        });
        let id = self.end(device(on), name, (local, 65001), (remote, 64999), None);
        self.inventory.sessions.get_mut(&id).unwrap()
    }

    /// The session of a device with a name.
    pub(super) fn session_of(&mut self, device: Id, purpose: Option<Id>) -> &mut Session {
        let is = |of: &&mut Session| of.device == Some(Ref(device)) && of.peer_group == purpose.map(Ref);
        self.inventory.sessions.values_mut().find(is).unwrap()
    }

    /// Its translation into an empty repository.
    pub(super) fn translated(&self) -> Translation {
        translate(&self.inventory, &Mapping::default(), &Previous::default(), "https://netbox.example")
    }
}

/// The device of `DEVICE INTERFACE`.
fn device(on: &str) -> &str {
    on.split(' ').next().unwrap()
}

/// An edit of the fabric in a table of tests.
pub(super) type Edit = fn(&mut Small);

/// The fabric after an edit, translated.
pub(super) fn after(edit: Edit) -> Translation {
    let mut small = Small::new();
    edit(&mut small);
    small.translated()
}

/// Each objection as `error[code] object: message`, without what is the same in the fabric
/// before the edit.
pub(super) fn said(translation: &Translation) -> Vec<String> {
    let line = |objection: &crate::netbox::objection::Objection| {
        objection.to_string().lines().next().unwrap_or_default().to_owned()
    };
    translation.objections.iter().map(line).collect()
}

/// What a file has that it did not have without the edit, and the other way round, a line
/// each with `+` and `-`.
pub(super) fn difference(translation: &Translation, path: &str) -> Vec<String> {
    let lines = |translation: &Translation| -> BTreeMap<String, usize> {
        let file = translation.files.iter().find(|(name, _)| name.as_str() == path);
        file.into_iter().flat_map(|(_, text)| text.lines().map(str::to_owned)).zip(0..).collect()
    };
    let (before, now) = (lines(&Small::new().translated()), lines(translation));
    let gone = before.keys().filter(|line| !now.contains_key(*line)).map(|line| format!("- {line}"));
    let mut fresh: Vec<_> = now.iter().filter(|(line, _)| !before.contains_key(*line)).collect();
    fresh.sort_by_key(|(_, at)| **at);
    gone.chain(fresh.into_iter().map(|(line, _)| format!("+ {line}"))).collect()
}

#[test]
fn the_small_fabric_is_without_a_fault() {
    let translation = Small::new().translated();
    assert_eq!(said(&translation), Vec::<String>::new());
    let mut cache = crate::intent::Cache::default();
    let loaded =
        cache.load_files(translation.files.iter().map(|(path, text)| (path, text.clone(), text.as_bytes())));
    assert!(!loaded.findings.has_errors(), "{:#?}\n{:#?}", loaded.findings, translation.files);
}

/// Holds a table of edits against what they change in one file: (case, edit, file, lines).
pub(super) fn files(cases: &[(&str, Edit, &str, &[&str])]) {
    for (case, edit, path, expected) in cases {
        let translation = after(*edit);
        assert_eq!(difference(&translation, path), *expected, "{case}: {:#?}", said(&translation));
    }
}

/// Holds a table of edits against all objections that they bring: (case, edit, how each begins).
pub(super) fn objections(cases: &[(&str, Edit, &[&str])]) {
    let mut wrong = Vec::new();
    for (case, edit, expected) in cases {
        let said = said(&after(*edit));
        let fits = said.len() == expected.len()
            && said.iter().zip(*expected).all(|(said, start)| said.starts_with(start));
        if !fits {
            wrong.push(format!("{case}: {said:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_object_that_is_missing_is_no_panic_whichever_it_is() {
    let whole = Small::new().inventory;
    for endpoint in crate::netbox::inventory::ENDPOINTS {
        let mut emptied = Small { inventory: whole.clone(), next: 0 };
        emptied.inventory.clear(endpoint.path);
        emptied.translated();
        let mut small = Small { inventory: whole.clone(), next: 0 };
        for id in (0..1200).chain([64999, 65000, 65001]) {
            if small.inventory.take(endpoint.path, id) {
                small.translated();
                small.inventory.clone_from(&whole);
            }
        }
    }
}
