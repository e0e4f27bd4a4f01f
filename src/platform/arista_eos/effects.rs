//! What a change of each leaf does to traffic on EOS, with the reason.
//!
//! From Arista's documentation of the commands and from how the protocols work; no device
//! was asked. Where two answers are possible the worse one stands here. Elsewhere: how a
//! rule is found (`platform::effects`), which leaf an EOS command becomes (`compile`).

use crate::platform::effects::Effect::{DeviceWide, DropsPort, Hitless, ResetsSession};
use crate::platform::effects::On::{Any, Gone, Grows, New, NewWithInterface, True};
use crate::platform::effects::{Effect, EffectRule, Effects, On};

const fn rule(path: &'static str, on: On, effect: Effect, reason: &'static str) -> EffectRule {
    EffectRule { path, on, effect, reason }
}

macro_rules! bgp {
    ($rest:literal) => {
        concat!("/network-instances/network-instance/protocols/protocol/bgp/", $rest)
    };
}

/// The table; the first line that fits holds.
pub const EFFECTS: Effects = Effects { rules: RULES, areas: AREAS };

#[rustfmt::skip]
const RULES: &[EffectRule] = &[
    // the device itself
    rule("/system", Any, Hitless, "a service of the device itself; it forwards as before"),
    rule("/lldp", Any, Hitless, "neighbours are told another name"),
    rule("/routing-policy", Any, Hitless, "routes are judged anew, sessions stay; which routes pass may change"),

    // interfaces of all kinds
    rule("/interfaces/interface/config/description", Any, Hitless, "a name for people"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/config/mac-learn-mode", Any, Hitless, "from which VTEPs addresses are learned from now on"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/vlan-to-vnis/vlan-to-vni", New, Hitless, "a VLAN is stretched in addition"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/vlan-to-vnis", Any, DropsPort, "hosts of the VLAN lose those behind other VTEPs"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/vrf-to-vnis/vrf-to-vni", New, Hitless, "a VRF is stretched in addition"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/vrf-to-vnis", Any, DropsPort, "the VRF loses its subnets behind other VTEPs"),
    rule("/interfaces/interface", New, Hitless, "an interface that had no configuration"),
    rule("/interfaces/interface[Vxlan]", Any, DeviceWide, "every VXLAN tunnel is built anew"),
    rule("/interfaces/interface[Loopback0]", Any, DeviceWide, "the router id, and the end of every EVPN session"),
    rule("/interfaces/interface[Loopback1]", Any, DeviceWide, "the VTEP address: every tunnel ends there"),
    rule("/interfaces/interface", Gone, DropsPort, "the interface loses its configuration"),
    rule("/interfaces/interface/config/enabled", True, Hitless, "it comes up"),
    rule("/interfaces/interface/config/enabled", Any, DropsPort, "it is shut"),
    rule("/interfaces/interface/config/mtu", Any, DropsPort, "the port may go down while its MTU changes"),
    rule("/interfaces/interface/config", Any, DropsPort, "what the interface is"),

    // VLANs on ports, LAGs
    rule("/interfaces/interface/ethernet/switched-vlan/config/trunk-vlans", Grows, Hitless, "the trunk carries VLANs in addition"),
    rule("/interfaces/interface/aggregation/switched-vlan/config/trunk-vlans", Grows, Hitless, "the trunk carries VLANs in addition"),
    rule("/interfaces/interface/ethernet/switched-vlan", Any, DropsPort, "hosts behind the port lose a VLAN"),
    rule("/interfaces/interface/aggregation/switched-vlan", Any, DropsPort, "hosts behind the LAG lose a VLAN"),
    rule("/interfaces/interface/aggregation/config/fallback", Any, Hitless, "counts only while no LACP is heard"),
    rule("/interfaces/interface/aggregation/config/fallback-timeout", Any, Hitless, "counts only while no LACP is heard"),
    rule("/interfaces/interface/aggregation", Any, DropsPort, "the LAG is built anew"),
    rule("/interfaces/interface/ethernet/config/aggregate-id", Any, DropsPort, "the port changes its LAG"),
    rule("/lacp/interfaces/interface", New, Hitless, "a LAG that was not there"),
    rule("/lacp", Any, DropsPort, "LACP is negotiated anew"),
    rule("/stp/global/config/disabled-vlan", Any, Hitless, "of VLANs that stay within the pair"),
    rule("/stp/interfaces", Any, Hitless, "a hint for spanning tree; the port keeps its state"),

    // addresses and gateways
    rule("/interfaces/interface[Vlan]/routed-vlan/ipv4/config/mtu", Any, Hitless, "of packets that are routed from now on"),
    rule("/interfaces/interface[Vlan]/routed-vlan/ipv6/config/mtu", Any, Hitless, "of packets that are routed from now on"),
    rule("/interfaces/interface[Vlan]/arista-varp/secondary-virtual-addresses/address", New, Hitless, "a gateway address in addition"),
    rule("/interfaces/interface[Vlan]", Any, DropsPort, "hosts of the VLAN lose this gateway, or sessions over the SVI reset"),
    rule("/arista/varp/config/varp-intf-config/virtual-ip-addr", New, Hitless, "a gateway address in addition"),
    rule("/arista/varp/config/varp-intf-config/virtual-ip6-addr", New, Hitless, "a gateway address in addition"),
    rule("/arista/varp", Any, DropsPort, "hosts of the VLAN lose this gateway"),
    rule("/interfaces/interface[Ethernet]/subinterfaces/subinterface/ipv4/config/mtu", Any, ResetsSession, "large packets are lost until both ends agree, and sessions with them"),
    rule("/interfaces/interface/subinterfaces", Any, ResetsSession, "the session over this link loses its address"),

    // VLANs and their routes
    rule("/network-instances/network-instance/vlans/vlan", New, Hitless, "a VLAN that was not there"),
    rule("/network-instances/network-instance/vlans/vlan", Gone, DropsPort, "every port loses the VLAN"),
    rule("/network-instances/network-instance/vlans/vlan/config/name", Any, Hitless, "a name for people"),
    rule("/network-instances/network-instance/vlans", Any, DropsPort, "ports lose or get the VLAN"),
    rule("/arista/eos/evpn/evpn-instances/evpn-instance", New, Hitless, "a VLAN is advertised in addition"),
    rule("/arista/eos/evpn/evpn-instances/evpn-instance", Gone, DropsPort, "hosts of the VLAN lose those behind other VTEPs"),
    rule("/arista/eos/evpn", Any, ResetsSession, "the VLAN's EVPN routes are withdrawn and sent anew"),

    // MLAG
    rule("/arista/eos/mlag/config/dual-primary-detection-delay", Any, Hitless, "counts only when the peer link fails"),
    rule("/arista/eos/mlag/config/dual-primary-action", Any, Hitless, "counts only when the peer link fails"),
    rule("/arista/eos/mlag/config/heartbeat-peer-address", Any, Hitless, "counts only when the peer link fails"),
    rule("/arista/eos/mlag", Any, DeviceWide, "the MLAG domain forms anew, and one member shuts its MLAG ports meanwhile"),

    // VRFs
    rule("/network-instances/network-instance/interfaces/interface", NewWithInterface, Hitless, "the interface is new with it"),
    rule("/network-instances/network-instance/interfaces", Any, DropsPort, "EOS clears the addresses of an interface that changes its VRF"),
    rule("/network-instances/network-instance", New, Hitless, "a VRF that was not there"),
    rule("/network-instances/network-instance", Gone, DropsPort, "the VRF goes with its routes and sessions"),
    rule("/network-instances/network-instance/config/route-distinguisher", Any, ResetsSession, "the VRF's routes are withdrawn and sent anew"),
    rule("/network-instances/network-instance/config/ipv4-routing-enabled", True, Hitless, "routing begins"),
    rule("/network-instances/network-instance/config/ipv6-routing-enabled", True, Hitless, "routing begins"),
    rule("/network-instances/network-instance[default]/config", Any, DeviceWide, "routing of the default VRF"),
    rule("/network-instances/network-instance/config", Any, DropsPort, "routing of the VRF"),
    rule("/network-instances/network-instance/protocols/protocol/static-routes/static", New, Hitless, "a route in addition"),
    rule("/network-instances/network-instance/protocols/protocol/static-routes", Any, DropsPort, "what used the route loses it, or moves"),

    // BGP
    rule("/network-instances/network-instance/protocols/protocol", New, Hitless, "a protocol that did not run"),
    rule("/network-instances/network-instance[default]/protocols/protocol", Gone, DeviceWide, "the protocol ends, with all its routes"),
    rule("/network-instances/network-instance/protocols/protocol", Gone, DropsPort, "the VRF loses the protocol's routes"),
    rule("/network-instances/network-instance[default]/protocols/protocol/bgp/global/config", Any, DeviceWide, "every BGP session of the device resets"),
    rule(bgp!("global/config"), Any, ResetsSession, "the VRF's BGP sessions reset"),
    rule(bgp!("global/default-route-distance"), Any, Hitless, "routes are chosen anew, sessions stay"),
    rule(bgp!("global/use-multiple-paths"), Any, Hitless, "paths are chosen anew, sessions stay"),
    rule(bgp!("global/logging-options"), Any, Hitless, "what is logged"),
    rule(bgp!("global/networks/network"), New, Hitless, "an address is advertised in addition"),
    rule(bgp!("global/networks"), Any, ResetsSession, "an address is advertised no more"),
    rule(bgp!("global/evpn"), Any, ResetsSession, "the VRF's routes are imported and exported anew"),
    rule(bgp!("global/afi-safis/afi-safi"), New, Hitless, "a family in addition"),
    rule(bgp!("global"), Any, ResetsSession, "sessions negotiate their families anew"),
    rule(bgp!("neighbors/neighbor"), New, Hitless, "a session in addition"),
    rule(bgp!("neighbors/neighbor"), Gone, ResetsSession, "the session ends"),
    rule(bgp!("neighbors/neighbor/config/description"), Any, Hitless, "a name for people"),
    rule(bgp!("neighbors/neighbor/config/enabled"), True, Hitless, "the session comes up"),
    rule(bgp!("neighbors/neighbor/config/enabled"), Any, ResetsSession, "the session is shut"),
    rule(bgp!("neighbors/neighbor/config/send-community-type"), Any, Hitless, "routes are sent anew, the session stays"),
    rule(bgp!("neighbors/neighbor/prefix-limit"), Any, Hitless, "the session stays while it is within the limit"),
    rule(bgp!("neighbors/neighbor/apply-policy"), Any, Hitless, "routes are judged anew, the session stays; which routes pass may change"),
    rule(bgp!("neighbors/neighbor/enable-bfd"), True, Hitless, "the session stays while BFD comes up"),
    rule(bgp!("neighbors"), Any, ResetsSession, "the session begins anew"),
    rule(bgp!("peer-groups/peer-group"), New, Hitless, "a group in addition"),
    rule(bgp!("peer-groups/peer-group"), Gone, ResetsSession, "the sessions of the group end"),
    rule(bgp!("peer-groups/peer-group/config/send-community-type"), Any, Hitless, "routes are sent anew, sessions stay"),
    rule(bgp!("peer-groups/peer-group/config/next-hop-self"), Any, Hitless, "routes are sent anew, sessions stay"),
    rule(bgp!("peer-groups/peer-group/config/next-hop-unchanged"), Any, Hitless, "routes are sent anew, sessions stay"),
    rule(bgp!("peer-groups/peer-group/prefix-limit"), Any, Hitless, "sessions stay while they are within the limit"),
    rule(bgp!("peer-groups/peer-group/apply-policy"), Any, Hitless, "routes are judged anew, sessions stay; which routes pass may change"),
    rule(bgp!("peer-groups/peer-group/enable-bfd"), True, Hitless, "sessions stay while BFD comes up"),
    rule(bgp!("peer-groups"), Any, ResetsSession, "all sessions of the group begin anew"),
    rule("/network-instances/network-instance/tables", Any, Hitless, "names a table that redistribution reads"),
    rule("/network-instances/network-instance/table-connections/table-connection", New, Hitless, "routes are advertised in addition"),
    rule("/network-instances/network-instance/table-connections/table-connection", Gone, ResetsSession, "the routes it took over are withdrawn"),
    rule("/network-instances/network-instance/table-connections", Any, Hitless, "routes are judged anew; which pass may change"),
    rule("/network-instances/network-instance/protocols/protocol/config", Any, DeviceWide, "the protocol starts or ends"),
];

/// In words, for "what is left untouched".
const AREAS: &[(&str, &str)] = &[
    ("/system/config", "the device's name"),
    ("/system", "services of the device"),
    ("/lldp", "services of the device"),
    ("/routing-policy", "routing policies"),
    ("/arista/eos/mlag", "MLAG"),
    ("/arista/eos/evpn", "EVPN instances"),
    ("/arista/varp", "SVIs and gateways"),
    ("/interfaces/interface[Vlan]", "SVIs and gateways"),
    ("/interfaces/interface[Vxlan]", "VXLAN"),
    ("/interfaces/interface[Loopback]", "loopbacks"),
    ("/interfaces", "ports and LAGs"),
    ("/lacp", "ports and LAGs"),
    ("/stp", "spanning tree"),
    ("/network-instances/network-instance/vlans", "VLANs"),
    ("/network-instances/network-instance/protocols/protocol[openconfig-policy-types:BGP]", "BGP"),
    (
        "/network-instances/network-instance/protocols/protocol[openconfig-policy-types:STATIC]",
        "static routes",
    ),
    ("/network-instances", "VRFs"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::platform::effects::Changed;
    use crate::yang::{Form, Path, Scalar, Value};

    const BGP: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp";

    #[test]
    fn what_an_engineer_expects_of_a_change_is_what_the_table_says() {
        let text = |text: &str| (!text.is_empty()).then(|| Value::Scalar(Scalar::new(text, Form::Text)));
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
            (
                "a port comes up",
                "/interfaces/interface[name=Ethernet1]/config/enabled",
                "false",
                "true",
                Hitless,
            ),
            ("an AS", &format!("{BGP}/global/config/as"), "65001", "65002", DeviceWide),
            (
                "a neighbour's AS",
                &format!("{BGP}/neighbors/neighbor[neighbor-address=10.0.0.1]/config/peer-as"),
                "65001",
                "65002",
                ResetsSession,
            ),
            (
                "a prefix limit",
                &format!(
                    "{BGP}/peer-groups/peer-group[peer-group-name=evpn]/prefix-limit/config/max-prefixes"
                ),
                "1",
                "2",
                Hitless,
            ),
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
            let (path, none): (Path, _) = (path.parse().unwrap(), BTreeSet::new());
            let (from, to) = (text(from), text(to));
            let changed =
                Changed { path: &path, from: from.as_ref(), to: to.as_ref(), created: &none, removed: &none };
            assert_eq!(EFFECTS.of(&changed).0, expected, "{case}");
        }
    }
}
