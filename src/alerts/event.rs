//! News as they are told: perhaps several in one, with a number by which the other side knows
//! that it heard them already.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::names::{CommitId, DeviceName, FabricName};
use crate::record::{News, NewsKind, NewsLeaf, read_time, write_time};

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// One kind of news.
    News(NewsKind),
    /// Drift that was put back before anybody was told that it is there.
    PutBack,
    /// That telling works.
    Test,
}

/// How much it should worry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// All is well, or well again.
    Good,
    /// Somebody should look.
    Warning,
    /// Nothing goes on until somebody has looked.
    Critical,
}

impl What {
    /// The word for programs: that of the last thing that happened.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::News(kind) => kind.as_str(),
            Self::PutBack => NewsKind::DriftCorrected.as_str(),
            Self::Test => "test",
        }
    }

    /// Whether drift is over by it: the device holds what is recorded, and no more what it held.
    pub fn is_over(self) -> bool {
        matches!(self, Self::PutBack | Self::News(NewsKind::DriftCorrected | NewsKind::DriftGone))
    }

    /// The words for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::News(NewsKind::DriftFound) => "Drift found",
            Self::News(NewsKind::DriftCorrected) => "Drift put back",
            Self::PutBack => "Drift found and put back",
            Self::News(NewsKind::DriftAccepted) => "Drift accepted",
            Self::News(NewsKind::DriftGone) => "Drift gone",
            Self::News(NewsKind::CorrectionGivenUp) => "Correction given up",
            Self::News(NewsKind::CommitApplied) => "Commit applied",
            Self::News(NewsKind::CommitRefused) => "Commit refused",
            Self::News(NewsKind::DeviceLost) => "Device lost",
            Self::News(NewsKind::DeviceBack) => "Device back",
            Self::News(NewsKind::AgentFrozen) => "Agent frozen",
            Self::News(NewsKind::HeadGood) => "Head good again",
            Self::Test => "Test",
        }
    }

    /// How much it should worry.
    pub fn severity(self) -> Severity {
        match self {
            Self::News(NewsKind::DriftFound | NewsKind::DeviceLost | NewsKind::CommitRefused) => {
                Severity::Warning
            }
            Self::News(NewsKind::CorrectionGivenUp | NewsKind::AgentFrozen) => Severity::Critical,
            Self::News(
                NewsKind::DriftCorrected
                | NewsKind::DriftAccepted
                | NewsKind::DriftGone
                | NewsKind::CommitApplied
                | NewsKind::DeviceBack
                | NewsKind::HeadGood,
            )
            | Self::PutBack
            | Self::Test => Severity::Good,
        }
    }
}

/// What is told in one message. In the record, while it waits to be tried again, it is JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The same at each try, and no other event's: of whom this comes twice needs it once.
    pub id: String,
    /// The fabric.
    pub fabric: FabricName,
    /// What happened.
    pub what: What,
    /// The device, if it is about one.
    pub device: Option<DeviceName>,
    /// The devices, if it is about many.
    pub devices: Vec<DeviceName>,
    /// The commit that counted, or that it is about.
    pub commit: Option<CommitId>,
    /// When it happened, the last of it.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    pub at: Timestamp,
    /// When the drift was found, if it was put back before that was told.
    #[serde(serialize_with = "write_optional", deserialize_with = "read_optional")]
    pub found_at: Option<Timestamp>,
    /// One line for people.
    pub summary: String,
    /// More for people.
    pub detail: Option<String>,
    /// The leaves that it is about.
    pub leaves: Vec<NewsLeaf>,
    /// Leaves that are not among them, since there are too many.
    pub unlisted: usize,
    /// How many pieces of news it is made of.
    pub merged: usize,
}

impl Event {
    /// A piece of news, told alone.
    pub fn of(id: i64, fabric: FabricName, news: News) -> Self {
        let mut leaves = news.leaves;
        let unlisted = news.unlisted + leaves.len().saturating_sub(Self::LEAVES);
        leaves.truncate(Self::LEAVES);
        Self {
            // a record that was begun anew counts from one again, but at another time
            id: format!("{fabric}-{id}-{}", news.at.as_millisecond()),
            fabric,
            what: What::News(news.kind),
            device: news.device,
            devices: Vec::new(),
            commit: news.commit,
            at: news.at,
            found_at: None,
            summary: news.summary,
            detail: news.detail,
            leaves,
            unlisted,
            merged: 1,
        }
    }

    /// The leaves that one message lists at most, to programs too.
    pub const LEAVES: usize = News::LEAVES;

    /// An event that says only that events arrive.
    pub fn test(fabric: FabricName, receiver: &str, at: Timestamp) -> Self {
        Self {
            id: format!("{fabric}-test-{}", at.as_millisecond()),
            fabric,
            what: What::Test,
            device: None,
            devices: Vec::new(),
            commit: None,
            at,
            found_at: None,
            summary: format!("gitfabric can reach `{receiver}`: nothing happened"),
            detail: None,
            leaves: Vec::new(),
            unlisted: 0,
            merged: 1,
        }
    }

    /// What it is about: the order in which things happened binds for each alone. None is the
    /// fabric.
    pub fn subjects(&self) -> impl Iterator<Item = (&FabricName, Option<&DeviceName>)> {
        let one = self.devices.is_empty().then_some(self.device.as_ref());
        one.into_iter().chain(self.devices.iter().map(Some)).map(|device| (&self.fabric, device))
    }

    /// How many leaves it is about.
    pub fn count(&self) -> usize {
        self.leaves.len() + self.unlisted
    }
}

#[expect(clippy::ref_option, reason = "what serde gives")]
fn write_optional<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_string()).serialize(to)
}

fn read_optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::render::tests::drift;

    #[test]
    fn what_is_written_down_is_read_back_as_it_was() {
        let found_at = Some("2026-11-21T03:12:44.123456Z".parse().unwrap());
        let devices = vec!["leaf1".parse().unwrap(), "leaf2".parse().unwrap()];
        let kinds = NewsKind::ALL.into_iter().map(What::News).chain([What::PutBack, What::Test]);
        for what in kinds {
            for event in [
                Event { what, ..drift(2) },
                Event { what, found_at, device: None, devices: devices.clone(), ..drift(0) },
            ] {
                let text = serde_json::to_string(&event).unwrap();
                assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
            }
        }
    }
}
