//! What a leaf holds: canonical values, or a secret's name.
//!
//! Here: [`Scalar`], [`Value`]. Elsewhere: making a canonical value of a text or a JSON
//! value (`schema::types`), RFC 7951 (`json`).

use std::fmt;
use std::sync::Arc;

use super::natural::natural;
use crate::names::SecretName;

/// How RFC 7951 section 6 writes a value in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A JSON string: string, enumeration, bits, binary, identityref, 64-bit integers, decimal64.
    Text,
    /// A JSON number: integers of at most 32 bits.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `[null]`, the empty type.
    Empty,
}

/// One value in the canonical form of its type (RFC 7950 section 9), and how JSON writes it.
/// Identities are always `module:NAME`. Two scalars of one type are the same value exactly
/// if they are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scalar {
    text: Arc<str>,
    form: Form,
}

impl Scalar {
    /// Binds a canonical text to its form. The caller vouches for both: only
    /// `schema::types` and tests make scalars.
    pub fn new(text: impl Into<Arc<str>>, form: Form) -> Self {
        Self { text: text.into(), form }
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The canonical text, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// How JSON writes it.
    pub fn form(&self) -> Form {
        self.form
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

/// What a leaf of a tree holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A leaf's value.
    Scalar(Scalar),
    /// A leaf-list's values: in the user's order if the schema says so, else as
    /// [`Value::set`] makes it, so that equal sets are equal values.
    LeafList(Vec<Scalar>),
    /// A secret, by name. The value is put in when the Set is made and never earlier.
    Secret(SecretName),
    /// A presence container that is there.
    Presence,
}

impl Value {
    /// The values of a leaf-list that is a set: sorted as people count, each once.
    pub fn set(mut scalars: Vec<Scalar>) -> Self {
        scalars.sort_by(|a, b| natural(a.as_str(), b.as_str()));
        scalars.dedup();
        Self::LeafList(scalars)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(scalar) => scalar.fmt(f),
            Self::LeafList(scalars) => {
                f.write_str("[")?;
                for (index, scalar) in scalars.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{scalar}")?;
                }
                f.write_str("]")
            }
            Self::Secret(name) => write!(f, "secret:{name}"),
            Self::Presence => f.write_str("present"),
        }
    }
}
