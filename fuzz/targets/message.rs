//! Any text as a commit message.
#![no_main]

use gitfabric::git::message::Message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Message::parse(text).allowances();
});
