//! The example repository with edits, for tests of this module.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::layout::FOLDERS;
use super::{Cache, Fabric, Loaded};
use crate::diagnostic::{Findings, draw};
use crate::names::RepoPath;

/// The policies of a recorded NetBox, as edits.
pub(crate) const RECORDED: [&str; 6] = [
    "prefix-lists/PL-LOOPBACKS.yaml = rules:\\n  10: { action: permit, prefix: 10.0.250.0/24, le: 32 }\\n  20: { action: permit, prefix: 10.0.255.0/24, le: 32 }",
    "prefix-lists/PL-DEFAULT.yaml = rules:\\n  10: { action: deny, prefix: 0.0.0.0/0 }",
    "community-lists/CL-LOOPBACKS.yaml = rules: [{ action: permit, community: \"65000:100\" }]",
    "as-path-lists/AP-FABRIC.yaml = rules: { 10: { action: permit, pattern: \"^650[0-9][0-9]_\" } }",
    "policies/RM-CONN-2-BGP.yaml = rules:\\n  10: { action: permit, match: { prefix-list: PL-LOOPBACKS }, set: { community: \"65000:100\" } }\\n  20: { action: deny }",
    "policies/RM-EVPN-OUT.yaml = rules:\\n  10: { action: permit, match: { community-list: CL-LOOPBACKS, as-path-list: AP-FABRIC }, set: { next-hop: unchanged }, continue: 20 }\\n  20: { action: permit, match: { family: evpn } }",
];

/// The edit by which the example says something else of drift: the last section of its
/// `fabric.yaml`.
pub(crate) fn drift_edit(section: &str) -> String {
    let path: RepoPath = "fabric.yaml".parse().unwrap();
    let text = Repo::example().0.remove(&path).unwrap();
    let (_, stands) = text.split_once("\ndrift:").unwrap();
    format!("{path}: drift:{} => drift:{section}", stands.trim_end())
}

/// Files in memory.
#[derive(Clone)]
pub(crate) struct Repo(BTreeMap<RepoPath, String>);

impl Repo {
    /// `example-repo/` as it stands.
    pub(crate) fn example() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
        let mut files = BTreeMap::new();
        for folder in FOLDERS.iter().map(|(folder, ..)| *folder).chain([""]) {
            let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
            for entry in
                entries.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().unwrap().is_file())
            {
                let path = Path::new(folder).join(entry.file_name());
                files.insert(
                    path.to_str().unwrap().parse().unwrap(),
                    std::fs::read_to_string(entry.path()).unwrap(),
                );
            }
        }
        Self(files)
    }

    /// Replaces a text that has to be there.
    pub(crate) fn edit(&mut self, path: &str, from: &str, to: &str) {
        let text = self.0.get_mut(&path.parse::<RepoPath>().unwrap()).unwrap_or_else(|| panic!("no {path}"));
        assert!(text.contains(from), "{path} does not contain {from:?}");
        *text = text.replacen(from, to, 1);
    }

    /// Writes a file.
    pub(crate) fn write(&mut self, path: &str, text: &str) {
        self.0.insert(path.parse().unwrap(), text.to_owned());
    }

    /// Appends to a file.
    pub(crate) fn append(&mut self, path: &str, text: &str) {
        self.0.get_mut(&path.parse::<RepoPath>().unwrap()).unwrap().push_str(text);
    }

    /// Removes a file.
    pub(crate) fn remove(&mut self, path: &str) {
        assert!(self.0.remove(&path.parse::<RepoPath>().unwrap()).is_some(), "no {path}");
    }

    /// Applies edits in a line each: `FILE: FROM => TO`, `FILE += TEXT`, `FILE = TEXT`,
    /// `- FILE`. `\n` and `\t` in a text are a line's end and a tab.
    pub(crate) fn apply(&mut self, edits: &[&str]) {
        for edit in edits {
            let edit = edit.replace("\\n", "\n").replace("\\t", "\t");
            if let Some(path) = edit.strip_prefix("- ") {
                self.remove(path);
            } else if let Some((path, text)) = edit.split_once(" += ") {
                self.append(path, &format!("{text}\n"));
            } else if let Some((path, edit)) = edit.split_once(": ").filter(|(_, edit)| edit.contains(" => "))
            {
                let (from, to) = edit.split_once(" => ").unwrap();
                self.edit(path, from, to);
            } else {
                let (path, text) = edit.split_once(" = ").unwrap();
                self.write(path, &format!("{text}\n"));
            }
        }
    }

    /// Replaces one character of one file.
    pub(crate) fn slip(&mut self, file: usize, at: usize, with: &str) {
        let count = self.0.len();
        let Some(text) = self.0.values_mut().nth(file % count) else { return };
        let chars = text.chars().count().max(1);
        let changed = text
            .chars()
            .enumerate()
            .map(|(index, c)| if index == at % chars { with.to_owned() } else { c.to_string() });
        *text = changed.collect();
    }

    /// Writes all files below a folder.
    pub(crate) fn write_to(&self, folder: &Path) {
        for (path, text) in &self.0 {
            let file = folder.join(path.as_str());
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &RepoPath) -> Option<&String> {
        self.0.get(path)
    }

    /// Loads it with a cache.
    pub(crate) fn load_with(&self, cache: &mut Cache<String>) -> Loaded {
        cache.load_files(self.0.iter().map(|(path, text)| (path, text.clone(), text.as_bytes())))
    }

    /// Loads it.
    pub(crate) fn load(&self) -> Loaded {
        self.load_with(&mut Cache::default())
    }

    /// Its files as a commit's would come.
    pub(crate) fn snapshot(&self) -> crate::git::Snapshot {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in &self.0 {
            let file = folder.path().join(path.as_str());
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        crate::git::Snapshot::of_folder(folder.path()).unwrap()
    }

    /// The fabric of a repository without errors.
    pub(crate) fn fabric(&self) -> Fabric {
        let loaded = self.load();
        assert!(!loaded.findings.has_errors(), "{}", self.report(&loaded.findings));
        loaded.fabric.unwrap()
    }

    /// All findings, drawn.
    pub(crate) fn report(&self, findings: &Findings) -> String {
        let source = |path: &RepoPath| self.0.get(path).map(|text| Arc::from(text.as_str()));
        findings.iter().map(|finding| draw(finding, &source, false)).collect::<Vec<_>>().join("\n\n")
    }
}
