//! How we are let in: a token, or the key of a GitHub App.
//!
//! Elsewhere: sending it (`http`).

use crate::secret::SecretText;

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
