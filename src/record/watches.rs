//! How each device is watched, as it was last told.
//!
//! Elsewhere: watching (`drift`), who writes it (`agent::watches`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::params;

use super::store::{RecordError, Store, parsed};
use crate::names::{DeviceName, FabricName};

/// How a device is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchState {
    /// It tells of changes by itself.
    Watching,
    /// It cannot, and is looked at from time to time.
    Polling,
    /// It does not answer.
    Away,
}

/// How a device is watched, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchEntry {
    /// How.
    pub state: WatchState,
    /// What is not watched and why, or why it is away.
    pub detail: Option<String>,
    /// Since when it is so.
    pub since: Timestamp,
}

impl WatchState {
    const ALL: [Self; 3] = [Self::Watching, Self::Polling, Self::Away];

    /// The word in the record, in `status` and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Watching => "watching",
            Self::Polling => "polling",
            Self::Away => "away",
        }
    }
}

impl std::str::FromStr for WatchState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no state of a watch"))
    }
}

impl Store {
    /// How every device of a fabric is watched. Of an agent that runs no more it is how it
    /// was at its end.
    pub fn watches(&self, fabric: &FabricName) -> Result<BTreeMap<DeviceName, WatchEntry>, RecordError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT device, state, detail, since FROM watch WHERE fabric = ?1")?;
        let mut rows = query.query([fabric.as_str()])?;
        let mut found = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let entry = WatchEntry {
                state: parsed("state", &name, &row.get::<_, String>(1)?)?,
                detail: row.get(2)?,
                since: parsed("since", &name, &row.get::<_, String>(3)?)?,
            };
            found.insert(parsed("device", &name, &name)?, entry);
        }
        Ok(found)
    }

    /// Writes how a device is watched from now on.
    pub fn set_watch(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        state: WatchState,
        detail: Option<&str>,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        self.connection.execute(
            "INSERT INTO watch (fabric, device, state, detail, since) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (fabric, device) DO UPDATE SET
                 since = CASE WHEN state = excluded.state THEN since ELSE excluded.since END,
                 state = excluded.state, detail = excluded.detail",
            params![fabric.as_str(), device.as_str(), state.as_str(), detail, now.to_string()],
        )?;
        Ok(())
    }

    /// Forgets how every device was watched: nobody watches yet.
    pub fn forget_watches(&mut self) -> Result<(), RecordError> {
        self.connection.execute("DELETE FROM watch", [])?;
        Ok(())
    }

    /// Forgets how a device was watched: it is watched no more.
    pub fn forget_watch(&mut self, fabric: &FabricName, device: &DeviceName) -> Result<(), RecordError> {
        self.connection.execute(
            "DELETE FROM watch WHERE fabric = ?1 AND device = ?2",
            [fabric.as_str(), device.as_str()],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_stays_keeps_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let (fabric, device): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        let at = |second| Timestamp::from_second(second).unwrap();
        for (case, second, state, detail, since) in [
            ("first", 1, WatchState::Away, Some("no answer"), 1),
            ("the same, said otherwise", 2, WatchState::Away, Some("refused"), 1),
            ("another", 3, WatchState::Watching, None, 3),
        ] {
            store.set_watch(&fabric, &device, state, detail, at(second)).unwrap();
            let expected = WatchEntry { state, detail: detail.map(str::to_owned), since: at(since) };
            assert_eq!(store.watches(&fabric).unwrap().remove(&device), Some(expected), "{case}");
        }
        store.forget_watch(&fabric, &device).unwrap();
        assert!(store.watches(&fabric).unwrap().is_empty());
        store.set_watch(&fabric, &device, WatchState::Away, None, at(4)).unwrap();
        store.forget_watches().unwrap();
        assert!(store.watches(&fabric).unwrap().is_empty());
    }
}
