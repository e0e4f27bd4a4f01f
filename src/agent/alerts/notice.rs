//! What is news: of commits, of the head, of devices that do not answer. On change and on
//! recovery, once, also over restarts: it is held against what was noted in the record.
//!
//! Elsewhere: drift (`watches`, `pass`), telling it (`courier`).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SpanRound, Timestamp, Unit};

use crate::names::{CommitId, DeviceName, FabricName};
use crate::record::{
    DeviceEntry, FabricEntry, News, NewsKind, OutOfReach, RecordError, Standing, Store, Verdict,
};

/// How long a device has to be out of reach before that is news, if the configuration does
/// not say.
pub(super) const LOST_AFTER: Duration = Duration::from_secs(30);

/// The subjects of notes that are no device.
const APPLIED: &str = "applied";
const HEAD: &str = "head";

/// The most of a head's findings that is told.
const FINDINGS: usize = 2_000;

/// Before the first turn: what an agent that told nobody has applied long ago is no news.
pub(super) fn begin(store: &mut Store, now: Timestamp) -> Result<(), RecordError> {
    for entry in store.fabrics()? {
        let Some(good) = &entry.good else { continue };
        let devices = store.devices(&entry.fabric)?;
        let in_service: Vec<&DeviceEntry> = devices.iter().filter(|device| !is_at_rest(device)).collect();
        let holds = |device: &&DeviceEntry| device.commit.as_ref() == Some(good);
        let is_applied = !in_service.is_empty() && in_service.iter().all(holds);
        if is_applied && store.noted(&entry.fabric, APPLIED)?.is_none() {
            store.note(&entry.fabric, (APPLIED, good.as_str()), None, now)?;
        }
    }
    Ok(())
}

fn is_at_rest(device: &DeviceEntry) -> bool {
    matches!(device.standing, Standing::Staged | Standing::Paused | Standing::Released)
}

/// News once every device in service holds the commit that counts, or cannot for now: once a
/// commit. A device holds it if that is what it was last set to, whatever somebody did to it since.
/// `subject` is the commit's first line, if it is known; `in_service` has what the commit asks of
/// each, as a hash.
pub(super) fn applied(
    store: &mut Store,
    fabric: &FabricName,
    (commit, subject): (&CommitId, Option<String>),
    in_service: &BTreeMap<&DeviceName, &str>,
    now: Timestamp,
) -> Result<bool, RecordError> {
    if store.noted(fabric, APPLIED)?.as_deref() == Some(commit.as_str()) {
        return Ok(false);
    }
    let (devices, lost) = (store.devices(fabric)?, store.noted_lost(fabric)?);
    let devices: BTreeMap<&DeviceName, &DeviceEntry> =
        devices.iter().map(|entry| (&entry.device, entry)).collect();
    let mut without = Vec::new();
    for (name, hash) in in_service {
        let Some(entry) = devices.get(name) else { return Ok(false) };
        if entry.tree_hash.as_deref() == Some(hash) && !entry.in_flight {
            continue;
        }
        match entry.standing {
            // one that is away for a moment gets it yet
            Standing::Unreachable if lost.contains_key(*name) => {
                without.push(format!("{name} is out of reach"));
            }
            Standing::Held => without.push(format!("{name} is held")),
            Standing::Diverged => without.push(format!("{name} diverged")),
            _ => return Ok(false),
        }
    }
    if without.len() == in_service.len() {
        return Ok(false);
    }
    let news = News {
        kind: NewsKind::CommitApplied,
        device: None,
        commit: Some(commit.clone()),
        at: now,
        summary: format!("{fabric}: commit {} is on {}", commit.short(), reach(in_service.len(), &without)),
        detail: subject,
        leaves: Vec::new(),
        unlisted: 0,
    };
    store.note(fabric, (APPLIED, commit.as_str()), Some(&news), now)
}

/// `9 of 10 devices in service; leaf9 is out of reach`.
fn reach(of: usize, without: &[String]) -> String {
    const NAMED: usize = 5;
    if without.is_empty() {
        return if of == 1 {
            "1 device in service".to_owned()
        } else {
            format!("all {of} devices in service")
        };
    }
    let named = without.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match without.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more lack it"),
    };
    format!("{} of {of} devices in service; {named}{more}", of - without.len())
}

/// News if the head is refused or frozen, once a head, and if it is good again.
pub(super) fn head(store: &mut Store, entry: &FabricEntry, now: Timestamp) -> Result<bool, RecordError> {
    let Some(head) = &entry.head else { return Ok(false) };
    let what = format!("{} {head}", entry.verdict.as_str());
    let fabric = &entry.fabric;
    let (kind, is) = match entry.verdict {
        // that it is applied is the news; that it may be is one only where it could not
        Verdict::Good => {
            let before = store.noted(fabric, HEAD)?.unwrap_or_default();
            let bad = [Verdict::Refused, Verdict::Frozen];
            let is_news = bad.iter().any(|verdict| before.split(' ').next() == Some(verdict.as_str()));
            let news = is_news.then(|| News {
                kind: NewsKind::HeadGood,
                device: None,
                commit: Some(head.clone()),
                at: now,
                summary: format!(
                    "{fabric}: commit {} is good, and the branch is followed again",
                    head.short()
                ),
                detail: None,
                leaves: Vec::new(),
                unlisted: 0,
            });
            return store.note(fabric, (HEAD, &what), news.as_ref(), now);
        }
        Verdict::Refused => (NewsKind::CommitRefused, "is refused"),
        Verdict::Frozen => (NewsKind::AgentFrozen, "needs a person's word, and the agent waits"),
    };
    let reason = entry.reason.as_deref().unwrap_or("see `gitfabric status`");
    let findings = entry.findings.as_ref().map(|text| text.chars().take(FINDINGS).collect());
    let news = News {
        kind,
        device: None,
        commit: Some(head.clone()),
        at: now,
        summary: format!("{fabric}: commit {} {is}: {reason}", head.short()),
        detail: findings,
        leaves: Vec::new(),
        unlisted: 0,
    };
    store.note(fabric, (HEAD, &what), Some(&news), now)
}

/// When a device counts as lost, and as back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Losing {
    /// How long it has to be out of reach: of this run, as nobody asked it before.
    pub(super) after: Duration,
    /// When this run began.
    pub(super) began: Timestamp,
    /// Whether devices are watched: then only a watcher says that one is back.
    pub(super) is_watched: bool,
}

/// News of devices that are out of reach for so long, and of those that are back.
pub(super) fn devices(
    store: &mut Store,
    fabric: &FabricName,
    now: Timestamp,
    losing: Losing,
) -> Result<bool, RecordError> {
    let (away, lost) = (store.out_of_reach(fabric)?, store.noted_lost(fabric)?);
    let mut is_news = false;
    for (device, away) in away.iter().filter(|(device, _)| !lost.contains_key(*device)) {
        let missing = now.duration_since(away.since.max(losing.began));
        if missing.is_negative() || missing.unsigned_abs() < losing.after {
            continue;
        }
        let entry = store.device(fabric, device)?;
        if entry.as_ref().is_none_or(is_at_rest) {
            continue;
        }
        let news = gone(device, away, entry.as_ref(), now);
        is_news |= store.note(fabric, (&subject(device), "lost"), Some(&news), now)?;
    }
    let back: Vec<_> = lost.iter().filter(|(device, _)| !away.contains_key(*device)).collect();
    if back.is_empty() {
        return Ok(is_news);
    }
    let watches = store.watches(fabric)?;
    for (device, since) in back {
        let entry = store.device(fabric, device)?;
        let summary = match &entry {
            None => format!("{device} has left the intent, and nobody waits for its answer any more"),
            Some(entry) if is_at_rest(entry) => {
                let standing = entry.standing.as_str();
                format!("{device} is {standing}, and nobody waits for its answer any more")
            }
            // its watcher has not heard of it yet
            Some(_) if losing.is_watched && !watches.contains_key(device) => continue,
            Some(_) => format!("{device} answers again after {}", span(*since, now)),
        };
        let news = News {
            kind: NewsKind::DeviceBack,
            device: Some(device.clone()),
            commit: entry.and_then(|entry| entry.commit),
            at: now,
            summary,
            detail: None,
            leaves: Vec::new(),
            unlisted: 0,
        };
        is_news |= store.note(fabric, (&subject(device), "back"), Some(&news), now)?;
    }
    Ok(is_news)
}

fn subject(device: &DeviceName) -> String {
    format!("device {device}")
}

fn gone(device: &DeviceName, away: &OutOfReach, entry: Option<&DeviceEntry>, now: Timestamp) -> News {
    let unreachable = entry.filter(|entry| entry.standing == Standing::Unreachable);
    News {
        kind: NewsKind::DeviceLost,
        device: Some(device.clone()),
        commit: entry.and_then(|entry| entry.commit.clone()),
        at: now,
        summary: format!("{device} does not answer for {}", span(away.since, now)),
        detail: away.why.clone().or_else(|| unreachable.and_then(|entry| entry.reason.clone())),
        leaves: Vec::new(),
        unlisted: 0,
    }
}

/// `42s`, `5m`, `3h`.
fn span(from: Timestamp, to: Timestamp) -> String {
    let span = to.max(from) - from;
    let unit = match span.get_seconds() {
        ..120 => Unit::Second,
        120..7_200 => Unit::Minute,
        _ => Unit::Hour,
    };
    let rounded = span.round(SpanRound::new().largest(unit).smallest(unit)).unwrap_or(span);
    format!("{rounded:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::PassNumber;
    use crate::plan::Recorded;
    use crate::record::{DeviceEvent, EventKind, Held, Settled, Stance, WatchState};
    use crate::yang::testing::sample;

    struct World {
        _folder: tempfile::TempDir,
        store: Store,
        fabric: FabricName,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
            store.keep_receivers(&["all"]).unwrap();
            Self { _folder: folder, store, fabric: "dc1".parse().unwrap() }
        }

        fn stands(&mut self, name: &str, standing: Standing, commit: &CommitId, second: i64) {
            let (pass, now) = (PassNumber::try_from(1).unwrap(), at(second));
            let stance = Stance { standing, reason: Some("no route"), target: commit, pass, now };
            let device: DeviceName = name.parse().unwrap();
            let settled = Settled { device: device.clone(), stance, event: None };
            self.store.settle(&self.fabric, &[settled]).unwrap();
            if standing == Standing::Current {
                self.store.advance(&self.fabric, &[device], commit, pass, now).unwrap();
            }
        }

        /// A commit whose tree for it has this hash is read back of a device.
        fn took(&mut self, name: &str, commit: &CommitId, hash: &str) {
            let event = DeviceEvent {
                pass: PassNumber::try_from(1).unwrap(),
                device: name.parse().unwrap(),
                commit: commit.clone(),
                kind: EventKind::Applied,
                changes: 1,
                detail: None,
                at: at(1),
            };
            let recorded = Recorded::default();
            let held = Held { commit, tree_hash: hash, recorded: &recorded, schema: sample(), by_set: true };
            self.store.hold(&self.fabric, &held, &event).unwrap();
        }

        /// What became news since the last time.
        fn news(&mut self) -> Vec<String> {
            self.store.queue_news("all", &|_| true).unwrap();
            let queued = self.store.queued("all").unwrap();
            let ids: Vec<i64> = queued.iter().map(|queued| queued.id).collect();
            self.store.delivered("all", &ids).unwrap();
            queued.into_iter().map(|queued| queued.news.summary).collect()
        }
    }

    const LOSING: Losing = Losing { after: LOST_AFTER, began: Timestamp::UNIX_EPOCH, is_watched: false };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn commit(letter: &str) -> CommitId {
        letter.repeat(40).parse().unwrap()
    }

    #[test]
    fn a_device_is_lost_after_a_while_once_and_back_once_and_flapping_is_no_news() {
        let mut world = World::new();
        let a = commit("a");
        for (case, second, standing, expected) in [
            ("it is there", 0, Standing::Current, vec![]),
            ("it does not answer", 10, Standing::Unreachable, vec![]),
            ("and is there again soon", 30, Standing::Current, vec![]),
            ("away once more", 35, Standing::Unreachable, vec![]),
            ("not long enough", 64, Standing::Unreachable, vec![]),
            ("now it is", 65, Standing::Unreachable, vec!["leaf1 does not answer for 30s"]),
            ("said already", 500, Standing::Unreachable, vec![]),
            ("back", 665, Standing::Current, vec!["leaf1 answers again after 10m"]),
            ("said already too", 700, Standing::Current, vec![]),
            ("paused", 800, Standing::Paused, vec![]),
        ] {
            world.stands("leaf1", standing, &a, second);
            devices(&mut world.store, &world.fabric, at(second), LOSING).unwrap();
            assert_eq!(world.news(), expected, "{case}");
        }
    }

    #[test]
    fn what_an_agent_saw_that_runs_no_more_is_not_counted() {
        let mut world = World::new();
        world.stands("leaf1", Standing::Unreachable, &commit("a"), 0);
        let night = Losing { began: at(30_000), ..LOSING };
        for (case, second, expected) in [
            ("it was not asked yet", 30_005, vec![]),
            ("out of reach in this run", 30_030, vec!["leaf1 does not answer for 8h"]),
        ] {
            devices(&mut world.store, &world.fabric, at(second), night).unwrap();
            assert_eq!(world.news(), expected, "{case}");
        }
        // the next agent: what the last one's watchers said is gone
        world.stands("leaf1", Standing::Current, &commit("a"), 30_040);
        let watched = Losing { began: at(30_050), is_watched: true, ..LOSING };
        let leaf1: DeviceName = "leaf1".parse().unwrap();
        for (case, state, expected) in [
            ("no watcher has heard of it", None, vec![]),
            ("it is away still", Some(WatchState::Away), vec![]),
            ("it is there", Some(WatchState::Watching), vec!["leaf1 answers again after 70s"]),
        ] {
            if let Some(state) = state {
                world.store.set_watch(&world.fabric, &leaf1, state, None, at(30_090)).unwrap();
            }
            devices(&mut world.store, &world.fabric, at(30_100), watched).unwrap();
            assert_eq!(world.news(), expected, "{case}");
        }
    }

    #[test]
    fn of_a_lost_device_that_is_asked_for_no_more_that_is_told() {
        let a = commit("a");
        for (case, standing, expected) in [
            ("left the intent", None, "leaf1 has left the intent, and nobody waits for its answer any more"),
            ("paused", Some(Standing::Paused), "leaf1 is paused, and nobody waits for its answer any more"),
            ("there", Some(Standing::Current), "leaf1 answers again after 60s"),
        ] {
            let mut world = World::new();
            world.stands("leaf1", Standing::Unreachable, &a, 0);
            devices(&mut world.store, &world.fabric, at(60), LOSING).unwrap();
            assert_eq!(world.news().len(), 1, "{case}");
            match standing {
                Some(standing) => world.stands("leaf1", standing, &a, 100),
                None => world.store.forget(&world.fabric, &"leaf1".parse().unwrap(), &a, at(100)).unwrap(),
            }
            for told in [vec![expected], vec![]] {
                devices(&mut world.store, &world.fabric, at(120), LOSING).unwrap();
                assert_eq!(world.news(), told, "{case}");
            }
            assert!(world.store.noted_lost(&world.fabric).unwrap().is_empty(), "{case}");
        }
    }

    #[test]
    fn a_commit_is_applied_when_every_device_in_service_was_set_to_it_and_that_is_told_once() {
        let mut world = World::new();
        let (a, b) = (commit("a"), commit("b"));
        let names: [DeviceName; 2] = ["leaf1".parse().unwrap(), "leaf2".parse().unwrap()];
        let tell = |world: &mut World, commit: &CommitId, hash: &str| {
            let in_service = names.iter().map(|name| (name, hash)).collect();
            let about = (commit, Some("VLAN 40, by Ada".to_owned()));
            applied(&mut world.store, &world.fabric, about, &in_service, at(9)).unwrap();
            world.news()
        };
        world.took("leaf1", &a, "A");
        assert_eq!(tell(&mut world, &a, "A"), Vec::<String>::new(), "leaf2 is not known yet");
        world.took("leaf2", &a, "A");
        world.stands("leaf2", Standing::Drifted, &a, 2);
        assert_eq!(
            tell(&mut world, &a, "A"),
            ["dc1: commit aaaaaaa is on all 2 devices in service"],
            "what somebody did to it since is told as drift"
        );
        world.stands("leaf2", Standing::Unreachable, &a, 3);
        assert_eq!(tell(&mut world, &a, "A"), Vec::<String>::new(), "it is the same commit");
        assert_eq!(tell(&mut world, &b, "B"), Vec::<String>::new(), "nobody holds it");
    }

    #[test]
    fn a_device_that_cannot_take_a_commit_does_not_keep_it_from_being_told() {
        for (case, standing, second, expected) in [
            ("away for a moment", Standing::Unreachable, 5, None),
            ("lost", Standing::Unreachable, 40, Some("leaf9 is out of reach")),
            ("held", Standing::Held, 5, Some("leaf9 is held")),
            ("diverged", Standing::Diverged, 5, Some("leaf9 diverged")),
            ("in work", Standing::Behind, 40, None),
            ("waits for another", Standing::Waiting, 40, None),
        ] {
            let mut world = World::new();
            let (a, b) = (commit("a"), commit("b"));
            let names: [DeviceName; 2] = ["leaf1".parse().unwrap(), "leaf9".parse().unwrap()];
            world.took("leaf1", &b, "B");
            world.took("leaf9", &a, "A");
            world.stands("leaf9", standing, &b, 1);
            devices(&mut world.store, &world.fabric, at(second), LOSING).unwrap();
            world.news();
            for told in [expected, None] {
                let in_service = names.iter().map(|name| (name, "B")).collect();
                applied(&mut world.store, &world.fabric, (&b, None), &in_service, at(second)).unwrap();
                let told =
                    told.map(|why| format!("dc1: commit bbbbbbb is on 1 of 2 devices in service; {why}"));
                assert_eq!(world.news(), told.into_iter().collect::<Vec<_>>(), "{case}");
            }
        }
    }

    #[test]
    fn of_many_devices_that_lack_a_commit_some_are_named() {
        let without: Vec<String> = (1..=7).map(|n| format!("leaf{n} is held")).collect();
        let said = reach(10, &without);
        assert!(said.starts_with("3 of 10 devices in service; leaf1 is held, "), "{said}");
        assert!(said.ends_with("leaf5 is held, and 2 more lack it"), "{said}");
    }

    #[test]
    fn what_was_applied_before_anybody_was_told_is_no_news() {
        let mut world = World::new();
        let a = commit("a");
        let entry = FabricEntry {
            fabric: world.fabric.clone(),
            good: Some(a.clone()),
            head: Some(a.clone()),
            verdict: Verdict::Good,
            reason: None,
            findings: None,
            seen_at: at(0),
        };
        world.store.set_fabric(&entry).unwrap();
        world.stands("leaf1", Standing::Current, &a, 1);
        begin(&mut world.store, at(2)).unwrap();
        let name: DeviceName = "leaf1".parse().unwrap();
        world.took("leaf1", &a, "A");
        let in_service = BTreeMap::from([(&name, "A")]);
        applied(&mut world.store, &entry.fabric, (&a, None), &in_service, at(3)).unwrap();
        assert_eq!(world.news(), Vec::<String>::new());
    }

    #[test]
    fn a_head_that_does_not_count_is_told_once_and_again_after_another() {
        let mut world = World::new();
        let entry = |letter: &str, verdict| FabricEntry {
            fabric: "dc1".parse().unwrap(),
            good: Some(commit("0")),
            head: Some(commit(letter)),
            verdict,
            reason: Some("2 errors in 1 file".to_owned()),
            findings: None,
            seen_at: at(0),
        };
        for (case, entry, expected) in [
            ("good", entry("a", Verdict::Good), vec![]),
            (
                "refused",
                entry("b", Verdict::Refused),
                vec!["dc1: commit bbbbbbb is refused: 2 errors in 1 file"],
            ),
            ("still", entry("b", Verdict::Refused), vec![]),
            (
                "frozen",
                entry("c", Verdict::Frozen),
                vec!["dc1: commit ccccccc needs a person's word, and the agent waits: 2 errors in 1 file"],
            ),
            ("still frozen", entry("c", Verdict::Frozen), vec![]),
            (
                "good again",
                entry("d", Verdict::Good),
                vec!["dc1: commit ddddddd is good, and the branch is followed again"],
            ),
            ("still good", entry("d", Verdict::Good), vec![]),
            ("another good one", entry("e", Verdict::Good), vec![]),
            (
                "put back by force",
                entry("b", Verdict::Refused),
                vec!["dc1: commit bbbbbbb is refused: 2 errors in 1 file"],
            ),
        ] {
            head(&mut world.store, &entry, at(1)).unwrap();
            assert_eq!(world.news(), expected, "{case}");
        }
    }
}
