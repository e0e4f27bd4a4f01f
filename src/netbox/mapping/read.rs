//! Reading `netbox.yaml`: every key known, every value with its place.
//!
//! Elsewhere: what the keys mean (`mapping`), the intent's own files (`intent`).

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::super::yaml::{Map, Node as Written};
use super::{DeviceFilter, FabricMapping, Field, Mapping, Source};
use crate::diagnostic::{Finding, Findings};
use crate::intent::decode::Fields;
use crate::intent::model::DeviceState;
use crate::intent::scalar::{Read, choice, name, text, wrong, wrong_hint};
use crate::intent::yaml::{Node, Value, parse};
use crate::names::{RepoPath, RoleName};
use crate::nearest::suggest;

/// What a device filter is called in messages.
const WHAT: &str = "netbox.yaml";

impl Mapping {
    /// Reads the file. With errors among the findings there is no mapping.
    pub fn parse(path: &RepoPath, bytes: &[u8]) -> (Option<Self>, Findings) {
        let (node, mut out) = parse(path, bytes);
        let mapping = node.and_then(|node| read(&node, &mut out));
        (mapping.filter(|_| !out.has_errors()), out)
    }

    /// The folders of its fabrics, below the intent's; the empty one is that folder itself.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.fabrics.keys().map(String::as_str)
    }
}

fn read(node: &Node, out: &mut Findings) -> Option<Mapping> {
    let mut keys = Fields::open(node, WHAT, out)?;
    let mut mapping = Mapping::default();
    let common = fabric(&mut keys, out);
    let fabrics = keys.named("fabrics", out);
    mapping.fabrics = BTreeMap::from([(String::new(), common.clone())]);
    if !fabrics.is_empty() {
        mapping.fabrics.clear();
        let why = "stands beside `fabrics`, each of which says its own devices";
        keys.refuse("devices", "mapping-devices", why, "move it into each fabric", out);
    }
    for (folder, node) in fabrics {
        if folder.value.parse::<RepoPath>().is_err() {
            let message = format!("{WHAT}: `{}` is no folder of a repository", folder.value);
            out.push(
                Finding::error("mapping-folder", &folder.place, message)
                    .hint("write it as `dc1` or `sites/dc1`"),
            );
            continue;
        }
        let Some(mut keys) = Fields::open(node, format!("{WHAT}: fabric {}", folder.value), out) else {
            continue;
        };
        let mut own = fabric(&mut keys, out);
        keys.close(out);
        let mut design = common.design.clone();
        design.merge(own.design);
        own.design = design;
        mapping.fabrics.insert(folder.value.clone(), own);
    }
    fields(&mut keys, &mut mapping, out);
    for (slug, node) in keys.named("platforms", out) {
        let Some(mut keys) = Fields::open(node, format!("{WHAT}: platform {}", slug.value), out) else {
            continue;
        };
        let (os, version) = (keys.required("os", out, text), keys.required("version", out, text));
        keys.close(out);
        if let (Some(os), Some(version)) = (os, version) {
            mapping.platforms.insert(slug.value.clone(), (os.value, version.value));
        }
    }
    mapping.roles = named(&mut keys, "roles", out, name::<RoleName>);
    mapping.states.extend(named(&mut keys, "states", out, state));
    mapping.authors = named(&mut keys, "authors", out, author);
    if let Some(lacp) = keys.optional(
        "lacp",
        out,
        choice([("active", "active"), ("passive", "passive"), ("static", "static")]),
    ) {
        mapping.lacp = lacp.value.to_owned();
    }
    let tiers = keys.list("tiers", out, tier);
    if !tiers.is_empty() {
        mapping.tiers = tiers.into_iter().map(|tier| tier.value).collect();
    }
    keys.close(out);
    Some(mapping)
}

/// `devices` and `fabric`, which stand at the top or in each of `fabrics`.
fn fabric(keys: &mut Fields<'_>, out: &mut Findings) -> FabricMapping {
    let mut filter = DeviceFilter::default();
    if let Some(mut keys) = keys.section("devices", out) {
        let mut set = |key: &'static str, out: &mut Findings| -> BTreeSet<String> {
            keys.one_or_list(key, out, text).into_iter().map(|value| value.value).collect()
        };
        filter.sites = set("sites", out);
        filter.roles = set("roles", out);
        filter.tags = set("tags", out);
        filter.statuses = set("statuses", out);
        filter.name = keys.optional("name", out, whole_match).map(|value| value.value);
        filter.exclude = keys.optional("exclude", out, whole_match).map(|value| value.value);
        keys.close(out);
    }
    let design = match keys.node("fabric") {
        Some(Node { value: Value::Map(entries), .. }) => design(entries),
        Some(node) => {
            let message = format!("{WHAT}: `fabric`: a map of keys is expected, not {}", node.kind());
            out.push(
                Finding::error("value-type", &node.place, message).hint("write keys of fabric.yaml below it"),
            );
            Map::new()
        }
        None => Map::new(),
    };
    FabricMapping { devices: filter, design }
}

/// Keys of `fabric.yaml` as they were written; what they mean is checked in the result.
fn design(entries: &[(crate::diagnostic::Spanned<String>, Node)]) -> Map {
    Map(entries.iter().map(|(key, node)| (key.value.clone(), again(node))).collect())
}

fn again(node: &Node) -> Written {
    match &node.value {
        Value::Scalar(scalar) if scalar.plain => Written::Plain(scalar.text.clone()),
        Value::Scalar(scalar) => Written::Quoted(scalar.text.clone()),
        Value::List(items) => Written::List(items.iter().map(again).collect()),
        Value::Map(entries) => Written::Map(design(entries)),
    }
}

fn fields(keys: &mut Fields<'_>, mapping: &mut Mapping, out: &mut Findings) {
    for (key, node) in keys.named("fields", out) {
        let found = Field::all().find(|(_, name)| *name == key.value);
        let Some((field, name)) = found else {
            let message = format!("{WHAT}: `fields`: the intent has no field `{}`", key.value);
            let finding = Finding::error("mapping-field", &key.place, message);
            out.push(match suggest(&key.value, Field::all().map(|(_, name)| name)) {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
            continue;
        };
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut sources = Vec::new();
        for item in items.iter().filter(|item| !item.is_null()) {
            match source(item) {
                Ok(source) => sources.push(source),
                Err(mut finding) => {
                    finding.message = format!("{WHAT}: `fields.{name}`: {}", finding.message);
                    out.push(*finding);
                }
            }
        }
        mapping.fields.insert(field, sources);
    }
}

fn source(node: &Node) -> Read<Source> {
    let given = text(node)?;
    let hint = "write `custom_fields.NAME`, or `config_context.KEY` with a dot before each deeper key";
    given
        .parse()
        .or_else(|()| wrong_hint("mapping-source", node, format!("`{given}` is no place in NetBox"), hint))
}

fn state(node: &Node) -> Read<DeviceState> {
    choice([
        ("staged", DeviceState::Staged),
        ("active", DeviceState::Active),
        ("drained", DeviceState::Drained),
        ("paused", DeviceState::Paused),
        ("released", DeviceState::Released),
    ])(node)
}

fn author(node: &Node) -> Read<String> {
    let given = text(node)?;
    let is_known = given.split_once('<').is_some_and(|(name, address)| {
        !name.trim().is_empty()
            && address.ends_with('>')
            && address.contains('@')
            && address.matches('>').count() == 1
    });
    if is_known {
        return Ok(given);
    }
    wrong_hint(
        "mapping-author",
        node,
        "it is no author of a commit",
        "write `Ada Lovelace <ada@example.net>`",
    )
}

fn tier(node: &Node) -> Read<Vec<String>> {
    match &node.value {
        Value::List(items) => items.iter().map(text).collect(),
        _ => text(node).map(|role| vec![role]),
    }
}

/// A regular expression that has to match a name as a whole.
fn whole_match(node: &Node) -> Read<Regex> {
    let given = text(node)?;
    let bounded = regex::RegexBuilder::new(&format!("^(?:{given})$")).size_limit(1 << 20).build();
    bounded.or_else(|error| {
        let why = error.to_string();
        let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        wrong("mapping-pattern", node, format!("`{given}` is no regular expression: {last}"))
    })
}

fn named<T>(
    keys: &mut Fields<'_>,
    key: &'static str,
    out: &mut Findings,
    read: impl Fn(&Node) -> Read<T>,
) -> BTreeMap<String, T> {
    let mut values = BTreeMap::new();
    for (name, node) in keys.named(key, out) {
        match read(node) {
            Ok(value) => {
                values.insert(name.value.clone(), value);
            }
            Err(mut finding) => {
                finding.message = format!("{WHAT}: `{key}.{}`: {}", name.value, finding.message);
                out.push(*finding);
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> (Option<Mapping>, Vec<String>) {
        let (mapping, findings) = Mapping::parse(&"netbox.yaml".parse().unwrap(), text.as_bytes());
        let told = findings.iter().map(|finding| {
            let place = finding.place.as_ref().map(|place| format!("{}:{}", place.line, place.column));
            format!("{} {}", place.unwrap_or_default(), finding.message)
        });
        (mapping, told.collect())
    }

    #[test]
    fn every_key_is_read() {
        let (mapping, findings) = parsed(
            "devices: { sites: dc1, roles: [leaf, spine], tags: [gitops], statuses: [active], name: 'leaf.*' }\n\
             fields:\n  device.asn: custom_fields.asn\n  vrf.id: [custom_fields.vrf_id, custom_fields.l3vni_vlan]\n  \
             services.dns: config_context.net.dns\n\
             platforms: { eos-435: { os: arista-eos, version: 4.35.0F } }\n\
             roles: { leaf-switch: leaf }\nstates: { inventory: staged }\nlacp: passive\n\
             tiers: [spine, [leaf, border]]\nauthors: { ada: 'Ada <ada@example.net>' }\n\
             fabric: { name: dc1, limits: { leaves-deleted: 50 } }\n",
        );
        assert_eq!(findings, Vec::<String>::new());
        let mapping = mapping.unwrap();
        assert_eq!(mapping.folders().collect::<Vec<_>>(), [""]);
        let devices = &mapping.fabrics[""].devices;
        assert!(devices.sites.contains("dc1") && devices.roles.len() == 2);
        assert!(
            devices.name.as_ref().unwrap().is_match("leaf3")
                && !devices.name.as_ref().unwrap().is_match("xleaf3")
        );
        assert_eq!(mapping.fields[&Field::VrfId].len(), 2);
        assert_eq!(mapping.fields[&Field::Dns][0].to_string(), "config_context.net.dns");
        assert_eq!(mapping.platforms["eos-435"].1, "4.35.0F");
        assert_eq!(mapping.states["inventory"], DeviceState::Staged);
        assert_eq!(mapping.states["decommissioning"], DeviceState::Drained, "what is not said stays");
        assert_eq!(mapping.tiers, [vec!["spine"], vec!["leaf", "border"]]);
        assert_eq!(mapping.author("ada"), Some("Ada <ada@example.net>"));
    }

    #[test]
    fn several_fabrics_share_what_stands_at_the_top() {
        let (mapping, findings) = parsed(
            "fabric: { limits: { leaves-deleted: 50 }, drift: { default: alert } }\n\
             fabrics:\n  dc1: { devices: { sites: [dc1] } }\n  dc2: { devices: { sites: [dc2] }, fabric: { name: two } }\n",
        );
        assert_eq!(findings, Vec::<String>::new());
        let mapping = mapping.unwrap();
        assert_eq!(mapping.folders().collect::<Vec<_>>(), ["dc1", "dc2"]);
        assert!(mapping.fabrics["dc2"].design.get("name").is_some());
        assert!(mapping.fabrics["dc2"].design.get("drift").is_some());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            ("device: {}\n", "1:1 netbox.yaml: there is no key `device`"),
            (
                "fields: { device.asm: custom_fields.x }\n",
                "1:11 netbox.yaml: `fields`: the intent has no field `device.asm`",
            ),
            (
                "fields: { device.asn: cf.x }\n",
                "1:23 netbox.yaml: `fields.device.asn`: `cf.x` is no place in NetBox",
            ),
            ("states: { active: on }\n", "1:19 netbox.yaml: `states.active`: "),
            ("authors: { ada: ada }\n", "1:17 netbox.yaml: `authors.ada`: it is no author of a commit"),
            ("devices: { name: '(' }\n", "1:18 netbox.yaml: `devices.name`: `(` is no regular expression: "),
            ("fabric: 3\n", "1:9 netbox.yaml: `fabric`: a map of keys is expected"),
            ("devices: { sites: a }\nfabrics: { x: {} }\n", "1:1 netbox.yaml: `devices` stands beside"),
            ("fabrics: { ../x: {} }\n", "1:12 netbox.yaml: `../x` is no folder of a repository"),
        ] {
            let (mapping, findings) = parsed(text);
            assert!(mapping.is_none(), "{text}");
            assert!(findings.len() == 1 && findings[0].starts_with(expected), "{text}: {findings:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much_for_the_mapping(text in "(fields|devices|name|: |\\{|\\}|\\[|\\]|\n|  |x|'|.){0,60}") {
            let _ = parsed(&text);
        }
    }
}
