//! `gitfabric schema`: what a platform's YANG allows.
//!
//! `pack` makes a schema of a vendor's files; `find` and `explain` ask the schemas that
//! this binary holds. Elsewhere: the schemas themselves (`yang::schema`, `platform`).

mod explain;
mod find;
mod pack;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;

use crate::platform::profile::{PROFILES, Profile};
use crate::yang::Schema;
use crate::yang::schema::{Access, Kind, Node, NodeId};

/// Look up what a device's YANG allows, or make a schema of a vendor's YANG files.
///
/// A device's configuration is a tree; its schema says which nodes exist, what they take,
/// and what the vendor lets be written. gitfabric checks every value against it before
/// anything is sent. Schemas are in this binary, nothing is downloaded.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Find(find::Args),
    Explain(explain::Args),
    Pack(pack::Args),
}

/// Which of the embedded schemas a command asks.
#[derive(Debug, clap::Args)]
struct Which {
    /// The network OS
    #[arg(long, value_name = "OS", default_value = "arista-eos")]
    platform: String,
    /// Its version; without it, the newest that this binary knows
    #[arg(long)]
    version: Option<String>,
}

/// Runs `gitfabric schema`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Find(args) => find::run(args, out),
        Command::Explain(args) => explain::run(args, out),
        Command::Pack(args) => pack::run(args, out),
    }
}

impl Which {
    fn schema(&self) -> anyhow::Result<std::sync::Arc<Schema>> {
        let mut of_platform = PROFILES.iter().filter(|profile| profile.os == self.platform);
        let profile = match &self.version {
            Some(version) => Profile::find(&self.platform, version),
            None => of_platform.next_back(),
        };
        let profile = profile.with_context(|| {
            let known: Vec<String> =
                PROFILES.iter().map(|known| format!("{} {}", known.os, known.version)).collect();
            let version = self.version.as_deref().unwrap_or_default();
            format!("no schema of {} {version}; this binary holds: {}", self.platform, known.join(", "))
        })?;
        Ok((profile.schema)())
    }
}

/// Access in a word or two.
fn access_word(access: Access) -> &'static str {
    match access {
        Access::ReadWrite => "read+write",
        Access::ReadOnly => "read",
        Access::Unsupported => "not supported",
        Access::Unlisted => "not listed",
    }
}

/// What a node is: `list [name]`, `leaf`, ...
fn kind_word(schema: &Schema, id: NodeId, node: &Node) -> String {
    match &node.kind {
        Kind::Container { presence: false } => "container".to_owned(),
        Kind::Container { presence: true } => "presence container".to_owned(),
        Kind::List { .. } => format!("list [{}]", schema.key_names(id).join(" ")),
        Kind::Leaf { .. } => "leaf".to_owned(),
        Kind::LeafList { .. } => "leaf-list".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    #[command(name = "gitfabric", version, propagate_version = true)]
    struct Whole {
        #[command(subcommand)]
        command: Top,
    }

    #[derive(Debug, clap::Subcommand)]
    enum Top {
        Schema(Args),
    }

    /// What `gitfabric schema WORDS` prints, or the chain of its error.
    fn schema(words: &str) -> String {
        let whole =
            Whole::try_parse_from(["gitfabric", "schema"].into_iter().chain(words.split(' '))).unwrap();
        let Top::Schema(args) = whole.command;
        let mut out = Vec::new();
        match run(&args, &mut out) {
            Ok(_) => anstream::adapter::strip_bytes(&out).into_vec().try_into().unwrap(),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn the_arguments_are_well_formed() {
        Whole::command().debug_assert();
    }

    #[test]
    fn find_names_paths_that_hold_every_word() {
        let found = schema("find VXLAN multicast-group");
        assert!(!found.is_empty());
        for line in found.lines().skip(1) {
            assert!(line.contains("vxlan") && line.contains("multicast"), "{line}");
        }
        assert_eq!(schema("find no-such-thing"), "no path of arista-eos 4.35.0F holds all of: no-such-thing");
    }

    #[test]
    fn explain_tells_what_a_leaf_takes() {
        let text = schema("explain /interfaces/interface[name=Ethernet1]/config/mtu");
        for part in [
            "/interfaces/interface[name=*]/config/mtu",
            "leaf",
            "uint16",
            "openconfig-interfaces",
            "read+write",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn explain_of_an_unknown_path_names_the_nearest() {
        let text = schema("explain /interfaces/interface/config/mtuu");
        assert_eq!(text, "/interfaces/interface/config has no `mtuu`: did you mean `mtu`?");
    }

    #[test]
    fn an_unknown_platform_is_answered_with_the_known_ones() {
        let text = schema("find mtu --platform junos");
        assert!(text.ends_with("this binary holds: arista-eos 4.35.0F"), "{text}");
    }
}
