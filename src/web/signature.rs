//! Whether a delivery was signed by who knows the secret.
//!
//! Here: [`HookSecret`]. NetBox sends `X-Hook-Signature`: the HMAC-SHA512 (RFC 2104) of the
//! body's bytes as they travel, in lower-case hex without a prefix. Elsewhere: everything
//! about what was signed (`netbox`).

use std::fmt;

use ring::hmac::{self, HMAC_SHA512};

use crate::secret::SecretText;

/// The bytes of an HMAC-SHA512.
const TAG: usize = 64;

/// The secret that a webhook signs with. Does not show.
pub struct HookSecret(hmac::Key);

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A secret that anybody could sign with, or a signing token that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is empty, or what follows its `whsec_` is not base64: anybody could use it")]
pub struct WeakSecret;

impl HookSecret {
    /// Takes the secret in, as it stands in NetBox's webhook: its bytes in UTF-8.
    pub fn new(secret: &SecretText) -> Result<Self, WeakSecret> {
        let text = secret.expose();
        if text.trim().is_empty() {
            return Err(WeakSecret);
        }
        Ok(Self(hmac::Key::new(HMAC_SHA512, text.as_bytes())))
    }

    /// Whether `signature`, in lower-case hex, is that of `body`. Compares in constant time.
    pub(super) fn signed(&self, body: &[u8], signature: &[u8]) -> bool {
        unhex(signature).is_some_and(|tag| hmac::verify(&self.0, body, &tag).is_ok())
    }
}

/// 128 lower-case hex digits to the bytes they stand for. What they are is no secret: they
/// came over the wire.
fn unhex(text: &[u8]) -> Option<[u8; TAG]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != TAG || !rest.is_empty() {
        return None;
    }
    let mut tag = [0; TAG];
    for (byte, [high, low]) in tag.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::tests::sign;

    #[test]
    fn only_the_signature_of_this_secret_over_these_bytes_counts() {
        let secret = HookSecret::new(&SecretText::new("test-secret")).unwrap();
        let body = br#"{"event": "updated"}"#;
        let good = sign("test-secret", body);
        let mut flipped = good.clone();
        flipped.replace_range(127.., if good.ends_with('0') { "1" } else { "0" });
        for (case, signature, expected) in [
            ("the right one", &*good, true),
            ("of another secret", &*sign("Test-secret", body), false),
            ("of another body", &*sign("test-secret", b"{\"event\": \"updated\"} "), false),
            ("the last digit is off", &*flipped, false),
            ("in capitals", &*good.to_uppercase(), false),
            ("with a prefix", &*format!("sha512={good}"), false),
            ("cut short", &good[..126], false),
            ("of odd length", &good[..127], false),
            ("one byte too long", &*format!("{good}00"), false),
            ("no hex", &*"g".repeat(128), false),
            ("empty", "", false),
        ] {
            assert_eq!(secret.signed(body, signature.as_bytes()), expected, "{case}");
        }
    }

    #[test]
    fn an_empty_secret_is_refused_and_none_shows() {
        assert_eq!(HookSecret::new(&SecretText::new(" \n")).unwrap_err(), WeakSecret);
        let secret = HookSecret::new(&SecretText::new("hunter2")).unwrap();
        assert_eq!(format!("{secret:?}"), "(secret)");
    }
}
