//! What an edit writes, and where: in the place of a value, behind the last key or item, or
//! nothing in the place of an entry.
//!
//! Here: [`Document::replaced`], [`Document::set`], [`Document::pushed`],
//! [`Document::removed`]. Each gives the whole new text, which reads without a finding.
//! Elsewhere: which bytes a value takes (`spans`).

use std::fmt::Write as _;
use std::ops::Range;

use super::spans::{Entry, Kind, Quotes, Spot, read};
use super::text::{is_plain, key, quoted, scalar};
use super::{Document, New, Step};

/// A map or list in brackets that is longer stands on several lines.
const WIDTH: usize = 80;

impl Document {
    /// The text with another value in the place of a scalar, in the quotes that it has as far
    /// as the new one allows.
    pub fn replaced(&self, way: &[Step], new: &New) -> Option<String> {
        let spot = self.spot(way)?;
        let Kind::Scalar { quotes, .. } = &spot.kind else { return None };
        let written = match (new, quotes) {
            // its indicator stands on the line above its text
            (_, Quotes::Block) | (New::List(_) | New::Map(_), _) => return None,
            (New::Bare(text), _) => text.clone(),
            (New::Text(text), _) if self.is_json() => json_text(text),
            (New::Text(text), Quotes::Single) if !text.contains(char::is_control) => {
                format!("'{}'", text.replace('\'', "''"))
            }
            (New::Text(text), Quotes::None) if is_plain(text) => text.clone(),
            (New::Text(text), _) => quoted(text),
        };
        self.with_value(spot, &written)
    }

    /// The text in which a map says this of a key: behind its last key, or in the place of the
    /// scalar that the key has. Maps on the way that are not there yet are made.
    pub fn set(&self, way: &[Step], name: &str, new: &New) -> Option<String> {
        let mut inner = way.to_vec();
        inner.push(Step::Key(name.to_owned()));
        match self.spot(&inner) {
            Some(spot) if spot.bytes.is_empty() => self.with_value(spot, &self.flow(new)),
            Some(_) => self.replaced(&inner, new),
            None => {
                if let Some(map) = self.spot(way) {
                    return self.added(map, name, new);
                }
                let (Step::Key(missing), above) = way.split_last()? else { return None };
                let new = New::Map(vec![(name.to_owned(), new.clone())]);
                self.set(above, missing, &new)
            }
        }
    }

    /// The text with another item at the end of a list.
    pub fn pushed(&self, way: &[Step], new: &New) -> Option<String> {
        let holder = self.spot(way)?;
        let Kind::List { items, flow } = &holder.kind else { return None };
        let Some(last) = items.last() else {
            return flow.then(|| self.with(holder.bytes.clone(), &format!("[{}]", self.flow(new))))?;
        };
        if *flow {
            return self.behind_last(holder, last.bytes.clone(), &|indent| self.written(new, indent));
        }
        let before = self.line_before(last.bytes.start);
        let is_dash = before.trim_start().strip_prefix('-').is_some_and(|rest| rest.trim().is_empty());
        let line = format!("{before}{}", self.flow(new));
        if is_dash { self.with_line_below(last.bytes.end, &line) } else { None }
    }

    /// The text without an entry of a map or an item of a list; what holds nothing more goes
    /// with it, up to the file's own map.
    pub fn removed(&self, way: &[Step]) -> Option<String> {
        let (step, above) = way.split_last()?;
        let holder = self.spot(above)?;
        let (parts, flow): (Vec<Range<usize>>, bool) = match &holder.kind {
            Kind::Map { entries, flow } => (entries.iter().map(whole).collect(), *flow),
            Kind::List { items, flow } => (items.iter().map(|item| item.bytes.clone()).collect(), *flow),
            Kind::Scalar { .. } => return None,
        };
        let index = match (step, &holder.kind) {
            (Step::Key(key), Kind::Map { entries, .. }) => entries.iter().position(|e| e.key == *key)?,
            (Step::Item(index), _) => *index,
            _ => return None,
        };
        if parts.len() == 1 {
            return self.removed(above);
        }
        let is_item = matches!(step, Step::Item(_));
        let doomed = if flow { self.flow_part(&parts, index) } else { self.lines_of(&parts, index, is_item) };
        self.with(doomed?, "")
    }

    fn added(&self, map: &Spot, name: &str, new: &New) -> Option<String> {
        match &map.kind {
            Kind::Map { entries, flow: true } => {
                let written = |indent: usize| format!("{}: {}", self.key(name), self.written(new, indent));
                match entries.last() {
                    Some(last) => self.behind_last(map, whole(last), &written),
                    None => self.with(map.bytes.clone(), &format!("{{ {} }}", written(0))),
                }
            }
            Kind::Map { entries, .. } => {
                let column = self.column(entries.first()?.at.start);
                let mut lines = String::new();
                block(name, new, column, self.line_end(), &mut lines);
                self.with_line_below(map.bytes.end, lines.trim_end())
            }
            // a key without a value is a map of nothing
            Kind::Scalar { .. } if map.bytes.is_empty() => {
                let new = New::Map(vec![(name.to_owned(), new.clone())]);
                self.with_value(map, &self.flow(&new))
            }
            Kind::Scalar { .. } | Kind::List { .. } => None,
        }
    }

    /// Behind the last part of a flow collection: on its line, or on one of its own where the
    /// collection is written so.
    fn behind_last(
        &self,
        holder: &Spot,
        last: Range<usize>,
        written: &dyn Fn(usize) -> String,
    ) -> Option<String> {
        let after = self.text.get(last.end..holder.bytes.end)?;
        let has_comma = after.trim_start().starts_with(',');
        let at = if has_comma { last.end + after.find(',')? + 1 } else { last.end };
        let comma = if has_comma { "" } else { "," };
        let own_line = self.text.get(holder.bytes.start..last.start)?.contains('\n');
        let text = if own_line {
            let indent = self.indent(last.start);
            format!("{comma}{}{:indent$}{}", self.line_end(), "", written(indent))
        } else {
            format!("{comma} {}", written(0))
        };
        self.with(at..at, &text)
    }

    /// The bytes of one part of a flow collection with the comma that goes with it.
    fn flow_part(&self, parts: &[Range<usize>], index: usize) -> Option<Range<usize>> {
        let part = parts.get(index)?;
        if let Some(next) = parts.get(index + 1) {
            let between = self.text.get(part.end..next.start)?;
            // a comment between the two stays
            let end = if between.contains('#') { part.end + between.find(',')? + 1 } else { next.start };
            return Some(part.start..end);
        }
        let before = parts.get(index.checked_sub(1)?)?;
        let between = self.text.get(before.end..part.start)?;
        Some(if between.contains('#') { part.start..part.end } else { before.end..part.end })
    }

    /// The lines of one part of a block collection, its own comment with them.
    fn lines_of(&self, parts: &[Range<usize>], index: usize, is_item: bool) -> Option<Range<usize>> {
        let part = parts.get(index)?;
        let line = self.text.get(..part.start)?.rfind('\n').map_or(0, |at| at + 1);
        let before = self.text.get(line..part.start)?;
        let alone = before.trim_matches([' ', '\t']);
        if alone.is_empty() || is_item && alone == "-" {
            return Some(line..self.end_of_line(part.end));
        }
        // the first key of an item stands behind its dash: the next one takes its place
        let next = parts.get(index + 1)?;
        Some(part.start..next.start)
    }

    /// The text with something in the place of a value; where nothing was written, behind the
    /// colon of its key.
    fn with_value(&self, spot: &Spot, written: &str) -> Option<String> {
        if !spot.bytes.is_empty() {
            return self.with(spot.bytes.clone(), written);
        }
        if matches!(spot.kind, Kind::Scalar { quotes: Quotes::Block, .. }) {
            return None;
        }
        let rest = self.text.get(spot.bytes.start..)?;
        // a key behind `?` may have no colon at all
        let colon = self.text.len() - rest.trim_start().strip_prefix(':')?.len();
        self.with(colon..colon, &format!(" {written}"))
    }

    /// The text with a line below the one on which a value ends.
    fn with_line_below(&self, end: usize, line: &str) -> Option<String> {
        let kept = self.text.get(..end)?.trim_end().len();
        let at = self.end_of_line(kept);
        let newline = self.line_end();
        let ends = self.text.get(..at)?.ends_with('\n');
        let text = if ends { format!("{line}{newline}") } else { format!("{newline}{line}") };
        self.with(at..at, &text)
    }

    /// The text with other bytes in a range, if it still reads without a finding.
    fn with(&self, range: Range<usize>, new: &str) -> Option<String> {
        let (before, after) = (self.text.get(..range.start)?, self.text.get(range.end..)?);
        let text = format!("{before}{new}{after}");
        read(&self.file, &text).map(|_| text)
    }

    fn key(&self, name: &str) -> String {
        if self.is_json() { json_text(name) } else { key(name) }
    }

    /// A value inside brackets, on several lines where it is long and may be.
    fn written(&self, new: &New, indent: usize) -> String {
        let flow = self.flow(new);
        if self.is_json() && indent > 0 && flow.len() > WIDTH { self.spread(new, indent) } else { flow }
    }

    /// A value on one line.
    fn flow(&self, new: &New) -> String {
        flow(new, self.is_json())
    }

    /// A value in brackets, a line each, as JSON is mostly written.
    fn spread(&self, new: &New, indent: usize) -> String {
        let newline = self.line_end();
        let inner = indent + 2;
        let lines = |parts: Vec<String>| {
            let parts: Vec<String> =
                parts.into_iter().map(|part| format!("{newline}{:inner$}{part}", "")).collect();
            format!("{}{newline}{:indent$}", parts.join(","), "")
        };
        match new {
            New::List(items) if !items.is_empty() => {
                format!("[{}]", lines(items.iter().map(|item| self.written(item, inner)).collect()))
            }
            New::Map(entries) if !entries.is_empty() => {
                let entry =
                    |(name, new): &(String, New)| format!("{}: {}", self.key(name), self.written(new, inner));
                format!("{{{}}}", lines(entries.iter().map(entry).collect()))
            }
            new => self.flow(new),
        }
    }

    /// What stands before a byte on its line.
    fn line_before(&self, byte: usize) -> &str {
        let before = self.text.get(..byte).unwrap_or_default();
        before.rsplit('\n').next().unwrap_or_default()
    }

    fn column(&self, byte: usize) -> usize {
        self.line_before(byte).chars().count()
    }

    /// How far the line of a byte is indented.
    fn indent(&self, byte: usize) -> usize {
        self.line_before(byte).chars().take_while(|c| *c == ' ').count()
    }

    /// Behind the end of the line that a byte is on.
    fn end_of_line(&self, byte: usize) -> usize {
        let rest = self.text.get(byte..).unwrap_or_default();
        byte + rest.find('\n').map_or(rest.len(), |at| at + 1)
    }

    /// The line end that the file has.
    fn line_end(&self) -> &'static str {
        let first = self.text.find('\n').and_then(|at| self.text.get(..at));
        if first.is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
    }
}

/// The bytes of a key with its value.
fn whole(entry: &Entry) -> Range<usize> {
    entry.at.start..entry.value.bytes.end.max(entry.at.end)
}

/// A key and its value as lines of a block map: a map that holds a map stands below its key.
fn block(name: &str, new: &New, column: usize, newline: &str, out: &mut String) {
    let _ = write!(out, "{:column$}{}:", "", key(name));
    match new {
        New::Map(entries) if entries.iter().any(|(_, new)| matches!(new, New::Map(_))) => {
            out.push_str(newline);
            for (name, new) in entries {
                block(name, new, column + 2, newline, out);
            }
        }
        new => {
            let _ = write!(out, " {}{newline}", flow(new, false));
        }
    }
}

/// A value on one line.
fn flow(new: &New, json: bool) -> String {
    match new {
        New::Bare(text) => text.clone(),
        New::Text(text) if json => json_text(text),
        New::Text(text) => scalar(text),
        New::List(items) => {
            format!("[{}]", items.iter().map(|item| flow(item, json)).collect::<Vec<_>>().join(", "))
        }
        New::Map(entries) if entries.is_empty() => "{}".to_owned(),
        New::Map(entries) => {
            let name = |name: &str| if json { json_text(name) } else { key(name) };
            let entry = |(key, new): &(String, New)| format!("{}: {}", name(key), flow(new, json));
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text as JSON has it.
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
