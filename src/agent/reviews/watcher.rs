//! One look at the forge and at the record, and what follows from it. Blocking.
//!
//! Here: [`Watcher`]: which pull requests are open, what people ask in them, their heads.
//! Elsewhere: reviewing one (`pull`), what became of those that were merged (`applied`), when
//! to look (`super`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::commands::{Asked, commands};
use super::desk::Desk;
use super::pull::{Told, is_of_all};
use crate::agent::access;
use crate::agent::config::{self, Config, Mode};
use crate::agent::secrets::Secrets;
use crate::forge::{self, Comment, Forge, ForgeError, Kind, Problem, PullSummary};
use crate::git::{Mirror, PullRef};
use crate::names::{CommitId, FabricName, RepoPath};
use crate::record::{DONE, Store};
use crate::review::Marker;
use crate::rollout::Stage;
use crate::web::Pages;

/// How many open pull requests are heard again in a look without news: a comment that a
/// person deleted moves nothing in the list.
const HEARD_AGAIN: usize = 2;
/// The same when a webhook says that something happened.
const HEARD_WHEN_WOKEN: usize = 20;
/// How long one call may wait for a busy forge: the next look is soon.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a look is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// Something moved here: the branch, a device, a wave. The forge is asked nothing.
    Record,
    /// It is time to ask the forge.
    Poll,
    /// The forge itself said that something happened.
    Woken,
}

/// What looks.
pub(super) struct Watcher {
    pub(super) config: Arc<Config>,
    pub(super) settings: config::Forge,
    pub(super) path: Option<RepoPath>,
    secrets: Arc<Secrets>,
    pub(super) mirror: Mirror,
    /// A way of its own to the record: the loop never waits for a look.
    pub(super) store: Store,
    pub(super) stages: watch::Receiver<Option<Stage>>,
    pub(super) stop: CancellationToken,
    pub(super) pages: Option<Pages>,
    pub(super) desk: Desk,
    forge: Option<Forge>,
    /// The open pull requests onto the branch, by number.
    pub(super) open: BTreeMap<u64, Open>,
    /// Those that are open no more and not looked at yet.
    pub(super) gone: BTreeSet<u64>,
    /// What was fetched of each.
    pub(super) heads: BTreeMap<u64, CommitId>,
    /// Why the heads of some were not.
    pub(super) refused: BTreeMap<u64, String>,
    /// Whether the list was seen at all.
    listed: bool,
    /// Up to which number open ones were heard again.
    cursor: u64,
    /// How long the last review took.
    pub(super) took: Duration,
    /// What was logged of single pull requests, until it is something else.
    pub(super) logged: BTreeMap<u64, String>,
}

/// One open pull request.
pub(super) struct Open {
    pub(super) summary: PullSummary,
    /// Whether its comments may have changed since they were read.
    unheard: bool,
    pub(super) asked: Vec<Asked>,
    /// Our comment, as it was last read.
    pub(super) ours: Ours,
    /// What it was told, in this process.
    pub(super) told: Option<Told>,
    /// How often in a row it could not be reviewed, and for how many polls it is left alone.
    pub(super) failures: u32,
    pub(super) rest: u32,
}

impl Open {
    fn new(summary: PullSummary) -> Self {
        let (asked, ours) = (Vec::new(), Ours::Unknown);
        Self { summary, unheard: true, asked, ours, told: None, failures: 0, rest: 0 }
    }
}

/// Our comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Ours {
    /// The comments were not read yet, or we wrote it since.
    #[default]
    Unknown,
    /// There is none.
    Absent,
    /// It is there; none for the marker if somebody edited that away.
    There(u64, Option<Marker>),
}

/// What a watcher is made of, from the agent.
pub(super) struct Parts {
    pub(super) config: Arc<Config>,
    pub(super) settings: config::Forge,
    pub(super) path: Option<RepoPath>,
    pub(super) secrets: Arc<Secrets>,
    pub(super) mirror: Mirror,
    pub(super) store: Store,
    pub(super) stages: watch::Receiver<Option<Stage>>,
    pub(super) stop: CancellationToken,
    pub(super) pages: Option<Pages>,
}

impl Watcher {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { config, settings, path, secrets, mirror, store, stages, stop, pages } = parts;
        Self {
            config,
            settings,
            desk: Desk::new(path.clone()),
            path,
            secrets,
            mirror,
            store,
            stages,
            stop,
            pages,
            forge: None,
            open: BTreeMap::new(),
            gone: BTreeSet::new(),
            heads: BTreeMap::new(),
            refused: BTreeMap::new(),
            listed: false,
            cursor: 0,
            took: Duration::ZERO,
            logged: BTreeMap::new(),
        }
    }

    /// Looks once, and does what follows. What could not be done is done by a later look.
    pub(super) fn look(&mut self, look: Look) -> anyhow::Result<()> {
        let forge = match self.forge.take() {
            Some(forge) => forge,
            None => self.connect()?,
        };
        let outcome = self.round(&forge, look);
        // a token that was refused may have been renewed: it is read anew
        let refused = outcome.as_ref().is_err_and(|error| {
            let problem = error.downcast_ref::<ForgeError>().and_then(ForgeError::problem);
            matches!(problem, Some(Problem::Unauthorized { .. }))
        });
        if !refused {
            self.forge = Some(forge);
        }
        outcome
    }

    fn connect(&self) -> anyhow::Result<Forge> {
        access::forge(&self.config, &self.settings, &self.secrets, PATIENCE)
    }

    fn round(&mut self, forge: &Forge, look: Look) -> anyhow::Result<()> {
        if look >= Look::Poll {
            self.list(forge)?;
            self.hear(forge, look)?;
        }
        self.let_go(forge)?;
        // what became of merged ones does not wait for a repository that cannot be fetched
        let fetched = self.fetch(forge.kind());
        let reviewed = self.review_all(forge);
        if self.config.mode == Mode::Apply {
            self.tell_applied(forge)?;
        }
        reviewed.and(fetched)
    }

    /// Which pull requests are open.
    fn list(&mut self, forge: &Forge) -> anyhow::Result<()> {
        for open in self.open.values_mut() {
            open.rest = open.rest.saturating_sub(1);
        }
        let branch = &self.config.repository.branch;
        let Some(pulls) = forge.pulls(branch)?.new() else { return Ok(()) };
        let mut before = std::mem::take(&mut self.open);
        for summary in pulls.into_iter().filter(|pull| pull.base == *branch) {
            let open = match before.remove(&summary.number) {
                Some(open) => {
                    let moved = open.summary.updated_at != summary.updated_at;
                    let rest = if moved { 0 } else { open.rest };
                    Open { unheard: open.unheard || moved, summary, rest, ..open }
                }
                None => Open::new(summary),
            };
            self.open.insert(open.summary.number, open);
        }
        self.gone.extend(before.into_keys());
        if !self.listed {
            let rows = self.fabric().map_or(Ok(Vec::new()), |fabric| self.store.reviews(&fabric))?;
            let missed =
                rows.iter().filter(|row| row.merged.is_none() && !self.open.contains_key(&row.number));
            self.gone.extend(missed.map(|row| row.number));
            self.listed = true;
        }
        Ok(())
    }

    /// What people say in them: where something moved, and in turn in the others.
    fn hear(&mut self, forge: &Forge, look: Look) -> anyhow::Result<()> {
        let most = if look == Look::Woken { HEARD_WHEN_WOKEN } else { HEARD_AGAIN };
        let unheard: Vec<u64> = self.open.iter().filter(|(_, open)| open.unheard).map(|it| *it.0).collect();
        let quiet = |(number, open): &(&u64, &Open)| !open.unheard && open.told.is_some() && **number > 0;
        let after = self.open.range(self.cursor + 1..).filter(quiet);
        let turn = after.chain(self.open.range(..=self.cursor).filter(quiet)).map(|it| *it.0);
        let turn: Vec<u64> = turn.take(most.saturating_sub(unheard.len())).collect();
        self.cursor = turn.last().copied().unwrap_or(self.cursor);
        for number in unheard.into_iter().chain(turn) {
            // news is told once: whatever may fail stands before it
            forge.whoami()?;
            let news = match forge.comments(number) {
                Ok(news) => news.new(),
                Err(error) if is_of_all(&error) => return Err(error.into()),
                // deleted or hidden since it was listed: that is no other pull request's fault
                Err(error) => {
                    self.log(number, &error.into());
                    continue;
                }
            };
            let ours = news.as_ref().map(|comments| self.ours(forge, comments)).transpose()?;
            let Some(open) = self.open.get_mut(&number) else { continue };
            open.unheard = false;
            if let (Some(comments), Some(ours)) = (news, ours) {
                open.asked = commands(&comments);
                open.ours = ours;
            }
        }
        Ok(())
    }

    /// Our comment among others. Only what we wrote is ours, whatever it begins with.
    fn ours(&self, forge: &Forge, comments: &[Comment]) -> anyhow::Result<Ours> {
        let Some(fabric) = self.fabric() else { return Ok(Ours::Unknown) };
        for comment in comments {
            if Marker::fabric_of(&comment.body).as_ref() == Some(&fabric)
                && comment.author.is(&forge.whoami()?)
            {
                return Ok(Ours::There(comment.id, Marker::parse(&comment.body)));
            }
        }
        Ok(Ours::Absent)
    }

    /// What became of those that are open no more.
    fn let_go(&mut self, forge: &Forge) -> anyhow::Result<()> {
        for number in self.gone.clone() {
            let pull = match forge.pull(number) {
                Ok(pull) => Some(pull),
                Err(error) if error.says_it_is_gone() => None,
                Err(error) if is_of_all(&error) => return Err(error.into()),
                Err(error) => {
                    self.log(number, &error.into());
                    continue;
                }
            };
            let row = self.fabric().map_or(Ok(None), |fabric| self.store.review(&fabric, number))?;
            let row = row.filter(|row| row.told.as_deref() != Some(DONE));
            if let (Some(fabric), Some(mut row)) = (self.fabric(), row) {
                match pull.map(|pull| (pull.state, pull.merged_commit)) {
                    // it was open all the time, or is again: the list has it
                    Some((forge::State::Open, _)) => {}
                    // the forge has not said yet as which commit
                    Some((forge::State::Merged, None)) => continue,
                    Some((forge::State::Merged, Some(commit))) if row.comment.is_some() => {
                        row.merged = Some(commit);
                    }
                    // closed, or deleted as a whole
                    _ => row.told = Some(DONE.to_owned()),
                }
                self.store.set_review(&fabric, &row)?;
            }
            self.gone.remove(&number);
            self.logged.remove(&number);
        }
        Ok(())
    }

    /// Brings the heads here that are not.
    fn fetch(&mut self, kind: Kind) -> anyhow::Result<()> {
        let is_here = |open: &Open| self.heads.get(&open.summary.number) == Some(&open.summary.head);
        if self.open.values().all(is_here) {
            return Ok(());
        }
        let reference = match kind {
            Kind::GitLab => PullRef::merge_request,
            Kind::GitHub | Kind::Gitea => PullRef::pull,
        };
        let refs: Vec<PullRef> = self.open.keys().map(|number| reference(*number)).collect();
        let pulls = self.mirror.fetch_pulls(&refs, self.config.repository.deadline)?;
        self.heads = pulls.heads;
        self.refused = pulls.refused.into_iter().map(|(number, error)| (number, error.to_string())).collect();
        Ok(())
    }

    /// The fabric, as the record has it. None before the first commit was read.
    pub(super) fn fabric(&self) -> Option<FabricName> {
        let fabrics = self.store.fabrics().ok()?;
        Some(fabrics.into_iter().max_by_key(|fabric| fabric.good.is_some())?.fabric)
    }
}

/// How long the forge wants to be left alone, if it says so.
pub(super) fn rest(error: &anyhow::Error) -> Option<Duration> {
    match error.downcast_ref::<ForgeError>()?.problem()? {
        Problem::RateLimited { after, .. } => *after,
        _ => None,
    }
}

/// An error with what a person can do about it.
pub(super) fn explained(error: &anyhow::Error) -> String {
    let hint = error.downcast_ref::<ForgeError>().and_then(ForgeError::hint);
    let hint = hint.map_or_else(String::new, |hint| format!(" ({hint})"));
    format!("{error:#}{hint}")
}
