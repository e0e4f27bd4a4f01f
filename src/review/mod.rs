//! What a plan means for the people who decide: the review of a pull request.
//!
//! `subject` (all that a review depends on), `stands` (how devices stand, as the agent
//! publishes it), `report` (what comes out), `judge` (from the one to the other), `group`
//! (devices with the same change), `risk` (redundancy), `proof` (whether it can be taken
//! back), `explain` (one leaf), `source` (lines of the intent), `marker` (how our comment is
//! found again), `text` (words and escaping), `comment`, `page` and `json` (for people and
//! machines). Pure: no clock, no network, no files. Elsewhere: merging (`git`), compiling
//! and planning (`compile`, `plan`), bringing a review to a forge (`forge`,
//! `agent::reviews`, `cli::comment`).

mod comment;
mod explain;
mod group;
mod json;
mod judge;
mod marker;
mod page;
mod proof;
pub mod report;
mod risk;
mod source;
mod stands;
mod subject;
#[cfg(test)]
mod tests;
mod text;

pub use comment::Budget;
pub use explain::explain;
pub use judge::review;
pub use marker::Marker;
pub use report::{Answer, Group, Review, ReviewFinding, State, Verdict};
pub use stands::{Drifted, Guarantee, Stand, Stands};
pub use subject::{Merged, Moved, Question, Side, Subject};
