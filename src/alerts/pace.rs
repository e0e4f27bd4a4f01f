//! When a message that was not taken is tried again, and when it is given up.
//!
//! Pure. Elsewhere: what an answer means (`send`), waiting (`agent::alerts`).

use std::time::Duration;

use jiff::Timestamp;

/// How long is waited for more of the same before a message is sent.
pub const QUIET: Duration = Duration::from_secs(1);

/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);

/// The longest that a receiver may ask for.
const ASKED: Duration = Duration::from_hours(1);
/// No pause is longer: asked for, and a fifth more.
pub const FARTHEST: Duration = Duration::from_hours(2);

/// A message that was tried so often lets others be tried before it: perhaps it alone is the trouble.
pub const ASIDE: u32 = 3;

/// A message is a dead letter after so many tries, if it is also so old. A receiver that is
/// away for a night is told in the morning; one that was away while we were, too.
const TRIES: u32 = 12;
const OLD: Duration = Duration::from_hours(24);

/// What becomes of a message that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again then.
    At(Timestamp),
    /// It is given up.
    Never,
}

/// After so many tries of something that happened at `at`, the last just `now`: 1 s, doubled
/// with each try up to five minutes, or what the receiver asks for if that is longer, a fifth more or
/// less. `random` is any number.
pub fn next(tries: u32, at: Timestamp, now: Timestamp, asked: Option<Duration>, random: u64) -> Next {
    let age = now.duration_since(at);
    if tries >= TRIES && age.is_positive() && age.unsigned_abs() >= OLD {
        return Next::Never;
    }
    let pause = PAUSE.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(LONGEST);
    let fraction = f64::from((random >> 32) as u32) / f64::from(u32::MAX);
    let pause = pause.mul_f64(0.8 + 0.4 * fraction);
    // who asks for patience gets it in whole
    let pause = pause.max(asked.unwrap_or_default().min(ASKED));
    Next::At(now.checked_add(pause).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIDDLE: u64 = u64::MAX / 2;

    #[test]
    fn pauses_grow_and_end_after_many_tries_and_a_day() {
        let hour = Duration::from_hours(1);
        let s = Duration::from_secs;
        for (case, tries, age, asked, expected) in [
            ("the first failure", 1, s(2), None, Some(s(1))),
            ("the third", 3, s(9), None, Some(s(4))),
            ("far on", 40, 23 * hour, None, Some(s(300))),
            ("many tries within a day", 12, 2 * hour, None, Some(s(300))),
            ("few tries, as nobody was there to try", 2, 50 * hour, None, Some(s(2))),
            ("many, and a day", 12, 24 * hour, None, None),
            ("it asks for a minute", 1, s(2), Some(s(60)), Some(s(60))),
            ("it asks for less than we give", 6, s(2), Some(s(1)), Some(s(32))),
            ("it asks for a year", 1, s(2), Some(8_760 * hour), Some(hour)),
        ] {
            let at = Timestamp::from_second(1_000_000).unwrap();
            let now = at + age;
            let expected = expected.map_or(Next::Never, |pause| Next::At(now + pause));
            let rounded = match next(tries, at, now, asked, MIDDLE) {
                Next::At(at) => Next::At(at.round(jiff::Unit::Second).unwrap()),
                Next::Never => Next::Never,
            };
            assert_eq!(rounded, expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn no_number_panics_and_a_clock_that_went_back_gives_nothing_up(
            tries: u32, at in -1_000_000_i64..1_000_000, now in -1_000_000_i64..1_000_000, asked: u64, random: u64
        ) {
            let (at, now) = (Timestamp::from_second(at).unwrap(), Timestamp::from_second(now).unwrap());
            let next = next(tries, at, now, Some(Duration::from_secs(asked)), random);
            prop_assert!(now >= at || next != Next::Never);
        }
    }
}
