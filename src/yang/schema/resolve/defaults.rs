//! Default values in canonical form (RFC 7950 section 9).
//!
//! Here: [`canonical`]. It works before there is a schema, with prefixes as the module's
//! file binds them; values of data are `types`' business.

use super::super::types::Type;
use super::library::At;
use super::ranges;
use super::typing::{Typing, identity_value};

/// The canonical text of the `default` statement `at` for a type; none if the type does not
/// take it. Patterns are not looked at.
pub(super) fn canonical(typing: &Typing<'_>, at: At, ty: &Type) -> Option<String> {
    fit(typing, at, typing.library.argument(at), ty, 0)
}

fn fit(typing: &Typing<'_>, at: At, text: &str, ty: &Type, depth: usize) -> Option<String> {
    if depth > 100 {
        return None; // the types' own limit, see `typing`
    }
    let inner = |id: &super::super::types::TypeId| {
        let ty = typing.types.get(id.0 as usize)?;
        fit(typing, at, text, ty, depth + 1)
    };
    match ty {
        Type::Integer { bits, signed, ranges } => {
            let value = ranges::integer(text.trim())?;
            let width = u32::from(*bits) - u32::from(*signed);
            let whole = if *signed { -(1_i128 << width) } else { 0 }..1_i128 << width;
            (whole.contains(&value) && within(ranges, value)).then(|| value.to_string())
        }
        Type::Decimal { fraction, ranges } => {
            let value = ranges::decimal(text.trim(), *fraction)?;
            let ranges: Vec<_> = ranges.iter().map(|(low, high)| ((*low).into(), (*high).into())).collect();
            within(&ranges, value).then(|| ranges::decimal_text(value, *fraction))
        }
        Type::Text { lengths, .. } => {
            let length = i128::try_from(text.chars().count()).ok()?;
            let lengths: Vec<_> = lengths.iter().map(|(low, high)| ((*low).into(), (*high).into())).collect();
            within(&lengths, length).then(|| text.to_owned())
        }
        Type::Boolean => matches!(text, "true" | "false").then(|| text.to_owned()),
        Type::Enumeration(names) => names.iter().any(|name| **name == *text).then(|| text.to_owned()),
        Type::Bits(names) => {
            let given: Vec<&str> = text.split_whitespace().collect();
            let known = |bit: &&str| names.iter().any(|name| **name == **bit);
            let ordered = names.iter().map(|name| &**name).filter(|name| given.contains(name));
            given.iter().all(known).then(|| ordered.collect::<Vec<_>>().join(" "))
        }
        Type::Binary { .. } => Some(text.split_whitespace().collect()),
        Type::Empty => None,
        Type::Identity { bases } => {
            let identity = typing.identities.all.get(identity_value(typing, at, text, bases)? as usize)?;
            Some(format!("{}:{}", typing.library.module(identity.module).name, identity.name))
        }
        Type::Leafref { target, .. } => inner(target),
        Type::Union(members) => members.iter().find_map(inner),
        Type::InstanceIdentifier => Some(text.to_owned()),
    }
}

fn within(ranges: &[(i128, i128)], value: i128) -> bool {
    ranges.is_empty() || ranges.iter().any(|(low, high)| (*low..=*high).contains(&value))
}
