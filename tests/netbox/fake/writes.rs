//! What a client writes: journal entries, and custom fields of a device. All else is refused.

use serde_json::{Map, Value, json};

use super::http::{Answer, Request};
use super::query;
use super::server::{World, denied};
use super::tokens::Auth;

/// A change that was taken.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Write {
    pub(crate) method: String,
    /// Below `/api/`: `extras/journal-entries`, `dcim/devices/3`.
    pub(crate) endpoint: String,
    pub(crate) body: Value,
}

/// Answers anything that is no GET.
pub(super) fn write(world: &mut World, request: &Request, endpoint: &str) -> Answer {
    if request.auth != Auth::Admin {
        return denied();
    }
    let body = request.json();
    let device = endpoint.strip_prefix("dcim/devices/").and_then(|id| id.parse().ok());
    let (answer, id) = match (request.method.as_str(), endpoint, device) {
        ("POST", "extras/journal-entries", _) => (201, journal(world, &body)),
        ("PATCH", _, Some(id)) if !world.netbox.get("dcim/devices", id).is_null() => {
            (200, patch(world, id, &body))
        }
        ("PATCH", _, Some(_)) => {
            return Answer::json(404, &json!({"detail": "No Device matches the given query."}));
        }
        (method, _, _) => {
            let detail = format!("Method \"{method}\" not allowed.");
            return Answer::json(405, &json!({"detail": detail}));
        }
    };
    let body = match id {
        Ok(body) => body,
        Err(body) => return Answer::json(400, &body),
    };
    let endpoint = endpoint.to_owned();
    world.writes.push(Write { method: request.method.clone(), endpoint, body: request.json() });
    Answer::json(answer, &body)
}

/// A journal entry at an object that exists. The kind is a word, the object a type and an id.
fn journal(world: &mut World, body: &Value) -> Result<Value, Value> {
    for field in ["assigned_object_type", "assigned_object_id", "comments"] {
        if body[field].is_null() {
            let mut refused = json!({});
            refused[field] = json!(["This field is required."]);
            return Err(refused);
        }
    }
    let kind = body["kind"].as_str().unwrap_or("info").to_owned();
    let entry = json!({
        "assigned_object_type": body["assigned_object_type"],
        "assigned_object_id": body["assigned_object_id"],
        "kind": {"value": kind, "label": kind},
        "comments": body["comments"],
        "tags": [],
        "custom_fields": {},
    });
    let id =
        world.edit(|netbox| netbox.by("gitfabric", |netbox| netbox.create("extras/journal-entries", entry)));
    Ok(world.netbox.get("extras/journal-entries", id).clone())
}

/// Sets fields of a device; its custom fields one by one.
fn patch(world: &mut World, id: u64, body: &Value) -> Result<Value, Value> {
    let fields = body["custom_fields"].as_object().cloned().unwrap_or_default();
    let known = world.netbox.get("dcim/devices", id)["custom_fields"].clone();
    if let Some((name, _)) = fields.iter().find(|(name, _)| known.get(name.as_str()).is_none()) {
        return Err(json!({"__all__": [format!("Unknown field name '{name}' in custom field data.")]}));
    }
    let set = |device: &mut Map<String, Value>| {
        for (name, value) in fields {
            device["custom_fields"][name.as_str()] = value;
        }
    };
    let message = body["changelog_message"].as_str().unwrap_or_default();
    world.edit(|netbox| netbox.saying("gitfabric", message, |netbox| netbox.update("dcim/devices", id, set)));
    let device = world.netbox.get("dcim/devices", id);
    Ok(query::project(device, "dcim/devices", &query::Query::default(), &world.manners))
}
