//! Device plans as tables: three trees in, lines out; and what holds for all trees.

use proptest::prelude::*;

use super::*;
use crate::plan::fixture::{plan, plan_with, recorded, schema, text, tree};
use crate::plan::{FingerprintKey, SecretMark};
use crate::platform::arista_eos::protected::Protected;

/// A plan as lines: `+ path to`, `~ path from -> to`, `- path from`, `! drift`, `x entry`.
fn lines(plan: &DevicePlan) -> Vec<String> {
    let change = |change: &Change| {
        let drift = if change.drift { " !" } else { "" };
        match &change.action {
            Action::Add { to } => format!("+ {} {}{drift}", change.path, to.value),
            Action::Modify { from, to } => format!("~ {} {from} -> {}{drift}", change.path, to.value),
            Action::Delete { from } => format!("- {} {from}{drift}", change.path),
        }
    };
    let removed = plan.removed.iter().map(|entry| format!("x {entry}"));
    plan.changes.iter().map(change).chain(removed).collect()
}

const MTU: &str = "/interfaces/interface[name=e1]/config/mtu";
const ENABLED: &str = "/interfaces/interface[name=e1]/config/enabled";
const NAME: &str = "/interfaces/interface[name=e1]/config/name";

#[test]
fn each_leaf_is_compared_three_ways() {
    let mtu = |value: &str| format!("{MTU} {value}");
    let (high, low) = (mtu("9000"), mtu("1500"));
    let groups = |values: &str| format!("/vlans/vlan[vlan-id=4]/config/trunk-groups [{values}]");
    for (case, desired, actual, recorded_text, expected) in [
        ("equal trees need no change", &*high, &*high, &*high, vec![]),
        ("a leaf that is not there is added", &high, "", "", vec![format!("+ {MTU} 9000")]),
        ("a leaf that differs is modified", &high, &low, "", vec![format!("~ {MTU} 1500 -> 9000")]),
        ("a leaf that was ours goes", "", &high, &high, vec![format!("- {MTU} 9000")]),
        ("a leaf that was never ours stays", "", &high, "", vec![]),
        ("a leaf that is gone already needs nothing", "", "", &high, vec![]),
        ("a drifted leaf is set back", &high, &low, &high, vec![format!("~ {MTU} 1500 -> 9000 !")]),
        ("a leaf that somebody deleted comes back", &high, "", &high, vec![format!("+ {MTU} 9000 !")]),
        ("a drifted leaf that goes is drift", "", &low, &high, vec![format!("- {MTU} 1500 !")]),
        ("a foreign leaf that is asked for becomes ours", &high, &high, "", vec![]),
        ("sets are compared as sets", &groups("a, b"), &groups("a, b"), "", vec![]),
        (
            "a set that differs is set as a whole",
            &groups("a"),
            &groups("a, b"),
            "",
            vec!["~ /vlans/vlan[vlan-id=4]/config/trunk-groups [a, b] -> [a]".to_owned()],
        ),
    ] {
        let schema = schema();
        let mut recorded = recorded(tree(&schema, recorded_text));
        recorded.created.clear();
        let plan = plan(&schema, &tree(&schema, desired), &tree(&schema, actual), &recorded);
        assert_eq!(lines(&plan), expected, "{case}");
        assert_eq!(plan.is_empty(), expected.is_empty(), "{case}");
    }
}

#[test]
fn a_default_that_a_device_leaves_out_is_no_difference() {
    let enabled = format!("{NAME} e1\n{ENABLED} true");
    let name = format!("{NAME} e1");
    for (case, desired, actual, recorded_text, expected) in [
        ("a default left out is there", &enabled, &name, &enabled, vec![]),
        ("a default spelled out need not go", &name, &enabled, &enabled, vec![]),
        (
            "a default is written when the device holds another value",
            &enabled,
            &format!("{NAME} e1\n{ENABLED} false"),
            &name,
            vec![format!("~ {ENABLED} false -> true")],
        ),
        (
            "a new entry has its defaults in it",
            &enabled,
            &String::new(),
            &String::new(),
            vec![format!("+ {ENABLED} true"), format!("+ {NAME} e1")],
        ),
    ] {
        let schema = schema();
        let recorded = recorded(tree(&schema, recorded_text));
        let plan = plan(&schema, &tree(&schema, desired), &tree(&schema, actual), &recorded);
        assert_eq!(lines(&plan), expected, "{case}");
    }
}

#[test]
fn an_entry_goes_as_a_whole_only_if_it_is_ours_and_holds_nothing_foreign() {
    let owned = "/interfaces/interface[name=e1]/config/name e1
        /interfaces/interface[name=e1]/config/type eth
        /interfaces/interface[name=e1]/config/mtu 9000";
    let leaves = ["- /interfaces/interface[name=e1]/config/mtu 9000"];
    let all = [
        "- /interfaces/interface[name=e1]/config/mtu 9000",
        "- /interfaces/interface[name=e1]/config/name e1",
        "- /interfaces/interface[name=e1]/config/type eth",
    ];
    let entry: Path = "/interfaces/interface[name=e1]".parse().unwrap();
    let description: Path = format!("{entry}/config/description").parse().unwrap();
    for (case, more, ours, changes, removed, stays) in [
        ("ours and nothing else", "", true, &all[..], true, None),
        (
            "with a default spelled out",
            "\n/interfaces/interface[name=e1]/config/enabled true",
            true,
            &all,
            true,
            None,
        ),
        ("not made by us", "", false, &leaves, false, Some(Stays::NotMadeByUs)),
        (
            "with a foreign leaf inside",
            "\n/interfaces/interface[name=e1]/config/description keep",
            true,
            &leaves,
            false,
            Some(Stays::HoldsForeign { first: description, count: 1 }),
        ),
    ] {
        let schema = schema();
        let actual = tree(&schema, &format!("{owned}{more}"));
        let mut recorded = recorded(tree(&schema, owned));
        if !ours {
            recorded.created.clear();
        }
        let plan = plan(&schema, &Tree::new(), &actual, &recorded);
        let mut expected: Vec<String> = changes.iter().map(ToString::to_string).collect();
        expected.extend(removed.then(|| format!("x {entry}")));
        assert_eq!(lines(&plan), expected, "{case}");
        let noted: Vec<_> = plan.notes.into_iter().collect();
        let expected: Vec<_> =
            stays.map(|because| Note::Stays { entry: entry.clone(), because }).into_iter().collect();
        assert_eq!(noted, expected, "{case}");
    }
}

#[test]
fn a_node_that_the_schema_lacks_is_foreign_too() {
    let schema = &schema();
    let entry: Path = "/vlans/vlan[vlan-id=4]".parse().unwrap();
    let unknown = &BTreeSet::from([format!("{entry}/config/colour").parse().unwrap()]);
    let vlan = &tree(schema, &format!("{entry}/config/vlan-id 4\n{entry}/config/name a"));
    let (rules, bootstrap, prints) = (&Rules::default(), &Tree::new(), Prints::none());
    let (nothing, never) = (&Tree::new(), &Recorded::default());
    let (desired, actual, recorded) = (nothing, vlan, &recorded(vlan.clone()));
    let (plan, _) =
        device_plan(&Inputs { schema, rules, desired, actual, unknown, recorded, bootstrap, prints });
    assert_eq!(lines(&plan), [format!("- {entry}/config/name a")], "the entry stays for it");
    assert_eq!(plan.foreign, unknown.iter().cloned().collect::<Vec<_>>());
    let (desired, actual, recorded) = (vlan, nothing, never);
    let (plan, _) =
        device_plan(&Inputs { schema, rules, desired, actual, unknown, recorded, bootstrap, prints });
    assert!(plan.created.is_empty(), "an entry that holds it was not made by us");
}

#[test]
fn the_outermost_entry_that_is_ours_goes_for_those_inside_it() {
    let schema = schema();
    let all = tree(
        &schema,
        "/interfaces/interface[name=v4]/config/name v4
         /interfaces/interface[name=v4]/addresses/address[ip=::1]/config/ip ::1
         /interfaces/interface[name=v4]/addresses/address[ip=::2]/config/ip ::2",
    );
    let removed = |desired: &str| {
        let plan = plan(&schema, &tree(&schema, desired), &all, &recorded(all.clone()));
        plan.removed.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(removed(""), ["/interfaces/interface[name=v4]"]);
    assert_eq!(
        removed("/interfaces/interface[name=v4]/config/name v4"),
        [
            "/interfaces/interface[name=v4]/addresses/address[ip=::1]",
            "/interfaces/interface[name=v4]/addresses/address[ip=::2]"
        ]
    );
}

#[test]
fn a_presence_container_with_something_foreign_inside_stays() {
    let schema = schema();
    let present = tree(&schema, "/bgp/graceful-restart present");
    let inside = tree(&schema, "/bgp/graceful-restart present\n/bgp/graceful-restart/timer 5");
    let recorded = recorded(present.clone());
    assert_eq!(lines(&plan(&schema, &Tree::new(), &present, &recorded)), ["- /bgp/graceful-restart present"]);
    assert_eq!(lines(&plan(&schema, &Tree::new(), &inside, &recorded)), Vec::<String>::new());
}

#[test]
fn a_protected_leaf_is_an_error_and_never_a_change() {
    let protected = Protected::new("Management0", "default", "172.16.0.1/24".parse().unwrap());
    let rules = Rules { protected: Some(&protected), ..Rules::default() };
    let schema = schema();
    let ours = tree(&schema, "/interfaces/interface[name=Management0]/config/mtu 9000");
    let other = tree(&schema, "/interfaces/interface[name=Management0]/config/mtu 1500");
    let none = Recorded::default();
    let (plan, findings) = plan_with(&rules, &schema, &ours, &other, &none);
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["protected-path"]);
    assert!(plan.is_empty());
    let (plan, findings) = plan_with(&rules, &schema, &Tree::new(), &other, &recorded(ours));
    assert!(findings.is_empty() && plan.is_empty(), "a protected leaf is not deleted either");
}

#[test]
fn what_differs_from_bootstrap_is_a_note() {
    let schema = schema();
    let bootstrap = &tree(&schema, "/system/config/hostname leaf1\n/system/config/login-banner hello");
    let actual = &tree(&schema, "/system/config/hostname localhost");
    let (desired, recorded) = (&Tree::new(), &Recorded::default());
    let (rules, schema) = (&Rules::default(), &schema);
    let (unknown, prints) = (&BTreeSet::new(), Prints::none());
    let (plan, _) =
        device_plan(&Inputs { schema, rules, desired, actual, unknown, recorded, bootstrap, prints });
    assert!(plan.is_empty());
    let noted: Vec<_> = plan.notes.iter().map(|note| format!("{note:?}")).collect();
    assert!(noted[0].contains("hostname") && noted[0].contains("present: true"), "{noted:?}");
    assert!(noted[1].contains("login-banner") && noted[1].contains("present: false"), "{noted:?}");
}

#[test]
fn foreign_objects_in_strict_containers_are_noted() {
    let rules = Rules { strict: &["/bgp/neighbors/neighbor"], ..Rules::default() };
    let schema = schema();
    let ours = "/bgp/neighbors/neighbor[neighbor-address=::1]/config/peer-as 65001\n";
    let actual = "/bgp/neighbors/neighbor[neighbor-address=::1]/config/auth-password x
        /bgp/neighbors/neighbor[neighbor-address=::2]/config/peer-as 65002
        /bgp/neighbors/neighbor[neighbor-address=::2]/config/auth-password y
        /system/config/hostname leaf1";
    let desired = tree(&schema, ours);
    let (plan, _) = plan_with(
        &rules,
        &schema,
        &desired,
        &tree(&schema, &format!("{ours}{actual}")),
        &recorded(desired.clone()),
    );
    let noted: Vec<_> = plan
        .notes
        .iter()
        .map(|note| match note {
            Note::Strict { path } => path.to_string(),
            note => panic!("{note:?}"),
        })
        .collect();
    assert_eq!(
        noted,
        [
            "/bgp/neighbors/neighbor[neighbor-address=::1]/config/auth-password",
            "/bgp/neighbors/neighbor[neighbor-address=::2]"
        ]
    );
    assert_eq!(plan.foreign.len(), 4);
    assert!(plan.is_empty());
}

#[test]
fn secrets_are_compared_by_fingerprint() {
    const PASSWORD: &str = "/bgp/neighbors/neighbor[neighbor-address=::1]/config/auth-password";
    let key = FingerprintKey::new(&[7; 32]);
    let schema = schema();
    let desired = &tree(&schema, &format!("{PASSWORD} secret:fw"));
    let shown = |text: &str| tree(&schema, &format!("{PASSWORD} {text}"));
    let marked = |sent: &str, read_back: Option<&str>| {
        let read_back = read_back.map(|text| key.fingerprint(text));
        let mark = SecretMark { sent: key.fingerprint(sent), read_back };
        Recorded {
            tree: desired.clone(),
            secrets: [(PASSWORD.parse().unwrap(), mark)].into(),
            ..Recorded::default()
        }
    };
    let modified = || vec![format!("~ {PASSWORD} secret:fw -> secret:fw")];
    let drifted = || vec![format!("~ {PASSWORD} secret:fw -> secret:fw !")];
    for (case, actual, recorded, expected) in [
        ("never sent", Tree::new(), Recorded::default(), vec![format!("+ {PASSWORD} secret:fw")]),
        ("somebody else's is there", shown("$1$zz"), Recorded::default(), modified()),
        ("as sent", shown("$1$ab"), marked("hunter2", Some("$1$ab")), vec![]),
        ("another secret now", shown("$1$ab"), marked("hunter1", Some("$1$ab")), modified()),
        ("changed on the device", shown("$1$zz"), marked("hunter2", Some("$1$ab")), drifted()),
        ("hidden by the device", Tree::new(), marked("hunter2", None), vec![]),
        ("hidden by the device and another now", Tree::new(), marked("hunter1", None), modified()),
        ("the tree of a commit", desired.clone(), Recorded::default(), vec![]),
        ("plain text is never shown when it goes", shown("clear"), marked("hunter2", Some("clear")), vec![]),
    ] {
        let secret = &|_: &SecretName| Some(key.fingerprint("hunter2"));
        let shown = &|text: &str| Some(key.fingerprint(text));
        let (plan, _) = device_plan(&Inputs {
            schema: &schema,
            rules: &Rules::default(),
            desired,
            actual: &actual,
            unknown: &BTreeSet::new(),
            recorded: &recorded,
            bootstrap: &Tree::new(),
            prints: Prints { secret, shown },
        });
        assert_eq!(lines(&plan), expected, "{case}");
    }
    let gone = plan(&schema, &Tree::new(), &shown("$1$ab"), &marked("hunter2", Some("$1$ab")));
    assert_eq!(lines(&gone), [format!("- {PASSWORD} secret:fw")]);
    let here = plan(&schema, desired, &shown("$1$ab"), &marked("hunter1", Some("$1$ab")));
    assert!(here.is_empty(), "without key and secrets nothing can be said");
}

/// Trees over few enough paths that they meet often.
fn any_tree(foreign: bool) -> impl Strategy<Value = String> {
    let paths: &[&str] = if foreign {
        &[
            "/interfaces/interface[name=e1]/config/description",
            "/interfaces/interface[name=e9]/config/mtu",
            "/vlans/vlan[vlan-id=7]/config/name",
            "/system/config/login-banner",
        ]
    } else {
        &[
            "/interfaces/interface[name=e1]/config/type",
            "/interfaces/interface[name=e1]/config/enabled",
            "/interfaces/interface[name=e1]/config/mtu",
            "/interfaces/interface[name=e1]/addresses/address[ip=::1]/config/prefix-length",
            "/interfaces/interface[name=e2]/config/mtu",
            "/vlans/vlan[vlan-id=4]/config/trunk-groups",
            "/system/config/hostname",
        ]
    };
    let leaves = prop::collection::btree_map(prop::sample::select(paths), 0..3_u8, 0..=paths.len());
    leaves.prop_map(|leaves| leaves.iter().map(|(path, pick)| line(path, *pick)).collect())
}

/// One leaf with one of three values, and the copies of the keys on its way, which
/// OpenConfig always has.
fn line(path: &str, pick: u8) -> String {
    let (above, leaf) = path.rsplit_once('/').unwrap();
    let value = match leaf {
        "enabled" => ["true", "false", "true"][usize::from(pick)],
        "trunk-groups" => ["[a]", "[b]", "[a, b]"][usize::from(pick)],
        _ => ["v0", "v1", "v2"][usize::from(pick)],
    };
    let mut line = format!("{above}/{leaf} {value}\n");
    for entry in entries::entries_on(&path.parse().unwrap()) {
        for (key, value) in entry.last().unwrap().keys() {
            line += &format!("{entry}/config/{key} {value}\n");
        }
    }
    line
}

/// Applies a plan as `rollout` does: device and record move together.
fn roll(schema: &Schema, desired: &Tree, actual: &mut Tree, recorded: &mut Recorded) -> DevicePlan {
    let plan = plan(schema, desired, actual, recorded);
    *actual = plan.applied(actual);
    recorded.created = plan.created_after(&recorded.created);
    recorded.tree = desired.clone();
    plan
}

proptest! {
    #[test]
    fn a_plan_applied_leaves_what_is_desired_and_what_is_foreign(
        first in any_tree(false), second in any_tree(false), drift in any_tree(false), foreign in any_tree(true),
    ) {
        let schema = schema();
        let foreign = tree(&schema, &foreign);
        let (mut actual, mut recorded) = (foreign.clone(), Recorded::default());
        roll(&schema, &tree(&schema, &first), &mut actual, &mut recorded);
        // somebody changes some of our leaves by hand
        let drifted = tree(&schema, &drift).into_iter().filter(|(path, _)| recorded.tree.get(path).is_some());
        actual.extend(drifted);
        let desired = tree(&schema, &second);
        roll(&schema, &desired, &mut actual, &mut recorded);
        let again = plan(&schema, &desired, &actual, &recorded);
        prop_assert!(again.is_empty(), "applied twice: {:?}", lines(&again));
        for (path, leaf) in foreign.iter() {
            prop_assert_eq!(actual.get(path), Some(leaf), "{} is foreign", path);
        }
        for (path, leaf) in desired.iter() {
            let there = actual.get(path).is_none_or(|found| found.value == leaf.value);
            prop_assert!(there && (actual.get(path).is_some() || is_default(&schema, leaf)), "{}", path);
        }
    }

    #[test]
    fn a_revert_restores_the_owned_tree_byte_by_byte(
        first in any_tree(false), second in any_tree(false), foreign in any_tree(true),
    ) {
        let schema = schema();
        let (a, b) = (tree(&schema, &first), tree(&schema, &second));
        let (mut actual, mut recorded) = (tree(&schema, &foreign), Recorded::default());
        roll(&schema, &a, &mut actual, &mut recorded);
        // what the device does at each leaf of A: what it holds there, or the default
        let owned = |actual: &Tree| {
            let held = |(path, leaf): (&Path, &Leaf)| match actual.get(path) {
                Some(found) => Some((path.clone(), found.clone())),
                None => is_default(&schema, leaf).then(|| (path.clone(), leaf.clone())),
            };
            text(&a.iter().filter_map(held).collect())
        };
        let before = (owned(&actual), text(&recorded.tree));
        roll(&schema, &b, &mut actual, &mut recorded);
        roll(&schema, &a, &mut actual, &mut recorded);
        prop_assert_eq!((owned(&actual), text(&recorded.tree)), before);
        for (path, leaf) in tree(&schema, &foreign).iter() {
            prop_assert_eq!(actual.get(path), Some(leaf), "{} is foreign", path);
        }
    }

    #[test]
    fn equal_trees_have_an_empty_plan(desired in any_tree(false), foreign in any_tree(true)) {
        let schema = schema();
        let desired = tree(&schema, &desired);
        let mut actual = desired.clone();
        actual.extend(tree(&schema, &foreign));
        prop_assert!(plan(&schema, &desired, &actual, &recorded(desired.clone())).is_empty());
        prop_assert!(plan(&schema, &desired, &actual, &Recorded::default()).is_empty());
    }
}
