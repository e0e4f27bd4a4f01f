//! Any text as the agent's configuration.
#![no_main]

use std::path::Path;

use gitfabric::agent::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Config::parse(text, Path::new("/etc/gitfabric"));
});
