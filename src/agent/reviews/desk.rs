//! The desk at which pull requests are reviewed: from two commits to what is told of them.
//!
//! The same in the agent and in a CI step, so that both tell the same (promise 11). Blocking.
//! Here: [`Desk`], which merges, builds and reviews, and keeps what the next review can use
//! again. Elsewhere: what a review says (`review`), bringing it to the forge (`pull`,
//! `cli::comment`), where commits come from (`git`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::compile::{Build, Engine};
use crate::diagnostic;
use crate::forge::{Annotation, Kind, Severity, Status, StatusState};
use crate::git::{Allowances, GitError, Merge, Repository, Snapshot};
use crate::names::{CommitId, DeviceName, FabricName, RepoPath};
use crate::review::{
    Answer, Budget, Marker, Merged, Moved, Question, Review, ReviewFinding, Side, Stand, Stands, State,
    Subject, review,
};

/// How long one build of a stranger's files may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many commits of the branch are kept built: its head, and the last good one.
const KEPT: usize = 2;
/// The most annotations of one pull request: beyond that they are a flood.
pub const ANNOTATIONS: usize = 50;

/// Reviews, one after the other.
#[derive(Debug)]
pub struct Desk {
    engine: Engine,
    path: Option<RepoPath>,
    patience: Duration,
    kept: Vec<Built>,
}

/// A commit of the branch, read and built.
#[derive(Clone, Debug)]
struct Built {
    commit: CommitId,
    snapshot: Arc<Snapshot>,
    build: Arc<Build>,
}

/// What is to be reviewed.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// Where both commits are.
    pub repository: &'a Repository,
    /// The head of the target branch.
    pub base: &'a CommitId,
    /// The commit that counts for the agent, where that is known.
    pub good: Option<&'a CommitId>,
    /// The pull request's head.
    pub head: &'a CommitId,
    /// How the devices stand, where that is known.
    pub stands: Option<&'a Stands>,
    /// What people asked.
    pub questions: &'a [Question],
    /// What else is answered, without looking.
    pub replies: &'a [Answer],
    /// Why the head could not be fetched, if it is too large to be.
    pub too_large: Option<&'a str>,
    /// What was told last; none for the first time.
    pub last: Option<&'a Last>,
    /// The present.
    pub now: Timestamp,
}

/// What a pull request was told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// The base of that.
    pub base: CommitId,
    /// The head of that.
    pub head: CommitId,
    /// The devices that it changes, as they stood; none where that is not known.
    pub devices: Option<BTreeMap<DeviceName, Option<Stand>>>,
}

impl From<&Marker> for Last {
    fn from(marker: &Marker) -> Self {
        Self { base: marker.base.clone(), head: marker.head.clone(), devices: None }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// The review. Where its page is, is not in it yet.
    pub review: Review,
    /// The devices that it changes, as they stand, if that is known.
    pub devices: BTreeMap<DeviceName, Option<Stand>>,
    /// Whether any file of the intent is another after the merge.
    pub touches: bool,
}

impl Desk {
    /// A desk for the fabric in this folder of the repository.
    pub fn new(path: Option<RepoPath>) -> Self {
        Self { engine: Engine::new(), path, patience: PATIENCE, kept: Vec::new() }
    }

    /// Reviews one pull request. What is wrong with it is told in the review; errors are those
    /// of the branch and of the repository.
    pub fn review(&mut self, case: &Case<'_>) -> Result<Reviewed, GitError> {
        let base = self.base(case.repository, case.base)?;
        let good = self.good(case, &base)?;
        let merged = match case.too_large {
            Some(why) => Ok((Outcome::TooLarge { why: why.to_owned() }, true)),
            None => self.merge(case, &base),
        };
        let (merged, touches) = match merged {
            Ok(merged) => merged,
            Err(error) if error.is_too_large() => (Outcome::TooLarge { why: error.to_string() }, true),
            Err(error) => return Err(error),
        };
        let from = good.as_ref().unwrap_or(&base);
        let devices = changed(&from.build, &merged, case.stands);
        let allowances = case
            .repository
            .commit(case.head)
            .map_or_else(|_| Allowances::default(), |commit| commit.message.allowances());
        let subject = Subject {
            fabric: name_of(&base.build, &merged, case.stands),
            base: base.side(),
            good: good.as_ref().map(Built::side),
            head: case.head.clone(),
            allowances,
            merged: merged.as_merged(),
            stands: case.stands,
            questions: case.questions,
            now: case.now,
            moved: case.last.and_then(|last| moved(last, case, &devices)),
            link: None,
        };
        let mut review = review(&subject);
        review.answers.extend(case.replies.iter().cloned());
        Ok(Reviewed { review, devices, touches })
    }

    /// The head of the branch, read and built. A fabric that only a pull request brings has no
    /// files yet.
    fn base(&mut self, repository: &Repository, commit: &CommitId) -> Result<Built, GitError> {
        if let Some(at) = self.kept.iter().position(|built| built.commit == *commit) {
            let built = self.kept.remove(at);
            self.kept.push(built.clone());
            return Ok(built);
        }
        let snapshot = match Snapshot::of_commit(repository, commit, self.path.as_ref()) {
            Err(GitError::PathMissing { .. }) => Snapshot::nothing(self.path.as_ref()),
            other => other?,
        };
        let build = Arc::new(self.engine.build(&snapshot));
        let commit = Built { commit: commit.clone(), snapshot: Arc::new(snapshot), build };
        self.kept.push(commit.clone());
        if self.kept.len() > KEPT {
            self.kept.remove(0);
        }
        Ok(commit)
    }

    /// The last good commit, where the head of the branch has errors.
    fn good(&mut self, case: &Case<'_>, base: &Built) -> Result<Option<Built>, GitError> {
        match case.good.filter(|good| *good != case.base && case.repository.holds(good)) {
            Some(good) if base.build.findings.has_errors() => self.base(case.repository, good).map(Some),
            _ => Ok(None),
        }
    }

    fn merge(&mut self, case: &Case<'_>, base: &Built) -> Result<(Outcome, bool), GitError> {
        let path = self.path.as_ref();
        let merge = if base.snapshot.commit().is_some() {
            base.snapshot.merge(case.repository, case.head)
        } else {
            // the branch has no such folder: what the head has of it is what there will be
            Snapshot::of_commit(case.repository, case.head, path).map(Merge::Clean)
        };
        let snapshot = match merge {
            Ok(Merge::Nothing) => Arc::clone(&base.snapshot),
            Ok(Merge::Conflict(files)) => {
                let touches = self.concerns(&files);
                return Ok((Outcome::Conflict { files }, touches));
            }
            Ok(Merge::Clean(snapshot)) => Arc::new(snapshot),
            Err(GitError::PathMissing { .. }) => Arc::new(Snapshot::nothing(path)),
            Err(error) => return Err(error),
        };
        if snapshot.differences(&base.snapshot).is_empty() {
            let build = Arc::clone(&base.build);
            return Ok((Outcome::Clean { build, snapshot }, false));
        }
        let until = Instant::now() + self.patience;
        let outcome = self.engine.build_within(&snapshot, &|| Instant::now() >= until);
        Ok(match outcome {
            Ok(build) => (Outcome::Clean { build: Arc::new(build), snapshot }, true),
            Err(gave_up) => (Outcome::TooLarge { why: gave_up.to_string() }, true),
        })
    }

    /// Whether a conflict is about this fabric.
    fn concerns(&self, files: &[String]) -> bool {
        let Some(path) = &self.path else { return true };
        let folder = format!("{path}/");
        files.iter().any(|file| file.starts_with(&folder))
    }
}

impl Built {
    fn side(&self) -> Side<'_> {
        Side { commit: self.commit.clone(), build: &self.build, snapshot: &self.snapshot }
    }
}

/// What merging gave, owned.
enum Outcome {
    Clean { build: Arc<Build>, snapshot: Arc<Snapshot> },
    Conflict { files: Vec<String> },
    TooLarge { why: String },
}

impl Outcome {
    fn as_merged(&self) -> Merged<'_> {
        match self {
            Self::Clean { build, snapshot } => Merged::Clean { build, snapshot },
            Self::Conflict { files } => Merged::Conflict { files: files.clone() },
            Self::TooLarge { why } => Merged::TooLarge { why: why.clone() },
        }
    }
}

/// The fabric's name: the branch's word, or the pull request's if it brings the fabric.
fn name_of(base: &Build, merged: &Outcome, stands: Option<&Stands>) -> FabricName {
    let of = |build: &Build| build.fabric.as_ref().map(|fabric| fabric.design.name.value.clone());
    let merged = match merged {
        Outcome::Clean { build, .. } => of(build),
        _ => None,
    };
    let known = stands.map(|stands| stands.fabric.clone());
    // a name of one letter and more is always one
    of(base).or(known).or(merged).or_else(|| "unnamed".parse().ok()).unwrap_or_else(|| unreachable!())
}

/// The devices that hold something else after the merge.
fn changed(before: &Build, after: &Outcome, stands: Option<&Stands>) -> BTreeMap<DeviceName, Option<Stand>> {
    let Outcome::Clean { build, .. } = after else { return BTreeMap::new() };
    let hash = |build: &Build, name: &DeviceName| build.devices.get(name).map(|device| device.hash.clone());
    let names = before.devices.keys().chain(build.devices.keys());
    let names = names.filter(|name| hash(before, name) != hash(build, name));
    let stand = |name: &DeviceName| stands.and_then(|stands| stands.devices.get(name)).cloned();
    names.map(|name| (name.clone(), stand(name))).collect()
}

/// What moved since it was told last; none if nothing did.
fn moved(last: &Last, case: &Case<'_>, devices: &BTreeMap<DeviceName, Option<Stand>>) -> Option<Moved> {
    let other = |now: &CommitId, then: &CommitId| (now != then).then(|| then.clone());
    let stood = |name: &DeviceName| last.devices.as_ref().and_then(|devices| devices.get(name)?.as_ref());
    let otherwise = devices.iter().filter(|(name, stand)| match (stood(name), stand) {
        (Some(then), Some(now)) => !stands_alike(then, now),
        _ => false,
    });
    let moved = Moved {
        base_from: other(case.base, &last.base),
        head_from: other(case.head, &last.head),
        devices: otherwise.map(|(name, _)| name.clone()).collect(),
    };
    (moved != Moved::default()).then_some(moved)
}

/// Whether a device stands as it did, as far as a plan is concerned: since when does not
/// matter.
pub(super) fn stands_alike(then: &Stand, now: &Stand) -> bool {
    then.commit == now.commit
        && then.standing == now.standing
        && then.drift == now.drift
        && then.guarantee == now.guarantee
}

impl Reviewed {
    /// Whether nothing is said: nobody wants to read that nothing happens. `is_there`: whether a
    /// comment of ours is, which then has to say so.
    pub fn is_silent(&self, is_there: bool) -> bool {
        !self.touches && !is_there && self.review.answers.is_empty()
    }
}

/// The status of a pull request that is told nothing else: a check that is required is green.
pub fn untouched(review: &Review, context: &str) -> Status {
    let description = format!("no file of {} is changed", review.fabric);
    Status { context: context.to_owned(), state: StatusState::Success, description, link: None }
}

/// The context of a commit status. A repository with several fabrics, each in its folder, has
/// one for each: or else the verdict on one would hide that on another.
pub fn context(word: &str, path: Option<&RepoPath>, fabric: &FabricName) -> String {
    match path {
        None => format!("gitfabric/{word}"),
        Some(_) => format!("gitfabric/{word}/{fabric}"),
    }
}

/// The commit status that a review asks for.
pub fn status(review: &Review, context: &str, link: Option<String>) -> Status {
    let state = match review.state() {
        State::Success => StatusState::Success,
        State::Failure => StatusState::Failure,
    };
    Status { context: context.to_owned(), state, description: review.status_line(), link }
}

/// How long a comment may be on a forge.
pub fn budget(kind: Kind) -> Budget {
    let measure: fn(&str) -> usize = match kind {
        Kind::GitHub => |text| Kind::GitHub.measure(text),
        Kind::GitLab => |text| Kind::GitLab.measure(text),
        Kind::Gitea => |text| Kind::Gitea.measure(text),
    };
    Budget { limit: kind.body_limit(), measure }
}

/// The findings of a review on their lines, errors first, bounded in number. Warnings that the
/// base has too are no news on anybody's line.
pub fn annotations(review: &Review) -> Vec<Annotation> {
    let is_error = |finding: &ReviewFinding| finding.severity == diagnostic::Severity::Error;
    let news = review.findings.iter().filter(|finding| finding.fresh || is_error(finding));
    let mut found: Vec<Annotation> = news.filter_map(annotation).collect();
    found.sort_by_key(|annotation| annotation.severity);
    found.truncate(ANNOTATIONS);
    found
}

fn annotation(finding: &ReviewFinding) -> Option<Annotation> {
    let (path, line) = finding.at.clone()?;
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("\n\n{hint}"));
    let device = finding.device.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
    Some(Annotation {
        path,
        line,
        end_line: line,
        severity: match finding.severity {
            diagnostic::Severity::Error => Severity::Error,
            diagnostic::Severity::Warning => Severity::Warning,
        },
        title: format!("{}{device}", finding.code),
        message: format!("{}{hint}", finding.message),
    })
}
