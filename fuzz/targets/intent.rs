//! Any bytes as a file of each kind of the intent, beside the other files of the example.
#![no_main]

use gitfabric::intent::Cache;
use gitfabric::names::RepoPath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let design = include_bytes!("../../example-repo/fabric.yaml");
    let leaf = include_bytes!("../../example-repo/devices/leaf1.yaml");
    for fuzzed in [
        "fabric.yaml",
        "devices/leaf1.yaml",
        "pairs/leaf1-2.yaml",
        "vlans/40.yaml",
        "vrfs/gold.yaml",
        "raw/x.json",
    ] {
        let mut files = vec![("fabric.yaml", &design[..]), ("devices/leaf1.yaml", &leaf[..])];
        files.retain(|(path, _)| *path != fuzzed);
        files.push((fuzzed, bytes));
        let files: Vec<(RepoPath, u8, &[u8])> =
            files.into_iter().map(|(path, bytes)| (path.parse().unwrap(), 0, bytes)).collect();
        let _ = Cache::default().load_files(files.iter().map(|(path, blob, bytes)| (path, *blob, *bytes)));
    }
});
