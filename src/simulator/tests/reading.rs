//! What a Get answers, rule by rule.

use serde_json::json;
use tonic::Code;

use super::super::device::Device;
use super::super::get::run;
use super::super::personality::{Defaults, Personality};
use super::{config, json_of, path, wire};
use crate::gnmi::proto::get_request::DataType;
use crate::gnmi::proto::{self, Encoding, GetRequest};

const E1: &str = "/interfaces/interface[name=Ethernet1]";
const BGP: &str =
    "/network-instances/network-instance[name=default]/protocols/protocol[identifier=BGP][name=BGP]";

fn device() -> Device {
    let mut config = config(
        Personality::plain(),
        &[
            ("/interfaces/interface[name=Ethernet1]/config/name", "Ethernet1"),
            ("/interfaces/interface[name=Ethernet1]/config/type", "iana-if-type:ethernetCsmacd"),
            ("/interfaces/interface[name=Ethernet1]/config/enabled", "true"),
            ("/interfaces/interface[name=Ethernet1]/ethernet/config/port-speed", "100"),
            ("/interfaces/interface[name=Ethernet2]/config/name", "Ethernet2"),
            (
                "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/config/name",
                "BGP",
            ),
        ],
    );
    config.foreign = vec![(path(E1).join(crate::yang::Elem::new("arista-odd:odd")), json!({"x": 1}))];
    Device::new(config)
}

fn ask(
    device: &Device,
    at: &str,
    data_type: DataType,
    encoding: Encoding,
) -> Result<Vec<proto::Update>, Code> {
    let request = GetRequest {
        path: vec![wire(at)],
        r#type: data_type.into(),
        encoding: encoding.into(),
        ..GetRequest::default()
    };
    let answer = run(device, &request).map_err(|status| status.code())?;
    assert_eq!(answer.notification.len(), 1, "one notification for each path");
    Ok(answer.notification.into_iter().flat_map(|notification| notification.update).collect())
}

#[test]
fn a_get_answers_with_the_names_that_eos_writes() {
    let device = device();
    for (case, at, data_type, expected) in [
        ("a leaf", format!("{E1}/config/name"), DataType::Config, json!("Ethernet1")),
        (
            "a container: its first level has the module",
            format!("{E1}/config"),
            DataType::Config,
            json!({
                "openconfig-interfaces:name": "Ethernet1",
                "openconfig-interfaces:type": "iana-if-type:ethernetCsmacd",
                "openconfig-interfaces:enabled": true,
            }),
        ),
        (
            "an entry: keys inside, foreign nodes too, no state",
            E1.to_owned(),
            DataType::Config,
            json!({
                "openconfig-interfaces:name": "Ethernet1",
                "openconfig-interfaces:config":
                    {"name": "Ethernet1", "type": "iana-if-type:ethernetCsmacd", "enabled": true},
                "openconfig-if-ethernet:ethernet": {"config": {"port-speed": "100"}},
                "arista-odd:odd": {"x": 1},
            }),
        ),
        (
            "state mirrors config",
            format!("{E1}/state"),
            DataType::State,
            json!({
                "openconfig-interfaces:name": "Ethernet1",
                "openconfig-interfaces:type": "iana-if-type:ethernetCsmacd",
                "openconfig-interfaces:enabled": true,
                "openconfig-interfaces:admin-status": "UP",
                "openconfig-interfaces:oper-status": "UP",
            }),
        ),
        (
            "operational is what mirrors nothing",
            format!("{E1}/state"),
            DataType::Operational,
            json!({"openconfig-interfaces:admin-status": "UP", "openconfig-interfaces:oper-status": "UP"}),
        ),
        (
            "a list of an identity key is a whole value",
            format!("{BGP}/config"),
            DataType::Config,
            json!({"openconfig-network-instance:name": "BGP"}),
        ),
        ("a foreign node by its path", format!("{E1}/arista-odd:odd"), DataType::All, json!({"x": 1})),
    ] {
        let updates = ask(&device, &at, data_type, Encoding::JsonIetf).unwrap();
        assert_eq!(updates.len(), 1, "{case}");
        assert_eq!(json_of(&updates[0]), expected, "{case}");
    }
}

#[test]
fn a_wildcard_gives_one_update_for_each_match() {
    let device = device();
    for (at, expected) in [
        (
            "/interfaces/interface",
            vec!["/interfaces/interface[name=Ethernet1]", "/interfaces/interface[name=Ethernet2]"],
        ),
        (
            "/interfaces/interface[name=*]/config/enabled",
            vec!["/interfaces/interface[name=Ethernet1]/config/enabled"],
        ),
        (
            "/interfaces/*/config/name",
            vec![
                "/interfaces/interface[name=Ethernet1]/config/name",
                "/interfaces/interface[name=Ethernet2]/config/name",
            ],
        ),
        ("/network-instances/.../protocol", vec![BGP]),
    ] {
        let updates = ask(&device, at, DataType::Config, Encoding::JsonIetf).unwrap();
        let seen: Vec<_> = updates.iter().map(|update| update.path.clone().unwrap()).collect();
        assert_eq!(seen, expected.into_iter().map(wire).collect::<Vec<_>>(), "{at}");
    }
}

#[test]
fn a_get_without_an_answer_has_the_code_of_its_cause() {
    let device = device();
    for (case, at, data_type, encoding, expected) in [
        (
            "nothing there",
            format!("{E1}/config/description"),
            DataType::All,
            Encoding::JsonIetf,
            Code::NotFound,
        ),
        (
            "no such entry",
            "/interfaces/interface[name=X]".to_owned(),
            DataType::All,
            Encoding::JsonIetf,
            Code::NotFound,
        ),
        ("no state in config", format!("{E1}/config"), DataType::State, Encoding::JsonIetf, Code::NotFound),
        ("an unknown path", "/nowhere".to_owned(), DataType::All, Encoding::JsonIetf, Code::Unimplemented),
        (
            "an unsupported leaf",
            "/odds/unsupported".to_owned(),
            DataType::All,
            Encoding::JsonIetf,
            Code::Unimplemented,
        ),
        (
            "a bad key",
            "/interfaces/interface[x=1]".to_owned(),
            DataType::All,
            Encoding::JsonIetf,
            Code::InvalidArgument,
        ),
        ("ASCII", E1.to_owned(), DataType::All, Encoding::Ascii, Code::InvalidArgument),
        ("PROTO", E1.to_owned(), DataType::All, Encoding::Proto, Code::Unimplemented),
    ] {
        assert_eq!(ask(&device, &at, data_type, encoding).unwrap_err(), expected, "{case}");
    }
}

#[test]
fn plain_json_writes_wide_numbers_as_numbers() {
    let at = format!("{E1}/ethernet/config/port-speed");
    for (encoding, expected) in [(Encoding::JsonIetf, json!("100")), (Encoding::Json, json!(100))] {
        let updates = ask(&device(), &at, DataType::Config, encoding).unwrap();
        assert_eq!(json_of(&updates[0]), expected, "{encoding:?}");
    }
}

#[test]
fn the_root_shows_the_annotation_and_only_in_config() {
    let device = device();
    let mark = json!({"openconfig-metadata:protobuf-metadata": "AAEC"});
    let text = format!("update / {}", json!({"@": mark}));
    super::super::set::run(&device, &super::request(&text), None).unwrap();
    for (data_type, expected) in [(DataType::Config, Some(&mark)), (DataType::State, None)] {
        let updates = ask(&device, "/", data_type, Encoding::JsonIetf).unwrap();
        assert_eq!(json_of(&updates[0]).get("@"), expected, "{data_type:?}");
    }
}

#[test]
fn target_and_origin_are_echoed_only_if_given() {
    for (target, origin) in [("", ""), ("leaf1", ""), ("", "openconfig")] {
        let asked = proto::Path { origin: origin.to_owned(), ..wire(E1) };
        let prefix = Some(proto::Path { target: target.to_owned(), ..proto::Path::default() });
        let request = GetRequest { prefix, path: vec![asked.clone()], ..GetRequest::default() };
        let answer = run(&device(), &request).unwrap();
        let notification = &answer.notification[0];
        assert_eq!(notification.prefix.as_ref().map_or("", |prefix| &prefix.target), target);
        assert_eq!(notification.update[0].path.as_ref(), Some(&asked), "{target} {origin}");
    }
}

#[test]
fn defaults_that_were_set_can_be_left_out() {
    for (defaults, expected) in [(Defaults::AsSet, true), (Defaults::Omitted, false)] {
        let personality = Personality { defaults, ..Personality::plain() };
        let device = Device::new(config(
            personality,
            &[("/interfaces/interface[name=Ethernet1]/config/enabled", "true")],
        ));
        let seen = ask(&device, &format!("{E1}/config/enabled"), DataType::Config, Encoding::JsonIetf);
        assert_eq!(seen.is_ok(), expected, "{defaults:?}");
    }
}
