//! The ways of EOS that need more of its YANG than the sample has.

use std::sync::Arc;

use serde_json::json;

use super::super::device::{Clock, Device, DeviceConfig};
use super::super::personality::Personality;
use super::super::set::run;
use super::{lines, request};
use crate::platform::Profile;
use crate::yang::Tree;

fn device(personality: Personality) -> Device {
    let schema = (Profile::find("arista-eos", "4.35.0F").unwrap().schema)();
    let config = DeviceConfig::new("leaf1".parse().unwrap(), Arc::clone(&schema), Tree::new());
    Device::new(DeviceConfig { personality, clock: Clock::Counting, ..config })
}

fn set(device: &Device, text: &str) {
    run(device, &request(text), None).unwrap_or_else(|status| panic!("{text}: {}", status.message()));
}

/// The addresses of an interface in a new VRF, as an update.
fn addressed(interface: &str, address: &str) -> String {
    let value = json!({
        "name": interface,
        "config": {"name": interface, "type": "iana-if-type:ethernetCsmacd"},
        "subinterfaces": {"subinterface": [{"index": 0, "config": {"index": 0}, "openconfig-if-ip:ipv4": {
            "config": {"enabled": true},
            "addresses": {"address": [
                {"ip": address, "config": {"ip": address, "prefix-length": 31}}
            ]}
        }}]}
    });
    format!("update /interfaces/interface[name={interface}] {value}\n")
}

fn attached(vrf: &str, interface: &str) -> String {
    let value = json!({
        "name": vrf,
        "config": {"name": vrf, "type": "openconfig-network-instance-types:L3VRF"},
        "interfaces": {"interface": [{"id": interface, "config": {"id": interface, "interface": interface}}]}
    });
    format!("update /network-instances/network-instance[name={vrf}] {value}\n")
}

fn addresses(device: &Device) -> Vec<String> {
    let all = lines(device).into_iter().filter(|line| line.contains("/config/ip "));
    all.map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn another_vrf_takes_the_addresses_that_do_not_come_with_it() {
    let detach = "delete /network-instances/network-instance[name=gold]/interfaces\n";
    for (case, text, switch, expected) in [
        ("attached alone", attached("gold", "Ethernet1"), true, vec!["10.0.0.2"]),
        ("another interface", attached("gold", "Ethernet3"), true, vec!["10.0.0.0", "10.0.0.2"]),
        (
            "attached with its address",
            attached("gold", "Ethernet1") + &addressed("Ethernet1", "10.0.0.0"),
            true,
            vec!["10.0.0.0", "10.0.0.2"],
        ),
        (
            "attached with another address",
            attached("gold", "Ethernet1") + &addressed("Ethernet1", "10.0.0.4"),
            true,
            vec!["10.0.0.4", "10.0.0.2"],
        ),
        ("a device without this way", attached("gold", "Ethernet1"), false, vec!["10.0.0.0", "10.0.0.2"]),
        ("nothing to detach", detach.to_owned(), true, vec!["10.0.0.0", "10.0.0.2"]),
    ] {
        let device = device(Personality { vrf_change_clears_addresses: switch, ..Personality::eos() });
        set(&device, &(addressed("Ethernet1", "10.0.0.0") + &addressed("Ethernet2", "10.0.0.2")));
        set(&device, &text);
        assert_eq!(addresses(&device), expected, "{case}");
    }
}

#[test]
fn leaving_a_vrf_takes_the_addresses_too() {
    let device = device(Personality::eos());
    set(&device, &(attached("gold", "Ethernet1") + &addressed("Ethernet1", "10.0.0.0")));
    assert_eq!(addresses(&device), ["10.0.0.0"]);
    set(&device, "delete /network-instances/network-instance[name=gold]");
    assert_eq!(addresses(&device), [""; 0]);
}

#[test]
fn a_lag_keeps_its_type_only_with_a_member() {
    let lag = json!({
        "name": "Port-Channel1",
        "config": {"name": "Port-Channel1", "type": "iana-if-type:ieee8023adLag"},
        "openconfig-if-aggregate:aggregation": {"config": {"lag-type": "LACP"}}
    });
    let lag = format!("update /interfaces/interface[name=Port-Channel1] {lag}\n");
    let member = "update /interfaces/interface[name=Ethernet1]/ethernet/config \
                  {\"openconfig-if-aggregate:aggregate-id\": \"Port-Channel1\"}\n";
    for (case, text, switch, expected) in [
        ("alone", lag.clone(), true, false),
        ("with a member", lag.clone() + member, true, true),
        ("alone, on a device without this way", lag, false, true),
    ] {
        let device = device(Personality { lag_needs_members: switch, ..Personality::eos() });
        set(&device, &text);
        let kept = lines(&device).iter().any(|line| line.ends_with("lag-type LACP"));
        assert_eq!(kept, expected, "{case}");
    }
}
