//! What becomes of one device that was read: a verdict, or a plan to be sent.
//!
//! Here: a device that lacks the commit gets all of its plan; one that holds it gets back what
//! policy says, unless a person asked to leave it alone or it was put back too often. Elsewhere:
//! which part of a plan that is (`plan::correction`), sending it (`rollout`), the pass around it
//! (`pass`).

use std::sync::Arc;

use jiff::Timestamp;

use super::Agent;
use super::config::Mode;
use super::drifted::Judge;
use super::due::{Due, Situation};
use super::pass::advance;
use super::read::Read;
use super::target::Target;
use super::verdict::Verdict;
use super::watches::words;
use crate::compile::DriftRules;
use crate::drift::{Found, Said, differences};
use crate::intent::DriftPolicy;
use crate::names::DeviceName;
use crate::plan::{Change, Correction, DevicePlan, Word, correction, operations_of};
use crate::record::{DriftNews, EventKind, FOUND_EQUAL, GivenUp, News, NewsKind, NewsLeaf, Standing};
use crate::rollout::{Context, Holding, Job, PuttingBack};

/// What becomes of a device that was looked at: a verdict, or a plan to be sent.
pub(super) enum Next {
    Verdict(Verdict),
    Send(Box<Job>),
}

impl Agent {
    /// What is to become of one device that was read.
    pub(super) async fn assess(
        &self,
        situation: &Situation<'_>,
        name: &DeviceName,
        mut read: Read,
        context: &Context,
    ) -> anyhow::Result<Next> {
        for misfit in &read.reading.misfits {
            tracing::warn!(device = %name, %misfit, "the device and its schema disagree");
        }
        let settled = situation.holds(name) || read.resumed.as_deref() == Some(&*read.build.hash);
        read.look_at_secrets(&context.key).await;
        let plan = context.with_prints(|prints| read.plan(prints));
        // another device at its address has not drifted
        if !plan.is_empty()
            && let Err(why) = read.session.identify().await
        {
            let why = why.to_string();
            return Ok(Next::Verdict(Verdict::not_current(Standing::Behind, EventKind::Waiting, why)));
        }
        if note_drift(situation.target, name, &plan, &read, context).await? {
            self.alerts.bell().ring();
        }
        if settled && situation.holds_an_equal_commit(name) {
            let equal = Due { advance: vec![name.clone()], ..Due::default() };
            advance(&context.journal, &equal).await?;
        }
        if plan.is_empty() {
            if !settled {
                found_equal(name, &read, context).await?;
            }
            return Ok(Next::Verdict(as_it_should_be(situation, name, settled)));
        }
        let observes = self.config.mode == Mode::Observe;
        if settled && (observes || !situation.asked.by_person) {
            return self.put_back(situation, name, read, plan, context).await;
        }
        if let Some(hold) = situation.orders.holds.stopping(name, &plan) {
            let words = format!("changed behind our back; {}", hold.words());
            let drifted = || Verdict::drifted(words, plan.changes.len());
            return Ok(Next::Verdict(if settled { drifted() } else { Verdict::held(hold) }));
        }
        if observes {
            return Ok(Next::Verdict(Verdict::observed(&plan)));
        }
        Ok(send(read, plan, None, context))
    }

    /// What becomes of a device that holds the commit, and of which something differs.
    async fn put_back(
        &self,
        situation: &Situation<'_>,
        name: &DeviceName,
        read: Read,
        whole: DevicePlan,
        context: &Context,
    ) -> anyhow::Result<Next> {
        let rules = DriftRules::of(&situation.target.fabric, name);
        let holds = &situation.orders.holds;
        let chosen = |may: bool| {
            let word = |path: &crate::yang::Path| match rules.policy(path) {
                _ if holds.covering(name, path).is_some() => Word::Hold,
                DriftPolicy::Correct if may => Word::Correct,
                _ => Word::Leave,
            };
            correction(&whole, &read.build.schema, &read.rules(), &word)
        };
        let (mut part, mut given) = (chosen(true), None);
        let observes = self.config.mode == Mode::Observe;
        if part.puts_back() && !observes {
            given = given_up(situation, name, &part, &read, context).await?;
            if given.is_some() {
                part = chosen(false);
            }
        }
        let judge = Judge { device: name, rules: &rules, holds, given_up: given.as_deref(), observes };
        let why = |changes: &[Change]| {
            let part = DevicePlan { changes: changes.to_vec(), ..DevicePlan::default() };
            judge.reason(&words::rows(&differences(&part, &read.recorded)))
        };
        let unsent = if observes { whole.changes.clone() } else { aside(&whole, &part) };
        let left = why(&unsent);
        if part.plan.is_empty() || observes {
            return Ok(Next::Verdict(match left {
                Some(reason) => Verdict::drifted(reason, unsent.len()),
                None if observes && !whole.is_drift_alone() => Verdict::observed(&whole),
                None => as_it_should_be(situation, name, true),
            }));
        }
        if unsent.is_empty() && !part.puts_back() {
            return Ok(send(read, part.plan, None, context));
        }
        let leaves = leaves(&part, &read);
        let putting = PuttingBack { whole, left, leaves };
        Ok(send(read, part.plan, Some(putting), context))
    }
}

/// What of a plan is left out of its part.
fn aside(whole: &DevicePlan, part: &Correction) -> Vec<Change> {
    whole.changes.iter().filter(|change| part.left.contains_key(&change.path)).cloned().collect()
}

/// A device that holds the commit, and on which nothing differs that is more than listed. Told
/// once for each commit: a read-back that finds nothing is no history, and what was found equal is
/// on record already.
fn as_it_should_be(situation: &Situation<'_>, name: &DeviceName, settled: bool) -> Verdict {
    let is_news = settled && !situation.stands(name, Standing::Current);
    Verdict { event: is_news.then_some(EventKind::Unchanged), ..Verdict::current() }
}

/// Why nothing is put back on a device any more, if so. Two who each put back what the other
/// did must not do so for ever.
async fn given_up(
    situation: &Situation<'_>,
    name: &DeviceName,
    part: &Correction,
    read: &Read,
    context: &Context,
) -> anyhow::Result<Option<String>> {
    if let Some(given_up) = situation.orders.given_up.get(name) {
        return Ok(Some(given_up.reason.clone()));
    }
    let (most, device) = (situation.target.fabric.design.drift.corrections_per_hour, name.clone());
    let times = if most == 1 { "once".to_owned() } else { format!("{most} times") };
    let reason = format!(
        "something of {device} was put back {times} within an hour: given up. Find who changes it; a new \
         commit, or a hold of it that ends, goes on, and so does `gitfabric apply` while the agent is stopped"
    );
    let leaves = leaves(part, read);
    let given_up = context.journal.with(move |store, journal| {
        let now = Timestamp::now();
        if store.corrections(&journal.fabric, &device, now)? < most {
            return Ok(None);
        }
        let news = News {
            kind: NewsKind::CorrectionGivenUp,
            device: Some(device.clone()),
            commit: Some(journal.commit.clone()),
            at: now,
            summary: format!("what was changed by hand on {device} is put back no more"),
            detail: Some(reason.clone()),
            leaves,
            unlisted: 0,
        };
        let given_up = GivenUp { commit: journal.commit.clone(), reason: reason.clone(), at: now };
        store.give_up(&journal.fabric, &device, &given_up, &news)?;
        Ok(Some(reason))
    });
    Ok(given_up.await?)
}

/// The leaves that are put back, for people.
fn leaves(part: &Correction, read: &Read) -> Vec<NewsLeaf> {
    let put_back = DevicePlan { changes: part.plan.changes.clone(), ..DevicePlan::default() };
    let leaf = |found: Found| NewsLeaf {
        path: found.path.to_string(),
        kind: found.kind.as_str().to_owned(),
        recorded: found.recorded,
        live: found.live,
        origin: found.origin.map(|place| format!("{}:{}", place.file, place.line)),
    };
    differences(&put_back, &read.recorded).into_iter().map(leaf).collect()
}

/// A device that may be sent its plan, or why not.
fn send(read: Read, plan: DevicePlan, putting_back: Option<PuttingBack>, context: &Context) -> Next {
    match job(read, plan, putting_back, context) {
        Ok(job) => Next::Send(Box::new(job)),
        Err(why) => Next::Verdict(Verdict::not_current(Standing::Behind, EventKind::Waiting, why)),
    }
}

fn job(
    read: Read,
    plan: DevicePlan,
    putting_back: Option<PuttingBack>,
    context: &Context,
) -> Result<Job, String> {
    let operations = operations_of(&plan, &read.build.schema, &read.rules(), &*context.secrets)
        .map_err(|missing| missing.to_string())?;
    Ok(Job {
        device: read.device,
        session: read.session,
        plan,
        operations,
        desired: Arc::clone(&read.build.tree),
        tree_hash: read.build.hash.clone(),
        recorded: read.recorded,
        bootstrap: Arc::clone(&read.build.bootstrap),
        protected: read.build.protected.clone(),
        resalted: read.resalted,
        putting_back,
    })
}

/// Writes and tells what differs on a device, as it was just read. Says whether that is news.
async fn note_drift(
    target: &Target,
    name: &DeviceName,
    plan: &DevicePlan,
    read: &Read,
    context: &Context,
) -> anyhow::Result<bool> {
    let found = differences(plan, &read.recorded);
    let rules = DriftRules::of(&target.fabric, name);
    let (name, desired) = (name.clone(), Arc::clone(&read.build.tree));
    let write = context.journal.with(move |store, journal| {
        let now = Timestamp::now();
        let about = words::About {
            device: &name,
            commit: &journal.commit,
            rules: &rules,
            desired: &desired,
            said: &Said::default(),
            now,
        };
        let origins = words::origins(&found);
        let mut is_news = false;
        let tell = |changed: &DriftNews| {
            let news = words::news(&about, changed, &origins);
            is_news = !news.is_empty();
            news
        };
        store.set_drift(&journal.fabric, &name, None, &words::rows(&found), now, tell)?;
        Ok(is_news)
    });
    Ok(write.await?)
}

/// A device that holds the commit already, which was not on record: now it is.
async fn found_equal(name: &DeviceName, read: &Read, context: &Context) -> anyhow::Result<()> {
    let created = read.recorded.created.clone();
    let recorded = context.recorded_after(&read.build.tree, created, &read.reading.tree);
    let holding = Holding {
        device: name.clone(),
        tree_hash: read.build.hash.clone(),
        recorded,
        schema: Arc::clone(&read.build.schema),
        by_set: false,
        changes: 0,
        detail: Some(FOUND_EQUAL.to_owned()),
    };
    context.journal.hold(holding).await?;
    Ok(())
}
