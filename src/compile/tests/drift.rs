//! Which drift policy counts, and what a rule that cannot be meant is told.

use super::fixture::edited;
use crate::compile::{Build, Engine};
use crate::intent::fixture::{Repo, drift_edit};

const LEAF: &str = "/interfaces/interface[name=Ethernet1]/config/description";

fn built(repo: &Repo) -> Build {
    Engine::new().build(&repo.snapshot())
}

fn with(drift: &str) -> String {
    drift_edit(&format!("\n{drift}"))
}

#[test]
fn the_most_specific_rule_counts() {
    let rule = |path: &str, rest: &str| format!("    - {{ path: '{path}', {rest} }}\n");
    let description = "/interfaces/interface/config/description";
    let keyed = "/interfaces/interface[name=Ethernet1]";
    for (case, rules, device, expected) in [
        ("nothing is said", String::new(), "", "alert"),
        ("a device", String::new(), "drift: observe", "observe"),
        ("a path before a device", rule("/interfaces", "policy: correct"), "drift: observe", "correct"),
        (
            "the longer path, whatever its place",
            rule(description, "policy: observe") + &rule("/interfaces", "policy: correct"),
            "",
            "observe",
        ),
        (
            "a key is more than none",
            rule("/interfaces/interface", "policy: observe") + &rule(keyed, "policy: correct"),
            "",
            "correct",
        ),
        (
            "a key of another entry",
            rule("/interfaces/interface[name=Ethernet10]", "policy: observe"),
            "",
            "alert",
        ),
        ("a border of elements", rule("/interfaces/interface/config/mtu", "policy: observe"), "", "alert"),
        (
            "of equal paths the one that names the role",
            rule(description, "policy: observe") + &rule(description, "policy: correct, roles: [leaf]"),
            "",
            "correct",
        ),
        (
            "and before it the one that names the device",
            rule(description, "policy: observe, devices: [leaf1, leaf2]")
                + &rule(description, "policy: correct, roles: [leaf]"),
            "",
            "observe",
        ),
        ("another role's", rule(description, "policy: observe, roles: [spine]"), "", "alert"),
    ] {
        let paths = if rules.is_empty() { String::new() } else { format!("  paths:\n{rules}") };
        let repo = edited(&[
            &with(&format!("  default: alert\n{paths}")),
            &format!("devices/leaf1.yaml += {device}"),
        ]);
        let build = built(&repo);
        assert!(!build.findings.has_errors(), "{case}: {:?}", build.findings);
        let fabric = build.fabric.unwrap();
        let seen = fabric.drift_policy(&"leaf1".parse().unwrap(), &LEAF.parse().unwrap());
        assert_eq!(seen.as_str(), expected, "{case}");
    }
}

#[test]
fn a_role_stands_between_device_and_fabric() {
    let repo = edited(&[
        "fabric.yaml: default: alert => default: observe",
        "fabric.yaml: roles:\n => roles:\n  other: { drift: alert }\n",
        "devices/leaf1.yaml += drift: correct",
    ]);
    let mut fabric = built(&repo).fabric.map(|fabric| (*fabric).clone()).unwrap();
    let role = |fabric: &mut crate::intent::Fabric, device: &str, role: &str| {
        fabric.devices.get_mut(device).unwrap().role.value = role.parse().unwrap();
    };
    role(&mut fabric, "leaf1", "other");
    role(&mut fabric, "leaf2", "other");
    for (device, expected) in
        [("leaf1", "correct"), ("leaf2", "alert"), ("leaf3", "observe"), ("gone", "observe")]
    {
        let seen = fabric.drift_policy(&device.parse().unwrap(), &LEAF.parse().unwrap());
        assert_eq!(seen.as_str(), expected, "{device}");
    }
}

#[test]
fn rules_are_held_against_schema_and_trees() {
    for (path, rest, expected) in [
        ("/interfaces/interface/config/description", "policy: correct", ""),
        (
            "/interfaces/interface/config/descripton",
            "policy: correct",
            "drift-path-unknown did you mean `description`?",
        ),
        (
            "/interfaces//config",
            "policy: correct",
            "drift-path-unknown write it as `gitfabric drift` and `gitfabric plan` show paths",
        ),
        ("/interfaces/interface[nam=Ethernet1]", "policy: alert", "drift-path-unknown"),
        (
            "/interfaces/interface[name=Ethernet99]",
            "policy: alert",
            "drift-rule-idle `gitfabric compile DEVICE` shows what is",
        ),
        (
            "/interfaces/interface[name=Management0]",
            "policy: correct",
            "drift-correct-protected write `policy: alert`; a person puts it back, as `gitfabric bootstrap` prints it",
        ),
        ("/interfaces/interface[name=Management0]", "policy: observe", ""),
        ("/system/aaa", "policy: observe", ""),
        (
            "/system/aaa/authentication",
            "policy: correct",
            "drift-correct-protected write `policy: alert`; a person puts it back, as `gitfabric bootstrap` prints it",
        ),
        ("/system", "policy: correct", ""),
        (
            "/network-instances/network-instance/protocols/protocol[identifier=BGP]/bgp/neighbors",
            "policy: correct",
            "",
        ),
    ] {
        let build = built(&edited(&[&with(&format!("  paths:\n    - {{ path: '{path}', {rest} }}\n"))]));
        let found = build.findings.iter().filter(|finding| finding.code.starts_with("drift-"));
        let seen: Vec<String> = found
            .map(|finding| {
                assert_eq!(finding.place.as_ref().map(|place| place.line), Some(45), "{path}");
                format!("{} {}", finding.code, finding.hint.as_deref().unwrap_or_default()).trim().to_owned()
            })
            .collect();
        assert_eq!(seen.join("; "), expected, "{path} {rest}");
    }
}

#[test]
fn two_rules_of_which_none_counts_more_are_refused_however_they_are_spelled() {
    let rules = |second: &str| {
        with(&format!(
            "  paths:\n    - {{ path: '/interfaces/interface/config/description', policy: alert, roles: [leaf] }}\n    - {{ path: '{second} }}\n"
        ))
    };
    for (second, refused) in [
        (
            "/openconfig-interfaces:interfaces/interface/config/description', policy: observe, roles: [leaf]",
            true,
        ),
        ("/interfaces/interface/config/description', policy: observe, roles: [spine]", false),
        ("/interfaces/interface/config/description', policy: observe, devices: [leaf1]", false),
        ("/interfaces/interface/config/description', policy: observe", false),
    ] {
        let build = built(&edited(&[&rules(second)]));
        let found = build.findings.iter().any(|finding| finding.code == "drift-path-twice");
        assert_eq!(found, refused, "{second}: {:?}", build.findings);
    }
}

#[test]
fn a_policy_changes_no_tree() {
    let mut engine = Engine::new();
    let hashes =
        |build: &Build| -> Vec<String> { build.devices.values().map(|device| device.hash.clone()).collect() };
    let before = hashes(&engine.build(&Repo::example().snapshot()));
    for edit in
        ["  default: correct\n  corrections-per-hour: 9", "  paths: [{ path: /interfaces, policy: correct }]"]
    {
        let build = engine.build(&edited(&[&with(edit)]).snapshot());
        assert!(!build.findings.has_errors(), "{edit}: {:?}", build.findings);
        assert_eq!(hashes(&build), before, "{edit}");
    }
}
