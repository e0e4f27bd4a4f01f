//! The house: imports run one way, generated messages stay at the wire, files stay small.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The stages in reading order: each may import those before it.
const STAGES: [&str; 10] =
    ["git", "intent", "yang", "platform", "compile", "plan", "review", "gnmi", "record", "rollout"];
/// What every module may import.
const SHARED: [&str; 6] = ["names", "diagnostic", "nearest", "phrase", "secret", "stop"];
/// The edges: they import stages and shared modules, never each other.
const EDGES: [&str; 6] = ["alerts", "drift", "forge", "netbox", "simulator", "web"];
/// They join everything; `agent`, `accept` and `export` do not see each other, nor `cli`.
const JOINERS: [&str; 4] = ["agent", "accept", "export", "cli"];
/// Stages that are pure: no tokio, no files, no clock, no environment.
const PURE: [&str; 6] = ["intent", "yang", "platform", "compile", "plan", "review"];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Files that only tests use: `tests.rs` and what a `#[cfg(test)]` stands above.
fn is_for_tests(file: &Path) -> bool {
    let stem = file.file_stem().unwrap().to_string_lossy();
    if stem == "tests" || file.components().any(|part| part.as_os_str() == "tests") {
        return true;
    }
    let folder = file.parent().unwrap();
    let parent = if stem == "mod" { folder.parent().unwrap().join("mod.rs") } else { folder.join("mod.rs") };
    let name = if stem == "mod" { folder.file_name().unwrap().to_string_lossy() } else { stem };
    let above = fs::read_to_string(parent).unwrap_or_default();
    let declared = [format!("mod {name};"), format!("pub(crate) mod {name};")];
    let mut lines = above.lines().zip(above.lines().skip(1));
    lines.any(|(attribute, line)| attribute == "#[cfg(test)]" && declared.iter().any(|text| text == line))
}

/// Every source file as (path below `src`, top module, text without its tests).
fn sources() -> Vec<(String, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    files
        .into_iter()
        .map(|file| {
            let name = file.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
            let top = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap().to_owned();
            let code = if is_for_tests(&file) { String::new() } else { code };
            (name, top, code)
        })
        .collect()
}

/// The top modules that a text names after `crate::`, also inside `use crate::{…}`.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in code.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if rest.starts_with('{') {
                let list = rest.trim_start_matches('{').split('}').next().unwrap_or_default();
                found.extend(
                    list.split(',').map(|part| part.trim().split("::").next().unwrap_or_default().to_owned()),
                );
            } else {
                found.push(name);
            }
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

fn may_import(from: &str, to: &str) -> bool {
    if from == to || SHARED.contains(&to) {
        return true;
    }
    let stage = |name: &str| STAGES.iter().position(|stage| *stage == name);
    match (from, stage(from), stage(to)) {
        ("lib" | "main" | "cli", _, _) => true,
        ("agent", _, _) => !["cli", "export", "accept"].contains(&to),
        ("export", _, _) => !["cli", "agent", "accept"].contains(&to),
        ("accept", _, _) => !["cli", "agent", "export"].contains(&to),
        (_, Some(from), Some(to)) => to < from,
        (from, None, Some(_)) => EDGES.contains(&from),
        _ => false,
    }
}

#[test]
fn imports_run_one_way() {
    let mut wrong = Vec::new();
    for (file, top, code) in sources() {
        for to in imports(&code) {
            if !may_import(&top, &to) {
                wrong.push(format!("{file} imports {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_has_its_place_in_the_house() {
    for (file, top, _) in sources() {
        let known = ["lib", "main"].contains(&&*top)
            || [&STAGES[..], &SHARED, &EDGES, &JOINERS].iter().any(|names| names.contains(&&*top));
        assert!(known, "{file} has no place");
    }
}

#[test]
fn pure_stages_touch_neither_files_nor_clock_nor_network() {
    const IMPURE: [&str; 8] = [
        "tokio",
        "std::fs",
        "std::env",
        "std::process",
        "std::net::Tcp",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
    ];
    let mut wrong = Vec::new();
    for (file, top, code) in sources().into_iter().filter(|(_, top, _)| PURE.contains(&&**top)) {
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for impure in IMPURE.iter().filter(|impure| line.contains(**impure)) {
                wrong.push(format!("{file} ({top}) uses {impure}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn generated_messages_are_seen_by_gnmi_and_simulator_alone() {
    for (file, top, code) in sources() {
        if !["gnmi", "simulator"].contains(&&*top) {
            assert!(!code.contains("gnmi::proto"), "{file} sees generated messages");
        }
    }
}

#[test]
fn every_file_says_what_lives_in_it_and_none_is_too_long() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut lengths = BTreeMap::new();
    for (file, _, _) in sources() {
        let text = fs::read_to_string(src.join(&file)).unwrap();
        assert!(text.starts_with("//! "), "{file} does not say what lives in it");
        let lines = text.lines().count();
        if lines > 600 {
            lengths.insert(file, lines);
        }
    }
    assert!(lengths.is_empty(), "over 600 lines: {lengths:#?}");
}

/// The tests that a table of ARCHITECTURE.md names are there: a promise without one is a wish.
#[test]
fn each_hazard_has_the_tests_that_are_said_to_keep_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let hazards = page.split("\n## ").find(|section| section.starts_with("Hazards\n")).unwrap();
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        rust_files(&root.join(folder), &mut files);
    }
    let sources: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let rows: Vec<&str> = hazards.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 15, "{} hazards", rows.len());
    for row in rows {
        let tests = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            let written = format!("fn {name}(");
            assert!(sources.iter().any(|source| source.contains(&written)), "there is no test {name}");
        }
    }
}
