//! What stands above the fabric: site, roles, types, tenants, tags, custom fields, config
//! contexts, AS numbers.

use serde_json::json;

use super::{Build, asn, choice};

/// Custom fields: name, object type, type, type of the object that it names.
pub(super) const FIELDS: [(&str, &str, &str, Option<&str>); 15] = [
    ("fabric_name", "dcim.device", "text", None),
    ("bgp_asn", "dcim.device", "object", Some("ipam.asn")),
    ("mlag_domain_id", "dcim.device", "text", None),
    ("mlag_peer", "dcim.device", "object", Some("dcim.device")),
    ("gitops_managed", "dcim.device", "boolean", None),
    ("in_service_since", "dcim.device", "date", None),
    ("link_kind", "dcim.interface", "select", None),
    ("mlag_id", "dcim.interface", "integer", None),
    ("vni", "ipam.vlan", "integer", None),
    ("arp_suppress", "ipam.vlan", "boolean", None),
    ("trunk_groups", "ipam.vlan", "json", None),
    ("l3vni", "ipam.vrf", "integer", None),
    ("l3vni_vlan", "ipam.vrf", "integer", None),
    ("redistribute", "ipam.vrf", "multiselect", None),
    ("deployed_on", "ipam.vrf", "multiobject", Some("dcim.device")),
];

impl Build<'_> {
    pub(super) fn organisation(&mut self) {
        for name in ["north", "gitops", "mlag", "maintenance"] {
            self.add("extras/tags", &json!({"name": name, "slug": name, "color": "607d8b", "weight": 1000}));
        }
        for (name, of, kind, related) in FIELDS {
            let field = json!({
                "name": name, "label": name.replace('_', " "), "object_types": [of], "type": choice(kind),
                "related_object_type": related,
            });
            self.add("extras/custom-fields", &field);
        }
        let named = |name: &str, slug: &str| json!({"name": name, "slug": slug});
        self.add("tenancy/tenants", &named("Corner Stores", "corner-stores"));
        self.add("dcim/sites", &json!({"name": "Nordhafen", "slug": "nh1", "status": choice("active")}));
        self.add("dcim/manufacturers", &named("Arista", "arista"));
        self.add("dcim/platforms", &named("Arista EOS", "eos"));
        for (name, slug) in [("Spine", "spine"), ("Leaf", "leaf"), ("Server", "server")] {
            self.add("dcim/device-roles", &named(name, slug));
        }
        let maker = self.named("dcim/manufacturers", "Arista");
        for (model, slug) in [("DCS-7280", "dcs-7280"), ("Storage box", "storage-box")] {
            self.add("dcim/device-types", &json!({"model": model, "slug": slug, "manufacturer": maker}));
        }
        for (name, slug) in [("Infrastructure", "infra"), ("Tenant", "tenant"), ("Loopback", "loopback")] {
            self.add("ipam/roles", &named(name, slug));
        }
        self.add("ipam/rirs", &json!({"name": "RFC 6996", "slug": "rfc-6996", "is_private": true}));
        let rir = self.named("ipam/rirs", "RFC 6996");
        for pair in std::iter::once(None).chain((0..self.pairs).map(Some)) {
            self.add("ipam/asns", &json!({"asn": asn(pair), "rir": rir}));
        }
        self.contexts();
    }

    fn contexts(&mut self) {
        let site = self.named("dcim/sites", "Nordhafen");
        let base = json!({
            "dns": {"domain": "north.example", "servers": ["10.80.0.53"]},
            "ntp": {"vrf": "MGMT", "servers": ["10.80.0.123", "10.80.1.123"]},
            "syslog": {"hosts": [{"host": "10.80.0.14", "port": 514}], "level": "informational"},
        });
        let leafs = json!({
            "bgp": {"distance": [20, 200, 200], "maximum_paths": 4},
            "anycast_gateway_mac": "00:1c:73:aa:00:01",
        });
        let spines = json!({"bgp": {"maximum_paths": 64, "peer_filter": {"NORTH-LEAFS": "64901-65100"}}});
        let leaf = self.named("dcim/device-roles", "Leaf");
        let spine = self.named("dcim/device-roles", "Spine");
        for (name, weight, scope, of, data) in [
            ("north-base", 1000, "sites", site, base),
            ("north-leafs", 2000, "roles", leaf, leafs),
            ("north-spines", 2000, "roles", spine, spines),
        ] {
            let mut context = json!({"name": name, "weight": weight, "data": data});
            context[scope] = json!([of]);
            self.add("extras/config-contexts", &context);
        }
    }
}
