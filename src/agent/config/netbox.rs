//! `netbox` of the agent's configuration: which NetBox is told how its devices stand.
//!
//! Elsewhere: what it is told (`agent::back`), the export from NetBox, which takes its
//! settings from the command line (`cli::export`).

use std::path::PathBuf;

use serde::Deserialize;

use super::required_secret_name;
use crate::names::SecretName;

/// `netbox`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NetBox {
    /// Where its web page stands.
    pub url: String,
    /// The token, as `secret:NAME`. Unlike the export's it may write.
    #[serde(deserialize_with = "required_secret_name")]
    pub token: SecretName,
    /// The certificate authority (PEM), beside the system's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Whether the token may be sent over http to another machine. For labs. Default: no.
    #[serde(default)]
    pub clear_text: bool,
    /// Whether the journals of devices are written. Default: yes.
    #[serde(default = "yes")]
    pub journal: bool,
    /// The custom fields.
    #[serde(default)]
    pub fields: Fields,
}

/// `netbox.fields`: names of custom fields of devices. One that NetBox does not define is
/// left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Fields {
    /// Holds the SHA of the commit. Default: `gitfabric_commit`.
    pub commit: String,
    /// Holds when it was applied. Default: `gitfabric_applied`.
    pub applied: String,
    /// Holds how the device stands. Default: `gitfabric_state`.
    pub state: String,
}

impl Default for Fields {
    fn default() -> Self {
        let name = |what: &str| format!("gitfabric_{what}");
        Self { commit: name("commit"), applied: name("applied"), state: name("state") }
    }
}

impl NetBox {
    /// Whether NetBox can have custom fields of these names.
    pub(super) fn check(&self) -> Result<(), String> {
        let Fields { commit, applied, state } = &self.fields;
        let is_name = |name: &&String| {
            !name.is_empty()
                && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_'))
        };
        if let Some(name) = [commit, applied, state].into_iter().find(|name| !is_name(name)) {
            return Err(format!(
                "netbox.fields: {name:?} is no name of a custom field: letters, digits and `_`"
            ));
        }
        if commit == applied || applied == state || state == commit {
            return Err("netbox.fields: each value needs a field of its own".to_owned());
        }
        Ok(())
    }
}

fn yes() -> bool {
    true
}
