//! YANG types: what a leaf may hold.
//!
//! Here: [`Type`], [`TextSyntax`], [`TypeId`]. Elsewhere: a value against its type and in
//! canonical form (`canonical`), XSD regular expressions (`pattern`).

use std::sync::Arc;

use super::pattern::Pattern;

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
        /// XSD patterns, all of which must hold.
        patterns: Vec<Pattern>,
        /// Whether two spellings of a value may mean the same.
        syntax: TextSyntax,
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

/// What kind of address a string is, known by the name of its typedef. One address has
/// many spellings, and a device answers in another than the one it was sent (hazard: drift
/// where there is none). Unions of these (`ip-address`, `ip-prefix`, `host`) need no
/// syntax of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextSyntax {
    /// A string is its spelling.
    #[default]
    Plain,
    /// An IPv4 address, with or without `%zone`.
    Ipv4,
    /// An IPv6 address, with or without `%zone`: compressed as RFC 5952 says.
    Ipv6,
    /// An IPv4 prefix. Its host bits stay: Arista keys virtual addresses by this type.
    Ipv4Prefix,
    /// An IPv6 prefix: its address compressed, its host bits kept.
    Ipv6Prefix,
    /// A MAC address in pairs of digits: in lower case.
    Mac,
}

impl TextSyntax {
    /// All, with the word that a pack writes for each.
    pub(crate) const WORDS: [(Self, &'static str); 6] = [
        (Self::Plain, "string"),
        (Self::Ipv4, "ipv4"),
        (Self::Ipv6, "ipv6"),
        (Self::Ipv4Prefix, "ipv4-prefix"),
        (Self::Ipv6Prefix, "ipv6-prefix"),
        (Self::Mac, "mac"),
    ];

    /// The syntax of a typedef's name, of whichever module: `ipv4-address`,
    /// `ipv6-address-no-zone`, `mac-address`. Anything else is plain.
    pub fn of_typedef(name: &str) -> Self {
        match name {
            "ipv4-address" | "ipv4-address-no-zone" | "ipv4-address-zoned" | "arista-ipv4-address-zoned" => {
                Self::Ipv4
            }
            "ipv6-address" | "ipv6-address-no-zone" | "ipv6-address-zoned" | "arista-ipv6-address-zoned" => {
                Self::Ipv6
            }
            "ipv4-prefix" => Self::Ipv4Prefix,
            "ipv6-prefix" => Self::Ipv6Prefix,
            "mac-address" => Self::Mac,
            _ => Self::Plain,
        }
    }
}
