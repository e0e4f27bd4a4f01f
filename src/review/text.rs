//! Words that all drawings share, and how a text from outside is kept from being anything
//! but a text.
//!
//! What a repository, a device or an account says stands in code spans, code blocks or
//! escaped HTML alone: there no forge makes links, mentions, images or markup of it.
//! Elsewhere: what is said (`comment`, `page`, `explain`).

use crate::phrase;
use crate::plan::render::printable;

/// How long a text may be that stands in a line.
const LENGTH: usize = 240;

/// A text as a code span of Markdown: on one line, cut, its fence longer than any row of
/// backticks inside.
pub(super) fn code(text: &str) -> String {
    let text = cut(&printable(&text), LENGTH);
    if text.trim().is_empty() {
        return "` `".to_owned();
    }
    let fence = "`".repeat(longest_row(&text) + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Lines as a code block of Markdown, ended by a line break. Its fence is longer than any
/// row of backticks inside.
pub(super) fn block(language: &str, lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(printable).collect();
    let longest = lines.iter().map(|line| longest_row(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", lines.join("\n"))
}

/// A text inside HTML, an attribute's value included.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(&text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // forges look for mentions and references in HTML too
            '@' => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}

/// The first so many characters, with a mark if there are more.
pub(super) fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn longest_row(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Names of devices or pairs in as few words as can be: `leaf1`–`leaf8`, and so many more.
/// They are in natural order; three that follow each other are a range.
pub(super) fn devices<T: AsRef<str>>(names: &[T], most: usize, wrap: fn(&str) -> String) -> String {
    let ranges = ranges(names);
    let mut shown: Vec<String> = Vec::new();
    let mut told = 0;
    for (first, last, count) in ranges.iter().take(most.max(1)) {
        told += count;
        shown.push(match *count {
            1 => wrap(first),
            _ => format!("{}–{}", wrap(first), wrap(last)),
        });
    }
    phrase::and_more(&shown.join(", "), names.len() - told)
}

fn ranges<T: AsRef<str>>(names: &[T]) -> Vec<(&str, &str, usize)> {
    let mut ranges = Vec::new();
    let mut rest = names;
    while let [first, ..] = rest {
        let follows = |pair: &&[T]| matches!(pair, [a, b] if follow(a.as_ref(), b.as_ref()));
        let follows = rest.windows(2).take_while(follows).count();
        let length = if follows >= 2 { follows + 1 } else { 1 };
        let (run, after) = rest.split_at(length);
        ranges.push((first.as_ref(), run.last().unwrap_or(first).as_ref(), length));
        rest = after;
    }
    ranges
}

/// Whether the second name is the first one with a number that is one more.
fn follow(first: &str, second: &str) -> bool {
    let split = |text: &str| {
        let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
        let (stem, number) = text.split_at(text.len() - digits);
        Some((stem.to_owned(), number.parse::<u32>().ok()?, number.len()))
    };
    match (split(first), split(second)) {
        (Some((a, one, width)), Some((b, two, other))) => {
            a == b && one.checked_add(1) == Some(two) && (width == other || other == width + 1)
        }
        _ => false,
    }
}

/// What is drawn of each item, one after the other.
pub(super) fn each<T>(items: impl IntoIterator<Item = T>, draw: impl Fn(T) -> String) -> String {
    items.into_iter().map(draw).collect()
}

/// `1 leaf`, `2 leaves`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::DeviceName;

    #[test]
    fn a_text_from_outside_stays_a_text() {
        for (case, text, in_code, in_html) in [
            ("plain", "web", "`web`", "web"),
            ("a tag", "<img src=x>", "`<img src=x>`", "&lt;img src=x&gt;"),
            ("backticks", "a``b`", "``` a``b` ```", "a``b`"),
            ("a line's end", "a\n# b", "`a\\n# b`", "a\\n# b"),
            ("a mention", "@all", "`@all`", "&#64;all"),
            ("nothing", "", "` `", ""),
            ("an end of a comment", "-->", "`-->`", "--&gt;"),
            ("a turned line", "a\u{202e}b", "`a\\u{202e}b`", "a\\u{202e}b"),
        ] {
            assert_eq!(code(text), in_code, "{case}");
            assert_eq!(html(text), in_html, "{case}");
        }
        assert!(code(&"x".repeat(1000)).chars().count() < 260);
        assert_eq!(block("diff", &["```".to_owned()]), "````diff\n```\n````\n");
    }

    #[test]
    fn devices_that_follow_each_other_are_a_range() {
        let plain: fn(&str) -> String = |text| text.to_owned();
        for (names, most, expected) in [
            ("leaf1", 9, "leaf1"),
            ("leaf1 leaf2", 9, "leaf1, leaf2"),
            ("leaf1 leaf2 leaf3 leaf5 spine1", 9, "leaf1–leaf3, leaf5, spine1"),
            ("leaf9 leaf10 leaf11", 9, "leaf9–leaf11"),
            ("a1 b2 c3 d4", 2, "a1, b2 and 2 more"),
            ("leaf", 9, "leaf"),
        ] {
            let names: Vec<DeviceName> = names.split(' ').map(|name| name.parse().unwrap()).collect();
            assert_eq!(devices(&names, most, plain), expected);
        }
    }
}
