//! Findings on the very lines of a pull request, renewed in place and bounded in number.
//!
//! On GitHub, an App makes a check run with annotations; a user's token writes review comments.
//! On GitLab they are discussions, on Gitea the comments of one review. Ours begin with a hidden
//! mark and are by us; those of an earlier call that are not wanted any longer are taken away.
//!
//! Here: what an annotation is, and how it reads. Elsewhere: comments on lines (`lines`), which
//! lines a diff has (`hunks`), check runs (`github::checks`), reviews (`gitea::reviewing`).

pub(super) mod hunks;
pub(super) mod lines;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::people::User;
use super::{Forge, ForgeError, PullSummary};

/// The most comments on lines; more would bury what people say.
pub(super) const MOST_LINES: usize = 20;
/// The longest text of an annotation in characters: GitHub takes 64 KB.
const LONGEST: usize = 8_000;

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

/// What is to stand on the lines of a pull request.
pub(super) struct Work<'a> {
    pub(super) pull: &'a PullSummary,
    /// Whose annotations they are.
    pub(super) name: &'a str,
    pub(super) me: User,
    /// The worst first, then by place.
    pub(super) wanted: Vec<Annotation>,
}

impl Work<'_> {
    /// The hidden line by which ours are known.
    pub(super) fn mark(&self) -> String {
        format!("<!-- gitfabric:lines {} -->", self.name.replace("--", "- -"))
    }

    /// A text that is equal for equal annotations.
    pub(super) fn digest(&self) -> String {
        let text = format!("{:?}", self.wanted);
        URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
    }
}

impl Annotation {
    /// Plain text of bounded length.
    pub(super) fn text(&self) -> String {
        match self.message.char_indices().nth(LONGEST) {
            None => self.message.clone(),
            Some((at, _)) => format!("{}…", self.message.get(..at).unwrap_or_default()),
        }
    }

    /// As Markdown of which nothing is markup, a mention or a link.
    pub(super) fn markdown(&self) -> String {
        let text = self.text();
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
        let fence = "`".repeat(longest.max(2) + 1);
        let sign = match self.severity {
            Severity::Error => "❌",
            Severity::Warning => "⚠️",
            Severity::Notice => "ℹ️",
        };
        format!("{sign} gitfabric\n\n{fence}text\n{}\n{text}\n{fence}", self.title.replace(['\r', '\n'], " "))
    }
}

impl Forge {
    /// Puts these annotations on a pull request's lines, and takes away those of an earlier call
    /// that are not among them: none at all where the list is empty. `name` tells whose they are
    /// (`gitfabric/plan dc1`); annotations of another name are left alone. A GitHub App makes a
    /// check `NAME findings`.
    pub fn annotate(
        &self,
        pull: &PullSummary,
        name: &str,
        annotations: &[Annotation],
    ) -> Result<Annotated, ForgeError> {
        let mut wanted = annotations.to_vec();
        wanted.sort_by(|a, b| (a.severity, &a.path, a.line).cmp(&(b.severity, &b.path, b.line)));
        wanted.dedup();
        let work = Work { pull, name, me: self.whoami()?, wanted };
        self.reviewing.annotate(&self.http, &work)
    }
}
