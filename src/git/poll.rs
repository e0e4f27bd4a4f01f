//! When to look at the repository again: an interval with jitter, longer after failures.
//!
//! Pure but for [`random`]: the caller brings the number and sleeps. Elsewhere: the fetch (`mirror`),
//! the loop (`agent`), local repositories, which need no polling (`watch`).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

/// A number that two processes started at the same time do not share: for jitter, and for
/// nothing that must not be guessed.
pub fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// An interval around `base`, up to `jitter` (a fraction, 0 to 1) of it shorter or longer, so
/// that many agents do not ask the same server at the same moment. `random` is any number.
pub fn interval(base: Duration, jitter: f64, random: u64) -> Duration {
    let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 };
    // 32 bits are exact in a double, and finer than any timer
    let fraction = f64::from((random >> 32) as u32) / f64::from(u32::MAX);
    let factor = 1.0 + jitter * (2.0 * fraction - 1.0);
    Duration::try_from_secs_f64(base.as_secs_f64() * factor).unwrap_or(base)
}

/// The interval after `failures` failures in a row: doubled with each, at most `longest`
/// (and never below `base`), with the same jitter.
pub fn backoff(base: Duration, longest: Duration, failures: u32, jitter: f64, random: u64) -> Duration {
    let doubled = base.saturating_mul(2_u32.saturating_pow(failures));
    interval(doubled.min(longest.max(base)), jitter, random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn failures_double_the_interval_up_to_its_cap() {
        for (case, failures, expected) in [
            ("none", 0, s(30)),
            ("one", 1, s(60)),
            ("three", 3, s(240)),
            ("at the cap", 4, s(300)),
            ("far beyond", u32::MAX, s(300)),
        ] {
            assert_eq!(backoff(s(30), s(300), failures, 0.0, 7), expected, "{case}");
        }
        assert_eq!(backoff(s(30), s(5), 4, 0.0, 7), s(30), "a cap below the base");
    }

    #[test]
    fn jitter_spreads_from_its_lower_to_its_upper_end() {
        assert_eq!(interval(s(30), 0.1, 0), s(27));
        assert_eq!(interval(s(30), 0.1, u64::MAX), s(33));
        assert_eq!(interval(s(30), f64::NAN, 9), s(30));
        assert_eq!(interval(Duration::MAX, 1.0, u64::MAX), Duration::MAX);
    }

    proptest! {
        #[test]
        fn an_interval_stays_within_its_jitter(base in 0_u64..1_000_000, random: u64) {
            let seconds = interval(s(base), 0.1, random).as_secs_f64();
            let middle = s(base).as_secs_f64();
            prop_assert!((middle * 0.9 - 1e-6..=middle * 1.1 + 1e-6).contains(&seconds));
        }

        #[test]
        fn no_number_makes_it_panic(base: u64, nanos in 0_u32..1_000_000_000, failures: u32, jitter: f64, random: u64) {
            let _ = backoff(Duration::new(base, nanos), Duration::MAX, failures, jitter, random);
        }
    }
}
