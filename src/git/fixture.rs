//! Real repositories for the tests of this module, made by the `git` program.
//!
//! Neither the user's nor the system's configuration is read; author and dates are fixed.

pub(super) mod https;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A repository in a folder that vanishes with it.
pub(super) struct TestRepo {
    folder: tempfile::TempDir,
}

impl TestRepo {
    /// An empty repository with a worktree, on branch `main`.
    pub(super) fn new() -> Self {
        let repo = Self::empty_folder();
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// An empty bare repository whose `HEAD` names `main`.
    pub(super) fn bare() -> Self {
        let repo = Self::empty_folder();
        repo.git(&["init", "-q", "--bare", "-b", "main"]);
        repo
    }

    /// A folder without anything in it.
    pub(super) fn empty_folder() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A bare copy, which this repository's remote `origin` then is.
    pub(super) fn bare_clone(&self) -> Self {
        let bare = Self::bare();
        self.git(&["remote", "add", "origin", &bare.url()]);
        self.git(&["push", "-q", "origin", "main"]);
        bare
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The repository as a local path.
    pub(super) fn url(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    /// Writes a file of the worktree.
    pub(super) fn write(&self, path: &str, text: &str) -> &Self {
        let file: PathBuf = self.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        self
    }

    /// Commits the whole worktree and gives the commit's id.
    pub(super) fn commit(&self, message: &str) -> crate::names::CommitId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message]);
        self.head()
    }

    pub(super) fn head(&self) -> crate::names::CommitId {
        self.git(&["rev-parse", "HEAD"]).parse().unwrap()
    }

    /// Runs git here, which must succeed, and gives what it printed.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        self.git_with_input(arguments, "")
    }

    /// The same with a text on standard input.
    pub(super) fn git_with_input(&self, arguments: &[&str], input: &str) -> String {
        let output = self.git_output(arguments, input);
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Runs git here, which may fail.
    pub(super) fn git_output(&self, arguments: &[&str], input: &str) -> std::process::Output {
        use std::io::Write;
        let mut child = Command::new("git")
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
            .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@example.net")])
            .envs([("GIT_COMMITTER_NAME", "Ada"), ("GIT_COMMITTER_EMAIL", "ada@example.net")])
            .envs([("GIT_AUTHOR_DATE", "1700000000 +0100"), ("GIT_COMMITTER_DATE", "1700000000 +0100")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("these tests need the `git` program");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}
