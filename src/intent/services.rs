//! `services: { dns, ntp, syslog }` of the fabric, a role or a device.
//!
//! Elsewhere: which of them wins (`model::services`), whether their VRFs are there (`check`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::decode::Fields;
use super::model::services::{Dns, LogServer, Ntp, Services, Severity, Syslog};
use super::scalar::{Read, between, choice, ip, name, scalar, shortened, wrong_hint};
use super::yaml::{Node, Value};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::names::VrfName;

/// How many name servers EOS takes.
const NAME_SERVERS: usize = 3;

/// Reads the section; left out is nothing said.
pub(crate) fn services(fields: &mut Fields<'_>, out: &mut Findings) -> Services {
    let Some(mut section) = fields.section("services", out) else { return Services::default() };
    let dns = section.section("dns", out).map_or_else(Dns::default, |fields| dns(fields, out));
    let ntp = section.section("ntp", out).map_or_else(Ntp::default, |fields| ntp(fields, out));
    let syslog = section.section("syslog", out).map_or_else(Syslog::default, |fields| syslog(fields, out));
    section.close(out);
    Services { dns, ntp, syslog }
}

fn dns(mut fields: Fields<'_>, out: &mut Findings) -> Dns {
    let domain = fields.optional("domain", out, host_name);
    let servers = servers(&mut fields, out, ip);
    if let Some(further) = servers.as_deref().and_then(|servers| servers.get(NAME_SERVERS)) {
        let message = format!("{}: EOS has at most {NAME_SERVERS} name servers", fields.named_key("servers"));
        let finding = Finding::error("services-count", &further.place, message);
        out.push(finding.hint("take one out of the list"));
    }
    let vrf = fields.optional("vrf", out, name);
    fields.close(out);
    Dns { domain, servers, vrf }
}

fn ntp(mut fields: Fields<'_>, out: &mut Findings) -> Ntp {
    let servers = servers(&mut fields, out, host);
    let vrf = fields.optional("vrf", out, name::<VrfName>);
    fields.close(out);
    Ntp { servers, vrf }
}

fn syslog(mut fields: Fields<'_>, out: &mut Findings) -> Syslog {
    let levels = choice([
        ("emergency", Severity::Emergency),
        ("alert", Severity::Alert),
        ("critical", Severity::Critical),
        ("error", Severity::Error),
        ("warning", Severity::Warning),
        ("notice", Severity::Notice),
        ("informational", Severity::Informational),
        ("debug", Severity::Debug),
    ]);
    let level = fields.optional("level", out, levels);
    let said = fields.node("servers").is_some();
    let nodes = fields.list("servers", out, |node| Ok(node.clone()));
    let mut servers: Vec<LogServer> = Vec::new();
    let mut seen = BTreeMap::new();
    for node in &nodes {
        let Some(server) = log_server(&fields.named_key("servers"), node, out) else { continue };
        // the device knows a log server by its address alone
        twice(&fields.named_key("servers"), &mut seen, &server.address, out);
        servers.push(server);
    }
    let vrf = fields.optional("vrf", out, name);
    fields.close(out);
    Syslog { level, servers: said.then_some(servers), vrf }
}

/// An address, or `{ address, port }`.
fn log_server(key: &str, node: &Node, out: &mut Findings) -> Option<LogServer> {
    if !matches!(node.value, Value::Map(_)) {
        return match host(node) {
            Ok(address) => Some(LogServer { address: Spanned::new(address, node.place.clone()), port: None }),
            Err(mut finding) => {
                finding.message = format!("{key}: {}", finding.message);
                out.push(*finding);
                None
            }
        };
    }
    let mut fields = Fields::open(node, key, out)?;
    let address = fields.required("address", out, host);
    let port = fields.optional("port", out, between(1..=u16::MAX));
    fields.close(out);
    Some(LogServer { address: address?, port })
}

/// `servers`, each named once; none where the key is missing.
fn servers<T: Ord + Clone + std::fmt::Display>(
    fields: &mut Fields<'_>,
    out: &mut Findings,
    read: impl Fn(&Node) -> Read<T>,
) -> Option<Vec<Spanned<T>>> {
    fields.node("servers")?;
    let servers = fields.list("servers", out, read);
    let mut seen = BTreeMap::new();
    for server in &servers {
        twice(&fields.named_key("servers"), &mut seen, server, out);
    }
    Some(servers)
}

/// Says that a server was named before; `seen` holds where.
fn twice<T: Ord + Clone + std::fmt::Display>(
    key: &str,
    seen: &mut BTreeMap<T, Place>,
    again: &Spanned<T>,
    out: &mut Findings,
) {
    let first = seen.entry(again.value.clone()).or_insert_with(|| again.place.clone());
    if *first != again.place {
        let message = format!("{key}: {} is named twice", again.value);
        let finding = Finding::error("services-twice", &again.place, message).label("again here");
        out.push(finding.related(first, "first named here").hint("remove one of the two"));
    }
}

/// An address or a host's name. Addresses are spelt in one way, so that one server is one.
fn host(node: &Node) -> Read<String> {
    let given = scalar(node)?.text.as_str();
    let numeric = given.contains([':', '/']) || given.chars().all(|c| c.is_ascii_digit() || c == '.');
    if numeric { ip(node).map(|address: IpAddr| address.to_string()) } else { host_name(node) }
}

/// A name of DNS (RFC 1123, section 2.1), with or without its domain.
fn host_name(node: &Node) -> Read<String> {
    let given = scalar(node)?.text.as_str();
    let label = |label: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if given.len() <= 253 && given.split('.').all(label) {
        return Ok(given.to_owned());
    }
    let message = format!("`{}` is not a name of DNS", shortened(given));
    wrong_hint("value-text", node, message, "letters, digits, `-` and dots, as in ntp.example.net")
}
