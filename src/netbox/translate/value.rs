//! Values of custom fields and config contexts, typed; what does not fit is an objection.

use serde_json::Value;

use super::scope::Scope;
use crate::netbox::mapping::{Field, Source};
use crate::netbox::objection::{About, Objection, Objections};
use crate::netbox::wire::{CustomFields, Id};

/// The object whose fields are asked for.
pub(crate) struct Subject<'i> {
    /// For objections.
    pub(crate) about: About,
    /// Its custom fields.
    pub(crate) custom: &'i CustomFields,
    /// Its merged config context; null for all but devices.
    pub(crate) context: &'i Value,
}

impl<'i> Subject<'i> {
    /// An object without a config context.
    pub(crate) fn new(about: About, custom: &'i CustomFields) -> Self {
        Self { about, custom, context: &Value::Null }
    }
}

impl Scope<'_> {
    /// The value of a mapped field. Every place that has one is read: places that differ, and
    /// values that `parse` does not take, are errors.
    pub(crate) fn read<T: PartialEq>(
        &self,
        field: Field,
        subject: &Subject<'_>,
        expected: &str,
        parse: impl Fn(&Value) -> Option<T>,
        out: &mut Objections,
    ) -> Option<T> {
        let mut first: Option<(T, &Source)> = None;
        for source in self.mapping.fields.get(&field).into_iter().flatten() {
            let Some(value) = find(source, subject) else { continue };
            let object = |message| Objection::error("field-value", message).about(subject.about.clone());
            match (parse(value), &first) {
                (None, _) => {
                    let message = format!("`{}` is no value for {}", shown(value), field.name());
                    out.push(object(message).field(source.to_string()).expected(expected));
                }
                (Some(read), Some((known, other))) if read != *known => {
                    let message = format!("`{}` differs from what {other} says", shown(value));
                    let hint = format!(
                        "make both say the same, or name one of them for {} in netbox.yaml",
                        field.name()
                    );
                    out.push(object(message).field(source.to_string()).hint(hint));
                }
                (Some(_), Some(_)) => {}
                (Some(read), None) => first = Some((read, source)),
            }
        }
        first.map(|(read, _)| read)
    }
}

/// The value that a source has; null and the empty text are none.
fn find<'i>(source: &Source, subject: &Subject<'i>) -> Option<&'i Value> {
    let value = match source {
        Source::Custom(name) => subject.custom.get(name)?,
        Source::Context(keys) => keys.iter().try_fold(subject.context, |value, key| value.get(key))?,
    };
    let nothing = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    (!nothing).then_some(value)
}

/// A value inside a message.
pub(crate) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    crate::intent::scalar::shortened(&text)
}

/// A text; also of a choice, which NetBox 4.7 writes as an object.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(choice) => choice.get("value").and_then(text),
        _ => None,
    }
}

/// A whole number, also as text.
pub(crate) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Object(choice) => choice.get("value").and_then(number),
        _ => None,
    }
}

/// The id of an object that a custom field refers to.
pub(crate) fn reference(value: &Value) -> Option<Id> {
    value.get("id").unwrap_or(value).as_u64()
}

/// One value or a list of them.
pub(crate) fn list<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::Array(items) => items.iter().map(read).collect(),
        one => read(one).map(|one| vec![one]),
    }
}
