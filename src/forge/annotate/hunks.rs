//! Which lines a diff shows: only on those do forges take comments.
//!
//! Unified diffs as `git diff` writes them (git documentation, "Generating patch text with -p").
//! Here: finding a line of the new file in a file's patch, and the files of a whole diff; pure.

/// Where a line of the new file stands in a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::forge) struct Place {
    /// Its number in the old file; none if it is new.
    pub(in crate::forge) old: Option<u32>,
}

/// Finds a line of the new file, counted from 1, in a file's patch.
pub(in crate::forge) fn find(patch: &str, wanted: u32) -> Option<Place> {
    let mut at: Option<(u32, u32)> = None;
    for line in patch.lines() {
        if let Some(hunk) = line.strip_prefix("@@ ") {
            at = header(hunk);
            continue;
        }
        let Some((old, new)) = at else { continue };
        let (in_old, in_new) = match line.as_bytes().first() {
            Some(b'+') => (false, true),
            Some(b'-') => (true, false),
            Some(b' ') | None => (true, true), // some writers cut the space of an empty line
            _ => continue,
        };
        if in_new && new == wanted {
            return Some(Place { old: in_old.then_some(old) });
        }
        at = Some((old.saturating_add(u32::from(in_old)), new.saturating_add(u32::from(in_new))));
    }
    None
}

/// Whether all lines of a range stand in a patch.
pub(in crate::forge) fn has(patch: &str, first: u32, last: u32) -> bool {
    find(patch, first).is_some() && (first == last || find(patch, last).is_some())
}

/// The first lines of a hunk, old and new: `-12,5 +14,7 @@ …`.
fn header(hunk: &str) -> Option<(u32, u32)> {
    let mut ranges = hunk.split(' ');
    let mut first =
        |sign: char| -> Option<u32> { ranges.next()?.strip_prefix(sign)?.split(',').next()?.parse().ok() };
    Some((first('-')?, first('+')?))
}

/// The part of a whole diff that is about a file, by its new path.
pub(in crate::forge) fn patch_of<'a>(diff: &'a str, path: &str) -> Option<&'a str> {
    let header = format!("+++ b/{path}");
    let mut start = None;
    for (at, line) in lines_at(diff) {
        match start {
            None if line == header => start = Some(at),
            Some(start) if line.starts_with("diff --git ") => return diff.get(start..at),
            _ => {}
        }
    }
    diff.get(start?..)
}

fn lines_at(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\r', '\n']))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATCH: &str = "@@ -1,4 +1,5 @@ vlans:\n one\n-two\n+deux\n+trois\n three\n\
                         \\ No newline at end of file\n@@ -10 +11,2 @@\n ten\n+eleven\n";

    #[test]
    fn a_line_of_the_new_file_is_found_with_its_old_number() {
        for (line, expected) in [
            (1, Some(Some(1))),
            (2, Some(None)),
            (3, Some(None)),
            (4, Some(Some(3))),
            (5, None),
            (11, Some(Some(10))),
            (12, Some(None)),
            (13, None),
            (0, None),
        ] {
            assert_eq!(find(PATCH, line).map(|place| place.old), expected, "line {line}");
        }
        assert!(has(PATCH, 2, 3) && !has(PATCH, 4, 5));
    }

    #[test]
    fn a_file_is_found_in_a_whole_diff() {
        let diff = format!(
            "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n@@ -1 +1 @@\n-a\n+b\n\
             diff --git a/b/c.yaml b/b/c.yaml\nindex 1..2 100644\n--- a/b/c.yaml\n+++ b/b/c.yaml\n{PATCH}"
        );
        assert_eq!(patch_of(&diff, "a.yaml"), Some("+++ b/a.yaml\n@@ -1 +1 @@\n-a\n+b\n"));
        assert_eq!(patch_of(&diff, "b/c.yaml").and_then(|patch| find(patch, 12)), Some(Place { old: None }));
        assert_eq!(patch_of(&diff, "c.yaml"), None);
    }

    proptest! {
        #[test]
        fn no_diff_panics(diff in "(@@ -[0-9]{1,12},? \\+[0-9]{1,12} @@|[ +\\-a@]|\n|diff --git a/a b/a|\\+\\+\\+ b/a){0,40}") {
            for line in [0, 1, 7, u32::MAX] {
                let _ = find(&diff, line);
            }
            let _ = patch_of(&diff, "a");
        }
    }
}
