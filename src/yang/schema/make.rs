//! A folder's texts to the schema of a platform.
//!
//! Here: [`make`], [`Sources`]. Elsewhere: reading the folder (`cli::schema`), the steps
//! (`resolve`, `access`), keeping the result (`pack`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::{AccessError, AccessReport};
use super::resolve::{Selection, resolve};
use super::{Access, Kind, Schema};
use crate::diagnostic::Findings;
use crate::names::RepoPath;

/// What a schema is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The network OS, such as `arista-eos`.
    pub platform: &'a str,
    /// Its version, such as `4.35.0F`.
    pub version: &'a str,
    /// The text of each `.yang` file.
    pub files: &'a BTreeMap<RepoPath, Arc<str>>,
    /// The modules that are loaded, one file's name a line, in their order; empty lines and
    /// lines that start with `#` are passed over.
    pub load_order: &'a str,
    /// Modules from which typedefs, groupings and identities are taken and nodes are not.
    pub import_only: &'a [&'a str],
    /// The vendor's path report, if there is one; see [`AccessReport`].
    pub path_report: Option<&'a str>,
}

/// A schema and what was noticed on the way to it.
#[derive(Clone, Debug)]
pub struct Made {
    /// The schema.
    pub schema: Schema,
    /// What was wrong with the files.
    pub findings: Findings,
    /// Paths that the report grants and the modules lack.
    pub lacking: Vec<String>,
}

/// Makes the schema of a platform. Equal sources make equal schemas.
pub fn make(sources: &Sources<'_>) -> Result<Made, AccessError> {
    let lines = sources.load_order.lines().map(str::trim);
    let names = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let implemented: Vec<&str> = names.map(|line| line.strip_suffix(".yang").unwrap_or(line)).collect();
    let selection = Selection { implemented: &implemented, import_only: sources.import_only };
    let mut resolution = resolve(sources.files, &selection);
    let mut lacking = Vec::new();
    if let Some(report) = sources.path_report {
        lacking = AccessReport::read(report)?.apply(&mut resolution.schema);
    }
    resolution.schema.platform = sources.platform.into();
    resolution.schema.version = sources.version.into();
    Ok(Made { schema: resolution.schema, findings: resolution.findings, lacking })
}

/// How much a schema holds, in the words of a person.
pub fn describe(schema: &Schema) -> String {
    let leaves =
        schema.nodes.iter().filter(|node| matches!(node.kind, Kind::Leaf { .. } | Kind::LeafList { .. }));
    let (count, writable) = leaves.fold((0, 0), |(count, writable), leaf| {
        (count + 1, writable + usize::from(leaf.access == Access::ReadWrite))
    });
    format!(
        "{} nodes of configuration, {count} of them leaves ({writable} listed as writable), {} types, \
         {} identities, {} modules",
        schema.nodes.len(),
        schema.types.len(),
        schema.identities.len(),
        schema.modules.len()
    )
}
