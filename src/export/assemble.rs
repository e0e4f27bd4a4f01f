//! From what NetBox says and what stands in the repository to the files of one commit.
//!
//! Here: which files change, which of them people changed before (contested), and the
//! manifests that come with them. Nothing is written. Elsewhere: finding edits (`edits`),
//! the translation (`netbox::translate`), the commit (`once`).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;

use super::edits::{Edit, LastExport, edits, from_root, last_export};
use super::message;
use super::place::Place;
use super::report::Contested;
use crate::git::write::Edits;
use crate::git::{BlobId, FileChange, Snapshot};
use crate::intent::manifest::{self, Manifest, Source};
use crate::names::RepoPath;
use crate::netbox::translate::{Previous, Translation};

/// One fabric's folder as the branch has it.
#[derive(Debug)]
pub(super) struct Folder {
    /// As the mapping names it, below the intent's folder; empty for the folder itself.
    pub(super) name: String,
    /// From the root of the repository; none is the root.
    pub(super) base: Option<RepoPath>,
    /// Its files.
    pub(super) head: Snapshot,
    /// What was exported into it last.
    pub(super) last: Option<LastExport>,
    /// What people changed of that.
    pub(super) edits: Vec<Edit>,
}

impl Folder {
    /// Reads a fabric's folder, and its history as far as needed.
    pub(super) fn read(place: &Place, root: Option<&RepoPath>, name: &str) -> anyhow::Result<Self> {
        let base = match (root, name) {
            (root, "") => root.cloned(),
            (root, name) => Some(from_root(root, name)?),
        };
        let head = place.files(base.as_ref())?;
        let (mut last, mut changed) = (None, Vec::new());
        if let Some(tip) = place.base() {
            last = last_export(place.repository(), tip, base.as_ref())?;
            if let Some(last) = &last {
                changed = edits(place.repository(), &head, tip, last)?;
            }
        }
        Ok(Self { name: name.to_owned(), base, head, last, edits: changed })
    }

    /// Whether the manifest of an export stands in it.
    pub(super) fn has_manifest(&self) -> bool {
        self.head.iter().any(|(path, _)| path.as_str() == manifest::FILE)
    }

    /// A file of this folder as the translation names it: below the intent's folder.
    fn named(&self, path: &RepoPath) -> anyhow::Result<RepoPath> {
        if self.name.is_empty() {
            Ok(path.clone())
        } else {
            from_root(None, &format!("{}/{path}", self.name))
        }
    }

    /// A link or another repository in the place of a file would be overwritten unseen.
    fn refuse_skipped<'p>(&self, mut paths: impl Iterator<Item = &'p RepoPath>) -> anyhow::Result<()> {
        let stands_at = |path: &RepoPath| {
            let is_at = |skipped: &str| {
                path.as_str()
                    .strip_prefix(skipped)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            self.head.skipped().find(|(skipped, _)| is_at(skipped))
        };
        match paths.find_map(|path| Some((path, stands_at(path)?))) {
            Some((path, (skipped, why))) => anyhow::bail!(
                "`{path}` cannot be written: `{skipped}` stands there, and {why}; take it away first"
            ),
            None => Ok(()),
        }
    }

    fn exported(&self) -> BTreeSet<&RepoPath> {
        let written = self.last.iter().flat_map(|last| last.manifest.files.keys());
        written.chain(self.edits.iter().map(|edit| &edit.path)).collect()
    }
}

/// What stands in the folders, for the translation.
pub(super) fn previous(folders: &[Folder]) -> anyhow::Result<Previous> {
    let (mut files, mut of_people) = (BTreeMap::new(), BTreeSet::new());
    for folder in folders {
        let exported = folder.exported();
        for (path, file) in folder.head.iter() {
            let named = folder.named(path)?;
            if !exported.contains(path) && path.as_str() != manifest::FILE {
                of_people.insert(named.clone());
            }
            files.insert(named, file.bytes.to_vec());
        }
    }
    Ok(Previous::new(files, of_people))
}

/// The files of one commit.
#[derive(Debug, Default)]
pub(super) struct Assembled {
    /// All that is to be written, manifests included, from the root of the repository.
    pub(super) edits: Edits,
    /// The same without the manifests, with what stands there now.
    pub(super) changes: Vec<FileChange>,
    /// Those that people changed since they were exported.
    pub(super) contested: Vec<Contested>,
    /// One id for all files that NetBox says: equal ids, equal content.
    pub(super) digest: Option<BlobId>,
    /// The changes in words, with their fabric where there are several.
    pub(super) words: Vec<String>,
    /// The manifests that it brings, a folder each, which the commit names.
    pub(super) manifests: Vec<BlobId>,
}

/// Where the objects came from, for the manifests.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) source: Source,
    pub(super) changelog: Option<u64>,
    pub(super) objects: BTreeMap<String, u64>,
}

/// Puts the files of a commit together.
pub(super) fn assemble(folders: &[Folder], said: &Translation, origin: &Origin) -> anyhow::Result<Assembled> {
    let mut all = Assembled::default();
    let mut digest = String::new();
    for folder in folders {
        let files = files_of(folder, said)?;
        let blobs = files
            .iter()
            .map(|(path, bytes)| Ok((path.clone(), BlobId::of(bytes).context("cannot hash a file")?)))
            .collect::<anyhow::Result<BTreeMap<_, _>>>()?;
        digest.extend(blobs.iter().map(|(path, blob)| format!("{}/{path} {blob}\n", folder.name)));
        let before = all.changes.len();
        let fabric = Some(folder.name.as_str()).filter(|_| folders.len() > 1);
        folder.refuse_skipped(files.keys())?;
        for (path, bytes) in &files {
            let now = folder.head.get(path).map(|file| file.bytes.to_vec());
            if now.as_ref() != Some(bytes) {
                all.change(folder, path, now, Some(bytes.clone()))?;
            }
        }
        for path in folder.exported() {
            if !files.contains_key(path)
                && let Some(file) = folder.head.get(path)
            {
                all.change(folder, path, Some(file.bytes.to_vec()), None)?;
            }
        }
        all.words.extend(all.changes.iter().skip(before).flat_map(|change| message::words(change, fabric)));
        let written = manifest_of(folder, blobs, origin, all.changes.len() > before)?;
        if let Some((path, bytes)) = written {
            all.manifests.push(BlobId::of(&bytes).context("cannot hash the manifest")?);
            all.edits.insert(path, Some(bytes));
        }
    }
    all.digest = Some(BlobId::of(digest.as_bytes()).context("cannot hash the export")?);
    Ok(all)
}

/// What NetBox says of a folder, with paths as of it.
fn files_of(folder: &Folder, said: &Translation) -> anyhow::Result<BTreeMap<RepoPath, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for (path, text) in &said.files {
        let inner = match folder.name.as_str() {
            "" => Some(path.as_str()),
            name => path.as_str().strip_prefix(name).and_then(|rest| rest.strip_prefix('/')),
        };
        if let Some(inner) = inner {
            files.insert(from_root(None, inner)?, text.clone().into_bytes());
        }
    }
    Ok(files)
}

/// The manifest to write: where files change, where the one that stands there tells of other
/// files, and where NetBox now says what a person had said against it, so that their edit
/// counts as settled. One that would only move on in NetBox's change log is no news.
fn manifest_of(
    folder: &Folder,
    blobs: BTreeMap<RepoPath, BlobId>,
    origin: &Origin,
    changed: bool,
) -> anyhow::Result<Option<(RepoPath, Vec<u8>)>> {
    let here: RepoPath = manifest::FILE.parse()?;
    let standing = folder.head.get(&here).and_then(|file| manifest::parse(&here, &file.bytes).0);
    let is_settled = |edit: &Edit| edit.now.as_ref() == blobs.get(&edit.path);
    let is_news = changed || folder.edits.iter().any(is_settled);
    if !is_news && standing.is_some_and(|standing| standing.manifest.files == blobs) {
        return Ok(None);
    }
    let Origin { source, changelog, objects } = origin.clone();
    let json = Manifest { source, changelog, objects, files: blobs }.to_json();
    Ok(Some((from_root(folder.base.as_ref(), manifest::FILE)?, json.into_bytes())))
}

impl Assembled {
    fn change(
        &mut self,
        folder: &Folder,
        path: &RepoPath,
        old: Option<Vec<u8>>,
        new: Option<Vec<u8>>,
    ) -> anyhow::Result<()> {
        let full = from_root(folder.base.as_ref(), path.as_str())?;
        let is_released = new.is_none() && old.as_ref().is_some_and(|old| manifest::says_released(path, old));
        let change = FileChange { path: full.clone(), old, new };
        let edit = folder.edits.iter().find(|edit| edit.path == *path);
        if let Some(edit) = edit.filter(|_| !is_released) {
            self.contested.push(Contested::new(edit, change.clone()));
        } else if change.new.is_none() && !is_released && !folder.has_manifest() {
            // without it nothing tells a file that NetBox forgot from one that it never had
            let by = format!("somebody who took {} away", manifest::FILE);
            self.contested.push(Contested { change: change.clone(), by });
        }
        self.edits.insert(full, change.new.clone());
        self.changes.push(change);
        Ok(())
    }
}
