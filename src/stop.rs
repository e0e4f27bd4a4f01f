//! When to give up: work on what a stranger wrote must end.
//!
//! Here: [`Stop`], asked between files, rules and devices, and [`GaveUp`]. The pure stages have
//! no clock: whoever starts them says when it is too late. Elsewhere: limits on files and
//! bytes (`git::snapshot`), on findings (`diagnostic`).

/// Says whether to end now; asked again and again, so that it has to be cheap.
pub type Stop<'s> = &'s dyn Fn() -> bool;

/// It was told to stop: nothing is known of what the result would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("gave up: the intent is too large to be built in the time that it may take")]
pub struct GaveUp;

/// Ends here if it is time.
pub(crate) fn unless(stop: Stop<'_>) -> Result<(), GaveUp> {
    if stop() { Err(GaveUp) } else { Ok(()) }
}

/// What comes of work that nobody stops.
pub(crate) fn unstopped<T>(work: impl FnOnce(Stop<'_>) -> Result<T, GaveUp>) -> T {
    match work(&|| false) {
        Ok(result) => result,
        Err(GaveUp) => unreachable!("nobody says stop"),
    }
}
