//! `alerts` of the agent's configuration: who is told what happens.
//!
//! Elsewhere: telling them (`agent::alerts`), in which words (`alerts`).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::{duration, required_secret_name, secret_name, thirty_seconds};
use crate::alerts::{Kind, Template};
use crate::intent::Fabric;
use crate::names::{DeviceName, RoleName, SecretName};
use crate::nearest;
use crate::record::NewsKind;

/// Each receiver has a thread; more are a mistake.
const MOST: usize = 16;

/// `alerts`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Alerts {
    /// How long a device has to be out of reach before that is told, so that one that flaps is
    /// no noise. Default: 30s.
    #[serde(default = "thirty_seconds", deserialize_with = "duration")]
    pub lost_after: Duration,
    /// Who is told.
    #[serde(default)]
    pub receivers: Vec<Receiver>,
}

/// One of `alerts.receivers`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Receiver {
    /// Its name: in the record, in `gitfabric alerts`, in the log.
    pub name: String,
    /// What it is.
    #[serde(deserialize_with = "kind")]
    pub kind: Kind,
    /// Where it is called, as `secret:NAME`: who has the address may write there.
    #[serde(deserialize_with = "required_secret_name")]
    pub url: SecretName,
    /// What a webhook's bodies are signed with, as `secret:NAME`. Default: not signed.
    #[serde(default, deserialize_with = "secret_name")]
    pub sign: Option<SecretName>,
    /// What it is told. Default: everything.
    #[serde(default, deserialize_with = "events")]
    pub events: Vec<NewsKind>,
    /// Of which devices, by name or as `role:NAME`. What is about no device is told all the
    /// same. Default: of all.
    #[serde(default)]
    pub devices: Vec<Devices>,
    /// What a message says, with `{field}`s. Default: our words.
    #[serde(default, deserialize_with = "template")]
    pub template: Option<Template>,
    /// The certificate authority (PEM), beside the system's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// Which devices a receiver is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Devices {
    /// One.
    Named(DeviceName),
    /// All of a role.
    Role(RoleName),
}

impl Alerts {
    /// Whether everybody can be told, and told apart.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.receivers.len() > MOST {
            return Err(format!("alerts.receivers: there may be {MOST} of them"));
        }
        let mut names = BTreeSet::new();
        for receiver in &self.receivers {
            let name = &receiver.name;
            let is_name = !name.is_empty()
                && name.len() <= 63
                && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_'));
            if !is_name {
                return Err(format!(
                    "alerts.receivers: {name:?} is no name of a receiver: up to 63 letters, digits, `-` and `_`"
                ));
            }
            if !names.insert(name) {
                return Err(format!("alerts.receivers: there are two of the name {name:?}"));
            }
            if receiver.sign.is_some() && receiver.kind != Kind::Webhook {
                return Err(format!(
                    "alerts.receivers: {name}: `sign` is for a webhook; a {} checks no signature",
                    receiver.kind
                ));
            }
        }
        Ok(())
    }
}

impl Receiver {
    /// Whether roles have to be known before it can be told.
    pub fn asks_for_roles(&self) -> bool {
        self.devices.iter().any(|devices| matches!(devices, Devices::Role(_)))
    }

    /// What `devices` names and an intent does not have: of that it is told nothing. No error, as
    /// the intent may get it yet.
    pub fn unknown(&self, fabric: &Fabric) -> Vec<String> {
        let roles = &fabric.design.roles;
        let unknown = |devices: &Devices| {
            let (what, meant) = match devices {
                Devices::Named(name) if !fabric.devices.contains_key(name) => {
                    (format!("device {name}"), suggest(name.as_str(), fabric.devices.keys()))
                }
                Devices::Role(role) if !roles.contains_key(role) => {
                    (format!("role {role}"), suggest(role.as_str(), roles.keys()))
                }
                _ => return None,
            };
            let meant = meant.map_or_else(String::new, |meant| format!("; {meant}"));
            Some(format!("the intent has no {what}{meant}"))
        };
        self.devices.iter().filter_map(unknown).collect()
    }
}

fn suggest<'n, N: AsRef<str> + 'n>(given: &str, names: impl Iterator<Item = &'n N>) -> Option<String> {
    nearest::suggest(given, names.map(AsRef::as_ref))
}

fn custom<'de, D: Deserializer<'de>>(error: impl std::fmt::Display) -> D::Error {
    serde::de::Error::custom(error)
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(custom::<D>)
}

fn events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NewsKind>, D::Error> {
    let event = |text: String| {
        NewsKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let meant = nearest::suggest(&text, NewsKind::ALL.map(NewsKind::as_str)).unwrap_or_default();
            custom::<D>(format!("{text:?} is no event: {meant}"))
        })
    };
    let events = Vec::<String>::deserialize(deserializer)?;
    if events.is_empty() {
        return Err(custom::<D>("a receiver of no events is told nothing; leave `events` out for all"));
    }
    events.into_iter().map(event).collect()
}

fn template<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Template>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|error: String| custom::<D>(format!("the template: {error}")))
}

impl<'de> Deserialize<'de> for Devices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix("role:") {
            Some(role) => role.parse().map(Self::Role).map_err(custom::<D>),
            None => text.parse().map(Self::Named).map_err(custom::<D>),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Alerts, String> {
        // as the whole file is read
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        let alerts: Alerts =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())?;
        alerts.check().map(|()| alerts)
    }

    #[test]
    fn devices_that_the_intent_lacks_are_named_with_what_was_meant() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
        let snapshot = crate::git::Snapshot::of_folder(&folder).unwrap();
        let fabric = crate::intent::Cache::default().load(&snapshot).fabric.unwrap();
        for (devices, expected) in [
            ("[leaf1, 'role:spine']", &[][..]),
            ("[leafs1, leaf1]", &["the intent has no device leafs1; did you mean `leaf1`?"]),
            (
                "['role:spin', borderline-router]",
                &[
                    "the intent has no role spin; did you mean `spine`?",
                    "the intent has no device borderline",
                ],
            ),
        ] {
            let receiver = format!("{{ name: noc, kind: slack, url: secret:a, devices: {devices} }}");
            let alerts = read(&format!("receivers: [{receiver}]")).unwrap();
            let unknown = alerts.receivers[0].unknown(&fabric);
            assert_eq!(unknown.len(), expected.len(), "{unknown:?}");
            for (said, expected) in unknown.iter().zip(expected) {
                assert!(said.starts_with(expected), "{said}");
            }
        }
    }

    #[test]
    fn a_receiver_that_cannot_be_told_is_refused_with_what_to_say() {
        for (case, receiver, expected) in [
            ("the least", "{ name: noc, kind: slack, url: secret:slack }", ""),
            (
                "everything",
                "{ name: flows, kind: webhook, url: secret:a, sign: secret:b, events: [drift-found, device-lost],
                   devices: [leaf1, 'role:spine'], template: '{device}: {summary}', ca: ca.pem }",
                "",
            ),
            ("an address in the file", "{ name: noc, kind: slack, url: 'https://hooks/hunter2' }", "secret:NAME"),
            ("another kind", "{ name: noc, kind: slak, url: secret:a }", "did you mean `slack`?"),
            (
                "another event",
                "{ name: noc, kind: slack, url: secret:a, events: [drift-fuond] }",
                "did you mean `drift-found`?",
            ),
            ("no events", "{ name: noc, kind: slack, url: secret:a, events: [] }", "leave `events` out"),
            (
                "another field",
                "{ name: noc, kind: slack, url: secret:a, template: '{devise}' }",
                "did you mean `device`?",
            ),
            ("a signature for Slack", "{ name: noc, kind: slack, url: secret:a, sign: secret:b }", "checks no"),
            ("a bad role", "{ name: noc, kind: slack, url: secret:a, devices: ['role:'] }", "role"),
            ("a bad name", "{ name: 'the noc', kind: slack, url: secret:a }", "no name of a receiver"),
            ("another key", "{ name: noc, kind: slack, url: secret:a, channel: x }", "channel"),
        ] {
            let outcome = read(&format!("receivers: [{receiver}]")).err().unwrap_or_default();
            assert!(
                outcome.contains(expected) && outcome.is_empty() == expected.is_empty(),
                "{case}: {outcome}"
            );
            assert!(!outcome.contains("hunter2"), "{case}: {outcome}");
        }
        let twice = "{ name: noc, kind: slack, url: secret:a }";
        assert!(read(&format!("receivers: [{twice}, {twice}]")).unwrap_err().contains("two of the name"));
        assert_eq!(read("receivers: []").unwrap().lost_after, Duration::from_secs(30));
    }
}
