//! Host ports: of a pair, of a device alone, and the profiles that they take settings from.
//!
//! Here: `ports`, `profiles`, port ranges. Elsewhere: uplinks (`device`), what a port may
//! say where, and whether its VLANs are there (`check`).

use std::collections::BTreeMap;

use super::decode::Fields;
use super::model::{Fallback, LacpMode, Port, PortMode, Profile};
use super::scalar::{between, choice, id, shortened, switch, text};
use crate::diagnostic::{Finding, Findings, Spanned};
use crate::names::InterfaceName;

/// The most ports that one range may mean; no chassis has more.
const MAX_RANGE: u32 = 1024;

/// `ports: { Ethernet1: {...}, Ethernet2-8: {...} }`, ranges expanded.
pub(crate) fn ports(fields: &mut Fields<'_>, out: &mut Findings) -> BTreeMap<InterfaceName, Port> {
    let mut ports: BTreeMap<InterfaceName, Port> = BTreeMap::new();
    for (key, node) in fields.named("ports", out) {
        let names = host_ports(fields.what(), key, out);
        let what = format!("{} {}", fields.what(), shortened(&key.value));
        let Some(port) = Fields::open(node, what, out).map(|fields| port(fields, key, out)) else { continue };
        for name in names {
            if let Some(first) = ports.get(&name) {
                let message = format!("{}: port {name} is set twice", fields.what());
                let finding = Finding::error("port-twice", &key.place, message).label("again here");
                out.push(
                    finding.related(&first.place, "first set here").hint("take it out of one of the two"),
                );
                break;
            }
            ports.insert(name, port.clone());
        }
    }
    ports
}

fn port(mut fields: Fields<'_>, key: &Spanned<String>, out: &mut Findings) -> Port {
    let port = Port {
        place: key.place.clone(),
        to: fields.optional("to", out, text),
        description: fields.optional("description", out, text),
        enabled: fields.optional("enabled", out, switch),
        profile: fields.optional("profile", out, text),
        lag: fields.optional("lag", out, between(1..=2000)),
        vlans: fields.list("vlans", out, id),
        native: fields.optional("native", out, id),
        own: settings(&mut fields, out),
    };
    fields.close(out);
    port
}

/// `profiles: { server: {...} }`.
pub(crate) fn profiles(fields: &mut Fields<'_>, out: &mut Findings) -> BTreeMap<String, Profile> {
    let mut profiles = BTreeMap::new();
    for (key, node) in fields.named("profiles", out) {
        let what = format!("profile {}", shortened(&key.value));
        if let Some(mut fields) = Fields::open(node, what, out) {
            profiles.insert(key.value.clone(), settings(&mut fields, out));
            fields.close(out);
        }
    }
    profiles
}

/// The settings that profile and port share. The timeout's range is that of
/// `arista-intf-augments` in EOS 4.35.0F.
fn settings(fields: &mut Fields<'_>, out: &mut Findings) -> Profile {
    Profile {
        mode: fields.optional(
            "mode",
            out,
            choice([("access", PortMode::Access), ("trunk", PortMode::Trunk)]),
        ),
        lacp: fields.optional(
            "lacp",
            out,
            choice([
                ("active", LacpMode::Active),
                ("passive", LacpMode::Passive),
                ("static", LacpMode::Static),
            ]),
        ),
        fallback: fields.optional(
            "fallback",
            out,
            choice([("individual", Fallback::Individual), ("static", Fallback::Static)]),
        ),
        fallback_timeout: fields.optional("fallback-timeout", out, between(0..=300)),
        mtu: fields.optional("mtu", out, between(68..=9216)),
    }
}

/// The ports that a key of `ports` means.
fn host_ports(what: &str, key: &Spanned<String>, out: &mut Findings) -> Vec<InterfaceName> {
    let refuse = |code, message: String, hint: &str| {
        Finding::error(code, &key.place, format!("{what}: {message}")).hint(hint)
    };
    let given = shortened(&key.value);
    match range(&key.value) {
        Some(names) if names.iter().all(|name| name.as_str().starts_with("Ethernet")) => names,
        Some(names) if names.iter().any(|name| name.as_str().starts_with("Management")) => {
            let message = format!("`{given}` carries management, which is never sent to a device");
            out.push(refuse(
                "port-management",
                message,
                "it is set by bootstrap; see `management` in fabric.yaml",
            ));
            Vec::new()
        }
        Some(_) => {
            let message = format!("`{given}` is not a physical port");
            out.push(refuse(
                "port-name",
                message,
                "name the Ethernet port; `lag: NUMBER` makes the Port-Channel",
            ));
            Vec::new()
        }
        None => {
            let message = format!("`{given}` is not a port");
            let hint =
                "write Ethernet1, Ethernet5/1 or a range as Ethernet2-8; EOS spells it with a capital E";
            out.push(refuse("port-name", message, hint));
            Vec::new()
        }
    }
}

/// `Ethernet2-8` and `Ethernet5/1-4` as their ports; one name as itself; none for anything
/// else, for a range that runs backwards and for one that is too long.
fn range(text: &str) -> Option<Vec<InterfaceName>> {
    if let Ok(name) = text.parse::<InterfaceName>() {
        return Some(vec![name]);
    }
    let (first, last) = text.rsplit_once('-')?;
    let name: InterfaceName = first.parse().ok()?;
    let digits = first.len() - first.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (stem, start) = (first.get(..digits)?, first.get(digits..)?);
    let (start, end): (u32, u32) = (start.parse().ok()?, last.parse().ok()?);
    let unpadded = !last.starts_with(['0', '+']);
    if !unpadded || end < start || end - start >= MAX_RANGE || name.as_str().len() > 32 {
        return None;
    }
    (start..=end).map(|number| format!("{stem}{number}").parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_written_out() {
        for (case, text, expected) in [
            ("one port", "Ethernet1", Some("Ethernet1")),
            ("a lane", "Ethernet5/1", Some("Ethernet5/1")),
            ("ports", "Ethernet9-11", Some("Ethernet9 Ethernet10 Ethernet11")),
            ("lanes", "Ethernet5/1-3", Some("Ethernet5/1 Ethernet5/2 Ethernet5/3")),
            ("a range of one", "Ethernet4-4", Some("Ethernet4")),
            ("backwards", "Ethernet8-2", None),
            ("too long", "Ethernet1-99999", None),
            ("beyond the numbers", "Ethernet1-99999999999999999999", None),
            ("padded", "Ethernet1-04", None),
            ("a whole name twice", "Ethernet1-Ethernet4", None),
            ("no port", "eth1", None),
            ("nothing", "", None),
        ] {
            let names = range(text)
                .map(|names| names.iter().map(InterfaceName::as_str).collect::<Vec<_>>().join(" "));
            assert_eq!(names.as_deref(), expected, "{case}");
        }
    }
}
