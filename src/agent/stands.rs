//! How the devices stand, from the record: what reviews and CI jobs plan against.
//!
//! Here: [`stands`]. Elsewhere: what is written down of drift (`pass`, `watches`), the format
//! (`review::Stands`), serving it (`served`).

use crate::names::FabricName;
use crate::record::{DriftKind, DriftedLeaf, RecordError, Store};
use crate::review::{Drifted, Guarantee, Stand, Stands};

/// How the devices of the record's fabric stand; none before its first commit was read.
/// Secrets are names, as they are on record.
pub fn stands(store: &Store) -> Result<Option<Stands>, RecordError> {
    let Some(entry) = store.fabrics()?.into_iter().max_by_key(|fabric| fabric.good.is_some()) else {
        return Ok(None);
    };
    of_fabric(store, &entry.fabric, entry.good).map(Some)
}

fn of_fabric(
    store: &Store,
    fabric: &FabricName,
    good: Option<crate::names::CommitId>,
) -> Result<Stands, RecordError> {
    let mut drift = store.drift(fabric)?;
    let devices = store.devices(fabric)?.into_iter().map(|entry| {
        let leaves = drift.remove(&entry.device).unwrap_or_default();
        // a review is about what its commit owns
        let is_ours = |leaf: &DriftedLeaf| matches!(leaf.kind, DriftKind::Owned | DriftKind::Secret);
        let leaf = |leaf: DriftedLeaf| Drifted { path: leaf.path, recorded: leaf.recorded, live: leaf.live };
        let stand = Stand {
            commit: entry.commit,
            standing: entry.standing.as_str().to_owned(),
            since: entry.since,
            drift: leaves
                .into_iter()
                .filter(|(found, _)| is_ours(found))
                .map(|(found, _)| leaf(found))
                .collect(),
            // no platform takes back a Set by itself yet; what policy puts back is put back by us
            guarantee: Guarantee::BestEffort,
        };
        (entry.device, stand)
    });
    let devices = devices.collect();
    Ok(Stands { format: Stands::FORMAT, fabric: fabric.clone(), good, devices })
}
