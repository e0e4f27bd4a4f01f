//! What the sessions of the fabric itself say of `underlay` and `overlay`, for each device.

use super::Draft;
use super::layers::Wishes;
use super::scope::Scope;

/// What each device wants.
pub(super) fn wishes(_scope: &Scope<'_>, _draft: &mut Draft) -> Wishes {
    Wishes::new()
}
