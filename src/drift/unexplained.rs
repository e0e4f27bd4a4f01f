//! Changes that the device counts and that no suspect explains: a state machine whose time is
//! given.
//!
//! EOS tells when its configuration last changed, whatever it was that changed. A change
//! outside of what is watched shows there alone. Only that it is another value counts, never
//! which is later: clocks of devices jump. Elsewhere: the leaf (`platform::Profile`).

use std::time::Instant;

use super::settings::Settings;

/// What is known of a device's count of changes.
#[derive(Debug, Default)]
pub(super) struct Unexplained {
    /// The value told last.
    last: Option<Box<str>>,
    /// When the first and the last change that nothing explains were told.
    pending: Option<(Instant, Instant)>,
    /// When something was last suspected, or the device was last let go by a pass.
    explained: Option<Instant>,
    /// When the whole was last looked at for this.
    looked: Option<Instant>,
}

impl Unexplained {
    /// The leaf has this value now.
    pub(super) fn told(&mut self, value: &str, settings: &Settings, now: Instant) {
        let first = self.last.is_none();
        if self.last.as_deref() == Some(value) {
            return;
        }
        self.last = Some(value.into());
        let explained = self.explained.is_some_and(|at| now < at + settings.settle);
        if !first && !explained {
            self.pending = Some((self.pending.map_or(now, |(first, _)| first), now));
        }
    }

    /// Something is suspected that may be the reason, or a pass has just written.
    pub(super) fn explain(&mut self, now: Instant) {
        self.explained = Some(now);
        self.pending = None;
    }

    /// When to look at the whole; none if all is explained.
    pub(super) fn due(&self, settings: &Settings) -> Option<Instant> {
        let (first, last) = self.pending?;
        let rested = (last + settings.settle).min(first + settings.unexplained);
        Some(self.looked.map_or(rested, |at| rested.max(at + settings.unexplained)))
    }

    /// The whole is looked at now.
    pub(super) fn look(&mut self, now: Instant) {
        self.pending = None;
        self.looked = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    enum Step {
        Told(&'static str),
        Explain,
        Look,
    }

    #[test]
    fn a_change_that_nothing_explains_is_looked_for_once_it_has_come_to_rest() {
        use Step::{Explain, Look, Told};
        let busy: Vec<(u64, Step)> = [(0, Told("0"))]
            .into_iter()
            .chain((1..30).map(|at| (at * 5, Told(if at % 2 == 0 { "a" } else { "b" }))))
            .collect();
        for (case, steps, due) in [
            ("the first value", vec![(0, Told("1"))], None),
            ("the same again", vec![(0, Told("1")), (5, Told("1"))], None),
            ("a change", vec![(0, Told("1")), (5, Told("2"))], Some(15)),
            ("a clock that jumps back", vec![(0, Told("2")), (5, Told("1"))], Some(15)),
            ("explained before", vec![(0, Told("1")), (4, Explain), (5, Told("2"))], None),
            ("explained after", vec![(0, Told("1")), (5, Told("2")), (6, Explain)], None),
            ("explained long before", vec![(0, Told("1")), (1, Explain), (11, Told("2"))], Some(21)),
            ("two changes", vec![(0, Told("1")), (5, Told("2")), (12, Told("3"))], Some(22)),
            ("looked at", vec![(0, Told("1")), (5, Told("2")), (15, Look)], None),
            (
                "again soon after a look",
                vec![(0, Told("1")), (5, Told("2")), (15, Look), (20, Told("3"))],
                Some(75),
            ),
            ("somebody types without end", busy, Some(65)),
        ] {
            let settings = Settings::default();
            let start = Instant::now();
            let at = |second| start + Duration::from_secs(second);
            let mut unexplained = Unexplained::default();
            for (second, step) in steps {
                match step {
                    Told(value) => unexplained.told(value, &settings, at(second)),
                    Explain => unexplained.explain(at(second)),
                    Look => unexplained.look(at(second)),
                }
            }
            assert_eq!(unexplained.due(&settings), due.map(at), "{case}");
        }
    }
}
