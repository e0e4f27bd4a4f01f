//! `drift` of the fabric, of roles and of devices: what is refused, and where.

use super::table;
use crate::intent::DriftPolicy;
use crate::intent::fixture::{Repo, drift_edit};

#[test]
fn what_cannot_be_meant_is_found_where_it_stands() {
    let drift = |text: &str| drift_edit(&format!(" {{ {text} }}"));
    let paths = |entry: &str| drift(&format!("paths: [{entry}]"));
    let of = |entry: &str, expected: &'static str| (paths(entry), expected);
    let cases = [
        of("{ path: /system, policy: observe }", ""),
        of("{ path: /system }", "fabric.yaml:43:18 key-missing"),
        of("{ policy: observe }", "fabric.yaml:43:18 key-missing"),
        of("{ path: system, policy: observe }", "fabric.yaml:43:26 value-path"),
        of("{ path: /system, policy: fix }", "fabric.yaml:43:43 value-choice"),
        of("{ path: /system, policy: alert, role: leaf }", "fabric.yaml:43:50 key-unknown"),
        of("{ path: /system, policy: alert, roles: [laef] }", "fabric.yaml:43:58 drift-unknown-role"),
        of("{ path: /system, policy: alert, devices: [laef1] }", "fabric.yaml:43:60 drift-unknown-device"),
        of("/system", "fabric.yaml:43:18 value-type"),
        (drift("default: alert, corrections-per-hour: 0"), "fabric.yaml:43:48 value-range"),
        (
            "devices/leaf1.yaml += drift: { default: correct }".to_owned(),
            "devices/leaf1.yaml:11:8 value-type",
        ),
        ("devices/leaf1.yaml += drift: never".to_owned(), "devices/leaf1.yaml:11:8 value-choice"),
    ];
    for (edit, expected) in &cases {
        table(&[(edit, &[edit], expected)]);
    }
}

#[test]
fn the_word_of_former_versions_is_read() {
    for (word, expected) in
        [("observe", DriftPolicy::Observe), ("alert", DriftPolicy::Alert), ("correct", DriftPolicy::Correct)]
    {
        let mut repo = Repo::example();
        repo.edit("fabric.yaml", "default: alert", &format!("default: {word}"));
        repo.append("devices/leaf1.yaml", &format!("drift: {word}\n"));
        let fabric = repo.fabric();
        assert_eq!(fabric.design.drift.default, expected, "{word}");
        let own = fabric.devices["leaf1"].drift.as_ref().map(|own| own.value);
        assert_eq!(own, Some(expected), "{word}");
    }
}
