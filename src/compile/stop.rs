//! When to give up: a build of a stranger's files must end.
//!
//! Here: [`Stop`], asked between files, devices and rules, and [`GaveUp`]. The pure stage
//! has no clock: who builds says when it is too late. Elsewhere: limits on files and bytes
//! (`git::snapshot`).

/// Says whether the build is to end now; asked again and again.
pub type Stop<'s> = &'s dyn Fn() -> bool;

/// The build was told to stop: nothing is known of what it would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("gave up: the intent is too large to be built in the time that it may take")]
pub struct GaveUp;
