//! Secrets as far as a plan knows them: keyed fingerprints, and texts that do not show.
//!
//! Here: [`Fingerprint`], [`FingerprintKey`]. Elsewhere: where the key is kept (`record`),
//! secrets in clear (`secret`), their names (`names::SecretName`).

use std::fmt;
use std::str::FromStr;

use ring::hmac;

use crate::names::NameError;

/// The HMAC-SHA256 of a secret, or of what a device shows in its place. Two are equal
/// exactly if the texts are; without the key nothing can be learnt of a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// Makes fingerprints. One key per agent, kept beside its record; a new key makes every
/// secret look changed once.
#[derive(Clone)]
pub struct FingerprintKey(hmac::Key);

impl FingerprintKey {
    /// The key of these bytes; at least 32 random ones.
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The fingerprint of a text.
    pub fn fingerprint(&self, text: &str) -> Fingerprint {
        let tag = hmac::sign(&self.0, text.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        Fingerprint(bytes)
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(key)")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = NameError;

    /// Reads 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let error =
            || NameError { kind: "fingerprint", given: text.to_owned(), expected: "64 hexadecimal digits" };
        let digits: Vec<u8> =
            text.chars().map_while(|c| c.to_digit(16)).filter_map(|digit| u8::try_from(digit).ok()).collect();
        if text.len() != 64 || digits.len() != 64 {
            return Err(error());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |sum, digit| sum << 4 | digit);
        }
        Ok(Self(bytes))
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_key_and_text_and_survives_as_text() {
        let key = FingerprintKey::new(&[1; 32]);
        let print = key.fingerprint("hunter2");
        assert_eq!(print, FingerprintKey::new(&[1; 32]).fingerprint("hunter2"));
        assert_ne!(print, key.fingerprint("hunter3"));
        assert_ne!(print, FingerprintKey::new(&[2; 32]).fingerprint("hunter2"));
        assert_eq!(print.to_string().parse::<Fingerprint>().unwrap(), print);
        assert!("ab".parse::<Fingerprint>().is_err());
        assert!("é".repeat(32).parse::<Fingerprint>().is_err());
    }

    #[test]
    fn the_key_does_not_show() {
        assert_eq!(format!("{:?}", FingerprintKey::new(b"hunter2")), "(key)");
    }
}
