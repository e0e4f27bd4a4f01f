//! Titles and descriptions within a forge's limits.
//!
//! Here: text of others inside Markdown, cutting a text with a word about it, the marks of a draft in a title, and whether a
//! forge has a text already. Elsewhere: the limits (`kind`), what is said (the callers).

use super::kind::Kind;

/// The longest title in characters, on any forge. GitLab takes 255 (its page "Issuable-like
/// Rails models"), of which a draft's mark needs some.
const TITLE: usize = 240;

/// A title of one line that every forge takes.
pub fn bounded_title(title: &str) -> String {
    bounded_line(title, TITLE)
}

/// A text as one line of so many characters.
pub(super) fn bounded_line(text: &str, limit: usize) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
        None => line,
        Some(_) => line.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A body that the forge takes. A longer one is cut, at a line's end where there is one, a
/// fence of code that is open there is closed, and the last line says that it was cut.
pub fn bounded_body(body: &str, kind: Kind) -> String {
    let (length, limit) = (kind.measure(body), kind.body_limit());
    if length <= limit {
        return body.to_owned();
    }
    let word = format!(
        "\n\n**Cut here:** this text has {length} {unit}, {kind} takes {limit}.\n",
        unit = kind.unit()
    );
    let longest_fence = body.lines().filter_map(fence).map(str::len).max().unwrap_or_default();
    let room = limit.saturating_sub(kind.measure(&word) + longest_fence + 1);
    let end = match kind {
        Kind::GitHub => body.char_indices().nth(room).map_or(body.len(), |(at, _)| at),
        Kind::GitLab | Kind::Gitea => body.floor_char_boundary(room),
    };
    let kept = &body[..end];
    let kept = kept.rfind('\n').filter(|at| *at > 0).map_or(kept, |at| &kept[..at]);
    let closing = open_fence(kept).map(|fence| format!("\n{fence}")).unwrap_or_default();
    format!("{kept}{closing}{word}")
}

/// A block of code that its content cannot end.
pub fn fenced(content: &str) -> String {
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{}\n{fence}\n", content.trim_end())
}

/// Text of others inside Markdown: nothing of it is markup, a mention or a link.
pub fn escaped(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~' => {
                clean.push('\\');
                clean.push(c);
            }
            // a word joiner: no forge takes what follows for a person's name
            '@' => clean.push_str("@\u{2060}"),
            _ => clean.push(c),
        }
    }
    clean
}

/// The backticks or tildes with which a line begins or ends a block of code (`CommonMark`,
/// "Fenced code blocks").
fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(' ');
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    (length >= 3).then(|| &line[..length])
}

/// The fence that is still open at the end of a text.
fn open_fence(text: &str) -> Option<&str> {
    let mut open: Option<&str> = None;
    for (line, marks) in text.lines().filter_map(|line| Some((line, fence(line)?))) {
        open = match open {
            None => Some(marks),
            Some(opening) if marks.starts_with(opening) && line.trim() == marks => None,
            still => still,
        };
    }
    open
}

/// Whether a forge that was given one text and returns the other kept it as it is: line breaks
/// and space at the end do not count.
pub(super) fn same(found: &str, wanted: &str) -> bool {
    found.trim_end().lines().eq(wanted.trim_end().lines())
}

/// A title without the mark of a draft, and whether it had one. Marks are compared without case.
pub(super) fn without_mark<'a>(title: &'a str, marks: &[&str]) -> (&'a str, bool) {
    let marked = marks.iter().find_map(|mark| {
        let (start, rest) = title.split_at_checked(mark.len())?;
        start.eq_ignore_ascii_case(mark).then(|| rest.trim_start())
    });
    marked.map_or((title, false), |rest| (rest, true))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_is_one_line_of_bounded_length() {
        for (case, title, expected) in [
            ("a plain one", "Export from NetBox", "Export from NetBox".to_owned()),
            ("lines and spaces", " one\r\n two\t", "one two".to_owned()),
            ("just fits", &"ü".repeat(240), "ü".repeat(240)),
            ("too long", &"ü".repeat(241), format!("{}…", "ü".repeat(239))),
        ] {
            assert_eq!(bounded_title(title), expected, "{case}");
        }
    }

    #[test]
    fn a_body_over_the_limit_is_cut_at_a_line_and_says_so() {
        let lines = "0123456789\n".repeat(6_000);
        let cut = bounded_body(&lines, Kind::GitHub);
        assert!(Kind::GitHub.measure(&cut) <= 65_536);
        assert!(
            cut.ends_with("9\n\n**Cut here:** this text has 66000 characters, GitHub takes 65536.\n"),
            "{}",
            &cut[cut.len() - 90..]
        );
        assert_eq!(bounded_body(&lines, Kind::GitLab), lines, "GitLab takes it whole");
        assert_eq!(
            bounded_body(&"ü".repeat(65_536), Kind::GitHub).chars().count(),
            65_536,
            "characters count"
        );
    }

    #[test]
    fn a_block_of_code_that_is_cut_is_closed() {
        for (case, start, expected) in [
            ("a fence", "```diff\n", "\n```\n\n**Cut here:**"),
            ("a longer fence around a shorter", "````\n```\n", "\n````\n\n**Cut here:**"),
            ("a closed fence", "```\na\n```\n", "9\n\n**Cut here:**"),
        ] {
            let cut = bounded_body(&format!("{start}{}", "0123456789\n".repeat(6_000)), Kind::GitHub);
            assert!(cut.contains(expected), "{case}: {}", &cut[cut.len() - 90..]);
        }
    }

    #[test]
    fn a_draft_is_known_by_its_mark() {
        let marks = ["Draft:", "[Draft]"];
        for (title, expected) in [
            ("Draft: a", ("a", true)),
            ("draft:a", ("a", true)),
            ("[Draft] a", ("a", true)),
            ("Drafts: a", ("Drafts: a", false)),
            ("ü", ("ü", false)),
        ] {
            assert_eq!(without_mark(title, &marks), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))] // texts of megabytes
        #[test]
        fn every_bounded_body_fits(part in "(```|~~~~|\\PC{0,20}|\n)", times in 1usize..40_000) {
            let body = part.repeat(times);
            for kind in [Kind::GitHub, Kind::GitLab] {
                let bounded = bounded_body(&body, kind);
                prop_assert!(kind.measure(&bounded) <= kind.body_limit());
                prop_assert!(kind.measure(&body) > kind.body_limit() || bounded == body);
            }
        }
    }
}
