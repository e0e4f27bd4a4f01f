//! What was tried and not taken: messages as they were said first, and how long a receiver in
//! trouble is left alone.
//!
//! Whoever heard a message and could not say so knows it again only if it is the same at each try:
//! of what is in it none is merged anew. Elsewhere: what waits (`deliveries`), when it is tried
//! again (`alerts::pace`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::store::{RecordError, Store};

/// A message that was tried, and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What it says, as it was written down; empty if that is lost.
    pub event: String,
    /// The numbers of the news in it, ascending.
    pub ids: Vec<i64>,
    /// How often it was tried.
    pub attempts: u32,
    /// Before then it is not tried again.
    pub next_at: Option<Timestamp>,
}

/// How a receiver does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// How often it failed, one after the other.
    pub failures: u32,
    /// Until when it is left alone.
    pub until: Option<Timestamp>,
}

impl Store {
    /// Writes what a message says, before it is tried for the first time.
    pub fn begin_message(&mut self, receiver: &str, news: &[i64], event: &str) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        write.execute("INSERT INTO message (receiver, event) VALUES (?1, ?2)", [receiver, event])?;
        let message = write.last_insert_rowid();
        for id in news {
            write.execute(
                "UPDATE delivery SET message = ?3 WHERE news = ?1 AND receiver = ?2",
                params![id, receiver, message],
            )?;
        }
        write.commit()?;
        Ok(())
    }

    /// The messages that were tried and wait, in the order of the newest that each holds.
    pub fn tried(&self, receiver: &str) -> Result<Vec<Tried>, RecordError> {
        let mut query = self.connection.prepare_cached(
            "SELECT message, news, attempts, next_at FROM delivery
             WHERE receiver = ?1 AND state = 'waiting' AND message IS NOT NULL ORDER BY news",
        )?;
        let mut rows = query.query([receiver])?;
        let mut found: BTreeMap<i64, Tried> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let tried = found.entry(row.get(0)?).or_insert_with(|| Tried {
                event: String::new(),
                ids: Vec::new(),
                attempts: 0,
                next_at: None,
            });
            tried.ids.push(row.get(1)?);
            tried.attempts = tried.attempts.max(row.get(2)?);
            // a time that cannot be read is no reason to wait
            let next_at: Option<Timestamp> = row.get::<_, Option<String>>(3)?.and_then(|at| at.parse().ok());
            tried.next_at = tried.next_at.max(next_at);
        }
        let mut event = self.connection.prepare_cached("SELECT event FROM message WHERE id = ?1")?;
        for (message, tried) in &mut found {
            tried.event = event.query_row([message], |row| row.get(0)).optional()?.unwrap_or_default();
        }
        let mut found: Vec<Tried> = found.into_values().collect();
        found.sort_by_key(|tried| tried.ids.last().copied());
        Ok(found)
    }

    /// How a receiver does.
    pub fn rest(&self, receiver: &str) -> Result<Rest, RecordError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT failures, rests_until FROM receiver WHERE receiver = ?1")?;
        let found = query.query_row([receiver], |row| {
            let until: Option<String> = row.get(1)?;
            Ok(Rest { failures: row.get(0)?, until: until.and_then(|at| at.parse().ok()) })
        });
        Ok(found.optional()?.unwrap_or_default())
    }

    /// Writes how a receiver does.
    pub fn set_rest(&mut self, receiver: &str, rest: Rest) -> Result<(), RecordError> {
        self.connection.execute(
            "UPDATE receiver SET failures = ?2, rests_until = ?3 WHERE receiver = ?1",
            params![receiver, rest.failures, rest.until.map(|at| at.to_string())],
        )?;
        Ok(())
    }
}

/// Forgets what messages said of which nothing waits and nothing was given up.
pub(super) fn forget_messages(write: &Transaction<'_>) -> Result<(), RecordError> {
    write.execute(
        "DELETE FROM message WHERE NOT EXISTS (
             SELECT 1 FROM delivery WHERE delivery.message = message.id AND delivery.state <> 'sent')",
        [],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{News, NewsKind};

    #[test]
    fn what_was_tried_stays_as_it_was_said_until_it_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r.sqlite");
        let mut store = Store::open(&file).unwrap();
        store.keep_receivers(&["noc"]).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        for second in 1..=3 {
            let news = News {
                kind: NewsKind::DeviceLost,
                device: None,
                commit: None,
                at: at(second),
                summary: String::new(),
                detail: None,
                leaves: Vec::new(),
                unlisted: 0,
            };
            store.tell(&"dc1".parse().unwrap(), &news).unwrap();
        }
        store.queue_news("noc", &|_| true).unwrap();
        let ids: Vec<i64> = store.queued("noc").unwrap().iter().map(|queued| queued.id).collect();
        store.begin_message("noc", &ids[1..], "later").unwrap();
        store.begin_message("noc", &ids[..1], "first").unwrap();
        store.postponed("noc", &ids[..1], "busy", at(9)).unwrap();
        drop(store);

        let mut store = Store::open(&file).unwrap();
        let tried = |event: &str, ids: &[i64], attempts, next_at| Tried {
            event: event.to_owned(),
            ids: ids.to_vec(),
            attempts,
            next_at,
        };
        let (first, later) = (tried("first", &ids[..1], 1, Some(at(9))), tried("later", &ids[1..], 0, None));
        assert_eq!(store.tried("noc").unwrap(), [first, later.clone()]);
        store.delivered("noc", &ids[..1]).unwrap();
        assert_eq!(store.tried("noc").unwrap(), [later]);
        store.undeliverable("noc", &ids[1..], "404").unwrap();
        assert_eq!(store.tried("noc").unwrap(), []);
        store.retry_deliveries(None).unwrap();
        assert_eq!(store.tried("noc").unwrap()[0].event, "later", "a dead letter is sent as it was");

        let rest = Rest { failures: 3, until: Some(at(7)) };
        store.set_rest("noc", rest).unwrap();
        assert_eq!(store.rest("noc").unwrap(), rest);
        store.retry_deliveries(Some("noc")).unwrap();
        assert_eq!(store.rest("noc").unwrap(), Rest::default(), "a person asks");
    }
}
