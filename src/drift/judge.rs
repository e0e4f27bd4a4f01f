//! What a look read, held against the record by the engine of plans: the one that decides what
//! is sent decides what has drifted.
//!
//! Pure. Elsewhere: reading (`look`), what policy says of it (`agent::watches`).

use super::standard::Holding;
use super::told::{Found, Looked};
use crate::plan::{Action, DevicePlan, Inputs, Note, Prints, Recorded, Rules, device_plan};
use crate::platform::Profile;
use crate::record::DriftKind;
use crate::rollout::Reading;
use crate::yang::{Schema, Tree, Value};

/// All that differs where was looked, by path.
pub(super) fn judge(
    schema: &Schema,
    profile: &Profile,
    holding: &Holding,
    looked: &Looked,
    reading: &Reading,
) -> Vec<Found> {
    let recorded = Recorded {
        tree: cut(&holding.tree, looked),
        secrets: holding.secrets.iter().map(|(path, mark)| (path.clone(), *mark)).collect(),
        ..Recorded::default()
    };
    let (actual, bootstrap) = (cut(&reading.tree, looked), cut(&holding.bootstrap, looked));
    let unknown = reading.unknown.iter().filter(|path| looked.covers(path)).cloned().collect();
    let shown = |text: &str| Some(holding.key.fingerprint(text));
    let inputs = Inputs {
        schema,
        rules: &Rules::of(profile, &holding.protected),
        desired: &recorded.tree,
        actual: &actual,
        unknown: &unknown,
        recorded: &recorded,
        bootstrap: &bootstrap,
        prints: Prints { secret: &|_| None, shown: &shown },
    };
    differences(&device_plan(&inputs).0, &recorded)
}

/// What of a plan somebody else made necessary, and what else of the device is not as it should
/// be: by path.
pub fn differences(plan: &DevicePlan, recorded: &Recorded) -> Vec<Found> {
    let mut found = Vec::new();
    for change in plan.changes.iter().filter(|change| change.drift) {
        let live = match &change.action {
            Action::Add { .. } => None,
            Action::Modify { from, .. } | Action::Delete { from } => Some(from),
        };
        let ours = recorded.tree.get(&change.path);
        let should = ours.map(|leaf| &leaf.value);
        let is_secret = [live, should].iter().any(|value| matches!(value, Some(Value::Secret(_))));
        let live = match live {
            Some(Value::Secret(_)) => Some("(another secret)".to_owned()),
            Some(_) if is_secret => Some("(not shown)".to_owned()),
            value => value.map(ToString::to_string),
        };
        found.push(Found {
            path: change.path.clone(),
            kind: if is_secret { DriftKind::Secret } else { DriftKind::Owned },
            recorded: should.map(ToString::to_string),
            live,
            origin: ours.and_then(|leaf| leaf.origin.clone()).or_else(|| change.origin.clone()),
        });
    }
    found.extend(plan.notes.iter().filter_map(noted));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    found
}

fn noted(note: &Note) -> Option<Found> {
    match note {
        Note::Protected { path, expected, present } => Some(Found {
            path: path.clone(),
            kind: DriftKind::Protected,
            recorded: Some(expected.to_string()),
            live: present.then(|| "(another value)".to_owned()),
            origin: None,
        }),
        // a foreign value may be a secret
        Note::Strict { path } => Some(Found {
            path: path.clone(),
            kind: DriftKind::Strict,
            recorded: None,
            live: Some("(there)".to_owned()),
            origin: None,
        }),
        Note::Stays { .. } => None,
    }
}

/// The leaves of a tree where was looked.
fn cut(tree: &Tree, looked: &Looked) -> Tree {
    match looked {
        Looked::All => tree.clone(),
        Looked::Below(places) => {
            let inside = |place| tree.below(place).map(|(path, leaf)| (path.clone(), leaf.clone()));
            places.iter().flat_map(inside).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Change;
    use crate::yang::Leaf;
    use crate::yang::testing::{sample, tree};

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
                Some((DriftKind::Owned, ours.clone(), None)),
            ),
            (
                "somebody changed it",
                Action::Modify { from: Value::Presence, to: to.clone() },
                true,
                &recorded,
                Some((DriftKind::Owned, ours, Some("present"))),
            ),
            (
                "somebody changed a secret",
                Action::Modify { from: secret, to },
                true,
                &of_secret,
                Some((DriftKind::Secret, "secret:bgp/fw".to_owned(), Some("(another secret)"))),
            ),
        ] {
            let change = Change { path: path.clone(), action, drift, origin: None };
            let plan = DevicePlan { changes: vec![change], ..DevicePlan::default() };
            let found = differences(&plan, recorded);
            let expected = expected.map(|(kind, recorded, live)| Found {
                path: path.clone(),
                kind,
                recorded: Some(recorded),
                live: live.map(ToOwned::to_owned),
                origin: None,
            });
            assert_eq!(found, Vec::from_iter(expected), "{case}");
        }
    }
}
