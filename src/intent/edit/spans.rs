//! YAML text to a tree that knows which bytes each key and value takes.
//!
//! Here: [`read`], [`Spot`]. Beside `intent::yaml`, which knows what was written and where it
//! begins: whoever changes a value must know where it ends too. Only what that one reads
//! without a finding is read here, so anchors, tags and the like do not come up.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};

use crate::intent::yaml;
use crate::names::RepoPath;

/// A value and the bytes that it takes: a scalar with its quotes, a flow collection with its
/// brackets, a block collection from its first key or item to the end of its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) bytes: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar { text: String, quotes: Quotes },
    List { items: Vec<Spot>, flow: bool },
    Map { entries: Vec<Entry>, flow: bool },
}

/// A key, where it stands, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Range<usize>,
    pub(super) value: Spot,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Single,
    Double,
    /// `|` or `>`: its text begins on the next line.
    Block,
}

/// The tree of a file; none if `intent::yaml` finds any fault in it.
pub(super) fn read(file: &RepoPath, text: &str) -> Option<Spot> {
    let (node, findings) = yaml::parse(file, text.as_bytes());
    node.filter(|_| findings.is_empty())?;
    let mut open: Vec<Open> = Vec::new();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.ok()?;
        let bytes = span.byte_range()?;
        let done = match event {
            Event::Scalar(value, style, ..) => {
                let quotes = match style {
                    ScalarStyle::Plain => Quotes::None,
                    ScalarStyle::SingleQuoted => Quotes::Single,
                    ScalarStyle::DoubleQuoted => Quotes::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => Quotes::Block,
                };
                let bytes = if quotes == Quotes::Block { content(text, bytes)? } else { bytes };
                Spot { bytes, kind: Kind::Scalar { text: value.into_owned(), quotes } }
            }
            Event::SequenceStart(..) => {
                let flow = text.get(bytes.start..)?.starts_with('[');
                open.push(Open { start: bytes.start, flow, key: None, within: Within::List(Vec::new()) });
                continue;
            }
            Event::MappingStart(..) => {
                let flow = text.get(bytes.start..)?.starts_with('{');
                open.push(Open { start: bytes.start, flow, key: None, within: Within::Map(Vec::new()) });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop()?.close(bytes.end),
            _ => continue,
        };
        match open.last_mut() {
            Some(above) => above.take(done)?,
            None => return Some(done),
        }
    }
    None
}

/// The bytes of a block scalar without what the parser passes over behind it: blank lines, and
/// how far the next line is indented.
fn content(text: &str, bytes: Range<usize>) -> Option<Range<usize>> {
    let end = text.get(..bytes.end)?.trim_end().len();
    Some(bytes.start..end.max(bytes.start))
}

/// A list or map whose end was not met yet.
struct Open {
    start: usize,
    flow: bool,
    key: Option<(String, Range<usize>)>,
    within: Within,
}

enum Within {
    List(Vec<Spot>),
    Map(Vec<Entry>),
}

impl Open {
    fn take(&mut self, spot: Spot) -> Option<()> {
        match (&mut self.within, self.key.take()) {
            (Within::List(items), _) => items.push(spot),
            (Within::Map(entries), Some((key, at))) => {
                // nothing was written: the parser says so at the next token, lines below
                let value = if spot.bytes.is_empty() { spot.moved_to(at.end) } else { spot };
                entries.push(Entry { key, at, value });
            }
            (Within::Map(_), None) => {
                let Kind::Scalar { text, .. } = spot.kind else { return None };
                self.key = Some((text, spot.bytes));
            }
        }
        Some(())
    }

    /// The end of a flow collection is its bracket; that of a block one the end of what is last
    /// in it.
    fn close(self, bracket: usize) -> Spot {
        let Self { start, flow, within, .. } = self;
        let (last, kind) = match within {
            Within::List(items) => (items.last().map(|item| item.bytes.end), Kind::List { items, flow }),
            Within::Map(entries) => {
                (entries.last().map(|entry| entry.value.bytes.end), Kind::Map { entries, flow })
            }
        };
        let end = if flow { bracket } else { last.unwrap_or(start) };
        Spot { bytes: start..end.max(start), kind }
    }
}

impl Spot {
    fn moved_to(self, at: usize) -> Self {
        Self { bytes: at..at, ..self }
    }
}
