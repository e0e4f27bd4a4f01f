//! How patient a watcher is.

use std::time::Duration;

/// How patient a watcher is. The defaults are those of the agent's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long nothing more must be told before suspects are looked at.
    pub quiet: Duration,
    /// The longest that a burst puts off the look.
    pub burst: Duration,
    /// How long a change that no suspect explains is left to explain itself.
    pub settle: Duration,
    /// Between looks at the whole for such changes.
    pub unexplained: Duration,
    /// Between looks at a device, or at a subtree, that cannot tell of changes.
    pub poll: Duration,
    /// Between looks at the whole of a device that tells of changes: nothing hides for ever
    /// behind a stream that forgets to say something.
    pub read_back: Duration,
    /// After the first failure; doubles up to `away`.
    pub retry: Duration,
    /// The longest between two calls of a device that does not answer.
    pub away: Duration,
    /// More places than these are looked at as one: the whole.
    pub suspects: usize,
}

impl Default for Settings {
    /// - quiet 20 ms, burst 1 s: a person sees it at once, and one commit on a device is one look.
    /// - settle 10 s, unexplained 1 min: one look a minute for somebody who types all day.
    /// - poll 5 min, read back 1 h: a whole configuration is hundreds of kilobytes.
    /// - retry 1 s, away 1 min: a supervisor's agent restarts in seconds.
    /// - 64 suspects: beyond it one large Get costs less than many small ones.
    fn default() -> Self {
        Self {
            quiet: Duration::from_millis(20),
            burst: Duration::from_secs(1),
            settle: Duration::from_secs(10),
            unexplained: Duration::from_mins(1),
            poll: Duration::from_mins(5),
            read_back: Duration::from_hours(1),
            retry: Duration::from_secs(1),
            away: Duration::from_mins(1),
            suspects: 64,
        }
    }
}
