//! The order that people expect: Ethernet2 before Ethernet10.
//!
//! Here: comparing texts and paths. Elsewhere: the order of a tree, which is that of plain
//! text (`Path`'s own `Ord`).

use std::cmp::Ordering;

use super::path::Path;

/// Compares two texts, digits in them by the number they form. Total, and equal only for
/// equal texts.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    while !rest_a.is_empty() && !rest_b.is_empty() {
        let (part_a, part_b) = (take_part(&mut rest_a), take_part(&mut rest_b));
        let order = match (number(part_a), number(part_b)) {
            (Some(m), Some(n)) => m.len().cmp(&n.len()).then_with(|| m.cmp(n)),
            _ => part_a.cmp(part_b),
        };
        if order.is_ne() {
            return order;
        }
    }
    rest_a.len().cmp(&rest_b.len()).then_with(|| a.cmp(b))
}

/// Takes the digits at the front, or the one character that is none.
fn take_part<'a>(text: &mut &'a str) -> &'a str {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let end = if digits > 0 { digits } else { text.chars().next().map_or(0, char::len_utf8) };
    let (part, rest) = text.split_at(end);
    *text = rest;
    part
}

/// Digits without leading zeros; none if it is no number.
fn number(part: &str) -> Option<&str> {
    part.starts_with(|c: char| c.is_ascii_digit()).then(|| part.trim_start_matches('0'))
}

/// Compares two paths step by step, key values in natural order. A node still stands
/// directly before all below it.
pub fn natural_path(a: &Path, b: &Path) -> Ordering {
    for (x, y) in a.elems().iter().zip(b.elems()) {
        let keys = x.keys().iter().zip(y.keys());
        let by_keys = keys.map(|((_, v), (_, w))| natural(v, w)).find(|order| order.is_ne());
        let order = x.name().cmp(y.name()).then(by_keys.unwrap_or(Ordering::Equal)).then_with(|| x.cmp(y));
        if order.is_ne() {
            return order;
        }
    }
    a.elems().len().cmp(&b.elems().len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_compared_by_size() {
        for (less, more) in [
            ("Ethernet2", "Ethernet10"),
            ("Ethernet1/2", "Ethernet1/10"),
            ("9", "10"),
            ("a", "b"),
            ("a", "a1"),
            ("01", "1"),
            ("", "0"),
            ("10.0.0.2", "10.0.0.10"),
        ] {
            assert_eq!(natural(less, more), Ordering::Less, "{less} {more}");
        }
    }

    #[test]
    fn descendants_still_follow_their_ancestor() {
        let mut paths: Vec<Path> = ["/a/b[k=10]/c", "/a/b[k=10]", "/a/b[k=2]/z", "/a", "/a/b[k=2]"]
            .map(|p| p.parse().unwrap())
            .into();
        paths.sort_by(natural_path);
        let shown: Vec<_> = paths.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["/a", "/a/b[k=2]", "/a/b[k=2]/z", "/a/b[k=10]", "/a/b[k=10]/c"]);
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in "[a-c0]{0,3}[0-9]{0,3}é?", b in "[a-c0]{0,3}[0-9]{0,3}", c in "[a-c0]{0,3}[0-9]{0,3}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            prop_assert_eq!(natural(&a, &b) == Ordering::Equal, a == b);
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }
    }
}
