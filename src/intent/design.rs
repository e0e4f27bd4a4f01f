//! `fabric.yaml`: the design, once.
//!
//! Here: its sections. Elsewhere: `underlay` and `overlay` (`routing`), `services`
//! (`services`), port profiles (`port`), `drift` (`drift`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::decode::Fields;
use super::drift::{fabric_drift, own_drift};
use super::model::{
    Design, DualPrimary, Limits, Management, MlagDesign, Platform, Role, StaticRoute, UnusedPorts,
};
use super::port::profiles;
use super::routing::{overlay, role_overlay, underlay};
use super::scalar::{
    between, choice, id, ip, name, prefix, scalar, shortened, text, vlan_range, whole, wrong, wrong_hint,
};
use super::services::services;
use super::yaml::{Node, Value};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::names::{InterfaceName, RoleName, VlanId};

/// The format that this version reads.
const FORMAT: u64 = 1;

/// What was read of `fabric.yaml`.
#[derive(Debug)]
pub(crate) struct DesignRead {
    /// The design, when its required parts are there.
    pub(crate) design: Option<Design>,
    /// The sections that hold a fault: rules that look at them would find only what follows
    /// from it.
    pub(crate) broken: Vec<&'static str>,
}

/// Reads `fabric.yaml`.
pub(crate) fn design(place: Place, node: &Node, out: &mut Findings) -> DesignRead {
    let mut broken = Vec::new();
    let design = Fields::open(node, "fabric.yaml", out).and_then(|mut fields| {
        if !version(&mut fields, out) {
            return None;
        }
        sections(fields, place, &mut broken, out)
    });
    DesignRead { design, broken }
}

/// Whether the file is of the format that is read here. Of a newer one nothing else is
/// said: its keys are not known.
fn version(fields: &mut Fields<'_>, out: &mut Findings) -> bool {
    let read = fields.required("version", out, |node| match whole(node)? {
        0 => wrong_hint("value-range", node, "there is no format 0", "write `version: 1`"),
        format => Ok(format),
    });
    match read {
        Some(format) if format.value > FORMAT => {
            let this = env!("CARGO_PKG_VERSION");
            let message = format!(
                "fabric.yaml: this gitfabric ({this}) is too old: it reads format {FORMAT}, and the intent is of format {}",
                format.value
            );
            out.push(Finding::error("format-newer", &format.place, message).hint("update gitfabric"));
            false
        }
        _ => true,
    }
}

fn sections(
    mut fields: Fields<'_>,
    place: Place,
    broken: &mut Vec<&'static str>,
    out: &mut Findings,
) -> Option<Design> {
    let f = &mut fields;
    let fabric = f.required("name", out, name);
    let platform = noting("platform", broken, out, |out| platform(f, out));
    let management = noting("management", broken, out, |out| management(f, out));
    let roles = noting("roles", broken, out, |out| roles(f, out));
    let underlay = noting("underlay", broken, out, |out| underlay(f, out));
    let overlay = noting("overlay", broken, out, |out| overlay(f, out));
    let services = noting("services", broken, out, |out| services(f, out));
    let mlag = noting("mlag", broken, out, |out| mlag(f, out));
    let static_routes = noting("static-routes", broken, out, |out| static_routes(f, out));
    let profiles = noting("profiles", broken, out, |out| profiles(f, out));
    let unused = choice([("leave", UnusedPorts::Leave), ("shut", UnusedPorts::Shut)]);
    let unused_ports =
        f.optional("unused-ports", out, unused).map_or(UnusedPorts::Leave, |unused| unused.value);
    let vlan_internal = f.optional("vlan-internal", out, vlan_range);
    let limits = limits(f, out);
    let drift = noting("drift", broken, out, |out| fabric_drift(f, out));
    if platform.is_none() && !broken.contains(&"platform") {
        f.missing("platform", out);
    }
    if management.is_none() && !broken.contains(&"management") {
        f.missing("management", out);
    }
    broken.extend(fields.close(out));
    Some(Design {
        place,
        name: fabric?,
        platform: platform?,
        management: management?,
        roles,
        underlay,
        overlay,
        services,
        mlag,
        static_routes,
        profiles,
        unused_ports,
        vlan_internal,
        limits,
        drift,
    })
}

/// Reads a section and notes its name when an error was found in it.
fn noting<T>(
    section: &'static str,
    broken: &mut Vec<&'static str>,
    out: &mut Findings,
    read: impl FnOnce(&mut Findings) -> T,
) -> T {
    let mut found = Findings::new();
    let value = read(&mut found);
    if found.has_errors() {
        broken.push(section);
    }
    out.append(found);
    value
}

/// `platform: { os, version }`, of the fabric or of one device.
pub(crate) fn platform(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Platform> {
    let mut section = fields.section("platform", out)?;
    let os = section.required("os", out, text);
    let version = section.required("version", out, text);
    section.close(out);
    Some(Platform { os: os?, version: version? })
}

fn management(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Management> {
    let mut section = fields.section("management", out)?;
    let interface = section.required("interface", out, name::<InterfaceName>);
    let vrf = section.optional("vrf", out, text);
    let gnmi_port = section.section("gnmi", out).and_then(|mut gnmi| {
        let port = gnmi.optional("port", out, between(1..=u16::MAX));
        gnmi.close(out);
        port
    });
    section.close(out);
    let interface = interface?;
    let vrf = vrf.unwrap_or_else(|| Spanned::new("default".to_owned(), interface.place.clone()));
    Some(Management { interface, vrf, gnmi_port: gnmi_port.map_or(6030, |port| port.value) })
}

fn roles(fields: &mut Fields<'_>, out: &mut Findings) -> BTreeMap<RoleName, Role> {
    let mut roles = BTreeMap::new();
    for (key, node) in fields.named("roles", out) {
        let what = format!("role {}", shortened(&key.value));
        let role = match key.value.parse::<RoleName>() {
            Ok(role) => role,
            Err(error) => {
                let message = format!("fabric.yaml: `roles`: `{}` is not a role name", shortened(&key.value));
                let finding = Finding::error("value-name", &key.place, message);
                out.push(finding.label(format!("expected {}", error.expected)));
                continue;
            }
        };
        // `leaf:` alone is a role without settings
        let mut settings = Role::default();
        if !node.is_null()
            && let Some(mut fields) = Fields::open(node, what, out)
        {
            settings.asn = fields.optional("asn", out, id);
            settings.underlay = underlay(&mut fields, out);
            settings.overlay = role_overlay(&mut fields, out);
            settings.services = services(&mut fields, out);
            settings.drift = own_drift(&mut fields, out);
            fields.close(out);
        }
        roles.insert(role, settings);
    }
    roles
}

fn mlag(fields: &mut Fields<'_>, out: &mut Findings) -> Option<MlagDesign> {
    let mut section = fields.section("mlag", out)?;
    let domain = section.optional("domain", out, text);
    let port_channel = section.required("port-channel", out, between(1..=2000));
    let (mut peer_vlan, mut ibgp_vlan) = (None, None);
    match section.section("vlans", out) {
        Some(mut vlans) => {
            peer_vlan = vlans.required("peer", out, id::<VlanId>);
            ibgp_vlan = vlans.optional("ibgp", out, id);
            vlans.close(out);
        }
        None if section.node("vlans").is_none() => section.missing("vlans", out),
        None => {}
    }
    let dual_primary = dual_primary(&mut section, out);
    let vrf_ibgp = vrf_ibgp(&mut section, out);
    section.close(out);
    Some(MlagDesign {
        domain,
        port_channel: port_channel?,
        peer_vlan: peer_vlan?,
        ibgp_vlan,
        dual_primary,
        vrf_ibgp,
    })
}

fn dual_primary(fields: &mut Fields<'_>, out: &mut Findings) -> Option<DualPrimary> {
    let mut section = fields.section("dual-primary", out)?;
    let delay = section.required("delay", out, between(1..=1000));
    let action = section.optional("action", out, choice([("errdisable", true), ("none", false)]));
    let heartbeat_vrf = section.optional("heartbeat-vrf", out, text);
    section.close(out);
    let delay = delay?;
    let errdisable = action.unwrap_or_else(|| Spanned::new(false, delay.place.clone()));
    Some(DualPrimary { delay, errdisable, heartbeat_vrf })
}

/// `none`, or `{ vlans: 3001-3099 }`.
fn vrf_ibgp(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Spanned<(VlanId, VlanId)>> {
    const KEY: &str = "vrf-ibgp";
    if !matches!(fields.node(KEY)?.value, Value::Map(_)) {
        fields.optional(KEY, out, |node| match scalar(node)?.text.as_str() {
            "none" => Ok(()),
            other => wrong_hint(
                "value-choice",
                node,
                format!("`{}` is neither `none` nor a range", shortened(other)),
                "write `none` or `{ vlans: 3001-3099 }`",
            ),
        });
        return None;
    }
    let mut section = fields.section(KEY, out)?;
    let vlans = section.required("vlans", out, vlan_range);
    section.close(out);
    vlans
}

fn static_routes(fields: &mut Fields<'_>, out: &mut Findings) -> Vec<StaticRoute> {
    let routes = fields.list("static-routes", out, |node| Ok(node.clone()));
    let mut read = Vec::new();
    for route in routes {
        let Some(mut fields) = Fields::open(&route.value, "fabric.yaml: static route", out) else { continue };
        let prefix = fields.required("prefix", out, prefix);
        let via = fields.required("via", out, |node| {
            let via = ip(node)?;
            let other = |family: bool| family != via.is_ipv4();
            match &prefix {
                Some(prefix) if other(prefix.value.addr().is_ipv4()) => {
                    wrong("value-address", node, format!("`{via}` is not of the prefix's family"))
                }
                _ => Ok::<IpAddr, _>(via),
            }
        });
        fields.close(out);
        if let (Some(prefix), Some(via)) = (prefix, via) {
            read.push(StaticRoute { prefix, via });
        }
    }
    read
}

fn limits(fields: &mut Fields<'_>, out: &mut Findings) -> Limits {
    let mut limits = Limits::default();
    let Some(mut section) = fields.section("limits", out) else { return limits };
    let mut set = |key, least, slot: &mut u32| {
        if let Some(limit) = section.optional(key, out, between(least..=1_000_000)) {
            *slot = limit.value;
        }
    };
    set("devices-deleted", 0, &mut limits.devices_deleted);
    set("leaves-deleted", 0, &mut limits.leaves_deleted);
    set("spines-at-once", 1, &mut limits.spines_at_once);
    set("pairs-at-once", 1, &mut limits.pairs_at_once);
    section.close(out);
    limits
}
