//! From a subject to a review.
//!
//! Elsewhere: what each part of it is made of (`group`, `risk`, `proof`, `explain`).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::group::{self, Touched};
use super::report::{
    Answer, ByHand, Overwritten, Pending, Pictured, RevertProof, Review, ReviewFinding, Summary, Untouched,
    Verdict,
};
use super::source::Sources;
use super::stands::{Drifted, Stands};
use super::subject::{Merged, Side, Subject};
use super::{json, proof, risk};
use crate::compile::bootstrap;
use crate::compile::{Build, DeviceBuild, Slice};
use crate::diagnostic::{Finding, Findings, Severity, draw};
use crate::git::Snapshot;
use crate::intent::model::DeviceState;
use crate::intent::{Fabric, Topology};
use crate::names::{CommitId, DeviceName};
use crate::plan::fabric::{Plan, Revision};
use crate::plan::render::value;
use crate::plan::step::Step;
use crate::plan::{Action, plan_of_builds};
use crate::platform::effects::Effect;
use crate::yang::natural::natural;
use crate::yang::{Path, Value};

/// Reviews a pull request. Equal subjects give equal reviews, byte for byte, wherever they
/// are made.
pub fn review(subject: &Subject<'_>) -> Review {
    let mut review = empty(subject);
    match &subject.merged {
        Merged::Conflict { files } => review.verdict = Verdict::Conflict { files: files.clone() },
        Merged::TooLarge { why } => review.verdict = Verdict::TooLarge { why: why.clone() },
        Merged::Clean { build, snapshot } => clean(subject, build, snapshot, &mut review),
    }
    review.seal = json::seal(&review);
    review
}

/// A review that says nothing yet.
fn empty(subject: &Subject<'_>) -> Review {
    Review {
        fabric: subject.fabric.clone(),
        base: subject.base.commit.clone(),
        planned_from: subject.good.as_ref().map(|good| good.commit.clone()),
        base_has_errors: from(subject).build.findings.has_errors(),
        head: subject.head.clone(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        now: subject.now,
        moved: subject.moved.clone(),
        link: subject.link.clone(),
        verdict: Verdict::NoChanges,
        summary: Summary::default(),
        findings: Vec::new(),
        found: (0, 0),
        known_warnings: 0,
        guarded: Vec::new(),
        needs: BTreeMap::new(),
        groups: Vec::new(),
        risks: Vec::new(),
        untouched: Untouched::default(),
        passed_over: BTreeMap::new(),
        entering: Vec::new(),
        leaving: Vec::new(),
        by_hand: Vec::new(),
        waves: Vec::new(),
        stands_known: subject.stands.is_some(),
        drift: Vec::new(),
        pending: Vec::new(),
        revert: RevertProof::default(),
        guarantees: BTreeMap::new(),
        answers: Vec::new(),
        picture: Vec::new(),
        seal: String::new(),
    }
}

/// What the plan is from: the base, or the last good commit where the base has errors.
pub(super) fn from<'s, 'a>(subject: &'s Subject<'a>) -> &'s Side<'a> {
    subject.good.as_ref().unwrap_or(&subject.base)
}

fn clean(subject: &Subject<'_>, build: &Build, snapshot: &Snapshot, review: &mut Review) {
    let from = from(subject);
    let sources = Sources::new(Some(from.snapshot), snapshot);
    let fabric = build.fabric.as_ref().filter(|_| !build.findings.has_errors());
    let Some(fabric) = fabric else {
        review.refuse(&build.findings, from.build, &sources);
        return;
    };
    let revisions = (Some(Revision::Commit(from.commit.clone())), Revision::Commit(subject.head.clone()));
    let old = from.build.fabric.as_ref();
    let held = held(from.build);
    let plan = plan_of_builds(&held, fabric, &build.devices, revisions);
    let step = old.map_or_else(Step::default, |old| Step::between(old, fabric, &plan));
    if step.errors.has_errors() {
        let mut findings = build.findings.clone();
        findings.append(step.errors);
        review.refuse(&findings, from.build, &sources);
        return;
    }
    review.take_findings(&build.findings, from.build, &sources);
    review.hold(&step, subject, &sources);
    let topology = Topology::new(fabric);
    let before = old.map(|old| Topology::new(old));
    let touched = group::touched(&plan, &held, &build.devices);
    review.take_plan(&plan, fabric, old.map(Arc::as_ref));
    review.groups = group::groups(&touched, (before.as_ref(), &topology), &sources);
    let worst: BTreeMap<&DeviceName, Effect> =
        touched.iter().map(|device| (device.name, device.worst())).collect();
    review.summary.effect = worst.values().max().copied();
    review.risks = risk::risks(&worst, &topology, subject.stands);
    review.untouched = untouched(&plan, &touched);
    review.by_hand = by_hand(from.build, before.as_ref(), build, &topology);
    review.picture = picture(&plan, &worst, &topology);
    if let Some(stands) = subject.stands {
        review.drift = drift(&touched, stands);
        review.pending = pending(&touched, stands, &from.commit);
    }
    for device in &touched {
        let stand = subject.stands.and_then(|stands| stands.devices.get(device.name));
        let guarantee = stand.map(|stand| stand.guarantee).unwrap_or_default();
        review.guarantees.entry(guarantee).or_default().push(device.name.clone());
    }
    review.revert = proof::proof(&touched, &review.drift);
    proof::holds(from.build, fabric, build, &mut review.revert);
    review.answers = answers(subject, review);
}

/// What the devices of a build are taken to hold. A staged one was compiled and never written.
fn held(build: &Build) -> BTreeMap<DeviceName, Arc<DeviceBuild>> {
    let staged = |name: &DeviceName| {
        let device = build.fabric.as_ref().and_then(|fabric| fabric.devices.get(name));
        device.is_some_and(|device| *device.state == DeviceState::Staged)
    };
    let held = build.devices.iter().filter(|(name, _)| !staged(name));
    held.map(|(name, build)| (name.clone(), Arc::clone(build))).collect()
}

fn answers(subject: &Subject<'_>, review: &Review) -> Vec<Answer> {
    let answer = |question: &super::subject::Question| Answer {
        leaf: question.leaf.clone(),
        asked_by: question.asked_by.clone(),
        text: review.answer(subject, &question.leaf),
    };
    subject.questions.iter().map(answer).collect()
}

impl Review {
    fn refuse(&mut self, findings: &Findings, base: &Build, sources: &Sources<'_>) {
        self.take_findings(findings, base, sources);
        self.verdict = Verdict::Errors { count: self.found.0 };
    }

    /// Errors first, then what is new, as many as a review keeps.
    fn take_findings(&mut self, findings: &Findings, base: &Build, sources: &Sources<'_>) {
        self.found = findings.count();
        // a line may have moved: what is said decides whether the base has it too
        let said = |finding: &Finding| (finding.code, finding.message.clone(), finding.device.clone());
        let known: HashSet<_> = base.findings.iter().map(said).collect();
        let mut sorted: Vec<(bool, &Finding)> =
            findings.iter().map(|finding| (!known.contains(&said(finding)), finding)).collect();
        sorted.sort_by_key(|(fresh, finding)| (finding.severity != Severity::Error, !fresh));
        let is_known = |(fresh, finding): &&(bool, &Finding)| finding.severity == Severity::Warning && !fresh;
        self.known_warnings = sorted.iter().filter(is_known).count();
        let shown = |(fresh, finding): (bool, &Finding)| ReviewFinding { fresh, ..shown(finding, sources) };
        self.findings = sorted.into_iter().take(Self::FINDINGS).map(shown).collect();
    }

    fn hold(&mut self, step: &Step, subject: &Subject<'_>, sources: &Sources<'_>) {
        let held = step.guarded.iter().chain(step.deletions.iter());
        self.guarded = held.take(Self::FINDINGS).map(|finding| shown(finding, sources)).collect();
        let needs = step.needs().into_iter();
        self.needs =
            needs.map(|word| (word.as_str().to_owned(), subject.allowances.contains(word))).collect();
    }

    fn take_plan(&mut self, plan: &Plan, fabric: &Fabric, old: Option<&Fabric>) {
        let counts = plan.counts();
        self.summary = Summary {
            devices: fabric.devices.len(),
            changed: plan.changed().count(),
            added: counts.added,
            modified: counts.modified,
            deleted: counts.deleted,
            effect: None,
        };
        let missing = |allowed: &bool| !allowed;
        let allow: Vec<String> =
            self.needs.iter().filter(|(_, allowed)| missing(allowed)).map(|(word, _)| word.clone()).collect();
        self.verdict = match (allow.is_empty(), plan.is_empty()) {
            (false, _) => Verdict::Held { allow },
            (true, true) => Verdict::NoChanges,
            (true, false) => Verdict::Changes,
        };
        self.passed_over.clone_from(&plan.passed_over);
        self.waves.clone_from(&plan.waves);
        let Some(old) = old else { return };
        let rests = |state: DeviceState| crate::plan::between::at_rest(state).is_some();
        let enters = |name: &&DeviceName| {
            let before = old.devices.get(*name).is_none_or(|device| rests(*device.state));
            before && !self.passed_over.contains_key(*name)
        };
        self.entering = fabric.devices.keys().filter(enters).cloned().collect();
        let gone = old.devices.keys().filter(|name| !fabric.devices.contains_key(*name));
        self.leaving = gone.cloned().collect();
        for names in [&mut self.entering, &mut self.leaving] {
            names.sort_by(|a, b| natural(a.as_str(), b.as_str()));
        }
    }
}

fn shown(finding: &Finding, sources: &Sources<'_>) -> ReviewFinding {
    ReviewFinding {
        severity: finding.severity,
        code: finding.code,
        message: finding.message.clone(),
        hint: finding.hint.clone(),
        device: finding.device.clone(),
        fresh: true,
        at: finding.place.as_ref().map(|place| (sources.in_repository(&place.file), place.line)),
        drawn: draw(finding, &|file| sources.text(file), false),
    }
}

fn untouched(plan: &Plan, touched: &[Touched<'_>]) -> Untouched {
    let still = plan.devices.iter().filter(|(_, plan)| plan.is_empty()).map(|(name, _)| name.clone());
    let mut devices: Vec<DeviceName> = still.collect();
    devices.sort_by(|a, b| natural(a.as_str(), b.as_str()));
    let mut met: BTreeSet<&'static str> = BTreeSet::new();
    let mut names: Vec<&'static str> = Vec::new();
    for device in touched {
        for change in &device.plan.changes {
            met.insert(device.effects().area(&change.path));
        }
        for name in device.effects().area_names() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.retain(|name| !met.contains(name));
    Untouched { devices, areas: names }
}

/// What `bootstrap` prints otherwise than before, by what changes.
fn by_hand(old: &Build, before: Option<&Topology<'_>>, new: &Build, after: &Topology<'_>) -> Vec<ByHand> {
    let Some(before) = before else { return Vec::new() };
    let mut found: BTreeMap<Vec<(char, String)>, Vec<DeviceName>> = BTreeMap::new();
    for (name, build) in &new.devices {
        let Some(was) = old.devices.get(name) else { continue };
        if Arc::ptr_eq(was, build) {
            continue;
        }
        let text = |topology: &Topology<'_>| {
            Slice::of(topology.fabric(), topology, name).map(|slice| bootstrap::text(&slice))
        };
        let (Some(was), Some(is)) = (text(before), text(after)) else { continue };
        let lines = lines(&was, &is);
        if !lines.is_empty() {
            found.entry(lines).or_default().push(name.clone());
        }
    }
    let by_hand = |(lines, mut devices): (Vec<(char, String)>, Vec<DeviceName>)| {
        devices.sort_by(|a, b| natural(a.as_str(), b.as_str()));
        ByHand { devices, lines }
    };
    found.into_iter().map(by_hand).collect()
}

/// The lines that only one of two texts has, each below the mode that it is typed in. A mode
/// that only has another name, as `router bgp` of another AS, is entered and never taken away:
/// that would delete what is sent.
fn lines(was: &str, is: &str) -> Vec<(char, String)> {
    let (old, new) = (sections(was), sections(is));
    let kind = |mode: &str| mode.rsplit_once(' ').map_or(mode, |(kind, _)| kind).to_owned();
    let kinds: BTreeSet<String> = new.iter().map(|(mode, _)| kind(mode)).collect();
    let mut found = Vec::new();
    let sides = [('-', &old, &new), ('+', &new, &old)];
    for (sign, these, others) in sides {
        for (mode, lines) in these {
            let other = others.iter().find(|(other, _)| other == mode).map(|(_, lines)| lines);
            if lines.is_empty() && other.is_none() {
                found.push((sign, (*mode).to_owned()));
            }
            let renamed = sign == '-' && other.is_none() && kinds.contains(&kind(mode));
            let mut own =
                lines.iter().filter(|line| !renamed && other.is_none_or(|lines| !lines.contains(line)));
            if let Some(first) = own.next() {
                found.push((' ', (*mode).to_owned()));
                found.extend([first].into_iter().chain(own).map(|line| (sign, (*line).to_owned())));
            }
        }
    }
    found
}

/// A text's lines at the margin, each with those that are indented below it.
fn sections(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !matches!(line.trim(), "" | "!")) {
        match sections.last_mut() {
            Some((_, below)) if line.starts_with(' ') => below.push(line),
            _ => sections.push((line, Vec::new())),
        }
    }
    sections
}

fn picture(plan: &Plan, worst: &BTreeMap<&DeviceName, Effect>, topology: &Topology<'_>) -> Vec<Pictured> {
    let pictured = |name: &DeviceName| Pictured {
        device: name.clone(),
        tier: topology.tier(name),
        pair: topology.pair_of(name).map(|pair| pair.name.clone()),
        above: topology.links(name).iter().filter(|link| link.up).map(|link| link.remote.clone()).collect(),
        effect: worst.get(name).copied(),
        at_rest: plan.passed_over.contains_key(name),
    };
    let mut picture: Vec<Pictured> = topology.fabric().devices.keys().map(pictured).collect();
    picture.sort_by(|a, b| b.tier.cmp(&a.tier).then_with(|| natural(a.device.as_str(), b.device.as_str())));
    picture
}

/// The drifted leaves that a plan writes or takes away.
fn drift(touched: &[Touched<'_>], stands: &Stands) -> Vec<Overwritten> {
    let mut found = Vec::new();
    for device in touched {
        let Some(stand) = stands.devices.get(device.name).filter(|stand| !stand.drift.is_empty()) else {
            continue;
        };
        for drifted in &stand.drift {
            let Ok(path) = drifted.path.parse::<Path>() else { continue };
            let change = device.plan.changes.iter().find(|change| change.path == path);
            let removed = || device.plan.removed.iter().any(|entry| path.starts_with(entry));
            let after = match change.map(|change| &change.action) {
                Some(Action::Add { to } | Action::Modify { to, .. }) => Some(value(&to.value)),
                Some(Action::Delete { .. }) => None,
                None if removed() => None,
                None => continue,
            };
            let drifted = masked(device, &path, drifted);
            found.push(Overwritten { device: device.name.clone(), drifted, after });
        }
    }
    found
}

/// A drifted leaf without its values, if the intent has a secret there: whoever made the
/// stands should have seen to it, and need not have.
fn masked(device: &Touched<'_>, path: &Path, drifted: &Drifted) -> Drifted {
    let trees = [Some(&device.after.tree), device.before.map(|before| &before.tree)];
    let secret = trees.into_iter().flatten().find_map(|tree| match &tree.get(path)?.value {
        Value::Secret(name) => Some(format!("secret:{name}")),
        _ => None,
    });
    match secret {
        Some(name) => Drifted {
            path: drifted.path.clone(),
            recorded: drifted.recorded.as_ref().map(|_| name.clone()),
            live: drifted.live.as_ref().map(|_| format!("{name} (changed)")),
        },
        None => drifted.clone(),
    }
}

/// The devices that change and do not hold the base.
fn pending(touched: &[Touched<'_>], stands: &Stands, base: &CommitId) -> Vec<Pending> {
    let mut found: BTreeMap<(Option<CommitId>, String), Vec<DeviceName>> = BTreeMap::new();
    for device in touched {
        let stand = stands.devices.get(device.name);
        let holds = stand.and_then(|stand| stand.commit.clone());
        if holds.as_ref() != Some(base) {
            let standing = stand.map_or_else(|| "not on record".to_owned(), |stand| stand.standing.clone());
            found.entry((holds, standing)).or_default().push(device.name.clone());
        }
    }
    found.into_iter().map(|((holds, standing), devices)| Pending { holds, standing, devices }).collect()
}
