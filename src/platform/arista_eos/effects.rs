//! What a change of each leaf does to traffic on EOS, with the reason.
//!
//! From Arista's documentation of the commands and from how the protocols work; no device
//! was asked. Where two answers are possible the worse one stands here. Elsewhere: how a
//! rule is found (`platform::effects`), which leaf an EOS command becomes (`compile`).

use crate::platform::effects::Effect::{DeviceWide, DropsPort, Hitless, ResetsSession};
use crate::platform::effects::On::{Added, Any, False, Gone, Grows, New, NewWithInterface, Raised, True};
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
    rule("/system/config", Any, Hitless, "what the device is called; it forwards as before"),
    rule("/system/dns", Any, Hitless, "a service of the device itself; it forwards as before"),
    rule("/system/logging", Any, Hitless, "a service of the device itself; it forwards as before"),
    rule("/system/ntp", Any, Hitless, "a service of the device itself; it forwards as before"),
    rule("/lldp", Any, Hitless, "neighbours are told something else"),
    rule("/routing-policy/policy-definitions/policy-definition", New, Hitless, "a policy counts where a session or redistribution uses it"),
    rule("/routing-policy", Any, ResetsSession, "sessions stay; routes that no longer pass are withdrawn, and their traffic moves or ends"),

    // interfaces of all kinds
    rule("/interfaces/interface/config/description", Any, Hitless, "a name for people"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/config/mac-learn-mode", Any, Hitless, "from which VTEPs addresses are learned from now on"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/vlan-to-vnis/vlan-to-vni", New, Hitless, "a VLAN is stretched in addition"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/vlan-to-vnis", Any, DropsPort, "hosts of the VLAN lose those behind other VTEPs"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/vrf-to-vnis/vrf-to-vni", New, Hitless, "a VRF is stretched in addition"),
    rule("/interfaces/interface[Vxlan]/arista-vxlan/vrf-to-vnis", Any, DropsPort, "the VRF loses its subnets behind other VTEPs"),
    rule("/interfaces/interface[Ethernet]/config/enabled", False, DropsPort, "it is shut"),
    rule("/interfaces/interface", New, Hitless, "an interface without configuration of ours"),
    rule("/interfaces/interface[Vxlan]", Any, DeviceWide, "every VXLAN tunnel is built anew"),
    rule("/interfaces/interface[=Loopback0]", Any, DeviceWide, "the router id, and the end of every EVPN session"),
    rule("/interfaces/interface[=Loopback1]", Any, DeviceWide, "the VTEP address: every tunnel ends there"),
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
    rule("/interfaces/interface/aggregation/config/fallback", Added, Hitless, "counts only while no LACP is heard"),
    rule("/interfaces/interface/aggregation/config/fallback", Any, DropsPort, "a host that speaks no LACP, as while it installs, loses the LAG"),
    rule("/interfaces/interface/aggregation/config/fallback-timeout", Any, Hitless, "counts only while no LACP is heard"),
    rule("/interfaces/interface/aggregation", Any, DropsPort, "the LAG is built anew"),
    rule("/interfaces/interface/ethernet/config/aggregate-id", Any, DropsPort, "the port changes its LAG"),
    rule("/lacp/interfaces/interface", NewWithInterface, Hitless, "a LAG that was not there"),
    rule("/lacp", Any, DropsPort, "LACP is negotiated anew"),
    rule("/stp/global/config/disabled-vlan", Added, Hitless, "of VLANs that stay within the pair"),
    rule("/stp/global/config/disabled-vlan", Grows, Hitless, "of VLANs that stay within the pair"),
    rule("/stp/global/config/disabled-vlan", Any, DropsPort, "spanning tree begins in a VLAN, and may block the link between the pair"),
    rule("/stp/interfaces/interface/config/link-type", Any, Hitless, "a hint for spanning tree; the port keeps its state"),
    rule("/stp", Any, DropsPort, "spanning tree may block the port"),

    // addresses and gateways
    rule("/interfaces/interface[Vlan]/routed-vlan/ipv4/config/mtu", Raised, Hitless, "of packets that are routed from now on"),
    rule("/interfaces/interface[Vlan]/routed-vlan/ipv6/config/mtu", Raised, Hitless, "of packets that are routed from now on"),
    rule("/interfaces/interface[Vlan]/routed-vlan/ipv4/config/mtu", Any, ResetsSession, "larger packets are cut or dropped, and sessions over the SVI with them"),
    rule("/interfaces/interface[Vlan]/routed-vlan/ipv6/config/mtu", Any, ResetsSession, "larger packets are cut or dropped, and sessions over the SVI with them"),
    rule("/interfaces/interface[Vlan]/arista-varp/secondary-virtual-addresses/address", New, Hitless, "a gateway address in addition"),
    rule("/interfaces/interface[Vlan]", Any, DropsPort, "hosts of the VLAN lose this gateway, or sessions over the SVI reset"),
    rule("/arista/varp/config/varp-intf-config/virtual-ip-addr", New, Hitless, "a gateway address in addition"),
    rule("/arista/varp/config/varp-intf-config/virtual-ip6-addr", New, Hitless, "a gateway address in addition"),
    rule("/arista/varp/config/varp-intf-config", Any, DropsPort, "hosts of the VLAN lose this gateway"),
    rule("/arista/varp", Any, DeviceWide, "every gateway of the device answers with another MAC"),
    rule("/interfaces/interface[Ethernet]/subinterfaces/subinterface/ipv4/config/mtu", Any, ResetsSession, "large packets are lost until both ends agree, and sessions with them"),
    rule("/interfaces/interface[Ethernet]/subinterfaces/subinterface/ipv6/config/mtu", Any, ResetsSession, "large packets are lost until both ends agree, and sessions with them"),
    rule("/interfaces/interface/subinterfaces", Any, DropsPort, "the link loses its address, and the session over it"),

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
    rule("/network-instances/network-instance[=default]/config", Any, DeviceWide, "routing of the default VRF"),
    rule("/network-instances/network-instance/config", Any, DropsPort, "routing of the VRF"),
    rule("/network-instances/network-instance/protocols/protocol/static-routes/static/config", Any, Hitless, "the prefix; its next hop says where it leads"),
    rule("/network-instances/network-instance/protocols/protocol/static-routes/static/next-hops/next-hop[Vlan]", New, Hitless, "the subnet of an IPv6 gateway is connected"),
    rule("/network-instances/network-instance/protocols/protocol/static-routes/static", New, ResetsSession, "what reached this prefix by another route moves to this one"),
    rule("/network-instances/network-instance/protocols/protocol/static-routes", Any, DropsPort, "what used the route loses it, or moves"),

    // BGP
    rule("/network-instances/network-instance/protocols/protocol", New, Hitless, "a protocol that did not run"),
    rule("/network-instances/network-instance[=default]/protocols/protocol", Gone, DeviceWide, "the protocol ends, with all its routes"),
    rule("/network-instances/network-instance/protocols/protocol", Gone, DropsPort, "the VRF loses the protocol's routes"),
    rule("/network-instances/network-instance[=default]/protocols/protocol/bgp/global/config", Any, DeviceWide, "every BGP session of the device resets"),
    rule(bgp!("global/config"), Any, ResetsSession, "the VRF's BGP sessions reset"),
    rule(bgp!("global/default-route-distance"), Any, ResetsSession, "sessions stay; routes are installed anew, and another protocol's may win"),
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
    rule(bgp!("neighbors/neighbor/config/send-community-type"), Added, Hitless, "routes are sent anew, the session stays"),
    rule(bgp!("neighbors/neighbor/config/send-community-type"), Grows, Hitless, "routes are sent anew, the session stays"),
    rule(bgp!("neighbors/neighbor/config/send-community-type"), Any, DeviceWide, "without extended communities an EVPN route has no route target, and nobody imports it"),
    rule(bgp!("neighbors/neighbor/prefix-limit/config/max-prefixes"), Raised, Hitless, "a session may bring more routes"),
    rule(bgp!("neighbors/neighbor/prefix-limit/config/prevent-teardown"), True, Hitless, "a session above its limit stays"),
    rule(bgp!("neighbors/neighbor/prefix-limit"), Any, ResetsSession, "a session that brings more routes than this is shut, unless the limit only warns"),
    rule(bgp!("neighbors/neighbor/apply-policy"), Any, ResetsSession, "the session stays; routes that no longer pass are withdrawn, and their traffic moves or ends"),
    rule(bgp!("neighbors/neighbor/enable-bfd"), True, Hitless, "the session stays while BFD comes up"),
    rule(bgp!("neighbors"), Any, ResetsSession, "the session begins anew"),
    rule(bgp!("peer-groups/peer-group"), New, Hitless, "a group in addition"),
    rule(bgp!("peer-groups/peer-group"), Gone, ResetsSession, "the sessions of the group end"),
    rule(bgp!("peer-groups/peer-group/config/send-community-type"), Added, Hitless, "routes are sent anew, sessions stay"),
    rule(bgp!("peer-groups/peer-group/config/send-community-type"), Grows, Hitless, "routes are sent anew, sessions stay"),
    rule(bgp!("peer-groups/peer-group/config/send-community-type"), Any, DeviceWide, "without extended communities an EVPN route has no route target, and nobody imports it"),
    rule(bgp!("peer-groups/peer-group/config/next-hop-self"), True, Hitless, "routes are sent anew, sessions stay"),
    rule(bgp!("peer-groups/peer-group/config/next-hop-self"), Any, ResetsSession, "sessions stay; routes whose next hop is not reached are lost"),
    rule(bgp!("peer-groups/peer-group/config/next-hop-unchanged"), True, ResetsSession, "sessions stay; routes are sent anew, with another next hop"),
    rule(bgp!("peer-groups/peer-group/config/next-hop-unchanged"), Any, DeviceWide, "EVPN routes name this device as their next hop, and tunnels end at no VTEP"),
    rule(bgp!("peer-groups/peer-group/prefix-limit/config/max-prefixes"), Raised, Hitless, "a session may bring more routes"),
    rule(bgp!("peer-groups/peer-group/prefix-limit/config/prevent-teardown"), True, Hitless, "a session above its limit stays"),
    rule(bgp!("peer-groups/peer-group/prefix-limit"), Any, ResetsSession, "a session that brings more routes than this is shut, unless the limit only warns"),
    rule(bgp!("peer-groups/peer-group/apply-policy"), Any, ResetsSession, "the session stays; routes that no longer pass are withdrawn, and their traffic moves or ends"),
    rule(bgp!("peer-groups/peer-group/enable-bfd"), True, Hitless, "sessions stay while BFD comes up"),
    rule(bgp!("peer-groups"), Any, ResetsSession, "all sessions of the group begin anew"),
    rule("/network-instances/network-instance/tables", Any, Hitless, "names a table that redistribution reads"),
    rule("/network-instances/network-instance/table-connections/table-connection", New, Hitless, "routes are advertised in addition"),
    rule("/network-instances/network-instance/table-connections/table-connection", Gone, ResetsSession, "the routes it took over are withdrawn"),
    rule("/network-instances/network-instance/table-connections", Any, ResetsSession, "routes that no longer pass are withdrawn"),
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
mod tests;
