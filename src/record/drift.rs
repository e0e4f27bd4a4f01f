//! The owned leaves that somebody changed on devices, as they were last seen.
//!
//! Elsewhere: finding them (`plan`), telling them (`agent::stands`). Values come masked: a
//! secret is its name.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::params;

use super::store::{RecordError, Store, parsed};
use crate::names::{DeviceName, FabricName};

/// One leaf that is not what we put there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DriftedLeaf {
    /// Its path, with keys.
    pub path: String,
    /// What we put there; none if nothing.
    pub recorded: Option<String>,
    /// What the device holds; none if nothing.
    pub live: Option<String>,
}

impl Store {
    /// What is known to have drifted, by device, leaves by path; with when it was first seen.
    pub fn drift(
        &self,
        fabric: &FabricName,
    ) -> Result<BTreeMap<DeviceName, Vec<(DriftedLeaf, Timestamp)>>, RecordError> {
        let mut query = self.connection.prepare(
            "SELECT device, path, recorded, live, since FROM drift WHERE fabric = ?1 ORDER BY device, path",
        )?;
        let mut rows = query.query([fabric.as_str()])?;
        let mut found: BTreeMap<DeviceName, Vec<_>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let leaf = DriftedLeaf { path: row.get(1)?, recorded: row.get(2)?, live: row.get(3)? };
            let since = parsed("since", &name, &row.get::<_, String>(4)?)?;
            found.entry(parsed("device", &name, &name)?).or_default().push((leaf, since));
        }
        Ok(found)
    }

    /// Writes which leaves of a device are not what we put there: all of them, as it was just
    /// read. A leaf that is as it was keeps its time. Says whether that is news.
    pub fn set_drift(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        leaves: &[DriftedLeaf],
        now: Timestamp,
    ) -> Result<bool, RecordError> {
        let before = self.drift(fabric)?.remove(device).unwrap_or_default();
        let mut wanted: Vec<&DriftedLeaf> = leaves.iter().collect();
        wanted.sort_unstable();
        if before.iter().map(|(leaf, _)| leaf).eq(wanted.iter().copied()) {
            return Ok(false);
        }
        let since =
            |leaf: &DriftedLeaf| before.iter().find(|(known, _)| known == leaf).map_or(now, |it| it.1);
        let write = self.connection.transaction()?;
        write.execute(
            "DELETE FROM drift WHERE fabric = ?1 AND device = ?2",
            [fabric.as_str(), device.as_str()],
        )?;
        for leaf in wanted {
            write.execute(
                "INSERT OR REPLACE INTO drift (fabric, device, path, recorded, live, since)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    fabric.as_str(),
                    device.as_str(),
                    leaf.path,
                    leaf.recorded,
                    leaf.live,
                    since(leaf).to_string()
                ],
            )?;
        }
        write.commit()?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_that_stays_as_it_is_keeps_its_time_and_what_was_put_right_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let (fabric, device): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        let leaf = |path: &str, live: &str| DriftedLeaf {
            path: path.to_owned(),
            recorded: Some("1".to_owned()),
            live: Some(live.to_owned()),
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        let (a, b) = (leaf("/a", "2"), leaf("/b", "2"));
        for (case, second, leaves, news, expected) in [
            ("nothing", 1, vec![], false, vec![]),
            ("one", 2, vec![a.clone()], true, vec![(a.clone(), at(2))]),
            ("the same", 3, vec![a.clone()], false, vec![(a.clone(), at(2))]),
            ("one more", 4, vec![b.clone(), a.clone()], true, vec![(a.clone(), at(2)), (b.clone(), at(4))]),
            (
                "another value",
                5,
                vec![leaf("/a", "3"), b.clone()],
                true,
                vec![(leaf("/a", "3"), at(5)), (b, at(4))],
            ),
            ("all put right", 6, vec![], true, vec![]),
        ] {
            assert_eq!(store.set_drift(&fabric, &device, &leaves, at(second)).unwrap(), news, "{case}");
            let found = store.drift(&fabric).unwrap().remove(&device).unwrap_or_default();
            assert_eq!(found, expected, "{case}");
        }
    }
}
