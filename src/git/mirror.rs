//! The agent's own copy of the repository: bare, with full history, never checked out.
//!
//! Here: [`Mirror`], its fetch with a deadline, and how the branch moved. Elsewhere: where
//! it fetches from and with which credential (`remote`); the heads of pull requests (`pulls`);
//! reading it (`repository`, `snapshot`); whether a head may be followed (`brakes`).
//!
//! Nothing is ever pruned: a commit that a force push left behind stays readable, and so
//! does the way back to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use gix::bstr::BString;
use gix::protocol::transport::client::blocking_io::{Transport, http};
use gix::remote::{Connection, Direction, ref_map};

use super::error::{Cause, GitError, of_fetch};
use super::pulls::Refused;
use super::remote::Remote;
use super::repository::{Repository, commit_id, options};
use crate::names::CommitId;

/// A bare copy of one branch of one repository.
#[derive(Clone, Debug)]
pub struct Mirror {
    folder: PathBuf,
    remote: Remote,
    /// Set while a fetch runs, that of a thread which missed its deadline included.
    busy: Busy,
    /// The same for the heads of pull requests: they never hold up the branch.
    pub(super) pulls_busy: Busy,
    /// Heads of pull requests that were too much, so that they are not fetched again.
    pub(super) refused: Refused,
}

/// Whether a fetch of its kind is under way.
pub(super) type Busy = Arc<AtomicBool>;

/// Where the branch is after a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its commit.
    pub commit: CommitId,
    /// How it came there since the last fetch.
    pub moved: Move,
}

/// How a branch moved, as ancestry shows it. What Git's protocol reports is not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// It was not here before.
    New,
    /// It did not move.
    Unchanged,
    /// The new head descends from this one.
    Forward(CommitId),
    /// The new head does not descend from this one, which stays readable.
    Forced(CommitId),
}

impl Mirror {
    /// The copy in `folder`, which is made if it is absent. Nothing is fetched yet.
    pub fn open(folder: &Path, remote: Remote) -> Result<Self, GitError> {
        let mirror = Self {
            folder: folder.to_owned(),
            remote,
            busy: Busy::default(),
            pulls_busy: Busy::default(),
            refused: Refused::default(),
        };
        if !folder.join("HEAD").exists() {
            mirror.create()?;
        }
        mirror.gix()?;
        Ok(mirror)
    }

    fn create(&self) -> Result<(), GitError> {
        self.create_bare(&self.folder)?;
        let io = |cause| GitError::Folder { path: self.folder.clone(), cause };
        fs::write(self.folder.join("HEAD"), format!("ref: {}\n", self.reference())).map_err(io)
    }

    /// Makes a bare repository that nobody's housekeeping takes old commits from.
    pub(super) fn create_bare(&self, folder: &Path) -> Result<(), GitError> {
        let io = |cause| GitError::Folder { path: folder.to_owned(), cause };
        fs::create_dir_all(folder).map_err(io)?;
        let (kind, plain) = (gix::create::Kind::Bare, gix::create::Options::default());
        gix::create::into(folder, kind, plain).map_err(|error| self.failed("create it", &error))?;
        // should a person run git in here
        let config = folder.join("config");
        let mut text = fs::read_to_string(&config).map_err(io)?;
        text.push_str("[gc]\n\tauto = 0\n\tpruneExpire = never\n\treflogExpire = never\n");
        fs::write(&config, text).map_err(io)
    }

    /// Where it stands on this machine.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where it fetches from.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The copy, to be read. Ask again after a fetch: an open handle may not see new packs.
    pub fn repository(&self) -> Result<Repository, GitError> {
        Repository::open(&self.folder)
    }

    /// The branch's commit as of the last fetch; none before the first. Asks nobody.
    pub fn head(&self) -> Result<Option<CommitId>, GitError> {
        self.tip(&self.gix()?)
    }

    /// Brings the branch up to date and tells how it moved.
    ///
    /// Returns after `deadline` at the latest, even if the other side hangs: then the fetch
    /// is told to stop and left to its thread, and until that ends further fetches are
    /// [`GitError::Hanging`].
    pub fn fetch(&self, deadline: Duration) -> Result<Head, GitError> {
        self.apart(&self.busy, deadline, move |mirror, stop| mirror.fetch_now(deadline, stop))
    }

    /// Does something in a thread of its own, and comes back at the deadline even if the other
    /// side hangs. `busy` is set until it really ended.
    pub(super) fn apart<T: Send + 'static>(
        &self,
        busy: &Busy,
        deadline: Duration,
        fetch: impl FnOnce(&Self, &Arc<AtomicBool>) -> Result<T, GitError> + Send + 'static,
    ) -> Result<T, GitError> {
        let (url, branch) = (self.remote.url().to_owned(), self.remote.branch().to_owned());
        if busy.swap(true, Ordering::AcqRel) {
            return Err(GitError::Hanging { url, branch });
        }
        let (done, outcome) = mpsc::sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let (mirror, stopped, under_way) = (self.clone(), Arc::clone(&stop), Arc::clone(busy));
        let fetching = thread::Builder::new().name("git-fetch".to_owned()).spawn(move || {
            let idle_again = Idle(under_way);
            let outcome = fetch(&mirror, &stopped);
            drop(idle_again); // before the caller hears of it, who may fetch again at once
            let _ = done.send(outcome);
        });
        if let Err(cause) = fetching {
            busy.store(false, Ordering::Release);
            return Err(GitError::Fetch { url, branch, cause: Cause::new(cause) });
        }
        match outcome.recv_timeout(deadline) {
            Ok(outcome) => outcome,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                stop.store(true, Ordering::Relaxed);
                Err(GitError::Deadline { url, branch, after: deadline })
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(GitError::Fetch {
                url,
                branch,
                cause: Cause::new("the fetch ended without a word (a panic)"),
            }),
        }
    }

    fn fetch_now(&self, deadline: Duration, stop: &AtomicBool) -> Result<Head, GitError> {
        let gix = self.gix()?;
        let before = self.tip(&gix)?;
        let spec = format!("+{0}:{0}", self.reference());
        let fetch = self.connect(&gix, &[spec], deadline, |connection| {
            connection.prepare_fetch(gix::progress::Discard, ref_map::Options::default())
        })?;
        if fetch.ref_map().is_missing_required_mapping() {
            return Err(self.branch_missing(&gix, deadline));
        }
        fetch.receive(gix::progress::Discard, stop).map_err(|error| self.of_fetch(&error))?;
        let commit = self.tip(&gix)?.ok_or_else(|| self.branch_missing(&gix, deadline))?;
        let moved = match before {
            None => Move::New,
            Some(before) if before == commit => Move::Unchanged,
            Some(before) if self.repository()?.is_ancestor(&before, &commit)? => Move::Forward(before),
            Some(before) => Move::Forced(before),
        };
        Ok(Head { commit, moved })
    }

    /// The error of an absent branch, with those that exist (or the failure to list them).
    fn branch_missing(&self, gix: &gix::Repository, deadline: Duration) -> GitError {
        let listed = self.connect(gix, &["refs/heads/*:refs/heads/*".to_owned()], deadline, |connection| {
            connection.ref_map(gix::progress::Discard, ref_map::Options::default())
        });
        match listed {
            Err(error) => error,
            Ok((map, _)) => {
                let names = map.mappings.iter().filter_map(|mapping| mapping.remote.as_name());
                let names = names.map(|name| Cause::new(name).to_string());
                let mut found: Vec<String> =
                    names.map(|name| name.trim_start_matches("refs/heads/").to_owned()).collect();
                found.sort();
                let (url, branch) = (self.remote.url().to_owned(), self.remote.branch().to_owned());
                GitError::BranchMissing { branch, url, found }
            }
        }
    }

    /// Opens a connection with credentials and authorities, and does one thing with it.
    pub(super) fn connect<'gix, T>(
        &self,
        gix: &'gix gix::Repository,
        specs: &[String],
        deadline: Duration,
        then: impl FnOnce(Connection<'_, 'static, 'gix, Box<dyn Transport + Send>>) -> gix::Result<T>,
    ) -> Result<T, GitError> {
        let account = self.remote.account()?;
        let certificates = self.remote.ca()?;
        let failed = |error: gix::Error| self.of_fetch(&error);
        let remote = gix
            .remote_at(self.remote.gix_url())
            .and_then(|remote| remote.with_refspecs(specs.iter().map(String::as_str), Direction::Fetch))
            .map_err(failed)?
            .with_fetch_tags(gix::remote::fetch::Tags::None);
        let mut connection =
            remote.connect(Direction::Fetch).map_err(|error| match self.remote.local_path() {
                // no process was started yet: it is the folder itself that is not a repository
                Some(_) => GitError::RepositoryMissing {
                    url: self.remote.url().to_owned(),
                    cause: Some(Cause::of(&error)),
                },
                None => failed(error),
            })?;
        // without this gix would ask the user's credential helpers, or the terminal
        connection.set_credentials(move |action| {
            Ok(match (action, &account) {
                (gix::credentials::helper::Action::Get(context), Some(account)) => {
                    Some(gix::credentials::protocol::Outcome {
                        identity: account.clone(),
                        next: context.into(),
                    })
                }
                _ => None,
            })
        });
        if self.remote.is_http() {
            let transport = self.http_options(gix, certificates, deadline).map_err(failed)?;
            connection.set_transport_options(Box::new(transport));
        }
        then(connection).map_err(failed)
    }

    fn http_options(
        &self,
        gix: &gix::Repository,
        certificates: Vec<reqwest::Certificate>,
        deadline: Duration,
    ) -> gix::Result<http::Options> {
        // reqwest is built without a provider of its own; one that is installed already stays
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = self.remote.gix_url().to_bstring();
        let options = gix.transport_options(AsRef::<gix::bstr::BStr>::as_ref(&url), None)?;
        let mut options =
            options.and_then(|any| any.downcast::<http::Options>().ok()).map(|b| *b).unwrap_or_default();
        let configure = move |builder: reqwest::blocking::ClientBuilder| {
            let builder = builder.timeout(deadline); // reqwest's own 30 s would cut a long first fetch
            Ok(certificates
                .iter()
                .cloned()
                .fold(builder, reqwest::blocking::ClientBuilder::add_root_certificate))
        };
        options.backend = Some(Arc::new(Mutex::new(http::reqwest::Options {
            configure_request: None,
            configure_client: Some(Box::new(configure)),
        })));
        Ok(options)
    }

    fn reference(&self) -> String {
        format!("refs/heads/{}", self.remote.branch())
    }

    /// Opened anew each time: gix sizes its table of packs when it opens, and every fetch
    /// adds one.
    fn gix(&self) -> Result<gix::Repository, GitError> {
        self.gix_in(&self.folder, Vec::new())
    }

    /// One of the mirror's repositories, opened to fetch into, with more configuration.
    pub(super) fn gix_in(
        &self,
        folder: &Path,
        mut overrides: Vec<BString>,
    ) -> Result<gix::Repository, GitError> {
        overrides.push(BString::from("core.bare=true"));
        overrides.extend(self.remote.overrides()?);
        gix::ThreadSafeRepository::open_opts(folder, options(overrides))
            .map(|repository| repository.to_thread_local())
            .map_err(|error| self.failed("open it", &error))
    }

    fn tip(&self, gix: &gix::Repository) -> Result<Option<CommitId>, GitError> {
        let name = self.reference();
        let found = gix.try_find_reference(name.as_str());
        let found = found.and_then(|found| found.map(|mut reference| reference.peel_to_id()).transpose());
        let found = found.map_err(|error| self.failed("read its branch", &error))?;
        Ok(found.map(|id| commit_id(id.detach())))
    }

    pub(super) fn of_fetch(&self, error: &gix::Error) -> GitError {
        of_fetch(&self.remote, error)
    }

    pub(super) fn failed(&self, doing: &str, error: &gix::Error) -> GitError {
        GitError::local(&self.folder.display().to_string(), doing, error)
    }
}

/// Frees the mirror for the next fetch, whichever way this one ends.
struct Idle(Arc<AtomicBool>);

impl Drop for Idle {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
