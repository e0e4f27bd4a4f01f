//! What people changed in exported files, found in the history of the repository.
//!
//! The last export is the newest commit that brought a manifest which was never there
//! before: a `git revert` of an export goes back to an old manifest, so it is an edit of a
//! person, as it should be. What differs since in the files of that manifest is somebody's
//! word against NetBox's, and nothing here decides between them. Elsewhere: what becomes of
//! it (`once`, `proposal`).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use anyhow::Context as _;

use crate::git::history::Commit;
use crate::git::message::Message;
use crate::git::{BlobId, Repository, Snapshot};
use crate::intent::manifest::{self, Manifest};
use crate::names::{CommitId, RepoPath};

/// The trailer by which an export names the manifest that it brings. It saves walking the
/// whole history; a squashed merge that lost it is found without.
pub(super) const TRAILER: &str = "NetBox-Manifest";

/// The newest export that the branch holds.
#[derive(Clone, Debug)]
pub(super) struct LastExport {
    /// The commit that brought it.
    pub(super) commit: CommitId,
    /// What it wrote.
    pub(super) manifest: Manifest,
    /// The files that exports before it wrote and it did not, with the contents they had.
    pub(super) removed: BTreeMap<RepoPath, BTreeSet<BlobId>>,
}

/// A file that a person changed or took away after it had been exported.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    /// The file, below the intent's folder.
    pub(super) path: RepoPath,
    /// What stands there now; none if it is gone.
    pub(super) now: Option<BlobId>,
    /// The commit that did it last.
    pub(super) by: Option<Commit>,
}

/// A file below the intent's folder, from the root of the repository.
pub(super) fn from_root(base: Option<&RepoPath>, path: &str) -> anyhow::Result<RepoPath> {
    let full = base.map_or_else(|| path.to_owned(), |base| format!("{base}/{path}"));
    full.parse().with_context(|| format!("`{full}` is no path of a repository"))
}

/// Finds the last export that `tip` holds; none if there never was one.
pub(super) fn last_export(
    repository: &Repository,
    tip: &CommitId,
    base: Option<&RepoPath>,
) -> anyhow::Result<Option<LastExport>> {
    let path = from_root(base, manifest::FILE)?;
    let mut brought: Vec<Brought> = Vec::new();
    repository.versions(std::slice::from_ref(&path), tip, |version| {
        let Some(blob) = version.blob else { return Ok(ControlFlow::Continue(())) };
        let message = repository.commit(&version.commit)?.message;
        let says_so = named(&message).any(|value| value.parse() == Ok(blob));
        brought.retain(|later| later.blob != blob);
        brought.push(Brought { commit: version.commit, blob, says_so });
        // the newest names its manifest, and the one before it tells what it removed
        let is_enough = brought.len() > 1 && brought.first().is_some_and(|newest| newest.says_so);
        Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let mut manifests = brought.iter().take(LOOKED_AT).map(|one| {
        let bytes = repository.blob(one.blob)?;
        match manifest::parse(&path, &bytes) {
            (Some(placed), findings) if !findings.has_errors() => Ok((one, placed.manifest)),
            _ => anyhow::bail!("the manifest {path} of commit {} cannot be read", one.commit.short()),
        }
    });
    let mut manifests = manifests.by_ref().collect::<anyhow::Result<Vec<_>>>()?.into_iter();
    while let Some((one, manifest)) = manifests.next() {
        let older = manifests.as_slice();
        // a change log only grows: a manifest that says less was put together from old ones
        let goes_on = older.iter().all(|(_, before)| match (before.changelog, manifest.changelog) {
            (Some(before), Some(now)) => before < now,
            _ => true,
        });
        if one.says_so || goes_on {
            let removed = removed(&manifest, older.iter().map(|(_, before)| before));
            return Ok(Some(LastExport { commit: one.commit.clone(), manifest, removed }));
        }
    }
    Ok(None)
}

/// A content of the manifest, newest first; of several commits that brought it, the oldest.
struct Brought {
    commit: CommitId,
    blob: BlobId,
    /// Whether the commit names it as an export does.
    says_so: bool,
}

/// How many contents of the manifest are looked at.
const LOOKED_AT: usize = 30;

fn removed<'m>(
    last: &Manifest,
    older: impl Iterator<Item = &'m Manifest>,
) -> BTreeMap<RepoPath, BTreeSet<BlobId>> {
    let mut removed: BTreeMap<RepoPath, BTreeSet<BlobId>> = BTreeMap::new();
    for (path, blob) in older.flat_map(|before| &before.files) {
        if !last.files.contains_key(path) {
            removed.entry(path.clone()).or_default().insert(*blob);
        }
    }
    removed
}

/// The manifests that a commit says it brought; only an export says so.
pub(super) fn named(message: &Message) -> impl Iterator<Item = &str> {
    message.trailers.iter().filter(|trailer| trailer.key == TRAILER).map(|trailer| trailer.value.as_str())
}

/// The files of the last export that are not as it left them, with who changed them.
pub(super) fn edits(
    repository: &Repository,
    head: &Snapshot,
    tip: &CommitId,
    last: &LastExport,
) -> anyhow::Result<Vec<Edit>> {
    let mut edits: Vec<Edit> = Vec::new();
    for (path, exported) in &last.manifest.files {
        let now = head.get(path).map(|file| file.blob);
        if now != Some(*exported) {
            edits.push(Edit { path: path.clone(), now, by: None });
        }
    }
    // what an export took away and somebody brought back as it was: a revert, most of all
    for (path, contents) in &last.removed {
        let now = head.get(path).map(|file| file.blob).filter(|now| contents.contains(now));
        if now.is_some() {
            edits.push(Edit { path: path.clone(), now, by: None });
        }
    }
    let paths = edits
        .iter()
        .map(|edit| from_root(head.base(), edit.path.as_str()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut open: BTreeSet<usize> = (0..edits.len()).collect();
    if open.is_empty() {
        return Ok(edits);
    }
    repository.versions(&paths, tip, |version| {
        if open.remove(&version.path)
            && let Some(edit) = edits.get_mut(version.path)
        {
            edit.by = Some(repository.commit(&version.commit)?);
        }
        Ok(if open.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(edits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::write::{Author, Edits, commit_files, init};
    use crate::intent::manifest::Source;

    /// A bare repository in which exports and people take turns.
    struct Story {
        folder: tempfile::TempDir,
        step: u64,
    }

    impl Story {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            init(folder.path(), "main").unwrap();
            Self { folder, step: 0 }
        }

        fn commit(&mut self, files: &[(&str, Option<&str>)], message: &str) -> CommitId {
            self.step += 1;
            let when =
                jiff::Timestamp::from_second(1_700_000_000 + i64::try_from(self.step).unwrap()).unwrap();
            let author = Author { name: "Ada".into(), email: "ada@example.net".into(), when };
            let edits: Edits = files
                .iter()
                .map(|(path, text)| (path.parse().unwrap(), text.map(|text| text.as_bytes().to_vec())))
                .collect();
            commit_files(self.folder.path(), "main", &edits, message, &author, None).unwrap().unwrap()
        }

        /// The manifest of an export that wrote these files.
        fn manifest(changelog: u64, files: &[(&str, &str)]) -> String {
            let blob = |text: &str| BlobId::of(text.as_bytes()).unwrap();
            let files = files.iter().map(|(path, text)| (path.parse().unwrap(), blob(text))).collect();
            let source = Source {
                netbox: "https://n.example".into(),
                plugins: BTreeMap::new(),
                version: "4.6.8".into(),
            };
            Manifest { source, changelog: Some(changelog), objects: BTreeMap::new(), files }.to_json()
        }

        /// An export of one VLAN file; `trailer` tells whether its message survived.
        fn export(&mut self, changelog: u64, text: &str, trailer: bool) -> CommitId {
            let manifest = Self::manifest(changelog, &[("vlans/9.yaml", text)]);
            let blob = BlobId::of(manifest.as_bytes()).unwrap();
            let message =
                if trailer { format!("netbox: x\n\n{TRAILER}: {blob}\n") } else { "squashed".to_owned() };
            self.commit(&[("vlans/9.yaml", Some(text)), (manifest::FILE, Some(&manifest))], &message)
        }

        fn last(&self) -> Option<CommitId> {
            let repository = Repository::open(self.folder.path()).unwrap();
            let tip = repository.resolve("main").unwrap();
            last_export(&repository, &tip, None).unwrap().map(|last| last.commit)
        }

        fn edited(&self) -> Vec<(String, bool, String)> {
            let repository = Repository::open(self.folder.path()).unwrap();
            let tip = repository.resolve("main").unwrap();
            let last = last_export(&repository, &tip, None).unwrap().unwrap();
            let head = Snapshot::of_commit(&repository, &tip, None).unwrap();
            edits(&repository, &head, &tip, &last)
                .unwrap()
                .into_iter()
                .map(|edit| (edit.path.to_string(), edit.now.is_some(), edit.by.unwrap().message.subject))
                .collect()
        }
    }

    #[test]
    fn without_an_export_there_is_nothing_to_edit() {
        let mut story = Story::new();
        story.commit(&[("vlans/9.yaml", Some("name: mine\n"))], "by hand");
        assert_eq!(story.last(), None);
    }

    #[test]
    fn a_file_that_a_person_changed_or_removed_is_an_edit_of_that_commit() {
        for trailer in [true, false] {
            let mut story = Story::new();
            let export = story.export(1, "name: a\n", trailer);
            assert_eq!((story.last(), story.edited()), (Some(export.clone()), vec![]));
            story.commit(&[("vlans/9.yaml", Some("name: mine\n"))], "rename it");
            story.commit(&[("fabric.yaml", Some("x: 1\n"))], "something else");
            let changed = ("vlans/9.yaml".to_owned(), true, "rename it".to_owned());
            assert_eq!((story.last(), story.edited()), (Some(export), vec![changed]));
            story.commit(&[("vlans/9.yaml", None)], "away");
            assert_eq!(story.edited(), [("vlans/9.yaml".to_owned(), false, "away".to_owned())]);
        }
    }

    #[test]
    fn a_revert_of_an_export_is_an_edit_and_not_an_older_export() {
        for trailer in [true, false] {
            let mut story = Story::new();
            story.export(1, "name: a\n", trailer);
            let second = story.export(2, "name: b\n", trailer);
            let back = Story::manifest(1, &[("vlans/9.yaml", "name: a\n")]);
            story.commit(
                &[("vlans/9.yaml", Some("name: a\n")), (manifest::FILE, Some(&back))],
                "Revert \"x\"",
            );
            let edit = ("vlans/9.yaml".to_owned(), true, "Revert \"x\"".to_owned());
            assert_eq!((story.last(), story.edited()), (Some(second.clone()), vec![edit]));
            // and the revert of the revert makes it as it was
            let again = Story::manifest(2, &[("vlans/9.yaml", "name: b\n")]);
            story.commit(
                &[("vlans/9.yaml", Some("name: b\n")), (manifest::FILE, Some(&again))],
                "Revert \"Revert\"",
            );
            assert_eq!((story.last(), story.edited()), (Some(second), vec![]));
            let third = story.export(3, "name: c\n", trailer);
            assert_eq!((story.last(), story.edited()), (Some(third), vec![]));
        }
    }

    #[test]
    fn a_revert_of_an_older_export_is_an_edit_though_its_manifest_is_a_new_one() {
        for trailer in [true, false] {
            let mut story = Story::new();
            story.export(1, "name: a\n", trailer);
            story.export(2, "name: b\n", trailer);
            let third = Story::manifest(3, &[("vlans/9.yaml", "name: b\n"), ("vlans/8.yaml", "name: c\n")]);
            let blob = BlobId::of(third.as_bytes()).unwrap();
            let third = story.commit(
                &[("vlans/8.yaml", Some("name: c\n")), (manifest::FILE, Some(&third))],
                &if trailer { format!("netbox: x\n\n{TRAILER}: {blob}\n") } else { "squashed".to_owned() },
            );
            // the second is reverted; a person resolves the conflict in the manifest
            for changelog in [1, 2, 3] {
                let mixed = Story::manifest(
                    changelog,
                    &[("vlans/9.yaml", "name: a\n"), ("vlans/8.yaml", "name: c\n")],
                );
                story
                    .commit(&[("vlans/9.yaml", Some("name: a\n")), (manifest::FILE, Some(&mixed))], "Revert");
                let edit = ("vlans/9.yaml".to_owned(), true, "Revert".to_owned());
                assert_eq!((story.last(), story.edited()), (Some(third.clone()), vec![edit]), "{changelog}");
                story.commit(&[("vlans/9.yaml", Some("name: b\n"))], "and back");
            }
        }
    }

    #[test]
    fn a_file_that_an_export_took_away_and_a_revert_brought_back_is_an_edit() {
        let mut story = Story::new();
        story.export(1, "name: a\n", true);
        let manifest = Story::manifest(2, &[]);
        let blob = BlobId::of(manifest.as_bytes()).unwrap();
        let message = format!("netbox: x\n\n{TRAILER}: {blob}\n");
        let second = story.commit(&[("vlans/9.yaml", None), (manifest::FILE, Some(&manifest))], &message);
        assert_eq!((story.last(), story.edited()), (Some(second.clone()), vec![]));
        story.commit(&[("vlans/9.yaml", Some("name: mine\n"))], "one of my own");
        assert_eq!(story.edited(), vec![], "it has other content: it is a new file of a person's");
        story.commit(&[("vlans/9.yaml", Some("name: a\n"))], "Revert");
        let edit = ("vlans/9.yaml".to_owned(), true, "Revert".to_owned());
        assert_eq!((story.last(), story.edited()), (Some(second), vec![edit]));
    }

    #[test]
    fn a_manifest_that_was_taken_away_does_not_hide_the_export() {
        let mut story = Story::new();
        let export = story.export(1, "name: a\n", true);
        story.commit(&[(manifest::FILE, None)], "what is this file?");
        assert_eq!((story.last(), story.edited()), (Some(export), vec![]));
    }
}
