//! Any JSON as what a device reports; what was understood is written and read again.
#![no_main]

use gitfabric::platform::Profile;
use gitfabric::yang::{Path, json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = serde_json::from_slice(bytes) else { return };
    let schema = (Profile::find("arista-eos", "4.35.0F").unwrap().schema)();
    let read = json::read(&schema, &Path::root(), &value);
    let written = json::write(&schema, &read.tree, &json::no_secrets).json;
    assert_eq!(json::read(&schema, &Path::root(), &written).tree, read.tree);
});
