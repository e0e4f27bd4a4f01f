//! The text of a `.yang` file as statements: keyword, argument, substatements, place.
//!
//! Here: [`parse`], [`Document`], [`Statement`]. Any keyword is taken: what statements
//! mean is `resolve`'s business. Elsewhere: strings, quotes and comments (`lexer`).

mod lexer;

use crate::diagnostic::{Finding, Findings, Place};
use crate::names::RepoPath;
use lexer::{Lexer, Token, TokenKind};

/// How deep statements may stand in each other. Published modules stay below 20.
const MAX_DEPTH: usize = 100;

/// How many faults of one file are reported: behind a lost quote, more would be noise.
const MAX_FINDINGS: usize = 20;

/// A statement's index in its [`Document`].
pub(super) type StatementId = u32;

/// One statement (RFC 7950 section 6.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The keyword as written; `prefix:name` is a statement of an extension.
    pub(super) keyword: Box<str>,
    /// The argument, unquoted and joined.
    pub(super) argument: Option<Box<str>>,
    /// The line of its keyword, from 1.
    pub(super) line: u32,
    /// The column of its keyword, from 1, in characters.
    pub(super) column: u32,
    /// The statement it stands in.
    pub(super) parent: Option<StatementId>,
    /// Its substatements, in order.
    pub(super) children: Vec<StatementId>,
}

/// The statements of one file, each behind the one it stands in.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// The file.
    pub(super) file: RepoPath,
    statements: Vec<Statement>,
}

impl Document {
    /// The first statement without a parent: `module` or `submodule`, if the file is in order.
    pub(super) fn root(&self) -> Option<StatementId> {
        (!self.statements.is_empty()).then_some(0)
    }

    /// The statement of an id of this document.
    pub(super) fn statement(&self, id: StatementId) -> &Statement {
        &self.statements[id as usize]
    }

    /// Where a statement stands; the mark covers its keyword.
    pub(super) fn place(&self, id: StatementId) -> Place {
        let statement = self.statement(id);
        let length = u32::try_from(statement.keyword.chars().count()).unwrap_or(1).max(1);
        Place { file: self.file.clone(), line: statement.line, column: statement.column, length }
    }
}

/// Reads YANG 1 and 1.1. A fault becomes a finding and reading goes on behind it, so that
/// the document holds all that could be understood.
pub(super) fn parse(file: &RepoPath, text: &str, findings: &mut Findings) -> Document {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        document: Document { file: file.clone(), statements: Vec::new() },
        open: Vec::new(),
        faults: Vec::new(),
    };
    parser.run();
    findings.extend(parser.faults);
    parser.document
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    document: Document,
    /// The statements whose `}` has not come yet. A stack instead of recursion: the depth
    /// of a file can never be the depth of ours.
    open: Vec<StatementId>,
    faults: Vec<Finding>,
}

impl Parser<'_> {
    fn run(&mut self) {
        while self.faults.len() < MAX_FINDINGS {
            let token = self.lexer.next();
            match token.kind {
                TokenKind::End => return self.end(&token),
                TokenKind::Close if self.open.pop().is_some() => {}
                TokenKind::Close => self.fault(&token, "`}` closes nothing"),
                TokenKind::Text { .. } => self.statement(token),
                TokenKind::Open => {
                    self.fault(&token, "a keyword is missing before `{`");
                    self.skip_block();
                }
                TokenKind::Semicolon => self.fault(&token, "a keyword is missing before `;`"),
                TokenKind::Broken(what) => self.fault(&token, what),
            }
        }
    }

    /// One statement up to its `;` or `{`.
    fn statement(&mut self, token: Token) {
        let TokenKind::Text { text: keyword, quoted } = token.kind else { return };
        if quoted {
            let place = Token { kind: TokenKind::End, ..token };
            self.fault(&place, "a keyword stands here without quotes");
        }
        let mut argument = None;
        let mut end = self.lexer.next();
        if let TokenKind::Text { text, .. } = end.kind {
            argument = Some(text.into_boxed_str());
            end = self.lexer.next();
        }
        let statement = Statement {
            keyword: keyword.into_boxed_str(),
            argument,
            line: token.line,
            column: token.column,
            parent: self.open.last().copied(),
            children: Vec::new(),
        };
        match end.kind {
            TokenKind::Semicolon => {
                self.add(statement);
            }
            TokenKind::Open if self.open.len() >= MAX_DEPTH => {
                self.fault(&end, "statements stand too deep in each other (limit: 100)");
                self.skip_block();
            }
            TokenKind::Open => {
                let id = self.add(statement);
                self.open.push(id);
            }
            TokenKind::Close => {
                self.fault(&end, "`;` is missing before `}`");
                self.add(statement);
                self.open.pop();
            }
            TokenKind::End => {
                self.add(statement);
                self.fault(&end, "the file ends inside a statement");
            }
            TokenKind::Text { .. } => {
                self.fault(&end, "expected `;` or `{` after the argument");
                self.add(statement);
                self.skip_statement();
            }
            TokenKind::Broken(what) => {
                self.fault(&end, what);
                self.skip_statement();
            }
        }
    }

    fn add(&mut self, statement: Statement) -> StatementId {
        // 4 GiB of text would be needed to exceed this
        let id = u32::try_from(self.document.statements.len()).unwrap_or(u32::MAX);
        if let Some(parent) = statement.parent {
            self.document.statements[parent as usize].children.push(id);
        }
        self.document.statements.push(statement);
        id
    }

    fn end(&mut self, token: &Token) {
        if let Some(open) = self.open.last() {
            let (place, keyword) = (self.document.place(*open), &self.document.statement(*open).keyword);
            let message = format!("the file ends before the `}}` of `{keyword}`");
            self.faults.push(Finding::error("yang-syntax", &place, message));
        } else if self.document.statements.is_empty() && self.faults.is_empty() {
            self.fault(token, "the file holds no statement");
        }
    }

    /// Past the next `;`, or past a whole block.
    fn skip_statement(&mut self) {
        loop {
            match self.lexer.next().kind {
                TokenKind::Semicolon | TokenKind::End => return,
                TokenKind::Open => return self.skip_block(),
                TokenKind::Close => {
                    self.open.pop();
                    return;
                }
                TokenKind::Text { .. } | TokenKind::Broken(_) => {}
            }
        }
    }

    /// Behind the `}` of a block whose `{` has been read.
    fn skip_block(&mut self) {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.lexer.next().kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth -= 1,
                TokenKind::End => return,
                _ => {}
            }
        }
    }

    fn fault(&mut self, token: &Token, what: &str) {
        let file = self.document.file.clone();
        let place = Place { file, line: token.line, column: token.column, length: 1 };
        self.faults.push(Finding::error("yang-syntax", &place, what));
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    /// The statements as one line, and the findings as `line:column message`.
    fn read(text: &str) -> (String, Vec<String>) {
        fn show(document: &Document, id: StatementId, out: &mut String) {
            let statement = document.statement(id);
            out.push_str(&statement.keyword);
            if let Some(argument) = &statement.argument {
                write!(out, " {argument:?}").unwrap();
            }
            if statement.children.is_empty() {
                out.push(';');
            } else {
                out.push('{');
                statement.children.iter().for_each(|child| show(document, *child, out));
                out.push('}');
            }
        }
        let mut findings = Findings::new();
        let document = parse(&"m.yang".parse().unwrap(), text, &mut findings);
        let mut out = String::new();
        for (index, statement) in document.statements.iter().enumerate() {
            if statement.parent.is_none() {
                show(&document, u32::try_from(index).unwrap(), &mut out);
            }
        }
        let place = |finding: &Finding| finding.place.clone().unwrap();
        let faults = findings.iter().map(|f| format!("{}:{} {}", place(f).line, place(f).column, f.message));
        (out, faults.collect())
    }

    #[test]
    fn strings_are_read_as_rfc_7950_section_6_1_3_says() {
        for (case, text, expected) in [
            ("unquoted", "a b;", r#"a "b";"#),
            ("no argument", "input { }", "input;"),
            ("single quotes take all as it is", r"a 'x\n\';", r#"a "x\\n\\";"#),
            ("escapes in double quotes", r#"a "q\"t\tn\nb\\";"#, r#"a "q\"t\tn\nb\\";"#),
            ("an unknown escape stays (YANG 1)", r#"a "\d+\.";"#, r#"a "\\d+\\.";"#),
            ("joined", "a 'x' + \"y\" // c\n + 'z';", r#"a "xyz";"#),
            ("a plus alone", "a + ;", r#"a "+";"#),
            ("an address without quotes", "namespace http://x/y;", r#"namespace "http://x/y";"#),
            ("comments", "a /* x ; */ b; // c {\nd;", r#"a "b";d;"#),
            ("an extension", "oc-ext:v '1';", r#"oc-ext:v "1";"#),
            ("a brace ends a word", "a b{c;}", r#"a "b"{c;}"#),
            ("indentation up to the quote goes", "a \"x\n    y  \n   z\";", r#"a "x\n y\nz";"#),
            ("a tab is eight columns", "a \"x\n\ty\";", r#"a "x\n     y";"#),
            ("carriage returns go", "a 'x';\r\nb;\r\n", r#"a "x";b;"#),
        ] {
            assert_eq!(read(text), (expected.to_owned(), vec![]), "{case}");
        }
    }

    #[test]
    fn every_fault_is_named_where_it_is_and_reading_goes_on() {
        for (text, understood, faults) in [
            ("a { b }", "a{b;}", vec!["1:7 `;` is missing before `}`"]),
            ("a x y; b;", r#"a "x";b;"#, vec!["1:5 expected `;` or `{` after the argument"]),
            ("a;\n}\n;", "a;", vec!["2:1 `}` closes nothing", "3:1 a keyword is missing before `;`"]),
            ("a {\n b;", "a{b;}", vec!["1:1 the file ends before the `}` of `a`"]),
            ("a 'x", "", vec!["1:3 the string's closing quote is missing"]),
            ("a; /* b;", "a;", vec!["1:4 the comment's `*/` is missing"]),
            ("a 'x' + y; b;", "b;", vec!["1:9 expected a quoted string after `+`"]),
            ("", "", vec!["1:1 the file holds no statement"]),
        ] {
            let (seen, found) = read(text);
            assert_eq!((seen.as_str(), found), (understood, faults.into_iter().map(String::from).collect()));
        }
    }

    #[test]
    fn depth_is_limited() {
        let (_, faults) = read(&"a{".repeat(100_000));
        assert_eq!(faults[0], "1:202 statements stand too deep in each other (limit: 100)");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in r#"([a-z{};"'+/*\\\r\n\t ]|.){0,200}"#) {
            let _ = read(&text);
        }
    }
}
