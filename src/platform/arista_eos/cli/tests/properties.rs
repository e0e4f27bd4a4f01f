//! What holds for any trees: typing the changes gives the other configuration, nothing that
//! differs is silent, nothing panics.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::fixture::{drawn, pairs, pool};
use super::model::Model;
use crate::platform::arista_eos::cli::CLI;
use crate::platform::arista_eos::pack::eos_4_35_0f;
use crate::platform::cli::Sign;
use crate::yang::diff::diff;
use crate::yang::schema::Kind;
use crate::yang::{Elem, Form, Leaf, NodeId, Path, Scalar, Schema, Tree, Value};

/// Types the changes into the one configuration, and compares with the other.
fn assert_leads_over(before: &Tree, after: &Tree) {
    let lines = CLI.changes(before, after);
    let mut model = Model::of(&CLI.config(before));
    model.type_in(&lines);
    let wanted = Model::of(&CLI.config(after));
    let (is, should) = (model.lines(), wanted.lines());
    let (extra, missing) = (is.difference(&should), should.difference(&is));
    assert!(
        is == should,
        "typed:\n{}\nextra: {:#?}\nmissing: {:#?}",
        drawn(&lines),
        extra.collect::<Vec<_>>(),
        missing.collect::<Vec<_>>()
    );
    let told: BTreeSet<&Path> =
        lines.iter().filter(|line| line.sign != Sign::Context).flat_map(|line| &line.leaves).collect();
    for difference in diff(before, after) {
        assert!(told.contains(difference.path()), "{} is silent", difference.path());
    }
}

#[test]
fn typing_the_changes_leads_from_any_device_to_any_other() {
    for before in pool() {
        for after in pool() {
            assert_leads_over(before, after);
        }
    }
}

/// What says its name is another mode then, and no other leaf of that differs.
#[test]
fn a_vrf_that_is_of_another_kind_or_without_bgp_keeps_its_name() {
    let instance: Path = "/network-instances/network-instance[name=blue]".parse().unwrap();
    let is_of = |path: &Path, what: &str| path.starts_with(&instance) && path.to_string().contains(what);
    let with = |tree: &&Tree| tree.iter().any(|(path, _)| is_of(path, "/protocols/"));
    let before = pool().iter().find(with).unwrap();
    let kind: Path = "/network-instances/network-instance[name=blue]/config/type".parse().unwrap();
    let mut other = before.clone();
    let leaf = other.get(&kind).unwrap().clone();
    let text = "openconfig-network-instance-types:DEFAULT_INSTANCE";
    other.insert(kind, Leaf { value: Value::Scalar(Scalar::new(text, Form::Text)), ..leaf });
    let keeps = |path: &Path| !is_of(path, "/protocols/");
    let bare: Tree = other
        .iter()
        .filter(|(path, _)| keeps(path))
        .map(|(path, leaf)| (path.clone(), leaf.clone()))
        .collect();
    for (from, to) in [(before, &other), (&other, before), (&other, &bare), (&bare, &other)] {
        assert_leads_over(from, to);
    }
}

fn any_text() -> impl Strategy<Value = &'static str> {
    let texts = [
        "",
        "1",
        "true",
        "false",
        "a b",
        "x\ny",
        "!",
        "10.0.0.1",
        "24..32",
        "..",
        "é\u{2028}",
        "Port-Channel",
    ];
    prop::sample::select(texts.to_vec())
}

/// A tree of any nodes of the schema, with texts that are none of theirs.
fn any_tree() -> impl Strategy<Value = Tree> {
    let step =
        (any::<prop::sample::Index>(), prop::sample::select(vec!["", "1", "a b", "Ethernet1", "x\n!", "é]"]));
    let leaf = (prop::collection::vec(step, 14), prop::collection::vec(any_text(), 0..3), any::<bool>());
    prop::collection::vec(leaf, 0..20).prop_map(|leaves| {
        let schema = eos_4_35_0f();
        leaves.iter().filter_map(|(steps, texts, list)| any_leaf(&schema, steps, texts, *list)).collect()
    })
}

fn any_leaf(
    schema: &Schema,
    steps: &[(prop::sample::Index, &str)],
    texts: &[&str],
    list: bool,
) -> Option<(Path, Leaf)> {
    let (mut at, mut path) = (None::<NodeId>, Path::root());
    for (step, key) in steps {
        let children = schema.children(at);
        if children.is_empty() {
            break;
        }
        let node = *step.get(children);
        let name = Arc::clone(&schema.node(node).name);
        path.push(match schema.node(node).kind {
            Kind::List { .. } => {
                Elem::entry(name, schema.key_names(node).into_iter().map(|name| (name, *key)))
            }
            _ => Elem::new(name),
        });
        at = Some(node);
    }
    let scalars: Vec<Scalar> = texts.iter().map(|text| Scalar::new(*text, Form::Text)).collect();
    let value = match scalars.first() {
        None => Value::Presence,
        Some(_) if list => Value::LeafList(scalars),
        Some(one) => Value::Scalar(one.clone()),
    };
    Some((path, Leaf { node: at?, value, origin: None }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn typing_the_changes_leads_from_any_tree_to_any_edit_of_it(pair in pairs()) {
        assert_leads_over(&pair.before, &pair.after);
    }

    #[test]
    fn no_tree_makes_the_view_panic_or_drop_a_leaf(before in any_tree(), after in any_tree()) {
        let lines = CLI.config(&before);
        let told: BTreeSet<&Path> = lines.iter().flat_map(|line| &line.leaves).copied().collect();
        for (path, _) in before.iter() {
            prop_assert!(told.contains(path), "{} is silent", path);
        }
        prop_assert!(lines.iter().all(|line| !line.text.contains(char::is_control)));
        let changes = CLI.changes(&before, &after);
        prop_assert!(changes.iter().all(|line| !line.text.contains(char::is_control)));
        let told: BTreeSet<&Path> = changes.iter().flat_map(|line| &line.leaves).collect();
        for difference in diff(&before, &after) {
            prop_assert!(told.contains(difference.path()), "{} is silent", difference.path());
        }
    }
}
