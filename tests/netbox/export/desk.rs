//! What an export needs around it: a NetBox, repositories, and the real program.
//!
//! Nothing of this machine's Git configuration is read, and the exporter gets no variable but
//! those named here.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::fake::{Fake, tokens};

/// A NetBox and a folder with a bare repository, `intent.git`, on the branch `main`.
pub(crate) struct Desk {
    pub(crate) netbox: Fake,
    root: tempfile::TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// That it went well, and said this.
    #[track_caller]
    pub(crate) fn says(&self, what: &str) -> &Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        assert!(self.out.contains(what), "{what:?} is missing:\n{}\n{}", self.out, self.err);
        self
    }

    /// That it failed, and said this on either way.
    #[track_caller]
    pub(crate) fn fails(&self, what: &str) -> &Self {
        assert_eq!(self.code, Some(1), "{}\n{}", self.out, self.err);
        let said = format!("{}{}", self.out, self.err);
        assert!(said.contains(what), "{what:?} is missing:\n{said}");
        self
    }
}

impl Desk {
    /// Beside an invented fabric of two spines and eight leafs.
    pub(crate) fn new() -> Self {
        Self::beside(Fake::fabric(8))
    }

    pub(crate) fn beside(netbox: Fake) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home", "tmp"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        let desk = Self { netbox, root };
        Git(desk.path("")).run(&["init", "-q", "--bare", "-b", "main", "intent.git"]);
        desk
    }

    /// The same, with the first export in the repository.
    pub(crate) fn exported() -> Self {
        let desk = Self::new();
        desk.export(&[]).says("committed");
        desk.netbox.forget_requests();
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file beside the repositories.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        // whole and at once: an exporter may be reading it
        let mut file = tempfile::NamedTempFile::new_in(self.root.path()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.persist(&path).unwrap();
        path
    }

    /// The bare repository.
    pub(crate) fn bare(&self) -> Git {
        Git(self.path("intent.git"))
    }

    /// A clone of it with files.
    pub(crate) fn clone(&self, name: &str) -> Git {
        Git(self.path("")).run(&["clone", "-q", "intent.git", name]);
        Git(self.path(name))
    }

    /// A person changes files, or takes them away, commits and pushes.
    pub(crate) fn person(&self, message: &str, files: &[(&str, Option<&str>)]) -> String {
        let clone =
            self.clone(&format!("of a person {}", self.bare().run(&["rev-list", "--all", "--count"])));
        for (path, text) in files {
            let file = clone.0.join(path);
            match text {
                Some(text) => {
                    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                    std::fs::write(file, text).unwrap();
                }
                None => std::fs::remove_file(file).unwrap(),
            }
        }
        clone.run(&["add", "-A"]);
        clone.run(&["commit", "-q", "-m", message]);
        clone.run(&["push", "-q", "origin", "HEAD"]);
        let head = clone.run(&["rev-parse", "HEAD"]);
        std::fs::remove_dir_all(clone.0).unwrap();
        head
    }

    /// The same with one file, from its text to another.
    pub(crate) fn edits(&self, path: &str, edit: impl Fn(&str) -> String) -> String {
        let text = self.bare().file(path);
        let edited = edit(&text);
        assert_ne!(text, edited, "the edit of {path} changes nothing");
        self.person(&format!("Edit {path}"), &[(path, Some(&edited))])
    }

    /// `gitfabric export` into the bare repository.
    pub(crate) fn export(&self, arguments: &[&str]) -> Ran {
        self.export_into("intent.git", arguments)
    }

    /// `gitfabric export` into a folder beside it, or to a URL.
    pub(crate) fn export_into(&self, repo: &str, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(repo).args(arguments).output().unwrap())
    }

    /// The program as it would be started.
    pub(crate) fn command(&self, repo: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitfabric"));
        command.env_clear().current_dir(self.path("")).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path("home")).env("TMPDIR", self.path("tmp"));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("NETBOX_TOKEN", tokens::EXPORTER);
        command.args(["export", "--netbox", &self.netbox.url(), "--repo", repo]);
        command
    }

    /// A text without what differs between two runs: addresses, ids, times.
    pub(crate) fn timeless(text: &str) -> String {
        let filters = [
            (r"http://127\.0\.0\.1:\d+", "http://netbox"),
            (r"\b[0-9a-f]{40}\b", "BLOB"),
            (r"\b[0-9a-f]{7}\b", "COMMIT"),
            (r#""seconds": [0-9.e-]+"#, r#""seconds": SECONDS"#),
            (r"\(\d+ requests, [0-9.]+ s\)", "(REQUESTS, TIME)"),
        ];
        filters.iter().fold(text.to_owned(), |text, (pattern, instead)| {
            regex::Regex::new(pattern).unwrap().replace_all(&text, *instead).into_owned()
        })
    }
}

/// A repository, and `git` in it.
#[derive(Clone, Debug)]
pub(crate) struct Git(pub(crate) PathBuf);

impl Git {
    /// Runs git, which must succeed; gives what it printed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.env_clear().current_dir(&self.0).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
        command.envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@example.net")]);
        command.envs([("GIT_COMMITTER_NAME", "Ada"), ("GIT_COMMITTER_EMAIL", "ada@example.net")]);
        command
    }

    pub(crate) fn head(&self) -> String {
        self.run(&["rev-parse", "HEAD"])
    }

    /// A file of the branch that HEAD names, with its last line break.
    #[track_caller]
    pub(crate) fn file(&self, path: &str) -> String {
        self.run(&["show", &format!("HEAD:{path}")]) + "\n"
    }

    /// The files of a revision.
    pub(crate) fn files(&self, revision: &str) -> Vec<String> {
        self.run(&["ls-tree", "-r", "--name-only", revision]).lines().map(str::to_owned).collect()
    }

    /// The files that the newest commit changed, as `M vlans/10.yaml`.
    pub(crate) fn changed(&self) -> Vec<String> {
        let listed = self.run(&["show", "--format=", "--name-status", "HEAD"]);
        listed.lines().map(|line| line.replace('\t', " ")).collect()
    }

    /// Everything that may not move: branches and objects.
    pub(crate) fn everything(&self) -> String {
        let objects = self.run(&["count-objects"]);
        let refs = self.command().args(["show-ref", "--head"]).output().unwrap();
        format!("{}{objects}{}", String::from_utf8_lossy(&refs.stdout), self.run(&["fsck", "--strict"]))
    }

    /// Puts a hook there.
    pub(crate) fn hook(&self, name: &str, script: &str) {
        executable(&self.0.join("hooks").join(name), script);
    }
}

/// Writes a script that can be run.
pub(crate) fn executable(file: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(file, script).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}
