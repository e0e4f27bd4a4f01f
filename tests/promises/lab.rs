//! A repository, devices that hold what bootstrap prints, and an agent's configuration.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use gitfabric::agent::config::Config;
use gitfabric::compile::{Build, Engine};
use gitfabric::git::repository::Repository;
use gitfabric::git::snapshot::Snapshot;
use gitfabric::git::write::{Author, commit_files, init_with};
use gitfabric::names::{CommitId, DeviceName, FabricName, RepoPath};
use gitfabric::record::{DeviceEntry, Store};
use gitfabric::simulator::{DeviceConfig, Handle, SimulatedFabric};
use gitfabric::yang::schema::Kind;
use gitfabric::yang::{Leaf, Path as YangPath, Tree, Value};
use tempfile::TempDir;

use crate::intent::Intent;

/// A world for one test. Ends with it.
pub(crate) struct Lab {
    folder: TempDir,
    fabric: SimulatedFabric,
    /// The fabric's name, as `fabric.yaml` has it.
    name: FabricName,
    /// The folder of the intent in the repository.
    base: Option<RepoPath>,
    /// What the head holds, and the commits so far.
    pub(crate) history: Mutex<Vec<(CommitId, Intent)>>,
}

/// How a lab differs from the usual one.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    /// Further lines of the agent's configuration.
    pub(crate) config: &'static str,
    /// `repository.path`: the folder of the intent.
    pub(crate) path: Option<&'static str>,
    /// `repository.poll`. Pushes into the repository wake the agent anyway.
    pub(crate) poll: &'static str,
    /// Changes a device before it is started.
    pub(crate) device: fn(&mut DeviceConfig),
}

impl Default for Settings {
    fn default() -> Self {
        Self { config: "mode: apply", path: None, poll: "1s", device: |_| {} }
    }
}

impl Lab {
    /// The usual world of an intent.
    pub(crate) fn new(intent: Intent) -> Self {
        Self::with(intent, Settings::default())
    }

    /// Makes the first commit, and starts a device for each of the intent.
    pub(crate) fn with(intent: Intent, settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("intent.git");
        let first = intent.edits_from(&Intent::nothing());
        let commit = init_with(&repository, "main", &first, "The lab as it is", &author()).unwrap();
        let base: Option<RepoPath> = settings.path.map(|path| path.parse().unwrap());
        let build = build(&repository, &commit, base.as_ref());
        assert!(!build.findings.has_errors(), "{:?}", build.findings);
        let name = build.fabric.as_ref().unwrap().design.name.value.clone();
        let devices = build.devices.iter().map(|(name, device)| {
            let bootstrap = device.bootstrap.as_ref().clone();
            let mut config = DeviceConfig::new(name.clone(), Arc::clone(&device.schema), bootstrap);
            (settings.device)(&mut config);
            config
        });
        let fabric = SimulatedFabric::start(devices).unwrap();
        let lab = Self { folder, fabric, name, base, history: Mutex::new(vec![(commit, intent)]) };
        lab.write_file("ca.pem", &lab.fabric.authority_pem());
        lab.set_secret("gnmi/password", "admin");
        lab.configure(settings);
        lab
    }

    fn configure(&self, Settings { config, path, poll, .. }: Settings) {
        let addresses = self.fabric.addresses();
        let addresses: Vec<String> =
            addresses.iter().map(|(name, address)| format!("{name}: '{address}'")).collect();
        let addresses = addresses.join(", ");
        let path = path.map_or(String::new(), |path| format!(", path: {path}"));
        self.write_file(
            "agent.yaml",
            &format!(
                "state: state\nrepository: {{ url: intent.git, poll: {poll}{path} }}\nsecrets: {{ directory: secrets }}\n\
                 devices:\n  username: admin\n  password: secret:gnmi/password\n  tls: {{ ca: ca.pem }}\n  \
                 addresses: {{ {addresses} }}\n{config}\n"
            ),
        );
    }

    fn write_file(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // whole and at once: an agent may be reading it
        let mut file = tempfile::NamedTempFile::new_in(self.folder.path()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.persist(path).unwrap();
    }

    /// Gives the agent a secret.
    pub(crate) fn set_secret(&self, name: &str, value: &str) {
        self.write_file(&format!("secrets/{name}"), value);
    }

    /// A path in the lab's folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The intent's repository.
    pub(crate) fn repository(&self) -> PathBuf {
        self.path("intent.git")
    }

    /// The agent's configuration.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::new(Config::read(&self.path("agent.yaml")).unwrap())
    }

    /// The head of the branch, as the test moved it.
    pub(crate) fn head(&self) -> CommitId {
        self.history.lock().unwrap().last().unwrap().0.clone()
    }

    /// Commits an edit of the head's files to the branch: what a push does.
    pub(crate) fn commit(&self, message: &str, edit: impl FnOnce(&mut Intent)) -> CommitId {
        let mut history = self.history.lock().unwrap();
        let before = history.last().unwrap().1.clone();
        let mut after = before.clone();
        edit(&mut after);
        let edits = after.edits_from(&before);
        let commit = commit_files(&self.repository(), "main", &edits, message, &author(), None);
        let commit = commit.unwrap().expect("the edit changes nothing");
        history.push((commit.clone(), after));
        commit
    }

    /// Reverts the last commit.
    pub(crate) fn revert(&self) -> CommitId {
        let (reverted, before) = {
            let history = self.history.lock().unwrap();
            let [.., (_, before), (reverted, _)] = &history[..] else { panic!("nothing to revert") };
            (reverted.clone(), before.clone())
        };
        self.commit(&format!("Revert\n\nThis reverts commit {reverted}.\n"), |files| *files = before)
    }

    /// Moves the branch to another commit by force.
    pub(crate) fn reset(&self, to: &CommitId) {
        let mut history = self.history.lock().unwrap();
        let files = history.iter().find(|(commit, _)| commit == to).unwrap().1.clone();
        history.push((to.clone(), files));
        // as Git does it: whole and at once
        let reference = self.repository().join("refs/heads/main");
        std::fs::write(reference.with_extension("lock"), format!("{to}\n")).unwrap();
        std::fs::rename(reference.with_extension("lock"), reference).unwrap();
    }

    /// A commit compiled by an engine that has seen nothing before.
    pub(crate) fn build(&self, commit: &CommitId) -> Build {
        build(&self.repository(), commit, self.base.as_ref())
    }

    /// A simulated device.
    pub(crate) fn device(&self, name: &str) -> &Handle {
        self.fabric.device(name).unwrap()
    }

    /// The Sets that each device received, devices without any left out: `leaf1:2 leaf2:1`.
    pub(crate) fn sets(&self) -> String {
        let counts = self.fabric.sets_received();
        let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name}:{count}")).collect();
        counts.join(" ")
    }

    /// The Gets that each device received.
    pub(crate) fn gets(&self) -> BTreeMap<DeviceName, usize> {
        self.fabric.devices().map(|device| (device.name().clone(), device.gets_received())).collect()
    }

    /// What every device holds.
    pub(crate) fn trees(&self) -> BTreeMap<DeviceName, Tree> {
        self.fabric.devices().map(|device| (device.name().clone(), device.config())).collect()
    }

    /// The owned tree of every device as the record has it: text, as it stands there.
    pub(crate) fn owned(&self) -> BTreeMap<DeviceName, String> {
        let store = self.store();
        let owned = |name: &DeviceName| store.owned_tree(&self.name, name).unwrap();
        self.fabric
            .devices()
            .filter_map(|device| Some((device.name().clone(), owned(device.name())?)))
            .collect()
    }

    /// The record, for reading.
    pub(crate) fn store(&self) -> Store {
        Store::open_to_read(&self.config().record()).unwrap()
    }

    /// A device's row.
    pub(crate) fn entry(&self, name: &str) -> DeviceEntry {
        self.store().device(&self.name, &name.parse().unwrap()).unwrap().unwrap()
    }

    /// The leaves of a commit that a device does not hold. A leaf that only says its default
    /// may be absent, and of a secret the device shows a hash.
    pub(crate) fn missing(&self, commit: &CommitId, name: &str) -> Vec<String> {
        let build = self.build(commit);
        let device = &build.devices[name];
        let held = self.device(name).config();
        let holds = |path: &YangPath, leaf: &Leaf| match (held.get(path), &leaf.value) {
            (Some(held), Value::Secret(_)) => matches!(held.value, Value::Scalar(_)),
            (Some(held), value) => held.value == *value,
            (None, Value::Scalar(scalar)) => match &device.schema.node(leaf.node).kind {
                Kind::Leaf { default, .. } => default.as_deref() == Some(scalar.as_str()),
                _ => false,
            },
            (None, _) => false,
        };
        let missing = device.tree.iter().filter(|(path, leaf)| !holds(path, leaf));
        missing.map(|(path, _)| path.to_string()).collect()
    }

    /// Asserts that the record is true: it says that the device holds the commit, and what
    /// it has recorded as owned stands on the device, leaf for leaf.
    pub(crate) fn assert_true(&self, commit: &CommitId, names: &[&str]) {
        for name in names {
            let entry = self.entry(name);
            assert_eq!(entry.commit.as_ref(), Some(commit), "{name}");
            assert!(!entry.in_flight, "{name}");
            assert_eq!(self.missing(commit, name), Vec::<String>::new(), "{name}");
            let build = &self.build(commit).devices[*name];
            assert_eq!(entry.tree_hash.as_deref(), Some(&*build.hash), "{name}");
        }
    }

    /// Runs the real binary against this lab, and gives what it printed.
    pub(crate) fn gitfabric(&self, arguments: &[&str]) -> Output {
        let arguments: Vec<&str> = arguments.to_vec();
        Command::new(env!("CARGO_BIN_EXE_gitfabric"))
            .args(&arguments)
            .env("GITFABRIC_CONFIG", self.path("agent.yaml"))
            .env("NO_COLOR", "1")
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// Runs the real binary, which must succeed.
    pub(crate) fn printed(&self, arguments: &[&str]) -> String {
        let output = self.gitfabric(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The example's name.
pub(crate) fn fabric_name() -> FabricName {
    "evpn-lab".parse().unwrap()
}

pub(crate) fn author() -> Author {
    let when = jiff::Timestamp::from_second(1_780_000_000).unwrap();
    Author { name: "Lab".to_owned(), email: "lab@example.net".to_owned(), when }
}

fn build(repository: &Path, commit: &CommitId, base: Option<&RepoPath>) -> Build {
    let repository = Repository::open(repository).unwrap();
    Engine::new().build(&Snapshot::of_commit(&repository, commit, base).unwrap())
}
