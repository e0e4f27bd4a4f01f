//! Whether the head of the branch may count: the brakes, the findings, the limits.
//!
//! A head that may not leaves the fabric on the last good commit (promises 5 and 6), and
//! says why. Elsewhere: the brakes that Git sees (`git::brakes`), the rules of the intent
//! (`intent`), the limits on deletions (`plan`).

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;

use super::Agent;
use super::target::Target;
use crate::compile::{Build, Engine};
use crate::diagnostic::{self, Finding, Findings};
use crate::git::{Allowance, Allowances, Repository, Snapshot, brakes};
use crate::intent::check_succession;
use crate::names::{CommitId, FabricName, RepoPath};
use crate::record::{FabricEntry, Verdict};

/// What was said of a head.
#[derive(Debug)]
struct Judged {
    verdict: Verdict,
    findings: Findings,
    target: Option<Arc<Target>>,
    snapshot: Option<Snapshot>,
}

impl Agent {
    /// Fetches the branch, and judges its head if that is new. Says whether the commit that
    /// counts is another than before.
    pub(super) async fn look(&mut self) -> anyhow::Result<bool> {
        let (mirror, deadline) = (self.mirror.clone(), self.config.repository.deadline);
        let head = tokio::task::spawn_blocking(move || mirror.fetch(deadline)).await??;
        if self.judged.as_ref() == Some(&head.commit) {
            return Ok(false);
        }
        tracing::info!(
            commit = head.commit.short(),
            branch = self.mirror.remote().branch(),
            "the head moved"
        );
        let before = self.target.as_ref().map(|target| target.commit.clone());
        let judged = self.judge(head.commit.clone()).await?;
        self.note(&head.commit, &judged).await?;
        if let Some(target) = judged.target {
            self.target = Some(target);
        }
        if judged.snapshot.is_some() {
            self.snapshot = judged.snapshot;
        }
        self.judged = Some(head.commit);
        Ok(before != self.target.as_ref().map(|target| target.commit.clone()))
    }

    /// Takes up what an agent before this one left: the last good commit on record.
    pub(super) async fn resume(&mut self) -> anyhow::Result<()> {
        let fabrics = self.with_store(|store| store.fabrics()).await?;
        let Some(good) = fabrics.into_iter().find_map(|fabric| fabric.good) else { return Ok(()) };
        let repository = self.mirror.repository()?;
        if !repository.holds(&good) {
            return Ok(());
        }
        let path = self.path.clone();
        let mut engine = std::mem::take(&mut self.engine);
        let (engine, built) = tokio::task::spawn_blocking(move || {
            let built = read(&repository, None, &good, path.as_ref())
                .map(|snapshot| (engine.build(&snapshot), snapshot, good));
            (engine, built)
        })
        .await?;
        self.engine = engine;
        if let Ok((build, snapshot, good)) = built {
            self.target = Target::new(good, &build).map(Arc::new);
            self.snapshot = Some(snapshot);
        }
        Ok(())
    }

    async fn judge(&mut self, head: CommitId) -> anyhow::Result<Judged> {
        let repository = self.mirror.repository()?;
        let (path, before, snapshot) = (self.path.clone(), self.target.clone(), self.snapshot.clone());
        let mut engine = std::mem::take(&mut self.engine);
        let (engine, judged) = tokio::task::spawn_blocking(move || {
            let judged =
                judge(&mut engine, &repository, &head, path.as_ref(), before.as_deref(), snapshot.as_ref());
            (engine, judged)
        })
        .await?;
        self.engine = engine;
        judged
    }

    /// Writes what was said of the head, and tells the log.
    async fn note(&self, head: &CommitId, judged: &Judged) -> anyhow::Result<()> {
        let fabric = match (&judged.target, &self.target) {
            (Some(target), _) | (None, Some(target)) => target.name().clone(),
            // Nothing was ever good: the fabric has no name yet.
            (None, None) => "unnamed".parse::<FabricName>()?,
        };
        let snapshot = judged.snapshot.as_ref();
        let source = |path: &RepoPath| snapshot.and_then(|snapshot| snapshot.text(path));
        let errors = judged.findings.iter().filter(|finding| finding.severity == diagnostic::Severity::Error);
        let drawn: Vec<String> = errors.map(|finding| diagnostic::draw(finding, &source, false)).collect();
        for text in &drawn {
            tracing::error!("{text}");
        }
        let good = judged.target.as_ref().or(self.target.as_ref()).map(|target| target.commit.clone());
        let entry = FabricEntry {
            fabric,
            good,
            head: Some(head.clone()),
            verdict: judged.verdict,
            reason: reason(judged),
            findings: (!drawn.is_empty()).then(|| drawn.join("\n\n")),
            seen_at: Timestamp::now(),
        };
        if judged.verdict != Verdict::Good {
            let reason = entry.reason.as_deref().unwrap_or_default();
            tracing::error!(commit = head.short(), verdict = judged.verdict.as_str(), "{reason}");
        }
        self.with_store(move |store| store.set_fabric(&entry)).await
    }
}

fn reason(judged: &Judged) -> Option<String> {
    let (errors, _) = judged.findings.count();
    match judged.verdict {
        Verdict::Good => None,
        Verdict::Refused => {
            let files: BTreeSet<&RepoPath> =
                judged.findings.iter().filter_map(|finding| Some(&finding.place.as_ref()?.file)).collect();
            Some(format!(
                "{errors} errors in {} files; the fabric stays on the last good commit",
                files.len()
            ))
        }
        Verdict::Frozen => {
            let first =
                judged.findings.iter().find(|finding| finding.severity == diagnostic::Severity::Error);
            first.map(|finding| finding.message.clone())
        }
    }
}

fn read(
    repository: &Repository,
    before: Option<&Snapshot>,
    commit: &CommitId,
    path: Option<&RepoPath>,
) -> anyhow::Result<Snapshot> {
    let snapshot = match before {
        Some(before) => before.advance(repository, commit),
        None => Snapshot::of_commit(repository, commit, path),
    };
    snapshot.with_context(|| format!("cannot read commit {}", commit.short()))
}

fn judge(
    engine: &mut Engine,
    repository: &Repository,
    head: &CommitId,
    path: Option<&RepoPath>,
    before: Option<&Target>,
    snapshot: Option<&Snapshot>,
) -> anyhow::Result<Judged> {
    let brakes = brakes::judge(repository, before.map(|target| &target.commit), head, path)?;
    if !brakes.frozen.is_empty() {
        let findings = brakes.frozen.iter().map(brakes::Frozen::finding).collect();
        return Ok(Judged { verdict: Verdict::Frozen, findings, target: None, snapshot: None });
    }
    let snapshot = read(repository, snapshot, head, path)?;
    let build = engine.build(&snapshot);
    let target = Target::new(head.clone(), &build);
    let Build { mut findings, .. } = build;
    let refused = |findings, snapshot| Judged { verdict: Verdict::Refused, findings, target: None, snapshot };
    let Some(target) = target.filter(|_| !findings.has_errors()) else {
        return Ok(refused(findings, Some(snapshot)));
    };
    if let Some(before) = before {
        findings.append(check_succession(&before.fabric, &target.fabric));
        if findings.has_errors() {
            return Ok(refused(findings, Some(snapshot)));
        }
        if let Some(frozen) = above_limits(before, &target, &brakes.allowances) {
            let findings = std::iter::once(frozen).collect();
            return Ok(Judged { verdict: Verdict::Frozen, findings, target: None, snapshot: Some(snapshot) });
        }
    }
    Ok(Judged { verdict: Verdict::Good, findings, target: Some(Arc::new(target)), snapshot: Some(snapshot) })
}

fn above_limits(before: &Target, after: &Target, allowances: &Allowances) -> Option<Finding> {
    let gone = before.fabric.devices.keys().filter(|name| !after.fabric.devices.contains_key(*name)).cloned();
    let finding = after.plan_from(before).brake(&after.fabric.design.limits, &gone.collect())?;
    (!allowances.contains(Allowance::Deletions)).then_some(finding)
}
