//! Which deliveries have been seen, so that none counts twice.
//!
//! Here: [`Seen`], in terms of given instants. A delivery is remembered for as long as its
//! time stamp would let it in again; of too many the oldest is forgotten, since a delivery
//! that counts twice costs one look at NetBox or the forge, and memory without bound costs the process.
//! Elsewhere: how old a delivery may be (`netbox`, `forge`).

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use ring::digest::{Digest, SHA256, digest};
use tokio::time::Instant;

/// How many deliveries are remembered: 300 kB. A worker of NetBox sends some seven a
/// second, 2,000 in five minutes.
const MOST: usize = 4096;

type Print = [u8; 32];

/// The deliveries of the last minutes, by the SHA-256 of their bodies.
#[derive(Debug)]
pub(super) struct Seen {
    window: Duration,
    prints: HashSet<Print>,
    /// In the order of arrival, so that the front is always the next to go.
    order: VecDeque<(Instant, Print)>,
}

impl Seen {
    /// Remembers each delivery for at least `window`.
    pub(super) fn new(window: Duration) -> Self {
        Self { window, prints: HashSet::new(), order: VecDeque::new() }
    }

    /// Whether this body is seen for the first time.
    pub(super) fn first_time(&mut self, body: &[u8], now: Instant) -> bool {
        self.first_time_of(&digest(&SHA256, body), now)
    }

    /// The same of a body that is not held as a whole, by its SHA-256.
    pub(super) fn first_time_of(&mut self, body: &Digest, now: Instant) -> bool {
        while let Some((arrived, print)) = self.order.front()
            && (now.saturating_duration_since(*arrived) > self.window || self.order.len() >= MOST)
        {
            self.prints.remove(print);
            self.order.pop_front();
        }
        let mut print = Print::default();
        print.iter_mut().zip(body.as_ref()).for_each(|(to, from)| *to = *from);
        let first = self.prints.insert(print);
        if first {
            self.order.push_back((now, print));
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_counts_once_within_the_window() {
        let start = Instant::now();
        let mut seen = Seen::new(Duration::from_mins(5));
        for (case, body, second, expected) in [
            ("the first", "a", 0, true),
            ("again at once", "a", 0, false),
            ("another", "b", 10, true),
            ("again at the end of the window", "a", 300, false),
            ("after the window", "a", 301, true),
            ("its neighbour is still known", "b", 310, false),
        ] {
            let now = start + Duration::from_secs(second);
            assert_eq!(seen.first_time(body.as_bytes(), now), expected, "{case}");
        }
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_is_forgotten_first() {
        let now = Instant::now();
        let mut seen = Seen::new(Duration::from_mins(5));
        for number in 0..MOST + 10 {
            assert!(seen.first_time(number.to_string().as_bytes(), now), "{number}");
        }
        assert_eq!((seen.prints.len(), seen.order.len()), (MOST, MOST));
        assert!(!seen.first_time((MOST + 9).to_string().as_bytes(), now), "the newest is known");
        assert!(seen.first_time(b"0", now), "the oldest was forgotten");
    }
}
