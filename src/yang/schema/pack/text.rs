//! Words of a pack: plain, in backticks, or quoted with escapes.
//!
//! Here: [`put_word`] and [`Scanner`]. Elsewhere: what the words mean (`read`, `notation`).

use std::borrow::Cow;

/// Whether a character may stand in a word without quotes.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '+')
}

/// Appends a word, quoted if it must be.
pub(super) fn put_word(out: &mut String, word: &str) {
    if !word.is_empty() && word.chars().all(is_plain) {
        out.push_str(word);
    } else if !word.contains(['`', '\n', '\r']) {
        out.extend(["`", word, "`"]);
    } else {
        out.push('"');
        for c in word.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

/// Reads a line from left to right. Errors say what was expected.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { rest: line }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes `token` if it stands next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(format!("expected `{token}` before `{}`", cut(self.rest))) }
    }

    /// A word without quotes.
    pub(super) fn plain(&mut self) -> Result<&'a str, String> {
        let end = self.rest.find(|c| !is_plain(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            return Err(format!("expected a word before `{}`", cut(self.rest)));
        }
        self.rest = rest;
        Ok(word)
    }

    /// A word in any of the three forms.
    pub(super) fn word(&mut self) -> Result<Cow<'a, str>, String> {
        if self.eat("`") {
            let (word, rest) = self.rest.split_once('`').ok_or("a closing backtick is missing")?;
            self.rest = rest;
            return Ok(Cow::Borrowed(word));
        }
        if self.eat("\"") {
            return self.quoted().map(Cow::Owned);
        }
        self.plain().map(Cow::Borrowed)
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut word = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next() {
                Some('"') => {
                    self.rest = chars.as_str();
                    return Ok(word);
                }
                Some('\\') => match chars.next() {
                    Some('n') => word.push('\n'),
                    Some('r') => word.push('\r'),
                    Some(c) => word.push(c),
                    None => return Err("`\\` escapes nothing".to_owned()),
                },
                Some(c) => word.push(c),
                None => return Err("a closing quote is missing".to_owned()),
            }
        }
    }

    /// What reaches to the next space outside quotes: a type as a whole.
    pub(super) fn until_space(&mut self) -> &'a str {
        let (mut quote, mut escaped) = (None, false);
        let end = self.rest.bytes().position(|b| {
            match (quote, b) {
                _ if escaped => escaped = false,
                (Some(b'"'), b'\\') => escaped = true,
                (None, b'"' | b'`') => quote = Some(b),
                (Some(open), b) if open == b => quote = None,
                _ => {}
            }
            quote.is_none() && b == b' '
        });
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }
}

fn cut(text: &str) -> String {
    let cut: String = text.chars().take(30).collect();
    if cut.is_empty() { "the end of the line".to_owned() } else { cut }
}
