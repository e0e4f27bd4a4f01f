//! Findings on the very lines of a pull request, renewed in place and bounded in number.
//!
//! Elsewhere: which lines a diff has (`hunks`), how each forge takes them.

use super::{Forge, ForgeError, PullSummary};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The commit cannot be applied.
    Error,
    /// It can, and somebody should look.
    Warning,
    /// Something to know.
    Notice,
}

/// A finding on lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file, from the repository's root.
    pub path: String,
    /// The line, counted from 1, in the file as the pull request leaves it.
    pub line: u32,
    /// The last line, if it is more than one; not before `line`.
    pub end_line: u32,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// Plain text: what is wrong and what helps.
    pub message: String,
}

/// What became of annotations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Annotated {
    /// How many stand on their lines now.
    pub shown: usize,
    /// How many do not: their line is not in the diff, or there are too many.
    pub left_out: usize,
    /// How many of earlier ones were taken away.
    pub removed: usize,
}

impl Forge {
    /// Puts these annotations on a pull request's lines, and takes away those of an earlier call
    /// that are not among them: none at all where the list is empty. `name` names the fabric and
    /// the check (`gitfabric/plan`); annotations of another name are left alone.
    pub fn annotate(
        &self,
        pull: &PullSummary,
        name: &str,
        annotations: &[Annotation],
    ) -> Result<Annotated, ForgeError> {
        let _ = (pull, name, annotations);
        todo!("annotate")
    }
}
