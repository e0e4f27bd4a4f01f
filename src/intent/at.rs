//! `at`: where an object lives.
//!
//! Here: the list form, the map form (with a place's own addresses) and selectors.
//! Elsewhere: which devices a selector means (`topology`), whether it means any (`check`).

use std::collections::BTreeMap;

use super::decode::Fields;
use super::model::{Placement, Selector};
use super::scalar::{Read, ip_net, name, scalar, shortened, wrong_hint};
use super::yaml::{Node, Scalar, Value};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::names::{PairName, RoleName};

/// `at: [leaf1-2, role:leaf]`, or `at: { leaf3: 10.34.34.2/24, leaf4: [...] }`; none where
/// the key is missing.
pub(crate) fn placements(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Vec<Placement>> {
    let node = fields.node("at")?;
    let placements: Vec<Placement> = if let Value::Map(entries) = &node.value {
        entries.iter().filter_map(|(key, node)| placement(fields.what(), key, node, out)).collect()
    } else {
        let selectors = fields.list("at", out, selector);
        selectors.into_iter().map(|selector| Placement { selector, addresses: Vec::new() }).collect()
    };
    repeated(fields.what(), &placements, out);
    Some(placements)
}

/// One entry of the map form: a selector with nothing, an address or a list of them.
fn placement(what: &str, key: &Spanned<String>, node: &Node, out: &mut Findings) -> Option<Placement> {
    let of_key = Scalar { text: key.value.clone(), plain: true };
    let of_key = Node { value: Value::Scalar(of_key), place: key.place.clone() };
    let nodes = match &node.value {
        _ if node.is_null() => &[],
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut fault = |mut finding: Box<Finding>| {
        finding.message = format!("{what}: `at`: {}", finding.message);
        out.push(*finding);
    };
    let addresses = nodes.iter().filter_map(|node| {
        ip_net(node).map_err(&mut fault).ok().map(|net| Spanned::new(net, node.place.clone()))
    });
    let addresses = addresses.collect();
    let selector = selector(&of_key).map_err(fault).ok()?;
    Some(Placement { selector: Spanned::new(selector, key.place.clone()), addresses })
}

/// `DEVICE`, `PAIR`, `role:NAME` or `tag:NAME`.
fn selector(node: &Node) -> Read<Selector> {
    let given = scalar(node)?;
    let part = |text: &str| Node {
        value: Value::Scalar(Scalar { text: text.to_owned(), plain: false }),
        place: node.place.clone(),
    };
    match given.text.split_once(':') {
        None => Ok(Selector::Name(name::<PairName>(node)?.to_string())),
        Some(("role", role)) => Ok(Selector::Role(name::<RoleName>(&part(role))?)),
        // a tag is a label, as a role's name is
        Some(("tag", tag)) => Ok(Selector::Tag(name::<RoleName>(&part(tag))?.to_string())),
        Some(_) => {
            let message = format!("`{}` selects nothing", shortened(&given.text));
            wrong_hint("at-selector", node, message, "write a device, a pair, `role:NAME` or `tag:NAME`")
        }
    }
}

fn repeated(what: &str, placements: &[Placement], out: &mut Findings) {
    let mut seen: BTreeMap<&Selector, &Place> = BTreeMap::new();
    for placement in placements {
        let selector = &placement.selector;
        let first = *seen.entry(&selector.value).or_insert(&selector.place);
        if first != &selector.place {
            let message = format!("{what}: `at` names the same place twice");
            let finding = Finding::error("at-twice", &selector.place, message);
            out.push(finding.related(first, "first named here").hint("remove one of the two"));
        }
    }
}
