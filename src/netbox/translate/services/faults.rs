//! What is wrong with config contexts, told once for all devices that have it.
//!
//! Elsewhere: what is wrong (`services`).

use std::collections::BTreeMap;

use crate::netbox::objection::{Objection, Objections, Weight};
use crate::netbox::translate::scope::{Member, Scope};
use crate::netbox::wire::Id;

/// A key that the intent has no place for.
pub(super) fn no_place(field: String) -> Fault {
    let message = "the intent has no place for it: left out".to_owned();
    Fault { weight: Weight::Note, code: "context-left-out", field, message, expected: None }
}

/// What is wrong with a context; it is often wrong for many devices at once.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fault {
    /// How bad it is.
    pub(super) weight: Weight,
    /// Its name.
    pub(super) code: &'static str,
    /// The field, as the REST API names it.
    pub(super) field: String,
    /// What is wrong.
    pub(super) message: String,
    /// What was expected.
    pub(super) expected: Option<String>,
}

/// Faults, each with the devices that have it.
#[derive(Default)]
pub(super) struct Faults(BTreeMap<Fault, Vec<Id>>);

impl Faults {
    /// Adds a fault that a device has.
    pub(super) fn add(&mut self, fault: Fault, member: &Member<'_>) {
        let devices = self.0.entry(fault).or_default();
        if devices.last() != Some(&member.id) {
            devices.push(member.id);
        }
    }

    /// One objection a fault, at the first device that has it.
    pub(super) fn tell(self, scope: &Scope<'_>, out: &mut Objections) {
        for (fault, devices) in self.0 {
            let message = match devices.len() {
                0 | 1 => fault.message,
                all if all == scope.devices.len() => format!("{} (so on every device)", fault.message),
                some => format!("{} (so on {some} devices)", fault.message),
            };
            let mut objection = match fault.weight {
                Weight::Error => Objection::error(fault.code, message),
                Weight::Warning => Objection::warning(fault.code, message),
                Weight::Note => Objection::note(fault.code, message),
            };
            objection.expected = fault.expected;
            let first = devices.first().and_then(|id| scope.device(*id));
            out.push(match first {
                Some(member) => objection.about(scope.about_device(member.device)).field(fault.field),
                None => objection.field(fault.field),
            });
        }
    }
}
