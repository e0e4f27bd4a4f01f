//! The `git` program, for what gix cannot do: pushing, and moving a worktree's files.
//!
//! It never asks a question, and nothing secret is ever an argument: credentials are handed
//! over in the environment of the one process. Elsewhere: what is pushed and why it may be
//! refused (`push`).

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::{Cause, GitError};
use super::remote::Remote;
use crate::names::CommitId;
use crate::phrase;

/// A `git` that is about to run in a repository.
pub(super) struct Program {
    command: Command,
    shown: String,
}

impl Program {
    /// With the configuration and the credential helpers of the user whose clone it is.
    pub(super) fn of_the_user(folder: &Path) -> Self {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).stdin(Stdio::null());
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "").env("LC_ALL", "C");
        // a variable of a hook that we run in would point it at another repository
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            command.env_remove(name);
        }
        // hooks, filters and helpers that it starts have no use for what is meant for us alone
        for name in ["NETBOX_TOKEN", "FORGE_TOKEN", "GITFABRIC_GIT_TOKEN"] {
            command.env_remove(name);
        }
        Self { command, shown: folder.display().to_string() }
    }

    /// With the configured way to a remote, and nothing of the user's or the system's.
    pub(super) fn for_remote(folder: &Path, remote: &Remote) -> Result<Self, GitError> {
        let mut program = Self::of_the_user(folder);
        let command = &mut program.command;
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        // tracing would write the headers, and with them the token, to standard error
        for name in ["GIT_TRACE", "GIT_TRACE_CURL", "GIT_TRACE_PACKET", "GIT_CURL_VERBOSE", "GIT_TRACE2"] {
            command.env_remove(name);
        }
        command.envs(remote.environment()?);
        Ok(program)
    }

    /// Runs it, and gives what it printed whether it succeeded or not.
    pub(super) fn run<'a>(
        mut self,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Output, GitError> {
        let failed = |cause| GitError::Program { repository: self.shown.clone(), cause: Cause::new(cause) };
        let command = self.command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let given_up = Instant::now() + DEADLINE;
        let status = loop {
            match child.try_wait().map_err(failed)? {
                Some(status) => break status,
                None if Instant::now() > given_up => {
                    let _ = child.kill();
                    let _ = child.wait();
                    let why = format!("it did not end within {} s", DEADLINE.as_secs());
                    return Err(failed(std::io::Error::new(std::io::ErrorKind::TimedOut, why)));
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let read = |thread: JoinHandle<Vec<u8>>| thread.join().unwrap_or_default();
        Ok(Output { status, stdout: read(stdout), stderr: read(stderr) })
    }

    /// Moves the branch that is checked out here, and its files, forward to a commit.
    pub(super) fn follow(self, branch: &str, to: &CommitId) -> Result<(), GitError> {
        let repository = self.shown.clone();
        let output = self.run(["merge", "--quiet", "--ff-only", "--no-stat", to.as_str()])?;
        if output.status.success() {
            return Ok(());
        }
        Err(GitError::InTheWay { repository, branch: branch.to_owned(), cause: said(&output) })
    }
}

/// When a `git` that hangs, on a dead peer most of all, is given up.
const DEADLINE: Duration = Duration::from_mins(3);

/// Reads all that the process writes, so that it never waits for us.
fn reader(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// What `git` wrote to standard error, in one line and without credentials.
pub(super) fn said(output: &Output) -> Cause {
    let text = sentences(&String::from_utf8_lossy(&output.stderr));
    if text.is_empty() { Cause::new(output.status) } else { Cause::new(text) }
}

/// How many files of a list are named.
const NAMED: usize = 5;

/// Lines of `git` as sentences: its lists, which it indents, in one line each and not longer than
/// anybody reads; what it advises a person at a terminal to do is left out, as our hints say it.
fn sentences(text: &str) -> String {
    let (mut said, mut items) = (String::new(), Vec::new());
    let end_list = |said: &mut String, items: &mut Vec<&str>| {
        said.push_str(&phrase::first_of(items.drain(..), NAMED));
    };
    for line in text.lines() {
        let item = line.strip_prefix('\t').map(str::trim).filter(|_| said.ends_with(": "));
        let line = line.trim_start_matches("fatal: ").trim_start_matches("error: ").trim();
        let is_advice = ["hint:", "Please ", "and the repository exists", "Aborting"]
            .iter()
            .any(|advice| line.starts_with(advice));
        if let Some(item) = item {
            items.push(item);
        } else if !line.is_empty() && !is_advice {
            end_list(&mut said, &mut items);
            if !said.is_empty() && !said.ends_with(": ") {
                said.push_str(if said.ends_with('.') { " " } else { ". " });
            }
            said.push_str(line);
            if line.ends_with(':') {
                said.push(' ');
            }
        }
    }
    end_list(&mut said, &mut items);
    said.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_reads_as_sentences() {
        for (case, text, expected) in [
            (
                "a file that is in the way",
                "error: Your local changes to the following files would be overwritten by merge:\n\tfabric.yaml\n\
                 \tvlans/40.yaml\nPlease commit your changes or stash them before you merge.\nAborting\n",
                "Your local changes to the following files would be overwritten by merge: fabric.yaml, vlans/40.yaml",
            ),
            (
                "two lists, one of them long",
                "error: These would be lost:\n\ta\n\tb\n\tc\n\td\n\te\n\tf\n\tg\nerror: And these:\n\th\nAborting\n",
                "These would be lost: a, b, c, d, e and 2 more. And these: h",
            ),
            (
                "two lines",
                "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n\
                 and the repository exists.\n",
                "Could not read from remote repository.",
            ),
            (
                "advice",
                "fatal: Not possible to fast-forward\nhint: try again\n",
                "Not possible to fast-forward",
            ),
            (
                "sentences",
                "remote: no.\nremote: not now\nfailed to push",
                "remote: no. remote: not now. failed to push",
            ),
            ("nothing", "\n", ""),
        ] {
            assert_eq!(sentences(text), expected, "{case}");
        }
    }
}
