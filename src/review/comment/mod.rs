//! The comment on a pull request, in the Markdown that GitHub, GitLab and Gitea read.
//!
//! Here: [`Budget`], and leaving out detail until a review fits: leaves first, then commands,
//! then groups, then findings, always with a word about what is left out. Whole blocks are
//! left out, so that no fence or tag is ever cut. `parts` (the sections), `plan` (what
//! changes on a group), `detail` (how much is shown). Elsewhere: escaping (`text`), how long
//! a forge lets a comment be (`forge`).

mod detail;
mod parts;
mod plan;

use self::detail::Detail;
pub(super) use self::parts::{said, time};
use super::marker::Marker;
use super::report::{Review, Verdict};
use super::text::{counted, cut};
use crate::platform::effects::Effect;

/// How long a comment may be, as the forge counts.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The limit.
    pub limit: usize,
    /// The length of a text.
    pub measure: fn(&str) -> usize,
}

impl Budget {
    /// A comment never needs more than this.
    pub const LEAST: usize = 8000;
}

impl Review {
    /// The comment, marker first, never beyond a budget of at least [`Budget::LEAST`]: detail
    /// is left out until it fits. A comment that people can read is short: of many groups
    /// only the first ones are shown whole, even where the forge would take more.
    pub fn comment(&self, budget: &Budget) -> String {
        let marker = Marker {
            fabric: self.fabric.clone(),
            base: self.base.clone(),
            head: self.head.clone(),
            seal: self.seal.clone(),
            engine: self.engine.clone(),
        };
        let marker = marker.lines();
        let mut drawn = String::new();
        for detail in Detail::steps() {
            drawn = marker.clone() + &parts::draw(self, &detail);
            if (budget.measure)(&drawn) <= budget.limit {
                break;
            }
        }
        drawn
    }

    /// All of it in Markdown, of any length and without marker: for job summaries.
    pub fn markdown(&self) -> String {
        parts::draw(self, &Detail::whole())
    }

    /// A line of at most 140 characters for a commit status.
    pub fn status_line(&self) -> String {
        cut(&self.said(), 139)
    }

    /// The verdict in a line, without markup.
    pub(super) fn said(&self) -> String {
        let summary = &self.summary;
        let verb = if summary.changed == 1 { "changes" } else { "change" };
        let devices = counted(summary.devices, "device", "devices");
        let devices = format!("{} of {devices} {verb}", summary.changed);
        let leaves = format!("leaves +{} ~{} -{}", summary.added, summary.modified, summary.deleted);
        match &self.verdict {
            Verdict::NoChanges => format!("no device changes ({} in the intent)", summary.devices),
            Verdict::Changes => format!("{devices}, {leaves}, {}", self.risk()),
            Verdict::Held { allow } => format!(
                "held: needs Gitfabric-Allow: {}; {devices}, {leaves}, {}",
                allow.join(", "),
                self.risk()
            ),
            Verdict::Errors { count } => {
                let warnings = match self.found.1 {
                    0 => String::new(),
                    count => format!(", {}", counted(count, "warning", "warnings")),
                };
                format!("does not compile: {}{warnings}", counted(*count, "error", "errors"))
            }
            Verdict::Conflict { files } => {
                format!("conflicts with the base in {}", counted(files.len(), "file", "files"))
            }
            Verdict::TooLarge { .. } => "too large to be planned".to_owned(),
        }
    }

    /// The gravest effect, whether redundancy is at risk, and whether it can be taken back.
    fn risk(&self) -> String {
        let effect = self.summary.effect.map_or("hitless", Effect::as_str);
        let redundancy = if self.risks.is_empty() { "" } else { ", redundancy at risk" };
        let back = match (self.revert.computed, self.reverts()) {
            (false, _) => "",
            (_, true) if !self.revert.held.is_empty() => ", reverts without loss but held",
            (_, true) if !self.by_hand.is_empty() => ", reverts without loss but by hand in part",
            (_, true) => ", reverts without loss",
            (_, false) => ", does not revert whole",
        };
        format!("{effect}{redundancy}{back}")
    }
}
