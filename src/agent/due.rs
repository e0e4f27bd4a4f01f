//! Which devices a pass has to look at, and whether there is anything to look at.
//!
//! Pure: from the commit that counts and the record to names. Elsewhere: looking
//! (`read`), acting (`pass`).

use std::collections::{BTreeMap, BTreeSet};

use super::Asked;
use super::orders::Orders;
use super::read::Found;
use super::target::Target;
use super::verdict::{Verdict, held_words};
use crate::intent::Topology;
use crate::intent::model::DeviceState;
use crate::names::DeviceName;
use crate::plan::between;
use crate::record::{DeviceEntry, Standing};

/// What a pass knows before it looks at a device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    /// The commit that counts.
    pub(super) target: &'a Target,
    /// What is on record.
    pub(super) entries: &'a BTreeMap<DeviceName, DeviceEntry>,
    /// What the pass was asked for.
    pub(super) asked: &'a Asked,
    /// What is to be left alone.
    pub(super) orders: &'a Orders,
    /// Whether an observing agent has planned this commit already.
    pub(super) observed: bool,
}

/// Which devices a pass has to look at.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// They hold a commit whose tree for them is this one's: only the SHA is written.
    pub(super) advance: Vec<DeviceName>,
    /// They have to be read, and perhaps set.
    pub(super) read: BTreeSet<DeviceName>,
    /// The intent itself, or a person, says that they are not to be touched.
    pub(super) rest: BTreeMap<DeviceName, (Standing, String)>,
    /// The record knows them and the intent does not.
    pub(super) gone: Vec<DeviceName>,
}

impl Due {
    /// The devices that the pass has in hand: it looks at them, or ends what was seen on them, as
    /// the commit takes them out of service or out of the intent. One that is held is neither.
    pub(super) fn in_hand(&self) -> impl Iterator<Item = &DeviceName> {
        let ended = self.rest.iter().filter(|(_, (standing, _))| *standing != Standing::Held);
        self.read.iter().chain(ended.map(|(name, _)| name)).chain(&self.gone)
    }
}

impl Situation<'_> {
    /// Sorts the devices.
    pub(super) fn due(&self) -> Due {
        let known = &self.target.fabric.devices;
        let asked = |name: &DeviceName| !self.asked.alone || self.asked.suspects.contains(name);
        let gone = self.entries.keys().filter(|name| !known.contains_key(*name) && !self.asked.alone);
        let mut due = Due { gone: gone.cloned().collect(), ..Due::default() };
        let held = !self.diverged().is_empty() || known.keys().any(|name| self.is_lost(name));
        for (name, device) in known.iter().filter(|(name, _)| asked(name)) {
            if let Some((standing, why)) = at_rest(*device.state) {
                due.rest.insert(name.clone(), (standing, why.to_owned()));
            } else if let Some(why) = self.held(name) {
                due.rest.insert(name.clone(), (Standing::Held, why));
            } else if self.has_to_be_read(name, held) {
                due.read.insert(name.clone());
            } else if self.holds_an_equal_commit(name) {
                due.advance.push(name.clone());
            }
        }
        due
    }

    /// Whether the record says that a device holds what this commit asks of it.
    pub(super) fn holds(&self, name: &DeviceName) -> bool {
        let (Some(entry), Some(build)) = (self.entries.get(name), self.target.devices.get(name)) else {
            return false;
        };
        entry.tree_hash.as_deref() == Some(&*build.hash) && !entry.in_flight
    }

    /// The devices that diverged at this commit, which hold the rest of it; none if a person
    /// says to go on.
    pub(super) fn diverged(&self) -> BTreeSet<DeviceName> {
        let names = self.entries.keys().filter(|name| self.stands(name, Standing::Diverged));
        if self.asked.by_person { BTreeSet::new() } else { names.cloned().collect() }
    }

    /// Whether a device took a Set of this commit, or may have, and has not been seen since. One
    /// that only put something back says nothing of the commit, and nobody waits for it.
    pub(super) fn is_lost(&self, name: &DeviceName) -> bool {
        let in_flight = self.entries.get(name).is_some_and(|entry| entry.in_flight && !entry.puts_back);
        in_flight && self.stands(name, Standing::Unreachable) && !self.asked.by_person
    }

    /// A device that is lost and was not read now either.
    pub(super) fn lost(&self, found: &BTreeMap<DeviceName, Found>) -> Option<&DeviceName> {
        let is_read = |name: &DeviceName| matches!(found.get(name), Some(Found::Read(_)));
        self.target.fabric.devices.keys().find(|name| self.is_lost(name) && !is_read(name))
    }

    /// The redundancy partners of devices: whether they are healthy has to be known.
    pub(super) fn partners(&self, devices: &BTreeSet<DeviceName>) -> BTreeSet<DeviceName> {
        if devices.is_empty() {
            return BTreeSet::new();
        }
        let topology = Topology::new(&self.target.fabric);
        let group = |name| topology.redundancy_group(name).into_iter().cloned();
        let partners = devices.iter().flat_map(group);
        partners.filter(|name| !devices.contains(name) && self.target.in_service(name)).collect()
    }

    /// Whether a pass would write nothing that is not on record: the same devices are out of
    /// reach, or wait for one that is or that diverged, at the same commit. What waits to be put
    /// back on a device that holds the commit waits for the device's partners alone.
    pub(super) fn is_old_news(&self, due: &Due, found: &BTreeMap<DeviceName, Found>) -> bool {
        let away = |name: &DeviceName| matches!(found.get(name), Some(Found::Unreachable(_)) | None);
        let topology = Topology::new(&self.target.fabric);
        let diverged = self.diverged();
        let ill = |name: &DeviceName| away(name) || diverged.contains(name);
        let partner_is_ill = |name: &DeviceName| {
            let group = topology.redundancy_group(name);
            group.into_iter().any(|other| other != name && ill(other) && self.target.in_service(other))
        };
        let held = |name: &DeviceName| !diverged.is_empty() && !self.holds(name);
        let same = |name: &DeviceName| {
            (away(name) && self.stands(name, Standing::Unreachable))
                || (self.stands(name, Standing::Waiting) && (held(name) || partner_is_ill(name)))
        };
        due.advance.is_empty()
            && due.gone.is_empty()
            && due
                .rest
                .iter()
                .all(|(name, (standing, why))| self.stands(name, *standing) && self.says(name, why))
            && due.read.iter().all(same)
    }

    /// Whether a pass that sent nothing found only what is on record: then it is none.
    pub(super) fn knew(&self, due: &Due, verdicts: &BTreeMap<DeviceName, Verdict>) -> bool {
        let asked = self.asked.read_back || self.asked.by_person;
        let same = |(name, verdict): (&DeviceName, &Verdict)| {
            let reason = self.entries.get(name).map(|entry| &entry.reason);
            self.stands(name, verdict.standing) && reason == Some(&verdict.reason)
        };
        !asked && due.advance.is_empty() && due.gone.is_empty() && verdicts.iter().all(same)
    }

    /// `held`: nothing of this commit would be sent, as a device is diverged or lost at it.
    fn has_to_be_read(&self, name: &DeviceName, held: bool) -> bool {
        if self.asked.suspects.contains(name) {
            return true;
        }
        let waits = held && self.stands(name, Standing::Waiting) && !self.holds(name);
        if self.stands(name, Standing::Diverged) || waits {
            return self.asked.by_person || self.asked.read_back;
        }
        self.asked.read_back || self.is_in_doubt(name) || (!self.holds(name) && !self.observed)
    }

    /// Why a device that lacks the commit is not even looked at: a person asked for that. One
    /// that diverged or was cut off stays so, lest a hold let the others go on.
    fn held(&self, name: &DeviceName) -> Option<String> {
        let look = self.asked.read_back || self.asked.by_person || self.asked.suspects.contains(name);
        if look || self.holds(name) || self.stands(name, Standing::Diverged) || self.is_lost(name) {
            return None;
        }
        let holds = || self.orders.holds.of(name);
        if let Some(whole) = holds().find(|hold| hold.is_whole()) {
            return Some(held_words(whole));
        }
        // a path of it is held, and its plan was found to touch that
        let known = self.entries.get(name).and_then(|entry| entry.reason.clone())?;
        let still = holds().any(|hold| held_words(hold) == known);
        (still && self.stands(name, Standing::Held)).then_some(known)
    }

    /// Whether the record gives this reason for how a device stands.
    fn says(&self, name: &DeviceName, why: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.reason.as_deref() == Some(why))
    }

    /// Whether the hash on record is no proof that the device holds it still: it was not
    /// looked at, or it was found changed.
    fn is_in_doubt(&self, name: &DeviceName) -> bool {
        match self.entries.get(name).map(|entry| entry.standing) {
            Some(
                Standing::Unreachable
                | Standing::Held
                | Standing::Staged
                | Standing::Paused
                | Standing::Released,
            ) => true,
            // it holds the commit, and what was to be put back on it was not sent
            Some(standing @ (Standing::Waiting | Standing::Behind)) => {
                self.stands(name, standing) && !self.observed
            }
            // told once for each commit; the slow read-back looks again
            Some(standing @ (Standing::Drifted | Standing::Diverged)) => !self.stands(name, standing),
            _ => false,
        }
    }

    /// Whether it holds a commit before this one that asks the same of it.
    pub(super) fn holds_an_equal_commit(&self, name: &DeviceName) -> bool {
        let other = |entry: &DeviceEntry| entry.commit.as_ref() != Some(&self.target.commit);
        self.holds(name) && self.entries.get(name).is_some_and(other)
    }

    /// Whether the record has a device standing so towards this very commit.
    pub(super) fn stands(&self, name: &DeviceName, standing: Standing) -> bool {
        let entry = self.entries.get(name);
        entry.is_some_and(|entry| {
            entry.standing == standing && entry.target.as_ref() == Some(&self.target.commit)
        })
    }
}

/// How a device stands that its own file takes out of service.
pub(super) fn at_rest(state: DeviceState) -> Option<(Standing, &'static str)> {
    let standing = match state {
        DeviceState::Active | DeviceState::Drained => return None,
        DeviceState::Staged => Standing::Staged,
        DeviceState::Paused => Standing::Paused,
        DeviceState::Released => Standing::Released,
    };
    between::at_rest(state).map(|why| (standing, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::Engine;
    use crate::git::Snapshot;
    use crate::names::{CommitId, PassNumber};

    fn commit(digit: char) -> CommitId {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn target() -> Target {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
        let build = Engine::new().build(&Snapshot::of_folder(&folder).unwrap());
        Target::new(commit('b'), &build).unwrap()
    }

    /// Every device current at the commit, and holding its tree.
    fn entries(target: &Target) -> BTreeMap<DeviceName, DeviceEntry> {
        let entry = |name: &DeviceName| DeviceEntry {
            device: name.clone(),
            commit: Some(target.commit.clone()),
            tree_hash: Some(target.devices[name].hash.clone()),
            engine: None,
            pack: None,
            applied_by: None,
            standing: Standing::Current,
            reason: None,
            target: Some(target.commit.clone()),
            pass: PassNumber::try_from(1).unwrap(),
            since: jiff::Timestamp::UNIX_EPOCH,
            in_flight: false,
            puts_back: false,
        };
        target.devices.keys().map(|name| (name.clone(), entry(name))).collect()
    }

    fn due(
        target: &Target,
        entries: &BTreeMap<DeviceName, DeviceEntry>,
        asked: &Asked,
        orders: &Orders,
    ) -> Due {
        Situation { target, entries, asked, orders, observed: false }.due()
    }

    /// Where a device was sorted to.
    fn sorted(due: &Due, name: &DeviceName) -> String {
        let places = [
            ("read", due.read.contains(name)),
            ("advance", due.advance.contains(name)),
            ("rest", due.rest.contains_key(name)),
        ];
        let of = places.iter().filter(|(_, holds)| *holds).map(|(place, _)| *place);
        of.collect::<Vec<_>>().join(" and ")
    }

    #[test]
    fn a_device_is_read_unless_the_record_is_enough() {
        let target = target();
        let nobody = Asked::default();
        let everything = Asked { read_back: true, ..Asked::default() };
        for (case, standing, at, holds, asked, expected) in [
            ("it holds the commit", Standing::Current, 'b', true, nobody.clone(), ""),
            ("it holds an equal one", Standing::Current, 'a', true, nobody.clone(), "advance"),
            ("it holds another one", Standing::Current, 'a', false, nobody.clone(), "read"),
            (
                "it was never sent one that was reverted",
                Standing::Waiting,
                'a',
                true,
                nobody.clone(),
                "advance",
            ),
            ("it had drifted before the commit", Standing::Drifted, 'a', true, nobody.clone(), "read"),
            ("it has drifted, which is known", Standing::Drifted, 'b', true, nobody.clone(), ""),
            ("it was left to itself", Standing::Paused, 'a', true, nobody.clone(), "read"),
            ("it was away", Standing::Unreachable, 'b', true, nobody.clone(), "read"),
            ("it diverged before the commit", Standing::Diverged, 'a', true, nobody.clone(), "read"),
            ("it diverged at the commit", Standing::Diverged, 'b', false, nobody.clone(), ""),
            ("it diverged, and all is read back", Standing::Diverged, 'b', false, everything, "read"),
        ] {
            let mut entries = entries(&target);
            let entry = entries.values_mut().next().unwrap();
            let name = entry.device.clone();
            (entry.standing, entry.commit, entry.target) = (standing, Some(commit(at)), Some(commit(at)));
            if !holds {
                entry.tree_hash = None;
            }
            let due = due(&target, &entries, &asked, &Orders::default());
            assert_eq!(sorted(&due, &name), expected, "{case}");
        }
    }

    #[test]
    fn what_waits_is_not_read_again_while_a_device_holds_the_commit_up() {
        let target = target();
        for (case, standing, in_flight, by_person, reads) in [
            ("one diverged", Standing::Diverged, false, false, vec![]),
            ("one was cut off by its Set", Standing::Unreachable, true, false, vec!["leaf1"]),
            ("one is out of reach", Standing::Unreachable, false, false, vec!["leaf1", "leaf3"]),
            ("a person says to go on", Standing::Diverged, false, true, vec!["leaf1", "leaf3"]),
        ] {
            let mut entries = entries(&target);
            for (name, standing, in_flight) in
                [("leaf1", standing, in_flight), ("leaf3", Standing::Waiting, false)]
            {
                let entry = entries.get_mut(name).unwrap();
                (entry.standing, entry.in_flight, entry.tree_hash) = (standing, in_flight, None);
            }
            let asked = Asked { by_person, ..Asked::default() };
            let due = due(&target, &entries, &asked, &Orders::default());
            assert_eq!(due.read.iter().map(DeviceName::as_str).collect::<Vec<_>>(), reads, "{case}");
        }
    }

    #[test]
    fn a_turn_that_only_puts_back_waits_for_no_other_device() {
        let target = target();
        let mut entries = entries(&target);
        for (name, standing, at, in_flight) in [
            ("leaf2", Standing::Unreachable, 'b', false),
            ("leaf3", Standing::Unreachable, 'b', true),
            ("leaf4", Standing::Waiting, 'b', false),
            ("leaf5", Standing::Current, 'a', false),
            ("spine1", Standing::Behind, 'b', false),
        ] {
            let entry = entries.get_mut(name).unwrap();
            (entry.standing, entry.in_flight) = (standing, in_flight);
            (entry.commit, entry.target) = (Some(commit(at)), Some(commit(at)));
        }
        let mut gone = entries["leaf1"].clone();
        gone.device = "leaf99".parse().unwrap();
        entries.insert(gone.device.clone(), gone);
        let leaf1: DeviceName = "leaf1".parse().unwrap();
        for (case, alone, reads, advances, forgets) in [
            ("alone", true, vec!["leaf1"], vec![], 0),
            ("with the rest", false, vec!["leaf1", "leaf2", "leaf3", "leaf4", "spine1"], vec!["leaf5"], 1),
        ] {
            let asked = Asked { suspects: BTreeSet::from([leaf1.clone()]), alone, ..Asked::default() };
            let situation = Situation {
                target: &target,
                entries: &entries,
                asked: &asked,
                orders: &Orders::default(),
                observed: false,
            };
            let due = situation.due();
            assert_eq!(due.read.iter().map(DeviceName::as_str).collect::<Vec<_>>(), reads, "{case}");
            assert_eq!(due.advance.iter().map(DeviceName::as_str).collect::<Vec<_>>(), advances, "{case}");
            assert_eq!(due.gone.len(), forgets, "{case}");
            assert!(due.rest.is_empty(), "{case}: {:?}", due.rest);
            // that it was not called does not mean that it is there again
            let found = BTreeMap::from([(leaf1.clone(), Found::Answers)]);
            assert_eq!(situation.lost(&found).map(DeviceName::as_str), Some("leaf3"), "{case}");
        }
    }

    #[test]
    fn what_waits_to_be_put_back_is_looked_at_while_a_device_holds_the_commit_up() {
        let target = target();
        for (case, waiting, holds, reads, known) in [
            ("the commit, on another", "leaf5", false, false, true),
            ("a correction, on another", "leaf5", true, true, false),
            ("a correction, on its partner", "leaf2", true, true, true),
        ] {
            let mut entries = entries(&target);
            let diverged = entries.get_mut("leaf1").unwrap();
            (diverged.standing, diverged.tree_hash) = (Standing::Diverged, None);
            let entry = entries.get_mut(waiting).unwrap();
            entry.standing = Standing::Waiting;
            if !holds {
                entry.tree_hash = None;
            }
            let (asked, orders) = (Asked::default(), Orders::default());
            let situation = Situation {
                target: &target,
                entries: &entries,
                asked: &asked,
                orders: &orders,
                observed: false,
            };
            let due = situation.due();
            assert_eq!(due.read.contains(waiting), reads, "{case}");
            let all = target.devices.keys().map(|name| (name.clone(), Found::Answers)).collect();
            assert_eq!(situation.is_old_news(&due, &all), known, "{case}");
        }
    }

    #[test]
    fn a_pass_has_in_hand_what_it_reads_and_what_the_commit_takes_out_of_service_or_away() {
        let name = |text: &str| text.parse::<DeviceName>().unwrap();
        let rest = [("leaf2", Standing::Paused), ("leaf3", Standing::Held), ("leaf4", Standing::Staged)];
        let due = Due {
            advance: vec![name("leaf5")],
            read: BTreeSet::from([name("leaf1")]),
            rest: rest.map(|(device, standing)| (name(device), (standing, String::new()))).into(),
            gone: vec![name("leaf6")],
        };
        let in_hand: Vec<&str> = due.in_hand().map(DeviceName::as_str).collect();
        assert_eq!(in_hand, ["leaf1", "leaf2", "leaf4", "leaf6"]);
    }

    #[test]
    fn a_held_device_that_lacks_the_commit_is_left_alone_and_one_that_holds_it_is_not() {
        let target = target();
        let folder = tempfile::tempdir().unwrap();
        let mut store = crate::record::Store::open(&folder.path().join("r.sqlite")).unwrap();
        let hold = |path: &str| crate::record::Hold {
            device: "leaf1".parse().unwrap(),
            path: path.parse().unwrap(),
            until: jiff::Timestamp::from_second(100).unwrap(),
            reason: "a broken optic".to_owned(),
            by: "ann".to_owned(),
            since: jiff::Timestamp::UNIX_EPOCH,
        };
        let part = "/interfaces/interface[name=Ethernet1]";
        let (behind, at_rest, diverged) = (Standing::Behind, Standing::Held, Standing::Diverged);
        let look = Asked { read_back: true, ..Asked::default() };
        let part_words = held_words(&hold(part));
        for (case, path, holds, standing, reason, asked, expected) in [
            ("it lacks the commit", "/", false, behind, "", Asked::default(), "rest"),
            ("it holds the commit", "/", true, Standing::Current, "", Asked::default(), ""),
            ("everything is looked at", "/", false, at_rest, "", look.clone(), "read"),
            ("it diverged", "/", false, diverged, "", Asked::default(), ""),
            ("a part of it is held", part, false, behind, "", Asked::default(), "read"),
            ("its plan touches that part", part, false, at_rest, &*part_words, Asked::default(), "rest"),
            ("another hold than before", part, false, at_rest, "it was another", Asked::default(), "read"),
            ("the hold has ended", "", false, at_rest, &*part_words, Asked::default(), "read"),
            ("nothing of it lacks now", "", true, at_rest, &*part_words, Asked::default(), "read"),
        ] {
            let fabric = target.name();
            for other in ["/", part] {
                let device = "leaf1".parse().unwrap();
                store.lift(fabric, &device, &other.parse().unwrap(), jiff::Timestamp::UNIX_EPOCH).unwrap();
            }
            if !path.is_empty() {
                store.set_hold(fabric, &hold(path)).unwrap();
            }
            let holds_now = store.holds(fabric, jiff::Timestamp::from_second(1).unwrap()).unwrap();
            let orders = Orders { holds: holds_now, ..Orders::default() };
            let mut entries = entries(&target);
            let entry = entries.get_mut("leaf1").unwrap();
            (entry.standing, entry.reason) = (standing, Some(reason.to_owned()));
            if !holds {
                entry.tree_hash = None;
            }
            let due = due(&target, &entries, &asked, &orders);
            assert_eq!(sorted(&due, &"leaf1".parse().unwrap()), expected, "{case}");
        }
    }
}
