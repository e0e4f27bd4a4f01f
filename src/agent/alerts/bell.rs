//! What wakes the threads that tell people, and ends them.
//!
//! Nothing depends on it but how soon: whoever misses it looks by itself.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Rung when there is news. Each clone is the same bell.
#[derive(Clone, Debug, Default)]
pub(in crate::agent) struct Bell(Arc<(Mutex<Rung>, Condvar)>);

#[derive(Debug, Default)]
struct Rung {
    times: u64,
    /// Set at the end: when everybody is to be done.
    until: Option<Instant>,
}

impl Bell {
    /// There is news.
    pub(in crate::agent) fn ring(&self) {
        self.rung().times += 1;
        self.0.1.notify_all();
    }

    /// It is the end: what is under way has so long.
    pub(super) fn close(&self, within: Duration) {
        let until = Instant::now() + within;
        let mut rung = self.rung();
        rung.until = Some(rung.until.map_or(until, |before| before.min(until)));
        drop(rung);
        self.0.1.notify_all();
    }

    /// Waits until it was rung more often than was heard, or it is the end, or at most so long.
    pub(super) fn wait(&self, heard: &mut u64, at_most: Duration) {
        let is_quiet = |rung: &mut Rung| rung.times == *heard && rung.until.is_none();
        let waited = self.0.1.wait_timeout_while(self.rung(), at_most, is_quiet);
        *heard = waited.unwrap_or_else(PoisonError::into_inner).0.times;
    }

    /// Whether it is the end.
    pub(super) fn is_closed(&self) -> bool {
        self.rung().until.is_some()
    }

    /// Whether nothing more must be begun.
    pub(super) fn is_over(&self) -> bool {
        self.rung().until.is_some_and(|until| Instant::now() >= until)
    }

    fn rung(&self) -> MutexGuard<'_, Rung> {
        // two plain values are whole at any time
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_rung_before_is_heard_and_the_end_ends_every_wait() {
        let (bell, mut heard) = (Bell::default(), 0);
        bell.ring();
        bell.wait(&mut heard, Duration::from_hours(1));
        assert_eq!(heard, 1);
        bell.wait(&mut heard, Duration::ZERO);
        bell.close(Duration::from_hours(1));
        bell.wait(&mut heard, Duration::from_hours(1));
        assert!(bell.is_closed() && !bell.is_over());
        bell.close(Duration::ZERO);
        assert!(bell.is_over());
    }
}
