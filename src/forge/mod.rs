//! Pull requests on GitHub, GitLab, Gitea and Forgejo: found, opened, renewed in place.
//!
//! Blocking throughout: async callers use `spawn_blocking`. A call may wait for a busy forge, up
//! to [`Config::patience`], and says so in the log.
//!
//! A branch has one open pull request onto another branch; whoever asks twice gets the same one
//! back, with its text renewed. What a person closed or merged is found too, so that a caller
//! can see it.
//!
//! Whoever reviews lists the open ones ([`Forge::pulls`]) and reads what was said on those that
//! changed. A poll without news costs one call for each hundred open pull requests (fifty on
//! Gitea), at most [`MOST_PAGES`], all conditional: an unchanged list is [`News::Same`]. Nothing
//! else need be asked, since on each forge a pull request's [`PullSummary::updated_at`] moves with
//! a push and with a comment.
//!
//! Here: [`Forge`], what it answers, and the seam between the forges. One file a forge:
//! `github`, `gitlab`, `gitea`, and one for its reviews (`reviewing`); each says which pages of
//! its API it follows.
//!
//! - `pulls`, `comments`, `statuses`, `people`: what reviews read and write
//! - `sync`: one comment of ours, never a second one
//! - `annotate`: findings on their lines
//! - `app`: how to be let in, GitHub Apps too
//! - [`kind`]: which forge it is, its limits and how it wants the token
//! - [`repository`]: from a Git remote to the repository's name and the API's address
//! - [`text`]: titles and descriptions within a forge's limits
//! - `http`: one place for tokens, authorities, retries, redirects, paging and size limits
//! - [`error`]: what can go wrong, each with its hint
//!
//! Elsewhere: pushing the branch (`git`), and what the pull request says (its callers).

mod annotate;
mod app;
mod comments;
pub mod error;
mod gitea;
mod github;
mod gitlab;
mod http;
pub mod kind;
mod people;
mod pulls;
pub mod repository;
mod reviewing;
mod statuses;
mod sync;
pub mod text;

#[cfg(test)]
#[path = "../../tests/forge/fake/mod.rs"]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use annotate::{Annotated, Annotation, Severity};
pub use app::{App, Credential};
pub use comments::{Comment, Edited};
pub use error::{ForgeError, Problem};
pub use kind::Kind;
pub use people::User;
pub use pulls::{News, PullSummary};
pub use repository::Repository;
pub use statuses::{Status, StatusState};
pub use sync::{Did, Synced};

use self::http::{Clock, Http};
use self::reviewing::Reviewing;
use self::sync::Written;
use crate::names::CommitId;

/// How long one call waits in sum, unless told otherwise: GitHub asks for a minute where it
/// names no time, so that it must be more than that.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Pages of a list that is looked at again and again: 400 pull requests on GitHub and GitLab,
/// 200 on Gitea. A poll costs no more calls than this.
pub const MOST_PAGES: usize = 4;

/// Which repository on which forge, and how to be let in.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the forge is.
    pub kind: Kind,
    /// The repository, as its remote names it.
    pub repository: Repository,
    /// The API's address, such as `https://git.example/gitlab/api/v4`; without it, where such a
    /// forge has it on the remote's host.
    pub api: Option<String>,
    /// How to be let in.
    pub credential: Credential,
    /// Authorities in PEM form that are trusted beside those of the system.
    pub ca: Option<PathBuf>,
    /// How long one call may wait for a busy forge, in sum. Where the forge asks for more, the
    /// call fails at once and says how long.
    pub patience: Duration,
}

impl Config {
    /// Everything as a remote tells it, without a token.
    pub fn new(kind: Kind, repository: Repository) -> Self {
        Self { kind, repository, api: None, credential: Credential::Nobody, ca: None, patience: PATIENCE }
    }
}

/// Whether a pull request can still be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for people.
    Open,
    /// Its commits are in the base.
    Merged,
    /// A person closed it without merging.
    Closed,
}

/// A pull request as the forge has it; a merge request on GitLab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the repository; on GitLab the `iid`, which people write as `!7`.
    pub number: u64,
    /// Its page, for people.
    pub url: String,
    /// Whether it can still be merged.
    pub state: State,
    /// Its title, without the words by which some forges mark a draft.
    pub title: String,
    /// Its description; empty where it has none.
    pub body: String,
    /// Whether it is marked as not ready.
    pub draft: bool,
    /// The newest commit of its head, where the forge tells one.
    pub head: Option<CommitId>,
}

/// What is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// The branch to be merged, without `refs/heads/`; it must be pushed already.
    pub head: String,
    /// The branch that it is merged into.
    pub base: String,
    /// One line.
    pub title: String,
    /// Markdown; cut with a word about it where it exceeds the forge's limit.
    pub body: String,
    /// Whether it is marked as not ready.
    pub draft: bool,
}

/// What a call did, and the pull request after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The pull request as the forge has it now.
    pub pull_request: PullRequest,
    /// What was done to it.
    pub done: Done,
}

/// What was done to a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is new.
    Opened,
    /// It was there, and its title or description changed.
    Renewed,
    /// It was there and said the same already; nothing was written.
    Unchanged,
}

/// The two branches that a pull request joins, without `refs/heads/`.
#[derive(Clone, Copy, Debug)]
struct Branches<'a> {
    head: &'a str,
    base: &'a str,
}

/// What the forges differ in. The head is always a branch of the repository itself: pull
/// requests out of forks, though their branch may have the same name, are none of ours.
trait Dialect: Sync {
    /// The open pull request.
    fn open(&self, http: &Http, branches: Branches<'_>) -> Result<Option<PullRequest>, ForgeError>;
    /// The newest one in any state.
    fn newest(&self, http: &Http, branches: Branches<'_>) -> Result<Option<PullRequest>, ForgeError>;
    /// Opens one; title and body are within the limits.
    fn create(&self, http: &Http, new: &New) -> Result<PullRequest, ForgeError>;
    /// Sets title and body of an existing one, and leaves the draft mark as it is.
    fn edit(
        &self,
        http: &Http,
        found: &PullRequest,
        title: &str,
        body: &str,
    ) -> Result<PullRequest, ForgeError>;
}

/// The pull requests of one repository.
pub struct Forge {
    kind: Kind,
    http: Http,
    dialect: &'static dyn Dialect,
    reviewing: &'static dyn Reviewing,
    /// What this one wrote lately.
    written: Written,
}

impl Forge {
    /// Checks the configuration and reads the authorities. Asks nobody yet.
    pub fn new(config: &Config) -> Result<Self, ForgeError> {
        Self::with_clock(config, Clock::system())
    }

    fn with_clock(config: &Config, clock: Clock) -> Result<Self, ForgeError> {
        let (dialect, reviewing): (&dyn Dialect, &dyn Reviewing) = match config.kind {
            Kind::GitHub => (&github::GitHub, &github::GitHub),
            Kind::GitLab => (&gitlab::GitLab, &gitlab::GitLab),
            Kind::Gitea => (&gitea::Gitea, &gitea::Gitea),
        };
        let (kind, http) = (config.kind, Http::new(config, clock)?);
        Ok(Self { kind, http, dialect, reviewing, written: Written::default() })
    }

    /// What the forge is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The pull request of a branch onto a base: the open one, or else the newest that a person
    /// closed or merged. On Gitea, which cannot be asked by branch, the newest 200 are looked
    /// through for the latter.
    pub fn find(&self, head: &str, base: &str) -> Result<Option<PullRequest>, ForgeError> {
        let branches = Branches { head, base };
        match self.dialect.open(&self.http, branches)? {
            Some(open) => Ok(Some(open)),
            None => self.dialect.newest(&self.http, branches),
        }
    }

    /// Opens a pull request. Where there is an open one already, because two exporters met, it
    /// is renewed instead.
    pub fn open(&self, new: &New) -> Result<Outcome, ForgeError> {
        let (title, body) = self.bounded(&new.title, &new.body);
        let bounded = New { title, body, ..new.clone() };
        let error = match self.dialect.create(&self.http, &bounded) {
            Ok(pull_request) => return Ok(Outcome { pull_request, done: Done::Opened }),
            Err(error) if error.says_it_exists() => error,
            Err(error) => return Err(error),
        };
        let branches = Branches { head: &new.head, base: &new.base };
        match self.dialect.open(&self.http, branches)? {
            Some(found) => self.renew(&found, &new.title, &new.body),
            None => Err(error),
        }
    }

    /// Gives a pull request, as it was found, this title and description. Where it has them,
    /// nobody is asked. A draft stays one, and what a person made ready stays ready.
    pub fn renew(&self, found: &PullRequest, title: &str, body: &str) -> Result<Outcome, ForgeError> {
        let (title, body) = self.bounded(title, body);
        if found.title == title && text::same(&found.body, &body) {
            return Ok(Outcome { pull_request: found.clone(), done: Done::Unchanged });
        }
        let pull_request = self.dialect.edit(&self.http, found, &title, &body)?;
        Ok(Outcome { pull_request, done: Done::Renewed })
    }

    fn bounded(&self, title: &str, body: &str) -> (String, String) {
        (text::bounded_title(title), text::bounded_body(body, self.kind))
    }
}

impl fmt::Debug for Forge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forge")
            .field("kind", &self.kind)
            .field("api", &self.http.api())
            .field("repository", &self.http.repository())
            .finish_non_exhaustive()
    }
}
