//! What was put back on devices, and on which nothing is put back any more.
//!
//! Here: counting corrections, so that nobody is fought for ever, and giving up. A correction
//! counts from the moment its Set is written down, so that an agent that is killed then counts
//! it once. Elsewhere: deciding (`agent::assess`), the Set (`rollout`).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::devices::{Stance, set_standing};
use super::flight::InFlight;
use super::holds::Hold;
use super::news::{self, News};
use super::passes::{DeviceEvent, insert_event};
use super::store::{RecordError, Store, parsed};
use super::{Standing, columns};
use crate::names::{CommitId, DeviceName, FabricName, PassNumber};
use crate::plan::{DevicePlan, Recorded};
use crate::yang::{Path, Schema};

/// The time in which corrections are counted.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A device on which nothing is put back any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// The commit that counted then.
    pub commit: CommitId,
    /// Why, for people.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What was put back and read back.
#[derive(Clone, Debug)]
pub struct Corrected<'a> {
    /// What is known of the device now: its tree is as it was, secrets and entries may be new.
    pub recorded: &'a Recorded,
    /// The schema it was read by.
    pub schema: &'a Schema,
    /// The leaves that differ no more.
    pub paths: &'a [Path],
    /// Why the device is not as it should be all the same; none if it is.
    pub left: Option<&'a str>,
    /// What people are told.
    pub news: Option<&'a News>,
}

impl Store {
    /// How often something was put back on a device within the last hour.
    pub fn corrections(
        &self,
        fabric: &FabricName,
        device: &DeviceName,
        now: Timestamp,
    ) -> Result<u32, RecordError> {
        let mut query =
            self.connection.prepare_cached("SELECT at FROM correction WHERE fabric = ?1 AND device = ?2")?;
        let mut rows = query.query([fabric.as_str(), device.as_str()])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let at: Timestamp = parsed("at", device.as_str(), &row.get::<_, String>(0)?)?;
            // one from the future was written before the clock was set back: nobody knows when
            let ago = now.duration_since(at);
            count += u32::from(!ago.is_negative() && ago < HOUR);
        }
        Ok(count)
    }

    /// The same as [`Store::begin_set`] for a Set that puts back what a plan has: it counts from
    /// here. Those that count no more are forgotten.
    pub fn begin_correction(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        (flight, plan): (&InFlight, &DevicePlan),
        schema: &Schema,
        now: Timestamp,
    ) -> Result<Option<Hold>, RecordError> {
        self.begin(fabric, device, (flight, plan), schema, now, |write| {
            // as text, so to the second: enough for what is hours old, or ahead
            let old = now.checked_sub(HOUR * 2).unwrap_or(Timestamp::MIN);
            let ahead = now.checked_add(HOUR).unwrap_or(Timestamp::MAX);
            write.execute(
                "DELETE FROM correction WHERE fabric = ?1 AND device = ?2 AND (at < ?3 OR at > ?4)",
                params![fabric.as_str(), device.as_str(), old.to_string(), ahead.to_string()],
            )?;
            write.execute(
                "INSERT OR IGNORE INTO correction (fabric, device, pass, leaves, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    fabric.as_str(),
                    device.as_str(),
                    flight.pass.get(),
                    plan.changes.len() as u64,
                    now.to_string()
                ],
            )?;
            Ok(())
        })
    }

    /// Takes a correction back whose Set did not reach the device: it does not count.
    pub fn uncount_correction(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        pass: PassNumber,
    ) -> Result<(), RecordError> {
        self.connection.execute(
            "DELETE FROM correction WHERE fabric = ?1 AND device = ?2 AND pass = ?3",
            params![fabric.as_str(), device.as_str(), pass.get()],
        )?;
        Ok(())
    }

    /// Writes that leaves were put back and read back so, what differs still, what the pass did,
    /// and the news of it, all at once. Ends the pass in flight; commit and tree stay.
    pub fn corrected(
        &mut self,
        fabric: &FabricName,
        corrected: &Corrected<'_>,
        event: &DeviceEvent,
    ) -> Result<(), RecordError> {
        let columns = columns::Columns::encode(corrected.recorded, corrected.schema);
        let stance = Stance {
            standing: if corrected.left.is_some() { Standing::Drifted } else { Standing::Current },
            reason: corrected.left,
            target: &event.commit,
            pass: event.pass,
            now: event.at,
        };
        let write = self.connection.transaction()?;
        set_standing(&write, fabric, &event.device, &stance)?;
        write.execute(
            "UPDATE device SET secrets = ?3, created = ?4, applied_by = ?5, flight = NULL
             WHERE fabric = ?1 AND device = ?2",
            params![
                fabric.as_str(),
                event.device.as_str(),
                columns.secrets,
                columns.created,
                event.pass.get()
            ],
        )?;
        for path in corrected.paths {
            write.execute(
                "DELETE FROM drift WHERE fabric = ?1 AND device = ?2 AND path = ?3",
                [fabric.as_str(), event.device.as_str(), &path.to_string()],
            )?;
        }
        insert_event(&write, fabric, event)?;
        corrected.news.into_iter().try_for_each(|news| news::insert(&write, fabric, news))?;
        write.commit()?;
        Ok(())
    }

    /// The devices on which nothing is put back any more.
    pub fn given_up(&self, fabric: &FabricName) -> Result<BTreeMap<DeviceName, GivenUp>, RecordError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT device, commit_id, reason, at FROM given_up WHERE fabric = ?1")?;
        let mut rows = query.query([fabric.as_str()])?;
        let mut found = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let given_up = GivenUp {
                commit: parsed("commit_id", &name, &row.get::<_, String>(1)?)?,
                reason: row.get(2)?,
                at: parsed("at", &name, &row.get::<_, String>(3)?)?,
            };
            found.insert(parsed("device", &name, &name)?, given_up);
        }
        Ok(found)
    }

    /// Gives a device up, and tells it, unless that was done already.
    pub fn give_up(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        given_up: &GivenUp,
        news: &News,
    ) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        let new = write.execute(
            "INSERT OR IGNORE INTO given_up (fabric, device, commit_id, reason, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                fabric.as_str(),
                device.as_str(),
                given_up.commit.as_str(),
                given_up.reason,
                given_up.at.to_string()
            ],
        )?;
        if new > 0 {
            news::insert(&write, fabric, news)?;
        }
        write.commit()?;
        Ok(())
    }

    /// Puts back again where it was given up: on devices given up at another commit than this
    /// one, or, without one, on all.
    pub fn rearm(&mut self, fabric: &FabricName, commit: Option<&CommitId>) -> Result<(), RecordError> {
        let mut devices = self.given_up(fabric)?;
        devices.retain(|_, given_up| commit != Some(&given_up.commit));
        let write = self.connection.transaction()?;
        devices.keys().try_for_each(|device| rearm(&write, fabric, device))?;
        write.commit()?;
        Ok(())
    }
}

/// Counts anew on one device from some second on: what was put back, or given up, before it counts
/// no more.
pub(super) fn rearm_before(
    connection: &Connection,
    fabric: &FabricName,
    device: &DeviceName,
    end: Timestamp,
) -> Result<(), RecordError> {
    for table in ["given_up", "correction"] {
        // to the second: a fraction would make the text of a later time the smaller one
        connection.execute(
            &format!(
                "DELETE FROM {table} WHERE fabric = ?1 AND device = ?2 AND substr(at, 1, 19) < substr(?3, 1, 19)"
            ),
            params![fabric.as_str(), device.as_str(), end.to_string()],
        )?;
    }
    Ok(())
}

/// Counts anew on one device.
pub(super) fn rearm(
    connection: &Connection,
    fabric: &FabricName,
    device: &DeviceName,
) -> Result<(), RecordError> {
    for table in ["given_up", "correction"] {
        connection.execute(
            &format!("DELETE FROM {table} WHERE fabric = ?1 AND device = ?2"),
            [fabric.as_str(), device.as_str()],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::NewsKind;
    use crate::yang::testing::sample;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        (folder, store)
    }

    fn commit(digit: char) -> CommitId {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn corrections_of_the_last_hour_count_once_each() {
        let (_folder, mut store) = store();
        let (fabric, device): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        let schema = sample();
        let flight = |pass: u64| InFlight {
            pass: pass.try_into().unwrap(),
            commit: commit('a'),
            tree_hash: "h".to_owned(),
            set: crate::plan::InFlight::default(),
        };
        let plan = DevicePlan::default();
        for (pass, second) in [(1, 100), (2, 200), (2, 201), (3, 300)] {
            store.begin_correction(&fabric, &device, (&flight(pass), &plan), schema, at(second)).unwrap();
        }
        assert!(store.in_flight(&fabric, &device, schema).unwrap().is_some());
        // the clock that was set back, too, until it gets there
        for (now, expected) in [(300, 3), (3_699, 3), (3_700, 2), (3_900, 0), (0, 0), (150, 1), (200, 2)] {
            assert_eq!(store.corrections(&fabric, &device, at(now)).unwrap(), expected, "at {now}");
        }
        store.uncount_correction(&fabric, &device, 3_u64.try_into().unwrap()).unwrap();
        assert_eq!(store.corrections(&fabric, &device, at(300)).unwrap(), 2);

        let hold = Hold {
            device: device.clone(),
            path: Path::root(),
            until: at(20_000),
            reason: "a broken optic".to_owned(),
            by: "ann".to_owned(),
            since: at(300),
        };
        store.set_hold(&fabric, &hold).unwrap();
        for (now, expected) in [(300_u32, Some(hold.clone())), (20_000, None)] {
            let begun = (&flight(now.into()), &plan);
            let stopped = store.begin_correction(&fabric, &device, begun, schema, at(now.into())).unwrap();
            assert_eq!(stopped, expected, "at {now}");
            let stopped = store.begin_set(&fabric, &device, begun, schema, at(now.into())).unwrap();
            assert_eq!(stopped, expected, "at {now}");
        }
        assert_eq!(store.corrections(&fabric, &device, at(20_000)).unwrap(), 1);
    }

    #[test]
    fn what_was_put_back_far_ahead_of_the_clock_is_forgotten() {
        let (_folder, mut store) = store();
        let (fabric, device): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        let (schema, plan) = (sample(), DevicePlan::default());
        let mut put_back = |pass: u64, second| {
            let flight = InFlight {
                pass: pass.try_into().unwrap(),
                commit: commit('a'),
                tree_hash: "h".to_owned(),
                set: crate::plan::InFlight::default(),
            };
            store.begin_correction(&fabric, &device, (&flight, &plan), schema, at(second)).unwrap();
            let all = "SELECT pass FROM correction ORDER BY pass";
            let mut query = store.connection.prepare(all).unwrap();
            let passes = query.query_map([], |row| row.get::<_, u64>(0)).unwrap();
            passes.collect::<Result<Vec<_>, _>>().unwrap()
        };
        assert_eq!(put_back(1, 100_000), [1]);
        assert_eq!(put_back(2, 97_000), [1, 2], "by less than an hour it may be the clock's last step");
        assert_eq!(put_back(3, 5_000), [3], "the clock was set back by a day");
    }

    #[test]
    fn giving_up_is_told_once_and_ends_with_the_next_commit() {
        let (_folder, mut store) = store();
        let (fabric, device): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        let given_up = GivenUp { commit: commit('a'), reason: "again and again".to_owned(), at: at(1) };
        let news = News {
            kind: NewsKind::CorrectionGivenUp,
            device: Some(device.clone()),
            commit: Some(commit('a')),
            at: at(1),
            summary: String::new(),
            detail: None,
            leaves: Vec::new(),
            unlisted: 0,
        };
        let told = |store: &Store| -> u64 {
            store.connection.query_row("SELECT COUNT(*) FROM news", [], |row| row.get(0)).unwrap()
        };
        for _ in 0..2 {
            store.give_up(&fabric, &device, &given_up, &news).unwrap();
        }
        assert_eq!(told(&store), 1);
        for (case, commit, known) in
            [("the same commit", Some(commit('a')), true), ("the next one", Some(commit('b')), false)]
        {
            store.rearm(&fabric, commit.as_ref()).unwrap();
            assert_eq!(store.given_up(&fabric).unwrap().contains_key(&device), known, "{case}");
        }
        store.give_up(&fabric, &device, &given_up, &news).unwrap();
        store.rearm(&fabric, None).unwrap();
        assert!(store.given_up(&fabric).unwrap().is_empty(), "a person asked");
    }
}
