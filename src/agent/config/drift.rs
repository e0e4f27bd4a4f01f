//! `drift` of the agent's configuration: how devices are watched between passes.
//!
//! What is then done is the intent's word (`drift` in `fabric.yaml`, roles and devices), so
//! that it is reviewed like everything else. Elsewhere: watching (`drift`).

use std::time::Duration;

use serde::Deserialize;

use super::duration;

/// `drift`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Drift {
    /// Whether devices are watched between passes, each on a connection of its own. Default:
    /// true. Without it drift is found when everything is read back.
    pub watch: bool,
    /// How long a device must be quiet before what it told is looked at. Default: 20ms: one
    /// commit on a device is one look.
    #[serde(deserialize_with = "duration")]
    pub quiet: Duration,
    /// How often a device that cannot tell of changes is looked at. Default: 5m.
    #[serde(deserialize_with = "duration")]
    pub poll: Duration,
    /// How often a silent connection is tried by an HTTP/2 ping: so late a device that
    /// vanished is noticed. Default: 5m30s, since gRPC servers end the connection of a client
    /// that pings more often than every 5 minutes, unless told otherwise.
    #[serde(deserialize_with = "duration")]
    pub ping: Duration,
}

impl Default for Drift {
    fn default() -> Self {
        let settings = crate::drift::Settings::default();
        let deadlines = crate::gnmi::Deadlines::default();
        Self { watch: true, quiet: settings.quiet, poll: settings.poll, ping: deadlines.ping }
    }
}
