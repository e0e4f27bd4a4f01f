//! A secret's value: a text that does not show.
//!
//! Elsewhere: its name, which may stand anywhere (`names::SecretName`), where values are
//! found (`agent::secrets`), comparing them without keeping them (`plan::secret`).

use std::fmt;

/// A secret in clear. It shows as `(secret)`, and is exposed only where it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Takes a secret in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret in clear.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show() {
        assert_eq!(format!("{:?}", SecretText::new("hunter2")), "(secret)");
    }
}
