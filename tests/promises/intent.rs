//! The intent that a test commits: the example's files, whole or cut down to some devices.

use std::collections::BTreeMap;
use std::path::Path;

use gitfabric::git::snapshot::{BlobId, Snapshot};
use gitfabric::git::write::Edits;
use gitfabric::intent::manifest::{self, Manifest, Source};
use gitfabric::names::RepoPath;

/// Files by path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Intent(BTreeMap<RepoPath, String>);

impl Intent {
    /// The lab of `example-repo/`: two spines, four pairs of leafs. People are told of drift, and
    /// nothing is put back.
    pub(crate) fn example() -> Self {
        let mut intent = Self::folder("example-repo");
        let fabric = intent.0.get_mut(&"fabric.yaml".parse::<RepoPath>().unwrap()).unwrap();
        // it is the last section
        fabric.truncate(fabric.find("\ndrift:").unwrap());
        fabric.push_str("\ndrift: { default: alert }\n");
        intent
    }

    /// The files of a folder of this project.
    pub(crate) fn folder(path: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let snapshot = Snapshot::of_folder(&folder).unwrap();
        let text = |path: &RepoPath| snapshot.text(path).unwrap().to_string();
        Self(snapshot.iter().map(|(path, _)| (path.clone(), text(path))).collect())
    }

    /// The example cut down to some devices: what names the others is left out. A test
    /// starts no more devices than it needs.
    pub(crate) fn of(devices: &[&str]) -> Self {
        let mut intent = Self::example();
        let absent: Vec<String> =
            (intent.names("devices/").into_iter()).filter(|name| !devices.contains(&name.as_str())).collect();
        for name in &absent {
            intent.remove(&format!("devices/{name}.yaml"));
        }
        let texts: Vec<String> = intent.0.values().cloned().collect();
        for pair in intent.names("pairs/") {
            if !texts.iter().any(|text| text.contains(&format!("pair: {pair}"))) {
                intent.remove(&format!("pairs/{pair}.yaml"));
            }
        }
        for text in intent.0.values_mut() {
            let names_absent = |line: &str| absent.iter().any(|name| line.contains(&format!("to: {name} ")));
            let kept = text.split_inclusive('\n').filter(|line| !names_absent(line));
            *text = kept.collect();
        }
        let pairs = intent.names("pairs/").join(", ");
        intent.replace("vlans/40.yaml", "leaf1-2, leaf5-6", &pairs);
        let has_vrf = devices.contains(&"leaf7");
        for vlan in [34, 78, 900] {
            if !has_vrf || vlan == 34 && !devices.contains(&"leaf3") {
                intent.remove(&format!("vlans/{vlan}.yaml"));
            }
        }
        if !has_vrf {
            intent.remove("vrfs/gold.yaml");
        }
        intent
    }

    /// One pair and one spine: the least that is a fabric.
    pub(crate) fn pair() -> Self {
        Self::of(&["spine1", "leaf1", "leaf2"])
    }

    /// The pair with the VRF and its external peer, and one spine.
    pub(crate) fn border() -> Self {
        Self::of(&["spine1", "leaf7", "leaf8"])
    }

    /// The same files in another folder.
    pub(crate) fn moved(&self, from: &str, to: &str) -> Self {
        let path = |path: &RepoPath| format!("{to}{}", path.as_str().strip_prefix(from).unwrap());
        Self(self.0.iter().map(|(at, text)| (path(at).parse().unwrap(), text.clone())).collect())
    }

    /// Writes a file anew.
    pub(crate) fn write(&mut self, path: &str, text: &str) {
        self.0.insert(path.parse().unwrap(), text.to_owned());
    }

    /// Writes the manifest of an export that wrote all of these files.
    pub(crate) fn export(&mut self) {
        let blob = |text: &String| BlobId::of(text.as_bytes()).unwrap();
        let source = Source {
            netbox: "https://netbox.example".into(),
            plugins: BTreeMap::new(),
            version: "4.6.8".into(),
        };
        let files = self.0.iter().map(|(path, text)| (path.clone(), blob(text))).collect();
        let manifest = Manifest { source, changelog: Some(797), objects: BTreeMap::new(), files };
        self.write(manifest::FILE, &manifest.to_json());
    }

    /// Takes a file away.
    pub(crate) fn remove(&mut self, path: &str) {
        self.0.remove(&path.parse::<RepoPath>().unwrap()).unwrap();
    }

    /// Takes all files away.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Replaces a text of a file that must be in it.
    pub(crate) fn replace(&mut self, path: &str, from: &str, to: &str) {
        let text = self.0.get_mut(&path.parse::<RepoPath>().unwrap()).unwrap();
        assert!(text.contains(from), "{path} does not hold {from:?}");
        *text = text.replace(from, to);
    }

    /// Renames VLAN 40: an edit that concerns the pair's members and no spine.
    pub(crate) fn rename_vlan(&mut self, name: &str) {
        let text = &self.0[&"vlans/40.yaml".parse::<RepoPath>().unwrap()];
        let line = text.lines().find(|line| line.starts_with("name:")).unwrap().to_owned();
        self.replace("vlans/40.yaml", &line, &format!("name: {name}"));
    }

    /// Gives the spines a banner: an edit that concerns them and no leaf.
    pub(crate) fn set_spine_raw(&mut self, banner: &str) {
        let config =
            format!(r#"{{ "openconfig-system:system": {{ "config": {{ "login-banner": "{banner}" }} }} }}"#);
        self.write("raw/banner.json", &format!(r#"{{ "at": ["role:spine"], "config": {config} }}"#));
    }

    /// What a commit has to write to come from `before` to these files.
    pub(crate) fn edits_from(&self, before: &Self) -> Edits {
        let gone =
            before.0.keys().filter(|path| !self.0.contains_key(*path)).map(|path| (path.clone(), None));
        let written = self.0.iter().filter(|(path, text)| before.0.get(*path) != Some(*text));
        gone.chain(written.map(|(path, text)| (path.clone(), Some(text.clone().into_bytes())))).collect()
    }

    /// No files.
    pub(crate) fn nothing() -> Self {
        Self(BTreeMap::new())
    }

    /// The objects of a folder, by the names of their files.
    fn names(&self, folder: &str) -> Vec<String> {
        let name =
            |path: &RepoPath| Some(path.as_str().strip_prefix(folder)?.strip_suffix(".yaml")?.to_owned());
        self.0.keys().filter_map(name).collect()
    }
}
