//! The identifiers that cross module borders, each made by one parser.
//!
//! Here: names that people write (fabric, device, pair, VRF, secret), numbers with a
//! range (VLAN, VNI) and Git's names (commit, path). Elsewhere: YANG paths (`yang::path`),
//! addresses (`std::net`), places in a file (`diagnostic`).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not the identifier it was meant to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a {kind}: {expected}")]
pub struct NameError {
    /// What was asked for, in words: "device name".
    pub kind: &'static str,
    /// The text as it was given.
    pub given: String,
    /// What would have been accepted.
    pub expected: &'static str,
}

/// Declares an identifier held as shared text and checked by one function.
macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text, as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(Arc::from(text)))
                } else {
                    Err(NameError { kind: $kind, given: text.to_owned(), expected: $expected })
                }
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

/// Letters, digits, `-`, `_` and `.`; starts with a letter or digit; at most 63 long.
fn is_label(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// What no policy, prefix set or community set of EOS may be called, in any case of letters.
const RESERVED_POLICIES: [&str; 11] = [
    "additive",
    "config-sanity",
    "delete",
    "exact-match",
    "expanded",
    "filter",
    "instances",
    "or-results",
    "pruned",
    "regexp",
    "standard",
];

text_name!(
    /// A fabric, the key of record, annotation and plan.
    FabricName,
    "fabric name",
    "letters, digits, `-`, `_` and `.`, starting with a letter or digit, at most 63",
    is_label
);
text_name!(
    /// A device as the intent spells it; also its hostname.
    DeviceName,
    "device name",
    "letters, digits, `-` and `.`, starting with a letter or digit, at most 63",
    |text| is_label(text) && !text.contains('_')
);
text_name!(
    /// An MLAG pair: the file name under `pairs/`.
    PairName,
    "pair name",
    "letters, digits, `-`, `_` and `.`, starting with a letter or digit, at most 63",
    is_label
);
text_name!(
    /// A VRF as the device spells it; `default` is the device's own and never an intent object.
    VrfName,
    "VRF name",
    "letters, digits, `-`, `_` and `.`, starting with a letter or digit, at most 63",
    is_label
);
text_name!(
    /// A routing policy, or a list that policies match with: the file name under `policies/`,
    /// `prefix-lists/`, `community-lists/` or `as-path-lists/`, and the name on the device.
    /// EOS keeps some words for itself (`arista-rpol-deviations`).
    PolicyName,
    "name of a policy or list",
    "letters, digits, `-`, `_` and `.`, starting with a letter or digit, at most 63, and no word of EOS's own such as `standard` or `delete`",
    |text| is_label(text) && !RESERVED_POLICIES.iter().any(|word| text.eq_ignore_ascii_case(word))
);
text_name!(
    /// A role of devices, such as `leaf`.
    RoleName,
    "role name",
    "letters, digits, `-`, `_` and `.`, starting with a letter or digit, at most 63",
    is_label
);
text_name!(
    /// The name of a secret in `secret:NAME`; never its value.
    SecretName,
    "secret name",
    "letters, digits, `-`, `_`, `.` and `/` between parts, at most 128",
    |text| text.len() <= 128 && text.split('/').all(is_label)
);
text_name!(
    /// An interface as EOS spells it: `Ethernet1`, `Ethernet5/1`, `Port-Channel999`, `Vlan40`,
    /// `Loopback0`, `Management0`, `Vxlan1`. Case matters to the device.
    InterfaceName,
    "interface name",
    "a kind and a number, such as Ethernet1, Ethernet5/1, Port-Channel10 or Vlan40",
    |text| {
        let digits = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '-');
        digits.len() < text.len()
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && digits.split(['/', '.']).all(|part| {
                !part.is_empty() && part.len() <= 5 && part.chars().all(|c| c.is_ascii_digit())
            })
    }
);
text_name!(
    /// A commit, as 40 hexadecimal digits.
    CommitId,
    "commit id",
    "40 hexadecimal digits",
    |text| text.len() == 40 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
);
text_name!(
    /// A file's path inside the repository: relative, `/` between parts, no `.` or `..`.
    RepoPath,
    "repository path",
    "a relative path with `/` between parts and no empty, `.` or `..` part",
    |text| text.len() <= 4096
        && !text.contains('\0')
        && text.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
);

impl CommitId {
    /// The first seven digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl RepoPath {
    /// The last part without its extension: `vlans/40.yaml` gives `40`.
    pub fn stem(&self) -> &str {
        let file = self.0.rsplit('/').next().unwrap_or(&self.0);
        file.rsplit_once('.').map_or(file, |(stem, _)| stem)
    }

    /// The text shared, so that the many places of one file cost one allocation.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

/// Declares an identifier that is a number within a range.
macro_rules! number_name {
    ($(#[$doc:meta])* $name:ident, $int:ty, $kind:literal, $range:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name($int);

        impl $name {
            /// The number.
            pub fn get(self) -> $int {
                self.0
            }
        }

        impl TryFrom<u64> for $name {
            type Error = NameError;

            fn try_from(number: u64) -> Result<Self, NameError> {
                let range: std::ops::RangeInclusive<$int> = $range;
                match <$int>::try_from(number) {
                    Ok(n) if range.contains(&n) => Ok(Self(n)),
                    _ => Err(NameError { kind: $kind, given: number.to_string(), expected: $expected }),
                }
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let unpadded = text == "0" || !text.starts_with(['0', '+']);
                match text.parse::<u64>() {
                    Ok(number) if unpadded => Self::try_from(number),
                    _ => Err(NameError { kind: $kind, given: text.to_owned(), expected: $expected }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number_name!(
    /// A VLAN (IEEE 802.1Q), 1 to 4094.
    VlanId, u16, "VLAN id", 1..=4094, "a number from 1 to 4094, without leading zeros"
);
number_name!(
    /// A VXLAN network identifier (RFC 7348), 1 to 16777215.
    Vni, u32, "VNI", 1..=16_777_215, "a number from 1 to 16777215, without leading zeros"
);
number_name!(
    /// A BGP autonomous system number (RFC 6793), 1 to 4294967295.
    Asn, u32, "AS number", 1..=u32::MAX, "a number from 1 to 4294967295, without leading zeros"
);
number_name!(
    /// The number of a pass of one fabric's loop; grows by one, orders the record.
    PassNumber, u64, "pass number", 0..=u64::MAX, "a number"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_taken_or_refused_by_its_one_parser() {
        fn ok<T: FromStr>(text: &str) -> bool {
            text.parse::<T>().is_ok()
        }
        for (case, seen, expected) in [
            ("a device", ok::<DeviceName>("leaf1"), true),
            ("a device with a dot", ok::<DeviceName>("leaf1.dc1"), true),
            ("a device is no path", ok::<DeviceName>("leaf/1"), false),
            ("an empty device", ok::<DeviceName>(""), false),
            ("a port", ok::<InterfaceName>("Ethernet5/1"), true),
            ("a port-channel", ok::<InterfaceName>("Port-Channel999"), true),
            ("a port without number", ok::<InterfaceName>("Ethernet"), false),
            ("a port in lower case", ok::<InterfaceName>("ethernet1"), false),
            ("a number alone is no port", ok::<InterfaceName>("11"), false),
            ("a VLAN", ok::<VlanId>("40"), true),
            ("a padded VLAN", ok::<VlanId>("0040"), false),
            ("a VLAN too large", ok::<VlanId>("5000"), false),
            ("VLAN 0", ok::<VlanId>("0"), false),
            ("a policy", ok::<PolicyName>("RM-EVPN-OUT"), true),
            ("a policy with a word of EOS's own", ok::<PolicyName>("Standard"), false),
            ("a nested secret", ok::<SecretName>("bgp/fw"), true),
            ("a secret that climbs", ok::<SecretName>("../fw"), false),
            ("a repository path", ok::<RepoPath>("vlans/40.yaml"), true),
            ("an absolute path", ok::<RepoPath>("/etc/passwd"), false),
            ("a climbing path", ok::<RepoPath>("a/../../b"), false),
            ("a commit", ok::<CommitId>(&"a".repeat(40)), true),
            ("a short commit", ok::<CommitId>("abc1234"), false),
        ] {
            assert_eq!(seen, expected, "{case}");
        }
    }

    #[test]
    fn an_error_says_what_would_have_been_taken() {
        let error = "5000".parse::<VlanId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"5000\" is not a VLAN id: a number from 1 to 4094, without leading zeros"
        );
    }
}
