//! History: what each pass was, and what it did to each device.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::devices;
use super::store::{RecordError, Store, parsed};
use crate::names::{CommitId, DeviceName, FabricName, PassNumber};

/// The detail of an event that found a device equal to a commit that was not on record yet.
pub const FOUND_EQUAL: &str = "found equal";

/// One pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassEntry {
    /// Its number; passes of a fabric are ordered by it, never by time.
    pub pass: PassNumber,
    /// The commit that devices should come to.
    pub commit: CommitId,
    /// What began it, in words.
    pub why: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none if it is under way or was cut off.
    pub finished_at: Option<Timestamp>,
    /// What came of it, in a line.
    pub summary: Option<String>,
}

/// What a pass did to one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEvent {
    /// The pass.
    pub pass: PassNumber,
    /// The device.
    pub device: DeviceName,
    /// The commit.
    pub commit: CommitId,
    /// What it did.
    pub kind: EventKind,
    /// How many leaves were set or deleted.
    pub changes: u64,
    /// More, in words.
    pub detail: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What a pass did to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A Set was sent, and the device read back equal.
    Applied,
    /// It held the commit already; no Set was needed.
    Unchanged,
    /// It could not be reached.
    Unreachable,
    /// It waits for another device.
    Waiting,
    /// It refused the Set.
    Refused,
    /// It took the Set and does not hold what was sent.
    Unequal,
    /// Its plan was made and not sent: the agent only observes.
    Observed,
    /// It holds something else than was recorded, and nobody sent it.
    Drifted,
    /// What somebody had changed on it was put back and read back.
    Corrected,
}

impl EventKind {
    const ALL: [Self; 9] = [
        Self::Applied,
        Self::Unchanged,
        Self::Unreachable,
        Self::Waiting,
        Self::Refused,
        Self::Unequal,
        Self::Observed,
        Self::Drifted,
        Self::Corrected,
    ];

    /// The word in the record and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Unreachable => "unreachable",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Unequal => "unequal",
            Self::Observed => "observed",
            Self::Drifted => "drifted",
            Self::Corrected => "corrected",
        }
    }
}

impl std::str::FromStr for EventKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no event"))
    }
}

impl Store {
    /// Begins a pass and gives it the next number. Devices that the record does not know are
    /// behind from here on: who reads it in the middle of the pass, or after its agent was
    /// killed, sees every device of the fabric and not only those whose turn has come.
    pub fn begin_pass<'a>(
        &mut self,
        fabric: &FabricName,
        commit: &CommitId,
        why: &str,
        unknown: impl IntoIterator<Item = &'a DeviceName>,
        now: Timestamp,
    ) -> Result<PassNumber, RecordError> {
        let write = self.connection.transaction()?;
        let number: u64 = write.query_row(
            "INSERT INTO pass (fabric, pass, commit_id, why, started_at)
             SELECT ?1, COALESCE(MAX(pass), 0) + 1, ?2, ?3, ?4 FROM pass WHERE fabric = ?1
             RETURNING pass",
            params![fabric.as_str(), commit.as_str(), why, now.to_string()],
            |row| row.get(0),
        )?;
        let pass = parsed("pass", fabric.as_str(), &number.to_string())?;
        for device in unknown {
            devices::ensure_row(&write, fabric, device, pass, now)?;
        }
        write.commit()?;
        Ok(pass)
    }

    /// Ends a pass.
    pub fn end_pass(
        &mut self,
        fabric: &FabricName,
        pass: PassNumber,
        summary: &str,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        self.connection.execute(
            "UPDATE pass SET finished_at = ?3, summary = ?4 WHERE fabric = ?1 AND pass = ?2",
            params![fabric.as_str(), pass.get(), now.to_string(), summary],
        )?;
        Ok(())
    }

    /// Takes a pass back that sent nothing and found nothing new. Its number is given again,
    /// so a pass that something on record refers to stays; says whether it is gone.
    pub fn drop_pass(&mut self, fabric: &FabricName, pass: PassNumber) -> Result<bool, RecordError> {
        let gone = self.connection.execute(
            "DELETE FROM pass WHERE fabric = ?1 AND pass = ?2
             AND NOT EXISTS (SELECT 1 FROM event WHERE event.fabric = ?1 AND event.pass = ?2)",
            params![fabric.as_str(), pass.get()],
        )?;
        Ok(gone > 0)
    }

    /// The newest passes, newest first.
    pub fn passes(&self, fabric: &FabricName, limit: u32) -> Result<Vec<PassEntry>, RecordError> {
        let mut query = self.connection.prepare(
            "SELECT pass, commit_id, why, started_at, finished_at, summary
             FROM pass WHERE fabric = ?1 ORDER BY pass DESC LIMIT ?2",
        )?;
        let mut rows = query.query(params![fabric.as_str(), limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let number = row.get::<_, u64>(0)?.to_string();
            let finished: Option<String> = row.get(4)?;
            found.push(PassEntry {
                pass: parsed("pass", &number, &number)?,
                commit: parsed("commit_id", &number, &row.get::<_, String>(1)?)?,
                why: row.get(2)?,
                started_at: parsed("started_at", &number, &row.get::<_, String>(3)?)?,
                finished_at: finished.map(|text| parsed("finished_at", &number, &text)).transpose()?,
                summary: row.get(5)?,
            });
        }
        Ok(found)
    }

    /// The event that brought a device to what it holds: its last Set that was read back equal,
    /// or the pass that found it equal before anything was sent.
    pub fn last_held(
        &self,
        fabric: &FabricName,
        device: &DeviceName,
    ) -> Result<Option<DeviceEvent>, RecordError> {
        let mut query = self.connection.prepare_cached(
            "SELECT pass, device, commit_id, kind, changes, detail, at FROM event
             WHERE fabric = ?1 AND device = ?2
             AND (kind = 'applied' OR (kind = 'unchanged' AND detail = ?3))
             ORDER BY pass DESC LIMIT 1",
        )?;
        let mut rows = query.query(params![fabric.as_str(), device.as_str(), FOUND_EQUAL])?;
        rows.next()?.map(event).transpose()
    }

    /// The newest events of one device, or of all, newest first.
    pub fn events(
        &self,
        fabric: &FabricName,
        device: Option<&DeviceName>,
        limit: u32,
    ) -> Result<Vec<DeviceEvent>, RecordError> {
        let mut query = self.connection.prepare(
            "SELECT pass, device, commit_id, kind, changes, detail, at
             FROM event WHERE fabric = ?1 AND (?2 IS NULL OR device = ?2)
             ORDER BY pass DESC, device LIMIT ?3",
        )?;
        let mut rows = query.query(params![fabric.as_str(), device.map(DeviceName::as_str), limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(event(row)?);
        }
        Ok(found)
    }
}

fn event(row: &Row<'_>) -> Result<DeviceEvent, RecordError> {
    let number = row.get::<_, u64>(0)?.to_string();
    Ok(DeviceEvent {
        pass: parsed("pass", &number, &number)?,
        device: parsed("device", &number, &row.get::<_, String>(1)?)?,
        commit: parsed("commit_id", &number, &row.get::<_, String>(2)?)?,
        kind: parsed("kind", &number, &row.get::<_, String>(3)?)?,
        changes: row.get(4)?,
        detail: row.get(5)?,
        at: parsed("at", &number, &row.get::<_, String>(6)?)?,
    })
}

/// Writes what a pass did to a device.
pub(super) fn insert_event(
    connection: &Connection,
    fabric: &FabricName,
    event: &DeviceEvent,
) -> Result<(), RecordError> {
    connection.execute(
        "INSERT OR REPLACE INTO event (fabric, pass, device, commit_id, kind, changes, detail, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            fabric.as_str(),
            event.pass.get(),
            event.device.as_str(),
            event.commit.as_str(),
            event.kind.as_str(),
            event.changes,
            event.detail,
            event.at.to_string(),
        ],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Standing;

    #[test]
    fn passes_count_up_per_fabric_and_are_told_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let (dc1, dc2) = ("dc1".parse().unwrap(), "dc2".parse().unwrap());
        let commit = "a".repeat(40).parse().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        for (fabric, expected) in [(&dc1, 1), (&dc1, 2), (&dc2, 1), (&dc1, 3)] {
            assert_eq!(store.begin_pass(fabric, &commit, "the head moved", [], now).unwrap().get(), expected);
        }
        let three: PassNumber = "3".parse().unwrap();
        store.end_pass(&dc1, three, "10 devices at aaaaaaa", now).unwrap();
        let passes = store.passes(&dc1, 2).unwrap();
        assert_eq!(passes.iter().map(|pass| pass.pass.get()).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(passes[0].finished_at, Some(now));
        assert_eq!(passes[1].finished_at, None);

        let event = DeviceEvent {
            pass: three,
            device: "leaf1".parse().unwrap(),
            commit,
            kind: EventKind::Unchanged,
            changes: 0,
            detail: None,
            at: now,
        };
        assert!(store.drop_pass(&dc1, three).unwrap());
        insert_event(&store.connection, &dc1, &event).unwrap();
        assert_eq!(store.begin_pass(&dc1, &event.commit, "again", [], now).unwrap(), three);
        assert!(!store.drop_pass(&dc1, three).unwrap(), "a device's history refers to it");
    }

    #[test]
    fn devices_that_the_record_does_not_know_are_behind_from_the_begin_of_a_pass() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let fabric = "dc1".parse().unwrap();
        let commit = "a".repeat(40).parse().unwrap();
        let [leaf1, leaf2]: [DeviceName; 2] = ["leaf1", "leaf2"].map(|name| name.parse().unwrap());
        for (unknown, expected) in [(vec![&leaf1], "leaf1:1"), (vec![&leaf1, &leaf2], "leaf1:1 leaf2:2")] {
            store.begin_pass(&fabric, &commit, "the head moved", unknown, Timestamp::UNIX_EPOCH).unwrap();
            let devices = store.devices(&fabric).unwrap();
            assert!(devices.iter().all(|entry| entry.standing == Standing::Behind && entry.commit.is_none()));
            let rows = devices.iter().map(|entry| format!("{}:{}", entry.device, entry.pass.get()));
            assert_eq!(rows.collect::<Vec<_>>().join(" "), expected);
        }
    }

    #[test]
    fn what_brought_a_device_to_what_it_holds_is_its_last_set_or_what_was_found_equal() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let (fabric, device): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        for (pass, kind, detail, expected) in [
            (1, EventKind::Unreachable, None, None),
            (2, EventKind::Unchanged, Some(FOUND_EQUAL), Some(2)),
            (3, EventKind::Applied, None, Some(3)),
            (4, EventKind::Unchanged, None, Some(3)),
            (5, EventKind::Unequal, Some("a leaf differs"), Some(3)),
        ] {
            let event = DeviceEvent {
                pass: PassNumber::try_from(pass).unwrap(),
                device: device.clone(),
                commit: "a".repeat(40).parse().unwrap(),
                kind,
                changes: 0,
                detail: detail.map(ToOwned::to_owned),
                at: Timestamp::UNIX_EPOCH,
            };
            insert_event(&store.connection, &fabric, &event).unwrap();
            let held = store.last_held(&fabric, &device).unwrap();
            assert_eq!(held.map(|event| event.pass.get()), expected, "after pass {pass}");
        }
    }
}
