//! When a burst is over.
//!
//! Here: [`Debounce`], in terms of given instants. The deletion of one device is 23
//! deliveries, and must be one commit. Elsewhere: waiting for it (`wake`).

use std::time::Duration;

use tokio::time::Instant;

/// Says when to act on things that come in bursts: after a quiet time, and at the latest
/// some time after the first, so that an unending burst is acted on as well.
#[derive(Clone, Debug)]
pub struct Debounce {
    quiet: Duration,
    most: Duration,
    /// The first and the last arrival that were not acted on yet.
    burst: Option<(Instant, Instant)>,
}

impl Default for Debounce {
    /// Two seconds of quiet: a worker of NetBox needs 0.15 s a delivery, and works off what
    /// one request did without a pause. At most 30 seconds from the first.
    fn default() -> Self {
        Self::new(Duration::from_secs(2), Duration::from_secs(30))
    }
}

impl Debounce {
    /// Acts after `quiet` without an arrival, at most `most` after the first.
    pub fn new(quiet: Duration, most: Duration) -> Self {
        Self { quiet, most, burst: None }
    }

    /// Something arrived at this instant; instants may come out of order.
    pub fn note(&mut self, at: Instant) {
        let (first, last) = self.burst.unwrap_or((at, at));
        self.burst = Some((first.min(at), last.max(at)));
    }

    /// When to act on what arrived; `None` if nothing did.
    pub fn due(&self) -> Option<Instant> {
        let (first, last) = self.burst?;
        // a time beyond what the system can count is a debounce that never ends of itself
        let quiet = last.checked_add(self.quiet);
        let most = first.checked_add(self.most);
        quiet.into_iter().chain(most).min().or(Some(last))
    }

    /// It was acted on: what arrives next is a new burst.
    pub fn clear(&mut self) {
        self.burst = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays arrivals (in milliseconds) and says when each burst is acted on.
    fn play(debounce: &mut Debounce, arrivals: &[u64]) -> Vec<u128> {
        let start = Instant::now();
        let mut acted = Vec::new();
        let mut act = |debounce: &mut Debounce, until: Option<Instant>| {
            if let Some(due) = debounce.due()
                && until.is_none_or(|until| due <= until)
            {
                acted.push(due.duration_since(start).as_millis());
                debounce.clear();
            }
        };
        for arrival in arrivals {
            let at = start + Duration::from_millis(*arrival);
            act(debounce, Some(at));
            debounce.note(at);
        }
        act(debounce, None);
        acted
    }

    #[test]
    fn a_burst_is_acted_on_once() {
        let one_device: Vec<u64> = (0..23).map(|delivery| delivery * 150).collect();
        let unending: Vec<u64> = (0..620).map(|delivery| delivery * 100).collect();
        for (case, arrivals, expected) in [
            ("nothing", &[][..], &[][..]),
            ("one", &[0], &[2_000]),
            ("one device is deleted: 23 deliveries", &one_device, &[22 * 150 + 2_000]),
            ("two, apart", &[0, 5_000], &[2_000, 7_000]),
            ("just within the quiet time", &[0, 1_999], &[3_999]),
            ("it does not end", &unending, &[30_000, 60_000, 63_900]),
        ] {
            assert_eq!(play(&mut Debounce::default(), arrivals), expected, "{case}");
        }
    }

    #[test]
    fn no_length_of_time_is_a_panic() {
        for (quiet, most) in [(Duration::MAX, Duration::MAX), (Duration::MAX, Duration::from_secs(1))] {
            let mut debounce = Debounce::new(quiet, most);
            debounce.note(Instant::now());
            assert!(debounce.due().is_some());
        }
    }
}
