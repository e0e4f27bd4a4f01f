//! IP addresses of interfaces, first-hop groups, and the gNMI services at primary addresses.

use serde_json::{Value, json};

use super::networks::subnet;
use super::{Build, COMMON_VLANS, SPINES, choice, family, leaf, none, spine};

/// The loopback of a spine or a leaf: its router id.
pub(super) fn router_id(spine: bool, n: usize) -> String {
    if spine { format!("10.90.255.{}/32", n + 1) } else { format!("10.90.{}.{}/32", n / 200, n % 200 + 1) }
}

/// The two ends of the link from a leaf to a spine: the spine's, the leaf's.
pub(super) fn link(uplink: usize, leaf: usize) -> [String; 2] {
    [0, 1].map(|end| format!("10.{}.{}.{}/31", 92 + uplink, leaf / 100, leaf % 100 * 2 + end))
}

/// The iBGP addresses of a pair.
pub(super) fn ibgp(pair: usize) -> [String; 2] {
    [0, 1].map(|end| format!("10.95.{}.{}/31", pair / 100, pair % 100 * 2 + end))
}

impl Build<'_> {
    pub(super) fn addresses(&mut self) {
        for n in 0..SPINES {
            let name = spine(n);
            self.address(&name, "Loopback0", &router_id(true, n), "loopback");
            for other in 0..2 * self.pairs {
                self.address(&name, &format!("Ethernet{}", other + 1), &link(n, other)[0], "");
            }
            self.management_address(&name, &format!("172.20.255.{}/16", n + 1));
        }
        for n in 0..2 * self.pairs {
            self.leaf_addresses(n);
        }
        self.first_hop();
    }

    fn leaf_addresses(&mut self, n: usize) {
        let (name, pair) = (leaf(n), n / 2);
        self.address(&name, "Loopback0", &router_id(false, n), "loopback");
        self.address(&name, "Loopback1", &format!("10.91.0.{}/32", pair + 1), "anycast");
        for uplink in 0..SPINES {
            self.address(&name, &format!("Ethernet{}", 11 + uplink), &link(uplink, n)[1], "");
        }
        let peer = format!("10.94.{}.{}/31", pair / 100, pair % 100 * 2 + n % 2);
        self.address(&name, "Vlan4090", &peer, "");
        self.address(&name, "Vlan4091", &ibgp(pair)[n % 2], "");
        // the second common VLAN has its gateway in a first-hop group
        let (vid, _, _) = COMMON_VLANS[0];
        self.address(&name, &format!("Vlan{vid}"), &subnet(vid).1, "anycast");
        self.address(&name, &format!("Vlan{vid}"), &format!("fd00:{vid}::1/64"), "anycast");
        self.management_address(&name, &format!("172.20.{}.{}/16", n / 200, n % 200 + 1));
    }

    fn address(&mut self, device: &str, interface: &str, address: &str, role: &str) -> u64 {
        let id = self.port(device, interface);
        let dns = if interface == "Loopback0" { format!("{device}.north.example") } else { String::new() };
        let address = json!({
            "address": address, "family": family(address), "status": choice("active"),
            "role": if role.is_empty() { none() } else { choice(role) },
            "vrf": self.netbox.get("dcim/interfaces", id)["vrf"], "dns_name": dns,
            "assigned_object_type": "dcim.interface", "assigned_object_id": id,
            "assigned_object": self.netbox.brief("dcim/interfaces", id),
        });
        self.add("ipam/ip-addresses", &address)
    }

    /// The address by which a device is managed, and its gNMI service.
    fn management_address(&mut self, device: &str, address: &str) {
        let address = self.address(device, "Management0", address, "");
        let short = self.netbox.brief("ipam/ip-addresses", address);
        let id = self.netbox.id_of("dcim/devices", device);
        let mut primary = short.clone();
        primary["nat_inside"] = Value::Null;
        primary["nat_outside"] = json!([]);
        self.netbox.put(id, "dcim/devices", |device| {
            device["primary_ip"] = primary.clone();
            device["primary_ip4"] = primary;
        });
        let service = json!({
            "name": "gnmi", "protocol": choice("tcp"), "ports": [6030], "ipaddresses": [short],
            "parent_object_type": "dcim.device", "parent_object_id": id,
            "parent": self.netbox.brief("dcim/devices", id),
        });
        self.add("ipam/services", &service);
    }

    fn first_hop(&mut self) {
        let (vid, name, _) = COMMON_VLANS[1];
        let (_, gateway) = subnet(vid);
        let group =
            json!({"name": format!("varp-{name}"), "protocol": "other", "group_id": vid, "ip_addresses": []});
        let group = self.add("ipam/fhrp-groups", &group);
        let short = self.netbox.brief("ipam/fhrp-groups", group);
        let address = json!({
            "address": gateway, "family": family(&gateway), "status": choice("active"), "role": choice("vip"),
            "vrf": self.named("ipam/vrfs", COMMON_VLANS[1].2), "assigned_object_type": "ipam.fhrpgroup",
            "assigned_object_id": group, "assigned_object": short,
        });
        let address = self.add("ipam/ip-addresses", &address);
        let address = self.netbox.brief("ipam/ip-addresses", address);
        self.netbox.put(group, "ipam/fhrp-groups", |group| group["ip_addresses"] = json!([address]));
        for n in 0..2 * self.pairs {
            let id = self.port(&leaf(n), &format!("Vlan{vid}"));
            let assignment = json!({
                "group": short, "interface_type": "dcim.interface", "interface_id": id,
                "interface": self.netbox.brief("dcim/interfaces", id), "priority": 100,
            });
            self.add("ipam/fhrp-group-assignments", &assignment);
        }
    }
}
