//! One value of a file changed, and every other byte left as it was: comments, quotes, layout,
//! line ends.
//!
//! Here: [`Document`], and where in it something stands ([`Step`], [`Document::ways`]). `spans`:
//! which bytes each value takes; `change`: what is written in their place; `text`: a scalar's
//! own form. Every edit gives the file's new text or nothing, where it cannot be made without
//! touching more. Pure. Elsewhere: which edit is wanted, and whether it says what was meant
//! (`accept`).

mod change;
mod spans;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use self::spans::{Kind, Spot};
use crate::diagnostic::Place;
use crate::names::RepoPath;

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list, from 0.
    Item(usize),
}

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum New {
    /// A number, `true`, `false` or `null`: never in quotes.
    Bare(String),
    /// A text: in quotes where it needs them.
    Text(String),
    /// A list.
    List(Vec<New>),
    /// Keys and values, in this order.
    Map(Vec<(String, New)>),
}

/// A file that reads without a finding, YAML or JSON.
#[derive(Clone, Debug)]
pub struct Document {
    file: RepoPath,
    text: String,
    root: Spot,
}

impl Document {
    /// Reads a file; none if it is not what `intent` reads without a finding.
    pub fn read(file: &RepoPath, bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.to_owned();
        let root = spans::read(file, &text)?;
        Some(Self { file: file.clone(), text, root })
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The ways to what begins at a place: the value of the key that stands there first, then
    /// values themselves, outermost first. A block map begins where its first key does, so there
    /// may be several.
    pub fn ways(&self, place: &Place) -> Vec<Vec<Step>> {
        let Some(byte) = self.byte_at(place) else { return Vec::new() };
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        find(&self.root, byte, &mut Vec::new(), &mut keys, &mut values);
        keys.retain(|way| !values.contains(way));
        keys.extend(values);
        keys
    }

    /// The text of the scalar at the end of a way, and whether it stands without quotes.
    pub fn scalar(&self, way: &[Step]) -> Option<(&str, bool)> {
        match &self.spot(way)?.kind {
            Kind::Scalar { text, quotes } => Some((text, *quotes == spans::Quotes::None)),
            _ => None,
        }
    }

    /// How many items the list at the end of a way has.
    pub fn items(&self, way: &[Step]) -> Option<usize> {
        match &self.spot(way)?.kind {
            Kind::List { items, .. } => Some(items.len()),
            _ => None,
        }
    }

    /// The keys of the map at the end of a way.
    pub fn keys(&self, way: &[Step]) -> Option<Vec<&str>> {
        match &self.spot(way)?.kind {
            Kind::Map { entries, .. } => Some(entries.iter().map(|entry| entry.key.as_str()).collect()),
            _ => None,
        }
    }

    fn spot(&self, way: &[Step]) -> Option<&Spot> {
        way.iter().try_fold(&self.root, |spot, step| match (step, &spot.kind) {
            (Step::Key(key), Kind::Map { entries, .. }) => {
                entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.value)
            }
            (Step::Item(index), Kind::List { items, .. }) => items.get(*index),
            _ => None,
        })
    }

    /// The byte at which a place begins; it counts lines and characters from 1.
    fn byte_at(&self, place: &Place) -> Option<usize> {
        let line = place.line.checked_sub(1)? as usize;
        let above: usize = self.text.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = self.text.get(above..)?;
        let column = place.column.checked_sub(1)? as usize;
        let within = rest.char_indices().nth(column).map_or(rest.len(), |(byte, _)| byte);
        Some(above + within)
    }

    fn is_json(&self) -> bool {
        std::path::Path::new(self.file.as_str()).extension().is_some_and(|it| it == "json")
    }
}

/// Collects the ways to a key or a value that begins at a byte. As deep as the tree, which the
/// parser limits.
fn find(
    spot: &Spot,
    byte: usize,
    way: &mut Vec<Step>,
    keys: &mut Vec<Vec<Step>>,
    values: &mut Vec<Vec<Step>>,
) {
    if spot.bytes.start == byte {
        values.push(way.clone());
    }
    match &spot.kind {
        Kind::Scalar { .. } => {}
        Kind::List { items, .. } => {
            for (index, item) in items.iter().enumerate() {
                way.push(Step::Item(index));
                find(item, byte, way, keys, values);
                way.pop();
            }
        }
        Kind::Map { entries, .. } => {
            for entry in entries {
                way.push(Step::Key(entry.key.clone()));
                if entry.at.start == byte {
                    keys.push(way.clone());
                }
                find(&entry.value, byte, way, keys, values);
                way.pop();
            }
        }
    }
}
