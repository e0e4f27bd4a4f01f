//! A small model of EOS's command line: what a configuration is after commands were typed.
//!
//! It knows modes by indentation, which commands are one setting, and what `no` takes away.
//! It was written from EOS's manual and knows nothing of the view's slots.

use std::collections::{BTreeMap, BTreeSet};

use crate::platform::cli::{CliLine, Line, Sign};

/// The modes that are open, and the lines in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Model(BTreeMap<Vec<String>, BTreeSet<String>>);

/// Commands with one value: what comes after these words replaces what was there.
const SETTINGS: &[&str] = &[
    "hostname",
    "dns domain",
    "logging trap",
    "spanning-tree mode",
    "lldp management-address",
    "name",
    "state",
    "description",
    "mtu",
    "l2 mtu",
    "switchport mode",
    "switchport access vlan",
    "switchport trunk native vlan",
    "switchport trunk allowed vlan",
    "channel-group",
    "lacp timer",
    "mlag",
    "port-channel min-links",
    "port-channel lacp fallback timeout",
    "spanning-tree link-type",
    "spanning-tree portfast",
    "spanning-tree bpduguard",
    "vxlan source-interface",
    "vxlan udp-port",
    "vxlan learn-restrict",
    "domain-id",
    "local-interface",
    "peer-link",
    "peer-address heartbeat",
    "dual-primary detection delay",
    "heartbeat-interval",
    "router-id",
    "distance bgp",
    "maximum-paths",
    "rd",
    "set metric",
    "set local-preference",
    "set community",
    "set as-path prepend",
    "set ip next-hop",
    "set ipv6 next-hop",
    "match ip address prefix-list",
    "match ipv6 address prefix-list",
    "match community",
    "match as-path",
    "redistribute connected",
    "redistribute static",
];

/// After `neighbor X`.
const OF_NEIGHBORS: &[&str] = &[
    "peer group",
    "remote-as",
    "description",
    "password",
    "update-source",
    "ebgp-multihop",
    "allowas-in",
    "send-community",
    "maximum-routes",
    "timers",
];

impl Model {
    /// Of a printed configuration.
    pub(super) fn of(lines: &[Line<'_>]) -> Self {
        let (mut model, mut open) = (Self::default(), Vec::new());
        for line in lines.iter().filter(|line| line.text != "!") {
            open.truncate(line.depth);
            model.insert(&open, &line.text);
            open.push(line.text.clone());
        }
        model.tidy();
        model
    }

    /// Types the lines of a change. Signs count for comments alone, which no device has.
    pub(super) fn type_in(&mut self, lines: &[CliLine]) {
        let mut open: Vec<String> = Vec::new();
        for line in lines {
            open.truncate(line.depth);
            assert_eq!(open.len(), line.depth, "{:?} stands in no mode", line.text);
            if line.text.starts_with("! no command: ") {
                continue;
            }
            if let Some((comment, _)) = line.text.split_once(" = ").filter(|_| line.text.starts_with("! ")) {
                self.at(&open)
                    .retain(|there| there.split_once(" = ").is_none_or(|(path, _)| path != comment));
                if line.sign != Sign::Remove {
                    self.at(&open).insert(line.text.clone());
                }
            } else if line.sign == Sign::Context && line.text.starts_with("address-family ") {
                // one with refusals alone is empty here and is not on the device
                self.insert(&open, &line.text);
            } else if line.sign == Sign::Context {
                assert!(self.at(&open).contains(&line.text), "{:?} is not there to be entered", line.text);
            } else {
                self.command(&open, &line.text);
            }
            open.push(line.text.clone());
        }
        self.tidy();
    }

    /// EOS prints no address family in which nothing stands.
    fn tidy(&mut self) {
        self.0.retain(|_, lines| !lines.is_empty());
        let filled: BTreeSet<Vec<String>> = self.0.keys().cloned().collect();
        for (open, lines) in &mut self.0 {
            let is_filled =
                |line: &String| filled.contains(&open.iter().chain([line]).cloned().collect::<Vec<_>>());
            lines.retain(|line| !line.starts_with("address-family ") || is_filled(line));
        }
        self.0.retain(|_, lines| !lines.is_empty());
    }

    /// Every line with the modes around it.
    pub(super) fn lines(&self) -> BTreeSet<String> {
        let line = |open: &Vec<String>, line: &String| {
            open.iter().chain([line]).cloned().collect::<Vec<_>>().join(" / ")
        };
        self.0.iter().flat_map(|(open, lines)| lines.iter().map(move |it| line(open, it))).collect()
    }

    fn at(&mut self, open: &[String]) -> &mut BTreeSet<String> {
        self.0.entry(open.to_vec()).or_default()
    }

    /// `both` is two commands; a refusal of what is off anyway is none.
    fn insert(&mut self, open: &[String], text: &str) {
        let lines = self.at(open);
        if let Some(target) = text.strip_prefix("route-target both ") {
            lines.insert(format!("route-target import {target}"));
            lines.insert(format!("route-target export {target}"));
        } else if !text.starts_with("no ") || is_a_line(text) {
            lines.insert(text.to_owned());
        }
        if lines.is_empty() {
            self.0.remove(open);
        }
    }

    fn command(&mut self, open: &[String], text: &str) {
        if is_a_line(text) {
            self.insert(open, text);
        } else if let Some(rest) = text.strip_prefix("no ").or(text.strip_prefix("default ")) {
            self.no(open, rest);
        } else if text == "switchport" || text.starts_with("spanning-tree vlan-id ") {
            self.at(open).remove(&format!("no {text}"));
        } else {
            self.assert_legal(open, text);
            if text.starts_with("vrf ") && in_interface(open) {
                self.at(open).retain(|line| !line.starts_with("vrf "));
            }
            if let Some(setting) = setting(text) {
                self.at(open).retain(|line| self::setting(line).as_ref() != Some(&setting));
            }
            self.insert(open, text);
            self.wipe(open, text);
        }
    }

    /// EOS has one process, one action of a statement.
    fn assert_legal(&mut self, open: &[String], text: &str) {
        let words: Vec<&str> = text.split(' ').collect();
        let others: Vec<String> = self.at(open).iter().filter(|line| *line != text).cloned().collect();
        match words.as_slice() {
            ["router", "bgp", _] => {
                assert!(!others.iter().any(|line| line.starts_with("router bgp ")), "{text}");
            }
            ["route-map", name, _, number] => {
                let other = ["permit", "deny"].map(|action| format!("route-map {name} {action} {number}"));
                assert!(!others.iter().any(|line| other.contains(line)), "{text}: {others:?}");
            }
            _ => {}
        }
    }

    fn no(&mut self, open: &[String], rest: &str) {
        // with a neighbour or a group goes what its process says of it, in families too
        let whole = rest.strip_prefix("neighbor ").and_then(|rest| {
            let name = rest.strip_suffix(" peer group").unwrap_or(rest);
            let is_group =
                self.0.get(open).is_some_and(|lines| lines.contains(&format!("neighbor {name} peer group")));
            (!name.contains(' ') && (is_group || name == rest)).then(|| name.to_owned())
        });
        if let Some(name) = whole {
            let of = |line: &String| {
                line.starts_with(&format!("neighbor {name} "))
                    || *line == format!("no neighbor {name} activate")
            };
            for (context, lines) in &mut self.0 {
                let family = context.len() == open.len() + 1
                    && context.starts_with(open)
                    && context.last().is_some_and(|last| last.starts_with("address-family "));
                if context == open || family {
                    lines.retain(|line| !of(line));
                }
            }
            return;
        }
        if let Some(target) = rest.strip_prefix("route-target both ") {
            for way in ["import", "export"] {
                self.at(open).remove(&format!("route-target {way} {target}"));
            }
            return;
        }
        self.wipe(open, rest);
        let lines = self.at(open);
        let exact = lines.contains(rest);
        let gone: Vec<String> = lines
            .iter()
            .filter(|line| if exact { *line == rest } else { taken_by(rest, line) })
            .cloned()
            .collect();
        for line in gone {
            self.at(open).remove(&line);
            let mode: Vec<String> = open.iter().cloned().chain([line]).collect();
            self.0.retain(|context, _| !context.starts_with(&mode));
        }
    }

    /// An interface that moves to another VRF loses its addresses.
    fn wipe(&mut self, open: &[String], text: &str) {
        if in_interface(open) && (text == "vrf" || text.starts_with("vrf ")) {
            self.at(open)
                .retain(|line| !line.starts_with("ip address ") && !line.starts_with("ipv6 address "));
        }
    }
}

fn in_interface(open: &[String]) -> bool {
    open.last().is_some_and(|mode| mode.starts_with("interface "))
}

/// Commands whose refusal is a line of the configuration. Elsewhere a refusal of what is off
/// anyway changes nothing; `activate` is off where `no bgp default ipv4-unicast` is set.
fn is_a_line(text: &str) -> bool {
    text == "no switchport" || text.starts_with("no spanning-tree vlan-id ")
}

/// Whether `no REST` takes a line with a value away.
fn taken_by(rest: &str, line: &str) -> bool {
    let Some(value) = line.strip_prefix(rest).and_then(|value| value.strip_prefix(' ')) else {
        // `no neighbor X route-map in`
        let way = rest
            .strip_suffix(" in")
            .map(|rest| (rest, " in"))
            .or(rest.strip_suffix(" out").map(|rest| (rest, " out")));
        return way.is_some_and(|(words, way)| {
            words.ends_with("route-map") && line.starts_with(&format!("{words} ")) && line.ends_with(way)
        });
    };
    match rest {
        "peer-address" => !value.starts_with("heartbeat"),
        "port-channel lacp fallback" => !value.starts_with("timeout"),
        _ => true,
    }
}

/// What a command sets, if a second one of the kind replaces it.
fn setting(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix("neighbor ") {
        let (name, rest) = rest.split_once(' ')?;
        if rest.starts_with("route-map ") {
            return Some(format!("neighbor {name} route-map {}", rest.rsplit_once(' ')?.1));
        }
        let known = OF_NEIGHBORS.iter().find(|words| rest.starts_with(&format!("{words} ")))?;
        return Some(format!("neighbor {name} {known}"));
    }
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["vxlan", "vlan" | "vrf", of, "vni", _] => Some(format!("vxlan {of}")),
        ["ip", "address", "virtual", _] => Some("ip address virtual".to_owned()),
        ["ip", "address", _] => Some("ip address".to_owned()),
        ["peer-address", _] => Some("peer-address".to_owned()),
        ["port-channel", "lacp", "fallback", _] => Some("port-channel lacp fallback".to_owned()),
        ["bgp", "listen", "range", prefix, ..] => Some(format!("bgp listen range {prefix}")),
        ["spanning-tree", "mst", id, ..] => Some(format!("spanning-tree mst {id}")),
        ["redistribute", source, ..] => Some(format!("redistribute {source}")),
        _ => SETTINGS
            .iter()
            .find(|words| text.starts_with(&format!("{words} ")))
            .map(|words| (*words).to_owned()),
    }
}
