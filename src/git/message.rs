//! What a commit's message says: subject, body, trailers, which commit it reverts, and what
//! it allows.
//!
//! Here: pure parsing, after the rules of `git interpret-trailers --no-divider`. Elsewhere:
//! reading commits (`history`), what an allowance opens (`brakes`, and `plan` for deletions
//! and guarded changes).

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::names::{CommitId, NameError};

/// The trailer by which a commit allows, once, what the agent would freeze at.
pub const ALLOW: &str = "Gitfabric-Allow";

/// A commit's message, taken apart. Control characters are gone, so that it can be printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The first paragraph as one line.
    pub subject: String,
    /// All that follows it, trailers included.
    pub body: String,
    /// The trailers, in their order.
    pub trailers: Vec<Trailer>,
    /// The commit that this one takes back, when `git revert` wrote so.
    pub reverts: Option<CommitId>,
}

/// One `Key: value` line at the end of a message; its continuation lines are joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// The key as written; compare it without regard to case.
    pub key: String,
    /// The value on one line.
    pub value: String,
}

impl Message {
    /// Takes any text apart; every text is a message.
    pub fn parse(text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(printable).collect();
        let is_blank = |line: &String| line.trim().is_empty();
        let first = lines.iter().position(|line| !is_blank(line)).unwrap_or(lines.len());
        let lines = &lines[first..];
        let subject_end = lines.iter().position(is_blank).unwrap_or(lines.len());
        let (subject, rest) = lines.split_at(subject_end);
        let body_start = rest.iter().position(|line| !is_blank(line)).unwrap_or(rest.len());
        let body = rest[body_start..].join("\n").trim_end().to_owned();
        Self {
            subject: subject.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "),
            trailers: trailers(&body),
            reverts: reverted(&body),
            body,
        }
    }

    /// What the message allows.
    pub fn allowances(&self) -> Allowances {
        let mut allowances = Allowances::default();
        let values = self.trailers.iter().filter(|trailer| trailer.key.eq_ignore_ascii_case(ALLOW));
        for word in values.flat_map(|trailer| trailer.value.split(',')).map(str::trim) {
            match word.to_ascii_lowercase().parse() {
                _ if word.is_empty() => {}
                Ok(allowance) => {
                    allowances.granted.insert(allowance);
                }
                Err(NameError { .. }) => allowances.unknown.push(word.to_owned()),
            }
        }
        allowances
    }
}

/// A line without control characters (an escape sequence in a commit must not reach the
/// terminal of who reads the log); tabs become spaces.
fn printable(line: &str) -> String {
    line.replace('\t', " ").chars().filter(|c| !c.is_control()).collect()
}

/// The trailers of a body: its last paragraph, when that consists of trailers, or when Git
/// itself wrote one of its lines and a quarter of them are trailers.
fn trailers(body: &str) -> Vec<Trailer> {
    let lines: Vec<&str> = body.lines().collect();
    let start = lines.iter().rposition(|line| line.trim().is_empty()).map_or(0, |blank| blank + 1);
    let mut found: Vec<Trailer> = Vec::new();
    let (mut trailer_lines, mut other_lines, mut written_by_git) = (0_usize, 0_usize, false);
    let mut continues = false;
    for line in &lines[start..] {
        if line.starts_with('#') {
            continue; // a comment of the editor's template
        }
        if line.starts_with(' ') {
            match found.last_mut() {
                Some(trailer) if continues => {
                    if !trailer.value.is_empty() {
                        trailer.value.push(' ');
                    }
                    trailer.value.push_str(line.trim());
                    trailer_lines += 1;
                }
                _ => other_lines += 1,
            }
            continue;
        }
        written_by_git |=
            line.starts_with("Signed-off-by: ") || line.starts_with("(cherry picked from commit ");
        continues = false;
        if line.starts_with("(cherry picked from commit ") {
            trailer_lines += 1;
        } else if let Some(trailer) = trailer(line) {
            found.push(trailer);
            trailer_lines += 1;
            continues = true;
        } else {
            other_lines += 1;
        }
    }
    let all = other_lines == 0;
    let enough = written_by_git && trailer_lines.saturating_mul(3) >= other_lines;
    if all || enough { found } else { Vec::new() }
}

fn trailer(line: &str) -> Option<Trailer> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end();
    let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_key.then(|| Trailer { key: key.to_owned(), value: value.trim().to_owned() })
}

/// The commit after the words that `git revert` writes.
fn reverted(body: &str) -> Option<CommitId> {
    let (_, after) = body.split_once("This reverts commit ")?;
    let digits = after.find(|c: char| !c.is_ascii_hexdigit()).map_or(after, |end| &after[..end]);
    digits.to_ascii_lowercase().parse().ok()
}

/// What a commit may allow once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Allowance {
    /// A head that does not descend from the last good commit.
    RewrittenHistory,
    /// No YAML file below the fabric's folder, or no such folder.
    Empty,
    /// More deletions than the fabric's limits; judged by `plan`.
    Deletions,
    /// Changes that are never made without a person's word; found by `plan::guarded`.
    Guarded,
}

impl Allowance {
    /// Each of them, in the order in which they are listed to people.
    pub const ALL: [Self; 4] = [Self::RewrittenHistory, Self::Empty, Self::Deletions, Self::Guarded];

    /// The word in the trailer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RewrittenHistory => "rewritten-history",
            Self::Empty => "empty",
            Self::Deletions => "deletions",
            Self::Guarded => "guarded",
        }
    }

    /// How a person grants it, as a sentence for a hint.
    pub fn hint(self) -> String {
        format!(
            "if it is meant, say so once: push a commit (with `git commit --allow-empty` if nothing else \
             changes; after a merge, the merge commit itself) whose message ends in `{ALLOW}: {}`",
            self.as_str()
        )
    }
}

impl std::fmt::Display for Allowance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Allowance {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL.into_iter().find(|allowance| allowance.as_str() == text).ok_or_else(|| NameError {
            kind: "allowance",
            given: text.to_owned(),
            expected: "rewritten-history, empty, deletions or guarded",
        })
    }
}

/// What one commit allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowances {
    granted: BTreeSet<Allowance>,
    /// Words that allow nothing: a slip to be told about.
    pub unknown: Vec<String>,
}

impl Allowances {
    /// Whether it was granted.
    pub fn contains(&self, allowance: Allowance) -> bool {
        self.granted.contains(&allowance)
    }

    /// All that were granted.
    pub fn iter(&self) -> impl Iterator<Item = Allowance> + '_ {
        self.granted.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::TestRepo;
    use proptest::prelude::*;

    const MESSAGES: &[(&str, &str)] = &[
        ("a subject alone", "subject"),
        ("a subject that looks like a trailer", "Fix: it"),
        ("a trailer", "subject\n\nGitfabric-Allow: deletions\n"),
        ("two trailers after a body", "s\n\nbody\nmore\n\nGitfabric-Allow: empty\nReviewed-by: B <b@x>\n"),
        ("no blank line before", "s\n\nbody\nGitfabric-Allow: empty\n"),
        ("not in the last paragraph", "s\n\nGitfabric-Allow: empty\n\nthe end\n"),
        ("prose with a colon", "s\n\nNote this: it is prose\n"),
        ("mixed, none from git", "s\n\nprose here\nGitfabric-Allow: empty\n"),
        ("mixed, one from git", "s\n\nprose here\nGitfabric-Allow: empty\nSigned-off-by: A <a@x>\n"),
        ("mostly prose, one from git", "s\n\na\nb\nc\nd\ne\nSigned-off-by: A <a@x>\n"),
        ("continued", "s\n\nGitfabric-Allow: empty,\n  deletions\n"),
        ("begins with a continuation", "s\n\n  x\nGitfabric-Allow: empty\n"),
        ("cherry picked", "s\n\nA: b\n(cherry picked from commit 0123)\n"),
        ("a space before the colon", "s\n\nGitfabric-Allow : empty\n"),
        ("an empty value", "s\n\nGitfabric-Allow:\n"),
        ("several blank lines", "s\n\n\n\nA: b\n\n\n"),
        ("a blank line of spaces", "s\n\nbody\n   \nA: b\n"),
        ("a key with a space", "s\n\nGitfabric Allow: empty\n"),
        ("a divider", "s\n\n---\nA: b\n"),
        ("a subject of two lines", "s\nt\n\nA: b\n"),
    ];

    #[test]
    fn trailers_are_those_that_git_itself_finds() {
        let repo = TestRepo::new();
        for (case, text) in MESSAGES {
            let arguments = ["interpret-trailers", "--parse", "--no-divider"];
            let expected = repo.git_with_input(&arguments, text);
            let expected: Vec<&str> =
                expected.lines().filter(|line| !line.starts_with('(')).map(str::trim_end).collect();
            let found = Message::parse(text).trailers;
            let found: Vec<String> =
                found.iter().map(|t| format!("{}: {}", t.key, t.value).trim_end().to_owned()).collect();
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn a_commit_allows_what_it_lists_and_a_slip_is_told() {
        for (case, trailer, granted, unknown) in [
            ("one", "Gitfabric-Allow: deletions", vec![Allowance::Deletions], vec![]),
            (
                "a list, in any case",
                "gitfabric-allow: Empty , rewritten-history,",
                vec![Allowance::RewrittenHistory, Allowance::Empty],
                vec![],
            ),
            (
                "two lines",
                "Gitfabric-Allow: empty\nGitfabric-Allow: deletions",
                vec![Allowance::Empty, Allowance::Deletions],
                vec![],
            ),
            ("a slip", "Gitfabric-Allow: deletion", vec![], vec!["deletion"]),
            ("another key", "Allow: deletions", vec![], vec![]),
        ] {
            let allowances = Message::parse(&format!("s\n\n{trailer}\n")).allowances();
            assert_eq!(allowances.iter().collect::<Vec<_>>(), granted, "{case}");
            assert_eq!(allowances.unknown, unknown, "{case}");
        }
    }

    #[test]
    fn a_revert_names_the_commit_it_takes_back() {
        let repo = TestRepo::new();
        repo.write("a", "1").commit("one");
        let two = repo.write("a", "2").commit("two");
        repo.git(&["revert", "--no-edit", "HEAD"]);
        let message = Message::parse(&repo.git(&["log", "-1", "--format=%B"]));
        assert_eq!(message.reverts, Some(two));
        assert_eq!(message.subject, "Revert \"two\"");
        assert_eq!(Message::parse("s\n\nThis reverts commit abc.").reverts, None);
    }

    #[test]
    fn an_escape_sequence_in_a_message_is_defused() {
        let message = Message::parse("\x1b[2Jone\r\n\r\nA:\tb\x07\n");
        assert_eq!(message.subject, "[2Jone");
        assert_eq!(message.trailers, [Trailer { key: "A".into(), value: "b".into() }]);
    }

    proptest! {
        #[test]
        fn every_text_is_a_message(text in "(?s).{0,200}") {
            let _ = Message::parse(&text).allowances();
        }

        #[test]
        fn every_text_of_the_grammars_own_words_is_a_message(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "\n", "\n\n", " ", ":", "Gitfabric-Allow: ", "empty,", "#", "(cherry picked from commit ",
                    "Signed-off-by: ", "This reverts commit ", "0123456789abcdef", "é",
                ]),
                0..40,
            )
        ) {
            let message = Message::parse(&parts.concat());
            prop_assert!(!message.subject.contains('\n'));
            let _ = message.allowances();
        }
    }
}
