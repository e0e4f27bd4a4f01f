//! Which objects a query lets through, by the filter names that NetBox knows for an
//! endpoint. A name that it does not know lets everything through, as there.
//!
//! Elsewhere: paging and projection (`query`).

use serde_json::{Value, json};

use super::content::Netbox;
use super::query::{Query, id};

/// What a filter compares.
enum Known {
    /// With these values of an object, as text.
    Values(Vec<String>),
    /// The name is no filter of the endpoint.
    Unknown,
}

/// The objects that a query lets through, in the table's order. The error is the body of a 400.
pub(super) fn select<'a>(
    netbox: &'a Netbox,
    endpoint: &str,
    objects: impl Iterator<Item = &'a Value>,
    query: &Query,
) -> Result<Vec<&'a Value>, Value> {
    check(netbox, endpoint, query)?;
    let mut names: Vec<&str> = query.0.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let passes = |object: &&'a Value| {
        names.iter().all(|name| {
            let wanted: Vec<&str> = query.all(name).collect();
            lets_through(netbox, endpoint, name, &wanted, object)
        })
    };
    Ok(objects.filter(passes).collect())
}

/// The values that NetBox refuses: a slug that names nothing, an id that is no number.
fn check(netbox: &Netbox, endpoint: &str, query: &Query) -> Result<(), Value> {
    for (name, value) in &query.0 {
        let refuse = |text: String| {
            let mut body = json!({});
            body[name.as_str()] = json!([text]);
            Err(body)
        };
        let numeric = name == "id" || name.starts_with("id__") || name.ends_with("_id");
        if numeric && value.parse::<u64>().is_err() {
            return refuse(format!("\u{201c}{value}\u{201d} is not a valid value."));
        }
        let no_choice = format!("Select a valid choice. {value} is not one of the available choices.");
        let table = match (endpoint, name.as_str()) {
            ("plugins/bgp/session", "site") => return refuse(no_choice),
            ("dcim/devices", "role") | ("dcim/interfaces", "device_role") => "dcim/device-roles",
            (_, "site") => "dcim/sites",
            (_, "tag") => "extras/tags",
            (_, "tenant") => "tenancy/tenants",
            ("ipam/vlans", "group") => "ipam/vlan-groups",
            _ => continue,
        };
        let known = matches!(values(netbox, endpoint, name, &Value::Null), Known::Values(_));
        if known && !netbox.objects(table).any(|object| object["slug"] == json!(value)) {
            return refuse(no_choice);
        }
    }
    Ok(())
}

fn lets_through(netbox: &Netbox, endpoint: &str, name: &str, wanted: &[&str], object: &Value) -> bool {
    let (field, lookup) = name.split_once("__").unwrap_or((name, ""));
    let Known::Values(values) = values(netbox, endpoint, field, object) else { return true };
    let any = |holds: &dyn Fn(&str, &str) -> bool| {
        values.iter().any(|value| wanted.iter().any(|wanted| holds(value, wanted)))
    };
    match (name, lookup) {
        // the one filter whose repetition narrows
        ("tag", "") => wanted.iter().all(|wanted| values.iter().any(|value| value == wanted)),
        ("time_after" | "time_before", _) => any(&|value, wanted| {
            let order = moment(value).cmp(&moment(wanted));
            if name == "time_after" { order.is_ge() } else { order.is_le() }
        }),
        (_, "") => any(&|value, wanted| value == wanted),
        (_, "n") => !any(&|value, wanted| value == wanted),
        (_, "ie") => any(&|value, wanted| value.eq_ignore_ascii_case(wanted)),
        (_, "ic") => any(&|value, wanted| value.to_lowercase().contains(&wanted.to_lowercase())),
        (_, "isw") => any(&|value, wanted| value.to_lowercase().starts_with(&wanted.to_lowercase())),
        (_, "gt") => any(&|value, wanted| compare(value, wanted).is_gt()),
        (_, "gte") => any(&|value, wanted| compare(value, wanted).is_ge()),
        (_, "lt") => any(&|value, wanted| compare(value, wanted).is_lt()),
        (_, "lte") => any(&|value, wanted| compare(value, wanted).is_le()),
        _ => true,
    }
}

fn compare(left: &str, right: &str) -> std::cmp::Ordering {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        _ => moment(left).cmp(&moment(right)),
    }
}

/// A time to compare: `Z` and `+00:00` are one, and a whole second comes before its parts.
fn moment(text: &str) -> String {
    let text = text.replace(' ', "T").replace("+00:00", "Z");
    text.trim_end_matches('Z').to_owned()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The values of an object that a filter of this name compares with.
fn values(netbox: &Netbox, endpoint: &str, name: &str, object: &Value) -> Known {
    let one = |value: &Value| Known::Values(text(value).into_iter().collect());
    let slug = |field: &str| one(&object[field]["slug"]);
    let nested = |field: &str| one(&object[field]["id"]);
    let choice = |field: &str| one(&object[field]["value"]);
    let device_of = |field: &str| netbox.get("dcim/devices", id(&object[field]));
    match (endpoint, name) {
        ("core/object-changes", "time_after" | "time_before" | "time") => one(&object["time"]),
        ("core/object-changes", "action") => choice("action"),
        ("core/object-changes", "user") => one(&object["user"]["username"]),
        (
            "core/object-changes",
            "id" | "changed_object_type" | "changed_object_id" | "user_name" | "request_id",
        ) => one(&object[name]),
        ("core/object-changes", _) => Known::Unknown,
        (_, "id" | "name" | "slug" | "description" | "created" | "last_updated") => one(&object[name]),
        (_, "tag") => {
            let tags = object["tags"].as_array().into_iter().flatten();
            Known::Values(tags.filter_map(|tag| text(&tag["slug"])).collect())
        }
        (_, "tenant") => slug("tenant"),
        (_, "tenant_id") => nested("tenant"),
        (_, "status") => choice("status"),
        ("dcim/devices", "role" | "site" | "platform" | "device_type") => slug(name),
        ("dcim/devices" | "ipam/vlans", "role_id" | "site_id" | "platform_id" | "group_id") => {
            nested(name.trim_end_matches("_id"))
        }
        ("dcim/devices", "serial") | ("ipam/vlans", "vid") => one(&object[name]),
        ("ipam/vlans", "group" | "site" | "role") => slug(name),
        ("dcim/interfaces", "device_role") => one(&device_of("device")["role"]["slug"]),
        ("dcim/interfaces", "device_role_id") => one(&device_of("device")["role"]["id"]),
        ("dcim/interfaces", "site") => one(&device_of("device")["site"]["slug"]),
        ("dcim/interfaces", "site_id") => one(&device_of("device")["site"]["id"]),
        ("dcim/interfaces" | "plugins/bgp/session", "device") => one(&object["device"]["name"]),
        ("dcim/interfaces" | "plugins/bgp/session", "device_id") => nested("device"),
        ("dcim/interfaces", "type" | "mode") => choice(name),
        ("dcim/interfaces", "enabled" | "mgmt_only") => one(&object[name]),
        ("dcim/interfaces" | "ipam/ip-addresses" | "ipam/prefixes", "vrf_id") => nested("vrf"),
        ("ipam/ip-addresses", "device") => one(&object["assigned_object"]["device"]["name"]),
        ("ipam/ip-addresses", "device_id") => one(&object["assigned_object"]["device"]["id"]),
        ("ipam/ip-addresses", "interface_id") => match object["assigned_object_type"].as_str() {
            Some("dcim.interface") => one(&object["assigned_object_id"]),
            _ => Known::Values(Vec::new()),
        },
        ("ipam/ip-addresses", "role" | "family") => choice(name),
        ("ipam/ip-addresses", "address") | ("ipam/prefixes", "prefix") => one(&object[name]),
        ("ipam/services", "device_id") => one(&object["parent_object_id"]),
        ("ipam/services", "device") => one(&object["parent"]["name"]),
        ("vpn/l2vpn-terminations", "l2vpn_id") => nested("l2vpn"),
        ("ipam/asn-ranges", "start" | "end") => one(&object[name]),
        (_, name) => match name.strip_prefix("cf_") {
            Some(field) if object.is_null() || object["custom_fields"].get(field).is_some() => {
                one(&object["custom_fields"][field])
            }
            _ => Known::Unknown,
        },
    }
}
