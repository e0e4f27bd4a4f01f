//! Tests of the writer on the sample schema.

use serde_json::json;

use super::*;
use crate::yang::testing::{lines, sample};

fn place(line: u32) -> Place {
    Place { file: "x.yaml".parse().unwrap(), line, column: 1, length: 1 }
}

fn shown(findings: &Findings) -> Vec<String> {
    let line = |finding: &Finding| finding.place.as_ref().map_or(0, |place| place.line);
    findings
        .iter()
        .map(|finding| format!("{} {}: {}", line(finding), finding.code, finding.message))
        .collect()
}

#[test]
fn what_is_written_stands_in_the_tree_with_its_origin() {
    let schema = sample();
    let w = Writer::new(schema);
    let port = w.entry("/interfaces/interface", ["Ethernet1"], &place(1));
    port.leaf("config/mtu", 9214, &place(2));
    port.leaf("config/enabled", true, &place(2));
    port.leaf("config/type", "ethernetCsmacd", &place(2));
    port.entry("subinterfaces/subinterface", [0], &place(3))
        .entry("ipv4/addresses/address", [std::net::Ipv4Addr::new(10, 0, 0, 1)], &place(4))
        .leaf("config/prefix-length", 31, &place(4));
    let bgp = w
        .entry("/network-instances/network-instance", ["default"], &place(5))
        .entry("protocols/protocol", ["BGP", "BGP"], &place(5))
        .at("bgp", &place(5));
    bgp.entry("neighbors/neighbor", ["10.0.0.2"], &place(6)).secret(
        "config/auth-password",
        &"bgp/fw".parse().unwrap(),
        &place(6),
    );
    w.leaf_list("/odds/many", [10, 9, 10], &place(7));
    w.root().presence("odds/present", &place(8)).leaf("inside", "x", &place(8));
    let (tree, findings) = w.finish();
    assert_eq!(shown(&findings), [""; 0]);
    assert_eq!(
        lines(&tree),
        [
            "/interfaces/interface[name=Ethernet1]/config/enabled = true @2",
            "/interfaces/interface[name=Ethernet1]/config/mtu = 9214 @2",
            "/interfaces/interface[name=Ethernet1]/config/name = Ethernet1 @1",
            "/interfaces/interface[name=Ethernet1]/config/type = iana-if-type:ethernetCsmacd @2",
            "/interfaces/interface[name=Ethernet1]/subinterfaces/subinterface[index=0]/config/index = 0 @3",
            "/interfaces/interface[name=Ethernet1]/subinterfaces/subinterface[index=0]/ipv4/addresses/address[ip=10.0.0.1]/config/ip = 10.0.0.1 @4",
            "/interfaces/interface[name=Ethernet1]/subinterfaces/subinterface[index=0]/ipv4/addresses/address[ip=10.0.0.1]/config/prefix-length = 31 @4",
            "/network-instances/network-instance[name=default]/config/name = default @5",
            "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.0.0.2]/config/auth-password = secret:bgp/fw @6",
            "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.0.0.2]/config/neighbor-address = 10.0.0.2 @6",
            "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/config/identifier = openconfig-policy-types:BGP @5",
            "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/config/name = BGP @5",
            "/odds/many = [9, 10] @7",
            "/odds/present = present @8",
            "/odds/present/inside = x @8",
        ]
    );
}

#[test]
fn an_entry_that_can_hold_only_its_keys_is_there_by_itself() {
    let schema = sample();
    let w = Writer::new(schema);
    w.entry("/odds/bare", ["x"], &place(1));
    assert_eq!(lines(&w.finish().0), ["/odds/bare[k=x] = present @1"]);
}

#[test]
fn each_mistake_is_one_finding_where_it_was_asked_for() {
    type Act = fn(&Writer<'_>);
    let cases: [(&str, Act, &str); 10] = [
        (
            "an unknown leaf",
            |w| w.leaf("/odds/txt", 1, &place(1)),
            "1 yang-no-such-node: the schema of sample 1 has no /odds/txt",
        ),
        (
            "below an unknown list nothing more is said",
            |w| w.entry("/odds/pear", ["x"], &place(2)).leaf("value", 1, &place(3)),
            "2 yang-no-such-node: the schema of sample 1 has no /odds/pear",
        ),
        (
            "a bad value",
            |w| w.entry("/interfaces/interface", ["e"], &place(1)).leaf("config/mtu", 20, &place(4)),
            "4 yang-bad-value: /interfaces/interface[name=e]/config/mtu: \"20\" is not a number from 68 to 9214",
        ),
        (
            "a bad key",
            |w| w.entry("/odds/pair", ["x", "y"], &place(1)).leaf("value", 1, &place(2)),
            "1 yang-bad-value: key `b` of /odds/pair: \"y\" is not a number from 0 to 255",
        ),
        (
            "a key too few",
            |w| drop(w.entry("/odds/pair", ["x"], &place(1))),
            "1 yang-bad-value: /odds/pair has 2 keys (a, b), given were 1",
        ),
        (
            "through a list",
            |w| w.leaf("/interfaces/interface/config/mtu", 1500, &place(1)),
            "1 yang-bad-value: /interfaces/interface is a list, and was written to as a container",
        ),
        (
            "a container as leaf",
            |w| w.leaf("/odds/present", 1, &place(1)),
            "1 yang-bad-value: /odds/present is a presence container, and was written to as a leaf",
        ),
        (
            "a leaf as leaf-list",
            |w| w.leaf_list("/odds/text", ["a"], &place(1)),
            "1 yang-bad-value: /odds/text is a leaf, and was written to as a leaf-list",
        ),
        (
            "two values",
            |w| {
                w.leaf("/odds/signed", 1, &place(1));
                w.leaf("/odds/signed", "+1", &place(2));
                w.leaf("/odds/signed", 2, &place(3));
            },
            "3 yang-conflict: /odds/signed is set to 2, and to 1 elsewhere",
        ),
        (
            "a fragment against the model",
            |w| {
                w.leaf("/odds/signed", 1, &place(1));
                let base = "/odds".parse().unwrap();
                w.fragment(&base, &json!({"signed": 3, "text": "abc"}), &|_| place(9));
            },
            "9 yang-conflict: /odds/signed is set to 3, and to 1 elsewhere",
        ),
    ];
    let schema = sample();
    for (case, act, expected) in cases {
        let w = Writer::new(schema);
        act(&w);
        assert_eq!(shown(&w.finish().1), [expected], "{case}");
    }
}

#[test]
fn a_fragment_is_checked_leaf_by_leaf_and_its_good_leaves_are_kept() {
    let schema = sample();
    let w = Writer::new(schema);
    let json = json!({"example-odds:odds": {"signed": "x", "txt": 1, "many": [3, 1]}});
    w.fragment(&Path::root(), &json, &|path| place(u32::try_from(path.elems().len()).unwrap()));
    let (tree, findings) = w.finish();
    assert_eq!(lines(&tree), ["/odds/many = [1, 3] @2"]);
    assert_eq!(
        shown(&findings),
        [
            "2 yang-bad-value: /odds/signed: \"x\" is not a number from -2147483648 to 2147483647",
            "2 yang-no-such-node: the schema of sample 1 has no /odds/txt",
        ]
    );
    let hint = findings.iter().last().and_then(|finding| finding.hint.clone());
    assert_eq!(hint.as_deref(), Some("did you mean `text`?"));
}
