//! The record as a whole: what was written is what is read, also after a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::diagnostic::Place;
use crate::names::{CommitId, DeviceName, FabricName, PassNumber};
use crate::plan::{DevicePlan, FingerprintKey, Recorded, SecretMark};
use crate::yang::testing::{sample, tree, trees};
use crate::yang::{Leaf, Path, Tree, Value};

struct Fixture {
    folder: tempfile::TempDir,
    store: Store,
    fabric: FabricName,
    device: DeviceName,
    commit: CommitId,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("record.sqlite")).unwrap();
        let commit = "a".repeat(40).parse().unwrap();
        Self { folder, store, fabric: "dc1".parse().unwrap(), device: "leaf1".parse().unwrap(), commit }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("record.sqlite")
    }

    fn event(&self, pass: u64) -> DeviceEvent {
        DeviceEvent {
            pass: PassNumber::try_from(pass).unwrap(),
            device: self.device.clone(),
            commit: self.commit.clone(),
            kind: EventKind::Applied,
            changes: 3,
            detail: None,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn hold(&mut self, pass: u64, recorded: &Recorded) {
        let (commit, event) = (self.commit.clone(), self.event(pass));
        let held = Held { commit: &commit, tree_hash: "hash", recorded, schema: sample(), by_set: true };
        self.store.hold(&self.fabric, &held, &event).unwrap();
    }

    fn flight(&self, pass: u64, writes: Tree) -> InFlight {
        let created = BTreeSet::from(["/interfaces/interface[name=e1]".parse().unwrap()]);
        InFlight {
            pass: PassNumber::try_from(pass).unwrap(),
            commit: self.commit.clone(),
            tree_hash: "next".to_owned(),
            set: crate::plan::InFlight {
                set: "set".to_owned(),
                writes,
                created,
                deletes: ["/odds/signed".parse().unwrap()].into(),
            },
        }
    }

    fn entry(&self) -> DeviceEntry {
        self.store.device(&self.fabric, &self.device).unwrap().unwrap()
    }

    fn recorded(&self) -> Recorded {
        self.store.recorded(&self.fabric, &self.device, sample()).unwrap()
    }
}

/// A tree with origins, and with one leaf turned into a secret.
fn recorded_of(mut tree: Tree, line: u32) -> Recorded {
    let origin = Place { file: "vlans/40.yaml".parse().unwrap(), line, column: 2, length: 3 };
    let mut secrets = BTreeMap::new();
    let paths: Vec<Path> = tree.iter().map(|(path, _)| path.clone()).collect();
    for (index, path) in paths.iter().enumerate() {
        let mut leaf = tree.remove(path).unwrap();
        leaf.origin = (index % 2 == 0).then(|| origin.clone());
        if path.last().is_some_and(|elem| elem.name() == "description") {
            leaf.value = Value::Secret("bgp/fw".parse().unwrap());
            let sent = FingerprintKey::new(&[7; 32]).fingerprint("hunter2");
            secrets.insert(path.clone(), SecretMark { sent, read_back: None });
        }
        tree.insert(path.clone(), leaf);
    }
    Recorded { tree, created: BTreeSet::from(["/a/b[k=1]".parse().unwrap()]), secrets }
}

fn origins(tree: &Tree) -> Vec<Option<Place>> {
    tree.iter().map(|(_, leaf): (&Path, &Leaf)| leaf.origin.clone()).collect()
}

#[test]
fn what_a_set_overwrote_is_told_as_over_if_it_was_told_and_what_is_not_ours_stays() {
    let mut fixture = Fixture::new();
    fixture.store.keep_receivers(&["noc"]).unwrap();
    let path = |name: &str| format!("/interfaces/interface[name=e1]/config/{name}");
    let drifted = |name: &str, kind| DriftedLeaf {
        path: path(name),
        kind,
        recorded: Some("1500".to_owned()),
        live: Some("9000".to_owned()),
    };
    let found = [
        drifted("description", DriftKind::Owned),
        drifted("mtu", DriftKind::Owned),
        drifted("name", DriftKind::Strict),
    ];
    let (fabric, device, now) = (fixture.fabric.clone(), fixture.device.clone(), Timestamp::UNIX_EPOCH);
    fixture.store.set_drift(&fabric, &device, None, &found, now, |_| Vec::new()).unwrap();
    let leaf = |row: &DriftedLeaf| NewsLeaf {
        path: row.path.clone(),
        kind: "owned".to_owned(),
        recorded: row.recorded.clone(),
        live: row.live.clone(),
        origin: None,
    };
    let told = News {
        kind: NewsKind::DriftFound,
        device: Some(device.clone()),
        commit: None,
        at: now,
        summary: "leaf1 was changed behind our back".to_owned(),
        detail: None,
        leaves: found[1..].iter().map(leaf).collect(),
        unlisted: 0,
    };
    fixture.store.tell(&fabric, &told).unwrap();
    let origin = Place { file: "vlans/40.yaml".parse().unwrap(), line: 7, column: 2, length: 3 };
    let mut asked = tree(sample(), &[(&path("mtu"), "1500")]);
    let mut mtu = asked.remove(&path("mtu").parse().unwrap()).unwrap();
    mtu.origin = Some(origin);
    asked.insert(path("mtu").parse().unwrap(), mtu);
    for _ in 0..2 {
        fixture.hold(2, &Recorded { tree: asked.clone(), ..Recorded::default() });
    }
    fixture.store.queue_news("noc", &|_| true).unwrap();
    let news: Vec<News> = fixture.store.queued("noc").unwrap().into_iter().map(|it| it.news).collect();
    let [_, over] = &news[..] else { panic!("{news:?}") };
    let mtu = NewsLeaf { origin: Some("vlans/40.yaml:7".to_owned()), ..leaf(&found[1]) };
    assert_eq!((over.kind, &over.leaves), (NewsKind::DriftCorrected, &vec![mtu]));
    assert_eq!(
        over.summary,
        format!("leaf1: commit aaaaaaa overwrote what was changed by hand: {}", path("mtu"))
    );
    let left: Vec<String> =
        fixture.store.drift_of(&fabric, &device).unwrap().into_iter().map(|(leaf, _)| leaf.path).collect();
    assert_eq!(left, [path("name")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_held_is_read_back_with_origins_secrets_and_entries(tree in trees(), line in 1..900_u32) {
        let mut fixture = Fixture::new();
        let recorded = recorded_of(tree, line);
        fixture.hold(1, &recorded);
        let read = fixture.recorded();
        prop_assert_eq!(origins(&read.tree), origins(&recorded.tree));
        prop_assert_eq!(read, recorded);
    }

    #[test]
    fn a_set_in_flight_is_read_back_as_it_was_written(tree in trees()) {
        let mut fixture = Fixture::new();
        let mut flight = fixture.flight(4, recorded_of(tree, 1).tree);
        for (path, leaf) in std::mem::take(&mut flight.set.writes) {
            flight.set.writes.insert(path, Leaf { origin: None, ..leaf });
        }
        fixture.store.begin_set(&fixture.fabric, &fixture.device, (&flight, &DevicePlan::default()), sample(), Timestamp::UNIX_EPOCH).unwrap();
        let read = fixture.store.in_flight(&fixture.fabric, &fixture.device, sample()).unwrap();
        prop_assert_eq!(read, Some(flight));
    }
}

#[test]
fn the_text_of_the_owned_tree_holds_no_secret() {
    let mut fixture = Fixture::new();
    let leaves = [("/interfaces/interface[name=e1]/config/description", "x")];
    fixture.hold(1, &recorded_of(tree(sample(), &leaves), 1));
    let bytes = std::fs::read(fixture.file()).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
    let text = fixture.store.owned_tree(&fixture.fabric, &fixture.device).unwrap().unwrap();
    assert!(!text.contains("description"), "{text}");
}

#[test]
fn a_reader_beside_the_writer_sees_a_set_begin_and_end() {
    let mut fixture = Fixture::new();
    let reader = Store::open_to_read(&fixture.file()).unwrap();
    let in_flight =
        || reader.device(&"dc1".parse().unwrap(), &"leaf1".parse().unwrap()).unwrap().map(|it| it.in_flight);
    assert_eq!(in_flight(), None);
    let flight = fixture.flight(1, Tree::new());
    let now = Timestamp::UNIX_EPOCH;
    fixture
        .store
        .begin_set(&fixture.fabric, &fixture.device, (&flight, &DevicePlan::default()), sample(), now)
        .unwrap();
    assert_eq!(in_flight(), Some(true));
    fixture.hold(1, &Recorded::default());
    assert_eq!(in_flight(), Some(false));
}

#[test]
fn all_rows_are_what_each_is_and_are_read_without_trees() {
    let mut fixture = Fixture::new();
    fixture.hold(1, &recorded_of(tree(sample(), &[("/odds/decimal", "-0.5")]), 3));
    let hash = fixture.entry().tree_hash.unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let same = |fixture: &Fixture, case: &str| {
        let all = fixture.store.devices(&fixture.fabric).unwrap();
        assert_eq!(all, [fixture.entry()], "{case}");
        (all[0].in_flight, all[0].puts_back)
    };
    assert_eq!(same(&fixture, "nothing in flight"), (false, false));
    for (case, tree_hash, puts_back) in [("a commit", "another", false), ("a correction", &*hash, true)] {
        let flight = InFlight { tree_hash: tree_hash.to_owned(), ..fixture.flight(2, Tree::new()) };
        let sent = (&flight, &DevicePlan::default());
        fixture.store.begin_set(&fixture.fabric, &fixture.device, sent, sample(), now).unwrap();
        assert_eq!(same(&fixture, case), (true, puts_back), "{case}");
    }
    let query = format!("EXPLAIN QUERY PLAN {}", devices::devices_query());
    let plan: String = fixture.store.connection.query_row(&query, ["dc1"], |row| row.get("detail")).unwrap();
    assert!(plan.contains("COVERING INDEX device_rows"), "{plan}");
}

#[test]
fn an_unequal_read_back_keeps_what_is_ours_and_takes_the_hash_away() {
    let mut fixture = Fixture::new();
    fixture.hold(1, &Recorded::default());
    let ours = recorded_of(tree(sample(), &[("/odds/decimal", "-0.5")]), 3);
    fixture.store.own(&fixture.fabric, &fixture.device, &ours, sample()).unwrap();
    assert_eq!(fixture.recorded(), ours);
    let entry = fixture.entry();
    assert_eq!((entry.tree_hash, entry.commit), (None, Some(fixture.commit.clone())));
}

#[test]
fn since_moves_only_when_the_standing_does() {
    let mut fixture = Fixture::new();
    let at = |second| Timestamp::from_second(second).unwrap();
    let target = fixture.commit.clone();
    for (standing, second, since) in [
        (Standing::Unreachable, 10, 10),
        (Standing::Unreachable, 20, 10),
        (Standing::Waiting, 30, 30),
        (Standing::Unreachable, 40, 40),
    ] {
        let pass = PassNumber::try_from(1).unwrap();
        let stance = Stance { standing, reason: Some("why"), target: &target, pass, now: at(second) };
        let settled = Settled { device: fixture.device.clone(), stance, event: None };
        fixture.store.settle(&fixture.fabric, &[settled]).unwrap();
        let entry = fixture.entry();
        assert_eq!((entry.standing, entry.since), (standing, at(since)));
    }
}

#[test]
fn what_differs_on_a_device_ends_when_it_is_taken_out_of_service() {
    let mut fixture = Fixture::new();
    fixture.store.keep_receivers(&["noc"]).unwrap();
    fixture.hold(1, &Recorded::default());
    let (fabric, device, now) = (fixture.fabric.clone(), fixture.device.clone(), Timestamp::UNIX_EPOCH);
    let row = |path: &str, kind| DriftedLeaf { path: path.to_owned(), kind, recorded: None, live: None };
    let rows = [row("/odds/decimal", DriftKind::Owned), row("/odds/signed", DriftKind::Strict)];
    fixture.store.set_drift(&fabric, &device, None, &rows, now, |_| Vec::new()).unwrap();
    let news = |kind, leaves: &[DriftedLeaf]| News {
        kind,
        device: Some(device.clone()),
        commit: Some(fixture.commit.clone()),
        at: now,
        summary: String::new(),
        detail: None,
        leaves: leaves
            .iter()
            .map(|row| NewsLeaf {
                path: row.path.clone(),
                kind: row.kind.as_str().to_owned(),
                recorded: None,
                live: None,
                origin: None,
            })
            .collect(),
        unlisted: 0,
    };
    let (found, gone) = (news(NewsKind::DriftFound, &rows[1..]), news(NewsKind::DriftGone, &rows[1..]));
    let given_up = news(NewsKind::CorrectionGivenUp, &[]);
    let target = fixture.commit.clone();
    let up = GivenUp { commit: target.clone(), reason: "again and again".to_owned(), at: now };
    fixture.store.keep_receivers(&["noc"]).unwrap();
    fixture.store.tell(&fabric, &found).unwrap();
    fixture.store.give_up(&fabric, &device, &up, &given_up).unwrap();
    fixture.store.queue_news("noc", &|_| true).unwrap();
    for _ in 0..2 {
        let (standing, pass) = (Standing::Paused, PassNumber::try_from(2).unwrap());
        let stance = Stance { standing, reason: Some("its state is paused"), target: &target, pass, now };
        let settled = Settled { device: device.clone(), stance, event: None };
        fixture.store.settle(&fabric, &[settled]).unwrap();
    }
    assert!(fixture.store.drift_of(&fabric, &device).unwrap().is_empty());
    assert!(fixture.store.given_up(&fabric).unwrap().is_empty());
    fixture.store.queue_news("noc", &|_| true).unwrap();
    let told: Vec<News> = fixture.store.queued("noc").unwrap().into_iter().map(|it| it.news).collect();
    let told: Vec<_> = told.iter().skip(2).map(|news| (news.kind, &news.leaves)).collect();
    assert_eq!(told, [(gone.kind, &gone.leaves)], "what nobody was told of is no news, nor is it twice");
}

#[test]
fn a_commit_that_does_not_concern_a_device_is_recorded_without_touching_its_tree() {
    let mut fixture = Fixture::new();
    let recorded = recorded_of(tree(sample(), &[("/odds/decimal", "-0.5")]), 3);
    fixture.hold(1, &recorded);
    let next: CommitId = "b".repeat(40).parse().unwrap();
    let devices = [fixture.device.clone()];
    let pass = PassNumber::try_from(2).unwrap();
    fixture.store.advance(&fixture.fabric, &devices, &next, pass, Timestamp::UNIX_EPOCH).unwrap();
    let entry = fixture.entry();
    assert_eq!(entry.commit, Some(next));
    assert_eq!(entry.applied_by, Some(PassNumber::try_from(1).unwrap()));
    assert_eq!(fixture.recorded(), recorded);
}

/// A watcher may have seen it after the pass had read how the device stands.
#[test]
fn a_commit_that_does_not_concern_a_device_does_not_hide_that_it_drifted() {
    for (standing, reason, expected, stays) in [
        (Standing::Drifted, Some("by hand"), (Standing::Drifted, Some("by hand")), true),
        (Standing::Current, None, (Standing::Current, None), true),
        (Standing::Waiting, Some("its partner"), (Standing::Current, None), false),
    ] {
        let mut fixture = Fixture::new();
        fixture.hold(1, &Recorded::default());
        let at = |second| Timestamp::from_second(second).unwrap();
        let (target, next) = (fixture.commit.clone(), "b".repeat(40).parse::<CommitId>().unwrap());
        let pass = |number: u64| PassNumber::try_from(number).unwrap();
        for now in [at(10), at(11)] {
            let stance = Stance { standing, reason, target: &target, pass: pass(1), now };
            let settled = Settled { device: fixture.device.clone(), stance, event: None };
            fixture.store.settle(&fixture.fabric, &[settled]).unwrap();
        }
        let since = fixture.entry().since;
        let devices = [fixture.device.clone()];
        fixture.store.advance(&fixture.fabric, &devices, &next, pass(2), at(20)).unwrap();
        let entry = fixture.entry();
        assert_eq!((entry.standing, entry.reason.as_deref()), expected, "{standing:?}");
        assert_eq!((entry.commit.as_ref(), entry.target.as_ref()), (Some(&next), Some(&next)));
        assert_eq!((entry.pass, entry.since), (pass(2), if stays { since } else { at(20) }), "{standing:?}");
    }
}

#[test]
fn the_key_of_fingerprints_stays_the_same_and_a_reader_may_use_it() {
    let mut fixture = Fixture::new();
    let print = fixture.store.fingerprint_key().unwrap().fingerprint("x");
    let mut reader = Store::open_to_read(&fixture.file()).unwrap();
    assert_eq!(reader.fingerprint_key().unwrap().fingerprint("x"), print);
}
