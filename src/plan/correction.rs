//! What of a device's plan may be put back now, on a device that holds the commit.
//!
//! Here: [`correction`], which takes a part out of a [`DevicePlan`] so that what belongs
//! together stays together, and says why the rest is left. Elsewhere: which policy and which
//! hold count for a leaf (`compile::drift`, `record`), how often something is put back (`agent`).

use std::collections::{BTreeMap, BTreeSet};

use super::device::{Action, Change, DevicePlan};
use super::entries;
use super::rules::Rules;
use crate::yang::schema::{Kind, Type};
use crate::yang::{Elem, Path, Schema, Value};

/// What the intent and people say of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Policy says to put it back.
    Correct,
    /// Policy says to leave it.
    Leave,
    /// A person asked that it be left alone for a while.
    Hold,
}

/// Why a leaf that differs is not put back now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// Policy says so.
    Policy,
    /// A person asked for it.
    Held,
    /// It is a secret that shows another text than before. A device may do that by itself
    /// (it salts anew), so that alone is no reason to send it (hazard H13).
    Secret,
    /// It carries the agent itself (promise 13).
    Protected,
    /// It goes only together with this one, which is left.
    With(Path),
}

/// A part of a plan, and what is left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// What is sent: complete, like every plan.
    pub plan: DevicePlan,
    /// The leaves that stay as they are, with the reason.
    pub left: BTreeMap<Path, Left>,
}

impl Correction {
    /// Whether it puts anything back. What it sends besides is our own doing, such as a secret
    /// that has another value now.
    pub fn puts_back(&self) -> bool {
        self.plan.changes.iter().any(|change| change.drift)
    }
}

/// Takes out of the plan of a device that holds the commit what may be sent now.
///
/// A list entry that is gone comes back whole or not at all: the word for the entry itself
/// counts, and its secrets come with it. A list that the user orders is put back only if all
/// of it may be. What is no drift is our own doing and always goes.
pub fn correction(
    plan: &DevicePlan,
    schema: &Schema,
    rules: &Rules<'_>,
    word: &dyn Fn(&Path) -> Word,
) -> Correction {
    let units = Units::of(plan, schema, rules);
    let mut left: BTreeMap<Path, Left> = plan
        .changes
        .iter()
        .filter_map(|change| Some((change.path.clone(), units.why_left(change, rules, word)?)))
        .collect();
    // what was left out may take others with it, until nothing more is
    loop {
        let more = units.follow(plan, schema, rules, &left);
        if more.is_empty() {
            break;
        }
        left.extend(more);
    }
    Correction { plan: part(plan, &left), left }
}

impl DevicePlan {
    /// Whether carrying it out would change anything at or below a path.
    pub fn touches(&self, place: &Path) -> bool {
        let changed = self.changes.iter().any(|change| change.path.starts_with(place));
        // a whole entry goes with all that is in it
        changed || self.removed.iter().any(|entry| place.starts_with(entry) || entry.starts_with(place))
    }
}

/// Changes that go together or not at all.
struct Units {
    /// For each change in it, what is gone as a whole: the outermost list entry, or the presence
    /// container, that comes into being with it. And whether somebody took it away.
    gone: BTreeMap<Path, (Path, bool)>,
    groups: Vec<BTreeSet<Path>>,
}

impl Units {
    fn of(plan: &DevicePlan, schema: &Schema, rules: &Rules<'_>) -> Self {
        let mut wholes: BTreeMap<Path, BTreeSet<Path>> = BTreeMap::new();
        let mut others: BTreeMap<Path, BTreeSet<Path>> = BTreeMap::new();
        let presences: BTreeSet<&Path> =
            plan.changes.iter().filter(|it| is_presence(it)).map(|it| &it.path).collect();
        for change in &plan.changes {
            let path = &change.path;
            let steps = (1..=path.elems().len()).map(|depth| path.prefix(depth));
            let whole =
                steps.into_iter().find(|step| plan.created.contains(step) || presences.contains(step));
            if let Some(whole) = whole {
                wholes.entry(whole).or_default().insert(path.clone());
            }
            let removed = entries::entries_on(path).find(|entry| plan.removed.contains(entry));
            let ordered = entries::ordered_list(schema, path).filter(|list| plan.ordered.contains_key(list));
            for group in removed.into_iter().chain(ordered).chain(rules.quirks.together(path)) {
                others.entry(group).or_default().insert(path.clone());
            }
        }
        let drifted: BTreeSet<&Path> =
            plan.changes.iter().filter(|change| change.drift).map(|change| &change.path).collect();
        let gone = wholes.iter().flat_map(|(whole, paths)| {
            let by_hand = paths.iter().any(|path| drifted.contains(path));
            paths.iter().map(move |path| (path.clone(), (whole.clone(), by_hand)))
        });
        Self { gone: gone.collect(), groups: wholes.values().chain(others.values()).cloned().collect() }
    }

    /// Why a change is left for what is said of itself.
    fn why_left(&self, change: &Change, rules: &Rules<'_>, word: &dyn Fn(&Path) -> Word) -> Option<Left> {
        let value = match &change.action {
            Action::Add { to } | Action::Modify { to, .. } => &to.value,
            Action::Delete { from } => from,
        };
        if rules.why_protected(&change.path, value).is_some() {
            return Some(Left::Protected);
        }
        let gone = self.gone.get(&change.path);
        let judged = gone.map_or(&change.path, |(whole, _)| whole);
        if word(&change.path) == Word::Hold || word(judged) == Word::Hold {
            return Some(Left::Held);
        }
        if !change.drift && !gone.is_some_and(|(_, by_hand)| *by_hand) {
            return None;
        }
        if matches!(value, Value::Secret(_)) && gone.is_none() {
            return Some(Left::Secret);
        }
        (word(judged) == Word::Leave).then_some(Left::Policy)
    }

    /// The changes that cannot go because of those that are left.
    fn follow(
        &self,
        plan: &DevicePlan,
        schema: &Schema,
        rules: &Rules<'_>,
        left: &BTreeMap<Path, Left>,
    ) -> BTreeMap<Path, Left> {
        let mut more = BTreeMap::new();
        for group in &self.groups {
            let Some(culprit) = group.iter().find(|path| left.contains_key(*path)) else { continue };
            for path in group.iter().filter(|path| !left.contains_key(*path)) {
                more.insert(path.clone(), Left::With(culprit.clone()));
            }
        }
        // list entries that are gone and stay so
        let missing: BTreeSet<&Path> = left.keys().filter_map(|path| Some(&self.gone.get(path)?.0)).collect();
        for change in plan.changes.iter().filter(|change| !left.contains_key(&change.path)) {
            let refers = missing.iter().find(|entry| refers_to(schema, change, entry));
            let carried = rules.quirks.carried(&change.path);
            let lacks = carried.into_iter().find(|path| left.contains_key(path) && adds(plan, path));
            if let Some(culprit) = refers.map(|entry| (*entry).clone()).or(lacks) {
                more.insert(change.path.clone(), Left::With(culprit));
            }
        }
        more
    }
}

fn is_presence(change: &Change) -> bool {
    matches!(&change.action, Action::Add { to } if to.value == Value::Presence)
}

fn adds(plan: &DevicePlan, path: &Path) -> bool {
    plan.changes.iter().any(|change| change.path == *path && matches!(change.action, Action::Add { .. }))
}

/// Whether a change writes a reference to a list entry: a leafref with the text of its key.
fn refers_to(schema: &Schema, change: &Change, entry: &Path) -> bool {
    let (Action::Add { to } | Action::Modify { to, .. }) = &change.action else { return false };
    let (Kind::Leaf { ty, .. } | Kind::LeafList { ty, .. }) = &schema.node(to.node).kind else {
        return false;
    };
    if !matches!(schema.type_of(*ty), Type::Leafref { .. }) || change.path.starts_with(entry) {
        return false;
    }
    let is_key = |text: &str| {
        entry.last().is_some_and(|elem: &Elem| elem.keys().iter().any(|(_, key)| &**key == text))
    };
    match &to.value {
        Value::Scalar(scalar) => is_key(scalar.as_str()),
        Value::LeafList(values) => values.iter().any(|value| is_key(value.as_str())),
        Value::Secret(_) | Value::Presence => false,
    }
}

/// The plan without what is left.
fn part(plan: &DevicePlan, left: &BTreeMap<Path, Left>) -> DevicePlan {
    let changes: Vec<Change> =
        plan.changes.iter().filter(|change| !left.contains_key(&change.path)).cloned().collect();
    let has = |place: &Path, add: bool| {
        let kind = |change: &&Change| !add || matches!(change.action, Action::Add { .. });
        changes.iter().filter(kind).any(|change| change.path.starts_with(place))
    };
    let created = plan.created.iter().filter(|entry| has(entry, true)).cloned().collect();
    // one of which no leaf is a change held nothing but what is incidental
    let stays = |entry: &Path| left.keys().any(|path| path.starts_with(entry));
    let removed = plan.removed.iter().filter(|entry| !stays(entry)).cloned().collect();
    let in_list = |list: &Path| changes.iter().any(|change| entries::is_in_list(&change.path, list));
    let ordered = plan.ordered.iter().filter(|(list, _)| in_list(list));
    let ordered = ordered.map(|(list, content)| (list.clone(), content.clone())).collect();
    DevicePlan { changes, created, removed, ordered, notes: Vec::new(), foreign: Vec::new() }
}

#[cfg(test)]
mod tests;
