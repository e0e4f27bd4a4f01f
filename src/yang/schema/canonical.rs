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
use crate::diagnostic::nearest;
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
            Type::Identity { bases } => self.identity(bases, text).ok_or_else(|| {
                let names: Vec<String> = self.identities_below(bases).collect();
                let local = text.rsplit_once(':').map_or(text, |(_, local)| local);
                let near = nearest(local, names.iter().map(|name| name.rsplit(':').next().unwrap_or(name)));
                refuse().hint(near.map(|near| format!("did you mean `{near}`?")))
            }),
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
