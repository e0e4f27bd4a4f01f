//! Values against types: what a text or a JSON value means, in canonical form
//! (RFC 7950 section 9), or why it is not of the type.
//!
//! Here: `Schema::scalar_from_text`, `scalar_from_json`, `scalar_to_json`. Elsewhere: the
//! types themselves (`types`), patterns (`pattern`), whole documents (`yang::json`).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::Value as Json;

use super::types::{Ranges, TextSyntax, Type, TypeId};
use super::{Pattern, Schema};
use crate::nearest::nearest;
use crate::yang::value::{Form, Scalar};

/// How deep unions and leafrefs may refer to each other. Modules stay below 5; a pack that
/// was tampered with must not exhaust the stack.
const DEPTH: u8 = 16;

/// How many names of an enumeration a message lists.
const NAMES_SHOWN: usize = 12;

/// Why a value is not of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} is not {expected}")]
pub struct TypeError {
    /// The value, quoted and cut to a readable length.
    pub given: String,
    /// What would have been taken: "a number from 1 to 4094".
    pub expected: String,
    /// How to mend it: "did you mean `TRUNK`?".
    pub hint: Option<String>,
}

impl TypeError {
    fn new(given: &str, expected: impl Into<String>) -> Self {
        let cut: String = given.chars().take(60).collect();
        let dots = if cut.len() < given.len() { "…" } else { "" };
        Self { given: format!("\"{}{dots}\"", cut.escape_debug()), expected: expected.into(), hint: None }
    }

    fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

impl Schema {
    /// The canonical value that a text means in a type: a path key, a word of the intent,
    /// a default. An identity may come bare or with the name of its module.
    pub fn scalar_from_text(&self, ty: TypeId, text: &str) -> Result<Scalar, TypeError> {
        self.from_text(ty, text, DEPTH)
    }

    /// The canonical value that a JSON value means in a type. Lenient where servers differ:
    /// any number may come as a number or as a string, identities may come bare.
    pub fn scalar_from_json(&self, ty: TypeId, json: &Json) -> Result<Scalar, TypeError> {
        match json {
            Json::String(text) => self.from_text(ty, text, DEPTH),
            Json::Number(number) => self.from_text(ty, &plain_number(number), DEPTH),
            Json::Bool(flag) => self.from_text(ty, if *flag { "true" } else { "false" }, DEPTH),
            Json::Array(items) if matches!(items.as_slice(), [Json::Null]) => self.from_text(ty, "", DEPTH),
            Json::Null => Err(self.not_a_value("null", ty)),
            Json::Array(_) => Err(self.not_a_value("an array", ty)),
            Json::Object(_) => Err(self.not_a_value("an object", ty)),
        }
    }

    /// How RFC 7951 section 6 writes a value.
    pub fn scalar_to_json(scalar: &Scalar) -> Json {
        let text = scalar.as_str();
        match scalar.form() {
            Form::Text => Json::from(text),
            // numbers that are written as numbers have at most 32 bits
            Form::Number => text.parse::<i64>().map_or_else(|_| Json::from(text), Json::from),
            Form::Boolean => Json::from(text == "true"),
            Form::Empty => Json::Array(vec![Json::Null]),
        }
    }

    /// What a type takes, in words: "a number from 1 to 4094".
    pub fn expected(&self, ty: TypeId) -> String {
        self.expected_within(ty, DEPTH)
    }

    fn not_a_value(&self, given: &str, ty: TypeId) -> TypeError {
        TypeError { given: given.to_owned(), expected: self.expected(ty), hint: None }
    }

    fn from_text(&self, ty: TypeId, text: &str, depth: u8) -> Result<Scalar, TypeError> {
        let refuse = || TypeError::new(text, self.expected(ty));
        let Some(depth) = depth.checked_sub(1) else { return Err(refuse()) };
        match self.type_of(ty) {
            Type::Integer { bits, signed, ranges } => {
                let number = integer(text).filter(|n| fits(*n, *bits, *signed) && within(*n, ranges));
                let form = if *bits == 64 { Form::Text } else { Form::Number };
                number.map(|n| Scalar::new(n.to_string(), form)).ok_or_else(refuse)
            }
            Type::Decimal { fraction, ranges } => {
                let scaled = decimal(text, *fraction).filter(|n| within(*n, ranges));
                scaled.map(|n| Scalar::new(decimal_text(n, *fraction), Form::Text)).ok_or_else(refuse)
            }
            Type::Text { lengths, patterns, syntax } => {
                let length = text.chars().count() as u64;
                if !within(length, lengths) {
                    return Err(refuse());
                }
                if let Some(pattern) = patterns.iter().find(|pattern| !pattern.allows(text)) {
                    return Err(refuse().hint(Some(pattern_hint(pattern))));
                }
                Ok(Scalar::new(canonical_text(text, *syntax, patterns), Form::Text))
            }
            Type::Boolean => match text {
                "true" | "false" => Ok(Scalar::new(text, Form::Boolean)),
                _ => Err(refuse()),
            },
            Type::Enumeration(names) => match names.iter().find(|name| ***name == *text) {
                Some(name) => Ok(Scalar::new(Arc::clone(name), Form::Text)),
                None => Err(refuse().hint(did_you_mean(text, names.iter().map(|name| &**name)))),
            },
            Type::Bits(names) => bits(text, names)
                .map_err(|unknown| refuse().hint(did_you_mean(&unknown, names.iter().map(|name| &**name)))),
            Type::Binary { lengths } => {
                let bytes = base64_bytes(text).filter(|bytes| within(bytes.len() as u64, lengths));
                bytes.map(|bytes| Scalar::new(STANDARD.encode(bytes), Form::Text)).ok_or_else(refuse)
            }
            Type::Empty => match text {
                "" => Ok(Scalar::new("", Form::Empty)),
                _ => Err(refuse()),
            },
            Type::Identity { bases } => {
                self.identity(bases, text).ok_or_else(|| refuse().hint(self.identity_hint(bases, text)))
            }
            Type::Leafref { target, .. } => self.from_text(*target, text, depth),
            Type::Union(members) => {
                let mut taken = members.iter().map(|member| self.from_text(*member, text, depth));
                let hint = |error: TypeError| error.hint;
                taken.find_map(Result::ok).ok_or_else(|| {
                    let hints = members
                        .iter()
                        .filter_map(|member| self.from_text(*member, text, depth).err().and_then(hint));
                    refuse().hint(hints.into_iter().next())
                })
            }
            Type::InstanceIdentifier if text.starts_with('/') => Ok(Scalar::new(text, Form::Text)),
            Type::InstanceIdentifier => Err(refuse()),
        }
    }

    /// The identity that a text names, if it derives from all of the bases. The text may be
    /// bare, or begin with a module's name; any other prefix counts only as long as the
    /// name is not ambiguous, as some servers write the prefix of the YANG file.
    fn identity(&self, bases: &[u32], text: &str) -> Option<Scalar> {
        let (module, name) = match text.split_once(':') {
            Some((module, name)) => (Some(module), name),
            None => (None, text),
        };
        let derived = |id: &u32| bases.iter().all(|base| id != base && self.derives(*id, *base));
        if let Some(module) = module {
            let exact = self.identity_index.get(&(Arc::from(module), Arc::from(name)));
            if let Some(id) = exact.filter(|id| derived(id)) {
                return self.identity_scalar(*id);
            }
            if self.modules.iter().any(|known| &*known.name == module) {
                return None;
            }
        }
        let named = (0u32..).zip(&self.identities).filter(|(_, identity)| &*identity.name == name);
        let mut named = named.map(|(id, _)| id).filter(derived);
        let first = named.next()?;
        if named.next().is_some() {
            return None;
        }
        self.identity_scalar(first)
    }

    /// What may have been meant: the same name in full, or one that is spelt nearly so.
    fn identity_hint(&self, bases: &[u32], text: &str) -> Option<String> {
        let names: Vec<String> = self.identities_below(bases).collect();
        let local = |name: &'_ str| name.rsplit_once(':').map_or(name, |(_, local)| local).to_owned();
        let same: Vec<String> =
            names.iter().filter(|name| local(name) == local(text)).map(|name| format!("`{name}`")).collect();
        match same.as_slice() {
            [] => {
                did_you_mean(&local(text), names.iter().map(|name| name.rsplit(':').next().unwrap_or(name)))
            }
            [only] => Some(format!("did you mean {only}?")),
            several => Some(format!("write {}", several.join(" or "))),
        }
    }

    fn identity_scalar(&self, id: u32) -> Option<Scalar> {
        self.identity_name(id).map(|name| Scalar::new(name, Form::Text))
    }

    pub(super) fn identity_name(&self, id: u32) -> Option<String> {
        let identity = self.identities.get(id as usize)?;
        Some(format!("{}:{}", self.module(identity.module).name, identity.name))
    }

    /// Whether an identity is another or derives from it (RFC 7950 section 9.10.2).
    pub fn derives(&self, id: u32, base: u32) -> bool {
        let mut todo = vec![id];
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if id == base {
                return true;
            }
            if seen.insert(id)
                && let Some(identity) = self.identities.get(id as usize)
            {
                todo.extend(&identity.bases);
            }
        }
        false
    }

    /// `module:NAME` of every identity that derives from all of the bases.
    fn identities_below<'a>(&'a self, bases: &'a [u32]) -> impl Iterator<Item = String> + 'a {
        (0..self.identities.len() as u32)
            .filter(|id| bases.iter().all(|base| id != base && self.derives(*id, *base)))
            .filter_map(|id| self.identity_name(id))
    }

    fn expected_within(&self, ty: TypeId, depth: u8) -> String {
        let Some(depth) = depth.checked_sub(1) else { return "a value".to_owned() };
        match self.type_of(ty) {
            Type::Integer { bits, signed, ranges } if ranges.is_empty() => {
                let (low, high) = bounds(*bits, *signed);
                format!("a number from {low} to {high}")
            }
            Type::Integer { ranges, .. } => format!("a number {}", Spans(ranges)),
            Type::Decimal { fraction, ranges } => {
                let ranges: Vec<_> = ranges
                    .iter()
                    .map(|(low, high)| (decimal_text(*low, *fraction), decimal_text(*high, *fraction)))
                    .collect();
                let spans = if ranges.is_empty() { String::new() } else { format!(" {}", Spans(&ranges)) };
                format!("a decimal number{spans} with at most {fraction} digits behind the point")
            }
            Type::Text { syntax: TextSyntax::Plain, lengths, patterns } => text_expected(lengths, patterns),
            Type::Text { syntax, .. } => match syntax {
                TextSyntax::Plain => "text",
                TextSyntax::Ipv4 => "an IPv4 address",
                TextSyntax::Ipv6 => "an IPv6 address",
                TextSyntax::Ipv4Prefix => "an IPv4 prefix such as 10.0.0.0/24",
                TextSyntax::Ipv6Prefix => "an IPv6 prefix such as 2001:db8::/64",
                TextSyntax::Mac => "a MAC address such as 00:1c:73:00:00:99",
            }
            .to_owned(),
            Type::Boolean => "true or false".to_owned(),
            Type::Enumeration(names) => one_of(names.iter().map(|name| &**name)),
            Type::Bits(names) => format!("a set of {}", one_of(names.iter().map(|name| &**name))),
            Type::Binary { lengths } if lengths.is_empty() => "bytes in base64".to_owned(),
            Type::Binary { lengths } => format!("bytes in base64, a number {}", Spans(lengths)),
            Type::Empty => "empty, `[null]`".to_owned(),
            Type::Identity { bases } => {
                let names: Vec<String> = self.identities_below(bases).collect();
                match names.is_empty() {
                    true => "an identity".to_owned(),
                    false => one_of(names.iter().map(|name| name.rsplit(':').next().unwrap_or(name))),
                }
            }
            Type::Leafref { target, .. } => self.expected_within(*target, depth),
            Type::Union(members) => {
                let mut expected: Vec<String> = Vec::new();
                for member in members {
                    let member = self.expected_within(*member, depth);
                    if !expected.contains(&member) {
                        expected.push(member);
                    }
                }
                expected.join(", or ")
            }
            Type::InstanceIdentifier => "a path to an instance".to_owned(),
        }
    }
}

/// Bounds in words: "from 1 to 4094", "of 0 or from 64 to 9214".
struct Spans<'a, T>(&'a [(T, T)]);

impl<T: fmt::Display + PartialEq> fmt::Display for Spans<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (low, high)) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " or " })?;
            if low == high { write!(f, "of {low}")? } else { write!(f, "from {low} to {high}")? }
        }
        Ok(())
    }
}

fn within<T: PartialOrd>(value: T, ranges: &Ranges<T>) -> bool {
    ranges.is_empty() || ranges.iter().any(|(low, high)| *low <= value && value <= *high)
}

fn bounds(bits: u8, signed: bool) -> (i128, i128) {
    let bits = u32::from(bits.clamp(1, 64));
    if signed { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}

fn fits(number: i128, bits: u8, signed: bool) -> bool {
    let (low, high) = bounds(bits, signed);
    (low..=high).contains(&number)
}

/// An integer in a lexical form of RFC 7950 section 9.2.1: decimal, `0x` hexadecimal or
/// octal with a leading zero; a sign may stand before it.
pub(super) fn integer(text: &str) -> Option<i128> {
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
pub(super) fn decimal(text: &str, fraction: u8) -> Option<i64> {
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
pub(super) fn decimal_text(scaled: i64, fraction: u8) -> String {
    let sign = if scaled < 0 { "-" } else { "" };
    let width = usize::from(fraction) + 1;
    let digits = format!("{:0width$}", scaled.unsigned_abs());
    let (whole, part) = digits.split_at(digits.len() - usize::from(fraction));
    let part = part.trim_end_matches('0');
    format!("{sign}{whole}.{}", if part.is_empty() { "0" } else { part })
}

/// The names in the order of the type, each once; or the first name that is unknown.
fn bits(text: &str, names: &[Arc<str>]) -> Result<Scalar, String> {
    let given: BTreeSet<&str> = text.split_ascii_whitespace().collect();
    if let Some(unknown) = given.iter().find(|bit| !names.iter().any(|name| **name == ***bit)) {
        return Err((*unknown).to_owned());
    }
    let set: Vec<&str> = names.iter().map(|name| &**name).filter(|name| given.contains(name)).collect();
    Ok(Scalar::new(set.join(" "), Form::Text))
}

fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(&text).or_else(|_| STANDARD_NO_PAD.decode(&text)).ok()
}

/// A JSON number as YANG would spell it: `9000.0` and `9e3` are what careless encoders make
/// of 9000.
fn plain_number(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.abs() < 9e15 => float.to_string(),
        _ => number.to_string(),
    }
}

/// One spelling for each address. If the pattern of the type refuses that spelling, the
/// given one stays.
fn canonical_text(text: &str, syntax: TextSyntax, patterns: &[Pattern]) -> Arc<str> {
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

fn text_expected(lengths: &Ranges<u64>, patterns: &[Pattern]) -> String {
    let long = if lengths.is_empty() { String::new() } else { format!(" with a length {}", Spans(lengths)) };
    let form = if patterns.is_empty() { "" } else { " in the form that its type asks for" };
    format!("text{long}{form}")
}

fn pattern_hint(pattern: &Pattern) -> String {
    let must = if pattern.is_inverted() { "must not match" } else { "must match" };
    format!("it {must} the pattern {}", pattern.as_str())
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown: Vec<Cow<'_, str>> =
        names.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`").into()).collect();
    let more = names.len() - shown.len();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("one of {}{more}", shown.join(", "))
}

fn did_you_mean<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(given, names).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::pack;
    use super::*;

    /// A schema whose only leaf has this type.
    fn schema(ty: &str) -> (Schema, TypeId) {
        let text = format!(
            "gitfabric-pack 1\nmodule m\nmodule n\nidentity m:A m:BASE\nidentity m:BASE\nidentity m:C m:A\n\
             identity m:TWICE m:BASE\nidentity n:TWICE m:BASE\nidentity n:OTHER\nnodes\nm:leaf leaf {ty}\n"
        );
        let schema = pack::read(&text).unwrap_or_else(|error| panic!("{ty}: {error}"));
        let super::super::Kind::Leaf { ty, .. } = schema.nodes[0].kind else { panic!("a leaf") };
        (schema, ty)
    }

    #[test]
    fn every_type_has_its_canonical_form() {
        for (ty, given, expected) in [
            ("uint16", "9214", "9214"),
            ("uint16", "+9214", "9214"),
            ("uint16", "0x23fe", "9214"),
            ("uint16", "010", "8"),
            ("uint16", "0", "0"),
            ("int8", "-128", "-128"),
            ("int8", "-0", "0"),
            ("uint64", "18446744073709551615", "18446744073709551615"),
            ("decimal64/2", "1.50", "1.5"),
            ("decimal64/2", "-0.05", "-0.05"),
            ("decimal64/2", "+007", "7.0"),
            ("decimal64/2", "1.500", "1.5"),
            ("decimal64/18", "9.223372036854775807", "9.223372036854775807"),
            ("boolean", "true", "true"),
            ("empty", "", ""),
            ("bits(r,w,x)", "x r", "r x"),
            ("bits(r,w,x)", "r  r", "r"),
            ("bits(r,w,x)", "", ""),
            ("binary", "AQI", "AQI="),
            ("binary", " AQ\nI= ", "AQI="),
            ("identityref(m:BASE)", "A", "m:A"),
            ("identityref(m:BASE)", "m:A", "m:A"),
            ("identityref(m:BASE)", "prefix:A", "m:A"),
            ("identityref(m:BASE)", "C", "m:C"),
            ("identityref(m:BASE)", "n:TWICE", "n:TWICE"),
            ("leafref(/leaf,uint8)", "0x10", "16"),
            ("union(uint8,string)", "007", "7"),
            ("union(uint8,string)", "300", "300"),
            ("union(string,uint8)", "007", "007"),
            ("string", " a ", " a "),
            ("mac", "00:1C:73:AA:00:99", "00:1c:73:aa:00:99"),
            ("ipv6", "2001:DB8:0:0::1", "2001:db8::1"),
            ("ipv6", "fe80::0:1%Et1", "fe80::1%Et1"),
            ("ipv6-prefix", "2001:DB8:0::/32", "2001:db8::/32"),
            ("ipv4", "10.0.0.1", "10.0.0.1"),
            ("ipv4-prefix", "10.0.0.1/24", "10.0.0.1/24"),
            ("ipv6~`[0-9A-F:]*`", "2001:DB8::1", "2001:DB8::1"),
        ] {
            let (schema, ty_id) = schema(ty);
            let seen = schema.scalar_from_text(ty_id, given);
            assert_eq!(seen.as_ref().map(Scalar::as_str), Ok(expected), "{ty} {given:?}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_with_what_would() {
        let enumeration = "enum(ACCESS,TRUNK)";
        for (ty, given, message, hint) in [
            ("uint16(68..9214)", "20", "\"20\" is not a number from 68 to 9214", ""),
            ("uint8", "256", "\"256\" is not a number from 0 to 255", ""),
            ("uint8", "--1", "\"--1\" is not a number from 0 to 255", ""),
            ("uint8", "0x", "\"0x\" is not a number from 0 to 255", ""),
            ("uint8", "08", "\"08\" is not a number from 0 to 255", ""),
            ("uint8", "1 ", "\"1 \" is not a number from 0 to 255", ""),
            ("uint8(1|5..6)", "2", "\"2\" is not a number of 1 or from 5 to 6", ""),
            (
                "decimal64/1",
                "1.55",
                "\"1.55\" is not a decimal number with at most 1 digits behind the point",
                "",
            ),
            (
                "decimal64/1(0.0..1.0)",
                "2",
                "\"2\" is not a decimal number from 0.0 to 1.0 with at most 1 digits behind the point",
                "",
            ),
            (
                "decimal64/18",
                "10",
                "\"10\" is not a decimal number with at most 18 digits behind the point",
                "",
            ),
            ("boolean", "True", "\"True\" is not true or false", ""),
            (enumeration, "trunk", "\"trunk\" is not one of `ACCESS`, `TRUNK`", "did you mean `TRUNK`?"),
            (
                "bits(read,write)",
                "raed",
                "\"raed\" is not a set of one of `read`, `write`",
                "did you mean `read`?",
            ),
            ("binary(3)", "AQI=", "\"AQI=\" is not bytes in base64, a number of 3", ""),
            ("identityref(m:BASE)", "BASE", "\"BASE\" is not one of `A`, `C`, `TWICE`, `TWICE`", ""),
            (
                "identityref(m:BASE)",
                "TWICE",
                "\"TWICE\" is not one of `A`, `C`, `TWICE`, `TWICE`",
                "write `m:TWICE` or `n:TWICE`",
            ),
            (
                "identityref(m:BASE)",
                "n:A",
                "\"n:A\" is not one of `A`, `C`, `TWICE`, `TWICE`",
                "did you mean `m:A`?",
            ),
            ("identityref(m:A,n:OTHER)", "C", "\"C\" is not an identity", ""),
            ("string(1..3)", "éééé", "\"éééé\" is not text with a length from 1 to 3", ""),
            (
                "ipv4~`[0-9.]*`",
                "10.0.0.x",
                "\"10.0.0.x\" is not an IPv4 address",
                "it must match the pattern [0-9.]*",
            ),
            (
                "union(uint8(1..2),enum(auto))",
                "atuo",
                "\"atuo\" is not a number from 1 to 2, or one of `auto`",
                "did you mean `auto`?",
            ),
            ("instance-identifier", "x", "\"x\" is not a path to an instance", ""),
        ] {
            let (schema, ty_id) = schema(ty);
            let error = schema.scalar_from_text(ty_id, given).unwrap_err();
            assert_eq!(
                (error.to_string().as_str(), error.hint.as_deref().unwrap_or("")),
                (message, hint),
                "{ty}"
            );
        }
    }

    #[test]
    fn json_is_read_leniently_and_written_strictly() {
        for (ty, given, written) in [
            ("uint16", json!(5), json!(5)),
            ("uint16", json!("5"), json!(5)),
            ("uint16", json!(5.0), json!(5)),
            ("uint64", json!(5), json!("5")),
            ("uint64", json!(u64::MAX), json!("18446744073709551615")),
            ("int64", json!("-5"), json!("-5")),
            ("decimal64/2", json!(1.5), json!("1.5")),
            ("decimal64/2", json!("1.50"), json!("1.5")),
            ("boolean", json!(true), json!(true)),
            ("boolean", json!("false"), json!(false)),
            ("empty", json!([null]), json!([null])),
            ("identityref(m:BASE)", json!("A"), json!("m:A")),
            ("string", json!("5"), json!("5")),
            ("string", json!(5), json!("5")),
            ("union(uint8,string)", json!("5"), json!(5)),
        ] {
            let (schema, ty_id) = schema(ty);
            let scalar = schema.scalar_from_json(ty_id, &given).unwrap();
            assert_eq!(Schema::scalar_to_json(&scalar), written, "{ty} {given}");
        }
        for given in [json!(null), json!([]), json!({}), json!([1]), json!(1.5), json!(1e300), json!(-1)] {
            let (schema, ty_id) = schema("uint16");
            assert!(schema.scalar_from_json(ty_id, &given).is_err(), "{given}");
        }
    }

    #[test]
    fn identities_that_derive_from_each_other_end() {
        let text = "gitfabric-pack 1\nmodule m\nidentity m:A m:B\nidentity m:B m:A\nnodes\nm:l leaf identityref(m:A)\n";
        let schema = pack::read(text).unwrap();
        assert_eq!(schema.scalar_from_text(TypeId(0), "B").unwrap().as_str(), "m:B");
        assert!(schema.scalar_from_text(TypeId(0), "C").is_err());
    }

    proptest! {
        #[test]
        fn a_canonical_value_is_its_own_canonical_form(text in "[-+0-9a-fx:.%/ ]{0,12}|.{0,6}", which in 0usize..12) {
            let ty = [
                "int8", "uint64", "decimal64/3", "string", "ipv4", "ipv6", "ipv6-prefix", "mac", "binary",
                "bits(a,b)", "union(uint8,ipv6,string)", "identityref(m:BASE)",
            ][which];
            let (schema, ty_id) = schema(ty);
            if let Ok(scalar) = schema.scalar_from_text(ty_id, &text) {
                prop_assert_eq!(schema.scalar_from_text(ty_id, scalar.as_str()), Ok(scalar.clone()));
                prop_assert_eq!(schema.scalar_from_json(ty_id, &Schema::scalar_to_json(&scalar)), Ok(scalar));
            }
        }
    }
}
