//! What is in a fake NetBox: tables of objects as REST shows them whole, and the change log.
//!
//! Objects are kept with their nested ones, so a change of one is carried into every object
//! that nests it. Edits in NetBox's own words (a VLAN with its VNI, a device with all that
//! goes with it) are in `edits`. Elsewhere: reading by query (`filters`, `query`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::models;
use super::query::id;

/// The host in stored objects; a server writes its own instead.
pub(super) const HOST: &str = "http://netbox.example";

/// One endpoint's objects, in the order in which NetBox lists them.
#[derive(Clone, Debug, Default)]
struct Table {
    objects: BTreeMap<u64, Value>,
    order: Vec<u64>,
    /// The newest id ever given: NetBox gives none twice.
    last: u64,
}

/// The content of a NetBox.
#[derive(Clone, Debug)]
pub(crate) struct Netbox {
    tables: BTreeMap<String, Table>,
    /// Oldest first.
    log: Vec<Value>,
    /// Entries of the log that are counted but not shown (they were not recorded).
    pub(super) unseen: usize,
    /// The newest id that the log forgot.
    newest: u64,
    user: String,
    /// What the user writes about what he does (4.4).
    message: String,
    /// Whether objects are still being filled in: no log, no times.
    pub(super) quiet: bool,
    /// Counts edits: the clock, and the request ids.
    step: u64,
    request: u64,
}

impl Netbox {
    /// A NetBox with these endpoints, all empty.
    pub(super) fn new<'a>(endpoints: impl IntoIterator<Item = &'a str>) -> Self {
        let tables = endpoints.into_iter().map(|endpoint| (endpoint.to_owned(), Table::default())).collect();
        let user = "admin".to_owned();
        let (log, message) = (Vec::new(), String::new());
        Self { tables, log, unseen: 0, newest: 0, user, message, quiet: true, step: 0, request: 0 }
    }

    /// Makes sure that there is such a list.
    pub(super) fn declare(&mut self, endpoint: &str) {
        self.tables.entry(endpoint.to_owned()).or_default();
    }

    /// Whether there is such a list.
    pub(super) fn has(&self, endpoint: &str) -> bool {
        endpoint == "core/object-changes" || self.tables.contains_key(endpoint)
    }

    /// An endpoint's objects, in NetBox's order.
    pub(crate) fn objects(&self, endpoint: &str) -> impl Iterator<Item = &Value> {
        let table = self.tables.get(endpoint);
        let log: &[Value] = if endpoint == "core/object-changes" { &self.log } else { &[] };
        table.into_iter().flat_map(|table| table.order.iter().map(|id| &table.objects[id])).chain(log)
    }

    /// An object; null if there is none.
    pub(crate) fn get(&self, endpoint: &str, id: u64) -> &Value {
        static NONE: Value = Value::Null;
        if endpoint == "core/object-changes" {
            return self.log.iter().find(|entry| entry["id"] == json!(id)).unwrap_or(&NONE);
        }
        self.tables.get(endpoint).and_then(|table| table.objects.get(&id)).unwrap_or(&NONE)
    }

    /// The id of the object whose `name` (or else `display`) is this.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn id_of(&self, endpoint: &str, name: &str) -> u64 {
        self.find(endpoint, |object| object["name"] == name)
            .or_else(|| self.find(endpoint, |object| object["display"] == name))
            .unwrap_or_else(|| panic!("no {name} in {endpoint}"))
    }

    /// The id of the interface `name` of `device`.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn interface(&self, device: &str, name: &str) -> u64 {
        let is = |object: &Value| object["device"]["name"] == device && object["name"] == name;
        self.find("dcim/interfaces", is).unwrap_or_else(|| panic!("{device} has no {name}"))
    }

    /// The id of the first object of which this holds.
    pub(crate) fn find(&self, endpoint: &str, holds: impl Fn(&Value) -> bool) -> Option<u64> {
        self.objects(endpoint).find(|object| holds(object)).map(id)
    }

    /// The id of the newest entry of the change log.
    pub(crate) fn last_change(&self) -> u64 {
        self.log.last().map_or(self.newest, id)
    }

    /// The short form of an object, as others nest it.
    pub(super) fn brief(&self, endpoint: &str, id: u64) -> Value {
        let Value::Object(object) = self.get(endpoint, id) else {
            panic!("no object {id} in {endpoint}");
        };
        let fields = models::brief(endpoint);
        let kept = object.iter().filter(|(name, _)| fields.contains(&name.as_str()));
        Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Makes all edits in `edits` one request of `user`.
    pub(crate) fn by<T>(&mut self, user: &str, edits: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.user, user.to_owned());
        let request = std::mem::replace(&mut self.request, self.step + 1);
        let result = edits(self);
        self.user = before;
        self.request = request;
        result
    }

    /// The same, with a message for the change log.
    pub(super) fn saying<T>(&mut self, user: &str, message: &str, edits: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.message, message.to_owned());
        let result = self.by(user, edits);
        self.message = before;
        result
    }

    /// Changes that leave no trace in the log, as a database restore or a cascade does.
    pub(crate) fn silently<T>(&mut self, edits: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.quiet, true);
        let result = edits(self);
        self.quiet = before;
        result
    }

    /// Adds an object: `id` (unless given), addresses and times are filled in.
    pub(crate) fn create(&mut self, endpoint: &str, object: Value) -> u64 {
        let now = self.tick();
        let table = self.tables.entry(endpoint.to_owned()).or_default();
        let id = object["id"].as_u64().unwrap_or(table.last + 1);
        let Value::Object(mut object) = object else { panic!("an object is a map") };
        object.insert("id".into(), json!(id));
        let path = models::path(endpoint);
        object.insert("url".into(), json!(format!("{HOST}/api/{path}/{id}/")));
        if !endpoint.starts_with("plugins/") {
            object.insert("display_url".into(), json!(format!("{HOST}/{endpoint}/{id}/")));
        }
        for name in ["created", "last_updated"] {
            object.entry(name).or_insert_with(|| json!(now));
        }
        let display = models::display(endpoint, &object);
        object.insert("display".into(), json!(display));
        table.last = table.last.max(id);
        table.order.push(id);
        table.objects.insert(id, Value::Object(object));
        self.write_down("create", endpoint, id, &Value::Null);
        id
    }

    /// Changes what NetBox works out for an object (not what people set): no log, no time, and
    /// what nests it stays.
    pub(super) fn put(&mut self, id: u64, endpoint: &str, change: impl FnOnce(&mut Value)) {
        let object = self.tables.get_mut(endpoint).and_then(|table| table.objects.get_mut(&id));
        change(object.unwrap_or_else(|| panic!("no object {id} in {endpoint}")));
    }

    /// Who edits.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// Puts in a recorded object as it is.
    pub(super) fn restore(&mut self, endpoint: &str, object: Value) {
        let table = self.tables.entry(endpoint.to_owned()).or_default();
        let id = id(&object);
        table.last = table.last.max(id);
        table.order.push(id);
        table.objects.insert(id, object);
    }

    /// Puts in recorded entries of the change log, oldest first.
    pub(super) fn restore_log(&mut self, log: Vec<Value>, unseen: usize) {
        self.log = log;
        self.unseen = unseen;
    }

    /// Changes an object, and what others show of it.
    ///
    /// # Panics
    /// If there is no such object.
    pub(crate) fn update(&mut self, endpoint: &str, id: u64, change: impl FnOnce(&mut Map<String, Value>)) {
        let now = self.tick();
        let quiet = self.quiet;
        let object = self.tables.get_mut(endpoint).and_then(|table| table.objects.get_mut(&id));
        let Some(Value::Object(object)) = object else { panic!("no object {id} in {endpoint}") };
        let before = Value::Object(object.clone());
        change(object);
        if !quiet {
            object.insert("last_updated".into(), json!(now));
        }
        let display = models::display(endpoint, object);
        object.insert("display".into(), json!(display));
        let after = Value::Object(object.clone());
        self.carry(&after);
        self.write_down("update", endpoint, id, &before);
    }

    /// Carries the new name (and the like) of an object to where it is nested.
    fn carry(&mut self, object: &Value) {
        let own = (id(object), object["url"].as_str().unwrap_or_default().to_owned());
        for table in self.tables.values_mut() {
            for value in table.objects.values_mut() {
                let Value::Object(map) = value else { continue };
                for nested in map.values_mut() {
                    visit(nested, &mut |nested| {
                        if nested.get("url").and_then(Value::as_str) == Some(own.1.as_str()) {
                            carry_into(nested, object);
                        }
                    });
                }
            }
        }
    }

    /// Takes an object away; what nests it forgets it, without an entry in the log.
    ///
    /// # Panics
    /// If there is no such object.
    pub(crate) fn delete(&mut self, endpoint: &str, id: u64) {
        self.delete_all(&[(endpoint, id)]);
    }

    /// Takes objects away in this order.
    pub(super) fn delete_all(&mut self, gone: &[(&str, u64)]) {
        let mut urls = BTreeSet::new();
        for (endpoint, id) in gone {
            self.tick();
            let table = self.tables.get_mut(*endpoint).unwrap_or_else(|| panic!("no endpoint {endpoint}"));
            let Some(object) = table.objects.remove(id) else { panic!("no object {id} in {endpoint}") };
            table.order.retain(|other| other != id);
            urls.insert(object["url"].as_str().unwrap_or_default().to_owned());
            self.write_down("delete", endpoint, *id, &object);
        }
        for object in self.tables.values_mut().flat_map(|table| table.objects.values_mut()) {
            let Value::Object(map) = object else { continue };
            forget(map, &urls);
        }
    }

    /// The time of the next edit: one second after the last.
    fn tick(&mut self) -> String {
        self.step += u64::from(!self.quiet);
        let seconds = self.step;
        format!("2026-11-20T{:02}:{:02}:{:02}.250000Z", 22 + seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    fn write_down(&mut self, action: &str, endpoint: &str, id: u64, before: &Value) {
        if self.quiet {
            return;
        }
        let now = self.get(endpoint, id);
        let raw = |object: &Value| if object.is_null() { json!({}) } else { models::raw(object) };
        let shown = if now.is_null() { before } else { now };
        let repr = shown["display"].as_str().unwrap_or_default().to_owned();
        let brief = if now.is_null() { Value::Null } else { self.brief(endpoint, id) };
        let data = [raw(before), raw(now)];
        self.note(action, models::model(endpoint), id, &repr, &brief, data);
    }

    /// Writes an entry of the change log: of the object with its short form, and its raw form
    /// before and after.
    pub(super) fn note(
        &mut self,
        action: &str,
        model: &str,
        id: u64,
        repr: &str,
        object: &Value,
        [before, after]: [Value; 2],
    ) {
        let label = match action {
            "create" => "Created",
            "update" => "Updated",
            _ => "Deleted",
        };
        let (app, _) = model.split_once('.').unwrap_or_default();
        let (app, verb, user) = (app.to_uppercase(), label.to_lowercase(), &self.user);
        let entry = self.last_change() + 1;
        let request = if self.request > 0 { self.request } else { self.step };
        self.log.push(json!({
            "id": entry,
            "url": format!("{HOST}/api/core/object-changes/{entry}/"),
            "display_url": format!("{HOST}/core/changelog/{entry}/"),
            "display": format!("{app} | {repr} {verb} by {user}"),
            "time": self.time(),
            "user": {"id": 1, "url": format!("{HOST}/api/users/users/1/"), "display": user, "username": user},
            "user_name": user,
            "request_id": format!("{request:08x}-0000-4000-8000-000000000000"),
            "action": {"value": action, "label": label},
            "changed_object_type": model,
            "changed_object_id": id,
            "changed_object": object,
            "object_repr": repr,
            "message": self.message,
            "prechange_data": before,
            "postchange_data": after,
        }));
    }

    /// The change log forgets all entries up to this id, as it does after its retention time.
    pub(crate) fn forget_changes(&mut self, upto: u64) {
        self.log.retain(|entry| id(entry) > upto);
        self.unseen = 0;
        self.newest = self.newest.max(upto);
    }

    /// Now, in the log's words.
    fn time(&self) -> String {
        let seconds = self.step;
        format!("2026-11-20T{:02}:{:02}:{:02}.500000Z", 22 + seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

/// Calls `see` on every map in a value.
fn visit(value: &mut Value, see: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            see(map);
            map.values_mut().for_each(|value| visit(value, see));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, see)),
        _ => {}
    }
}

/// Takes over the plain fields that a nested form shares with the object. Counts of nested
/// objects are not kept by NetBox either.
fn carry_into(nested: &mut Map<String, Value>, object: &Value) {
    for (name, value) in nested.iter_mut() {
        let new = &object[name.as_str()];
        let plain = !new.is_array() && (!new.is_object() || new.get("value").is_some());
        if plain && !new.is_null() && !name.ends_with("_count") && name != "_depth" {
            *value = new.clone();
        }
    }
}

/// Takes gone objects out of an object: fields become null, lists lose them, a cable keeps
/// an empty side, and an interface's far end is unknown.
fn forget(map: &mut Map<String, Value>, gone: &BTreeSet<String>) {
    let is_gone = |value: &Value| {
        let url = value["url"].as_str().or_else(|| value["object"]["url"].as_str());
        url.is_some_and(|url| gone.contains(url))
    };
    for (name, value) in map.iter_mut() {
        match value {
            Value::Object(_) if is_gone(value) => *value = Value::Null,
            Value::Object(inner) => forget(inner, gone),
            Value::Array(items) => {
                let before = items.len();
                items.retain(|item| !is_gone(item));
                let changed = items.len() < before;
                items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| forget(item, gone));
                if changed && items.is_empty() && name == "connected_endpoints" {
                    *value = Value::Null;
                }
            }
            _ => {}
        }
    }
    if map.get("connected_endpoints").is_some_and(Value::is_null) {
        map.insert("connected_endpoints_type".into(), Value::Null);
        map.insert("connected_endpoints_reachable".into(), json!(false));
        map.insert("link_peers_type".into(), Value::Null);
    }
}
