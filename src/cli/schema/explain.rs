//! `gitfabric schema explain`: all that is known of one path.

use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use super::super::table::Table;
use super::{Which, access_word, kind_word};
use crate::nearest::nearest;
use crate::yang::schema::{Access, Kind, Node, NodeId, Type, TypeId};
use crate::yang::{Elem, Path, Schema};

/// Tell all that is known of one path: kind, type, default, keys, module, access.
///
/// Keys may stand in the path or be left out. Of a container or list the children are
/// listed. If there is no such path, the nearest names are shown.
///
/// Example: gitfabric schema explain /interfaces/interface/config/mtu
#[derive(Debug, clap::Args)]
#[command(disable_version_flag = true)]
pub(super) struct Args {
    /// The path, such as `/interfaces/interface[name=Ethernet1]/config/mtu`
    path: Path,
    #[command(flatten)]
    which: Which,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let schema = &*args.which.schema()?;
    let mut found = None;
    for elem in args.path.elems() {
        match schema.child(found, elem.name()) {
            Some(child) => found = Some(child),
            None => anyhow::bail!(unknown(schema, found, elem.name())),
        }
    }
    match found {
        Some(id) => write!(out, "{}", explain(schema, id))?,
        None => write!(out, "{}", children(schema, None))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Why a path ends here, and what may have been meant.
fn unknown(schema: &Schema, parent: Option<NodeId>, name: &str) -> String {
    let above = parent.map_or_else(|| "the top".to_owned(), |id| schema.path_of(id));
    let siblings = schema.children(parent);
    let homes: Vec<&str> = siblings
        .iter()
        .filter(|id| *schema.node(**id).name == *name)
        .map(|id| &*schema.module(schema.node(*id).module).name)
        .collect();
    if !homes.is_empty() {
        let choices: Vec<String> = homes.iter().map(|module| format!("`{module}:{name}`")).collect();
        return format!("{above}: several modules have a `{name}`: write {}", choices.join(" or "));
    }
    let names = siblings.iter().map(|id| &*schema.node(*id).name);
    match nearest(name, names.clone()) {
        Some(near) => format!("{above} has no `{name}`: did you mean `{near}`?"),
        None if siblings.is_empty() => format!("{above} has no `{name}`: nothing stands below it"),
        None => format!("{above} has no `{name}`; it has: {}", names.collect::<Vec<_>>().join(", ")),
    }
}

fn explain(schema: &Schema, id: NodeId) -> String {
    let node = schema.node(id);
    let mut table = Table::default();
    let mut row = |name: &str, value: String| table.row([format!("  {name}").into(), value.into()]);
    row("kind", kind_word(schema, id, node));
    match &node.kind {
        Kind::Leaf { ty, default, mandatory } => {
            type_rows(schema, *ty, &mut row);
            row("default", default.as_deref().unwrap_or("none").to_owned());
            if *mandatory {
                row("mandatory", "yes, wherever its parent is".to_owned());
            }
        }
        Kind::LeafList { ty, ordered_by_user, entries, defaults } => {
            type_rows(schema, *ty, &mut row);
            row("default", if defaults.is_empty() { "none".to_owned() } else { defaults.join(" ") });
            row("order", order(*ordered_by_user).to_owned());
            row("entries", entries_words(*entries));
        }
        Kind::List { ordered_by_user, entries, unique, .. } => {
            row("order", order(*ordered_by_user).to_owned());
            row("entries", entries_words(*entries));
            for leaves in unique {
                row("unique", leaves.join(" "));
            }
        }
        Kind::Container { .. } => {}
    }
    for case in &node.case {
        let mandatory = if case.mandatory { " (one must be there)" } else { "" };
        row("choice", format!("{}: case {}{mandatory}", case.choice, case.case));
    }
    let module = schema.module(node.module);
    let revision =
        if module.revision.is_empty() { String::new() } else { format!(", revision {}", module.revision) };
    row("module", format!("{}{revision}", module.name));
    // the report speaks of leaves; of inner nodes only if the device lacks them
    if node.children.is_empty() || node.access != Access::Unlisted {
        row("access", access_words(node));
    }
    let mut text = format!("{}\n{table}", keyed_path(schema, id));
    if !node.children.is_empty() {
        let _ = write!(text, "\n{}", children(schema, Some(id)));
    }
    text
}

fn children(schema: &Schema, parent: Option<NodeId>) -> Table {
    let mut table = Table::with_heading(&["BELOW IT", "KIND", "ACCESS", "TYPE"]);
    for id in schema.children(parent) {
        let node = schema.node(*id);
        let ty = match &node.kind {
            Kind::Leaf { ty, .. } | Kind::LeafList { ty, .. } => type_word(schema, *ty),
            _ => String::new(),
        };
        let (kind, access) = (kind_word(schema, *id, node), access_word(node.access));
        let is_inner = matches!(node.kind, Kind::Container { .. } | Kind::List { .. });
        let access = if is_inner && node.access == Access::Unlisted { "" } else { access };
        table.row([(*node.name).into(), kind.into(), access.into(), ty.into()]);
    }
    table
}

/// `/interfaces/interface[name=*]/config/mtu`
fn keyed_path(schema: &Schema, id: NodeId) -> String {
    let node = schema.node(id);
    let above = node.parent.map_or_else(String::new, |parent| keyed_path(schema, parent));
    let keys = schema.key_names(id).into_iter().map(|key| (key, "*"));
    format!("{above}/{}", Elem::entry(Arc::clone(&node.name), keys))
}

fn order(by_user: bool) -> &'static str {
    if by_user { "the order given is kept and means something" } else { "the order means nothing" }
}

fn entries_words(entries: (u32, Option<u32>)) -> String {
    match entries {
        (0, None) => "any number".to_owned(),
        (min, None) => format!("at least {min}"),
        (0, Some(max)) => format!("at most {max}"),
        (min, Some(max)) => format!("from {min} to {max}"),
    }
}

fn access_words(node: &Node) -> String {
    let meaning = match node.access {
        Access::ReadWrite => "the vendor's path report lets it be written",
        Access::ReadOnly => "the vendor's path report lets it be read alone",
        Access::Unsupported => "the vendor's path report says that the device lacks it",
        Access::Unlisted => "the vendor's path report does not name it",
    };
    format!("{}: {meaning}", access_word(node.access))
}

/// The rows that tell what a type takes.
fn type_rows(schema: &Schema, ty: TypeId, row: &mut impl FnMut(&str, String)) {
    row("type", type_word(schema, ty));
    row("takes", schema.expected(ty));
    members(schema, ty, row);
}

/// What the words of `expected` cut short: patterns, all names, where a leafref leads.
fn members(schema: &Schema, ty: TypeId, row: &mut impl FnMut(&str, String)) {
    match schema.type_of(ty) {
        Type::Text { patterns, .. } => {
            for pattern in patterns {
                row(
                    if pattern.is_inverted() { "not pattern" } else { "pattern" },
                    pattern.as_str().to_owned(),
                );
            }
        }
        Type::Enumeration(names) | Type::Bits(names) => row("names", names.join(" ")),
        Type::Identity { bases } => {
            let full = |id: u32| {
                let identity = &schema.identities[id as usize];
                format!("{}:{}", schema.module(identity.module).name, identity.name)
            };
            row("base", bases.iter().map(|base| full(*base)).collect::<Vec<_>>().join(" and "));
            let all = 0..u32::try_from(schema.identities.len()).unwrap_or(u32::MAX);
            let derived = |id: &u32| bases.iter().all(|base| id != base && schema.derives(*id, *base));
            row("identities", all.filter(derived).map(full).collect::<Vec<_>>().join(" "));
        }
        Type::Leafref { path, require_instance, target } => {
            let must = if *require_instance { "a value that is at" } else { "a value as it could be at" };
            row("refers to", format!("{must} {path}"));
            members(schema, *target, row);
        }
        // types hold earlier types only, so this ends
        Type::Union(types) => types.iter().for_each(|member| members(schema, *member, row)),
        _ => {}
    }
}

/// A type in YANG's own word: `uint16`, `union of string, enumeration`.
pub(super) fn type_word(schema: &Schema, ty: TypeId) -> String {
    match schema.type_of(ty) {
        Type::Integer { bits, signed, ranges } => {
            let ends = ranges.first().zip(ranges.last());
            let ends = ends.map_or_else(String::new, |(first, last)| format!(" {}..{}", first.0, last.1));
            format!("{}int{bits}{ends}", if *signed { "" } else { "u" })
        }
        Type::Decimal { fraction, .. } => format!("decimal64, {fraction} digits"),
        Type::Text { .. } => "string".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Enumeration(names) => format!("enumeration of {}", names.len()),
        Type::Bits(names) => format!("bits of {}", names.len()),
        Type::Binary { .. } => "binary".to_owned(),
        Type::Empty => "empty".to_owned(),
        Type::Identity { bases } => {
            let names = bases.iter().filter_map(|base| schema.identities.get(*base as usize));
            format!("identityref {}", names.map(|identity| &*identity.name).collect::<Vec<_>>().join(" "))
        }
        Type::Leafref { path, .. } => format!("leafref {path}"),
        Type::Union(members) => {
            let words: Vec<String> = members.iter().map(|member| type_word(schema, *member)).collect();
            format!("union of {}", words.join(", "))
        }
        Type::InstanceIdentifier => "instance-identifier".to_owned(),
    }
}
