//! What is to be brought to one receiver, and which of it is next.
//!
//! Pure. The order of things binds for each device alone: a message that is not taken holds up what
//! follows on it, and nothing else. Elsewhere: bringing it (`courier`), the pauses (`alerts::pace`).

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::alerts::{Event, pace};

/// A message on its way.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    /// The numbers of the news in it, ascending.
    pub(super) ids: Vec<i64>,
    /// What it says.
    pub(super) event: Event,
    /// Whether what it says is written down: it was tried.
    pub(super) is_written: bool,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// Not before: more of the same may come, or its receiver is given time.
    pub(super) not_before: Option<Timestamp>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This one is brought.
    Bring(usize),
    /// Nothing for so long.
    Wait(Duration),
    /// There is nothing.
    Nothing,
}

/// The next of these, which are in the order in which things happened. One that was tried often is
/// behind all others: perhaps it alone is not taken.
pub(super) fn next(letters: &[Letter], now: Timestamp) -> Next {
    let mut before = BTreeSet::new();
    let (mut best, mut wait) = (None, None);
    for (at, letter) in letters.iter().enumerate() {
        let is_behind = letter.event.subjects().any(|subject| before.contains(&subject));
        before.extend(letter.event.subjects());
        if is_behind {
            continue;
        }
        if let Some(time) = letter.not_before.filter(|time| *time > now) {
            let left = time.duration_since(now).unsigned_abs();
            wait = Some(wait.map_or(left, |other: Duration| other.min(left)));
        } else {
            let order = (letter.attempts >= pace::ASIDE, at);
            best = Some(best.map_or(order, |other: (bool, usize)| other.min(order)));
        }
    }
    match (best, wait) {
        (Some((_, at)), _) => Next::Bring(at),
        (None, Some(left)) => Next::Wait(left),
        (None, None) => Next::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{News, NewsKind};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn letter(devices: &str, attempts: u32, not_before: Option<i64>) -> Letter {
        let mut names = devices.split_whitespace().map(|name| name.parse().unwrap());
        let news = News {
            kind: NewsKind::DeviceLost,
            device: names.next(),
            commit: None,
            at: at(0),
            summary: String::new(),
            detail: None,
            leaves: Vec::new(),
            unlisted: 0,
        };
        let mut event = Event::of(1, "dc1".parse().unwrap(), news);
        event.devices = names.collect();
        Letter { ids: vec![1], event, is_written: attempts > 0, attempts, not_before: not_before.map(at) }
    }

    #[test]
    fn the_order_binds_for_each_device_and_what_is_never_taken_holds_up_nobody_else() {
        let wait = |seconds| Next::Wait(Duration::from_secs(seconds));
        for (case, letters, expected) in [
            ("nothing", vec![], Next::Nothing),
            ("the oldest", vec![letter("a", 0, None), letter("b", 0, None)], Next::Bring(0)),
            (
                "one waits, the other need not",
                vec![letter("a", 1, Some(20)), letter("b", 0, None)],
                Next::Bring(1),
            ),
            ("the same device", vec![letter("a", 1, Some(20)), letter("a", 0, None)], wait(10)),
            ("its time has come", vec![letter("a", 1, Some(9)), letter("b", 0, None)], Next::Bring(0)),
            ("tried often", vec![letter("a", 3, None), letter("b", 0, None)], Next::Bring(1)),
            ("tried often, alone", vec![letter("a", 3, None), letter("a", 0, None)], Next::Bring(0)),
            (
                "the fabric is not a device",
                vec![letter("", 1, Some(20)), letter("a", 0, None)],
                Next::Bring(1),
            ),
            ("of the fabric too", vec![letter("", 1, Some(20)), letter("", 0, None)], wait(10)),
            (
                "one of many devices",
                vec![letter("a", 1, Some(20)), letter("x b a", 0, None), letter("b", 0, None)],
                wait(10),
            ),
            ("the first to come", vec![letter("a", 1, Some(20)), letter("b", 1, Some(15))], wait(5)),
        ] {
            assert_eq!(next(&letters, at(10)), expected, "{case}");
        }
    }
}
