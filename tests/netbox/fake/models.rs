//! What NetBox's models are called and how they show themselves: endpoint, label in the
//! change log, display, brief form, raw form.

use serde_json::{Map, Value, json};

/// Every list of a NetBox with netbox-bgp that the fake has, with its model's label.
pub(super) const MODELS: [(&str, &str); 42] = [
    ("core/object-changes", "core.objectchange"),
    ("dcim/regions", "dcim.region"),
    ("dcim/sites", "dcim.site"),
    ("dcim/manufacturers", "dcim.manufacturer"),
    ("dcim/platforms", "dcim.platform"),
    ("dcim/device-roles", "dcim.devicerole"),
    ("dcim/device-types", "dcim.devicetype"),
    ("dcim/devices", "dcim.device"),
    ("dcim/interfaces", "dcim.interface"),
    ("dcim/mac-addresses", "dcim.macaddress"),
    ("dcim/cables", "dcim.cable"),
    ("ipam/rirs", "ipam.rir"),
    ("ipam/asns", "ipam.asn"),
    ("ipam/roles", "ipam.role"),
    ("ipam/prefixes", "ipam.prefix"),
    ("ipam/ip-addresses", "ipam.ipaddress"),
    ("ipam/fhrp-groups", "ipam.fhrpgroup"),
    ("ipam/fhrp-group-assignments", "ipam.fhrpgroupassignment"),
    ("ipam/vlan-groups", "ipam.vlangroup"),
    ("ipam/vlans", "ipam.vlan"),
    ("ipam/vrfs", "ipam.vrf"),
    ("ipam/route-targets", "ipam.routetarget"),
    ("ipam/services", "ipam.service"),
    ("vpn/l2vpns", "vpn.l2vpn"),
    ("vpn/l2vpn-terminations", "vpn.l2vpntermination"),
    ("tenancy/tenants", "tenancy.tenant"),
    ("extras/tags", "extras.tag"),
    ("extras/custom-fields", "extras.customfield"),
    ("extras/custom-field-choice-sets", "extras.customfieldchoiceset"),
    ("extras/config-contexts", "extras.configcontext"),
    ("extras/journal-entries", "extras.journalentry"),
    ("plugins/bgp/session", "netbox_bgp.bgpsession"),
    ("plugins/bgp/peer-group", "netbox_bgp.bgppeergroup"),
    ("plugins/bgp/routing-policy", "netbox_bgp.routingpolicy"),
    ("plugins/bgp/routing-policy-rule", "netbox_bgp.routingpolicyrule"),
    ("plugins/bgp/prefix-list", "netbox_bgp.prefixlist"),
    ("plugins/bgp/prefix-list-rule", "netbox_bgp.prefixlistrule"),
    ("plugins/bgp/community", "netbox_bgp.community"),
    ("plugins/bgp/community-list", "netbox_bgp.communitylist"),
    ("plugins/bgp/community-list-rule", "netbox_bgp.communitylistrule"),
    ("plugins/bgp/aspath-list", "netbox_bgp.aspathlist"),
    ("plugins/bgp/aspath-list-rule", "netbox_bgp.aspathlistrule"),
];

/// The label of an endpoint's model: `dcim.device`.
pub(super) fn model(endpoint: &str) -> &'static str {
    MODELS.iter().find(|(known, _)| *known == endpoint).map_or("unknown.unknown", |(_, model)| model)
}

/// The path in an object's `url`: netbox-bgp has longer names there.
pub(super) fn path(endpoint: &str) -> &str {
    match endpoint {
        "plugins/bgp/session" => "plugins/bgp/bgpsession",
        "plugins/bgp/peer-group" => "plugins/bgp/bgppeergroup",
        other => other,
    }
}

/// How an object is shown in one line.
pub(super) fn display(endpoint: &str, object: &Map<String, Value>) -> String {
    let field = |name: &str| match object.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let nested =
        |name: &str| object.get(name).and_then(|value| value["display"].as_str()).unwrap_or_default();
    match endpoint {
        "ipam/vlans" => format!("{} ({})", field("name"), field("vid")),
        "ipam/vrfs" if field("rd").is_empty() => field("name"),
        "ipam/vrfs" => format!("{} ({})", field("name"), field("rd")),
        "ipam/asns" => format!("AS{}", field("asn")),
        "vpn/l2vpns" => format!("{} ({})", field("name"), field("identifier")),
        "vpn/l2vpn-terminations" => format!("{} <> {}", nested("assigned_object"), nested("l2vpn")),
        "dcim/device-types" => field("model"),
        "dcim/cables" if field("label").is_empty() => format!("#{}", field("id")),
        "dcim/mac-addresses" => field("mac_address"),
        "dcim/cables" | "extras/custom-fields" => field("label"),
        "plugins/bgp/session" => format!("{}:{}", nested("device"), field("name")),
        "plugins/bgp/community" => field("value"),
        "plugins/bgp/routing-policy-rule" => format!("{}: Rule {}", nested("routing_policy"), field("index")),
        "plugins/bgp/prefix-list-rule" => format!("{}: Rule {}", nested("prefix_list"), field("index")),
        _ => {
            let names = ["name", "address", "prefix", "display"].map(field);
            names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
        }
    }
}

/// The fields by which others nest an object.
pub(super) fn brief(endpoint: &str) -> &'static [&'static str] {
    match endpoint {
        "dcim/interfaces" => &["id", "url", "display", "device", "name", "description", "cable", "_occupied"],
        "dcim/cables" => &["id", "url", "display", "label", "description"],
        "dcim/device-types" => &["id", "url", "display", "manufacturer", "model", "slug", "description"],
        "dcim/mac-addresses" => &["id", "url", "display", "mac_address", "description"],
        "ipam/asns" => &["id", "url", "display", "asn", "description"],
        "ipam/ip-addresses" => &["id", "url", "display", "family", "address", "description"],
        "ipam/prefixes" => &["id", "url", "display", "family", "prefix", "description", "_depth"],
        "ipam/vlans" => &["id", "url", "display", "vid", "name", "description"],
        "ipam/vrfs" => &["id", "url", "display", "name", "rd", "description"],
        "ipam/fhrp-groups" => &["id", "url", "display", "protocol", "group_id", "description"],
        "vpn/l2vpns" => &["id", "url", "display", "identifier", "name", "slug", "type", "description"],
        "vpn/l2vpn-terminations" => &["id", "url", "display", "l2vpn"],
        "extras/tags" => &["id", "url", "display_url", "display", "name", "slug", "color"],
        "plugins/bgp/community" => &["id", "url", "display", "description", "value"],
        _ => &["id", "url", "display", "name", "slug", "description"],
    }
}

/// An object as the change log holds it: ids, plain choices, names of tags.
pub(super) fn raw(object: &Value) -> Value {
    const LEFT_OUT: [&str; 9] = [
        "id",
        "url",
        "display_url",
        "display",
        "created",
        "last_updated",
        "config_context",
        "connected_endpoints",
        "link_peers",
    ];
    let Value::Object(map) = object else { return json!({}) };
    let kept = map.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    kept.map(|(name, value)| {
        let value = match (name.as_str(), value) {
            ("tags", Value::Array(tags)) => tags.iter().map(|tag| tag["name"].clone()).collect(),
            ("custom_fields", Value::Object(fields)) => {
                fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
            }
            (_, value) => plain(value),
        };
        (name.clone(), value)
    })
    .collect()
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) if map.contains_key("url") => map["id"].clone(),
        Value::Object(map) if map.len() == 2 && map.contains_key("value") && map.contains_key("label") => {
            map["value"].clone()
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// The labels of all models.
pub(super) fn all() -> Vec<&'static str> {
    MODELS.iter().map(|(_, model)| *model).collect()
}
