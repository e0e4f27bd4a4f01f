//! Tests: whole device configurations against the schema of EOS, those that yanglint accepts
//! and those that it refuses. Elsewhere: each rule by itself (`yang::validate`).

use std::fs;
use std::path::PathBuf;

use serde_json::Value as Json;

use super::pack::eos_4_35_0f;
use crate::yang::validate::{Fault, validate};
use crate::yang::{Path, json};

fn shown(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{} {}: {}", fault.kind.code(), fault.path, fault.message)).collect()
}

/// A sample of `../shared/reference/samples`; none, with a word why, where that is missing.
fn published(name: &str) -> Option<Json> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/samples").join(name);
    let text = fs::read_to_string(&file);
    if text.is_err() {
        println!("skipped: needs {}", file.display());
    }
    text.ok().map(|text| serde_json::from_str(&text).unwrap())
}

/// Needs `../shared/reference/samples`. The two configurations validate in yanglint; a path
/// report that yanglint does not know makes a node of leaf1 read only.
#[test]
fn the_published_configurations_validate() {
    let schema = &eos_4_35_0f();
    for (name, expected) in [("spine1.json", &[][..]), ("leaf1.json", &["yang-read-only"])] {
        let Some(json) = published(name) else { return };
        let read = json::read(schema, &Path::root(), &json);
        assert_eq!(read.faults, [], "{name}");
        assert_eq!(read.foreign, [], "{name}");
        let faults = validate(schema, &read.tree);
        let codes: Vec<_> = faults.iter().map(|fault| fault.kind.code()).collect();
        assert_eq!(codes, expected, "{name}: {:#?}", shown(&faults));
        let again = json::write(schema, &read.tree, &json::no_secrets).json;
        assert_eq!(json::read(schema, &Path::root(), &again).tree, read.tree, "{name}");
    }
}

/// Needs `../shared/reference/samples`. Each has one mistake; 06, 07 and 11 are left out,
/// as `when` and `must` are not evaluated.
#[test]
fn each_published_mistake_is_found() {
    let schema = &eos_4_35_0f();
    for (name, expected) in [
        ("01-bad-vlan-id", "\"4095\" is not a number from 1 to 4094"),
        (
            "02-dangling-leafref",
            "refers to openconfig-types:IPV4, and no /network-instances/network-instance/tables/table/config/address-family",
        ),
        ("03-unknown-leaf", "foreign /interfaces/interface[name=Ethernet1]/config/speed"),
        (
            "04-wrong-type",
            "/interfaces/interface[name=Ethernet11]/config/mtu: \"jumbo\" is not a number from 0 to 65535",
        ),
        ("05-missing-key", "/interfaces/interface: an entry lacks its key `name`"),
        ("08-not-supported-by-eos", "foreign /network-instances/network-instance[name=default]/evpn"),
        ("09-read-only-leaf", "foreign /interfaces/interface[name=Ethernet11]/state"),
        ("10-bad-ip", "\"10.34.34.300\" is not an IPv4 address"),
    ] {
        let Some(json) = published(&format!("invalid/{name}.json")) else { return };
        let read = json::read(schema, &Path::root(), &json);
        let faults = read.faults.iter().map(ToString::to_string);
        let foreign = read.foreign.iter().map(|(path, _)| format!("foreign {path}"));
        let found: Vec<_> = faults.chain(foreign).chain(shown(&validate(schema, &read.tree))).collect();
        assert!(found.iter().any(|text| text.contains(expected)), "{name}: {found:#?}");
    }
}
