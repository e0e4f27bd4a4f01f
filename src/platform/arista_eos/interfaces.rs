//! How EOS spells its interfaces, and which type each kind has.
//!
//! Elsewhere: what is configured on them (`compile`).

use crate::names::VlanId;

/// Router id and end of the EVPN sessions.
pub const ROUTER_ID_LOOPBACK: &str = "Loopback0";
/// Source of the VXLAN tunnels.
pub const VTEP_LOOPBACK: &str = "Loopback1";
/// The VXLAN interface; EOS has exactly one.
pub const VXLAN: &str = "Vxlan1";

/// A VLAN's routed interface.
pub fn svi(vlan: VlanId) -> String {
    format!("Vlan{vlan}")
}

/// A LAG.
pub fn port_channel(number: u16) -> String {
    format!("Port-Channel{number}")
}

/// The identity of `interface/config/type` by the interface's name; none for a name of a
/// kind that EOS does not have. `iana-if-type` has no identity for VXLAN: `tunnel` stands
/// in so that the mandatory leaf is there. What EOS reports for Vxlan1 is unverified.
pub fn type_of(interface: &str) -> Option<&'static str> {
    let kind = interface.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '/' | '.'));
    Some(match kind {
        "Ethernet" | "Management" => "iana-if-type:ethernetCsmacd",
        "Loopback" => "iana-if-type:softwareLoopback",
        "Port-Channel" => "iana-if-type:ieee8023adLag",
        "Vlan" => "iana-if-type:l3ipvlan",
        "Vxlan" => "iana-if-type:tunnel",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_interface_has_its_type() {
        for (interface, expected) in [
            ("Ethernet5/1", Some("iana-if-type:ethernetCsmacd")),
            ("Management0", Some("iana-if-type:ethernetCsmacd")),
            ("Loopback0", Some("iana-if-type:softwareLoopback")),
            ("Port-Channel999", Some("iana-if-type:ieee8023adLag")),
            ("Vlan40", Some("iana-if-type:l3ipvlan")),
            ("Vxlan1", Some("iana-if-type:tunnel")),
            ("Serial0", None),
        ] {
            assert_eq!(type_of(interface), expected, "{interface}");
        }
    }
}
