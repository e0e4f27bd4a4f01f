//! What becomes of drift: what a role, a device and single paths say of it.
//!
//! Here: the words as they stand in the YAML. Elsewhere: reading them (`intent::drift`), names
//! in them (`check::drift`), their paths held against a schema, and which of them counts for a
//! leaf of a device (`compile::drift`).

use serde::Serialize;

use crate::diagnostic::{Place, Spanned};
use crate::names::{DeviceName, RoleName};

/// What becomes of a leaf that somebody changed on a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DriftPolicy {
    /// It is listed.
    Observe,
    /// It is listed, and people are told.
    #[default]
    Alert,
    /// It is listed, people are told, and it is put back.
    Correct,
}

impl DriftPolicy {
    /// The word in the intent and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Alert => "alert",
            Self::Correct => "correct",
        }
    }
}

/// `drift` of `fabric.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DriftPolicies {
    /// `default`: where nothing else says more; `alert`.
    pub default: DriftPolicy,
    /// `paths`, as they were written.
    pub paths: Vec<PathRule>,
    /// `corrections-per-hour` of one device; 4.
    pub corrections_per_hour: u32,
}

impl Default for DriftPolicies {
    fn default() -> Self {
        Self { default: DriftPolicy::default(), paths: Vec::new(), corrections_per_hour: 4 }
    }
}

/// One entry of `drift.paths`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathRule {
    /// The entry as a whole.
    #[serde(skip)]
    pub place: Place,
    /// `path`: what it is about, and all below it. A list without keys is all its entries.
    pub path: Spanned<String>,
    /// `policy`.
    pub policy: Spanned<DriftPolicy>,
    /// `roles`, with `devices`: whom it is about; everybody where neither is said.
    pub roles: Vec<Spanned<RoleName>>,
    /// `devices`.
    pub devices: Vec<Spanned<DeviceName>>,
}
