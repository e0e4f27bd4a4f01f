//! Values against types: what a text or a JSON value means, in canonical form
//! (RFC 7950 section 9), or why it is not of the type.
//!
//! Here: `Schema::scalar_from_text`, `scalar_from_json`, `scalar_to_json`. `lexical`: the
//! written forms. `expected`: a type in words. Elsewhere: the types themselves (`types`),
//! patterns (`pattern`), whole documents (`yang::json`).

mod expected;
mod lexical;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use lexical::{base64_bytes, bits, canonical_text, fits, plain_number, within};
pub(super) use lexical::{decimal, decimal_text, integer};

use super::types::{Type, TypeId};
use super::{Pattern, Schema};
use crate::nearest::nearest;
use crate::yang::value::{Form, Scalar};

/// How deep unions and leafrefs may refer to each other. Modules stay below 5; a pack that
/// was tampered with must not exhaust the stack.
const DEPTH: u8 = 16;

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
        self.take(ty, text, DEPTH)
    }

    /// The canonical value that a JSON value means in a type. Lenient where servers differ:
    /// any number may come as a number or as a string, identities may come bare.
    pub fn scalar_from_json(&self, ty: TypeId, json: &Json) -> Result<Scalar, TypeError> {
        match json {
            Json::String(text) => self.take(ty, text, DEPTH),
            Json::Number(number) => self.take(ty, &plain_number(number), DEPTH),
            Json::Bool(flag) => self.take(ty, if *flag { "true" } else { "false" }, DEPTH),
            Json::Array(items) if matches!(items.as_slice(), [Json::Null]) => self.take(ty, "", DEPTH),
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

    fn not_a_value(&self, given: &str, ty: TypeId) -> TypeError {
        TypeError { given: given.to_owned(), expected: self.expected(ty), hint: None }
    }

    fn take(&self, ty: TypeId, text: &str, depth: u8) -> Result<Scalar, TypeError> {
        let refuse = || TypeError::new(text, self.expected(ty));
        let Some(depth) = depth.checked_sub(1) else { return Err(refuse()) };
        match self.type_of(ty) {
            Type::Integer { bits, signed, ranges } => {
                let number = integer(text).filter(|n| fits(*n, *bits, *signed) && within(n, ranges));
                let form = if *bits == 64 { Form::Text } else { Form::Number };
                number.map(|n| Scalar::new(n.to_string(), form)).ok_or_else(refuse)
            }
            Type::Decimal { fraction, ranges } => {
                let scaled = decimal(text, *fraction).filter(|n| within(n, ranges));
                scaled.map(|n| Scalar::new(decimal_text(n, *fraction), Form::Text)).ok_or_else(refuse)
            }
            Type::Text { lengths, patterns, syntax } => {
                let length = text.chars().count() as u64;
                if !within(&length, lengths) {
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
                let bytes = base64_bytes(text).filter(|bytes| within(&(bytes.len() as u64), lengths));
                bytes.map(|bytes| Scalar::new(STANDARD.encode(bytes), Form::Text)).ok_or_else(refuse)
            }
            Type::Empty => match text {
                "" => Ok(Scalar::new("", Form::Empty)),
                _ => Err(refuse()),
            },
            Type::Identity { bases } => {
                self.identity(bases, text).ok_or_else(|| refuse().hint(self.identity_hint(bases, text)))
            }
            Type::Leafref { target, .. } => self.take(*target, text, depth),
            Type::Union(members) => {
                let mut taken = members.iter().map(|member| self.take(*member, text, depth));
                let hint = |error: TypeError| error.hint;
                taken.find_map(Result::ok).ok_or_else(|| {
                    let hints = members
                        .iter()
                        .filter_map(|member| self.take(*member, text, depth).err().and_then(hint));
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
        (0_u32..)
            .zip(&self.identities)
            .map(|(id, _)| id)
            .filter(|id| bases.iter().all(|base| id != base && self.derives(*id, *base)))
            .filter_map(|id| self.identity_name(id))
    }
}

fn pattern_hint(pattern: &Pattern) -> String {
    let must = if pattern.is_inverted() { "must not match" } else { "must match" };
    format!("it {must} the pattern {}", pattern.as_str())
}

fn did_you_mean<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(given, names).map(|name| format!("did you mean `{name}`?"))
}
