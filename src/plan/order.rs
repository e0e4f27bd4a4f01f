//! The order in which paths are shown and sent.
//!
//! Here: natural order (`Ethernet2` before `Ethernet10`), and the list entries on a path.
//! Elsewhere: which operations a platform wants first (`Rules::rank`).

use std::cmp::Ordering;

use crate::yang::schema::Kind;
use crate::yang::{Elem, Path, Schema};

/// Compares two paths step by step, numbers inside key values by size. A total order that
/// agrees with equality.
pub(super) fn natural(a: &Path, b: &Path) -> Ordering {
    for (x, y) in a.elems().iter().zip(b.elems()) {
        let by_name = x.name().cmp(y.name());
        let keys = x.keys().iter().zip(y.keys());
        let by_keys = keys.map(|((_, v), (_, w))| natural_text(v, w)).find(|order| order.is_ne());
        let order = by_name.then(by_keys.unwrap_or(Ordering::Equal));
        if order.is_ne() {
            return order;
        }
    }
    a.elems().len().cmp(&b.elems().len()).then_with(|| a.cmp(b))
}

/// Compares two texts with numbers in them by the numbers' size, then as texts.
pub(super) fn natural_text(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left, right);
    loop {
        let (Some(first), Some(second)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len()).then_with(|| left.cmp(right));
        };
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (one, other) = (take_digits(&mut a), take_digits(&mut b));
            one.len().cmp(&other.len()).then_with(|| one.cmp(other))
        } else {
            a = &a[first.len_utf8()..];
            b = &b[second.len_utf8()..];
            first.cmp(&second)
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes the digits at the front, and gives them without leading zeros.
fn take_digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits.trim_start_matches('0')
}

/// Every list entry that a path stands in (or is), outermost first.
pub(super) fn entries_on(path: &Path) -> impl Iterator<Item = Path> {
    let depths = path.elems().iter().enumerate().filter(|(_, elem)| !elem.keys().is_empty());
    depths.map(|(depth, _)| path.prefix(depth + 1))
}

/// The outermost list ordered by the user that a path stands in, without keys.
pub(super) fn ordered_list(schema: &Schema, path: &Path) -> Option<Path> {
    let entry = entries_on(path).find(|entry| {
        let node = schema.find(entry).map(|id| &schema.node(id).kind);
        matches!(node, Some(Kind::List { ordered_by_user: true, .. }))
    })?;
    let name = entry.last()?.shared_name();
    Some(entry.parent()?.join(Elem::new(name)))
}

/// Whether a path stands in an entry of this list, which is named without keys.
pub(super) fn is_in_list(path: &Path, list: &Path) -> bool {
    let Some((name, above)) = list.elems().split_last() else { return false };
    let elems = path.elems();
    elems.starts_with(above) && elems.get(above.len()).is_some_and(|elem| elem.name() == name.name())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ports_are_ordered_by_number() {
        let sorted =
            ["Ethernet1", "Ethernet2", "Ethernet2/1", "Ethernet2/10", "Ethernet10", "Vlan4", "Vlan40"];
        for (index, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(natural_text(a, b), index.cmp(&other), "{a} {b}");
            }
        }
    }

    proptest! {
        #[test]
        fn natural_order_is_total(a in "[a-c0]{0,3}[0-9]{0,3}é?", b in "[a-c0]{0,3}[0-9]{0,3}", c in "[a-c0]{0,3}[0-9]{0,3}") {
            prop_assert_eq!(natural_text(&a, &b), natural_text(&b, &a).reverse());
            prop_assert_eq!(natural_text(&a, &b).is_eq(), a == b);
            if natural_text(&a, &b).is_le() && natural_text(&b, &c).is_le() {
                prop_assert!(natural_text(&a, &c).is_le());
            }
        }
    }
}
