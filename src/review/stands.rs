//! How the devices of a fabric stand, as the agent knows and its endpoint publishes: JSON
//! of `format: 1`, which only ever grows.
//!
//! Secrets are no part of it: who fills it in masks them. Elsewhere: the endpoint (`web`),
//! the record that it is made of (`record`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::names::{CommitId, DeviceName, FabricName};

/// How the devices of a fabric stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stands {
    /// The number of the format: 1.
    pub format: u32,
    /// The fabric.
    pub fabric: FabricName,
    /// The commit that counts for the agent.
    #[serde(default)]
    pub good: Option<CommitId>,
    /// Every device on record.
    #[serde(default)]
    pub devices: BTreeMap<DeviceName, Stand>,
}

/// How one device stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stand {
    /// The commit that it holds, as it was last read back; none if it never took one.
    #[serde(default)]
    pub commit: Option<CommitId>,
    /// The word of `status`: `current`, `behind`, `unreachable`, `waiting`, `diverged`,
    /// `drifted`, `staged`, `paused`, `released`.
    pub standing: String,
    /// Since when.
    #[serde(with = "time")]
    pub since: Timestamp,
    /// The owned leaves that somebody changed behind our back.
    #[serde(default)]
    pub drift: Vec<Drifted>,
    /// What becomes of a device whose commit turns out to be bad.
    #[serde(default)]
    pub guarantee: Guarantee,
}

/// One owned leaf that somebody changed on a device. Values are as people read them, and
/// a secret's is its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Drifted {
    /// The leaf, as a YANG path with keys.
    pub path: String,
    /// What we put there; none if nothing.
    #[serde(default)]
    pub recorded: Option<String>,
    /// What the device holds; none if nothing.
    #[serde(default)]
    pub live: Option<String>,
}

/// What becomes of a device whose commit turns out to be bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guarantee {
    /// It goes back by itself unless the agent confirms.
    DeviceGuarded,
    /// The agent puts back by itself what it held.
    AgentGuarded,
    /// It is read back after each Set; the next commit or a revert puts it right.
    #[default]
    BestEffort,
}

impl Stands {
    /// The format that is written.
    pub const FORMAT: u32 = 1;
}

mod time {
    use jiff::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
