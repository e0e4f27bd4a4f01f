//! YANG patterns: XSD regular expressions (RFC 7950 section 9.4.5), run by the `regex` crate.
//!
//! Here: [`Pattern`] and its translation. Elsewhere: the values it is asked about
//! (`canonical`).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use regex::Regex;

/// A pattern of a string type. It is compiled when it is first asked, and shared by all
/// clones: a schema holds hundreds, and a run asks few.
#[derive(Clone)]
pub struct Pattern {
    xsd: Arc<str>,
    invert: bool,
    compiled: Arc<OnceLock<Option<Regex>>>,
}

impl Pattern {
    /// A pattern as its module writes it. With `invert` it must not match
    /// (`modifier invert-match`). Nothing is compiled yet: see [`Pattern::check`].
    pub fn new(xsd: impl Into<Arc<str>>, invert: bool) -> Self {
        Self { xsd: xsd.into(), invert, compiled: Arc::default() }
    }

    /// The pattern as its module writes it.
    pub fn as_str(&self) -> &str {
        &self.xsd
    }

    /// Whether it must not match.
    pub fn is_inverted(&self) -> bool {
        self.invert
    }

    /// Whether it can be run. Makers of packs call this; a reader of packs does not.
    pub fn check(&self) -> Result<(), PatternError> {
        compile(&self.xsd).map(|_| ())
    }

    /// Whether a value obeys it. A pattern that cannot be run allows everything: the
    /// device has the last word, and the maker of the pack was told.
    pub fn allows(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| compile(&self.xsd).ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text) != self.invert)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.xsd.cmp(&other.xsd).then(self.invert.cmp(&other.invert))
    }
}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.xsd.hash(state);
        self.invert.hash(state);
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.invert { "!" } else { "" };
        write!(f, "{not}/{}/", self.xsd)
    }
}

/// Why a pattern cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pattern {pattern:?}: {what}")]
pub struct PatternError {
    /// The pattern as its module writes it.
    pub pattern: String,
    /// What stands in the way.
    pub what: String,
}

/// How deep `[a-[b-[c]]]` may nest.
const SUBTRACTIONS: usize = 8;

fn compile(xsd: &str) -> Result<Regex, PatternError> {
    let error = |what: String| PatternError { pattern: xsd.to_owned(), what };
    let mut translation = Translation { rest: anchored(xsd).chars().peekable(), out: String::from(r"\A(?:") };
    translation.expression().map_err(|what| error(what.to_owned()))?;
    translation.out.push_str(r")\z");
    Regex::new(&translation.out).map_err(|cause| error(cause.to_string()))
}

/// XSD patterns are anchored as they stand, and `^` and `$` are common characters in them
/// (crypt-hash has `$6$`). Vendors write `^…$` all the same and mean anchors.
fn anchored(xsd: &str) -> &str {
    xsd.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).unwrap_or(xsd)
}

struct Translation<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    out: String,
}

impl Translation<'_> {
    fn expression(&mut self) -> Result<(), &'static str> {
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => self.escape(false)?,
                '[' => self.class(0)?,
                '.' => self.out.push_str(r"[^\n\r]"),
                '^' | '$' => self.literal(c),
                '(' if self.rest.peek() == Some(&'?') => return Err("`(?` is not known to XSD"),
                c => self.out.push(c),
            }
        }
        Ok(())
    }

    /// What follows a `\`. Inside a class a multi-character escape is a nested class.
    fn escape(&mut self, in_class: bool) -> Result<(), &'static str> {
        let Some(c) = self.rest.next() else { return Err("`\\` escapes nothing") };
        match c {
            'n' | 'r' | 't' | 'd' | 'D' => self.out.extend(['\\', c]),
            's' => self.out.push_str(r"[ \t\n\r]"),
            'S' => self.out.push_str(r"[^ \t\n\r]"),
            'w' => self.out.push_str(r"[^\p{P}\p{Z}\p{C}]"),
            'W' => self.out.push_str(r"[\p{P}\p{Z}\p{C}]"),
            'i' => self.out.push_str(r"[\p{L}\p{Nl}_:]"),
            'I' => self.out.push_str(r"[^\p{L}\p{Nl}_:]"),
            'c' => self.out.push_str(r"[\p{L}\p{N}\p{M}_:.\-·]"),
            'C' => self.out.push_str(r"[^\p{L}\p{N}\p{M}_:.\-·]"),
            'p' | 'P' => return self.property(c),
            c if c.is_ascii_punctuation() || (in_class && c == ' ') => self.literal(c),
            _ => return Err("an escape that XSD does not know"),
        }
        Ok(())
    }

    /// `\p{Lu}` is the same in both; of the blocks only Basic Latin is ever used.
    fn property(&mut self, kind: char) -> Result<(), &'static str> {
        if self.rest.next() != Some('{') {
            return Err("`\\p` needs `{…}`");
        }
        let name: String = self.rest.by_ref().take_while(|c| *c != '}').collect();
        match name.strip_prefix("Is") {
            None => self.out.extend(['\\', kind, '{'].into_iter().chain(name.chars()).chain(['}'])),
            Some("BasicLatin") if kind == 'p' => self.out.push_str(r"[\x00-\x7F]"),
            Some("BasicLatin") => self.out.push_str(r"[^\x00-\x7F]"),
            Some(_) => return Err("Unicode blocks other than IsBasicLatin are not known"),
        }
        Ok(())
    }

    /// A class behind its `[`, with subtraction `[a-z-[aeiou]]`.
    fn class(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth > SUBTRACTIONS {
            return Err("class subtraction nests too deep");
        }
        // two brackets: in XSD `^` denies the class before the subtraction, in `regex` behind it
        self.out.push_str("[[");
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.rest.next().ok_or("`]` is missing")? {
                ']' if !first => break,
                '-' if self.rest.next_if_eq(&'[').is_some() => {
                    self.out.push_str("]--");
                    self.class(depth + 1)?;
                    if self.rest.next() != Some(']') {
                        return Err("a class must end behind what is subtracted");
                    }
                    self.out.push(']');
                    return Ok(());
                }
                '-' => self.literal('-'),
                c => self.member(c)?,
            }
            first = false;
        }
        self.out.push_str("]]");
        Ok(())
    }

    /// One character of a class, or a range that begins with it.
    fn member(&mut self, c: char) -> Result<(), &'static str> {
        if c == '\\' {
            self.escape(true)?;
        } else {
            self.literal(c);
        }
        let mut ahead = self.rest.clone();
        let is_range = ahead.next() == Some('-') && !matches!(ahead.next(), None | Some(']' | '['));
        if is_range {
            self.rest.next();
            self.out.push('-');
            match self.rest.next() {
                Some('\\') => self.escape(true)?,
                Some(end) => self.literal(end),
                None => {}
            }
        }
        Ok(())
    }

    /// `<` and `>` mean themselves as they stand; behind a `\` they are the ends of a word.
    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn xsd_patterns_mean_what_xsd_says() {
        for (xsd, yes, no) in [
            ("a", "a", "ba"),
            ("a|b", "b", "ab"),
            ("[0-9]{4}|[a-z]", "1234", "1234a"),
            (".", "é", "\r"),
            ("$6$[a-z]+", "$6$abc", "6abc"),
            ("^[a-z]+$", "abc", "^abc$"),
            (r"\d+", "12", "1a"),
            (r"\w+", "a1", "a b"),
            (r"\w+", "x", "x-"),
            (r"[\w.]+", "a.b", "a b"),
            (r"\i\c*", "a-b.1", "1a"),
            (r"\s", "\t", "\u{a0}"),
            ("[a-z-[aeiou]]+", "xyz", "xaz"),
            ("[^a-z-[0]]", "1", "0"),
            (r"[+\-a]+", "+-a", "b"),
            ("[a-]", "-", "b"),
            ("[-a]", "-", "b"),
            ("[&&a]+", "&a", "b"),
            ("[a~~b]+", "~", "c"),
            (r"[A-Za-z0-9_:{}\[\]=\+-]+", "[a]=+-", "a,b"),
            (r"[ -\^`-z]", "Q", "_"),
            (r"\p{Lu}[\p{Ll}]*", "Abc", "abc"),
            (r"\P{IsBasicLatin}", "é", "e"),
            (r"a\:\/", "a:/", "a"),
            (r"\<a\>", "<a>", "a"),
            ("[^<>]+", "a", "<a"),
            ("[<-@]+", "<=>?@", "a"),
        ] {
            let pattern = Pattern::new(xsd, false);
            assert_eq!(pattern.check(), Ok(()), "{xsd}");
            assert!(pattern.allows(yes), "{xsd} should match {yes:?}");
            assert!(!pattern.allows(no), "{xsd} should not match {no:?}");
            assert!(Pattern::new(xsd, true).allows(no), "inverted {xsd} should allow {no:?}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_run_is_told_at_pack_time_and_allows_everything() {
        for xsd in ["(", "[a", "a\\", r"\b", r"\p", r"\p{IsGreek}", "(?i)a", "a{2,1}", "[z-a]"] {
            let pattern = Pattern::new(xsd, false);
            assert_eq!(pattern.check().unwrap_err().pattern, xsd);
            assert!(pattern.allows("anything"), "{xsd}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_translation_panic(xsd in r"[\\\[\]\-^$a-c(){}?*+|.pPIs0-9&~]{0,24}") {
            let _ = Pattern::new(xsd, false).allows("a-b");
        }
    }
}
