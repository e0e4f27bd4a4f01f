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
        let asked = match &change.action {
            Action::Add { to } | Action::Modify { to, .. } => Some(&to.value),
            Action::Delete { .. } => None,
        };
        let is_secret = [live, should, asked].iter().any(|value| matches!(value, Some(Value::Secret(_))));
        let shown = |value: &Value| match value {
            Value::Scalar(_) | Value::LeafList(_) if is_secret => "(not shown)".to_owned(),
            value => value.to_string(),
        };
        let live = match live {
            Some(Value::Secret(_)) => Some("(another secret)".to_owned()),
            value => value.map(shown),
        };
        found.push(Found {
            path: change.path.clone(),
            kind: if is_secret { DriftKind::Secret } else { DriftKind::Owned },
            recorded: should.map(shown),
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
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::plan::{Change, FingerprintKey, SecretMark};
    use crate::platform::arista_eos::protected::Protected;
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

    /// What a device shows in the place of a secret may be one, or its hash: neither is told,
    /// whether the place is ours, bootstrap's, or somebody's own.
    #[test]
    fn what_stands_in_the_place_of_a_secret_is_not_told() {
        let password = |neighbor: &str| {
            format!(
                "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address={neighbor}]/config/auth-password"
            )
        };
        let (ours, boot, rogue) = (password("10.0.0.1"), password("10.0.0.2"), password("10.6.6.6"));
        let secret_at = |path: &str, name: &str| {
            let shown = tree(sample(), &[(path, "x")]);
            let mut secret = Tree::new();
            for (path, leaf) in shown.iter() {
                let value = Value::Secret(name.parse().unwrap());
                secret.insert(path.clone(), Leaf { value, ..leaf.clone() });
            }
            secret
        };
        let key = FingerprintKey::new(&[1; 32]);
        let mark = SecretMark { sent: key.fingerprint("sent"), read_back: Some(key.fingerprint("hash")) };
        let mut bootstrap = secret_at(&boot, "boot/login");
        bootstrap.extend(tree(sample(), &[("/odds/signed", "1")]));
        let holding = Holding::new(
            sample(),
            Arc::new(secret_at(&ours, "bgp/fw")),
            BTreeMap::from([(ours.parse().unwrap(), mark)]),
            Arc::new(bootstrap),
            Protected::new("Management0", "default", "172.16.0.25/24".parse().unwrap()),
            key,
        );
        let live = [(&*ours, "7Zebra"), (&*boot, "7Zebra"), (&*rogue, "7Zebra"), ("/odds/signed", "77")];
        let reading = Reading { tree: tree(sample(), &live), ..Reading::default() };
        let profile = Profile::find("arista-eos", "4.35.0F").unwrap();
        let found = judge(sample(), profile, &holding, &Looked::All, &reading);
        let kinds: Vec<DriftKind> = found.iter().map(|found| found.kind).collect();
        assert_eq!(kinds, [DriftKind::Secret, DriftKind::Strict, DriftKind::Protected], "{found:?}");
        let told = format!("{found:?}");
        assert!(!told.contains("Zebra") && !told.contains("77"), "{told}");

        // a value that was in the clear and is to be a secret
        let clear = tree(sample(), &[(&ours, "Old-Zebra")]);
        let live = tree(sample(), &[(&ours, "New-Zebra")]);
        for (path, to) in secret_at(&ours, "bgp/fw").iter() {
            let from = live.get(path).unwrap().value.clone();
            let action = Action::Modify { from, to: to.clone() };
            let change = Change { path: path.clone(), action, drift: true, origin: None };
            let plan = DevicePlan { changes: vec![change], ..DevicePlan::default() };
            let told = format!("{:?}", differences(&plan, &Recorded::holding(&clear)));
            assert!(told.contains("(not shown)") && !told.contains("Zebra"), "{told}");
        }
    }
}
