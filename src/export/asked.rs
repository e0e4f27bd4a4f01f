//! Who asked in NetBox for what a commit holds: from its change log.
//!
//! The log knows objects, and a commit has files. What is certain not to be in the commit is left
//! out: an object with a file of its own that does not change, a device of another fabric and
//! what belongs to it. All else counts, as the log does not tell which field was changed.
//! Elsewhere: reading the log (`netbox::changelog`), what becomes of it (`message`).

use std::collections::BTreeSet;

use super::assemble::{Assembled, Folder};
use super::message::Asked;
use crate::git::FileChange;
use crate::names::RepoPath;
use crate::netbox::{self, Change, Client, ENDPOINTS, Inventory, Mapping, Reading};

/// How many entries of the change log are looked at for the commit's message.
const ENTRIES: usize = 500;

/// Who asked for the changes, if there are any and an export came before.
pub(super) fn asked(
    client: &Client,
    folders: &[Folder],
    reading: &Reading,
    assembled: &Assembled,
) -> anyhow::Result<Asked> {
    let last = folders.iter().filter_map(|folder| {
        let manifest = &folder.last.as_ref()?.manifest;
        manifest.changelog.filter(|_| manifest.source.netbox == client.url())
    });
    let mut asked = Asked::default();
    let Some(after) = last.min().filter(|after| *after < reading.change() && !assembled.changes.is_empty())
    else {
        return Ok(asked);
    };
    let log = netbox::changes_since(client, after, ENTRIES)?;
    let ours = |object_type: &str| ENDPOINTS.iter().any(|list| list.object_type == object_type);
    let touched = Touched::of(folders, &assembled.changes);
    let is_asked = |change: &&Change| {
        ours(&change.changed_object_type)
            && !change.is_written_back()
            && touched.by(change, &reading.inventory)
    };
    for change in log.changes.iter().filter(is_asked) {
        asked.users.insert(change.user_name.clone());
        if !change.message.is_empty() && !asked.messages.contains(&change.message) {
            asked.messages.push(change.message.clone());
        }
    }
    asked.users.remove("");
    asked.cut = log.cut;
    asked.entries = Some((after, reading.change()));
    Ok(asked)
}

/// The files of a commit, as far as it takes to tell what is not in it.
struct Touched<'c> {
    changes: &'c [FileChange],
    /// The devices that the fabrics have or had.
    devices: BTreeSet<&'c str>,
}

impl<'c> Touched<'c> {
    fn of(folders: &'c [Folder], changes: &'c [FileChange]) -> Self {
        let standing = folders.iter().flat_map(|folder| folder.head.iter().map(|(path, _)| path));
        let paths = standing.chain(changes.iter().map(|change| &change.path));
        Self { changes, devices: paths.filter_map(device_of).collect() }
    }

    /// Whether the change of an object may be in the commit.
    fn by(&self, change: &Change, inventory: &Inventory) -> bool {
        let (id, called) = (change.changed_object_id, change.object_repr.as_str());
        match change.changed_object_type.as_str() {
            // NetBox writes a VLAN as `name (10)`; one that changed its number has two files
            "ipam.vlan" => {
                let vid = id.and_then(|id| inventory.vlans.get(&id)).map(|vlan| vlan.vid.to_string());
                let written = called.strip_suffix(')').and_then(|text| Some(text.rsplit_once('(')?.1));
                let vids: Vec<&str> = vid.as_deref().into_iter().chain(written).collect();
                vids.is_empty() || vids.iter().any(|vid| self.has_file("vlans", vid))
            }
            "dcim.device" => self.concerns(called),
            "dcim.interface" => {
                let interface = id.and_then(|id| inventory.interfaces.get(&id));
                let device = interface.and_then(|interface| interface.device.as_ref());
                let device = device.and_then(|device| inventory.devices.get(&device.0));
                let name = device.and_then(|device| device.name.as_deref());
                name.is_none_or(|name| self.concerns(name))
            }
            _ => true,
        }
    }

    /// Whether a device is of these fabrics, or named in what changes: a host behind a port.
    fn concerns(&self, device: &str) -> bool {
        let names = |bytes: &Option<Vec<u8>>| {
            bytes.as_ref().is_some_and(|bytes| {
                device.is_empty() || bytes.windows(device.len()).any(|part| part == device.as_bytes())
            })
        };
        self.devices.contains(device)
            || self.changes.iter().any(|change| names(&change.old) || names(&change.new))
    }

    fn has_file(&self, folder: &str, name: &str) -> bool {
        let file = format!("{folder}/{name}.yaml");
        self.changes.iter().any(|change| {
            let path = change.path.as_str();
            path.strip_suffix(file.as_str()).is_some_and(|above| above.is_empty() || above.ends_with('/'))
        })
    }
}

/// The device that a file is of: `sites/a/devices/leaf1.yaml`.
fn device_of(path: &RepoPath) -> Option<&str> {
    let (above, file) = path.as_str().rsplit_once('/')?;
    let is_devices = above == "devices" || above.ends_with("/devices");
    file.strip_suffix(".yaml").filter(|_| is_devices)
}

/// Name and address of the one who asked, if it was one and the address is known.
pub(super) fn author(asked: &Asked, mapping: &Mapping) -> Option<(String, String)> {
    let mut users = asked.users.iter().filter(|_| !asked.cut);
    let (Some(user), None) = (users.next(), users.next()) else { return None };
    let (name, email) = match mapping.author(user) {
        Some(known) => {
            let (name, email) = known.split_once('<')?;
            (name.trim().to_owned(), email.trim_end().trim_end_matches('>').to_owned())
        }
        None if user.contains('@') => (user.clone(), user.clone()),
        None => return None,
    };
    let fits =
        |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_control() || matches!(c, '<' | '>'));
    (fits(&name) && fits(&email)).then_some((name, email))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_is_the_one_user_whose_address_is_known() {
        let asked = |users: &[&str]| Asked {
            users: users.iter().map(ToString::to_string).collect::<BTreeSet<_>>(),
            ..Asked::default()
        };
        let both = |name: &str, email: &str| Some((name.to_owned(), email.to_owned()));
        for (case, users, expected) in [
            ("an address as user name", &["ada@example.net"][..], both("ada@example.net", "ada@example.net")),
            ("a name alone", &["ada"], None),
            ("two users", &["ada@example.net", "bo@example.net"], None),
            ("nobody", &[], None),
            ("a forged line", &["a@b\nx <c@d>"], None),
        ] {
            assert_eq!(author(&asked(users), &Mapping::default()), expected, "{case}");
        }
    }
}
