//! What a platform asks of every plan for its devices.
//!
//! Here: [`Rules`], plain functions over paths. Elsewhere: each platform's own (`platform`).

use crate::yang::Path;

/// A platform's own rules. The default has none: nothing is protected, nothing strict,
/// operations in the order of their paths.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Whether a leaf carries the agent's own way to the device and is therefore never
    /// sent: management interface, its VRF and routes, users, AAA, gNMI, TLS.
    pub protected: fn(&Path) -> bool,
    /// The object that a leaf belongs to, if it stands in a container in which everything
    /// that is not ours has to be reported: a BGP neighbour, a static route, a VNI's map, a
    /// user.
    pub strict: fn(&Path) -> Option<Path>,
    /// When a leaf or entry is written within one Set: lower comes first. Deletes go the
    /// other way round.
    pub rank: fn(&Path) -> u8,
    /// The container at which all updates below it must travel as one, as soon as this leaf
    /// is among them (EOS: a LAG and its members, at `/interfaces`).
    pub gather: fn(&Path) -> Option<Path>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { protected: |_| false, strict: |_| None, rank: |_| 0, gather: |_| None }
    }
}
