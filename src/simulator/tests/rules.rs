//! What a Set does, rule by rule.

use proptest::prelude::*;
use tonic::Code;

use super::super::device::Device;
use super::super::get;
use super::super::personality::{LeafListUpdate, Personality};
use super::super::set::run;
use super::{config, lines, request};
use crate::gnmi::proto::GetRequest;

const E1: &str = "/interfaces/interface[name=Ethernet1]";
const TYPE: &str = "iana-if-type:ethernetCsmacd";

/// Two interfaces, one of them with an address.
fn start() -> Vec<(&'static str, &'static str)> {
    vec![
        ("/interfaces/interface[name=Ethernet1]/config/name", "Ethernet1"),
        ("/interfaces/interface[name=Ethernet1]/config/type", TYPE),
        ("/interfaces/interface[name=Ethernet1]/config/mtu", "9000"),
        ("/interfaces/interface[name=Ethernet1]/config/description", "old"),
        ("/interfaces/interface[name=Ethernet2]/config/name", "Ethernet2"),
        ("/interfaces/interface[name=Ethernet2]/config/type", TYPE),
    ]
}

fn run_lines(device: &Device, text: &str) -> Result<usize, (Code, String)> {
    match run(device, &request(text), None) {
        Ok((answer, _)) => Ok(answer.response.len()),
        Err(status) => Err((status.code(), status.message().to_owned())),
    }
}

/// What a request takes from and adds to the start, as `- LINE` and `+ LINE`. `E1` and
/// `TYPE` stand for the first interface and its type, in the request too.
fn change(personality: Personality, text: &str) -> Vec<String> {
    let device = Device::new(config(personality, &start()));
    let before = lines(&device);
    let text = text.replace("E1", E1).replace("TYPE", TYPE);
    run_lines(&device, &text).unwrap_or_else(|refusal| panic!("{text}: {refusal:?}"));
    let after = lines(&device);
    let gone = before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}"));
    let new = after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}"));
    let shorten =
        |line: String| line.replace(E1, "E1").replace(TYPE, "TYPE").replace("/interfaces/interface", "");
    gone.chain(new).map(shorten).collect()
}

#[test]
fn each_operation_does_what_the_specification_says() {
    let e1_without = |kept: &[&str]| {
        let all = ["description old", "mtu 9000", "name Ethernet1", "type TYPE"];
        let gone = all.iter().filter(|leaf| !kept.iter().any(|kept| leaf.starts_with(kept)));
        gone.map(|leaf| format!("- E1/config/{leaf}")).collect::<Vec<_>>()
    };
    let mtu = |to: u16| vec!["- E1/config/mtu 9000".to_owned(), format!("+ E1/config/mtu {to}")];
    let no_mtu = vec!["- E1/config/mtu 9000".to_owned()];
    for (case, text, expected) in [
        ("an update merges", r#"update E1/config {"mtu": 1500}"#, mtu(1500)),
        ("an update of a leaf", "update E1/config/mtu 1500", mtu(1500)),
        (
            "a replace takes away what it leaves out",
            r#"replace E1/config {"name": "Ethernet1", "type": "TYPE", "mtu": 9000}"#,
            e1_without(&["name", "type", "mtu"]),
        ),
        (
            "a replace of a list entry",
            r#"replace E1 {"name": "Ethernet1", "config": {"name": "Ethernet1", "type": "TYPE"}}"#,
            e1_without(&["name", "type"]),
        ),
        (
            "a replace of a list as a whole",
            r#"replace /interfaces/interface [{"name": "Ethernet2", "config": {"name": "Ethernet2", "type": "TYPE"}}]"#,
            e1_without(&[]),
        ),
        (
            "a replace at the root",
            r#"replace / {"openconfig-interfaces:interfaces": {"interface": [{"name": "Ethernet2", "config": {"name": "Ethernet2", "type": "TYPE"}}]}}"#,
            e1_without(&[]),
        ),
        ("a delete of a leaf", "delete E1/config/mtu", no_mtu.clone()),
        ("a delete of an entry", "delete E1", e1_without(&[])),
        ("a delete with a wildcard key", "delete /interfaces/interface[name=*]/config/mtu", no_mtu.clone()),
        ("a delete with a key left out", "delete /interfaces/interface/config/mtu", no_mtu.clone()),
        ("a delete of any depth", "delete /interfaces/.../mtu", no_mtu),
        ("a delete of what is not there", "delete E1/subinterfaces", vec![]),
        ("no operation", "", vec![]),
        ("deletes come first", "update E1/config/mtu 1500\ndelete E1/config/mtu", mtu(1500)),
        ("updates come last", "update E1/config/mtu 1500\nreplace E1/config/mtu 1600", mtu(1500)),
        ("the last of a kind wins", "update E1/config/mtu 1500\nupdate E1/config/mtu 1600", mtu(1600)),
        (
            "an identity may come bare",
            r#"update /network-instances/network-instance[name=gold]/config {"name": "gold", "type": "L3VRF"}"#,
            vec![
                "+ /network-instances/network-instance[name=gold]/config/name gold".to_owned(),
                "+ /network-instances/network-instance[name=gold]/config/type \
                 openconfig-network-instance-types:L3VRF"
                    .to_owned(),
            ],
        ),
    ] {
        assert_eq!(change(Personality::plain(), text), expected, "{case}");
    }
}

#[test]
fn a_refused_set_changes_nothing_and_says_why() {
    for (case, text, code, message) in [
        ("an unknown path", "update /nowhere 1", Code::NotFound, "failed to apply: path /nowhere not found"),
        ("a delete of an unknown path", "delete /nowhere", Code::NotFound, "/nowhere not found"),
        ("an unknown node in a value", r#"update E1/config {"speed": 1}"#, Code::InvalidArgument, "speed"),
        ("a wrong type", r#"update E1/config/mtu "jumbo""#, Code::InvalidArgument, "jumbo"),
        ("a value out of range", "update E1/config/mtu 20000", Code::InvalidArgument, "9214"),
        ("no JSON", "update E1/config/mtu {", Code::InvalidArgument, "not JSON"),
        ("a null", "replace E1/config/mtu null", Code::InvalidArgument, "use delete"),
        ("an empty entry", "replace E1 {}", Code::InvalidArgument, "use delete"),
        (
            "another key than in the path",
            r#"replace E1 {"name": "Ethernet9"}"#,
            Code::InvalidArgument,
            "Ethernet",
        ),
        (
            "a list without its key",
            r#"update /interfaces/interface/config {"mtu": 1500}"#,
            Code::InvalidArgument,
            "lacks keys",
        ),
        (
            "a key that the list has not",
            r#"update /interfaces/interface[id=1]/config {"mtu": 1500}"#,
            Code::InvalidArgument,
            "no key id",
        ),
        (
            "a wildcard in an update",
            r#"update /interfaces/interface[name=*]/config {"mtu": 1500}"#,
            Code::InvalidArgument,
            "wildcard",
        ),
        (
            "a wildcard name in an update",
            r#"update /interfaces/*/config {"mtu": 1500}"#,
            Code::InvalidArgument,
            "not one configuration node",
        ),
        ("state", "update E1/state/mtu 1500", Code::InvalidArgument, "read-only"),
        ("a delete of state", "delete E1/state", Code::InvalidArgument, "read-only"),
        (
            "a read-only leaf",
            r#"update E1/ethernet/config {"port-speed": "1"}"#,
            Code::InvalidArgument,
            "read-only",
        ),
        ("an unsupported leaf", r#"update /odds {"unsupported": "x"}"#, Code::Unimplemented, "not supported"),
        (
            "a mandatory leaf left out",
            r#"update /interfaces/interface[name=Ethernet3]/config {"name": "Ethernet3"}"#,
            Code::InvalidArgument,
            "type",
        ),
        ("a mandatory leaf taken away", "delete E1/config/type", Code::InvalidArgument, "type"),
        ("union_replace alone", "union / {}", Code::Unimplemented, "union_replace"),
        ("union_replace and others", "union / {}\ndelete /interfaces", Code::InvalidArgument, "mixed"),
        (
            "one bad operation behind a good one",
            "delete E1/config/mtu\nupdate /nowhere 1",
            Code::NotFound,
            "/nowhere",
        ),
    ] {
        let device = Device::new(config(Personality::plain(), &start()));
        let before = (lines(&device), device.snapshot().generation);
        let (seen, text) = run_lines(&device, &text.replace("E1", E1)).expect_err(case);
        assert_eq!(seen, code, "{case}: {text}");
        assert!(text.contains(message), "{case}: {text}");
        assert_eq!((lines(&device), device.snapshot().generation), before, "{case}");
    }
}

#[test]
fn origins_are_told_apart() {
    for (case, prefix, origin, expected) in [
        ("none", "", "", None),
        ("in the path", "", "openconfig", None),
        ("in the prefix", "openconfig", "", None),
        ("the same twice", "openconfig", "openconfig", None),
        ("two", "openconfig", "cli", Some(Code::InvalidArgument)),
        ("command line", "", "cli", Some(Code::Unimplemented)),
        ("EOS's own paths", "", "eos_native", Some(Code::InvalidArgument)),
        ("EOS has no eos_cli", "", "eos_cli", Some(Code::InvalidArgument)),
    ] {
        let device = Device::new(config(Personality::plain(), &start()));
        let mut request = request("delete /interfaces");
        request.delete[0].origin = origin.to_owned();
        request.prefix = Some(super::proto::Path { origin: prefix.to_owned(), ..Default::default() });
        let seen = run(&device, &request, None).err().map(|status| status.code());
        assert_eq!(seen, expected, "{case}");
    }
}

#[test]
fn a_prefix_stands_before_every_path() {
    let device = Device::new(config(Personality::plain(), &start()));
    let mut request = request("delete /config/mtu\nupdate /config/description \"new\"");
    request.prefix = Some(super::wire(E1));
    let (answer, changed) = run(&device, &request, None).unwrap();
    assert!(changed);
    assert_eq!(answer.response.len(), 2, "one result for each operation");
    let text = lines(&device).join("\n");
    assert!(!text.contains("mtu") && text.contains("description new"), "{text}");
}

#[test]
fn an_annotation_is_kept_with_the_change_it_came_with() {
    let mark = |text: &str| {
        format!("update / {{\"@\": {{\"openconfig-metadata:protobuf-metadata\": \"{text}\"}}}}\n")
    };
    let good = format!("update {E1}/config/mtu 1500");
    for (case, text, expected) in [
        ("with a change", mark("AAEC") + &good, Some("AAEC")),
        ("alone", mark("AAEC"), Some("AAEC")),
        ("with a refused change", mark("AAEC") + "update /nowhere 1", None),
        ("no base64", mark("***") + &good, None),
        ("another annotation", "update / {\"@\": {\"x:y\": \"AAEC\"}}".to_owned(), None),
    ] {
        let device = Device::new(config(Personality::plain(), &start()));
        let done = run_lines(&device, &text);
        assert_eq!(done.is_ok(), expected.is_some(), "{case}: {done:?}");
        assert_eq!(device.snapshot().annotation.as_deref(), expected, "{case}");
    }
}

#[test]
fn an_update_of_a_leaf_list_adds_or_overwrites() {
    let group = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=BGP][name=BGP]/bgp/peer-groups/peer-group[peer-group-name=evpn]";
    for (reading, expected) in
        [(LeafListUpdate::Adds, "[EXTENDED, STANDARD]"), (LeafListUpdate::Overwrites, "[EXTENDED]")]
    {
        let personality =
            Personality { leaf_list_update: reading, system_entries: true, ..Personality::plain() };
        let device = Device::new(config(personality, &[]));
        for value in ["STANDARD", "EXTENDED"] {
            let text = format!(
                "update {group}/config {{\"peer-group-name\": \"evpn\", \"send-community\": [\"{value}\"]}}\n\
                 update /network-instances/network-instance[name=default]/protocols/protocol[identifier=BGP][name=BGP]/bgp/global/config/as 65001"
            );
            run_lines(&device, &text).unwrap();
        }
        let text = lines(&device).join("\n");
        assert!(text.contains(&format!("send-community {expected}")), "{reading:?}: {text}");
    }
}

#[test]
fn a_set_that_changes_nothing_is_no_change() {
    let device = Device::new(config(Personality::plain(), &start()));
    let (_, changed) = run(&device, &request(&format!("update {E1}/config/mtu 9000")), None).unwrap();
    assert!(!changed);
    assert_eq!(device.snapshot().generation, 0);
}

#[test]
fn eos_keeps_its_ports_and_its_default_instance() {
    let device = Device::new(config(Personality::eos(), &start()));
    run_lines(&device, "delete /interfaces\ndelete /network-instances").unwrap();
    let text = lines(&device).join("\n");
    for kept in [
        "interface[name=Ethernet1]/config/name Ethernet1",
        "interface[name=Ethernet12]/config/type iana-if-type:ethernetCsmacd",
        "interface[name=Management0]/config/name Management0",
        "network-instance[name=default]/config/type openconfig-network-instance-types:DEFAULT_INSTANCE",
        "vlan[vlan-id=1]/config/name default",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    assert!(!text.contains("mtu") && !text.contains("old"), "the entry is reset: {text}");
}

#[test]
fn eos_adds_the_key_leaves_of_a_new_entry() {
    let device = Device::new(config(Personality::eos(), &[]));
    let vlan = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config";
    run_lines(&device, &format!("update {vlan} {{\"name\": \"web\"}}")).unwrap();
    assert!(lines(&device).contains(&format!("{vlan}/vlan-id 40")));
}

#[test]
fn eos_reads_a_password_back_as_a_hash() {
    let device = Device::new(config(Personality::eos(), &[]));
    let bgp =
        "/network-instances/network-instance[name=default]/protocols/protocol[identifier=BGP][name=BGP]/bgp";
    let text = format!(
        "update {bgp}/global/config/as 65001\n\
         update {bgp}/neighbors/neighbor[neighbor-address=10.0.0.1]/config/auth-password \"hunter2\""
    );
    run_lines(&device, &text).unwrap();
    let first = lines(&device);
    let shown = first.iter().find(|line| line.contains("auth-password")).unwrap();
    assert!(shown.contains("$7$") && !shown.contains("hunter2"), "{shown}");
    run_lines(&device, &text).unwrap();
    assert_eq!(lines(&device), first, "the same secret has the same hash");
}

#[test]
fn faults_that_were_there_before_refuse_no_set() {
    let device = Device::new(config(
        Personality::plain(),
        &[("/interfaces/interface[name=Ethernet1]/config/name", "Ethernet1")],
    ));
    run_lines(&device, &format!("update {E1}/config/mtu 1500")).unwrap();
    run_lines(&device, "update /interfaces/interface[name=Ethernet2]/config/name \"Ethernet2\"").unwrap_err();
}

proptest! {
    /// Whatever a client sends: no panic, and a refusal leaves everything as it was.
    #[test]
    fn no_request_panics_or_half_applies(operations in prop::collection::vec(operation(), 0..5)) {
        let device = Device::new(config(Personality::eos(), &start()));
        let before = (lines(&device), device.snapshot().annotation.clone());
        if run_lines(&device, &operations.join("\n")).is_err() {
            prop_assert_eq!((lines(&device), device.snapshot().annotation.clone()), before);
        }
        let everything = GetRequest { path: vec![super::wire("/")], ..GetRequest::default() };
        prop_assert!(get::run(&device, &everything).is_ok());
    }
}

/// A line for `request`, mostly about nodes that there are.
fn operation() -> impl Strategy<Value = String> {
    let step = prop::sample::select(vec![
        "interfaces",
        "interface[name=Ethernet1]",
        "interface",
        "interface[name=*]",
        "config",
        "state",
        "mtu",
        "subinterfaces",
        "subinterface[index=0]",
        "*",
        "...",
        "odds",
        "pair[a=x][b=1]",
        "pair[a=x]",
        "many",
        "present",
        "network-instances",
        "network-instance[name=default]",
        "openconfig-interfaces:interfaces",
        "nowhere",
    ]);
    let path = prop::collection::vec(step, 0..5).prop_map(|steps| format!("/{}", steps.join("/")));
    let value = prop::sample::select(vec![
        "{}",
        "null",
        "[]",
        "[null]",
        "1500",
        "\"x\"",
        "{\"mtu\": 1500}",
        "[{\"name\": \"Ethernet1\"}]",
        "{\"config\": {\"mtu\": null}}",
        "{\"@\": {}}",
        "{\"@\": 1}",
        "{\"many\": [1, 2]}",
        "{",
        "[[1]]",
        "{\"openconfig-interfaces:interfaces\": {\"interface\": [{\"name\": \"a\"}, 7]}}",
    ]);
    let verb = prop::sample::select(vec!["delete", "replace", "update"]);
    (verb, path, value).prop_map(|(verb, path, value)| format!("{verb} {path} {value}"))
}
