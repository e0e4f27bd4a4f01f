//! What a client can see of a device: configuration, its mirror in `state`, list keys, and
//! what the device reports of itself.
//!
//! Here: [`View`] (one entry a leaf, made from a part of a snapshot and let go again: a
//! thousand devices hold none), [`Parts`] (which of it a client wants). `defaults`: what
//! nobody set. Elsewhere: a part of it as one JSON value (`render`), who asks (`get`,
//! `subscribe`), what a change does to it (`change`).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::device::{DeviceConfig, Snapshot};
use super::paths::{Resolved, key_type, twin};
use super::personality::Defaults;
use super::{defaults, eos, spelling};
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

/// What a device reports at and below some places, by path.
#[derive(Debug, Default)]
pub(super) struct View {
    shown: BTreeMap<Path, Shown>,
}

impl View {
    /// What is seen at some targets, and perhaps more beside it. `reading` is another number
    /// for each reading: hashes may have a salt of it.
    pub(super) fn of<'p>(
        device: &DeviceConfig,
        snapshot: &Snapshot,
        targets: impl IntoIterator<Item = &'p Resolved>,
        reading: u64,
    ) -> Self {
        let scopes = targets.into_iter().map(|target| scope(&device.schema, &target.path));
        Self::within(device, snapshot, scopes, reading)
    }

    /// All that is seen at or below some places; each is above any `config` or `state`.
    pub(super) fn within(
        device: &DeviceConfig,
        snapshot: &Snapshot,
        scopes: impl IntoIterator<Item = Path>,
        reading: u64,
    ) -> Self {
        let mut maker = Maker { device, schema: &device.schema, reading, view: Self::default() };
        let mut scopes: Vec<Path> = scopes.into_iter().collect();
        scopes.sort();
        let mut last: Option<&Path> = None;
        for scope in &scopes {
            // paths below another follow it directly
            if last.is_none_or(|last| !scope.starts_with(last)) {
                maker.scope(snapshot, scope);
                last = Some(scope);
            }
        }
        maker.view
    }

    /// All leaves at or below a path, in order.
    pub(super) fn below<'v>(&'v self, at: &'v Path) -> impl Iterator<Item = (&'v Path, &'v Shown)> {
        self.shown.range(at..).take_while(move |(path, _)| path.starts_with(at))
    }

    /// All leaves, in order.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (&Path, &Shown)> {
        self.shown.iter()
    }

    /// The same, to keep.
    pub(super) fn into_leaves(self) -> BTreeMap<Path, Shown> {
        self.shown
    }
}

/// The place above all that a path may mean: without the steps from the first wildcard or
/// missing key on, and without `config`, `state` and the key leaves of an entry, all of which
/// come of what else is in the entry.
fn scope(schema: &Schema, path: &Path) -> Path {
    let mut node = None;
    for (index, elem) in path.elems().iter().enumerate() {
        let found = (elem.name() != "config" && elem.name() != "state")
            .then(|| schema.child(node, elem.name()))
            .flatten();
        let whole = found.is_some_and(|id| match &schema.node(id).kind {
            Kind::Container { .. } => true,
            Kind::List { keys, .. } => {
                elem.keys().len() == keys.len() && elem.keys().iter().all(|(_, value)| &**value != "*")
            }
            Kind::Leaf { .. } | Kind::LeafList { .. } => false,
        });
        if !whole {
            return path.prefix(index);
        }
        node = found;
    }
    path.clone()
}

/// The place above all that may be seen otherwise when a configuration leaf changes: its
/// container's parent.
pub(super) fn scope_of_leaf(schema: &Schema, leaf: &Path) -> Path {
    scope(schema, &leaf.prefix(leaf.elems().len().saturating_sub(1)))
}

/// Whether anything is seen at or below a place, which is no leaf.
pub(super) fn anything_below(device: &DeviceConfig, snapshot: &Snapshot, at: &Path) -> bool {
    let omitted = device.personality.defaults == Defaults::Omitted;
    let shown = |(_, leaf): (&Path, &crate::yang::Leaf)| {
        !(omitted && is_default(&device.schema, leaf.node, &leaf.value))
    };
    let twin: Path = at
        .elems()
        .iter()
        .map(|elem| if elem.name() == "state" { Elem::new("config") } else { elem.clone() })
        .collect();
    snapshot.config.below(&twin).any(shown)
        || snapshot.foreign.keys().any(|path| path.starts_with(at))
        || own_leaves(device, snapshot).iter().any(|(path, ..)| path.starts_with(at))
}

/// Whether a leaf says what the schema says without it.
fn is_default(schema: &Schema, node: NodeId, value: &Value) -> bool {
    match (&schema.node(node).kind, value) {
        (Kind::Leaf { default: Some(default), .. }, Value::Scalar(scalar)) => scalar.as_str() == &**default,
        _ => false,
    }
}

/// Puts a view together.
struct Maker<'d> {
    device: &'d DeviceConfig,
    schema: &'d Schema,
    reading: u64,
    view: View,
}

impl Maker<'_> {
    fn scope(&mut self, snapshot: &Snapshot, at: &Path) {
        let defaults = self.device.personality.defaults;
        for (path, leaf) in snapshot.config.below(at) {
            if defaults != Defaults::Omitted || !is_default(self.schema, leaf.node, &leaf.value) {
                self.configured(path, leaf.node, &leaf.value);
            }
        }
        if defaults == Defaults::All {
            for (path, node, value) in defaults::missing(self.schema, &snapshot.config, at) {
                self.configured(&path, node, &value);
            }
        }
        for (path, json) in snapshot.foreign.iter().filter(|(path, _)| path.starts_with(at)) {
            let reported = path.elems().iter().any(|elem| elem.name() == "state");
            self.put(path.clone(), json.clone(), false, if reported { Parts::OWN } else { Parts::CONFIG });
        }
        for (path, json, wide) in own_leaves(self.device, snapshot) {
            if path.starts_with(at) {
                self.put(path, json, wide, Parts::OWN);
            }
        }
        for (path, status) in operational(snapshot, at) {
            self.put(path, Json::from(status), false, Parts::OWN);
        }
    }

    /// A configuration leaf, and its mirror in `state`.
    fn configured(&mut self, path: &Path, node: NodeId, value: &Value) {
        let (mut json, wide) = self.json(node, value);
        if self.device.personality.resalts && eos::is_secret(self.device, path) {
            json = Json::from(eos::resalted(self.device, path, value, self.reading));
        }
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
        let odd = ty.filter(|_| self.device.personality.odd_spelling);
        let one = |scalar: &Scalar| match odd.and_then(|ty| spelling::odd(self.schema, ty, scalar.as_str())) {
            Some(text) => Json::from(text),
            None => Schema::scalar_to_json(scalar),
        };
        let json = match value {
            Value::Scalar(scalar) => one(scalar),
            Value::LeafList(scalars) if self.turns_round(node) => scalars.iter().rev().map(one).collect(),
            Value::LeafList(scalars) => scalars.iter().map(one).collect(),
            // a device has no references to secrets: `eos::at_start` takes them out
            Value::Secret(_) => Json::Null,
            Value::Presence => Json::Object(serde_json::Map::new()),
        };
        (json, wide)
    }

    /// Whether the values of a leaf-list are told in the opposite order.
    fn turns_round(&self, node: NodeId) -> bool {
        let ordered = matches!(self.schema.node(node).kind, Kind::LeafList { ordered_by_user: true, .. });
        self.device.personality.reverses_leaf_lists && !ordered
    }
}

/// What the device reports of itself, where the schema has the top of it: the path, the value,
/// and whether it is a 64-bit number.
fn own_leaves(device: &DeviceConfig, snapshot: &Snapshot) -> Vec<(Path, Json, bool)> {
    let time = |nanoseconds: i64| Json::from(nanoseconds.to_string());
    let chassis = "components/component[name=Chassis]/state";
    let leaves = [
        ("system/state", "software-version", Json::from(device.software_version.as_str()), false),
        ("system/state", "last-configuration-timestamp", time(snapshot.changed_at), true),
        ("system/state", "boot-time", time(snapshot.booted_at), true),
        (chassis, "name", Json::from("Chassis"), false),
        (chassis, "type", Json::from("openconfig-platform-types:CHASSIS"), false),
        (chassis, "mfg-name", Json::from("Arista Networks"), false),
        (chassis, "part-no", Json::from(device.chassis.part_no.as_str()), false),
        (chassis, "serial-no", Json::from(device.chassis.serial_no.as_str()), false),
        (chassis, "software-version", Json::from(device.software_version.as_str()), false),
    ];
    let known = leaves.into_iter().filter_map(|(container, leaf, json, wide)| {
        let path = container.parse::<Path>().ok()?;
        device.schema.child(None, path.elems().first()?.name())?;
        Some((path.join(Elem::new(leaf)), json, wide))
    });
    known.collect()
}

/// The time of the last change, as it is shown; none where the schema lacks `/system`.
pub(super) fn changed_at(device: &DeviceConfig, snapshot: &Snapshot) -> Option<(Path, Shown)> {
    let own = own_leaves(device, snapshot).into_iter();
    let mut time = own
        .filter(|(path, ..)| path.last().is_some_and(|leaf| leaf.name() == "last-configuration-timestamp"));
    time.next().map(|(path, json, wide)| (path, Shown { json, wide, key: false, parts: Parts::OWN }))
}

/// Interfaces are up unless they are disabled, BGP sessions established unless they are.
fn operational(snapshot: &Snapshot, at: &Path) -> Vec<(Path, &'static str)> {
    let mut found = Vec::new();
    for (path, leaf) in snapshot.config.below(at) {
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
