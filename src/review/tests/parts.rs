//! The parts of a review, each by the pull requests that show it.

use super::desk::{Desk, commit};
use crate::names::{DeviceName, PairName};
use crate::platform::effects::{Effect, UNKNOWN};
use crate::review::report::{Review, Risk};
use crate::review::{Guarantee, Stand, Stands, explain};

/// Every spine and leaf of the example, as an edit that touches each of them.
const EVERYWHERE: &str = "fabric.yaml: multihop: 3 => multihop: 4";

/// An edit that touches spine1 alone.
const SPINE: &str = "devices/spine1.yaml += state: drained";

fn standing(devices: &[(&str, &str)]) -> Stands {
    let stand = |standing: &str| Stand {
        commit: Some(commit('a')),
        standing: standing.to_owned(),
        since: jiff::Timestamp::UNIX_EPOCH,
        drift: Vec::new(),
        guarantee: Guarantee::BestEffort,
    };
    let devices = devices.iter().map(|(name, standing)| (name.parse().unwrap(), stand(standing))).collect();
    Stands { format: Stands::FORMAT, fabric: "evpn-lab".parse().unwrap(), good: Some(commit('a')), devices }
}

fn groups(review: &Review) -> String {
    let group = |group: &crate::review::Group| {
        let names: Vec<&str> = group.devices.iter().map(DeviceName::as_str).collect();
        format!("{}{} {}", names.join(" "), if group.own_values { "*" } else { "" }, group.effect)
    };
    review.groups.iter().map(group).collect::<Vec<_>>().join(", ")
}

#[test]
fn devices_with_the_same_change_are_one_group() {
    for (case, edits, expected) in [
        ("the same leaves", &["vlans/40.yaml: test-l2-vxlan => web"][..], "leaf1 leaf2 leaf5 leaf6 hitless"),
        (
            "each its own router id in the RD of a VRF",
            &["fabric.yaml: rd: \"{router-id}:{id}\" => rd: \"{router-id}:7{id}\""],
            "leaf3 leaf4 leaf7 leaf8* resets a session",
        ),
        (
            "two kinds of change, the graver first",
            &[
                "vlans/40.yaml: test-l2-vxlan => web",
                "pairs/leaf7-8.yaml: lag: 1, => lag: 1, enabled: false,",
            ],
            "leaf7 leaf8 drops a port, leaf1 leaf2 leaf5 leaf6 hitless",
        ),
    ] {
        assert_eq!(groups(&Desk::new(edits).review()), expected, "{case}");
    }
}

#[test]
fn redundancy_at_risk_is_named() {
    let shut = "pairs/leaf7-8.yaml: lag: 1, => lag: 1, enabled: false,";
    let one = "devices/leaf7.yaml += ports: { Ethernet11: { enabled: false } }";
    for (case, base, edits, stands, expected) in [
        ("nothing but a name", &[][..], &["vlans/40.yaml: test-l2-vxlan => web"][..], None, vec![]),
        ("both members of a pair", &[], &[shut], None, vec!["pairs leaf7-8"]),
        ("one member", &[], &[one], None, vec![]),
        (
            "one, and the other is drained",
            &["devices/leaf8.yaml += state: drained"],
            &[one],
            None,
            vec!["leaf7 leaf8 drained"],
        ),
        (
            "one, and the other is away",
            &[],
            &[one],
            Some(standing(&[("leaf8", "unreachable")])),
            vec!["leaf7 leaf8 unreachable"],
        ),
        ("one, and the other is well", &[], &[one], Some(standing(&[("leaf8", "current")])), vec![]),
        (
            "the last spine, the other is drained",
            &["devices/spine2.yaml += state: drained"],
            &[SPINE],
            None,
            vec!["dark: spine1 spine2"],
        ),
        (
            "the last spine, the other is away",
            &[],
            &[SPINE],
            Some(standing(&[("spine2", "unreachable")])),
            vec!["spine2 without spine1", "spines spine1"],
        ),
        (
            "both spines are drained",
            &[],
            &[SPINE, "devices/spine2.yaml += state: drained"],
            None,
            vec!["dark: spine1 spine2"],
        ),
        ("one of two spines", &[], &[SPINE], None, vec!["spine2 without spine1"]),
        (
            "both members of a pair are drained",
            &[],
            &["devices/leaf7.yaml += state: drained", "devices/leaf8.yaml += state: drained"],
            None,
            vec!["dark: leaf7 leaf8"],
        ),
        (
            "one member is drained",
            &[],
            &["devices/leaf7.yaml += state: drained"],
            None,
            vec!["leaf8 without leaf7"],
        ),
        (
            "every device",
            &[],
            &[EVERYWHERE],
            None,
            vec!["pairs leaf1-2 leaf3-4 leaf5-6 leaf7-8", "spines spine1 spine2"],
        ),
    ] {
        let mut desk = Desk::between(base, edits);
        desk.stands = stands;
        let names =
            |devices: &[DeviceName]| devices.iter().map(DeviceName::as_str).collect::<Vec<_>>().join(" ");
        let shown = |risk: &Risk| match risk {
            Risk::Dark { devices } => format!("dark: {}", names(devices)),
            Risk::Single { device, gone } => format!("{device} without {}", names(gone)),
            Risk::Pairs { pairs, .. } => {
                format!("pairs {}", pairs.iter().map(PairName::as_str).collect::<Vec<_>>().join(" "))
            }
            Risk::Spines { devices, .. } => {
                format!("spines {}", devices.iter().map(DeviceName::as_str).collect::<Vec<_>>().join(" "))
            }
            Risk::Alone { device, partner, why, .. } => format!("{device} {partner} {why}"),
        };
        let risks: Vec<String> = desk.review().risks.iter().map(shown).collect();
        assert_eq!(risks, expected, "{case}");
    }
}

#[test]
fn the_proof_says_what_a_revert_brings_back_and_what_would_hold_it() {
    for (case, base, edits, lost, needs, held) in [
        ("a name", &[][..], &["vlans/40.yaml: test-l2-vxlan => web"][..], 0, vec![], ""),
        ("a VLAN that comes", &[], &["vlans/60.yaml = name: a\\nvni: 110060\\nat: [leaf1-2]"], 0, vec![], ""),
        (
            "an AS",
            &[],
            &["pairs/leaf1-2.yaml: 65001 => 65011"],
            0,
            vec!["guarded"],
            "AS 65011 becomes 65001 on leaf1, leaf2",
        ),
        (
            "a device that enters service",
            &["devices/leaf8.yaml += state: staged"],
            &["devices/leaf8.yaml: state: staged => state: active"],
            1,
            vec![],
            "",
        ),
        (
            "more than a revert may delete",
            &[],
            &[
                "vlans/60.yaml = name: a\\nvni: 110060\\nat: [role:leaf]",
                "fabric.yaml: leaves-deleted: 200 => leaves-deleted: 0",
            ],
            0,
            vec![],
            "",
        ),
        (
            "more than the base lets a commit delete",
            &["fabric.yaml: leaves-deleted: 200 => leaves-deleted: 5"],
            &["vlans/60.yaml = name: a\\nvni: 110060\\nat: [role:leaf]"],
            0,
            vec!["deletions"],
            "deletions above the limits",
        ),
    ] {
        let revert = Desk::between(base, edits).review().revert;
        assert!(revert.computed, "{case}");
        assert_eq!(
            (revert.lost.len(), &revert.needs),
            (lost, &needs.iter().map(|it| (*it).to_owned()).collect()),
            "{case}: {revert:#?}"
        );
        assert_eq!(revert.held.is_empty(), held.is_empty(), "{case}: {:?}", revert.held);
        assert!(revert.held.concat().contains(held), "{case}: {:?}", revert.held);
    }
}

#[test]
fn every_leaf_that_the_example_makes_has_its_line_in_the_table_of_effects() {
    let policies = crate::intent::fixture::RECORDED;
    let services = "fabric.yaml += services:\\n  ntp: { servers: [10.0.0.123] }\\n  dns: { domain: a.example, servers: [10.0.0.53] }\\n  syslog: { level: notice, servers: [10.0.0.51] }";
    let used = "vrfs/gold.yaml: asn: 64999 => asn: 64999, in: RM-CONN-2-BGP, password: secret:p, bfd: true";
    let edits: Vec<&str> = policies.into_iter().chain([services, used]).collect();
    let desk = Desk::new(&edits);
    let crate::review::Merged::Clean { build, .. } = desk.subject().merged else { unreachable!() };
    assert!(!build.findings.has_errors(), "{:#?}", build.findings);
    let none = std::collections::BTreeSet::new();
    for device in build.devices.values() {
        for (path, leaf) in device.tree.iter() {
            let (from, to) = (Some(&leaf.value), Some(&leaf.value));
            let changed =
                crate::platform::effects::Changed { path, from, to, created: &none, removed: &none };
            assert_ne!(device.profile.effects.of(&changed), UNKNOWN, "{path}");
            assert_ne!(device.profile.effects.area(path), "other configuration", "{path}");
        }
    }
}

#[test]
fn a_leaf_is_explained_by_whatever_names_it() {
    let desk = Desk::new(&["vlans/40.yaml: test-l2-vxlan => web"]);
    let subject = desk.subject();
    let name = "vlan[vlan-id=40]/config/name";
    for question in
        [name, "vlans/vlan/config/name", "`name web`", "vlans/40.yaml:2", "vlans/40.yaml", "NAME: web"]
    {
        let answer = explain(&subject, question);
        for word in [name, "`test-l2-vxlan` becomes `web`", "`vlans/40.yaml:2:7`", "hitless", "`leaf1`"] {
            assert!(answer.contains(word), "{question}: {answer}");
        }
    }
    let unchanged = explain(&subject, "router-id");
    assert!(unchanged.starts_with("Not changed") && unchanged.contains("`10.0.250.11`"), "{unchanged}");
    for question in ["", "no-such-leaf", "@all <b>", &"x".repeat(9999)] {
        let answer = explain(&subject, question);
        assert!(answer.len() < 1000 && !answer.contains("becomes"), "{question}: {answer}");
    }
}

#[test]
fn a_base_with_errors_is_told_and_the_last_good_commit_is_planned_from() {
    let desk =
        Desk::between(&["vlans/34.yaml: vrf: gold => vrf: golf"], &["vlans/34.yaml: vrf: golf => vrf: gold"]);
    let good = Desk::new(&[]);
    assert!(desk.review().base_has_errors);
    let mut subject = desk.subject();
    subject.good = Some(good.subject().base);
    let review = crate::review::review(&subject);
    assert_eq!((review.base_has_errors, review.summary.changed), (false, 0));
    assert_eq!(review.summary.effect, None::<Effect>);
}
