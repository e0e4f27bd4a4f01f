//! Files before and after, as `git diff` shows them.
//!
//! Here: [`FileChange`] and [`unified`]. Elsewhere: which files two commits change
//! (`history`), what a change means (`plan`, `export`).

use std::io;

use anstyle::{AnsiColor, Style};
use gix::diff::blob::unified_diff::{ConsumeHunk, ContextSize, DiffLineKind, HunkHeader};
use gix::diff::blob::{Algorithm, Diff, InternedInput, UnifiedDiff};

use crate::names::RepoPath;

/// A file before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The file.
    pub path: RepoPath,
    /// Its bytes before; none if it is new.
    pub old: Option<Vec<u8>>,
    /// Its bytes now; none if it goes.
    pub new: Option<Vec<u8>>,
}

/// The unified diff of files, with three lines of context; `colour` for a terminal.
pub fn unified(changes: &[FileChange], colour: bool) -> String {
    changes.iter().map(|change| one(change, colour)).collect()
}

fn one(change: &FileChange, colour: bool) -> String {
    let (old, new) = (readable(change.old.as_deref()), readable(change.new.as_deref()));
    let input = InternedInput::new(old.as_bytes(), new.as_bytes());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let path = &change.path;
    let side = |letter: char, bytes: &Option<Vec<u8>>| match bytes {
        Some(_) => format!("{letter}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let mut lines = Lines { text: String::new(), colour };
    lines.push(Style::new().bold(), &format!("--- {}", side('a', &change.old)));
    lines.push(Style::new().bold(), &format!("+++ {}", side('b', &change.new)));
    let drawn = UnifiedDiff::new(&diff, &input, lines, ContextSize::symmetrical(3)).consume();
    drawn.unwrap_or_default()
}

/// As text for a terminal: what is not UTF-8 is replaced, and no escape sequence survives.
fn readable(bytes: Option<&[u8]>) -> String {
    let text = String::from_utf8_lossy(bytes.unwrap_or_default());
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

struct Lines {
    text: String,
    colour: bool,
}

impl Lines {
    fn push(&mut self, style: Style, line: &str) {
        let line = line.trim_end_matches('\n');
        if self.colour {
            self.text.push_str(&format!("{style}{line}{style:#}\n"));
        } else {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }
}

impl ConsumeHunk for Lines {
    type Out = String;

    fn consume_hunk(&mut self, header: HunkHeader, lines: &[(DiffLineKind, &[u8])]) -> io::Result<()> {
        self.push(AnsiColor::Cyan.on_default(), &header.to_string());
        for (kind, line) in lines {
            let style = match kind {
                DiffLineKind::Context => Style::new(),
                DiffLineKind::Add => AnsiColor::Green.on_default(),
                DiffLineKind::Remove => AnsiColor::Red.on_default(),
            };
            self.push(style, &format!("{}{}", kind.to_prefix(), String::from_utf8_lossy(line)));
        }
        Ok(())
    }

    fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(old: Option<&str>, new: Option<&str>) -> FileChange {
        let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        FileChange { path: "vlans/9.yaml".parse().unwrap(), old: bytes(old), new: bytes(new) }
    }

    #[test]
    fn a_diff_reads_as_git_writes_it() {
        for (case, change, expected) in [
            (
                "a line changed",
                change(Some("a\nb\nc\nd\ne\n"), Some("a\nb\nc\nd\nE\n")),
                "--- a/vlans/9.yaml\n+++ b/vlans/9.yaml\n@@ -2,4 +2,4 @@\n b\n c\n d\n-e\n+E\n",
            ),
            ("new", change(None, Some("a\n")), "--- /dev/null\n+++ b/vlans/9.yaml\n@@ -1,0 +1,1 @@\n+a\n"),
            ("gone", change(Some("a\n"), None), "--- a/vlans/9.yaml\n+++ /dev/null\n@@ -1,1 +1,0 @@\n-a\n"),
            (
                "an escape sequence",
                change(None, Some("\u{1b}[31ma\n")),
                "--- /dev/null\n+++ b/vlans/9.yaml\n@@ -1,0 +1,1 @@\n+[31ma\n",
            ),
        ] {
            assert_eq!(unified(&[change], false), expected, "{case}");
        }
    }
}
