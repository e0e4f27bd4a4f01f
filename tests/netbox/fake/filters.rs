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

/// Where an object's value for a filter stands.
#[derive(Clone, Copy)]
enum At {
    /// In the field of the filter's name.
    Own,
    /// In the slug of the object in that field.
    Slug,
    /// In the id of the object in the field before `_id`.
    Id,
    /// In the value of that choice.
    Choice,
}

/// The filters of lists beyond those that all have, as far as the fake knows them.
const FILTERS: [(&str, At, &[&str]); 15] = [
    (
        "core/object-changes",
        At::Own,
        &["changed_object_type", "changed_object_id", "user_name", "request_id"],
    ),
    ("core/object-changes", At::Choice, &["action"]),
    ("dcim/devices", At::Slug, &["role", "site", "platform", "device_type"]),
    ("dcim/devices", At::Id, &["role_id", "site_id", "platform_id"]),
    ("dcim/devices", At::Own, &["serial"]),
    ("dcim/interfaces", At::Choice, &["type", "mode"]),
    ("dcim/interfaces", At::Own, &["enabled", "mgmt_only"]),
    ("dcim/interfaces", At::Id, &["device_id", "vrf_id"]),
    ("ipam/vlans", At::Slug, &["group", "site", "role"]),
    ("ipam/vlans", At::Own, &["vid"]),
    ("ipam/ip-addresses", At::Choice, &["role", "family"]),
    ("ipam/ip-addresses", At::Own, &["address"]),
    ("ipam/ip-addresses", At::Id, &["vrf_id"]),
    ("ipam/asn-ranges", At::Own, &["start", "end"]),
    ("plugins/bgp/session", At::Id, &["device_id"]),
];

/// The values of an object that a filter of this name compares with.
fn values(netbox: &Netbox, endpoint: &str, name: &str, object: &Value) -> Known {
    let one = |value: &Value| Known::Values(text(value).into_iter().collect());
    let mut filters = FILTERS.iter();
    if let Some((_, at, _)) = filters.find(|(list, _, names)| *list == endpoint && names.contains(&name)) {
        return one(match at {
            At::Own => &object[name],
            At::Slug => &object[name]["slug"],
            At::Id => &object[name.trim_end_matches("_id")]["id"],
            At::Choice => &object[name]["value"],
        });
    }
    let device = || netbox.get("dcim/devices", id(&object["device"]));
    match (endpoint, name) {
        (_, "id") => one(&object["id"]),
        ("core/object-changes", "time_after" | "time_before") => one(&object["time"]),
        ("core/object-changes", "user") => one(&object["user"]["username"]),
        ("core/object-changes", _) => Known::Unknown,
        (_, "name" | "slug" | "description" | "created" | "last_updated") => one(&object[name]),
        (_, "status") => one(&object["status"]["value"]),
        (_, "tenant") => one(&object["tenant"]["slug"]),
        (_, "tag") => {
            let tags = object["tags"].as_array().into_iter().flatten();
            Known::Values(tags.filter_map(|tag| text(&tag["slug"])).collect())
        }
        ("dcim/interfaces", "device_role") => one(&device()["role"]["slug"]),
        ("dcim/interfaces", "site") => one(&device()["site"]["slug"]),
        ("dcim/interfaces" | "plugins/bgp/session", "device") => one(&object["device"]["name"]),
        ("ipam/ip-addresses", "device") => one(&object["assigned_object"]["device"]["name"]),
        ("ipam/ip-addresses", "device_id") => one(&object["assigned_object"]["device"]["id"]),
        (_, name) => match name.strip_prefix("cf_") {
            Some(field) if object["custom_fields"].get(field).is_some() => {
                one(&object["custom_fields"][field])
            }
            _ => Known::Unknown,
        },
    }
}
