//! A small schema in OpenConfig's manner, and trees as text, for the tests of `plan`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::device::{DevicePlan, Inputs, Prints, device_plan};
use super::fabric::{Plan, Revision};
use super::recorded::Recorded;
use super::rules::Rules;
use crate::diagnostic::{Findings, Place};
use crate::yang::schema::types::{TextSyntax, Type, TypeId};
use crate::yang::schema::{Access, Kind, Module, ModuleId, Node};
use crate::yang::{Form, Leaf, NodeId, Path, Scalar, Schema, Tree, Value};

/// Kind and place of every node that is no plain container: `list PATH KEY`, `leaf PATH
/// [mandatory] [default=V]`, `leaf-list PATH`, `presence PATH`.
const NODES: &str = "
list interfaces/interface name
leaf interfaces/interface/name
leaf interfaces/interface/config/name
leaf interfaces/interface/config/type mandatory
leaf interfaces/interface/config/description
leaf interfaces/interface/config/enabled default=true
leaf interfaces/interface/config/mtu
leaf interfaces/interface/ethernet/config/aggregate-id
leaf interfaces/interface/aggregation/config/lag-type
list interfaces/interface/addresses/address ip
leaf interfaces/interface/addresses/address/ip
leaf interfaces/interface/addresses/address/config/ip
leaf interfaces/interface/addresses/address/config/prefix-length
list vlans/vlan vlan-id
leaf vlans/vlan/vlan-id
leaf vlans/vlan/config/vlan-id
leaf vlans/vlan/config/name
leaf-list vlans/vlan/config/trunk-groups
list bgp/neighbors/neighbor neighbor-address
leaf bgp/neighbors/neighbor/neighbor-address
leaf bgp/neighbors/neighbor/config/neighbor-address
leaf bgp/neighbors/neighbor/config/peer-as
leaf bgp/neighbors/neighbor/config/auth-password
ordered bgp/policies/policy name
leaf bgp/policies/policy/name
leaf bgp/policies/policy/config/name
leaf bgp/policies/policy/config/result
leaf bgp/policies/policy/config/options default=any
presence bgp/graceful-restart
leaf bgp/graceful-restart/timer
leaf system/config/hostname
leaf system/config/login-banner
";

/// The schema of the list above; every leaf is a string.
pub(crate) fn schema() -> Schema {
    let mut kinds: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for line in NODES.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let steps: Vec<&str> = words[1].split('/').collect();
        for end in 1..steps.len() {
            kinds.entry(steps[..end].to_vec()).or_insert_with(|| vec!["container"]);
        }
        kinds.insert(steps, words);
    }
    let ids: BTreeMap<&[&str], NodeId> =
        kinds.keys().enumerate().map(|(id, steps)| (&**steps, NodeId(u32::try_from(id).unwrap()))).collect();
    let children = |parent: &[&str]| {
        let below = |steps: &&&[&str]| steps.len() == parent.len() + 1 && steps.starts_with(parent);
        ids.keys().filter(below).map(|steps| ids[*steps]).collect::<Vec<_>>()
    };
    let node = |(steps, words): (&Vec<&str>, &Vec<&str>)| Node {
        name: Arc::from(*steps.last().unwrap()),
        module: ModuleId(0),
        parent: ids.get(&steps[..steps.len() - 1]).copied(),
        kind: kind(words, |key| ids[&*[&steps[..], &[key]].concat()]),
        case: Vec::new(),
        access: Access::ReadWrite,
        children: children(steps),
    };
    Schema {
        platform: Arc::from("test"),
        version: Arc::from("1"),
        modules: vec![Module { name: Arc::from("test"), revision: Arc::from("2026-01-01") }],
        types: vec![Type::Text { lengths: Vec::new(), patterns: Vec::new(), syntax: TextSyntax::Plain }],
        nodes: kinds.iter().map(node).collect(),
        top: children(&[]),
        ..Schema::default()
    }
}

fn kind(words: &[&str], key: impl Fn(&str) -> NodeId) -> Kind {
    let ty = TypeId(0);
    match words[0] {
        "container" => Kind::Container { presence: false },
        "presence" => Kind::Container { presence: true },
        "list" | "ordered" => Kind::List {
            keys: vec![key(words[2])],
            ordered_by_user: words[0] == "ordered",
            entries: (0, None),
            unique: Vec::new(),
        },
        "leaf-list" => {
            Kind::LeafList { ty, ordered_by_user: false, entries: (0, None), defaults: Vec::new() }
        }
        _ => Kind::Leaf {
            ty,
            default: words.iter().find_map(|word| word.strip_prefix("default=")).map(Arc::from),
            mandatory: words.contains(&"mandatory"),
        },
    }
}

/// A tree of lines `PATH VALUE`: a text, `[a, b]`, `secret:NAME` or `present`. Each leaf
/// comes from the line of `test.yaml` in which it stands.
pub(crate) fn tree(schema: &Schema, text: &str) -> Tree {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let leaf = |(number, line): (usize, &str)| {
        let (path, value) = line.split_once(' ').unwrap();
        let path: Path = path.parse().unwrap();
        let node = schema.find(&path).unwrap_or_else(|| panic!("{path} is not in the test's schema"));
        let origin = Place {
            file: "test.yaml".parse().unwrap(),
            line: u32::try_from(number).unwrap() + 1,
            column: 1,
            length: 1,
        };
        (path, Leaf { node, value: self::value(value), origin: Some(origin) })
    };
    lines.map(leaf).collect()
}

fn value(text: &str) -> Value {
    let scalar = |text: &str| Scalar::new(text, Form::Text);
    if let Some(name) = text.strip_prefix("secret:") {
        Value::Secret(name.parse().unwrap())
    } else if let Some(list) = text.strip_prefix('[') {
        Value::LeafList(list.trim_end_matches(']').split(", ").map(scalar).collect())
    } else if text == "present" {
        Value::Presence
    } else {
        Value::Scalar(scalar(text))
    }
}

/// A tree as the lines that `tree` reads.
pub(crate) fn text(tree: &Tree) -> String {
    tree.iter().fold(String::new(), |text, (path, leaf)| text + &format!("{path} {}\n", leaf.value))
}

/// A record of this tree, all of whose entries we made.
pub(crate) fn recorded(tree: Tree) -> Recorded {
    let created = tree.iter().flat_map(|(path, _)| super::entries::entries_on(path)).collect();
    Recorded { tree, created, ..Recorded::default() }
}

/// The plan from three trees, without platform rules, secrets or bootstrap.
pub(crate) fn plan(schema: &Schema, desired: &Tree, actual: &Tree, recorded: &Recorded) -> DevicePlan {
    let (plan, findings) = plan_with(&Rules::default(), schema, desired, actual, recorded);
    assert!(findings.is_empty(), "{findings:?}");
    plan
}

/// The plan from three trees with a platform's rules.
pub(crate) fn plan_with(
    rules: &Rules<'_>,
    schema: &Schema,
    desired: &Tree,
    actual: &Tree,
    recorded: &Recorded,
) -> (DevicePlan, Findings) {
    let bootstrap = &Tree::new();
    let (unknown, prints) = (&BTreeSet::new(), Prints::none());
    device_plan(&Inputs { schema, rules, desired, actual, unknown, recorded, bootstrap, prints })
}

/// A plan with one of everything that can be shown.
pub(crate) fn fabric_plan() -> Plan {
    let schema = schema();
    let ours = "/interfaces/interface[name=Ethernet10]/config/mtu 1500
        /interfaces/interface[name=Ethernet2]/config/description to spine1
        /vlans/vlan[vlan-id=50]/config/vlan-id 50
        /vlans/vlan[vlan-id=50]/config/name old
        /bgp/neighbors/neighbor[neighbor-address=::1]/config/peer-as 65001";
    let actual = "/interfaces/interface[name=Ethernet10]/config/mtu 1400
        /interfaces/interface[name=Ethernet2]/config/description to spine1
        /vlans/vlan[vlan-id=50]/config/vlan-id 50
        /vlans/vlan[vlan-id=50]/config/name old
        /bgp/neighbors/neighbor[neighbor-address=::1]/config/peer-as 65001
        /bgp/neighbors/neighbor[neighbor-address=::9]/config/peer-as 65009
        /system/config/login-banner foreign";
    let desired = "/interfaces/interface[name=Ethernet10]/config/mtu 9000
        /interfaces/interface[name=Ethernet2]/config/description \u{1b}[31mto \"spine1\" ```
        /vlans/vlan[vlan-id=40]/config/vlan-id 40
        /vlans/vlan[vlan-id=40]/config/trunk-groups [a, b]
        /bgp/neighbors/neighbor[neighbor-address=::1]/config/peer-as 65001
        /bgp/neighbors/neighbor[neighbor-address=::1]/config/auth-password secret:fw";
    let rules = Rules { strict: &["/bgp/neighbors/neighbor"], ..Rules::default() };
    let recorded = recorded(tree(&schema, ours));
    let (device, _) = plan_with(&rules, &schema, &tree(&schema, desired), &tree(&schema, actual), &recorded);
    let unchanged = DevicePlan::default();
    let name = |name: &str| name.parse().unwrap();
    Plan {
        fabric: "lab".parse().unwrap(),
        from: None,
        to: Revision::Commit("3f2c9e1".repeat(6)[..40].parse().unwrap()),
        devices: [(name("leaf10"), device.clone()), (name("leaf2"), device), (name("spine1"), unchanged)]
            .into(),
        passed_over: [(name("leaf8"), "not reachable: connection refused".to_owned())].into(),
        waves: vec![vec![name("leaf2")], vec![name("leaf10")]],
        seal: String::new(),
    }
    .sealed()
}
