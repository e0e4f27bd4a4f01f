//! The recorded answers of a real NetBox as an inventory, for tests.
//!
//! They stand beside the project (`../shared/netbox`); where they are not, tests say so and
//! are skipped.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::netbox::inventory::{ENDPOINTS, Inventory};

/// One recorded state, 1 to 3; none, with the reason printed, if the recording is not there.
pub(super) fn state(number: u8) -> Option<Inventory> {
    state_with(number, &|id| id)
}

/// The same with other ids, which turns the order of every list.
pub(super) fn state_with(number: u8, id: &dyn Fn(u64) -> u64) -> Option<Inventory> {
    let folder = folder(number);
    if !Path::new(&folder).is_dir() {
        eprintln!("skipped: there is no {folder}");
        return None;
    }
    let mut inventory = Inventory::default();
    for endpoint in ENDPOINTS {
        for mut object in list(number, endpoint.path) {
            renumber(&mut object, id);
            inventory.put(endpoint.path, &object.to_string()).unwrap().unwrap();
        }
    }
    Some(inventory)
}

fn folder(number: u8) -> String {
    format!("{}/../shared/netbox/4.6.8/state-{number}", env!("CARGO_MANIFEST_DIR"))
}

/// The objects of a list as they came.
pub(super) fn list(number: u8, path: &str) -> Vec<Value> {
    let file = format!("{}/{}-limit-1000.json", folder(number), path.replace('/', "-"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut list: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(list["results"].take()).unwrap()
}

/// Gives every object and every reference another id.
fn renumber(value: &mut Value, id: &dyn Fn(u64) -> u64) {
    const IDS: [&str; 6] =
        ["id", "object_id", "assigned_object_id", "interface_id", "parent_object_id", "scope_id"];
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value.as_u64().filter(|_| IDS.contains(&key.as_str())) {
                    Some(old) => *value = id(old).into(),
                    None => renumber(value, id),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| renumber(value, id)),
        _ => {}
    }
}
