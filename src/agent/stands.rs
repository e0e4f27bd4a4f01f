//! How the devices stand, from the record: what reviews and CI jobs plan against.
//!
//! Here: [`stands`]. Elsewhere: what is written down of drift (`pass`), the format
//! (`review::Stands`), serving it (`served`).

use crate::names::FabricName;
use crate::plan::{Action, Change, Recorded};
use crate::record::{DriftKind, DriftedLeaf, RecordError, Store};
use crate::review::{Drifted, Guarantee, Stand, Stands};
use crate::yang::Value;

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
        let leaf = |leaf: DriftedLeaf| Drifted { path: leaf.path, recorded: leaf.recorded, live: leaf.live };
        let stand = Stand {
            commit: entry.commit,
            standing: entry.standing.as_str().to_owned(),
            since: entry.since,
            drift: leaves.into_iter().map(|(found, _)| leaf(found)).collect(),
            // nothing is put back by itself yet, on no platform
            guarantee: Guarantee::BestEffort,
        };
        (entry.device, stand)
    });
    let devices = devices.collect();
    Ok(Stands { format: Stands::FORMAT, fabric: fabric.clone(), good, devices })
}

/// The leaves among changes that somebody else made necessary. What the device shows in a
/// secret's place is not told.
pub(super) fn drifted<'a>(
    changes: impl IntoIterator<Item = &'a Change>,
    recorded: &Recorded,
) -> Vec<DriftedLeaf> {
    let leaf = |change: &Change| {
        let live = match &change.action {
            Action::Add { .. } => None,
            Action::Modify { from, .. } | Action::Delete { from } => Some(from),
        };
        let recorded = recorded.tree.get(&change.path).map(|leaf| &leaf.value);
        let is_secret = [live, recorded].iter().any(|value| matches!(value, Some(Value::Secret(_))));
        let live = match live {
            Some(Value::Secret(_)) => Some("(another secret)".to_owned()),
            Some(_) if is_secret => Some("(not shown)".to_owned()),
            value => value.map(ToString::to_string),
        };
        DriftedLeaf {
            path: change.path.to_string(),
            kind: if is_secret { DriftKind::Secret } else { DriftKind::Owned },
            recorded: recorded.map(ToString::to_string),
            live,
        }
    };
    changes.into_iter().filter(|change| change.drift).map(leaf).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::DevicePlan;
    use crate::yang::testing::{sample, tree};
    use crate::yang::{Leaf, Tree};

    fn change(path: &crate::yang::Path, action: Action, drift: bool) -> Change {
        Change { path: path.clone(), action, drift, origin: None }
    }

    #[test]
    fn only_what_somebody_changed_is_drift_and_a_secret_is_not_told() {
        let recorded_tree = tree(sample(), &[("/interfaces/interface[name=e1]/config/mtu", "1500")]);
        let (path, leaf): (_, Leaf) =
            recorded_tree.iter().map(|(path, leaf)| (path.clone(), leaf.clone())).next().unwrap();
        let secret = Value::Secret("bgp/fw".parse().unwrap());
        let recorded = Recorded::holding(&recorded_tree);
        let mut secrets = Tree::new();
        secrets.insert(path.clone(), Leaf { value: secret.clone(), ..leaf.clone() });
        let of_secret = Recorded::holding(&secrets);
        let to = leaf.clone();
        let ours = leaf.value.to_string();
        for (case, action, drift, recorded, expected) in [
            ("our own doing", Action::Add { to: to.clone() }, false, &recorded, None),
            (
                "somebody removed it",
                Action::Add { to: to.clone() },
                true,
                &recorded,
                Some((ours.clone(), None)),
            ),
            (
                "somebody changed it",
                Action::Modify { from: Value::Presence, to: to.clone() },
                true,
                &recorded,
                Some((ours, Some("present"))),
            ),
            (
                "somebody changed a secret",
                Action::Modify { from: secret, to },
                true,
                &of_secret,
                Some(("secret:bgp/fw".to_owned(), Some("(another secret)"))),
            ),
        ] {
            let plan = DevicePlan { changes: vec![change(&path, action, drift)], ..DevicePlan::default() };
            let found = drifted(&plan.changes, recorded);
            let expected = expected.map(|(recorded, live)| DriftedLeaf {
                path: path.to_string(),
                kind: if recorded.starts_with("secret:") { DriftKind::Secret } else { DriftKind::Owned },
                recorded: Some(recorded),
                live: live.map(ToOwned::to_owned),
            });
            assert_eq!(found, Vec::from_iter(expected), "{case}");
        }
    }
}
