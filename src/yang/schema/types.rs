//! YANG types: what a leaf may hold, and a value's canonical form.

use std::sync::Arc;

/// A type's index in `Schema::types`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// Inclusive bounds, sorted and disjoint. Empty means: whatever the base allows.
pub type Ranges<T> = Vec<(T, T)>;

/// A resolved type (RFC 7950 section 9): typedefs are followed, restrictions are merged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// int8 to uint64.
    Integer {
        /// 8, 16, 32 or 64.
        bits: u8,
        /// Whether negative numbers are allowed.
        signed: bool,
        /// Allowed values.
        ranges: Ranges<i128>,
    },
    /// decimal64 with `fraction` digits; bounds are scaled by 10^fraction.
    Decimal {
        /// fraction-digits, 1 to 18.
        fraction: u8,
        /// Allowed values, scaled.
        ranges: Ranges<i64>,
    },
    /// A string.
    Text {
        /// Allowed lengths in characters.
        lengths: Ranges<u64>,
        /// XSD patterns, all of which must match; `true` marks invert-match.
        patterns: Vec<(Arc<str>, bool)>,
    },
    /// true or false.
    Boolean,
    /// One of the names.
    Enumeration(Vec<Arc<str>>),
    /// A set of the names, in this order.
    Bits(Vec<Arc<str>>),
    /// Bytes, written in base64.
    Binary {
        /// Allowed lengths in bytes.
        lengths: Ranges<u64>,
    },
    /// A leaf that is there or not.
    Empty,
    /// An identity derived from every one of the bases (indexes into `Schema::identities`).
    Identity {
        /// The bases.
        bases: Vec<u32>,
    },
    /// The value of another leaf.
    Leafref {
        /// The path as YANG writes it, prefixes replaced by module names where they are needed.
        path: Arc<str>,
        /// Whether such a leaf must exist.
        require_instance: bool,
        /// The type of that leaf.
        target: TypeId,
    },
    /// The first of the types that takes the value.
    Union(Vec<TypeId>),
    /// A path to an instance; kept as text.
    InstanceIdentifier,
}
