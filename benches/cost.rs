//! What things cost, side by side in one run: `cargo bench`.
//!
//! The pairs to compare: a commit that changes one VLAN against a full build, at 10, 100
//! and 200 leafs (promise 12: the first must not grow with the fabric's size as the second
//! does), a review of a change of every device, and loading the schema pack.

use std::path::Path;

use divan::Bencher;
use gitfabric::compile::Engine;
use gitfabric::git::{Allowances, Snapshot};
use gitfabric::review::{Budget, Merged, Side, Subject, review};

const LEAFS: [usize; 3] = [10, 100, 200];

fn main() {
    divan::main();
}

/// An intent with two spines, this many leafs in pairs, and a VLAN for each pair.
fn intent(folder: &Path, leafs: usize) {
    let write = |path: String, text: String| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(path, text).expect("a file is written");
    };
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo/fabric.yaml");
    write("fabric.yaml".into(), std::fs::read_to_string(example).expect("the example is there"));
    for spine in 1..=2 {
        write(
            format!("devices/spine{spine}.yaml"),
            format!("role: spine\nmanagement: 172.16.0.{spine}/16\nloopback: 10.255.0.{spine}\n"),
        );
    }
    for leaf in 0..leafs {
        let (pair, member) = (leaf / 2, leaf % 2);
        let (low, high) = (leaf % 120, leaf / 120);
        let uplink = |spine: usize| format!("10.{}.{high}.{}/31", spine, 2 * low + 1);
        write(
            format!("devices/leaf{}.yaml", leaf + 1),
            format!(
                "role: leaf\npair: pair{pair}\nmanagement: 172.16.1{high}.{}/16\nloopback: 10.254.{high}.{low}\n\
                 mlag: {{ peer: 10.10.{high}.{}/31, ibgp: 10.11.{high}.{}/31 }}\nuplinks:\n\
                 \x20 Ethernet11: {{ to: spine1 Ethernet{n}, address: {} }}\n\
                 \x20 Ethernet12: {{ to: spine2 Ethernet{n}, address: {} }}\n",
                low + 1,
                2 * (low / 2) + member,
                2 * (low / 2) + member,
                uplink(1),
                uplink(2),
                n = leaf + 1,
            ),
        );
        if member == 0 {
            write(
                format!("pairs/pair{pair}.yaml"),
                format!(
                    "asn: {}\nvtep: 10.253.0.{pair}\npeer-link: Ethernet10\nports:\n\
                     \x20 Ethernet1: {{ to: host{pair}, profile: server, lag: 1, vlans: [{}] }}\n",
                    65_100 + pair,
                    pair + 2
                ),
            );
            let vlan = pair + 2;
            write(
                format!("vlans/{vlan}.yaml"),
                format!("name: tenant-{vlan}\nvni: {}\nat: [pair{pair}]\n", 110_000 + vlan),
            );
        }
    }
}

fn snapshots(leafs: usize) -> (Snapshot, Snapshot) {
    let folder = tempfile::tempdir().expect("a folder");
    intent(folder.path(), leafs);
    let before = Snapshot::of_folder(folder.path()).expect("the intent is read");
    std::fs::write(folder.path().join("vlans/2.yaml"), "name: renamed\nvni: 110002\nat: [pair0]\n")
        .expect("a file is written");
    let after = Snapshot::of_folder(folder.path()).expect("the intent is read");
    let build = Engine::new().build(&after);
    assert!(!build.findings.has_errors(), "{:#?}", build.findings.iter().next());
    assert_eq!(build.devices.len(), leafs + 2);
    (before, after)
}

#[divan::bench(args = LEAFS, sample_count = 10)]
fn full_build(bencher: Bencher<'_, '_>, leafs: usize) {
    let (_, after) = snapshots(leafs);
    bencher.bench(|| Engine::new().build(&after));
}

#[divan::bench(args = LEAFS, sample_count = 10)]
fn one_vlan_renamed(bencher: Bencher<'_, '_>, leafs: usize) {
    let (before, after) = snapshots(leafs);
    let mut engine = Engine::new();
    engine.build(&before);
    let mut turn = false;
    bencher.bench_local(|| {
        turn = !turn;
        engine.build(if turn { &after } else { &before })
    });
}

/// A review of a change that touches every device, the revert proof included.
#[divan::bench(args = [100, 1000], sample_count = 5)]
fn review_of_every_device(bencher: Bencher<'_, '_>, leafs: usize) {
    let (before, _) = snapshots(leafs);
    let folder = tempfile::tempdir().expect("a folder");
    intent(folder.path(), leafs);
    let design = folder.path().join("fabric.yaml");
    let text = std::fs::read_to_string(&design).expect("the design is read");
    std::fs::write(&design, text.replace("multihop: 3", "multihop: 4")).expect("the design is written");
    let after = Snapshot::of_folder(folder.path()).expect("the intent is read");
    let mut engine = Engine::new();
    let (old, new) = (engine.build(&before), engine.build(&after));
    let commit = |digit: &str| digit.repeat(40).parse().expect("a commit");
    let subject = Subject {
        fabric: "evpn-lab".parse().expect("a name"),
        base: Side { commit: commit("a"), build: &old, snapshot: &before },
        good: None,
        head: commit("b"),
        allowances: Allowances::default(),
        merged: Merged::Clean { build: &new, snapshot: &after },
        stands: None,
        questions: &[],
        now: jiff::Timestamp::UNIX_EPOCH,
        moved: None,
        link: None,
    };
    bencher.bench_local(|| {
        let review = review(&subject);
        assert_eq!(review.summary.changed, leafs + 2);
        review.comment(&Budget { limit: 65_536, measure: str::len })
    });
}

#[divan::bench(sample_count = 20)]
fn load_the_pack() -> usize {
    let pack = include_str!("../src/platform/arista_eos/eos-4.35.0F.pack");
    gitfabric::yang::schema::pack::read(pack).expect("the pack is read").nodes.len()
}
