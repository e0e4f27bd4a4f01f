//! What a type takes, in words for messages.
//!
//! Here: `Schema::expected`. Elsewhere: whether a value is of the type (`canonical`).

use std::fmt;

use super::super::types::{Ranges, TextSyntax, Type, TypeId};
use super::super::{Pattern, Schema};
use super::DEPTH;
use super::lexical::{bounds, decimal_text};
use crate::phrase;

/// How many names of an enumeration a message lists.
const NAMES_SHOWN: usize = 12;

impl Schema {
    /// What a type takes, in words: "a number from 1 to 4094".
    pub fn expected(&self, ty: TypeId) -> String {
        self.expected_within(ty, DEPTH)
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
                if names.is_empty() {
                    "an identity".to_owned()
                } else {
                    one_of(names.iter().map(|name| name.rsplit(':').next().unwrap_or(name)))
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

fn text_expected(lengths: &Ranges<u64>, patterns: &[Pattern]) -> String {
    let long = if lengths.is_empty() { String::new() } else { format!(" with a length {}", Spans(lengths)) };
    let form = if patterns.is_empty() { "" } else { " in the form that its type asks for" };
    format!("text{long}{form}")
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("one of {}", phrase::first_of(names.map(|name| format!("`{name}`")), NAMES_SHOWN))
}
