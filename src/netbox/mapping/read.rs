//! Reading `netbox.yaml`, every fault with its place.
//!
//! Elsewhere: what the keys mean (`mapping`), whether NetBox has what is named (`check`).

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use regex::Regex;

use super::{DESIGN_KEYS, DeviceFilter, FabricMapping, Field, Mapping, Named, Source};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::intent::decode::Fields;
use crate::intent::model::DeviceState;
use crate::intent::scalar::{Read, choice, name, scalar, shortened, text, wrong_hint};
use crate::intent::yaml::{Node, Value, parse};
use crate::names::{RepoPath, RoleName};
use crate::nearest::suggest;
use crate::netbox::yaml::{Map, Node as Written};

impl Mapping {
    /// Reads the file. With errors among the findings there is no mapping.
    pub fn parse(file: &RepoPath, bytes: &[u8]) -> (Option<Self>, Findings) {
        let (node, mut out) = parse(file, bytes);
        let mut mapping = Self::default();
        if let Some(node) = node {
            read(&mut mapping, &node, &mut out);
        }
        out.sort();
        (Some(mapping).filter(|_| !out.has_errors()), out)
    }

    /// The folders of its fabrics, below the intent's; the empty one is that folder itself.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.fabrics.keys().map(String::as_str)
    }
}

fn read(mapping: &mut Mapping, node: &Node, out: &mut Findings) {
    let Some(mut fields) = Fields::open(node, super::FILE, out) else { return };
    let devices = fields.entry("devices").map(|(place, _)| place.clone());
    let base = FabricMapping {
        devices: filter(&mut fields, &mut mapping.named, out),
        design: design(&mut fields, out),
    };
    sources(mapping, &mut fields, out);
    for (slug, node) in fields.named("platforms", out) {
        let what = format!("platform {}", shortened(&slug.value));
        let Some(mut fields) = Fields::open(node, what, out) else { continue };
        let (os, version) = (fields.required("os", out, text), fields.required("version", out, text));
        fields.close(out);
        mapping.named.push(Named::new("platform", slug));
        if let (Some(os), Some(version)) = (os, version) {
            mapping.platforms.insert(slug.value.clone(), (os.value, version.value));
        }
    }
    for (slug, role) in values(&mut fields, "roles", out, name::<RoleName>) {
        mapping.named.push(Named::new("role", slug));
        mapping.roles.insert(slug.value.clone(), role);
    }
    for (status, state) in values(&mut fields, "states", out, state) {
        match state {
            Some(state) => mapping.states.insert(status.value.clone(), state),
            None => mapping.states.remove(&status.value),
        };
    }
    let authors = values(&mut fields, "authors", out, author);
    mapping.authors.extend(authors.into_iter().map(|(user, author)| (user.value.clone(), author)));
    if let Some(tiers) = fields.node("tiers") {
        mapping.tiers = read_tiers(tiers, out);
    }
    let words = choice([("active", "active"), ("passive", "passive"), ("static", "static")]);
    if let Some(lacp) = fields.optional("lacp", out, words) {
        lacp.value.clone_into(&mut mapping.lacp);
    }
    mapping.fabrics = fabrics(&mut fields, base, devices.as_ref(), &mut mapping.named, out);
    fields.close(out);
}

/// `key: value` lines whose keys are NetBox's words.
fn values<'n, T>(
    fields: &mut Fields<'n>,
    key: &'static str,
    out: &mut Findings,
    read: impl Fn(&Node) -> Read<T>,
) -> Vec<(&'n Spanned<String>, T)> {
    let mut found = Vec::new();
    for (name, node) in fields.named(key, out) {
        match read(node) {
            Ok(value) => found.push((name, value)),
            Err(mut finding) => {
                finding.message =
                    format!("{}: `{key}.{}`: {}", super::FILE, shortened(&name.value), finding.message);
                out.push(*finding);
            }
        }
    }
    found
}

/// A state, or `skip`.
fn state(node: &Node) -> Read<Option<DeviceState>> {
    choice([
        ("staged", Some(DeviceState::Staged)),
        ("active", Some(DeviceState::Active)),
        ("drained", Some(DeviceState::Drained)),
        ("paused", Some(DeviceState::Paused)),
        ("released", Some(DeviceState::Released)),
        ("skip", None),
    ])(node)
}

/// `Alice A <alice@example.net>`.
fn author(node: &Node) -> Read<String> {
    let given = text(node)?;
    let address = given.strip_suffix('>').and_then(|rest| rest.split_once(" <"));
    match address {
        Some((name, address)) if !name.trim().is_empty() && !name.contains('<') && is_address(address) => {
            Ok(given)
        }
        _ => wrong_hint(
            "mapping-author",
            node,
            format!("`{}` is no author", shortened(&given)),
            "write `Name <name@example.net>`",
        ),
    }
}

fn is_address(text: &str) -> bool {
    text.contains('@') && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>'))
}

/// `tiers: [super-spine, spine, [leaf, border]]`.
fn read_tiers(node: &Node, out: &mut Findings) -> Vec<Vec<String>> {
    let one = |node: &Node, out: &mut Findings| match name::<RoleName>(node) {
        Ok(role) => Some(role.to_string()),
        Err(finding) => {
            out.push(*finding);
            None
        }
    };
    let Value::List(tiers) = &node.value else {
        let finding = Finding::error(
            "value-type",
            &node.place,
            format!("{}: `tiers`: a list is expected", super::FILE),
        );
        out.push(finding.hint("write the roles from the top to the bottom, as in [spine, leaf]"));
        return Vec::new();
    };
    let roles = |node: &Node, out: &mut Findings| match &node.value {
        Value::List(roles) => roles.iter().filter_map(|role| one(role, out)).collect(),
        _ => one(node, out).into_iter().collect(),
    };
    tiers.iter().map(|tier| roles(tier, out)).collect()
}

/// `devices: { sites, roles, tags, statuses, name, exclude }`.
fn filter(fields: &mut Fields<'_>, named: &mut Vec<Named>, out: &mut Findings) -> DeviceFilter {
    let Some(mut section) = fields.section("devices", out) else { return DeviceFilter::default() };
    let mut slugs = |key: &'static str, kind: &'static str, section: &mut Fields<'_>, out: &mut Findings| {
        let found = section.one_or_list(key, out, text);
        named.extend(found.iter().filter(|_| !kind.is_empty()).map(|slug| Named::new(kind, slug)));
        found.into_iter().map(|slug| slug.value).collect::<BTreeSet<String>>()
    };
    let filter = DeviceFilter {
        sites: slugs("sites", "site", &mut section, out),
        roles: slugs("roles", "role", &mut section, out),
        tags: slugs("tags", "tag", &mut section, out),
        statuses: slugs("statuses", "", &mut section, out),
        name: section.optional("name", out, pattern).map(|pattern| pattern.value),
        exclude: section.optional("exclude", out, pattern).map(|pattern| pattern.value),
    };
    section.close(out);
    filter
}

/// A regular expression over a whole name.
fn pattern(node: &Node) -> Read<Regex> {
    let given = &scalar(node)?.text;
    let bounded = regex::RegexBuilder::new(&format!("^(?:{given})$")).size_limit(1 << 20).build();
    bounded.or_else(|error| {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let message = format!("`{}` is no regular expression: {why}", shortened(given));
        wrong_hint("mapping-pattern", node, message, "it has to match a whole name, as in `leaf[0-9]+`")
    })
}

/// `fields: { device.pair: custom_fields.mlag_domain_id }`, one source or several in order.
fn sources(mapping: &mut Mapping, fields: &mut Fields<'_>, out: &mut Findings) {
    for (key, node) in fields.named("fields", out) {
        let Some((field, _)) = Field::all().find(|(_, name)| *name == key.value) else {
            let message = format!("{}: there is no field `{}`", super::FILE, shortened(&key.value));
            let finding = Finding::error("mapping-field", &key.place, message);
            out.push(match suggest(&key.value, Field::all().map(|(_, name)| name)) {
                Some(hint) => finding.hint(hint),
                None => finding.hint(Field::all().map(|(_, name)| name).collect::<Vec<_>>().join(", ")),
            });
            continue;
        };
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut read = Vec::new();
        for item in items {
            match source(field, item) {
                Ok(source) => {
                    mapping.places.push((field, source.clone(), item.place.clone()));
                    read.push(source);
                }
                Err(mut finding) => {
                    finding.message = format!("{}: `{}`: {}", super::FILE, key.value, finding.message);
                    out.push(*finding);
                }
            }
        }
        mapping.fields.insert(field, read);
    }
}

fn source(field: Field, node: &Node) -> Read<Source> {
    let given = &scalar(node)?.text;
    let refuse = |message: String| {
        let hint = "write custom_fields.NAME, or config_context.KEY for what a device has there";
        wrong_hint("mapping-source", node, message, hint)
    };
    match Source::from_str(given) {
        Ok(Source::Context(_)) if field.object_type() != "dcim.device" => {
            refuse(format!("`{}`: only devices have a config context", shortened(given)))
        }
        Ok(source) => Ok(source),
        Err(()) => refuse(format!("`{}` is no place to look for a value", shortened(given))),
    }
}

/// `fabric: {...}`: any keys of `fabric.yaml`; what they mean is read there.
fn design(fields: &mut Fields<'_>, out: &mut Findings) -> Map {
    for (key, _) in fields.named("fabric", out) {
        if !DESIGN_KEYS.contains(&key.value.as_str()) {
            let message = format!("{}: fabric.yaml has no key `{}`", super::FILE, shortened(&key.value));
            let finding = Finding::error("key-unknown", &key.place, message);
            out.push(match suggest(&key.value, DESIGN_KEYS) {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
        }
    }
    match fields.node("fabric").map(Written::from_read) {
        Some(Written::Map(map)) => map,
        _ => Map::new(),
    }
}

/// `fabrics: { PATH: { devices, fabric } }`; without it one fabric in the root.
fn fabrics(
    fields: &mut Fields<'_>,
    base: FabricMapping,
    devices: Option<&Place>,
    named: &mut Vec<Named>,
    out: &mut Findings,
) -> BTreeMap<String, FabricMapping> {
    let entries = fields.named("fabrics", out);
    if entries.is_empty() {
        return BTreeMap::from([(String::new(), base)]);
    }
    if let Some(place) = devices {
        let message = format!("{}: `devices` beside `fabrics` has no meaning", super::FILE);
        out.push(Finding::error("mapping-fabrics", place, message).hint("say it at each fabric"));
    }
    let mut fabrics: BTreeMap<String, FabricMapping> = BTreeMap::new();
    for (path, node) in entries {
        let trimmed = path.value.trim_end_matches('/');
        let valid =
            trimmed.parse::<RepoPath>().is_ok() && !trimmed.split('/').any(|part| part.starts_with('.'));
        if !valid {
            let message = format!("{}: `{}` is no folder", super::FILE, shortened(&path.value));
            let finding = Finding::error("mapping-fabrics", &path.place, message);
            out.push(finding.hint("write the folder's path in the repository, as in `sites/dc1`"));
        }
        let inside = |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('/'));
        if let Some(other) = fabrics.keys().find(|other| inside(trimmed, other) || inside(other, trimmed)) {
            let message = format!("{}: {trimmed} and {other} lie inside each other", super::FILE);
            out.push(
                Finding::error("mapping-fabrics", &path.place, message)
                    .hint("give each fabric a folder of its own"),
            );
        }
        let Some(mut section) = Fields::open(node, format!("fabric {}", shortened(&path.value)), out) else {
            continue;
        };
        let mut over = base.design.clone();
        let devices = filter(&mut section, named, out);
        over.merge(design(&mut section, out));
        section.close(out);
        fabrics.insert(trimmed.to_owned(), FabricMapping { devices, design: over });
    }
    fabrics
}
