//! Which commit counts for a fabric, and what was said of the head.

use jiff::Timestamp;
use rusqlite::OptionalExtension;

use super::store::{RecordError, Store, parsed};
use crate::names::{CommitId, FabricName};

/// What was said of the head of the branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is what devices should be at. The next head leaves it.
    Good,
    /// It has errors; the fabric stays on the last good commit. The next head leaves it.
    Refused,
    /// A brake holds: input is missing, or too much would be deleted. A commit with the
    /// trailer that allows it leaves it, and so does any good commit.
    Frozen,
}

impl Verdict {
    /// The word in the record and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Refused => "refused",
            Self::Frozen => "frozen",
        }
    }
}

impl std::str::FromStr for Verdict {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Good, Self::Refused, Self::Frozen]
            .into_iter()
            .find(|verdict| verdict.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no verdict"))
    }
}

/// A fabric's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FabricEntry {
    /// The fabric.
    pub fabric: FabricName,
    /// The last good commit.
    pub good: Option<CommitId>,
    /// The head of the branch, as last seen.
    pub head: Option<CommitId>,
    /// What was said of the head.
    pub verdict: Verdict,
    /// Why the head is not good.
    pub reason: Option<String>,
    /// The findings of the head, drawn for people.
    pub findings: Option<String>,
    /// When this was last written.
    pub seen_at: Timestamp,
}

impl Store {
    /// The fabrics of this record, by name.
    pub fn fabrics(&self) -> Result<Vec<FabricEntry>, RecordError> {
        let mut query = self.connection.prepare("SELECT fabric FROM fabric ORDER BY fabric")?;
        let names = query.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::new();
        for name in names {
            found.extend(self.fabric(&parsed("fabric", &name, &name)?)?);
        }
        Ok(found)
    }

    /// A fabric's row.
    pub fn fabric(&self, fabric: &FabricName) -> Result<Option<FabricEntry>, RecordError> {
        let row = self
            .connection
            .query_row(
                "SELECT good, head, verdict, reason, findings, seen_at FROM fabric WHERE fabric = ?1",
                [fabric.as_str()],
                |row| {
                    Ok((
                        row.get::<_, Option<String>>(0)?,
                        row.get::<_, Option<String>>(1)?,
                        row.get::<_, String>(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get::<_, String>(5)?,
                    ))
                },
            )
            .optional()?;
        let Some((good, head, verdict, reason, findings, seen_at)) = row else { return Ok(None) };
        let row = fabric.as_str();
        Ok(Some(FabricEntry {
            fabric: fabric.clone(),
            good: good.map(|text| parsed("good", row, &text)).transpose()?,
            head: head.map(|text| parsed("head", row, &text)).transpose()?,
            verdict: parsed("verdict", row, &verdict)?,
            reason,
            findings,
            seen_at: parsed("seen_at", row, &seen_at)?,
        }))
    }

    /// Forgets a fabric that has no devices: one whose name could not be read.
    pub fn forget_fabric(&mut self, fabric: &FabricName) -> Result<(), RecordError> {
        self.connection.execute("DELETE FROM fabric WHERE fabric = ?1", [fabric.as_str()])?;
        Ok(())
    }

    /// Writes a fabric's row.
    pub fn set_fabric(&mut self, entry: &FabricEntry) -> Result<(), RecordError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO fabric (fabric, good, head, verdict, reason, findings, seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            rusqlite::params![
                entry.fabric.as_str(),
                entry.good.as_ref().map(CommitId::as_str),
                entry.head.as_ref().map(CommitId::as_str),
                entry.verdict.as_str(),
                entry.reason,
                entry.findings,
                entry.seen_at.to_string(),
            ],
        )?;
        Ok(())
    }
}
