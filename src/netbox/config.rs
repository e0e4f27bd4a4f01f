//! Where a NetBox is, and how to be let in: its address, the token, the authorities.
//!
//! Elsewhere: the connection that is made of it (`client`), what addresses are allowed (`address`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;

use super::error::{Cause, NetBoxError};
use crate::secret::SecretText;

/// How to wait between two tries.
pub type Sleep = Arc<dyn Fn(Duration) + Send + Sync>;

/// Where a NetBox is, and how to be let in.
#[derive(Clone)]
pub struct Config {
    /// Where its web page stands, with its path if it has one: `https://netbox.example/dcim`.
    pub url: String,
    /// The token, v1 or v2.
    pub token: SecretText,
    /// Authorities in PEM form, trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// How long one answer may take. Default: 60 s.
    pub timeout: Duration,
    /// Requests at a time. Default and most that helps: 4, NetBox's own number of workers.
    pub parallel: usize,
    /// Whether the token may be sent over http to another machine. Default: no.
    pub clear_text: bool,
    /// How to wait before a request is sent again. Default: sleeps.
    pub sleep: Sleep,
}

impl Config {
    /// The defaults for an address and a token.
    pub fn new(url: impl Into<String>, token: SecretText) -> Self {
        Self {
            url: url.into(),
            token,
            ca: None,
            timeout: Duration::from_mins(1),
            parallel: 4,
            clear_text: false,
            sleep: Arc::new(std::thread::sleep),
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("ca", &self.ca)
            .field("timeout", &self.timeout)
            .field("parallel", &self.parallel)
            .finish_non_exhaustive()
    }
}

/// The header that NetBox wants for a token of either form.
pub(super) fn authorization(token: &SecretText) -> Result<HeaderValue, NetBoxError> {
    let bad =
        |reason: &str| NetBoxError::Unusable { what: "the token".to_owned(), reason: reason.to_owned() };
    let token = token.expose().trim();
    if token.is_empty() {
        return Err(bad("it is empty"));
    }
    if !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(bad("it holds blanks or letters that no token has; give nothing but the token"));
    }
    let word = if token.starts_with("nbt_") { "Bearer" } else { "Token" };
    let mut header =
        HeaderValue::from_str(&format!("{word} {token}")).map_err(|_| bad("no header can hold it"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// What is trusted beside the authorities of the system.
pub(super) fn authorities(ca: Option<&PathBuf>) -> Result<Vec<reqwest::Certificate>, NetBoxError> {
    let Some(path) = ca else { return Ok(Vec::new()) };
    let bad = |reason: String| NetBoxError::Unusable {
        what: format!("the authority in {}", path.display()),
        reason,
    };
    let pem = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    let found =
        reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| bad(Cause::of(&error).to_string()))?;
    if found.is_empty() { Err(bad("it holds no certificate in PEM form".to_owned())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_in_the_words_of_its_kind() {
        for (token, expected) in [
            ("0123456789abcdef0123456789abcdef01234567\n", "Token 0123456789abcdef0123456789abcdef01234567"),
            (" nbt_ABCDEFabcdef.0123", "Bearer nbt_ABCDEFabcdef.0123"),
        ] {
            let header = authorization(&SecretText::new(token)).unwrap();
            assert_eq!(header.to_str().unwrap(), expected);
            assert!(header.is_sensitive());
        }
        for (token, expected) in [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("Token hunter2", "nothing but the token"),
            ("hunter2\r\nX-Other: 1", "nothing but the token"),
            ("hüter2", "nothing but the token"),
        ] {
            let error = authorization(&SecretText::new(token)).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{token}: {error}");
        }
    }
}
