//! Holds: what a person asked not to be touched for a while.
//!
//! Here: [`Hold`], [`Holds`], their rows. A hold ends by itself; its row stays until a pass
//! has looked at the device again, so that an end is seen across restarts. Elsewhere: asking
//! for one (`cli::hold`, `agent::reviews`), what it keeps from happening
//! (`agent::orders`, `agent::assess`, `rollout`).

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::corrections::{rearm, rearm_before};
use super::store::{RecordError, Store, parsed};
use crate::names::{DeviceName, FabricName};
use crate::plan::DevicePlan;
use crate::yang::Path;

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The device.
    pub device: DeviceName,
    /// What of it, with all below; the root is the whole device.
    pub path: Path,
    /// When it ends.
    pub until: Timestamp,
    /// Why, for people.
    pub reason: String,
    /// Who asked.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
}

/// The holds of a fabric that have not ended, by device and path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds(Vec<Hold>);

impl Hold {
    /// Whether the whole device is held.
    pub fn is_whole(&self) -> bool {
        self.path.is_root()
    }

    /// Whether a plan of the device would change what is held.
    pub fn stops(&self, plan: &DevicePlan) -> bool {
        self.is_whole() || plan.touches(&self.path)
    }

    /// `held until 2026-11-21 18:00:00Z by ann: a broken optic`.
    pub fn words(&self) -> String {
        format!("held until {} by {}: {}", self.until.strftime("%Y-%m-%d %H:%M:%SZ"), self.by, self.reason)
    }
}

impl Holds {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Hold> {
        self.0.iter()
    }

    /// Those of one device.
    pub fn of<'a>(&'a self, device: &'a DeviceName) -> impl Iterator<Item = &'a Hold> {
        self.0.iter().filter(move |hold| hold.device == *device)
    }

    /// The hold of a whole device.
    pub fn whole(&self, device: &DeviceName) -> Option<&Hold> {
        self.of_device(device, Hold::is_whole)
    }

    /// A hold that a leaf of a device is at or below.
    pub fn covering(&self, device: &DeviceName, path: &Path) -> Option<&Hold> {
        self.of_device(device, |hold| path.starts_with(&hold.path))
    }

    /// A hold that keeps a plan from being sent.
    pub fn stopping(&self, device: &DeviceName, plan: &DevicePlan) -> Option<&Hold> {
        self.of_device(device, |hold| hold.stops(plan))
    }

    fn of_device(&self, device: &DeviceName, what: impl Fn(&Hold) -> bool) -> Option<&Hold> {
        self.0.iter().find(|hold| hold.device == *device && what(hold))
    }
}

impl Store {
    /// The holds that have not ended.
    pub fn holds(&self, fabric: &FabricName, now: Timestamp) -> Result<Holds, RecordError> {
        standing(&self.connection, fabric, now)
    }

    /// The devices of which a hold has ended and that no pass has looked at since.
    pub fn ended_holds(
        &self,
        fabric: &FabricName,
        now: Timestamp,
    ) -> Result<BTreeSet<DeviceName>, RecordError> {
        let ended = rows(&self.connection, fabric)?.into_iter().filter(|hold| hold.until <= now);
        Ok(ended.map(|hold| hold.device).collect())
    }

    /// Forgets the holds that ended by then: a pass has looked at their devices.
    pub fn forget_ended_holds(&mut self, fabric: &FabricName, by: Timestamp) -> Result<(), RecordError> {
        for hold in rows(&self.connection, fabric)?.into_iter().filter(|hold| hold.until <= by) {
            self.connection.execute(
                "DELETE FROM hold WHERE fabric = ?1 AND device = ?2 AND path = ?3 AND until = ?4",
                [fabric.as_str(), hold.device.as_str(), &hold.path.to_string(), &hold.until.to_string()],
            )?;
        }
        Ok(())
    }

    /// Holds a device, or a path of it, until the hold's end; a hold of the same path before it
    /// is replaced. What was given up on the device stays so until a hold of it ends.
    pub fn set_hold(&mut self, fabric: &FabricName, hold: &Hold) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        insert(&write, fabric, hold)?;
        write.commit()?;
        Ok(())
    }

    /// The same for what a comment says, once: a comment is read again and again, and may be
    /// edited. Says whether it was done now.
    pub fn set_hold_once(
        &mut self,
        fabric: &FabricName,
        hold: &Hold,
        (comment, said): (u64, &str),
    ) -> Result<bool, RecordError> {
        let write = self.connection.transaction()?;
        let is_new = write.execute(
            "INSERT OR IGNORE INTO carried_out (fabric, comment, said) VALUES (?1, ?2, ?3)",
            params![fabric.as_str(), comment.to_string(), said],
        )? > 0;
        if is_new {
            insert(&write, fabric, hold)?;
        }
        write.commit()?;
        Ok(is_new)
    }

    /// Ends a hold now; says whether there was one. What was given up there is put back again.
    pub fn lift(
        &mut self,
        fabric: &FabricName,
        device: &DeviceName,
        path: &Path,
        now: Timestamp,
    ) -> Result<bool, RecordError> {
        let write = self.connection.transaction()?;
        let active = standing(&write, fabric, now)?.of(device).any(|hold| hold.path == *path);
        if active {
            write.execute(
                "UPDATE hold SET until = ?4 WHERE fabric = ?1 AND device = ?2 AND path = ?3",
                params![fabric.as_str(), device.as_str(), path.to_string(), now.to_string()],
            )?;
            if concerns(&write, fabric, device, path)? {
                rearm(&write, fabric, device)?;
            }
        }
        write.commit()?;
        Ok(active)
    }

    /// Lets what was given up be put back again where a hold of it has ended. Once: what was put
    /// back since then counts, however often this is asked.
    pub fn rearm_where_held(&mut self, fabric: &FabricName, now: Timestamp) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        for hold in rows(&write, fabric)?.into_iter().filter(|hold| hold.until <= now) {
            if concerns(&write, fabric, &hold.device, &hold.path)? {
                rearm_before(&write, fabric, &hold.device, hold.until)?;
            }
        }
        write.commit()?;
        Ok(())
    }
}

/// The holds that have not ended, as the transaction sees them that is to respect them.
pub(super) fn standing(
    connection: &Connection,
    fabric: &FabricName,
    now: Timestamp,
) -> Result<Holds, RecordError> {
    let mut holds = rows(connection, fabric)?;
    holds.retain(|hold| hold.until > now);
    Ok(Holds(holds))
}

fn insert(write: &Connection, fabric: &FabricName, hold: &Hold) -> Result<(), RecordError> {
    // down, so that a hold never begins after it was asked for: a word that lifts it is later
    let whole = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time).to_string();
    write.execute(
        "INSERT OR REPLACE INTO hold (fabric, device, path, until, reason, by, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            fabric.as_str(),
            hold.device.as_str(),
            hold.path.to_string(),
            whole(hold.until),
            hold.reason,
            hold.by,
            whole(hold.since)
        ],
    )?;
    Ok(())
}

/// Whether the end of a hold is the end of what keeps a device from being as it should be: anything
/// that differs on it now is held, or all of it is.
fn concerns(
    connection: &Connection,
    fabric: &FabricName,
    device: &DeviceName,
    path: &Path,
) -> Result<bool, RecordError> {
    if path.is_root() {
        return Ok(true);
    }
    let mut query = connection.prepare_cached("SELECT path FROM drift WHERE fabric = ?1 AND device = ?2")?;
    let mut rows = query.query([fabric.as_str(), device.as_str()])?;
    while let Some(row) = rows.next()? {
        if row.get::<_, String>(0)?.parse::<Path>().is_ok_and(|differs| differs.starts_with(path)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn rows(connection: &Connection, fabric: &FabricName) -> Result<Vec<Hold>, RecordError> {
    let mut query = connection.prepare_cached(
        "SELECT device, path, until, reason, by, since FROM hold WHERE fabric = ?1 ORDER BY device, path",
    )?;
    let mut rows = query.query([fabric.as_str()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        found.push(Hold {
            device: parsed("device", &name, &name)?,
            path: parsed("path", &name, &row.get::<_, String>(1)?)?,
            until: parsed("until", &name, &row.get::<_, String>(2)?)?,
            reason: row.get(3)?,
            by: row.get(4)?,
            since: parsed("since", &name, &row.get::<_, String>(5)?)?,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{DriftKind, DriftedLeaf};

    #[test]
    fn a_hold_ends_by_itself_or_is_lifted_and_its_end_is_seen_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let fabric: FabricName = "dc1".parse().unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let hold = |device: &str, path: &str, until| Hold {
            device: device.parse().unwrap(),
            path: path.parse().unwrap(),
            until: at(until),
            reason: "a broken optic".to_owned(),
            by: "ann".to_owned(),
            since: at(1),
        };
        let (whole, part) =
            (hold("leaf1", "/", 100), hold("leaf2", "/interfaces/interface[name=Ethernet1]", 50));
        store.set_hold(&fabric, &hold("leaf1", "/", 10)).unwrap();
        store.set_hold(&fabric, &whole).unwrap();
        store.set_hold(&fabric, &part).unwrap();
        let names =
            |devices: BTreeSet<DeviceName>| devices.into_iter().map(|it| it.to_string()).collect::<Vec<_>>();
        for (case, now, active, ended) in [
            ("both hold", 9, 2, vec![]),
            ("the longer one was asked for later", 49, 2, vec![]),
            ("one has ended", 50, 1, vec!["leaf2"]),
        ] {
            assert_eq!(store.holds(&fabric, at(now)).unwrap().iter().count(), active, "{case}");
            assert_eq!(names(store.ended_holds(&fabric, at(now)).unwrap()), ended, "{case}");
        }
        store.forget_ended_holds(&fabric, at(50)).unwrap();
        assert!(store.ended_holds(&fabric, at(50)).unwrap().is_empty());
        assert_eq!(store.holds(&fabric, at(50)).unwrap(), Holds(vec![whole.clone()]));

        assert!(!store.lift(&fabric, &whole.device, &part.path, at(60)).unwrap(), "nobody held that");
        assert!(store.lift(&fabric, &whole.device, &Path::root(), at(60)).unwrap());
        assert!(!store.lift(&fabric, &whole.device, &Path::root(), at(60)).unwrap(), "lifted already");
        assert_eq!(names(store.ended_holds(&fabric, at(60)).unwrap()), ["leaf1"]);
    }

    #[test]
    fn what_was_given_up_goes_on_when_a_hold_of_it_ends_and_not_when_one_is_placed() {
        let differs = "/interfaces/interface[name=Ethernet1]/config/mtu";
        for (path, goes_on) in [
            ("/", true),
            ("/interfaces/interface[name=Ethernet1]", true),
            (differs, true),
            ("/interfaces/interface[name=Ethernet1]/config/mtu/x", false),
            ("/interfaces/interface[name=Ethernet2]", false),
        ] {
            for lifted in [false, true] {
                let folder = tempfile::tempdir().unwrap();
                let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
                let fabric: FabricName = "dc1".parse().unwrap();
                let at = |second| Timestamp::from_second(second).unwrap();
                let hold = Hold {
                    device: "leaf1".parse().unwrap(),
                    path: path.parse().unwrap(),
                    until: at(100),
                    reason: "a broken optic".to_owned(),
                    by: "ann".to_owned(),
                    since: at(10),
                };
                let row = DriftedLeaf {
                    path: differs.to_owned(),
                    kind: DriftKind::Owned,
                    recorded: None,
                    live: None,
                };
                store.set_drift(&fabric, &hold.device, None, &[row], at(1), |_| Vec::new()).unwrap();
                given_up(&store, &fabric, at(5));
                let counts = |store: &Store| {
                    let given_up = store.given_up(&fabric).unwrap().len();
                    (given_up, store.corrections(&fabric, &hold.device, at(300)).unwrap())
                };
                let case = format!("{path}, lifted: {lifted}");
                store.set_hold(&fabric, &hold).unwrap();
                store.rearm_where_held(&fabric, at(20)).unwrap();
                assert_eq!(counts(&store), (1, 1), "{case}: while it is held");
                if lifted {
                    assert!(store.lift(&fabric, &hold.device, &hold.path, at(99)).unwrap());
                }
                let ended = if goes_on { (0, 0) } else { (1, 1) };
                for second in [100, 200] {
                    store.rearm_where_held(&fabric, at(second)).unwrap();
                    assert_eq!(counts(&store), ended, "{case}: at {second}");
                }
                // that its end was not looked at yet restarts nothing that was put back since
                given_up(&store, &fabric, at(150));
                let since = counts(&store);
                store.rearm_where_held(&fabric, at(200)).unwrap();
                assert_eq!(counts(&store), since, "{case}: since it has ended");
            }
        }
    }

    /// Something was put back on leaf1, and is put back no more.
    fn given_up(store: &Store, fabric: &FabricName, at: Timestamp) {
        let at = at.to_string();
        for insert in [
            "INSERT OR IGNORE INTO given_up (fabric, device, commit_id, reason, at)
             VALUES (?1, 'leaf1', 'a123456789a123456789a123456789a123456789', 'again and again', ?2)",
            "INSERT INTO correction (fabric, device, pass, leaves, at)
             SELECT ?1, 'leaf1', COUNT(*) + 1, 1, ?2 FROM correction",
        ] {
            store.connection.execute(insert, [fabric.as_str(), &at]).unwrap();
        }
    }

    #[test]
    fn what_a_comment_says_is_done_once_and_again_when_it_says_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let fabric: FabricName = "dc1".parse().unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let hold = Hold {
            device: "leaf1".parse().unwrap(),
            path: Path::root(),
            until: at(100),
            reason: "a broken optic".to_owned(),
            by: "ann (#7)".to_owned(),
            since: at(1),
        };
        for (case, comment, said, expected) in [
            ("said", (7, "laef1"), true, 1),
            ("read again", (7, "laef1"), false, 0),
            ("edited", (7, "leaf1"), true, 1),
            ("another comment", (8, "leaf1"), true, 1),
            ("read again, the one before", (7, "leaf1"), false, 0),
        ] {
            assert_eq!(store.set_hold_once(&fabric, &hold, comment).unwrap(), said, "{case}");
            assert_eq!(store.holds(&fabric, at(50)).unwrap().iter().count(), expected, "{case}");
            store.lift(&fabric, &hold.device, &hold.path, at(50)).unwrap();
        }
    }

    #[test]
    fn a_hold_covers_what_is_at_and_below_its_path() {
        let hold = |path: &str| Hold {
            device: "leaf1".parse().unwrap(),
            path: path.parse().unwrap(),
            until: Timestamp::from_second(1_000_000_000).unwrap(),
            reason: "a broken optic".to_owned(),
            by: "ann".to_owned(),
            since: Timestamp::UNIX_EPOCH,
        };
        let (leaf1, leaf2): (DeviceName, DeviceName) = ("leaf1".parse().unwrap(), "leaf2".parse().unwrap());
        for (held, path, covered) in [
            ("/", "/system/config/hostname", true),
            ("/system", "/system/config/hostname", true),
            ("/system/config/hostname", "/system", false),
            ("/vlans", "/system", false),
        ] {
            let holds = Holds(vec![hold(held)]);
            let path: Path = path.parse().unwrap();
            assert_eq!(holds.covering(&leaf1, &path).is_some(), covered, "{held} {path}");
            assert_eq!(holds.covering(&leaf2, &path), None);
            assert_eq!(holds.whole(&leaf1).is_some(), held == "/", "{held}");
        }
        assert_eq!(hold("/").words(), "held until 2001-09-09 01:46:40Z by ann: a broken optic");
    }
}
