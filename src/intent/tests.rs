//! What single files may say, as edits to the example repository; and the cache.

mod policies;
mod servers;

use proptest::prelude::*;

use super::Cache;
use super::fixture::Repo;

/// `file:line:column code: message` of each error.
fn errors(edits: &[&str]) -> Vec<String> {
    let mut repo = Repo::example();
    repo.apply(edits);
    let loaded = repo.load();
    let errors =
        loaded.findings.iter().filter(|finding| finding.severity == crate::diagnostic::Severity::Error);
    errors
        .map(|finding| {
            let place = finding.place.as_ref().map_or("nowhere".to_owned(), ToString::to_string);
            let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{place} {}: {}{hint}", finding.code, finding.message)
        })
        .collect()
}

fn table(cases: &[(&str, &[&str], &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(case, edits, expected)| (case, errors(edits).join("; "), expected))
        .filter(|(_, found, expected)| found != *expected)
        .map(|(case, found, expected)| format!("{case}\n  found    {found}\n  expected {expected}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn values_that_yaml_readers_read_differently_are_refused_with_the_reason() {
    table(&[
        (
            "a leading zero",
            &["vlans/40.yaml: vni: 110040 => vni: 0110040"],
            "vlans/40.yaml:3:6 value-number: VLAN 40: `vni`: `0110040` is not a whole number (write 110040: YAML 1.1 readers take a leading zero for octal)",
        ),
        (
            "an underscore",
            &["vlans/40.yaml: vni: 110040 => vni: 110_040"],
            "vlans/40.yaml:3:6 value-number: VLAN 40: `vni`: `110_040` is not a whole number (write 110040, without separators)",
        ),
        (
            "base 60",
            &["fabric.yaml: asn: 65000 => asn: 65000:10"],
            "fabric.yaml:12:17 value-number: role spine: `asn`: `65000:10` is not a whole number (YAML 1.1 readers take a number with `:` for base 60; a plain number is meant here)",
        ),
        (
            "hexadecimal",
            &["vlans/40.yaml: vni: 110040 => vni: 0x1ADD8"],
            "vlans/40.yaml:3:6 value-number: VLAN 40: `vni`: `0x1ADD8` is not a whole number (write it in decimal digits)",
        ),
        (
            "a sign",
            &["vlans/40.yaml: vni: 110040 => vni: +110040"],
            "vlans/40.yaml:3:6 value-number: VLAN 40: `vni`: `+110040` is not a whole number (write it in decimal digits)",
        ),
        (
            "an exponent",
            &["fabric.yaml: mtu: 9214 => mtu: 9e3"],
            "fabric.yaml:16:8 value-number: fabric.yaml: `underlay.mtu`: `9e3` is not a whole number (write it in decimal digits)",
        ),
        (
            "yes",
            &["pairs/leaf3-4.yaml: lag: 1 => enabled: yes, lag: 1"],
            "pairs/leaf3-4.yaml:5:53 value-choice: pair leaf3-4 Ethernet1: `enabled`: `yes` is neither `true` nor `false` (write `true`)",
        ),
        ("a number in quotes is a number", &["vlans/40.yaml: vni: 110040 => vni: \"110040\""], ""),
        ("a number as a name is a name", &["vlans/40.yaml: test-l2-vxlan => 40"], ""),
        ("a word as a name is a name", &["vlans/40.yaml: test-l2-vxlan => on"], ""),
        (
            "nothing",
            &["vlans/34.yaml: vrf: gold => vrf:"],
            "vlans/34.yaml:3:4 value-missing: VLAN 34: `vrf`: no value is given (give one, or remove the key)",
        ),
        (
            "a route target without quotes",
            &["vlans/40.yaml += rt: { import: [65000:10], export: 65000:10 }"],
            "",
        ),
    ]);
}

#[test]
fn keys_and_values_of_objects() {
    table(&[
        (
            "an unknown key",
            &["vlans/34.yaml: vrf: gold => vfr: gold"],
            "vlans/34.yaml:3:1 key-unknown: VLAN 34: there is no key `vfr` (did you mean `vrf`?)",
        ),
        (
            "an unknown key that is near nothing",
            &["vlans/34.yaml += colour: blue"],
            "vlans/34.yaml:6:1 key-unknown: VLAN 34: there is no key `colour` (there is `vni`, `mtu`, `tenant`, `rd`, `rt`, `single`)",
        ),
        (
            "a missing key",
            &["vlans/40.yaml: at: => #"],
            "vlans/40.yaml:2:1 key-missing: VLAN 40: `at` is missing (add `at:`)",
        ),
        (
            "a VNI out of range",
            &["vlans/40.yaml: vni: 110040 => vni: 16777216"],
            "vlans/40.yaml:3:6 value-name: VLAN 40: `vni`: `16777216` is not a VNI",
        ),
        (
            "an MTU out of range",
            &["fabric.yaml: mtu: 9214 => mtu: 9300"],
            "fabric.yaml:16:8 value-range: fabric.yaml: `underlay.mtu`: 9300 is not between 68 and 9214",
        ),
        (
            "a list where one value is meant",
            &["vlans/34.yaml: vrf: gold => vrf: [gold]"],
            "vlans/34.yaml:3:6 value-type: VLAN 34: `vrf`: a single value is expected, not a list",
        ),
        (
            "one value where a list is meant",
            &["vlans/40.yaml: at: => at: leaf1-2 #"],
            "vlans/40.yaml:4:5 value-type: VLAN 40: `at`: a list is expected, not a single value (write `at: [leaf1-2]`)",
        ),
        (
            "a map where one value is meant",
            &["devices/leaf3.yaml: loopback: => loopback: {} #"],
            "devices/leaf3.yaml:4:11 value-type: device leaf3: `loopback`: a single value is expected, not a map",
        ),
        (
            "a state that is none",
            &["devices/leaf3.yaml += state: dranied"],
            "devices/leaf3.yaml:9:8 value-choice: device leaf3: `state`: `dranied` is not one of `staged`, `active`, `drained`, `paused`, `released` (did you mean `drained`?)",
        ),
        (
            "a link without a port",
            &["devices/leaf3.yaml: spine1 Ethernet3 => spine1"],
            "devices/leaf3.yaml:7:21 value-link: device leaf3 Ethernet11: `to`: `spine1` is not a device and its port (write both, as in `to: spine1 Ethernet3`)",
        ),
    ]);
}

#[test]
fn facts_for_people_and_short_forms_are_read() {
    table(&[
        (
            "site and tenants",
            &[
                "devices/leaf3.yaml += site: dc1\\ntenant: gold-corp",
                "vlans/34.yaml += tenant: gold-corp",
                "vrfs/gold.yaml += tenant: gold-corp",
            ],
            "",
        ),
        ("one route target for both ways", &["vrfs/gold.yaml += rt: \"65000:100001\""], ""),
        (
            "one route target that is none",
            &["vrfs/gold.yaml += rt: gold"],
            "vrfs/gold.yaml:7:5 value-route-id: VRF gold: `rt`: `gold` is not a route distinguisher or target (write \"65000:100\" or \"10.0.250.1:100\", in quotes)",
        ),
        (
            "a list that does not say which way",
            &["vrfs/gold.yaml += rt: [\"65000:100001\"]"],
            "vrfs/gold.yaml:7:5 value-type: VRF gold: `rt`: a map of keys is expected, not a list (write `key: value` lines, or `{}` for none)",
        ),
        (
            "an MLAG domain of each pair's own",
            &["fabric.yaml:   domain: leafs => ", "pairs/leaf1-2.yaml += domain: rack 1"],
            "",
        ),
        (
            "an MTU that no interface takes",
            &["vlans/34.yaml += mtu: 9300"],
            "vlans/34.yaml:6:6 value-range: VLAN 34: `mtu`: 9300 is not between 68 and 9214",
        ),
        (
            "an MTU below IPv6's least",
            &[
                "vlans/34.yaml += mtu: 1000",
                "vlans/34.yaml: 10.34.34.1/24 => [10.34.34.1/24, \"2001:db8::1/64\"]",
            ],
            "vlans/34.yaml:6:6 vlan-mtu-ipv6: VLAN 34: IPv6 needs an MTU of at least 1280 (write 1280 or more)",
        ),
        (
            "link-local gateways are of their own VLAN",
            &[
                "vlans/34.yaml: 10.34.34.1/24 => [10.34.34.1/24, \"fe80::1/64\"]",
                "vlans/41.yaml = name: web\\nvrf: gold\\ngateway: [10.41.0.1/24, \"fe80::1/64\"]\\nat: [leaf3-4]",
            ],
            "",
        ),
        (
            "a global one is of one VLAN",
            &[
                "vlans/34.yaml: 10.34.34.1/24 => [10.34.34.1/24, \"2001:db8::1/64\"]",
                "vlans/41.yaml = name: web\\nvrf: gold\\ngateway: \"2001:db8::1/64\"\\nat: [leaf3-4]",
            ],
            "vlans/41.yaml:3:10 address-twice: gateway of VLAN 41: 2001:db8::1 in VRF gold is the gateway of VLAN 34 already (take another address); vlans/41.yaml:3:10 subnet-overlap: VLAN 41: its subnet 2001:db8::/64 overlaps 2001:db8::/64 of VLAN 34 (give each VLAN of a VRF its own subnet)",
        ),
    ]);
}

#[test]
fn values_with_a_form_of_their_own() {
    table(&[
        (
            "a subnet as an address",
            &["vlans/34.yaml: 10.34.34.1/24 => 10.34.34.0/24"],
            "vlans/34.yaml:4:10 value-address: VLAN 34: `gateway`: `10.34.34.0/24` is the subnet itself, and a host's address is expected",
        ),
        (
            "a broadcast address",
            &["vlans/34.yaml: 10.34.34.1/24 => 10.34.34.255/24"],
            "vlans/34.yaml:4:10 value-address: VLAN 34: `gateway`: `10.34.34.255/24` is the subnet's broadcast address",
        ),
        ("IPv6 beside IPv4", &["vlans/34.yaml: 10.34.34.1/24 => [10.34.34.1/24, \"2001:db8::1/64\"]"], ""),
        (
            "a route with bits beyond its length",
            &["fabric.yaml: 100.64.0.0/10 => 100.64.0.1/10"],
            "fabric.yaml:36:15 value-address: fabric.yaml: static route: `prefix`: `100.64.0.1/10` has bits beyond its length (write 100.64.0.0/10)",
        ),
        (
            "a multicast MAC",
            &["fabric.yaml: c001.cafe.babe => c101.cafe.babe"],
            "fabric.yaml:23:16 value-mac: fabric.yaml: `overlay.gateway-mac`: `c101.cafe.babe` is a multicast MAC address",
        ),
        (
            "a scheme without a number",
            &["fabric.yaml: \"{id}:{vni}\" => \"{vni}\""],
            "fabric.yaml:26:38 value-scheme: fabric.yaml: `overlay.vrf.rt`: `{vni}` does not make a route distinguisher or target (it has two parts with `:` between, as in \"{asn}:{vni}\")",
        ),
        (
            "a scheme of route targets by device",
            &["fabric.yaml: \"{id}:{vni}\" => \"{router-id}:{id}\""],
            "fabric.yaml:26:38 value-scheme: fabric.yaml: `overlay.vrf.rt`: `{router-id}:{id}` has a word that is not known here (the words are {asn}, {vni}, {id})",
        ),
        (
            "a key twice",
            &["vlans/40.yaml += vni: 110041"],
            "vlans/40.yaml:5:1 yaml-duplicate-key: `vni` is set twice (keep one of the two)",
        ),
        (
            "a selector of no kind",
            &["vlans/40.yaml: leaf5-6] => site:a]"],
            "vlans/40.yaml:4:15 at-selector: VLAN 40: `at`: `site:a` selects nothing (write a device, a pair, `role:NAME` or `tag:NAME`)",
        ),
        (
            "a place twice",
            &["vlans/40.yaml: leaf5-6] => leaf5-6, leaf1-2]"],
            "vlans/40.yaml:4:24 at-twice: VLAN 40: `at` names the same place twice (remove one of the two)",
        ),
        (
            "two distances",
            &["fabric.yaml: [20, 200, 200] => [20, 200]"],
            "fabric.yaml:17:13 value-type: fabric.yaml: `underlay.distance`: three distances are expected (write external, internal and local, as in [20, 200, 200])",
        ),
        (
            "routes as a number",
            &["fabric.yaml: maximum-routes: { limit: 12000, over: warn } => maximum-routes: 500"],
            "",
        ),
        (
            "three faults in one file",
            &["vlans/34.yaml: vrf: gold => vfr: gold\\nvni: x\\nsingle: maybe"],
            "vlans/34.yaml:3:1 key-unknown: VLAN 34: there is no key `vfr` (did you mean `vrf`?); vlans/34.yaml:4:6 value-number: VLAN 34: `vni`: `x` is not a whole number (write it in decimal digits); vlans/34.yaml:5:9 value-choice: VLAN 34: `single`: `maybe` is neither `true` nor `false` (write `true` or `false`)",
        ),
    ]);
}

#[test]
fn what_the_format_does_not_have_yet_is_named() {
    table(&[
        (
            "a newer format",
            &["fabric.yaml: version: 1 => version: 2\\nnew: true"],
            "fabric.yaml:2:10 format-newer: fabric.yaml: this gitfabric (0.1.0) is too old: it reads format 1, and the intent is of format 2 (update gitfabric)",
        ),
        (
            "no version",
            &["fabric.yaml: version: 1 => #"],
            "fabric.yaml:3:1 key-missing: fabric.yaml: `version` is missing (add `version:`)",
        ),
        (
            "sites",
            &["sites/a/fabric.yaml = x: y"],
            "sites/a/fabric.yaml:1:1 not-yet: sites/ is not supported yet (write each site as a fabric of its own folder, with `path` in the agent's configuration)",
        ),
        (
            "raw lines",
            &["raw/storm.yaml = cli: []"],
            "raw/storm.yaml:1:1 not-yet: raw/storm.yaml: raw lines are not supported yet (YANG data is read from raw/NAME.json; lines of the command line come later)",
        ),
        (
            "breakout",
            &["devices/leaf3.yaml += breakout: { Ethernet5: 4x25G }"],
            "devices/leaf3.yaml:9:1 not-yet: device leaf3: `breakout` is not supported yet (name the ports that the device has, as Ethernet5/1)",
        ),
    ]);
}

#[test]
fn files_that_are_no_objects() {
    table(&[
        (
            "files for people",
            &["README.md = x", "docs/a.yaml = x", ".github/ci.yml = x", "devices/README.md = x"],
            "",
        ),
        (
            "another extension",
            &["vlans/41.yml = name: x"],
            "vlans/41.yml:1:1 file-extension: vlans/41.yml is not read (rename it to vlans/41.yaml)",
        ),
        (
            "YANG data as YAML",
            &["raw/ntp.yml = x: y"],
            "raw/ntp.yml:1:1 not-yet: raw/ntp.yml: raw lines are not supported yet (YANG data is read from raw/NAME.json; lines of the command line come later)",
        ),
        (
            "a folder within a folder",
            &["vlans/dc1/41.yaml = name: x"],
            "vlans/dc1/41.yaml:1:1 file-folder: vlans/dc1/41.yaml is not read: vlans/ has no folders (move it to vlans/41.yaml)",
        ),
        (
            "a VLAN that is no number",
            &["vlans/web.yaml = name: x"],
            "vlans/web.yaml:1:1 vlan-id: vlans/web.yaml: `web` is not a VLAN id (it is a number from 1 to 4094, without leading zeros)",
        ),
        (
            "a device with an underscore",
            &["devices/leaf_9.yaml = role: leaf"],
            "devices/leaf_9.yaml:1:1 file-name: devices/leaf_9.yaml: `leaf_9` is not a device name (rename the file: letters, digits, `-` and `.`, starting with a letter or digit, at most 63)",
        ),
        (
            "the device's own VRF",
            &["vrfs/default.yaml = id: 9"],
            "vrfs/default.yaml:1:1 file-name: the VRF `default` is the device's own (say it in `underlay` of fabric.yaml)",
        ),
        (
            "no design",
            &["- fabric.yaml"],
            "nowhere fabric-missing: there is no fabric.yaml (is this the right branch, and the right folder in it?)",
        ),
        (
            "an empty file",
            &["vlans/40.yaml: # => #", "vlans/41.yaml = "],
            "vlans/41.yaml:1:1 yaml-empty: vlans/41.yaml says nothing (write the object into it, or remove the file)",
        ),
    ]);
    let mut repo = Repo::example();
    repo.apply(&["scripts/a.py = x", "scripts/b.py = x", "vlan/41.yaml = x: y", "Makefile = x"]);
    let unknown: Vec<String> = repo
        .load()
        .findings
        .iter()
        .filter(|finding| finding.code == "file-unknown")
        .map(|finding| format!("{} ({})", finding.message, finding.hint.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        unknown,
        [
            "Makefile is not read: it is no part of the intent (files for people go to docs/, or have a name that ends in .md)",
            "scripts/ is not read: it is no part of the intent (files for people go to docs/, or have a name that ends in .md)",
            "vlan/ is not read: it is no part of the intent (did you mean vlans/?)",
        ]
    );
    let nothing = Cache::<u8>::default().load_files([]);
    assert_eq!(nothing.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["intent-empty"]);
}

#[test]
fn a_password_in_plain_text_is_refused_and_not_repeated() {
    for (case, edit) in [
        ("a password", "asn: 64999 => asn: 64999, password: hunter2"),
        ("a number", "asn: 64999 => asn: 64999, password: 40122602"),
        ("a list", "asn: 64999 => asn: 64999, password: [hunter2]"),
        ("beside another fault", "asn: 64999 => asn: none, password: hunter2"),
        ("with a key misspelt", "asn: 64999 => asn: 64999, pasword: hunter2"),
        ("with a bad name", "asn: 64999 => asn: 64999, password: secret:hunter2!"),
        (
            "on a line of its own",
            "{ address: 10.90.90.1, asn: 64999 } => \\n    address: 10.90.90.1\\n    asn: 1\\n    password:\\n      hunter2",
        ),
        ("with an open quote", "asn: 64999 => asn: 64999, password: \"hunter2"),
    ] {
        let mut repo = Repo::example();
        repo.apply(&[&format!("vrfs/gold.yaml: {edit}")]);
        let findings = repo.load().findings;
        assert!(findings.has_errors(), "{case}");
        let all = format!("{}{findings:?}", repo.report(&findings));
        assert!(!all.contains("hunter2") && !all.contains("40122602"), "{case}: {all}");
    }
    let mut repo = Repo::example();
    repo.apply(&["vrfs/gold.yaml: asn: 64999 => asn: 64999, password: secret:bgp/fw"]);
    let fabric = repo.fabric();
    let peer = fabric.vrfs.values().next().unwrap().peers.values().next().unwrap();
    assert_eq!(peer.password.as_ref().unwrap().as_str(), "bgp/fw");
}

#[test]
fn raw_data_keeps_the_place_of_each_value() {
    let mut repo = Repo::example();
    repo.apply(&[
        "raw/ntp.json = {\\n\\t\"at\": [\"role:leaf\"],\\n\\t\"config\": {\"a:b\": {\"c/d\": [1, \"x\", true, null]}}\\n}",
    ]);
    let fabric = repo.fabric();
    let raw = &fabric.raw[0];
    assert_eq!(raw.config, serde_json::json!({"a:b": {"c/d": [1, "x", true, null]}}));
    let places: Vec<String> =
        raw.places.iter().map(|(pointer, place)| format!("{pointer} {place}")).collect();
    assert_eq!(
        places,
        [
            " raw/ntp.json:3:12",
            "/a:b raw/ntp.json:3:20",
            "/a:b/c~1d raw/ntp.json:3:28",
            "/a:b/c~1d/0 raw/ntp.json:3:29",
            "/a:b/c~1d/1 raw/ntp.json:3:32",
            "/a:b/c~1d/2 raw/ntp.json:3:37",
            "/a:b/c~1d/3 raw/ntp.json:3:43",
        ]
    );
    assert_eq!(
        errors(&["raw/ntp.json = {\"at\": [\"leaf1\"], \"config\": {\"a\": yes}}"]),
        ["raw/ntp.json:1:35 raw-json: raw/ntp.json: `yes` is not a JSON value (put it in double quotes)"]
    );
}

#[test]
fn a_changed_file_is_the_only_one_that_is_parsed_again() {
    let mut repo = Repo::example();
    let mut cache = Cache::default();
    let first = repo.load_with(&mut cache);
    assert_eq!(cache.parsed(), 20);
    repo.load_with(&mut cache);
    assert_eq!(cache.parsed(), 20, "nothing changed");
    repo.apply(&["vlans/40.yaml: test-l2-vxlan => web"]);
    repo.load_with(&mut cache);
    assert_eq!(cache.parsed(), 21, "one file changed");
    repo.apply(&["vlans/40.yaml: name: web => name: test-l2-vxlan", "- vlans/78.yaml"]);
    repo.load_with(&mut cache);
    assert_eq!(cache.parsed(), 22, "one file changed back, one is gone");
    let mut back = Repo::example();
    back.apply(&["docs/x.md = x"]);
    let last = back.load_with(&mut cache);
    assert_eq!(cache.parsed(), 23, "what was gone is read again");
    assert_eq!(first.findings, last.findings);
    assert_eq!(format!("{:?}", first.fabric), format!("{:?}", last.fabric));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// One character of the example changed, anywhere: findings or none, never a panic.
    #[test]
    fn no_slip_of_the_finger_makes_it_panic(file in 0usize..20, at in 0usize..2000, with in "[-a0:{}\\[\\],#/.\"\n é]") {
        let mut repo = Repo::example();
        repo.slip(file, at, &with);
        let loaded = repo.load();
        prop_assert!(loaded.fabric.is_some() || loaded.findings.has_errors());
        let _ = repo.report(&loaded.findings);
    }
}
