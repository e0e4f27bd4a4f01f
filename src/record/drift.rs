//! What differs on devices from what should stand there, as it was last seen.
//!
//! Here: [`DriftedLeaf`], and writing what a look found without touching what it did not look
//! at. Elsewhere: finding it (`drift`, `plan`), telling it (`agent::stands`, `agent::watches`).
//! Values come masked: a secret is its name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::corrections::rearm;
use super::devices::{Held, Stance};
use super::news::{News, NewsKind, NewsLeaf, insert};
use super::passes::DeviceEvent;
use super::store::{RecordError, Store, parsed};
use crate::names::{CommitId, DeviceName, FabricName};
use crate::phrase;
use crate::yang::Path;

/// What kind of difference it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftKind {
    /// A leaf of ours holds something else, or is gone. Alone of all it may be put back.
    #[default]
    Owned,
    /// A secret of ours shows another text than after our last Set. What stands behind it
    /// cannot be seen, so it is never put back for that alone.
    Secret,
    /// Something that is not ours stands in a container where everything should be. It is
    /// never taken away (promise 7).
    Strict,
    /// What `bootstrap` prints is not what stands there. It is never sent (promise 13).
    Protected,
}

/// One leaf, or one list entry, that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DriftedLeaf {
    /// Its path, with keys.
    pub path: String,
    /// What kind of difference it is.
    pub kind: DriftKind,
    /// What we put there; none if nothing.
    pub recorded: Option<String>,
    /// What the device holds; none if nothing.
    pub live: Option<String>,
}

/// What a look changed in the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriftNews {
    /// What was not known, or was known with another value.
    pub found: Vec<DriftedLeaf>,
    /// What differs no more.
    pub gone: Vec<DriftedLeaf>,
    /// What differs as it did.
    pub stays: Vec<DriftedLeaf>,
    /// The paths of all these that people were told of: only then is it news that it is over.
    pub told: BTreeSet<String>,
}

impl DriftKind {
    const ALL: [Self; 4] = [Self::Owned, Self::Secret, Self::Strict, Self::Protected];

    /// The word in the record, in `status` and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owned => "owned",
            Self::Secret => "secret",
            Self::Strict => "strict",
            Self::Protected => "protected",
        }
    }
}

impl std::str::FromStr for DriftKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no kind of drift"))
    }
}

impl DriftNews {
    /// Whether nothing is new. People may have to be told of what stays all the same.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.gone.is_empty()
    }
}

impl Store {
    /// What is known to have drifted, by device, leaves by path; with when it was first seen.
    pub fn drift(
        &self,
        fabric: &FabricName,
    ) -> Result<BTreeMap<DeviceName, Vec<(DriftedLeaf, Timestamp)>>, RecordError> {
        let mut query = self.connection.prepare_cached(
            "SELECT device, path, recorded, live, since, kind FROM drift WHERE fabric = ?1
             ORDER BY device, path",
        )?;
        let mut rows = query.query([fabric.as_str()])?;
        let mut found: BTreeMap<DeviceName, Vec<_>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            found.entry(parsed("device", &name, &name)?).or_default().push(leaf(&name, row)?);
        }
        Ok(found)
    }

    /// The same of one device.
    pub fn drift_of(
        &self,
        fabric: &FabricName,
        device: &DeviceName,
    ) -> Result<Vec<(DriftedLeaf, Timestamp)>, RecordError> {
        let mut query = self.connection.prepare_cached(
            "SELECT device, path, recorded, live, since, kind FROM drift WHERE fabric = ?1 AND device = ?2
             ORDER BY path",
        )?;
        let mut rows = query.query([fabric.as_str(), device.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(leaf(device.as_str(), row)?);
        }
        Ok(found)
    }

    /// Writes what differs on a device, as it was just looked at: at and below `places`, or, if
    /// there are none, as a whole. What is known elsewhere stays. What has differed throughout keeps
    /// its time, whatever the value was.
    /// What `tell` makes of the change is written with it: an agent that dies in between has
    /// neither found nor told it.
    pub fn set_drift(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        places: Option<&[Path]>,
        leaves: &[DriftedLeaf],
        now: Timestamp,
        tell: impl FnOnce(&DriftNews) -> Vec<News>,
    ) -> Result<DriftNews, RecordError> {
        let looked = |path: &str| match places {
            None => true,
            // a path that cannot be read is nobody's, and goes with the next look
            Some(places) => {
                path.parse::<Path>().is_ok_and(|path| places.iter().any(|place| path.starts_with(place)))
            }
        };
        let mut before: BTreeMap<String, DriftedLeaf> = self
            .drift_of(fabric, device)?
            .into_iter()
            .map(|(leaf, _)| leaf)
            .filter(|leaf| looked(&leaf.path))
            .map(|leaf| (leaf.path.clone(), leaf))
            .collect();
        let write = self.connection.transaction()?;
        let mut news = DriftNews { told: told(&write, fabric, device)?, ..DriftNews::default() };
        for leaf in leaves {
            if before.remove(&leaf.path).as_ref() == Some(leaf) {
                news.stays.push(leaf.clone());
                continue;
            }
            write.execute(
                "INSERT INTO drift (fabric, device, path, recorded, live, since, kind)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (fabric, device, path) DO UPDATE SET
                     recorded = excluded.recorded, live = excluded.live, kind = excluded.kind",
                params![
                    fabric.as_str(),
                    device.as_str(),
                    leaf.path,
                    leaf.recorded,
                    leaf.live,
                    now.to_string(),
                    leaf.kind.as_str()
                ],
            )?;
            news.found.push(leaf.clone());
        }
        for (path, leaf) in before {
            write.execute(
                "DELETE FROM drift WHERE fabric = ?1 AND device = ?2 AND path = ?3",
                [fabric.as_str(), device.as_str(), &path],
            )?;
            news.gone.push(leaf);
        }
        for told in tell(&news) {
            insert(&write, fabric, &told)?;
        }
        write.commit()?;
        Ok(news)
    }
}

/// The paths on a device that differ and that people were told of.
fn told(
    connection: &Connection,
    fabric: &FabricName,
    device: &DeviceName,
) -> Result<BTreeSet<String>, RecordError> {
    let mut query =
        connection.prepare_cached("SELECT path FROM drift WHERE fabric = ?1 AND device = ?2 AND told = 1")?;
    let found = query.query_map([fabric.as_str(), device.as_str()], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Ends what differed of ours on a device that was just read back equal, and tells that if people
/// were told of it. What is not ours to hold may stand there still: the next look says.
pub(super) fn overwritten(
    connection: &Connection,
    fabric: &FabricName,
    held: &Held<'_>,
    event: &DeviceEvent,
) -> Result<(), RecordError> {
    let (device, commit) = (&event.device, held.commit);
    let origin = |path: &str| {
        let place = held.recorded.tree.get(&path.parse::<Path>().ok()?)?.origin.as_ref()?;
        Some(format!("{}:{}", place.file, place.line))
    };
    let leaves = end(connection, fabric, device, "kind IN ('owned', 'secret')", origin)?;
    if leaves.is_empty() {
        return Ok(());
    }
    let (kind, what) = if held.by_set {
        (NewsKind::DriftCorrected, format!("commit {} overwrote what was changed by hand", commit.short()))
    } else {
        (NewsKind::DriftGone, "as it should be again".to_owned())
    };
    let news = News {
        kind,
        device: Some(device.clone()),
        commit: Some(commit.clone()),
        at: event.at,
        summary: format!("{device}: {what}: {}", first_of(&leaves)),
        detail: None,
        leaves,
        unlisted: 0,
    };
    insert(connection, fabric, &news)
}

/// Ends all that differed on a device that is out of service from now on: nobody looks at it any
/// more, and what was given up on it is forgotten. Told if people were told of it.
pub(super) fn at_rest(
    connection: &Connection,
    fabric: &FabricName,
    device: &DeviceName,
    stance: &Stance<'_>,
) -> Result<(), RecordError> {
    rearm(connection, fabric, device)?;
    let over = Over {
        device,
        commit: stance.target,
        at: stance.now,
        why: &format!("is {}", stance.standing.as_str()),
        detail: stance.reason,
    };
    over.tell(connection, fabric)
}

/// Ends all that differed on a device that a commit has taken out of the intent. Told if people were
/// told of it.
pub(super) fn departed(
    connection: &Connection,
    fabric: &FabricName,
    device: &DeviceName,
    commit: &CommitId,
    now: Timestamp,
) -> Result<(), RecordError> {
    let over = Over { device, commit, at: now, why: "has left the intent", detail: None };
    over.tell(connection, fabric)
}

/// A device that nobody looks at any more.
struct Over<'a> {
    device: &'a DeviceName,
    commit: &'a CommitId,
    at: Timestamp,
    why: &'a str,
    detail: Option<&'a str>,
}

impl Over<'_> {
    /// Ends all that differed on it, and tells it if people were told of it.
    fn tell(&self, connection: &Connection, fabric: &FabricName) -> Result<(), RecordError> {
        let Self { device, commit, at, why, detail } = *self;
        let leaves = end(connection, fabric, device, "1", |_| None)?;
        if leaves.is_empty() {
            return Ok(());
        }
        let news = News {
            kind: NewsKind::DriftGone,
            device: Some(device.clone()),
            commit: Some(commit.clone()),
            at,
            summary: format!("{device} {why} and is looked at no more: {}", first_of(&leaves)),
            detail: detail.map(str::to_owned),
            leaves,
            unlisted: 0,
        };
        insert(connection, fabric, &news)
    }
}

/// Ends what differed on a device; gives the leaves that people were told of.
fn end(
    connection: &Connection,
    fabric: &FabricName,
    device: &DeviceName,
    which: &'static str,
    origin: impl Fn(&str) -> Option<String>,
) -> Result<Vec<NewsLeaf>, RecordError> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT path, kind, recorded, live FROM drift
         WHERE fabric = ?1 AND device = ?2 AND {which} AND told = 1 ORDER BY path"
    ))?;
    let told = query.query_map([fabric.as_str(), device.as_str()], |row| {
        let path: String = row.get(0)?;
        let origin = origin(&path);
        Ok(NewsLeaf { path, kind: row.get(1)?, recorded: row.get(2)?, live: row.get(3)?, origin })
    })?;
    let leaves = told.collect::<Result<Vec<_>, _>>()?;
    connection.execute(
        &format!("DELETE FROM drift WHERE fabric = ?1 AND device = ?2 AND {which}"),
        [fabric.as_str(), device.as_str()],
    )?;
    Ok(leaves)
}

/// The first of leaves, and how many more there are.
fn first_of(leaves: &[NewsLeaf]) -> String {
    phrase::first_of(leaves.iter().map(|leaf| &leaf.path), 1)
}

fn leaf(device: &str, row: &rusqlite::Row<'_>) -> Result<(DriftedLeaf, Timestamp), RecordError> {
    let leaf = DriftedLeaf {
        path: row.get(1)?,
        kind: parsed("kind", device, &row.get::<_, String>(5)?)?,
        recorded: row.get(2)?,
        live: row.get(3)?,
    };
    Ok((leaf, parsed("since", device, &row.get::<_, String>(4)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_that_differs_throughout_keeps_its_time_and_what_was_put_right_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let (fabric, device): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        let leaf = |path: &str, live: &str| DriftedLeaf {
            path: path.to_owned(),
            kind: DriftKind::Owned,
            recorded: Some("1".to_owned()),
            live: Some(live.to_owned()),
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        let (a, b) = (leaf("/a", "2"), leaf("/b/c", "2"));
        let below_b = ["/b".parse::<Path>().unwrap()];
        for (case, second, places, leaves, found, gone, expected) in [
            ("nothing", 1, None, vec![], 0, 0, vec![]),
            ("one", 2, None, vec![a.clone()], 1, 0, vec![(a.clone(), 2)]),
            ("the same", 3, None, vec![a.clone()], 0, 0, vec![(a.clone(), 2)]),
            ("one more", 4, None, vec![b.clone(), a.clone()], 1, 0, vec![(a.clone(), 2), (b.clone(), 4)]),
            ("nothing elsewhere", 5, Some(&below_b[..]), vec![], 0, 1, vec![(a.clone(), 2)]),
            (
                "found elsewhere",
                6,
                Some(&below_b[..]),
                vec![b.clone()],
                1,
                0,
                vec![(a.clone(), 2), (b.clone(), 6)],
            ),
            (
                "another value",
                7,
                None,
                vec![leaf("/a", "3"), b.clone()],
                1,
                0,
                vec![(leaf("/a", "3"), 2), (b, 6)],
            ),
            ("all put right", 8, None, vec![], 0, 2, vec![]),
            ("and once more", 9, None, vec![a.clone()], 1, 0, vec![(a, 9)]),
        ] {
            let news =
                store.set_drift(&fabric, &device, places, &leaves, at(second), |_| Vec::new()).unwrap();
            assert_eq!((news.found.len(), news.gone.len()), (found, gone), "{case}");
            let known = store.drift(&fabric).unwrap().remove(&device).unwrap_or_default();
            let expected: Vec<_> = expected.into_iter().map(|(leaf, since)| (leaf, at(since))).collect();
            assert_eq!(known, expected, "{case}");
        }
    }

    /// What was read first is still so when it is written: nobody writes in between, and it is
    /// never refused because somebody did.
    #[test]
    fn nobody_writes_between_what_is_known_of_drift_and_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r.sqlite");
        let mut store = Store::open(&file).unwrap();
        let (fabric, device): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        let another = Connection::open(&file).unwrap();
        another.busy_timeout(std::time::Duration::ZERO).unwrap();
        let write = || another.execute("DELETE FROM hold", []);
        let meanwhile = |_: &DriftNews| {
            assert!(write().is_err(), "it waits for its turn");
            Vec::new()
        };
        store.set_drift(&fabric, &device, None, &[], Timestamp::UNIX_EPOCH, meanwhile).unwrap();
        write().unwrap();
    }

    /// Whether it was told stands in the row, and is what its end is told by.
    #[test]
    fn what_was_told_is_known_until_its_end_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let (fabric, device): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        let leaf = DriftedLeaf {
            path: "/a".to_owned(),
            kind: DriftKind::Owned,
            recorded: Some("1".to_owned()),
            live: Some("2".to_owned()),
        };
        let now = Timestamp::UNIX_EPOCH;
        let news = |kind| News {
            kind,
            device: Some(device.clone()),
            commit: None,
            at: now,
            summary: String::new(),
            detail: None,
            leaves: vec![NewsLeaf {
                path: leaf.path.clone(),
                kind: leaf.kind.as_str().to_owned(),
                recorded: None,
                live: None,
                origin: None,
            }],
            unlisted: 0,
        };
        let there = std::slice::from_ref(&leaf);
        for (case, leaves, tells, was_told, fires) in [
            ("only listed", there, None, false, false),
            ("told later", there, Some(NewsKind::DriftFound), false, true),
            ("there still", there, None, true, true),
            ("its end is told, and it is there", there, Some(NewsKind::DriftGone), true, false),
            ("only listed again", there, None, false, false),
            ("told once more", there, Some(NewsKind::DriftFound), false, true),
            ("gone", &[], Some(NewsKind::DriftGone), true, false),
            ("and there again", there, None, false, false),
        ] {
            let tell = |_: &DriftNews| tells.map(news).into_iter().collect();
            let changed = store.set_drift(&fabric, &device, None, leaves, now, tell).unwrap();
            assert_eq!(changed.told.contains("/a"), was_told, "{case}");
            assert_eq!(!store.firing(&fabric).unwrap().is_empty(), fires, "{case}");
        }

        // drift of a device that leaves the intent ends with it
        let (told, commit) = (|_: &DriftNews| vec![news(NewsKind::DriftFound)], "b".repeat(40));
        store.set_drift(&fabric, &device, None, there, now, told).unwrap();
        let before = store.news_since(0).unwrap().len();
        store.forget(&fabric, &device, &commit.parse().unwrap(), now).unwrap();
        let after: Vec<_> = store.news_since(0).unwrap().split_off(before);
        let summaries: Vec<&str> = after.iter().map(|(_, news)| &*news.summary).collect();
        assert_eq!(summaries, ["leaf1 has left the intent and is looked at no more: /a"]);
        assert_eq!((after[0].1.kind, store.drift(&fabric).unwrap().len()), (NewsKind::DriftGone, 0));
    }
}
