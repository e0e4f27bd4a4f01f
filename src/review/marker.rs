//! The hidden lines by which our comment is found again, and by which anybody can tell
//! whether it is stale without planning.
//!
//! Here: [`Marker`], written and parsed. It stands in the first two lines of the comment and
//! counts nowhere else. Elsewhere: whose comment it is (`forge`).

use crate::names::{CommitId, FabricName};

/// What the first two lines of a comment say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The fabric: a repository may hold several.
    pub fabric: FabricName,
    /// The base that was planned from.
    pub base: CommitId,
    /// The head that was planned.
    pub head: CommitId,
    /// The review's seal.
    pub seal: String,
    /// The version of gitfabric that made it.
    pub engine: String,
}

const FIRST: (&str, &str) = ("<!-- gitfabric:plan ", " -->");
const SECOND: (&str, &str) = ("<!-- gitfabric:of ", " -->");

impl Marker {
    /// The first line of the comment of a fabric, by which it is found.
    pub fn first_line(fabric: &FabricName) -> String {
        format!("{}{fabric}{}", FIRST.0, FIRST.1)
    }

    /// The fabric of a comment of ours, also of one whose second line is broken.
    pub fn fabric_of(comment: &str) -> Option<FabricName> {
        inside(comment.lines().next()?, FIRST)?.parse().ok()
    }

    /// Both lines, each with its end.
    pub fn lines(&self) -> String {
        let Self { fabric, base, head, seal, engine } = self;
        let first = Self::first_line(fabric);
        format!("{first}\n{}base={base} head={head} seal={seal} engine={engine}{}\n", SECOND.0, SECOND.1)
    }

    /// Reads them from a comment; none if its first two lines are not ours.
    pub fn parse(comment: &str) -> Option<Self> {
        let fabric = Self::fabric_of(comment)?;
        let words = inside(comment.lines().nth(1)?, SECOND)?;
        let word = |key: &str| {
            words
                .split(' ')
                .find_map(|word| word.split_once('=').filter(|(found, _)| *found == key))
                .map(|it| it.1)
        };
        Some(Self {
            fabric,
            base: word("base")?.parse().ok()?,
            head: word("head")?.parse().ok()?,
            seal: word("seal").filter(|seal| is_seal(seal))?.to_owned(),
            engine: word("engine")?.to_owned(),
        })
    }
}

fn is_seal(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn inside<'t>(line: &'t str, (before, after): (&str, &str)) -> Option<&'t str> {
    // forges give lines back with a carriage return
    line.trim_end().strip_prefix(before)?.strip_suffix(after)
}
