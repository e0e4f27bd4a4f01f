//! Comments on lines, brought from what stands there to what is wanted.
//!
//! Here: [`sync`], for forges on which such comments are single things, and the pure choice of
//! what to write. Elsewhere: the calls (`github::reviewing`, `gitlab::reviewing`).

use super::{Annotated, Annotation, MOST_LINES, Work, hunks};
use crate::forge::error::{ForgeError, Problem};
use crate::forge::http::Http;

/// A comment of ours that stands on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::forge) struct Standing {
    pub(in crate::forge) id: u64,
    pub(in crate::forge) path: String,
    /// None if the line is gone from the diff.
    pub(in crate::forge) line: Option<u32>,
    pub(in crate::forge) body: String,
}

/// A comment that is to stand on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::forge) struct Wanted {
    pub(in crate::forge) path: String,
    /// The file's path before, where it was moved.
    pub(in crate::forge) old_path: String,
    /// The last line, which carries the comment.
    pub(in crate::forge) line: u32,
    /// Its number before, if it is not new.
    pub(in crate::forge) old_line: Option<u32>,
    /// The first line, if it is more than one.
    pub(in crate::forge) start: Option<u32>,
    pub(in crate::forge) body: String,
}

/// A file of a pull request's diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::forge) struct FileDiff {
    pub(in crate::forge) path: String,
    pub(in crate::forge) old_path: String,
    pub(in crate::forge) patch: String,
}

/// The calls that comments on lines need.
pub(in crate::forge) trait LineComments {
    /// All of ours with this mark.
    fn standing(&self, http: &Http, work: &Work<'_>) -> Result<Vec<Standing>, ForgeError>;
    /// The diffs of these files.
    fn diffs(&self, http: &Http, work: &Work<'_>) -> Result<Vec<FileDiff>, ForgeError>;
    fn put(&self, http: &Http, work: &Work<'_>, wanted: &Wanted) -> Result<(), ForgeError>;
    fn reword(&self, http: &Http, work: &Work<'_>, id: u64, body: &str) -> Result<(), ForgeError>;
    fn take(&self, http: &Http, work: &Work<'_>, id: u64) -> Result<(), ForgeError>;
}

/// Brings the comments on lines up to date.
pub(in crate::forge) fn sync(
    forge: &impl LineComments,
    http: &Http,
    work: &Work<'_>,
) -> Result<Annotated, ForgeError> {
    let standing = forge.standing(http, work)?;
    if work.wanted.is_empty() && standing.is_empty() {
        return Ok(Annotated::default());
    }
    let wanted = if work.wanted.is_empty() { Vec::new() } else { placed(work, &forge.diffs(http, work)?) };
    let mut shown = wanted.len();
    let moves = moves(standing, wanted);
    let removed = moves.take.len();
    for id in moves.take {
        unless_gone(forge.take(http, work, id))?;
    }
    for (id, body) in moves.reword {
        unless_gone(forge.reword(http, work, id, &body))?;
    }
    for (nth, wanted) in moves.put.iter().enumerate() {
        if nth > 0 {
            http.breathe();
        }
        match forge.put(http, work, wanted) {
            // the head moved on meanwhile, or the forge counts the lines otherwise
            Err(error) if is_no_line(&error) => shown -= 1,
            done => done?,
        }
    }
    Ok(Annotated { shown, left_out: work.wanted.len() - shown, removed })
}

/// What of the wanted can stand on lines of the diff, as many as there may be.
fn placed(work: &Work<'_>, diffs: &[FileDiff]) -> Vec<Wanted> {
    let on_its_line = |annotation: &Annotation| {
        let file = diffs.iter().find(|file| file.path == annotation.path)?;
        // of a range that is not shown as a whole, its first line
        let last = annotation.end_line.max(annotation.line);
        let is_whole = hunks::has(&file.patch, annotation.line, last);
        let line = if is_whole { last } else { annotation.line };
        let place = hunks::find(&file.patch, line)?;
        Some(Wanted {
            path: file.path.clone(),
            old_path: file.old_path.clone(),
            line,
            old_line: place.old,
            start: (annotation.line < line).then_some(annotation.line),
            body: format!("{}\n{}", work.mark(), annotation.markdown()),
        })
    };
    work.wanted.iter().filter_map(on_its_line).take(MOST_LINES).collect()
}

/// What has to be written.
#[derive(Debug, Default, PartialEq, Eq)]
struct Moves {
    put: Vec<Wanted>,
    reword: Vec<(u64, String)>,
    take: Vec<u64>,
}

/// From what stands there to what is wanted, with as little as possible: what says the same on
/// the same line stays, what stands on the line is reworded.
fn moves(standing: Vec<Standing>, wanted: Vec<Wanted>) -> Moves {
    let (mut rest, mut open, mut moves) = (standing, Vec::new(), Moves::default());
    let on_line = |standing: &Standing, wanted: &Wanted| {
        standing.path == wanted.path && standing.line == Some(wanted.line)
    };
    for wanted in wanted {
        let says_it = |there: &Standing| on_line(there, &wanted) && same(&there.body, &wanted.body);
        match rest.iter().position(says_it) {
            Some(place) => drop(rest.remove(place)),
            None => open.push(wanted),
        }
    }
    for wanted in open {
        match rest.iter().position(|there| on_line(there, &wanted)) {
            Some(place) => moves.reword.push((rest.remove(place).id, wanted.body)),
            None => moves.put.push(wanted),
        }
    }
    moves.take = rest.into_iter().map(|there| there.id).collect();
    moves
}

fn same(found: &str, wanted: &str) -> bool {
    crate::forge::text::same(found, wanted)
}

/// Somebody was quicker to take it away.
fn unless_gone(done: Result<(), ForgeError>) -> Result<(), ForgeError> {
    match done {
        Err(error) if error.says_it_is_gone() => Ok(()),
        done => done,
    }
}

/// Whether a forge says that there is no such line: GitHub with 422, GitLab with 400.
fn is_no_line(error: &ForgeError) -> bool {
    matches!(error.problem(), Some(Problem::Refused { status: 400 | 422, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(id: u64, path: &str, line: Option<u32>, body: &str) -> Standing {
        Standing { id, path: path.to_owned(), line, body: body.to_owned() }
    }

    fn wanted(path: &str, line: u32, body: &str) -> Wanted {
        let (path, body) = (path.to_owned(), body.to_owned());
        Wanted { old_path: path.clone(), path, line, old_line: None, start: None, body }
    }

    #[test]
    fn as_little_is_written_as_possible() {
        let there = vec![
            standing(1, "a", Some(1), "same\r\n"),
            standing(2, "a", Some(2), "old words"),
            standing(3, "a", None, "same"), // its line is gone
            standing(4, "b", Some(1), "same"),
            standing(5, "a", Some(1), "same"), // twice
        ];
        let wanted = vec![wanted("a", 1, "same"), wanted("a", 2, "new words"), wanted("c", 1, "same")];
        let expected = Moves {
            put: vec![wanted[2].clone()],
            reword: vec![(2, "new words".to_owned())],
            take: vec![3, 4, 5],
        };
        assert_eq!(moves(there, wanted), expected);
        assert_eq!(moves(Vec::new(), Vec::new()), Moves::default());
    }
}
