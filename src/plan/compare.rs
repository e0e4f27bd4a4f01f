//! One leaf: what it should be, beside what it is and what it was.
//!
//! Values compare by their canonical form, leaf-lists as sets unless the order is the
//! user's (both are canonical in a tree), a default like its absence, secrets by
//! fingerprint. Elsewhere: whole devices (`device`).

use super::device::{Action, Change, Inputs};
use super::entries;
use crate::names::SecretName;
use crate::yang::schema::Kind;
use crate::yang::{Leaf, Path, Scalar, Schema, Value};

/// Whether a leaf holds what a device without that leaf does anyway (RFC 7950 sections
/// 7.6.1 and 7.7.2). Devices differ in whether they report such leaves.
pub(crate) fn is_default(schema: &Schema, leaf: &Leaf) -> bool {
    match (&schema.node(leaf.node).kind, &leaf.value) {
        (Kind::Leaf { default: Some(default), .. }, Value::Scalar(scalar)) => **default == *scalar.as_str(),
        (Kind::LeafList { defaults, ordered_by_user, .. }, Value::LeafList(values)) => {
            let mut defaults: Vec<&str> = defaults.iter().map(|text| &**text).collect();
            let mut values: Vec<&str> = values.iter().map(Scalar::as_str).collect();
            if !ordered_by_user {
                defaults.sort_unstable();
                values.sort_unstable();
            }
            !defaults.is_empty() && defaults == values
        }
        _ => false,
    }
}

/// The change, if any, that gives the device a leaf that the intent asks for.
pub(super) fn wanted(inputs: &Inputs<'_>, path: &Path, leaf: &Leaf) -> Option<Change> {
    let actual = inputs.actual.get(path);
    let state = match &leaf.value {
        Value::Secret(name) => secret_state(inputs, path, name, actual),
        value => match actual {
            Some(actual) if actual.value == *value => State::Equal,
            None if is_default(inputs.schema, leaf) && !in_new_entry(inputs, path) => State::Equal,
            _ => State::Differs { drift: has_drifted(inputs, path, actual) },
        },
    };
    let State::Differs { drift } = state else { return None };
    let to = leaf.clone();
    let action = match (actual, shown_value(inputs, path)) {
        (Some(_), Some(from)) => Action::Modify { from, to },
        // the device hides it, yet the record knows it is there
        (None, Some(from @ Value::Secret(_))) if !drift => Action::Modify { from, to },
        _ => Action::Add { to },
    };
    Some(Change { path: path.clone(), action, drift, origin: leaf.origin.clone() })
}

enum State {
    Equal,
    Differs { drift: bool },
}

/// Secrets are compared by what was sent and by what the device has shown since, never by
/// what it shows now with what should be sent.
fn secret_state(inputs: &Inputs<'_>, path: &Path, name: &SecretName, actual: Option<&Leaf>) -> State {
    if let Some(Leaf { value: Value::Secret(held), .. }) = actual {
        // the tree of a commit, taken for a device
        return if held == name { State::Equal } else { State::Differs { drift: false } };
    }
    let Some(mark) = inputs.recorded.secrets.get(path) else {
        // without a mark nobody can say what the device holds, unless nobody here could ever
        let unknowable = actual.is_some() && (inputs.prints.secret)(name).is_none();
        return if unknowable { State::Equal } else { State::Differs { drift: false } };
    };
    let sent = (inputs.prints.secret)(name);
    if sent.is_some_and(|sent| sent != mark.sent) {
        return State::Differs { drift: false };
    }
    let shows = match actual.map(|leaf| &leaf.value) {
        Some(Value::Scalar(scalar)) => match (inputs.prints.shown)(scalar.as_str()) {
            Some(print) => Some(print),
            None => return State::Equal,
        },
        _ => None,
    };
    if shows == mark.read_back { State::Equal } else { State::Differs { drift: true } }
}

/// Whether somebody changed an owned leaf since it was last read back. An owned leaf that
/// is gone has drifted too, unless it only said the default.
fn has_drifted(inputs: &Inputs<'_>, path: &Path, actual: Option<&Leaf>) -> bool {
    let Some(recorded) = inputs.recorded.tree.get(path) else { return false };
    match actual {
        Some(actual) => actual.value != recorded.value,
        None => !is_default(inputs.schema, recorded),
    }
}

/// Whether a leaf's list entry does not exist yet. A new entry is written as the intent has
/// it, defaults included: a platform's own default may be another than its schema says.
fn in_new_entry(inputs: &Inputs<'_>, path: &Path) -> bool {
    entries::entries_on(path).last().is_some_and(|entry| !inputs.is_there(&entry))
}

/// What the device holds at a leaf, as it may be shown.
pub(super) fn shown_value(inputs: &Inputs<'_>, path: &Path) -> Option<Value> {
    let actual = inputs.actual.get(path).map(|leaf| leaf.value.clone());
    let recorded = inputs.recorded.tree.get(path).map(|leaf| &leaf.value);
    let desired = inputs.desired.get(path).map(|leaf| &leaf.value);
    match (recorded, desired) {
        (Some(secret @ Value::Secret(_)), _) => Some(secret.clone()),
        (_, Some(secret @ Value::Secret(_))) => actual.map(|_| secret.clone()),
        _ => actual,
    }
}
