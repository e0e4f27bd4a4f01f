//! `services` of each device (DNS, NTP, syslog), from its config context.
//!
//! Read tolerantly: a list or a single server stands for `{ servers }`, and the usual words
//! for one key are taken. What the intent has no place for is a note, once for all devices.
//! Elsewhere: which level says it (`layers`), the other keys of the context (`fabric`), how
//! what does not fit is told once (`faults`).

mod faults;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use self::faults::{Fault, Faults, no_place};
use super::Draft;
use super::layers::Wishes;
use super::scope::{Member, Scope};
use super::value::{list, number, shown, text};
use crate::names::VrfName;
use crate::netbox::mapping::{Field, Source};
use crate::netbox::objection::Weight;
use crate::netbox::yaml::{Map, Node};

/// What each device wants.
pub(super) fn wishes(scope: &Scope<'_>, draft: &mut Draft) -> Wishes {
    let mut wishes = Wishes::new();
    let mut faults = Faults::default();
    for member in &scope.devices {
        let mut services = Map::new();
        for (key, field, read) in SECTIONS {
            let subject = scope.device_subject(member.device);
            let whole = |value: &Value| Some(value.clone());
            let Some(value) = scope.read(field, &subject, "servers", whole, &mut draft.objections) else {
                continue;
            };
            let mut section = Section { scope, member, field, faults: &mut faults };
            services.set_filled(key, read(&mut section, &value));
        }
        homeless(scope, member, &mut faults);
        if !services.is_empty() {
            wishes.insert(member.id, Map(vec![("services".to_owned(), services.into())]));
        }
    }
    faults.tell(scope, &mut draft.objections);
    wishes
}

type Reader = fn(&mut Section<'_, '_>, &Value) -> Map;

const SECTIONS: [(&str, Field, Reader); 3] =
    [("dns", Field::Dns, dns), ("ntp", Field::Ntp, ntp), ("syslog", Field::Syslog, syslog)];

/// The usual words for a list of servers.
const SERVERS: [&str; 5] = ["servers", "hosts", "server", "host", "nameservers"];
/// And for the address of one.
const ADDRESS: [&str; 6] = ["address", "host", "server", "ip", "name", "hostname"];

fn dns(section: &mut Section<'_, '_>, value: &Value) -> Map {
    let keys = section.keys(value, &[&["domain", "domain_name", "domain-name"], &SERVERS, &["vrf"]]);
    let mut map = Map::new();
    map.set_some("domain", keys.text("domain", section, is_host_name, "a domain").map(Node::text));
    let servers = keys.servers(section, |item, section| {
        let address = section.address(item)?;
        address.parse::<IpAddr>().is_ok().then(|| Node::text(address))
    });
    map.set_some("servers", servers);
    map.set_some("vrf", keys.vrf(section));
    map
}

fn ntp(section: &mut Section<'_, '_>, value: &Value) -> Map {
    let keys = section.keys(value, &[&SERVERS, &["vrf"]]);
    let mut map = Map::new();
    map.set_some("servers", keys.servers(section, |item, section| section.address(item).map(Node::text)));
    map.set_some("vrf", keys.vrf(section));
    map
}

fn syslog(section: &mut Section<'_, '_>, value: &Value) -> Map {
    let keys = section.keys(value, &[&["level", "severity"], &SERVERS, &["vrf"]]);
    let mut map = Map::new();
    let level = keys.get("level").and_then(|value| {
        let level = severity(value);
        if level.is_none() {
            section.refuse("level", value, "a severity of RFC 5424: emergency … informational, debug");
        }
        level
    });
    map.set_some("level", level.map(Node::text));
    let servers = keys.servers(section, |item, section| {
        let address = section.address(item)?;
        let port = item.get("port").filter(|port| !port.is_null());
        let port =
            port.map(|port| number(port).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0));
        match port {
            // 514 is what a log server has that names no port
            None | Some(Some(514)) => Some(Node::text(address)),
            Some(Some(port)) => Some(
                Map(vec![("address".into(), Node::text(address)), ("port".into(), Node::number(port))])
                    .into(),
            ),
            Some(None) => None,
        }
    });
    map.set_some("servers", servers);
    map.set_some("vrf", keys.vrf(section));
    map
}

/// A severity in the words of RFC 5424, from those of vendors and from its number.
fn severity(value: &Value) -> Option<&'static str> {
    const LEVELS: [(&str, &[&str]); 8] = [
        ("emergency", &["emergencies", "emerg"]),
        ("alert", &["alerts"]),
        ("critical", &["crit"]),
        ("error", &["errors", "err"]),
        ("warning", &["warnings", "warn"]),
        ("notice", &["notifications", "notification"]),
        ("informational", &["info", "information"]),
        ("debug", &["debugging"]),
    ];
    if let Some(level) = number(value) {
        return LEVELS.get(usize::try_from(level).ok()?).map(|(level, _)| *level);
    }
    let word = text(value)?.to_ascii_lowercase();
    LEVELS
        .iter()
        .find(|(level, also)| *level == word || also.contains(&word.as_str()))
        .map(|(level, _)| *level)
}

/// A section of one device's context while it is read.
struct Section<'s, 'i> {
    scope: &'s Scope<'i>,
    member: &'s Member<'i>,
    field: Field,
    faults: &'s mut Faults,
}

/// The values of a section by the first of the words that each key may have.
struct Keys<'v>(BTreeMap<&'static str, &'v Value>);

impl Section<'_, '_> {
    /// Sorts the keys of a map; anything else is the servers alone. Keys that nobody knows are
    /// notes.
    fn keys<'v>(&mut self, value: &'v Value, known: &[&[&'static str]]) -> Keys<'v> {
        let mut keys = BTreeMap::new();
        let Value::Object(map) = value else {
            keys.insert("servers", value);
            return Keys(keys);
        };
        for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            match known.iter().find(|words| words.contains(&key.as_str())).and_then(|words| words.first()) {
                Some(word) => {
                    if keys.insert(word, value).is_some_and(|other| other != value) {
                        self.refuse(key, value, format!("the same as `{word}` says in other words"));
                    }
                }
                None => self.leave(key),
            }
        }
        Keys(keys)
    }

    /// Where the section is read from, as the REST API names it.
    fn path(&self, key: &str) -> String {
        let source = self.scope.mapping.fields.get(&self.field).and_then(|sources| sources.first());
        format!("{}.{key}", source.map_or_else(|| "config_context".to_owned(), ToString::to_string))
    }

    fn refuse(&mut self, key: &str, value: &Value, expected: impl Into<String>) {
        let message = format!("`{}` is no value for {}", shown(value), self.field.name());
        let fault = Fault {
            weight: Weight::Error,
            code: "services-value",
            field: self.path(key),
            message,
            expected: Some(expected.into()),
        };
        self.faults.add(fault, self.member);
    }

    fn leave(&mut self, key: &str) {
        self.faults.add(no_place(self.path(key)), self.member);
    }

    /// The address of a server, which may be a map that has it; a host's address or name.
    fn address(&mut self, item: &Value) -> Option<String> {
        let address = match item {
            Value::Object(map) => {
                let named = map.keys().filter(|key| !ADDRESS.contains(&key.as_str()) && *key != "port");
                for key in named {
                    self.leave(&format!("servers.{key}"));
                }
                ADDRESS.iter().find_map(|key| map.get(*key).and_then(text))?
            }
            item => text(item)?,
        };
        match address.parse::<IpAddr>() {
            Ok(address) => Some(address.to_string()),
            Err(_) => is_host_name(&address).then_some(address),
        }
    }
}

impl<'v> Keys<'v> {
    fn get(&self, key: &str) -> Option<&'v Value> {
        self.0.get(key).copied()
    }

    fn text(
        &self,
        key: &str,
        section: &mut Section<'_, '_>,
        fits: fn(&str) -> bool,
        expected: &str,
    ) -> Option<String> {
        let value = self.get(key)?;
        let found = text(value).filter(|text| fits(text));
        if found.is_none() {
            section.refuse(key, value, expected);
        }
        found
    }

    /// The VRF in which the servers are; the device's own has no name in the intent.
    fn vrf(&self, section: &mut Section<'_, '_>) -> Option<Node> {
        let fits = |text: &str| text.parse::<VrfName>().is_ok();
        let vrf = self.text("vrf", section, fits, "a name of a VRF")?;
        (vrf != "default").then(|| Node::text(vrf))
    }

    fn servers<'s, 'i>(
        &self,
        section: &mut Section<'s, 'i>,
        read: impl Fn(&Value, &mut Section<'s, 'i>) -> Option<Node>,
    ) -> Option<Node> {
        let value = self.get("servers")?;
        let items = list(value, |item| Some(item.clone())).unwrap_or_default();
        let mut servers = Vec::new();
        for item in items {
            match read(&item, section) {
                Some(server) if servers.contains(&server) => {}
                Some(server) => servers.push(server),
                None => section.refuse("servers", &item, "an address, or a map with `address` and `port`"),
            }
        }
        Some(Node::list(servers))
    }
}

/// A name of DNS (RFC 1123, section 2.1); what looks like an address is none.
fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.len() <= 253 && !numeric && text.split('.').all(label)
}

/// Keys of the context that no field of the intent is looked for in.
fn homeless(scope: &Scope<'_>, member: &Member<'_>, faults: &mut Faults) {
    let sources = scope.mapping.fields.values().flatten();
    let wanted: Vec<&[String]> = sources
        .filter_map(|source| match source {
            Source::Context(keys) => Some(keys.as_slice()),
            Source::Custom(_) => None,
        })
        .collect();
    let mut path = Vec::new();
    unwanted(&member.device.config_context, &wanted, &mut path, &mut |path| {
        faults.add(no_place(format!("config_context.{}", path.join("."))), member);
    });
}

/// Walks down to the first key of each way that leads to nothing wanted. No deeper than the
/// wanted paths, so that the depth of the context does not matter.
fn unwanted(value: &Value, wanted: &[&[String]], path: &mut Vec<String>, tell: &mut impl FnMut(&[String])) {
    let Value::Object(map) = value else { return };
    for (key, value) in map {
        path.push(key.clone());
        if wanted.contains(&path.as_slice()) {
            // read by whoever wants it
        } else if wanted.iter().any(|wanted| wanted.starts_with(path)) {
            unwanted(value, wanted, path, tell);
        } else {
            tell(path);
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::netbox::translate::small::{Edit, Small, after, files, objections, said};

    /// Sets a key of the context of every device.
    fn everywhere(small: &mut Small, key: &str, value: &Value) {
        small.inventory.devices.values_mut().for_each(|device| device.config_context[key] = value.clone());
    }

    #[test]
    fn servers_are_read_in_every_usual_form() {
        const PATH: &str = "fabric.yaml";
        files(&[
            (
                "maps of hosts, as recorded",
                |small| {
                    let hosts =
                        json!({ "hosts": [{ "host": "10.0.0.51", "port": 514 }], "level": "informational" });
                    everywhere(small, "syslog", &hosts);
                },
                PATH,
                &["+   syslog: { level: informational, servers: [10.0.0.51] }"],
            ),
            (
                "another port, the words of EOS",
                |small| {
                    let hosts = json!({ "servers": [{ "address": "log.example", "port": "1514" }], "severity": "debugging" });
                    everywhere(small, "syslog", &hosts);
                },
                PATH,
                &["+   syslog: { level: debug, servers: [{ address: log.example, port: 1514 }] }"],
            ),
            (
                "a list alone, one named twice",
                |small| everywhere(small, "dns", &json!(["10.0.0.53", "2001:DB8::53", "10.0.0.53"])),
                PATH,
                &["+   dns: { servers: [10.0.0.53, \"2001:db8::53\"] }"],
            ),
            (
                "one server alone",
                |small| everywhere(small, "dns", &json!("10.0.0.53")),
                PATH,
                &["+   dns: { servers: [10.0.0.53] }"],
            ),
            (
                "the device's own VRF has no name",
                |small| everywhere(small, "ntp", &json!({ "servers": "ntp.example", "vrf": "default" })),
                PATH,
                &["-   ntp: { servers: [10.0.0.123], vrf: MGMT }", "+   ntp: { servers: [ntp.example] }"],
            ),
            (
                "of one device",
                |small| {
                    let device = small.inventory.devices.get_mut(&2).unwrap();
                    device.config_context["ntp"]["servers"] = json!(["10.0.0.9"]);
                },
                "devices/leaf1.yaml",
                &["+ services:", "+   ntp: { servers: [10.0.0.9] }"],
            ),
            ("nothing", |small| everywhere(small, "syslog", &json!({})), PATH, &[]),
        ]);
    }

    #[test]
    fn what_does_not_fit_is_told_once_for_all_devices() {
        objections(&[
            (
                "a server that is none",
                |small| everywhere(small, "dns", &json!({ "servers": ["10.0.0.53", "10.0.0", 7] })),
                &[
                    "error[services-value]: device leaf1: `10.0.0` is no value for services.dns (so on every device)",
                    "error[services-value]: device leaf1: `7` is no value for services.dns (so on every device)",
                ],
            ),
            (
                "a level that is none",
                |small| {
                    small.inventory.devices.get_mut(&2).unwrap().config_context["syslog"] =
                        json!({ "level": "loud" });
                },
                &["error[services-value]: device leaf1: `loud` is no value for services.syslog"],
            ),
            (
                "two words for one key",
                |small| {
                    everywhere(
                        small,
                        "ntp",
                        &json!({ "servers": ["10.0.0.1"], "hosts": ["10.0.0.2"], "vrf": "MGMT" }),
                    );
                },
                &["error[services-value]: device leaf1"],
            ),
            (
                "keys without a place",
                |small| {
                    everywhere(
                        small,
                        "ntp",
                        &json!({ "servers": ["10.0.0.1"], "vrf": "MGMT", "key": { "a": 1 } }),
                    );
                    everywhere(small, "snmp", &json!({ "community": "hush" }));
                    everywhere(small, "bgp", &json!({ "peer_filter": {} }));
                },
                &[
                    "note[context-left-out]: device leaf1: the intent has no place for it: left out (so on every device)",
                    "note[context-left-out]: device leaf1",
                    "note[context-left-out]: device leaf1",
                ],
            ),
        ]);
        let edit: Edit = |small| everywhere(small, "snmp", &json!({ "community": "hush" }));
        assert!(!said(&after(edit)).concat().contains("hush"), "values without a place may be secrets");
    }

    #[test]
    fn severities_have_many_names() {
        for (case, value, expected) in [
            ("of RFC 5424", json!("notice"), Some("notice")),
            ("of EOS", json!("notifications"), Some("notice")),
            ("short", json!("WARN"), Some("warning")),
            ("a number", json!(7), Some("debug")),
            ("a number as text", json!("0"), Some("emergency")),
            ("beyond", json!(8), None),
            ("a word", json!("loud"), None),
            ("no text", json!(["debug"]), None),
        ] {
            assert_eq!(severity(&value), expected, "{case}");
        }
    }
}
