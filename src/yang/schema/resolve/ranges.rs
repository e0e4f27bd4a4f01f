//! The arguments of `range` and `length` (RFC 7950 sections 9.2.4 and 9.4.4).
//!
//! Here: [`parse`], [`intersect`]. All bounds are `i128` here; whoever keeps them narrows
//! them. Elsewhere: single numbers (`canonical`).

/// Inclusive bounds, sorted and disjoint.
pub(super) type Bounds = Vec<(i128, i128)>;

/// Reads `1..5 | 7 | 10..max`. `min` and `max` are the ends of `base`; `number` reads one
/// bound. None if it is no range, or its parts overlap or stand in the wrong order.
pub(super) fn parse(
    text: &str,
    base: &[(i128, i128)],
    number: impl Fn(&str) -> Option<i128>,
) -> Option<Bounds> {
    let bound = |text: &str| match text.trim() {
        "min" => base.first().map(|part| part.0),
        "max" => base.last().map(|part| part.1),
        text => number(text),
    };
    let mut parts: Bounds = Vec::new();
    for part in text.split('|') {
        let (low, high) = match part.split_once("..") {
            Some((low, high)) => (bound(low)?, bound(high)?),
            None => (bound(part)?, bound(part)?),
        };
        if low > high || parts.last().is_some_and(|before| before.1 >= low) {
            return None;
        }
        parts.push((low, high));
    }
    Some(parts)
}

/// What both allow.
pub(super) fn intersect(a: &[(i128, i128)], b: &[(i128, i128)]) -> Bounds {
    let mut both = Bounds::new();
    for (low_a, high_a) in a {
        for (low_b, high_b) in b {
            let (low, high) = (*low_a.max(low_b), *high_a.min(high_b));
            if low <= high {
                both.push((low, high));
            }
        }
    }
    both.sort_unstable();
    both
}

#[cfg(test)]
mod tests {
    use super::super::super::canonical::integer;
    use super::*;

    #[test]
    fn ranges_are_read_against_their_base() {
        let base = [(0, 100), (200, 255)];
        for (text, expected) in [
            ("1..5|7", Some(vec![(1, 5), (7, 7)])),
            (" min .. 10 | 250..max ", Some(vec![(0, 10), (250, 255)])),
            ("0x10..020", Some(vec![(16, 16)])),
            ("-5", Some(vec![(-5, -5)])),
            ("5..1", None),
            ("1..5|5..9", None),
            ("1..", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(parse(text, &base, integer), expected, "{text}");
        }
    }

    #[test]
    fn a_restriction_keeps_what_both_allow() {
        for (a, b, both) in [
            (vec![(0, 10)], vec![(5, 20)], vec![(5, 10)]),
            (vec![(0, 10), (20, 30)], vec![(5, 25)], vec![(5, 10), (20, 25)]),
            (vec![(0, 1)], vec![(2, 3)], vec![]),
        ] {
            assert_eq!(intersect(&a, &b), both);
        }
    }
}
