//! A device's tree as the commands that its engineers know: the form that every platform's
//! view has.
//!
//! A view is for people and is never sent. It says all of a tree: a leaf that no command
//! carries stands in it as a comment with its path and value. Here: [`Cli`], [`Line`],
//! [`CliLine`], [`text`]. Elsewhere: the commands of one network OS (`arista_eos::cli`), who
//! shows them (`cli`, `plan::render`, `review`).

use std::fmt::Write as _;

use crate::diagnostic::Place;
use crate::yang::{Path, Tree};

/// How one network OS shows a tree as commands.
#[derive(Clone, Copy, Debug)]
pub struct Cli {
    /// The ending of a file of such commands: `cfg`.
    pub extension: &'static str,
    /// The whole configuration, in the order in which the OS itself prints it.
    pub config: for<'t> fn(&'t Tree) -> Vec<Line<'t>>,
    /// What an engineer would type to get from one tree to another.
    pub changes: fn(&Tree, &Tree) -> Vec<CliLine>,
}

impl Cli {
    /// The whole configuration of a tree, in the order in which the OS itself prints it.
    /// Every leaf of the tree is behind one line at least.
    pub fn config<'t>(&self, tree: &'t Tree) -> Vec<Line<'t>> {
        (self.config)(tree)
    }

    /// What an engineer would type to get from one tree to another, in an order that works.
    /// Every leaf that differs is behind one signed line at least; equal trees give none.
    pub fn changes(&self, before: &Tree, after: &Tree) -> Vec<CliLine> {
        (self.changes)(before, after)
    }

    /// The commands that a leaf is behind, each with the modes around it, outermost first.
    pub fn commands_of(&self, tree: &Tree, leaf: &Path) -> Vec<Vec<String>> {
        let (mut open, mut found) = (Vec::new(), Vec::new());
        for line in self.config(tree) {
            open.truncate(line.depth);
            open.push(line.text);
            if line.leaves.contains(&leaf) {
                found.push(open.clone());
            }
        }
        found
    }
}

/// One line of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// How deep it stands: the number of modes that are open around it.
    pub depth: usize,
    /// The command, or a comment (it begins with `!`). One line, printable.
    pub text: String,
    /// The leaves that it comes from, the one that says most first. None for a separator.
    pub leaves: Vec<&'t Path>,
    /// Where the intent asks for it.
    pub origin: Option<&'t Place>,
}

/// What a line of a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// Opens a mode that is there already; changes nothing by itself.
    Context,
    /// Says something new.
    Add,
    /// Says another value for what is there.
    Change,
    /// Takes something away.
    Remove,
}

impl Sign {
    /// As Terraform writes it; a space for [`Sign::Context`].
    pub fn as_char(self) -> char {
        match self {
            Self::Context => ' ',
            Self::Add => '+',
            Self::Change => '~',
            Self::Remove => '-',
        }
    }
}

/// One line of what changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CliLine {
    /// How deep it stands: the number of modes that are open around it.
    pub depth: usize,
    /// What it does.
    pub sign: Sign,
    /// The command, or a comment (it begins with `!`). One line, printable.
    pub text: String,
    /// The leaves that it comes from, the one that says most first.
    pub leaves: Vec<Path>,
    /// Where the intent asks for it; for [`Sign::Remove`], where it last said otherwise.
    pub origin: Option<Place>,
}

/// How far each mode is indented, in spaces.
pub const INDENT: usize = 3;

/// Lines as one text, each ended.
pub fn text(lines: &[Line<'_>]) -> String {
    let mut out = String::new();
    for line in lines {
        // writing into a String does not fail
        let _ = writeln!(out, "{:indent$}{}", "", line.text, indent = line.depth * INDENT);
    }
    out
}
