//! Whether a delivery is of the forge that knows the secret.
//!
//! Here: [`Signing`], [`Secret`], [`Checking`]. The body is signed as it travels and is never
//! held as a whole: a push of many commits is megabytes, and whoever cannot sign shall not
//! cost memory. Elsewhere: what a delivery does (the parent).

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use ring::hmac::{self, HMAC_SHA256};

use crate::secret::SecretText;
use crate::web::signature::WeakSecret;
use crate::web::token::BearerToken;

/// How a forge shows that a delivery is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signing {
    /// `X-Hub-Signature-256`: HMAC-SHA256 of the body, in hex after `sha256=`.
    GitHub,
    /// `X-Forgejo-Signature`, or `X-Gitea-Signature`: the same in bare hex; or as GitHub does.
    Gitea,
    /// With a signing token (`whsec_…`) `webhook-signature`, by the specification Standard
    /// Webhooks; with a secret token `X-Gitlab-Token`, which is the secret itself.
    GitLab,
}

/// The secret of a webhook, in the form that its forge uses it in.
pub(super) enum Secret {
    /// It signs the body.
    Body(Signing, hmac::Key),
    /// It signs id, time and body.
    Standard(hmac::Key),
    /// It is sent.
    Token(BearerToken),
}

/// A secret of Standard Webhooks: base64 after these signs.
const STANDARD_PREFIX: &str = "whsec_";

impl Secret {
    pub(super) fn new(signing: Signing, secret: &SecretText) -> Result<Self, WeakSecret> {
        let text = secret.expose().trim();
        if text.is_empty() {
            return Err(WeakSecret);
        }
        let key = |bytes: &[u8]| hmac::Key::new(HMAC_SHA256, bytes);
        match (signing, text.strip_prefix(STANDARD_PREFIX)) {
            (Signing::GitLab, Some(encoded)) => {
                let bytes = STANDARD.decode(encoded).ok().filter(|bytes| !bytes.is_empty());
                bytes.map(|bytes| Self::Standard(key(&bytes))).ok_or(WeakSecret)
            }
            (Signing::GitLab, None) => BearerToken::new(secret).map(Self::Token),
            (signing, _) => Ok(Self::Body(signing, key(text.as_bytes()))),
        }
    }

    /// Begins to check a delivery by its headers; none if they do already say that it is not
    /// signed.
    pub(super) fn check(&self, headers: &HeaderMap) -> Option<Checking> {
        match self {
            Self::Token(token) => {
                token.is(only(headers, "x-gitlab-token")?).then_some(Checking { signed: None, sent: None })
            }
            Self::Body(signing, key) => {
                let tag = hex_of(*signing, headers)?;
                Some(Checking {
                    signed: Some((key.clone(), hmac::Context::with_key(key), vec![tag])),
                    sent: None,
                })
            }
            Self::Standard(key) => {
                let (id, time) = (only(headers, "webhook-id")?, only(headers, "webhook-timestamp")?);
                let sent = std::str::from_utf8(time).ok()?.parse().ok()?;
                let sent = Timestamp::from_second(sent).ok()?;
                let mut context = hmac::Context::with_key(key);
                for part in [id, b".", time, b"."] {
                    context.update(part);
                }
                // several while a secret is being exchanged for another
                let tags = only(headers, "webhook-signature")?.split(|byte| *byte == b' ');
                let tags = tags.filter_map(|tag| STANDARD.decode(tag.strip_prefix(b"v1,")?).ok());
                Some(Checking {
                    signed: Some((key.clone(), context, tags.take(8).collect())),
                    sent: Some(sent),
                })
            }
        }
    }
}

/// A delivery whose body is still coming.
pub(super) struct Checking {
    /// What signs, the signature so far, and those that were sent.
    signed: Option<(hmac::Key, hmac::Context, Vec<Vec<u8>>)>,
    sent: Option<Timestamp>,
}

impl Checking {
    /// Takes the next part of the body in.
    pub(super) fn take(&mut self, part: &[u8]) {
        if let Some((_, context, _)) = &mut self.signed {
            context.update(part);
        }
    }

    /// At the end of the body: none if it was not signed; otherwise how old it is, by a time that
    /// was signed too. What has none counts as of now.
    pub(super) fn finish(self, now: Timestamp) -> Option<SignedDuration> {
        if let Some((key, context, tags)) = self.signed {
            // signing what is compared once more is ring's way of comparing in constant time
            let tag = hmac::sign(&key, context.sign().as_ref());
            let is_one = |given: &Vec<u8>| hmac::verify(&key, given, tag.as_ref()).is_ok();
            if !tags.iter().any(is_one) {
                return None;
            }
        }
        Some(self.sent.map_or(SignedDuration::ZERO, |sent| now.duration_since(sent)))
    }
}

/// The header's value, if it is there exactly once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

/// The signature of the body: of a forge that sends several, the first that it should send
/// counts, and the others do not mend it.
fn hex_of(signing: Signing, headers: &HeaderMap) -> Option<Vec<u8>> {
    let own = ["x-forgejo-signature", "x-gitea-signature"];
    let own = own.into_iter().find(|name| signing == Signing::Gitea && headers.contains_key(*name));
    match own {
        Some(name) => unhex(only(headers, name)?),
        None => unhex(only(headers, "x-hub-signature-256")?.strip_prefix(b"sha256=")?),
    }
}

/// Lower-case hex to the bytes it stands for. What they are is no secret: they came over the
/// wire.
fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != HMAC_SHA256.digest_algorithm().output_len() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
