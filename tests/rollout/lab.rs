//! The example repository on ten simulated devices: from nothing, a change, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;
use std::sync::Arc;

use gitfabric::compile::{Compiled, Slice, bootstrap, compile};
use gitfabric::git::Snapshot;
use gitfabric::intent::{Cache, Topology};
use gitfabric::names::{DeviceName, RepoPath};
use gitfabric::plan::waves;
use gitfabric::rollout::Outcome;
use gitfabric::simulator::DeviceConfig;
use gitfabric::yang::Tree;

use crate::world::{Want, World, schema};

/// Files of the intent, by path.
type Files = BTreeMap<RepoPath, Vec<u8>>;

fn example() -> Files {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
    let snapshot = Snapshot::of_folder(&folder).unwrap();
    snapshot.iter().map(|(path, file)| (path.clone(), file.bytes.to_vec())).collect()
}

/// What each device should hold, and the waves of a commit that changes all of them.
fn wants(files: &Files) -> (Vec<Vec<DeviceName>>, BTreeMap<DeviceName, Want>) {
    let mut cache = Cache::<Vec<u8>>::default();
    let loaded = cache.load_files(files.iter().map(|(path, bytes)| (path, bytes.clone(), &**bytes)));
    assert!(!loaded.findings.has_errors(), "{:?}", loaded.findings);
    let fabric = loaded.fabric.unwrap();
    let topology = Topology::new(&fabric);
    let want = |name: &DeviceName| {
        let slice = Slice::of(&fabric, &topology, name).unwrap();
        let Compiled { tree, findings, protected } = compile(&slice, &schema());
        assert!(!findings.has_errors(), "{findings:?}");
        let (bootstrap, _) = bootstrap::tree(&slice, &schema());
        (name.clone(), Want { tree: Arc::unwrap_or_clone(tree), protected, bootstrap })
    };
    let all: BTreeSet<DeviceName> = fabric.devices.keys().cloned().collect();
    (waves(&all, &topology, &fabric.design.limits), all.iter().map(want).collect())
}

/// The fabric's devices as bootstrap left them.
fn bootstrapped(wants: &BTreeMap<DeviceName, Want>) -> World {
    let device = |(name, want): (&DeviceName, &Want)| {
        DeviceConfig::new(name.clone(), schema(), want.bootstrap.clone())
    };
    World::with(wants.iter().map(device))
}

fn configs(world: &World) -> BTreeMap<String, Tree> {
    world.fabric.devices().map(|device| (device.name().to_string(), device.config())).collect()
}

fn assert_all_applied(outcomes: &BTreeMap<String, Outcome>) {
    for (name, outcome) in outcomes {
        assert_eq!(*outcome, Outcome::Applied, "{name}");
    }
}

#[tokio::test]
async fn the_lab_comes_up_from_nothing_changes_and_goes_back() {
    let files = example();
    let (waves, before) = wants(&files);
    let mut world = bootstrapped(&before);
    let outcomes = world.pass_to(&waves, &before).await;
    assert_eq!(outcomes.len(), 10);
    assert_all_applied(&outcomes);
    assert!(world.pass_to(&waves, &before).await.is_empty(), "a second pass finds nothing to do");

    let held = configs(&world);
    // another name, another VLAN, and a VLAN gone with the port that carries it
    let mut changed = files.clone();
    edit(&mut changed, "vlans/40.yaml", |text| text.replacen("name: ", "name: new-", 1));
    let added = "name: added\nvni: 110055\nat: [leaf1-2]\n";
    changed.insert("vlans/55.yaml".parse().unwrap(), added.as_bytes().to_vec());
    changed.remove("vlans/78.yaml").unwrap();
    edit(&mut changed, "pairs/leaf7-8.yaml", |text| match text.split_once("ports:") {
        Some((above, _)) => format!("{above}ports: {{}}\n"),
        None => String::new(),
    });
    let (_, after) = wants(&changed);
    let outcomes = world.pass_to(&waves, &after).await;
    assert!(!outcomes.is_empty());
    assert_all_applied(&outcomes);
    assert_ne!(configs(&world), held);

    assert_all_applied(&world.pass_to(&waves, &before).await);
    for (name, config) in configs(&world) {
        let differences: Vec<_> = gitfabric::yang::diff::diff(&held[&name], &config)
            .iter()
            .map(|difference| difference.path().to_string())
            .collect();
        assert!(differences.is_empty(), "{name} after the revert: {differences:?}");
    }
    for (name, want) in &before {
        assert_eq!(world.recorded(name.as_str()).tree.digest(), want.tree.digest(), "{name}");
    }
}

#[tokio::test]
async fn policies_and_servers_come_change_and_go() {
    let mut files = example();
    edit(&mut files, "fabric.yaml", |text| text.replacen("  vrf: default", "  vrf: MGMT", 1));
    let (waves, before) = wants(&files);
    let mut world = bootstrapped(&before);
    assert_all_applied(&world.pass_to(&waves, &before).await);
    let held = configs(&world);

    edit(&mut files, "fabric.yaml", |text| {
        let text = text.replacen("  mtu: 9214", "  bfd: true\n  out: PL\n  mtu: 9214", 1);
        let text = text.replacen("  multihop: 3", "  out: RM-EVPN\n  maximum-routes: 0\n  multihop: 3", 1);
        text + "services:\n  ntp: { vrf: MGMT, servers: [10.0.0.123] }\n  dns: { domain: fabric.example, servers: [10.0.0.53], vrf: MGMT }\n  syslog: { level: notice, servers: [{ address: 10.0.0.51, port: 1514 }] }\n"
    });
    edit(&mut files, "vrfs/gold.yaml", |text| {
        let text = text.replacen("[connected]", "[{ connected: RM }]", 1);
        text.replacen("asn: 64999", "asn: 64999, in: RM, out: MIXED", 1)
    });
    for (path, text) in [
        ("prefix-lists/PL.yaml", "rules: { 10: { action: permit, prefix: 10.0.0.0/16, le: 32 } }"),
        (
            "prefix-lists/MIXED.yaml",
            "rules:\n  10: { action: deny, prefix: 10.0.0.0/8, le: 32 }\n  20: { action: permit, prefix: 0.0.0.0/0 }\n",
        ),
        ("community-lists/CL.yaml", "rules: [{ community: \"65000:100\" }, { community: no-export }]"),
        (
            "policies/RM-EVPN.yaml",
            "rules:\n  10: { action: permit, match: { community-list: CL }, set: { next-hop: unchanged }, continue: 20 }\n  20: { action: permit, match: { family: evpn } }\n",
        ),
        (
            "policies/RM.yaml",
            "rules:\n  10: { action: permit, match: { prefix-list: PL }, set: { community: [\"65000:100\"], med: 5 } }\n  20: { action: deny }\n",
        ),
    ] {
        files.insert(path.parse().unwrap(), text.as_bytes().to_vec());
    }
    let (_, with) = wants(&files);
    let outcomes = world.pass_to(&waves, &with).await;
    assert_eq!(outcomes.len(), 10);
    assert_all_applied(&outcomes);
    assert!(world.pass_to(&waves, &with).await.is_empty(), "a second pass finds nothing to do");

    // a rule between two others: the order is the user's
    edit(&mut files, "policies/RM.yaml", |text| {
        text.replacen("  20:", "  9: { action: deny, match: { community-list: CL } }\n  15: { action: permit, set: { as-path-prepend: 65007 } }\n  20:", 1)
    });
    let (_, between) = wants(&files);
    let outcomes = world.pass_to(&waves, &between).await;
    assert_eq!(outcomes.keys().map(String::as_str).collect::<Vec<_>>(), ["leaf3", "leaf4", "leaf7", "leaf8"]);
    assert_all_applied(&outcomes);

    assert_all_applied(&world.pass_to(&waves, &before).await);
    assert!(configs(&world) == held, "a revert leaves nothing behind");
}

fn edit(files: &mut Files, path: &str, change: impl FnOnce(&str) -> String) {
    let bytes = files.get_mut(path).unwrap();
    let before = String::from_utf8(bytes.clone()).unwrap();
    let after = change(&before);
    assert_ne!(after, before, "{path}");
    *bytes = after.into_bytes();
}
