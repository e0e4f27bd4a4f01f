//! To whom news were brought, and what still waits: a row for each piece of news and receiver.
//!
//! Rows outlive the process, so that what was not surely taken is brought again. Elsewhere:
//! writing news (`news`), what was tried already (`tries`), bringing them (`agent::alerts`), when it
//! is tried again (`alerts`).

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::news::News;
use super::store::{RecordError, Store, parsed};
use super::tries::forget_messages;
use crate::names::{DeviceName, FabricName};

/// How long news are kept, and how many; and how many may wait for one receiver.
const KEPT: Duration = Duration::from_hours(30 * 24);
const MOST: u32 = 10_000;

/// How many are looked at in one go.
const BATCH: u32 = 1_000;

/// A piece of news that waits for a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its number: the order in which things happened.
    pub id: i64,
    /// The fabric.
    pub fabric: FabricName,
    /// What happened.
    pub news: News,
    /// How often it was tried.
    pub attempts: u32,
    /// Before then it is not tried again.
    pub next_at: Option<Timestamp>,
}

/// A row for people: what waits, and what was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryEntry {
    /// The receiver, by its name in the agent's configuration.
    pub receiver: String,
    /// Whether it was given up: a dead letter.
    pub is_dead: bool,
    /// The kind of news.
    pub kind: String,
    /// The device, if it is about one.
    pub device: Option<DeviceName>,
    /// When it happened.
    pub at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Before then it is not tried again.
    pub next_at: Option<Timestamp>,
    /// Why the last try failed; never an address.
    pub error: Option<String>,
}

impl Store {
    /// Says who is to be told from now on. One that is new gets nothing of the past; what
    /// waits for one that is gone is forgotten.
    pub fn keep_receivers(&mut self, names: &[&str]) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        let known = write
            .prepare("SELECT receiver FROM receiver")?
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        for gone in known.iter().filter(|name| !names.contains(&name.as_str())) {
            write.execute("DELETE FROM receiver WHERE receiver = ?1", [gone])?;
            write.execute("DELETE FROM delivery WHERE receiver = ?1", [gone])?;
            forget_messages(&write)?;
        }
        for new in names.iter().filter(|name| !known.iter().any(|known| known == **name)) {
            write.execute(
                "INSERT INTO receiver (receiver, seen)
                 SELECT ?1, COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'news'",
                [new],
            )?;
        }
        write.commit()?;
        Ok(())
    }

    /// Puts the news that came since the last time on a receiver's list, if it wants them.
    /// What cannot be read, since another gitfabric wrote it, is passed over.
    pub fn queue_news(&mut self, receiver: &str, wants: &dyn Fn(&News) -> bool) -> Result<(), RecordError> {
        loop {
            let seen: Option<i64> = self
                .connection
                .query_row("SELECT seen FROM receiver WHERE receiver = ?1", [receiver], |row| row.get(0))
                .optional()?;
            let Some(seen) = seen else { return Ok(()) };
            let news = self
                .connection
                .prepare_cached("SELECT id, body FROM news WHERE id > ?1 ORDER BY id LIMIT ?2")?
                .query_map(params![seen, BATCH], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?
                .collect::<Result<Vec<_>, _>>()?;
            let Some((last, _)) = news.last() else { return Ok(()) };
            let write = self.connection.transaction()?;
            for (id, body) in &news {
                if serde_json::from_str(body).is_ok_and(|news| wants(&news)) {
                    // what was pruned meanwhile is told no more
                    write.execute(
                        "INSERT OR IGNORE INTO delivery (news, receiver, state, attempts)
                         SELECT id, ?2, 'waiting', 0 FROM news WHERE id = ?1",
                        params![id, receiver],
                    )?;
                }
            }
            write.execute("UPDATE receiver SET seen = ?2 WHERE receiver = ?1", params![receiver, last])?;
            write.commit()?;
        }
    }

    /// What waits for a receiver, oldest first. What cannot be read any more is given up.
    pub fn queued(&self, receiver: &str) -> Result<Vec<Queued>, RecordError> {
        self.waiting(receiver, "1")
    }

    /// The same of what is in no message that was tried.
    pub fn fresh(&self, receiver: &str) -> Result<Vec<Queued>, RecordError> {
        self.waiting(receiver, "delivery.message IS NULL")
    }

    fn waiting(&self, receiver: &str, which: &'static str) -> Result<Vec<Queued>, RecordError> {
        let mut query = self.connection.prepare_cached(&format!(
            "SELECT news.id, news.fabric, news.body, delivery.attempts, delivery.next_at
             FROM delivery JOIN news ON news.id = delivery.news
             WHERE delivery.receiver = ?1 AND delivery.state = 'waiting' AND {which}
             ORDER BY news.id LIMIT ?2"
        ))?;
        let mut rows = query.query(params![receiver, BATCH])?;
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let fabric: Result<FabricName, _> = row.get::<_, String>(1)?.parse();
            let news: Result<News, _> = serde_json::from_str(&row.get::<_, String>(2)?);
            let (fabric, news) = match (fabric, news) {
                (Ok(fabric), Ok(news)) => (fabric, news),
                (Err(error), _) => {
                    unreadable.push((id, error.to_string()));
                    continue;
                }
                (_, Err(error)) => {
                    unreadable.push((id, error.to_string()));
                    continue;
                }
            };
            // a time that cannot be read is no reason to wait
            let next_at = row.get::<_, Option<String>>(4)?.and_then(|text| text.parse().ok());
            found.push(Queued { id, fabric, news, attempts: row.get(3)?, next_at });
        }
        for (id, what) in unreadable {
            self.connection.execute(
                "UPDATE delivery SET state = 'dead', error = ?3 WHERE news = ?1 AND receiver = ?2",
                params![id, receiver, format!("what is on record of it cannot be read: {what}")],
            )?;
        }
        Ok(found)
    }

    /// Writes that a receiver took these.
    pub fn delivered(&mut self, receiver: &str, news: &[i64]) -> Result<(), RecordError> {
        self.set_delivery(receiver, news, "sent", None, None)
    }

    /// Writes that a receiver did not take these, and when they are tried again.
    pub fn postponed(
        &mut self,
        receiver: &str,
        news: &[i64],
        error: &str,
        next_at: Timestamp,
    ) -> Result<(), RecordError> {
        self.set_delivery(receiver, news, "waiting", Some(next_at), Some(error))
    }

    /// Writes that these are given up.
    pub fn undeliverable(&mut self, receiver: &str, news: &[i64], error: &str) -> Result<(), RecordError> {
        self.set_delivery(receiver, news, "dead", None, Some(error))
    }

    fn set_delivery(
        &mut self,
        receiver: &str,
        news: &[i64],
        state: &str,
        next_at: Option<Timestamp>,
        error: Option<&str>,
    ) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        for id in news {
            write.execute(
                "UPDATE delivery SET state = ?3, attempts = attempts + 1, next_at = ?4, error = ?5
                 WHERE news = ?1 AND receiver = ?2",
                params![id, receiver, state, next_at.map(|at| at.to_string()), error],
            )?;
        }
        if state == "sent" {
            forget_messages(&write)?;
        }
        write.commit()?;
        Ok(())
    }

    /// Lets what was given up, and what waits for its time, be tried at once: of one receiver,
    /// or of all. Gives how many.
    pub fn retry_deliveries(&mut self, receiver: Option<&str>) -> Result<usize, RecordError> {
        let write = self.connection.transaction()?;
        let count = write.execute(
            "UPDATE delivery SET state = 'waiting', attempts = 0, next_at = NULL
             WHERE state IN ('dead', 'waiting') AND (?1 IS NULL OR receiver = ?1)",
            [receiver],
        )?;
        write.execute(
            "UPDATE receiver SET failures = 0, rests_until = NULL WHERE ?1 IS NULL OR receiver = ?1",
            [receiver],
        )?;
        write.commit()?;
        Ok(count)
    }

    /// What waits and what was given up, by receiver, oldest first.
    pub fn deliveries(&self) -> Result<Vec<DeliveryEntry>, RecordError> {
        // a person may look before the agent has brought the tables up to date
        let has_tables: bool = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'delivery')",
            [],
            |row| row.get(0),
        )?;
        if !has_tables {
            return Ok(Vec::new());
        }
        let mut query = self.connection.prepare(
            "SELECT delivery.receiver, delivery.state, news.kind, news.device, news.at, delivery.attempts,
                    delivery.next_at, delivery.error
             FROM delivery JOIN news ON news.id = delivery.news
             WHERE delivery.state IN ('waiting', 'dead') ORDER BY delivery.receiver, news.id",
        )?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let receiver: String = row.get(0)?;
            let device: Option<String> = row.get(3)?;
            let next_at: Option<String> = row.get(6)?;
            found.push(DeliveryEntry {
                is_dead: row.get::<_, String>(1)? == "dead",
                kind: row.get(2)?,
                device: device.map(|text| parsed("device", &receiver, &text)).transpose()?,
                at: parsed("at", &receiver, &row.get::<_, String>(4)?)?,
                attempts: row.get(5)?,
                next_at: next_at.map(|text| parsed("next_at", &receiver, &text)).transpose()?,
                error: row.get(7)?,
                receiver,
            });
        }
        Ok(found)
    }

    /// Removes news of more than 30 days ago, and all but the newest 10,000; with them goes
    /// to whom they were told. Kept is what waits to be told, and what still says that something is
    /// wrong: the last of its kind on a device, and drift that has not ended. Of more than 10,000
    /// that wait for one receiver the oldest are given up; what was given up is kept among 20,000.
    pub fn prune_news(&mut self, now: Timestamp) -> Result<(), RecordError> {
        let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let write = self.connection.transaction()?;
        let receivers = write
            .prepare("SELECT receiver FROM receiver")?
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        for receiver in receivers {
            write.execute(
                "UPDATE delivery SET state = 'dead', error = ?3
                 WHERE receiver = ?1 AND state = 'waiting' AND news <= (
                     SELECT news FROM delivery WHERE receiver = ?1 AND state = 'waiting'
                     ORDER BY news DESC LIMIT 1 OFFSET ?2)",
                params![receiver, MOST, format!("more than {MOST} others waited for it")],
            )?;
        }
        // in nobody's list yet, or in one
        let waits = "id > (SELECT COALESCE(MIN(seen), news.id) FROM receiver)
             OR EXISTS (SELECT 1 FROM delivery WHERE delivery.news = news.id AND delivery.state = 'waiting')";
        write.execute(
            &format!(
                "DELETE FROM news WHERE at < ?1 AND NOT ({waits})
                 AND NOT (kind = 'drift-found' AND EXISTS (
                     SELECT 1 FROM drift WHERE drift.fabric = news.fabric AND drift.device = news.device))"
            ),
            [before.to_string()],
        )?;
        write.execute(
            &format!(
                "DELETE FROM news WHERE id <= (SELECT id FROM news ORDER BY id DESC LIMIT 1 OFFSET ?1)
                 AND (id <= (SELECT id FROM news ORDER BY id DESC LIMIT 1 OFFSET ?2) OR NOT EXISTS (
                     SELECT 1 FROM delivery WHERE delivery.news = news.id AND delivery.state = 'dead'))
                 AND NOT ({waits}) AND id NOT IN (SELECT MAX(id) FROM news GROUP BY fabric, device, kind)"
            ),
            [MOST, 2 * MOST],
        )?;
        forget_messages(&write)?;
        write.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::NewsKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn news(kind: NewsKind, device: &str, second: i64) -> News {
        News {
            kind,
            device: Some(device.parse().unwrap()),
            commit: None,
            at: at(second),
            summary: format!("{device} at {second}"),
            detail: None,
            leaves: Vec::new(),
            unlisted: 0,
        }
    }

    fn summaries(store: &Store, receiver: &str) -> Vec<String> {
        store.queued(receiver).unwrap().into_iter().map(|queued| queued.news.summary).collect()
    }

    #[test]
    fn each_receiver_has_a_list_of_its_own_that_begins_when_it_is_added_and_outlives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r.sqlite");
        let fabric: FabricName = "dc1".parse().unwrap();
        let mut store = Store::open(&file).unwrap();
        store.keep_receivers(&["noc"]).unwrap();
        store.tell(&fabric, &news(NewsKind::DeviceLost, "leaf1", 1)).unwrap();
        store.keep_receivers(&["noc", "late"]).unwrap();
        store.tell(&fabric, &news(NewsKind::DeviceBack, "leaf1", 2)).unwrap();
        store.tell(&fabric, &news(NewsKind::DeviceLost, "leaf2", 3)).unwrap();
        store.queue_news("noc", &|_| true).unwrap();
        store.queue_news("late", &|news| news.kind == NewsKind::DeviceLost).unwrap();
        store.queue_news("stranger", &|_| true).unwrap();

        let mut store = Store::open(&file).unwrap();
        store.keep_receivers(&["noc", "late"]).unwrap();
        store.queue_news("noc", &|_| true).unwrap();
        assert_eq!(summaries(&store, "noc"), ["leaf1 at 1", "leaf1 at 2", "leaf2 at 3"]);
        assert_eq!(summaries(&store, "late"), ["leaf2 at 3"], "nothing of the past, and what it wants");
        assert_eq!(summaries(&store, "stranger"), Vec::<String>::new());

        let ids: Vec<i64> = store.queued("noc").unwrap().iter().map(|queued| queued.id).collect();
        store.delivered("noc", &ids[..1]).unwrap();
        store.postponed("noc", &ids[1..2], "busy", at(9)).unwrap();
        store.undeliverable("noc", &ids[2..], "404").unwrap();
        let queued = store.queued("noc").unwrap();
        assert_eq!((queued.len(), queued[0].attempts, queued[0].next_at), (1, 1, Some(at(9))));
        let told: Vec<(bool, Option<String>)> = store
            .deliveries()
            .unwrap()
            .into_iter()
            .filter(|entry| entry.receiver == "noc")
            .map(|entry| (entry.is_dead, entry.error))
            .collect();
        assert_eq!(told, [(false, Some("busy".to_owned())), (true, Some("404".to_owned()))]);
        assert_eq!(store.retry_deliveries(Some("noc")).unwrap(), 2);
        assert_eq!(summaries(&store, "noc"), ["leaf1 at 2", "leaf2 at 3"]);

        store.keep_receivers(&["late"]).unwrap();
        assert_eq!(summaries(&store, "noc"), Vec::<String>::new(), "who is gone is forgotten");
        store.keep_receivers(&["noc", "late"]).unwrap();
        store.queue_news("noc", &|_| true).unwrap();
        assert_eq!(summaries(&store, "noc"), Vec::<String>::new(), "and begins anew");
    }

    #[test]
    fn old_news_are_removed_unless_they_say_that_something_is_still_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let fabric: FabricName = "dc1".parse().unwrap();
        let left = |store: &Store| -> u32 {
            store.connection.query_row("SELECT COUNT(*) FROM news", [], |row| row.get(0)).unwrap()
        };
        store.keep_receivers(&["noc"]).unwrap();
        store.tell(&fabric, &news(NewsKind::DriftFound, "leaf1", 1)).unwrap();
        store.tell(&fabric, &news(NewsKind::DeviceLost, "leaf1", 2)).unwrap();
        store
            .connection
            .execute(
                "INSERT INTO drift (fabric, device, path, since) VALUES ('dc1', 'leaf1', '/a', '1970-01-01T00:00:01Z')",
                [],
            )
            .unwrap();
        store.prune_news(at(40 * 86_400)).unwrap();
        assert_eq!(left(&store), 2, "nobody has looked yet who is to be told");
        store.queue_news("noc", &|_| true).unwrap();
        store.prune_news(at(40 * 86_400)).unwrap();
        assert_eq!(summaries(&store, "noc"), ["leaf1 at 1", "leaf1 at 2"], "they wait");
        let ids: Vec<i64> = store.queued("noc").unwrap().iter().map(|queued| queued.id).collect();
        store.delivered("noc", &ids).unwrap();
        store.prune_news(at(40 * 86_400)).unwrap();
        assert_eq!(left(&store), 1, "drift of leaf1 has not ended");
        // one after the other, each on disk, would take long
        let many = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
             INSERT INTO news (fabric, kind, device, at, body)
             SELECT 'dc1', iif(i < 250, 'device-back', 'device-lost'), 'leaf2', '1970-02-10T00:00:00Z', '{}' FROM n";
        store.connection.execute(many, [MOST + 500]).unwrap();
        store.queue_news("noc", &|_| true).unwrap();
        store.prune_news(at(41 * 86_400)).unwrap();
        assert_eq!(left(&store), MOST + 2, "and the last of their kind of leaf1 and leaf2");
    }

    #[test]
    fn what_waits_for_too_long_a_list_is_given_up_and_not_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        store.keep_receivers(&["noc", "quick"]).unwrap();
        let news = serde_json::to_string(&news(NewsKind::DeviceLost, "leaf1", 1)).unwrap();
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO news (fabric, kind, device, at, body)
             SELECT 'dc1', 'device-lost', 'leaf1', '1970-01-01T00:00:01Z', ?2 FROM n";
        store.connection.execute(many, params![MOST + 7, news]).unwrap();
        store.queue_news("noc", &|_| true).unwrap();
        store.queue_news("quick", &|_| false).unwrap();
        store.prune_news(at(2)).unwrap();
        let listed = store.deliveries().unwrap();
        let dead: Vec<&DeliveryEntry> = listed.iter().filter(|entry| entry.is_dead).collect();
        assert_eq!((listed.len() - dead.len(), dead.len()), (MOST as usize, 7));
        assert_eq!(dead[0].error.as_deref(), Some("more than 10000 others waited for it"));
    }

    #[test]
    fn a_row_that_cannot_be_read_is_given_up_and_those_behind_it_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let fabric: FabricName = "dc1".parse().unwrap();
        store.keep_receivers(&["noc"]).unwrap();
        for second in 1..=3 {
            store.tell(&fabric, &news(NewsKind::DeviceLost, "leaf1", second)).unwrap();
        }
        store.queue_news("noc", &|_| true).unwrap();
        store.connection.execute("UPDATE news SET body = '{' WHERE id = 1", []).unwrap();
        store.connection.execute("UPDATE news SET fabric = ' ' WHERE id = 2", []).unwrap();
        assert_eq!(summaries(&store, "noc"), ["leaf1 at 3"]);
        let dead: Vec<DeliveryEntry> =
            store.deliveries().unwrap().into_iter().filter(|entry| entry.is_dead).collect();
        assert_eq!(dead.len(), 2);
        assert!(dead[0].error.as_deref().unwrap().contains("cannot be read"), "{dead:?}");
    }

    /// One message of a thousand devices that nobody takes is tried for a day.
    #[test]
    fn what_is_fresh_is_found_behind_any_number_of_what_was_tried() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        store.keep_receivers(&["noc"]).unwrap();
        let body = serde_json::to_string(&news(NewsKind::DeviceLost, "leaf1", 1)).unwrap();
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO news (fabric, kind, device, at, body)
             SELECT 'dc1', 'device-lost', 'leaf1', '1970-01-01T00:00:01Z', ?2 FROM n";
        store.connection.execute(many, params![BATCH, body]).unwrap();
        store.queue_news("noc", &|_| true).unwrap();
        let ids: Vec<i64> = store.fresh("noc").unwrap().iter().map(|queued| queued.id).collect();
        assert_eq!(ids.len(), BATCH as usize);
        store.begin_message("noc", &ids, "{}").unwrap();
        store.tell(&"dc1".parse().unwrap(), &news(NewsKind::DeviceLost, "leaf2", 2)).unwrap();
        store.queue_news("noc", &|_| true).unwrap();
        let fresh = store.fresh("noc").unwrap();
        assert_eq!(fresh.iter().map(|queued| &*queued.news.summary).collect::<Vec<_>>(), ["leaf2 at 2"]);
        assert_eq!(store.queued("noc").unwrap().len(), BATCH as usize, "all that waits, the oldest first");
    }
}
