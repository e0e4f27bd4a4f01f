//! `policies/`, `prefix-lists/`, `community-lists/` and `as-path-lists/` of netbox-bgp.

use super::Draft;
use super::scope::Scope;

/// Writes the files.
pub(super) fn write(_scope: &Scope<'_>, _draft: &mut Draft) {}
