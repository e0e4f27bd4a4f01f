//! What people do in NetBox, in its own words, with all that NetBox does of itself.
//!
//! Elsewhere: single objects (`content`).

use serde_json::{Value, json};

use super::content::Netbox;
use super::query::id;
use super::synthetic::{choice, object};

impl Netbox {
    /// A new VLAN in the only VLAN group, with a VNI: route target, L2VPN, termination.
    pub(crate) fn add_vlan(&mut self, vid: u64, name: &str, vni: u64) -> u64 {
        let group = self.objects("ipam/vlan-groups").next().map(id).unwrap();
        let role = self.id_of("ipam/roles", "Tenant");
        let tag = self.id_of("extras/tags", "gitops");
        let mut custom =
            self.objects("ipam/vlans").next().map_or(json!({}), |vlan| vlan["custom_fields"].clone());
        for (_, value) in custom.as_object_mut().into_iter().flatten() {
            *value = Value::Null;
        }
        custom["vni"] = json!(vni);
        custom["arp_suppress"] = json!(true);
        let vlan = json!({
            "vid": vid, "name": name, "group": self.brief("ipam/vlan-groups", group), "status": choice("active"),
            "role": self.brief("ipam/roles", role), "tags": [self.brief("extras/tags", tag)],
            "custom_fields": custom,
        });
        let vlan = self.create("ipam/vlans", object("ipam/vlans", &vlan));
        self.terminate(vlan, vni);
        vlan
    }

    /// Gives a VLAN a VNI: a route target and an L2VPN of its own, and the termination. The
    /// VLAN then shows it, without an entry of its own in the log.
    pub(crate) fn terminate(&mut self, vlan: u64, vni: u64) {
        let admin = self.objects("ipam/route-targets").next();
        let admin = admin.and_then(|target| target["name"].as_str()?.split_once(':'));
        let admin = admin.map_or("64900", |(admin, _)| admin).to_owned();
        let target = json!({"name": format!("{admin}:{vni}")});
        let target = self.create("ipam/route-targets", object("ipam/route-targets", &target));
        let target = self.brief("ipam/route-targets", target);
        let name = format!("vni-{vni}");
        let l2vpn = json!({
            "identifier": vni, "name": name, "slug": name, "type": choice("vxlan-evpn"),
            "status": choice("active"), "import_targets": [target], "export_targets": [target],
            "tags": [self.brief("extras/tags", self.id_of("extras/tags", "gitops"))],
        });
        let l2vpn = self.create("vpn/l2vpns", object("vpn/l2vpns", &l2vpn));
        let termination = json!({
            "l2vpn": self.brief("vpn/l2vpns", l2vpn), "assigned_object_type": "ipam.vlan",
            "assigned_object_id": vlan, "assigned_object": self.brief("ipam/vlans", vlan),
        });
        let termination =
            self.create("vpn/l2vpn-terminations", object("vpn/l2vpn-terminations", &termination));
        let shown = self.brief("vpn/l2vpn-terminations", termination);
        self.put(vlan, "ipam/vlans", |vlan| vlan["l2vpn_termination"] = shown);
    }

    /// Another name for the VLAN of this number.
    pub(crate) fn rename_vlan(&mut self, vid: u64, name: &str) {
        let vlan = self.vlan(vid);
        self.update("ipam/vlans", vlan, |vlan| vlan["name"] = json!(name));
    }

    /// The id of the VLAN of this number.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn vlan(&self, vid: u64) -> u64 {
        self.find("ipam/vlans", |vlan| vlan["vid"] == vid).unwrap_or_else(|| panic!("no VLAN {vid}"))
    }

    /// Takes a VLAN away, with its termination and L2VPN.
    pub(crate) fn delete_vlan(&mut self, vid: u64) {
        let vlan = self.vlan(vid);
        let mut gone = Vec::new();
        for termination in self.objects("vpn/l2vpn-terminations") {
            if termination["assigned_object_type"] == "ipam.vlan" && termination["assigned_object_id"] == vlan
            {
                gone.push(("vpn/l2vpn-terminations", id(termination)));
                gone.push(("vpn/l2vpns", id(&termination["l2vpn"])));
            }
        }
        gone.push(("ipam/vlans", vlan));
        self.delete_all(&gone);
    }

    /// Another status for a device: `decommissioning`, `offline`, `active`.
    pub(crate) fn set_device_status(&mut self, device: &str, status: &str) {
        let device = self.id_of("dcim/devices", device);
        self.update("dcim/devices", device, |device| device["status"] = choice(status));
    }

    /// Carries the untagged VLAN of an interface to another number.
    pub(crate) fn set_untagged(&mut self, device: &str, interface: &str, vid: u64) {
        let interface = self.interface(device, interface);
        let vlan = self.brief("ipam/vlans", self.vlan(vid));
        self.update("dcim/interfaces", interface, |interface| interface["untagged_vlan"] = vlan);
    }

    /// Takes a device away as its page does, sessions first (they block the delete): one
    /// request each for those, and one for the device with its interfaces, addresses,
    /// services and MACs. Its cables keep one empty side, and what named it in a custom field
    /// names nothing; neither is in the log.
    pub(crate) fn delete_device(&mut self, name: &str) {
        let device = self.id_of("dcim/devices", name);
        let mine = |netbox: &Self, endpoint: &str, path: &[&str]| -> Vec<u64> {
            let of = |object: &Value| path.iter().fold(object, |value, key| &value[*key]) == &json!(device);
            netbox.objects(endpoint).filter(|object| of(object)).map(id).collect()
        };
        let addresses = mine(self, "ipam/ip-addresses", &["assigned_object", "device", "id"]);
        let uses = |session: &Value| {
            let of = |end: &str| addresses.contains(&id(&session[end]));
            session["device"]["id"] == device || of("local_address") || of("remote_address")
        };
        let sessions: Vec<u64> =
            self.objects("plugins/bgp/session").filter(|session| uses(session)).map(id).collect();
        let editor = self.user().to_owned();
        // all at once: the content is gone through once
        let sessions: Vec<_> = sessions.into_iter().map(|id| ("plugins/bgp/session", id)).collect();
        self.delete_all(&sessions);
        let services = self.objects("ipam/services").filter(|service| {
            service["parent_object_type"] == "dcim.device" && service["parent_object_id"] == device
        });
        let mut gone = vec![("dcim/devices", device)];
        let services: Vec<u64> = services.map(id).collect();
        let all = |endpoint: &'static str, ids: Vec<u64>| ids.into_iter().map(move |id| (endpoint, id));
        gone.extend(all("dcim/interfaces", mine(self, "dcim/interfaces", &["device", "id"])));
        gone.extend(all(
            "ipam/fhrp-group-assignments",
            mine(self, "ipam/fhrp-group-assignments", &["interface", "device", "id"]),
        ));
        gone.extend(all("ipam/ip-addresses", addresses));
        gone.extend(all("ipam/services", services));
        gone.extend(all(
            "dcim/mac-addresses",
            mine(self, "dcim/mac-addresses", &["assigned_object", "device", "id"]),
        ));
        let ends = self.cable_ends(device);
        self.by(&editor, |netbox| {
            netbox.delete_all(&gone);
            for (id, repr, raw) in ends {
                netbox.note("delete", "dcim.cabletermination", id, &repr, &Value::Null, [raw, json!({})]);
            }
        });
    }

    /// The ends of cables at a device, which have ids and entries of their own.
    fn cable_ends(&self, device: u64) -> Vec<(u64, String, Value)> {
        let mut ends = Vec::new();
        for cable in self.objects("dcim/cables") {
            for (number, side) in [("a_terminations", "A"), ("b_terminations", "B")].iter().enumerate() {
                for end in cable[side.0].as_array().into_iter().flatten() {
                    if end["object"]["device"]["id"] != device {
                        continue;
                    }
                    let repr = format!(
                        "Cable {} to {}",
                        cable["display"].as_str().unwrap_or_default(),
                        end["object"]["name"].as_str().unwrap_or_default()
                    );
                    let raw =
                        json!({"cable": id(cable), "cable_end": side.1, "termination_id": end["object_id"]});
                    ends.push((2 * id(cable) - 1 + number as u64, repr, raw));
                }
            }
        }
        ends
    }

    /// Changes the data of a config context; every device's merged context follows, silently.
    pub(crate) fn edit_context(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        let context = self.id_of("extras/config-contexts", name);
        self.update("extras/config-contexts", context, |context| change(&mut context["data"]));
        self.render_contexts();
    }

    /// A new custom field of devices: every device has it, not set.
    pub(crate) fn define_device_field(&mut self, name: &str, kind: &str) {
        let field =
            json!({"name": name, "label": name, "object_types": ["dcim.device"], "type": choice(kind)});
        self.create("extras/custom-fields", object("extras/custom-fields", &field));
        let devices: Vec<u64> = self.objects("dcim/devices").map(id).collect();
        for device in devices {
            self.put(device, "dcim/devices", |device| device["custom_fields"][name] = Value::Null);
        }
    }

    /// Another value for a custom field of an object, by its name.
    pub(crate) fn set_field(&mut self, endpoint: &str, name: &str, field: &str, value: Value) {
        let object = self.id_of(endpoint, name);
        self.update(endpoint, object, |object| object["custom_fields"][field] = value);
    }

    /// Lays a cable between two interfaces.
    pub(super) fn connect(&mut self, cable: u64, ends: [u64; 2]) {
        for (end, side) in ends.into_iter().zip(["A", "B"]) {
            let cable = self.brief("dcim/cables", cable);
            self.put(end, "dcim/interfaces", |interface| {
                interface["cable"] = cable;
                interface["cable_end"] = json!(side);
                interface["_occupied"] = json!(true);
            });
        }
        let short = ends.map(|end| self.brief("dcim/interfaces", end));
        for (end, far) in [(ends[0], &short[1]), (ends[1], &short[0])] {
            self.put(end, "dcim/interfaces", |interface| {
                interface["link_peers"] = json!([far]);
                interface["link_peers_type"] = json!("dcim.interface");
                interface["connected_endpoints"] = json!([far]);
                interface["connected_endpoints_type"] = json!("dcim.interface");
                interface["connected_endpoints_reachable"] = json!(true);
            });
        }
        let [a, b] = short
            .map(|end| json!([{"object_type": "dcim.interface", "object_id": end["id"], "object": end}]));
        self.put(cable, "dcim/cables", |cable| {
            cable["a_terminations"] = a;
            cable["b_terminations"] = b;
        });
    }

    /// Works out every device's `config_context`: active contexts whose scopes fit, by
    /// weight, and the device's own data above all. Lists are replaced.
    pub(crate) fn render_contexts(&mut self) {
        let mut contexts: Vec<Value> = self
            .objects("extras/config-contexts")
            .filter(|context| context["is_active"] == true)
            .cloned()
            .collect();
        contexts.sort_by_key(|context| (context["weight"].as_u64(), context["name"].to_string()));
        let devices: Vec<(u64, Value)> =
            self.objects("dcim/devices").map(|device| (id(device), merged(&contexts, device))).collect();
        for (device, context) in devices {
            self.put(device, "dcim/devices", |device| device["config_context"] = context);
        }
    }
}

fn merged(contexts: &[Value], device: &Value) -> Value {
    let fits = |context: &Value, scope: &str, of: &Value| {
        let scopes = context[scope].as_array().map(Vec::as_slice).unwrap_or_default();
        scopes.is_empty() || scopes.iter().any(|scope| scope["id"] == of["id"])
    };
    let mut result = json!({});
    for context in contexts {
        let scopes = [("sites", "site"), ("roles", "role"), ("platforms", "platform"), ("tenants", "tenant")];
        if scopes.iter().all(|(scope, field)| fits(context, scope, &device[*field])) {
            merge(&mut result, &context["data"]);
        }
    }
    merge(&mut result, &device["local_context_data"]);
    result
}

fn merge(into: &mut Value, from: &Value) {
    let Value::Object(from) = from else { return };
    for (name, value) in from {
        if value.is_object() && into[name.as_str()].is_object() {
            merge(&mut into[name.as_str()], value);
        } else {
            into[name.as_str()] = value.clone();
        }
    }
}
