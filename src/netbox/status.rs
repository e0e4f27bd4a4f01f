//! Which NetBox this is: its version, and that of netbox-bgp.
//!
//! Elsewhere: what the token may see (`rights`).

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::error::NetBoxError;
use super::inventory::{ENDPOINTS, Endpoint};

/// The oldest version whose API we read: addresses' scopes and MAC objects came with it.
const OLDEST: (u16, u16) = (4, 2);
/// The newest version whose notes we have read.
const NEWEST: (u16, u16) = (4, 7);

/// What `/api/status/` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// NetBox's version as it says it: `4.6.8`.
    pub version: String,
    /// The version of netbox-bgp, if it is installed.
    pub bgp: Option<String>,
}

/// The answer, as far as we need it.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "netbox-version")]
    version: String,
    #[serde(default)]
    plugins: std::collections::BTreeMap<String, Option<String>>,
}

impl Status {
    /// Asks NetBox. Fails if it is none, too old, or has lost the plugin.
    pub(super) fn ask(client: &Client, expect_plugin: bool) -> Result<Self, NetBoxError> {
        let answer: Answer = match client.get("status", "") {
            Ok(body) => body.of_netbox()?,
            Err(NetBoxError::Missing { url, .. }) => {
                return Err(NetBoxError::NotNetBox { url, said: "there is nothing".to_owned() });
            }
            Err(error) => return Err(error),
        };
        let found =
            Self { version: answer.version, bgp: answer.plugins.get("netbox_bgp").cloned().flatten() };
        match minor(&found.version) {
            None => {
                let said = format!("its version is `{}`", found.version.chars().take(40).collect::<String>());
                return Err(NetBoxError::NotNetBox { url: client.shown("status", ""), said });
            }
            Some(version) if version < OLDEST => return Err(NetBoxError::TooOld { version: found.version }),
            Some(_) => {}
        }
        if expect_plugin && found.bgp.is_none() {
            return Err(NetBoxError::PluginGone);
        }
        Ok(found)
    }

    /// The lists that this NetBox has.
    pub fn lists(&self) -> impl Iterator<Item = &'static Endpoint> {
        let bgp = self.bgp.as_deref().map(|version| minor(version).unwrap_or((u16::MAX, 0)));
        ENDPOINTS.iter().filter(move |list| !list.plugin || bgp.is_some_and(|bgp| since(list) <= bgp))
    }

    /// What a person should know of these versions.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let Some(netbox) = minor(&self.version) else { return notes };
        if netbox > NEWEST {
            notes.push(format!(
                "NetBox {} is newer than {}.{}, the newest that this gitfabric was made for",
                self.version, NEWEST.0, NEWEST.1
            ));
        }
        match &self.bgp {
            None => notes.push("netbox-bgp is not installed: no BGP sessions and policies".to_owned()),
            // its minor version follows NetBox's: 0.15 is for 4.2
            Some(version) if minor(version).is_some_and(|bgp| bgp != (0, netbox.1 + 13)) => {
                notes.push(format!("netbox-bgp {version} was not made for NetBox {}", self.version));
            }
            Some(_) => {}
        }
        notes
    }
}

/// The version of netbox-bgp that brought a list.
fn since(list: &Endpoint) -> (u16, u16) {
    if list.path.starts_with("plugins/bgp/aspath-list") { (0, 16) } else { (0, 0) }
}

/// Major and minor of a version: (4, 6) of `4.6.8`, `4.7.0-beta1`, `v4.6.8-Docker-3.2`.
fn minor(version: &str) -> Option<(u16, u16)> {
    let mut numbers = version.trim_start_matches('v').split(['.', '-']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(version: &str, bgp: Option<&str>) -> Status {
        Status { version: version.to_owned(), bgp: bgp.map(str::to_owned) }
    }

    #[test]
    fn versions_are_read_as_netbox_and_its_images_write_them() {
        for (version, expected) in [
            ("4.6.8", Some((4, 6))),
            ("4.7.0-beta1", Some((4, 7))),
            ("v4.5-dev", Some((4, 5))),
            ("4.5.2-Docker-3.4.1", Some((4, 5))),
            ("0.19.0", Some((0, 19))),
            ("4", None),
            ("", None),
            ("4.x", None),
        ] {
            assert_eq!(minor(version), expected, "{version}");
        }
    }

    #[test]
    fn a_person_is_told_of_versions_that_do_not_fit() {
        for (version, bgp, expected) in [
            ("4.2.9", Some("0.15.0"), ""),
            ("4.7.0", Some("0.20.1"), ""),
            ("4.6.8", Some("0.18.2"), "netbox-bgp 0.18.2 was not made for NetBox 4.6.8"),
            ("4.6.8", None, "netbox-bgp is not installed"),
            ("4.8.0", Some("0.21.0"), "NetBox 4.8.0 is newer than 4.7"),
            ("5.0.0", Some("1.0.0"), "NetBox 5.0.0 is newer than 4.7"),
        ] {
            let notes = status(version, bgp).notes().join("; ");
            assert!(
                notes.starts_with(expected) && notes.is_empty() == expected.is_empty(),
                "{version}: {notes}"
            );
        }
    }

    #[test]
    fn lists_are_those_that_the_plugin_has() {
        let bgp = |status: &Status| status.lists().filter(|list| list.plugin).count();
        let all = ENDPOINTS.iter().filter(|list| list.plugin).count();
        for (version, expected) in
            [(None, 0), (Some("0.15.0"), all - 2), (Some("0.16.0"), all), (Some("x"), all)]
        {
            assert_eq!(bgp(&status("4.6.8", version)), expected, "{version:?}");
        }
        assert_eq!(status("4.6.8", None).lists().count(), ENDPOINTS.len() - all);
    }
}
