//! A NetBox read whole: version and rights, every list to its end, and nothing in between.
//!
//! Here: [`read`]. Elsewhere: single lists (`lists`), reading only what changed (`changes`).

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::changelog::Mark;
use super::changes::settle;
use super::client::Client;
use super::error::NetBoxError;
use super::reading::{Reading, Wanted};
use super::status::Status;
use super::{lists, rights};

/// How often a log that runs away is followed anew.
const TRIES: u32 = 3;

/// Reads everything. What changed meanwhile is read again, until NetBox stood still for a
/// moment; an answer that is missing, refused, cut or uncounted fails the whole.
pub fn read(client: &Client, wanted: &Wanted<'_>) -> Result<Reading, NetBoxError> {
    let (status, notes) = check(client, wanted)?;
    for _ in 0..TRIES {
        let now = SystemTime::now();
        let mark = Mark::now(client)?;
        let read = lists::whole(client, &status, &status.lists().collect::<Vec<_>>(), wanted.progress)?;
        let mut reading = Reading {
            inventory: read.inventory,
            status: status.clone(),
            mark,
            read_whole: now,
            checked: now,
            notes: notes.clone(),
        };
        if settle(client, &mut reading, read.paged, wanted)? {
            return Ok(reading);
        }
    }
    Err(NetBoxError::Restless { times: TRIES })
}

/// Which NetBox this is, whether we may read it, and what a person should know of both.
pub(super) fn check(client: &Client, wanted: &Wanted<'_>) -> Result<(Status, Vec<String>), NetBoxError> {
    let status = Status::ask(client)?;
    wanted.last.iter().try_for_each(|last| status.follows(last))?;
    let mut notes = status.notes();
    notes.extend(rights::check(client, &status)?);
    let notes = BTreeSet::from_iter(notes).into_iter().collect();
    Ok((status, notes))
}
