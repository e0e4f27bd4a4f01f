//! Corrections as tables: three trees and a word for some paths, what goes and what is left;
//! and what holds for all trees.

use proptest::prelude::*;

use super::*;
use crate::plan::fixture::{plan, plan_with, recorded, schema, text, tree};
use crate::plan::operations_of;
use crate::plan::recorded::{Recorded, SecretMark};
use crate::plan::secret::FingerprintKey;
use crate::plan::{Inputs, Prints, device_plan};
use crate::platform::quirks::Quirks;
use crate::yang::{Tree, json};

const QUIRKS: Quirks = Quirks {
    carried: &[("/interfaces/interface", &["config/type"])],
    together: &[(
        "/interfaces",
        &["/interfaces/interface/aggregation", "/interfaces/interface/ethernet/config/aggregate-id"],
    )],
    order: &["/vlans", "/interfaces", "/bgp"],
};
const RULES: Rules<'static> = Rules { quirks: &QUIRKS, strict: &[], protected: None };

/// `observe` and `hold` name paths; all else is corrected.
fn word(observe: &[&str], hold: &[&str]) -> impl Fn(&Path) -> Word {
    let paths = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Path>>();
    let (observe, hold) = (paths(observe), paths(hold));
    move |path: &Path| {
        let below = |places: &[Path]| places.iter().any(|place| path.starts_with(place));
        if below(&hold) {
            Word::Hold
        } else if below(&observe) {
            Word::Leave
        } else {
            Word::Correct
        }
    }
}

const E1: &str = "/interfaces/interface[name=e1]/config";
const E2: &str = "/interfaces/interface[name=e2]/config";
const V4: &str = "/vlans/vlan[vlan-id=4]/config";

fn shown(correction: &Correction) -> (Vec<String>, Vec<String>) {
    let sent = correction.plan.changes.iter().map(|change| change.path.to_string()).collect();
    let left = correction.left.iter().map(|(path, why)| match why {
        Left::With(culprit) => format!("{path} with {culprit}"),
        why => format!("{path} {why:?}").to_lowercase(),
    });
    (sent, left.collect())
}

#[test]
fn what_policy_says_goes_and_nothing_that_belongs_to_what_stays() {
    let both = format!("{E1}/mtu 9000\n{E2}/mtu 9000");
    let other = format!("{E1}/mtu 1500\n{E2}/mtu 1500");
    let vlan = format!("{V4}/vlan-id 4\n{V4}/name a");
    let policy =
        |name: &str, result: &str| format!("/bgp/policies/policy[name={name}]/config/result {result}\n");
    let ordered = policy("9", "accept") + &policy("10", "reject");
    let turned = policy("9", "reject") + &policy("10", "accept");
    let lag = format!(
        "/interfaces/interface[name=po1]/aggregation/config/lag-type LACP\n{E1}/type eth\n/interfaces/interface[name=e1]/ethernet/config/aggregate-id po1"
    );
    let no_lag = format!("/interfaces/interface[name=po1]/aggregation/config/lag-type STATIC\n{E1}/type eth");
    let typed = format!("{E1}/type eth\n{E1}/mtu 9000");
    for (case, ours, actual, observe, hold, sent, left) in [
        ("all of it", &both, &other, vec![], vec![], vec![format!("{E1}/mtu"), format!("{E2}/mtu")], vec![]),
        (
            "one leaf is observed",
            &both,
            &other,
            vec![E1],
            vec![],
            vec![format!("{E2}/mtu")],
            vec![format!("{E1}/mtu policy")],
        ),
        (
            "one leaf is held",
            &both,
            &other,
            vec![],
            vec!["/interfaces/interface[name=e2]"],
            vec![format!("{E1}/mtu")],
            vec![format!("{E2}/mtu held")],
        ),
        (
            "an entry that is gone comes back whole",
            &vlan,
            &String::new(),
            vec!["/vlans/vlan[vlan-id=4]/config/name"],
            vec![],
            vec![format!("{V4}/name"), format!("{V4}/vlan-id")],
            vec![],
        ),
        (
            "or not at all",
            &vlan,
            &String::new(),
            vec!["/vlans/vlan[vlan-id=4]"],
            vec![],
            vec![],
            vec![format!("{V4}/name policy"), format!("{V4}/vlan-id policy")],
        ),
        (
            "nor if a part of it is held",
            &vlan,
            &String::new(),
            vec![],
            vec!["/vlans/vlan[vlan-id=4]/config/name"],
            vec![],
            vec![format!("{V4}/name held"), format!("{V4}/vlan-id with {V4}/name")],
        ),
        (
            "a list ordered by the user is one thing",
            &ordered,
            &turned,
            vec!["/bgp/policies/policy[name=9]"],
            vec![],
            vec![],
            vec![
                "/bgp/policies/policy[name=10]/config/result with /bgp/policies/policy[name=9]/config/result".to_owned(),
                "/bgp/policies/policy[name=9]/config/result policy".to_owned(),
            ],
        ),
        (
            "a LAG and its members are one thing",
            &lag,
            &no_lag,
            vec!["/interfaces/interface[name=po1]"],
            vec![],
            vec![],
            vec![
                "/interfaces/interface[name=e1]/ethernet/config/aggregate-id with /interfaces/interface[name=po1]/aggregation/config/lag-type".to_owned(),
                "/interfaces/interface[name=po1]/aggregation/config/lag-type policy".to_owned(),
            ],
        ),
        (
            "nothing goes without what it has to carry",
            &typed,
            &format!("{E1}/mtu 1500"),
            vec!["/interfaces/interface[name=e1]/config/type"],
            vec![],
            vec![],
            vec![format!("{E1}/mtu with {E1}/type"), format!("{E1}/type policy")],
        ),
    ] {
        let schema = schema();
        let desired = tree(&schema, ours);
        let (plan, _) = plan_with(&RULES, &schema, &desired, &tree(&schema, actual), &recorded(desired.clone()));
        let correction = correction(&plan, &schema, &RULES, &word(&observe, &hold));
        assert_eq!(shown(&correction), (sent, left), "{case}");
    }
}

#[test]
fn a_secret_that_shows_another_text_is_never_sent_and_comes_back_with_its_entry() {
    let schema = schema();
    let key = FingerprintKey::new(b"key");
    let neighbor = "/bgp/neighbors/neighbor[neighbor-address=::1]/config";
    let ours = tree(&schema, &format!("{neighbor}/peer-as 1\n{neighbor}/auth-password secret:fw"));
    let path: Path = format!("{neighbor}/auth-password").parse().unwrap();
    let mark = SecretMark { sent: key.fingerprint("hunter2"), read_back: Some(key.fingerprint("$1$ab")) };
    let recorded = Recorded { secrets: [(path, mark)].into(), ..recorded(ours.clone()) };
    for (case, value, actual, sent) in [
        ("salted anew", "hunter2", format!("{neighbor}/peer-as 1\n{neighbor}/auth-password $1$cd"), vec![]),
        ("taken away", "hunter2", format!("{neighbor}/peer-as 1"), vec![]),
        (
            "the neighbour taken away",
            "hunter2",
            String::new(),
            vec![format!("{neighbor}/auth-password"), format!("{neighbor}/peer-as")],
        ),
        (
            "another value on our side",
            "hunter3",
            format!("{neighbor}/peer-as 1\n{neighbor}/auth-password $1$ab"),
            vec![format!("{neighbor}/auth-password")],
        ),
    ] {
        let actual = tree(&schema, &actual);
        let (secret, shows) =
            (|_: &_| Some(key.fingerprint(value)), |text: &str| Some(key.fingerprint(text)));
        let (plan, _) = device_plan(&Inputs {
            schema: &schema,
            rules: &RULES,
            desired: &ours,
            actual: &actual,
            unknown: &BTreeSet::new(),
            recorded: &recorded,
            bootstrap: &Tree::new(),
            prints: Prints { secret: &secret, shown: &shows },
        });
        let correction = correction(&plan, &schema, &RULES, &word(&[], &[]));
        assert_eq!(shown(&correction).0, sent, "{case}");
    }
}

#[test]
fn a_presence_container_that_is_gone_comes_back_with_what_is_in_it() {
    let schema = schema();
    let ours = tree(&schema, "/bgp/graceful-restart present\n/bgp/graceful-restart/timer 9");
    let plan = plan(&schema, &ours, &Tree::new(), &recorded(ours.clone()));
    for (observe, sent) in [("/bgp/graceful-restart/timer", 2), ("/bgp/graceful-restart", 0), ("/vlans", 2)] {
        let correction = correction(&plan, &schema, &RULES, &word(&[observe], &[]));
        assert_eq!(correction.plan.changes.len(), sent, "{observe}");
    }
}

#[test]
fn a_plan_touches_what_it_changes_and_what_goes_with_an_entry() {
    let schema = schema();
    let ours = tree(&schema, &format!("{V4}/vlan-id 4\n{V4}/name a\n{E1}/mtu 9000"));
    let desired = tree(&schema, &format!("{E1}/mtu 1500"));
    let plan = plan(&schema, &desired, &ours, &recorded(ours.clone()));
    for (place, expected) in [
        ("/", true),
        ("/vlans/vlan[vlan-id=4]", true),
        ("/vlans/vlan[vlan-id=4]/config/trunk-groups", true),
        ("/vlans/vlan[vlan-id=5]", false),
        ("/interfaces/interface[name=e1]", true),
        ("/interfaces/interface[name=e1]/config/description", false),
    ] {
        assert_eq!(plan.touches(&place.parse().unwrap()), expected, "{place}");
    }
}

/// What stands on a device and may be changed by hand, with values.
const LEAVES: [&str; 10] = [
    "/interfaces/interface[name=e1]/config/type",
    "/interfaces/interface[name=e1]/config/mtu",
    "/interfaces/interface[name=e1]/ethernet/config/aggregate-id",
    "/interfaces/interface[name=po1]/aggregation/config/lag-type",
    "/interfaces/interface[name=e1]/addresses/address[ip=::1]/config/prefix-length",
    "/vlans/vlan[vlan-id=4]/config/name",
    "/vlans/vlan[vlan-id=5]/config/name",
    "/bgp/policies/policy[name=9]/config/result",
    "/bgp/policies/policy[name=10]/config/result",
    "/bgp/graceful-restart/timer",
];

fn any_tree() -> impl Strategy<Value = String> {
    let leaves = prop::collection::btree_map(prop::sample::select(&LEAVES[..]), 0..2_u8, 0..=LEAVES.len());
    leaves.prop_map(|leaves| {
        let lines: Vec<_> = leaves.iter().map(|(path, pick)| format!("{path} v{pick}\n")).collect();
        lines.concat()
    })
}

fn any_places() -> impl Strategy<Value = Vec<&'static str>> {
    const PLACES: [&str; 6] = [
        "/interfaces/interface[name=e1]/config",
        "/interfaces/interface[name=po1]",
        "/vlans/vlan[vlan-id=4]",
        "/vlans",
        "/bgp/policies/policy[name=9]",
        "/bgp/graceful-restart",
    ];
    prop::collection::vec(prop::sample::select(&PLACES[..]), 0..3)
}

proptest! {
    #[test]
    fn a_correction_changes_its_leaves_alone_and_what_it_leaves_stays_to_be_found(
        ours in any_tree(), by_hand in any_tree(), observe in any_places(), hold in any_places(),
    ) {
        let schema = schema();
        let (desired, actual) = (tree(&schema, &ours), tree(&schema, &by_hand));
        let known = recorded(desired.clone());
        let whole = plan_with(&RULES, &schema, &desired, &actual, &known).0;
        let part = correction(&whole, &schema, &RULES, &word(&observe, &hold));
        let after = part.plan.applied(&actual);
        for (path, leaf) in actual.iter() {
            let corrected = part.plan.changes.iter().any(|change| change.path == *path);
            prop_assert!(corrected || after.get(path) == Some(leaf), "{} was changed", path);
        }
        for (path, leaf) in after.iter().filter(|(path, leaf)| actual.get(path) != Some(leaf)) {
            prop_assert_eq!(desired.get(path), Some(leaf), "{}", path);
        }
        // what was left out, and nothing else, is found again
        let again = plan_with(&RULES, &schema, &desired, &after, &known).0;
        let seen: Vec<&Path> = again.changes.iter().map(|change| &change.path).collect();
        let mut left: Vec<&Path> = part.left.keys().collect();
        left.sort_by(|a, b| crate::yang::natural::natural_path(a, b));
        prop_assert_eq!(seen, left);
        prop_assert_eq!(whole.changes.len(), part.plan.changes.len() + part.left.len());
        // and what goes over the wire writes no other leaf
        let operations = operations_of(&part.plan, &schema, &RULES, &|_| None).unwrap();
        for write in operations.replaces.iter().chain(&operations.updates) {
            for (path, leaf) in json::read(&schema, &write.path, write.value.shown()).tree.iter() {
                let is_key = path.last().is_some_and(|last| last.name() == "name" || last.name() == "vlan-id");
                let same = after.get(path).is_some_and(|found| found.value == leaf.value);
                prop_assert!(same || is_key, "{} is written; {}", path, text(&after));
            }
        }
    }
}
