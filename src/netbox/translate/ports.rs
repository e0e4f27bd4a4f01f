//! Host ports: those of a pair, the same on both members, and those of a device alone.
//!
//! Elsewhere: the files that they stand in (`pair`, `device`), uplinks (`device`), the VLANs
//! themselves (`vlan`).

use std::collections::{BTreeMap, BTreeSet};

use super::Draft;
use super::scope::Scope;
use crate::names::VlanId;
use crate::netbox::wire::Id;

/// What was found of all ports.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    /// The VLANs that the ports of each device carry, as the files say it: a pair whose members
    /// differ counts as it was agreed last.
    pub(crate) carried: BTreeMap<Id, BTreeSet<VlanId>>,
}

/// Reads the ports of every device.
pub(super) fn settle(_scope: &Scope<'_>, _draft: &mut Draft) -> Ports {
    Ports::default()
}
