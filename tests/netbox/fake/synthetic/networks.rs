//! Route targets, VRFs, VLANs, their VNIs, and prefixes.

use serde_json::{Value, json};

use super::{Build, COMMON_VLANS, choice, family, fields, local_vlan, none, unset, vni};

/// VRFs of tenants: name, L3 VNI, VLAN of the L3 VNI.
pub(super) const VRFS: [(&str, u64, u64); 2] = [("retail", 50_001, 3001), ("plant", 50_002, 3002)];

/// The network of a VLAN, and its gateway.
pub(super) fn subnet(vid: u64) -> (String, String) {
    let (high, low) = (128 + vid / 250, vid % 250);
    (format!("10.{high}.{low}.0/24"), format!("10.{high}.{low}.1/24"))
}

impl Build<'_> {
    pub(super) fn networks(&mut self) {
        let tenant = self.named("tenancy/tenants", "Corner Stores");
        for (name, vni, vlan) in VRFS {
            let target = self.route_target(&format!("64900:{vni}"));
            let custom = json!({"l3vni": vni, "l3vni_vlan": vlan, "redistribute": ["ipv4", "evpn"]});
            let vrf = json!({
                "name": name, "rd": format!("64900:{vni}"), "tags": [self.named("extras/tags", "gitops")],
                "import_targets": [target], "export_targets": [target],
                "tenant": if name == "retail" { tenant.clone() } else { none() },
                "custom_fields": fields("ipam.vrf", &custom),
            });
            self.add("ipam/vrfs", &vrf);
        }
        let custom = unset("ipam.vrf");
        let management =
            json!({"name": "MGMT", "import_targets": [], "export_targets": [], "custom_fields": custom});
        self.add("ipam/vrfs", &management);

        let site = self.named("dcim/sites", "Nordhafen");
        let group = json!({
            "name": "north", "slug": "north", "scope_type": "dcim.site", "scope_id": site["id"], "scope": site,
            "vid_ranges": [[2, 4094]], "total_vlan_ids": 4093,
        });
        self.add("ipam/vlan-groups", &group);
        for (vid, name, _) in COMMON_VLANS {
            self.vlan_with_vni(vid, name);
        }
        for pair in (0..self.pairs).step_by(2) {
            self.vlan_with_vni(local_vlan(pair), &format!("rack-{}", pair / 2 + 1));
        }
        for (vid, name) in [(4090, "mlag-peer"), (4091, "mlag-ibgp")] {
            let custom = fields("ipam.vlan", &json!({"trunk_groups": ["mlag-peer"]}));
            self.vlan(vid, name, "Infrastructure", &custom);
        }
        self.prefixes();
    }

    /// A new route target, whole: VRFs show theirs so.
    fn route_target(&mut self, name: &str) -> Value {
        let id = self.add("ipam/route-targets", &json!({"name": name}));
        self.netbox.get("ipam/route-targets", id).clone()
    }

    fn vlan(&mut self, vid: u64, name: &str, role: &str, custom: &Value) -> u64 {
        let group = self.named("ipam/vlan-groups", "north");
        let role = self.named("ipam/roles", role);
        let tag = self.named("extras/tags", "gitops");
        let vlan = json!({
            "vid": vid, "name": name, "group": group, "status": choice("active"), "role": role, "tags": [tag],
            "custom_fields": custom,
        });
        self.add("ipam/vlans", &vlan)
    }

    fn vlan_with_vni(&mut self, vid: u64, name: &str) {
        let custom = fields("ipam.vlan", &json!({"vni": vni(vid), "arp_suppress": true}));
        let vlan = self.vlan(vid, name, "Tenant", &custom);
        self.netbox.terminate(vlan, vni(vid));
    }

    fn prefixes(&mut self) {
        for prefix in ["10.90.0.0/16", "10.91.0.0/16"] {
            self.prefix(prefix, "Loopback", &none(), &none());
        }
        self.prefix("10.92.0.0/14", "Infrastructure", &none(), &none());
        for (vid, name, vrf) in COMMON_VLANS {
            let (vlan, vrf) = (self.named("ipam/vlans", name), self.named("ipam/vrfs", vrf));
            self.prefix(&subnet(vid).0, "Tenant", &vrf, &vlan);
        }
    }

    fn prefix(&mut self, prefix: &str, role: &str, vrf: &Value, vlan: &Value) {
        let site = self.named("dcim/sites", "Nordhafen");
        let prefix = json!({
            "prefix": prefix, "family": family(prefix), "status": choice("active"),
            "role": self.named("ipam/roles", role), "scope_type": "dcim.site", "scope_id": site["id"],
            "scope": site, "vrf": vrf, "vlan": vlan, "is_pool": false, "mark_utilized": false, "_depth": 0,
            "children": 0,
        });
        self.add("ipam/prefixes", &prefix);
    }
}
