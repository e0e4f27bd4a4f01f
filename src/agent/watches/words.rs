//! What people are told of drift: rows of the record, with the line of the intent that asked for
//! each.
//!
//! Pure. Elsewhere: bringing it to them (`alerts`), when (`writer`, `pass`).

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::compile::DriftRules;
use crate::diagnostic::Place;
use crate::drift::{Found, Said};
use crate::intent::model::drift::DriftPolicy;
use crate::names::{CommitId, DeviceName};
use crate::phrase;
use crate::record::{DriftKind, DriftNews, DriftedLeaf, News, NewsKind, NewsLeaf};
use crate::yang::{Path, Tree};

/// What news are about.
pub(in super::super) struct About<'a> {
    pub(in super::super) device: &'a DeviceName,
    /// The commit that counts.
    pub(in super::super) commit: &'a CommitId,
    /// What becomes of each leaf.
    pub(in super::super) rules: &'a DriftRules,
    /// What the intent asks for now: what differs no more since it asks for it was accepted.
    pub(in super::super) desired: &'a Tree,
    /// What the device says of the change.
    pub(in super::super) said: &'a Said,
    pub(in super::super) now: Timestamp,
}

/// What a look found, as rows of the record.
pub(in super::super) fn rows(found: &[Found]) -> Vec<DriftedLeaf> {
    let row = |found: &Found| DriftedLeaf {
        path: found.path.to_string(),
        kind: found.kind,
        recorded: found.recorded.clone(),
        live: found.live.clone(),
    };
    found.iter().map(row).collect()
}

/// The lines of the intent that asked for what was found.
pub(in super::super) fn origins(found: &[Found]) -> BTreeMap<String, Place> {
    found.iter().filter_map(|found| Some((found.path.to_string(), found.origin.clone()?))).collect()
}

/// The events that a change of the record is for people. What policy only lists is told to nobody.
/// Whether something was told is what the record says, and policy may have changed since: what
/// nobody was told of is told then, and what is told no more has its end told.
pub(in super::super) fn news(
    about: &About<'_>,
    changed: &DriftNews,
    origins: &BTreeMap<String, Place>,
) -> Vec<News> {
    let is_told = |leaf: &&DriftedLeaf| changed.told.contains(&leaf.path);
    let is_for_people = |leaf: &&DriftedLeaf| {
        let path: Option<Path> = leaf.path.parse().ok();
        path.is_none_or(|path| about.rules.policy(&path) != DriftPolicy::Observe)
    };
    let (accepted, gone): (Vec<_>, Vec<_>) =
        changed.gone.iter().filter(is_told).partition(|leaf| is_accepted(leaf, about.desired));
    let untold = changed.stays.iter().filter(|leaf| !is_told(leaf));
    let found = changed.found.iter().chain(untold).filter(is_for_people).collect();
    let there = changed.found.iter().chain(&changed.stays);
    let hushed = there.filter(is_told).filter(|leaf| !is_for_people(leaf)).collect();
    [
        (NewsKind::DriftFound, " was changed behind our back:", found),
        (NewsKind::DriftAccepted, ": the intent asks now for", accepted),
        (NewsKind::DriftGone, ": as it should be again:", gone),
        (NewsKind::DriftGone, ": nobody is told any more, by policy, of", hushed),
    ]
    .into_iter()
    .filter(|(.., leaves): &(_, _, Vec<_>)| !leaves.is_empty())
    .map(|(kind, words, leaves)| one(about, (kind, words), &leaves, origins))
    .collect()
}

/// Whether the intent asks now for what the device was seen to hold.
fn is_accepted(leaf: &DriftedLeaf, desired: &Tree) -> bool {
    let Ok(path) = leaf.path.parse::<Path>() else { return false };
    match leaf.kind {
        DriftKind::Owned => {
            let asked = desired.get(&path).map(|leaf| leaf.value.to_string());
            asked == leaf.live && asked != leaf.recorded
        }
        DriftKind::Strict => desired.contains_below(&path),
        DriftKind::Secret | DriftKind::Protected => false,
    }
}

fn one(
    about: &About<'_>,
    (kind, words): (NewsKind, &str),
    leaves: &[&DriftedLeaf],
    origins: &BTreeMap<String, Place>,
) -> News {
    let leaf = |leaf: &&DriftedLeaf| NewsLeaf {
        path: leaf.path.clone(),
        kind: leaf.kind.as_str().to_owned(),
        recorded: leaf.recorded.clone(),
        live: leaf.live.clone(),
        origin: origins.get(&leaf.path).map(|place| format!("{}:{}", place.file, place.line)),
    };
    let found = phrase::first_of(leaves.iter().map(|leaf| &leaf.path), 1);
    let device = about.device;
    let summary = format!("{device}{words} {found}");
    let at = about.said.at.map(|at| format!("at {at} by the device's clock"));
    let commit = about.said.commit.as_ref().map(|commit| format!("in the device's commit {commit}"));
    let said: Vec<String> = at.into_iter().chain(commit).collect();
    let detail = (!said.is_empty()).then(|| format!("changed {}", said.join(", ")));
    News {
        kind,
        device: Some(device.clone()),
        commit: Some(about.commit.clone()),
        at: about.now,
        summary,
        detail: detail.filter(|_| kind == NewsKind::DriftFound),
        leaves: leaves.iter().map(leaf).collect(),
        unlisted: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::Engine;
    use crate::intent::fixture::{Repo, drift_edit};
    use crate::yang::testing::{sample, tree};

    fn leaf(path: &str, kind: DriftKind, recorded: Option<&str>, live: Option<&str>) -> DriftedLeaf {
        DriftedLeaf {
            path: path.to_owned(),
            kind,
            recorded: recorded.map(str::to_owned),
            live: live.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_gone_was_accepted_if_the_intent_asks_for_it_now() {
        let mtu = "/interfaces/interface[name=e1]/config/mtu";
        let desired = tree(sample(), &[(mtu, "9000"), ("/odds/pair[a=1][b=2]/value", "x")]);
        let (device, commit) = ("leaf1".parse().unwrap(), "b".repeat(40).parse().unwrap());
        let (rules, said) = (DriftRules::default(), Said::default());
        let now = Timestamp::UNIX_EPOCH;
        let about =
            About { device: &device, commit: &commit, rules: &rules, desired: &desired, said: &said, now };
        for (case, gone, expected) in [
            (
                "the intent's new value",
                leaf(mtu, DriftKind::Owned, Some("1500"), Some("9000")),
                NewsKind::DriftAccepted,
            ),
            ("the old value", leaf(mtu, DriftKind::Owned, Some("9000"), Some("1500")), NewsKind::DriftGone),
            (
                "no leaf any more",
                leaf("/odds/signed", DriftKind::Owned, Some("1"), None),
                NewsKind::DriftAccepted,
            ),
            (
                "an entry that is ours now",
                leaf("/odds/pair[a=1][b=2]", DriftKind::Strict, None, Some("x")),
                NewsKind::DriftAccepted,
            ),
            (
                "an entry that was taken away",
                leaf("/odds/pair[a=9][b=2]", DriftKind::Strict, None, Some("x")),
                NewsKind::DriftGone,
            ),
            (
                "a secret",
                leaf("/odds/union", DriftKind::Secret, Some("secret:x"), Some("(another secret)")),
                NewsKind::DriftGone,
            ),
        ] {
            let told = [gone.path.clone()].into();
            let changed = DriftNews { gone: vec![gone], told, ..DriftNews::default() };
            let told = news(&about, &changed, &BTreeMap::new());
            assert_eq!(told.iter().map(|news| news.kind).collect::<Vec<_>>(), [expected], "{case}");
        }
    }

    #[test]
    fn policy_says_what_is_told_and_the_record_whether_it_was() {
        let rules = |policy: &str| {
            let mut repo = Repo::example();
            repo.apply(&[&drift_edit(&format!(" {{ default: {policy} }}"))]);
            let build = Engine::new().build(&repo.snapshot());
            DriftRules::of(build.fabric.as_ref().unwrap(), &"leaf1".parse().unwrap())
        };
        let (device, commit) = ("leaf1".parse().unwrap(), "b".repeat(40).parse().unwrap());
        let (desired, said) = (Tree::new(), Said::default());
        let row = || vec![leaf("/odds/signed", DriftKind::Owned, Some("1"), Some("2"))];
        let (found, gone, stays) = (
            DriftNews { found: row(), ..DriftNews::default() },
            DriftNews { gone: row(), ..DriftNews::default() },
            DriftNews { stays: row(), ..DriftNews::default() },
        );
        let again = "leaf1: as it should be again: /odds/signed";
        let changed = "leaf1 was changed behind our back: /odds/signed";
        let hushed = "leaf1: nobody is told any more, by policy, of /odds/signed";
        for (case, policy, was_told, what, expected) in [
            ("new", "alert", false, &found, Some(changed)),
            ("new, and only listed", "observe", false, &found, None),
            ("another value", "alert", true, &found, Some(changed)),
            ("another value, and only listed now", "observe", true, &found, Some(hushed)),
            ("there still", "alert", true, &stays, None),
            ("there still, and only listed", "observe", false, &stays, None),
            ("there still, and to be told now", "alert", false, &stays, Some(changed)),
            ("there still, and only listed now", "observe", true, &stays, Some(hushed)),
            ("gone", "alert", true, &gone, Some(again)),
            ("gone, and only listed", "observe", false, &gone, None),
            ("gone, and only listed now", "observe", true, &gone, Some(again)),
            ("gone, and to be told now", "alert", false, &gone, None),
        ] {
            let rules = rules(policy);
            let now = Timestamp::UNIX_EPOCH;
            let (desired, said) = (&desired, &said);
            let about = About { device: &device, commit: &commit, rules: &rules, desired, said, now };
            let mut what = what.clone();
            what.told.extend(was_told.then(|| "/odds/signed".to_owned()));
            let told = news(&about, &what, &BTreeMap::new());
            let told: Vec<&str> = told.iter().map(|news| &*news.summary).collect();
            assert_eq!(told, Vec::from_iter(expected), "{case}");
        }
    }

    #[test]
    fn what_the_device_says_of_a_change_is_told() {
        let (device, commit) = ("leaf1".parse().unwrap(), "b".repeat(40).parse().unwrap());
        let (rules, desired) = (DriftRules::default(), Tree::new());
        let at = Some(Timestamp::UNIX_EPOCH);
        for (case, at, in_commit, expected) in [
            ("nothing", None, None, None),
            ("when", at, None, Some("changed at 1970-01-01T00:00:00Z by the device's clock")),
            ("in which commit", None, Some("17"), Some("changed in the device's commit 17")),
        ] {
            let said = Said { at, commit: in_commit.map(str::to_owned) };
            let now = Timestamp::UNIX_EPOCH;
            let about = About {
                device: &device,
                commit: &commit,
                rules: &rules,
                desired: &desired,
                said: &said,
                now,
            };
            let found = vec![leaf("/odds/signed", DriftKind::Owned, Some("1"), None)];
            let told = news(&about, &DriftNews { found, ..DriftNews::default() }, &BTreeMap::new());
            assert_eq!(told[0].detail.as_deref(), expected, "{case}");
        }
    }
}
