//! Pull requests that were reviewed, and what the forge was told.
//!
//! Elsewhere: reviewing and telling (`agent::reviews`).

use rusqlite::{OptionalExtension, Row, params};

use super::store::{RecordError, Store, parsed};
use crate::names::{CommitId, FabricName};

/// A pull request's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewEntry {
    /// Its number.
    pub number: u64,
    /// The head that was reviewed last.
    pub head: CommitId,
    /// The base that it was reviewed against.
    pub base: CommitId,
    /// The seal of that review.
    pub seal: String,
    /// Our comment, by the forge's id; none if there is none.
    pub comment: Option<u64>,
    /// The devices that it changes and how they stood, as JSON of `review::Stands`' devices.
    pub devices: String,
    /// The last comment whose command was answered, by the forge's id; 0 for none.
    pub asked: u64,
    /// The commit by which it came into the branch.
    pub merged: Option<CommitId>,
    /// Our comment that closes the story.
    pub closing: Option<u64>,
    /// What it says; `done` once nothing more is to be said.
    pub told: Option<String>,
}

/// What [`ReviewEntry::told`] says of a story that is over.
pub const DONE: &str = "done";

impl Store {
    /// The pull requests of a fabric that are not over, by number.
    pub fn reviews(&self, fabric: &FabricName) -> Result<Vec<ReviewEntry>, RecordError> {
        let mut query = self.connection.prepare(
            "SELECT number, head, base, seal, comment, devices, asked, merged, closing, told
             FROM review WHERE fabric = ?1 AND told IS NOT ?2 ORDER BY number",
        )?;
        let mut rows = query.query([fabric.as_str(), DONE])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(entry(row)?);
        }
        Ok(found)
    }

    /// One pull request's row.
    pub fn review(&self, fabric: &FabricName, number: u64) -> Result<Option<ReviewEntry>, RecordError> {
        let mut query = self.connection.prepare(
            "SELECT number, head, base, seal, comment, devices, asked, merged, closing, told
             FROM review WHERE fabric = ?1 AND number = ?2",
        )?;
        let mut rows = query.query(params![fabric.as_str(), number])?;
        rows.next()?.map(entry).transpose()
    }

    /// Writes a pull request's row.
    pub fn set_review(&mut self, fabric: &FabricName, entry: &ReviewEntry) -> Result<(), RecordError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO review
             (fabric, number, head, base, seal, comment, devices, asked, merged, closing, told)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                fabric.as_str(),
                entry.number,
                entry.head.as_str(),
                entry.base.as_str(),
                entry.seal,
                entry.comment,
                entry.devices,
                entry.asked,
                entry.merged.as_ref().map(CommitId::as_str),
                entry.closing,
                entry.told,
            ],
        )?;
        Ok(())
    }

    /// What the forge was told of a commit last: the state, and the words.
    pub fn told(
        &self,
        fabric: &FabricName,
        commit: &CommitId,
    ) -> Result<Option<(String, String)>, RecordError> {
        let found = self.connection.query_row(
            "SELECT state, words FROM told WHERE fabric = ?1 AND commit_id = ?2",
            [fabric.as_str(), commit.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        );
        Ok(found.optional()?)
    }

    /// The commits that the forge was told are under way.
    pub fn told_pending(&self, fabric: &FabricName) -> Result<Vec<CommitId>, RecordError> {
        let mut query = self.connection.prepare(
            "SELECT commit_id FROM told WHERE fabric = ?1 AND state = 'pending' ORDER BY commit_id",
        )?;
        let found = query.query_map([fabric.as_str()], |row| row.get::<_, String>(0))?;
        found
            .map(|text| text.map_err(Into::into).and_then(|text| parsed("commit_id", &text, &text)))
            .collect()
    }

    /// Writes what the forge was told of a commit.
    pub fn set_told(
        &mut self,
        fabric: &FabricName,
        commit: &CommitId,
        (state, words): (&str, &str),
    ) -> Result<(), RecordError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO told (fabric, commit_id, state, words) VALUES (?1, ?2, ?3, ?4)",
            [fabric.as_str(), commit.as_str(), state, words],
        )?;
        Ok(())
    }
}

fn entry(row: &Row<'_>) -> Result<ReviewEntry, RecordError> {
    let number: u64 = row.get(0)?;
    let name = number.to_string();
    let merged: Option<String> = row.get(7)?;
    Ok(ReviewEntry {
        number,
        head: parsed("head", &name, &row.get::<_, String>(1)?)?,
        base: parsed("base", &name, &row.get::<_, String>(2)?)?,
        seal: row.get(3)?,
        comment: row.get(4)?,
        devices: row.get(5)?,
        asked: row.get(6)?,
        merged: merged.map(|text| parsed("merged", &name, &text)).transpose()?,
        closing: row.get(8)?,
        told: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_of_a_pull_request_and_a_commit_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r.sqlite");
        let fabric: FabricName = "dc1".parse().unwrap();
        let commit: CommitId = "a".repeat(40).parse().unwrap();
        let mut entry = ReviewEntry {
            number: 7,
            head: commit.clone(),
            base: "b".repeat(40).parse().unwrap(),
            seal: "c".repeat(64),
            comment: Some(12),
            devices: "{}".to_owned(),
            asked: 3,
            merged: None,
            closing: None,
            told: None,
        };
        Store::open(&file).unwrap().set_review(&fabric, &entry).unwrap();
        let mut store = Store::open(&file).unwrap();
        assert_eq!(store.reviews(&fabric).unwrap(), [entry.clone()]);
        entry.merged = Some(commit.clone());
        entry.told = Some(DONE.to_owned());
        store.set_review(&fabric, &entry).unwrap();
        assert_eq!(store.reviews(&fabric).unwrap(), [], "a story that is over is not told again");
        assert_eq!(store.review(&fabric, 7).unwrap(), Some(entry));

        assert_eq!(store.told(&fabric, &commit).unwrap(), None);
        store.set_told(&fabric, &commit, ("pending", "wave 1 of 2")).unwrap();
        assert_eq!(store.told_pending(&fabric).unwrap(), std::slice::from_ref(&commit));
        store.set_told(&fabric, &commit, ("success", "done")).unwrap();
        let told = Store::open(&file).unwrap().told(&fabric, &commit).unwrap();
        assert_eq!(told, Some(("success".to_owned(), "done".to_owned())));
    }

    #[test]
    fn a_record_of_an_agent_before_reviews_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r.sqlite");
        let old = rusqlite::Connection::open(&file).unwrap();
        old.execute_batch(include_str!("tables.sql")).unwrap();
        old.execute_batch(
            "INSERT INTO fabric (fabric, verdict, seen_at) VALUES ('dc1', 'good', '2026-01-01T00:00:00Z')",
        )
        .unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        // the agent's own tools read before the agent has migrated
        assert_eq!(Store::open_to_read(&file).unwrap().fabrics().unwrap().len(), 1);
        let store = Store::open(&file).unwrap();
        assert_eq!(store.fabrics().unwrap().len(), 1);
        assert_eq!(store.reviews(&"dc1".parse().unwrap()).unwrap(), []);
        assert!(store.drift(&"dc1".parse().unwrap()).unwrap().is_empty());
    }
}
