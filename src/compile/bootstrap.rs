//! What a device needs before the agent can reach it, and what EOS has no YANG path for.
//!
//! Here: [`text`], EOS configuration to paste or to serve by ZTP, and [`tree`], the YANG
//! view of the part of it that YANG has: what promise 13 compares and never sends.
//! Elsewhere: everything that a Set carries (the features beside this file).

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use super::Slice;
use super::defaults::{AGENT_USER, GRPC_TRANSPORT, MLAG_TRUNK_GROUP, SSL_PROFILE};
use super::interfaces::{open, routed};
use super::static_routes::write_route;
use super::system;
use crate::diagnostic::Findings;
use crate::intent::model::StaticRoute;
use crate::platform::arista_eos::interfaces::{port_channel, svi};
use crate::yang::write::Writer;
use crate::yang::{Schema, Tree};

/// The VRF that a device has without being told.
const DEFAULT_VRF: &str = "default";

/// EOS configuration, without any secret in it.
pub fn text(slice: &Slice<'_>) -> String {
    let mut out = Script(String::new());
    // writing into a String does not fail
    let _ = reach(&mut out, slice).and_then(|()| unpathed(&mut out, slice));
    out.line("end");
    out.0
}

/// Lines with EOS's own separators between sections.
struct Script(String);

impl Script {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn section(&mut self, comment: &str) {
        self.line("!");
        self.line(&format!("! {comment}"));
    }
}

impl fmt::Write for Script {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

/// What carries the agent: never sent afterwards.
fn reach(out: &mut Script, slice: &Slice<'_>) -> fmt::Result {
    let (device, management) = (slice.device, &slice.management);
    let vrf = (management.vrf.value != DEFAULT_VRF).then_some(management.vrf.as_str());
    writeln!(
        out,
        "! {device}, {} {}: what comes before the first commit.",
        slice.platform.os.value, slice.platform.version.value
    )?;
    writeln!(out, "! gitfabric compares this part and never sends it.")?;
    writeln!(out, "hostname {device}")?;
    if let Some(vrf) = vrf {
        out.section("The management VRF");
        writeln!(out, "vrf instance {vrf}")?;
    }
    out.section("How the device is reached");
    writeln!(out, "interface {}", management.interface.value)?;
    if let Some(vrf) = vrf {
        writeln!(out, "   vrf {vrf}")?;
    }
    writeln!(out, "   ip address {}", management.address.value)?;
    out.line("   no shutdown");
    if routes(slice).next().is_some() {
        let of_vrf = vrf.map_or_else(String::new, |vrf| format!(" vrf {vrf}"));
        writeln!(out, "ip routing{of_vrf}")?;
        for route in routes(slice) {
            writeln!(out, "ip route{of_vrf} {} {}", route.prefix.value, route.via.value)?;
        }
    }
    writeln!(out, "lldp management-address {}", management.interface.value)?;
    out.section("The agent's user. Set a password of your own, here or before the first pass:");
    writeln!(out, "!    username {AGENT_USER} privilege 15 role network-admin secret <password>")?;
    out.section("gNMI with TLS. The profile needs a certificate; to make one on the device, in");
    out.line("! exec mode (or install one from your own CA under the same names):");
    writeln!(out, "!    security pki key generate rsa 4096 {SSL_PROFILE}.key")?;
    writeln!(
        out,
        "!    security pki certificate generate self-signed {SSL_PROFILE}.crt key {SSL_PROFILE}.key parameters common-name {device}"
    )?;
    out.line("management security");
    writeln!(out, "   ssl profile {SSL_PROFILE}")?;
    writeln!(out, "      certificate {SSL_PROFILE}.crt key {SSL_PROFILE}.key")?;
    out.line("!");
    out.line("management api gnmi");
    writeln!(out, "   transport grpc {GRPC_TRANSPORT}")?;
    writeln!(out, "      ssl profile {SSL_PROFILE}")?;
    writeln!(out, "      port {}", management.gnmi_port)?;
    if let Some(vrf) = vrf {
        writeln!(out, "      vrf {vrf}")?;
    }
    out.line("   provider eos-native");
    out.line("   operation set persistence");
    Ok(())
}

/// What no YANG path of EOS 4.35.0F carries.
fn unpathed(out: &mut Script, slice: &Slice<'_>) -> fmt::Result {
    out.section("What EOS has no YANG path for");
    out.line("service routing protocols model multi-agent");
    if let Some(range) = slice.vlan_internal {
        let (first, last) = range.value;
        writeln!(out, "vlan internal order ascending range {first} {last}")?;
    }
    let gateway_mac = slice.overlay.and_then(|overlay| overlay.gateway_mac);
    if let Some(mac) = gateway_mac.filter(|_| slice.vtep.is_some()) {
        writeln!(out, "ip virtual-router mac-address {}", dotted(mac))?;
    }
    if let Some(mlag) = &slice.mlag {
        out.line("!");
        writeln!(out, "interface {}", port_channel(mlag.port_channel.value))?;
        out.line("   switchport mode trunk");
        writeln!(out, "   switchport trunk group {MLAG_TRUNK_GROUP}")?;
        out.line("!");
        writeln!(out, "interface {}", svi(mlag.peer_vlan.value))?;
        out.line("   no autostate");
    }
    for policy in slice.policies.policies() {
        for (number, rule) in &policy.rules {
            if let Some(list) = &rule.matches.as_path_list {
                writeln!(
                    out,
                    "!\nroute-map {} permit {number}\n   match as-path {}",
                    policy.name, list.value
                )?;
            }
        }
    }
    if let Some(asn) = slice.asn {
        out.line("!");
        writeln!(out, "router bgp {}", asn.value)?;
        out.line("   no bgp default ipv4-unicast");
        if let (Some(paths), Some(ecmp)) = (slice.underlay.maximum_paths, slice.underlay.ecmp) {
            writeln!(out, "   maximum-paths {} ecmp {}", paths.value, ecmp.value)?;
        }
    }
    out.line("!");
    Ok(())
}

/// The static routes that leave by the management network.
fn routes<'s>(slice: &'s Slice<'_>) -> impl Iterator<Item = &'s StaticRoute> {
    let protected = slice.protected();
    let by_management = move |hop: IpAddr| protected.leaves_by_management(hop);
    slice.static_routes.iter().filter(move |route| by_management(route.via.value))
}

/// `c0:01:ca:fe:ba:be` as EOS prints it: `c001.cafe.babe`.
fn dotted(mac: &str) -> String {
    let digits: Vec<char> = mac.chars().filter(char::is_ascii_hexdigit).collect();
    digits.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(".")
}

/// The YANG view of what carries the agent, with what the schema refused of it. A device
/// that has been bootstrapped reports at least this.
pub fn tree(slice: &Slice<'_>, schema: &Schema) -> (Tree, Findings) {
    let w = Writer::new(schema);
    let management = &slice.management;
    let (vrf, at) = (management.vrf.as_str(), &management.address.place);
    system::write(slice, &w);

    let interface = open(&w, management.interface.as_str(), &management.interface.place);
    routed(&interface, management.address.value.addr(), management.address.value.prefix_len(), at);

    let instance = w.entry("/network-instances/network-instance", [vrf], &management.vrf.place);
    let kind = if vrf == DEFAULT_VRF { "DEFAULT_INSTANCE" } else { "L3VRF" };
    instance.leaf("config/type", format!("openconfig-network-instance-types:{kind}"), &management.vrf.place);
    if vrf != DEFAULT_VRF {
        let member =
            instance.entry("interfaces/interface", [&management.interface.value], &management.vrf.place);
        member.leaf("config/interface", &management.interface.value, &management.vrf.place);
    }
    if routes(slice).next().is_some() {
        instance.leaf("config/ipv4-routing-enabled", true, &management.vrf.place);
    }
    routes(slice).for_each(|route| write_route(&instance, route));

    let place = &management.interface.place;
    w.leaf("/lldp/config/management-address/interface", &management.interface.value, place);
    let user = w.entry("/system/aaa/authentication/users/user", [AGENT_USER], slice.place);
    user.leaf("config/role", "network-admin", slice.place);
    let server = w.entry("/system/grpc-servers/grpc-server", [GRPC_TRANSPORT], slice.place);
    server.leaf("config/enable", true, slice.place);
    server.leaf("config/port", management.gnmi_port, slice.place);
    server.leaf("config/transport-security", true, slice.place);
    server.leaf("config/network-instance", vrf, &management.vrf.place);
    w.finish()
}
