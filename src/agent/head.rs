//! Whether the head of the branch may count: the brakes, the findings, the limits, and what
//! needs a person's word.
//!
//! A head that may not leaves the fabric on the last good commit (promises 5 and 6), and
//! says why. Elsewhere: the brakes that Git sees (`git::brakes`), the rules of the intent
//! (`intent`), the limits on deletions and guarded changes (`plan`).

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;

use super::Agent;
use super::target::Target;
use crate::compile::Engine;
use crate::diagnostic::{self, Findings};
use crate::git::{Allowances, Repository, Snapshot, brakes};
use crate::names::{CommitId, FabricName, RepoPath};
use crate::plan::step::Step;
use crate::record::{FabricEntry, Verdict};

/// What was said of a head.
#[derive(Debug)]
struct Judged {
    verdict: Verdict,
    findings: Findings,
    target: Option<Arc<Target>>,
    snapshot: Option<Snapshot>,
    /// The fabric's name, if it could be read.
    name: Option<FabricName>,
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
        if self.target.is_none() && self.recorded.is_some() {
            // the mirror is new, and only now may have the last good commit
            self.resume().await?;
        }
        let before = self.target.as_ref().map(|target| target.commit.clone());
        let judged = self.judge(head.commit.clone()).await?;
        self.note(&head.commit, &judged).await?;
        if let Some(target) = judged.target {
            self.warn_of_receivers(&target.fabric);
            self.target = Some(target);
        }
        if judged.snapshot.is_some() {
            self.snapshot = judged.snapshot;
        }
        self.judged = Some(head.commit);
        Ok(before != self.target.as_ref().map(|target| target.commit.clone()))
    }

    /// Takes up what an agent before this one left: the last good commit on record. If that
    /// cannot be had any more, or has errors for this version, devices stay as they are, and
    /// the head is still held against it.
    pub(super) async fn resume(&mut self) -> anyhow::Result<()> {
        let fabrics = self.with_store(|store| store.fabrics()).await?;
        let found = fabrics.into_iter().find_map(|entry| Some((entry.fabric, entry.good?)));
        let Some((fabric, good)) = found else { return Ok(()) };
        self.recorded = Some((fabric, good.clone()));
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
            self.target = Target::new(good, &build).filter(|_| !build.findings.has_errors()).map(Arc::new);
            self.snapshot = Some(snapshot);
        }
        Ok(())
    }

    async fn judge(&mut self, head: CommitId) -> anyhow::Result<Judged> {
        let repository = self.mirror.repository()?;
        let (path, before, snapshot) = (self.path.clone(), self.target.clone(), self.snapshot.clone());
        let recorded = self.recorded.as_ref().map(|(_, good)| good.clone());
        let mut engine = std::mem::take(&mut self.engine);
        let (engine, judged) = tokio::task::spawn_blocking(move || {
            let last_good = before.as_ref().map(|target| &target.commit).or(recorded.as_ref());
            let judged = brakes::judge(&repository, last_good, &head, path.as_ref())
                .map_err(anyhow::Error::from)
                .and_then(|brakes| {
                    if !brakes.frozen.is_empty() {
                        return Ok(frozen(brakes.frozen.iter().map(brakes::Frozen::finding).collect(), None));
                    }
                    let snapshot = read(&repository, snapshot.as_ref(), &head, path.as_ref())?;
                    Ok(judge(&mut engine, head, snapshot, before.as_deref(), &brakes.allowances))
                });
            (engine, judged)
        })
        .await?;
        self.engine = engine;
        judged
    }

    /// Writes what was said of the head, and tells the log.
    async fn note(&self, head: &CommitId, judged: &Judged) -> anyhow::Result<()> {
        let target = judged.target.as_ref().or(self.target.as_ref());
        let name = target.map(|target| target.name()).or(self.recorded.as_ref().map(|(name, _)| name));
        let name = name.or(judged.name.as_ref()).cloned();
        // Nothing was ever good, and fabric.yaml cannot be read: the fabric has no name yet.
        let nameless: FabricName = "unnamed".parse()?;
        let good = target.map(|target| &target.commit).or(self.recorded.as_ref().map(|(_, good)| good));
        let snapshot = judged.snapshot.as_ref();
        let source = |path: &RepoPath| snapshot.and_then(|snapshot| snapshot.text(path));
        let errors = judged.findings.iter().filter(|finding| finding.severity == diagnostic::Severity::Error);
        let drawn: Vec<String> = errors.map(|finding| diagnostic::draw(finding, &source, false)).collect();
        for text in &drawn {
            tracing::error!("{text}");
        }
        let entry = FabricEntry {
            fabric: name.unwrap_or_else(|| nameless.clone()),
            good: good.cloned(),
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
        self.with_store(move |store| {
            store.forget_fabric(&nameless)?;
            store.set_fabric(&entry)
        })
        .await
    }
}

fn reason(judged: &Judged) -> Option<String> {
    let (errors, _) = judged.findings.count();
    match judged.verdict {
        Verdict::Good => None,
        Verdict::Refused => {
            let faulty =
                judged.findings.iter().filter(|finding| finding.severity == diagnostic::Severity::Error);
            let files: BTreeSet<&RepoPath> =
                faulty.filter_map(|finding| Some(&finding.place.as_ref()?.file)).collect();
            let errors = counted(errors, "error");
            let files = counted(files.len(), "file");
            Some(format!("{errors} in {files}; the fabric stays on the last good commit"))
        }
        Verdict::Frozen => {
            let first =
                judged.findings.iter().find(|finding| finding.severity == diagnostic::Severity::Error);
            first.map(|finding| finding.message.clone())
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
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

/// Judges a head that no brake of Git holds: its findings, what it does to the devices of
/// the commit before, and how much it deletes.
fn judge(
    engine: &mut Engine,
    head: CommitId,
    snapshot: Snapshot,
    before: Option<&Target>,
    allowances: &Allowances,
) -> Judged {
    let build = engine.build(&snapshot);
    let target = Target::new(head, &build);
    let name = build.fabric.as_ref().map(|fabric| fabric.design.name.value.clone());
    let mut findings = build.findings;
    let mut brake = Findings::new();
    if let (Some(before), Some(target)) = (before, target.as_ref().filter(|_| !findings.has_errors())) {
        let step = Step::between(&before.fabric, &target.fabric, &target.plan_from(before));
        brake = step.held(allowances);
        findings.append(step.errors);
    }
    match target.filter(|_| !findings.has_errors()) {
        None => Judged { verdict: Verdict::Refused, findings, target: None, snapshot: Some(snapshot), name },
        Some(_) if !brake.is_empty() => frozen(brake, Some(snapshot)),
        Some(target) => {
            let target = Some(Arc::new(target));
            Judged { verdict: Verdict::Good, findings, target, snapshot: Some(snapshot), name }
        }
    }
}

fn frozen(findings: Findings, snapshot: Option<Snapshot>) -> Judged {
    Judged { verdict: Verdict::Frozen, findings, target: None, snapshot, name: None }
}
