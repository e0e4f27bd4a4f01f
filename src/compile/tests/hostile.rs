//! Files that somebody wrote to keep us busy: each build of them ends, and lists what can be read.

use std::cell::Cell;
use std::fmt::Write as _;

use crate::compile::{Build, Engine, GaveUp};
use crate::diagnostic::Findings;
use crate::git::Snapshot;
use crate::intent::fixture::Repo;

/// Lines made from numbers.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        writeln!(text, "{}", line(number)).unwrap();
        text
    })
}

fn words(count: usize, word: impl Fn(usize) -> String) -> String {
    (0..count).map(word).collect::<Vec<_>>().join(", ")
}

/// Cases of a size: what they are, the file, its text.
#[expect(clippy::too_many_lines, reason = "one table")]
fn cases(n: usize) -> Vec<(&'static str, &'static str, String)> {
    let at = |list: String| format!("name: x\nvni: 110040\nat: [{list}]\n");
    vec![
        ("one place many times", "vlans/40.yaml", at(words(n, |_| "leaf1".to_owned()))),
        ("a role many times", "vlans/40.yaml", at(words(n, |_| "role:leaf".to_owned()))),
        ("unknown places", "vlans/40.yaml", at(words(n, |i| format!("leaf{i}")))),
        ("unknown roles", "vlans/40.yaml", at(words(n, |i| format!("role:r{i}")))),
        ("unknown tags", "vlans/40.yaml", at(words(n, |i| format!("tag:r{i}")))),
        (
            "places with addresses",
            "vlans/34.yaml",
            format!(
                "name: x\nvrf: gold\ngateway: 10.34.34.1/24\nat:\n  leaf3: [{}]\n",
                words(n, |i| format!("10.34.{}.{}/24", i / 250 % 250, i % 250))
            ),
        ),
        ("unknown keys", "vlans/40.yaml", lines(n, |i| format!("key{i}: x"))),
        ("unknown long keys", "vlans/40.yaml", lines(n, |i| format!("{}{i}: x", "k".repeat(60)))),
        ("one key many times", "vlans/40.yaml", lines(n, |_| "name: x".to_owned())),
        ("anchors", "vlans/40.yaml", format!("at: [{}]\n", words(n, |i| format!("&a{i} x")))),
        ("aliases", "vlans/40.yaml", format!("a: &a [x]\nat: [{}]\n", words(n, |_| "*a".to_owned()))),
        ("tags", "vlans/40.yaml", format!("at: [{}]\n", words(n, |_| "!x y".to_owned()))),
        ("documents", "vlans/40.yaml", "---\na: 1\n".repeat(n)),
        ("texts over lines", "vlans/40.yaml", lines(n, |i| format!("k{i}: |\n  a\n  b"))),
        ("brackets", "vlans/40.yaml", "[".repeat(n)),
        ("indents", "vlans/40.yaml", lines(n.min(2500), |i| format!("{}a:", " ".repeat(i)))),
        ("commas", "vlans/40.yaml", format!("at: [{}]", ",".repeat(n))),
        ("quotes", "vlans/40.yaml", format!("name: \"{}\"", "\\n".repeat(n))),
        (
            "uplinks of one port",
            "devices/leaf1.yaml",
            format!(
                "role: leaf\nmanagement: 172.16.0.25/24\nloopback: 10.0.250.11\nuplinks:\n{}",
                lines(n, |i| format!(
                    "  Ethernet{}: {{ to: spine1 Ethernet1, address: 10.0.1.1/31 }}",
                    i + 1
                ))
            ),
        ),
        (
            "uplinks to nowhere",
            "devices/leaf1.yaml",
            format!(
                "role: leaf\nmanagement: 172.16.0.25/24\nloopback: 10.0.250.11\nuplinks:\n{}",
                lines(n, |i| format!(
                    "  Ethernet{}: {{ to: nobody{i} Ethernet1, address: 10.{}.{}.1/31 }}",
                    i + 1,
                    i / 250,
                    i % 250
                ))
            ),
        ),
        (
            "tags of a device",
            "devices/leaf1.yaml",
            format!(
                "role: leaf\nmanagement: 172.16.0.25/24\nloopback: 10.0.250.11\ntags: [{}]\n",
                words(n, |i| format!("t{i}"))
            ),
        ),
        (
            "ports",
            "devices/leaf1.yaml",
            format!(
                "role: leaf\nmanagement: 172.16.0.25/24\nloopback: 10.0.250.11\nports:\n{}",
                lines(n, |i| format!("  Ethernet{}: {{ profile: server, vlans: [40] }}", i + 1))
            ),
        ),
        (
            "ports of nothing known",
            "devices/leaf1.yaml",
            format!(
                "role: leaf\nmanagement: 172.16.0.25/24\nloopback: 10.0.250.11\nports:\n{}",
                lines(n, |i| format!("  Ethernet{}: {{ profile: p{i}, vlans: [{}] }}", i + 1, i % 4000 + 1))
            ),
        ),
        (
            "VLANs of a port",
            "devices/leaf1.yaml",
            format!(
                "role: leaf\nmanagement: 172.16.0.25/24\nloopback: 10.0.250.11\nports:\n  Ethernet1: {{ profile: server, vlans: [{}] }}\n",
                words(n, |i| (i % 4094 + 1).to_string())
            ),
        ),
        (
            "peers",
            "vrfs/gold.yaml",
            format!(
                "id: 1\nvni: 100001\npeers:\n{}",
                lines(n, |i| format!(
                    "  p{i}: {{ address: 10.90.{}.{}, asn: 64999 }}",
                    i / 250 % 250,
                    i % 250
                ))
            ),
        ),
        (
            "route targets",
            "vrfs/gold.yaml",
            format!("id: 1\nvni: 100001\nimport: [{}]\n", words(n, |i| format!("1:{}", i % 7))),
        ),
        (
            "static routes",
            "vrfs/gold.yaml",
            format!(
                "id: 1\nvni: 100001\nroutes:\n{}",
                lines(n, |i| format!(
                    "  - {{ prefix: 10.{}.{}.0/24, via: 10.34.34.9 }}",
                    i / 250 % 250,
                    i % 250
                ))
            ),
        ),
        (
            "redistribute",
            "vrfs/gold.yaml",
            format!("id: 1\nvni: 100001\nredistribute: [{}]\n", words(n, |_| "connected".to_owned())),
        ),
        (
            "prefix list",
            "prefix-lists/PL.yaml",
            format!(
                "rules:\n{}",
                lines(n, |i| format!(
                    "  {}: {{ action: permit, prefix: 10.{}.{}.0/24 }}",
                    i + 1,
                    i / 250 % 250,
                    i % 250
                ))
            ),
        ),
        (
            "prefix list of one prefix",
            "prefix-lists/PL.yaml",
            format!(
                "rules:\n{}",
                lines(n, |i| format!("  {}: {{ action: permit, prefix: 10.0.0.0/24 }}", i + 1))
            ),
        ),
        (
            "community list",
            "community-lists/CL.yaml",
            format!("rules: [{}]\n", words(n, |i| format!("{{ action: permit, community: \"65000:{i}\" }}"))),
        ),
        (
            "community list of one",
            "community-lists/CL.yaml",
            format!("rules: [{}]\n", words(n, |_| "{ action: permit, community: \"65000:1\" }".to_owned())),
        ),
        (
            "policy",
            "policies/RM.yaml",
            format!(
                "rules:\n{}",
                lines(n, |i| format!(
                    "  {}: {{ action: permit, match: {{ prefix-list: PL{i} }}, continue: {} }}",
                    i + 1,
                    i + 2
                ))
            ),
        ),
        (
            "name servers",
            "fabric.yaml",
            format!(
                "+services: {{ dns: {{ servers: [{}] }}, ntp: {{ servers: [{}] }} }}\n",
                words(n, |i| format!("10.0.{}.{}", i / 250 % 250, i % 250)),
                words(n, |i| format!("10.0.{}.{}", i / 250 % 250, i % 250))
            ),
        ),
        (
            "profiles",
            "fabric.yaml",
            format!("&profiles:\n{}", lines(n, |i| format!("  p{i}: {{ mode: trunk }}"))),
        ),
        ("roles", "fabric.yaml", format!("&roles:\n{}", lines(n, |i| format!("  r{i}: {{ asn: {i} }}")))),
        (
            "raw leaves",
            "raw/x.json",
            format!(
                "{{ \"at\": [\"role:leaf\"], \"config\": {{ {} }} }}",
                words(n, |i| format!("\"openconfig-x:k{i}\": {i}"))
            ),
        ),
        (
            "raw interfaces",
            "raw/x.json",
            format!(
                "{{\"at\":[\"role:leaf\"],\"config\":{{\"openconfig-interfaces:interfaces\":{{\"interface\":[{}]}}}}}}",
                words(n, |i| format!(
                    "{{\"name\":\"Ethernet{i}\",\"config\":{{\"name\":\"Ethernet{i}\",\"description\":\"x\"}}}}"
                ))
            ),
        ),
        (
            "manifest",
            "netbox-export.json",
            format!(
                "{{\"format\":1,\"files\":{{{}}}}}",
                words(n, |i| format!("\"vlans/{i}.yaml\":\"{i:040}\""))
            ),
        ),
    ]
}

/// The example with the file of a case.
fn snapshot(path: &str, text: &str) -> Snapshot {
    let mut repo = Repo::example();
    match (text.strip_prefix('+'), text.strip_prefix('&')) {
        (Some(more), _) => repo.append(path, more),
        (_, Some(more)) => repo.edit(path, &more[..=more.find('\n').unwrap()], more),
        _ => repo.write(path, text),
    }
    repo.snapshot()
}

#[test]
fn each_of_them_ends_and_lists_what_somebody_may_read() {
    for (case, path, text) in cases(1500) {
        let snapshot = snapshot(path, &text);
        let build = Engine::new().build(&snapshot);
        let listed = build.findings.iter().count();
        assert!(listed <= 2 * Findings::LISTED + 1, "{case}: {listed} listed");
        let (errors, warnings) = build.findings.count();
        assert_eq!(
            build.findings.iter().any(|finding| finding.code == "findings-more"),
            errors.max(warnings) > Findings::LISTED,
            "{case}"
        );
    }
}

#[test]
fn what_is_beyond_the_list_is_counted_and_the_same_on_every_way() {
    let (_, path, text) = cases(3000).remove(0);
    let hostile = snapshot(path, &text);
    let first = Engine::new().build(&hostile);
    assert_eq!(first.findings.count().0, 2999);
    let last = first.findings.iter().last().unwrap();
    assert_eq!((&*last.message, last.code), ("and 1999 more errors, not listed", "findings-more"));
    let mut engine = Engine::new();
    engine.build(&Repo::example().snapshot());
    assert_eq!(engine.build(&hostile).findings, first.findings);
    assert_eq!(engine.build(&hostile).findings, first.findings);
}

#[test]
fn a_file_after_too_many_errors_is_not_read() {
    let mut repo = Repo::example();
    for number in 1..=15 {
        repo.write(&format!("vlans/{number}.yaml"), &lines(1200, |i| format!("key{i}: x")));
    }
    let build = Engine::new().build(&repo.snapshot());
    assert!(build.fabric.is_none());
    let said = build.findings.iter().find(|finding| finding.code == "findings-many").unwrap();
    let expected = "more than 10000 errors: vlans/34.yaml and what follows was not read";
    assert_eq!(said.message, expected);
}

#[test]
fn a_build_that_is_stopped_gives_up_and_forgets_nothing() {
    let (example, mut repo) = (Repo::example().snapshot(), Repo::example());
    repo.edit("vlans/40.yaml", "name: test-l2-vxlan", "name: another");
    let edited = repo.snapshot();
    let mut engine = Engine::new();
    let whole = engine.build(&example);
    let asked = Cell::new(0);
    let count = || {
        asked.set(asked.get() + 1);
        false
    };
    let changed = engine.build_within(&edited, &count).unwrap();
    let (questions, files, devices) = (asked.get(), edited.len(), changed.devices.len());
    assert!(questions >= files + 2 * devices, "{questions} for {files} files and {devices} devices");
    engine.build(&example);
    for stopped in 0..questions {
        asked.set(0);
        let late = || {
            asked.set(asked.get() + 1);
            asked.get() > stopped
        };
        assert!(engine.build_within(&edited, &late).is_err(), "at {stopped}");
        assert_eq!(asked.get(), stopped + 1, "it is not asked again");
    }
    assert_eq!(GaveUp.to_string().split(':').next(), Some("gave up"));
    let again = engine.build(&example);
    assert!(again.compiled <= changed.compiled, "{} of {}", again.compiled, changed.compiled);
    let hashes = |build: &Build| build.devices.values().map(|device| device.hash.clone()).collect::<Vec<_>>();
    assert_eq!(hashes(&again), hashes(&whole));
}
