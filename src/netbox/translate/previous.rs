//! What stands in the repository: an export never takes from it what NetBox just forgot.
//!
//! Files are read as far as a question needs it; what is wrong with one is `intent`'s to say.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::intent::yaml::{Node, Value, parse};
use crate::names::RepoPath;

/// The files of the repository, and who wrote them.
#[derive(Clone, Debug, Default)]
pub struct Previous {
    files: BTreeMap<RepoPath, Vec<u8>>,
    of_people: BTreeSet<RepoPath>,
}

impl Previous {
    /// All files of the repository by path; `of_people` are those that no export ever wrote.
    pub fn new(files: BTreeMap<RepoPath, Vec<u8>>, of_people: BTreeSet<RepoPath>) -> Self {
        Self { files, of_people }
    }

    /// Those of one folder, with paths as of it; the empty folder is the root.
    pub(super) fn below(&self, folder: &str) -> Cow<'_, Self> {
        if folder.is_empty() {
            return Cow::Borrowed(self);
        }
        let inner = |path: &RepoPath| -> Option<RepoPath> {
            path.as_str().strip_prefix(folder)?.strip_prefix('/')?.parse().ok()
        };
        Cow::Owned(Self {
            files: self
                .files
                .iter()
                .filter_map(|(path, bytes)| Some((inner(path)?, bytes.clone())))
                .collect(),
            of_people: self.of_people.iter().filter_map(inner).collect(),
        })
    }

    /// Whether people wrote the file, and no export.
    pub(super) fn is_of_people(&self, path: &str) -> bool {
        self.of_people.contains(path)
    }

    /// The file as a tree, if it is there and can be read.
    pub(super) fn file(&self, path: &str) -> Option<Node> {
        let (path, bytes) = self.files.get_key_value(path)?;
        parse(path, bytes).0
    }

    /// The names of the files `FOLDER/NAME.yaml`.
    pub(super) fn names<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        self.files.keys().filter_map(move |path| {
            path.as_str()
                .strip_prefix(folder)?
                .strip_prefix('/')?
                .strip_suffix(".yaml")
                .filter(|name| !name.contains('/'))
        })
    }
}

/// The value of a key, where the node is a map that has it.
pub(super) fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(name, _)| name.value == key).map(|(_, node)| node),
        _ => None,
    }
}

/// The text of a scalar.
pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}
