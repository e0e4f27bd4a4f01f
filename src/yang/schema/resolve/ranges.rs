//! The arguments of `range` and `length` (RFC 7950 sections 9.2.4 and 9.4.4).
//!
//! Here: [`parse`], [`intersect`], and decimal numbers as scaled integers. All bounds are
//! `i128` here; whoever keeps them narrows them.

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

/// Reads an integer as YANG writes it: decimal, `0x` hexadecimal or `0` octal.
pub(super) fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let value = match hexadecimal {
        Some(digits) => i128::from_str_radix(digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => i128::from_str_radix(digits, 8),
        None => digits.parse(),
    };
    value.ok().map(|value| if negative { -value } else { value })
}

/// Reads a decimal number as an integer scaled by 10^`fraction` (at most 18).
pub(super) fn decimal(text: &str, fraction: u8) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > usize::from(fraction) || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let padding = "0".repeat(usize::from(fraction) - part.len());
    let value: i128 = format!("{whole}{part}{padding}").parse().ok()?;
    let value = if negative { -value } else { value };
    i64::try_from(value).ok().map(i128::from)
}

/// The canonical text of a scaled integer: at least one digit on each side of the point.
pub(super) fn decimal_text(scaled: i128, fraction: u8) -> String {
    let (sign, digits) = (if scaled < 0 { "-" } else { "" }, scaled.unsigned_abs().to_string());
    let fraction = usize::from(fraction);
    let digits = format!("{digits:0>width$}", width = fraction + 1);
    let (whole, part) = digits.split_at(digits.len() - fraction);
    let part = part.trim_end_matches('0');
    format!("{sign}{whole}.{}", if part.is_empty() { "0" } else { part })
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn decimals_are_scaled_and_written_canonically() {
        for (text, fraction, canonical) in [
            ("1", 2, Some("1.0")),
            ("-0.50", 2, Some("-0.5")),
            ("+3.14", 2, Some("3.14")),
            ("0.001", 2, None),
            ("12.", 1, Some("12.0")),
            (".5", 1, None),
            ("1e3", 1, None),
            ("99999999999999999999", 1, None),
        ] {
            let seen = decimal(text, fraction).map(|scaled| decimal_text(scaled, fraction));
            assert_eq!(seen.as_deref(), canonical, "{text}");
        }
    }
}
