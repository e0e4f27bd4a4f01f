//! `services` of each device (DNS, NTP, syslog), from its config context.

use super::Draft;
use super::layers::Wishes;
use super::scope::Scope;

/// What each device wants.
pub(super) fn wishes(_scope: &Scope<'_>, _draft: &mut Draft) -> Wishes {
    Wishes::new()
}
