//! What one NetBox said at one moment, whole, and how far it was heard.
//!
//! Here: [`Reading`] and what a caller may ask of it. Elsewhere: reading everything (`read`),
//! reading what changed (`changes`), keeping it between runs (`cache`).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::changelog::Mark;
use super::inventory::Inventory;
use super::status::Status;

/// Everything that was read of a NetBox: complete, or it would not be here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// All objects.
    pub inventory: Inventory,
    /// NetBox's version and that of netbox-bgp.
    pub status: Status,
    /// Which changes are in it.
    pub(super) mark: Mark,
    /// When all lists were last read from beginning to end.
    pub read_whole: SystemTime,
    /// When version and rights were last looked at.
    pub(super) checked: SystemTime,
    /// What a person should know, one sentence each: lists that were left out, rights that
    /// are not needed.
    pub notes: Vec<String>,
}

impl Reading {
    /// The id of the newest change that is in it; 0 if NetBox knows of none.
    pub fn change(&self) -> u64 {
        self.mark.newest
    }

    /// How many objects each list has, by its path: `dcim/devices`. Lists of a plugin that is
    /// not installed are left out.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let listed = self.status.lists().map(|endpoint| endpoint.path).collect::<Vec<_>>();
        let counts = self.inventory.counts().into_iter();
        counts.filter(|(path, _)| listed.contains(path)).map(|(path, n)| (path.to_owned(), n)).collect()
    }
}

/// How to read.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// What the last exports read, one for each folder that they wrote: a NetBox that has lost
    /// lists or fields of it, with the plugin or by an older version, fails the read, as all
    /// that they held would look deleted.
    pub last: &'a [Status],
    /// After how long a refresh reads everything again: the change log does not know of what
    /// scripts and data sources write past it.
    pub whole_every: Duration,
    /// Is told whenever a page came, from several threads.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Self { last: &[], whole_every: Duration::from_hours(24), progress: &|_| {} }
    }
}

/// How far a read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The list of which a page came.
    pub list: &'static str,
    /// Objects so far, of all lists.
    pub objects: usize,
    /// Lists that are read to their end.
    pub lists: usize,
    /// Lists there are to read.
    pub of: usize,
}
