//! What was last made news of each subject, so that it is news on change and not at every pass,
//! also after a restart; and who is out of reach, which is what most of it is about.
//!
//! Elsewhere: deciding that something is news (`agent::alerts`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::news::{News, insert};
use super::store::{RecordError, Store, parsed};
use crate::names::{DeviceName, FabricName};

/// A device that does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfReach {
    /// Since when.
    pub since: Timestamp,
    /// Why, as far as it is known.
    pub why: Option<String>,
}

impl Store {
    /// What was last noted of a subject.
    pub fn noted(&self, fabric: &FabricName, subject: &str) -> Result<Option<String>, RecordError> {
        let found = self.connection.query_row(
            "SELECT what FROM noted WHERE fabric = ?1 AND subject = ?2",
            [fabric.as_str(), subject],
            |row| row.get(0),
        );
        Ok(found.optional()?)
    }

    /// Notes something of a subject, and writes the news that it is, all at once; nothing if it
    /// was noted already. Says whether it is new.
    pub fn note(
        &mut self,
        fabric: &FabricName,
        (subject, what): (&str, &str),
        news: Option<&News>,
        now: Timestamp,
    ) -> Result<bool, RecordError> {
        if self.noted(fabric, subject)?.as_deref() == Some(what) {
            return Ok(false);
        }
        // asked again within the transaction: another connection may just note the same
        let write = self.connection.transaction()?;
        let changed = write.execute(
            "INSERT INTO noted (fabric, subject, what, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (fabric, subject) DO UPDATE SET what = ?3, at = ?4 WHERE what != ?3",
            params![fabric.as_str(), subject, what, now.to_string()],
        )?;
        if changed > 0
            && let Some(news) = news
        {
            insert(&write, fabric, news)?;
        }
        write.commit()?;
        Ok(changed > 0)
    }

    /// The devices that are noted as lost, with when they were.
    pub fn noted_lost(&self, fabric: &FabricName) -> Result<BTreeMap<DeviceName, Timestamp>, RecordError> {
        let mut query = self.connection.prepare_cached(
            "SELECT substr(subject, 8), at FROM noted
             WHERE fabric = ?1 AND subject > 'device ' AND subject < 'device!' AND what = 'lost'",
        )?;
        let mut rows = query.query([fabric.as_str()])?;
        let mut found = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let at = parsed("at", &name, &row.get::<_, String>(1)?)?;
            found.insert(parsed("subject", &name, &name)?, at);
        }
        Ok(found)
    }

    /// The devices that do not answer: by the word of whoever watches them, and by that of the
    /// last pass where nobody does.
    pub fn out_of_reach(&self, fabric: &FabricName) -> Result<BTreeMap<DeviceName, OutOfReach>, RecordError> {
        // found by its index alone; the reason of the few is asked for one by one
        let mut query = self.connection.prepare_cached(
            "SELECT device, since, NULL FROM device INDEXED BY device_by_standing
             WHERE fabric = ?1 AND standing = 'unreachable'
             AND device NOT IN (SELECT device FROM watch WHERE fabric = ?1)
             UNION ALL
             SELECT device, since, detail FROM watch WHERE fabric = ?1 AND state = 'away'",
        )?;
        let mut rows = query.query([fabric.as_str()])?;
        let mut found = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let since = parsed("since", &name, &row.get::<_, String>(1)?)?;
            found.insert(parsed("device", &name, &name)?, OutOfReach { since, why: row.get(2)? });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::NewsKind;

    #[test]
    fn a_subject_is_news_when_it_changes_and_not_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r.sqlite");
        let fabric: FabricName = "dc1".parse().unwrap();
        let news = News {
            kind: NewsKind::DeviceLost,
            device: None,
            commit: None,
            at: Timestamp::UNIX_EPOCH,
            summary: "x".to_owned(),
            detail: None,
            leaves: Vec::new(),
            unlisted: 0,
        };
        for (case, what, news, expected, told) in [
            ("the first word", "lost", Some(&news), true, 1),
            ("the same", "lost", Some(&news), false, 1),
            ("another, not to be told", "back", None, true, 1),
            ("the first again", "lost", Some(&news), true, 2),
        ] {
            let mut store = Store::open(&file).unwrap();
            let now = Timestamp::UNIX_EPOCH;
            assert_eq!(store.note(&fabric, ("device leaf1", what), news, now).unwrap(), expected, "{case}");
            let count: i64 =
                store.connection.query_row("SELECT COUNT(*) FROM news", [], |row| row.get(0)).unwrap();
            assert_eq!(count, told, "{case}");
        }
        let lost = Store::open(&file).unwrap().noted_lost(&fabric).unwrap();
        assert_eq!(lost.keys().map(DeviceName::as_str).collect::<Vec<_>>(), ["leaf1"]);
    }

    #[test]
    fn who_watches_a_device_knows_better_than_the_last_pass() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        store
            .connection
            .execute_batch(
                "INSERT INTO device (fabric, device, standing, pass, since) VALUES
                   ('dc1', 'a', 'unreachable', 1, '2026-01-01T00:00:00Z'),
                   ('dc1', 'b', 'unreachable', 1, '2026-01-01T00:00:00Z'),
                   ('dc1', 'c', 'current', 1, '2026-01-01T00:00:00Z'),
                   ('dc1', 'd', 'current', 1, '2026-01-01T00:00:00Z');
                 INSERT INTO watch (fabric, device, state, detail, since) VALUES
                   ('dc1', 'b', 'watching', NULL, '2026-01-02T00:00:00Z'),
                   ('dc1', 'c', 'away', 'refused', '2026-01-03T00:00:00Z');",
            )
            .unwrap();
        let away = store.out_of_reach(&"dc1".parse().unwrap()).unwrap();
        let shown: Vec<(&str, Option<&str>)> =
            away.iter().map(|(name, away)| (name.as_str(), away.why.as_deref())).collect();
        assert_eq!(shown, [("a", None), ("c", Some("refused"))]);
    }
}
