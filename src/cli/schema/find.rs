//! `gitfabric schema find`: paths by the words in them.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::super::output::print_json;
use super::super::table::Table;
use super::{Which, access_word, kind_word};
use crate::yang::schema::{Kind, NodeId};

/// List the paths that contain all of the words, with what they take and their access.
///
/// Leaves are listed, and lists and presence containers whose own name holds a word.
/// Access is what the vendor's path report says: `read+write`, `read`, `not supported`, or
/// `not listed` if the report does not name the path.
///
/// Example: gitfabric schema find bgp neighbor description
#[derive(Debug, clap::Args)]
#[command(disable_version_flag = true)]
pub(super) struct Args {
    /// Words that a path must contain, in any order; case does not matter
    #[arg(required = true, value_name = "TEXT")]
    words: Vec<String>,
    #[command(flatten)]
    which: Which,
    /// Print JSON for machines (format 1)
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Found {
    path: String,
    kind: String,
    #[serde(rename = "type")]
    ty: Option<String>,
    access: &'static str,
    module: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    format: u8,
    platform: &'a str,
    version: &'a str,
    paths: Vec<Found>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let schema = &*args.which.schema()?;
    let words: Vec<String> =
        args.words.iter().flat_map(|word| word.split_whitespace()).map(str::to_lowercase).collect();
    let mut paths = Vec::new();
    for (id, node) in (0..).map(NodeId).zip(&schema.nodes) {
        let is_leaf = matches!(node.kind, Kind::Leaf { .. } | Kind::LeafList { .. });
        let stands_alone = matches!(node.kind, Kind::List { .. } | Kind::Container { presence: true });
        let named = || words.iter().any(|word| node.name.to_lowercase().contains(word));
        let path = schema.path_of(id);
        let lower = path.to_lowercase();
        if words.iter().all(|word| lower.contains(word)) && (is_leaf || stands_alone && named()) {
            paths.push(Found {
                path,
                kind: kind_word(schema, id, node),
                ty: node_type(schema, &node.kind),
                access: access_word(node.access),
                module: schema.module(node.module).name.to_string(),
            });
        }
    }
    if args.json {
        let (platform, version) = (&*schema.platform, &*schema.version);
        print_json(out, &Answer { format: 1, platform, version, paths })?;
        return Ok(ExitCode::SUCCESS);
    }
    if paths.is_empty() {
        anyhow::bail!("no path of {} {} holds all of: {}", schema.platform, schema.version, words.join(" "));
    }
    let mut table = Table::with_heading(&["PATH", "ACCESS", "TYPE"]);
    for found in paths {
        table.row([found.path.into(), found.access.into(), found.ty.unwrap_or(found.kind).into()]);
    }
    write!(out, "{table}")?;
    Ok(ExitCode::SUCCESS)
}

fn node_type(schema: &crate::yang::Schema, kind: &Kind) -> Option<String> {
    match kind {
        Kind::Leaf { ty, .. } => Some(super::explain::type_word(schema, *ty)),
        Kind::LeafList { ty, .. } => Some(format!("list of {}", super::explain::type_word(schema, *ty))),
        _ => None,
    }
}
