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

/// What stands in a field that nobody set.
#[derive(Clone, Copy)]
enum Unset {
    Null,
    Text,
    List,
    Map,
    No,
    Yes,
    Number(u32),
    Choice(&'static str),
}

impl Unset {
    fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text => json!(""),
            Self::List => json!([]),
            Self::Map => json!({}),
            Self::No => json!(false),
            Self::Yes => json!(true),
            Self::Number(number) => json!(number),
            Self::Choice(value) => choice(value),
        }
    }
}

use Unset::{Choice, List, Map as Object, No, Null, Number, Text, Yes};

/// The fields of a model that are not in all: endpoint, what stands there, names.
const FIELDS: [(&str, Unset, &str); 59] = [
    ("dcim/sites", Text, "facility physical_address shipping_address"),
    ("dcim/sites", Null, "region group tenant time_zone latitude longitude"),
    ("dcim/sites", List, "asns"),
    ("dcim/platforms", Null, "parent config_template manufacturer"),
    ("dcim/platforms", Number(0), "_depth"),
    ("dcim/device-roles", Null, "parent config_template"),
    ("dcim/device-roles", Text, "color"),
    ("dcim/device-roles", Yes, "vm_role"),
    ("dcim/device-roles", Number(0), "_depth"),
    (
        "dcim/device-types",
        Null,
        "airflow default_platform subdevice_role weight weight_unit front_image rear_image",
    ),
    ("dcim/device-types", Text, "part_number"),
    ("dcim/device-types", Number(1), "u_height"),
    ("dcim/device-types", Yes, "is_full_depth"),
    ("dcim/device-types", No, "exclude_from_utilization"),
    (
        "dcim/devices",
        Null,
        "tenant platform asset_tag location rack position face latitude longitude parent_device",
    ),
    (
        "dcim/devices",
        Null,
        "airflow primary_ip primary_ip4 primary_ip6 oob_ip cluster virtual_chassis vc_position",
    ),
    ("dcim/devices", Null, "vc_priority config_template local_context_data"),
    ("dcim/devices", Text, "serial"),
    ("dcim/devices", Object, "config_context"),
    (
        "dcim/interfaces",
        Null,
        "module parent bridge lag mtu mac_address primary_mac_address speed duplex wwn mode",
    ),
    (
        "dcim/interfaces",
        Null,
        "rf_role rf_channel poe_mode poe_type rf_channel_frequency rf_channel_width tx_power",
    ),
    (
        "dcim/interfaces",
        Null,
        "untagged_vlan qinq_svlan vlan_translation_policy cable cable_end wireless_link vrf",
    ),
    (
        "dcim/interfaces",
        Null,
        "link_peers_type l2vpn_termination connected_endpoints connected_endpoints_type",
    ),
    ("dcim/interfaces", List, "vdcs bridge_interfaces mac_addresses tagged_vlans link_peers wireless_lans"),
    ("dcim/interfaces", Text, "label"),
    ("dcim/interfaces", No, "mgmt_only mark_connected connected_endpoints_reachable _occupied"),
    ("dcim/interfaces", Yes, "enabled"),
    ("dcim/cables", Null, "profile tenant bundle length length_unit"),
    ("dcim/cables", Text, "type color label"),
    ("ipam/asns", Null, "tenant role"),
    ("ipam/asns", List, "sites"),
    ("ipam/roles", Number(1000), "weight"),
    ("ipam/prefixes", Null, "vrf vlan tenant role"),
    ("ipam/ip-addresses", Null, "vrf tenant role nat_inside"),
    ("ipam/ip-addresses", List, "nat_outside"),
    ("ipam/ip-addresses", Text, "dns_name"),
    ("ipam/fhrp-groups", Null, "auth_type"),
    ("ipam/fhrp-groups", Text, "auth_key"),
    ("ipam/vlan-groups", Null, "tenant"),
    ("ipam/vlan-groups", Text, "utilization"),
    ("ipam/vlans", Null, "site tenant role qinq_role qinq_svlan l2vpn_termination"),
    ("ipam/vrfs", Null, "rd tenant"),
    ("ipam/vrfs", Yes, "enforce_unique"),
    ("ipam/route-targets", Null, "tenant"),
    ("vpn/l2vpns", Null, "tenant"),
    ("tenancy/tenants", Null, "group"),
    ("extras/tags", List, "object_types"),
    ("extras/tags", Number(0), "tagged_items"),
    (
        "extras/config-contexts",
        List,
        "regions site_groups sites locations device_types roles platforms tenants",
    ),
    ("extras/config-contexts", List, "cluster_types cluster_groups clusters tenant_groups"),
    ("extras/config-contexts", Null, "profile data_source data_file data_synced"),
    ("extras/config-contexts", Text, "data_path"),
    ("extras/config-contexts", Yes, "is_active"),
    (
        "extras/custom-fields",
        Null,
        "related_object_type default choice_set validation_schema related_object_filter",
    ),
    ("extras/custom-fields", Null, "validation_minimum validation_maximum"),
    ("extras/custom-fields", No, "required unique is_cloneable"),
    ("extras/custom-fields", Number(100), "weight search_weight"),
    ("extras/custom-fields", Text, "group_name validation_regex data_type"),
    ("extras/custom-fields", Choice("loose"), "filter_logic ui_visible ui_editable"),
];

/// The same for netbox-bgp.
const PLUGIN_FIELDS: [(&str, Unset, &str); 12] = [
    (
        "plugins/bgp/session",
        Null,
        "site tenant device virtualmachine remote_as_macro peer_group max_prefixes",
    ),
    ("plugins/bgp/session", Null, "prefix_list_in prefix_list_out"),
    ("plugins/bgp/session", List, "import_policies export_policies"),
    ("plugins/bgp/session", Object, "extra_attributes"),
    ("plugins/bgp/peer-group", Null, "local_as remote_as prefix_list_in prefix_list_out"),
    ("plugins/bgp/peer-group", List, "import_policies export_policies"),
    ("plugins/bgp/peer-group", Object, "extra_attributes"),
    ("plugins/bgp/routing-policy", Number(1000), "weight"),
    (
        "plugins/bgp/routing-policy-rule",
        List,
        "match_ip_address match_ipv6_address match_community match_community_list match_aspath_list",
    ),
    ("plugins/bgp/routing-policy-rule", Null, "match_custom set_actions continue_entry"),
    ("plugins/bgp/prefix-list-rule", Null, "prefix prefix_custom ge le"),
    ("plugins/bgp/community", Null, "tenant site role"),
];

/// `with` upon the unset fields of an endpoint's model.
pub(crate) fn object(endpoint: &str, with: &Value) -> Value {
    let mut map = Map::new();
    let mut set = |unset: Unset, names: &str| {
        map.extend(names.split(' ').map(|name| (name.to_owned(), unset.value())));
    };
    set(Text, "description comments");
    set(List, "tags");
    set(Object, "custom_fields");
    if !endpoint.starts_with("plugins/") {
        set(Null, "owner");
    }
    for (_, unset, names) in FIELDS.iter().chain(&PLUGIN_FIELDS).filter(|row| row.0 == endpoint) {
        set(*unset, names);
    }
    if let Value::Object(with) = with {
        map.extend(with.clone());
    }
    Value::Object(map)
}
