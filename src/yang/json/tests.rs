//! Tests of both ways on the sample schema.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::yang::schema::Schema;
use crate::yang::testing::{lines, sample, tree, trees};
use crate::yang::tree::Leaf;
use crate::yang::value::Value;

fn at(path: &str) -> Path {
    path.parse().unwrap()
}

#[test]
fn values_are_read_wherever_they_stand_and_however_they_are_spelled() {
    let schema = sample();
    for (base, json, expected) in [
        (
            "/",
            json!({"openconfig-interfaces:interfaces": {"interface": [{"name": "e", "config": {"mtu": 1500}}]}}),
            "/interfaces/interface[name=e]/config/mtu = 1500",
        ),
        (
            "/",
            json!({"interfaces": {"openconfig-interfaces:interface": [{"openconfig-interfaces:name": "e", "config": {"openconfig-interfaces:mtu": 1500}}]}}),
            "/interfaces/interface[name=e]/config/mtu = 1500",
        ),
        (
            "/interfaces",
            json!({"interface": [{"name": "e", "config": {"mtu": "1500"}}]}),
            "/interfaces/interface[name=e]/config/mtu = 1500",
        ),
        (
            "/interfaces/interface",
            json!([{"name": "e", "config": {"mtu": 1500.0}}]),
            "/interfaces/interface[name=e]/config/mtu = 1500",
        ),
        (
            "/interfaces/interface",
            json!({"name": "e", "config": {"mtu": 1500}}),
            "/interfaces/interface[name=e]/config/mtu = 1500",
        ),
        (
            "/interfaces/interface[name=e]",
            json!({"config": {"mtu": 1500}}),
            "/interfaces/interface[name=e]/config/mtu = 1500",
        ),
        (
            "/interfaces/interface[name=e]",
            json!({"name": "e", "openconfig-interfaces:config": {"mtu": 1500}}),
            "/interfaces/interface[name=e]/config/mtu = 1500",
        ),
        (
            "/interfaces/interface[name=e]",
            json!([{"name": "e", "config": {"mtu": 1500}}]),
            "/interfaces/interface[name=e]/config/mtu = 1500",
        ),
        (
            "/openconfig-interfaces:interfaces/interface[name=e]/config/mtu",
            json!(1500),
            "/interfaces/interface[name=e]/config/mtu = 1500",
        ),
        (
            "/interfaces/interface[name=e]/ethernet/config",
            json!({"port-speed": 18_446_744_073_709_551_615_u64}),
            "/interfaces/interface[name=e]/ethernet/config/port-speed = 18446744073709551615",
        ),
        (
            "/interfaces/interface[name=e]/ethernet/config",
            json!({"mac-address": "00:1C:73:00:00:99"}),
            "/interfaces/interface[name=e]/ethernet/config/mac-address = 00:1c:73:00:00:99",
        ),
        (
            "/interfaces/interface[name=e]/config/type",
            json!("ethernetCsmacd"),
            "/interfaces/interface[name=e]/config/type = iana-if-type:ethernetCsmacd",
        ),
        ("/odds", json!({"many": [10, 9, "10"]}), "/odds/many = [9, 10]"),
        ("/odds", json!({"ordered": ["b", "a"]}), "/odds/ordered = [b, a]"),
        ("/odds", json!({"empty": [null]}), "/odds/empty = "),
        ("/odds", json!({"many": []}), ""),
        ("/odds", json!({"present": {}}), "/odds/present = present"),
        ("/odds", json!({"bare": [{"k": "x"}]}), "/odds/bare[k=x] = present"),
        ("/odds", json!({"same": "x"}), "/odds/example-odds:same = x"),
        ("/odds", json!({"openconfig-types:same": "x"}), "/odds/openconfig-types:same = x"),
        ("/odds", json!({"signed": 1, "@signed": {"note": 1}}), "/odds/signed = 1"),
        ("/interfaces", json!({"interface": []}), ""),
    ] {
        let read = read(schema, &at(base), &json);
        assert_eq!(lines(&read.tree).join("\n"), expected, "{base} {json}");
        assert!(read.foreign.is_empty() && read.faults.is_empty(), "{base} {json}: {read:?}");
    }
}

#[test]
fn what_the_schema_lacks_is_foreign_and_the_rest_is_read() {
    let schema = sample();
    for (base, json, foreign) in [
        ("/odds", json!({"signed": 1, "more": {"a": 1}}), "/odds/more"),
        ("/odds", json!({"signed": 1, "other-module:text": "a"}), "/odds/other-module:text"),
        ("/", json!({"odds": {"signed": 1}, "acl": {}}), "/acl"),
        (
            "/",
            json!({"odds": {"signed": 1}, "interfaces": {"interface": [{"name": "e", "state": {}}]}}),
            "/interfaces/interface[name=e]/state",
        ),
    ] {
        let read = read(schema, &at(base), &json);
        assert_eq!(lines(&read.tree), ["/odds/signed = 1"], "{json}");
        assert_eq!(read.foreign.iter().map(|(path, _)| path.to_string()).collect::<Vec<_>>(), [foreign]);
        assert_eq!(read.faults, [], "{json}");
    }
    let read = read(schema, &at("/acl/sets[name=x]"), &json!({"a": 1}));
    assert_eq!(read.foreign, [(at("/acl/sets[name=x]"), json!({"a": 1}))]);
}

#[test]
fn a_value_that_contradicts_the_schema_is_a_fault_at_its_path() {
    let schema = sample();
    for (base, json, expected) in [
        ("/", json!([]), "/: an array is not an object"),
        ("/odds", json!("x"), "/odds: a string is not an object"),
        (
            "/odds",
            json!({"signed": "one"}),
            "/odds/signed: \"one\" is not a number from -2147483648 to 2147483647",
        ),
        (
            "/odds",
            json!({"signed": null}),
            "/odds/signed: null is not a number from -2147483648 to 2147483647",
        ),
        (
            "/odds",
            json!({"signed": {}}),
            "/odds/signed: an object is not a number from -2147483648 to 2147483647",
        ),
        ("/odds", json!({"many": 1}), "/odds/many: a number is not an array of values"),
        ("/odds", json!({"many": [1, 70000]}), "/odds/many: \"70000\" is not a number from 0 to 65535"),
        ("/odds", json!({"pair": 1}), "/odds/pair: a number is not an array of entries"),
        ("/odds", json!({"pair": [1]}), "/odds/pair: a number is not an entry: an entry is an object"),
        ("/odds", json!({"pair": [{"a": "x"}]}), "/odds/pair: an entry lacks its key `b`"),
        (
            "/odds",
            json!({"pair": [{"a": "x", "b": 300}]}),
            "/odds/pair: key `b`: \"300\" is not a number from 0 to 255",
        ),
        (
            "/odds",
            json!({"pair": [{"a": "x", "b": 1}, {"a": "x", "b": "1"}]}),
            "/odds/pair[a=x][b=1]: the entry stands twice",
        ),
        (
            "/odds",
            json!({"signed": 1, "example-odds:signed": 2}),
            "/odds/signed: stands twice, with two values",
        ),
        (
            "/odds/pair[a=x][b=1]",
            json!({"a": "y"}),
            "/odds/pair[a=x][b=1]: key `a` is y in the value, x in the path",
        ),
        ("/odds/pair[a=x]", json!({}), "/odds/pair[a=x]: /odds/pair[a=x] needs the keys a, b"),
        (
            "/odds",
            json!({"text": "toolong"}),
            "/odds/text: \"toolong\" is not text with a length from 1 to 4 in the form that its type asks for",
        ),
    ] {
        let read = read(schema, &at(base), &json);
        let faults: Vec<_> = read.faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults, [expected], "{json}");
    }
}

#[test]
fn a_fault_can_be_told_without_the_value() {
    for (json, expected) in [
        (
            json!({"text": "hunter2"}),
            "/odds/text: what it holds is not text with a length from 1 to 4 in the form that its type asks for",
        ),
        (json!({"many": ["hunter2"]}), "/odds/many: what it holds is not a number from 0 to 65535"),
        (json!({"many": "hunter2"}), "/odds/many: a string is not an array of values"),
    ] {
        let read = read(sample(), &at("/odds"), &json);
        let faults: Vec<_> = read.faults.iter().map(JsonFault::without_value).collect();
        assert_eq!(faults, [expected], "{json}");
    }
}

#[test]
fn documents_are_strict_rfc_7951() {
    let schema = sample();
    let tree = tree(
        schema,
        &[
            ("/interfaces/interface[name=e1]/config/mtu", "1500"),
            ("/interfaces/interface[name=e1]/config/type", "ethernetCsmacd"),
            ("/interfaces/interface[name=e1]/ethernet/config/port-speed", "10"),
            (
                "/interfaces/interface[name=e1]/subinterfaces/subinterface[index=0]/ipv4/addresses/address[ip=10.0.0.1]/config/prefix-length",
                "31",
            ),
            ("/odds/bare[k=x]", ""),
            ("/odds/decimal", "1.50"),
            ("/odds/empty", ""),
            ("/odds/example-odds:same", "mine"),
            ("/odds/many", "9 10"),
            ("/odds/openconfig-types:same", "theirs"),
            ("/odds/present", ""),
        ],
    );
    let expected = json!({
        "openconfig-interfaces:interfaces": {"interface": [{
            "name": "e1",
            "config": {"mtu": 1500, "type": "iana-if-type:ethernetCsmacd"},
            "openconfig-if-ethernet:ethernet": {"config": {"port-speed": "10"}},
            "subinterfaces": {"subinterface": [{
                "index": 0,
                "openconfig-if-ip:ipv4": {"addresses": {"address": [{"ip": "10.0.0.1", "config": {"prefix-length": 31}}]}},
            }]},
        }]},
        "example-odds:odds": {
            "bare": [{"k": "x"}],
            "decimal": "1.5",
            "empty": [null],
            "same": "mine",
            "many": [9, 10],
            "openconfig-types:same": "theirs",
            "present": {},
        },
    });
    assert_eq!(write(schema, &tree, &no_secrets).json, expected);
    for (path, expected) in [
        ("/", Some(expected.clone())),
        (
            "/interfaces/interface[name=e1]/config",
            Some(
                json!({"openconfig-interfaces:mtu": 1500, "openconfig-interfaces:type": "iana-if-type:ethernetCsmacd"}),
            ),
        ),
        ("/interfaces/interface[name=e1]/config/mtu", Some(json!(1500))),
        ("/interfaces/interface[name=e1]/ethernet/config/port-speed", Some(json!("10"))),
        (
            "/interfaces/interface[name=e1]/subinterfaces/subinterface[index=0]",
            Some(json!({
                "openconfig-interfaces:index": 0,
                "openconfig-if-ip:ipv4": {"addresses": {"address": [{"ip": "10.0.0.1", "config": {"prefix-length": 31}}]}},
            })),
        ),
        ("/odds/many", Some(json!([9, 10]))),
        ("/odds/present", Some(json!({}))),
        ("/odds/bare", Some(json!([{"example-odds:k": "x"}]))),
        ("/odds/bare[k=x]", Some(json!({"example-odds:k": "x"}))),
        ("/odds/bare[k=y]", None),
        ("/odds/signed", None),
        ("/network-instances", None),
    ] {
        let seen = write_below(schema, &tree, &at(path), &no_secrets).map(|written| written.json);
        assert_eq!(seen, expected, "{path}");
    }
}

#[test]
fn entries_whose_order_is_the_users_stand_in_natural_order() {
    let schema = sample();
    let base = "/routing-policy/policy-definitions/policy-definition[name=p]/statements/statement";
    let leaves = ["10", "100", "20"].map(|name| format!("{base}[name={name}]/config/name"));
    let tree = tree(schema, &[(&leaves[0], "10"), (&leaves[1], "100"), (&leaves[2], "20")]);
    let written = write_below(schema, &tree, &at(base), &no_secrets).unwrap().json;
    let names: Vec<_> =
        written.as_array().unwrap().iter().map(|entry| &entry["openconfig-routing-policy:name"]).collect();
    assert_eq!(names, ["10", "20", "100"]);
}

#[test]
fn a_secret_is_written_only_for_who_gives_it() {
    let schema = sample();
    let path = at("/odds/example-odds:same");
    let node = schema.find(&path).unwrap();
    let name: SecretName = "bgp/fw".parse().unwrap();
    let mut tree = Tree::new();
    tree.insert(path.clone(), Leaf { node, value: Value::Secret(name.clone()), origin: None });
    let shut = write(schema, &tree, &no_secrets);
    assert_eq!(shut.json, json!({"example-odds:odds": {}}));
    assert_eq!(shut.withheld, [(path.clone(), name)]);
    assert!(write_below(schema, &tree, &path, &no_secrets).is_none());
    let open = write(schema, &tree, &|name| Some(format!("clear {name}")));
    assert_eq!(open.json, json!({"example-odds:odds": {"same": "clear bgp/fw"}}));
    assert!(open.withheld.is_empty());
}

/// Any JSON, with names that the sample knows.
fn documents() -> impl Strategy<Value = Json> {
    let names = "(openconfig-interfaces:)?(interfaces|interface|name|config|mtu)|odds|pair|a|b|many|present|@x|[a-z]{1,3}";
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map(names, inner, 0..5)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_tree_written_and_read_is_itself(tree in trees()) {
        let schema: &Schema = sample();
        let written = write(schema, &tree, &no_secrets).json;
        let again = read(schema, &Path::root(), &written);
        prop_assert_eq!(lines(&again.tree), lines(&tree));
        prop_assert!(again.faults.is_empty() && again.foreign.is_empty());
    }

    #[test]
    fn the_value_of_any_node_is_read_back_at_that_node(tree in trees(), pick in any::<prop::sample::Index>(), depth in 0usize..9) {
        let schema: &Schema = sample();
        prop_assume!(!tree.is_empty());
        let at = pick.get(&tree.iter().map(|(path, _)| path).collect::<Vec<_>>()).prefix(depth);
        let written = write_below(schema, &tree, &at, &no_secrets).expect("something stands there").json;
        let again = read(schema, &at, &written);
        let below: Tree = tree.below(&at).map(|(path, leaf)| (path.clone(), leaf.clone())).collect();
        prop_assert_eq!(lines(&again.tree), lines(&below));
        prop_assert!(again.faults.is_empty() && again.foreign.is_empty());
    }

    #[test]
    fn no_document_makes_the_reader_panic(json in documents(), base in "(/(interfaces|interface(\\[name=x\\])?|config|odds|pair)){0,4}") {
        let _ = read(sample(), &base.parse().unwrap(), &json);
    }
}
