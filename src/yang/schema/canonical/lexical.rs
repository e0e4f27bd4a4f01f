//! The written forms of values: numbers, bits, bytes, addresses (RFC 7950 section 9).
//!
//! Here: text to value and back, without a schema. Elsewhere: which type asks (`canonical`).

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::super::Pattern;
use super::super::types::{Ranges, TextSyntax};
use crate::yang::value::{Form, Scalar};

/// Whether bounds allow a value; none allow any.
pub(super) fn within<T: PartialOrd>(value: &T, ranges: &Ranges<T>) -> bool {
    ranges.is_empty() || ranges.iter().any(|(low, high)| low <= value && value <= high)
}

/// The smallest and the largest integer of a size.
pub(super) fn bounds(bits: u8, signed: bool) -> (i128, i128) {
    let bits = u32::from(bits.clamp(1, 64));
    if signed { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}

/// Whether an integer of a size can hold a number.
pub(super) fn fits(number: i128, bits: u8, signed: bool) -> bool {
    let (low, high) = bounds(bits, signed);
    (low..=high).contains(&number)
}

/// An integer in a lexical form of RFC 7950 section 9.2.1: decimal, `0x` hexadecimal or
/// octal with a leading zero; a sign may stand before it.
pub(in crate::yang::schema) fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        None => (digits, 10),
    };
    // from_str_radix would take a second sign
    let number =
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| i128::from_str_radix(digits, radix).ok());
    number.flatten().map(|n| if negative { -n } else { n })
}

/// A decimal64 (RFC 7950 section 9.3) scaled by 10^fraction. More digits than the type has
/// are taken only if they are zeros.
pub(in crate::yang::schema) fn decimal(text: &str, fraction: u8) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let numeric = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !numeric(whole) || !numeric(part) {
        return None;
    }
    let part = part.trim_end_matches('0');
    let missing = usize::from(fraction).checked_sub(part.len())?;
    let scaled: i128 = format!("{whole}{part}{}", "0".repeat(missing)).parse().ok()?;
    i64::try_from(if negative { -scaled } else { scaled }).ok()
}

/// The canonical form: no leading zeros, at least one digit on each side of the point, no
/// trailing zeros.
pub(in crate::yang::schema) fn decimal_text(scaled: i64, fraction: u8) -> String {
    let sign = if scaled < 0 { "-" } else { "" };
    let width = usize::from(fraction) + 1;
    let digits = format!("{:0width$}", scaled.unsigned_abs());
    let (whole, part) = digits.split_at(digits.len() - usize::from(fraction));
    let part = part.trim_end_matches('0');
    format!("{sign}{whole}.{}", if part.is_empty() { "0" } else { part })
}

/// The names in the order of the type, each once; or the first name that is unknown.
pub(super) fn bits(text: &str, names: &[Arc<str>]) -> Result<Scalar, String> {
    let given: BTreeSet<&str> = text.split_ascii_whitespace().collect();
    if let Some(unknown) = given.iter().find(|bit| !names.iter().any(|name| **name == ***bit)) {
        return Err((*unknown).to_owned());
    }
    let set: Vec<&str> = names.iter().map(|name| &**name).filter(|name| given.contains(name)).collect();
    Ok(Scalar::new(set.join(" "), Form::Text))
}

/// The bytes that a text in base64 means; white space and missing padding are allowed.
pub(super) fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(&text).or_else(|_| STANDARD_NO_PAD.decode(&text)).ok()
}

/// A JSON number as YANG would spell it: `9000.0` and `9e3` are what careless encoders make
/// of 9000.
pub(super) fn plain_number(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.abs() < 9e15 => float.to_string(),
        _ => number.to_string(),
    }
}

/// One spelling for each address. If the pattern of the type refuses that spelling, the
/// given one stays.
pub(super) fn canonical_text(text: &str, syntax: TextSyntax, patterns: &[Pattern]) -> Arc<str> {
    let canonical = match syntax {
        TextSyntax::Plain => return Arc::from(text),
        TextSyntax::Ipv4 => split_and(text, '%', |address| address.parse::<Ipv4Addr>().ok()),
        TextSyntax::Ipv6 => split_and(text, '%', |address| address.parse::<Ipv6Addr>().ok()),
        TextSyntax::Ipv4Prefix => split_and(text, '/', |address| address.parse::<Ipv4Addr>().ok()),
        TextSyntax::Ipv6Prefix => split_and(text, '/', |address| address.parse::<Ipv6Addr>().ok()),
        TextSyntax::Mac => Some(text.to_ascii_lowercase()),
    };
    let changed = canonical.filter(|canonical| canonical != text);
    Arc::from(
        changed.filter(|new| patterns.iter().all(|pattern| pattern.allows(new))).as_deref().unwrap_or(text),
    )
}

/// Rewrites what stands before a mark and keeps the rest.
fn split_and<A: fmt::Display>(text: &str, mark: char, parse: impl Fn(&str) -> Option<A>) -> Option<String> {
    let at = text.find(mark).unwrap_or(text.len());
    let (address, rest) = text.split_at(at);
    parse(address).map(|address| format!("{address}{rest}"))
}
