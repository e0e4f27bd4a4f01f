//! Several fabrics of one NetBox in one repository: a folder each, and one commit for all.

use super::desk::Desk;

const MAPPING: &str = r#"
fabrics:
  east: { devices: { name: "north-l[78]" }, fabric: { name: east } }
  sites/west: { devices: { exclude: "north-l[78]" }, fabric: { name: west } }
"#;

/// Two folders, exported.
fn both() -> Desk {
    let desk = Desk::new();
    desk.person("Map", &[("netbox.yaml", Some(MAPPING))]);
    desk.export(&[]).says("committed");
    desk
}

/// The trailers of the newest commit that name manifests, and the manifests that stand there.
fn manifests(desk: &Desk, folders: &[&str]) -> (Vec<String>, Vec<String>) {
    let bare = desk.bare();
    let named = bare.run(&["log", "-1", "--format=%(trailers:key=NetBox-Manifest,valueonly)"]);
    let standing =
        folders.iter().map(|folder| bare.run(&["rev-parse", &format!("HEAD:{folder}/netbox-export.json")]));
    (named.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(), standing.collect())
}

#[test]
fn two_fabrics_are_one_commit_that_names_both_manifests_and_says_which_change_is_whose() {
    let desk = both();
    let files = desk.bare().files("main");
    for file in ["east/devices/north-l7.yaml", "sites/west/devices/north-l1.yaml"] {
        assert!(files.iter().any(|known| known == file), "{file} is not among {files:#?}");
    }
    let (named, standing) = manifests(&desk, &["east", "sites/west"]);
    assert_eq!(named, standing);
    desk.export(&[]).says("nothing to commit");

    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let ran = desk.export(&[]);
    ran.says("east: vlan 10 name: shop-web → shop").says("sites/west: vlan 10 name: shop-web → shop");
    let (named, standing) = manifests(&desk, &["east", "sites/west"]);
    assert_eq!(named, standing);
    let body = desk.bare().run(&["log", "-1", "--format=%b"]);
    assert!(body.contains("- east: vlan 10 name: shop-web → shop\n"), "{body}");

    // a change in one leaves the other alone
    desk.netbox.edit(|netbox| netbox.set_device_status("north-l8", "decommissioning"));
    desk.export(&[]).says("committed");
    assert_eq!(desk.bare().changed(), ["M east/devices/north-l8.yaml", "M east/netbox-export.json"]);
    let (named, standing) = manifests(&desk, &["east"]);
    assert_eq!(named, standing);
    let subject = desk.bare().run(&["log", "-1", "--format=%s"]);
    assert_eq!(subject, "netbox: east: north-l8 state: drained");
    desk.export(&[]).says("nothing to commit");
}

#[test]
fn what_a_person_changed_in_one_fabric_holds_the_commit_of_both() {
    let desk = both();
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    desk.export(&[]).says("committed");
    let clone = desk.clone("clone");
    clone.run(&["revert", "--no-edit", "HEAD"]);
    clone.run(&["push", "-q"]);
    let before = desk.bare().everything();
    let ran = desk.export(&[]);
    ran.fails("people changed 2 exported files").fails("east/vlans/10.yaml by Ada");
    ran.fails("sites/west/vlans/10.yaml by Ada");
    assert_eq!(desk.bare().everything(), before);
    desk.edits("east/vlans/10.yaml", |text| text.replace("shop-web", "shop"));
    desk.export(&[]).fails("people changed 1 exported file;").fails("sites/west/vlans/10.yaml by Ada");
    desk.export(&["--overwrite-edits"]).says("committed");
    desk.export(&[]).says("nothing to commit");
}
