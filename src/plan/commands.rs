//! A plan as the commands of each device's own OS: a view for people, never sent.
//!
//! What a device holds now is what it should hold with the plan's changes taken back, so
//! that the commands say what the plan does and nothing else. Elsewhere: the commands
//! (`platform::cli`), drawing them (`render`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::device::{Action, DevicePlan};
use super::fabric::Plan;
use crate::compile::DeviceBuild;
use crate::names::DeviceName;
use crate::platform::cli::CliLine;
use crate::yang::{Leaf, Schema, Tree, Value};

/// The commands of each device that changes.
pub type Commands = BTreeMap<DeviceName, Vec<CliLine>>;

/// What an engineer would type for a plan, device by device.
pub fn commands(plan: &Plan, devices: &BTreeMap<DeviceName, Arc<DeviceBuild>>) -> Commands {
    let of = |(name, device): (&DeviceName, &DevicePlan)| {
        let build = devices.get(name).filter(|_| !device.is_empty())?;
        let before = before(device, &build.tree, &build.schema);
        Some((name.clone(), build.profile.cli.changes(&before, &build.tree)))
    };
    plan.devices.iter().filter_map(of).collect()
}

/// A desired tree with the changes of a plan taken back.
fn before(device: &DevicePlan, desired: &Tree, schema: &Schema) -> Tree {
    let mut before = desired.clone();
    for change in &device.changes {
        let node = || desired.get(&change.path).map(|leaf| leaf.node).or_else(|| schema.find(&change.path));
        let held = match &change.action {
            Action::Add { .. } => None,
            Action::Modify { from, .. } | Action::Delete { from } => Some(from),
        };
        match held.zip(node()) {
            Some((from, node)) => {
                // a secret of the same name with another value: any other value than the name's
                let same = desired.get(&change.path).is_some_and(|leaf| leaf.value == *from);
                let value = if same { Value::Presence } else { from.clone() };
                before.insert(change.path.clone(), Leaf { node, value, origin: change.origin.clone() });
            }
            None => drop(before.remove(&change.path)),
        }
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::{plan, recorded, schema, text, tree};

    #[test]
    fn taking_a_plan_back_gives_what_the_device_holds() {
        let schema = schema();
        for (desired, actual) in [
            ("/interfaces/interface[name=e1]/config/mtu 1500", ""),
            ("", "/interfaces/interface[name=e1]/config/mtu 1500"),
            (
                "/interfaces/interface[name=e1]/config/mtu 9000",
                "/interfaces/interface[name=e1]/config/mtu 1500\n/interfaces/interface[name=e2]/config/mtu 1500",
            ),
        ] {
            let (desired, actual) = (tree(&schema, desired), tree(&schema, actual));
            let device = plan(&schema, &desired, &actual, &recorded(actual.clone()));
            assert_eq!(text(&before(&device, &desired, &schema)), text(&actual));
        }
    }
}
