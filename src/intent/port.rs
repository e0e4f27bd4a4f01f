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

/// The most ports that one range may mean; no line of a chassis has more.
const MAX_RANGE: u32 = 256;

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
    let given = shortened(&key.value);
    let (code, message, hint) = match range(&key.value) {
        Ok(names) if names.iter().all(|name| name.as_str().starts_with("Ethernet")) => return names,
        Ok(names) if names.iter().any(|name| name.as_str().starts_with("Management")) => (
            "port-management",
            format!("`{given}` carries management, which is never sent to a device"),
            "it is set by bootstrap; see `management` in fabric.yaml".to_owned(),
        ),
        Ok(_) => (
            "port-name",
            format!("`{given}` is not a physical port"),
            "name the Ethernet port; `lag: NUMBER` makes the Port-Channel".to_owned(),
        ),
        Err(NoRange::Form) => (
            "port-name",
            format!("`{given}` is not a port"),
            "write Ethernet1, Ethernet5/1 or a range as Ethernet2-8; EOS spells it with a capital E"
                .to_owned(),
        ),
        Err(NoRange::Backwards(turned)) => {
            ("port-range", format!("the range `{given}` runs backwards"), format!("write {turned}"))
        }
        Err(NoRange::Long) => (
            "port-range",
            format!("the range `{given}` means more than {MAX_RANGE} ports"),
            "write the ports that the device has".to_owned(),
        ),
    };
    out.push(Finding::error(code, &key.place, format!("{what}: {message}")).hint(hint));
    Vec::new()
}

/// Why a key means no ports.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoRange {
    /// It is neither a port nor a range of them.
    Form,
    /// Its last port comes before its first; the range that was probably meant.
    Backwards(String),
    /// It means more than [`MAX_RANGE`] ports.
    Long,
}

/// `Ethernet2-8` and `Ethernet5/1-4` as their ports; one name as itself.
pub(crate) fn range(text: &str) -> Result<Vec<InterfaceName>, NoRange> {
    if let Ok(name) = text.parse::<InterfaceName>() {
        return Ok(vec![name]);
    }
    let (first, last) = text.rsplit_once('-').ok_or(NoRange::Form)?;
    let name: InterfaceName = first.parse().map_err(|_| NoRange::Form)?;
    let digits = first.len() - first.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (Some(stem), Some(start)) = (first.get(..digits), first.get(digits..)) else {
        return Err(NoRange::Form);
    };
    let plain = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()) && !last.starts_with('0');
    if !plain || name.as_str().len() > 32 {
        return Err(NoRange::Form);
    }
    let start: u32 = start.parse().map_err(|_| NoRange::Form)?;
    // more digits than a number has is beyond every range
    let end: u32 = last.parse().unwrap_or(u32::MAX);
    if end < start {
        return Err(NoRange::Backwards(format!("{stem}{end}-{start}")));
    }
    if end - start >= MAX_RANGE {
        return Err(NoRange::Long);
    }
    (start..=end).map(|number| format!("{stem}{number}").parse().map_err(|_| NoRange::Form)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_written_out() {
        for (case, text, expected) in [
            ("one port", "Ethernet1", Ok("Ethernet1")),
            ("a lane", "Ethernet5/1", Ok("Ethernet5/1")),
            ("ports", "Ethernet9-11", Ok("Ethernet9 Ethernet10 Ethernet11")),
            ("lanes", "Ethernet5/1-3", Ok("Ethernet5/1 Ethernet5/2 Ethernet5/3")),
            ("lanes of a line card", "Ethernet3/5/1-2", Ok("Ethernet3/5/1 Ethernet3/5/2")),
            ("a range of one", "Ethernet4-4", Ok("Ethernet4")),
            ("backwards", "Ethernet8-2", Err(NoRange::Backwards("Ethernet2-8".to_owned()))),
            ("lanes backwards", "Ethernet5/4-1", Err(NoRange::Backwards("Ethernet5/1-4".to_owned()))),
            ("too long", "Ethernet1-257", Err(NoRange::Long)),
            ("beyond the numbers", "Ethernet1-99999999999999999999", Err(NoRange::Long)),
            ("padded", "Ethernet1-04", Err(NoRange::Form)),
            ("with a sign", "Ethernet1-+4", Err(NoRange::Form)),
            ("a whole name twice", "Ethernet1-Ethernet4", Err(NoRange::Form)),
            ("no last port", "Ethernet1-", Err(NoRange::Form)),
            ("no port", "eth1", Err(NoRange::Form)),
            ("nothing", "", Err(NoRange::Form)),
        ] {
            let names = range(text)
                .map(|names| names.iter().map(InterfaceName::as_str).collect::<Vec<_>>().join(" "));
            assert_eq!(names, expected.map(str::to_owned), "{case}");
        }
    }
}
