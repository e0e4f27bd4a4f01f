//! Any stream of events: what it makes the watcher look at is enough, and nothing panics.
//!
//! A device goes from tree to tree and tells of it in any of the ways that devices have. What the
//! narrow looks leave on record must be what a look at the whole finds. No socket, no clock.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::filter::{Filter, Hint};
use super::super::judge::judge;
use super::super::reported::Reported;
use super::super::salts::Salts;
use super::super::suspects::Suspects;
use super::super::{Found, Holding, Looked, Settings};
use super::*;
use crate::gnmi::Event;
use crate::plan::Rules;
use crate::rollout::Reading;
use crate::yang::json::{no_secrets, write_below};
use crate::yang::testing::{sample, tree, trees};
use crate::yang::{Elem, Leaf, Tree};

const BGP: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp";

/// More leaves than the trees of the sample have: defaults, a strict list, values without order.
static MORE: LazyLock<Vec<(String, &'static str)>> = LazyLock::new(|| {
    let bgp = |text: &str| format!("{BGP}/{text}");
    vec![
        ("/interfaces/interface[name=e1]/config/loopback-mode".to_owned(), "NONE"),
        ("/interfaces/interface[name=e1]/config/loopback-mode".to_owned(), "FACILITY"),
        ("/interfaces/interface[name=e1]/config/enabled".to_owned(), "true"),
        ("/interfaces/interface[name=e1]/config/mtu".to_owned(), "9000"),
        ("/odds/signed".to_owned(), "1"),
        ("/odds/signed".to_owned(), "2"),
        ("/odds/many".to_owned(), "1 20"),
        ("/odds/ordered".to_owned(), "a b c"),
        (bgp("neighbors/neighbor[neighbor-address=10.0.0.1]/config/peer-group"), "A"),
        (bgp("neighbors/neighbor[neighbor-address=10.0.0.1]/config/neighbor-address"), "10.0.0.1"),
        (bgp("neighbors/neighbor[neighbor-address=10.6.6.6]/config/peer-group"), "A"),
        (bgp("neighbors/neighbor[neighbor-address=10.6.6.6]/config/neighbor-address"), "10.6.6.6"),
        (bgp("global/config/as"), "65000"),
    ]
});

fn any_tree() -> impl Strategy<Value = Tree> {
    let more = prop::sample::subsequence(&**MORE, 0..=MORE.len());
    (trees(), more).prop_map(|(mut tree, more)| {
        let more: Vec<(&str, &str)> = more.iter().map(|(path, text)| (&**path, *text)).collect();
        tree.extend(super::testing::tree(sample(), &more));
        tree
    })
}

/// How a device tells of a change.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a way of its own, and any may go with any")]
struct Manner {
    /// What is new, with the container that it is in.
    wraps: bool,
    /// What is gone, as the highest branch of which nothing is left.
    branches: bool,
    /// Names of modules before each step.
    prefixed: bool,
    /// Updates before deletes, as messages may overtake each other.
    updates_first: bool,
    /// All of the state once more behind each change.
    replays: bool,
    /// Defaults are not told.
    omits: bool,
}

fn manners() -> impl Strategy<Value = Manner> {
    let flag = any::<bool>;
    (flag(), flag(), flag(), flag(), flag(), flag()).prop_map(
        |(wraps, branches, prefixed, updates_first, replays, omits)| Manner {
            wraps,
            branches,
            prefixed,
            updates_first,
            replays,
            omits,
        },
    )
}

impl Manner {
    /// What of a tree the device shows.
    fn shown(self, tree: &Tree) -> Tree {
        let is_default = |leaf: &Leaf| self.omits && crate::plan::is_default(sample(), leaf);
        tree.iter()
            .filter(|(_, leaf)| !is_default(leaf))
            .map(|(path, leaf)| (path.clone(), leaf.clone()))
            .collect()
    }

    fn events(self, before: &Tree, after: &Tree) -> Vec<Event> {
        let gone = before.iter().filter(|(path, _)| after.get(path).is_none());
        let mut deletes: Vec<Event> = gone.map(|(path, _)| Event::Delete(self.gone(path, after))).collect();
        let is_new = |path: &Path, leaf: &Leaf| before.get(path).is_none_or(|was| was.value != leaf.value);
        let mut updates: Vec<Event> = Vec::new();
        for (path, leaf) in after.iter() {
            if self.replays || is_new(path, leaf) {
                let above = path.parent().filter(|above| self.wraps && !above.is_root());
                let at = above.unwrap_or_else(|| path.clone());
                let Some(written) = write_below(sample(), after, &at, &no_secrets) else { continue };
                updates.push(Event::Update(self.spelled(&at), written.json));
            }
        }
        if self.updates_first {
            updates.append(&mut deletes);
            return updates;
        }
        deletes.append(&mut updates);
        deletes
    }

    /// The path of a delete.
    fn gone(self, path: &Path, after: &Tree) -> Path {
        let steps = path.elems().len();
        let highest = (1..steps).find(|steps| self.branches && !after.contains_below(&path.prefix(*steps)));
        self.spelled(&path.prefix(highest.unwrap_or(steps)))
    }

    fn spelled(self, path: &Path) -> Path {
        if !self.prefixed {
            return path.clone();
        }
        let (mut at, mut spelled) = (Path::root(), Path::root());
        for elem in path.elems() {
            at.push(elem.clone());
            let node = sample().node(sample().find(&at).unwrap());
            let name = elem.name().rsplit(':').next().unwrap_or_default();
            let name = format!("{}:{name}", sample().module(node.module).name);
            let keys = elem.keys().iter().map(|(key, value)| (key.to_string(), value.to_string()));
            spelled.push(Elem::entry(name, keys));
        }
        spelled
    }
}

fn held_against(tree: Tree, bootstrap: Tree) -> Holding {
    Holding::new(
        sample(),
        Arc::new(tree),
        BTreeMap::new(),
        Arc::new(bootstrap),
        Protected::new("Management0", "default", "172.16.0.25/24".parse().unwrap()),
        FingerprintKey::new(&[1; 32]),
    )
}

/// A watcher without its wire.
struct Paper {
    holding: Holding,
    reported: Reported,
    rows: BTreeMap<Path, Found>,
    settings: Settings,
}

impl Paper {
    /// Hears the events, and looks where they say at a device that holds this.
    fn burst(&mut self, events: &[Event], device: &Tree) {
        let now = Instant::now();
        let salts = Salts::default();
        let mut suspects = Suspects::default();
        {
            let filter = Filter {
                schema: sample(),
                profile: profile(),
                holding: &self.holding,
                reported: &self.reported,
                salts: &salts,
            };
            let mut tell = |path: &Path, hint: Hint| {
                suspects.hear(path, hint, &self.settings, now);
            };
            for event in events {
                match event {
                    Event::Update(path, value) => filter.update(path, value, &mut tell),
                    Event::Delete(path) => filter.delete(path, &mut tell),
                    Event::Synced | Event::Committed { .. } => {}
                }
            }
        }
        let rules = Rules::of(profile(), &self.holding.protected);
        if let Some(burst) = suspects.take(sample(), &rules, &self.settings) {
            let found = self.found(&burst.looked, device);
            self.reported.update(&burst.looked, &found);
            self.rows.retain(|path, _| !burst.looked.covers(path));
            self.rows.extend(found.into_iter().map(|found| (found.path.clone(), found)));
        }
    }

    fn found(&self, looked: &Looked, device: &Tree) -> Vec<Found> {
        let reading = Reading { tree: device.clone(), ..Reading::default() };
        judge(sample(), profile(), &self.holding, looked, &reading)
    }
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
    ];
    let names = prop_oneof![
        "[a-z@:]{0,6}".boxed(),
        prop::sample::select(vec!["config", "mtu", "neighbor", "name", "openconfig-interfaces:config"])
            .prop_map(str::to_owned)
            .boxed(),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let object = prop::collection::btree_map(names.clone(), inner.clone(), 0..4)
            .prop_map(|members| Json::Object(members.into_iter().collect()));
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Json::from), object]
    })
}

/// Paths of the sample, cut anywhere, and steps that no schema has.
fn any_path() -> impl Strategy<Value = Path> {
    let known: Vec<String> = MORE.iter().map(|(path, _)| path.clone()).collect();
    let strange = prop_oneof![Just("*".to_owned()), Just("...".to_owned()), ".{0,6}".boxed()];
    let keys = prop::collection::btree_map("[a-z:*]{0,4}", ".{0,4}", 0..2);
    let steps = prop::collection::vec((strange, keys), 0..3);
    (prop::sample::select(known), 0..9_usize, steps).prop_map(|(known, cut, steps)| {
        let mut path = path(&known).prefix(cut);
        for (name, keys) in steps {
            path.push(Elem::entry(name, keys));
        }
        path
    })
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any_path(), json()).prop_map(|(path, value)| Event::Update(path, value)),
        any_path().prop_map(Event::Delete),
    ]
}

proptest! {
    #[test]
    fn narrow_looks_leave_on_record_what_a_look_at_the_whole_finds(
        recorded in any_tree(),
        steps in prop::collection::vec(prop::collection::vec(any_tree(), 1..3), 1..3),
        manner in manners(),
        places in 0..4_usize,
    ) {
        let bootstrap = tree(sample(), &[("/odds/signed", "1")]);
        let ours = recorded.iter().filter(|(path, _)| bootstrap.get(path).is_none());
        let ours: Tree = ours.map(|(path, leaf)| (path.clone(), leaf.clone())).collect();
        let mut device = ours.clone();
        device.extend(bootstrap.clone());
        let mut device = manner.shown(&device);
        let mut paper = Paper {
            holding: held_against(ours, bootstrap),
            reported: Reported::default(),
            rows: BTreeMap::new(),
            // few places at once, so that some looks are at the whole
            settings: Settings { suspects: [64, 64, 64, 2][places], ..Settings::default() },
        };
        for burst in steps {
            let mut events = Vec::new();
            for next in burst {
                let next = manner.shown(&next);
                events.extend(manner.events(&device, &next));
                device = next;
            }
            paper.burst(&events, &device);
            let whole = paper.found(&Looked::All, &device);
            prop_assert_eq!(paper.rows.values().cloned().collect::<Vec<_>>(), whole, "{:?}", events);
        }
    }

    #[test]
    fn no_event_makes_the_filter_panic_or_a_drift_where_there_is_none(
        recorded in any_tree(),
        events in prop::collection::vec(any_event(), 0..12),
    ) {
        let mut paper = Paper {
            holding: held_against(recorded.clone(), Tree::new()),
            reported: Reported::default(),
            rows: BTreeMap::new(),
            settings: Settings::default(),
        };
        paper.burst(&events, &recorded);
        let strict = paper.found(&Looked::All, &recorded);
        prop_assert!(strict.is_empty(), "{:?}", strict);
        prop_assert!(paper.rows.is_empty(), "{:?}", paper.rows);
    }
}

#[test]
fn an_event_that_says_nothing_of_ours_is_not_looked_at() {
    let paper = held_against(tree(sample(), &[("/odds/signed", "1")]), Tree::new());
    assert!(paper.bootstrap.is_empty());
    let mut paper =
        Paper { holding: paper, reported: Reported::default(), rows: BTreeMap::new(), settings: settings() };
    let empty = Tree::new();
    paper.burst(&[Event::Update(path("/odds/bits"), json!("read"))], &empty);
    assert!(paper.rows.is_empty(), "nobody looked: {:?}", paper.rows);
    paper.burst(&[Event::Update(path("/odds/signed"), json!(2))], &empty);
    assert_eq!(paper.rows.len(), 1, "it was looked at, and is gone");
}
