//! `vrfs/NAME.yaml`, with the external sessions of each VRF.

use super::Draft;
use super::scope::Scope;

/// Writes the files.
pub(super) fn write(_scope: &Scope<'_>, _draft: &mut Draft) {}
