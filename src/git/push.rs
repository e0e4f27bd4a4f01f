//! Pushing one commit to one branch of another repository, or taking the branch away there.
//!
//! gix cannot push, so the `git` program does it. The branch moves only from where it is
//! expected: forward, or with a lease. Elsewhere: fetching (`mirror`), making the commit
//! (`draft`).

use std::path::Path;

use super::error::{GitError, scrub};
use super::program::{Program, said};
use super::remote::Remote;
use super::repository::Repository;
use crate::names::CommitId;

/// From where the branch may be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease<'a> {
    /// From any ancestor of the commit, or from nothing.
    Forward,
    /// From exactly this commit (none: the branch must not exist), wherever it goes.
    Exactly(Option<&'a CommitId>),
}

/// Whose configuration says how the other side is reached.
#[derive(Clone, Copy, Debug)]
pub enum Way<'a> {
    /// Ours.
    Remote(&'a Remote),
    /// That of the clone, by the name of its remote: the user's credential helper is asked.
    Named(&'a str),
}

impl Way<'_> {
    /// The other side as it may be shown.
    pub fn shown(&self) -> &str {
        match self {
            Self::Remote(remote) => remote.url(),
            Self::Named(name) => name,
        }
    }

    fn program(&self, folder: &Path) -> Result<(Program, String), GitError> {
        match self {
            Self::Remote(remote) => Ok((Program::for_remote(folder, remote)?, remote.url().to_owned())),
            Self::Named(name) => Ok((Program::of_the_user(folder), (*name).to_owned())),
        }
    }
}

impl Repository {
    /// Pushes a commit to `branch` of the other side.
    ///
    /// [`GitError::Outrun`] if the branch was moved by somebody else meanwhile,
    /// [`GitError::PushRefused`] if a rule of the other side is against it.
    pub fn push(
        &self,
        way: Way<'_>,
        commit: &CommitId,
        branch: &str,
        lease: Lease<'_>,
    ) -> Result<(), GitError> {
        self.send(way, commit.as_str(), branch, lease)
    }

    /// Takes `branch` of the other side away, if it still is at `from`; else
    /// [`GitError::Outrun`]. A forge closes the pull request of a branch that is gone.
    pub fn push_removal(&self, way: Way<'_>, branch: &str, from: &CommitId) -> Result<(), GitError> {
        self.send(way, "", branch, Lease::Exactly(Some(from)))
    }

    /// Pushes; without a commit the branch goes.
    fn send(&self, way: Way<'_>, commit: &str, branch: &str, lease: Lease<'_>) -> Result<(), GitError> {
        let folder = self.common_dir();
        let (program, target) = way.program(&folder)?;
        let spec = format!("{commit}:refs/heads/{branch}");
        let held;
        let mut arguments = vec!["push", "--porcelain", "--no-verify"];
        if let Lease::Exactly(from) = lease {
            let from = from.map_or("", CommitId::as_str);
            held = format!("--force-with-lease=refs/heads/{branch}:{from}");
            arguments.push(&held);
        }
        arguments.extend(["--", target.as_str(), spec.as_str()]);
        let output = program.run(arguments)?;
        if output.status.success() {
            return Ok(());
        }
        let (url, branch) = (way.shown().to_owned(), branch.to_owned());
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let rejected = answer.lines().find(|line| line.starts_with('!'));
        let cause = said(&output);
        let has = |text: &str, words: &[&str]| words.iter().any(|words| text.contains(words));
        Err(match rejected {
            Some(line) if has(line, STALE) || has(&cause.to_string(), LATE) => {
                GitError::Outrun { url, branch }
            }
            Some(_) => GitError::PushRefused { url, branch, cause },
            None => GitError::Push { url, branch, cause },
        })
    }

    /// The commit of a branch of the other side, and its objects here; none if it has no such
    /// branch.
    pub fn fetch_branch(&self, way: Way<'_>, branch: &str) -> Result<Option<CommitId>, GitError> {
        let folder = self.common_dir();
        let failed =
            |cause| GitError::Fetch { url: way.shown().to_owned(), branch: branch.to_owned(), cause };
        let (program, target) = way.program(&folder)?;
        let name = format!("refs/heads/{branch}");
        let output = program.run(["ls-remote", "--", target.as_str(), name.as_str()])?;
        if !output.status.success() {
            return Err(failed(said(&output)));
        }
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = listed.lines().find_map(|line| line.split_once('\t').filter(|(_, found)| *found == name));
        let Some(id) = found.and_then(|(id, _)| id.parse::<CommitId>().ok()) else { return Ok(None) };
        if !self.holds(&id) {
            let (program, target) = way.program(&folder)?;
            let spec = name.as_str();
            let output = program.run([
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--",
                target.as_str(),
                spec,
            ])?;
            if !output.status.success() {
                return Err(failed(said(&output)));
            }
        }
        Ok(Some(id))
    }
}

impl Repository {
    /// The remote that a branch belongs to, by name and with its URL as it may be shown:
    /// that of its upstream, else `origin`.
    pub fn remote_of(&self, branch: &str) -> Option<(String, String)> {
        let gix = self.gix();
        let config = gix.config_snapshot();
        let text = |key: &str| config.string(key).map(|value| value.to_string());
        let name = text(&format!("branch.{branch}.remote")).unwrap_or_else(|| "origin".to_owned());
        let url = text(&format!("remote.{name}.pushurl")).or_else(|| text(&format!("remote.{name}.url")))?;
        Some((name, scrub(&url)))
    }
}

/// How `git push --porcelain` says that the branch was not where it was expected.
const STALE: &[&str] =
    &["(non-fast-forward)", "(fetch first)", "(stale info)", "(already exists)", "cannot lock ref"];

/// How the other side itself says so, where the branch moved while it looked at our push.
const LATE: &[&str] = &["but expected", "reference already exists"];

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::git::fixture::TestRepo;
    use crate::git::fixture::https::HttpsServer;
    use crate::git::remote::{Credential, TokenSource};
    use crate::secret::SecretText;

    fn named(repo: &TestRepo, commit: &CommitId, branch: &str, lease: Lease<'_>) -> Result<(), GitError> {
        Repository::open(repo.path()).unwrap().push(Way::Named("origin"), commit, branch, lease)
    }

    #[test]
    fn a_branch_moves_forward_and_never_over_somebody_elses_commit() {
        let repo = TestRepo::new();
        let one = repo.write("a", "1").commit("one");
        let bare = repo.bare_clone();
        let two = repo.write("a", "2").commit("two");
        named(&repo, &two, "main", Lease::Forward).unwrap();
        assert_eq!(bare.head(), two);
        repo.git(&["reset", "-q", "--hard", one.as_str()]);
        let other = repo.write("a", "3").commit("other");
        let error = named(&repo, &other, "main", Lease::Forward).unwrap_err();
        assert!(matches!(error, GitError::Outrun { .. }), "{error}");
        let error = named(&repo, &other, "main", Lease::Exactly(Some(&one))).unwrap_err();
        assert!(matches!(error, GitError::Outrun { .. }), "{error}");
        let error = named(&repo, &other, "main", Lease::Exactly(None)).unwrap_err();
        assert!(matches!(error, GitError::Outrun { .. }), "{error}");
        assert_eq!(bare.head(), two);
        named(&repo, &other, "main", Lease::Exactly(Some(&two))).unwrap();
        named(&repo, &other, "new", Lease::Exactly(None)).unwrap();
        assert_eq!(bare.git(&["rev-parse", "new"]), other.as_str());
        let repository = Repository::open(repo.path()).unwrap();
        let error = repository.push_removal(Way::Named("origin"), "new", &two).unwrap_err();
        assert!(matches!(error, GitError::Outrun { .. }), "{error}");
        repository.push_removal(Way::Named("origin"), "new", &other).unwrap();
        assert_eq!(bare.git(&["branch", "--list", "new"]), "");
    }

    #[test]
    fn a_branch_that_moves_while_the_other_side_looks_at_our_push_is_outrun() {
        let repo = TestRepo::new();
        let one = repo.write("a", "1").commit("one");
        let bare = repo.bare_clone();
        let theirs = repo.write("a", "2").commit("theirs");
        repo.git(&["push", "-q", "origin", "HEAD:refs/heads/theirs"]);
        repo.git(&["reset", "-q", "--hard", one.as_str()]);
        let ours = repo.write("a", "3").commit("ours");
        let hook = bare.path().join("hooks/pre-receive");
        let script =
            format!("#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/main {theirs}\n");
        std::fs::create_dir_all(bare.path().join("hooks")).unwrap();
        std::fs::write(&hook, script).unwrap();
        std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let error = named(&repo, &ours, "main", Lease::Exactly(Some(&one))).unwrap_err();
        assert!(matches!(error, GitError::Outrun { .. }), "{error}");
        assert_eq!(bare.head(), theirs);
    }

    #[test]
    fn a_rule_of_the_other_side_is_told_in_its_words() {
        let repo = TestRepo::new();
        repo.write("a", "1").commit("one");
        let bare = repo.bare_clone();
        let hook = bare.path().join("hooks/pre-receive");
        std::fs::write(&hook, "#!/bin/sh\necho 'main is protected' >&2\nexit 1\n").unwrap();
        std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let two = repo.write("a", "2").commit("two");
        let error = named(&repo, &two, "main", Lease::Forward).unwrap_err();
        let GitError::PushRefused { cause, .. } = &error else { panic!("{error}") };
        assert!(cause.to_string().contains("main is protected"), "{cause}");
    }

    #[test]
    fn a_branch_of_the_other_side_is_read_with_its_objects() {
        let repo = TestRepo::new();
        repo.write("a", "1").commit("one");
        let bare = repo.bare_clone();
        let clone = TestRepo::new();
        clone.git(&["remote", "add", "origin", &bare.url()]);
        let repository = Repository::open(clone.path()).unwrap();
        assert_eq!(repository.fetch_branch(Way::Named("origin"), "absent").unwrap(), None);
        let head = repository.fetch_branch(Way::Named("origin"), "main").unwrap().unwrap();
        assert_eq!(head, repo.head());
        assert!(Repository::open(clone.path()).unwrap().holds(&head));
    }

    #[test]
    fn a_token_lets_us_in_over_https_and_is_in_no_argument_and_no_error() {
        let header = base64::engine::general_purpose::STANDARD.encode("ada:hunter2");
        let authorization: &'static str = Box::leak(format!("Basic {header}").into_boxed_str());
        let root = tempfile::tempdir().unwrap();
        let repo = TestRepo::new();
        let one = repo.write("a", "1").commit("one");
        let served = root.path().join("served.git");
        crate::git::write::init(&served, "main").unwrap();
        repo.git(&["-C", served.to_str().unwrap(), "config", "http.receivepack", "true"]);
        let https = HttpsServer::start(root.path(), authorization);
        let ca = root.path().join("ca.pem");
        std::fs::write(&ca, &https.authority).unwrap();
        let remote = |password: &str| {
            let token = TokenSource::Given(SecretText::new(password.to_owned()));
            let credential = Credential { username: "ada".into(), token };
            Remote::new(&https.url("served.git"), "main")
                .unwrap()
                .with_credential(credential)
                .with_ca(ca.clone())
        };
        let repository = Repository::open(repo.path()).unwrap();
        let wrong = remote("wr0ng");
        let error = repository.push(Way::Remote(&wrong), &one, "main", Lease::Forward).unwrap_err();
        let text = format!("{error:?} {error}");
        assert!(matches!(error, GitError::Push { .. }) && !text.contains("wr0ng"), "{text}");
        let right = remote("hunter2");
        repository.push(Way::Remote(&right), &one, "main", Lease::Forward).unwrap();
        assert_eq!(repo.git(&["-C", served.to_str().unwrap(), "rev-parse", "main"]), one.as_str());
        assert_eq!(repository.fetch_branch(Way::Remote(&right), "main").unwrap(), Some(one));
    }
}
