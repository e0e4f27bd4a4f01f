//! Lines of the intent, for the places that changes come from.
//!
//! Elsewhere: whole findings under their line (`diagnostic::draw`).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::report::Origin;
use crate::diagnostic::{Place, concealed};
use crate::git::Snapshot;
use crate::names::RepoPath;

/// How long a line of the intent is shown.
const LENGTH: usize = 100;

/// Lines by file, of the files before (`true`) and after.
type Lines = BTreeMap<(bool, RepoPath), Vec<Arc<str>>>;

/// The files before and after, read line by line once.
pub(super) struct Sources<'a> {
    before: Option<&'a Snapshot>,
    after: &'a Snapshot,
    lines: RefCell<Lines>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(before: Option<&'a Snapshot>, after: &'a Snapshot) -> Self {
        Self { before, after, lines: RefCell::default() }
    }

    /// The line at a place of the files as they will be, or as they were.
    pub(super) fn origin(&self, place: &Place, was: bool) -> Origin {
        let mut lines = self.lines.borrow_mut();
        let read = || {
            let snapshot = if was { self.before } else { Some(self.after) };
            let text = snapshot.and_then(|snapshot| snapshot.text(&place.file));
            text.iter().flat_map(|text| text.lines()).map(shown).collect()
        };
        let lines = lines.entry((was, place.file.clone())).or_insert_with(read);
        let line = usize::try_from(place.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let text = lines.get(line).map_or_else(String::new, ToString::to_string);
        Origin { place: place.clone(), text, was }
    }

    /// The text of a file as it will be.
    pub(super) fn text(&self, file: &RepoPath) -> Option<Arc<str>> {
        self.after.text(file)
    }

    /// The path of a file in the repository, the fabric's folder included.
    pub(super) fn in_repository(&self, file: &RepoPath) -> String {
        self.after.base().map_or_else(|| file.to_string(), |base| format!("{base}/{file}"))
    }
}

/// A line without its secret, its comment and its indent.
fn shown(line: &str) -> Arc<str> {
    let line = concealed(line);
    let line = line.split(" #").next().unwrap_or_default().trim();
    match line.char_indices().nth(LENGTH) {
        Some((cut, _)) => format!("{}…", &line[..cut]).into(),
        None => line.into(),
    }
}
