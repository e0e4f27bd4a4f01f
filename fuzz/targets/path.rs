//! Any text as a path; what is a path is written as it was read.
#![no_main]

use gitfabric::yang::Path;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(path) = text.parse::<Path>() {
        assert_eq!(path.to_string().parse::<Path>().as_ref(), Ok(&path));
    }
});
