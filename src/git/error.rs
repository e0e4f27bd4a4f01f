//! What can go wrong with a repository: which one, which branch, why, and what to do.
//!
//! Here: [`GitError`], and how the error trees of gix become one of its variants. No
//! message holds a credential: URLs come without user information, and causes are
//! scrubbed. Elsewhere: heads that are readable but must not be followed (`brakes`).

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::remote::Remote;
use crate::names::{CommitId, RepoPath};
use crate::phrase;

/// Why Git could not answer. Displays the failure; the cause is its `source()`, what to do
/// its [`hint`](GitError::hint).
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Nothing at the URL is a repository, or the credential may not see it.
    #[error("there is no Git repository at {url}")]
    RepositoryMissing {
        /// The repository, without credentials.
        url: String,
        /// What the other side said.
        #[source]
        cause: Option<Cause>,
    },
    /// The repository answers and has no such branch.
    #[error("{url} has no branch `{branch}`; {}", there_is(found))]
    BranchMissing {
        /// The branch that was asked for.
        branch: String,
        /// The repository, without credentials.
        url: String,
        /// The branches that it has, by name.
        found: Vec<String>,
    },
    /// The credential is missing, or was refused.
    #[error("{url} does not let us read branch `{branch}`")]
    Unauthorized {
        /// The repository, without credentials.
        url: String,
        /// The branch that was asked for.
        branch: String,
        /// What the other side said.
        #[source]
        cause: Cause,
    },
    /// The server's certificate was not signed by an authority that we trust.
    #[error("the certificate of {url} is not trusted (fetching branch `{branch}`)")]
    UntrustedCertificate {
        /// The repository, without credentials.
        url: String,
        /// The branch that was asked for.
        branch: String,
        /// Which check the certificate failed.
        #[source]
        cause: Cause,
    },
    /// The server did not answer, or the connection broke.
    #[error("cannot reach {url} (fetching branch `{branch}`)")]
    Unreachable {
        /// The repository, without credentials.
        url: String,
        /// The branch that was asked for.
        branch: String,
        /// What the network said.
        #[source]
        cause: Cause,
    },
    /// The fetch took longer than it may.
    #[error("{url} did not deliver branch `{branch}` within {} s", after.as_secs_f32())]
    Deadline {
        /// The repository, without credentials.
        url: String,
        /// The branch that was asked for.
        branch: String,
        /// How long it was given.
        after: Duration,
    },
    /// A fetch that missed its deadline has not come back yet.
    #[error("an earlier fetch of branch `{branch}` from {url} is still hanging")]
    Hanging {
        /// The repository, without credentials.
        url: String,
        /// The branch that was asked for.
        branch: String,
    },
    /// A credential would cross the network readable by anyone.
    #[error("no credential is sent to {url}: http is not encrypted")]
    ClearText {
        /// The repository, without credentials.
        url: String,
    },
    /// The configured token or CA file cannot be used.
    #[error("{what} for {url} cannot be read")]
    Credential {
        /// The repository, without credentials.
        url: String,
        /// What was looked for and where, such as "the token in `FILE`".
        what: String,
        /// Why it cannot be used.
        #[source]
        cause: Cause,
    },
    /// The text is not a repository that we can fetch from.
    #[error("`{given}` cannot be fetched from: {reason}")]
    BadRemote {
        /// The URL or branch as given, without credentials.
        given: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The fetch failed in a way that has no variant of its own.
    #[error("cannot fetch branch `{branch}` from {url}")]
    Fetch {
        /// The repository, without credentials.
        url: String,
        /// The branch that was asked for.
        branch: String,
        /// What gix said.
        #[source]
        cause: Cause,
    },
    /// A repository on this machine cannot be opened, read or written.
    #[error("{repository}: cannot {doing}")]
    Local {
        /// The repository's folder.
        repository: String,
        /// What was tried, in words: "read the tree of 1a2b3c4".
        doing: String,
        /// What gix said.
        #[source]
        cause: Cause,
    },
    /// The text names no commit.
    #[error("{repository}: `{revision}` names no commit")]
    UnknownRevision {
        /// The repository's folder.
        repository: String,
        /// The text as given.
        revision: String,
        /// What gix said.
        #[source]
        cause: Cause,
    },
    /// The fabric's folder is not in the commit.
    #[error("{repository}: commit {} holds no folder `{path}`", at.short())]
    PathMissing {
        /// The repository's folder.
        repository: String,
        /// The folder that was looked for.
        path: RepoPath,
        /// The commit that does not have it.
        at: CommitId,
    },
    /// One file is larger than any intent.
    #[error("{origin}: `{file}` has {size} bytes; a file of the intent may have {limit}")]
    FileTooLarge {
        /// The commit or folder.
        origin: String,
        /// The file.
        file: RepoPath,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// All files together are more than any intent.
    #[error("{origin}: more than {limit} {what}")]
    TooMuch {
        /// The commit or folder.
        origin: String,
        /// What is counted: "files" or "bytes".
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Two commits of different repositories, so to speak: Git refuses to merge them.
    #[error("{merge}: the two have no commit in common")]
    Unrelated {
        /// Both commits and the repository, in words.
        merge: String,
    },
    /// A plain folder cannot be read.
    #[error("cannot read {}", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// Someone else moved the branch first.
    #[error(
        "{repository}: branch `{branch}` is at {}, not at {}; nothing was committed",
        short_or_nothing(found.as_ref()), short_or_nothing(expected.as_ref())
    )]
    NotAFastForward {
        /// The repository's folder.
        repository: String,
        /// The branch.
        branch: String,
        /// Where the branch was expected.
        expected: Option<CommitId>,
        /// Where it is.
        found: Option<CommitId>,
    },
    /// The clone was made without its history, which is to be looked through.
    #[error("{repository}: the clone is shallow: the history that is to be looked through is not here")]
    Shallow {
        /// The repository's folder.
        repository: String,
    },
    /// The branch is checked out by a person, whose files would fall behind it.
    #[error("{repository}: branch `{branch}` is checked out there; nothing was committed")]
    CheckedOut {
        /// The repository's folder.
        repository: String,
        /// The branch.
        branch: String,
    },
    /// What a person changed in the checked out files stands where a commit's file would go.
    #[error("{repository}: the files of branch `{branch}` cannot follow; nothing was moved")]
    InTheWay {
        /// The repository's folder.
        repository: String,
        /// The branch.
        branch: String,
        /// What `git` said.
        #[source]
        cause: Cause,
    },
    /// The `git` program could not be started.
    #[error("{repository}: cannot run the `git` program")]
    Program {
        /// The repository's folder.
        repository: String,
        /// What the system said.
        #[source]
        cause: Cause,
    },
    /// Somebody else moved the branch between our reading and our push.
    #[error("branch `{branch}` of {url} was moved by somebody else meanwhile; nothing was pushed")]
    Outrun {
        /// The repository, without credentials.
        url: String,
        /// The branch.
        branch: String,
    },
    /// The other side does not take the commit: a protected branch, a hook, a quota.
    #[error("{url} refuses the push to branch `{branch}`")]
    PushRefused {
        /// The repository, without credentials.
        url: String,
        /// The branch.
        branch: String,
        /// What the other side said.
        #[source]
        cause: Cause,
    },
    /// The push did not get through.
    #[error("cannot push to branch `{branch}` of {url}")]
    Push {
        /// The repository, without credentials.
        url: String,
        /// The branch.
        branch: String,
        /// What `git` said.
        #[source]
        cause: Cause,
    },
    /// The system cannot watch the repository for pushes.
    #[error("cannot watch {}", path.display())]
    Watch {
        /// What was to be watched.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: Cause,
    },
}

impl GitError {
    /// What a person can do about it; none where the message says it already.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::RepositoryMissing { .. } => {
                "check the URL; servers answer so as well when the credential may not see the repository"
            }
            Self::BranchMissing { found, .. } if found.is_empty() => "push a first commit",
            Self::BranchMissing { .. } => "name one of them as `branch`, or push the one that is meant",
            Self::Unauthorized { .. } => {
                "https wants a token that may read the repository, ssh a key that is registered there"
            }
            Self::UntrustedCertificate { .. } => "name the authority that signed it as `ca`",
            Self::Unreachable { .. } => {
                "the agent keeps trying; if this stays, check name, port, route and, for ssh, the known hosts"
            }
            Self::Deadline { .. } | Self::Hanging { .. } => {
                "the agent keeps trying; a first fetch of a long history may need a longer deadline"
            }
            Self::ClearText { .. } => "use https, and `ca` if its authority is your own",
            Self::Fetch { .. } => {
                "local repositories need the `git` program and must belong to the user that runs the agent \
                 (or be a `safe.directory`); ssh needs the `ssh` program and the server's key among the \
                 known hosts"
            }
            Self::UnknownRevision { .. } => "a branch, a tag, a commit id of at least four digits, or HEAD~1",
            Self::PathMissing { .. } => "check `path`; it counts from the root of the repository",
            Self::Unrelated { .. } => "start the branch anew from the one that it is to be merged into",
            Self::FileTooLarge { .. } | Self::TooMuch { .. } => {
                "is it meant to be here? point `path` at the intent alone"
            }
            Self::NotAFastForward { .. } | Self::Outrun { .. } => "read the branch again and repeat",
            Self::CheckedOut { .. } => "commit to a bare repository, or to a branch that is not checked out",
            Self::Shallow { .. } => {
                "fetch all of it: `git fetch --unshallow`, or in CI `fetch-depth: 0` (actions/checkout), \
                 `GIT_DEPTH: 0` (GitLab)"
            }
            Self::InTheWay { .. } => "commit or stash what was changed there, or give a bare repository",
            Self::Program { .. } => "install git: moving a worktree's files and pushing need it",
            Self::PushRefused { .. } => {
                "a protected branch wants a pull request (--pull-request), or a token that may pass its rules"
            }
            Self::Push { .. } => {
                "https wants a token that may write to the repository, ssh a key that may; check the name too"
            }
            Self::Credential { .. }
            | Self::BadRemote { .. }
            | Self::Local { .. }
            | Self::Folder { .. }
            | Self::Watch { .. } => return None,
        })
    }

    /// Whether there is more than is looked at: nothing is known of what it would mean.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::FileTooLarge { .. } | Self::TooMuch { .. })
    }

    /// Whether trying again may help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Deadline { .. }
                | Self::Hanging { .. }
                | Self::Fetch { .. }
                | Self::Push { .. }
        )
    }

    /// A failure inside a local repository.
    pub(super) fn local(repository: &str, doing: impl Into<String>, error: &gix::Error) -> Self {
        Self::Local { repository: repository.to_owned(), doing: doing.into(), cause: Cause::of(error) }
    }
}

fn there_is(found: &[String]) -> String {
    match found {
        [] => "it has none at all".to_owned(),
        _ => format!("it has {}", phrase::first_of(found, 12)),
    }
}

fn short_or_nothing(commit: Option<&CommitId>) -> &str {
    commit.map_or("no commit", CommitId::short)
}

/// The innermost causes of a failure as one line of text, without credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause(String);

impl Cause {
    /// A cause that we found ourselves.
    pub(super) fn new(text: impl fmt::Display) -> Self {
        Self(scrub(&text.to_string()))
    }

    /// The error tree of gix, outermost first, without layers that say nothing to a person
    /// and without what was said already.
    pub(super) fn of(error: &gix::Error) -> Self {
        let mut text = String::new();
        for part in error.iter_errors().map(|part| format!("{part:#}")) {
            let part = part.trim();
            let is_noise = part.is_empty() || LAYERS.contains(&part) || part.contains("Caused by:");
            if !is_noise && !text.contains(part) {
                if !text.is_empty() {
                    text.push_str(": ");
                }
                text.push_str(part);
            }
        }
        Self::new(text)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

/// Removes `user:password@` from every URL in a text, and folds line breaks and other
/// control characters into spaces.
pub(super) fn scrub(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after
            .find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '`') || c.is_whitespace())
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        clean.push_str(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
        rest = tail;
    }
    clean.push_str(rest);
    clean.split(|c: char| c.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Layers of gix above the cause; with "Caused by:" a layer prints those below it once more.
const LAYERS: &[&str] = &["Transport handshake failed", "An IO error occurred when talking to the server"];

/// Which variant a failed fetch is.
pub(super) fn of_fetch(remote: &Remote, error: &gix::Error) -> GitError {
    let cause = Cause::of(error);
    let (url, branch) = (remote.url().to_owned(), remote.branch().to_owned());
    let http = error.downcast_any_ref::<reqwest::Error>();
    let status = http.and_then(reqwest::Error::status).map(|status| status.as_u16());
    let tls = error.iter_errors().find_map(|part| part.downcast_ref::<rustls::Error>());
    let said = |text: &str| cause.0.contains(text);

    if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) || said("invalid peer certificate") {
        return GitError::UntrustedCertificate { url, branch, cause };
    }
    if matches!(status, Some(404 | 410)) || said("does not appear to be a git repository") {
        return GitError::RepositoryMissing { url, cause: Some(cause) };
    }
    // OpenSSH's words come first: gix takes its refusal for a wish for a password
    if SSH_UNREACHABLE.iter().any(|words| said(words)) {
        return GitError::Unreachable { url, branch, cause };
    }
    if said(NONE_CONFIGURED) {
        let cause = Cause::new("it asks for a credential, and none is configured");
        return GitError::Unauthorized { url, branch, cause };
    }
    if matches!(status, Some(401 | 403)) || error.is_unauthenticated() || error.is_permission_denied() {
        return GitError::Unauthorized { url, branch, cause };
    }
    // for a local repository the `git` program is at fault, not a network
    if remote.local_path().is_some() {
        return GitError::Fetch { url, branch, cause };
    }
    if http.is_some_and(|error| error.is_connect() || error.is_timeout())
        || status.is_some_and(|status| status >= 500)
        || error.can_retry_lenient()
    {
        return GitError::Unreachable { url, branch, cause };
    }
    GitError::Fetch { url, branch, cause }
}

/// How gix says that we offered no credential.
const NONE_CONFIGURED: &str = "No credentials were returned at all";

/// What OpenSSH writes when there is no way to the server.
const SSH_UNREACHABLE: &[&str] =
    &["connect to host", "resolve hostname", "Connection closed by", "Connection to "];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_user_information_stays_in_a_text() {
        for (case, text, expected) in [
            (
                "a token",
                "fetch https://x:hunter2@git.example/a.git failed",
                "fetch https://git.example/a.git failed",
            ),
            ("twice", "ssh://a@h https://b:c@d/e", "ssh://h https://d/e"),
            ("an @ in the path", "https://h/a@b", "https://h/a@b"),
            ("an @ in the password", "https://u:p@ss@h/x", "https://h/x"),
            ("in quotes", "\"https://u:p@h\" no", "\"https://h\" no"),
            ("lines and escapes", "one\r\n\x1b[31mtwo", "one [31mtwo"),
            ("none", "plain", "plain"),
            ("at the end", "see https://", "see https://"),
        ] {
            assert_eq!(scrub(text), expected, "{case}");
        }
    }

    #[test]
    fn a_missing_branch_is_told_with_those_that_exist() {
        let error = |found: &[&str]| {
            let found = found.iter().map(ToString::to_string).collect();
            GitError::BranchMissing { branch: "main".into(), url: "/r".into(), found }.to_string()
        };
        assert_eq!(error(&[]), "/r has no branch `main`; it has none at all");
        assert_eq!(error(&["master", "x"]), "/r has no branch `main`; it has master, x");
        assert!(error(&["x"; 20]).ends_with(", x and 8 more"));
    }
}
