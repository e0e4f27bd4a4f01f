//! What a vendor says of writing each path: Arista's `pathreport.csv`.
//!
//! Here: [`AccessReport`], and setting [`Node::access`] by it. Elsewhere: who acts on it
//! (`yang::validate`).
//!
//! The report has the columns PATH (names without prefixes and keys, without a leading
//! `/`), NODE, ACCESS (`read+write`, `read`, `not-supported` or nothing) and others that
//! are not looked at. Quoting is that of RFC 4180.
//!
//! [`Node::access`]: super::Node::access

use std::collections::BTreeMap;

use super::{Access, NodeId, Schema};

/// Why a text is no path report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The first line lacks a column.
    #[error("the path report's first line names no column {0}")]
    NoColumn(&'static str),
    /// A row says something of writing that is not known.
    #[error("the path report's row {row}: ACCESS is `{access}`, expected read+write, read or not-supported")]
    UnknownAccess {
        /// The row, from 1, the column names being the first.
        row: usize,
        /// What stands there.
        access: String,
    },
    /// A quoted cell has no end.
    #[error("the path report's row {0}: a closing quote is missing")]
    OpenQuote(usize),
}

/// Access by path. Of several rows for one path the most permissive counts: a row that
/// grants is about a leaf of that name, one that refuses may be about its namesake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessReport(BTreeMap<Box<str>, Access>);

impl AccessReport {
    /// Reads a report.
    pub fn read(text: &str) -> Result<Self, AccessError> {
        let mut rows = rows(text)?.into_iter();
        let header = rows.next().unwrap_or_default();
        let column = |name: &'static str| {
            header.iter().position(|cell| cell == name).ok_or(AccessError::NoColumn(name))
        };
        let (path_column, access_column) = (column("PATH")?, column("ACCESS")?);
        let mut report = BTreeMap::new();
        for (row, cells) in rows.enumerate() {
            let cell = |column: usize| cells.get(column).map_or("", |cell| cell.trim());
            let access = match cell(access_column) {
                "" => continue,
                "read+write" => Access::ReadWrite,
                "read" => Access::ReadOnly,
                "not-supported" => Access::Unsupported,
                other => return Err(AccessError::UnknownAccess { row: row + 2, access: other.to_owned() }),
            };
            let path = cell(path_column).trim_start_matches('/');
            let known = report.entry(Box::from(path)).or_insert(access);
            if rank(access) > rank(*known) {
                *known = access;
            }
        }
        Ok(Self(report))
    }

    /// Sets every node's access. Below a node that is not supported nothing is, unless a row
    /// says otherwise; what no row names is unlisted. Gives back the paths of rows that
    /// grant writing and that the schema lacks.
    pub fn apply(&self, schema: &mut Schema) -> Vec<String> {
        let mut unmatched: BTreeMap<&str, Access> =
            self.0.iter().map(|(path, access)| (&**path, *access)).collect();
        for index in 0..schema.nodes.len() {
            let Ok(id) = u32::try_from(index).map(NodeId) else { break };
            let path = schema.path_of(id);
            let path = path.trim_start_matches('/');
            // a parent stands before its children, so its access is known
            let above = schema.nodes[index].parent.map(|parent| schema.node(parent).access);
            let inherited = above.filter(|access| *access == Access::Unsupported);
            let own = self.0.get(path).copied();
            schema.nodes[index].access = own.or(inherited).unwrap_or(Access::Unlisted);
            unmatched.remove(path);
        }
        let writable = unmatched.into_iter().filter(|(_, access)| *access == Access::ReadWrite);
        writable.map(|(path, _)| format!("/{path}")).collect()
    }
}

fn rank(access: Access) -> u8 {
    match access {
        Access::Unlisted => 0,
        Access::Unsupported => 1,
        Access::ReadOnly => 2,
        Access::ReadWrite => 3,
    }
}

/// The cells of a CSV text (RFC 4180): a quoted cell may hold commas, line ends and `""`.
fn rows(text: &str) -> Result<Vec<Vec<String>>, AccessError> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if cell.is_empty() => loop {
                match chars.next() {
                    Some('"') if chars.next_if_eq(&'"').is_some() => cell.push('"'),
                    Some('"') => break,
                    Some(c) => cell.push(c),
                    None => return Err(AccessError::OpenQuote(rows.len() + 1)),
                }
            },
            ',' => row.push(std::mem::take(&mut cell)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_taken_apart_as_rfc_4180_says() {
        for (text, expected) in [
            ("a,b\r\nc,\n", vec![vec!["a", "b"], vec!["c", ""]]),
            ("\"a,\"\"b\"\"\nc\",d", vec![vec!["a,\"b\"\nc", "d"]]),
            ("", vec![]),
        ] {
            assert_eq!(rows(text).unwrap(), expected);
        }
        assert_eq!(rows("a\n\"b").unwrap_err(), AccessError::OpenQuote(2));
    }

    #[test]
    fn a_report_without_its_columns_or_with_unknown_access_is_refused() {
        assert_eq!(AccessReport::read("PATH,NODE\n"), Err(AccessError::NoColumn("ACCESS")));
        let unknown = AccessError::UnknownAccess { row: 2, access: "write".into() };
        assert_eq!(AccessReport::read("PATH,ACCESS\na,write\n"), Err(unknown));
    }

    #[test]
    fn each_node_has_its_own_access_or_that_of_a_missing_ancestor() {
        let pack = "gitfabric-pack 1\nplatform p\nversion 1\nmodule m\nnodes\nm:a container\n  \
                    b container\n    c leaf string\n    d leaf string\n  e leaf string\n  f leaf string\n";
        let mut schema = super::super::pack::read(pack).unwrap();
        let report = "PATH,ACCESS\na/b,not-supported\na/b/d,read\na/e,read+write\na/e,read\na/gone,read+write\n\
                      a/gone-too,read\n";
        let lacking = AccessReport::read(report).unwrap().apply(&mut schema);
        assert_eq!(lacking, ["/a/gone"]);
        for (path, expected) in [
            ("/a", Access::Unlisted),
            ("/a/b", Access::Unsupported),
            ("/a/b/c", Access::Unsupported),
            ("/a/b/d", Access::ReadOnly),
            ("/a/e", Access::ReadWrite),
            ("/a/f", Access::Unlisted),
        ] {
            let id = schema.find(&path.parse().unwrap()).unwrap();
            assert_eq!(schema.node(id).access, expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "PATH,ACCESS\n([a-z,\"\r\n]|.){0,60}") {
            let _ = AccessReport::read(&text);
        }
    }
}
