//! Tests of each rule on the sample schema. Elsewhere: real configurations against the real
//! schema (`platform::arista_eos::samples`).

use proptest::prelude::*;

use super::*;
use crate::yang::testing::{sample, tree, trees};
use crate::yang::tree::Leaf;
use crate::yang::value::{Form, Scalar, Value};

fn shown(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{} {}: {}", fault.kind.code(), fault.path, fault.message)).collect()
}

const TYPE: (&str, &str) = ("/interfaces/interface[name=e1]/config/type", "ethernetCsmacd");
const VRF: &str = "/network-instances/network-instance[name=gold]";

/// A case: what it is about, a tree, the faults.
type Rule<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str);

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn each_rule_of_the_schema_is_kept() {
    let tables = format!(
        "{VRF}/tables/table[protocol=openconfig-policy-types:BGP][address-family=openconfig-types:IPV4]/config"
    );
    let connection = format!(
        "{VRF}/table-connections/table-connection[src-protocol=openconfig-policy-types:BGP]\
         [dst-protocol=openconfig-policy-types:BGP][address-family=openconfig-types:IPV4]/config"
    );
    let group = format!(
        "{VRF}/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/peer-groups/peer-group[peer-group-name=evpn]/config/peer-group-name"
    );
    let neighbor = format!(
        "{VRF}/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.0.0.1]/config/peer-group"
    );
    let other_vrf = neighbor.replace("gold", "blue");
    let protocol = (format!("{tables}/protocol"), "BGP");
    let family = (format!("{tables}/address-family"), "IPV4");
    let limited = |values: &'static str| vec![("/odds/counted", ""), ("/odds/counted/limited", values)];
    let cases: Vec<Rule<'_>> = vec![
        ("an empty tree", vec![], ""),
        ("a complete entry", vec![TYPE, ("/interfaces/interface[name=e1]/config/name", "e1")], ""),
        (
            "a mandatory leaf",
            vec![("/interfaces/interface[name=e1]/config/mtu", "1500")],
            "yang-mandatory /interfaces/interface[name=e1]/config/type: is mandatory and is not there",
        ),
        (
            "a key and its leaf",
            vec![TYPE, ("/interfaces/interface[name=e1]/config/name", "e2")],
            "yang-key-mismatch /interfaces/interface[name=e1]/config/name: is e2, and the entry's key `name` is e1",
        ),
        (
            "a leaf that is only reported",
            vec![TYPE, ("/interfaces/interface[name=e1]/ethernet/config/port-speed", "1")],
            "yang-read-only /interfaces/interface[name=e1]/ethernet/config/port-speed: sample 1 reports this and does not let it be written",
        ),
        (
            "a leaf that is not supported",
            vec![("/odds/unsupported", "x")],
            "yang-read-only /odds/unsupported: sample 1 does not support this",
        ),
        (
            "two cases",
            vec![("/odds/either", "x"), ("/odds/or", "x")],
            "yang-two-cases /odds: holds nodes of `left` and of `right`, which exclude each other (choice `way`)",
        ),
        ("one case", vec![("/odds/either", "x")], ""),
        (
            "a mandatory choice",
            vec![("/odds/required", "")],
            "yang-mandatory /odds/required: needs one of `one`, `two` (choice `pick`)",
        ),
        ("a choice made", vec![("/odds/required", ""), ("/odds/required/this", "x")], ""),
        (
            "a presence container's leaf",
            vec![("/odds/present", "")],
            "yang-mandatory /odds/present/must: is mandatory and is not there",
        ),
        ("values within bounds", limited("1 2"), ""),
        (
            "too few values",
            vec![("/odds/counted", "")],
            "yang-count /odds/counted/limited: needs at least 1 values, and has 0",
        ),
        (
            "too many values",
            limited("1 2 3"),
            "yang-count /odds/counted/limited: takes at most 2 values, and has 3",
        ),
        ("a value twice", vec![("/odds/ordered", "a b a")], "yang-not-unique /odds/ordered: holds a twice"),
        (
            "values that must be unique",
            vec![
                ("/odds/pair[a=x][b=1]/value", "v"),
                ("/odds/pair[a=x][b=2]/value", "v"),
                ("/odds/pair[a=x][b=3]/value", "w"),
            ],
            "yang-not-unique /odds/pair[a=x][b=2]: value v must be unique, and /odds/pair[a=x][b=1] has it too",
        ),
        (
            "too many entries",
            vec![
                ("/odds/pair[a=x][b=1]/value", "1"),
                ("/odds/pair[a=x][b=2]/value", "2"),
                ("/odds/pair[a=x][b=3]/value", "3"),
                ("/odds/pair[a=x][b=4]/value", "4"),
            ],
            "yang-count /odds/pair: takes at most 3 entries, and has 4",
        ),
        (
            "a reference to a key",
            vec![TYPE, ("/interfaces/interface[name=e1]/ethernet/config/aggregate-id", "e1")],
            "",
        ),
        (
            "a dangling reference from the root",
            vec![TYPE, ("/interfaces/interface[name=e1]/ethernet/config/aggregate-id", "Po1")],
            "yang-dangling-reference /interfaces/interface[name=e1]/ethernet/config/aggregate-id: refers to Po1, and no /interfaces/interface/name is Po1",
        ),
        ("a reference beside it", vec![(&group, "evpn"), (&neighbor, "evpn")], ""),
        (
            "a reference into another entry",
            vec![(&group, "evpn"), (&other_vrf, "evpn")],
            "yang-dangling-reference /network-instances/network-instance[name=blue]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.0.0.1]/config/peer-group: \
             refers to evpn, and no /network-instances/network-instance/protocols/protocol/bgp/peer-groups/peer-group/peer-group-name is evpn",
        ),
    ];
    for (case, leaves, expected) in cases {
        let faults = validate(sample(), &tree(sample(), &leaves));
        assert_eq!(shown(&faults).join("\n"), expected, "{case}");
    }

    let source = (format!("{connection}/src-protocol"), "BGP");
    let af = (format!("{connection}/address-family"), "IPV4");
    let with = |leaves: &[&(String, &str)]| {
        let leaves: Vec<_> = leaves.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        validate(sample(), &tree(sample(), &leaves)).len()
    };
    assert_eq!(with(&[&protocol, &family, &source, &af]), 0, "a reference with a predicate");
    assert_eq!(with(&[&protocol, &source, &af]), 1, "the family is not there");
    assert_eq!(with(&[&protocol, &family, &af]), 1, "the predicate has nothing to compare with");
}

#[test]
fn a_misspelt_reference_and_an_unknown_node_have_suggestions() {
    let leaves = [TYPE, ("/interfaces/interface[name=e1]/ethernet/config/aggregate-id", "e2")];
    let faults = validate(sample(), &tree(sample(), &leaves));
    assert_eq!(faults[0].hint.as_deref(), Some("did you mean `e1`?"));
    let mut unknown = tree(sample(), &[("/odds/many", "1")]);
    let leaf = unknown.iter().next().unwrap().1.clone();
    unknown.insert("/odds/mani/more".parse().unwrap(), leaf);
    let faults = validate(sample(), &unknown);
    assert_eq!(shown(&faults), ["yang-no-such-node /odds/mani: sample 1 has no such node"]);
    assert_eq!(faults[0].hint.as_deref(), Some("did you mean `many`?"));
}

#[test]
fn values_that_stand_where_they_cannot_are_faults() {
    let scalar = || Value::Scalar(Scalar::new("x", Form::Text));
    for (path, value, expected) in [
        ("/odds/many", scalar(), "yang-wrong-kind /odds/many: cannot hold a single value"),
        ("/odds/text", Value::Presence, "yang-wrong-kind /odds/text: cannot hold a mark of presence"),
        ("/interfaces", Value::Presence, "yang-wrong-kind /interfaces: cannot hold a mark of presence"),
        ("/odds/text/more", scalar(), "yang-wrong-kind /odds/text: is a leaf: nothing can stand below it"),
        ("/odds/text[k=v]", scalar(), "yang-wrong-kind /odds/text[k=v]: is not a list: it has no keys"),
        ("/odds/pair[a=x]/value", scalar(), "yang-key-missing /odds/pair[a=x]: an entry needs the keys a, b"),
    ] {
        let path: Path = path.parse().unwrap();
        let node = sample().find(&path.prefix(1)).unwrap();
        let tree = Tree::from_iter([(path, Leaf { node, value, origin: None })]);
        let faults = shown(&validate(sample(), &tree));
        assert!(faults.contains(&expected.to_owned()), "{faults:?} should hold {expected}");
    }
}

#[test]
fn a_fault_is_shown_where_the_leaf_comes_from() {
    let mut tree = tree(sample(), &[("/interfaces/interface[name=e1]/config/mtu", "1500")]);
    let (path, mut leaf) = tree.clone().into_iter().next().unwrap();
    let place = Place { line: 7, ..Place::start_of("devices/leaf1.yaml".parse().unwrap()) };
    leaf.origin = Some(place.clone());
    tree.insert(path, leaf);
    let finding = into_finding(&validate(sample(), &tree)[0]);
    assert_eq!(finding.place, Some(place));
    assert_eq!(finding.code, "yang-mandatory");
}

proptest! {
    #[test]
    fn no_tree_makes_it_panic(tree in trees(), paths in prop::collection::vec("(/(odds|pair|interfaces|interface|text|[a-z]){1}(\\[(a|b|name)=x\\]){0,1}){1,4}", 0..4)) {
        let mut tree = tree;
        let leaves: Vec<Leaf> = tree.iter().map(|(_, leaf)| leaf.clone()).collect();
        for (path, leaf) in paths.iter().zip(leaves) {
            tree.insert(path.parse().unwrap(), leaf);
        }
        let _ = validate(sample(), &tree);
    }
}
