//! Any text as a YANG module.
#![no_main]

use std::collections::BTreeMap;
use std::sync::Arc;

use gitfabric::yang::schema::make::{Sources, make};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let files = BTreeMap::from([("fuzzed.yang".parse().unwrap(), Arc::from(text))]);
    let _ = make(&Sources {
        platform: "fuzz",
        version: "1",
        files: &files,
        load_order: "fuzzed.yang",
        path_report: None,
        import_only: &[],
    });
});
