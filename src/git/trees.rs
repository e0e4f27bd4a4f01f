//! Two trees held against each other, and what walking trees may cost.
//!
//! Here: [`Differing`], [`Budget`]. A handful of tree objects that hold each other several
//! times over name more files than any machine holds, and a stranger may send such ones: every
//! walk counts what it meets and ends. Elsewhere: what is done with the files (`snapshot`,
//! `merge`).

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::EntryMode;

use super::error::GitError;
use super::repository::Repository;
use super::snapshot::COUNT_LIMIT;

/// Files, folders and whatever else a walk may meet.
pub(super) const ENTRY_LIMIT: usize = 4 * COUNT_LIMIT;

/// Folders inside folders; deeper ones are a mistake or a trap.
pub(super) const DEPTH_LIMIT: usize = 64;

/// The bytes of all paths that a walk may meet: 160 for each entry, and a name may have any
/// length.
const PATHS_LIMIT: usize = 64 << 20;

/// What a walk through trees has met.
#[derive(Debug)]
pub(super) struct Budget {
    origin: String,
    entries: usize,
    paths: usize,
}

impl Budget {
    /// Nothing is met yet. `origin` is whose files they are, for the error.
    pub(super) fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), entries: 0, paths: 0 }
    }

    /// Counts an entry whose path has so many bytes.
    pub(super) fn meet(&mut self, path: usize) -> Result<(), GitError> {
        self.entries += 1;
        self.paths = self.paths.saturating_add(path);
        if self.entries > ENTRY_LIMIT {
            return Err(self.exceeded("files and folders", ENTRY_LIMIT));
        }
        if self.paths > PATHS_LIMIT {
            return Err(self.exceeded("bytes of paths", PATHS_LIMIT));
        }
        Ok(())
    }

    /// Says how deep a folder stands.
    pub(super) fn descend(&self, depth: usize) -> Result<(), GitError> {
        if depth > DEPTH_LIMIT {
            return Err(self.exceeded("folders inside each other", DEPTH_LIMIT));
        }
        Ok(())
    }

    fn exceeded(&self, what: &'static str, limit: usize) -> GitError {
        GitError::TooMuch { origin: self.origin.clone(), what, limit: limit as u64 }
    }
}

/// What stands in a tree under one name.
pub(super) type Entry = (EntryMode, ObjectId);

/// A file, link or submodule that two trees do not have alike.
#[derive(Debug)]
pub(super) struct Differing {
    /// Its path from the trees' root.
    pub(super) path: BString,
    /// What the first tree has; none if nothing, or a folder.
    pub(super) old: Option<Entry>,
    /// What the second has.
    pub(super) new: Option<Entry>,
}

/// A walk through two trees at once, which enters only what differs.
pub(super) struct Walk<'w> {
    pub(super) repository: &'w Repository,
    pub(super) gix: &'w gix::Repository,
    pub(super) budget: Budget,
}

impl Walk<'_> {
    /// All that differs, by path. Renames are not looked for.
    pub(super) fn differing(
        &mut self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
    ) -> Result<Vec<Differing>, GitError> {
        let mut found = Vec::new();
        if old != new {
            self.folder(old, new, &BString::default(), 0, &mut found)?;
        }
        Ok(found)
    }

    fn folder(
        &mut self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        prefix: &BString,
        depth: usize,
        found: &mut Vec<Differing>,
    ) -> Result<(), GitError> {
        self.budget.descend(depth)?;
        let old = old.map(|id| self.entries(id, prefix.len())).transpose()?.unwrap_or_default();
        let mut new = new.map(|id| self.entries(id, prefix.len())).transpose()?.unwrap_or_default();
        let names = old.into_iter().map(|(name, old)| {
            let new = new.remove(&name);
            (name, Some(old), new)
        });
        let mut names: Vec<_> = names.collect();
        names.extend(new.into_iter().map(|(name, new)| (name, None, Some(new))));
        for (name, old, new) in names.into_iter().filter(|(_, old, new)| old != new) {
            let path = BString::from([prefix.as_bytes(), name.as_bytes()].concat());
            let is_tree = |entry: &Entry| entry.0.is_tree();
            let tree = |entry: Option<Entry>| entry.filter(is_tree).map(|(_, id)| id);
            let leaf = |entry: Option<Entry>| entry.filter(|entry| !is_tree(entry));
            if leaf(old).is_some() || leaf(new).is_some() {
                found.push(Differing { path: path.clone(), old: leaf(old), new: leaf(new) });
            }
            if (tree(old).is_some() || tree(new).is_some()) && tree(old) != tree(new) {
                let prefix = BString::from([path.as_bytes(), b"/"].concat());
                self.folder(tree(old), tree(new), &prefix, depth + 1, found)?;
            }
        }
        Ok(())
    }

    fn entries(&mut self, tree: ObjectId, prefix: usize) -> Result<BTreeMap<BString, Entry>, GitError> {
        let doing = || format!("read the files of {}", self.budget.origin);
        let failed = |error: gix::Error| GitError::local(self.repository.name(), doing(), &error);
        let tree = self.gix.find_tree(tree).map_err(failed)?;
        let mut entries = BTreeMap::new();
        for entry in tree.iter() {
            let entry = entry.map_err(|error| {
                let doing = format!("read the files of {}", self.budget.origin);
                GitError::local(self.repository.name(), doing, &error)
            })?;
            self.budget.meet(prefix + entry.filename().len())?;
            entries.insert(entry.filename().to_owned(), (entry.mode(), entry.object_id()));
        }
        Ok(entries)
    }
}
