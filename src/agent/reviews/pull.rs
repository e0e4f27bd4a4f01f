//! One open pull request: reviewed when something moved, and told what is new.
//!
//! Here: whether it is due, what is written to the forge, and in which order: page, comment,
//! status, lines. Nothing is written that the forge has already. Elsewhere: the review
//! (`desk`), which pull requests there are (`watcher`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use ring::digest;

use super::commands::{Asked, Command};
use super::desk::{self, Case, Last, Reviewed, context, stands_alike, status};
use super::watcher::{Ours, Watcher, explained};
use crate::agent::stands::stands;
use crate::forge::{self, Forge, ForgeError, PullSummary, Status, StatusState};
use crate::git::Repository;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::record::ReviewEntry;
use crate::review::{Answer, Marker, Question, Review, Stand, Stands};
use crate::web::Pages;

/// A review that takes longer than this is announced.
const LONG: Duration = Duration::from_secs(1);
/// How many questions are answered in a comment, the newest.
const QUESTIONS: usize = 10;
/// How often a comment that another program keeps changing is changed back.
const CONTESTS: u32 = 3;

/// How many polls one that cannot be reviewed is left alone at most.
const LONGEST_REST: u32 = 64;

/// What a pull request was told in this process, and from what.
#[derive(Clone, Debug)]
pub(super) struct Told {
    head: CommitId,
    base: CommitId,
    devices: Devices,
    /// The last command that was answered.
    asked: u64,
    contests: u32,
}

/// The devices that it changes, as they stood.
type Devices = BTreeMap<DeviceName, Option<Stand>>;

/// What all pull requests are reviewed against.
struct Ground {
    repository: Repository,
    base: CommitId,
    good: Option<CommitId>,
    stands: Option<Stands>,
}

/// What people asked, sorted out.
#[derive(Default)]
struct Asking {
    questions: Vec<Question>,
    replies: Vec<Answer>,
    /// Whether somebody who may asks for a review though nothing moved.
    again: bool,
    last: u64,
}

impl Watcher {
    /// Reviews what is due, one after the other. What is wrong with one does not keep the
    /// others waiting; a forge that is away does.
    pub(super) fn review_all(&mut self, forge: &Forge) -> anyhow::Result<()> {
        let Some(ground) = self.ground()? else { return Ok(()) };
        let numbers: Vec<u64> = self.open.keys().copied().collect();
        for number in numbers {
            if self.stop.is_cancelled() {
                break;
            }
            if !self.is_due(number, &ground) {
                continue;
            }
            match self.one(forge, number, &ground) {
                Ok(()) => drop(self.logged.remove(&number)),
                Err(error) if error.downcast_ref().is_some_and(is_of_all) => return Err(error),
                Err(error) => {
                    self.log(number, &error);
                    if let Some(open) = self.open.get_mut(&number) {
                        open.failures = open.failures.saturating_add(1);
                        open.rest = 2_u32.saturating_pow(open.failures).min(LONGEST_REST);
                    }
                }
            }
        }
        Ok(())
    }

    fn ground(&self) -> anyhow::Result<Option<Ground>> {
        if self.open.is_empty() {
            return Ok(None);
        }
        let Some(base) = self.mirror.head()? else { return Ok(None) };
        let stands = stands(&self.store)?;
        let good = stands.as_ref().and_then(|stands| stands.good.clone());
        Ok(Some(Ground { repository: self.mirror.pulls()?, base, good, stands }))
    }

    /// Whether something moved that a pull request has to be told of.
    fn is_due(&self, number: u64, ground: &Ground) -> bool {
        let Some(open) = self.open.get(&number) else { return false };
        if open.rest > 0 {
            return false;
        }
        let head = self.heads.get(&number);
        if head.is_none() && !self.refused.contains_key(&number) {
            return false; // it comes with a later fetch
        }
        let Some(told) = &open.told else { return true };
        let stood_so = |(name, then): (&DeviceName, &Option<Stand>)| match (then, stand(ground, name)) {
            (Some(then), Some(now)) => stands_alike(then, now),
            (then, now) => then.is_none() && now.is_none(),
        };
        head.unwrap_or(&open.summary.head) != &told.head
            || ground.base != told.base
            || !told.devices.iter().all(stood_so)
            || open.asked.last().is_some_and(|asked| asked.id > told.asked)
            || (open.ours == Ours::Absent && self.has_comment(number))
            || self.is_altered(number, told)
    }

    fn has_comment(&self, number: u64) -> bool {
        self.row(number).ok().flatten().is_some_and(|row| row.comment.is_some())
    }

    /// Whether somebody changed our comment. Two programs that tell different things of the same
    /// would change it for ever.
    fn is_altered(&self, number: u64, told: &Told) -> bool {
        let Some(Ours::There(_, marker)) = self.open.get(&number).map(|open| &open.ours) else {
            return false;
        };
        let row = self.row(number).ok().flatten();
        let is_so = |marker: &Marker| row.as_ref().is_some_and(|row| row.seal.starts_with(&marker.seal));
        !marker.as_ref().is_some_and(is_so) && told.contests < CONTESTS
    }

    /// Reviews one and tells it what is new.
    fn one(&mut self, forge: &Forge, number: u64, ground: &Ground) -> anyhow::Result<()> {
        let Some(open) = self.open.get(&number) else { return Ok(()) };
        let (pull, commands, ours) = (open.summary.clone(), open.asked.clone(), open.ours.clone());
        let contests = open.told.as_ref().map_or(0, |told| told.contests);
        let head = self.heads.get(&number).unwrap_or(&pull.head).clone();
        let row = self.row(number)?;
        let answered = row.as_ref().map_or(0, |row| row.asked);
        let fabric = self.fabric();
        let mut hold = |asked: &Asked| {
            let fabric = fabric.as_ref()?;
            super::holds::answer(&mut self.store, fabric, number, asked)
        };
        let asking = asking(forge, &commands, answered, &mut hold)?;
        if self.took > LONG && row.as_ref().is_none_or(|row| row.head != head) {
            self.announce(forge, &head, number);
        }
        let started = Instant::now();
        let reviewed = self.reviewed(number, &head, ground, &asking, row.as_ref(), &ours);
        self.took = started.elapsed();
        let reviewed = match reviewed {
            Ok(reviewed) => reviewed,
            Err(error) => return self.cannot(forge, &pull, &head, error),
        };
        let mark = mark(&reviewed.review, &asking.replies);
        let same = |row: &ReviewEntry| row.seal == mark && row.head == head && row.base == ground.base;
        let is_ours = |row: &ReviewEntry| match &ours {
            Ours::Unknown => true,
            Ours::Absent => row.comment.is_none(),
            Ours::There(id, marker) => {
                row.comment == Some(*id)
                    && (marker.as_ref().is_some_and(|marker| marker.seal == reviewed.review.seal)
                        || contests >= CONTESTS)
            }
        };
        let is_told = !asking.again
            && row.as_ref().map_or_else(
                || is_adopted(&ours, &reviewed.review, &asking),
                |row| same(row) && is_ours(row),
            );
        let is_contested = row.as_ref().is_some_and(same) && matches!(ours, Ours::There(..));
        let mut told = Told {
            head: head.clone(),
            base: ground.base.clone(),
            devices: reviewed.devices.clone(),
            asked: asking.last,
            contests,
        };
        let mut entry = ReviewEntry {
            number,
            head,
            base: ground.base.clone(),
            seal: mark,
            comment: row.as_ref().and_then(|row| row.comment).or(match &ours {
                Ours::There(id, _) => Some(*id),
                Ours::Unknown | Ours::Absent => None,
            }),
            devices: devices_json(&reviewed.devices),
            asked: asking.last,
            merged: None,
            closing: row.as_ref().and_then(|row| row.closing),
            told: None,
        };
        if !is_told {
            if is_contested && !asking.again {
                told.contests += 1; // nothing moved but our comment
            }
            if !self.tell(forge, &pull, reviewed, &ours, &mut entry)? {
                return Ok(()); // it is closed, or moved meanwhile
            }
        }
        let fabric = self.name(&entry)?;
        self.store.set_review(&fabric, &entry)?;
        if let Some(open) = self.open.get_mut(&number) {
            open.told = Some(told);
            open.failures = 0;
            if !is_told {
                open.ours = Ours::Unknown;
            }
        }
        Ok(())
    }

    fn reviewed(
        &mut self,
        number: u64,
        head: &CommitId,
        ground: &Ground,
        asking: &Asking,
        row: Option<&ReviewEntry>,
        ours: &Ours,
    ) -> Result<Reviewed, crate::git::GitError> {
        let of_row = row.filter(|row| row.comment.is_some()).map(|row| Last {
            base: row.base.clone(),
            head: row.head.clone(),
            devices: serde_json::from_str(&row.devices).ok(),
        });
        let last = of_row.or_else(|| match ours {
            Ours::There(_, Some(marker)) => Some(Last::from(marker)),
            _ => None,
        });
        self.desk.review(&Case {
            repository: &ground.repository,
            base: &ground.base,
            good: ground.good.as_ref(),
            head,
            stands: ground.stands.as_ref(),
            questions: &asking.questions,
            replies: &asking.replies,
            too_large: self.refused.get(&number).map(String::as_str),
            last: last.as_ref(),
            now: Timestamp::now(),
        })
    }

    /// Writes what is new to the forge; says whether that was still wanted.
    fn tell(
        &mut self,
        forge: &Forge,
        pull: &PullSummary,
        reviewed: Reviewed,
        ours: &Ours,
        entry: &mut ReviewEntry,
    ) -> anyhow::Result<bool> {
        let now = forge.pull(pull.number)?;
        if now.state != forge::State::Open {
            self.gone.insert(pull.number);
            return Ok(false);
        }
        if now.head != pull.head {
            return Ok(false); // the next list has the new head
        }
        let context = context("plan", self.path.as_ref(), &reviewed.review.fabric);
        if reviewed.is_silent(entry.comment.is_some() || matches!(ours, Ours::There(..))) {
            let status = desk::untouched(&reviewed.review, &context);
            forge.set_status(&entry.head, Some(pull.number), &status)?;
            return Ok(true);
        }
        let mut review = reviewed.review;
        review.link = self.publish(&review);
        let commented = Self::comment(forge, pull.number, &review, ours, entry);
        let link = review.link.clone().or_else(|| commented.as_ref().ok().cloned());
        let link = link.or_else(|| Some(pull.url.clone())).filter(|link| !link.is_empty());
        forge.set_status(&entry.head, Some(pull.number), &status(&review, &context, link))?;
        commented?;
        if let Err(error) = forge.annotate(pull, &context, &desk::annotations(&review)) {
            if error.is_transient() {
                return Err(error.into());
            }
            // the findings stand in the comment as well
            self.log(pull.number, &error.into());
        }
        Ok(true)
    }

    /// Brings our comment up to date; gives where it is.
    fn comment(
        forge: &Forge,
        number: u64,
        review: &Review,
        ours: &Ours,
        entry: &mut ReviewEntry,
    ) -> Result<String, ForgeError> {
        let body = review.comment(&desk::budget(forge.kind()));
        let known = match ours {
            Ours::There(id, _) => Some(*id),
            Ours::Unknown => entry.comment,
            Ours::Absent => None,
        };
        let synced = forge.sync_comment(number, &Marker::first_line(&review.fabric), &body, known)?;
        tracing::info!(
            pull_request = number,
            head = review.head.short(),
            base = review.base.short(),
            did = ?synced.did,
            "reviewed: {}",
            review.status_line()
        );
        entry.comment = Some(synced.comment.id);
        Ok(synced.comment.url)
    }

    /// Publishes the whole plan; gives the link to it.
    fn publish(&self, review: &Review) -> Option<String> {
        let (pages, web) = (self.pages.as_ref()?, self.config.web.as_ref()?);
        let link = web.link(&Pages::path(&review.seal))?;
        match pages.publish(&review.seal, &review.page()) {
            Ok(()) => Some(link),
            Err(error) => {
                tracing::warn!("the whole plan is not published: {:#}", anyhow::Error::from(error));
                None
            }
        }
    }

    /// Says that a review is under way.
    fn announce(&self, forge: &Forge, head: &CommitId, number: u64) {
        let Some(fabric) = self.fabric() else { return };
        let status = Status {
            context: context("plan", self.path.as_ref(), &fabric),
            state: StatusState::Pending,
            description: "the plan is being made".to_owned(),
            link: None,
        };
        // the verdict follows, and tells what is wrong with the forge if anything is
        drop(forge.set_status(head, Some(number), &status));
    }

    /// Says that nothing can be said, and why.
    fn cannot(
        &self,
        forge: &Forge,
        pull: &PullSummary,
        head: &CommitId,
        error: crate::git::GitError,
    ) -> anyhow::Result<()> {
        if !error.is_transient()
            && let Some(fabric) = self.fabric()
        {
            let status = Status {
                context: context("plan", self.path.as_ref(), &fabric),
                state: StatusState::Error,
                description: super::outcome::line(&error.to_string()),
                link: None,
            };
            forge.set_status(head, Some(pull.number), &status)?;
        }
        Err(error.into())
    }

    /// Logs what is wrong with one pull request, once.
    pub(super) fn log(&mut self, number: u64, error: &anyhow::Error) {
        let text = explained(error);
        if self.logged.get(&number) != Some(&text) {
            tracing::warn!(pull_request = number, "not reviewed: {text}");
            self.logged.insert(number, text);
        }
    }

    fn row(&self, number: u64) -> anyhow::Result<Option<ReviewEntry>> {
        let Some(fabric) = self.fabric() else { return Ok(None) };
        Ok(self.store.review(&fabric, number)?)
    }

    fn name(&self, entry: &ReviewEntry) -> anyhow::Result<FabricName> {
        self.fabric().with_context(|| format!("pull request {}: the fabric has no name yet", entry.number))
    }
}

fn stand<'g>(ground: &'g Ground, name: &DeviceName) -> Option<&'g Stand> {
    ground.stands.as_ref()?.devices.get(name)
}

/// Whether no other pull request would fare better.
pub(super) fn is_of_all(error: &ForgeError) -> bool {
    error.is_transient() || matches!(error.problem(), Some(forge::Problem::Unauthorized { .. }))
}

/// Sorts out what people asked; `hold` does, and answers, what is about holds. Those who may not
/// write are told so once each.
fn asking(
    forge: &Forge,
    commands: &[Asked],
    answered: u64,
    hold: &mut dyn FnMut(&Asked) -> Option<String>,
) -> Result<Asking, ForgeError> {
    let mut asking = Asking::default();
    // one question for each person, however much they write
    let mut known: BTreeMap<&forge::User, bool> = BTreeMap::new();
    let reply = |leaf: String, by: &str, text: String| Answer { leaf, asked_by: by.to_owned(), text };
    for asked in commands {
        let name = &asked.by.name;
        asking.last = asking.last.max(asked.id);
        let may = match known.get(&asked.by) {
            Some(may) => *may,
            None => forge.may_write(&asked.by)?,
        };
        known.insert(&asked.by, may);
        if !may {
            let is_told = asking.replies.iter().any(|answer| answer.asked_by == *name);
            if !is_told && asking.replies.len() < QUESTIONS {
                let text = "Only people who may write to this repository are answered.".to_owned();
                asking.replies.push(reply(asked.command.to_string(), name, text));
            }
            continue;
        }
        match &asked.command {
            Command::Plan => asking.again |= asked.id > answered,
            Command::Explain(leaf) => {
                asking.questions.push(Question { leaf: leaf.clone(), asked_by: name.clone() });
            }
            Command::Hold { .. } | Command::Lift { .. } => {
                let text = hold(asked).unwrap_or_else(|| "No device is known yet.".to_owned());
                asking.replies.push(reply(asked.command.to_string(), name, text));
            }
            Command::Unknown(_) => {
                let text = "There are `/gitfabric plan` (renew this comment), `/gitfabric explain LEAF` (a \
                    YANG path, a line of EOS, or a place in a file), `/gitfabric hold DEVICE [PATH] for 4h \
                    REASON` (nothing is sent there for a while) and `/gitfabric lift DEVICE [PATH]`. Nothing \
                    applies but merging.";
                asking.replies.push(reply(asked.command.to_string(), name, text.to_owned()));
            }
        }
    }
    let too_many = asking.questions.len().saturating_sub(QUESTIONS);
    asking.questions.drain(..too_many);
    let too_many = asking.replies.len().saturating_sub(QUESTIONS);
    asking.replies.drain(..too_many);
    Ok(asking)
}

/// What tells one review from another: its seal, and what was answered without it.
fn mark(review: &Review, replies: &[Answer]) -> String {
    if replies.is_empty() {
        return review.seal.clone();
    }
    let mut context = digest::Context::new(&digest::SHA256);
    for part in replies.iter().flat_map(|reply| [&reply.leaf, &reply.asked_by, &reply.text]) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut mark = format!("{}+", review.seal);
    for byte in context.finish().as_ref() {
        mark.push_str(&format!("{byte:02x}"));
    }
    mark
}

/// Whether a comment that is not on record says this very thing: another agent, or one whose
/// record is lost, wrote it.
fn is_adopted(ours: &Ours, review: &Review, asking: &Asking) -> bool {
    let Ours::There(_, Some(marker)) = ours else { return false };
    marker.seal == review.seal
        && marker.head == review.head
        && marker.base == review.base
        && asking.replies.is_empty()
}

/// The devices as they stood, for the record: a map of names, always JSON.
fn devices_json(devices: &Devices) -> String {
    serde_json::to_string(devices).unwrap_or_default()
}
