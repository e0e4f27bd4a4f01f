//! `vlans/ID.yaml`: its places are the union of the SVIs and ports that carry it.

use std::collections::{BTreeMap, BTreeSet};

use super::Draft;
use super::scope::Scope;
use crate::names::VlanId;
use crate::netbox::wire::Id;

/// Writes the files; `carried` are the VLANs of each device's ports.
pub(super) fn write(_scope: &Scope<'_>, _carried: &BTreeMap<Id, BTreeSet<VlanId>>, _draft: &mut Draft) {}
