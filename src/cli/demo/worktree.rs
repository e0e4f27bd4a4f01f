//! The clone in which the intent is edited, by way of the git program, as a person does.
//!
//! Elsewhere: the agent's side of Git (`crate::git`), which needs no git program.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::names::CommitId;

/// A clone with files.
#[derive(Debug)]
pub(super) struct Worktree {
    folder: PathBuf,
}

impl Worktree {
    /// Clones a repository into a new folder. Whoever commits there needs no settings of
    /// their own, and no key to sign with.
    pub(super) fn clone(repository: &Path, folder: PathBuf) -> anyhow::Result<Self> {
        let parent = folder.parent().context("the clone has no place")?;
        let (from, to) = (text(repository)?, text(&folder)?);
        git(parent, &["clone", "--quiet", from, to])?;
        let worktree = Self { folder };
        let settings = [
            ("user.name", "gitfabric demo"),
            ("user.email", "demo@example.net"),
            ("commit.gpgSign", "false"),
        ];
        for (key, value) in settings {
            worktree.git(&["config", key, value])?;
        }
        Ok(worktree)
    }

    /// Commits files, new or changed, and pushes.
    pub(super) fn push(&self, files: &[(&str, &str)], message: &str) -> anyhow::Result<CommitId> {
        for (path, text) in files {
            let file = self.folder.join(path);
            let folder = file.parent().unwrap_or(&self.folder);
            let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, text));
            written.with_context(|| format!("cannot write {}", file.display()))?;
        }
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", message])?;
        self.git(&["push", "--quiet"])?;
        self.head()
    }

    /// Reverts the last commit and pushes.
    pub(super) fn revert(&self) -> anyhow::Result<CommitId> {
        self.git(&["revert", "--no-edit", "HEAD"])?;
        self.git(&["push", "--quiet"])?;
        self.head()
    }

    fn head(&self) -> anyhow::Result<CommitId> {
        Ok(self.git(&["rev-parse", "HEAD"])?.trim().parse()?)
    }

    fn git(&self, arguments: &[&str]) -> anyhow::Result<String> {
        git(&self.folder, arguments)
    }
}

/// Runs git and gives what it printed. The settings of user and system are left out: a
/// hook, a signing key or another default branch would make the demo another one.
fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    let output = command
        .args(arguments)
        .current_dir(folder)
        .envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
        ])
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(error).context("the demo needs the `git` program; install it");
        }
        other => other.context("cannot run git")?,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`git {}` failed: {}", arguments.join(" "), said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
