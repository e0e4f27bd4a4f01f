//! `devices/NAME.yaml`: who a device is. Every address stands here in full.

use std::collections::BTreeMap;

use super::decode::Fields;
use super::design::platform;
use super::drift::own_drift;
use super::model::{Device, DeviceState, MlagMember, Uplink};
use super::port::ports;
use super::scalar::{
    Read, choice, id, ipv4, ipv4_net, link_address, name, scalar, shortened, text, wrong_hint,
};
use super::services::services;
use super::yaml::{Node, Value};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::names::{DeviceName, InterfaceName, RoleName};

/// Reads the file of the device `device`.
pub(crate) fn device(device: DeviceName, place: Place, node: &Node, out: &mut Findings) -> Option<Device> {
    let mut fields = Fields::open(node, format!("device {device}"), out)?;
    let role = fields.required("role", out, name);
    let pair = fields.optional("pair", out, name);
    let state = fields.optional(
        "state",
        out,
        choice([
            ("staged", DeviceState::Staged),
            ("active", DeviceState::Active),
            ("drained", DeviceState::Drained),
            ("paused", DeviceState::Paused),
            ("released", DeviceState::Released),
        ]),
    );
    let platform = platform(&mut fields, out);
    let asn = fields.optional("asn", out, id);
    let management = fields.required("management", out, ipv4_net);
    let loopback = fields.required("loopback", out, ipv4);
    let vtep = fields.optional("vtep", out, ipv4);
    let mlag = mlag(&mut fields, out);
    let uplinks = uplinks(&mut fields, out);
    let ports = ports(&mut fields, out);
    // a tag is a label, as a role's name is
    let tags = fields.list("tags", out, name::<RoleName>);
    let tags = tags.into_iter().map(|tag| tag.map(|tag| tag.to_string())).collect();
    let services = services(&mut fields, out);
    let drift = own_drift(&mut fields, out);
    let site = fields.optional("site", out, text);
    let tenant = fields.optional("tenant", out, text);
    fields.not_yet("breakout", "name the ports that the device has, as Ethernet5/1", out);
    fields.close(out);
    Some(Device {
        name: device,
        state: state.unwrap_or_else(|| Spanned::new(DeviceState::Active, place.clone())),
        place,
        role: role?,
        pair,
        platform,
        asn,
        management: management?,
        loopback: loopback?,
        vtep,
        mlag,
        uplinks,
        ports,
        services,
        drift,
        tags,
        site,
        tenant,
    })
}

fn mlag(fields: &mut Fields<'_>, out: &mut Findings) -> Option<MlagMember> {
    let mut section = fields.section("mlag", out)?;
    let peer = section.required("peer", out, link_address);
    let ibgp = section.optional("ibgp", out, link_address);
    section.close(out);
    Some(MlagMember { peer: peer?, ibgp })
}

fn uplinks(fields: &mut Fields<'_>, out: &mut Findings) -> BTreeMap<InterfaceName, Uplink> {
    let mut uplinks = BTreeMap::new();
    for (key, node) in fields.named("uplinks", out) {
        let what = format!("{} {}", fields.what(), shortened(&key.value));
        let port =
            key.value.parse::<InterfaceName>().ok().filter(|port| port.as_str().starts_with("Ethernet"));
        if port.is_none() {
            let message = format!("{}: `{}` is not an Ethernet port", fields.what(), shortened(&key.value));
            let finding = Finding::error("port-name", &key.place, message);
            out.push(finding.hint("write Ethernet11; EOS spells it with a capital E"));
        }
        let Some(mut fields) = Fields::open(node, what, out) else { continue };
        let to = fields.required("to", out, device_port);
        let address = fields.required("address", out, link_address);
        fields.close(out);
        if let (Some(port), Some(to), Some(address)) = (port, to, address) {
            let (device, far_port) = to.value;
            let to_port = Spanned::new(far_port, to.place.clone());
            let uplink =
                Uplink { place: key.place.clone(), to: Spanned::new(device, to.place), to_port, address };
            uplinks.insert(port, uplink);
        }
    }
    uplinks
}

/// `spine1 Ethernet3`: the far device and its port.
fn device_port(node: &Node) -> Read<(DeviceName, InterfaceName)> {
    let given = match &node.value {
        Value::Scalar(_) => scalar(node)?.text.as_str(),
        _ => "",
    };
    let mut words = given.split_whitespace();
    let ends = (words.next().map(str::parse), words.next().map(str::parse), words.next());
    if let (Some(Ok(device)), Some(Ok(port)), None) = ends {
        return Ok((device, port));
    }
    let message = format!("`{}` is not a device and its port", shortened(given));
    wrong_hint("value-link", node, message, "write both, as in `to: spine1 Ethernet3`")
}
