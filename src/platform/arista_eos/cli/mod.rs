//! The EOS view of a tree: running-config as an engineer would type it.

use crate::platform::cli::{Cli, CliLine, Line};
use crate::yang::Tree;

/// How EOS shows a tree.
pub const CLI: Cli = Cli { extension: "cfg", config, changes };

fn config(_tree: &Tree) -> Vec<Line<'_>> {
    Vec::new()
}

fn changes(_before: &Tree, _after: &Tree) -> Vec<CliLine> {
    Vec::new()
}
