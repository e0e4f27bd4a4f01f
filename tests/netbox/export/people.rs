//! What people write into the repository counts: their files, their edits, their reverts.

use serde_json::json;

use super::desk::Desk;

const CONTESTED: &str = "nothing was committed: people changed 1 exported file";

#[test]
fn files_that_people_wrote_stay_as_they_are() {
    let desk = Desk::new();
    let own = Desk::exported().bare().file("vlans/10.yaml");
    let own = format!("# ours\n{}", own.replace("shop-web", "old-shop"));
    desk.person("By hand", &[("vlans/10.yaml", Some(&own)), ("README.md", Some("ours\n"))]);
    let ran = desk.export(&[]);
    ran.says("committed");
    assert!(ran.err.contains("vlans/10.yaml was written by people and stays as it is"), "{}", ran.err);
    for _ in 0..2 {
        assert_eq!(desk.bare().file("vlans/10.yaml"), own);
        assert_eq!(desk.bare().file("README.md"), "ours\n");
        desk.netbox.edit(|netbox| netbox.rename_vlan(10, "other"));
        desk.export(&[]).says("nothing to commit");
    }
}

#[test]
fn an_edit_of_an_exported_file_is_not_put_back() {
    let desk = Desk::exported();
    let head = desk.edits("vlans/10.yaml", |text| text.replace("shop-web", "mine"));
    let before = desk.bare().everything();
    let ran = desk.export(&[]);
    ran.fails(CONTESTED).fails("changed since the last export: vlans/10.yaml by Ada in");
    ran.fails("(Edit vlans/10.yaml)").fails("-name: mine").fails("+name: shop-web");
    assert_eq!(desk.bare().everything(), before);
    // other changes wait with it: an export is one commit
    desk.netbox.edit(|netbox| netbox.rename_vlan(20, "print"));
    desk.export(&[]).fails(CONTESTED);
    assert_eq!(desk.bare().head(), head);
    desk.export(&["--overwrite-edits"]).says("committed");
    assert!(desk.bare().file("vlans/10.yaml").contains("name: shop-web\n"));
    desk.export(&[]).says("nothing to commit");
}

#[test]
fn a_file_that_a_person_took_away_is_not_brought_back() {
    let desk = Desk::exported();
    let head = desk.person("Away", &[("vlans/101.yaml", None)]);
    desk.export(&[]).fails(CONTESTED).fails("vlans/101.yaml by Ada");
    assert_eq!(desk.bare().head(), head);
}

#[test]
fn a_revert_of_an_export_holds_until_netbox_says_the_same() {
    let desk = Desk::exported();
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    desk.export(&[]).says("committed");
    let clone = desk.clone("clone");
    clone.run(&["revert", "--no-edit", "HEAD"]);
    clone.run(&["push", "-q"]);
    let before = desk.bare().everything();
    let ran = desk.export(&[]);
    ran.fails(CONTESTED).fails("(Revert \"netbox: vlan 10 name: shop-web → shop\")");
    ran.fails("-name: shop-web").fails("+name: shop");
    assert_eq!(desk.bare().everything(), before);

    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop-web"));
    desk.export(&[]).says("committed");
    assert_eq!(desk.bare().changed(), ["M netbox-export.json"]);
    assert_eq!(desk.bare().run(&["log", "-1", "--format=%s"]), "netbox: at one with what people wrote");
    desk.export(&[]).says("nothing to commit");
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "market"));
    desk.export(&[]).says("vlan 10 name: shop-web → market");
}

#[test]
fn an_edit_that_netbox_follows_is_settled() {
    let desk = Desk::exported();
    desk.edits("vlans/10.yaml", |text| text.replace("shop-web", "mine"));
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "mine"));
    desk.export(&[]).says("committed");
    assert_eq!(desk.bare().changed(), ["M netbox-export.json"]);
    desk.export(&[]).says("nothing to commit");
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "yours"));
    desk.export(&[]).says("vlan 10 name: mine → yours");
}

#[test]
fn a_branch_whose_files_have_errors_is_judged_by_the_last_export() {
    let desk = Desk::exported();
    let broken = desk.edits("fabric.yaml", |text| format!("{text}nonsense: [\n"));
    let ran = desk.export(&["--overwrite-edits"]);
    ran.says("committed");
    assert!(ran.err.contains("what stands in the branch has errors (fabric.yaml:"), "{}", ran.err);
    assert!(ran.err.contains("was judged by the last export"), "{}", ran.err);
    desk.bare().run(&["update-ref", "refs/heads/main", &broken]);
    let mapping = desk.write("mapping.yaml", "fabric: { name: another }\n");
    let ran = desk.export(&["--overwrite-edits", "--mapping", mapping.to_str().unwrap()]);
    ran.fails("is now called another");
    assert_eq!(desk.bare().head(), broken);
}

/// A device leaves: drained in NetBox, `released` by a person, gone from NetBox.
#[test]
fn a_device_leaves_in_steps_and_in_no_other_way() {
    let desk = Desk::exported();
    let file = "devices/north-l8.yaml";
    let state = |from: &'static str, to: &'static str| move |text: &str| text.replace(from, to);
    desk.netbox.edit(|netbox| netbox.set_device_status("north-l8", "decommissioning"));
    desk.export(&[]).says("north-l8 state: drained");
    // what a person says of it is no edit against NetBox, which has no word for it
    desk.edits(file, state("state: drained", "state: released"));
    desk.export(&[]).says("committed");
    assert_eq!(desk.bare().changed(), ["M netbox-export.json"]);
    desk.export(&[]).says("nothing to commit");
    assert!(desk.bare().file(file).contains("state: released"));
    desk.edits(file, state("state: released", "state: drained"));
    desk.export(&[]).says("committed");
    let head = desk.bare().head();

    desk.netbox.edit(|netbox| netbox.delete_device("north-l8"));
    let ran = desk.export(&[]);
    ran.fails("north-l8 is gone from NetBox, and devices/north-l8.yaml is not `released`");
    ran.fails("write `state: released` into devices/north-l8.yaml");
    assert_eq!(desk.bare().head(), head);

    desk.edits(file, state("state: drained", "state: released"));
    desk.export(&[]).says("north-l8 removed");
    assert!(desk.bare().changed().contains(&format!("D {file}")), "{:#?}", desk.bare().changed());
    desk.export(&[]).says("nothing to commit");
}

#[test]
fn two_fabrics_have_a_folder_each_and_a_folder_that_is_forgotten_stays() {
    let desk = Desk::new();
    let site = |netbox: &mut crate::fake::Netbox| {
        let tag = netbox.create("extras/tags", json!({"name": "lab", "slug": "lab"}));
        json!({"id": tag, "name": "lab", "slug": "lab"})
    };
    desk.netbox.edit(|netbox| site(netbox));
    let mapping = "fabrics:\n  sites/all: { devices: { exclude: north-none } }\n";
    desk.person("Map", &[("netbox.yaml", Some(mapping))]);
    desk.export(&[]).says("committed");
    let files = desk.bare().files("main");
    assert!(files.contains(&"sites/all/netbox-export.json".to_owned()), "{files:#?}");
    assert!(files.iter().all(|file| file == "netbox.yaml" || file.starts_with("sites/all/")), "{files:#?}");
    desk.export(&[]).says("nothing to commit");

    desk.person("Move", &[("netbox.yaml", Some("fabrics:\n  north: { fabric: { name: north } }\n"))]);
    let ran = desk.export(&[]);
    ran.says("committed");
    assert!(ran.err.contains("sites/all/netbox-export.json is of an export into a folder"), "{}", ran.err);
    let files = desk.bare().files("main");
    assert!(files.contains(&"north/fabric.yaml".to_owned()), "{files:#?}");
    assert!(files.contains(&"sites/all/fabric.yaml".to_owned()), "{files:#?}");
}
