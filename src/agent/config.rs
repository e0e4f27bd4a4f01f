//! The agent's configuration file: YAML, every key known, every default said.
//!
//! Here: [`Config`] and reading it; `drift`, `forge`, `netbox` and `web` have these parts of it. `packaging/agent.yaml` is the commented example, and a
//! test parses it. Elsewhere: the intent's YAML (`intent`), values of secrets (`secrets`).

mod alerts;
mod drift;
mod forge;
mod netbox;
mod web;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

pub use self::alerts::{Alerts, Devices as AlertDevices, Receiver};
pub use self::drift::Drift;
pub use self::forge::{App, Forge};
pub use self::netbox::{Fields, NetBox};
pub use self::web::{Readers, Web};
use crate::names::{DeviceName, SecretName};

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where the mirror, the record and the lock live. One agent at a time per folder.
    pub state: PathBuf,
    /// Observe or apply. Not set is observe: applying is an explicit choice.
    #[serde(default)]
    pub mode: Mode,
    /// The intent's repository.
    pub repository: Repository,
    /// How devices are reached.
    pub devices: Devices,
    /// Where secrets are found.
    #[serde(default)]
    pub secrets: Secrets,
    /// Which NetBox is told how its devices stand. Default: none.
    #[serde(default)]
    pub netbox: Option<NetBox>,
    /// Where pull requests are reviewed. Default: nowhere.
    #[serde(default)]
    pub forge: Option<Forge>,
    /// What is served over HTTP. Default: nothing.
    #[serde(default)]
    pub web: Option<Web>,
    /// How devices are watched between passes.
    #[serde(default)]
    pub drift: Drift,
    /// Who is told what happens. Default: nobody.
    #[serde(default)]
    pub alerts: Option<Alerts>,
    /// How the agent logs.
    #[serde(default)]
    pub log: Log,
    /// How often everything is read back, changed or not. Default: 1h.
    #[serde(default = "one_hour", deserialize_with = "duration")]
    pub full_read_back: Duration,
}

/// Whether the agent may write to devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Reads, plans and reports; sends nothing.
    #[default]
    Observe,
    /// Sends what the head of the branch says.
    Apply,
}

/// `repository`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Repository {
    /// `https://…`, `ssh://…`, `user@host:path`, `file://…` or a path.
    pub url: String,
    /// The branch whose head decides. Default: main.
    #[serde(default = "main_branch")]
    pub branch: String,
    /// The folder of this fabric inside the repository. Default: its top.
    #[serde(default)]
    pub path: Option<String>,
    /// How often the branch is looked at; jitter of a tenth is added. Default: 30s.
    #[serde(default = "thirty_seconds", deserialize_with = "duration")]
    pub poll: Duration,
    /// When a fetch is given up. Default: 2m.
    #[serde(default = "two_minutes", deserialize_with = "duration")]
    pub deadline: Duration,
    /// The user of an https repository. Default: `x-access-token`, which GitHub and GitLab take.
    #[serde(default)]
    pub username: Option<String>,
    /// The token or password of an https repository, as `secret:NAME`.
    #[serde(default, deserialize_with = "secret_name")]
    pub token: Option<SecretName>,
    /// The certificate authority of an https repository (PEM), beside the system's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// The private key for ssh. Default: ssh's own.
    #[serde(default)]
    pub ssh_key: Option<PathBuf>,
    /// The known hosts for ssh. Default: ssh's own.
    #[serde(default)]
    pub known_hosts: Option<PathBuf>,
}

/// `devices`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Devices {
    /// The user on every device.
    pub username: String,
    /// Its password, as `secret:NAME`.
    #[serde(deserialize_with = "required_secret_name")]
    pub password: SecretName,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: Tls,
    /// Where a device is reached, `host:port`, if not at its management address.
    #[serde(default)]
    pub addresses: BTreeMap<Device, String>,
    /// When a Get is given up. Default: 60s.
    #[serde(default = "one_minute", deserialize_with = "duration")]
    pub get_deadline: Duration,
    /// When a Set is given up; its outcome is then read from the device. A large Set may
    /// take minutes. Default: 10m.
    #[serde(default = "ten_minutes", deserialize_with = "duration")]
    pub set_deadline: Duration,
}

/// A device's name as a key of the file.
pub type Device = Checked<DeviceName>;

/// `devices.tls`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tls {
    /// The certificate authority that signed the devices' certificates (PEM).
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// The agent's own certificate (PEM), for devices that ask for one.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Verify (the default), accept any certificate, or no TLS at all.
    #[serde(default)]
    pub verify: Verify,
}

/// `devices.tls.verify`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verify {
    /// The certificate must be signed by `ca` and name the device or its address.
    #[default]
    Full,
    /// Any certificate is taken: whoever answers gets the password. For labs.
    AcceptAny,
    /// No TLS. For labs.
    Plaintext,
}

/// `secrets`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Secrets {
    /// A folder with one file a secret; `secret:bgp/fw` is `DIR/bgp/fw`. The environment
    /// (`GITFABRIC_SECRET_BGP_FW`) and systemd credentials are looked at too.
    #[serde(default)]
    pub directory: Option<PathBuf>,
}

/// `log`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Log {
    /// Lines for people, or JSON for machines.
    #[serde(default)]
    pub format: LogFormat,
    /// What is logged, such as `info` or `gitfabric=debug`. Default: info.
    #[serde(default)]
    pub filter: Option<String>,
}

/// `log.format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read the agent's configuration {file}", file = file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// It is not what a configuration must be.
    #[error("the agent's configuration {file} is not valid:\n{what}", file = file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// What is wrong, with line and column.
        what: String,
    },
}

impl Config {
    /// Reads a file. Relative paths in it are relative to its folder.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|cause| ConfigError::Read { file: file.to_owned(), cause })?;
        let base = file.parent().unwrap_or(Path::new(""));
        Self::parse(&text, base).map_err(|what| ConfigError::Invalid { file: file.to_owned(), what })
    }

    /// Reads a text; `base` is what relative paths are relative to.
    pub fn parse(text: &str, base: &Path) -> Result<Self, String> {
        // Without the snippet: the faulty line may hold a secret that somebody wrote there.
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        let mut config: Self =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())?;
        if config.devices.tls.certificate.is_some() != config.devices.tls.key.is_some() {
            return Err("devices.tls: `certificate` and `key` go together".to_owned());
        }
        if config.devices.tls.verify == Verify::Full && config.devices.tls.ca.is_none() {
            return Err("devices.tls: `ca` is missing: the certificate authority that signed the devices' \
                certificates (or say `verify: accept-any` in a lab)"
                .to_owned());
        }
        for (device, address) in &config.devices.addresses {
            super::inventory::split(&device.0, address, 0).map_err(|error| format!("{error:#}"))?;
        }
        config.netbox.as_ref().map_or(Ok(()), NetBox::check)?;
        config.forge.as_ref().map_or(Ok(()), |forge| forge.check(&config.repository.url))?;
        config.web.as_ref().map_or(Ok(()), |web| web.check(config.forge.is_some()))?;
        config.alerts.as_ref().map_or(Ok(()), Alerts::check)?;
        config.make_absolute(base);
        Ok(config)
    }

    fn make_absolute(&mut self, base: &Path) {
        let Self { state, repository, devices, secrets, netbox, forge, web, alerts, .. } = self;
        let tls = &mut devices.tls;
        *state = base.join(&*state);
        let optional = [
            &mut repository.ca,
            &mut repository.ssh_key,
            &mut repository.known_hosts,
            &mut tls.ca,
            &mut tls.certificate,
            &mut tls.key,
            &mut secrets.directory,
        ];
        let ca = netbox.as_mut().and_then(|netbox| netbox.ca.as_mut());
        let forge_ca = forge.as_mut().and_then(|forge| forge.ca.as_mut());
        let web =
            web.as_mut().map(|web| [&mut web.certificate, &mut web.key]).into_iter().flatten().flatten();
        let receivers = alerts.iter_mut().flat_map(|alerts| &mut alerts.receivers);
        let alerts = receivers.filter_map(|receiver| receiver.ca.as_mut());
        for path in optional.into_iter().flatten().chain(ca).chain(forge_ca).chain(web).chain(alerts) {
            *path = base.join(&*path);
        }
        let is_remote = repository.url.contains("://") || repository.url.contains(':');
        if !is_remote {
            repository.url = base.join(&repository.url).to_string_lossy().into_owned();
        }
    }

    /// The address of a device that the file names one for.
    pub fn address_of(&self, device: &DeviceName) -> Option<&str> {
        self.devices.addresses.iter().find(|(name, _)| name.0 == *device).map(|(_, address)| address.as_str())
    }

    /// The bare mirror of the repository.
    pub fn mirror(&self) -> PathBuf {
        self.state.join("mirror.git")
    }

    /// Where pages of plans are kept.
    pub fn pages(&self) -> PathBuf {
        self.state.join("plans")
    }

    /// The record's database.
    pub fn record(&self) -> PathBuf {
        self.state.join("record.sqlite")
    }
}

/// A name read by its own parser.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checked<T>(pub T);

impl<'de, T: std::str::FromStr<Err = crate::names::NameError>> Deserialize<'de> for Checked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

fn required_secret_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretName, D::Error> {
    let text = String::deserialize(deserializer)?;
    // The text is not repeated: somebody may have written the secret itself.
    let Some(name) = text.strip_prefix("secret:") else {
        return Err(serde::de::Error::custom(
            "a secret is written as `secret:NAME`, never in the file; its value comes from a file, \
             the environment or a systemd credential",
        ));
    };
    name.parse().map_err(|_| serde::de::Error::custom("the part after `secret:` is not a secret's name"))
}

fn secret_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretName>, D::Error> {
    required_secret_name(deserializer).map(Some)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is not a duration such as 30s, 5m or 1h")))
}

/// Reads `500ms`, `30s`, `5m` or `1h`; none for anything else, zero and more than ten days.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let count: u64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_mins(1),
        "h" => Duration::from_hours(1),
        _ => return None,
    };
    let duration = unit.checked_mul(u32::try_from(count).ok()?)?;
    (!duration.is_zero() && duration <= Duration::from_hours(240)).then_some(duration)
}

fn main_branch() -> String {
    "main".to_owned()
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

fn one_minute() -> Duration {
    Duration::from_mins(1)
}

fn two_minutes() -> Duration {
    Duration::from_mins(2)
}

fn ten_minutes() -> Duration {
    Duration::from_mins(10)
}

fn one_hour() -> Duration {
    Duration::from_hours(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "state: state\nrepository: { url: intent.git }\n\
        devices: { username: gitfabric, password: secret:gnmi/password, tls: { ca: ca.pem } }\n";

    #[test]
    fn the_commented_example_is_a_valid_configuration() {
        let example = include_str!("../../packaging/agent.yaml");
        let config = Config::parse(example, Path::new("/etc/gitfabric")).unwrap();
        assert_eq!(config.mode, Mode::Observe);
        assert_eq!(config.state, Path::new("/var/lib/gitfabric"));
    }

    #[test]
    fn without_a_mode_the_agent_only_observes_and_paths_are_beside_the_file() {
        let config = Config::parse(SMALL, Path::new("/lab")).unwrap();
        assert_eq!(config.mode, Mode::Observe);
        assert_eq!(config.state, Path::new("/lab/state"));
        assert_eq!(config.repository.url, "/lab/intent.git");
        assert_eq!(config.devices.tls.ca.as_deref(), Some(Path::new("/lab/ca.pem")));
    }

    #[test]
    fn what_is_wrong_is_said_and_a_secret_in_the_file_is_not_repeated() {
        for (case, text, expected) in [
            ("an unknown key", format!("{SMALL}polling: 3s\n"), "polling"),
            ("a bad mode", format!("{SMALL}mode: yes-please\n"), "observe"),
            ("a bad duration", format!("{SMALL}full-read-back: soon\n"), "not a duration"),
            ("a secret", SMALL.replace("secret:gnmi/password", "hunter2"), "secret:NAME"),
            ("no CA", SMALL.replace(", tls: { ca: ca.pem }", ""), "`ca` is missing"),
            (
                "a bad address",
                SMALL.replace("tls:", "addresses: { leaf1: 'leaf1:gnmi' }, tls:"),
                "does not end in a port",
            ),
            (
                "a bad custom field",
                format!("{SMALL}netbox: {{ url: 'https://n', token: secret:n, fields: {{ state: a-b }} }}\n"),
                "netbox.fields",
            ),
            (
                "NetBox's token",
                format!("{SMALL}netbox: {{ url: 'https://n', token: hunter2 }}\n"),
                "secret:NAME",
            ),
            ("a bad device", SMALL.replace("tls:", "addresses: { 'a b': x }, tls:"), "device name"),
        ] {
            let error = Config::parse(&text, Path::new("")).unwrap_err();
            assert!(error.contains(expected), "{case}: {error}");
            assert!(!error.contains("hunter2"), "{case}: {error}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, expected) in [
            ("30s", Some(30_000)),
            ("250ms", Some(250)),
            ("5m", Some(300_000)),
            ("1h", Some(3_600_000)),
            ("0s", None),
            ("30", None),
            ("s", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(parse_duration(text), expected.map(Duration::from_millis), "{text}");
        }
    }
}
