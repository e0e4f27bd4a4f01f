//! Any text as a schema pack.
#![no_main]

use gitfabric::yang::schema::pack;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(schema) = pack::read(text) {
        assert_eq!(pack::read(&pack::write(&schema)).as_ref(), Ok(&schema));
    }
});
