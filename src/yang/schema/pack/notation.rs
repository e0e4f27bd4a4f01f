//! How a pack writes a type: `uint16(1..4094)`, `enum(A,B)`, `union(@ip,string)`.
//!
//! Here: both ways for one type. Elsewhere: which types get a name (`write`), sharing equal
//! types (`read`).

use std::fmt::Write as _;
use std::sync::Arc;

use super::super::canonical::{decimal, decimal_text};
use super::super::types::{Ranges, TextSyntax, Type, TypeId};
use super::super::{Pattern, Schema};
use super::text::{Scanner, put_word};

/// The words for integers.
const INTEGERS: [(&str, u8, bool); 8] = [
    ("int8", 8, true),
    ("int16", 16, true),
    ("int32", 32, true),
    ("int64", 64, true),
    ("uint8", 8, false),
    ("uint16", 16, false),
    ("uint32", 32, false),
    ("uint64", 64, false),
];

/// Appends a type. `member` appends the types that it holds.
pub(super) fn put_type(
    out: &mut String,
    schema: &Schema,
    ty: &Type,
    member: &mut dyn FnMut(&mut String, TypeId),
) {
    match ty {
        Type::Integer { bits, signed, ranges } => {
            let word = INTEGERS.iter().find(|(_, b, s)| b == bits && s == signed);
            out.push_str(word.map_or("uint64", |(word, ..)| word));
            put_ranges(out, ranges, ToString::to_string);
        }
        Type::Decimal { fraction, ranges } => {
            let _ = write!(out, "decimal64/{fraction}");
            put_ranges(out, ranges, |n| decimal_text(*n, *fraction));
        }
        Type::Text { lengths, patterns, syntax } => {
            let word = TextSyntax::WORDS.iter().find(|(known, _)| known == syntax);
            out.push_str(word.map_or("string", |(_, word)| word));
            put_ranges(out, lengths, ToString::to_string);
            for pattern in patterns {
                out.push_str(if pattern.is_inverted() { "!~" } else { "~" });
                put_word(out, pattern.as_str());
            }
        }
        Type::Boolean => out.push_str("boolean"),
        Type::Enumeration(names) => put_names(out, "enum", names.iter().map(|name| &**name)),
        Type::Bits(names) => put_names(out, "bits", names.iter().map(|name| &**name)),
        Type::Binary { lengths } => {
            out.push_str("binary");
            put_ranges(out, lengths, ToString::to_string);
        }
        Type::Empty => out.push_str("empty"),
        Type::Identity { bases } => {
            let names: Vec<String> = bases.iter().filter_map(|id| schema.identity_name(*id)).collect();
            put_names(out, "identityref", names.iter().map(String::as_str));
        }
        Type::Leafref { path, require_instance, target } => {
            out.push_str(if *require_instance { "leafref(" } else { "leafref?(" });
            put_word(out, path);
            out.push(',');
            member(out, *target);
            out.push(')');
        }
        Type::Union(members) => {
            out.push_str("union(");
            for (index, id) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                member(out, *id);
            }
            out.push(')');
        }
        Type::InstanceIdentifier => out.push_str("instance-identifier"),
    }
}

fn put_ranges<T: PartialEq>(out: &mut String, ranges: &Ranges<T>, text: impl Fn(&T) -> String) {
    for (index, (low, high)) in ranges.iter().enumerate() {
        out.push(if index == 0 { '(' } else { '|' });
        out.push_str(&text(low));
        if low != high {
            out.push_str("..");
            out.push_str(&text(high));
        }
    }
    if !ranges.is_empty() {
        out.push(')');
    }
}

fn put_names<'a>(out: &mut String, word: &str, names: impl Iterator<Item = &'a str>) {
    out.push_str(word);
    out.push('(');
    for (index, name) in names.enumerate() {
        out.push_str(if index == 0 { "" } else { "," });
        put_word(out, name);
    }
    out.push(')');
}

/// What a type's notation refers to.
pub(super) trait Context {
    /// A type held by a type; reads it, gives it a number.
    fn member(&mut self, scanner: &mut Scanner<'_>) -> Result<TypeId, String>;
    /// The identity called `module:NAME`.
    fn identity(&self, name: &str) -> Result<u32, String>;
    /// A text, shared with equal ones.
    fn share(&mut self, text: &str) -> Arc<str>;
    /// A pattern, compiled once however many types have it.
    fn pattern(&mut self, xsd: &str, invert: bool) -> Pattern;
}

/// Reads one type.
pub(super) fn take_type(scanner: &mut Scanner<'_>, context: &mut dyn Context) -> Result<Type, String> {
    let word = scanner.plain()?;
    if let Some((_, bits, signed)) = INTEGERS.iter().find(|(known, ..)| *known == word) {
        let ranges = take_ranges(scanner, |text| text.parse().ok())?;
        return Ok(Type::Integer { bits: *bits, signed: *signed, ranges });
    }
    if let Some((syntax, _)) = TextSyntax::WORDS.iter().find(|(_, known)| *known == word) {
        return take_text(scanner, *syntax, context);
    }
    if let Some(fraction) = word.strip_prefix("decimal64/") {
        let fraction = fraction.parse().ok().filter(|fraction| (1..=18).contains(fraction));
        let fraction = fraction.ok_or("a decimal64 has 1 to 18 fraction digits")?;
        return Ok(Type::Decimal { fraction, ranges: take_ranges(scanner, |text| decimal(text, fraction))? });
    }
    Ok(match word {
        "boolean" => Type::Boolean,
        "empty" => Type::Empty,
        "instance-identifier" => Type::InstanceIdentifier,
        "binary" => Type::Binary { lengths: take_ranges(scanner, |text| text.parse().ok())? },
        "enum" => Type::Enumeration(take_names(scanner, |name| Ok(context.share(name)))?),
        "bits" => Type::Bits(take_names(scanner, |name| Ok(context.share(name)))?),
        "identityref" => Type::Identity { bases: take_names(scanner, |name| context.identity(name))? },
        "leafref" => take_leafref(scanner, context)?,
        "union" => {
            scanner.expect("(")?;
            let mut members = vec![context.member(scanner)?];
            while scanner.eat(",") {
                members.push(context.member(scanner)?);
            }
            scanner.expect(")")?;
            Type::Union(members)
        }
        word => return Err(format!("`{word}` is not a type")),
    })
}

fn take_text(
    scanner: &mut Scanner<'_>,
    syntax: TextSyntax,
    context: &mut dyn Context,
) -> Result<Type, String> {
    let lengths = take_ranges(scanner, |text| text.parse().ok())?;
    let mut patterns = Vec::new();
    loop {
        let invert = scanner.eat("!~");
        if !invert && !scanner.eat("~") {
            return Ok(Type::Text { lengths, patterns, syntax });
        }
        let xsd = scanner.word()?;
        patterns.push(context.pattern(&xsd, invert));
    }
}

fn take_leafref(scanner: &mut Scanner<'_>, context: &mut dyn Context) -> Result<Type, String> {
    let require_instance = !scanner.eat("?");
    scanner.expect("(")?;
    let path = scanner.word()?;
    scanner.expect(",")?;
    let target = context.member(scanner)?;
    scanner.expect(")")?;
    Ok(Type::Leafref { path: context.share(&path), require_instance, target })
}

/// `(1..5|7)`, or nothing. Bounds are text without spaces, so `..` parts them.
fn take_ranges<T: PartialOrd + Clone>(
    scanner: &mut Scanner<'_>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Ranges<T>, String> {
    let mut ranges = Vec::new();
    if !scanner.eat("(") {
        return Ok(ranges);
    }
    loop {
        let word = scanner.plain()?;
        let (low, high) = word.split_once("..").unwrap_or((word, word));
        match (parse(low), parse(high)) {
            (Some(low), Some(high)) if low <= high => ranges.push((low, high)),
            _ => return Err(format!("`{word}` is not a range")),
        }
        if scanner.eat(")") {
            return Ok(ranges);
        }
        scanner.expect("|")?;
    }
}

fn take_names<T>(
    scanner: &mut Scanner<'_>,
    mut each: impl FnMut(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    scanner.expect("(")?;
    let mut names = Vec::new();
    if scanner.eat(")") {
        return Ok(names);
    }
    loop {
        names.push(each(&scanner.word()?)?);
        if scanner.eat(")") {
            return Ok(names);
        }
        scanner.expect(",")?;
    }
}
