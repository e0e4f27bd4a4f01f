//! How far a commit of the branch has come, from the record: the status `gitfabric/apply`.
//!
//! Pure but for asking which commit contains which. Elsewhere: telling it (`applied`), the
//! words for a merged pull request (`story`).

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::StatusState;
use crate::names::{CommitId, DeviceName};
use crate::phrase;
use crate::record::{DeviceEntry, FabricEntry, Standing, Verdict};
use crate::rollout::Stage;

/// How many devices are named in a line.
const NAMED: usize = 4;

/// What is to be said of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) state: StatusState,
    /// One line.
    pub(super) words: String,
    /// The devices that do not hold it, and why not.
    pub(super) missing: BTreeMap<DeviceName, String>,
}

/// What it is found out from.
pub(super) struct Known<'a> {
    pub(super) fabric: &'a FabricEntry,
    pub(super) devices: &'a [DeviceEntry],
    /// The wave that is under way.
    pub(super) stage: Option<&'a Stage>,
    /// The commit of the pass that is under way.
    pub(super) passing: Option<&'a CommitId>,
    /// Whether the second commit is the first or descends from it.
    pub(super) contains: &'a dyn Fn(&CommitId, &CommitId) -> bool,
}

impl Known<'_> {
    /// How far a commit has come; none if it is not on the branch as far as was seen.
    pub(super) fn outcome(&self, commit: &CommitId) -> Option<Outcome> {
        let head = self.fabric.head.as_ref()?;
        let contains = self.contains;
        if !contains(commit, head) {
            return None;
        }
        if !self.fabric.good.as_ref().is_some_and(|good| contains(commit, good)) {
            let reason = self.fabric.reason.as_deref().unwrap_or("no reason is on record");
            let word = if self.fabric.verdict == Verdict::Frozen { "held" } else { "refused" };
            return Some(Outcome::new(StatusState::Failure, format!("{word}: {}", line(reason))));
        }
        if let Some(stage) = self.stage.filter(|stage| contains(commit, &stage.commit)) {
            let words = format!(
                "wave {} of {}, {} to change",
                stage.wave,
                stage.waves,
                counted(stage.devices, "device")
            );
            return Some(Outcome::new(StatusState::Pending, words));
        }
        let outcome = self.of_devices(commit);
        // a device that the commit brings is on record only once it was sent something
        let is_early =
            self.devices.is_empty() || self.passing.is_some_and(|passing| contains(commit, passing));
        if outcome.state == StatusState::Success && is_early {
            return Some(Outcome::new(StatusState::Pending, "devices are being looked at".to_owned()));
        }
        Some(outcome)
    }

    /// From how the devices stand, when nothing is under way.
    fn of_devices(&self, commit: &CommitId) -> Outcome {
        let rest = [Standing::Staged, Standing::Paused, Standing::Released];
        let in_service = || self.devices.iter().filter(|device| !rest.contains(&device.standing));
        let holds =
            |device: &&DeviceEntry| device.commit.as_ref().is_some_and(|held| (self.contains)(commit, held));
        let mut missing = BTreeMap::new();
        let mut standings: BTreeMap<&str, BTreeSet<&DeviceName>> = BTreeMap::new();
        for device in in_service().filter(|device| !holds(device)) {
            let reason = device.reason.as_deref().unwrap_or_default();
            let why = format!(
                "{}{}{}",
                device.standing.as_str(),
                if reason.is_empty() { "" } else { ": " },
                line(reason)
            );
            missing.insert(device.device.clone(), why);
            standings.entry(device.standing.as_str()).or_default().insert(&device.device);
        }
        let total = in_service().count();
        if missing.is_empty() {
            let words = format!("{} recorded", counted(total, "device"));
            return Outcome::new(StatusState::Success, words);
        }
        // a device that said no stays so until a person acts; all else is tried again
        let state = if standings.contains_key(Standing::Diverged.as_str()) {
            StatusState::Failure
        } else {
            StatusState::Pending
        };
        let parts = standings
            .iter()
            .map(|(standing, names)| format!("{standing}: {}", phrase::first_of(names, NAMED)));
        let parts: Vec<String> = parts.collect();
        let held = total - missing.len();
        let words = format!("{held} of {} recorded; {}", counted(total, "device"), parts.join("; "));
        Outcome { state, words, missing }
    }
}

impl Outcome {
    fn new(state: StatusState, words: String) -> Self {
        Self { state, words, missing: BTreeMap::new() }
    }

    /// The state in the record's words.
    pub(super) fn word(&self) -> &'static str {
        match self.state {
            StatusState::Pending => "pending",
            StatusState::Success => "success",
            StatusState::Failure => "failure",
            StatusState::Error => "error",
        }
    }
}

pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A text of any lines on one, without control characters.
pub(super) fn line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::names::PassNumber;

    fn commit(number: u8) -> CommitId {
        format!("{number:040x}").parse().unwrap()
    }

    fn fabric(good: u8, head: u8, verdict: Verdict, reason: &str) -> FabricEntry {
        FabricEntry {
            fabric: "dc1".parse().unwrap(),
            good: Some(commit(good)),
            head: Some(commit(head)),
            verdict,
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            findings: None,
            seen_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn device(name: &str, held: u8, standing: Standing, reason: &str) -> DeviceEntry {
        DeviceEntry {
            device: name.parse().unwrap(),
            commit: Some(commit(held)),
            tree_hash: None,
            engine: None,
            pack: None,
            applied_by: None,
            standing,
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            target: Some(commit(held)),
            pass: PassNumber::try_from(1).unwrap(),
            since: Timestamp::UNIX_EPOCH,
            in_flight: false,
            puts_back: false,
        }
    }

    #[test]
    fn a_commit_has_come_as_far_as_its_devices_have() {
        use Standing::{Behind, Current, Diverged, Drifted, Paused, Unreachable, Waiting};
        use StatusState::{Failure, Pending, Success};
        let good = || fabric(3, 3, Verdict::Good, "");
        let stage = |commit| Stage { commit, wave: 2, waves: 3, devices: 4 };
        let leaf1 = device("leaf1", 3, Current, "");
        for (case, fabric, devices, stage, expected) in [
            ("all hold it", good(), vec![leaf1.clone()], None, Some((Success, "1 device recorded"))),
            (
                "a later commit holds it too, and what drifted did hold it",
                fabric(4, 4, Verdict::Good, ""),
                vec![device("leaf1", 4, Current, ""), device("leaf2", 3, Drifted, "somebody")],
                None,
                Some((Success, "2 devices recorded")),
            ),
            (
                "a device at rest does not count",
                good(),
                vec![leaf1.clone(), device("leaf2", 1, Paused, "paused")],
                None,
                Some((Success, "1 device recorded")),
            ),
            (
                "a wave is under way",
                good(),
                vec![device("leaf1", 1, Behind, "")],
                Some(stage(commit(3))),
                Some((Pending, "wave 2 of 3, 4 devices to change")),
            ),
            (
                "one is away",
                good(),
                vec![leaf1.clone(), device("leaf2", 1, Unreachable, "no route")],
                None,
                Some((Pending, "1 of 2 devices recorded; unreachable: leaf2")),
            ),
            (
                "one said no",
                good(),
                vec![device("leaf1", 1, Waiting, "held"), device("leaf2", 1, Diverged, "bad\nvalue")],
                None,
                Some((Failure, "0 of 2 devices recorded; diverged: leaf2; waiting: leaf1")),
            ),
            (
                "it does not compile",
                fabric(1, 3, Verdict::Refused, "2 errors in 1 file"),
                vec![leaf1.clone()],
                None,
                Some((Failure, "refused: 2 errors in 1 file")),
            ),
            (
                "a brake holds it",
                fabric(1, 3, Verdict::Frozen, "too much"),
                vec![leaf1.clone()],
                None,
                Some((Failure, "held: too much")),
            ),
            ("it was not seen yet", fabric(1, 1, Verdict::Good, ""), vec![leaf1], None, None),
        ] {
            let contains = |old: &CommitId, new: &CommitId| old <= new;
            let known = Known {
                fabric: &fabric,
                devices: &devices,
                stage: stage.as_ref(),
                passing: None,
                contains: &contains,
            };
            let found = known.outcome(&commit(3));
            let found = found.as_ref().map(|outcome| (outcome.state, outcome.words.as_str()));
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn nothing_is_a_success_while_the_pass_that_may_bring_devices_is_under_way() {
        let fabric = fabric(3, 3, Verdict::Good, "");
        let contains = |old: &CommitId, new: &CommitId| old <= new;
        let (one, passing, earlier) = ([device("leaf1", 3, Standing::Current, "")], commit(3), commit(2));
        for (case, devices, passing, expected) in [
            ("its pass", &one[..], Some(&passing), StatusState::Pending),
            ("an earlier pass", &one, Some(&earlier), StatusState::Success),
            ("no pass", &one, None, StatusState::Success),
            ("no device is on record", &[], None, StatusState::Pending),
        ] {
            let known = Known { fabric: &fabric, devices, stage: None, passing, contains: &contains };
            assert_eq!(known.outcome(&commit(3)).unwrap().state, expected, "{case}");
        }
    }

    #[test]
    fn a_line_stays_short_however_many_devices_it_is_about() {
        let devices: Vec<DeviceEntry> =
            (1..=900).map(|number| device(&format!("leaf{number}"), 1, Standing::Unreachable, "")).collect();
        let fabric = fabric(3, 3, Verdict::Good, "");
        let contains = |old: &CommitId, new: &CommitId| old <= new;
        let known =
            Known { fabric: &fabric, devices: &devices, stage: None, passing: None, contains: &contains };
        let words = known.outcome(&commit(3)).unwrap().words;
        assert_eq!(
            words,
            "0 of 900 devices recorded; unreachable: leaf1, leaf10, leaf100, leaf101 and 896 more"
        );
    }
}
