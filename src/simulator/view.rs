//! What a client can see of a device: configuration, its mirror in `state`, list keys, and
//! what the device reports of itself.
//!
//! Here: [`View`] (one entry a leaf, made from a snapshot), [`Parts`] (which of it a client
//! wants). Elsewhere: a part of it as one JSON value (`render`), who asks (`get`,
//! `subscribe`).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::device::{DeviceConfig, Snapshot};
use super::paths::{key_type, twin};
use super::personality::Defaults;
use crate::yang::schema::{Kind, Type, TypeId};
use crate::yang::{Elem, Form, NodeId, Path, Scalar, Schema, Value};

/// Kinds of data, as gNMI's Get tells them apart (specification §3.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// What can be configured.
    pub(super) config: bool,
    /// What is reported.
    pub(super) state: bool,
    /// What is reported and mirrors no configuration.
    pub(super) operational: bool,
}

impl Parts {
    const CONFIG: Self = Self { config: true, state: false, operational: false };
    const MIRROR: Self = Self { config: false, state: true, operational: false };
    const OWN: Self = Self { config: false, state: true, operational: true };

    pub(super) fn meets(self, wanted: Self) -> bool {
        (self.config && wanted.config)
            || (self.state && wanted.state)
            || (self.operational && wanted.operational)
    }

    fn add(&mut self, other: Self) {
        self.config |= other.config;
        self.state |= other.state;
        self.operational |= other.operational;
    }
}

/// One leaf as it is reported.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    /// Its value as RFC 7951 writes it.
    pub(super) json: Json,
    /// Whether it is a 64-bit number, which plain JSON writes as a number.
    pub(super) wide: bool,
    /// Whether it is the key leaf of a list entry.
    pub(super) key: bool,
    pub(super) parts: Parts,
}

/// Everything that a device reports, by path.
#[derive(Debug, Default)]
pub(super) struct View {
    shown: BTreeMap<Path, Shown>,
}

impl View {
    pub(super) fn of(device: &DeviceConfig, snapshot: &Snapshot) -> Self {
        let mut maker = Maker { schema: &device.schema, view: Self::default() };
        for (path, leaf) in snapshot.config.iter() {
            if device.personality.defaults == Defaults::Omitted
                && is_default(&device.schema, leaf.node, &leaf.value)
            {
                continue;
            }
            maker.configured(path, leaf.node, &leaf.value);
        }
        for (path, json) in &snapshot.foreign {
            let reported = path.elems().iter().any(|elem| elem.name() == "state");
            maker.put(path.clone(), json.clone(), false, if reported { Parts::OWN } else { Parts::CONFIG });
        }
        maker.of_the_device(device, snapshot);
        maker.view
    }

    /// All leaves at or below a path, in order.
    pub(super) fn below<'v>(&'v self, at: &'v Path) -> impl Iterator<Item = (&'v Path, &'v Shown)> {
        self.shown.range(at..).take_while(move |(path, _)| path.starts_with(at))
    }

    /// Whether there is anything at or below a path.
    pub(super) fn contains_below(&self, at: &Path) -> bool {
        self.below(at).next().is_some()
    }
}

/// Whether a leaf says what the schema says without it.
fn is_default(schema: &Schema, node: NodeId, value: &Value) -> bool {
    match (&schema.node(node).kind, value) {
        (Kind::Leaf { default: Some(default), .. }, Value::Scalar(scalar)) => scalar.as_str() == &**default,
        _ => false,
    }
}

/// Puts a view together.
struct Maker<'s> {
    schema: &'s Schema,
    view: View,
}

impl Maker<'_> {
    /// A configuration leaf, and its mirror in `state`.
    fn configured(&mut self, path: &Path, node: NodeId, value: &Value) {
        let (json, wide) = self.json(node, value);
        if let Some(mirror) = mirror(path) {
            self.put(mirror, json.clone(), wide, Parts::MIRROR);
        }
        self.put(path.clone(), json, wide, Parts::CONFIG);
    }

    /// A leaf, and the key leaves of every list entry above it.
    fn put(&mut self, path: Path, json: Json, wide: bool, parts: Parts) {
        let mut node = None;
        let mut known = true;
        for (index, elem) in path.elems().iter().enumerate() {
            let found = known.then(|| twin(self.schema, node, elem.name())).flatten();
            known = found.is_some();
            node = found;
            if !elem.keys().is_empty() {
                self.keys_of(&path.prefix(index + 1), elem, node, parts);
            }
        }
        self.view.shown.insert(path, Shown { json, wide, key: false, parts });
    }

    fn keys_of(&mut self, entry: &Path, elem: &Elem, list: Option<NodeId>, parts: Parts) {
        for (key, text) in elem.keys() {
            let shown = self.view.shown.entry(entry.join(Elem::new(key.clone()))).or_insert_with(|| {
                let ty = list.and_then(|list| key_type(self.schema, list, key));
                let scalar = ty.and_then(|ty| self.schema.scalar_from_text(ty, text).ok());
                let wide = ty.is_some_and(|ty| is_wide(self.schema, ty));
                let json =
                    scalar.map_or_else(|| Json::from(&**text), |scalar| Schema::scalar_to_json(&scalar));
                Shown { json, wide, key: true, parts }
            });
            shown.parts.add(parts);
        }
    }

    fn json(&self, node: NodeId, value: &Value) -> (Json, bool) {
        let ty = match self.schema.node(node).kind {
            Kind::Leaf { ty, .. } | Kind::LeafList { ty, .. } => Some(ty),
            Kind::Container { .. } | Kind::List { .. } => None,
        };
        let wide = ty.is_some_and(|ty| is_wide(self.schema, ty));
        let json = match value {
            Value::Scalar(scalar) => Schema::scalar_to_json(scalar),
            Value::LeafList(scalars) => scalars.iter().map(Schema::scalar_to_json).collect(),
            // a device has no references to secrets: `eos::at_start` takes them out
            Value::Secret(_) => Json::Null,
            Value::Presence => Json::Object(serde_json::Map::new()),
        };
        (json, wide)
    }

    /// What the device reports of itself, where the schema has the container for it.
    fn of_the_device(&mut self, device: &DeviceConfig, snapshot: &Snapshot) {
        let time = |nanoseconds: i64| Json::from(nanoseconds.to_string());
        let chassis = "components/component[name=Chassis]/state";
        for (container, leaf, json, wide) in [
            ("system/state", "software-version", Json::from(device.software_version.as_str()), false),
            ("system/state", "last-configuration-timestamp", time(snapshot.changed_at), true),
            ("system/state", "boot-time", time(snapshot.booted_at), true),
            (chassis, "name", Json::from("Chassis"), false),
            (chassis, "type", Json::from("openconfig-platform-types:CHASSIS"), false),
            (chassis, "mfg-name", Json::from("Arista Networks"), false),
            (chassis, "part-no", Json::from(device.chassis.part_no.as_str()), false),
            (chassis, "serial-no", Json::from(device.chassis.serial_no.as_str()), false),
            (chassis, "software-version", Json::from(device.software_version.as_str()), false),
        ] {
            let Ok(path) = container.parse::<Path>() else { continue };
            let top = path.elems().first().and_then(|top| self.schema.child(None, top.name()));
            if top.is_some() {
                self.put(path.join(Elem::new(leaf)), json, wide, Parts::OWN);
            }
        }
        for (path, status) in operational(snapshot) {
            self.put(path, Json::from(status), false, Parts::OWN);
        }
    }
}

/// Interfaces are up unless they are disabled, BGP sessions established unless they are.
fn operational(snapshot: &Snapshot) -> Vec<(Path, &'static str)> {
    let mut found = Vec::new();
    for (path, leaf) in snapshot.config.iter() {
        let names: Vec<&str> = path.elems().iter().map(Elem::name).collect();
        let state = |leaf: &str| {
            let above = path.prefix(path.elems().len().saturating_sub(2));
            above.join(Elem::new("state")).join(Elem::new(leaf))
        };
        let config = |leaf: &str| path.prefix(path.elems().len().saturating_sub(1)).join(Elem::new(leaf));
        let no = Value::Scalar(Scalar::new("false", Form::Boolean));
        let disabled = snapshot.config.get(&config("enabled")).is_some_and(|leaf| leaf.value == no);
        match (names.as_slice(), &leaf.value) {
            (["interfaces", "interface", "config", "name"], _) => {
                let status = if disabled { "DOWN" } else { "UP" };
                found.push((state("admin-status"), status));
                found.push((state("oper-status"), status));
            }
            ([.., "neighbors", "neighbor", "config", "neighbor-address"], _) => {
                found.push((state("session-state"), if disabled { "IDLE" } else { "ESTABLISHED" }));
            }
            _ => {}
        }
    }
    found
}

/// The path with `state` in the place of `config`. Arista's own trees (`/arista/...`) are
/// configuration only (eos-yang-paths, trap 9).
fn mirror(path: &Path) -> Option<Path> {
    if path.elems().first().is_some_and(|top| top.name() == "arista") {
        return None;
    }
    let at = path.elems().iter().position(|elem| elem.name() == "config")?;
    let elems = path.elems().iter().enumerate();
    Some(elems.map(|(index, elem)| if index == at { Elem::new("state") } else { elem.clone() }).collect())
}

/// Whether a type is a 64-bit integer, behind leafrefs too.
fn is_wide(schema: &Schema, mut ty: TypeId) -> bool {
    // leafrefs to leafrefs are few; a bound keeps a broken pack from looping
    for _ in 0..16 {
        match schema.type_of(ty) {
            Type::Integer { bits, .. } => return *bits == 64,
            Type::Leafref { target, .. } => ty = *target,
            _ => return false,
        }
    }
    false
}
