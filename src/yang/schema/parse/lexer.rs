//! Words, strings and punctuation of YANG (RFC 7950 section 6.1).
//!
//! Here: [`Lexer`]. It never fails: what is broken becomes a token that says so, and the
//! next token starts behind it. Elsewhere: statements (`parse`).

/// One token and where it starts, both counted from 1, columns in characters.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) line: u32,
    pub(super) column: u32,
}

#[derive(Clone, Debug)]
pub(super) enum TokenKind {
    /// A word, or quoted strings joined.
    Text { text: String, quoted: bool },
    /// `{`
    Open,
    /// `}`
    Close,
    /// `;`
    Semicolon,
    /// The end of the text.
    End,
    /// What could not be read, in words.
    Broken(&'static str),
}

pub(super) struct Lexer<'a> {
    rest: std::str::Chars<'a>,
    line: u32,
    column: u32,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { rest: text.chars(), line: 1, column: 1 }
    }

    pub(super) fn next(&mut self) -> Token {
        let broken = self.skip_blank();
        if let Err(token) = broken {
            return token;
        }
        let (line, column) = (self.line, self.column);
        let kind = match self.peek() {
            None => TokenKind::End,
            Some('{') => self.single(TokenKind::Open),
            Some('}') => self.single(TokenKind::Close),
            Some(';') => self.single(TokenKind::Semicolon),
            Some('"' | '\'') => match self.strings() {
                Ok(text) => TokenKind::Text { text, quoted: true },
                Err(token) => return token,
            },
            Some(_) => TokenKind::Text { text: self.word(), quoted: false },
        };
        Token { kind, line, column }
    }

    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 1;
        } else {
            self.column = self.column.saturating_add(1);
        }
        Some(c)
    }

    fn single(&mut self, kind: TokenKind) -> TokenKind {
        self.bump();
        kind
    }

    fn broken(&self, what: &'static str) -> Token {
        Token { kind: TokenKind::Broken(what), line: self.line, column: self.column }
    }

    /// Past white space and comments.
    fn skip_blank(&mut self) -> Result<(), Token> {
        loop {
            let rest = self.rest.as_str();
            if rest.starts_with("//") {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.bump();
                }
            } else if rest.starts_with("/*") {
                let start = self.broken("the comment's `*/` is missing");
                self.bump();
                self.bump();
                while !self.rest.as_str().starts_with("*/") {
                    self.bump().ok_or_else(|| start.clone())?;
                }
                self.bump();
                self.bump();
            } else if self.peek().is_some_and(char::is_whitespace) {
                self.bump();
            } else {
                return Ok(());
            }
        }
    }

    /// A word without quotes. A quote or `//` inside it belongs to it: vendors write
    /// addresses that way, and YANG 1 allowed it.
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace() && !matches!(c, ';' | '{' | '}')) {
            word.push(c);
            self.bump();
        }
        word
    }

    /// A quoted string and all that `+` joins to it.
    fn strings(&mut self) -> Result<String, Token> {
        let mut text = String::new();
        loop {
            match self.peek() {
                Some('\'') => self.single_quoted(&mut text)?,
                Some('"') => self.double_quoted(&mut text)?,
                _ => return Err(self.refuse_after_plus()),
            }
            self.skip_blank()?;
            if self.peek() != Some('+') {
                return Ok(text);
            }
            self.bump();
            self.skip_blank()?;
        }
    }

    /// Past the word that stands where a string should.
    fn refuse_after_plus(&mut self) -> Token {
        let token = self.broken("expected a quoted string after `+`");
        self.word();
        token
    }

    fn single_quoted(&mut self, text: &mut String) -> Result<(), Token> {
        let start = self.broken("the string's closing quote is missing");
        self.bump();
        loop {
            match self.bump() {
                Some('\'') => return Ok(()),
                Some(c) => text.push(c),
                None => return Err(start),
            }
        }
    }

    /// Escapes are read, white space before a line's end goes, and so does the white space
    /// that only indents a line up to the column of the quote.
    fn double_quoted(&mut self, text: &mut String) -> Result<(), Token> {
        let start = self.broken("the string's closing quote is missing");
        let indentation = self.column;
        self.bump();
        // white space before this length came from an escape and stays
        let mut kept = text.len();
        loop {
            match self.bump().ok_or_else(|| start.clone())? {
                '"' => return Ok(()),
                '\\' => {
                    match self.bump().ok_or_else(|| start.clone())? {
                        'n' => text.push('\n'),
                        't' => text.push('\t'),
                        c @ ('"' | '\\') => text.push(c),
                        // YANG 1 keeps both characters; YANG 1.1 forbids it, vendors write it
                        c => text.extend(['\\', c]),
                    }
                    kept = text.len();
                }
                '\n' => {
                    let end = text.trim_end_matches([' ', '\t', '\r']).len().max(kept);
                    text.truncate(end);
                    text.push('\n');
                    kept = text.len();
                    self.indentation(indentation, text);
                }
                c => text.push(c),
            }
        }
    }

    /// Past a line's white space up to `width` columns; what a tab covers beyond stays.
    fn indentation(&mut self, width: u32, text: &mut String) {
        let mut seen = 0;
        while seen < width {
            match self.peek() {
                Some(' ') => seen += 1,
                Some('\t') => seen += 8,
                _ => return,
            }
            self.bump();
        }
        text.extend(std::iter::repeat_n(' ', (seen - width) as usize));
    }
}
