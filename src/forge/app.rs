//! How we are let in: a token, or the key of a GitHub App.
//!
//! Here: [`Credential`], and signing with an App's key (RFC 7519 and RFC 7515, RS256). Elsewhere:
//! which words are signed when, and the tokens that they bring (`http::auth`).

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use crate::secret::SecretText;

/// Seconds that a word of the App's is valid: less than the ten minutes that GitHub takes, of
/// which the minute for clocks that are off is a part.
const VALID: i64 = 480;
/// Seconds that it is dated back, for clocks that are off.
const BACK: i64 = 60;

/// How to be let in.
#[derive(Clone, Debug, Default)]
pub enum Credential {
    /// Not at all: only what everybody may see is found.
    #[default]
    Nobody,
    /// A token of a user or of a bot.
    Token(SecretText),
    /// A GitHub App, whose installation on the repository makes tokens for an hour.
    App(App),
}

impl From<Option<SecretText>> for Credential {
    fn from(token: Option<SecretText>) -> Self {
        token.map_or(Self::Nobody, Self::Token)
    }
}

/// A GitHub App, by its key.
#[derive(Clone, Debug)]
pub struct App {
    /// Its id or its client id, as its page of settings has them.
    pub id: String,
    /// Its private key in PEM form, PKCS#1 as GitHub makes it or PKCS#8.
    pub key: SecretText,
    /// The installation; by default the one of the repository.
    pub installation: Option<u64>,
}

/// An App's key, ready to sign.
pub(super) struct Key {
    id: String,
    pair: RsaKeyPair,
}

impl Key {
    /// Reads the key; else says what is wrong with it, without showing it.
    pub(super) fn read(app: &App) -> Result<Self, &'static str> {
        let id = app.id.trim().to_owned();
        if id.is_empty() {
            return Err("the App's id is empty");
        }
        let (label, der) = pem(app.key.expose()).ok_or("it is no PEM, which begins with `-----BEGIN`")?;
        let pair = match label {
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der),
            "ENCRYPTED PRIVATE KEY" => return Err("it is encrypted; take the passphrase off"),
            "CERTIFICATE" | "PUBLIC KEY" => return Err("it is no private key"),
            _ => return Err("it is no RSA key in PKCS#1 or PKCS#8"),
        };
        let pair = pair.map_err(|_| "it is no RSA key of 2048 bits or more, or it is damaged")?;
        Ok(Self { id, pair })
    }

    /// A word of the App's own, valid for minutes. `ahead` is by how many seconds the forge's
    /// clock is ahead of ours.
    pub(super) fn sign(&self, now: SystemTime, ahead: i64) -> Result<SecretText, &'static str> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| "the clock is before 1970")?;
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_add(ahead);
        let (from, to) = (now.saturating_sub(BACK), now.saturating_add(VALID));
        let head = json!({ "alg": "RS256", "typ": "JWT" }).to_string();
        let claims = json!({ "iat": from, "exp": to, "iss": self.id }).to_string();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "it cannot sign")?;
        Ok(SecretText::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// The label and the bytes of the first block of a PEM text (RFC 7468).
fn pem(text: &str) -> Option<(&str, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    Some((label, STANDARD.decode(body).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::forge::fixture::Pem;

    fn app(key: &str) -> App {
        App { id: "4711".to_owned(), key: SecretText::new(key), installation: None }
    }

    #[test]
    fn both_forms_of_a_key_sign_alike_and_others_are_told_apart() {
        let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        let word = |pem: Pem| Key::read(&app(pem.text())).unwrap().sign(now, 100).unwrap();
        assert_eq!(word(Pem::Pkcs1), word(Pem::Pkcs8));
        let word = word(Pem::Pkcs1);
        let claims = word.expose().split('.').nth(1).unwrap();
        assert_eq!(
            String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap(),
            r#"{"exp":1700000580,"iat":1700000040,"iss":"4711"}"#
        );
        let pkcs8 = Pem::Pkcs8.text();
        for (case, key, expected) in [
            ("nothing", String::new(), "it is no PEM"),
            ("another label", pkcs8.replace("PRIVATE KEY", "EC PRIVATE KEY"), "no RSA key in PKCS#1"),
            ("encrypted", pkcs8.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), "take the passphrase off"),
            ("a certificate", pkcs8.replace("PRIVATE KEY", "CERTIFICATE"), "no private key"),
            ("the wrong label", pkcs8.replace("PRIVATE KEY", "RSA PRIVATE KEY"), "it is damaged"),
            ("not base64", pkcs8.replace('M', "!"), "it is no PEM"),
        ] {
            let error = Key::read(&app(&key)).err().unwrap();
            assert!(error.contains(expected), "{case}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_key_panics(text in "(-----BEGIN (RSA )?PRIVATE KEY-----)?[A-Za-z0-9+/=\\n]{0,60}(-----END )?") {
            let _ = Key::read(&app(&text));
        }
    }
}
