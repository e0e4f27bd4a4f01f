//! What NetBox is told of its devices: custom fields with the applied commit, and entries in
//! their journals.
//!
//! Blocking, one request at a time: nobody waits for it, and NetBox has other work. Elsewhere:
//! requests (`client`), what there is to tell, when, and what becomes of failures
//! (`agent::back`), fields that are read (`mapping`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::address::cut;
use super::client::Client;
use super::error::NetBoxError;
use super::inventory::Page;
use super::objection::{About, Objection};
use super::queries::queries;
use super::wire::{Choice, CustomFields, Id, or_default};

/// How the change log's message begins for what is written here (NetBox 4.4), so that the
/// export does not take it for what a person asked.
pub(super) const WRITTEN_BACK: &str = "gitfabric applied";

/// How the names of the fields begin that are written here, unless they are configured
/// otherwise.
pub(super) const OWN_FIELDS: &str = "gitfabric_";

const DEVICES: &str = "dcim/devices";
const DEVICE: &str = "dcim.device";
/// NetBox's bound for a message in the change log.
const MESSAGE: usize = 200;

/// The names of the custom fields that are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// Holds the SHA of the commit: text.
    pub commit: String,
    /// Holds when it was applied: date and time, date, or text.
    pub applied: String,
    /// Holds how the device stands: text or a selection.
    pub state: String,
}

/// What the fields of a device say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The commit that brought the device to what it holds.
    pub commit: Option<String>,
    /// When it did.
    pub applied: Option<Timestamp>,
    /// How the device stands.
    pub state: Option<String>,
}

/// The colour of a journal entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Blue.
    Info,
    /// Green.
    Success,
    /// Yellow.
    Warning,
    /// Red.
    Danger,
}

/// What is known of a device in NetBox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Its fields say this already.
    Same,
    /// One of its fields says something else.
    Different,
    /// None of the fields is defined: NetBox cannot tell.
    NoFields,
    /// There is no such device, or more than one.
    Unusable,
}

/// How a value is written into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Time,
    Date,
}

/// A device as NetBox has it.
struct Device {
    id: Id,
    /// The custom fields that are set.
    fields: BTreeMap<String, Value>,
}

/// A NetBox that is written to.
pub struct Back {
    client: Client,
    fields: Fields,
    /// How each field is written that is defined.
    forms: BTreeMap<String, Form>,
    devices: BTreeMap<String, Device>,
}

impl Back {
    /// Nothing is asked yet.
    pub fn new(client: Client, fields: Fields) -> Self {
        Self { client, fields, forms: BTreeMap::new(), devices: BTreeMap::new() }
    }

    /// Whether every field is known to be defined.
    pub fn has_all_fields(&self) -> bool {
        self.names().iter().all(|name| self.forms.contains_key(*name))
    }

    /// Asks which fields are defined, and says what is wrong with the others, which are left
    /// out.
    pub fn look_up_fields(&mut self) -> Result<Vec<Objection>, NetBoxError> {
        #[derive(Deserialize)]
        struct Definition {
            id: Id,
            name: String,
            #[serde(default, deserialize_with = "or_default")]
            object_types: Vec<String>,
            #[serde(default, rename = "type", deserialize_with = "or_default")]
            form: Choice,
        }
        let query: String = self.names().map(|name| format!("name={name}&")).concat();
        let query = format!("{query}ordering=id&fields=id,name,object_types,type");
        let page: Page<Definition> = self.client.get("extras/custom-fields", &query)?.parse()?;
        self.forms.clear();
        let mut wrong = Vec::new();
        for name in self.names().map(ToOwned::to_owned) {
            let found = page.results.iter().find(|field| field.name == name);
            let Some(field) = found else {
                wrong.push(self.undefined(&name));
                continue;
            };
            if !field.object_types.iter().any(|kind| kind == DEVICE) {
                wrong.push(self.wrong(field.id, &name, "object_types", DEVICE, "it is none of devices"));
            } else if let Some(form) = self.form(&name, &field.form.0) {
                self.forms.insert(name, form);
            } else {
                let found = format!("its type is {}", field.form.0);
                wrong.push(self.wrong(field.id, &name, "type", self.wanted(&name), &found));
            }
        }
        Ok(wrong)
    }

    /// Asks for devices that are not known yet, and says which cannot be written to.
    pub fn look_up<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<Objection>, NetBoxError> {
        let unknown: Vec<&str> = names.filter(|name| !self.devices.contains_key(*name)).collect();
        let mut wrong = Vec::new();
        for (query, asked) in queries("name", &unknown) {
            let mut found = self.devices_of(&query, &asked)?;
            for name in asked {
                let mut devices = found.remove(name).unwrap_or_default();
                match (devices.pop(), devices.len()) {
                    (Some(device), 0) => {
                        self.devices.insert(name.to_owned(), device);
                    }
                    (None, _) => wrong.push(absent(name)),
                    (Some(_), others) => wrong.push(ambiguous(name, others + 1)),
                }
            }
        }
        Ok(wrong)
    }

    /// The devices of these names, which need no escapes; a name may be that of several, at
    /// several sites.
    fn devices_of(
        &self,
        query: &str,
        asked: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Vec<Device>>, NetBoxError> {
        #[derive(Deserialize)]
        struct Found {
            id: Id,
            name: Option<String>,
            #[serde(default, deserialize_with = "or_default")]
            custom_fields: CustomFields,
        }
        let query = format!("{query}ordering=id&limit=1000&fields=id,name,custom_fields");
        let mut found: BTreeMap<String, Vec<Device>> = BTreeMap::new();
        let mut body = self.client.get(DEVICES, &query)?;
        loop {
            let page: Page<Found> = body.parse()?;
            let came = !page.results.is_empty();
            for Found { id, name, custom_fields } in page.results {
                // what was not asked for came because a filter was not understood
                let Some(name) = name.filter(|name| asked.contains(name.as_str())) else {
                    return Err(NetBoxError::FilterIgnored { url: body.url });
                };
                found.entry(name).or_default().push(Device { id, fields: (*custom_fields).clone() });
            }
            match page.next {
                Some(next) if came => body = self.client.follow(&body, &next)?,
                _ => return Ok(found),
            }
        }
    }

    /// Whether NetBox says this of a device, as far as it was heard.
    pub fn known(&self, device: &str, state: &State) -> Known {
        if !self.devices.contains_key(device) {
            Known::Unusable
        } else if self.forms.is_empty() {
            Known::NoFields
        } else if self.different(device, state).is_empty() {
            Known::Same
        } else {
            Known::Different
        }
    }

    /// Sets the fields of a device that say something else. Says whether there was one.
    pub fn set(&mut self, device: &str, state: &State) -> Result<bool, NetBoxError> {
        let fields = self.different(device, state);
        let Some(id) = self.devices.get(device).map(|device| device.id).filter(|_| !fields.is_empty()) else {
            return Ok(false);
        };
        let body = json!({ "custom_fields": fields, "changelog_message": message(state) });
        match self.client.patch(&format!("{DEVICES}/{id}"), &body) {
            Ok(_) => {}
            Err(error) => {
                if matches!(error, NetBoxError::Missing { .. }) {
                    // deleted, and perhaps made anew: its name is looked up again
                    self.devices.remove(device);
                }
                return Err(refused(error, "`change` on dcim.device"));
            }
        }
        if let Some(device) = self.devices.get_mut(device) {
            device.fields.extend(fields);
        }
        Ok(true)
    }

    /// Writes into the journal of a device. After an error that leaves open whether it was
    /// written it is not tried again.
    pub fn journal(&mut self, device: &str, kind: Kind, comments: &str) -> Result<(), NetBoxError> {
        let Some(known) = self.devices.get(device) else { return Ok(()) };
        let body = json!({
            "assigned_object_type": DEVICE,
            "assigned_object_id": known.id,
            "kind": kind.as_str(),
            "comments": comments,
        });
        let written = self.client.post("extras/journal-entries", &body);
        written.map(|_| ()).map_err(|error| refused(error, "`add` on extras.journalentry"))
    }

    /// The fields that say something else, with what they should say.
    fn different(&self, device: &str, state: &State) -> Map<String, Value> {
        let held = self.devices.get(device).map(|device| &device.fields);
        let values = [
            (&self.fields.commit, state.commit.as_deref().map(Value::from)),
            (&self.fields.applied, state.applied.map(|applied| self.time(applied))),
            (&self.fields.state, state.state.as_deref().map(Value::from)),
        ];
        let defined = values.into_iter().filter(|(name, _)| self.forms.contains_key(*name));
        defined
            .map(|(name, value)| (name.clone(), value.unwrap_or(Value::Null)))
            .filter(|(name, value)| !equal(held.and_then(|held| held.get(name)), value))
            .collect()
    }

    /// A time in the form of its field. Whole seconds: nobody applies twice in one.
    fn time(&self, time: Timestamp) -> Value {
        let utc = time.to_zoned(TimeZone::UTC);
        match self.forms.get(&self.fields.applied) {
            Some(Form::Date) => utc.strftime("%Y-%m-%d").to_string().into(),
            _ => utc.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into(),
        }
    }

    fn names(&self) -> [&str; 3] {
        [&self.fields.commit, &self.fields.applied, &self.fields.state].map(String::as_str)
    }

    /// How to write into a field of a type of NetBox's, if that can hold it.
    fn form(&self, name: &str, kind: &str) -> Option<Form> {
        match kind {
            "text" | "longtext" => Some(Form::Text),
            "select" if name == self.fields.state => Some(Form::Text),
            "datetime" if name == self.fields.applied => Some(Form::Time),
            "date" if name == self.fields.applied => Some(Form::Date),
            _ => None,
        }
    }

    fn wanted(&self, name: &str) -> &'static str {
        match name {
            name if name == self.fields.applied => "datetime, date or text",
            name if name == self.fields.state => "text or select",
            _ => "text",
        }
    }

    fn undefined(&self, name: &str) -> Objection {
        let hint = format!(
            "define it under Customization, Custom Fields ({}extras/custom-fields/add/): name {name}, object type \
             DCIM > Device, type {}; the other fields are written all the same",
            self.client.url(),
            self.wanted(name)
        );
        Objection::warning("field-undefined", format!("NetBox has no custom field {name}")).hint(hint)
    }

    fn wrong(&self, id: Id, name: &str, field: &str, expected: &str, found: &str) -> Objection {
        let url = format!("{}extras/custom-fields/{id}/", self.client.url());
        Objection::warning("field-unfit", format!("it is not written: {found}"))
            .about(About { kind: "custom field".into(), name: name.into(), url })
            .field(field)
            .expected(expected)
    }
}

impl Kind {
    /// As the REST API has it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

/// A refusal of a write, told apart from one of the token, and values that are not taken.
fn refused(error: NetBoxError, needs: &'static str) -> NetBoxError {
    match error {
        NetBoxError::Refused { url, said } if said.contains("do not have permission") => {
            NetBoxError::ReadOnly { url, said, needs }
        }
        NetBoxError::Status { url, status: 400, said } => NetBoxError::NotTaken { url, said },
        other => other,
    }
}

/// What stands in the change log beside the change.
fn message(state: &State) -> String {
    let commit = state.commit.as_deref().and_then(|commit| commit.get(..7)).unwrap_or("nothing yet");
    let state = state.state.as_deref().unwrap_or_default();
    cut(&format!("{WRITTEN_BACK} {commit}: {state}")).chars().take(MESSAGE).collect()
}

fn absent(name: &str) -> Objection {
    Objection::warning("device-unknown", format!("there is no device {name} in NetBox"))
        .hint("nothing is written back for it until NetBox has a device of this name")
}

fn ambiguous(name: &str, devices: usize) -> Objection {
    Objection::warning("device-name", format!("{devices} devices in NetBox have the name {name}"))
        .hint("nothing is written back for it: which of them is meant is unknown")
}

/// Whether a field says a value. NetBox writes times in a form of its own.
fn equal(held: Option<&Value>, value: &Value) -> bool {
    let held = held.unwrap_or(&Value::Null);
    let time = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    held == value || time(held).is_some_and(|held| time(value) == Some(held))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netbox::Config;
    use crate::secret::SecretText;

    fn back(forms: &[(&str, Form)], held: Value) -> Back {
        let config = Config::new("https://netbox.example", SecretText::new("0123456789abcdef"));
        let fields = Fields { commit: "c".into(), applied: "a".into(), state: "s".into() };
        let mut back = Back::new(Client::new(&config).unwrap(), fields);
        back.forms = forms.iter().map(|(name, form)| ((*name).to_owned(), *form)).collect();
        let fields = serde_json::from_value::<CustomFields>(held).unwrap();
        back.devices.insert("leaf1".to_owned(), Device { id: 3, fields: (*fields).clone() });
        back
    }

    #[test]
    fn only_fields_that_are_defined_and_say_something_else_are_written() {
        let all = &[("c", Form::Text), ("a", Form::Time), ("s", Form::Text)][..];
        let state = State {
            commit: Some("1a2b3c4".into()),
            applied: Some("2026-11-21T07:10:00.75Z".parse().unwrap()),
            state: Some("current".into()),
        };
        let whole = json!({"c": "1a2b3c4", "a": "2026-11-21T07:10:00Z", "s": "current"});
        for (case, forms, held, state, expected) in [
            ("nothing is set", all, json!({"c": null, "a": null, "s": null}), &state, whole.clone()),
            ("all is so", all, whole.clone(), &state, json!({})),
            (
                "NetBox's form of a time",
                all,
                json!({"c": "1a2b3c4", "a": "2026-11-21T08:10:00+01:00", "s": "current"}),
                &state,
                json!({}),
            ),
            (
                "a selection, 4.7",
                all,
                json!({"c": "1a2b3c4", "a": "2026-11-21T07:10:00Z", "s": {"value": "current", "label": "Current"}}),
                &state,
                json!({}),
            ),
            (
                "one differs",
                all,
                json!({"c": "1a2b3c4", "a": "2026-11-21T07:10:00Z", "s": "behind"}),
                &state,
                json!({"s": "current"}),
            ),
            ("one is defined", &all[2..], json!({"s": "behind", "x": 7}), &state, json!({"s": "current"})),
            ("a date", &[("a", Form::Date)], json!({"a": "2026-11-20"}), &state, json!({"a": "2026-11-21"})),
            ("nothing was applied", all, whole, &State::default(), json!({"c": null, "a": null, "s": null})),
            ("none is defined", &[], json!({}), &state, json!({})),
        ] {
            assert_eq!(Value::Object(back(forms, held).different("leaf1", state)), expected, "{case}");
        }
    }

    #[test]
    fn the_change_log_is_told_who_wrote() {
        let state =
            State { commit: Some("1a2b3c4d5e".into()), state: Some("current".into()), ..State::default() };
        assert_eq!(message(&state), "gitfabric applied 1a2b3c4: current");
        assert!(message(&State::default()).starts_with(WRITTEN_BACK));
    }
}
