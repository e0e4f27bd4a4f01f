//! The fields of NetBox's objects with nothing set, model by model, as version 4.6 has them.

use serde_json::{Map, Value, json};

/// `{"value", "label"}`; the label is of no matter.
pub(crate) fn choice(value: &str) -> Value {
    let mut label = value.to_owned();
    if let Some(first) = label.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    json!({"value": value, "label": label})
}

/// An address or prefix family.
pub(crate) fn family(text: &str) -> Value {
    if text.contains(':') {
        json!({"value": 6, "label": "IPv6"})
    } else {
        json!({"value": 4, "label": "IPv4"})
    }
}

/// `with` upon the empty fields of an endpoint's model.
pub(crate) fn object(endpoint: &str, with: &Value) -> Value {
    let mut map = Map::new();
    let mut set = |names: &[&str], value: &Value| {
        for name in names {
            map.insert((*name).to_owned(), value.clone());
        }
    };
    if !endpoint.starts_with("plugins/") {
        set(&["owner"], &Value::Null);
    }
    set(&["description", "comments"], &json!(""));
    set(&["tags"], &json!([]));
    set(&["custom_fields"], &json!({}));
    let empty = json!("");
    let none = Value::Null;
    let list = json!([]);
    match endpoint {
        "dcim/sites" => {
            set(&["facility", "physical_address", "shipping_address"], &empty);
            set(&["region", "group", "tenant", "time_zone", "latitude", "longitude"], &none);
            set(&["asns"], &list);
        }
        "dcim/platforms" | "dcim/device-roles" => {
            set(&["parent", "config_template", "manufacturer"], &none);
            set(&["color"], &json!("607d8b"));
            set(&["vm_role"], &json!(true));
            set(&["_depth"], &json!(0));
        }
        "dcim/device-types" => {
            let names = [
                "airflow",
                "default_platform",
                "subdevice_role",
                "weight",
                "weight_unit",
                "front_image",
                "rear_image",
            ];
            set(&names, &none);
            set(&["part_number"], &empty);
            set(&["u_height"], &json!(1.0));
            set(&["is_full_depth"], &json!(true));
            set(&["exclude_from_utilization"], &json!(false));
        }
        "ipam/fhrp-groups" => {
            set(&["auth_type"], &none);
            set(&["auth_key"], &empty);
        }
        "ipam/roles" | "plugins/bgp/routing-policy" => set(&["weight"], &json!(1000)),
        "tenancy/tenants" => set(&["group"], &none),
        "extras/tags" => {
            set(&["object_types"], &list);
            set(&["tagged_items"], &json!(0));
        }
        "dcim/devices" => {
            set(
                &[
                    "tenant",
                    "platform",
                    "asset_tag",
                    "location",
                    "rack",
                    "position",
                    "face",
                    "latitude",
                    "longitude",
                    "parent_device",
                    "airflow",
                    "primary_ip",
                    "primary_ip4",
                    "primary_ip6",
                    "oob_ip",
                    "cluster",
                    "virtual_chassis",
                    "vc_position",
                    "vc_priority",
                    "config_template",
                    "local_context_data",
                ],
                &none,
            );
            set(&["serial"], &empty);
            set(&["config_context"], &json!({}));
        }
        "dcim/interfaces" => {
            set(
                &[
                    "module",
                    "parent",
                    "bridge",
                    "lag",
                    "mtu",
                    "mac_address",
                    "primary_mac_address",
                    "speed",
                    "duplex",
                    "wwn",
                    "mode",
                    "rf_role",
                    "rf_channel",
                    "poe_mode",
                    "poe_type",
                    "rf_channel_frequency",
                    "rf_channel_width",
                    "tx_power",
                    "untagged_vlan",
                    "qinq_svlan",
                    "vlan_translation_policy",
                    "cable",
                    "cable_end",
                    "wireless_link",
                    "link_peers_type",
                    "vrf",
                    "l2vpn_termination",
                    "connected_endpoints",
                    "connected_endpoints_type",
                ],
                &none,
            );
            set(
                &[
                    "vdcs",
                    "bridge_interfaces",
                    "mac_addresses",
                    "tagged_vlans",
                    "link_peers",
                    "wireless_lans",
                ],
                &list,
            );
            set(&["label"], &empty);
            set(
                &["mgmt_only", "mark_connected", "connected_endpoints_reachable", "_occupied"],
                &json!(false),
            );
            set(&["enabled"], &json!(true));
        }
        "dcim/cables" => {
            set(&["profile", "tenant", "bundle", "length", "length_unit"], &none);
            set(&["type", "color", "label"], &empty);
        }
        "ipam/asns" => {
            set(&["tenant", "role"], &none);
            set(&["sites"], &list);
        }
        "ipam/vlan-groups" => {
            set(&["tenant"], &none);
            set(&["utilization"], &json!("0.17"));
        }
        "ipam/prefixes" => set(&["vrf", "vlan", "tenant", "role"], &none),
        "ipam/ip-addresses" => {
            set(&["vrf", "tenant", "role", "nat_inside"], &none);
            set(&["nat_outside"], &list);
            set(&["dns_name"], &empty);
        }
        "ipam/vlans" => {
            let names = ["site", "tenant", "role", "qinq_role", "qinq_svlan", "l2vpn_termination"];
            set(&names, &none);
        }
        "ipam/vrfs" => {
            set(&["rd", "tenant"], &none);
            set(&["enforce_unique"], &json!(true));
        }
        "ipam/route-targets" | "vpn/l2vpns" => set(&["tenant"], &none),
        "extras/config-contexts" => {
            set(
                &[
                    "regions",
                    "site_groups",
                    "sites",
                    "locations",
                    "device_types",
                    "roles",
                    "platforms",
                    "cluster_types",
                    "cluster_groups",
                    "clusters",
                    "tenant_groups",
                    "tenants",
                ],
                &list,
            );
            set(&["profile", "data_source", "data_file", "data_synced"], &none);
            set(&["data_path"], &empty);
            set(&["is_active"], &json!(true));
        }
        "extras/custom-fields" => {
            set(
                &[
                    "related_object_type",
                    "default",
                    "validation_minimum",
                    "validation_maximum",
                    "choice_set",
                    "validation_schema",
                    "related_object_filter",
                ],
                &none,
            );
            set(&["required", "unique", "is_cloneable"], &json!(false));
            set(&["weight", "search_weight"], &json!(100));
            set(&["group_name", "validation_regex"], &empty);
            set(&["data_type"], &json!("string"));
            set(&["filter_logic"], &choice("loose"));
            set(&["ui_visible", "ui_editable"], &choice("always"));
        }
        "plugins/bgp/session" => {
            set(
                &[
                    "site",
                    "tenant",
                    "device",
                    "virtualmachine",
                    "remote_as_macro",
                    "peer_group",
                    "max_prefixes",
                    "prefix_list_in",
                    "prefix_list_out",
                ],
                &none,
            );
            set(&["import_policies", "export_policies"], &list);
            set(&["extra_attributes"], &json!({}));
        }
        "plugins/bgp/peer-group" => {
            set(&["local_as", "remote_as", "prefix_list_in", "prefix_list_out"], &none);
            set(&["import_policies", "export_policies"], &list);
            set(&["extra_attributes"], &json!({}));
        }
        "plugins/bgp/routing-policy-rule" => {
            set(
                &[
                    "match_ip_address",
                    "match_ipv6_address",
                    "match_community",
                    "match_community_list",
                    "match_aspath_list",
                ],
                &list,
            );
            set(&["match_custom", "set_actions", "continue_entry"], &none);
        }
        "plugins/bgp/prefix-list-rule" => set(&["prefix", "prefix_custom", "ge", "le"], &none),
        "plugins/bgp/community" => set(&["tenant", "site", "role"], &none),
        _ => {}
    }
    if let Value::Object(with) = with {
        map.extend(with.clone());
    }
    Value::Object(map)
}
