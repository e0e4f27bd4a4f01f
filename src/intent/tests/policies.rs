//! Policies and lists, one file at a time.

use super::table;

#[test]
fn policies() {
    table(&[
        (
            "everything",
            &[
                "policies/RM.yaml = description: all of it\\nrules:\\n  10:\\n    action: permit\\n    match: { prefix-list: PL, community-list: CL, as-path-list: AP, family: evpn }\\n    set: { next-hop: unchanged, community: [\"65000:100\", no-export], med: 10, local-preference: 200, as-path-prepend: { asn: 65001, times: 2 } }\\n    continue: 20\\n  20: { action: permit, set: { next-hop: 10.0.0.1, community-add: \"65000:1\", as-path-prepend: 65001 } }\\n  30: { action: deny, match: { prefix-list: [PL] }, set: { community-remove: graceful-shutdown } }",
                "prefix-lists/PL.yaml = description: x\\nfamily: ipv4\\nrules:\\n  10: { action: permit, prefix: 10.0.250.0/24, le: 32 }\\n  20: { action: deny, prefix: 0.0.0.0/0 }\\n  30: { action: permit, prefix: 10.1.0.0/16, ge: 24, le: 24 }",
                "community-lists/CL.yaml = rules: [{ action: permit, community: \"65000:100\" }, { community: no-export }]",
                "as-path-lists/AP.yaml = rules: { 10: { action: permit, pattern: \"^650[0-9][0-9]_\" } }",
            ],
            "",
        ),
        (
            "no rules",
            &["policies/RM.yaml = description: x"],
            "policies/RM.yaml:1:1 key-missing: policy RM: `rules` is missing (add `rules:`)",
        ),
        (
            "a rule that is no number",
            &["policies/RM.yaml = rules: { first: { action: permit }, 010: { action: permit } }"],
            "policies/RM.yaml:1:10 value-number: policy RM: `rules`: `first` is not the number of a rule (number rules from 1 to 65535, as in 10, 20, 30); policies/RM.yaml:1:37 value-number: policy RM: `rules`: `010` is not the number of a rule (number rules from 1 to 65535, as in 10, 20, 30)",
        ),
        (
            "an action that is none",
            &["policies/RM.yaml = rules: { 10: { action: allow } }"],
            "policies/RM.yaml:1:24 value-choice: policy RM rule 10: `action`: `allow` is not one of `permit`, `deny`",
        ),
        (
            "a match that is none",
            &["policies/RM.yaml = rules: { 10: { action: permit, match: { prefixlist: PL } } }"],
            "policies/RM.yaml:1:41 key-unknown: policy RM rule 10: there is no key `match.prefixlist` (did you mean `prefix-list`?)",
        ),
        (
            "two lists of a kind",
            &[
                "policies/RM.yaml = rules: { 10: { action: permit, match: { prefix-list: [A, B] } } }",
                "prefix-lists/A.yaml = rules: {}",
                "prefix-lists/B.yaml = rules: {}",
            ],
            "policies/RM.yaml:1:54 policy-lists: policy RM rule 10: `match.prefix-list`: one list of a kind is asked in one rule (write a rule for each list, or one list that holds what all of them hold)",
        ),
        (
            "two things done with communities",
            &[
                "policies/RM.yaml = rules: { 10: { action: permit, set: { community: \"1:1\", community-add: \"1:2\" } } }",
            ],
            "policies/RM.yaml:1:57 policy-communities: policy RM rule 10: `set.community-add`: one thing is done with communities in one rule (write a rule for each, with `continue`)",
        ),
        (
            "a community that is none",
            &["policies/RM.yaml = rules: { 10: { action: permit, set: { community: \"65536:1\" } } }"],
            "policies/RM.yaml:1:50 value-community: policy RM rule 10: `set.community`: `65536:1` is not a community (write \"65000:100\" in quotes, both numbers up to 65535, or `no-export`, `no-advertise`, `no-export-subconfed`, `graceful-shutdown`)",
        ),
        (
            "a next hop that is none",
            &["policies/RM.yaml = rules: { 10: { action: permit, set: { next-hop: unchange } } }"],
            "policies/RM.yaml:1:49 value-choice: policy RM rule 10: `set.next-hop`: `unchange` is no next hop (write `unchanged`, `self` or an address)",
        ),
        (
            "a denial that goes on",
            &["policies/RM.yaml = rules: { 10: { action: deny, continue: 20 }, 20: { action: permit } }"],
            "policies/RM.yaml:1:40 policy-continue: policy RM rule 10: a rule that denies ends there (remove `continue`)",
        ),
        (
            "a rule that goes on with none",
            &[
                "policies/RM.yaml = rules: { 10: { action: permit, continue: 15 }, 20: { action: permit, continue: 10 } }",
            ],
            "policies/RM.yaml:1:42 policy-continue: policy RM rule 10: there is no later rule 15 (the next one is 20); policies/RM.yaml:1:80 policy-continue: policy RM rule 20: there is no later rule 10 (this is the last rule: remove `continue`)",
        ),
        (
            "a name that EOS keeps for itself",
            &["policies/Standard.yaml = rules: {}"],
            "policies/Standard.yaml:1:1 file-name: policies/Standard.yaml: `Standard` is not a name of a policy or list (rename the file: letters, digits, `-`, `_` and `.`, starting with a letter or digit, at most 63, and no word of EOS's own such as `standard` or `delete`)",
        ),
    ]);
}

#[test]
fn lists() {
    table(&[
        (
            "a prefix with bits beyond its length",
            &["prefix-lists/PL.yaml = rules: { 10: { action: permit, prefix: 10.0.250.1/24 } }"],
            "prefix-lists/PL.yaml:1:40 value-address: prefix list PL rule 10: `prefix`: `10.0.250.1/24` has bits beyond its length (write 10.0.250.0/24)",
        ),
        (
            "lengths that no prefix has",
            &[
                "prefix-lists/PL.yaml = rules: { 10: { action: permit, prefix: 10.0.0.0/16, ge: 8 }, 20: { action: permit, prefix: 10.1.0.0/16, ge: 24, le: 20 } }",
            ],
            "prefix-lists/PL.yaml:1:57 value-range: prefix list PL rule 10: `ge`: 8 is not between 16 and 32; prefix-lists/PL.yaml:1:117 value-range: prefix list PL rule 20: `le`: 20 is not between 24 and 32",
        ),
        (
            "both families",
            &[
                "prefix-lists/PL.yaml = rules: { 10: { action: permit, prefix: 10.0.0.0/16 }, 20: { action: permit, prefix: \"2001:db8::/32\" } }",
            ],
            "prefix-lists/PL.yaml:1:85 prefix-list-family: prefix list PL rule 20: 2001:db8::/32 is of the other family (a list holds IPv4 or IPv6: write two lists)",
        ),
        (
            "a rule twice, by its lengths",
            &[
                "prefix-lists/PL.yaml = rules: { 10: { action: permit, prefix: 10.0.0.0/16, le: 32 }, 20: { action: deny, prefix: 10.0.0.0/16, ge: 16 } }",
            ],
            "prefix-lists/PL.yaml:1:63 prefix-list-twice: prefix list PL rule 20: a rule before it holds the same prefixes (remove one of the two)",
        ),
        (
            "a community twice",
            &[
                "community-lists/CL.yaml = rules: [{ community: \"1:1\" }, { action: deny, community: \"1:1\" }]",
            ],
            "community-lists/CL.yaml:1:58 community-list-twice: community list CL: a community stands there twice (remove one of the two)",
        ),
        (
            "a pattern of names",
            &["as-path-lists/AP.yaml = rules: { 10: { action: permit, pattern: \"^AS65000$\" } }"],
            "as-path-lists/AP.yaml:1:41 value-text: AS path list AP rule 10: `pattern`: `^AS65000$` is no pattern of AS paths (digits and the signs ^ $ _ . * + ? | ( ) [ ] -, as in ^65001_)",
        ),
    ]);
}

#[test]
fn what_a_vrf_takes_over() {
    table(&[
        (
            "with a policy",
            &[
                "vrfs/gold.yaml: [connected] => [{ connected: PL }, static]",
                "prefix-lists/PL.yaml = rules: { 10: { action: permit, prefix: 10.0.0.0/8, le: 32 } }",
            ],
            "",
        ),
        (
            "one source twice",
            &["vrfs/gold.yaml: [connected] => [connected, { connected: PL }]"],
            "vrfs/gold.yaml:4:29 redistribute-twice: VRF gold: `redistribute`: one source is named twice (remove one of the two)",
        ),
        (
            "two in one",
            &["vrfs/gold.yaml: [connected] => [{ connected: PL, static: PL }]"],
            "vrfs/gold.yaml:4:16 value-type: VRF gold: `redistribute`: one source is expected (write each on a line of its own, as in `- connected: POLICY`)",
        ),
    ]);
}
