//! What a review costs, in one run: `cargo bench --bench review`.
//!
//! From two commits to what is told: a pull request of one VLAN on the example, and one that
//! renames a VLAN of every one of 1,000 devices. The first review of a desk builds the branch;
//! later ones find it built. The forge's own time is not in it: `tests/reviews` has whole looks.

use std::path::Path;

use divan::Bencher;
use gitfabric::agent::reviews::desk::{Case, Desk, budget};
use gitfabric::forge::Kind;
use gitfabric::git::write::{Author, Edits, commit_files, init_with};
use gitfabric::git::{Repository, Snapshot};
use gitfabric::names::CommitId;
use jiff::Timestamp;

fn main() {
    divan::main();
}

/// A repository with a branch and a pull request.
struct World {
    _folder: tempfile::TempDir,
    repository: Repository,
    base: CommitId,
    head: CommitId,
}

impl World {
    fn new(before: &Edits, edit: &Edits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("intent.git");
        let when = Timestamp::UNIX_EPOCH;
        let author = Author { name: "Lab".to_owned(), email: "lab@example.net".to_owned(), when };
        let base = init_with(&path, "main", before, "Base", &author).expect("a repository");
        let head = commit_files(&path, "main", edit, "Head", &author, None);
        let head = head.expect("a commit").expect("a change");
        let repository = Repository::open(&path).expect("it is there");
        Self { _folder: folder, repository, base, head }
    }

    fn review(&self, desk: &mut Desk) -> usize {
        let case = Case {
            repository: &self.repository,
            base: &self.base,
            good: None,
            head: &self.head,
            stands: None,
            questions: &[],
            replies: &[],
            too_large: None,
            last: None,
            now: Timestamp::UNIX_EPOCH,
        };
        let review = desk.review(&case).expect("it is reviewed").review;
        let comment = review.comment(&budget(Kind::GitHub));
        assert!(comment.contains("revert") || comment.contains("Revert"), "{comment}");
        comment.len() + review.page().len()
    }
}

fn file(path: &str, text: &str) -> (gitfabric::names::RepoPath, Option<Vec<u8>>) {
    (path.parse().expect("a path"), Some(text.as_bytes().to_vec()))
}

fn example() -> World {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
    let snapshot = Snapshot::of_folder(&folder).expect("the example");
    let text = |path| snapshot.text(path).expect("a file").to_string();
    let files = snapshot.iter().map(|(path, _)| file(path.as_str(), &text(path))).collect();
    let vlan = file("vlans/41.yaml", "name: ventas\nvni: 10041\nat: [leaf1-2]\n");
    World::new(&files, &Edits::from([vlan]))
}

/// Pairs of leafs, all of which carry VLAN 40.
fn large(leafs: usize) -> World {
    let spine = |n: usize| {
        let path = format!("devices/spine{n}.yaml");
        file(&path, &format!("role: spine\nmanagement: 172.16.0.{n}/16\nloopback: 10.255.0.{n}\n"))
    };
    let fabric = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo/fabric.yaml");
    let fabric = std::fs::read_to_string(fabric).expect("the example");
    let mut files: Edits = [file("fabric.yaml", &fabric), spine(1), spine(2)].into();
    let mut pairs = Vec::new();
    for leaf in 0..leafs {
        let (pair, member) = (leaf / 2, leaf % 2);
        let (low, high) = (leaf % 120, leaf / 120);
        let uplink = |spine: usize| format!("10.{}.{high}.{}/31", spine, 2 * low + 1);
        let text = format!(
            "role: leaf\npair: pair{pair}\nmanagement: 172.16.{}.{}/16\nloopback: 10.254.{high}.{low}\n\
             mlag: {{ peer: 10.10.{high}.{}/31, ibgp: 10.11.{high}.{}/31 }}\nuplinks:\n\
             \x20 Ethernet1001: {{ to: spine1 Ethernet{n}, address: {} }}\n\
             \x20 Ethernet1002: {{ to: spine2 Ethernet{n}, address: {} }}\n",
            100 + high,
            low + 1,
            2 * (low / 2) + member,
            2 * (low / 2) + member,
            uplink(1),
            uplink(2),
            n = leaf + 1,
        );
        files.extend([file(&format!("devices/leaf{}.yaml", leaf + 1), &text)]);
        if member == 0 {
            let text = format!(
                "asn: {}\nvtep: 10.253.{}.{}\npeer-link: Ethernet10\n",
                4_200_000_000_u64 + pair as u64,
                pair / 250,
                pair % 250
            );
            files.extend([file(&format!("pairs/pair{pair}.yaml"), &text)]);
            pairs.push(format!("pair{pair}"));
        }
    }
    let vlan = |name: &str| format!("name: {name}\nvni: 10040\nat: [{}]\n", pairs.join(", "));
    files.extend([file("vlans/40.yaml", &vlan("before"))]);
    World::new(&files, &Edits::from([file("vlans/40.yaml", &vlan("after"))]))
}

/// One VLAN on the example, by a desk that has the branch built: bar 2 s with the forge.
#[divan::bench]
fn one_vlan(bencher: Bencher) {
    let world = example();
    let mut desk = Desk::new(None);
    world.review(&mut desk);
    bencher.bench_local(|| world.review(&mut desk));
}

/// The same by a desk that has seen nothing, as in a CI job.
#[divan::bench(sample_count = 10)]
fn one_vlan_in_ci(bencher: Bencher) {
    let world = example();
    bencher.bench_local(|| world.review(&mut Desk::new(None)));
}

/// A thousand devices, each changed, by a desk that has seen nothing: bar 10 s.
#[divan::bench(sample_count = 1)]
fn a_thousand_devices(bencher: Bencher) {
    let world = large(1_000);
    bencher.bench_local(|| world.review(&mut Desk::new(None)));
}
