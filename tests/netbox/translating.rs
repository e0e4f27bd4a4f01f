//! The invented fabric as intent files: they load, compile and validate, at any size.

use std::collections::BTreeMap;
use std::fs;

use gitfabric::compile::Engine;
use gitfabric::diagnostic::Severity;
use gitfabric::git::Snapshot;
use gitfabric::names::RepoPath;
use gitfabric::netbox::translate::{Previous, Translation, translate};
use gitfabric::netbox::{ENDPOINTS, Inventory, Mapping};

use crate::fake::{Fake, Netbox};

/// Every object of the fake, without a wire between.
fn inventory(netbox: &Netbox) -> Inventory {
    let mut inventory = Inventory::default();
    for endpoint in ENDPOINTS {
        for object in netbox.objects(endpoint.path) {
            inventory.put(endpoint.path, &object.to_string()).unwrap().unwrap();
        }
    }
    inventory
}

fn translated(inventory: &Inventory, files: &BTreeMap<RepoPath, String>) -> Translation {
    let bytes = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    let previous = Previous::new(bytes, std::collections::BTreeSet::new());
    translate(inventory, &Mapping::default(), &previous, "https://netbox.example")
}

fn sound(translation: Translation) -> BTreeMap<RepoPath, String> {
    let objections: Vec<_> = translation.objections.iter().map(ToString::to_string).collect();
    assert!(!translation.has_errors(), "{}", objections.join("\n"));
    translation.files
}

#[test]
fn the_invented_fabric_compiles_and_validates_on_every_device() {
    let netbox = Fake::fabric(8);
    let files = sound(translated(&netbox.look(inventory), &BTreeMap::new()));
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in &files {
        let file = folder.path().join(path.as_str());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let build = Engine::new().build(&Snapshot::of_folder(folder.path()).unwrap());
    let errors: Vec<_> =
        build.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(
        build.devices.len(),
        files.keys().filter(|path| path.as_str().starts_with("devices/")).count()
    );
}

#[test]
fn a_renamed_vlan_is_one_line_of_one_file() {
    let netbox = Fake::fabric(8);
    let before = sound(translated(&netbox.look(inventory), &BTreeMap::new()));
    netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let after = sound(translated(&netbox.look(inventory), &before));
    let changed: Vec<_> = after.iter().filter(|(path, text)| before.get(*path) != Some(*text)).collect();
    let [(path, text)] = changed[..] else { panic!("{changed:#?}") };
    assert_eq!(path.as_str(), "vlans/10.yaml");
    assert!(text.starts_with("name: shop\n"), "{text}");
    assert_eq!(after.len(), before.len());
}
