//! How the agent's configuration reaches the intent's repository and its forge.
//!
//! Here: [`remote`], [`forge()`], for the agent and for commands that read its file. Elsewhere:
//! devices (`inventory`), values of secrets (`secrets`).

use std::time::Duration;

use anyhow::Context as _;

use super::config::{self, Config};
use super::secrets::Secrets;
use crate::forge::{self, App, Forge};
use crate::git::{Credential, Remote, Ssh, TokenSource};

/// The repository with what is needed to reach it.
pub fn remote(config: &Config, secrets: &Secrets) -> anyhow::Result<Remote> {
    let repository = &config.repository;
    let mut remote = Remote::new(&repository.url, &repository.branch)?;
    if let Some(token) = &repository.token {
        let username = repository.username.clone().unwrap_or_else(|| "x-access-token".to_owned());
        let token = TokenSource::Given(secrets.get(token)?);
        remote = remote.with_credential(Credential { username, token });
    }
    if let Some(ca) = &repository.ca {
        remote = remote.with_ca(ca.clone());
    }
    Ok(remote.with_ssh(Ssh { key: repository.ssh_key.clone(), known_hosts: repository.known_hosts.clone() }))
}

/// The forge that `settings` name; one call may wait for it so long. Its token is read anew.
pub fn forge(
    config: &Config,
    settings: &config::Forge,
    secrets: &Secrets,
    patience: Duration,
) -> anyhow::Result<Forge> {
    let url = &config.repository.url;
    let kind = settings.kind_of(url).context("forge: `kind` is missing")?;
    let credential = match (&settings.token, &settings.app) {
        (Some(token), _) => forge::Credential::Token(secrets.get(token)?),
        (None, Some(app)) => forge::Credential::App(App {
            id: app.id.clone(),
            key: secrets.get(&app.key)?,
            installation: app.installation,
        }),
        (None, None) => forge::Credential::Nobody,
    };
    let remote = settings.repository.as_deref().unwrap_or(url);
    Ok(Forge::new(&forge::Config {
        api: settings.api.clone(),
        credential,
        ca: settings.ca.clone(),
        patience,
        ..forge::Config::new(kind, forge::Repository::of_remote(remote)?)
    })?)
}
