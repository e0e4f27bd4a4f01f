//! What happened that people may want to be told: written where it happens, told later.
//!
//! Here: [`News`], [`Store::tell`] and [`Store::news_since`]. Elsewhere: bringing it to people (`alerts`), when
//! something is news (`agent`). Nothing here holds a secret: values come masked.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::store::{RecordError, Store};
use crate::names::{CommitId, DeviceName, FabricName};

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewsKind {
    /// Somebody changed a device behind our back.
    DriftFound,
    /// It was put back by us.
    DriftCorrected,
    /// The intent asks for it now.
    DriftAccepted,
    /// It went away without our doing, or is nothing to be told any more: of a device that left the
    /// intent, or by policy.
    DriftGone,
    /// It comes back again and again, and is put back no more.
    CorrectionGivenUp,
    /// Every device in service holds a commit, or all that can take it do.
    CommitApplied,
    /// A commit holds errors; the devices stay at the one before.
    CommitRefused,
    /// A device does not answer any more.
    DeviceLost,
    /// It answers again, or nobody waits for that any more: it left the intent, or rests by its word.
    DeviceBack,
    /// A head was not followed, since it needs a person's word.
    AgentFrozen,
    /// A head counts again, after one that was refused or not followed.
    HeadGood,
}

impl NewsKind {
    /// All of them, as a person would tell them.
    pub const ALL: [Self; 11] = [
        Self::DriftFound,
        Self::DriftCorrected,
        Self::DriftAccepted,
        Self::DriftGone,
        Self::CorrectionGivenUp,
        Self::CommitApplied,
        Self::CommitRefused,
        Self::DeviceLost,
        Self::DeviceBack,
        Self::AgentFrozen,
        Self::HeadGood,
    ];

    /// The word in the record, in the agent's configuration and in what is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DriftFound => "drift-found",
            Self::DriftCorrected => "drift-corrected",
            Self::DriftAccepted => "drift-accepted",
            Self::DriftGone => "drift-gone",
            Self::CorrectionGivenUp => "correction-given-up",
            Self::CommitApplied => "commit-applied",
            Self::CommitRefused => "commit-refused",
            Self::DeviceLost => "device-lost",
            Self::DeviceBack => "device-back",
            Self::AgentFrozen => "agent-frozen",
            Self::HeadGood => "head-good",
        }
    }
}

/// One leaf, or one entry, that an event is about. Values are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewsLeaf {
    /// Its path, with keys.
    pub path: String,
    /// `owned`, `secret`, `strict` or `protected`.
    pub kind: String,
    /// What we put there, or what the intent asks for; none if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// What the device holds; none if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<String>,
    /// The line of the intent that asked for it, as `file:line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// What kind.
    pub kind: NewsKind,
    /// The device, if it is about one.
    pub device: Option<DeviceName>,
    /// The commit that counted, or that it is about.
    pub commit: Option<CommitId>,
    /// When it happened, by our clock.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    pub at: Timestamp,
    /// One line for people.
    pub summary: String,
    /// More for people, if there is more.
    pub detail: Option<String>,
    /// The leaves that it is about, by path. Of more than [`News::LEAVES`] the record keeps so many.
    pub leaves: Vec<NewsLeaf>,
    /// Leaves that are not among them, since there are too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unlisted: usize,
}

impl News {
    /// The leaves that a piece of news lists at most, to programs too.
    pub const LEAVES: usize = 1_000;
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde gives")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

pub(crate) fn write_time<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(time)
}

pub(crate) fn read_time<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

impl Store {
    /// Writes down an event, to be told.
    pub fn tell(&mut self, fabric: &FabricName, news: &News) -> Result<(), RecordError> {
        let write = self.connection.transaction()?;
        insert(&write, fabric, news)?;
        write.commit()?;
        Ok(())
    }

    /// What happened after a piece of news, by its number, oldest first; after 0 it is all. What
    /// another gitfabric wrote and this one cannot read is passed over.
    pub fn news_since(&self, number: i64) -> Result<Vec<(i64, News)>, RecordError> {
        let mut query =
            self.connection.prepare_cached("SELECT id, body FROM news WHERE id > ?1 ORDER BY id")?;
        let mut rows = query.query([number])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let body: String = row.get(1)?;
            found
                .extend(serde_json::from_str(&body).ok().zip(Some(row.get(0)?)).map(|(news, id)| (id, news)));
        }
        Ok(found)
    }
}

/// Writes an event down, perhaps together with what made it one.
pub(super) fn insert(connection: &Connection, fabric: &FabricName, news: &News) -> Result<(), RecordError> {
    let told = match news.kind {
        NewsKind::DriftFound => Some(true),
        // what is still there differs as before: it is nothing to be told any more
        NewsKind::DriftGone => Some(false),
        _ => None,
    };
    if let (Some(told), Some(device)) = (told, &news.device) {
        let mut write = connection
            .prepare_cached("UPDATE drift SET told = ?4 WHERE fabric = ?1 AND device = ?2 AND path = ?3")?;
        for leaf in &news.leaves {
            write.execute(params![fabric.as_str(), device.as_str(), leaf.path, told])?;
        }
    }
    connection.execute(
        "INSERT INTO news (fabric, kind, device, at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            fabric.as_str(),
            news.kind.as_str(),
            news.device.as_ref().map(DeviceName::as_str),
            news.at.to_string(),
            body(news),
        ],
    )?;
    Ok(())
}

fn body(news: &News) -> String {
    let over = news.leaves.len().saturating_sub(News::LEAVES);
    let short = (over > 0).then(|| News {
        leaves: news.leaves.iter().take(News::LEAVES).cloned().collect(),
        unlisted: news.unlisted + over,
        ..news.clone()
    });
    // texts, numbers and lists of them are always JSON
    serde_json::to_string(short.as_ref().unwrap_or(news)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_one_word_in_the_record_and_in_json() {
        for kind in NewsKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
