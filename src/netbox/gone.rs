//! What refers to objects that were deleted: NetBox empties such references, mostly without
//! an entry for the holder in its change log.
//!
//! Here: the same, done to what was read before. Elsewhere: what was deleted (`changes`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::inventory::{ENDPOINTS, Inventory};
use super::objects::Termination;
use super::wire::{CustomFields, Id, Ref, Refs};

/// Deleted objects by the path of their list.
#[derive(Debug, Default)]
pub(super) struct Gone(BTreeMap<&'static str, BTreeSet<Id>>);

impl Gone {
    /// Adds an object of a list.
    pub(super) fn add(&mut self, list: &'static str, id: Id) {
        self.0.entry(list).or_default().insert(id);
    }

    /// Whether nothing was deleted.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, list: &str, id: Id) -> bool {
        self.0.get(list).is_some_and(|ids| ids.contains(&id))
    }
}

/// Something that may refer to objects of a list.
trait Holder {
    /// Lets go what is gone.
    fn release(&mut self, list: &str, gone: &Gone);
}

impl Holder for Option<Ref> {
    fn release(&mut self, list: &str, gone: &Gone) {
        if self.is_some_and(|Ref(id)| gone.has(list, id)) {
            *self = None;
        }
    }
}

impl Holder for Refs {
    fn release(&mut self, list: &str, gone: &Gone) {
        self.retain(|Ref(id)| !gone.has(list, *id));
    }
}

impl Holder for Vec<Termination> {
    fn release(&mut self, _: &str, gone: &Gone) {
        self.retain(|end| {
            let list = ENDPOINTS.iter().find(|list| list.object_type == end.object_type);
            !list.is_some_and(|list| gone.has(list.path, end.object_id))
        });
    }
}

impl Holder for CustomFields {
    fn release(&mut self, _: &str, gone: &Gone) {
        let is_gone = |value: &Value| {
            let list = value.get("list").and_then(Value::as_str);
            let id = value.get("id").and_then(Value::as_u64);
            list.zip(id).is_some_and(|(list, id)| gone.has(list, id))
        };
        self.retain(|_, value| {
            if let Value::Array(values) = value {
                values.retain(|value| !is_gone(value));
            }
            !is_gone(value)
        });
    }
}

/// Which fields refer to which list; custom fields and cables say it themselves.
macro_rules! references {
    ($( $table:ident { $( $field:ident: $list:literal, )* } )*) => {
        impl Inventory {
            /// Empties all references to what is gone.
            pub(super) fn release(&mut self, gone: &Gone) {
                if gone.is_empty() {
                    return;
                }
                $( for object in self.$table.values_mut() {
                    $( object.$field.release($list, gone); )*
                } )*
            }
        }
    };
}

references! {
    interfaces {
        device: "dcim/devices",
        untagged_vlan: "ipam/vlans",
        tagged_vlans: "ipam/vlans",
        lag: "dcim/interfaces",
        parent: "dcim/interfaces",
        vrf: "ipam/vrfs",
        custom_fields: "",
        tags: "extras/tags",
    }
    addresses { vrf: "ipam/vrfs", }
    sessions {
        device: "dcim/devices",
        local_address: "ipam/ip-addresses",
        remote_address: "ipam/ip-addresses",
        local_as: "ipam/asns",
        remote_as: "ipam/asns",
        peer_group: "plugins/bgp/peer-group",
        import_policies: "plugins/bgp/routing-policy",
        export_policies: "plugins/bgp/routing-policy",
        prefix_list_in: "plugins/bgp/prefix-list",
        prefix_list_out: "plugins/bgp/prefix-list",
        custom_fields: "",
    }
    devices {
        role: "dcim/device-roles",
        platform: "dcim/platforms",
        site: "dcim/sites",
        tenant: "tenancy/tenants",
        primary_ip4: "ipam/ip-addresses",
        tags: "extras/tags",
        custom_fields: "",
    }
    cables { a_terminations: "", b_terminations: "", }
    vrfs {
        tenant: "tenancy/tenants",
        import_targets: "ipam/route-targets",
        export_targets: "ipam/route-targets",
        tags: "extras/tags",
        custom_fields: "",
    }
    vlans {
        group: "ipam/vlan-groups",
        site: "dcim/sites",
        tenant: "tenancy/tenants",
        tags: "extras/tags",
        custom_fields: "",
    }
    prefixes { vrf: "ipam/vrfs", vlan: "ipam/vlans", }
    fhrp_assignments { group: "ipam/fhrp-groups", }
    services { device: "dcim/devices", }
    l2vpns {
        import_targets: "ipam/route-targets",
        export_targets: "ipam/route-targets",
        tenant: "tenancy/tenants",
        custom_fields: "",
    }
    l2vpn_terminations { l2vpn: "vpn/l2vpns", }
    peer_groups {
        import_policies: "plugins/bgp/routing-policy",
        export_policies: "plugins/bgp/routing-policy",
        prefix_list_in: "plugins/bgp/prefix-list",
        prefix_list_out: "plugins/bgp/prefix-list",
        custom_fields: "",
    }
    policy_rules {
        routing_policy: "plugins/bgp/routing-policy",
        match_community: "plugins/bgp/community",
        match_community_list: "plugins/bgp/community-list",
        match_aspath_list: "plugins/bgp/aspath-list",
        match_ip_address: "plugins/bgp/prefix-list",
        match_ipv6_address: "plugins/bgp/prefix-list",
    }
    prefix_rules { prefix_list: "plugins/bgp/prefix-list", prefix: "ipam/prefixes", }
    community_rules { community_list: "plugins/bgp/community-list", community: "plugins/bgp/community", }
    as_path_rules { aspath_list: "plugins/bgp/aspath-list", }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_what_is_gone_are_emptied_and_no_others() {
        let mut inventory = Inventory::default();
        for (list, json) in [
            (
                "dcim/interfaces",
                r#"{"id": 1, "untagged_vlan": {"id": 5}, "tagged_vlans": [{"id": 5}, {"id": 6}], "vrf": 5}"#,
            ),
            (
                "dcim/devices",
                r#"{"id": 9, "custom_fields": {"mlag_peer": {"id": 10, "url": "http://n/api/dcim/devices/10/"},
                    "asn": {"id": 10, "url": "http://n/api/ipam/asns/10/"},
                    "more": [{"id": 10, "url": "/api/dcim/devices/10/"}, {"id": 11, "url": "/api/dcim/devices/11/"}]}}"#,
            ),
            (
                "dcim/cables",
                r#"{"id": 3, "a_terminations": [{"object_type": "dcim.interface", "object_id": 7}],
                    "b_terminations": [{"object_type": "dcim.frontport", "object_id": 7}]}"#,
            ),
        ] {
            inventory.put(list, json).unwrap().unwrap();
        }
        let mut gone = Gone::default();
        for (list, id) in [("ipam/vlans", 5), ("dcim/devices", 10), ("dcim/interfaces", 7)] {
            gone.add(list, id);
        }
        inventory.release(&gone);
        let interface = &inventory.interfaces[&1];
        assert_eq!((interface.untagged_vlan, interface.vrf), (None, Some(Ref(5))));
        assert_eq!(*interface.tagged_vlans, [Ref(6)]);
        let fields = serde_json::to_value(&inventory.devices[&9].custom_fields).unwrap();
        assert_eq!(
            fields,
            serde_json::json!({"asn": {"id": 10, "list": "ipam/asns"}, "more": [{"id": 11, "list": "dcim/devices"}]})
        );
        let cable = &inventory.cables[&3];
        assert_eq!((cable.a_terminations.len(), cable.b_terminations.len()), (0, 1));
    }
}
