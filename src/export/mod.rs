//! The export job: what NetBox says, committed as intent.
//!
//! `place` (the repository and the way to it), `assemble` (the files of one commit), `edits`
//! (what people changed in exported files, found in the history), `judge` (whether the result
//! stands), `asked` (who asked for it), `message` (what changed, in words, with trailers), `once`
//! (one export from reading to commit), `proposal` (as a pull request), `watch` (again and
//! again), `gate` (what a signal does not cut), `token` (read again when rotated). Elsewhere:
//! reading NetBox and making files of it (`netbox`), forges (`forge`), what the files mean
//! (`intent`).

mod asked;
mod assemble;
mod edits;
mod gate;
mod judge;
mod message;
mod once;
mod place;
mod proposal;
mod report;
mod token;
mod watch;

pub use once::{Exporter, Job};
pub use place::Target;
pub use proposal::{Proposals, Target as ForgeTarget};
pub use report::{Contested, Outcome, Report};
pub use token::{Token, secret_in};
pub use watch::watch;
