//! The manifest's form, and intents that fit it or do not.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::intent::Cache;

fn blob(text: &str) -> BlobId {
    BlobId::of(text.as_bytes()).unwrap()
}

fn manifest(files: &[(&str, &str)]) -> Manifest {
    Manifest {
        source: Source {
            netbox: "https://netbox.example".to_owned(),
            plugins: [("netbox_bgp".to_owned(), "0.19.0".to_owned())].into(),
            version: "4.6.8".to_owned(),
        },
        changelog: Some(797),
        objects: [("dcim/devices".to_owned(), 14), ("ipam/vlans".to_owned(), 10)].into(),
        files: files.iter().map(|(path, text)| (path.parse().unwrap(), blob(text))).collect(),
    }
}

const FILES: [(&str, &str); 3] = [
    ("devices/leaf1.yaml", "role: leaf\n"),
    ("devices/leaf2.yaml", "role: leaf # two\n"),
    ("fabric.yaml", "version: 1\n"),
];

#[test]
fn it_is_written_with_sorted_keys_and_one_file_a_line() {
    insta::assert_snapshot!(manifest(&FILES).to_json());
}

#[test]
fn what_was_written_is_read_back() {
    for (case, manifest) in [
        ("files", manifest(&FILES)),
        ("no files", manifest(&[])),
        ("no change log", Manifest { changelog: None, ..manifest(&FILES) }),
    ] {
        let (read, findings) = parse(&FILE.parse().unwrap(), manifest.to_json().as_bytes());
        assert!(findings.is_empty(), "{case}: {findings:?}");
        assert_eq!(read.unwrap().manifest, manifest, "{case}");
    }
}

/// `file:line code (severity)` of what the manifest finds in a folder with these files.
fn found(json: &str, files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(FILE, json);
    for (path, text) in files {
        write(path, text);
    }
    let snapshot = Snapshot::of_folder(folder.path()).unwrap();
    let (mut cache, mut seen) = (Cache::default(), Vec::new());
    // the second time from what is remembered
    for _ in 0..2 {
        let findings = cache.load(&snapshot).findings;
        let of_manifest = findings.iter().filter(|finding| finding.code.starts_with("export-"));
        let line = |finding: &Finding| {
            let place = finding.place.as_ref().unwrap();
            format!("{}:{} {}: {}", place.file, place.line, finding.code, finding.message)
        };
        seen.push(of_manifest.map(line).collect::<Vec<_>>().join("; "));
    }
    assert_eq!(seen[0], seen[1]);
    seen.remove(0)
}

#[test]
fn an_intent_fits_its_manifest_or_is_refused() {
    let json = manifest(&FILES).to_json();
    let [one, two, design] = FILES;
    for (case, json, files, expected) in [
        ("as it was written", json.clone(), &[one, two, design][..], ""),
        ("with a person's own file", json.clone(), &[one, two, design, ("vlans/40.yaml", "x: y")], ""),
        ("with a mapping", json.clone(), &[one, two, design, (MAPPING_FILE, "x: y")], ""),
        (
            "a file is gone",
            json.clone(),
            &[one, design],
            "netbox-export.json:8 export-file-missing: devices/leaf2.yaml is missing: the last export wrote it",
        ),
        (
            "a file was edited",
            json.clone(),
            &[one, ("devices/leaf2.yaml", "role: spine\n"), design],
            "devices/leaf2.yaml:1 export-file-edited: devices/leaf2.yaml was edited by a person after the export wrote it",
        ),
        (
            "a line was taken out of the manifest",
            json.lines().filter(|line| !line.contains("leaf2")).collect::<Vec<_>>().join("\n"),
            &[one, design],
            "netbox-export.json:4 export-counts: netbox-export.json counts 2 files in devices/ and lists 1",
        ),
        (
            "a folder that is not counted",
            json.replace("\"devices\": 2", ""),
            &[one, two, design],
            "netbox-export.json:1 export-counts: netbox-export.json counts 0 files in devices/ and lists 2",
        ),
        (
            "of a later version",
            json.replace("\"version\": 1\n", "\"version\": 2\n"),
            &[one, two, design],
            "netbox-export.json:22 export-version: netbox-export.json is of version 2, and this gitfabric (0.1.0) reads version 1",
        ),
        (
            "an id that is none",
            json.replace(&blob(two.1).to_string(), "HEAD"),
            &[one, two, design],
            "netbox-export.json:8 export-blob: netbox-export.json: `HEAD` is not the id of a file's bytes",
        ),
        (
            "a path that climbs",
            json.replace("devices/leaf2.yaml", "../leaf2.yaml"),
            &[one, two, design],
            "netbox-export.json:8 export-path: netbox-export.json: `../leaf2.yaml` is not a path of the intent",
        ),
        (
            "with a key of later times",
            json.replace("\"version\": 1\n", "\"version\": 1, \"x\": {}\n"),
            &[one, two, design],
            "",
        ),
    ] {
        assert_eq!(found(&json, files), expected, "{case}");
    }
}

#[test]
fn whatever_is_wrong_with_it_refuses_the_intent() {
    for (case, json) in [
        ("nothing", ""),
        ("half of it", "{ \"version\": 1, \"files\": {"),
        ("a list", "[]"),
        ("no version", "{ \"files\": {} }"),
        ("no files", "{ \"version\": 1, \"source\": { \"netbox\": \"x\", \"version\": \"4.6.8\" } }"),
        ("no source", "{ \"version\": 1, \"files\": {} }"),
        ("a count that is none", "{ \"version\": 1, \"counts\": { \"devices\": -1 }, \"files\": {} }"),
        ("a file twice", "{ \"version\": 1, \"files\": { \"a\": \"x\", \"a\": \"x\" } }"),
    ] {
        let (placed, findings) = parse(&FILE.parse().unwrap(), json.as_bytes());
        assert!(placed.is_none() && findings.has_errors(), "{case}: {findings:?}");
    }
}

#[test]
fn of_many_missing_files_some_are_named() {
    let names: Vec<String> = (0..100).map(|number| format!("devices/leaf{number:03}.yaml")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let found = found(&manifest(&files).to_json(), &[]);
    assert_eq!(found.split("; ").count(), 21);
    assert!(found.ends_with("80 more files of the last export are missing"), "{found}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..900, with in "[-a0:{}\\[\\],\"\n é]") {
        let path = FILE.parse().unwrap();
        let _ = parse(&path, &bytes);
        let json = manifest(&FILES).to_json();
        let slipped: String = json.char_indices().map(|(index, c)| if index == at { with.clone() } else { c.to_string() }).collect();
        let (placed, findings) = parse(&path, slipped.as_bytes());
        prop_assert!(placed.is_some() != findings.has_errors());
    }
}
