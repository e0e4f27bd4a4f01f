//! The operations of the one Set that carries a plan out.
//!
//! `update` for leaves, and for new list entries as wholes; `replace` for leaf-lists, as
//! devices disagree on what an update of one means, and for lists ordered by the user;
//! `delete` for leaves, and for whole entries that are ours. Here too, and only here, secrets
//! are put in. Elsewhere: what changes (`device`), the wire (`gnmi`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::device::{Action, DevicePlan};
use super::entries;
use super::operations::{Operations, Payload, Write};
use super::rules::Rules;
use crate::names::SecretName;
use crate::secret::SecretText;
use crate::yang::natural::{natural, natural_path};
use crate::yang::{Path, Schema, Tree, Value, json};

/// Gives the secrets that a Set carries.
pub type Resolver<'a> = &'a dyn Fn(&SecretName) -> Option<SecretText>;

/// Secrets that the intent names and nobody has. Nothing is sent without them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no value for {}", self.0.iter().map(|name| format!("secret:{name}")).collect::<Vec<_>>().join(", "))]
pub struct MissingSecrets(
    /// Their names.
    pub BTreeSet<SecretName>,
);

/// Makes the operations of a plan, in the order that its platform wants.
pub fn operations_of(
    plan: &DevicePlan,
    schema: &Schema,
    rules: &Rules<'_>,
    secrets: Resolver<'_>,
) -> Result<Operations, MissingSecrets> {
    let mut replaces: BTreeMap<Path, Tree> = plan.ordered.clone();
    let mut updates: BTreeMap<Path, Tree> = BTreeMap::new();
    let writes = plan.writes();
    let first = first_ranks(plan, rules, &writes);
    for (path, leaf) in writes {
        if plan.ordered.keys().any(|list| entries::is_in_list(&path, list)) {
            continue;
        }
        let in_new_entry = entries::entries_on(&path).any(|entry| first.contains_key(&entry));
        let whole = matches!(leaf.value, Value::LeafList(_)) && !in_new_entry;
        let target = target(rules, &first, &path);
        let place = if whole { &mut replaces } else { &mut updates };
        place.entry(target).or_default().insert(path, leaf);
    }
    gather(rules, &mut updates);

    let to = Writer { schema, rules, secrets };
    let operations = Operations {
        deletes: deletes(plan, rules),
        replaces: to.writes(replaces)?,
        updates: to.writes(updates)?,
    };
    Ok(operations)
}

/// For each new entry the rank at which it comes into being: the lowest of its leaves.
fn first_ranks(plan: &DevicePlan, rules: &Rules<'_>, writes: &Tree) -> BTreeMap<Path, u8> {
    let lowest = |entry: &Path| writes.below(entry).map(|(path, _)| rules.quirks.rank(path)).min();
    plan.created.iter().filter_map(|entry| Some((entry.clone(), lowest(entry)?))).collect()
}

/// Where a leaf is written. A new entry is one update, but for what its platform wants
/// later: a VRF comes before the interfaces in it, its neighbours after them.
fn target(rules: &Rules<'_>, first: &BTreeMap<Path, u8>, path: &Path) -> Path {
    let rank = rules.quirks.rank(path);
    let mut new = entries::entries_on(path).filter_map(|entry| Some((first.get(&entry)?, entry)));
    let Some((lowest, outermost)) = new.next() else { return path.clone() };
    if *lowest == rank {
        return outermost;
    }
    let inner = new.find(|(lowest, _)| **lowest == rank).map(|(_, entry)| entry);
    let ranked =
        rules.quirks.order.get(usize::from(rank)).map(|place| path.prefix(place.split('/').skip(1).count()));
    let ranked = ranked.filter(|place| place.starts_with(&outermost) && *place != outermost);
    inner.or(ranked).unwrap_or_else(|| path.clone())
}

/// Joins the updates that the platform takes only as one.
fn gather(rules: &Rules<'_>, updates: &mut BTreeMap<Path, Tree>) {
    let leaves = updates.values().flat_map(Tree::iter);
    let roots: BTreeSet<Path> = leaves.filter_map(|(path, _)| rules.quirks.together(path)).collect();
    for root in roots {
        let inside: Vec<Path> = updates.keys().filter(|target| target.starts_with(&root)).cloned().collect();
        if inside.len() < 2 {
            continue;
        }
        let joined = inside.iter().filter_map(|target| updates.remove(target)).flatten().collect();
        updates.insert(root, joined);
    }
}

/// What goes: whole entries, and the leaves that stand in none of them. What refers to
/// something goes before it.
fn deletes(plan: &DevicePlan, rules: &Rules<'_>) -> Vec<Path> {
    let in_ordered = |path: &Path| plan.ordered.keys().any(|list| entries::is_in_list(path, list));
    let goes_with_entry = |path: &Path| entries::entries_on(path).any(|entry| plan.removed.contains(&entry));
    let leaves = plan.changes.iter().filter(|change| matches!(change.action, Action::Delete { .. }));
    let leaves = leaves.map(|change| &change.path).filter(|path| !goes_with_entry(path));
    let mut deletes: Vec<Path> =
        leaves.chain(&plan.removed).filter(|path| !in_ordered(path)).cloned().collect();
    deletes.sort_by(natural_path);
    // an entry goes when the last of its leaves would
    let gone: BTreeSet<&Path> = plan.changes.iter().map(|change| &change.path).collect();
    let rank = |path: &Path| {
        let inside = gone.range::<&Path, _>(&path..).take_while(|leaf| leaf.starts_with(path));
        inside.map(|leaf| rules.quirks.rank(leaf)).min().unwrap_or_else(|| rules.quirks.rank(path))
    };
    deletes.sort_by_cached_key(|path| Reverse(rank(path)));
    deletes
}

struct Writer<'a> {
    schema: &'a Schema,
    rules: &'a Rules<'a>,
    secrets: Resolver<'a>,
}

impl Writer<'_> {
    /// The values at these targets, in the platform's order.
    fn writes(&self, targets: BTreeMap<Path, Tree>) -> Result<Vec<Write>, MissingSecrets> {
        let mut missing = BTreeSet::new();
        let mut writes = Vec::new();
        for (path, tree) in targets {
            let rank = tree.iter().map(|(leaf, _)| self.rules.quirks.rank(leaf)).min();
            match self.payload(&path, &tree) {
                Ok(value) => writes.push((rank, Write { path, value })),
                Err(MissingSecrets(names)) => missing.extend(names),
            }
        }
        if !missing.is_empty() {
            return Err(MissingSecrets(missing));
        }
        writes.sort_by(|(rank, a), (other, b)| rank.cmp(other).then_with(|| natural_path(&a.path, &b.path)));
        Ok(writes.into_iter().map(|(_, write)| write).collect())
    }

    fn payload(&self, at: &Path, tree: &Tree) -> Result<Payload, MissingSecrets> {
        let clear = |name: &SecretName| (self.secrets)(name).map(|text| text.expose().to_owned());
        let named = |name: &SecretName| Some(format!("secret:{name}"));
        let written = |secrets: json::Secrets<'_>| {
            let written = json::write_below(self.schema, tree, at, secrets);
            let mut written = written.unwrap_or(json::Written { json: Json::Null, withheld: Vec::new() });
            sort_entries(self.schema, at, &mut written.json);
            written
        };
        let sent = written(&clear);
        if !sent.withheld.is_empty() {
            return Err(MissingSecrets(sent.withheld.into_iter().map(|(_, name)| name).collect()));
        }
        if tree.iter().any(|(_, leaf)| matches!(leaf.value, Value::Secret(_))) {
            Ok(Payload::with_secrets(sent.json, written(&named).json))
        } else {
            Ok(Payload::plain(sent.json))
        }
    }
}

/// Puts the entries of a list that is written as a whole into natural order of their keys:
/// a tree keeps no other, so `10` follows `9` in a policy whose statements are numbered.
fn sort_entries(schema: &Schema, at: &Path, json: &mut Json) {
    let (Some(id), Json::Array(entries)) = (schema.find(at), json) else { return };
    let keys = schema.key_names(id);
    let key = |entry: &Json| -> Vec<String> {
        let Json::Object(members) = entry else { return Vec::new() };
        let named = |key: &str| {
            let found = members.iter().find(|(name, _)| name.rsplit(':').next() == Some(key));
            found.map_or_else(String::new, |(_, value)| match value {
                Json::String(text) => text.clone(),
                value => value.to_string(),
            })
        };
        keys.iter().map(|key| named(key)).collect()
    };
    entries.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        let orders = a.iter().zip(&b).map(|(a, b)| natural(a, b));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Recorded;
    use crate::plan::fixture::{plan, recorded, schema, tree};
    use crate::platform::quirks::Quirks;

    const QUIRKS: Quirks = Quirks {
        carried: &[],
        together: &[("/interfaces", &["/interfaces/interface/aggregation"])],
        order: &["/vlans", "/interfaces", "/bgp"],
    };

    fn lines(operations: &Operations) -> Vec<String> {
        let write = |word: &'static str| {
            move |write: &Write| format!("{word} {} {}", write.path, write.value.shown())
        };
        let deletes = operations.deletes.iter().map(|path| format!("delete {path}"));
        let replaces = operations.replaces.iter().map(write("replace"));
        deletes.chain(replaces).chain(operations.updates.iter().map(write("update"))).collect()
    }

    fn made(desired: &str, actual: &str, ours: &str) -> Vec<String> {
        let schema = schema();
        let rules = Rules { quirks: &QUIRKS, ..Rules::default() };
        let plan =
            plan(&schema, &tree(&schema, desired), &tree(&schema, actual), &recorded(tree(&schema, ours)));
        lines(&operations_of(&plan, &schema, &rules, &|_| None).unwrap())
    }

    const E1: &str = "/interfaces/interface[name=e1]";
    const V4: &str = "/vlans/vlan[vlan-id=4]";

    #[test]
    fn each_change_becomes_the_operation_that_does_no_more() {
        for (case, desired, actual, ours, expected) in [
            ("nothing", String::new(), String::new(), "", vec![]),
            (
                "one leaf is a Set of one leaf",
                format!("{E1}/config/mtu 9000\n{E1}/config/description x"),
                format!("{E1}/config/mtu 1500\n{E1}/config/description x"),
                "",
                vec![format!("update {E1}/config/mtu \"9000\"")],
            ),
            (
                "a new entry is one update, leaf-lists and entries inside it included",
                format!("{V4}/config/vlan-id 4\n{V4}/config/trunk-groups [a, b]"),
                String::new(),
                "",
                vec![format!(
                    "update {V4} {{\"test:config\":{{\"trunk-groups\":[\"a\",\"b\"],\"vlan-id\":\"4\"}},\"test:vlan-id\":\"4\"}}"
                )],
            ),
            (
                "a leaf-list of an entry that exists is replaced",
                format!("{V4}/config/trunk-groups [a]"),
                format!("{V4}/config/trunk-groups [a, b]"),
                "",
                vec![format!("replace {V4}/config/trunk-groups [\"a\"]")],
            ),
        ] {
            assert_eq!(made(&desired, &actual, ours), expected, "{case}");
        }
    }

    #[test]
    fn what_refers_comes_after_what_it_refers_to_and_goes_before_it() {
        let n = "/bgp/neighbors/neighbor[neighbor-address=::1]";
        let leaves = format!("{n}/config/peer-as 1\n{E1}/config/mtu 9\n{V4}/config/name x");
        let other = leaves.replace('9', "8").replace('x', "y").replace("as 1", "as 2");
        let targets = |lines: Vec<String>| -> Vec<String> {
            lines.iter().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect()
        };
        assert_eq!(
            targets(made(&leaves, &other, "")),
            [format!("{V4}/config/name"), format!("{E1}/config/mtu"), format!("{n}/config/peer-as")]
        );
        assert_eq!(targets(made("", &leaves, &leaves)), [n.to_owned(), E1.to_owned(), V4.to_owned()]);
    }

    #[test]
    fn a_new_entry_is_split_where_its_platform_wants_something_in_between() {
        let schema = schema();
        let rules = Rules {
            quirks: &Quirks {
                order: &["/interfaces/interface/config", "/vlans", "/interfaces/interface/addresses"],
                ..QUIRKS
            },
            ..Rules::default()
        };
        let text = format!(
            "{E1}/config/mtu 9000\n{E1}/addresses/address[ip=::1]/config/ip ::1
             {E1}/ethernet/config/aggregate-id x\n{V4}/config/name a"
        );
        let all = tree(&schema, &text);
        let operations = |plan: &DevicePlan| operations_of(plan, &schema, &rules, &|_| None).unwrap();
        let made = operations(&plan(&schema, &all, &Tree::new(), &Recorded::default()));
        let paths: Vec<String> = made.updates.iter().map(|write| write.path.to_string()).collect();
        let (addresses, aggregate) =
            (format!("{E1}/addresses/address[ip=::1]"), format!("{E1}/ethernet/config/aggregate-id"));
        assert_eq!(paths, [E1, V4, &addresses, &aggregate]);
        assert!(!made.updates[0].value.shown().to_string().contains("::1"));
        let gone = operations(&plan(&schema, &Tree::new(), &all, &recorded(all.clone())));
        let paths: Vec<String> = gone.deletes.iter().map(ToString::to_string).collect();
        assert_eq!(paths, [V4, E1], "made first, gone last");
    }

    #[test]
    fn a_lag_travels_with_everything_that_changes_beside_it() {
        let lag = "/interfaces/interface[name=po1]";
        let desired =
            format!("{lag}/aggregation/config/lag-type LACP\n{E1}/ethernet/config/aggregate-id po1");
        let lines = made(&desired, &format!("{E1}/config/mtu 9"), "");
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("update /interfaces {"), "{lines:?}");
        let alone = made(
            &format!("{lag}/aggregation/config/lag-type LACP"),
            &format!("{lag}/aggregation/config/lag-type STATIC"),
            "",
        );
        assert_eq!(alone, [format!("update {lag}/aggregation/config/lag-type \"LACP\"")]);
    }

    #[test]
    fn a_list_ordered_by_the_user_is_replaced_as_a_whole_if_all_of_it_is_ours() {
        let policy =
            |name: &str, result: &str| format!("/bgp/policies/policy[name={name}]/config/result {result}\n");
        let (nine, ten) = (policy("9", "accept"), policy("10", "reject"));
        let lines = made(&format!("{nine}{ten}"), &ten, &ten);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("replace /bgp/policies/policy [{"), "{lines:?}");
        assert!(lines[0].find("accept") < lines[0].find("reject"), "9 comes before 10: {lines:?}");
    }

    #[test]
    fn a_default_that_is_asked_for_no_more_keeps_no_entry_of_such_a_list() {
        let policy = |name: &str, result: &str| {
            let config = format!("/bgp/policies/policy[name={name}]/config");
            format!("{config}/name {name}\n{config}/result {result}\n{config}/options any\n")
        };
        let (nine, ten) = (policy("9", "accept"), policy("10", "reject"));
        let both = format!("{nine}{ten}");
        for (case, desired, expected) in [
            ("one of two goes", &*nine, "replace /bgp/policies/policy [{"),
            ("the last one goes", "", "delete /bgp/policies/policy[name=9]"),
        ] {
            let lines = made(desired, if desired.is_empty() { &nine } else { &both }, &both);
            assert!(lines[0].starts_with(expected) && lines.len() == 1, "{case}: {lines:?}");
            assert!(!lines[0].contains("\"10\""), "{case}: {lines:?}");
        }
    }

    #[test]
    fn in_a_list_ordered_by_the_user_foreign_entries_are_neither_sent_nor_moved() {
        let policy =
            |name: &str, result: &str| format!("/bgp/policies/policy[name={name}]/config/result {result}\n");
        let (ours, foreign) = (policy("9", "accept"), policy("10", "reject"));
        let both = format!("{ours}{foreign}");
        for (case, lines, start) in [
            ("ours is added", made(&ours, &foreign, ""), "update /bgp/policies/policy[name=9] {"),
            ("ours is taken away", made("", &both, &ours), "delete /bgp/policies/policy[name=9]"),
        ] {
            assert!(lines.len() == 1 && lines[0].starts_with(start), "{case}: {lines:?}");
            assert!(!lines[0].contains("reject"), "{case}: {lines:?}");
        }
    }

    #[test]
    fn secrets_are_put_in_here_and_do_not_show() {
        let schema = schema();
        let path = "/bgp/neighbors/neighbor[neighbor-address=::1]/config/auth-password";
        let desired = tree(&schema, &format!("{path} secret:fw"));
        let plan = plan(&schema, &desired, &Tree::new(), &Recorded::default());
        let known = |name: &SecretName| (name.as_str() == "fw").then(|| SecretText::new("hunter2"));
        let made = operations_of(&plan, &schema, &Rules::default(), &known).unwrap();
        assert!(made.updates[0].value.expose().to_string().contains("hunter2"));
        assert!(!format!("{made:?}").contains("hunter2"));
        let missing = operations_of(&plan, &schema, &Rules::default(), &|_| None).unwrap_err();
        assert_eq!(missing.to_string(), "no value for secret:fw");
    }
}
