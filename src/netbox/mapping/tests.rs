//! What a mapping file may say, and what is found wrong with it.

use proptest::prelude::*;

use super::*;
use crate::names::RepoPath;
use crate::netbox::Inventory;

fn read(text: &str) -> (Option<Mapping>, Vec<String>) {
    let file: RepoPath = FILE.parse().unwrap();
    let (mapping, findings) = Mapping::parse(&file, text.as_bytes());
    let line = |finding: &crate::diagnostic::Finding| {
        let place = finding.place.as_ref().map(ToString::to_string).unwrap_or_default();
        format!(
            "{place} {}: {} | {}",
            finding.code,
            finding.message,
            finding.hint.clone().unwrap_or_default()
        )
    };
    (mapping, findings.iter().map(line).collect())
}

#[test]
fn a_mapping_says_which_devices_and_where_values_are() {
    let (mapping, findings) = read(
        "devices: { sites: [dc1], roles: [spine, leaf], statuses: active, name: 'leaf[0-9]+' }\n\
         fields:\n  device.pair: custom_fields.mc_lag\n  services.ntp: [config_context.ntp, config_context.time.ntp]\n\
         platforms: { nxos: { os: arista-eos, version: 4.36.0F } }\nroles: { tor: leaf }\nstates: { inventory: staged, failed: skip }\n\
         tiers: [core, [spine, agg], leaf]\nlacp: passive\nauthors: { alice: \"Alice A <alice@example.net>\" }\n\
         fabric: { limits: { devices-deleted: 1 } }\n",
    );
    assert!(findings.is_empty(), "{findings:#?}");
    let mapping = mapping.unwrap();
    let fabric = &mapping.fabrics[""];
    assert!(fabric.devices.name.as_ref().unwrap().is_match("leaf10"));
    assert!(!fabric.devices.name.as_ref().unwrap().is_match("xleaf10"));
    assert_eq!(fabric.design.to_yaml(), "limits: { devices-deleted: 1 }\n");
    assert_eq!(mapping.fields[&Field::DevicePair], [Source::Custom("mc_lag".into())]);
    assert_eq!(mapping.fields[&Field::Ntp].len(), 2);
    assert_eq!(mapping.fields[&Field::Dns], [Source::Context(vec!["dns".into()])], "the default stays");
    assert_eq!(mapping.author("alice"), Some("Alice A <alice@example.net>"));
    assert_eq!(
        (mapping.states.get("failed"), mapping.states.get("inventory")),
        (None, Some(&DeviceState::Staged))
    );
    assert_eq!(mapping.tiers[1], ["spine", "agg"]);
}

#[test]
fn the_example_of_the_package_is_a_mapping() {
    let shown = include_str!("../../../packaging/netbox/netbox.yaml");
    let (mapping, findings) = read(shown);
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(mapping.unwrap().author("ada"), Some("Ada Lovelace <ada@example.net>"));
    for (_, name) in Field::all() {
        assert!(shown.contains(&format!("{name}: ")), "{name} is not shown");
    }
}

#[test]
fn several_fabrics_have_a_folder_each() {
    let (mapping, findings) = read(
        "fabrics:\n  sites/dc1: { devices: { sites: [dc1] } }\n  sites/dc2/: { devices: { sites: [dc2] }, fabric: { drift: { default: correct } } }\nfabric: { unused-ports: leave }\n",
    );
    assert!(findings.is_empty(), "{findings:#?}");
    let mapping = mapping.unwrap();
    assert_eq!(mapping.fabrics.keys().collect::<Vec<_>>(), ["sites/dc1", "sites/dc2"]);
    assert_eq!(
        mapping.fabrics["sites/dc2"].design.to_yaml(),
        "unused-ports: leave\ndrift: { default: correct }\n"
    );
}

#[test]
fn what_is_wrong_with_a_mapping_is_said_at_its_place() {
    for (case, text, expected) in [
        (
            "an unknown key",
            "device: {}\n",
            "netbox.yaml:1:1 key-unknown: netbox.yaml: there is no key `device` | did you mean `devices`?",
        ),
        (
            "an unknown field",
            "fields: { device.par: custom_fields.x }\n",
            "netbox.yaml:1:11 mapping-field: netbox.yaml: there is no field `device.par` | did you mean `device.pair`?",
        ),
        (
            "no source",
            "fields: { device.pair: mlag }\n",
            "netbox.yaml:1:24 mapping-source: netbox.yaml: `device.pair`: `mlag` is no place to look for a value | write custom_fields.NAME, or config_context.KEY for what a device has there",
        ),
        (
            "a VLAN has no context",
            "fields: { vlan.vni: config_context.x }\n",
            "netbox.yaml:1:21 mapping-source: netbox.yaml: `vlan.vni`: `config_context.x`: only devices have a config context | write custom_fields.NAME, or config_context.KEY for what a device has there",
        ),
        (
            "a state",
            "states: { active: on }\n",
            "netbox.yaml:1:19 value-choice: netbox.yaml: `states.active`: `on` is not one of `staged`, `active`, `drained`, `paused`, `released`, `skip` | ",
        ),
        (
            "an author",
            "authors: { bob: bob }\n",
            "netbox.yaml:1:17 mapping-author: netbox.yaml: `authors.bob`: `bob` is no author | write `Name <name@example.net>`",
        ),
        (
            "a key of fabric.yaml",
            "fabric: { limit: {} }\n",
            "netbox.yaml:1:11 key-unknown: netbox.yaml: fabric.yaml has no key `limit` | did you mean `limits`?",
        ),
        (
            "a folder",
            "fabrics: { ../x: {} }\n",
            "netbox.yaml:1:12 mapping-fabrics: netbox.yaml: `../x` is no folder | write the folder's path in the repository, as in `sites/dc1`",
        ),
        (
            "folders inside each other",
            "fabrics: { a: {}, a/b: {} }\n",
            "netbox.yaml:1:19 mapping-fabrics: netbox.yaml: a/b and a lie inside each other | give each fabric a folder of its own",
        ),
    ] {
        assert_eq!(read(text).1, [expected], "{case}");
    }
    let (_, findings) = read("devices: { name: 'leaf(' }\n");
    assert!(findings[0].starts_with("netbox.yaml:1:18 mapping-pattern"), "{findings:?}");
}

#[test]
fn what_netbox_does_not_have_is_found_before_it_selects_nothing() {
    let (mapping, findings) = read(
        "devices: { sites: [dcl] }\nfields: { device.pair: custom_fields.mlag_domain, services.ntp: config_context.npt }\n",
    );
    assert!(findings.is_empty(), "{findings:#?}");
    let mapping = mapping.unwrap();
    let mut inventory = Inventory::default();
    for (path, json) in [
        ("dcim/sites", r#"{"id": 1, "name": "DC1", "slug": "dc1"}"#),
        ("extras/custom-fields", r#"{"id": 1, "name": "mlag_domain_id", "object_types": ["dcim.device"]}"#),
    ] {
        inventory.put(path, json).unwrap().unwrap();
    }
    let found = mapping.check(&inventory);
    let found: Vec<_> = found.iter().map(|finding| (finding.code, finding.hint.as_deref())).collect();
    assert_eq!(
        found,
        [
            ("mapping-slug", Some("did you mean `dc1`?")),
            ("mapping-custom-field", Some("did you mean `mlag_domain_id`?")),
            ("mapping-context", None),
        ]
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        read(&text);
    }
}
