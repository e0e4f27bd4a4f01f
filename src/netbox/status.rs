//! Which NetBox this is: its version, and that of netbox-bgp.
//!
//! Elsewhere: what the token may see (`rights`).

use serde::{Deserialize, Serialize};

use super::absent;
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
    /// Asks NetBox. Fails if it is none, or too old.
    pub(super) fn ask(client: &Client) -> Result<Self, NetBoxError> {
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
        Ok(found)
    }

    /// The lists that this NetBox has.
    pub fn lists(&self) -> impl Iterator<Item = &'static Endpoint> {
        ENDPOINTS
            .iter()
            .filter(|list| self.bgp.is_some() || !list.plugin)
            .filter(|list| since(list).is_none_or(|since| self.has(since) != Some(false)))
    }

    /// Whether this NetBox is of the version that brought something, or later; none if its
    /// version cannot be told.
    pub(super) fn has(&self, since: Since) -> Option<bool> {
        match since {
            Since::NetBox(..) => Some(since.version() <= patch(&self.version)?),
            Since::Bgp(..) => Some(since.version() <= patch(self.bgp.as_deref()?)?),
        }
    }

    /// Whether all that another one had can still be read: what the API no longer has would
    /// look deleted.
    pub(super) fn follows(&self, last: &Self) -> Result<(), NetBoxError> {
        if last.bgp.is_some() && self.bgp.is_none() {
            return Err(NetBoxError::PluginGone);
        }
        let is_lost = |since: &Since| last.has(*since) == Some(true) && self.has(*since) == Some(false);
        let lists = ENDPOINTS.iter().filter_map(|list| Some((list.path.to_owned(), since(list)?)));
        let fields = absent::brought().map(|(list, field, since)| (format!("{field} of {list}"), since));
        let missing: Vec<_> = lists.chain(fields).filter(|(_, since)| is_lost(since)).collect();
        let Some((_, since)) = missing.first() else { return Ok(()) };
        let (what, before, now) = match since {
            Since::NetBox(..) => ("NetBox", last.version.clone(), self.version.clone()),
            Since::Bgp(..) => {
                ("netbox-bgp", last.bgp.clone().unwrap_or_default(), self.bgp.clone().unwrap_or_default())
            }
        };
        let missing = missing.into_iter().map(|(name, _)| name).collect();
        Err(NetBoxError::Downgraded { what, before, now, lost: missing })
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
        if self.bgp.as_deref().and_then(minor).is_some_and(|bgp| bgp < (0, 19)) {
            notes.push(
                "this netbox-bgp does not tell the prefix lists of a peer group: name them at the sessions"
                    .to_owned(),
            );
        }
        notes
    }
}

/// The version that brought a list or a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// Of NetBox.
    NetBox(u16, u16, u16),
    /// Of netbox-bgp.
    Bgp(u16, u16, u16),
}

impl Since {
    fn version(self) -> (u16, u16, u16) {
        let (Self::NetBox(major, minor, patch) | Self::Bgp(major, minor, patch)) = self;
        (major, minor, patch)
    }
}

/// What brought a list that the oldest version did not have.
fn since(list: &Endpoint) -> Option<Since> {
    list.path.starts_with("plugins/bgp/aspath-list").then_some(Since::Bgp(0, 16, 0))
}

/// All three numbers of a version; one that does not say the last begins its line.
fn patch(version: &str) -> Option<(u16, u16, u16)> {
    let (major, minor) = minor(version)?;
    let patch = version.split(['.', '-']).nth(2).and_then(|patch| patch.parse().ok()).unwrap_or_default();
    Some((major, minor, patch))
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
            ("4.2.9", Some("0.15.0"), "this netbox-bgp does not tell the prefix lists of a peer group"),
            ("4.6.8", Some("0.19.0"), ""),
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
    fn what_an_older_version_cannot_say_was_not_deleted() {
        for (last, now, expected) in [
            (("4.6.8", Some("0.19.0")), ("4.6.8", Some("0.19.0")), ""),
            (("4.6.8", Some("0.19.2")), ("4.6.1", Some("0.19.0")), ""),
            (("4.2.0", Some("0.15.0")), ("4.7.0", Some("0.20.0")), ""),
            (("4.7.0", None), ("4.3.0", Some("0.15.0")), ""),
            (("4.6.8", Some("0.17.0")), ("4.6.8", Some("0.16.0")), ""),
            (("4.6.8", Some("x")), ("4.6.8", Some("0.15.0")), ""),
            (("4.6.8", Some("0.19.0")), ("4.6.8", Some("x")), ""),
            (("4.6.8", Some("0.15.0")), ("4.6.8", None), "the plugin netbox-bgp is gone from NetBox"),
            (
                ("4.5.8", Some("0.18.1")),
                ("4.5.8", Some("0.18.0")),
                "netbox-bgp is 0.18.0, and was 0.18.1 at the last export: it no longer has max_prefixes of \
                 plugins/bgp/session",
            ),
            (
                ("4.4.0", Some("0.17.0")),
                ("4.4.0", Some("0.15.0")),
                "netbox-bgp is 0.15.0, and was 0.17.0 at the last export: it no longer has plugins/bgp/aspath-list, \
                 plugins/bgp/aspath-list-rule, match_aspath_list of plugins/bgp/routing-policy-rule",
            ),
            (
                ("4.3.0", None),
                ("4.2.9", None),
                "NetBox is 4.2.9, and was 4.3.0 at the last export: it no longer has status of vpn/l2vpns",
            ),
        ] {
            let follows = status(now.0, now.1).follows(&status(last.0, last.1));
            let told = follows.map_or_else(|error| error.to_string(), |()| String::new());
            assert_eq!(told, expected, "{last:?} {now:?}");
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
