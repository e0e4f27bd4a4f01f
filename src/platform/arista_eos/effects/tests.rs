//! What an engineer expects of changes on EOS.

use std::collections::BTreeSet;

use super::*;
use crate::platform::effects::Changed;
use crate::yang::{Form, Path, Scalar, Value};

const BGP: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp";

const EVPN: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/peer-groups/peer-group[peer-group-name=evpn]";
const STATIC: &str = "/network-instances/network-instance[name=gold]/protocols/protocol[identifier=openconfig-policy-types:STATIC][name=STATIC]/static-routes/static[prefix=0.0.0.0/0]";

#[test]
fn what_an_engineer_expects_of_a_change_is_what_the_table_says() {
    let limit = format!("{EVPN}/prefix-limit/config/max-prefixes");
    for (case, path, from, to, expected) in [
        (
            "a VLAN's name",
            "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name",
            "a",
            "b",
            Hitless,
        ),
        (
            "a port is shut",
            "/interfaces/interface[name=Ethernet1]/config/enabled",
            "true",
            "false",
            DropsPort,
        ),
        ("a port comes up", "/interfaces/interface[name=Ethernet1]/config/enabled", "false", "true", Hitless),
        ("an AS", &format!("{BGP}/global/config/as"), "65001", "65002", DeviceWide),
        (
            "a neighbour's AS",
            &format!("{BGP}/neighbors/neighbor[neighbor-address=10.0.0.1]/config/peer-as"),
            "65001",
            "65002",
            ResetsSession,
        ),
        ("a prefix limit", &limit, "1", "2", Hitless),
        ("the MLAG domain", "/arista/eos/mlag/config/domain-id", "a", "b", DeviceWide),
        (
            "the VTEP",
            "/interfaces/interface[name=Loopback1]/subinterfaces/subinterface[index=0]/ipv4/addresses/address[ip=10.0.0.1]/config/ip",
            "",
            "10.0.0.1",
            DeviceWide,
        ),
        ("a leaf of a raw fragment", "/arista/eos/unheard-of", "", "1", DeviceWide),
    ] {
        assert_eq!(effect(path, scalar(from).as_ref(), scalar(to).as_ref(), ""), expected, "{case}");
    }
}

#[test]
fn what_keeps_its_sessions_and_loses_traffic_is_not_hitless() {
    let limit = format!("{EVPN}/prefix-limit/config/max-prefixes");
    for (case, path, from, to, expected) in [
        ("a lower prefix limit", limit.as_str(), "2", "1", ResetsSession),
        ("a prefix limit in place of none", &limit, "0", "1", ResetsSession),
        ("a first prefix limit", &limit, "", "12000", ResetsSession),
        (
            "a limit that only warns",
            &format!("{EVPN}/prefix-limit/config/prevent-teardown"),
            "false",
            "true",
            Hitless,
        ),
        ("a spine that names itself", &format!("{EVPN}/config/next-hop-unchanged"), "true", "", DeviceWide),
        (
            "a policy that a session gets",
            &format!("{EVPN}/apply-policy/config/import-policy"),
            "",
            "in",
            ResetsSession,
        ),
        (
            "a rule of a policy",
            "/routing-policy/policy-definitions/policy-definition[name=in]/statements/statement[name=10]/actions/config/policy-result",
            "ACCEPT_ROUTE",
            "REJECT_ROUTE",
            ResetsSession,
        ),
        (
            "the first list of VLANs of a trunk that carried all",
            "/interfaces/interface[name=Ethernet1]/ethernet/switched-vlan/config/trunk-vlans",
            "",
            "34",
            DropsPort,
        ),
        (
            "a LAG's fallback",
            "/interfaces/interface[name=Port-Channel1]/aggregation/config/fallback",
            "",
            "static",
            Hitless,
        ),
        (
            "a LAG without fallback",
            "/interfaces/interface[name=Port-Channel1]/aggregation/config/fallback",
            "static",
            "",
            DropsPort,
        ),
        ("spanning tree between a pair", "/stp/global/config/disabled-vlan", "4090", "", DropsPort),
        ("the MAC of all gateways", "/arista/varp/config/virtual-mac", "a", "b", DeviceWide),
        (
            "a lower MTU of an SVI",
            "/interfaces/interface[name=Vlan4091]/routed-vlan/ipv4/config/mtu",
            "9214",
            "1500",
            ResetsSession,
        ),
        (
            "another loopback",
            "/interfaces/interface[name=Loopback10]/config/enabled",
            "false",
            "true",
            Hitless,
        ),
        ("what protects the control plane", "/system/control-plane-traffic/x", "a", "b", DeviceWide),
    ] {
        assert_eq!(effect(path, scalar(from).as_ref(), scalar(to).as_ref(), ""), expected, "{case}");
    }
}

/// A value; none for no text.
fn scalar(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| Value::Scalar(Scalar::new(text, Form::Text)))
}

fn effect(path: &str, from: Option<&Value>, to: Option<&Value>, created: &str) -> Effect {
    let paths = created.split_whitespace().map(|path| path.parse().unwrap());
    let (created, removed) = (paths.collect(), BTreeSet::new());
    let path: Path = path.parse().unwrap();
    EFFECTS.of(&Changed { path: &path, from, to, created: &created, removed: &removed }).0
}

#[test]
fn communities_that_are_sent_no_more_take_the_overlay_with_them() {
    let list = |words: &str| {
        let words: Vec<_> = words.split_whitespace().map(|word| Scalar::new(word, Form::Text)).collect();
        (!words.is_empty()).then(|| Value::set(words))
    };
    for (from, to, expected) in [
        ("", "STANDARD", Hitless),
        ("EXTENDED", "EXTENDED STANDARD", Hitless),
        ("EXTENDED", "STANDARD", DeviceWide),
        ("EXTENDED", "", DeviceWide),
    ] {
        let path = format!("{EVPN}/config/send-community-type");
        assert_eq!(effect(&path, list(from).as_ref(), list(to).as_ref(), ""), expected, "{from} to {to}");
    }
}

#[test]
fn what_is_new_is_not_hitless_for_that_alone() {
    let text = |text: &str| Some(Value::Scalar(Scalar::new(text, Form::Text)));
    let port = "/interfaces/interface[name=Ethernet9]";
    let lag = "/lacp/interfaces/interface[name=Port-Channel1]";
    let hop = |index: &str| format!("{STATIC}/next-hops/next-hop[index={index}]");
    for (case, path, to, created, expected) in [
        ("a port that is described", format!("{port}/config/enabled"), "true", port.to_owned(), Hitless),
        ("a port that is shut", format!("{port}/config/enabled"), "false", port.to_owned(), DropsPort),
        (
            "LACP on a LAG that was static",
            format!("{lag}/config/lacp-mode"),
            "ACTIVE",
            lag.to_owned(),
            DropsPort,
        ),
        (
            "LACP on a new LAG",
            format!("{lag}/config/lacp-mode"),
            "ACTIVE",
            format!("{lag} /interfaces/interface[name=Port-Channel1]"),
            Hitless,
        ),
        (
            "a default route",
            hop("AUTO_0_10-0-0-1") + "/config/next-hop",
            "10.0.0.1",
            format!("{STATIC} {}", hop("AUTO_0_10-0-0-1")),
            ResetsSession,
        ),
        (
            "the subnet of an IPv6 gateway",
            hop("Vlan34") + "/interface-ref/config/interface",
            "Vlan34",
            format!("{STATIC} {}", hop("Vlan34")),
            Hitless,
        ),
    ] {
        assert_eq!(effect(&path, None, text(to).as_ref(), &created), expected, "{case}");
    }
}
