//! One row a device: what stands on it, and how it stands.
//!
//! Here: reading and writing rows. Elsewhere: the Set in flight (`flight`), the columns that
//! hold trees (`columns`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::passes::{DeviceEvent, insert_event};
use super::store::{RecordError, Store, parsed};
use super::{columns, drift};
use crate::names::{CommitId, DeviceName, FabricName, PassNumber};
use crate::plan::{Recorded, SecretMark};
use crate::yang::{Path, Schema};

/// How a device stands towards the commit that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It holds the commit. A new commit leaves it, and drift.
    Current,
    /// It does not hold the commit yet. A pass leaves it.
    Behind,
    /// It could not be reached; it is tried again. An answer leaves it.
    Unreachable,
    /// It waits for its partner or for a wave before it. Their recovery leaves it.
    Waiting,
    /// It refused the Set or read back unequal. The next commit leaves it, or a person's
    /// `gitfabric apply`.
    Diverged,
    /// A leaf of ours was changed behind our back, and policy does more than list it. A correction
    /// leaves it, a commit, or that it was put right.
    Drifted,
    /// A person asked not to touch it, or what is to change on it. The hold's end leaves it.
    Held,
    /// Its state in the intent is `staged`: compiled, not sent.
    Staged,
    /// Its state in the intent is `paused`: left as it is.
    Paused,
    /// Its state in the intent is `released`: never written again.
    Released,
}

impl Standing {
    const ALL: [Self; 10] = [
        Self::Current,
        Self::Behind,
        Self::Unreachable,
        Self::Waiting,
        Self::Diverged,
        Self::Drifted,
        Self::Held,
        Self::Staged,
        Self::Paused,
        Self::Released,
    ];

    /// The word in the record, in `status` and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Behind => "behind",
            Self::Unreachable => "unreachable",
            Self::Waiting => "waiting",
            Self::Diverged => "diverged",
            Self::Drifted => "drifted",
            Self::Held => "held",
            Self::Staged => "staged",
            Self::Paused => "paused",
            Self::Released => "released",
        }
    }
}

impl std::str::FromStr for Standing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|standing| standing.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no standing"))
    }
}

/// A device's row, without the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEntry {
    /// The device.
    pub device: DeviceName,
    /// The newest commit whose tree for it is the one that stands on it.
    pub commit: Option<CommitId>,
    /// The hash of the owned tree last read back equal.
    pub tree_hash: Option<String>,
    /// The gitfabric that compiled it.
    pub engine: Option<String>,
    /// The schema it was compiled for, such as `arista-eos 4.35.0F`.
    pub pack: Option<String>,
    /// The pass that last sent it a Set.
    pub applied_by: Option<PassNumber>,
    /// How it stands.
    pub standing: Standing,
    /// Why, if it is not current.
    pub reason: Option<String>,
    /// The commit that it was last meant to come to.
    pub target: Option<CommitId>,
    /// The pass that last looked at it.
    pub pass: PassNumber,
    /// Since when it stands so.
    pub since: Timestamp,
    /// Whether a Set was begun and not ended.
    pub in_flight: bool,
    /// Whether that Set only puts something back: what it leads to is on record already.
    pub puts_back: bool,
}

/// How a device stands towards a commit, as a pass found it.
#[derive(Clone, Copy, Debug)]
pub struct Stance<'a> {
    /// How it stands.
    pub standing: Standing,
    /// Why, if it is not current.
    pub reason: Option<&'a str>,
    /// The commit that it should come to.
    pub target: &'a CommitId,
    /// The pass.
    pub pass: PassNumber,
    /// When.
    pub now: Timestamp,
}

/// A device at the end of a pass.
#[derive(Clone, Debug)]
pub struct Settled<'a> {
    /// The device.
    pub device: DeviceName,
    /// How it stands.
    pub stance: Stance<'a>,
    /// What the pass did to it.
    pub event: Option<DeviceEvent>,
}

impl<'a> Stance<'a> {
    fn current(target: &'a CommitId, pass: PassNumber, now: Timestamp) -> Self {
        Self { standing: Standing::Current, reason: None, target, pass, now }
    }
}

/// What was read back equal after a Set, or found equal without one.
#[derive(Clone, Debug)]
pub struct Held<'a> {
    /// The commit that the device holds now.
    pub commit: &'a CommitId,
    /// The hash of the owned tree.
    pub tree_hash: &'a str,
    /// The owned tree, created entries and fingerprints.
    pub recorded: &'a Recorded,
    /// The schema it was read by.
    pub schema: &'a Schema,
    /// Whether a Set was sent.
    pub by_set: bool,
}

/// The small columns, which the index `device_rows` holds.
const SMALL: &str =
    "device, commit_id, tree_hash, engine, pack, applied_by, standing, reason, pass, since, target";

/// What is known of the Set in flight.
const FLIGHT: &str = "flight IS NOT NULL, COALESCE(json_extract(flight, '$.tree_hash') = tree_hash, 0)";

impl Store {
    /// Every device of a fabric that the record knows, by name.
    pub fn devices(&self, fabric: &FabricName) -> Result<Vec<DeviceEntry>, RecordError> {
        // trees stand before what is asked for: with them each row is some pages more to read
        let read = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)?;
        let mut query = read.prepare_cached(&devices_query())?;
        let mut rows = query.query([fabric.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(entry(row)?);
        }
        let mut query = read.prepare_cached(&format!(
            "SELECT device, {FLIGHT} FROM device WHERE fabric = ?1 AND flight IS NOT NULL"
        ))?;
        let mut rows = query.query([fabric.as_str()])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            if let Some(entry) = found.iter_mut().find(|entry| entry.device.as_str() == name) {
                (entry.in_flight, entry.puts_back) = (row.get(1)?, row.get(2)?);
            }
        }
        Ok(found)
    }

    /// One device's row.
    pub fn device(
        &self,
        fabric: &FabricName,
        device: &DeviceName,
    ) -> Result<Option<DeviceEntry>, RecordError> {
        let mut query = self.connection.prepare_cached(&format!(
            "SELECT {SMALL}, {FLIGHT} FROM device WHERE fabric = ?1 AND device = ?2"
        ))?;
        let mut rows = query.query([fabric.as_str(), device.as_str()])?;
        rows.next()?.map(entry).transpose()
    }

    /// What is recorded of a device, in the terms of a schema; nothing for a device that was
    /// never written. Leaves that this schema lacks are left out: they are foreign to it.
    pub fn recorded(
        &self,
        fabric: &FabricName,
        device: &DeviceName,
        schema: &Schema,
    ) -> Result<Recorded, RecordError> {
        let row = self
            .connection
            .query_row(
                "SELECT tree, origins, secrets, created FROM device WHERE fabric = ?1 AND device = ?2
                 AND tree IS NOT NULL",
                [fabric.as_str(), device.as_str()],
                |row| {
                    Ok(columns::Columns {
                        tree: row.get(0)?,
                        origins: row.get(1)?,
                        secrets: row.get(2)?,
                        created: row.get(3)?,
                    })
                },
            )
            .optional()?;
        row.map_or_else(|| Ok(Recorded::default()), |columns| columns.decode(device.as_str(), schema))
    }

    /// What is known of a device's secret leaves; nothing for a device that was never written.
    pub fn secret_marks(
        &self,
        fabric: &FabricName,
        device: &DeviceName,
    ) -> Result<BTreeMap<Path, SecretMark>, RecordError> {
        let mut query =
            self.connection.prepare_cached("SELECT secrets FROM device WHERE fabric = ?1 AND device = ?2")?;
        let found: Option<Option<String>> =
            query.query_row([fabric.as_str(), device.as_str()], |row| row.get(0)).optional()?;
        let marks = found.flatten().map(|text| columns::decode_marks(device.as_str(), &text));
        Ok(marks.transpose()?.unwrap_or_default())
    }

    /// The owned tree as RFC 7951 text, as it is stored: for people and comparisons.
    pub fn owned_tree(
        &self,
        fabric: &FabricName,
        device: &DeviceName,
    ) -> Result<Option<String>, RecordError> {
        let found = self
            .connection
            .query_row(
                "SELECT tree FROM device WHERE fabric = ?1 AND device = ?2",
                [fabric.as_str(), device.as_str()],
                |row| row.get(0),
            )
            .optional()?;
        Ok(found.flatten())
    }

    /// Writes what a device holds, that it is current, and what the pass did, all at once.
    /// Ends the pass in flight.
    pub fn hold(
        &mut self,
        fabric: &FabricName,
        held: &Held<'_>,
        event: &DeviceEvent,
    ) -> Result<(), RecordError> {
        let columns = columns::Columns::encode(held.recorded, held.schema);
        let pack = format!("{} {}", held.schema.platform, held.schema.version);
        let write = self.connection.transaction()?;
        ensure_row(&write, fabric, &event.device, event.pass, event.at)?;
        set_standing(&write, fabric, &event.device, &Stance::current(held.commit, event.pass, event.at))?;
        write.execute(
            "UPDATE device SET commit_id = ?3, tree_hash = ?4, tree = ?5, origins = ?6, secrets = ?7, created = ?8,
                 engine = ?9, pack = ?10, applied_by = CASE WHEN ?11 THEN ?12 ELSE applied_by END, flight = NULL
             WHERE fabric = ?1 AND device = ?2",
            params![
                fabric.as_str(),
                event.device.as_str(),
                held.commit.as_str(),
                held.tree_hash,
                columns.tree,
                columns.origins,
                columns.secrets,
                columns.created,
                env!("CARGO_PKG_VERSION"),
                pack,
                held.by_set,
                event.pass.get(),
            ],
        )?;
        drift::overwritten(&write, fabric, held, event)?;
        insert_event(&write, fabric, event)?;
        write.commit()?;
        Ok(())
    }

    /// Writes how devices stand towards a commit, since when if that is new, and what the
    /// pass did to them: all of it or nothing, and on disk once.
    pub fn settle(&mut self, fabric: &FabricName, devices: &[Settled<'_>]) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        for Settled { device, stance, event } in devices {
            ensure_row(&write, fabric, device, stance.pass, stance.now)?;
            set_standing(&write, fabric, device, stance)?;
            if matches!(stance.standing, Standing::Staged | Standing::Paused | Standing::Released) {
                drift::at_rest(&write, fabric, device, stance)?;
            }
            event.iter().try_for_each(|event| insert_event(&write, fabric, event))?;
        }
        write.commit()?;
        Ok(())
    }

    /// Writes that somebody changed a device that holds its commit, and why it is said; or, without
    /// a reason, that it is as it should be again: also one that holds its commit, and on which
    /// something only waited to be put back. How a device stands that does not hold its commit is a
    /// pass's word, and stays.
    pub fn set_drifted(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        let standing = if reason.is_some() { Standing::Drifted } else { Standing::Current };
        self.connection.execute(
            "UPDATE device SET since = CASE WHEN standing = ?3 THEN since ELSE ?5 END, standing = ?3, reason = ?4
             WHERE fabric = ?1 AND device = ?2 AND (standing <> ?3 OR reason IS NOT ?4)
                 AND (standing IN ('current', 'drifted')
                     OR (standing = 'waiting' AND ?3 = 'current' AND commit_id = target
                         AND tree_hash IS NOT NULL AND flight IS NULL))",
            params![fabric.as_str(), device.as_str(), standing.as_str(), reason, now.to_string()],
        )?;
        Ok(())
    }

    /// Writes that these devices hold a commit which does not change them: their hash is the
    /// hash of its tree for them. One that was seen to have drifted, perhaps since the pass began,
    /// stands so still.
    pub fn advance(
        &mut self,
        fabric: &FabricName,
        devices: &[DeviceName],
        commit: &CommitId,
        pass: PassNumber,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        for device in devices {
            write.execute(
                "UPDATE device SET commit_id = ?3, target = ?3, pass = ?4,
                     since = CASE WHEN standing IN ('current', 'drifted') THEN since ELSE ?5 END,
                     reason = CASE WHEN standing = 'drifted' THEN reason END,
                     standing = CASE WHEN standing = 'drifted' THEN standing ELSE 'current' END
                 WHERE fabric = ?1 AND device = ?2",
                params![fabric.as_str(), device.as_str(), commit.as_str(), pass.get(), now.to_string()],
            )?;
        }
        write.commit()?;
        Ok(())
    }

    /// Forgets a device that has left the intent with this commit. What differed on it is told as over
    /// if people were told of it.
    pub fn forget(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        commit: &CommitId,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        drift::departed(&write, fabric, device, commit, now)?;
        for table in ["device", "drift", "watch", "hold", "correction", "given_up"] {
            write.execute(
                &format!("DELETE FROM {table} WHERE fabric = ?1 AND device = ?2"),
                [fabric.as_str(), device.as_str()],
            )?;
        }
        write.commit()?;
        Ok(())
    }
}

/// The rows of a fabric's devices, without what is in flight.
pub(super) fn devices_query() -> String {
    format!("SELECT {SMALL}, 0, 0 FROM device WHERE fabric = ?1 ORDER BY device")
}

/// Gives a device a row, behind as it is, unless it has one.
pub(super) fn ensure_row(
    connection: &Connection,
    fabric: &FabricName,
    device: &DeviceName,
    pass: PassNumber,
    now: Timestamp,
) -> Result<(), RecordError> {
    connection.execute(
        "INSERT OR IGNORE INTO device (fabric, device, standing, pass, since) VALUES (?1, ?2, 'behind', ?3, ?4)",
        params![fabric.as_str(), device.as_str(), pass.get(), now.to_string()],
    )?;
    Ok(())
}

/// Writes how a device stands.
pub(super) fn set_standing(
    connection: &Connection,
    fabric: &FabricName,
    device: &DeviceName,
    stance: &Stance<'_>,
) -> Result<(), RecordError> {
    connection.execute(
        "UPDATE device SET since = CASE WHEN standing = ?3 THEN since ELSE ?7 END,
             standing = ?3, reason = ?4, target = ?5, pass = ?6
         WHERE fabric = ?1 AND device = ?2",
        params![
            fabric.as_str(),
            device.as_str(),
            stance.standing.as_str(),
            stance.reason,
            stance.target.as_str(),
            stance.pass.get(),
            stance.now.to_string()
        ],
    )?;
    Ok(())
}

fn entry(row: &rusqlite::Row<'_>) -> Result<DeviceEntry, RecordError> {
    let name: String = row.get(0)?;
    let commit: Option<String> = row.get(1)?;
    let applied_by: Option<u64> = row.get(5)?;
    let target: Option<String> = row.get(10)?;
    Ok(DeviceEntry {
        device: parsed("device", &name, &name)?,
        commit: commit.map(|text| parsed("commit_id", &name, &text)).transpose()?,
        tree_hash: row.get(2)?,
        engine: row.get(3)?,
        pack: row.get(4)?,
        applied_by: applied_by.map(|number| parsed("applied_by", &name, &number.to_string())).transpose()?,
        standing: parsed("standing", &name, &row.get::<_, String>(6)?)?,
        reason: row.get(7)?,
        target: target.map(|text| parsed("target", &name, &text)).transpose()?,
        pass: parsed("pass", &name, &row.get::<_, u64>(8)?.to_string())?,
        since: parsed("since", &name, &row.get::<_, String>(9)?)?,
        in_flight: row.get(11)?,
        puts_back: row.get(12)?,
    })
}
