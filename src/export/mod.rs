//! The export job: what NetBox says, committed as intent.
//!
//! `place` (the repository and the way to it), `assemble` (the files of one commit), `edits` (what people changed in exported
//! files, found in the history), `message` (what changed, in words, with trailers), `once`
//! (one export from reading to commit), `proposal` (as a pull request), `watch` (again and
//! again). Elsewhere: reading NetBox and
//! making files of it (`netbox`), forges (`forge`), what the files mean (`intent`).

mod assemble;
mod edits;
mod message;
mod once;
mod place;
mod proposal;
mod report;
mod watch;

pub use once::{Exporter, Job};
pub use place::Target;
pub use proposal::{Proposals, Target as ForgeTarget};
pub use report::{Contested, Outcome, Report};
pub use watch::watch;
