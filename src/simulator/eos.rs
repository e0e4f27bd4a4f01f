//! What EOS does of its own accord, where public sources tell (gnmi fact sheet, 5.1).
//!
//! Here: entries that exist by themselves ([`at_start`]), what follows from a change
//! ([`after`]), passwords read back as hashes ([`hashed`]). Each is a switch of the
//! `personality`. Elsewhere: the change itself (`edit`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use serde_json::{Value as Json, json};

use super::device::DeviceConfig;
use crate::yang::schema::Kind;
use crate::yang::{Elem, Form, Leaf, Path, Scalar, Schema, Tree, Value, json as rfc7951};

/// Adds what a device has by itself, and puts a hash in the place of each secret. A tree that
/// has all of it already stays shared.
pub(super) fn at_start(device: &DeviceConfig, tree: &mut Arc<Tree>) {
    let missing = missing_entries(device, tree);
    let secrets: Vec<(Path, Leaf)> = tree
        .iter()
        .filter_map(|(path, leaf)| match &leaf.value {
            Value::Secret(name) => {
                let text = hash_text(device, path, name.as_str());
                let value = Value::Scalar(Scalar::new(text, Form::Text));
                Some((path.clone(), Leaf { value, ..leaf.clone() }))
            }
            _ => None,
        })
        .collect();
    if !missing.is_empty() || !secrets.is_empty() {
        Arc::make_mut(tree).extend(missing.into_iter().chain(secrets));
    }
}

/// What follows from a change: `before` is the tree before it, `written` the leaves that it
/// named.
pub(super) fn after(device: &DeviceConfig, before: &Tree, tree: &mut Tree, written: &BTreeSet<Path>) {
    if device.personality.key_leaves_appear {
        key_leaves(&device.schema, tree);
    }
    let missing = missing_entries(device, tree);
    tree.extend(missing);
    if device.personality.vrf_change_clears_addresses {
        clear_moved_addresses(before, tree, written);
    }
    if device.personality.lag_needs_members {
        drop_lonely_lag_types(tree, written);
    }
}

/// Whether a leaf's text is read back as a hash.
pub(super) fn is_secret(device: &DeviceConfig, path: &Path) -> bool {
    path.last().is_some_and(|leaf| device.personality.hashed_leaves.iter().any(|name| name == leaf.name()))
}

/// The hash with another salt.
pub(super) fn resalted(device: &DeviceConfig, path: &Path, hash: &Value, salt: u64) -> String {
    hash_text(device, path, &format!("{hash}\n{salt}"))
}

/// The value as it is read back: itself, or a hash if the leaf holds a secret.
pub(super) fn hashed(device: &DeviceConfig, path: &Path, value: Value) -> Value {
    match value {
        Value::Scalar(scalar) if is_secret(device, path) && scalar.form() == Form::Text => {
            Value::Scalar(Scalar::new(hash_text(device, path, scalar.as_str()), Form::Text))
        }
        other => other,
    }
}

/// Looks like `$7$` and 32 digits; the same for the same secret at the same place.
fn hash_text(device: &DeviceConfig, path: &Path, secret: &str) -> String {
    let salted = format!("{}\n{path}\n{secret}", device.name);
    let hash = digest(&SHA256, salted.as_bytes());
    hash.as_ref().iter().take(16).fold("$7$".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Ports, the default network instance and its VLAN 1, as far as they are missing.
fn missing_entries(device: &DeviceConfig, tree: &Tree) -> Vec<(Path, Leaf)> {
    let personality = &device.personality;
    let mut missing = Vec::new();
    let mut want = |at: &Path, json: &Json| missing.extend(missing_leaves(&device.schema, tree, at, json));
    for name in &personality.ports {
        let entry = Elem::entry("interface", [("name", name.as_str())]);
        let config: Path = [Elem::new("interfaces"), entry, Elem::new("config")].into_iter().collect();
        want(&config, &json!({"name": name, "type": "iana-if-type:ethernetCsmacd"}));
    }
    if personality.system_entries {
        let entry = Elem::entry("network-instance", [("name", "default")]);
        let instance: Path = [Elem::new("network-instances"), entry].into_iter().collect();
        let config = json!({
            "name": "default",
            "type": "openconfig-network-instance-types:DEFAULT_INSTANCE",
        });
        want(&instance.join(Elem::new("config")), &config);
        let vlan = instance.join(Elem::new("vlans")).join(Elem::entry("vlan", [("vlan-id", "1")]));
        want(&vlan.join(Elem::new("config")), &json!({"vlan-id": 1, "name": "default"}));
    }
    missing
}

/// Those leaves of a container that the tree lacks and the schema has.
fn missing_leaves(schema: &Schema, tree: &Tree, at: &Path, json: &Json) -> Vec<(Path, Leaf)> {
    if schema.find(at).is_none() {
        return Vec::new();
    }
    let wanted = rfc7951::read(schema, at, json).tree;
    wanted.into_iter().filter(|(path, _)| tree.get(path).is_none()).collect()
}

/// Adds `config/KEY` to each entry that has it in its schema and not in its data.
fn key_leaves(schema: &Schema, tree: &mut Tree) {
    let mut entries: BTreeSet<Path> = BTreeSet::new();
    for (path, _) in tree.iter() {
        for (index, elem) in path.elems().iter().enumerate() {
            if !elem.keys().is_empty() {
                entries.insert(path.prefix(index + 1));
            }
        }
    }
    for entry in &entries {
        let config = entry.join(Elem::new("config"));
        let keys = entry.last().map(Elem::keys).unwrap_or_default();
        for (key, text) in keys {
            let path = config.join(Elem::new(key.clone()));
            let Some(node) = schema.find(&path) else { continue };
            let Kind::Leaf { ty, .. } = schema.node(node).kind else { continue };
            if let (None, Ok(scalar)) = (tree.get(&path), schema.scalar_from_text(ty, text)) {
                tree.insert(path, Leaf { node, value: Value::Scalar(scalar), origin: None });
            }
        }
    }
}

/// Takes the addresses of each interface that is in another VRF than before, except those
/// that came with the change.
fn clear_moved_addresses(before: &Tree, tree: &mut Tree, written: &BTreeSet<Path>) {
    let (old, new) = (vrfs(before), vrfs(tree));
    let moved = |interface: &str| {
        let default = "default";
        old.get(interface).map_or(default, String::as_str)
            != new.get(interface).map_or(default, String::as_str)
    };
    let lost: Vec<Path> = before
        .iter()
        .map(|(path, _)| path)
        .filter(|path| path.elems().iter().any(|elem| elem.name() == "addresses"))
        .filter(|path| match path.elems() {
            [top, interface, ..] if top.name() == "interfaces" => interface.key("name").is_some_and(moved),
            _ => false,
        })
        .filter(|path| {
            // an address is kept whole if the change names any leaf of it
            let entry = path.prefix(path.elems().len().saturating_sub(2));
            !written.iter().any(|leaf| leaf.starts_with(&entry))
        })
        .cloned()
        .collect();
    for path in lost {
        tree.remove(&path);
    }
}

/// The VRF of each interface that is attached to one.
fn vrfs(tree: &Tree) -> BTreeMap<String, String> {
    let instances: Path = [Elem::new("network-instances")].into_iter().collect();
    tree.below(&instances)
        .filter_map(|(path, leaf)| match (path.elems(), &leaf.value) {
            ([_, instance, list, _, config, id], Value::Scalar(interface))
                if list.name() == "interfaces" && config.name() == "config" && id.name() == "interface" =>
            {
                Some((interface.as_str().to_owned(), instance.key("name")?.to_owned()))
            }
            _ => None,
        })
        .collect()
}

/// Takes away each `lag-type` that the change names without naming a member of the LAG.
fn drop_lonely_lag_types(tree: &mut Tree, written: &BTreeSet<Path>) {
    let members: BTreeSet<String> = written
        .iter()
        .filter(|path| path.last().is_some_and(|leaf| leaf.name() == "aggregate-id"))
        .filter_map(|path| match &tree.get(path)?.value {
            Value::Scalar(lag) => Some(lag.as_str().to_owned()),
            _ => None,
        })
        .collect();
    for path in written.iter().filter(|path| path.last().is_some_and(|leaf| leaf.name() == "lag-type")) {
        let lag = path.elems().get(1).and_then(|interface| interface.key("name"));
        if lag.is_none_or(|lag| !members.contains(lag)) {
            tree.remove(path);
        }
    }
}
