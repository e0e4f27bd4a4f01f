//! The recorded NetBox as files.

use super::*;

#[test]
fn the_recorded_fabric_is_translated() {
    let Some(inventory) = recorded::state(1) else { return };
    let translation =
        translate(&inventory, &Mapping::default(), &Previous::default(), "https://netbox.example");
    let objections: Vec<String> = translation.objections.iter().map(ToString::to_string).collect();
    assert!(!translation.objections.has_errors(), "{objections:#?}");
}
