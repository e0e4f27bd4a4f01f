//! One device's view of its ports, as the intent would say it.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::names::{InterfaceName, VlanId};
use crate::netbox::mapping::Field;
use crate::netbox::objection::{About, Objection, Objections};
use crate::netbox::objects::{Interface, Vlan};
use crate::netbox::translate::links::Links;
use crate::netbox::translate::mlag::{Mlag, port_channel};
use crate::netbox::translate::scope::{Member, Scope};
use crate::netbox::translate::value::{self, Subject};
use crate::netbox::wire::Ref;
use crate::netbox::yaml::{Map, Node};

/// A host port of one device.
#[derive(Clone, Debug)]
pub(super) struct HostPort {
    /// What both members of a pair have to say alike.
    pub(super) shared: Shared,
    /// Whether it is switched on, and its LAG too.
    pub(super) enabled: bool,
    /// The description, where it says more than `to`.
    pub(super) description: Option<String>,
    /// The interface; none for a port that NetBox does not have.
    pub(super) about: Option<About>,
}

impl Default for HostPort {
    fn default() -> Self {
        Self { shared: Shared::default(), enabled: true, description: None, about: None }
    }
}

/// What hosts see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shared {
    /// The device at the cable's other end.
    pub(super) to: Option<String>,
    /// The Port-Channel's number.
    pub(super) lag: Option<u16>,
    /// Whether the LAG has an MLAG id.
    pub(super) mlag: bool,
    /// How the LAG speaks LACP, where that is not the default.
    lacp: Option<String>,
    /// `access` or `trunk`.
    mode: Option<&'static str>,
    /// Allowed VLANs, or the one.
    vlans: BTreeSet<VlanId>,
    /// The untagged VLAN of a trunk.
    native: Option<VlanId>,
    /// L2 MTU.
    mtu: Option<u16>,
}

impl HostPort {
    /// Its entry; none if there is nothing to say.
    pub(super) fn said(&self) -> Option<Map> {
        let Shared { to, lag, lacp, mode, vlans, native, mtu, .. } = &self.shared;
        let mut map = Map::new();
        map.set_some("to", to.as_ref().map(Node::text));
        map.set_some("description", self.description.as_ref().map(Node::text));
        map.set_some("enabled", (!self.enabled).then(|| Node::switch(false)));
        map.set_some("lag", lag.map(Node::number));
        map.set_some("lacp", lacp.as_ref().map(Node::text));
        map.set_some("mode", mode.map(Node::text));
        if !vlans.is_empty() {
            map.set("vlans", Node::list(vlans.iter().map(|vlan| Node::number(vlan.get()))));
        }
        map.set_some("native", native.map(|vlan| Node::number(vlan.get())));
        map.set_some("mtu", mtu.map(Node::number));
        (!map.is_empty()).then_some(map)
    }

    /// Every VLAN it names.
    pub(super) fn vlans(&self) -> BTreeSet<VlanId> {
        self.shared.vlans.iter().copied().chain(self.shared.native).collect()
    }
}

/// The host ports of a device: Ethernet ports that are no end of a link and not of the peer
/// link.
pub(super) fn collect(
    scope: &Scope<'_>,
    member: &Member<'_>,
    links: &Links<'_>,
    mlag: &Mlag,
    out: &mut Objections,
) -> BTreeMap<InterfaceName, HostPort> {
    let mut ports = BTreeMap::new();
    for port in scope.interfaces(member.id) {
        let kind = port.r#type.0.as_str();
        let logical = matches!(kind, "lag" | "virtual" | "bridge") || port.mgmt_only;
        if logical || links.ends.contains_key(&port.id) || mlag.peer_links.contains(&port.id) {
            continue;
        }
        let said = read(scope, port, out);
        match port.name.parse::<InterfaceName>() {
            Ok(name) if name.as_str().starts_with("Ethernet") => {
                ports.insert(name, said);
            }
            // what nobody uses may be called anything
            _ if said.said().is_none() => {}
            _ => {
                let objection =
                    Objection::error("port-name", format!("`{}` is no name of a port", port.name));
                let objection = objection.about(scope.about_interface(port)).field("name");
                out.push(objection.expected("as EOS spells it: Ethernet1, Ethernet5/1"));
            }
        }
    }
    ports
}

/// One port with its LAG.
fn read(scope: &Scope<'_>, port: &Interface, out: &mut Objections) -> HostPort {
    if let Some(first) = scope.addresses(port.id).first() {
        return routed(scope, port, &first.net, out);
    }
    let lag = port.lag.and_then(|lag| scope.inventory.interfaces.get(&lag.0));
    let switched = lag.unwrap_or(port);
    let mut shared = Shared { to: far_name(scope, port), ..Shared::default() };
    if let Some(lag) = lag {
        shared.lag = number(scope, lag, &mut shared.mlag, out);
        shared.lacp = Some(scope.mapping.lacp.clone()).filter(|lacp| lacp != "active");
    }
    switching(scope, switched, &mut shared, out);
    shared.mtu = switched.mtu.or(port.mtu).and_then(|mtu| {
        let fits = u16::try_from(mtu).ok().filter(|mtu| (68..=9216).contains(mtu));
        if fits.is_none() {
            let objection = Objection::error("port-mtu", format!("{mtu} is no MTU of a port"));
            out.push(objection.about(scope.about_interface(switched)).field("mtu").expected("68 to 9216"));
        }
        fits
    });
    let description = [port, switched]
        .into_iter()
        .map(|interface| interface.description.trim())
        .find(|text| !text.is_empty());
    let description = description.filter(|text| shared.to.as_deref() != Some(*text)).map(str::to_owned);
    let enabled = port.enabled && switched.enabled;
    HostPort { shared, enabled, description, about: Some(scope.about_interface(port)) }
}

/// A port with an address that is no end of a link: what is left of one is only shut.
fn routed(scope: &Scope<'_>, port: &Interface, net: &IpNet, out: &mut Objections) -> HostPort {
    if port.enabled {
        let message = format!("it has the address {net} and no cable to an exported device: not exported");
        out.push(Objection::warning("port-routed", message).about(scope.about_interface(port)));
        return HostPort::default();
    }
    let description = Some(port.description.trim().to_owned()).filter(|text| !text.is_empty());
    HostPort { enabled: false, description, about: Some(scope.about_interface(port)), ..HostPort::default() }
}

/// The device at the other end of the cable.
fn far_name(scope: &Scope<'_>, port: &Interface) -> Option<String> {
    let device = scope.inventory.devices.get(&scope.far(port.id)?.device?.0)?;
    device.name.clone().filter(|name| !name.trim().is_empty())
}

/// The number of a LAG, which is its MLAG id too.
fn number(scope: &Scope<'_>, lag: &Interface, mlag: &mut bool, out: &mut Objections) -> Option<u16> {
    let about = || scope.about_interface(lag);
    let subject = Subject::new(about(), &lag.custom_fields);
    let id = scope.read(Field::InterfaceMlag, &subject, "a number from 1 to 2000", value::number, out);
    *mlag = id.is_some();
    let number = port_channel(lag);
    match (number, id) {
        (None, _) => {
            let objection = Objection::error("lag-name", format!("`{}` is no name of a LAG", lag.name));
            out.push(
                objection
                    .about(about())
                    .field("name")
                    .expected("Port-Channel and a number, as Port-Channel10"),
            );
        }
        (Some(number), Some(id)) if u64::from(number) != id => {
            let message = format!("its MLAG id {id} is not its number");
            let objection = Objection::error("lag-mlag-id", message).about(about());
            out.push(
                objection
                    .field(super::super::mlag::source(scope, Field::InterfaceMlag))
                    .expected(number.to_string()),
            );
        }
        _ => {}
    }
    number
}

/// Mode and VLANs.
fn switching(scope: &Scope<'_>, interface: &Interface, shared: &mut Shared, out: &mut Objections) {
    let mut vlan = |reference: &Ref| -> Option<VlanId> {
        let vlan: &Vlan = scope.inventory.vlans.get(&reference.0)?;
        VlanId::try_from(u64::from(vlan.vid)).ok()
    };
    let untagged = interface.untagged_vlan.as_ref().and_then(&mut vlan);
    let mode = match interface.mode.0.as_str() {
        "" => return,
        "access" => "access",
        "tagged" | "tagged-all" => "trunk",
        other => {
            let objection = Objection::error("port-mode", format!("the mode {other} is not supported"));
            out.push(
                objection
                    .about(scope.about_interface(interface))
                    .field("mode")
                    .expected("access, tagged or tagged-all"),
            );
            return;
        }
    };
    shared.mode = Some(mode);
    if mode == "access" {
        shared.vlans.extend(untagged);
        return;
    }
    shared.native = untagged;
    if interface.mode == "tagged" {
        // EOS lets the native VLAN pass only if it is allowed
        shared.vlans = interface.tagged_vlans.iter().filter_map(vlan).chain(untagged).collect();
    }
}

/// What a device says of its ends of links: shut, or described otherwise than by what is at
/// the other end.
pub(super) fn ends(
    scope: &Scope<'_>,
    member: &Member<'_>,
    links: &Links<'_>,
    out: &mut Objections,
) -> BTreeMap<InterfaceName, Map> {
    let mut ends = BTreeMap::new();
    for port in scope.interfaces(member.id) {
        let Some((far, far_port)) = links.ends.get(&port.id) else { continue };
        let far = scope.device(*far).map_or("", |far| far.name.as_str());
        let mut map = Map::new();
        let description = port.description.trim();
        if !names_only(description, far, &far_port.name) {
            map.set("description", Node::text(description));
        }
        if !port.enabled {
            map.set("enabled", Node::switch(false));
        }
        if !port.mode.is_empty() {
            let objection = Objection::warning(
                "link-mode",
                "it is an end of a routed link, and switched: its mode is not exported",
            );
            out.push(objection.about(scope.about_interface(port)).field("mode"));
        }
        if let (Ok(name), false) = (port.name.parse(), map.is_empty()) {
            ends.insert(name, map);
        }
    }
    ends
}

/// Whether a description says no more than what is at the other end, which the link says.
fn names_only(description: &str, device: &str, port: &str) -> bool {
    description
        .split(|c: char| c.is_whitespace() || ",:;_".contains(c))
        .all(|word| word.is_empty() || word == device || word == port || matches!(word, "to" | "-" | "->"))
}
