//! Where a node stands in a device's data: absolute paths with list keys.
//!
//! Here: [`Path`], [`Elem`], and their string form (gnmi-path-strings of the gNMI
//! specification). Elsewhere: the wire form (`gnmi::path`), which paths exist (`schema`).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// One step: a node's name, and the keys if it is a list entry.
///
/// The name is the local name; where two modules give the same name to siblings it is
/// `module:name` (the schema decides, see `Schema::child`). Keys are sorted by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Elem {
    name: Arc<str>,
    keys: Vec<(Arc<str>, Arc<str>)>,
}

impl Elem {
    /// A container, a leaf, or a list as a whole.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), keys: Vec::new() }
    }

    /// A list entry. Key values are canonical, as text.
    pub fn entry(
        name: impl Into<Arc<str>>,
        keys: impl IntoIterator<Item = (impl Into<Arc<str>>, impl Into<Arc<str>>)>,
    ) -> Self {
        let mut keys: Vec<_> = keys.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        keys.sort();
        Self { name: name.into(), keys }
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The node's name, shared.
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The keys, sorted by name; empty for anything but a list entry.
    pub fn keys(&self) -> &[(Arc<str>, Arc<str>)] {
        &self.keys
    }

    /// The value of one key.
    pub fn key(&self, name: &str) -> Option<&str> {
        self.keys.iter().find(|(key, _)| &**key == name).map(|(_, value)| &**value)
    }
}

/// An absolute path. The empty path is the root. The order of paths groups every
/// descendant of a node directly behind it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Elem>);

impl Path {
    /// The root.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps from the root.
    pub fn elems(&self) -> &[Elem] {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last step; none at the root.
    pub fn last(&self) -> Option<&Elem> {
        self.0.last()
    }

    /// This path with one more step.
    #[must_use]
    pub fn join(&self, elem: Elem) -> Self {
        let mut elems = Vec::with_capacity(self.0.len() + 1);
        elems.extend_from_slice(&self.0);
        elems.push(elem);
        Self(elems)
    }

    /// Adds a step.
    pub fn push(&mut self, elem: Elem) {
        self.0.push(elem);
    }

    /// Takes the last step away.
    pub fn pop(&mut self) -> Option<Elem> {
        self.0.pop()
    }

    /// The path one step up; none at the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, parents) = self.0.split_last()?;
        Some(Self(parents.to_vec()))
    }

    /// The first `count` steps.
    #[must_use]
    pub fn prefix(&self, count: usize) -> Self {
        Self(self.0[..count.min(self.0.len())].to_vec())
    }

    /// Every list entry that this path is or stands in, outermost first.
    pub fn entries(&self) -> impl Iterator<Item = Path> + '_ {
        let keyed = self.0.iter().enumerate().filter(|(_, elem)| !elem.keys.is_empty());
        keyed.map(|(depth, _)| self.prefix(depth + 1))
    }

    /// Whether this path is `ancestor` or stands below it.
    pub fn starts_with(&self, ancestor: &Path) -> bool {
        self.0.starts_with(&ancestor.0)
    }
}

impl From<Vec<Elem>> for Path {
    fn from(elems: Vec<Elem>) -> Self {
        Self(elems)
    }
}

impl FromIterator<Elem> for Path {
    fn from_iter<I: IntoIterator<Item = Elem>>(elems: I) -> Self {
        Self(elems.into_iter().collect())
    }
}

impl fmt::Display for Elem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (key, value) in &self.keys {
            write!(f, "[{key}=")?;
            for c in value.chars() {
                match c {
                    ']' | '\\' => write!(f, "\\{c}")?,
                    '\n' => f.write_str("\\n")?,
                    '\r' => f.write_str("\\r")?,
                    c => write!(f, "{c}")?,
                }
            }
            f.write_str("]")?;
        }
        Ok(())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        self.0.iter().try_for_each(|elem| write!(f, "/{elem}"))
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Elem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("path {path:?}, character {at}: {what}")]
pub struct PathError {
    /// The whole text.
    pub path: String,
    /// The character at which reading stopped, from 1.
    pub at: usize,
    /// What was wrong there.
    pub what: &'static str,
}

impl FromStr for Path {
    type Err = PathError;

    /// Reads `/a/b[k1=v1][k2=v2]`. Inside a key value `\` escapes the character after it;
    /// `\n` and `\r` are a new line and a carriage return. The leading `/` may be left out.
    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut reader = PathReader { text, chars: text.chars().collect(), at: 0 };
        reader.path()
    }
}

struct PathReader<'a> {
    text: &'a str,
    chars: Vec<char>,
    at: usize,
}

impl PathReader<'_> {
    fn path(&mut self) -> Result<Path, PathError> {
        let mut elems = Vec::new();
        if self.peek() == Some('/') {
            self.at += 1;
        }
        while self.peek().is_some() {
            elems.push(self.elem()?);
            match self.peek() {
                None => {}
                Some('/') => {
                    self.at += 1;
                    if self.peek().is_none() {
                        return Err(self.error("a name is missing after the last `/`"));
                    }
                }
                Some(_) => return Err(self.error("expected `/` or `[` after a key")),
            }
        }
        Ok(Path(elems))
    }

    fn elem(&mut self) -> Result<Elem, PathError> {
        let name = self.name("/[]=")?;
        let mut keys: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        while self.peek() == Some('[') {
            self.at += 1;
            let key = self.name("/[]=")?;
            if self.next() != Some('=') {
                return Err(self.error("expected `=` after the key's name"));
            }
            if keys.iter().any(|(seen, _)| **seen == *key) {
                return Err(self.error("the same key twice"));
            }
            keys.push((Arc::from(key), Arc::from(self.key_value()?)));
        }
        Ok(Elem::entry(name, keys))
    }

    fn name(&mut self, stop: &str) -> Result<String, PathError> {
        let start = self.at;
        while self.peek().is_some_and(|c| !stop.contains(c)) {
            self.at += 1;
        }
        if start == self.at {
            return Err(self.error("a name is missing"));
        }
        Ok(self.chars[start..self.at].iter().collect())
    }

    fn key_value(&mut self) -> Result<String, PathError> {
        let mut value = String::new();
        loop {
            match self.next() {
                Some(']') => return Ok(value),
                Some('\\') => match self.next() {
                    Some('n') => value.push('\n'),
                    Some('r') => value.push('\r'),
                    Some(c) => value.push(c),
                    None => return Err(self.error("`\\` escapes nothing")),
                },
                Some(c) => value.push(c),
                None => return Err(self.error("`]` is missing after the key's value")),
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn error(&self, what: &'static str) -> PathError {
        PathError { path: self.text.to_owned(), at: self.at + 1, what }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_escape_of_a_key_is_read_and_written() {
        for (text, keys) in [
            ("/interfaces/interface[name=Ethernet1/1]", vec![("name", "Ethernet1/1")]),
            (r"/a/b[k=x\]y]", vec![("k", "x]y")]),
            (r"/a/b[k=x[y]", vec![("k", "x[y")]),
            (r"/a/b[k=a\\b]", vec![("k", r"a\b")]),
            ("/a/b[k=a=b]", vec![("k", "a=b")]),
            (r"/a/b[k=two\nlines]", vec![("k", "two\nlines")]),
            ("/a/b[k=]", vec![("k", "")]),
            (r#"/a/b[k="quoted"]"#, vec![("k", "\"quoted\"")]),
            ("/a/b[a=1][b=2001:db8::1]", vec![("a", "1"), ("b", "2001:db8::1")]),
        ] {
            let path: Path = text.parse().unwrap();
            let seen: Vec<_> = path.last().unwrap().keys().iter().map(|(k, v)| (&**k, &**v)).collect();
            assert_eq!(seen, keys, "{text}");
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn a_text_that_is_no_path_is_refused_where_it_goes_wrong() {
        for (text, at) in
            [("/a//b", 4), ("/a/", 4), ("/a[k]", 6), ("/a[k=v", 7), ("/a[k=v]b", 8), ("/a[k=1][k=2]", 11)]
        {
            assert_eq!(text.parse::<Path>().unwrap_err().at, at, "{text}");
        }
    }

    #[test]
    fn descendants_follow_their_ancestor_in_order() {
        let mut paths: Vec<Path> = ["/a/b[k=1]/c", "/a/b", "/a/bb", "/a", "/a/b[k=1]"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        paths.sort();
        let text: Vec<_> = paths.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["/a", "/a/b", "/a/b[k=1]", "/a/b[k=1]/c", "/a/bb"]);
    }

    #[test]
    fn the_entries_on_a_path_come_outermost_first() {
        let path: Path = "/a/b[k=1]/c/d[k=2]/e".parse().unwrap();
        let entries: Vec<_> = path.entries().map(|entry| entry.to_string()).collect();
        assert_eq!(entries, ["/a/b[k=1]", "/a/b[k=1]/c/d[k=2]"]);
    }

    proptest! {
        #[test]
        fn a_path_written_and_read_is_itself(
            elems in prop::collection::vec(("[a-z][a-z0-9-]{0,8}", prop::collection::btree_map("[a-z]{1,4}", any::<String>(), 0..3)), 0..6)
        ) {
            let path: Path = elems.into_iter().map(|(name, keys)| Elem::entry(name, keys)).collect();
            prop_assert_eq!(path.to_string().parse::<Path>().unwrap(), path);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>()) {
            let _ = text.parse::<Path>();
        }
    }
}
