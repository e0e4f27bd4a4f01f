//! Findings: what is wrong with an input, where the user wrote it, and how to mend it.
//!
//! Here: [`Place`] (file, line, column), [`Finding`], the collection [`Findings`], and
//! [`draw`], which shows a finding under its source line. Elsewhere: what is found, at
//! each stage beside its rule.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::names::{DeviceName, RepoPath, SecretName};

/// A stretch of one line of a file of the intent. Lines and columns count from 1, columns
/// in characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: RepoPath,
    /// The line, from 1.
    pub line: u32,
    /// The first column, from 1.
    pub column: u32,
    /// How many characters it covers, at least 1; never beyond the line's end.
    pub length: u32,
}

impl Place {
    /// The first character of a file: for what concerns the file as a whole.
    pub fn start_of(file: RepoPath) -> Self {
        Self { file, line: 1, column: 1, length: 1 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value and the place where it was written. Equality, order and serialisation look at
/// the value alone, so that a moved line is not a change.
#[derive(Clone)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where the user wrote it.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// Binds a value to its place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// The same place for a value made of this one.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: make(self.value), place: self.place }
    }

    /// Borrows the value, keeping the place.
    pub fn as_ref(&self) -> Spanned<&T> {
        Spanned { value: &self.value, place: self.place.clone() }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: PartialOrd> PartialOrd for Spanned<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Spanned<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: fmt::Debug> fmt::Debug for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} @{}", self.value, self.place)
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Stops the commit before the first Set.
    Error,
    /// Is shown and stops nothing.
    Warning,
}

/// One thing that is wrong, with all that a person needs to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// A short stable name for machines and searches, such as `vlan-unknown-vrf`.
    pub code: &'static str,
    /// What is wrong, on which object.
    pub message: String,
    /// What to say at the marked place, when the message alone does not explain it.
    pub label: Option<String>,
    /// Where the user wrote it.
    pub place: Option<Place>,
    /// Other places that belong to it: "first set here".
    #[serde(serialize_with = "places_with_notes")]
    pub related: Vec<(Place, String)>,
    /// The device whose compilation found it.
    pub device: Option<DeviceName>,
    /// How to mend it.
    pub hint: Option<String>,
}

/// In JSON: `{ "file", "line", "column" }`.
impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Place", 3)?;
        fields.serialize_field("file", &self.file)?;
        fields.serialize_field("line", &self.line)?;
        fields.serialize_field("column", &self.column)?;
        fields.end()
    }
}

#[derive(Serialize)]
struct NotedPlace<'a> {
    #[serde(flatten)]
    place: &'a Place,
    note: &'a str,
}

fn places_with_notes<S: Serializer>(related: &[(Place, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(related.iter().map(|(place, note)| NotedPlace { place, note }))
}

impl Finding {
    /// An error at a place.
    pub fn error(code: &'static str, place: &Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, Some(place.clone()), message.into())
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, place: &Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, Some(place.clone()), message.into())
    }

    /// An error that no line of any file holds, such as an empty repository.
    pub fn error_nowhere(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, None, message.into())
    }

    fn new(severity: Severity, code: &'static str, place: Option<Place>, message: String) -> Self {
        Self { severity, code, message, label: None, place, related: Vec::new(), device: None, hint: None }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what to say at the marked place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds another place that belongs to it.
    #[must_use]
    pub fn related(mut self, place: &Place, note: impl Into<String>) -> Self {
        self.related.push((place.clone(), note.into()));
        self
    }

    /// Names the device whose compilation found it.
    #[must_use]
    pub fn on(mut self, device: &DeviceName) -> Self {
        self.device = Some(device.clone());
        self
    }
}

/// All findings of a stage. A stage never stops at its first; what nobody would read, above
/// [`Findings::LISTED`] errors or warnings, is counted and not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    list: Vec<Finding>,
    /// Errors and warnings that are counted alone.
    more: (usize, usize),
}

/// The code of the finding that says how many there are beyond those that are listed.
const MORE: &str = "findings-more";

/// How many findings are held while they are collected.
const HELD: usize = 20_000;

impl Findings {
    /// No findings yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Errors that are listed at the end, and as many warnings.
    pub const LISTED: usize = 1000;

    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        if self.list.len() < HELD { self.list.push(finding) } else { self.count_one(&finding) }
    }

    /// Adds one that says why there are no more.
    pub(crate) fn push_surely(&mut self, finding: Finding) {
        self.list.push(finding);
    }

    fn count_one(&mut self, finding: &Finding) {
        match finding.severity {
            Severity::Error => self.more.0 += 1,
            Severity::Warning => self.more.1 += 1,
        }
    }

    /// Takes over all of another stage's.
    pub fn append(&mut self, other: Findings) {
        self.more = (self.more.0 + other.more.0, self.more.1 + other.more.1);
        self.extend(other.list);
    }

    /// Whether any of them stops the commit.
    pub fn has_errors(&self) -> bool {
        self.more.0 > 0 || self.list.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// How many errors and how many warnings, those that are not listed included.
    pub fn count(&self) -> (usize, usize) {
        let own = || self.list.iter().filter(|finding| finding.code != MORE);
        let errors = own().filter(|finding| finding.severity == Severity::Error).count();
        (errors + self.more.0, own().count() - errors + self.more.1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All that are listed, in the present order.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.list.iter()
    }

    /// Sorts by file, line, column, then errors first, and folds equal ones: the order in
    /// which a person mends them, the same on every run. One fault that several devices'
    /// compilations met is shown once.
    pub fn sort(&mut self) {
        self.list.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.place.clone(), finding.severity, finding.code);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message)).then_with(|| a.device.cmp(&b.device))
        });
        self.list.dedup_by(|b, a| {
            a.place.is_some() && a.place == b.place && a.code == b.code && a.message == b.message
        });
    }

    /// Sorts, and keeps the first `most` errors and as many warnings; the others are counted.
    pub fn hold(&mut self, most: usize) {
        self.sort();
        let (mut errors, mut warnings) = (0, 0);
        for finding in std::mem::take(&mut self.list) {
            let seen = match finding.severity {
                Severity::Error => &mut errors,
                Severity::Warning => &mut warnings,
            };
            *seen += 1;
            if *seen <= most { self.list.push(finding) } else { self.count_one(&finding) }
        }
    }

    /// Sorts, keeps what somebody may read, and says how many there are beyond it.
    pub fn settle(&mut self) {
        self.list.retain(|finding| finding.code != MORE);
        self.hold(Self::LISTED);
        let count = |count: usize, one: &str| match count {
            0 => None,
            1 => Some(format!("one more {one}")),
            _ => Some(format!("{count} more {one}s")),
        };
        let (errors, warnings) = self.more;
        let parts: Vec<String> =
            [count(errors, "error"), count(warnings, "warning")].into_iter().flatten().collect();
        if !parts.is_empty() {
            let mut finding =
                Finding::error_nowhere(MORE, format!("and {}, not listed", parts.join(" and ")));
            if errors == 0 {
                finding.severity = Severity::Warning;
            }
            self.list.push(finding);
        }
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        let mut all = Self::default();
        all.extend(findings);
        all
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}

/// A longer line is named and not shown, in bytes: nobody reads it, and to draw it 3,000 times
/// takes a minute.
const LONGEST_DRAWN: usize = 4000;

/// Draws a finding under its source line, as compilers do. `source` gives the text of a
/// file; without it the place is named and no line is shown. With `colour` the text holds
/// ANSI escapes.
pub fn draw(finding: &Finding, source: &dyn Fn(&RepoPath) -> Option<Arc<str>>, colour: bool) -> String {
    let mut sources: Vec<(Place, String, bool, String)> = Vec::new();
    let label = finding.label.clone().unwrap_or_default();
    let marked = finding.place.iter().map(|place| (place, true, label.clone()));
    let related = finding.related.iter().map(|(place, note)| (place, false, note.clone()));
    for (place, primary, label) in marked.chain(related) {
        let text = source(&place.file).unwrap_or_else(|| Arc::from(""));
        let line = text.lines().nth(place.line.saturating_sub(1) as usize).unwrap_or("");
        let line = if line.len() > LONGEST_DRAWN { line.to_owned() } else { concealed(line) };
        sources.push((place.clone(), line, primary, label));
    }

    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = match &finding.device {
        Some(device) => format!("{device}: {}", finding.message),
        None => finding.message.clone(),
    };
    let mut elements: Vec<Element<'_>> = Vec::new();
    for (place, text, primary, label) in &sources {
        let (line, file) = (text.as_str(), place.file.as_str());
        if line.len() > LONGEST_DRAWN {
            let at = Origin::path(file).line(place.line as usize).char_column(place.column as usize);
            elements.push(at.into());
            if !label.is_empty() {
                elements.push(Level::NOTE.message(label.as_str()).into());
            }
            continue;
        }
        let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let mut annotation = kind.span(byte_span(line, place.column, place.length));
        if !label.is_empty() {
            annotation = annotation.label(label.as_str());
        }
        let snippet = Snippet::source(line).line_start(place.line as usize).path(file);
        elements.push(snippet.annotation(annotation).into());
    }
    let group = level.primary_title(title).id(finding.code).elements(elements);
    let mut report = vec![group];
    if let Some(hint) = &finding.hint {
        report.push(Group::with_title(Level::HELP.secondary_title(hint.as_str())));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&report)
}

/// Parts of keys whose values may be secrets.
const SECRET_KEYS: [&str; 7] = ["pas", "secret", "token", "psk", "private", "community", "key-string"];

/// The line with stars in place of what follows a key of a secret, unless that is a
/// reference: a finding may stand beside a password that somebody wrote in plain text, and
/// reports end up in logs and comments (promise 10). Columns stay as they are.
pub(crate) fn concealed(line: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '"' | '\'');
    for (colon, _) in line.match_indices(':') {
        let (before, after) = (&line[..colon], &line[colon + 1..]);
        let key = before.trim_end().rsplit(|c| !is_word(c)).next().unwrap_or_default().to_lowercase();
        let value = after.trim_start().trim_start_matches(['"', '\'']);
        let ends_key = after.is_empty() || after.starts_with([' ', '\t', '"', '\'']) || key.ends_with('"');
        let secret = SECRET_KEYS.iter().any(|part| key.contains(part)) && !is_of_bgp(&key, value);
        if ends_key && secret && !is_reference(value) {
            let stars = after.chars().map(|c| if c.is_whitespace() { c } else { '*' });
            return before.chars().chain([':']).chain(stars).collect();
        }
    }
    line.to_owned()
}

/// Whether a key is one of a policy's, and its value no community of SNMP, which is a
/// secret: a community of BGP is two numbers.
fn is_of_bgp(key: &str, value: &str) -> bool {
    let bare = value.trim_start_matches(['[', ' ', '"', '\'']);
    let numbers = bare.split([',', ']', '}', ' ', '"', '\'']).next().and_then(|first| first.split_once(':'));
    let are_numbers = |(first, second): (&str, &str)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits(first) && digits(second)
    };
    match key {
        "community-list" => true,
        "community" | "community-add" | "community-remove" => numbers.is_some_and(are_numbers),
        _ => false,
    }
}

/// Whether a text begins with `secret:NAME`.
fn is_reference(text: &str) -> bool {
    let name =
        text.strip_prefix("secret:").and_then(|rest| rest.split([' ', '\t', ',', '}', '"', '\'']).next());
    name.is_some_and(|name| name.parse::<SecretName>().is_ok())
}

/// The bytes of `line` that `length` characters from `column` (from 1) cover, cut at its end.
fn byte_span(line: &str, column: u32, length: u32) -> std::ops::Range<usize> {
    let at = |character: usize| line.char_indices().nth(character).map_or(line.len(), |(byte, _)| byte);
    let first = column.saturating_sub(1) as usize;
    at(first)..at(first.saturating_add(length.max(1) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32, column: u32, length: u32) -> Place {
        Place { file: "vlans/40.yaml".parse().unwrap(), line, column, length }
    }

    #[test]
    fn a_finding_is_drawn_under_its_source_line() {
        let finding = Finding::error("vlan-unknown-vrf", &place(2, 6, 4), "VLAN 40: there is no VRF `golf`")
            .label("not defined under vrfs/")
            .hint("did you mean `gold`?");
        let drawn = draw(&finding, &|_| Some(Arc::from("name: web\nvrf: golf\n")), false);
        assert_eq!(
            drawn,
            "error[vlan-unknown-vrf]: VLAN 40: there is no VRF `golf`\n \
             --> vlans/40.yaml:2:6\n  |\n2 | vrf: golf\n  |      ^^^^ not defined under vrfs/\n  |\n\
             help: did you mean `gold`?"
        );
    }

    #[test]
    fn a_line_that_nobody_reads_is_named_and_not_shown() {
        let line = format!("password: hunter2{}", " ".repeat(LONGEST_DRAWN));
        let finding = Finding::error("x", &place(1, 4001, 3), "m").label("here").hint("h");
        let drawn = draw(&finding, &|_| Some(Arc::from(line.as_str())), false);
        assert_eq!(drawn, "error[x]: m\n--> vlans/40.yaml:1:4001\n = note: here\nhelp: h");
    }

    #[test]
    fn a_place_beyond_the_text_is_drawn_without_a_panic() {
        for (line, column, length) in [(9, 1, 1), (1, 90, 5), (1, 1, u32::MAX), (2, 2, 3)] {
            let finding = Finding::error("x", &place(line, column, length), "m");
            for text in ["", "é", "a\u{301}b\r\n\tü"] {
                assert!(draw(&finding, &|_| Some(Arc::from(text)), true).contains("40.yaml"));
            }
        }
    }

    #[test]
    fn a_line_with_a_secret_is_drawn_without_it() {
        for (case, line, expected) in [
            ("a password", "password: hunter2", "password: *******"),
            ("within braces", "fw: { asn: 1, password: \"h 2\" }", "fw: { asn: 1, password: ** ** *"),
            ("JSON", "{\"auth-password\":\"hunter2\",", "{\"auth-password\":**********"),
            ("another word", "snmp-community: public", "snmp-community: ******"),
            ("the same alone", "community: public", "community: ******"),
            (
                "a community of BGP",
                "set: { community: [\"65000:100\", no-export] }",
                "set: { community: [\"65000:100\", no-export] }",
            ),
            (
                "a list of such",
                "match: { community-list: CL, as-path-list: AP }",
                "match: { community-list: CL, as-path-list: AP }",
            ),
            ("a reference", "password: secret:bgp/fw", "password: secret:bgp/fw"),
            ("a quoted reference", "password: \"secret:bgp/fw\"", "password: \"secret:bgp/fw\""),
            (
                "a reference and then a secret",
                "{ password: secret:x, token: é1 }",
                "{ password: secret:x, token: ** *",
            ),
            ("no secret", "address: \"2001:db8::1\"", "address: \"2001:db8::1\""),
        ] {
            assert_eq!(concealed(line), expected, "{case}");
        }
    }

    #[test]
    fn the_same_fault_met_on_two_devices_is_one_finding() {
        let one = |device: &str| Finding::error("x", &place(1, 1, 1), "m").on(&device.parse().unwrap());
        let mut findings: Findings = [one("leaf2"), one("leaf1")].into_iter().collect();
        findings.sort();
        assert_eq!(
            findings.iter().map(|f| f.device.clone().unwrap().to_string()).collect::<Vec<_>>(),
            ["leaf1"]
        );
    }
}
