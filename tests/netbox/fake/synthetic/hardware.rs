//! Devices, their interfaces, and the cables between them.

use serde_json::{Map, Value, json};

use super::{Build, COMMON_VLANS, FABRIC, SPINES, asn, choice, fields, host, leaf, local_vlan, spine};

/// How many pairs have a host that NetBox knows.
pub(super) const HOSTS: usize = 4;

/// What makes an interface; the rest is as usual.
#[derive(Default)]
struct Port {
    kind: &'static str,
    description: String,
    link: &'static str,
    more: Map<String, Value>,
}

impl Port {
    fn new(kind: &'static str, link: &'static str, description: &str, more: &Value) -> Self {
        let more = more.as_object().cloned().unwrap_or_default();
        Self { kind, description: description.to_owned(), link, more }
    }
}

const FAST: &str = "100gbase-x-qsfp28";

impl Build<'_> {
    pub(super) fn hardware(&mut self) {
        for n in 0..SPINES {
            self.spine(n);
        }
        for n in 0..2 * self.pairs {
            self.leaf(n);
        }
        for pair in 0..self.pairs {
            let [first, second] = Self::members(pair);
            self.set_peer(&first, &second);
            self.set_peer(&second, &first);
        }
        for pair in 0..self.pairs.min(HOSTS) {
            self.host(pair);
        }
        self.cables();
    }

    fn device(&mut self, name: &str, role: &str, custom: &Value) -> u64 {
        let server = role == "Server";
        let model = if server { "Storage box" } else { "DCS-7280" };
        let tags: &[&str] = match role {
            "Server" => &[],
            "Leaf" => &["north", "mlag", "gitops"],
            _ => &["north", "gitops"],
        };
        let tags: Vec<Value> = tags.iter().map(|tag| self.named("extras/tags", tag)).collect();
        let mut custom = fields("dcim.device", custom);
        custom["fabric_name"] = json!(FABRIC);
        custom["gitops_managed"] = json!(!server);
        let device = json!({
            "name": name, "device_type": self.named("dcim/device-types", model),
            "role": self.named("dcim/device-roles", role), "site": self.named("dcim/sites", "Nordhafen"),
            "platform": if server { Value::Null } else { self.named("dcim/platforms", "Arista EOS") },
            "tenant": if server { self.named("tenancy/tenants", "Corner Stores") } else { Value::Null },
            "status": choice("active"), "serial": format!("NH-{name}"), "tags": tags, "custom_fields": custom,
        });
        self.add("dcim/devices", &device)
    }

    fn set_peer(&mut self, device: &str, peer: &str) {
        let peer = self.named("dcim/devices", peer);
        let id = self.netbox.id_of("dcim/devices", device);
        self.netbox.put(id, "dcim/devices", |device| device["custom_fields"]["mlag_peer"] = peer);
    }

    fn interface(&mut self, device: &Value, name: &str, port: Port) -> u64 {
        let link = if port.link.is_empty() { json!({}) } else { json!({"link_kind": port.link}) };
        let mut custom = fields("dcim.interface", &link);
        let mut interface = json!({
            "device": device, "name": name, "type": choice(port.kind), "description": port.description,
        });
        for (field, value) in port.more {
            if field == "mlag_id" { custom[field] = value } else { interface[field] = value }
        }
        interface["custom_fields"] = custom;
        let id = self.add("dcim/interfaces", &interface);
        let device = device["name"].as_str().unwrap_or_default().to_owned();
        self.ports.insert((device, name.to_owned()), id);
        id
    }

    fn management(&mut self, device: &Value) {
        let vrf = self.named("ipam/vrfs", "MGMT");
        let more = json!({"vrf": vrf, "mgmt_only": true});
        let id = self.interface(device, "Management0", Port::new("1000base-t", "mgmt", "", &more));
        let number = device["id"].as_u64().unwrap_or(0);
        let address = format!("00:1C:73:A0:{:02X}:{:02X}", number / 256, number % 256);
        let brief = self.netbox.brief("dcim/interfaces", id);
        let address = self.add(
            "dcim/mac-addresses",
            &json!({
                "mac_address": address, "assigned_object_type": "dcim.interface", "assigned_object_id": id,
                "assigned_object": brief,
            }),
        );
        let address = self.netbox.brief("dcim/mac-addresses", address);
        self.netbox.put(id, "dcim/interfaces", |interface| {
            interface["mac_address"] = address["mac_address"].clone();
            interface["primary_mac_address"] = address.clone();
            interface["mac_addresses"] = json!([address]);
        });
    }

    fn spine(&mut self, n: usize) {
        let asn = self.named("ipam/asns", &format!("AS{}", asn(None)));
        let custom = json!({"bgp_asn": asn, "in_service_since": "2024-03-01"});
        let id = self.device(&spine(n), "Spine", &custom);
        let device = self.netbox.brief("dcim/devices", id);
        for other in 0..2 * self.pairs {
            let text = format!("to {} Ethernet{}", leaf(other), 11 + n);
            let port = Port::new(FAST, "underlay", &text, &json!({"mtu": 9214}));
            self.interface(&device, &format!("Ethernet{}", other + 1), port);
        }
        for free in 0..4 {
            let port = Port::new(FAST, "", "", &json!({"enabled": false}));
            self.interface(&device, &format!("Ethernet{}", 2 * self.pairs + free + 1), port);
        }
        self.interface(&device, "Loopback0", Port::new("virtual", "", "Router ID", &Value::Null));
        self.management(&device);
    }

    fn leaf(&mut self, n: usize) {
        let pair = n / 2;
        let asn = self.named("ipam/asns", &format!("AS{}", asn(Some(pair))));
        let custom = json!({"bgp_asn": asn, "mlag_domain_id": format!("rack-{}", pair + 1)});
        let id = self.device(&leaf(n), "Leaf", &custom);
        let device = self.netbox.brief("dcim/devices", id);
        let loopback = |text: &str| Port::new("virtual", "", text, &Value::Null);
        self.interface(&device, "Loopback0", loopback("Router ID"));
        let vtep = self.interface(&device, "Loopback1", loopback("VTEP"));
        let vtep = self.netbox.brief("dcim/interfaces", vtep);
        self.interface(&device, "Vxlan1", Port::new("virtual", "", "VTEP", &json!({"parent": vtep})));
        self.host_ports(&device, pair);
        let trunk = json!({"mode": choice("tagged-all")});
        let link = self.interface(
            &device,
            "Port-Channel999",
            Port::new("lag", "mlag-peer", "MLAG peer link", &trunk),
        );
        let link = json!({"lag": self.netbox.brief("dcim/interfaces", link)});
        for port in ["Ethernet9", "Ethernet10"] {
            self.interface(&device, port, Port::new(FAST, "mlag-peer", "MLAG peer link", &link));
        }
        for uplink in 0..SPINES {
            let text = format!("to {} Ethernet{}", spine(uplink), n + 1);
            let port = Port::new(FAST, "underlay", &text, &json!({"mtu": 9214}));
            self.interface(&device, &format!("Ethernet{}", 11 + uplink), port);
        }
        for (name, link, mtu, text) in
            [("Vlan4090", "mlag-peer", 1500, "MLAG peer"), ("Vlan4091", "underlay", 9214, "MLAG iBGP")]
        {
            self.interface(&device, name, Port::new("virtual", link, text, &json!({"mtu": mtu})));
        }
        for (vid, name, vrf) in COMMON_VLANS {
            let more = json!({"mtu": 9164, "vrf": self.named("ipam/vrfs", vrf)});
            let port = Port::new("virtual", "", &format!("gateway of {name}"), &more);
            self.interface(&device, &format!("Vlan{vid}"), port);
        }
        self.management(&device);
    }

    /// Eight ports: the first two in port channels, the others unused.
    fn host_ports(&mut self, device: &Value, pair: usize) {
        let vlan = |build: &Self, name: &str| build.named("ipam/vlans", name);
        let native = vlan(self, COMMON_VLANS[0].1);
        let rack = vlan(self, &format!("rack-{}", pair / 2 + 1));
        let press = vlan(self, COMMON_VLANS[1].1);
        debug_assert_eq!(rack["vid"], json!(local_vlan(pair)));
        let trunk = json!({
            "mode": choice("tagged"), "untagged_vlan": native, "tagged_vlans": [press, rack], "mlag_id": 1,
        });
        let access = json!({"mode": choice("access"), "untagged_vlan": rack, "mlag_id": 2});
        for (number, text, more) in [(1, host(pair), trunk), (2, format!("printer{}", pair + 1), access)] {
            let lag = self.interface(
                device,
                &format!("Port-Channel{number}"),
                Port::new("lag", "host", &text, &more),
            );
            let more = json!({"lag": self.netbox.brief("dcim/interfaces", lag), "speed": 25_000_000});
            self.interface(
                device,
                &format!("Ethernet{number}"),
                Port::new("25gbase-x-sfp28", "host", &text, &more),
            );
        }
        for number in 3..=8 {
            let port = Port::new("25gbase-x-sfp28", "host", "", &json!({"enabled": false}));
            self.interface(device, &format!("Ethernet{number}"), port);
        }
    }

    fn host(&mut self, pair: usize) {
        let id = self.device(&host(pair), "Server", &json!({}));
        let device = self.netbox.brief("dcim/devices", id);
        let bond = self.interface(&device, "bond0", Port::new("lag", "", "", &Value::Null));
        let more = json!({"lag": self.netbox.brief("dcim/interfaces", bond)});
        for name in ["eth0", "eth1"] {
            self.interface(&device, name, Port::new("25gbase-x-sfp28", "", "", &more));
        }
    }

    fn cables(&mut self) {
        for n in 0..2 * self.pairs {
            for uplink in 0..SPINES {
                let upper = (spine(uplink), format!("Ethernet{}", n + 1));
                self.cable(&upper, &(leaf(n), format!("Ethernet{}", 11 + uplink)));
            }
        }
        for pair in 0..self.pairs {
            let [first, second] = Self::members(pair);
            for port in ["Ethernet9", "Ethernet10"] {
                self.cable(&(first.clone(), port.to_owned()), &(second.clone(), port.to_owned()));
            }
        }
        for pair in 0..self.pairs.min(HOSTS) {
            for (member, port) in Self::members(pair).into_iter().zip(["eth0", "eth1"]) {
                self.cable(&(host(pair), port.to_owned()), &(member, "Ethernet1".to_owned()));
            }
        }
    }

    fn cable(&mut self, a: &(String, String), b: &(String, String)) {
        let ends = [a, b].map(|(device, port)| self.port(device, port));
        let cable = json!({"status": choice("connected"), "a_terminations": [], "b_terminations": []});
        let cable = self.add("dcim/cables", &cable);
        self.netbox.connect(cable, ends);
    }
}
