//! `web` of the agent's configuration: what it serves over HTTP.
//!
//! Elsewhere: serving it (`agent::served`, `web`).

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use super::{required_secret_name, secret_name};
use crate::names::SecretName;

/// `web`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Web {
    /// Where it listens, such as `127.0.0.1:9912`.
    pub listen: SocketAddr,
    /// The server's certificate (PEM), its own first. Without it it speaks http.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Where people reach it: what links to whole plans begin with. Without it no plan is
    /// published.
    #[serde(default)]
    pub url: Option<String>,
    /// What the forge signs its webhooks with, as `secret:NAME`. Without it none are taken.
    #[serde(default, deserialize_with = "secret_name")]
    pub hook_secret: Option<SecretName>,
    /// Who may read how the devices stand. Default: nobody.
    #[serde(default)]
    pub stands: Readers,
}

/// `web.stands`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Readers {
    /// Nobody: it is not served.
    #[default]
    Nobody,
    /// Whoever can connect.
    Open,
    /// Whoever brings this token.
    Token(SecretName),
}

impl<'de> Deserialize<'de> for Readers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "open" => Ok(Self::Open),
            _ => required_secret_name(serde::de::value::StringDeserializer::new(text)).map(Self::Token),
        }
    }
}

impl Web {
    /// Whether it can be served.
    pub(super) fn check(&self, has_forge: bool) -> Result<(), String> {
        if self.certificate.is_some() != self.key.is_some() {
            return Err("web: `certificate` and `key` go together".to_owned());
        }
        if self.hook_secret.is_some() && !has_forge {
            return Err("web.hook-secret: webhooks come from a forge; `forge` is missing".to_owned());
        }
        if let Some(url) = &self.url {
            let is_web = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            let is_plain = |rest: &str| {
                !rest.is_empty()
                    && rest.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>()[]?#@`\\|".contains(&b))
            };
            if !is_web.is_some_and(is_plain) {
                return Err(
                    "web.url: an address such as https://gitfabric.example.net is expected, without \
                    user, query and fragment"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }

    /// What a link to a path begins with; none if nothing is linked to.
    pub fn link(&self, path: &str) -> Option<String> {
        Some(format!("{}{path}", self.url.as_deref()?.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_said_and_what_cannot_be_is_refused() {
        for (case, text, has_forge, expected) in [
            ("only stands", "{listen: '127.0.0.1:0', stands: secret:ci/stands}", false, ""),
            ("open stands", "{listen: '127.0.0.1:0', stands: open}", false, ""),
            ("plans", "{listen: '[::1]:0', url: 'https://gitfabric.example.net/dc1/'}", true, ""),
            ("half of TLS", "{listen: '127.0.0.1:0', key: k.pem}", true, "go together"),
            (
                "hooks of no forge",
                "{listen: '127.0.0.1:0', hook-secret: secret:h}",
                false,
                "`forge` is missing",
            ),
            (
                "a token in the link",
                "{listen: '127.0.0.1:0', url: 'https://u:hunter2@h'}",
                true,
                "without user",
            ),
            ("no web address", "{listen: '127.0.0.1:0', url: 'javascript:alert(1)'}", true, "web.url"),
        ] {
            let web: Web = serde_saphyr::from_str(text).unwrap();
            let outcome = web.check(has_forge).err().unwrap_or_default();
            assert!(
                outcome.contains(expected) && outcome.is_empty() == expected.is_empty(),
                "{case}: {outcome}"
            );
            assert!(!outcome.contains("hunter2"), "{case}");
        }
        let error = serde_saphyr::from_str::<Web>("{listen: '127.0.0.1:0', stands: hunter2}").unwrap_err();
        assert!(
            !error.to_string().contains("hunter2") || error.to_string().contains("secret:NAME"),
            "{error}"
        );
        let web: Web = serde_saphyr::from_str("{listen: '127.0.0.1:0', url: 'https://h/x/'}").unwrap();
        assert_eq!(web.link("/plans/a").as_deref(), Some("https://h/x/plans/a"));
    }
}
