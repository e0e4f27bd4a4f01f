//! `forge` of the agent's configuration: where pull requests are reviewed.
//!
//! Elsewhere: reviewing them (`agent::reviews`), webhooks and pages (`web`), the CI step, which
//! takes its settings from its environment (`cli::comment`).

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::{duration, required_secret_name, secret_name, thirty_seconds};
use crate::forge::{self, Kind};
use crate::names::SecretName;

/// `forge`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Forge {
    /// What it is. Default: what the repository's host says.
    #[serde(default, deserialize_with = "kind")]
    pub kind: Option<Kind>,
    /// The repository as its remote names it. Default: `repository.url`.
    #[serde(default)]
    pub repository: Option<String>,
    /// The API's address, where it is not at its usual place.
    #[serde(default)]
    pub api: Option<String>,
    /// The token, as `secret:NAME`. Unlike the one that fetches it may write comments and
    /// statuses.
    #[serde(default, deserialize_with = "secret_name")]
    pub token: Option<SecretName>,
    /// A GitHub App, instead of a token.
    #[serde(default)]
    pub app: Option<App>,
    /// The certificate authority (PEM), beside the system's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// How often pull requests are looked at; jitter of a tenth is added. Default: 30s.
    #[serde(default = "thirty_seconds", deserialize_with = "duration")]
    pub poll: Duration,
}

/// `forge.app`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct App {
    /// Its client id or its number.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Its private key (PEM), as `secret:NAME`.
    #[serde(deserialize_with = "required_secret_name")]
    pub key: SecretName,
    /// Its installation. Default: the one on the repository.
    #[serde(default)]
    pub installation: Option<u64>,
}

impl Forge {
    /// Whether it can be used at all, with `url` of `repository`.
    pub(super) fn check(&self, url: &str) -> Result<(), String> {
        match (&self.token, &self.app) {
            (None, None) => {
                return Err(
                    "forge: `token` is missing (as `secret:NAME`), or `app` of a GitHub App".to_owned()
                );
            }
            (Some(_), Some(_)) => {
                return Err("forge: one of `token` and `app`, not both".to_owned());
            }
            _ => {}
        }
        let named = self.repository.as_deref().unwrap_or(url);
        forge::Repository::of_remote(named).map_err(|error| {
            let key = if self.repository.is_some() { "forge.repository" } else { "forge" };
            let hint = "; name it as `forge.repository`, such as https://github.com/acme/net";
            format!("{key}: {error}{}", if self.repository.is_some() { "" } else { hint })
        })?;
        match self.kind_of(url) {
            Some(kind) if self.app.is_some() && kind != Kind::GitHub => {
                Err(format!("forge.app: {kind} has no GitHub Apps; give a `token`"))
            }
            Some(_) => Ok(()),
            None => Err("forge: what it is cannot be told from the host's name; say `kind: github`, \
                `gitlab`, `gitea` or `forgejo`"
                .to_owned()),
        }
    }

    /// What it is, with `url` of `repository`.
    pub fn kind_of(&self, url: &str) -> Option<Kind> {
        self.kind.or_else(|| Kind::of_remote(self.repository.as_deref().unwrap_or(url)))
    }
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Kind>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// GitHub's ids of Apps are numbers, its client ids are not.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Number(u64),
        Text(String),
    }
    Ok(match Id::deserialize(deserializer)? {
        Id::Number(number) => number.to_string(),
        Id::Text(text) => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Forge, String> {
        // as the whole file is read
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
    }

    #[test]
    fn a_forge_that_cannot_be_used_is_refused_with_what_to_say() {
        const GITHUB: &str = "https://github.com/acme/net.git";
        for (case, text, url, expected) in [
            ("a token is enough on a known host", "token: secret:forge/token", GITHUB, ""),
            ("a GitHub App", "app: { id: 12, key: secret:forge/key }", GITHUB, ""),
            ("nobody to be", "poll: 10s", GITHUB, "`token` is missing"),
            ("two at once", "{token: secret:a, app: { id: x, key: secret:b }}", GITHUB, "not both"),
            ("an unknown host", "token: secret:a", "https://git.example.net/acme/net", "`kind: github`"),
            ("a local repository", "token: secret:a", "/srv/net.git", "forge.repository"),
            (
                "a local repository with its forge named",
                "{token: secret:a, repository: 'https://gitea.example.net/acme/net'}",
                "/srv/net.git",
                "",
            ),
            ("an App elsewhere", "{kind: gitlab, app: { id: 1, key: secret:b }}", GITHUB, "no GitHub Apps"),
        ] {
            let outcome = read(text).unwrap().check(url).err().unwrap_or_default();
            assert!(
                outcome.contains(expected) && outcome.is_empty() == expected.is_empty(),
                "{case}: {outcome}"
            );
        }
    }

    #[test]
    fn an_unknown_kind_and_a_token_in_the_file_are_refused_and_the_token_is_not_repeated() {
        assert!(read("kind: bitbucket").unwrap_err().contains("one of github, gitlab, gitea, forgejo"));
        let error = read("token: hunter2").unwrap_err();
        assert!(error.contains("secret:NAME") && !error.contains("hunter2"), "{error}");
    }
}
