//! A token that is sent as it is, and compared so that nobody learns how much of it fits.
//!
//! Here: [`BearerToken`]. Elsewhere: who sends it (`stands`, `forge`).

use std::fmt;

use ring::hmac::{self, HMAC_SHA256};
use ring::rand::SystemRandom;

use super::signature::WeakSecret;
use crate::secret::SecretText;

/// A token that lets its bearer in. Neither shows nor is kept: what is kept is its HMAC under
/// a key of the moment.
#[derive(Clone)]
pub struct BearerToken(Box<(hmac::Key, hmac::Tag)>);

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl BearerToken {
    /// Takes the token in; an empty one, which would let anybody in, is refused.
    pub fn new(token: &SecretText) -> Result<Self, WeakSecret> {
        let text = token.expose().trim();
        if text.is_empty() {
            return Err(WeakSecret);
        }
        // a system without random numbers has no TLS either; the comparison is as good without
        let key = hmac::Key::generate(HMAC_SHA256, &SystemRandom::new());
        let key = key.unwrap_or_else(|_| hmac::Key::new(HMAC_SHA256, text.as_bytes()));
        let tag = hmac::sign(&key, text.as_bytes());
        Ok(Self(Box::new((key, tag))))
    }

    /// Whether these bytes are the token. Compares in constant time.
    pub(super) fn is(&self, given: &[u8]) -> bool {
        let (key, tag) = &*self.0;
        hmac::verify(key, given, tag.as_ref()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_counts_and_it_does_not_show() {
        let token = BearerToken::new(&SecretText::new("hunter2\n")).unwrap();
        for (given, expected) in
            [("hunter2", true), ("hunter", false), ("hunter22", false), ("Hunter2", false), ("", false)]
        {
            assert_eq!(token.is(given.as_bytes()), expected, "{given}");
        }
        assert_eq!(format!("{token:?}"), "(secret)");
        assert_eq!(BearerToken::new(&SecretText::new(" \n")).unwrap_err(), WeakSecret);
    }
}
