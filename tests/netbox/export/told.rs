//! How an export tells what it saw: notes, errors with their place, JSON.

use super::desk::Desk;

#[test]
fn json_is_given_for_what_fails_before_there_is_a_report() {
    let desk = Desk::exported();
    let failed = |arguments: &[&str], repo: &str| {
        let ran = desk.export_into(repo, &[&["--json"], arguments].concat());
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert_eq!(ran.err, "", "all of it is in the JSON");
        let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&value["format"], &value["outcome"]), (&1.into(), &"failed".into()));
        value
    };
    let value = failed(&[], "nowhere.git");
    assert!(value["error"].as_str().unwrap().contains("nowhere.git"), "{value:#}");
    let value = failed(&["--token-file", "absent"], "intent.git");
    assert_eq!(value["error"], "cannot read absent");
    assert!(value["causes"][0].as_str().unwrap().contains("No such file"), "{value:#}");
    desk.netbox.fault(crate::fake::On::every("status"), crate::fake::Fault::Html(404));
    let value = failed(&[], "intent.git");
    assert!(value["hint"].is_string(), "{value:#}");
}

#[test]
fn a_mapping_that_is_not_committed_is_told_of() {
    let desk = Desk::exported();
    let clone = desk.clone("clone");
    let mapping = clone.0.join("netbox.yaml");
    let said = |what: &str| {
        let ran = desk.export_into("clone", &[]);
        ran.says("nothing to commit");
        assert_eq!(ran.err.contains("netbox.yaml"), !what.is_empty(), "{}", ran.err);
        assert!(ran.err.contains(what), "{what:?} is missing: {}", ran.err);
    };
    said("");
    std::fs::write(&mapping, "lacp: active\n").unwrap();
    said("clone/netbox.yaml is not committed, and does not count");
    clone.run(&["add", "netbox.yaml"]);
    clone.run(&["commit", "-q", "-m", "Map"]);
    said("");
    std::fs::write(&mapping, "lacp: passive\n").unwrap();
    said("has changes that are not committed, and the commit's counts");
    std::fs::remove_file(&mapping).unwrap();
    said("was taken away without a commit, and still counts");
}

#[test]
fn a_fault_in_what_the_mapping_lays_over_the_design_is_shown_in_the_mapping() {
    let desk = Desk::exported();
    desk.person("Map", &[("netbox.yaml", Some("lacp: active\nfabric:\n  underlay:\n    mtu: huge\n"))]);
    let ran = desk.export(&[]);
    ran.fails("netbox.yaml:4:10")
        .fails("nothing was committed: netbox.yaml:4:10: netbox.yaml: in `fabric`: `underlay.mtu`: ");
    assert!(!ran.err[ran.err.rfind("error[").unwrap()..].contains("fabric.yaml"), "{}", ran.err);
    // of a fabric among several, and from a file outside
    let mapping = "fabrics:\n  north:\n    fabric:\n      underlay: { mtu: huge }\n";
    let outside = desk.write("mapping.yaml", mapping);
    let ran = desk.export(&["--mapping", outside.to_str().unwrap()]);
    ran.fails("mapping.yaml:4:24");
}

#[test]
fn errors_stand_last_and_are_counted_with_the_first_of_them() {
    let desk = Desk::exported();
    desk.netbox.edit(|netbox| {
        netbox.delete_device("north-l7");
        netbox.delete_device("north-l8");
    });
    let ran = desk.export(&[]);
    let last = ran.out.lines().last().unwrap_or_default();
    assert!(last.starts_with("nothing was committed: 2 errors, the first: "), "{last}");
    assert!(last.contains("is gone from NetBox"), "{last}");
    let error = ran.err.rfind("error[").unwrap();
    assert!(!ran.err[error..].contains("warning["), "{}", ran.err);
}

#[test]
fn notes_of_a_run_that_changes_nothing_are_counted() {
    let desk = Desk::new();
    let own = Desk::exported().bare().file("vlans/10.yaml");
    desk.person("By hand", &[("vlans/10.yaml", Some(&format!("# ours\n{own}")))]);
    let note = "vlans/10.yaml was written by people and stays as it is";
    let ran = desk.export(&[]);
    ran.says("committed");
    assert!(ran.err.contains(note), "{}", ran.err);
    let ran = desk.export(&[]);
    ran.says("nothing to commit");
    assert!(ran.err.contains("as before: --verbose shows them") && !ran.err.contains(note), "{}", ran.err);
    let ran = desk.export(&["--verbose"]);
    assert!(ran.err.contains(note) && !ran.err.contains("as before"), "{}", ran.err);
}
