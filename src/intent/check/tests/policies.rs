//! Policies: names that are given and have to be there, and what EOS can be told.

use super::table;
use crate::intent::fixture::{RECORDED, Repo};

/// `underlay.out` and `overlay.out` of the fabric.
fn out(policy: &str, of: &str) -> String {
    match of {
        "underlay" => format!("fabric.yaml: mtu: 9214 => mtu: 9214\\n  out: {policy}"),
        _ => format!("fabric.yaml: multihop: 3 => multihop: 3\\n  out: {policy}"),
    }
}

#[test]
fn the_policies_of_a_recorded_netbox() {
    let with = |more: &[&'static str]| [&RECORDED[..], more].concat();
    let applied = [out("PL-LOOPBACKS", "underlay"), out("RM-EVPN-OUT", "overlay")];
    let used: Vec<&str> = RECORDED.into_iter().chain(applied.iter().map(String::as_str)).collect();
    table(&[
        ("unused, they say nothing", &RECORDED, ""),
        ("used as there", &used, "policies/RM-EVPN-OUT.yaml:2:78 as-path-by-bootstrap (warning)"),
        (
            "a peer that is told the default alone",
            &with(&["vrfs/gold.yaml: asn: 64999 => asn: 64999, out: PL-DEFAULT"]),
            "",
        ),
        ("a redistribution", &with(&["vrfs/gold.yaml: [connected] => [{ connected: RM-CONN-2-BGP }]"]), ""),
    ]);
}

#[test]
fn names_that_are_given_have_to_be_there() {
    table(&[
        (
            "a session's, misspelt",
            &[RECORDED[0], &out("PL-LOOPBACK", "underlay")],
            "fabric.yaml:17:8 policy-unknown",
        ),
        (
            "a peer's and a redistribution's",
            &[
                "vrfs/gold.yaml: asn: 64999 => asn: 64999, in: RM-IN",
                "vrfs/gold.yaml: [connected] => [{ connected: RM-C }]",
            ],
            "vrfs/gold.yaml:4:29 policy-unknown, vrfs/gold.yaml:6:50 policy-unknown",
        ),
        (
            "a role's",
            &["fabric.yaml: leaf: {} => leaf: { underlay: { in: RM-IN } }"],
            "fabric.yaml:13:27 policy-unknown",
        ),
        (
            "a rule's, unused too",
            &["policies/RM.yaml = rules: { 10: { action: permit, match: { prefix-list: PL } } }"],
            "policies/RM.yaml:1:54 policy-unknown-list",
        ),
        (
            "a file that could not be read",
            &["policies/RM.yaml = rules: {", &out("RM", "underlay")],
            "policies/RM.yaml:1:8 yaml-syntax",
        ),
        (
            "a policy and a list of one name",
            &[
                RECORDED[0],
                "policies/PL-LOOPBACKS.yaml = rules: { 10: { action: permit } }",
                &out("PL-LOOPBACKS", "underlay"),
            ],
            "fabric.yaml:17:8 policy-ambiguous",
        ),
    ]);
}

#[test]
fn what_eos_cannot_be_told_is_an_error_where_it_is_used() {
    fn rules(text: &str) -> String {
        format!("policies/RM.yaml = rules: {{ {text} }}")
    }
    let (underlay, overlay) = (out("RM", "underlay"), out("RM", "overlay"));
    let list = "prefix-lists/PL.yaml = rules: { 10: { action: permit, prefix: 10.0.0.0/8 }, 20: { action: deny, prefix: 10.1.0.0/16 } }";
    table(&[
        ("nothing is used", &[&rules("10: { action: permit, set: { next-hop: self } }")], ""),
        ("no rules", &["policies/RM.yaml = rules: {}", &underlay], "policies/RM.yaml:1:1 policy-empty"),
        (
            "the device as next hop",
            &[&rules("10: { action: permit, set: { next-hop: self } }"), &underlay],
            "policies/RM.yaml:1:49 policy-next-hop",
        ),
        (
            "a next hop that is kept on links",
            &[&rules("10: { action: permit, set: { next-hop: unchanged } }"), &underlay],
            "policies/RM.yaml:1:49 policy-next-hop",
        ),
        (
            "a next hop that is kept between loopbacks",
            &[&rules("10: { action: permit, set: { next-hop: unchanged } }"), &overlay],
            "",
        ),
        (
            "a rule that is passed over",
            &[
                &rules("10: { action: permit, continue: 30 }, 20: { action: deny }, 30: { action: permit }"),
                &underlay,
            ],
            "policies/RM.yaml:1:42 policy-continue",
        ),
        (
            "a rule of another family is not there to be passed over",
            &[
                &rules(
                    "10: { action: permit, continue: 30 }, 20: { action: deny, match: { family: evpn } }, 30: { action: permit }",
                ),
                &underlay,
            ],
            "",
        ),
        (
            "two families",
            &[&rules("10: { action: permit, match: { family: evpn } }"), &underlay, &overlay],
            "policies/RM.yaml:1:49 policy-families",
        ),
        (
            "a rule that decides by AS paths",
            &[RECORDED[3], &rules("10: { action: permit, match: { as-path-list: AP-FABRIC } }"), &underlay],
            "policies/RM.yaml:1:55 policy-as-path",
        ),
        (
            "a list that denies, in a match",
            &[list, &rules("10: { action: permit, match: { prefix-list: PL } }"), &underlay],
            "prefix-lists/PL.yaml:1:68 list-denies",
        ),
        ("a list that denies, on a session", &[list, &out("PL", "underlay")], ""),
        (
            "a prefix list on EVPN sessions",
            &[list, &out("PL", "overlay")],
            "fabric.yaml:23:8 prefix-list-overlay",
        ),
        (
            "a list of the other family",
            &[
                "prefix-lists/PL.yaml = rules: { 10: { action: permit, prefix: \"2001:db8::/32\" } }",
                &out("PL", "underlay"),
            ],
            "fabric.yaml:17:8 prefix-list-family",
        ),
        (
            "an empty list",
            &["prefix-lists/PL.yaml = rules: {}", &out("PL", "underlay")],
            "fabric.yaml:17:8 policy-empty",
        ),
    ]);
}

#[test]
fn connected_subnets_are_told_to_peers_only_past_a_policy() {
    for (case, edits, warned) in [
        ("no policy", &[][..], true),
        ("out of the peer", &["vrfs/gold.yaml: asn: 64999 => asn: 64999, out: PL-DEFAULT"][..], false),
        (
            "of one peer of two",
            &[
                "vrfs/gold.yaml: asn: 64999 => asn: 64999, out: PL-DEFAULT",
                "vrfs/gold.yaml +=   other: { address: 10.90.90.5, asn: 64998 }",
            ],
            true,
        ),
        ("of the redistribution", &["vrfs/gold.yaml: [connected] => [{ connected: PL-DEFAULT }]"], false),
    ] {
        let mut repo = Repo::example();
        repo.apply(&RECORDED);
        repo.apply(edits);
        let seen = repo.load().findings.iter().any(|finding| finding.code == "redistribute-to-peer");
        assert_eq!(seen, warned, "{case}");
    }
}
