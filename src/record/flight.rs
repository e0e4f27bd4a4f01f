//! The Set in flight: written down before it is sent, and ended when its outcome is known.
//!
//! Here: [`InFlight`], beginning a Set unless a hold keeps it from being sent, and each end of it
//! that brings the device to no commit. Elsewhere: the ends that do (`Store::hold` of `devices`,
//! `Store::corrected` of `corrections`), the column (`columns`), sending (`rollout`).

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns;
use super::devices::ensure_row;
use super::holds::{self, Hold};
use super::store::{RecordError, Store};
use crate::names::{CommitId, DeviceName, FabricName, PassNumber};
use crate::plan::{DevicePlan, Recorded};
use crate::yang::Schema;

/// A Set that was begun and whose end is not recorded: its outcome is read from the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The pass that sent it.
    pub pass: PassNumber,
    /// The commit it brings.
    pub commit: CommitId,
    /// The hash of the tree it leads to.
    pub tree_hash: String,
    /// What it writes and makes.
    pub set: crate::plan::InFlight,
}

impl Store {
    /// Writes that a Set is about to be sent that carries out a plan; must be on disk before the
    /// Set is. Or writes nothing, and gives the hold that keeps it from being sent: whoever
    /// holds meanwhile, from another process, does so before this or sees the Set in flight.
    pub fn begin_set(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        (flight, plan): (&InFlight, &DevicePlan),
        schema: &Schema,
        now: Timestamp,
    ) -> Result<Option<Hold>, RecordError> {
        self.begin(fabric, device, (flight, plan), schema, now, |_| Ok(()))
    }

    /// The same of a Set with which something else is written, in the same transaction.
    pub(super) fn begin(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        (flight, plan): (&InFlight, &DevicePlan),
        schema: &Schema,
        now: Timestamp,
        with_it: impl FnOnce(&Connection) -> Result<(), RecordError>,
    ) -> Result<Option<Hold>, RecordError> {
        // at once, so that no hold can come between looking and writing
        let write = self.connection.transaction()?;
        if let Some(hold) = holds::standing(&write, fabric, now)?.stopping(device, plan) {
            return Ok(Some(hold.clone()));
        }
        ensure_row(&write, fabric, device, flight.pass, now)?;
        write.execute(
            "UPDATE device SET flight = ?3, pass = ?4 WHERE fabric = ?1 AND device = ?2",
            params![
                fabric.as_str(),
                device.as_str(),
                columns::encode_flight(flight, schema),
                flight.pass.get()
            ],
        )?;
        with_it(&write)?;
        write.commit()?;
        Ok(None)
    }

    /// The Set that was begun and not ended, if there is one.
    pub fn in_flight(
        &self,
        fabric: &FabricName,
        device: &DeviceName,
        schema: &Schema,
    ) -> Result<Option<InFlight>, RecordError> {
        let text: Option<Option<String>> = self
            .connection
            .query_row(
                "SELECT flight FROM device WHERE fabric = ?1 AND device = ?2",
                [fabric.as_str(), device.as_str()],
                |row| row.get(0),
            )
            .optional()?;
        text.flatten().map(|text| columns::decode_flight(device.as_str(), &text, schema)).transpose()
    }

    /// Writes what is known to be ours on a device that is not current: after a Set whose
    /// outcome was unequal, or was found out late. Ends the Set in flight; the commit stays and
    /// the hash goes, so that the device is not taken for current.
    pub fn own(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        recorded: &Recorded,
        schema: &Schema,
    ) -> Result<(), RecordError> {
        let columns = columns::Columns::encode(recorded, schema);
        self.connection.execute(
            "UPDATE device SET tree = ?3, origins = ?4, secrets = ?5, created = ?6, tree_hash = NULL, flight = NULL
             WHERE fabric = ?1 AND device = ?2",
            params![
                fabric.as_str(),
                device.as_str(),
                columns.tree,
                columns.origins,
                columns.secrets,
                columns.created
            ],
        )?;
        Ok(())
    }

    /// The same of a device whose Set led to what the record says of it already: it only put
    /// something back, so that commit and hash stay.
    pub fn own_still(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        recorded: &Recorded,
        schema: &Schema,
    ) -> Result<(), RecordError> {
        let columns = columns::Columns::encode(recorded, schema);
        self.connection.execute(
            "UPDATE device SET secrets = ?3, created = ?4, flight = NULL WHERE fabric = ?1 AND device = ?2",
            params![fabric.as_str(), device.as_str(), columns.secrets, columns.created],
        )?;
        Ok(())
    }

    /// Ends a Set in flight that surely did not reach the device, or was refused.
    pub fn end_set(&mut self, fabric: &FabricName, device: &DeviceName) -> Result<(), RecordError> {
        self.connection.execute(
            "UPDATE device SET flight = NULL WHERE fabric = ?1 AND device = ?2",
            [fabric.as_str(), device.as_str()],
        )?;
        Ok(())
    }
}
