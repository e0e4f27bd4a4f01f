//! What one commit does to the fabric of the one before, and whether it may without a
//! person's word: the same in the agent and in a review.
//!
//! Here: [`Step`], from two fabrics and the plan between them. Elsewhere: each rule
//! (`intent::check_succession`, `fabric`, `guarded`), what Git sees (`git::brakes`).

use std::collections::BTreeSet;

use super::fabric::Plan;
use super::guarded::guarded;
use crate::diagnostic::{Finding, Findings};
use crate::git::{Allowance, Allowances};
use crate::intent::{Fabric, check_succession};

/// The step from one fabric to the next.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What no trailer allows.
    pub errors: Findings,
    /// What `Gitfabric-Allow: deletions` allows.
    pub deletions: Findings,
    /// What `Gitfabric-Allow: guarded` allows.
    pub guarded: Findings,
}

impl Step {
    /// Judges the step. The plan is the one between the two fabrics.
    pub fn between(before: &Fabric, after: &Fabric, plan: &Plan) -> Self {
        let mut step = Self::default();
        for finding in check_succession(before, after).iter().cloned() {
            if is_deletion(&finding) {
                step.deletions.push(with_way_out(finding));
            } else {
                step.errors.push(finding);
            }
        }
        step.deletions.extend(plan.brake(&after.design.limits, &BTreeSet::new()));
        step.guarded = guarded(before, after);
        step
    }

    /// What holds the step for want of a person's word.
    pub fn held(&self, allowances: &Allowances) -> Findings {
        let mut held = Findings::new();
        if !allowances.contains(Allowance::Deletions) {
            held.extend(self.deletions.iter().cloned());
        }
        if !allowances.contains(Allowance::Guarded) {
            held.extend(self.guarded.iter().cloned());
        }
        held
    }

    /// What a commit must say so that nothing holds the step.
    pub fn needs(&self) -> BTreeSet<Allowance> {
        let needed = [(&self.deletions, Allowance::Deletions), (&self.guarded, Allowance::Guarded)];
        needed.into_iter().filter(|(findings, _)| !findings.is_empty()).map(|(_, word)| word).collect()
    }
}

/// What the trailer `Gitfabric-Allow: deletions` lets through, among the rules that compare
/// a commit with the one before.
fn is_deletion(finding: &Finding) -> bool {
    matches!(finding.code, "devices-deleted" | "device-not-released")
}

fn with_way_out(finding: Finding) -> Finding {
    let hint = finding.hint.clone().map_or_else(String::new, |hint| hint + "; or ");
    finding.hint(hint + &Allowance::Deletions.hint())
}
