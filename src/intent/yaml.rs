//! YAML text to a tree in which every key and value knows its place.
//!
//! Here: [`parse`]. Scalars stay the text that was written: what `0040`, `on` or
//! `65000:10` mean is decided by whoever expects a number, a name or a route target there
//! (`decode`), so none of the YAML 1.1 readings can creep in. What makes two readers see
//! two things (anchors, merge keys, tags, repeated keys, several documents) is refused.
//! The parser under it is granit-parser, YAML 1.2; JSON is read by the same code.

use std::collections::BTreeMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span};

use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::names::RepoPath;

/// The largest file that is read, in bytes. A fabric's largest object is some kilobytes.
const MAX_BYTES: usize = 4 << 20;

/// How deep maps and lists may nest. The model needs five levels, raw YANG data some
/// fifteen; the tree is dropped recursively, so this bounds the stack too.
const MAX_DEPTH: usize = 64;

/// How many values one file may have. Each costs some 200 bytes while it is read; a prefix list
/// of 50,000 rules has 400,000.
const MAX_NODES: usize = 500_000;

/// The longest key, in bytes. A path of the manifest is the longest that is read.
const MAX_KEY: usize = 1024;

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// What was written.
    pub(crate) value: Value,
    /// Where: a scalar as a whole, the first key of a block map, the bracket of a flow one.
    pub(crate) place: Place,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A scalar.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file; its keys are distinct.
    Map(Vec<(Spanned<String>, Node)>),
}

/// A scalar's text after escapes, and whether it stood there without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// The text.
    pub(crate) text: String,
    /// Without quotes, so that YAML 1.2 could read a number, a boolean or null in it.
    pub(crate) plain: bool,
}

impl Node {
    /// Whether nothing was written: an empty plain scalar, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        let null = |scalar: &Scalar| scalar.plain && matches!(scalar.text.as_str(), "" | "~" | "null");
        matches!(&self.value, Value::Scalar(scalar) if null(scalar))
    }

    /// What kind of value this is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(_) if self.is_null() => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// Reads one file. The tree is there unless the text could not be read at all; findings
/// may stand beside it (repeated keys and the like), and then it is not to be relied on
/// for more than finding further faults.
pub(crate) fn parse(file: &RepoPath, bytes: &[u8]) -> (Option<Node>, Findings) {
    let text = match readable(file, bytes) {
        Ok(text) => text,
        Err(finding) => return (None, Findings::from_iter([*finding])),
    };
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let source = Source { file, text };
    let mut builder =
        Builder { source, open: Vec::new(), root: None, documents: 0, nodes: 0, findings: Findings::new() };
    for next in Parser::new_from_str_with_options(text, options) {
        let go_on = match next {
            Ok((event, span)) => builder.event(event, &span),
            Err(error) => {
                builder.findings.push(source.unreadable(&error));
                builder.root = None;
                false
            }
        };
        if !go_on {
            break;
        }
    }
    let Builder { root, mut findings, .. } = builder;
    if root.as_ref().is_none_or(Node::is_null) && findings.is_empty() {
        let place = Place::start_of(file.clone());
        findings.push(
            Finding::error("yaml-empty", &place, format!("{file} says nothing"))
                .hint("write the object into it, or remove the file"),
        );
        return (None, findings);
    }
    (root, findings)
}

/// The bytes as text, when they are UTF-8 without a byte-order mark and of bearable size.
fn readable<'t>(file: &RepoPath, bytes: &'t [u8]) -> Result<&'t str, Box<Finding>> {
    let start = Place::start_of(file.clone());
    if bytes.len() > MAX_BYTES {
        let message = format!("{file} has {} bytes, more than the {MAX_BYTES} that are read", bytes.len());
        return Err(Box::new(Finding::error("yaml-size", &start, message)));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let place = Place { file: file.clone(), line: number(line), column: number(column), length: 1 };
        let message = format!("{file} is not UTF-8 text");
        Box::new(Finding::error("yaml-encoding", &place, message).hint("save the file as UTF-8"))
    })?;
    if text.starts_with('\u{feff}') {
        let message = format!("{file} starts with a byte-order mark");
        let hint = "save the file as UTF-8 without a byte-order mark (BOM)";
        return Err(Box::new(Finding::error("yaml-encoding", &start, message).hint(hint)));
    }
    Ok(text)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A file and its text: makes places of the parser's marks.
#[derive(Clone, Copy)]
struct Source<'t> {
    file: &'t RepoPath,
    text: &'t str,
}

impl Source<'_> {
    /// The first line of a span, at least one character. The parser counts lines from 1 and
    /// columns from 0, both in characters.
    fn place(&self, span: &Span) -> Place {
        let (start, end) = (&span.start, &span.end);
        let length = if start.line() == end.line() {
            end.col().saturating_sub(start.col())
        } else {
            self.rest_of_line(start).trim_end().chars().count()
        };
        Place { length: number(length.max(1)), ..self.at(start) }
    }

    fn at(&self, mark: &Marker) -> Place {
        let (line, column) = (number(mark.line().max(1)), number(mark.col() + 1));
        Place { file: self.file.clone(), line, column, length: 1 }
    }

    fn rest_of_line(&self, mark: &Marker) -> &str {
        let rest = mark.byte_offset().and_then(|byte| self.text.get(byte..)).unwrap_or_default();
        rest.split(['\n', '\r']).next().unwrap_or_default()
    }

    /// What the parser refused, with a hint for the faults that people make.
    fn unreadable(&self, error: &granit_parser::ScanError) -> Finding {
        use granit_parser::ErrorKind as Kind;
        let place = self.at(error.marker());
        let line = self.text.split('\n').nth(place.line as usize - 1).unwrap_or_default();
        let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        let message = format!("cannot read this as YAML: {}", error.info());
        let (code, hint) = match error.kind() {
            Kind::RecursionLimitExceeded => ("yaml-depth", Some("nest maps and lists less deeply")),
            Kind::DirectiveDisallowed => ("yaml-syntax", Some("remove the line that starts with `%`")),
            Kind::TabNotAllowed
            | Kind::TabInBlockIndentation
            | Kind::TabInIndentation
            | Kind::TabAtBlockScalarStart => ("yaml-tab", Some("indent with spaces")),
            _ if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) => {
                ("yaml-syntax", Some("a merge left both versions here: keep one, and remove its marks"))
            }
            _ if indent.contains('\t') => ("yaml-tab", Some("indent with spaces")),
            _ if line.contains("}:") => {
                ("yaml-syntax", Some("put quotes around a value that starts with `{`"))
            }
            _ => ("yaml-syntax", None),
        };
        let finding = Finding::error(code, &place, message);
        hint.map_or(finding.clone(), |hint| finding.hint(hint))
    }
}

/// A map or list that is still being read.
enum Open {
    List(Vec<Node>, Place),
    Map { entries: Vec<(Spanned<String>, Node)>, seen: BTreeMap<String, Place>, key: Key, place: Place },
}

/// What a map waits for.
enum Key {
    /// A key.
    Awaited,
    /// The value of this key.
    Read(Spanned<String>),
    /// The value of a key that was refused.
    Refused,
}

struct Builder<'t> {
    source: Source<'t>,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    findings: Findings,
}

impl Builder<'_> {
    /// Takes one event; false ends the reading.
    fn event(&mut self, event: Event<'_>, span: &Span) -> bool {
        let place = self.source.place(span);
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} keys and values in one file");
            self.refuse("yaml-size", &place, &message, "write several files");
            self.root = None;
            return false;
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.refuse(
                        "yaml-documents",
                        &place,
                        "a second document starts here",
                        "one file is one object",
                    );
                    return false;
                }
            }
            Event::Scalar(text, style, _, tag) => {
                self.tag(tag.is_some(), span);
                let plain = style == ScalarStyle::Plain;
                self.node(Node { value: Value::Scalar(Scalar { text: text.into_owned(), plain }), place });
            }
            Event::SequenceStart(_, _, tag) => {
                self.tag(tag.is_some(), span);
                return self.push(Open::List(Vec::new(), place));
            }
            Event::MappingStart(_, _, tag) => {
                self.tag(tag.is_some(), span);
                let (entries, seen) = (Vec::new(), BTreeMap::new());
                return self.push(Open::Map { entries, seen, key: Key::Awaited, place });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Anchor(..) => {
                let hint = "write the value where it is used; port settings are shared by `profiles`";
                self.refuse("yaml-anchor", &place, "anchors (`&name`) are not read", hint);
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                // a resolved alias is the anchor's finding already
                if matches!(event, Event::UnresolvedAlias(_)) {
                    let hint = "write the value out, or put quotes around a text that starts with `*`";
                    self.refuse("yaml-anchor", &place, "aliases (`*name`) are not read", hint);
                }
                self.node(Node { value: Value::Scalar(Scalar { text: String::new(), plain: true }), place });
            }
            _ => {}
        }
        true
    }

    fn refuse(&mut self, code: &'static str, place: &Place, message: &str, hint: &str) {
        self.findings.push(Finding::error(code, place, message).hint(hint));
    }

    fn tag(&mut self, tagged: bool, span: &Span) {
        if tagged {
            let place = self.source.place(&span.tag_span().unwrap_or(*span));
            self.refuse("yaml-tag", &place, "tags (`!name`) are not read", "remove the tag");
        }
    }

    fn push(&mut self, open: Open) -> bool {
        let place = match &open {
            Open::List(_, place) | Open::Map { place, .. } => place,
        };
        if self.open.len() >= MAX_DEPTH {
            let place = place.clone();
            self.refuse("yaml-depth", &place, "maps and lists nest too deeply here", "nest them less deeply");
            self.root = None;
            return false;
        }
        self.open.push(open);
        true
    }

    fn close(&mut self) {
        let node = match self.open.pop() {
            Some(Open::List(items, place)) => Node { value: Value::List(items), place },
            Some(Open::Map { entries, place, .. }) => Node { value: Value::Map(entries), place },
            None => return,
        };
        self.node(node);
    }

    /// Puts a finished node where it belongs.
    fn node(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(items, _)) => items.push(node),
            Some(Open::Map { entries, seen, key, .. }) => match std::mem::replace(key, Key::Awaited) {
                Key::Read(key) => entries.push((key, node)),
                Key::Refused => {}
                Key::Awaited => match map_key(node, seen) {
                    Ok(read) => *key = Key::Read(read),
                    Err(finding) => {
                        *key = Key::Refused;
                        self.findings.push(*finding);
                    }
                },
            },
        }
    }
}

/// A node as the key of a map that has the keys `seen`.
fn map_key(node: Node, seen: &mut BTreeMap<String, Place>) -> Result<Spanned<String>, Box<Finding>> {
    let place = node.place;
    let Value::Scalar(scalar) = node.value else {
        let message = "a key has to be a single value";
        return Err(Box::new(Finding::error("yaml-key", &place, message)));
    };
    if scalar.text.len() > MAX_KEY {
        let message = format!("a key of {} bytes; one may have {MAX_KEY}", scalar.text.len());
        return Err(Box::new(Finding::error("yaml-key", &place, message)));
    }
    if scalar.plain && scalar.text == "<<" {
        let finding = Finding::error("yaml-anchor", &place, "merge keys (`<<`) are not read");
        return Err(Box::new(finding.hint("write the keys where they are used")));
    }
    if let Some(first) = seen.get(&scalar.text) {
        let finding = Finding::error("yaml-duplicate-key", &place, format!("`{}` is set twice", scalar.text));
        let finding = finding.label("again here").related(first, "first set here");
        return Err(Box::new(finding.hint("keep one of the two")));
    }
    seen.insert(scalar.text.clone(), place.clone());
    Ok(Spanned::new(scalar.text, place))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn file() -> RepoPath {
        "vlans/40.yaml".parse().unwrap()
    }

    /// `text@line:column+length`, lists in brackets, maps in braces, quoted scalars quoted.
    fn show(node: &Node) -> String {
        let at = |place: &Place| format!("@{}:{}+{}", place.line, place.column, place.length);
        match &node.value {
            Value::Scalar(scalar) if scalar.plain => format!("{}{}", scalar.text, at(&node.place)),
            Value::Scalar(scalar) => format!("{:?}{}", scalar.text, at(&node.place)),
            Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                let entry = |(key, node): &(Spanned<String>, Node)| {
                    format!("{}{}: {}", key.value, at(&key.place), show(node))
                };
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn tree(text: &str) -> String {
        let (node, findings) = parse(&file(), text.as_bytes());
        assert!(findings.is_empty(), "{text:?}: {findings:?}");
        show(&node.unwrap())
    }

    fn codes(bytes: &[u8]) -> String {
        let (_, findings) = parse(&file(), bytes);
        let mut text = String::new();
        for finding in &findings {
            let place = finding.place.as_ref().unwrap();
            write!(text, "{}:{} {} ", place.line, place.column, finding.code).unwrap();
        }
        text.trim_end().to_owned()
    }

    #[test]
    fn scalars_keep_their_text_and_their_place() {
        for (case, text, expected) in [
            ("a map", "name: web\nvni: 40\n", "{name@1:1+4: web@1:7+3, vni@2:1+3: 40@2:6+2}"),
            ("a comment is not part of a value", "a: b   # why\n", "{a@1:1+1: b@1:4+1}"),
            ("windows line ends", "a: b\r\nc: d\r\n", "{a@1:1+1: b@1:4+1, c@2:1+1: d@2:4+1}"),
            ("quotes are part of the place", "a: \"b c\"\n", "{a@1:1+1: \"b c\"@1:4+5}"),
            ("columns count characters", "é: {ü: x}\n", "{é@1:1+1: {ü@1:5+1: x@1:8+1}}"),
            (
                "nothing is resolved",
                "on: 0040\n1_0: 65000:10\n",
                "{on@1:1+2: 0040@1:5+4, 1_0@2:1+3: 65000:10@2:6+8}",
            ),
            ("a list", "a: [1, leaf1-2]\n", "{a@1:1+1: [1@1:5+1, leaf1-2@1:8+7]}"),
            ("a block list", "a:\n  - 1\n", "{a@1:1+1: [1@2:5+1]}"),
            ("a text over lines is marked on its first", "a: |\n  x\n  y\n", "{a@1:1+1: \"x\\ny\\n\"@2:3+1}"),
            (
                "JSON with tabs",
                "{\n\t\"a\":\"\\/\",\n\t\"b\":[1,\n\t\t2]}",
                "{a@2:2+3: \"/\"@2:6+4, b@3:2+3: [1@3:7+1, 2@4:3+1]}",
            ),
        ] {
            assert_eq!(tree(text), expected, "{case}");
        }
    }

    #[test]
    fn what_two_readers_could_take_for_two_things_is_refused() {
        for (case, bytes, expected) in [
            ("nothing", &b""[..], "1:1 yaml-empty"),
            ("a comment alone", b"# later\n", "1:1 yaml-empty"),
            ("null", b"~\n", "1:1 yaml-empty"),
            ("a key twice", b"a: 1\nb: 2\na: 3\n", "3:1 yaml-duplicate-key"),
            ("a quoted key is the same key", b"a: 1\n\"a\": 3\n", "2:1 yaml-duplicate-key"),
            ("an anchor and its alias are one fault", b"a: &x 1\nb: *x\n", "1:4 yaml-anchor"),
            ("an alias of nothing", b"a: *x\n", "1:4 yaml-anchor"),
            ("a merge key", b"a:\n  <<: {b: c}\n", "2:3 yaml-anchor"),
            ("a tag", b"a: !vault x\n", "1:4 yaml-tag"),
            ("a second document", b"a: 1\n---\nb: 2\n", "2:1 yaml-documents"),
            ("a map as a key", b"{a: b}: c\n", "1:1 yaml-key"),
            ("a directive", b"%YAML 1.1\n---\na: 1\n", "1:1 yaml-syntax"),
            ("tabs", b"a:\n\tb: 1\n", "2:2 yaml-tab"),
            ("a scheme without quotes", b"rd: {asn}:{vni}\n", "1:10 yaml-syntax"),
            ("a merge conflict", b"a:\n<<<<<<< HEAD\n  b: 1\n", "2:1 yaml-syntax"),
            ("an open quote", b"a: \"b\n", "2:1 yaml-syntax"),
            ("a byte-order mark", b"\xef\xbb\xbfa: 1\n", "1:1 yaml-encoding"),
            ("latin-1", b"a: 1\nb: caf\xe9\n", "2:7 yaml-encoding"),
            ("two faults", b"a: &x 1\na: 2\n", "1:4 yaml-anchor 2:1 yaml-duplicate-key"),
        ] {
            assert_eq!(codes(bytes), expected, "{case}");
        }
        assert_eq!(codes(&vec![b'a'; MAX_BYTES + 1]), "1:1 yaml-size");
    }

    #[test]
    fn deep_nesting_is_refused_before_the_stack_ends() {
        let block: String = (0..1500).fold(String::new(), |mut text, depth| {
            writeln!(text, "{:depth$}a:", "").unwrap();
            text
        });
        for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), block] {
            let codes = codes(text.as_bytes());
            assert!(codes.contains("yaml-depth"), "{codes}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&file(), &bytes);
        }

        #[test]
        fn no_text_of_yaml_signs_makes_it_panic(text in "[-a0:{}\\[\\],#&*!|>'\"%@?~\\t\\n\\r \u{e9}\u{feff}]{0,80}") {
            let (node, findings) = parse(&file(), text.as_bytes());
            prop_assert!(node.is_some() || !findings.is_empty());
        }
    }
}
