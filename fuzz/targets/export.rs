//! What an export reads from outside: the mapping file, the manifest, objects of NetBox.
//!
//! Any inventory, however mangled, is said as files or objected to, and never a panic.
#![no_main]

use gitfabric::intent::manifest;
use gitfabric::netbox::translate::{Previous, translate};
use gitfabric::netbox::{ENDPOINTS, Inventory, Mapping};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = |name: &str| name.parse().expect("a path");
    let _ = manifest::parse(&path(manifest::FILE), data);
    let (mapping, _) = Mapping::parse(&path(manifest::MAPPING_FILE), data);
    let mut inventory = Inventory::default();
    // a line an object: the list's number, then its JSON
    for line in String::from_utf8_lossy(data).lines() {
        let Some((list, json)) = line.split_once(' ') else { continue };
        if let Some(list) = list.parse::<usize>().ok().and_then(|list| ENDPOINTS.get(list)) {
            let _ = inventory.put(list.path, json);
        }
    }
    let _ = translate(&inventory, &mapping.unwrap_or_default(), &Previous::default(), "https://netbox.example");
});
