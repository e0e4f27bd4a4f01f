//! The places to look at, and when: a state machine whose time is given.
//!
//! One commit on a device is many events: they are left to come to rest, yet not for ever.
//! Elsewhere: which events are suspicious (`filter`), looking (`look`).

use std::collections::BTreeMap;
use std::time::Instant;

use super::filter::Hint;
use super::settings::Settings;
use super::told::Looked;
use crate::plan::Rules;
use crate::yang::schema::Kind;
use crate::yang::{Path, Schema};

/// How many leaves are kept for each place that may be looked at alone.
const LEAVES_A_PLACE: usize = 16;

/// What may differ, until it is looked at.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    leaves: BTreeMap<Path, Hint>,
    /// Too much is suspicious to name it.
    whole: bool,
    /// When the first and the last of the burst were told.
    burst: Option<(Instant, Instant)>,
    /// No more of the burst is to come.
    complete: bool,
}

/// What is to be looked at, and since when.
#[derive(Debug)]
pub(super) struct Burst {
    pub(super) looked: Looked,
    pub(super) began: Instant,
}

impl Suspects {
    /// Takes an event's meaning for one path. Says whether that is suspicious.
    pub(super) fn hear(&mut self, path: &Path, hint: Hint, settings: &Settings, now: Instant) -> bool {
        match hint {
            Hint::Same => {
                // taken away and put back in one breath: nothing happened
                if self.leaves.get(path) == Some(&Hint::Gone) {
                    self.leaves.remove(path);
                    self.forget_if_empty();
                }
                return false;
            }
            Hint::Gone | Hint::Differs if self.whole => {}
            Hint::Gone | Hint::Differs => {
                let known = self.leaves.entry(path.clone()).or_insert(hint);
                if hint == Hint::Differs {
                    *known = hint;
                }
                if self.leaves.len() > settings.suspects.saturating_mul(LEAVES_A_PLACE) {
                    self.leaves.clear();
                    self.whole = true;
                }
            }
        }
        self.burst = Some((self.burst.map_or(now, |(first, _)| first), now));
        self.complete = false;
        true
    }

    /// Everything is to be looked at, at once.
    pub(super) fn everything(&mut self, now: Instant) {
        self.leaves.clear();
        self.whole = true;
        self.complete = true;
        self.burst.get_or_insert((now, now));
    }

    /// The device says that all of its commit was told. Says whether anything of it is suspicious.
    pub(super) fn committed(&mut self) -> bool {
        self.complete = self.burst.is_some();
        self.complete
    }

    /// Whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.burst.is_none()
    }

    /// When to look; none if there is nothing to look at.
    pub(super) fn due(&self, settings: &Settings) -> Option<Instant> {
        let (first, last) = self.burst?;
        Some(if self.complete { first } else { (last + settings.quiet).min(first + settings.burst) })
    }

    /// What to look at, which is then suspicious no more; none if that is nothing.
    pub(super) fn take(&mut self, schema: &Schema, rules: &Rules<'_>, settings: &Settings) -> Option<Burst> {
        let Self { leaves, whole, burst, .. } = std::mem::take(self);
        let (began, _) = burst?;
        let places = if whole { Vec::new() } else { places(leaves.keys(), schema, rules) };
        let looked =
            if whole || places.len() > settings.suspects { Looked::All } else { Looked::Below(places) };
        Some(Burst { looked, began })
    }

    fn forget_if_empty(&mut self) {
        if self.leaves.is_empty() && !self.whole {
            *self = Self::default();
        }
    }
}

/// Where to look for leaves: the container or entry that each stands in, or the whole entry
/// of a strict list, since only that tells whether it is ours. None inside another.
fn places<'a>(leaves: impl Iterator<Item = &'a Path>, schema: &Schema, rules: &Rules<'_>) -> Vec<Path> {
    let mut wide: Vec<Path> = leaves.map(|leaf| place(leaf, schema, rules)).collect();
    wide.sort_unstable();
    let mut places: Vec<Path> = Vec::new();
    for place in wide {
        if !places.last().is_some_and(|above| place.starts_with(above)) {
            places.push(place);
        }
    }
    places
}

fn place(leaf: &Path, schema: &Schema, rules: &Rules<'_>) -> Path {
    if let Some(entry) = rules.strict_entry(leaf) {
        return entry;
    }
    let node = schema.find(leaf).map(|id| &schema.node(id).kind);
    match node {
        Some(Kind::Leaf { .. } | Kind::LeafList { .. }) | None => {
            leaf.parent().filter(|above| !above.is_root()).unwrap_or_else(|| leaf.clone())
        }
        // a presence container, or an entry without leaves
        Some(Kind::Container { .. } | Kind::List { .. }) => leaf.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::yang::testing::sample;

    const A: &str = "/interfaces/interface[name=e1]/config/mtu";
    const B: &str = "/interfaces/interface[name=e2/1]/config/mtu";

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    enum Step {
        Hear(&'static str, Hint),
        Committed,
        Everything,
    }

    #[test]
    fn a_burst_is_looked_at_when_it_has_come_to_rest_and_not_later_than_a_second() {
        use Hint::{Differs, Gone, Same};
        use Step::{Committed, Everything, Hear};
        let settings = Settings::default();
        let long: Vec<(u64, Step)> = (0..200).map(|at| (at * 15, Hear(A, Differs))).collect();
        for (case, steps, due) in [
            ("nothing", vec![], None),
            ("one event", vec![(5, Hear(A, Differs))], Some(25)),
            ("two of one burst", vec![(0, Hear(A, Differs)), (15, Hear(B, Differs))], Some(35)),
            ("a burst without end", long, Some(1000)),
            ("a commit's end", vec![(3, Hear(A, Differs)), (4, Committed)], Some(3)),
            ("a commit of nothing", vec![(4, Committed)], None),
            ("the next burst", vec![(3, Hear(A, Differs)), (4, Committed), (6, Hear(B, Gone))], Some(26)),
            ("gone and back", vec![(0, Hear(A, Gone)), (1, Hear(A, Same))], None),
            ("gone, and another back", vec![(0, Hear(A, Gone)), (1, Hear(B, Same))], Some(20)),
            ("changed and back", vec![(0, Hear(A, Differs)), (1, Hear(A, Same))], Some(20)),
            (
                "gone, changed and back",
                vec![(0, Hear(A, Gone)), (1, Hear(A, Differs)), (2, Hear(A, Same))],
                Some(21),
            ),
            ("everything", vec![(7, Everything)], Some(7)),
        ] {
            let start = Instant::now();
            let at = |ms: u64| start + Duration::from_millis(ms);
            let mut suspects = Suspects::default();
            for (ms, step) in steps {
                match step {
                    Hear(text, hint) => drop(suspects.hear(&path(text), hint, &settings, at(ms))),
                    Committed => drop(suspects.committed()),
                    Everything => suspects.everything(at(ms)),
                }
            }
            assert_eq!(suspects.due(&settings), due.map(at), "{case}");
        }
    }

    #[test]
    fn a_leaf_is_looked_at_with_its_container_a_strict_entry_whole_and_many_places_as_one() {
        fn texts(some: &[String]) -> Vec<&str> {
            some.iter().map(String::as_str).collect()
        }
        let rules = Rules { strict: &["/odds/pair"], ..Rules::default() };
        let many: Vec<String> =
            (0..65).map(|index| format!("/interfaces/interface[name=e{index}]/config/mtu")).collect();
        let wide: Vec<String> = (0..1025).map(|index| format!("/odds/bare[k={index}]")).collect();
        for (case, leaves, expected) in [
            ("a leaf", vec![A], Some(vec!["/interfaces/interface[name=e1]/config"])),
            (
                "two of one container",
                vec![A, "/interfaces/interface[name=e1]/config/enabled"],
                Some(vec!["/interfaces/interface[name=e1]/config"]),
            ),
            ("in a strict entry", vec!["/odds/pair[a=1][b=2]/value"], Some(vec!["/odds/pair[a=1][b=2]"])),
            ("a presence container", vec!["/odds/present"], Some(vec!["/odds/present"])),
            ("an entry without leaves", vec!["/odds/bare[k=x]"], Some(vec!["/odds/bare[k=x]"])),
            (
                "one inside another",
                vec!["/odds/signed", "/odds/present/inside", "/odds/bare[k=x]"],
                Some(vec!["/odds"]),
            ),
            ("too many places", texts(&many), None),
            ("too many leaves", texts(&wide), None),
        ] {
            let (settings, now) = (Settings::default(), Instant::now());
            let mut suspects = Suspects::default();
            for leaf in leaves {
                assert!(suspects.hear(&path(leaf), Hint::Differs, &settings, now));
            }
            let burst = suspects.take(sample(), &rules, &settings).unwrap();
            let expected =
                expected.map_or(Looked::All, |paths| Looked::Below(paths.into_iter().map(path).collect()));
            assert_eq!(burst.looked, expected, "{case}");
            assert!(suspects.take(sample(), &rules, &settings).is_none(), "{case}");
        }
    }
}
